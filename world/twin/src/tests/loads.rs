//! Loads: taken, carried, set down, dropped.
use super::*;
use nooterra_engine::ids::ItemId;

fn load(t: &mut Twin, name: &str, mass_kg: f64, x: f64, y: f64, stored: bool) -> LoadIx {
    let id = ItemId::named(name);
    let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(x, y, 0.0) };
    t.add_load(LoadSpawn { id, stand, size_m: [0.3, 0.3, 0.2], mass_kg, stored }).unwrap();
    t.step().unwrap();
    t.load_named(id).unwrap()
}

fn done(t: &mut Twin, r: RobotIx) -> Handled {
    run(t, 110);
    t.readings(r).unwrap().handled
}

#[test]
fn a_load_is_taken_carried_weighed_and_placed() {
    let mut t = twin(&two_rooms(DoorKind::Sliding));
    let r = put(&mut t, "a", fast(), -5.0, 4.5, 0.0);
    let l = load(&mut t, "box", 6.0, -5.0, 5.0, true);
    t.handle(r, DeckCommand::Take { load: l }).unwrap();
    run(&mut t, 50);
    assert!(matches!(t.readings(r).unwrap().handling, Handling::Taking { .. }));
    assert_eq!(done(&mut t, r), Handled::Taken);
    assert_eq!(t.whereabouts(l), Some(Whereabouts::Carried { robot: r }));
    assert!(t.readings(r).unwrap().deck_g.abs_diff(6_000) < 60);
    t.handle(r, DeckCommand::Place { vertex: BENCH }).unwrap();
    assert_eq!(done(&mut t, r), Handled::OutOfReach);
    t.handle(r, DeckCommand::Place { vertex: SHELF }).unwrap();
    assert_eq!(done(&mut t, r), Handled::Placed);
    assert!(matches!(t.whereabouts(l), Some(Whereabouts::Stored { stand }) if stand.pose.at.dist(Vec2::new(-5.0, 5.0)) < 1e-3));
    assert_eq!(t.readings(r).unwrap().deck_g, 0);
}

#[test]
fn what_cannot_be_taken_is_refused_with_the_reason() {
    let mut t = twin(&two_rooms(DoorKind::Sliding));
    let r = put(&mut t, "a", fast(), -5.0, 4.5, 0.0);
    let (far, heavy, good) = (
        load(&mut t, "far", 1.0, 5.0, 5.0, true),
        load(&mut t, "heavy", 50.0, -5.0, 5.0, true),
        load(&mut t, "good", 1.0, -5.0, 5.0, true),
    );
    for (l, why) in [(far, Handled::OutOfReach), (heavy, Handled::TooHeavy), (good, Handled::Taken), (good, Handled::Occupied)] {
        t.handle(r, DeckCommand::Take { load: l }).unwrap();
        assert_eq!(done(&mut t, r), why);
    }
    t.handle(r, DeckCommand::Place { vertex: SHELF }).unwrap();
    run(&mut t, 10);
    t.drive(r, go(0.5, 0.0)).unwrap();
    assert_eq!(done(&mut t, r), Handled::Aborted);
}

#[test]
fn a_carried_load_slows_the_start_when_torque_is_short() {
    let reach = |mass: Option<f64>| {
        let mut t = twin(&two_rooms(DoorKind::Sliding));
        // The motors are sized for no payload, the robot carries its own weight again and again.
        let r = put(&mut t, "a", RobotModel { accel_max_mps2: 0.8, ..fast() }, -5.0, 4.5, 0.0);
        if let Some(m) = mass {
            let l = load(&mut t, "box", m, -5.0, 5.0, true);
            t.handle(r, DeckCommand::Take { load: l }).unwrap();
            assert_eq!(done(&mut t, r), Handled::Taken);
        } else {
            run(&mut t, 111);
        }
        let push = |t: &mut Twin| t.begin_fault(PhysicalFault::Push { robot: r, impulse_ns: Vec2::new(20.0, 0.0) }).unwrap();
        push(&mut t);
        t.truth(r).unwrap();
        t.begin_fault(PhysicalFault::BatteryDead { robot: r }).unwrap();
        t.step().unwrap();
        t.truth(r).unwrap().velocity_mps.x
    };
    let (bare, full) = (reach(None), reach(Some(10.0)));
    assert!((bare / full - 1.5).abs() < 0.1, "20 kg: {bare} m/s, 30 kg: {full} m/s");
}

#[test]
fn a_dropped_load_falls_to_the_floor_and_can_be_hit() {
    let mut t = twin(&two_rooms(DoorKind::Sliding));
    let r = put(&mut t, "a", fast(), -5.0, 4.5, 0.0);
    let l = load(&mut t, "box", 3.0, -5.0, 5.0, true);
    t.handle(r, DeckCommand::Take { load: l }).unwrap();
    assert_eq!(done(&mut t, r), Handled::Taken);
    t.drive(r, go(0.5, 0.0)).unwrap();
    run(&mut t, 60);
    t.begin_fault(PhysicalFault::PayloadDrop { robot: r }).unwrap();
    run(&mut t, 100);
    let Some(Whereabouts::Loose { stand }) = t.whereabouts(l) else { panic!("{:?}", t.whereabouts(l)) };
    assert!(stand.pose.at.x < place(&t, r).x - 0.4, "{stand:?}");
    assert_eq!(t.readings(r).unwrap().deck_g, 0);
    assert_eq!(t.inside(LevelIx::new(0), stand.pose.at, 0.1, None), Some(Party::Load { load: l }));
    t.drive(r, go(-0.5, 0.0)).unwrap();
    let mut hit = false;
    for _ in 0..200 {
        t.step().unwrap();
        hit = hit || t.contacts().iter().any(|c| c.with == Party::Load { load: l });
    }
    assert!(hit, "it drove back into its load");
    t.drive(r, go(0.0, 0.0)).unwrap();
    run(&mut t, 60);
    t.handle(r, DeckCommand::Take { load: l }).unwrap();
    assert_eq!(done(&mut t, r), Handled::Taken);
}

#[test]
fn a_released_load_stands_upright_on_its_own() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    let l = load(&mut t, "box", 3.0, 0.5, 0.0, true);
    t.handle(r, DeckCommand::Take { load: l }).unwrap();
    assert_eq!(done(&mut t, r), Handled::Taken);
    t.handle(r, DeckCommand::Release).unwrap();
    assert_eq!(done(&mut t, r), Handled::Released);
    t.handle(r, DeckCommand::Release).unwrap();
    assert_eq!(done(&mut t, r), Handled::Empty);
}
