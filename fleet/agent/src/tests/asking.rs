use super::jobs::{offer, plan};
use super::rig::*;
use crate::Phase;
use nooterra_engine::ids::{AccessPlanId, ApprovalId, LeaseId};
use nooterra_engine::{Digest, Instant, Span};
use nooterra_port::order::*;
use nooterra_port::{ApprovalOrder, Report, Wanted};

/// At the second stop of a round on which it may be for so long.
fn on_its_round(valid_for: Span, dwell: Span) -> Rig {
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let step = |vertex| PlanStep {
        name: "visit".into(),
        vertex,
        action: StepAction::Dwell { lasts: dwell },
        work_bps: 5_000,
        timeout: Span::from_secs(600),
    };
    let p = Plan { steps: vec![step(1), step(4)], valid_to: r.now + valid_for, ..plan() };
    let o = offer(&r, "l1", p);
    r.order(o);
    r.go("there", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    assert!(r.until(10.0, |r| r.agent.phase() == Phase::Working));
    r
}

fn answer(granted: bool, skip: Option<u16>, valid_to: Option<Instant>) -> Order {
    let approval = ApprovalId::named("a");
    Order::Approval(ApprovalOrder {
        approval,
        lease: LeaseId::named("l1"),
        action_hash: Digest([3; 32]),
        granted,
        skip,
        valid_to,
        record_at: None,
    })
}

fn asks(r: &Rig) -> usize {
    r.said(|x| matches!(x, Report::ApprovalAsked { wanted: Wanted::ContinueLate { .. }, .. }))
}

#[test]
fn it_asks_for_more_time_before_it_would_have_to_leave_once_for_each_end() {
    let mut r = on_its_round(Span::from_secs(200), Span::from_secs(400));
    assert_eq!(asks(&r), 0);
    assert!(r.until(150.0, |r| asks(r) == 1));
    r.run(20.0);
    assert_eq!(asks(&r), 1, "once");
    let more = r.now + Span::from_secs(120);
    r.order(answer(true, None, Some(more)));
    r.run(1.0);
    assert_eq!(r.said(|x| matches!(x, Report::ApprovalConsumed { action_hash, .. } if *action_hash == Digest([3; 32]))), 1);
    assert_eq!(r.agent.work().valid_to(), Some(more));
    assert!(r.until(60.0, |r| asks(r) == 2), "that too will not do");
    r.order(answer(false, None, None));
    r.run(1.0);
    assert_eq!(r.said(|x| matches!(x, Report::ApprovalConsumed { .. })), 1);
}

#[test]
fn a_step_that_is_not_approved_is_left_out() {
    let mut r = on_its_round(Span::from_secs(3_600), Span::from_secs(400));
    assert_eq!(r.agent.work().step, 0);
    r.order(answer(false, Some(1), None));
    r.cycle();
    assert_eq!(r.agent.work().step, 0, "another step is meant");
    r.order(answer(false, Some(0), None));
    r.cycle();
    assert_eq!(r.agent.work().step, 1);
}

#[test]
fn it_obeys_a_revocation_out_of_turn_and_says_that_it_knows() {
    let mut r = on_its_round(Span::from_secs(3_600), Span::from_secs(400));
    let (lease, plan) = (LeaseId::named("l1"), AccessPlanId::named("p"));
    let b = r.sign(90, 1, Instant::ZERO, Order::Revoke { lease, plan });
    r.agent.receive(r.now, &b, &r.map);
    assert_eq!(r.agent.phase(), Phase::Exiting, "although it is expired and its turn has not come");
    r.run(1.0);
    assert_eq!(r.said(|x| matches!(x, Report::AccessRevokeAcked { plan: p } if *p == plan)), 1);
    // Outside nothing is left but not to enter.
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let o = offer(&r, "l1", super::jobs::plan());
    r.order(o);
    r.go("there", &[0, 1]);
    r.run(1.0);
    r.order(Order::Revoke { lease, plan });
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    assert_eq!(r.said(|x| matches!(x, Report::AccessRevokeAcked { .. })), 1);
}

#[test]
fn under_a_fault_its_badge_shows_an_old_fence() {
    let mut r = on_its_round(Span::from_secs(3_600), Span::from_secs(400));
    let now = r.agent.badge();
    r.agent.set_old_badge(true);
    let b = r.sign(5, now + 4, Instant::NEVER, Order::AccessGranted { lease: LeaseId::named("l1") });
    r.agent.receive(r.now, &b, &r.map);
    assert_eq!(r.agent.badge(), now);
    r.agent.set_old_badge(false);
    assert!(r.agent.badge() >= now);
}
