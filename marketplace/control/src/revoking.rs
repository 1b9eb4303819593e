//! Access that was taken back: doors and robot say within two seconds that they know, or the robot is stopped.

use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::{AccessPlanId, JobId, RobotId, StopId};
use nooterra_engine::sometimes;
use nooterra_jobs::event::Event;
use nooterra_operations::stop::{Scope, Stop, Voice};
use nooterra_port::{FacilityOrder, Order};
use nooterra_trust::Code;

/// Why the platform stops a robot whose end of access is not acknowledged.
const UNKNOWN: &str = "REVOKE_UNACKED";

impl Unit<'_> {
    /// The bound robot is told that its plan is void.
    pub(crate) fn revoke_robot(&mut self, job: JobId, plan: AccessPlanId) {
        let Some(l) = self.job(job).ok().and_then(|j| j.leg().copied()) else { return };
        self.order(l.offer.robot, Order::Revoke { lease: l.offer.lease, plan });
    }

    /// A robot says that it knows.
    pub(crate) fn robot_knows(&mut self, robot: RobotId, plan: AccessPlanId) -> Outcome {
        let job = self.bound(robot)?;
        let j = self.job(job)?;
        need(j.access.plan.as_ref().is_some_and(|p| p.plan == plan), Code::PlanMissing)?;
        let Some(r) = j.access.revoking else { return no(Code::TrackForbids) };
        need(!r.robot, Code::AlreadyDone)?;
        self.emit(job, Event::AccessRevokeAcked { plan, by_robot: true });
        Ok(())
    }

    /// At the end of a unit: who was stopped only because nobody knew goes on once everybody does, or once it has nothing to
    /// do with the job any more.
    pub(crate) fn close_revocations(&mut self) {
        for job in self.touched(|_, j| j.access.revoking.is_some_and(|r| r.escalated && r.is_known())) {
            let Some(robot) = self.job(job).ok().and_then(|j| j.legs.last()).map(|l| l.offer.robot) else { continue };
            let why = unknown(job);
            let own = |s: &&Stop| s.voice == Voice::Trust && s.reason == why;
            let stops: Vec<StopId> = self.s.stops.over(robot).filter(own).map(|s| s.stop).collect();
            for stop in stops {
                let cleared = self.clear_stop(stop, Voice::Trust);
                nooterra_engine::always!(cleared.is_ok(), "the platform clears its own stop", "{cleared:?}");
            }
        }
    }

    /// `REVOKE_ACK_BY`: doors or robot did not say that they know.
    pub(crate) fn revoke_unknown(&mut self, job: JobId) {
        let Some(j) = self.s.jobs.get_mut(&job) else { return };
        j.revoke_escalated();
        let robot = j.robot();
        sometimes!(true, "a revocation is not acknowledged");
        let Some(robot) = robot else { return };
        let stop = self.own_stop(Scope::Robot(robot), unknown(job));
        self.issue(stop);
        self.facility(FacilityOrder::Alarm { robot, code: UNKNOWN.to_owned() });
    }
}

/// As what a stop for a job's revocation is known.
fn unknown(job: JobId) -> String {
    format!("{UNKNOWN} {job}")
}
