//! Stops and access in true time: no motion under an acknowledged stop (I15), no work after access was taken back (I14).

use crate::verdict::{Class, Notes};
use nooterra_engine::ids::JobId;
use nooterra_engine::time::{Instant, Span};
use std::collections::BTreeSet;

/// A robot under a stop that it said it obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Its number.
    pub robot: u32,
    /// When the platform heard that it obeys.
    pub since: Instant,
    /// True speed over ground, mm/s.
    pub speed_mmps: u64,
    /// A fault in force explains that it moves.
    pub excused: bool,
}

/// A job whose access was taken back or ran out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barred {
    /// The job.
    pub job: JobId,
    /// When.
    pub at: Instant,
    /// When its last checkpoint was recorded, if it has one.
    pub checkpoint: Option<Instant>,
    /// When it was recorded as completed, if it was.
    pub completed: Option<Instant>,
}

/// Time to come to rest, and speed that counts as rest.
const REST_WITHIN: Span = Span::from_millis(500);
const REST_MMPS: u64 = 50;

/// The judge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stops {
    told: BTreeSet<(u32, Instant)>,
    barred: BTreeSet<JobId>,
    pub still: Notes,
    pub access: Notes,
}

impl Stops {
    pub fn new() -> Self {
        Self {
            told: BTreeSet::new(),
            barred: BTreeSet::new(),
            still: Notes::of("a stopped robot stands", &[15]),
            access: Notes::of("no work without access", &[14]),
        }
    }
    pub fn motion(&mut self, at: Instant, tick: u64, s: &Stopped, name: &dyn Fn(u32) -> String) {
        self.still.checked();
        let late = at.since(s.since) > REST_WITHIN && s.speed_mmps > REST_MMPS && !s.excused;
        if late && self.told.insert((s.robot, s.since)) {
            let story = format!("{} moves at {} mm/s, stopped since {}", name(s.robot), s.speed_mmps, s.since);
            self.still.broke(Class::Safety, at, tick, story, vec![name(s.robot)]);
        }
    }
    pub fn access(&mut self, at: Instant, tick: u64, b: &Barred) {
        self.access.checked();
        let after = |t: Option<Instant>| t.is_some_and(|t| t > b.at);
        if (after(b.checkpoint) || after(b.completed)) && self.barred.insert(b.job) {
            let what = if after(b.checkpoint) { "a checkpoint" } else { "a completion" };
            let story = format!("{} has {what} after its access ended at {}", b.job, b.at);
            self.access.broke(Class::Safety, at, tick, story, vec![b.job.to_string()]);
        }
    }
}
