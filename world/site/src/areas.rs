//! Areas: named parts of a level that a polygon bounds. No building file says them; whoever sets the site up does.
//!
//! A robot's footprint is a disc here. What is asked of it is how far it reaches into an area, so that everybody who draws a
//! line – ways that are planned, robots that fence themselves, sensors and judges – draws it from the same geometry.

use crate::model::{AreaIx, LaneIx, LevelIx, Site, VertexIx};
use nooterra_engine::Record;
use nooterra_engine::geom::{Segment, Vec2};
use nooterra_engine::ids::ZoneId;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use thiserror::Error;

/// Most areas of a site, and corners of one.
pub const AREAS_MAX: usize = 256;
/// See [`AREAS_MAX`].
pub const CORNERS_MAX: usize = 256;
/// Smaller than this an area is a slip of the pen, m².
const LEAST_M2: f64 = 0.05;
/// Corners nearer to each other than this are one.
const SAME_M: f64 = 1e-6;
/// Whoever plans a way leaves this much between a footprint and an area that the robot may not enter, metres.
pub const KEEP_OFF_M: f64 = 0.10;
/// Entering one more area costs as much as driving so far, millimetres: a plan names as few as it can.
const ENTER_MM: u64 = 1_000_000_000;

/// Who may be in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum AreaClass {
    /// Anybody.
    #[default]
    Public,
    /// Robots with an access plan that names it.
    Restricted,
    /// The same, where people want to be among themselves.
    Private,
}

/// A part of a level with a name.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Area {
    /// Its name, alone among all areas and levels of the site.
    pub name: String,
    /// Its level.
    pub level: LevelIx,
    /// Its corners in order, either way around, the last not repeated.
    pub ring: Vec<Vec2>,
    /// Who may be there.
    pub class: AreaClass,
}

/// Areas that a footprint comes into at each vertex and along each lane; empty lists if the site has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reached {
    at: Vec<BTreeSet<u32>>,
    on: Vec<BTreeSet<u32>>,
}

impl Reached {
    /// Does it come into one of these areas where it stands at a vertex?
    #[must_use]
    pub fn is_in(&self, vertex: VertexIx, areas: &BTreeSet<u32>) -> bool {
        self.at.get(vertex.at()).is_some_and(|h| !h.is_disjoint(areas))
    }
    /// Or driving along a lane?
    #[must_use]
    pub fn comes_into(&self, lane: LaneIx, areas: &BTreeSet<u32>) -> bool {
        self.on.get(lane.at()).is_some_and(|h| !h.is_disjoint(areas))
    }
}

/// What is wrong with a ring of corners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RingFault {
    /// No polygon.
    #[error("it has fewer than three corners")]
    Few,
    /// More than anybody draws.
    #[error("it has more than {CORNERS_MAX} corners")]
    Many,
    /// Not a place.
    #[error("corner {0} is no place")]
    NoPlace(usize),
    /// Two corners in one place.
    #[error("corners {0} and {1} are the same")]
    Same(usize, usize),
    /// It meets itself.
    #[error("the sides after corners {0} and {1} cross")]
    Crosses(usize, usize),
    /// As good as nothing.
    #[error("it encloses as good as nothing")]
    Empty,
}

impl Area {
    /// Does a robot need an access plan to be here?
    #[must_use]
    pub const fn is_guarded(&self) -> bool {
        !matches!(self.class, AreaClass::Public)
    }
    /// What is wrong with its corners; numbered from 1.
    #[must_use]
    pub fn fault(&self) -> Option<RingFault> {
        let (r, n) = (&self.ring, self.ring.len());
        if n < 3 {
            return Some(RingFault::Few);
        }
        if n > CORNERS_MAX {
            return Some(RingFault::Many);
        }
        if let Some(i) = r.iter().position(|p| !(p.x.abs() < 1e7 && p.y.abs() < 1e7)) {
            return Some(RingFault::NoPlace(i + 1));
        }
        for i in 0..n {
            for j in i + 1..n {
                if r[i].dist(r[j]) < SAME_M {
                    return Some(RingFault::Same(i + 1, j + 1));
                }
            }
        }
        for i in 0..n {
            for j in i + 1..n {
                let (s, t) = (self.side(i), self.side(j));
                // Sides with a corner in common meet there; folded back upon each other they meet beside it too.
                let touches = if j == i + 1 {
                    s.dist_point(t.b) < SAME_M || t.dist_point(s.a) < SAME_M
                } else if i == 0 && j == n - 1 {
                    s.dist_point(t.a) < SAME_M || t.dist_point(s.b) < SAME_M
                } else {
                    s.dist(&t) < SAME_M
                };
                if touches {
                    return Some(RingFault::Crosses(i + 1, j + 1));
                }
            }
        }
        let twice: f64 = (0..n).map(|i| r[i].cross(r[(i + 1) % n])).sum();
        (twice.abs() * 0.5 < LEAST_M2).then_some(RingFault::Empty)
    }
    /// Is this point of its level inside?
    #[must_use]
    pub fn contains(&self, p: Vec2) -> bool {
        let mut inside = false;
        for i in 0..self.ring.len() {
            let Segment { a, b } = self.side(i);
            if (a.y > p.y) != (b.y > p.y) && p.x < a.x + (b.x - a.x) * ((p.y - a.y) / (b.y - a.y)) {
                inside = !inside;
            }
        }
        inside
    }
    /// How deep a point of its level lies inside, metres; below zero, how far outside.
    #[must_use]
    pub fn depth_m(&self, p: Vec2) -> f64 {
        let border = (0..self.ring.len()).map(|i| self.side(i).dist_point(p)).fold(f64::INFINITY, f64::min);
        if self.contains(p) { border } else { -border }
    }
    /// How far a disc about a point of its level reaches into it, metres; below zero, how far it stays off.
    #[must_use]
    pub fn reach_m(&self, p: Vec2, radius_m: f64) -> f64 {
        self.depth_m(p) + radius_m
    }
    /// The same of a disc on some level; on another one it stays off for ever.
    #[must_use]
    pub fn reach_on_m(&self, level: LevelIx, p: Vec2, radius_m: f64) -> f64 {
        if level == self.level { self.reach_m(p, radius_m) } else { f64::NEG_INFINITY }
    }
    /// Does a disc about a point of its level reach out of it by more than `by_m`?
    #[must_use]
    pub fn leaves_out(&self, p: Vec2, radius_m: f64, by_m: f64) -> bool {
        radius_m - self.depth_m(p) > by_m
    }
    /// Does a disc of this radius that is swept along a line come into it?
    #[must_use]
    pub fn meets(&self, line: &Segment, radius_m: f64) -> bool {
        let crosses = |i: usize| self.side(i).dist(line) < radius_m;
        self.contains(line.a) || self.contains(line.b) || (0..self.ring.len()).any(crosses)
    }
    fn side(&self, i: usize) -> Segment {
        Segment::new(self.ring[i], self.ring[(i + 1) % self.ring.len()])
    }
}

/// The smallest simple ring around some points that leaves each of them at least this margin.
#[must_use]
pub fn ring_around(points: &[Vec2], margin_m: f64) -> Vec<Vec2> {
    // An octagon about each point, and the convex hull of all their corners.
    const EIGHTH: f64 = 0.414_213_562_373_095; // tan(22.5°)
    let (m, t) = (margin_m, margin_m * EIGHTH);
    let octagon = [(m, t), (t, m), (-t, m), (-m, t), (-m, -t), (-t, -m), (t, -m), (m, -t)];
    let mut all: Vec<Vec2> = points.iter().flat_map(|p| octagon.map(|(x, y)| Vec2::new(p.x + x, p.y + y))).collect();
    all.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let half = |from: &mut dyn Iterator<Item = Vec2>| {
        let mut out: Vec<Vec2> = Vec::new();
        for p in from {
            while out.len() >= 2 && (out[out.len() - 1] - out[out.len() - 2]).cross(p - out[out.len() - 1]) <= 1e-12 {
                out.pop();
            }
            out.push(p);
        }
        out.pop();
        out
    };
    let mut ring = half(&mut all.iter().copied());
    ring.extend(half(&mut all.iter().rev().copied()));
    ring
}

impl Site {
    /// The same site with these areas.
    #[must_use]
    pub fn with_areas(&self, areas: Vec<Area>) -> Self {
        Self { areas, ..self.clone() }
    }
    /// Indexes of all areas.
    pub fn area_indexes(&self) -> impl Iterator<Item = AreaIx> + use<> {
        (0u32..).take(self.areas.len()).map(AreaIx::new)
    }
    /// The area of this name.
    #[must_use]
    pub fn area_named(&self, name: &str) -> Option<AreaIx> {
        self.area_indexes().find(|a| self.areas[a.at()].name == name)
    }
    /// The zone of an area. It is no zone of any other site.
    #[must_use]
    pub fn area_zone(&self, area: AreaIx) -> Option<ZoneId> {
        let a = self.areas.get(area.at())?;
        let level = self.levels.get(a.level.at()).map_or("", |l| l.name.as_str());
        Some(ZoneId::named(&format!("{}/{level}/{}", self.name, a.name)))
    }
    /// The area of a zone; none for a level's.
    #[must_use]
    pub fn area_of(&self, zone: ZoneId) -> Option<AreaIx> {
        self.area_indexes().find(|a| self.area_zone(*a) == Some(zone))
    }
    /// Areas that need an access plan.
    #[must_use]
    pub fn guarded(&self) -> BTreeSet<u32> {
        self.area_indexes().filter(|a| self.areas[a.at()].is_guarded()).map(|a| a.ix).collect()
    }
    /// Areas that these places lie in.
    #[must_use]
    pub fn areas_with(&self, places: impl IntoIterator<Item = VertexIx>) -> BTreeSet<u32> {
        let of = |v: VertexIx| self.vertex_areas(v, 0.0);
        places.into_iter().flat_map(of).collect()
    }
    /// Areas that a disc about a vertex reaches into; with no radius, those that it lies in.
    #[must_use]
    pub fn vertex_areas(&self, v: VertexIx, radius_m: f64) -> BTreeSet<u32> {
        let Some(v) = self.vertices.get(v.at()) else { return BTreeSet::new() };
        let into = |a: &Area| a.reach_on_m(v.level, v.at, radius_m) > 0.0;
        self.area_indexes().filter(|a| into(&self.areas[a.at()])).map(|a| a.ix).collect()
    }
    /// Areas that a disc comes into when it is swept along a lane; on a ride it stands in the cabin.
    #[must_use]
    pub fn lane_areas(&self, lane: LaneIx, radius_m: f64) -> BTreeSet<u32> {
        let Some(l) = self.lanes.get(lane.at()) else { return BTreeSet::new() };
        let level = self.lane_level(lane);
        if self.vertices[l.to.at()].level != level {
            let (mut ends, to) = (self.vertex_areas(l.from, radius_m), self.vertex_areas(l.to, radius_m));
            ends.extend(to);
            return ends;
        }
        let line = self.lane_line(lane);
        let into = |a: &Area| a.level == level && a.meets(&line, radius_m);
        self.area_indexes().filter(|a| into(&self.areas[a.at()])).map(|a| a.ix).collect()
    }
    /// What footprints of this radius come into, everywhere.
    #[must_use]
    pub fn reached(&self, radius_m: f64) -> Reached {
        if self.areas.is_empty() {
            return Reached::default();
        }
        Reached {
            at: self.vertex_indexes().map(|v| self.vertex_areas(v, radius_m)).collect(),
            on: self.lane_indexes().map(|l| self.lane_areas(l, radius_m)).collect(),
        }
    }
    /// The guarded areas that work at these places needs: those that they lie in, and the fewest on a way to each from
    /// where robots wait. Nothing if no way is left without those that nobody shall enter. Lanes of all graphs count, for
    /// footprints that come into what is [`reached`](Self::reached).
    #[must_use]
    pub fn areas_needed(&self, places: &[VertexIx], no_go: &BTreeSet<u32>, reached: &Reached) -> Option<BTreeSet<u32>> {
        if self.areas.is_empty() {
            return Some(BTreeSet::new());
        }
        let guarded = self.guarded();
        let Reached { at, on } = reached;
        let is_free = |v: &VertexIx| at[v.at()].is_disjoint(&guarded) && at[v.at()].is_disjoint(no_go);
        let free: Vec<VertexIx> = self.vertex_indexes().filter(is_free).collect();
        let waits = |v: &&VertexIx| {
            let f = &self.vertices[v.at()].flags;
            f.is_charger || f.is_parking_spot || self.spawns.iter().any(|s| s.vertex == **v)
        };
        let waiting: Vec<VertexIx> = free.iter().filter(waits).copied().collect();
        let starts = if waiting.is_empty() { free } else { waiting };
        let mut named = BTreeSet::new();
        for p in places {
            let here = at.get(p.at())?;
            if !here.is_disjoint(no_go) {
                return None;
            }
            named.extend(here.intersection(&guarded).copied());
        }
        for p in places {
            let way = self.fewest(&starts, *p, |l| {
                let crossed = &on[l.at()];
                crossed.is_disjoint(no_go).then(|| crossed.iter().filter(|a| guarded.contains(a) && !named.contains(a)).count())
            })?;
            named.extend(way.iter().flat_map(|l| &on[l.at()]).filter(|a| guarded.contains(a)));
        }
        Some(named)
    }
    /// Lanes of a way to a vertex from any of some others that enters the fewest areas, then the shortest. `enters` says how
    /// many a lane does, nothing if it is shut.
    fn fewest(&self, starts: &[VertexIx], to: VertexIx, enters: impl Fn(LaneIx) -> Option<usize>) -> Option<Vec<LaneIx>> {
        let mut out: Vec<Vec<LaneIx>> = vec![Vec::new(); self.vertices.len()];
        for l in self.lane_indexes() {
            out[self.lanes[l.at()].from.at()].push(l);
        }
        let mut best: Vec<Option<(u64, Option<LaneIx>)>> = vec![None; self.vertices.len()];
        let mut heap = BinaryHeap::new();
        for v in starts {
            best[v.at()] = Some((0, None));
            heap.push(Reverse((0u64, v.ix)));
        }
        while let Some(Reverse((cost, v))) = heap.pop() {
            if best[v as usize].is_none_or(|(known, _)| cost > known) {
                continue;
            }
            if v == to.ix {
                break;
            }
            for l in &out[v as usize] {
                let Some(n) = enters(*l) else { continue };
                let lane = &self.lanes[l.at()];
                let more = ENTER_MM.saturating_mul(n as u64).saturating_add(lane.length_mm);
                let next = cost.saturating_add(more).saturating_add(1);
                if best[lane.to.at()].is_none_or(|(known, _)| next < known) {
                    best[lane.to.at()] = Some((next, Some(*l)));
                    heap.push(Reverse((next, lane.to.ix)));
                }
            }
        }
        let (mut at, mut way) = (to, Vec::new());
        while let Some(l) = best.get(at.at()).copied().flatten()?.1 {
            way.push(l);
            at = self.lanes[l.at()].from;
        }
        Some(way)
    }
}

#[cfg(test)]
mod tests;
