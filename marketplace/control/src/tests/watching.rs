//! What robots say, seen by detectors, and what incidents set in motion.

use super::cases::{rig_with_job, until};
use super::rig::{Rig, pose, robot};
use crate::fact::{Event, Fact};
use crate::input::{CaseCommand, StaffCommand};
use crate::{RobotEvent, Wish};
use nooterra_engine::Digest;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{IncidentId, JobId};
use nooterra_engine::machine::{Machine, Out};
use nooterra_jobs::event::{Fault, IncidentCode};
use nooterra_jobs::status::Status;
use nooterra_operations::RobotStatus;
use nooterra_operations::stop::Scope;
use nooterra_port::Report;
use nooterra_port::report::{ErrorCode, Heartbeat};
use nooterra_trust::reputation::Subject;

/// Two robots on chargers of the row, one of them idle.
const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

fn pair() -> Rig {
    let mut rig = Rig::new(TWO);
    rig.knobs.no_triage = true;
    rig.run(12);
    rig
}

fn beat(rig: &Rig, name: &str) -> Heartbeat {
    Heartbeat { soc_bps: 9_500, ..rig.heartbeat(robot(name)) }
}

/// Sends heartbeats, half a second apart; the puppets' own go on beside them.
fn say(rig: &mut Rig, name: &str, change: impl Fn(&mut Heartbeat)) {
    let mut b = beat(rig, name);
    change(&mut b);
    rig.report(robot(name), Report::Heartbeat(b));
    rig.tick();
}

fn found(rig: &Rig) -> Vec<(String, u8)> {
    let of = |r: &crate::Recorded| match &r.payload {
        Event::Robot(RobotEvent::IncidentOpened { code, severity, .. }) => Some((code.clone(), *severity)),
        Event::Job(nooterra_jobs::Event::IncidentOpened { code, severity, .. }) => Some((code.text().to_owned(), *severity)),
        _ => None,
    };
    rig.facts.iter().filter_map(Fact::event).filter_map(of).collect()
}

fn count(rig: &Rig, name: &str) -> usize {
    rig.facts.iter().filter_map(Fact::event).filter(|r| r.payload.name() == name).count()
}

fn noticed(rig: &mut Rig, name: &str, code: &str, measure: i64) {
    rig.report(robot(name), Report::Noticed { code: code.into(), measure });
    rig.tick();
}

fn one(code: &str, severity: u8) -> Vec<(String, u8)> {
    vec![(code.to_owned(), severity)]
}

#[test]
fn ordinary_heartbeats_say_nothing() {
    let mut rig = pair();
    for n in 0..20 {
        say(&mut rig, "b1", |b| (b.speed_mm_s, b.paused) = (400, n == 3));
    }
    let job = rig.ask(rig.delivery(2, 5));
    rig.run_job(job, 900);
    assert_eq!((found(&rig), rig.status(job)), (vec![], Status::Settled));
}

#[test]
fn a_speed_that_the_model_does_not_allow_is_a_clamp_breach() {
    let mut rig = pair();
    #[allow(clippy::cast_possible_truncation)] // a few thousand
    let top = (nooterra_site::RobotModel::default().speed_max_mps * 1e3).round() as i32;
    say(&mut rig, "b1", |b| b.speed_mm_s = top * 11 / 10 + 5);
    assert!(found(&rig).is_empty(), "one reading is no while");
    say(&mut rig, "b1", |b| b.speed_mm_s = -(top * 11 / 10 + 5));
    assert_eq!(found(&rig), one("CLAMP_BREACH", 4));
    assert_eq!(rig.c.state().robots[&robot("b1")].robot.status, RobotStatus::Quarantined);
    assert!(!rig.c.state().robots[&robot("b1")].robot.stops.is_empty());
}

#[test]
fn stops_in_a_row_are_a_storm() {
    let mut rig = pair();
    let mut n = 0;
    while found(&rig).is_empty() && n < 40 {
        say(&mut rig, "b1", |b| b.paused = n % 2 == 0);
        n += 1;
    }
    assert_eq!(found(&rig), one("PROTECTIVE_STOP_STORM", 2));
    assert!((9..=10).contains(&n), "five stops, {n} readings");
}

#[test]
fn a_dock_knows_better_where_a_robot_stands() {
    let mut rig = pair();
    let off = |b: &mut Heartbeat, m: f64| {
        b.charging = true;
        b.pose = pose(Vec2::new(21.0 + m, 3.0));
    };
    // It says nothing else meanwhile: one that charges does not say in between that it does not.
    rig.robots.get_mut(&robot("b1")).unwrap().beat = rig.now + nooterra_engine::Span::from_secs(100_000);
    let at = rig.site.vertices[rig.robots[&robot("b1")].at as usize].at;
    assert_eq!((at.x, at.y), (21.0, 3.0));
    for _ in 0..6 {
        say(&mut rig, "b1", |b| off(b, 0.29));
    }
    assert!(found(&rig).is_empty());
    for _ in 0..3 {
        say(&mut rig, "b1", |b| off(b, 0.31));
    }
    assert!(found(&rig).is_empty(), "not yet two seconds");
    for _ in 0..3 {
        say(&mut rig, "b1", |b| off(b, 0.31));
    }
    assert_eq!(found(&rig), one("LOCALISATION_DIVERGENCE", 2));
}

#[test]
fn charge_is_judged_by_the_way_to_the_next_charger() {
    let mut rig = pair();
    // It stands at a charger: no way at all, and five hundredths on top.
    say(&mut rig, "b1", |b| b.soc_bps = 520);
    assert!(found(&rig).is_empty());
    say(&mut rig, "b1", |b| b.soc_bps = 480);
    assert_eq!(found(&rig), one("BATTERY_DEPLETION", 2));
    say(&mut rig, "a1", |b| (b.soc_bps, b.charging) = (100, true));
    assert_eq!(found(&rig).len(), 1, "one that charges is on the safe side");
}

#[test]
fn a_robot_that_lies_and_one_that_moves_under_a_stop() {
    let mut rig = pair();
    say(&mut rig, "b1", |b| b.errors = vec![ErrorCode::Fall]);
    assert_eq!(found(&rig), one("TIP_OVER", 4));
    noticed(&mut rig, "b1", "TIP_OVER", 1_500_000);
    assert_eq!(found(&rig).len(), 1, "the same episode");
    let mut rig = pair();
    rig.send("staff", &StaffCommand::Stop { robot: robot("b1"), reason: "test".into() }).unwrap();
    rig.run(2);
    say(&mut rig, "b1", |b| b.speed_mm_s = 49);
    say(&mut rig, "b1", |b| b.speed_mm_s = 60);
    assert!(found(&rig).is_empty());
    say(&mut rig, "b1", |b| b.speed_mm_s = 60);
    assert_eq!(found(&rig), one("UNCOMMANDED_MOTION", 5));
    // The whole floor stands still.
    let zone: Vec<_> = rig.c.state().stops.active.values().filter(|s| s.scope == Scope::Level(0)).collect();
    assert_eq!(zone.len(), 1);
    assert_eq!(zone[0].robots.len(), 2);
    assert!(!rig.c.state().robots[&robot("a1")].robot.stops.is_empty());
}

#[test]
fn standing_still_at_work_is_a_stall_that_gets_worse() {
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Executing);
    // It neither moves nor gets anywhere, and says that it is well.
    rig.robots.get_mut(&robot("a1")).unwrap().aborted = true;
    rig.run(58);
    assert!(found(&rig).is_empty(), "{:?}", found(&rig));
    rig.run(12);
    assert_eq!(found(&rig), one("STALL", 1));
    rig.run(300);
    assert_eq!(found(&rig)[..2], [("STALL".to_owned(), 1), ("STALL".to_owned(), 2)]);
}

#[test]
fn near_misses_are_judged_by_clearance_speed_and_tier() {
    let mut rig = pair();
    say(&mut rig, "b1", |b| b.speed_mm_s = 240);
    noticed(&mut rig, "b1", "NEAR_MISS", 400);
    assert!(found(&rig).is_empty(), "slow enough");
    say(&mut rig, "b1", |b| b.speed_mm_s = 260);
    noticed(&mut rig, "b1", "NEAR_MISS", 400);
    assert_eq!(found(&rig), one("NEAR_MISS", 2), "half a metre is the tenant's own measure");
    noticed(&mut rig, "b1", "NEAR_MISS", 90);
    // The same within ten seconds, though graver.
    assert_eq!(found(&rig).len(), 1);
    assert_eq!(count(&rig, "INCIDENT_REPEATED"), 1);
    let i = rig.c.state().strays[&robot("b1")].incidents.values().next().copied().unwrap();
    assert_eq!((i.count, i.severity), (2, 3));
    rig.run(12);
    say(&mut rig, "b1", |b| b.speed_mm_s = 260);
    noticed(&mut rig, "b1", "NEAR_MISS", 400);
    assert_eq!(found(&rig).len(), 2, "another one later");
    // At work it is the tier that says how near is too near: 300 mm here.
    let (mut rig, job) = rig_with_job();
    until(&mut rig, job, Status::Executing);
    for (clearance, expected) in [(310, vec![]), (290, one("NEAR_MISS", 2))] {
        // Its own heartbeats, of a robot that stands, come in between.
        for _ in 0..3 {
            say(&mut rig, "a1", |b| b.speed_mm_s = 260);
            noticed(&mut rig, "a1", "NEAR_MISS", clearance);
        }
        assert_eq!(found(&rig), expected, "{clearance} mm");
    }
}

#[test]
fn a_load_that_falls_is_judged_by_what_was_carried() {
    for (lost, expected) in [(99, vec![]), (100, one("PAYLOAD_DROP", 3)), (500, one("PAYLOAD_DROP", 3))] {
        let (mut rig, job) = rig_with_job();
        until(&mut rig, job, Status::Executing);
        rig.run(1);
        let j = &rig.c.state().jobs[&job];
        assert_ne!(rig.c.state().robots[&robot("a1")].robot.place, j.steps()[1].place, "not where it is put down");
        noticed(&mut rig, "a1", "PAYLOAD_DROP", lost);
        assert_eq!(found(&rig), expected, "{lost} g of 500");
    }
}

/// What it did while it was idle turns out to be grave when it is about a job: it is barred, and leaves that job.
#[test]
fn who_is_barred_for_what_it_did_before_leaves_its_present_work() {
    for (severity, after) in [(2, Status::Executing), (4, Status::AbortingSafeExit)] {
        let mut rig = Rig::new(&TWO[..1]);
        rig.knobs.no_triage = true;
        rig.run(12);
        say(&mut rig, "a1", |b| b.speed_mm_s = 260);
        noticed(&mut rig, "a1", "NEAR_MISS", 400);
        assert_eq!(found(&rig), one("NEAR_MISS", 2));
        let job = rig.ask(rig.delivery(2, 5));
        until(&mut rig, job, Status::Executing);
        let a1 = robot("a1");
        assert_eq!(rig.c.state().jobs[&job].robot(), Some(a1));
        let incident = *rig.c.state().strays[&a1].incidents.keys().next().unwrap();
        let triage = StaffCommand::TriageRobot { robot: a1, incident, severity, fault: Fault::Owner, confirmed: true };
        rig.send_on("judge", &format!("robot/{a1}"), &triage).unwrap();
        assert_eq!((rig.status(job), rig.c.state().robots[&a1].robot.quarantined), (after, severity == 4));
    }
}

#[test]
fn incidents_of_idle_robots_are_triaged_and_bar_their_return() {
    let mut rig = pair();
    noticed(&mut rig, "b1", "COLLISION", 12_000);
    assert_eq!(found(&rig), one("COLLISION", 4));
    noticed(&mut rig, "b1", "COLLISION", 12_000);
    assert_eq!((found(&rig).len(), count(&rig, "INCIDENT_REPEATED")), (1, 1));
    let (b1, stream) = (robot("b1"), format!("robot/{}", robot("b1")));
    let incident = *rig.c.state().strays[&b1].incidents.keys().next().unwrap();
    let triage = |incident, severity| StaffCommand::TriageRobot { robot: b1, incident, severity, fault: Fault::Owner, confirmed: true };
    let clear = StaffCommand::ClearQuarantine { robot: b1, checklist: Digest([5; 32]) };
    assert_eq!(rig.send("staff", &clear), Err("HOLD_OPEN".into()), "it is not judged yet");
    assert_eq!(rig.send("staff", &triage(incident, 4)), Err("ROLE_FORBIDDEN".into()));
    assert_eq!(rig.send_on("judge", &stream, &triage(IncidentId::named("none"), 4)), Err("NOT_FOUND".into()));
    assert_eq!(rig.send_on("judge", &stream, &triage(incident, 0)), Err("SCHEMA_INVALID".into()));
    assert_eq!(rig.send("judge", &triage(incident, 4)), Err("HEAD_REQUIRED".into()));
    let a1 = StaffCommand::TriageRobot { robot: robot("a1"), incident, severity: 4, fault: Fault::Owner, confirmed: true };
    assert_eq!(rig.send_on("judge", &stream, &a1), Err("NOT_FOUND".into()));
    // Two days pass without a word.
    rig.run(10);
    assert_eq!(count(&rig, "INCIDENT_TRIAGE_OVERDUE"), 0);
    rig.now = rig.now.saturating_add(nooterra_engine::time::Span::from_mins(48 * 60));
    rig.tick();
    assert_eq!(count(&rig, "INCIDENT_TRIAGE_OVERDUE"), 1);
    rig.send_on("judge", &stream, &triage(incident, 4)).unwrap();
    assert_eq!(rig.send_on("judge", &stream, &triage(incident, 4)), Err("ALREADY_DONE".into()));
    let s = &rig.c.state().scores;
    assert_eq!((s.bps(Subject::Robot(b1)), s.bps(Subject::Owner(super::rig::party("bolt")))), (5_000, 5_000));
    assert_eq!(rig.send("staff", &clear), Ok(()));
}

/// What a requester's word of an injury brings about, as wishes.
fn hurt(rig: &mut Rig, job: JobId) -> Vec<Wish> {
    let c = CaseCommand::Complain { job, code: IncidentCode::Injury, statement: Digest([1; 32]), amount: None, currency: None };
    let e = rig.say("rq", &c);
    let mut out = Out::default();
    rig.c.step(rig.now, crate::Input::new(e), &mut out);
    rig.facts.extend(out.facts);
    out.wishes
}

#[test]
fn an_injury_stops_the_floor_and_tells_everybody() {
    let mut rig = Rig::with_operators(TWO);
    rig.knobs.no_triage = true;
    rig.run(12);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    let wishes = hurt(&mut rig, job);
    let told: Vec<_> =
        wishes.iter().filter_map(|w| if let Wish::Alert { party, job, .. } = w { Some((*party, *job)) } else { None }).collect();
    for name in ["acme", "rq", "landlord"] {
        assert!(told.contains(&(super::rig::party(name), Some(job))), "{name} is told: {told:?}");
    }
    let names = rig.names(job);
    let at = |n: &str| names.iter().position(|x| *x == n).unwrap_or_else(|| panic!("{n}: {names:?}"));
    assert!(at("INCIDENT_OPENED") < at("EXECUTION_STALLED") && at("EXECUTION_STALLED") < at("ASSIST_QUEUED"));
    assert!(at("ASSIST_QUEUED") < at("SAFE_EXIT_ORDERED"));
    let s = rig.c.state();
    assert!(s.robots.values().all(|c| !c.robot.stops.is_empty()), "both robots stand");
    let zone = *s.stops.active.iter().find(|(_, x)| x.scope == Scope::Level(0)).unwrap().0;
    // Again the same: the floor stands already.
    hurt(&mut rig, job);
    assert_eq!(rig.c.state().stops.active.values().filter(|x| x.scope == Scope::Level(0)).count(), 1);
    assert_eq!(rig.send("staff", &StaffCommand::ClearStop { stop: zone }), Ok(()));
    assert!(rig.c.state().stops.active.contains_key(&zone), "staff alone do not let it go");
    assert_eq!(rig.send("site", &nooterra_port::FacilityReport::StopCleared { stop: zone }), Ok(()));
    assert!(!rig.c.state().stops.active.contains_key(&zone));
}
