//! Doors: panels that swing or slide, stop before they hit anybody, and tell how far open they are.

use crate::physics::{BodyRef, Physics};
use crate::plan::{Box2, Plan};
use crate::scan::{Flat, FlatWorld};
use crate::state::{Clock, Roster};
use crate::words::{DoorMode, DoorState, Party};
use bevy_ecs::prelude::{Component, Query, Res, ResMut};
use nooterra_engine::{Record, real};
use nooterra_site::DoorIx;
use nooterra_site::model::{Door, DoorKind};

/// Half the thickness of a panel, metres.
const HALF_THICK_M: f32 = 0.025;
/// Height of every door, metres.
pub(crate) const DOOR_HEIGHT_M: f32 = 2.1;
/// Distance that a panel keeps from what is in its way, metres.
const GUARD_M: f32 = 0.03;

/// The shape of a door: all in the frame that it stands in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Leaves {
    pub kind: DoorKind,
    pub a: (f32, f32),
    pub b: (f32, f32),
    pub at_end: bool,
    pub swing: f32,
    pub side: f32,
    /// Length of the first leaf over the whole.
    pub first: f32,
}

/// A door's panels at one moment: at most four.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Panels {
    pub n: usize,
    pub flat: [Box2; 4],
}

impl Panels {
    fn push(&mut self, b: Box2) {
        self.flat[self.n] = b;
        self.n += 1;
    }
    pub fn iter(&self) -> impl Iterator<Item = &Box2> {
        self.flat[..self.n].iter()
    }
}

#[allow(clippy::cast_possible_truncation)] // metres to single precision
impl Leaves {
    pub fn of(d: &Door, plan: &Plan) -> Self {
        let swing = d.swing_rad.abs() as f32;
        let ratio = d.right_left_ratio.clamp(0.1, 10.0) as f32;
        Self {
            kind: d.kind,
            a: plan.inward(d.line.a),
            b: plan.inward(d.line.b),
            at_end: d.at_end,
            swing: if swing < 0.2 { std::f32::consts::FRAC_PI_2 } else { swing.min(3.0) },
            side: if d.direction < 0 { -1.0 } else { 1.0 },
            first: 1.0 / (1.0 + ratio),
        }
    }
    fn width(&self) -> f32 {
        let (x, y) = (self.b.0 - self.a.0, self.b.1 - self.a.1);
        (x * x + y * y).sqrt().max(0.05)
    }
    fn double(&self) -> bool {
        matches!(self.kind, DoorKind::DoubleHinged | DoorKind::DoubleSliding | DoorKind::DoubleTelescope)
    }
    /// Share of the whole opening done per second.
    pub fn rate(&self) -> f32 {
        let leaf = self.width() * if self.double() { self.first.max(1.0 - self.first) } else { 1.0 };
        match self.kind {
            DoorKind::Hinged | DoorKind::DoubleHinged => 0.8 / self.swing,
            DoorKind::Sliding | DoorKind::DoubleSliding => 0.6 / leaf,
            DoorKind::Telescope | DoorKind::DoubleTelescope => 0.8 / leaf,
        }
    }
    /// Where the panels are when it is this far open; `side` turns the swing over.
    pub fn panels(&self, open: f32, side: f32) -> Panels {
        let mut out = Panels::default();
        let w = self.width();
        let u = ((self.b.0 - self.a.0) / w, (self.b.1 - self.a.1) / w);
        if self.double() {
            let first = w * self.first;
            self.leaf(self.a, u, first, open, self.side * side, &mut out);
            self.leaf(self.b, (-u.0, -u.1), w - first, open, -self.side * side, &mut out);
        } else if self.at_end {
            self.leaf(self.b, (-u.0, -u.1), w, open, -self.side * side, &mut out);
        } else {
            self.leaf(self.a, u, w, open, self.side * side, &mut out);
        }
        out
    }
    fn leaf(&self, p: (f32, f32), d: (f32, f32), len: f32, open: f32, turn: f32, out: &mut Panels) {
        let mut put = |d: (f32, f32), mid: f32, len: f32| {
            let flat = Box2 { x: p.0 + d.0 * mid, y: p.1 + d.1 * mid, cos: d.0, sin: d.1, hx: len / 2.0, hy: HALF_THICK_M };
            out.push(flat);
        };
        match self.kind {
            DoorKind::Hinged | DoorKind::DoubleHinged => {
                let (s, c) = real::sin_cos(f64::from(turn * open * self.swing));
                let (s, c) = (s as f32, c as f32);
                put((c * d.0 - s * d.1, s * d.0 + c * d.1), len / 2.0, len);
            }
            DoorKind::Sliding | DoorKind::DoubleSliding => put(d, len * (0.5 - open), len),
            DoorKind::Telescope | DoorKind::DoubleTelescope => {
                put(d, len * (0.25 - 0.5 * open), len / 2.0);
                put(d, len * (0.75 - open), len / 2.0);
            }
        }
    }
    /// The closed door as one box.
    pub fn sill(&self) -> Box2 {
        let w = self.width();
        let (cos, sin) = ((self.b.0 - self.a.0) / w, (self.b.1 - self.a.1) / w);
        Box2 { x: (self.a.0 + self.b.0) / 2.0, y: (self.a.1 + self.b.1) / 2.0, cos, sin, hx: w / 2.0, hy: 0.05 }
    }
}

/// Is something in the way of going from `now` to `next`, or, when closing, in the opening?
pub(crate) fn in_the_way(flat: &Flat, world: &FlatWorld, now: &Panels, next: &Panels, sill: Option<&Box2>) -> bool {
    let mut hit = false;
    let meets = |x: f32, y: f32, r: f32| {
        sill.is_some_and(|s| s.distance(x, y) < r)
            || next.iter().zip(now.iter()).any(|(b, a)| {
                let d = b.distance(x, y);
                d < r + GUARD_M && d < a.distance(x, y) - 1e-6
            })
    };
    for b in next.iter().chain(sill) {
        flat.discs.near(&world.cells, b.x, b.y, b.reach() + 1.5, |d| hit = hit || meets(d.x, d.y, d.r));
    }
    hit || flat
        .boxes
        .iter()
        .any(|m| matches!(m.party, Party::Load { .. } | Party::Obstacle { .. }) && meets(m.flat.x, m.flat.y, m.flat.hx.min(m.flat.hy)))
}

/// A door's shape in the world.
#[derive(Debug, Clone, Copy, Component)]
pub(crate) struct DoorShape {
    pub leaves: Leaves,
    pub level: u32,
    pub z: f32,
}

/// A door's state.
#[derive(Debug, Clone, PartialEq, Record, Component)]
pub(crate) struct DoorUnit {
    pub ix: DoorIx,
    pub panels: Vec<BodyRef>,
    pub want_open: bool,
    pub open: f32,
    /// -1 while it swings the other way, because somebody stands on its own side.
    pub side: f32,
    /// On the way back after it met somebody while opening.
    pub retreats: bool,
    pub jammed: bool,
    pub mode: DoorMode,
}

impl DoorUnit {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share of 0 to 1
    pub fn state(&self) -> DoorState {
        DoorState { mode: self.mode, open_permille: (self.open * 1000.0).round() as u32 }
    }
}

/// Moves every door by a tick.
pub(crate) fn move_doors(
    clock: Res<Clock>,
    roster: Res<Roster>,
    flat: Res<FlatWorld>,
    mut physics: ResMut<Physics>,
    mut doors: Query<(&DoorShape, &mut DoorUnit)>,
) {
    for e in &roster.doors {
        let Ok((shape, mut d)) = doors.get_mut(*e) else { continue };
        let goal = if d.want_open { 1.0 } else { 0.0 };
        #[allow(clippy::float_cmp)] // it lands on the goal exactly
        if d.open == goal {
            let mode = if d.want_open { DoorMode::Open } else { DoorMode::Closed };
            if d.mode != mode {
                d.mode = mode;
            }
            continue;
        }
        if d.jammed {
            d.mode = DoorMode::Jammed;
            continue;
        }
        let Some(level) = flat.levels.get(shape.level as usize) else { continue };
        let hinged = matches!(shape.leaves.kind, DoorKind::Hinged | DoorKind::DoubleHinged);
        if d.open <= 0.0 {
            d.retreats = false;
            // Before it swings out it looks where there is room; its own side comes first.
            let taken = |side: f32| {
                (1..=8u8).any(|i| {
                    in_the_way(
                        level,
                        &flat,
                        &shape.leaves.panels(f32::from(i - 1) / 8.0, side),
                        &shape.leaves.panels(f32::from(i) / 8.0, side),
                        None,
                    )
                })
            };
            d.side = if hinged && taken(1.0) && !taken(-1.0) { -1.0 } else { 1.0 };
        }
        let step = shape.leaves.rate() * clock.dt;
        let opens = d.want_open && !d.retreats;
        let next = if opens { (d.open + step).min(1.0) } else { (d.open - step).max(0.0) };
        let (now_at, next_at) = (shape.leaves.panels(d.open, d.side), shape.leaves.panels(next, d.side));
        let sill = shape.leaves.sill();
        if in_the_way(level, &flat, &now_at, &next_at, (!d.want_open).then_some(&sill)) {
            d.mode = DoorMode::Blocked;
            // A leaf that meets somebody on its way out goes back and may try the other side.
            d.retreats = hinged && opens;
            continue;
        }
        d.mode = if d.retreats {
            DoorMode::Blocked
        } else if opens {
            DoorMode::Opening
        } else {
            DoorMode::Closing
        };
        d.open = next;
        for (r, b) in d.panels.iter().zip(next_at.iter()) {
            physics.move_panel(*r, b, DOOR_HEIGHT_M, shape.z);
        }
    }
}
