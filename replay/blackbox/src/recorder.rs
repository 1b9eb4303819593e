//! Writes a log: every record becomes a message and a leaf; seals, checkpoints and new keys come by themselves.

use crate::entry::Header;
use crate::kind::Kind;
use crate::leaf::{Cause, Leaf, Salts, commit, origin_hash, schema_digest};
use crate::schema::{self, Schema};
use crate::sink::Said;
use crate::snap::Packer;
use crate::words::{CheckpointNote, Close, Gap, Handover, Head, Manifest, Open, Remark, Rooms, Seal, State, VERSION, manifest_hash};
use mcap::records::MessageHeader;
use mcap::write::NoSeek;
use mcap::{Compression, WriteOptions};
use nooterra_engine::digest::sha256;
use nooterra_engine::keyframe::{Keyframe, StateRoots};
use nooterra_engine::record::{Message, Shape, Writer, decode, encode};
use nooterra_engine::{Digest, Instant, Span};
use nooterra_trust::merkle::Tree;
use nooterra_trust::note::{Checkpoint, NoteError};
use nooterra_trust::{PublicKey, Signature, SigningKey};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::io::Write;
use thiserror::Error;

/// Run time of an epoch.
pub const EPOCH: Span = Span::from_secs(60);
/// Most run time between two checkpoints.
pub const COMMIT: Span = Span::from_secs(1);
/// Uncompressed bytes after which a chunk ends even before its checkpoint.
pub const CHUNK_BYTES: u64 = 1 << 20;
/// Epochs that one step of time may pass through: about seven days.
pub const EPOCHS_AT_ONCE_MAX: u64 = 10_000;
/// Most causes that a record names.
pub const CAUSES_MAX: usize = 1024;
/// Longest topic.
pub const TOPIC_BYTES_MAX: usize = 256;
/// Topic of checkpoints.
pub const CHECKPOINT_TOPIC: &str = "/nt/checkpoint";

/// Why a record cannot be written.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The container or the sink refused.
    #[error("failed to write the log")]
    Write(#[from] mcap::McapError),
    /// The keyframe could not be packed.
    #[error("failed to pack a keyframe")]
    Pack(#[source] std::io::Error),
    /// The origin cannot name a key.
    #[error("origin cannot stand in a checkpoint")]
    Origin(#[from] NoteError),
    /// Time ran backwards further than order allows, or leapt too far.
    #[error("instant {at} does not follow {last}")]
    Time {
        /// Instant given.
        at: Instant,
        /// Log time of the last record.
        last: Instant,
    },
    /// A tick before the last one.
    #[error("tick {tick} does not follow tick {last}")]
    Tick {
        /// Tick given.
        tick: u64,
        /// Last tick.
        last: u64,
    },
    /// Not a topic that a channel can have.
    #[error("`{0}` cannot be a topic of telemetry")]
    Topic(String),
    /// A list that is too long, or a kind that the recorder alone writes.
    #[error("{0}")]
    Form(&'static str),
}

/// What a log starts with.
#[derive(Debug, Clone)]
pub struct OpenInfo {
    /// `nooterra/<fleet>/<writer>/<boot>`: no spaces, no `+`.
    pub origin: String,
    /// The recorder's lasting key.
    pub identity: SigningKey,
    /// Where epoch keys and salts come from; never written.
    pub secret: [u8; 32],
    /// What determines the run.
    pub manifest: Manifest,
    /// Instant at which the run starts.
    pub start: Instant,
    /// Where the log before this one ended.
    pub previous: Option<Head>,
    /// zstd level, 1 to 3.
    pub zstd_level: u32,
}

impl OpenInfo {
    /// Keys and salts derived from one secret; start zero, level 1.
    #[must_use]
    pub fn new(origin: impl Into<String>, secret: [u8; 32], manifest: Manifest) -> Self {
        let identity = SigningKey::derived(&secret, &[b"recorder identity"]);
        Self { origin: origin.into(), identity, secret, manifest, start: Instant::ZERO, previous: None, zstd_level: 1 }
    }
}

/// A channel of a recorder: kind and type of its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel(usize);

struct ChannelState {
    id: u16,
    kind: Kind,
    topic: String,
    schema: Digest,
}

/// One epoch's secrets. Each is a one-way step from the one before, which is forgotten.
struct Epoch {
    number: u64,
    secret: [u8; 32],
    key: SigningKey,
    seed: [u8; 32],
    salts: Salts,
    records: u32,
}

impl Epoch {
    fn new(number: u64, secret: [u8; 32]) -> Self {
        let key = SigningKey::derived(&secret, &[b"epoch key"]);
        let seed = sha256(&[b"nooterra/log/salt/v1", &secret]).0;
        Self { number, secret, key, seed, salts: Salts::new(seed), records: 0 }
    }
    fn next(&self) -> Self {
        Self::new(self.number + 1, sha256(&[b"nooterra/log/epoch/v1", &self.secret]).0)
    }
}

/// Writes one log into a sink.
pub struct Recorder<W: Write> {
    out: mcap::Writer<NoSeek<W>>,
    origin: String,
    origin_hash: Digest,
    start: Instant,
    channels: Vec<ChannelState>,
    by_type: BTreeMap<(Kind, TypeId), Channel>,
    by_topic: BTreeMap<String, BTreeMap<TypeId, Channel>>,
    checkpoint_channel: u16,
    tree: Tree,
    epoch: Epoch,
    seals: u64,
    tick: u64,
    log_time: Option<u64>,
    last_at: Instant,
    header_tick: Option<u64>,
    next_commit: Instant,
    state: Digest,
    lost: u64,
    dirty: bool,
    packer: Packer,
    rooms: Vec<String>,
    leaf: Vec<u8>,
    payload: Vec<u8>,
    entry: Vec<u8>,
}

impl<W: Write> std::fmt::Debug for Recorder<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorder({}, {} records)", self.origin, self.tree.size())
    }
}

impl<W: Write> Recorder<W> {
    /// Begins a log: writes `open` and the manifest and seals them.
    pub fn new(sink: W, info: &OpenInfo) -> Result<Self, RecordError> {
        nooterra_trust::note::Verifier::new(&info.origin, info.identity.public())?;
        let out = WriteOptions::new()
            .profile("nooterra")
            .library("nooterra")
            .compression(Some(Compression::Zstd))
            .compression_level(info.zstd_level.clamp(1, 3))
            .compression_threads(0)
            .chunk_size(Some(CHUNK_BYTES))
            .disable_seeking(true)
            .create(NoSeek::new(sink))?;
        let epoch = Epoch::new(0, sha256(&[b"nooterra/log/secret/v1", &info.secret, info.origin.as_bytes()]).0);
        let mut r = Self {
            out,
            origin: info.origin.clone(),
            origin_hash: origin_hash(&info.origin),
            start: info.start,
            channels: Vec::new(),
            by_type: BTreeMap::new(),
            by_topic: BTreeMap::new(),
            checkpoint_channel: 0,
            tree: Tree::default(),
            epoch,
            seals: 0,
            tick: 0,
            log_time: None,
            last_at: info.start,
            header_tick: None,
            next_commit: info.start.saturating_add(COMMIT),
            state: Digest::ZERO,
            lost: 0,
            dirty: false,
            packer: Packer::default(),
            rooms: Vec::new(),
            leaf: Vec::new(),
            payload: Vec::new(),
            entry: Vec::new(),
        };
        let s = schema::plain(&CheckpointNote::shape());
        let id = r.out.add_schema(&s.name, "protobuf", &s.data)?;
        r.checkpoint_channel = r.out.add_channel(id, CHECKPOINT_TOPIC, "protobuf", &BTreeMap::new())?;
        let open = Open {
            version: VERSION,
            origin: info.origin.clone(),
            identity: info.identity.public(),
            start: info.start,
            epoch: EPOCH,
            commit: COMMIT,
            epoch_key: r.epoch.key.public(),
            manifest: manifest_hash(&encode(&info.manifest)),
            previous: info.previous.clone(),
            sig: Signature::NONE,
        }
        .signed(&info.identity);
        r.own(Kind::Open, info.start, &open)?;
        let channel = r.channel::<Manifest>(Kind::Manifest)?;
        r.record(channel, 0, info.start, &info.manifest)?;
        r.commit()?;
        Ok(r)
    }

    /// The channel for records of this kind and type; made when first asked for.
    pub fn channel<M: Message + 'static>(&mut self, kind: Kind) -> Result<Channel, RecordError> {
        if let Some(c) = self.by_type.get(&(kind, TypeId::of::<M>())) {
            return Ok(*c);
        }
        let c = self.channel_of(kind, &M::shape())?;
        self.by_type.insert((kind, TypeId::of::<M>()), c);
        Ok(c)
    }

    /// The channel for records of this kind and shape.
    pub fn channel_of(&mut self, kind: Kind, shape: &Shape) -> Result<Channel, RecordError> {
        if kind == Kind::Telemetry {
            return Err(RecordError::Form("telemetry has topics of its own"));
        }
        let full = shape.name.full();
        let topic = format!("/nt/{}/{}", kind.text(), full.strip_prefix("nooterra.").unwrap_or(&full));
        self.open_channel(kind, topic, &schema::entry(kind, shape))
    }

    /// The channel for telemetry of this type on a topic such as `/scene`.
    pub fn telemetry_channel<M: Message + 'static>(&mut self, topic: &str) -> Result<Channel, RecordError> {
        self.topic_channel(topic, TypeId::of::<M>(), M::shape)
    }

    fn topic_channel(&mut self, topic: &str, type_id: TypeId, shape: fn() -> Shape) -> Result<Channel, RecordError> {
        if let Some(c) = self.by_topic.get(topic).and_then(|types| types.get(&type_id)) {
            return Ok(*c);
        }
        if !topic.starts_with('/') || topic.starts_with("/nt/") || topic.len() > TOPIC_BYTES_MAX {
            return Err(RecordError::Topic(topic.to_owned()));
        }
        let c = self.open_channel(Kind::Telemetry, topic.to_owned(), &schema::plain(&shape()))?;
        self.by_topic.entry(topic.to_owned()).or_default().insert(type_id, c);
        Ok(c)
    }

    fn open_channel(&mut self, kind: Kind, topic: String, s: &Schema) -> Result<Channel, RecordError> {
        let digest = schema_digest(&s.name, "protobuf", &s.data);
        if let Some(i) = self.channels.iter().position(|c| c.kind == kind && c.topic == topic && c.schema == digest) {
            return Ok(Channel(i));
        }
        if topic.len() > TOPIC_BYTES_MAX {
            return Err(RecordError::Topic(topic));
        }
        let schema_id = self.out.add_schema(&s.name, "protobuf", &s.data)?;
        let id = self.out.add_channel(schema_id, &topic, "protobuf", &BTreeMap::new())?;
        self.channels.push(ChannelState { id, kind, topic, schema: digest });
        Ok(Channel(self.channels.len() - 1))
    }

    /// Records a message; gives its index in the log.
    pub fn record<M: Message>(&mut self, channel: Channel, tick: u64, at: Instant, m: &M) -> Result<u64, RecordError> {
        self.record_caused(channel, tick, at, m, &[])
    }

    /// Records a message with the records that caused it.
    pub fn record_caused<M: Message>(
        &mut self,
        channel: Channel,
        tick: u64,
        at: Instant,
        m: &M,
        causes: &[Cause],
    ) -> Result<u64, RecordError> {
        let mut w = Writer { bytes: std::mem::take(&mut self.payload) };
        w.bytes.clear();
        m.put_body(&mut w);
        let r = self.record_bytes(channel, tick, at, &w.bytes, causes);
        self.payload = w.bytes;
        r
    }

    /// Records a message of this kind, finding its channel by type.
    pub fn record_as<M: Message + 'static>(&mut self, kind: Kind, tick: u64, at: Instant, m: &M) -> Result<u64, RecordError> {
        let c = self.channel::<M>(kind)?;
        self.record(c, tick, at, m)
    }

    /// Records something to look at.
    pub fn telemetry<M: Message + 'static>(&mut self, topic: &str, tick: u64, at: Instant, m: &M) -> Result<u64, RecordError> {
        let c = self.telemetry_channel::<M>(topic)?;
        self.record(c, tick, at, m)
    }

    /// Records canonical bytes of the channel's type.
    pub fn record_bytes(&mut self, channel: Channel, tick: u64, at: Instant, payload: &[u8], causes: &[Cause]) -> Result<u64, RecordError> {
        let kind = self.channels.get(channel.0).ok_or(RecordError::Form("channel of another recorder"))?.kind;
        if kind.is_own() {
            return Err(RecordError::Form("the recorder alone writes records of this kind"));
        }
        if causes.len() > CAUSES_MAX {
            return Err(RecordError::Form("too many causes"));
        }
        if tick < self.tick {
            return Err(RecordError::Tick { tick, last: self.tick });
        }
        self.advance(at)?;
        if kind == Kind::Telemetry && self.header_tick != Some(tick) {
            // A foreign message has no room for its tick: it is the tick of the entry before it.
            let c = self.channel::<Remark>(Kind::Note)?;
            let w = encode(&Remark { topic: "tick".into(), text: String::new() });
            self.put(c, tick, at, &w, &[], None)?;
        }
        // What seals repeat is read off the records themselves, whoever wrote them.
        let form = |_| RecordError::Form("payload is not of its kind's type");
        let state = if kind == Kind::State { Some(decode::<State>(payload).map_err(form)?) } else { None };
        let gap = if kind == Kind::Gap { Some(decode::<Gap>(payload).map_err(form)?) } else { None };
        let index = self.put(channel, tick, at, payload, causes, None)?;
        self.state = state.map_or(self.state, |s| s.root);
        self.lost = self.lost.saturating_add(gap.map_or(0, |g| g.count));
        Ok(index)
    }

    pub(crate) fn channel_for(&mut self, said: &Said<'_>) -> Result<Channel, RecordError> {
        if let Some(topic) = said.topic {
            return self.topic_channel(topic, said.type_id, said.shape);
        }
        if let Some(c) = self.by_type.get(&(said.kind, said.type_id)) {
            return Ok(*c);
        }
        let c = self.channel_of(said.kind, &(said.shape)())?;
        self.by_type.insert((said.kind, said.type_id), c);
        Ok(c)
    }

    /// The end of a tick: records the root over the whole state.
    pub fn end_tick(&mut self, tick: u64, at: Instant, root: Digest) -> Result<u64, RecordError> {
        self.record_as(Kind::State, tick, at, &State { root })
    }

    /// Digest of every room; once a second. Their names are written after each keyframe and when they change.
    pub fn roots(&mut self, tick: u64, at: Instant, roots: &StateRoots) -> Result<u64, RecordError> {
        if self.rooms.iter().eq(roots.rooms.iter().map(|(name, _)| name)) {
            return self.record_as(Kind::Roots, tick, at, &Rooms::unnamed(roots));
        }
        let rooms = Rooms::named(roots);
        let index = self.record_as(Kind::Roots, tick, at, &rooms)?;
        self.rooms = rooms.names;
        Ok(index)
    }

    /// A keyframe; packed against an earlier one where that makes it smaller.
    pub fn keyframe(&mut self, tick: u64, at: Instant, k: &Keyframe) -> Result<u64, RecordError> {
        let snap = self.packer.pack(k).map_err(RecordError::Pack)?;
        // Whoever starts reading here has heard no names.
        self.rooms.clear();
        self.record_as(Kind::Snap, tick, at, &snap)
    }

    /// Owns up to records that were lost.
    pub fn gap(&mut self, tick: u64, at: Instant, gap: &Gap) -> Result<u64, RecordError> {
        self.record_as(Kind::Gap, tick, at, gap)
    }

    /// Seals and flushes everything so far, as is done each second; call it after an urgent record.
    pub fn commit(&mut self) -> Result<(), RecordError> {
        self.seal(false)
    }

    /// Ends the log in order and gives back the sink.
    pub fn close(mut self, tick: u64, at: Instant, reason: &str) -> Result<(W, Head), RecordError> {
        if tick < self.tick {
            return Err(RecordError::Tick { tick, last: self.tick });
        }
        self.advance(at)?;
        self.tick = tick;
        let records = self.tree.size();
        self.own(Kind::Close, at, &Close { records, reason: reason.to_owned() })?;
        self.seal(true)?;
        self.out.finish()?;
        let head = self.head();
        Ok((self.out.into_inner().into_inner(), head))
    }

    /// Records so far, and the root over them.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { origin: self.origin.clone(), size: self.tree.size(), root: self.tree.root() }
    }

    /// Index of the next record.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        self.tree.size()
    }

    /// The key of the present epoch.
    #[must_use]
    pub fn epoch_key(&self) -> PublicKey {
        self.epoch.key.public()
    }

    /// Seals whatever is due before a record at `at`: the second, and each epoch that ended.
    fn advance(&mut self, at: Instant) -> Result<(), RecordError> {
        let end = |e: u64| self.start.saturating_add(Span(EPOCH.0.saturating_mul(e + 1)));
        if at.0.saturating_sub(end(self.epoch.number).0) / EPOCH.0 > EPOCHS_AT_ONCE_MAX {
            return Err(RecordError::Time { at, last: self.last_at });
        }
        while at >= self.start.saturating_add(Span(EPOCH.0.saturating_mul(self.epoch.number + 1))) {
            let begins = self.start.saturating_add(Span(EPOCH.0.saturating_mul(self.epoch.number + 1)));
            self.seal(true)?;
            let next = self.epoch.next();
            let h = Handover {
                epoch: next.number,
                size: self.tree.size(),
                root: self.tree.root(),
                key: next.key.public(),
                sig: Signature::NONE,
            }
            .signed(&self.origin_hash, &self.epoch.key);
            self.epoch = next;
            self.own(Kind::Handover, begins, &h)?;
            self.next_commit = begins.saturating_add(COMMIT);
        }
        if at >= self.next_commit {
            if self.dirty {
                self.seal(false)?;
            }
            let seconds = at.since(self.start).0 / COMMIT.0;
            self.next_commit = self.start.saturating_add(Span(COMMIT.0 * (seconds + 1)));
        }
        Ok(())
    }

    fn seal(&mut self, last: bool) -> Result<(), RecordError> {
        let seal = Seal {
            epoch: self.epoch.number,
            counter: self.seals,
            last,
            state: self.state,
            size: self.tree.size(),
            root: self.tree.root(),
            lost: self.lost,
        };
        self.seals += 1;
        self.own(Kind::Seal, self.last_at, &seal)?;
        let c = Checkpoint { origin: self.origin.clone(), size: self.tree.size(), root: self.tree.root() };
        let note = CheckpointNote { note: c.sign(&self.epoch.key)? };
        let log_time = self.log_time.map_or(self.last_at.0, |t| t + 1);
        self.log_time = Some(log_time);
        let h = MessageHeader { channel_id: self.checkpoint_channel, sequence: 0, log_time, publish_time: self.last_at.0 };
        self.out.write_to_known_channel(&h, &encode(&note))?;
        self.out.flush()?;
        self.dirty = false;
        Ok(())
    }

    fn own<M: Message + 'static>(&mut self, kind: Kind, at: Instant, m: &M) -> Result<u64, RecordError> {
        let c = self.channel::<M>(kind)?;
        let seed = matches!(kind, Kind::Open | Kind::Handover).then_some(self.epoch.seed);
        self.put(c, self.tick, at, &encode(m), &[], seed)
    }

    /// One record: ordinal, commitment, leaf, message.
    fn put(
        &mut self,
        channel: Channel,
        tick: u64,
        at: Instant,
        payload: &[u8],
        causes: &[Cause],
        salt_seed: Option<[u8; 32]>,
    ) -> Result<u64, RecordError> {
        let log_time = self.log_time.map_or(at.0, |t| at.0.max(t.saturating_add(1)));
        let backwards = RecordError::Time { at, last: Instant(self.log_time.unwrap_or_default()) };
        let Ok(ordinal) = u32::try_from(log_time - at.0) else { return Err(backwards) };
        if at < self.last_at {
            return Err(backwards);
        }
        let c = &self.channels[channel.0];
        let index = self.tree.size();
        let salt = self.epoch.salts.get(self.epoch.records);
        let commitment = commit(&salt, payload);
        let leaf = Leaf {
            origin: &self.origin_hash,
            index,
            tick,
            at,
            ordinal,
            kind: c.kind,
            flags: 0,
            schema: &c.schema,
            topic: &c.topic,
            payload_len: payload.len() as u64,
            commit: &commitment,
            causes,
        }
        .hash(&mut self.leaf);
        // The sequence number holds a piece of the leaf's hash, so that a verifier can say which record is wrong.
        let h = MessageHeader { channel_id: c.id, sequence: check(&leaf), log_time, publish_time: at.0 };
        if c.kind == Kind::Telemetry {
            self.out.write_to_known_channel(&h, payload)?;
        } else {
            let mut w = Writer { bytes: std::mem::take(&mut self.entry) };
            w.bytes.clear();
            Header {
                index,
                tick,
                at,
                ordinal,
                kind: c.kind,
                flags: 0,
                causes: causes.to_vec(),
                salt_seed,
                salt: None,
                commit: None,
                length: 0,
            }
            .write(Some(payload), &mut w);
            let r = self.out.write_to_known_channel(&h, &w.bytes);
            self.entry = w.bytes;
            r?;
            self.header_tick = Some(tick);
        }
        self.tree.push(leaf);
        self.epoch.records = self.epoch.records.checked_add(1).ok_or(RecordError::Form("too many records in one epoch"))?;
        self.tick = tick;
        self.log_time = Some(log_time);
        self.last_at = at;
        self.dirty = true;
        Ok(index)
    }
}

/// The piece of a leaf's hash that messages carry as their sequence number.
#[must_use]
pub fn check(leaf: &Digest) -> u32 {
    u32::from_le_bytes([leaf.0[0], leaf.0[1], leaf.0[2], leaf.0[3]])
}
