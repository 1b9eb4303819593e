//! C2SP signed notes, and the checkpoints of a tree that they carry.
//!
//! A note is text that ends in a newline, an empty line, and one line per signature:
//! `— <key name> <base64 of 4 bytes of key hash and the signature>`. A checkpoint's text is origin, size and root.

use crate::base64;
use crate::keys::{PublicKey, Signature, SigningKey};
use nooterra_engine::Digest;
use nooterra_engine::digest::sha256_plain;
use thiserror::Error;

/// Longest note that is read.
pub const NOTE_BYTES_MAX: usize = 1 << 20;
/// Algorithm byte of Ed25519 in key hashes.
const ED25519: u8 = 1;

/// Why a note does not stand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Not the form of a note.
    #[error("not a signed note: {0}")]
    Form(&'static str),
    /// None of the signatures is by this key.
    #[error("note is not signed by {0}")]
    Unsigned(String),
    /// A signature under this key's name and hash does not verify.
    #[error("signature of {0} does not verify")]
    Signature(String),
    /// Not the text of a checkpoint.
    #[error("not a checkpoint: {0}")]
    Checkpoint(&'static str),
    /// A key name with spaces, `+` or nothing in it.
    #[error("`{0}` cannot be a key name")]
    Name(String),
}

/// A public key with the name under which it signs notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: PublicKey,
}

impl Verifier {
    /// A named key.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key })
    }
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// First four bytes of SHA-256 over name, newline, algorithm and key.
    #[must_use]
    pub fn hash(&self) -> [u8; 4] {
        let mut b = Vec::with_capacity(self.name.len() + 34);
        b.extend_from_slice(self.name.as_bytes());
        b.extend_from_slice(&[b'\n', ED25519]);
        b.extend_from_slice(&self.key.0);
        let h = sha256_plain(&b).0;
        [h[0], h[1], h[2], h[3]]
    }
    /// `name+hash+key`, the text form in which keys are handed around.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut key = vec![ED25519];
        key.extend_from_slice(&self.key.0);
        format!("{}+{:08x}+{}", self.name, u32::from_be_bytes(self.hash()), base64::encode(&key))
    }
    /// Reads [`Verifier::to_text`]; the hash must fit.
    pub fn from_text(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Form("a verifier key has the form name+hash+key"));
        };
        let raw = base64::decode(key).ok_or(NoteError::Form("key is not base64"))?;
        let [ED25519, key @ ..] = raw.as_slice() else { return Err(NoteError::Form("unknown key algorithm")) };
        let key = <[u8; 32]>::try_from(key).map_err(|_| NoteError::Form("an Ed25519 key has 32 bytes"))?;
        let v = Self::new(name, PublicKey(key))?;
        if hash != format!("{:08x}", u32::from_be_bytes(v.hash())) {
            return Err(NoteError::Form("key hash does not fit the key"));
        }
        Ok(v)
    }
}

fn check_name(name: &str) -> Result<(), NoteError> {
    if name.is_empty() || name.contains('+') || name.chars().any(char::is_whitespace) {
        return Err(NoteError::Name(name.to_owned()));
    }
    Ok(())
}

/// Signs a text (which must end in a newline) as `name`.
pub fn sign(text: &str, name: &str, key: &SigningKey) -> Result<String, NoteError> {
    check_text(text)?;
    let v = Verifier::new(name, key.public())?;
    let mut raw = v.hash().to_vec();
    raw.extend_from_slice(&key.sign(text.as_bytes()).0);
    Ok(format!("{text}\n\u{2014} {name} {}\n", base64::encode(&raw)))
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Form("the text must end in a newline"));
    }
    if text.chars().any(|c| c != '\n' && c.is_ascii_control()) {
        return Err(NoteError::Form("control characters"));
    }
    Ok(())
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// Whose.
    pub name: String,
    /// The key's hash.
    pub hash: [u8; 4],
    /// What follows the hash; 64 bytes for Ed25519.
    pub bytes: Vec<u8>,
}

/// A note taken apart, nothing verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The signed text, its last newline included.
    pub text: String,
    /// Its signatures.
    pub signatures: Vec<SignatureLine>,
}

impl Note {
    /// Takes a note apart.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Form("too long"));
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Form("no empty line before the signatures"))?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form("the last line must end in a newline"))?;
        let signatures = lines.split('\n').map(line).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }
    /// Is it signed by this key? Lines of other keys are passed over.
    pub fn verify(&self, v: &Verifier) -> Result<(), NoteError> {
        let hash = v.hash();
        let mut seen = false;
        for s in self.signatures.iter().filter(|s| s.name == v.name && s.hash == hash) {
            let ok = <[u8; 64]>::try_from(s.bytes.as_slice()).is_ok_and(|b| v.key.verify(self.text.as_bytes(), &Signature(b)));
            if !ok {
                return Err(NoteError::Signature(v.name.clone()));
            }
            seen = true;
        }
        if seen { Ok(()) } else { Err(NoteError::Unsigned(v.name.clone())) }
    }
}

fn line(l: &str) -> Result<SignatureLine, NoteError> {
    let bad = NoteError::Form("a signature line has the form `\u{2014} name base64`");
    let rest = l.strip_prefix("\u{2014} ").ok_or_else(|| bad.clone())?;
    let (name, sig) = rest.split_once(' ').ok_or_else(|| bad.clone())?;
    check_name(name)?;
    let raw = base64::decode(sig).ok_or_else(|| bad.clone())?;
    if raw.len() < 5 {
        return Err(bad);
    }
    Ok(SignatureLine { name: name.to_owned(), hash: [raw[0], raw[1], raw[2], raw[3]], bytes: raw[4..].to_vec() })
}

/// The head of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Root over them.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64::encode(&self.root.0))
    }
    /// Reads the text of a note; extension lines are passed over.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|o| !o.is_empty()).ok_or(NoteError::Checkpoint("no origin"))?;
        let size = lines.next().ok_or(NoteError::Checkpoint("no size"))?;
        let canonical = size == "0" || (!size.starts_with('0') && size.bytes().all(|b| b.is_ascii_digit()));
        let size = size.parse().ok().filter(|_| canonical).ok_or(NoteError::Checkpoint("size is not a decimal number"))?;
        let root = lines.next().and_then(base64::decode).ok_or(NoteError::Checkpoint("root is not base64"))?;
        let root = Digest(root.try_into().map_err(|_| NoteError::Checkpoint("a root has 32 bytes"))?);
        if lines.next().is_none() {
            return Err(NoteError::Checkpoint("the root line must end in a newline"));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
    /// Signs it as a note, under its origin's name.
    pub fn sign(&self, key: &SigningKey) -> Result<String, NoteError> {
        sign(&self.text(), &self.origin, key)
    }
    /// Reads and verifies a signed checkpoint.
    pub fn open(note: &str, v: &Verifier) -> Result<Self, NoteError> {
        let n = Note::parse(note)?;
        n.verify(v)?;
        Self::parse(&n.text)
    }
}
