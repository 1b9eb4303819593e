//! Disputes of jobs (domain 2.5, 3.6, 6.4): opened by a party, decided by the trust service, given back by finance.
//!
//! The trust room decides who may what; here its events are written down, and an award becomes a refund as soon as the job
//! has settled and no bank is deciding about the same money.

use crate::chargebacks::refused;
use crate::fact::CaseEvent;
use crate::state::State;
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::PaymentAsk;
use nooterra_engine::Digest;
use nooterra_engine::ids::{DisputeId, EventId, JobId, KeyId, RefundId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::sometimes;
use nooterra_jobs::Job;
use nooterra_jobs::event::{Event, RefundBearer, RefundOf};
use nooterra_jobs::status::Class;
use nooterra_settlement::refund::{Refund, after_settlement};
use nooterra_settlement::{Cause, Funding as Bears, Pools, Refusal, Step};
use nooterra_trust::dispute::{Command, Event as Said, Funding, Ground, Status, Verdict};
use nooterra_trust::{Code, Hand, Parties, Rejection, Role};

const fn bearer(f: Funding) -> RefundBearer {
    match f {
        Funding::Legs => RefundBearer::Legs {},
        Funding::Party(p) => RefundBearer::Party(p),
        Funding::Platform => RefundBearer::Platform {},
    }
}

/// M15, `REFUND_ISSUED` of an award: who was paid bears it, beginning with whom the decision names.
pub(crate) fn step(s: &State, job: &Job, cause: Cause, refund: RefundId, amount: u64, from: RefundBearer) -> Result<Step, Refusal> {
    let m = s.money.job(job.id)?;
    let order = Refund { refund, amount };
    let give = |funding| after_settlement(m, cause, order, funding, Pools::of(&s.book, cause.currency));
    match from {
        RefundBearer::Legs {} => give(Bears::Legs),
        RefundBearer::Platform {} => give(Bears::Platform),
        RefundBearer::Party(party) => {
            let parties = s.cases.get(&job.id).ok_or(Refusal::NotFound("job"))?.claims.parties;
            let role = crate::claims::role_of(&parties, party);
            match give(Bears::Party { role, party }) {
                // One that got nothing has no leg to take from: all bear it.
                Err(Refusal::FundingInvalid(_)) => give(Bears::Legs),
                other => other,
            }
        }
    }
}

impl Unit<'_> {
    /// One command on a job's disputes: decided, written down.
    pub(crate) fn dispute(&mut self, job: JobId, command: &Command) -> Outcome {
        let case = self.case(job)?;
        let event = case.disputes.decide(self.now(), &self.hand(), command)?;
        if let Said::Decided { dispute, verdict } = event {
            self.award_is_payable(job, dispute, &verdict)?;
        }
        self.emit_case(job, CaseEvent::Dispute(event));
        Ok(())
    }

    pub(crate) fn open_dispute(&mut self, job: JobId, ground: Ground, amount: Amount, currency: Currency) -> Outcome {
        let dispute: DisputeId = self.new_id();
        let Some(opener) = self.hand().party else { return no(Code::NotFound) };
        let open = Command::Open { dispute, opener, ground, amount };
        self.case(job)?.disputes.decide(self.now(), &self.hand(), &open)?;
        self.in_its_currency(job, Some(currency))?;
        self.dispute(job, &open)
    }

    /// What a verdict promises can be kept.
    fn award_is_payable(&self, job: JobId, dispute: DisputeId, v: &Verdict) -> Outcome {
        let j = self.job(job)?;
        // What was never begun earns nothing.
        need(j.started || v.earned_bps.unwrap_or(0) == 0, Code::StateForbids)?;
        if v.award == Amount::ZERO {
            return Ok(());
        }
        let opener = self.case(job)?.disputes.disputes.get(&dispute).map(|d| d.opener);
        // Whoever provides is paid by what is earned; beyond that finance adjusts, with two keys.
        if opener != Some(j.request.requester) {
            return Err(Rejection::new(Code::FundingInvalid).field("award").expected("the requester's dispute"));
        }
        if j.settled.is_none() {
            return Ok(());
        }
        match self.dry(job, v.award, bearer(v.funding)) {
            // It is given back when the bank has decided.
            Err(Refusal::LienOpen) => Ok(()),
            other => other.map(|_| ()).map_err(refused),
        }
    }

    fn dry(&self, job: JobId, amount: Amount, from: RefundBearer) -> Result<Step, Refusal> {
        let j = self.s.jobs.get(&job).ok_or(Refusal::NotFound("job"))?;
        let cause = Cause { event: EventId::from_bytes([0; 16]), at: self.now(), currency: j.request.currency };
        step(self.s, j, cause, RefundId::from_bytes([0; 16]), amount.minor(), from)
    }

    /// What of an award is neither given back nor on its way, with who bears it and the hash of the decision.
    fn award_due(&self, job: JobId, dispute: DisputeId) -> Option<(Amount, RefundBearer, Digest)> {
        let j = self.s.jobs.get(&job)?;
        let d = self.s.cases.get(&job)?.disputes.disputes.get(&dispute)?;
        let v = d.verdict.filter(|_| d.status == Status::Decided)?;
        let left = v.award.minor().saturating_sub(j.given_back(dispute).minor());
        Some((Amount::saturating(left), bearer(v.funding), v.decision_hash))
    }

    /// At the end of a unit: awards of settled jobs that were not tried yet are given back, as far as what was taken of the
    /// payer still reaches.
    pub(crate) fn give_awards(&mut self) {
        for job in self.touched(|_, j| j.settled.is_some() && j.liens.is_empty()) {
            let Ok(j) = self.job(job) else { continue };
            let tried = |d: &DisputeId| j.refunds.iter().any(|r| matches!(r.of, RefundOf::Award { dispute, .. } if dispute == *d));
            let Some(case) = self.s.cases.get(&job) else { continue };
            let new: Vec<DisputeId> = case.disputes.disputes.keys().filter(|d| !tried(d)).copied().collect();
            for dispute in new {
                let reach = self.s.money.job(job).map_or(0, nooterra_settlement::JobMoney::returnable);
                let Some((due, from, hash)) = self.award_due(job, dispute) else { continue };
                let amount = Amount::saturating(due.minor().min(reach));
                if amount > Amount::ZERO && self.dry(job, amount, from).is_ok() {
                    self.give_back(job, dispute, amount, from, hash);
                }
            }
        }
    }

    fn give_back(&mut self, job: JobId, dispute: DisputeId, amount: Amount, from: RefundBearer, decision_hash: Digest) {
        let refund: RefundId = self.new_id();
        let Ok(j) = self.job(job) else { return };
        let (requester, currency, payment) = (j.request.requester, j.request.currency, j.payment.payment);
        sometimes!(true, "refund by decision");
        let (of, origin_period) = (RefundOf::Award { dispute, bearer: from }, self.origin_period(job));
        self.emit(job, Event::RefundIssued { refund, amount, of, decision_hash, origin_period });
        self.ask_payments(PaymentAsk::Refund { refund, payment, payee: requester, amount, currency });
    }

    /// Finance gives back what is left of an award: the provider could not pay it before.
    pub(crate) fn refund_award(&mut self, job: JobId, dispute: DisputeId) -> Outcome {
        let j = self.job(job)?;
        let known = self.case(job)?.disputes.disputes.contains_key(&dispute);
        need(known, Code::NotFound)?;
        self.head_named(job)?;
        let settled = j.settled.is_some();
        let Some((due, from, hash)) = self.award_due(job, dispute).filter(|_| settled) else { return no(Code::StateForbids) };
        need(due > Amount::ZERO, Code::AlreadyDone)?;
        self.dry(job, due, from).map_err(refused)?;
        self.give_back(job, dispute, due, from, hash);
        Ok(())
    }

    /// Deadlines of disputes that have come.
    pub(crate) fn disputes_due(&mut self, job: JobId) {
        let now = self.now();
        let Some(case) = self.s.cases.get(&job) else { return };
        let due: Vec<DisputeId> = case.disputes.deadlines().into_iter().filter(|(_, at)| *at <= now).map(|(d, _)| d).collect();
        for dispute in due {
            let Some(case) = self.s.cases.get(&job) else { return };
            if let Ok(event) = case.disputes.decide(now, &Hand::CLOCK, &Command::Fire { dispute }) {
                self.emit_case(job, CaseEvent::Dispute(event));
            }
        }
    }

    /// May the requester name this amount in a complaint? Before the settlement it is disputed, after it only noted.
    pub(crate) fn may_ask(&self, job: JobId, amount: Amount) -> Outcome {
        let (j, case) = (self.job(job)?, self.case(job)?);
        if j.settled.is_some() {
            return Ok(());
        }
        need(case.asked.is_none(), Code::AlreadyDone)?;
        let mut disputes = case.disputes.clone();
        disputes.ended.get_or_insert(self.now());
        let (dispute, opener) = (DisputeId::from_bytes([0; 16]), j.request.requester);
        disputes.decide(self.now(), &self.hand(), &Command::Open { dispute, opener, ground: Ground::Quality, amount }).map(|_| ())
    }

    /// At the end of a unit: what a requester asked for in a complaint is disputed once the job has ended.
    pub(crate) fn open_complaints(&mut self) {
        let asks = |s: &State, j: &Job| j.status.class() == Class::Ended && s.cases.get(&j.id).is_some_and(|c| c.asked.is_some());
        for job in self.touched(asks) {
            let Some(amount) = self.s.cases.get_mut(&job).and_then(|c| c.asked.take()) else { continue };
            let Ok(opener) = self.job(job).map(|j| j.request.requester) else { continue };
            let dispute: DisputeId = self.new_id();
            let hand = Hand { role: Role::RQ, key: None::<KeyId>, party: Some(opener) };
            let command = Command::Open { dispute, opener, ground: Ground::Quality, amount };
            let Some(case) = self.s.cases.get(&job) else { continue };
            // One that the requester has opened in the meantime asks already.
            if let Ok(event) = case.disputes.decide(self.now(), &hand, &command) {
                self.emit_case(job, CaseEvent::Dispute(event));
            }
        }
    }

    /// Who helped is a party to the job.
    pub(crate) fn helper_named(&mut self, job: JobId, party: nooterra_engine::ids::PartyId) {
        if let Some(c) = self.s.cases.get_mut(&job) {
            c.incidents.parties.insert(party);
            let also = |p: &mut Parties| p.operator = Some(party);
            also(&mut c.disputes.parties);
            also(&mut c.claims.parties);
        }
    }
}
