//! # script: scenario files
//!
//! What lives here: the [`scenario`] file as a type (title, site, fleet, market, network, faults, acts, expectations), its
//! strict reading from YAML ([`read`]), the published JSON [`schema`], the [`words`] values are written in, the named
//! [`metrics`] and the [`expect`] conditions over them, and [`resolve()`], which holds a scenario against a site and
//! gives back indexes instead of names with every default filled in.
//!
//! What it may not touch: files (callers hand over text), clocks, physics, the platform. It decides nothing at run
//! time: what comes out is data.
//!
//! How data passes through: text → [`read`] → [`Scenario`] → [`resolve()`] with a `Site` and a seed → [`Resolved`].
//! Every fault of a file is a [`Flaw`] with line, column and remedy; all faults of the content come at once.

pub mod abilities;
pub mod acts;
pub mod areas;
pub mod at;
pub mod camera;
pub mod coins;
pub mod deeds;
pub mod demand;
pub mod disputes;
pub mod doors;
pub mod expect;
pub mod fallback;
pub mod families;
pub mod flaw;

pub mod keeping;
pub mod metrics;
pub mod operators;
mod read;
pub mod recorder;
mod resolve;
pub mod resolved;
pub mod scenario;
pub mod schema;
pub mod series;
pub mod swarm;
pub mod team;
pub mod trading;
pub mod ways;
pub mod words;

#[cfg(test)]
mod tests;

pub use expect::{Condition, Form};
pub use flaw::Flaw;
pub use read::{TEXT_LIMIT_BYTES, read};
pub use resolve::{resolve, resolve_with};
pub use resolved::Resolved;
pub use scenario::Scenario;
