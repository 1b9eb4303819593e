//! Which robot does which job: candidate filter, cost with its terms, minimum-cost assignment of a batch.
//!
//! Everything that is needed arrives in a [`View`]; what is judged elsewhere (certificates, zones, access) arrives as a
//! verdict. The batch is a pure function of the view, and its [`Batch`] holds what an explanation needs.

mod matching;
#[cfg(test)]
mod tests;

use nooterra_engine::ids::{JobId, PartyId, RobotId};
use nooterra_engine::{Instant, Record, Span};
use std::borrow::Cow;

/// Jobs looked at in one batch.
pub const MAX_JOBS: usize = 1_024;
/// Cheapest robots kept per job.
pub const MAX_CANDIDATES: usize = 32;
/// What leaving a job unassigned costs at least.
const UNASSIGNED: i64 = 10_000_000;
/// How much more it costs for each job that comes later in the batch.
const UNASSIGNED_STEP: i64 = 10_000;
/// Share of a full battery that must be left, 1/10 000.
const RESERVE_BPS: u64 = 1_500;
const BPS: u64 = 10_000;
const SUBSTITUTED: i64 = 20_000;
const AT_SITE: i64 = -5_000;

/// A batch: what the assignment sees.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct View {
    /// The instant of the batch.
    pub now: Instant,
    /// Jobs that need a robot.
    pub jobs: Vec<Job>,
    /// Robots that may be considered.
    pub robots: Vec<Robot>,
    /// What is particular to a job and a robot; pairs not listed fail `ZONE`.
    pub pairs: Vec<Pair>,
}

/// A job that needs a robot.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Job {
    /// Its id.
    pub job: JobId,
    /// A robot handed it over: goes first.
    pub is_handover: bool,
    /// It had a robot before: goes next.
    pub is_redispatch: bool,
    /// A robot must have arrived by then.
    pub arrive_by: Instant,
    /// Not before.
    pub depart_from: Instant,
    /// How long the work takes after arrival.
    pub work: Span,
    /// What the load weighs, grams.
    pub payload_g: u64,
    /// The owner whose robots are pinned.
    pub owner: PartyId,
    /// Another owner's robot may do it.
    pub allows_substitute: bool,
    /// Least trust, 1/10 000.
    pub min_trust_bps: u32,
    /// Values that the job requires, ascending by name.
    pub needs: Vec<Need>,
}

/// A required value.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Need {
    /// What it measures: `reach_mm`.
    pub name: String,
    /// At least this much.
    pub at_least: u64,
}

/// A value that a robot offers.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Ability {
    /// What it measures.
    pub name: String,
    /// Declared.
    pub declared: u64,
    /// Measured, and from how many samples.
    pub measured: Option<Measured>,
}

/// A measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Measured {
    /// The value.
    pub value: u64,
    /// From this many samples.
    pub samples: u32,
}

/// A stretch of time, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Interval {
    /// First instant in it.
    pub from: Instant,
    /// First instant past it.
    pub to: Instant,
}

/// A robot.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Robot {
    /// Its id.
    pub robot: RobotId,
    /// Whose it is.
    pub owner: PartyId,
    /// Its owner has a standing offer that substitution may use.
    pub has_standing_offer: bool,
    /// Active, or degraded only in what does not matter; no stop, quarantine, maintenance or custody.
    pub is_fit: bool,
    /// Its last heartbeat.
    pub heartbeat: Instant,
    /// The interval of its heartbeats.
    pub heartbeat_every: Span,
    /// Rated payload, grams.
    pub payload_g: u64,
    /// What it offers, ascending by name.
    pub abilities: Vec<Ability>,
    /// Whole battery, joules.
    pub battery_j: u64,
    /// Energy in it now by measurement, joules.
    pub usable_j: u64,
    /// Power while it drives, watts (the higher of declared and measured).
    pub drive_w: u64,
    /// Power at all times, watts.
    pub aux_w: u64,
    /// Power while it works beyond that, watts.
    pub work_w: u64,
    /// Charging power at its dock, watts; 0 if it cannot charge.
    pub charge_w: u64,
    /// Trust, 1/10 000.
    pub trust_bps: u32,
    /// Time in work over the last 24 h.
    pub busy: Span,
    /// By how much its owner's share of jobs exceeds its share of robots, 1/10 000 (negative if below).
    pub owner_excess_bps: i32,
    /// It is at the site already.
    pub is_at_site: bool,
    /// When it is free to depart.
    pub free_from: Instant,
    /// Leases and tasks, ascending, disjoint.
    pub taken: Vec<Interval>,
    /// When its owner offers it; empty means always.
    pub windows: Vec<Interval>,
}

/// What is particular to a job and a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Pair {
    /// Index of the job in the view.
    pub job: u32,
    /// Index of the robot in the view.
    pub robot: u32,
    /// Travel to the start of the work.
    pub travel: Span,
    /// Driving within the work.
    pub carry: Span,
    /// From the end of the work to the nearest free dock.
    pub back: Span,
    /// Verdicts of others.
    pub bars: Bars,
}

/// Verdicts on a pair that others reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Bars {
    /// This robot is excluded from this job for now.
    pub is_excluded: bool,
    /// A pinned skill lacks a certificate.
    pub lacks_certificate: bool,
    /// No route through permitted zones.
    pub lacks_route: bool,
    /// It does not support the way of access.
    pub lacks_access: bool,
    /// It does not support the privacy mode.
    pub lacks_privacy: bool,
}

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

/// How one job fared.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Outcome {
    /// Index of the job in the view.
    pub job: u32,
    /// The robot chosen, as an index of `candidates`.
    pub chosen: Option<u32>,
    /// The cheapest candidates, ascending by (cost, robot id).
    pub candidates: Vec<Candidate>,
    /// Who was refused and why, by robot index.
    pub refused: Vec<Refused>,
}

/// A robot refused for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Refused {
    /// Index of the robot in the view.
    pub robot: u32,
    /// The first check that it failed.
    pub why: Refusal,
}

/// The outcome of a batch, in the order in which jobs were served.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Batch {
    /// One per job looked at.
    pub outcomes: Vec<Outcome>,
    /// Sum of all costs, unassigned jobs included.
    pub cost: i64,
}

impl Batch {
    /// The pairs made: job index, robot index, the candidate.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32, &Candidate)> + '_ {
        self.outcomes.iter().filter_map(|o| {
            let c = o.candidates.get(o.chosen? as usize)?;
            Some((o.job, c.robot, c))
        })
    }
}

/// Matches the jobs of a view with its robots.
pub fn assign(view: &View) -> Batch {
    let mut order: Vec<u32> = (0u32..).take(view.jobs.len()).collect();
    order.sort_by_key(|j| {
        let job = &view.jobs[*j as usize];
        (!job.is_handover, !job.is_redispatch, job.arrive_by, job.job)
    });
    order.truncate(MAX_JOBS);
    let by_job = |p: &Pair| (p.job, p.robot);
    let mut pairs = Cow::Borrowed(&view.pairs[..]);
    if !pairs.is_sorted_by_key(by_job) {
        pairs.to_mut().sort_by_key(by_job);
    }
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(order.len());
    for j in order {
        let first = pairs.partition_point(|p| p.job < j);
        let mut listed = pairs[first..].iter().take_while(|p| p.job == j).peekable();
        let mut refused = Vec::new();
        // The cheapest so far, ascending by cost and id.
        let mut kept: Vec<((i64, RobotId), Candidate)> = Vec::with_capacity(MAX_CANDIDATES + 1);
        for (robot, r) in (0u32..).zip(&view.robots) {
            let pair = listed.next_if(|p| p.robot == robot);
            // Of pairs named twice the first counts.
            while listed.next_if(|p| p.robot == robot).is_some() {}
            match judge(view, j, robot, pair) {
                Ok(c) => {
                    let key = (c.cost.total(), r.robot);
                    if kept.len() < MAX_CANDIDATES || kept.last().is_some_and(|(worst, _)| key < *worst) {
                        kept.insert(kept.partition_point(|(k, _)| *k <= key), (key, c));
                        kept.truncate(MAX_CANDIDATES);
                    }
                }
                Err(why) => refused.push(Refused { robot, why }),
            }
        }
        let candidates = kept.into_iter().map(|(_, c)| c).collect();
        outcomes.push(Outcome { job: j, chosen: None, candidates, refused });
    }
    let cost = matching::choose(view, &mut outcomes);
    Batch { outcomes, cost }
}

/// What leaving the `k`-th of `n` jobs unassigned costs.
pub(crate) fn unassigned_cost(k: usize, n: usize) -> i64 {
    UNASSIGNED + UNASSIGNED_STEP * i64::try_from(n - k).unwrap_or(i64::MAX / UNASSIGNED_STEP)
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

/// Checks a robot for a job, in the order of [`Refusal`], and scores it.
pub fn judge(view: &View, job: u32, robot: u32, pair: Option<&Pair>) -> Result<Candidate, Refusal> {
    let (j, r) = (&view.jobs[job as usize], &view.robots[robot as usize]);
    let is_substitute = r.owner != j.owner;
    if is_substitute && !(j.allows_substitute && r.has_standing_offer) {
        return Err(Refusal::Pool);
    }
    if !r.is_fit || pair.is_some_and(|p| p.bars.is_excluded) {
        return Err(Refusal::Status);
    }
    if view.now.since(r.heartbeat).0 > r.heartbeat_every.0.saturating_mul(3) {
        return Err(Refusal::Link);
    }
    let meets = |n: &Need| {
        let offered = r.abilities.iter().find(|a| a.name == n.name);
        offered.is_some_and(|a| n.at_least <= a.measured.filter(|m| m.samples >= 10).map_or(a.declared, |m| m.value.min(a.declared)))
    };
    if j.payload_g > r.payload_g || !j.needs.iter().all(meets) {
        return Err(Refusal::Capability);
    }
    if pair.is_some_and(|p| p.bars.lacks_certificate) {
        return Err(Refusal::Cert);
    }
    let p = pair.filter(|p| !p.bars.lacks_route).ok_or(Refusal::Zone)?;

    // Energy comes last of the checks on time, but charging before departure shifts the whole interval.
    let driving = Span(p.travel.0.saturating_add(p.carry.0).saturating_add(p.back.0));
    let whole = Span(driving.0.saturating_add(j.work.0));
    let need_j = joules(r.drive_w, driving).saturating_add(joules(r.work_w, j.work)).saturating_add(joules(r.aux_w, whole));
    let bound_j = need_j.saturating_add(mul_div(r.battery_j, RESERVE_BPS, BPS));
    let short_j = bound_j.saturating_sub(r.usable_j);
    let can_charge = r.charge_w > 0 && bound_j <= r.battery_j;
    let charge = if short_j > 0 && can_charge { Span(mul_div(short_j, 1_000_000_000, r.charge_w).saturating_add(1)) } else { Span::ZERO };

    let depart = view.now.max(r.free_from).max(j.depart_from).saturating_add(charge);
    let arrive = depart.saturating_add(p.travel);
    let end = arrive.saturating_add(p.carry).saturating_add(j.work);
    let back = end.saturating_add(p.back);
    let from = if charge == Span::ZERO { depart } else { depart.saturating_sub(charge) };
    if !r.windows.is_empty() && !r.windows.iter().any(|w| w.from <= from && back <= w.to) {
        return Err(Refusal::Window);
    }
    if r.taken.iter().any(|t| t.from < back && from < t.to) {
        return Err(Refusal::Overlap);
    }
    if arrive > j.arrive_by {
        // Late only because it would have to charge first: the battery is what fails.
        let unhurried = arrive.saturating_sub(charge) <= j.arrive_by;
        return Err(if unhurried { Refusal::Energy } else { Refusal::Eta });
    }
    if short_j > 0 && !can_charge {
        return Err(Refusal::Energy);
    }
    if r.trust_bps < j.min_trust_bps {
        return Err(Refusal::Trust);
    }
    if p.bars.lacks_access {
        return Err(Refusal::Access);
    }
    if p.bars.lacks_privacy {
        return Err(Refusal::Privacy);
    }
    let whole_i64 = |v: u64| i64::try_from(v).unwrap_or(i64::MAX / 64);
    let cost = Cost {
        eta: whole_i64(arrive.since(view.now).as_secs()).saturating_mul(10),
        energy: whole_i64(mul_div(need_j, BPS, r.usable_j)),
        trust: 2 * (10_000 - i64::from(r.trust_bps)),
        busy: whole_i64(r.busy.as_secs() / 60).saturating_mul(5),
        share: 2 * i64::from(r.owner_excess_bps.max(0)),
        substitute: if is_substitute { SUBSTITUTED } else { 0 },
        at_site: if r.is_at_site { AT_SITE } else { 0 },
    };
    Ok(Candidate { robot, cost, depart, arrive, end, back, charge, need_j })
}
