//! # agent: the robot's own brain
//!
//! What lives here: everything a robot decides by itself, sans-IO, the same code in simulation and on the robot:
//! where it is ([`localise`] against its [`map`], with what markers say against it in [`doubt`]), the released way ([`track`]) and how to [`follow`] it, protective
//! [`fields`], the [`policy`] of named bounds that has the last word on every command, the job at hand ([`work`], [`lift`], [`transfer`]),
//! others [`replay`] that from its box, where it may be ([`rights`]), battery care ([`power`]), faults and progress ([`health`]), how far it moves from what it
//! commands ([`residual`]), what it says that it can do ([`advert`]), remote help ([`assist`]), its [`blackbox`], its [`camera`] and its gate, the [`people`] that it sees, words in
//! and out ([`link`]); and the [`Agent`] that joins them.
//!
//! What it may not touch: the world's truth, clocks, sockets, chance. It knows its sensors and its orders, no more.
//!
//! How data passes through: 20 times a second the body hands in a sensor frame and gets an actuation
//! ([`Agent::control`]); bytes from the link go into [`Agent::receive`]; [`Agent::drain`] gives the signed envelopes to
//! send now, repetitions included; [`Agent::clamps`] and [`Agent::notes`] give what its black box should hold.
//! The state is one record: it can be hashed, frozen and thawed in the middle of a job. The map is handed in with each
//! call and is never part of the state.

pub mod advert;
pub mod agent;
pub mod assist;
pub mod blackbox;
pub mod camera;
pub mod config;
mod cover;
pub mod doubt;
pub mod fields;
pub mod follow;
pub mod forecast;
pub mod health;
pub mod lift;
pub mod link;
pub mod localise;
pub mod map;
pub mod note;
pub mod people;
pub mod policy;
pub mod power;
pub mod replay;
pub mod residual;
pub mod rights;
pub mod tight;
pub mod track;
pub mod transfer;
mod turn;
pub mod watch;
pub mod work;

pub use agent::{Agent, AgentError, WORDS_BYTES};
pub use blackbox::Recorder;
pub use config::{AgentConfig, LocalPolicy, Wheels};
pub use map::AgentMap;
pub use note::{Event, Note};
pub use policy::{Bound, Channel, Clamp};
pub use work::Phase;

#[cfg(test)]
mod tests;
