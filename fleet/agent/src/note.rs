//! What the robot writes into its own black box beside clamps and reports.

use nooterra_engine::{Instant, Record};

/// One line of the robot's log.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Note {
    /// When, on the robot's clock.
    pub at: Instant,
    /// What.
    pub event: Event,
}

/// What is noted.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Event {
    /// Bytes came in that are no order and no receipt, or not for this robot.
    Unreadable {
        /// Why.
        why: String,
    },
    /// An order was not taken up.
    OrderRefused {
        /// Its number.
        order_seq: u64,
        /// Code.
        code: String,
    },
    /// A platform input refused a report of ours.
    ReportRefused {
        /// Its place in our chain.
        actor_seq: u64,
        /// Code.
        code: String,
    },
    /// A node was reached.
    NodeReached {
        /// Sequence id.
        sequence_id: u32,
        /// Vertex.
        vertex: u32,
    },
    /// It is no longer where it had arrived: it was pushed, or slid.
    CameOff {
        /// The vertex.
        vertex: u32,
    },
    /// A protective field stopped the robot.
    ProtectiveStop {
        /// Distance to the contact ahead, mm.
        contact_mm: u32,
    },
    /// The way is free again.
    ProtectiveRelease,
    /// The position estimate is not to be trusted.
    LocalisationLost {
        /// Its standard deviation, mm.
        sigma_mm: u32,
    },
    /// It is trusted again.
    LocalisationFound,
    /// A marker contradicts the walls and was left out.
    MarkerDoubted {
        /// Vertex of the marker.
        vertex: u32,
        /// By how much, mm.
        miss_mm: u32,
    },
    /// The local lease ran out.
    LeaseExpired,
    /// The link was lost or came back.
    Link {
        /// Up?
        up: bool,
    },
    /// A skill is not kept, or does not run.
    SkillRefused {
        /// Code.
        code: String,
    },
    /// It is in an area that it may not enter.
    Strayed {
        /// How far its footprint reaches in, mm.
        reach_mm: u32,
    },
}
