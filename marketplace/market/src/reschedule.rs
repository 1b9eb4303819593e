//! Moving a booking to another window (section 4.6): proposal, answer, money, done.
//!
//! A proposal is priced once: `S_new = mul_div(S, S_ref_new, S_ref_old)`, the fee is half of what cancelling would
//! cost the proposer at that moment, nothing a day ahead. A small change of price under an `auto` contract needs no
//! answer; anything else stands open for half an hour, and silence declines it. What is dearer is authorised before
//! the booking moves; until then, and whenever anything fails, the booking stands as it was. Amounts are minor units.

use crate::cancel::{CancelTerms, Moment, owner_comp_bps, requester_fee_bps};
use crate::negotiation::Side;
use crate::rejection::{Code, Guard};
use nooterra_engine::Record;
use nooterra_engine::money::{Amount, mul_div};
use nooterra_engine::time::{Instant, Span};

/// What a contract says about rescheduling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct RescheduleTerms {
    /// Small changes of price need no answer.
    pub auto: bool,
    /// What counts as small, basis points of `S`.
    pub auto_bps: u32,
    /// A job is rescheduled at most so often.
    pub limit: u8,
    /// The other side answers within this.
    pub answer: Span,
}

impl Default for RescheduleTerms {
    fn default() -> Self {
        Self { auto: true, auto_bps: 500, limit: 3, answer: Span::from_mins(30) }
    }
}

/// A half-open interval of receive time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Interval {
    /// First instant.
    pub start: Instant,
    /// First instant after it.
    pub end: Instant,
}

/// A priced proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Proposal {
    /// Who proposes.
    pub by: Side,
    /// The new window.
    pub window: Interval,
    /// Reference price of the new window.
    pub reference: u64,
    /// Service amount in the new window.
    pub service: u64,
    /// Fee of the proposer, for the move itself.
    pub fee: u64,
    /// The other side answers, and money is authorised, by then.
    pub respond_by: Instant,
    /// Both sides agree; only money is outstanding.
    pub agreed: bool,
}

impl Proposal {
    /// To be authorised of the requester before the booking moves: the increase, and its own fee.
    pub fn extra(&self, old_service: u64) -> u64 {
        let fee = if self.by == Side::Requester { self.fee } else { 0 };
        self.service.saturating_sub(old_service).saturating_add(fee)
    }
    /// To be returned: the decrease.
    pub fn returned(&self, old_service: u64) -> u64 {
        old_service.saturating_sub(self.service)
    }
}

/// A booking as far as it can be moved.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Booking {
    /// Its window.
    pub window: Interval,
    /// Service amount `S`.
    pub service: u64,
    /// Reference price of that window.
    pub reference: u64,
    /// How often it was moved.
    pub moved: u8,
    /// The open proposal.
    pub open: Option<Proposal>,
    /// Terms from the pins.
    pub terms: RescheduleTerms,
    /// Brackets from the pins.
    pub cancel: CancelTerms,
}

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum RescheduleCommand {
    /// A side proposes another window.
    Propose {
        /// Who.
        by: Side,
        /// The new window.
        window: Interval,
        /// Reference price there.
        reference: u64,
        /// Robots that could do it there.
        candidates: u16,
        /// The booking now: booked, matched or reserved, no work begun.
        movable: bool,
        /// The moment that the fee is judged by.
        moment: Moment,
    },
    /// The other side agrees.
    Accept {
        /// Who.
        by: Side,
    },
    /// The other side declines, or the proposer takes it back.
    Decline,
    /// The extra amount is authorised.
    Authorised {
        /// How much.
        amount: u64,
    },
}

/// Why a proposal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum DeclineReason {
    /// A side said no.
    Declined,
    /// Nobody answered, or the money did not come.
    Timeout,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum RescheduleFact {
    /// `RESCHEDULE_PROPOSED`.
    Proposed(Proposal),
    /// Both sides agree; the extra amount is asked for.
    Agreed,
    /// `RESCHEDULE_DECLINED`: the booking stands.
    Declined(DeclineReason),
    /// `JOB_RESCHEDULED`.
    Rescheduled {
        /// The window left.
        old: Interval,
        /// What is in force now.
        to: Proposal,
        /// Taken of the requester in addition.
        extra: u64,
        /// Returned to the requester.
        returned: u64,
    },
}

impl Booking {
    /// Decides a command at `now`.
    pub fn decide(&self, now: Instant, c: &RescheduleCommand) -> Result<Vec<RescheduleFact>, Code> {
        let mut g = Guard::new();
        match c {
            RescheduleCommand::Propose { by, window, reference, candidates, movable, moment } => {
                g.need(*movable, Code::StateForbids);
                g.need(self.open.is_none(), Code::TrackForbids);
                g.need(now < window.start && window.start < window.end, Code::WindowInvalid);
                g.need(self.moved < self.terms.limit, Code::RescheduleLimit);
                g.need(*candidates > 0, Code::NoCandidate);
                g.need(self.reference > 0 && *reference > 0, Code::AmountInvalid);
                let service = mul_div(self.service, *reference, self.reference).ok().filter(|s| *s <= Amount::MAX.minor());
                g.need(service.is_some() || self.reference == 0, Code::AmountOverflow);
                g.verdict()?;
                let service = service.ok_or(Code::AmountOverflow)?;
                let fee = self.fee(*by, moment)?;
                let respond_by = now.saturating_add(self.terms.answer);
                let p = Proposal { by: *by, window: *window, reference: *reference, service, fee, respond_by, agreed: false };
                let mut facts = vec![RescheduleFact::Proposed(p)];
                if self.terms.auto && self.is_small(service) {
                    facts.extend(self.agree(p));
                }
                Ok(facts)
            }
            RescheduleCommand::Accept { by } => {
                let Some(p) = self.open else { return Err(Code::TrackForbids) };
                g.need(!p.agreed, Code::AlreadyDone);
                g.need(now < p.respond_by, Code::QuoteExpired);
                g.need(*by != p.by, Code::NotYourTurn);
                g.verdict()?;
                Ok(self.agree(p))
            }
            RescheduleCommand::Decline => {
                g.need(self.open.is_some(), Code::TrackForbids);
                g.verdict()?;
                Ok(vec![RescheduleFact::Declined(DeclineReason::Declined)])
            }
            RescheduleCommand::Authorised { amount } => {
                let Some(p) = self.open.filter(|p| p.agreed) else { return Err(Code::TrackForbids) };
                g.need(now < p.respond_by, Code::QuoteExpired);
                g.need(*amount == p.extra(self.service), Code::AuthMismatch);
                g.verdict()?;
                Ok(vec![self.done(p)])
            }
        }
    }

    /// `RESCHEDULE_BY`, while a proposal is open.
    pub fn deadline(&self) -> Option<Instant> {
        self.open.map(|p| p.respond_by)
    }

    /// What `RESCHEDULE_BY` leads to.
    pub fn fire(&self, now: Instant) -> Option<RescheduleFact> {
        self.deadline().filter(|by| *by <= now).map(|_| RescheduleFact::Declined(DeclineReason::Timeout))
    }

    /// Folds a fact in.
    pub fn evolve(&mut self, fact: &RescheduleFact) {
        match fact {
            RescheduleFact::Proposed(p) => self.open = Some(*p),
            RescheduleFact::Agreed => self.open = self.open.map(|p| Proposal { agreed: true, ..p }),
            RescheduleFact::Declined(_) => self.open = None,
            RescheduleFact::Rescheduled { to, .. } => {
                (self.window, self.service, self.reference) = (to.window, to.service, to.reference);
                self.moved = self.moved.saturating_add(1);
                self.open = None;
            }
        }
    }

    /// Free a day ahead, else half of what cancelling would cost.
    fn fee(&self, by: Side, m: &Moment) -> Result<u64, Code> {
        if m.start.since(m.now) >= self.cancel.far {
            return Ok(0);
        }
        let bps = match by {
            Side::Requester => requester_fee_bps(&self.cancel, m),
            Side::Owner => owner_comp_bps(&self.cancel, m, false),
        };
        mul_div(self.service, u64::from(bps / 2), 10_000).map_err(|_| Code::AmountOverflow)
    }

    fn is_small(&self, service: u64) -> bool {
        u128::from(self.service.abs_diff(service)) * 10_000 <= u128::from(self.service) * u128::from(self.terms.auto_bps)
    }

    fn agree(&self, p: Proposal) -> Vec<RescheduleFact> {
        if p.extra(self.service) == 0 { vec![self.done(p)] } else { vec![RescheduleFact::Agreed] }
    }

    fn done(&self, p: Proposal) -> RescheduleFact {
        let to = Proposal { agreed: true, ..p };
        RescheduleFact::Rescheduled { old: self.window, to, extra: p.extra(self.service), returned: p.returned(self.service) }
    }
}
