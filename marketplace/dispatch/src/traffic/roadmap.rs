//! The road map: what can be known about a site's lanes before any robot moves. Derived from the site, never stored.
//!
//! A *resource* is a vertex or a lane. Two resources conflict for two kinds of robots if their swept discs come closer
//! than both radii and a margin. A lane sweeps its end points too, so whatever conflicts with a vertex conflicts with
//! every lane at it; the whole of traffic rests on that.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // indexes fit u32 (checked), durations are clamped

use nooterra_engine::geom::{Segment, Vec2};
use nooterra_engine::{Record, real};
use nooterra_site::areas::{KEEP_OFF_M, Reached};
use nooterra_site::{LaneIx, LevelIx, Site, VertexIx};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// What traffic knows of a kind of robot.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub struct RobotClass {
    /// The navigation graph it drives on.
    pub graph_idx: u32,
    /// Radius of the circle that holds it, metres.
    pub radius_m: f64,
    /// Its speed, m/s.
    pub speed_mps: f64,
}

/// A millisecond count that no plan reaches.
pub(crate) const FAR: u64 = u64::MAX / 8;
/// A distance that no route has.
pub(crate) const NO_ROUTE: u32 = u32::MAX;

const MARGINS_M: [f64; 4] = [0.10, 0.05, 0.02, 0.0];
const DOOR_MS: u64 = 3_000;
const LIFT_DOOR_MS: u64 = 6_000;
const RIDE_MS: u64 = 15_000;
const MOVE_MS: u64 = 400;
/// Above this many vertices, distances are computed when asked for instead of kept.
const TABLE_VERTICES: usize = 1_200;

/// A vertex or lane as one number: vertices first.
pub(crate) type Res = u32;

/// Beside areas a robot may be barred from entrances and levels: each is one number. An entrance is passed inward, a level is
/// entered from a cabin.
const ENTRANCES: u32 = 1 << 16;
const LEVELS: u32 = 1 << 24;

/// The bar of an entrance of the site: who has it passes that door or enters that lift outward only.
pub const fn entrance_bar(entrance: u32) -> u32 {
    ENTRANCES + entrance
}
/// The bar of a level: who has it does not come there.
pub const fn level_bar(level: LevelIx) -> u32 {
    LEVELS + level.ix
}

/// What a lane is to the planner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Road {
    pub from: u32,
    pub to: u32,
}

/// The road map of a site for some classes of robots.
#[derive(Debug)]
pub struct RoadMap {
    /// The classes, in the order given.
    pub classes: Vec<RobotClass>,
    /// The clearance in force between two robots, metres.
    pub margin_m: f64,
    pub(crate) vertices: usize,
    pub(crate) roads: Vec<Road>,
    pub(crate) shapes: Vec<Shape>,
    /// Seconds that standing at a vertex is worth avoiding, in milliseconds.
    pub(crate) rest_cost_ms: Vec<u64>,
    words: usize,
    /// Which matrix a pair of classes uses.
    pair: Vec<usize>,
    bits: Vec<Vec<u64>>,
    lists: Vec<Vec<Vec<Res>>>,
    kinds: Vec<Kind>,
    /// Areas that nobody enters without a plan.
    guarded: BTreeSet<u32>,
    /// Bars of entrances and levels that each lane passes.
    gates: Vec<BTreeSet<u32>>,
}

/// Per class.
#[derive(Debug)]
struct Kind {
    out: Vec<Vec<u32>>,
    into: Vec<Vec<u32>>,
    member: Vec<bool>,
    ms: Vec<u32>,
    /// Vertices at which a plan may end: whoever stands there can be passed or goes on without meeting anybody head-on.
    open: Vec<bool>,
    /// Distance tables by goal, or empty if the site is large.
    table: Vec<Vec<u32>>,
    /// Areas that a robot comes into.
    reached: Reached,
}

/// The line that a resource's disc sweeps, on one or (a ride) two levels.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    line: Segment,
    levels: (LevelIx, LevelIx),
    groups: Vec<u32>,
}

/// Waiting on a vertex that lanes pass through costs as much as driving for this long to a place off the way.
const ON_THE_WAY_MS: u64 = 40_000;

impl Shape {
    /// Distance between the centre lines, `None` if they can never meet.
    pub(crate) fn gap_m(&self, o: &Self) -> Option<f64> {
        let shared =
            self.levels.0 == o.levels.0 || self.levels.0 == o.levels.1 || self.levels.1 == o.levels.0 || self.levels.1 == o.levels.1;
        shared.then(|| self.line.dist(&o.line))
    }
    fn shares_group(&self, o: &Self) -> bool {
        self.groups.iter().any(|g| o.groups.contains(g))
    }
    fn near(&self, o: &Self, d: f64) -> bool {
        let apart = |a0: f64, a1: f64, b0: f64, b1: f64| a0.min(a1) - b0.max(b1) > d || b0.min(b1) - a0.max(a1) > d;
        let (s, t) = (&self.line, &o.line);
        !(apart(s.a.x, s.b.x, t.a.x, t.b.x) || apart(s.a.y, s.b.y, t.a.y, t.b.y))
    }
}

impl RoadMap {
    /// The road map with the widest margin (0.10 m at most) at which no two robots that the site spawns are too close.
    pub fn build(site: &Site, classes: &[RobotClass]) -> Self {
        let margin_m = MARGINS_M.into_iter().find(|m| spawns_fit(site, classes, *m)).unwrap_or(0.0);
        Self::with_margin(site, classes, margin_m)
    }

    /// The road map with a given margin.
    pub fn with_margin(site: &Site, classes: &[RobotClass], margin_m: f64) -> Self {
        let vertices = site.vertices.len();
        let shapes = shapes(site);
        let roads: Vec<Road> = site.lanes.iter().map(|l| Road { from: l.from.ix, to: l.to.ix }).collect();
        let rest_cost_ms = site
            .vertices
            .iter()
            .zip(site.neighbours())
            .map(|(v, near)| {
                let f = &v.flags;
                let mut ms = 4_000;
                // Whoever waits on a way waits in somebody's way.
                if near.len() > 1 {
                    ms += ON_THE_WAY_MS;
                }
                if f.is_parking_spot || f.is_holding_point {
                    ms = 0;
                }
                if f.is_charger || v.dock_name.is_some() || v.pickup_dispenser.is_some() || v.dropoff_ingestor.is_some() {
                    ms += 10_000;
                }
                if f.is_passthrough_point {
                    ms += 60_000;
                }
                if v.lift.is_some() {
                    ms += 180_000;
                }
                ms
            })
            .collect();
        let mut map = Self {
            classes: classes.to_vec(),
            margin_m,
            vertices,
            roads,
            shapes,
            rest_cost_ms,
            words: 0,
            pair: Vec::new(),
            bits: Vec::new(),
            lists: Vec::new(),
            kinds: Vec::new(),
            guarded: site.guarded(),
            gates: gates(site),
        };
        map.relate();
        map.kinds = classes.iter().map(|c| map.kind(site, c)).collect();
        for class in 0..map.kinds.len() {
            if vertices <= TABLE_VERTICES {
                map.kinds[class].table = (0..vertices as u32).map(|g| map.distances(class as u32, g, |_| false)).collect();
            }
        }
        map
    }

    /// Is this vertex on the class's graph?
    pub fn is_member(&self, class: u32, vertex: VertexIx) -> bool {
        self.kinds.get(class as usize).is_some_and(|k| k.member.get(vertex.at()).copied().unwrap_or(false))
    }
    /// Nominal time for a lane, milliseconds.
    pub fn lane_ms(&self, class: u32, lane: LaneIx) -> u64 {
        u64::from(self.ms(class, lane.ix))
    }
    /// Nominal travel time between two vertices on an empty site, milliseconds; `None` if no route exists.
    pub fn travel_ms(&self, class: u32, from: VertexIx, to: VertexIx) -> Option<u64> {
        if !self.is_member(class, from) || !self.is_member(class, to) {
            return None;
        }
        let d = self.toward(class, to.ix)[from.at()];
        (d != NO_ROUTE).then_some(u64::from(d))
    }
    /// Nominal travel times from every vertex to `to`, milliseconds; `u32::MAX` where no route exists.
    pub fn travel_table_ms(&self, class: u32, to: VertexIx) -> Vec<u32> {
        self.toward(class, to.ix).into_owned()
    }
    /// Do robots of these classes come too close when one stands at `a` and the other at `b`?
    pub fn vertices_conflict(&self, class_a: u32, a: VertexIx, class_b: u32, b: VertexIx) -> bool {
        self.conflict(class_a, a.ix, class_b, b.ix)
    }
    /// Do robots of these classes come too close when one drives along `a` while the other drives along `b`?
    pub fn lanes_conflict(&self, class_a: u32, a: LaneIx, class_b: u32, b: LaneIx) -> bool {
        self.conflict(class_a, self.lane_res(a.ix), class_b, self.lane_res(b.ix))
    }
    /// Do robots of these classes come too close when one drives along `lane` while the other stands at `vertex`?
    pub fn lane_vertex_conflict(&self, class_lane: u32, lane: LaneIx, class_vertex: u32, vertex: VertexIx) -> bool {
        self.conflict(class_lane, self.lane_res(lane.ix), class_vertex, vertex.ix)
    }
    /// Lanes of this class's graph that leave `vertex`.
    pub fn lanes_from(&self, class: u32, vertex: VertexIx) -> impl Iterator<Item = LaneIx> + '_ {
        self.out(class, vertex.ix).iter().map(|l| LaneIx::new(*l))
    }
    /// Where a lane leads.
    pub fn lane_to(&self, lane: LaneIx) -> VertexIx {
        VertexIx::new(self.roads[lane.at()].to)
    }
    /// Where a lane begins.
    pub fn lane_from(&self, lane: LaneIx) -> VertexIx {
        VertexIx::new(self.roads[lane.at()].from)
    }
    /// Number of lanes.
    pub fn lanes(&self) -> usize {
        self.roads.len()
    }

    /// Areas that nobody enters without a plan.
    pub fn guarded(&self) -> &BTreeSet<u32> {
        &self.guarded
    }
    /// Does a robot of this class that stands at a vertex come into one of these areas?
    pub fn is_in(&self, class: u32, vertex: VertexIx, areas: &BTreeSet<u32>) -> bool {
        self.kinds.get(class as usize).is_some_and(|k| k.reached.is_in(vertex, areas))
    }
    /// Does it, driving along a lane?
    pub fn comes_into(&self, class: u32, lane: LaneIx, areas: &BTreeSet<u32>) -> bool {
        self.kinds.get(class as usize).is_some_and(|k| k.reached.comes_into(lane, areas))
    }
    /// Is a lane shut for a robot with these bars: areas, [entrances](entrance_bar) and [levels](level_bar)? Whoever stands in a
    /// barred area may leave, through others and through any door.
    pub fn is_shut(&self, class: u32, lane: LaneIx, barred: &BTreeSet<u32>) -> bool {
        let leads_in = || self.comes_into(class, lane, barred) || self.gates.get(lane.at()).is_some_and(|g| !g.is_disjoint(barred));
        !barred.is_empty() && leads_in() && !self.is_in(class, self.lane_from(lane), barred)
    }
    /// Does a lane pass this entrance inward?
    pub fn leads_in(&self, lane: LaneIx, entrance: u32) -> bool {
        self.gates.get(lane.at()).is_some_and(|g| g.contains(&entrance_bar(entrance)))
    }
    /// [`RoadMap::travel_ms`] for a robot with these bars.
    pub fn travel_without_ms(&self, class: u32, from: VertexIx, to: VertexIx, barred: &BTreeSet<u32>) -> Option<u64> {
        if barred.is_empty() {
            return self.travel_ms(class, from, to);
        }
        if !self.is_member(class, from) || !self.is_member(class, to) {
            return None;
        }
        let d = self.distances(class, to.ix, |l| self.is_shut(class, LaneIx::new(l), barred))[from.at()];
        (d != NO_ROUTE).then_some(u64::from(d))
    }

    pub(crate) fn resources(&self) -> usize {
        self.vertices + self.roads.len()
    }
    pub(crate) fn lane_res(&self, lane: u32) -> Res {
        self.vertices as u32 + lane
    }
    pub(crate) fn ms(&self, class: u32, lane: u32) -> u32 {
        self.kinds[class as usize].ms[lane as usize]
    }
    pub(crate) fn out(&self, class: u32, v: u32) -> &[u32] {
        &self.kinds[class as usize].out[v as usize]
    }
    /// May a plan end here, short of its goal?
    pub(crate) fn is_open(&self, class: u32, v: u32) -> bool {
        self.kinds[class as usize].open[v as usize]
    }
    /// The least time in which a robot gets away from a vertex.
    pub(crate) fn leave_ms(&self, class: u32, v: u32) -> u64 {
        self.out(class, v).iter().map(|l| u64::from(self.ms(class, *l))).min().unwrap_or(u64::from(u32::MAX / 4))
    }
    /// The lanes of the shortest way between two vertices over lanes that are not shut, by the distances to its end.
    pub(crate) fn descend<'a>(
        &'a self,
        class: u32,
        (from, to): (u32, u32),
        dist: &'a [u32],
        shut: &'a [bool],
    ) -> impl Iterator<Item = u32> + 'a {
        let end = move |l: u32| self.roads[l as usize].to;
        let mut at = from;
        std::iter::from_fn(move || {
            let open = self.out(class, at).iter().filter(|l| !shut[**l as usize] && dist[end(**l) as usize] != NO_ROUTE);
            let best = open.min_by_key(|l| dist[end(**l) as usize].saturating_add(self.ms(class, **l)));
            let lane = *best.filter(|_| at != to)?;
            at = end(lane);
            Some(lane)
        })
    }
    pub(crate) fn conflict(&self, ca: u32, a: Res, cb: u32, b: Res) -> bool {
        let m = &self.bits[self.pair[ca as usize * self.classes.len() + cb as usize]];
        m[a as usize * self.words + b as usize / 64] >> (b % 64) & 1 == 1
    }
    /// Resources at which a robot of class `cb` is too close to one of class `ca` on `a`.
    pub(crate) fn around(&self, ca: u32, a: Res, cb: u32) -> &[Res] {
        &self.lists[self.pair[ca as usize * self.classes.len() + cb as usize]][a as usize]
    }
    /// Distances towards a goal, from the table if there is one.
    pub(crate) fn toward(&self, class: u32, goal: u32) -> std::borrow::Cow<'_, [u32]> {
        match self.kinds[class as usize].table.get(goal as usize) {
            Some(t) => std::borrow::Cow::Borrowed(t),
            None => std::borrow::Cow::Owned(self.distances(class, goal, |_| false)),
        }
    }
    /// Distances towards a goal over lanes that are not shut.
    pub(crate) fn distances(&self, class: u32, goal: u32, shut: impl Fn(u32) -> bool) -> Vec<u32> {
        let k = &self.kinds[class as usize];
        let mut dist = vec![NO_ROUTE; self.vertices];
        if !k.member[goal as usize] {
            return dist;
        }
        let mut heap = BinaryHeap::with_capacity(64);
        dist[goal as usize] = 0;
        heap.push(Reverse((0u32, goal)));
        while let Some(Reverse((d, v))) = heap.pop() {
            if d > dist[v as usize] {
                continue;
            }
            for &l in &k.into[v as usize] {
                let n = d.saturating_add(k.ms[l as usize]).min(NO_ROUTE - 1);
                let from = self.roads[l as usize].from;
                if n < dist[from as usize] && !shut(l) {
                    dist[from as usize] = n;
                    heap.push(Reverse((n, from)));
                }
            }
        }
        dist
    }

    /// Fills the conflict matrices: one per distinct sum of radii.
    fn relate(&mut self) {
        let n = self.resources();
        self.words = n.div_ceil(64);
        let mut sums = BTreeMap::new();
        for a in &self.classes {
            for b in &self.classes {
                let need_m = a.radius_m + b.radius_m + self.margin_m;
                sums.entry((need_m * 1e6) as u64).or_insert(need_m);
            }
        }
        let keys: Vec<u64> = sums.keys().copied().collect();
        let need: Vec<f64> = sums.values().copied().collect();
        for a in &self.classes {
            for b in &self.classes {
                let key = ((a.radius_m + b.radius_m + self.margin_m) * 1e6) as u64;
                self.pair.push(keys.iter().position(|k| *k == key).unwrap_or(0));
            }
        }
        let widest = need.last().copied().unwrap_or(0.0);
        self.bits = vec![vec![0; n * self.words]; need.len()];
        self.lists = vec![vec![Vec::new(); n]; need.len()];
        for a in 0..n {
            for b in a..n {
                let (s, t) = (&self.shapes[a], &self.shapes[b]);
                let grouped = s.shares_group(t);
                if !grouped && !s.near(t, widest) {
                    continue;
                }
                let gap = if grouped { Some(0.0) } else { s.gap_m(t) };
                let Some(gap) = gap else { continue };
                for (i, need_m) in need.iter().enumerate() {
                    if gap < need_m - 1e-9 {
                        self.bits[i][a * self.words + b / 64] |= 1 << (b % 64);
                        self.bits[i][b * self.words + a / 64] |= 1 << (a % 64);
                        self.lists[i][a].push(b as u32);
                        if a != b {
                            self.lists[i][b].push(a as u32);
                        }
                    }
                }
            }
        }
    }

    fn kind(&self, site: &Site, class: &RobotClass) -> Kind {
        let mut k = Kind {
            out: vec![Vec::new(); self.vertices],
            into: vec![Vec::new(); self.vertices],
            member: vec![false; self.vertices],
            ms: vec![u32::MAX / 4; self.roads.len()],
            open: Vec::new(),
            table: Vec::new(),
            reached: site.reached(class.radius_m + KEEP_OFF_M),
        };
        let graph_limit = site.graphs.iter().find(|g| g.graph_idx == class.graph_idx).and_then(|g| g.default_speed_limit_mps);
        for (i, lane) in site.lanes.iter().enumerate() {
            if lane.graph_idx != class.graph_idx || lane.from == lane.to {
                continue;
            }
            k.out[lane.from.at()].push(i as u32);
            k.into[lane.to.at()].push(i as u32);
            k.member[lane.from.at()] = true;
            k.member[lane.to.at()] = true;
            let limit = lane.speed_limit_mps.filter(|v| *v > 0.0).or(graph_limit.filter(|v| *v > 0.0)).unwrap_or(f64::INFINITY);
            let speed = class.speed_mps.min(limit).max(0.05);
            let mut ms = MOVE_MS + ((lane.length_mm as f64 / speed) as u64).min(86_400_000);
            ms += DOOR_MS * lane.doors.len() as u64;
            ms += if lane.lift_door.is_some() { LIFT_DOOR_MS } else { 0 };
            ms += if lane.ride.is_some() { RIDE_MS } else { 0 };
            k.ms[i] = ms.min(u64::from(u32::MAX / 64)) as u32;
        }
        k.open = super::open::vertices(&self.roads, &k.out);
        k
    }
}

/// The bars that each lane passes.
fn gates(site: &Site) -> Vec<BTreeSet<u32>> {
    let bars =
        |(l, inward): (LaneIx, BTreeSet<u32>)| inward.into_iter().map(entrance_bar).chain(site.lane_landing(l).map(level_bar)).collect();
    site.lane_indexes().zip(site.ways_in()).map(bars).collect()
}

/// Can the site's robots stand where it spawns them? Each is taken for the smallest class that drives there.
fn spawns_fit(site: &Site, classes: &[RobotClass], margin_m: f64) -> bool {
    let radius = |v: VertexIx| {
        let here = |c: &&RobotClass| site.lanes.iter().any(|l| l.graph_idx == c.graph_idx && (l.from == v || l.to == v));
        classes.iter().filter(here).map(|c| c.radius_m).reduce(f64::min).unwrap_or(0.0)
    };
    let placed: Vec<(LevelIx, Vec2, f64)> =
        site.spawns.iter().filter_map(|s| site.vertices.get(s.vertex.at()).map(|v| (v.level, v.at, radius(s.vertex)))).collect();
    placed
        .iter()
        .enumerate()
        .all(|(i, a)| placed[..i].iter().all(|b| a.0 != b.0 || real::hypot(a.1.x - b.1.x, a.1.y - b.1.y) >= a.2 + b.2 + margin_m))
}

fn shapes(site: &Site) -> Vec<Shape> {
    // Groups that admit one robot: each lift's cabin, then each mutex by name.
    let names: BTreeSet<&str> =
        site.vertices.iter().filter_map(|v| v.mutex.as_deref()).chain(site.lanes.iter().filter_map(|l| l.mutex.as_deref())).collect();
    let names: Vec<&str> = names.into_iter().filter(|n| !n.is_empty()).collect();
    let mutex = |m: &Option<String>| {
        let at = m.as_deref().and_then(|m| names.binary_search(&m).ok());
        at.map(|i| (site.lifts.len() + i) as u32)
    };
    let of_vertex = |v: VertexIx| {
        let v = &site.vertices[v.at()];
        v.lift.map(|l| l.ix).into_iter().chain(mutex(&v.mutex))
    };
    let standing = (0..site.vertices.len() as u32).map(VertexIx::new).map(|i| {
        let v = &site.vertices[i.at()];
        Shape { line: Segment { a: v.at, b: v.at }, levels: (v.level, v.level), groups: of_vertex(i).collect() }
    });
    let driving = site.lanes.iter().map(|l| {
        let (a, b) = (&site.vertices[l.from.at()], &site.vertices[l.to.at()]);
        let own = l.ride.or(l.lift_door).map(|l| l.ix).into_iter().chain(mutex(&l.mutex));
        let groups: BTreeSet<u32> = own.chain(of_vertex(l.from)).chain(of_vertex(l.to)).collect();
        Shape { line: Segment { a: a.at, b: b.at }, levels: (a.level, b.level), groups: groups.into_iter().collect() }
    });
    standing.chain(driving).collect()
}
