//! Skill licences: what a developer is paid for a job that ran on its skill.

use nooterra_engine::Record;
use nooterra_engine::ids::{LicenceId, PartyId, SkillId};
use nooterra_engine::money::{Amount, MoneyError, mul_div_up};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum LicenceUnit {
    /// The job.
    Job,
    /// Each start of the skill.
    Use,
    /// Each started minute.
    Minute,
    /// Each checkpoint reached.
    Checkpoint,
}

/// A licence as pinned at booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Licence {
    /// The licence.
    pub licence: LicenceId,
    /// The skill.
    pub skill: SkillId,
    /// Who wrote it.
    pub developer: PartyId,
    /// What is counted.
    pub unit: LicenceUnit,
    /// Price of one unit, in minor units.
    pub fee: u64,
    /// Most that one job pays, in minor units; the job's price holds it.
    pub cap: u64,
}

impl Licence {
    /// The licence of the skill that drives a delivery: per checkpoint 100 bps of the service amount, at least one
    /// minor unit, at most 500 bps over the job.
    pub fn delivery(skill: SkillId, developer: PartyId, service: Amount) -> Result<Self, MoneyError> {
        let fee = mul_div_up(service.minor(), 100, 10_000)?;
        let cap = mul_div_up(service.minor(), 500, 10_000)?;
        let licence = LicenceId::named(&format!("{skill}/{developer}"));
        Ok(Self { licence, skill, developer, unit: LicenceUnit::Checkpoint, fee, cap })
    }
    /// What was used of it.
    pub const fn used(self, metered: u64, counted: u64, passed: bool) -> LicenceUse {
        LicenceUse { licence: self, units: if metered < counted { metered } else { counted }, passed }
    }
}

/// What a job used of a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct LicenceUse {
    /// The licence as pinned.
    pub licence: Licence,
    /// Units: the smaller of what the skill metered and what the job's own events count.
    pub units: u64,
    /// Did the job pass the state until which the licence can be given back?
    pub passed: bool,
}

impl LicenceUse {
    /// `min(units * fee, cap)`.
    pub fn due(&self) -> u64 {
        if self.passed { self.units.saturating_mul(self.licence.fee).min(self.licence.cap) } else { 0 }
    }
}
