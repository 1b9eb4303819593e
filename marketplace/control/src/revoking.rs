//! Access that was taken back: doors and robot say within two seconds that they know, or the robot is stopped. And with
//! what right a robot passes a door.

use crate::state::State;
use crate::unit::{Outcome, Unit, need, no};
use crate::world::World;
use nooterra_dispatch::facilities::Facilities;
use nooterra_engine::ids::{AccessPlanId, JobId, RobotId, StopId};
use nooterra_engine::sometimes;
use nooterra_jobs::event::Event;
use nooterra_operations::stop::{Scope, Stop, Voice};
use nooterra_port::facility::{Pass, Way};
use nooterra_port::{FacilityOrder, Order};
use nooterra_site::DoorIx;
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

    /// With what right those pass who wait for a door.
    pub(crate) fn passes_of(&self, door: DoorIx) -> Vec<Pass> {
        let waits = |f: &Facilities, r: RobotId| {
            f.waiting(r).and_then(|m| self.world.site.lanes.get(m.lane.at())).is_some_and(|l| l.doors.contains(&door))
        };
        let robots = self.s.robots.keys().filter(|r| waits(&self.s.facilities, **r));
        robots.filter_map(|r| self.pass(*r)).collect()
    }

    /// With what right the one rides for whom a lift is held.
    pub(crate) fn passes_in(&self, rider: RobotId) -> Vec<Pass> {
        self.pass(rider).into_iter().collect()
    }

    fn pass(&self, robot: RobotId) -> Option<Pass> {
        pass(self.s, self.world, robot)
    }
}

/// As what a stop for a job's revocation is known.
fn unknown(job: JobId) -> String {
    format!("{UNKNOWN} {job}")
}

/// With what right a robot passes a door: inward only from its entry until it is to leave. On its way to the access point it
/// is still outside, and who stands in a cabin is let out of it.
pub(crate) fn pass(s: &State, world: &World, robot: RobotId) -> Option<Pass> {
    let c = s.robots.get(&robot)?;
    let in_cabin = s.traffic.at(robot).and_then(|v| world.site.vertices.get(v.at())).is_some_and(|v| v.lift.is_some());
    let job = c.robot.lease.and_then(|h| s.jobs.get(&h.job));
    // Who is to stand still goes nowhere further in, whether it has heard so or not.
    let goes_in = job.filter(|j| !in_cabin && j.status.is_at_work() && c.robot.stops.is_empty());
    let way = match goes_in {
        Some(j) => Way::Inward { job: j.id, plan: j.access.plan.as_ref().map(|p| p.plan) },
        None => Way::Outward {},
    };
    // Who is about a job shows that job's fence: what it holds for later has newer ones, and no say yet.
    let fence = c.robot.lease.map_or(c.robot.fence, |h| h.fence);
    Some(Pass { robot, fence, way })
}
