//! # port: what a robot and the platform say to each other
//!
//! What lives here: [`order`]s (platform to robot), [`report`]s (robot to platform), remote help ([`assist`]), what a
//! robot declares that it can do ([`ability`]), what it is taught ([`skill`]), its black box ([`blackbox`]) and its [`camera`], [`facility`] orders and reports
//! (doors, lifts, dispensers, presence, witnesses), the [`hardware`] contract (sensor frames in, actuation out: the
//! same for simulated and real bodies), and the sans-IO [`driver`] contract that hides simulation from steel,
//! with the [`conformance`] suite that every driver passes.
//!
//! What it may not touch: the site, physics, money, sockets, clocks.
//!
//! How data passes through: the platform wishes an [`order::Order`]; a driver carries its bytes over a link; the
//! agent answers with [`report::Report`]s inside signed envelopes; the driver hands those bytes back. Names follow
//! VDA 5050 where it has one: order, node, edge, sequence id, released, base, horizon, instant action, last node.

pub mod ability;
pub mod approval;
pub mod assist;
pub mod blackbox;
pub mod camera;
pub mod clamps;
pub mod conformance;
pub mod driver;
pub mod facility;
pub mod hardware;
pub mod order;
pub mod report;
pub mod skill;

pub use ability::Advert;
pub use approval::{ApprovalOrder, Wanted};
pub use assist::{Action, AssistView, InterventionOrder};
pub use driver::{Driver, DriverError, LinkState};
pub use facility::{FacilityOrder, FacilityReport};
pub use hardware::{Actuation, SensorFrame};
pub use order::{Order, SignedOrder};
pub use report::Report;
