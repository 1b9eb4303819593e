//! Lifts: a cabin that moves with its doors shut, doors of cabin and shaft that move together.

use crate::door::{DOOR_HEIGHT_M, Leaves, Panels, in_the_way};
use crate::physics::{BodyRef, Physics};
use crate::plan::{CABIN_WALL_M, Plan};
use crate::scan::FlatWorld;
use crate::state::{Cabins, Clock, Roster};
use crate::words::{LiftMode, LiftState};
use bevy_ecs::prelude::{Component, Query, Res, ResMut};
use nooterra_engine::{Record, real};
use nooterra_site::model::Lift;
use nooterra_site::{LevelIx, LiftIx};

const SPEED_MPS: f32 = 1.0;
const ACCEL_MPS2: f32 = 0.8;
/// Distance of the shaft's door from the cabin's, metres.
const SHAFT_GAP_M: f32 = 0.12;

/// One stop.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub level: u32,
    pub z: f32,
    /// Doors that open here.
    pub doors: Vec<usize>,
}

/// A lift's shape in the world.
#[derive(Debug, Clone, Component)]
pub(crate) struct LiftShape {
    pub cabin: Vec<Leaves>,
    pub shaft: Vec<Leaves>,
    pub stops: Vec<Stop>,
    pub walls: Vec<(f32, f32, f32, f32)>,
}

#[allow(clippy::cast_possible_truncation)] // metres to single precision
impl LiftShape {
    pub fn of(l: &Lift, plan: &Plan) -> Self {
        let (s, c) = real::sin_cos(l.yaw_rad);
        let at = |x: f64, y: f64| plan.inward(l.at + nooterra_engine::geom::Vec2::new(c * x - s * y, s * x + c * y));
        let leaves = |out: f32| {
            l.doors
                .iter()
                .map(|d| {
                    let (ds, dc) = real::sin_cos(d.motion_axis_rad);
                    let half = d.width_m / 2.0;
                    // Outward: across the door, away from the cabin's middle.
                    let (nx, ny) = if d.at.x * -ds + d.at.y * dc >= 0.0 { (-ds, dc) } else { (ds, -dc) };
                    let (mx, my) = (d.at.x + nx * f64::from(out), d.at.y + ny * f64::from(out));
                    Leaves {
                        kind: d.kind,
                        a: at(mx - dc * half, my - ds * half),
                        b: at(mx + dc * half, my + ds * half),
                        at_end: false,
                        swing: std::f32::consts::FRAC_PI_2,
                        side: 1.0,
                        first: 0.5,
                    }
                })
                .collect::<Vec<_>>()
        };
        let stops = l
            .stops
            .iter()
            .filter(|s| s.level.at() < plan.storeys.len())
            .map(|s| Stop {
                level: s.level.ix,
                z: plan.floor_z(s.level.ix),
                doors: s.doors.iter().map(|d| *d as usize).filter(|d| *d < l.doors.len()).collect(),
            })
            .collect();
        Self { cabin: leaves(0.0), shaft: leaves(SHAFT_GAP_M.max(CABIN_WALL_M)), stops, walls: crate::plan::cabin_walls(l) }
    }
}

/// A shaft door at one stop.
#[derive(Debug, Clone, PartialEq, Record)]
pub(crate) struct ShaftDoor {
    pub stop: u32,
    pub door: u32,
    pub panels: Vec<BodyRef>,
}

/// A door of the cabin.
#[derive(Debug, Clone, PartialEq, Record)]
pub(crate) struct CabinDoor {
    pub open: f32,
    pub panels: Vec<BodyRef>,
}

/// A lift's state.
#[derive(Debug, Clone, PartialEq, Record, Component)]
pub(crate) struct LiftUnit {
    pub ix: LiftIx,
    pub body: BodyRef,
    pub z: f32,
    pub vz: f32,
    /// The stop it stands at or left last.
    pub stop: u32,
    pub target: u32,
    pub want_open: bool,
    pub stuck: bool,
    pub doors: Vec<CabinDoor>,
    pub shafts: Vec<ShaftDoor>,
    pub mode: LiftMode,
}

impl LiftUnit {
    /// Between stops?
    pub fn moving(&self, shape: &LiftShape) -> bool {
        #[allow(clippy::float_cmp)] // it lands on the stop exactly
        shape.stops.get(self.stop as usize).is_none_or(|s| s.z != self.z)
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share of 0 to 1, a height of metres
    pub fn state(&self, shape: &LiftShape, plan: &Plan) -> LiftState {
        let level = |s: u32| LevelIx::new(shape.stops.get(s as usize).map_or(0, |s| s.level));
        let near = plan.level_of(self.z);
        let open = self.doors.iter().map(|d| d.open).fold(0.0f32, f32::max);
        LiftState {
            mode: self.mode,
            level: if self.moving(shape) { LevelIx::new(near) } else { level(self.stop) },
            target: level(self.target),
            open_permille: (open * 1000.0).round() as u32,
            height_mm: (plan.elevation(near, self.z) * 1000.0).round() as i64,
        }
    }
}

/// Moves every lift and its doors by a tick.
pub(crate) fn move_lifts(
    clock: Res<Clock>,
    roster: Res<Roster>,
    plan: Res<Plan>,
    flat: Res<FlatWorld>,
    mut cabins: ResMut<Cabins>,
    mut physics: ResMut<Physics>,
    mut lifts: Query<(&LiftShape, &mut LiftUnit)>,
) {
    let dt = clock.dt;
    for (i, e) in roster.lifts.iter().enumerate() {
        let Ok((shape, mut l)) = lifts.get_mut(*e) else { continue };
        let l = &mut *l;
        let Some(goal) = shape.stops.get(l.target as usize) else { continue };
        if l.stuck {
            l.vz = 0.0;
            l.mode = LiftMode::Stuck;
        } else if l.moving(shape) || (l.target != l.stop && l.doors.iter().all(|d| d.open <= 0.0)) {
            l.mode = LiftMode::Moving;
            let d = goal.z - l.z;
            let fast = (2.0 * ACCEL_MPS2 * d.abs()).sqrt().min(SPEED_MPS) * 0.97;
            let want = if d < 0.0 { -fast } else { fast };
            l.vz += (want - l.vz).clamp(-ACCEL_MPS2 * dt, ACCEL_MPS2 * dt);
            let step = l.vz * dt;
            if d.abs() < 0.004 || (d > 0.0) == (step > 0.0) && step.abs() >= d.abs() {
                (l.z, l.vz, l.stop) = (goal.z, 0.0, l.target);
            } else {
                l.z += step;
            }
        } else {
            doors(shape, l, &flat, &mut physics, dt);
        }
        let before = cabins.items[i].0;
        #[allow(clippy::float_cmp)] // it has moved or not
        if before != l.z {
            if let Some(s) = plan.shafts.get(i) {
                physics.move_to(l.body, s.flat.x, s.flat.y, l.z, s.flat.yaw());
            }
            for (d, leaves) in l.doors.iter().zip(&shape.cabin) {
                let at = leaves.panels(d.open, 1.0);
                for (r, b) in d.panels.iter().zip(at.iter()) {
                    physics.move_panel(*r, b, DOOR_HEIGHT_M, l.z);
                }
            }
        }
        cabins.items[i] = (l.z, (l.z - before) / dt);
    }
}

/// Moves the doors at the present stop.
fn doors(shape: &LiftShape, l: &mut LiftUnit, flat: &FlatWorld, physics: &mut Physics, dt: f32) {
    let Some(stop) = shape.stops.get(l.stop as usize) else { return };
    let Some(level) = flat.levels.get(stop.level as usize) else { return };
    let open = l.want_open && l.target == l.stop;
    l.mode = LiftMode::Standing;
    for (k, d) in l.doors.iter_mut().enumerate() {
        let goal = if open && stop.doors.contains(&k) { 1.0 } else { 0.0 };
        #[allow(clippy::float_cmp)] // it lands on the goal exactly
        if d.open == goal {
            continue;
        }
        let step = shape.cabin[k].rate() * dt;
        let next = if d.open < goal { (d.open + step).min(1.0) } else { (d.open - step).max(0.0) };
        let both: [(&Leaves, Panels, Panels); 2] =
            [&shape.cabin[k], &shape.shaft[k]].map(|s| (s, s.panels(d.open, 1.0), s.panels(next, 1.0)));
        let blocked = both.iter().any(|(s, a, b)| in_the_way(level, flat, a, b, (next < d.open).then(|| s.sill()).as_ref()));
        if blocked {
            l.mode = LiftMode::Blocked;
            continue;
        }
        if l.mode == LiftMode::Standing {
            l.mode = LiftMode::Doors;
        }
        d.open = next;
        for (r, b) in d.panels.iter().zip(both[0].2.iter()) {
            physics.move_panel(*r, b, DOOR_HEIGHT_M, l.z);
        }
        let shaft = l.shafts.iter().find(|s| s.stop == l.stop && s.door as usize == k);
        for (r, b) in shaft.iter().flat_map(|s| &s.panels).zip(both[1].2.iter()) {
            physics.move_panel(*r, b, DOOR_HEIGHT_M, stop.z);
        }
    }
}
