//! Status of a robot and what follows from its health.

use nooterra_engine::Record;

/// Where a robot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum RobotStatus {
    /// Known, not yet heard of.
    Enrolled,
    /// Fit for work.
    Active,
    /// Fit for some work: health or charge is low.
    Degraded,
    /// Not fit.
    Unhealthy,
    /// Barred until staff clear it.
    Quarantined,
    /// In the workshop.
    Maintenance,
    /// Stands inside a site and does not come out by itself.
    Stranded,
    /// Gone for good.
    Retired,
}

/// Why a status changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum HealthCause {
    /// First heartbeat.
    FirstHeard,
    /// Little charge.
    BatteryLow,
    /// A subsystem is weak.
    Health,
    /// A drive does not do what it is told.
    MotorFault,
    /// A sensor is silent.
    SensorFault,
    /// Position unknown.
    LocalisationLost,
    /// Lying or tilted.
    Fall,
    /// All well again.
    Recovered,
    /// Could not leave a site.
    ForcedExit,
    /// Its owner looks after it.
    Service,
    /// A part is too warm.
    Overheat,
    /// Its clock does not run as it should.
    Clock,
    /// The platform was not heard for a while.
    Link,
    /// It records nothing any more.
    DiskFull,
}

impl HealthCause {
    /// The cause behind an error that a robot reports, by its number on the wire.
    pub const fn of_error(error: u16) -> Option<Self> {
        match error {
            0 => Some(Self::BatteryLow),
            1 => Some(Self::MotorFault),
            2 => Some(Self::SensorFault),
            3 => Some(Self::LocalisationLost),
            4 => Some(Self::Fall),
            5 => Some(Self::Link),
            6 => Some(Self::Overheat),
            7 => Some(Self::Clock),
            8 => Some(Self::DiskFull),
            _ => None,
        }
    }
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstHeard => "FIRST_HEARD",
            Self::BatteryLow => "BATTERY_LOW",
            Self::Health => "HEALTH",
            Self::MotorFault => "MOTOR_FAULT",
            Self::SensorFault => "SENSOR_FAULT",
            Self::LocalisationLost => "LOCALISATION_LOST",
            Self::Fall => "FALL",
            Self::Recovered => "RECOVERED",
            Self::ForcedExit => "FORCED_EXIT",
            Self::Service => "SERVICE",
            Self::Overheat => "OVERHEAT",
            Self::Clock => "CLOCK",
            Self::Link => "LINK",
            Self::DiskFull => "DISK_FULL",
        }
    }
}

/// Health from which a robot is fit, basis points.
pub const FIT_BPS: u32 = 7_000;
/// Health below which it is not fit at all.
pub const UNFIT_BPS: u32 = 4_000;
/// Charge below which it is only fit for some work.
pub const LOW_SOC_BPS: u32 = 2_000;

/// The status that health, charge and faults ask for.
pub fn from_health(health_bps: u32, soc_bps: u32, fault: bool) -> RobotStatus {
    if health_bps < UNFIT_BPS || fault {
        RobotStatus::Unhealthy
    } else if health_bps < FIT_BPS || soc_bps < LOW_SOC_BPS {
        RobotStatus::Degraded
    } else {
        RobotStatus::Active
    }
}

impl RobotStatus {
    /// Does its heartbeat move it? Statuses set by people or by force are only cleared by people.
    pub const fn follows_health(self) -> bool {
        matches!(self, Self::Enrolled | Self::Active | Self::Degraded | Self::Unhealthy)
    }
    /// Can it be matched?
    pub const fn is_fit(self) -> bool {
        matches!(self, Self::Active | Self::Degraded)
    }
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enrolled => "ENROLLED",
            Self::Active => "ACTIVE",
            Self::Degraded => "DEGRADED",
            Self::Unhealthy => "UNHEALTHY",
            Self::Quarantined => "QUARANTINED",
            Self::Maintenance => "MAINTENANCE",
            Self::Stranded => "STRANDED",
            Self::Retired => "RETIRED",
        }
    }
}
