//! What never fails while a way exists: a robot goes on to the next cell, and whoever stands there, and on the cells after
//! it, moves up by one at the same instant.
//!
//! The robots of such a chain first turn to where they will go, which takes two steps at most, and all move in the same
//! step after that. The chain ends on a free cell, or on the cell that the first robot leaves. Plans of others that cross
//! it are replaced by waits. It is found by a search in breadth, so it is the shortest there is; and as long as nobody in it
//! is more urgent than the first, it can be gone: every robot waits on its own cell until all move, and then each enters a
//! cell that is left at that instant or was free all along.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // robots and cells are counted in u32, costs are small

use super::field::FAR;
use super::floor::{Floor, NONE};
use super::moves::turned;
use super::plan::{Aim, Crew, Planner};
use nooterra_site::grid::Action;

/// Steps after which the robots of a chain all face where they will go, and move.
const MOVES_AT: usize = 3;

/// Working memory of the search for a chain.
#[derive(Debug, Clone, Default)]
pub struct Chains {
    /// Search in which each cell was last seen.
    seen: Vec<u32>,
    /// Cell from which it was.
    from: Vec<u32>,
    searches: u32,
    queue: Vec<u32>,
    /// Robots of the chain with the cells they go to, and robots that stay for it.
    chain: Vec<(u32, u32)>,
    stays: Vec<u32>,
    /// Search in which each robot was last taken into either.
    part: Vec<u32>,
}

impl Chains {
    /// For so many cells and robots.
    pub fn new(cells: usize, robots: usize) -> Self {
        Self { seen: vec![0; cells], from: vec![NONE; cells], part: vec![0; robots], ..Self::default() }
    }
}

impl Planner {
    /// Takes a robot to the next cell nearer to its goal by a chain of robots that are less urgent. `reach` bounds the cells
    /// that are looked at. False if there is no chain, or the robot's plan leads as far already.
    pub(super) fn shift(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>], a: usize, reach: usize) -> bool {
        let Some(field) = aims[a].field else { return false };
        let (cell, heading) = (crew.cells[a], crew.headings[a]);
        if self.moves.depth < MOVES_AT || cell == aims[a].goal {
            return false;
        }
        let mut best = [(FAR, NONE); 4];
        for h in 0..4u8 {
            let to = floor.ahead(cell, h);
            if to != NONE {
                best[usize::from(h)] = (field.at(floor, to, h), to);
            }
        }
        let now = field.at(floor, cell, heading);
        best.sort_unstable();
        for (cost, to) in best {
            // Being there must be better than what the robot's plan comes to, and than being here.
            if cost >= now || (cost as i32) >= self.cost[a] || to == NONE {
                return false;
            }
            if self.chain_from(floor, crew, a, to, reach) && self.stays_for(crew, Some(self.rank[a])) {
                self.go(floor, crew, aims);
                return true;
            }
        }
        false
    }

    /// Makes a cell free that somebody stands on, for the leader's sake, who is on `not`. Says how many steps robots turn
    /// before they move; nothing if there is no chain.
    pub(super) fn clear(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>], cell: u32, not: u32) -> Option<u32> {
        let rank = self.rank[self.leader as usize];
        let found = self.moves.depth >= MOVES_AT
            && self.search(floor, cell, not, NONE, rank, usize::MAX, false)
            && self.stays_for(crew, Some(rank));
        found.then(|| self.go(floor, crew, aims))
    }

    /// The robots of the last chain.
    pub(super) fn chain(&self) -> Vec<u32> {
        self.chains.chain.iter().map(|(who, _)| *who).collect()
    }

    /// True if a robot's plan is to stay as it is.
    pub(super) fn waits(&self, a: usize) -> bool {
        let d = self.moves.depth;
        self.actions[a * d..(a + 1) * d].iter().all(|x| *x == Action::Wait)
    }

    /// True if a robot is on this cell.
    pub(super) fn is_taken(&self, cell: u32) -> bool {
        self.tables.at(0, cell) != NONE
    }

    /// Replaces the plans that go over closed moves by waits.
    pub(super) fn hold_back(&mut self, floor: &Floor, crew: &Crew) {
        let d = self.moves.depth;
        self.chains.searches += 1;
        self.chains.chain.clear();
        self.chains.stays.clear();
        for a in 0..self.actions.len() / d {
            let mut heading = crew.headings[a];
            for s in 0..d {
                let (cell, action) = (self.paths[a * (d + 1) + s], self.actions[a * d + s]);
                if action == Action::Forward && self.is_closed(a, cell, heading) {
                    self.chains.part[a] = self.chains.searches;
                    self.chains.stays.push(a as u32);
                    break;
                }
                heading = turned(heading, action);
            }
        }
        // Whoever crosses their waits waits as well, the leader too.
        if self.stays_for(crew, None) {
            self.go(floor, crew, &[]);
        }
    }

    /// The cells over which the leader would go on, if the first of them cannot be made free.
    pub(super) fn blocked(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>], a: usize) -> Option<Vec<u32>> {
        let field = aims[a].field?;
        let cell = crew.cells[a];
        if cell == aims[a].goal || !self.waits(a) {
            return None;
        }
        let mut way = vec![cell];
        let (mut at, mut heading) = (cell, crew.headings[a]);
        while at != aims[a].goal {
            let now = field.at(floor, at, heading);
            let next = (0..4u8).filter(|h| floor.ahead(at, *h) != NONE).map(|h| (field.at(floor, floor.ahead(at, h), h), h)).min();
            let (cost, h) = next.filter(|(c, _)| *c < now)?;
            debug_assert!(cost < FAR);
            (at, heading) = (floor.ahead(at, h), h);
            way.push(at);
        }
        (!self.search(floor, *way.get(1)?, cell, cell, self.rank[a], usize::MAX, true)).then_some(way)
    }

    fn chain_from(&mut self, floor: &Floor, crew: &Crew, a: usize, to: u32, reach: usize) -> bool {
        let own = crew.cells[a];
        if !self.search(floor, to, own, own, self.rank[a], reach, a as u32 == self.leader && self.inside) {
            return false;
        }
        self.chains.chain.push((a as u32, to));
        self.chains.part[a] = self.chains.searches;
        true
    }

    /// Looks for the shortest way from a cell over others that are taken to one that is free, and writes down who moves
    /// where. The way does not lead over `not`, but may end at `end` unless it comes from the first cell.
    #[allow(clippy::too_many_arguments)] // one search for two purposes
    fn search(&mut self, floor: &Floor, first: u32, not: u32, end: u32, rank: u32, reach: usize, inward: bool) -> bool {
        let c = &mut self.chains;
        c.searches += 1;
        let mark = c.searches;
        c.chain.clear();
        c.stays.clear();
        c.queue.clear();
        c.queue.push(first);
        c.seen[first as usize] = mark;
        c.from[first as usize] = NONE;
        if not != NONE {
            c.seen[not as usize] = mark;
        }
        let mut at = 0;
        let mut found = NONE;
        let mut before = NONE;
        'search: while let Some(&cell) = c.queue.get(at) {
            at += 1;
            let who = self.tables.at(0, cell);
            if who == NONE {
                (found, before) = (cell, c.from[cell as usize]);
                break;
            }
            if self.rank[who as usize] <= rank || at > reach {
                continue;
            }
            for h in 0..4u8 {
                let to = floor.ahead(cell, h);
                if to == NONE || (!inward && !self.closed.is_empty() && self.closed[4 * cell as usize + usize::from(h)]) {
                    continue;
                }
                if to == end && cell != first {
                    (found, before) = (end, cell);
                    break 'search;
                }
                if c.seen[to as usize] != mark {
                    c.seen[to as usize] = mark;
                    c.from[to as usize] = cell;
                    c.queue.push(to);
                }
            }
        }
        if found == NONE {
            return false;
        }
        let mut to = found;
        while before != NONE {
            let who = self.tables.at(0, before);
            c.chain.push((who, to));
            c.part[who as usize] = mark;
            (to, before) = (before, c.from[before as usize]);
        }
        true
    }

    /// Finds all whose plans cross the chain, or cross the waits of those. False if one of them is more urgent than `rank`.
    fn stays_for(&mut self, crew: &Crew, rank: Option<u32>) -> bool {
        let d = self.moves.depth;
        let mark = self.chains.searches;
        let mut i = 0;
        loop {
            let c = &mut self.chains;
            let n = c.chain.len();
            // Cells that must be left to one robot, from this step on.
            let cells = if i < n {
                let (who, to) = c.chain[i];
                [crew.cells[who as usize], to]
            } else if let Some(&who) = c.stays.get(i - n) {
                [crew.cells[who as usize]; 2]
            } else {
                return true;
            };
            i += 1;
            for cell in cells {
                for s in 1..=d {
                    let other = self.tables.at(s, cell);
                    if other == NONE || c.part[other as usize] == mark {
                        continue;
                    }
                    if rank.is_some_and(|r| self.rank[other as usize] <= r) {
                        return false;
                    }
                    c.part[other as usize] = mark;
                    c.stays.push(other);
                }
            }
        }
    }

    /// Writes the plans of a chain and of those that stay for it, and what they cost if aims are given. Returns how many
    /// steps the robots of the chain turn or wait before they move.
    fn go(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>]) -> u32 {
        let d = self.moves.depth;
        let chain = std::mem::take(&mut self.chains.chain);
        let stays = std::mem::take(&mut self.chains.stays);
        let all = || chain.iter().copied().chain(stays.iter().map(|a| (*a, NONE)));
        for (a, _) in all() {
            self.take(a as usize);
        }
        let mut longest = 0;
        let towards = |a: usize, to: u32| (0..4u8).find(|h| floor.ahead(crew.cells[a], *h) == to).unwrap_or(0);
        for (a, to) in &chain {
            let by = (towards(*a as usize, *to) + 4 - crew.headings[*a as usize]) % 4;
            longest = longest.max([0, 1, 2, 1][usize::from(by)]);
        }
        for (a, to) in all() {
            let a = a as usize;
            self.actions[a * d..(a + 1) * d].fill(Action::Wait);
            if to != NONE {
                let by = (towards(a, to) + 4 - crew.headings[a]) % 4;
                let turns: &[Action] = match by {
                    0 => &[],
                    1 => &[Action::Clockwise],
                    2 => &[Action::Clockwise, Action::Clockwise],
                    _ => &[Action::CounterClockwise],
                };
                self.actions[a * d..a * d + turns.len()].copy_from_slice(turns);
                self.actions[a * d + longest] = Action::Forward;
            }
            self.walk(floor, crew, a);
            self.moved[a] = true;
            self.put(a);
            match aims.get(a) {
                Some(aim) => self.cost[a] = self.cost_of_plan(floor, crew, a, aim),
                None => self.aimed[a] = NONE,
            }
        }
        self.chains.chain = chain;
        self.chains.stays = stays;
        longest as u32
    }
}
