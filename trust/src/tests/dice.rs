//! Repeatable throws for random histories, and the tally that demands that each operation was both taken and refused.

use crate::guard::Hand;
use crate::parties::Parties;
use crate::rejection::{Code, Rejection};
use crate::role::Role;
use nooterra_engine::Digest;
use nooterra_engine::ids::{KeyId, PartyId};
use std::collections::BTreeMap;

pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

#[derive(Default)]
pub struct Tally {
    ops: BTreeMap<&'static str, [u64; 2]>,
    codes: BTreeMap<Code, u64>,
}

impl Tally {
    pub fn note<T>(&mut self, op: &'static str, r: &Result<T, Rejection>) {
        let n = self.ops.entry(op).or_default();
        match r {
            Ok(_) => n[0] += 1,
            Err(e) => {
                n[1] += 1;
                *self.codes.entry(e.code).or_default() += 1;
            }
        }
    }
    /// Every one of these operations was seen to succeed and to be refused.
    pub fn demand(&self, what: &str, ops: &[&str], codes: &[Code]) {
        println!("{what}: taken, refused {:?}; refusals {:?}", self.ops, self.codes);
        for op in ops {
            let [ok, bad] = self.ops.get(op).copied().unwrap_or_default();
            assert!(ok > 0 && bad > 0, "{what}: {op} taken {ok} times, refused {bad} times");
        }
        for c in codes {
            assert!(self.codes.contains_key(c), "{what}: never refused with {c}");
        }
    }
}

pub fn party(name: &str) -> PartyId {
    PartyId::named(name)
}

pub fn parties() -> Parties {
    Parties {
        requester: party("rq"),
        owner: party("ow"),
        operator: Some(party("op")),
        developer: Some(party("dv")),
        insurer: Some(party("in")),
    }
}

/// A hand of this role, by its first key, of this party.
pub fn hand(role: Role, of: &str) -> Hand {
    Hand { role, key: Some(KeyId::named(&format!("{role}{of}"))), party: (!of.is_empty()).then(|| party(of)) }
}

pub fn digest(n: u64) -> Digest {
    nooterra_engine::digest::sha256_plain(&n.to_le_bytes())
}
