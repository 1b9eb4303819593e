//! Traffic and tasks on grids: thousands of robots that move one cell, turn or wait in each step.
//!
//! | module | is for |
//! |---|---|
//! | [`floor`] | free cells by number, and what lies ahead of each |
//! | [`field`] | costs to a goal: from everywhere, or from near it and by way of a relay |
//! | [`search`] | how they are worked out |
//! | [`fields`] | which of these are kept, and for whom |
//! | [`guide`] | tolls against meeting head on |
//! | [`branches`] | dead ends, where who wants out goes first |
//! | [`moves`] | the sequences of actions among which a robot chooses |
//! | [`plan`] | plans of all robots that collide with nobody's, bettered each step |
//! | [`seek`] | how one robot comes to a better plan, with others that give way |
//! | [`tables`] | who is where after each of the next steps |
//! | [`settings`] | how a run goes about its work |
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
pub mod search;
pub mod seek;
pub mod settings;
pub mod shift;
pub mod tables;
pub mod urgency;

pub use judge::{Claim, Fault, Judge};
pub use lifelong::{Lifelong, State, Step, Visit};
pub use plan::Effort;
pub use settings::{Refusal, Settings};

#[cfg(test)]
mod tests;
