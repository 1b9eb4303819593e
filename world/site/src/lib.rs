//! # site: the place as a value
//!
//! What lives here: the [`model`] of a building or yard (levels, vertices, lanes, walls, doors, lifts, spawns), the
//! [`robot`] models that move in it ([`catalogue`], [`fleet_file`]), the importers of Open-RMF buildings ([`building`])
//! and of [`grid`] maps with their problems, [`routes`] over lanes, levels and lifts, [`clearance`]s between lanes and
//! walls, its [`zones`], [`areas`] and [`entrances`], ways that [`cover`] them, a [`summary`](mod@summary) and drawings ([`draw`]).
//!
//! What it may not touch: files (callers hand over text), physics, orders, money.
//!
//! How data passes through: text goes into an importer, a [`Site`] and a list of [`finding`]s come out; the twin builds
//! bodies from it, dispatch reserves its lanes, agents follow them.

pub mod areas;
pub mod building;
pub mod catalogue;
pub mod clearance;
pub mod cover;
pub mod draw;
pub mod entrances;
pub mod finding;
pub mod fleet_file;
pub mod grid;
mod lookup;
pub mod model;
pub mod robot;
pub mod routes;
pub mod summary;
mod yaml;
pub mod zones;

pub use areas::{Area, AreaClass};
pub use building::{Imported, PlacedModel, import};
pub use catalogue::{model_named, model_or_generic};
pub use finding::{Finding, Mark, Severity};
pub use fleet_file::{FleetFile, import_fleet};
pub use model::{AreaIx, DoorIx, LaneIx, LevelIx, LiftIx, Site, VertexIx};
pub use robot::RobotModel;
pub use routes::{Costs, Route, Routes};
pub use summary::{Summary, summary};
