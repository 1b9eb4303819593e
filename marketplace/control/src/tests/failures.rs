use super::rig::{Rig, robot};
use crate::fact::{Event as Payload, Fact};
use crate::input::{RequesterCommand, StaffCommand};
use nooterra_engine::ids::JobId;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Cause, Event, Fault, IncidentCode, Outcome};
use nooterra_jobs::status::Status;
use nooterra_operations::{Event as RobotEvent, RobotStatus};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("a2", "acme", 15)];

fn ready(robots: &[(&str, &str, u32)]) -> Rig {
    let mut rig = Rig::new(robots);
    rig.run(10);
    rig
}

fn until(rig: &mut Rig, job: JobId, status: Status, secs: u64) {
    for _ in 0..secs * 2 {
        if rig.status(job) == status {
            return;
        }
        rig.tick();
    }
    panic!("{job} is {:?}, not {status:?}: {:?} {:?}", rig.status(job), rig.names(job), rig.refused);
}

fn bound(rig: &Rig, job: JobId) -> nooterra_engine::ids::RobotId {
    rig.c.state().jobs[&job].robot().unwrap()
}

#[test]
fn nobody_quotes() {
    let mut rig = ready(TWO);
    rig.knobs.no_quotes = true;
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 60), Status::Withdrawn);
    assert!(matches!(rig.job_events(job).last(), Some(Event::JobWithdrawn { reason: nooterra_jobs::event::WithdrawReason::RfqExpired })));
    rig.check_books();
}

#[test]
fn payment_is_declined_by_the_bank() {
    let mut rig = ready(&[("a1", "acme", 8), ("b1", "bolt", 15)]);
    rig.knobs.decline = true;
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 60), Status::Withdrawn);
    let lapsed = rig.names(job).iter().filter(|n| **n == "AWARD_LAPSED").count();
    assert_eq!(lapsed, 2, "the second quote was tried: {:?}", rig.names(job));
    rig.check_books();
}

#[test]
fn over_budget_is_not_awarded() {
    let mut rig = ready(TWO);
    let mut j = rig.delivery(2, 5);
    j.budget = Some(nooterra_engine::money::Amount::new(10).unwrap());
    let job = rig.ask(j);
    assert_eq!(rig.run_job(job, 60), Status::Withdrawn);
}

#[test]
fn captures_fail_three_times() {
    let mut policy = crate::Policy::scenario();
    policy.timing.capture_retry = Span::from_secs(10);
    let mut rig = Rig::with(policy, TWO);
    rig.knobs.capture_fails = 3;
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 600), Status::Settled, "{:?}", rig.names(job));
    let names = rig.names(job);
    assert_eq!(names.iter().filter(|n| **n == "PAYMENT_CAPTURE_FAILED").count(), 3);
    assert!(names.contains(&"JOB_CANCELLED") && names.contains(&"PAYMENT_VOIDED") && !names.contains(&"DEPARTED"), "{names:?}");
    rig.check_books();
}

#[test]
fn an_unanswered_offer_lapses_and_another_robot_goes() {
    let mut rig = ready(TWO);
    rig.knobs.ignore_offers.insert(robot("a1"));
    let job = rig.ask(rig.delivery(1, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert!(rig.names(job).contains(&"LEASE_LAPSED"));
    assert_eq!(rig.c.job_view(job).unwrap().robots, [robot("a1"), robot("a2")]);
    rig.check_books();
}

#[test]
fn a_refused_offer_goes_to_another_robot() {
    let mut rig = ready(TWO);
    rig.knobs.refuse_offers.insert(robot("a1"));
    let job = rig.ask(rig.delivery(1, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert!(rig.names(job).contains(&"LEASE_REFUSED"));
    rig.check_books();
}

#[test]
fn nobody_comes() {
    let mut policy = crate::Policy::scenario();
    policy.timing.exclude = Span::from_mins(60);
    let mut rig = Rig::with(policy, TWO);
    rig.run(10);
    rig.knobs.never_depart.extend([robot("a1"), robot("a2")]);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?}", rig.names(job));
    let names = rig.names(job);
    assert!(names.contains(&"NO_SHOW_DECLARED") && names.contains(&"NO_SHOW_RESOLVED"), "{names:?}");
    let v = rig.c.job_view(job).unwrap();
    assert_eq!((v.aborted, v.fault, v.outcome), (Some(Cause::NoShow), Fault::Owner, Some(Outcome::NoCharge)));
    let m = rig.c.money(job).unwrap();
    assert_eq!(m.refund, m.captured, "all of it goes back");
    rig.check_books();
}

#[test]
fn a_short_silence_stalls_and_resumes() {
    let mut rig = ready(TWO);
    let job = rig.ask(rig.delivery(1, 6));
    until(&mut rig, job, Status::Executing, 300);
    let r = bound(&rig, job);
    let now = rig.now;
    rig.knobs.cut.insert(r, (now, now + Span::from_secs(60)));
    until(&mut rig, job, Status::Stalled, 60);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    assert!(rig.names(job).contains(&"EXECUTION_RESUMED"));
    assert_eq!(rig.c.job_view(job).unwrap().outcome, Some(Outcome::Full));
    rig.check_books();
}

#[test]
fn a_robot_that_gives_up_inside_hands_over() {
    let mut rig = ready(TWO);
    let job = rig.ask(rig.patrol(&[1, 4, 6]));
    until(&mut rig, job, Status::Executing, 300);
    let r = bound(&rig, job);
    rig.knobs.abort_before_step.insert(r, 1);
    assert_eq!(rig.run_job(job, 1_500), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    let names = rig.names(job);
    assert!(names.contains(&"HANDOVER_OPENED"), "{names:?}");
    let v = rig.c.job_view(job).unwrap();
    assert_eq!(v.robots.len(), 2);
    assert_ne!(v.robots[0], v.robots[1]);
    assert_eq!(v.outcome, Some(Outcome::Full), "the second leg went on behind the last checkpoint");
    let checks: Vec<u16> = rig
        .job_events(job)
        .iter()
        .filter_map(|e| if let Event::CheckpointReached { index, .. } = e { Some(*index) } else { None })
        .collect();
    assert_eq!(checks, [1, 2, 3]);
    rig.check_books();
}

#[test]
fn a_dead_robot_with_the_load_ends_the_job_with_a_refund() {
    let mut rig = ready(TWO);
    let job = rig.ask(rig.delivery(1, 6));
    until(&mut rig, job, Status::Executing, 300);
    while rig.c.state().jobs[&job].checkpoint == 0 {
        rig.tick();
    }
    let r = bound(&rig, job);
    let now = rig.now;
    rig.knobs.dead.insert(r, now);
    assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    let names = rig.names(job);
    for n in ["EXECUTION_STALLED", "STALL_LIMIT_REACHED", "SAFE_EXIT_ORDERED", "SAFE_EXIT_ESCALATED", "SAFE_EXIT_FORCED", "JOB_ABORTED"] {
        assert!(names.contains(&n), "{n} in {names:?}");
    }
    let v = rig.c.job_view(job).unwrap();
    assert_eq!((v.fault, v.outcome), (Fault::Owner, Some(Outcome::Partial)), "one of two dock scans: 1 500 bps");
    let m = rig.c.money(job).unwrap();
    assert!(m.refund > 0 && m.refund < m.captured);
    assert_eq!(rig.c.state().robots[&r].robot.status, RobotStatus::Stranded);
    assert_eq!(silences(&rig, job), [(1, 20), (2, 300)], "severity, and seconds since it was heard last");
    rig.check_books();
}

/// Severities of lost links, with the whole seconds since the robot's last word.
fn silences(rig: &Rig, job: JobId) -> Vec<(u8, u64)> {
    let mut out = Vec::new();
    let mut heard = Instant::ZERO;
    for f in &rig.facts {
        let Fact::Event(r) = f else { continue };
        match &r.payload {
            Payload::Robot(RobotEvent::LinkLost { last }) => heard = *last,
            Payload::Job(Event::IncidentOpened { code: IncidentCode::LinkLost, severity, .. })
                if r.header.stream == format!("job/{job}") =>
            {
                out.push((*severity, r.header.legal_ns.since(heard).as_secs()));
            }
            _ => {}
        }
    }
    out
}

#[test]
fn a_dead_robot_before_the_pickup_is_replaced() {
    let mut rig = ready(TWO);
    let job = rig.ask(rig.delivery(1, 6));
    until(&mut rig, job, Status::EnRoute, 300);
    let r = bound(&rig, job);
    let now = rig.now;
    rig.knobs.dead.insert(r, now);
    // It dies on its way; the other can still pass only if the way is free.
    let end = rig.run_job(job, 3_000);
    assert_eq!(end, Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    assert!(rig.names(job).contains(&"LEASE_RELEASED"));
    rig.check_books();
}

#[test]
fn proof_that_nobody_saw_is_held_and_forfeited() {
    let mut rig = ready(TWO);
    rig.knobs.no_drop_witness = true;
    let job = rig.ask(rig.delivery(1, 6));
    assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    let names = rig.names(job);
    for n in ["SETTLEMENT_HELD", "HOLD_ESCALATED", "SETTLEMENT_FORFEITED"] {
        assert!(names.contains(&n), "{n} in {names:?}");
    }
    assert_eq!(rig.c.job_view(job).unwrap().outcome, Some(Outcome::Forfeit));
    let m = rig.c.money(job).unwrap();
    assert!(m.charge < m.captured / 4, "only the pickup was proven: {m:?}");
    rig.check_books();
}

#[test]
fn the_requesters_word_releases_a_hold() {
    let mut rig = ready(TWO);
    rig.knobs.no_drop_witness = true;
    let job = rig.ask(rig.delivery(1, 6));
    for _ in 0..2_000 {
        rig.tick();
        if rig.names(job).contains(&"SETTLEMENT_HELD") {
            break;
        }
    }
    rig.send("rq", &RequesterCommand::Confirm { job }).unwrap();
    assert_eq!(rig.status(job), Status::Settled);
    assert!(rig.names(job).contains(&"SETTLEMENT_RELEASED"));
    assert_eq!(rig.c.job_view(job).unwrap().outcome, Some(Outcome::Full));
    rig.check_books();
}

#[test]
fn nobody_opens() {
    let mut rig = ready(TWO);
    rig.knobs.no_access = true;
    let job = rig.ask(rig.delivery(1, 6));
    assert_eq!(rig.run_job(job, 1_500), Status::Settled, "{:?}", rig.names(job));
    assert!(rig.names(job).contains(&"ACCESS_WAIT_EXPIRED"));
    assert_eq!(rig.c.job_view(job).unwrap().aborted, Some(Cause::AccessFailure));
    rig.check_books();
}

#[test]
fn the_requester_cancels_at_every_stage() {
    for status in [Status::Quoted, Status::Booked, Status::Reserved, Status::EnRoute, Status::Executing] {
        let mut rig = ready(TWO);
        if status == Status::Booked {
            rig.knobs.refuse_offers.extend([robot("a1"), robot("a2")]);
        }
        let job = rig.ask(rig.delivery(1, 6));
        until(&mut rig, job, status, 300);
        let c = if status == Status::Quoted { RequesterCommand::Withdraw { job } } else { RequesterCommand::Cancel { job, safety: false } };
        rig.send("rq", &c).unwrap();
        let end = rig.run_job(job, 1_500);
        let paid = rig.c.money(job).unwrap();
        match status {
            Status::Quoted => assert_eq!(end, Status::Withdrawn),
            Status::Booked | Status::Reserved => assert_eq!((end, paid.charge * 10 / paid.price.max(1)), (Status::Settled, 3), "{paid:?}"),
            _ => assert!(end == Status::Settled && paid.charge > 0 && paid.refund > 0, "{status:?} {end:?} {paid:?} {:?}", rig.names(job)),
        }
        rig.check_books();
    }
}

#[test]
fn a_serious_collision_stops_and_quarantines() {
    let mut rig = ready(TWO);
    let job = rig.ask(rig.delivery(1, 6));
    until(&mut rig, job, Status::Executing, 300);
    let r = bound(&rig, job);
    rig.report(r, nooterra_port::Report::Noticed { code: "COLLISION".into(), measure: 12_000 });
    rig.run(3);
    let names = rig.names(job);
    assert!(names.contains(&"INCIDENT_OPENED") && names.contains(&"SAFE_EXIT_ORDERED"), "{names:?}");
    assert_eq!(rig.c.state().robots[&r].robot.status, RobotStatus::Quarantined);
    assert_eq!(rig.run_job(job, 1_500), Status::Settled, "{:?}", rig.names(job));
    assert!(rig.c.job_view(job).unwrap().aborted.is_some());
    // It stands stopped in the way of others, so people take it away; the workshop keeps it until it is cleared.
    rig.send("staff", &StaffCommand::Recovered { robot: r, load_at: None }).unwrap();
    assert_eq!(rig.send("staff", &StaffCommand::Repaired { robot: r }).unwrap_err(), "HOLD_OPEN");
    rig.send("staff", &StaffCommand::ClearStops { robot: r }).unwrap();
    rig.send("staff", &StaffCommand::ClearQuarantine { robot: r, checklist: nooterra_engine::Digest([5; 32]) }).unwrap();
    rig.send("staff", &StaffCommand::Repaired { robot: r }).unwrap();
    rig.run(30);
    assert_eq!(rig.c.state().robots[&r].robot.status, RobotStatus::Active);
    rig.check_books();
}
