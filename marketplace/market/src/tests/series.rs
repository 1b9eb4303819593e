//! Series: counts and drift at and beside their limits, and what the summer clock does to them.

use super::{Dice, Tally};
use crate::availability::{Exception, Hours, WeeklyRule};
use crate::rejection::Code;
use crate::series::*;
use nooterra_engine::ids::PartyId;
use nooterra_engine::machine::Freeze;
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};

const DAY: u64 = 86_400;

fn days(n: u64) -> Instant {
    Instant::from_secs(n * DAY)
}
fn daily() -> WeeklyRule {
    WeeklyRule { days: 127, hours: Hours { from_s: 0, to_s: 3_600 }, zone: "UTC".into(), exceptions: vec![] }
}
fn frame() -> Framework {
    Framework { owner: PartyId::named("o"), service: Amount::new(900).unwrap(), reference: 1_000 }
}
fn make(from: u64, until: u64) -> Result<Series, Code> {
    Series::create(days(1), &daily(), days(from), days(until), frame(), SeriesTerms::default())
}

#[test]
fn at_most_366_occurrences() {
    assert_eq!(make(2, 2 + 366).unwrap().occurrences.len(), 366);
    assert_eq!(make(2, 2 + 367).err(), Some(Code::QuotaExceeded));
    let endless = Series::create(days(1), &daily(), days(2), Instant::NEVER, frame(), SeriesTerms::default());
    assert_eq!(endless.err(), Some(Code::WindowInvalid), "refused before it is expanded");
    assert_eq!((make(1, 9).err(), make(5, 5).err()), (Some(Code::WindowInvalid), Some(Code::WindowInvalid)));
    let none = WeeklyRule { days: 0, ..daily() };
    let create = |r: &WeeklyRule, f: Framework| Series::create(days(1), r, days(2), days(9), f, SeriesTerms::default()).err();
    assert_eq!(create(&none, frame()), Some(Code::WindowInvalid));
    assert_eq!(create(&daily(), Framework { reference: 0, ..frame() }), Some(Code::AmountInvalid));
    assert_eq!(create(&WeeklyRule { zone: "Mars/Olympus".into(), ..daily() }, frame()), Some(Code::SchemaInvalid));
    // The same hour on the wall, another instant: Berlin changes on 29 March 2026, day 20 541.
    let berlin = WeeklyRule { zone: "Europe/Berlin".into(), hours: Hours { from_s: 36_000, to_s: 39_600 }, ..daily() };
    let s = Series::create(days(20_500), &berlin, days(20_539), days(20_543), frame(), SeriesTerms::default()).unwrap();
    let hours: Vec<u64> = s.occurrences.iter().map(|w| w.start.0 / 3_600_000_000_000 % 24).collect();
    assert_eq!(hours, vec![9, 9, 8, 8]);
    // Windows that touch stay two occurrences.
    let long = WeeklyRule { hours: Hours { from_s: 0, to_s: 86_400 }, ..daily() };
    assert_eq!(Series::create(days(1), &long, days(2), days(4), frame(), SeriesTerms::default()).unwrap().occurrences.len(), 2);
}

#[test]
fn a_price_that_moved_too_far_is_quoted_again() {
    let t = SeriesTerms::default();
    for (reference, fits) in [(899, false), (900, true), (1_000, true), (1_100, true), (1_101, false)] {
        assert_eq!(frame().price(reference, &t).ok(), fits.then_some(frame().service), "{reference}");
    }
    assert_eq!(frame().price(0, &t), Err(Code::RequoteRequired));
}

#[test]
fn random_series_equal_their_rules() {
    let mut ops = Tally::default();
    for seed in 0..2_000 {
        let mut d = Dice(seed);
        let from = 2 + d.below(20);
        let until = from + 1 + d.below(30);
        let mut rule = WeeklyRule { days: u8::try_from(d.below(128)).unwrap(), ..daily() };
        for day in 0..60 {
            if d.one_in(5) {
                rule.exceptions.push(Exception { day, hours: d.one_in(2).then_some(Hours { from_s: 7_200, to_s: 7_201 }) });
            }
        }
        let made = Series::create(days(1), &rule, days(from), days(until), frame(), SeriesTerms::default());
        // The model asks of each day by itself.
        let starts: Vec<u64> = (from..until)
            .filter_map(|day| match rule.exceptions.iter().find(|e| u64::try_from(e.day).unwrap() == day) {
                Some(e) => e.hours.map(|h| day * DAY + u64::from(h.from_s)),
                None => (rule.days >> ((day + 3) % 7) & 1 == 1).then_some(day * DAY),
            })
            .collect();
        ops.count("create", made.is_ok());
        assert_eq!(made.is_ok(), !starts.is_empty());
        let Ok(mut s) = made else { continue };
        assert_eq!(
            s.occurrences.iter().map(|w| w.start).collect::<Vec<_>>(),
            starts.iter().map(|s| Instant::from_secs(*s)).collect::<Vec<_>>()
        );
        let stop = d.below(40);
        for n in 0..40 {
            if n == stop {
                let f = s.end(SeriesEnd::Requester);
                ops.count("end", f.is_ok());
                assert_eq!(f.is_err(), s.ended.is_some());
                f.iter().for_each(|f| s.evolve(f));
            }
            let Some(due) = s.deadline() else { break };
            let start = Instant::from_secs(starts[usize::try_from(n).unwrap()]);
            assert_eq!(due, start.saturating_sub(Span::from_secs(7 * DAY)).max(days(1)));
            assert_eq!(s.fire(Instant(due.0 - 1), 1_000), vec![]);
            ops.count("spawn", false);
            let reference = 850 + d.below(300);
            let facts = s.fire(due, reference);
            ops.count("spawn", true);
            let price = if (900..=1_100).contains(&reference) {
                OccurrencePrice::Framework(frame().service)
            } else {
                OccurrencePrice::Quotes(frame().owner)
            };
            let index = u16::try_from(n).unwrap();
            assert!(
                matches!(facts[0], SeriesFact::Spawned { index: i, window, price: p } if i == index && window.start == start && p == price)
            );
            assert_eq!(facts.len() == 2, usize::from(index) + 1 == starts.len());
            facts.iter().for_each(|f| s.evolve(f));
            s = Series::thaw(&s.freeze()).unwrap();
        }
        assert!(s.deadline().is_none() || s.ended.is_none());
        assert_eq!(s.end(SeriesEnd::Done).err(), Some(Code::SchemaInvalid));
        assert!(s.fire(Instant::NEVER, 1_000).is_empty() == s.ended.is_some());
    }
    ops.insist("series", &["create", "spawn", "end"]);
}
