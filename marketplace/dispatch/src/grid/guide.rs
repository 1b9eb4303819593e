//! Guidance: tolls that make robots keep to one side, so that fewer of them meet head on.
//!
//! A corridor that is one cell wide gets a direction: corridors of the same orientation take turns, row by row or column
//! by column. On open floor neighbouring rows and columns take turns as well, at a smaller toll. Going against a direction
//! only costs more; it is never forbidden.

use super::floor::{Floor, NONE};

/// Tolls for a move against a direction, in costs of a [`field`](super::field).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolls {
    /// In a corridor.
    pub corridor: u8,
    /// On open floor.
    pub open: u8,
}

impl Tolls {
    /// Toll of each move: `4 * cell + heading`; empty if none is to be paid.
    #[allow(clippy::cast_possible_truncation)] // cells are counted in u32
    pub fn on(self, floor: &Floor) -> Vec<u8> {
        if self.corridor == 0 && self.open == 0 {
            return Vec::new();
        }
        let cells = 0u32..floor.cells() as u32;
        let free = |c: u32, h: u8| floor.ahead(c, h) != NONE;
        // Along rows: free east or west, blocked north and south; along columns the other way round.
        let along_row = |c: u32| !free(c, 1) && !free(c, 3) && (free(c, 0) || free(c, 2));
        let along_column = |c: u32| !free(c, 0) && !free(c, 2) && (free(c, 1) || free(c, 3));
        let mut rows = vec![0u32; floor.height as usize];
        let mut columns = vec![0u32; floor.width as usize];
        for c in cells.clone() {
            let (row, column) = floor.place[c as usize];
            rows[usize::from(row)] += u32::from(along_row(c));
            columns[usize::from(column)] += u32::from(along_column(c));
        }
        let (rows, columns) = (turns(&rows), turns(&columns));
        let mut tolls = vec![0; 4 * floor.cells()];
        for c in cells {
            let (row, column) = floor.place[c as usize];
            let at = 4 * c as usize;
            if along_row(c) {
                tolls[at + if rows[usize::from(row)] { 2 } else { 0 }] = self.corridor;
            } else if along_column(c) {
                tolls[at + if columns[usize::from(column)] { 3 } else { 1 }] = self.corridor;
            } else {
                tolls[at + if rows[usize::from(row)] { 2 } else { 0 }] = self.open;
                tolls[at + if columns[usize::from(column)] { 3 } else { 1 }] = self.open;
            }
        }
        tolls
    }
}

/// Directions that alternate along those lines that have many corridor cells, and along all lines if none has.
fn turns(corridor_cells: &[u32]) -> Vec<bool> {
    let most = corridor_cells.iter().copied().max().unwrap_or(0);
    let mut forward = false;
    corridor_cells
        .iter()
        .map(|n| {
            if *n * 4 >= most {
                forward = !forward;
            }
            forward
        })
        .collect()
}
