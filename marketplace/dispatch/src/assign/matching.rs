//! The minimum-cost assignment: shortest augmenting paths with potentials over the kept candidates.
//!
//! Every job may also stay unassigned at a price, so each has a way out of its own. Equal optima are told apart
//! afterwards: the optimal assignments are exactly those along edges of no reduced cost, and among these the jobs take,
//! one after another, the smallest robot id that still lets the rest be optimal.
#![allow(clippy::cast_possible_truncation)] // at most 1024 jobs; robots are indexed by u32 already

use super::{Outcome, View, unassigned_cost};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NONE: u32 = u32::MAX;

struct Edge {
    robot: u32,
    cost: i64,
}

struct Matching {
    edges: Vec<Vec<Edge>>,
    /// What leaving each job unassigned costs.
    out: Vec<i64>,
    /// Potential of each job and robot.
    u: Vec<i64>,
    v: Vec<i64>,
    robot_of: Vec<u32>,
    job_of: Vec<u32>,
}

/// Sets `chosen` in every outcome; returns the cost of the whole.
pub(super) fn choose(view: &View, outcomes: &mut [Outcome]) -> i64 {
    let n = outcomes.len();
    let robots = view.robots.len();
    // Robots by rank of id, so that comparing indexes compares ids.
    let mut by_id: Vec<u32> = (0u32..).take(robots).collect();
    by_id.sort_by_key(|r| (view.robots[*r as usize].robot, *r));
    let mut rank = vec![0u32; robots];
    for (i, r) in (0u32..).zip(&by_id) {
        rank[*r as usize] = i;
    }
    let edge = |o: &Outcome| o.candidates.iter().map(|c| Edge { robot: rank[c.robot as usize], cost: c.cost.total() }).collect::<Vec<_>>();
    let edges: Vec<Vec<Edge>> = outcomes.iter().map(edge).collect();
    let out: Vec<i64> = (0..n).map(|k| unassigned_cost(k, n)).collect();
    let u = edges.iter().zip(&out).map(|(e, o)| e.iter().map(|e| e.cost).min().unwrap_or(*o).min(*o)).collect();
    let mut m = Matching { edges, out, u, v: vec![0; robots], robot_of: vec![NONE; n], job_of: vec![NONE; robots] };
    m.solve();
    m.settle_ties();
    let mut cost = 0;
    for (k, o) in outcomes.iter_mut().enumerate() {
        let r = m.robot_of[k];
        let at = (r != NONE).then(|| o.candidates.iter().position(|c| rank[c.robot as usize] == r)).flatten();
        o.chosen = at.map(|i| i as u32);
        cost += at.map_or(m.out[k], |i| o.candidates[i].cost.total());
    }
    cost
}

impl Matching {
    fn solve(&mut self) {
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
        for (robot, at) in self.robot_of.iter_mut().zip(place) {
            *robot = if at as usize >= m { NONE } else { at };
        }
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
