//! The floor as the planner walks it: free cells by number, what lies ahead of each in every heading, and how to choose
//! a part of the map to search in.

use nooterra_site::grid::{GridMap, Heading};

/// No cell, no agent, no task.
pub const NONE: u32 = u32::MAX;

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
        let location: Vec<u32> = (0u32..).take(map.cells.len()).filter(|l| map.is_free(*l)).collect();
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
    /// The whole map.
    pub const fn whole(floor: &Floor) -> Self {
        Self { top: 0, left: 0, rows: floor.height, columns: floor.width }
    }
    /// Two cells and so much around them.
    pub fn around(floor: &Floor, a: u32, b: u32, margin: u32) -> Self {
        let ((r, c), (s, d)) = (floor.place[a as usize], floor.place[b as usize]);
        let span = |x: u16, y: u16, end: u32| {
            let low = u32::from(x.min(y)).saturating_sub(margin);
            let high = (u32::from(x.max(y)) + 1 + margin).min(end);
            (low, high - low)
        };
        let ((top, rows), (left, columns)) = (span(r, s, floor.height), span(c, d, floor.width));
        Self { top, left, rows, columns }
    }
    /// Position of a place in a table of this rectangle, row by row.
    pub fn index(&self, (row, column): (u16, u16)) -> Option<usize> {
        let (r, c) = (u32::from(row).wrapping_sub(self.top), u32::from(column).wrapping_sub(self.left));
        (r < self.rows && c < self.columns).then(|| (r * self.columns + c) as usize)
    }
}
