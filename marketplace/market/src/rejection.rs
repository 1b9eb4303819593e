//! Refusals: the codes that the market gives, in the domain's order of precedence (section 3.2).
//!
//! Where several apply, the first in that order is given. [`Guard`] collects every guard of a command and keeps the
//! first in the order of the table, so no `decide` can get the order wrong by the order of its lines.

use nooterra_engine::Record;
use thiserror::Error;

/// Why a command is refused; the text is the wire name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error, Record)]
pub enum Code {
    /// A field has a value that no state could make right.
    #[error("SCHEMA_INVALID")]
    SchemaInvalid,
    /// No such thing for this party.
    #[error("NOT_FOUND")]
    NotFound,
    /// The party is not the one that may do this.
    #[error("PARTY_FORBIDDEN")]
    PartyForbidden,
    /// It answers something that is not the newest.
    #[error("PREV_MISMATCH")]
    PrevMismatch,
    /// More than may be at once.
    #[error("QUOTA_EXCEEDED")]
    QuotaExceeded,
    /// Not in this state.
    #[error("STATE_FORBIDS")]
    StateForbids,
    /// Not while the track stands there.
    #[error("TRACK_FORBIDS")]
    TrackForbids,
    /// It was done before.
    #[error("ALREADY_DONE")]
    AlreadyDone,
    /// It is over.
    #[error("JOB_TERMINAL")]
    JobTerminal,
    /// A window or an instant that does not fit.
    #[error("WINDOW_INVALID")]
    WindowInvalid,
    /// The request takes no more quotes.
    #[error("RFQ_CLOSED")]
    RfqClosed,
    /// The owner was not asked.
    #[error("NOT_INVITED")]
    NotInvited,
    /// The quote was withdrawn, has expired or is dead.
    #[error("QUOTE_NOT_LIVE")]
    QuoteNotLive,
    /// It lapses before it could stand, or has lapsed.
    #[error("QUOTE_EXPIRED")]
    QuoteExpired,
    /// No further revision of this quote.
    #[error("ROUNDS_EXHAUSTED")]
    RoundsExhausted,
    /// The other side has to speak.
    #[error("NOT_YOUR_TURN")]
    NotYourTurn,
    /// The same terms again.
    #[error("NO_CHANGE")]
    NoChange,
    /// Too far from the reference price.
    #[error("PRICE_OUT_OF_BAND")]
    PriceOutOfBand,
    /// Licences and operators could eat more than half of the service amount.
    #[error("SPLIT_INFEASIBLE")]
    SplitInfeasible,
    /// The total price is above the budget.
    #[error("OVER_BUDGET")]
    OverBudget,
    /// Another currency than the job's.
    #[error("CURRENCY_MISMATCH")]
    CurrencyMismatch,
    /// Not the terms that were shown.
    #[error("TERMS_CHANGED")]
    TermsChanged,
    /// No active contract.
    #[error("CONTRACT_INACTIVE")]
    ContractInactive,
    /// Not the amount asked for.
    #[error("AUTH_MISMATCH")]
    AuthMismatch,
    /// The money was not taken yet.
    #[error("NOT_CAPTURED")]
    NotCaptured,
    /// The price moved too far for the old terms.
    #[error("REQUOTE_REQUIRED")]
    RequoteRequired,
    /// Rescheduled as often as may be.
    #[error("RESCHEDULE_LIMIT")]
    RescheduleLimit,
    /// No robot could do it.
    #[error("NO_CANDIDATE")]
    NoCandidate,
    /// An amount that makes no sense here.
    #[error("AMOUNT_INVALID")]
    AmountInvalid,
    /// More than an amount can be.
    #[error("AMOUNT_OVERFLOW")]
    AmountOverflow,
}

/// Collects guards and keeps the code that comes first in the table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Guard(Option<Code>);

impl Guard {
    /// No guard yet.
    pub const fn new() -> Self {
        Self(None)
    }
    /// Refuses with `code` unless `holds`.
    pub fn need(&mut self, holds: bool, code: Code) -> &mut Self {
        if !holds && self.0.is_none_or(|first| code < first) {
            self.0 = Some(code);
        }
        self
    }
    /// Takes over the outcome of another check.
    pub fn check(&mut self, outcome: Result<(), Code>) -> &mut Self {
        if let Err(code) = outcome {
            self.need(false, code);
        }
        self
    }
    /// The verdict.
    pub fn verdict(&self) -> Result<(), Code> {
        self.0.map_or(Ok(()), Err)
    }
}
