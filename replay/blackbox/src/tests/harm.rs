//! What is done to logs, by accident and on purpose.

use super::*;
use crate::reader::{LogReader, OwnedRecord};
use crate::recorder::CHECKPOINT_TOPIC;
use crate::verify::{Policy, Reason, Status, Verdict, verify};
use mcap::{Channel, Compression, Message, MessageStream, Schema, WriteOptions};
use proptest::prelude::*;
use std::borrow::Cow;
use std::io::Cursor;

fn own(m: &Message<'_>) -> Message<'static> {
    Message {
        channel: std::sync::Arc::new(Channel {
            id: m.channel.id,
            topic: m.channel.topic.clone(),
            schema: m.channel.schema.as_ref().map(|s| {
                let data = Cow::Owned(s.data.to_vec());
                std::sync::Arc::new(Schema { id: s.id, name: s.name.clone(), encoding: s.encoding.clone(), data })
            }),
            message_encoding: m.channel.message_encoding.clone(),
            metadata: m.channel.metadata.clone(),
        }),
        sequence: m.sequence,
        log_time: m.log_time,
        publish_time: m.publish_time,
        data: Cow::Owned(m.data.to_vec()),
    }
}

pub fn messages(bytes: &[u8]) -> Vec<Message<'static>> {
    MessageStream::new(bytes).unwrap().map(|m| own(&m.unwrap())).collect()
}

/// As foreign tools write: other chunks, other compression, all the container's own indexes.
pub fn rewrite(messages: &[Message<'_>], options: WriteOptions) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut w = options.create(&mut out).unwrap();
    for m in messages {
        w.write(m).unwrap();
    }
    w.finish().unwrap();
    drop(w);
    out.into_inner()
}

fn judge(bytes: &[u8]) -> Verdict {
    verify(bytes, &Policy::default())
}

fn records(bytes: &[u8]) -> Vec<OwnedRecord> {
    let mut r = LogReader::new(bytes);
    let mut out = Vec::new();
    while let Ok(Some(x)) = r.next() {
        out.push(x.to_owned());
    }
    out
}

fn named(v: &Verdict) -> (Reason, Option<u64>) {
    let f = v.first_bad.as_ref().unwrap_or_else(|| panic!("nothing found: {v:#?}"));
    (f.reason, f.record.as_ref().map(|p| p.index))
}

#[test]
fn rewriting_the_container_changes_nothing() {
    let bytes = sample(3, 3);
    let m = messages(&bytes);
    let before = judge(&bytes);
    for o in [
        WriteOptions::new().compression(None),
        WriteOptions::new().chunk_size(Some(300)).compression_level(9),
        WriteOptions::new().use_chunks(false),
        WriteOptions::new().chunk_size(Some(100_000_000)).emit_message_indexes(false).emit_summary_records(false),
        WriteOptions::new().compression(Some(Compression::Zstd)).disable_seeking(true),
    ] {
        let again = rewrite(&m, o);
        assert_ne!(again, bytes);
        assert_eq!(judge(&again), before);
        assert_eq!(records(&again), records(&bytes));
    }
}

#[test]
fn flipped_bits_of_the_file() {
    let bytes = sample(2, 3);
    let (whole, content) = (judge(&bytes), records(&bytes));
    let (mut found, mut harmless) = (0, 0);
    for i in (0..bytes.len() * 8).step_by(53) {
        let mut b = bytes.clone();
        b[i / 8] ^= 1 << (i % 8);
        let v = judge(&b);
        if v.status == Status::Complete {
            // Checksums, indexes, the library's name: nothing that a reader sees as content.
            assert_eq!((&v, records(&b)), (&whole, content.clone()), "bit {i}");
            harmless += 1;
        } else {
            found += 1;
        }
    }
    assert!(found > 500 && found > harmless / 3, "{found} found, {harmless} harmless");
}

#[test]
fn flipped_bits_of_messages_are_named() {
    let bytes = sample(2, 2);
    let all = messages(&bytes);
    let mut index = 0;
    for i in 0..all.len() {
        let leaf = all[i].channel.topic != CHECKPOINT_TOPIC;
        let here = index;
        index += u64::from(leaf);
        let length = all[i].data.len();
        for bit in (0..length * 8).step_by(if i < 6 { 29 } else { 151 }) {
            let mut m = all.clone();
            let mut d = m[i].data.to_vec();
            d[bit / 8] ^= 1 << (bit % 8);
            m[i].data = Cow::Owned(d);
            let v = judge(&rewrite(&m, WriteOptions::new().compression(None)));
            assert_eq!(v.status, Status::Bad, "message {i} bit {bit}");
            let (reason, at) = named(&v);
            if leaf {
                assert_eq!(at, Some(here), "message {i} ({}) bit {bit}: {:?}", all[i].channel.topic, v.first_bad);
            } else {
                assert_eq!(at, Some(here - 1), "the seal before the checkpoint");
                assert!(
                    matches!(reason, Reason::Malformed | Reason::SignatureInvalid | Reason::KeyUnknown | Reason::CheckpointMismatch),
                    "{reason:?}"
                );
            }
        }
        // Times are content too.
        for field in 0..2 {
            let mut m = all.clone();
            let t = if field == 0 { &mut m[i].log_time } else { &mut m[i].publish_time };
            *t ^= 1 << 3;
            let v = judge(&rewrite(&m, WriteOptions::new()));
            assert!(!leaf || v.status == Status::Bad, "time {field} of message {i}");
        }
    }
}

#[test]
fn removed_added_swapped_repeated() {
    let bytes = sample(2, 1);
    let all = messages(&bytes);
    let is_leaf = |m: &Message<'_>| m.channel.topic != CHECKPOINT_TOPIC;
    let indexes: Vec<u64> = all
        .iter()
        .scan(0, |n, m| {
            let here = *n;
            *n += u64::from(is_leaf(m));
            Some(here)
        })
        .collect();
    for i in 0..all.len() {
        let check = |m: &[Message<'_>], what: &str| {
            let v = judge(&rewrite(m, WriteOptions::new()));
            let last = i + 2 >= all.len();
            assert!(v.status == Status::Bad || (last && v.status == Status::Truncated && what == "removed"), "{what} {i}: {v:#?}");
            if let Some(f) = &v.first_bad
                && is_leaf(&all[i])
            {
                let at = f.record.as_ref().unwrap().index;
                assert!(at >= indexes[i].saturating_sub(1) && at <= indexes[i] + 1, "{what} {i}: {f:?}");
            }
        };
        let mut m = all.clone();
        m.remove(i);
        check(&m, "removed");
        let mut m = all.clone();
        m.insert(i, all[i].clone());
        check(&m, "repeated");
        if i + 1 < all.len() {
            let mut m = all.clone();
            m.swap(i, i + 1);
            check(&m, "swapped");
            // Swapped with times set right, as someone who wants it unseen would.
            let (a, b) = ((all[i].log_time, all[i].publish_time), (all[i + 1].log_time, all[i + 1].publish_time));
            (m[i].log_time, m[i].publish_time) = a;
            (m[i + 1].log_time, m[i + 1].publish_time) = b;
            check(&m, "swapped in secret");
        }
    }
}

#[test]
fn another_record_in_place_of_one_is_found_even_with_its_mark_renewed() {
    let bytes = sample(2, 2);
    let mut m = messages(&bytes);
    let i = m.iter().position(|m| m.channel.topic == "/log").unwrap();
    let seal = m.iter().skip(i).position(|m| m.channel.topic.starts_with("/nt/seal")).unwrap() + i;
    let seal_index = crate::entry::Header::read(&m[seal].data).unwrap().0.index;
    let mut d = m[i].data.to_vec();
    let n = d.len();
    d[n - 5] ^= 1;
    m[i].data = Cow::Owned(d);
    // Sequence numbers name the culprit; they are no proof, so any of them may be wrong.
    let named_first = judge(&rewrite(&m, WriteOptions::new()));
    assert_eq!(named_first.first_bad.unwrap().record.unwrap().topic, "/log");
    let mut clean = messages(&bytes);
    clean.iter_mut().for_each(|m| m.sequence = 5);
    assert_eq!(judge(&rewrite(&clean, WriteOptions::new())).status, Status::Complete);
    // Where the culprit's mark was made to fit, the seal that does not is named, with the window.
    let mut reader = LogReader::new(bytes.as_slice());
    let _ = reader.start().unwrap();
    let leaf = altered_leaf(&bytes, i, &m[i].data);
    m[i].sequence = crate::recorder::check(&leaf);
    let v = judge(&rewrite(&m, WriteOptions::new()));
    assert_eq!(named(&v), (Reason::LeafMismatch, Some(seal_index)), "{v:#?}");
}

/// The leaf that an attacker computes for altered telemetry.
fn altered_leaf(bytes: &[u8], message: usize, data: &[u8]) -> nooterra_engine::Digest {
    let mut r = LogReader::new(bytes);
    let (mut n, mut salts) = (0, None);
    loop {
        let item = r.next_item().unwrap();
        if let crate::reader::Item::Record(x) = item {
            if let Some(seed) = x.header.as_ref().and_then(|h| h.salt_seed) {
                salts = Some(crate::leaf::Salts::new(seed));
            }
            let salt = salts.as_mut().unwrap().get(u32::try_from(x.index).unwrap());
            if n == message {
                return crate::leaf::Leaf {
                    origin: &crate::leaf::origin_hash("nooterra/sample/world/1"),
                    index: x.index,
                    tick: x.tick,
                    at: x.at,
                    ordinal: x.ordinal,
                    kind: x.kind,
                    flags: 0,
                    schema: x.schema,
                    topic: x.topic,
                    payload_len: data.len() as u64,
                    commit: &crate::leaf::commit(&salt, data),
                    causes: &[],
                }
                .hash(&mut Vec::new());
            }
        }
        n += 1;
    }
}

#[test]
fn spliced_segments_and_foreign_keys() {
    let a = messages(&sample(3, 1));
    let other = |secret: u8, text: &str| {
        let mut i = info();
        i.secret = [secret; 32];
        i.manifest.title = text.to_owned();
        let mut r = Recorder::new(Vec::new(), &i).unwrap();
        for tick in 0..30 {
            let at = Instant(tick * 100_000_000);
            for k in 0..2 {
                r.record_as(Kind::Input, tick, at, &word(tick + k)).unwrap();
            }
            r.telemetry("/log", tick, at, &Log { timestamp: at.into(), level: Level::INFO, message: "x".into(), name: "s".into() })
                .unwrap();
            r.end_tick(tick, at, blake3(b"x")).unwrap();
        }
        messages(&r.close(30, Instant::from_secs(3), "end").unwrap().0)
    };
    let b = other(4, "");
    assert_eq!(judge(&rewrite(&b, WriteOptions::new())).status, Status::Complete, "by itself it is a log");
    for cut in (3..a.len()).step_by(7) {
        let mut m = a[..cut].to_vec();
        m.extend_from_slice(&b[cut.min(b.len())..]);
        // Channels of both files have one numbering here, so that nothing but content tells them apart.
        let v = judge(&rewrite(&m, WriteOptions::new()));
        assert!(v.status == Status::Bad || cut + 2 >= b.len(), "cut {cut}: {v:#?}");
    }
    // The same secret, another history, sealed by the right key: only a head that was seen before tells.
    let c = other(3, "");
    let c = rewrite(&c, WriteOptions::new());
    assert_eq!(judge(&c).status, Status::Complete);
    let seen = write_sample(Vec::new(), 2, 1).head();
    let v = verify(c.as_slice(), &Policy { heads: vec![seen], ..Policy::default() });
    assert_eq!(v.first_bad.unwrap().reason, Reason::Fork);
}

/// What a killed process leaves: everything that reached the sink.
#[test]
fn cut_anywhere() {
    let bytes = sample(3, 2);
    let whole = judge(&bytes);
    let mut heads = Vec::new();
    let mut sealed = 0;
    for n in 0..bytes.len() {
        if n % 7 != 0 && n % 4096 > 9 {
            continue;
        }
        let v = judge(&bytes[..n]);
        match v.status {
            Status::Complete => assert_eq!(v, whole, "cut at {n}"),
            Status::Truncated => {
                let head = v.head.unwrap();
                assert!(head.size >= sealed, "cut at {n}");
                sealed = head.size;
                if heads.last() != Some(&head) {
                    heads.push(head);
                }
                assert_eq!(v.reasons, [Reason::UnsealedTail]);
            }
            Status::Bad => {
                assert!(heads.is_empty(), "cut at {n}: {v:#?}");
                let r = v.first_bad.unwrap().reason;
                assert!(matches!(r, Reason::NotALog | Reason::Unsealed), "cut at {n}: {r:?}");
            }
        }
    }
    assert!(heads.len() >= 3, "{heads:?}");
}

#[test]
fn a_dropped_recorder_loses_at_most_a_second() {
    struct Sink(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);
    impl std::io::Write for Sink {
        fn write(&mut self, b: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(b);
            Ok(b.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let bytes = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let r = write_sample(Sink(bytes.clone()), 5, 2);
    // The process is killed here: nothing of the recorder's memory survives.
    let left = bytes.borrow().clone();
    let v = judge(&left);
    assert_eq!(v.status, Status::Truncated);
    assert!(v.sealed_to.unwrap().at() >= Instant(3_900_000_000));
    drop(r);
    // Dropped in order of a panic: the tail is there, not sealed, and the verdict says so.
    let v = judge(&bytes.borrow());
    assert_eq!(v.status, Status::Truncated);
    assert!(v.unsealed > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn garbage_is_refused_in_peace(mut b in proptest::collection::vec(any::<u8>(), 0..300), magic in any::<bool>(), ops in proptest::collection::vec((0u8..16, 0u64..40), 0..6)) {
        if magic {
            let mut f = vec![0x89, b'M', b'C', b'A', b'P', 0x30, b'\r', b'\n'];
            for (op, n) in ops {
                f.push(op);
                f.extend_from_slice(&n.to_le_bytes());
                f.extend(b.iter().take(n as usize));
            }
            b = f;
        }
        prop_assert_eq!(judge(&b).status, Status::Bad);
    }

    #[test]
    fn harmed_logs_are_read_in_peace(harm in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..30), cut in any::<usize>(), packed in any::<bool>()) {
        thread_local! { static LOG: [Vec<u8>; 2] = { let b = sample(1, 2); let u = rewrite(&messages(&b), WriteOptions::new().compression(None)); [b, u] }; }
        let mut b = LOG.with(|l| l[usize::from(packed)].clone());
        for (at, x) in harm {
            let n = b.len();
            b[at % n] ^= x;
        }
        b.truncate(cut % (b.len() * 2) + 1);
        let _ = judge(&b);
        let _ = records(&b);
    }
}
