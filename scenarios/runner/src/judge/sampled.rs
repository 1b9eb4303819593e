//! A run in numbers: what conditions of a scenario and the report read, from the platform, its book and the world.

use crate::count::Counts;
use nooterra_engine::ids::PartyId;
use nooterra_engine::money::Currency;
use nooterra_jobs::event::Custody;
use nooterra_jobs::status::Status;
use nooterra_ledger::{Account, Kind};
use nooterra_operations::RobotStatus;
use nooterra_oracle::Sample;
use nooterra_script::expect::in_currency;
use nooterra_script::families::{EVENTS, LEDGER, REFUSED};
use nooterra_stage::Stage;
use nooterra_twin::Whereabouts;
use std::collections::BTreeSet;

/// What is counted and measured of a run, now.
pub(super) fn sample(stage: &Stage, counts: &Counts, stops: u64) -> Sample {
    let t = stage.control.tally();
    let setup = stage.setup();
    let currency = setup.resolved.currency;
    let by = |f: &dyn Fn(&nooterra_jobs::Job) -> bool| stage.control.jobs().filter(|j| f(j)).count() as u64;
    let robots = stage.control.robots();
    let mut s = Sample {
        time_s: stage.now().0 / 1_000_000_000,
        jobs_requested: t.requested.into(),
        jobs_quotes: counts.of("QUOTE_SUBMITTED"),
        jobs_booked: t.booked.into(),
        jobs_started: by(&|j| j.history.iter().any(|m| m.status == Status::Executing)),
        jobs_completed: t.completed.into(),
        jobs_settled: t.settled.into(),
        jobs_withdrawn: t.withdrawn.into(),
        jobs_aborted: t.aborted.into(),
        jobs_open: t.open.into(),
        jobs_pass: t.settled_full.into(),
        jobs_no_show: counts.of("NO_SHOW_DECLARED"),
        safety_stops: stops,
        safety_clamps: stage.fleet.clamped(),
        fleet_robots: setup.resolved.robots.len() as u64,
        fleet_recovered: counts.recovered,
        fleet_returned: counts.of("MAINTENANCE_CLOSED"),
        replans: counts.of("LANE_CLOSED"),
        handovers: t.handovers.into(),
        stalls: counts.of("EXECUTION_STALLED"),
        incidents_opened: counts.of("INCIDENT_OPENED"),
        incidents_severe: counts.incidents.iter().filter(|(s, _)| **s >= 4).map(|(_, n)| n).sum(),
        incidents_gaps: counts.gaps,
        incidents_gaps_material: counts.gaps_material,
        incidents_residual: counts.residual,
        incidents_people: counts.people,
        incidents_privacy: counts.privacy,
        incidents_divergence: counts.divergence,
        evidence_images: counts.images,
        images_kept: stage.fleet.robots().map(|(_, _, a)| u64::from(a.camera().kept())).sum(),
        images_leaked: stage.fleet.robots().map(|(_, _, a)| u64::from(a.camera().word().while_shut)).sum(),
        privacy_barred: counts.seen_off,
        evidence_boxes: counts.boxes,
        faults_injected: counts.faults,
        faults_active: stage.active_faults().count() as u64,
        network_sent: stage.bus.network.counters.sent,
        network_lost: stage.bus.network.counters.lost + stage.bus.network.counters.cut,
        doors_opened: counts.doors,
        lifts_rides: counts.rides,
        skills_barred: counts.barred,
        jobs_lowest: counts.lowest,
        jobs_waited: counts.waited,
        ..Sample::default()
    };
    for r in robots {
        s.fleet_busy += u64::from(r.lease.is_some());
        s.fleet_quarantined += u64::from(r.quarantined);
        s.fleet_stopped += u64::from(!r.stops.is_empty());
    }
    for (id, ix, _) in stage.fleet.robots() {
        let out =
            |r: &nooterra_operations::Robot| matches!(r.status, RobotStatus::Stranded | RobotStatus::Quarantined | RobotStatus::Retired);
        let is_out = stage.control.state().robots.get(&id).is_some_and(|c| out(&c.robot));
        let powered = stage.fleet.twin.readings(ix).is_some_and(|r| r.powered);
        s.fleet_dead += u64::from(is_out || !powered);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // whole metres
    let metres = stage.fleet.odometers().sum::<f64>().max(0.0) as u64;
    s.fleet_distance_m = metres;
    let charge = stage.fleet.robots().filter_map(|(_, ix, _)| stage.fleet.twin.readings(ix).map(|r| u64::from(r.charge_bps)));
    s.fleet_soc_min_bps = charge.min().unwrap_or_default();
    let is_open = |d| stage.fleet.twin.door_state(d).is_some_and(|s| s.mode != nooterra_twin::DoorMode::Closed);
    s.doors_open = setup.site.door_indexes().filter(|d| is_open(*d)).count() as u64;
    for i in 0..u32::try_from(stage.fleet.twin.load_count()).unwrap_or(u32::MAX) {
        let at = stage.fleet.twin.whereabouts(nooterra_twin::LoadIx::new(i));
        s.loads_racked += u64::from(matches!(at, Some(Whereabouts::Racked { .. })));
        s.loads_loose += u64::from(matches!(at, Some(Whereabouts::Loose { .. })));
    }
    s.jobs_fee_bps = stage.control.jobs().map(|j| u64::from(j.fee_bps)).sum();
    money(stage, counts, currency, &mut s);
    // Whatever the market's own currency: no book of any other is out of balance.
    let books: BTreeSet<Currency> = stage.control.book().accounts().iter().map(|r| r.key.currency).collect();
    s.money_imbalance = books.into_iter().map(|c| imbalance(stage, c).abs()).sum();
    for name in setup.resolved.expect.iter().flat_map(|e| e.condition.uses()) {
        if let Some(v) = member(stage, counts, currency, name) {
            s.named.insert(name.clone(), v);
        }
    }
    s
}

/// A member of a family of metrics, or an amount in a currency that its name ends with.
fn member(stage: &Stage, counts: &Counts, main: Currency, name: &str) -> Option<i64> {
    let count = |n: Option<&u64>| i64::try_from(n.copied().unwrap_or_default()).unwrap_or(i64::MAX);
    if let Some(event) = name.strip_prefix(EVENTS.prefix) {
        return Some(count(counts.events.get(event)));
    }
    if let Some(code) = name.strip_prefix(REFUSED.prefix) {
        return Some(count(counts.refused.get(code)));
    }
    let (plain, currency) = in_currency(name);
    if let Some(account) = plain.strip_prefix(LEDGER.prefix) {
        let currency = currency.unwrap_or(main);
        let rows = stage.control.book().accounts().iter().filter(|r| r.key.currency == currency && r.key.account.name() == account);
        return Some(i64::try_from(rows.map(|r| r.balance.posted).sum::<i128>()).unwrap_or(i64::MAX));
    }
    let mut own = Sample::default();
    money(stage, counts, currency?, &mut own);
    #[allow(clippy::cast_possible_truncation)] // amounts stay far below 2^53
    own.metric(plain).map(|v| v as i64)
}

/// Debits minus credits in a currency.
fn imbalance(stage: &Stage, currency: Currency) -> i64 {
    let of = |r: &nooterra_ledger::book::AccountRow| {
        let debit = matches!(r.key.account.kind(), Kind::Asset | Kind::Expense);
        if debit { r.balance.posted } else { -r.balance.posted }
    };
    let sum: i128 = stage.control.book().accounts().iter().filter(|r| r.key.currency == currency).map(of).sum();
    i64::try_from(sum).unwrap_or(i64::MAX)
}

/// What moved and what stands in the book in one currency, by whom it belongs to.
pub(crate) fn money(stage: &Stage, counts: &Counts, currency: Currency, s: &mut Sample) {
    let c = counts.sums(currency);
    (s.money_authorised, s.money_captured, s.money_refunded, s.money_paid_out) = (c.authorised, c.captured, c.refunded, c.paid_out);
    (s.money_charged, s.money_fees, s.money_moves, s.money_credits) = (c.charged, c.fees, c.moves, c.credits);
    s.money_redeemed = c.redeemed;
    let clip = |v: i128| u64::try_from(v.max(0)).unwrap_or(u64::MAX);
    for row in stage.control.book().accounts().iter().filter(|r| r.key.currency == currency) {
        let v = row.balance.posted;
        match row.key.account {
            Account::Escrow { .. } | Account::Held { .. } => s.money_escrow += i64::try_from(v).unwrap_or(i64::MAX),
            Account::PlatformRevenue => s.money_platform = clip(v),
            Account::InsuranceReserve => s.money_insurance = clip(v),
            _ => {}
        }
    }
    s.money_imbalance = imbalance(stage, currency);
    for j in stage.control.jobs().filter(|j| j.request.currency == currency) {
        s.money_compensated += j.comp.minor();
        s.money_surge += if j.booked_at.is_some() { j.rfq.price.surge.minor() } else { 0 };
        s.loads_deposited += u64::from(j.custody == Custody::Deposited);
        let Some(settled) = &j.settled else { continue };
        let owners: Vec<PartyId> = j.legs.iter().filter(|l| l.started_at.is_some()).map(|l| l.offer.owner).collect();
        let first = owners.first().copied().filter(|f| owners.iter().any(|o| o != f));
        for p in &settled.settlement.parts {
            if p.account.starts_with("owner_payable") {
                s.money_providers += p.amount.minor();
                if first.is_some() {
                    let of = if p.party == first { &mut s.money_first_legs } else { &mut s.money_later_legs };
                    *of += p.amount.minor();
                }
            } else if p.account.starts_with("developer_payable") {
                s.money_developers += p.amount.minor();
            } else if p.account.starts_with("operator_payable") {
                s.money_operators += p.amount.minor();
            }
        }
    }
}
