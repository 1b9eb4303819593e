//! Keyed choices: no shared generator.
//!
//! A draw is keyed by `(site, entity)`: ChaCha8 keyed by the run's seed, its stream chosen by the pair, its position
//! by that pair's own counter. One more draw here moves nothing there, so a seed survives edits. Every draw can be
//! overridden by a [`Decisions`] list, which is what replay, shrinking, forking and fuzzing use; value 0 always means
//! "nothing bad happens".

use crate::digest::sha256;
use crate::{Record, real};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;

/// A place in the code that draws, by name. Names are part of the contract: renaming one moves its draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Place {
    /// First eight bytes of the hash of the name.
    pub key: u64,
}

impl Place {
    /// The place of this name.
    pub const fn named(name: &str) -> Self {
        // FNV-1a: only has to keep a few dozen names apart, and runs at compile time.
        let (b, mut h, mut i) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
        while i < b.len() {
            h = (h ^ b[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            i += 1;
        }
        Self { key: h }
    }
}

/// Overrides: the value of the `index`-th draw of a `(place, entity)`.
pub type Decisions = BTreeMap<(u64, u64, u64), u64>;

/// The source of every random value of a run.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Chance {
    seed: [u8; 32],
    counters: BTreeMap<(u64, u64), u64>,
    decisions: Decisions,
}

/// Words of ChaCha output reserved for one draw.
const STRIDE: u128 = 16;

impl Chance {
    /// The chance of a run with this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed: sha256(&[b"nooterra/seed/v1", &seed.to_le_bytes()]).0, counters: BTreeMap::new(), decisions: Decisions::new() }
    }
    /// The same with some draws decided beforehand.
    #[must_use]
    pub fn with_decisions(mut self, decisions: Decisions) -> Self {
        self.decisions = decisions;
        self
    }
    /// A key pair's or device's own secret under this seed.
    pub fn secret(&self, label: &str) -> [u8; 32] {
        sha256(&[b"nooterra/secret/v1", &self.seed, label.as_bytes()]).0
    }
    fn next(&mut self, place: Place, entity: u64) -> (ChaCha8Rng, u64) {
        let count = self.counters.entry((place.key, entity)).or_insert(0);
        let index = *count;
        *count += 1;
        let mut rng = self.stream(place, entity);
        rng.set_word_pos(u128::from(index) * STRIDE);
        (rng, index)
    }
    fn stream(&self, place: Place, entity: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::from_seed(self.seed);
        rng.set_stream(place.key ^ entity.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        rng
    }
    /// A value below `bound` (0 if `bound` is 0), decided by the list if it has an entry.
    pub fn choose(&mut self, place: Place, entity: u64, bound: u64) -> u64 {
        let (mut rng, index) = self.next(place, entity);
        if let Some(v) = self.decisions.get(&(place.key, entity, index)) {
            return if bound == 0 { 0 } else { *v % bound };
        }
        // Multiply-shift over 64 bits: bias below 2^-32 for every bound in use.
        ((u128::from(rng.next_u64()) * u128::from(bound)) >> 64) as u64
    }
    /// True with a probability of `ppm` in a million; decision 0 means false.
    pub fn happens(&mut self, place: Place, entity: u64, ppm: u32) -> bool {
        ppm > 0 && self.choose(place, entity, 1_000_000) >= 1_000_000 - u64::from(ppm.min(1_000_000))
    }
    /// A value in `low..=high`; decision 0 means `low`.
    pub fn between(&mut self, place: Place, entity: u64, low: u64, high: u64) -> u64 {
        low + self.choose(place, entity, high.saturating_sub(low).saturating_add(1))
    }
    /// Nanoseconds until the next event of a Poisson process with this mean gap.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // `as` saturates; a gap is not negative
    pub fn exponential_ns(&mut self, place: Place, entity: u64, mean_ns: u64) -> u64 {
        let u = (self.choose(place, entity, 1 << 53) as f64 + 1.0) / (1u64 << 53) as f64;
        (-real::ln(u) * mean_ns as f64) as u64
    }
    /// Fills `out` with standard normal noise (sum of four uniforms, bounded at ±3.46): one draw, whatever the length.
    pub fn normals(&mut self, place: Place, entity: u64, out: &mut [f32]) {
        let (rng, index) = self.next(place, entity);
        fill(rng, index, out);
    }
    /// Fills `out` as the last draw of [`Chance::normals`] here did, and draws nothing. Where nothing was drawn yet, it is
    /// left as it is.
    pub fn last_normals(&self, place: Place, entity: u64, out: &mut [f32]) {
        if let Some(index) = self.counters.get(&(place.key, entity)).and_then(|count| count.checked_sub(1)) {
            fill(self.stream(place, entity), index, out);
        }
    }
}

fn fill(mut rng: ChaCha8Rng, index: u64, out: &mut [f32]) {
    // The stream is split by draw, not by word, so a long scan may not run into the next draw's words.
    rng.set_stream(rng.get_stream() ^ (index + 1).wrapping_mul(0xd6e8_feb8_6659_fd93));
    rng.set_word_pos(0);
    for o in out {
        let w = rng.next_u64();
        let sum: u64 = (0..4).map(|i| (w >> (16 * i)) & 0xffff).sum();
        // Four uniforms on 0..65535: mean 131070, standard deviation 2 * 65536 / sqrt(12).
        *o = (sum as f32 - 131_070.0) / 37_837.23;
    }
}
