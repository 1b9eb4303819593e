//! Bounds tightened from afar: kept to, eased into, outlasting a restart, and never loosened by an order.

use super::rig::*;
use nooterra_engine::{Instant, Span};
use nooterra_port::clamps::Tight;
use nooterra_port::order::Order;
use nooterra_port::report::Report;

fn tight(r: &mut Rig, speed: Option<u32>, gain: Option<u32>, until: Option<Instant>) -> String {
    r.order(Order::ClampProfile { bounds: Some(Tight { speed_mm_s: speed, accel_mm_s2: gain, until }) });
    r.cycle();
    r.last_ack().unwrap().1
}

/// The fastest that it is in this time.
fn fastest(r: &mut Rig, secs: f64) -> f64 {
    let mut most: f64 = 0.0;
    for _ in 0..(secs * 20.0) as usize {
        r.cycle();
        most = most.max(r.agent.applied().v.norm());
    }
    most
}

#[test]
fn it_eases_off_keeps_within_and_tells() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.go("way", &[0, 1, 2, 3]);
    r.run(4.0);
    let before = r.agent.applied().v.norm();
    assert!(before > 0.35, "{before}");
    assert_eq!(tight(&mut r, Some(200), None, None), "");
    let next = r.agent.applied().v.norm();
    assert!(next < before && next > 0.3, "braked, not cut off: {before} {next}");
    r.run(2.0);
    assert!(fastest(&mut r, 2.0) <= 0.2);
    let named =
        |r: &Rig| r.said(|x| matches!(x, Report::ClampSummarised { bound, applied, .. } if bound == "profile.speed" && *applied <= 500));
    assert!(named(&r) >= 1, "each second's clamps name the bound");
    assert_eq!(r.said(|x| matches!(x, Report::Noticed { .. })), 0, "easing off is no breach");
}

#[test]
fn looser_is_refused_whatever_the_fence_and_however_late() {
    let mut r = Rig::new(house(), 0, 0.0);
    assert_eq!(tight(&mut r, Some(300), None, None), "");
    assert_eq!(tight(&mut r, Some(301), None, None), "SCOPE_EXCEEDED");
    assert_eq!(tight(&mut r, None, Some(100), None), "SCOPE_EXCEEDED");
    assert_eq!(tight(&mut r, Some(0), None, None), "SCHEMA_INVALID");
    assert_eq!(tight(&mut r, Some(300), None, None), "", "told again");
    r.fence = 9;
    assert_eq!(tight(&mut r, Some(290), None, None), "");
    r.fence = 1;
    r.order_seq += 1;
    let bounds = Some(Tight { speed_mm_s: Some(280), accel_mm_s2: Some(100), until: None });
    let late = r.sign(r.order_seq, 1, Instant::ZERO, Order::ClampProfile { bounds });
    r.agent.receive(r.now, &late, &r.map);
    assert_eq!(r.agent.tightened().bounds(), bounds);
    // Not out of turn.
    let early = r.sign(r.order_seq + 2, 1, Instant::NEVER, Order::ClampProfile { bounds: None });
    r.agent.receive(r.now, &early, &r.map);
    assert_eq!(r.agent.tightened().bounds(), bounds);
}

#[test]
fn bounds_outlast_a_restart_and_end_by_their_time_or_when_lifted() {
    let mut r = Rig::new(house(), 0, 0.0);
    let until = r.now + Span::from_secs(30);
    assert_eq!(tight(&mut r, Some(200), Some(100), Some(until)), "");
    r.agent.restart(0, 0.0, &r.map).unwrap();
    assert!(r.agent.tightened().bounds().is_some());
    r.go("way", &[0, 1, 2, 3]);
    assert!(fastest(&mut r, 1.0) <= 0.101, "it gains a tenth of a metre a second in a second");
    assert!(fastest(&mut r, 8.0) <= 0.2);
    r.run(25.0);
    assert_eq!(r.agent.tightened().bounds(), None);
    r.go("back", &[3, 2, 1, 0]);
    assert!(fastest(&mut r, 8.0) > 0.3);
    assert_eq!(tight(&mut r, Some(200), None, None), "");
    r.run(3.0);
    r.order(Order::ClampProfile { bounds: None });
    assert!(fastest(&mut r, 0.9) <= 0.2, "it checks itself first");
    assert_eq!((r.agent.tightened().bounds(), r.last_ack().unwrap().1), (None, String::new()));
}
