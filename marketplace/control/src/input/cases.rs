//! What is said about what went wrong on a job.

use nooterra_engine::ids::{ClaimId, DisputeId, EvidenceId, IncidentId, JobId, OrderId, PartyId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::{Digest, Record};
use nooterra_jobs::event::IncidentCode;
use nooterra_trust::claim::{Denial, Head, Item, Portion};
use nooterra_trust::dispute::{Ground, Verdict};
use nooterra_trust::evidence::{Purpose, Subject};
use nooterra_trust::incident::Stream;

/// A document that the trust service has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Document {
    /// What it is.
    pub item: Item,
    /// SHA-256 of its bytes, which stay outside.
    pub content_hash: Digest,
}

/// What may be said about what went wrong on a job.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum CaseCommand {
    /// A complaint (`RQ`): an incident that nothing measured.
    Complain {
        /// The job.
        job: JobId,
        /// What about.
        code: IncidentCode,
        /// SHA-256 of the statement, which stays outside.
        statement: Digest,
        /// What it asks back; disputed once the job has ended, if that is before the settlement.
        amount: Option<Amount>,
        /// Of which currency, with an amount: the job's.
        currency: Option<Currency>,
    },
    /// A claim (`RQ`, `OW`, `SI`; `OS` for people who have no key).
    OpenClaim {
        /// The job.
        job: JobId,
        /// On which incident.
        incident: IncidentId,
        /// For whom; the sender if left out.
        claimant: Option<PartyId>,
        /// How much.
        demand: Amount,
        /// Of which currency: the job's.
        currency: Currency,
        /// For what.
        head: Head,
    },
    /// Judges a claim's evidence and sets its reserve (`TR`); again when more has come.
    TriageClaim {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// Documents seen beside what the platform holds itself.
        documents: Vec<Document>,
    },
    /// Sets another reserve (`TR`).
    ReserveClaim {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// To this.
        reserve: Amount,
    },
    /// Grants a claim (`TR`, two keys for a review; `IN` from the pinned threshold on).
    ApproveClaim {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// The harm found, before the claimant's own part.
        assessed: Amount,
        /// Of which currency: the job's.
        currency: Currency,
        /// The claimant's own part, basis points.
        claimant_fault_bps: u32,
        /// Who bears it.
        split: Vec<Portion>,
    },
    /// Refuses a claim (`TR`, two keys for a review; `IN`).
    DenyClaim {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// Why.
        reason: Denial,
    },
    /// Says that the outcome is wrong (`RQ`, `OW`, `OP`, `DV`).
    OpenDispute {
        /// The job.
        job: JobId,
        /// About what.
        ground: Ground,
        /// How much is in dispute.
        amount: Amount,
        /// Of which currency: the job's.
        currency: Currency,
    },
    /// Gives a dispute up (whoever opened it).
    DropDispute {
        /// The job.
        job: JobId,
        /// The dispute.
        dispute: DisputeId,
    },
    /// Decides a dispute (`TR`, of no party to it).
    DecideDispute {
        /// The job.
        job: JobId,
        /// The dispute.
        dispute: DisputeId,
        /// How.
        verdict: Verdict,
        /// The currency of its award: the job's.
        currency: Currency,
    },
    /// Will not pay a part of its share (`IN`).
    RefuseRecovery {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// How much of it.
        amount: Amount,
    },
    /// Wants to see evidence (`AU`, `TR`, `OS`; of an open claim or dispute its sides, and the insurer).
    ViewEvidence {
        /// Of which job, or of which robot without one.
        of: Stream,
        /// Which.
        evidence: EvidenceId,
        /// What for.
        purpose: Purpose,
    },
    /// Puts a redacted copy in the place of content (`TR`).
    RedactEvidence {
        /// Of which job, or of which robot without one.
        of: Stream,
        /// Which.
        evidence: EvidenceId,
        /// Hash of the content now.
        old: Digest,
        /// Of the copy.
        new: Digest,
        /// Its length.
        bytes: u64,
        /// Hash of what was done to it.
        recipe: Digest,
    },
    /// An authority orders that nothing is destroyed (`TR`).
    HoldEvidence {
        /// Of which job, or of which robot without one.
        of: Stream,
        /// The order.
        order: OrderId,
    },
    /// The order is over (`TR`).
    ReleaseEvidence {
        /// Of which job, or of which robot without one.
        of: Stream,
        /// The order.
        order: OrderId,
    },
    /// Whose content it is has asked for it to be erased (`TR`).
    EraseEvidence {
        /// Of which job, or of which robot without one.
        of: Stream,
        /// Whose.
        subject: Subject,
        /// SHA-256 of the request, which stays outside.
        request: Digest,
    },
}
