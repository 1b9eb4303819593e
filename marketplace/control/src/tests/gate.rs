//! What the settlement gate asks for, item by item, and that it opens with the last of them.

use super::cases::{opened, payment, rig_with_job, until};
use super::rig::{Rig, party};
use crate::gate::{billed, facts};
use crate::input::{PaymentReport, RequesterCommand, StaffCommand};
use crate::state::State;
use nooterra_engine::Digest;
use nooterra_engine::ids::{AssistId, ChargebackId, DisputeId, IncidentId, JobId, LicenceId, OperatorId, PaymentId, ShiftId, SkillId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_jobs::Job;
use nooterra_jobs::coverage::Coverage;
use nooterra_jobs::event::{Custody, Event, IncidentCode, Missing, ProofStatus};
use nooterra_jobs::parts::{AssistTrack, Extra, Help, IncidentState, PaymentTrack, Presence};
use nooterra_jobs::pins::{LicencePin, LicenceUnit};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_ledger::Account;
use nooterra_trust::gate::Item;
use nooterra_trust::{dispute, incident};

/// A job whose work is proven and whose robot is out, a moment before it settles.
fn ended() -> (Rig, JobId) {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Completed);
    for _ in 0..100 {
        let j = &rig.c.state().jobs[&job];
        if j.proof.is_some() && j.presence == Presence::Out && j.status == Status::Completed {
            return (rig, job);
        }
        rig.tick();
    }
    panic!("{:?}", rig.names(job));
}

fn missing(s: &State, job: JobId) -> Vec<Item> {
    facts(s, &s.jobs[&job]).missing()
}

/// What is missing after a change of the job, and of the job when it is settled by the rule of its hold.
fn after(s: &State, job: JobId, change: impl Fn(&mut State, &mut Job)) -> (Vec<Item>, Vec<Item>) {
    let mut s = s.clone();
    let mut j = s.jobs[&job].clone();
    change(&mut s, &mut j);
    let open = facts(&s, &j).missing();
    j.forfeited = Some(0);
    (open, facts(&s, &j).missing())
}

fn extra(j: &mut Job, track: PaymentTrack) {
    j.extras.push(Extra { payment: PaymentId::named("more"), amount: Amount::new(1).unwrap(), track });
}

#[test]
fn each_item_is_asked_for_and_the_rule_of_the_hold_replaces_no_word_of_others() {
    let (rig, job) = ended();
    let s = rig.c.state();
    assert!(missing(s, job).is_empty(), "{:?}", missing(s, job));
    let passes = |(open, ruled): (Vec<Item>, Vec<Item>), item: &[Item]| assert_eq!((&open[..], ruled.len()), (item, 0));
    let stays = |(open, ruled): (Vec<Item>, Vec<Item>), item: &[Item]| assert_eq!((&open[..], &ruled[..]), (item, item));
    passes(after(s, job, |_, j| j.proof = None), &[Item::Proof]);
    passes(after(s, job, |_, j| j.proof.as_mut().unwrap().status = ProofStatus::Insufficient), &[Item::Proof]);
    passes(after(s, job, |_, j| j.proof.as_mut().unwrap().facts_hash = Digest::ZERO), &[Item::Proof]);
    let unbegun = after(s, job, |_, j| (j.proof, j.started) = (None, false));
    assert!(unbegun.0.is_empty(), "what was not begun needs no proof");
    passes(after(s, job, |_, j| j.presence = Presence::In), &[Item::Presence]);
    let stranded = |triaged| {
        after(s, job, |_, j| {
            j.presence = Presence::Stranded;
            let (incident, code) = (IncidentId::named("i"), IncidentCode::RobotStranded);
            j.incidents.push(IncidentState { incident, code, severity: 3, count: 1, last: rig.now, triaged });
        })
    };
    passes(stranded(false), &[Item::Presence]);
    assert!(stranded(true).0.is_empty());
    passes(after(s, job, |_, j| j.custody = Custody::Held), &[Item::Custody]);
    stays(after(s, job, |_, j| j.legs.last_mut().unwrap().closed_at = None), &[Item::Lease]);
    let (operator, shift) = (OperatorId::named("olga"), ShiftId::named("day"));
    let interval = Window { start: rig.now, end: rig.now };
    stays(after(s, job, |_, j| j.coverage = Some(Coverage { operator, shift, interval })), &[Item::Coverage]);
    stays(after(s, job, |_, j| j.payment.track = PaymentTrack::Authorised), &[Item::Payment]);
    stays(after(s, job, |_, j| extra(j, PaymentTrack::Asked)), &[Item::Payment]);
    assert!(after(s, job, |_, j| extra(j, PaymentTrack::Captured)).0.is_empty());
    let disputed = |s: &mut State| {
        let (dispute, opener, amount) = (DisputeId::named("d"), party("rq"), Amount::new(5).unwrap());
        let e = dispute::Event::Opened { dispute, opener, ground: dispute::Ground::Quality, amount };
        s.cases.get_mut(&job).unwrap().disputes.evolve(rig.now, &e);
    };
    stays(after(s, job, |s, _| disputed(s)), &[Item::Dispute]);
    let lien = |j: &mut Job| {
        j.liens.insert(ChargebackId::named("c"));
    };
    stays(after(s, job, |_, j| lien(j)), &[Item::Chargeback]);
    let serious = |severity| {
        after(s, job, |s, _| {
            let report = incident::Report {
                incident: IncidentId::named("i"),
                code: incident::IncidentCode::Collision,
                severity,
                robot: None,
                at: None,
                zone: None,
                facts_hash: Digest::ZERO,
            };
            s.cases.get_mut(&job).unwrap().incidents.evolve(rig.now, &incident::Event::Opened(report));
        })
    };
    passes(serious(4), &[Item::Incident]);
    assert!(serious(3).0.is_empty());
    let help = Help { assist: AssistId::named("a"), priority: 1, track: AssistTrack::Queued, operator: None, party: None, since: None };
    passes(after(s, job, |_, j| j.help = Some(help)), &[Item::Assist]);
    let licence = |unit| LicencePin {
        licence: LicenceId::named("l"),
        skill: SkillId::named("s"),
        bundle: Digest::ZERO,
        certificates: vec![],
        developer: party("dev"),
        unit,
        fee: Amount::ZERO,
        cap: Amount::ZERO,
        refundable_until: nooterra_jobs::pins::Milestone::Booked,
    };
    let with = |unit| after(s, job, |_, j| j.pins.as_mut().unwrap().licences.push(licence(unit)));
    passes(with(LicenceUnit::Checkpoint), &[Item::Meters]);
    assert!(with(LicenceUnit::Job).0.is_empty());
    let nobody = after(s, job, |s, _| drop(s.cases.remove(&job)));
    assert_eq!(nobody.0, Item::ALL, "of what nothing is known nothing is there");
}

#[test]
fn what_is_billed_is_the_decision_then_the_rule_then_the_proof() {
    let (rig, job) = ended();
    let mut s = rig.c.state().clone();
    let mut j = s.jobs[&job].clone();
    let say = |s: &State, j: &Job| billed(j, s.cases.get(&job));
    assert_eq!(say(&s, &j), (ProofStatus::Pass, 10_000));
    j.forfeited = Some(3_000);
    assert_eq!(say(&s, &j), (ProofStatus::Partial, 3_000));
    let (dispute, opener, amount) = (DisputeId::named("d"), party("rq"), Amount::new(5).unwrap());
    for (earned, status) in [(0, ProofStatus::Fail), (4_000, ProofStatus::Partial), (10_000, ProofStatus::Pass)] {
        let d = &mut s.cases.get_mut(&job).unwrap().disputes;
        d.evolve(rig.now, &dispute::Event::Opened { dispute, opener, ground: dispute::Ground::Proof, amount });
        let verdict = dispute::Verdict {
            award: Amount::ZERO,
            funding: dispute::Funding::Legs,
            earned_bps: Some(earned),
            decision_hash: Digest([1; 32]),
        };
        d.evolve(rig.now, &dispute::Event::Decided { dispute, verdict });
        assert_eq!(say(&s, &j), (status, earned));
    }
    j.started = false;
    assert_eq!(say(&s, &j), (ProofStatus::Fail, 0), "what was never begun earns nothing");
}

fn lists(rig: &Rig, job: JobId) -> Vec<Vec<Missing>> {
    let of = |e: Event| if let Event::SettlementHeld { missing, .. } = e { Some(missing) } else { None };
    rig.job_events(job).into_iter().filter_map(of).collect()
}

#[test]
fn a_hold_names_what_is_missing_until_the_last_of_it_has_come() {
    let (mut rig, job) = rig_with_job();
    rig.knobs.no_drop_witness = true;
    until(&mut rig, job, Status::Executing);
    let (p, captured) = (payment(&rig, job), rig.c.money(job).unwrap().captured);
    rig.send("bank", &opened(p, captured / 2, "x")).unwrap();
    until(&mut rig, job, Status::Completed);
    rig.run(80);
    assert_eq!(lists(&rig, job), [vec![Missing::Proof, Missing::Chargeback]], "{:?}", rig.names(job));
    let hold = rig.c.state().jobs[&job].hold.clone().unwrap();
    rig.send("bank", &PaymentReport::ChargebackWon { provider_ref: "x".into(), fee_back: Amount::ZERO }).unwrap();
    assert_eq!(lists(&rig, job).last().unwrap(), &[Missing::Proof], "another list, the same hold");
    let now = rig.c.state().jobs[&job].hold.clone().unwrap();
    assert_eq!((now.hold, now.at), (hold.hold, hold.at));
    assert_eq!(rig.c.balance(Account::Escrow { job }, Currency::EUR), 0);
    assert_eq!(rig.c.balance(Account::Held { job }, Currency::EUR), i128::from(captured));
    rig.run(5);
    assert_eq!(lists(&rig, job).len(), 2, "the same list is told once");
    rig.send("rq", &RequesterCommand::Confirm { job }).unwrap();
    assert_eq!(rig.status(job), Status::Settled);
    let names = rig.names(job);
    let at = |n: &str| names.iter().position(|x| *x == n).unwrap();
    assert!(at("SETTLEMENT_RELEASED") < at("JOB_SETTLED"));
    rig.run(60);
    rig.check_books();
}

#[test]
fn the_clock_ends_no_hold_before_the_bank_has_spoken() {
    let (mut rig, job) = rig_with_job();
    rig.knobs.no_drop_witness = true;
    until(&mut rig, job, Status::Executing);
    let p = payment(&rig, job);
    rig.send("bank", &opened(p, 100, "x")).unwrap();
    until(&mut rig, job, Status::Completed);
    rig.run(60 + 11 * 60);
    let names = rig.names(job);
    assert!(names.iter().filter(|n| **n == "HOLD_ESCALATED").count() >= 2, "{names:?}");
    assert!(!names.contains(&"SETTLEMENT_FORFEITED"));
    rig.send("bank", &PaymentReport::ChargebackWon { provider_ref: "x".into(), fee_back: Amount::ZERO }).unwrap();
    rig.run(1);
    // The hold had run out meanwhile: its rule decides at once.
    assert!(rig.names(job).contains(&"SETTLEMENT_FORFEITED"), "{:?}", rig.names(job));
    assert_eq!(rig.status(job), Status::Settled);
    rig.run(60);
    rig.check_books();
}

#[test]
fn two_people_decide_in_place_of_a_proof_that_does_not_come() {
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.run(10);
    rig.knobs.no_drop_witness = true;
    let word = |job, earned_bps| StaffCommand::OverrideProof { job, earned_bps, decision_hash: Digest([7; 32]) };
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.send_at("judge", job, &word(job, 4_000)).unwrap_err(), "STATE_FORBIDS");
    for _ in 0..900 {
        if rig.c.state().held.contains(&job) {
            break;
        }
        rig.tick();
    }
    assert!(rig.c.state().held.contains(&job), "{:?}", rig.names(job));
    assert_eq!(rig.send("staff", &word(job, 4_000)).unwrap_err(), "ROLE_FORBIDDEN");
    assert_eq!(rig.send_at("judge", job, &word(job, 10_001)).unwrap_err(), "SCHEMA_INVALID");
    rig.send_at("judge", job, &word(job, 4_000)).unwrap();
    assert_eq!(rig.send_at("judge", job, &word(job, 4_000)).unwrap_err(), "SECOND_KEY_REQUIRED");
    // Another share is another word.
    rig.send_at("judge2", job, &word(job, 9_000)).unwrap();
    rig.run(5);
    assert_eq!(rig.status(job), Status::Completed, "no two have said the same");
    rig.send_at("judge2", job, &word(job, 4_000)).unwrap();
    assert_eq!(rig.status(job), Status::Settled, "{:?}", rig.names(job));
    let j = &rig.c.state().jobs[&job];
    assert_eq!(j.settled.as_ref().unwrap().settlement.earned_bps, 4_000);
    assert_eq!(rig.send_at("judge", job, &word(job, 0)).unwrap_err(), "STATE_FORBIDS");
    rig.run(400);
    rig.check_books();
}
