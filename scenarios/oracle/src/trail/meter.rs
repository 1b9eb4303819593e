//! What a skill ran on a job, counted once more from the events: starts, started minutes, and what its meter said.

use nooterra_engine::ids::LicenceId;
use nooterra_engine::time::Instant;
use nooterra_jobs::pins::LicenceUnit;
use nooterra_skills::Event;
use std::collections::BTreeMap;

const MINUTE: u64 = 60_000_000_000;

/// One licence of a job.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Meter {
    /// The last total that was recorded.
    pub total: u32,
    starts: u64,
    minutes: u64,
    since: Option<Instant>,
}

impl Meter {
    /// Units by the events; whether a job and its checkpoints count is known elsewhere.
    pub fn counted(&self, unit: LicenceUnit, started: bool, checkpoints: u64) -> u64 {
        match unit {
            LicenceUnit::Job => u64::from(started),
            LicenceUnit::Checkpoint => checkpoints,
            LicenceUnit::Use => self.starts,
            LicenceUnit::Minute => self.minutes,
        }
    }
    /// Units by its meter: a job has none.
    pub fn metered(&self, unit: LicenceUnit, started: bool) -> u64 {
        if unit == LicenceUnit::Job { u64::from(started) } else { u64::from(self.total) }
    }
}

/// Folds in an event of the job's skills.
pub(crate) fn fold(meters: &mut BTreeMap<LicenceId, Meter>, at: Instant, e: &Event) {
    match e {
        Event::SkillStarted { licence, .. } => {
            let m = meters.entry(*licence).or_default();
            (m.starts, m.since) = (m.starts + 1, Some(at));
        }
        Event::SkillStopped { .. } => {
            for m in meters.values_mut() {
                let Some(since) = m.since.take() else { continue };
                // Each minute that has begun, and a run has begun its first.
                let whole = at.0.saturating_sub(since.0).div_ceil(MINUTE);
                m.minutes += whole.max(1);
            }
        }
        Event::SkillMetered { licence, total, .. } => meters.entry(*licence).or_default().total = *total,
        _ => {}
    }
}
