use super::rig::{Rig, robot};
use crate::input::{Input, OwnerCommand, RequesterCommand, StaffCommand};
use crate::wish::Wish;
use nooterra_engine::machine::{Machine, Out};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_port::Report;
use nooterra_trust::Verdict;

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

#[test]
fn what_comes_twice_counts_once() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let e = rig.say("rq", &RequesterCommand::CreateJob(Box::new(rig.delivery(2, 5))));
    let before = rig.c.jobs().count();
    rig.put(e.clone()).unwrap();
    let (frozen, roots) = (rig.c.state().jobs.clone(), rig.c.roots());
    let mut out = Out::default();
    rig.c.step(rig.now, Input::new(e.clone()), &mut out);
    assert!(out.facts.is_empty(), "{:?}", out.facts);
    assert!(matches!(&out.wishes[..], [Wish::Receipt { receipt, .. }] if receipt.verdict == Verdict::Accepted));
    assert_eq!((rig.c.jobs().count(), rig.c.roots(), &rig.c.state().jobs), (before + 1, roots, &frozen));
}

#[test]
fn broken_signatures_foreign_keys_and_gaps_change_nothing() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let mut e = rig.say("rq", &RequesterCommand::CreateJob(Box::new(rig.delivery(2, 5))));
    let good = e.clone();
    e.body[5] ^= 1;
    assert_eq!(rig.put(e).unwrap_err(), "SIGNATURE_INVALID");
    let late = rig.say("rq", &RequesterCommand::CreateJob(Box::new(rig.delivery(3, 5))));
    assert_eq!(rig.put(late).unwrap_err(), "SEQ_GAP");
    rig.put(good).unwrap();
    assert_eq!(rig.c.jobs().count(), 1);
    // An owner speaks with a requester's words.
    let e = {
        let d = nooterra_trust::Draft::new(nooterra_trust::InputKind::Command, "x", "RequesterCommand", vec![1, 2, 3]);
        rig.senders.get_mut("acme").unwrap().seal(d, rig.now, 0)
    };
    assert_eq!(rig.put(e).unwrap_err(), "TYPE_UNKNOWN");
    let e = {
        let d = nooterra_trust::Draft::new(nooterra_trust::InputKind::Command, "x", "OwnerCommand", vec![0x7f; 40]);
        rig.senders.get_mut("acme").unwrap().seal(d, rig.now, 0)
    };
    assert_eq!(rig.put(e).unwrap_err(), "SCHEMA_INVALID");
}

#[test]
fn quotes_are_guarded() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    rig.knobs.no_quotes = true;
    let job = rig.ask(rig.delivery(2, 5));
    let reference = rig.c.state().jobs[&job].rfq.price.total();
    let q = |rig: &Rig, service: u64, expires: u64| OwnerCommand::SubmitQuote {
        job,
        service: Amount::new(service).unwrap(),
        currency: Currency::EUR,
        arrive: rig.now,
        robot_class: String::new(),
        expires: rig.now + Span::from_secs(expires),
    };
    let c = q(&rig, reference * 3, 60);
    assert_eq!(rig.send("acme", &c).unwrap_err(), "PRICE_OUT_OF_BAND");
    let c = q(&rig, reference, 0);
    assert_eq!(rig.send("acme", &c).unwrap_err(), "QUOTE_EXPIRED");
    let c = q(&rig, reference, 60);
    rig.send("acme", &c).unwrap();
    assert_eq!(rig.send("acme", &c).unwrap_err(), "ALREADY_DONE");
    rig.run(25);
    assert_eq!(rig.send("bolt", &c).unwrap_err(), "STATE_FORBIDS");
}

#[test]
fn windows_places_and_strangers_are_refused() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let mut j = rig.delivery(2, 5);
    j.window.start = rig.now;
    assert_eq!(rig.send("rq", &RequesterCommand::CreateJob(Box::new(j))).unwrap_err(), "WINDOW_INVALID");
    let j = rig.delivery(2, 999);
    assert_eq!(rig.send("rq", &RequesterCommand::CreateJob(Box::new(j))).unwrap_err(), "NOT_FOUND");
    let mut j = rig.delivery(2, 5);
    j.item = None;
    assert_eq!(rig.send("rq", &RequesterCommand::CreateJob(Box::new(j))).unwrap_err(), "SCHEMA_INVALID");
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.send("rq2", &RequesterCommand::Withdraw { job }).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("judge", &StaffCommand::Cancel { job }).unwrap_err(), "ROLE_FORBIDDEN");
}

#[test]
fn stale_fences_and_foreign_robots_move_nothing() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let job = rig.ask(rig.delivery(1, 6));
    for _ in 0..400 {
        rig.tick();
        if rig.status(job) == Status::Executing {
            break;
        }
    }
    let bound = rig.c.state().jobs[&job].robot().unwrap();
    let other = if bound == robot("a1") { robot("b1") } else { robot("a1") };
    rig.refused.clear();
    rig.report(other, Report::ExecutionCompleted { steps: 2 });
    rig.run(1);
    assert!(rig.refused.iter().any(|(_, r)| r.starts_with("NOT_BOUND_ROBOT")), "{:?}", rig.refused);
    rig.refused.clear();
    let lease = rig.robots[&bound].lease.clone();
    rig.robots.get_mut(&bound).unwrap().lease.as_mut().unwrap().1 -= 1;
    rig.report(bound, Report::ExecutionCompleted { steps: 2 });
    rig.robots.get_mut(&bound).unwrap().lease = lease;
    rig.run(1);
    assert!(rig.refused.iter().any(|(_, r)| r.starts_with("FENCE_STALE")), "{:?}", rig.refused);
    // Not all steps are checked.
    rig.refused.clear();
    rig.report(bound, Report::ExecutionCompleted { steps: 2 });
    rig.run(1);
    assert!(rig.refused.iter().any(|(_, r)| r.starts_with("PROOF_REQUIRED")), "{:?}", rig.refused);
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.check_books();
}

/// The same inputs, with time advanced in other steps in between, give the same facts.
#[test]
fn how_often_time_advances_changes_nothing() {
    let run = |fine: bool| {
        let mut rig = Rig::new(TWO);
        rig.run(10);
        rig.knobs.no_quotes = true;
        let e = rig.say("rq", &RequesterCommand::CreateJob(Box::new(rig.delivery(2, 5))));
        let mut out = Out::default();
        rig.c.step(rig.now, Input::new(e), &mut out);
        let mut t = rig.now;
        for _ in 0..1_000 {
            t += Span::from_millis(70);
            if fine {
                rig.c.advance(t, &mut out);
            }
        }
        rig.c.advance(t, &mut out);
        (out.facts, rig.c.freeze())
    };
    assert!(run(true) == run(false));
}

#[test]
fn a_robot_that_claims_to_be_beyond_the_world_has_not_arrived() {
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.run(10);
    rig.knobs.never_depart.insert(robot("a1"));
    let job = rig.ask(rig.delivery(2, 5));
    for _ in 0..240 {
        rig.tick();
        if rig.status(job) == Status::Reserved {
            break;
        }
    }
    rig.report(robot("a1"), Report::Departed { route_mm: 1, eta_s: 1 });
    rig.tick();
    assert_eq!(rig.status(job), Status::EnRoute, "{:?}", rig.names(job));
    for x_mm in [i64::MIN, i64::MAX] {
        let pose = nooterra_port::report::PoseMm { x_mm, y_mm: -x_mm.saturating_add(1), theta_urad: x_mm };
        rig.report(robot("a1"), Report::RobotArrived { access_point: 2, pose });
        rig.tick();
    }
    let refused = rig.refused.iter().filter(|(t, r)| t == "Report" && r.contains("AREA_FORBIDDEN")).count();
    assert_eq!((refused, rig.status(job)), (2, Status::EnRoute), "{:?}", rig.refused);
    // Nor does work begin behind the last step that can be counted.
    let plan_hash = rig.robots[&robot("a1")].lease.as_ref().map(|(l, _)| l.plan.hash()).unwrap();
    rig.report(robot("a1"), Report::ExecutionStarted { leg: 1, plan_hash, from_step: u16::MAX });
    rig.tick();
    assert_eq!(rig.status(job), Status::EnRoute, "{:?}", rig.refused);
    assert!(rig.refused.iter().any(|(t, r)| t == "Report" && r.contains("STATE_FORBIDS")), "{:?}", rig.refused);
}

#[test]
fn a_door_may_refuse_as_often_as_it_likes() {
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.run(10);
    rig.knobs.no_access = true;
    let job = rig.ask(rig.delivery(2, 5));
    for _ in 0..400 {
        rig.tick();
        if rig.status(job) == Status::Arrived {
            break;
        }
    }
    assert_eq!(rig.status(job), Status::Arrived, "{:?}", rig.names(job));
    let plan = nooterra_engine::ids::AccessPlanId::named("none");
    for i in 0..300 {
        if i % 15 == 0 {
            rig.run(1);
        }
        rig.send("site", &nooterra_port::FacilityReport::AccessDenied { job, plan, code: "BUSY".into() }).unwrap();
    }
    let names = rig.names(job);
    let count = |n: &str| names.iter().filter(|x| **x == n).count();
    assert_eq!((count("ACCESS_DENIED"), count("INCIDENT_OPENED")), (300, 1));
}

#[test]
fn work_without_end_is_refused_and_work_at_the_end_of_time_waits() {
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.run(10);
    for dwell in [u64::MAX, 1 << 63] {
        let mut job = rig.patrol(&[1, 2]);
        job.steps.iter_mut().for_each(|s| s.dwell = Span(dwell));
        assert_eq!(rig.send("rq", &RequesterCommand::CreateJob(Box::new(job))), Err("SCHEMA_INVALID".into()), "{dwell}");
    }
    let mut job = rig.patrol(&[1, 2]);
    job.window = Window { start: Instant(u64::MAX - 5), end: Instant(u64::MAX - 1) };
    let job = rig.ask(job);
    rig.run(700);
    assert_eq!(rig.status(job), Status::Booked, "{:?}", rig.names(job));
    let soon = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(soon, 900), Status::Settled, "{:?}", rig.names(soon));
    assert_eq!(rig.status(job), Status::Booked);
}
