//! The settlement gate joined to the platform (domain 8.6): what each item means here, and what comes of the answer. The
//! trust room decides; it fails closed.

use crate::cases::Case;
use crate::state::State;
use crate::unit::Unit;
use nooterra_engine::ids::{HoldId, JobId};
use nooterra_engine::money::Amount;
use nooterra_jobs::event::{Custody, Event, IncidentCode, Missing, ProofStatus};
use nooterra_jobs::job::Job;
use nooterra_jobs::parts::{PaymentTrack, Presence};
use nooterra_jobs::proof;
use nooterra_ledger::Account;
use nooterra_trust::gate::{Event as Answer, Facts, Item};

/// The item as the job's stream names it.
pub(crate) const fn named(item: Item) -> Missing {
    match item {
        Item::Proof => Missing::Proof,
        Item::Presence => Missing::Presence,
        Item::Custody => Missing::Custody,
        Item::Lease => Missing::Lease,
        Item::Payment => Missing::Payment,
        Item::Dispute => Missing::Dispute,
        Item::Chargeback => Missing::Chargeback,
        Item::Incident => Missing::Incident,
        Item::Coverage => Missing::Coverage,
        Item::Assist => Missing::Assist,
        Item::Meters => Missing::Meters,
    }
}

/// What people decided was earned, in place of the proof: in a dispute, or by overriding it.
pub(crate) fn decided(job: &Job, case: Option<&Case>) -> Option<u32> {
    case.and_then(|c| c.disputes.earned_bps()).or(job.overridden)
}

/// What is billed: e in basis points, and the result that it stands for. A decision before the settlement goes before the
/// rule of the hold, and both before the proof.
pub(crate) fn billed(job: &Job, case: Option<&Case>) -> (ProofStatus, u32) {
    let decided = decided(job, case).or(job.forfeited);
    let of_proof = job.proof.as_ref().map_or((ProofStatus::Fail, 0), |p| (p.status, p.earned_bps));
    match decided {
        _ if !job.started => (ProofStatus::Fail, 0),
        None => of_proof,
        Some(e) if e >= 10_000 => (ProofStatus::Pass, 10_000),
        Some(0) => (ProofStatus::Fail, 0),
        Some(e) => (ProofStatus::Partial, e),
    }
}

/// What is there of all that a settlement needs. A decision of forfeit stands for what people and robots did not bring;
/// what a provider, a bank or the trust service has still to say, it does not replace.
pub(crate) fn facts(s: &State, job: &Job) -> Facts {
    let Some(case) = s.cases.get(&job.id) else { return Facts::default() };
    let forfeited = job.forfeited.is_some();
    let decided = decided(job, Some(case)).is_some();
    let proven = proof::is_fresh(job) && job.proof.as_ref().is_some_and(|p| p.status != ProofStatus::Insufficient);
    let out = match job.presence {
        Presence::Out => true,
        Presence::In => false,
        Presence::Stranded => job.incidents.iter().any(|i| i.code == IncidentCode::RobotStranded && i.triaged),
    };
    let paid = matches!(job.payment.track, PaymentTrack::Captured | PaymentTrack::Voided);
    let under_way = job.extras.iter().any(|e| matches!(e.track, PaymentTrack::Asked | PaymentTrack::Authorised));
    Facts {
        proof: forfeited || decided || !job.started || proven,
        presence: forfeited || out,
        custody: forfeited || !matches!(job.custody, Custody::Held | Custody::Deposited),
        lease: job.leg().is_none(),
        payment: paid && !under_way,
        dispute: !case.disputes.any_open(),
        chargeback: job.liens.is_empty(),
        incident: forfeited || !case.incidents.serious_untriaged(),
        coverage: job.coverage.is_none(),
        assist: forfeited || (job.help.is_none() && s.desk.open.values().all(|a| a.request.job != job.id)),
        meters: forfeited || metered(s, job),
    }
}

/// Does each licence count as many units as the job's own events, or has somebody looked at why not?
fn metered(s: &State, job: &Job) -> bool {
    crate::skills::agrees(s, job) || job.incidents.iter().any(|i| i.code == IncidentCode::MeterMismatch && i.triaged)
}

impl Unit<'_> {
    /// Asks the gate of an ended job, and does what it says: settles, holds, or names another list.
    pub fn settle_or_hold(&mut self, id: JobId) {
        let Ok(job) = self.job(id) else { return };
        let facts = facts(self.s, job);
        let hold = job.hold.as_ref().map(|h| h.hold);
        let Some(case) = self.s.cases.get_mut(&id) else { return };
        // The same list once more says nothing.
        let Ok(answer) = case.gate.decide(&facts) else { return };
        case.gate.evolve(&answer);
        match answer {
            Answer::Held { .. } if nooterra_engine::planted!("I33 settle with the gate open") => self.settle(id),
            Answer::Held { missing } => self.hold(id, hold, missing.into_iter().map(named).collect()),
            Answer::Passed { .. } => {
                if let Some(hold) = hold {
                    self.emit(id, Event::SettlementReleased { hold });
                }
                self.settle(id);
            }
        }
    }

    /// Says what a settlement waits for.
    pub(crate) fn hold(&mut self, job: JobId, hold: Option<HoldId>, missing: Vec<Missing>) {
        let hold = hold.unwrap_or_else(|| self.new_id());
        let Ok(currency) = self.job(job).map(|j| j.request.currency) else { return };
        let money = [Account::Escrow { job }, Account::Held { job }].map(|a| crate::money::posted(self.s, a, currency));
        let amount = Amount::saturating(money.iter().sum());
        self.emit(job, Event::SettlementHeld { hold, missing, amount });
    }

    /// Held settlements that something of this unit concerns.
    pub fn settle_held(&mut self) {
        for id in self.touched(|s, j| s.held.contains(&j.id)) {
            self.proof_again(id);
            self.settle_or_hold(id);
        }
    }
}
