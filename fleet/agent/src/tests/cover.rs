use super::jobs::{offer, plan};
use super::rig::*;
use crate::Phase;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{LeaseId, StopId};
use nooterra_engine::{Instant, Span};
use nooterra_port::order::*;
use nooterra_port::{Report, Wanted};
use nooterra_site::{Area, AreaClass, LevelIx};
use std::collections::BTreeSet;

fn floor() -> Area {
    let ring = [(3.6, 0.8), (6.4, 0.8), (6.4, 3.2), (3.6, 3.2)].map(|(x, y)| Vec2::new(x, y));
    Area { name: "floor".into(), level: LevelIx::new(0), ring: ring.to_vec(), class: AreaClass::Public }
}

/// At a floor about the vertex 1, about to begin; a visit elsewhere follows.
fn at_floor(lies: bool) -> Rig {
    at_floor_within(lies, Span::from_secs(600))
}

fn at_floor_within(lies: bool, timeout: Span) -> Rig {
    let mut r = Rig::new(house(), 0, 0.0);
    r.agent.set_lies(lies);
    r.cycle();
    let radius_m = r.agent.config().model.footprint_radius_m;
    let mm = |p: Vec2| PointMm { x_mm: (p.x * 1e3).round() as i64, y_mm: (p.y * 1e3).round() as i64 };
    let way = floor().sweep(radius_m).unwrap().into_iter().chain([Vec2::new(5.0, 2.0)]).map(mm).collect();
    let step = |name: &str, vertex, action| PlanStep { name: name.into(), vertex, action, work_bps: 5_000, timeout };
    let steps =
        vec![step("cover", 1, StepAction::Cover { area: 0, way }), step("visit", 4, StepAction::Dwell { lasts: Span::from_secs(1) })];
    let o = offer(&r, "l1", Plan { steps, valid_to: Instant::from_secs(3_600), ..plan() });
    r.order(o);
    r.go("there", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    assert!(r.until(10.0, |r| r.agent.phase() == Phase::Working));
    r
}

/// Runs until the step is over. Gives the share of the floor that the body truly passed, basis points.
fn covered(r: &mut Rig, secs: usize) -> usize {
    let (f, radius_m) = (floor(), r.agent.config().model.footprint_radius_m);
    let g = f.grid();
    let mut seen = BTreeSet::new();
    for _ in 0..secs * 10 {
        r.run(0.1);
        let at = r.truth.at;
        seen.extend(g.around(at, radius_m).filter(|c| g.middle(*c).dist(at) <= radius_m && f.contains(g.middle(*c))));
        if r.agent.work().step == 1 {
            break;
        }
    }
    seen.len() * 10_000 / (0..g.len()).filter(|c| f.contains(g.middle(*c))).count()
}

fn asks(r: &Rig) -> usize {
    r.said(|x| matches!(x, Report::ApprovalAsked { wanted: Wanted::SkipZone { vertex: 1 }, skip: true }))
}

fn checkpoints(r: &Rig) -> usize {
    r.said(|x| matches!(x, Report::CheckpointReached { .. }))
}

#[test]
fn it_covers_the_floor_and_comes_back_to_where_it_began() {
    let mut r = at_floor(false);
    let share = covered(&mut r, 300);
    assert_eq!(r.agent.work().step, 1);
    assert!(share >= 9_500, "{share} bps");
    assert!(r.truth.at.dist(Vec2::new(5.0, 2.0)) < 0.3);
    assert_eq!((checkpoints(&r), asks(&r)), (1, 0));
    // And on to the next step.
    r.go("on", &[1, 2, 3, 4]);
    assert!(r.until(120.0, |r| r.agent.phase() == Phase::Completed));
}

#[test]
fn a_stop_in_the_middle_of_a_floor_is_a_stop() {
    let mut r = at_floor(false);
    r.run(15.0);
    let stop = StopId::named("s");
    r.order(Order::Stop { stop, power_off: false });
    r.run(2.0);
    let at = r.truth.at;
    r.run(10.0);
    assert!(r.truth.at.dist(at) < 0.02);
    r.order(Order::ClearStop { stop });
    covered(&mut r, 300);
    assert_eq!((r.agent.work().step, checkpoints(&r)), (1, 1));
}

#[test]
fn time_under_a_stop_is_no_time_at_work() {
    let mut r = at_floor_within(false, Span::from_secs(250));
    r.run(1.0);
    let stop = StopId::named("s");
    r.order(Order::Stop { stop, power_off: false });
    r.run(260.0);
    r.order(Order::ClearStop { stop });
    let share = covered(&mut r, 300);
    assert_eq!((r.agent.work().step, checkpoints(&r)), (1, 1));
    assert!(share >= 9_500, "{share} bps");
    // Time at work is.
    let mut r = at_floor_within(false, Span::from_secs(15));
    let share = covered(&mut r, 300);
    assert!(share < 7_000, "{share} bps");
}

#[test]
fn what_stands_on_a_floor_it_asks_to_leave_out_once_and_does_the_rest() {
    let mut r = at_floor(false);
    r.posts.push(Post { at: Vec2::new(4.2, 2.0), radius_m: 0.25, v: Vec2::default() });
    let share = covered(&mut r, 500);
    assert_eq!((r.agent.work().step, asks(&r)), (1, 1), "asked once, and done: {share}");
    assert!(r.touched > 0.0, "it touches nothing: {} m", r.touched);
    assert!((5_000..9_500).contains(&share), "{share} bps");
}

#[test]
fn a_step_that_counts_no_more_is_left_out_in_its_turn_and_in_no_other() {
    let mut r = at_floor(false);
    r.run(15.0);
    let lease = LeaseId::named("l1");
    r.order(Order::SkipStep { lease, step: 1 });
    r.order(Order::SkipStep { lease: LeaseId::named("another"), step: 0 });
    r.run(1.0);
    assert_eq!(r.last_ack().map(|a| a.1), Some("LEASE_EXPIRED".into()));
    assert_eq!(r.agent.work().step, 0, "not its turn, not its lease");
    r.order(Order::SkipStep { lease, step: 0 });
    r.run(1.0);
    assert_eq!((r.agent.work().step, checkpoints(&r)), (1, 0), "no checkpoint for it");
    // From the middle of the floor it goes where its next step is.
    r.go("on", &[1, 2, 3, 4]);
    assert!(r.until(180.0, |r| r.agent.phase() == Phase::Completed));
    assert_eq!(checkpoints(&r), 1);
}

#[test]
fn a_dishonest_program_only_says_that_it_did_it() {
    let mut r = at_floor(true);
    let share = covered(&mut r, 60);
    assert_eq!((r.agent.work().step, checkpoints(&r)), (1, 1));
    assert!(share < 3_000, "{share} bps");
}
