//! Rare paths of the platform, marked where its facts pass: a run's report lists those that it reached.

use nooterra_engine::sometimes;
use nooterra_jobs::event::Event as JobEvent;
use nooterra_skills::Event as SkillEvent;

/// Marks what an event of a job stands for.
pub(crate) fn job(e: &JobEvent) {
    sometimes!(matches!(e, JobEvent::HandoverOpened { .. }), "hand-over opened");
    sometimes!(matches!(e, JobEvent::SafeExitOrdered { .. }), "safe exit ordered");
    sometimes!(matches!(e, JobEvent::SafeExitForced { .. }), "safe exit forced");
    sometimes!(matches!(e, JobEvent::LeaseLapsed { .. }), "lease lapsed");
    sometimes!(matches!(e, JobEvent::LeaseReleased { .. }), "lease released");
    sometimes!(matches!(e, JobEvent::RefundIssued { .. }), "refund issued");
    sometimes!(matches!(e, JobEvent::NoShowDeclared { .. }), "no-show declared");
    sometimes!(matches!(e, JobEvent::AccessDenied { .. }), "door denied");
    sometimes!(matches!(e, JobEvent::ExecutionStalled { .. }), "work stalled");
    sometimes!(matches!(e, JobEvent::AwardLapsed { .. }), "award lapsed");
}

/// Marks what an event of a skill stands for.
pub(crate) fn skill(e: &SkillEvent) {
    sometimes!(matches!(e, SkillEvent::SkillRevoked { .. }), "skill revoked");
    sometimes!(matches!(e, SkillEvent::SkillRepinned { .. }), "skill repinned");
}
