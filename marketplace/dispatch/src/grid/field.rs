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
    #[inline]
    pub fn at(&self, place: (u16, u16), heading: u8) -> u32 {
        match self.window.index(place) {
            Some(i) if self.words[i] != NONE => (self.words[i] >> OFFSET_BITS) + ((self.words[i] >> (3 * u32::from(heading))) & 7),
            _ => FAR,
        }
    }
    /// Cost from a place, whatever the heading.
    #[inline]
    pub fn least(&self, place: (u16, u16)) -> u32 {
        match self.window.index(place) {
            Some(i) if self.words[i] != NONE => self.words[i] >> OFFSET_BITS,
            _ => FAR,
        }
    }
}

/// A place of the map.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    row: u16,
    column: u16,
    /// Tolls of the moves ahead from it, by heading.
    tolls: [u8; 4],
}

/// Cost of a state that may still become cheaper: it was reached, but not looked at.
const OPEN: u32 = 1 << 31;

/// Working memory of searches on one floor.
///
/// Between searches every state has no cost, so that a search has to touch only what it reaches.
#[derive(Debug, Clone)]
pub struct Search {
    /// Each place of the map with a rim around it.
    spots: Vec<Spot>,
    /// Cost of each state of it, `4 * place + heading`: [`NONE`] if it was not reached, with [`OPEN`] until it was looked
    /// at. Places where nobody can be cost nothing already, so nothing ever improves them.
    cost: Vec<u32>,
    /// Places that were reached; some more than once.
    touched: Vec<u32>,
    ring: Vec<Vec<(u32, u32)>>,
}

/// From where a search looks, and how far.
struct Reach {
    /// The state's cell from which a way is wanted; [`NONE`] if costs from everywhere are.
    from: u32,
    window: Window,
    tolled: bool,
}

impl Search {
    /// For searches on this floor with these tolls, and on no other.
    pub fn new(floor: &Floor, tolls: &[u8]) -> Self {
        let wide = floor.width + 2;
        let places = (wide * (floor.height + 2)) as usize;
        let (mut spots, mut cost) = (vec![Spot::default(); places], vec![0; 4 * places]);
        for (c, &(row, column)) in floor.place.iter().enumerate() {
            let at = ((u32::from(row) + 1) * wide + u32::from(column) + 1) as usize;
            spots[at] = Spot { row, column, tolls: tolls.get(4 * c..4 * c + 4).map_or([0; 4], |t| [t[0], t[1], t[2], t[3]]) };
            cost[4 * at..4 * at + 4].fill(NONE);
        }
        Self { spots, cost, touched: Vec::new(), ring: vec![Vec::new(); RING] }
    }
    /// Costs to a goal from everywhere.
    pub fn everywhere(&mut self, floor: &Floor, goal: u32, into: &mut Field) {
        self.run(floor, &[goal], &Reach { from: NONE, window: Window::whole(floor), tolled: true }, into);
    }
    /// The same where no move has a toll.
    pub fn everywhere_untolled(&mut self, floor: &Floor, goal: u32, into: &mut Field) {
        self.run(floor, &[goal], &Reach { from: NONE, window: Window::whole(floor), tolled: false }, into);
    }
    /// Costs from everywhere to the nearest of several goals.
    pub fn nearest(&mut self, floor: &Floor, goals: &[u32], into: &mut Field) {
        self.run(floor, goals, &Reach { from: NONE, window: Window::whole(floor), tolled: true }, into);
    }
    /// Costs to a goal from a cell and the places around the ways from there. Looks at a part of the map first, and at all of
    /// it if the part has no way.
    pub fn between(&mut self, floor: &Floor, from: u32, goal: u32, into: &mut Field) {
        let window = Window::around(floor, from, goal, MARGIN);
        self.run(floor, &[goal], &Reach { from, window, tolled: true }, into);
        let found = into.least(floor.place[from as usize]);
        // A way that is much longer than the crow flies may have a shorter one outside.
        let dearest = 2 * (floor.apart(from, goal) + 2 * MARGIN) * (STEP + u32::from(TOLL_MAX));
        if found > dearest && into.window != Window::whole(floor) {
            self.run(floor, &[goal], &Reach { from, window: Window::whole(floor), tolled: true }, into);
        }
    }

    #[allow(clippy::cast_possible_truncation)] // states are counted in u32
    fn run(&mut self, floor: &Floor, goals: &[u32], reach: &Reach, into: &mut Field) {
        let Self { spots, cost, touched, ring } = self;
        let Reach { from, window, tolled } = *reach;
        let wide = floor.width + 2;
        let local = |place: (u16, u16)| (u32::from(place.0) + 1) * wide + u32::from(place.1) + 1;
        let start = if from == NONE { NONE } else { local(floor.place[from as usize]) };
        let target = if from == NONE { (0, 0) } else { floor.place[from as usize] };
        // Moving ahead comes from the cell behind: east from the west, south from the north.
        let behind = [1u32.wrapping_neg(), wide.wrapping_neg(), 1, wide];
        // What is left from a place to the start at least: the search looks first where a way is likely.
        let estimate = |at: &Spot| {
            let apart = u32::from(at.row.abs_diff(target.0)) + u32::from(at.column.abs_diff(target.1));
            if from == NONE { 0 } else { apart * STEP }
        };
        let mut now = NONE;
        let (mut open, mut looked, mut end) = (0usize, 0usize, usize::MAX);
        for goal in goals {
            now = now.min(estimate(&spots[local(floor.place[*goal as usize]) as usize]));
        }
        for goal in goals {
            let place = local(floor.place[*goal as usize]);
            touched.push(place);
            for s in 4 * place..4 * place + 4 {
                cost[s as usize] = OPEN;
                ring[now as usize % RING].push((s, 0));
                open += 1;
            }
        }
        while open > 0 && looked < end && now < WORD_MAX {
            let bucket = now as usize % RING;
            while let Some((s, done)) = ring[bucket].pop() {
                open -= 1;
                // It was reached at less cost meanwhile, or was looked at before.
                if cost[s as usize] != done | OPEN {
                    continue;
                }
                cost[s as usize] = done;
                let (place, h) = (s / 4, s % 4);
                looked += 1;
                if place == start && end == usize::MAX {
                    end = 2 * looked + BEYOND;
                }
                let left = estimate(&spots[place as usize]);
                let back = place.wrapping_add(behind[h as usize]);
                let spot = &spots[back as usize];
                let toll = if tolled { u32::from(spot.tolls[h as usize]) } else { 0 };
                let (moved, turned) = ((done + STEP + toll) | OPEN, (done + STEP) | OPEN);
                let had = cost[4 * back as usize + h as usize];
                if moved < had && window.index((spot.row, spot.column)).is_some() {
                    cost[4 * back as usize + h as usize] = moved;
                    ring[((moved & !OPEN) + estimate(spot)).max(now) as usize % RING].push((4 * back + h, moved & !OPEN));
                    open += 1;
                    if had == NONE {
                        touched.push(back);
                    }
                }
                for to in [s ^ 1, s ^ 3] {
                    if turned < cost[to as usize] {
                        cost[to as usize] = turned;
                        ring[((turned & !OPEN) + left).max(now) as usize % RING].push((to, turned & !OPEN));
                        open += 1;
                    }
                }
            }
            now += 1;
        }
        ring.iter_mut().for_each(Vec::clear);
        into.window = window;
        into.words.clear();
        into.words.resize((window.rows * window.columns) as usize, NONE);
        for place in touched.drain(..) {
            let four = &mut cost[4 * place as usize..4 * place as usize + 4];
            if four.iter().all(|c| *c == NONE) {
                continue;
            }
            let of = |h: usize| four[h] & !OPEN;
            let least = of(0).min(of(1)).min(of(2)).min(of(3));
            if let Some(i) = window.index((spots[place as usize].row, spots[place as usize].column))
                && least <= WORD_MAX
            {
                // Headings that a bounded search left open are at most two turns from one that it did not.
                let offset = |h: usize| (of(h).min(least + 2 * STEP) - least) << (3 * h);
                into.words[i] = least << OFFSET_BITS | offset(0) | offset(1) | offset(2) | offset(3);
            }
            four.fill(NONE);
        }
    }
}
