//! Narrow places: how the robot whose turn it is comes past those that stand in a place where nobody can pass.
//!
//! A *bridge* is a move between two cells that no other way connects. Where all cells beyond a bridge are taken, no chain
//! of robots can make room. So the leader steps aside, the cells of the narrow way are closed to everybody, from outside
//! and from beyond, whoever stands on them is sent off, and then the leader goes in.
//!
//! Why this ends. Robots that are sent off go their way to its end: nobody has them give way before that, nor do they
//! choose otherwise themselves. And nobody else comes onto the narrow way, so that each time there are fewer on it, or
//! one of them is nearer to its beginning.

use super::floor::{Floor, NONE};
use super::lifelong::State;
use super::plan::{Aim, Planner};
use nooterra_engine::Record;

/// Steps that letting out takes at most, for each cell of the floor: the way aside and back, and one chain for each robot.
const LASTS: usize = 16;

/// The leader lets others out of a narrow way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Record)]
pub struct Passing {
    /// Where the leader waits meanwhile.
    pub aside: u32,
    /// The narrow way, from its last cell outside; empty if nobody is let out.
    pub way: Vec<u32>,
    /// The way was free: the leader goes in.
    pub cleared: bool,
    /// Step at which it began.
    pub since: u32,
    /// Robots that are being sent off, which nobody keeps from it.
    pub sent: Vec<u32>,
    /// Up to this step they are.
    pub until: u32,
}

impl Passing {
    /// Robots that are being sent off at a step.
    pub fn sent_at(&self, step: u32) -> &[u32] {
        if step <= self.until { &self.sent } else { &[] }
    }
}

/// Moves that are bridges: `4 * cell + heading`.
#[derive(Debug, Clone)]
pub struct Bridges(Vec<bool>);

impl Bridges {
    /// Finds them by a walk in depth: an edge is a bridge if nothing below it reaches above it.
    #[allow(clippy::cast_possible_truncation)] // cells are counted in u32
    pub fn new(floor: &Floor) -> Self {
        let n = floor.cells();
        let mut bridge = vec![false; 4 * n];
        let (mut entered, mut low) = (vec![0u32; n], vec![0u32; n]);
        let mut clock = 0;
        // Cell, heading by which it was entered (4: not at all), and the next heading to look at.
        let mut walk: Vec<(u32, u8, u8)> = Vec::new();
        for root in 0..n as u32 {
            if entered[root as usize] > 0 {
                continue;
            }
            clock += 1;
            (entered[root as usize], low[root as usize]) = (clock, clock);
            walk.push((root, 4, 0));
            while let Some((cell, by, next)) = walk.last_mut() {
                let (c, h) = (*cell as usize, *next);
                if h == 4 {
                    let (by, done) = (*by, *cell);
                    walk.pop();
                    if let Some((above, _, _)) = walk.last() {
                        let p = *above as usize;
                        low[p] = low[p].min(low[c]);
                        if low[c] > entered[p] {
                            bridge[4 * p + by as usize] = true;
                            bridge[4 * done as usize + (by as usize ^ 2)] = true;
                        }
                    }
                    continue;
                }
                *next += 1;
                // Back the way it came is no second way: cells have one edge in each direction.
                if *by < 4 && h == *by ^ 2 {
                    continue;
                }
                let to = floor.ahead(*cell, h);
                if to == NONE {
                    continue;
                }
                if entered[to as usize] > 0 {
                    low[c] = low[c].min(entered[to as usize]);
                } else {
                    clock += 1;
                    (entered[to as usize], low[to as usize]) = (clock, clock);
                    walk.push((to, h, 0));
                }
            }
        }
        Self(bridge)
    }
    /// Is the move ahead one?
    pub fn is(&self, cell: u32, heading: u8) -> bool {
        self.0[4 * cell as usize + heading as usize]
    }
    /// Can somebody step aside from this cell, over a move that is no bridge?
    fn has_room(&self, floor: &Floor, cell: u32) -> bool {
        (0..4).any(|h| floor.ahead(cell, h) != NONE && !self.is(cell, h))
    }
    /// The heading from a cell to one beside it, if that move is a bridge.
    fn between(&self, floor: &Floor, from: u32, to: u32) -> bool {
        (0..4).any(|h| floor.ahead(from, h) == to && self.is(from, h))
    }
}

/// Where the leader, who stands before a bridge beyond which all is full, lets others out. `way` are the cells that it
/// would go over, from where it stands; `taken` says where robots are.
///
/// Nothing if there is no place where it would not be in their way itself, or no free cell out there.
pub fn begin(floor: &Floor, bridges: &Bridges, way: &[u32], taken: impl Fn(u32) -> bool, step: u32) -> Option<Passing> {
    let (&here, beyond) = way.split_first()?;
    let first = *beyond.first()?;
    // The narrow way goes on as long as it leads over bridges, up to the first cell from which somebody can step aside:
    // from there the leader lets others out of the next one, and the cell that it has left is free for them.
    let mut narrow = way.windows(2).take_while(|w| bridges.between(floor, w[0], w[1])).count();
    if narrow == 0 {
        return None;
    }
    narrow = beyond[..narrow].iter().position(|c| bridges.has_room(floor, *c)).map_or(narrow, |k| k + 1);
    let mut seen = vec![0u32; floor.cells()];
    let mut searches = 1;
    let mut queue = vec![here];
    let mut from = vec![NONE; floor.cells()];
    seen[here as usize] = 1;
    seen[first as usize] = 1;
    let mut inner = vec![0u32; floor.cells()];
    let mut at = 0;
    while let Some(&cell) = queue.get(at) {
        at += 1;
        if cell != here {
            // With the leader on this cell, does the narrow way still lead to a free one?
            searches += 1;
            let mut reach = vec![here];
            inner[here as usize] = searches;
            inner[first as usize] = searches;
            inner[cell as usize] = searches;
            let mut i = 0;
            while let Some(&c) = reach.get(i) {
                i += 1;
                if c != here && !taken(c) {
                    let mut whole = vec![here];
                    // Cells between where it waits and where it stands belong to the way if nobody can pass there.
                    let mut back = cell;
                    let mut path = vec![cell];
                    while from[back as usize] != NONE {
                        back = from[back as usize];
                        path.push(back);
                    }
                    path.reverse();
                    for pair in path.windows(2) {
                        if !bridges.between(floor, pair[0], pair[1]) {
                            break;
                        }
                        whole.push(pair[1]);
                    }
                    whole.reverse();
                    if whole.first() == Some(&cell) {
                        // The whole way back is narrow: it begins beside where the leader waits.
                        whole.remove(0);
                    }
                    whole.extend(&beyond[..narrow]);
                    return Some(Passing { aside: cell, way: whole, since: step, ..Passing::default() });
                }
                for t in (0..4).map(|h| floor.ahead(c, h)).filter(|t| *t != NONE) {
                    if inner[t as usize] != searches {
                        inner[t as usize] = searches;
                        reach.push(t);
                    }
                }
            }
        }
        for t in (0..4).map(|h| floor.ahead(cell, h)).filter(|t| *t != NONE) {
            if seen[t as usize] == 0 {
                seen[t as usize] = 1;
                from[t as usize] = cell;
                queue.push(t);
            }
        }
    }
    None
}

/// What becomes of [`Passing`] after a step.
pub enum On {
    /// Nothing new.
    Same,
    /// This.
    Now(Passing),
    /// These robots are sent off, up to this step.
    Sent(Vec<u32>, u32),
    /// The leader finds no way: another leads.
    GivesUp,
}

/// Goes on with letting others out, or begins with it if the leader cannot go on otherwise.
pub(super) fn on(planner: &mut Planner, floor: &Floor, bridges: &Bridges, state: &State, aims: &[Aim<'_>]) -> On {
    let (p, crew) = (&state.passing, &state.crew);
    let leader = planner.leader as usize;
    if planner.leader == NONE {
        return if p.way.is_empty() { On::Same } else { On::Now(Passing::default()) };
    }
    let Some(last) = p.way.last() else {
        let Some(way) = planner.blocked(floor, crew, aims, leader) else { return On::Same };
        let begun = begin(floor, bridges, &way, |c| planner.is_taken(c), state.step);
        return begun.map_or(On::GivesUp, On::Now);
    };
    if (state.step - p.since) as usize > LASTS * floor.cells() {
        return On::GivesUp;
    }
    if p.cleared {
        if crew.cells[leader] == *last {
            return On::Now(Passing::default());
        }
        // Somebody who was sent off stood before the way, and was pushed back onto it: once more from aside.
        let on_it = p.way.iter().position(|c| *c == crew.cells[leader]).unwrap_or(0);
        let taken = p.way[on_it + 1..].iter().any(|c| planner.is_taken(*c));
        let again = taken && planner.waits(leader);
        return if again { On::Now(Passing { cleared: false, sent: Vec::new(), until: 0, ..p.clone() }) } else { On::Same };
    }
    if crew.cells[leader] != p.aside || !p.sent_at(state.step).is_empty() {
        return On::Same;
    }
    let Some(cell) = p.way[1..].iter().find(|c| planner.is_taken(**c)) else {
        return On::Now(Passing { cleared: true, ..p.clone() });
    };
    match planner.clear(floor, crew, aims, *cell, p.aside) {
        Some(steps) => On::Sent(planner.chain(), state.step + steps),
        None => On::Same,
    }
}
