//! Record, replay: exact for every scenario of the library, from the start and from a keyframe in the middle.

use crate::common::{library, loaded, recorded};
use nooterra_blackbox::{Policy, Status};
use nooterra_engine::{Instant, Span};
use nooterra_runner::{Range, RunReport, diff, replay, verify};
use std::path::Path;

fn exact(log: &Path, range: Range, complete: bool) -> u64 {
    let r = replay(log, range, &mut |_| true).unwrap_or_else(|e| panic!("{}: {e}", log.display()));
    if let Some(d) = &r.report.divergence {
        panic!("{} {range:?}: {d}", log.display());
    }
    assert!(r.report.compared > 0, "{}: nothing was compared", log.display());
    assert_eq!(r.complete, complete, "{} {range:?}", log.display());
    r.report.compared
}

/// Runs every scenario with a log; hands each log on.
fn each(seed: Option<u64>, minutes: u64, mut look: impl FnMut(&str, &RunReport)) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut requested = 0;
    for path in library() {
        let report = recorded(&path, seed, minutes, Some(folder.path()));
        requested += report.jobs.requested;
        look(&path.display().to_string(), &report);
        std::fs::remove_file(&report.log.path).expect("it was there");
    }
    assert!(requested > 0, "nothing was asked for in any of them");
}

#[test]
fn every_scenario_replays_exactly() {
    each(None, 5, |name, report| {
        let all = exact(&report.log.path, Range::default(), true);
        assert!(all < report.log.records, "{name}: own records of the recorder are not compared");
        let v = verify(&report.log.path, &Policy::default()).expect("it opens");
        assert_eq!(v.status, Status::Complete, "{name}: {v:?}");
        assert_eq!(v.head.map(|h| h.root), Some(report.log.root.clone()), "{name}");
    });
}

#[test]
fn every_scenario_replays_exactly_from_a_keyframe() {
    each(Some(1_234_567), 5, |name, report| {
        let at = |s: u64| Some(Instant::ZERO + Span::from_secs(s));
        let part = exact(&report.log.path, Range { from: at(125), to: at(170) }, false);
        let rest = exact(&report.log.path, Range { from: at(61), to: None }, true);
        assert!(part < rest, "{name}");
    });
}

/// Platform and world take their turns one after the other, or on two threads: every byte and every count is the same.
#[test]
fn the_same_on_one_core_and_on_two() {
    let (a, b) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    for path in library() {
        let one = recorded(&path, Some(99), 4, Some(a.path()));
        let two = nooterra_runner::with_cores(|| recorded(&path, Some(99), 4, Some(b.path())));
        assert_eq!(std::fs::read(&one.log.path).expect("a log"), std::fs::read(&two.log.path).expect("a log"), "{}", path.display());
        assert!(!one.paths.is_empty() && one.paths == two.paths, "{}: {:?} {:?}", path.display(), one.paths, two.paths);
        assert_eq!(one.events, two.events);
    }
}

#[test]
fn two_seeds_are_two_histories_and_the_difference_has_a_name() {
    let (a, b) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let path = crate::common::scenario("office-deliveries");
    let (x, y) = (recorded(&path, Some(1), 2, Some(a.path())), recorded(&path, Some(2), 2, Some(b.path())));
    assert_ne!(x.log.root, y.log.root);
    let d = diff(&x.log.path, &y.log.path).expect("one build made both");
    assert!(d.manifest.as_deref().is_some_and(|m| m.starts_with("run: ")), "{:?}", d.manifest);
    let first = d.divergence.expect("they part");
    assert!(!first.type_name.is_empty() && first.left != first.right, "{first}");
    assert!(!first.field.is_empty() || first.detail.is_some(), "down to the field: {first}");
    let d = diff(&x.log.path, &x.log.path).expect("one log");
    assert_eq!((d.manifest, d.divergence), (None, None));
    assert!(d.compared > 6_000);
}

#[test]
fn a_run_is_the_same_twice_in_one_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = crate::common::scenario("lossy-network");
    let a = recorded(&path, Some(9), 2, Some(&folder.path().join("a")));
    let b = recorded(&path, Some(9), 2, Some(&folder.path().join("b")));
    assert!(std::fs::read(&a.log.path).expect("a log") == std::fs::read(&b.log.path).expect("a log"));
    // What is shown of the run comes from the run alone.
    let strip = |mut r: RunReport| {
        r.wall_s = 0.0;
        r.real_time_factor = 0.0;
        r.log.path = std::path::PathBuf::new();
        serde_json::to_string(&r).expect("JSON")
    };
    assert_eq!(strip(a), strip(b));
    let loaded = loaded(&path, Some(9), 2);
    assert_eq!(loaded.setup.resolved.seed, 9);
}
