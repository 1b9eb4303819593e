//! Standing offers: rules by which owners quote at once (section 4.1).
//!
//! An offer's capacity is taken by every request that it has quoted for, until that quote is dead or its job is over.

use crate::fact::PartyEvent;
use crate::unit::{Outcome, Unit};
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_market::negotiation::RfqCommand;
use nooterra_market::standing::{StandingCall, StandingFact, StandingOffer};

impl Unit<'_> {
    /// An owner sets its offer, or takes it back.
    pub fn set_standing(&mut self, owner: PartyId, offer: Option<StandingOffer>) -> Outcome {
        let fact = match offer {
            // Ids are given here, whatever the sender wrote.
            Some(o) => {
                let offer = StandingOffer { offer: self.new_id(), ..o };
                self.s.standing.set(owner, offer, Vec::new())
            }
            None => self.s.standing.clear(owner),
        };
        let fact = fact.map_err(crate::negotiation::refusal)?;
        let event = match &fact {
            StandingFact::Set { offer, .. } => PartyEvent::StandingOfferSet(offer.clone()),
            _ => PartyEvent::StandingOfferCleared {},
        };
        self.emit_party(owner, event);
        self.s.standing.evolve(&fact);
        Ok(())
    }

    /// What the offers say to a request that has just been opened.
    pub fn standing_call(&self, job: JobId, reference: u64) -> Option<StandingCall> {
        let n = self.negotiation(job).ok()?;
        let j = self.job(job).ok()?;
        Some(StandingCall {
            job,
            template: j.request.template as u8,
            zones: Vec::new(),
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
        for q in self.s.standing.quotes(&call) {
            let Ok(j) = self.job(job) else { return };
            if self.ready_of(q.owner, &j.request) == 0 {
                continue;
            }
            let arrive = j.request.window.start;
            let (quote, standing) = (self.new_id(), Some(q.offer));
            let (service, expires) = (q.service.minor(), q.expires);
            let c = RfqCommand::Submit { quote, owner: q.owner, standing, service, arrive, robot_class: String::new(), expires };
            // What may not stand is not quoted: nobody waits for an answer to it.
            if self.negotiate(job, &c).is_ok() {
                self.s.standing.evolve(&StandingFact::Taken { owner: q.owner, job });
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
