//! Same in, same out: seeds, orders, frozen and thawed worlds.
use super::*;
use proptest::prelude::*;

/// A world with everything in it, on the way.
fn lively(order: &[usize]) -> (Site, Twin) {
    let mut site = two_rooms(DoorKind::DoubleSliding);
    let lift = with_lift();
    site.levels.push(lift.levels[1].clone());
    site.lifts = lift.lifts;
    let mut t = twin(&site);
    for i in order {
        let id = RobotId::named(&format!("r{i}"));
        let pose = Pose2::new(-6.0 + 1.2 * *i as f64, -2.0 + 0.5 * (*i % 3) as f64, *i as f64);
        t.add_robot(RobotSpawn { id, model: fast(), stand: Stand { level: LevelIx::new(0), pose }, charge_bps: 9_000 }).unwrap();
        let id = nooterra_engine::ids::ItemId::named(&format!("i{i}"));
        let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-5.0 + *i as f64, 3.0, 0.0) };
        t.add_load(LoadSpawn { id, stand, size_m: [0.4, 0.3, 0.3], mass_kg: 4.0, stored: *i % 2 == 0 }).unwrap();
        let path = vec![Vec2::new(-8.0 + *i as f64, 8.0), Vec2::new(-8.0 + *i as f64, -8.0)];
        t.add_person(PersonSpawn { key: *i as u64, level: LevelIx::new(0), path, speed_mps: 1.2, again: true }).unwrap();
    }
    t.step().unwrap();
    (site, t)
}

/// What happens at a tick: the same whoever is asked.
fn story(t: &mut Twin) {
    let tick = t.tick();
    for i in 0..t.robot_count() {
        let r = RobotIx::new(u32::try_from(i).unwrap());
        let w = ((tick / 40 + i as u64 * 7) % 9) as f64 / 4.0 - 1.0;
        t.drive(r, go(0.9, w)).unwrap();
    }
    if tick.is_multiple_of(90) {
        t.door(DoorCommand { door: DOOR, open: tick.is_multiple_of(180) }).unwrap();
        t.lift(LiftCommand { lift: LIFT, target: LevelIx::new(u32::from(tick.is_multiple_of(180))), open: true }).unwrap();
    }
    if tick % 130 == 60 {
        let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-3.0, 1.0, 0.3) };
        let spawn = ObstacleSpawn { key: 9, stand, size_m: [0.8, 0.4, 0.6], along: vec![] };
        let _ = t.begin_fault(PhysicalFault::Obstacle { spawn });
        t.begin_fault(PhysicalFault::MotorDelay { robot: RobotIx::new(1), ticks: 7 }).unwrap();
    }
    if tick % 130 == 120 {
        let on: Vec<u64> = t.faults().map(|f| f.0).collect();
        on.into_iter().for_each(|n| t.end_fault(n));
    }
    t.step().unwrap();
}

#[test]
fn the_same_seed_gives_the_same_world_in_lockstep() {
    let order = [0, 1, 2, 3, 4];
    let ((_, mut a), (_, mut b)) = (lively(&order), lively(&order));
    let mut touched = 0;
    for tick in 0..600 {
        story(&mut a);
        story(&mut b);
        touched += a.contacts().len();
        assert_eq!(sum(&a), sum(&b), "tick {tick}");
    }
    assert!(touched > 20, "the story has contacts in it: {touched}");
}

#[test]
fn the_order_of_registration_does_not_matter() {
    let ((site, mut a), (_, mut b)) = (lively(&[0, 1, 2, 3, 4]), lively(&[3, 0, 4, 2, 1]));
    for tick in 0..300 {
        story(&mut a);
        story(&mut b);
        assert_eq!(sum(&a), sum(&b), "tick {tick}");
    }
    assert_eq!(a.freeze(&site), b.freeze(&site));
}

#[test]
fn another_seed_changes_the_instruments() {
    let site = room();
    let mut a = Twin::new(&site, TwinParams::default(), Chance::new(1)).unwrap();
    let mut b = Twin::new(&site, TwinParams::default(), Chance::new(2)).unwrap();
    let r = put(&mut a, "a", fast(), 0.0, 0.0, 0.0);
    put(&mut b, "a", fast(), 0.0, 0.0, 0.0);
    run(&mut a, 5);
    run(&mut b, 5);
    assert_ne!(a.scan(r).unwrap(), b.scan(r).unwrap());
    assert_ne!(sum(&a), sum(&b));
    assert_eq!(a.truth(r), b.truth(r));
}

#[test]
fn one_robot_more_moves_no_noise_of_the_others() {
    let site = room();
    let (mut a, mut b) = (twin(&site), twin(&site));
    let r = put(&mut a, "a", fast(), 0.0, 0.0, 0.0);
    put(&mut b, "a", fast(), 0.0, 0.0, 0.0);
    put(&mut b, "zz", fast(), 0.0, -9.0, 0.0);
    a.step().unwrap();
    run(&mut a, 40);
    run(&mut b, 40);
    assert_eq!(a.readings(r).unwrap().yaw_rate_radps.to_bits(), b.readings(r).unwrap().yaw_rate_radps.to_bits());
}

#[test]
fn the_schedule_has_no_ambiguity_and_one_order() {
    let (_, t) = lively(&[0, 1]);
    let systems = t.schedule.systems().expect("it has run").count();
    assert_eq!(systems, 14);
    assert_eq!(t.schedule.graph().conflicting_systems().iter().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn a_world_thawed_at_any_tick_goes_on_with_the_same_bytes(before in 1u32..400, after in 1u32..80) {
        let (site, mut a) = lively(&[0, 1, 2, 3, 4]);
        for _ in 0..before {
            story(&mut a);
        }
        let bytes = a.freeze(&site);
        let mut b = Twin::thaw(&bytes, &site, TwinParams::default()).unwrap();
        prop_assert_eq!(b.freeze(&site), bytes);
        prop_assert_eq!(sum(&a), sum(&b));
        for _ in 0..after {
            story(&mut a);
            story(&mut b);
            prop_assert_eq!(sum(&a), sum(&b));
        }
        prop_assert_eq!(a.freeze(&site), b.freeze(&site));
    }
    #[test]
    fn broken_bytes_are_refused_without_a_panic(cut in 0usize..4000, flip in 0usize..4000) {
        let (site, t) = lively(&[0, 1]);
        let mut bytes = t.freeze(&site);
        bytes.truncate(cut.min(bytes.len() - 1));
        prop_assert!(Twin::thaw(&bytes, &site, TwinParams::default()).is_err());
        let mut bytes = t.freeze(&site);
        let n = bytes.len();
        bytes[flip % n] ^= 1;
        let _ = Twin::thaw(&bytes, &site, TwinParams::default());
    }
}

#[test]
fn a_world_of_another_site_or_tick_is_refused() {
    let (site, t) = lively(&[0]);
    let bytes = t.freeze(&site);
    assert!(Twin::thaw(&bytes, &room(), TwinParams::default()).is_err());
    let other = TwinParams { tick: nooterra_engine::Span::from_millis(10), ..TwinParams::default() };
    assert!(Twin::thaw(&bytes, &site, other).is_err());
}

/// A model came as bytes, and one of its sizes is no number: no body is made of it.
#[test]
fn a_model_without_numbers_is_refused() {
    let odd = 1.2345678912345;
    let (site, mut t) = lively(&[]);
    let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-6.0, -2.0, 0.0) };
    let spawn = |height_m| RobotSpawn { id: RobotId::named("odd"), model: RobotModel { height_m, ..fast() }, stand, charge_bps: 9_000 };
    assert!(t.add_robot(spawn(f64::NAN)).is_err() && t.add_robot(spawn(f64::INFINITY)).is_err());
    t.add_robot(spawn(odd)).unwrap();
    // Waiting to come in, and in the world.
    for _ in 0..2 {
        let mut bytes = t.freeze(&site);
        let at = bytes.windows(8).position(|w| w == odd.to_le_bytes()).expect("its height is in the bytes");
        bytes[at..at + 8].copy_from_slice(&f64::NAN.to_le_bytes());
        assert!(Twin::thaw(&bytes, &site, TwinParams::default()).is_err());
        t.step().unwrap();
    }
}
