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
}

impl Fact {
    /// Its number: gapless over the book.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::AccountOpened(f) => f.seq,
            Self::EntryPosted(f) | Self::EntryPended(f) => f.seq,
            Self::PendingPosted(f) | Self::PendingVoided(f) => f.seq,
            Self::EntryRefused(f) => f.seq,
        }
    }
    /// Legal time.
    pub const fn at(&self) -> Instant {
        match self {
            Self::AccountOpened(f) => f.at,
            Self::EntryPosted(f) | Self::EntryPended(f) => f.at,
            Self::PendingPosted(f) | Self::PendingVoided(f) => f.at,
            Self::EntryRefused(f) => f.at,
        }
    }
}

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
}

/// The end of a pending entry.
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
    /// What moved; nothing if it was voided.
    pub postings: Vec<Posting>,
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
