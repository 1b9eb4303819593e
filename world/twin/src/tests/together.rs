//! Loads that several raise together.
use super::*;
use nooterra_engine::ids::ItemId;

/// Two robots on both sides of a load that neither could raise alone.
fn pair(mass_kg: f64) -> (Twin, RobotIx, RobotIx, LoadIx) {
    let mut t = twin(&two_rooms(DoorKind::Sliding));
    let a = put(&mut t, "a", fast(), -6.0, 4.0, 0.0);
    let b = put(&mut t, "b", fast(), -4.0, 4.0, 0.0);
    let id = ItemId::named("cabinet");
    let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-5.0, 4.0, 0.0) };
    t.add_load(LoadSpawn { id, stand, size_m: [0.3, 0.3, 0.2], mass_kg, stored: true }).unwrap();
    t.step().unwrap();
    let l = t.load_named(id).unwrap();
    for r in [a, b] {
        t.handle(r, DeckCommand::Hold { load: l }).unwrap();
    }
    run(&mut t, 2);
    for r in [a, b] {
        assert_eq!(t.readings(r).unwrap().handled, Handled::Held);
    }
    (t, a, b, l)
}

fn payload_kg() -> f64 {
    fast().payload_max_kg
}

#[test]
fn what_is_too_heavy_for_one_rises_onto_the_rack_by_two() {
    let (mut t, a, b, l) = pair(1.6 * payload_kg());
    t.handle(a, DeckCommand::Raise).unwrap();
    t.handle(b, DeckCommand::Raise).unwrap();
    run(&mut t, 50);
    assert!(matches!(t.whereabouts(l), Some(Whereabouts::Raised { .. })), "{:?}", t.whereabouts(l));
    let half_g = 800.0 * payload_kg();
    for r in [a, b] {
        assert!(f64::from(t.readings(r).unwrap().deck_g) > half_g - 100.0);
    }
    run(&mut t, 300);
    assert!(matches!(t.whereabouts(l), Some(Whereabouts::Racked { stand }) if stand.pose.at.dist(Vec2::new(-5.0, 4.0)) < 1e-3));
    for r in [a, b] {
        assert_eq!(t.readings(r).unwrap().handled, Handled::Racked);
        assert_eq!(t.readings(r).unwrap().deck_g, 0);
    }
}

#[test]
fn who_pulls_alone_lets_go_and_the_load_stays() {
    let (mut t, a, b, l) = pair(1.6 * payload_kg());
    t.handle(a, DeckCommand::Raise).unwrap();
    run(&mut t, 100);
    assert!(matches!(t.whereabouts(l), Some(Whereabouts::Stored { .. })), "{:?}", t.whereabouts(l));
    run(&mut t, 200);
    assert_eq!(t.readings(a).unwrap().handled, Handled::TooHeavy);
    assert_eq!(t.readings(b).unwrap().handling, Handling::Holding { load: l });
    // What one bears alone needs no other.
    let (mut t, a, _, l) = pair(0.5 * payload_kg());
    t.handle(a, DeckCommand::Raise).unwrap();
    run(&mut t, 300);
    assert!(matches!(t.whereabouts(l), Some(Whereabouts::Racked { .. })));
}

#[test]
fn what_too_few_hold_falls() {
    for way in 0..3 {
        let (mut t, a, b, l) = pair(1.6 * payload_kg());
        t.handle(a, DeckCommand::Raise).unwrap();
        t.handle(b, DeckCommand::Raise).unwrap();
        run(&mut t, 100);
        assert!(matches!(t.whereabouts(l), Some(Whereabouts::Raised { .. })));
        match way {
            0 => t.handle(b, DeckCommand::Cancel).unwrap(),
            1 => assert!(t.begin_fault(PhysicalFault::BatteryDead { robot: b }).is_ok()),
            _ => assert!(t.begin_fault(PhysicalFault::PayloadDrop { robot: b }).is_ok()),
        }
        run(&mut t, 5);
        assert!(matches!(t.whereabouts(l), Some(Whereabouts::Loose { .. })), "{way}: {:?}", t.whereabouts(l));
        assert_eq!(t.readings(a).unwrap().handled, Handled::Fallen);
        if way == 2 {
            assert_eq!(t.readings(b).unwrap().handled, Handled::Slipped);
        }
        run(&mut t, 100);
        // It lies on the floor and is there for the scanners.
        assert!(matches!(t.whereabouts(l), Some(Whereabouts::Loose { stand }) if stand.pose.at.dist(Vec2::new(-5.0, 4.0)) < 0.3));
    }
}

#[test]
fn nothing_is_held_from_afar_or_twice() {
    let (mut t, a, b, l) = pair(1.6 * payload_kg());
    t.handle(a, DeckCommand::Cancel).unwrap();
    run(&mut t, 2);
    t.handle(a, DeckCommand::Raise).unwrap();
    run(&mut t, 2);
    assert_eq!(t.readings(a).unwrap().handled, Handled::Empty);
    t.handle(a, DeckCommand::Hold { load: l }).unwrap();
    run(&mut t, 2);
    for r in [a, b] {
        t.handle(r, DeckCommand::Raise).unwrap();
    }
    run(&mut t, 300);
    t.handle(a, DeckCommand::Hold { load: l }).unwrap();
    run(&mut t, 2);
    assert_eq!(t.readings(a).unwrap().handled, Handled::Occupied, "it is on the rack already");
    let far = put(&mut t, "far", fast(), 5.0, 4.0, 0.0);
    t.handle(far, DeckCommand::Hold { load: l }).unwrap();
    run(&mut t, 2);
    assert_ne!(t.readings(far).unwrap().handled, Handled::Held);
}

#[test]
fn a_lift_goes_on_from_a_frozen_instant() {
    let (mut t, a, b, _) = pair(1.6 * payload_kg());
    t.handle(a, DeckCommand::Raise).unwrap();
    t.handle(b, DeckCommand::Raise).unwrap();
    run(&mut t, 100);
    let site = two_rooms(DoorKind::Sliding);
    let mut other = Twin::thaw(&t.freeze(&site), &site, t.params().clone()).unwrap();
    run(&mut t, 250);
    run(&mut other, 250);
    let digest = |t: &Twin| {
        let mut h = Hasher::new();
        t.digest(&mut h);
        h.finish()
    };
    assert_eq!(digest(&t), digest(&other));
}
