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
/// A cabin vertex may lie this far outside the cabin of the lift that it names.
const CABIN_SLACK_M: f64 = 0.5;

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

struct Joiner {
    site: Site,
    models: Vec<PlacedModel>,
    places: Places,
    vertex_paths: Vec<String>,
    levels: Vec<RawLevel>,
    placings: Vec<Placing>,
    /// Position in the site's list to position in the file.
    order: Vec<usize>,
    /// File's level and vertex to the site's vertex.
    ix: BTreeMap<(usize, usize), VertexIx>,
    /// The same the other way.
    of: Vec<(usize, usize)>,
    /// Directed lanes so far.
    taken: BTreeSet<(u32, VertexIx, VertexIx)>,
}

/// A place that a building can have; scales gone wrong lead elsewhere.
fn on_earth(p: Vec2) -> bool {
    p.x.abs() < SITE_HALF_M && p.y.abs() < SITE_HALF_M
}

/// Indexes of a site fit 32 bits: the reader stops at two million values.
#[allow(clippy::cast_possible_truncation)]
const fn ix(n: usize) -> u32 {
    n as u32
}

impl Joiner {
    fn point(&self, l: usize, v: usize) -> Option<Vec2> {
        Some(self.placings[l].apply(self.levels[l].vertices.get(v)?.at?)).filter(|p| on_earth(*p))
    }
    fn level_named(&self, name: &str) -> Option<LevelIx> {
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

    fn lift(&mut self, r: &mut Reader, raw: RawLift, reference: usize) {
        let path = raw.origin.path.clone();
        let known = |j: &Self, r: &mut Reader, named: &Option<(crate::finding::Mark, String)>, key: &str| -> Option<LevelIx> {
            let (at, name) = named.as_ref()?;
            let found = j.level_named(name);
            if found.is_none() {
                let names: Vec<&str> = j.site.levels.iter().map(|l| l.name.as_str()).collect();
                let what = format!("level `{}` does not exist", shortened(name));
                r.findings.error(*at, format!("{path}.{key}"), what, format!("name one of {}", shortened(&names.join(", "))));
            }
            found
        };
        let initial = known(self, r, &raw.initial, "initial_floor_name");
        let lowest = known(self, r, &raw.lowest, "lowest_floor");
        let highest = known(self, r, &raw.highest, "highest_floor");
        let its_reference = known(self, r, &raw.reference, "reference_floor_name");
        let placing = self.placings[its_reference.map_or(reference, |l| self.order[l.at()])];
        let at = placing.apply(raw.at);
        if !on_earth(at) {
            r.findings.error(
                raw.origin.at,
                path.as_str(),
                "the lift lies more than a thousand kilometres from the site's origin",
                "check its x and y",
            );
            return;
        }
        let doors: Vec<LiftDoor> = raw.doors.iter().map(|(o, d)| onto_side(r, o, d, raw.width_m, raw.depth_m)).collect();
        let mut stops: Vec<LiftStop> = Vec::new();
        for (mark, level, names) in &raw.level_doors {
            let Some(level) = known(self, r, &Some((*mark, level.clone())), "level_doors") else { continue };
            let mut open = Vec::new();
            for n in names {
                match doors.iter().position(|d| d.name == *n) {
                    Some(i) => open.push(ix(i)),
                    None => {
                        let all: Vec<&str> = doors.iter().map(|d| d.name.as_str()).collect();
                        let what = format!("the lift has no door `{}`", shortened(n));
                        r.findings.error(*mark, format!("{path}.level_doors"), what, format!("name one of {}", shortened(&all.join(", "))));
                    }
                }
            }
            let height = |l: LevelIx| self.site.levels[l.at()].elevation_m;
            let out = lowest.is_some_and(|x| height(level) < height(x)) || highest.is_some_and(|x| height(level) > height(x));
            if out {
                let what = format!("level {} lies outside lowest_floor and highest_floor", self.site.levels[level.at()].name);
                r.findings.warning(*mark, format!("{path}.level_doors"), what, "the stop is left out; widen the range");
            } else if open.is_empty() {
                if names.is_empty() {
                    let what = format!("no door opens on level {}", self.site.levels[level.at()].name);
                    r.findings.note(*mark, format!("{path}.level_doors"), what, "the lift does not stop there");
                }
            } else if stops.iter().all(|s| s.level != level) {
                stops.push(LiftStop { level, doors: open, cabin: Vec::new() });
            }
        }
        stops.sort_by_key(|s| s.level);
        if stops.len() < 2 {
            let what = format!("the lift stops at {} levels", stops.len());
            r.findings.warning(raw.origin.at, path.as_str(), what, "it carries nobody; give it doors on at least two levels");
        }
        let first = stops.first().map_or(LevelIx::new(0), |s| s.level);
        let mut initial_level = initial.unwrap_or(first);
        if !stops.is_empty() && stops.iter().all(|s| s.level != initial_level) {
            let what = format!("it starts at level {}, where no door opens", self.site.levels[initial_level.at()].name);
            r.findings.warning(raw.origin.at, path.as_str(), what, format!("it starts at {} instead", self.site.levels[first.at()].name));
            initial_level = first;
        }
        self.site.lifts.push(Lift {
            name: raw.name,
            at,
            yaw_rad: raw.yaw_rad,
            width_m: raw.width_m,
            depth_m: raw.depth_m,
            stops,
            doors,
            initial_level,
        });
        self.places.lifts.push(raw.origin.at);
    }

    /// Which vertices lie in which cabin.
    fn cabins(&mut self, r: &mut Reader) {
        for (&(l, v), vx) in &self.ix {
            let raw = &self.levels[l].vertices[v];
            let (level, p) = (self.site.vertices[vx.at()].level, self.site.vertices[vx.at()].at);
            let stops_here = |x: &Lift| x.stops.iter().any(|s| s.level == level);
            let mut lift = self.site.lifts.iter().position(|x| stops_here(x) && x.holds(p, 0.05));
            if let Some(name) = &raw.lift_cabin {
                match self.site.lifts.iter().position(|x| x.name == *name) {
                    None => {
                        let what = format!("lift `{}` does not exist", shortened(name));
                        r.findings.warning(raw.origin.at, raw.origin.path.as_str(), what, "name a lift or remove `lift_cabin`");
                    }
                    Some(i) if !stops_here(&self.site.lifts[i]) => {
                        let what = format!("lift `{}` does not stop at this level", shortened(name));
                        r.findings.warning(raw.origin.at, raw.origin.path.as_str(), what, "give the level a door in `level_doors`");
                    }
                    Some(i) if self.site.lifts[i].holds(p, CABIN_SLACK_M) => lift = Some(i),
                    Some(i) => {
                        let off = self.site.lifts[i].at.dist(p);
                        let what = format!("named as the cabin of lift `{}`, whose middle is {off:.2} m away", shortened(name));
                        r.findings.warning(raw.origin.at, raw.origin.path.as_str(), what, "align the level by fiducials, or move the lift");
                    }
                }
            }
            self.site.vertices[vx.at()].lift = lift.map(|i| LiftIx::new(ix(i)));
        }
    }

    /// Two lifts cannot share a shaft: one that no vertex uses and that overlaps another is left out.
    fn drop_hidden_lifts(&mut self, r: &mut Reader) {
        let used = |i: usize| self.site.vertices.iter().any(|v| v.lift.is_some_and(|x| x.at() == i));
        let lifts = &self.site.lifts;
        let overlap = |a: &Lift, b: &Lift| {
            a.holds(b.at, 0.0)
                || b.holds(a.at, 0.0)
                || a.corners().iter().any(|p| b.holds(*p, -0.1))
                || b.corners().iter().any(|p| a.holds(*p, -0.1))
        };
        let mut kept: Vec<usize> = Vec::new();
        for (i, lift) in lifts.iter().enumerate() {
            // An unused one gives way to any other, of two unused ones the later.
            let in_the_way = (0..lifts.len()).find(|k| *k != i && overlap(lift, &lifts[*k]) && (used(*k) || *k < i));
            let path = format!("lifts.{}", lift.name);
            match in_the_way {
                Some(k) if !used(i) => {
                    let what = format!("stands in the shaft of lift `{}`, and no vertex uses it", shortened(&lifts[k].name));
                    r.findings.warning(self.places.lifts[i], path, what, "it is left out; remove it");
                }
                Some(k) => {
                    kept.push(i);
                    let what = format!("stands in the shaft of lift `{}`", shortened(&lifts[k].name));
                    r.findings.warning(self.places.lifts[i], path, what, "their cabins would collide; move one of them");
                }
                None => kept.push(i),
            }
        }
        if kept.len() == lifts.len() {
            return;
        }
        for v in &mut self.site.vertices {
            v.lift = v.lift.and_then(|x| kept.iter().position(|k| *k == x.at())).map(|i| LiftIx::new(ix(i)));
        }
        self.site.lifts = kept.iter().map(|k| self.site.lifts[*k].clone()).collect();
        self.places.lifts = kept.iter().map(|k| self.places.lifts[*k]).collect();
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

    /// One cabin vertex per lift, level and graph; rides between all pairs of them.
    fn rides(&mut self, r: &mut Reader) {
        for i in 0..self.site.lifts.len() {
            let lift = LiftIx::new(ix(i));
            let mut cabins: BTreeMap<(u32, LevelIx), VertexIx> = BTreeMap::new();
            for lane in self.site.lanes.iter().filter(|x| x.lift_door == Some(lift)) {
                for v in [lane.from, lane.to] {
                    let vertex = &self.site.vertices[v.at()];
                    if vertex.lift != Some(lift) {
                        continue;
                    }
                    let off = |v: VertexIx| self.site.vertices[v.at()].at.dist(self.site.lifts[i].at);
                    let chosen = cabins.entry((lane.graph_idx, vertex.level)).or_insert(v);
                    if *chosen != v && off(v) < off(*chosen) {
                        *chosen = v;
                    }
                }
            }
            let centre = self.site.lifts[i].at;
            for v in cabins.values() {
                let vertex = &mut self.site.vertices[v.at()];
                let off = vertex.at.dist(centre);
                if off > 0.1 {
                    let what = format!("lies {off:.2} m from the middle of lift `{}`", self.site.lifts[i].name);
                    r.findings.note(
                        self.places.vertices[v.at()],
                        self.vertex_paths[v.at()].as_str(),
                        what,
                        "it is moved there, so that a ride keeps the robot in place",
                    );
                }
                vertex.at = centre;
            }
            for s in &mut self.site.lifts[i].stops {
                let here: BTreeSet<VertexIx> = cabins.iter().filter(|(k, _)| k.1 == s.level).map(|(_, v)| *v).collect();
                s.cabin = here.into_iter().collect();
            }
            self.relength(lift);
            let keys: Vec<((u32, LevelIx), VertexIx)> = cabins.into_iter().collect();
            for (n, ((graph, low), a)) in keys.iter().enumerate() {
                for ((other, high), b) in &keys[n + 1..] {
                    if graph != other || low == high {
                        continue;
                    }
                    let up = LaneIx::new(ix(self.site.lanes.len()));
                    let down = LaneIx::new(up.ix + 1);
                    for (from, to, reverse) in [(*a, *b, down), (*b, *a, up)] {
                        self.site.lanes.push(Lane {
                            from,
                            to,
                            graph_idx: *graph,
                            length_mm: 0,
                            speed_limit_mps: None,
                            orientation: LaneOrientation::Any,
                            mutex: None,
                            doors: Vec::new(),
                            lift_door: None,
                            ride: Some(lift),
                            reverse: Some(reverse),
                        });
                        self.places.lanes.push(self.places.lifts[i]);
                    }
                }
            }
        }
    }

    /// Lengths of lanes at a cabin after its vertices moved.
    fn relength(&mut self, lift: LiftIx) {
        for lane in self.site.lanes.iter_mut().filter(|x| x.lift_door == Some(lift) && x.ride.is_none()) {
            let d = self.site.vertices[lane.from.at()].at.dist(self.site.vertices[lane.to.at()].at);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // coordinates are below 1e9 m
            {
                lane.length_mm = ((d * 1000.0).round() as u64).max(1);
            }
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

/// A lift door moved onto the wall of the cabin that it is nearest to, and turned along it.
fn onto_side(r: &mut Reader, origin: &Origin, d: &LiftDoor, width_m: f64, depth_m: f64) -> LiftDoor {
    let mut out = d.clone();
    let to_side = ((d.at.x.abs() - width_m / 2.0).abs(), (d.at.y.abs() - depth_m / 2.0).abs());
    let along_y = to_side.0 <= to_side.1;
    let wall_m = if along_y { depth_m } else { width_m };
    if along_y {
        out.at.x = if d.at.x > 0.0 { width_m / 2.0 } else { -width_m / 2.0 };
    } else {
        out.at.y = if d.at.y > 0.0 { depth_m / 2.0 } else { -depth_m / 2.0 };
    }
    let off = if along_y { to_side.0 } else { to_side.1 };
    if off > 0.5 {
        r.findings.warning(
            origin.at,
            origin.path.as_str(),
            format!("the door lies {off:.2} m off the cabin's wall"),
            "it is moved onto the wall",
        );
    }
    let axis = Vec2::at_angle(d.motion_axis_rad);
    let matches = if along_y { axis.y.abs() > axis.x.abs() } else { axis.x.abs() >= axis.y.abs() };
    if !matches {
        r.findings.warning(
            origin.at,
            origin.path.as_str(),
            "the door would move across its wall, not along it",
            "it is turned by a right angle",
        );
        out.motion_axis_rad = if along_y { std::f64::consts::FRAC_PI_2 } else { 0.0 };
    }
    if out.width_m > wall_m {
        let what = format!("the door is {:.2} m wide, its wall {wall_m:.2} m", out.width_m);
        r.findings.warning(origin.at, origin.path.as_str(), what, "it is narrowed to the wall");
        out.width_m = wall_m;
    }
    out
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
