//! Moves: the sequences of a few actions among which the planner chooses.
//!
//! On one cell, turning and waiting may be done in any order with the same effect on everybody else. So each stay on a
//! cell is written in one way only: turns first (clockwise if it is two), then waits. Sequences that are on the same cells
//! at the same time and differ in the last heading alone are one to everybody else as well. So the cells form a tree, so
//! that what begins alike is walked once, and at its ends are the sequences.

use nooterra_site::grid::Action;

/// Longest sequence.
pub const DEPTH_MAX: usize = 6;
/// No sequence.
pub const NO_SEQUENCE: u16 = u16::MAX;

/// A step of the tree.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    /// Node before it; its own number at the first step.
    pub before: u16,
    /// It moves ahead, in this heading as counted from that at the beginning; otherwise it stays on its cell.
    pub moves: Option<u8>,
    /// Steps so far, this one included.
    pub steps: u8,
    /// The first node that does not begin with this one.
    pub next: u16,
    /// The sequences that end here, by their last heading as counted from that at the beginning.
    pub ends: [u16; 4],
}

/// All sequences of one length.
#[derive(Debug, Clone)]
pub struct Moves {
    /// Actions in a sequence.
    pub depth: usize,
    /// The tree, every node after the one before it and followed by all that begin with it.
    pub nodes: Vec<Node>,
    /// Nodes at which sequences end.
    pub ends: Vec<u16>,
    /// The sequences; those that move ahead earlier come first.
    pub list: Vec<[Action; DEPTH_MAX]>,
}

impl Moves {
    /// All sequences of `depth` actions, at least one and at most [`DEPTH_MAX`].
    pub fn new(depth: usize) -> Self {
        let mut m = Self { depth: depth.clamp(1, DEPTH_MAX), nodes: Vec::new(), ends: Vec::new(), list: Vec::new() };
        m.grow(None, &mut Vec::new(), 0);
        m.lay_out();
        m
    }

    /// Puts the nodes into the order in which they are walked.
    fn lay_out(&mut self) {
        let old = std::mem::take(&mut self.nodes);
        let mut numbers = vec![0u16; old.len()];
        // Those that begin with a node, last first; the first steps name themselves.
        let after = |before: Option<u16>| {
            let begins = |i: u16, n: &Node| before.map_or(n.before == i, |b| n.before == b && i != b);
            let mut list: Vec<u16> = (0u16..).zip(&old).filter(|(i, n)| begins(*i, n)).map(|(i, _)| i).collect();
            list.reverse();
            list
        };
        let mut open = after(None);
        while let Some(i) = open.pop() {
            let node = old[usize::from(i)];
            let number = small(self.nodes.len());
            numbers[usize::from(i)] = number;
            let before = if node.steps == 1 { number } else { numbers[usize::from(node.before)] };
            self.nodes.push(Node { before, ..node });
            open.extend(after(Some(i)));
        }
        for i in (0..self.nodes.len()).rev() {
            let after = self.nodes[i..].iter().skip(1).position(|n| n.steps <= self.nodes[i].steps);
            self.nodes[i].next = after.map_or_else(|| small(self.nodes.len()), |k| small(i + 1 + k));
        }
        self.ends = (0u16..).zip(&self.nodes).filter(|(_, n)| usize::from(n.steps) == self.depth).map(|(i, _)| i).collect();
    }

    fn grow(&mut self, before: Option<u16>, so_far: &mut Vec<Action>, heading: u8) {
        for action in [Action::Forward, Action::Clockwise, Action::CounterClockwise, Action::Wait] {
            if !follows(so_far, action) {
                continue;
            }
            so_far.push(action);
            let moves = (action == Action::Forward).then_some(heading);
            let node = self.node(before, moves, so_far.len());
            let heading = turned(heading, action);
            if so_far.len() == self.depth {
                self.nodes[usize::from(node)].ends[usize::from(heading)] = small(self.list.len());
                let mut actions = [Action::Wait; DEPTH_MAX];
                actions[..so_far.len()].copy_from_slice(so_far);
                self.list.push(actions);
            } else {
                self.grow(Some(node), so_far, heading);
            }
            so_far.pop();
        }
    }
    /// The node of a step, which is made if nothing went there yet.
    fn node(&mut self, before: Option<u16>, moves: Option<u8>, steps: usize) -> u16 {
        let steps = u8::try_from(steps).unwrap_or(u8::MAX);
        let same = |(n, i): &(&Node, u16)| n.steps == steps && n.moves == moves && before.unwrap_or(*i) == n.before;
        let found = self.nodes.iter().zip(0u16..).find(same);
        found.map(|(_, i)| i).unwrap_or_else(|| {
            let number = small(self.nodes.len());
            self.nodes.push(Node { before: before.unwrap_or(number), moves, steps, next: 0, ends: [NO_SEQUENCE; 4] });
            number
        })
    }
}

fn small(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(NO_SEQUENCE)
}

/// The heading after an action.
#[inline]
pub const fn turned(heading: u8, action: Action) -> u8 {
    match action {
        Action::Clockwise => (heading + 1) & 3,
        Action::CounterClockwise => (heading + 3) & 3,
        Action::Forward | Action::Wait => heading,
    }
}

/// May this action follow on these?
fn follows(so_far: &[Action], action: Action) -> bool {
    let stay = so_far.iter().rev().take_while(|a| **a != Action::Forward).copied().collect::<Vec<_>>();
    match (stay.first(), action) {
        (None, _) | (_, Action::Forward | Action::Wait) => true,
        // No turn after a wait on the same cell, none against another, and not three.
        (Some(Action::Clockwise), Action::Clockwise) => stay.len() < 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a sequence does to a robot that faces north on an endless floor: where it is after each step, and its heading
    /// at the end.
    fn effect(s: &[Action]) -> (Vec<(i32, i32)>, usize) {
        let (mut at, mut heading) = ((0, 0), 3usize);
        let mut places = Vec::new();
        for a in s {
            match a {
                Action::Forward => {
                    let (r, c) = [(0, 1), (1, 0), (0, -1), (-1, 0)][heading];
                    at = (at.0 + r, at.1 + c);
                }
                Action::Clockwise => heading = (heading + 1) % 4,
                Action::CounterClockwise => heading = (heading + 3) % 4,
                Action::Wait => {}
            }
            places.push(at);
        }
        (places, heading)
    }

    #[test]
    fn every_effect_is_there_once() {
        for depth in 1..=5 {
            let m = Moves::new(depth);
            let mut have: Vec<_> = m.list.iter().map(|s| effect(&s[..depth])).collect();
            have.sort();
            let n = have.len();
            have.dedup();
            assert_eq!(have.len(), n, "depth {depth}: an effect appears twice");
            let mut want: Vec<_> = (0..4usize.pow(u32::try_from(depth).unwrap()))
                .map(|mut k| {
                    let s: Vec<Action> = (0..depth)
                        .map(|_| {
                            let a = Action::ALL[k % 4];
                            k /= 4;
                            a
                        })
                        .collect();
                    effect(&s)
                })
                .collect();
            want.sort();
            want.dedup();
            assert_eq!(have, want, "depth {depth}");
            assert_eq!(m.list[0][..depth], vec![Action::Forward; depth][..]);
        }
    }

    #[test]
    fn the_tree_spells_the_list() {
        let m = Moves::new(4);
        let mut spelt = vec![false; m.list.len()];
        for n in m.ends.iter().map(|n| m.nodes[usize::from(*n)]) {
            let (mut way, mut at) = (Vec::new(), n);
            loop {
                way.push(at.moves);
                if at.steps == 1 {
                    break;
                }
                at = m.nodes[usize::from(at.before)];
            }
            way.reverse();
            for (heading, s) in (0u8..).zip(n.ends).filter(|(_, s)| *s != NO_SEQUENCE) {
                let mut now = 0;
                for (action, step) in m.list[usize::from(s)].iter().zip(&way) {
                    assert_eq!(*step, (*action == Action::Forward).then_some(now));
                    now = turned(now, *action);
                }
                assert_eq!(now, heading);
                spelt[usize::from(s)] = true;
            }
        }
        assert!(spelt.iter().all(|s| *s));
    }

    #[test]
    fn who_is_on_the_same_cells_goes_the_same_way() {
        for (depth, nodes, ends, sequences) in [(1, 2, 2, 4), (2, 8, 6, 11), (3, 25, 17, 31)] {
            let m = Moves::new(depth);
            assert_eq!((m.nodes.len(), m.ends.len(), m.list.len()), (nodes, ends, sequences));
        }
    }
}
