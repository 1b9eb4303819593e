//! Reads the messages of an MCAP file from a stream, in bounded memory, from a cut file as far as it goes.
//!
//! Only structure is judged here. Checksums and indexes of the container are passed over: what counts is proven by the
//! log's own tree, and rewriting tools make their own.

use crate::leaf::schema_digest;
use nooterra_engine::Digest;
use std::collections::BTreeMap;
use std::io::Read;
use thiserror::Error;

/// First and last bytes of a file.
pub(crate) const MAGIC: [u8; 8] = [0x89, b'M', b'C', b'A', b'P', 0x30, b'\r', b'\n'];
/// Longest record that is read.
pub const RECORD_BYTES_MAX: u64 = 1 << 30;
/// Longest chunk that is unpacked.
pub const CHUNK_BYTES_MAX: u64 = 1 << 30;

pub(crate) mod op {
    pub const HEADER: u8 = 0x01;
    pub const FOOTER: u8 = 0x02;
    pub const SCHEMA: u8 = 0x03;
    pub const CHANNEL: u8 = 0x04;
    pub const MESSAGE: u8 = 0x05;
    pub const CHUNK: u8 = 0x06;
    pub const MESSAGE_INDEX: u8 = 0x07;
    pub const SUMMARY_OFFSET: u8 = 0x0e;
    pub const DATA_END: u8 = 0x0f;
}

/// Why a file cannot be read.
#[derive(Debug, Error)]
pub enum ContainerError {
    /// Not MCAP at all.
    #[error("not an MCAP file: it does not begin with its magic bytes")]
    Magic,
    /// Its structure is wrong at this byte.
    #[error("MCAP structure is broken at byte {at}: {what}")]
    Broken {
        /// Where.
        at: u64,
        /// How.
        what: String,
    },
    /// The source failed.
    #[error("failed to read at byte {at}")]
    Read {
        /// Where.
        at: u64,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// A schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaInfo {
    /// Full name of the message.
    pub name: String,
    /// `protobuf`.
    pub encoding: String,
    /// Its descriptors.
    pub data: Vec<u8>,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelInfo {
    /// Topic.
    pub topic: String,
    /// `protobuf`.
    pub encoding: String,
    /// Number of the schema, 0 for none.
    pub schema: u16,
    /// Full name of the schema's message.
    pub schema_name: String,
    /// Digest of the schema.
    pub schema_digest: Digest,
    /// Type of the payload of `/nt/…` entries; elsewhere the schema's message itself.
    pub payload_type: String,
}

/// One message.
#[derive(Debug, Clone, Copy)]
pub struct MessageRef<'a> {
    /// Its channel.
    pub channel: &'a ChannelInfo,
    /// Sequence number.
    pub sequence: u32,
    /// Log time.
    pub log_time: u64,
    /// Publish time.
    pub publish_time: u64,
    /// Content.
    pub data: &'a [u8],
}

/// How the file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With its footer.
    Whole,
    /// After all data, before its footer was complete.
    NoFooter,
    /// In the midst of data.
    Cut,
}

/// What comes next in a file.
#[derive(Debug)]
pub enum Event<'a> {
    /// A message.
    Message(MessageRef<'a>),
    /// Nothing more.
    End(End),
}

/// A file that is being read.
pub struct Container<R> {
    source: R,
    at: u64,
    started: bool,
    ended: Option<End>,
    body: Vec<u8>,
    chunk: Vec<u8>,
    chunk_at: usize,
    found: Option<Found>,
    /// Byte at which the chunk begins in the file.
    chunk_offset: u64,
    unpack: Option<zstd::bulk::Decompressor<'static>>,
    /// Schemas by number.
    pub schemas: BTreeMap<u16, SchemaInfo>,
    /// Channels by number.
    pub channels: BTreeMap<u16, ChannelInfo>,
    /// Attachments and metadata records seen: content that no tree covers.
    pub uncovered: u64,
}

impl<R> std::fmt::Debug for Container<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Container(at byte {})", self.at)
    }
}

/// Where the next message lies.
#[derive(Clone, Copy)]
enum Found {
    InChunk(usize, usize),
    InBody,
}

enum Filled {
    Full,
    Short,
}

impl<R: Read> Container<R> {
    /// A file from its first byte.
    pub fn new(source: R) -> Self {
        Self {
            source,
            at: 0,
            started: false,
            ended: None,
            body: Vec::new(),
            chunk: Vec::new(),
            chunk_at: 0,
            found: None,
            chunk_offset: 0,
            unpack: None,
            schemas: BTreeMap::new(),
            channels: BTreeMap::new(),
            uncovered: 0,
        }
    }

    /// A file from one of its records on, with what was declared before.
    pub(crate) fn resume(source: R, at: u64, schemas: BTreeMap<u16, SchemaInfo>, channels: BTreeMap<u16, ChannelInfo>) -> Self {
        Self { at, started: true, schemas, channels, ..Self::new(source) }
    }

    /// Reads to the end for schemas and channels alone.
    pub(crate) fn declarations(&mut self) -> Result<(), ContainerError> {
        loop {
            self.locate()?;
            if self.found.take().is_none() {
                return Ok(());
            }
        }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.at
    }

    /// The next message, or the end.
    pub fn next_event(&mut self) -> Result<Event<'_>, ContainerError> {
        self.locate()?;
        match self.found.take() {
            Some(found) => self.lend(found).map(Event::Message),
            None => Ok(Event::End(self.ended.unwrap_or(End::Cut))),
        }
    }

    /// Steps over the next message if it is on this topic.
    pub fn skip_if_topic(&mut self, topic: &str) -> Result<bool, ContainerError> {
        self.locate()?;
        let Some(found) = self.found else { return Ok(false) };
        let skip = self.lend(found)?.channel.topic == topic;
        if skip {
            self.found = None;
        }
        Ok(skip)
    }

    fn lend(&self, found: Found) -> Result<MessageRef<'_>, ContainerError> {
        let bytes = match found {
            Found::InChunk(from, to) => &self.chunk[from..to],
            Found::InBody => &self.body,
        };
        message(bytes, &self.channels).ok_or_else(|| broken(self.chunk_offset, "message is too short or of an unknown channel"))
    }

    /// Reads on until a message is found or the file ended.
    fn locate(&mut self) -> Result<(), ContainerError> {
        loop {
            if self.ended.is_some() || self.found.is_some() {
                return Ok(());
            }
            if self.chunk_at < self.chunk.len() {
                let chunk_offset = self.chunk_offset;
                let (opcode, body) = record_in(&self.chunk, &mut self.chunk_at)
                    .map_err(|what| ContainerError::Broken { at: chunk_offset, what: format!("in a chunk: {what}") })?;
                match opcode {
                    op::MESSAGE => {
                        self.found = Some(Found::InChunk(body.0, body.1));
                    }
                    op::SCHEMA | op::CHANNEL => {
                        let bytes = self.chunk[body.0..body.1].to_vec();
                        self.declare(opcode, &bytes, chunk_offset)?;
                    }
                    _ => return Err(broken(chunk_offset, format!("record of kind {opcode:#04x} in a chunk"))),
                }
                continue;
            }
            if !self.started {
                self.start()?;
                continue;
            }
            let begin = self.at;
            let Some((opcode, length)) = self.head()? else {
                self.ended = Some(End::Cut);
                continue;
            };
            if length > RECORD_BYTES_MAX {
                return Err(broken(begin, format!("record of {length} bytes")));
            }
            if matches!(self.fill(length)?, Filled::Short) {
                if opcode == op::CHUNK && !chunk_is_plausible(&self.body, length) {
                    return Err(broken(begin, "lengths of a chunk disagree"));
                }
                if !known(opcode) {
                    return Err(broken(begin, format!("record of kind {opcode:#04x}")));
                }
                self.ended = Some(End::Cut);
                continue;
            }
            match opcode {
                op::HEADER | op::MESSAGE_INDEX => {}
                op::SCHEMA | op::CHANNEL => {
                    let body = std::mem::take(&mut self.body);
                    let done = self.declare(opcode, &body, begin);
                    self.body = body;
                    done?;
                }
                op::MESSAGE => {
                    self.chunk_offset = begin;
                    self.found = Some(Found::InBody);
                }
                op::CHUNK => self.open_chunk(begin)?,
                0x09 | 0x0c => self.uncovered += 1,
                op::DATA_END => {
                    let end = self.tail()?;
                    self.ended = Some(end);
                }
                0x80.. => self.uncovered += 1,
                _ => return Err(broken(begin, format!("record of kind {opcode:#04x} among the data"))),
            }
        }
    }

    fn start(&mut self) -> Result<(), ContainerError> {
        let mut magic = [0; 8];
        let n = self.read(&mut magic)?;
        if n == 0 || magic[..n] != MAGIC[..n] {
            return Err(ContainerError::Magic);
        }
        self.started = true;
        if n < 8 {
            self.ended = Some(End::Cut);
        }
        Ok(())
    }

    /// Summary, footer, magic: no content.
    fn tail(&mut self) -> Result<End, ContainerError> {
        loop {
            let begin = self.at;
            let Some((opcode, length)) = self.head()? else { return Ok(End::NoFooter) };
            if length > RECORD_BYTES_MAX {
                return Err(broken(begin, format!("record of {length} bytes")));
            }
            if matches!(self.fill(length)?, Filled::Short) {
                return Ok(End::NoFooter);
            }
            match opcode {
                op::FOOTER => break,
                op::SCHEMA | op::CHANNEL | 0x08..=op::SUMMARY_OFFSET | 0x80.. => {}
                _ => return Err(broken(begin, format!("record of kind {opcode:#04x} after the data"))),
            }
        }
        let begin = self.at;
        let mut rest = [0; 9];
        match self.read(&mut rest)? {
            8 if rest[..8] == MAGIC => Ok(End::Whole),
            n if n < 8 && rest[..n] == MAGIC[..n] => Ok(End::NoFooter),
            _ => Err(broken(begin, "the file does not end with its magic bytes")),
        }
    }

    fn head(&mut self) -> Result<Option<(u8, u64)>, ContainerError> {
        let mut b = [0; 9];
        let n = self.read(&mut b)?;
        let mut length = [0; 8];
        length.copy_from_slice(&b[1..]);
        Ok((n == 9).then(|| (b[0], u64::from_le_bytes(length))))
    }

    fn read(&mut self, into: &mut [u8]) -> Result<usize, ContainerError> {
        let mut n = 0;
        while n < into.len() {
            match self.source.read(&mut into[n..]) {
                Ok(0) => break,
                Ok(k) => n += k,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => return Err(ContainerError::Read { at: self.at, source }),
            }
        }
        self.at += n as u64;
        Ok(n)
    }

    /// Reads a record's body; a length that lies costs no memory.
    fn fill(&mut self, length: u64) -> Result<Filled, ContainerError> {
        self.body.clear();
        let n =
            (&mut self.source).take(length).read_to_end(&mut self.body).map_err(|source| ContainerError::Read { at: self.at, source })?;
        self.at += n as u64;
        Ok(if n as u64 == length { Filled::Full } else { Filled::Short })
    }

    fn open_chunk(&mut self, begin: u64) -> Result<(), ContainerError> {
        let bad = |what: &str| broken(begin, what);
        let b = &self.body;
        let size = u64_at(b, 16).ok_or_else(|| bad("chunk is too short"))?;
        let name = usize::try_from(u32_at(b, 28).ok_or_else(|| bad("chunk is too short"))?).map_err(|_| bad("chunk is too short"))?;
        let rest = b.get(32..).and_then(|x| x.get(name..)).ok_or_else(|| bad("chunk is too short"))?;
        let codec = &b[32..32 + name];
        let packed = u64_at(rest, 0).ok_or_else(|| bad("chunk is too short"))?;
        let data = &rest[8..];
        if packed != data.len() as u64 {
            return Err(bad("lengths of a chunk disagree"));
        }
        if size > CHUNK_BYTES_MAX {
            return Err(broken(begin, format!("chunk of {size} bytes")));
        }
        self.chunk.clear();
        self.chunk_at = 0;
        self.chunk_offset = begin;
        match codec {
            b"" => self.chunk.extend_from_slice(data),
            b"zstd" => {
                // Unpacked in pieces when it is large, so that a size that lies costs no memory.
                let size = usize::try_from(size).map_err(|_| bad("chunk is too long"))?;
                if size <= 64 << 20 {
                    if self.unpack.is_none() {
                        self.unpack = Some(zstd::bulk::Decompressor::new().map_err(|source| ContainerError::Read { at: begin, source })?);
                    }
                    self.chunk.reserve(size);
                    if let Some(u) = &mut self.unpack {
                        // The buffer's spare room may be more than was announced; the length is checked below.
                        u.decompress_to_buffer(data, &mut self.chunk).map_err(|e| broken(begin, format!("chunk does not unpack: {e}")))?;
                    }
                } else {
                    zstd::stream::Decoder::new(data)
                        .and_then(|d| d.take(size as u64 + 1).read_to_end(&mut self.chunk))
                        .map_err(|e| broken(begin, format!("chunk does not unpack: {e}")))?;
                }
            }
            b"lz4" => {
                let limit = usize::try_from(size).map_err(|_| bad("chunk is too long"))?;
                crate::lz4::unpack(data, limit, &mut self.chunk).map_err(bad)?;
            }
            other => {
                return Err(broken(begin, format!("chunk packed with `{}`; zstd, lz4 and none are read", String::from_utf8_lossy(other))));
            }
        }
        if self.chunk.len() as u64 != size {
            return Err(broken(begin, format!("chunk unpacks to {} bytes, {size} were announced", self.chunk.len())));
        }
        Ok(())
    }

    fn declare(&mut self, opcode: u8, b: &[u8], begin: u64) -> Result<(), ContainerError> {
        let malformed = || broken(begin, "schema or channel is malformed");
        let id = u16_at(b, 0).ok_or_else(malformed)?;
        let same = if opcode == op::SCHEMA {
            let s = schema(b).ok_or_else(malformed)?;
            id != 0 && *self.schemas.entry(id).or_insert_with(|| s.clone()) == s
        } else {
            let c = channel(b, &self.schemas).ok_or_else(malformed)?;
            *self.channels.entry(id).or_insert_with(|| c.clone()) == c
        };
        if same { Ok(()) } else { Err(broken(begin, "a schema or channel is declared twice, differently")) }
    }
}

fn schema(b: &[u8]) -> Option<SchemaInfo> {
    let mut at = 2;
    Some(SchemaInfo { name: text(b, &mut at)?, encoding: text(b, &mut at)?, data: bytes(b, &mut at)?.to_vec() })
}

fn channel(b: &[u8], schemas: &BTreeMap<u16, SchemaInfo>) -> Option<ChannelInfo> {
    let number = u16_at(b, 2)?;
    let mut at = 4;
    let (topic, encoding) = (text(b, &mut at)?, text(b, &mut at)?);
    let none = SchemaInfo { name: String::new(), encoding: String::new(), data: Vec::new() };
    let s = if number == 0 { &none } else { schemas.get(&number)? };
    let payload_type =
        if topic.starts_with("/nt/") { crate::schema::payload_type(&s.name, &s.data).unwrap_or_default() } else { s.name.clone() };
    let schema_digest = schema_digest(&s.name, &s.encoding, &s.data);
    Some(ChannelInfo { topic, encoding, schema: number, schema_name: s.name.clone(), schema_digest, payload_type })
}

fn broken(at: u64, what: impl Into<String>) -> ContainerError {
    ContainerError::Broken { at, what: what.into() }
}

fn known(opcode: u8) -> bool {
    (op::HEADER..=op::DATA_END).contains(&opcode) || opcode >= 0x80
}

/// Does what is there of a cut chunk agree with the length of its record?
fn chunk_is_plausible(b: &[u8], length: u64) -> bool {
    let Some(name) = u32_at(b, 28) else { return true };
    let codec = b.get(32..).map(|x| &x[..x.len().min(name as usize)]);
    if name > 16 || codec.is_some_and(|c| !b"zstd".starts_with(c) && !b"lz4".starts_with(c)) {
        return false;
    }
    u64_at(b, 32 + name as usize).is_none_or(|packed| packed.checked_add(40 + u64::from(name)) == Some(length))
}

/// The next record in a chunk: its kind, and where its body lies.
fn record_in(chunk: &[u8], at: &mut usize) -> Result<(u8, (usize, usize)), String> {
    let opcode = chunk[*at];
    let length = u64_at(chunk, *at + 1).ok_or("a record is cut off")?;
    let from = *at + 9;
    let to = usize::try_from(length).ok().and_then(|n| from.checked_add(n)).filter(|to| *to <= chunk.len()).ok_or("a record is cut off")?;
    *at = to;
    Ok((opcode, (from, to)))
}

fn message<'a>(b: &'a [u8], channels: &'a BTreeMap<u16, ChannelInfo>) -> Option<MessageRef<'a>> {
    Some(MessageRef {
        channel: channels.get(&u16_at(b, 0)?)?,
        sequence: u32_at(b, 2)?,
        log_time: u64_at(b, 6)?,
        publish_time: u64_at(b, 14)?,
        data: b.get(22..)?,
    })
}

fn u16_at(b: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(b.get(at..at.checked_add(2)?)?.try_into().ok()?))
}
fn u32_at(b: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(b.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
fn u64_at(b: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(b.get(at..at.checked_add(8)?)?.try_into().ok()?))
}
fn bytes<'a>(b: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let n = u32_at(b, *at)? as usize;
    let from = *at + 4;
    *at = from.checked_add(n)?;
    b.get(from..*at)
}
fn text(b: &[u8], at: &mut usize) -> Option<String> {
    String::from_utf8(bytes(b, at)?.to_vec()).ok()
}
