//! Why money does not move, in order of precedence: of two reasons the one listed first is given.

use nooterra_engine::money::MoneyError;
use thiserror::Error;

/// Why something was refused. Nothing changed. Each text begins with the platform's rejection code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Refusal {
    /// No such job, refund, chargeback or claim in this room.
    #[error("NOT_FOUND: {0}")]
    NotFound(&'static str),
    /// The job has not come so far.
    #[error("STATE_FORBIDS: {0}")]
    StateForbids(&'static str),
    /// It exists or has ended already.
    #[error("ALREADY_DONE: {0}")]
    AlreadyDone(&'static str),
    /// Another currency than the job's.
    #[error("CURRENCY_MISMATCH: not the currency of the job")]
    CurrencyMismatch,
    /// No payment of the job was captured.
    #[error("NOT_CAPTURED: no payment was captured")]
    NotCaptured,
    /// Nothing, or what does not fit.
    #[error("AMOUNT_INVALID: {0}")]
    AmountInvalid(&'static str),
    /// More than an amount can be.
    #[error("AMOUNT_OVERFLOW")]
    AmountOverflow,
    /// Above a cap.
    #[error("LIMIT_EXCEEDED: {asked} asked, {left} left of {cap}")]
    LimitExceeded {
        /// Which cap.
        cap: &'static str,
        /// Minor units asked for.
        asked: u64,
        /// Minor units left.
        left: u64,
    },
    /// Debits and credits differ.
    #[error("UNBALANCED: debits exceed credits by {0}")]
    Unbalanced(i128),
    /// The period is closed.
    #[error("PERIOD_CLOSED: {0}")]
    PeriodClosed(&'static str),
    /// The period has not ended, or does not close.
    #[error("PERIOD_OPEN: {0}")]
    PeriodOpen(&'static str),
    /// Nobody can bear it in this way.
    #[error("FUNDING_INVALID: {0}")]
    FundingInvalid(&'static str),
    /// A chargeback of the job is open.
    #[error("LIEN_OPEN: a chargeback of the job is open")]
    LienOpen,
}

impl From<MoneyError> for Refusal {
    fn from(e: MoneyError) -> Self {
        match e {
            MoneyError::Overflow => Self::AmountOverflow,
            MoneyError::Mismatch(..) | MoneyError::Unknown => Self::CurrencyMismatch,
        }
    }
}
