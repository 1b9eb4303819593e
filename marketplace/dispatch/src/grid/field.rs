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
/// More than the dearest move, and what it may add to the estimate of the rest.
const RING: usize = 32;
/// Bits of a word that hold the cheapest heading's cost; the rest are four offsets of three bits.
const OFFSET_BITS: u32 = 12;
const WORD_MAX: u32 = (1 << (32 - OFFSET_BITS)) - 1;
/// How many places are looked at beyond those on the way, as robots are pushed off it: so many, and as many as before.
const BEYOND: usize = 4096;
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

/// Working memory of searches on one floor.
#[derive(Debug, Clone)]
pub struct Search {
    /// Cell at each place of the map with a rim around it.
    number: Vec<u32>,
    /// Cost of each state of it: `4 * place + heading`.
    cost: Vec<u32>,
    /// Looked at; kept for searches near a way, where costs may still fall after that.
    shut: Vec<bool>,
    ring: Vec<Vec<(u32, u32)>>,
}

impl Search {
    /// For searches on this floor, and on no other.
    pub fn new(floor: &Floor) -> Self {
        let wide = floor.width + 2;
        let places = (wide * (floor.height + 2)) as usize;
        let mut number = vec![NONE; places];
        for (c, (row, column)) in (0u32..).zip(&floor.place) {
            number[((u32::from(*row) + 1) * wide + u32::from(*column) + 1) as usize] = c;
        }
        Self { number, cost: vec![0; 4 * places], shut: vec![false; 4 * places], ring: vec![Vec::new(); RING] }
    }
    /// Costs to a goal from everywhere.
    pub fn everywhere(&mut self, floor: &Floor, tolls: &[u8], goal: u32, into: &mut Field) {
        self.run(floor, tolls, &[goal], NONE, Window::whole(floor), into);
    }
    /// Costs from everywhere to the nearest of several goals.
    pub fn nearest(&mut self, floor: &Floor, tolls: &[u8], goals: &[u32], into: &mut Field) {
        self.run(floor, tolls, goals, NONE, Window::whole(floor), into);
    }
    /// Costs to a goal from a cell and the places around the ways from there. Looks at a part of the map first, and at all of
    /// it if the part has no way.
    pub fn between(&mut self, floor: &Floor, tolls: &[u8], from: u32, goal: u32, into: &mut Field) {
        self.run(floor, tolls, &[goal], from, Window::around(floor, from, goal, MARGIN), into);
        let found = into.least(floor.place[from as usize]);
        // A way that is much longer than the crow flies may have a shorter one outside.
        let dearest = 2 * (floor.apart(from, goal) + 2 * MARGIN) * (STEP + u32::from(TOLL_MAX));
        if found > dearest && into.window != Window::whole(floor) {
            self.run(floor, tolls, &[goal], from, Window::whole(floor), into);
        }
    }

    #[allow(clippy::cast_possible_truncation)] // states are counted in u32
    fn run(&mut self, floor: &Floor, tolls: &[u8], goals: &[u32], from: u32, window: Window, into: &mut Field) {
        // The whole map with a rim around it. All that is not looked at costs nothing already, so nothing ever improves it.
        let wide = floor.width + 2;
        let rows = move |r: u32| {
            let first = ((window.top + r + 1) * wide + window.left + 1) as usize;
            first..first + window.columns as usize
        };
        for r in 0..window.rows {
            for at in rows(r) {
                if self.number[at] != NONE {
                    self.cost[4 * at..4 * at + 4].fill(NONE);
                }
            }
        }
        let local = |place: (u16, u16)| (u32::from(place.0) + 1) * wide + u32::from(place.1) + 1;
        let start = if from == NONE { NONE } else { local(floor.place[from as usize]) };
        // Moving ahead comes from the cell behind: east from the west, south from the north.
        let behind = [1u32.wrapping_neg(), wide.wrapping_neg(), 1, wide];
        let number = std::mem::take(&mut self.number);
        // What is left from a place to the start at least: the search looks first where a way is likely.
        let estimate = |cell: u32| match number[cell as usize] {
            NONE => 0,
            _ if from == NONE => 0,
            c => floor.apart(c, from) * STEP,
        };
        let mut now = NONE;
        let (mut open, mut looked, mut end) = (0usize, 0usize, usize::MAX);
        for goal in goals {
            now = now.min(estimate(local(floor.place[*goal as usize])));
        }
        for goal in goals {
            for h in 0..4 {
                let s = 4 * local(floor.place[*goal as usize]) + h;
                self.cost[s as usize] = 0;
                self.ring[now as usize % RING].push((s, 0));
                open += 1;
            }
        }
        while open > 0 && looked < end && now < WORD_MAX {
            let bucket = now as usize % RING;
            while let Some((s, pushed)) = self.ring[bucket].pop() {
                open -= 1;
                let (cell, h) = (s / 4, s % 4);
                let done = self.cost[s as usize];
                // It was reached at less cost meanwhile, or was looked at before.
                if done != pushed || (start != NONE && self.shut[s as usize]) {
                    continue;
                }
                if start != NONE {
                    self.shut[s as usize] = true;
                }
                looked += 1;
                if cell == start && end == usize::MAX {
                    end = 2 * looked + BEYOND;
                }
                let back = cell.wrapping_add(behind[h as usize]);
                let toll = match number[back as usize] {
                    c if c != NONE && !tolls.is_empty() => u32::from(tolls[4 * c as usize + h as usize]),
                    _ => 0,
                };
                for (to, cost) in [(4 * back + h, done + STEP + toll), (s ^ 1, done + STEP), (s ^ 3, done + STEP)] {
                    if cost < self.cost[to as usize] && (start == NONE || !self.shut[to as usize]) {
                        self.cost[to as usize] = cost;
                        self.ring[(cost + estimate(to / 4)).max(now) as usize % RING].push((to, cost));
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
            for at in rows(r) {
                let four = &mut self.cost[4 * at..4 * at + 4];
                let least = four[0].min(four[1]).min(four[2]).min(four[3]);
                // Blocked cells are zero and so is the goal; only the goal is free.
                into.words.push(if number[at] == NONE || least > WORD_MAX {
                    NONE
                } else {
                    // Headings that a bounded search left open are at most two turns from one that it did not.
                    let offset = |h: usize| (four[h].min(least + 2 * STEP) - least) << (3 * h);
                    least << OFFSET_BITS | offset(0) | offset(1) | offset(2) | offset(3)
                });
                four.fill(0);
                if from != NONE {
                    self.shut[4 * at..4 * at + 4].fill(false);
                }
            }
        }
        self.number = number;
    }
}
