//! The books of a month, one of each currency: closed when it is over, set right afterwards by two people in the month
//! that is open.

use crate::fact::PeriodEvent;
use crate::input::{FinanceCommand, Line};
use crate::state::State;
use crate::two_keys::said;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::sometimes;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::Status;
use nooterra_ledger::Account;
use nooterra_ledger::book::Line as BookLine;
use nooterra_settlement::adjust::{AdjustmentLine, posted_in};
use nooterra_settlement::month::Month;
use nooterra_settlement::period::Exposure;
use nooterra_settlement::template::{Template, entry_id};
use nooterra_settlement::{Cause, period};
use nooterra_trust::{Code, Rejection, Role};

/// Most lines of an adjustment.
const LINES_MAX: usize = 32;

/// When the month that is open now is over, in the platform's time. Months are those of the calendar.
pub(crate) fn month_end(s: &State) -> Instant {
    let epoch = s.genesis.epoch;
    Instant(s.month.to().0.saturating_sub(epoch.0))
}

/// The month in which the platform's time lies.
pub(crate) fn month_of(epoch: Instant, at: Instant) -> Month {
    Month::of(epoch.saturating_add(Span(at.0)))
}

/// The month in which a job's money became final, if that is over by then: what comes later concerns that one.
fn origin_at(s: &State, job: JobId, at: Instant) -> Option<Month> {
    let settled = s.jobs.get(&job)?.history.iter().find(|m| m.status == Status::Settled)?.at;
    let epoch = s.genesis.epoch;
    Some(month_of(epoch, settled)).filter(|m| *m < month_of(epoch, at))
}

/// The closed month that a line of the book concerns.
pub(crate) fn origin(s: &State, l: &BookLine) -> Option<Month> {
    s.adjusted.get(&l.entry).copied().or_else(|| origin_at(s, l.job?, l.at))
}

impl Unit<'_> {
    /// The closed period that money of a job concerns by now.
    pub(crate) fn origin_period(&self, job: JobId) -> Option<String> {
        let currency = self.s.jobs.get(&job)?.request.currency;
        origin_at(self.s, job, self.now()).map(|m| m.period(currency))
    }

    /// The month is over: its statements are drawn up and its books closed, each currency's by itself. Nothing can enter it
    /// any more.
    pub fn close_month(&mut self) {
        let (now, month) = (self.now(), self.s.month);
        let to = month_end(self.s);
        let from = Instant(month.from().0.saturating_sub(self.s.genesis.epoch.0));
        let mut open: Vec<(Currency, Exposure)> = self.s.exposure.iter().map(|(c, e)| (*c, *e)).collect();
        if nooterra_engine::planted!("I28 forget the books of a currency") {
            open.truncate(1);
        }
        // All are drawn up before the first is closed: that is already younger than the month.
        let drawn: Vec<_> =
            open.iter().map(|(c, e)| period::close(&self.s.book, *c, (from, to), now, *e, &|l| origin(self.s, l))).collect();
        self.s.month = month.next();
        self.s.adjusted.clear();
        for ((currency, locked), closing) in open.into_iter().zip(drawn) {
            let closing = match closing {
                Ok(c) => c,
                Err(e) => {
                    nooterra_engine::always!(false, "I28 a month closes", "{}: {e}", month.period(currency));
                    continue;
                }
            };
            sometimes!(true, "month closed");
            self.s.exposure.insert(currency, locked.next());
            let mut exposure = closing.exposure;
            if nooterra_engine::planted!("I28 say less than was locked") {
                exposure.held = 0;
            }
            let event = PeriodEvent::PeriodClosed { trial_hash: closing.trial_hash, statements: closing.hashes(), exposure };
            let event_id = self.emit_period(&month.period(currency), event);
            self.post([closing.command(event_id, now)]);
        }
    }

    /// What finance says (`FI`). Money is set right by two keys only: the first is kept until another says the very same.
    pub fn finance(&mut self, c: FinanceCommand) -> Outcome {
        need(self.cx.role == Role::FI, Code::RoleForbidden)?;
        let Some(key) = self.cx.key else { return no(Code::SecondKeyRequired) };
        let said = said(&c);
        let (currency, lines, origin, reason) = match c {
            FinanceCommand::Refund { job, dispute } => return self.refund_award(job, dispute),
            FinanceCommand::Adjust { currency, lines, origin, reason } => (currency, lines, origin, reason),
        };
        // The books of the month that is open, as they were read. A month in which nothing was written has no head yet.
        self.read_at(&format!("period/{}", self.s.month.period(currency)))?;
        need(self.s.genesis.policy.tariff(currency).is_some(), Code::CurrencyMismatch)?;
        let is_month = |m: Month| m.year >= 1970 && (1..=12).contains(&m.month);
        need(!lines.is_empty() && lines.len() <= LINES_MAX && origin.is_none_or(is_month), Code::SchemaInvalid)?;
        need(reason != Digest::ZERO, Code::ContentHashMissing)?;
        let command = |event| self.adjustment(event, currency, &lines, origin);
        // Whether the ledger takes it is known before it is written down.
        let dry = command(EventId::from_bytes([0; 16]))?;
        self.posts(&dry)?;
        if !self.s.adjustments.second(said, key, PartyId::from_bytes(self.cx.actor))? {
            return Ok(());
        }
        let month = self.s.month.period(currency);
        let event = PeriodEvent::AdjustmentPosted { lines: lines.clone(), origin_period: origin, decision_hash: said };
        let event_id = self.emit_period(&month, event);
        if let Some(m) = origin {
            self.s.adjusted.insert(entry_id(event_id, Template::Adjusted, 0), m);
        }
        let command = self.adjustment(event_id, currency, &lines, origin)?;
        self.post([command]);
        Ok(())
    }

    fn adjustment(
        &self,
        event: EventId,
        currency: Currency,
        lines: &[Line],
        origin: Option<Month>,
    ) -> Result<nooterra_ledger::Command, Rejection> {
        let cause = Cause { event, at: self.now(), currency };
        let own: Vec<AdjustmentLine> = lines.iter().map(|l| AdjustmentLine { account: l.account, amount: l.amount }).collect();
        for l in lines {
            // A payable without a verified payee could never be paid out.
            let party = l.account.party();
            need(party.is_none_or(|p| self.s.genesis.takes(p, currency)), Code::PayeeMissing)?;
            need(!matches!(l.account, Account::Cash | Account::PspClearing), Code::FundingInvalid)?;
        }
        posted_in(self.s.month, cause, &own, origin).map_err(crate::chargebacks::refused)
    }
}
