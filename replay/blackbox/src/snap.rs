//! Keyframes as the log holds them: packed, most of them against an earlier one.
//!
//! Two keyframes ten seconds apart have most of their bytes in common, and the further apart they are, the less. So the
//! `n`-th after a whole one builds on the one whose number is `n` with its lowest bit cleared: half of all keyframes
//! build on their neighbour, and none needs more than a few others to be unpacked. Digests are taken over content, so
//! how a keyframe is packed says nothing about what it is.

use nooterra_engine::keyframe::Keyframe;
use nooterra_engine::record::{decode, encode};
use nooterra_engine::{Digest, Instant, Record};
use std::io::{self, Read as _};
use zstd::zstd_safe::{CCtx, CParameter, compress_bound, get_error_name};

/// Longest keyframe that is unpacked.
pub const KEYFRAME_BYTES_MAX: u64 = 1 << 30;
/// Most keyframes that one builds on, each on the next.
pub const LADDER_MAX: usize = 8;
/// Most packed bytes that a reader holds for keyframes that are still to come.
const LADDER_BYTES_MAX: usize = 1 << 28;
/// At least one keyframe of so many stands alone.
const WHOLE_EVERY: u32 = 32;
/// Below level 3 zstd looks for what two keyframes have in common in too few places; above, little more is found.
const LEVEL: i32 = 3;
/// Decoders refuse a larger window if they are not told otherwise.
const WINDOW_LOG_MAX: u32 = 27;

/// The keyframe that another one is packed against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Base {
    /// Its instant.
    pub at: Instant,
    /// Digest over its content.
    pub digest: Digest,
}

impl Base {
    pub(crate) fn missing(&self) -> String {
        format!("the keyframe of {} that it is packed against is not there", self.at)
    }
}

/// A keyframe, packed.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Snap {
    /// The tick that had just been completed.
    pub tick: u64,
    /// Digest over the keyframe's content.
    pub digest: Digest,
    /// `zstd`.
    pub codec: String,
    /// Length of the keyframe's canonical bytes.
    pub length: u64,
    /// The keyframe whose canonical bytes are the prefix of the packed ones; none for one that stands alone.
    pub base: Option<Base>,
    /// Packed canonical bytes.
    pub bytes: Vec<u8>,
}

impl Snap {
    /// Packs a keyframe that stands alone.
    pub fn whole(k: &Keyframe) -> io::Result<Self> {
        Self::of(k, &encode(k), None)
    }

    fn of(k: &Keyframe, raw: &[u8], base: Option<&Rung>) -> io::Result<Self> {
        let bytes = compress(raw, base.map(|b| b.raw.as_slice()))?;
        let base = base.map(|b| b.name);
        Ok(Self { tick: k.tick, digest: k.digest(), codec: "zstd".into(), length: raw.len() as u64, base, bytes })
    }

    /// Unpacks one that stands alone; its digest must fit. [`LogReader::keyframe`](crate::LogReader::keyframe) unpacks
    /// the others too.
    pub fn unpack(&self) -> Result<Keyframe, String> {
        Ladder::default().unpack(self)
    }

    /// Canonical bytes, from those of the base.
    fn raw(&self, base: &[u8]) -> Result<Vec<u8>, String> {
        if self.codec != "zstd" {
            return Err(format!("keyframe codec `{}` is unknown", self.codec));
        }
        if self.length > KEYFRAME_BYTES_MAX {
            return Err(format!("keyframe of {} bytes is too long", self.length));
        }
        let mut raw = Vec::new();
        zstd::stream::Decoder::with_ref_prefix(self.bytes.as_slice(), base)
            .and_then(|d| d.take(self.length + 1).read_to_end(&mut raw))
            .map_err(|e| format!("keyframe does not unpack: {e}"))?;
        if raw.len() as u64 != self.length {
            return Err(format!("keyframe has {} bytes, {} were announced", raw.len(), self.length));
        }
        Ok(raw)
    }
}

fn compress(raw: &[u8], prefix: Option<&[u8]>) -> io::Result<Vec<u8>> {
    let failed = |code| io::Error::other(get_error_name(code));
    let mut c = CCtx::create();
    c.set_parameter(CParameter::CompressionLevel(LEVEL)).map_err(failed)?;
    if let Some(prefix) = prefix {
        // The window takes in the whole of both, so that no part of the prefix is out of sight; and the tables remember
        // enough places of it: those that level 3 has by itself forget most of a prefix beyond a megabyte.
        let bits = usize::BITS - (prefix.len() + raw.len()).leading_zeros();
        c.set_parameter(CParameter::WindowLog(bits.clamp(10, WINDOW_LOG_MAX))).map_err(failed)?;
        let places = bits.saturating_sub(3).clamp(17, 22);
        c.set_parameter(CParameter::HashLog(places)).map_err(failed)?;
        c.set_parameter(CParameter::ChainLog(places)).map_err(failed)?;
        c.ref_prefix(prefix).map_err(failed)?;
    }
    let mut packed = Vec::with_capacity(compress_bound(raw.len()));
    c.compress2(&mut packed, raw).map_err(failed)?;
    Ok(packed)
}

/// A keyframe that later ones may be packed against.
#[derive(Debug)]
struct Rung {
    number: u32,
    name: Base,
    raw: Vec<u8>,
}

/// How well the last keyframe that stands alone was packed.
#[derive(Debug, Default)]
struct Whole {
    length: u64,
    packed: u64,
}

/// Packs the keyframes of one log, in their order.
#[derive(Debug, Default)]
pub struct Packer {
    next: u32,
    whole: Whole,
    rungs: Vec<Rung>,
}

impl Packer {
    /// Packs the next keyframe.
    pub fn pack(&mut self, k: &Keyframe) -> io::Result<Snap> {
        let raw = encode(k);
        let below = self.next & self.next.wrapping_sub(1);
        self.rungs.retain(|r| r.number <= below);
        let base = self.rungs.last().filter(|_| self.next != 0);
        let mut snap = Snap::of(k, &raw, base)?;
        if snap.base.is_some() && snap.bytes.len() as u64 * self.whole.length >= self.whole.packed * snap.length {
            // As long as one that stands alone would be if it were packed as well as the last one was: perhaps it is shorter.
            let alone = Snap::of(k, &raw, None)?;
            if alone.bytes.len() <= snap.bytes.len() {
                snap = alone;
                self.next = 0;
            }
        }
        if snap.base.is_none() {
            self.whole = Whole { length: snap.length, packed: snap.bytes.len() as u64 };
            self.rungs.clear();
        }
        self.rungs.push(Rung { number: self.next, name: Base { at: k.at, digest: snap.digest }, raw });
        self.next = (self.next + 1) % WHOLE_EVERY;
        Ok(snap)
    }
}

/// The keyframes that the next one of a log may be packed against: each builds on the one before it.
#[derive(Debug, Clone, Default)]
pub struct Ladder {
    rungs: Vec<Snap>,
}

impl Ladder {
    /// Takes the next keyframe of the log. One whose base was not there is no base for others.
    pub fn push(&mut self, snap: Snap) {
        match self.below(&snap) {
            Ok(n) => self.rungs.truncate(n),
            Err(_) => return,
        }
        let held: usize = self.rungs.iter().map(|r| r.bytes.len()).sum();
        if self.rungs.len() < LADDER_MAX && held + snap.bytes.len() <= LADDER_BYTES_MAX {
            self.rungs.push(snap);
        }
    }

    /// How many rungs a keyframe builds on.
    fn below(&self, snap: &Snap) -> Result<usize, String> {
        let Some(base) = &snap.base else { return Ok(0) };
        self.rungs.iter().rposition(|r| r.digest == base.digest).map(|i| i + 1).ok_or_else(|| base.missing())
    }

    /// Unpacks a keyframe; its digest must fit.
    pub fn unpack(&self, snap: &Snap) -> Result<Keyframe, String> {
        let mut raw = Vec::new();
        for rung in &self.rungs[..self.below(snap)?] {
            raw = rung.raw(&raw).map_err(|e| format!("it builds on tick {}, and there: {e}", rung.tick))?;
        }
        let raw = snap.raw(&raw)?;
        let k: Keyframe = decode(&raw).map_err(|e| format!("keyframe does not decode: {e}"))?;
        if k.digest() == snap.digest { Ok(k) } else { Err("keyframe differs from its digest".into()) }
    }
}
