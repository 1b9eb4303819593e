//! May this quote stand? Band, split and expiry (section 4.2, guards of section 3.3).

use crate::rejection::Code;
use crate::tables::PriceTables;
use nooterra_engine::Record;
use nooterra_engine::money::{Amount, mul_div};
use nooterra_engine::time::Instant;
use thiserror::Error;

/// A quote as far as the market judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Offer {
    /// Service amount, minor units.
    pub service: u64,
    /// When it lapses.
    pub expires: Instant,
}

/// What it is judged against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Frame {
    /// Now.
    pub now: Instant,
    /// End of the work's window.
    pub window_end: Instant,
    /// Reference price.
    pub reference: u64,
    /// Sum of the licence caps.
    pub licence_caps: u64,
    /// Live quotes so far.
    pub live: u16,
}

/// Why a quote may not stand, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Refusal {
    /// Too many live quotes.
    #[error("QUOTA_EXCEEDED")]
    Quota,
    /// Lapses before it stands, or after the window.
    #[error("QUOTE_EXPIRED")]
    Expired,
    /// Outside the band around the reference price.
    #[error("PRICE_OUT_OF_BAND")]
    Band,
    /// Licences and operators could eat the provider's half.
    #[error("SPLIT_INFEASIBLE")]
    Split,
    /// More than an amount can be.
    #[error("AMOUNT_OVERFLOW")]
    Overflow,
}

impl From<Refusal> for Code {
    fn from(r: Refusal) -> Self {
        match r {
            Refusal::Quota => Self::QuotaExceeded,
            Refusal::Expired => Self::QuoteExpired,
            Refusal::Band => Self::PriceOutOfBand,
            Refusal::Split => Self::SplitInfeasible,
            Refusal::Overflow => Self::AmountOverflow,
        }
    }
}

/// Checks an offer.
pub fn check(o: &Offer, f: &Frame, t: &PriceTables) -> Result<(), Refusal> {
    if f.live >= t.quotes_max {
        return Err(Refusal::Quota);
    }
    if o.expires <= f.now || o.expires > f.window_end {
        return Err(Refusal::Expired);
    }
    if o.service < 1 || !in_band(o.service, f.reference, t) {
        return Err(Refusal::Band);
    }
    // D_cap + 15 % of S within half of S; an amount that does not even fit the arithmetic is no feasible split.
    let operators = mul_div(o.service, u64::from(t.operator_bps), 10_000).map_err(|_| Refusal::Overflow)?;
    if f.licence_caps.saturating_add(operators) > o.service / 2 {
        return Err(Refusal::Split);
    }
    if o.service > Amount::MAX.minor() {
        return Err(Refusal::Overflow);
    }
    Ok(())
}

/// `low <= S * 10 000 / S_ref <= high`, compared crosswise so that nothing is rounded. No reference counts as 1.
fn in_band(service: u64, reference: u64, t: &PriceTables) -> bool {
    let (ten_thousandths, reference) = (u128::from(service) * 10_000, u128::from(reference.max(1)));
    reference * u128::from(t.band_low_bps) <= ten_thousandths && ten_thousandths <= reference * u128::from(t.band_high_bps)
}
