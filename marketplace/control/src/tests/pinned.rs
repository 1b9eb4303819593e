//! What a booking pins is read, and nothing else: policies that change behind it do not reach it, and what its hashes do
//! not stand for stops.

use super::rig::{Rig, robot};
use crate::Control;
use crate::input::RequesterCommand;
use crate::state::State;
use nooterra_engine::encode;
use nooterra_engine::ids::{JobId, ZoneId};
use nooterra_engine::time::Span;
use nooterra_engine::{Digest, Instant};
use nooterra_jobs::event::{BreachKind, Event};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_jobs::{Pins, pins};
use nooterra_market::zone::table_hash;
use nooterra_trust::evidence::Retention;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn alter(rig: &mut Rig, with: impl Fn(&mut State)) {
    let mut s = rig.c.state().clone();
    with(&mut s);
    rig.c = Control::thaw(&encode(&s), rig.site.clone()).unwrap();
}

fn pins_of(rig: &Rig, job: JobId) -> Pins {
    rig.c.state().jobs[&job].pins.as_deref().cloned().unwrap()
}

fn booked(mut rig: Rig) -> (Rig, JobId) {
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    for _ in 0..400 {
        if rig.c.state().jobs[&job].pins.is_some() {
            return (rig, job);
        }
        rig.tick();
    }
    panic!("never booked: {:?}", rig.names(job));
}

#[test]
fn a_booking_pins_its_zones_its_table_of_time_zones_and_what_the_policy_says() {
    let (rig, job) = booked(Rig::new(ONE));
    let (p, s) = (pins_of(&rig, job), rig.c.state());
    assert!(!p.zones.is_empty() && p.zones == s.jobs[&job].request.need.zones && p.names_its_zones());
    assert_eq!(p.zones_hash, pins::zones_hash(&p.zones));
    assert_ne!(p.zones_hash, pins::zones_hash(&[]));
    assert_eq!((p.tz_hash, p.operator_cap_bps), (table_hash(), s.genesis.policy.prices.operator_bps));
    let kept = s.genesis.policy.retention;
    assert_eq!((p.retention.telemetry, p.retention.evidence), (kept.telemetry, kept.evidence));
    assert_eq!(p.fixed, pins::FixedCredits::default());
}

#[test]
fn evidence_of_a_booked_job_is_kept_as_agreed_whatever_the_policy_says_by_then() {
    let (mut rig, job) = booked(Rig::new(ONE));
    alter(&mut rig, |s| s.genesis.policy.retention = Retention { telemetry: Span::ZERO, evidence: Span::ZERO, frames: Span::ZERO });
    rig.run_job(job, 900);
    rig.run(60);
    assert!(rig.c.state().cases[&job].evidence.shredded.is_empty());
    let end = rig.c.state().jobs[&job].ended_at.unwrap();
    let due = |rig: &Rig| rig.c.state().cases[&job].deadline(&pins_of(rig, job));
    assert_eq!(due(&rig), Some(end.saturating_add(Retention::default().telemetry)));
    // A booking that pinned less is done with it sooner.
    let (mut rig, job) = booked(Rig::new(ONE));
    alter(&mut rig, |s| {
        if let Some(p) = s.jobs.get_mut(&job).and_then(|j| j.pins.as_deref_mut()) {
            p.retention.telemetry = Span::from_secs(30);
        }
    });
    rig.run_job(job, 900);
    rig.run(60);
    assert_eq!(rig.c.state().cases[&job].evidence.shredded.len(), 1);
}

#[test]
fn work_and_zones_that_were_not_signed_for_open_no_door() {
    let changes: [fn(&mut Pins); 3] =
        [|p| p.zones.push(ZoneId::named("elsewhere")), |p| p.zones_hash = Digest([1; 32]), |p| p.tasks_hash = Digest([2; 32])];
    for change in changes {
        let mut rig = Rig::new(ONE);
        rig.knobs.no_access = true;
        let (mut rig, job) = booked(rig);
        alter(&mut rig, |s| {
            if let Some(p) = s.jobs.get_mut(&job).and_then(|j| j.pins.as_deref_mut()) {
                change(p);
            }
        });
        let p = pins_of(&rig, job);
        let plan = nooterra_port::FacilityReport::AccessPlanIssued {
            number: rig.c.state().plan_asked(job),
            job,
            plan: nooterra_engine::ids::AccessPlanId::named("plan"),
            vertices: vec![2, 5],
            areas: vec![],
            no_go: vec![],
            entry: rig.site_entry(&[2, 5], &[]),
            valid_from: rig.now,
            valid_to: p.window.end,
        };
        let code = rig.send("site", &plan).unwrap_err();
        assert!(code.contains("TERMS_CHANGED"), "{code}");
    }
}

#[test]
fn hours_that_were_read_by_another_table_of_time_zones_are_agreed_anew() {
    let (mut rig, job) = booked(Rig::new(ONE));
    let start = rig.now + Span::from_secs(600);
    let word = RequesterCommand::ProposeMove { job, window: Window { start, end: start + Span::from_mins(30) } };
    alter(&mut rig, |s| {
        if let Some(p) = s.jobs.get_mut(&job).and_then(|j| j.pins.as_deref_mut()) {
            p.tz_hash = Digest([3; 32]);
        }
    });
    let code = rig.send("rq", &word).unwrap_err();
    assert!(code.contains("TERMS_CHANGED"), "{code}");
    assert_eq!(pins_of(&rig, job).window, rig.c.state().jobs[&job].request.window, "the booking stands");
}

#[test]
fn fixed_breaches_cost_what_was_pinned() {
    let credit = |fixed_bps: Option<u32>| {
        let (mut rig, job) = {
            let mut rig = Rig::new(ONE);
            rig.knobs.abort_before_step.insert(robot("a1"), 1);
            booked(rig)
        };
        if let Some(bps) = fixed_bps {
            alter(&mut rig, |s| {
                if let Some(p) = s.jobs.get_mut(&job).and_then(|j| j.pins.as_deref_mut()) {
                    p.fixed.provider_abort_bps = bps;
                }
            });
        }
        assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?}", rig.names(job));
        let of = |e: &Event| match e {
            Event::SlaCreditIssued { amount, breaches, .. } => Some((amount.minor(), breaches.contains(&BreachKind::ProviderAbort))),
            _ => None,
        };
        let credits: Vec<_> = rig.job_events(job).iter().filter_map(of).collect();
        (credits, pins_of(&rig, job).service.minor())
    };
    let (usual, s) = credit(None);
    assert_eq!(usual, [(s * 2_000 / 10_000, true)]);
    assert_eq!(credit(Some(700)).0, [(s * 700 / 10_000, true)]);
    assert_eq!(credit(Some(0)).0, []);
}

#[test]
fn remote_help_costs_the_job_what_was_pinned() {
    let (mut rig, job) = booked(Rig::new(ONE));
    // A policy that would let help take all of it comes too late.
    alter(&mut rig, |s| s.genesis.policy.prices.operator_bps = 10_000);
    let p = pins_of(&rig, job);
    let mut j = rig.c.state().jobs[&job].clone();
    j.helped.push(nooterra_jobs::parts::Helped {
        assist: nooterra_engine::ids::AssistId::named("help"),
        priority: 1,
        party: super::rig::party("helpdesk"),
        billed: Span::from_mins(600),
        outcome: nooterra_jobs::event::AssistOutcome::Resumed,
    });
    let input = crate::money::input(rig.c.state(), &j, nooterra_engine::ids::EventId::named("e"), Instant::ZERO).unwrap();
    let done = nooterra_settlement::settle(&nooterra_settlement::SettlementInput {
        started: true,
        earned_bps: 10_000,
        proof: nooterra_settlement::ProofStatus::Pass,
        escrow: p.total(),
        captured: p.total(),
        ..input
    });
    let operators = done.unwrap().statement.of(nooterra_settlement::settle::Share::Operator);
    assert_eq!(operators, p.service.minor() * 1_500 / 10_000);
}
