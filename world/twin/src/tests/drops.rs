//! Boxes that drop where somebody is.
use super::*;

const LEVEL: LevelIx = LevelIx::new(0);

fn spawn(along: &[Segment]) -> ObstacleSpawn {
    let stand = Stand { level: LEVEL, pose: Pose2::default() };
    ObstacleSpawn { key: 1, stand, size_m: [0.6, 0.6, 0.5], along: along.to_vec() }
}

fn lane(from_m: f64, to_m: f64) -> Segment {
    Segment::new(Vec2::new(from_m, 0.0), Vec2::new(to_m, 0.0))
}

/// Does a box stand there?
fn is_at(t: &Twin, x: f64) -> bool {
    matches!(t.inside(LEVEL, Vec2::new(x, 0.0), 0.05, None), Some(Party::Obstacle { .. }))
}

fn marked(name: &str) -> bool {
    nooterra_engine::marks::take().sometimes.get(name).is_some_and(|(reached, _)| *reached == 1)
}

#[test]
fn on_a_robot_it_goes_to_the_nearest_free_spot_of_its_lane() {
    nooterra_engine::marks::take();
    let mut t = twin(&room());
    put(&mut t, "a", fast(), -0.1, 0.0, 0.0);
    t.begin_fault(PhysicalFault::Obstacle { spawn: spawn(&[lane(-4.0, 4.0)]) }).unwrap();
    run(&mut t, 20);
    assert!(t.contacts().is_empty());
    // Radius 0.3, gap 0.1 and half a box from the robot, in steps of ten centimetres.
    assert!(is_at(&t, 0.6) && !is_at(&t, 0.2));
    assert!(marked("obstacle put beside the spot"));
}

#[test]
fn it_does_not_drop_before_a_robot_that_could_not_stop() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), -3.0, 0.0, 0.0);
    t.drive(r, go(1.5, 0.0)).unwrap();
    while place(&t, r).x < -1.2 {
        t.step().unwrap();
    }
    t.begin_fault(PhysicalFault::Obstacle { spawn: spawn(&[lane(-4.0, 4.0)]) }).unwrap();
    // It brakes a moment later, as one does who sees the box.
    run(&mut t, 13);
    t.drive(r, DriveCommand { stop: true, ..DriveCommand::default() }).unwrap();
    for _ in 0..150 {
        t.step().unwrap();
        assert!(t.contacts().is_empty(), "at {}", place(&t, r).x);
    }
    assert!((0..80).any(|k| is_at(&t, -4.0 + 0.1 * f64::from(k))), "it stands somewhere on the lane");
}

#[test]
fn on_a_full_lane_it_waits_and_says_so_once() {
    nooterra_engine::marks::take();
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    put(&mut t, "b", fast(), 1.0, 0.0, 0.0);
    let before = sum(&t);
    t.begin_fault(PhysicalFault::Obstacle { spawn: spawn(&[lane(-0.8, 0.8)]) }).unwrap();
    run(&mut t, 50);
    assert!(!(-8..=8).any(|k| is_at(&t, 0.1 * f64::from(k))));
    assert_ne!(sum(&t), before);
    assert!(marked("obstacle waited for room"));
    run(&mut t, 50);
    assert!(!marked("obstacle waited for room"), "said again");
    t.drive(r, go(0.0, 0.0)).unwrap();
    t.take_away(r, None).unwrap();
    run(&mut t, 5);
    assert!(is_at(&t, 0.0), "where it was asked for");
}

#[test]
fn frozen_while_it_waits_it_goes_on_bit_equal() {
    let site = room();
    let mut a = twin(&site);
    let r = put(&mut a, "a", fast(), 0.0, 0.0, 0.0);
    a.begin_fault(PhysicalFault::Obstacle { spawn: spawn(&[lane(-0.4, 0.4)]) }).unwrap();
    run(&mut a, 30);
    let bytes = a.freeze(&site);
    let mut b = Twin::thaw(&bytes, &site, TwinParams::default()).unwrap();
    assert_eq!(b.freeze(&site), bytes);
    assert_eq!(sum(&a), sum(&b));
    for tick in 0..200 {
        for t in [&mut a, &mut b] {
            t.drive(r, go(0.7, 0.0)).unwrap();
            t.step().unwrap();
        }
        assert_eq!(sum(&a), sum(&b), "tick {tick}");
    }
    assert!(is_at(&a, 0.0) && is_at(&b, 0.0));
    assert_eq!(a.freeze(&site), b.freeze(&site));
}

#[test]
fn ended_while_it_waits_it_never_comes() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), 0.0, 0.0, 0.0);
    let n = t.begin_fault(PhysicalFault::Obstacle { spawn: spawn(&[]) }).unwrap();
    run(&mut t, 10);
    t.end_fault(n);
    t.take_away(r, None).unwrap();
    run(&mut t, 10);
    assert!(!is_at(&t, 0.0));
}

#[test]
fn a_load_in_the_way_is_left_alone() {
    let mut t = twin(&room());
    let id = nooterra_engine::ids::ItemId::named("crate");
    let stand = Stand { level: LEVEL, pose: Pose2::new(0.2, 0.0, 0.0) };
    t.add_load(LoadSpawn { id, stand, size_m: [0.4, 0.4, 0.4], mass_kg: 5.0, stored: false }).unwrap();
    run(&mut t, 5);
    t.begin_fault(PhysicalFault::Obstacle { spawn: spawn(&[lane(-4.0, 4.0)]) }).unwrap();
    run(&mut t, 20);
    assert!(is_at(&t, -0.5), "on the side that is nearer");
}
