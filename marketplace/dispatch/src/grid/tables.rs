//! Who is on each cell now and after each of the next steps.

use super::floor::NONE;

/// A row for each cell: who is there now, and after each step; [`NONE`] if nobody.
#[derive(Debug, Clone)]
pub struct Tables {
    who: Vec<u32>,
    /// Entries of a row.
    long: usize,
    /// Where rows begin: they are turned round, not moved, when a step was made.
    now: usize,
}

impl Tables {
    /// Nobody anywhere.
    pub fn new(cells: usize, depth: usize) -> Self {
        Self { who: vec![NONE; cells * (depth + 1)], long: depth + 1, now: 0 }
    }
    #[inline]
    const fn index(&self, step: usize, cell: u32) -> usize {
        let at = self.now + step;
        cell as usize * self.long + if at < self.long { at } else { at - self.long }
    }
    /// Who is on a cell after so many steps.
    #[inline]
    pub fn at(&self, step: usize, cell: u32) -> u32 {
        self.who[self.index(step, cell)]
    }
    /// Writes down who is.
    #[inline]
    pub fn set(&mut self, step: usize, cell: u32, who: u32) {
        let i = self.index(step, cell);
        self.who[i] = who;
    }
    /// A step was made. What was now, and has been emptied, is the last.
    pub const fn advance(&mut self) {
        self.now = if self.now + 1 == self.long { 0 } else { self.now + 1 };
    }
}
