//! The states of a job and their classes.

use nooterra_engine::Record;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Status {
    /// Request for quotes exists, no live quote.
    Created,
    /// At least one live quote.
    Quoted,
    /// One quote chosen, payment authorisation outstanding.
    Awarded,
    /// Terms pinned, money authorised, needs a robot.
    Booked,
    /// A lease is offered to one robot.
    Matched,
    /// The robot holds the lease.
    Reserved,
    /// Travelling.
    EnRoute,
    /// At the access point, waiting for entry.
    Arrived,
    /// Entry is open, work not begun.
    AccessGranted,
    /// Working autonomously.
    Executing,
    /// Working with a remote operator.
    Assisted,
    /// No progress or no heartbeat.
    Stalled,
    /// Ordered to stop work and leave.
    AbortingSafeExit,
    /// Work begun, previous robot out or inert, remainder needs a robot.
    Handover,
    /// No bound robot at the access point in time.
    NoShow,
    /// Work reported done; exit, proof and settlement pending.
    Completed,
    /// Booked job ended without completion.
    Aborted,
    /// Money final for the execution.
    Settled,
    /// Ended before booking.
    Withdrawn,
}

/// Coarse classes of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Class {
    /// Before booking.
    Open,
    /// Booked, no robot inside.
    Booked,
    /// A robot may be inside.
    Inside,
    /// Over, not yet settled.
    Ended,
    /// Final.
    Terminal,
}

impl Status {
    /// All of them, in order.
    pub const ALL: [Self; 19] = [
        Self::Created,
        Self::Quoted,
        Self::Awarded,
        Self::Booked,
        Self::Matched,
        Self::Reserved,
        Self::EnRoute,
        Self::Arrived,
        Self::AccessGranted,
        Self::Executing,
        Self::Assisted,
        Self::Stalled,
        Self::AbortingSafeExit,
        Self::Handover,
        Self::NoShow,
        Self::Completed,
        Self::Aborted,
        Self::Settled,
        Self::Withdrawn,
    ];

    /// Its class.
    pub const fn class(self) -> Class {
        use Status::{
            Aborted, AbortingSafeExit, AccessGranted, Arrived, Assisted, Awarded, Booked, Completed, Created, EnRoute, Executing, Handover,
            Matched, NoShow, Quoted, Reserved, Settled, Stalled, Withdrawn,
        };
        match self {
            Created | Quoted | Awarded => Class::Open,
            Booked | Matched | Reserved | EnRoute | Arrived | Handover | NoShow => Class::Booked,
            AccessGranted | Executing | Assisted | Stalled | AbortingSafeExit => Class::Inside,
            Completed | Aborted => Class::Ended,
            Settled | Withdrawn => Class::Terminal,
        }
    }

    /// Is a robot chosen or bound?
    pub const fn has_robot(self) -> bool {
        use Status::{AbortingSafeExit, AccessGranted, Arrived, Assisted, Completed, EnRoute, Executing, Matched, Reserved, Stalled};
        matches!(
            self,
            Matched | Reserved | EnRoute | Arrived | AccessGranted | Executing | Assisted | Stalled | AbortingSafeExit | Completed
        )
    }

    /// Is it final?
    pub const fn is_terminal(self) -> bool {
        matches!(self.class(), Class::Terminal)
    }

    /// Working: the states whose time counts against the execution limit.
    pub const fn is_working(self) -> bool {
        matches!(self, Self::Executing | Self::Assisted | Self::Stalled)
    }

    /// Is a robot let in and not told to leave?
    pub const fn is_at_work(self) -> bool {
        matches!(self, Self::AccessGranted) || self.is_working()
    }

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Quoted => "QUOTED",
            Self::Awarded => "AWARDED",
            Self::Booked => "BOOKED",
            Self::Matched => "MATCHED",
            Self::Reserved => "RESERVED",
            Self::EnRoute => "EN_ROUTE",
            Self::Arrived => "ARRIVED",
            Self::AccessGranted => "ACCESS_GRANTED",
            Self::Executing => "EXECUTING",
            Self::Assisted => "ASSISTED",
            Self::Stalled => "STALLED",
            Self::AbortingSafeExit => "ABORTING_SAFE_EXIT",
            Self::Handover => "HANDOVER",
            Self::NoShow => "NO_SHOW",
            Self::Completed => "COMPLETED",
            Self::Aborted => "ABORTED",
            Self::Settled => "SETTLED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}
