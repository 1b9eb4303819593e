//! The transition table, T1 to T28, as data.

use crate::status::Status;
use nooterra_engine::Record;

/// Events that move a job from state to state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
#[allow(missing_docs)] // wire names of the event catalogue
pub enum Kind {
    JobCreated,
    QuoteSubmitted,
    QuoteCountered,
    QuoteWithdrawn,
    QuoteExpired,
    QuoteAwarded,
    AwardLapsed,
    JobBooked,
    JobWithdrawn,
    RobotMatched,
    LeaseAccepted,
    LeaseRefused,
    LeaseLapsed,
    LeaseReleased,
    Departed,
    RobotArrived,
    AccessGranted,
    ExecutionStarted,
    AssistStarted,
    AssistEnded,
    ExecutionStalled,
    ExecutionResumed,
    ExecutionCompleted,
    SafeExitOrdered,
    HandoverOpened,
    NoShowDeclared,
    NoShowResolvedWait,
    JobAborted,
    JobRescheduled,
    JobSettled,
}

impl Kind {
    /// All of them, in order.
    pub const ALL: [Self; 30] = [
        Self::JobCreated,
        Self::QuoteSubmitted,
        Self::QuoteCountered,
        Self::QuoteWithdrawn,
        Self::QuoteExpired,
        Self::QuoteAwarded,
        Self::AwardLapsed,
        Self::JobBooked,
        Self::JobWithdrawn,
        Self::RobotMatched,
        Self::LeaseAccepted,
        Self::LeaseRefused,
        Self::LeaseLapsed,
        Self::LeaseReleased,
        Self::Departed,
        Self::RobotArrived,
        Self::AccessGranted,
        Self::ExecutionStarted,
        Self::AssistStarted,
        Self::AssistEnded,
        Self::ExecutionStalled,
        Self::ExecutionResumed,
        Self::ExecutionCompleted,
        Self::SafeExitOrdered,
        Self::HandoverOpened,
        Self::NoShowDeclared,
        Self::NoShowResolvedWait,
        Self::JobAborted,
        Self::JobRescheduled,
        Self::JobSettled,
    ];
}

/// Where a row leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Always there.
    To(Status),
    /// `BOOKED` until work has started on some leg, `HANDOVER` afterwards.
    Home,
    /// `QUOTED` if a live quote is left, else `CREATED`.
    ByQuotes,
    /// Stays where it is.
    Stay,
}

/// One row: its number in the specification, the states it starts from, the event, and where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// T1 to T28.
    pub number: u8,
    /// States in which the event is allowed; empty: before the job exists.
    pub from: &'static [Status],
    /// The event.
    pub event: Kind,
    /// The state after it.
    pub to: Target,
}

const fn row(number: u8, from: &'static [Status], event: Kind, to: Target) -> Row {
    Row { number, from, event, to }
}

use Status as S;
use Target::{ByQuotes, Home, Stay, To};

/// The whole table. Anything not in it is `STATE_FORBIDS`.
pub const ROWS: &[Row] = &[
    row(1, &[], Kind::JobCreated, To(S::Created)),
    row(2, &[S::Created, S::Quoted], Kind::QuoteSubmitted, To(S::Quoted)),
    row(3, &[S::Quoted], Kind::QuoteCountered, To(S::Quoted)),
    row(4, &[S::Quoted], Kind::QuoteWithdrawn, ByQuotes),
    row(4, &[S::Quoted], Kind::QuoteExpired, ByQuotes),
    row(4, &[S::Awarded], Kind::QuoteWithdrawn, Stay),
    row(4, &[S::Awarded], Kind::QuoteExpired, Stay),
    row(5, &[S::Quoted], Kind::QuoteAwarded, To(S::Awarded)),
    row(6, &[S::Awarded], Kind::AwardLapsed, ByQuotes),
    row(7, &[S::Awarded], Kind::JobBooked, To(S::Booked)),
    row(8, &[S::Created, S::Quoted, S::Awarded], Kind::JobWithdrawn, To(S::Withdrawn)),
    row(9, &[S::Booked, S::Handover], Kind::RobotMatched, To(S::Matched)),
    row(10, &[S::Matched], Kind::LeaseAccepted, To(S::Reserved)),
    row(11, &[S::Matched], Kind::LeaseRefused, Home),
    row(11, &[S::Matched], Kind::LeaseLapsed, Home),
    row(12, &[S::Matched, S::Reserved, S::EnRoute, S::Arrived], Kind::LeaseReleased, Home),
    row(13, &[S::Reserved], Kind::Departed, To(S::EnRoute)),
    row(14, &[S::EnRoute], Kind::RobotArrived, To(S::Arrived)),
    row(15, &[S::Arrived], Kind::AccessGranted, To(S::AccessGranted)),
    row(16, &[S::AccessGranted], Kind::ExecutionStarted, To(S::Executing)),
    row(17, &[S::Executing, S::Stalled], Kind::AssistStarted, To(S::Assisted)),
    row(18, &[S::Assisted], Kind::AssistEnded, To(S::Executing)),
    row(19, &[S::Executing], Kind::ExecutionStalled, To(S::Stalled)),
    row(20, &[S::Stalled], Kind::ExecutionResumed, To(S::Executing)),
    row(21, &[S::Executing], Kind::ExecutionCompleted, To(S::Completed)),
    row(22, &[S::AccessGranted, S::Executing, S::Assisted, S::Stalled], Kind::SafeExitOrdered, To(S::AbortingSafeExit)),
    row(23, &[S::AbortingSafeExit], Kind::HandoverOpened, To(S::Handover)),
    row(24, &[S::Booked], Kind::NoShowDeclared, To(S::NoShow)),
    row(25, &[S::NoShow], Kind::NoShowResolvedWait, To(S::Booked)),
    row(26, &[S::Booked, S::NoShow, S::Handover, S::AbortingSafeExit], Kind::JobAborted, To(S::Aborted)),
    row(27, &[S::Booked], Kind::JobRescheduled, To(S::Booked)),
    row(28, &[S::Completed, S::Aborted], Kind::JobSettled, To(S::Settled)),
];

/// The row for this event in this state, if the table has one.
pub fn find(from: Option<Status>, event: Kind) -> Option<&'static Row> {
    ROWS.iter().find(|r| r.event == event && from.map_or(r.from.is_empty(), |s| r.from.contains(&s)))
}

/// The state after `event`, or nothing if the table forbids it.
pub fn next(from: Option<Status>, event: Kind, work_started: bool, live_quotes_left: bool) -> Option<Status> {
    let row = find(from, event)?;
    Some(match row.to {
        To(s) => s,
        Home => {
            if work_started {
                S::Handover
            } else {
                S::Booked
            }
        }
        ByQuotes => {
            if live_quotes_left {
                S::Quoted
            } else {
                S::Created
            }
        }
        Stay => from?,
    })
}
