//! Degraded robots: which work they still get, by the causes that they report.

use super::rig::{Rig, robot};
use crate::causes::touches;
use crate::fact::{Event, Fact};
use crate::input::NewJob;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_jobs::status::Status;
use nooterra_operations::RobotStatus;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_operations::status::HealthCause;
use nooterra_port::Report;
use nooterra_port::report::{ErrorCode, Heartbeat};

fn a1() -> RobotId {
    robot("a1")
}

fn degrade(rig: &mut Rig, health_bps: u32, errors: &[ErrorCode]) {
    let b = Heartbeat { health_bps, errors: errors.to_vec(), ..rig.heartbeat(a1()) };
    rig.report(a1(), Report::Heartbeat(b));
    rig.tick();
}

/// Changes of its status, with the causes.
fn told(rig: &Rig) -> Vec<(RobotStatus, Vec<HealthCause>)> {
    let of = |f: &Fact| match &f.event()?.payload {
        Event::Robot(RobotEvent::HealthChanged { to, causes, .. }) => Some((*to, causes.clone())),
        _ => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

/// A job that waits for a robot while the only one says this of itself each second.
fn matched(errors: &[ErrorCode], job: impl Fn(&Rig) -> NewJob) -> (bool, Vec<(String, u16)>) {
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.run(12);
    degrade(&mut rig, 6_000, errors);
    let job = rig.ask(job(&rig));
    for _ in 0..120 {
        degrade(&mut rig, 6_000, errors);
        if rig.c.state().jobs[&job].robot().is_some() {
            return (true, vec![]);
        }
    }
    (false, rig.c.state().jobs[&job].dispatch_failed.clone())
}

#[test]
fn a_degraded_robot_gets_what_its_causes_do_not_touch() {
    let delivery = |rig: &Rig| rig.delivery(2, 5);
    let patrol = |rig: &Rig| rig.patrol(&[2, 5]);
    let status = (false, vec![("STATUS".to_owned(), 1)]);
    assert_eq!(matched(&[ErrorCode::SensorFault], delivery), status, "no loads");
    assert!(matched(&[ErrorCode::SensorFault], patrol).0);
    assert_eq!(matched(&[ErrorCode::Overheat], delivery), status);
    assert!(matched(&[ErrorCode::DiskFull], delivery).0);
    assert!(matched(&[ErrorCode::Clock], patrol).0);
    assert!(matched(&[ErrorCode::BatteryLow], delivery).0, "whether it is enough is for the energy filter");
    assert_eq!(matched(&[], patrol), status, "nobody knows what is wrong with it");
    assert_eq!(matched(&[ErrorCode::LocalisationLost], patrol), status);
}

#[test]
fn changes_name_their_causes_and_other_causes_are_a_change() {
    use HealthCause::{BatteryLow, DiskFull, FirstHeard, Health, MotorFault, Recovered, SensorFault};
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.run(12);
    degrade(&mut rig, 6_000, &[ErrorCode::SensorFault]);
    degrade(&mut rig, 6_000, &[ErrorCode::SensorFault, ErrorCode::Link]);
    degrade(&mut rig, 6_000, &[ErrorCode::DiskFull, ErrorCode::SensorFault]);
    degrade(&mut rig, 9_000, &[ErrorCode::Link]);
    degrade(&mut rig, 5_000, &[ErrorCode::Link]);
    degrade(&mut rig, 1_000, &[ErrorCode::MotorFault]);
    let b = Heartbeat { soc_bps: 1_999, health_bps: 9_000, errors: vec![], ..rig.heartbeat(a1()) };
    rig.report(a1(), Report::Heartbeat(b));
    rig.tick();
    let degraded = |causes: &[HealthCause]| (RobotStatus::Degraded, causes.to_vec());
    let all = told(&rig);
    let link = HealthCause::Link;
    let expected = [
        (RobotStatus::Active, vec![FirstHeard]),
        degraded(&[SensorFault]),
        degraded(&[SensorFault, DiskFull]),
        (RobotStatus::Active, vec![Recovered]),
        degraded(&[link, Health]),
        (RobotStatus::Unhealthy, vec![MotorFault]),
        degraded(&[BatteryLow]),
    ];
    let sorted = |mut v: Vec<HealthCause>| {
        v.sort_unstable();
        v
    };
    let expected: Vec<_> = expected.into_iter().map(|(s, c)| (s, sorted(c))).collect();
    assert_eq!(all[..expected.len()], expected, "what the puppet says by itself follows");
}

#[test]
fn a_lease_that_has_not_departed_is_given_back_if_it_is_touched() {
    for (error, back) in [(ErrorCode::SensorFault, true), (ErrorCode::DiskFull, false)] {
        let mut rig = Rig::new(&[("a1", "acme", 8)]);
        rig.knobs.never_depart.insert(a1());
        rig.run(12);
        let job: JobId = rig.ask(rig.delivery(2, 5));
        rig.until(job, Status::Reserved);
        degrade(&mut rig, 6_000, &[error]);
        assert_eq!(rig.c.state().jobs[&job].robot().is_none(), back, "{error:?}");
    }
}

/// A job whose window opens later, held by the only robot.
fn held_for_later(rig: &mut Rig, mut new: NewJob) -> JobId {
    let start = rig.now + nooterra_engine::time::Span::from_mins(10);
    new.window = nooterra_jobs::terms::Window { start, end: start + nooterra_engine::time::Span::from_mins(30) };
    let job = rig.ask(new);
    rig.until(job, Status::Reserved);
    assert_eq!(rig.c.state().robots[&a1()].robot.ahead.len(), 1);
    job
}

#[test]
fn a_lease_for_later_is_given_back_as_soon_as_it_is_touched() {
    for (error, back) in [(ErrorCode::SensorFault, true), (ErrorCode::DiskFull, false)] {
        let mut rig = Rig::new(&[("a1", "acme", 8)]);
        rig.run(12);
        let new = rig.delivery(2, 5);
        let job = held_for_later(&mut rig, new);
        degrade(&mut rig, 6_000, &[error]);
        assert_eq!(rig.c.state().jobs[&job].robot().is_none(), back, "{error:?}");
    }
}

#[test]
fn a_link_counts_while_it_is_named() {
    use ErrorCode::{Clock, Link};
    for (then, back) in [(&[Clock][..], false), (&[Clock, Link][..], true)] {
        let mut rig = Rig::with_operators(&[("a1", "acme", 8)]);
        rig.run(12);
        super::covered::open(&mut rig, "olga", 2, 7_200);
        // It had trouble with its link when it was degraded, and has none any more: a patrol with an operator is for it.
        let says = |rig: &mut Rig, errors: &[ErrorCode]| {
            rig.knobs.unwell.insert(a1(), (6_000, errors.to_vec()));
            rig.run(10);
        };
        says(&mut rig, &[Clock, Link]);
        says(&mut rig, &[Clock]);
        let new = NewJob { coverage: true, ..rig.patrol(&[2, 5]) };
        let job = held_for_later(&mut rig, new);
        assert!(rig.c.state().jobs[&job].pins.as_ref().is_some_and(|p| p.coverage));
        // No change of its status says so, and yet nobody sets out who cannot be helped.
        says(&mut rig, then);
        let r = &rig.c.state().robots[&a1()].robot;
        assert_eq!((r.causes.clone(), r.ahead.len()), (vec![HealthCause::Clock, HealthCause::Link], 1));
        for _ in 0..1_200 {
            rig.tick();
            if rig.c.state().jobs[&job].robot().is_none() || rig.status(job) == Status::EnRoute {
                break;
            }
        }
        assert_eq!((rig.c.state().jobs[&job].robot().is_none(), rig.status(job) == Status::EnRoute), (back, !back), "{then:?}");
    }
}

#[test]
fn whatever_makes_unfit_touches_everything() {
    for c in [HealthCause::MotorFault, HealthCause::Fall, HealthCause::LocalisationLost, HealthCause::Health] {
        assert!(touches(c).1);
    }
    for c in [HealthCause::BatteryLow, HealthCause::FirstHeard, HealthCause::Recovered] {
        assert_eq!(touches(c), (&[][..], false));
    }
}
