//! The signed envelope in which every input arrives, and the signed receipt that answers it.

use crate::keys::{PublicKey, Signature, SigningKey};
use crate::rejection::{Code, Rejection};
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::{KeyId, LeaseId, TenantId};
use nooterra_engine::record::{DecodeError, Message, Writer, decode, encode};
use nooterra_engine::{Digest, Instant, Record};

/// The version that [`Sender`] writes and [`Envelope::check_form`] takes.
pub const VERSION: u16 = 1;
/// Largest body of a command.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Largest body of a report.
pub const REPORT_BYTES_MAX: usize = 256 * 1024;
/// Device time may run ahead of receive time by this much.
pub const CLOCK_AHEAD_NS_MAX: u64 = 2_000_000_000;
/// Reports older than this move no job.
pub const REPORT_AGE_NS_MAX: u64 = 24 * 3600 * 1_000_000_000;

const TAG: &[u8] = b"nooterra/in/v1";
const RECEIPT_TAG: &[u8] = b"nooterra/rc/v1";
/// Room for all that an envelope holds beside its body, nearly always.
const ENVELOPE_HEAD_BYTES: usize = 512;
/// A signature field at the end of a record: two bytes of key (tags from 16 on), one of length, 64 of signature.
const ENVELOPE_SIG_BYTES: usize = 67;
/// The same with one byte of key.
const RECEIPT_SIG_BYTES: usize = 66;
/// Room for a receipt that refuses nothing.
const RECEIPT_BYTES: usize = 320;

/// What kind of word an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
pub enum InputKind {
    /// An intent: may be refused on policy.
    Command,
    /// A fact from a device or adapter.
    Report,
    /// Time only.
    Tick,
}

/// One signed input.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Envelope {
    /// Format version.
    pub v: u16,
    /// The marketplace; must be the key's.
    pub tenant: TenantId,
    /// The stream it speaks to: `job/<id>`, `robot/<id>`, …
    pub stream: String,
    /// Command, report or tick.
    pub kind: InputKind,
    /// Type of the body.
    pub type_name: String,
    /// Who says it: the sixteen bytes of the actor's id; must be the key's holder.
    pub actor: [u8; 16],
    /// The key that signed.
    pub key: KeyId,
    /// Chosen by the sender: the same id is the same input.
    pub input_id: [u8; 16],
    /// Position in the sender's own chain; the first is 1.
    pub actor_seq: u64,
    /// Hash of the sender's previous input; zero before the first.
    pub actor_prev: Digest,
    /// Device: which start of the device.
    pub boot: u32,
    /// Device: nanoseconds of its monotonic clock.
    pub dev_ns: u64,
    /// Device: what it would add to `dev_ns` to get platform time.
    pub dev_off_ns: i64,
    /// Device: the lease under which it acts.
    pub lease: Option<LeaseId>,
    /// Device: the fence of that lease.
    pub fence: Option<u64>,
    /// The stream head on which displayed terms rest.
    pub expect_head: Option<Digest>,
    /// The typed content, canonical bytes.
    pub body: Vec<u8>,
    /// Over all fields above.
    pub sig: Signature,
}

impl Envelope {
    /// Canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }
    /// The envelope in these bytes, which must be its canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes)
    }
    /// What is signed and hashed: the tag, and the canonical bytes of every field before the signature.
    #[must_use]
    pub fn signed_message(&self) -> Vec<u8> {
        unsigned(self, TAG, ENVELOPE_SIG_BYTES, self.body.len() + ENVELOPE_HEAD_BYTES)
    }
    /// The hash of a [`signed_message`](Self::signed_message).
    pub(crate) fn hash_of(message: &[u8]) -> Digest {
        sha256(&[TAG, &message[TAG.len()..]])
    }
    /// The hash by which everything refers to this input.
    #[must_use]
    pub fn input_hash(&self) -> Digest {
        Self::hash_of(&self.signed_message())
    }
    /// Is the signature this key's?
    #[must_use]
    pub fn signed_by(&self, key: &PublicKey) -> bool {
        key.verify(&self.signed_message(), &self.sig)
    }
    /// Signs with `key`, whose id must already be in place.
    pub fn sign(&mut self, key: &SigningKey) {
        self.sig = key.sign(&self.signed_message());
    }
    /// Form: version and size.
    pub fn check_form(&self) -> Result<(), Rejection> {
        if self.v != VERSION {
            return Err(Rejection::new(Code::VersionUnsupported).field("v").expected(VERSION).actual(self.v));
        }
        let max = if self.kind == InputKind::Report { REPORT_BYTES_MAX } else { BODY_BYTES_MAX };
        if self.body.len() > max {
            return Err(Rejection::new(Code::BodyTooLarge).field("body").expected(max).actual(self.body.len()));
        }
        Ok(())
    }
    /// The id a [`Sender`] gives when the caller chooses none: follows from the position, so it needs no memory.
    #[must_use]
    pub fn positional_id(tenant: TenantId, actor: &[u8; 16], actor_seq: u64) -> [u8; 16] {
        let h = sha256(&[b"nooterra/inp/v1", tenant.as_bytes(), actor, &actor_seq.to_be_bytes()]);
        let mut id = [0; 16];
        id.copy_from_slice(&h.0[..16]);
        id
    }
    /// Did its sender let the position choose the id?
    #[must_use]
    pub fn has_positional_id(&self) -> bool {
        self.input_id == Self::positional_id(self.tenant, &self.actor, self.actor_seq)
    }
}

/// A tag, and a record's canonical bytes before the signature at its end; there is room for `room` bytes.
fn unsigned(m: &impl Message, tag: &[u8], sig_bytes: usize, room: usize) -> Vec<u8> {
    let mut w = Writer { bytes: Vec::with_capacity(tag.len() + room) };
    w.bytes.extend_from_slice(tag);
    m.put_body(&mut w);
    w.bytes.truncate(w.bytes.len() - sig_bytes);
    w.bytes
}

/// What a sender wants to say, before it is stamped and signed.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Draft {
    /// The stream it speaks to.
    pub stream: String,
    /// Command, report or tick.
    pub kind: InputKind,
    /// Type of the body.
    pub type_name: String,
    /// Canonical bytes.
    pub body: Vec<u8>,
    /// The lease under which a device acts.
    pub lease: Option<LeaseId>,
    /// Its fence.
    pub fence: Option<u64>,
    /// The stream head on which displayed terms rest.
    pub expect_head: Option<Digest>,
    /// An id of the caller's own (a retried click); by default the position chooses.
    pub input_id: Option<[u8; 16]>,
}

impl Draft {
    /// A draft with nothing optional in it.
    #[must_use]
    pub fn new(kind: InputKind, stream: impl Into<String>, type_name: impl Into<String>, body: Vec<u8>) -> Self {
        Self { stream: stream.into(), kind, type_name: type_name.into(), body, lease: None, fence: None, expect_head: None, input_id: None }
    }
}

/// A device's or person's own chain: stamps position and device time, signs. Frozen and thawed with its secret.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Sender {
    /// The marketplace.
    pub tenant: TenantId,
    /// Who sends.
    pub actor: [u8; 16],
    secret: SigningKey,
    seq: u64,
    prev: Digest,
    boot: u32,
    dev_ns: u64,
    is_device: bool,
}

impl Sender {
    /// A person's or service's chain, at its start: no device time.
    #[must_use]
    pub fn person(tenant: TenantId, actor: [u8; 16], secret: SigningKey) -> Self {
        Self { tenant, actor, secret, seq: 0, prev: Digest::ZERO, boot: 0, dev_ns: 0, is_device: false }
    }
    /// A device's chain, at its start.
    #[must_use]
    pub fn device(tenant: TenantId, actor: [u8; 16], secret: SigningKey, boot: u32) -> Self {
        Self { tenant, actor, secret, seq: 0, prev: Digest::ZERO, boot, dev_ns: 0, is_device: true }
    }
    /// Stamps and signs. `dev_now` is the device's monotonic clock (ignored for people); `dev_off_ns` what it would
    /// add to get platform time. Device time strictly increases: two words in one nanosecond get two stamps.
    pub fn seal(&mut self, draft: Draft, dev_now: Instant, dev_off_ns: i64) -> Envelope {
        self.seq += 1;
        if self.is_device {
            self.dev_ns = dev_now.0.max(self.dev_ns + 1);
        }
        let mut e = Envelope {
            v: VERSION,
            tenant: self.tenant,
            stream: draft.stream,
            kind: draft.kind,
            type_name: draft.type_name,
            actor: self.actor,
            key: self.secret.id(),
            input_id: draft.input_id.unwrap_or_else(|| Envelope::positional_id(self.tenant, &self.actor, self.seq)),
            actor_seq: self.seq,
            actor_prev: self.prev,
            boot: self.boot,
            dev_ns: self.dev_ns,
            dev_off_ns: if self.is_device { dev_off_ns } else { 0 },
            lease: draft.lease,
            fence: draft.fence,
            expect_head: draft.expect_head,
            body: draft.body,
            sig: Signature::NONE,
        };
        let message = e.signed_message();
        e.sig = self.secret.sign(&message);
        self.prev = Envelope::hash_of(&message);
        e
    }
    /// The device started anew: its clock begins at zero, its chain goes on.
    pub fn reboot(&mut self) {
        self.boot += 1;
        self.dev_ns = 0;
    }
    /// Goes on with another key; the chain continues.
    pub fn rotate(&mut self, secret: SigningKey) {
        self.secret = secret;
    }
    /// Hash of the last input sealed; zero before the first.
    #[must_use]
    pub fn head(&self) -> Digest {
        self.prev
    }
    /// Position of the last input sealed; 0 before the first.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }
    /// The key it signs with.
    #[must_use]
    pub fn key(&self) -> KeyId {
        self.secret.id()
    }
}

/// What became of an input.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Verdict {
    /// It took effect.
    Accepted,
    /// It left only itself and this.
    Refused(Rejection),
}

impl Verdict {
    /// The refusal, if it is one.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Accepted => None,
            Self::Refused(r) => Some(r),
        }
    }
}

/// The receiver's signed answer to one envelope: its verdict, and how far the sender's chain was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Receipt {
    /// The marketplace.
    pub tenant: TenantId,
    /// Whose chain.
    pub actor: [u8; 16],
    /// The input answered.
    pub input_hash: Digest,
    /// Its verdict (for a duplicate: the first one).
    pub verdict: Verdict,
    /// Everything up to here was taken in, in order; 0 for nothing.
    pub acked_seq: u64,
    /// Hash of the input at `acked_seq`.
    pub acked_head: Digest,
    /// When the receiver took it.
    pub recv_ns: Instant,
    /// Its place in the receiver's log.
    pub log_seq: u64,
    /// The receiver's key.
    pub key: KeyId,
    /// Over all fields above.
    pub sig: Signature,
}

impl Receipt {
    /// Signs with `key`, whose id must already be in place.
    pub fn sign(&mut self, key: &SigningKey) {
        self.sig = key.sign(&self.signed_message());
    }
    fn signed_message(&self) -> Vec<u8> {
        unsigned(self, RECEIPT_TAG, RECEIPT_SIG_BYTES, RECEIPT_BYTES)
    }
    /// Is the signature this key's?
    #[must_use]
    pub fn signed_by(&self, key: &PublicKey) -> bool {
        key.verify(&self.signed_message(), &self.sig)
    }
}
