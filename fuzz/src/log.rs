//! The black box: raw bytes as a file, and a sound log that somebody rewrote message by message.

use crate::entropy::Entropy;
use nooterra_blackbox::container::{ChannelInfo, Container, Event, SchemaInfo};
use nooterra_blackbox::reader::Item;
use nooterra_blackbox::recorder::CHECKPOINT_TOPIC;
use nooterra_blackbox::telemetry::{Level, Log};
use nooterra_blackbox::{
    Kind, LogIndex, LogReader, Manifest, OpenInfo, Policy, Recorder, Snap, Status, verify,
    words::{Gap, Remark, Rooms},
};
use nooterra_engine::digest::blake3;
use nooterra_engine::keyframe::{Keyframe, Part, StateRoots};
use nooterra_engine::{Instant, Span};
use nooterra_player::{Shapes, diff, find_keyframe, skip_past};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::LazyLock;

/// A message of a log as a rewriting tool holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    channel: u16,
    sequence: u32,
    log_time: u64,
    publish_time: u64,
    data: Vec<u8>,
}

/// A log taken apart.
#[derive(Debug)]
struct Parts {
    schemas: BTreeMap<u16, SchemaInfo>,
    channels: BTreeMap<u16, ChannelInfo>,
    messages: Vec<Message>,
}

static SOUND: LazyLock<Parts> = LazyLock::new(|| apart(&sound()));

/// The first byte says whether the rest is a file or an edit of a sound one.
pub fn run(data: &[u8]) {
    let mut e = Entropy::new(data);
    match e.byte() % 4 {
        0 => {
            let bytes = e.rest();
            let _ = read(bytes);
        }
        1 => {
            // The same inside of an envelope that is right: magic and header are no riddle to be solved.
            let mut bytes = MAGIC.to_vec();
            record(0x01, &[&[0; 8][..]], &mut bytes);
            bytes.extend_from_slice(e.rest());
            let _ = read(&bytes);
        }
        _ => edited(&mut e),
    }
}

/// A short log with every kind of record in it.
#[must_use]
pub fn sound() -> Vec<u8> {
    let manifest = Manifest { run: "sample".into(), seed: 7, tick: Span::from_millis(100), ..Manifest::default() };
    let info = OpenInfo::new("nooterra/fuzz/world/1", [3; 32], manifest);
    let mut r = Recorder::new(Vec::new(), &info).expect("a recorder");
    let input = r.channel::<Gap>(Kind::Input).expect("a channel");
    for tick in 0..24u64 {
        // Seconds long ticks: seals, and an epoch that ends.
        let at = Instant(tick * 3_000_000_000);
        let gap = Gap { source: "x".into(), count: tick, first: 1, last: 2, reason: String::new() };
        r.record(input, tick, at, &gap).expect("a record");
        if tick.is_multiple_of(4) {
            let log = Log { timestamp: at.into(), level: Level::INFO, message: "m".into(), name: "n".into() };
            r.telemetry("/log", tick, at, &log).expect("telemetry");
            let roots = StateRoots { rooms: vec![("jobs".into(), blake3(&[1])), ("ledger".into(), blake3(&tick.to_le_bytes()))] };
            r.roots(tick, at, &roots).expect("roots");
            let bytes = (0..600u64).flat_map(|i| (i * i + tick / 8).to_le_bytes()).collect();
            r.keyframe(tick, at, &Keyframe { tick, at, parts: vec![Part { room: "jobs".into(), bytes }] }).expect("a keyframe");
            r.record_as(Kind::Note, tick, at, &Remark { topic: "t".into(), text: "x".into() }).expect("a remark");
        }
        if tick == 10 {
            r.gap(tick, at, &gap).expect("a gap");
        }
        r.end_tick(tick, at, blake3(&tick.to_le_bytes())).expect("a root");
    }
    r.close(24, Instant(72_000_000_000), "end").expect("it closes").0
}

fn apart(bytes: &[u8]) -> Parts {
    let mut c = Container::new(bytes);
    let mut found = Vec::new();
    while let Event::Message(m) = c.next_event().expect("it is sound") {
        let rest = Message { channel: 0, sequence: m.sequence, log_time: m.log_time, publish_time: m.publish_time, data: m.data.to_vec() };
        found.push((m.channel.topic.clone(), rest));
    }
    let channels = c.channels;
    let number = |topic: &str| channels.iter().find(|(_, x)| x.topic == topic).map_or(0, |(n, _)| *n);
    let messages = found.into_iter().map(|(topic, m)| Message { channel: number(&topic), ..m }).collect();
    Parts { schemas: c.schemas, channels, messages }
}

const MAGIC: [u8; 8] = [0x89, b'M', b'C', b'A', b'P', 0x30, b'\r', b'\n'];

fn record(opcode: u8, parts: &[&[u8]], out: &mut Vec<u8>) {
    out.push(opcode);
    let length: usize = parts.iter().map(|p| p.len()).sum();
    out.extend((length as u64).to_le_bytes());
    parts.iter().for_each(|p| out.extend_from_slice(p));
}

fn text(t: &str) -> Vec<u8> {
    let mut out = u32::try_from(t.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
    out.extend_from_slice(t.as_bytes());
    out
}

/// A container without chunks that holds these messages; what proves them is the same.
fn joined(schemas: &BTreeMap<u16, SchemaInfo>, channels: &BTreeMap<u16, ChannelInfo>, messages: &[Message]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    record(0x01, &[&text(""), &text("")], &mut out);
    for (n, s) in schemas {
        let data = u32::try_from(s.data.len()).unwrap_or(u32::MAX).to_le_bytes();
        record(0x03, &[&n.to_le_bytes(), &text(&s.name), &text(&s.encoding), &data, &s.data], &mut out);
    }
    for (n, c) in channels {
        record(0x04, &[&n.to_le_bytes(), &c.schema.to_le_bytes(), &text(&c.topic), &text(&c.encoding), &[0; 4]], &mut out);
    }
    for m in messages {
        let head = [m.log_time.to_le_bytes(), m.publish_time.to_le_bytes()];
        record(0x05, &[&m.channel.to_le_bytes(), &m.sequence.to_le_bytes(), &head[0], &head[1], &m.data], &mut out);
    }
    record(0x0f, &[&[0; 4]], &mut out);
    record(0x02, &[&[0; 20]], &mut out);
    out.extend_from_slice(&MAGIC);
    out
}

/// Somebody cuts, repeats, exchanges and changes messages. Whatever was changed, the log is complete no more.
fn edited(e: &mut Entropy<'_>) {
    let sound = &*SOUND;
    let mut messages = sound.messages.clone();
    for _ in 0..16 {
        if e.is_empty() || messages.is_empty() {
            break;
        }
        let (what, at) = (e.byte(), e.below(messages.len()));
        match what % 9 {
            0 => drop(messages.remove(at)),
            1 => {
                let other = e.below(messages.len());
                messages.swap(at, other);
            }
            2 => {
                let m = messages[at].clone();
                messages.insert(e.below(messages.len() + 1), m);
            }
            3 => messages.truncate(at),
            4 => {
                let m = &mut messages[at];
                if !m.data.is_empty() {
                    let i = e.below(m.data.len());
                    m.data[i] ^= e.byte();
                }
            }
            5 => {
                let m = &mut messages[at];
                let n = e.below(m.data.len() + 1);
                m.data.truncate(n);
                let more = e.below(12);
                m.data.extend_from_slice(e.take(more));
            }
            6 => messages[at].log_time ^= e.word() >> (e.byte() % 64),
            7 => messages[at].publish_time ^= e.word() >> (e.byte() % 64),
            _ => {
                let m = &mut messages[at];
                m.sequence ^= u32::from(e.byte());
                m.channel = u16::from(e.byte()) % 24;
            }
        }
    }
    let bytes = joined(&sound.schemas, &sound.channels, &messages);
    let status = read(&bytes);
    // Sealed are records: sequence numbers of messages are a hint, and when a checkpoint was written is nowhere signed.
    let sealed = |m: &Message| {
        let is_record = sound.channels.get(&m.channel).is_none_or(|c| c.topic != CHECKPOINT_TOPIC);
        let times = is_record.then_some((m.log_time, m.publish_time));
        (m.channel, times, m.data.clone())
    };
    if messages == sound.messages {
        assert_eq!(status, Status::Complete, "rewriting the container changes no content");
    } else if !messages.iter().map(sealed).eq(sound.messages.iter().map(sealed)) {
        assert_ne!(status, Status::Complete, "a changed log is not complete");
    }
}

/// Everything that reads a log reads this one.
fn read(bytes: &[u8]) -> Status {
    let verdict = verify(bytes, &Policy::default());
    assert_eq!(verdict.accepts(), verdict.first_bad.is_none(), "what is wrong is named: {verdict:?}");
    let mut log = LogReader::new(bytes);
    let mut snaps = Vec::new();
    while let Ok(item) = log.next_item() {
        match item {
            Item::End(_) => break,
            Item::Checkpoint(c) => drop(nooterra_trust::note::Note::parse(&c.note)),
            Item::Record(r) => match r.kind {
                Kind::Snap => {
                    if let Ok(s) = r.decode::<Snap>() {
                        snaps.push((r.tick, s));
                    }
                }
                Kind::Roots => {
                    if let Ok(rooms) = r.decode::<Rooms>() {
                        let named = log.rooms(rooms.clone());
                        let _ = named.first_difference(&rooms);
                    }
                }
                _ => drop(r.to_owned()),
            },
        }
        if let Some((_, s)) = snaps.last().filter(|_| snaps.len() < 4) {
            let _ = log.keyframe(s);
        }
    }
    let _ = LogReader::new(bytes).start();
    let tick = snaps.last().map_or(5, |(t, _)| *t);
    let mut log = LogReader::new(bytes);
    if let Ok(Some(found)) = find_keyframe(&mut log, tick) {
        let _ = skip_past(&mut log, found.index);
    }
    if let Ok(index) = LogIndex::build(&mut Cursor::new(bytes)) {
        let _ = index.snaps().len();
        for at in [Instant::ZERO, Instant(20_000_000_000), Instant::NEVER] {
            if let Ok(Some(mut r)) = index.resume(Cursor::new(bytes), at) {
                while let Ok(Some(_)) = r.log.next() {}
            }
        }
    }
    if let Ok(d) = diff(&mut LogReader::new(bytes), &mut LogReader::new(bytes), &Shapes::default()) {
        assert!(d.divergence.is_none() && d.manifest.is_none(), "a log does not differ from itself: {d:?}");
    }
    verdict.status
}
