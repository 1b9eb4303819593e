//! How a robot comes to a better plan, with others that give way for its sake (priority inheritance).
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // robots and cells are counted in u32, costs are small

use super::floor::{Floor, NONE};
use super::moves::{DEPTH_MAX, NO_SEQUENCE};
use super::plan::{Aim, Crew, Left, Planner};
use nooterra_site::grid::Action;

/// How often one robot is asked to give way for the sake of one other.
const ASKED_MAX: u32 = 3;

/// A sequence, with what is left to do after it and the node of the tree of moves at which it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Choice(u64);

impl Choice {
    fn new(cost: i32, sequence: u16, node: u16) -> Self {
        Self(u64::from(cost.wrapping_sub(i32::MIN).cast_unsigned()) << 32 | u64::from(sequence) << 16 | u64::from(node))
    }
    const fn cost(self) -> i32 {
        ((self.0 >> 32) as u32).cast_signed().wrapping_add(i32::MIN)
    }
    const fn sequence(self) -> usize {
        (self.0 >> 16) as u16 as usize
    }
    const fn node(self) -> usize {
        self.0 as u16 as usize
    }
}

/// A node of the tree of moves as a robot would go it.
#[derive(Debug, Clone, Copy)]
struct Ahead {
    /// Where it would be.
    cell: u32,
    /// Who is in the way up to there, [`NONE`] if nobody. Where more than one is, or one who cannot be asked, it does not go.
    other: u32,
    /// The step at which it would have come to its goal; 0 if it would not.
    arrived: u8,
}

/// Who was asked for whose sake, and what the present search has looked at.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Search for which each robot was asked last, and how often.
    times: Vec<(u32, u32)>,
    /// Searches for a better plan so far.
    searches: u32,
    left: u32,
    /// All nodes of the tree of moves, for every robot on the way down, one after the other.
    ahead: Vec<Ahead>,
    /// What each of these robots may choose, best first.
    choices: Vec<Choice>,
}

impl Asked {
    /// For so many robots.
    pub fn new(robots: usize) -> Self {
        Self { times: vec![(0, 0); robots], searches: 0, left: 0, ahead: Vec::new(), choices: Vec::new() }
    }
}

/// Who asks, and for whose sake.
#[derive(Debug, Clone, Copy)]
struct Asks {
    /// Rank of the first who asks, to whom less urgent robots give way at any cost; without it, they do if the sum of all
    /// costs becomes smaller.
    root: Option<u32>,
    /// What others lost so far.
    spent: i32,
    /// This is the first.
    first: bool,
}

/// A plan that may be restored.
struct Held {
    actions: [Action; DEPTH_MAX],
    path: [u32; DEPTH_MAX + 1],
    cost: i32,
}

impl Planner {
    /// Looks for a better plan for one robot. With `ranks`, less urgent robots give way at any cost to them; else whoever
    /// is in the way does, if the sum of all costs becomes smaller.
    pub(super) fn better(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>], a: usize, tries: u32, ranks: bool) {
        let asks = Asks { root: ranks.then(|| self.rank[a]), spent: 0, first: true };
        self.look_ahead(floor, crew, aims, a, asks);
        if !self.asked.choices.is_empty() {
            self.asked.left = tries;
            self.asked.searches += 1;
            let old = self.hold(a);
            self.take(a);
            if !self.seek(floor, crew, aims, a, 0, asks) {
                self.restore(a, &old);
            }
        }
        self.asked.ahead.clear();
        self.asked.choices.clear();
    }

    /// Works out where a robot would be at each node of the tree of moves, who is in its way, and what it may choose.
    fn look_ahead(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>], a: usize, asks: Asks) {
        let (heading, me, aim) = (crew.headings[a], a as u32, &aims[a]);
        let here = Ahead { cell: crew.cells[a], other: NONE, arrived: 0 };
        let (base, chosen, d) = (self.asked.ahead.len(), self.asked.choices.len(), self.moves.depth);
        self.asked.ahead.resize(base + self.moves.nodes.len(), here);
        let mut i = 0;
        while let Some(node) = self.moves.nodes.get(i) {
            let before = if node.steps == 1 { here } else { self.asked.ahead[base + usize::from(node.before)] };
            let (mut at, step) = (before, usize::from(node.steps));
            // Who would be in the way: whoever comes the other way at the same time, and whoever is there then.
            let mut others = [NONE; 2];
            if let Some(by) = node.moves {
                let h = (heading + by) & 3;
                at.cell = if self.is_closed(a, before.cell, h) { NONE } else { floor.ahead(before.cell, h) };
                if at.cell == NONE {
                    i = usize::from(node.next);
                    continue;
                }
                others[0] = self.tables.at(step - 1, at.cell);
                if others[0] != NONE && self.tables.at(step, before.cell) != others[0] {
                    others[0] = NONE;
                }
            }
            others[1] = self.tables.at(step, at.cell);
            let mut barred = false;
            for b in others {
                if b != NONE && b != me && b != at.other {
                    barred |= at.other != NONE || !self.may_ask(aims, b as usize, asks);
                    at.other = b;
                }
            }
            if barred {
                i = usize::from(node.next);
                continue;
            }
            if at.arrived == 0 && at.cell == aim.goal {
                at.arrived = node.steps;
            }
            self.asked.ahead[base + i] = at;
            if step == d {
                let left = Left::on(floor, aim, at.cell, usize::from(at.arrived), d);
                let mut best = (i32::MAX, NO_SEQUENCE);
                for (by, s) in (0u8..).zip(node.ends) {
                    if s != NO_SEQUENCE {
                        best = best.min((left.facing((heading + by) & 3), s));
                    }
                }
                // The one who asks wants to be better off.
                if !asks.first || best.0 < self.cost[a] {
                    self.asked.choices.push(Choice::new(best.0, best.1, i as u16));
                }
            }
            i += 1;
        }
        self.asked.choices[chosen..].sort_unstable();
    }

    /// True if a robot may be asked to give way.
    fn may_ask(&self, aims: &[Aim<'_>], b: usize, asks: Asks) -> bool {
        !self.asking[b] && !asks.root.map_or_else(|| aims[b].first, |rank| self.rank[b] <= rank)
    }

    /// Finds a plan for a robot whose own is taken out of the tables, after a look ahead. Its choices begin at `from`.
    fn seek(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>], a: usize, from: usize, asks: Asks) -> bool {
        let (base, end) = (self.asked.ahead.len() - self.moves.nodes.len(), self.asked.choices.len());
        self.asking[a] = true;
        let was = self.cost[a];
        let mut done = false;
        for k in from..end {
            let choice = self.asked.choices[k];
            let spent = asks.spent.saturating_add(choice.cost().saturating_sub(was).saturating_mul(self.weight[a]));
            // Without ranks all together want to be better off.
            if (asks.root.is_none() && spent >= 0) || self.asked.left == 0 {
                break;
            }
            // Whoever is asked and finds no plan leaves all as it was, so what was seen stays true.
            let b = self.asked.ahead[base + choice.node()].other;
            if b == NONE {
                self.write(base, a, choice);
                self.put(a);
                done = true;
                break;
            }
            let b = b as usize;
            let searches = self.asked.searches;
            let times = &mut self.asked.times[b];
            if times.0 != searches {
                *times = (searches, 0);
            }
            if times.1 >= ASKED_MAX {
                continue;
            }
            times.1 += 1;
            self.asked.left -= 1;
            let old = self.hold(b);
            self.take(b);
            self.write(base, a, choice);
            self.put(a);
            let asks = Asks { spent, first: false, ..asks };
            self.look_ahead(floor, crew, aims, b, asks);
            done = self.seek(floor, crew, aims, b, end, asks);
            self.asked.ahead.truncate(base + self.moves.nodes.len());
            self.asked.choices.truncate(end);
            if done {
                break;
            }
            self.take(a);
            self.cost[a] = was;
            self.restore(b, &old);
        }
        self.asking[a] = false;
        self.moved[a] |= done;
        done
    }

    /// Writes a choice as a robot's plan.
    fn write(&mut self, base: usize, a: usize, choice: Choice) {
        let d = self.moves.depth;
        self.actions[a * d..(a + 1) * d].copy_from_slice(&self.moves.list[choice.sequence()][..d]);
        let mut node = choice.node();
        for s in (1..=d).rev() {
            self.paths[a * (d + 1) + s] = self.asked.ahead[base + node].cell;
            node = usize::from(self.moves.nodes[node].before);
        }
        self.cost[a] = choice.cost();
    }

    fn hold(&self, a: usize) -> Held {
        let d = self.moves.depth;
        let mut held = Held { actions: [Action::Wait; DEPTH_MAX], path: [NONE; DEPTH_MAX + 1], cost: self.cost[a] };
        held.actions[..d].copy_from_slice(&self.actions[a * d..(a + 1) * d]);
        held.path[..=d].copy_from_slice(&self.paths[a * (d + 1)..(a + 1) * (d + 1)]);
        held
    }

    fn restore(&mut self, a: usize, held: &Held) {
        let d = self.moves.depth;
        self.actions[a * d..(a + 1) * d].copy_from_slice(&held.actions[..d]);
        self.paths[a * (d + 1)..(a + 1) * (d + 1)].copy_from_slice(&held.path[..=d]);
        self.cost[a] = held.cost;
        self.put(a);
    }
}
