use super::rig::{Rig, party, robot};
use crate::input::{OwnerCommand, RequesterCommand, StaffCommand};
use crate::stops::{StopOrder, StopWhat};
use nooterra_engine::ids::StopId;
use nooterra_jobs::event::{Cause, Disposition, Event as JobEvent, Fault, StallReason};
use nooterra_jobs::status::Status;
use nooterra_operations::RobotStatus;
use nooterra_port::facility::FloorStop;
use nooterra_port::{FacilityReport, Order};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

fn order(what: StopWhat, exit: bool) -> StopOrder {
    StopOrder { what, power_off: false, exit, reason: "test".into() }
}

fn active(rig: &Rig) -> Vec<StopId> {
    rig.c.state().stops.active.keys().copied().collect()
}

#[test]
fn a_requester_stops_its_own_robot_and_lets_it_go() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    assert_eq!(rig.send("rq2", &RequesterCommand::Stop(order(StopWhat::Job(job), false))).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("rq", &RequesterCommand::Stop(order(StopWhat::Site {}, false))).unwrap_err(), "SCOPE_MISSING");
    rig.send("rq", &RequesterCommand::Stop(order(StopWhat::Job(job), false))).unwrap();
    assert_eq!(rig.status(job), Status::Stalled);
    let r = rig.c.state().jobs[&job].robot().unwrap();
    assert!(matches!(rig.robots[&r].seen.last(), Some(Order::Stop { .. })));
    let stop = active(&rig)[0];
    assert_eq!(rig.send("rq2", &RequesterCommand::ClearStop { stop }).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("bolt", &OwnerCommand::ClearStop { stop }).unwrap_err(), "NOT_FOUND");
    rig.send("rq", &RequesterCommand::ClearStop { stop }).unwrap();
    assert_eq!(rig.status(job), Status::Executing);
    assert_eq!(rig.send("rq", &RequesterCommand::ClearStop { stop }).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert!(rig.job_events(job).iter().any(|e| matches!(e, JobEvent::ExecutionStalled { reason: StallReason::RemoteStop })));
    rig.check_books();
}

#[test]
fn a_site_stop_needs_the_site_and_staff() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: false }).unwrap();
    let stop = active(&rig)[0];
    assert!(rig.c.robots().all(|r| r.stops.len() == 1), "everybody on the floor");
    rig.run(5);
    assert!(rig.c.robots().all(|r| r.stops[0].acked && r.stops[0].level == 0));
    rig.send("staff", &StaffCommand::ClearStop { stop }).unwrap();
    assert_eq!(rig.status(job), Status::Stalled, "the site has not agreed");
    assert_eq!(rig.send("staff2", &StaffCommand::ClearStop { stop }).unwrap_err(), "ALREADY_DONE", "staff have said so");
    rig.send("site", &FacilityReport::StopCleared { stop }).unwrap();
    assert_eq!(rig.status(job), Status::Executing);
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    assert!(rig.job_events(job).iter().any(|e| matches!(e, JobEvent::ExecutionCompleted { .. })));
    rig.check_books();
}

#[test]
fn overlapping_stops_all_have_to_clear() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    let r = rig.c.state().jobs[&job].robot().unwrap();
    rig.send("staff", &StaffCommand::Stop { robot: r, reason: "one".into() }).unwrap();
    let owner = if rig.c.state().robots[&r].robot.owner == party("acme") { "acme" } else { "bolt" };
    let fleet = StopWhat::Fleet(party(owner));
    rig.send(owner, &OwnerCommand::Stop(order(fleet, false))).unwrap();
    let other = if owner == "acme" { "bolt" } else { "acme" };
    assert_eq!(rig.send(other, &OwnerCommand::Stop(order(fleet, false))).unwrap_err(), "NOT_FOUND");
    rig.send("staff", &StaffCommand::ClearStops { robot: r }).unwrap();
    assert_eq!(rig.status(job), Status::Stalled, "the fleet's stop is in force");
    assert_eq!(rig.send("staff", &StaffCommand::ClearStops { robot: r }).unwrap_err(), "ALREADY_DONE");
    let stop = active(&rig)[0];
    rig.send(owner, &OwnerCommand::ClearStop { stop }).unwrap();
    assert_eq!(rig.status(job), Status::Stalled);
    rig.send("staff", &StaffCommand::ClearStop { stop }).unwrap();
    assert_eq!(rig.status(job), Status::Executing);
}

#[test]
fn everything_stops_by_one_and_moves_again_by_two_others() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let all = order(StopWhat::Tenant {}, false);
    assert_eq!(rig.send("judge", &StaffCommand::StopAll(all.clone())).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("staff", &StaffCommand::StopAll(all)).unwrap();
    let stop = active(&rig)[0];
    assert_eq!(rig.send("staff", &StaffCommand::ClearStop { stop }).unwrap_err(), "SELF_APPROVAL");
    rig.send("staff2", &StaffCommand::ClearStop { stop }).unwrap();
    assert_eq!(rig.send("staff2", &StaffCommand::ClearStop { stop }).unwrap_err(), "ALREADY_DONE");
    assert_eq!(active(&rig), [stop], "a third one has to agree");
    let job = rig.ask(rig.patrol(&[2, 3]));
    rig.run(60);
    assert_ne!(rig.status(job), Status::Matched, "nobody is matched");
    assert!(!rig.names(job).contains(&"ROBOT_MATCHED"));
}

#[test]
fn a_stop_with_exit_ends_the_job_and_a_deaf_robot_escalates() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    let r = rig.c.state().jobs[&job].robot().unwrap();
    let now = rig.now;
    rig.knobs.cut.insert(r, (now, now + nooterra_engine::time::Span::from_secs(8)));
    rig.send("staff", &StaffCommand::StopAll(order(StopWhat::Robot(r), true))).unwrap();
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    rig.run(7);
    assert_eq!(rig.c.state().robots[&r].robot.stops[0].level, 2, "told again, then escalated");
    rig.run(8);
    assert!(rig.c.state().robots[&r].robot.stops[0].acked);
    rig.send("staff", &StaffCommand::ClearStops { robot: r }).unwrap();
    assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?}", rig.names(job));
    assert!(rig.job_events(job).iter().any(|e| matches!(e, JobEvent::SafeExitOrdered { cause: Cause::Stop, .. })));
    rig.check_books();
}

#[test]
fn a_barred_robot_leaves_and_is_not_asked_again() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 15)]);
    let job = rig.working();
    let r = rig.c.state().jobs[&job].robot().unwrap();
    assert_eq!(rig.send("staff", &StaffCommand::QuarantineOf { job, cause: "test".into(), until: None }), Ok(()));
    assert_eq!(rig.status(job), Status::AbortingSafeExit);
    assert_eq!(rig.run_job(job, 3_000), Status::Settled, "{:?}", rig.names(job));
    let j = &rig.c.state().jobs[&job];
    assert_eq!((j.aborted, j.legs.len()), (None, 2), "{:?}", rig.names(job));
    assert_ne!(j.legs[1].offer.robot, r);
    let next = rig.ask(rig.patrol(&[2, 3]));
    assert_eq!(rig.run_job(next, 900), Status::Settled);
    assert!(rig.c.state().jobs[&next].legs.iter().all(|l| l.offer.robot != r));
    assert_eq!(rig.c.state().robots[&r].robot.status, RobotStatus::Quarantined);
    assert!(rig.c.state().robots[&r].robot.lease.is_none());
    rig.send("staff", &StaffCommand::ClearQuarantine { robot: r, checklist: nooterra_engine::Digest([5; 32]) }).unwrap();
    rig.run(10);
    assert_eq!(rig.c.state().robots[&r].robot.status, RobotStatus::Active);
    rig.check_books();
}

#[test]
fn a_robot_that_does_not_exist_is_not_stopped() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let nobody = order(StopWhat::Robot(robot("nobody")), false);
    assert_eq!(rig.send("staff", &StaffCommand::StopAll(nobody)).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("staff", &StaffCommand::StopAll(order(StopWhat::Fleet(party("rq")), false))).unwrap_err(), "NOT_FOUND");
}

#[test]
fn an_owners_own_stop_is_no_excuse_and_its_fault() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    let r = rig.c.state().jobs[&job].robot().unwrap();
    let owner = if rig.c.state().robots[&r].robot.owner == party("acme") { "acme" } else { "bolt" };
    rig.send(owner, &OwnerCommand::Stop(order(StopWhat::Robot(r), false))).unwrap();
    assert_eq!(rig.status(job), Status::Stalled);
    rig.run(5);
    let stop = active(&rig)[0];
    rig.send(owner, &OwnerCommand::ClearStop { stop }).unwrap();
    assert_eq!(rig.status(job), Status::Executing);
    let j = &rig.c.state().jobs[&job];
    assert!(j.stalled > nooterra_engine::time::Span::ZERO, "{:?}", j.stopped);
    assert_eq!(rig.c.stall_excused(job), nooterra_engine::time::Span::ZERO);
    rig.send(owner, &OwnerCommand::Stop(order(StopWhat::Fleet(party(owner)), true))).unwrap();
    let exit = |e: &JobEvent| {
        if let JobEvent::SafeExitOrdered { cause, fault, disposition, .. } = e { Some((*cause, *fault, *disposition)) } else { None }
    };
    let out: Vec<_> = rig.job_events(job).iter().filter_map(exit).collect();
    assert_eq!(out, [(Cause::FleetStop, Fault::Owner, Disposition::Abort)]);
}

#[test]
fn a_floor_that_is_cleared_by_others_ends_the_work_and_blames_nobody() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Everything {}, power_off: false, exit: true }).unwrap();
    let out: Vec<_> = rig
        .job_events(job)
        .iter()
        .filter_map(|e| {
            if let JobEvent::SafeExitOrdered { cause, fault, disposition, .. } = e { Some((*cause, *fault, *disposition)) } else { None }
        })
        .collect();
    assert_eq!(out, [(Cause::FloorStop, Fault::None, Disposition::Abort)]);
}

#[test]
fn who_comes_to_a_level_that_is_stopped_stops_and_goes_through_no_door() {
    let mut rig = Rig::new(TWO);
    let job = rig.working();
    let r = rig.c.state().jobs[&job].robot().unwrap();
    let inward = |rig: &Rig| matches!(rig.c.pass_of(r).unwrap().way, nooterra_port::facility::Way::Inward { .. });
    assert!(inward(&rig));
    let other = rig.c.robots().map(|x| x.id).find(|x| *x != r).unwrap();
    let upstairs = |rig: &mut Rig, id| {
        let b = nooterra_port::report::Heartbeat { level: 3, ..rig.heartbeat(id) };
        rig.report(id, nooterra_port::Report::Heartbeat(b));
        let p = rig.robots.get_mut(&id).unwrap();
        p.heard = p.sender.clone();
        p.take_queue().into_iter().for_each(|e| rig.put(e).unwrap());
    };
    upstairs(&mut rig, other);
    rig.send("staff", &StaffCommand::StopAll(order(StopWhat::Level(3), false))).unwrap();
    let stop = active(&rig)[0];
    assert_eq!(rig.c.state().stops.active[&stop].robots, [other]);
    upstairs(&mut rig, r);
    assert_eq!(rig.c.state().stops.active[&stop].robots, [other, r]);
    assert_eq!(rig.status(job), Status::Stalled);
    assert!(!inward(&rig), "although it was let in");
    upstairs(&mut rig, r);
    assert_eq!(rig.c.state().robots[&r].robot.stops.len(), 1, "once");
    rig.send("staff", &StaffCommand::ClearStop { stop }).unwrap();
    rig.send("site", &FacilityReport::StopCleared { stop }).unwrap();
    assert_eq!(rig.status(job), Status::Executing);
    assert!(inward(&rig));
}

#[test]
fn a_reason_holds_no_secret() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let said = StopOrder { reason: "door code 4711".into(), ..order(StopWhat::Site {}, false) };
    assert_eq!(rig.send("staff", &StaffCommand::StopAll(said)).unwrap_err(), "SECRET_IN_PAYLOAD");
    assert!(active(&rig).is_empty());
}

#[test]
fn who_says_too_much_is_heard_later_but_for_what_is_urgent() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let ask = RequesterCommand::EndSeries { series: nooterra_engine::ids::SeriesId::named("none") };
    for _ in 0..20 {
        assert_eq!(rig.send("rq", &ask).unwrap_err(), "NOT_FOUND");
    }
    let more = rig.say("rq", &ask);
    assert_eq!(rig.put(more.clone()).unwrap_err(), "RATE_LIMITED");
    assert_eq!(rig.put(more.clone()).unwrap_err(), "RATE_LIMITED");
    assert_eq!(rig.send("rq2", &ask).unwrap_err(), "NOT_FOUND", "everybody counts by themselves");
    rig.run(1);
    assert_eq!(rig.put(more.clone()).unwrap_err(), "NOT_FOUND", "the same word is heard when there is room");
    let refused = rig.refused.len();
    assert!(rig.put(more).is_ok() && rig.refused.len() == refused, "and is not decided again");
    for _ in 0..4 {
        assert_eq!(rig.send("rq", &ask).unwrap_err(), "NOT_FOUND", "five each second");
    }
    // A stop needs no room.
    let stop = RequesterCommand::Stop(order(StopWhat::Job(nooterra_engine::ids::JobId::named("none")), false));
    assert_eq!(rig.send("rq", &stop).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("rq", &ask).unwrap_err(), "RATE_LIMITED");
}

#[test]
fn a_quarantine_with_an_end_ends_by_itself_unless_something_speaks_against_it() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let r = robot("a1");
    let bar = |rig: &Rig, secs: Option<u64>| {
        let until = secs.map(|s| rig.now.saturating_add(nooterra_engine::time::Span::from_secs(s)));
        StaffCommand::Quarantine { robot: r, cause: "test".into(), until }
    };
    let status = |rig: &Rig| rig.c.state().robots[&r].robot.status;
    let past = StaffCommand::Quarantine { robot: r, cause: "test".into(), until: Some(rig.now) };
    assert_eq!(rig.send("staff", &past).unwrap_err(), "SCHEMA_INVALID");
    rig.send("staff", &bar(&rig, Some(60))).unwrap();
    assert_eq!(rig.send("staff", &bar(&rig, Some(90))).unwrap_err(), "ALREADY_DONE");
    rig.run(58);
    assert_eq!(status(&rig), RobotStatus::Quarantined);
    rig.run(5);
    assert_eq!(status(&rig), RobotStatus::Active);
    // People may make it theirs; then it does not end by itself.
    rig.send("staff", &bar(&rig, Some(60))).unwrap();
    rig.send("staff", &bar(&rig, None)).unwrap();
    assert_eq!(rig.send("staff", &bar(&rig, None)).unwrap_err(), "ALREADY_DONE");
    rig.run(120);
    assert_eq!(status(&rig), RobotStatus::Quarantined);
    let clear = StaffCommand::ClearQuarantine { robot: r, checklist: nooterra_engine::Digest([5; 32]) };
    rig.send("staff", &clear).unwrap();
    // Whoever is being looked after is not back by the clock.
    rig.run(10);
    rig.send("staff", &bar(&rig, Some(60))).unwrap();
    rig.send("acme", &OwnerCommand::OpenMaintenance { robot: r, kind: "wheels".into() }).unwrap();
    rig.run(120);
    let c = &rig.c.state().robots[&r].robot;
    assert!(c.quarantined && c.quarantine_until.is_none(), "for people now");
    assert_eq!(rig.send("staff", &clear).unwrap_err(), "HOLD_OPEN");
}
