use crate::gate::{Event, Facts, Gate, Item, Status, is_audited};
use crate::parties::Fault;
use crate::rejection::Code;
use crate::reputation::{BEST_BPS, Fact, HISTORY, Outcome, QUARANTINE_BPS, Reputation, START_BPS, Subject, after};
use crate::tests::dice::{Dice, Tally, party};
use nooterra_engine::ids::{EventId, JobId, RobotId};
use nooterra_engine::record::{decode, encode};
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;

fn outcomes() -> Vec<Outcome> {
    let aborted = Fault::ALL.map(Outcome::Aborted);
    [Outcome::Pass, Outcome::Partial, Outcome::NoShow, Outcome::Other].into_iter().chain(aborted).collect()
}

/// The rule once more, by table: target and part.
fn model(t: u32, fact: Fact) -> u32 {
    let (target, k) = match fact {
        Fact::Settled(Outcome::Pass) => (10_000, 300),
        Fact::Settled(Outcome::Partial) => (6_000, 300),
        Fact::Settled(Outcome::Aborted(Fault::Owner)) => (0, 800),
        Fact::Settled(Outcome::NoShow) => (0, 1_000),
        Fact::Triaged { severity, fault: Fault::Owner } if severity >= 3 => return t.saturating_sub(500 * u32::from(severity)),
        _ => return t,
    };
    if target >= t { t + (target - t) * k / 10_000 } else { t - ((t - target) * k).div_ceil(10_000) }
}

#[test]
fn every_score_and_fact() {
    let mut rows = 0u64;
    let triaged = Fault::ALL.into_iter().flat_map(|fault| (1..=5).map(move |severity| Fact::Triaged { severity, fault }));
    for fact in outcomes().into_iter().map(Fact::Settled).chain(triaged) {
        for t in 0..=BEST_BPS {
            let to = after(t, fact);
            assert_eq!(to, model(t, fact), "{t} {fact:?}");
            assert!(to <= BEST_BPS);
            rows += 1;
        }
    }
    println!("trust score: {rows} rows");
    assert_eq!(after(5_000, Fact::Settled(Outcome::Pass)), 5_150);
    assert_eq!(after(5_000, Fact::Settled(Outcome::Partial)), 5_030);
    assert_eq!(after(5_000, Fact::Settled(Outcome::Aborted(Fault::Owner))), 4_600);
    assert_eq!(after(5_000, Fact::Settled(Outcome::NoShow)), 4_500);
    assert_eq!(after(5_000, Fact::Triaged { severity: 5, fault: Fault::Owner }), 2_500);
    assert_eq!(after(u32::MAX, Fact::Settled(Outcome::Pass)), BEST_BPS);
}

#[test]
fn scores_are_a_fold_of_facts() {
    let (mut tally, mut d) = (Tally::default(), Dice(41));
    let facts = outcomes();
    let robot = RobotId::named("r");
    let subjects = [Subject::Robot(robot), Subject::Owner(party("ow"))];
    let mut poor = 0;
    for _ in 0..1_000 {
        let (mut r, mut m, mut n) = (Reputation::default(), BTreeMap::<Subject, (u32, Vec<u64>)>::new(), 0);
        for _ in 0..100 {
            n += u64::from(!d.one_in(4));
            let subject = d.pick(&subjects);
            let settled = Fact::Settled(d.pick(&facts));
            let fact = if d.one_in(3) { Fact::Triaged { severity: d.below(7) as u8, fault: d.pick(&Fault::ALL) } } else { settled };
            let got = r.decide(Instant(n), subject, EventId::named(&n.to_string()), fact);
            tally.note("update", &got);
            let e = m.entry(subject).or_insert((START_BPS, vec![]));
            let valid = !matches!(fact, Fact::Triaged { severity: 0 | 6.., .. });
            assert_eq!(got.is_ok(), valid && !e.1.contains(&n) && model(e.0, fact) != e.0);
            if let Ok(u) = got {
                r.evolve(&u);
                (e.0, _) = (model(e.0, fact), e.1.push(n));
            }
            let bytes = encode(&r);
            r = decode(&bytes).unwrap();
            assert_eq!(encode(&r), bytes);
            assert_eq!(r.bps(subject), e.0);
            assert_eq!(r.is_poor(robot), r.bps(subjects[0]) < QUARANTINE_BPS);
            poor += u32::from(r.is_poor(robot));
            if let Some(s) = r.score(subject) {
                assert!(s.history.len() <= HISTORY && s.count == e.1.len() as u64);
                assert_eq!(s.history.back().map(|u| u.to_bps), Some(s.bps));
                assert!(s.history.iter().zip(s.history.iter().skip(1)).all(|(a, b)| a.to_bps == b.from_bps));
            }
        }
    }
    assert!(poor > 0);
    tally.demand("reputation", &["update"], &[Code::SchemaInvalid, Code::AlreadyDone, Code::NoChange]);
}

#[test]
fn the_gate_fails_closed() {
    assert_eq!(Facts::default().missing(), Item::ALL, "nothing said: nothing passes");
    let mut rows = 0;
    for bits in 0..1u32 << Item::ALL.len() {
        let facts = Item::ALL.iter().enumerate().fold(Facts::default(), |f, (k, i)| f.with(*i, bits >> k & 1 == 1));
        let missing: Vec<Item> = Item::ALL.iter().enumerate().filter(|(k, _)| bits >> k & 1 == 0).map(|(_, i)| *i).collect();
        assert_eq!(facts.missing(), missing);
        let held = Gate { status: Status::Held, missing: vec![Item::Proof] };
        let passed = Gate { status: Status::Passed, missing: vec![] };
        let pass = missing.is_empty();
        let all = |released| if pass { Event::Passed { released } } else { Event::Held { missing: missing.clone() } };
        assert_eq!(Gate::default().decide(&facts).unwrap(), all(false));
        assert_eq!(held.decide(&facts).map_err(|r| r.code), if missing == [Item::Proof] { Err(Code::HoldOpen) } else { Ok(all(true)) });
        assert_eq!(passed.decide(&facts).map_err(|r| r.code), Err(Code::AlreadyDone));
        rows += 3;
    }
    println!("gate: {rows} pairs of (status, facts)");
    let (mut tally, mut d) = (Tally::default(), Dice(51));
    for _ in 0..2_000 {
        let (mut g, mut facts, mut passed) = (Gate::default(), Facts::default(), false);
        for _ in 0..60 {
            facts = facts.with(d.pick(Item::ALL), !d.one_in(8));
            let got = g.decide(&facts);
            tally.note("gate", &got);
            if let Ok(e) = got {
                assert!(!passed, "passed is final");
                passed = matches!(e, Event::Passed { .. });
                assert_eq!(passed, facts.missing().is_empty(), "no job settles with an open item");
                g.evolve(&e);
            }
            g = decode(&encode(&g)).unwrap();
        }
    }
    tally.demand("gate", &["gate"], &[Code::AlreadyDone, Code::HoldOpen]);
}

#[test]
fn one_job_in_a_hundred_is_audited() {
    let jobs: Vec<JobId> = (0..100_000).map(|n: u32| JobId::named(&n.to_string())).collect();
    let chosen = |period| jobs.iter().filter(|j| is_audited(**j, period)).count();
    let (a, b) = (chosen("EUR-202601"), chosen("EUR-202602"));
    println!("audits of 100 000 jobs: {a}, {b}");
    assert!((850..1_150).contains(&a) && (850..1_150).contains(&b));
    let both = jobs.iter().filter(|j| is_audited(**j, "EUR-202601") && is_audited(**j, "EUR-202602")).count();
    assert!(both < 40, "another period is another choice");
}
