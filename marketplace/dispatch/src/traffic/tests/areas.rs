//! Areas that a robot may not enter: driven around, left, never entered.

use super::sim::{CLASS, Dice, Sim, drawn};
use super::v;
use crate::traffic::*;
use nooterra_engine::geom::Vec2;
use nooterra_site::{Area, AreaClass, LevelIx, Site};
use std::collections::BTreeSet;

fn around(site: &mut Site, name: &str, at: u32, half_m: f64, class: AreaClass) {
    let c = site.vertices[at as usize].at;
    let corner = |x: f64, y: f64| Vec2::new(c.x + x * half_m, c.y + y * half_m);
    let ring = vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
    site.areas.push(Area { name: name.into(), level: LevelIx::new(0), ring, class });
}

/// A ring of 12 places 2 m apart, with an area about the third.
fn ring(class: AreaClass) -> RoadMap {
    let points: Vec<(f64, f64)> = (0..12).map(|i| if i < 6 { (2.0 * f64::from(i), 0.0) } else { (2.0 * f64::from(11 - i), 3.0) }).collect();
    let lanes: Vec<(u32, u32)> = (0..12).map(|i| (i, (i + 1) % 12)).collect();
    let mut site = drawn(&points, &lanes);
    around(&mut site, "vault", 2, 0.7, class);
    RoadMap::build(&site, &[CLASS])
}

/// Where a robot drives on its way.
fn path(s: &mut Sim<'_>, until_ms: u64) -> Vec<u32> {
    let mut out = vec![s.bodies[0].at.ix];
    while s.now_ms < until_ms && s.bodies[0].goal.is_some() && s.step() {
        if out.last() != Some(&s.bodies[0].at.ix) {
            out.push(s.bodies[0].at.ix);
        }
    }
    out
}

#[test]
fn whoever_may_not_enter_drives_around_and_whoever_may_drives_through() {
    let map = ring(AreaClass::Private);
    assert_eq!(map.guarded(), &BTreeSet::from([0]));
    let none = BTreeSet::new();
    let (short, long) =
        (map.travel_without_ms(0, v(0), v(4), &none).unwrap(), map.travel_without_ms(0, v(0), v(4), map.guarded()).unwrap());
    assert!(long > short * 3 / 2, "{short} {long}");
    let mut s = Sim::new(&map, &[(0, 0)], 1);
    s.aim(0, v(4));
    assert_eq!(path(&mut s, 600_000), [0, 11, 10, 9, 8, 7, 6, 5, 4], "as every robot without a plan");
    let id = s.bodies[0].id;
    assert_eq!(s.traffic.bar(&map, id, none), Ok(false));
    s.aim(0, v(0));
    assert_eq!(path(&mut s, 1_200_000), [4, 3, 2, 1, 0]);
    let map = ring(AreaClass::Public);
    let mut s = Sim::new(&map, &[(0, 0)], 1);
    s.aim(0, v(4));
    assert_eq!(path(&mut s, 600_000), [0, 1, 2, 3, 4], "an area for everybody changes nothing");
}

#[test]
fn a_place_in_an_area_is_reached_once_it_may_be_entered() {
    let map = ring(AreaClass::Restricted);
    let mut s = Sim::new(&map, &[(0, 0)], 1);
    s.aim(0, v(2));
    s.run_for(120_000);
    let id = s.bodies[0].id;
    assert!(s.traffic.waits(&map).iter().any(|w| w.cause == WaitCause::NoRoute), "{}", s.story());
    assert!(!map.is_in(0, s.traffic.at(id).unwrap(), map.guarded()));
    assert_eq!(s.traffic.bar(&map, id, BTreeSet::new()), Ok(false));
    s.settle(600_000);
    assert_eq!(s.bodies[0].at, v(2));
    // Its right is over: it leaves and does not come back.
    assert_eq!(s.traffic.bar(&map, id, map.guarded().clone()), Ok(false));
    s.aim(0, v(3));
    s.settle(600_000);
    s.aim(0, v(2));
    s.run_for(120_000);
    assert_ne!(s.bodies[0].at, v(2));
}

#[test]
fn an_entrance_is_shut_inward_and_a_level_from_the_cabin() {
    // A row whose first place is where robots wait, with a door in the middle and a lift at its end.
    let mut site = drawn(&[(0.0, 0.0), (2.0, 0.0), (4.0, 0.0), (6.0, 0.0), (8.0, 0.0)], &[(0, 1), (1, 2), (2, 3), (3, 4)]);
    site.vertices[0].flags.is_parking_spot = true;
    let lane = |site: &Site, a: u32, b: u32| {
        site.lane_indexes().find(|l| (site.lanes[l.at()].from, site.lanes[l.at()].to) == (v(a), v(b))).unwrap()
    };
    site.doors.push(nooterra_site::model::Door {
        name: "gate".into(),
        level: LevelIx::new(0),
        line: nooterra_engine::geom::Segment::new(Vec2::new(3.0, -0.5), Vec2::new(3.0, 0.5)),
        kind: nooterra_site::model::DoorKind::Sliding,
        at_end: false,
        swing_rad: 0.0,
        direction: 1,
        right_left_ratio: 1.0,
    });
    let (inward, outward, out_of_cabin) = (lane(&site, 1, 2), lane(&site, 2, 1), lane(&site, 3, 4));
    for l in [inward, outward] {
        site.lanes[l.at()].doors = vec![nooterra_site::DoorIx::new(0)];
    }
    site.vertices[3].lift = Some(nooterra_site::LiftIx::new(0));
    site.lifts.push(nooterra_site::model::Lift {
        name: "lift".into(),
        at: Vec2::new(6.0, 0.0),
        yaw_rad: 0.0,
        width_m: 1.0,
        depth_m: 1.0,
        stops: vec![],
        doors: vec![],
        initial_level: LevelIx::new(0),
    });
    let map = RoadMap::build(&site, &[CLASS]);
    let gate: BTreeSet<u32> = [entrance_bar(0)].into();
    assert!(map.is_shut(0, inward, &gate) && !map.is_shut(0, outward, &gate));
    assert!(map.leads_in(inward, 0) && !map.leads_in(outward, 0) && !map.leads_in(inward, 1));
    assert_eq!(map.travel_without_ms(0, v(0), v(2), &gate), None);
    assert!(map.travel_without_ms(0, v(2), v(0), &gate).is_some(), "whoever is behind it comes out");
    let level: BTreeSet<u32> = [level_bar(LevelIx::new(0))].into();
    assert!(map.is_shut(0, out_of_cabin, &level) && !map.is_shut(0, inward, &level), "who is on the level drives about there");
    assert!(!map.is_shut(0, out_of_cabin, &[level_bar(LevelIx::new(1))].into()));
    // Traffic leads nobody there, and tells of moves that it had let go before.
    let mut t = Traffic::new();
    let r = RobotId::named("a");
    t.add_robot(&map, r, 0, v(0), Instant::ZERO).unwrap();
    t.set_goal(&map, r, Goal::Vertex(v(2)), 0, Instant::ZERO).unwrap();
    assert!(!t.plan(&map, Instant::ZERO).is_empty());
    assert_eq!(t.bar(&map, r, gate), Ok(true));
}

#[test]
fn moves_that_lead_into_what_was_just_barred_are_told() {
    let map = ring(AreaClass::Private);
    let mut t = Traffic::new();
    let r = RobotId::named("a");
    t.add_robot(&map, r, 0, v(0), Instant::ZERO).unwrap();
    assert_eq!(t.bar(&map, r, BTreeSet::new()), Ok(false));
    t.set_goal(&map, r, Goal::Vertex(v(2)), 0, Instant::ZERO).unwrap();
    assert!(t.plan(&map, Instant::ZERO)[0].moves.len() >= 2);
    assert_eq!(t.bar(&map, r, map.guarded().clone()), Ok(true), "it was let onto the lane there");
    assert_eq!(t.bar(&map, r, map.guarded().clone()), Ok(false), "nothing is new");
    assert_eq!(t.bar(&map, RobotId::named("b"), BTreeSet::new()), Err(TrafficError::UnknownRobot(RobotId::named("b"))));
}

/// Many robots with random rights that change now and then, on a grid with three areas: whatever happens, no move that is
/// planned or let go leads a robot from outside into what it may not enter, and whoever may get there gets there.
#[test]
fn nobody_is_ever_led_into_what_it_may_not_enter() {
    for seed in 0..12u64 {
        let (w, h) = (6u32, 5u32);
        let points: Vec<(f64, f64)> = (0..w * h).map(|i| (2.0 * f64::from(i % w), 2.0 * f64::from(i / w))).collect();
        let across = (0..w * h).filter(|i| i % w + 1 < w).map(|i| (i, i + 1));
        let lanes: Vec<(u32, u32)> = across.chain((0..w * (h - 1)).map(|i| (i, i + w))).collect();
        let mut site = drawn(&points, &lanes);
        around(&mut site, "one", 8, 0.8, AreaClass::Private);
        around(&mut site, "two", 15, 1.2, AreaClass::Restricted);
        around(&mut site, "three", 21, 2.2, AreaClass::Private);
        let map = RoadMap::build(&site, &[CLASS]);
        let robots = [(0, 0), (0, 5), (0, 24), (0, 29), (0, 2)];
        let mut s = Sim::new(&map, &robots, seed);
        s.yields = true;
        let mut dice = Dice(seed + 100);
        let all: Vec<VertexIx> = (0..w * h).map(v).collect();
        // Moves that were let go before their area was barred are still made, and not asked about again.
        let mut pardoned: BTreeSet<(usize, u64)> = BTreeSet::new();
        for _ in 0..60 {
            let i = dice.roll(robots.len() as u64) as usize;
            let id = s.bodies[i].id;
            let barred: BTreeSet<u32> = (0..3).filter(|_| dice.roll(2) == 0).collect();
            s.traffic.bar(&map, id, barred).unwrap();
            pardoned.extend(s.traffic.moves(&map, id).filter(|(_, released)| *released).map(|(m, _)| (i, m.seq)));
            let goal = all[dice.roll(all.len() as u64) as usize];
            let from = s.traffic.moves(&map, id).filter(|(_, r)| *r).last().map_or(s.traffic.at(id).unwrap(), |(m, _)| m.to);
            let reachable = map.travel_without_ms(0, from, goal, s.traffic.barred(id).unwrap()).is_some();
            if reachable {
                s.aim(i, goal);
            }
            for _ in 0..20 {
                if !s.step() {
                    break;
                }
                for (i, b) in s.bodies.iter().enumerate() {
                    let barred = s.traffic.barred(b.id).unwrap();
                    for (m, _) in s.traffic.moves(&map, b.id).filter(|(m, _)| !pardoned.contains(&(i, m.seq))) {
                        assert!(!map.is_shut(0, m.lane, barred), "robot {i} into {barred:?} by {m:?}, seed {seed} {}", s.story());
                    }
                }
            }
        }
    }
}
