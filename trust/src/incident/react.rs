//! What an incident sets in motion (domain 8.2): an ordered list of values that the caller carries out.

use crate::incident::code::{MATERIAL, SERIOUS, SEVERITY_MAX};
use nooterra_engine::Record;
use nooterra_engine::ids::RobotId;
use nooterra_engine::time::{Instant, Span};
use std::collections::VecDeque;

/// One thing to do. Where it names nothing it is about the incident's own robot, job and zone; what has no robot or no
/// job at the moment is skipped by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Reaction {
    /// Ask for the evidence window around the sighting.
    EvidenceWindow,
    /// The robot brakes under protection.
    ProtectiveStop,
    /// `EXECUTION_STALLED(SAFETY)`, if the job is being worked on.
    StallIfWorking,
    /// An assist of priority HIGH.
    AssistHigh,
    /// Triage is due ([`crate::incident::Incidents::deadlines`] holds the instant).
    TriageDue,
    /// `STOP_ISSUED` for this robot.
    StopRobot,
    /// Safe exit with disposition ABORT, once the robot may move.
    SafeExitAbort,
    /// `ROBOT_QUARANTINED`.
    Quarantine,
    /// The settlement waits for triage.
    HoldSettlement,
    /// The owner is told.
    TellOwner,
    /// The site is told.
    TellSite,
    /// Everything in the zone stops until a person clears it.
    StopZone,
}

/// Reactions and the least severity of each, in the order in which they are carried out.
const STEPS: [(u8, Reaction); 12] = [
    (2, Reaction::EvidenceWindow),
    (MATERIAL, Reaction::ProtectiveStop),
    (MATERIAL, Reaction::StallIfWorking),
    (MATERIAL, Reaction::AssistHigh),
    (MATERIAL, Reaction::TriageDue),
    (SERIOUS, Reaction::StopRobot),
    (SERIOUS, Reaction::SafeExitAbort),
    (SERIOUS, Reaction::Quarantine),
    (SERIOUS, Reaction::HoldSettlement),
    (SERIOUS, Reaction::TellOwner),
    (SERIOUS, Reaction::TellSite),
    (SEVERITY_MAX, Reaction::StopZone),
];

/// What a rise of severity from `from` (0: unknown before) to `to` asks for: each thing once, never again for a repeat.
#[must_use]
pub fn reactions(from: u8, to: u8) -> Vec<Reaction> {
    STEPS.iter().filter(|(least, _)| from < *least && *least <= to).map(|(_, r)| *r).collect()
}

/// This many of one kind put a robot into quarantine.
pub const REPEATS: usize = 3;
/// Within this much receive time.
pub const REPEAT_WINDOW: Span = Span::from_mins(60);

/// What the repeat rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Trouble {
    /// The work stalled.
    Stall,
    /// An incident of severity 2 or more.
    Incident,
}

/// The repeat rule of one robot, kept by the platform in receive time.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Repeats {
    /// Whose.
    pub robot: RobotId,
    /// Instants of the last stalls, at most [`REPEATS`].
    stalls: VecDeque<Instant>,
    /// Instants of the last incidents, at most [`REPEATS`].
    incidents: VecDeque<Instant>,
}

impl Repeats {
    /// A robot without troubles.
    #[must_use]
    pub fn new(robot: RobotId) -> Self {
        Self { robot, stalls: VecDeque::new(), incidents: VecDeque::new() }
    }
    /// Counts one; true if the rule asks for quarantine. Two just an hour apart stand in the same window.
    pub fn note(&mut self, at: Instant, what: Trouble) -> bool {
        let q = match what {
            Trouble::Stall => &mut self.stalls,
            Trouble::Incident => &mut self.incidents,
        };
        q.push_back(at);
        // Older ones than the last three decide nothing.
        while q.len() > REPEATS {
            q.pop_front();
        }
        q.len() == REPEATS && q.front().is_some_and(|first| at.since(*first) <= REPEAT_WINDOW)
    }
    /// Quarantine was cleared by a person: counting starts anew.
    pub fn clear(&mut self) {
        self.stalls.clear();
        self.incidents.clear();
    }
}
