//! Standing offers: rules by which owners quote at once (section 4.1).
//!
//! An offer's capacity is taken by every request that it has quoted for, until that quote is dead or its job is over.

use crate::fact::PartyEvent;
use crate::unit::{Outcome, Unit, need};
use nooterra_engine::ids::{JobId, PartyId, ZoneId};
use nooterra_engine::money::Currency;
use nooterra_jobs::Job;
use nooterra_market::negotiation::{ROBOT_CLASS_MAX, RfqCommand};
use nooterra_market::standing::{StandingCall, StandingFact, StandingOffer};
use nooterra_trust::{Code, Rejection};
use std::collections::BTreeSet;

impl Unit<'_> {
    /// An owner sets its offer in a currency that it takes.
    pub fn set_standing(&mut self, owner: PartyId, offer: StandingOffer) -> Outcome {
        need(self.s.genesis.policy.tariff(offer.currency).is_some(), Code::CurrencyMismatch)?;
        need(self.s.genesis.takes(owner, offer.currency), Code::CurrencyMismatch)?;
        // Ids are given here, whatever the sender wrote.
        let offer = StandingOffer { offer: self.new_id(), ..offer };
        // Owners name levels of the site, or none for all of them.
        let levels = self.world.level_zones();
        if !offer.zones.iter().all(|z| levels.contains(z)) {
            return Err(Rejection::new(Code::NotFound).field("zones"));
        }
        let fact = self.s.standing.set(owner, offer).map_err(crate::negotiation::refusal)?;
        let StandingFact::Set { offer, .. } = &fact else { return Ok(()) };
        self.emit_party(owner, PartyEvent::StandingOfferSet(offer.clone()));
        self.s.standing.evolve(&fact);
        Ok(())
    }

    /// An owner takes its offer in a currency back.
    pub fn clear_standing(&mut self, owner: PartyId, currency: Currency) -> Outcome {
        let fact = self.s.standing.clear(owner, currency).map_err(crate::negotiation::refusal)?;
        self.emit_party(owner, PartyEvent::StandingOfferCleared { currency });
        self.s.standing.evolve(&fact);
        Ok(())
    }

    /// The class of an owner's robots, where it has but one: what is offered for it by rule.
    pub(crate) fn class_of(&self, owner: PartyId) -> String {
        let own = self.s.robots.values().filter(|c| c.robot.owner == owner);
        let models: BTreeSet<&str> = own.map(|c| c.robot.model.as_str()).collect();
        let only = models.first().filter(|m| models.len() == 1 && m.len() <= ROBOT_CLASS_MAX);
        only.map(|m| (*m).to_owned()).unwrap_or_default()
    }

    /// The zones of a job's places as standing offers name them: levels. Once it is booked, those that were pinned.
    pub(crate) fn levels_of(&self, j: &Job) -> Vec<ZoneId> {
        if let Some(p) = j.pins.as_deref() {
            return p.zones.iter().copied().filter(|z| !self.world.area_zones.contains(z)).collect();
        }
        self.world.zones_at(j.steps().iter().map(|s| s.place)).into_iter().collect()
    }

    /// What the offers say to a request that has just been opened.
    pub fn standing_call(&self, job: JobId, reference: u64) -> Option<StandingCall> {
        let n = self.negotiation(job).ok()?;
        let j = self.job(job).ok()?;
        Some(StandingCall {
            job,
            template: j.request.template as u8,
            currency: j.request.currency,
            zones: self.levels_of(j),
            invited: n.rfq.invited.clone(),
            reference,
            closes: j.request.rfq_closes,
            window_end: j.request.window.end,
            after_close: self.s.genesis.policy.standing_after_close,
        })
    }

    /// Owners whose standing offers answer quote at once.
    pub fn standing_quotes(&mut self, job: JobId, reference: u64) {
        let Some(call) = self.standing_call(job, reference) else { return };
        let currency = call.currency;
        for q in self.s.standing.quotes(&call) {
            let Ok(j) = self.job(job) else { return };
            if !self.is_any_ready(q.owner, j) {
                continue;
            }
            let arrive = j.request.window.start;
            let (quote, standing) = (self.new_id(), Some(q.offer));
            let (service, expires) = (q.service.minor(), q.expires);
            let (owner, robot_class) = (q.owner, self.class_of(q.owner));
            let c = RfqCommand::Submit { quote, owner, standing, service, currency, arrive, robot_class, expires };
            // What may not stand is not quoted: nobody waits for an answer to it.
            if self.negotiate(job, &c).is_ok() {
                self.s.standing.evolve(&StandingFact::Taken { owner, currency, job });
            }
        }
    }

    /// A quote is dead, or a job is over or booked with somebody else: capacity is free again.
    pub fn free_standing(&mut self, job: JobId, of: impl Fn(PartyId) -> bool) {
        let owners: Vec<PartyId> = self.s.standing.serving(job).filter(|o| of(*o)).collect();
        for owner in owners {
            self.s.standing.evolve(&StandingFact::Freed { owner, job });
        }
    }
}
