//! What the payment adapter reports, and the booking that an authorisation brings.

use crate::fact::PartyEvent;
use crate::input::PaymentReport;
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::PaymentAsk;
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::{JobId, PartyId, PaymentId, RefundId};
use nooterra_engine::money::Amount;
use nooterra_engine::sometimes;
use nooterra_jobs::Pins;
use nooterra_jobs::Timing;
use nooterra_jobs::event::{CancelReason, Event};
use nooterra_jobs::parts::{PaymentTrack, Renewal};
use nooterra_jobs::payload::Booking;
use nooterra_jobs::pins::{Retention, zones_hash};
use nooterra_jobs::status::{Class, Status};
use nooterra_ledger::Account;
use nooterra_market::negotiation::RfqCommand;
use nooterra_market::zone::table_hash;
use nooterra_port::FacilityOrder;
use nooterra_trust::claim::Command;
use nooterra_trust::{Code, Rejection};

impl Unit<'_> {
    pub fn payment(&mut self, adapter: PartyId, r: PaymentReport) -> Outcome {
        if let Some(job) = self.job_of_extra(&r) {
            return self.extra_payment(job, r);
        }
        match r {
            PaymentReport::Authorised { payment, amount, currency, expires, provider_ref } => {
                let job = self.job_of(payment)?;
                let j = self.job(job)?;
                let renewal = j.payment.renewal.filter(|r| r.payment == payment);
                let renews = renewal.is_some();
                need(renews || j.status == Status::Awarded && j.payment.payment == Some(payment), Code::StateForbids)?;
                need(renews || j.payment.track == PaymentTrack::Asked, Code::TrackForbids)?;
                need(currency == j.request.currency, Code::CurrencyMismatch)?;
                let asked = renewal.map_or(j.payment.amount, |r| r.amount);
                if amount != asked {
                    return Err(Rejection::new(Code::AuthMismatch).field("amount").expected(asked).actual(amount));
                }
                if renews {
                    self.result_once(&provider_ref)?;
                    return self.renewed(job, Event::PaymentAuthorised { payment, amount, expires, provider_ref });
                }
                let pins = self.pins(job)?;
                let book = RfqCommand::Book { authorised: amount.minor(), redeemed: j.payment.credit.minor(), currency };
                self.may(job, &book)?;
                let waits = j.request.team.is_some();
                self.result_once(&provider_ref)?;
                self.emit(job, Event::PaymentAuthorised { payment, amount, expires, provider_ref });
                if waits {
                    return Ok(()); // booked with the others, at the end of this unit or of a later one
                }
                self.book(job, pins);
                self.negotiate(job, &book)?;
                Ok(())
            }
            PaymentReport::Declined { payment, code } => {
                let job = self.job_of(payment)?;
                let j = self.job(job)?;
                if j.payment.renewal.is_some_and(|r| r.payment == payment) {
                    return self.not_renewed(job, Event::PaymentDeclined { payment, code });
                }
                need(j.status == Status::Awarded && j.payment.payment == Some(payment), Code::StateForbids)?;
                need(j.payment.track == PaymentTrack::Asked, Code::TrackForbids)?;
                self.may(job, &RfqCommand::Decline)?;
                self.emit(job, Event::PaymentDeclined { payment, code });
                self.negotiate(job, &RfqCommand::Decline)
            }
            PaymentReport::Captured { payment, amount } => {
                let job = self.job_of(payment)?;
                let j = self.job(job)?;
                need(j.payment.track == PaymentTrack::Authorised && j.payment.payment == Some(payment), Code::TrackForbids)?;
                if amount != j.payment.amount && amount != self.due_after_end(job) && amount != j.cash_due() {
                    return Err(Rejection::new(Code::AuthMismatch).field("amount").expected(j.payment.amount).actual(amount));
                }
                self.emit(job, Event::PaymentCaptured { payment, amount });
                self.go_if_reserved(job);
                Ok(())
            }
            PaymentReport::CaptureFailed { payment, .. } => {
                let job = self.job_of(payment)?;
                let j = self.job(job)?;
                need(j.payment.track == PaymentTrack::Authorised && j.payment.payment == Some(payment), Code::TrackForbids)?;
                let attempt = j.payment.failed.saturating_add(1);
                let last = j.pins.as_ref().is_none_or(|p| attempt >= p.timing.capture_attempts);
                let running = matches!(j.status.class(), Class::Booked | Class::Inside);
                self.emit(job, Event::PaymentCaptureFailed { payment, attempt });
                if running && last {
                    self.cancel(job, CancelReason::PaymentFailed)?;
                } else if !running {
                    self.ask_payments(PaymentAsk::Void { payment });
                }
                Ok(())
            }
            PaymentReport::Voided { payment } => {
                let job = self.job_of(payment)?;
                if let Some(j) = self.s.jobs.get_mut(&job).filter(|j| j.payment.replaced.contains(&payment)) {
                    j.payment.replaced.retain(|p| *p != payment);
                    return Ok(());
                }
                let j = self.job(job)?;
                if j.payment.payment != Some(payment) || j.status.class() == Class::Open {
                    // The answer to an authorisation that came to nothing: nothing is left to release.
                    return Ok(());
                }
                let open = matches!(j.status.class(), Class::Ended) || j.status == Status::Withdrawn;
                need(open && j.payment.track != PaymentTrack::Captured, Code::TrackForbids)?;
                need(j.payment.track != PaymentTrack::Voided, Code::AlreadyDone)?;
                self.emit(job, Event::PaymentVoided { payment, reason: "RELEASED".to_owned() });
                Ok(())
            }
            PaymentReport::RefundPaid { refund, provider_ref } => {
                let Some((job, _)) = self.s.refunds.get(&refund).copied() else { return no(Code::NotFound) };
                self.refund_pending(job, refund)?;
                self.result_once(&provider_ref)?;
                self.emit(job, Event::RefundPaid { refund, provider_ref });
                Ok(())
            }
            PaymentReport::RefundFailed { refund, code } => {
                let Some((job, _)) = self.s.refunds.get(&refund).copied() else { return no(Code::NotFound) };
                self.refund_pending(job, refund)?;
                self.emit(job, Event::RefundFailed { refund, code });
                Ok(())
            }
            PaymentReport::PayoutConfirmed { payout, provider_ref } => {
                let Some(p) = self.s.payouts.get(&payout).copied() else { return no(Code::NotFound) };
                self.result_once(&provider_ref)?;
                self.emit_party(p.due.party, PartyEvent::PayoutConfirmed { payout, provider_ref });
                self.s.payouts.remove(&payout);
                Ok(())
            }
            PaymentReport::PayoutFailed { payout, code } => {
                let Some(p) = self.s.payouts.get(&payout).copied() else { return no(Code::NotFound) };
                self.emit_party(p.due.party, PartyEvent::PayoutFailed { payout, code });
                self.s.payouts.remove(&payout);
                Ok(())
            }
            PaymentReport::ProviderSettled { amount, fee, currency, provider_ref } => {
                need(self.s.genesis.policy.tariff(currency).is_some(), Code::CurrencyMismatch)?;
                need(fee <= amount && amount > Amount::ZERO, Code::AmountInvalid)?;
                self.result_once(&provider_ref)?;
                self.emit_party(adapter, PartyEvent::ProviderSettled { gross: amount, fee, currency, provider_ref });
                Ok(())
            }
            PaymentReport::ClaimPaid { claim, amount, currency, provider_ref } => {
                let name = self.result_name(&provider_ref)?;
                self.claim_money(claim, currency, Command::Pay { claim, amount, provider_ref })?;
                self.s.provider_results.insert(name);
                Ok(())
            }
            PaymentReport::RecoveryReceived { claim, insurer, amount, currency } => {
                self.claim_money(claim, currency, Command::Recover { claim, insurer, amount })
            }
            opened_or_decided => self.chargeback(opened_or_decided),
        }
    }

    /// An authorisation would end before its capture is due: another one is asked for in its place.
    pub(crate) fn renew_authorisation(&mut self, job: JobId) {
        let payment: PaymentId = self.new_id();
        let Some(j) = self.s.jobs.get_mut(&job) else { return };
        let (payer, currency, amount) = (j.request.requester, j.request.currency, j.cash_due());
        j.payment.renewal = Some(Renewal { payment, amount });
        self.s.payments.insert(payment, job);
        self.ask_payments(PaymentAsk::Authorise { payment, job, payer, amount, currency });
    }

    /// The new one is there: the old one is released. One that comes when nothing is to be captured any more is released itself.
    fn renewed(&mut self, job: JobId, authorised: Event) -> Outcome {
        let j = self.job(job)?;
        let late = j.payment.track != PaymentTrack::Authorised || j.payment.capturing || j.ended_at.is_some();
        let (old, new) = (j.payment.payment, j.payment.renewal.map(|r| r.payment));
        // One of the two is released: the provider is asked until it says so.
        let Some(gone) = (if late { new } else { old }) else { return no(Code::StateForbids) };
        if let Some(j) = self.s.jobs.get_mut(&job) {
            j.payment.renewal = None;
            j.payment.replaced.push(gone);
        }
        self.jobs_touched.insert(job);
        if !late {
            sometimes!(true, "an authorisation is renewed");
            self.emit(job, Event::PaymentVoided { payment: gone, reason: "RENEWED".to_owned() });
            self.emit(job, authorised);
        }
        self.ask_payments(PaymentAsk::Void { payment: gone });
        Ok(())
    }

    /// No new one: the booking has no money behind it.
    fn not_renewed(&mut self, job: JobId, declined: Event) -> Outcome {
        let j = self.job(job)?;
        let running = matches!(j.status.class(), Class::Booked | Class::Inside) && j.payment.track == PaymentTrack::Authorised;
        if let Some(j) = self.s.jobs.get_mut(&job) {
            j.payment.renewal = None;
            // Not asked for again: the old one is captured while it lasts, or the booking is over.
            j.payment.authorised = None;
        }
        self.emit(job, declined);
        if running {
            return self.cancel(job, CancelReason::PaymentFailed);
        }
        Ok(())
    }

    /// What stands for a result that the provider who speaks reports; it was not reported before.
    fn result_name(&self, provider_ref: &str) -> Result<[u8; 16], Rejection> {
        need((1..=64).contains(&provider_ref.len()), Code::SchemaInvalid)?;
        let mut name = [0; 16];
        name.copy_from_slice(&sha256(&[b"nooterra/result/v1", &self.cx.actor, provider_ref.as_bytes()]).0[..16]);
        let known = self.s.provider_results.contains(&name);
        if known { Err(Rejection::new(Code::AlreadyDone).field("provider_ref").actual(provider_ref)) } else { Ok(name) }
    }

    /// The last guard of a provider's result: it counts once, whatever it is reported for.
    pub(crate) fn result_once(&mut self, provider_ref: &str) -> Outcome {
        let name = self.result_name(provider_ref)?;
        self.s.provider_results.insert(name);
        Ok(())
    }

    /// Would the negotiation take this command?
    fn may(&self, job: JobId, c: &RfqCommand) -> Outcome {
        self.decided(job, c).map(|_| ())
    }

    fn job_of(&self, payment: PaymentId) -> Result<JobId, Rejection> {
        self.s.payments.get(&payment).copied().ok_or_else(|| Rejection::new(Code::NotFound).field("payment"))
    }

    fn refund_pending(&self, job: JobId, refund: RefundId) -> Outcome {
        let pending = self.job(job)?.refund(refund).is_some_and(|r| r.track == nooterra_jobs::parts::RefundTrack::Pending);
        need(pending, Code::AlreadyDone)
    }

    /// What of an authorisation is due when a job ended before capture: the cancellation fee.
    fn due_after_end(&self, job: JobId) -> Amount {
        let Ok(j) = self.job(job) else { return Amount::ZERO };
        let fee = j.pins.as_ref().and_then(|p| p.service.bps(u64::from(j.fee_bps)).ok()).unwrap_or(Amount::ZERO);
        // Credit pays first.
        fee.checked_sub(j.payment.credit).unwrap_or(Amount::ZERO).min(j.payment.amount)
    }

    /// The terms that this award pins.
    pub(crate) fn pins(&self, job: JobId) -> Result<Pins, Rejection> {
        let g = &self.s.genesis;
        let j = self.job(job)?;
        let none = || Rejection::new(Code::ContractInactive);
        let q = self.chosen(job).ok_or_else(none)?;
        let r = &j.request;
        let contract = self.s.contracts.get(r.contract).ok_or_else(none)?;
        // What was quoted cannot be booked, and nothing takes its place.
        let licences = self.licences_as_quoted(&q, r.currency).ok_or_else(|| Rejection::new(Code::TermsChanged).field("skills"))?;
        let t = crate::contracts::pinned(&contract.document.draft.terms, &g.policy, g.insurer, r.level);
        let timing = Timing {
            capture_lead: t.capture.lead,
            capture_retry: t.capture.retry,
            capture_attempts: t.capture.attempts,
            reauth_lead: t.capture.renew,
            ..g.policy.timing.clone()
        };
        Ok(Pins {
            contract: r.contract,
            document_hash: contract.document_hash,
            policy_hash: self.s.policy_hash,
            owner: q.owner,
            quote: q.quote,
            price: j.rfq.price,
            service: q.service,
            cover_fee: t.cover_fee,
            currency: r.currency,
            window: r.window,
            level: r.level,
            level_values: t.level_values,
            tier: r.need.tier,
            tier_values: g.policy.tier_values.unwrap_or_else(|| r.need.tier.values()),
            risk_m: j.rfq.risk_m,
            min_trust_bps: nooterra_market::risk::min_trust_bps(j.rfq.risk_m, &g.policy.prices),
            tasks_hash: r.tasks_hash(),
            zones: r.need.zones.clone(),
            zones_hash: zones_hash(&r.need.zones),
            licences,
            weights: t.weights,
            cover_split: t.cover_split,
            cancel: t.cancel,
            proof: nooterra_jobs::proof::requirement(r, g.policy.claims.thresholds.residual_milli, |area| self.world.floor_mm2(area)),
            timing,
            handover: t.handover,
            substitution: t.substitution,
            max_legs: g.policy.max_legs,
            site_fault_bearer: t.site_fault_bearer,
            no_show: t.no_show,
            hold_rule: t.hold_rule,
            max_claims: t.max_claims,
            operator_rate: g.policy.tariff(r.currency).ok_or_else(none)?.operator_rate,
            operator_cap_bps: g.policy.prices.operator_bps,
            assist_fallback: g.policy.assist_fallback,
            coverage: r.need.coverage,
            approvals: g.policy.approvals.clone(),
            approval_by: g.policy.approval_by,
            moves: t.moves,
            funding: g.policy.funding,
            fixed: t.fixed,
            retention: Retention { telemetry: g.policy.retention.telemetry, evidence: g.policy.retention.evidence },
            tz_hash: table_hash(),
        })
    }

    pub(crate) fn book(&mut self, job: JobId, pins: Pins) {
        let pins_hash = pins.hash();
        let escrow = self.s.book.balance(Account::Escrow { job }, pins.currency);
        let redeemed = self.job(job).map_or(Amount::ZERO, |j| j.payment.credit);
        nooterra_engine::always!(
            escrow.pending_in + i128::from(redeemed.minor()) == i128::from(pins.total()),
            "what is authorised and what credit pays is the price",
            "{job}: {escrow:?} and {redeemed:?} against {}",
            pins.total()
        );
        self.emit(job, Event::JobBooked(Box::new(Booking { pins, pins_hash, redeemed })));
        self.license(job);
        self.ask_access(job);
        self.trigger_dispatch();
    }

    /// The site is asked for a plan that covers the job's window.
    pub fn ask_access(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some(p) = j.pins.as_deref() else { return };
        let valid_to = p.window.end.saturating_add(p.tier_values.max_exec).saturating_add(p.tier_values.exit_by);
        let vertices = j.steps().iter().map(|s| s.place).collect();
        let (item, (item_at, mass_g)) = (j.item, self.put_out_at(j));
        let no_go = self.areas_of(&j.request.need.no_go).into_iter().collect();
        let (number, valid_from) = (self.next_word(), self.now());
        let ask = FacilityOrder::AskAccess { number, job, vertices, valid_from, valid_to, item, mass_g, item_at, no_go };
        self.ask_site(crate::state::AskKey::Plan(job), ask);
    }

    /// The time of a capture has come.
    pub fn capture(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some(payment) = j.payment.payment else { return };
        // A booking that was moved to a cheaper window before its capture is not taken for more than it costs now.
        let amount = j.cash_due();
        let retry = j.pins.as_ref().map_or(nooterra_engine::Span::from_mins(5), |p| p.timing.capture_retry);
        let next = self.now().saturating_add(retry);
        self.jobs_touched.insert(job);
        if let Some(j) = self.s.jobs.get_mut(&job) {
            j.capture_asked(next);
        }
        self.ask_payments(PaymentAsk::Capture { payment, amount });
        self.capture_extras(job);
    }

    /// A job ended: an authorisation not captured is captured up to the fee, or voided.
    pub fn after_end(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        if j.status != Status::Aborted || j.payment.track != PaymentTrack::Authorised {
            return;
        }
        let Some(payment) = j.payment.payment else { return };
        let due = self.due_after_end(job);
        let ask = if due > Amount::ZERO { PaymentAsk::Capture { payment, amount: due } } else { PaymentAsk::Void { payment } };
        self.ask_payments(ask);
    }
}
