//! Approvals: what a robot, an operator or the platform may do only with the requester's own word.
//!
//! An approval is bound to one action of one job by a hash, is used once, and lapses. It lives only while a robot is at
//! work: whatever ends the work ends the approvals that are still open.

use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{ApprovalId, DoorId, JobId, LeaseId, OperatorId, PaymentId, RobotId, ZoneId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};

/// Kinds of approval; what a contract may allow is said by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum ApprovalKind {
    /// `EXTRA_AREA`.
    ExtraArea,
    /// `MOVE_OBJECT`.
    MoveObject,
    /// `CONTINUE_LATE`.
    ContinueLate,
    /// `EXTRA_COST`.
    ExtraCost,
    /// `RECORD_VIDEO`.
    RecordVideo,
    /// `SKIP_ZONE`.
    SkipZone,
    /// `CHANGE_ROBOT`.
    ChangeRobot,
}

impl ApprovalKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::ExtraArea, Self::MoveObject, Self::ContinueLate, Self::ExtraCost, Self::RecordVideo, Self::SkipZone, Self::ChangeRobot];
}

/// The action that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Wanted {
    /// To work at these places as well.
    ExtraArea {
        /// Vertices of the site.
        places: Vec<u32>,
        /// Areas that they lie in, of those that need a plan.
        areas: Vec<ZoneId>,
        /// Doors and lifts on the way there.
        doors: Vec<DoorId>,
    },
    /// To move something that stands here.
    MoveObject {
        /// Where.
        place: u32,
    },
    /// To stay longer than the plan allows.
    ContinueLate {
        /// Until then.
        valid_to: Instant,
    },
    /// To charge more.
    ExtraCost {
        /// So much more.
        amount: Amount,
    },
    /// To record here.
    RecordVideo {
        /// Where.
        place: u32,
    },
    /// To leave this place out.
    SkipZone {
        /// Where.
        place: u32,
    },
    /// To send another robot for the rest.
    ChangeRobot {},
}

impl Wanted {
    /// Its kind.
    pub const fn kind(&self) -> ApprovalKind {
        match self {
            Self::ExtraArea { .. } => ApprovalKind::ExtraArea,
            Self::MoveObject { .. } => ApprovalKind::MoveObject,
            Self::ContinueLate { .. } => ApprovalKind::ContinueLate,
            Self::ExtraCost { .. } => ApprovalKind::ExtraCost,
            Self::RecordVideo { .. } => ApprovalKind::RecordVideo,
            Self::SkipZone { .. } => ApprovalKind::SkipZone,
            Self::ChangeRobot {} => ApprovalKind::ChangeRobot,
        }
    }

    /// What it costs the requester.
    pub const fn cost(&self) -> Amount {
        match self {
            Self::ExtraCost { amount } => *amount,
            _ => Amount::ZERO,
        }
    }

    /// The hash that answers name: of this action under this lease, and of no other.
    pub fn action_hash(&self, job: JobId, lease: LeaseId) -> Digest {
        content_hash("nooterra/approval/v1", &(job, lease, self.clone()))
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Asker {
    /// The bound robot.
    Robot(RobotId),
    /// The operator of the assist under way.
    Operator(OperatorId),
    /// The platform itself.
    Platform {},
}

/// What becomes of the work without the approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum OnDeny {
    /// The step that needed it is left out.
    SkipStep,
    /// The robot leaves.
    SafeExit,
}

/// The payload of `APPROVAL_ASKED`.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Ask {
    /// Its id.
    pub approval: ApprovalId,
    /// The action.
    pub wanted: Wanted,
    /// Its hash.
    pub action_hash: Digest,
    /// What it costs.
    pub cost: Amount,
    /// The payment that pays it, if it costs anything.
    pub payment: Option<PaymentId>,
    /// It lapses then.
    pub expires: Instant,
    /// Without it.
    pub on_deny: OnDeny,
    /// Who asks.
    pub by: Asker,
    /// The lease under which it is asked.
    pub lease: LeaseId,
    /// The step that the robot was at.
    pub step: u16,
}

impl Ask {
    /// Without it, is the step left out? A zone that was asked to be left out is done as well as it can be instead.
    pub fn leaves_out(&self) -> bool {
        self.on_deny == OnDeny::SkipStep && !matches!(self.wanted, Wanted::SkipZone { .. })
    }
}

/// Track of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum ApprovalTrack {
    /// Waits for an answer.
    Asked,
    /// The requester agrees; what it costs is not there yet.
    Paying,
    /// May be used.
    Granted,
    /// Refused.
    Denied,
    /// Taken back before it was used.
    Revoked,
    /// Used.
    Consumed,
    /// Lapsed.
    Expired,
}

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Approval {
    /// What was asked.
    pub ask: Ask,
    /// Where it stands.
    pub track: ApprovalTrack,
}

impl Approval {
    /// Does somebody still wait for it, or may still use it?
    pub const fn is_open(&self) -> bool {
        matches!(self.track, ApprovalTrack::Asked | ApprovalTrack::Paying | ApprovalTrack::Granted)
    }
}

/// `CONTINUE_LATE` moves the end of a plan by this in all at most.
pub const LATE_MOST: Span = Span::from_mins(60);
