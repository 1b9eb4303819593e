//! Keyframes packed against each other: unpacked from any place, and what happens where one of them is gone.

use super::*;
use crate::index::LogIndex;
use crate::reader::{LogError, LogReader};
use crate::snap::{LADDER_MAX, Ladder, Packer, Snap};
use crate::verify::{Policy, Reason, Status, verify};
use mcap::{Message, WriteOptions};
use nooterra_engine::Digest;
use nooterra_engine::digest::Hasher;
use nooterra_engine::keyframe::{Keyframe, Part, StateRoots};
use nooterra_engine::record::{decode, encode};
use proptest::prelude::*;
use std::borrow::Cow;
use std::io::Cursor;

/// Bytes that nothing but themselves compresses.
fn noise(seed: u64, blocks: u64) -> Vec<u8> {
    (0..blocks).flat_map(|i| Hasher::new().u64(seed).u64(i).finish().0).collect()
}

/// A book that only grows, a body that moves, and one that rests.
pub fn keyframe(tick: u64) -> Keyframe {
    let part = |room: &str, bytes| Part { room: room.into(), bytes };
    let parts = vec![
        part("book", (0..=tick / 100).flat_map(|page| noise(page, 20)).collect()),
        part("moving", noise(tick + 1_000_000, 10)),
        part("resting", noise(7, 100)),
    ];
    Keyframe { tick, at: Instant(tick * 100_000_000), parts }
}

/// Twelve keyframes in two minutes: the tenth builds on the ninth, and that one on the first.
fn log() -> Vec<u8> {
    let mut r = Recorder::new(Vec::new(), &info()).unwrap();
    for tick in 0..1200 {
        let at = Instant(tick * 100_000_000);
        r.end_tick(tick, at, blake3(&tick.to_le_bytes())).unwrap();
        if tick % 10 == 0 {
            let digest = |room: &str| blake3(format!("{room} {tick}").as_bytes());
            r.roots(tick, at, &StateRoots { rooms: ["book", "moving"].map(|n| (n.to_owned(), digest(n))).into() }).unwrap();
        }
        if tick % 100 == 0 {
            r.keyframe(tick, at, &keyframe(tick)).unwrap();
        }
    }
    r.close(1200, Instant::from_secs(120), "end").unwrap().0
}

/// All keyframes as they stand in a log.
fn snaps(bytes: &[u8]) -> Vec<Snap> {
    let mut log = LogReader::new(bytes);
    let mut out = Vec::new();
    while let Some(r) = log.next().unwrap() {
        if r.kind == Kind::Snap {
            out.push(r.decode().unwrap());
        }
    }
    out
}

fn resumed(bytes: &[u8], secs: u64) -> Result<Keyframe, String> {
    let index = LogIndex::build(&mut Cursor::new(bytes)).unwrap();
    match index.resume(Cursor::new(bytes), Instant::from_secs(secs)) {
        Ok(r) => Ok(r.expect("there is one").keyframe),
        Err(LogError::Payload { kind: Kind::Snap, what, .. }) => Err(what),
        Err(e) => panic!("{e}"),
    }
}

/// A rewritten log in which `change` was let at the `n`-th keyframe's payload; `None` leaves it out.
fn changed(bytes: &[u8], n: usize, change: impl Fn(Snap) -> Option<Snap>) -> Vec<u8> {
    let mut seen = 0;
    let mut keep: Vec<Message<'static>> = Vec::new();
    for mut m in harm::messages(bytes) {
        if m.channel.topic.starts_with("/nt/snap/") {
            seen += 1;
            if seen == n + 1 {
                let data = m.data.to_vec();
                let (header, payload) = crate::entry::Header::read(&data).unwrap();
                let Some(s) = change(decode(payload.unwrap()).unwrap()) else { continue };
                let mut w = nooterra_engine::record::Writer::default();
                header.write(Some(&encode(&s)), &mut w);
                m.data = Cow::Owned(w.bytes);
            }
        }
        keep.push(m);
    }
    harm::rewrite(&keep, WriteOptions::new())
}

#[test]
fn each_builds_on_a_near_one_and_unpacks_from_anywhere() {
    let bytes = log();
    assert_eq!(bytes, log(), "the same each time");
    let all = snaps(&bytes);
    let base: Vec<Option<u64>> = all.iter().map(|s| s.base.map(|b| b.at.0 / 10_000_000_000)).collect();
    let by_lowest_bit = |n: u64| (n != 0).then_some(n & n.wrapping_sub(1));
    assert_eq!(base, (0..12).map(by_lowest_bit).collect::<Vec<_>>());
    for (n, s) in all.iter().enumerate().skip(1) {
        assert!(s.bytes.len() < Snap::whole(&keyframe(n as u64 * 100)).unwrap().bytes.len(), "{n}");
    }
    for secs in 0..120 {
        assert_eq!(resumed(&bytes, secs).unwrap(), keyframe(secs / 10 * 100));
    }
    // Read from the first byte, and from a keyframe on.
    let index = LogIndex::build(&mut Cursor::new(&bytes)).unwrap();
    let whole = LogReader::new(Cursor::new(&bytes));
    let late = index.resume(Cursor::new(&bytes), Instant::from_secs(60)).unwrap().unwrap().log;
    for (mut log, first) in [(whole, 0), (late, 7)] {
        let mut n = first;
        while let Some(r) = log.next().unwrap() {
            if r.kind == Kind::Snap {
                let s = r.decode().unwrap();
                assert_eq!(log.keyframe(&s).unwrap(), keyframe(n * 100));
                n += 1;
            }
        }
        assert_eq!(n, 12);
    }
}

#[test]
fn a_keyframe_whose_base_is_gone_says_so() {
    let bytes = log();
    let missing = |e: &str, secs: u64| assert!(e.contains(&Instant::from_secs(secs).to_string()) && e.contains("not there"), "{e}");
    // 80 builds on 0; 90 and 100 on 80; 110 on 100.
    let removed = changed(&bytes, 8, |_| None);
    for (secs, builds_on) in [(90, 80), (100, 80), (110, 80)] {
        missing(&resumed(&removed, secs).unwrap_err(), builds_on);
    }
    assert_eq!(resumed(&removed, 70).unwrap(), keyframe(700));
    let v = verify(removed.as_slice(), &Policy::default());
    assert_eq!(v.status, Status::Bad);
    // Another keyframe in its place is not the one that is meant.
    let all = snaps(&bytes);
    let swapped = changed(&bytes, 8, |_| Some(all[0].clone()));
    missing(&resumed(&swapped, 90).unwrap_err(), 80);
    // One that passes for it by name unpacks to something else.
    let posing = changed(&bytes, 8, |s| Some(Snap { digest: s.digest, tick: s.tick, ..all[0].clone() }));
    let e = resumed(&posing, 90).unwrap_err();
    assert!(e.contains("differs from its digest") || e.contains("does not"), "{e}");
    let v = verify(posing.as_slice(), &Policy::default());
    assert_eq!(v.first_bad.map(|f| f.reason), Some(Reason::LeafMismatch));
    // A keyframe that builds on itself.
    let round = changed(&bytes, 8, |s| Some(Snap { base: Some(crate::snap::Base { at: Instant::from_secs(80), digest: s.digest }), ..s }));
    assert!(resumed(&round, 90).unwrap_err().contains("too many"));
    // A stream that begins after the base.
    let mut log = LogReader::new(bytes.as_slice());
    let last = all[11].clone();
    missing(&log.keyframe(&last).unwrap_err(), 100);
    log.start().unwrap();
    missing(&last.unpack().unwrap_err(), 100);
}

#[test]
fn a_keyframe_whose_base_is_withheld_says_so() {
    let mut all = harm::messages(&log());
    let base = all.iter_mut().filter(|m| m.channel.topic.starts_with("/nt/snap/")).nth(8).unwrap();
    let data = base.data.to_vec();
    let (mut header, payload) = crate::entry::Header::read(&data).unwrap();
    (header.commit, header.length) = (Some(Digest([1; 32])), payload.unwrap().len() as u64);
    let mut w = nooterra_engine::record::Writer::default();
    header.write(None, &mut w);
    base.data = Cow::Owned(w.bytes);
    let bytes = harm::rewrite(&all, WriteOptions::new());
    let e = resumed(&bytes, 90).unwrap_err();
    assert!(e.contains("withheld"), "{e}");
    assert_eq!(resumed(&bytes, 70).unwrap(), keyframe(700));
    // Read from the first byte, all that can be unpacked is.
    let mut log = LogReader::new(bytes.as_slice());
    let mut unpacked = Vec::new();
    while let Some(r) = log.next().unwrap() {
        if r.kind == Kind::Snap
            && let Ok(s) = r.decode::<Snap>()
        {
            unpacked.push((s.tick, log.keyframe(&s).is_ok()));
        }
    }
    assert_eq!(unpacked, (0..12).filter(|n| *n != 8).map(|n| (n * 100, n < 8)).collect::<Vec<_>>());
}

#[test]
fn every_flipped_byte_of_a_keyframe_or_its_base_is_noticed() {
    let all = snaps(&log());
    let (whole, delta) = (&all[0], &all[1]);
    let ladder = |s: &Snap| {
        let mut l = Ladder::default();
        l.push(s.clone());
        l
    };
    let good = ladder(whole).unpack(delta).unwrap();
    for i in 0..delta.bytes.len() {
        let mut s = delta.clone();
        s.bytes[i] ^= 0x10;
        // A few bits of a frame's header mean nothing.
        assert!(ladder(whole).unpack(&s).is_ok_and(|k| k == good) || ladder(whole).unpack(&s).is_err(), "byte {i}");
    }
    for i in (0..whole.bytes.len()).step_by(7) {
        let mut s = whole.clone();
        s.bytes[i] ^= 0x10;
        let k = ladder(&s).unpack(delta);
        assert!(k.is_err() || k.is_ok_and(|k| k == good), "byte {i} of the base");
    }
    for s in [
        Snap { digest: Digest::ZERO, ..delta.clone() },
        Snap { length: 1 << 40, ..delta.clone() },
        Snap { length: delta.length - 1, ..delta.clone() },
        Snap { base: None, ..delta.clone() },
        Snap { codec: "xz".into(), ..delta.clone() },
        Snap { bytes: vec![1, 2, 3], ..delta.clone() },
    ] {
        assert!(ladder(whole).unpack(&s).is_err());
    }
}

#[test]
fn a_large_base_is_seen_whole() {
    let large = |tick: u64| {
        let parts = (0..3).map(|i| Part { room: format!("room {i}"), bytes: noise(i, 30_000) });
        Keyframe { tick, at: Instant(tick), parts: parts.chain([Part { room: "moving".into(), bytes: noise(tick + 9, 100) }]).collect() }
    };
    let mut packer = Packer::default();
    let (whole, delta) = (packer.pack(&large(1)).unwrap(), packer.pack(&large(2)).unwrap());
    assert!(whole.bytes.len() > 2_800_000 && delta.bytes.len() < 20_000, "{} and {}", whole.bytes.len(), delta.bytes.len());
    let mut ladder = Ladder::default();
    ladder.push(whole);
    assert_eq!(ladder.unpack(&delta).unwrap(), large(2));
}

#[test]
fn another_version_of_the_format_is_refused_by_name() {
    let mut all = harm::messages(&log());
    let data = all[0].data.to_vec();
    let (header, payload) = crate::entry::Header::read(&data).unwrap();
    let open = crate::words::Open { version: 1, ..decode(payload.unwrap()).unwrap() };
    let mut w = nooterra_engine::record::Writer::default();
    header.write(Some(&encode(&open)), &mut w);
    all[0].data = Cow::Owned(w.bytes);
    let bytes = harm::rewrite(&all, WriteOptions::new());
    let e = LogReader::new(bytes.as_slice()).start().unwrap_err();
    assert_eq!(e.to_string(), "the log is of format 1, and this program reads format 2");
    assert_eq!(verify(bytes.as_slice(), &Policy::default()).first_bad.map(|f| f.reason), Some(Reason::VersionUnknown));
}

#[test]
fn names_of_rooms_are_said_when_they_are_needed() {
    let mut log = LogReader::new(Cursor::new(log()));
    let (mut named, mut n) = (Vec::new(), 0);
    while let Some(r) = log.next().unwrap() {
        if r.kind == Kind::Roots {
            let (tick, rooms) = (r.tick, r.decode::<crate::words::Rooms>().unwrap());
            if !rooms.names.is_empty() {
                named.push(tick);
            }
            let full = log.rooms(rooms);
            assert_eq!((full.names.as_slice(), full.digests.len()), (["book".to_owned(), "moving".to_owned()].as_slice(), 16));
            n += 1;
        }
    }
    // After each keyframe, for those who start reading there.
    assert_eq!((n, named), (120, (0..12).flat_map(|k| [(k == 0).then_some(0), Some(k * 100 + 10)]).flatten().collect()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// However a state changes from one keyframe to the next, each comes back, and none builds on too many.
    #[test]
    fn any_keyframes_come_back(changes in proptest::collection::vec((0u64..4, any::<u16>(), 0usize..300), 1..80)) {
        let (mut packer, mut ladder) = (Packer::default(), Ladder::default());
        let mut k = keyframe(0);
        let mut depth = std::collections::BTreeMap::new();
        for (i, (what, at, n)) in changes.into_iter().enumerate() {
            k.tick += 1;
            k.at = Instant(k.tick);
            let part = usize::from(at) % k.parts.len().max(1);
            match what {
                0 => k.parts.push(Part { room: format!("room {i}"), bytes: noise(i as u64, n as u64) }),
                1 if !k.parts.is_empty() => drop(k.parts.remove(part)),
                2 if !k.parts.is_empty() => k.parts[part].bytes.truncate(n * 10),
                _ => if let Some(b) = k.parts.get_mut(part) { b.bytes.iter_mut().step_by(n + 1).for_each(|b| *b ^= 0x55) },
            }
            let s = packer.pack(&k).unwrap();
            let d = s.base.map_or(0, |b| depth[&b.digest.0] + 1);
            prop_assert!(d <= LADDER_MAX && s.base.is_some() == (d > 0));
            depth.insert(s.digest.0, d);
            prop_assert_eq!(&ladder.unpack(&s).unwrap(), &k);
            ladder.push(s);
        }
    }
}
