//! After the end: proof, settlement, the end of a hold, payouts.

use crate::fact::PartyEvent;
use crate::requester::region;
use crate::unit::{Outcome, Unit, need};
use crate::wish::PaymentAsk;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{JobId, PartyId, PayoutId, RefundId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Event, RefundOf};
use nooterra_jobs::pins::HoldRule;
use nooterra_jobs::proof;
use nooterra_jobs::status::Class;
use nooterra_ledger::Role as PayRole;
use nooterra_market::history::{Past, PastFact};
use nooterra_settlement::payout::{self, Due};
use nooterra_trust::{Code, Rejection};

const ROLES: [PayRole; 4] = [PayRole::Owner, PayRole::Operator, PayRole::Developer, PayRole::Insurer];

impl Unit<'_> {
    /// Evaluates the proof of an ended job.
    pub fn evaluate_proof(&mut self, job: JobId) {
        let id = self.new_id();
        let anchor = self.s.streams.head(&format!("job/{job}")).chain;
        let Ok(j) = self.job(job) else { return };
        let result = proof::evaluate(j, id, anchor);
        self.emit(job, Event::ProofEvaluated(result));
    }

    /// Facts changed after an evaluation: it is made anew.
    pub fn proof_again(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        if j.status.class() == Class::Ended && j.proof.is_some() && !proof::is_fresh(j) {
            self.evaluate_proof(job);
        }
    }

    /// A hold has run out: decided by the pinned rule.
    pub fn hold_end(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let (Some(h), Some(p)) = (j.hold.as_ref().map(|h| h.hold), j.pins.as_deref()) else { return };
        if nooterra_engine::planted!("I5 a hold never ends") {
            let missing = j.hold.as_ref().map_or(vec![], |h| h.missing.clone());
            return self.hold(job, Some(h), missing);
        }
        let decided = crate::gate::decided(j, self.s.cases.get(&job));
        let earned_bps = match p.hold_rule {
            HoldRule::Proven if j.started => decided.unwrap_or_else(|| proof::proven_bps(j)),
            _ => 0,
        };
        #[derive(nooterra_engine::Record)]
        struct Decision {
            pins: Digest,
            earned_bps: u32,
        }
        let decision_hash = content_hash("nooterra/decision/v1", &Decision { pins: j.pins_hash, earned_bps });
        self.emit(job, Event::SettlementForfeited { hold: h, decision_hash, earned_bps });
        // If money is still under way at the provider, its answer is waited for in a new hold.
        self.settle_or_hold(job);
    }

    pub(crate) fn settle(&mut self, job: JobId) {
        let now = self.now();
        let Ok(j) = self.job(job) else { return };
        let Some((settlement, cash)) = crate::money::settled(self.s, j, now) else {
            nooterra_engine::always!(false, "settlement is computable", "{job}");
            return;
        };
        let refund_due = cash;
        let (requester, currency, payment) = (j.request.requester, j.request.currency, j.payment.payment);
        let past = Past {
            job,
            at: now,
            template: j.request.template as u8,
            site: j.request.site,
            region: region(j.request.site),
            incident: j.incidents.iter().any(|i| i.severity >= 2),
            stall: j.stalled > Span::ZERO,
            assist_s: j.helped.iter().map(|h| h.billed.as_secs()).sum(),
            work_s: j.worked.as_secs(),
            claims: self.case(job).map_or(0, |c| c.claims.paid()),
        };
        let captured = j.captured() > Amount::ZERO;
        let settled = self.emit(job, Event::JobSettled(Box::new(settlement)));
        if nooterra_engine::planted!("I3 leave a terminal state") {
            self.emit(job, Event::HandoverOpened { leg: 0, checkpoint: 0, remaining_bps: 0 });
        }
        if refund_due > 0 && captured {
            let refund: RefundId = self.new_id();
            let amount = Amount::saturating(refund_due);
            let decision_hash = self.cx.cause;
            self.emit(job, Event::RefundIssued { refund, amount, of: RefundOf::Settlement {}, decision_hash, origin_period: None });
            self.ask_payments(PaymentAsk::Refund { refund, payment, payee: requester, amount, currency });
        }
        self.choose_audit(job);
        self.s.past.evolve(now, &PastFact::Settled(past));
        self.credit_breaches(job);
        self.learn_of_job(job, settled);
        self.measured(job);
    }

    /// Everything of a party that has matured goes to the bank, each currency by itself.
    pub fn pay_out(&mut self, party: PartyId) {
        let next = self.s.genesis.policy.currencies().into_iter().filter_map(|c| self.pay_out_in(party, c)).min();
        self.parties_touched.insert(party);
        if let Some(p) = self.s.parties.get_mut(&party) {
            p.payout_at = next;
        }
    }

    /// Pays out in one currency; says when that is to be looked at again.
    fn pay_out_in(&mut self, party: PartyId, currency: Currency) -> Option<Instant> {
        let now = self.now();
        let (mature, retry) = (self.s.genesis.policy.payout_mature, self.s.genesis.policy.payout_retry);
        let early = nooterra_engine::planted!("I30 pay out what is not mature");
        let by = if early { now } else { now.saturating_sub(mature) };
        let mut next = None;
        for role in ROLES {
            if let Some(due) = payout::payable_due(&self.s.book, role, party, currency, by) {
                if !self.is_funded(&due) {
                    // The provider has not handed over enough yet.
                    next = Some(now.saturating_add(retry));
                    continue;
                }
                self.send_out(due);
            }
            // What is younger matures later.
            let account = payout::payable(role, party);
            if let Some(row) = self.s.book.row(account, currency) {
                let young = row.lines.iter().filter(|l| l.change > 0 && l.at > by).map(|l| l.at.saturating_add(mature)).min();
                next = match (next, young) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
        }
        next
    }

    /// Is there cash for it beside what claimants were granted?
    fn is_funded(&self, due: &Due) -> bool {
        let spoken_for = crate::claims::owed_to_claimants(self.s, due.currency);
        due.net().saturating_add(spoken_for) <= payout::fundable(&self.s.book, due.currency)
    }

    /// A payout begins its way to the bank.
    fn send_out(&mut self, due: Due) {
        let Due { party, role, currency, .. } = due;
        let id: PayoutId = self.new_id();
        let amount = Amount::saturating;
        let (gross, netted, net) = (amount(due.gross), amount(due.netted), amount(due.net()));
        self.emit_party(party, PartyEvent::PayoutInitiated { payout: id, role, gross, netted, net, currency });
        if net > Amount::ZERO {
            self.s.payouts.insert(id, nooterra_settlement::Payout { payout: id, due });
            if !nooterra_engine::planted!("I35 never ask for a payout") {
                self.ask_payments(PaymentAsk::Payout { payout: id, payee: party, role, amount: net, currency });
            }
        }
    }

    /// A requester wants its credit in money: what has matured of it and is not promised to an award, less what it owes.
    pub(crate) fn pay_out_credit(&mut self, party: PartyId, currency: Currency) -> Outcome {
        let by = self.now().saturating_sub(self.s.genesis.policy.payout_mature);
        let due = payout::payable_due(&self.s.book, PayRole::Requester, party, currency, by);
        let Some(mut due) = due else { return Err(Rejection::new(Code::AmountInvalid).field("currency").actual("nothing is due")) };
        due.gross = due.gross.min(self.free_credit(party, currency));
        due.netted = due.netted.min(due.gross);
        need(due.gross > 0, Code::LimitExceeded)?;
        need(self.is_funded(&due), Code::LimitExceeded)?;
        self.send_out(due);
        Ok(())
    }

    /// A job in hold is looked at again.
    pub fn hold_review(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some((hold, level)) = j.hold.as_ref().map(|h| (h.hold, h.level)) else { return };
        self.emit(job, Event::HoldEscalated { hold, level: level.saturating_add(1) });
    }
}
