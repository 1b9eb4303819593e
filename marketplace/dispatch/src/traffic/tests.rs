#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)] // test code
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // tests read files and measure time

mod areas;
mod maps;
mod sim;

pub(crate) mod support {
    pub(crate) use super::maps::{building, fleet};
    pub(crate) use super::sim::{Dice, drawn};
}

use super::*;
use sim::{CLASS, Dice, Sim, drawn};

/// A corridor of `n` places 2 m apart, with a bay of 2 m beside every place in `bays`.
fn corridor(n: u32, bays: &[u32]) -> nooterra_site::Site {
    let mut points: Vec<(f64, f64)> = (0..n).map(|i| (2.0 * f64::from(i), 0.0)).collect();
    let mut lanes: Vec<(u32, u32)> = (1..n).map(|i| (i - 1, i)).collect();
    for b in bays {
        lanes.push((*b, points.len() as u32));
        points.push((2.0 * f64::from(*b), 2.0));
    }
    drawn(&points, &lanes)
}

fn v(ix: u32) -> VertexIx {
    VertexIx::new(ix)
}

#[test]
fn an_empty_way_is_driven_without_waiting() {
    let site = corridor(6, &[]);
    let map = RoadMap::build(&site, &[CLASS]);
    let mut t = Traffic::new();
    let r = RobotId::named("a");
    t.add_robot(&map, r, 0, v(0), Instant::ZERO).unwrap();
    t.set_goal(&map, r, Goal::Vertex(v(5)), 0, Instant::ZERO).unwrap();
    let first = t.plan(&map, Instant::ZERO);
    assert_eq!(first.len(), 1);
    assert!(first[0].moves.len() >= 2, "several lanes at once");
    assert!(t.plan(&map, Instant::ZERO).is_empty(), "nothing twice");
    let more = first[0].moves[0];
    assert_eq!(t.reached(&map, r, more.seq, Instant::from_secs(4)), Ok(Progress::Moving));
    assert_eq!(t.plan(&map, Instant::from_secs(4))[0].moves.len(), 1, "the window moves on");
    assert_eq!(t.plans().0, 1, "no planning without cause");
}

#[test]
fn two_swap_ends_of_a_corridor_with_one_bay() {
    for bay in 1..7 {
        let site = corridor(8, &[bay]);
        let map = RoadMap::build(&site, &[CLASS]);
        let mut s = Sim::new(&map, &[(0, 0), (0, 7)], 5);
        s.aim(0, v(7));
        s.aim(1, v(0));
        // Both may not stand at each other's end for good: whoever arrives first stands fast, and the other comes after.
        s.settle(1_200_000);
    }
}

#[test]
fn four_pass_each_other_in_a_corridor_with_bays() {
    for seed in 0..10 {
        let site = corridor(12, &[3, 5, 8]);
        let map = RoadMap::build(&site, &[CLASS]);
        let mut s = Sim::new(&map, &[(0, 0), (0, 1), (0, 10), (0, 11)], seed);
        s.yields = true;
        for (i, g) in [11, 10, 1, 0].into_iter().enumerate() {
            s.aim(i, v(g));
        }
        s.settle(3_600_000);
        s.run_for(600_000);
        let at: Vec<u32> = s.bodies.iter().map(|b| b.at.ix).collect();
        assert_eq!(at, [11, 10, 1, 0], "in the end all stand at their goals, seed {seed} {}", s.story());
    }
}

#[test]
fn a_parked_robot_in_a_dead_end_comes_out_to_let_another_in() {
    // The dead end is 0..3, the only other places lie beyond 5.
    let site = corridor(9, &[6]);
    let map = RoadMap::build(&site, &[CLASS]);
    for seed in 0..5 {
        let mut s = Sim::new(&map, &[(0, 0), (0, 4)], seed);
        s.aim(1, v(0));
        s.settle(1_200_000);
        assert_eq!(s.bodies[1].at, v(0));
    }
}

#[test]
fn a_dead_robot_is_driven_around_and_comes_back() {
    // A ring of 12 places 2 m apart.
    let points: Vec<(f64, f64)> = (0..12).map(|i| if i < 6 { (2.0 * f64::from(i), 0.0) } else { (2.0 * f64::from(11 - i), 3.0) }).collect();
    let lanes: Vec<(u32, u32)> = (0..12).map(|i| (i, (i + 1) % 12)).collect();
    let site = drawn(&points, &lanes);
    let map = RoadMap::build(&site, &[CLASS]);
    for seed in 0..10 {
        let mut s = Sim::new(&map, &[(0, 0), (0, 6), (0, 9)], seed);
        s.yields = true;
        s.aim(0, v(4));
        s.aim(1, v(3));
        s.run_for(2_500);
        s.kill(0);
        s.aim(2, v(5));
        s.settle(600_000);
        s.revive(0);
        s.run_for(60_000);
        s.settle(600_000);
    }
}

#[test]
fn a_closed_lane_is_driven_around_or_waited_for() {
    let site = corridor(6, &[]);
    let map = RoadMap::build(&site, &[CLASS]);
    let mut s = Sim::new(&map, &[(0, 0)], 1);
    s.hiccup = u64::MAX;
    let lane = |a: u32, b: u32| {
        LaneIx::new((0..10).find(|l| map.lane_from(LaneIx::new(*l)) == v(a) && map.lane_to(LaneIx::new(*l)) == v(b)).unwrap())
    };
    s.traffic.close_lane(lane(3, 4));
    s.aim(0, v(5));
    s.run_for(60_000);
    assert_eq!(s.traffic.waits(&map)[0].cause, WaitCause::NoRoute);
    assert_eq!(s.bodies[0].at, v(0), "it does not drive where it cannot go on");
    s.traffic.open_lane(lane(3, 4));
    s.settle(60_000);
}

#[test]
fn more_urgent_goals_come_first() {
    // Both want the one place at the end.
    let site = corridor(6, &[2]);
    let map = RoadMap::build(&site, &[CLASS]);
    let mut s = Sim::new(&map, &[(0, 0), (0, 6)], 1);
    s.aim(0, v(5));
    let now = s.now();
    s.traffic.set_goal(&map, s.bodies[1].id, Goal::Vertex(v(5)), 5, now).unwrap();
    s.bodies[1].goal = Some(v(5));
    s.run_for(120_000);
    assert_eq!(s.bodies[1].at, v(5));
    assert_ne!(s.bodies[0].at, v(5));
}

#[test]
fn whoever_is_gone_before_the_other_could_arrive_goes_first() {
    let site = corridor(60, &[50]);
    let map = RoadMap::build(&site, &[CLASS]);
    // A robot was promised the place first; if it is far, the near one need not stand before an empty place meanwhile.
    for (from, first) in [(0, 1), (44, 0)] {
        let mut s = Sim::new(&map, &[(0, from), (0, 60)], 1);
        s.yields = true;
        s.aim(0, v(52));
        s.run_for(1_000);
        s.aim(1, v(52));
        while s.bodies.iter().all(|b| b.goal.is_some()) {
            assert!(s.now().0 < 60_000_000_000, "{}", s.story());
            s.run_for(100);
        }
        assert!(s.bodies[first].goal.is_none(), "from {from}: {}", s.story());
        s.settle(600_000);
    }
}

fn random_goals(site: &nooterra_site::Site, robots: usize, goals: u64, seed: u64) -> sim::Score {
    let map = RoadMap::build(site, &[CLASS]);
    let mut dice = Dice(seed);
    let mut starts: Vec<(u32, u32)> = Vec::new();
    while starts.len() < robots {
        let p = dice.roll(site.vertices.len() as u64) as u32;
        if starts.iter().all(|s| !map.vertices_conflict(0, v(p), 0, v(s.1))) {
            starts.push((0, p));
        }
    }
    let mut s = Sim::new(&map, &starts, seed);
    let all: Vec<VertexIx> = site.vertex_indexes().collect();
    let parking: Vec<VertexIx> = starts.iter().map(|s| v(s.1)).collect();
    s.rounds(goals, &vec![all; robots], &vec![parking; robots], 60 * 60_000);
    s.score
}

#[test]
fn random_trees() {
    for seed in 0..12 {
        let mut dice = Dice(1_000 + seed);
        // A tree on a square lattice: each new point hangs on an old one.
        let mut points = vec![(0i64, 0i64)];
        let mut lanes = vec![];
        while points.len() < 30 {
            let from = dice.roll(points.len() as u64) as usize;
            let (dx, dy) = [(1, 0), (-1, 0), (0, 1), (0, -1)][dice.roll(4) as usize];
            let p = (points[from].0 + dx, points[from].1 + dy);
            if !points.contains(&p) {
                lanes.push((from as u32, points.len() as u32));
                points.push(p);
            }
        }
        let points: Vec<(f64, f64)> = points.iter().map(|p| (p.0 as f64 * 1.5, p.1 as f64 * 1.5)).collect();
        let score = random_goals(&drawn(&points, &lanes), 4, 120, seed);
        println!("{score:?}");
    }
}

#[test]
fn random_grids() {
    for (w, h, robots) in [(4u32, 4u32, 6), (6, 6, 12), (10, 10, 20), (10, 10, 40)] {
        let at = |x: u32, y: u32| y * w + x;
        let points: Vec<(f64, f64)> = (0..w * h).map(|i| (f64::from(i % w) * 1.5, f64::from(i / w) * 1.5)).collect();
        let across = (0..h).flat_map(|y| (1..w).map(move |x| (at(x - 1, y), at(x, y))));
        let up = (1..h).flat_map(|y| (0..w).map(move |x| (at(x, y - 1), at(x, y))));
        let lanes: Vec<(u32, u32)> = across.chain(up).collect();
        let score = random_goals(&drawn(&points, &lanes), robots, 300, 7);
        println!("{w}x{h}: {score:?}");
    }
}

/// Aisles with cross ways, `w` by `h` places 2 m apart: a warehouse.
fn aisles(w: u32, h: u32) -> nooterra_site::Site {
    let at = |x: u32, y: u32| y * w + x;
    let points: Vec<(f64, f64)> = (0..w * h).map(|i| (f64::from(i % w) * 2.0, f64::from(i / w) * 2.0)).collect();
    let across = [0, h / 2, h - 1].into_iter().flat_map(|y| (1..w).map(move |x| (at(x - 1, y), at(x, y))));
    let up = (1..h).flat_map(|y| (0..w).map(move |x| (at(x, y - 1), at(x, y))));
    drawn(&points, &across.chain(up).collect::<Vec<_>>())
}

#[test]
fn fifty_robots_in_aisles() {
    let score = random_goals(&aisles(12, 15), 50, 300, 3);
    println!("50 robots: {score:?} mean {} us", score.plan_us_sum / u128::from(score.plans));
    let score = random_goals(&aisles(12, 15), 11, 300, 3);
    println!("11 robots: {score:?} mean {} us", score.plan_us_sum / u128::from(score.plans));
}

/// A ring of `n` places 2 m apart that is driven one way, with a station on a spur outside of each place in `stations`
/// and a bay inside of each in `bays`; stations first in what is given back.
fn one_way_ring(n: u32, stations: &[u32], bays: &[u32]) -> (nooterra_site::Site, Vec<VertexIx>, Vec<VertexIx>) {
    let round = std::f64::consts::TAU / f64::from(n);
    let radius_m = 2.0 / round;
    let at = |i: u32, r: f64| (r * (round * f64::from(i)).cos(), r * (round * f64::from(i)).sin());
    let mut points: Vec<(f64, f64)> = (0..n).map(|i| at(i, radius_m)).collect();
    let mut lanes: Vec<(u32, u32)> = (0..n).map(|i| (i, (i + 1) % n)).collect();
    for (list, r) in [(stations, radius_m + 2.0), (bays, radius_m - 2.0)] {
        for i in list {
            lanes.push((*i, points.len() as u32));
            points.push(at(*i, r));
        }
    }
    let mut site = drawn(&points, &lanes);
    // Of the ring's lanes only those one way around.
    site.lanes = site.lanes.into_iter().enumerate().filter(|(k, _)| *k >= 2 * n as usize || k % 2 == 0).map(|(_, l)| l).collect();
    for l in &mut site.lanes {
        l.reverse = None;
    }
    let spurs = |from: u32, n: usize| (from..from + n as u32).map(v).collect();
    (site, spurs(n, stations.len()), spurs(n + stations.len() as u32, bays.len()))
}

/// Everybody wants one of a few stations on a ring that is driven one way, and waits for it on the ring: whoever works
/// there has to get out through those who wait.
#[test]
fn many_robots_share_a_few_stations_of_a_one_way_ring() {
    let (site, stations, bays) = one_way_ring(24, &[0, 6, 12, 18], &[3, 9, 15, 21, 4, 16]);
    let map = RoadMap::build(&site, &[CLASS]);
    for (robots, seed) in [(8usize, 1), (10, 3), (12, 2), (12, 3), (12, 4), (12, 6), (14, 1), (14, 3)] {
        let starts: Vec<(u32, u32)> = (0..robots as u32).map(|i| (0, 2 * i + 1)).collect();
        let mut s = Sim::new(&map, &starts, seed);
        s.rounds(120, &vec![stations.clone(); robots], &vec![bays.clone(); robots], 1_800_000);
        println!("{robots} robots: {:?}", s.score);
    }
}

/// Six aisles of 25 places 3 m apart, driven one way and every other one the other way, seven cross ways that are driven
/// one way too, a station on a spur between each two of them, and chargers along the outer aisles.
fn one_way_warehouse() -> (nooterra_site::Site, Vec<VertexIx>, Vec<VertexIx>) {
    let (columns, rows) = (25u32, 6u32);
    let at = |r: u32, c: u32| r * columns + c;
    let mut points: Vec<(f64, f64)> = (0..rows * columns).map(|i| (3.0 * f64::from(i % columns), 5.0 * f64::from(i / columns))).collect();
    let mut one_way = Vec::new();
    for (r, c) in (0..rows).flat_map(|r| (1..columns).map(move |c| (r, c))) {
        one_way.push(if r % 2 == 0 { (at(r, c - 1), at(r, c)) } else { (at(r, c), at(r, c - 1)) });
    }
    for (r, c) in (1..rows).flat_map(|r| (0..columns).step_by(4).map(move |c| (r, c))) {
        let up = c + 1 == columns || c / 4 % 2 == 1;
        one_way.push(if up { (at(r - 1, c), at(r, c)) } else { (at(r, c), at(r - 1, c)) });
    }
    let mut lanes = one_way.clone();
    let mut spurs = |list: Vec<(u32, f64)>| -> Vec<VertexIx> {
        let hang = |(base, dy): (u32, f64)| {
            let (x, y) = points[base as usize];
            lanes.push((base, points.len() as u32));
            points.push((x, y + dy));
            v(points.len() as u32 - 1)
        };
        list.into_iter().map(hang).collect()
    };
    let stations = spurs((0..rows - 1).flat_map(|r| (2..columns).step_by(4).map(move |c| (at(r, c), 1.7))).collect());
    let chargers = spurs((0..columns).flat_map(|c| [(at(0, c), -2.0), (at(rows - 1, c), 2.0)]).collect());
    let mut site = drawn(&points, &lanes);
    site.lanes = site.lanes.into_iter().enumerate().filter(|(k, _)| *k >= 2 * one_way.len() || k % 2 == 0).map(|(_, l)| l).collect();
    for l in &mut site.lanes {
        l.reverse = None;
    }
    (site, stations, chargers)
}

/// A lattice with gaps, of two-way lanes or of one-way lanes in turns, from which every place can be left again; robots
/// on a quarter of the places.
fn random_network(seed: u64) -> Option<(nooterra_site::Site, usize)> {
    let mut dice = Dice(seed);
    let (w, h) = (4 + dice.roll(6) as u32, 4 + dice.roll(6) as u32);
    let gap_m = 1.4 + dice.roll(20) as f64 / 10.0;
    let at = |x: u32, y: u32| y * w + x;
    let points: Vec<(f64, f64)> = (0..w * h).map(|i| (f64::from(i % w) * gap_m, f64::from(i / w) * gap_m)).collect();
    let mut lanes = Vec::new();
    for (y, x) in (0..h).flat_map(|y| (1..w).map(move |x| (y, x))) {
        if y == 0 || y == h - 1 || dice.roll(4) > 0 {
            lanes.push((at(x - 1, y), at(x, y)));
        }
    }
    for (x, y) in (0..w).flat_map(|x| (1..h).map(move |y| (x, y))) {
        if x == 0 || dice.roll(3) > 0 {
            lanes.push((at(x, y - 1), at(x, y)));
        }
    }
    let mut site = drawn(&points, &lanes);
    if seed % 2 == 1 {
        // Rows are driven one way, every other one the other way.
        site.lanes.retain(|l| {
            let (row, forwards) = (l.from.ix / w, l.to.ix > l.from.ix);
            l.to.ix / w != row || forwards == (row % 2 == 0)
        });
        site.lanes.iter_mut().for_each(|l| l.reverse = None);
    }
    let map = RoadMap::build(&site, &[CLASS]);
    let joined = |p: VertexIx| map.travel_ms(0, p, v(0)).is_some() && map.travel_ms(0, v(0), p).is_some();
    site.vertex_indexes().all(joined).then_some((site, (w * h / 4) as usize))
}

#[test]
fn random_networks() {
    let (mut tried, mut seed) = (0, 0);
    while tried < 40 {
        seed += 1;
        let Some((site, robots)) = random_network(seed) else { continue };
        tried += 1;
        let score = random_goals(&site, robots, 150, seed);
        println!("seed {seed}, {robots} robots, {:.2}x: {score:?}", score.took_ms as f64 / score.free_ms as f64);
    }
}

/// What matters to whoever pays for a fleet is how much it gets done: a plan that is only safe lets robots wait.
#[test]
fn a_one_way_warehouse_keeps_moving() {
    let (site, stations, chargers) = one_way_warehouse();
    let map = RoadMap::build(&site, &[CLASS]);
    for (robots, least_per_min) in [(10usize, 2.8), (25, 5.5), (50, 5.5)] {
        let starts: Vec<(u32, u32)> = chargers.iter().take(robots).map(|v| (0, v.ix)).collect();
        let mut s = Sim::new(&map, &starts, 1);
        s.hiccup = u64::MAX;
        let goals = 10 * robots as u64;
        s.rounds(goals, &vec![stations.clone(); robots], &vec![chargers.clone(); robots], 3_600_000);
        let per_min = goals as f64 / (s.now_ms as f64 / 60e3);
        println!("{robots} robots: {per_min:.2} goals a minute, {:?}", s.score);
        assert!(per_min > least_per_min, "{robots} robots reach {per_min:.2} goals a minute");
        assert!(s.score.joint * 20 < s.score.plans, "{} of {} plans are knots", s.score.joint, s.score.plans);
    }
}

#[test]
fn places_closer_than_robots_are_wide() {
    // Places every 0.4 m: a robot of 0.3 m in radius stands on three of them.
    let mut points: Vec<(f64, f64)> = (0..30).map(|i| (0.4 * f64::from(i), 0.0)).collect();
    let mut lanes: Vec<(u32, u32)> = (1..30).map(|i| (i - 1, i)).collect();
    for b in [8u32, 20] {
        for k in 1..4 {
            lanes.push((if k == 1 { b } else { points.len() as u32 - 1 }, points.len() as u32));
            points.push((0.4 * f64::from(b), 0.4 * f64::from(k)));
        }
    }
    let site = drawn(&points, &lanes);
    for seed in 0..6 {
        let score = random_goals(&site, 3, 60, seed);
        assert_eq!(score.reached, 60);
    }
}

#[test]
fn robots_that_stand_too_close_come_apart() {
    let site = drawn(&[(0.0, 0.0), (2.0, 0.0), (2.4, 0.0), (4.4, 0.0), (2.0, 2.0)], &[(0, 1), (1, 2), (2, 3), (1, 4)]);
    let map = RoadMap::build(&site, &[CLASS]);
    for (a, b) in [(0, 3), (4, 3), (0, 2)] {
        let mut s = Sim::new(&map, &[(0, 1), (0, 2)], 3);
        assert_eq!(s.tight.len(), 1);
        s.aim(0, v(a));
        s.aim(1, v(b));
        s.settle(600_000);
    }
}

#[test]
fn nobody_is_put_where_another_is_about_to_drive() {
    let site = corridor(5, &[]);
    let map = RoadMap::build(&site, &[CLASS]);
    let mut t = Traffic::new();
    let (a, b) = (RobotId::named("a"), RobotId::named("b"));
    t.add_robot(&map, a, 0, v(0), Instant::ZERO).unwrap();
    t.set_goal(&map, a, Goal::Vertex(v(2)), 0, Instant::ZERO).unwrap();
    t.plan(&map, Instant::ZERO);
    assert_eq!(t.add_robot(&map, b, 0, v(1), Instant::ZERO), Err(TrafficError::Occupied { vertex: 1, by: a }));
    assert_eq!(t.add_robot(&map, b, 0, v(4), Instant::ZERO), Ok(()));
    assert_eq!(t.set_goal(&map, b, Goal::Vertex(v(9)), 0, Instant::ZERO), Err(TrafficError::OffGraph { vertex: 9, class: 0 }));
    assert_eq!(t.reached(&map, b, 77, Instant::ZERO), Err(TrafficError::UnknownMove { robot: b, seq: 77 }));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let run = || {
        let site = corridor(12, &[3, 5, 8]);
        let map = RoadMap::build(&site, &[CLASS]);
        let mut s = Sim::new(&map, &[(0, 0), (0, 2), (0, 9), (0, 11)], 4);
        let all: Vec<VertexIx> = site.vertex_indexes().collect();
        s.chaos = true;
        s.rounds(40, &vec![all.clone(); 4], &vec![all; 4], 3_600_000);
        nooterra_engine::encode(&s.traffic)
    };
    assert_eq!(run(), run());
}
