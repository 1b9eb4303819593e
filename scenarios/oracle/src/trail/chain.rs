//! Who said what: every event has a cause, a signer who may sign it and its place in an unbroken chain (I7); what was
//! refused left nothing behind (I6); time only goes forward (I8).
//!
//! Everything is computed again from the bytes: hashes, signatures, positions. Of the platform's own code only the
//! record encoding and the signature scheme are shared.

use crate::trail::signers;
use crate::trail::{Now, Said};
use crate::verdict::{Class, Notes};
use nooterra_control::fact::{Event as Payload, GovernanceEvent, Recorded, Refused};
use nooterra_control::genesis::Genesis;
use nooterra_engine::digest::{Digest, sha256};
use nooterra_engine::encode;
use nooterra_engine::ids::{KeyId, TenantId};
use nooterra_engine::time::Instant;
use nooterra_jobs::event::Event;
use nooterra_trust::{Binding, Code, Envelope, Role};
use std::collections::{BTreeMap, BTreeSet};

/// What is read of a robot without a job before somebody decides about it.
const GRAVE: [&str; 9] = [
    "INCIDENT_OPENED",
    "INCIDENT_REPEATED",
    "INCIDENT_TRIAGED",
    "ROBOT_QUARANTINED",
    "QUARANTINE_CLEARED",
    "STOP_ISSUED",
    "STOP_CLEARED",
    "MAINTENANCE_OPENED",
    "MAINTENANCE_CLOSED",
];

/// Decisions that rest on what was shown (domain 3.1), and offers that are answered.
const READ: [&str; 15] = [
    "QUOTE_COUNTERED",
    "QUOTE_ACCEPTED",
    "INCIDENT_TRIAGED",
    "INCIDENT_CLOSED",
    "CLAIM_TRIAGED",
    "CLAIM_RESERVED",
    "CLAIM_APPROVED",
    "CLAIM_DENIED",
    "INSURER_RECOVERY_DENIED",
    "DISPUTE_DECIDED",
    "PROOF_OVERRIDDEN",
    "SETTLEMENT_FORFEITED",
    "REFUND_ISSUED",
    "SLA_CREDIT_ISSUED",
    "ADJUSTMENT_POSTED",
];
/// Length of the signature field at the end of an envelope's bytes.
const SIG_BYTES: usize = 67;

/// The input that is being decided.
#[derive(Debug, Clone)]
struct Open {
    said: Said,
    /// Why it could not be taken: form, identity or position.
    flaw: Option<&'static str>,
    /// It was decided before: only its first verdict counts.
    again: bool,
    refused: bool,
    events: u32,
    /// The head at which its sender read.
    read: Option<Digest>,
    /// Heads before it of the streams that it moves.
    before: BTreeMap<String, Digest>,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Chain {
    tenant: TenantId,
    keys: BTreeMap<KeyId, Binding>,
    actors: BTreeMap<[u8; 16], (u64, Digest)>,
    causes: BTreeSet<Digest>,
    streams: BTreeMap<String, (u64, Digest)>,
    /// Of robots' streams, the last event that says more than how a robot is.
    grave: BTreeMap<String, Digest>,
    cause: (Digest, u32),
    last: Instant,
    open: Option<Open>,
    /// Where the chain of the open input's sender stood before it.
    before: Option<(u64, Digest)>,
    pub notes: Notes,
}

impl Chain {
    pub fn new(g: &Genesis) -> Self {
        Self {
            tenant: g.tenant,
            keys: g.keys.iter().map(|b| (b.public.id(), b.clone())).collect(),
            actors: BTreeMap::new(),
            causes: BTreeSet::new(),
            streams: BTreeMap::new(),
            grave: BTreeMap::new(),
            cause: (Digest::ZERO, 0),
            last: Instant::ZERO,
            open: None,
            before: None,
            notes: Notes::of("every event is signed, chained and in order", &[7, 6, 8]),
        }
    }
    fn broke(&mut self, n: Now, number: u8, story: String) {
        self.notes.broke_as(Some(number), Class::Safety, n.at, n.tick, story, vec![]);
    }

    /// An input arrives. What is known of the one before it is final.
    pub fn input(&mut self, n: Now, e: &Envelope) {
        self.close(n);
        let bytes = encode(e);
        let unsigned = &bytes[..bytes.len().saturating_sub(SIG_BYTES)];
        let hash = sha256(&[b"nooterra/in/v1", unsigned]);
        let signed = [b"nooterra/in/v1".as_slice(), unsigned].concat();
        let flaw = self.flaw(n, e, &signed);
        let again = flaw.is_some_and(|f| f == "position") && self.causes.contains(&hash);
        let said = Said { hash, key: e.key, role: self.keys.get(&e.key).map(|b| b.role), actor: e.actor, lease: e.lease, fence: e.fence };
        self.open = Some(Open { said, flaw, again, refused: false, events: 0, read: e.expect_head, before: BTreeMap::new() });
        if flaw.is_none() {
            // Whatever the verdict, the sender's chain has moved on; but for one, see below.
            self.before = self.actors.insert(e.actor, (e.actor_seq, hash));
            self.causes.insert(hash);
        }
    }

    fn flaw(&self, n: Now, e: &Envelope, signed: &[u8]) -> Option<&'static str> {
        let Some(b) = self.keys.get(&e.key) else { return Some("key") };
        if e.v != 1 || e.tenant != self.tenant {
            return Some("form");
        }
        if !b.public.verify(signed, &e.sig) {
            return Some("signature");
        }
        if b.from > n.at || n.at >= b.to || b.revoked_at.is_some_and(|r| r <= n.at) || b.tenant != e.tenant || b.subject != e.actor {
            return Some("identity");
        }
        let (seq, head) = self.actors.get(&e.actor).copied().unwrap_or((0, Digest::ZERO));
        (e.actor_seq != seq + 1 || e.actor_prev != head).then_some("position")
    }

    /// Cannot it be taken, or was it taken before?
    pub fn is_flawed(&self) -> bool {
        self.open.as_ref().is_some_and(|o| o.flaw.is_some())
    }
    /// The input that is being decided.
    pub fn said(&self) -> Option<Said> {
        self.open.as_ref().map(|o| o.said)
    }

    /// An input was refused.
    pub fn refused(&mut self, n: Now, r: &Refused) {
        let Some(o) = self.open.as_mut().filter(|o| o.said.hash == r.input_hash) else {
            return self.broke(n, 7, format!("a refusal of {} names an input that did not just arrive", r.type_name));
        };
        o.refused = true;
        // Who says too much says the same again later.
        if r.rejection.code == Code::RateLimited && o.flaw.is_none() {
            let (actor, hash) = (o.said.actor, o.said.hash);
            self.causes.remove(&hash);
            match self.before {
                Some(before) => self.actors.insert(actor, before),
                None => self.actors.remove(&actor),
            };
        }
    }

    /// The unit is over.
    pub fn close(&mut self, n: Now) {
        let Some(o) = self.open.take() else { return };
        self.notes.checked();
        if o.refused && o.events > 0 {
            self.broke(n, 6, format!("a refused input of {:?} left {} events", o.said.role, o.events));
        }
        if o.again && o.events > 0 {
            self.broke(n, 7, format!("an input of {:?} that was decided before left {} events", o.said.role, o.events));
        }
        if let Some(flaw) = o.flaw.filter(|_| !o.refused && !o.again) {
            self.broke(n, 7, format!("an input of {:?} was taken though its {flaw} is not in order", o.said.role));
        }
    }

    /// An event was written.
    pub fn event(&mut self, n: Now, r: &Recorded) {
        self.notes.checked();
        let h = &r.header;
        let name = r.payload.name();
        let (seq, prev) = self.streams.get(&h.stream).copied().unwrap_or((0, Digest::ZERO));
        let payload = sha256(&[b"nooterra/pl/v1", &encode(&r.payload)]);
        let chain = sha256(&[b"nooterra/ev/v1", &encode(h)]);
        if (h.seq, h.prev) != (seq, prev) || r.chain != chain || h.payload_hash != payload || h.type_name != name {
            self.broke(n, 7, format!("{name} number {} of {} does not follow what stands before it", h.seq, h.stream));
        }
        self.streams.insert(h.stream.clone(), (h.seq + 1, chain));
        if h.legal_ns < self.last {
            self.broke(n, 8, format!("{name} of {} is of {} after {}", h.stream, h.legal_ns, self.last));
        }
        self.last = self.last.max(h.legal_ns);
        let by_input = self.open.as_ref().is_some_and(|o| o.said.hash == h.cause);
        // One cause is one batch, numbered from nothing.
        let (cause, next) = if self.cause.0 == h.cause { self.cause } else { (h.cause, 0) };
        let is_new = next > 0 || by_input || self.causes.insert(h.cause);
        if h.ordinal != next || !is_new {
            self.broke(n, 7, format!("{name} of {} is number {} of its cause, {next} was due", h.stream, h.ordinal));
        }
        self.cause = (cause, h.ordinal + 1);
        if let Some(o) = self.open.as_mut().filter(|_| by_input) {
            o.events += 1;
            // A robot's stream goes on with every heartbeat: only what a decision may rest on was to be read.
            let of_robot = h.stream.starts_with("robot/").then(|| self.grave.get(&h.stream).copied().unwrap_or_default());
            let head = *o.before.entry(h.stream.clone()).or_insert(of_robot.unwrap_or(prev));
            // What follows of a decision by itself is signed by a service, without a key.
            if h.key.is_some() && READ.contains(&name) && o.read != Some(head) {
                self.broke(n, 7, format!("{name} of {} was decided at another head than {head}", h.stream));
            }
        }
        if h.stream.starts_with("robot/") && (matches!(r.payload, Payload::Case(_)) || GRAVE.contains(&name)) {
            self.grave.insert(h.stream.clone(), chain);
        }
        self.signer(n, r, by_input);
        if let Payload::Governance(e) = &r.payload {
            self.governed(n, h.legal_ns, e, by_input);
        }
    }

    /// Keys come and go: two people of staff bind and revoke them, whoever has one puts another in its place.
    fn governed(&mut self, n: Now, at: Instant, e: &GovernanceEvent, by_input: bool) {
        let said = self.said().filter(|_| by_input);
        match e {
            GovernanceEvent::KeyBound(b) => {
                if self.keys.insert(b.public.id(), (**b).clone()).is_some() {
                    self.broke(n, 7, format!("a key of {} was bound twice", b.name));
                }
            }
            GovernanceEvent::KeyRotated(t) | GovernanceEvent::RobotKeyRotated(t) => {
                let own = said.is_some_and(|s| s.key == t.old);
                let Some(b) = self.keys.get_mut(&t.old).filter(|_| own && t.new == t.public.id()) else {
                    return self.broke(n, 7, format!("key {} was put in the place of one that did not ask for it", t.new));
                };
                let new = Binding { public: t.public, from: at, ..b.clone() };
                b.to = b.to.min(at.saturating_add(t.overlap));
                if self.keys.insert(t.new, new).is_some() {
                    self.broke(n, 7, format!("key {} was bound twice", t.new));
                }
            }
            GovernanceEvent::KeyRevoked { key, .. } => match self.keys.get_mut(key) {
                Some(b) => b.revoked_at = Some(b.revoked_at.map_or(at, |r| r.min(at))),
                None => self.broke(n, 7, format!("key {key} was revoked and never bound")),
            },
            GovernanceEvent::AuditRecorded { .. }
            | GovernanceEvent::PartyVerified { .. }
            | GovernanceEvent::TenantPolicySet { .. }
            | GovernanceEvent::HeadWitnessed(_) => {}
        }
    }

    fn signer(&mut self, n: Now, r: &Recorded, by_input: bool) {
        let (h, name) = (&r.header, r.payload.name());
        // The jobs of a series are asked for by the market service, in the name of whoever asked for the series.
        let of_series = matches!(&r.payload, Payload::Job(Event::JobCreated(q)) if q.series.is_some()) && h.role == Role::MK;
        if !of_series && !signers::may_sign(name, h.role) {
            return self.broke(n, 7, format!("{name} of {} is signed by {}, who may not", h.stream, h.role));
        }
        if let Payload::Job(Event::JobCancelled { by, .. }) = &r.payload
            && !signers::speaks_as(h.role, *by)
        {
            self.broke(n, 7, format!("{name} of {} is signed by {} and says {by:?}", h.stream, h.role));
        }
        let said = self.said();
        let sound = match (h.key, said.filter(|_| by_input)) {
            (Some(key), Some(s)) => key == s.key && s.role == Some(h.role) && s.actor == h.actor,
            (Some(_), None) => false,
            // A service speaks for itself, at somebody's word or by the clock.
            (None, _) => matches!(h.role, Role::MK | Role::DI | Role::TR | Role::FI | Role::OS),
        };
        if !sound {
            self.broke(n, 7, format!("{name} of {} is signed by {} with a key that its cause does not have", h.stream, h.role));
        }
    }

    /// The ends of all streams.
    pub fn heads(&self) -> &BTreeMap<String, (u64, Digest)> {
        &self.streams
    }
}
