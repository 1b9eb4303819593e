//! Closed doors beside lanes: a lane along a wall passes its doors as well, and a closed door is no wall that could be cut.
//!
//! Such a door is set back into its wall, as far as the lane's robots need.

use super::leaves::{HALF_LEAF_M, SMALL_M};
use super::{MARGIN_M, crossing};
use crate::building::Places;
use crate::finding::{Findings, Mark};
use crate::model::*;
use nooterra_engine::geom::Segment;
use std::collections::BTreeMap;

/// Doors are set back in steps of this, metres.
const STEP_M: f64 = 0.01;
/// And by this many of them at most: further away it would be another wall's door.
const STEPS: u32 = 30;

impl Site {
    /// Closed doors that would stop robots which only pass by.
    pub(super) fn set_back_doors(&mut self, radius_m: &BTreeMap<u32, f64>, findings: &mut Findings, places: Option<&Places>) {
        let driven = self.driven(radius_m);
        for d in 0..self.doors.len() {
            let door = &self.doors[d];
            let here = |l: &LaneIx| self.lane_level(*l) == door.level;
            let (through, passing): (Vec<_>, Vec<_>) = driven
                .iter()
                .filter(|(l, _)| here(l))
                .map(|(l, r)| (*l, self.lane_line(*l), r + MARGIN_M + HALF_LEAF_M))
                .partition(|(l, ..)| self.lanes[l.at()].doors.iter().any(|x| x.at() == d));
            let worst = |line: &Segment| -> Option<(f64, LaneIx, f64)> {
                let short = passing.iter().map(|(l, lane, need)| (need - lane.dist(line), *l, *need));
                short.filter(|s| s.0 > SMALL_M).max_by(|a, b| a.0.total_cmp(&b.0))
            };
            let Some((short, lane, need)) = worst(&door.line) else { continue };
            let normal = (door.line.b - door.line.a).unit().perp();
            let steps = (1..=STEPS).flat_map(|n| [f64::from(n) * STEP_M, f64::from(n) * -STEP_M]);
            let mut best = (short, door.line, 0.0_f64);
            for by_m in steps {
                let line = Segment::new(door.line.a + normal * by_m, door.line.b + normal * by_m);
                let left = worst(&line).map_or(0.0, |w| w.0);
                if left < best.0 && through.iter().all(|(_, l, _)| crossing(l, &line).is_some()) {
                    best = (left, line, by_m.abs());
                }
                if best.0 <= 0.0 {
                    break;
                }
            }
            let (_, line, by_m) = best;
            if by_m == 0.0 {
                continue;
            }
            let what = format!(
                "closed, door `{}` leaves {:.2} m beside the lane {}, where a robot of radius {:.2} m needs {:.2} m",
                door.name,
                need - short - HALF_LEAF_M,
                self.lane_label(lane),
                need - MARGIN_M - HALF_LEAF_M,
                need - HALF_LEAF_M
            );
            let path = format!("levels.{}.doors", self.levels[door.level.at()].name);
            let help = format!("it is set back by {by_m:.2} m here; move the door or the lane");
            findings.warning(places.map_or(Mark::default(), |p| p.doors[d]), path, what, help);
            self.doors[d].line = line;
        }
    }
}
