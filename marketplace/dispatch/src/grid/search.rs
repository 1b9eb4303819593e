//! Searches backwards from a goal for the costs to get there.

use super::field::{Near, STEP, TOLL_MAX, Table, WORD_MAX, word};
use super::floor::{Floor, NONE, Window};

/// More than the dearest move.
const RING: usize = 16;
/// Cost of a state that may still become cheaper: it was reached, but not looked at.
const OPEN: u32 = 1 << 31;
/// Bits of an edge that hold its cost; the rest are the cell it comes from.
const COST_BITS: u32 = 8;

/// Working memory of searches on one floor.
///
/// Between searches every state has no cost, so that a search has to touch only what it reaches.
#[derive(Debug, Clone)]
pub struct Search {
    /// The move by which a robot comes to each state, `4 * cell + heading`; [`NONE`] if there is none.
    edges: Vec<u32>,
    /// Cost of each state: [`NONE`] if it was not reached, with [`OPEN`] until it was looked at.
    cost: Vec<u32>,
    /// Cells that were reached; some more than once.
    touched: Vec<u32>,
    ring: Vec<Vec<(u32, u32)>>,
}

impl Search {
    /// For searches on this floor with these tolls, and on no other.
    pub fn new(floor: &Floor, tolls: &[u8]) -> Self {
        let mut edges = vec![NONE; 4 * floor.cells()];
        for c in (0u32..).take(floor.cells()) {
            for h in 0..4u8 {
                // Moving ahead comes from the cell behind.
                let (back, at) = (floor.ahead(c, h ^ 2), 4 * c as usize + usize::from(h));
                if back != NONE {
                    let toll = tolls.get(4 * back as usize + usize::from(h)).map_or(0, |t| *t.min(&TOLL_MAX));
                    edges[at] = back << COST_BITS | (STEP + u32::from(toll));
                }
            }
        }
        Self { edges, cost: vec![NONE; 4 * floor.cells()], touched: Vec::new(), ring: vec![Vec::new(); RING] }
    }
    /// Costs to a goal from everywhere.
    pub fn everywhere(&mut self, goal: u32, into: &mut Table) {
        self.nearest(&[goal], into);
    }
    /// Costs from everywhere to the nearest of several goals.
    pub fn nearest(&mut self, goals: &[u32], into: &mut Table) {
        self.run(goals, true, |_| false);
        self.table(into);
    }
    /// Costs to a goal from everywhere, where no move has a toll.
    pub fn everywhere_untolled(&mut self, goal: u32, into: &mut Table) {
        self.run(&[goal], false, |_| false);
        self.table(into);
    }
    /// Costs to a goal from around it, up to where so many cells were reached that `is_relay` names; these are written down
    /// as well, nearest first. If they are fewer, costs are from everywhere.
    pub fn around(
        &mut self,
        floor: &Floor,
        goal: u32,
        count: usize,
        is_relay: impl Fn(u32) -> bool,
        relays: &mut Vec<u32>,
        into: &mut Near,
    ) {
        relays.clear();
        self.run(&[goal], true, |cell| {
            if is_relay(cell) && !relays.contains(&cell) {
                relays.push(cell);
            }
            relays.len() >= count
        });
        let mut window = Window::default();
        self.touched.iter().for_each(|c| window.take_in(floor.place[*c as usize]));
        into.clear(window);
        let Self { cost, touched, .. } = self;
        for c in touched.drain(..) {
            if let Some(w) = taken(cost, c) {
                into.set(floor.place[c as usize], w);
            }
        }
    }

    /// Looks at states by their costs until `ends` says that of a cell that is enough.
    fn run(&mut self, goals: &[u32], tolled: bool, mut ends: impl FnMut(u32) -> bool) {
        let Self { edges, cost, touched, ring } = self;
        let (mut open, mut now) = (0usize, 0u32);
        for goal in goals {
            touched.push(*goal);
            for s in 4 * goal..4 * goal + 4 {
                cost[s as usize] = OPEN;
                ring[0].push((s, 0));
                open += 1;
            }
        }
        'search: while open > 0 && now < WORD_MAX {
            let bucket = now as usize % RING;
            while let Some((s, done)) = ring[bucket].pop() {
                open -= 1;
                // It was reached at less cost meanwhile, or was looked at before.
                if cost[s as usize] != done | OPEN {
                    continue;
                }
                cost[s as usize] = done;
                let edge = edges[s as usize];
                if edge != NONE {
                    let (back, by) = (edge >> COST_BITS, if tolled { edge & ((1 << COST_BITS) - 1) } else { STEP });
                    let (moved, to) = (done + by, 4 * back + s % 4);
                    let had = cost[to as usize];
                    if moved | OPEN < had {
                        cost[to as usize] = moved | OPEN;
                        ring[moved as usize % RING].push((to, moved));
                        open += 1;
                        if had == NONE {
                            touched.push(back);
                        }
                    }
                }
                let turned = done + STEP;
                for to in [s ^ 1, s ^ 3] {
                    if turned | OPEN < cost[to as usize] {
                        cost[to as usize] = turned | OPEN;
                        ring[turned as usize % RING].push((to, turned));
                        open += 1;
                    }
                }
                if ends(s / 4) {
                    break 'search;
                }
            }
            now += 1;
        }
        ring.iter_mut().for_each(Vec::clear);
    }

    /// Writes down what was reached, and forgets it.
    fn table(&mut self, into: &mut Table) {
        let known = |c: u32| if c == NONE { c } else { c & !OPEN };
        into.0.clear();
        into.0.extend(self.cost.chunks_exact(4).map(|f| word([known(f[0]), known(f[1]), known(f[2]), known(f[3])])));
        self.cost.fill(NONE);
        self.touched.clear();
    }
}

/// The word of a cell that was reached, which is forgotten; nothing if it was before.
fn taken(cost: &mut [u32], cell: u32) -> Option<u32> {
    let four = &mut cost[4 * cell as usize..4 * cell as usize + 4];
    if four.iter().all(|c| *c == NONE) {
        return None;
    }
    let w = word([four[0] & !OPEN, four[1] & !OPEN, four[2] & !OPEN, four[3] & !OPEN]);
    four.fill(NONE);
    Some(w)
}
