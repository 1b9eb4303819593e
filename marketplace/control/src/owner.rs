//! What owners of robots say: quotes, standing offers, cancellations.

use crate::fact::PartyEvent;
use crate::input::OwnerCommand;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Instant;
use nooterra_jobs::event::{CancelReason, Event, WithdrawReason};
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::{Mode, Quote};
use nooterra_market::quote::{Frame, Offer, Refusal, check};
use nooterra_operations::stop::Voice;
use nooterra_trust::{Code, Rejection};

fn code_of(r: Refusal) -> Code {
    match r {
        Refusal::Quota => Code::QuotaExceeded,
        Refusal::Expired => Code::QuoteExpired,
        Refusal::Band => Code::PriceOutOfBand,
        Refusal::Split => Code::SplitInfeasible,
        Refusal::Overflow => Code::AmountOverflow,
    }
}

impl Unit<'_> {
    pub fn owner(&mut self, party: PartyId, c: OwnerCommand) -> Outcome {
        match c {
            OwnerCommand::SubmitQuote { job, service, arrive, robot_class, expires } => {
                self.submit_quote(party, job, service, arrive, robot_class, expires)
            }
            OwnerCommand::Stop(order) => self.stop_by_owner(party, order),
            OwnerCommand::ClearStop { stop } => self.clear_stop(stop, Voice::Owner),
            OwnerCommand::WithdrawQuote { job, quote } => {
                let j = self.job(job)?;
                need(j.rfq.invited.contains(&party), Code::NotFound)?;
                let Some(q) = j.live_quotes().find(|q| q.quote.quote == quote && q.quote.owner == party) else {
                    return no(Code::QuoteNotLive);
                };
                let event = Event::QuoteWithdrawn { quote, rev: q.quote.rev };
                self.allowed(job, &event)?;
                need(j.award.is_none_or(|a| a.quote != quote), Code::StateForbids)?;
                self.emit(job, event);
                self.last_quote_gone(job);
                Ok(())
            }
            OwnerCommand::SetStandingOffer(offer) => {
                if let Some(p) = self.s.parties.get_mut(&party) {
                    p.standing = Some(offer.clone());
                }
                self.emit_party(party, PartyEvent::StandingOfferSet(offer));
                Ok(())
            }
            OwnerCommand::Cancel { job } => {
                let j = self.job(job)?;
                need(j.pins.as_ref().is_some_and(|p| p.owner == party), Code::NotFound)?;
                need(j.status.class() == Class::Booked, Code::StateForbids)?;
                self.cancel(job, CancelReason::Owner)
            }
        }
    }

    fn submit_quote(
        &mut self,
        party: PartyId,
        job: JobId,
        service: Amount,
        arrive: Instant,
        robot_class: String,
        expires: Instant,
    ) -> Outcome {
        let now = self.now();
        let j = self.job(job)?;
        let terminal = j.status.is_terminal();
        if !matches!(j.status, Status::Created | Status::Quoted) {
            return no(if terminal { Code::JobTerminal } else { Code::StateForbids });
        }
        need(robot_class.len() <= 32, Code::SchemaInvalid)?;
        need(!j.live_quotes().any(|q| q.quote.owner == party), Code::AlreadyDone)?;
        need(!j.rfq.closed && now < j.request.rfq_closes, Code::RfqClosed)?;
        need(j.rfq.invited.contains(&party), Code::NotInvited)?;
        // A promise that none of its robots could keep would only end as a no-show.
        need(self.ready_of(party, &j.request) > 0, Code::NoCandidate)?;
        let frame = Frame {
            now,
            window_end: j.request.window.end,
            reference: j.rfq.price.total(),
            licence_caps: j.rfq.price.skills.minor(),
            live: u16::try_from(j.live_quotes().count()).unwrap_or(u16::MAX),
        };
        let offer = Offer { service: service.minor(), expires };
        check(&offer, &frame, &self.s.genesis.policy.prices)
            .map_err(|r| Rejection::new(code_of(r)).field("service").expected(frame.reference).actual(service))?;
        let quote = self.new_id();
        self.put_quote(job, Quote { quote, owner: party, rev: 0, service, arrive, robot_class, expires });
        Ok(())
    }

    /// Owners whose standing offers answer quote at once.
    pub fn standing_quotes(&mut self, job: JobId, invited: &[PartyId], reference: u64) {
        for party in invited {
            let Some(p) = self.s.parties.get(party) else { continue };
            let Ok(j) = self.job(job) else { return };
            if !matches!(j.status, Status::Created | Status::Quoted) {
                return;
            }
            let template = j.request.template as u8;
            let serving = u16::try_from(p.serving).unwrap_or(u16::MAX);
            let Some(offer) = p.standing.clone().filter(|o| o.answers(template, serving)) else { continue };
            let expires = j.request.rfq_closes.saturating_add(self.s.genesis.policy.standing_after_close).min(j.request.window.end);
            let arrive = j.request.window.start;
            if self.ready_of(*party, &j.request) == 0 {
                continue;
            }
            let frame = Frame {
                now: self.now(),
                window_end: j.request.window.end,
                reference,
                licence_caps: j.rfq.price.skills.minor(),
                live: u16::try_from(j.live_quotes().count()).unwrap_or(u16::MAX),
            };
            let Ok(service) = offer.service(reference) else { continue };
            if check(&Offer { service: service.minor(), expires }, &frame, &self.s.genesis.policy.prices).is_err() {
                continue;
            }
            let quote = self.new_id();
            self.put_quote(job, Quote { quote, owner: *party, rev: 0, service, arrive, robot_class: String::new(), expires });
        }
    }

    /// A quote lapsed.
    pub fn quote_expired(&mut self, job: JobId) {
        let now = self.now();
        let Ok(j) = self.job(job) else { return };
        let awarded = j.award.map(|a| a.quote);
        let due: Vec<_> = j
            .live_quotes()
            .filter(|q| q.quote.expires <= now && Some(q.quote.quote) != awarded)
            .map(|q| (q.quote.quote, q.quote.rev))
            .collect();
        for (quote, rev) in due {
            self.emit(job, Event::QuoteExpired { quote, rev });
        }
        self.last_quote_gone(job);
    }

    /// After closing, a request without a live quote is over.
    fn last_quote_gone(&mut self, job: JobId) {
        let over = self.job(job).is_ok_and(|j| j.rfq.closed && j.status == Status::Created && j.request.mode == Mode::Manual);
        if over {
            self.withdraw(job, WithdrawReason::NoAcceptableQuote);
        }
    }
}
