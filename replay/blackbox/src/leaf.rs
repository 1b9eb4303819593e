//! What a record contributes to the tree: its place, its kind, and a salted commitment to its payload.

use crate::kind::Kind;
use nooterra_engine::digest::sha256_plain;
use nooterra_engine::{Digest, Instant};
use nooterra_trust::merkle::leaf_hash;
use sha2::Digest as _;

/// A record that caused another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, nooterra_engine::Record)]
pub struct Cause {
    /// Its index.
    pub index: u64,
    /// Its log, if another one; zero for this log.
    pub origin: Digest,
}

impl Cause {
    /// A record of the same log.
    #[must_use]
    pub const fn local(index: u64) -> Self {
        Self { index, origin: Digest::ZERO }
    }
}

/// Everything of a leaf but the payload.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'a> {
    /// SHA-256 of the origin's text.
    pub origin: &'a Digest,
    /// Place in the log, from 0.
    pub index: u64,
    /// Tick of the run.
    pub tick: u64,
    /// Instant of the run.
    pub at: Instant,
    /// What the log time adds to the instant so that it strictly increases.
    pub ordinal: u32,
    /// Kind.
    pub kind: Kind,
    /// None are defined yet; zero.
    pub flags: u16,
    /// Digest of the channel's schema.
    pub schema: &'a Digest,
    /// Topic of the channel.
    pub topic: &'a str,
    /// Length of the payload.
    pub payload_len: u64,
    /// Commitment to the payload.
    pub commit: &'a Digest,
    /// What caused it.
    pub causes: &'a [Cause],
}

impl Leaf<'_> {
    /// The bytes that are hashed, into `out`, which is emptied first.
    #[allow(clippy::cast_possible_truncation, reason = "topics and lists of causes are limited to u16 where they enter")]
    pub fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(b"nt.rec.v1");
        out.extend_from_slice(&self.origin.0);
        out.extend_from_slice(&self.index.to_le_bytes());
        out.extend_from_slice(&self.tick.to_le_bytes());
        out.extend_from_slice(&self.at.0.to_le_bytes());
        out.extend_from_slice(&self.ordinal.to_le_bytes());
        out.extend_from_slice(&self.kind.number().to_le_bytes());
        out.extend_from_slice(&self.flags.to_le_bytes());
        out.extend_from_slice(&self.schema.0);
        out.extend_from_slice(&(self.topic.len() as u16).to_le_bytes());
        out.extend_from_slice(self.topic.as_bytes());
        out.extend_from_slice(&self.payload_len.to_le_bytes());
        out.extend_from_slice(&self.commit.0);
        out.extend_from_slice(&(self.causes.len() as u16).to_le_bytes());
        for c in self.causes {
            if c.origin == Digest::ZERO {
                out.push(0);
            } else {
                out.push(1);
                out.extend_from_slice(&c.origin.0);
            }
            out.extend_from_slice(&c.index.to_le_bytes());
        }
    }
    /// Its hash in the tree; `scratch` is overwritten.
    pub fn hash(&self, scratch: &mut Vec<u8>) -> Digest {
        self.write(scratch);
        leaf_hash(scratch)
    }
}

/// Commitment to a payload: guessing it needs the salt.
#[must_use]
pub fn commit(salt: &[u8; 16], payload: &[u8]) -> Digest {
    let mut h = sha2::Sha256::new();
    h.update(b"nt.pay.v1");
    h.update(salt);
    h.update(payload);
    Digest(h.finalize().into())
}

/// Digest of a schema as it stands in the container.
#[must_use]
pub fn schema_digest(name: &str, encoding: &str, data: &[u8]) -> Digest {
    let mut h = sha2::Sha256::new();
    h.update(b"nt.sch.v1");
    for part in [name.as_bytes(), encoding.as_bytes(), data] {
        h.update((part.len() as u64).to_le_bytes());
        h.update(part);
    }
    Digest(h.finalize().into())
}

/// Digest of an origin's text.
#[must_use]
pub fn origin_hash(origin: &str) -> Digest {
    sha256_plain(origin.as_bytes())
}

/// Levels of the tree of salts: 2^31 leaves, two salts each.
const DEPTH: usize = 31;

/// The salts of one epoch: the leaves of a binary tree of one-way steps from the epoch's seed, so that the salts of a
/// range can be disclosed by few inner nodes, and the others stay unguessable.
#[derive(Debug, Clone)]
pub struct Salts {
    path: [[u8; 32]; DEPTH + 1],
    at: Option<u32>,
}

impl Salts {
    /// The salts under this seed.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        let mut path = [[0; 32]; DEPTH + 1];
        path[0] = seed;
        Self { path, at: None }
    }
    /// The salt of the epoch's `n`-th record; neighbours cost one hash on average.
    pub fn get(&mut self, n: u32) -> [u8; 16] {
        let leaf = n >> 1;
        let from = match self.at {
            Some(at) if at == leaf => DEPTH,
            // Bits are counted from the top of 31.
            Some(at) => (at ^ leaf).leading_zeros() as usize - 1,
            None => 0,
        };
        for depth in from..DEPTH {
            let bit = (leaf >> (DEPTH - 1 - depth) & 1) as u8;
            self.path[depth + 1] = step(&self.path[depth], bit);
        }
        self.at = Some(leaf);
        let mut salt = [0; 16];
        let half = (n & 1) as usize * 16;
        salt.copy_from_slice(&self.path[DEPTH][half..half + 16]);
        salt
    }
}

fn step(node: &[u8; 32], bit: u8) -> [u8; 32] {
    let mut b = *b"nt.ggm.v1\0................................";
    b[9] = bit;
    b[10..].copy_from_slice(node);
    sha2::Sha256::digest(b).into()
}
