//! Floors as they truly are: what bodies have passed over, on a grid of the judge's own, and boxes that stand on them, by
//! their true sides. Neither the platform nor the site's sensors are asked. What is shared with them is the ring of an area,
//! and for bodies what lies inside of it (`Area::contains`).

use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::JobId;
use nooterra_engine::time::{Instant, Span};
use nooterra_site::{Area, Site};
use nooterra_twin::Stand;
use std::collections::{BTreeMap, BTreeSet};

/// Side of a cell, metres: finer than any sensor's.
const CELL_M: f64 = 0.05;
/// A box blocks a zone once it has stood there for so long. A sensor that looks five times a second may be a look early.
const BLOCKS_AFTER: Span = Span::from_millis(179_500);

/// Floors that jobs cover, by job and point.
#[derive(Debug, Default)]
pub(crate) struct TrueFloors {
    seen: BTreeMap<(JobId, u16), Seen>,
}

#[derive(Debug)]
struct Seen {
    cells: BTreeSet<(i64, i64)>,
    all: u64,
}

impl TrueFloors {
    /// A body stands there on an area that a job covers. Gives the true share so far, basis points.
    pub fn pass(&mut self, job: JobId, point: u16, area: &Area, at: Vec2, radius_m: f64) -> u32 {
        let s = self.seen.entry((job, point)).or_insert_with(|| Seen { cells: BTreeSet::new(), all: cells_of(area) });
        let (low, high) = (cell(at - Vec2::new(radius_m, radius_m)), cell(at + Vec2::new(radius_m, radius_m)));
        for y in low.1..=high.1 {
            for x in low.0..=high.0 {
                let p = middle((x, y));
                if p.dist(at) <= radius_m && !s.cells.contains(&(x, y)) && area.contains(p) {
                    s.cells.insert((x, y));
                }
            }
        }
        u32::try_from(s.cells.len() as u64 * 10_000 / s.all.max(1)).unwrap_or(10_000)
    }
}

impl TrueFloors {
    /// A job has settled: nobody asks about its floors any more.
    pub fn forget(&mut self, job: JobId) {
        self.seen.retain(|(j, _), _| *j != job);
    }
}

/// Areas in which boxes stand, since when.
#[derive(Debug, Default)]
pub(crate) struct TrueBoxes {
    since: BTreeMap<u32, Instant>,
}

impl TrueBoxes {
    /// These boxes stand about now: length and width, metres.
    pub fn look(&mut self, now: Instant, site: &Site, boxes: impl Iterator<Item = (Stand, [f64; 2])>) {
        if site.areas.is_empty() {
            return;
        }
        let boxes: Vec<_> = boxes.collect();
        for (ix, a) in (0u32..).zip(&site.areas) {
            if boxes.iter().any(|(s, sides)| s.level == a.level && overlap(&a.ring, s, *sides)) {
                self.since.entry(ix).or_insert(now);
            } else {
                self.since.remove(&ix);
            }
        }
    }

    /// Has something stood in an area for so long that it blocks it?
    pub fn block(&self, now: Instant, area: u32) -> bool {
        self.since.get(&area).is_some_and(|at| now.since(*at) >= BLOCKS_AFTER)
    }
}

/// Have a rectangle and what a ring encloses a point in common? Points of the rectangle are tried, and the ring's corners.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // sides of a box
fn overlap(ring: &[Vec2], s: &Stand, sides_m: [f64; 2]) -> bool {
    let (along, across) = (Vec2::new(1.0, 0.0).rotated(s.pose.theta_rad), Vec2::new(0.0, 1.0).rotated(s.pose.theta_rad));
    let half = sides_m.map(|m| m / 2.0);
    let corner = |p: &Vec2| {
        let d = *p - s.pose.at;
        d.dot(along).abs() <= half[0] && d.dot(across).abs() <= half[1]
    };
    let count = half.map(|h| (2.0 * h / CELL_M).ceil().clamp(1.0, 400.0) as u32);
    let tried = |k: u32, axis: usize| half[axis] * (2.0 * f64::from(k) / f64::from(count[axis]) - 1.0);
    let point = |i: u32, j: u32| s.pose.at + along * tried(i, 0) + across * tried(j, 1);
    ring.iter().any(corner) || (0..=count[0]).any(|i| (0..=count[1]).any(|j| winds(ring, point(i, j))))
}

/// Does a ring wind around a point?
fn winds(ring: &[Vec2], p: Vec2) -> bool {
    let mut turns = 0i32;
    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let left = (*b - *a).cross(p - *a);
        if a.y <= p.y && b.y > p.y && left > 0.0 {
            turns += 1;
        } else if a.y > p.y && b.y <= p.y && left < 0.0 {
            turns -= 1;
        }
    }
    turns != 0
}

fn cells_of(area: &Area) -> u64 {
    let (low, high) = area.ring.iter().fold(((i64::MAX, i64::MAX), (i64::MIN, i64::MIN)), |(l, h), p| {
        let c = cell(*p);
        ((l.0.min(c.0), l.1.min(c.1)), (h.0.max(c.0), h.1.max(c.1)))
    });
    let row = |y: i64| (low.0..=high.0).filter(move |x| area.contains(middle((*x, y)))).count() as u64;
    (low.1..=high.1).map(row).sum()
}

#[allow(clippy::cast_possible_truncation)] // metres of a site
fn cell(p: Vec2) -> (i64, i64) {
    ((p.x / CELL_M).floor() as i64, (p.y / CELL_M).floor() as i64)
}

#[allow(clippy::cast_precision_loss)] // cells of a site
fn middle((x, y): (i64, i64)) -> Vec2 {
    Vec2::new((x as f64 + 0.5) * CELL_M, (y as f64 + 0.5) * CELL_M)
}

#[cfg(test)]
mod tests {
    use super::{Stand, TrueBoxes, overlap};
    use nooterra_engine::geom::{Pose2, Vec2};
    use nooterra_engine::time::Instant;
    use nooterra_site::LevelIx;

    fn stand(x: f64, y: f64, theta_rad: f64) -> Stand {
        Stand { level: LevelIx::new(0), pose: Pose2 { at: Vec2::new(x, y), theta_rad } }
    }

    #[test]
    fn a_box_stands_in_a_zone_with_any_part_of_it() {
        // Either way around.
        let there = [(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 3.0)].map(|(x, y)| Vec2::new(x, y));
        let back: Vec<Vec2> = there.iter().rev().copied().collect();
        for ring in [&there[..], &back] {
            for (at, inside) in [((2.0, 1.0), true), ((-0.24, 1.0), true), ((-0.3, 1.0), false), ((4.2, 3.2), true), ((4.3, 3.3), false)] {
                assert_eq!(overlap(ring, &stand(at.0, at.1, 0.0), [0.5, 0.5]), inside, "{at:?}");
            }
            // A long one reaches in only if it lies that way.
            assert!(overlap(ring, &stand(-0.4, 1.0, 0.0), [1.0, 0.2]));
            assert!(!overlap(ring, &stand(-0.4, 1.0, std::f64::consts::FRAC_PI_2), [1.0, 0.2]));
            // Larger than the zone.
            assert!(overlap(ring, &stand(2.0, 1.5, 0.4), [19.0, 19.0]));
        }
    }

    #[test]
    fn it_blocks_after_three_minutes() {
        let mut b = TrueBoxes::default();
        b.since.insert(3, Instant::from_secs(10));
        assert!(!b.block(Instant::from_secs(189), 3) && b.block(Instant::from_secs(190), 3));
        assert!(!b.block(Instant::from_secs(900), 4));
    }
}
