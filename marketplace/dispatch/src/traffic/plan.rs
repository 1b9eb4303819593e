//! The planner: one order of moves for all robots, in which each move finds its way free of everybody.
//!
//! Robots are planned one after another ([`super::attempt`]), each through what those before it booked
//! ([`super::sipp`]): by urgency, but whoever drives on in front of another goes before it, as in a queue. They are
//! planned for a window of time only, except where that could lead them into each other head-on ([`super::open`]).
//! Whoever cannot be placed is put first, and if that does not help stays where it is. If the most urgent robot does
//! not get on that way, everybody else gives up its goal for now; and if even that fails, a joint search
//! ([`super::escort`], [`super::joint`]) untangles the knot. What comes out is checked move by move
//! ([`super::order`]); standing still is always possible, so a plan always exists.

use super::attempt::Attempt;
use super::joint::Ground;
use super::roadmap::{FAR, NO_ROUTE, Res, RoadMap};
use super::sipp::{Bookings, Stay};

/// Joint configurations that one plan may look at.
const BUDGET: usize = 24_000;
/// Robots for whose sake a joint search is tried in one plan.
const TOPS: usize = 3;

/// So many lanes ahead are looked at for robots that drive on in front of another.
const LOOK_AHEAD: usize = 4;

/// How often one plan puts a robot first because it cannot be placed later, and how often the same one: in a queue the
/// last is found first, and each comes before whoever stands behind it only when it is found again.
const RAISED: usize = 32;
const AGAIN: usize = 3;

/// Whoever goes to a place out of its turn is to be gone this long before the other can arrive.
const MARGIN_MS: u64 = 20_000;

/// A robot as the planner sees it.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub class: u32,
    /// Where its kept moves leave it.
    pub start: u32,
    pub goal: Option<u32>,
    /// It stands at its goal and does its work there.
    pub pinned: bool,
    /// How long it will work at its goal, counted from its arrival or, at work already, from now; `None` if it only
    /// parks there.
    pub work_ms: Option<u64>,
    /// It cannot move and holds these resources.
    pub dead: Option<Vec<Res>>,
    /// It has come no nearer to its goal for long.
    pub stalled: bool,
    /// Robots that stand too close already, and where.
    pub tight: Vec<(u32, Res)>,
    /// Lanes that it may not take, those that are closed to all among them; nothing if these are all.
    pub shut: Option<Vec<bool>>,
}

impl Actor {
    /// Lanes that it may not take, of which `all` are closed to everybody.
    pub(crate) fn shut_of<'a>(&'a self, all: &'a [bool]) -> &'a [bool] {
        self.shut.as_deref().unwrap_or(all)
    }
    pub(crate) fn movable(&self) -> bool {
        !self.pinned && self.dead.is_none()
    }
    pub(crate) fn places(&self) -> Vec<Res> {
        self.dead.clone().unwrap_or_else(|| vec![self.start])
    }
    pub(crate) fn is_tight(&self, other: usize) -> bool {
        self.tight.iter().any(|(o, _)| *o as usize == other)
    }
}

/// A move that stays in force: its robot, lane, and when it should end at the latest estimate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub robot: u32,
    pub lane: u32,
    pub ends: u64,
}

/// A new move, in order; `depart` and `arrive` are milliseconds from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NewMove {
    pub robot: usize,
    pub lane: u32,
    pub arrive: u64,
}

/// Why a robot does not reach its goal in this plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unserved {
    /// No lanes lead there, obstacles and robots at work counted.
    NoRoute,
    /// It waits for others.
    Later,
}

/// What comes out.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub moves: Vec<NewMove>,
    /// Index of the last move that must stay in force until it is done.
    pub guard: Option<usize>,
    pub unserved: Vec<(usize, Unserved)>,
    /// A joint search was needed.
    pub joint: bool,
}

pub(crate) struct Planner<'a> {
    pub map: &'a RoadMap,
    pub actors: &'a mut Vec<Actor>,
    pub kept: Vec<Kept>,
    /// When each robot's kept moves end.
    pub ready: Vec<u64>,
    pub shut: &'a [bool],
    /// Robots with goals, most urgent first.
    pub ranked: Vec<usize>,
    /// Distances to the goals of those whose goals can be reached.
    pub tables: Vec<Option<Vec<u32>>>,
}

impl Planner<'_> {
    pub(crate) fn plan(&mut self) -> Plan {
        let mut plan = Plan::default();
        // Who can be brought to its goal now comes before whoever waits until somebody has done its work there.
        let (mut open, mut late) = (Vec::new(), Vec::new());
        for i in self.ranked.clone() {
            self.tables[i] = self.way_around(i);
            if self.tables[i].is_none() {
                plan.unserved.push((i, Unserved::NoRoute));
            } else if self.is_late(i) {
                late.push(i);
            } else {
                open.push(i);
            }
        }
        self.quick_first(&mut open);
        let goals: Vec<usize> = open.iter().chain(&late).copied().collect();
        let mut base = self.base();
        // Plans that each let the urgent ones get on a little may undo each other, over and over.
        let firm = open.iter().take(TOPS).position(|i| self.actors[*i].stalled);
        nooterra_engine::sometimes!(firm.is_some(), "robots went to and fro");
        if let Some(at) = firm {
            open.rotate_left(at);
        }
        let top = open.first().copied();
        let normally = || {
            let led = self.normally(&base, top, &self.leaders_first(&goals));
            led.or_else(|| self.normally(&base, top, &goals))
        };
        if let Some(attempt) = firm.is_none().then(normally).flatten() {
            return self.finish(plan, attempt, &goals, &[], None);
        }
        let mut budget = BUDGET;
        for &top in open.iter().take(TOPS) {
            if let Some(attempt) = self.attempt(&base, &[top], &[]).ok().filter(|a| self.gets_on(a, top)) {
                let attempt = self.improve(attempt, &goals);
                return self.finish(plan, attempt, &goals, &[], Some(top));
            }
            let share = budget / 2;
            let ground = Ground { map: self.map, actors: self.actors, shut: self.shut };
            let knot = self.tables[top].as_ref().zip(self.actors[top].goal);
            let Some(moves) =
                knot.and_then(|(dist, goal)| ground.escort(top, goal, dist).or_else(|| ground.untangle(top, goal, dist, share)))
            else {
                budget -= share;
                continue;
            };
            plan.joint = true;
            self.commit(&moves);
            self.actors[top].pinned = true;
            base = self.base();
            let goals: Vec<usize> = goals.iter().copied().filter(|i| *i != top).collect();
            let (attempt, _) = self.place(&base, &goals);
            return self.finish(plan, attempt, &goals, &moves, None);
        }
        let (attempt, _) = self.place(&base, &goals);
        let attempt = self.improve(attempt, &goals);
        self.finish(plan, attempt, &goals, &[], None)
    }

    /// Whoever can drive to a place, do its work there and be gone before the one whose turn it is could arrive at all,
    /// goes first: otherwise it would wait in front of a place that stands empty.
    fn quick_first(&self, open: &mut [usize]) {
        let there = |i: usize| {
            let table = self.tables[i].as_deref()?;
            Some(self.ready[i] + u64::from(table[self.actors[i].start as usize]))
        };
        let is_quicker = |i: usize, j: usize| {
            let (me, other) = (&self.actors[i], &self.actors[j]);
            let (Some(goal), Some(place), Some(work_ms)) = (me.goal, other.goal, me.work_ms.filter(|_| other.work_ms.is_some())) else {
                return false;
            };
            if !self.map.conflict(me.class, goal, other.class, place) {
                return false;
            }
            let gone = there(i).map(|at| Stay::new(self.map, me.class, goal, at + work_ms).gone + MARGIN_MS);
            gone.zip(there(j)).is_some_and(|(gone, arrives)| gone <= arrives)
        };
        for k in 1..open.len() {
            if let Some(to) = (0..k).find(|t| is_quicker(open[k], open[*t])) {
                nooterra_engine::sometimes!(true, "robot came to a place before its turn");
                open[to..=k].rotate_right(1);
            }
        }
    }

    /// Everybody who can towards its goal. None if that keeps the most urgent one from getting on.
    fn normally(&self, base: &Bookings, top: Option<usize>, goals: &[usize]) -> Option<Attempt> {
        let (attempt, all_move) = self.place(base, goals);
        let unhindered = |t: &usize| all_move && attempt.order.first() == Some(t);
        top.is_none_or(|t| unhindered(&t) || self.gets_on(&attempt, t)).then_some(attempt)
    }

    /// Places everybody: whoever cannot be placed is put first, be it on its way or not; whoever was put first in vain
    /// stays where it is, and the others drive around it. The flag says that nobody had to.
    fn place(&self, base: &Bookings, goals: &[usize]) -> (Attempt, bool) {
        let (mut order, mut raised, mut still) = (goals.to_vec(), Vec::new(), Vec::new());
        loop {
            match self.attempt(base, &order, &still) {
                Ok(a) => return (a, still.is_empty()),
                Err(i) => {
                    let from = order.iter().position(|g| *g == i);
                    if from == Some(0) || raised.len() >= RAISED || raised.iter().filter(|r| **r == i).count() >= AGAIN {
                        still.push(i);
                        continue;
                    }
                    raised.push(i);
                    order.retain(|g| *g != i);
                    let to = if from == Some(1) { 0 } else { order.len().min(1) };
                    order.insert(to, i);
                }
            }
        }
    }

    /// The same robots, but whoever drives on in front of another goes before it: who is behind follows.
    fn leaders_first(&self, goals: &[usize]) -> Vec<usize> {
        let paths: Vec<Vec<u32>> = (0..self.actors.len()).map(|i| self.way_on(i)).collect();
        let mut seen = vec![false; self.actors.len()];
        let mut order = Vec::with_capacity(goals.len());
        for &i in goals {
            self.lead(i, &paths, goals, &mut seen, &mut order);
        }
        order
    }

    fn lead(&self, i: usize, paths: &[Vec<u32>], goals: &[usize], seen: &mut [bool], order: &mut Vec<usize>) {
        if std::mem::replace(&mut seen[i], true) {
            return;
        }
        let me = &self.actors[i];
        let class = me.class;
        for (k, &lane) in paths[i].iter().enumerate() {
            for (j, other) in self.actors.iter().enumerate() {
                let is_there = self.map.conflict(class, self.map.lane_res(lane), other.class, other.start);
                if seen[j] || !is_there || !other.movable() || !goals.contains(&j) || paths[j].is_empty() {
                    continue;
                }
                // Does it drive on, or towards what lies between the two?
                let between = || paths[i][..k].iter().map(|l| self.map.lane_res(*l)).chain([me.start]);
                let comes = |l: &u32| between().any(|r| self.map.conflict(other.class, self.map.lane_res(*l), class, r));
                if !paths[j].iter().any(comes) {
                    self.lead(j, paths, goals, seen, order);
                }
            }
        }
        order.push(i);
    }

    /// The next lanes of a robot's shortest way.
    fn way_on(&self, i: usize) -> Vec<u32> {
        let me = &self.actors[i];
        let way = me.goal.zip(self.tables[i].as_ref()).filter(|_| me.movable());
        way.map_or_else(Vec::new, |(goal, table)| {
            self.map.descend(me.class, (me.start, goal), table, me.shut_of(self.shut)).take(LOOK_AHEAD).collect()
        })
    }

    /// Does this plan bring a robot nearer to its goal?
    fn gets_on(&self, a: &Attempt, i: usize) -> bool {
        let Some(table) = &self.tables[i] else { return false };
        let start = self.actors[i].start;
        let end = a.ways[i].last().map_or(start, |l| self.map.roads[l.lane as usize].to);
        a.served[i] && (table[end as usize] < table[start as usize] || self.actors[i].goal == Some(end))
    }

    /// Distances to a robot's goal around closed lanes and what cannot move, `None` if no way is left.
    fn way_around(&self, i: usize) -> Option<Vec<u32>> {
        let me = &self.actors[i];
        let goal = me.goal?;
        let shut = me.shut_of(self.shut);
        let mut wall = vec![false; self.map.resources()];
        let mut walls = shut.contains(&true);
        for (j, other) in self.actors.iter().enumerate() {
            // Who works where this one shall work too leaves some day.
            if j == i || other.movable() || self.works_where(j, i) {
                continue;
            }
            walls = true;
            for res in other.places() {
                for &r in self.map.around(other.class, res, me.class) {
                    wall[r as usize] = true;
                }
            }
        }
        let table = if walls {
            let stuck_at_start = wall[me.start as usize];
            self.map.distances(me.class, goal, |l| {
                shut[l as usize]
                    || (wall[self.map.lane_res(l) as usize] && !(stuck_at_start && self.map.roads[l as usize].from == me.start))
            })
        } else {
            self.map.toward(me.class, goal).into_owned()
        };
        let free = !wall[goal as usize] || goal == me.start;
        (free && table[me.start as usize] != NO_ROUTE).then_some(table)
    }

    /// Bookings of what is certain: kept moves, robots at work, dead robots, and that nobody is gone before it can be.
    fn base(&self) -> Bookings {
        let mut b = Bookings::new(self.map, self.actors.iter().map(|a| a.class));
        for k in &self.kept {
            let class = self.actors[k.robot as usize].class;
            b.hold(self.map, (k.robot, class), self.map.lane_res(k.lane), (0, k.ends), false);
        }
        for (i, a) in self.actors.iter().enumerate() {
            let me = (i as u32, a.class);
            if let Some(stay) = self.stay(i) {
                b.hold_stay(self.map, me, a.start, 0, stay, true);
            } else if a.movable() {
                let gone = self.ready[i] + self.map.leave_ms(a.class, a.start);
                b.hold(self.map, me, a.start, (0, gone), true);
            } else {
                a.places().into_iter().for_each(|res| b.hold(self.map, me, res, (0, FAR), true));
            }
        }
        b
    }

    /// How long a robot at work will stay there.
    pub(super) fn stay(&self, i: usize) -> Option<Stay> {
        let a = &self.actors[i];
        let work_ms = a.work_ms.filter(|_| a.pinned && a.dead.is_none())?;
        Some(Stay::new(self.map, a.class, a.start, self.ready[i] + work_ms))
    }

    /// Is robot `j` at work where robot `i` shall work too?
    fn works_where(&self, j: usize, i: usize) -> bool {
        let (other, me) = (&self.actors[j], &self.actors[i]);
        let goal = me.goal.filter(|_| me.work_ms.is_some() && other.pinned && other.dead.is_none());
        goal.is_some_and(|g| self.map.conflict(other.class, other.start, me.class, g))
    }

    /// Does somebody work where this robot shall work too?
    pub(super) fn is_late(&self, i: usize) -> bool {
        (0..self.actors.len()).any(|j| j != i && self.works_where(j, i))
    }

    /// Takes the moves of a joint search among the kept ones.
    fn commit(&mut self, moves: &[(usize, u32)]) {
        for &(robot, lane) in moves {
            let class = self.actors[robot].class;
            let res = self.map.lane_res(lane);
            let clear = |k: &&Kept| {
                k.robot as usize == robot || self.map.conflict(class, res, self.actors[k.robot as usize].class, self.map.lane_res(k.lane))
            };
            let starts = self.kept.iter().filter(clear).map(|k| k.ends).fold(self.ready[robot], u64::max);
            let ends = starts + u64::from(self.map.ms(class, lane));
            self.kept.push(Kept { robot: robot as u32, lane, ends });
            self.ready[robot] = ends;
            self.actors[robot].start = self.map.roads[lane as usize].to;
            self.actors[robot].tight.clear();
            for a in self.actors.iter_mut() {
                a.tight.retain(|(r, _)| *r as usize != robot);
            }
        }
    }
}
