//! Heads of the streams, seen from outside (domain 3.2): each minute the platform says to witnesses that are none of its own
//! how far every stream has come, as one root. What a witness has signed cannot be changed, left out or moved behind its
//! back any more: whoever has the streams works the root out again.
//!
//! The tree is that of RFC 6962, over one leaf for each stream in the order of their names: the canonical bytes of
//! `(name, next sequence, chain)`. It is published when all else that is due at that instant is done.

use crate::fact::GovernanceEvent;
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::Wish;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::PartyId;
use nooterra_engine::time::Instant;
use nooterra_engine::{Record, encode, sometimes};
use nooterra_trust::chain::Streams;
use nooterra_trust::merkle::{Tree, leaf_hash};
use nooterra_trust::{Code, Role};
use std::collections::{BTreeSet, VecDeque};

/// Publications that a witness may still sign.
const KEPT: usize = 16;

/// All streams' heads at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Published {
    /// Counts from 1.
    pub number: u64,
    /// When.
    pub at: Instant,
    /// Inputs taken by then.
    pub log_seq: u64,
    /// How many streams there are.
    pub streams: u64,
    /// Root over their heads.
    pub root: Digest,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Shown {
    head: Published,
    signed: BTreeSet<PartyId>,
}

/// What was published last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Heads {
    number: u64,
    /// When the next one is.
    pub(crate) due: Instant,
    shown: VecDeque<Shown>,
}

impl Heads {
    /// Nothing was published yet; the first time is now.
    pub(crate) fn first(now: Instant) -> Self {
        Self { due: now, ..Self::default() }
    }
}

/// How many streams there are, and the root over their heads.
pub fn root_of(streams: &Streams) -> (u64, Digest) {
    let mut tree = Tree::default();
    let mut count = 0;
    for (name, head) in streams.iter() {
        tree.push(leaf_hash(&encode(&(name.to_owned(), head.next_seq, head.chain))));
        count += 1;
    }
    (count, tree.root())
}

impl Unit<'_> {
    /// It is time to say how far the streams have come.
    pub(crate) fn publish_heads(&mut self) {
        let now = self.now();
        let every = self.s.genesis.policy.witness_every;
        let (streams, mut root) = root_of(&self.s.streams);
        if nooterra_engine::planted!("show witnesses another root") {
            root = Digest::ZERO;
        }
        let log_seq = self.s.log_seq;
        let h = &mut self.s.heads;
        h.number += 1;
        h.due = now.saturating_add(every);
        let head = Published { number: h.number, at: now, log_seq, streams, root };
        if h.shown.len() == KEPT {
            h.shown.pop_front();
        }
        h.shown.push_back(Shown { head, signed: BTreeSet::new() });
        for party in self.s.genesis.log_witnesses.clone() {
            self.wish(Wish::Witness { party, head });
        }
    }

    /// A witness has seen a publication, and signs its root.
    pub(crate) fn head_seen(&mut self, number: u64, root: Digest) -> Outcome {
        need(self.cx.role == Role::WI, Code::RoleForbidden)?;
        let who = PartyId::from_bytes(self.cx.actor);
        need(self.s.genesis.log_witnesses.contains(&who), Code::NotFound)?;
        let Some(shown) = self.s.heads.shown.iter_mut().find(|s| s.head.number == number) else { return no(Code::NotFound) };
        need(shown.head.root == root, Code::HeadConflict)?;
        need(!shown.signed.contains(&who), Code::AlreadyDone)?;
        shown.signed.insert(who);
        let head = shown.head;
        sometimes!(true, "head witnessed");
        self.govern(GovernanceEvent::HeadWitnessed(head));
        Ok(())
    }
}
