//! The reference price, part by part, in minor units (section 4.2). Ways and times are rounded up, shares of the core
//! down, each part by itself; the sum is exact.

use crate::tables::{PriceTables, Rates};
use nooterra_engine::Record;
use nooterra_engine::money::{MoneyError, mul_div, mul_div_up};

/// What is measured of a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Measure {
    /// Base price of its kind.
    pub base: u64,
    /// Shortest permitted way from the nearest dock through the points and back, mm.
    pub route_mm: u64,
    /// Estimated work at the points, s.
    pub work_s: u64,
    /// Risk score, milli-points.
    pub risk_m: u32,
    /// Share for the service level, basis points.
    pub level_bps: u32,
    /// Is operator coverage pinned?
    pub covered: bool,
    /// Robots that could do it.
    pub candidates: u16,
    /// Sum of the licence caps.
    pub licence_caps: u64,
}

/// Parts of the reference price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Parts {
    /// Base, distance and time.
    pub core: u64,
    /// For risk.
    pub risk: u64,
    /// For the service level.
    pub level: u64,
    /// For operator coverage.
    pub cover: u64,
    /// For scarcity.
    pub surge: u64,
    /// Licence caps.
    pub skills: u64,
}

impl Parts {
    /// `S_ref`.
    pub fn total(&self) -> Result<u64, MoneyError> {
        [self.core, self.risk, self.level, self.cover, self.surge, self.skills]
            .iter()
            .try_fold(0u64, |a, b| a.checked_add(*b))
            .filter(|sum| i64::try_from(*sum).is_ok())
            .ok_or(MoneyError::Overflow)
    }
}

/// The reference price of a piece of work, in the currency of the rates.
pub fn reference_price(m: &Measure, r: &Rates, t: &PriceTables) -> Result<Parts, MoneyError> {
    let distance = mul_div_up(m.route_mm, r.per_km, 1_000_000)?;
    let time = mul_div_up(m.work_s, r.per_min, 60)?;
    let core = m.base.checked_add(distance).and_then(|v| v.checked_add(time)).ok_or(MoneyError::Overflow)?;
    let surge_bps = t.surge_bps.get(usize::from(m.candidates)).copied().unwrap_or(0);
    let parts = Parts {
        core,
        risk: mul_div(core, u64::from(m.risk_m / 50), 10_000)?,
        level: mul_div(core, u64::from(m.level_bps), 10_000)?,
        cover: if m.covered { r.cover } else { 0 },
        surge: mul_div(core, u64::from(surge_bps), 10_000)?,
        skills: m.licence_caps,
    };
    parts.total().map(|_| parts)
}
