//! # oracle: the judges of a run
//!
//! What lives here: what a run is measured by ([`Sample`]), the judges that are never asked for and always sit
//! ([`safety`], [`liveness`], [`books`], [`authority`], [`stops`], [`bounds`], [`places`], [`cameras`], [`world`], and those of the platform's [`trail`]), those that a scenario appoints ([`watch`]), and the
//! [`verdict`] that they come to together.
//!
//! What it may not touch: files, clocks, the run itself. A judge sees values of the world's truth and of the
//! platform's state, keeps its own memory, and decides nothing in the run; with or without it the bits are the same.
//!
//! How data passes through: a host feeds an [`Oracle`] contacts as they happen and, each simulated second, a sample,
//! the robots' true motion, the book and the holders of authority; at the end it asks for the [`Verdict`].

pub mod authority;
pub mod books;
pub mod bounds;
pub mod cameras;
pub mod liveness;
pub mod places;
pub mod safety;
pub mod sample;
pub mod stops;
pub mod trail;
pub mod verdict;
pub mod watch;
pub mod world;

mod bench;
#[cfg(test)]
mod tests;

pub use authority::Holding;
pub use bench::{Limits, Oracle};
pub use books::BookView;
pub use bounds::{Clamped, Driven};
pub use cameras::{Eye, Recording};
pub use liveness::{JobEnd, Motion};
pub use places::{Body, Right};
pub use safety::{Contact, Counterpart};
pub use sample::Sample;
pub use stops::{Barred, Stopped};
pub use trail::Trail;
pub use verdict::{Class, Finding, Judgement, Verdict};
pub use watch::{FaultSpan, Watcher, When};
pub use world::{Delivered, Hit, Kept, Recorded, Whereabouts};
