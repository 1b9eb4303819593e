//! A small machine with two rooms, recorded and driven again.

use crate::compare::{AdvanceError, Limits, Replayable, compare};
use crate::diff::diff;
use crate::divergence::PlayError;
use crate::seek::{find_keyframe, skip_past};
use crate::shapes::Shapes;
use nooterra_blackbox::telemetry::{Level, Log};
use nooterra_blackbox::{Kind, LogReader, Manifest, OpenInfo, Recorder, Sink, SinkExt};
use nooterra_engine::digest::content_hash;
use nooterra_engine::keyframe::{Keyframe, Part, StateRoots};
use nooterra_engine::record::{decode, encode};
use nooterra_engine::{Instant, Record, Span};
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Word {
    number: u64,
    drawn: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Clerk {
    tick: u64,
    sum: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Walker {
    place: u64,
    steps: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Toy {
    clerk: Clerk,
    walker: Walker,
    seed: u64,
    ticks: u64,
    /// A fault of determinism, planted at this tick: 1 in what is said, 2 in state alone, 3 a word too many, 4 one too few.
    fault: (u64, u8),
}

impl Toy {
    fn new(seed: u64) -> Self {
        Self { clerk: Clerk { tick: 0, sum: 0 }, walker: Walker { place: 0, steps: 0 }, seed, ticks: 300, fault: (u64::MAX, 0) }
    }
    fn keyframe(&self) -> Keyframe {
        let part = |room: &str, bytes| Part { room: room.into(), bytes };
        Keyframe {
            tick: self.clerk.tick,
            at: self.at(),
            parts: vec![part("clerk", encode(&self.clerk)), part("twin/walker", encode(&self.walker))],
        }
    }
    fn thaw(k: &Keyframe, seed: u64) -> Self {
        let mut t = Self::new(seed);
        t.clerk = decode(k.part("clerk").unwrap()).unwrap();
        t.walker = decode(k.part("twin/walker").unwrap()).unwrap();
        t
    }
    fn at(&self) -> Instant {
        Instant(self.clerk.tick * 50_000_000)
    }
    fn roots(&self) -> StateRoots {
        StateRoots { rooms: vec![("clerk".into(), content_hash("t", &self.clerk)), ("twin".into(), content_hash("t", &self.walker))] }
    }
}

impl Replayable for Toy {
    fn advance(&mut self, sink: &mut dyn Sink) -> Result<bool, AdvanceError> {
        self.clerk.tick += 1;
        let (tick, at) = (self.clerk.tick, self.at());
        let fault = if tick == self.fault.0 { self.fault.1 } else { 0 };
        let drawn = (self.seed * 31 + tick / 40).wrapping_mul(tick) % 17;
        sink.say(Kind::Input, tick, at, &Word { number: tick, drawn: drawn + u64::from(fault == 1) })?;
        self.clerk.sum += drawn;
        self.walker.place += drawn % 3 + u64::from(fault == 2);
        self.walker.steps += 1;
        if fault != 4 {
            sink.say(Kind::Fact, tick, at, &self.clerk)?;
        }
        if fault == 3 {
            sink.say(Kind::Fact, tick, at, &self.clerk)?;
        }
        sink.show("/log", tick, at, &Log { timestamp: at.into(), level: Level::INFO, message: "x".into(), name: String::new() })?;
        sink.end_tick(tick, at, self.roots().root())?;
        if tick.is_multiple_of(20) {
            sink.roots(tick, at, &self.roots())?;
        }
        if tick.is_multiple_of(100) {
            sink.keyframe(tick, at, &self.keyframe())?;
        }
        Ok(tick < self.ticks)
    }
}

fn shapes() -> Shapes {
    Shapes::default().with::<Word>().with::<Clerk>().with_room::<Clerk>("clerk").with_room::<Walker>("twin/")
}

fn record(mut toy: Toy, domain: &str) -> Vec<u8> {
    let manifest =
        Manifest { seed: toy.seed, tick: Span::from_millis(50), domain: vec![("code".into(), domain.into())], ..Manifest::default() };
    let mut r = Recorder::new(Vec::new(), &OpenInfo::new("nooterra/toy", [1; 32], manifest)).unwrap();
    while toy.advance(&mut r).unwrap() {}
    r.close(toy.clerk.tick, toy.at(), "end").unwrap().0
}

fn replay(bytes: &[u8], mut toy: Toy, limits: Limits) -> crate::compare::Report {
    let mut log = LogReader::new(bytes);
    log.start().unwrap();
    compare(&mut log, &mut toy, &shapes(), limits).unwrap()
}

#[test]
fn a_run_replays_exactly() {
    let bytes = record(Toy::new(7), "a");
    let r = replay(&bytes, Toy::new(7), Limits::default());
    assert_eq!(r.divergence, None);
    assert_eq!((r.by_kind["in"], r.by_kind["state"], r.by_kind["snap"], r.by_kind["roots"]), (300, 300, 3, 15));
    assert!(r.closed && r.is_exact() && r.last_tick == Some(300) && !r.by_kind.contains_key("telemetry"));
    let r = replay(&bytes, Toy::new(7), Limits { telemetry: true, ..Limits::default() });
    assert_eq!((r.divergence, r.by_kind["telemetry"]), (None, 300));
    let r = replay(&bytes, Toy::new(7), Limits { to_tick: 100, ..Limits::default() });
    assert_eq!((r.divergence, r.last_tick), (None, Some(100)));
}

#[test]
fn another_seed_is_named_at_its_first_word() {
    let bytes = record(Toy::new(7), "a");
    let d = replay(&bytes, Toy::new(8), Limits::default()).divergence.unwrap();
    assert_eq!((d.tick, d.kind.as_str(), d.field.as_str(), d.room.as_deref()), (1, "in", "drawn", Some("player")));
    assert_eq!((d.left.as_str(), d.right.as_str(), d.index), ("13", "10", Some(3)));
    assert!(d.to_string().contains("drawn: 13 \u{2260} 10"), "{d}");
}

#[test]
fn faults_are_named_where_they_begin() {
    let bytes = record(Toy::new(7), "a");
    let with = |tick, what| replay(&bytes, Toy { fault: (tick, what), ..Toy::new(7) }, Limits::default()).divergence.unwrap();
    let d = with(133, 1);
    assert_eq!((d.tick, d.kind.as_str(), d.field.as_str()), (133, "in", "drawn"));
    let d = with(133, 2);
    assert_eq!((d.tick, d.kind.as_str(), d.room.as_deref()), (133, "state", Some("twin/walker")));
    let detail = d.detail.unwrap();
    assert!(
        detail.contains("at tick 140 room twin differs") && detail.contains("at tick 200 room twin/walker differs: place: "),
        "{detail}"
    );
    let d = with(133, 3);
    assert_eq!((d.tick, d.kind.as_str()), (133, "state"));
    assert!(d.right.starts_with("fact"), "{d}");
    let d = with(133, 4);
    assert_eq!((d.tick, d.kind.as_str()), (133, "fact"));
    let d = replay(&bytes, Toy { ticks: 200, ..Toy::new(7) }, Limits::default()).divergence.unwrap();
    assert_eq!((d.tick, d.right.as_str()), (201, "(nothing)"));
}

#[test]
fn continues_from_any_keyframe() {
    let bytes = record(Toy::new(7), "a");
    for (tick, at) in [(100, 100), (199, 100), (200, 200), (5000, 300)] {
        let found = find_keyframe(&mut LogReader::new(bytes.as_slice()), tick).unwrap().unwrap();
        assert_eq!(found.keyframe.tick, at);
        if at == 300 {
            continue;
        }
        let mut log = LogReader::new(bytes.as_slice());
        skip_past(&mut log, found.index).unwrap();
        let r = compare(&mut log, &mut Toy::thaw(&found.keyframe, 7), &shapes(), Limits::default()).unwrap();
        assert_eq!((r.divergence, r.by_kind["in"]), (None, 300 - at));
    }
    assert_eq!(find_keyframe(&mut LogReader::new(bytes.as_slice()), 99).unwrap(), None);
}

#[test]
fn logs_are_held_against_each_other() {
    let log = |toy: Toy, domain| record(toy, domain);
    let run = |a: &[u8], b: &[u8]| diff(&mut LogReader::new(a), &mut LogReader::new(b), &shapes());
    let a = log(Toy::new(7), "a");
    let same = run(&a, &a).unwrap();
    assert_eq!((same.divergence, same.manifest, same.compared), (None, None, 300 * 3 + 18));
    let other = run(&a, &log(Toy::new(8), "a")).unwrap();
    assert_eq!(other.manifest.unwrap(), "seed: 7 \u{2260} 8");
    let d = other.divergence.unwrap();
    assert_eq!((d.tick, d.field.as_str(), d.left.as_str(), d.right.as_str()), (1, "drawn", "13", "10"));
    let silent = run(&a, &log(Toy { fault: (133, 2), ..Toy::new(7) }, "a")).unwrap().divergence.unwrap();
    assert_eq!((silent.tick, silent.room.as_deref()), (133, Some("twin/walker")));
    let shorter = run(&a, &log(Toy { ticks: 200, ..Toy::new(7) }, "a")).unwrap().divergence.unwrap();
    assert_eq!((shorter.tick, shorter.right.as_str()), (201, "(nothing)"));
    assert!(
        matches!(run(&a, &log(Toy::new(7), "b")), Err(PlayError::Domain { part, left, right }) if part == "code" && left == "a" && right == "b")
    );
    assert!(matches!(run(&a, &a[..40]), Err(PlayError::Log { side: "right", .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// A cut log replays exactly as far as it goes.
    #[test]
    fn cut_logs_replay_as_far_as_they_go(cut in 0.3f64..1.0) {
        thread_local! { static LOG: Vec<u8> = record(Toy::new(7), "a"); }
        let bytes = LOG.with(|l| l[..(l.len() as f64 * cut) as usize].to_vec());
        let r = replay(&bytes, Toy::new(7), Limits::default());
        prop_assert_eq!(r.divergence, None);
    }
}
