//! The risk score, in milli-points from 0 to 100 000 (section 4.3). Every quotient is rounded down where it is taken,
//! the sum is clamped once, at the end.

use crate::tables::PriceTables;
use nooterra_engine::Record;
use nooterra_engine::money::mul_div;

/// Settled jobs of the last ninety days of the same kind at the same site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct History {
    /// How many.
    pub jobs: u64,
    /// Of those, with an incident of severity 2 or more.
    pub incidents: u64,
    /// Of those, with a stall.
    pub stalls: u64,
    /// Seconds of remote help, all together.
    pub assist_s: u64,
    /// Claims paid, minor units, all together.
    pub claims: u64,
}

/// What the score is made of.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct RiskInput {
    /// Base of the tier, milli-points.
    pub base_m: u32,
    /// Trust of the candidates, basis points.
    pub trust_bps: Vec<u32>,
    /// Robots that could do it.
    pub candidates: u16,
    /// What happened before.
    pub history: History,
    /// Points for people about, milli-points.
    pub human_m: u32,
    /// Is operator coverage pinned?
    pub covered: bool,
}

/// A score and what it came from.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Score {
    /// Milli-points, 0 to 100 000.
    pub score_m: u32,
    /// Base, trust, supply, incidents, stalls, assists, claims, people, cover.
    pub factors: Vec<i32>,
}

/// Fewer settled jobs than this count as this many.
const LEAST_JOBS: u64 = 20;

/// The score.
pub fn score(i: &RiskInput) -> Score {
    let mut trust = i.trust_bps.clone();
    trust.sort_unstable_by(|a, b| b.cmp(a));
    trust.truncate(3);
    let n = trust.len() as u64;
    let mean = trust.iter().map(|t| u64::from((*t).min(10_000))).sum::<u64>().checked_div(n).unwrap_or(5_000);
    let supply = match i.candidates {
        0 | 1 => 10_000,
        2 => 5_000,
        _ => 0,
    };
    let jobs = i.history.jobs.max(LEAST_JOBS);
    // At most the whole: no job counts twice.
    let rate = |count: u64| mul_div(10_000, count.min(jobs), jobs).unwrap_or(10_000);
    let factors: [i64; 9] = [
        i64::from(i.base_m),
        3 * (10_000 - small(mean)),
        supply,
        4 * small(rate(i.history.incidents)),
        2 * small(rate(i.history.stalls)),
        33 * small((i.history.assist_s / jobs).min(900)),
        small((i.history.claims / jobs).min(40_000) / 2),
        i64::from(i.human_m),
        if i.covered { -3_000 } else { 0 },
    ];
    let sum = factors.iter().sum::<i64>().clamp(0, 100_000);
    Score { score_m: u32::try_from(sum).unwrap_or(0), factors: factors.iter().map(|f| i32::try_from(*f).unwrap_or(i32::MAX)).collect() }
}

fn small(v: u64) -> i64 {
    i64::try_from(v).unwrap_or(i64::MAX)
}

/// Lowest trust of a robot for a job of this score, basis points.
pub fn min_trust_bps(score_m: u32, t: &PriceTables) -> u32 {
    t.trust_floor_bps.saturating_add(score_m / 25).min(10_000)
}

/// Must an operator stand by?
pub fn forces_cover(score_m: u32, t: &PriceTables) -> bool {
    score_m >= t.cover_from_m
}
