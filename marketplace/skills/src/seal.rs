//! Who vouches for a bundle: its developer signs the hash; a certifier, who is never the developer, signs for which robots,
//! how far and how long it is certified.

use crate::words::{Envelope, Tier};
use nooterra_engine::digest::content_hash;
use nooterra_engine::ids::{CertificateId, KeyId, PartyId};
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record, encode};
use nooterra_trust::{Code, KeyTable, Rejection, Role, Signature, SigningKey};

/// Longest validity of a certificate.
pub const VALID_MAX: Span = Span::from_mins(366 * 24 * 60);
const BUNDLE: &[u8] = b"nooterra/bundle/v1";
const CERTIFICATE: &str = "nooterra/certificate/v1";

/// The developer's signature.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct BundleSeal {
    /// What is signed.
    pub bundle: Digest,
    /// With which key.
    pub key: KeyId,
    /// The signature.
    pub sig: Signature,
}

impl BundleSeal {
    /// Signs a bundle's hash.
    pub fn sign(bundle: Digest, key: &SigningKey) -> Self {
        Self { bundle, key: key.id(), sig: key.sign(&message(&bundle)) }
    }

    /// Is it the signature of this developer, with a key that is valid at `at`?
    pub fn verify(&self, developer: PartyId, keys: &KeyTable, at: Instant) -> Result<(), Rejection> {
        verify(keys, at, self.key, (Role::DV, developer), &message(&self.bundle), &self.sig)
    }
}

fn message(bundle: &Digest) -> Vec<u8> {
    [BUNDLE, &bundle.0].concat()
}

/// Driver versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Drivers {
    /// The first.
    pub from: u32,
    /// The last.
    pub to: u32,
}

/// What a certifier says.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Certificate {
    /// Of which bundle.
    pub bundle: Digest,
    /// Who says it.
    pub certifier: PartyId,
    /// On robots of this model.
    pub model: String,
    /// With these versions of the driver.
    pub drivers: Drivers,
    /// How far.
    pub tier: Tier,
    /// Hash of the physics parameters that it was tried with.
    pub physics: Digest,
    /// Hash of the evidence.
    pub evidence: Digest,
    /// Bounds that it was tried in.
    pub envelope: Envelope,
    /// First instant of validity.
    pub not_before: Instant,
    /// First instant past it.
    pub not_after: Instant,
}

impl Certificate {
    /// Hash of its content.
    pub fn hash(&self) -> Digest {
        content_hash(CERTIFICATE, self)
    }
    /// Its id follows from its content.
    pub fn id(&self) -> CertificateId {
        CertificateId::derive(&self.hash(), 0)
    }
    /// Does it speak of this robot?
    pub fn covers(&self, model: &str, driver: u32) -> bool {
        self.model == model && self.drivers.from <= driver && driver <= self.drivers.to
    }
    /// In its time?
    pub fn is_current(&self, at: Instant) -> bool {
        self.not_before <= at && at < self.not_after
    }
}

/// A certificate with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct SignedCertificate {
    /// What is signed.
    pub certificate: Certificate,
    /// With which key.
    pub key: KeyId,
    /// The signature.
    pub sig: Signature,
}

impl SignedCertificate {
    /// Signs a certificate.
    pub fn sign(certificate: Certificate, key: &SigningKey) -> Self {
        let sig = key.sign(&signed(&certificate));
        Self { certificate, key: key.id(), sig }
    }

    /// Is it signed by its certifier, with a key that is valid at `at`?
    pub fn verify(&self, keys: &KeyTable, at: Instant) -> Result<(), Rejection> {
        verify(keys, at, self.key, (Role::CE, self.certificate.certifier), &signed(&self.certificate), &self.sig)
    }
}

fn signed(c: &Certificate) -> Vec<u8> {
    [CERTIFICATE.as_bytes(), &encode(c)].concat()
}

fn verify(keys: &KeyTable, at: Instant, key: KeyId, who: (Role, PartyId), message: &[u8], sig: &Signature) -> Result<(), Rejection> {
    let known = keys.get(key).ok_or_else(|| Rejection::new(Code::KeyUnknown).field("key").actual(key))?;
    if !known.public.verify(message, sig) {
        return Err(Rejection::new(Code::SignatureInvalid).field("sig"));
    }
    let b = keys.lookup(key, at)?;
    if b.role != who.0 {
        return Err(Rejection::new(Code::RoleForbidden).field("key").expected(who.0).actual(b.role));
    }
    if b.subject != *who.1.as_bytes() {
        return Err(Rejection::new(Code::PartyForbidden).field("key").expected(who.1).actual(&b.name));
    }
    Ok(())
}
