//! Routes over lanes, doors, lifts and levels: travel times in milliseconds, shortest paths with a fixed tie-break.
//!
//! A [`Routes`] is one navigation graph of a site with the cost of every lane worked out for one kind of robot. Among
//! routes of equal cost the one whose lanes have the lower indexes wins, so the answer is the same everywhere.

use crate::model::{LaneIx, Site, VertexIx};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// No route.
pub const UNREACHABLE: u64 = u64::MAX;

/// What passing something costs in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// Cruising speed where no lane limits it, m/s.
    pub speed_mps: f64,
    /// Waiting for a door to open, ms.
    pub door_ms: u64,
    /// Calling a lift and waiting for its door, ms; paid where the cabin is entered.
    pub lift_call_ms: u64,
    /// Speed of a lift, m/s.
    pub lift_speed_mps: f64,
    /// Closing, starting, stopping and opening, ms; paid for each ride.
    pub lift_stop_ms: u64,
    /// Turning and settling at a vertex, ms.
    pub vertex_ms: u64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { speed_mps: 0.5, door_ms: 4_000, lift_call_ms: 12_000, lift_speed_mps: 1.0, lift_stop_ms: 8_000, vertex_ms: 500 }
    }
}

impl Costs {
    /// For robots of this cruising speed.
    pub fn at_speed(speed_mps: f64) -> Self {
        Self { speed_mps, ..Self::default() }
    }
    /// Travel time of a lane, at least 1 ms.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // lanes are below 1e9 m, speeds above 1 mm/s
    pub fn lane_ms(&self, site: &Site, lane: LaneIx) -> u64 {
        let l = &site.lanes[lane.at()];
        if l.ride.is_some() {
            let h = |v: VertexIx| site.levels[site.vertices[v.at()].level.at()].elevation_m;
            let up_m = (h(l.to) - h(l.from)).abs();
            return self.lift_stop_ms + (up_m / self.lift_speed_mps.max(0.05) * 1000.0).min(1e9) as u64 + 1;
        }
        let limit = l.speed_limit_mps.or_else(|| site.graph(l.graph_idx).and_then(|g| g.default_speed_limit_mps));
        let speed = limit.map_or(self.speed_mps, |v| v.min(self.speed_mps)).max(0.01);
        let drive = (l.length_mm as f64 / speed).min(1e12) as u64;
        let enters = l.lift_door.is_some() && site.vertices[l.to.at()].lift.is_some();
        drive + self.vertex_ms + self.door_ms * l.doors.len() as u64 + if enters { self.lift_call_ms } else { 0 } + 1
    }
}

/// A way over lanes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Route {
    /// Indexes of its lanes in order; empty if one is already there.
    pub lanes: Vec<u32>,
    /// Travel time, ms.
    pub cost_ms: u64,
    /// Distance driven, mm.
    pub length_mm: u64,
}

/// One navigation graph, ready to be searched.
#[derive(Debug, Clone)]
pub struct Routes {
    graph_idx: u32,
    out: Vec<Vec<LaneIx>>,
    into: Vec<Vec<LaneIx>>,
    ends: Vec<(VertexIx, VertexIx, u64)>,
    cost_ms: Vec<u64>,
}

impl Routes {
    /// The lanes of `graph_idx` with these costs.
    pub fn new(site: &Site, graph_idx: u32, costs: &Costs) -> Self {
        let mut r = Self {
            graph_idx,
            out: vec![Vec::new(); site.vertices.len()],
            into: vec![Vec::new(); site.vertices.len()],
            ends: site.lanes.iter().map(|l| (l.from, l.to, l.length_mm)).collect(),
            cost_ms: vec![UNREACHABLE; site.lanes.len()],
        };
        for (ix, l) in site.lane_indexes().zip(&site.lanes).filter(|(_, l)| l.graph_idx == graph_idx) {
            r.cost_ms[ix.at()] = costs.lane_ms(site, ix);
            r.out[l.from.at()].push(ix);
            r.into[l.to.at()].push(ix);
        }
        r
    }
    /// Its number.
    pub const fn graph_idx(&self) -> u32 {
        self.graph_idx
    }
    /// Lanes that leave a vertex, lowest index first.
    pub fn lanes_from(&self, v: VertexIx) -> &[LaneIx] {
        self.out.get(v.at()).map_or(&[], Vec::as_slice)
    }
    /// Lanes that end at a vertex, lowest index first.
    pub fn lanes_to(&self, v: VertexIx) -> &[LaneIx] {
        self.into.get(v.at()).map_or(&[], Vec::as_slice)
    }
    /// Is the vertex on this graph?
    pub fn holds(&self, v: VertexIx) -> bool {
        !self.lanes_from(v).is_empty() || !self.lanes_to(v).is_empty()
    }
    /// Travel time of a lane, [`UNREACHABLE`] if it is of another graph.
    pub fn lane_cost_ms(&self, lane: LaneIx) -> u64 {
        self.cost_ms.get(lane.at()).copied().unwrap_or(UNREACHABLE)
    }
    /// Time to `goal` from every vertex, ms.
    pub fn distance_table(&self, goal: VertexIx) -> Vec<u64> {
        self.distances(goal, false, &mut |_| Some(0))
    }
    /// Time from `start` to every vertex, ms.
    pub fn distance_from(&self, start: VertexIx) -> Vec<u64> {
        self.distances(start, true, &mut |_| Some(0))
    }
    /// Time to `goal` from every vertex, where `extra` adds milliseconds to a lane or closes it.
    pub fn distance_table_with(&self, goal: VertexIx, mut extra: impl FnMut(LaneIx) -> Option<u64>) -> Vec<u64> {
        self.distances(goal, false, &mut extra)
    }
    /// The quickest way.
    pub fn shortest(&self, from: VertexIx, to: VertexIx) -> Option<Route> {
        self.shortest_with(from, to, |_| Some(0))
    }
    /// The quickest way, where `extra` adds milliseconds to a lane or closes it.
    pub fn shortest_with(&self, from: VertexIx, to: VertexIx, mut extra: impl FnMut(LaneIx) -> Option<u64>) -> Option<Route> {
        let left = self.distances(to, false, &mut extra);
        let mut at = from;
        let mut route = Route { cost_ms: *left.get(from.at())?, ..Route::default() };
        if route.cost_ms == UNREACHABLE {
            return None;
        }
        while at != to {
            // Each lane costs at least 1 ms, so the time left falls and the walk ends.
            let next = self.lanes_from(at).iter().find(|l| {
                let beyond = left[self.ends[l.at()].1.at()];
                beyond != UNREACHABLE
                    && extra(**l).is_some_and(|e| beyond.saturating_add(self.cost_ms[l.at()]).saturating_add(e) == left[at.at()])
            })?;
            route.lanes.push(next.ix);
            route.length_mm += self.ends[next.at()].2;
            at = self.ends[next.at()].1;
        }
        Some(route)
    }
    /// All vertices that can be reached, the start among them, by index.
    pub fn reachable(&self, from: VertexIx) -> Vec<VertexIx> {
        vertices_where(&self.distance_from(from), |d| d != UNREACHABLE)
    }
    /// The quickest to reach of the vertices that `wanted` accepts, with the time.
    pub fn nearest(&self, from: VertexIx, mut wanted: impl FnMut(VertexIx) -> bool) -> Option<(VertexIx, u64)> {
        let d = self.distance_from(from);
        let near = vertices_where(&d, |d| d != UNREACHABLE).into_iter().filter(|v| wanted(*v));
        near.map(|v| (d[v.at()], v)).min().map(|(d, v)| (v, d))
    }
    /// The quickest charger.
    pub fn nearest_charger(&self, site: &Site, from: VertexIx) -> Option<(VertexIx, u64)> {
        self.nearest(from, |v| site.vertices[v.at()].flags.is_charger)
    }
    /// The quickest place to wait without end: a parking spot or charger.
    pub fn nearest_parking(&self, site: &Site, from: VertexIx) -> Option<(VertexIx, u64)> {
        self.nearest(from, |v| site.vertices[v.at()].flags.is_parking_spot || site.vertices[v.at()].flags.is_charger)
    }
    /// Vertices of this graph that somebody could name: named ones, dispensers and ingestors; cabins of lifts are not.
    pub fn places(&self, site: &Site) -> Vec<VertexIx> {
        let wanted = |v: &VertexIx| self.holds(*v) && site.vertices[v.at()].is_place();
        site.vertex_indexes().filter(wanted).collect()
    }

    fn distances(&self, root: VertexIx, forward: bool, extra: &mut dyn FnMut(LaneIx) -> Option<u64>) -> Vec<u64> {
        let mut best = vec![UNREACHABLE; self.out.len()];
        if root.at() >= best.len() {
            return best;
        }
        best[root.at()] = 0;
        let mut heap = BinaryHeap::from([Reverse((0u64, root))]);
        while let Some(Reverse((d, v))) = heap.pop() {
            if d > best[v.at()] {
                continue;
            }
            for lane in if forward { &self.out[v.at()] } else { &self.into[v.at()] } {
                let Some(more) = extra(*lane) else { continue };
                let next = if forward { self.ends[lane.at()].1 } else { self.ends[lane.at()].0 };
                let total = d.saturating_add(self.cost_ms[lane.at()]).saturating_add(more);
                if total < best[next.at()] {
                    best[next.at()] = total;
                    heap.push(Reverse((total, next)));
                }
            }
        }
        best
    }
}

fn vertices_where(d: &[u64], keep: impl Fn(u64) -> bool) -> Vec<VertexIx> {
    d.iter().zip(0u32..).filter(|(d, _)| keep(**d)).map(|(_, i)| VertexIx::new(i)).collect()
}

#[cfg(test)]
mod tests;
