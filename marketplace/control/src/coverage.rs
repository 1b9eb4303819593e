//! Operators who stand by for jobs: reserved with the robot, let go with its lease, replaced when their shift closes.

use crate::unit::Unit;
use nooterra_dispatch::assign::Batch;
use nooterra_engine::ids::{JobId, OperatorId, ShiftId};
use nooterra_engine::sometimes;
use nooterra_engine::time::Instant;
use nooterra_jobs::Job;
use nooterra_jobs::coverage::CoverageEnd;
use nooterra_jobs::event::{Event, ReleaseReason};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Window;
use nooterra_operations::Desk;
use nooterra_operations::desk::Standby;
use std::collections::BTreeSet;

/// The code with which a job waits that no operator can cover.
pub(crate) const NO_OPERATOR: &str = "COVERAGE";

fn standby(j: &Job, until: Instant) -> Standby {
    let owner = j.pins.as_ref().map(|p| p.owner);
    let barred = [j.request.requester].into_iter().chain(owner).collect();
    Standby { tier: j.request.need.tier as u8, region: crate::requester::region(j.request.site), barred, until }
}

impl Unit<'_> {
    /// Jobs of a batch for which no operator would be left, operators being given out in the order of the batch.
    pub(crate) fn bare(&self, due: &[JobId], batch: &Batch) -> BTreeSet<JobId> {
        let mut desk: Option<Desk> = None;
        let mut bare = BTreeSet::new();
        for (j, _, c) in batch.pairs() {
            let id = due[j as usize];
            let Some(job) = self.s.jobs.get(&id).filter(|j| j.lacks_cover()) else { continue };
            let desk = desk.get_or_insert_with(|| self.s.desk.clone());
            match desk.cover(self.now(), &standby(job, c.back)) {
                Some((operator, _)) => desk.stand_by(self.now(), operator, id),
                None => {
                    bare.insert(id);
                }
            }
        }
        bare
    }

    /// Who could stand by for a job until then.
    fn cover_for(&self, job: JobId, until: Instant) -> Option<(OperatorId, ShiftId)> {
        let j = self.job(job).ok()?;
        self.s.desk.cover(self.now(), &standby(j, until))
    }

    /// An operator is reserved for a job that was promised one and has none; says whether it is covered as promised now.
    pub(crate) fn reserve_cover(&mut self, job: JobId, interval: Window) -> bool {
        if !self.job(job).is_ok_and(Job::lacks_cover) {
            return true;
        }
        let Some((operator, shift)) = self.cover_for(job, interval.end) else { return false };
        sometimes!(true, "an operator is reserved with a job");
        self.emit(job, Event::CoverageReserved { operator, shift, interval });
        true
    }

    /// A shift is over: its jobs get another operator or, if they can still wait, another robot later.
    pub(crate) fn shift_uncovers(&mut self, operator: OperatorId) {
        let jobs = self.s.desk.operators.get(&operator).map(|o| o.standby.clone()).unwrap_or_default();
        for job in jobs {
            let Ok(j) = self.job(job) else { continue };
            let interval = j.coverage.map(|c| c.interval);
            let released = j.uncover(CoverageEnd::ShiftClosed);
            self.emit_all(job, released.into_iter().collect());
            let covered = interval.is_some_and(|i| self.reserve_cover(job, i));
            let waits = self.job(job).is_ok_and(|j| matches!(j.status, Status::Matched | Status::Reserved));
            if !covered && waits {
                sometimes!(true, "a job loses its robot with its operator");
                self.release_lease(job, ReleaseReason::Uncovered);
            }
        }
        self.trigger_dispatch();
    }
}
