//! Floor to be covered: an area as cells of a grid, and a way back and forth over it that passes all of them.
//!
//! A tool is a disc here, as footprints are. Cells are counted by the middle of each; where a cell lies follows from its
//! numbers alone, so that whoever measures the floor and whoever asks for it mean the same cells.

use crate::areas::Area;
use nooterra_engine::geom::Vec2;

/// Side of a cell, millimetres.
pub const CELL_MM: u64 = 100;
/// Floor of one cell, mm².
pub const CELL_MM2: u64 = CELL_MM * CELL_MM;
/// Cells of the largest area that is covered as one.
pub const CELLS_MAX: u64 = 40_000;
/// Corners of the longest way over an area.
pub const CORNERS_MAX: usize = 512;
const CELL_M: f64 = 0.1;
/// Of a tool's radius: the middle keeps so far from the border.
const INSET: f64 = 0.85;
/// Of a tool's radius: passes lie no further apart. They overlap, since nobody drives on a line exactly.
const APART: f64 = 1.4;
/// Points of a pass are looked at so near to each other, metres.
const STEP_M: f64 = 0.05;
/// A way that passes less of the floor than this, basis points, is none: proof wants 95 %, and nobody drives on a line exactly.
const LEAST_BPS: u64 = 9_700;
const SLACK_M: f64 = 1e-6;

/// A grid over an area: cells are numbered row by row from its lowest corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Column of the first cell, from the frame's origin.
    pub first_x: i64,
    /// Its row.
    pub first_y: i64,
    /// Columns.
    pub columns: u64,
    /// Rows.
    pub rows: u64,
}

impl Grid {
    /// Cells, inside of the area or not.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.columns * self.rows
    }
    /// Has it none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The middle of a cell.
    #[must_use]
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_wrap)] // a few thousand cells
    pub fn middle(&self, cell: u64) -> Vec2 {
        let (row, column) = (cell / self.columns.max(1), cell % self.columns.max(1));
        Vec2::new((self.first_x + column as i64) as f64 * CELL_M + CELL_M / 2.0, (self.first_y + row as i64) as f64 * CELL_M + CELL_M / 2.0)
    }
    /// Cells whose middle is no further than `radius_m` from a point in either direction.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap)] // clamped to the grid
    pub fn around(&self, p: Vec2, radius_m: f64) -> impl Iterator<Item = u64> + use<> {
        let range = |at: f64, first: i64, count: u64| {
            let from = ((at - radius_m) / CELL_M).floor() as i64 - first;
            let to = ((at + radius_m) / CELL_M).floor() as i64 - first;
            let last = count as i64;
            (from.clamp(0, last) as u64)..((to + 1).clamp(0, last) as u64)
        };
        let (columns, xs, ys) = (self.columns, range(p.x, self.first_x, self.columns), range(p.y, self.first_y, self.rows));
        ys.flat_map(move |y| xs.clone().map(move |x| y * columns + x))
    }
}

impl Area {
    /// The grid over it; an empty one if it is larger than anybody covers as one.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // corners are below 10⁷ m
    pub fn grid(&self) -> Grid {
        let (min, max) = self.bounds();
        let (first_x, first_y) = ((min.x / CELL_M).floor() as i64, (min.y / CELL_M).floor() as i64);
        let count = |max: f64, first: i64| (((max / CELL_M).ceil() as i64) - first).max(0) as u64;
        let (columns, rows) = (count(max.x, first_x), count(max.y, first_y));
        let fits = columns.checked_mul(rows).is_some_and(|n| n <= 4 * CELLS_MAX);
        if fits { Grid { first_x, first_y, columns, rows } } else { Grid { first_x, first_y, columns: 0, rows: 0 } }
    }
    /// Its floor in mm², as cells count; nothing if it is larger than anybody covers as one.
    #[must_use]
    pub fn floor_mm2(&self) -> u64 {
        let g = self.grid();
        let cells = (0..g.len()).filter(|c| self.contains(g.middle(*c))).count() as u64;
        if cells > CELLS_MAX { 0 } else { cells * CELL_MM2 }
    }
    /// A way back and forth over it for a tool of this radius. None if it is too narrow, too large, or has bays that need
    /// more than one such way, or corners that such a way leaves out.
    #[must_use]
    pub fn sweep(&self, radius_m: f64) -> Option<Vec<Vec2>> {
        let cells = self.floor_mm2() / CELL_MM2;
        if radius_m.is_nan() || radius_m < 0.02 || cells == 0 {
            return None;
        }
        let enough = |way: &Vec<Vec2>| self.passed(way, radius_m) * 10_000 >= LEAST_BPS * cells;
        let (min, max) = self.bounds();
        let lies = max.x - min.x >= max.y - min.y;
        self.passes(radius_m, lies).filter(enough).or_else(|| self.passes(radius_m, !lies).filter(enough))
    }

    /// Cells of the floor that a disc passes on a way.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below 10⁵ looks at a leg
    fn passed(&self, way: &[Vec2], radius_m: f64) -> u64 {
        let g = self.grid();
        let mut seen = vec![false; usize::try_from(g.len()).unwrap_or(0)];
        let mut count = 0;
        let mut look = |p: Vec2| {
            for c in g.around(p, radius_m) {
                let Some(s) = usize::try_from(c).ok().and_then(|c| seen.get_mut(c)).filter(|s| !**s) else { continue };
                let middle = g.middle(c);
                if middle.dist(p) <= radius_m {
                    *s = true;
                    count += u64::from(self.contains(middle));
                }
            }
        };
        way.iter().for_each(|p| look(*p));
        for leg in way.windows(2) {
            let looks = (leg[0].dist(leg[1]) / (CELL_M / 2.0)).ceil().clamp(1.0, 100_000.0) as u32;
            (1..looks).for_each(|k| look(leg[0].lerp(leg[1], f64::from(k) / f64::from(looks))));
        }
        count
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // a few hundred passes
    fn passes(&self, radius_m: f64, along_x: bool) -> Option<Vec<Vec2>> {
        let point = |along: f64, across: f64| if along_x { Vec2::new(along, across) } else { Vec2::new(across, along) };
        let (min, max) = self.bounds();
        let ((low, high), (from, to)) = if along_x { ((min.y, max.y), (min.x, max.x)) } else { ((min.x, max.x), (min.y, max.y)) };
        let inset = radius_m * INSET;
        let (first, last, start, end) = (low + inset, high - inset, from + inset, to - inset);
        if last < first || end < start {
            return None;
        }
        let gaps = ((last - first) / (radius_m * APART)).ceil().max(if last - first > SLACK_M { 1.0 } else { 0.0 });
        let steps = ((end - start) / STEP_M).ceil().max(1.0);
        if gaps > CORNERS_MAX as f64 || steps > 100_000.0 {
            return None;
        }
        let free = |p: Vec2, keep: f64| self.depth_m(p) >= keep - SLACK_M;
        let mut way: Vec<Vec2> = Vec::new();
        let mut ended = false;
        for row in 0..=(gaps as u32) {
            let across = if gaps > 0.0 { first + (last - first) * (f64::from(row) / gaps) } else { first };
            let mut runs: Vec<(f64, f64)> = Vec::new();
            let mut open = false;
            for k in 0..=(steps as u32) {
                let along = start + (end - start) * (f64::from(k) / steps);
                let is_free = free(point(along, across), inset);
                match runs.last_mut() {
                    Some(r) if is_free && open => r.1 = along,
                    _ if is_free => runs.push((along, along)),
                    _ => {}
                }
                open = is_free;
            }
            match runs.as_slice() {
                [] => ended = !way.is_empty(),
                // A bay beside the pass, or floor beyond a neck.
                [_, _, ..] => return None,
                [_] if ended => return None,
                [(a, b)] => {
                    let (a, b) = (point(*a, across), point(*b, across));
                    let (a, b) = if way.len().is_multiple_of(4) { (a, b) } else { (b, a) };
                    if let Some(p) = way.last() {
                        let inside = |k: u32| free(p.lerp(a, f64::from(k) / 8.0), inset * 0.5);
                        if !(0..=8).all(inside) {
                            return None;
                        }
                    }
                    way.extend([a, b]);
                }
            }
        }
        (!way.is_empty() && way.len() <= CORNERS_MAX).then_some(way)
    }

    fn bounds(&self) -> (Vec2, Vec2) {
        let mut it = self.ring.iter();
        let first = it.next().copied().unwrap_or_default();
        it.fold((first, first), |(a, b), p| (Vec2::new(a.x.min(p.x), a.y.min(p.y)), Vec2::new(b.x.max(p.x), b.y.max(p.y))))
    }
}

#[cfg(test)]
mod tests {
    use super::{CELL_MM2, Vec2};
    use crate::areas::{Area, AreaClass, ring_around};
    use crate::model::LevelIx;

    fn area(ring: &[(f64, f64)]) -> Area {
        let ring = ring.iter().map(|(x, y)| Vec2::new(*x, *y)).collect();
        Area { name: "room".into(), level: LevelIx::new(0), ring, class: AreaClass::Public }
    }

    /// Share of an area's cells that a disc passes on its way, basis points.
    fn covered(a: &Area, radius_m: f64) -> Option<u64> {
        let (g, way) = (a.grid(), a.sweep(radius_m)?);
        let mut seen = std::collections::BTreeSet::new();
        for leg in way.windows(2) {
            for k in 0..=100 {
                let p = leg[0].lerp(leg[1], f64::from(k) / 100.0);
                seen.extend(g.around(p, radius_m).filter(|c| g.middle(*c).dist(p) <= radius_m && a.contains(g.middle(*c))));
            }
        }
        Some(seen.len() as u64 * CELL_MM2 * 10_000 / a.floor_mm2())
    }

    #[test]
    fn floors_are_as_large_as_they_are_drawn() {
        assert_eq!(area(&[(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 3.0)]).floor_mm2(), 12_000_000);
        assert_eq!(area(&[(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]).floor_mm2(), 4_000_000);
        assert_eq!(area(&[(0.0, 0.0), (900.0, 0.0), (900.0, 900.0), (0.0, 900.0)]).floor_mm2(), 0, "nobody covers that as one");
    }

    #[test]
    fn a_way_back_and_forth_passes_nearly_all_of_the_floor() {
        for radius_m in [0.2, 0.3, 0.45] {
            for a in [
                area(&[(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 3.0)]),
                area(&[(-7.03, 2.0), (-5.0, 2.0), (-5.0, 6.51), (-7.03, 6.51)]),
                Area { ring: ring_around(&[Vec2::new(1.0, 1.0), Vec2::new(3.0, 1.0)], 2.0), ..area(&[]) },
            ] {
                let share = covered(&a, radius_m).expect("it can be swept");
                assert!(share >= 9_700, "{share} bps with {radius_m} m");
                for p in a.sweep(radius_m).expect("as before") {
                    assert!(a.depth_m(p) > 0.8 * radius_m, "{p:?} is too near to the border");
                }
            }
        }
    }

    #[test]
    fn corners_that_a_way_leaves_out_are_not_a_small_matter() {
        // A thin wedge: its end is too narrow for the tool.
        let wedge = area(&[(0.0, 0.0), (6.0, 0.0), (0.0, 1.5)]);
        assert!(wedge.passes(0.3, true).or_else(|| wedge.passes(0.3, false)).is_some(), "there is a way");
        assert_eq!(wedge.sweep(0.3), None, "that leaves too much out");
    }

    #[test]
    fn what_has_bays_or_is_too_narrow_has_no_such_way() {
        // A U from either side has two arms, and a plus has them both ways.
        let plus = [(2., 0.), (4., 0.), (4., 2.), (6., 2.), (6., 4.), (4., 4.), (4., 6.), (2., 6.), (2., 4.), (0., 4.), (0., 2.), (2., 2.)];
        let wide = area(&plus).sweep(0.3);
        assert!(wide.is_none_or(|w| w.iter().all(|p| area(&plus).depth_m(*p) > 0.2)));
        assert_eq!(area(&[(0.0, 0.0), (4.0, 0.0), (4.0, 0.4), (0.0, 0.4)]).sweep(0.3), None);
        assert_eq!(area(&[]).sweep(0.3), None);
        let square = area(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]);
        assert_eq!(square.sweep(f64::NAN), None);
        assert_eq!(square.sweep(0.0), None);
    }

    #[test]
    fn cells_around_a_point_are_those_of_the_grid() {
        let g = area(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]).grid();
        assert_eq!((g.columns, g.rows), (10, 10));
        assert_eq!(g.around(Vec2::new(0.05, 0.05), 0.01).collect::<Vec<_>>(), vec![0]);
        assert_eq!(g.around(Vec2::new(-5.0, 0.5), 0.3).count(), 0);
        assert_eq!(g.around(Vec2::new(0.5, 0.5), 9.0).count(), 100);
    }
}
