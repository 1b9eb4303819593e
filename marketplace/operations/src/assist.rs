//! One request for remote help, from the queue to its one end.

use crate::intervention::Pending;
use nooterra_engine::ids::{AssistId, JobId, OperatorId, PartyId, RegionId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record};
use std::collections::VecDeque;

/// Offers at most.
pub const OFFERS_MOST: u8 = 5;
/// From acceptance to the start.
pub const START_WITHIN: Span = Span::from_secs(30);
/// Longest help.
pub const ACTIVE_MOST: Span = Span::from_mins(30);
/// Longest help without an intervention.
pub const IDLE_MOST: Span = Span::from_mins(5);
/// An intervention may cite one of so many newest pictures: the newest may be on its way to the operator still.
pub const VIEWS_KEPT: usize = 3;
/// Nobody waits longer than this for its turn, in the measure of the queue.
const WEIGHT_MOST: u64 = 3_600;
const WEIGHT_STEP: u64 = 600;

/// How urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
#[allow(missing_docs)] // wire names of the catalogue
pub enum Priority {
    Low,
    Normal,
    High,
    Critical,
}

impl Priority {
    /// The one with this number.
    #[must_use]
    pub const fn of(number: u8) -> Self {
        match number {
            0 => Self::Low,
            1 => Self::Normal,
            2 => Self::High,
            _ => Self::Critical,
        }
    }
    /// One step more urgent.
    #[must_use]
    pub const fn raised(self) -> Self {
        match self {
            Self::Low => Self::Normal,
            Self::Normal => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
    /// Longest wait in the queue, before the level's own.
    pub const fn wait_most(self) -> Span {
        match self {
            Self::Critical => Span::from_secs(120),
            Self::High => Span::from_secs(300),
            Self::Normal => Span::from_secs(600),
            Self::Low => Span::from_secs(1_200),
        }
    }
    /// Time to accept an offer.
    pub const fn accept_within(self) -> Span {
        match self {
            Self::Critical => Span::from_secs(20),
            _ => Span::from_secs(30),
        }
    }
}

/// Why help was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
#[allow(missing_docs)] // the list of 10.1
pub enum Reason {
    Asked,
    Stalled,
    Incident,
    ExitEscalated,
    OperatorLost,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
#[allow(missing_docs)] // wire names of the catalogue
pub enum Outcome {
    Resumed,
    Unresolved,
    Abort,
    Timeout,
    Idle,
    LinkLost,
    TaskDone,
    Exited,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Stage {
    /// Waits for an operator.
    Queued {},
    /// Offered to one.
    Offered {
        /// To whom.
        operator: OperatorId,
        /// To be accepted by then.
        accept_by: Instant,
    },
    /// Accepted; the channel is being opened.
    Accepted {
        /// By whom.
        operator: OperatorId,
        /// To be started by then.
        start_by: Instant,
    },
    /// Under way, and billed.
    Active {
        /// By whom.
        operator: OperatorId,
        /// Since when.
        since: Instant,
    },
}

impl Stage {
    /// Who has it on the desk.
    pub const fn operator(&self) -> Option<OperatorId> {
        match self {
            Self::Queued {} => None,
            Self::Offered { operator, .. } | Self::Accepted { operator, .. } | Self::Active { operator, .. } => Some(*operator),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Request {
    /// The assist.
    pub assist: AssistId,
    /// The job.
    pub job: JobId,
    /// Its robot.
    pub robot: RobotId,
    /// How urgent.
    pub priority: Priority,
    /// Why.
    pub reason: Reason,
    /// Kind of place, by the caller's numbers.
    pub tier: u8,
    /// Where.
    pub region: RegionId,
    /// Longest wait that the job's level allows.
    pub response: Span,
    /// Parties to the job: none of their operators may help.
    pub barred: Vec<PartyId>,
    /// Place of the asking input in the log.
    pub log_seq: u64,
    /// Hash of what the robot asks, if it is the robot that asks.
    pub question: Option<Digest>,
}

/// A request for help that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Assist {
    /// What was asked for.
    pub request: Request,
    /// When.
    pub queued_at: Instant,
    /// Offers made.
    pub offers: u8,
    /// Operators who declined it.
    pub declined: Vec<OperatorId>,
    /// Where it stands.
    pub stage: Stage,
    /// The intervention that the robot has not answered.
    pub pending: Option<Pending>,
    /// When the last intervention was submitted.
    pub acted_at: Instant,
    /// The newest pictures, by hash.
    pub views: VecDeque<Digest>,
}

impl Assist {
    /// A new one.
    pub const fn new(request: Request, at: Instant) -> Self {
        Self {
            request,
            queued_at: at,
            offers: 0,
            declined: Vec::new(),
            stage: Stage::Queued {},
            pending: None,
            acted_at: at,
            views: VecDeque::new(),
        }
    }

    /// Its weight in the queue at `now`: the heavier goes first, then the one asked for first.
    pub fn weight(&self, now: Instant) -> u64 {
        let waited_s = now.since(self.queued_at).as_secs();
        (WEIGHT_STEP * self.request.priority as u64 + waited_s).min(WEIGHT_MOST)
    }

    /// Nobody is asked any more from then on.
    pub fn exhausted_at(&self) -> Instant {
        let wait = self.request.priority.wait_most().min(self.request.response);
        self.queued_at.saturating_add(wait)
    }

    /// What happens next if nobody does anything.
    pub fn deadline(&self) -> Instant {
        let own = match self.stage {
            Stage::Queued {} if self.offers >= OFFERS_MOST => Instant::ZERO,
            Stage::Queued {} => self.exhausted_at(),
            Stage::Offered { accept_by, .. } => accept_by,
            Stage::Accepted { start_by, .. } => start_by,
            Stage::Active { since, .. } => since.saturating_add(ACTIVE_MOST).min(self.acted_at.saturating_add(IDLE_MOST)),
        };
        self.pending.map_or(own, |p| own.min(p.until()))
    }
}
