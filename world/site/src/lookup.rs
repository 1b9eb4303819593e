//! Questions that everybody asks of a site: indexes, names, graphs, the cabin and doors of a lift.

use crate::model::*;
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use std::collections::BTreeSet;

impl Site {
    /// Indexes of all levels.
    pub fn level_indexes(&self) -> impl Iterator<Item = LevelIx> + use<> {
        (0u32..).take(self.levels.len()).map(LevelIx::new)
    }
    /// Indexes of all vertices.
    pub fn vertex_indexes(&self) -> impl Iterator<Item = VertexIx> + use<> {
        (0u32..).take(self.vertices.len()).map(VertexIx::new)
    }
    /// Indexes of all lanes.
    pub fn lane_indexes(&self) -> impl Iterator<Item = LaneIx> + use<> {
        (0u32..).take(self.lanes.len()).map(LaneIx::new)
    }
    /// Indexes of all doors.
    pub fn door_indexes(&self) -> impl Iterator<Item = DoorIx> + use<> {
        (0u32..).take(self.doors.len()).map(DoorIx::new)
    }
    /// Indexes of all lifts.
    pub fn lift_indexes(&self) -> impl Iterator<Item = LiftIx> + use<> {
        (0u32..).take(self.lifts.len()).map(LiftIx::new)
    }
    /// The graph of this number.
    pub fn graph(&self, graph_idx: u32) -> Option<&Graph> {
        self.graphs.iter().find(|g| g.graph_idx == graph_idx)
    }
    /// The level of this name.
    pub fn level_named(&self, name: &str) -> Option<LevelIx> {
        self.level_indexes().find(|l| self.levels[l.at()].name == name)
    }
    /// The first vertex of this name; `level/name` asks for a level's own.
    pub fn vertex_named(&self, name: &str) -> Option<VertexIx> {
        if name.is_empty() {
            return None;
        }
        let plain = self.vertex_indexes().find(|v| self.vertices[v.at()].name == name);
        plain.or_else(|| {
            let (level, rest) = name.split_once('/')?;
            let level = self.level_named(level)?;
            self.vertex_indexes().find(|v| self.vertices[v.at()].level == level && self.vertices[v.at()].name == rest)
        })
    }
    /// A name for people: its own, or its level and number.
    pub fn vertex_label(&self, v: VertexIx) -> String {
        match self.vertices.get(v.at()) {
            Some(x) if !x.name.is_empty() => x.name.clone(),
            Some(x) => format!("{}#{}", self.levels.get(x.level.at()).map_or("?", |l| l.name.as_str()), v.ix),
            None => format!("#{}", v.ix),
        }
    }
    /// Of every vertex, the others to or from which lanes of any graph lead.
    pub fn neighbours(&self) -> Vec<BTreeSet<VertexIx>> {
        let n = self.vertices.len();
        let mut near = vec![BTreeSet::new(); n];
        for l in self.lanes.iter().filter(|l| l.from != l.to && l.from.at() < n && l.to.at() < n) {
            near[l.from.at()].insert(l.to);
            near[l.to.at()].insert(l.from);
        }
        near
    }
    /// The navigation graphs whose lanes touch a vertex, lowest first.
    pub fn graphs_at(&self, v: VertexIx) -> Vec<u32> {
        let set: BTreeSet<u32> = self.lanes.iter().filter(|l| l.from == v || l.to == v).map(|l| l.graph_idx).collect();
        set.into_iter().collect()
    }
    /// Centre line of a lane.
    pub fn lane_line(&self, lane: LaneIx) -> Segment {
        let l = &self.lanes[lane.at()];
        Segment::new(self.vertices[l.from.at()].at, self.vertices[l.to.at()].at)
    }
    /// The level of a lane's start.
    pub fn lane_level(&self, lane: LaneIx) -> LevelIx {
        self.vertices[self.lanes[lane.at()].from.at()].level
    }
    /// A lane for people: `coe to lounge`.
    pub fn lane_label(&self, lane: LaneIx) -> String {
        let l = &self.lanes[lane.at()];
        format!("{} to {}", self.vertex_label(l.from), self.vertex_label(l.to))
    }
}

impl Vertex {
    /// A vertex with nothing but a place.
    #[must_use]
    pub fn new(name: impl Into<String>, level: LevelIx, at: Vec2) -> Self {
        Self {
            name: name.into(),
            level,
            at,
            flags: VertexFlags::default(),
            pickup_dispenser: None,
            dropoff_ingestor: None,
            dock_name: None,
            lift: None,
            mutex: None,
            merge_radius_m: None,
        }
    }
    /// Could a load lie here for another robot to fetch, in nobody's way and taken for nothing else?
    pub fn can_hold_a_load(&self) -> bool {
        let f = &self.flags;
        let other = f.is_charger || f.is_passthrough_point || self.pickup_dispenser.is_some() || self.dropoff_ingestor.is_some();
        !other && self.lift.is_none()
    }
    /// Somebody could name it as a destination: it has a name, a dispenser or an ingestor, and is no lift cabin.
    pub fn is_place(&self) -> bool {
        self.lift.is_none() && (!self.name.is_empty() || self.pickup_dispenser.is_some() || self.dropoff_ingestor.is_some())
    }
}

impl Lane {
    /// A lane of the first graph with nothing but its ends and a length.
    #[must_use]
    pub const fn new(from: VertexIx, to: VertexIx, length_mm: u64) -> Self {
        Self {
            from,
            to,
            graph_idx: 0,
            length_mm,
            speed_limit_mps: None,
            orientation: LaneOrientation::Any,
            mutex: None,
            doors: Vec::new(),
            lift_door: None,
            ride: None,
            reverse: None,
        }
    }
}

impl Lift {
    /// The cabin's frame in the site frame.
    pub const fn pose(&self) -> Pose2 {
        Pose2 { at: self.at, theta_rad: self.yaw_rad }
    }
    /// Is the point inside the cabin, or at most `slack_m` outside?
    pub fn holds(&self, p: Vec2, slack_m: f64) -> bool {
        let q = self.pose().inverse_apply(p);
        q.x.abs() <= self.width_m / 2.0 + slack_m && q.y.abs() <= self.depth_m / 2.0 + slack_m
    }
    /// The four corners of the cabin, counter-clockwise from the front right.
    pub fn corners(&self) -> [Vec2; 4] {
        let (x, y) = (self.width_m / 2.0, self.depth_m / 2.0);
        [(x, y), (-x, y), (-x, -y), (x, -y)].map(|(x, y)| self.pose().apply(Vec2::new(x, y)))
    }
    /// The opening of one of its doors in the site frame.
    pub fn door_line(&self, door: usize) -> Segment {
        let d = &self.doors[door];
        let half = Vec2::at_angle(d.motion_axis_rad) * (d.width_m / 2.0);
        Segment::new(self.pose().apply(d.at - half), self.pose().apply(d.at + half))
    }
    /// The cabin's walls without the openings of its doors, in the site frame.
    pub fn cabin_walls(&self) -> Vec<Segment> {
        let (x, y) = (self.width_m / 2.0, self.depth_m / 2.0);
        let sides = [((x, -y), (x, y)), ((x, y), (-x, y)), ((-x, y), (-x, -y)), ((-x, -y), (x, -y))];
        let mut walls = Vec::new();
        for (a, b) in sides {
            let side = Segment::new(Vec2::new(a.0, a.1), Vec2::new(b.0, b.1));
            let length = side.length();
            // Shares of the side that doors take.
            let mut gaps: Vec<(f64, f64)> = self
                .doors
                .iter()
                .filter(|d| side.dist_point(d.at) < 0.05)
                .map(|d| {
                    let middle = side.nearest_share(d.at) * length;
                    ((middle - d.width_m / 2.0).max(0.0), (middle + d.width_m / 2.0).min(length))
                })
                .collect();
            gaps.sort_by(|p, q| p.0.total_cmp(&q.0));
            let mut from = 0.0;
            for (low, high) in gaps.into_iter().chain([(length, length)]) {
                if low - from > 0.01 {
                    let at = |d: f64| self.pose().apply(side.a.lerp(side.b, d / length));
                    walls.push(Segment::new(at(from), at(low)));
                }
                from = f64::max(from, high);
            }
        }
        walls
    }
    /// The stop at a level.
    pub fn stop_at(&self, level: LevelIx) -> Option<&LiftStop> {
        self.stops.iter().find(|s| s.level == level)
    }
}
