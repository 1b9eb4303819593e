//! # stage: the whole run as one machine
//!
//! What lives here: the [`setup`] of a run (scenario, site, genesis), the [`Stage`] that joins platform, network,
//! people, robots and physics and moves them tick by tick, and what it [`view`]s for judges and reports.
//!
//! What it may not touch: files, clocks, threads, the log's format. Everything that happens goes to a [`Sink`], which
//! cannot reach back.
//!
//! How data passes through: in each tick, faults of the plan strike, and the crew does what it came for; letters that
//! have arrived are sorted in total order. Then two sides take their [`turn`]: platform and people (an input to the
//! platform is handed to the sink before it takes effect; the platform's timers fire; people act), and the world (robots
//! and devices read their mail and sensors and command their drives; physics steps). What they send is handed to the
//! network afterwards, the platform's first, and arrives in a later tick: so the sides may move at the same time. A root
//! over the whole state closes the tick. A [`nooterra_engine::keyframe::Keyframe`] holds the whole state; thawing it and
//! going on gives the same bytes as never having stopped.

pub mod setup;
pub mod stage;
pub mod turn;
pub mod view;
pub mod world;

pub use setup::Setup;
pub use stage::{Arrived, Entry, FaultEdge, Nowhere, PLATFORM, Sink, Stage, StageError, Stray};
