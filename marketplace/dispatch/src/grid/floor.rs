//! The floor as the planner walks it: free cells by number, what lies ahead of each in every heading, and rectangles
//! of the map.

use nooterra_site::grid::{GridMap, Heading};
use std::collections::BTreeMap;

/// No cell, no agent, no task.
pub const NONE: u32 = u32::MAX;

/// Rows and columns that are numbered together.
const TILE: u32 = 4;

/// The free cells of a map.
#[derive(Debug, Clone)]
pub struct Floor {
    /// Cells in a row of the map.
    pub width: u32,
    /// Rows of the map.
    pub height: u32,
    /// Location of each cell.
    pub location: Vec<u32>,
    /// Row and column of each cell.
    pub place: Vec<(u16, u16)>,
    /// Cell ahead: `4 * cell + heading`; [`NONE`] where a robot cannot go.
    ahead: Vec<u32>,
    /// Number of the region that each cell belongs to.
    pub region: Vec<u32>,
    cell_at: Vec<u32>,
}

impl Floor {
    /// The free cells of a map.
    pub fn new(map: &GridMap) -> Self {
        let (regions, _) = map.regions();
        let mut location: Vec<u32> = (0u32..).take(map.cells.len()).filter(|l| map.is_free(*l)).collect();
        // Cells that are near each other have numbers that are: what is known of them lies near in memory.
        location.sort_by_key(|l| {
            let (row, column) = map.row_column(*l);
            (row / TILE, column / TILE)
        });
        let mut cell_at = vec![NONE; map.cells.len()];
        for (cell, l) in (0u32..).zip(&location) {
            cell_at[*l as usize] = cell;
        }
        let small = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        let place = location.iter().map(|l| map.row_column(*l)).map(|(r, c)| (small(r), small(c))).collect();
        let mut ahead = Vec::with_capacity(location.len() * 4);
        for l in &location {
            let (row, column) = map.row_column(*l);
            for h in Heading::ALL {
                let to = match h {
                    Heading::East => (column + 1 < map.width).then(|| l + 1),
                    Heading::South => (row + 1 < map.height).then(|| l + map.width),
                    Heading::West => (column > 0).then(|| l - 1),
                    Heading::North => (row > 0).then(|| l - map.width),
                };
                ahead.push(to.map_or(NONE, |t| cell_at[t as usize]));
            }
        }
        let region = location.iter().map(|l| regions[*l as usize]).collect();
        Self { width: map.width, height: map.height, location, place, ahead, region, cell_at }
    }
    /// Free cells.
    pub const fn cells(&self) -> usize {
        self.location.len()
    }
    /// The cell ahead, or [`NONE`].
    pub fn ahead(&self, cell: u32, heading: u8) -> u32 {
        self.ahead[4 * cell as usize + heading as usize]
    }
    /// The cell at a location, or [`NONE`].
    pub fn cell_at(&self, location: u32) -> u32 {
        self.cell_at.get(location as usize).copied().unwrap_or(NONE)
    }
    /// The cell at a place, or [`NONE`].
    pub fn cell_in(&self, (row, column): (u16, u16)) -> u32 {
        self.cell_at(u32::from(row) * self.width + u32::from(column))
    }
    /// Cells all over the floor: in each square of `side` rows and columns one for each region that it has, where ways cross
    /// if they do, and else nearest to its middle.
    pub fn spread(&self, side: u32) -> Vec<u32> {
        let side = side.max(1);
        let mut best: BTreeMap<(u32, u32, u32), (u32, u32)> = BTreeMap::new();
        for (cell, (row, column)) in (0u32..).zip(&self.place) {
            let (row, column) = (u32::from(*row), u32::from(*column));
            let blocked: u32 = (0..4).map(|h| u32::from(self.ahead(cell, h) == NONE)).sum();
            let off = blocked * 2 * side + (row % side).abs_diff(side / 2) + (column % side).abs_diff(side / 2);
            let entry = best.entry((row / side, column / side, self.region[cell as usize])).or_insert((NONE, NONE));
            *entry = (*entry).min((off, cell));
        }
        best.into_values().map(|(_, cell)| cell).collect()
    }
    /// Steps between two cells if nothing were blocked and turning took no time.
    pub fn apart(&self, a: u32, b: u32) -> u32 {
        let ((r, c), (s, d)) = (self.place[a as usize], self.place[b as usize]);
        u32::from(r.abs_diff(s)) + u32::from(c.abs_diff(d))
    }
}

/// A rectangle of the map: first row and column, rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// First row.
    pub top: u32,
    /// First column.
    pub left: u32,
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub columns: u32,
}

impl Window {
    /// Grows until this place is in it.
    pub fn take_in(&mut self, (row, column): (u16, u16)) {
        let (row, column) = (u32::from(row), u32::from(column));
        if self.rows == 0 {
            *self = Self { top: row, left: column, rows: 1, columns: 1 };
            return;
        }
        let grow = |first: &mut u32, count: &mut u32, at: u32| {
            let end = (*first + *count).max(at + 1);
            *first = (*first).min(at);
            *count = end - *first;
        };
        grow(&mut self.top, &mut self.rows, row);
        grow(&mut self.left, &mut self.columns, column);
    }
    /// Its places, row by row.
    #[allow(clippy::cast_possible_truncation)] // of a map
    pub fn places(&self) -> impl Iterator<Item = (u16, u16)> {
        let Self { top, left, rows, columns } = *self;
        (top..top + rows).flat_map(move |r| (left..left + columns).map(move |c| (r as u16, c as u16)))
    }
    /// Position of a place in a table of this rectangle, row by row.
    pub fn index(&self, (row, column): (u16, u16)) -> Option<usize> {
        let (r, c) = (u32::from(row).wrapping_sub(self.top), u32::from(column).wrapping_sub(self.left));
        (r < self.rows && c < self.columns).then(|| (r * self.columns + c) as usize)
    }
}
