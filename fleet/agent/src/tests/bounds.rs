use super::rig::*;
use crate::AgentMap;
use crate::policy::*;
use nooterra_engine::geom::{Segment, Vec2};
use nooterra_engine::{Instant, Span};
use nooterra_port::Report;
use nooterra_port::hardware::{MarkerSighting, Scan, SensorFrame};
use proptest::prelude::*;

const SOME: [Bound; 5] = [Bound::ZoneSpeed, Bound::Clearance, Bound::Payload, Bound::HardwareAccel, Bound::StopState];

proptest! {
    /// I16: what is applied is never above any bound, and each difference has a clamp record with the tightest bound.
    #[test]
    fn applied_is_never_above_any_bound(
        x in -5.0f64..5.0, y in -5.0f64..5.0, w in -5.0f64..5.0,
        limits in prop::collection::vec((0usize..5, 0.0f64..3.0, 0.0f64..3.0), 0..6),
    ) {
        let mut b = Bounds::default();
        for (i, v, t) in &limits {
            b.speed(SOME[*i], *v);
            b.turn(SOME[*i], *t);
        }
        let mut p = Policy::default();
        let asked = Twist { v: Vec2::new(x, y), w_radps: w };
        let out = p.apply(Instant::from_secs(1), asked, &b);
        for (_, v, t) in &limits {
            prop_assert!(out.v.norm() <= *v);
            prop_assert!(out.w_radps.abs() <= *t);
        }
        prop_assert!(out.v.norm() <= asked.v.norm() + 1e-12 && out.w_radps.abs() <= w.abs());
        prop_assert!(out.v.cross(asked.v).abs() < 1e-9, "direction kept");
        let clamps = p.drain();
        let milli = |v: f64| (v * 1e3).round() as i64;
        prop_assert_eq!(clamps.iter().any(|c| c.channel == Channel::Speed), milli(out.v.norm()) != milli(asked.v.norm()));
        prop_assert_eq!(clamps.iter().any(|c| c.channel == Channel::Turn), milli(out.w_radps.abs()) != milli(w.abs()));
        for c in &clamps {
            let least = limits.iter().map(|l| if c.channel == Channel::Speed { l.1 } else { l.2 }).fold(f64::INFINITY, f64::min);
            prop_assert_eq!(c.applied, milli(least));
            prop_assert!(c.requested > c.applied);
        }
    }

    /// Whatever the sensors say, no actuation is out of bounds, not a number, or a panic.
    #[test]
    fn no_frame_breaks_it(
        seed in any::<u64>(),
        ranges in prop::collection::vec(prop_oneof![Just(0.0f32), Just(f32::NAN), Just(f32::INFINITY), -1.0f32..20.0], 0..200),
        enc in prop::collection::vec(any::<i64>(), 0..5),
        gyro in prop_oneof![Just(f64::NAN), -9.0f64..9.0],
        marker in (0u32..20, -3.0f64..3.0, -3.0f64..3.0, -7.0f64..7.0),
        step in -0.1f64..0.1,
    ) {
        let mut r = Rig::new(house(), 0, 0.0);
        r.rng = Rng(seed);
        r.go("a", &[0, 1, 2]);
        r.run(2.0);
        let frame = SensorFrame {
            encoders: enc,
            gyro_radps: gyro,
            scan: Some(Scan { angle_min_rad: -1.0, angle_step_rad: step, ranges_m: ranges, range_max_m: 10.0 }),
            markers: vec![MarkerSighting { vertex: marker.0, x_m: marker.1, y_m: marker.2, theta_rad: marker.3 }],
            ..r.frame.clone()
        };
        let m = r.agent.config().model.clone();
        for _ in 0..4 {
            r.now += CYCLE;
            let f = SensorFrame { dev_ns: r.now, ..frame.clone() };
            let a = r.agent.control(r.now, &f, &r.map);
            prop_assert!(a.speed_mps.is_finite() && a.speed_mps.abs() <= m.speed_max_mps);
            prop_assert!(a.turn_radps.is_finite() && a.turn_radps.abs() <= m.turn_max_radps);
        }
        prop_assert!(r.agent.pose().at.norm().is_finite() && r.agent.pose().theta_rad.is_finite());
    }
}

#[test]
fn bad_wishes_become_nothing() {
    let mut p = Policy::default();
    let t = p.apply(Instant::ZERO, Twist { v: Vec2::new(f64::NAN, f64::INFINITY), w_radps: f64::NAN }, &Bounds::default());
    assert_eq!(t, Twist::default());
}

#[test]
fn one_summary_per_bound_and_window() {
    let mut p = Policy::default();
    let mut b = Bounds::default();
    b.speed(Bound::Clearance, 0.2);
    b.turn(Bound::HardwareTurn, 0.5);
    let mut out = Vec::new();
    for i in 0..60u64 {
        let now = Instant(i * 50_000_000);
        p.apply(now, Twist { v: Vec2::new(0.3 + 0.001 * i as f64, 0.0), w_radps: 0.6 }, &b);
        out.extend(p.summaries(now, Span::from_secs(1)));
    }
    assert_eq!(out.len(), 4, "two bounds, two full windows");
    assert!(
        matches!(&out[0], Report::ClampSummarised { bound, count: 21, worst_requested: 320, applied: 200 } if bound == "clearance"),
        "{:?}",
        out[0]
    );
    assert!(matches!(&out[1], Report::ClampSummarised { bound, applied: 500, .. } if bound == "hardware.turn"));
}

/// Acceleration bounds hold on the whole of a drive, with a load as well.
#[test]
fn a_whole_drive_stays_within_acceleration() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.go("a", &[0, 1, 2, 3, 4]);
    let m = r.agent.config().model.clone();
    let (mut v, mut w) = (0.0f64, 0.0f64);
    for _ in 0..1200 {
        r.cycle();
        assert!(r.act.speed_mps.abs() <= v.abs() + m.accel_max_mps2 * 0.05 + 1e-6);
        assert!(r.act.turn_radps.abs() <= w.abs() + m.turn_accel_max_radps2 * 0.05 + 1e-6);
        (v, w) = (r.act.speed_mps, r.act.turn_radps);
    }
    assert!(r.agent.track().is_done());
    let odd: Vec<_> = r.clamps.iter().filter(|c| !matches!(c.bound, Bound::Clearance | Bound::HumanClearance)).collect();
    assert!(odd.len() < 5, "the planner plans within its limits: {:?}", &odd[..odd.len().min(5)]);
}

/// A grid is as fine as it can be with so many cells, however far apart a file draws its walls.
#[test]
fn walls_at_both_ends_of_the_world_fit_into_a_map() {
    let wall = |at: f64| Segment::new(Vec2::new(at, at), Vec2::new(at, at + 1.0));
    let s = site(Vec2::new(16.0, 30.0), &[wall(-9e5), wall(9e5)], &[(2.0, 3.0), (5.4, 3.2)], &[(0, 1)]);
    let m = AgentMap::new(&s, 0);
    for at in [-9e5, 9e5] {
        assert!(m.is_wall(0, Vec2::new(at, at + 0.5), 0.1) && !m.is_wall(0, Vec2::new(at + 5.0, at), 0.1), "{at}");
    }
    assert!(!m.is_wall(0, Vec2::new(4e5, -4e5), 0.1));
}
