//! A step that several do together, from one robot's side.
use super::jobs::offer;
use super::rig::*;
use crate::Phase;
use nooterra_engine::ids::{ItemId, JobId, LeaseId};
use nooterra_engine::{Instant, Span};
use nooterra_port::Report;
use nooterra_port::hardware::{GripperCommand, GripperState};
use nooterra_port::order::*;
use nooterra_port::report::AbortReason;

fn plan() -> Plan {
    let action = StepAction::Lift { item: ItemId::named("cabinet"), mass_g: 2_000 };
    Plan {
        job: JobId::named("job"),
        steps: vec![PlanStep { name: "lift".into(), vertex: 1, action, work_bps: 10_000, timeout: Span::ZERO }],
        from_step: 0,
        fetch: None,
        access_point: 1,
        valid_to: Instant::from_secs(3_600),
        exit_by: Span::from_secs(60),
        images: false,
    }
}

/// Stands at the step, has hold of it and has said so.
fn holding() -> Rig {
    let mut r = Rig::new(house(), 0, 0.0);
    r.item_g = 2_000;
    r.cycle();
    let o = offer(&r, "l1", plan());
    r.order(o);
    r.go("to the lift", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    assert!(r.until(10.0, |r| said(r, |x| matches!(x, Report::LiftReady { step: 0 })) > 0));
    r
}

fn said(r: &Rig, is: impl Fn(&Report) -> bool) -> usize {
    r.heard.iter().filter(|(_, x)| is(x)).count()
}

fn word(r: &Rig, step: u16, after: Span) -> Order {
    Order::Lift { lease: LeaseId::named("l1"), step, at: r.now + after }
}

#[test]
fn it_raises_when_it_is_told_and_not_before() {
    let mut r = holding();
    // It waits for as long as the others need, and says so once.
    r.run(200.0);
    assert_eq!(r.agent.phase(), Phase::Working);
    assert_eq!(said(&r, |x| matches!(x, Report::LiftReady { .. })), 1);
    assert_eq!(said(&r, |x| matches!(x, Report::CheckpointReached { .. } | Report::CustodyChanged { .. })), 0);
    let told = r.now;
    let o = word(&r, 0, Span::from_secs(4));
    r.order(o);
    assert!(r.until(10.0, |r| r.act.gripper == Some(GripperCommand::Raise)));
    assert!(r.now >= told + Span::from_secs(4), "{} after {told}", r.now);
    assert!(r.until(10.0, |r| said(r, |x| matches!(x, Report::CheckpointReached { index: 0, .. })) == 1));
    assert_eq!(said(&r, |x| matches!(x, Report::CustodyChanged { held: true, mass_g: 2_000, .. })), 1);
    assert_eq!(said(&r, |x| matches!(x, Report::CustodyChanged { held: false, mass_g: 2_000, .. })), 1);
    assert_eq!(said(&r, |x| matches!(x, Report::LiftFailed { .. })), 0);
}

#[test]
fn the_word_for_another_step_or_lease_is_refused() {
    let mut r = holding();
    let o = word(&r, 1, Span::ZERO);
    r.order(o);
    r.order(Order::Lift { lease: LeaseId::named("l2"), step: 0, at: r.now });
    r.run(3.0);
    let refused = |code: &'static str| move |x: &Report| matches!(x, Report::OrderAcked { code: c, .. } if c == code);
    assert_eq!(said(&r, refused("STATE_FORBIDS")), 1);
    assert_eq!(said(&r, refused("LEASE_EXPIRED")), 1);
    assert_eq!(said(&r, |x| matches!(x, Report::CheckpointReached { .. })), 0);
}

#[test]
fn what_does_not_rise_is_told_and_let_go() {
    let mut r = holding();
    r.grip_ok = false;
    let o = word(&r, 0, Span::ZERO);
    r.order(o);
    assert!(r.until(20.0, |r| said(r, |x| matches!(x, Report::LiftFailed { step: 0, measure_g: 2_000 })) == 1));
    r.run(60.0);
    assert_eq!(said(&r, |x| matches!(x, Report::CheckpointReached { .. })), 0);
    assert_eq!(said(&r, |x| matches!(x, Report::CustodyChanged { held: false, mass_g: 0, .. })), 1);
    assert_eq!(r.agent.phase(), Phase::Working, "it waits for what the platform says");
}

#[test]
fn who_loses_its_own_hold_gives_up_and_blames_nobody_else() {
    let mut r = holding();
    let o = word(&r, 0, Span::ZERO);
    r.order(o);
    assert!(r.until(10.0, |r| said(r, |x| matches!(x, Report::CustodyChanged { held: true, .. })) == 1));
    r.busy_until = None;
    (r.frame.gripper, r.frame.deck_g) = (GripperState::Idle, 0);
    assert!(r.until(5.0, |r| said(r, |x| matches!(x, Report::ExecutionAborted { reason: AbortReason::Payload, .. })) == 1));
    r.run(5.0);
    assert_eq!(said(&r, |x| matches!(x, Report::LiftFailed { .. })), 0);
    assert_eq!(said(&r, |x| matches!(x, Report::CustodyChanged { held: false, mass_g: 0, .. })), 1);
}

#[test]
fn who_has_to_leave_lets_go_first() {
    let mut r = holding();
    r.order(Order::SafeExit {
        lease: LeaseId::named("l1"),
        exit_by: r.now + Span::from_secs(60),
        cause: "TeamBroken".into(),
        put_down: None,
    });
    assert!(r.until(5.0, |r| r.act.gripper == Some(GripperCommand::LetGo)));
    r.run(5.0);
    assert_ne!(r.act.gripper, Some(GripperCommand::LetGo), "once is enough");
}
