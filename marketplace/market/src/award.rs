//! Who gets the work: the award key, which never ties (section 4.1). It ends with the id, so two quotes are equal only
//! if they are one.

use nooterra_engine::Record;
use nooterra_engine::ids::QuoteId;
use nooterra_engine::time::Instant;

/// An awardable quote as the key sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Bid {
    /// Total price `Q`, minor units.
    pub total: u64,
    /// Promised arrival.
    pub arrive: Instant,
    /// Trust in the owner, basis points.
    pub owner_trust_bps: u32,
    /// Position of its input in the log.
    pub log_seq: u64,
    /// Its id.
    pub quote: QuoteId,
}

impl Bid {
    /// Smallest wins.
    pub fn key(&self) -> (u64, Instant, u32, u64, QuoteId) {
        (self.total, self.arrive, 10_000u32.saturating_sub(self.owner_trust_bps), self.log_seq, self.quote)
    }
}

/// All bids within budget, best first.
pub fn ranking(bids: &[Bid], budget: Option<u64>) -> Vec<QuoteId> {
    let mut fit: Vec<&Bid> = bids.iter().filter(|b| budget.is_none_or(|most| b.total <= most)).collect();
    fit.sort_unstable_by_key(|b| b.key());
    if nooterra_engine::planted!("I32 award the dearest") {
        fit.reverse();
    }
    fit.into_iter().map(|b| b.quote).collect()
}
