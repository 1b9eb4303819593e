//! What follows from an envelope's bytes alone, found before the receiver's turn.
//!
//! Hashing an envelope and checking its signature is most of the work of taking it in, and needs nothing of the receiver
//! but the sender's public key. So whoever hands envelopes on may do it beforehand, on as many threads as there are; the
//! receiver looks at the result and decides the rest in its own order.

use crate::envelope::Envelope;
use crate::keys::PublicKey;
use crate::role::KeyTable;
use nooterra_engine::Digest;

/// An envelope, its hash, and whether its signature was found to be one key's, if that was looked at.
///
/// There is no way to say that a signature is good without checking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    envelope: Envelope,
    hash: Digest,
    positional: bool,
    looked: Option<(PublicKey, bool)>,
}

impl Opened {
    /// Hashed; the receiver checks the signature itself.
    #[must_use]
    pub fn new(envelope: Envelope) -> Self {
        let hash = envelope.input_hash();
        Self { positional: envelope.has_positional_id(), envelope, hash, looked: None }
    }
    /// Hashed, and the signature checked by the key that the envelope names, if it is known. What was found holds for
    /// that key alone: whether it may speak is the receiver's to say, when the envelope's turn comes.
    #[must_use]
    pub fn checked(envelope: Envelope, keys: &KeyTable) -> Self {
        let message = envelope.signed_message();
        let looked = keys.get(envelope.key).map(|b| (b.public, b.public.verify(&message, &envelope.sig)));
        Self { hash: Envelope::hash_of(&message), positional: envelope.has_positional_id(), envelope, looked }
    }
    /// The envelope.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }
    /// [`Envelope::input_hash`].
    #[must_use]
    pub const fn hash(&self) -> Digest {
        self.hash
    }
    /// [`Envelope::has_positional_id`].
    #[must_use]
    pub const fn has_positional_id(&self) -> bool {
        self.positional
    }
    /// Is the signature this key's?
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        match self.looked {
            Some((k, found)) if k == *key => found,
            _ => self.envelope.signed_by(key),
        }
    }
}
