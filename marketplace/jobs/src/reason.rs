//! The closed lists of reasons, causes and codes that events name.
#![allow(missing_docs)] // every name is defined in the catalogue

use nooterra_engine::Record;
use nooterra_engine::ids::{DisputeId, PartyId};

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
    Team,
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
    SkillRevoked,
}

/// Whose word ended a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum By {
    Requester,
    Owner,
    Operator,
    Developer,
    Certifier,
    Finance,
    Dispatch,
    Trust,
    Staff,
    /// Nobody of these: the market, for the parties.
    Market,
}

/// Why an access plan is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum CloseReason {
    /// The work is done and the robot is out.
    Done,
    /// The job ended without that.
    Aborted,
    /// The booking is for another window now.
    Rescheduled,
}

/// On whose readings a detector fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Detector {
    /// What the robot reported.
    Robot,
    /// What the site's devices reported.
    Site,
    /// What the platform itself found, by its clock.
    Platform,
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
    Rescheduled,
    Uncovered,
    TeamBroken,
    WouldBeLate,
    Swapped,
    Stopped,
    OfferExpired,
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
    /// A stop by the robot's owner: unlike those of others it is no excuse.
    OwnerStop,
}

impl StallReason {
    /// Was the robot stopped by somebody?
    #[must_use]
    pub const fn is_stop(self) -> bool {
        matches!(self, Self::RemoteStop | Self::OwnerStop)
    }
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
    OperatorAborted,
    AssistExhausted,
    ApprovalDenied,
    SkillRevoked,
    RobotChanged,
    TeamBroken,
    LiftOverdue,
    /// Its owner stopped the robot.
    OwnerStop,
    /// Its owner stopped the whole fleet.
    FleetStop,
    /// Somebody else stopped many robots at once.
    FloorStop,
    /// The site took access back.
    SiteRevoked,
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
    /// Put down in a transfer place for another robot.
    Deposited,
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

macro_rules! incident_codes {
    ($($name:ident $text:literal;)*) => {
        /// What can go wrong, by name; the trust room knows how bad each can be.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
        pub enum IncidentCode { $(#[doc = concat!("`", $text, "`")] $name),* }
        impl IncidentCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name),*];
            /// The wire name.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
            /// The code of a wire name.
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|c| c.text() == text)
            }
        }
    };
}

incident_codes! {
    Collision "COLLISION";
    HumanContact "HUMAN_CONTACT";
    NearMiss "NEAR_MISS";
    ProtectiveStopStorm "PROTECTIVE_STOP_STORM";
    PayloadDrop "PAYLOAD_DROP";
    ZoneViolation "ZONE_VIOLATION";
    Stall "STALL";
    LinkLost "LINK_LOST";
    LocalisationDivergence "LOCALISATION_DIVERGENCE";
    TwinResidual "TWIN_RESIDUAL";
    BatteryDepletion "BATTERY_DEPLETION";
    ClampBreach "CLAMP_BREACH";
    TipOver "TIP_OVER";
    UncommandedMotion "UNCOMMANDED_MOTION";
    PrivacyBreach "PRIVACY_BREACH";
    AccessAnomaly "ACCESS_ANOMALY";
    TelemetryGap "TELEMETRY_GAP";
    PropertyDamage "PROPERTY_DAMAGE";
    TheftAllegation "THEFT_ALLEGATION";
    PrivacyComplaint "PRIVACY_COMPLAINT";
    Injury "INJURY";
    QualityComplaint "QUALITY_COMPLAINT";
    FailedToComplete "FAILED_TO_COMPLETE";
    BlockedZone "BLOCKED_ZONE";
    AccessFailure "ACCESS_FAILURE";
    MeterMismatch "METER_MISMATCH";
    RobotStranded "ROBOT_STRANDED";
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
    Dispute,
    Chargeback,
    Incident,
    Coverage,
    Assist,
    Meters,
}

/// Who bears a refund after settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum RefundBearer {
    /// Everybody who was paid, by what they were paid.
    Legs {},
    /// This party first.
    Party(PartyId),
    /// The platform.
    Platform {},
}

/// What a refund rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum RefundOf {
    /// What a settlement or a lower price left the requester.
    Settlement {},
    /// What a dispute was decided to give back.
    Award { dispute: DisputeId, bearer: RefundBearer },
}

/// How remote help ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum AssistOutcome {
    Resumed,
    Unresolved,
    Abort,
    Timeout,
    Idle,
    LinkLost,
    TaskDone,
    Exited,
}

/// What is done when nobody helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Fallback {
    #[default]
    SafeExit,
    Continue,
    AskRequester,
}

/// Why remote help was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum AssistReason {
    Asked,
    Stalled,
    Incident,
    ExitEscalated,
    OperatorLost,
}

/// Kinds of intervention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum InterventionKind {
    ApproveGrasp,
    SetNavTarget,
    SelectObject,
    TeleopNudge,
    Resume,
    Abort,
}

/// The two sides of a job's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Side {
    Requester,
    Owner,
}

impl Side {
    /// Who answers it.
    pub const fn other(self) -> Self {
        match self {
            Self::Requester => Self::Owner,
            Self::Owner => Self::Requester,
        }
    }
}

/// Why a quote was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum AwardReason {
    /// Mode INSTANT: the first that could be awarded.
    FirstAwardable,
    /// First by the award key when the request closed.
    BestAtClose,
    /// First by the award key after the one before it lapsed.
    NextAfterLapse,
    /// The requester chose it.
    Requester,
}

/// Why a booking stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum MoveDecline {
    /// A side said no.
    Declined,
    /// Nobody answered in time, or the money did not come.
    Timeout,
    /// The work went on meanwhile.
    TooLate,
    /// What it costs more was not authorised.
    Payment,
}

/// Kinds of breach of a service level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum BreachKind {
    ArriveLate,
    CompleteLate,
    ExcessStall,
    AssistSlow,
    ExitOverstay,
    ProviderAbort,
}
