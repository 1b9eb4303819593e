//! Where a file's keyframes lie, so that a reader can start there. A convenience: nothing here is proven.

use crate::container::{ChannelInfo, Container, ContainerError, Event, MAGIC, SchemaInfo, op};
use crate::kind::Kind;
use crate::reader::{LogError, LogReader};
use crate::snap::{Base, LADDER_MAX, Ladder, Snap};
use nooterra_engine::Instant;
use nooterra_engine::keyframe::Keyframe;
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

/// Where a keyframe lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapAt {
    /// Its log time: instant and ordinal.
    pub log_time: u64,
    /// First byte of the container record that holds it.
    pub offset: u64,
}

/// All keyframes of a file.
#[derive(Debug, Clone, Default)]
pub struct LogIndex {
    snaps: Vec<SnapAt>,
    schemas: BTreeMap<u16, SchemaInfo>,
    channels: BTreeMap<u16, ChannelInfo>,
}

/// A keyframe with the reader that stands right after it.
#[derive(Debug)]
pub struct Resumed<R> {
    /// Goes on after the keyframe.
    pub log: LogReader<R>,
    /// Index of the keyframe's record.
    pub index: u64,
    /// The keyframe.
    pub keyframe: Keyframe,
}

impl LogIndex {
    /// Scans a file: steps over chunks, unpacks only those whose channels are not known yet.
    pub fn build<R: Read + Seek>(source: &mut R) -> Result<Self, ContainerError> {
        let read_error = |source| ContainerError::Read { at: 0, source };
        let length = source.seek(SeekFrom::End(0)).map_err(read_error)?;
        source.seek(SeekFrom::Start(0)).map_err(read_error)?;
        let mut magic = [0; 8];
        if length < 8 || source.read_exact(&mut magic).is_err() || magic != MAGIC {
            return Err(ContainerError::Magic);
        }
        let mut index = Self::default();
        let mut chunk: Option<(u64, u64)> = None;
        let mut mentioned: Vec<(u16, u64)> = Vec::new();
        let mut skipped = Vec::new();
        let mut at = 8;
        loop {
            let mut head = [0; 9];
            let whole = length.saturating_sub(at) >= 9;
            if whole {
                source.seek(SeekFrom::Start(at)).map_err(read_error)?;
                source.read_exact(&mut head).map_err(read_error)?;
            }
            let mut n = [0; 8];
            n.copy_from_slice(&head[1..]);
            let (opcode, body) = (head[0], u64::from_le_bytes(n));
            let fits = whole && body <= length - at - 9;
            if fits && opcode == op::MESSAGE_INDEX && chunk.is_some() && body <= length {
                let mut b = Vec::new();
                source.take(body).read_to_end(&mut b).map_err(read_error)?;
                mentioned.extend(index_entries(&b));
                at += 9 + body;
                continue;
            }
            if let Some((offset, size)) = chunk.take() {
                index.chunk(source, offset, size, &mentioned, &mut skipped)?;
                mentioned.clear();
            }
            if !fits || opcode == op::DATA_END {
                break;
            }
            match opcode {
                op::CHUNK => chunk = Some((at, 9 + body)),
                // Messages that lie outside of chunks.
                0x03..=0x05 => index.learn(source, at, 9 + body, true)?,
                _ => {}
            }
            at += 9 + body;
        }
        Ok(index)
    }

    /// Keyframes in order.
    #[must_use]
    pub fn snaps(&self) -> &[SnapAt] {
        &self.snaps
    }

    fn chunk<R: Read + Seek>(
        &mut self,
        source: &mut R,
        offset: u64,
        size: u64,
        mentioned: &[(u16, u64)],
        skipped: &mut Vec<(u64, u64)>,
    ) -> Result<(), ContainerError> {
        if mentioned.is_empty() {
            return self.learn(source, offset, size, true);
        }
        let unknown = |i: &Self| mentioned.iter().any(|(c, _)| !i.channels.contains_key(c));
        if unknown(self) {
            self.learn(source, offset, size, false)?;
        } else {
            skipped.push((offset, size));
        }
        // A channel may be declared in a chunk before the one that first uses it.
        while unknown(self) {
            let Some((offset, size)) = skipped.pop() else {
                return Err(ContainerError::Broken { at: offset, what: "an index mentions an unknown channel".into() });
            };
            self.learn(source, offset, size, false)?;
        }
        for (c, log_time) in mentioned {
            if self.channels.get(c).is_some_and(|c| is_snap_topic(&c.topic)) {
                self.snaps.push(SnapAt { log_time: *log_time, offset });
            }
        }
        Ok(())
    }

    /// Reads one record of the container for its declarations and keyframes.
    fn learn<R: Read + Seek>(&mut self, source: &mut R, offset: u64, size: u64, messages: bool) -> Result<(), ContainerError> {
        source.seek(SeekFrom::Start(offset)).map_err(|source| ContainerError::Read { at: offset, source })?;
        let mut c = Container::resume(source.take(size), offset, std::mem::take(&mut self.schemas), std::mem::take(&mut self.channels));
        if !messages {
            c.declarations()?;
        }
        while let Event::Message(m) = c.next_event()? {
            if is_snap_topic(&m.channel.topic) {
                self.snaps.push(SnapAt { log_time: m.log_time, offset });
            }
        }
        (self.schemas, self.channels) = (c.schemas, c.channels);
        Ok(())
    }

    /// The last keyframe at or before an instant, and the log from there on. It reads those that the keyframe builds on.
    pub fn resume<R: Read + Seek>(&self, mut source: R, at: Instant) -> Result<Option<Resumed<R>>, LogError> {
        for s in self.snaps.iter().rev().skip_while(|s| s.log_time > at.0.saturating_add(u64::from(u32::MAX))) {
            let Some((index, _, snap)) = self.read(&mut source, s)?.filter(|found| found.1 <= at) else { continue };
            let what = |what| LogError::Payload { index, kind: Kind::Snap, what };
            let mut below = Vec::new();
            let mut base = snap.base;
            while let Some(b) = base {
                if below.len() == LADDER_MAX {
                    return Err(what("its keyframe builds on too many others".into()));
                }
                let lower = self.base(&mut source, &b)?.ok_or_else(|| what(b.missing()))?;
                base = lower.base;
                below.push(lower);
            }
            let mut ladder = Ladder::default();
            below.into_iter().rev().for_each(|s| ladder.push(s));
            let keyframe = ladder.unpack(&snap).map_err(what)?;
            let mut log = LogReader::resume(self.container(source, s)?, ladder);
            while log.next()?.is_some_and(|r| r.log_time < s.log_time) {}
            return Ok(Some(Resumed { log, index, keyframe }));
        }
        Ok(None)
    }

    fn container<R: Read + Seek>(&self, mut source: R, s: &SnapAt) -> Result<Container<R>, ContainerError> {
        source.seek(SeekFrom::Start(s.offset)).map_err(|source| ContainerError::Read { at: s.offset, source })?;
        Ok(Container::resume(source, s.offset, self.schemas.clone(), self.channels.clone()))
    }

    /// Index, instant and content of a keyframe; `None` if there is none at this place.
    fn read<R: Read + Seek>(&self, source: &mut R, s: &SnapAt) -> Result<Option<(u64, Instant, Snap)>, LogError> {
        let mut log = LogReader::resume(self.container(source, s)?, Ladder::default());
        while let Some(r) = log.next()? {
            if r.log_time >= s.log_time {
                return if r.kind == Kind::Snap { Ok(Some((r.index, r.at, r.decode()?))) } else { Ok(None) };
            }
        }
        Ok(None)
    }

    /// The keyframe that another one is packed against.
    fn base<R: Read + Seek>(&self, source: &mut R, b: &Base) -> Result<Option<Snap>, LogError> {
        let near = |s: &&SnapAt| s.log_time.checked_sub(b.at.0).is_some_and(|ordinal| ordinal <= u64::from(u32::MAX));
        for s in self.snaps.iter().filter(near) {
            if let Some((_, _, snap)) = self.read(source, s)?.filter(|(_, _, snap)| snap.digest == b.digest) {
                return Ok(Some(snap));
            }
        }
        Ok(None)
    }
}

fn is_snap_topic(topic: &str) -> bool {
    topic.strip_prefix("/nt/").and_then(|t| t.split('/').next()) == Some(Kind::Snap.text())
}

/// Channel and log time of each message that an index record mentions.
fn index_entries(b: &[u8]) -> Vec<(u16, u64)> {
    let Some((channel, rest)) = b.split_first_chunk::<2>() else { return Vec::new() };
    let Some((_, rest)) = rest.split_first_chunk::<4>() else { return Vec::new() };
    let channel = u16::from_le_bytes(*channel);
    rest.chunks_exact(16).filter_map(|e| e.first_chunk::<8>().map(|t| (channel, u64::from_le_bytes(*t)))).collect()
}
