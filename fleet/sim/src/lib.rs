//! # sim: robots and a building that are not there
//!
//! What lives here: [`link`], the driver through which the platform reaches robots, [`fleet`], which joins each robot's
//! brain (the same code as on a real one) with its body in the twin, and the [`site_controller`], which stands for the
//! site's doors, lifts, sensors and readers, over the [`world`] as its devices see it.
//!
//! What it may not touch: the platform, money, plans, files, clocks. It moves bytes: orders in, signed envelopes out.
//!
//! How data passes through: the stage hands over the bytes that the simulated network let through and lets one tick pass
//! ([`SimFleet::turn`]): brains hear, read their sensors, command their drives and speak, several at the same time if
//! the host has the threads; the site's devices read theirs; physics steps. What robots and devices have to say comes
//! back as bytes.

pub mod convert;
mod doors;
pub mod fleet;
mod floors;
pub mod gate;
pub mod link;
mod plans;
mod presence;
pub mod site_controller;
mod turn;
pub mod world;

pub use fleet::{Enrolment, FleetError, ROBOTS, SITE, SimFleet, SiteMail};
pub use link::SimLink;
pub use site_controller::SiteController;
