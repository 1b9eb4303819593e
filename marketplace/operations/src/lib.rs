//! # operations: how the robots are
//!
//! What lives here: the [`robot`] as the platform knows it (status, health, charge, link, lease fence, order numbers,
//! task, trust), the [`event`]s of a robot stream, the rules of [`status`], and the 24-hour [`load`] book.
//!
//! What it may not touch: jobs' states, quotes, accounts, maps, wires. Jobs and places are ids and numbers here.
//!
//! How data passes through: the caller turns a checked report into an [`event::Event`], folds it into the
//! [`robot::Robot`], asks [`robot::Robot::due_status`] whether its status follows, and reads its
//! [`robot::Robot::deadlines`]. Fences only ever grow: a closed lease can never speak again.

pub mod event;
pub mod load;
pub mod robot;
pub mod status;

#[cfg(test)]
mod tests;

pub use event::Event;
pub use robot::{Held, Robot, RobotTimer};
pub use status::RobotStatus;
