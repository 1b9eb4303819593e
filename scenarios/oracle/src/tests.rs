//! Each judge is shown what it must find and what it must let pass.

use crate::watch::{FaultSpan, Watcher, When};
use crate::*;
use nooterra_engine::ids::{IncidentId, JobId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_ledger::Book;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn oracle(watchers: Vec<Watcher>) -> Oracle {
    Oracle::new(Limits::default(), &[("tiny".into(), 20_000), ("big".into(), 70_000)], watchers)
}

fn contact(robot: u32, with: Counterpart, impulse_mns: u64) -> Contact {
    Contact { at: Instant::from_secs(3), tick: 150, robot, with, impulse_mns, began: true, excused: false }
}

#[test]
fn hard_contacts_are_found() {
    let check = |c: Contact, class: Option<Class>, collisions: u64| {
        let mut o = oracle(vec![]);
        o.contact(&c);
        let mut s = Sample::default();
        o.count(&mut s);
        assert_eq!(s.safety_collisions, collisions, "{c:?}");
        assert_eq!(o.finish(c.at, c.tick, &s, &[]).class(), class, "{c:?}");
    };
    check(contact(0, Counterpart::Wall, 5_001), Some(Class::Safety), 1);
    check(contact(0, Counterpart::Wall, 5_000), None, 0);
    check(contact(1, Counterpart::Wall, 5_001), None, 0);
    check(contact(1, Counterpart::Robot(0), 5_001), Some(Class::Safety), 1);
    check(Contact { excused: true, ..contact(0, Counterpart::Wall, 9_000) }, None, 1);
    check(contact(0, Counterpart::Obstacle, 9_000), None, 1);
    check(contact(0, Counterpart::Load, 9_000), None, 0);
    check(contact(0, Counterpart::Person(0), 9_000), None, 0);
    let quiet = oracle(vec![]).finish(Instant::ZERO, 0, &Sample::default(), &[]);
    assert!(quiet.invariants.iter().all(|j| j.checks > 0 || j.story == "nothing to judge in this run"));
    assert!(quiet.invariants.iter().all(|j| !j.name.contains("people")), "what cannot break is not judged");
}

#[test]
fn standing_is_found_once_and_only_without_excuse() {
    let run = |excused: bool, wants: bool, step_mm: i64| {
        let mut o = oracle(vec![]);
        for t in 0..1_300u64 {
            let at = Instant::from_secs(t);
            let x_mm = step_mm * i64::try_from(t).expect("small");
            o.motion(at, t * 50, &[Motion { robot: 0, x_mm, y_mm: 0, level: 0, wants_to_move: wants, excused }]);
        }
        let mut s = Sample::default();
        o.count(&mut s);
        (s.fleet_stuck, o.findings().count())
    };
    assert_eq!(run(false, true, 0), (1, 1));
    assert_eq!(run(true, true, 0), (0, 0));
    assert_eq!(run(false, false, 0), (0, 0));
    assert_eq!(run(false, true, 1), (0, 0), "slow, but it moves");
}

#[test]
fn jobs_must_end() {
    let job = |terminal| JobEnd { id: "job_x".into(), state: "BOOKED".into(), terminal, since: Instant::ZERO };
    let end = |j: &[JobEnd]| oracle(vec![]).finish(Instant::from_secs(9), 1, &Sample::default(), j);
    assert_eq!(end(&[job(true)]).class(), None);
    let v = end(&[job(true), job(false)]);
    assert_eq!((v.class(), v.exit_code()), (Some(Class::Liveness), 11));
    assert!(v.findings[0].story.contains("job_x is still BOOKED"));
}

#[test]
fn two_holders_and_falling_fences_are_found() {
    let (a, b) = (RobotId::named("a"), RobotId::named("b"));
    let (j, k) = (JobId::named("j"), JobId::named("k"));
    let run = |rounds: &[&[Holding]]| {
        let mut o = oracle(vec![]);
        for (t, h) in rounds.iter().enumerate() {
            o.authority(Instant::from_secs(t as u64), 0, h);
        }
        o.findings().map(|f| f.judge.clone()).collect::<Vec<_>>()
    };
    let h = |robot, job, fence| Holding { robot, job, fence };
    assert!(run(&[&[h(a, j, 1), h(b, k, 1)], &[h(a, j, 2)], &[h(b, j, 2)]]).is_empty());
    assert_eq!(run(&[&[h(a, j, 1), h(b, j, 1)], &[h(a, j, 1), h(b, j, 1)]]), ["one robot holds a job at a time"]);
    assert_eq!(run(&[&[h(a, j, 5)], &[h(a, j, 4)]]), ["a robot's fence never falls"]);
}

#[test]
fn an_empty_book_is_in_order() {
    let (ended, verified) = (BTreeSet::new(), BTreeSet::new());
    let mut o = oracle(vec![]);
    o.books(Instant::ZERO, 0, &BookView { book: &Book::default(), ended: &ended, verified: &verified });
    let v = o.finish(Instant::ZERO, 0, &Sample::default(), &[]);
    assert!(v.class().is_none() && v.invariants.iter().all(|j| j.held));
    assert!(v.invariants.iter().any(|j| j.name == "debits equal credits" && j.checks == 1));
}

fn watcher(when: When) -> Watcher {
    let faults = [
        FaultSpan { word: "obstacle".into(), begin: Instant::from_secs(10), end: Some(Instant::from_secs(20)) },
        FaultSpan { word: "network".into(), begin: Instant::from_secs(30), end: None },
    ];
    let holds = Box::new(|s: &Sample| if s.replans == 99 { Err("no".into()) } else { Ok(s.replans > 0) });
    let explain = Box::new(|s: &Sample| format!("replans = {}", s.replans));
    Watcher::new("replans > 0".into(), when, holds, explain, &faults, Instant::from_secs(60))
}

/// Samples one second apart; `on` says when the condition holds.
fn watch(when: When, seconds: u64, on: impl Fn(u64) -> bool) -> bool {
    let mut w = watcher(when);
    let sample = |t: u64| Sample { replans: u64::from(on(t)), ..Sample::default() };
    for t in 0..seconds {
        w.sample(Instant::from_secs(t), &sample(t));
    }
    w.finish(Instant::from_secs(seconds), &sample(seconds)).held
}

fn soon(within_s: u64, of: &str) -> When {
    When::Eventually { within: Span::from_secs(within_s), of: of.into() }
}

#[test]
fn forms() {
    assert!(watch(When::AtEnd, 50, |t| t == 50));
    assert!(!watch(When::AtEnd, 50, |t| t < 50));
    assert!(watch(When::Always, 50, |_| true));
    assert!(!watch(When::Always, 50, |t| t != 20));
    assert!(watch(When::Never, 50, |_| false));
    assert!(!watch(When::Never, 50, |t| t == 20));
    assert!(watch(soon(5, "fault.obstacle"), 50, |t| t == 15));
    assert!(!watch(soon(5, "fault.obstacle"), 50, |t| t == 16));
    assert!(!watch(soon(5, "fault.obstacle"), 50, |t| t == 9));
    assert!(watch(soon(5, "fault.obstacle.end"), 50, |t| t == 25));
    assert!(!watch(soon(5, "fault"), 50, |t| t == 12), "the network fault is one too");
    assert!(watch(soon(5, "fault"), 50, |t| t == 12 || t == 33));
    assert!(watch(soon(5, "fault.network.end"), 50, |_| false), "it never ends");
    assert!(watch(soon(5, "start"), 50, |t| t == 0));
    assert!(!watch(soon(5, "end"), 62, |_| false), "the run ended before it held");
    assert!(watch(soon(5, "end"), 50, |_| false), "the run was over before");
    assert!(watch(soon(5, "fault.door"), 50, |_| false), "there is none");
}

fn hit(impulse_mns: u64) -> Hit {
    Hit { at: Instant::from_secs(100), robot: RobotId::named("a"), impulse_mns, person: false, seen: false, excused: false }
}

/// Does the judge of contacts find something? The run ends at this second.
fn on_record(h: Hit, recorded: &[Recorded], asked: &[IncidentId], end_s: u64) -> bool {
    let mut o = oracle(vec![]);
    o.hit(h);
    o.recorded(Instant::from_secs(end_s), 0, recorded, &asked.iter().copied().collect());
    o.findings().any(|f| f.invariant == Some(17))
}

#[test]
fn contacts_are_on_record_from_the_first_threshold() {
    assert!(!on_record(hit(499), &[], &[], 2_000));
    assert!(on_record(hit(500), &[], &[], 2_000));
    assert!(!on_record(hit(500), &[], &[], 700), "ten minutes have not passed");
    assert!(!on_record(Hit { excused: true, ..hit(9_000) }, &[], &[], 2_000));
    let person = Hit { person: true, ..hit(200) };
    assert!(on_record(Hit { seen: true, ..person }, &[], &[], 2_000), "its camera saw whom it touched");
    assert!(!on_record(Hit { seen: true, impulse_mns: 199, ..person }, &[], &[], 2_000));
    assert!(!on_record(person, &[], &[], 2_000), "from behind it is a bump");
    assert!(on_record(Hit { impulse_mns: 500, ..person }, &[], &[], 2_000));
}

#[test]
fn a_contact_on_record_has_its_evidence() {
    let incident = IncidentId::named("i");
    let of = |severity, incident| Recorded { at: Instant::from_secs(101), robot: RobotId::named("a"), severity, incident };
    assert!(!on_record(hit(700), &[of(2, Some(incident))], &[incident], 2_000));
    assert!(on_record(hit(700), &[of(2, Some(incident))], &[], 2_000), "nobody asked for evidence");
    assert!(!on_record(hit(700), &[of(1, Some(incident))], &[], 2_000), "a note needs none");
    assert!(!on_record(hit(700), &[of(2, None)], &[], 2_000), "a robot without work has no case");
    let other = Recorded { robot: RobotId::named("b"), ..of(2, Some(incident)) };
    assert!(on_record(hit(700), &[other], &[incident], 2_000), "it is another's");
    let late = Recorded { at: Instant::from_secs(701), ..of(2, Some(incident)) };
    assert!(on_record(hit(700), &[late], &[incident], 2_000));
    let before = Recorded { at: Instant::from_secs(95), ..of(2, Some(incident)) };
    assert!(!on_record(hit(700), &[before], &[incident], 2_000), "the same within ten seconds is one");
}

#[test]
fn an_expectation_that_fails_to_evaluate_is_not_met() {
    let mut w = watcher(When::AtEnd);
    let j = w.finish(Instant::ZERO, &Sample { replans: 99, ..Sample::default() });
    assert!(!j.held && j.story.contains("no"));
}

#[test]
fn the_gravest_class_decides() {
    let mut o = oracle(vec![watcher(When::AtEnd)]);
    o.host(Class::Budget, Instant::ZERO, 0, "an hour is over".into());
    assert_eq!(o.finish(Instant::ZERO, 0, &Sample::default(), &[]).exit_code(), 14);
    let mut o = oracle(vec![watcher(When::AtEnd)]);
    o.oath(Instant::ZERO, 0, "I20", "it does not balance");
    for t in 0..10_000 {
        o.contact(&contact(0, Counterpart::Wall, 9_000 + t));
    }
    let v = o.finish(Instant::ZERO, 0, &Sample::default(), &[]);
    assert_eq!(v.exit_code(), 10);
    assert!(v.findings.len() <= 201 && v.more > 9_000);
    let v = oracle(vec![watcher(When::AtEnd)]).finish(Instant::ZERO, 0, &Sample::default(), &[]);
    assert_eq!(v.exit_code(), 15);
}

#[test]
fn every_metric_has_one_name() {
    let names: BTreeSet<&str> = Sample::NAMES.iter().copied().collect();
    assert_eq!(names.len(), Sample::NAMES.len());
    assert!(Sample::NAMES.iter().all(|n| Sample::default().metric(n) == Some(0.0)));
    assert_eq!(Sample::default().metric("nothing"), None);
}

proptest! {
    #[test]
    fn eventually_is_what_it_says(held in proptest::collection::btree_set(0u64..60, 0..6), within in 0u64..30) {
        let expected = held.iter().any(|t| (10..=10 + within).contains(t));
        prop_assert_eq!(watch(soon(within, "fault.obstacle"), 60, |t| held.contains(&t)), expected);
    }
}
