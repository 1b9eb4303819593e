//! Standing offers: a provider's rule that quotes for it (section 4.1).
//!
//! At opening each matching offer with capacity to spare yields a quote of `max(min_service, S_ref * price_bps)`,
//! which lapses a while after the close. [`StandingOffer`] is the rule; [`StandingBook`] keeps every owner's, counts
//! what each has taken on and says what they answer. An owner has one offer for each currency that it quotes in: an offer
//! answers requests in its own currency alone. Amounts are minor units, prices basis points of `S_ref`.

use crate::rejection::{Code, Guard};
use nooterra_engine::Record;
use nooterra_engine::ids::{JobId, PartyId, StandingOfferId, ZoneId};
use nooterra_engine::money::{Amount, Currency, MoneyError, mul_div};
use nooterra_engine::time::{Instant, Span};
use std::collections::{BTreeMap, BTreeSet};

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
    /// The currency that it quotes in.
    pub currency: Currency,
    /// Zones that it serves, ascending; none means all. It answers a request whose zones are all among them.
    pub zones: Vec<ZoneId>,
}

impl StandingOffer {
    /// Does it quote for this kind of work in this currency, given how many open jobs it already serves?
    pub fn answers(&self, template: u8, currency: Currency, open_jobs: u16) -> bool {
        self.templates.contains(&template) && self.currency == currency && open_jobs < self.capacity
    }
    /// The service amount that it quotes.
    pub fn service(&self, reference: u64) -> Result<Amount, MoneyError> {
        Amount::new(mul_div(reference, u64::from(self.price_bps), 10_000)?.max(self.min_service.minor()))
    }
}

/// Bounds of a standing offer.
const TEMPLATES_MAX: usize = 32;
const ZONES_MAX: usize = 256;

/// An owner's offer in the book, and what it has taken on.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct StandingLine {
    /// The offer.
    pub offer: StandingOffer,
    /// Jobs that it has quoted for, is awarded or works on.
    pub serving: BTreeSet<JobId>,
}

impl StandingLine {
    /// Does it serve this kind of work in all of these zones and in this currency, and has it room for one more?
    fn takes(&self, template: u8, zones: &[ZoneId], currency: Currency) -> bool {
        let open = u16::try_from(self.serving.len()).unwrap_or(u16::MAX);
        let own = &self.offer.zones;
        let here = own.is_empty() || zones.iter().all(|z| own.binary_search(z).is_ok());
        here && self.offer.answers(template, currency, open)
    }
}

/// Standing offers of a tenant: one an owner and currency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct StandingBook {
    lines: BTreeMap<(PartyId, Currency), StandingLine>,
}

/// What happened to standing offers.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum StandingFact {
    /// `STANDING_OFFER_SET`: it replaces the owner's former one in this currency and keeps what that has taken on.
    Set {
        /// Whose.
        owner: PartyId,
        /// The offer.
        offer: StandingOffer,
    },
    /// The owner has none in this currency any more.
    Cleared {
        /// Whose.
        owner: PartyId,
        /// In which currency.
        currency: Currency,
    },
    /// It has quoted for a job: its capacity is taken.
    Taken {
        /// Whose.
        owner: PartyId,
        /// In which currency.
        currency: Currency,
        /// Which job.
        job: JobId,
    },
    /// The quote died or the job ended: its capacity is free again.
    Freed {
        /// Whose.
        owner: PartyId,
        /// Which job.
        job: JobId,
    },
}

/// A request as standing offers see it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct StandingCall {
    /// The job.
    pub job: JobId,
    /// What kind of work, as the caller numbers them.
    pub template: u8,
    /// The currency that it is paid in.
    pub currency: Currency,
    /// Zones that the work touches.
    pub zones: Vec<ZoneId>,
    /// Owners asked.
    pub invited: Vec<PartyId>,
    /// Reference price `S_ref`.
    pub reference: u64,
    /// When the request closes.
    pub closes: Instant,
    /// End of the work's window.
    pub window_end: Instant,
    /// Automatic quotes lapse this long after the close.
    pub after_close: Span,
}

/// A quote that a standing offer gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct AutoQuote {
    /// For whom.
    pub owner: PartyId,
    /// Under which offer.
    pub offer: StandingOfferId,
    /// Service amount.
    pub service: Amount,
    /// When it lapses: after the close, never after the window.
    pub expires: Instant,
    /// May another owner's robot stand in?
    pub substitute: bool,
}

impl StandingBook {
    /// One owner's line in a currency.
    pub fn get(&self, owner: PartyId, currency: Currency) -> Option<&StandingLine> {
        self.lines.get(&(owner, currency))
    }

    /// Has an owner any offer, in whatever currency, by which its robots may stand in for another's?
    pub fn lends(&self, owner: PartyId) -> bool {
        self.lines.iter().any(|((o, _), l)| *o == owner && l.offer.substitute)
    }

    /// Does an owner's offer let its robots stand in for another's on work of this kind in these zones, at the service
    /// amount that the other has agreed on? What counts is its least amount: its own price was never asked for.
    pub fn stands_in(&self, owner: PartyId, template: u8, zones: &[ZoneId], (service, currency): (Amount, Currency)) -> bool {
        let lends = |l: &StandingLine| l.offer.substitute && l.offer.min_service <= service && l.takes(template, zones, currency);
        self.get(owner, currency).is_some_and(lends)
    }

    /// Owners whose offers have taken this job on, ascending.
    pub fn serving(&self, job: JobId) -> impl Iterator<Item = PartyId> + '_ {
        self.lines.iter().filter(move |(_, l)| l.serving.contains(&job)).map(|((o, _), _)| *o)
    }

    /// May an owner set this offer?
    pub fn set(&self, owner: PartyId, mut offer: StandingOffer) -> Result<StandingFact, Code> {
        offer.zones.sort_unstable();
        offer.zones.dedup();
        let mut g = Guard::new();
        let kinds: BTreeSet<u8> = offer.templates.iter().copied().collect();
        let lists = !kinds.is_empty() && kinds.len() == offer.templates.len() && kinds.len() <= TEMPLATES_MAX;
        g.need(lists && offer.zones.len() <= ZONES_MAX, Code::SchemaInvalid);
        g.verdict()?;
        Ok(StandingFact::Set { owner, offer })
    }

    /// May an owner take its offer in this currency back?
    pub fn clear(&self, owner: PartyId, currency: Currency) -> Result<StandingFact, Code> {
        self.get(owner, currency).map(|_| StandingFact::Cleared { owner, currency }).ok_or(Code::NotFound)
    }

    /// What the offers quote for a request at its opening, ascending by owner: one a line that serves the kind, the
    /// currency and every zone and has capacity to spare. Whether a quote may stand is judged as for any other.
    pub fn quotes(&self, c: &StandingCall) -> Vec<AutoQuote> {
        let answer = |((owner, _), l): (&(PartyId, Currency), &StandingLine)| {
            let free = l.takes(c.template, &c.zones, c.currency) && !l.serving.contains(&c.job) && c.invited.contains(owner);
            let service = l.offer.service(c.reference).ok().filter(|_| free)?;
            let expires = c.closes.saturating_add(c.after_close).min(c.window_end);
            Some(AutoQuote { owner: *owner, offer: l.offer.offer, service, expires, substitute: l.offer.substitute })
        };
        self.lines.iter().filter_map(answer).collect()
    }

    /// Folds a fact in.
    pub fn evolve(&mut self, fact: &StandingFact) {
        match fact {
            StandingFact::Set { owner, offer } => {
                let key = (*owner, offer.currency);
                let serving = self.lines.remove(&key).map(|l| l.serving).unwrap_or_default();
                self.lines.insert(key, StandingLine { offer: offer.clone(), serving });
            }
            StandingFact::Cleared { owner, currency } => {
                self.lines.remove(&(*owner, *currency));
            }
            StandingFact::Taken { owner, currency, job } => {
                if let Some(l) = self.lines.get_mut(&(*owner, *currency)) {
                    l.serving.insert(*job);
                }
            }
            // A job has one currency, so that at most one offer of an owner serves it.
            StandingFact::Freed { owner, job } => {
                for (_, l) in self.lines.iter_mut().filter(|((o, _), _)| o == owner) {
                    l.serving.remove(job);
                }
            }
        }
    }
}
