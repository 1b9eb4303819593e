//! Moves: the sequences of a few actions among which the planner chooses.
//!
//! On one cell, turning and waiting may be done in any order with the same effect on everybody else. So each stay on a
//! cell is written in one way only: turns first (clockwise if it is two), then waits. The sequences are kept as a tree, so
//! that what begins alike is walked once.

use nooterra_site::grid::Action;

/// Longest sequence.
pub const DEPTH_MAX: usize = 6;

/// A step of the tree.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    /// Node before it; its own number at the first step.
    pub before: u16,
    /// What is done.
    pub action: Action,
    /// Steps so far, this one included.
    pub steps: u8,
    /// The sequence that ends here, if it has full length.
    pub ends: Option<u16>,
}

/// All sequences of one length.
#[derive(Debug, Clone)]
pub struct Moves {
    /// Actions in a sequence.
    pub depth: usize,
    /// The tree, every node after the one before it.
    pub nodes: Vec<Node>,
    /// The sequences; those that move ahead earlier come first.
    pub list: Vec<[Action; DEPTH_MAX]>,
}

impl Moves {
    /// All sequences of `depth` actions, at least one and at most [`DEPTH_MAX`].
    pub fn new(depth: usize) -> Self {
        let mut m = Self { depth: depth.clamp(1, DEPTH_MAX), nodes: Vec::new(), list: Vec::new() };
        m.grow(None, &mut Vec::new());
        m
    }

    fn grow(&mut self, before: Option<u16>, so_far: &mut Vec<Action>) {
        for action in [Action::Forward, Action::Clockwise, Action::CounterClockwise, Action::Wait] {
            if !follows(so_far, action) {
                continue;
            }
            so_far.push(action);
            let number = u16::try_from(self.nodes.len()).unwrap_or(u16::MAX);
            let full = so_far.len() == self.depth;
            let ends = full.then(|| u16::try_from(self.list.len()).unwrap_or(u16::MAX));
            let steps = u8::try_from(so_far.len()).unwrap_or(u8::MAX);
            self.nodes.push(Node { before: before.unwrap_or(number), action, steps, ends });
            if full {
                let mut actions = [Action::Wait; DEPTH_MAX];
                actions[..so_far.len()].copy_from_slice(so_far);
                self.list.push(actions);
            } else {
                self.grow(Some(number), so_far);
            }
            so_far.pop();
        }
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
        for n in m.nodes.iter().filter(|n| n.ends.is_some()) {
            let (mut word, mut at) = (Vec::new(), *n);
            loop {
                word.push(at.action);
                if at.steps == 1 {
                    break;
                }
                at = m.nodes[at.before as usize];
            }
            word.reverse();
            assert_eq!(m.list[n.ends.unwrap() as usize][..4], word[..]);
        }
    }
}
