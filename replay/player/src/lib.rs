//! # player: a log drives a machine again, and every word is compared
//!
//! What lives here: [`compare`](compare::compare), which re-executes a machine and holds every input, fact, wish, state
//! root and keyframe against a log; [`diff`](diff::diff), which holds two logs against each other; both name the first
//! [`Divergence`](divergence::Divergence) in one form; and [`seek`], which finds the keyframe to start from (in a file that
//! can be stepped through, `blackbox::LogIndex::resume` finds it without reading all before it).
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
#[allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a test that fails here has failed"
)]
mod tests;
