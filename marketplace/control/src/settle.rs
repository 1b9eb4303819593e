//! After the end: proof, gate, settlement or hold, refund, payouts, trust.

use crate::fact::PartyEvent;
use crate::requester::region;
use crate::unit::Unit;
use crate::wish::PaymentAsk;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{EventId, JobId, PartyId, PayoutId, RefundId, RobotId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Cause, Event, Fault, Missing, ProofStatus};
use nooterra_jobs::pins::HoldRule;
use nooterra_jobs::status::Class;
use nooterra_jobs::{gate, proof};
use nooterra_ledger::{Account, Role as PayRole};
use nooterra_market::history::{Past, PastFact};
use nooterra_operations::event::Event as RobotEvent;
use nooterra_settlement::payout;

const ROLES: [PayRole; 4] = [PayRole::Owner, PayRole::Operator, PayRole::Developer, PayRole::Insurer];

/// Where trust moves after a settlement: target and rate per 10 000.
fn lesson(job: &nooterra_jobs::Job) -> Option<(i64, i64)> {
    match (job.aborted, job.fault) {
        (Some(Cause::NoShow), _) => return Some((0, 1_000)),
        (Some(_), Fault::Owner) => return Some((0, 800)),
        (Some(_), _) => return None,
        _ => {}
    }
    match job.proof.as_ref().map(|p| p.status) {
        Some(ProofStatus::Pass) => Some((10_000, 300)),
        Some(ProofStatus::Partial) => Some((6_000, 300)),
        _ => None,
    }
}

fn moved(from_bps: u32, target: i64, rate: i64) -> u32 {
    let t = i64::from(from_bps);
    let to = t + ((target - t) * rate).div_euclid(10_000);
    u32::try_from(to.clamp(0, 10_000)).unwrap_or(0)
}

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

    /// The time of settlement has come.
    pub fn settle_or_hold(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let missing = gate::missing(j);
        if missing.is_empty() || nooterra_engine::planted!("I33 settle with the gate open") {
            self.settle(job);
        } else {
            self.hold(job, missing);
        }
    }

    fn hold(&mut self, job: JobId, missing: Vec<Missing>) {
        let hold = self.new_id();
        let currency = self.s.genesis.currency;
        let escrow = crate::money::posted(self.s, Account::Escrow { job }, currency);
        let amount = Amount::saturating(escrow);
        self.emit(job, Event::SettlementHeld { hold, missing, amount });
    }

    /// Held settlements whose last missing item passed in this unit.
    pub fn settle_held(&mut self) {
        let touched: Vec<JobId> = self.jobs_touched.iter().filter(|j| self.s.held.contains(j)).copied().collect();
        for id in touched {
            self.proof_again(id);
            let Ok(j) = self.job(id) else { continue };
            let Some(h) = j.hold.as_ref().map(|h| h.hold) else { continue };
            if gate::missing(j).is_empty() {
                self.emit(id, Event::SettlementReleased { hold: h });
                self.settle(id);
            }
        }
    }

    /// A hold has run out: decided by the pinned rule.
    pub fn hold_end(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let (Some(h), Some(p)) = (j.hold.as_ref().map(|h| h.hold), j.pins.as_deref()) else { return };
        if nooterra_engine::planted!("I5 a hold never ends") {
            let missing = gate::missing(j);
            return self.hold(job, missing);
        }
        let earned_bps = match p.hold_rule {
            HoldRule::Proven if j.started => proof::proven_bps(j),
            _ => 0,
        };
        #[derive(nooterra_engine::Record)]
        struct Decision {
            pins: Digest,
            earned_bps: u32,
        }
        let decision_hash = content_hash("nooterra/decision/v1", &Decision { pins: j.pins_hash, earned_bps });
        self.emit(job, Event::SettlementForfeited { hold: h, decision_hash, earned_bps });
        let Ok(j) = self.job(job) else { return };
        let missing = gate::missing(j);
        if missing.is_empty() {
            self.settle(job);
        } else {
            // Money is still under way at the provider: wait for its answer.
            self.hold(job, missing);
        }
    }

    fn settle(&mut self, job: JobId) {
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
            assist_s: 0,
            work_s: j.worked.as_secs(),
            claims: 0,
        };
        let captured = j.captured() > Amount::ZERO;
        let (lesson, robots) = (lesson(j), j.legs.iter().map(|l| l.offer.robot).collect::<Vec<_>>());
        let owner = j.pins.as_ref().map(|p| p.owner);
        let settled = self.emit(job, Event::JobSettled(Box::new(settlement)));
        if nooterra_engine::planted!("I3 leave a terminal state") {
            self.emit(job, Event::HandoverOpened { leg: 0, checkpoint: 0, remaining_bps: 0 });
        }
        if refund_due > 0 && captured {
            let refund: RefundId = self.new_id();
            let amount = Amount::saturating(refund_due);
            self.emit(job, Event::RefundIssued { refund, amount, decision_hash: self.cx.cause });
            self.ask_payments(PaymentAsk::Refund { refund, payment, payee: requester, amount, currency });
        }
        self.s.past.evolve(now, &PastFact::Settled(past));
        self.credit_breaches(job);
        if let Some((target, rate)) = lesson {
            let last = robots.last().copied();
            self.teach(job, last, owner, target, rate, settled);
        }
    }

    fn teach(&mut self, job: JobId, robot: Option<RobotId>, owner: Option<PartyId>, target: i64, rate: i64, reason: EventId) {
        if let Some((robot, from_bps)) = robot.and_then(|r| self.cell(r).ok().map(|c| (r, c.robot.trust_bps))) {
            let to_bps = moved(from_bps, target, rate);
            if to_bps != from_bps {
                self.emit_robot(robot, RobotEvent::TrustScoreUpdated { from_bps, to_bps, reason, job });
            }
        }
        if let Some((owner, from_bps)) = owner.and_then(|o| self.s.parties.get(&o).map(|p| (o, p.trust_bps))) {
            let to_bps = moved(from_bps, target, rate);
            self.set_owner_trust(job, owner, from_bps, to_bps);
        }
    }

    fn set_owner_trust(&mut self, job: JobId, owner: PartyId, from_bps: u32, to_bps: u32) {
        if to_bps == from_bps {
            return;
        }
        self.emit_party(owner, PartyEvent::TrustScoreUpdated { party: owner, from_bps, to_bps, job });
        if let Some(p) = self.s.parties.get_mut(&owner) {
            p.trust_bps = to_bps;
        }
    }

    /// A confirmed incident by the owner's fault.
    pub fn lower_trust(&mut self, job: JobId, robot: RobotId, by_bps: u32) {
        let Ok(c) = self.cell(robot) else { return };
        let (from_bps, owner) = (c.robot.trust_bps, c.robot.owner);
        let to_bps = from_bps.saturating_sub(by_bps);
        let reason = EventId::derive(&self.cx.cause, 0);
        self.emit_robot(robot, RobotEvent::TrustScoreUpdated { from_bps, to_bps, reason, job });
        if let Some(from) = self.s.parties.get(&owner).map(|p| p.trust_bps) {
            self.set_owner_trust(job, owner, from, from.saturating_sub(by_bps));
        }
    }

    /// Everything of a party that has matured goes to the bank.
    pub fn pay_out(&mut self, party: PartyId) {
        let now = self.now();
        let currency = self.s.genesis.currency;
        let (mature, retry) = (self.s.genesis.policy.payout_mature, self.s.genesis.policy.payout_retry);
        let early = nooterra_engine::planted!("I30 pay out what is not mature");
        let by = if early { now } else { now.saturating_sub(mature) };
        let mut next = None;
        for role in ROLES {
            if let Some(due) = payout::payable_due(&self.s.book, role, party, currency, by) {
                let spoken_for = crate::claims::owed_to_claimants(self.s);
                if due.net().saturating_add(spoken_for) > payout::fundable(&self.s.book, currency) {
                    // The provider has not handed over enough yet.
                    next = Some(now.saturating_add(retry));
                    continue;
                }
                let id: PayoutId = self.new_id();
                let amount = Amount::saturating;
                let (gross, netted, net) = (amount(due.gross), amount(due.netted), amount(due.net()));
                self.emit_party(party, PartyEvent::PayoutInitiated { payout: id, role, gross, netted, net });
                if net > Amount::ZERO {
                    self.s.payouts.insert(id, nooterra_settlement::Payout { payout: id, due });
                    if !nooterra_engine::planted!("I35 never ask for a payout") {
                        self.ask_payments(PaymentAsk::Payout { payout: id, payee: party, role, amount: net, currency });
                    }
                }
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
        self.parties_touched.insert(party);
        if let Some(p) = self.s.parties.get_mut(&party) {
            p.payout_at = next;
        }
    }

    /// A job in hold is looked at again.
    pub fn hold_review(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some((hold, level)) = j.hold.as_ref().map(|h| (h.hold, h.level)) else { return };
        self.emit(job, Event::HoldEscalated { hold, level: level.saturating_add(1) });
    }
}
