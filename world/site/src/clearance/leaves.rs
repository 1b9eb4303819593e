//! Leaves of open doors: a leaf that reaches into a lane stops every robot that would pass there while the door is open.
//!
//! Such a door is turned to its other side, or made to slide along its wall.

use super::MARGIN_M;
use crate::building::Places;
use crate::finding::{Findings, Mark};
use crate::model::*;
use nooterra_engine::geom::{Segment, Vec2};
use std::collections::BTreeMap;

/// Half the thickness of a leaf, metres.
pub(super) const HALF_LEAF_M: f64 = 0.025;
/// A leaf may be nearer by this to the lane that it was opened for: the robot knows it, and passes it slowly.
const OWN_LESS_M: f64 = 0.03;
/// Positions of a swinging leaf that are looked at.
const SWINGS: u32 = 8;
/// Shortfalls below this are none.
pub(super) const SMALL_M: f64 = 0.005;

/// A lane near a door.
struct Near {
    lane: LaneIx,
    line: Segment,
    radius_m: f64,
    is_through: bool,
}

impl Site {
    /// Doors whose leaves would reach into lanes open otherwise.
    pub(super) fn turn_doors(&mut self, radius_m: &BTreeMap<u32, f64>, findings: &mut Findings, places: Option<&Places>) {
        let lanes: Vec<(LevelIx, Near)> = self
            .driven(radius_m)
            .into_iter()
            .map(|(lane, radius_m)| (self.lane_level(lane), Near { lane, line: self.lane_line(lane), radius_m, is_through: false }))
            .collect();
        for d in 0..self.doors.len() {
            let door = &self.doors[d];
            let reach_m = 2.0 * door.line.length() + 0.2;
            let near: Vec<Near> = lanes
                .iter()
                .filter(|(level, n)| *level == door.level && n.line.dist(&door.line) < reach_m + n.radius_m)
                .map(|(_, n)| Near { is_through: self.lanes[n.lane.at()].doors.iter().any(|x| x.at() == d), ..*n })
                .collect();
            let Some((lane, _)) = shortfall(door, &near) else { continue };
            let mut best: Option<(f64, Door)> = None;
            for other in others(door) {
                let short = shortfall(&other, &near).map_or(0.0, |s| s.1);
                if best.as_ref().is_none_or(|b| short < b.0) {
                    best = Some((short, other));
                }
                if short <= 0.0 {
                    break;
                }
            }
            let Some((_, other)) = best else { continue };
            let what = format!("open, door `{}` reaches into the lane {}", door.name, self.lane_label(lane));
            let help = if other.kind == door.kind {
                "it opens the other way here; turn its `motion_direction`"
            } else {
                "it slides here; draw it as a sliding door or move the lane"
            };
            let path = format!("levels.{}.doors", self.levels[door.level.at()].name);
            findings.warning(places.map_or(Mark::default(), |p| p.doors[d]), path, what, help);
            self.doors[d] = other;
        }
    }
}

/// Other ways for a door to open, best first.
fn others(door: &Door) -> Vec<Door> {
    let single = |kind, at_end| Door { kind, at_end, ..door.clone() };
    let mut out = Vec::new();
    if is_hinged(door.kind) {
        out.push(Door { direction: if door.direction < 0 { 1 } else { -1 }, ..door.clone() });
    }
    let double = Door { right_left_ratio: 1.0, ..single(DoorKind::DoubleSliding, false) };
    if door.kind == DoorKind::DoubleHinged {
        out.push(double.clone());
    }
    out.extend([single(DoorKind::Sliding, door.at_end), single(DoorKind::Sliding, !door.at_end), double]);
    out.extend([single(DoorKind::Telescope, door.at_end), single(DoorKind::Telescope, !door.at_end)]);
    out.push(Door { right_left_ratio: 1.0, ..single(DoorKind::DoubleTelescope, false) });
    out
}

/// By how much the leaves of a door come too near to a lane, and to which.
fn shortfall(door: &Door, near: &[Near]) -> Option<(LaneIx, f64)> {
    let swings: Vec<Vec<Segment>> = if is_hinged(door.kind) {
        (1..=SWINGS).map(|i| door.leaves(f64::from(i) / f64::from(SWINGS))).collect()
    } else {
        vec![door.leaves(1.0)]
    };
    let mut worst: Option<(LaneIx, f64)> = None;
    for n in near {
        // Whoever passes the door waits until it is open; all others pass while it moves.
        let (from, less) = if n.is_through { (swings.len() - 1, OWN_LESS_M) } else { (0, 0.0) };
        let need = n.radius_m + MARGIN_M + HALF_LEAF_M - less;
        // Nothing can be done about a lane that is too near to the closed door already.
        let need = need.min(if n.is_through { need } else { n.line.dist(&door.line) });
        let mut found = |short: f64| {
            if short > SMALL_M && worst.is_none_or(|w| short > w.1) {
                worst = Some((n.lane, short));
            }
        };
        for leaf in swings[from..].iter().flatten() {
            found(need - leaf.dist(&n.line));
        }
        // Whoever waits for the door at an end of the lane must not be in the leaf's way: it would give up, or swing the
        // other way.
        for at in [n.line.a, n.line.b].into_iter().filter(|_| n.is_through) {
            let need = need.min(door.line.dist_point(at));
            for leaf in swings.iter().flatten() {
                found(need - leaf.dist_point(at));
            }
        }
    }
    worst
}

pub(super) fn is_hinged(kind: DoorKind) -> bool {
    matches!(kind, DoorKind::Hinged | DoorKind::DoubleHinged)
}

impl Door {
    /// Centre lines of its leaves when it is this far open, 0 to 1.
    pub fn leaves(&self, open: f64) -> Vec<Segment> {
        let (a, b) = (self.line.a, self.line.b);
        let (u, w) = ((b - a).unit(), self.line.length());
        let turn = if self.direction < 0 { -1.0 } else { 1.0 };
        let first = 1.0 / (1.0 + self.right_left_ratio.clamp(0.1, 10.0));
        match self.kind {
            DoorKind::DoubleHinged | DoorKind::DoubleSliding | DoorKind::DoubleTelescope => {
                vec![self.leaf(a, u, w * first, turn * open, open), self.leaf(b, u * -1.0, w * (1.0 - first), -turn * open, open)]
            }
            _ if self.at_end => vec![self.leaf(b, u * -1.0, w, -turn * open, open)],
            _ => vec![self.leaf(a, u, w, turn * open, open)],
        }
    }

    fn leaf(&self, hinge: Vec2, along: Vec2, length_m: f64, turn: f64, open: f64) -> Segment {
        match self.kind {
            DoorKind::Hinged | DoorKind::DoubleHinged => {
                let swing = self.swing_rad.abs();
                let swing = if swing < 0.2 { std::f64::consts::FRAC_PI_2 } else { swing.min(3.0) };
                Segment::new(hinge, hinge + along.rotated(turn * swing) * length_m)
            }
            DoorKind::Sliding | DoorKind::DoubleSliding => {
                Segment::new(hinge - along * (length_m * open), hinge + along * (length_m * (1.0 - open)))
            }
            DoorKind::Telescope | DoorKind::DoubleTelescope => {
                Segment::new(hinge - along * (length_m * 0.5 * open), hinge + along * (length_m * (1.0 - open)))
            }
        }
    }
}
