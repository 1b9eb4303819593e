//! The Merkle root over a book's facts (RFC 6962, SHA-256), of which no more is kept than its complete subtrees.
//!
//! A leaf is a piece of facts: the head of the running digest where the piece ends, which covers its facts one by one and
//! all pieces before. Facts since then are the last leaf. So whoever holds the facts can derive the root again, and whoever
//! holds the root of one instant can be shown that a piece stood in the book then.

use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, sha256_plain};

/// The complete subtrees over the pieces that have ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub(crate) struct Pieces {
    size: u64,
    peaks: Vec<Digest>,
}

impl Pieces {
    /// A piece has ended with this head.
    pub fn push(&mut self, head: &Digest) {
        let mut node = hash(0, &[head]);
        // As many subtrees are complete now as the number of pieces had ones at its end.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = hash(1, &[&left, &node]);
        }
        self.peaks.push(node);
        self.size += 1;
    }
    /// The root, with the facts since the last piece as its last leaf.
    pub fn root(&self, open: &Digest) -> Digest {
        self.peaks.iter().rev().fold(hash(0, &[open]), |right, left| hash(1, &[left, &right]))
    }
}

fn hash(tag: u8, parts: &[&Digest]) -> Digest {
    let mut bytes = vec![tag];
    parts.iter().for_each(|d| bytes.extend(d.0));
    sha256_plain(&bytes)
}
