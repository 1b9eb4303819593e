//! The minimum-cost assignment: shortest augmenting paths with potentials over the kept candidates (domain 5.2).
//!
//! Every job may also stay unassigned at a price, so each has a way out of its own. Equal optima are told apart
//! afterwards: the optimal assignments are exactly those along edges of no reduced cost, and among these the jobs take,
//! one after another, the smallest robot id that still lets the rest be optimal.
//!
//! Only a few options per job are looked at first, the cheapest. The potentials then tell which of the others could make
//! the whole cheaper; these are taken in and it is solved anew, until there are none. So the result is the optimum over
//! all options, for a fraction of the work where every job has hundreds.
#![allow(clippy::cast_possible_truncation)] // at most 1024 jobs; robots are indexed by u32 already

use super::{MAX_CANDIDATES, Outcome, View, unassigned_cost};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NONE: u32 = u32::MAX;

/// The best assignment of a table of costs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Optimum {
    /// For each job its robot.
    pub robots: Vec<Option<u32>>,
    /// Sum of all costs, unassigned jobs included.
    pub cost: i64,
}

/// The best assignment of a table of costs: for each job, in order, the robots that can do it and what they cost. Robots
/// are numbered by rank of id below `robots`, a job names each at most once; costs lie within 10^15 of zero. Any number
/// of options per job is taken; options outside `robots` are ignored.
pub fn optimum(costs: &[Vec<(u32, i64)>], robots: u32) -> Optimum {
    let m = Matching::of_table(costs, robots);
    let chosen: Vec<Option<u32>> = m.robot_of.iter().map(|r| (*r != NONE).then_some(*r)).collect();
    let cost_of = |(k, r): (usize, &Option<u32>)| match r {
        Some(r) => m.edges[k].iter().find(|e| e.robot == *r).map_or(0, |e| e.cost),
        None => m.out[k],
    };
    let cost = chosen.iter().enumerate().map(cost_of).sum();
    Optimum { robots: chosen, cost }
}

/// A job's option.
struct Edge {
    /// The robot's rank by id.
    robot: u32,
    cost: i64,
}

pub(super) struct Matching {
    /// Options looked at, and those that are dearer and were no use yet.
    edges: Vec<Vec<Edge>>,
    rest: Vec<Vec<Edge>>,
    /// What leaving each job unassigned costs.
    out: Vec<i64>,
    /// Potential of each job and robot.
    u: Vec<i64>,
    v: Vec<i64>,
    robot_of: Vec<u32>,
    job_of: Vec<u32>,
}

/// The robots' ranks by id, so that comparing ranks compares ids.
pub(super) fn ranks(view: &View) -> Vec<u32> {
    let robots = view.robots.len();
    let mut by_id: Vec<u32> = (0u32..).take(robots).collect();
    by_id.sort_by_key(|r| (view.robots[*r as usize].robot, *r));
    let mut rank = vec![0u32; robots];
    for (i, r) in (0u32..).zip(&by_id) {
        rank[*r as usize] = i;
    }
    rank
}

/// Sets `chosen` in every outcome; returns the cost of the whole.
pub(super) fn choose(rank: &[u32], outcomes: &mut [Outcome]) -> i64 {
    let m = Matching::of_batch(rank, outcomes);
    let mut cost = 0;
    for (k, o) in outcomes.iter_mut().enumerate() {
        let r = m.robot_of[k];
        let at = (r != NONE).then(|| o.candidates.iter().position(|c| rank[c.robot as usize] == r)).flatten();
        o.chosen = at.map(|i| i as u32);
        cost += at.map_or(m.out[k], |i| o.candidates[i].cost.total());
    }
    cost
}

/// A solved batch to be asked what else it could have been.
pub(crate) struct Solved {
    rank: Vec<u32>,
    matching: Matching,
}

impl Solved {
    /// Solves the batch once more, from its values.
    pub fn new(view: &View, outcomes: &[Outcome]) -> Self {
        let rank = ranks(view);
        let matching = Matching::of_batch(&rank, outcomes);
        Self { rank, matching }
    }
    /// By how much the whole would cost more if the `k`-th job had this robot (an index of the view).
    pub fn forced(&self, k: usize, robot: u32) -> Option<i64> {
        let want = *self.rank.get(robot as usize)?;
        self.matching.forced(k, want)
    }
}

impl Matching {
    pub(super) fn of_table(costs: &[Vec<(u32, i64)>], robots: u32) -> Self {
        let edge = |(robot, cost): &(u32, i64)| Edge { robot: *robot, cost: *cost };
        Self::solved(costs.iter().map(|row| row.iter().filter(|(r, _)| *r < robots).map(edge).collect()).collect(), robots as usize)
    }

    fn of_batch(rank: &[u32], outcomes: &[Outcome]) -> Self {
        let edge = |c: &super::Candidate| Edge { robot: rank[c.robot as usize], cost: c.cost.total() };
        Self::solved(outcomes.iter().map(|o| o.candidates.iter().map(edge).collect()).collect(), rank.len())
    }

    fn solved(mut edges: Vec<Vec<Edge>>, robots: usize) -> Self {
        let dearer = |e: &mut Vec<Edge>| {
            if e.len() <= MAX_CANDIDATES {
                return Vec::new();
            }
            e.select_nth_unstable_by_key(MAX_CANDIDATES, |e| (e.cost, e.robot));
            e.split_off(MAX_CANDIDATES)
        };
        let rest = edges.iter_mut().map(dearer).collect();
        let n = edges.len();
        let out = (0..n).map(|k| unassigned_cost(k, n)).collect();
        let mut m = Self { edges, rest, out, u: Vec::new(), v: vec![0; robots], robot_of: vec![NONE; n], job_of: vec![NONE; robots] };
        m.solve();
        m
    }

    fn solve(&mut self) {
        loop {
            self.u = self.edges.iter().zip(&self.out).map(|(e, o)| e.iter().map(|e| e.cost).min().unwrap_or(*o).min(*o)).collect();
            self.v.fill(0);
            self.robot_of.fill(NONE);
            self.job_of.fill(NONE);
            self.augment();
            if !self.price_in() {
                break;
            }
        }
        self.settle_ties();
    }

    /// Takes in what would be cheaper than the potentials allow, and what ties with them. Would anything be cheaper?
    fn price_in(&mut self) -> bool {
        let mut cheaper = false;
        for (j, rest) in self.rest.iter_mut().enumerate() {
            let mut at = 0;
            while at < rest.len() {
                let reduced = rest[at].cost - self.u[j] - self.v[rest[at].robot as usize];
                if reduced <= 0 {
                    cheaper |= reduced < 0;
                    self.edges[j].push(rest.swap_remove(at));
                } else {
                    at += 1;
                }
            }
        }
        cheaper
    }

    /// Serves one job after another along the cheapest path of exchanges.
    fn augment(&mut self) {
        let n = self.out.len();
        let mut dist = vec![i64::MAX; self.v.len()];
        let mut from = vec![NONE; self.v.len()];
        let mut touched: Vec<u32> = Vec::new();
        let mut settled: Vec<u32> = Vec::new();
        let mut heap = BinaryHeap::new();
        for start in 0..n {
            // The cheapest way out found: its length, and the job that leaves or the free robot.
            let (mut job, mut base) = (start, 0i64);
            let mut best = (self.out[start] - self.u[start], start as u32, NONE);
            loop {
                for e in &self.edges[job] {
                    let d = base + e.cost - self.u[job] - self.v[e.robot as usize];
                    let r = e.robot as usize;
                    if d < dist[r] && d < best.0 {
                        if dist[r] == i64::MAX {
                            touched.push(e.robot);
                        }
                        (dist[r], from[r]) = (d, job as u32);
                        if self.job_of[r] == NONE {
                            best = (d, NONE, e.robot);
                        } else {
                            heap.push(Reverse((d, e.robot)));
                        }
                    }
                }
                let next = loop {
                    match heap.pop() {
                        Some(Reverse((d, r))) if d == dist[r as usize] && d < best.0 => break Some((d, r)),
                        Some(Reverse((d, _))) if d < best.0 => {}
                        _ => break None,
                    }
                };
                let Some((d, r)) = next else { break };
                settled.push(r);
                (job, base) = (self.job_of[r as usize] as usize, d);
                let leave = d + self.out[job] - self.u[job];
                if leave < best.0 {
                    best = (leave, job as u32, NONE);
                }
            }
            self.u[start] += best.0;
            for r in settled.drain(..) {
                let rest = best.0 - dist[r as usize];
                self.v[r as usize] -= rest;
                self.u[self.job_of[r as usize] as usize] += rest;
            }
            // Hand robots on along the path, from its end.
            let (_, leaver, free) = best;
            let mut robot = if leaver == NONE { free } else { std::mem::replace(&mut self.robot_of[leaver as usize], NONE) };
            while robot != NONE {
                let j = from[robot as usize];
                self.job_of[robot as usize] = j;
                robot = std::mem::replace(&mut self.robot_of[j as usize], robot);
            }
            heap.clear();
            for r in touched.drain(..) {
                (dist[r as usize], from[r as usize]) = (i64::MAX, NONE);
            }
        }
    }

    /// Turns the optimum into the one whose list of robot ids in job order is smallest, the unassigned last.
    fn settle_ties(&mut self) {
        let (n, m) = (self.out.len(), self.v.len());
        // Places: the robots, then each job's own way out, then idleness itself. A place is held by a job or idle.
        let mut tight: Vec<Vec<u32>> = Vec::with_capacity(n);
        for j in 0..n {
            let is_tight = |e: &&Edge| e.cost == self.u[j] + self.v[e.robot as usize];
            let mut list: Vec<u32> = self.edges[j].iter().filter(is_tight).map(|e| e.robot).collect();
            list.sort_unstable();
            if self.out[j] == self.u[j] {
                list.push((m + j) as u32);
            }
            tight.push(list);
        }
        let mut ties = Ties {
            holder: self.job_of.clone(),
            tight,
            free: self.v.iter().map(|v| *v == 0).collect(),
            from: vec![(0, NONE); m + n + 1],
            stamp: 0,
        };
        ties.holder.resize(m + n, NONE);
        ties.free.resize(m + n, true);
        for j in (0..n).filter(|j| self.robot_of[*j] == NONE) {
            ties.holder[m + j] = j as u32;
        }
        let mut place: Vec<u32> = (0..n).map(|j| if self.robot_of[j] == NONE { (m + j) as u32 } else { self.robot_of[j] }).collect();
        for job in 0..n {
            for i in 0..ties.tight[job].len() {
                let want = ties.tight[job][i];
                if want >= place[job] {
                    break;
                }
                if ties.swap(job as u32, want, &mut place) {
                    break;
                }
            }
        }
        self.job_of = ties.holder[..m].to_vec();
        for (robot, at) in self.robot_of.iter_mut().zip(place) {
            *robot = if at as usize >= m { NONE } else { at };
        }
    }

    /// By how much the whole costs more if `job` has the robot `want`: the cheapest ring of exchanges that begins there
    /// and ends at the place that the job gives up. Places are those of [`Ties`]; a place that nobody holds leads to
    /// idleness, and from there another may be left idle at the price that it is worth.
    pub(super) fn forced(&self, job: usize, want: u32) -> Option<i64> {
        let (n, m) = (self.out.len(), self.v.len());
        let idle = m + n;
        let edge = self.edges.get(job)?.iter().find(|e| e.robot == want)?;
        let place = |j: usize| if self.robot_of[j] == NONE { m + j } else { self.robot_of[j] as usize };
        let goal = place(job);
        if goal == want as usize {
            return Some(0);
        }
        let holder = |at: usize| match at.checked_sub(m) {
            Some(j) => (self.robot_of[j] == NONE).then_some(j),
            None => (self.job_of[at] != NONE).then_some(self.job_of[at] as usize),
        };
        let mut dist = vec![i64::MAX; idle + 1];
        let mut heap = BinaryHeap::new();
        dist[want as usize] = edge.cost - self.u[job] - self.v[want as usize];
        heap.push(Reverse((dist[want as usize], want as usize)));
        while let Some(Reverse((d, at))) = heap.pop() {
            if at == goal {
                return Some(d);
            }
            if d > dist[at] {
                continue;
            }
            let mut reach = |to: usize, d: i64| {
                if d < dist[to] {
                    dist[to] = d;
                    heap.push(Reverse((d, to)));
                }
            };
            if at == idle {
                for to in (0..idle).filter(|to| holder(*to).is_some()) {
                    reach(to, d - self.v.get(to).unwrap_or(&0));
                }
            } else if let Some(j) = holder(at) {
                for e in &self.edges[j] {
                    reach(e.robot as usize, d + e.cost - self.u[j] - self.v[e.robot as usize]);
                }
                reach(m + j, d + self.out[j] - self.u[j]);
            } else {
                reach(idle, d);
            }
        }
        None
    }
}

/// The exchanges that keep an optimum optimal: cycles along edges of no reduced cost, through idleness at most once.
struct Ties {
    holder: Vec<u32>,
    tight: Vec<Vec<u32>>,
    /// Places that may be idle: those without a price.
    free: Vec<bool>,
    from: Vec<(u32, u32)>,
    stamp: u32,
}

impl Ties {
    /// Gives `want` to `job` if the jobs after it can still be served optimally.
    fn swap(&mut self, job: u32, want: u32, place: &mut [u32]) -> bool {
        let idle = self.holder.len();
        let given_up = place[job as usize];
        let fixed = |h: u32| h != NONE && h <= job;
        if fixed(self.holder[want as usize]) {
            return false;
        }
        self.stamp += 1;
        self.from[want as usize] = (self.stamp, NONE);
        let mut queue = vec![want];
        let mut head = 0;
        let mut found = false;
        while head < queue.len() && !found {
            let at = queue[head];
            head += 1;
            let holder = if at as usize == idle { NONE } else { self.holder[at as usize] };
            let mut reach = |to: u32, from: &mut Vec<(u32, u32)>| {
                if from[to as usize].0 != self.stamp {
                    from[to as usize] = (self.stamp, at);
                    queue.push(to);
                    found |= to == given_up;
                }
            };
            if at as usize == idle {
                for to in 0..idle {
                    if self.free[to] && (to as u32 == given_up || (self.holder[to] != NONE && !fixed(self.holder[to]))) {
                        reach(to as u32, &mut self.from);
                    }
                }
            } else if holder == NONE {
                reach(idle as u32, &mut self.from);
            } else {
                for &to in &self.tight[holder as usize] {
                    if to == given_up || !fixed(self.holder[to as usize]) {
                        reach(to, &mut self.from);
                    }
                }
            }
        }
        if !found {
            return false;
        }
        // Backwards: whoever holds the place before moves to this one.
        let mut at = given_up;
        while at != want {
            let mut before = self.from[at as usize].1;
            if before as usize == idle {
                before = self.from[idle].1;
            }
            let mover = self.holder[before as usize];
            self.holder[at as usize] = mover;
            if mover != NONE {
                place[mover as usize] = at;
            }
            at = before;
        }
        self.holder[want as usize] = job;
        place[job as usize] = want;
        true
    }
}
