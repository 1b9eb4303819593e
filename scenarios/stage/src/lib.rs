//! # stage: the whole run as one machine
//!
//! What lives here: the [`setup`] of a run (scenario, site, genesis), the [`Stage`] that joins platform, network,
//! people, robots and physics and moves them tick by tick, and what it [`view`]s for judges and reports.
//!
//! What it may not touch: files, clocks, threads, the log's format. Everything that happens goes to a [`Sink`], which
//! cannot reach back.
//!
//! How data passes through: in each tick, faults of the plan strike; letters that have arrived are delivered in total
//! order (an input to the platform is handed to the sink before it takes effect); the platform's timers fire; people
//! act; robots and devices read their sensors and command their drives; physics steps; and a root over the whole state
//! closes the tick. A [`nooterra_engine::keyframe::Keyframe`] holds the whole state; thawing it and going on gives the
//! same bytes as never having stopped.

pub mod ahead;
pub mod setup;
pub mod stage;
pub mod view;
pub mod world;

pub use setup::Setup;
pub use stage::{Arrived, Entry, FaultEdge, Nowhere, PLATFORM, Sink, Stage, StageError, Stray};
