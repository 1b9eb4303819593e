//! # settlement: what job facts mean in money
//!
//! What lives here: the one [`apportion()`]ment, the posting [`template`]s of payments, holds, changes, refunds and
//! payouts as pure functions from an event's values to ledger commands, the [`settle()`]ment arithmetic of a job, its
//! skill [`licence`]s, the [`legs`] book that caps refunds, and [`mod@explain`], which tells a job's money to people.
//!
//! What it may not touch: the job's own state and whether it may settle (that gate is the job's), the ledger's inside,
//! clocks, chance. It never reads an event: `control` fills the values that it defines.
//!
//! How data passes through: `control` turns an event into one of the values here, gets commands back, decides all of
//! them in the ledger as one link, and only then evolves anything. Entry ids derive from the event and the template,
//! so the same event can never pay twice.

pub mod apportion;
pub mod change;
pub mod explain;
pub mod hold;
pub mod legs;
pub mod licence;
pub mod payment;
pub mod payout;
pub mod refund;
pub mod settle;
pub mod template;

pub use apportion::apportion;
pub use legs::{LegBook, LegFact, LegRejection};
pub use licence::{Licence, LicenceUnit, LicenceUse};
pub use payout::{Due, Payout, payable_due};
pub use settle::{Fault, ProofStatus, SettleError, Settlement, SettlementInput, SettlementOutcome, SettlementStatement, settle};
pub use template::{Cause, Template, entry_id};

#[cfg(test)]
mod tests;
