//! Recomputes every leaf of a log and checks every promise of order, key and time; names the first bad thing.

use crate::container::ContainerError;
use crate::kind::Kind;
use crate::leaf::{Leaf, Salts, commit, origin_hash};
use crate::reader::{Item, LogError, LogReader, Record};
use crate::recorder::{CHECKPOINT_TOPIC, check};
use crate::words::{CheckpointNote, Close, Gap, Handover, Head, Open, Seal, State, VERSION, manifest_hash};
use nooterra_engine::record::{Message, decode};
use nooterra_engine::{Digest, Instant};
use nooterra_trust::PublicKey;
use nooterra_trust::merkle::Tree;
use nooterra_trust::note::{Checkpoint, Note, Verifier as NoteKey};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;

/// What the reader of a verdict demands beyond the log's own promises.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The recorder's key, if it is known from elsewhere.
    pub identity: Option<PublicKey>,
    /// Heads that were seen before: the log must have grown out of each.
    pub heads: Vec<Head>,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// Not a log: other bytes, or nothing.
    NotALog,
    /// The container's structure is broken.
    ContainerBroken,
    /// The source failed while it was read.
    Unreadable,
    /// A record or checkpoint is not of its form.
    Malformed,
    /// A version of the format that this program does not know.
    VersionUnknown,
    /// A record is missing, repeated, added or out of place.
    Order,
    /// A record's content is not what was sealed.
    LeafMismatch,
    /// Times that contradict each other or run backwards.
    ClockRegression,
    /// An epoch is missing, repeated, or not ended by its seal.
    EpochGap,
    /// A record outside the time of its epoch.
    EpochKeyLate,
    /// A seal without its checkpoint, or a checkpoint without its seal.
    CheckpointMissing,
    /// A checkpoint speaks about another log, size or root.
    CheckpointMismatch,
    /// Signed by a key that has no business here.
    KeyUnknown,
    /// A signature does not verify.
    SignatureInvalid,
    /// Another manifest than the one that `open` names.
    ManifestMismatch,
    /// Two histories: another root at a size that was seen before.
    Fork,
    /// Shorter than a head that was seen before.
    HeadRollback,
    /// Something withheld without the proof material to go with it.
    RedactionUnproven,
    /// Nothing in it is sealed.
    Unsealed,
    /// Records after the last checkpoint are not sealed; or the log ends without `close`.
    UnsealedTail,
    /// Records were lost, and the log says so.
    Gap,
    /// Payloads were withheld.
    Redacted,
    /// Attachments or other content that no checkpoint covers.
    Uncovered,
}

/// Verdict in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Sealed from `open` to `close`.
    Complete,
    /// Sealed up to a checkpoint; what follows is missing or not sealed.
    Truncated,
    /// Something is wrong.
    Bad,
}

/// A place in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Index of the record.
    pub index: u64,
    /// Its tick.
    pub tick: u64,
    /// Its instant in nanoseconds.
    pub at_ns: u64,
    /// Its kind.
    pub kind: String,
    /// Its topic.
    pub topic: String,
}

/// The first bad thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub reason: Reason,
    /// The record, as far as one can be named.
    pub record: Option<Place>,
    /// One sentence.
    pub message: String,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records read.
    pub records: u64,
    /// Records by kind.
    pub by_kind: BTreeMap<String, u64>,
    /// Checkpoints that hold.
    pub checkpoints: u64,
    /// Epochs.
    pub epochs: u64,
    /// Records that the log says were lost.
    pub lost: u64,
    /// Payloads withheld.
    pub withheld: u64,
    /// Bytes of payload.
    pub payload_bytes: u64,
}

/// Size and root, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeadText {
    /// Records.
    pub size: u64,
    /// Root over them, hex.
    pub root: String,
}

/// The answer of [`verify`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// In one word.
    pub status: Status,
    /// `C` signed by the recorder alone, `D` nothing sealed. Witnessed grades need cosignatures.
    pub grade: char,
    /// Name of the log.
    pub origin: Option<String>,
    /// The recorder's key, hex.
    pub identity: Option<String>,
    /// Is that the key that the policy named?
    pub identity_trusted: bool,
    /// What the last valid checkpoint covers.
    pub head: Option<HeadText>,
    /// The last record that it covers.
    pub sealed_to: Option<Place>,
    /// Records after it.
    pub unsealed: u64,
    /// Counts.
    pub counts: Counts,
    /// Everything worth saying, each once.
    pub reasons: Vec<Reason>,
    /// The first bad thing.
    pub first_bad: Option<Finding>,
}

impl Verdict {
    /// Complete, or sealed up to its last checkpoint?
    #[must_use]
    pub fn accepts(&self) -> bool {
        self.status != Status::Bad
    }
}

/// Reads a whole log and judges it. Never fails: what cannot be read is a bad log with a reason.
pub fn verify<R: Read>(source: R, policy: &Policy) -> Verdict {
    let mut reader = LogReader::of_proof(source);
    let mut v = Verifier::new(policy);
    let bad = loop {
        let step = match reader.next_item() {
            Ok(Item::Record(r)) => v.record(&r),
            Ok(Item::Checkpoint(c)) => v.checkpoint(&c),
            Ok(Item::End(_)) => break None,
            Err(e) => Err(v.unreadable(&e)),
        };
        if let Err(f) = step {
            break Some(*f);
        }
    };
    v.verdict(bad, reader.uncovered())
}

type Step = Result<(), Box<Finding>>;

struct Verifier<'p> {
    policy: &'p Policy,
    heads: BTreeMap<u64, Digest>,
    open: Option<Open>,
    origin: Digest,
    key: PublicKey,
    epoch: u64,
    epoch_begin: u64,
    epoch_end: u64,
    epoch_ended: bool,
    salts: Option<Salts>,
    epoch_records: u32,
    tree: Tree,
    seals: u64,
    awaiting: bool,
    closed: bool,
    sealed: Option<(Head, Place)>,
    suspect: Option<Place>,
    fork: Option<Place>,
    last: Option<Place>,
    log_time: Option<u64>,
    state: Digest,
    kinds: [u64; 32],
    counts: Counts,
    leaf: Vec<u8>,
    trusted: bool,
}

fn place(r: &Record<'_>) -> Place {
    Place { index: r.index, tick: r.tick, at_ns: r.at.0, kind: r.kind.text().to_owned(), topic: r.topic.to_owned() }
}

fn finding(reason: Reason, record: Option<Place>, message: impl Into<String>) -> Box<Finding> {
    Box::new(Finding { reason, record, message: message.into() })
}

fn bad<T>(reason: Reason, r: &Record<'_>, message: impl Into<String>) -> Result<T, Box<Finding>> {
    Err(finding(reason, Some(place(r)), message))
}

impl<'p> Verifier<'p> {
    fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            heads: BTreeMap::new(),
            open: None,
            origin: Digest::ZERO,
            key: PublicKey([0; 32]),
            epoch: 0,
            epoch_begin: 0,
            epoch_end: 0,
            epoch_ended: false,
            salts: None,
            epoch_records: 0,
            tree: Tree::default(),
            seals: 0,
            awaiting: false,
            closed: false,
            sealed: None,
            suspect: None,
            fork: None,
            last: None,
            log_time: None,
            state: Digest::ZERO,
            kinds: [0; 32],
            counts: Counts::default(),
            leaf: Vec::new(),
            trusted: false,
        }
    }

    fn record(&mut self, r: &Record<'_>) -> Step {
        self.order(r)?;
        match r.kind {
            Kind::Open => self.begin(r)?,
            Kind::Handover => self.hand_over(r)?,
            _ => {}
        }
        if r.at.0 < self.epoch_begin || r.at.0 >= self.epoch_end {
            return bad(Reason::EpochKeyLate, r, format!("{} is not in the time of epoch {}", r.at, self.epoch));
        }
        let leaf = self.hash(r)?;
        if check(&leaf) != r.sequence && self.suspect.is_none() {
            self.suspect = Some(place(r));
        }
        match r.kind {
            Kind::Manifest => {
                let right = self.open.as_ref().is_some_and(|o| r.payload.is_none_or(|p| manifest_hash(p) == o.manifest));
                if !right {
                    return bad(Reason::ManifestMismatch, r, "the manifest is not the one that `open` names");
                }
            }
            Kind::State => self.state = self.payload::<State>(r)?.map_or(self.state, |s| s.root),
            Kind::Gap => {
                let lost = self.payload::<Gap>(r)?.map_or(0, |g| g.count);
                self.counts.lost = self.counts.lost.saturating_add(lost);
            }
            Kind::Seal => self.seal(r)?,
            Kind::Close => {
                let c = self.needed::<Close>(r)?;
                if c.records != self.tree.size() {
                    return self.mismatch(r, format!("`close` counts {} records, there are {}", c.records, self.tree.size()));
                }
                self.closed = true;
            }
            _ => {}
        }
        self.tree.push(leaf);
        self.kinds[usize::from(r.kind.number()) % 32] += 1;
        self.counts.payload_bytes += r.payload.map_or(0, |p| p.len() as u64);
        if let Some(root) = self.heads.get(&self.tree.size())
            && *root != self.tree.root()
            && self.fork.is_none()
        {
            self.fork = Some(place(r));
        }
        let p = self.last.get_or_insert_with(|| place(r));
        (p.index, p.tick, p.at_ns) = (r.index, r.tick, r.at.0);
        // Texts are rewritten in place: this runs for every record.
        p.kind.replace_range(.., r.kind.text());
        p.topic.replace_range(.., r.topic);
        Ok(())
    }

    /// Index, times, and what may follow what.
    fn order(&mut self, r: &Record<'_>) -> Step {
        let want = self.tree.size();
        if r.index != want {
            let what = if r.index > want {
                format!("records {want} to {} are missing", r.index - 1)
            } else {
                format!("record {want} was expected")
            };
            // Telemetry states no index: if its hash was wrong before, the order broke there.
            let first = self.suspect.clone().unwrap_or_else(|| place(r));
            return Err(finding(Reason::Order, Some(first), format!("record {} is out of place: {what}", r.index)));
        }
        if (want == 0) != (r.kind == Kind::Open) || (want == 1) != (r.kind == Kind::Manifest) {
            return bad(Reason::Order, r, "a log begins with `open` and the manifest, once");
        }
        if self.awaiting {
            return bad(Reason::CheckpointMissing, r, "the seal before this record has no checkpoint");
        }
        if self.closed && (r.kind != Kind::Seal || self.epoch_ended) {
            return bad(Reason::Order, r, "a record after the log was closed");
        }
        if self.epoch_ended && r.kind != Kind::Handover {
            return bad(Reason::EpochGap, r, format!("a record after the last seal of epoch {}", self.epoch));
        }
        if r.at.0.checked_add(u64::from(r.ordinal)) != Some(r.log_time) || r.publish_time != r.at.0 {
            return bad(Reason::ClockRegression, r, "log time is not instant plus ordinal");
        }
        if self.log_time.is_some_and(|t| r.log_time <= t) {
            return bad(Reason::ClockRegression, r, "log time does not increase");
        }
        self.log_time = Some(r.log_time);
        let own_topic = r.topic.strip_prefix("/nt/").and_then(|t| t.split('/').next());
        if own_topic.is_some_and(|t| t != r.kind.text()) || (own_topic.is_some() && r.kind == Kind::Telemetry) {
            return bad(Reason::Malformed, r, "its topic is that of another kind");
        }
        Ok(())
    }

    fn begin(&mut self, r: &Record<'_>) -> Step {
        let o = self.needed::<Open>(r)?;
        if o.version != VERSION {
            return bad(Reason::VersionUnknown, r, format!("format version {} is unknown", o.version));
        }
        if !o.is_signed() {
            return bad(Reason::SignatureInvalid, r, "`open` is not signed by the identity that it names");
        }
        if let Some(id) = self.policy.identity {
            if id != o.identity {
                return bad(Reason::KeyUnknown, r, format!("the recorder's key is {}, not {id}", o.identity));
            }
            self.trusted = true;
        }
        self.origin = origin_hash(&o.origin);
        self.key = o.epoch_key;
        self.epoch_begin = o.start.0;
        self.epoch_end = o.start.0.saturating_add(o.epoch.0);
        self.heads = self.policy.heads.iter().filter(|h| h.origin == o.origin).map(|h| (h.size, h.root)).collect();
        self.counts.epochs = 1;
        self.open = Some(o);
        self.reseed(r)
    }

    fn hand_over(&mut self, r: &Record<'_>) -> Step {
        let h = self.needed::<Handover>(r)?;
        if !self.epoch_ended || h.epoch != self.epoch + 1 {
            return bad(Reason::EpochGap, r, format!("epoch {} cannot follow epoch {} here", h.epoch, self.epoch));
        }
        if h.size != self.tree.size() || h.root != self.tree.root() {
            return self.mismatch(r, "the old epoch was handed over with another tree".into());
        }
        if !h.is_signed(&self.origin, &self.key) {
            return bad(
                Reason::SignatureInvalid,
                r,
                format!("the key of epoch {} is not signed by the key of epoch {}", h.epoch, self.epoch),
            );
        }
        let span = self.epoch_end - self.epoch_begin;
        self.epoch = h.epoch;
        self.key = h.key;
        self.epoch_begin = self.epoch_end;
        self.epoch_end = self.epoch_end.saturating_add(span);
        self.epoch_ended = false;
        self.counts.epochs += 1;
        self.reseed(r)
    }

    fn reseed(&mut self, r: &Record<'_>) -> Step {
        self.salts = r.header.as_ref().and_then(|h| h.salt_seed).map(Salts::new);
        self.epoch_records = 0;
        Ok(())
    }

    fn hash(&mut self, r: &Record<'_>) -> Result<Digest, Box<Finding>> {
        let number = self.epoch_records;
        self.epoch_records = number.saturating_add(1);
        let proof = r.header.as_ref();
        let (commitment, length) = match (r.payload, proof.and_then(|p| p.commit)) {
            (Some(p), _) => {
                let given = proof.and_then(|p| p.salt);
                let salt = given.or_else(|| self.salts.as_mut().map(|s| s.get(number)));
                let Some(salt) = salt else { return bad(Reason::RedactionUnproven, r, "neither its salt nor the epoch's seed is here") };
                (commit(&salt, p), p.len() as u64)
            }
            (None, Some(c)) => {
                self.counts.withheld += 1;
                (c, proof.map_or(0, |p| p.length))
            }
            (None, None) => return bad(Reason::Malformed, r, "neither payload nor commitment"),
        };
        Ok(Leaf {
            origin: &self.origin,
            index: r.index,
            tick: r.tick,
            at: r.at,
            ordinal: r.ordinal,
            kind: r.kind,
            flags: proof.map_or(0, |p| p.flags),
            schema: r.schema,
            topic: r.topic,
            payload_len: length,
            commit: &commitment,
            causes: &r.causes,
        }
        .hash(&mut self.leaf))
    }

    fn seal(&mut self, r: &Record<'_>) -> Step {
        let s = self.needed::<Seal>(r)?;
        if s.epoch != self.epoch || s.counter != self.seals {
            return bad(
                Reason::EpochGap,
                r,
                format!("seal {} of epoch {} stands where seal {} of epoch {} belongs", s.counter, s.epoch, self.seals, self.epoch),
            );
        }
        if s.size != self.tree.size() || s.root != self.tree.root() || s.state != self.state || s.lost != self.counts.lost {
            return self.mismatch(r, "the records since the last checkpoint are not those that were sealed".into());
        }
        self.seals += 1;
        self.epoch_ended = s.last;
        self.awaiting = true;
        Ok(())
    }

    fn checkpoint(&mut self, c: &CheckpointNote) -> Step {
        let last = self.last.clone();
        if !self.awaiting {
            return Err(finding(Reason::CheckpointMissing, last, "a checkpoint without its seal"));
        }
        self.awaiting = false;
        let origin = self.open.as_ref().map(|o| o.origin.as_str()).unwrap_or_default();
        let malformed =
            |e: nooterra_trust::note::NoteError| finding(Reason::Malformed, last.clone(), format!("the checkpoint after this record: {e}"));
        let note = Note::parse(&c.note).map_err(malformed)?;
        let cp = Checkpoint::parse(&note.text).map_err(malformed)?;
        let key = NoteKey::new(origin, self.key).map_err(malformed)?;
        if !note.signatures.iter().any(|s| s.name == key.name() && s.hash == key.hash()) {
            return Err(finding(Reason::KeyUnknown, last, format!("the checkpoint is not signed by the key of epoch {}", self.epoch)));
        }
        if note.verify(&key).is_err() {
            return Err(finding(Reason::SignatureInvalid, last, "the signature of the checkpoint after this record does not verify"));
        }
        if cp.origin != origin || cp.size != self.tree.size() {
            return Err(finding(Reason::CheckpointMismatch, last, format!("the checkpoint is of {} records of {}", cp.size, cp.origin)));
        }
        if cp.root != self.tree.root() {
            return Err(self.altered("the records since the last checkpoint are not those that were signed"));
        }
        if let Some(f) = self.fork.take() {
            return Err(finding(Reason::Fork, Some(f), "this log had another history up to here when it was seen before"));
        }
        self.suspect = None;
        self.counts.checkpoints += 1;
        if let Some(p) = last {
            self.sealed = Some((Head { origin: origin.to_owned(), size: cp.size, root: cp.root }, p));
        }
        Ok(())
    }

    /// Content is not what was sealed: the record whose own piece of hash is wrong is named, else the seal that shows it.
    fn altered(&self, message: &str) -> Box<Finding> {
        match &self.suspect {
            Some(p) => finding(Reason::LeafMismatch, Some(p.clone()), "this record is not the one that was sealed"),
            None => {
                let from = self.sealed.as_ref().map_or(0, |(h, _)| h.size);
                finding(
                    Reason::LeafMismatch,
                    self.last.clone(),
                    format!("{message} (records {from} to {})", self.tree.size().saturating_sub(1)),
                )
            }
        }
    }

    fn mismatch<T>(&mut self, r: &Record<'_>, message: String) -> Result<T, Box<Finding>> {
        self.last = Some(place(r));
        Err(self.altered(&message))
    }

    /// The payload; `None` if withheld.
    fn payload<M: Message>(&self, r: &Record<'_>) -> Result<Option<M>, Box<Finding>> {
        let Some(p) = r.payload else { return Ok(None) };
        match decode(p) {
            Ok(m) => Ok(Some(m)),
            Err(e) => bad(Reason::Malformed, r, format!("its payload is not a {}: {e}", M::shape().name.full())),
        }
    }

    fn needed<M: Message>(&self, r: &Record<'_>) -> Result<M, Box<Finding>> {
        match self.payload(r)? {
            Some(m) => Ok(m),
            None => bad(Reason::RedactionUnproven, r, "a record of this kind cannot be withheld"),
        }
    }

    fn unreadable(&self, e: &LogError) -> Box<Finding> {
        let reason = match e {
            LogError::Container(ContainerError::Magic) => Reason::NotALog,
            LogError::Container(ContainerError::Read { .. }) => Reason::Unreadable,
            LogError::Container(ContainerError::Broken { .. }) => Reason::ContainerBroken,
            LogError::Times { .. } => Reason::ClockRegression,
            LogError::Version(_) => Reason::VersionUnknown,
            LogError::Entry { .. } | LogError::Start(_) | LogError::Payload { .. } => Reason::Malformed,
        };
        let next = Place {
            index: self.tree.size(),
            tick: self.last.as_ref().map_or(0, |p| p.tick),
            at_ns: self.log_time.unwrap_or_default(),
            kind: "?".into(),
            topic: match e {
                LogError::Entry { topic, .. } | LogError::Times { topic, .. } => topic.clone(),
                _ => String::new(),
            },
        };
        let next = match &self.last {
            Some(seal) if self.awaiting && next.topic == CHECKPOINT_TOPIC => seal.clone(),
            _ => next,
        };
        let mut message = e.to_string();
        if let LogError::Container(ContainerError::Read { source, .. }) = e {
            message = format!("{message}: {source}");
        }
        finding(reason, Some(next), message)
    }

    fn verdict(mut self, found: Option<Finding>, uncovered: u64) -> Verdict {
        let mut first_bad = found;
        let sealed = self.sealed.as_ref().map_or(0, |(h, _)| h.size);
        if first_bad.is_none() && self.tree.size() == 0 {
            first_bad = Some(*finding(Reason::NotALog, None, "it holds no record"));
        }
        if first_bad.is_none() && sealed == 0 {
            first_bad = Some(*finding(Reason::Unsealed, self.last.clone(), "nothing in it is sealed"));
        }
        if first_bad.is_none()
            && let Some((size, _)) = self.heads.last_key_value()
            && *size > sealed
        {
            let message = format!("a head of {size} records was seen before; this log is sealed to {sealed}");
            first_bad = Some(*finding(Reason::HeadRollback, self.last.clone(), message));
        }
        let complete = self.closed && !self.awaiting && sealed == self.tree.size();
        let mut reasons = Vec::new();
        if let Some(f) = &first_bad {
            reasons.push(f.reason);
        } else if !complete {
            reasons.push(Reason::UnsealedTail);
        }
        for (seen, reason) in
            [(self.counts.lost > 0, Reason::Gap), (self.counts.withheld > 0, Reason::Redacted), (uncovered > 0, Reason::Uncovered)]
        {
            if seen {
                reasons.push(reason);
            }
        }
        let status = match (&first_bad, complete) {
            (Some(_), _) => Status::Bad,
            (None, true) => Status::Complete,
            (None, false) => Status::Truncated,
        };
        self.counts.records = self.tree.size();
        for k in Kind::ALL {
            let n = self.kinds[usize::from(k.number()) % 32];
            if n > 0 {
                self.counts.by_kind.insert(k.text().to_owned(), n);
            }
        }
        let (head, sealed_to) =
            self.sealed.map_or((None, None), |(h, p)| (Some(HeadText { size: h.size, root: h.root.to_string() }), Some(p)));
        Verdict {
            status,
            grade: if head.is_some() { 'C' } else { 'D' },
            origin: self.open.as_ref().map(|o| o.origin.clone()),
            identity: self.open.as_ref().map(|o| o.identity.to_string()),
            identity_trusted: self.trusted,
            head,
            sealed_to,
            unsealed: self.tree.size() - sealed,
            counts: self.counts,
            reasons,
            first_bad,
        }
    }
}

/// The instant of a place.
impl Place {
    /// Its instant.
    #[must_use]
    pub fn at(&self) -> Instant {
        Instant(self.at_ns)
    }
}
