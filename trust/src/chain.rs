//! Event streams: each event's header names the chain before it, so nothing can be dropped or moved unseen.

use crate::role::Role;
use nooterra_engine::digest::{content_hash, sha256};
use nooterra_engine::ids::{EventId, KeyId, TenantId};
use nooterra_engine::{Digest, Instant, Record};
use std::collections::BTreeMap;

/// Everything about an event but its payload.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct EventHeader {
    /// Format version.
    pub v: u16,
    /// The marketplace.
    pub tenant: TenantId,
    /// `job/<id>`, `robot/<id>`, …
    pub stream: String,
    /// From 0, no gaps.
    pub seq: u64,
    /// Type of the payload.
    pub type_name: String,
    /// Its own id.
    pub event_id: EventId,
    /// Hash of the input or timer that caused it.
    pub cause: Digest,
    /// Place in the batch of that cause.
    pub ordinal: u32,
    /// Who caused it.
    pub actor: [u8; 16],
    /// With which authority.
    pub role: Role,
    /// By which key; timers have none.
    pub key: Option<KeyId>,
    /// The instant that counts.
    pub legal_ns: Instant,
    /// Device time, if a device said it.
    pub dev_ns: Option<u64>,
    /// Chain of the event before; zero at the first.
    pub prev: Digest,
    /// SHA-256 over the payload's canonical bytes.
    pub payload_hash: Digest,
}

impl EventHeader {
    /// The chain value that the next event's `prev` must be.
    #[must_use]
    pub fn chain(&self) -> Digest {
        content_hash("nooterra/ev/v1", self)
    }
}

/// The hash of a payload's canonical bytes.
#[must_use]
pub fn payload_hash(bytes: &[u8]) -> Digest {
    sha256(&[b"nooterra/pl/v1", bytes])
}

/// What causes an event and with which authority: the part of a header that a whole batch shares.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Cause {
    /// The marketplace.
    pub tenant: TenantId,
    /// Hash of the input or timer.
    pub hash: Digest,
    /// Who.
    pub actor: [u8; 16],
    /// With which authority.
    pub role: Role,
    /// By which key.
    pub key: Option<KeyId>,
    /// The instant that counts.
    pub legal_ns: Instant,
    /// Device time.
    pub dev_ns: Option<u64>,
}

/// End of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct StreamHead {
    /// Sequence of the next event.
    pub next_seq: u64,
    /// Chain of the last one.
    pub chain: Digest,
}

/// Ends of all streams.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Streams {
    heads: BTreeMap<String, StreamHead>,
}

impl Streams {
    /// The end of a stream; of one without events, zeros.
    #[must_use]
    pub fn head(&self, stream: &str) -> StreamHead {
        self.heads.get(stream).copied().unwrap_or_default()
    }
    /// Appends one event: gives its header and the stream's new chain value, and moves the stream's end.
    pub fn append(&mut self, stream: String, type_name: &str, payload: &[u8], cause: &Cause, ordinal: u32) -> (EventHeader, Digest) {
        let known = self.heads.get_mut(&stream);
        let head = known.as_deref().copied().unwrap_or_default();
        let h = EventHeader {
            v: 1,
            tenant: cause.tenant,
            stream,
            seq: head.next_seq,
            type_name: type_name.to_owned(),
            event_id: EventId::derive(&cause.hash, ordinal),
            cause: cause.hash,
            ordinal,
            actor: cause.actor,
            role: cause.role,
            key: cause.key,
            legal_ns: cause.legal_ns,
            dev_ns: cause.dev_ns,
            prev: head.chain,
            payload_hash: payload_hash(payload),
        };
        let end = StreamHead { next_seq: head.next_seq + 1, chain: h.chain() };
        match known {
            Some(head) => *head = end,
            None => drop(self.heads.insert(h.stream.clone(), end)),
        }
        (h, end.chain)
    }
    /// All ends, by stream name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &StreamHead)> {
        self.heads.iter().map(|(k, v)| (k.as_str(), v))
    }
}
