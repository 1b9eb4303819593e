//! Leases that a robot keeps for later.

use super::jobs::{at_access_point, offer, plan};
use super::rig::*;
use crate::Phase;
use nooterra_engine::ids::{JobId, LeaseId};
use nooterra_engine::{Span, decode, encode};
use nooterra_port::Report;
use nooterra_port::order::*;

fn later(r: &Rig, name: &str, from_s: u64, to_s: u64) -> Order {
    let mut p = plan();
    p.job = JobId::named(name);
    let Order::LeaseOffer(o) = offer(r, name, p) else { unreachable!() };
    let at = |s| r.now + Span::from_secs(s);
    Order::LeaseOffer(LeaseOffer { ahead: true, from: at(from_s), to: at(to_s), ..o })
}

fn kept(r: &Rig) -> Vec<LeaseId> {
    r.agent.ahead().iter().map(|l| l.id).collect()
}

fn answers(r: &Rig) -> Vec<String> {
    let of = |x: &Report| match x {
        Report::LeaseAccepted { .. } => Some("taken".to_owned()),
        Report::LeaseRefused { code, .. } => Some(code.clone()),
        _ => None,
    };
    r.heard.iter().filter_map(|(_, x)| of(x)).collect()
}

#[test]
fn leases_for_later_are_kept_beside_work_and_taken_up_in_turn() {
    let mut r = at_access_point();
    r.fence = 2;
    let o = later(&r, "l3", 2_000, 2_300);
    r.order(o);
    r.fence = 3;
    let o = later(&r, "l2", 1_000, 1_300);
    r.order(o.clone());
    r.order(o);
    r.cycle();
    let names = ["l2", "l3"].map(LeaseId::named);
    assert_eq!((kept(&r), r.agent.lease()), (names.to_vec(), Some(LeaseId::named("l1"))), "by their start; said twice, kept once");
    let fences: Vec<_> =
        r.heard.iter().filter(|(_, x)| matches!(x, Report::LeaseAccepted { .. })).map(|(e, _)| (e.lease, e.fence)).collect();
    let want = [("l1", 1), ("l3", 2), ("l2", 3), ("l2", 3)].map(|(l, f)| (Some(LeaseId::named(l)), Some(f)));
    assert_eq!(fences, want, "each answer speaks under its own lease");
    // What it says about its present work is said under that lease, and a heartbeat names what it keeps.
    r.run(6.0);
    let beat = r.heard.iter().rev().find_map(|(e, x)| if let Report::Heartbeat(b) = x { Some((e.fence, b.ahead.clone())) } else { None });
    assert_eq!(beat, Some((Some(1), names.to_vec())));
    // Not while it is at work; not one that it does not know.
    r.order(Order::LeaseDue { lease: names[0] });
    r.cycle();
    assert_eq!(r.last_ack().map(|a| a.1), Some("OVERLAP".into()));
    r.order(Order::LeaseDue { lease: LeaseId::named("other") });
    r.cycle();
    assert_eq!(r.last_ack().map(|a| a.1), Some("LEASE_EXPIRED".into()));
    // One is called off, the present one ends, the other comes to its time.
    r.order(Order::LeaseEnd { lease: names[1], reason: "cancelled".into() });
    r.cycle();
    assert_eq!((kept(&r), r.agent.phase()), (names[..1].to_vec(), Phase::Arrived));
    r.fence = 5;
    r.order(Order::LeaseEnd { lease: LeaseId::named("l1"), reason: "released".into() });
    r.order(Order::LeaseDue { lease: names[0] });
    r.cycle();
    let l = r.agent.work().lease.clone().unwrap();
    assert_eq!((l.id, l.fence, r.agent.phase(), kept(&r)), (names[0], 5, Phase::Reserved, vec![]), "under the fence of its turn");
    let saved: crate::Agent = decode(&encode(&r.agent)).unwrap();
    assert_eq!(saved, r.agent);
}

#[test]
fn leases_for_later_must_not_meet_and_cost_no_readiness() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(1.0);
    let o = later(&r, "a", 1_000, 1_300);
    r.order(o);
    for (name, from, to) in [("b", 1_299, 1_500), ("c", 900, 1_001), ("d", 1_100, 1_200), ("e", 900, 1_400)] {
        let o = later(&r, name, from, to);
        r.order(o);
    }
    let o = later(&r, "f", 1_300, 1_500);
    r.order(o);
    r.cycle();
    assert_eq!(answers(&r), ["taken", "OVERLAP", "OVERLAP", "OVERLAP", "OVERLAP", "taken"]);
    // Work of now that would run into it.
    let Order::LeaseOffer(o) = offer(&r, "g", plan()) else { unreachable!() };
    r.order(Order::LeaseOffer(LeaseOffer { to: r.now + Span::from_secs(1_200), ..o }));
    r.cycle();
    assert_eq!(answers(&r).last().map(String::as_str), Some("OVERLAP"));
    // A robot that was set down anew keeps nothing.
    r.agent.restart(0, 0.0, &r.map).unwrap();
    assert_eq!(kept(&r), vec![]);
}
