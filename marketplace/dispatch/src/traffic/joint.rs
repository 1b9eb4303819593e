//! The way out of a knot: a search over the places of a few robots together, one move at a time.
//!
//! It brings one robot to its goal and lets the others give way, however far back they must go. It starts with that
//! robot alone and takes in whoever is found in the way, until a way exists or its budget is spent.

use super::plan::Actor;
use super::roadmap::{NO_ROUTE, RoadMap};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Most robots that are moved together.
const MOST: usize = 8;
/// Each move costs this much beside its time, so that few moves are preferred.
const MOVE_COST: u64 = 2_000;
/// How much more a way left for the first robot counts than a way driven by anybody.
const GREED: u64 = 3;
const NONE: u32 = u32::MAX;
const FIXED: u32 = u32::MAX - 1;

type Places = [u32; MOST];

struct Node {
    places: Places,
    parent: u32,
    mover: u32,
    lane: u32,
    cost: u64,
}

/// The table of places already seen: open addressing, no order ever taken from it.
struct Seen {
    slots: Vec<u32>,
    filled: usize,
}

impl Seen {
    fn new() -> Self {
        Self { slots: vec![NONE; 1 << 10], filled: 0 }
    }
    fn mix(p: &Places) -> usize {
        let h = p.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, x| (h ^ u64::from(*x)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23));
        (h ^ (h >> 29)) as usize
    }
    /// The slot of these places: filled with a node's number, or empty.
    fn slot(&self, nodes: &[Node], p: &Places) -> usize {
        let mask = self.slots.len() - 1;
        let mut i = Self::mix(p) & mask;
        while self.slots[i] != NONE && nodes[self.slots[i] as usize].places != *p {
            i = (i + 1) & mask;
        }
        i
    }
    fn fill(&mut self, nodes: &[Node], slot: usize, id: u32) {
        self.slots[slot] = id;
        self.filled += 1;
        if self.filled * 2 > self.slots.len() {
            let old = std::mem::replace(&mut self.slots, vec![NONE; 0]);
            self.slots = vec![NONE; old.len() * 2];
            for id in old.into_iter().filter(|i| *i != NONE) {
                let s = self.slot(nodes, &nodes[id as usize].places);
                self.slots[s] = id;
            }
        }
    }
}

/// What the search may not touch.
pub(crate) struct Ground<'a> {
    pub map: &'a RoadMap,
    pub actors: &'a [Actor],
    pub shut: &'a [bool],
}

impl Ground<'_> {
    /// Moves, in order, that bring `top` to `goal`. `dist` leads there around what cannot move.
    pub(crate) fn untangle(&self, top: usize, goal: u32, dist: &[u32], mut budget: usize) -> Option<Vec<(usize, u32)>> {
        let mut set = vec![top];
        loop {
            match self.search(&set, goal, dist, &mut budget) {
                Ok(moves) => return Some(moves),
                Err(Some(next)) if set.len() < MOST && budget > 0 => set.push(next),
                Err(_) => return None,
            }
        }
    }

    /// Who stands in the way of each lane for one robot: nobody, a movable robot, or something fixed.
    fn in_the_way(&self, mover: usize, set: &[usize]) -> Vec<u32> {
        let me = &self.actors[mover];
        let mut way = vec![NONE; self.map.lanes()];
        for (i, other) in self.actors.iter().enumerate() {
            if set.contains(&i) {
                continue;
            }
            for res in other.places() {
                for &r in self.map.around(other.class, res, me.class) {
                    let Some(lane) = (r as usize).checked_sub(self.map.vertices) else { continue };
                    if me.is_tight(i) && self.leaves(lane as u32, me.start, res) {
                        continue;
                    }
                    if !other.movable() {
                        way[lane] = FIXED;
                    } else if way[lane] == NONE {
                        way[lane] = i as u32;
                    }
                }
            }
        }
        way
    }

    fn leaves(&self, lane: u32, start: u32, other: u32) -> bool {
        let gap = |r: u32| self.map.shapes[r as usize].gap_m(&self.map.shapes[other as usize]).unwrap_or(f64::INFINITY);
        let road = self.map.roads[lane as usize];
        road.from == start && gap(self.map.lane_res(lane)) >= gap(start) - 1e-6 && gap(road.to) > gap(start)
    }

    /// The moves, or the robot that should be taken in next.
    fn search(&self, set: &[usize], goal: u32, dist: &[u32], budget: &mut usize) -> Result<Vec<(usize, u32)>, Option<usize>> {
        let ways: Vec<Vec<u32>> = set.iter().map(|i| self.in_the_way(*i, set)).collect();
        let homes: Vec<Option<std::borrow::Cow<'_, [u32]>>> =
            set.iter().map(|i| self.actors[*i].goal.map(|g| self.map.toward(self.actors[*i].class, g))).collect();
        let mut places = [NONE; MOST];
        for (k, i) in set.iter().enumerate() {
            places[k] = self.actors[*i].start;
        }
        let mut nodes = vec![Node { places, parent: NONE, mover: 0, lane: NONE, cost: 0 }];
        let mut seen = Seen::new();
        let slot = seen.slot(&nodes, &places);
        seen.fill(&nodes, slot, 0);
        let mut heap = BinaryHeap::new();
        heap.push(Reverse((GREED * u64::from(dist[places[0] as usize]), 0u32, 0u64)));
        let mut nearest: Option<(u64, u32)> = None;
        while let Some(Reverse((_, id, cost))) = heap.pop() {
            let (places, known) = (nodes[id as usize].places, nodes[id as usize].cost);
            if cost > known {
                continue;
            }
            if places[0] == goal {
                return Ok(self.unroll(&nodes, id, set));
            }
            if *budget == 0 {
                break;
            }
            *budget -= 1;
            for (k, &i) in set.iter().enumerate() {
                let me = &self.actors[i];
                'lanes: for &lane in self.map.out(me.class, places[k]) {
                    let to = self.map.roads[lane as usize].to;
                    if me.shut_of(self.shut)[lane as usize] || (k == 0 && dist[to as usize] == NO_ROUTE) {
                        continue;
                    }
                    let way = ways[k][lane as usize];
                    if way == FIXED {
                        continue;
                    }
                    if way != NONE {
                        let h = if k == 0 { u64::from(dist[to as usize]) } else { u64::from(dist[places[0] as usize]) + 1_000 };
                        if nearest.is_none_or(|n| (h, way) < n) {
                            nearest = Some((h, way));
                        }
                        continue;
                    }
                    // Nobody is driven where no way leads on from.
                    if k > 0 {
                        let stays_free = match &homes[k] {
                            Some(h) => h[to as usize] != NO_ROUTE || h[places[k] as usize] == NO_ROUTE,
                            None => !self.map.out(me.class, to).is_empty(),
                        };
                        if !stays_free {
                            continue;
                        }
                    }
                    let res = self.map.lane_res(lane);
                    for (j, &o) in set.iter().enumerate() {
                        if j != k && self.map.conflict(me.class, res, self.actors[o].class, places[j]) {
                            let at_start = places[k] == me.start && places[j] == self.actors[o].start;
                            if !(at_start && me.is_tight(o) && self.leaves(lane, me.start, places[j])) {
                                continue 'lanes;
                            }
                        }
                    }
                    let mut next = places;
                    next[k] = to;
                    let cost = known + u64::from(self.map.ms(me.class, lane)) + MOVE_COST;
                    let slot = seen.slot(&nodes, &next);
                    let id_next = if seen.slots[slot] == NONE {
                        nodes.push(Node { places: next, parent: id, mover: k as u32, lane, cost });
                        let id_next = nodes.len() as u32 - 1;
                        seen.fill(&nodes, slot, id_next);
                        id_next
                    } else {
                        let n = &mut nodes[seen.slots[slot] as usize];
                        if n.cost <= cost {
                            continue;
                        }
                        (n.parent, n.mover, n.lane, n.cost) = (id, k as u32, lane, cost);
                        seen.slots[slot]
                    };
                    heap.push(Reverse((cost + GREED * u64::from(dist[next[0] as usize]), id_next, cost)));
                }
            }
        }
        Err(nearest.map(|(_, r)| r as usize))
    }

    fn unroll(&self, nodes: &[Node], mut id: u32, set: &[usize]) -> Vec<(usize, u32)> {
        let mut moves = Vec::new();
        while nodes[id as usize].parent != NONE {
            let n = &nodes[id as usize];
            moves.push((set[n.mover as usize], n.lane));
            id = n.parent;
        }
        moves.reverse();
        moves
    }
}
