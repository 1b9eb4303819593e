//! Robots, doors and lifts in steps of 100 ms, with requests and reports that get lost or come late.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)] // test code
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // tests read files and measure time

use super::*;
use crate::traffic::tests_support::{Dice, building, drawn, fleet};
use crate::traffic::{Goal, RoadMap, Traffic};
use nooterra_engine::geom::Vec2;
use nooterra_engine::{decode, encode};

const STEP_MS: u64 = 100;

struct DoorBody {
    /// 0 closed, 30 open.
    share: u32,
    opens: bool,
    number: u64,
    jammed: bool,
}

struct LiftBody {
    level: LevelIx,
    /// Steps left to travel.
    travel: u32,
    /// 0 closed, 30 open.
    doors: u32,
    target: LevelIx,
    session: Option<RobotId>,
    number: u64,
    out_of_order: bool,
}

impl LiftBody {
    fn report(&self) -> LiftReport {
        LiftReport {
            level: self.level,
            is_open: self.travel == 0 && self.doors == 30 && self.level == self.target,
            session: self.session,
            is_available: !self.out_of_order,
            number: self.number,
        }
    }
}

enum Post {
    Door(DoorIx, bool, u64),
    Lift(LiftIx, LevelIx, RobotId, u64),
    LiftEnd(LiftIx, RobotId, u64),
    DoorSays(DoorIx, DoorMode, u64),
    LiftSays(LiftIx, LiftReport),
}

struct Body {
    id: RobotId,
    class: u32,
    queue: VecDeque<Move>,
    driving: Option<(Move, u64)>,
    goal: Option<VertexIx>,
    rest_until: u64,
}

struct House<'a> {
    site: &'a Site,
    map: RoadMap,
    traffic: Traffic,
    facilities: Facilities,
    bodies: Vec<Body>,
    doors: Vec<DoorBody>,
    lifts: Vec<LiftBody>,
    post: Vec<(u64, Post)>,
    now_ms: u64,
    dice: Dice,
    loss: u64,
    reached: u64,
    rides: u64,
    passed: u64,
    jams: u64,
}

impl<'a> House<'a> {
    fn new(site: &'a Site, loss: u64, seed: u64) -> Self {
        let f = fleet(site);
        let map = RoadMap::build(site, &f.classes);
        let (mut traffic, mut facilities, mut bodies) = (Traffic::new(), Facilities::new(), vec![]);
        for (i, (class, v)) in f.robots.iter().enumerate() {
            let id = RobotId::named(&format!("r{i}"));
            traffic.add_robot(&map, id, *class, VertexIx::new(*v), Instant::ZERO).unwrap();
            facilities.placed(site, id, VertexIx::new(*v));
            bodies.push(Body { id, class: *class, queue: VecDeque::new(), driving: None, goal: None, rest_until: 0 });
        }
        let doors = site.doors.iter().map(|_| DoorBody { share: 0, opens: false, number: 0, jammed: false }).collect();
        let lift = |l: &nooterra_site::model::Lift| LiftBody {
            level: l.initial_level,
            travel: 0,
            doors: 0,
            target: l.initial_level,
            session: None,
            number: 0,
            out_of_order: false,
        };
        let lifts = site.lifts.iter().map(lift).collect();
        Self {
            site,
            map,
            traffic,
            facilities,
            bodies,
            doors,
            lifts,
            post: vec![],
            now_ms: 0,
            dice: Dice(seed),
            loss,
            reached: 0,
            rides: 0,
            passed: 0,
            jams: 0,
        }
    }
    fn now(&self) -> Instant {
        Instant(self.now_ms * 1_000_000)
    }
    fn send(&mut self, p: Post) {
        if self.dice.roll(100) >= self.loss {
            let late = 50 + self.dice.roll(if self.loss > 0 { 1_500 } else { 50 });
            self.post.push((self.now_ms + late, p));
        }
    }
    fn deliver(&mut self) {
        let now = self.now();
        let (due, later) = std::mem::take(&mut self.post).into_iter().partition(|(t, _)| *t <= self.now_ms);
        self.post = later;
        let due: Vec<(u64, Post)> = due;
        for (_, p) in due {
            match p {
                Post::Door(d, open, number) => {
                    let b = &mut self.doors[d.at()];
                    if number >= b.number {
                        (b.opens, b.number) = (open, number);
                    }
                }
                Post::Lift(l, level, id, number) => {
                    let b = &mut self.lifts[l.at()];
                    if number >= b.number {
                        (b.session, b.number) = (Some(id), number);
                        if b.travel == 0 {
                            b.target = level;
                        }
                    }
                }
                Post::LiftEnd(l, id, number) => {
                    let b = &mut self.lifts[l.at()];
                    if number >= b.number {
                        b.number = number;
                        b.session = b.session.filter(|s| *s != id);
                    }
                }
                Post::DoorSays(d, mode, number) => self.facilities.door_state(d, mode, number, now),
                Post::LiftSays(l, r) => self.facilities.lift_state(l, r),
            }
        }
    }
    fn mode(&self, d: DoorIx) -> DoorMode {
        match self.doors[d.at()].share {
            0 => DoorMode::Closed,
            30 => DoorMode::Open,
            _ => DoorMode::Moving,
        }
    }
    fn machines(&mut self) {
        for d in &mut self.doors {
            if !d.jammed {
                d.share = if d.opens { (d.share + 1).min(30) } else { d.share.saturating_sub(1) };
            }
        }
        for l in &mut self.lifts {
            if l.out_of_order {
                continue;
            }
            let stays_open = l.session.is_some() && l.level == l.target;
            if l.travel > 0 {
                l.travel -= 1;
                if l.travel == 0 {
                    l.level = l.target;
                }
            } else if stays_open {
                l.doors = (l.doors + 1).min(30);
            } else if l.doors > 0 {
                l.doors -= 1;
            } else if l.level != l.target {
                l.travel = 80;
            }
        }
        if self.now_ms.is_multiple_of(1_000) {
            for d in 0..self.doors.len() as u32 {
                let mode = self.mode(DoorIx::new(d));
                let number = self.doors[d as usize].number;
                self.send(Post::DoorSays(DoorIx::new(d), mode, number));
            }
            for l in 0..self.lifts.len() as u32 {
                let r = self.lifts[l as usize].report();
                self.send(Post::LiftSays(LiftIx::new(l), r));
            }
        }
    }
    fn step(&mut self) {
        self.now_ms += STEP_MS;
        self.machines();
        self.deliver();
        self.drive();
        // As control drives it: traffic plans, facilities decide what goes ahead, and what they take back is planned anew.
        for _ in 0..4 {
            let releases = self.traffic.plan(&self.map, self.now());
            self.facilities.released(self.site, &releases);
            let wishes = self.facilities.step(self.site, self.now());
            let mut again = false;
            for w in wishes {
                match w {
                    Wish::GoAhead { robot, moves } => self.bodies.iter_mut().find(|b| b.id == robot).unwrap().queue.extend(moves),
                    Wish::Door { door, open, number } => self.send(Post::Door(door, open, number)),
                    Wish::Lift { lift, level, session, number } => self.send(Post::Lift(lift, level, session, number)),
                    Wish::LiftEnd { lift, session, number } => self.send(Post::LiftEnd(lift, session, number)),
                    Wish::CloseLanes { lanes } => {
                        self.jams += 1;
                        lanes.into_iter().for_each(|l| self.traffic.close_lane(l));
                        again = true;
                    }
                    Wish::OpenLanes { lanes } => {
                        lanes.into_iter().for_each(|l| self.traffic.open_lane(l));
                        again = true;
                    }
                    Wish::Withdrawn { robot, seq } => {
                        self.traffic.withdraw(robot, seq).unwrap();
                        again = true;
                    }
                }
            }
            if !again {
                break;
            }
        }
        for (id, at) in self.traffic.arrivals() {
            let rest_until = self.now_ms + self.dice.roll(10_000);
            let b = self.bodies.iter_mut().find(|b| b.id == id).unwrap();
            assert_eq!(b.goal.take(), Some(at), "every arrival once");
            b.rest_until = rest_until;
            self.reached += 1;
        }
    }
    fn drive(&mut self) {
        for i in 0..self.bodies.len() {
            if self.bodies[i].driving.is_none()
                && let Some(m) = self.bodies[i].queue.pop_front()
            {
                let lane = &self.site.lanes[m.lane.at()];
                let ms = if lane.ride.is_some() { 500 } else { lane.length_mm * 2 * (100 + self.dice.roll(60)) / 100 + 100 };
                self.bodies[i].driving = Some((m, self.now_ms + ms));
                self.passed += lane.doors.len() as u64;
                self.rides += u64::from(lane.ride.is_some());
            }
            let Some((m, ends)) = self.bodies[i].driving else { continue };
            self.watch(i, m);
            if ends <= self.now_ms {
                let id = self.bodies[i].id;
                self.bodies[i].driving = None;
                self.traffic.reached(&self.map, id, m.seq, self.now()).unwrap();
                self.facilities.reached(self.site, id, m.seq);
            }
        }
    }
    /// Nobody drives through a door that is not open, nor into or out of a lift that is not there.
    fn watch(&self, i: usize, m: Move) {
        let lane = &self.site.lanes[m.lane.at()];
        for d in &lane.doors {
            assert!(self.doors[d.at()].share == 30, "robot {i} in door {d:?} at {}", self.now_ms);
        }
        if let Some(l) = lane.lift_door.or(lane.ride) {
            let b = &self.lifts[l.at()];
            let level = self.site.vertices[lane.to.at()].level;
            assert!(
                b.report().is_open && b.level == level && b.session == Some(self.bodies[i].id),
                "robot {i} at lift {l:?} at {}",
                self.now_ms
            );
        }
    }
    fn errands(&mut self) {
        for i in 0..self.bodies.len() {
            let b = &self.bodies[i];
            if b.goal.is_none() && b.rest_until <= self.now_ms {
                let from = self.traffic.at(b.id).unwrap();
                let to = VertexIx::new(self.dice.roll(self.site.vertices.len() as u64) as u32);
                let b = &mut self.bodies[i];
                let back = self.map.travel_ms(b.class, to, from).is_some();
                if back && self.map.travel_ms(b.class, from, to).is_some_and(|t| t > 0) && self.site.vertices[to.at()].lift.is_none() {
                    b.goal = Some(to);
                    b.rest_until = self.now_ms;
                    self.traffic.set_goal(&self.map, b.id, Goal::Vertex(to), 0, Instant(self.now_ms * 1_000_000)).unwrap();
                }
            }
        }
    }
    fn rounds(&mut self, goals: u64, bound_ms: u64) {
        while self.reached < goals {
            self.errands();
            self.step();
            for b in &self.bodies {
                let late = b.goal.is_some() && self.now_ms - b.rest_until > bound_ms;
                let lifts: Vec<_> = self.lifts.iter().map(|l| (l.report(), l.target)).collect();
                assert!(
                    !late,
                    "{} never came to {:?} (at {:?}, {:?}) at {}: {:?} {lifts:?}",
                    b.id,
                    b.goal,
                    self.traffic.at(b.id),
                    self.facilities.waiting(b.id),
                    self.now_ms,
                    self.traffic.waits(&self.map)
                );
            }
            if self.now_ms.is_multiple_of(10_000) {
                let bytes = encode(&self.facilities);
                self.facilities = decode(&bytes).unwrap();
                assert_eq!(encode(&self.facilities), bytes);
            }
        }
    }
}

#[test]
fn doors_and_lifts_of_the_hotel_are_ready_for_every_move() {
    let site = building("hotel.building.yaml");
    for (seed, loss) in [(1, 0), (2, 20), (3, 40)] {
        let mut h = House::new(&site, loss, seed);
        h.rounds(60, 3_600_000);
        println!(
            "loss {loss} %: {} goals in {} s, {} doors passed, {} rides, {} jams",
            h.reached,
            h.now_ms / 1000,
            h.passed,
            h.rides,
            h.jams
        );
        assert!(h.rides > 0 && h.passed > 0);
    }
}

#[test]
fn a_jammed_door_and_a_broken_lift_are_given_up_and_tried_again() {
    let site = building("hotel.building.yaml");
    let mut h = House::new(&site, 5, 9);
    h.rounds(10, 3_600_000);
    h.doors.iter_mut().for_each(|d| d.jammed = true);
    h.lifts.iter_mut().for_each(|l| l.out_of_order = l.session.is_none());
    let before = h.now_ms;
    while h.now_ms < before + 600_000 {
        h.errands();
        h.step();
    }
    assert!(h.jams > 0, "somebody wanted through");
    h.doors.iter_mut().for_each(|d| d.jammed = false);
    h.lifts.iter_mut().for_each(|l| l.out_of_order = false);
    for b in &mut h.bodies {
        b.rest_until = h.now_ms;
    }
    h.rounds(40, 3_600_000);
}

/// A robot on its way through a door is told to start anew: the door stays open for it until it has ended another move.
#[test]
fn a_door_stays_open_for_a_robot_whose_move_was_withdrawn() {
    let mut site = drawn(&[(0.0, 0.0), (3.0, 0.0), (0.0, 3.0)], &[(0, 1), (0, 2)]);
    site.doors.push(nooterra_site::model::Door {
        name: "d".into(),
        level: LevelIx::new(0),
        line: nooterra_engine::geom::Segment::new(Vec2::new(1.5, -0.5), Vec2::new(1.5, 0.5)),
        kind: nooterra_site::model::DoorKind::Sliding,
        at_end: false,
        swing_rad: 0.0,
        direction: 1,
        right_left_ratio: 1.0,
    });
    let door = DoorIx::new(0);
    site.lanes[0].doors.push(door);
    site.lanes[1].doors.push(door);
    let (mut f, robot) = (Facilities::new(), RobotId::named("r"));
    let step = |seq: u64, lane: u32| Move { seq, lane: LaneIx::new(lane), to: site.lanes[lane as usize].to };
    let asks = |wishes: &[Wish], wanted: bool| wishes.iter().any(|w| matches!(w, Wish::Door { open, .. } if *open == wanted));
    f.placed(&site, robot, VertexIx::new(0));
    f.released(&site, &[Release { robot, moves: vec![step(1, 0)] }]);
    assert!(asks(&f.step(&site, Instant::from_secs(0)), true));
    f.door_state(door, DoorMode::Open, 1, Instant::from_secs(1));
    let gone = f.step(&site, Instant::from_secs(1));
    assert!(gone.iter().any(|w| matches!(w, Wish::GoAhead { .. })));

    // In the doorway it finds something in its way, and is to go elsewhere.
    f.withdraw(robot, 1);
    for s in 2..120 {
        assert!(!asks(&f.step(&site, Instant::from_secs(s)), false), "closed on the robot after {s} s");
    }
    let bytes = encode(&f);
    f = decode(&bytes).unwrap();
    f.released(&site, &[Release { robot, moves: vec![step(2, 2)] }]);
    f.step(&site, Instant::from_secs(120));
    f.reached(&site, robot, 2);
    let later: Vec<Wish> = (121..180).flat_map(|s| f.step(&site, Instant::from_secs(s))).collect();
    assert!(asks(&later, false), "nobody needs it any more");
}

/// While a level stands still, its doors are not asked to open nor lifts to come there, and neither is given up for that.
#[test]
fn a_level_that_stands_still_asks_nothing_of_its_doors_and_lifts() {
    let site = building("hotel.building.yaml");
    let through = |l: &LaneIx| !site.lanes[l.at()].doors.is_empty() && site.vertices[site.lanes[l.at()].to.at()].level == LevelIx::new(1);
    let rides = |l: &LaneIx| site.lanes[l.at()].ride.is_some() && site.vertices[site.lanes[l.at()].to.at()].level == LevelIx::new(1);
    for lane in [site.lane_indexes().find(through).unwrap(), site.lane_indexes().find(rides).unwrap()] {
        let (mut f, robot, from) = (Facilities::new(), RobotId::named("r"), site.lanes[lane.at()].from);
        f.placed(&site, robot, from);
        f.shut_levels([LevelIx::new(1)].into());
        f.released(&site, &[Release { robot, moves: vec![Move { seq: 1, lane, to: site.lanes[lane.at()].to }] }]);
        let still: Vec<Wish> = (0..600).flat_map(|s| f.step(&site, Instant::from_secs(s))).collect();
        assert_eq!(still, [], "ten minutes, and nobody is asked or given up");
        assert_eq!(f.next_deadline(), None, "nor looked at");
        f = decode(&encode(&f)).unwrap();
        f.shut_levels(BTreeSet::new());
        let asks = |w: &Wish| matches!(w, Wish::Door { open: true, .. } | Wish::Lift { .. });
        assert!(f.step(&site, Instant::from_secs(601)).iter().any(asks), "then they are");
    }
}

/// A lift under way to a level that stands still comes back to where its rider got in, and goes on once the level is open; one
/// whose rider can get out nowhere stays as it is.
#[test]
fn a_lift_under_way_to_a_level_that_is_shut_comes_back() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../sites/hotel.building.yaml")).unwrap();
    let site = nooterra_site::import("hotel.building.yaml", &text).unwrap().site;
    let level = |v: VertexIx| site.vertices[v.at()].level.ix;
    let ends = |l: &LaneIx| (level(site.lanes[l.at()].from), level(site.lanes[l.at()].to));
    let lane = site.lane_indexes().find(|l| site.lanes[l.at()].ride.is_some() && ends(l) == (0, 1)).unwrap();
    let (lift, from, to) = (site.lanes[lane.at()].ride.unwrap(), site.lanes[lane.at()].from, site.lanes[lane.at()].to);
    let (mut f, robot, at) = (Facilities::new(), RobotId::named("r"), Instant::from_secs);
    let asked = |wishes: &[Wish]| -> Vec<(u32, u64)> {
        wishes.iter().filter_map(|w| if let Wish::Lift { level, number, .. } = w { Some((level.ix, *number)) } else { None }).collect()
    };
    let there = |f: &mut Facilities, level: u32, number: u64| {
        let report = LiftReport { level: LevelIx::new(level), is_open: true, session: Some(robot), is_available: true, number };
        f.lift_state(lift, report);
    };
    let goes = |wishes: &[Wish]| wishes.iter().any(|w| matches!(w, Wish::GoAhead { .. }));
    f.placed(&site, robot, from);
    f.released(&site, &[Release { robot, moves: vec![Move { seq: 1, lane, to }] }]);
    let first = asked(&f.step(&site, at(0)));
    assert_eq!(first.iter().map(|a| a.0).collect::<Vec<_>>(), [1]);
    f.shut_levels([LevelIx::new(1)].into());
    let back = asked(&f.step(&site, at(1)));
    assert_eq!(back, [(0, first[0].1 + 1)], "back to where it got in");
    there(&mut f, 1, first[0].1);
    assert!(!goes(&f.step(&site, at(2))), "that it came to the other level counts no more");
    assert_eq!(asked(&f.step(&site, at(3))), back, "said again until it is there");
    there(&mut f, 0, back[0].1);
    let still: Vec<Wish> = (4..600).flat_map(|s| f.step(&site, at(s))).collect();
    assert_eq!(still, [], "and held there");
    f = decode(&encode(&f)).unwrap();
    f.shut_levels(BTreeSet::new());
    assert_eq!(asked(&f.step(&site, at(600))), [(1, back[0].1 + 1)]);
    there(&mut f, 1, back[0].1 + 1);
    assert!(goes(&f.step(&site, at(601))));
    // Who was told that it is there stays there.
    f.shut_levels([LevelIx::new(1)].into());
    assert_eq!(f.step(&site, at(602)), []);
    f.withdraw(robot, 1);
    assert_eq!(f.step(&site, at(603)), []);
    // Everything stands still.
    let mut f = Facilities::new();
    f.placed(&site, robot, from);
    f.released(&site, &[Release { robot, moves: vec![Move { seq: 1, lane, to }] }]);
    assert_eq!(asked(&f.step(&site, at(0))).len(), 1);
    f.shut_levels([LevelIx::new(0), LevelIx::new(1)].into());
    assert_eq!(asked(&f.step(&site, at(1))), []);
}

/// A door that was asked for before its level was shut sets no time at which it is looked after, and one that opens again does.
#[test]
fn a_door_of_a_level_that_was_shut_is_not_waited_for() {
    let mut site = drawn(&[(0.0, 0.0), (3.0, 0.0)], &[(0, 1)]);
    site.doors.push(nooterra_site::model::Door {
        name: "d".into(),
        level: LevelIx::new(0),
        line: nooterra_engine::geom::Segment::new(Vec2::new(1.5, -0.5), Vec2::new(1.5, 0.5)),
        kind: nooterra_site::model::DoorKind::Sliding,
        at_end: false,
        swing_rad: 0.0,
        direction: 1,
        right_left_ratio: 1.0,
    });
    site.lanes[0].doors.push(DoorIx::new(0));
    let (mut f, robot, at) = (Facilities::new(), RobotId::named("r"), Instant::from_secs);
    f.placed(&site, robot, VertexIx::new(0));
    f.released(&site, &[Release { robot, moves: vec![Move { seq: 1, lane: LaneIx::new(0), to: site.lanes[0].to }] }]);
    let asked = |wishes: Vec<Wish>| wishes.iter().any(|w| matches!(w, Wish::Door { open: true, .. }));
    assert!(asked(f.step(&site, at(0))) && f.next_deadline() == Some(at(0) + REPEAT));
    f.shut_levels([LevelIx::new(0)].into());
    assert_eq!((f.step(&site, at(10)), f.next_deadline()), (vec![], None));
    f.shut_levels(BTreeSet::new());
    assert!(asked(f.step(&site, at(11))) && f.next_deadline() == Some(at(11) + REPEAT));
}

/// More buildings, wherever they lie: set BUILDINGS to a folder.
#[test]
#[ignore = "needs a folder of buildings"]
fn other_buildings() {
    let Ok(folder) = std::env::var("BUILDINGS") else { return };
    for e in std::fs::read_dir(folder).unwrap() {
        let path = e.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if !name.ends_with("building.yaml") {
            continue;
        }
        let site = nooterra_site::import(&name, &std::fs::read_to_string(&path).unwrap()).unwrap().site;
        for (seed, loss) in [(1, 0), (2, 20)] {
            let mut h = House::new(&site, loss, seed);
            h.rounds(80, 3 * 3_600_000);
            println!(
                "{name} loss {loss} %: {} goals in {} s, {} doors passed, {} rides, {} jams",
                h.reached,
                h.now_ms / 1000,
                h.passed,
                h.rides,
                h.jams
            );
        }
    }
}
