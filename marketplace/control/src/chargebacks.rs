//! Card chargebacks: the bank takes a payment back, and decides later whether it stays taken.
//!
//! A chargeback is a fact and is recorded at once, whatever the job's state. It is known by the provider's name for it:
//! the same name again is the same chargeback.

use crate::input::PaymentReport;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::{ChargebackId, EventId, JobId};
use nooterra_engine::sometimes;
use nooterra_jobs::event::{Event, Fault, RefundBearer};
use nooterra_jobs::parts::PaymentTrack;
use nooterra_settlement::Refusal;
use nooterra_trust::{Code, Rejection};

/// A refusal of the money rooms as the platform's: its text begins with the code.
pub(crate) fn refused(r: Refusal) -> Rejection {
    let text = r.to_string();
    let (code, story) = text.split_once(": ").unwrap_or((&text, ""));
    let code = Code::from_text(code).unwrap_or(Code::AmountInvalid);
    Rejection::new(code).actual(story)
}

impl Unit<'_> {
    /// Could the money of this event be moved now?
    pub fn payable(&self, job: JobId, event: &Event) -> Outcome {
        let dry = crate::money::step(self.s, job, event, EventId::from_bytes([0; 16]), self.now());
        dry.map(|_| ()).map_err(refused)
    }

    /// What the provider reports of chargebacks.
    pub fn chargeback(&mut self, r: PaymentReport) -> Outcome {
        match r {
            PaymentReport::ChargebackOpened { payment, amount, fee, currency, reason, provider_ref } => {
                need(!provider_ref.is_empty() && provider_ref.len() <= 64 && reason.len() <= 32, Code::SchemaInvalid)?;
                let Some(job) = self.s.payments.get(&payment).copied() else { return no(Code::NotFound) };
                let j = self.job(job)?;
                need(!self.s.chargebacks.contains_key(&provider_ref), Code::AlreadyDone)?;
                need(currency == j.request.currency, Code::CurrencyMismatch)?;
                let captured = j.payment.payment == Some(payment) && j.payment.track == PaymentTrack::Captured;
                need(captured, Code::NotCaptured)?;
                let chargeback: ChargebackId = self.new_id();
                let event = Event::ChargebackOpened { chargeback, amount, fee, reason };
                self.payable(job, &event)?;
                self.result_once(&provider_ref)?;
                sometimes!(true, "chargeback opened");
                self.s.chargebacks.insert(provider_ref, (job, chargeback));
                self.emit(job, event);
                Ok(())
            }
            PaymentReport::ChargebackWon { provider_ref, fee_back } => {
                let (job, chargeback) = self.open_chargeback(&provider_ref)?;
                let event = Event::ChargebackWon { chargeback, fee_back };
                self.payable(job, &event)?;
                self.emit(job, event);
                Ok(())
            }
            PaymentReport::ChargebackLost { provider_ref } => {
                let (job, chargeback) = self.open_chargeback(&provider_ref)?;
                // Who caused that the payer did not get what was paid for bears it first.
                let j = self.job(job)?;
                let (fault, owner) = (j.fault, j.pins.as_ref().map(|p| p.owner));
                let lost = |funding| Event::ChargebackLost { chargeback, fault, funding };
                let first = lost(match (fault, owner) {
                    (Fault::Owner, Some(owner)) => RefundBearer::Party(owner),
                    (Fault::Platform, _) => RefundBearer::Platform {},
                    _ => RefundBearer::Legs {},
                });
                // What the bank has decided is a fact: an owner that got nothing has no leg to take from, so all bear it.
                let event = if self.payable(job, &first).is_ok() { first } else { lost(RefundBearer::Legs {}) };
                self.payable(job, &event)?;
                self.emit(job, event);
                Ok(())
            }
            _ => no(Code::TypeUnknown),
        }
    }

    fn open_chargeback(&self, provider_ref: &str) -> Result<(JobId, ChargebackId), Rejection> {
        let known = self.s.chargebacks.get(provider_ref).copied();
        let (job, chargeback) = known.ok_or_else(|| Rejection::new(Code::NotFound).field("provider_ref"))?;
        need(self.job(job)?.liens.contains(&chargeback), Code::AlreadyDone)?;
        Ok((job, chargeback))
    }
}
