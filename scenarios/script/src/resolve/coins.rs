//! The currencies of a market: a tariff for each, and every amount in the file is of one of them.

use super::Desk;
use crate::at::At;
use crate::coins::{TariffEntry, TariffPlan};
use crate::words::{Coin, Money};
use nooterra_control::policy::Tariff;
use nooterra_engine::money::{Amount, Currency};

/// What a checkpoint costs in euro, minor units, and most that a job pays for the skill.
const LICENCE: (u64, u64) = (10, 20);

/// The currency of what names none, and the tariffs, ascending by currency.
pub(super) fn tariffs(desk: &mut Desk<'_>) -> (Currency, Vec<TariffPlan>) {
    let scenario = desk.scenario;
    let m = scenario.market.as_ref();
    let entries = m.map_or(&[][..], |m| &m.tariffs);
    let said = m.and_then(|m| m.currency.as_ref());
    // One tariff alone is that of the market.
    let only = if let [one] = entries { one.currency.0 } else { Currency::EUR };
    let main = said.map_or(only, |c| c.0);
    let mut plans: Vec<TariffPlan> = Vec::new();
    for e in entries {
        if plans.iter().any(|p| p.tariff.currency == e.currency.0) {
            desk.flaw(&e.currency, format!("{} has two tariffs", e.currency.0), "keep one of them");
        } else if let Some(p) = plan(desk, e) {
            plans.push(p);
        }
    }
    if !entries.iter().any(|e| e.currency.0 == main) {
        match said.filter(|_| main != Currency::EUR) {
            Some(c) => desk.flaw(
                c,
                format!("nothing says what work costs in {main}: the built-in prices are in euro"),
                format!("name them under `market:`, for example `tariffs: [{{currency: {main}, delivery: …}}]`"),
            ),
            None => plans.push(euro()),
        }
    }
    plans.sort_by_key(|p| p.tariff.currency);
    (main, plans)
}

fn euro() -> TariffPlan {
    let amount = Amount::saturating;
    TariffPlan { tariff: Tariff::euro(), cover_fee: Amount::ZERO, licence_fee: amount(LICENCE.0), licence_cap: amount(LICENCE.1) }
}

fn plan(desk: &mut Desk<'_>, e: &TariffEntry) -> Option<TariffPlan> {
    let currency = e.currency.0;
    let built_in = (currency == Currency::EUR).then(euro);
    let needed = [
        ("delivery", &e.delivery),
        ("patrol", &e.patrol),
        ("inspect", &e.inspect),
        ("per_km", &e.per_km),
        ("per_min", &e.per_min),
        ("standby", &e.standby),
        ("help", &e.help),
        ("checkpoint", &e.checkpoint),
        ("licence_most", &e.licence_most),
        ("claims_most", &e.claims_most),
        ("auto_max", &e.auto_max),
    ];
    let others = [&e.insurer_from, &e.deductible, &e.cover_fee, &e.clean, &e.reset_lite, &e.reset_standard];
    for m in needed.iter().map(|(_, m)| *m).chain(others).flatten().filter(|m| m.currency != currency) {
        desk.flaw(m, format!("the tariff of {currency} names an amount in {}", m.currency), format!("write it in {currency}"));
    }
    let missing: Vec<&str> = needed.iter().filter(|(_, m)| m.is_none()).map(|(n, _)| *n).collect();
    if built_in.is_none() && !missing.is_empty() {
        let what = format!("the tariff of {currency} does not say {}", missing.join(", "));
        desk.flaw(&e.currency, what, "say each of them: nothing is converted from the euro's");
        return None;
    }
    let is_built_in = built_in.is_some();
    let b = built_in.unwrap_or_else(euro);
    let minor = |m: &Option<At<Money>>, or: u64| m.as_ref().map_or(or, |m| m.amount.minor());
    let amount = |m: &Option<At<Money>>, or: Amount| m.as_ref().map_or(or, |m| m.amount);
    let (t, r) = (&b.tariff, &b.tariff.rates);
    let mut tariff = Tariff {
        currency,
        operator_rate: minor(&e.help, t.operator_rate),
        max_claims: minor(&e.claims_most, t.max_claims),
        auto_max: minor(&e.auto_max, t.auto_max),
        insurer_from: e.insurer_from.as_ref().map(|m| m.amount.minor()).or(t.insurer_from),
        deductible: minor(&e.deductible, t.deductible),
        ..t.clone()
    };
    tariff.rates.base_delivery = minor(&e.delivery, r.base_delivery);
    tariff.rates.base_patrol = minor(&e.patrol, r.base_patrol);
    tariff.rates.base_inspect = minor(&e.inspect, r.base_inspect);
    // Nothing is converted: what another currency does not say, it has no price for.
    let own = |m: &Option<At<Money>>, built_in: u64| minor(m, if is_built_in { built_in } else { 0 });
    tariff.services.clean = own(&e.clean, t.services.clean);
    tariff.services.reset_lite = own(&e.reset_lite, t.services.reset_lite);
    tariff.services.reset_standard = own(&e.reset_standard, t.services.reset_standard);
    tariff.services.custom = own(&None, t.services.custom);
    tariff.rates.per_km = minor(&e.per_km, r.per_km);
    tariff.rates.per_min = minor(&e.per_min, r.per_min);
    tariff.rates.cover = minor(&e.standby, r.cover);
    if let Some(m) = e.delivery.as_ref().filter(|m| m.amount == Amount::ZERO) {
        desk.flaw(m, "a delivery costs something", "write a base price");
    }
    let (licence_fee, licence_cap) = (amount(&e.checkpoint, b.licence_fee), amount(&e.licence_most, b.licence_cap));
    if licence_fee > licence_cap {
        desk.flaw(&e.currency, "a checkpoint costs more than a job may", "raise `licence_most`");
    }
    Some(TariffPlan { tariff, cover_fee: amount(&e.cover_fee, b.cover_fee), licence_fee, licence_cap })
}

/// The amount is of a currency that is traded in.
pub(super) fn traded(desk: &mut Desk<'_>, m: &At<Money>, among: &[Currency]) {
    if !among.contains(&m.currency) {
        desk.flaw(m, format!("the market trades in {}, not {}", list(among), m.currency), remedy(among));
    }
}

/// The currencies that somebody takes; none if all.
pub(super) fn takes(desk: &mut Desk<'_>, given: &[At<Coin>], among: &[Currency]) -> Vec<Currency> {
    for c in given {
        coin(desk, c, among);
    }
    let mut out: Vec<Currency> = given.iter().map(|c| c.0).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// What work is paid in: what is said, or what `pay` names, or `own`.
pub(super) fn of_work(
    desk: &mut Desk<'_>,
    said: Option<&At<Coin>>,
    pay: Option<&At<Money>>,
    own: Currency,
    among: &[Currency],
) -> Currency {
    said.iter().for_each(|c| coin(desk, c, among));
    pay.iter().for_each(|m| traded(desk, m, among));
    let currency = said.map(|c| c.0).or(pay.map(|m| m.currency)).unwrap_or(own);
    if let Some(m) = pay.filter(|m| m.currency != currency) {
        desk.flaw(m, format!("a job in {currency} is not paid in {}", m.currency), format!("write the amount in {currency}"));
    }
    currency
}

/// A currency that is traded in.
pub(super) fn coin(desk: &mut Desk<'_>, c: &At<Coin>, among: &[Currency]) {
    if !among.contains(&c.0) {
        desk.flaw(c, format!("the market trades in {}, not {}", list(among), c.0), remedy(among));
    }
}

fn remedy(among: &[Currency]) -> &'static str {
    if among.len() == 1 {
        "use one currency, or name another tariff under `market: tariffs:`"
    } else {
        "name its tariff under `market: tariffs:`"
    }
}

fn list(among: &[Currency]) -> String {
    let names: Vec<&str> = among.iter().map(Currency::code).collect();
    names.join(" and ")
}

/// Amounts that the file sets outside of the tariffs change the tariff of their own currency.
pub(super) fn amend(plans: &mut [TariffPlan], m: Option<&At<Money>>, set: impl Fn(&mut TariffPlan, Amount)) {
    if let Some(m) = m
        && let Some(p) = plans.iter_mut().find(|p| p.tariff.currency == m.currency)
    {
        set(p, m.amount);
    }
}
