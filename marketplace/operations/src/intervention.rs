//! What a remote operator may do to a robot, and how much of it. The robot's own policy has the last word on all of it.

use nooterra_engine::ids::InterventionId;
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record};

/// An intervention is worth this long.
pub const VALID: Span = Span::from_secs(5);
/// Furthest that one nudge drives or shifts, mm.
pub const NUDGE_MM: i64 = 500;
/// Furthest that one nudge turns, µrad.
pub const NUDGE_URAD: i64 = 800_000;
/// Longest that one nudge is held.
pub const NUDGE_HELD: Span = Span::from_secs(2);
/// Furthest that one target may lie from where the robot is, mm.
pub const TARGET_MM: i64 = 5_000;

/// Kinds of intervention, which are also what an operator is certified for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
#[allow(missing_docs)] // wire names of the catalogue
pub enum Kind {
    ApproveGrasp,
    SetNavTarget,
    SelectObject,
    TeleopNudge,
    Resume,
    Abort,
}

impl Kind {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [Self::ApproveGrasp, Self::SetNavTarget, Self::SelectObject, Self::TeleopNudge, Self::Resume, Self::Abort];
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApproveGrasp => "APPROVE_GRASP",
            Self::SetNavTarget => "SET_NAV_TARGET",
            Self::SelectObject => "SELECT_OBJECT",
            Self::TeleopNudge => "TELEOP_NUDGE",
            Self::Resume => "RESUME",
            Self::Abort => "ABORT",
        }
    }
}

/// One intervention as far as its limits reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Action {
    /// Take hold in this way.
    ApproveGrasp {
        /// Which of those proposed.
        choice: u8,
    },
    /// Go there.
    SetNavTarget {
        /// From where the robot was seen, mm.
        dx_mm: i64,
        /// From where the robot was seen, mm.
        dy_mm: i64,
    },
    /// This is the thing.
    SelectObject {
        /// Its number in the picture.
        object: u32,
    },
    /// A push.
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
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::ApproveGrasp { .. } => Kind::ApproveGrasp,
            Self::SetNavTarget { .. } => Kind::SetNavTarget,
            Self::SelectObject { .. } => Kind::SelectObject,
            Self::TeleopNudge { .. } => Kind::TeleopNudge,
            Self::Resume {} => Kind::Resume,
            Self::Abort {} => Kind::Abort,
        }
    }
    /// Is what a robot applied no more than this? Of a push it may drive a part; all else it does or does not do.
    pub fn covers(&self, applied: &[i64]) -> bool {
        let part = |did: i64, asked: i64| asked.min(0) <= did && did <= asked.max(0);
        match (self, applied) {
            (Self::TeleopNudge { dx_mm, dy_mm, dtheta_urad, held }, [dx, dy, turn, time]) => {
                let longest = i64::try_from(held.0).unwrap_or(i64::MAX);
                part(*dx, *dx_mm) && part(*dy, *dy_mm) && part(*turn, *dtheta_urad) && part(*time, longest)
            }
            (Self::TeleopNudge { .. }, _) => false,
            (Self::ApproveGrasp { choice }, [x]) => *x == i64::from(*choice),
            (Self::SelectObject { object }, [x]) => *x == i64::from(*object),
            // It is kept by how far it lies from where the robot was; where that is the judges compare.
            (Self::SetNavTarget { .. }, [_, _, _, _]) => true,
            (Self::Resume {} | Self::Abort {}, []) => true,
            _ => false,
        }
    }
    /// The field that is out of bounds, if one is.
    pub fn beyond(&self) -> Option<&'static str> {
        let over = |v: i64, most: i64| v.unsigned_abs() > most.unsigned_abs();
        match *self {
            Self::SetNavTarget { dx_mm, dy_mm } => {
                // The largest squares there are fit only without a sign.
                let square = |v: i64| u128::from(v.unsigned_abs()) * u128::from(v.unsigned_abs());
                (square(dx_mm) + square(dy_mm) > square(TARGET_MM)).then_some("target")
            }
            Self::TeleopNudge { dx_mm, .. } if over(dx_mm, NUDGE_MM) => Some("dx_mm"),
            Self::TeleopNudge { dy_mm, .. } if over(dy_mm, NUDGE_MM) => Some("dy_mm"),
            Self::TeleopNudge { dtheta_urad, .. } if over(dtheta_urad, NUDGE_URAD) => Some("dtheta_urad"),
            Self::TeleopNudge { held, .. } if held > NUDGE_HELD => Some("held"),
            _ => None,
        }
    }
}

/// An intervention that the robot has not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Pending {
    /// Its id.
    pub intervention: InterventionId,
    /// What.
    pub action: Action,
    /// When it was submitted.
    pub at: Instant,
    /// The picture that it was decided on.
    pub view: Digest,
}

impl Pending {
    /// It is worth nothing from then on.
    pub const fn until(&self) -> Instant {
        self.at.saturating_add(VALID)
    }
}

/// What became of an intervention: each has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Fate {
    /// The robot does it, as far as its policy lets it.
    Applied,
    /// The robot does not do it.
    Refused,
    /// Nobody said anything in time.
    Expired,
}
