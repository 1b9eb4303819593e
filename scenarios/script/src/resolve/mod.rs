//! Holding a scenario against a site: names become indexes, gaps become defaults, all faults come at once.

mod acts;
mod areas;
mod bare;
mod certified;
mod coins;
mod covering;
mod doors;
mod faults;
mod fleet;
mod judge;
mod keeping;
mod market;
mod names;
mod operators;
mod outline;
mod people;
mod proving;
mod series;
mod team;
mod trading;

use crate::acts::{Act, Cue};
use crate::at::At;
use crate::coins::TariffPlan;
use crate::deeds::Deed;
use crate::flaw::Flaw;
use crate::resolved::{CrewPlan, PolicyPlan, RequesterPlan, Resolved};
use crate::scenario::{Crew, Fidelity, Network, Policy, Scenario};
use crate::swarm::Swarm;
use crate::ways::Ways;
use crate::words::{Share, Time, Times};
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::money::Currency;
use nooterra_engine::net::Profile;
use nooterra_engine::time::{Instant, Span};
use nooterra_site::RobotModel;
use nooterra_site::model::Site;

/// Shortest run.
const SHORTEST: Span = Span::from_secs(1);
/// Longest run.
const LONGEST: Span = Span::from_secs(7 * 86_400);
const TICK: Span = Span::from_millis(20);
const DRAIN: Span = Span::from_mins(180);

/// Everything that resolving reads and the flaws that it finds.
struct Desk<'a> {
    scenario: &'a Scenario,
    site: &'a Site,
    ways: Ways<'a>,
    files: &'a [(String, RobotModel)],
    chance: Chance,
    flaws: Vec<Flaw>,
    notes: Vec<String>,
}

impl Desk<'_> {
    fn flaw<T>(&mut self, at: &At<T>, what: impl Into<String>, remedy: impl Into<String>) {
        self.flaws.push(Flaw::of(at, what, remedy));
    }
}

/// Holds a scenario against its site under a seed, with the models of the catalogue.
pub fn resolve(scenario: &Scenario, site: &Site, seed: u64) -> Result<Resolved, Vec<Flaw>> {
    resolve_with(scenario, site, &[], seed)
}

/// The same with models read from fleet files: `(path as the scenario writes it, model)`.
pub fn resolve_with(scenario: &Scenario, site: &Site, files: &[(String, RobotModel)], seed: u64) -> Result<Resolved, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let areas = areas::areas(scenario, site, &mut flaws);
    let site = &if areas.is_empty() { site.clone() } else { site.with_areas(areas) };
    let mut desk = Desk { scenario, site, ways: Ways::new(site), files, chance: Chance::new(seed), flaws, notes: Vec::new() };
    let (duration, drain, tick) = times(&mut desk);
    let epoch = starts(&mut desk);
    let swarm = Drawn::new(&mut desk);
    let (currency, mut tariffs) = coins::tariffs(&mut desk);
    let market = market::parties(&mut desk, currency, &tariffs);
    let (models, robots) = fleet::robots(&mut desk, &market.providers, swarm.charge_ppm);
    areas::check(&mut desk, &models, &robots);
    let doors = doors::doors(&mut desk);
    let certified = certified::certified(&mut desk, &models);
    let demand = market::demand(&mut desk, &market, &models, &robots, duration, swarm.per_hour);
    let network = network(&mut desk, &swarm);
    let log_witnesses = witnesses(&mut desk);
    let operators = operators::operators(&mut desk, duration);
    let named = names::Parties {
        robots: &robots,
        providers: &market.providers,
        requesters: &demand.requesters,
        log_witnesses: &log_witnesses,
        operators: &operators,
        tariffs: &tariffs,
    };
    let faults = faults::plan(&mut desk, &named, network, duration);
    let mut acts = acts::acts(&mut desk, &named, duration, &market);
    acts.extend(joining(&demand.requesters));
    let claims = acts::claims(&mut desk, &mut tariffs, &market.trades);
    let people = people::walkers(&mut desk, swarm.people);
    let expect = judge::expectations(&mut desk, &market.trades);
    let payments = market::payments(&desk, swarm.decline_ppm);
    let policy = scenario.policy.as_ref().map(|p| policy(&mut desk, p, &mut tariffs, &market.trades)).unwrap_or_default();
    if !desk.flaws.is_empty() {
        desk.flaws.sort_by_key(|f| (f.line, f.column));
        return Err(desk.flaws);
    }
    Ok(Resolved {
        title: scenario.title.value.clone(),
        seed,
        epoch,
        duration,
        drain,
        tick,
        areas: site.areas.clone(),
        terminals: doors.terminals.into_iter().collect(),
        withheld: doors.withheld.into_iter().collect(),
        models,
        certified,
        robots,
        currency: market.currency,
        tariffs,
        licence_per: scenario.market.as_ref().and_then(|m| m.licence_per.as_ref()).map(|l| l.value).unwrap_or_default(),
        tier: market.tier,
        service_level: market.service_level,
        providers: market.providers.into_iter().map(|p| p.plan).collect(),
        requesters: demand.requesters,
        demand: demand.streams,
        series: demand.series,
        payments,
        network,
        faults,
        acts,
        claims,
        people,
        crew: scenario.crew.as_ref().map(crew).unwrap_or_default(),
        operators,
        log_witnesses,
        policy,
        expect,
        notes: desk.notes,
    })
}

/// Who signs outside of the platform how far its log has come.
fn witnesses(desk: &mut Desk<'_>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for w in &desk.scenario.log_witnesses {
        desk.flaws.extend(names::no_name(w, out.iter().map(String::as_str)));
        out.push(w.value.clone());
    }
    out
}

/// Requesters that are not there from the start are let in by staff.
fn joining(requesters: &[RequesterPlan]) -> impl Iterator<Item = Act> + '_ {
    let later = (0u32..).zip(requesters).filter_map(|(i, r)| Some((i, r.joins?)));
    later.map(|(requester, at)| Act { job: None, cue: Cue::At(at), deed: Deed::Join { requester }, currency: None })
}

fn times(desk: &mut Desk<'_>) -> (Span, Span, Span) {
    let s = desk.scenario;
    if s.title.trim().is_empty() {
        desk.flaw(&s.title, "the title is empty", "say what the scenario shows");
    }
    if s.duration.0 < SHORTEST || s.duration.0 > LONGEST {
        desk.flaw(&s.duration, "a run lasts from one second to seven days", "write for example `duration: 30m`");
    }
    if let Some(f) = s.fidelity.as_ref().filter(|f| f.value == Fidelity::Kinematic) {
        desk.flaw(f, "this build simulates physics only", "remove the line or write `fidelity: physics`");
    }
    if let Some(t) = s.tick.as_ref().filter(|t| t.0 < Span::from_millis(1) || t.0 > Span::from_millis(50)) {
        desk.flaw(t, "a physics step lasts from 1 ms to 50 ms", "write for example `tick: 20ms`");
    }
    if let Some(d) = s.drain.as_ref().filter(|d| d.0 > LONGEST) {
        desk.flaw(d, "the drain lasts seven days at most", "write for example `drain: 2h`");
    }
    let or = |t: &Option<At<Time>>, d: Span| t.as_ref().map_or(d, |t| t.0);
    (s.duration.0, or(&s.drain, DRAIN), or(&s.tick, TICK))
}

/// The calendar's time at the start.
fn starts(desk: &mut Desk<'_>) -> Instant {
    let scenario = desk.scenario;
    let Some(at) = &scenario.starts else { return Instant::ZERO };
    let parsed = calendar(at);
    match parsed {
        Some(at) => at,
        None => {
            desk.flaw(at, format!("`{}` is no time since 1970", at.value), "write for example `starts: 2026-11-30T23:50:00Z`");
            Instant::ZERO
        }
    }
}

/// `YYYY-MM-DDThh:mm:ssZ` as the time since 1970 (RFC 3339, whole seconds, UTC alone).
fn calendar(text: &str) -> Option<Instant> {
    let number = |from: usize, to: usize| text.get(from..to).filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?.parse::<u64>().ok();
    let marks = [(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':'), (19, 'Z')];
    if text.len() != 20 || !marks.iter().all(|(i, c)| text[*i..].starts_with(*c)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    if year < 1970 || day == 0 || day > length || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let leaps = |y: u64| y / 4 - y / 100 + y / 400;
    let months: u64 = lengths.iter().take(usize::try_from(month - 1).ok()?).sum();
    let days = (year - 1970) * 365 + leaps(year - 1) - leaps(1969) + months + day - 1;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    seconds.checked_mul(1_000_000_000).map(Instant)
}

/// The swarm's values under this seed.
struct Drawn {
    loss_ppm: Option<u32>,
    delay_max: Option<Span>,
    duplicate_ppm: Option<u32>,
    per_hour: Option<u64>,
    people: Option<u32>,
    charge_ppm: Option<u32>,
    decline_ppm: Option<u32>,
}

impl Drawn {
    fn new(desk: &mut Desk<'_>) -> Self {
        const PLACE: Place = Place::named("script.swarm");
        let none = Swarm::default();
        let s = desk.scenario.swarm.as_ref().unwrap_or(&none);
        let c = &mut desk.chance;
        let mut draw = |key: u64, low: u64, high: u64| c.between(PLACE, key, low, high);
        let small = |v: u64| u32::try_from(v).unwrap_or(u32::MAX);
        Self {
            loss_ppm: s.loss.as_ref().map(|r| small(draw(0, r.min.into(), r.max.into()))),
            delay_max: s.delay.as_ref().map(|r| Span(draw(1, r.min.0, r.max.0))),
            duplicate_ppm: s.duplicate.as_ref().map(|r| small(draw(2, r.min.into(), r.max.into()))),
            per_hour: s.per_hour.as_ref().map(|r| draw(3, r.min, r.max)),
            people: s.people.as_ref().map(|r| small(draw(4, r.min.into(), r.max.into()))),
            charge_ppm: s.charge.as_ref().map(|r| small(draw(5, r.min.into(), r.max.into()))),
            decline_ppm: s.decline.as_ref().map(|r| small(draw(6, r.min.into(), r.max.into()))),
        }
    }
}

/// Settings of a link over a base; a longer jitter widens the delay.
fn profile(
    base: Profile,
    loss: Option<&At<Share>>,
    delay: Option<&At<Times>>,
    jitter: Option<&At<Time>>,
    duplicate: Option<&At<Share>>,
    reorder: Option<&At<bool>>,
) -> Profile {
    let mut p = base;
    if let Some(l) = loss {
        p.loss_ppm = l.0;
    }
    if let Some(d) = delay {
        (p.delay_min, p.delay_max) = (d.min, d.max);
    }
    if let Some(j) = jitter {
        p.delay_max += j.0;
    }
    if let Some(d) = duplicate {
        p.duplicate_ppm = d.0;
    }
    if let Some(r) = reorder {
        p.reorder = r.value;
    }
    p
}

fn network(desk: &mut Desk<'_>, swarm: &Drawn) -> Profile {
    let mut p = match &desk.scenario.network {
        None => Profile::default(),
        Some(Network { loss, delay, jitter, duplicate, reorder }) => {
            profile(Profile::default(), loss.as_ref(), delay.as_ref(), jitter.as_ref(), duplicate.as_ref(), reorder.as_ref())
        }
    };
    p.loss_ppm = swarm.loss_ppm.unwrap_or(p.loss_ppm);
    p.duplicate_ppm = swarm.duplicate_ppm.unwrap_or(p.duplicate_ppm);
    p.delay_max = swarm.delay_max.map_or(p.delay_max, |d| d.max(p.delay_min));
    p
}

fn crew(c: &Crew) -> CrewPlan {
    let d = CrewPlan::default();
    CrewPlan {
        arrives: c.arrives.as_ref().map_or(d.arrives, |t| t.0),
        repairs: c.repairs.as_ref().map_or(d.repairs, |t| t.0),
        returns: c.returns.as_ref().map_or(d.returns, |v| v.value),
    }
}

fn policy(desk: &mut Desk<'_>, p: &Policy, tariffs: &mut [TariffPlan], trades: &[Currency]) -> PolicyPlan {
    p.cover_fee.iter().for_each(|m| coins::traded(desk, m, trades));
    coins::amend(tariffs, p.cover_fee.as_ref(), |t, v| t.cover_fee = v);
    let rungs: Vec<(Span, u32)> = p.lateness.iter().flatten().map(|r| (r.value.after.0, r.value.credit.0)).collect();
    let rises = rungs.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
    if let Some(r) = p.lateness.as_ref().and_then(|l| l.first()).filter(|_| !rises) {
        desk.flaw(r, "steps of lateness rise in time and credit", "put the mildest first");
    }
    let t = |v: &Option<At<Time>>| v.as_ref().map(|t| t.0);
    let s = |v: &Option<At<Share>>| v.as_ref().map(|s| s.0);
    PolicyPlan {
        rfq_open: t(&p.rfq_open),
        auth_by: t(&p.auth_by),
        lease_offer: t(&p.lease_offer),
        heartbeat: t(&p.heartbeat),
        stall_after: t(&p.stall_after),
        lift_wait: t(&p.lift_wait),
        lift_within: t(&p.lift_within),
        max_stall: t(&p.max_stall),
        max_exec: t(&p.max_exec),
        exit_by: t(&p.exit_by),
        handover_by: t(&p.handover_by),
        proof_by: t(&p.proof_by),
        settle_after: t(&p.settle_after),
        payout_after: t(&p.payout_after),
        max_legs: p.max_legs.as_ref().map(|v| v.value),
        substitution: p.substitution.as_ref().map(|v| v.value),
        platform_ppm: s(&p.platform_share),
        insurance_ppm: s(&p.insurance_share),
        developer_ppm: s(&p.developer_share),
        dispatch_lead: t(&p.dispatch_lead),
        relocate: p.relocate.as_ref().map(|v| v.value),
        early: t(&p.early),
        arrival_grace: t(&p.arrival_grace),
        completion_grace: t(&p.completion_grace),
        lateness: rungs,
        credit_cap_ppm: s(&p.credit_cap),
        credits: p.credits.as_ref().map(|c| c.value),
        no_show: p.no_show.as_ref().map(|c| c.value),
        no_show_decide: t(&p.no_show_decide),
        auto_reschedule: p.auto_reschedule.as_ref().map(|v| v.value),
        reschedule_answer: t(&p.reschedule_answer),
        series_lead: t(&p.series_lead),
        max_rounds: p.max_rounds.as_ref().map(|v| v.value),
        counter_lasts: t(&p.counter_lasts),
        capture_lead: t(&p.capture_lead),
        renew_lead: t(&p.renew_lead),
        audit_one_in: p.audit_one_in.as_ref().map(|v| v.value),
        keep_telemetry: t(&p.keep_telemetry),
        keep_evidence: t(&p.keep_evidence),
        access_wait: t(&p.access_wait),
        assist_response: t(&p.assist_response),
        assist_fallback: p.assist_fallback.as_ref().map(|f| f.value),
        approval_by: t(&p.approval_by),
    }
}
