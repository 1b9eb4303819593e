//! Folding facts into a negotiation: total, it cannot fail.

use super::{Fate, Negotiation, QuoteLine, RfqFact, RfqPhase};
use nooterra_engine::ids::QuoteId;

impl Negotiation {
    /// Folds a fact in. A fact about a quote that is not here changes nothing.
    pub fn evolve(&mut self, fact: &RfqFact) {
        match fact {
            RfqFact::Submitted { revision, standing } => self.quotes.push(QuoteLine {
                quote: revision.terms.quote,
                owner: revision.terms.owner,
                standing: *standing,
                first: revision.clone(),
                counters: Vec::new(),
                accepted: false,
                fate: Fate::Live,
            }),
            RfqFact::Countered { revision } => {
                if let Some(q) = self.line(revision.terms.quote) {
                    q.counters.push(revision.clone());
                    q.accepted = false;
                }
            }
            RfqFact::Accepted { quote, .. } => {
                if let Some(q) = self.line(*quote) {
                    q.accepted = true;
                }
            }
            RfqFact::QuoteWithdrawn { quote, .. } => self.end(*quote, Fate::Withdrawn),
            RfqFact::QuoteExpired { quote, .. } => self.end(*quote, Fate::Expired),
            RfqFact::Awarded { award, .. } => self.phase = RfqPhase::Awarded(award.clone()),
            RfqFact::AwardLapsed { quote, decide_by, .. } => {
                self.end(*quote, Fate::Lapsed);
                self.phase = RfqPhase::Open;
                self.decide_by = *decide_by;
            }
            RfqFact::Closed { decide_by } => {
                self.closed = true;
                self.decide_by = *decide_by;
            }
            RfqFact::Booked { quote } => {
                self.end(*quote, Fate::Booked);
                self.end_others();
                self.phase = RfqPhase::Booked(*quote);
            }
            RfqFact::Withdrawn { reason } => {
                self.end_others();
                self.phase = RfqPhase::Withdrawn(*reason);
            }
        }
    }

    fn line(&mut self, quote: QuoteId) -> Option<&mut QuoteLine> {
        self.quotes.iter_mut().find(|q| q.quote == quote)
    }

    fn end(&mut self, quote: QuoteId, fate: Fate) {
        if let Some(q) = self.line(quote) {
            q.fate = fate;
        }
    }

    fn end_others(&mut self) {
        self.quotes.iter_mut().filter(|q| q.fate == Fate::Live).for_each(|q| q.fate = Fate::Ended);
    }
}
