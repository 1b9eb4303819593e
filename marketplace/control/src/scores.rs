//! Trust scores joined to the platform (domain 5.3): which facts teach, and whom. The trust room says what a fact moves.

use crate::cases::fault_to;
use crate::fact::PartyEvent;
use crate::gate::billed;
use crate::unit::Unit;
use nooterra_engine::ids::{EventId, JobId, PartyId, RobotId};
use nooterra_engine::sometimes;
use nooterra_jobs::event::{Cause, Fault, ProofStatus};
use nooterra_operations::event::Event as RobotEvent;
use nooterra_trust::reputation::{Fact, Outcome, Subject};

impl Unit<'_> {
    /// How a settled job ended for whoever did it.
    pub(crate) fn outcome(&self, job: JobId) -> Outcome {
        let Ok(j) = self.job(job) else { return Outcome::Other };
        match (j.aborted, billed(j, self.s.cases.get(&job)).0) {
            (Some(Cause::NoShow), _) if j.fault == Fault::Owner => Outcome::NoShow,
            (Some(_), _) => Outcome::Aborted(fault_to(j.fault)),
            (None, ProofStatus::Pass) => Outcome::Pass,
            (None, ProofStatus::Partial) => Outcome::Partial,
            (None, ProofStatus::Fail | ProofStatus::Insufficient) => Outcome::Other,
        }
    }

    /// A job was settled: its last robot and that one's owner, or whoever was booked, are judged by it.
    pub(crate) fn learn_of_job(&mut self, job: JobId, settled: EventId) {
        let outcome = self.outcome(job);
        let Ok(j) = self.job(job) else { return };
        let leg = j.legs.last().map(|l| (l.offer.robot, l.offer.owner));
        let owner = leg.map(|l| l.1).or(j.pins.as_ref().map(|p| p.owner));
        self.learn(Some(job), leg.map(|l| l.0), owner, settled, Fact::Settled(outcome));
    }

    /// A robot and an owner are judged by a fact, for the reason of an event.
    pub(crate) fn learn(&mut self, job: Option<JobId>, robot: Option<RobotId>, owner: Option<PartyId>, reason: EventId, fact: Fact) {
        for subject in robot.map(Subject::Robot).into_iter().chain(owner.map(Subject::Owner)) {
            let Ok(update) = self.s.scores.decide(self.now(), subject, reason, fact) else { continue };
            self.s.scores.evolve(&update);
            let (from_bps, to_bps) = (update.from_bps, update.to_bps);
            match subject {
                Subject::Robot(r) => {
                    self.emit_robot(r, RobotEvent::TrustScoreUpdated { from_bps, to_bps, reason, job });
                    self.poor(r);
                }
                Subject::Owner(party) => {
                    self.emit_party(party, PartyEvent::TrustScoreUpdated { party, from_bps, to_bps, reason, job });
                }
            }
        }
    }

    /// A robot that nobody trusts any more is taken out of service.
    fn poor(&mut self, robot: RobotId) {
        if !self.s.scores.is_poor(robot) || !self.cell(robot).is_ok_and(|c| c.robot.status.follows_health()) {
            return;
        }
        sometimes!(true, "robot quarantined for its trust score");
        self.bar(robot, "TRUST", None);
    }
}
