//! Outside witnesses sign how far the streams have come (domain 3.2): what they signed is the root over the heads of that
//! instant, worked out again from the events alone; each signs once, and none that is not named.

use crate::trail::Now;
use crate::verdict::{Class, Notes};
use nooterra_control::fact::GovernanceEvent;
use nooterra_control::genesis::Genesis;
use nooterra_engine::digest::Digest;
use nooterra_engine::encode;
use nooterra_engine::time::{Instant, Span};
use nooterra_trust::merkle::{FullTree, leaf_hash};
use std::collections::{BTreeMap, BTreeSet};

/// The streams' heads: next sequence and chain, by name.
pub(crate) type Streams = BTreeMap<String, (u64, Digest)>;

/// The judge.
#[derive(Debug)]
pub(crate) struct Heads {
    witnesses: BTreeSet<[u8; 16]>,
    every: Span,
    due: Instant,
    number: u64,
    roots: BTreeMap<u64, (Instant, u64, Option<Digest>)>,
    signed: BTreeSet<(u64, [u8; 16])>,
    pub notes: Notes,
}

impl Heads {
    pub fn new(g: &Genesis) -> Self {
        Self {
            witnesses: g.log_witnesses.iter().map(|w| *w.as_bytes()).collect(),
            every: g.policy.witness_every,
            due: g.at,
            number: 0,
            roots: BTreeMap::new(),
            signed: BTreeSet::new(),
            notes: Notes::of("outside witnesses signed the streams as they were", &[]),
        }
    }

    /// Time has come to `at`: with an input, all that was due by then is done; with a timer's event, all before it.
    pub fn pass(&mut self, at: Instant, by_input: bool, streams: &Streams) {
        if self.witnesses.is_empty() {
            return;
        }
        while self.due < at || (by_input && self.due == at) {
            let leaf = |(name, (next, chain)): (&String, &(u64, Digest))| leaf_hash(&encode(&(name.clone(), *next, *chain)));
            let count = streams.len() as u64;
            let root = FullTree::from_leaves(streams.iter().map(leaf)).root_at(count).ok();
            self.number += 1;
            self.roots.insert(self.number, (self.due, count, root));
            self.due = self.due.saturating_add(self.every);
        }
    }

    /// What is said about keys and heads.
    pub fn event(&mut self, n: Now, e: &GovernanceEvent, actor: [u8; 16]) {
        let GovernanceEvent::HeadWitnessed(head) = e else { return };
        self.notes.checked();
        let known = self.roots.get(&head.number).copied();
        let flaw = if !self.witnesses.contains(&actor) {
            Some("by somebody who is no witness")
        } else if !self.signed.insert((head.number, actor)) {
            Some("twice by the same witness")
        } else if known != Some((head.at, head.streams, Some(head.root))) {
            Some("with another root than that of the streams")
        } else {
            None
        };
        if let Some(flaw) = flaw {
            let story = format!("publication {} of {} is signed {flaw}", head.number, head.at);
            self.notes.broke_as(None, Class::Safety, n.at, n.tick, story, vec![]);
        }
    }
}
