//! What can be asked of the registry. Who asks stands in the hand, never in the command.

use crate::evidence::Evidence;
use crate::seal::{BundleSeal, SignedCertificate};
use crate::standing::Robot;
use crate::words::{Level, Tier};
use nooterra_engine::ids::{CertificateId, JobId, LicenceId, RobotId, TenantId};
use nooterra_engine::money::Currency;
use nooterra_engine::{Digest, Record};

/// A command.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Command {
    /// A developer publishes a bundle (`DV`).
    Publish {
        /// Canonical bytes.
        bundle: Vec<u8>,
        /// Signed.
        seal: BundleSeal,
    },
    /// A certifier certifies one for a model (`CE`).
    Certify {
        /// What it says.
        certificate: Box<SignedCertificate>,
        /// What that rests on.
        evidence: Box<Evidence>,
    },
    /// A bundle is revoked: by its developer (`DV`), or by the trust service (`TR`).
    Revoke {
        /// Which.
        bundle: Digest,
        /// How hard.
        level: Level,
        /// Why.
        reason: String,
        /// The version that takes its place, if it is rolled back (`BLOCK_NEW` only).
        predecessor: Option<Digest>,
    },
    /// A certifier takes back its certificates of a bundle (`CE`), or the trust service all (`TR`).
    Recall {
        /// Which.
        bundle: Digest,
        /// Only those for this model.
        model: Option<String>,
        /// How hard.
        level: Level,
        /// Why.
        reason: String,
    },
    /// An incident was found to be the developer's fault (`TR`).
    Blame {
        /// What ran.
        bundle: Digest,
        /// How bad it was.
        severity: u8,
    },
    /// A booking licenses a skill (`MK`).
    License {
        /// The job.
        job: JobId,
        /// The licence.
        licence: LicenceId,
        /// The bundle that is pinned.
        bundle: Digest,
        /// The one that was quoted.
        quoted: Digest,
        /// The marketplace.
        tenant: TenantId,
        /// The job's currency.
        currency: Currency,
    },
    /// A job that has not begun to run a revoked bundle gets the one that takes its place (`MK`).
    Repin {
        /// The job.
        job: JobId,
        /// What is pinned.
        bundle: Digest,
        /// The marketplace.
        tenant: TenantId,
    },
    /// A robot has a bundle; whether it may run it is judged when it begins (`RB`, `DI`).
    Install {
        /// The robot.
        robot: RobotId,
        /// The bundle.
        bundle: Digest,
    },
    /// A robot has thrown a version out (`RB`).
    Remove {
        /// The robot.
        robot: RobotId,
        /// The bundle.
        bundle: Digest,
    },
    /// A robot would not have it (`RB`).
    RefuseInstall {
        /// The robot.
        robot: Robot,
        /// The bundle.
        bundle: Digest,
        /// Why.
        code: String,
    },
    /// A robot begins to run it on a job (`RB`, `DI`).
    Start {
        /// The job.
        job: JobId,
        /// The robot.
        robot: Robot,
        /// The bundle.
        bundle: Digest,
        /// The certificate must go at least so far.
        min: Tier,
    },
    /// It runs no longer (`RB`, `DI`).
    Stop {
        /// The job.
        job: JobId,
        /// How it ended.
        exit: String,
    },
    /// A robot counts units (`RB`, `DI`).
    Meter {
        /// The job.
        job: JobId,
        /// The licence.
        licence: LicenceId,
        /// The checkpoint at which they were counted.
        step: u16,
        /// How many.
        units: u32,
        /// How many in all.
        total: u32,
    },
    /// The clock: a certificate has ended (`CK`).
    Fire {
        /// Which.
        certificate: CertificateId,
    },
}
