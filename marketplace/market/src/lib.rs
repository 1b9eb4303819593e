//! # market: what work is worth, who gets it, and on which terms
//!
//! What lives here, in the order of a job's life: [`contract`]s and what they say, the [`history`] of settled jobs, the
//! [`risk`] score and the reference [`price`] with their [`tables`], [`standing`] offers that quote by themselves, the
//! [`negotiation`] of one request (the checks of a [`quote`], counter-offers, the [`award`] key that leaves no ties),
//! [`series`] of requests, and what a booking can come to: [`mod@reschedule`], [`cancel`]lation with no-shows and
//! captures, the [`sla`] with its credits. Beside them the [`availability`] of robots, with the [`zone`]s that people's
//! times need, and the [`rejection`] codes of all.
//!
//! What it may not touch: jobs, robots, accounts, clocks, other rooms. Everything comes in as a number, an id or a value
//! defined here; the time-zone table is part of the build and its hash part of what was computed with it.
//!
//! How data passes through: where there is state it is data (a `Record`), changed by facts alone. `decide` (or the verb
//! of the command) reads it and gives facts or the first refusal of the domain's table; `evolve` folds facts and cannot
//! fail; `deadlines` are read from the state, and `fire` says what a due one leads to. The rest are pure functions. The
//! caller measures, asks, writes the facts into its own streams, and keeps the pinned values; what changes here later
//! reaches no booking. Amounts are minor units of one currency, shares basis points, instants receive time.

pub mod availability;
pub mod award;
pub mod cancel;
pub mod contract;
pub mod history;
pub mod negotiation;
pub mod price;
pub mod quote;
pub mod rejection;
pub mod reschedule;
pub mod risk;
pub mod series;
pub mod sla;
pub mod standing;
pub mod tables;
pub mod zone;

#[cfg(test)]
mod tests;

pub use availability::Calendar;
pub use award::{Bid, ranking};
pub use contract::ContractBook;
pub use history::PastBook;
pub use negotiation::Negotiation;
pub use price::{Measure, Parts, reference_price};
pub use quote::Refusal;
pub use rejection::Code;
pub use reschedule::Booking;
pub use risk::{History, RiskInput, Score};
pub use series::Series;
pub use sla::SlaTrack;
pub use standing::{StandingBook, StandingOffer};
pub use tables::{PriceTables, Rates};
