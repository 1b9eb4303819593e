//! Approvals: what a robot or an operator asks of the requester in the middle of the work, and the answer to the robot.

use nooterra_engine::ids::{ApprovalId, LeaseId};
use nooterra_engine::{Digest, Instant, Record};

/// The action that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Wanted {
    /// To work at these vertices as well.
    ExtraArea {
        /// Vertices of the site.
        vertices: Vec<u32>,
    },
    /// To move something that stands here.
    MoveObject {
        /// Vertex of the site.
        vertex: u32,
    },
    /// To stay longer than the access plan allows.
    ContinueLate {
        /// Until then.
        valid_to: Instant,
    },
    /// To charge more.
    ExtraCost {
        /// Minor units of the job's currency.
        minor: u64,
    },
    /// To record here.
    RecordVideo {
        /// Vertex of the site.
        vertex: u32,
    },
    /// To leave this place out.
    SkipZone {
        /// Vertex of the site.
        vertex: u32,
    },
    /// To let another robot do the rest.
    ChangeRobot {},
}

/// The requester's answer, as the platform passes it on. A grant is used once, and reported when it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct ApprovalOrder {
    /// Which.
    pub approval: ApprovalId,
    /// The lease under which it was asked.
    pub lease: LeaseId,
    /// Hash of the action.
    pub action_hash: Digest,
    /// May it be done?
    pub granted: bool,
    /// The step that is left out, if it may not.
    pub skip: Option<u16>,
    /// New end of the access plan.
    pub valid_to: Option<Instant>,
    /// Vertex around which the camera may record until the end of the lease.
    pub record_at: Option<u32>,
}
