//! # market: what work is worth and who gets it
//!
//! What lives here: the reference [`price`] in integers, the [`risk`] score, the checks of a [`quote`] (price band, split,
//! expiry), the [`award`] key that leaves no ties, [`standing`] offers, and the [`tables`] of all the numbers.
//!
//! What it may not touch: jobs, robots, accounts, clocks. Everything comes in as a number or an id.
//!
//! How data passes through: the caller measures (route length, work, candidates, history), asks [`price::reference_price`]
//! and [`risk::score`], shows the result to providers, passes what they answer through [`quote::check`], and lets
//! [`award::ranking`] order what is awardable. All functions are pure; the state of a request lives in its job.

pub mod award;
pub mod price;
pub mod quote;
pub mod risk;
pub mod standing;
pub mod tables;

#[cfg(test)]
mod tests;

pub use award::{Bid, ranking};
pub use price::{Measure, Parts, reference_price};
pub use quote::Refusal;
pub use risk::{History, RiskInput, Score};
pub use tables::PriceTables;
