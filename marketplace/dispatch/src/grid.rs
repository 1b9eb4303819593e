//! Traffic and tasks on grids: thousands of robots that move one cell, turn or wait in each step.
//!
//! | module | is for |
//! |---|---|
//! | [`floor`] | free cells by number, and what lies ahead of each |
//! | [`field`] | costs to a goal from everywhere, or from near a robot's way |
//! | [`fields`] | which of these are kept, and for whom |
//! | [`guide`] | tolls against meeting head on |
//! | [`branches`] | dead ends, where who wants out goes first |
//! | [`moves`] | the sequences of actions among which a robot chooses |
//! | [`plan`] | plans of all robots that collide with nobody's, bettered each step |
//! | [`shift`] | chains of robots that move up by one: what never fails while a way exists |
//! | [`passing`] | how a robot comes past others in a narrow place |
//! | [`urgency`] | who goes before whom |
//! | [`choose`] | which task a free robot takes |
//! | [`lifelong`] | an endless list of tasks worked off by the rules of the League of Robot Runners |
//! | [`judge`] | an independent check of every step |
//!
//! What it may not touch: the rest of this room. Robots here are kinematic: an action does what it says in one step, and
//! physics, doors, lifts and orders are not known.

pub mod branches;
pub mod choose;
pub mod field;
pub mod fields;
pub mod floor;
pub mod guide;
pub mod judge;
pub mod lifelong;
pub mod moves;
pub mod passing;
pub mod plan;
pub mod shift;
pub mod urgency;

pub use judge::{Claim, Fault, Judge};
pub use lifelong::{Lifelong, Refusal, Settings, State, Step, Visit};
pub use plan::Effort;

#[cfg(test)]
mod tests;
