//! The scanner against rapier's own ray casts, markers, sight.
#![allow(clippy::unwrap_used)] // tests say what they mean
use super::*;
use crate::physics::{Physics, marked};
use rapier3d::math::Vector;
use rapier3d::prelude::{Collider, ColliderHandle, QueryFilter, Ray};

#[allow(clippy::cast_possible_truncation)] // rapier's single precision
/// Ranges by casting every ray through the physics world.
fn by_rays(t: &Twin, r: RobotIx) -> Vec<f64> {
    let w = &t.world.resource::<Physics>().world;
    let v = t.truth(r).unwrap();
    let own = move |_: ColliderHandle, c: &Collider| marked(c.user_data) != Party::Robot { robot: r };
    let q = w.broad_phase.as_query_pipeline(w.narrow_phase.query_dispatcher(), &w.bodies, &w.colliders, QueryFilter::new().predicate(&own));
    let n = t.params().lidar.rays;
    let plan = t.world.resource::<plan::Plan>();
    let (x, y) = plan.inward(v.pose.at);
    (0..n)
        .map(|i| {
            let d = Vec2::at_angle(v.pose.theta_rad + std::f64::consts::TAU * f64::from(i) / f64::from(n));
            let ray = Ray::new(Vector::new(x, y, 0.2), Vector::new(d.x as f32, d.y as f32, 0.0));
            q.cast_ray(&ray, t.params().lidar.range_m as f32, true).map_or(f64::INFINITY, |h| f64::from(h.1))
        })
        .collect()
}

#[test]
fn a_scan_sees_what_rays_through_the_physics_see() {
    let mut site = two_rooms(DoorKind::DoubleHinged);
    let slant = |a: (f64, f64), b: (f64, f64)| Wall {
        line: Segment::new(Vec2::new(a.0, a.1), Vec2::new(b.0, b.1)),
        thickness_m: 0.15,
        height_m: 2.0,
        alpha: 1.0,
    };
    site.levels[0].walls.extend([
        slant((-6.0, 2.0), (-3.0, 4.5)),
        slant((3.0, -7.0), (7.0, -2.0)),
        slant((-9.0, -3.0), (-5.0, -3.0)),
        slant((-5.0, -3.0), (-5.0, -6.0)),
    ]);
    let lift = with_lift();
    site.levels.push(lift.levels[1].clone());
    site.lifts = lift.lifts;
    let mut params = TwinParams::default();
    (params.lidar.noise_m, params.lidar.dropout_ppm, params.lidar.range_m) = (0.0, 0, 14.0);
    let mut t = Twin::new(&site, params, Chance::new(3)).unwrap();
    let robots: Vec<RobotIx> = [(-2.0, 0.3), (-8.0, 7.0), (3.0, 0.0), (8.0, -8.0), (-7.0, -4.0), (1.0, 6.0)]
        .iter()
        .enumerate()
        .map(|(i, (x, y))| put(&mut t, &format!("r{i}"), fast(), *x, *y, 0.7 * i as f64))
        .collect();
    let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-4.0, -1.0, 0.4) };
    t.add_obstacle(ObstacleSpawn { key: 1, stand, size_m: [1.0, 0.5, 0.6], along: vec![] }).unwrap();
    t.add_person(PersonSpawn { key: 1, level: LevelIx::new(0), path: vec![Vec2::new(2.0, 3.0)], speed_mps: 1.0, again: false }).unwrap();
    t.door(DoorCommand { door: DOOR, open: true }).unwrap();
    let (mut far, mut all, mut free) = (0, 0, 0);
    for _ in 0..40 {
        // Stop in the middle of the door's swing and later; robots turn, so that rays fall anywhere.
        for r in &robots {
            t.drive(*r, go(0.0, 0.9)).unwrap();
        }
        run(&mut t, 7);
        for r in &robots {
            let scan = t.scan(*r).unwrap();
            if scan.tick != t.tick() {
                continue;
            }
            for (a, b) in scan.ranges_mm.iter().zip(by_rays(&t, *r)) {
                all += 1;
                match (*a == SCAN_FREE, b.is_infinite()) {
                    (true, true) => free += 1,
                    (false, false) if (f64::from(*a) / 1000.0 - b).abs() < 0.02 => {}
                    _ => far += 1,
                }
            }
        }
    }
    assert!(all > 6_000 && free > 10, "{all} rays, {free} free");
    assert!(far * 200 < all, "{far} of {all} rays differ: corners may, more may not");
}

#[test]
fn noise_and_dropout_are_what_was_asked_for() {
    let mut params = TwinParams::default();
    (params.lidar.noise_m, params.lidar.dropout_ppm, params.lidar.range_m) = (0.03, 20_000, 30.0);
    let mut t = Twin::new(&room(), params, Chance::new(3)).unwrap();
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    let (mut sum, mut sq, mut n, mut lost) = (0.0, 0.0, 0.0, 0.0);
    for _ in 0..200 {
        run(&mut t, 5);
        for (i, mm) in t.scan(r).unwrap().ranges_mm.iter().enumerate() {
            if *mm == SCAN_LOST {
                lost += 1.0;
                continue;
            }
            let d = Vec2::at_angle(std::f64::consts::TAU * i as f64 / 180.0);
            let e = f64::from(*mm) / 1000.0 - 9.95 / d.x.abs().max(d.y.abs());
            (sum, sq, n) = (sum + e, sq + e * e, n + 1.0);
        }
    }
    let (mean, sigma, share): (f64, f64, f64) = (sum / n, (sq / n).sqrt(), lost / (n + lost));
    assert!(mean.abs() < 0.002 && (sigma - 0.03).abs() < 0.002, "{mean} {sigma}");
    assert!((share - 0.02).abs() < 0.004, "{share}");
}

#[test]
fn a_marker_in_reach_and_sight_gives_the_relative_pose() {
    let mut t = twin(&two_rooms(DoorKind::Sliding));
    let r = put(&mut t, "a", fast(), -5.5, 4.5, 1.0);
    run(&mut t, 10);
    let m = t.readings(r).unwrap().marker.expect("the shelf is near");
    assert_eq!(m.vertex, SHELF);
    let truth = t.truth(r).unwrap().pose.inverse_apply(Vec2::new(-5.0, 5.0));
    assert!(m.at.dist(truth) < 0.06 && (m.heading_rad - 1.0).abs() < 0.04, "{m:?} {truth:?}");
    assert_eq!(t.vertex_at(r, 1.0), Some(SHELF));
    let far = put(&mut t, "b", fast(), -2.0, -5.0, 0.0);
    run(&mut t, 10);
    assert_eq!(t.readings(far).unwrap().marker, None);
    assert_eq!(t.vertex_at(far, 1.0), None);
    assert!(t.sees(LevelIx::new(0), Vec2::new(-5.0, 5.0), Vec2::new(-1.0, 5.0)));
    assert!(!t.sees(LevelIx::new(0), Vec2::new(-5.0, 5.0), Vec2::new(5.0, 5.0)));
}

#[test]
fn a_robot_in_a_moving_cabin_sees_only_the_cabin() {
    let mut t = twin(&with_lift());
    let r = put(&mut t, "a", fast(), 5.0, 0.0, 0.0);
    t.lift(LiftCommand { lift: LIFT, target: LevelIx::new(1), open: true }).unwrap();
    run(&mut t, 120);
    assert_eq!(t.lift_state(LIFT).unwrap().mode, LiftMode::Moving);
    let s = t.scan(r).unwrap();
    assert!(s.ranges_mm.iter().all(|r| *r > 900 && *r < 1_600), "{:?}", s.ranges_mm);
}

#[test]
fn satellites_are_seen_under_the_sky_only() {
    let mut site = two_rooms(DoorKind::Sliding);
    let mut t = twin(&site);
    let r = put(&mut t, "a", fast(), -5.5, 4.5, 1.0);
    run(&mut t, 10);
    assert_eq!(t.readings(r).unwrap().fix, None);
    site.frame = Frame::Wgs84 { lat_deg: 1.3, lon_deg: 103.8 };
    let mut t = twin(&site);
    let r = put(&mut t, "a", fast(), -5.5, 4.5, 1.0);
    run(&mut t, 10);
    let fix = t.readings(r).unwrap().fix.expect("there is no roof");
    assert!(fix.dist(t.truth(r).unwrap().pose.at) < 0.2, "{fix:?}");
}
