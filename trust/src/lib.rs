//! # trust: who said it, can it be proven later, and what follows when it went wrong
//!
//! What lives here, first the proofs: [`keys`] (Ed25519, strict verification), the [`role`] of a key and its validity in
//! time, the signed [`envelope`] in which every input arrives and which is [`opened`] before its turn, the sender's [`outbox`] and the receiver's [`actors`]
//! chains that make a lossy link exactly-once, the enumerated [`rejection`]s, the hash [`chain`] of event streams, the
//! RFC 6962 [`merkle`] tree, and C2SP signed [`note`]s that carry its checkpoints. Then the quarrels, each a state
//! machine of its own: the [`detect`]ors that hear of trouble first, [`incident`]s and what they set in motion,
//! [`evidence`] with its windows, views and holds, [`claim`]s from demand to recovery, [`dispute`]s, the settlement
//! [`gate`] with the choice of audits, and [`reputation`], the trust scores. [`guard`] is the hand behind a command and
//! the order of refusals, [`parties`] are those whom a job names, and [`volume`] is how much anybody may say.
//!
//! What it may not touch: clocks, sockets, files, operating-system randomness. Secrets are given by the caller; every
//! instant is given too. It knows jobs, robots and parties by id alone: what a machine needs to know of them arrives as
//! a value that is defined here. It books no money: it says how much and who bears it.
//!
//! How data passes through: a device drafts a body; its [`outbox::Outbox`] stamps sequence, previous hash and device
//! time, signs, and hands out the envelope again and again until a signed receipt covers it. The receiver asks
//! [`role::KeyTable::identify`] who signed, [`actors::ActorChains::place`] where in the sender's chain it stands, decides,
//! and tells the chains the verdict; what comes twice gets its first verdict again.
//!
//! Through a machine: `decide(&self, now, hand, .., command)` reads only and gives events or the one rejection that
//! precedes; `evolve(&mut self, at, event)` folds and cannot fail; `deadlines(&self)` says which timers are armed, and
//! each comes back as a command by the clock. States are records: frozen and thawed they continue with the same bytes.

pub mod actors;
pub mod base64;
pub mod chain;
pub mod claim;
pub mod detect;
pub mod dispute;
pub mod envelope;
pub mod evidence;
pub mod gate;
pub mod guard;
pub mod incident;
pub mod keys;
pub mod merkle;
pub mod note;
pub mod opened;
pub mod outbox;
pub mod parties;
pub mod rejection;
pub mod reputation;
pub mod role;
pub mod volume;

pub use actors::{ActorChains, Place};
pub use envelope::{Draft, Envelope, InputKind, Receipt, Sender, Verdict};
pub use guard::{Checks, Hand};
pub use keys::{PublicKey, Signature, SigningKey, key_id};
pub use opened::Opened;
pub use outbox::Outbox;
pub use parties::{Fault, Parties};
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
