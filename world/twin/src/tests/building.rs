//! Doors, lifts, people.
use super::*;

#[test]
fn every_kind_of_door_shuts_the_way_and_opens_it() {
    for kind in [
        DoorKind::Hinged,
        DoorKind::DoubleHinged,
        DoorKind::Sliding,
        DoorKind::DoubleSliding,
        DoorKind::Telescope,
        DoorKind::DoubleTelescope,
    ] {
        let mut t = twin(&two_rooms(kind));
        let r = put(&mut t, "a", fast(), -3.0, 0.0, 0.0);
        t.drive(r, go(0.8, 0.0)).unwrap();
        run(&mut t, 300);
        assert!(place(&t, r).x < -0.28, "{kind:?} let it through shut: {:?}", place(&t, r));
        assert!(t.contacts().iter().all(|c| c.with == Party::Door { door: DOOR }));
        t.drive(r, go(-0.8, 0.0)).unwrap();
        run(&mut t, 150);
        t.drive(r, go(0.0, 0.0)).unwrap();
        t.door(DoorCommand { door: DOOR, open: true }).unwrap();
        let mut ticks = 0;
        while t.door_state(DOOR).unwrap().mode != DoorMode::Open {
            t.step().unwrap();
            ticks += 1;
            assert!(ticks < 300, "{kind:?}: {:?}", t.door_state(DOOR));
        }
        assert!(ticks > 20, "{kind:?} takes time");
        t.drive(r, go(0.8, 0.0)).unwrap();
        run(&mut t, 350);
        assert!(place(&t, r).x > 1.0, "{kind:?} kept it out open: {:?}", place(&t, r));
    }
}

#[test]
fn a_closing_door_stops_for_a_robot_and_says_so() {
    let mut t = twin(&two_rooms(DoorKind::Sliding));
    let r = put(&mut t, "a", fast(), -2.0, 0.0, 0.0);
    t.door(DoorCommand { door: DOOR, open: true }).unwrap();
    run(&mut t, 150);
    t.drive(r, go(0.5, 0.0)).unwrap();
    while place(&t, r).x < -0.3 {
        t.step().unwrap();
    }
    t.drive(r, go(0.0, 0.0)).unwrap();
    run(&mut t, 60);
    t.door(DoorCommand { door: DOOR, open: false }).unwrap();
    run(&mut t, 300);
    assert_eq!(t.door_state(DOOR).unwrap().mode, DoorMode::Blocked);
    assert!(t.contacts().is_empty());
    t.drive(r, go(0.8, 0.0)).unwrap();
    run(&mut t, 100);
    t.drive(r, go(0.0, 0.0)).unwrap();
    run(&mut t, 200);
    assert_eq!(t.door_state(DOOR).unwrap(), DoorState { mode: DoorMode::Closed, open_permille: 0 });
}

#[test]
fn a_hinged_door_swings_away_from_a_robot_that_stands_before_it() {
    for x in [-0.7, 0.7] {
        let mut t = twin(&two_rooms(DoorKind::Hinged));
        put(&mut t, "a", fast(), x, 0.0, 0.0);
        t.door(DoorCommand { door: DOOR, open: true }).unwrap();
        run(&mut t, 200);
        assert_eq!(t.door_state(DOOR).unwrap().mode, DoorMode::Open, "robot at {x}");
    }
}

#[test]
fn a_jammed_door_stays_until_it_is_repaired() {
    let mut t = twin(&two_rooms(DoorKind::Sliding));
    let n = t.begin_fault(PhysicalFault::DoorJam { door: DOOR }).unwrap();
    t.door(DoorCommand { door: DOOR, open: true }).unwrap();
    run(&mut t, 100);
    assert_eq!(t.door_state(DOOR).unwrap(), DoorState { mode: DoorMode::Jammed, open_permille: 0 });
    t.end_fault(n);
    run(&mut t, 150);
    assert_eq!(t.door_state(DOOR).unwrap().mode, DoorMode::Open);
}

#[test]
fn a_robot_rides_the_lift_up_and_drives_out() {
    let mut t = twin(&with_lift());
    let r = put(&mut t, "a", fast(), 2.0, 0.0, 0.0);
    t.drive(r, go(0.8, 0.0)).unwrap();
    run(&mut t, 150);
    assert!(place(&t, r).x < 4.0, "the shaft is shut: {:?}", place(&t, r));
    t.drive(r, go(-0.5, 0.0)).unwrap();
    run(&mut t, 50);
    t.drive(r, go(0.0, 0.0)).unwrap();
    t.lift(LiftCommand { lift: LIFT, target: LevelIx::new(0), open: true }).unwrap();
    run(&mut t, 150);
    assert_eq!(t.lift_state(LIFT).unwrap().open_permille, 1000);
    t.drive(r, go(0.8, 0.0)).unwrap();
    while place(&t, r).x < 4.75 {
        t.step().unwrap();
        assert!(t.tick() < 2000);
    }
    t.drive(r, go(0.0, 0.0)).unwrap();
    run(&mut t, 80);
    assert_eq!(t.truth(r).unwrap().lift, Some(LIFT));
    t.lift(LiftCommand { lift: LIFT, target: LevelIx::new(1), open: true }).unwrap();
    let mut moving = false;
    for _ in 0..600 {
        t.step().unwrap();
        let s = t.lift_state(LIFT).unwrap();
        if s.mode == LiftMode::Moving {
            moving = true;
            assert_eq!(s.open_permille, 0, "it moves with its doors shut");
        }
    }
    let (v, s) = (t.truth(r).unwrap(), t.lift_state(LIFT).unwrap());
    assert!(moving && s.level == LevelIx::new(1) && s.height_mm == 4000 && s.open_permille == 1000, "{s:?}");
    assert!(v.level == LevelIx::new(1) && (v.z_m - 4.0).abs() < 2e-3 && v.tilt_rad < 1e-2, "{v:?}");
    assert!(v.asleep, "it came to rest upstairs");
    t.drive(r, go(-0.8, 0.0)).unwrap();
    run(&mut t, 200);
    let v = t.truth(r).unwrap();
    assert!(v.pose.at.x < 3.0 && v.level == LevelIx::new(1) && (v.z_m - 4.0).abs() < 5e-3 && v.lift.is_none(), "{v:?}");
}

#[test]
fn above_its_last_stop_a_shaft_is_closed_by_the_floor() {
    let mut site = with_lift();
    let mut top = site.levels[1].clone();
    top.name = "L3".into();
    top.elevation_m = 8.0;
    site.levels.push(top);
    let mut t = twin(&site);
    let id = RobotId::named("a");
    let stand = Stand { level: LevelIx::new(2), pose: Pose2::new(2.0, 0.0, 0.0) };
    t.add_robot(RobotSpawn { id, model: fast(), stand, charge_bps: 10_000 }).unwrap();
    t.step().unwrap();
    let r = t.robot_named(id).unwrap();
    t.drive(r, go(0.8, 0.0)).unwrap();
    while place(&t, r).x < 7.5 {
        t.step().unwrap();
        let v = t.truth(r).unwrap();
        assert!((v.z_m - 8.0).abs() < 5e-3 && v.lift.is_none() && t.tick() < 1000, "{v:?}");
    }
}

#[test]
fn a_stuck_lift_holds_robot_and_doors() {
    let mut t = twin(&with_lift());
    let r = put(&mut t, "a", fast(), 5.0, 0.0, 0.0);
    t.lift(LiftCommand { lift: LIFT, target: LevelIx::new(1), open: true }).unwrap();
    run(&mut t, 100);
    let n = t.begin_fault(PhysicalFault::LiftStuck { lift: LIFT }).unwrap();
    run(&mut t, 300);
    let (v, s) = (t.truth(r).unwrap(), t.lift_state(LIFT).unwrap());
    assert!(s.mode == LiftMode::Stuck && s.height_mm > 300 && s.height_mm < 3800, "{s:?}");
    assert!((v.z_m * 1000.0 - s.height_mm as f64).abs() < 20.0, "{v:?} {s:?}");
    t.end_fault(n);
    run(&mut t, 500);
    assert!((t.truth(r).unwrap().z_m - 4.0).abs() < 5e-3);
}

#[test]
fn a_person_walks_the_path_and_waits_for_a_robot_in_it() {
    let mut t = twin(&room());
    let path = vec![Vec2::new(-5.0, 0.0), Vec2::new(5.0, 0.0)];
    t.add_person(PersonSpawn { key: 1, level: LevelIx::new(0), path, speed_mps: 1.0, again: false }).unwrap();
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    run(&mut t, 400);
    let (stand, waits) = t.person(PersonIx::new(0)).unwrap();
    assert!(waits && (stand.pose.at.x + 0.7).abs() < 0.05, "{stand:?}");
    assert!(t.contacts().is_empty());
    assert_eq!(t.clearance(r, 1.0, true).unwrap().party, Party::Person { person: PersonIx::new(0) });
    t.drive(r, DriveCommand { vx_mps: 1.0, wz_radps: 0.3, ..DriveCommand::default() }).unwrap();
    run(&mut t, 450);
    assert!((t.person(PersonIx::new(0)).unwrap().0.pose.at.x - 5.0).abs() < 0.1);
    assert!(
        t.add_person(PersonSpawn { key: 1, level: LevelIx::new(0), path: vec![Vec2::default()], speed_mps: 1.0, again: false }).is_err()
    );
    t.remove_person(1);
    t.step().unwrap();
    assert!(t.person(PersonIx::new(0)).is_none());
}
