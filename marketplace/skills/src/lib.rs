//! # skills: what robots can be taught, by whom, and who may run it where
//!
//! What lives here, in reading order:
//!
//! | module | is for | domain |
//! |---|---|---|
//! | [`words`] | versions, tiers, the capability interface, licence terms | 7.1, 7.5 |
//! | [`manifest`] | what a bundle says of itself | 7.1 |
//! | [`graph`] | the behaviour graph, checked without running it | 7.3 |
//! | [`run`] | a run of the graph, one call at a time | 7.7 |
//! | [`cases`] | what a graph must do when calls succeed and fail | 7.3 |
//! | [`limits`] | what a skill may do on a robot: fuel, memory, and the meet of four lists of limits | 7.7 |
//! | [`bundle`] | the files of a skill as canonical bytes, its hash, its refusals | 7.1 |
//! | [`seal`] | the developer's signature and the certifier's certificate | 7.2 |
//! | [`evidence`] | what each tier asks of a certificate | 7.3 |
//! | [`registry`] | everything published, certified, licensed, installed and revoked | 7.4 to 7.6 |
//! | [`command`], [`event`] | what can be asked of the registry, and what happens | 3.4, 3.7 |
//! | [`decide`], [`evolve`] | the registry as a machine | |
//! | [`delivery`] | what goes to a robot with a bundle, and what the robot keeps of it after its own look | 7.2, 7.6 |
//! | [`standing`] | may this robot run this bundle now; which bundle takes the place of a revoked one | 5.1, 7.4 |
//!
//! What it may not touch: clocks, files, robots, jobs, money. It knows jobs and robots by id and models by name; keys are
//! the key table's; it books nothing, it says how many units a job used.
//!
//! How data passes through: a command with the hand behind it goes into [`registry::Registry::decide`], which reads only
//! and gives events or the one rejection that precedes (codes of [`nooterra_trust::Code`], always with the field);
//! [`registry::Registry::evolve`] folds them and cannot fail; [`registry::Registry::deadlines`] says which certificates
//! end when. A robot's runtime asks [`limits::Sandbox`] before each call.

pub mod bundle;
pub mod cases;
pub mod command;
pub mod decide;
pub mod delivery;
pub mod event;
pub mod evidence;
pub mod evolve;
pub mod graph;
pub mod limits;
pub mod manifest;
pub mod registry;
pub mod run;
pub mod seal;
pub mod standing;
pub mod words;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a test that fails here has failed")]
mod tests;

pub use bundle::{Bundle, Opened};
pub use command::Command;
pub use event::Event;
pub use evidence::Evidence;
pub use manifest::Manifest;
pub use registry::Registry;
pub use seal::{BundleSeal, Certificate, SignedCertificate};
pub use standing::Robot;
pub use words::{Capability, Level, Tier, Unit, Version};
