//! Who signs what (domain 3.3 to 3.7): an event carries the role that its row names. Where that is a service, it signs
//! whoever caused the unit; where it is somebody's own word, that one signs if the unit is its word, and otherwise the
//! service that carries out what follows.

use crate::unit::Unit;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_jobs::event::Event as JobEvent;
use nooterra_operations::Event as RobotEvent;
use nooterra_operations::stop::Voice;
use nooterra_skills::Event as SkillEvent;
use nooterra_trust::Role;

/// The role of whoever stops, or lets go on.
const fn role_of(voice: Voice) -> Role {
    match voice {
        Voice::Requester => Role::RQ,
        Voice::Owner => Role::OW,
        Voice::Operator => Role::OP,
        Voice::Site => Role::SI,
        Voice::Staff => Role::OS,
        Voice::Trust => Role::TR,
    }
}

impl Unit<'_> {
    /// Whoever caused the unit, if it is one of these; otherwise this service.
    fn one_of(&self, own: &[Role], service: Role) -> Role {
        if own.contains(&self.cx.role) { self.cx.role } else { service }
    }

    /// The robot that speaks in this unit, if it is this one; otherwise dispatch.
    fn own_word(&self, robot: Option<RobotId>) -> Role {
        let speaks = self.cx.role == Role::RB && robot.is_some_and(|r| *r.as_bytes() == self.cx.actor);
        if speaks { Role::RB } else { Role::DI }
    }

    /// The robot that a job is about, last of all.
    fn last_robot(&self, job: JobId) -> Option<RobotId> {
        self.s.jobs.get(&job)?.legs.last().map(|l| l.offer.robot)
    }

    /// Who signs an event of a job.
    pub(crate) fn job_signer(&self, job: JobId, e: &JobEvent) -> Role {
        match e {
            JobEvent::RfqOpened { .. } | JobEvent::JobBooked(_) | JobEvent::JobRescheduled(_) | JobEvent::SlaBreachRecorded(_) => Role::MK,
            JobEvent::QuoteSubmitted(_) => self.one_of(&[Role::OW], Role::MK),
            JobEvent::QuoteAwarded { .. } => self.one_of(&[Role::RQ], Role::MK),
            JobEvent::JobWithdrawn { .. } => self.one_of(&[Role::RQ, Role::OS], Role::MK),
            JobEvent::RescheduleDeclined { .. } => self.one_of(&[Role::RQ, Role::OW], Role::MK),
            // A provider's word that there is no money is finance's to act on.
            JobEvent::JobCancelled { .. } if self.cx.role == Role::PS => Role::FI,
            JobEvent::AssistOffered { .. }
            | JobEvent::AssistOfferLapsed { .. }
            | JobEvent::AssistExhausted { .. }
            | JobEvent::InterventionExpired { .. }
            | JobEvent::DispatchFailed { .. }
            | JobEvent::RobotMatched(_)
            | JobEvent::LeaseReleased { .. }
            | JobEvent::LeaseDue { .. }
            | JobEvent::CoverageReserved { .. }
            | JobEvent::CoverageReleased { .. }
            | JobEvent::LeaseEnded { .. }
            | JobEvent::HandoverOrdered { .. }
            | JobEvent::HandoverOpened { .. }
            | JobEvent::JobAborted { .. }
            | JobEvent::LiftReleased { .. }
            | JobEvent::LiftOverdue { .. }
            | JobEvent::TeamBroken { .. } => Role::DI,
            JobEvent::AssistEnded { .. } => self.one_of(&[Role::OP, Role::TR], Role::DI),
            JobEvent::AssistQueued { .. } | JobEvent::ExecutionStalled { .. } if self.cx.role == Role::OS => Role::OS,
            JobEvent::AssistQueued { .. } | JobEvent::ExecutionStalled { .. } | JobEvent::ExecutionResumed { .. } => {
                self.own_word(self.last_robot(job))
            }
            JobEvent::IncidentOpened { .. } | JobEvent::IncidentRepeated { .. } => self.teller(),
            JobEvent::SafeExitOrdered { .. }
            | JobEvent::AccessClosed { .. }
            | JobEvent::ProofEvaluated(_)
            | JobEvent::TransferFailed { .. }
            | JobEvent::ProofOverridden { .. }
            | JobEvent::SettlementHeld { .. }
            | JobEvent::SettlementReleased { .. }
            | JobEvent::SettlementForfeited { .. } => Role::TR,
            JobEvent::JobSettled(_) | JobEvent::RefundIssued { .. } | JobEvent::SlaCreditIssued { .. } => Role::FI,
            _ => self.cx.role,
        }
    }

    /// Whoever tells of what went wrong, or the trust service that finds it.
    fn teller(&self) -> Role {
        self.one_of(&[Role::RB, Role::OP, Role::RQ, Role::SI, Role::WI, Role::OS], Role::TR)
    }

    /// Who signs an event of a robot.
    pub(crate) fn robot_signer(&self, robot: RobotId, e: &RobotEvent) -> Role {
        match e {
            RobotEvent::TrustScoreUpdated { .. } | RobotEvent::IncidentTriageOverdue { .. } => Role::TR,
            // Whose report it came with, a measurement is dispatch's word, and so is what it makes of a robot's health.
            RobotEvent::CapabilityMeasured(_) | RobotEvent::HealthChanged { .. } | RobotEvent::TaskPlanned { .. } => Role::DI,
            RobotEvent::TaskEnded { .. } => self.own_word(Some(robot)),
            RobotEvent::RobotQuarantined { .. } => self.one_of(&[Role::OS], Role::TR),
            RobotEvent::QuarantineCleared { .. } => Role::OS,
            RobotEvent::IncidentOpened { .. } | RobotEvent::IncidentRepeated { .. } => self.teller(),
            RobotEvent::StopIssued { stop, .. } => self.s.stops.active.get(stop).map_or(Role::TR, |s| role_of(s.voice)),
            RobotEvent::StopCleared { by, .. } => role_of(*by),
            _ => self.cx.role,
        }
    }

    /// Who signs an event of a skill.
    pub(crate) fn skill_signer(&self, e: &SkillEvent) -> Role {
        match e {
            SkillEvent::SkillLicensed { .. } | SkillEvent::SkillRepinned { .. } => Role::MK,
            // A run that ends with the job's own word is the robot's; what is broken off for it, and counted then, is dispatch's.
            SkillEvent::SkillStopped { job, .. } | SkillEvent::SkillMetered { job, .. } => self.own_word(self.last_robot(*job)),
            _ => self.cx.role,
        }
    }
}
