//! What an incident sets in motion (domain 8.2): an ordered list of values that the caller carries out.

use crate::incident::code::{MATERIAL, SERIOUS, SEVERITY_MAX};
use nooterra_engine::Record;

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
