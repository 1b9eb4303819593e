//! Remote help: what an operator sees of a robot, and what it may ask of it.

use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{AssistId, InterventionId, LeaseId};
use nooterra_engine::{Record, Span};

use crate::report::PoseMm;

/// What an operator asks of a robot. The robot's own policy has the last word on all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Action {
    /// Take hold in the way proposed under this number.
    ApproveGrasp {
        /// Which.
        choice: u8,
    },
    /// Go there, in a straight line, and wait.
    SetNavTarget {
        /// Where, in the site's frame, mm.
        x_mm: i64,
        /// Where, in the site's frame, mm.
        y_mm: i64,
        /// Facing this way, µrad.
        theta_urad: i64,
        /// On this level.
        level: u32,
    },
    /// This is the thing that is meant.
    SelectObject {
        /// Its number in the picture.
        object: u32,
    },
    /// A push in the robot's own frame, for as long as it is held.
    TeleopNudge {
        /// Forward, mm.
        dx_mm: i64,
        /// To the left, mm.
        dy_mm: i64,
        /// Turning to the left, µrad.
        dtheta_urad: i64,
        /// How long it is held.
        held: Span,
    },
    /// Go on by yourself.
    Resume {},
    /// Give up and leave.
    Abort {},
}

impl Action {
    /// Its values as a list, in the order of their fields.
    pub fn args(&self) -> Vec<i64> {
        match *self {
            Self::ApproveGrasp { choice } => vec![i64::from(choice)],
            Self::SetNavTarget { x_mm, y_mm, theta_urad, level } => vec![x_mm, y_mm, theta_urad, i64::from(level)],
            Self::SelectObject { object } => vec![i64::from(object)],
            Self::TeleopNudge { dx_mm, dy_mm, dtheta_urad, held } => {
                vec![dx_mm, dy_mm, dtheta_urad, i64::try_from(held.0).unwrap_or(i64::MAX)]
            }
            Self::Resume {} | Self::Abort {} => Vec::new(),
        }
    }
}

/// An intervention on its way to the robot.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct InterventionOrder {
    /// The assist.
    pub assist: AssistId,
    /// The lease that the robot holds.
    pub lease: LeaseId,
    /// Its id.
    pub intervention: InterventionId,
    /// The picture that it was decided on.
    pub view: Digest,
    /// What.
    pub action: Action,
}

/// One picture of a robot's surroundings, as its own sensors see them: geometry only, no images.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct AssistView {
    /// The assist for which the channel is open.
    pub assist: AssistId,
    /// Pictures are numbered from 1.
    pub number: u32,
    /// Where the robot believes to be.
    pub pose: PoseMm,
    /// On which level.
    pub level: u32,
    /// Radius of its outline, mm.
    pub radius_mm: u32,
    /// The end of the way under its wheels, if it has one, mm.
    pub next: Option<(i64, i64)>,
    /// Stopped by a protective field.
    pub blocked: bool,
    /// It carries out an intervention right now.
    pub busy: bool,
    /// Grasps that failed at the present step.
    pub failed_grasps: u32,
    /// Angle of the first ray in its own frame, µrad.
    pub first_urad: i64,
    /// Step between rays, µrad.
    pub step_urad: i64,
    /// What each ray met, mm; 0 for nothing.
    pub ranges_mm: Vec<u32>,
}

impl AssistView {
    /// What an intervention decided on it has to cite.
    pub fn hash(&self) -> Digest {
        content_hash("nooterra/view/v1", self)
    }
}
