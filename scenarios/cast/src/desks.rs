//! Desks: people who speak to the platform when the scenario gives them a cue: staff, the trust service, the insurer, finance, whoever
//! runs the site, the developer of a skill and its certifier, the market service, the auditor.

use crate::Mail;
use crate::mindful::Mindful;
use nooterra_engine::net::Node;
use nooterra_engine::{Digest, Instant, Record};
use nooterra_trust::{Draft, Outbox, Role};
use std::collections::BTreeMap;

/// Who sits there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Seat {
    /// Staff of the platform.
    Staff,
    /// The trust service, first key.
    Trust,
    /// The trust service, the key of somebody else.
    TrustToo,
    /// The insurer.
    Insurer,
    /// Finance, first key.
    Finance,
    /// Finance, the key of somebody else.
    FinanceToo,
    /// Whoever runs the site.
    Landlord,
    /// Who wrote the navigation skill.
    Developer,
    /// Who certified it.
    Certifier,
    /// The market service.
    Market,
    /// Staff of the platform, the key of somebody else.
    StaffToo,
    /// The auditor.
    Auditor,
}

impl Seat {
    /// Every seat, in the order of their nodes.
    pub const ALL: [Self; 12] = [
        Self::Staff,
        Self::Trust,
        Self::TrustToo,
        Self::Insurer,
        Self::Finance,
        Self::FinanceToo,
        Self::Landlord,
        Self::Developer,
        Self::Certifier,
        Self::Market,
        Self::StaffToo,
        Self::Auditor,
    ];
    /// The name of the party, from which its id and its key follow.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Trust => "trust",
            Self::TrustToo => "trust-2",
            Self::Insurer => "insurer",
            Self::Finance => "finance",
            Self::FinanceToo => "finance-2",
            Self::Landlord => "landlord",
            Self::Developer => "navigation skill",
            Self::Certifier => "certifier",
            Self::Market => "market",
            Self::StaffToo => "staff-2",
            Self::Auditor => "auditor",
        }
    }
    /// The role of its key.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Staff | Self::StaffToo => Role::OS,
            Self::Trust | Self::TrustToo => Role::TR,
            Self::Insurer => Role::IN,
            Self::Finance | Self::FinanceToo => Role::FI,
            Self::Landlord => Role::SI,
            Self::Developer => Role::DV,
            Self::Certifier => Role::CE,
            Self::Market => Role::MK,
            Self::Auditor => Role::AU,
        }
    }
    /// Its node.
    #[must_use]
    pub const fn node(self) -> Node {
        DESKS + self as Node
    }
}

/// First node of the desks.
pub const DESKS: Node = 50_000;

/// All desks.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Desks {
    outboxes: Vec<Outbox>,
    readers: Vec<Reader>,
}

/// What somebody at a desk has read.
#[derive(Debug, Clone, PartialEq, Default, Record)]
struct Reader {
    /// How far streams had come when it last heard of them.
    heads: BTreeMap<String, Digest>,
    /// What it said at a head and waits for an answer.
    mindful: Mindful,
}

impl Desks {
    pub(crate) fn new(outbox: impl Fn(Seat) -> Outbox) -> Self {
        Self { outboxes: Seat::ALL.into_iter().map(outbox).collect(), readers: vec![Reader::default(); Seat::ALL.len()] }
    }
    pub(crate) fn at(&mut self, seat: Seat) -> Option<&mut Outbox> {
        self.outboxes.get_mut(seat as usize)
    }
    pub(crate) fn receive(&mut self, now: Instant, seat: usize, mail: &Mail) {
        let (Some(o), Some(r)) = (self.outboxes.get_mut(seat), self.readers.get_mut(seat)) else { return };
        match mail {
            Mail::Receipt(receipt) => {
                let acked = o.receive(receipt, now);
                r.mindful.receive(o, &acked, now);
            }
            Mail::Docket { stream, head } => {
                r.heads.insert(stream.clone(), *head);
            }
            _ => {}
        }
    }
    /// Decides something, at the head of a stream as this seat heard of it last. A stream that it never heard of has no events
    /// that it could have read.
    pub(crate) fn decide(&mut self, now: Instant, seat: Seat, stream: &str, draft: &Draft) {
        let i = seat as usize;
        if let (Some(o), Some(r)) = (self.outboxes.get_mut(i), self.readers.get_mut(i)) {
            r.mindful.say(o, draft, r.heads.get(stream).copied().unwrap_or(Digest::ZERO), now);
        }
    }
    pub(crate) fn post(&mut self, now: Instant, send: &mut impl FnMut(Node, Vec<u8>)) {
        for (seat, o) in Seat::ALL.into_iter().zip(&mut self.outboxes) {
            o.due(now).iter().for_each(|e| send(seat.node(), e.to_bytes()));
        }
    }
    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.outboxes.iter().filter_map(|o| o.next_deadline(now)).min()
    }
    pub(crate) fn at_rest(&self) -> bool {
        self.outboxes.iter().all(|o| o.unacked() == 0)
    }
}
