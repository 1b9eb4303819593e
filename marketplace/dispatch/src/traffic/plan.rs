//! The planner: one order of moves for all robots, in which each move finds its way free of everybody.
//!
//! Robots are planned one after another through what the earlier ones booked ([`super::sipp`]); the first of the
//! order always gets its quickest way. If somebody cannot get out of the way in time, it is put first; then everybody
//! but the first gives up its goal for now; and if even that fails, a joint search ([`super::joint`]) untangles the
//! knot. Standing still after that is always possible, so a plan always exists.

use super::joint::Ground;
use super::roadmap::{FAR, NO_ROUTE, Res, RoadMap};
use super::sipp::{Aim, Bookings, Leg, Seeker};

/// Joint configurations that one plan may look at.
const BUDGET: usize = 24_000;
/// Robots for whose sake a joint search is tried in one plan.
const TOPS: usize = 3;

/// How often one plan puts a robot first because it cannot be placed later, and how often the same one: in a queue the
/// last is found first, and each comes before whoever stands behind it only when it is found again.
const RAISED: usize = 32;
const AGAIN: usize = 3;

/// A robot that waits looks for a better place than one that costs this much.
const RESTS_MS: u64 = 30_000;

/// A robot as the planner sees it.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub class: u32,
    /// Where its kept moves leave it.
    pub start: u32,
    pub goal: Option<u32>,
    /// It stands at its goal and does its work there.
    pub pinned: bool,
    /// It cannot move and holds these resources.
    pub dead: Option<Vec<Res>>,
    /// Robots that stand too close already, and where.
    pub tight: Vec<(u32, Res)>,
}

impl Actor {
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
}

struct Attempt {
    ways: Vec<Vec<Leg>>,
    served: Vec<bool>,
    order: Vec<usize>,
    book: Bookings,
}

impl Planner<'_> {
    pub(crate) fn plan(&mut self) -> Plan {
        let reachable: Vec<Option<Vec<u32>>> = self.ranked.iter().map(|i| self.way_around(*i)).collect();
        let mut plan = Plan::default();
        let ranked: Vec<usize> = self.ranked.clone();
        let mut open: Vec<(usize, Vec<u32>)> = Vec::new();
        for (i, table) in ranked.iter().zip(reachable) {
            match table {
                Some(t) => open.push((*i, t)),
                None => plan.unserved.push((*i, Unserved::NoRoute)),
            }
        }
        let rest: Vec<usize> = (0..self.actors.len()).filter(|i| !open.iter().any(|(o, _)| o == i)).collect();
        let goals: Vec<usize> = open.iter().map(|(i, _)| *i).collect();
        let mut base = self.base();
        if let Some(attempt) = self.normally(&base, &goals, &rest) {
            return self.finish(plan, attempt, &goals, &[], None);
        }
        let mut budget = BUDGET;
        for (top, dist) in open.iter().take(TOPS) {
            let goal = self.actors[*top].goal.unwrap_or(self.actors[*top].start);
            let others: Vec<usize> = (0..self.actors.len()).filter(|i| i != top).collect();
            if let Ok(attempt) = self.attempt(&base, &[*top], &others)
                && attempt.served[*top]
            {
                let attempt = self.improve(attempt, &goals);
                return self.finish(plan, attempt, &goals, &[], Some(*top));
            }
            let ground = Ground { map: self.map, actors: self.actors, shut: self.shut };
            let share = budget / 2;
            let Some(moves) = ground.escort(*top, goal, dist).or_else(|| ground.untangle(*top, goal, dist, share)) else {
                budget -= share;
                continue;
            };
            plan.joint = true;
            self.commit(&moves);
            self.actors[*top].pinned = true;
            base = self.base();
            let goals: Vec<usize> = goals.iter().copied().filter(|i| i != top).collect();
            let rest: Vec<usize> = (0..self.actors.len()).filter(|i| !goals.contains(i)).collect();
            let attempt = self.normally(&base, &goals, &rest).unwrap_or_else(|| self.improve(self.nobody(&base), &goals));
            return self.finish(plan, attempt, &goals, &moves, None);
        }
        let all: Vec<usize> = (0..self.actors.len()).collect();
        let attempt = self.attempt(&base, &[], &all).unwrap_or_else(|_| self.nobody(&base));
        let attempt = self.improve(attempt, &goals);
        self.finish(plan, attempt, &goals, &[], None)
    }

    /// Everybody who can towards its goal; whoever fails is put first.
    fn normally(&self, base: &Bookings, goals: &[usize], rest: &[usize]) -> Option<Attempt> {
        let Some(top) = goals.first() else { return self.attempt(base, goals, rest).ok() };
        let mut order = goals.to_vec();
        let mut raised = Vec::new();
        loop {
            match self.attempt(base, &order, rest) {
                Ok(a) if a.served[*top] => return Some(a),
                Ok(_) => return None,
                Err(i) => {
                    let from = order.iter().position(|g| *g == i)?;
                    if from == 0 || raised.len() >= RAISED || raised.iter().filter(|r| **r == i).count() >= AGAIN {
                        return None;
                    }
                    raised.push(i);
                    order.remove(from);
                    order.insert(usize::from(from > 1), i);
                }
            }
        }
    }

    /// Distances to a robot's goal around closed lanes and what cannot move, `None` if no way is left.
    fn way_around(&self, i: usize) -> Option<Vec<u32>> {
        let me = &self.actors[i];
        let goal = me.goal?;
        let mut wall = vec![false; self.map.resources()];
        let mut walls = self.shut.contains(&true);
        for (j, other) in self.actors.iter().enumerate() {
            if j == i || other.movable() {
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
                self.shut[l as usize]
                    || (wall[self.map.lane_res(l) as usize] && !(stuck_at_start && self.map.roads[l as usize].from == me.start))
            })
        } else {
            self.map.toward(me.class, goal).into_owned()
        };
        let free = !wall[goal as usize] || goal == me.start;
        (free && table[me.start as usize] != NO_ROUTE).then_some(table)
    }

    /// Bookings of what is certain: kept moves, robots at work, dead robots.
    fn base(&self) -> Bookings {
        let mut b = Bookings::new(self.map, self.actors.iter().map(|a| a.class));
        for k in &self.kept {
            let class = self.actors[k.robot as usize].class;
            b.hold(self.map, (k.robot, class), self.map.lane_res(k.lane), (0, k.ends), false);
        }
        for (i, a) in self.actors.iter().enumerate() {
            if !a.movable() {
                for res in a.places() {
                    b.hold(self.map, (i as u32, a.class), res, (0, FAR), true);
                }
            }
        }
        b
    }

    /// One pass: `goals` in this order to their goals, then `rest` out of the way. The robot that cannot be placed otherwise.
    fn attempt(&self, base: &Bookings, goals: &[usize], rest: &[usize]) -> Result<Attempt, usize> {
        let n = self.actors.len();
        let mut a = Attempt { ways: vec![Vec::new(); n], served: vec![false; n], order: goals.to_vec(), book: base.clone() };
        a.order.extend(rest.iter().copied().filter(|i| !goals.contains(i)));
        let wanted = self.wanted();
        let Attempt { ways, served, order, book } = &mut a;
        for (at, &i) in order.iter().enumerate() {
            let me = &self.actors[i];
            if !me.movable() {
                served[i] = me.pinned;
                continue;
            }
            let mut seeker = self.seeker(i);
            seeker.wanted = &wanted[me.class as usize];
            let aim = if at < goals.len() { me.goal } else { None };
            let mut way = aim.and_then(|g| book.search(self.map, &seeker, Aim::At(g)));
            served[i] = way.is_some();
            if way.is_none() {
                let pull = me.goal.map(|g| self.map.toward(me.class, g));
                // Whoever stands well stays: only being in the way is a reason to move.
                way =
                    book.rests(self.map, &seeker).then(Vec::new).or_else(|| book.search(self.map, &seeker, Aim::Anywhere(pull.as_deref())));
            }
            let way = way.ok_or(i)?;
            book.hold_way(self.map, i as u32, me.class, me.start, &way);
            ways[i] = way;
        }
        Ok(a)
    }

    fn seeker(&self, i: usize) -> Seeker<'_> {
        let me = &self.actors[i];
        Seeker { robot: i as u32, class: me.class, start: me.start, ready: self.ready[i], tight: &me.tight, shut: self.shut, wanted: &[] }
    }

    /// Per class, the vertices at which a robot that waits stands in the way of somebody's goal.
    fn wanted(&self) -> Vec<Vec<bool>> {
        let mut wanted = vec![vec![false; self.map.vertices]; self.map.classes.len()];
        let going = self.actors.iter().filter(|a| a.movable() && a.goal.is_some_and(|g| g != a.start));
        for (other, goal) in going.filter_map(|a| Some((a.class, a.goal?))) {
            for (class, places) in wanted.iter_mut().enumerate() {
                for &r in self.map.around(other, goal, class as u32) {
                    if let Some(w) = places.get_mut(r as usize) {
                        *w = true;
                    }
                }
            }
        }
        wanted
    }

    /// Everybody stays where the kept moves leave it.
    fn nobody(&self, base: &Bookings) -> Attempt {
        let n = self.actors.len();
        let mut book = base.clone();
        for (i, a) in self.actors.iter().enumerate().filter(|(_, a)| a.movable()) {
            book.hold_way(self.map, i as u32, a.class, a.start, &[]);
        }
        Attempt { ways: vec![Vec::new(); n], served: vec![false; n], order: (0..n).collect(), book }
    }

    /// Whoever stands still may yet go to its goal where that is in nobody's way.
    fn improve(&self, mut a: Attempt, goals: &[usize]) -> Attempt {
        for &i in goals {
            let me = &self.actors[i];
            let Some(goal) = me.goal.filter(|_| me.movable() && !a.served[i] && a.ways[i].is_empty()) else { continue };
            if let Some(way) = a.book.search(self.map, &self.seeker(i), Aim::At(goal)) {
                a.book.unhold(self.map, i as u32, me.class, me.start);
                a.book.hold_way(self.map, i as u32, me.class, me.start, &way);
                a.ways[i] = way;
                a.served[i] = true;
            }
        }
        a
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

    fn finish(&self, mut plan: Plan, attempt: Attempt, goals: &[usize], knot: &[(usize, u32)], guarded: Option<usize>) -> Plan {
        let joint_kept = &self.kept[self.kept.len() - knot.len()..];
        plan.moves = joint_kept.iter().map(|k| NewMove { robot: k.robot as usize, lane: k.lane, arrive: k.ends }).collect();
        plan.guard = plan.moves.len().checked_sub(1);
        let mut legs: Vec<(u64, usize, usize, Leg)> = Vec::new();
        for (place, &i) in attempt.order.iter().enumerate() {
            for leg in &attempt.ways[i] {
                legs.push((leg.depart, place, i, *leg));
            }
        }
        legs.sort_unstable_by_key(|(depart, place, _, leg)| (*depart, *place, leg.arrive));
        for (_, _, i, leg) in legs {
            if guarded == Some(i) {
                plan.guard = Some(plan.moves.len());
            }
            plan.moves.push(NewMove { robot: i, lane: leg.lane, arrive: leg.arrive });
        }
        for i in goals {
            if !attempt.served[*i] {
                plan.unserved.push((*i, Unserved::Later));
            }
        }
        plan
    }
}

impl Bookings {
    /// May the seeker stay where it is for good, and is it a place to stay at?
    fn rests(&self, map: &RoadMap, me: &Seeker<'_>) -> bool {
        me.rest_cost_ms(map, me.start) < RESTS_MS && self.is_free_for_good(map, me)
    }
}
