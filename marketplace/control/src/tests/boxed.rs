//! What black boxes show is judged like what robots say: whoever keeps something to itself is found by its window.

use super::blackbox::{anchors, boxed, bumped, found, says};
use super::boxes::{anchor, window};
use super::rig::{Rig, robot};
use crate::fact::{Event, Fact};
use nooterra_engine::Digest;
use nooterra_engine::ids::{IncidentId, JobId, LeaseId};
use nooterra_jobs::event::IncidentCode;
use nooterra_operations::RobotStatus;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_port::Report;
use nooterra_port::blackbox::{Chunk, Moment};
use nooterra_port::report::ErrorCode;

const MS: u64 = 1_000_000;
const SEC: u64 = 1_000 * MS;

pub fn top() -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few thousand
    let top = (nooterra_site::RobotModel::default().speed_max_mps * 1e3).round() as u32;
    top
}

/// Cycles of 50 ms at this speed from there on, for so long.
pub fn fast(from_ns: u64, lasts_ms: u64, speed_mm_s: u32, stopped: bool) -> Vec<Moment> {
    let moment = |n: u64| Moment { at_ns: from_ns + n * 50 * MS, speed_mm_s: if n * 50 > lasts_ms { 0 } else { speed_mm_s }, stopped };
    (0..=lasts_ms / 50 + 1).map(moment).collect()
}

pub fn chained(mut all: Vec<Chunk>) -> Vec<Chunk> {
    let mut prev = Digest::ZERO;
    for c in &mut all {
        c.prev = prev;
        prev = c.hash();
    }
    all
}

/// A job at work whose robot has told of a light bump, and the window around it as this changes it.
fn shows(change: impl Fn(&mut [Chunk])) -> (Rig, JobId, IncidentId, u64) {
    let (mut rig, job, incident, from, to) = bumped();
    rig.knobs.no_triage = true;
    let mut all = boxed(from, to);
    change(&mut all);
    let all = chained(all);
    rig.run(40);
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(window(incident, &all)))), None);
    (rig, job, incident, from)
}

/// Device times of incidents of this code.
fn times(rig: &Rig, wanted: IncidentCode) -> Vec<u64> {
    let of = |f: &Fact| match f.event().map(|r| &r.payload)? {
        Event::Job(nooterra_jobs::Event::IncidentOpened { code, dev_ns, .. }) if *code == wanted => Some(*dev_ns),
        Event::Robot(RobotEvent::IncidentOpened { code, dev_ns, .. }) if code == wanted.text() => Some(*dev_ns),
        _ => None,
    };
    rig.facts.iter().filter_map(of).collect()
}

#[test]
fn a_quiet_box_tells_of_nothing_new() {
    let (rig, ..) = shows(|all| {
        all[10].moments = fast(all[10].from_ns + MS, 100, top() * 12 / 10, false);
        all[12].moments = fast(all[12].from_ns + MS, 400, top() * 107 / 100, false);
        all[14].moments = fast(all[14].from_ns + MS, 200, 60, true);
        all[16].hardest_mns = 499;
        all[18].pauses = 4;
    });
    for code in [IncidentCode::ClampBreach, IncidentCode::UncommandedMotion, IncidentCode::ProtectiveStopStorm, IncidentCode::TipOver] {
        assert_eq!(found(&rig, code), [], "{code:?}");
    }
    assert_eq!(found(&rig, IncidentCode::Collision), [2], "the one that was told");
}

#[test]
fn a_bound_broken_for_a_quarter_of_a_second_is_found_with_its_time() {
    let (rig, job, _, from) = shows(|all| all[10].moments = fast(all[10].from_ns + 300 * MS, 250, top() * 12 / 10, false));
    assert_eq!(found(&rig, IncidentCode::ClampBreach), [4]);
    assert_eq!(times(&rig, IncidentCode::ClampBreach), [from + 10 * SEC + 500 * MS], "when it had lasted long enough");
    let r = &rig.c.state().robots[&robot("a1")].robot;
    assert!(r.status == RobotStatus::Quarantined && !r.stops.is_empty());
    assert_eq!(rig.c.state().cases[&job].evidence.windows.len(), 2, "and evidence of it is asked for");
}

#[test]
fn it_is_found_over_the_border_of_two_chunks_and_told_once() {
    let (rig, ..) = shows(|all| {
        let late = fast(all[10].to_ns - 100 * MS, 250, top() * 12 / 10, false);
        let (a, b): (Vec<Moment>, Vec<Moment>) = late.into_iter().partition(|m| m.at_ns <= all[10].to_ns);
        (all[10].moments, all[11].moments) = (a, b);
        // Within ten seconds of the robot's time it is the same one.
        all[19].moments = fast(all[19].from_ns + MS, 250, top() * 12 / 10, false);
    });
    assert_eq!(found(&rig, IncidentCode::ClampBreach), [4]);
}

#[test]
fn motion_under_a_stop_falls_bumps_and_storms_are_found() {
    let (rig, ..) = shows(|all| {
        all[5].moments = fast(all[5].from_ns + MS, 300, 60, true);
        all[7].errors = 1 << ErrorCode::Fall as u32;
        all[45].hardest_mns = 12_000;
        all[50].hardest_mns = 60;
        all[50].by_person = true;
        all[20].pauses = 3;
        all[22].pauses = 2;
    });
    assert_eq!(found(&rig, IncidentCode::UncommandedMotion), [5]);
    assert_eq!(found(&rig, IncidentCode::TipOver), [4]);
    assert_eq!(found(&rig, IncidentCode::ProtectiveStopStorm), [2]);
    assert_eq!(found(&rig, IncidentCode::Collision), [2, 4]);
    assert_eq!(found(&rig, IncidentCode::HumanContact), [4]);
}

#[test]
fn what_was_under_way_when_the_window_began_is_left_to_its_beginning() {
    let (rig, ..) = shows(|all| {
        all[0].moments = fast(all[0].from_ns + 50 * MS, 600, top() * 12 / 10, false);
        all.iter_mut().for_each(|c| c.errors = 1 << ErrorCode::Fall as u32);
    });
    assert_eq!((found(&rig, IncidentCode::ClampBreach), found(&rig, IncidentCode::TipOver)), (vec![], vec![]));
}

#[test]
fn what_was_told_is_not_told_again_by_the_box() {
    let (mut rig, job, incident, from, to) = bumped();
    rig.knobs.no_triage = true;
    rig.report(robot("a1"), Report::Noticed { code: "CLAMP_BREACH".into(), measure: i64::from(top()) * 12 / 10 });
    rig.run(2);
    assert_eq!(found(&rig, IncidentCode::ClampBreach), [4]);
    let mut all = boxed(from, to);
    all[30].hardest_mns = 700;
    all[33].moments = fast(all[33].from_ns + MS, 250, top() * 12 / 10, false);
    let all = chained(all);
    rig.run(40);
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(window(incident, &all)))), None);
    let case = &rig.c.state().cases[&job].incidents.incidents;
    assert_eq!(case.values().map(|i| i.count).collect::<Vec<_>>(), [1; 2], "neither the breach nor the bump");
}

#[test]
fn a_box_of_a_job_that_is_over_opens_its_incident_there() {
    let lease = |rig: &Rig, job: JobId| -> LeaseId { rig.c.state().jobs[&job].legs[0].offer.lease };
    let (mut rig, job, incident, from, to) = bumped();
    rig.knobs.no_triage = true;
    let lease = lease(&rig, job);
    rig.run_job(job, 500);
    let mut all = boxed(from, to);
    all.iter_mut().for_each(|c| c.lease = Some(lease));
    all[33].hardest_mns = 2_500;
    let all = chained(all);
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(window(incident, &all)))), None);
    let i = &rig.c.state().cases[&job].incidents.incidents[&incident];
    assert_eq!((i.severity, i.count), (3, 2), "harder than the robot had said");
}

#[test]
fn a_robots_own_word_counts_as_far_as_it_can_be_true() {
    let mut rig = Rig::new(&[("a1", "acme", 8)]);
    rig.knobs.no_triage = true;
    rig.run(12);
    let noticed = |rig: &mut Rig, code: &str, measure: i64| {
        assert_eq!(says(rig, Report::Noticed { code: code.into(), measure }), None);
    };
    noticed(&mut rig, "CLAMP_BREACH", i64::from(top()) * 11 / 10);
    noticed(&mut rig, "UNCOMMANDED_MOTION", 900);
    noticed(&mut rig, "PROTECTIVE_STOP_STORM", 4);
    assert!(rig.c.state().strays.is_empty(), "no bound is broken, no stop in force, too few");
    noticed(&mut rig, "PROTECTIVE_STOP_STORM", 5);
    assert_eq!(found(&rig, IncidentCode::ProtectiveStopStorm), [2]);
    noticed(&mut rig, "CLAMP_BREACH", i64::from(top()) * 11 / 10 + 1);
    assert_eq!(found(&rig, IncidentCode::ClampBreach), [4]);
    rig.run(3);
    noticed(&mut rig, "UNCOMMANDED_MOTION", 49);
    assert_eq!(found(&rig, IncidentCode::UncommandedMotion), []);
    noticed(&mut rig, "UNCOMMANDED_MOTION", 50);
    assert_eq!(found(&rig, IncidentCode::UncommandedMotion), [5], "the breach had stopped it");
}

/// A robot that is on its next job while the last one's box tells of something.
fn on_its_next(hardest_mns: u64) -> (Rig, JobId) {
    let (mut rig, job, incident, from, to) = bumped();
    rig.knobs.no_triage = true;
    rig.run_job(job, 500);
    let next = rig.ask(rig.delivery(2, 5));
    rig.until(next, nooterra_jobs::status::Status::Executing);
    let mut all = boxed(from, to);
    all[33].hardest_mns = hardest_mns;
    let all = chained(all);
    assert_eq!(anchors(&mut rig, anchor(&all)), None);
    assert_eq!(says(&mut rig, Report::Blackbox(Box::new(window(incident, &all)))), None);
    assert!(rig.c.state().cases[&job].incidents.incidents[&incident].severity >= 3);
    (rig, next)
}

#[test]
fn something_material_on_a_job_that_is_over_leaves_the_present_one_alone() {
    let (rig, next) = on_its_next(2_500);
    let r = &rig.c.state().robots[&robot("a1")];
    assert_eq!((rig.status(next), r.braked, r.robot.stops.len()), (nooterra_jobs::status::Status::Executing, None, 0));
}

#[test]
fn something_serious_stops_the_robot_and_it_leaves_the_present_one() {
    let (rig, next) = on_its_next(12_000);
    let r = &rig.c.state().robots[&robot("a1")].robot;
    assert!(r.quarantined && !r.stops.is_empty());
    assert_eq!(rig.status(next), nooterra_jobs::status::Status::AbortingSafeExit);
}
