//! The records that the log writes about itself.

use nooterra_engine::digest::sha256;
use nooterra_engine::keyframe::StateRoots;
use nooterra_engine::record::{Message, encode};
use nooterra_engine::{Digest, Instant, Record, Span};
use nooterra_trust::{PublicKey, Signature, SigningKey};

/// Version of the format.
pub const VERSION: u32 = 2;

/// A size and root that a log once had.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Head {
    /// The log.
    pub origin: String,
    /// Its leaves.
    pub size: u64,
    /// Root over them.
    pub root: Digest,
}

/// The first record: who writes, under which rules, with which first key.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Open {
    /// Version of the format.
    pub version: u32,
    /// Name of the log, as in its checkpoints.
    pub origin: String,
    /// The recorder's lasting key.
    pub identity: PublicKey,
    /// Instant at which epoch 0 begins.
    pub start: Instant,
    /// Run time of an epoch.
    pub epoch: Span,
    /// Most run time between two checkpoints.
    pub commit: Span,
    /// Key of epoch 0.
    pub epoch_key: PublicKey,
    /// Hash over the manifest's bytes.
    pub manifest: Digest,
    /// Where the log before this one ended, if there is one.
    pub previous: Option<Head>,
    /// By the identity, over all fields above.
    pub sig: Signature,
}

impl Open {
    fn message(&self) -> Vec<u8> {
        let mut m = b"nooterra/log/open/v1".to_vec();
        m.extend(encode(&Self { sig: Signature::NONE, ..self.clone() }));
        m
    }
    /// Signs with the identity.
    #[must_use]
    pub fn signed(mut self, identity: &SigningKey) -> Self {
        self.sig = identity.sign(&self.message());
        self
    }
    /// Is it signed by the identity that it names?
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.identity.verify(&self.message(), &self.sig)
    }
}

/// A new epoch begins; its key is introduced by the old one.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Handover {
    /// Number of the new epoch.
    pub epoch: u64,
    /// Size of the tree that the old key sealed last.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// The new epoch's key.
    pub key: PublicKey,
    /// By the old epoch's key, over the log's origin and all fields above.
    pub sig: Signature,
}

impl Handover {
    fn message(&self, origin: &Digest) -> Vec<u8> {
        let mut m = b"nooterra/log/handover/v1".to_vec();
        m.extend_from_slice(&origin.0);
        m.extend(encode(&Self { sig: Signature::NONE, ..self.clone() }));
        m
    }
    /// Signs with the old epoch's key.
    #[must_use]
    pub fn signed(mut self, origin: &Digest, old: &SigningKey) -> Self {
        self.sig = old.sign(&self.message(origin));
        self
    }
    /// Is it signed by the old epoch's key?
    #[must_use]
    pub fn is_signed(&self, origin: &Digest, old: &PublicKey) -> bool {
        old.verify(&self.message(origin), &self.sig)
    }
}

/// Stands right before each checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Seal {
    /// Number of the epoch whose key signs.
    pub epoch: u64,
    /// Number of the seal, from 0, over all epochs.
    pub counter: u64,
    /// The epoch's last one?
    pub last: bool,
    /// Last state root that was recorded.
    pub state: Digest,
    /// Size of the tree before this seal.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// Records that gap records owned up to, in total.
    pub lost: u64,
}

/// A checkpoint: not a leaf, it speaks about the leaves before it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct CheckpointNote {
    /// C2SP signed note.
    pub note: String,
}

/// Orderly end.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Close {
    /// Records before this one.
    pub records: u64,
    /// Why the run ended.
    pub reason: String,
}

/// Root over the whole state at the end of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct State {
    /// The root.
    pub root: Digest,
}

/// What could not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Gap {
    /// Where it came from.
    pub source: String,
    /// How many records.
    pub count: u64,
    /// First of the source's own sequence.
    pub first: u64,
    /// Last of it.
    pub last: u64,
    /// Why.
    pub reason: String,
}

/// A remark of the system.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Remark {
    /// About what.
    pub topic: String,
    /// The remark.
    pub text: String,
}

/// Digest of every room, each second, shortened: it names the room in which two runs part. That they part at all is
/// what the whole [`State`] root says, each tick.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Rooms {
    /// Their names, in the composite's own fixed order. Left out where they are the ones that were said last.
    pub names: Vec<String>,
    /// The first [`ROOM_BYTES`] bytes of each room's digest, one after the other.
    pub digests: Vec<u8>,
}

/// Bytes of a room's digest in [`Rooms`].
pub const ROOM_BYTES: usize = 8;

impl Rooms {
    /// Shortens; with names.
    #[must_use]
    pub fn named(roots: &StateRoots) -> Self {
        let names = roots.rooms.iter().map(|(name, _)| name.clone()).collect();
        Self { names, ..Self::unnamed(roots) }
    }
    /// Shortens; without names.
    #[must_use]
    pub fn unnamed(roots: &StateRoots) -> Self {
        Self { names: Vec::new(), digests: roots.rooms.iter().flat_map(|(_, d)| d.0[..ROOM_BYTES].iter().copied()).collect() }
    }
    /// The first room in which the two differ, with what either says of it in hexadecimal; `None` for no such room.
    /// One without names has those of the other.
    #[must_use]
    pub fn first_difference(&self, o: &Self) -> Option<(String, Option<String>, Option<String>)> {
        let name = |a: &Self, b: &Self, i| if a.names.is_empty() { b.names.get(i) } else { a.names.get(i) }.cloned();
        let digest = |r: &Self, i| {
            r.digests.chunks(ROOM_BYTES).nth(i).map(|d| d.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
        };
        let rooms = |r: &Self| r.names.len().max(r.digests.len().div_ceil(ROOM_BYTES));
        (0..rooms(self).max(rooms(o))).find_map(|i| {
            let (left, right) = ((name(self, o, i), digest(self, i)), (name(o, self, i), digest(o, i)));
            let room = left.0.clone().or(right.0.clone()).unwrap_or_else(|| format!("number {i}"));
            (left != right).then_some((room, left.1, right.1))
        })
    }
}

/// Everything that determines a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Manifest {
    /// Name of the run.
    pub run: String,
    /// Determinism domain, part by part in fixed order: code, lock file, compiler, features, codec, PRF, physics.
    pub domain: Vec<(String, String)>,
    /// Length of a tick.
    pub tick: Span,
    /// Seed of every choice.
    pub seed: u64,
    /// Title of the scenario or configuration.
    pub title: String,
    /// The scenario or configuration, whole.
    pub scenario: Vec<u8>,
    /// Name of the site.
    pub site_name: String,
    /// The site, whole, in canonical bytes.
    pub site: Vec<u8>,
    /// Decision list that overrides choices, canonical bytes; empty if none.
    pub decisions: Vec<u8>,
    /// Anything else worth knowing, by name.
    pub notes: Vec<(String, String)>,
}

impl Manifest {
    /// Hash of the determinism domain: logs of different domains cannot be compared bit by bit.
    #[must_use]
    pub fn domain_hash(&self) -> Digest {
        let mut parts: Vec<&[u8]> = vec![b"nooterra/domain/v1"];
        for (k, v) in &self.domain {
            parts.push(k.as_bytes());
            parts.push(v.as_bytes());
        }
        sha256(&parts)
    }
    /// The first part in which two domains differ: its name, and both values.
    #[must_use]
    pub fn domain_difference(&self, o: &Self) -> Option<(String, String, String)> {
        let absent = || ("(absent)".to_owned(), "(absent)".to_owned());
        for i in 0..self.domain.len().max(o.domain.len()) {
            let (a, b) = (self.domain.get(i), o.domain.get(i));
            if a != b {
                let name = a.or(b).map(|x| x.0.clone()).unwrap_or_default();
                return Some((name, a.cloned().unwrap_or_else(absent).1, b.cloned().unwrap_or_else(absent).1));
            }
        }
        None
    }
}

/// The hash by which `open` names the manifest.
#[must_use]
pub fn manifest_hash(bytes: &[u8]) -> Digest {
    sha256(&[b"nooterra/manifest/v1", bytes])
}

/// Full name of a message type.
#[must_use]
pub fn type_name<M: Message>() -> String {
    M::shape().name.full()
}
