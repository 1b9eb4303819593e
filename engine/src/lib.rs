//! # engine: the ground that everything deterministic stands on
//!
//! What lives here: words (typed [`ids`], [`time`], [`money`], [`geom`]etry), canonical bytes ([`record`]) and
//! [`digest`]s, the [`machine`] contract, the event [`queue`] with its total order, keyed [`chance`], the simulated
//! [`net`]work and the [`bus`] of letters on it, the [`faults`] plan, `always!`/`sometimes!` [`marks`], bugs [`planted`] for tests of judges, [`keyframe`]s, [`together`] for work that
//! may be done at the same time, and [`inspect`], which reads canonical bytes by their shape alone.
//!
//! What it may not touch: clocks, threads, sockets, files, operating-system randomness, hash maps; and it knows no
//! robot and no money rule.
//!
//! How data passes through: a host keeps an [`queue::EventQueue`]; it pops the first event, hands it with its instant
//! to a [`machine::Machine`], and turns the facts and wishes that come out into records and further events. Whatever
//! is not determined by what came before is drawn from [`chance::Chance`] by key, so one more draw here moves nothing
//! there. State is made of types that derive [`Record`], so it can be hashed, frozen, thawed, printed and compared
//! field by field without further code.
extern crate self as nooterra_engine;

pub mod bus;
pub mod chance;
pub mod digest;
pub mod faults;
pub mod geom;
pub mod ids;
pub mod inspect;
pub mod keyframe;
pub mod machine;
pub mod marks;
pub mod money;
pub mod net;
pub mod planted;
pub mod queue;
pub mod real;
pub mod record;
pub mod scalars;
pub mod time;
pub mod together;

pub use digest::{Digest, Hasher};
pub use record::{Record, decode, encode};
pub use time::{Instant, Span};
