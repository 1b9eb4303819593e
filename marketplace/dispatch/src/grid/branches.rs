//! Dead ends: cells that hang as trees on the rest of the floor. Two robots cannot pass each other there, so who wants out
//! goes before who wants in.

use super::floor::{Floor, NONE};

/// Which cells lie in dead ends, and which lie deeper than others.
#[derive(Debug, Clone)]
pub struct Branches {
    /// Steps from each cell to where its dead end begins; 0 for cells that are in none.
    depth: Vec<u32>,
    /// Places of each cell and of the last one deeper, in a walk over the trees.
    span: Vec<(u32, u32)>,
}

impl Branches {
    /// Peels off cells with one way out until none is left.
    #[allow(clippy::cast_possible_truncation)] // cells are counted in u32
    pub fn new(floor: &Floor) -> Self {
        let n = floor.cells();
        let around = |c: u32| (0..4).map(move |h| floor.ahead(c, h)).filter(|t| *t != NONE);
        let mut left: Vec<u32> = (0u32..).take(n).map(|c| around(c).count() as u32).collect();
        let mut peeled: Vec<u32> = (0u32..).take(n).filter(|c| left[*c as usize] == 1).collect();
        let mut parent = vec![NONE; n];
        let mut gone = vec![false; n];
        let mut at = 0;
        while let Some(&c) = peeled.get(at) {
            at += 1;
            gone[c as usize] = true;
            if let Some(p) = around(c).find(|t| !gone[*t as usize]) {
                parent[c as usize] = p;
                left[p as usize] -= 1;
                if left[p as usize] == 1 {
                    peeled.push(p);
                }
            }
        }
        // The last of a floor that is nothing but a tree has no parent: it counts as its root.
        let mut depth = vec![0u32; n];
        let mut sizes = vec![1u32; n];
        for c in peeled.iter().filter(|c| parent[**c as usize] != NONE) {
            sizes[parent[*c as usize] as usize] += sizes[*c as usize];
        }
        // Deeper cells were peeled before those they hang on; in reverse every parent comes first.
        let mut next = 1u32;
        let mut span = vec![(0u32, 0u32); n];
        for c in peeled.iter().rev().filter(|c| parent[**c as usize] != NONE) {
            let p = parent[*c as usize] as usize;
            depth[*c as usize] = depth[p] + 1;
            let first = if depth[p] == 0 {
                next += sizes[*c as usize];
                next - sizes[*c as usize]
            } else {
                sizes[p] -= sizes[*c as usize];
                span[p].0 + sizes[p]
            };
            span[*c as usize] = (first, first + sizes[*c as usize]);
        }
        Self { depth, span }
    }
    /// Steps from a cell to where its dead end begins; 0 if it lies in none.
    pub fn depth(&self, cell: u32) -> u32 {
        self.depth[cell as usize]
    }
    /// True if a robot on this cell has to leave a dead end, or go back in it, to come to the goal.
    pub fn must_leave(&self, cell: u32, goal: u32) -> bool {
        if self.depth[cell as usize] == 0 {
            return false;
        }
        let ((first, end), place) = (self.span[cell as usize], self.span[goal as usize].0);
        !(self.depth[goal as usize] > 0 && (first..end).contains(&place))
    }
}
