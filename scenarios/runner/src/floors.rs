//! Floors as they truly are: what bodies have passed over, on a grid of the judge's own. Neither the platform nor the
//! site's sensors have a part in it.

use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::JobId;
use nooterra_site::Area;
use std::collections::{BTreeMap, BTreeSet};

/// Side of a cell, metres: finer than any sensor's.
const CELL_M: f64 = 0.05;

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
