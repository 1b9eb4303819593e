//! Ed25519 keys and signatures. The rule of verification is `verify_strict` everywhere.

use ed25519_dalek::Signer as _;
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::KeyId;
use nooterra_engine::record::{DecodeError, Kind, Reader, Value, Wire, Writer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// Keys whose points a thread remembers.
const POINTS_KEPT: usize = 4_096;

thread_local! {
    /// The curve point of a key's bytes, or none if they are no point: finding it is a quarter of a verification. It
    /// follows from the bytes alone, so remembering it changes nothing but the time.
    static POINTS: RefCell<BTreeMap<[u8; 32], Option<ed25519_dalek::VerifyingKey>>> = const { RefCell::new(BTreeMap::new()) };
}

fn point(key: &[u8; 32]) -> Option<ed25519_dalek::VerifyingKey> {
    POINTS.with(|p| {
        let p = &mut *p.borrow_mut();
        if let Some(known) = p.get(key) {
            return *known;
        }
        if p.len() >= POINTS_KEPT {
            p.clear();
        }
        let found = ed25519_dalek::VerifyingKey::from_bytes(key).ok();
        p.insert(*key, found);
        found
    })
}

/// A public key as its 32 bytes; whether they are a point of the curve shows when something is verified.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// Sixty-four bytes of signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

/// A secret key with its public half. Part of state (so that a frozen sender goes on signing), never printed.
#[derive(Clone)]
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    id: KeyId,
}

/// The id of a public key: hashes its 32 bytes.
#[must_use]
pub fn key_id(key: &PublicKey) -> KeyId {
    let h = sha256(&[b"nooterra/id/v1", b"key", &key.0]);
    let mut b = [0; 16];
    b.copy_from_slice(&h.0[..16]);
    KeyId::from_bytes(b)
}

impl PublicKey {
    /// The id under which key tables know it.
    #[must_use]
    pub fn id(&self) -> KeyId {
        key_id(self)
    }
    /// Is `sig` this key's signature over `message`, by the strict rule?
    #[must_use]
    pub fn verify(&self, message: &[u8], sig: &Signature) -> bool {
        point(&self.0).is_some_and(|k| k.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&sig.0)).is_ok())
    }
}

impl Signature {
    /// Stands in a message that is not signed yet.
    pub const NONE: Self = Self([0; 64]);
}

impl SigningKey {
    /// The key pair of a 32-byte secret: the same secret always signs alike.
    #[must_use]
    pub fn from_secret(secret: [u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&secret);
        let id = key_id(&PublicKey(key.verifying_key().to_bytes()));
        Self { key, id }
    }
    /// A key pair derived from a secret and a path of labels: how one seed feeds many keys.
    #[must_use]
    pub fn derived(secret: &[u8], labels: &[&[u8]]) -> Self {
        let mut parts: Vec<&[u8]> = vec![b"nooterra/key/v1", secret];
        parts.extend_from_slice(labels);
        Self::from_secret(sha256(&parts).0)
    }
    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.key.verifying_key().to_bytes())
    }
    /// The public half's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }
    /// Signs.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.key.sign(message).to_bytes())
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, o: &Self) -> bool {
        self.key.as_bytes() == o.key.as_bytes()
    }
}
impl Eq for SigningKey {}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(secret of {})", self.id())
    }
}
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|b| write!(f, "{b:02x}"))
}

/// Fixed byte strings that are always written, so that their width is checked.
macro_rules! fixed_value {
    ($t:ty, $n:literal, $get:expr, $make:expr, $show:expr) => {
        impl Value for $t {
            const WIRE: Wire = Wire::Len;
            fn kind() -> Kind {
                Kind::Shown($show)
            }
            fn is_default(&self) -> bool {
                false
            }
            fn absent() -> Option<Self> {
                None
            }
            fn put(&self, w: &mut Writer) {
                w.varint($n);
                let get: fn(&Self) -> &[u8; $n] = $get;
                w.bytes.extend_from_slice(get(self));
            }
            fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                if r.varint()? != $n {
                    return Err(r.error(concat!(stringify!($n), " bytes expected")));
                }
                let mut b = [0; $n];
                b.copy_from_slice(r.take($n)?);
                let make: fn([u8; $n]) -> Self = $make;
                Ok(make(b))
            }
        }
    };
}

fn show_hex(b: &[u8]) -> String {
    b.iter().map(|b| format!("{b:02x}")).collect()
}

fixed_value!(PublicKey, 32, |s| &s.0, Self, show_hex);
fixed_value!(Signature, 64, |s| &s.0, Self, show_hex);
fixed_value!(SigningKey, 32, |s| s.key.as_bytes(), Self::from_secret, |_| "(secret)".to_owned());
