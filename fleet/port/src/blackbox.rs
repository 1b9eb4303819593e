//! The robot's black box on the wire: chunks of a second, the anchors that they stand under, and windows of them.
//!
//! Everything here is made of integers, because it is hashed. A chunk's hash is SHA-256 of its canonical bytes and names
//! the chunk before it; the leaf of a chunk in an anchor's RFC 6962 tree is made of that hash. Chunks are numbered from 0
//! for ever: a number that is missing was never recorded, and shows as time between two chunks.

use crate::camera::Image;
use crate::report::{Mode, PoseMm};
use nooterra_engine::digest::sha256_plain;
use nooterra_engine::ids::{IncidentId, LeaseId};
use nooterra_engine::{Digest, Record, Span, encode};

/// A chunk is closed after this long; sooner at an incident.
pub const CHUNK: Span = Span::from_secs(1);
/// An anchor is reported this often; at once at an incident.
pub const ANCHOR_EVERY: Span = Span::from_secs(10);
/// Chunks under one anchor, at most.
pub const ANCHOR_MAX: u64 = 64;
/// Chunks of one window, at most: a minute of them, and those cut short by incidents.
pub const WINDOW_MAX: usize = 128;
/// A robot keeps so many chunks: ten minutes of them.
pub const KEPT: usize = 600;
/// Moments of one chunk, at most: more cycles than it has.
pub const MOMENTS_MAX: usize = 64;
/// Moving faster than this share of its bound, 1/10 000, is a moment worth recording.
pub const MOMENT_BPS: u32 = 10_500;
/// Moving at all under a stop that it has acknowledged is one from this speed on, mm/s.
pub const MOMENT_STOPPED_MM_S: u32 = 25;
/// An acknowledged stop may take this long before motion is nobody's command.
pub const STOP_TAKES: Span = Span::from_millis(500);
/// Windows that a robot may owe at the same time.
pub const ASKED_MAX: usize = 16;

/// How fast it was in one cycle: recorded where that is more than its bound or than a stop allows, and once more when it is over,
/// so that whoever judges sees how long it lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Moment {
    /// When, on the robot's clock.
    pub at_ns: u64,
    /// Speed as its wheels measure it, mm/s, without sign.
    pub speed_mm_s: u32,
    /// Under a stop that it had acknowledged [`STOP_TAKES`] before, at the latest.
    pub stopped: bool,
}

/// What a robot recorded of itself in one second.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Chunk {
    /// From 0, one after the other.
    pub number: u64,
    /// Hash of the chunk before; zero before the first.
    pub prev: Digest,
    /// From, on the robot's clock.
    pub from_ns: u64,
    /// To, on the robot's clock.
    pub to_ns: u64,
    /// Estimated pose at its end.
    pub pose: PoseMm,
    /// Level.
    pub level: u32,
    /// Speed at its end, mm/s.
    pub speed_mm_s: i32,
    /// Fastest within it, mm/s, without sign.
    pub top_mm_s: u32,
    /// Where its commands would have taken it since the chunk before, seen from the pose it had then; nothing where it did
    /// not know its own pose, or was off.
    pub told: Option<PoseMm>,
    /// Commands given to the drive.
    pub commands: u32,
    /// Of these, changed by a bound.
    pub clamps: u32,
    /// An operator's hand was on it.
    pub by_hand: bool,
    /// Frames in which something was touched.
    pub contacts: u32,
    /// Impulse felt, mN·s, all together.
    pub contact_mns: u64,
    /// The hardest felt in one frame, mN·s.
    pub hardest_mns: u64,
    /// Somebody was so near then that it was a touch of that person.
    pub by_person: bool,
    /// On the deck, g.
    pub load_g: u32,
    /// State of charge, 1/10 000.
    pub soc_bps: u32,
    /// Battery voltage, mV.
    pub battery_mv: u32,
    /// Charging?
    pub charging: bool,
    /// Health, 1/10 000.
    pub health_bps: u32,
    /// Errors as bits, in the order of [`crate::report::ErrorCode`].
    pub errors: u32,
    /// Stopped by a protective field or obstacle?
    pub paused: bool,
    /// Protective stops that began within it.
    pub pauses: u32,
    /// Cycles in which it moved as it should not have; at most [`MOMENTS_MAX`].
    pub moments: Vec<Moment>,
    /// What it was doing.
    pub mode: Mode,
    /// Highest order number taken up.
    pub order_seq: u64,
    /// The lease in force.
    pub lease: Option<LeaseId>,
    /// Step of its plan.
    pub step: u16,
    /// The platform was heard?
    pub online: bool,
    /// The camera's gate was open within it.
    pub gate_open: bool,
    /// Images kept within it.
    pub images: u32,
    /// Hash over them, if there are any: of one its own, of several SHA-256 over theirs, in order.
    pub images_hash: Option<Digest>,
}

impl Chunk {
    /// Its hash: what the next chunk, heartbeats and anchors name.
    pub fn hash(&self) -> Digest {
        sha256_plain(&encode(self))
    }
}

/// The last chunk that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Digest,
}

/// A run of chunks is final: nothing else will ever be shown for them.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Anchor {
    /// First chunk; the one after the last of the anchor before.
    pub from: u64,
    /// Last chunk.
    pub to: u64,
    /// Root of the RFC 6962 tree over them.
    pub root: Digest,
    /// Hashes of the chunks, in order, from which the root follows.
    pub chunks: Vec<Digest>,
}

/// An anchor as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Anchored {
    /// First chunk.
    pub from: u64,
    /// Last chunk.
    pub to: u64,
    /// Root over them.
    pub root: Digest,
}

/// Where some chunks of a window stand under an anchor.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Proof {
    /// First chunk of the anchor.
    pub from: u64,
    /// Last chunk of the anchor.
    pub to: u64,
    /// Its root.
    pub root: Digest,
    /// First chunk that is meant.
    pub first: u64,
    /// Last chunk that is meant.
    pub last: u64,
    /// Complete subtrees before them, left to right.
    pub left: Vec<Digest>,
    /// Complete subtrees after them, left to right.
    pub right: Vec<Digest>,
}

/// The answer to [`crate::Order::WantBlackbox`]: what was recorded in that time. Without chunks the robot has none.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Window {
    /// Of which incident; or the number under which it was wanted for a proof.
    pub incident: IncidentId,
    /// The chunks, by number; at most [`WINDOW_MAX`]. Where none reaches over an end of that time, the chunk beside it is among
    /// them, if there is one: so nobody leaves out the ends.
    pub chunks: Vec<Chunk>,
    /// Where they stand: each proof speaks of the next chunks, which follow each other without a gap in time.
    pub proofs: Vec<Proof>,
    /// Images that were made in the time of these chunks, if they are wanted and still kept; at most
    /// [`IMAGES_MAX`](crate::camera::IMAGES_MAX).
    pub images: Vec<Image>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::{Seen, Sort};
    use proptest::prelude::*;

    fn chunk(number: u64, seed: u64) -> Chunk {
        let from_ns = number.wrapping_mul(CHUNK.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // any bits will do
        Chunk {
            number,
            prev: Digest([seed as u8; 32]),
            from_ns,
            to_ns: from_ns.wrapping_add(CHUNK.0),
            pose: PoseMm { x_mm: seed as i64, y_mm: -(number as i64 >> 1), theta_urad: 7 },
            level: seed as u32 & 3,
            speed_mm_s: seed as i32,
            top_mm_s: seed as u32,
            told: (seed & 16 == 16).then_some(PoseMm { x_mm: 3, y_mm: -1, theta_urad: 9 }),
            commands: 20,
            clamps: seed as u32 & 31,
            by_hand: seed & 1 == 1,
            contacts: 1,
            contact_mns: seed,
            hardest_mns: seed >> 1,
            by_person: seed & 16 == 16,
            load_g: 500,
            soc_bps: 9_000,
            battery_mv: 12_000,
            charging: false,
            health_bps: 10_000,
            errors: 0,
            paused: seed & 2 == 2,
            pauses: seed as u32 & 3,
            moments: (0..seed & 3).map(|n| Moment { at_ns: from_ns.wrapping_add(n), speed_mm_s: seed as u32, stopped: n == 1 }).collect(),
            mode: Mode::Driving,
            order_seq: seed,
            lease: (seed & 4 == 4).then(|| LeaseId::named("l")),
            step: 3,
            online: true,
            gate_open: seed & 8 == 8,
            images: seed as u32 & 1,
            images_hash: (seed & 1 == 1).then_some(Digest([seed as u8; 32])),
        }
    }

    proptest! {
        #[test]
        fn chunks_and_windows_come_back_as_they_were_and_each_change_shows(number: u64, seed: u64) {
            let c = chunk(number, seed);
            let w = Window {
                incident: IncidentId::named("i"),
                chunks: vec![c.clone(), chunk(number.wrapping_add(1), seed)],
                proofs: vec![Proof { from: 0, to: number, root: c.hash(), first: number, last: number, left: vec![], right: vec![c.prev] }],
                images: vec![Image { at_ns: seed, seen: vec![Seen { range_mm: 7, bearing_mrad: -3, what: Sort::Person }] }],
            };
            prop_assert_eq!(nooterra_engine::decode::<Window>(&encode(&w)).unwrap(), w);
            let a = Anchor { from: number, to: number, root: c.hash(), chunks: vec![c.hash()] };
            prop_assert_eq!(nooterra_engine::decode::<Anchor>(&encode(&a)).unwrap(), a);
            let other = |change: fn(&mut Chunk)| { let mut o = c.clone(); change(&mut o); o };
            let changes: [fn(&mut Chunk); 9] = [
                |o| o.contact_mns ^= 1,
                |o| o.hardest_mns ^= 1,
                |o| o.to_ns ^= 1,
                |o| o.prev = o.hash(),
                |o| o.told = Some(o.pose),
                |o| o.gate_open = !o.gate_open,
                |o| o.images ^= 1,
                |o| o.pauses ^= 1,
                |o| o.moments.push(Moment { at_ns: 1, speed_mm_s: 1, stopped: false }),
            ];
            for other in changes.map(other) {
                prop_assert_ne!(other.hash(), c.hash());
            }
        }
    }
}
