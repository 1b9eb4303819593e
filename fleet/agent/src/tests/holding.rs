use super::jobs::{offer, picked};
use super::rig::*;
use crate::Phase;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{AssistId, InterventionId, LeaseId};
use nooterra_engine::{Instant, Span};
use nooterra_port::assist::{Action, InterventionOrder};
use nooterra_port::order::*;
use nooterra_port::{AssistView, Report};

fn hold(name: &str, on: bool) -> Order {
    Order::Hold { lease: LeaseId::named(name), on }
}

/// Under way with its load.
fn driving() -> Rig {
    let mut r = picked();
    r.go("to drop", &[1, 2, 3, 4]);
    assert!(r.until(10.0, |r| r.agent.applied().v.norm() > 0.2));
    r
}

fn stands(r: &mut Rig, secs: f64) {
    r.run(2.0);
    let at = r.truth.at;
    r.run(secs);
    assert!(r.truth.at.dist(at) < 0.02 && r.agent.applied().v.norm() <= 0.0);
}

#[test]
fn told_to_brake_it_stays_until_it_is_let_go() {
    let mut r = driving();
    r.order(hold("other", true));
    r.cycle();
    assert_eq!(r.last_ack().unwrap().1, "LEASE_EXPIRED");
    r.order(hold("l1", true));
    r.run(1.0);
    assert_eq!(r.last_ack().unwrap().1, "");
    stands(&mut r, 20.0);
    assert_eq!((r.agent.work().step, r.agent.is_stopped()), (1, false), "it does no work meanwhile, and nothing is to be cleared");
    r.order(hold("l1", false));
    assert!(r.until(60.0, |r| r.agent.phase() == Phase::Completed), "goes on");
}

#[test]
fn leaving_and_the_operator_end_it() {
    let mut r = driving();
    r.order(hold("l1", true));
    stands(&mut r, 3.0);
    r.order(Order::SafeExit { lease: LeaseId::named("l1"), exit_by: Instant::NEVER, cause: "x".into(), put_down: None });
    assert!(r.until(10.0, |r| r.agent.applied().v.norm() > 0.1), "whoever has to leave may");
    // An operator who has seen it lets it go on. A hand that it does not take changes nothing.
    let mut r = driving();
    r.order(hold("l1", true));
    stands(&mut r, 3.0);
    let (assist, lease) = (AssistId::named("a"), LeaseId::named("l1"));
    r.order(Order::Assist { assist, lease, open: true });
    r.run(3.0);
    let shown = |x: &Report| if let Report::AssistView(v) = x { Some(AssistView::hash(v)) } else { None };
    let acts = |r: &mut Rig, name: &str, action: Action| {
        let view = r.heard.iter().rev().find_map(|(_, x)| shown(x)).expect("shows itself");
        r.order(Order::Intervention(InterventionOrder { assist, lease, intervention: InterventionId::named(name), view, action }));
    };
    acts(&mut r, "far", Action::TeleopNudge { dx_mm: 900_000, dy_mm: 0, dtheta_urad: 0, held: Span::from_secs(1) });
    r.run(1.0);
    assert_eq!(r.said(|x| matches!(x, Report::InterventionAnswered { code, .. } if code == "SCOPE_EXCEEDED")), 1);
    assert!(r.agent.work().is_braked());
    stands(&mut r, 3.0);
    acts(&mut r, "i", Action::Resume {});
    assert!(r.until(10.0, |r| r.agent.applied().v.norm() > 0.2));
    // The next lease knows nothing of it.
    let mut r = driving();
    r.order(hold("l1", true));
    r.run(1.0);
    r.order(Order::LeaseEnd { lease, reason: "x".into() });
    r.run(1.0);
    assert!(!r.agent.work().is_braked());
}

/// It does not get on at its work: it asks once, and again only when it has got on meanwhile.
#[test]
fn stuck_at_work_it_asks_for_help_once() {
    let asked = |r: &Rig| r.said(|x| matches!(x, Report::AssistAsked { .. }));
    let mut r = driving();
    assert!(r.until(30.0, |r| r.agent.track().last_vertex == Some(2)));
    r.posts.push(Post { at: Vec2::new(8.6, 4.5), radius_m: 0.2, v: Vec2::default() });
    assert!(r.until(20.0, |r| r.agent.is_blocked()));
    r.run(20.0);
    assert_eq!(asked(&r), 0, "first it waits");
    r.run(15.0);
    assert_eq!(asked(&r), 1);
    r.run(60.0);
    assert_eq!(asked(&r), 1);
    r.posts.clear();
    assert!(r.until(60.0, |r| r.agent.phase() == Phase::Completed));
    // On the way to its work nobody is asked.
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let o = offer(&r, "l1", super::jobs::plan());
    r.order(o);
    r.posts.push(Post { at: Vec2::new(4.0, 2.0), radius_m: 0.2, v: Vec2::default() });
    r.go("to pickup", &[0, 1]);
    r.run(60.0);
    assert_eq!(asked(&r), 0);
}

/// Somebody looks on, and pushes it: what it answers.
fn pushed(r: &mut Rig, name: &str, action: Action) {
    let (assist, lease) = (AssistId::named("a"), LeaseId::named("l1"));
    let shown = |x: &Report| if let Report::AssistView(v) = x { Some(AssistView::hash(v)) } else { None };
    let view = r.heard.iter().rev().find_map(|(_, x)| shown(x)).expect("shows itself");
    r.order(Order::Intervention(InterventionOrder { assist, lease, intervention: InterventionId::named(name), view, action }));
}

fn answer(r: &Rig, name: &str) -> Option<(String, Vec<i64>, Vec<String>)> {
    r.heard.iter().find_map(|(_, x)| match x {
        Report::InterventionAnswered { intervention, code, applied, clamps, .. } if *intervention == InterventionId::named(name) => {
            Some((code.clone(), applied.clone(), clamps.clone()))
        }
        _ => None,
    })
}

#[test]
fn a_push_is_answered_with_what_was_driven_of_it() {
    let held = Span::from_millis(1_500);
    let push = |dx_mm: i64| Action::TeleopNudge { dx_mm, dy_mm: 0, dtheta_urad: 0, held };
    let mut r = driving();
    r.order(hold("l1", true));
    r.run(2.0);
    r.order(Order::Assist { assist: AssistId::named("a"), lease: LeaseId::named("l1"), open: true });
    r.run(2.0);
    // As far as it goes in that time: a quarter of a metre a second.
    pushed(&mut r, "far", push(500));
    assert_eq!(answer(&r, "far"), None, "it is under way");
    r.run(2.5);
    let (code, applied, _) = answer(&r, "far").expect("answered");
    assert_eq!((code.as_str(), applied.len()), ("", 4));
    assert!(applied[0] > 150 && applied[0] < 400 && applied[1] == 0 && applied[3] <= 1_500_000_000, "{applied:?}");
    r.run(1.0);
    pushed(&mut r, "near", push(-60));
    r.run(2.5);
    let (_, applied, _) = answer(&r, "near").expect("answered");
    assert!((-60..=-20).contains(&applied[0]) && applied[3] < 1_500_000_000, "there before its time is over: {applied:?}");
    // What takes its place ends it, and what is refused does not.
    pushed(&mut r, "first", push(400));
    r.run(0.4);
    pushed(&mut r, "none", push(900));
    r.run(0.2);
    assert_eq!((answer(&r, "none").unwrap().0.as_str(), answer(&r, "first")), ("SCOPE_EXCEEDED", None));
    pushed(&mut r, "second", push(100));
    r.run(0.1);
    assert!(answer(&r, "first").expect("over").1[0] < 200);
    // Whoever looked on is gone: what was driven so far is told.
    r.order(Order::Assist { assist: AssistId::named("a"), lease: LeaseId::named("l1"), open: false });
    r.run(0.5);
    assert!(answer(&r, "second").is_some());
}

#[test]
fn the_bounds_that_held_a_push_back_are_named() {
    let mut r = driving();
    r.order(hold("l1", true));
    r.run(2.0);
    r.order(Order::ClampProfile { bounds: Some(nooterra_port::clamps::Tight { speed_mm_s: Some(50), accel_mm_s2: None, until: None }) });
    r.order(Order::Assist { assist: AssistId::named("a"), lease: LeaseId::named("l1"), open: true });
    r.run(3.0);
    pushed(&mut r, "slow", Action::TeleopNudge { dx_mm: 400, dy_mm: 0, dtheta_urad: 0, held: Span::from_secs(1) });
    r.run(2.0);
    let (_, applied, clamps) = answer(&r, "slow").expect("answered");
    assert!(applied[0] <= 60, "{applied:?}");
    assert!(clamps.contains(&"profile.speed".to_owned()), "{clamps:?}");
}
