//! What traffic is told and what it tells.

use nooterra_engine::ids::RobotId;
use nooterra_engine::{Instant, Record};
use nooterra_site::{LaneIx, VertexIx};
use thiserror::Error;

/// Where a robot shall go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub enum Goal {
    /// Nowhere: it stays, and gives way to others.
    #[default]
    None,
    /// To this vertex; once there it stands fast until it gets another goal.
    Vertex(VertexIx),
    /// To whichever of these is free and nearest; once there it still gives way to others.
    AnyOf {
        /// The places.
        places: Vec<VertexIx>,
    },
}

/// Where a robot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Place {
    /// On a vertex.
    Vertex(VertexIx),
    /// Somewhere on a lane.
    Lane(LaneIx),
}

/// A drive over one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Move {
    /// Its place in the order of all moves; ascending for each robot.
    pub seq: u64,
    /// The lane.
    pub lane: LaneIx,
    /// Where the lane leads.
    pub to: VertexIx,
}

/// Moves that a robot may now make, following those released before.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Release {
    /// The robot.
    pub robot: RobotId,
    /// The moves, in order.
    pub moves: Vec<Move>,
}

/// A robot that would go on but may not.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Wait {
    /// The robot.
    pub robot: RobotId,
    /// Since when it has made no progress.
    pub since: Instant,
    /// Why.
    pub cause: WaitCause,
    /// Whom it waits for, if it is somebody's move.
    pub waits_for: Option<RobotId>,
}

/// Why a robot waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum WaitCause {
    /// Another robot's earlier move.
    Order,
    /// Its goal cannot be served together with those of more urgent robots.
    Turn,
    /// No open lanes lead to its goal, or a robot at work or broken down is in the way.
    NoRoute,
}

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TrafficError {
    /// No such robot.
    #[error("robot {0} is not known to traffic")]
    UnknownRobot(RobotId),
    /// It is there already.
    #[error("robot {0} is known to traffic already")]
    KnownRobot(RobotId),
    /// No such class.
    #[error("the road map has no class {0}")]
    UnknownClass(u32),
    /// Not on the robot's graph.
    #[error("vertex {vertex} is not on the navigation graph of class {class}")]
    OffGraph {
        /// The vertex.
        vertex: u32,
        /// The robot's class.
        class: u32,
    },
    /// Another robot is about to drive there.
    #[error("vertex {vertex} is in the way of robot {by}, which is on its way already")]
    Occupied {
        /// The vertex.
        vertex: u32,
        /// The robot on its way.
        by: RobotId,
    },
    /// No such lane.
    #[error("the road map has no lane {0}")]
    UnknownLane(u32),
    /// Not a released move of this robot.
    #[error("move {seq} is not one that robot {robot} is on")]
    UnknownMove {
        /// The robot.
        robot: RobotId,
        /// The move.
        seq: u64,
    },
}

/// What a move that was reported as ended led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// On its way.
    Moving,
    /// It has no further moves, and is not at its goal.
    Waiting,
    /// It stands at its goal.
    AtGoal,
    /// Reported before; nothing changed.
    Known,
}
