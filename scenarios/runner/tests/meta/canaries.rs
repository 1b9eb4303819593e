//! Leak canaries: a run into which a clock, a hash map's order or an address leaks on purpose must be caught by the same
//! comparisons that the real stage passes; and the lints must name each way in which such a thing is written.

use crate::common::{loaded, root, scenario};
use nooterra_blackbox::words::State;
use nooterra_blackbox::{Kind, LogReader, Manifest, OpenInfo, Recorder, Said, Sink};
use nooterra_engine::record::encode;
use nooterra_engine::{Digest, Hasher, Instant};
use nooterra_player::compare::{AdvanceError, Limits, Replayable, Report, compare};
use nooterra_stage::{Entry, Stage};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::process::Command;

/// What leaks into the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leak {
    Nothing,
    Clock,
    MonotonicClock,
    MapOrder,
    SetOrder,
    Address,
    StackAddress,
    Environment,
    ProcessId,
}

const LEAKS: [Leak; 9] = [
    Leak::Nothing,
    Leak::Clock,
    Leak::MonotonicClock,
    Leak::MapOrder,
    Leak::SetOrder,
    Leak::Address,
    Leak::StackAddress,
    Leak::Environment,
    Leak::ProcessId,
];

/// The tick at which the leak begins.
const FROM: u64 = 40;
/// Ticks of a run with a canary.
const TICKS: u64 = 120;

/// The real stage, with a hole.
struct Canary {
    stage: Stage,
    leak: Leak,
    begun: std::time::Instant,
    cell: Box<u64>,
}

impl Canary {
    fn new(leak: Leak) -> Self {
        let setup = loaded(&scenario("office-deliveries"), Some(5), 10).setup;
        Self { stage: Stage::new(setup).expect("it can be set up"), leak, begun: std::time::Instant::now(), cell: Box::new(0) }
    }
    fn leaked(&self) -> u64 {
        let keys = || (0..32_u64).map(|k| (k, ()));
        let fold = |all: &mut dyn Iterator<Item = u64>| all.fold(17_u64, |a, k| a.wrapping_mul(31).wrapping_add(k));
        let local = 0_u8;
        match self.leak {
            Leak::Nothing => 0,
            Leak::Clock => std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| u64::from(d.subsec_nanos())),
            Leak::MonotonicClock => u64::from(self.begun.elapsed().subsec_nanos()),
            Leak::MapOrder => fold(&mut keys().collect::<HashMap<_, _>>().into_keys()),
            Leak::SetOrder => fold(&mut keys().map(|k| k.0).collect::<HashSet<_>>().into_iter()),
            Leak::Address => std::ptr::from_ref::<u64>(&self.cell).addr() as u64,
            Leak::StackAddress => std::ptr::from_ref(&local).addr() as u64,
            Leak::Environment => std::env::var("HOME").map_or(0, |h| h.len() as u64),
            Leak::ProcessId => u64::from(std::process::id()),
        }
    }
    /// One tick: its root, with the leak folded in as a careless room would.
    fn root(&mut self) -> (u64, Instant, Digest) {
        struct Last(Digest);
        impl nooterra_stage::Sink for Last {
            fn put(&mut self, _: u64, _: Instant, entry: Entry<'_>) {
                if let Entry::Root(d) = entry {
                    self.0 = d;
                }
            }
        }
        let mut last = Last(Digest::ZERO);
        self.stage.step(&mut last).expect("physics holds");
        let _ = self.stage.fleet.take_notes();
        let tick = self.stage.tick();
        let mut h = Hasher::new();
        h.digest(&last.0).u64(if tick >= FROM { self.leaked() } else { 0 });
        (tick, self.stage.now(), h.finish())
    }
}

impl Replayable for Canary {
    fn advance(&mut self, sink: &mut dyn Sink) -> Result<bool, AdvanceError> {
        let (tick, at, root) = self.root();
        sink.put(&Said::of::<State>(Kind::State, tick, at, &encode(&State { root })))?;
        Ok(tick < TICKS)
    }
}

/// Records one canary and replays another.
fn record_and_replay(leak: Leak) -> Report {
    let mut recorder =
        Recorder::new(Vec::new(), &OpenInfo::new("nooterra/test/canary/0", [1; 32], Manifest::default())).expect("it begins");
    // Both live at once, so that nothing of the one can lie where the other lay.
    let (mut first, mut second) = (Canary::new(leak), Canary::new(leak));
    while first.advance(&mut recorder).expect("it goes on") {}
    let (log, _) = recorder.close(first.stage.tick(), first.stage.now(), "run over").expect("it ends");
    let mut reader = LogReader::new(log.as_slice());
    reader.start().expect("it begins as a log does");
    compare(&mut reader, &mut second, &nooterra_runner::replay::shapes(), Limits::default()).expect("it can be compared")
}

#[test]
fn record_and_replay_catches_what_leaks_within_a_process() {
    let clean = record_and_replay(Leak::Nothing);
    assert!(clean.is_exact() && clean.closed, "{clean:?}");
    assert_eq!(clean.last_tick, Some(TICKS));
    for leak in [Leak::Clock, Leak::MonotonicClock, Leak::MapOrder, Leak::SetOrder, Leak::Address] {
        let caught = record_and_replay(leak).divergence.unwrap_or_else(|| panic!("{leak:?} was not caught"));
        assert!((FROM..FROM + 5).contains(&caught.tick), "{leak:?}: {caught}");
    }
}

const ASKED: &str = "NOOTERRA_TEST_CANARY";

/// Not a test: what the lockstep test runs in processes of its own.
#[test]
fn child() {
    let Ok(which) = std::env::var(ASKED) else { return };
    let leak = LEAKS.into_iter().find(|l| format!("{l:?}") == which).expect("a leak");
    let mut canary = Canary::new(leak);
    let mut out = String::new();
    while canary.stage.tick() < TICKS {
        let (tick, _, root) = canary.root();
        let _ = writeln!(out, "\nroot {tick} {root}");
    }
    println!("{out}");
}

/// Roots of a run in a process of its own, in surroundings of its own.
fn process(leak: Leak, surroundings: &[(&str, &str)]) -> Vec<String> {
    let mut c = Command::new(std::env::current_exe().expect("this test"));
    c.args(["--exact", "canaries::child", "--nocapture", "--test-threads", "1"]).env(ASKED, format!("{leak:?}"));
    let o = c.envs(surroundings.iter().copied()).output().expect("it starts");
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    let roots: Vec<String> = String::from_utf8_lossy(&o.stdout).lines().filter(|l| l.starts_with("root ")).map(str::to_owned).collect();
    assert!(roots.len() as u64 > FROM, "{roots:?}");
    roots
}

#[test]
fn lockstep_of_two_processes_catches_every_leak() {
    let long = "x".repeat(5_000);
    let here = [("HOME", "/"), ("LC_ALL", "C"), ("TZ", "UTC")];
    let there = [("HOME", "/somewhere/else"), ("LC_ALL", "tr_TR.UTF-8"), ("TZ", "Asia/Kathmandu"), ("FILLER", &long)];
    for leak in LEAKS {
        let (a, b) = (process(leak, &here), process(leak, &there));
        let parted = a.iter().zip(&b).find(|(x, y)| x != y).map(|(x, _)| x.clone());
        assert_eq!(a.len(), b.len());
        if leak == Leak::Nothing {
            assert_eq!(parted, None, "the stage itself differs between processes");
        } else {
            let line = parted.unwrap_or_else(|| panic!("{leak:?} was not caught"));
            let tick: u64 = line.split(' ').nth(1).and_then(|t| t.parse().ok()).expect("a tick");
            assert!((FROM..FROM + 5).contains(&tick), "{leak:?} at tick {tick}");
        }
    }
}

/// One forbidden thing a line; the strict lints of pure rooms must refuse every one of them.
const FORBIDDEN: &str = "\
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
pub fn a() -> std::time::Instant { loop {} }
pub fn b() -> std::time::SystemTime { loop {} }
pub fn c() -> std::collections::HashMap<u8, u8> { loop {} }
pub fn d() -> std::collections::HashSet<u8> { loop {} }
pub fn e() { std::thread::spawn(|| ()); }
pub fn f() { std::thread::sleep(core::time::Duration::ZERO); }
pub fn g() { drop(std::env::var(\"HOME\")); }
pub fn h() { drop(std::fs::read(\"x\")); }
pub fn i() -> std::fs::File { loop {} }
pub fn j() -> std::net::UdpSocket { loop {} }
pub fn k() -> u32 { std::process::id() }
pub fn l(x: f64) -> f64 { x.sin() }
pub fn m(x: f64) -> f64 { x.mul_add(2.0, 1.0) }
pub fn n(x: f32) -> f32 { x.powi(3) }
pub fn o(x: f64) -> f64 { x.exp() }
pub fn p() -> std::process::Command { loop {} }
pub fn q() -> std::hash::RandomState { loop {} }
";

#[test]
fn the_lints_name_every_forbidden_thing() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    std::fs::create_dir(folder.path().join("src")).expect("made");
    put("Cargo.toml", "[package]\nname = \"canary\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n");
    put("src/lib.rs", FORBIDDEN);
    std::fs::copy(root().join("clippy.toml"), folder.path().join("clippy.toml")).expect("the strict rules");
    let mut c = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    c.args(["clippy", "--offline", "--quiet", "--message-format", "short"]).current_dir(folder.path());
    c.env("CARGO_TARGET_DIR", folder.path().join("target")).env_remove("CLIPPY_CONF_DIR").env_remove("RUSTFLAGS");
    let o = c.output().expect("cargo starts");
    let text = String::from_utf8_lossy(&o.stderr).into_owned();
    if text.contains("no such command") || text.contains("is not installed") {
        // Without the linter there is at least its list.
        let rules = std::fs::read_to_string(root().join("clippy.toml")).expect("the strict rules");
        for name in ["HashMap", "HashSet", "time::Instant", "time::SystemTime", "thread::spawn", "env::var", "fs::read", "f64::sin"] {
            assert!(rules.contains(name), "{name}");
        }
        return;
    }
    assert!(!o.status.success(), "{text}");
    for (i, line) in FORBIDDEN.lines().enumerate().skip(1) {
        let place = format!("lib.rs:{}:", i + 1);
        assert!(text.lines().any(|l| l.contains(&place) && l.contains("disallowed")), "not refused: {line}\n{text}");
    }
}
