//! Who bears a payout (domain 8.5): portions in basis points become amounts that sum exactly.

use crate::claim::terms::{WHOLE_BPS, bps};
use crate::parties::{Fault, Parties};
use crate::rejection::{Code, Rejection};
use nooterra_engine::Record;
use nooterra_engine::ids::PartyId;
use nooterra_engine::money::Amount;

/// Who bears a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Bearer {
    /// The party at fault.
    Party(PartyId),
    /// The pinned insurer.
    Insurer,
    /// The insurance reserve; what it cannot bear stays with the platform.
    Pool,
    /// The platform.
    Platform,
}

/// A part of the whole, as it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Portion {
    /// Who.
    pub bearer: Bearer,
    /// How much of 10 000; never 0.
    pub bps: u32,
}

/// A part of the payout, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Share {
    /// Who.
    pub bearer: Bearer,
    /// How much.
    pub amount: Amount,
}

/// Is this a split of the whole that follows the triaged fault? A party bears only what is its own fault, and a claimant
/// never: its own fault lowers the payout instead.
pub fn check(split: &[Portion], parties: &Parties, fault: Fault, claimant: PartyId) -> Result<(), Rejection> {
    let sum: u64 = split.iter().map(|p| u64::from(p.bps)).sum();
    if sum != u64::from(WHOLE_BPS) {
        return Err(Rejection::new(Code::Unbalanced).field("apportion").expected(WHOLE_BPS).actual(sum));
    }
    let mut bearers: Vec<Bearer> = split.iter().map(|p| p.bearer).collect();
    bearers.sort_unstable();
    if split.iter().any(|p| p.bps == 0) || bearers.windows(2).any(|w| w[0] == w[1]) {
        return Err(Rejection::new(Code::Unbalanced).field("apportion").expected("each bearer once, with a part"));
    }
    let may = |b: &Bearer| match b {
        Bearer::Party(p) => parties.at_fault(fault) == Some(*p) && *p != claimant,
        Bearer::Insurer => parties.insurer.is_some(),
        Bearer::Pool | Bearer::Platform => true,
    };
    match bearers.iter().find(|b| !may(b)) {
        Some(b) => Err(Rejection::new(Code::FundingInvalid).field("apportion").actual(format!("{b:?}"))),
        None => Ok(()),
    }
}

/// The payout cut along a checked split: cumulative, so the parts sum exactly and each is within one unit of its share.
/// The deductible comes off the insurer's part and falls on `liable`, or on the platform where no party is.
#[must_use]
pub fn shares(payout: Amount, split: &[Portion], deductible: Amount, liable: Option<PartyId>) -> Vec<Share> {
    let (mut out, mut upto, mut done) = (Vec::<Share>::new(), 0u32, Amount::ZERO);
    for p in split {
        upto = upto.saturating_add(p.bps).min(WHOLE_BPS);
        let cut = bps(payout, upto).unwrap_or(payout);
        add(&mut out, p.bearer, cut.checked_sub(done).unwrap_or_default());
        done = cut;
    }
    if let Some(s) = out.iter_mut().find(|s| s.bearer == Bearer::Insurer) {
        let d = s.amount.min(deductible);
        s.amount = s.amount.checked_sub(d).unwrap_or_default();
        add(&mut out, liable.map_or(Bearer::Platform, Bearer::Party), d);
    }
    out.retain(|s| s.amount > Amount::ZERO);
    out
}

fn add(out: &mut Vec<Share>, bearer: Bearer, amount: Amount) {
    match out.iter_mut().find(|s| s.bearer == bearer) {
        // Parts of one payout: their sum is in range.
        Some(s) => s.amount = s.amount.checked_add(amount).unwrap_or(Amount::MAX),
        None => out.push(Share { bearer, amount }),
    }
}
