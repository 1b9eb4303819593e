//! Signatures checked while a letter is under way: the slow part of a delivery, done before its turn.
//!
//! What a check finds is a function of the bytes and the keys alone ([`Keyring::check`]). A shell may therefore compute it
//! on another thread as soon as a letter is sent; its result joins at one fixed point, the delivery, and the run cannot
//! tell who computed it. Without help ([`Unaided`]) the receiver checks for itself.

use nooterra_control::verify_envelope;
use nooterra_engine::decode;
use nooterra_port::SignedOrder;
use nooterra_trust::{Checked, Envelope, KeyTable, PublicKey, Receipt, Signature};
use std::fmt;

/// Whose door a letter goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The platform: signed envelopes.
    Platform,
    /// A robot: orders and receipts, signed by the platform.
    Robot,
}

/// Somebody who looks at signatures ahead of time.
pub trait Ahead: fmt::Debug + Send {
    /// Is it worth handing letters over?
    fn is_idle(&self) -> bool {
        false
    }
    /// A letter is under way under this number.
    fn sent(&mut self, number: u64, to: Side, bytes: Vec<u8>);
    /// The tick is over: what was handed over may be begun.
    fn flush(&mut self);
    /// The letter is delivered: what is known of its signature? Waits for a check that was begun.
    fn arrived(&mut self, number: u64) -> Checked;
}

/// Nobody looks ahead.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unaided;

impl Ahead for Unaided {
    fn is_idle(&self) -> bool {
        true
    }
    fn sent(&mut self, _: u64, _: Side, _: Vec<u8>) {}
    fn flush(&mut self) {}
    fn arrived(&mut self, _: u64) -> Checked {
        Checked::Not
    }
}

/// The keys that a check needs: all that a thread has to know of the run.
#[derive(Debug, Clone)]
pub struct Keyring {
    /// Keys that were bound when the run began; what is signed with a later one is left to the platform.
    pub senders: KeyTable,
    /// The platform's own.
    pub platform: PublicKey,
}

impl Keyring {
    /// Looks at the signature in these bytes. Whatever makes no sense is left to the receiver.
    #[must_use]
    pub fn check(&self, to: Side, bytes: &[u8]) -> Checked {
        match to {
            Side::Platform => Envelope::from_bytes(bytes).map_or(Checked::Not, |e| verify_envelope(&self.senders, &e)),
            Side::Robot => match decode::<SignedOrder>(bytes) {
                Ok(o) => self.platform.verify(&o.signing_bytes(), &Signature(o.sig)).into(),
                Err(_) => decode::<Receipt>(bytes).map_or(Checked::Not, |r| r.signed_by(&self.platform).into()),
            },
        }
    }
}
