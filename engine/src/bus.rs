//! A network with the letters that are under way in it: hand in, and later take out what has arrived, in total order.

use crate::Record;
use crate::chance::Chance;
use crate::net::{Delivery, Network, Node, Profile};
use crate::queue::{EventQueue, Key};
use crate::time::Instant;

/// A message between two nodes.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Letter {
    /// Sender.
    pub from: Node,
    /// Receiver.
    pub to: Node,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// Links and the letters on them.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Bus {
    /// How the links behave; faults disturb it.
    pub network: Network,
    chance: Chance,
    under_way: EventQueue<Letter>,
}

impl Bus {
    /// A bus whose links behave like `base`; its draws are those of `seed`.
    #[must_use]
    pub fn new(base: Profile, seed: u64) -> Self {
        Self { network: Network::new(base), chance: Chance::new(seed), under_way: EventQueue::default() }
    }
    /// Hands in a letter. Gives the number under which it is under way, if it is: the first one's, if it goes twice.
    pub fn send(&mut self, now: Instant, from: Node, to: Node, bytes: Vec<u8>) -> Option<u64> {
        let (first, second) = match self.network.send(now, from, to, &mut self.chance) {
            Delivery::Lost => return None,
            Delivery::Once(at) => (at, None),
            Delivery::Twice(a, b) => (a, Some((b, bytes.clone()))),
        };
        let key = self.under_way.push(first, 0, to, Letter { from, to, bytes });
        if let Some((at, bytes)) = second {
            self.under_way.push(at, 0, to, Letter { from, to, bytes });
        }
        Some(key.sequence)
    }
    /// Takes the next letter that has arrived by `now`, with its place in the order of arrival.
    pub fn poll(&mut self, now: Instant) -> Option<(Key, Letter)> {
        self.under_way.pop_due(now)
    }
    /// When the next letter arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.under_way.peek().map(|k| k.at)
    }
    /// Letters under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }
}
