//! The events of a robot stream in this slice. Names are the wire names of the domain's catalogue.
#![allow(missing_docs)] // every name and field is defined in the catalogue

use crate::clamps::Clamps;
use crate::status::{HealthCause, RobotStatus};
use crate::stop::{Scope, Then, Voice};
use nooterra_engine::ids::{EventId, IncidentId, JobId, KeyId, PartyId, RobotId, StopId, TaskId, ZoneId};
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record};

/// Where a robot says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Pose {
    pub x_mm: i64,
    pub y_mm: i64,
    pub theta_urad: i64,
    pub level: u32,
}

/// What a robot says that it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Mode {
    #[default]
    Idle,
    Driving,
    Working,
    Charging,
    Exiting,
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum TaskKind {
    Charge,
    Relocate,
    Service,
}

/// A value that a robot declares.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Capability {
    pub name: String,
    pub value: u64,
}

/// A value that was measured on settled jobs: payload of `CAPABILITY_MEASURED`.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Measured {
    pub name: String,
    pub value: u64,
    pub samples: u32,
}

/// Payload of `HEARTBEAT_RECORDED`.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Beat {
    pub fence: Option<u64>,
    pub soc_bps: u32,
    pub health_bps: u32,
    pub errors: Vec<u16>,
    pub fault: bool,
    pub charging: bool,
    pub pose: Pose,
    pub place: u32,
    pub mode: Mode,
    pub orders_seen: u64,
    /// Number and hash of the last chunk of its black box.
    pub bb_head: Option<(u64, Digest)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Event {
    RobotEnrolled {
        owner: PartyId,
        model: String,
        driver_version: u32,
        device_key: Option<KeyId>,
        /// Of what the register holds of its device.
        attestation_hash: Digest,
        battery_j: u64,
    },
    HeartbeatRecorded(Beat),
    HealthChanged {
        from: RobotStatus,
        to: RobotStatus,
        causes: Vec<HealthCause>,
    },
    LinkLost {
        last: Instant,
    },
    LinkRestored {
        gap: Span,
    },
    OrderAcked {
        order_seq: u64,
        code: String,
    },
    RobotQuarantined {
        cause: String,
        incident: Option<IncidentId>,
        until: Option<Instant>,
        manual: bool,
    },
    QuarantineCleared {
        checklist: Option<Digest>,
    },
    TaskPlanned {
        task: TaskId,
        kind: TaskKind,
        place: u32,
        from: Instant,
        to: Instant,
    },
    TaskEnded {
        task: TaskId,
        code: String,
    },
    StopIssued {
        stop: StopId,
        scope: Scope,
        power_off: bool,
        then: Then,
        reason: String,
        because: Option<RobotId>,
    },
    StopAcked {
        stop: StopId,
        pose: Pose,
    },
    StopEscalated {
        stop: StopId,
        level: u8,
    },
    StopCleared {
        stop: StopId,
        by: Voice,
    },
    IncidentOpened {
        incident: IncidentId,
        code: String,
        severity: u8,
        detector: bool,
        dev_ns: u64,
        zone: Option<ZoneId>,
        facts_hash: Digest,
    },
    RecoveryAsked {
        place: u32,
    },
    MaintenanceOpened {
        kind: String,
    },
    MaintenanceClosed {
        place: u32,
        checklist: Option<Digest>,
        parts: Vec<String>,
    },
    RobotRetired {
        reason: String,
    },
    Obstructed {
        lane: u32,
        cleared: bool,
    },
    ClampSummarised {
        bound: String,
        count: u32,
        worst_requested: i64,
        applied: i64,
    },
    TrustScoreUpdated {
        from_bps: u32,
        to_bps: u32,
        reason: EventId,
        job: Option<JobId>,
    },
    IncidentRepeated {
        incident: IncidentId,
        severity: u8,
    },
    IncidentTriaged {
        incident: IncidentId,
        severity: u8,
        fault: String,
        confirmed: bool,
    },
    IncidentTriageOverdue {
        incident: IncidentId,
        level: u32,
    },
    BlackboxAnchored {
        from: u64,
        to: u64,
        root: Digest,
    },
    CapabilitiesAdvertised {
        capabilities: Vec<Capability>,
        skills: Vec<Digest>,
        sensors: Vec<String>,
        battery_j: u64,
    },
    CapabilityMeasured(Measured),
    ClampsTightened(Clamps),
    ClampsLifted {
        order_seq: u64,
    },
}

impl Event {
    /// Wire name of the event.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RobotEnrolled { .. } => "ROBOT_ENROLLED",
            Self::HeartbeatRecorded(_) => "HEARTBEAT_RECORDED",
            Self::HealthChanged { .. } => "HEALTH_CHANGED",
            Self::LinkLost { .. } => "LINK_LOST",
            Self::LinkRestored { .. } => "LINK_RESTORED",
            Self::OrderAcked { .. } => "ORDER_ACKED",
            Self::RobotQuarantined { .. } => "ROBOT_QUARANTINED",
            Self::QuarantineCleared { .. } => "QUARANTINE_CLEARED",
            Self::TaskPlanned { .. } => "TASK_PLANNED",
            Self::TaskEnded { .. } => "TASK_ENDED",
            Self::StopIssued { .. } => "STOP_ISSUED",
            Self::StopAcked { .. } => "STOP_ACKED",
            Self::StopEscalated { .. } => "STOP_ESCALATED",
            Self::StopCleared { .. } => "STOP_CLEARED",
            Self::IncidentOpened { .. } => "INCIDENT_OPENED",
            Self::RecoveryAsked { .. } => "RECOVERY_ASKED",
            Self::MaintenanceOpened { .. } => "MAINTENANCE_OPENED",
            Self::RobotRetired { .. } => "ROBOT_RETIRED",
            Self::MaintenanceClosed { .. } => "MAINTENANCE_CLOSED",
            Self::Obstructed { .. } => "OBSTRUCTED",
            Self::ClampSummarised { .. } => "CLAMP_SUMMARISED",
            Self::TrustScoreUpdated { .. } => "TRUST_SCORE_UPDATED",
            Self::IncidentRepeated { .. } => "INCIDENT_REPEATED",
            Self::IncidentTriaged { .. } => "INCIDENT_TRIAGED",
            Self::IncidentTriageOverdue { .. } => "INCIDENT_TRIAGE_OVERDUE",
            Self::BlackboxAnchored { .. } => "BLACKBOX_ANCHORED",
            Self::CapabilitiesAdvertised { .. } => "CAPABILITIES_ADVERTISED",
            Self::CapabilityMeasured(_) => "CAPABILITY_MEASURED",
            Self::ClampsTightened(_) => "CLAMPS_TIGHTENED",
            Self::ClampsLifted { .. } => "CLAMPS_LIFTED",
        }
    }
}
