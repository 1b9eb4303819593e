//! The sans-IO driver contract: bytes to and from one robot. Nothing above it knows simulation from steel.

use nooterra_engine::ids::RobotId;
use nooterra_engine::{Instant, Record};

/// What is known of the link to a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum LinkState {
    /// Never heard of.
    #[default]
    Unknown,
    /// Up.
    Online,
    /// Down.
    Offline,
}

/// Carries orders out and reports in for a set of robots. It stamps nothing and decides nothing.
///
/// The contract, held by the conformance suite of each driver: an order handed in is delivered at most as often as
/// the link doubles it, unchanged; reports come out in the order in which the link delivered them, unchanged; nothing
/// comes out of `poll` that was not sent by the robot it names; the driver never blocks and reads no clock.
pub trait Driver {
    /// Hands an order's canonical bytes ([`crate::SignedOrder`]) to the link.
    fn send(&mut self, now: Instant, robot: RobotId, order: Vec<u8>);
    /// Takes the next envelope that has arrived by `now`.
    fn poll(&mut self, now: Instant) -> Option<(RobotId, Vec<u8>)>;
    /// State of the link as the driver sees it.
    fn link(&self, robot: RobotId) -> LinkState;
}
