//! The simulated network: messages between numbered nodes, lost, delayed, doubled and reordered by keyed choices.
//!
//! A link is an ordered pair of nodes. Its [`Profile`] says how it behaves; cuts (one-way) and partitions come on top.
//! Delivery times come out of [`Network::send`]; the caller puts the message into its event queue.

use crate::Record;
use crate::chance::{Chance, Place};
use crate::time::{Instant, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A node's number.
pub type Node = u32;

/// How a link treats messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Profile {
    /// Lost, parts per million.
    pub loss_ppm: u32,
    /// Delivered twice, parts per million.
    pub duplicate_ppm: u32,
    /// Shortest delay.
    pub delay_min: Span,
    /// Longest delay; each message draws its own, uniformly.
    pub delay_max: Span,
    /// May a message overtake an earlier one? If not, it waits for it.
    pub reorder: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self { loss_ppm: 0, duplicate_ppm: 0, delay_min: Span::from_millis(5), delay_max: Span::from_millis(20), reorder: false }
    }
}

/// A disturbance in force until it is lifted, by the number of the fault that set it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Disturbance {
    /// These links behave like this instead.
    Degrade {
        /// From any of these nodes to any of `to`, and back.
        from: BTreeSet<Node>,
        /// The other side.
        to: BTreeSet<Node>,
        /// The behaviour.
        profile: Profile,
    },
    /// Nothing passes from these nodes to those; the other way is open.
    Cut {
        /// Senders.
        from: BTreeSet<Node>,
        /// Receivers.
        to: BTreeSet<Node>,
    },
    /// Nothing passes between nodes inside the group and nodes outside it.
    Partition {
        /// One side.
        group: BTreeSet<Node>,
    },
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It never arrives.
    Lost,
    /// It arrives at this instant.
    Once(Instant),
    /// It arrives twice.
    Twice(Instant, Instant),
}

/// Totals since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct NetworkCounters {
    /// Messages handed in.
    pub sent: u64,
    /// Lost to chance.
    pub lost: u64,
    /// Stopped by a cut or partition.
    pub cut: u64,
    /// Delivered twice.
    pub duplicated: u64,
}

/// All links.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Network {
    base: Profile,
    disturbances: BTreeMap<u32, Disturbance>,
    /// Latest delivery per link, for links that keep order.
    latest: BTreeMap<(Node, Node), Instant>,
    /// Totals.
    pub counters: NetworkCounters,
}

const LOSS: Place = Place::named("net.loss");
const DELAY: Place = Place::named("net.delay");
const DUPLICATE: Place = Place::named("net.duplicate");

impl Network {
    /// A network whose links all behave like `base`.
    pub fn new(base: Profile) -> Self {
        Self { base, ..Self::default() }
    }
    /// Starts a disturbance.
    pub fn disturb(&mut self, fault: u32, d: Disturbance) {
        self.disturbances.insert(fault, d);
    }
    /// Lifts a disturbance.
    pub fn lift(&mut self, fault: u32) {
        self.disturbances.remove(&fault);
    }
    /// Does anything pass from `from` to `to` now?
    pub fn is_open(&self, from: Node, to: Node) -> bool {
        !self.disturbances.values().any(|d| match d {
            Disturbance::Cut { from: f, to: t } => f.contains(&from) && t.contains(&to),
            Disturbance::Partition { group } => group.contains(&from) != group.contains(&to),
            Disturbance::Degrade { .. } => false,
        })
    }
    fn profile(&self, from: Node, to: Node) -> Profile {
        let touches =
            |a: &BTreeSet<Node>, b: &BTreeSet<Node>| (a.contains(&from) && b.contains(&to)) || (a.contains(&to) && b.contains(&from));
        self.disturbances
            .values()
            .rev()
            .find_map(|d| match d {
                Disturbance::Degrade { from: f, to: t, profile } if touches(f, t) => Some(*profile),
                _ => None,
            })
            .unwrap_or(self.base)
    }
    /// Hands in a message; says when it arrives, if it does.
    pub fn send(&mut self, now: Instant, from: Node, to: Node, chance: &mut Chance) -> Delivery {
        self.counters.sent += 1;
        if !self.is_open(from, to) {
            self.counters.cut += 1;
            return Delivery::Lost;
        }
        let p = self.profile(from, to);
        let link = (u64::from(from) << 32) | u64::from(to);
        if chance.happens(LOSS, link, p.loss_ppm) {
            self.counters.lost += 1;
            return Delivery::Lost;
        }
        let first = self.arrival(now, from, to, p, link, chance);
        if chance.happens(DUPLICATE, link, p.duplicate_ppm) {
            self.counters.duplicated += 1;
            let second = self.arrival(now, from, to, p, link, chance);
            return Delivery::Twice(first, second);
        }
        Delivery::Once(first)
    }
    fn arrival(&mut self, now: Instant, from: Node, to: Node, p: Profile, link: u64, chance: &mut Chance) -> Instant {
        let mut at = now + Span(chance.between(DELAY, link, p.delay_min.0, p.delay_max.0.max(p.delay_min.0)));
        if !p.reorder {
            let latest = self.latest.entry((from, to)).or_default();
            at = at.max(*latest);
            *latest = at;
        }
        at
    }
}
