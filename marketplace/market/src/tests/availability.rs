//! Weekly rules in four zones: changes of the clocks by their known instants, and expansion against a walk through
//! every minute.

use super::{Dice, Tally};
use crate::availability::*;
use crate::rejection::Code;
use crate::reschedule::Interval;
use crate::zone::{DAY_S, Zone, table_hash, table_version, weekday};
use nooterra_engine::machine::Freeze;
use nooterra_engine::time::{Instant, Span};

const DAY: u64 = 86_400;

/// Days from 1970-01-01 to a date of this century.
fn day(year: i32, month: i32, dom: i32) -> i32 {
    let leap = |y: i32| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let years: i32 = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months: i32 = lengths.iter().take(usize::try_from(month - 1).unwrap()).sum();
    years + months + dom - 1
}
/// An instant given in UTC.
fn utc(date: (i32, i32, i32), h: u64, m: u64) -> Instant {
    Instant::from_secs(u64::try_from(day(date.0, date.1, date.2)).unwrap() * DAY + h * 3_600 + m * 60)
}
fn hm(h: u32, m: u32) -> u32 {
    h * 3_600 + m * 60
}
fn rule(zone: &str, from_s: u32, to_s: u32) -> WeeklyRule {
    WeeklyRule { days: 127, hours: Hours { from_s, to_s }, zone: zone.into(), exceptions: vec![] }
}
/// The window that starts within a local day, which is named by its date.
fn on(zone: &str, date: (i32, i32, i32), from_s: u32, to_s: u32) -> Vec<Interval> {
    let d = day(date.0, date.1, date.2);
    let only = Exception { day: d, hours: Some(Hours { from_s, to_s }) };
    let r = WeeklyRule { days: 0, exceptions: vec![only], ..rule(zone, 0, 1) };
    let mid = Instant::from_secs(u64::try_from(d).unwrap() * DAY);
    r.expand(mid.saturating_sub(Span::from_secs(3 * DAY)), mid.saturating_add(Span::from_secs(4 * DAY))).unwrap()
}

#[test]
fn days_and_weekdays() {
    assert_eq!((day(2026, 3, 29), weekday(i64::from(day(2026, 3, 29)))), (20_541, 6));
    assert_eq!((weekday(0), weekday(-1), weekday(4)), (3, 2, 0));
    let berlin = Zone::named("Europe/Berlin").unwrap();
    assert_eq!(berlin.day_of(utc((2026, 1, 1), 22, 59)), i64::from(day(2026, 1, 1)));
    assert_eq!(berlin.day_of(utc((2026, 1, 1), 23, 0)), i64::from(day(2026, 1, 2)));
    for bad in ["Europe/Nowhere", "europe/berlin", "", "../etc"] {
        assert_eq!(Zone::named(bad).err(), Some(Code::SchemaInvalid), "{bad}");
    }
}

#[test]
fn a_skipped_hour_begins_when_the_clocks_change() {
    // Berlin, 29 March 2026: 02:00 to 03:00 does not exist; the change is at 01:00 UTC.
    let d = (2026, 3, 29);
    let change = utc(d, 1, 0);
    let berlin = |a, b| on("Europe/Berlin", d, a, b);
    assert_eq!(berlin(hm(1, 0), hm(4, 0)), vec![Interval { start: utc(d, 0, 0), end: utc(d, 2, 0) }]);
    assert_eq!(berlin(hm(2, 30), hm(4, 0)), vec![Interval { start: change, end: utc(d, 2, 0) }]);
    assert_eq!(berlin(hm(1, 30), hm(2, 30)), vec![Interval { start: utc(d, 0, 30), end: change }]);
    assert_eq!(berlin(hm(2, 0), hm(3, 0)), vec![]);
    assert_eq!(berlin(hm(2, 10), hm(2, 50)), vec![]);
    assert_eq!(berlin(hm(3, 0), hm(3, 1)), vec![Interval { start: change, end: utc(d, 1, 1) }]);
    assert_eq!(berlin(0, 86_400), vec![Interval { start: utc((2026, 3, 28), 23, 0), end: utc(d, 22, 0) }], "a day of 23 hours");
    // New York, 8 March 2026: the change is at 07:00 UTC.
    let d = (2026, 3, 8);
    assert_eq!(on("America/New_York", d, hm(2, 30), hm(4, 0)), vec![Interval { start: utc(d, 7, 0), end: utc(d, 8, 0) }]);
    // Lord Howe, 4 October 2026: half an hour is skipped, from 02:00 to 02:30, at 15:30 UTC of the day before.
    let (d, e) = ((2026, 10, 4), (2026, 10, 3));
    assert_eq!(on("Australia/Lord_Howe", d, hm(2, 15), hm(3, 0)), vec![Interval { start: utc(e, 15, 30), end: utc(e, 16, 0) }]);
    assert_eq!(on("Australia/Lord_Howe", d, hm(1, 0), hm(3, 0)), vec![Interval { start: utc(e, 14, 30), end: utc(e, 16, 0) }]);
}

#[test]
fn a_repeated_hour_means_its_first_coming() {
    // Berlin, 25 October 2026: 02:00 to 03:00 comes twice, first in summer time.
    let d = (2026, 10, 25);
    let berlin = |a, b| on("Europe/Berlin", d, a, b);
    assert_eq!(berlin(hm(2, 30), hm(4, 0)), vec![Interval { start: utc(d, 0, 30), end: utc(d, 3, 0) }]);
    assert_eq!(berlin(hm(1, 0), hm(2, 30)), vec![Interval { start: utc((2026, 10, 24), 23, 0), end: utc(d, 0, 30) }]);
    assert_eq!(berlin(hm(2, 0), hm(2, 30)), vec![Interval { start: utc(d, 0, 0), end: utc(d, 0, 30) }]);
    assert_eq!(berlin(hm(3, 0), hm(4, 0)), vec![Interval { start: utc(d, 2, 0), end: utc(d, 3, 0) }]);
    assert_eq!(berlin(0, 86_400), vec![Interval { start: utc((2026, 10, 24), 22, 0), end: utc(d, 23, 0) }], "a day of 25 hours");
    // New York, 1 November 2026.
    let d = (2026, 11, 1);
    assert_eq!(on("America/New_York", d, hm(1, 30), hm(3, 0)), vec![Interval { start: utc(d, 5, 30), end: utc(d, 8, 0) }]);
    // Lord Howe, 5 April 2026: 01:30 to 02:00 comes twice; summer time is UTC+11, standard time UTC+10:30.
    let (d, e) = ((2026, 4, 5), (2026, 4, 4));
    assert_eq!(on("Australia/Lord_Howe", d, hm(1, 45), hm(3, 0)), vec![Interval { start: utc(e, 14, 45), end: utc(e, 16, 30) }]);
    // Kolkata never changes.
    for d in [(2026, 3, 29), (2026, 10, 25)] {
        let e = (d.0, d.1, d.2 - 1);
        assert_eq!(on("Asia/Kolkata", d, hm(2, 0), hm(6, 0)), vec![Interval { start: utc(e, 20, 30), end: utc(d, 0, 30) }]);
    }
}

#[test]
fn rules_are_refused_at_and_beside_their_limits() {
    let base = rule("Europe/Berlin", hm(8, 0), hm(17, 0));
    let ok = |r: &WeeklyRule| r.check().err();
    assert_eq!(ok(&base), None);
    let hours = |from_s, to_s| ok(&WeeklyRule { hours: Hours { from_s, to_s }, ..base.clone() });
    assert_eq!((hours(0, 86_400), hours(0, 86_401)), (None, Some(Code::SchemaInvalid)));
    assert_eq!((hours(86_399, 172_799), hours(86_400, 90_000)), (None, Some(Code::SchemaInvalid)));
    assert_eq!((hours(5, 6), hours(5, 5)), (None, Some(Code::SchemaInvalid)));
    assert_eq!(ok(&WeeklyRule { days: 128, ..base.clone() }), Some(Code::SchemaInvalid));
    let days = |n: i32| (0..n).map(|day| Exception { day, hours: None }).collect::<Vec<_>>();
    assert_eq!(ok(&WeeklyRule { exceptions: days(366), ..base.clone() }), None);
    assert_eq!(ok(&WeeklyRule { exceptions: days(367), ..base.clone() }), Some(Code::SchemaInvalid));
    let twice = vec![Exception { day: 3, hours: None }; 2];
    assert_eq!(ok(&WeeklyRule { exceptions: twice, ..base }), Some(Code::SchemaInvalid));
}

#[test]
fn the_table_is_the_one_that_was_looked_at() {
    // Another table may move windows: whoever updates it looks at this test and at what was pinned before.
    println!("time zones {} {}", table_version(), table_hash());
    assert_eq!(table_version(), "2026f");
    assert_eq!(table_hash().short(), TABLE);
}

const TABLE: &str = "1fa55f48c55a";

/// Open at a local minute, by the words of the rule: the day of its week or its exception, or the day before past
/// midnight.
fn is_open(r: &WeeklyRule, wall_s: i64) -> bool {
    let hours = |day: i64| match r.exceptions.iter().find(|e| i64::from(e.day) == day) {
        Some(e) => e.hours,
        None => (r.days >> weekday(day) & 1 == 1).then_some(r.hours),
    };
    let (day, s) = (wall_s.div_euclid(DAY_S), wall_s.rem_euclid(DAY_S));
    let within = |h: Option<Hours>, s: i64| h.is_some_and(|h| i64::from(h.from_s) <= s && s < i64::from(h.to_s));
    within(hours(day), s) || within(hours(day - 1), s + DAY_S)
}

#[test]
fn expansion_equals_a_walk_through_every_minute() {
    // Away from changes of the clocks an offset is fixed, and the walk needs no table.
    let zones =
        [("Europe/Berlin", 3_600), ("America/New_York", -18_000), ("Asia/Kolkata", 19_800), ("Australia/Lord_Howe", 39_600), ("UTC", 0)];
    let from = utc((2027, 1, 4), 0, 0);
    for seed in 0..1_500 {
        let mut d = Dice(seed);
        let (zone, offset) = *d.pick(&zones);
        let r = random_rule(&mut d, zone, day(2027, 1, 4));
        let until = from.saturating_add(Span::from_secs(6 * DAY));
        let got = r.expand(from, until).unwrap();
        for minute in 0..6 * 1_440 {
            let at = Instant::from_secs(from.0 / 1_000_000_000 + minute * 60);
            let wall = i64::try_from(at.0 / 1_000_000_000).unwrap() + offset;
            assert_eq!(got.iter().any(|w| w.start <= at && at < w.end), is_open(&r, wall), "seed {seed} {at:?} {r:?}");
        }
        assert!(got.windows(2).all(|w| w[0].end < w[1].start), "no two touch");
    }
}

fn random_rule(d: &mut Dice, zone: &str, first: i32) -> WeeklyRule {
    let hours = |d: &mut Dice| {
        let from_s = u32::try_from(d.below(1_440) * 60).unwrap();
        Hours { from_s, to_s: from_s + u32::try_from((1 + d.below(1_440)) * 60).unwrap() }
    };
    let mut exceptions = Vec::new();
    for day in first - 2..first + 70 {
        if d.one_in(6) {
            exceptions.push(Exception { day, hours: if d.one_in(2) { Some(hours(d)) } else { None } });
        }
    }
    WeeklyRule { days: u8::try_from(d.below(128)).unwrap(), hours: hours(d), zone: zone.into(), exceptions }
}

#[test]
fn extending_day_by_day_is_expanding_at_once() {
    let mut ops = Tally::default();
    let zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"];
    for seed in 0..400 {
        let mut d = Dice(seed);
        let start = utc((2026, *d.pick(&[2, 3, 9, 10]), 1), d.below(24), d.below(60));
        let first = i32::try_from(start.0 / 1_000_000_000 / DAY).unwrap();
        let zone = *d.pick(&zones);
        let mut r = random_rule(&mut d, zone, first);
        let mut c = Calendar::default();
        if d.one_in(5) {
            r.zone = "Mars/Olympus".into();
            assert_eq!(c.set(start, r.clone()), Err(Code::SchemaInvalid));
            ops.count("set", false);
            r.zone = "Europe/Berlin".into();
        }
        let f = c.set(start, r.clone()).unwrap();
        ops.count("set", true);
        c.evolve(&f);
        assert_eq!(c.tz_hash, table_hash());
        let mut now = start;
        for n in 1..60u64 {
            assert_eq!(c.deadline(), Some(start.saturating_add(Span::from_secs(n * DAY))));
            assert_eq!(c.fire(Instant(c.deadline().unwrap().0 - 1)), None);
            ops.count("extend", false);
            now = c.deadline().unwrap();
            // Another table: all that has not begun is expanded again, to the same here.
            if d.one_in(20) {
                c.tz_hash = nooterra_engine::Digest::ZERO;
            }
            let f = c.fire(now).unwrap();
            ops.count("extend", true);
            c.evolve(&f);
            if d.one_in(10) {
                c = Calendar::thaw(&c.freeze()).unwrap();
            }
        }
        let whole = r.expand(start, now.saturating_add(AHEAD)).unwrap();
        let mut left: Vec<Interval> = whole.into_iter().filter(|w| w.end > now).collect();
        // What has begun keeps its start only as far as it was not expanded again.
        if let (Some(w), Some(v)) = (left.first_mut(), c.windows.first()) {
            w.start = w.start.max(v.start);
        }
        assert_eq!(c.windows, left, "seed {seed}");
        assert!(c.windows.iter().all(|w| c.holds(*w) && w.end <= now.saturating_add(AHEAD)));
        let past = c.windows.last().map(|w| Interval { start: w.start, end: Instant(w.end.0 + 1) });
        assert!(past.is_none_or(|w| !c.holds(w)));
    }
    ops.insist("availability", &["set", "extend"]);
}
