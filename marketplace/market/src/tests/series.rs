//! Series: counts and drift at and beside their limits, and what the summer clock does to them.

use super::{Dice, Tally};
use crate::availability::{Exception, Hours, Repeat, WeeklyRule};
use crate::rejection::Code;
use crate::reschedule::Interval;
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
fn create(now: Instant, rule: &WeeklyRule, from: Instant, until: Instant, framework: Framework) -> Result<Series, Code> {
    let rhythm = Rhythm { rule: rule.clone(), every: None, from, until, count: None };
    Series::create(now, &rhythm, framework, SeriesTerms::default())
}
fn make(from: u64, until: u64) -> Result<Series, Code> {
    create(days(1), &daily(), days(from), days(until), frame())
}

#[test]
fn at_most_366_occurrences() {
    assert_eq!(make(2, 2 + 366).unwrap().occurrences.len(), 366);
    assert_eq!(make(2, 2 + 367).err(), Some(Code::QuotaExceeded));
    let endless = create(days(1), &daily(), days(2), Instant::NEVER, frame());
    assert_eq!(endless.err(), Some(Code::WindowInvalid), "refused before it is expanded");
    assert_eq!((make(1, 9).err(), make(5, 5).err()), (Some(Code::WindowInvalid), Some(Code::WindowInvalid)));
    let none = WeeklyRule { days: 0, ..daily() };
    let refused = |r: &WeeklyRule, f: Framework| create(days(1), r, days(2), days(9), f).err();
    assert_eq!(refused(&none, frame()), Some(Code::WindowInvalid));
    assert_eq!(refused(&daily(), Framework { reference: 0, ..frame() }), Some(Code::AmountInvalid));
    assert_eq!(refused(&WeeklyRule { zone: "Mars/Olympus".into(), ..daily() }, frame()), Some(Code::SchemaInvalid));
    // The same hour on the wall, another instant: Berlin changes on 29 March 2026, day 20 541.
    let berlin = WeeklyRule { zone: "Europe/Berlin".into(), hours: Hours { from_s: 36_000, to_s: 39_600 }, ..daily() };
    let s = create(days(20_500), &berlin, days(20_539), days(20_543), frame()).unwrap();
    let hours: Vec<u64> = s.occurrences.iter().map(|w| w.start.0 / 3_600_000_000_000 % 24).collect();
    assert_eq!(hours, vec![9, 9, 8, 8]);
    // Windows that touch stay two occurrences.
    let long = WeeklyRule { hours: Hours { from_s: 0, to_s: 86_400 }, ..daily() };
    assert_eq!(create(days(1), &long, days(2), days(4), frame()).unwrap().occurrences.len(), 2);
}

#[test]
fn a_price_that_moved_too_far_is_quoted_again() {
    let t = SeriesTerms::default();
    for (reference, fits) in [(899, false), (900, true), (1_000, true), (1_100, true), (1_101, false)] {
        assert_eq!(frame().price(reference, &t).ok(), fits.then_some(frame().service), "{reference}");
    }
    assert_eq!(frame().price(0, &t), Err(Code::RequoteRequired));
}

fn repeated(
    rule: WeeklyRule,
    every_s: u32,
    length_s: u32,
    from: Instant,
    until: Instant,
    count: Option<u16>,
) -> Result<Vec<Interval>, Code> {
    Rhythm { rule, every: Some(Repeat { every_s, length_s }), from, until, count }.windows(SeriesTerms::default().occurrences_max)
}

#[test]
fn an_interval_cuts_the_hours_of_a_day() {
    let rule = |from_s, to_s| WeeklyRule { hours: Hours { from_s, to_s }, ..daily() };
    let starts = |w: Vec<Interval>| w.iter().map(|w| w.start.0 / 1_000_000_000 % DAY).collect::<Vec<_>>();
    // A day from eight to nine, every twenty minutes: the last one begins before nine, and may last beyond.
    let got = repeated(rule(28_800, 32_400), 1_200, 1_800, days(2), days(3), None).unwrap();
    assert_eq!(starts(got.clone()), [28_800, 30_000, 31_200]);
    assert!(got.iter().all(|w| w.end.since(w.start) == Span::from_secs(1_800)));
    // Counted, and cut at both ends of the time asked for.
    assert_eq!(repeated(rule(28_800, 32_400), 1_200, 60, days(2), days(9), Some(4)).unwrap().len(), 4);
    let from = Instant::from_secs(2 * DAY + 30_001);
    assert_eq!(starts(repeated(rule(28_800, 32_400), 1_200, 60, from, days(3), None).unwrap()), [31_200]);
    // More than there may be is told by one too many, and not expanded to the end.
    assert_eq!(repeated(rule(0, 86_400), 60, 60, days(2), days(400), None).unwrap().len(), 367);
    for (every, length) in [(59, 60), (0, 60), (86_401, 60), (60, 0), (60, 86_401)] {
        assert_eq!(repeated(rule(0, 86_400), every, length, days(2), days(3), None), Err(Code::SchemaInvalid), "{every} {length}");
    }
    assert_eq!(repeated(rule(0, 86_400), 60, 60, days(2), days(3), Some(0)), Err(Code::WindowInvalid));
    assert_eq!(Repeat { every_s: 25_200, length_s: 1 }.most_a_day(), 4);
    // A night's windows belong to the day that they begin on, and come in order beside the next day's own.
    let night =
        WeeklyRule { exceptions: vec![Exception { day: 3, hours: Some(Hours { from_s: 0, to_s: 7_200 }) }], ..rule(79_200, 93_600) };
    let got = repeated(night, 3_600, 60, days(2), days(4), None).unwrap();
    assert!(got.windows(2).all(|w| w[0].start <= w[1].start), "{got:?}");
    assert_eq!(got.len(), 8, "what is left of a first night, all of a second, and beside its end the two of the day itself: {got:?}");
}

#[test]
fn the_interval_is_one_on_the_wall() {
    // Berlin, 29 March 2026, day 20 541: 02:00 to 03:00 does not exist; the clocks change at 01:00 UTC.
    let hour = 3_600;
    let berlin = |day: i32, from_s, to_s| WeeklyRule {
        days: 0,
        zone: "Europe/Berlin".into(),
        exceptions: vec![Exception { day, hours: Some(Hours { from_s, to_s }) }],
        ..daily()
    };
    let of = |day: u64, from_s, to_s| {
        let rule = berlin(i32::try_from(day).unwrap(), from_s, to_s);
        let got = repeated(rule, 1_200, 1_200, days(day - 1), days(day + 2), None).unwrap();
        let at = |i: Instant| i64::try_from(i.0 / 1_000_000_000).unwrap() - i64::try_from(day * DAY).unwrap();
        got.iter().map(|w| (at(w.start) / 60, at(w.end) / 60)).collect::<Vec<_>>()
    };
    assert_eq!(of(20_541, hour, 4 * hour), [(0, 20), (20, 40), (40, 60), (60, 80), (80, 100), (100, 120)], "an hour falls away");
    // 25 October 2026, day 20 751: 02:00 to 03:00 comes twice, and has its windows at its first coming.
    let twice = of(20_751, hour, 4 * hour);
    assert_eq!(twice, [(-60, -40), (-40, -20), (-20, 0), (0, 20), (20, 40), (40, 120), (120, 140), (140, 160), (160, 180)]);
    // Kolkata lies half an hour beside the others and never changes.
    let kolkata = WeeklyRule { zone: "Asia/Kolkata".into(), hours: Hours { from_s: 0, to_s: hour }, ..daily() };
    let got = repeated(kolkata, 1_800, 600, days(20_541), days(20_542), None).unwrap();
    let minutes: Vec<u64> = got.iter().map(|w| w.start.0 / 60_000_000_000 % 1_440).collect();
    assert_eq!(minutes, [18 * 60 + 30, 19 * 60]);
}

#[test]
fn random_intervals_equal_a_walk_through_every_minute() {
    // Away from changes of the clocks an offset is fixed, and the walk needs no table.
    let zones = [("Europe/Berlin", 3_600i64), ("America/New_York", -18_000), ("Asia/Kolkata", 19_800), ("UTC", 0)];
    let start = 20_823; // 4 January 2027, a Monday
    for seed in 0..600 {
        let mut d = Dice(seed);
        let (zone, offset) = *d.pick(&zones);
        let hours = |d: &mut Dice| {
            let from_s = u32::try_from(d.below(1_440) * 60).unwrap();
            Hours { from_s, to_s: from_s + u32::try_from((1 + d.below(1_440)) * 60).unwrap() }
        };
        let mut rule =
            WeeklyRule { days: u8::try_from(d.below(128)).unwrap(), hours: hours(&mut d), zone: zone.into(), exceptions: vec![] };
        for day in start - 3..start + 6 {
            if d.one_in(5) {
                let own = d.one_in(2).then(|| hours(&mut d));
                rule.exceptions.push(Exception { day, hours: own });
            }
        }
        let (every, length) = ((1 + d.below(700)) * 60, (1 + d.below(300)) * 60);
        let count = d.one_in(3).then(|| u16::try_from(1 + d.below(40)).unwrap());
        let (from, until) =
            (u64::try_from(start).unwrap() * DAY + d.below(1_440) * 60, u64::try_from(start + 3).unwrap() * DAY + d.below(1_440) * 60);
        let at = Instant::from_secs;
        let (e, l) = (u32::try_from(every).unwrap(), u32::try_from(length).unwrap());
        let got = repeated(rule.clone(), e, l, at(from), at(until), count);
        // At each minute, by the words of the rule: does a window of this day, or of the day before, begin here?
        let begins = |wall: i64| {
            let of = |day: i64| match rule.exceptions.iter().find(|x| i64::from(x.day) == day) {
                Some(x) => x.hours,
                None => (rule.days >> crate::zone::weekday(day) & 1 == 1).then_some(rule.hours),
            };
            let day = wall.div_euclid(86_400);
            let here = |h: Option<Hours>, s: i64| {
                h.is_some_and(|h| {
                    i64::from(h.from_s) <= s && s < i64::from(h.to_s) && (s - i64::from(h.from_s)) % i64::try_from(every).unwrap() == 0
                })
            };
            let s = wall.rem_euclid(86_400);
            usize::from(here(of(day), s)) + usize::from(here(of(day - 1), s + 86_400))
        };
        let mut want: Vec<u64> = Vec::new();
        for minute in from / 60..until / 60 {
            let wall = i64::try_from(minute * 60).unwrap() + offset;
            want.extend(std::iter::repeat_n(minute * 60, begins(wall)));
        }
        want.truncate(usize::from(count.unwrap_or(367)));
        let starts: Vec<u64> = got.unwrap().iter().map(|w| w.start.0 / 1_000_000_000).collect();
        assert_eq!(starts, want, "seed {seed} {rule:?} every {every}");
    }
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
        let made = create(days(1), &rule, days(from), days(until), frame());
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
