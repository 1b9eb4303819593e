//! The records that the log writes about itself.

use nooterra_engine::digest::sha256;
use nooterra_engine::keyframe::Keyframe;
use nooterra_engine::record::{Message, decode, encode};
use nooterra_engine::{Digest, Instant, Record, Span};
use nooterra_trust::{PublicKey, Signature, SigningKey};

/// Version of the format.
pub const VERSION: u32 = 1;

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

/// A keyframe, compressed.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Snap {
    /// The tick that had just been completed.
    pub tick: u64,
    /// Digest over the keyframe's content.
    pub digest: Digest,
    /// `zstd`.
    pub codec: String,
    /// Length of the keyframe's canonical bytes.
    pub length: u64,
    /// Compressed canonical bytes.
    pub bytes: Vec<u8>,
}

/// Longest keyframe that is unpacked.
pub const KEYFRAME_BYTES_MAX: u64 = 1 << 30;

impl Snap {
    /// Packs a keyframe.
    pub fn pack(k: &Keyframe) -> std::io::Result<Self> {
        let raw = encode(k);
        let bytes = zstd::bulk::compress(&raw, 1)?;
        Ok(Self { tick: k.tick, digest: k.digest(), codec: "zstd".into(), length: raw.len() as u64, bytes })
    }
    /// Unpacks it; its digest must fit.
    pub fn unpack(&self) -> Result<Keyframe, String> {
        use std::io::Read as _;
        if self.codec != "zstd" {
            return Err(format!("keyframe codec `{}` is unknown", self.codec));
        }
        if self.length > KEYFRAME_BYTES_MAX {
            return Err(format!("keyframe of {} bytes is too long", self.length));
        }
        let mut raw = Vec::new();
        zstd::stream::Decoder::new(self.bytes.as_slice())
            .and_then(|d| d.take(self.length + 1).read_to_end(&mut raw))
            .map_err(|e| format!("keyframe does not unpack: {e}"))?;
        if raw.len() as u64 != self.length {
            return Err(format!("keyframe has {} bytes, {} were announced", raw.len(), self.length));
        }
        let k: Keyframe = decode(&raw).map_err(|e| format!("keyframe does not decode: {e}"))?;
        if k.digest() == self.digest { Ok(k) } else { Err("keyframe differs from its digest".into()) }
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
