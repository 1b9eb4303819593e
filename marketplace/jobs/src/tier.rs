//! Environment tiers and service levels with their values.

use nooterra_engine::Record;
use nooterra_engine::time::Span;

/// What kind of place the work happens in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Tier {
    /// A place run for robots.
    Managed,
    /// Offices.
    Office,
    /// Hotels, restaurants.
    Hospitality,
    /// Homes.
    InHome,
}

/// How high a skill or robot must be certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Cert {
    /// Simulation use only.
    Dev,
    /// Supervised trials.
    Sim,
    /// Laboratory.
    Lab,
    /// Field.
    Field,
}

/// Values that a tier brings; pinned at booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct TierValues {
    /// Base of the risk score, milli-points.
    pub base_m: u32,
    /// Heartbeat interval.
    pub heartbeat: Span,
    /// Silence after which a working job stalls.
    pub stall_after: Span,
    /// Longest total stall.
    pub max_stall: Span,
    /// Longest total execution.
    pub max_exec: Span,
    /// Longest wait for entry.
    pub access_wait: Span,
    /// Time to leave.
    pub exit_by: Span,
    /// Lowest certificate.
    pub min_cert: Cert,
    /// Smallest clearance to people.
    pub human_clearance_mm: u32,
}

impl Tier {
    /// Its values.
    pub const fn values(self) -> TierValues {
        match self {
            Self::Managed => values(20_000, [30, 90, 600, 7_200, 900, 300], Cert::Lab, 300),
            Self::Office => values(35_000, [30, 90, 600, 7_200, 900, 300], Cert::Lab, 300),
            Self::Hospitality => values(45_000, [15, 45, 600, 5_400, 600, 300], Cert::Field, 400),
            Self::InHome => values(70_000, [10, 30, 300, 5_400, 600, 180], Cert::Field, 500),
        }
    }
}

const fn values(base_m: u32, s: [u64; 6], min_cert: Cert, human_clearance_mm: u32) -> TierValues {
    TierValues {
        base_m,
        heartbeat: Span::from_secs(s[0]),
        stall_after: Span::from_secs(s[1]),
        max_stall: Span::from_secs(s[2]),
        max_exec: Span::from_secs(s[3]),
        access_wait: Span::from_secs(s[4]),
        exit_by: Span::from_secs(s[5]),
        min_cert,
        human_clearance_mm,
    }
}

/// What the requester paid for in punctuality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Level {
    /// Cheapest.
    Basic,
    /// Usual.
    Standard,
    /// Punctual.
    Premium,
}

/// Values that a service level brings; pinned at booking.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct LevelValues {
    /// Share of the core price, basis points.
    pub price_bps: u32,
    /// Grace for the arrival after the window's start.
    pub arrival_grace: Span,
    /// Grace for completion after the window's end.
    pub completion_grace: Span,
    /// Longest wait for an operator.
    pub assist_response: Span,
    /// Lateness of at least so much costs so many basis points of the service amount.
    pub ladder: Vec<Rung>,
    /// Cap of all credits together, basis points of the service amount.
    pub credit_cap_bps: u32,
}

/// One step of the lateness ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Rung {
    /// From this lateness on.
    pub late: Span,
    /// Credit in basis points.
    pub bps: u32,
}

impl Level {
    /// Its values.
    pub fn values(self) -> LevelValues {
        let make = |price_bps, grace, done, assist, ladder: &[(u64, u32)], credit_cap_bps| LevelValues {
            price_bps,
            arrival_grace: Span::from_secs(grace),
            completion_grace: Span::from_secs(done),
            assist_response: Span::from_secs(assist),
            ladder: ladder.iter().map(|&(s, bps)| Rung { late: Span::from_secs(s), bps }).collect(),
            credit_cap_bps,
        };
        match self {
            Self::Basic => make(0, 1_800, 3_600, 600, &[(3_600, 500)], 1_000),
            Self::Standard => make(500, 900, 900, 300, &[(900, 500), (3_600, 1_500)], 2_500),
            Self::Premium => make(1_500, 300, 0, 120, &[(300, 500), (900, 1_000), (3_600, 2_500)], 5_000),
        }
    }
}

/// How much people are about at a site; enters the risk score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum HumanClass {
    /// Nobody.
    None,
    /// Few.
    Low,
    /// Some.
    Medium,
    /// Many.
    High,
}

impl HumanClass {
    /// Its part of the risk score, milli-points.
    pub const fn points_m(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Low => 2_000,
            Self::Medium => 6_000,
            Self::High => 12_000,
        }
    }
}
