//! # blackbox: the log of a run, sealed while it is written
//!
//! What lives here: the [`kind`]s of records and the [`words`] of our own that go into them, the [`leaf`] that each
//! record contributes to the Merkle tree, self-describing [`schema`]s, [`telemetry`] that foreign viewers draw, the
//! [`recorder`], keyframes packed against each other in [`snap`], the [`container`] reader, the [`reader`] of records, and
//! the verifier in [`verify`].
//!
//! What it may not touch: files, clocks, randomness. Bytes go into any `Write` and come out of any `Read`; keys and
//! secrets are the caller's. The same records give the same bytes.
//!
//! How data passes through: [`recorder::Recorder`] takes records in total order. Each becomes one MCAP message and
//! one leaf of an RFC 6962 tree; at least each second of run time a seal, a signed checkpoint of the tree and a flush
//! follow, so that a killed run loses at most that second. Every 60 s of run time a new epoch key takes over, introduced
//! by the old one. [`reader::LogReader`] yields the records again, in bounded memory and from a cut file as far as it
//! goes; [`verify::verify`] recomputes every leaf and checks every promise of order, key and time. What is proven is the
//! content of records, never the bytes of the file: recompressing or rechunking it changes nothing.
//!
//! `FORMAT.md` beside this crate is the format for people who write a reader of their own.

pub mod container;
pub mod entry;
pub mod index;
pub mod kind;
pub mod leaf;
mod lz4;
pub mod reader;
pub mod recorder;
pub mod schema;
pub mod sink;
pub mod snap;
pub mod telemetry;
pub mod verify;
pub mod words;

pub use index::{LogIndex, Resumed};
pub use kind::Kind;
pub use reader::{LogError, LogReader, Record};
pub use recorder::{Channel, OpenInfo, RecordError, Recorder};
pub use sink::{Nowhere, Said, Sink, SinkError, SinkExt};
pub use snap::Snap;
pub use verify::{Policy, Reason, Status, Verdict, verify};
pub use words::{Head, Manifest};

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a test that fails here has failed"
)]
mod tests;
