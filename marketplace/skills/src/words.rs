//! Small words that everything here speaks in.

use nooterra_engine::Record;
use nooterra_engine::ids::TenantId;
use nooterra_engine::money::{Amount, Currency};
use std::fmt;

/// A skill's version: the same major version promises the same behaviour to whoever uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub struct Version {
    /// Breaks what came before.
    pub major: u16,
    /// Adds to it.
    pub minor: u16,
    /// Repairs it.
    pub patch: u16,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// How far a bundle was tried; later tiers include earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Tier {
    /// Static checks: simulation use only.
    #[default]
    Dev,
    /// Simulated with faults: supervised trials only.
    Sim,
    /// Hardware in the loop.
    Lab,
    /// Supervised work.
    Field,
}

impl Tier {
    /// All of them, ascending.
    pub const ALL: [Self; 4] = [Self::Dev, Self::Sim, Self::Lab, Self::Field];
}

/// What a skill can ask of a robot: the whole interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Capability {
    /// Drive to a place; the argument is the speed, mm/s.
    Navigate,
    /// Take a load up; its mass, g.
    Pick,
    /// Put a load down; its mass, g.
    Place,
    /// Look; how long, ms.
    Observe,
    /// Have a door opened; how long it stays open, ms.
    Door,
    /// Dock; the speed, mm/s.
    Dock,
    /// Show or sound something; how long, ms.
    Signal,
    /// Ask a person; how long it waits, ms.
    Ask,
}

impl Capability {
    /// All of them, ascending.
    pub const ALL: [Self; 8] = [Self::Navigate, Self::Pick, Self::Place, Self::Observe, Self::Door, Self::Dock, Self::Signal, Self::Ask];
    /// Its name in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Navigate => "navigate",
            Self::Pick => "pick",
            Self::Place => "place",
            Self::Observe => "observe",
            Self::Door => "door",
            Self::Dock => "dock",
            Self::Signal => "signal",
            Self::Ask => "ask",
        }
    }
}

/// A capability with the least and the greatest argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Use {
    /// Which.
    pub capability: Capability,
    /// At least.
    pub min: i64,
    /// At most.
    pub max: i64,
}

/// Bounds on what a robot does while the skill runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Envelope {
    /// Highest speed, mm/s.
    pub speed_mm_s: u32,
    /// Highest acceleration, mm/s².
    pub accel_mm_s2: u32,
    /// Highest force, mN.
    pub force_mn: u32,
    /// Heaviest load, g.
    pub payload_g: u32,
    /// Least clearance to people, mm.
    pub human_clearance_mm: u32,
}

impl Envelope {
    /// The tighter of both in every bound.
    #[must_use]
    pub fn meet(self, o: Self) -> Self {
        Self {
            speed_mm_s: self.speed_mm_s.min(o.speed_mm_s),
            accel_mm_s2: self.accel_mm_s2.min(o.accel_mm_s2),
            force_mn: self.force_mn.min(o.force_mn),
            payload_g: self.payload_g.min(o.payload_g),
            human_clearance_mm: self.human_clearance_mm.max(o.human_clearance_mm),
        }
    }
    /// Does it allow nothing that the other does not allow?
    #[must_use]
    pub fn is_within(self, o: Self) -> bool {
        self.meet(o) == self
    }
}

/// What a licence is paid by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Unit {
    /// Once per job.
    Job,
    /// Each start of the skill.
    Use,
    /// Each started minute.
    Minute,
    /// Each checkpoint reached.
    Checkpoint,
}

/// How far a job has come: until there a licence can be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Milestone {
    /// Booked.
    Booked,
    /// A robot has set out.
    EnRoute,
    /// Entry was granted.
    AccessGranted,
    /// The work has begun.
    Executing,
    /// A first checkpoint was reached.
    Checkpoint,
}

/// What the use of a skill costs in one currency, minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct LicencePrice {
    /// The currency.
    pub currency: Currency,
    /// Price of one unit.
    pub fee: Amount,
    /// Most that one job pays.
    pub cap: Amount,
}

impl LicencePrice {
    /// What so many units cost: `min(units * fee, cap)`.
    pub fn of(&self, units: u64) -> u64 {
        units.saturating_mul(self.fee.minor()).min(self.cap.minor())
    }
}

/// What a developer asks for the use of its skill.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct LicenceTerms {
    /// What is counted.
    pub unit: Unit,
    /// Its price, once for each currency that the developer is paid in, ascending.
    pub prices: Vec<LicencePrice>,
    /// Marketplaces that may license it, ascending.
    pub tenants: Vec<TenantId>,
    /// Certificates below this tier do not suffice for a licence.
    pub min_tier: Tier,
    /// A job that never came past this owes nothing.
    pub refundable_until: Milestone,
}

impl LicenceTerms {
    /// Its price in a currency, if it has one there.
    pub fn price(&self, currency: Currency) -> Option<&LicencePrice> {
        self.prices.iter().find(|p| p.currency == currency)
    }
    /// What a job in this currency owes that came so far, minor units: nothing while it can be given back.
    pub fn due(&self, currency: Currency, units: u64, reached: Milestone) -> u64 {
        let owed = self.price(currency).map_or(0, |p| p.of(units));
        if reached > self.refundable_until { owed } else { 0 }
    }
}

/// How hard a revocation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Level {
    /// No new pins or starts.
    BlockNew,
    /// Also what runs is stopped.
    StopNow,
}
