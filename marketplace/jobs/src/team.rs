//! Jobs that are done together: one robot each, one step in common.
//!
//! Each member is a job of its own, with its own robot, lease, proof and money; at most one robot has authority over each.
//! What binds them is that they are booked whole or not at all, that the step in common begins only when every member's
//! robot has said that it is ready, and that nobody goes on alone if one gives up before it is done.

use crate::batch;
use crate::event::{Cause, Event, Fault, ReleaseReason};
use crate::job::Job;
use crate::status::{Class, Status};
use crate::terms::Action;
use nooterra_engine::Record;
use nooterra_engine::ids::JobId;
use nooterra_engine::time::{Instant, Span};

/// How far a member is with the step in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Lift {
    /// Its robot has said that it is ready.
    pub ready_at: Option<Instant>,
    /// All were; the word to begin went out.
    pub released_at: Option<Instant>,
    /// Its robot has said that the others did not bear their part.
    pub failed_at: Option<Instant>,
}

impl Job {
    /// Position of the step in common, if this is a member of a team.
    pub fn lift_step(&self) -> Option<u16> {
        let at = self.steps().iter().position(|s| s.action == Action::Lift)?;
        u16::try_from(at).ok().filter(|_| self.request.team.is_some())
    }

    /// Has it done its part of the step in common?
    pub fn has_lifted(&self) -> bool {
        self.lift_step().is_some_and(|s| self.checkpoint > s)
    }

    /// Is its robot at the step in common, ready, and heard?
    pub fn is_ready_to_lift(&self) -> bool {
        matches!(self.status, Status::Executing | Status::Assisted)
            && Some(self.checkpoint) == self.lift_step()
            && self.lift.ready_at.is_some()
    }

    /// Until when the others may keep it waiting, or the step in common may take.
    pub fn lift_by(&self) -> Option<(Instant, Span)> {
        let p = self.pins.as_deref()?;
        if !self.status.is_at_work() || self.has_lifted() {
            return None;
        }
        match (self.lift.ready_at, self.lift.released_at) {
            (_, Some(at)) => Some((at, p.timing.lift_within)),
            (Some(at), None) => Some((at, p.timing.lift_wait)),
            (None, None) => None,
        }
    }

    pub(crate) fn fold_lift(&mut self, at: Instant, event: &Event) {
        match event {
            // Said again after its hold was lost, it waits no longer for that.
            Event::LiftReady { .. } => self.lift.ready_at = Some(self.lift.ready_at.unwrap_or(at)),
            Event::LiftReleased { .. } => self.lift.released_at = Some(at),
            Event::LiftFailed { .. } => self.lift.failed_at = Some(at),
            _ => {}
        }
    }

    /// What a robot said of the step in common was said under its lease.
    pub(crate) fn lift_leaves_with_robot(&mut self) {
        if !self.has_lifted() {
            self.lift = Lift::default();
        }
    }
}

/// Who answers for the end of a member that another one's end has brought about. What the requester, the site or the
/// platform has done, it has done to all; what an owner's robot has done is that owner's, and nobody else's.
pub fn fault_for(member: &Job, breaker: &Job, fault: Fault) -> Fault {
    match fault {
        Fault::Owner | Fault::Operator | Fault::Developer => {
            let owner = |j: &Job| j.legs.last().map(|l| l.offer.owner).or(j.pins.as_deref().map(|p| p.owner));
            if owner(member) == owner(breaker) { fault } else { Fault::None }
        }
        Fault::Requester | Fault::Platform | Fault::Site | Fault::None => fault,
    }
}

/// Another member has broken the team: this one ends too, at once outside, through a safe exit inside.
pub fn broken(job: &Job, by: JobId, fault: Fault, now: Instant) -> Vec<Event> {
    let mut out = vec![Event::TeamBroken { by, fault }];
    match job.status.class() {
        Class::Inside => {
            out.extend(batch::safe_exit(job, Cause::TeamBroken, None, now, None).into_iter().map(|e| match e {
                Event::SafeExitOrdered { cause, disposition, exit_by, transfer, .. } => {
                    Event::SafeExitOrdered { cause, disposition, exit_by, fault, transfer }
                }
                other => other,
            }));
        }
        _ => out.extend(batch::abort_outside(job, Cause::TeamBroken, fault, ReleaseReason::TeamBroken)),
    }
    out
}

/// This member has kept the others waiting, or did not do its part in time.
pub fn overdue(job: &Job, measured: Span, limit: Span, now: Instant) -> Vec<Event> {
    let mut out = vec![Event::LiftOverdue { measured, limit }];
    // Who stands before a door that nobody opens does not answer for that.
    let cause = if job.status == Status::Arrived { Cause::AccessFailure } else { Cause::LiftOverdue };
    match job.status.class() {
        Class::Inside => out.extend(batch::safe_exit(job, Cause::LiftOverdue, None, now, None)),
        _ => out.extend(batch::abort_outside(job, cause, batch::fault_of(job, cause), ReleaseReason::TeamBroken)),
    }
    out
}
