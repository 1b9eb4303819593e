//! # settlement: what job facts mean in money
//!
//! What lives here: the one [`apportion()`]ment, the posting [`template`]s M1 to M31 as pure functions from an event's
//! values to ledger commands ([`payment`], [`hold`], [`change`], [`credit`], [`refund`], [`chargeback`], [`claim`],
//! [`payout`], [`adjust`]), the [`settle()`]ment arithmetic of a job with its skill [`licence`]s, the money [`book`] that
//! caps all of them and the [`bearers`] of what goes back, the close of a [`period`], and [`mod@explain`], which tells a
//! job's money to people.
//!
//! What it may not touch: the job's own state and whether it may settle (that gate is the job's), the ledger's inside,
//! clocks, chance. It never reads an event: `control` fills the values that it defines.
//!
//! How data passes through: `control` turns an event into one of the values here and gets a [`book::Step`] back, or a
//! [`Refusal`]: commands that it decides in the ledger as one link, and facts of the money book that it folds in with
//! them. Entry ids derive from the event and the template,
//! so the same event can never pay twice.

pub mod adjust;
pub mod apportion;
pub mod bearers;
pub mod book;
pub mod change;
pub mod chargeback;
pub mod claim;
pub mod credit;
pub mod explain;
pub mod hold;
pub mod licence;
pub mod month;
pub mod payment;
pub mod payout;
pub mod period;
pub mod refund;
pub mod refusal;
pub mod settle;
pub mod template;

pub use apportion::apportion;
pub use bearers::{Cover, Funding, Pools};
pub use book::{JobMoney, MoneyBook, MoneyFact, Step};
pub use licence::{Licence, LicenceUnit, LicenceUse};
pub use month::Month;
pub use payout::{Due, Payout, payable_due};
pub use refusal::Refusal;
pub use settle::{Fault, ProofStatus, SettleError, Settlement, SettlementInput, SettlementOutcome, SettlementStatement, settle};
pub use template::{Cause, Template, entry_id};

#[cfg(test)]
mod tests;
