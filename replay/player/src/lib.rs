//! # player: a log drives a machine again, and every word is compared
//!
//! What lives here: [`compare`](compare::compare), which re-executes a machine and holds every input, fact, wish, state
//! root and keyframe against a log; [`diff`](diff::diff), which holds two logs against each other; both name the first
//! [`Divergence`](divergence::Divergence) in one form; and [`seek`], which finds the keyframe to start from.
//!
//! What it may not touch: files, clocks. It knows no room: a machine is whatever implements
//! [`Replayable`](compare::Replayable), a log is whatever `blackbox` reads.
//!
//! How data passes through: the machine was written against `blackbox::Sink`. Recording, that sink is a `Recorder`;
//! replaying, it is the comparison, which pulls the log's next record for each word that the machine says and stops it
//! at the first that differs.

pub mod compare;
pub mod diff;
pub mod divergence;
pub mod seek;
pub mod shapes;

pub use compare::{Limits, Replayable, Report, compare};
pub use diff::{DiffReport, diff};
pub use divergence::{Divergence, PlayError};
pub use seek::{Found, find_keyframe, skip_past};
pub use shapes::Shapes;

#[cfg(test)]
mod tests;
