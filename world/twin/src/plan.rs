//! The site as the physics sees it: one local frame near the origin, level heights, wall boxes, floor under a wheel.
//!
//! Derived from the [`Site`] alone, so it is built again on thaw instead of being saved.

use bevy_ecs::prelude::Resource;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::real;
use nooterra_site::model::{Frame, Lift, LiftDoor};
use nooterra_site::{LevelIx, LiftIx, Site};
use std::collections::BTreeMap;

/// Thickness of a lift cabin's walls, metres.
pub(crate) const CABIN_WALL_M: f32 = 0.06;
/// Least distance between floors: closer ones are drawn apart, so that levels never touch.
const STOREY_MIN_M: f64 = 3.0;

/// A box seen from above.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Box2 {
    pub x: f32,
    pub y: f32,
    pub cos: f32,
    pub sin: f32,
    /// Half length along its own x.
    pub hx: f32,
    /// Half width.
    pub hy: f32,
}

#[allow(clippy::cast_possible_truncation)] // metres to single precision
impl Box2 {
    pub fn new(x: f32, y: f32, yaw: f32, hx: f32, hy: f32) -> Self {
        let (sin, cos) = real::sin_cos(f64::from(yaw));
        Self { x, y, cos: cos as f32, sin: sin as f32, hx, hy }
    }
    /// A point in the box's own frame.
    pub fn local(&self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy) = (x - self.x, y - self.y);
        (self.cos * dx + self.sin * dy, self.cos * dy - self.sin * dx)
    }
    /// Distance from the outline to a point outside, 0 inside.
    pub fn distance(&self, x: f32, y: f32) -> f32 {
        let (lx, ly) = self.local(x, y);
        let (ox, oy) = ((lx.abs() - self.hx).max(0.0), (ly.abs() - self.hy).max(0.0));
        (ox * ox + oy * oy).sqrt()
    }
    /// Radius of the circle around it.
    pub fn reach(&self) -> f32 {
        (self.hx * self.hx + self.hy * self.hy).sqrt()
    }
    /// Corners, counter-clockwise.
    pub fn corners(&self) -> [(f32, f32); 4] {
        let at = |sx: f32, sy: f32| {
            let (a, b) = (sx * self.hx, sy * self.hy);
            (self.x + self.cos * a - self.sin * b, self.y + self.sin * a + self.cos * b)
        };
        [at(-1.0, -1.0), at(1.0, -1.0), at(1.0, 1.0), at(-1.0, 1.0)]
    }
    /// Heading.
    pub fn yaw(&self) -> f32 {
        real::atan2f(self.sin, self.cos)
    }
}

/// A wall after merging.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallBox {
    pub flat: Box2,
    pub height: f32,
    pub furniture: bool,
}

/// One storey.
#[derive(Debug, Clone, Default)]
pub(crate) struct Storey {
    pub z: f32,
    pub boxes: Vec<WallBox>,
    pub chargers: Vec<(u32, f32, f32)>,
    pub markers: Vec<(u32, f32, f32)>,
}

/// A lift shaft.
#[derive(Debug, Clone)]
pub(crate) struct Shaft {
    pub flat: Box2,
    /// Levels and heights, lowest first.
    pub stops: Vec<(u32, f32)>,
}

impl Shaft {
    /// Is there a shaft at this level's height, whether the lift stops there or only passes?
    pub fn reaches(&self, level_z: f32) -> bool {
        const SLACK_M: f32 = 0.1;
        self.stops.iter().any(|s| s.1 <= level_z + SLACK_M) && self.stops.iter().any(|s| s.1 >= level_z - SLACK_M)
    }
}

/// Everything that follows from the site.
#[derive(Debug, Clone, Default, Resource)]
pub(crate) struct Plan {
    origin: Vec2,
    elevation: Vec<f64>,
    pub low: (f32, f32),
    pub high: (f32, f32),
    /// Drawn in latitude and longitude: under the sky.
    pub is_outdoors: bool,
    pub storeys: Vec<Storey>,
    pub shafts: Vec<Shaft>,
    /// Level and place of every vertex.
    pub vertices: Vec<(u32, f32, f32)>,
}

fn key(p: Vec2) -> (i64, i64) {
    #[allow(clippy::cast_possible_truncation)] // a site is some kilometres wide
    let mm = |v: f64| (v * 1000.0).round() as i64;
    (mm(p.x), mm(p.y))
}

/// Lines with a thickness and height, merged where two that share an end lie on one line.
fn merged(site: &Site, level: usize) -> Vec<(Vec2, Vec2, f64, f64, bool, bool)> {
    type Line = (Vec2, Vec2, f64, f64);
    let mut lines: Vec<Option<Line>> = site.levels[level]
        .walls
        .iter()
        .filter(|w| w.line.length() > 1e-3)
        .map(|w| Some((w.line.a, w.line.b, w.thickness_m, w.height_m)))
        .collect();
    let mut ends: BTreeMap<(i64, i64), Vec<usize>> = BTreeMap::new();
    for (i, l) in lines.iter().enumerate() {
        if let Some((a, b, ..)) = l {
            ends.entry(key(*a)).or_default().push(i);
            ends.entry(key(*b)).or_default().push(i);
        }
    }
    let points: Vec<(i64, i64)> = ends.keys().copied().collect();
    for p in points {
        let [i, j] = ends[&p][..] else { continue };
        let (Some(l), Some(m)) = (lines[i], lines[j]) else { continue };
        if i == j || (l.2 - m.2).abs() > 1e-6 || (l.3 - m.3).abs() > 1e-6 {
            continue;
        }
        let far = |l: &Line| if key(l.0) == p { l.1 } else { l.0 };
        let (a, b) = (far(&l), far(&m));
        let here = if key(l.0) == p { l.0 } else { l.1 };
        let (u, v) = ((here - a).unit(), (b - here).unit());
        if u.cross(v).abs() < 1e-3 && u.dot(v) > 0.0 {
            lines[i] = Some((a, b, l.2, l.3));
            lines[j] = None;
            if let Some(e) = ends.get_mut(&key(b)) {
                for k in e.iter_mut().filter(|k| **k == j) {
                    *k = i;
                }
            }
        }
    }
    let shared = |p: Vec2| ends.get(&key(p)).is_some_and(|e| e.iter().filter(|i| lines[**i].is_some()).count() > 1);
    lines.iter().flatten().map(|(a, b, t, h)| (*a, *b, *t, *h, shared(*a), shared(*b))).collect()
}

#[allow(clippy::cast_possible_truncation)] // metres to single precision, list positions to u32
impl Plan {
    /// Reads the site.
    pub fn of(site: &Site) -> Self {
        let mut low = Vec2::new(f64::MAX, f64::MAX);
        let mut high = Vec2::new(f64::MIN, f64::MIN);
        let mut see = |p: Vec2| {
            low = Vec2::new(low.x.min(p.x), low.y.min(p.y));
            high = Vec2::new(high.x.max(p.x), high.y.max(p.y));
        };
        site.vertices.iter().for_each(|v| see(v.at));
        for l in &site.levels {
            l.walls.iter().for_each(|w| {
                see(w.line.a);
                see(w.line.b);
            });
            l.floors.iter().flat_map(|f| &f.outline).for_each(|p| see(*p));
        }
        site.lifts.iter().for_each(|l| see(l.at));
        if low.x > high.x {
            (low, high) = (Vec2::new(-10.0, -10.0), Vec2::new(10.0, 10.0));
        }
        let origin = Vec2::new(((low.x + high.x) / 2.0).round(), ((low.y + high.y) / 2.0).round());
        let is_outdoors = matches!(site.frame, Frame::Wgs84 { .. });
        let mut plan = Self { origin, is_outdoors, ..Self::default() };
        let at = |p: Vec2| ((p.x - origin.x) as f32, (p.y - origin.y) as f32);
        (plan.low, plan.high) = (at(low), at(high));
        let mut z = 0.0f64;
        for (i, l) in site.levels.iter().enumerate() {
            z = if i == 0 { 0.0 } else { (l.elevation_m - site.levels[0].elevation_m).max(z + STOREY_MIN_M) };
            plan.elevation.push(l.elevation_m);
            plan.storeys.push(Storey { z: z as f32, ..Storey::default() });
        }
        for i in 0..site.levels.len() {
            let room = plan.storeys.get(i + 1).map_or(f32::MAX, |up| up.z - plan.storeys[i].z - 0.2);
            for (a, b, thick, height, more_a, more_b) in merged(site, i) {
                let (thick, dir) = ((thick as f32).clamp(0.02, 2.0), (b - a).unit());
                let extra = |more: bool| if more { f64::from(thick) / 2.0 } else { 0.0 };
                let (a, b) = (a - dir * extra(more_a), b + dir * extra(more_b));
                let (mid, half) = (at(a.lerp(b, 0.5)), (a.dist(b) / 2.0) as f32);
                let flat = Box2 { x: mid.0, y: mid.1, cos: dir.x as f32, sin: dir.y as f32, hx: half, hy: thick / 2.0 };
                plan.storeys[i].boxes.push(WallBox { flat, height: (height as f32).clamp(0.3, room.max(0.3)), furniture: false });
            }
            for o in &site.levels[i].obstacles {
                let p = at(o.at);
                let flat = Box2::new(p.0, p.1, o.yaw_rad as f32, (o.length_m / 2.0) as f32, (o.width_m / 2.0) as f32);
                plan.storeys[i].boxes.push(WallBox { flat, height: (o.height_m as f32).clamp(0.05, room.max(0.3)), furniture: true });
            }
        }
        for (i, v) in site.vertices.iter().enumerate() {
            let p = at(v.at);
            plan.vertices.push((v.level.ix, p.0, p.1));
            let Some(s) = plan.storeys.get_mut(v.level.at()) else { continue };
            if v.flags.is_charger {
                s.chargers.push((i as u32, p.0, p.1));
            }
            let marked = !v.name.is_empty()
                || v.flags.is_charger
                || v.flags.is_parking_spot
                || v.flags.is_holding_point
                || v.flags.is_transfer_place
                || v.pickup_dispenser.is_some()
                || v.dropoff_ingestor.is_some()
                || v.dock_name.is_some()
                || v.lift.is_some();
            if marked {
                s.markers.push((i as u32, p.0, p.1));
            }
        }
        for l in &site.lifts {
            let p = at(l.at);
            let flat = Box2::new(p.0, p.1, l.yaw_rad as f32, (l.width_m / 2.0) as f32, (l.depth_m / 2.0) as f32);
            let stops = l.stops.iter().filter_map(|s| plan.storeys.get(s.level.at()).map(|st| (s.level.ix, st.z))).collect();
            plan.shafts.push(Shaft { flat, stops });
        }
        plan
    }

    /// A site point in the physics frame.
    pub fn inward(&self, p: Vec2) -> (f32, f32) {
        ((p.x - self.origin.x) as f32, (p.y - self.origin.y) as f32)
    }
    /// A physics point in the site's frame.
    pub fn outward(&self, x: f32, y: f32) -> Vec2 {
        Vec2::new(f64::from(x) + self.origin.x, f64::from(y) + self.origin.y)
    }
    /// A pose in the site's frame.
    pub fn pose(&self, x: f32, y: f32, yaw: f32) -> Pose2 {
        Pose2 { at: self.outward(x, y), theta_rad: f64::from(yaw) }
    }
    /// Height of a level's floor in the physics frame.
    pub fn floor_z(&self, level: u32) -> f32 {
        self.storeys.get(level as usize).map_or(0.0, |s| s.z)
    }
    /// Height above the site's zero of a physics height on or above `level`.
    pub fn elevation(&self, level: u32, z: f32) -> f64 {
        self.elevation.get(level as usize).copied().unwrap_or(0.0) + f64::from(z - self.floor_z(level))
    }
    /// The highest level whose floor lies at or below `z`.
    pub fn level_of(&self, z: f32) -> u32 {
        let n = self.storeys.iter().take_while(|s| s.z <= z + 0.3).count();
        n.saturating_sub(1) as u32
    }
    /// The stop of a lift at this level.
    pub fn stop_of(&self, lift: LiftIx, level: LevelIx) -> Option<usize> {
        self.shafts.get(lift.at())?.stops.iter().position(|s| s.0 == level.ix)
    }
}

/// Walls of a lift's cabin in its own frame, with openings at the doors: centre and half sizes.
#[allow(clippy::cast_possible_truncation)] // metres to single precision
pub(crate) fn cabin_walls(lift: &Lift) -> Vec<(f32, f32, f32, f32)> {
    let (w, d, t) = ((lift.width_m / 2.0) as f32, (lift.depth_m / 2.0) as f32, CABIN_WALL_M / 2.0);
    let mut out = Vec::new();
    for side in 0..4u32 {
        let along_x = side < 2;
        let sign = if side % 2 == 0 { -1.0f32 } else { 1.0 };
        let (half, off) = if along_x { (w + 2.0 * t, sign * (d + t)) } else { (d, sign * (w + t)) };
        let mut gaps: Vec<(f32, f32)> = lift.doors.iter().filter_map(|g| gap(g, along_x, off)).collect();
        gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut from = -half;
        for (a, b) in gaps.into_iter().chain([(half, half)]) {
            if a - from > 0.02 {
                let (mid, h) = ((a + from) / 2.0, (a - from) / 2.0);
                out.push(if along_x { (mid, off, h, t) } else { (off, mid, t, h) });
            }
            from = from.max(b);
        }
    }
    out
}

/// The opening that a door makes in the side at `off`, if it is in that side.
#[allow(clippy::cast_possible_truncation)] // metres to single precision
fn gap(door: &LiftDoor, along_x: bool, off: f32) -> Option<(f32, f32)> {
    let axis_x = real::cos(door.motion_axis_rad).abs() > 0.7;
    let (across, along) = if along_x { (door.at.y, door.at.x) } else { (door.at.x, door.at.y) };
    let half = (door.width_m / 2.0) as f32;
    (axis_x == along_x && (across as f32 - off).abs() < 0.4).then_some((along as f32 - half, along as f32 + half))
}
