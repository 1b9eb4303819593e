//! What a robot carries of its building: wall faces in a grid for localisation, vertices and lanes for driving.
//! Derived once from the site, shared by every robot that uses the same navigation graph, never part of the state.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // grid cells of a building: far below 2^31, clamped at 0

use nooterra_engine::geom::{Segment, Vec2};
use nooterra_site::model::{LaneOrientation, Lift};
use nooterra_site::{Area, Site};

/// Edge of a grid cell.
const CELL_M: f64 = 0.5;
/// Most cells of a level's grid; where it would take more, they are larger.
const CELLS_MAX: u64 = 1 << 20;
/// A face is listed in every cell that comes this near to it: no query may look further.
pub const REACH_M: f64 = 0.35;
/// Lidar returns this near to a closed door say nothing: it may be anywhere on its way.
const DOOR_DOUBT_M: f64 = 0.2;
/// A beam that passes a wall this near to its end may have passed beside it.
const END_DOUBT_M: f64 = 0.1;
/// Looks along one beam: no lidar of ours sees further than this many cells.
const STEPS_MAX: f64 = 400.0;

/// A vertex as the robot knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Where.
    pub at: Vec2,
    /// On which level.
    pub level: u32,
}

/// A lane as the robot knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Way {
    /// Start vertex.
    pub from: u32,
    /// End vertex.
    pub to: u32,
    /// Speed limit, infinite if there is none.
    pub limit_mps: f64,
    /// Which way to face.
    pub facing: LaneOrientation,
}

/// What a face belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What never moves.
    Wall,
    /// A lift's cabin, which is on one level at a time.
    Cabin,
    /// A door, where it is when it is closed.
    Door,
}

/// One visible side of a wall, or a door's closed position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Start.
    pub a: Vec2,
    /// Unit vector along it.
    pub dir: Vec2,
    /// Length.
    pub length_m: f64,
    /// Unit vector towards the side from which it is seen.
    pub normal: Vec2,
    kind: Kind,
}

impl Face {
    fn new(s: Segment, normal: Vec2, kind: Kind) -> Self {
        Self { a: s.a, dir: (s.b - s.a).unit(), length_m: s.length(), normal, kind }
    }
    /// Distance of `p` in front of it.
    pub fn height(&self, p: Vec2) -> f64 {
        self.normal.dot(p - self.a)
    }
    fn along(&self, p: Vec2) -> f64 {
        self.dir.dot(p - self.a)
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
struct LevelMap {
    origin: Vec2,
    /// Edge of a cell, metres.
    cell_m: f64,
    cols: u32,
    rows: u32,
    starts: Vec<u32>,
    items: Vec<u32>,
    faces: Vec<Face>,
}

/// What the map holds where a lidar return came from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meets<'a> {
    /// This face, with the height of the return over it.
    Wall(&'a Face, f64),
    /// A door is so near that nobody can tell.
    Door,
    /// Nothing.
    Nothing,
}

/// The building in a robot's head.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentMap {
    levels: Vec<LevelMap>,
    vertices: Vec<Place>,
    lanes: Vec<Way>,
    areas: Vec<Area>,
}

impl AgentMap {
    /// The map of a site for robots that drive on this navigation graph.
    pub fn new(site: &Site, graph_idx: u32) -> Self {
        let vertices = site.vertices.iter().map(|v| Place { at: v.at, level: v.level.ix }).collect();
        let limit = |graph: u32| site.graphs.iter().find(|g| g.graph_idx == graph).and_then(|g| g.default_speed_limit_mps);
        let lanes = site
            .lanes
            .iter()
            .map(|l| Way {
                from: l.from.ix,
                to: l.to.ix,
                limit_mps: l
                    .speed_limit_mps
                    .or_else(|| limit(l.graph_idx))
                    .or_else(|| limit(graph_idx))
                    .filter(|v| *v > 0.0)
                    .unwrap_or(f64::INFINITY),
                facing: l.orientation,
            })
            .collect();
        let levels = (0..site.levels.len()).map(|i| LevelMap::new(faces_of(site, i))).collect();
        Self { levels, vertices, lanes, areas: site.areas.clone() }
    }
    /// Areas of the site.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }
    /// Number of vertices.
    pub fn vertices(&self) -> u32 {
        u32::try_from(self.vertices.len()).unwrap_or(u32::MAX)
    }
    /// The shortest way between two vertices of one level: lanes, each with where it leads.
    pub fn way(&self, from: u32, to: u32) -> Option<Vec<(u32, u32)>> {
        let level = self.vertex(from)?.level;
        let mut best: Vec<Option<(f64, u32)>> = vec![None; self.vertices.len()];
        *best.get_mut(from as usize)? = Some((0.0, u32::MAX));
        let mut open = vec![from];
        while let Some(v) = open.pop() {
            let far = best[v as usize]?.0;
            for (i, l) in (0u32..).zip(&self.lanes).filter(|(_, l)| l.from == v) {
                let (Some(a), Some(b)) = (self.vertex(v), self.vertex(l.to).filter(|p| p.level == level)) else { continue };
                let next = far + a.at.dist(b.at);
                if best[l.to as usize].is_none_or(|(known, _)| next < known - 1e-9) {
                    best[l.to as usize] = Some((next, i));
                    open.push(l.to);
                }
            }
        }
        let (mut at, mut way) = (to, Vec::new());
        while at != from {
            let (_, lane) = best.get(at as usize).copied().flatten()?;
            way.push((at, lane));
            at = self.lane(lane)?.from;
        }
        way.reverse();
        Some(way)
    }
    /// A vertex.
    pub fn vertex(&self, ix: u32) -> Option<Place> {
        self.vertices.get(ix as usize).copied()
    }
    /// A lane.
    pub fn lane(&self, ix: u32) -> Option<Way> {
        self.lanes.get(ix as usize).copied()
    }
    /// Does a lane of this level pass within `reach_m`?
    pub fn has_lane(&self, level: u32, p: Vec2, reach_m: f64) -> bool {
        self.lanes.iter().any(|l| {
            let (Some(a), Some(b)) = (self.vertex(l.from), self.vertex(l.to)) else { return false };
            a.level == level && b.level == level && nearest_m(a.at, b.at, p) <= reach_m
        })
    }
    /// Number of levels.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }
    /// What a lidar return at `p`, seen from `eye`, came from: a face lies within `gate_m`, or a door does.
    pub fn meets(&self, level: u32, p: Vec2, eye: Vec2, gate_m: f64) -> Meets<'_> {
        let Some(l) = self.levels.get(level as usize) else { return Meets::Nothing };
        let mut best: Option<(&Face, f64)> = None;
        for &i in l.cell(p) {
            let f = &l.faces[i as usize];
            let h = f.height(p);
            if h.abs() > gate_m.max(DOOR_DOUBT_M) {
                continue;
            }
            let along = f.along(p);
            if f.kind == Kind::Door {
                if along > -DOOR_DOUBT_M && along < f.length_m + DOOR_DOUBT_M && h.abs() < DOOR_DOUBT_M {
                    return Meets::Door;
                }
            } else if h.abs() <= gate_m
                && along > -0.02
                && along < f.length_m + 0.02
                && f.height(eye) > 0.05
                && best.is_none_or(|(_, b)| h.abs() < b.abs())
            {
                best = Some((f, h));
            }
        }
        best.map_or(Meets::Nothing, |(f, h)| Meets::Wall(f, h))
    }
    /// The first wall that a beam from `eye` to `p` passes through; the ends of walls, cabins and doors are left out.
    pub fn passes(&self, level: u32, eye: Vec2, p: Vec2) -> Option<&Face> {
        let l = self.levels.get(level as usize)?;
        let steps = ((p - eye).norm() / CELL_M).ceil().min(STEPS_MAX);
        // Every face is listed in all cells around it, so that one look each half metre meets whatever is crossed.
        (0..=steps as u32).find_map(|k| {
            let cell = l.cell(eye.lerp(p, f64::from(k) / steps.max(1.0)));
            let crossed = cell.iter().filter_map(|i| {
                let f = &l.faces[*i as usize];
                let (from, to) = (f.height(eye), f.height(p));
                if f.kind != Kind::Wall || from <= 0.05 || to >= 0.0 {
                    return None;
                }
                let share = from / (from - to);
                let at = eye.lerp(p, share);
                let along = f.along(at);
                (along > END_DOUBT_M && along < f.length_m - END_DOUBT_M).then_some((share, f))
            });
            crossed.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, f)| f)
        })
    }
    /// Is a wall of the map within `reach_m` of `p`?
    pub fn is_wall(&self, level: u32, p: Vec2, reach_m: f64) -> bool {
        self.levels.get(level as usize).is_some_and(|l| {
            l.cell(p).iter().any(|&i| {
                let f = &l.faces[i as usize];
                let along = f.along(p);
                f.kind != Kind::Door && f.height(p).abs() <= reach_m && along > -reach_m && along < f.length_m + reach_m
            })
        })
    }
}

impl LevelMap {
    fn new(faces: Vec<Face>) -> Self {
        if faces.is_empty() {
            return Self::default();
        }
        let (mut lo, mut hi) = (Vec2::new(f64::INFINITY, f64::INFINITY), Vec2::new(f64::NEG_INFINITY, f64::NEG_INFINITY));
        for f in &faces {
            for p in [f.a, f.a + f.dir * f.length_m] {
                lo = Vec2::new(lo.x.min(p.x), lo.y.min(p.y));
                hi = Vec2::new(hi.x.max(p.x), hi.y.max(p.y));
            }
        }
        // Walls may lie as far apart as a file says: the grid over them is coarser then, not larger.
        let mut cell_m = CELL_M;
        let count = |d: f64, cell_m: f64| ((d / cell_m).ceil() as u32).saturating_add(3);
        let (mut cols, mut rows) = (count(hi.x - lo.x, cell_m), count(hi.y - lo.y, cell_m));
        while u64::from(cols) * u64::from(rows) > CELLS_MAX {
            cell_m *= 2.0;
            (cols, rows) = (count(hi.x - lo.x, cell_m), count(hi.y - lo.y, cell_m));
        }
        let origin = lo - Vec2::new(cell_m, cell_m);
        let mut cells: Vec<(u32, u32)> = Vec::new();
        for (i, f) in faces.iter().enumerate() {
            let b = f.a + f.dir * f.length_m;
            let seg = Segment::new(f.a, b);
            let ix = |v: f64, o: f64| (((v - o) / cell_m).floor().max(0.0)) as u32;
            let (c0, c1) = (ix(f.a.x.min(b.x) - REACH_M, origin.x), ix(f.a.x.max(b.x) + REACH_M, origin.x));
            let (r0, r1) = (ix(f.a.y.min(b.y) - REACH_M, origin.y), ix(f.a.y.max(b.y) + REACH_M, origin.y));
            for r in r0..=r1.min(rows - 1) {
                for c in c0..=c1.min(cols - 1) {
                    let centre = origin + Vec2::new(f64::from(c) + 0.5, f64::from(r) + 0.5) * cell_m;
                    if seg.dist_point(centre) <= REACH_M + cell_m * 0.75 {
                        cells.push((r * cols + c, i as u32));
                    }
                }
            }
        }
        cells.sort_unstable();
        let mut starts = vec![0u32; (cols * rows + 1) as usize];
        for (c, _) in &cells {
            starts[*c as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        Self { origin, cell_m, cols, rows, starts, items: cells.into_iter().map(|(_, i)| i).collect(), faces }
    }
    fn cell(&self, p: Vec2) -> &[u32] {
        let (c, r) = ((p.x - self.origin.x) / self.cell_m, (p.y - self.origin.y) / self.cell_m);
        if !(c >= 0.0 && r >= 0.0 && c < f64::from(self.cols) && r < f64::from(self.rows)) {
            return &[];
        }
        let at = (r as u32 * self.cols + c as u32) as usize;
        &self.items[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// The four sides of a box about `s`, `half_m` thick to each side, seen from outside.
fn push_box(out: &mut Vec<Face>, s: Segment, half_m: f64) {
    let d = (s.b - s.a).unit();
    let n = d.perp();
    out.push(Face::new(Segment::new(s.a + n * half_m, s.b + n * half_m), n, Kind::Wall));
    out.push(Face::new(Segment::new(s.a - n * half_m, s.b - n * half_m), -n, Kind::Wall));
    out.push(Face::new(Segment::new(s.a - n * half_m, s.a + n * half_m), -d, Kind::Wall));
    out.push(Face::new(Segment::new(s.b - n * half_m, s.b + n * half_m), d, Kind::Wall));
}

fn faces_of(site: &Site, level: usize) -> Vec<Face> {
    let mut out = Vec::new();
    let Some(l) = site.levels.get(level) else { return out };
    for (i, w) in l.walls.iter().enumerate() {
        if w.line.length() < 1e-6 {
            continue;
        }
        let from = out.len();
        push_box(&mut out, w.line, w.thickness_m * 0.5);
        // An end that lies inside another wall is seen by nobody.
        let hidden = |p: Vec2| l.walls.iter().enumerate().any(|(j, o)| j != i && o.line.dist_point(p) < o.thickness_m * 0.5 + 0.01);
        if hidden(w.line.b) {
            out.remove(from + 3);
        }
        if hidden(w.line.a) {
            out.remove(from + 2);
        }
    }
    for o in &l.obstacles {
        let along = Vec2::at_angle(o.yaw_rad) * (o.length_m * 0.5);
        push_box(&mut out, Segment::new(o.at - along, o.at + along), o.width_m * 0.5);
    }
    for d in site.doors.iter().filter(|d| d.level.at() == level) {
        let n = (d.line.b - d.line.a).unit().perp();
        out.push(Face::new(d.line, n, Kind::Door));
    }
    for lift in &site.lifts {
        if lift.stops.iter().any(|s| s.level.at() == level) {
            push_cabin(&mut out, lift);
        }
    }
    out
}

/// The inner sides of a cabin, and its doors as places of doubt.
fn push_cabin(out: &mut Vec<Face>, lift: &Lift) {
    let place = |p: Vec2| lift.at + p.rotated(lift.yaw_rad);
    let (w, d) = (lift.width_m * 0.5, lift.depth_m * 0.5);
    let corners = [Vec2::new(-w, -d), Vec2::new(w, -d), Vec2::new(w, d), Vec2::new(-w, d)];
    for i in 0..4 {
        let s = Segment::new(place(corners[i]), place(corners[(i + 1) % 4]));
        if s.length() > 1e-6 {
            out.push(Face::new(s, (s.b - s.a).unit().perp(), Kind::Cabin));
        }
    }
    for door in &lift.doors {
        let half = Vec2::at_angle(door.motion_axis_rad) * (door.width_m * 0.5);
        let s = Segment::new(place(door.at - half), place(door.at + half));
        if s.length() > 1e-6 {
            out.push(Face::new(s, (s.b - s.a).unit().perp(), Kind::Door));
        }
    }
}

/// Distance from a point to a line between two others, ends included.
fn nearest_m(a: Vec2, b: Vec2, p: Vec2) -> f64 {
    let along = b - a;
    let len_sq = along.norm_sq();
    let share = if len_sq > 0.0 { ((p - a).dot(along) / len_sq).clamp(0.0, 1.0) } else { 0.0 };
    p.dist(a + along * share)
}
