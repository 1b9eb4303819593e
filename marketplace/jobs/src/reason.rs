//! The closed lists of reasons, causes and codes that events name.
#![allow(missing_docs)] // every name is defined in the catalogue

use nooterra_engine::Record;

/// Who answers for the end of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Fault {
    #[default]
    None,
    Requester,
    Owner,
    Operator,
    Developer,
    Platform,
    Site,
}

/// Why a request ended before booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum WithdrawReason {
    RfqExpired,
    NoAcceptableQuote,
    NotDecided,
    Requester,
    Staff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum LapseReason {
    AuthTimeout,
    Declined,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum CancelReason {
    Requester,
    Owner,
    Staff,
    Safety,
    PaymentFailed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum ReleaseReason {
    NoDeparture,
    LeaseExpired,
    TripAborted,
    Cancelled,
    NoShow,
    AccessFailure,
    RobotUnfit,
    HandoverFailed,
    Exited,
    Forced,
}

/// Why a robot gives up, outside or inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum AbortReason {
    Mechanical,
    Battery,
    Sensor,
    Blocked,
    Payload,
    Safety,
    Link,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum StallReason {
    HeartbeatLost,
    Stuck,
    RemoteStop,
    AssistUnresolved,
    Safety,
}

/// What made a safe exit or an abort necessary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Cause {
    RequesterCancelled,
    OwnerCancelled,
    StaffCancelled,
    SafetyCancelled,
    PaymentFailed,
    AccessRevoked,
    AccessExpired,
    AccessFailure,
    RobotAborted,
    StallLimit,
    StartOverdue,
    MaxExecution,
    Incident,
    Quarantine,
    Stop,
    NoShow,
    HandoverFailed,
    ExitForced,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Disposition {
    Handover,
    Abort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Choice {
    Cancel,
    Wait,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Custody {
    #[default]
    None,
    Held,
    Delivered,
    Returned,
    Lost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum RevokeReason {
    Privacy,
    Safety,
    Change,
    Other,
}

/// How the exit came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum ExitProof {
    Witness,
    OnSite,
}

/// Incident codes of this slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum IncidentCode {
    Collision,
    HumanContact,
    NearMiss,
    PayloadDrop,
    BatteryDepletion,
    LinkLost,
    Stall,
    TipOver,
    AccessFailure,
    RobotStranded,
    PropertyDamage,
    Injury,
    QualityComplaint,
    FailedToComplete,
    BlockedZone,
}

/// Outcome of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum ProofStatus {
    Pass,
    Partial,
    Fail,
    Insufficient,
}

/// Outcome of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Outcome {
    Full,
    Partial,
    NoCharge,
    Fee,
    Forfeit,
}

/// What keeps a settlement from happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Missing {
    Proof,
    Presence,
    Custody,
    Lease,
    Payment,
    Incident,
    Chargeback,
}
