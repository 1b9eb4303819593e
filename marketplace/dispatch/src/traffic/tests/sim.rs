//! A fleet of points that drive what they are released, each move taking a random time; everything is watched.

use crate::traffic::{Goal, Move, Place, Progress, RoadMap, RobotClass, Traffic};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::RobotId;
use nooterra_engine::{Instant, decode, encode};
use nooterra_site::model::{Frame, Lane, Level, Site, Vertex};
use nooterra_site::{LaneIx, LevelIx, VertexIx};
use std::collections::VecDeque;

/// SplitMix64: a test's own dice.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below.max(1)
    }
}

/// A site of one level and graph from points and bidirectional lanes.
pub fn drawn(points: &[(f64, f64)], lanes: &[(u32, u32)]) -> Site {
    let vertex = |(x, y): &(f64, f64)| Vertex::new("", LevelIx::new(0), Vec2::new(*x, *y));
    let vertices: Vec<Vertex> = points.iter().map(vertex).collect();
    let mut list = Vec::new();
    for (i, (a, b)) in lanes.iter().enumerate() {
        let length_mm = (vertices[*a as usize].at.dist(vertices[*b as usize].at) * 1000.0) as u64;
        for (k, (from, to)) in [(a, b), (b, a)].into_iter().enumerate() {
            list.push(Lane {
                reverse: Some(LaneIx::new(2 * i as u32 + 1 - k as u32)),
                ..Lane::new(VertexIx::new(*from), VertexIx::new(*to), length_mm)
            });
        }
    }
    let level = Level { name: "L1".into(), elevation_m: 0.0, walls: vec![], floors: vec![], obstacles: vec![] };
    Site {
        name: "drawn".into(),
        frame: Frame::CartesianMeters,
        levels: vec![level],
        vertices,
        lanes: list,
        doors: vec![],
        lifts: vec![],
        spawns: vec![],
        graphs: vec![],
        areas: Vec::new(),
    }
}

/// A robot's truth.
pub struct Body {
    pub id: RobotId,
    pub class: u32,
    pub at: VertexIx,
    /// The move under way and when it ends.
    pub driving: Option<(Move, u64)>,
    pub queue: VecDeque<Move>,
    pub goal: Option<VertexIx>,
    pub goal_since: u64,
    pub free_ms: u64,
    pub dead: bool,
    /// When it takes its next goal, if it has none.
    pub next_goal: Option<u64>,
}

/// What a run showed.
#[derive(Debug, Default)]
pub struct Score {
    pub reached: u64,
    pub free_ms: u64,
    pub took_ms: u64,
    pub longest_ms: u64,
    pub plan_us_max: u128,
    pub plan_us_sum: u128,
    pub plans: u64,
    pub joint: u64,
}

/// The simulation.
pub struct Sim<'a> {
    pub map: &'a RoadMap,
    pub traffic: Traffic,
    pub bodies: Vec<Body>,
    pub now_ms: u64,
    pub dice: Dice,
    pub score: Score,
    /// One move in this many takes very long.
    pub hiccup: u64,
    pub tight: Vec<(usize, usize)>,
    /// Whoever has arrived makes room for others.
    pub yields: bool,
    /// Robots die and lanes are closed now and then.
    pub chaos: bool,
    repairs: Vec<(u64, Repair)>,
}

enum Repair {
    Robot(usize),
    Lane(LaneIx),
}

pub const CLASS: RobotClass = RobotClass { graph_idx: 0, radius_m: 0.3, speed_mps: 0.5 };

impl<'a> Sim<'a> {
    pub fn new(map: &'a RoadMap, robots: &[(u32, u32)], seed: u64) -> Self {
        let mut traffic = Traffic::new();
        let mut bodies = Vec::new();
        for (i, (class, v)) in robots.iter().enumerate() {
            let id = RobotId::named(&format!("r{i}"));
            let at = VertexIx::new(*v);
            traffic.add_robot(map, id, *class, at, Instant::ZERO).unwrap();
            bodies.push(Body {
                id,
                class: *class,
                at,
                driving: None,
                queue: VecDeque::new(),
                goal: None,
                goal_since: 0,
                free_ms: 0,
                dead: false,
                next_goal: None,
            });
        }
        let mut s = Self {
            map,
            traffic,
            bodies,
            now_ms: 0,
            dice: Dice(seed),
            score: Score::default(),
            hiccup: 25,
            tight: vec![],
            yields: false,
            chaos: false,
            repairs: vec![],
        };
        for i in 0..s.bodies.len() {
            for j in 0..i {
                if s.touch(i, j) {
                    s.tight.push((j, i));
                }
            }
        }
        s
    }
    pub fn now(&self) -> Instant {
        Instant(self.now_ms * 1_000_000)
    }
    fn touch(&self, i: usize, j: usize) -> bool {
        let (a, b) = (&self.bodies[i], &self.bodies[j]);
        match (a.driving, b.driving) {
            (Some((m, _)), Some((n, _))) => self.map.lanes_conflict(a.class, m.lane, b.class, n.lane),
            (Some((m, _)), None) => self.map.lane_vertex_conflict(a.class, m.lane, b.class, b.at),
            (None, Some((n, _))) => self.map.lane_vertex_conflict(b.class, n.lane, a.class, a.at),
            (None, None) => self.map.vertices_conflict(a.class, a.at, b.class, b.at),
        }
    }
    /// No two robots too close, whatever the delays.
    fn watch(&mut self) {
        for i in 0..self.bodies.len() {
            for j in 0..i {
                let close = self.touch(i, j);
                let tight = self.tight.contains(&(j, i));
                assert!(!close || tight, "robots {j} and {i} too close at {} ms: {:?} {:?}", self.now_ms, self.place(j), self.place(i));
                if tight && !close {
                    self.tight.retain(|t| *t != (j, i));
                }
            }
        }
    }
    pub fn place(&self, i: usize) -> (u32, Option<Move>) {
        (self.bodies[i].at.ix, self.bodies[i].driving.map(|d| d.0))
    }
    pub fn aim(&mut self, i: usize, goal: VertexIx) {
        let now = self.now();
        let b = &mut self.bodies[i];
        self.traffic.set_goal(self.map, b.id, Goal::Vertex(goal), 0, now).unwrap();
        b.goal = Some(goal);
        b.goal_since = self.now_ms;
        b.next_goal = None;
        let from = b.driving.map_or(b.at, |d| d.0.to);
        b.free_ms = self.map.travel_ms(b.class, from, goal).unwrap_or(0);
    }
    pub fn park(&mut self, i: usize, places: Vec<VertexIx>) {
        let now = self.now();
        self.traffic.set_goal(self.map, self.bodies[i].id, Goal::AnyOf { places }, 0, now).unwrap();
        self.bodies[i].goal = None;
    }
    pub fn kill(&mut self, i: usize) {
        let b = &mut self.bodies[i];
        let place = b.driving.map_or(Place::Vertex(b.at), |d| Place::Lane(d.0.lane));
        b.dead = true;
        b.queue.clear();
        self.traffic.halted(self.map, self.bodies[i].id, Some(place), Instant(self.now_ms * 1_000_000)).unwrap();
    }
    pub fn revive(&mut self, i: usize) {
        let b = &mut self.bodies[i];
        let place = b.driving.map_or(Place::Vertex(b.at), |d| Place::Lane(d.0.lane));
        b.dead = false;
        self.traffic.recovered(self.map, b.id, Some(place), Instant(self.now_ms * 1_000_000)).unwrap();
        if let Some((m, ends)) = &mut b.driving {
            *m = self.traffic.moves(self.map, b.id).next().unwrap().0;
            *ends = self.now_ms + 1_000;
        }
    }
    fn plan(&mut self) {
        let now = self.now();
        let before = self.traffic.plans();
        let clock = std::time::Instant::now();
        let releases = self.traffic.plan(self.map, now);
        let us = clock.elapsed().as_micros();
        let after = self.traffic.plans();
        if after.0 > before.0 {
            self.score.plan_us_max = self.score.plan_us_max.max(us);
            self.score.plan_us_sum += us;
        }
        (self.score.plans, self.score.joint) = after;
        if after.0 > before.0 {
            self.check_order();
        }
        for r in releases {
            let b = self.bodies.iter_mut().find(|b| b.id == r.robot).unwrap();
            let mut at = b.queue.back().or(b.driving.as_ref().map(|d| &d.0)).map_or(b.at, |m| m.to);
            for m in &r.moves {
                assert_eq!(self.map.lane_from(m.lane), at, "moves join");
                at = m.to;
            }
            b.queue.extend(r.moves);
        }
        for (id, at) in self.traffic.arrivals() {
            let i = self.bodies.iter().position(|b| b.id == id).unwrap();
            assert_eq!(self.bodies[i].at, at);
            if self.bodies[i].goal == Some(at) {
                self.arrived(i);
            }
        }
        self.start();
    }
    /// In their order, one at a time, all moves find their way free: nobody stands in it, nobody is dead in it.
    fn check_order(&self) {
        let mut at: Vec<VertexIx> = self.bodies.iter().map(|b| self.traffic.at(b.id).unwrap()).collect();
        let mut all: Vec<(u64, usize, Move)> = Vec::new();
        for (i, b) in self.bodies.iter().enumerate() {
            all.extend(self.traffic.moves(self.map, b.id).map(|(m, _)| (m.seq, i, m)));
        }
        all.sort_by_key(|m| m.0);
        for (_, i, m) in all {
            assert_eq!(self.map.lane_from(m.lane), at[i], "a way without gaps");
            for (j, other) in self.bodies.iter().enumerate() {
                let pair = (i.min(j), i.max(j));
                if i == j || self.tight.contains(&pair) || self.bodies[i].dead {
                    continue;
                }
                let stands = self.map.lane_vertex_conflict(self.bodies[i].class, m.lane, other.class, at[j]);
                let lies = other.dead
                    && other.driving.is_some_and(|d| self.map.lanes_conflict(self.bodies[i].class, m.lane, other.class, d.0.lane));
                assert!(!stands && !lies, "move {} of robot {i} meets robot {j} {}", m.seq, self.story());
            }
            at[i] = m.to;
        }
    }
    fn stir(&mut self) {
        let due: Vec<usize> = (0..self.repairs.len()).rev().filter(|k| self.repairs[*k].0 <= self.now_ms).collect();
        for k in due {
            match self.repairs.swap_remove(k).1 {
                Repair::Robot(i) => self.revive(i),
                Repair::Lane(l) => self.traffic.open_lane(l),
            }
        }
        let until = self.now_ms + 20_000 + self.dice.roll(90_000);
        match self.dice.roll(40) {
            0 => {
                let i = self.dice.roll(self.bodies.len() as u64) as usize;
                if !self.bodies[i].dead {
                    self.kill(i);
                    self.repairs.push((until, Repair::Robot(i)));
                }
            }
            1 => {
                let lane = LaneIx::new(self.dice.roll(self.map.lanes() as u64) as u32);
                self.traffic.close_lane(lane);
                self.repairs.push((until, Repair::Lane(lane)));
            }
            _ => {}
        }
    }
    fn start(&mut self) {
        for i in 0..self.bodies.len() {
            let b = &self.bodies[i];
            if b.driving.is_none() && !b.dead && !b.queue.is_empty() {
                let m = self.bodies[i].queue.pop_front().unwrap();
                let ms = self.map.lane_ms(self.bodies[i].class, m.lane);
                let factor = if self.dice.roll(self.hiccup) == 0 { 800 } else { 80 + self.dice.roll(80) };
                self.bodies[i].driving = Some((m, self.now_ms + ms * factor / 100));
                self.watch();
            }
        }
    }
    /// Goes on to the next thing that happens; false if nothing will.
    pub fn step(&mut self) -> bool {
        self.plan();
        let ends = self.bodies.iter().filter(|b| !b.dead).filter_map(|b| b.driving.map(|d| d.1)).min();
        let goals = self.bodies.iter().filter_map(|b| b.next_goal).filter(|t| *t > self.now_ms).min();
        let retry = self.traffic.next_deadline(self.map).map(|t| (t.0 / 1_000_000).max(self.now_ms + 1));
        let repairs = self.repairs.iter().map(|r| r.0.max(self.now_ms + 1)).min();
        let Some(next) = [ends, goals, retry, repairs].into_iter().flatten().min() else { return false };
        self.now_ms = self.now_ms.max(next);
        for i in 0..self.bodies.len() {
            let b = &mut self.bodies[i];
            if let Some((m, ends)) = b.driving
                && ends <= self.now_ms
                && !b.dead
            {
                b.driving = None;
                b.at = m.to;
                let id = b.id;
                let now = self.now();
                self.traffic.reached(self.map, id, m.seq, now).unwrap();
                assert_eq!(self.traffic.reached(self.map, id, m.seq, now), Ok(Progress::Known), "twice is once");
                self.watch();
            }
        }
        true
    }
    fn arrived(&mut self, i: usize) {
        let b = &mut self.bodies[i];
        let took = self.now_ms - b.goal_since;
        self.score.reached += 1;
        self.score.free_ms += b.free_ms;
        self.score.took_ms += took;
        self.score.longest_ms = self.score.longest_ms.max(took);
        b.goal = None;
        b.next_goal = Some(self.now_ms + 1_000 + self.dice.roll(15_000));
        if self.yields {
            // Done: it stays, but makes room and comes back.
            let places = vec![b.at];
            self.park(i, places);
        }
    }
    pub fn story(&self) -> String {
        let mut s = format!("at {} ms\n", self.now_ms);
        for (i, b) in self.bodies.iter().enumerate() {
            let moves: Vec<_> = self.traffic.moves(self.map, b.id).map(|(m, r)| (m.seq, m.to.ix, r)).collect();
            s += &format!(
                "robot {i} class {} at {} driving {:?} goal {:?} since {} moves {moves:?}\n",
                b.class,
                b.at.ix,
                b.driving.map(|d| d.0.to.ix),
                b.goal.map(|g| g.ix),
                b.goal_since
            );
        }
        s + &format!("{:?}", self.traffic.waits(self.map))
    }
    /// Runs until all goals given are reached.
    pub fn settle(&mut self, bound_ms: u64) {
        let until = self.now_ms + bound_ms;
        while self.bodies.iter().any(|b| b.goal.is_some() && !b.dead) {
            assert!(self.step() && self.now_ms <= until, "not settled {}", self.story());
        }
    }
    /// Random goals until this many were reached; robots without work park, stay, or are at work.
    pub fn rounds(&mut self, goals: u64, places: &[Vec<VertexIx>], parking: &[Vec<VertexIx>], bound_ms: u64) {
        for b in &mut self.bodies {
            b.next_goal = Some(0);
        }
        let mut check = 0;
        while self.score.reached < goals {
            for i in 0..self.bodies.len() {
                if self.bodies[i].next_goal.is_some_and(|t| t <= self.now_ms) && !self.bodies[i].dead {
                    match self.dice.roll(10) {
                        0 => {
                            self.park(i, parking[i].clone());
                            self.bodies[i].next_goal = Some(self.now_ms + 5_000 + self.dice.roll(90_000));
                        }
                        1 => {
                            let now = self.now();
                            self.traffic.set_goal(self.map, self.bodies[i].id, Goal::None, 0, now).unwrap();
                            self.bodies[i].next_goal = Some(self.now_ms + 5_000 + self.dice.roll(60_000));
                        }
                        _ => {
                            let from = self.bodies[i].driving.map_or(self.bodies[i].at, |d| d.0.to);
                            let class = self.bodies[i].class;
                            let g = places[i][self.dice.roll(places[i].len() as u64) as usize];
                            if self.map.travel_ms(class, from, g).is_some() {
                                self.aim(i, g);
                            } else {
                                self.bodies[i].next_goal = Some(self.now_ms + 1_000);
                            }
                        }
                    }
                }
            }
            if self.chaos {
                self.stir();
            }
            assert!(self.step(), "nothing happens {}", self.story());
            for b in &self.bodies {
                assert!(b.goal.is_none() || self.now_ms - b.goal_since <= bound_ms, "a goal was not reached in time {}", self.story());
            }
            check += 1;
            if check % 97 == 0 {
                // Frozen and thawed, nothing is lost.
                let bytes = encode(&self.traffic);
                self.traffic = decode(&bytes).unwrap();
                assert_eq!(encode(&self.traffic), bytes);
            }
        }
    }
    /// Time passes.
    pub fn run_for(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        while self.now_ms < until && self.step() {}
    }
}
