//! The events of a job stream in this slice. Names are the wire names of the domain's catalogue.
#![allow(missing_docs)] // every name and field is defined in the catalogue

use crate::approval::Ask;
use crate::coverage::CoverageEnd;
use crate::payload::{AccessPlan, Booking, Breach, Counter, Match, Move, ProofResult, Rescheduled, Settlement, Spot};
use crate::pins::{CreditFunding, WitnessClass};
use crate::table::Kind;
use crate::terms::{Price, Quote, Request, Window};
use crate::transfer::TransferEnd;
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{
    AccessPlanId, ApprovalId, AssistId, ChargebackId, DoorId, HoldId, IncidentId, InterventionId, ItemId, JobId, LeaseId, OperatorId,
    PartyId, PaymentId, QuoteId, RefundId, RobotId, ShiftId, WitnessId, ZoneId,
};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};

pub use crate::reason::*;

#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Event {
    JobCreated(Box<Request>),
    RfqOpened {
        invited: Vec<PartyId>,
        price: Price,
        risk_m: u32,
        factors: Vec<i32>,
        candidates: u16,
    },
    QuoteSubmitted(Quote),
    QuoteWithdrawn {
        quote: QuoteId,
        rev: u8,
    },
    QuoteExpired {
        quote: QuoteId,
        rev: u8,
    },
    QuoteAwarded {
        quote: QuoteId,
        rev: u8,
        terms_hash: Digest,
        ranking: Vec<QuoteId>,
        auth_by: Instant,
        payment: PaymentId,
        amount: Amount,
        credit: Amount,
        reason: AwardReason,
    },
    AwardLapsed {
        quote: QuoteId,
        reason: LapseReason,
    },
    JobWithdrawn {
        reason: WithdrawReason,
    },
    PaymentAuthorised {
        payment: PaymentId,
        amount: Amount,
        expires: Instant,
        provider_ref: String,
    },
    PaymentDeclined {
        payment: PaymentId,
        code: String,
    },
    JobBooked(Box<Booking>),
    PaymentCaptured {
        payment: PaymentId,
        amount: Amount,
    },
    PaymentCaptureFailed {
        payment: PaymentId,
        attempt: u8,
    },
    PaymentVoided {
        payment: PaymentId,
        reason: String,
    },
    JobCancelled {
        reason: CancelReason,
        /// Whose word it was.
        by: By,
        fault: Fault,
        fee_bps: u32,
        comp_bps: u32,
    },
    NoShowDeclared {
        leg: u8,
        owner: PartyId,
        comp: Amount,
        /// Who answers for it: the owner, unless it was kept from coming.
        fault: Fault,
    },
    NoShowResolved {
        choice: Choice,
        arrive_by: Option<Instant>,
    },
    JobAborted {
        cause: Cause,
        fault: Fault,
        departed: bool,
        started: bool,
    },
    DispatchFailed {
        counts: Vec<(String, u16)>,
    },
    RobotMatched(Match),
    LeaseAccepted {
        lease: LeaseId,
        fence: u64,
        plan_hash: Digest,
    },
    /// A lease ahead comes to its time: from now on the robot is about this job, under a fence of its own.
    LeaseDue {
        lease: LeaseId,
        leg: u8,
        fence: u64,
    },
    LeaseRefused {
        lease: LeaseId,
        code: String,
    },
    LeaseLapsed {
        lease: LeaseId,
        leg: u8,
        reason: ReleaseReason,
    },
    LeaseReleased {
        lease: LeaseId,
        leg: u8,
        reason: ReleaseReason,
    },
    LeaseEnded {
        lease: LeaseId,
        leg: u8,
        reason: ReleaseReason,
    },
    Departed {
        route_mm: u64,
        eta: Span,
    },
    TripAborted {
        reason: AbortReason,
        detail: String,
    },
    RobotArrived {
        place: u32,
        x_mm: i64,
        y_mm: i64,
        theta_urad: i64,
    },
    ExecutionStarted {
        leg: u8,
        plan_hash: Digest,
        /// Bundles that it runs on.
        skills: Vec<Digest>,
        from_checkpoint: u16,
    },
    CheckpointReached {
        index: u16,
        /// What was done there: `PICK`.
        step: String,
        place: u32,
        zone: Option<ZoneId>,
        work_bps_claimed: u32,
        state_hash: Digest,
    },
    CustodyChanged {
        item: ItemId,
        to: Custody,
        mass_g: u32,
    },
    ExecutionStalled {
        reason: StallReason,
    },
    ExecutionResumed {
        stalled: Span,
    },
    ExecutionCompleted {
        steps: u16,
        black_box_root: Digest,
    },
    ExecutionAborted {
        reason: AbortReason,
        detail: String,
    },
    StartOverdue {
        measured: Span,
        limit: Span,
    },
    StallLimitReached {
        measured: Span,
        limit: Span,
    },
    MaxExecutionReached {
        measured: Span,
        limit: Span,
    },
    SafeExitOrdered {
        cause: Cause,
        disposition: Disposition,
        exit_by: Instant,
        fault: Fault,
        /// The load on the robot is put down at this transfer place.
        transfer: Option<u32>,
    },
    SafeExitConfirmed {
        how: ExitProof,
        custody: Custody,
        /// Where the robot said last that it is.
        pose: Option<Spot>,
    },
    SafeExitEscalated {
        level: u8,
    },
    SafeExitForced {
        motion_inhibited: bool,
    },
    HandoverOpened {
        leg: u8,
        checkpoint: u16,
        remaining_bps: u32,
    },
    AccessPlanIssued(AccessPlan),
    AccessGranted {
        plan: AccessPlanId,
        door: Option<DoorId>,
        fence: u64,
    },
    AccessDenied {
        plan: Option<AccessPlanId>,
        /// The door or lift that did not open; none at the entry.
        door: Option<DoorId>,
        code: String,
    },
    AccessRevoked {
        plan: AccessPlanId,
        reason: RevokeReason,
        /// Who answers for it.
        fault: Fault,
    },
    AccessEnding {
        plan: AccessPlanId,
    },
    AccessExpired {
        plan: AccessPlanId,
    },
    AccessWaitExpired {
        plan: Option<AccessPlanId>,
    },
    AccessClosed {
        plan: AccessPlanId,
        reason: CloseReason,
    },
    Entered {
        robot: RobotId,
        place: u32,
        zone: Option<ZoneId>,
    },
    Exited {
        robot: RobotId,
        place: u32,
        zone: Option<ZoneId>,
    },
    IncidentOpened {
        incident: IncidentId,
        code: IncidentCode,
        severity: u8,
        robot: Option<RobotId>,
        /// On whose readings a detector fired; none if somebody told of it.
        detector: Option<Detector>,
        dev_ns: u64,
        /// Where the robot was, as far as that is known.
        zone: Option<ZoneId>,
        facts_hash: Digest,
    },
    IncidentRepeated {
        incident: IncidentId,
        severity: u8,
    },
    IncidentTriaged {
        incident: IncidentId,
        severity: u8,
        fault: Fault,
        confirmed: bool,
    },
    WitnessReported {
        witness: WitnessId,
        class: WitnessClass,
        point: u16,
        place: u32,
        zone: Option<ZoneId>,
        robot: RobotId,
        measure: i64,
        artefact: Digest,
    },
    ProofEvaluated(ProofResult),
    SettlementHeld {
        hold: HoldId,
        missing: Vec<Missing>,
        amount: Amount,
    },
    HoldEscalated {
        hold: HoldId,
        level: u8,
    },
    SettlementReleased {
        hold: HoldId,
    },
    SettlementForfeited {
        hold: HoldId,
        decision_hash: Digest,
        earned_bps: u32,
    },
    /// Two people of the trust service decide what was earned, in place of the proof.
    ProofOverridden {
        earned_bps: u32,
        decision_hash: Digest,
    },
    JobSettled(Box<Settlement>),
    RefundIssued {
        refund: RefundId,
        amount: Amount,
        of: RefundOf,
        decision_hash: Digest,
        /// The closed period that it concerns.
        origin_period: Option<String>,
    },
    RefundPaid {
        refund: RefundId,
        provider_ref: String,
    },
    RefundFailed {
        refund: RefundId,
        code: String,
    },
    ChargebackOpened {
        chargeback: ChargebackId,
        amount: Amount,
        fee: Amount,
        reason: String,
    },
    ChargebackWon {
        chargeback: ChargebackId,
        fee_back: Amount,
    },
    ChargebackLost {
        chargeback: ChargebackId,
        fault: Fault,
        /// Who bears what the job's own money does not.
        funding: RefundBearer,
    },
    AssistQueued {
        assist: AssistId,
        priority: u8,
        reason: AssistReason,
        question_hash: Option<Digest>,
    },
    AssistOffered {
        assist: AssistId,
        operator: OperatorId,
        attempt: u8,
        accept_by: Instant,
    },
    AssistOfferLapsed {
        assist: AssistId,
        operator: OperatorId,
    },
    AssistAccepted {
        assist: AssistId,
        operator: OperatorId,
    },
    AssistDeclined {
        assist: AssistId,
        operator: OperatorId,
        reason: String,
    },
    AssistStarted {
        assist: AssistId,
        operator: OperatorId,
        party: PartyId,
        channel_hash: Digest,
    },
    AssistEnded {
        assist: AssistId,
        outcome: AssistOutcome,
        billed: Span,
    },
    AssistExhausted {
        assist: AssistId,
        fallback: Fallback,
    },
    InterventionSubmitted {
        intervention: InterventionId,
        operator: OperatorId,
        kind: InterventionKind,
        args: Vec<i64>,
        proposal_hash: Digest,
    },
    InterventionApplied {
        intervention: InterventionId,
        applied: Vec<i64>,
        clamps: Vec<String>,
        latency: Span,
    },
    InterventionRefused {
        intervention: InterventionId,
        code: String,
        latency: Span,
    },
    InterventionExpired {
        intervention: InterventionId,
    },
    AccessRevokeAcked {
        plan: AccessPlanId,
        by_robot: bool,
    },
    QuoteCountered(Counter),
    QuoteAccepted {
        quote: QuoteId,
        rev: u8,
    },
    RescheduleProposed(Move),
    /// Both sides agree; what it costs more is asked of the payer first.
    RescheduleAccepted {
        payment: PaymentId,
        extra: Amount,
    },
    RescheduleDeclined {
        reason: MoveDecline,
    },
    JobRescheduled(Rescheduled),
    SlaBreachRecorded(Breach),
    SlaCreditIssued {
        breaches: Vec<BreachKind>,
        amount: Amount,
        funding: CreditFunding,
    },
    CoverageReserved {
        operator: OperatorId,
        shift: ShiftId,
        interval: Window,
    },
    CoverageReleased {
        operator: OperatorId,
        reason: CoverageEnd,
    },
    ApprovalAsked(Box<Ask>),
    ApprovalGranted {
        approval: ApprovalId,
        action_hash: Digest,
    },
    ApprovalDenied {
        approval: ApprovalId,
        action_hash: Digest,
    },
    ApprovalRevoked {
        approval: ApprovalId,
        action_hash: Digest,
    },
    ApprovalConsumed {
        approval: ApprovalId,
    },
    ApprovalExpired {
        approval: ApprovalId,
    },
    /// Its robot has hold of what is to be lifted.
    LiftReady {},
    /// All members are ready: the word to raise it.
    LiftReleased {
        begins: Instant,
    },
    /// It did not rise, or fell; this much its robot bore at most.
    LiftFailed {
        measure_g: u32,
    },
    /// A member kept the others waiting, or did not do its part.
    LiftOverdue {
        measured: Span,
        limit: Span,
    },
    /// Another member ended: who, and who answers for that here.
    TeamBroken {
        by: JobId,
        fault: Fault,
    },
    /// Whoever had the load says that it lies in the transfer place.
    TransferPutDown {
        place: u32,
        item: ItemId,
        mass_g: u32,
    },
    /// The site's witness saw it there.
    TransferScanned {
        witness: WitnessId,
        place: u32,
        robot: RobotId,
        measure: i64,
        artefact: Digest,
    },
    /// It did not come to lie there.
    TransferFailed {
        place: u32,
        reason: TransferEnd,
    },
    /// The robot of the next leg has it, and found what it was told to find.
    TransferFetched {
        place: u32,
        item: ItemId,
        mass_g: u32,
        state_hash: Digest,
    },
    /// The requester complains; what is said stays outside. The incident follows.
    ComplaintFiled {
        category: IncidentCode,
        text_hash: Digest,
    },
    /// Another robot is to do the rest, by decision of dispatch: the robot is told to leave next.
    HandoverOrdered {
        reason: Cause,
    },
}

impl Event {
    /// Wire name of the event.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::JobCreated(_) => "JOB_CREATED",
            Self::LiftReady { .. } => "LIFT_READY",
            Self::LiftReleased { .. } => "LIFT_RELEASED",
            Self::LiftFailed { .. } => "LIFT_FAILED",
            Self::LiftOverdue { .. } => "LIFT_OVERDUE",
            Self::TeamBroken { .. } => "TEAM_BROKEN",
            Self::TransferPutDown { .. } => "TRANSFER_PUT_DOWN",
            Self::TransferScanned { .. } => "TRANSFER_SCANNED",
            Self::TransferFailed { .. } => "TRANSFER_FAILED",
            Self::TransferFetched { .. } => "TRANSFER_FETCHED",
            Self::ComplaintFiled { .. } => "COMPLAINT_FILED",
            Self::HandoverOrdered { .. } => "HANDOVER_ORDERED",
            Self::RfqOpened { .. } => "RFQ_OPENED",
            Self::QuoteSubmitted(_) => "QUOTE_SUBMITTED",
            Self::QuoteWithdrawn { .. } => "QUOTE_WITHDRAWN",
            Self::QuoteExpired { .. } => "QUOTE_EXPIRED",
            Self::QuoteAwarded { .. } => "QUOTE_AWARDED",
            Self::AwardLapsed { .. } => "AWARD_LAPSED",
            Self::JobWithdrawn { .. } => "JOB_WITHDRAWN",
            Self::PaymentAuthorised { .. } => "PAYMENT_AUTHORISED",
            Self::PaymentDeclined { .. } => "PAYMENT_DECLINED",
            Self::JobBooked(_) => "JOB_BOOKED",
            Self::PaymentCaptured { .. } => "PAYMENT_CAPTURED",
            Self::PaymentCaptureFailed { .. } => "PAYMENT_CAPTURE_FAILED",
            Self::PaymentVoided { .. } => "PAYMENT_VOIDED",
            Self::JobCancelled { .. } => "JOB_CANCELLED",
            Self::NoShowDeclared { .. } => "NO_SHOW_DECLARED",
            Self::NoShowResolved { .. } => "NO_SHOW_RESOLVED",
            Self::JobAborted { .. } => "JOB_ABORTED",
            Self::DispatchFailed { .. } => "DISPATCH_FAILED",
            Self::RobotMatched(_) => "ROBOT_MATCHED",
            Self::LeaseAccepted { .. } => "LEASE_ACCEPTED",
            Self::LeaseDue { .. } => "LEASE_DUE",
            Self::LeaseRefused { .. } => "LEASE_REFUSED",
            Self::LeaseLapsed { .. } => "LEASE_LAPSED",
            Self::LeaseReleased { .. } => "LEASE_RELEASED",
            Self::LeaseEnded { .. } => "LEASE_ENDED",
            Self::Departed { .. } => "DEPARTED",
            Self::TripAborted { .. } => "TRIP_ABORTED",
            Self::RobotArrived { .. } => "ROBOT_ARRIVED",
            Self::ExecutionStarted { .. } => "EXECUTION_STARTED",
            Self::CheckpointReached { .. } => "CHECKPOINT_REACHED",
            Self::CustodyChanged { .. } => "CUSTODY_CHANGED",
            Self::ExecutionStalled { .. } => "EXECUTION_STALLED",
            Self::ExecutionResumed { .. } => "EXECUTION_RESUMED",
            Self::ExecutionCompleted { .. } => "EXECUTION_COMPLETED",
            Self::ExecutionAborted { .. } => "EXECUTION_ABORTED",
            Self::StartOverdue { .. } => "START_OVERDUE",
            Self::StallLimitReached { .. } => "STALL_LIMIT_REACHED",
            Self::MaxExecutionReached { .. } => "MAX_EXECUTION_REACHED",
            Self::SafeExitOrdered { .. } => "SAFE_EXIT_ORDERED",
            Self::SafeExitConfirmed { .. } => "SAFE_EXIT_CONFIRMED",
            Self::SafeExitEscalated { .. } => "SAFE_EXIT_ESCALATED",
            Self::SafeExitForced { .. } => "SAFE_EXIT_FORCED",
            Self::HandoverOpened { .. } => "HANDOVER_OPENED",
            Self::AccessPlanIssued(_) => "ACCESS_PLAN_ISSUED",
            Self::AccessGranted { .. } => "ACCESS_GRANTED",
            Self::AccessDenied { .. } => "ACCESS_DENIED",
            Self::AccessRevoked { .. } => "ACCESS_REVOKED",
            Self::AccessEnding { .. } => "ACCESS_ENDING",
            Self::AccessExpired { .. } => "ACCESS_EXPIRED",
            Self::AccessWaitExpired { .. } => "ACCESS_WAIT_EXPIRED",
            Self::AccessClosed { .. } => "ACCESS_CLOSED",
            Self::Entered { .. } => "ENTERED",
            Self::Exited { .. } => "EXITED",
            Self::IncidentOpened { .. } => "INCIDENT_OPENED",
            Self::IncidentRepeated { .. } => "INCIDENT_REPEATED",
            Self::IncidentTriaged { .. } => "INCIDENT_TRIAGED",
            Self::WitnessReported { .. } => "WITNESS_REPORTED",
            Self::ProofEvaluated(_) => "PROOF_EVALUATED",
            Self::SettlementHeld { .. } => "SETTLEMENT_HELD",
            Self::HoldEscalated { .. } => "HOLD_ESCALATED",
            Self::SettlementReleased { .. } => "SETTLEMENT_RELEASED",
            Self::ProofOverridden { .. } => "PROOF_OVERRIDDEN",
            Self::SettlementForfeited { .. } => "SETTLEMENT_FORFEITED",
            Self::JobSettled(_) => "JOB_SETTLED",
            Self::RefundIssued { .. } => "REFUND_ISSUED",
            Self::RefundPaid { .. } => "REFUND_PAID",
            Self::RefundFailed { .. } => "REFUND_FAILED",
            Self::ChargebackOpened { .. } => "CHARGEBACK_OPENED",
            Self::ChargebackWon { .. } => "CHARGEBACK_WON",
            Self::ChargebackLost { .. } => "CHARGEBACK_LOST",
            Self::AssistQueued { .. } => "ASSIST_QUEUED",
            Self::AssistOffered { .. } => "ASSIST_OFFERED",
            Self::AssistOfferLapsed { .. } => "ASSIST_OFFER_LAPSED",
            Self::AssistAccepted { .. } => "ASSIST_ACCEPTED",
            Self::AssistDeclined { .. } => "ASSIST_DECLINED",
            Self::AssistStarted { .. } => "ASSIST_STARTED",
            Self::AssistEnded { .. } => "ASSIST_ENDED",
            Self::AssistExhausted { .. } => "ASSIST_EXHAUSTED",
            Self::InterventionSubmitted { .. } => "INTERVENTION_SUBMITTED",
            Self::InterventionApplied { .. } => "INTERVENTION_APPLIED",
            Self::InterventionRefused { .. } => "INTERVENTION_REFUSED",
            Self::InterventionExpired { .. } => "INTERVENTION_EXPIRED",
            Self::AccessRevokeAcked { .. } => "ACCESS_REVOKE_ACKED",
            Self::QuoteCountered(_) => "QUOTE_COUNTERED",
            Self::QuoteAccepted { .. } => "QUOTE_ACCEPTED",
            Self::RescheduleProposed(_) => "RESCHEDULE_PROPOSED",
            Self::RescheduleAccepted { .. } => "RESCHEDULE_ACCEPTED",
            Self::RescheduleDeclined { .. } => "RESCHEDULE_DECLINED",
            Self::JobRescheduled(_) => "JOB_RESCHEDULED",
            Self::SlaBreachRecorded(_) => "SLA_BREACH_RECORDED",
            Self::SlaCreditIssued { .. } => "SLA_CREDIT_ISSUED",
            Self::CoverageReserved { .. } => "COVERAGE_RESERVED",
            Self::CoverageReleased { .. } => "COVERAGE_RELEASED",
            Self::ApprovalAsked(_) => "APPROVAL_ASKED",
            Self::ApprovalGranted { .. } => "APPROVAL_GRANTED",
            Self::ApprovalDenied { .. } => "APPROVAL_DENIED",
            Self::ApprovalRevoked { .. } => "APPROVAL_REVOKED",
            Self::ApprovalConsumed { .. } => "APPROVAL_CONSUMED",
            Self::ApprovalExpired { .. } => "APPROVAL_EXPIRED",
        }
    }

    /// The row of the transition table it belongs to, if it moves the state.
    pub fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::JobCreated(_) => Kind::JobCreated,
            Self::QuoteSubmitted(_) => Kind::QuoteSubmitted,
            Self::QuoteWithdrawn { .. } => Kind::QuoteWithdrawn,
            Self::QuoteExpired { .. } => Kind::QuoteExpired,
            Self::QuoteAwarded { .. } => Kind::QuoteAwarded,
            Self::AwardLapsed { .. } => Kind::AwardLapsed,
            Self::JobWithdrawn { .. } => Kind::JobWithdrawn,
            Self::JobBooked(_) => Kind::JobBooked,
            Self::RobotMatched(_) => Kind::RobotMatched,
            Self::LeaseAccepted { .. } => Kind::LeaseAccepted,
            Self::LeaseRefused { .. } => Kind::LeaseRefused,
            Self::LeaseLapsed { .. } => Kind::LeaseLapsed,
            Self::LeaseReleased { .. } => Kind::LeaseReleased,
            Self::Departed { .. } => Kind::Departed,
            Self::RobotArrived { .. } => Kind::RobotArrived,
            Self::ExecutionStarted { .. } => Kind::ExecutionStarted,
            Self::ExecutionStalled { .. } => Kind::ExecutionStalled,
            Self::ExecutionResumed { .. } => Kind::ExecutionResumed,
            Self::ExecutionCompleted { .. } => Kind::ExecutionCompleted,
            Self::SafeExitOrdered { .. } => Kind::SafeExitOrdered,
            // Outside of work an operator may help as well: then these move nothing, and the job decides with its state.
            Self::AssistStarted { .. } => Kind::AssistStarted,
            Self::AssistEnded { .. } => Kind::AssistEnded,
            Self::HandoverOpened { .. } => Kind::HandoverOpened,
            Self::NoShowDeclared { .. } => Kind::NoShowDeclared,
            Self::NoShowResolved { choice: Choice::Wait, .. } => Kind::NoShowResolvedWait,
            Self::JobAborted { .. } => Kind::JobAborted,
            Self::JobSettled(_) => Kind::JobSettled,
            Self::QuoteCountered(_) => Kind::QuoteCountered,
            Self::JobRescheduled(_) => Kind::JobRescheduled,
            // Granting entry again while inside is a record only: the job decides with its state.
            Self::AccessGranted { .. } => Kind::AccessGranted,
            _ => return None,
        })
    }
}
