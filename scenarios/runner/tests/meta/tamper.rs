//! One bit of one recorded input: replay names its tick and the input, verify names the record.

use crate::common::{Draws, recorded, scenario};
use mcap::WriteOptions;
use nooterra_blackbox::reader::OwnedRecord;
use nooterra_blackbox::telemetry::{FrameTransforms, Log, SceneUpdate};
use nooterra_blackbox::words::{Close, Manifest, Remark, Rooms};
use nooterra_blackbox::{Channel, Kind, LogReader, OpenInfo, Policy, Reason, Recorder, Snap, Status};
use nooterra_engine::decode;
use nooterra_runner::tape::Slot;
use nooterra_runner::{Range, replay, verify};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

/// All records of a log, and its manifest.
fn read(log: &Path) -> (Manifest, Vec<OwnedRecord>) {
    let mut reader = LogReader::new(BufReader::new(File::open(log).expect("it opens")));
    let (_, manifest) = reader.start().expect("it begins as a log does");
    let mut all = Vec::new();
    while let Some(r) = reader.next().expect("it can be read") {
        all.push(r.to_owned());
    }
    (manifest, all)
}

fn channel<W: std::io::Write>(r: &mut Recorder<W>, record: &OwnedRecord) -> Channel {
    let known = match (record.kind, record.topic.as_str()) {
        (Kind::Telemetry, "/tf") => r.telemetry_channel::<FrameTransforms>("/tf"),
        (Kind::Telemetry, "/scene") => r.telemetry_channel::<SceneUpdate>("/scene"),
        (Kind::Telemetry, topic) => r.telemetry_channel::<Log>(topic),
        (Kind::Snap, _) => r.channel::<Snap>(Kind::Snap),
        (Kind::Roots, _) => r.channel::<Rooms>(Kind::Roots),
        (kind, _) => {
            let slot = Slot::ALL.into_iter().find(|s| s.kind() == kind && s.shape().name.full() == record.type_name);
            let slot = slot.unwrap_or_else(|| panic!("no slot for {kind} {}", record.type_name));
            r.channel_of(kind, &slot.shape())
        }
    };
    known.expect("a channel")
}

/// Records the same again, as somebody could who has the program but not the key.
fn write(path: &Path, manifest: &Manifest, records: &[OwnedRecord]) {
    let info = OpenInfo::new("nooterra/simulation/forged/0", [7; 32], manifest.clone());
    let mut r = Recorder::new(BufWriter::new(File::create(path).expect("created")), &info).expect("it begins");
    for x in records {
        let payload = x.payload.as_deref().expect("nothing is withheld");
        match x.kind {
            Kind::Close => {
                let reason = decode::<Close>(payload).expect("a close").reason;
                r.close(x.tick, x.at, &reason).expect("it ends");
                return;
            }
            k if k.is_own() => {}
            Kind::Note if decode::<Remark>(payload).is_ok_and(|n| n.topic == "tick") && x.type_name.ends_with("Remark") => {}
            _ => {
                let c = channel(&mut r, x);
                r.record_bytes(c, x.tick, x.at, payload, &[]).expect("it is taken");
            }
        }
    }
    panic!("the log has no end");
}

#[test]
fn replay_names_the_tick_and_the_input_that_was_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = recorded(&scenario("office-deliveries"), Some(31), 2, Some(folder.path()));
    let (manifest, records) = read(&run.log.path);
    let forged = folder.path().join("forged.mcap");
    // The control: nothing changed, nothing found; but the key is another one.
    write(&forged, &manifest, &records);
    let r = replay(&forged, Range::default(), &mut |_| true).expect("it replays");
    assert_eq!(r.report.divergence, None);
    assert!(r.complete);
    let key: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&run.log.key[2 * i..2 * i + 2], 16).expect("hex")).collect();
    let policy = Policy { identity: Some(nooterra_trust::PublicKey(key.try_into().expect("32 bytes"))), ..Policy::default() };
    assert!(!verify(&forged, &policy).expect("it opens").accepts(), "a foreign key");
    assert!(verify(&run.log.path, &policy).expect("it opens").accepts(), "the right key");

    let inputs: Vec<usize> = (0..records.len()).filter(|i| records[*i].kind == Kind::Input).collect();
    assert!(inputs.len() > 100, "{}", inputs.len());
    let mut draws = Draws::new(31);
    for round in 0..4 {
        let i = inputs[usize::try_from(draws.below(inputs.len() as u64 / 2)).expect("small")];
        let mut changed = records.clone();
        let payload = changed[i].payload.as_mut().expect("there");
        // The last bytes of an input are its signature's; elsewhere any byte will do.
        let byte = if round == 0 { payload.len() - 1 } else { usize::try_from(draws.below(payload.len() as u64)).expect("small") };
        payload[byte] ^= 1 << draws.below(8);
        write(&forged, &manifest, &changed);
        let r = replay(&forged, Range::default(), &mut |_| true).expect("it replays");
        let d = r.report.divergence.unwrap_or_else(|| panic!("record {i} was changed, and replay found nothing"));
        let x = &records[i];
        assert_eq!((d.tick, d.kind.as_str(), &d.type_name), (x.tick, "in", &x.type_name), "{d}");
        // Telemetry's own remarks are written anew, so places may only be counted by inputs.
        let (_, written) = read(&forged);
        let index = d.index.expect("it is in the log");
        let place = written.iter().filter(|w| w.kind == Kind::Input).position(|w| w.index == index);
        assert_eq!(place, inputs.iter().position(|n| *n == i), "{d}");
        assert_ne!(d.left, d.right);
        if round == 0 {
            assert!(d.field.contains("sig"), "down to the field: {d}");
        }
    }
}

/// The same messages in another container, without compression, one of them changed.
fn repack(from: &Path, to: &Path, mut change: impl FnMut(usize, &str, &mut Vec<u8>)) {
    let bytes = std::fs::read(from).expect("a log");
    let file = BufWriter::new(File::create(to).expect("created"));
    let mut out = WriteOptions::new().profile("nooterra").library("other").compression(None).create(file).expect("a container");
    for (i, m) in mcap::MessageStream::new(&bytes).expect("a container").enumerate() {
        let mut m = m.expect("a message");
        let topic = m.channel.topic.clone();
        change(i, &topic, m.data.to_mut());
        out.write(&m).expect("written");
    }
    out.finish().expect("an end");
}

#[test]
fn verify_names_the_record_that_was_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = recorded(&scenario("office-deliveries"), Some(32), 1, Some(folder.path()));
    let other = folder.path().join("other.mcap");
    // The control: no content changed, so another container is as good.
    let mut inputs = Vec::new();
    repack(&run.log.path, &other, |i, topic, _| {
        if topic.starts_with("/nt/in/") {
            inputs.push(i);
        }
    });
    let v = verify(&other, &Policy::default()).expect("it opens");
    assert_eq!((v.status, v.counts.records), (Status::Complete, run.log.records), "{:?}", v.first_bad);
    let (_, records) = read(&run.log.path);
    let places: Vec<u64> = records.iter().filter(|r| r.kind == Kind::Input).map(|r| r.index).collect();
    assert_eq!(places.len(), inputs.len());
    let mut draws = Draws::new(32);
    for _ in 0..8 {
        let n = usize::try_from(draws.below(inputs.len() as u64)).expect("small");
        repack(&run.log.path, &other, |i, _, data| {
            if i == inputs[n] {
                // The tail of an entry is its payload.
                let byte = data.len() - 1 - usize::try_from(draws.below(64)).expect("small");
                data[byte] ^= 1 << draws.below(8);
            }
        });
        let v = verify(&other, &Policy::default()).expect("it opens");
        let bad = v.first_bad.clone().unwrap_or_else(|| panic!("nothing found: {v:?}"));
        assert_eq!((v.status, bad.reason), (Status::Bad, Reason::LeafMismatch), "{bad:?}");
        assert_eq!(bad.record.map(|r| (r.index, r.kind)), Some((places[n], "in".to_owned())));
    }
}

/// One entry of the log's book moves another sum, on both its sides: it balances, and the chain over the facts tells.
#[test]
fn another_sum_in_the_books_facts_is_found() {
    use nooterra_control::Fact;
    use nooterra_ledger::Fact as Money;
    let folder = tempfile::tempdir().expect("a folder");
    let run = recorded(&scenario("office-deliveries"), Some(3), 6, Some(folder.path()));
    let log = run.log.path;
    let true_book = nooterra_runner::ledger::ledger(&log).expect("it is read");
    assert!(true_book.recomputed && true_book.compared > 300 && true_book.findings.is_empty(), "{:?}", true_book.findings);
    let (manifest, mut all) = read(&log);
    let entry = |r: &OwnedRecord| match (r.kind == Kind::Fact).then(|| decode::<Fact>(r.payload.as_deref()?).ok())?? {
        Fact::Ledger(f) => matches!(&f, Money::EntryPosted(b) if b.postings.len() == 2).then_some(f),
        _ => None,
    };
    let n = all.iter().position(|r| entry(r).is_some()).expect("money moved");
    let Some(Money::EntryPosted(mut b)) = entry(&all[n]) else { panic!("it is one") };
    b.postings.iter_mut().for_each(|p| p.amount -= 1);
    all[n].payload = Some(nooterra_engine::encode(&Fact::Ledger(Money::EntryPosted(b))));
    let forged = folder.path().join("forged.mcap");
    write(&forged, &manifest, &all);
    let told = nooterra_runner::ledger::ledger(&forged).expect("it is sealed again");
    assert!(!told.recomputed, "{:?} {}", told.findings, told.compared);
    assert!(told.findings.iter().any(|f| f.starts_with("the chain over")), "{:?}", told.findings);
    assert!(told.findings.iter().any(|f| f.starts_with("the root over")), "{:?}", told.findings);
}
