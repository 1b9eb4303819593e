//! What a robot says is wrong with it while it can go on.

use super::rig::*;
use crate::blackbox::Recorder;
use crate::health::Health;
use nooterra_engine::{Instant, Span};
use nooterra_port::report::ErrorCode;

#[test]
fn errors_that_it_works_on_with_degrade_it() {
    let check = |h: &Health, error: ErrorCode| {
        assert_eq!((h.errors(), h.bits()), (vec![error], 1 << error as u32));
        assert!(h.is_fit() && (4_000..7_000).contains(&h.bps()), "{error:?}");
    };
    let with = |change: fn(&mut Health)| {
        let mut h = Health::default();
        change(&mut h);
        h
    };
    check(&with(|h| h.weak = true), ErrorCode::SensorFault);
    check(&with(|h| h.disk_full = true), ErrorCode::DiskFull);
    let mut h = Health::default();
    h.clock_ran_back(Instant::from_secs(5));
    check(&h, ErrorCode::Clock);
    assert!(!with(|h| h.blind = true).is_fit(), "without a scan it does not drive");
}

#[test]
fn a_recorder_that_stands_and_a_clock_that_ran_back_are_told() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(2.0);
    r.agent.set_recorder(Recorder::Stopped);
    r.run(1.0);
    assert_eq!(r.agent.health().errors(), [ErrorCode::DiskFull]);
    r.agent.set_recorder(Recorder::Works);
    r.run(1.0);
    assert_eq!(r.agent.health().errors(), []);
    let back = Instant(r.now.0 - Span::from_secs(1).0);
    let frame = nooterra_port::hardware::SensorFrame { dev_ns: back, ..r.frame.clone() };
    let now = r.now;
    r.agent.control(now, &frame, &r.map);
    assert_eq!(r.agent.health().errors(), [ErrorCode::Clock]);
    r.run(59.0);
    assert_eq!(r.agent.health().errors(), [ErrorCode::Clock]);
    r.run(2.0);
    assert_eq!(r.agent.health().errors(), []);
}
