//! Loads that one robot puts down and another takes up, and people who carry them.
use super::*;
use nooterra_engine::ids::ItemId;

fn parcel(t: &mut Twin) -> LoadIx {
    let id = ItemId::named("box");
    let stand = Stand { level: LevelIx::new(0), pose: Pose2::new(-5.0, 5.0, 0.0) };
    t.add_load(LoadSpawn { id, stand, size_m: [0.3, 0.3, 0.2], mass_kg: 6.0, stored: true }).unwrap();
    t.step().unwrap();
    t.load_named(id).unwrap()
}

fn done(t: &mut Twin, r: RobotIx) -> Handled {
    run(t, 160);
    t.readings(r).unwrap().handled
}

#[test]
fn what_one_robot_puts_down_another_takes_up() {
    let site = two_rooms(DoorKind::Sliding);
    let mut t = twin(&site);
    let (a, b) = (put(&mut t, "a", fast(), -5.0, 4.5, 0.0), put(&mut t, "b", fast(), -5.5, 5.3, 0.0));
    let l = parcel(&mut t);
    t.handle(a, DeckCommand::Take { load: l }).unwrap();
    assert_eq!(done(&mut t, a), Handled::Taken);
    t.handle(b, DeckCommand::Take { load: l }).unwrap();
    assert_eq!(done(&mut t, b), Handled::Occupied, "from another's deck nobody takes it");
    let carried = sum(&t);
    t.handle(a, DeckCommand::Place { vertex: SHELF }).unwrap();
    assert_eq!(done(&mut t, a), Handled::Placed);
    assert_ne!(sum(&t), carried, "where a load lies is part of the digest");
    let frozen = t.freeze(&site);
    let mut u = Twin::thaw(&frozen, &site, TwinParams::default()).unwrap();
    assert_eq!(u.freeze(&site), frozen, "the same bytes with a load lying there");
    for w in [&mut t, &mut u] {
        w.handle(b, DeckCommand::Take { load: l }).unwrap();
    }
    for tick in 0..300 {
        t.step().unwrap();
        u.step().unwrap();
        assert_eq!(sum(&t), sum(&u), "tick {tick}");
    }
    assert_eq!(t.whereabouts(l), Some(Whereabouts::Carried { robot: b }));
    assert_eq!(t.freeze(&site), u.freeze(&site));
    t.handle(a, DeckCommand::Place { vertex: SHELF }).unwrap();
    assert_eq!(done(&mut t, a), Handled::Empty, "it is on one deck only");
}

#[test]
fn people_carry_what_lies_where_they_look() {
    let site = two_rooms(DoorKind::Sliding);
    let mut t = twin(&site);
    let r = put(&mut t, "a", fast(), -5.0, 4.5, 0.0);
    let l = parcel(&mut t);
    assert!(!t.carry(l, BENCH, SHELF), "it does not lie at the bench");
    assert!(!t.carry(LoadIx::new(9), SHELF, BENCH), "there is no such load");
    assert!(!t.carry(l, SHELF, VertexIx::new(999)));
    assert!(t.carry(l, SHELF, BENCH));
    assert!(matches!(t.whereabouts(l), Some(Whereabouts::Stored { stand }) if stand.pose.at.dist(Vec2::new(5.0, 5.0)) < 1e-3));
    assert!(t.carry(l, BENCH, SHELF));
    t.handle(r, DeckCommand::Take { load: l }).unwrap();
    assert_eq!(done(&mut t, r), Handled::Taken);
    assert!(!t.carry(l, SHELF, BENCH), "what a robot has they leave");
    // One that fell lies loose; on a shelf it is in nobody's way any more.
    t.handle(r, DeckCommand::Release).unwrap();
    assert_eq!(done(&mut t, r), Handled::Released);
    let Some(Whereabouts::Loose { stand }) = t.whereabouts(l) else { panic!("{:?}", t.whereabouts(l)) };
    assert_eq!(t.inside(LevelIx::new(0), stand.pose.at, 0.1, None), Some(Party::Load { load: l }));
    assert!(t.carry(l, SHELF, BENCH));
    run(&mut t, 5);
    assert_eq!(t.inside(LevelIx::new(0), stand.pose.at, 0.1, None), None);
    let mut u = Twin::thaw(&t.freeze(&site), &site, TwinParams::default()).unwrap();
    for _ in 0..50 {
        t.step().unwrap();
        u.step().unwrap();
    }
    assert_eq!(t.freeze(&site), u.freeze(&site));
}
