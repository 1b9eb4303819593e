//! Standing offers: a provider's rule that quotes for it.

use nooterra_engine::Record;
use nooterra_engine::ids::StandingOfferId;
use nooterra_engine::money::{Amount, MoneyError, mul_div};

/// A provider's standing offer.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct StandingOffer {
    /// Its id.
    pub offer: StandingOfferId,
    /// Kinds of work, as the caller numbers them.
    pub templates: Vec<u8>,
    /// Price against the reference price, basis points.
    pub price_bps: u32,
    /// Least service amount.
    pub min_service: Amount,
    /// Open jobs that it takes at most.
    pub capacity: u16,
    /// May its robots stand in for another owner's?
    pub substitute: bool,
}

impl StandingOffer {
    /// Does it quote for this kind of work, given how many open jobs it already serves?
    pub fn answers(&self, template: u8, open_jobs: u16) -> bool {
        self.templates.contains(&template) && open_jobs < self.capacity
    }
    /// The service amount that it quotes.
    pub fn service(&self, reference: u64) -> Result<Amount, MoneyError> {
        Amount::new(mul_div(reference, u64::from(self.price_bps), 10_000)?.max(self.min_service.minor()))
    }
}
