//! What happened in the book. Facts alone rebuild it, and carry all that an auditor needs.

use crate::account::{AccountIx, AccountKey, Side};
use crate::entry::EntryId;
use nooterra_engine::Record;
use nooterra_engine::ids::{EventId, JobId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;

/// A fact of the book.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Fact {
    /// An account got its number.
    AccountOpened(Opened),
    /// Money moved.
    EntryPosted(Booked),
    /// Money was reserved.
    EntryPended(Booked),
    /// Reserved money moved, whole or in part.
    PendingPosted(Resolved),
    /// Reserved money was given back.
    PendingVoided(Resolved),
    /// An id was used up by a command that was refused.
    EntryRefused(Refused),
    /// A part of reserved money moved; the hold is open with the rest.
    PendingCaptured(Resolved),
    /// More was reserved under an open hold.
    PendingRaised(Resolved),
    /// A hold's time was up: what was left of it is given back.
    PendingExpired(Expired),
    /// An account may go lower or less low.
    LimitSet(Limited),
    /// A period ended.
    PeriodClosed(Closed),
}

impl Fact {
    /// Its number: gapless over the book.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::AccountOpened(f) => f.seq,
            Self::EntryPosted(f) | Self::EntryPended(f) => f.seq,
            Self::PendingPosted(f) | Self::PendingVoided(f) | Self::PendingCaptured(f) | Self::PendingRaised(f) => f.seq,
            Self::EntryRefused(f) => f.seq,
            Self::PendingExpired(f) => f.seq,
            Self::LimitSet(f) => f.seq,
            Self::PeriodClosed(f) => f.seq,
        }
    }
    /// Legal time.
    pub const fn at(&self) -> Instant {
        match self {
            Self::AccountOpened(f) => f.at,
            Self::EntryPosted(f) | Self::EntryPended(f) => f.at,
            Self::PendingPosted(f) | Self::PendingVoided(f) | Self::PendingCaptured(f) | Self::PendingRaised(f) => f.at,
            Self::EntryRefused(f) => f.at,
            Self::PendingExpired(f) => f.at,
            Self::LimitSet(f) => f.at,
            Self::PeriodClosed(f) => f.at,
        }
    }
}

mod digested;

/// An account got its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Opened {
    /// Number of the fact.
    pub seq: u64,
    /// When.
    pub at: Instant,
    /// The account's number: one more than the last.
    pub ix: AccountIx,
    /// What it is.
    pub key: AccountKey,
}

/// One debit or credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Posting {
    /// The account's number.
    pub account: AccountIx,
    /// Left or right.
    pub side: Side,
    /// Minor units.
    pub amount: u64,
}

/// An entry as it stands in the book.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Booked {
    /// Number of the fact.
    pub seq: u64,
    /// The entry.
    pub id: EntryId,
    /// The posting template's number.
    pub code: u16,
    /// The event that caused it.
    pub cause: EventId,
    /// The job whose money moves.
    pub job: Option<JobId>,
    /// Legal time.
    pub at: Instant,
    /// Currency of every posting.
    pub currency: Currency,
    /// Tells a repetition from another command under the same id.
    pub fingerprint: u64,
    /// Debits and credits.
    pub postings: Vec<Posting>,
    /// A hold's end; none for money that moved.
    pub expires: Option<Instant>,
}

/// What became of a pending entry, or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Resolved {
    /// Number of the fact.
    pub seq: u64,
    /// The resolution.
    pub id: EntryId,
    /// The pending entry that it ends.
    pub pending: EntryId,
    /// The posting template's number.
    pub code: u16,
    /// The event that caused it.
    pub cause: EventId,
    /// The job whose money it was.
    pub job: Option<JobId>,
    /// Legal time.
    pub at: Instant,
    /// Currency of every posting.
    pub currency: Currency,
    /// Tells a repetition from another command under the same id.
    pub fingerprint: u64,
    /// What moved, or was reserved further; nothing if it was voided.
    pub postings: Vec<Posting>,
    /// Where the hold stays open: the same leg by leg of its entry, zero where nothing moved.
    pub legs: Vec<u64>,
}

/// A command was refused and its id is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Refused {
    /// Number of the fact.
    pub seq: u64,
    /// The id.
    pub id: EntryId,
    /// When.
    pub at: Instant,
    /// Tells a repetition from another command under the same id.
    pub fingerprint: u64,
    /// [`Rejection::code`](crate::Rejection::code).
    pub reason: u16,
}

/// A hold's time was up. It happens at the hold's own instant, whenever it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Expired {
    /// Number of the fact.
    pub seq: u64,
    /// The pending entry.
    pub pending: EntryId,
    /// When: not before the hold's end.
    pub at: Instant,
}

/// An account may go lower or less low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Limited {
    /// Number of the fact.
    pub seq: u64,
    /// The command.
    pub id: EntryId,
    /// The event that caused it.
    pub cause: EventId,
    /// Legal time.
    pub at: Instant,
    /// Tells a repetition from another command under the same id.
    pub fingerprint: u64,
    /// The account's number.
    pub account: AccountIx,
    /// Least that may be available; none for no limit.
    pub min_available: Option<i128>,
}

/// A period ended.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Closed {
    /// Number of the fact.
    pub seq: u64,
    /// The command.
    pub id: EntryId,
    /// The event that caused it.
    pub cause: EventId,
    /// Legal time.
    pub at: Instant,
    /// Tells a repetition from another command under the same id.
    pub fingerprint: u64,
    /// Of which currency.
    pub currency: Currency,
    /// Where it begins.
    pub from: Instant,
    /// First instant past it.
    pub to: Instant,
    /// The trial balance at its end: debits and credits are of the same sum.
    pub trial: Vec<Column>,
}

/// One name of the chart in a closed period's trial balance.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Column {
    /// Name in the chart.
    pub name: String,
    /// Sum of debit balances.
    pub debit: i128,
    /// Sum of credit balances.
    pub credit: i128,
}
