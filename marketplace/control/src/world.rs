//! The site and everything derived from it: never part of the frozen state, built anew at each start.

use crate::genesis::Genesis;
use nooterra_dispatch::traffic::{RoadMap, RobotClass};
use nooterra_site::{Site, VertexIx};
use std::sync::Arc;

/// The site, its road map, and which class each robot of the genesis is.
#[derive(Debug)]
pub struct World {
    /// The site.
    pub site: Arc<Site>,
    /// What traffic knows of its lanes.
    pub map: RoadMap,
    /// Class of each robot, by its position in the genesis list.
    pub classes: Vec<u32>,
    /// Vertices where robots may wait without end.
    waiting: Vec<u32>,
}

impl World {
    /// Derives everything from the site and the robots' models.
    pub fn new(genesis: &Genesis, site: Arc<Site>) -> Self {
        let mut kinds: Vec<RobotClass> = Vec::new();
        let mut classes = Vec::new();
        for r in &genesis.robots {
            let kind = RobotClass { graph_idx: r.graph_idx, radius_m: r.model.footprint_radius_m, speed_mps: r.model.speed_max_mps };
            let at = kinds.iter().position(|k| *k == kind).unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            });
            classes.push(u32::try_from(at).unwrap_or(0));
        }
        let map = RoadMap::build(&site, &kinds);
        let rests = |v: &VertexIx| site.vertices[v.at()].flags.is_charger || site.vertices[v.at()].flags.is_parking_spot;
        let waiting = site.vertex_indexes().filter(rests).map(|v| v.ix).collect();
        Self { map, classes, waiting, site }
    }

    /// Travel time for a robot of this genesis position, milliseconds.
    pub fn travel_ms(&self, entry: u32, from: u32, to: u32) -> Option<u64> {
        let class = *self.classes.get(entry as usize)?;
        if from == to {
            return Some(0);
        }
        self.map.travel_ms(class, VertexIx::new(from), VertexIx::new(to))
    }

    /// May a robot of this genesis position stand at a vertex?
    pub fn is_on_graph(&self, entry: u32, vertex: u32) -> bool {
        self.classes.get(entry as usize).is_some_and(|c| self.map.is_member(*c, VertexIx::new(vertex)))
    }

    /// Chargers that a robot of this genesis position can reach from `from`, nearest first.
    pub fn chargers(&self, entry: u32, from: u32) -> Vec<(u64, u32)> {
        self.rests(entry, from, |f| f.is_charger)
    }

    /// Places where a robot of this genesis position may wait without end.
    pub fn parkings(&self, entry: u32, from: u32) -> Vec<(u64, u32)> {
        self.rests(entry, from, |f| (f.is_charger || f.is_parking_spot) && !f.is_transfer_place)
    }

    /// Transfer places that a robot of this genesis position can reach from `from`, nearest first.
    pub fn transfer_places(&self, entry: u32, from: u32) -> Vec<(u64, u32)> {
        let mut all = self.rests(entry, from, |f| f.is_transfer_place);
        all.retain(|(_, v)| self.site.vertices[*v as usize].can_hold_a_load());
        all
    }

    /// How far two vertices are apart, millimetres; far away if they are on two levels.
    pub fn apart_mm(&self, a: u32, b: u32) -> u64 {
        let level = |v: u32| self.site.vertices.get(v as usize).map(|v| v.level);
        match (self.vertex_mm(a), self.vertex_mm(b)) {
            (Some((ax, ay)), Some((bx, by))) if level(a) == level(b) => ax.abs_diff(bx).max(ay.abs_diff(by)),
            _ => u64::MAX,
        }
    }

    /// The longest way to a vertex from a place where a robot of this genesis position may wait without end.
    pub fn from_rest_ms(&self, entry: u32, to: u32) -> Option<u64> {
        let on_graph = |v: &&u32| self.is_on_graph(entry, **v);
        self.waiting.iter().filter(on_graph).filter_map(|v| self.travel_ms(entry, *v, to)).max()
    }

    fn rests(&self, entry: u32, from: u32, wanted: impl Fn(&nooterra_site::model::VertexFlags) -> bool) -> Vec<(u64, u32)> {
        let all = self.site.vertex_indexes().filter(|v| wanted(&self.site.vertices[v.at()].flags));
        let mut out: Vec<(u64, u32)> =
            all.filter(|v| self.is_on_graph(entry, v.ix)).filter_map(|v| self.travel_ms(entry, from, v.ix).map(|ms| (ms, v.ix))).collect();
        out.sort_unstable();
        out
    }

    /// Every vertex where a robot of this genesis position may stop.
    pub fn standing_places(&self, entry: u32) -> impl Iterator<Item = VertexIx> + '_ {
        let stops = |v: &VertexIx| !self.site.vertices[v.at()].flags.is_passthrough_point && self.site.vertices[v.at()].lift.is_none();
        self.site.vertex_indexes().filter(stops).filter(move |v| self.is_on_graph(entry, v.ix))
    }

    /// Position of a vertex in millimetres.
    #[allow(clippy::cast_possible_truncation)] // no site is larger than 2^63 mm
    pub fn vertex_mm(&self, vertex: u32) -> Option<(i64, i64)> {
        let at = self.site.vertices.get(vertex as usize)?.at;
        Some(((at.x * 1e3).round() as i64, (at.y * 1e3).round() as i64))
    }
}
