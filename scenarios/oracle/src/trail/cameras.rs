//! When a robot may record, by the trail alone: the privacy mode that a job was asked with, what its requester approved, and
//! the windows of evidence that images belong to (I19). The world's side of it is judged in [`crate::cameras`].

use nooterra_control::fact::CaseEvent;
use nooterra_engine::ids::{ApprovalId, IncidentId, JobId, LeaseId, RobotId};
use nooterra_jobs::approval::Wanted;
use nooterra_jobs::event::Event;
use nooterra_jobs::terms::Privacy;
use nooterra_trust::evidence::Event as Evidence;
use std::collections::{BTreeMap, BTreeSet};

/// What allows a robot to record now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// An incident's window, or the requester's approval: wherever it is.
    Anywhere,
    /// Its job is open to it: outside of private areas.
    OutsidePrivate,
    /// Nothing.
    Never,
}

#[derive(Debug, Default)]
struct Job {
    privacy: Privacy,
    leases: BTreeSet<(RobotId, LeaseId)>,
    asked: BTreeSet<ApprovalId>,
    approved: bool,
    /// Severity, from, to of each incident's window, in device time.
    windows: BTreeMap<IncidentId, (u8, u64, u64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Cameras {
    jobs: BTreeMap<JobId, Job>,
}

impl Cameras {
    pub fn event(&mut self, id: JobId, e: &Event) {
        let j = self.jobs.entry(id).or_default();
        match e {
            Event::JobCreated(r) => j.privacy = r.need.privacy,
            Event::RobotMatched(m) => {
                j.leases.insert((m.robot, m.lease));
            }
            Event::ApprovalAsked(a) if matches!(a.wanted, Wanted::RecordVideo { .. }) => {
                j.asked.insert(a.approval);
            }
            Event::ApprovalGranted { approval, .. } => j.approved |= j.asked.contains(approval),
            _ => {}
        }
    }

    pub fn case(&mut self, id: JobId, e: &CaseEvent) {
        if let CaseEvent::Evidence(e) = e
            && let Evidence::Wanted { incident, severity, from, to } = &**e
        {
            self.jobs.entry(id).or_default().windows.insert(*incident, (*severity, from.ns, to.ns));
        }
    }

    /// What allows this robot to record at this instant of its own time, under this lease?
    pub fn allowed(&self, robot: RobotId, lease: Option<LeaseId>, dev_ns: u64) -> Recording {
        let own = || self.jobs.values().filter(|j| j.leases.iter().any(|(r, _)| *r == robot));
        // Images of an incident: from severity 4 on, whatever was agreed; below, only where it was.
        let wanted = |j: &Job| {
            let least = if j.privacy == Privacy::Minimal { 4 } else { 2 };
            j.windows.values().any(|(severity, from, to)| *severity >= least && *from <= dev_ns && dev_ns <= *to)
        };
        let present = lease.and_then(|l| own().find(|j| j.leases.contains(&(robot, l))));
        if own().any(wanted) || present.is_some_and(|j| j.approved) {
            return Recording::Anywhere;
        }
        if present.is_some_and(|j| j.privacy == Privacy::Open) { Recording::OutsidePrivate } else { Recording::Never }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nooterra_trust::incident::DevTime;

    #[test]
    fn jobs_windows_and_approvals_allow_it_and_nothing_else() {
        let (robot, lease, job) = (RobotId::named("r"), LeaseId::named("l"), JobId::named("j"));
        for (privacy, least) in [(Privacy::Minimal, 4), (Privacy::Limited, 2), (Privacy::Open, 2)] {
            let mut c = Cameras::default();
            c.jobs.insert(job, Job { privacy, leases: BTreeSet::from([(robot, lease)]), ..Job::default() });
            let by_job = if privacy == Privacy::Open { Recording::OutsidePrivate } else { Recording::Never };
            assert_eq!(c.allowed(robot, Some(lease), 5), by_job);
            assert_eq!(c.allowed(robot, None, 5), Recording::Never, "its lease is over");
            assert_eq!(c.allowed(RobotId::named("s"), Some(lease), 5), Recording::Never, "another's lease");
            for severity in 2..=5 {
                let at = |ns| DevTime { boot: 0, ns };
                let wanted = Evidence::Wanted { incident: IncidentId::named("i"), severity, from: at(4), to: at(6) };
                c.case(job, &CaseEvent::Evidence(Box::new(wanted)));
                let expected = if severity >= least { Recording::Anywhere } else { Recording::Never };
                assert_eq!(c.allowed(robot, None, 6), expected, "{privacy:?} {severity}");
                assert_eq!((c.allowed(robot, None, 3), c.allowed(robot, None, 7)), (Recording::Never, Recording::Never));
            }
        }
    }
}
