//! # operations: how the robots are, and the people who help them
//!
//! What lives here: the [`robot`] as the platform knows it (status, health, charge, link, lease fence, order numbers,
//! task, trust, what it declares and what was measured of it), the [`event`]s of a robot stream, the rules of [`status`],
//! the 24-hour [`load`] book; the [`desk`] of remote help with its [`operator`]s, [`assist`]s and [`intervention`]s; and
//! who may [`stop`] what.
//!
//! What it may not touch: jobs' states, quotes, accounts, maps, wires. Jobs and places are ids and numbers here.
//!
//! How data passes through: the caller turns a checked report into an [`event::Event`], folds it into the
//! [`robot::Robot`], asks [`robot::Robot::due_status`] whether its status follows, and reads its
//! [`robot::Robot::deadlines`]. Fences only ever grow: a closed lease can never speak again. The desk decides a
//! [`desk::Command`] into events and folds them; what they mean for a job and its robot is the caller's matter.

pub mod assist;
pub mod clamps;
pub mod desk;
pub mod event;
pub mod intervention;
pub mod load;
pub mod operator;
pub mod robot;
pub mod status;
pub mod stop;

#[cfg(test)]
mod tests;

pub use assist::{Assist, Priority};
pub use desk::Desk;
pub use event::Event;
pub use operator::Operator;
pub use robot::{Held, Robot, RobotTimer};
pub use status::RobotStatus;
pub use stop::Scope;
