//! What can go wrong, by name, and how bad it can be (domain 8.1, 8.2).

use nooterra_engine::Record;

/// Which part of a job's way an incident belongs to: claims before the work starts need one of the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Family {
    /// On the way: contacts and motion.
    Travel,
    /// Doors, zones, permission.
    Access,
    /// The thing carried.
    Custody,
    /// Everything else.
    Other,
}

macro_rules! codes {
    ($($name:ident $text:literal $least:literal $most:literal $family:ident;)*) => {
        /// An incident's code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
        pub enum IncidentCode {
            $(#[doc = concat!("`", $text, "`, severity ", $least, " to ", $most)] $name,)*
        }
        impl IncidentCode {
            /// All codes: first those that detectors find, then those that somebody reports.
            pub const ALL: &[Self] = &[$(Self::$name),*];
            /// The wire name.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
            /// Least and greatest severity with which it may be opened; triage may go beyond.
            #[must_use]
            pub const fn severities(self) -> (u8, u8) {
                match self { $(Self::$name => ($least, $most)),* }
            }
            /// Which part of the job it belongs to.
            #[must_use]
            pub const fn family(self) -> Family {
                match self { $(Self::$name => Family::$family),* }
            }
        }
    };
}

codes! {
    Collision "COLLISION" 2 5 Travel;
    HumanContact "HUMAN_CONTACT" 4 5 Travel;
    NearMiss "NEAR_MISS" 2 3 Travel;
    ProtectiveStopStorm "PROTECTIVE_STOP_STORM" 2 3 Travel;
    PayloadDrop "PAYLOAD_DROP" 3 4 Custody;
    ZoneViolation "ZONE_VIOLATION" 3 4 Access;
    Stall "STALL" 1 2 Other;
    LinkLost "LINK_LOST" 1 2 Other;
    LocalisationDivergence "LOCALISATION_DIVERGENCE" 2 3 Travel;
    TwinResidual "TWIN_RESIDUAL" 2 2 Other;
    BatteryDepletion "BATTERY_DEPLETION" 2 3 Other;
    ClampBreach "CLAMP_BREACH" 4 4 Travel;
    TipOver "TIP_OVER" 4 4 Travel;
    UncommandedMotion "UNCOMMANDED_MOTION" 5 5 Travel;
    PrivacyBreach "PRIVACY_BREACH" 4 4 Access;
    AccessAnomaly "ACCESS_ANOMALY" 4 4 Access;
    TelemetryGap "TELEMETRY_GAP" 2 3 Other;
    PropertyDamage "PROPERTY_DAMAGE" 3 3 Travel;
    TheftAllegation "THEFT_ALLEGATION" 3 3 Custody;
    PrivacyComplaint "PRIVACY_COMPLAINT" 3 3 Access;
    Injury "INJURY" 5 5 Travel;
    QualityComplaint "QUALITY_COMPLAINT" 2 2 Other;
    FailedToComplete "FAILED_TO_COMPLETE" 2 2 Other;
    BlockedZone "BLOCKED_ZONE" 1 1 Access;
    AccessFailure "ACCESS_FAILURE" 1 1 Access;
    MeterMismatch "METER_MISMATCH" 2 2 Other;
    RobotStranded "ROBOT_STRANDED" 3 3 Other;
}

impl IncidentCode {
    /// The code of a wire name.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.text() == text)
    }
}

/// The greatest severity: critical.
pub const SEVERITY_MAX: u8 = 5;
/// From here on an incident is material: the robot stops for it and somebody must triage it.
pub const MATERIAL: u8 = 3;
/// From here on an incident is serious: the robot is taken out of service and the money waits.
pub const SERIOUS: u8 = 4;
