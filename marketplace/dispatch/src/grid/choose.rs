//! Which task a free robot takes: a search ahead from where it stands, over cells and headings, until nothing better can
//! come.

use super::field::{FAR, STEP, Table};
use super::floor::{Floor, NONE};
use super::search::Search;

/// Offers by the cell of their first place, and the working memory of searches.
#[derive(Debug, Clone)]
pub struct Chooser {
    /// First offer at each cell; `NONE` if there is none.
    first: Vec<u32>,
    /// Offer after each offer at the same cell.
    next: Vec<u32>,
    offers: usize,
    /// Search in which each state was last reached: `4 * cell + heading`.
    seen: Vec<u32>,
    searches: u32,
    queue: Vec<u32>,
    /// Cells with offers came or went since costs to the nearest were worked out.
    stale: bool,
    near: Table,
}

impl Chooser {
    /// Nothing on offer yet.
    pub fn new(floor: &Floor, slots: usize) -> Self {
        Self {
            first: vec![NONE; floor.cells()],
            next: vec![NONE; slots],
            offers: 0,
            seen: vec![0; 4 * floor.cells()],
            searches: 0,
            queue: Vec::new(),
            stale: true,
            near: Table::default(),
        }
    }
    /// A task whose first place is this cell is on offer. Offers at a cell are kept in the order of their slots, so that
    /// the same offers are chosen among in the same way, whenever each was made.
    pub fn add(&mut self, slot: u32, cell: u32) {
        self.offers += 1;
        self.stale |= self.first[cell as usize] == NONE;
        let mut before = NONE;
        let mut at = self.first[cell as usize];
        while at < slot {
            (before, at) = (at, self.next[at as usize]);
        }
        self.next[slot as usize] = at;
        if before == NONE {
            self.first[cell as usize] = slot;
        } else {
            self.next[before as usize] = slot;
        }
    }
    /// It is no longer.
    pub fn remove(&mut self, slot: u32, cell: u32) {
        let mut at = self.first[cell as usize];
        if at == slot {
            self.first[cell as usize] = self.next[slot as usize];
            self.stale |= self.first[cell as usize] == NONE;
            self.offers -= 1;
            return;
        }
        while at != NONE {
            let next = self.next[at as usize];
            if next == slot {
                self.next[at as usize] = self.next[slot as usize];
                self.offers -= 1;
                return;
            }
            at = next;
        }
    }
    /// Works out what it costs from everywhere to the nearest offer, if cells with offers came or went. `sources` are these
    /// cells, from which [`Chooser::again`] does the same.
    pub fn look(&mut self, search: &mut Search, sources: &mut Vec<u32>) {
        if self.stale {
            sources.clear();
            sources.extend((0u32..).zip(&self.first).filter(|(_, f)| **f != NONE).map(|(c, _)| c));
            self.again(search, sources);
            self.stale = false;
        }
    }
    /// Works it out from these cells.
    pub fn again(&mut self, search: &mut Search, sources: &[u32]) {
        search.nearest(sources, &mut self.near);
    }
    /// An offer at the nearest cell that had one at the last look, if it costs less than `below` to get there; nothing too
    /// if the offers there were taken since.
    pub fn nearby(&self, floor: &Floor, tolls: &[u8], cell: u32, heading: u8, below: u32) -> Option<u32> {
        let cost = |c: u32, h: u8| self.near.at(c, h);
        let (mut c, mut h, mut left) = (cell, heading, cost(cell, heading));
        if left >= below.min(FAR) {
            return None;
        }
        while left > 0 {
            let ahead = floor.ahead(c, h);
            let toll = tolls.get(4 * c as usize + usize::from(h)).copied().map_or(0, u32::from);
            if ahead != NONE && cost(ahead, h) + STEP + toll == left {
                (c, left) = (ahead, cost(ahead, h));
                continue;
            }
            h = [(h + 1) & 3, (h + 3) & 3].into_iter().find(|t| cost(c, *t) + STEP == left)?;
            left -= STEP;
        }
        (self.first[c as usize] != NONE).then(|| self.first[c as usize])
    }
    /// The offer that costs least to reach with what `length` adds to it, if one costs less than `below`.
    #[allow(clippy::cast_possible_truncation)] // one of four headings
    pub fn nearest(&mut self, floor: &Floor, cell: u32, heading: u8, below: u32, length: impl Fn(u32) -> u32) -> Option<u32> {
        if self.offers == 0 {
            return None;
        }
        self.searches += 1;
        let mark = self.searches;
        let (mut best, mut limit) = (None, below);
        self.queue.clear();
        let start = 4 * cell + u32::from(heading);
        self.queue.push(start);
        self.seen[start as usize] = mark;
        let (mut from, mut steps) = (0, 0u32);
        while from < self.queue.len() && steps < limit {
            let to = self.queue.len();
            for i in from..to {
                let s = self.queue[i];
                let (cell, h) = (s / 4, (s % 4) as u8);
                let mut slot = self.first[cell as usize];
                while slot != NONE {
                    let cost = steps + length(slot);
                    if cost < limit {
                        best = Some(slot);
                        limit = cost;
                    }
                    slot = self.next[slot as usize];
                }
                let ahead = floor.ahead(cell, h);
                for n in [if ahead == NONE { s } else { 4 * ahead + u32::from(h) }, s ^ 1, s ^ 3] {
                    if self.seen[n as usize] != mark {
                        self.seen[n as usize] = mark;
                        self.queue.push(n);
                    }
                }
            }
            from = to;
            steps += 1;
        }
        best
    }
}
