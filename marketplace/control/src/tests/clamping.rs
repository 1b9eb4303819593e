//! Bounds tightened from afar: who may, what is looser, what is believed of the robot, and how they end.

use super::blackbox::says;
use super::rig::{Rig, robot};
use crate::fact::{Event, Fact};
use crate::input::{OwnerCommand, StaffCommand};
use nooterra_engine::ids::RobotId;
use nooterra_engine::time::{Instant, Span};
use nooterra_operations::event::Event as RobotEvent;
use nooterra_port::clamps::Tight;
use nooterra_port::{Order, Report};

fn a1() -> RobotId {
    robot("a1")
}

fn rig() -> Rig {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("b1", "bolt", 15)]);
    rig.knobs.no_triage = true;
    rig.run(12);
    rig
}

fn tight(speed_mm_s: u32, until: Option<Instant>) -> Tight {
    Tight { speed_mm_s: Some(speed_mm_s), accel_mm_s2: None, until }
}

fn by_staff(bounds: Tight) -> StaffCommand {
    StaffCommand::TightenClamps { robot: a1(), bounds }
}

fn by_owner(bounds: Tight) -> OwnerCommand {
    OwnerCommand::TightenClamps { robot: a1(), bounds }
}

fn count(rig: &Rig, name: &str) -> usize {
    rig.facts.iter().filter_map(Fact::event).filter(|r| matches!(&r.payload, Event::Robot(e) if e.name() == name)).count()
}

fn limit(rig: &Rig) -> Option<u32> {
    rig.c.state().robots[&a1()].robot.tightened.sure(rig.now).and_then(|c| c.speed_mm_s)
}

/// The number of the last order of bounds that the robot has got.
fn told(rig: &Rig) -> Vec<Option<Tight>> {
    let of = |o: &Order| if let Order::ClampProfile { bounds } = o { Some(*bounds) } else { None };
    rig.robots[&a1()].seen.iter().filter_map(of).collect()
}

fn breach(rig: &mut Rig, mm_s: i64) -> usize {
    let of = |rig: &Rig| count(rig, "INCIDENT_OPENED") + count(rig, "INCIDENT_REPEATED");
    let before = of(rig);
    assert_eq!(says(rig, Report::Noticed { code: "CLAMP_BREACH".into(), measure: mm_s }), None);
    of(rig) - before
}

#[test]
fn staff_and_its_owner_tighten_and_nobody_loosens() {
    let mut rig = rig();
    assert_eq!(rig.send("bolt", &by_owner(tight(300, None))).unwrap_err(), "NOT_FOUND", "another's robot");
    let now = rig.now;
    for bad in [Tight { speed_mm_s: None, accel_mm_s2: None, until: None }, tight(0, None), tight(300, Some(now))] {
        assert_eq!(rig.send("staff", &by_staff(bad)).unwrap_err(), "SCHEMA_INVALID");
    }
    assert_eq!(rig.send("staff", &by_staff(tight(9_000, None))).unwrap_err(), "SCOPE_EXCEEDED", "more than it can");
    assert_eq!(rig.send("staff", &StaffCommand::LiftClamps { robot: a1() }).unwrap_err(), "NO_CHANGE");
    let until = Some(now + Span::from_mins(5));
    rig.send("staff", &by_staff(tight(300, until))).unwrap();
    rig.run(2);
    assert_eq!(told(&rig), [Some(tight(300, until))]);
    assert_eq!(rig.send("staff", &by_staff(tight(300, until))).unwrap_err(), "NO_CHANGE");
    assert_eq!(rig.send("acme", &by_owner(tight(301, until))).unwrap_err(), "SCOPE_EXCEEDED");
    assert_eq!(rig.send("acme", &by_owner(tight(200, Some(now + Span::from_mins(4))))).unwrap_err(), "SCOPE_EXCEEDED", "sooner over");
    rig.send("acme", &by_owner(tight(200, until))).unwrap();
    assert_eq!((count(&rig, "CLAMPS_TIGHTENED"), count(&rig, "CLAMPS_LIFTED")), (2, 0));
    // Over by themselves: what holds then is the hardware.
    rig.run(5 * 60);
    rig.send("acme", &by_owner(tight(400, None))).unwrap();
    rig.send("staff", &StaffCommand::LiftClamps { robot: a1() }).unwrap();
    rig.run(2);
    assert_eq!(told(&rig).last(), Some(&None));
    assert_eq!(count(&rig, "CLAMPS_LIFTED"), 1);
    rig.send("staff", &by_staff(tight(500, None))).unwrap();
}

#[test]
fn a_bound_is_judged_from_when_the_robot_keeps_to_it_until_it_ends() {
    let mut rig = rig();
    assert_eq!(breach(&mut rig, 340), 0, "its hardware may do that");
    let until = rig.now + Span::from_secs(60);
    rig.send("staff", &by_staff(tight(300, Some(until)))).unwrap();
    rig.run(1);
    let seq = rig.c.state().robots[&a1()].robot.order_seq;
    assert_eq!((limit(&rig), breach(&mut rig, 340)), (None, 0), "it has not said that it keeps to it");
    assert_eq!(says(&mut rig, Report::OrderAcked { order_seq: seq, code: String::new() }), None);
    assert_eq!((limit(&rig), breach(&mut rig, 340)), (None, 0), "it eases off");
    rig.run(6);
    assert_eq!((limit(&rig), breach(&mut rig, 330)), (Some(300), 0), "up to a tenth more is no breach");
    assert_eq!(breach(&mut rig, 331), 1);
    rig.run(60);
    assert_eq!((limit(&rig), breach(&mut rig, 331)), (None, 0), "over by itself");
}

#[test]
fn who_is_bounded_can_do_less() {
    let mut rig = rig();
    let speed = |rig: &Rig| {
        let r = &rig.c.state().robots[&a1()].robot;
        crate::abilities::abilities(r, rig.now).iter().find(|a| a.name == "speed_mm_s").map(|a| a.declared)
    };
    let advert = nooterra_port::Advert {
        capabilities: vec![nooterra_port::ability::Declared { name: "speed_mm_s".into(), value: 500 }],
        sensors: vec![],
        battery_j: 1_000,
    };
    assert_eq!(says(&mut rig, Report::Advertised(Box::new(advert))), None);
    assert_eq!(speed(&rig), Some(500));
    rig.send("staff", &by_staff(tight(300, None))).unwrap();
    assert_eq!(speed(&rig), Some(300));
    rig.send("staff", &StaffCommand::LiftClamps { robot: a1() }).unwrap();
    assert_eq!(speed(&rig), Some(500));
    assert!(rig.facts.iter().filter_map(Fact::event).any(|r| matches!(r.payload, Event::Robot(RobotEvent::ClampsLifted { .. }))));
}

#[test]
fn what_comes_late_is_judged_by_what_held_when_it_was() {
    let found = |rig: &Rig| count(rig, "INCIDENT_OPENED") + count(rig, "INCIDENT_REPEATED");
    // It notices while its link is cut, and is heard when the bound is lifted and the stop is over.
    let noticed = |rig: &mut Rig, code: &str, measure: i64, meanwhile: &dyn Fn(&mut Rig)| {
        let before = found(rig);
        rig.knobs.cut.insert(a1(), (rig.now, rig.now + Span::from_secs(8)));
        rig.run(3);
        rig.report(a1(), Report::Noticed { code: code.into(), measure });
        rig.run(2);
        meanwhile(rig);
        rig.run(8);
        found(rig) - before
    };
    let mut rig = rig();
    rig.send("staff", &by_staff(tight(300, None))).unwrap();
    rig.run(2);
    let order_seq = rig.c.state().robots[&a1()].robot.order_seq;
    assert_eq!(says(&mut rig, Report::OrderAcked { order_seq, code: String::new() }), None);
    rig.run(10);
    let lift = |rig: &mut Rig| rig.send("staff", &StaffCommand::LiftClamps { robot: a1() }).map(drop).unwrap();
    assert_eq!(noticed(&mut rig, "CLAMP_BREACH", 340, &lift), 1, "it was bound by it then");
    assert_eq!(noticed(&mut rig, "CLAMP_BREACH", 340, &|_| ()), 0, "and is not any more");

    let mut rig = self::rig();
    rig.send("staff", &StaffCommand::Stop { robot: a1(), reason: "test".into() }).unwrap();
    rig.run(3);
    let clear = |rig: &mut Rig| rig.send("staff", &StaffCommand::ClearStops { robot: a1() }).map(drop).unwrap();
    assert!(rig.c.state().robots[&a1()].robot.stops[0].acked);
    assert_eq!(noticed(&mut rig, "UNCOMMANDED_MOTION", 60, &clear), 1, "it stood under a stop then");

    let mut rig = self::rig();
    rig.send("staff", &StaffCommand::Stop { robot: a1(), reason: "test".into() }).unwrap();
    rig.run(3);
    clear(&mut rig);
    rig.run(3);
    assert_eq!(noticed(&mut rig, "UNCOMMANDED_MOTION", 60, &|_| ()), 0, "it was let go before");
}
