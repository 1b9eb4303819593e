//! Hashes: SHA-256 for what is signed or proven, BLAKE3 for state.

use crate::record::{DecodeError, Kind, Message, Reader, Slot, Value, Wire, Writer, encode};
use sha2::Digest as _;
use std::fmt;

/// Thirty-two bytes of hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// All zero: the `prev` of a first record.
    pub const ZERO: Self = Self([0; 32]);
    /// First twelve hex digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
    /// Reads 64 hex digits.
    pub fn from_hex(s: &str) -> Option<Self> {
        if s.len() != 64 || !s.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut out = [0; 32];
        for (i, b) in out.iter_mut().enumerate() {
            *b = u8::from_str_radix(&s[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(Self(out))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Value for Digest {
    const WIRE: Wire = Wire::Len;
    fn kind() -> Kind {
        Kind::Shown(|b| b.iter().map(|b| format!("{b:02x}")).collect())
    }
    #[inline]
    fn is_default(&self) -> bool {
        *self == Self::ZERO
    }
    fn absent() -> Option<Self> {
        Some(Self::ZERO)
    }
    #[inline]
    fn put(&self, w: &mut Writer) {
        w.varint(32);
        w.bytes.extend_from_slice(&self.0);
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if r.varint()? != 32 {
            return Err(r.error("a digest has 32 bytes"));
        }
        let mut b = [0; 32];
        b.copy_from_slice(r.take(32)?);
        Ok(Self(b))
    }
}

/// SHA-256 over parts, each preceded by its length (u32, big-endian) so that no two lists of parts collide.
/// The first part is a domain tag such as `nooterra/id/v1`.
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let mut h = sha2::Sha256::new();
    for p in parts {
        h.update(u32::try_from(p.len()).unwrap_or(u32::MAX).to_be_bytes());
        h.update(p);
    }
    Digest(h.finalize().into())
}

/// SHA-256 of plain bytes, as anyone else computes it.
pub fn sha256_plain(bytes: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(bytes).into())
}

/// SHA-256 of a tag and the canonical bytes of a value.
pub fn content_hash<M: Message>(tag: &str, value: &M) -> Digest {
    // What is hashed is gone at once: room enough that memory is asked for once.
    let mut w = Writer { bytes: Vec::with_capacity(512) };
    value.put_body(&mut w);
    sha256(&[tag.as_bytes(), &w.bytes])
}

/// A running BLAKE3 hash of state: fixed-width little-endian numbers, floats by their bits.
#[derive(Clone, Default)]
pub struct Hasher(blake3::Hasher);

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    /// An empty hash.
    pub fn new() -> Self {
        Self::default()
    }
    /// Adds bytes.
    pub fn bytes(&mut self, b: &[u8]) -> &mut Self {
        self.0.update(b);
        self
    }
    /// Adds a number.
    pub fn u64(&mut self, v: u64) -> &mut Self {
        self.bytes(&v.to_le_bytes())
    }
    /// Adds a digest.
    pub fn digest(&mut self, d: &Digest) -> &mut Self {
        self.bytes(&d.0)
    }
    /// Adds a message by its canonical bytes, length first.
    pub fn message<M: Message>(&mut self, m: &M) -> &mut Self {
        let b = encode(m);
        self.u64(b.len() as u64).bytes(&b)
    }
    /// The hash so far.
    pub fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

/// BLAKE3 of plain bytes.
pub fn blake3(bytes: &[u8]) -> Digest {
    Digest(*blake3::hash(bytes).as_bytes())
}

/// A digest that every fact of a room is folded into: since a room's state is a fold of its facts, this commits to
/// the state at the cost of the facts alone. Keyframes hold the state itself and check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, crate::Record)]
pub struct RunningDigest {
    /// Digest over everything folded so far.
    pub head: Digest,
    /// How many facts were folded.
    pub count: u64,
}

impl RunningDigest {
    /// Folds in one fact.
    pub fn fold(&mut self, bytes: &[u8]) {
        self.head = Hasher::new().digest(&self.head).u64(self.count).bytes(bytes).finish();
        self.count += 1;
    }
}

/// A [`RunningDigest`] for a room of so many facts that hashing them one by one would be most of its work: facts are
/// gathered, each behind its length, and folded in as a piece once they are [`PIECE`] bytes and more. A hash over much
/// at once costs a fraction of many small ones.
///
/// Where a piece ends is told by its facts alone, and what is gathered is state: so the digest at a fact is the same
/// however often it was read before and wherever the room was frozen and thawed.
#[derive(Debug, Clone, PartialEq, Eq, Default, crate::Record)]
pub struct PieceDigest {
    /// How many facts were folded.
    count: u64,
    piece: Piece,
}

/// From how many bytes of facts on they are a piece.
pub const PIECE: usize = 16 << 10;
const HEAD: usize = 32;

/// The digest over all pieces before, and the facts since then.
#[derive(Clone, PartialEq, Eq)]
struct Piece(Vec<u8>);

impl Default for Piece {
    fn default() -> Self {
        Self(vec![0; HEAD])
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Slot for Piece {
    fn kind() -> Kind {
        // For people, the digest that the bytes make.
        Kind::Shown(|b| format!("{} over {} bytes", blake3(b), b.len()))
    }
    fn put_slot(&self, tag: u32, w: &mut Writer) {
        self.0.put_slot(tag, w);
    }
    fn take_slot(tag: u32, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = Vec::take_slot(tag, r)?;
        if (HEAD..HEAD + PIECE).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(r.error("NOT_CANONICAL: no piece of facts")) }
    }
}

impl PieceDigest {
    /// Folds in one fact, as `put` writes it. If a piece ends with it: the digest over everything so far.
    #[inline]
    pub fn fold(&mut self, put: impl FnOnce(&mut Writer)) -> Option<Digest> {
        let mut w = Writer { bytes: std::mem::take(&mut self.piece.0) };
        let at = w.bytes.len();
        w.bytes.extend_from_slice(&[0; 4]);
        put(&mut w);
        let len = u32::try_from(w.bytes.len() - at - 4).unwrap_or(u32::MAX);
        w.bytes[at..at + 4].copy_from_slice(&len.to_le_bytes());
        let mut ended = None;
        if w.bytes.len() >= HEAD + PIECE {
            let head = blake3(&w.bytes);
            w.bytes.truncate(HEAD);
            w.bytes.copy_from_slice(&head.0);
            ended = Some(head);
        }
        self.piece.0 = w.bytes;
        self.count += 1;
        ended
    }
    /// The digest over everything folded so far.
    pub fn now(&self) -> RunningDigest {
        RunningDigest { head: blake3(&self.piece.0), count: self.count }
    }
}
