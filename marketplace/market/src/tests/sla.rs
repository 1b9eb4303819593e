//! Punctuality: every limit of the table at and one nanosecond beside it, and random tracks against sums from scratch.

use super::{Dice, Tally};
use crate::rejection::Code;
use crate::sla::*;
use nooterra_engine::machine::Freeze;
use nooterra_engine::time::{Instant, Span};

fn late(kind: BreachKind, leg: u8, s: u64, fault: BreachFault) -> Breach {
    lateness(kind, leg, Instant::from_secs(100), Instant::from_secs(100 + s), Span::ZERO, fault)
}

#[test]
fn every_rung_at_and_beside_its_instant() {
    let table = [
        (ServiceLevel::Basic, vec![(3_600, 0, 500)]),
        (ServiceLevel::Standard, vec![(900, 0, 500), (3_600, 500, 1_500)]),
        (ServiceLevel::Premium, vec![(300, 0, 500), (900, 500, 1_000), (3_600, 1_000, 2_500)]),
    ];
    for (level, rungs) in table {
        let t = level.terms();
        for (s, before, from) in rungs {
            let at = Span::from_secs(s);
            assert_eq!(
                (t.ladder_bps(Span(at.0 - 1)), t.ladder_bps(at), t.ladder_bps(Span(at.0 + 1))),
                (before, from, from),
                "{level:?} {s}"
            );
        }
    }
    let dues = |l: ServiceLevel| {
        let (t, at) = (l.terms(), Instant::from_secs(10));
        (arrive_due(at, &t), complete_due(at, &t), t.assist_response.as_secs(), t.credit_cap_bps)
    };
    assert_eq!(dues(ServiceLevel::Basic), (Instant::from_secs(1_810), Instant::from_secs(3_610), 600, 1_000));
    assert_eq!(dues(ServiceLevel::Standard), (Instant::from_secs(910), Instant::from_secs(910), 300, 2_500));
    assert_eq!(dues(ServiceLevel::Premium), (Instant::from_secs(310), Instant::from_secs(10), 120, 5_000));
}

#[test]
fn a_breach_begins_at_its_limit_and_excuses_count() {
    let s = Span::from_secs;
    for kind in BreachKind::ALL {
        let (on, past) = (kind.is_breach(s(60), s(60), Span::ZERO), kind.is_breach(Span(s(60).0 + 1), s(60), Span::ZERO));
        let reached = matches!(kind, BreachKind::ExcessStall | BreachKind::ProviderAbort);
        assert_eq!((on, past), (reached, true), "{kind:?}");
        assert_eq!(kind.is_breach(s(100), s(60), s(41)), kind == BreachKind::ProviderAbort);
    }
    let (due, excused) = (Instant::from_secs(100), s(50));
    let at = |ns: u64| lateness(BreachKind::ArriveLate, 0, due, Instant(ns), excused, BreachFault::Owner);
    let t = SlaTrack::new(1_000, ServiceLevel::Standard.terms(), FixedCredits::default());
    assert_eq!(t.record(at(150_000_000_000)), Err(Code::TrackForbids));
    assert!(t.record(at(150_000_000_001)).is_ok());
    assert_eq!(at(1_050_000_000_000).late(), s(900));
}

#[test]
fn the_credit_is_the_largest_rung_and_the_fixed_ones_within_the_caps() {
    let mut t = SlaTrack::new(10_001, ServiceLevel::Premium.terms(), FixedCredits::default());
    let put = |t: &mut SlaTrack, b: Breach| {
        let f = t.record(b).unwrap();
        t.evolve(&f);
    };
    put(&mut t, late(BreachKind::ArriveLate, 0, 900, BreachFault::Owner));
    put(&mut t, late(BreachKind::CompleteLate, 0, 300, BreachFault::Platform));
    assert_eq!(t.credit_bps(), 1_000);
    put(&mut t, Breach { kind: BreachKind::AssistSlow, ..late(BreachKind::AssistSlow, 0, 1, BreachFault::Operator) });
    assert_eq!(t.credit_bps(), 1_300);
    assert_eq!(t.record(late(BreachKind::ArriveLate, 0, 1, BreachFault::Owner)), Err(Code::AlreadyDone));
    // Another leg, but the requester's fault, or nobody's.
    put(&mut t, late(BreachKind::ArriveLate, 1, 9_000, BreachFault::Requester));
    put(&mut t, late(BreachKind::ExitOverstay, 1, 9_000, BreachFault::None));
    assert_eq!(t.credit_bps(), 1_300);
    let f = t.credit(0).unwrap();
    assert_eq!(
        f,
        SlaFact::Credited { amount: 1_300, kinds: vec![BreachKind::ArriveLate, BreachKind::CompleteLate, BreachKind::AssistSlow] }
    );
    t.evolve(&f);
    assert_eq!(t.credit(1_300), None);
    // A later breach tops up; the level caps all together.
    put(&mut t, late(BreachKind::ProviderAbort, 0, 0, BreachFault::Owner));
    put(&mut t, late(BreachKind::ProviderAbort, 1, 0, BreachFault::Owner));
    assert_eq!(t.credit_bps(), 5_000);
    assert!(matches!(t.credit(1_300), Some(SlaFact::Credited { amount: 3_700, .. })));
    // S minus credits so far caps it as well.
    assert!(matches!(t.credit(10_000), Some(SlaFact::Credited { amount: 1, .. })));
    assert_eq!((t.credit(10_001), t.credit(u64::MAX)), (None, None));
    let all = [(ServiceLevel::Basic, 1_000), (ServiceLevel::Standard, 2_500), (ServiceLevel::Premium, 4_500)];
    for (level, bps) in all {
        let mut t = SlaTrack::new(10_000, level.terms(), FixedCredits::default());
        put(&mut t, late(BreachKind::ArriveLate, 0, 3_600, BreachFault::Owner));
        put(&mut t, late(BreachKind::ProviderAbort, 0, 0, BreachFault::Owner));
        assert_eq!(t.credit_bps(), bps, "{level:?}");
    }
}

#[test]
fn random_tracks_equal_sums_from_scratch() {
    let mut ops = Tally::default();
    let faults = [BreachFault::Requester, BreachFault::Owner, BreachFault::Operator, BreachFault::Site, BreachFault::None];
    let histories = 4_000;
    for seed in 0..histories {
        let mut d = Dice(seed);
        let level = *d.pick(&[ServiceLevel::Basic, ServiceLevel::Standard, ServiceLevel::Premium]);
        let service = d.below(20_000);
        let mut t = SlaTrack::new(service, level.terms(), FixedCredits::default());
        let (mut heard, mut credited, mut other): (Vec<Breach>, u64, u64) = (Vec::new(), 0, 0);
        for _ in 0..20 {
            if d.one_in(4) {
                let f = t.credit(credited + other);
                // From the list of breaches alone, rung by rung.
                let lateness = |b: &Breach| b.measured.0.saturating_sub(b.excused.0) / 1_000_000_000;
                let rung = |s: u64| {
                    match level {
                        ServiceLevel::Basic => [(3_600, 500), (3_600, 500), (3_600, 500)],
                        ServiceLevel::Standard => [(900, 500), (3_600, 1_500), (3_600, 1_500)],
                        ServiceLevel::Premium => [(300, 500), (900, 1_000), (3_600, 2_500)],
                    }
                    .into_iter()
                    .filter(|(from, _)| s >= *from)
                    .map(|(_, bps)| bps)
                    .max()
                    .unwrap_or(0)
                };
                let (mut most, mut fixed) = (0, 0);
                for b in heard.iter().filter(|b| b.fault != BreachFault::Requester && b.fault != BreachFault::None) {
                    match b.kind {
                        BreachKind::ArriveLate | BreachKind::CompleteLate => most = most.max(rung(lateness(b))),
                        BreachKind::AssistSlow => fixed += 300,
                        BreachKind::ProviderAbort => fixed += 2_000,
                        BreachKind::ExcessStall | BreachKind::ExitOverstay => fixed += 500,
                    }
                }
                let cap: u64 = match level {
                    ServiceLevel::Basic => 1_000,
                    ServiceLevel::Standard => 2_500,
                    ServiceLevel::Premium => 5_000,
                };
                let want =
                    (service * (most + fixed).min(cap) / 10_000).saturating_sub(credited).min(service.saturating_sub(credited + other));
                let got = if let Some(SlaFact::Credited { amount, .. }) = &f { *amount } else { 0 };
                assert_eq!(got, want, "seed {seed}");
                ops.count("credit", f.is_some());
                f.iter().for_each(|f| t.evolve(f));
                credited += got;
                assert!(credited <= service * cap / 10_000);
            } else if d.one_in(10) {
                other += d.below(service + 1);
            } else {
                let (kind, leg) = (*d.pick(&BreachKind::ALL), u8::try_from(d.below(2)).unwrap());
                let (measured, excused) = (Span::from_secs(d.below(5_000)), Span::from_secs(d.below(200) * d.below(2)));
                let limit = if kind.is_lateness() { Span::ZERO } else { Span::from_secs(600) };
                let b = Breach { kind, leg, measured, limit, excused, fault: *d.pick(&faults), facts: vec![] };
                let answer = t.record(b.clone());
                let counted = measured.0.saturating_sub(excused.0);
                let over =
                    kind == BreachKind::ProviderAbort || counted > limit.0 || (kind == BreachKind::ExcessStall && counted == limit.0);
                let twice = heard.iter().any(|h| (h.kind, h.leg) == (kind, leg));
                let want = if !over { Some(Code::TrackForbids) } else { twice.then_some(Code::AlreadyDone) };
                assert_eq!(answer.as_ref().err().copied(), want);
                ops.count(&format!("{kind:?}"), answer.is_ok());
                if let Ok(f) = answer {
                    t.evolve(&f);
                    heard.push(b);
                }
            }
            if d.one_in(5) {
                t = SlaTrack::thaw(&t.freeze()).unwrap();
            }
        }
    }
    println!("{histories} histories");
    ops.insist("sla", &["ArriveLate", "CompleteLate", "ExcessStall", "AssistSlow", "ExitOverstay", "ProviderAbort", "credit"]);
}
