//! Who offers, who asks, and for what. Without a word in the scenario: two providers, two requesters, and demand
//! between the map's own places on every graph that a robot drives on.

use super::Desk;
use super::bare::{self, usable};
use super::coins;
use super::names::index;
use super::names::no_name;
use crate::at::At;
use crate::camera::Privacy;
use crate::coins::TariffPlan;
use crate::resolved::{
    Answering, AwardMode, Demand, JobKind, PaymentsPlan, Process, ProviderPlan, RequesterPlan, RobotStart, ServiceLevel, Tier, Trip,
};
use crate::scenario::{self, Jobs, ProcessKind};
use crate::series::SeriesPlan;
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use nooterra_site::model::Vertex;
use nooterra_site::{LevelIx, RobotModel, VertexIx};
use std::collections::BTreeMap;

/// A provider and the share of unowned robots that it gets.
pub(super) struct Owner {
    pub plan: ProviderPlan,
    pub share_ppm: u32,
}

/// The marketplace without its demand.
pub(super) struct Parties {
    /// Of what names none.
    pub currency: Currency,
    /// Every currency that is traded in, ascending.
    pub trades: Vec<Currency>,
    pub tier: Tier,
    pub service_level: ServiceLevel,
    pub providers: Vec<Owner>,
}

/// Requesters and what they ask for.
pub(super) struct Asked {
    pub requesters: Vec<RequesterPlan>,
    pub streams: Vec<Demand>,
    pub series: Vec<SeriesPlan>,
}

const QUOTE_DELAY: (Span, Span) = (Span::from_millis(200), Span::from_secs(2));
const PAYMENT_DELAY: (Span, Span) = (Span::from_millis(200), Span::from_secs(2));
/// Prices of providers vary by so much if not said.
const VARIES_BPS: u32 = 400;
/// From request to the window's start: a request for quotes of a minute, a payment, a match.
const LEAD: Span = Span::from_secs(90);
const WINDOW: Span = Span::from_mins(20);
const MASS_G: u32 = 1_000;
/// Share of the fleet's time that demand nobody asked for takes, percent.
const LOAD_PERCENT: u64 = 40;
/// Time for pick-up, drop-off and the doors between, seconds.
const HANDLING_S: u64 = 90;
/// Most stops on the way of one job.
const MOST_STOPS: usize = 30;
/// Trips kept of a graph that has very many.
const MOST_TRIPS: usize = 400;
/// Places between which robots carry on a map that names none.
const MOST_BARE: usize = 12;

pub(super) fn parties(desk: &mut Desk<'_>, currency: Currency, tariffs: &[TariffPlan]) -> Parties {
    let m = desk.scenario.market.as_ref();
    let tier = match m.and_then(|m| m.tier.as_ref()).map(|t| t.value) {
        Some(scenario::Tier::Managed) => Tier::Managed,
        Some(scenario::Tier::Office) | None => Tier::Office,
        Some(scenario::Tier::Hospitality) => Tier::Hospitality,
        Some(scenario::Tier::InHome) => Tier::InHome,
    };
    let service_level = match m.and_then(|m| m.service_level.as_ref()).map(|t| t.value) {
        Some(scenario::ServiceLevel::Basic) => ServiceLevel::Basic,
        Some(scenario::ServiceLevel::Standard) | None => ServiceLevel::Standard,
        Some(scenario::ServiceLevel::Premium) => ServiceLevel::Premium,
    };
    let trades: Vec<Currency> = tariffs.iter().map(|t| t.tariff.currency).collect();
    let providers = providers(desk, &trades);
    Parties { currency, trades, tier, service_level, providers }
}

fn providers(desk: &mut Desk<'_>, trades: &[Currency]) -> Vec<Owner> {
    let scenario = desk.scenario;
    let owner = |name: &str, price_bps, (quote_delay_min, quote_delay_max), share_ppm| Owner {
        plan: ProviderPlan {
            name: name.to_owned(),
            price_bps,
            quote_delay_min,
            quote_delay_max,
            quote_lasts: None,
            varies_bps: VARIES_BPS,
            counters: Answering::Accept,
            moves: Answering::Accept,
            standing: None,
            hours: None,
            takes: Vec::new(),
            quotes_in: None,
        },
        share_ppm,
    };
    let Some(listed) = scenario.market.as_ref().and_then(|m| m.providers.as_ref()) else {
        let mut out = vec![owner("acme", 10_000, QUOTE_DELAY, 500_000), owner("bolt", 10_200, QUOTE_DELAY, 500_000)];
        // Providers that only the fleet names join the market.
        let named: Vec<&At<String>> = scenario.fleet.iter().filter_map(|f| f.provider.as_ref()).collect();
        if !named.is_empty() {
            let mut names: Vec<&str> = named.iter().map(|n| n.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            names.truncate(100);
            out.retain(|o| !names.contains(&o.plan.name.as_str()));
            out.truncate(2usize.saturating_sub(names.len()));
            out.extend(names.into_iter().map(|n| owner(n, 10_000, QUOTE_DELAY, 500_000)));
            out.sort_by(|a, b| a.plan.name.cmp(&b.plan.name));
        }
        return out;
    };
    if listed.is_empty() {
        desk.flaw(listed, "the list of providers is empty", "remove it, or name at least one provider");
    }
    let mut out: Vec<Owner> = Vec::new();
    for p in &listed.value {
        name(desk, &p.name, out.iter().map(|o| o.plan.name.clone()).collect());
        let markup = p.markup_bps.as_ref().map_or(0, |m| m.value);
        if let Some(m) = p.markup_bps.as_ref().filter(|m| !(-5_000..=10_000).contains(&m.value)) {
            desk.flaw(m, "a markup is from -5000 to 10000 basis points", "the price band ends there; write for example `markup_bps: 300`");
        }
        let delay = p.quote_delay.as_ref().map_or(QUOTE_DELAY, |d| (d.min, d.max));
        let price_bps = u32::try_from(10_000 + i64::from(markup)).unwrap_or(10_000);
        if let Some(v) = p.varies_bps.as_ref().filter(|v| v.value > 5_000) {
            desk.flaw(v, "prices vary by at most 5000 basis points", "write for example `varies_bps: 200`");
        }
        if let Some(m) = p.moves.as_ref().filter(|m| m.value == Answering::Halfway) {
            desk.flaw(m, "a window is no price to meet half way", "write accept, refuse or ignore");
        }
        let mut o = owner(&p.name, price_bps, delay, p.share.as_ref().map_or(500_000, |s| s.0));
        o.plan.quote_lasts = p.quote_lasts.as_ref().map(|t| t.value.0);
        o.plan.varies_bps = p.varies_bps.as_ref().map_or(VARIES_BPS, |v| v.value);
        o.plan.counters = p.counters.as_ref().map_or(Answering::Accept, |v| v.value);
        o.plan.moves = p.moves.as_ref().map_or(Answering::Accept, |v| v.value);
        o.plan.standing = p.standing.as_ref().map(|s| super::trading::standing(desk, s));
        o.plan.hours = p.hours.as_ref().map(|h| super::trading::hours(desk, h));
        o.plan.takes = coins::takes(desk, &p.takes, trades);
        if let Some(c) = &p.quotes_in {
            coins::coin(desk, c, trades);
            o.plan.quotes_in = Some(c.0);
        }
        out.push(o);
    }
    out
}

fn name(desk: &mut Desk<'_>, given: &At<String>, taken: Vec<String>) {
    desk.flaws.extend(no_name(given, taken.iter().map(String::as_str)));
}

pub(super) fn payments(desk: &Desk<'_>, decline: Option<u32>) -> PaymentsPlan {
    let p = desk.scenario.market.as_ref().and_then(|m| m.payments.as_ref());
    let (delay_min, delay_max) = p.and_then(|p| p.delay.as_ref()).map_or(PAYMENT_DELAY, |d| (d.min, d.max));
    let decline_ppm = decline.unwrap_or_else(|| p.and_then(|p| p.decline.as_ref()).map_or(0, |s| s.0));
    let authorises_for = p.and_then(|p| p.authorises_for.as_ref()).map(|t| t.0);
    PaymentsPlan { delay_min, delay_max, decline_ppm, authorises_for }
}

pub(super) fn demand(
    desk: &mut Desk<'_>,
    market: &Parties,
    models: &[RobotModel],
    robots: &[RobotStart],
    duration: Span,
    per_hour: Option<u64>,
) -> Asked {
    let scenario = desk.scenario;
    let ranges: Vec<Vec<bool>> = robots.iter().map(|r| desk.ways.range(r.graph_idx, r.start)).collect();
    let Some(listed) = scenario.market.as_ref().and_then(|m| m.requesters.as_ref()) else {
        return unasked(desk, market.currency, models, robots, &ranges, per_hour);
    };
    let widest_m = models.iter().map(|m| m.footprint_radius_m).fold(0.0, f64::max) + nooterra_site::areas::KEEP_OFF_M;
    let (mut requesters, mut streams): (Vec<RequesterPlan>, Vec<Demand>) = (Vec::new(), Vec::new());
    let mut series = Vec::new();
    for r in listed {
        name(desk, &r.name, requesters.iter().map(|r| r.name.clone()).collect());
        let requester = index(requesters.len());
        if let Some(m) = r.moves.as_ref().filter(|m| m.value == Answering::Halfway) {
            desk.flaw(m, "a window is no price to meet half way", "write accept, refuse or ignore");
        }
        if let Some(a) = r.approvals.as_ref().filter(|a| a.value == Answering::Halfway) {
            desk.flaw(a, "there is nothing half way between yes and no", "write accept, refuse or ignore");
        }
        if let Some(j) = r.joins.as_ref().filter(|j| j.0 >= duration) {
            desk.flaw(j, "nobody joins after the end of the run", "write an earlier time");
        }
        requesters.push(RequesterPlan {
            name: r.name.value.clone(),
            joins: r.joins.as_ref().map(|j| Instant(j.0.0)),
            moves: r.moves.as_ref().map_or(Answering::Accept, |v| v.value),
            approvals: r.approvals.as_ref().map_or(Answering::Ignore, |v| v.value),
            takes: coins::takes(desk, &r.takes, &market.trades),
            own: r.own.iter().filter_map(|l| desk.level(l).and_then(|l| desk.site.zone(LevelIx::new(l)))).collect(),
        });
        // Who takes one currency asks in it.
        let own = if let [one] = r.takes.as_slice() { one.0 } else { market.currency };
        series.extend(super::series::series(desk, market, own, (requester, r), &ranges, duration, widest_m));
        if r.jobs.0.is_empty() && r.series.is_empty() {
            desk.flaw(&r.name, format!("`{}` asks for nothing", r.name.value), "add `jobs:` or `series:`");
        }
        for jobs in &r.jobs.0 {
            if let Some(d) = stream(desk, market, own, jobs, requester, &ranges, duration, per_hour, widest_m) {
                let mass = d.mass_g;
                let strongest = models.iter().map(|m| m.payload_max_kg).fold(0.0, f64::max);
                if f64::from(mass) > strongest * 1_000.0 && matches!(d.kind, JobKind::Delivery | JobKind::Custom) {
                    let at = jobs.mass.as_ref().map_or((jobs.process.line, jobs.process.column), |m| (m.line, m.column));
                    let what = format!("no robot here carries {mass} g; the strongest carries {strongest} kg");
                    desk.flaws.push(crate::Flaw { line: at.0, column: at.1, what, remedy: "lower `mass`".into() });
                }
                if d.kind == JobKind::Lift {
                    super::team::check_strength(desk, jobs, mass, models, robots);
                }
                streams.push(d);
            }
        }
    }
    Asked { requesters, streams, series }
}

fn process(desk: &mut Desk<'_>, jobs: &Jobs, duration: Span, per_hour: Option<u64>) -> Option<Process> {
    let stray = |desk: &mut Desk<'_>, given: bool, field: &str, belongs: &str| {
        if given {
            desk.flaw(&jobs.process, format!("`{field}` belongs to `process: {belongs}`"), "remove it or change the process");
        }
    };
    let times: Vec<Span> = jobs.at.iter().flat_map(|t| &t.0).map(|t| t.value.0).collect();
    if times.iter().any(|t| *t > duration) {
        desk.flaw(&jobs.process, "a job is asked for after the end of `duration`", "choose an earlier `at`");
    }
    match jobs.process.value {
        ProcessKind::Poisson => {
            stray(desk, jobs.at.is_some(), "at", "fixed");
            stray(desk, jobs.gap.is_some(), "gap", "every");
            let Some(rate) = jobs.per_hour.as_ref().map(|r| r.0).or(per_hour) else {
                desk.flaw(&jobs.process, "a Poisson stream needs a rate", "add for example `per_hour: 12`");
                return None;
            };
            Some(Process::Poisson { mean_gap: gap(per_hour.unwrap_or(rate)) })
        }
        ProcessKind::Fixed => {
            stray(desk, jobs.per_hour.is_some(), "per_hour", "poisson");
            stray(desk, jobs.gap.is_some(), "gap", "every");
            if times.is_empty() {
                desk.flaw(&jobs.process, "a fixed stream needs its times", "add for example `at: [1m, 5m]`");
                return None;
            }
            let mut at: Vec<Instant> = times.iter().map(|t| Instant::ZERO + *t).collect();
            at.sort_unstable();
            Some(Process::Fixed { at })
        }
        ProcessKind::Every => {
            stray(desk, jobs.per_hour.is_some(), "per_hour", "poisson");
            let Some(gap) = jobs.gap.as_ref().map(|g| g.0).filter(|g| *g >= Span::from_secs(1)) else {
                desk.flaw(&jobs.process, "a regular stream needs a gap of at least 1 s", "add for example `gap: 5m`");
                return None;
            };
            Some(Process::Every { first: Instant::ZERO + times.first().copied().unwrap_or(gap), gap })
        }
    }
}

/// Mean gap of a rate in thousandths an hour.
fn gap(per_hour_milli: u64) -> Span {
    Span(3_600_000_000_000_000 / per_hour_milli.max(1))
}

#[allow(clippy::too_many_arguments)] // what a stream is held against
fn stream(
    desk: &mut Desk<'_>,
    market: &Parties,
    own: Currency,
    jobs: &Jobs,
    requester: u32,
    ranges: &[Vec<bool>],
    duration: Span,
    per_hour: Option<u64>,
    widest_m: f64,
) -> Option<Demand> {
    let process = process(desk, jobs, duration, per_hour);
    let currency = coins::of_work(desk, jobs.currency.as_ref(), jobs.pay.as_ref(), own, &market.trades);
    let kind = match jobs.kind.as_ref().map(|k| k.value) {
        Some(scenario::JobKind::Lift) => JobKind::Lift,
        Some(scenario::JobKind::Patrol) => JobKind::Patrol,
        Some(scenario::JobKind::Clean) => JobKind::Clean,
        Some(scenario::JobKind::ResetLite) => JobKind::ResetLite,
        Some(scenario::JobKind::ResetStandard) => JobKind::ResetStandard,
        Some(scenario::JobKind::Custom) => JobKind::Custom,
        Some(scenario::JobKind::Delivery) | None => JobKind::Delivery,
    };
    let team = super::team::members(desk, jobs, kind, ranges)?;
    let zones = super::covering::zones(desk, jobs, kind, ranges, widest_m)?;
    let (trips, via) = if kind == JobKind::Lift || kind.covers_zones() {
        (Vec::new(), Some(Vec::new()))
    } else {
        let trips = trips(desk, jobs, ranges)?;
        let via = via(desk, jobs, &trips, ranges);
        (trips, via)
    };
    let via = via?;
    let proof = super::proving::items(desk, jobs, kind, via.len() + 2)?;
    let or = |t: &Option<At<crate::words::Time>>, d: Span| t.as_ref().map_or(d, |t| t.0);
    let covered = jobs.coverage.as_ref().is_some_and(|c| c.value);
    if let Some(c) = jobs.coverage.as_ref().filter(|c| c.value && desk.scenario.operators.is_empty()) {
        desk.flaw(c, "no operator could stand by", "name one under `operators:`");
    }
    let mut demand = Demand {
        requester,
        process: process?,
        limit: jobs.limit.as_ref().map(|l| l.value),
        kind,
        trips,
        budget: jobs.pay.as_ref().map(|m| m.amount),
        mass_g: jobs
            .mass
            .as_ref()
            .map_or(if matches!(kind, JobKind::Patrol | JobKind::Custom) || kind.covers_zones() { 0 } else { MASS_G }, |m| m.0),
        lead: or(&jobs.lead, LEAD),
        window: or(&jobs.window, WINDOW),
        via,
        zones,
        proof,
        mode: jobs.mode.as_ref().map_or(AwardMode::Auto, |m| m.value),
        coverage: covered,
        team,
        currency,
        no_go: Vec::new(),
        requires: jobs.requires.said(),
        privacy: jobs.privacy.as_ref().map_or_else(Privacy::default, |p| p.value),
    };
    let team = demand.team.iter().flat_map(|m| m.before.iter().chain(&m.after).copied().chain([m.lift]));
    let covered = demand.zones.iter().map(|(v, _)| *v);
    let trips = demand.trips.iter().flat_map(|Trip { from, to }| [*from, *to]).chain(demand.via.iter().copied()).chain(team).chain(covered);
    demand.no_go = super::areas::no_go(desk, &jobs.no_go, trips, widest_m);
    Some(demand)
}

/// Stops on the way: somebody who reaches the ends of a trip must reach them too.
fn via(desk: &mut Desk<'_>, jobs: &Jobs, trips: &[Trip], ranges: &[Vec<bool>]) -> Option<Vec<VertexIx>> {
    if jobs.via.len() > MOST_STOPS {
        desk.flaw(&jobs.via[0], format!("{} stops on the way are more than {MOST_STOPS}", jobs.via.len()), "name fewer");
        return None;
    }
    let stops: Vec<VertexIx> = jobs.via.iter().filter_map(|n| desk.vertex(n)).collect();
    if stops.len() < jobs.via.len() {
        return None;
    }
    for (s, name) in stops.iter().zip(&jobs.via) {
        let reached = |t: &Trip| ranges.iter().any(|r| r[s.at()] && r[t.from.at()] && r[t.to.at()]);
        if !ranges.is_empty() && !trips.iter().all(reached) {
            desk.flaw(name, format!("no robot that makes this trip reaches `{}`", name.value), "choose a place on its navigation graph");
            return None;
        }
    }
    Some(stops)
}

fn trips(desk: &mut Desk<'_>, jobs: &Jobs, ranges: &[Vec<bool>]) -> Option<Vec<Trip>> {
    let from: Vec<VertexIx> = jobs.from.iter().filter_map(|n| desk.vertex(n)).collect();
    let to: Vec<VertexIx> = jobs.to.iter().filter_map(|n| desk.vertex(n)).collect();
    if from.len() < jobs.from.len() || to.len() < jobs.to.len() {
        return None;
    }
    if from.is_empty() || to.is_empty() {
        desk.flaw(&jobs.process, "`from` and `to` each need a vertex", "write for example `from: [pantry], to: [lounge]`");
        return None;
    }
    let mut out = Vec::new();
    for (i, f) in from.iter().enumerate() {
        for (k, t) in to.iter().enumerate().filter(|(_, t)| *t != f) {
            // Without robots there is a flaw already.
            if !ranges.is_empty() && !ranges.iter().any(|r| r[f.at()] && r[t.at()]) {
                let what = format!("no robot can reach both `{}` and `{}` and come back", jobs.from[i].value, jobs.to[k].value);
                desk.flaw(&jobs.to[k], what, "choose places on the navigation graph of one robot");
            } else {
                out.push(Trip { from: *f, to: *t });
            }
        }
    }
    if from.len() == 1 && to.len() == 1 && from == to {
        desk.flaw(&jobs.to[0], "a job leads from a place to another", "choose another `to`");
        return None;
    }
    Some(out)
}

/// Demand between the map's own places: per navigation graph dispensers to ingestors, else between named vertices,
/// else between ends of lanes.
fn unasked(
    desk: &mut Desk<'_>,
    currency: Currency,
    models: &[RobotModel],
    robots: &[RobotStart],
    ranges: &[Vec<bool>],
    per_hour: Option<u64>,
) -> Asked {
    let requesters = ["reception", "facilities"]
        .map(|n| RequesterPlan {
            name: n.to_owned(),
            joins: None,
            moves: Answering::Accept,
            approvals: Answering::Ignore,
            takes: Vec::new(),
            own: Vec::new(),
        })
        .to_vec();
    let mut graphs: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (i, r) in robots.iter().enumerate() {
        graphs.entry(r.graph_idx).or_default().push(i);
    }
    let mut streams = Vec::new();
    for (graph, members) in &graphs {
        let trips = places(desk, members, robots, ranges);
        if trips.is_empty() {
            desk.notes.push(format!("nothing to carry on navigation graph {graph}: it has no two places that a robot can reach"));
            continue;
        }
        let mean_gap = per_hour.map_or_else(|| pace(desk, *graph, &trips, members, models, robots), gap);
        let payload_kg = members.iter().map(|i| models[robots[*i].model as usize].payload_max_kg).fold(f64::MAX, f64::min);
        let light = payload_kg * 1_000.0 < f64::from(MASS_G);
        streams.push(Demand {
            requester: index(streams.len() % requesters.len()),
            process: Process::Poisson { mean_gap },
            limit: None,
            kind: if light { JobKind::Patrol } else { JobKind::Delivery },
            trips,
            budget: None,
            mass_g: if light { 0 } else { MASS_G },
            lead: LEAD,
            window: WINDOW,
            via: Vec::new(),
            zones: Vec::new(),
            proof: Vec::new(),
            mode: AwardMode::Auto,
            coverage: false,
            team: Vec::new(),
            currency,
            no_go: Vec::new(),
            requires: Vec::new(),
            privacy: Privacy::default(),
        });
    }
    if streams.is_empty() && desk.flaws.is_empty() {
        desk.flaws.push(crate::Flaw::of(
            &desk.scenario.site,
            "the site has no two places between which a robot could carry anything",
            "name vertices on its lanes, or say what is asked for under `market: requesters:`",
        ));
    }
    Asked { requesters, streams, series: Vec::new() }
}

fn places(desk: &Desk<'_>, members: &[usize], robots: &[RobotStart], ranges: &[Vec<bool>]) -> Vec<Trip> {
    let site = desk.site;
    let all: Vec<VertexIx> = (0..site.vertices.len()).map(|i| VertexIx::new(index(i))).collect();
    let reached = |v: &VertexIx| members.iter().any(|i| ranges[*i][v.at()]);
    let with = |f: &dyn Fn(&Vertex) -> bool| -> Vec<VertexIx> {
        all.iter().copied().filter(reached).filter(|v| f(&site.vertices[v.at()])).collect()
    };
    let pairs = |from: &[VertexIx], to: &[VertexIx]| -> Vec<Trip> {
        let mut out = Vec::new();
        for f in from {
            for t in to.iter().filter(|t| *t != f && site.vertices[t.at()].at != site.vertices[f.at()].at) {
                if members.iter().any(|i| ranges[*i][f.at()] && ranges[*i][t.at()]) {
                    out.push(Trip { from: *f, to: *t });
                }
            }
        }
        out
    };
    let own = pairs(&with(&|v| v.pickup_dispenser.is_some()), &with(&|v| v.dropoff_ingestor.is_some()));
    if !own.is_empty() {
        return thin(own);
    }
    let named = with(&|v| !v.name.is_empty() && usable(v) && !v.flags.is_charger);
    let trips = pairs(&named, &named);
    if !trips.is_empty() {
        return thin(trips);
    }
    let any_name = with(&|v| !v.name.is_empty() && usable(v));
    let trips = pairs(&any_name, &any_name);
    if !trips.is_empty() {
        return thin(trips);
    }
    // Where a robot waits is a place for others only if there are no two others.
    let anything = with(&usable);
    let free: Vec<VertexIx> = anything.iter().copied().filter(|v| robots.iter().all(|r| r.start != *v)).collect();
    [free, anything]
        .into_iter()
        .map(|pool| bare::apart(desk, &pool, MOST_BARE))
        .map(|chosen| pairs(&chosen, &chosen))
        .find(|trips| !trips.is_empty())
        .map_or_else(Vec::new, thin)
}

/// Every n-th trip, so that no more than [`MOST_TRIPS`] are left.
fn thin(trips: Vec<Trip>) -> Vec<Trip> {
    let step = trips.len().div_ceil(MOST_TRIPS).max(1);
    trips.into_iter().step_by(step).collect()
}

/// Mean gap between jobs at which the robots of a graph are busy for [`LOAD_PERCENT`] of their time.
fn pace(desk: &Desk<'_>, graph: u32, trips: &[Trip], members: &[usize], models: &[RobotModel], robots: &[RobotStart]) -> Span {
    let (mut sum_mm, mut count) = (0u64, 0u64);
    let sample = trips.len().div_ceil(40).max(1);
    for t in trips.iter().step_by(sample) {
        if let Some(mm) = desk.ways.distances(graph, t.from)[t.to.at()] {
            sum_mm += mm;
            count += 1;
        }
    }
    // The way to the load is about as long as the way with it.
    let way_mm = 2 * sum_mm / count.max(1);
    let slowest = members.iter().map(|i| models[robots[*i].model as usize].speed_max_mps).fold(f64::MAX, f64::min);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a robot's speed is a few m/s
    let speed_mmps = ((slowest * 700.0) as u64).max(50);
    let job_s = way_mm / speed_mmps + HANDLING_S;
    let gap_s = job_s * 100 / LOAD_PERCENT / (members.len() as u64).max(1);
    Span::from_secs(gap_s.clamp(20, 1_200))
}
