//! The driver of simulated robots: words for robots become letters of the simulated network, letters of robots' nodes
//! become reports. What the network does to letters on their way is not its business.

use crate::fleet::ROBOTS;
use nooterra_engine::Instant;
use nooterra_engine::bus::Letter;
use nooterra_engine::ids::RobotId;
use nooterra_engine::net::Node;
use nooterra_port::{Driver, DriverError, LinkState};
use std::collections::VecDeque;

/// The platform's end of the links to simulated robots. Empty between ticks, so it is no part of any keyframe.
#[derive(Debug, Clone, Default)]
pub struct SimLink {
    platform: Node,
    robots: Vec<RobotId>,
    leaving: Vec<Letter>,
    arrived: VecDeque<(RobotId, Vec<u8>)>,
}

impl SimLink {
    /// Links from the platform's node to robots, whose nodes are [`ROBOTS`] and up in this order.
    #[must_use]
    pub fn new(platform: Node, robots: Vec<RobotId>) -> Self {
        Self { platform, robots, leaving: Vec::new(), arrived: VecDeque::new() }
    }
    /// The robot at a node.
    #[must_use]
    pub fn robot(&self, node: Node) -> Option<RobotId> {
        self.robots.get(node.checked_sub(ROBOTS)? as usize).copied()
    }
    /// A letter that the network delivered; given back if it is none of a robot to the platform.
    pub fn deliver(&mut self, letter: Letter) -> Result<(), Letter> {
        match self.robot(letter.from) {
            Some(robot) if letter.to == self.platform => {
                self.arrived.push_back((robot, letter.bytes));
                Ok(())
            }
            _ => Err(letter),
        }
    }
    /// Has anything arrived that was not taken?
    #[must_use]
    pub fn has_arrived(&self) -> bool {
        !self.arrived.is_empty()
    }
    /// Letters for the network.
    pub fn leaving(&mut self) -> impl Iterator<Item = Letter> + '_ {
        self.leaving.drain(..)
    }
}

impl Driver for SimLink {
    fn robots(&self) -> &[RobotId] {
        &self.robots
    }
    fn send(&mut self, _: Instant, robot: RobotId, words: Vec<u8>) -> Result<(), DriverError> {
        let i = self.robots.iter().position(|r| *r == robot).ok_or(DriverError::UnknownRobot(robot))?;
        let to = ROBOTS + Node::try_from(i).map_err(|_| DriverError::UnknownRobot(robot))?;
        self.leaving.push(Letter { from: self.platform, to, bytes: words });
        Ok(())
    }
    fn poll(&mut self, _: Instant) -> Option<(RobotId, Vec<u8>)> {
        self.arrived.pop_front()
    }
    /// Letters are sent and forgotten: such a link does not tell.
    fn link(&self, _: RobotId) -> LinkState {
        LinkState::Unknown
    }
}
