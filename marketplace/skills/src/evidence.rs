//! What each tier asks of a certificate. Evidence is counts with the hashes of the runs behind them; the runs replay.

use crate::words::Tier;
use nooterra_engine::digest::content_hash;
use nooterra_engine::{Digest, Record};
use nooterra_trust::{Code, Rejection};

/// Seeds under which every case must pass.
pub const SEEDS_MIN: u32 = 1_000;
/// Hardware-in-loop runs.
pub const LOOP_RUNS_MIN: u32 = 50;
const LOOP_DONE_BPS: u64 = 9_500;
/// Supervised jobs.
pub const JOBS_MIN: u32 = 200;
const JOBS_PASS_BPS: u64 = 9_800;
/// Most hashes of runs.
const RUNS_MAX: usize = 4_096;

/// Every case, simulated with the declared faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Simulated {
    /// Seeds under which every case was run.
    pub seeds: u32,
    /// Runs that failed.
    pub failed: u32,
    /// Kinds of fault that were injected.
    pub faults: u32,
    /// Incidents of severity 3 and more.
    pub incidents: u32,
    /// Times that a clamp was reached.
    pub clamps: u32,
    /// Times that one did not hold.
    pub clamps_broken: u32,
}

/// Hardware in the loop, on the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct InLoop {
    /// Runs.
    pub runs: u32,
    /// Runs that were completed.
    pub completed: u32,
    /// Incidents of severity 3 and more.
    pub incidents: u32,
    /// Runs whose motion the twin did not predict within its bounds.
    pub residual_breaches: u32,
    /// Runs in which an operator helped.
    pub assisted: u32,
}

/// Supervised jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Supervised {
    /// Jobs.
    pub jobs: u32,
    /// Jobs whose proof passed.
    pub passed: u32,
    /// Incidents of severity 4 and more with fault DEVELOPER.
    pub incidents: u32,
    /// Hash of the privacy review.
    pub privacy_review: Digest,
}

/// What a certificate rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Evidence {
    /// Simulated runs.
    pub simulated: Simulated,
    /// Hardware-in-loop runs.
    pub in_loop: InLoop,
    /// Supervised jobs.
    pub supervised: Supervised,
    /// Hashes of the logs of those runs.
    pub runs: Vec<Digest>,
}

impl Evidence {
    /// What a certificate names.
    pub fn hash(&self) -> Digest {
        content_hash("nooterra/evidence/v1", self)
    }

    /// Does it suffice for this tier, each earlier one included? The static checks of `DEV` are made at publication.
    pub fn supports(&self, tier: Tier) -> Result<(), Rejection> {
        if self.runs.len() > RUNS_MAX {
            return Err(Rejection::new(Code::SchemaInvalid)
                .field("evidence.runs")
                .expected(format!("at most {RUNS_MAX}"))
                .actual(self.runs.len()));
        }
        let (s, l, j) = (&self.simulated, &self.in_loop, &self.supervised);
        if tier >= Tier::Sim {
            least("simulated.seeds", s.seeds, SEEDS_MIN)?;
            none("simulated.failed", s.failed)?;
            least("simulated.faults", s.faults, 1)?;
            none("simulated.incidents", s.incidents)?;
            least("simulated.clamps", s.clamps, 1)?;
            none("simulated.clamps_broken", s.clamps_broken)?;
            least("runs", u32::try_from(self.runs.len()).unwrap_or(u32::MAX), 1)?;
        }
        if tier >= Tier::Lab {
            least("in_loop.runs", l.runs, LOOP_RUNS_MIN)?;
            share("in_loop.completed", l.completed, l.runs, LOOP_DONE_BPS)?;
            none("in_loop.incidents", l.incidents)?;
            none("in_loop.residual_breaches", l.residual_breaches)?;
            least("in_loop.assisted", l.assisted, 1)?;
        }
        if tier >= Tier::Field {
            least("supervised.jobs", j.jobs, JOBS_MIN)?;
            share("supervised.passed", j.passed, j.jobs, JOBS_PASS_BPS)?;
            none("supervised.incidents", j.incidents)?;
            if j.privacy_review == Digest::ZERO {
                return Err(short("supervised.privacy_review", "a review", "none"));
            }
        }
        Ok(())
    }
}

fn short(field: &str, expected: impl std::fmt::Display, actual: impl std::fmt::Display) -> Rejection {
    Rejection::new(Code::EvidenceInsufficient).field(format!("evidence.{field}")).expected(expected).actual(actual)
}

fn least(field: &str, found: u32, wanted: u32) -> Result<(), Rejection> {
    if found >= wanted { Ok(()) } else { Err(short(field, format!("at least {wanted}"), found)) }
}

fn none(field: &str, found: u32) -> Result<(), Rejection> {
    if found == 0 { Ok(()) } else { Err(short(field, 0, found)) }
}

/// At least so many of all, and not more than all.
fn share(field: &str, part: u32, all: u32, bps: u64) -> Result<(), Rejection> {
    let enough = u64::from(part) * 10_000 >= u64::from(all) * bps;
    if enough && part <= all { Ok(()) } else { Err(short(field, format!("{bps} bps of {all}"), part)) }
}
