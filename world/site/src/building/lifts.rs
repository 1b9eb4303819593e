//! Lifts of a building: stops and doors, which vertices lie in which cabin, rides between levels.

use super::join::{Joiner, ix, on_earth};
use super::raw::RawLift;
use super::read::{Origin, Reader};
use crate::model::*;
use crate::yaml::shortened;
use nooterra_engine::geom::Vec2;
use std::collections::{BTreeMap, BTreeSet};

/// A cabin vertex may lie this far outside the cabin of the lift that it names.
const CABIN_SLACK_M: f64 = 0.5;

impl Joiner {
    pub(super) fn lift(&mut self, r: &mut Reader, raw: RawLift, reference: usize) {
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
    pub(super) fn cabins(&mut self, r: &mut Reader) {
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
    pub(super) fn drop_hidden_lifts(&mut self, r: &mut Reader) {
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
            let in_the_way = (0..lifts.len()).find(|k| *k != i && overlap(lift, &lifts[*k]) && (used(*k) || (!used(i) && *k < i)));
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

    /// One cabin vertex per lift, level and graph; rides between all pairs of them.
    pub(super) fn rides(&mut self, r: &mut Reader) {
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
                            graph_idx: *graph,
                            ride: Some(lift),
                            reverse: Some(reverse),
                            ..Lane::new(from, to, 0)
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
