//! What a tenant sets while everything runs (domain 3.7, `TENANT_POLICY_SET`): two people of staff say the same change, and
//! from when on it holds. What is booked by then keeps what it has pinned.
//!
//! Only what is read when something new is asked for can be set: prices, limits, and how long requests stand. Times by
//! which the platform watches over work under way are as they were at the start.

use crate::fact::GovernanceEvent;
use crate::policy::Policy;
use crate::unit::{Outcome, Unit, need};
use nooterra_engine::digest::Digest;
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Record, always, sometimes};
use nooterra_market::tables::{PriceTables, Rates};
use nooterra_trust::{Code, Rejection, Role};

/// Changes that wait for their time.
const WAITING_MAX: usize = 16;
/// Largest amount of a rate, minor units.
const RATE_MAX: u64 = 1_000_000_000;
/// Shortest and longest of the times that can be set.
const TIMES: (Span, Span) = (Span::from_secs(1), Span::from_mins(30 * 24 * 60));
/// Largest surcharge and highest quote, basis points.
const BPS_MAX: u64 = 100_000;

/// What work costs in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct RatesIn {
    /// The currency.
    pub currency: Currency,
    /// The rates.
    pub rates: Rates,
}

/// A change of the tenant's policy: what is said is set, all else stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Record)]
pub struct PolicyChange {
    /// What work costs.
    pub rates: Vec<RatesIn>,
    /// Shares of prices, and quote limits.
    pub prices: Option<PriceTables>,
    /// Open jobs of one requester at most.
    pub open_jobs_max: Option<u32>,
    /// A request with a start soon closes after this.
    pub rfq_close_soon: Option<Span>,
    /// Any other request closes after this.
    pub rfq_close: Option<Span>,
    /// In manual mode the requester decides within this after closing.
    pub award_decide: Option<Span>,
    /// Authorisation is due within this after the award.
    pub auth_by: Option<Span>,
    /// Idle robots move toward work that nobody is near for.
    pub relocate: Option<bool>,
}

/// A change that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Waiting {
    /// When it takes effect.
    pub from: Instant,
    /// What changes.
    pub change: PolicyChange,
    /// Hash of the whole policy then.
    pub hash: Digest,
}

impl PolicyChange {
    /// Sets what is said.
    pub fn apply(&self, p: &mut Policy) {
        for r in &self.rates {
            for t in p.tariffs.iter_mut().filter(|t| t.currency == r.currency) {
                t.rates = r.rates;
            }
        }
        macro_rules! set {
            ($($field:ident),*) => { $(if let Some(v) = &self.$field { p.$field = v.clone(); })* };
        }
        set!(prices, open_jobs_max, rfq_close_soon, rfq_close, award_decide, auth_by, relocate);
    }

    /// Can it be set?
    fn check(&self, p: &Policy) -> Outcome {
        let wrong = |field: &str| Err(Rejection::new(Code::SchemaInvalid).field(field));
        if *self == Self::default() {
            return wrong("change");
        }
        for (i, r) in self.rates.iter().enumerate() {
            need(p.tariff(r.currency).is_some(), Code::CurrencyMismatch)?;
            let twice = self.rates[..i].iter().any(|o| o.currency == r.currency);
            let bases = [r.rates.base_delivery, r.rates.base_patrol, r.rates.base_inspect];
            let others = [r.rates.per_km, r.rates.per_min, r.rates.cover];
            let sound = bases.iter().all(|b| *b > 0) && bases.iter().chain(&others).all(|a| *a <= RATE_MAX);
            if twice || !sound {
                return wrong("rates");
            }
        }
        let prices = |t: &PriceTables| {
            t.surge_bps.iter().all(|b| u64::from(*b) <= BPS_MAX)
                && (1..=10_000).contains(&t.band_low_bps)
                && (10_000..=BPS_MAX).contains(&t.band_high_bps)
                && t.operator_bps <= 10_000
                && t.quotes_max > 0
                && t.trust_floor_bps <= 10_000
        };
        if self.prices.as_ref().is_some_and(|t| !prices(t)) {
            return wrong("prices");
        }
        if self.open_jobs_max == Some(0) {
            return wrong("open_jobs_max");
        }
        let times = [self.rfq_close_soon, self.rfq_close, self.award_decide, self.auth_by];
        if times.into_iter().flatten().any(|t| t < TIMES.0 || t > TIMES.1) {
            return wrong("times");
        }
        Ok(())
    }
}

impl Unit<'_> {
    /// Staff set the policy; at the second word it is written down, and takes effect at its time.
    pub(crate) fn set_policy(&mut self, change: &PolicyChange, effective_from: Instant, said: Digest) -> Outcome {
        need(self.cx.role == Role::OS, Code::RoleForbidden)?;
        let last = self.s.policies.last().map_or(self.now(), |w| w.from);
        need(effective_from >= self.now().max(last), Code::WindowInvalid)?;
        need(self.s.policies.len() < WAITING_MAX, Code::QuotaExceeded)?;
        change.check(&self.s.genesis.policy)?;
        if !self.is_second(said)? {
            return Ok(());
        }
        sometimes!(true, "policy set");
        let mut then = self.s.genesis.policy.clone();
        self.s.policies.iter().for_each(|w| w.change.apply(&mut then));
        change.apply(&mut then);
        let hash = then.hash();
        self.s.policies.push(Waiting { from: effective_from, change: change.clone(), hash });
        self.govern(GovernanceEvent::TenantPolicySet { policy_hash: hash, effective_from, change: Box::new(change.clone()) });
        Ok(())
    }

    /// The time of changes has come.
    pub(crate) fn policies_due(&mut self) {
        let now = self.now();
        while self.s.policies.first().is_some_and(|w| w.from <= now) {
            let w = self.s.policies.remove(0);
            w.change.apply(&mut self.s.genesis.policy);
            self.s.policy_hash = self.s.genesis.policy.hash();
            always!(self.s.policy_hash == w.hash, "a policy is the one that was said", "from {}", w.from);
        }
    }
}
