//! Joins levels as written to a site: vertices in metres, directed lanes with their doors, lifts with their rides.

use super::frames::Placing;
use super::raw::{RawLevel, RawLift, RawPolygon};
use super::read::{Origin, Reader};
use super::{PlacedModel, Places};
use crate::model::*;
use crate::yaml::{Entry, Node, shortened};
use nooterra_engine::geom::{Segment, Vec2};
use std::collections::{BTreeMap, BTreeSet};

/// Walls as Open-RMF's simulation builds them.
const WALL_THICKNESS_M: f64 = 0.1;
const WALL_HEIGHT_M: f64 = 2.5;
/// Nothing of a site lies further from its origin.
const SITE_HALF_M: f64 = 1e6;
/// A lane shorter than this leads nowhere.
const LANE_LENGTH_MIN_M: f64 = 0.01;
/// A door narrower than this is a slip of the mouse.
const DOOR_WIDTH_MIN_M: f64 = 0.2;

pub(crate) struct Parts<'f> {
    pub(crate) name: String,
    pub(crate) frame: Frame,
    pub(crate) levels: Vec<RawLevel>,
    pub(crate) lifts: Vec<RawLift>,
    pub(crate) graphs: &'f [Entry],
    pub(crate) placings: Vec<Placing>,
    pub(crate) reference: usize,
}

pub(crate) struct Joined {
    pub(crate) site: Site,
    pub(crate) models: Vec<PlacedModel>,
    pub(crate) places: Places,
    pub(crate) vertex_paths: Vec<String>,
}

pub(crate) fn join(r: &mut Reader, parts: Parts<'_>) -> Joined {
    let Parts { name, frame, levels, lifts, graphs, placings, reference } = parts;
    // Lowest first; levels of one height keep the order of the file.
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by(|a, b| levels[*a].elevation_m.total_cmp(&levels[*b].elevation_m));
    let mut j = Joiner {
        site: Site {
            name,
            frame,
            levels: Vec::new(),
            vertices: Vec::new(),
            lanes: Vec::new(),
            doors: Vec::new(),
            lifts: Vec::new(),
            spawns: Vec::new(),
            graphs: Vec::new(),
            areas: Vec::new(),
        },
        models: Vec::new(),
        places: Places::default(),
        vertex_paths: Vec::new(),
        levels,
        placings,
        order,
        ix: BTreeMap::new(),
        of: Vec::new(),
        taken: BTreeSet::new(),
    };
    for at in 0..j.order.len() {
        j.level(r, at);
    }
    for raw in lifts {
        j.lift(r, raw, reference);
    }
    j.cabins(r);
    j.drop_hidden_lifts(r);
    for at in 0..j.order.len() {
        j.lanes(r, at);
    }
    j.rides(r);
    j.spawns(r);
    j.graphs(r, graphs);
    Joined { site: j.site, models: j.models, places: j.places, vertex_paths: j.vertex_paths }
}

pub(super) struct Joiner {
    pub(super) site: Site,
    pub(super) models: Vec<PlacedModel>,
    pub(super) places: Places,
    pub(super) vertex_paths: Vec<String>,
    pub(super) levels: Vec<RawLevel>,
    pub(super) placings: Vec<Placing>,
    /// Position in the site's list to position in the file.
    pub(super) order: Vec<usize>,
    /// File's level and vertex to the site's vertex.
    pub(super) ix: BTreeMap<(usize, usize), VertexIx>,
    /// The same the other way.
    pub(super) of: Vec<(usize, usize)>,
    /// Directed lanes so far.
    pub(super) taken: BTreeSet<(u32, VertexIx, VertexIx)>,
}

/// A place that a building can have; scales gone wrong lead elsewhere.
pub(super) fn on_earth(p: Vec2) -> bool {
    p.x.abs() < SITE_HALF_M && p.y.abs() < SITE_HALF_M
}

/// Indexes of a site fit 32 bits: the reader stops at two million values.
#[allow(clippy::cast_possible_truncation)]
pub(super) const fn ix(n: usize) -> u32 {
    n as u32
}

impl Joiner {
    fn point(&self, l: usize, v: usize) -> Option<Vec2> {
        Some(self.placings[l].apply(self.levels[l].vertices.get(v)?.at?)).filter(|p| on_earth(*p))
    }
    pub(super) fn level_named(&self, name: &str) -> Option<LevelIx> {
        self.site.levels.iter().position(|l| l.name == name).map(|i| LevelIx::new(ix(i)))
    }

    fn level(&mut self, r: &mut Reader, at: usize) {
        let l = self.order[at];
        let raw = &self.levels[l];
        let away = raw.vertices.iter().find(|v| v.at.is_some_and(|p| !on_earth(self.placings[l].apply(p))));
        if let Some(v) = away {
            let what = "this vertex lies more than a thousand kilometres from the site's origin";
            r.findings.error(v.origin.at, v.origin.path.as_str(), what, "check its coordinates, the measurements and the fiducials");
        }
        let segment = |ends: (usize, usize)| Some(Segment::new(self.point(l, ends.0)?, self.point(l, ends.1)?));
        let (mut walls, mut wall_marks) = (Vec::new(), Vec::new());
        for w in &raw.walls {
            let Some(line) = segment(w.ends).filter(|l| l.length() > 0.01) else { continue };
            walls.push(Wall { line, thickness_m: WALL_THICKNESS_M, height_m: WALL_HEIGHT_M, alpha: w.alpha });
            wall_marks.push(w.at);
        }
        let outline = |p: &RawPolygon| -> Option<Vec<Vec2>> { p.vertices.iter().map(|v| self.point(l, *v)).collect() };
        let mut floors: Vec<Floor> = Vec::new();
        for f in &raw.floors {
            let Some(mut o) = outline(f) else { continue };
            let area = area_m2(&o);
            if area.abs() < 1e-3 {
                r.findings.warning(f.origin.at, f.origin.path.as_str(), "a floor without area is left out", "draw it again");
                continue;
            }
            if area < 0.0 {
                o.reverse();
            }
            floors.push(Floor { outline: o, holes: Vec::new() });
        }
        for h in &raw.holes {
            let Some(mut o) = outline(h) else { continue };
            if area_m2(&o) > 0.0 {
                o.reverse();
            }
            let middle = mean(&o);
            let mut used = false;
            for f in floors.iter_mut().filter(|f| inside(&f.outline, middle)) {
                f.holes.push(Hole { outline: o.clone() });
                used = true;
            }
            if !used {
                r.findings.warning(h.origin.at, h.origin.path.as_str(), "a hole in no floor is left out", "draw it inside a floor");
            }
        }
        let level = LevelIx::new(ix(at));
        let (mut doors, mut door_marks) = (Vec::new(), Vec::new());
        for (i, d) in raw.doors.iter().enumerate() {
            let Some(line) = segment(d.ends) else { continue };
            if line.length() < DOOR_WIDTH_MIN_M {
                let what = format!("a door of {:.2} m is left out", line.length());
                r.findings.warning(d.origin.at, d.origin.path.as_str(), what, "draw it between the two sides of its opening");
                continue;
            }
            let name = if d.name.is_empty() || d.name == "null" {
                let name = format!("{}_door_{i}", raw.name);
                r.findings.note(d.origin.at, d.origin.path.as_str(), format!("a door without a name is called `{name}`"), "name it");
                name
            } else {
                d.name.clone()
            };
            doors.push(Door {
                name,
                level,
                line,
                kind: d.kind,
                at_end: d.at_end,
                swing_rad: d.swing_deg.to_radians(),
                direction: d.direction,
                right_left_ratio: d.right_left_ratio,
            });
            door_marks.push(d.origin.at);
        }
        for m in &raw.models {
            let p = self.placings[l].apply(m.at);
            self.models.push(PlacedModel {
                name: m.name.clone(),
                model: m.model.clone(),
                level: raw.name.clone(),
                x_m: p.x,
                y_m: p.y,
                z_m: m.z_m,
                yaw_rad: m.yaw_rad + self.placings[l].rotation_rad(),
                is_static: m.is_static,
            });
        }
        self.site.levels.push(Level { name: raw.name.clone(), elevation_m: raw.elevation_m, walls, floors, obstacles: Vec::new() });
        self.site.doors.extend(doors);
        self.places.doors.extend(door_marks);
        self.places.walls.push(wall_marks);
        self.vertices(r, at);
    }

    /// Vertices that a lane uses or that say something about robots; those of walls and measurements stay behind.
    fn vertices(&mut self, r: &mut Reader, at: usize) {
        let l = self.order[at];
        let used: BTreeSet<usize> = self.levels[l].lanes.iter().flat_map(|e| [e.ends.0, e.ends.1]).collect();
        let mut lonely = 0;
        let mut names: BTreeMap<String, Origin> = BTreeMap::new();
        for v in 0..self.levels[l].vertices.len() {
            let Some(p) = self.point(l, v) else { continue };
            let raw = &self.levels[l].vertices[v];
            let speaks = raw.flags.is_charger
                || raw.flags.is_transfer_place
                || raw.spawn_name.is_some()
                || raw.spawn_type.is_some()
                || raw.pickup_dispenser.is_some()
                || raw.dropoff_ingestor.is_some();
            if !used.contains(&v) && !speaks {
                lonely += usize::from(!raw.name.is_empty());
                continue;
            }
            if !raw.name.is_empty() {
                match names.get(&raw.name) {
                    Some(first) => {
                        let what =
                            format!("the name `{}` is already taken by {} on line {}", shortened(&raw.name), first.path, first.at.line);
                        r.findings.warning(
                            raw.origin.at,
                            raw.origin.path.as_str(),
                            what,
                            "a name stands for the first vertex that bears it; rename one",
                        );
                    }
                    None => {
                        names.insert(raw.name.clone(), raw.origin.clone());
                    }
                }
            }
            self.ix.insert((l, v), VertexIx::new(ix(self.site.vertices.len())));
            self.of.push((l, v));
            self.site.vertices.push(Vertex {
                name: raw.name.clone(),
                level: LevelIx::new(ix(at)),
                at: p,
                flags: raw.flags,
                pickup_dispenser: raw.pickup_dispenser.clone(),
                dropoff_ingestor: raw.dropoff_ingestor.clone(),
                dock_name: raw.dock_name.clone(),
                lift: None,
                mutex: raw.mutex.clone(),
                merge_radius_m: raw.merge_radius_m,
            });
            self.places.vertices.push(raw.origin.at);
            self.vertex_paths.push(raw.origin.path.clone());
        }
        if lonely > 0 {
            let raw = &self.levels[l];
            let what = format!("{lonely} named vertices are on no lane and are no places for robots");
            r.findings.note(raw.at, format!("levels.{}.vertices", raw.name), what, "connect them by lanes if robots should go there");
        }
    }

    fn lanes(&mut self, r: &mut Reader, at: usize) {
        let l = self.order[at];
        let level = LevelIx::new(ix(at));
        for raw in &self.levels[l].lanes {
            let (Some(&a), Some(&b)) = (self.ix.get(&(l, raw.ends.0)), self.ix.get(&(l, raw.ends.1))) else { continue };
            let line = Segment::new(self.site.vertices[a.at()].at, self.site.vertices[b.at()].at);
            if line.length() < LANE_LENGTH_MIN_M {
                r.findings.warning(raw.origin.at, raw.origin.path.as_str(), "a lane without length is left out", "remove it");
                continue;
            }
            if !self.taken.insert((raw.graph_idx, a, b)) {
                let names = format!("{} to {}", self.site.vertex_label(a), self.site.vertex_label(b));
                r.findings.warning(
                    raw.origin.at,
                    raw.origin.path.as_str(),
                    format!("a second lane from {names}"),
                    "it is left out; remove one",
                );
                continue;
            }
            let mut doors: Vec<(f64, DoorIx)> = Vec::new();
            for (i, d) in self.site.doors.iter().enumerate().filter(|(_, d)| d.level == level) {
                if let Some(t) = crossing(&line, &d.line) {
                    doors.push((t, DoorIx::new(ix(i))));
                }
            }
            doors.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
            let (in_a, in_b) = (self.site.vertices[a.at()].lift, self.site.vertices[b.at()].lift);
            let lift_door = if in_a == in_b { None } else { in_b.or(in_a) };
            if let (Some(x), Some(y)) = (in_a, in_b)
                && x != y
            {
                r.findings.warning(
                    raw.origin.at,
                    raw.origin.path.as_str(),
                    "a lane from one lift into another",
                    "lead it over the landing",
                );
            }
            let forward = LaneIx::new(ix(self.site.lanes.len()));
            let backward = LaneIx::new(forward.ix + 1);
            let both = raw.bidirectional && self.taken.insert((raw.graph_idx, b, a));
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // coordinates are below 1e9 m
            let length_mm = (line.length() * 1000.0).round() as u64;
            let one = Lane {
                from: a,
                to: b,
                graph_idx: raw.graph_idx,
                length_mm,
                speed_limit_mps: raw.speed_limit_mps,
                orientation: raw.orientation,
                mutex: raw.mutex.clone(),
                doors: doors.iter().map(|d| d.1).collect(),
                lift_door,
                ride: None,
                reverse: both.then_some(backward),
            };
            if both {
                let mut other = one.clone();
                (other.from, other.to, other.reverse) = (b, a, Some(forward));
                other.doors.reverse();
                other.orientation = match one.orientation {
                    LaneOrientation::Any => LaneOrientation::Any,
                    LaneOrientation::Forward => LaneOrientation::Backward,
                    LaneOrientation::Backward => LaneOrientation::Forward,
                };
                self.site.lanes.push(one);
                self.site.lanes.push(other);
                self.places.lanes.push(raw.origin.at);
            } else {
                self.site.lanes.push(one);
            }
            self.places.lanes.push(raw.origin.at);
        }
    }

    fn spawns(&mut self, r: &mut Reader) {
        let mut names: BTreeSet<String> = BTreeSet::new();
        for (v, mark) in self.places.vertices.iter().enumerate() {
            let (l, at) = self.of[v];
            let raw = &self.levels[l].vertices[at];
            if raw.spawn_name.is_none() && raw.spawn_type.is_none() {
                continue;
            }
            let mut name = raw.spawn_name.clone().unwrap_or_else(|| format!("robot_{}", names.len() + 1));
            if raw.spawn_name.is_none() {
                r.findings.note(
                    *mark,
                    raw.origin.path.as_str(),
                    format!("a robot without a name is called `{name}`"),
                    "add `spawn_robot_name`",
                );
            }
            if raw.spawn_type.is_none() {
                r.findings.warning(
                    *mark,
                    raw.origin.path.as_str(),
                    format!("robot `{}` has no model", shortened(&name)),
                    "add `spawn_robot_type`; a generic robot is taken",
                );
            }
            if names.contains(&name) {
                let free = (2..).map(|n| format!("{name}_{n}")).find(|n| !names.contains(n)).unwrap_or_default();
                let what = format!("a second robot named `{}` is called `{}`", shortened(&name), shortened(&free));
                r.findings.warning(*mark, raw.origin.path.as_str(), what, "give each robot a name of its own");
                name = free;
            }
            names.insert(name.clone());
            self.site.spawns.push(Spawn { robot: name, model: raw.spawn_type.clone().unwrap_or_default(), vertex: VertexIx::new(ix(v)) });
        }
    }

    fn graphs(&mut self, r: &mut Reader, entries: &[Entry]) {
        let used: BTreeSet<u32> = self.site.lanes.iter().map(|x| x.graph_idx).collect();
        for graph_idx in used {
            let node: Option<&Node> = entries.iter().find(|e| e.key.parse() == Ok(graph_idx)).map(|e| &e.value);
            let path = format!("graphs.{graph_idx}.");
            let name = node.and_then(|n| r.text_at(n, "name", &path)).unwrap_or_default();
            let limit = ["default_speed_limit", "speed_limit"].iter().find_map(|k| node.and_then(|n| r.number_at(n, k, &path)));
            self.site.graphs.push(Graph { graph_idx, name, default_speed_limit_mps: limit.filter(|v| *v > 0.0) });
        }
    }
}

/// Share of the way along `a` at which it crosses `b`; touching counts.
pub(crate) fn crossing(a: &Segment, b: &Segment) -> Option<f64> {
    let (da, db) = (a.b - a.a, b.b - b.a);
    let det = da.cross(db);
    if det.abs() < 1e-9 * (da.norm() * db.norm()).max(1e-12) {
        return None;
    }
    let d = b.a - a.a;
    let (t, u) = (d.cross(db) / det, d.cross(da) / det);
    let e = 1e-9;
    ((-e..=1.0 + e).contains(&t) && (-e..=1.0 + e).contains(&u)).then_some(t)
}

/// Signed area, positive if counter-clockwise.
pub(crate) fn area_m2(outline: &[Vec2]) -> f64 {
    (0..outline.len()).map(|i| outline[i].cross(outline[(i + 1) % outline.len()])).sum::<f64>() / 2.0
}

fn mean(points: &[Vec2]) -> Vec2 {
    #[allow(clippy::cast_precision_loss)] // an outline
    let k = 1.0 / points.len().max(1) as f64;
    points.iter().fold(Vec2::default(), |s, p| s + *p) * k
}

/// Is `p` inside the outline (even-odd)?
pub(crate) fn inside(outline: &[Vec2], p: Vec2) -> bool {
    let mut odd = false;
    for i in 0..outline.len() {
        let (a, b) = (outline[i], outline[(i + 1) % outline.len()]);
        if (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x {
            odd = !odd;
        }
    }
    odd
}
