//! Yields the records of a log in their order, in bounded memory, believing nothing about seals: that is `verify`'s.

use crate::container::{Container, ContainerError, End, Event};
use crate::entry::Header;
use crate::kind::Kind;
use crate::leaf::Cause;
use crate::recorder::CHECKPOINT_TOPIC;
use crate::snap::{Ladder, Snap};
use crate::words::{CheckpointNote, Manifest, Open, Rooms, VERSION};
use nooterra_engine::keyframe::Keyframe;
use nooterra_engine::record::{DecodeError, Message, decode};
use nooterra_engine::{Digest, Instant};
use std::io::Read;
use thiserror::Error;

/// Why a log cannot be read on.
#[derive(Debug, Error)]
pub enum LogError {
    /// The container is broken.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// A message on one of our channels is not an entry.
    #[error("message at log time {log_time} on {topic} is not an entry: {source}")]
    Entry {
        /// Channel.
        topic: String,
        /// Its log time.
        log_time: u64,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// A message of telemetry whose times make no sense.
    #[error("message on {topic} has log time {log_time} for instant {publish_time}")]
    Times {
        /// Channel.
        topic: String,
        /// Log time.
        log_time: u64,
        /// Publish time: the instant.
        publish_time: u64,
    },
    /// It does not begin as a log does.
    #[error("not a log: {0}")]
    Start(&'static str),
    /// It is of another version of the format.
    #[error("the log is of format {0}, and this program reads format {VERSION}")]
    Version(u32),
    /// A record's payload is not of its type, or is withheld.
    #[error("record {index} ({kind}) cannot be read: {what}")]
    Payload {
        /// Its place.
        index: u64,
        /// Its kind.
        kind: Kind,
        /// Why.
        what: String,
    },
}

/// One record, lent by the reader.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// Place in the log: as stated by an entry; for telemetry, the one after the record before it.
    pub index: u64,
    /// Tick of the run.
    pub tick: u64,
    /// Instant of the run.
    pub at: Instant,
    /// What the log time adds to the instant.
    pub ordinal: u32,
    /// Kind.
    pub kind: Kind,
    /// Topic of the channel.
    pub topic: &'a str,
    /// Full name of the payload's type.
    pub type_name: &'a str,
    /// Canonical bytes; `None` if withheld.
    pub payload: Option<&'a [u8]>,
    /// What caused it.
    pub causes: Vec<Cause>,
    pub(crate) header: Option<Proof>,
    pub(crate) schema: &'a Digest,
    pub(crate) log_time: u64,
    pub(crate) publish_time: u64,
    pub(crate) sequence: u32,
}

/// What an entry carries for the verifier.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub flags: u16,
    pub salt_seed: Option<[u8; 32]>,
    pub salt: Option<[u8; 16]>,
    pub commit: Option<Digest>,
    pub length: u64,
}

impl Record<'_> {
    /// The payload as a `M`.
    pub fn decode<M: Message>(&self) -> Result<M, LogError> {
        let bad = |what: String| LogError::Payload { index: self.index, kind: self.kind, what };
        let p = self.payload.ok_or_else(|| bad("its payload is withheld".into()))?;
        let want = M::shape().name.full();
        if self.type_name != want {
            return Err(bad(format!("it holds a {}, not a {want}", self.type_name)));
        }
        decode(p).map_err(|e| bad(e.to_string()))
    }
    /// Keeps it.
    #[must_use]
    pub fn to_owned(&self) -> OwnedRecord {
        OwnedRecord {
            index: self.index,
            tick: self.tick,
            at: self.at,
            kind: self.kind,
            topic: self.topic.to_owned(),
            type_name: self.type_name.to_owned(),
            payload: self.payload.map(<[u8]>::to_vec),
        }
    }
}

/// A record that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedRecord {
    /// Place in the log.
    pub index: u64,
    /// Tick of the run.
    pub tick: u64,
    /// Instant of the run.
    pub at: Instant,
    /// Kind.
    pub kind: Kind,
    /// Topic of the channel.
    pub topic: String,
    /// Full name of the payload's type.
    pub type_name: String,
    /// Canonical bytes; `None` if withheld.
    pub payload: Option<Vec<u8>>,
}

/// What comes next.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "lent one at a time; a box would be an allocation for every record")]
pub enum Item<'a> {
    /// A record.
    Record(Record<'a>),
    /// A checkpoint over the records before it.
    Checkpoint(CheckpointNote),
    /// Nothing more.
    End(End),
}

/// Reads a log from a stream.
#[derive(Debug)]
pub struct LogReader<R> {
    container: Container<R>,
    next_index: u64,
    tick: u64,
    states: Option<States>,
}

/// What later records of states refer to.
#[derive(Debug, Default)]
struct States {
    ladder: Ladder,
    rooms: Vec<String>,
}

impl States {
    /// Notes what a record gives to those after it. One that is not of its type is left to whoever reads it.
    fn note(&mut self, r: &Record<'_>) {
        match r.kind {
            Kind::Snap => {
                if let Ok(s) = r.decode::<Snap>() {
                    self.ladder.push(s);
                }
            }
            Kind::Roots => {
                if let Ok(Rooms { names, .. }) = r.decode()
                    && !names.is_empty()
                {
                    self.rooms = names;
                }
            }
            _ => {}
        }
    }
}

impl<R: Read> LogReader<R> {
    /// A log from its first byte. Give it a buffered source or a file; it reads in large pieces.
    pub fn new(source: R) -> Self {
        Self { states: Some(States::default()), ..Self::of_proof(source) }
    }

    /// The same for somebody who looks into no state: it holds nothing for later.
    pub(crate) fn of_proof(source: R) -> Self {
        Self { container: Container::new(source), next_index: 0, tick: 0, states: None }
    }

    /// Goes on in the middle of a file, where keyframes may build on those of the ladder.
    pub(crate) fn resume(container: Container<R>, ladder: Ladder) -> Self {
        Self { container, next_index: 0, tick: 0, states: Some(States { ladder, rooms: Vec::new() }) }
    }

    /// The next record or checkpoint.
    pub fn next_item(&mut self) -> Result<Item<'_>, LogError> {
        let m = match self.container.next_event()? {
            Event::End(e) => return Ok(Item::End(e)),
            Event::Message(m) => m,
        };
        let topic = m.channel.topic.as_str();
        let entry_error = |source| LogError::Entry { topic: topic.to_owned(), log_time: m.log_time, source };
        if topic == CHECKPOINT_TOPIC {
            return Ok(Item::Checkpoint(decode(m.data).map_err(entry_error)?));
        }
        let place = |index, tick, at, ordinal, kind, payload, causes, header| Record {
            index,
            tick,
            at,
            ordinal,
            kind,
            topic,
            type_name: &m.channel.payload_type,
            payload,
            causes,
            header,
            schema: &m.channel.schema_digest,
            log_time: m.log_time,
            publish_time: m.publish_time,
            sequence: m.sequence,
        };
        let r = if topic.starts_with("/nt/") {
            let (h, payload) = Header::read(m.data).map_err(entry_error)?;
            self.tick = h.tick;
            let Header { index, tick, at, ordinal, kind, flags, causes, salt_seed, salt, commit, length } = h;
            place(index, tick, at, ordinal, kind, payload, causes, Some(Proof { flags, salt_seed, salt, commit, length }))
        } else {
            let times = || LogError::Times { topic: topic.to_owned(), log_time: m.log_time, publish_time: m.publish_time };
            let ordinal = m.log_time.checked_sub(m.publish_time).and_then(|o| u32::try_from(o).ok()).ok_or_else(times)?;
            place(self.next_index, self.tick, Instant(m.publish_time), ordinal, Kind::Telemetry, Some(m.data), Vec::new(), None)
        };
        self.next_index = r.index.saturating_add(1);
        if let Some(states) = &mut self.states {
            states.note(&r);
        }
        Ok(Item::Record(r))
    }

    /// The next record; `None` at the end, however the file ended.
    #[allow(clippy::should_implement_trait, reason = "records are lent")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, LogError> {
        // A loop that returns what it borrowed is beyond the borrow checker; checkpoints are skipped one by one instead.
        while self.peek_is_checkpoint()? {}
        match self.next_item()? {
            Item::Record(r) => Ok(Some(r)),
            Item::Checkpoint(_) | Item::End(_) => Ok(None),
        }
    }

    fn peek_is_checkpoint(&mut self) -> Result<bool, LogError> {
        Ok(self.container.skip_if_topic(CHECKPOINT_TOPIC)?)
    }

    /// Reads `open` and the manifest, with which every log begins.
    pub fn start(&mut self) -> Result<(Open, Manifest), LogError> {
        let open = match self.next()? {
            Some(r) if r.kind == Kind::Open => r.decode::<Open>()?,
            Some(_) => return Err(LogError::Start("its first record is not `open`")),
            None => return Err(LogError::Start("it holds no record")),
        };
        if open.version != VERSION {
            return Err(LogError::Version(open.version));
        }
        match self.next()? {
            Some(r) if r.kind == Kind::Manifest => Ok((open, r.decode()?)),
            _ => Err(LogError::Start("its second record is not the manifest")),
        }
    }

    /// Unpacks a keyframe that this reader has just passed, with the earlier ones that it is packed against. An error says
    /// which of them is missing or broken.
    pub fn keyframe(&self, snap: &Snap) -> Result<Keyframe, String> {
        self.states.as_ref().map_or_else(|| snap.unpack(), |s| s.ladder.unpack(snap))
    }

    /// The keyframes that those still to come may be packed against, and the one passed last may be.
    #[must_use]
    pub fn ladder(&self) -> Ladder {
        self.states.as_ref().map(|s| s.ladder.clone()).unwrap_or_default()
    }

    /// The rooms of a record that this reader has just passed, with their names if any were said so far.
    #[must_use]
    pub fn rooms(&self, mut rooms: Rooms) -> Rooms {
        if let Some(s) = &self.states
            && rooms.names.is_empty()
        {
            rooms.names.clone_from(&s.rooms);
        }
        rooms
    }

    /// Attachments and other content that no tree covers, so far.
    #[must_use]
    pub fn uncovered(&self) -> u64 {
        self.container.uncovered
    }
}
