//! Robots that are looked after, and robots that are gone for good.

use super::rig::{Rig, robot};
use crate::Policy;
use crate::input::{OwnerCommand, StaffCommand};
use nooterra_engine::Digest;
use nooterra_engine::ids::RobotId;
use nooterra_engine::time::Span;
use nooterra_jobs::status::Status;
use nooterra_operations::RobotStatus;
use nooterra_operations::event::TaskKind;
use nooterra_operations::robot::ServiceRule;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

fn open(robot: RobotId) -> OwnerCommand {
    OwnerCommand::OpenMaintenance { robot, kind: "wheels".into() }
}
fn close(robot: RobotId) -> OwnerCommand {
    OwnerCommand::CloseMaintenance { robot, checklist: Digest([5; 32]), parts: vec!["wheel".into()] }
}
fn retire(robot: RobotId) -> OwnerCommand {
    OwnerCommand::RetireRobot { robot, reason: "old".into() }
}
/// Runs until a robot drives to where it is looked after, and says where that is.
fn drives_home(rig: &mut Rig, r: RobotId) -> u32 {
    for _ in 0..9_000 {
        if let Some(t) = rig.c.state().robots[&r].robot.task.filter(|t| t.kind == TaskKind::Service) {
            return t.place;
        }
        rig.tick();
    }
    panic!("it never drives home");
}
fn status(rig: &Rig, r: RobotId) -> RobotStatus {
    rig.c.state().robots[&r].robot.status
}

#[test]
fn who_is_looked_after_finishes_its_job_and_gets_no_other() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let r = robot("a1");
    let job = rig.ask(rig.delivery(2, 5));
    rig.until(job, Status::Executing);
    assert_eq!(rig.send("bolt", &open(r)).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("acme", &open(robot("none"))).unwrap_err(), "NOT_FOUND");
    let wordy = OwnerCommand::OpenMaintenance { robot: r, kind: "x".repeat(65) };
    assert_eq!(rig.send("acme", &wordy).unwrap_err(), "SCHEMA_INVALID");
    rig.send("acme", &open(r)).unwrap();
    assert_eq!(rig.send("acme", &open(r)).unwrap_err(), "ALREADY_DONE");
    assert_eq!(rig.send("acme", &close(r)).unwrap_err(), "STATE_FORBIDS", "it works yet");
    assert_eq!(rig.send("acme", &retire(r)).unwrap_err(), "STATE_FORBIDS");
    assert_eq!(status(&rig, r), RobotStatus::Active);
    assert_eq!(drives_home(&mut rig, r), 8);
    assert_eq!(rig.send("acme", &close(r)).unwrap_err(), "STATE_FORBIDS", "it is on its way");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.run(60);
    assert_eq!(status(&rig, r), RobotStatus::Maintenance);
    assert_eq!((rig.robots[&r].at, rig.c.state().robots[&r].robot.task), (8, None));

    let next = rig.ask(rig.delivery(2, 5));
    rig.run(60);
    assert!(!rig.names(next).contains(&"ROBOT_MATCHED"), "{:?}", rig.names(next));
    assert_eq!(rig.send("bolt", &close(r)).unwrap_err(), "NOT_FOUND");
    rig.send("acme", &close(r)).unwrap();
    assert_eq!(rig.send("acme", &close(r)).unwrap_err(), "STATE_FORBIDS");
    rig.run(5);
    assert_eq!(status(&rig, r), RobotStatus::Active, "its own next word says so");
    let last = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(last, 900), Status::Settled, "{:?}", rig.names(last));
    rig.check_books();
}

#[test]
fn who_cannot_drive_home_is_looked_after_where_it_stands() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let r = robot("a1");
    let job = rig.ask(rig.delivery(2, 5));
    rig.until(job, Status::Executing);
    rig.send("acme", &open(r)).unwrap();
    drives_home(&mut rig, r);
    // It is stopped on its way: its time runs out.
    rig.send("staff", &StaffCommand::Stop { robot: r, reason: "look at it".into() }).unwrap();
    rig.run(400);
    assert_ne!(rig.robots[&r].at, 8);
    assert_eq!(status(&rig, r), RobotStatus::Maintenance);
    assert!(rig.c.state().robots[&r].robot.task.is_none());
    rig.check_books();
}

#[test]
fn a_quarantine_is_not_cleared_while_somebody_looks_after_the_robot() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let r = robot("a1");
    rig.send("judge", &StaffCommand::Quarantine { robot: r, cause: "odd".into(), until: None }).unwrap();
    let word = StaffCommand::OpenMaintenance { robot: r, kind: "inspection".into() };
    assert_eq!(rig.send("staff", &word).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("judge", &word).unwrap();
    let clear = StaffCommand::ClearQuarantine { robot: r, checklist: Digest([5; 32]) };
    assert_eq!(rig.send("staff", &clear).unwrap_err(), "HOLD_OPEN");
    rig.send("acme", &close(r)).unwrap();
    rig.send("staff", &clear).unwrap();
    rig.run(5);
    assert_eq!(status(&rig, r), RobotStatus::Active);
}

#[test]
fn a_retired_robot_never_works_again() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let r = robot("a1");
    assert_eq!(rig.send("bolt", &retire(r)).unwrap_err(), "NOT_FOUND");
    let word = StaffCommand::RetireRobot { robot: robot("b1"), reason: "recall".into() };
    assert_eq!(rig.send("judge", &word).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("acme", &retire(r)).unwrap();
    assert_eq!(rig.send("acme", &retire(r)).unwrap_err(), "ALREADY_DONE");
    assert_eq!(rig.send("acme", &open(r)).unwrap_err(), "STATE_FORBIDS");
    let job = rig.ask(rig.delivery(9, 12));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!(rig.c.state().jobs[&job].legs[0].offer.robot, robot("b1"));
    rig.send("staff", &word).unwrap();
    let none = rig.ask(rig.delivery(9, 12));
    rig.run(400);
    assert!(!rig.names(none).contains(&"ROBOT_MATCHED"), "{:?}", rig.names(none));
    assert_eq!(status(&rig, r), RobotStatus::Retired, "whatever it says");
    rig.check_books();
}

#[test]
fn who_is_long_due_gets_no_work() {
    let service = ServiceRule { every: Span::from_mins(20), motion: Span::from_mins(600), late: Span::from_mins(5) };
    let mut rig = Rig::with(Policy { service, ..Policy::scenario() }, ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.run(1_500 - rig.now.0 / 1_000_000_000);
    let none = rig.ask(rig.delivery(2, 5));
    rig.run(60);
    assert!(!rig.names(none).contains(&"ROBOT_MATCHED"), "{:?}", rig.names(none));
    let r = robot("a1");
    rig.send("acme", &open(r)).unwrap();
    rig.run(120);
    rig.send("acme", &close(r)).unwrap();
    rig.run(5);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
}

#[test]
fn motion_counts_and_standing_does_not() {
    let service = ServiceRule { every: Span::from_mins(6_000), motion: Span::from_secs(10), late: Span::ZERO };
    let mut rig = Rig::with(Policy { service, ..Policy::scenario() }, ONE);
    rig.run(600);
    let of = |rig: &Rig| rig.c.state().robots[&robot("a1")].robot.motion;
    assert_eq!(of(&rig), Span::ZERO);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert!(of(&rig) >= Span::from_secs(10), "{:?}", of(&rig));
    assert!(!rig.c.state().robots[&robot("a1")].robot.can_be_matched(rig.now));
}
