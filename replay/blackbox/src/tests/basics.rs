use super::*;
use crate::index::LogIndex;
use crate::leaf::{Salts, commit};
use crate::reader::LogReader;
use crate::snap::Snap;
use crate::verify::{Policy, Reason, Status, verify};
use crate::words::{Gap, Head};
use nooterra_engine::Digest;
use nooterra_engine::keyframe::{Keyframe, Part, StateRoots};
use nooterra_engine::record::Writer;
use proptest::prelude::*;
use std::io::Cursor;

#[test]
fn a_log_is_complete_and_the_same_each_time() {
    let bytes = sample(3, 4);
    assert_eq!(bytes, sample(3, 4));
    let v = verify(bytes.as_slice(), &Policy::default());
    assert_eq!(v.status, Status::Complete, "{v:#?}");
    assert_eq!((v.grade, v.unsealed, v.reasons.as_slice()), ('C', 0, [].as_slice()));
    assert_eq!(v.counts.by_kind["in"], 3 * 10 * 4 * 2);
    assert_eq!(v.counts.by_kind["telemetry"], 30);
    assert!(v.counts.checkpoints >= 4);
    assert_eq!(v, verify(bytes.as_slice(), &Policy::default()));
}

#[test]
fn records_read_back_typed() {
    let bytes = sample(1, 2);
    let mut r = LogReader::new(bytes.as_slice());
    let (open, manifest) = r.start().unwrap();
    assert_eq!((open.origin.as_str(), manifest), ("nooterra/sample/world/1", info().manifest));
    let (mut words, mut index, mut ticks) = (Vec::new(), 1, Vec::new());
    while let Some(x) = r.next().unwrap() {
        index += 1;
        assert_eq!(x.index, index);
        match x.kind {
            Kind::Input => words.push(x.decode::<Word>().unwrap()),
            Kind::Telemetry => {
                let l: Log = x.decode().unwrap();
                assert_eq!(l.message, format!("tick {}", x.tick));
                ticks.push(x.at);
                assert!(x.decode::<Word>().is_err());
            }
            _ => {}
        }
    }
    assert_eq!(words.len(), 40);
    assert_eq!(words[0], word(1));
    assert_eq!(words[1], word(2));
    assert_eq!(ticks, (0..10).map(|t| Instant(t * 100_000_000)).collect::<Vec<_>>());
}

#[test]
fn epochs_pass_even_when_empty() {
    let mut r = write_sample(Vec::new(), 1, 1);
    let late = Instant::from_secs(200);
    r.gap(20, late, &Gap { source: "rbt_x".into(), count: 3, first: 5, last: 7, reason: "buffer full".into() }).unwrap();
    let k = Keyframe { tick: 20, at: late, parts: vec![Part { room: "ledger".into(), bytes: vec![1; 1000] }] };
    r.keyframe(20, late, &k).unwrap();
    r.roots(20, late, &StateRoots { rooms: vec![("ledger".into(), Digest([1; 32]))] }).unwrap();
    r.commit().unwrap();
    assert!(r.record_as(Kind::Input, 19, late, &Word::Nothing).is_err(), "ticks do not run backwards");
    assert!(r.record_as(Kind::Input, 20, Instant::from_secs(199), &Word::Nothing).is_err(), "nor does time");
    assert!(r.record_as(Kind::Input, 20, Instant(u64::MAX), &Word::Nothing).is_err(), "and it does not leap");
    assert!(r.record_as(Kind::Seal, 20, late, &Word::Nothing).is_err());
    assert!(r.telemetry("/nt/x", 20, late, &Word::Nothing).is_err());
    let (bytes, head) = r.close(20, late, "end").unwrap();
    let v = verify(bytes.as_slice(), &Policy::default());
    assert_eq!(v.status, Status::Complete, "{v:#?}");
    assert_eq!((v.counts.epochs, v.counts.lost, v.reasons.as_slice()), (4, 3, [Reason::Gap].as_slice()));
    assert_eq!(v.head.unwrap().root, head.root.to_string());
    let mut log = LogReader::new(bytes.as_slice());
    while let Some(x) = log.next().unwrap() {
        if x.kind == Kind::Snap {
            let s: Snap = x.decode().unwrap();
            assert_eq!(s.unpack().unwrap(), k);
            assert!(Snap { digest: Digest::ZERO, ..s.clone() }.unpack().is_err());
            assert!(Snap { length: 1 << 40, ..s.clone() }.unpack().is_err());
            assert!(Snap { bytes: vec![1, 2, 3], ..s }.unpack().is_err());
        }
    }
}

#[test]
fn policies_name_the_recorder_and_its_history() {
    let bytes = sample(2, 1);
    let id = info().identity.public();
    let with = |identity, heads: Vec<Head>| verify(bytes.as_slice(), &Policy { identity, heads });
    assert!(with(Some(id), vec![]).identity_trusted);
    let stranger = nooterra_trust::SigningKey::from_secret([9; 32]).public();
    assert_eq!(with(Some(stranger), vec![]).first_bad.unwrap().reason, Reason::KeyUnknown);
    let early = write_sample(Vec::new(), 1, 1).head();
    assert_eq!(with(None, vec![early.clone()]).status, Status::Complete);
    let forked = Head { root: Digest([1; 32]), ..early.clone() };
    let v = with(None, vec![forked]);
    assert_eq!(v.first_bad.as_ref().unwrap().reason, Reason::Fork);
    assert_eq!(v.first_bad.unwrap().record.unwrap().index, early.size - 1);
    let more = Head { size: 10_000, ..early };
    assert_eq!(with(None, vec![more]).first_bad.unwrap().reason, Reason::HeadRollback);
}

/// The tree of salts by its definition.
fn salt_by_definition(seed: [u8; 32], n: u32) -> [u8; 16] {
    let mut node = seed;
    for bit in (0..31).rev() {
        let mut b = b"nt.ggm.v1".to_vec();
        b.push((n >> 1 >> bit & 1) as u8);
        b.extend_from_slice(&node);
        node = nooterra_engine::digest::sha256_plain(&b).0;
    }
    node[(n % 2) as usize * 16..][..16].try_into().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn salts_in_any_order(seed in any::<[u8; 32]>(), mut at in proptest::collection::vec(prop_oneof![0u32..40, any::<u32>()], 1..20)) {
        let mut s = Salts::new(seed);
        at.push(u32::MAX);
        for n in at {
            prop_assert_eq!(s.get(n), salt_by_definition(seed, n));
        }
    }
}

#[test]
fn a_withheld_payload_leaves_everything_provable() {
    let bytes = sample(2, 2);
    let original = verify(bytes.as_slice(), &Policy::default());
    let mut messages = harm::messages(&bytes);
    // The owner of the file knows the seed; the redacted copy has single salts in its place.
    let (mut salts, mut n) = (None, 0);
    let mut hidden = 0;
    for m in &mut messages {
        if !m.channel.topic.starts_with("/nt/") || m.channel.topic == crate::recorder::CHECKPOINT_TOPIC {
            n += u32::from(m.channel.topic != crate::recorder::CHECKPOINT_TOPIC);
            continue;
        }
        let data = m.data.to_vec();
        let (mut h, payload) = crate::entry::Header::read(&data).unwrap();
        if let Some(seed) = h.salt_seed.take_if(|_| h.kind == Kind::Open) {
            salts = Some(Salts::new(seed));
        }
        let salt = salts.as_mut().unwrap().get(n);
        n += 1;
        let mut w = Writer::default();
        if h.kind == Kind::Input && h.index % 2 == 0 {
            h.commit = Some(commit(&salt, payload.unwrap()));
            h.length = payload.unwrap().len() as u64;
            h.write(None, &mut w);
            hidden += 1;
        } else {
            h.salt = Some(salt);
            h.write(payload, &mut w);
        }
        m.data = w.bytes.into();
    }
    // Telemetry has no place for a salt, so a redacted copy leaves it out only with the seed gone: here it is kept out of sight.
    let redacted = harm::rewrite(&messages, mcap::WriteOptions::new());
    let v = verify(redacted.as_slice(), &Policy::default());
    assert!(hidden > 10);
    assert_eq!(
        v.first_bad.as_ref().map(|f| (f.reason, f.record.as_ref().unwrap().kind.as_str())),
        Some((Reason::RedactionUnproven, "telemetry"))
    );
    // With the seed back in `open`, what is withheld stays withheld and all else is proven.
    let Some(first) = messages.first_mut() else { panic!("empty") };
    let data = harm::messages(&bytes)[0].data.to_vec();
    first.data = data.into();
    let v = verify(harm::rewrite(&messages, mcap::WriteOptions::new()).as_slice(), &Policy::default());
    assert_eq!((v.status, v.counts.withheld, v.reasons.as_slice()), (Status::Complete, hidden, [Reason::Redacted].as_slice()), "{v:#?}");
    assert_eq!(v.head, original.head);
}

/// A run of a minute with a keyframe each ten seconds.
fn with_keyframes() -> Vec<u8> {
    let mut r = Recorder::new(Vec::new(), &info()).unwrap();
    for tick in 0..600 {
        let at = Instant(tick * 100_000_000);
        r.record_as(Kind::Input, tick, at, &word(tick)).unwrap();
        r.telemetry("/log", tick, at, &Log { timestamp: at.into(), level: Level::INFO, message: String::new(), name: "s".into() }).unwrap();
        r.end_tick(tick, at, blake3(&tick.to_le_bytes())).unwrap();
        if tick % 100 == 0 {
            r.keyframe(tick, at, &keyframes::keyframe(tick)).unwrap();
        }
    }
    r.close(600, Instant::from_secs(60), "end").unwrap().0
}

#[test]
fn starts_from_any_keyframe() {
    let bytes = with_keyframes();
    let m = harm::messages(&bytes);
    let plain = |o| harm::rewrite(&m, o);
    let files = [
        bytes.clone(),
        plain(mcap::WriteOptions::new().chunk_size(Some(2000))),
        plain(mcap::WriteOptions::new().use_chunks(false)),
        plain(mcap::WriteOptions::new().emit_message_indexes(false)),
        bytes[..bytes.len() * 9 / 10].to_vec(),
    ];
    for (i, file) in files.iter().enumerate() {
        let index = LogIndex::build(&mut Cursor::new(file)).unwrap();
        assert_eq!(index.snaps().len(), 6, "file {i}");
        for (ms, tick) in [(0, 0), (9_999, 0), (10_000, 100), (35_000, 300), (900_000, 500)] {
            let mut r = index.resume(Cursor::new(file), Instant(ms * 1_000_000)).unwrap().unwrap();
            assert_eq!(r.keyframe.tick, tick, "file {i} at {ms} ms");
            let next = r.log.next().unwrap().unwrap();
            assert_eq!(next.index, r.index + 1);
        }
    }
    assert!(LogIndex::build(&mut Cursor::new(b"no log")).is_err());
    let late = OpenInfo { start: Instant::from_secs(5), ..info() };
    let none = Recorder::new(Vec::new(), &late).unwrap().close(0, late.start, "").unwrap().0;
    let index = LogIndex::build(&mut Cursor::new(&none)).unwrap();
    assert!(index.resume(Cursor::new(&none), Instant::from_secs(9)).unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn harmed_files_are_indexed_in_peace(harm in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..30), cut in any::<usize>()) {
        thread_local! { static LOG: Vec<u8> = with_keyframes(); }
        let mut b = LOG.with(Clone::clone);
        for (at, x) in harm {
            let n = b.len();
            b[at % n] ^= x;
        }
        b.truncate(cut % (b.len() * 2) + 1);
        if let Ok(i) = LogIndex::build(&mut Cursor::new(&b)) {
            let _ = i.resume(Cursor::new(&b), Instant::from_secs(40));
        }
    }
}
