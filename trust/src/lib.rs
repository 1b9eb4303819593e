//! # trust: who said it, and can it be proven later
//!
//! What lives here: [`keys`] (Ed25519, strict verification), the [`role`] of a key and its validity in time, the
//! signed [`envelope`] in which every input arrives, the sender's [`outbox`] and the receiver's [`actors`] chains that
//! make a lossy link exactly-once, the enumerated [`rejection`]s, the hash [`chain`] of event streams, the RFC 6962
//! [`merkle`] tree, and C2SP signed [`note`]s that carry its checkpoints.
//!
//! What it may not touch: clocks, sockets, files, operating-system randomness. Secrets are given by the caller; every
//! instant is given too. It knows no job, no robot and no money rule.
//!
//! How data passes through: a device drafts a body; its [`outbox::Outbox`] stamps sequence, previous hash and device
//! time, signs, and hands out the envelope again and again until a signed receipt covers it. The receiver asks
//! [`role::KeyTable::identify`] who signed, [`actors::ActorChains::place`] where in the sender's chain it stands, decides,
//! and tells the chains the verdict; what comes twice gets its first verdict again.

pub mod actors;
pub mod base64;
pub mod chain;
pub mod envelope;
pub mod keys;
pub mod merkle;
pub mod note;
pub mod outbox;
pub mod rejection;
pub mod role;

pub use actors::{ActorChains, Place};
pub use envelope::{Draft, Envelope, InputKind, Receipt, Sender, Verdict};
pub use keys::{PublicKey, Signature, SigningKey, key_id};
pub use outbox::Outbox;
pub use rejection::{Code, Rejection};
pub use role::{Binding, KeyTable, Role};

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a test that fails here has failed"
)]
mod tests;
