//! Physical faults do what they say and end.
use super::*;

#[test]
fn a_jammed_wheel_turns_the_robot_and_a_runaway_drives_it() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), -5.0, 0.0, 0.0);
    let n = t.begin_fault(PhysicalFault::MotorJam { robot: r, wheel: 0 }).unwrap();
    t.drive(r, go(0.5, 0.0)).unwrap();
    run(&mut t, 60);
    assert!(heading(&t, r) > 0.2, "the left wheel is locked, it turns left: {}", heading(&t, r));
    t.end_fault(n);
    t.drive(r, DriveCommand { stop: true, ..DriveCommand::default() }).unwrap();
    run(&mut t, 60);
    let before = heading(&t, r);
    let n = t.begin_fault(PhysicalFault::MotorRunaway { robot: r, wheel: 0 }).unwrap();
    run(&mut t, 20);
    assert!(heading(&t, r) < before - 0.1, "the left wheel pushes, it turns right");
    t.end_fault(n);
    run(&mut t, 100);
    assert!(t.truth(r).unwrap().velocity_mps.norm() < 1e-3);
}

#[test]
fn a_delay_holds_commands_back() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    t.begin_fault(PhysicalFault::MotorDelay { robot: r, ticks: 25 }).unwrap();
    t.step().unwrap();
    run(&mut t, 30);
    t.drive(r, go(1.0, 0.0)).unwrap();
    run(&mut t, 24);
    assert!(t.truth(r).unwrap().velocity_mps.norm() < 1e-3);
    run(&mut t, 30);
    assert!(t.truth(r).unwrap().velocity_mps.x > 0.3);
}

#[test]
fn instruments_fail_one_by_one() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    t.drive(r, go(0.5, 0.0)).unwrap();
    run(&mut t, 50);
    let before = *t.readings(r).unwrap();
    let stuck = t.begin_fault(PhysicalFault::EncoderStuck { robot: r, wheel: 1 }).unwrap();
    t.begin_fault(PhysicalFault::ImuBias { robot: r, bias_uradps: 500_000 }).unwrap();
    run(&mut t, 50);
    let now = *t.readings(r).unwrap();
    assert!(now.encoders[1] - before.encoders[1] < 60 && now.encoders[0] > before.encoders[0] + 1000, "{before:?} {now:?}");
    assert!((now.yaw_rate_radps - 0.5).abs() < 0.05);
    t.end_fault(stuck);
    let held = now.encoders[1];
    run(&mut t, 10);
    let moved = t.readings(r).unwrap().encoders[1] - held;
    assert!(moved > 0 && moved < 2_000, "it goes on from where it stood: {moved}");
}

#[test]
fn the_scanner_loses_freezes_and_dreams() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    run(&mut t, 10);
    let n = t.begin_fault(PhysicalFault::LidarGhost { robot: r, at: Vec2::new(2.0, 0.0), radius_mm: 300 }).unwrap();
    run(&mut t, 10);
    assert!(t.scan(r).unwrap().ranges_mm[0].abs_diff(1_700) < 60, "{:?}", t.scan(r).unwrap().ranges_mm[0]);
    t.end_fault(n);
    let n = t.begin_fault(PhysicalFault::LidarDropout { robot: r, share_bps: 5_000 }).unwrap();
    run(&mut t, 10);
    let lost = t.scan(r).unwrap().ranges_mm.iter().filter(|x| **x == SCAN_LOST).count();
    assert!((50..130).contains(&lost), "{lost} of 180");
    t.end_fault(n);
    t.begin_fault(PhysicalFault::LidarStuck { robot: r }).unwrap();
    run(&mut t, 10);
    let held = t.scan(r).unwrap().ranges_mm.to_vec();
    t.drive(r, go(1.0, 0.0)).unwrap();
    run(&mut t, 60);
    assert_eq!(t.scan(r).unwrap().ranges_mm, held);
    assert!(t.scan(r).unwrap().tick > 60, "it looks fresh");
}

#[test]
fn a_sagging_battery_trips_under_load_and_comes_back() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", RobotModel { rolling_resistance: 0.2, ..fast() }, -8.0, 0.0, 0.0);
    t.drive(r, go(1.0, 0.0)).unwrap();
    run(&mut t, 60);
    let n = t.begin_fault(PhysicalFault::BatterySag { robot: r, percent: 4_000 }).unwrap();
    run(&mut t, 100);
    assert!(!t.readings(r).unwrap().powered);
    t.end_fault(n);
    run(&mut t, 60);
    assert!(t.readings(r).unwrap().powered && t.truth(r).unwrap().velocity_mps.x > 0.2);
}

#[test]
fn an_obstacle_waits_until_nobody_stands_there_and_then_blocks() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(0.0, 0.0, 0.0) };
    let n =
        t.begin_fault(PhysicalFault::Obstacle { spawn: ObstacleSpawn { key: 1, stand, size_m: [0.6, 0.6, 0.5], along: vec![] } }).unwrap();
    run(&mut t, 20);
    assert!(t.contacts().is_empty(), "nothing lands on a robot");
    t.drive(r, go(-0.8, 0.0)).unwrap();
    run(&mut t, 150);
    t.drive(r, go(0.8, 0.0)).unwrap();
    let mut hit = None;
    for _ in 0..200 {
        t.step().unwrap();
        hit = hit.or_else(|| t.contacts().first().copied());
    }
    assert!(matches!(hit.unwrap().with, Party::Obstacle { .. }));
    assert!(place(&t, r).x < -0.57);
    t.end_fault(n);
    run(&mut t, 200);
    assert!(place(&t, r).x > 0.5);
}

#[test]
fn a_fault_that_names_nothing_is_refused() {
    let mut t = twin(&room());
    assert!(t.begin_fault(PhysicalFault::DoorJam { door: DoorIx::new(7) }).is_err());
    assert!(t.begin_fault(PhysicalFault::Push { robot: RobotIx::new(3), impulse_ns: Vec2::default() }).is_err());
    assert!(t.drive(RobotIx::new(0), DriveCommand::default()).is_err());
    assert!(t.door(DoorCommand { door: DOOR, open: true }).is_err());
    assert!(t.lift(LiftCommand { lift: LIFT, target: LevelIx::new(0), open: true }).is_err());
    assert_eq!(t.faults().count(), 0);
}

#[test]
fn nonsense_speeds_do_not_break_the_world() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    t.drive(r, go(f64::NAN, f64::INFINITY)).unwrap();
    run(&mut t, 50);
    t.drive(r, go(1e300, -1e300)).unwrap();
    run(&mut t, 50);
    assert!(place(&t, r).norm() < 3.0);
}

#[test]
fn a_body_that_is_no_number_any_more_stops_the_world_with_its_story() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    t.begin_fault(PhysicalFault::Push { robot: r, impulse_ns: Vec2::new(f64::NAN, 0.0) }).unwrap();
    let e = t.step().unwrap_err();
    assert!(matches!(e, TwinError::NotFinite { .. }), "{e}");
    assert!(e.to_string().contains("Robot"), "{e}");
    assert!(!nooterra_engine::marks::take().broken.is_empty());
}
