//! What happens in the registry, in the names of the domain's catalogue.

use crate::manifest::Manifest;
use crate::seal::Certificate;
use crate::words::{Level, Unit};
use nooterra_engine::ids::{CertificateId, JobId, KeyId, LicenceId, RobotId, SkillId};
use nooterra_engine::money::Amount;
use nooterra_engine::{Digest, Record};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[allow(missing_docs)] // every name and field is defined in the catalogue
pub enum Event {
    SkillPublished {
        skill: SkillId,
        bundle: Digest,
        key: KeyId,
        manifest: Box<Manifest>,
    },
    SkillCertified {
        skill: SkillId,
        certificate: CertificateId,
        content: Box<Certificate>,
    },
    SkillCertExpired {
        skill: SkillId,
        certificate: CertificateId,
    },
    /// Of the bundle, or of one certificate of it.
    SkillRevoked {
        skill: SkillId,
        bundle: Digest,
        certificate: Option<CertificateId>,
        level: Level,
        reason: String,
        predecessor: Option<Digest>,
    },
    /// An incident counts against a bundle.
    SkillBlamed {
        skill: SkillId,
        bundle: Digest,
        severity: u8,
    },
    SkillLicensed {
        job: JobId,
        licence: LicenceId,
        skill: SkillId,
        bundle: Digest,
        /// Those in force, ascending: what may run on the job goes by one of them, or by one that took its place.
        certificates: Vec<CertificateId>,
        unit: Unit,
        fee: Amount,
        cap: Amount,
    },
    SkillRepinned {
        job: JobId,
        skill: SkillId,
        old: Digest,
        new: Digest,
        /// Those of the new one that are in force, ascending.
        certificates: Vec<CertificateId>,
    },
    SkillInstalled {
        robot: RobotId,
        skill: SkillId,
        bundle: Digest,
    },
    SkillInstallRefused {
        robot: RobotId,
        bundle: Digest,
        code: String,
    },
    SkillRemoved {
        robot: RobotId,
        skill: SkillId,
        bundle: Digest,
    },
    SkillStarted {
        job: JobId,
        robot: RobotId,
        skill: SkillId,
        bundle: Digest,
        licence: LicenceId,
    },
    SkillStopped {
        job: JobId,
        robot: RobotId,
        exit: String,
    },
    SkillMetered {
        job: JobId,
        licence: LicenceId,
        step: u16,
        units: u32,
        total: u32,
    },
}

/// Whose stream an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// A skill's.
    Skill(SkillId),
    /// A job's.
    Job(JobId),
    /// A robot's.
    Robot(RobotId),
}

impl Event {
    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SkillPublished { .. } => "SKILL_PUBLISHED",
            Self::SkillCertified { .. } => "SKILL_CERTIFIED",
            Self::SkillCertExpired { .. } => "SKILL_CERT_EXPIRED",
            Self::SkillRevoked { .. } => "SKILL_REVOKED",
            Self::SkillBlamed { .. } => "SKILL_BLAMED",
            Self::SkillLicensed { .. } => "SKILL_LICENSED",
            Self::SkillRepinned { .. } => "SKILL_REPINNED",
            Self::SkillInstalled { .. } => "SKILL_INSTALLED",
            Self::SkillInstallRefused { .. } => "SKILL_INSTALL_REFUSED",
            Self::SkillRemoved { .. } => "SKILL_REMOVED",
            Self::SkillStarted { .. } => "SKILL_STARTED",
            Self::SkillStopped { .. } => "SKILL_STOPPED",
            Self::SkillMetered { .. } => "SKILL_METERED",
        }
    }

    /// Whose stream it belongs to.
    pub const fn stream(&self) -> Stream {
        match self {
            Self::SkillPublished { skill, .. }
            | Self::SkillCertified { skill, .. }
            | Self::SkillCertExpired { skill, .. }
            | Self::SkillRevoked { skill, .. }
            | Self::SkillBlamed { skill, .. } => Stream::Skill(*skill),
            Self::SkillLicensed { job, .. }
            | Self::SkillRepinned { job, .. }
            | Self::SkillStarted { job, .. }
            | Self::SkillStopped { job, .. }
            | Self::SkillMetered { job, .. } => Stream::Job(*job),
            Self::SkillInstalled { robot, .. } | Self::SkillInstallRefused { robot, .. } | Self::SkillRemoved { robot, .. } => {
                Stream::Robot(*robot)
            }
        }
    }
}
