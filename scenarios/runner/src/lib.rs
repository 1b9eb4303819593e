//! # runner: from a scenario file to a verdict and a black box
//!
//! What lives here: loading files ([`load`]), the run in motion ([`drive`]) with what it says ([`tape`], [`scenery`]),
//! the second core ([`cores`]), the recorder's thread ([`recording`]), the feeding of the judges ([`judge`], [`count`]), the run itself ([`run`]),
//! replay and comparison ([`replay`]), verification ([`check`]) and the [`report`]s of all of them.
//!
//! What it may not touch: decisions. It reads files, keeps time for reports and budgets, and moves bytes; take it away
//! and the run would decide the same.
//!
//! How data passes through: a file becomes a `Setup`; each tick's words go to a tape; the tape goes to the recorder's
//! thread or is held against a log; judges look at the world's truth and at the platform's views; at the end all of it
//! becomes one report.

pub mod check;
pub mod cores;
pub mod count;
pub mod domain;
pub mod drive;
pub mod explain;
pub mod facts;
mod floors;
pub mod judge;
pub mod ledger;
pub mod load;
mod passages;
pub mod recording;
pub mod replay;
pub mod report;
pub mod run;
pub mod scenery;
mod summary;
pub mod tape;
pub mod trails;

pub use check::{CheckError, verify};
pub use cores::with_cores;
pub use load::{LoadError, Loaded, Overrides, load};
pub use replay::{Range, ReplayError, ReplayReport, diff, replay};
pub use report::{Outcome, RunReport};
pub use run::{Progress, RunError, RunRequest, run};
pub use trails::trails;
