//! Robots taken off the floor and put back.
use super::*;
use nooterra_engine::ids::ItemId;

#[test]
fn a_robot_that_is_away_is_in_nobodys_way_and_comes_back_whole() {
    let mut t = twin(&two_rooms(DoorKind::Sliding));
    let (a, b) = (put(&mut t, "a", fast(), -5.0, 0.0, 0.0), put(&mut t, "b", fast(), -7.0, 0.0, 0.0));
    t.begin_fault(PhysicalFault::BatteryDead { robot: a }).unwrap();
    run(&mut t, 5);
    assert!(!t.readings(a).unwrap().powered);
    t.take_away(a, None).unwrap();
    t.drive(b, go(1.0, 0.0)).unwrap();
    run(&mut t, 200);
    assert!(place(&t, b).x > -4.0, "it drove through where the other had stood");
    assert!(t.is_away(a) && t.truth(a).is_none() && t.contacts().is_empty());

    let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-8.0, -8.0, 1.0) };
    let taken = Stand { level: LevelIx::new(0), pose: Pose2 { at: place(&t, b), theta_rad: 0.0 } };
    t.repair(a);
    assert!(t.put_back(a, &taken, 9_000).is_err(), "somebody stands there");
    t.put_back(a, &stand, 9_000).unwrap();
    assert!(t.put_back(a, &stand, 9_000).is_err(), "it is back already");
    t.drive(a, go(0.5, 0.0)).unwrap();
    run(&mut t, 100);
    assert!(t.readings(a).unwrap().powered);
    assert!(place(&t, a).dist(Vec2::new(-8.0, -8.0)) > 0.5, "it drives again");
    assert!(t.readings(a).unwrap().charge_bps <= 9_000);
}

#[test]
fn what_it_carried_is_put_where_it_belongs() {
    let mut t = twin(&two_rooms(DoorKind::Sliding));
    let r = put(&mut t, "a", fast(), -5.0, 4.5, 0.0);
    let id = ItemId::named("box");
    let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-5.0, 5.0, 0.0) };
    t.add_load(LoadSpawn { id, stand, size_m: [0.3, 0.3, 0.2], mass_kg: 6.0, stored: true }).unwrap();
    t.step().unwrap();
    let l = t.load_named(id).unwrap();
    t.handle(r, DeckCommand::Take { load: l }).unwrap();
    run(&mut t, 160);
    assert_eq!(t.whereabouts(l), Some(Whereabouts::Carried { robot: r }));
    t.take_away(r, Some(BENCH)).unwrap();
    run(&mut t, 5);
    assert!(matches!(t.whereabouts(l), Some(Whereabouts::Stored { stand }) if stand.pose.at.dist(Vec2::new(5.0, 5.0)) < 1e-3));
}

#[test]
fn a_world_frozen_while_a_robot_is_away_goes_on_the_same() {
    let site = two_rooms(DoorKind::Sliding);
    let mut t = twin(&site);
    let (a, b) = (put(&mut t, "a", fast(), -5.0, 0.0, 0.0), put(&mut t, "b", fast(), -7.0, 0.0, 0.0));
    t.drive(b, go(0.6, 0.3)).unwrap();
    run(&mut t, 20);
    t.take_away(a, None).unwrap();
    run(&mut t, 20);
    let mut u = Twin::thaw(&t.freeze(&site), &site, TwinParams::default()).unwrap();
    let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-8.0, -8.0, 1.0) };
    for tick in 0..300 {
        if tick == 50 {
            t.put_back(a, &stand, 9_000).unwrap();
            u.put_back(a, &stand, 9_000).unwrap();
            t.drive(a, go(0.4, 0.2)).unwrap();
            u.drive(a, go(0.4, 0.2)).unwrap();
        }
        t.step().unwrap();
        u.step().unwrap();
        assert_eq!(sum(&t), sum(&u), "tick {tick}");
    }
    assert_eq!(t.freeze(&site), u.freeze(&site));
}
