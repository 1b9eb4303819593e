//! A network with the letters that are under way in it: hand in, and later take out what has arrived, in total order.

use crate::Record;
use crate::chance::Chance;
use crate::net::{Delivery, Network, Node, Profile};
use crate::queue::EventQueue;
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
    /// Hands in a letter.
    pub fn send(&mut self, now: Instant, from: Node, to: Node, bytes: Vec<u8>) {
        match self.network.send(now, from, to, &mut self.chance) {
            Delivery::Lost => {}
            Delivery::Once(at) => {
                self.under_way.push(at, 0, to, Letter { from, to, bytes });
            }
            Delivery::Twice(a, b) => {
                self.under_way.push(a, 0, to, Letter { from, to, bytes: bytes.clone() });
                self.under_way.push(b, 0, to, Letter { from, to, bytes });
            }
        }
    }
    /// Takes the next letter that has arrived by `now`.
    pub fn poll(&mut self, now: Instant) -> Option<(Instant, Letter)> {
        self.under_way.pop_due(now).map(|(k, l)| (k.at, l))
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
