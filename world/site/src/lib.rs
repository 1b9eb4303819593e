//! # site: the place as a value
//!
//! What lives here: the [`model`] of a building or yard (levels, vertices, lanes, walls, doors, lifts, spawns), the
//! [`robot`] models that move in it, importers, checks, routes and drawings.
//!
//! What it may not touch: files (callers hand over text), physics, orders, money.
//!
//! How data passes through: text goes into an importer, a [`Site`] and a list of findings come out; the twin builds
//! bodies from it, dispatch reserves its lanes, agents follow them.

pub mod model;
pub mod robot;

pub use model::{DoorIx, LaneIx, LevelIx, LiftIx, Site, VertexIx};
pub use robot::RobotModel;
