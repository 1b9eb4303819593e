//! Can a robot pass? Distances of lanes to walls, and a copy of a site in which every lane can be driven.
//!
//! Maps drawn for other simulators have walls that touch or cross lanes, doors narrower than the robots that use them,
//! and lifts behind closed walls. [`Site::carved`] cuts what is in the way and says so, cut by cut: a map that somebody
//! else drew is driven as it was meant, and its faults are on record.

use crate::building::Places;
use crate::building::join::crossing;
use crate::catalogue::{driven_by_people, model_or_generic};
use crate::finding::{Finding, Findings, Mark};
use crate::model::*;
use nooterra_engine::geom::{Segment, Vec2};
use std::collections::BTreeMap;

/// Room beside a robot's circle, metres.
pub const MARGIN_M: f64 = 0.10;
/// More room on each side of a hinged door: its open leaf runs along the lane, has a thickness, and is not on the robots'
/// maps.
const LEAF_ROOM_M: f64 = 0.05;
/// Walls this near to a door's line and about parallel to it are the wall that the door is in.
const DOOR_DEPTH_M: f64 = 0.25;
/// The same for lifts, whose shaft stands off the cabin.
const LIFT_DEPTH_M: f64 = 0.6;
/// A gap short by less than this is not worth a word, though it is mended all the same.
const WORTH_SAYING_M: f64 = 0.02;
/// Stumps shorter than this are not worth a body.
const STUMP_M: f64 = 0.05;
/// A lane that passes a door at a flatter angle than this would need no door but a gate.
const DOOR_SINE_MIN: f64 = 0.5;

impl Site {
    /// The largest footprint radius per navigation graph among the robots that the map spawns, by the known models;
    /// vehicles that people drive are left out.
    pub fn radii(&self) -> BTreeMap<u32, f64> {
        self.radii_of(|model| model_or_generic(model).0.footprint_radius_m)
    }
    /// The same with the caller's knowledge of models.
    pub fn radii_of(&self, mut radius_m: impl FnMut(&str) -> f64) -> BTreeMap<u32, f64> {
        let mut radii = BTreeMap::new();
        for s in self.spawns.iter().filter(|s| !driven_by_people(&s.model)) {
            let r = radius_m(&s.model);
            for g in self.graphs_at(s.vertex) {
                let best: &mut f64 = radii.entry(g).or_insert(0.0);
                *best = best.max(r);
            }
        }
        radii
    }

    /// Distance from every lane's centre line to the nearest wall surface of its level, openings of doors left out;
    /// nothing for rides and on levels without walls.
    pub fn clearances(&self) -> Vec<Option<f64>> {
        let open: Vec<Vec<Wall>> = self.level_indexes().map(|l| self.walls_with_openings(l)).collect();
        self.lane_indexes()
            .map(|l| {
                if self.lanes[l.at()].ride.is_some() {
                    return None;
                }
                let line = self.lane_line(l);
                let near = open[self.lane_level(l).at()].iter().map(|w| w.line.dist(&line) - w.thickness_m / 2.0);
                near.min_by(f64::total_cmp).map(|d| d.max(0.0))
            })
            .collect()
    }

    /// A copy in which every lane of the graphs in `radius_m` leaves a robot of that radius [`MARGIN_M`] of room: doors and
    /// lift doors that it passes are widened, walls are opened at doors and cut where they stand in the way, and doors whose
    /// leaves would stand in the way open otherwise. One warning for each wall cut and each door changed.
    pub fn carved(&self, radius_m: &BTreeMap<u32, f64>) -> (Self, Vec<Finding>) {
        self.carved_at(radius_m, &self.name, None)
    }

    pub(crate) fn carved_at(&self, radius_m: &BTreeMap<u32, f64>, file: &str, places: Option<&Places>) -> (Self, Vec<Finding>) {
        let mut site = self.clone();
        let mut findings = Findings::new(file);
        site.widen_doors(radius_m, &mut findings, places);
        site.widen_lifts(radius_m, &mut findings, places);
        site.set_back_doors(radius_m, &mut findings, places);
        site.turn_doors(radius_m, &mut findings, places);
        for level in site.level_indexes() {
            let walls = site.cut_walls(level, radius_m, &mut findings, places);
            site.levels[level.at()].walls = walls;
        }
        (site, findings.finish())
    }

    /// Lanes that are driven by robots of a known size, each bidirectional pair once, with the radius.
    fn driven(&self, radius_m: &BTreeMap<u32, f64>) -> Vec<(LaneIx, f64)> {
        let once = |l: &LaneIx| self.lanes[l.at()].ride.is_none() && self.lanes[l.at()].reverse.is_none_or(|o| *l < o);
        self.lane_indexes().filter(once).filter_map(|l| Some((l, *radius_m.get(&self.lanes[l.at()].graph_idx)?))).collect()
    }

    fn widen_doors(&mut self, radius_m: &BTreeMap<u32, f64>, findings: &mut Findings, places: Option<&Places>) {
        let mut wanted: BTreeMap<DoorIx, (f64, f64, LaneIx, f64)> = BTreeMap::new();
        for (l, r) in self.driven(radius_m) {
            let line = self.lane_line(l);
            for d in &self.lanes[l.at()].doors {
                let door = &self.doors[d.at()];
                let leaf_m = if leaves::is_hinged(door.kind) { LEAF_ROOM_M } else { 0.0 };
                if let Some((low, high)) = needed(&door.line, &line, r + MARGIN_M + leaf_m) {
                    let w = wanted.entry(*d).or_insert((0.0, 0.0, l, r));
                    if low > w.0 || high > w.1 {
                        *w = (w.0.max(low), w.1.max(high), l, r);
                    }
                }
            }
        }
        for (d, (low, high, lane, r)) in wanted {
            if low <= 1e-6 && high <= 1e-6 {
                continue;
            }
            let was = self.doors[d.at()].line;
            let along = (was.b - was.a).unit();
            let line = Segment::new(was.a - along * low, was.b + along * high);
            self.doors[d.at()].line = line;
            if low + high < WORTH_SAYING_M {
                continue;
            }
            let door = &self.doors[d.at()];
            let what = format!(
                "door `{}` is {:.2} m wide and leaves the lane {} no room for a robot of radius {r:.2} m",
                door.name,
                was.length(),
                self.lane_label(lane)
            );
            let path = format!("levels.{}.doors", self.levels[door.level.at()].name);
            findings.warning(
                places.map_or(Mark::default(), |p| p.doors[d.at()]),
                path,
                what,
                format!("it is widened to {:.2} m here; draw it wider or move the lane to its middle", line.length()),
            );
        }
    }

    fn widen_lifts(&mut self, radius_m: &BTreeMap<u32, f64>, findings: &mut Findings, places: Option<&Places>) {
        for i in 0..self.lifts.len() {
            let mut widest: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
            let mut largest = 0.0_f64;
            for (l, r) in self.driven(radius_m) {
                if self.lanes[l.at()].lift_door.is_none_or(|x| x.at() != i) {
                    continue;
                }
                largest = largest.max(r);
                let lift = &self.lifts[i];
                let Some(stop) = lift.stop_at(self.lane_level(l)) else { continue };
                for d in &stop.doors {
                    let d = *d as usize;
                    if let Some((low, high)) = needed(&lift.door_line(d), &self.lane_line(l), r + MARGIN_M) {
                        let w = widest.entry(d).or_insert((0.0, 0.0));
                        *w = (w.0.max(low), w.1.max(high));
                    }
                }
            }
            let path = format!("lifts.{}", self.lifts[i].name);
            let mark = places.map_or(Mark::default(), |p| p.lifts[i]);
            for (d, (low, high)) in widest {
                if low <= 1e-6 && high <= 1e-6 {
                    continue;
                }
                let lift = &mut self.lifts[i];
                let door = &mut lift.doors[d];
                let was = door.width_m;
                let axis = Vec2::at_angle(door.motion_axis_rad);
                // Stay within the wall of the cabin that the door is in.
                let half_wall = if axis.x.abs() > axis.y.abs() { lift.width_m / 2.0 } else { lift.depth_m / 2.0 };
                let middle = door.at.dot(axis);
                let from = (middle - was / 2.0 - low).max(-half_wall);
                let to = (middle + was / 2.0 + high).min(half_wall);
                door.width_m = (to - from).max(was);
                door.at = door.at + axis * ((from + to) / 2.0 - middle);
                let what = format!("door `{}` is {was:.2} m wide, too narrow for its robots", door.name);
                findings.warning(mark, path.as_str(), what, format!("it is widened to {:.2} m here", door.width_m));
            }
            let lift = &self.lifts[i];
            let room = lift.width_m.min(lift.depth_m) / 2.0;
            if largest > room {
                let what = format!("its cabin of {:.2} x {:.2} m holds no robot of radius {largest:.2} m", lift.width_m, lift.depth_m);
                findings.warning(mark, path, what, "give it a larger cabin, or keep these robots from it");
            }
        }
    }

    /// Walls of a level with the openings of its doors and lift doors cut out.
    fn walls_with_openings(&self, level: LevelIx) -> Vec<Wall> {
        let openings = self.openings(level);
        self.levels[level.at()]
            .walls
            .iter()
            .flat_map(|w| remainder(w, &openings.iter().filter_map(|o| o.cuts(&w.line)).collect::<Vec<_>>()))
            .collect()
    }

    fn openings(&self, level: LevelIx) -> Vec<Opening> {
        let doors = self.doors.iter().filter(|d| d.level == level).map(|d| Opening { line: d.line, depth_m: DOOR_DEPTH_M });
        let lifts = self.lifts.iter().filter_map(|l| Some((l, l.stop_at(level)?)));
        let lifts = lifts.flat_map(|(l, s)| s.doors.iter().map(|d| Opening { line: l.door_line(*d as usize), depth_m: LIFT_DEPTH_M }));
        doors.chain(lifts).collect()
    }

    fn cut_walls(&self, level: LevelIx, radius_m: &BTreeMap<u32, f64>, findings: &mut Findings, places: Option<&Places>) -> Vec<Wall> {
        let openings = self.openings(level);
        let lanes: Vec<(LaneIx, Segment, f64)> = self
            .driven(radius_m)
            .into_iter()
            .filter(|(l, _)| self.lane_level(*l) == level)
            .map(|(l, r)| (l, self.lane_line(l), r))
            .collect();
        let cabins: Vec<&Lift> = self.lifts.iter().filter(|l| l.stop_at(level).is_some_and(|s| !s.cabin.is_empty())).collect();
        let mut walls = Vec::new();
        for (i, w) in self.levels[level.at()].walls.iter().enumerate() {
            let mut cuts: Vec<(f64, f64)> = openings.iter().filter_map(|o| o.cuts(&w.line)).collect();
            let mark = places.map_or(Mark::default(), |p| p.walls[level.at()][i]);
            let path = || format!("levels.{}.walls[{i}]", self.levels[level.at()].name);
            for lift in &cabins {
                let (a, b) = (lift.pose().inverse_apply(w.line.a), lift.pose().inverse_apply(w.line.b));
                if let Some(cut) = clip(Segment::new(a, b), lift.width_m / 2.0 - 0.05, lift.depth_m / 2.0 - 0.05) {
                    findings.warning(
                        mark,
                        path(),
                        format!("stands inside the cabin of lift `{}`", lift.name),
                        "it is cut there; move the wall or the lift",
                    );
                    cuts.push(cut);
                }
            }
            let before = share(&cuts);
            let mut worst: Option<(f64, LaneIx, f64)> = None;
            for (l, line, r) in &lanes {
                let need = r + MARGIN_M + w.thickness_m / 2.0;
                let Some(cut) = within(&w.line, line, need) else { continue };
                if share(&cuts) + 1e-9 >= share(&[cuts.as_slice(), &[cut]].concat()) {
                    continue;
                }
                cuts.push(cut);
                let gap = (w.line.dist(line) - w.thickness_m / 2.0).max(0.0);
                if worst.is_none_or(|x| gap < x.0) {
                    worst = Some((gap, *l, *r));
                }
            }
            if let Some((gap, lane, r)) = worst.filter(|(gap, _, r)| gap + WORTH_SAYING_M < r + MARGIN_M) {
                let cut_m = (share(&cuts) - before) * w.line.length();
                let how = if gap <= 0.0 { "is crossed by".into() } else { format!("leaves {gap:.2} m beside") };
                let what =
                    format!("{how} the lane {}, where a robot of radius {r:.2} m needs {:.2} m", self.lane_label(lane), r + MARGIN_M);
                findings.warning(mark, path(), what, format!("{cut_m:.2} m of the wall are cut away here; move the wall or the lane"));
            }
            walls.extend(remainder(w, &cuts));
        }
        walls
    }
}

/// Where a door interrupts walls.
struct Opening {
    line: Segment,
    depth_m: f64,
}

impl Opening {
    /// The share of a wall that lies in this opening, if the wall runs about along it.
    fn cuts(&self, wall: &Segment) -> Option<(f64, f64)> {
        let along = (self.line.b - self.line.a).unit();
        if (wall.b - wall.a).unit().cross(along).abs() > 0.5 {
            return None;
        }
        let middle = self.line.a.lerp(self.line.b, 0.5);
        let local = |p: Vec2| Vec2::new((p - middle).dot(along), (p - middle).cross(along));
        clip(Segment::new(local(wall.a), local(wall.b)), self.line.length() / 2.0 - 0.005, self.depth_m)
    }
}

/// The share of a segment inside the box of these half sizes about the origin.
fn clip(s: Segment, half_x: f64, half_y: f64) -> Option<(f64, f64)> {
    let d = s.b - s.a;
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for (from, step, half) in [(s.a.x, d.x, half_x), (s.a.y, d.y, half_y)] {
        if step.abs() < 1e-12 {
            if from.abs() >= half {
                return None;
            }
            continue;
        }
        let (t, u) = ((-half - from) / step, (half - from) / step);
        low = low.max(t.min(u));
        high = high.min(t.max(u));
    }
    (high - low > 1e-9).then_some((low, high))
}

/// How far an opening must grow beyond its start and its end, so that a lane through it keeps `need_m` on both sides.
fn needed(opening: &Segment, lane: &Segment, need_m: f64) -> Option<(f64, f64)> {
    crossing(lane, opening)?;
    let at = crossing(opening, lane)? * opening.length();
    let sine = (lane.b - lane.a).unit().cross((opening.b - opening.a).unit()).abs().max(DOOR_SINE_MIN);
    let need = need_m / sine;
    Some(((need - at).max(0.0), (need - (opening.length() - at)).max(0.0)))
}

/// The share of `wall` that is nearer than `need_m` to `lane`. Distance to a straight lane is convex along the wall, so it
/// is one piece, found by halving on both sides of the nearest point.
fn within(wall: &Segment, lane: &Segment, need_m: f64) -> Option<(f64, f64)> {
    let apart = |a0: f64, a1: f64, b0: f64, b1: f64| a0.min(a1) - b0.max(b1) > need_m || b0.min(b1) - a0.max(a1) > need_m;
    if apart(wall.a.x, wall.b.x, lane.a.x, lane.b.x) || apart(wall.a.y, wall.b.y, lane.a.y, lane.b.y) {
        return None;
    }
    let d = |t: f64| lane.dist_point(wall.a.lerp(wall.b, t));
    let ends = [0.0, 1.0, wall.nearest_share(lane.a), wall.nearest_share(lane.b)];
    let nearest = crossing(wall, lane).map(|t| t.clamp(0.0, 1.0)).or_else(|| ends.into_iter().min_by(|a, b| d(*a).total_cmp(&d(*b))))?;
    if d(nearest) >= need_m - 1e-9 {
        return None;
    }
    let edge = |mut near: f64, mut far: f64| {
        if d(far) < need_m {
            return far;
        }
        for _ in 0..40 {
            let middle = (near + far) / 2.0;
            if d(middle) < need_m { near = middle } else { far = middle }
        }
        far
    };
    Some((edge(nearest, 0.0), edge(nearest, 1.0)))
}

/// Share of a wall covered by cuts.
fn share(cuts: &[(f64, f64)]) -> f64 {
    merged(cuts).iter().map(|c| c.1 - c.0).sum()
}

fn merged(cuts: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = cuts.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut out: Vec<(f64, f64)> = Vec::new();
    for c in sorted {
        match out.last_mut() {
            Some(last) if c.0 <= last.1 => last.1 = last.1.max(c.1),
            _ => out.push(c),
        }
    }
    out
}

/// What is left of a wall.
fn remainder(w: &Wall, cuts: &[(f64, f64)]) -> Vec<Wall> {
    let mut out = Vec::new();
    let mut from = 0.0;
    for (low, high) in merged(cuts).into_iter().chain([(1.0, 1.0)]) {
        if (low - from) * w.line.length() > STUMP_M || (from == 0.0 && low >= 1.0) {
            out.push(Wall { line: Segment::new(w.line.a.lerp(w.line.b, from), w.line.a.lerp(w.line.b, low)), ..w.clone() });
        }
        from = f64::max(from, high);
    }
    out
}

mod beside;
mod leaves;
#[cfg(test)]
mod tests;
