//! Series: who asks whom, by which rule, between which places.

use super::coins;
use super::market::{Owner, Parties};
use super::names::index;
use super::{Desk, trading};
use crate::acts::{By, Deed};
use crate::at::At;
use crate::camera::Privacy;
use crate::scenario::{JobKind, Requester};
use crate::series::{EndSeriesAct, FIRST_AFTER, SeriesEntry, SeriesPlan};
use nooterra_control::input::{Hours, Repeat, WeeklyRule};
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};

const MASS_G: u32 = 1_000;

/// The series of one requester.
pub(super) fn series(
    desk: &mut Desk<'_>,
    market: &Parties,
    own: Currency,
    (requester, r): (u32, &Requester),
    ranges: &[Vec<bool>],
    duration: Span,
    widest_m: f64,
) -> Vec<SeriesPlan> {
    r.series.iter().filter_map(|s| one(desk, market, own, requester, s, ranges, duration, widest_m)).collect()
}

#[allow(clippy::too_many_arguments)] // what a series is held against
fn one(
    desk: &mut Desk<'_>,
    market: &Parties,
    own: Currency,
    requester: u32,
    s: &SeriesEntry,
    ranges: &[Vec<bool>],
    duration: Span,
    widest_m: f64,
) -> Option<SeriesPlan> {
    let provider = provider(desk, &s.with, &market.providers);
    let rule = s.hours.as_ref().map_or_else(all_day, |h| trading::hours(desk, h));
    let every = every(desk, s, &rule);
    let first = s.first.as_ref().map_or(s.at.0 + FIRST_AFTER, |t| t.0);
    let until = s.until.as_ref().map_or(duration, |t| t.0);
    if s.at.0 > duration {
        desk.flaw(&s.at, "the series is asked for after the end of `duration`", "choose an earlier `at`");
    }
    if first <= s.at.0 || until <= first {
        desk.flaw(
            &s.at,
            "the series has no time: it is asked for, then its first job begins, then it ends",
            "put `at`, `first` and `until` in this order",
        );
    }
    if let Some(n) = s.count.as_ref().filter(|n| !(1..=366).contains(&n.value)) {
        desk.flaw(n, "a series has 1 to 366 jobs", "write for example `count: 5`");
    }
    let is_delivery = match s.kind.as_ref().map(|k| k.value) {
        None | Some(JobKind::Delivery) => true,
        Some(JobKind::Patrol) => false,
        Some(JobKind::Clean | JobKind::ResetLite | JobKind::ResetStandard | JobKind::Custom) => {
            let kind = s.kind.as_ref()?;
            desk.flaw(kind, "a series leads from place to place, and is proven as its kind says", "write `delivery` or `patrol`");
            return None;
        }
        Some(JobKind::Lift) => {
            let kind = s.kind.as_ref()?;
            desk.flaw(kind, "robots lift together once, not in a series", "write `delivery` or `patrol`");
            return None;
        }
    };
    let currency = coins::of_work(desk, s.currency.as_ref(), s.pay.as_ref(), own, &market.trades);
    let names: Vec<&At<String>> = std::iter::once(&s.from).chain(&s.via).chain([&s.to]).collect();
    let stops: Vec<_> = names.iter().filter_map(|n| desk.vertex(n)).collect();
    if stops.len() < names.len() {
        return None;
    }
    // Without robots there is a flaw already.
    if !ranges.is_empty() && !ranges.iter().any(|r| stops.iter().all(|v| r[v.at()])) {
        desk.flaw(&s.to, "no robot reaches all of the places of this series", "choose places on the navigation graph of one robot");
    }
    let no_go = super::areas::no_go(desk, &s.no_go, stops.iter().copied(), widest_m);
    Some(SeriesPlan {
        requester,
        provider: provider?,
        at: Instant::ZERO + s.at.0,
        rule,
        every,
        first: Instant::ZERO + first,
        until: Instant::ZERO + until,
        count: s.count.as_ref().and_then(|n| u16::try_from(n.value).ok()),
        is_delivery,
        stops,
        budget: s.pay.as_ref().map(|m| m.amount),
        mass_g: s.mass.as_ref().map_or(if is_delivery { MASS_G } else { 0 }, |m| m.0),
        currency,
        no_go,
        requires: s.requires.said(),
        privacy: s.privacy.as_ref().map_or_else(Privacy::default, |p| p.value),
    })
}

fn all_day() -> WeeklyRule {
    WeeklyRule { days: 0b0111_1111, hours: Hours { from_s: 0, to_s: 86_400 }, zone: "UTC".into(), exceptions: Vec::new() }
}

fn provider(desk: &mut Desk<'_>, name: &At<String>, providers: &[Owner]) -> Option<u32> {
    let ix = desk.provider(name, providers)?;
    if providers.get(ix as usize).is_some_and(|p| p.plan.standing.is_none()) {
        let what = format!("`{}` has no standing offer, and so no price that a series could have", name.value);
        desk.flaw(name, what, "give the provider for example `standing: {capacity: 2}`");
    }
    Some(ix)
}

/// The interval within a day's hours.
fn every(desk: &mut Desk<'_>, s: &SeriesEntry, rule: &WeeklyRule) -> Option<Repeat> {
    let seconds = |t: Span| u32::try_from(t.as_secs()).unwrap_or(u32::MAX);
    let hours = rule.hours.to_s.saturating_sub(rule.hours.from_s);
    let repeat = match (&s.every, &s.window) {
        (None, None) => return None,
        // One a day, of this length.
        (None, Some(w)) => Repeat { every_s: hours.clamp(Repeat::LEAST_S, 86_400), length_s: seconds(w.0) },
        (Some(e), Some(w)) => Repeat { every_s: seconds(e.0), length_s: seconds(w.0) },
        (Some(e), None) => {
            desk.flaw(e, "jobs at an interval need the length of their windows", "add for example `window: 15m`");
            return None;
        }
    };
    let at = s.every.as_ref().or(s.window.as_ref())?;
    if !repeat.is_sound() {
        desk.flaw(
            at,
            "an interval is from one minute to a day, a window from a second to a day",
            "write for example `every: 10m, window: 15m`",
        );
    }
    Some(repeat)
}

/// `end_series`.
pub(super) fn end(desk: &mut Desk<'_>, e: &EndSeriesAct) -> Option<Deed> {
    let known: usize = desk.scenario.market.iter().flat_map(|m| m.requesters.iter().flatten()).map(|r| r.series.len()).sum();
    let number = e.series.as_ref().map_or(1, |n| n.value);
    if number == 0 || number as usize > known {
        let what = format!("there is no series {number}: the file has {known}");
        match &e.series {
            Some(n) => desk.flaw(n, what, "series are numbered from 1, in the order of the file"),
            None => desk.flaw(&e.by, what, "add one under `series:` of a requester"),
        }
        return None;
    }
    if !matches!(e.by.value, By::Requester | By::Provider) {
        desk.flaw(&e.by, "a series is ended by a side of it", "write `by: requester` or `by: provider`");
        return None;
    }
    Some(Deed::EndSeries { series: index(number as usize - 1), by: e.by.value })
}
