//! Authority in true time: at most one robot holds a job, and a robot's fence never falls.

use crate::verdict::{Class, Notes};
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;

/// A robot that believes now that it may work on a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The robot.
    pub robot: RobotId,
    /// The job.
    pub job: JobId,
    /// The fence that it would show.
    pub fence: u64,
}

/// The judge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Authority {
    fences: BTreeMap<RobotId, u64>,
    told: BTreeMap<JobId, (RobotId, RobotId)>,
    pub single: Notes,
    pub fence: Notes,
}

impl Authority {
    pub fn new() -> Self {
        Self {
            fences: BTreeMap::new(),
            told: BTreeMap::new(),
            single: Notes::of("one robot holds a job at a time", &[11]),
            fence: Notes::of("a robot's fence never falls", &[10]),
        }
    }
    pub fn look(&mut self, at: Instant, tick: u64, holdings: &[Holding]) {
        let mut by_job: BTreeMap<JobId, RobotId> = BTreeMap::new();
        self.single.checked();
        for h in holdings {
            self.fence.checked();
            let last = self.fences.entry(h.robot).or_insert(h.fence);
            if h.fence < *last {
                let story = format!("{} shows fence {} after {last}", h.robot, h.fence);
                self.fence.broke(Class::Safety, at, tick, story, vec![h.robot.to_string()]);
            }
            *last = h.fence.max(*last);
            match by_job.get(&h.job).copied() {
                None => {
                    by_job.insert(h.job, h.robot);
                }
                Some(other) if other != h.robot && self.told.get(&h.job) != Some(&(other, h.robot)) => {
                    self.told.insert(h.job, (other, h.robot));
                    let story = format!("{other} and {} both believe that they hold {}", h.robot, h.job);
                    self.single.broke(Class::Safety, at, tick, story, vec![h.job.to_string(), other.to_string(), h.robot.to_string()]);
                }
                Some(_) => {}
            }
        }
    }
}
