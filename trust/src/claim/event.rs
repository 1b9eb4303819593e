//! What may be asked of a job's claims, and what can happen to one (domain 3.6, 8.5).

use crate::claim::share::{Portion, Share};
use crate::claim::terms::{Found, Head, Item, Route};
use crate::guard::Hand;
use nooterra_engine::Record;
use nooterra_engine::ids::{ClaimId, IncidentId, PartyId};
use nooterra_engine::money::Amount;

/// Timers of a claim, in receive time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
pub enum Timer {
    /// `CLAIM_TRIAGE_BY`.
    TriageBy,
    /// `CLAIM_EVIDENCE_BY`.
    EvidenceBy,
    /// `CLAIM_DECIDE_BY`.
    DecideBy,
    /// `CLAIM_PAY_BY`.
    PayBy,
    /// `CLAIM_RECOVERY_BY`: the insurer's answer, then the monthly review of what it owes.
    RecoveryBy,
}

impl Timer {
    /// Every timer.
    pub const ALL: [Self; 5] = [Self::TriageBy, Self::EvidenceBy, Self::DecideBy, Self::PayBy, Self::RecoveryBy];
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TriageBy => "CLAIM_TRIAGE_BY",
            Self::EvidenceBy => "CLAIM_EVIDENCE_BY",
            Self::DecideBy => "CLAIM_DECIDE_BY",
            Self::PayBy => "CLAIM_PAY_BY",
            Self::RecoveryBy => "CLAIM_RECOVERY_BY",
        }
    }
}

/// Why a claim is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
pub enum Denial {
    /// The terms do not cover it.
    NotCovered,
    /// It is not proven.
    NotProven,
    /// The claimant caused it.
    ClaimantFault,
    /// Nobody decided in time and it could not be granted unheard.
    NotDecided,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Command {
    /// Claim.
    Open {
        /// The id that this brings into being.
        claim: ClaimId,
        /// On which incident.
        incident: IncidentId,
        /// For whom.
        claimant: PartyId,
        /// How much.
        demand: Amount,
        /// For what.
        head: Head,
    },
    /// Judge the evidence and set the reserve; again when more of it is there.
    Triage {
        /// Which.
        claim: ClaimId,
        /// What is there.
        found: Found,
    },
    /// Change the reserve.
    Reserve {
        /// Which.
        claim: ClaimId,
        /// To this.
        reserve: Amount,
    },
    /// Grant.
    Approve {
        /// Which.
        claim: ClaimId,
        /// The harm found, before the claimant's own part.
        assessed: Amount,
        /// The claimant's own part, basis points.
        claimant_fault_bps: u32,
        /// Who bears it.
        split: Vec<Portion>,
        /// The second key of a review.
        second: Option<Hand>,
    },
    /// Refuse.
    Deny {
        /// Which.
        claim: ClaimId,
        /// Why.
        reason: Denial,
        /// The second key of a review.
        second: Option<Hand>,
    },
    /// The payment adapter: money went out.
    Pay {
        /// Which.
        claim: ClaimId,
        /// How much.
        amount: Amount,
        /// The provider's name for it, 1 to 64 bytes.
        provider_ref: String,
    },
    /// The payment adapter: the insurer paid.
    Recover {
        /// Which.
        claim: ClaimId,
        /// Who.
        insurer: PartyId,
        /// How much.
        amount: Amount,
    },
    /// The insurer will not pay this part.
    RefuseRecovery {
        /// Which.
        claim: ClaimId,
        /// Who.
        insurer: PartyId,
        /// How much.
        amount: Amount,
    },
    /// The clock: a deadline of `Claims::deadlines` has come.
    Fire {
        /// Which.
        claim: ClaimId,
        /// Which of its timers.
        timer: Timer,
        /// What is there now: a triage that nobody made in time is made from this.
        found: Found,
    },
}

impl Command {
    /// The claim that it is about.
    #[must_use]
    pub const fn claim(&self) -> ClaimId {
        match self {
            Self::Open { claim, .. }
            | Self::Triage { claim, .. }
            | Self::Reserve { claim, .. }
            | Self::Approve { claim, .. }
            | Self::Deny { claim, .. }
            | Self::Pay { claim, .. }
            | Self::Recover { claim, .. }
            | Self::RefuseRecovery { claim, .. }
            | Self::Fire { claim, .. } => *claim,
        }
    }
}

/// What happened to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum What {
    /// `CLAIM_OPENED`
    Opened {
        /// On which incident.
        incident: IncidentId,
        /// For whom.
        claimant: PartyId,
        /// How much.
        demand: Amount,
        /// For what.
        head: Head,
    },
    /// `CLAIM_TRIAGED`
    Triaged {
        /// Who decides.
        route: Route,
        /// What the claimant still owes.
        missing: Vec<Item>,
        /// What it was judged by.
        found: Found,
    },
    /// `CLAIM_RESERVED`
    Reserved {
        /// The reserve from now on.
        reserve: Amount,
    },
    /// `CLAIM_ESCALATED`
    Escalated {
        /// What is overdue.
        timer: Timer,
        /// For the how manieth time.
        level: u32,
    },
    /// `CLAIM_APPROVED`
    Approved {
        /// How much is paid.
        payout: Amount,
        /// Who bears it; sums to the payout.
        shares: Vec<Share>,
    },
    /// `CLAIM_DENIED`
    Denied {
        /// Why.
        reason: Denial,
    },
    /// `CLAIM_LAPSED`
    Lapsed {
        /// What never came.
        missing: Vec<Item>,
    },
    /// `CLAIM_PAID`
    Paid {
        /// How much.
        amount: Amount,
        /// The provider's name for it.
        provider_ref: String,
    },
    /// `INSURER_RECOVERY_RECEIVED`
    RecoveryReceived {
        /// By whom.
        insurer: PartyId,
        /// How much.
        amount: Amount,
    },
    /// `INSURER_RECOVERY_DENIED`
    RecoveryDenied {
        /// By whom.
        insurer: PartyId,
        /// How much.
        amount: Amount,
    },
}

/// One event of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Event {
    /// Which.
    pub claim: ClaimId,
    /// What happened to it.
    pub what: What,
    /// The closed period that its money concerns: whoever keeps the books says so.
    pub origin_period: Option<String>,
}

impl What {
    /// Does it move money?
    #[must_use]
    pub const fn moves_money(&self) -> bool {
        !matches!(self, Self::Opened { .. } | Self::Triaged { .. } | Self::Escalated { .. })
    }
    /// The wire name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "CLAIM_OPENED",
            Self::Triaged { .. } => "CLAIM_TRIAGED",
            Self::Reserved { .. } => "CLAIM_RESERVED",
            Self::Escalated { .. } => "CLAIM_ESCALATED",
            Self::Approved { .. } => "CLAIM_APPROVED",
            Self::Denied { .. } => "CLAIM_DENIED",
            Self::Lapsed { .. } => "CLAIM_LAPSED",
            Self::Paid { .. } => "CLAIM_PAID",
            Self::RecoveryReceived { .. } => "INSURER_RECOVERY_RECEIVED",
            Self::RecoveryDenied { .. } => "INSURER_RECOVERY_DENIED",
        }
    }
}
