//! How a run goes about its work, and why there may be none.

use super::guide::Tolls;
use super::plan::Effort;
use thiserror::Error;

/// How to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Seed of every choice.
    pub seed: u64,
    /// Actions in a plan.
    pub depth: usize,
    /// How hard to look for plans.
    pub effort: Effort,
    /// How much a task's own length counts against the way to its first place, percent.
    pub length_percent: u32,
    /// What it costs to move against the direction of a way.
    pub tolls: Tolls,
    /// Bytes that tables of costs to goals may take.
    pub tables_bytes: usize,
    /// After its end the list begins anew; otherwise the run has an end.
    pub endless: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            depth: 4,
            effort: Effort { tries: 64, reach: 64, rounds_percent: 100 },
            length_percent: 0,
            tolls: Tolls { corridor: 4, open: 2 },
            tables_bytes: 384 << 20,
            endless: true,
        }
    }
}

/// Why there is no run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A robot starts where none can stand, or where another does.
    #[error("agent {agent} cannot start at location {location}")]
    Start {
        /// Which.
        agent: u32,
        /// Where.
        location: u32,
    },
    /// A task asks for a place where no robot can stand, or for none at all.
    #[error("task {task} has no place, or one that is not free")]
    Task {
        /// Its position in the list.
        task: u32,
    },
    /// No robot, or no task, or nothing on offer.
    #[error("no agent, no task, or none on offer")]
    Nothing,
}
