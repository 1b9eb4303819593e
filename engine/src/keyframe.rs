//! Keyframes: the whole state of a composite, part by part, so that a run can be continued from it.

use crate::Record;
use crate::digest::{Digest, Hasher, blake3};
use crate::time::Instant;

/// One part of the composite.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Part {
    /// Its room: `ledger`, `physics`, `robots/<id>`, …
    pub room: String,
    /// Its frozen state.
    pub bytes: Vec<u8>,
}

/// The state of a composite at one tick.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Keyframe {
    /// The tick that had just been completed.
    pub tick: u64,
    /// Its instant.
    pub at: Instant,
    /// All parts, in the composite's own fixed order.
    pub parts: Vec<Part>,
}

impl Keyframe {
    /// Hash over everything in it.
    pub fn digest(&self) -> Digest {
        let mut h = Hasher::new();
        h.u64(self.tick).u64(self.at.0);
        for p in &self.parts {
            h.u64(p.room.len() as u64).bytes(p.room.as_bytes()).digest(&blake3(&p.bytes));
        }
        h.finish()
    }
    /// The bytes of one room.
    pub fn part(&self, room: &str) -> Option<&[u8]> {
        self.parts.iter().find(|p| p.room == room).map(|p| p.bytes.as_slice())
    }
}

/// A root over named rooms: what the black box records each tick, and each second room by room.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct StateRoots {
    /// Rooms and their digests, in the composite's own fixed order.
    pub rooms: Vec<(String, Digest)>,
}

impl StateRoots {
    /// One digest over all rooms.
    pub fn root(&self) -> Digest {
        let mut h = Hasher::new();
        for (name, d) in &self.rooms {
            h.u64(name.len() as u64).bytes(name.as_bytes()).digest(d);
        }
        h.finish()
    }
    /// The first room in which the two differ.
    pub fn first_difference<'a>(&'a self, o: &'a Self) -> Option<&'a str> {
        let longer = if self.rooms.len() >= o.rooms.len() { self } else { o };
        let (n, i) = (self.rooms.len().min(o.rooms.len()), self.rooms.iter().zip(&o.rooms).position(|(a, b)| a != b));
        i.map(|i| self.rooms[i].0.as_str()).or_else(|| longer.rooms.get(n).map(|(r, _)| r.as_str()))
    }
}
