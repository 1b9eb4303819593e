//! What those say who keep the place: staff and the trust service, governors of keys, auditors, and who makes and certifies skills.

use crate::fact::KeyReason;
use crate::stops::StopOrder;
use crate::tenant_policy::PolicyChange;
use nooterra_engine::ids::{IncidentId, JobId, KeyId, PartyId, RobotId, StopId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record};
use nooterra_jobs::event::{Fault, IncidentCode, RevokeReason};
use nooterra_port::clamps::Tight;
use nooterra_trust::{Binding, PublicKey, Signature};

/// What may be said about keys, and by auditors.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum GovernanceCommand {
    /// A key may speak for somebody who is known here (`OS`, two keys).
    BindKey(Box<Binding>),
    /// The key that signs this is followed by another of the same holder (any role that has keys).
    RotateKey {
        /// The new key.
        public: PublicKey,
        /// Its signature over [`nooterra_trust::role::rotation_bytes`]: whoever names it holds it.
        proof: Signature,
        /// The key before is heard for so long yet, at most a day.
        overlap: Span,
    },
    /// A key is not heard any more (`OS`, two keys).
    RevokeKey {
        /// Which.
        key: KeyId,
        /// Why.
        reason: KeyReason,
    },
    /// A settled job was derived again from the log alone (`AU`).
    RecordAudit {
        /// Which.
        job: JobId,
        /// All followed from the log.
        agrees: bool,
        /// SHA-256 of the finding, which stays outside.
        finding: Digest,
    },
    /// Staff have seen who somebody is (`OS`): a party of the marketplace from now on.
    VerifyParty {
        /// Its id.
        party: PartyId,
        /// Its name, for people.
        name: String,
        /// Currencies that it pays and is paid in, where it does not take all.
        takes: Vec<Currency>,
    },
    /// A change of the tenant's policy, and from when on it holds (`OS`, two keys).
    SetPolicy {
        /// What changes.
        change: Box<PolicyChange>,
        /// When it takes effect: not before what was set last.
        effective_from: Instant,
    },
    /// An outside witness (`WI`) has seen how far all streams have come.
    WitnessHead {
        /// Which publication.
        number: u64,
        /// Its root.
        root: Digest,
    },
}

/// What staff and the trust service may say (`OS`, `TR`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum StaffCommand {
    /// Cancels a booking, or withdraws a request (`OS`).
    Cancel {
        /// The job.
        job: JobId,
    },
    /// Judges an incident (`TR`).
    Triage {
        /// The job.
        job: JobId,
        /// The incident.
        incident: IncidentId,
        /// How bad it was.
        severity: u8,
        /// Whose fault.
        fault: Fault,
        /// Did it happen?
        confirmed: bool,
    },
    /// What was judged is done with (`TR`).
    CloseIncident {
        /// The job.
        job: JobId,
        /// The incident.
        incident: IncidentId,
        /// How it ended.
        outcome: nooterra_trust::incident::Outcome,
    },
    /// Says that something went wrong which nothing measured (`OS`, `TR`).
    ReportIncident {
        /// The job.
        job: JobId,
        /// What.
        code: IncidentCode,
        /// How bad, within what the code allows.
        severity: u8,
    },
    /// Judges an incident of a robot that had no job (`TR`).
    TriageRobot {
        /// The robot.
        robot: RobotId,
        /// The incident.
        incident: IncidentId,
        /// How bad it was.
        severity: u8,
        /// Whose fault.
        fault: Fault,
        /// Did it happen?
        confirmed: bool,
    },
    /// Decides what was earned in place of the proof of a job that has ended and is not settled (`TR`, two keys).
    OverrideProof {
        /// The job.
        job: JobId,
        /// Basis points; nothing else for a job that never began.
        earned_bps: u32,
        /// SHA-256 of the reasons, which stay outside.
        decision_hash: Digest,
    },
    /// Bars a robot (`OS`, `TR`).
    Quarantine {
        /// The robot.
        robot: RobotId,
        /// Why.
        cause: String,
        /// Over by itself then, unless something speaks against it; for people to clear, if not said.
        until: Option<Instant>,
    },
    /// Lets a robot back in (`OS`, not of its owner's party).
    ClearQuarantine {
        /// The robot.
        robot: RobotId,
        /// SHA-256 of what was checked, which stays outside.
        checklist: Digest,
    },
    /// A stranded robot was taken out of the site (`OS`).
    Recovered {
        /// The robot.
        robot: RobotId,
        /// Where what it carried lies now, if it carried anything.
        load_at: Option<u32>,
    },
    /// Somebody was at a transfer place to bring back the load of a job that is over (`OS`).
    LoadReturned {
        /// The job.
        job: JobId,
        /// It lay there, and is back where it came from.
        found: bool,
    },
    /// A recovered robot is repaired and asks for a place to be put down (`OS`). Asked again, the same place is named.
    Repaired {
        /// The robot.
        robot: RobotId,
    },
    /// Has a robot looked after by its owner: it gets no more work (`TR`).
    OpenMaintenance {
        /// The robot.
        robot: RobotId,
        /// What for.
        kind: String,
    },
    /// A robot that has no job is gone for good (`OS`).
    RetireRobot {
        /// The robot.
        robot: RobotId,
        /// Why.
        reason: String,
    },
    /// Tightens the bounds of a robot's motion; never looser than what holds (`OS`).
    TightenClamps {
        /// The robot.
        robot: RobotId,
        /// Within these.
        bounds: Tight,
    },
    /// Lets a robot have its own bounds back, whoever tightened them: it checks itself (`OS`).
    LiftClamps {
        /// The robot.
        robot: RobotId,
    },
    /// Stops a robot at once (`OS`, `TR`).
    Stop {
        /// The robot.
        robot: RobotId,
        /// Why.
        reason: String,
    },
    /// Clears every stop of a robot (`OS`).
    ClearStops {
        /// The robot.
        robot: RobotId,
    },
    /// Stops robots, a site, a fleet or everything (`OS`, `TR` within its scope).
    StopAll(StopOrder),
    /// Agrees that a stop is over (`OS`).
    ClearStop {
        /// The stop.
        stop: StopId,
    },
    /// Takes access back (`OS`).
    RevokeAccess {
        /// The job.
        job: JobId,
        /// Why.
        reason: RevokeReason,
    },
    /// Bars the robot that a job has (`OS`, `TR`).
    QuarantineOf {
        /// The job.
        job: JobId,
        /// Why.
        cause: String,
        /// As of a robot that is named.
        until: Option<Instant>,
    },
}

/// What a skill developer may say (`DV`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum DeveloperCommand {
    /// Publishes a bundle.
    Publish {
        /// Its canonical bytes.
        bundle: Vec<u8>,
        /// Signed.
        seal: nooterra_skills::BundleSeal,
    },
    /// Revokes a bundle of its own.
    Revoke {
        /// Which.
        bundle: Digest,
        /// How hard.
        level: nooterra_skills::Level,
        /// Why.
        reason: String,
        /// The version that takes its place, if it is rolled back.
        predecessor: Option<Digest>,
    },
}

/// What a certifier may say (`CE`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum CertifierCommand {
    /// Certifies a bundle for a model.
    Certify {
        /// What it says.
        certificate: Box<nooterra_skills::SignedCertificate>,
        /// What that rests on.
        evidence: Box<nooterra_skills::Evidence>,
    },
    /// Takes back its certificates of a bundle.
    Recall {
        /// Which.
        bundle: Digest,
        /// Only those for this model.
        model: Option<String>,
        /// How hard.
        level: nooterra_skills::Level,
        /// Why.
        reason: String,
    },
}
