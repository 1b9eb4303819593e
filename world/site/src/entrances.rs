//! Entrances: doors and lifts, as access plans name them. An entrance is one number: doors first, then lifts.
//!
//! *Inward* and *outward* are said of lanes: one that leads nearer to where robots wait leads out, and is free to all; any
//! other one that passes an entrance leads in. What a plan names by default are the entrances on ways between where robots
//! wait and the places of its work. A room that none of these ways leads through stays shut: rooms are what is left of the
//! lanes without entrances, and one with a single neighbour, where nobody waits and nothing is to be done, lies on no way.

use crate::areas::Reached;
use crate::model::{DoorIx, LaneIx, LevelIx, LiftIx, Site, VertexIx};
use nooterra_engine::ids::DoorId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// What a lane costs beyond its length, millimetres: a ride has no length, and leads on all the same.
const LANE_MM: u64 = 1_000;

impl Site {
    /// How many doors and lifts there are.
    #[must_use]
    pub fn entrances(&self) -> u32 {
        u32::try_from(self.doors.len() + self.lifts.len()).unwrap_or(u32::MAX)
    }
    /// A door as an entrance.
    #[must_use]
    pub const fn door_entrance(&self, door: DoorIx) -> u32 {
        door.ix
    }
    /// A lift as an entrance.
    #[must_use]
    pub fn lift_entrance(&self, lift: LiftIx) -> u32 {
        u32::try_from(self.doors.len()).unwrap_or(u32::MAX).saturating_add(lift.ix)
    }
    /// The name of an entrance in the file.
    #[must_use]
    pub fn entrance_name(&self, entrance: u32) -> &str {
        let at = entrance as usize;
        let lift = || at.checked_sub(self.doors.len()).and_then(|l| self.lifts.get(l)).map(|l| l.name.as_str());
        self.doors.get(at).map(|d| d.name.as_str()).or_else(lift).unwrap_or("")
    }
    /// The entrance of this name: a door, else a lift.
    #[must_use]
    pub fn entrance_named(&self, name: &str) -> Option<u32> {
        (0..self.entrances()).find(|e| !name.is_empty() && self.entrance_name(*e) == name)
    }
    /// As what plans name each entrance, in order. No other site has the same; two doors of one name are told apart.
    #[must_use]
    pub fn entrance_ids(&self) -> Vec<DoorId> {
        (0..self.entrances()).map(|e| DoorId::named(&format!("{}/{e}/{}", self.name, self.entrance_name(e)))).collect()
    }

    /// The entrances that a lane passes: its doors, and the lift whose cabin it enters.
    #[must_use]
    pub fn lane_entrances(&self, lane: LaneIx) -> BTreeSet<u32> {
        let Some(l) = self.lanes.get(lane.at()) else { return BTreeSet::new() };
        let lift = l.lift_door.filter(|_| self.vertices[l.to.at()].lift.is_some()).map(|x| self.lift_entrance(x));
        l.doors.iter().map(|d| self.door_entrance(*d)).chain(lift).collect()
    }
    /// The level that a lane enters from a cabin.
    #[must_use]
    pub fn lane_landing(&self, lane: LaneIx) -> Option<LevelIx> {
        let l = self.lanes.get(lane.at())?;
        let (from, to) = (&self.vertices[l.from.at()], &self.vertices[l.to.at()]);
        (from.lift.is_some() && to.lift.is_none()).then_some(to.level)
    }
    /// Of every lane, the entrances that it passes inward.
    #[must_use]
    pub fn ways_in(&self) -> Vec<BTreeSet<u32>> {
        let cost = self.cost_to_rest();
        let leads_out = |l: LaneIx| {
            let lane = &self.lanes[l.at()];
            cost[lane.to.at()] < cost[lane.from.at()]
        };
        self.lane_indexes().map(|l| if leads_out(l) { BTreeSet::new() } else { self.lane_entrances(l) }).collect()
    }

    /// Where robots wait: chargers, parking spots and where the map spawns them; without any of these, everywhere.
    fn rests(&self) -> Vec<VertexIx> {
        let waits = |v: &VertexIx| {
            let f = &self.vertices[v.at()].flags;
            f.is_charger || f.is_parking_spot || self.spawns.iter().any(|s| s.vertex == *v)
        };
        let waiting: Vec<VertexIx> = self.vertex_indexes().filter(waits).collect();
        if waiting.is_empty() { self.vertex_indexes().collect() } else { waiting }
    }

    /// From every vertex, the length of the shortest way to where a robot may wait.
    fn cost_to_rest(&self) -> Vec<u64> {
        let mut into: Vec<Vec<LaneIx>> = vec![Vec::new(); self.vertices.len()];
        for l in self.lane_indexes() {
            into[self.lanes[l.at()].to.at()].push(l);
        }
        let mut cost = vec![u64::MAX; self.vertices.len()];
        let mut heap = BinaryHeap::new();
        for v in self.rests() {
            cost[v.at()] = 0;
            heap.push(Reverse((0u64, v.ix)));
        }
        while let Some(Reverse((known, v))) = heap.pop() {
            if known > cost[v as usize] {
                continue;
            }
            for l in &into[v as usize] {
                let lane = &self.lanes[l.at()];
                let next = known.saturating_add(lane.length_mm).saturating_add(LANE_MM);
                if next < cost[lane.from.at()] {
                    cost[lane.from.at()] = next;
                    heap.push(Reverse((next, lane.from.ix)));
                }
            }
        }
        cost
    }

    /// The entrances that work at these places needs, by lanes that come into none of the areas that are shut.
    #[must_use]
    pub fn entrances_needed(&self, places: &[VertexIx], shut: &BTreeSet<u32>, reached: &Reached) -> BTreeSet<u32> {
        if self.entrances() == 0 {
            return BTreeSet::new();
        }
        let open = |l: &LaneIx| shut.is_empty() || !reached.comes_into(*l, shut);
        let mut rooms = Rooms::new(self.vertices.len());
        let mut passages: Vec<(usize, usize, BTreeSet<u32>)> = Vec::new();
        for l in self.lane_indexes().filter(open) {
            let lane = &self.lanes[l.at()];
            let mut passed = self.lane_entrances(l);
            // A lift is passed on the way out of its cabin as well.
            passed.extend(lane.lift_door.map(|x| self.lift_entrance(x)));
            if passed.is_empty() {
                rooms.join(lane.from.at(), lane.to.at());
            } else {
                passages.push((lane.from.at(), lane.to.at(), passed));
            }
        }
        let transfers = self.vertex_indexes().filter(|v| self.vertices[v.at()].flags.is_transfer_place);
        let ends: BTreeSet<usize> =
            self.rests().into_iter().chain(transfers).chain(places.iter().copied()).map(|v| rooms.of(v.at())).collect();
        let mut near: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (a, b, _) in &passages {
            let (a, b) = (rooms.of(*a), rooms.of(*b));
            for (x, y) in [(a, b), (b, a)] {
                let next = near.entry(x).or_default();
                if x != y {
                    next.insert(y);
                }
            }
        }
        while let Some(blind) = near.iter().find(|(r, next)| !ends.contains(*r) && next.len() < 2).map(|(r, _)| *r) {
            near.remove(&blind);
            near.values_mut().for_each(|next| {
                next.remove(&blind);
            });
        }
        let leads_on = |v: usize| near.contains_key(&rooms.of(v));
        passages.iter().filter(|(a, b, _)| leads_on(*a) && leads_on(*b)).flat_map(|(_, _, passed)| passed.iter().copied()).collect()
    }
}

/// Which vertices are joined by lanes without entrances.
struct Rooms(Vec<usize>);

impl Rooms {
    fn new(vertices: usize) -> Self {
        Self((0..vertices).collect())
    }
    fn of(&self, v: usize) -> usize {
        let mut at = v;
        while self.0[at] != at {
            at = self.0[at];
        }
        at
    }
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        // The smaller one speaks for both, and whoever is asked next has a shorter way there.
        let (low, high) = (a.min(b), a.max(b));
        self.0[high] = low;
    }
}

#[cfg(test)]
mod tests;
