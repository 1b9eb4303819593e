//! The candidate filter and the cost: may this robot do this job, and at what price (domain 5.1, 5.2).
//!
//! Checks run in the order of the table, the first that fails is the refusal. Verdicts that need facts beyond the view
//! (offers, certificates, routes, access) arrive in it; [`crate::verdicts`] has the rules that make them.

use super::{Ability, Interval, Job, Need, Pair, Robot, View};
use nooterra_engine::{Instant, Record, Span};

/// Share of a full battery that must be left, 1/10 000.
const RESERVE_BPS: u64 = 1_500;
const BPS: u64 = 10_000;
const SUBSTITUTED: i64 = 20_000;
const AT_SITE: i64 = -5_000;
/// A measured value counts from this many samples on.
const SAMPLES: u32 = 10;
/// A robot that was not heard for more than this many intervals of its heartbeat is out of reach.
const SILENT_INTERVALS: u64 = 3;
/// No term of a cost is more than this, so that no sum of a batch overflows.
const TERM_MAX: i64 = 1_000_000_000_000;

/// The first check that a robot fails for a job, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Refusal {
    /// Not of the pinned owner, and no substitute.
    Pool,
    /// Unfit, or excluded for this job for now.
    Status,
    /// No heartbeat for three intervals.
    Link,
    /// A required value or the payload is not met.
    Capability,
    /// A certificate is missing.
    Cert,
    /// No route.
    Zone,
    /// No availability window holds the whole interval.
    Window,
    /// Another lease or task overlaps.
    Overlap,
    /// It would arrive too late.
    Eta,
    /// The battery does not suffice.
    Energy,
    /// Too little trust.
    Trust,
    /// The way of access is not supported.
    Access,
    /// The privacy mode is not supported.
    Privacy,
}

impl Refusal {
    /// Its code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pool => "POOL",
            Self::Status => "STATUS",
            Self::Link => "LINK",
            Self::Capability => "CAPABILITY",
            Self::Cert => "CERT",
            Self::Zone => "ZONE",
            Self::Window => "WINDOW",
            Self::Overlap => "OVERLAP",
            Self::Eta => "ETA",
            Self::Energy => "ENERGY",
            Self::Trust => "TRUST",
            Self::Access => "ACCESS",
            Self::Privacy => "PRIVACY",
        }
    }
}

/// The terms of a cost; their sum is the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Cost {
    /// 10 per second until arrival.
    pub eta: i64,
    /// Share of the usable energy that the job needs, 1/10 000.
    pub energy: i64,
    /// 2 per 1/10 000 of trust that is missing.
    pub trust: i64,
    /// 5 per minute of work in 24 h.
    pub busy: i64,
    /// 2 per 1/10 000 that its owner has more jobs than robots.
    pub share: i64,
    /// Another owner's robot.
    pub substitute: i64,
    /// Already at the site.
    pub at_site: i64,
}

impl Cost {
    /// Each term by its name.
    pub const fn terms(&self) -> [(&'static str, i64); 7] {
        [
            ("eta", self.eta),
            ("energy", self.energy),
            ("trust", self.trust),
            ("busy", self.busy),
            ("share", self.share),
            ("substitute", self.substitute),
            ("at_site", self.at_site),
        ]
    }
    /// The sum.
    pub const fn total(&self) -> i64 {
        self.eta
            .saturating_add(self.energy)
            .saturating_add(self.trust)
            .saturating_add(self.busy)
            .saturating_add(self.share)
            .saturating_add(self.substitute)
            .saturating_add(self.at_site)
    }
}

/// A robot that can do a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Candidate {
    /// Index of the robot in the view.
    pub robot: u32,
    /// What it costs.
    pub cost: Cost,
    /// When it leaves.
    pub depart: Instant,
    /// When it arrives.
    pub arrive: Instant,
    /// When the work should end.
    pub end: Instant,
    /// When it is back at a dock.
    pub back: Instant,
    /// How long it must charge before it leaves.
    pub charge: Span,
    /// Energy that the job takes, joules.
    pub need_j: u64,
}

/// When a robot would be where, if it charged so long before it left.
struct Trip {
    /// Charging begins, or the robot departs.
    from: Instant,
    depart: Instant,
    arrive: Instant,
    end: Instant,
    back: Instant,
}

impl Trip {
    fn new(now: Instant, j: &Job, r: &Robot, p: &Pair, charge: Span) -> Self {
        let soonest = now.max(r.free_from).max(j.depart_from).saturating_add(charge);
        // Who would be there before its time leaves later.
        let depart = soonest.max(j.arrive_from.saturating_sub(p.travel));
        let from = depart.saturating_sub(charge);
        let arrive = depart.saturating_add(p.travel);
        let end = arrive.saturating_add(p.carry).saturating_add(j.work);
        Self { from, depart, arrive, end, back: end.saturating_add(p.back) }
    }

    /// `WINDOW`, `OVERLAP`, `ETA`.
    fn check(&self, j: &Job, r: &Robot) -> Result<(), Refusal> {
        let holds = |w: &Interval| w.from <= self.from && self.back <= w.to;
        if !r.windows.is_empty() && !r.windows.iter().any(holds) {
            return Err(Refusal::Window);
        }
        if r.taken.iter().any(|t| t.from < self.back && self.from < t.to) {
            return Err(Refusal::Overlap);
        }
        if self.arrive > j.arrive_by { Err(Refusal::Eta) } else { Ok(()) }
    }
}

/// Checks a robot for a job, in the order of [`Refusal`], and scores it. Both are indexes of the view.
// Called once per pair, and most of what it makes is looked at and dropped: kept in the caller's registers.
#[inline(always)]
pub(crate) fn judge(view: &View, job: u32, robot: u32, pair: Option<&Pair>) -> Result<Candidate, Refusal> {
    let (j, r) = (&view.jobs[job as usize], &view.robots[robot as usize]);
    let is_substitute = r.owner != j.owner;
    if is_substitute && !(j.allows_substitute && r.has_standing_offer && pair.is_none_or(|p| !p.bars.lacks_offer)) {
        return Err(Refusal::Pool);
    }
    if !r.is_fit || pair.is_some_and(|p| p.bars.is_excluded) {
        return Err(Refusal::Status);
    }
    if view.now.since(r.heartbeat).0 > r.heartbeat_every.0.saturating_mul(SILENT_INTERVALS) {
        return Err(Refusal::Link);
    }
    if j.payload_g > r.payload_g || !j.needs.iter().all(|n| meets(&r.abilities, n)) {
        return Err(Refusal::Capability);
    }
    if pair.is_some_and(|p| p.bars.lacks_certificate) {
        return Err(Refusal::Cert);
    }
    let p = pair.filter(|p| !p.bars.lacks_route).ok_or(Refusal::Zone)?;
    let mut trip = Trip::new(view.now, j, r, p, Span::ZERO);
    trip.check(j, r)?;

    let need_j = need_j(j, r, p);
    let bound_j = need_j.saturating_add(mul_div(r.battery_j, RESERVE_BPS, BPS));
    let mut charge = Span::ZERO;
    if r.usable_j < bound_j {
        // Charging before departure is an answer only if nothing but the energy fails, also not because of the charging.
        charge = charging_time(r, bound_j).filter(|_| others(j, r, p).is_ok()).ok_or(Refusal::Energy)?;
        trip = Trip::new(view.now, j, r, p, charge);
        trip.check(j, r).map_err(|_| Refusal::Energy)?;
    } else {
        others(j, r, p)?;
    }
    let term = |v: u64| i64::try_from(v).unwrap_or(TERM_MAX).min(TERM_MAX);
    let cost = Cost {
        eta: term(trip.arrive.since(view.now).as_secs().saturating_mul(10)),
        energy: term(mul_div(need_j, BPS, r.usable_j)),
        trust: 2 * (10_000 - i64::from(r.trust_bps)),
        busy: term((r.busy.as_secs() / 60).saturating_mul(5)),
        share: 2 * i64::from(r.owner_excess_bps.max(0)),
        substitute: if is_substitute { SUBSTITUTED } else { 0 },
        at_site: if r.is_at_site { AT_SITE } else { 0 },
    };
    let Trip { depart, arrive, end, back, .. } = trip;
    Ok(Candidate { robot, cost, depart, arrive, end, back, charge, need_j })
}

/// `CAPABILITY`: is what is required at most what is declared, and at most what was measured if that is sure?
pub fn meets(offered: &[Ability], n: &Need) -> bool {
    let offered = offered.iter().find(|a| a.name == n.name);
    let sure = |m: &super::Measured| m.samples >= SAMPLES;
    offered.is_some_and(|a| n.at_least <= a.measured.filter(sure).map_or(a.declared, |m| m.value.min(a.declared)))
}

/// `TRUST`, `ACCESS`, `PRIVACY`.
fn others(j: &Job, r: &Robot, p: &Pair) -> Result<(), Refusal> {
    if r.trust_bps < j.min_trust_bps {
        return Err(Refusal::Trust);
    }
    if p.bars.lacks_access {
        return Err(Refusal::Access);
    }
    if p.bars.lacks_privacy { Err(Refusal::Privacy) } else { Ok(()) }
}

/// Energy of the trip, the work and the way back, joules: each part rounded down, one joule more for what that loses.
fn need_j(j: &Job, r: &Robot, p: &Pair) -> u64 {
    let driving = Span(p.travel.0.saturating_add(p.carry.0).saturating_add(p.back.0));
    let whole = Span(driving.0.saturating_add(j.work.0));
    joules(r.drive_w, driving).saturating_add(joules(r.work_w, j.work)).saturating_add(joules(r.aux_w, whole))
}

/// How long it takes until the battery holds this much, if it ever does.
fn charging_time(r: &Robot, bound_j: u64) -> Option<Span> {
    let can = r.charge_w > 0 && bound_j <= r.battery_j;
    can.then(|| Span(mul_div(bound_j - r.usable_j, 1_000_000_000, r.charge_w).saturating_add(1)))
}

/// `a · b / c`, rounded down, at most `u64::MAX`; `c` is taken as at least one.
fn mul_div(a: u64, b: u64, c: u64) -> u64 {
    // The wide division is slow, and hardly ever needed.
    if let Some(p) = a.checked_mul(b) {
        return p / c.max(1);
    }
    u64::try_from(u128::from(a) * u128::from(b) / u128::from(c.max(1))).unwrap_or(u64::MAX)
}

fn joules(watts: u64, time: Span) -> u64 {
    mul_div(watts, time.0, 1_000_000_000).saturating_add(1)
}
