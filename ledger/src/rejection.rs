//! Why the book refuses, in order of precedence: of two reasons the one listed first is given.

use crate::account::AccountKey;
use thiserror::Error;

/// Why a command was refused. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    /// A link of no commands.
    #[error("LINK_EMPTY: a link of no commands")]
    LinkEmpty,
    /// A link inside a link.
    #[error("LINK_NESTED: a link inside a link")]
    LinkNested,
    /// A part of a link was refused, so all of it was.
    #[error("LINK_FAILED: command {index}: {reason}")]
    LinkFailed {
        /// Which part, from 0.
        index: u32,
        /// Why.
        reason: Box<Self>,
    },
    /// The same command was carried out before: nothing is left to do.
    #[error("EXISTS: carried out before, at sequence number {seq}")]
    Exists {
        /// At which sequence number.
        seq: u64,
    },
    /// Another command used this id.
    #[error("ID_TAKEN: another command used this id at sequence number {seq}")]
    IdTaken {
        /// At which sequence number.
        seq: u64,
    },
    /// The id was used up by a command that was refused.
    #[error("REFUSED_BEFORE: refused at sequence number {seq} for reason {reason}; a new attempt needs a new id")]
    RefusedBefore {
        /// At which sequence number.
        seq: u64,
        /// [`Rejection::code`] of then.
        reason: u16,
    },
    /// Time would run backwards.
    #[error("TIME_BACKWARDS: the book has seen later times")]
    TimeBackwards,
    /// No legs.
    #[error("NO_LEGS: an entry needs a debit and a credit")]
    NoLegs,
    /// More legs than [`MAX_LEGS`](crate::decide::MAX_LEGS).
    #[error("TOO_MANY_LEGS: {0} legs")]
    TooManyLegs(u32),
    /// A leg of nothing.
    #[error("AMOUNT_ZERO: a leg of nothing")]
    AmountZero,
    /// A leg over 2^63-1.
    #[error("AMOUNT_OVERFLOW: a leg over 2^63-1 minor units")]
    AmountOverflow,
    /// Debits and credits differ.
    #[error("UNBALANCED: debits {debits}, credits {credits}")]
    Unbalanced {
        /// Sum of the debits.
        debits: u128,
        /// Sum of the credits.
        credits: u128,
    },
    /// No entry is or was pending under this id.
    #[error("PENDING_UNKNOWN: no such pending entry")]
    PendingUnknown,
    /// The pending entry was posted or voided before.
    #[error("PENDING_RESOLVED: posted or voided before")]
    PendingResolved,
    /// The hold's time was up.
    #[error("PENDING_EXPIRED: its time was up")]
    PendingExpired,
    /// A hold that would end before it begins.
    #[error("EXPIRY_PAST: a hold must end after it begins")]
    ExpiryPast,
    /// The period is closed, or does not follow the last one, or has not ended yet.
    #[error("PERIOD: {0}")]
    Period(&'static str),
    /// The portion does not fit the entry's legs.
    #[error("PORTION_MISMATCH: the portion does not fit the pending entry's legs")]
    PortionMismatch,
    /// More than was reserved.
    #[error("PORTION_TOO_LARGE: more than was reserved")]
    PortionTooLarge,
    /// A balance would fall below its account's limit, pending included: without one set, to its abnormal side.
    #[error("LIMIT: {} in {} is short of {short}", key.account, key.currency)]
    Limit {
        /// Which account.
        key: AccountKey,
        /// By how much.
        short: i128,
    },
}

impl Rejection {
    /// A number per reason, stable for ever.
    pub const fn code(&self) -> u16 {
        match self {
            Self::LinkEmpty => 1,
            Self::LinkNested => 2,
            Self::LinkFailed { .. } => 3,
            Self::Exists { .. } => 4,
            Self::IdTaken { .. } => 5,
            Self::RefusedBefore { .. } => 6,
            Self::TimeBackwards => 7,
            Self::NoLegs => 8,
            Self::TooManyLegs(_) => 9,
            Self::AmountZero => 10,
            Self::AmountOverflow => 11,
            Self::Unbalanced { .. } => 12,
            Self::PendingUnknown => 13,
            Self::PendingResolved => 14,
            Self::PortionMismatch => 15,
            Self::PortionTooLarge => 16,
            Self::Limit { .. } => 17,
            Self::PendingExpired => 18,
            Self::ExpiryPast => 19,
            Self::Period(_) => 20,
        }
    }
    /// Does it say only that the id has an outcome already?
    pub const fn is_repetition(&self) -> bool {
        matches!(self, Self::Exists { .. } | Self::IdTaken { .. } | Self::RefusedBefore { .. })
    }
}
