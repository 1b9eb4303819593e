//! What it costs to get to a goal from each place and heading: a search backwards from the goal over a part of the map.
//!
//! A turn and a move cost [`STEP`] each; a move may cost a toll beside it. The four headings of a cell differ by two turns
//! at most, so a cell's costs fit into one word.

use super::floor::{Floor, NONE, Window};

/// Cost of one step.
pub const STEP: u32 = 2;
/// No way, or none that was looked for.
pub const FAR: u32 = 1 << 24;
/// Largest toll of a move.
pub const TOLL_MAX: u8 = 12;
/// More than the dearest move.
const RING: usize = 16;
/// Bits of a word that hold the cheapest heading's cost; the rest are four offsets of three bits.
const OFFSET_BITS: u32 = 12;
const WORD_MAX: u32 = (1 << (32 - OFFSET_BITS)) - 1;
/// How much beyond the start's own cost a bounded search goes on: robots are pushed off their way.
const SLACK: u32 = 24 * STEP;
/// Cells around start and goal in which a bounded search looks first.
const MARGIN: u32 = 8;

/// Costs to one goal.
#[derive(Debug, Clone, Default)]
pub struct Field {
    window: Window,
    words: Vec<u32>,
}

impl Field {
    /// Nothing was worked out yet.
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
    /// Cost from a place and heading; [`FAR`] if there is no way or the place lies outside of what was searched.
    pub fn at(&self, place: (u16, u16), heading: u8) -> u32 {
        match self.window.index(place) {
            Some(i) if self.words[i] != NONE => (self.words[i] >> OFFSET_BITS) + ((self.words[i] >> (3 * u32::from(heading))) & 7),
            _ => FAR,
        }
    }
    /// Cost from a place, whatever the heading.
    pub fn least(&self, place: (u16, u16)) -> u32 {
        match self.window.index(place) {
            Some(i) if self.words[i] != NONE => self.words[i] >> OFFSET_BITS,
            _ => FAR,
        }
    }
}

/// Working memory of searches.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Cost of each state of the window with a rim of blocked cells around it: `4 * cell + heading`.
    cost: Vec<u32>,
    ring: Vec<Vec<u32>>,
}

impl Search {
    /// Costs to a goal from everywhere.
    pub fn everywhere(&mut self, floor: &Floor, tolls: &[u8], goal: u32, into: &mut Field) {
        self.run(floor, tolls, goal, NONE, Window::whole(floor), into);
    }
    /// Costs to a goal from a cell and the places around the ways from there. Looks at a part of the map first, and at all of
    /// it if the part has no way.
    pub fn between(&mut self, floor: &Floor, tolls: &[u8], from: u32, goal: u32, into: &mut Field) {
        self.run(floor, tolls, goal, from, Window::around(floor, from, goal, MARGIN), into);
        let found = into.least(floor.place[from as usize]);
        // A way that is much longer than the crow flies may have a shorter one outside.
        if found > (2 * floor.apart(from, goal) + 4 * MARGIN) * STEP && into.window != Window::whole(floor) {
            self.run(floor, tolls, goal, from, Window::whole(floor), into);
        }
    }

    #[allow(clippy::cast_possible_truncation)] // states are counted in u32
    fn run(&mut self, floor: &Floor, tolls: &[u8], goal: u32, from: u32, window: Window, into: &mut Field) {
        let wide = window.columns + 2;
        let states = 4 * (wide * (window.rows + 2)) as usize;
        // A rim and blocked cells cost nothing already, so nothing ever improves them.
        self.cost.clear();
        self.cost.resize(states, 0);
        self.ring.resize_with(RING, Vec::new);
        for r in 0..window.rows {
            let first = (window.top + r) * floor.width + window.left;
            for c in 0..window.columns {
                if floor.cell_at(first + c) != NONE {
                    let at = 4 * ((r + 1) * wide + c + 1) as usize;
                    self.cost[at..at + 4].fill(NONE);
                }
            }
        }
        let local = |place: (u16, u16)| (u32::from(place.0) - window.top + 1) * wide + u32::from(place.1) - window.left + 1;
        let start = if from == NONE { NONE } else { local(floor.place[from as usize]) };
        // Moving ahead comes from the cell behind: east from the west, south from the north.
        let behind = [1u32.wrapping_neg(), wide.wrapping_neg(), 1, wide];
        for h in 0..4 {
            let s = 4 * local(floor.place[goal as usize]) + h;
            self.cost[s as usize] = 0;
            self.ring[0].push(s);
        }
        let (mut now, mut open, mut limit) = (0u32, 4usize, NONE);
        while open > 0 && now <= limit.min(WORD_MAX) {
            let bucket = now as usize % RING;
            while let Some(s) = self.ring[bucket].pop() {
                open -= 1;
                if self.cost[s as usize] != now {
                    continue;
                }
                let (cell, h) = (s / 4, s % 4);
                if cell == start && limit == NONE {
                    limit = now + SLACK;
                }
                let back = cell.wrapping_add(behind[h as usize]);
                let toll = if tolls.is_empty() {
                    0
                } else {
                    let (r, c) = (back / wide, back % wide);
                    let l = (window.top + r).wrapping_sub(1).wrapping_mul(floor.width).wrapping_add(window.left + c).wrapping_sub(1);
                    let c = floor.cell_at(l);
                    if c == NONE { 0 } else { u32::from(tolls[4 * c as usize + h as usize]) }
                };
                for (to, cost) in [(4 * back + h, now + STEP + toll), (s ^ 1, now + STEP), (s ^ 3, now + STEP)] {
                    if cost < self.cost[to as usize] {
                        self.cost[to as usize] = cost;
                        self.ring[cost as usize % RING].push(to);
                        open += 1;
                    }
                }
            }
            now += 1;
        }
        self.ring.iter_mut().for_each(Vec::clear);
        into.window = window;
        into.words.clear();
        into.words.reserve((window.rows * window.columns) as usize);
        for r in 0..window.rows {
            for c in 0..window.columns {
                let at = 4 * ((r + 1) * wide + c + 1) as usize;
                let four = &self.cost[at..at + 4];
                let least = four.iter().copied().min().unwrap_or(NONE);
                // Blocked cells are zero and so is the goal; only the goal is free.
                let free = floor.cell_at((window.top + r) * floor.width + window.left + c) != NONE;
                into.words.push(if !free || least > WORD_MAX {
                    NONE
                } else {
                    // Headings that a bounded search left open are at most two turns from one that it did not.
                    let offsets = (0..4u32).map(|h| (four[h as usize].min(least + 2 * STEP) - least) << (3 * h)).sum::<u32>();
                    least << OFFSET_BITS | offsets
                });
            }
        }
    }
}
