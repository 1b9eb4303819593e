//! # jobs: one piece of work, from request to settlement
//!
//! What lives here: the [`status`] machine with its transition [`table`] as data, the [`event`]s of a job stream with their
//! [`payload`]s, the terms that a booking [`pins`], the [`job`] itself with its [`parts`] as a fold of its events
//! ([`evolve`]), its [`deadline`]s, the ordered [`batch`]es that one cause brings about, and the [`proof`] of completion.
//!
//! What it may not touch: clocks, keys, accounts, robots, maps. It names parties, robots and devices by id only; places
//! are numbers whose meaning the caller knows. Who may send what is decided before anything arrives here.
//!
//! How data passes through: the caller checks an input, asks [`batch`] (or builds the one event that the input means),
//! and folds the events into the [`job::Job`] with [`job::Job::evolve`]. What must happen next, and when, is a function
//! of the job alone: [`job::Job::deadlines`]. So a timer can be neither forgotten nor left behind.
pub mod approval;
pub mod batch;
pub mod coverage;
pub mod deadline;
pub mod event;
pub mod evolve;
pub mod job;
pub mod parts;
pub mod payload;
pub mod pins;
pub mod proof;
pub mod reason;
pub mod status;
pub mod table;
pub mod team;
pub mod terms;
pub mod tier;
pub mod transfer;

#[cfg(test)]
mod tests;

pub use deadline::Deadline;
pub use event::Event;
pub use job::Job;
pub use pins::{Pins, Timing};
pub use status::{Class, Status};
pub use table::Kind;
