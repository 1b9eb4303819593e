//! A load that one robot leaves and another fetches.

use super::jobs::{offer, picked, plan};
use super::rig::{Rig, house};
use crate::Phase;
use nooterra_engine::ids::{ItemId, LeaseId};
use nooterra_engine::{Digest, Span};
use nooterra_port::Report;
use nooterra_port::order::*;
use nooterra_port::report::AbortReason;

fn item() -> ItemId {
    ItemId::named("parcel")
}

fn lease() -> LeaseId {
    LeaseId::named("l1")
}

fn exit(r: &Rig, put_down: Option<u32>) -> Order {
    Order::SafeExit { lease: lease(), exit_by: r.now + Span::from_secs(90), cause: "QUARANTINE".into(), put_down }
}

fn put_downs(r: &Rig) -> usize {
    r.said(|x| matches!(x, Report::LoadPutDown { vertex: 2, mass_g, item: i } if *i == item() && *mass_g > 1_900))
}

#[test]
fn the_load_is_put_down_where_it_was_told_to_and_nowhere_else() {
    let mut r = picked();
    let o = exit(&r, Some(2));
    r.order(o);
    r.run(3.0);
    assert_eq!(r.agent.work().target(), Some(2));
    assert_eq!(r.agent.work().holding, Some(item()), "not where it stands");
    r.go("out", &[1, 2, 3]);
    assert!(r.until(60.0, |r| r.agent.work().holding.is_none()), "it stops there although its way leads on");
    assert_eq!(put_downs(&r), 1);
    assert_eq!(r.said(|x| matches!(x, Report::CustodyChanged { held: false, .. } | Report::Noticed { .. })), 0);
    // Its way is free again, and nothing is said twice, whatever it is told again.
    let again = exit(&r, Some(2));
    r.order(again);
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
    r.run(5.0);
    assert_eq!((put_downs(&r), r.agent.phase()), (1, Phase::Exiting));
    assert_eq!(r.said(|x| matches!(x, Report::SafeExitReported { .. })), 0, "where it put it down says that it is out");
}

#[test]
fn told_that_it_is_too_late_it_keeps_its_load_and_says_that_it_is_out() {
    let mut r = picked();
    let o = exit(&r, Some(3));
    r.order(o);
    r.go("out", &[1, 2]);
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
    assert_eq!(r.said(|x| matches!(x, Report::SafeExitReported { .. })), 0, "it has still to put it down");
    let o = exit(&r, None);
    r.order(o);
    r.run(1.0);
    assert_eq!(r.said(|x| matches!(x, Report::SafeExitReported { custody: true, .. })), 1);
    r.go("on", &[2, 3]);
    r.run(20.0);
    assert_eq!(r.agent.work().holding, Some(item()));
    assert_eq!(r.said(|x| matches!(x, Report::LoadPutDown { .. })), 0);
}

#[test]
fn a_load_that_falls_on_the_way_out_is_not_put_down() {
    let mut r = picked();
    let o = exit(&r, Some(3));
    r.order(o);
    r.go("out", &[1, 2, 3]);
    r.run(2.0);
    (r.frame.gripped, r.frame.deck_g) = (None, 0);
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
    r.run(3.0);
    assert_eq!(r.said(|x| matches!(x, Report::CustodyChanged { held: false, mass_g: 0, .. })), 1);
    assert_eq!(r.said(|x| matches!(x, Report::LoadPutDown { .. })), 0);
    assert_eq!(r.said(|x| matches!(x, Report::SafeExitReported { custody: false, .. })), 1);
}

#[test]
fn a_place_that_is_not_on_its_map_is_refused_and_a_stopped_robot_waits() {
    let mut r = picked();
    let o = exit(&r, Some(99));
    r.order(o);
    r.cycle();
    assert_eq!(r.last_ack().map(|(_, code)| code), Some("NOT_FOUND".to_owned()));
    assert_eq!(r.agent.phase(), Phase::Working);
    let stop = nooterra_engine::ids::StopId::named("s");
    let o = exit(&r, Some(1));
    r.order(o);
    r.order(Order::Stop { stop, power_off: false });
    r.run(10.0);
    assert_eq!(r.agent.work().holding, Some(item()), "under a stop no arm moves");
    r.order(Order::ClearStop { stop });
    assert!(r.until(20.0, |r| r.agent.work().holding.is_none()));
}

fn second_leg(state: Digest) -> Plan {
    let fetch = Fetch { item: item(), vertex: 2, mass_g: 2_000, checkpoint: Digest([7; 32]), state_hash: state };
    Plan { from_step: 1, access_point: 2, fetch: Some(fetch), ..plan() }
}

fn left() -> Digest {
    left_hash(plan().job, 1, item(), 2, Digest([7; 32]))
}

/// At the place where something was left for it, let in.
fn fetching(p: Plan) -> Rig {
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let o = offer(&r, "l1", p);
    r.order(o);
    r.go("to what was left", &[0, 1, 2]);
    assert!(r.until(60.0, |r| r.agent.phase() == Phase::Arrived));
    r.order(Order::AccessGranted { lease: lease() });
    r
}

#[test]
fn what_was_left_is_fetched_first_and_the_work_goes_on_behind_the_last_checkpoint() {
    let mut r = fetching(second_leg(left()));
    assert!(r.until(20.0, |r| r.agent.work().holding == Some(item())));
    let fetched = |x: &Report| matches!(x, Report::LoadFetched { item: i, vertex: 2, mass_g, state_hash } if *i == item() && *mass_g > 1_900 && *state_hash == left());
    assert_eq!(r.said(fetched), 1);
    assert_eq!(r.said(|x| matches!(x, Report::CheckpointReached { .. })), 0, "it is no step");
    assert_eq!((r.agent.work().step, r.agent.work().target()), (1, Some(4)));
    r.go("to the drop", &[2, 3, 4]);
    assert!(r.until(90.0, |r| r.agent.phase() == Phase::Completed));
    assert_eq!(r.said(|x| matches!(x, Report::CheckpointReached { index: 1, vertex: 4, .. })), 1);
    assert_eq!(r.said(fetched), 1);
}

#[test]
fn what_is_not_as_it_was_left_ends_the_leg() {
    // Another state than it comes to itself.
    let mut r = fetching(second_leg(Digest([8; 32])));
    r.run(20.0);
    assert_eq!(r.said(|x| matches!(x, Report::LoadFetched { .. })), 0);
    assert_eq!(r.said(|x| matches!(x, Report::ExecutionAborted { reason: AbortReason::Payload, .. })), 1);
    // Nothing there that it could take: it says that it is stuck, and gives up in the end.
    let mut r = Rig::new(house(), 0, 0.0);
    r.grip_ok = false;
    r.cycle();
    let o = offer(&r, "l1", second_leg(left()));
    r.order(o);
    r.go("to what was left", &[0, 1, 2]);
    assert!(r.until(60.0, |r| r.agent.phase() == Phase::Arrived));
    r.order(Order::AccessGranted { lease: lease() });
    r.run(200.0);
    assert_eq!(r.said(|x| matches!(x, Report::ExecutionStalled { .. })), 1);
    assert_eq!(r.said(|x| matches!(x, Report::ExecutionAborted { reason: AbortReason::Payload, .. })), 1);
}

#[test]
fn offers_to_fetch_are_judged_like_others() {
    let refused = |p: Plan, code: &str| {
        let mut r = Rig::new(house(), 0, 0.0);
        r.cycle();
        let o = offer(&r, "l1", p);
        r.order(o);
        r.run(1.0);
        assert_eq!(r.said(|x| matches!(x, Report::LeaseRefused { code: c, .. } if c == code)), 1, "{code}");
    };
    let good = second_leg(left());
    let heavy = Fetch { mass_g: 900_000, ..good.fetch.unwrap() };
    refused(Plan { fetch: Some(heavy), ..good.clone() }, "CAPABILITY_MISSING");
    refused(Plan { access_point: 1, ..good.clone() }, "NOT_FOUND");
    let nowhere = Fetch { vertex: 99, ..good.fetch.unwrap() };
    refused(Plan { access_point: 99, fetch: Some(nowhere), ..good }, "NOT_FOUND");
}
