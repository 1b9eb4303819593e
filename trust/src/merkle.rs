//! The SHA-256 Merkle tree of RFC 6962 / RFC 9162: append, root, and proofs of inclusion, consistency and ranges.

use nooterra_engine::record::{DecodeError, Message, Name, Reader, Shape, Writer};
use nooterra_engine::{Digest, Record};
use sha2::Digest as _;
use thiserror::Error;

/// Hash of a leaf's bytes.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    let mut h = sha2::Sha256::new();
    h.update([0]);
    h.update(bytes);
    Digest(h.finalize().into())
}

/// Hash of two subtrees.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut b = [1; 65];
    b[1..33].copy_from_slice(&left.0);
    b[33..].copy_from_slice(&right.0);
    Digest(sha2::Sha256::digest(b).into())
}

/// Root of the tree without leaves.
#[must_use]
pub fn empty_root() -> Digest {
    Digest(sha2::Sha256::digest([]).into())
}

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The leaf is not in a tree of that size.
    #[error("leaf {index} is not in a tree of {size}")]
    Range {
        /// First leaf asked for that is outside.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// Sizes in the wrong order, or a proof from nothing.
    #[error("no consistency proof leads from size {first} to size {second}")]
    Sizes {
        /// Smaller tree.
        first: u64,
        /// Greater tree.
        second: u64,
    },
    /// Too few or too many hashes.
    #[error("proof holds {found} hashes, {wanted} expected")]
    Length {
        /// Hashes a right proof has.
        wanted: u64,
        /// Hashes found.
        found: u64,
    },
    /// Everything fits but the root.
    #[error("proof leads to another root: expected {expected}, found {found}")]
    Root {
        /// The root given.
        expected: Digest,
        /// Where the proof leads.
        found: Digest,
    },
}

/// The right edge of a tree: all that is needed to append and to know the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    /// Complete subtrees from left to right, one for each bit of `size`, greatest first.
    edge: Vec<Digest>,
}

/// A tree as it is written.
#[derive(Record)]
struct Written {
    size: u64,
    edge: Vec<Digest>,
}

impl Message for Tree {
    fn shape() -> Shape {
        Shape { name: Name::Local(module_path!(), "Tree"), ..Written::shape() }
    }
    fn put_body(&self, w: &mut Writer) {
        Written { size: self.size, edge: self.edge.clone() }.put_body(w);
    }
    fn take_body(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let Written { size, edge } = Written::take_body(r)?;
        Self::from_edge(size, edge).ok_or_else(|| r.error("the edge does not fit the size"))
    }
}

nooterra_engine::message_value!([] Tree []);

impl Tree {
    /// Leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
    /// Appends a leaf by its hash. A tree of as many leaves as can be counted takes no more.
    pub fn push(&mut self, leaf: Digest) {
        if self.size < u64::MAX {
            self.append(0, leaf);
        }
    }
    /// Appends a complete subtree of `2^level` leaves; false where the size is not a multiple of that.
    pub fn push_subtree(&mut self, level: u32, hash: Digest) -> bool {
        let fits = level < 64 && self.size.trailing_zeros() >= level && self.size.checked_add(1 << level).is_some();
        if fits {
            self.append(level, hash);
        }
        fits
    }
    fn append(&mut self, level: u32, hash: Digest) {
        let mut h = hash;
        let mut above = self.size >> level;
        while above & 1 == 1 {
            // One hash stands in the edge for each set bit of the size.
            if let Some(left) = self.edge.pop() {
                h = node_hash(&left, &h);
            }
            above >>= 1;
        }
        self.edge.push(h);
        self.size += 1 << level;
    }
    /// The root.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut it = self.edge.iter().rev();
        let Some(last) = it.next() else { return empty_root() };
        it.fold(*last, |right, left| node_hash(left, &right))
    }
    /// The tree whose right edge is this; `None` if the number of hashes does not fit the size.
    #[must_use]
    pub fn from_edge(size: u64, edge: Vec<Digest>) -> Option<Self> {
        (edge.len() == size.count_ones() as usize).then_some(Self { size, edge })
    }
    /// The right edge.
    #[must_use]
    pub fn edge(&self) -> &[Digest] {
        &self.edge
    }
}

/// A tree that keeps every hash and so can prove anything about itself.
#[derive(Debug, Clone, Default)]
pub struct FullTree {
    /// `levels[k][i]` is the root of leaves `i·2^k .. (i+1)·2^k`.
    levels: Vec<Vec<Digest>>,
}

impl FullTree {
    /// The tree of these leaf hashes.
    pub fn from_leaves(leaves: impl IntoIterator<Item = Digest>) -> Self {
        let mut t = Self::default();
        leaves.into_iter().for_each(|l| t.push(l));
        t
    }
    /// Leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |l| l.len() as u64)
    }
    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut h = leaf;
        for k in 0.. {
            if self.levels.len() == k {
                self.levels.push(Vec::new());
            }
            self.levels[k].push(h);
            let n = self.levels[k].len();
            if n % 2 == 1 {
                break;
            }
            h = node_hash(&self.levels[k][n - 2], &self.levels[k][n - 1]);
        }
    }
    /// The hash of a leaf.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<Digest> {
        self.levels.first()?.get(usize::try_from(index).ok()?).copied()
    }
    /// Root of the first `size` leaves.
    pub fn root_at(&self, size: u64) -> Result<Digest, ProofError> {
        if size > self.size() {
            return Err(ProofError::Range { index: size, size: self.size() });
        }
        Ok(if size == 0 { empty_root() } else { self.range(0, size) })
    }
    /// Root of leaves `a..b` as a tree of their own, `a < b`, `a` a multiple of the power of two at or above `b - a`.
    fn range(&self, a: u64, b: u64) -> Digest {
        let n = b - a;
        if n.is_power_of_two() && a.is_multiple_of(n) {
            let k = n.trailing_zeros();
            return self.levels[k as usize][usize::try_from(a >> k).unwrap_or(usize::MAX)];
        }
        let split = a + split_of(n);
        node_hash(&self.range(a, split), &self.range(split, b))
    }
    /// Proof that leaf `index` is in the tree of the first `size` leaves.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, ProofError> {
        if index >= size || size > self.size() {
            return Err(ProofError::Range { index, size: size.min(self.size()) });
        }
        let (mut out, mut a, mut b) = (Vec::new(), 0, size);
        while b - a > 1 {
            let split = a + split_of(b - a);
            if index < split {
                out.push(self.range(split, b));
                b = split;
            } else {
                out.push(self.range(a, split));
                a = split;
            }
        }
        out.reverse();
        Ok(out)
    }
    /// Proof that the tree of `second` leaves begins with the tree of `first`.
    pub fn consistency(&self, first: u64, second: u64) -> Result<Vec<Digest>, ProofError> {
        if first == 0 || first > second || second > self.size() {
            return Err(ProofError::Sizes { first, second });
        }
        let (mut out, mut a, mut b, mut whole) = (Vec::new(), 0, second, true);
        while first != b {
            let split = a + split_of(b - a);
            if first <= split {
                out.push(self.range(split, b));
                b = split;
            } else {
                out.push(self.range(a, split));
                a = split;
                whole = false;
            }
        }
        if !whole {
            out.push(self.range(a, b));
        }
        out.reverse();
        Ok(out)
    }
    /// Proof that leaves `a..b` are in the tree of the first `size` leaves.
    pub fn window(&self, a: u64, b: u64, size: u64) -> Result<WindowProof, ProofError> {
        if a > b || b > size || size > self.size() {
            return Err(ProofError::Range { index: b, size: size.min(self.size()) });
        }
        let hashes = |from: u64, to: u64| pieces(from, to).into_iter().map(|(at, k)| self.range(at, at + (1 << k))).collect();
        Ok(WindowProof { from: a, to: b, size, left: hashes(0, a), right: hashes(b, size) })
    }
}

/// The greatest power of two below `n`, `n > 1`.
fn split_of(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// `from..to` cut into the fewest complete subtrees: where each starts, and its level.
fn pieces(from: u64, to: u64) -> Vec<(u64, u32)> {
    let (mut at, mut out) = (from, Vec::new());
    while at < to {
        let k = at.trailing_zeros().min(63 - (to - at).leading_zeros());
        out.push((at, k));
        at += 1 << k;
    }
    out
}

/// Boundary hashes around a window of leaves: with the leaf hashes of the window they give the root.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct WindowProof {
    /// First leaf of the window.
    pub from: u64,
    /// First leaf after it.
    pub to: u64,
    /// Size of the tree.
    pub size: u64,
    /// Complete subtrees before the window, left to right.
    pub left: Vec<Digest>,
    /// Complete subtrees after it, left to right.
    pub right: Vec<Digest>,
}

impl WindowProof {
    /// Do these leaf hashes stand at `from..to` in the tree with this root?
    pub fn verify(&self, leaves: &[Digest], root: &Digest) -> Result<(), ProofError> {
        if self.from > self.to || self.to > self.size {
            return Err(ProofError::Range { index: self.to, size: self.size });
        }
        let (after, count) = (pieces(self.to, self.size), |n: usize| n as u64);
        let wanted = u64::from(self.from.count_ones()) + (self.to - self.from) + count(after.len());
        let found = count(self.left.len()) + count(leaves.len()) + count(self.right.len());
        let short = ProofError::Length { wanted, found };
        if count(leaves.len()) != self.to - self.from || self.right.len() != after.len() {
            return Err(short);
        }
        let mut t = Tree::from_edge(self.from, self.left.clone()).ok_or(short)?;
        leaves.iter().for_each(|l| t.push(*l));
        for ((_, k), h) in after.into_iter().zip(&self.right) {
            t.push_subtree(k, *h);
        }
        same(root, t.root())
    }
}

/// Is the leaf with this hash at `index` of the tree of `size` leaves with this root?
pub fn verify_inclusion(index: u64, size: u64, leaf: &Digest, proof: &[Digest], root: &Digest) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range { index, size });
    }
    let inner = bits(index ^ (size - 1));
    let border = shr(index, inner).count_ones() as usize;
    let (low, high) = cut(proof, inner as usize, border)?;
    same(root, border_right(inner_any(*leaf, low, index), high))
}

/// Does the tree of `second` leaves begin with the tree of `first`?
pub fn verify_consistency(first: u64, second: u64, root1: &Digest, root2: &Digest, proof: &[Digest]) -> Result<(), ProofError> {
    if second < first || first == 0 {
        return Err(ProofError::Sizes { first, second });
    }
    if first == second {
        cut(proof, 0, 0)?;
        return same(root1, *root2);
    }
    let shift = first.trailing_zeros();
    let inner = bits((first - 1) ^ (second - 1));
    let border = shr(first - 1, inner).count_ones() as usize;
    let inner = (inner - shift) as usize;
    let (seed, rest) = if first.is_power_of_two() {
        (*root1, proof)
    } else {
        let (seed, rest) = proof.split_first().ok_or(ProofError::Length { wanted: 1 + (inner + border) as u64, found: 0 })?;
        (*seed, rest)
    };
    let (low, high) = cut(rest, inner, border)?;
    let mask = shr(first - 1, shift);
    let mut h = seed;
    for (i, p) in low.iter().enumerate() {
        if mask >> i & 1 == 1 {
            h = node_hash(p, &h);
        }
    }
    same(root1, border_right(h, high))?;
    same(root2, border_right(inner_any(seed, low, mask), high))
}

fn bits(v: u64) -> u32 {
    64 - v.leading_zeros()
}

fn shr(v: u64, n: u32) -> u64 {
    v.checked_shr(n).unwrap_or(0)
}

fn cut(proof: &[Digest], inner: usize, border: usize) -> Result<(&[Digest], &[Digest]), ProofError> {
    if proof.len() == inner + border {
        Ok(proof.split_at(inner))
    } else {
        Err(ProofError::Length { wanted: (inner + border) as u64, found: proof.len() as u64 })
    }
}

fn inner_any(seed: Digest, proof: &[Digest], index: u64) -> Digest {
    let mut h = seed;
    for (i, p) in proof.iter().enumerate() {
        h = if index >> i & 1 == 0 { node_hash(&h, p) } else { node_hash(p, &h) };
    }
    h
}

fn border_right(seed: Digest, proof: &[Digest]) -> Digest {
    proof.iter().fold(seed, |h, p| node_hash(p, &h))
}

fn same(expected: &Digest, found: Digest) -> Result<(), ProofError> {
    if *expected == found { Ok(()) } else { Err(ProofError::Root { expected: *expected, found }) }
}
