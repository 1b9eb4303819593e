//! Which robot does which job: candidate filter, cost with its terms, minimum-cost assignment of a batch.
//!
//! Everything that is needed arrives in a [`View`]; what is judged elsewhere (certificates, zones, access) arrives as a
//! verdict. The batch is a pure function of the view, and its [`Batch`] holds what an explanation needs.

mod filter;
mod matching;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use filter::judge;
pub use filter::{Candidate, Cost, Refusal, meets};
pub(crate) use matching::Solved;
pub use matching::{Optimum, optimum};

use nooterra_engine::ids::{JobId, PartyId, RobotId};
use nooterra_engine::{Instant, Record, Span};

/// Jobs looked at in one batch.
pub const MAX_JOBS: usize = 1_024;
/// Cheapest robots kept per job.
pub const MAX_CANDIDATES: usize = 32;
/// What leaving a job unassigned costs at least.
const UNASSIGNED: i64 = 10_000_000;
/// How much more it costs for each job that comes later in the batch.
const UNASSIGNED_STEP: i64 = 10_000;

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
    /// Nobody waits for it there before.
    pub arrive_from: Instant,
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
    /// This robot is excluded from this job for now, or degraded in what the job requires.
    pub is_excluded: bool,
    /// A pinned skill lacks a certificate.
    pub lacks_certificate: bool,
    /// No route through permitted zones.
    pub lacks_route: bool,
    /// It does not support the way of access.
    pub lacks_access: bool,
    /// It does not support the privacy mode.
    pub lacks_privacy: bool,
    /// Its owner's standing offer does not take the job at its price.
    pub lacks_offer: bool,
}

/// How one job fared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
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
    let rank = matching::ranks(view);
    let mut outcomes = judge_all(view, &order, &view.pairs, &rank).unwrap_or_else(|| {
        let mut pairs = view.pairs.clone();
        pairs.sort_by_key(|p| (p.job, p.robot));
        judge_all(view, &order, &pairs, &rank).unwrap_or_default()
    });
    let cost = matching::choose(&rank, &mut outcomes);
    Batch { outcomes, cost }
}

/// The outcomes of these jobs before anything is chosen. None if the pairs are not in order: that is found on the way,
/// because going through them once more only to know is a good part of the work.
fn judge_all(view: &View, order: &[u32], pairs: &[Pair], rank: &[u32]) -> Option<Vec<Outcome>> {
    let mut outcomes: Vec<Outcome> = order.iter().map(|job| Outcome { job: *job, ..Outcome::default() }).collect();
    let mut place: Vec<Option<usize>> = vec![None; view.jobs.len()];
    for (k, o) in outcomes.iter().enumerate() {
        place[o.job as usize] = Some(k);
    }
    let mut rest = pairs;
    for (j, place) in (0u32..).zip(place) {
        let (listed, after) = rest.split_at(rest.iter().position(|p| p.job != j).unwrap_or(rest.len()));
        rest = after;
        if rest.first().is_some_and(|p| p.job < j) || !listed.is_sorted_by_key(|p| p.robot) {
            return None;
        }
        if let Some(k) = place {
            judge_job(view, &mut outcomes[k], listed, rank);
        }
    }
    // What is left is about jobs that do not exist.
    rest.iter().all(|p| p.job as usize >= view.jobs.len()).then_some(outcomes)
}

/// Judges every robot for one job; `listed` are the job's pairs by robot.
fn judge_job(view: &View, outcome: &mut Outcome, listed: &[Pair], rank: &[u32]) {
    let mut listed = listed.iter().peekable();
    // The cheapest so far: ascending by cost and id, with the slot that holds the candidate.
    let mut kept: Vec<(i64, u32, usize)> = Vec::with_capacity(MAX_CANDIDATES + 1);
    let mut slots: Vec<Candidate> = Vec::with_capacity(MAX_CANDIDATES);
    for (robot, rank) in (0u32..).zip(rank) {
        let pair = listed.next_if(|p| p.robot == robot);
        // Of pairs named twice the first counts.
        while listed.next_if(|p| p.robot == robot).is_some() {}
        let candidate = match judge(view, outcome.job, robot, pair) {
            Ok(candidate) => candidate,
            Err(why) => {
                outcome.refused.push(Refused { robot, why });
                continue;
            }
        };
        let (cost, mut slot) = (candidate.cost.total(), slots.len());
        if slot < MAX_CANDIDATES {
            slots.push(candidate);
        } else {
            match kept.last() {
                Some(worst) if (cost, *rank) < (worst.0, worst.1) => slot = worst.2,
                _ => continue,
            }
            slots[slot] = candidate;
            kept.pop();
        }
        kept.insert(kept.partition_point(|k| (k.0, k.1) < (cost, *rank)), (cost, *rank, slot));
    }
    outcome.candidates = kept.into_iter().map(|(_, _, slot)| slots[slot]).collect();
}

/// What leaving the `k`-th of `n` jobs unassigned costs, `k` counted from zero.
pub(crate) fn unassigned_cost(k: usize, n: usize) -> i64 {
    UNASSIGNED + UNASSIGNED_STEP * i64::try_from(n - k).unwrap_or(i64::MAX / UNASSIGNED_STEP)
}
