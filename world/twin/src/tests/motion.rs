//! Driving: distances, turns, stops, friction, collisions, batteries.
use super::*;
use nooterra_site::robot::Drive;

#[test]
fn a_parked_robot_rests_and_falls_asleep() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", RobotModel::default(), 1.0, 2.0, 0.5);
    run(&mut t, 100);
    let truth = t.truth(r).unwrap();
    assert!(truth.asleep);
    assert!(truth.pose.at.dist(Vec2::new(1.0, 2.0)) < 1e-4, "{truth:?}");
    assert!(truth.z_m.abs() < 1e-3 && truth.tilt_rad < 1e-3, "{truth:?}");
    assert_eq!(t.readings(r).unwrap().encoders, [0; 4]);
}

#[test]
fn a_straight_drive_covers_the_commanded_distance() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), -8.0, 0.0, 0.0);
    t.drive(r, go(1.5, 0.0)).unwrap();
    run(&mut t, 300);
    let v = t.truth(r).unwrap();
    assert!((v.velocity_mps.x - 1.5).abs() < 0.01, "{v:?}");
    // Ramp of 1.1 m/s²: 1.364 s and 1.023 m, then 1.5 m/s.
    let expected = -8.0 + 1.5 * 6.0 - 1.5 * 1.5 / (2.0 * 1.1);
    assert!((v.pose.at.x - expected).abs() < 0.05, "{} instead of {expected}", v.pose.at.x);
    assert!(v.pose.at.y.abs() < 0.01 && v.pose.theta_rad.abs() < 0.005);
}

#[test]
fn a_curve_has_the_radius_of_speed_over_turning() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, -2.0, 0.0);
    t.drive(r, go(1.0, 0.5)).unwrap();
    run(&mut t, 150);
    let (mut low, mut high) = (f64::MAX, f64::MIN);
    for _ in 0..630 {
        t.step().unwrap();
        let y = place(&t, r).y;
        (low, high) = (low.min(y), high.max(y));
    }
    assert!(((high - low) / 2.0 - 2.0).abs() < 0.03, "radius {}", (high - low) / 2.0);
    assert!((t.truth(r).unwrap().yaw_rate_radps - 0.5).abs() < 0.01);
}

#[test]
fn a_turn_in_place_stays_in_place() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 1.0, 1.0, 0.0);
    t.drive(r, go(0.0, 1.0)).unwrap();
    run(&mut t, 200);
    t.drive(r, go(0.0, 0.0)).unwrap();
    run(&mut t, 100);
    assert!(place(&t, r).dist(Vec2::new(1.0, 1.0)) < 0.01);
    assert!(t.truth(r).unwrap().asleep);
}

#[test]
fn braking_stops_within_the_distance_of_its_deceleration() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), -8.0, 0.0, 0.0);
    t.drive(r, go(1.5, 0.0)).unwrap();
    run(&mut t, 200);
    let from = place(&t, r).x;
    t.drive(r, go(0.0, 0.0)).unwrap();
    run(&mut t, 150);
    let ramp = place(&t, r).x - from;
    assert!((ramp - 1.5 * 1.5 / 2.2).abs() < 0.06, "ramped stop took {ramp}");
    t.drive(r, go(1.5, 0.0)).unwrap();
    run(&mut t, 150);
    let from = place(&t, r).x;
    t.drive(r, DriveCommand { stop: true, ..go(1.5, 0.0) }).unwrap();
    run(&mut t, 100);
    let hard = place(&t, r).x - from;
    assert!(hard < 0.75 * ramp && hard > 0.15, "hard stop took {hard}");
    assert!(t.truth(r).unwrap().velocity_mps.norm() < 1e-3);
}

#[test]
fn a_dead_robot_coasts_to_a_stop_by_rolling_resistance() {
    let mut t = twin(&room());
    let model = RobotModel { rolling_resistance: 0.1, ..fast() };
    let r = put(&mut t, "a", model, -8.0, 0.0, 0.0);
    t.drive(r, go(1.5, 0.0)).unwrap();
    run(&mut t, 200);
    let from = place(&t, r).x;
    t.begin_fault(PhysicalFault::BatteryDead { robot: r }).unwrap();
    run(&mut t, 250);
    let v = t.truth(r).unwrap();
    // v² / (2 μ g), the wheels' own spin adds a little.
    let expected = 1.5 * 1.5 / (2.0 * 0.1 * 9.81);
    let way = v.pose.at.x - from;
    assert!(v.velocity_mps.norm() < 1e-3, "{v:?}");
    assert!((way - expected).abs() < 0.15 * expected, "coasted {way}, expected {expected}");
    assert!(!t.readings(r).unwrap().powered);
}

fn travelled(t: &Twin, r: RobotIx) -> f64 {
    let (g, e) = (drive_gauge(t.model(r).unwrap(), t.params()), t.readings(r).unwrap().encoders);
    let turns = (e[0] + e[1]) as f64 / 2.0 / f64::from(g.counts_per_turn);
    turns * std::f64::consts::TAU * g.wheel_radius_m
}

#[test]
fn encoders_follow_the_way_on_a_dry_floor_and_run_ahead_on_a_slippery_one() {
    let mut error = Vec::new();
    for slippery in [false, true] {
        let mut t = twin(&room());
        let r = put(&mut t, "a", fast(), -8.0, 0.0, 0.0);
        if slippery {
            let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-8.0, 0.0, 0.0) };
            t.begin_fault(PhysicalFault::SlipPatch { stand, radius_mm: 1_500, friction_bps: 500 }).unwrap();
        }
        t.drive(r, go(1.0, 0.0)).unwrap();
        run(&mut t, 300);
        error.push((travelled(&t, r) - (place(&t, r).x + 8.0)) / travelled(&t, r));
    }
    assert!(error[0].abs() < 0.01, "dry floor: {} of the way", error[0]);
    assert!(error[1] > 0.03, "slippery floor: {} of the way", error[1]);
}

#[test]
fn hitting_a_wall_gives_about_the_momentum() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 6.0, 0.0, 0.0);
    t.drive(r, go(1.0, 0.0)).unwrap();
    let mut hits = Vec::new();
    for _ in 0..250 {
        t.step().unwrap();
        hits.extend(t.contacts().iter().copied());
        if t.contacts().iter().any(|c| c.began) {
            assert!(t.readings(r).unwrap().bumper);
        }
    }
    let first = hits.first().expect("it hit the wall");
    assert!(first.began && first.with == Party::Wall && first.robot == r, "{first:?}");
    assert!((first.at.x - 9.95).abs() < 0.1, "{first:?}");
    // 20 kg at 1 m/s within the first ticks; the motors push on after.
    let blow: u64 = hits.iter().take(5).map(|c| c.impulse_mns).sum();
    assert!((14_000..40_000).contains(&blow), "{blow} mN·s");
    assert!(place(&t, r).x < 9.95 - 0.3 + 0.03, "it did not go through: {:?}", place(&t, r));
    assert!(!hits.iter().any(|c| c.with == Party::Floor));
}

#[test]
fn two_robots_meet_and_both_report_it() {
    let mut t = twin(&room());
    let a = put(&mut t, "a", fast(), -2.0, 0.0, 0.0);
    let b = put(&mut t, "b", fast(), 2.0, 0.0, std::f64::consts::PI);
    for r in [a, b] {
        t.drive(r, go(0.8, 0.0)).unwrap();
    }
    let mut seen = Vec::new();
    for _ in 0..200 {
        t.step().unwrap();
        if seen.is_empty() {
            seen.extend(t.contacts().iter().copied());
        }
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!((seen[0].with, seen[1].with), (Party::Robot { robot: b }, Party::Robot { robot: a }));
    assert_eq!(seen[0].impulse_mns, seen[1].impulse_mns);
    assert!(place(&t, a).dist(place(&t, b)) > 0.57);
    let gap = t.clearance(a, 1.0, false).unwrap();
    assert!(gap.party == Party::Robot { robot: b } && gap.gap_m.abs() < 0.03, "{gap:?}");
}

#[test]
fn an_omnidirectional_robot_moves_sideways_and_turns_at_once() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", RobotModel { drive: Drive::Omnidirectional, ..fast() }, 0.0, -5.0, 0.0);
    t.drive(r, DriveCommand { vy_mps: 1.0, ..DriveCommand::default() }).unwrap();
    run(&mut t, 300);
    let v = t.truth(r).unwrap();
    let expected = -5.0 + 6.0 - 1.0 / 2.2;
    assert!((v.pose.at.y - expected).abs() < 0.08, "{v:?}, expected y {expected}");
    assert!(v.pose.at.x.abs() < 0.05 && v.pose.theta_rad.abs() < 0.02, "{v:?}");
    t.drive(r, DriveCommand { vx_mps: 0.5, wz_radps: 1.0, ..DriveCommand::default() }).unwrap();
    run(&mut t, 200);
    assert!((t.truth(r).unwrap().yaw_rate_radps - 1.0).abs() < 0.03);
}

#[test]
fn the_battery_drains_at_the_power_of_the_drive_and_the_electronics() {
    let mut t = twin(&room());
    let model = RobotModel { rolling_resistance: 0.2, ..fast() };
    let r = put(&mut t, "a", model.clone(), -9.0, 0.0, 0.0);
    t.drive(r, go(1.0, 0.0)).unwrap();
    run(&mut t, 100);
    let b = *t.readings(r).unwrap();
    let watts = f64::from(b.battery_mv) * f64::from(b.battery_ma) / 1e6;
    // μ m g v through the gear, and what the electronics take.
    let expected = 0.2 * 20.0 * 9.81 / 0.85 + 20.0;
    assert!((watts - expected).abs() < 0.12 * expected, "{watts} W, expected {expected} W");
    assert!(b.charge_bps < 10_000 && b.powered);
}

#[test]
fn an_empty_battery_ends_the_drive_and_a_charger_fills_it() {
    let mut t = twin(&two_rooms(DoorKind::Hinged));
    let small = RobotModel { battery_ah: 0.02, ..fast() };
    let r = put(&mut t, "a", small, -8.0, -8.0, 0.0);
    t.drive(r, go(0.0, 0.0)).unwrap();
    run(&mut t, 50 * 30);
    let low = *t.readings(r).unwrap();
    assert!(low.powered && low.charge_bps < 5_000, "{low:?}");
    t.drive(r, DriveCommand { charge: true, ..DriveCommand::default() }).unwrap();
    run(&mut t, 50);
    let more = *t.readings(r).unwrap();
    assert!(more.charging && more.battery_ma == -5_000 && more.charge_bps > low.charge_bps, "{more:?}");
    let off = t.begin_fault(PhysicalFault::ChargerOff { vertex: CHARGER }).unwrap();
    run(&mut t, 5);
    assert!(!t.readings(r).unwrap().charging);
    t.end_fault(off);
    run(&mut t, 50 * 30);
    let full = *t.readings(r).unwrap();
    assert!(!full.charging && full.charge_bps == 10_000, "{full:?}");
    t.drive(r, go(0.5, 0.0)).unwrap();
    run(&mut t, 50 * 60);
    assert!(!t.readings(r).unwrap().powered);
    assert!(t.truth(r).unwrap().velocity_mps.norm() < 1e-3);
}

#[test]
fn a_heavy_blow_tips_a_slender_robot_and_the_floor_holds_it() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", RobotModel { footprint_radius_m: 0.2, height_m: 1.8, ..fast() }, 0.0, 0.0, 0.0);
    t.begin_fault(PhysicalFault::Push { robot: r, impulse_ns: Vec2::new(90.0, 0.0) }).unwrap();
    run(&mut t, 300);
    let v = t.truth(r).unwrap();
    assert!(v.z_m > -0.5, "{v:?}");
}
