//! Timers of a negotiation (section 2.4). They are read from the state, never stored beside it, so none is forgotten.

use super::{AwardMode, EndReason, LapseCause, Negotiation, RfqFact, RfqPhase, RfqStatus, View};
use nooterra_engine::Record;
use nooterra_engine::ids::QuoteId;
use nooterra_engine::time::Instant;

/// What can become due, in the order in which timers of one instant fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum RfqTimer {
    /// `QUOTE_EXPIRY` of this quote.
    QuoteExpiry(QuoteId),
    /// `RFQ_CLOSE`.
    RfqClose,
    /// `AWARD_DECIDE`.
    AwardDecide,
    /// `AUTH_BY`.
    AuthBy,
}

/// An armed timer. Ascending order is the order of firing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Armed {
    /// When.
    pub due: Instant,
    /// What.
    pub timer: RfqTimer,
}

impl Negotiation {
    /// Every armed timer in order of firing.
    pub fn deadlines(&self) -> Vec<Armed> {
        let mut armed = Vec::new();
        if matches!(self.phase, RfqPhase::Booked(_) | RfqPhase::Withdrawn(_)) {
            return armed;
        }
        let mut arm = |due, timer| armed.push(Armed { due, timer });
        let awarded = self.award();
        for q in self.quotes.iter().filter(|q| q.is_live() && awarded.is_none_or(|a| a.quote != q.quote)) {
            arm(q.newest().lapses, RfqTimer::QuoteExpiry(q.quote));
        }
        if !self.closed {
            arm(self.rfq.closes, RfqTimer::RfqClose);
        }
        if let (Some(by), RfqStatus::Quoted) = (self.decide_by, self.status()) {
            arm(by, RfqTimer::AwardDecide);
        }
        if let Some(a) = awarded {
            arm(a.auth_by, RfqTimer::AuthBy);
        }
        armed.sort_unstable();
        armed
    }

    /// What a timer leads to at `v.now`, its due time; nothing if it is not armed or not due.
    pub fn fire(&self, v: &View<'_>, timer: RfqTimer) -> Vec<RfqFact> {
        if !self.deadlines().iter().any(|a| a.timer == timer && a.due <= v.now) {
            return Vec::new();
        }
        match timer {
            RfqTimer::QuoteExpiry(quote) => {
                let rev = self.quote(quote).map_or(0, |q| q.newest().terms.rev);
                self.and_then(v, RfqFact::QuoteExpired { quote, rev })
            }
            RfqTimer::RfqClose => {
                let by = v.now.saturating_add(self.rfq.rules.decide_for).min(self.rfq.start);
                self.and_then(v, RfqFact::Closed { decide_by: (self.rfq.mode == AwardMode::Manual).then_some(by) })
            }
            RfqTimer::AwardDecide => vec![RfqFact::Withdrawn { reason: EndReason::NotDecided }],
            RfqTimer::AuthBy => self.lapse(v, LapseCause::AuthTimeout),
        }
    }
}
