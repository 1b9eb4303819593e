//! Standing offers, working hours and contracts of their own, held against the scenario.

use super::Desk;
use super::names::Parties;
use crate::acts::{ActEntry, Deed};
use crate::at::At;
use crate::resolved::StandingPlan;
use crate::trading::{ContractAct, HoursEntry, StandingEntry, Weekday};
use nooterra_control::input::{Hours, WeeklyRule};

/// Most jobs that a standing offer takes on.
const CAPACITY: u32 = 10_000;

pub(super) fn standing(desk: &mut Desk<'_>, s: &StandingEntry) -> StandingPlan {
    if !(1..=CAPACITY).contains(&s.capacity.value) {
        desk.flaw(&s.capacity, format!("a standing offer takes on 1 to {CAPACITY} jobs"), "write for example `capacity: 3`");
    }
    let capacity = u16::try_from(s.capacity.value).unwrap_or(u16::MAX);
    StandingPlan { capacity, substitute: s.substitute.as_ref().is_some_and(|s| s.value) }
}

pub(super) fn hours(desk: &mut Desk<'_>, h: &HoursEntry) -> WeeklyRule {
    let mut clock = |at: &At<String>| {
        let parsed = minutes(at);
        if parsed.is_none() {
            desk.flaw(at, format!("`{}` is no time of day", at.value.escape_debug()), "write for example `from: \"08:00\"`");
        }
        parsed.unwrap_or(0) * 60
    };
    let (from_s, to_s) = (clock(&h.from), clock(&h.to));
    let to_s = if to_s <= from_s { to_s + 86_400 } else { to_s };
    let days = if h.days.is_empty() { 0b0111_1111 } else { h.days.iter().fold(0, |m, d| m | 1 << day(d.value)) };
    let zone = h.zone.as_ref().map_or("UTC", |z| z.as_str()).to_owned();
    let rule = WeeklyRule { days, hours: Hours { from_s, to_s }, zone, exceptions: Vec::new() };
    if let (Err(_), Some(z)) = (rule.check(), &h.zone) {
        desk.flaw(
            z,
            format!("`{}` is no time zone that this build knows", z.value.escape_debug()),
            "write for example `zone: Europe/Berlin`",
        );
    }
    rule
}

const fn day(d: Weekday) -> u8 {
    d as u8
}

/// `HH:MM` as minutes since midnight.
fn minutes(text: &str) -> Option<u32> {
    let (h, m) = text.split_once(':')?;
    let two = |t: &str| (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<u32>().ok()).flatten();
    let (h, m) = (two(h)?, two(m)?);
    (h < 24 && m < 60).then_some(h * 60 + m)
}

pub(super) fn contract(desk: &mut Desk<'_>, e: &At<ActEntry>, c: &ContractAct, parties: &Parties<'_>) -> Option<Deed> {
    let requester = match &c.requester {
        Some(name) => Some(desk.requester(name, parties)?),
        None => None,
    };
    let zone = match &c.zone {
        Some(name) => Some(desk.zone(name)?),
        None => None,
    };
    let site = (zone.is_some() || c.site.as_ref().is_some_and(|s| s.value)).then(|| desk.site.id());
    if requester.is_none() && site.is_none() {
        desk.flaw(e, "the contract is for nobody and nowhere in particular", "name its `requester` or `zone`, or write `site: true`");
        return None;
    }
    let mut excludes = Vec::new();
    for e in &c.excludes {
        excludes.push(desk.provider(e, parties.providers)?);
    }
    Some(Deed::Contract { requester, site, zone, cover_fee: c.cover_fee.as_ref().map(|f| f.amount), excludes })
}
