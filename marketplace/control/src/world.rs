//! The site and everything derived from it: never part of the frozen state, built anew at each start.

use crate::genesis::Genesis;
use nooterra_dispatch::traffic::{RoadMap, RobotClass, entrance_bar};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{DoorId, KeyId, ZoneId};
use nooterra_port::order::PointMm;
use nooterra_site::areas::{KEEP_OFF_M, Reached};
use nooterra_site::model::VertexFlags;
use nooterra_site::{LevelIx, Site, VertexIx};
use std::collections::{BTreeMap, BTreeSet};
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
    /// Footprint of each robot of the genesis, metres: what it covers floors with.
    radii: Vec<f64>,
    /// The way over each area, by a footprint's bits.
    sweeps: BTreeMap<u64, Vec<Option<Vec<Vec2>>>>,
    /// Floor of each area, mm².
    floors: Vec<u64>,
    /// Vertices where robots may wait without end.
    waiting: Vec<u32>,
    /// Vertices with a charger.
    chargers: Vec<u32>,
    /// Of those where robots may wait, the ones that no load is put down at.
    parkings: Vec<u32>,
    /// The zone around each of those.
    parking_zones: BTreeMap<u32, ZoneId>,
    /// Vertices where loads change robots.
    transfers: Vec<u32>,
    /// Id of the platform's service key.
    pub service_key: KeyId,
    /// Where each robot of the genesis is at home.
    homes: Vec<u32>,
    /// Each robot of the genesis as certificates speak of it.
    bearers: Vec<nooterra_skills::Robot>,
    /// Areas that the widest robot comes into, with what ways keep off them.
    pub reached: Reached,
    /// Zones of the site's levels, by their index: ids are hashed from names, and each message of the site asks for one.
    level_zones: Vec<ZoneId>,
    /// Zones of the site's areas, by their index.
    pub area_zones: Vec<ZoneId>,
    /// What plans name the site's doors and lifts by, in order.
    pub entrance_ids: Vec<DoorId>,
    /// Of the doors and lifts, those that a terminal opens.
    pub terminals: BTreeSet<u32>,
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
        let all = |wanted: fn(&VertexFlags) -> bool| -> Vec<u32> {
            site.vertex_indexes().filter(|v| wanted(&site.vertices[v.at()].flags)).map(|v| v.ix).collect()
        };
        let widest_m = kinds.iter().map(|k| k.radius_m).fold(0.0, f64::max) + KEEP_OFF_M;
        let footprints: BTreeMap<u64, f64> =
            kinds.iter().filter(|_| !site.areas.is_empty()).map(|k| (k.radius_m.to_bits(), k.radius_m)).collect();
        let over = |radius_m: f64| site.areas.iter().map(|a| a.sweep(radius_m)).collect();
        let entrance_ids = site.entrance_ids();
        let parkings = all(|f| (f.is_charger || f.is_parking_spot) && !f.is_transfer_place);
        Self {
            terminals: (0u32..).zip(&entrance_ids).filter(|(_, d)| genesis.terminals.contains(d)).map(|(e, _)| e).collect(),
            sweeps: footprints.into_iter().map(|(bits, radius_m)| (bits, over(radius_m))).collect(),
            floors: site.areas.iter().map(nooterra_site::Area::floor_mm2).collect(),
            homes: genesis.robots.iter().map(|r| r.home).collect(),
            bearers: (0u32..).zip(&genesis.robots).filter_map(|(e, r)| crate::skills::robot_of(genesis, e, r.robot)).collect(),
            radii: genesis.robots.iter().map(|r| r.model.footprint_radius_m).collect(),
            reached: site.reached(widest_m),
            entrance_ids,
            level_zones: (0u32..).map_while(|l| site.zone(LevelIx::new(l))).collect(),
            area_zones: site.area_indexes().filter_map(|a| site.area_zone(a)).collect(),
            waiting: all(|f| f.is_charger || f.is_parking_spot),
            chargers: all(|f| f.is_charger),
            parking_zones: parkings.iter().map(|v| (*v, ZoneId::named(&format!("vertex/{v}")))).collect(),
            parkings,
            transfers: all(|f| f.is_transfer_place),
            service_key: genesis.service_key.id(),
            map,
            classes,
            site,
        }
    }

    /// The zone of a level.
    pub fn level_zone(&self, level: LevelIx) -> Option<ZoneId> {
        self.level_zones.get(level.at()).copied()
    }

    /// Zones of all levels.
    pub fn level_zones(&self) -> BTreeSet<ZoneId> {
        self.level_zones.iter().copied().collect()
    }

    /// Is it a zone of the site: a level's, or an area's?
    pub fn has_zone(&self, zone: ZoneId) -> bool {
        self.level_zones.contains(&zone) || self.area_zones.contains(&zone)
    }

    /// The zone of the level that a place lies on; places that the site does not have lie nowhere.
    pub fn zone_at(&self, place: u32) -> Option<ZoneId> {
        self.level_zone(self.site.vertices.get(place as usize)?.level)
    }

    /// The levels that these places lie on, ascending.
    pub fn zones_at(&self, places: impl IntoIterator<Item = u32>) -> BTreeSet<ZoneId> {
        places.into_iter().filter_map(|p| self.zone_at(p)).collect()
    }

    /// The areas that these places lie in, ascending.
    pub fn area_zones_at(&self, places: impl IntoIterator<Item = u32>) -> BTreeSet<ZoneId> {
        let areas = self.site.areas_with(places.into_iter().map(VertexIx::new));
        areas.into_iter().filter_map(|a| self.area_zones.get(a as usize).copied()).collect()
    }

    /// The robot of this genesis position as certificates speak of it.
    pub(crate) fn bearer(&self, entry: u32) -> Option<&nooterra_skills::Robot> {
        self.bearers.get(entry as usize)
    }

    /// Travel time for a robot of this genesis position without a plan, milliseconds.
    pub fn travel_ms(&self, entry: u32, from: u32, to: u32) -> Option<u64> {
        self.travel_without_ms(entry, from, to, self.map.guarded())
    }

    /// Travel time for a robot of this genesis position that may not enter these areas, milliseconds.
    pub fn travel_without_ms(&self, entry: u32, from: u32, to: u32, barred: &BTreeSet<u32>) -> Option<u64> {
        let class = *self.classes.get(entry as usize)?;
        if from == to {
            return Some(0);
        }
        self.map.travel_without_ms(class, VertexIx::new(from), VertexIx::new(to), barred)
    }

    /// Would a robot of this genesis position that stands at a vertex be in one of these areas?
    pub fn is_in(&self, entry: u32, vertex: u32, areas: &BTreeSet<u32>) -> bool {
        self.classes.get(entry as usize).is_some_and(|c| self.map.is_in(*c, VertexIx::new(vertex), areas))
    }

    /// Is it the bar of one of the site's entrances?
    pub fn is_entrance_bar(&self, bar: u32) -> bool {
        (entrance_bar(0)..entrance_bar(self.site.entrances())).contains(&bar)
    }

    /// May a robot of this genesis position stand at a vertex?
    pub fn is_on_graph(&self, entry: u32, vertex: u32) -> bool {
        self.classes.get(entry as usize).is_some_and(|c| self.map.is_member(*c, VertexIx::new(vertex)))
    }

    /// Chargers that a robot of this genesis position can reach from `from`, nearest first.
    pub fn chargers(&self, entry: u32, from: u32) -> Vec<(u64, u32)> {
        self.nearest_first(entry, from, &self.chargers)
    }

    /// The charger that such a robot reaches first from `from`, and how soon.
    pub fn nearest_charger(&self, entry: u32, from: u32) -> Option<(u64, u32)> {
        self.reached(entry, from, &self.chargers).min()
    }

    /// Places where a robot of this genesis position may wait without end.
    pub fn parkings(&self, entry: u32, from: u32) -> Vec<(u64, u32)> {
        self.nearest_first(entry, from, &self.parkings)
    }

    /// The zone around a place where robots may wait without end.
    pub fn parking_zone(&self, vertex: u32) -> Option<ZoneId> {
        self.parking_zones.get(&vertex).copied()
    }

    /// Transfer places that a robot of this genesis position can reach from `from`, nearest first.
    pub fn transfer_places(&self, entry: u32, from: u32) -> Vec<(u64, u32)> {
        let mut all = self.nearest_first(entry, from, &self.transfers);
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

    /// The longest way to a vertex from a place where a robot of this genesis position may wait without end, by ways that
    /// do not enter these areas.
    pub fn from_rest_ms(&self, entry: u32, to: u32, barred: &BTreeSet<u32>) -> Option<u64> {
        let rests = |v: &&u32| self.is_on_graph(entry, **v) && !self.is_in(entry, **v, self.map.guarded());
        self.waiting.iter().filter(rests).filter_map(|v| self.travel_without_ms(entry, *v, to, barred)).max()
    }

    /// Those of some vertices that such a robot may stand at and can reach, and how soon.
    fn reached(&self, entry: u32, from: u32, of: &[u32]) -> impl Iterator<Item = (u64, u32)> {
        // Whoever leaves an area could also go where no way leads on from without a plan: it would never come out.
        let guarded = self.map.guarded();
        let home = self.homes.get(entry as usize).copied();
        let leads_on = move |v: u32| guarded.is_empty() || home.is_none_or(|h| self.travel_ms(entry, v, h).is_some());
        let open = of.iter().filter(move |v| self.is_on_graph(entry, **v) && !self.is_in(entry, **v, guarded) && leads_on(**v));
        open.filter_map(move |v| self.travel_ms(entry, from, *v).map(|ms| (ms, *v)))
    }

    fn nearest_first(&self, entry: u32, from: u32, of: &[u32]) -> Vec<(u64, u32)> {
        let mut out: Vec<(u64, u32)> = self.reached(entry, from, of).collect();
        out.sort_unstable();
        out
    }

    /// Every vertex where a robot of this genesis position may stop.
    pub fn standing_places(&self, entry: u32) -> impl Iterator<Item = VertexIx> + '_ {
        let stops = |v: &VertexIx| !self.site.vertices[v.at()].flags.is_passthrough_point && self.site.vertices[v.at()].lift.is_none();
        let open = move |v: &VertexIx| self.is_on_graph(entry, v.ix) && !self.is_in(entry, v.ix, self.map.guarded());
        self.site.vertex_indexes().filter(stops).filter(open)
    }

    /// The way of a robot of this genesis position back and forth over an area, from a place in it and back there. Nothing if
    /// it has none.
    #[allow(clippy::cast_possible_truncation)] // no site is larger than 2^63 mm
    pub fn way_over(&self, entry: u32, area: u32, place: u32) -> Vec<PointMm> {
        let mm = |p: Vec2| PointMm { x_mm: (p.x * 1e3).round() as i64, y_mm: (p.y * 1e3).round() as i64 };
        let home = self.vertex_mm(place).map(|(x_mm, y_mm)| PointMm { x_mm, y_mm });
        self.sweep(entry, area).into_iter().flatten().copied().map(mm).chain(home).collect()
    }

    fn sweep(&self, entry: u32, area: u32) -> Option<&Vec<Vec2>> {
        self.sweeps.get(&self.radii.get(entry as usize)?.to_bits())?.get(area as usize)?.as_ref()
    }

    /// Does a place lie in an area that a robot of this genesis position can sweep?
    pub fn can_cover(&self, entry: u32, area: u32, place: u32) -> bool {
        let (Some(a), Some(v)) = (self.site.areas.get(area as usize), self.site.vertices.get(place as usize)) else { return false };
        v.level == a.level && a.contains(v.at) && self.sweep(entry, area).is_some()
    }

    /// Floor of an area that counts, mm².
    pub fn floor_mm2(&self, area: u32) -> u64 {
        self.floors.get(area as usize).copied().unwrap_or(0)
    }

    /// Position of a vertex in millimetres.
    #[allow(clippy::cast_possible_truncation)] // no site is larger than 2^63 mm
    pub fn vertex_mm(&self, vertex: u32) -> Option<(i64, i64)> {
        let at = self.site.vertices.get(vertex as usize)?.at;
        Some(((at.x * 1e3).round() as i64, (at.y * 1e3).round() as i64))
    }
}
