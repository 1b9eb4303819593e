//! # ledger: the double-entry book
//!
//! What lives here: the chart of [`account`]s, balanced [`entry`]s in two layers (pending and posted), the [`book`]
//! with its balances, limits and one outcome per entry id for ever, [`statement`]s and the trial balance, a
//! [`journal`] for people, and an [`audit`]or that shares no code with the book and derives everything again.
//!
//! What it may not touch: jobs, markets, splits, fees: it knows that an account names a job or a party, never why
//! money moves. No clock, no hash map, no float.
//!
//! How data passes through: [`decide()`]`(&Book, &Command) -> Result<Vec<Fact>, Rejection>` reads only;
//! [`evolve`]`(&mut Book, &Fact)` cannot fail. Linked commands are decided as one: all or nothing. Every fact has the
//! next sequence number and is folded into the book's running digest. A host with many commands at hand gives them to
//! [`submit_all`]. The book is a record: frozen and thawed it continues with the same bytes.
//!
//! ```
//! use nooterra_engine::{Instant, ids::{EventId, JobId}, money::Currency};
//! use nooterra_ledger::{Account, Book, Command, Entry, EntryId, Leg, decide, evolve};
//!
//! let (job, cause) = (JobId::named("one"), EventId::named("paid"));
//! let legs = vec![Leg::debit(Account::PspClearing, 250), Leg::credit(Account::Escrow { job }, 250)];
//! let entry = Entry { id: EntryId::of(cause, 0), code: 1, cause, job: Some(job), at: Instant::ZERO, currency: Currency::EUR, legs };
//! let mut book = Book::default();
//! for fact in decide(&book, &Command::PostEntry(entry)).unwrap() {
//!     evolve(&mut book, &fact);
//! }
//! assert_eq!(book.balance(Account::Escrow { job }, Currency::EUR).posted, 250);
//! ```

pub mod account;
pub mod audit;
pub mod book;
pub mod decide;
pub mod entry;
pub mod fact;
pub mod journal;
pub mod rejection;
mod root;
pub mod statement;
pub mod table;

pub use account::{Account, AccountIx, AccountKey, Kind, Role, Side};
pub use book::{Balance, Book, evolve};
pub use decide::{decide, decide_into, expire, refusal, submit, submit_all, submit_into};
pub use entry::{Command, Entry, EntryId, Hold, Leg, Portion, Resolution};
pub use fact::{Booked, Fact, Posting, Resolved};
pub use journal::Journal;
pub use rejection::Rejection;

#[cfg(test)]
mod tests;
