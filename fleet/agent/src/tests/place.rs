//! When a robot doubts its place: wherever it was put instead, and not for what stands or hangs about it.

use super::rig::*;
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_site::model::{Door, DoorKind};
use nooterra_site::{LevelIx, Site};

fn is_right(r: &Rig) -> bool {
    let (m, rad) = r.error();
    m < 0.1 && rad < 0.1
}

/// Carried a metre off in any direction, or turned by twenty degrees, it doubts within seconds and then stops, even where
/// half of the walls look as they did before. Where it finds the walls again by itself, that is as well.
#[test]
fn doubts_wherever_it_is_put_instead() {
    let mut moved = 0;
    for start in 0..9 {
        for way in 0..10 {
            let mut r = Rig::new(house(), start, 0.3);
            r.run(3.0);
            let (step, turn) = match way {
                8 => (Vec2::default(), 0.35),
                9 => (Vec2::default(), -0.35),
                k => (Vec2::at_angle(f64::from(k) * std::f64::consts::FRAC_PI_4), 0.0),
            };
            r.truth = Pose2 { at: r.truth.at + step, theta_rad: r.truth.theta_rad + turn };
            if r.faces.iter().any(|f| f.0.dist_point(r.truth.at) < 0.3) {
                continue;
            }
            moved += 1;
            let share = |r: &Rig| r.agent.localiser().share();
            assert!(r.until(5.0, |r| r.agent.localiser().in_doubt() || is_right(r)), "{start} {way}: sure, share {}", share(&r));
            assert!(r.until(10.0, |r| (r.agent.health().lost && r.act.brake) || is_right(r)), "{start} {way}: on its way, {}", share(&r));
        }
    }
    assert!(moved > 80, "{moved}");
}

/// Skidded while its scanner was blind, with encoders that saw nothing of it, it does not stay sure.
#[test]
fn doubts_when_it_skidded() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.lidar = false;
    r.run(1.0);
    r.truth = Pose2 { at: r.truth.at + Vec2::new(0.9, 0.35), theta_rad: r.truth.theta_rad + 0.1 };
    r.lidar = true;
    assert!(r.until(5.0, |r| r.agent.localiser().in_doubt() || is_right(r)), "{:?}", r.error());
}

/// A hall whose long side is doors for the most part.
fn hall() -> (Site, Vec<Segment>) {
    let wall = |x0: f64, x1: f64| Segment::new(Vec2::new(x0, 4.0), Vec2::new(x1, 4.0));
    let walls = [wall(0.0, 3.0), wall(4.5, 4.6), wall(6.1, 6.2), wall(7.7, 7.8), wall(9.3, 9.4), wall(10.9, 16.0)];
    let v = [(2.0, 3.0), (5.4, 3.2), (8.6, 3.2), (14.0, 3.0)];
    let mut s = site(Vec2::new(16.0, 30.0), &walls, &v, &[(0, 1), (1, 2), (2, 3)]);
    let lines: Vec<Segment> = walls.windows(2).map(|w| Segment::new(w[0].b, w[1].a)).collect();
    for (i, line) in lines.iter().enumerate() {
        s.doors.push(Door {
            name: format!("d{i}"),
            level: LevelIx::new(0),
            line: *line,
            kind: DoorKind::Hinged,
            at_end: false,
            direction: 1,
            swing_rad: std::f64::consts::FRAC_PI_2,
            right_left_ratio: 1.0,
        });
    }
    (s, lines)
}

fn leaf(r: &mut Rig, hinge: Vec2, tip: Vec2) {
    let n = (tip - hinge).unit().perp();
    r.faces.push((Segment::new(hinge, tip), n));
    r.faces.push((Segment::new(hinge, tip), n * -1.0));
}

fn sure_for(r: &mut Rig, secs: f64) {
    r.run(2.0);
    let mut least = 1.0f64;
    for _ in 0..(secs * 20.0) as usize {
        r.cycle();
        least = least.min(r.agent.localiser().share());
        assert!(!r.agent.localiser().in_doubt() && !r.agent.health().lost, "in doubt, share {least}");
    }
    let (m, rad) = r.error();
    assert!(least > 0.4 && m < 0.05 && rad < 0.05, "share {least}, off by {m} m and {rad} rad");
}

/// Before closed doors, and between leaves that stand open.
#[test]
fn doors_say_nothing_against_its_place() {
    for open in [false, true] {
        for start in [1, 2] {
            let (site, lines) = hall();
            let mut r = Rig::new(site, start, 0.0);
            for l in lines {
                let tip = if open { l.a + Vec2::new(0.0, -l.length()) } else { l.b };
                if tip.dist(r.truth.at) > 0.5 {
                    leaf(&mut r, l.a, tip);
                }
            }
            sure_for(&mut r, 20.0);
        }
    }
}

/// Among people, boxes and other robots that hide more than half of the walls.
#[test]
fn a_throng_says_little_against_its_place() {
    for start in 0..9 {
        let mut r = Rig::new(house(), start, 0.5);
        let free = |r: &Rig, at: Vec2, radius: f64| r.faces.iter().all(|f| f.0.dist_point(at) > radius + 0.05);
        for i in 0..9 {
            let at = r.truth.at + Vec2::at_angle(f64::from(i) * 0.7) * (1.0 + 0.15 * f64::from(i % 3));
            let radius_m = if i % 2 == 0 { 0.3 } else { 0.2 };
            if free(&r, at, radius_m) {
                r.posts.push(Post { at, radius_m, v: Vec2::default() });
            }
        }
        r.cycle();
        let clear = Rig::new(house(), start, 0.5);
        let hidden = (0..180).filter(|i| {
            let a = f64::from(*i) * std::f64::consts::TAU / 180.0;
            r.range(r.truth.at, a) < clear.range(r.truth.at, a) - 0.2
        });
        assert!(hidden.count() > 60, "{start}: hardly a throng");
        sure_for(&mut r, 20.0);
    }
}
