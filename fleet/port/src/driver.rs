//! The sans-IO driver contract: words to and from robots, as bytes. Nothing above it knows simulation from steel.

use nooterra_engine::ids::RobotId;
use nooterra_engine::{Instant, Record};
use thiserror::Error;

/// What is known of the link to a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum LinkState {
    /// Nothing: never heard of, or a link that does not tell.
    #[default]
    Unknown,
    /// Up.
    Online,
    /// Down.
    Offline,
}

/// Why words were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DriverError {
    /// The driver does not serve this robot.
    #[error("no link leads to robot {0}")]
    UnknownRobot(RobotId),
}

/// Carries words out and reports in for a set of robots. It stamps nothing and decides nothing.
///
/// The contract, which [`crate::conformance`] holds every driver to: words handed in reach the robot they are for and no
/// other, unchanged, at most as often as the link doubles them; reports come out in the order in which the link delivered
/// them, unchanged, under the name of the robot that the link says sent them; nothing else comes out; words for strangers
/// are refused. A driver never blocks and reads no clock: the same calls give the same answers.
pub trait Driver {
    /// The robots that it serves.
    fn robots(&self) -> &[RobotId];
    /// Hands words for a robot to the link: canonical bytes of a [`crate::SignedOrder`] or of the receipt for a report.
    fn send(&mut self, now: Instant, robot: RobotId, words: Vec<u8>) -> Result<(), DriverError>;
    /// Takes the next envelope that has arrived by `now`.
    fn poll(&mut self, now: Instant) -> Option<(RobotId, Vec<u8>)>;
    /// State of the link as the driver sees it.
    fn link(&self, robot: RobotId) -> LinkState;
}
