//! The files of a skill as one value with one byte form, and its hash: the Merkle root over `(path, bytes)` in ascending
//! order of paths. What is not exactly what its manifest says is refused, with the field.

use crate::cases::Cases;
use crate::graph::Graph;
use crate::manifest::{Manifest, bad};
use nooterra_engine::digest::sha256_plain;
use nooterra_engine::record::{DecodeError, Message};
use nooterra_engine::{Digest, Record, decode, encode};
use nooterra_trust::merkle::{Tree, leaf_hash};
use nooterra_trust::{Code, Rejection};
use std::collections::BTreeSet;

/// Most bytes of a bundle.
pub const BYTES_MAX: usize = 1 << 20;
/// The manifest's path.
pub const MANIFEST: &str = "skill.manifest";
/// The graph's path.
pub const GRAPH: &str = "skill.graph";
/// The cases' path.
pub const CASES: &str = "skill.cases";
const PATH_MAX: usize = 128;
const LEAF: &[u8] = b"nooterra/skill/v1";

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct File {
    /// Parts joined by `/`.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// The files, ascending by path.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Bundle {
    /// The files.
    pub files: Vec<File>,
}

/// A bundle that was read and holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its hash.
    pub hash: Digest,
    /// What it says of itself.
    pub manifest: Manifest,
    /// What it does.
    pub graph: Graph,
    /// What it must do.
    pub cases: Cases,
    /// The longest that a run takes, seconds.
    pub worst_s: u64,
}

fn unread(field: &str, e: &DecodeError) -> Rejection {
    let code = if e.what.contains("NOT_CANONICAL") { Code::NotCanonical } else { Code::SchemaInvalid };
    Rejection::new(code).field(field).actual(e)
}

fn is_plain(path: &str) -> bool {
    let part =
        |p: &str| !p.is_empty() && p != "." && p != ".." && p.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    path.len() <= PATH_MAX && path.split('/').all(part)
}

impl Bundle {
    /// Puts a bundle together; the manifest's hashes of graph, cases and assets are filled in here.
    pub fn pack(mut manifest: Manifest, graph: &Graph, cases: &Cases, assets: Vec<File>) -> Self {
        let (graph, cases) = (encode(graph), encode(cases));
        manifest.graph = sha256_plain(&graph);
        manifest.cases = sha256_plain(&cases);
        manifest.assets = assets
            .iter()
            .map(|a| crate::manifest::Asset { path: a.path.clone(), hash: sha256_plain(&a.bytes), bytes: a.bytes.len() as u64 })
            .collect();
        manifest.assets.sort();
        let own = [(MANIFEST, encode(&manifest)), (GRAPH, graph), (CASES, cases)];
        let mut files: Vec<File> = own.into_iter().map(|(path, bytes)| File { path: path.to_owned(), bytes }).chain(assets).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// Its canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// What is signed and pinned.
    pub fn hash(&self) -> Digest {
        let mut tree = Tree::default();
        for f in &self.files {
            let mut leaf = LEAF.to_vec();
            leaf.extend(encode(f));
            tree.push(leaf_hash(&leaf));
        }
        tree.root()
    }

    /// The file at a path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|f| f.path == path)
    }

    /// Reads bytes, which must be the canonical form of a bundle that holds together.
    pub fn open(bytes: &[u8]) -> Result<Opened, Rejection> {
        if bytes.len() > BYTES_MAX {
            return Err(Rejection::new(Code::BodyTooLarge).field("bundle").expected(BYTES_MAX).actual(bytes.len()));
        }
        let bundle: Self = decode(bytes).map_err(|e| unread("bundle", &e))?;
        bundle.check()
    }

    fn check(&self) -> Result<Opened, Rejection> {
        if let Some(f) = self.files.iter().find(|f| !is_plain(&f.path)) {
            return Err(bad("path", "plain parts joined by `/`, without `..`", &f.path));
        }
        if let Some(w) = self.files.windows(2).find(|w| w[0].path >= w[1].path) {
            return Err(bad("path", "ascending, each once", &w[1].path));
        }
        let manifest: Manifest = self.read(MANIFEST)?;
        manifest.check()?;
        let own = [MANIFEST, GRAPH, CASES];
        let listed: BTreeSet<&str> = own.into_iter().chain(manifest.assets.iter().map(|a| a.path.as_str())).collect();
        if let Some(a) = manifest.assets.iter().find(|a| own.contains(&a.path.as_str())) {
            return Err(bad("assets", "files beside manifest, graph and cases", &a.path));
        }
        if let Some(f) = self.files.iter().find(|f| !listed.contains(f.path.as_str())) {
            return Err(Rejection::new(Code::FieldUnknown).field(&f.path).expected("a file that the manifest lists"));
        }
        self.matches(GRAPH, manifest.graph, None)?;
        self.matches(CASES, manifest.cases, None)?;
        for a in &manifest.assets {
            self.matches(&a.path, a.hash, Some(a.bytes))?;
        }
        let (graph, cases): (Graph, Cases) = (self.read(GRAPH)?, self.read(CASES)?);
        let worst_s = graph.check(&manifest)?;
        cases.check(&graph, &manifest.entry)?;
        Ok(Opened { hash: self.hash(), manifest, graph, cases, worst_s })
    }

    fn read<M: Message>(&self, path: &str) -> Result<M, Rejection> {
        let f = self.file(path).ok_or_else(|| missing(path))?;
        decode(&f.bytes).map_err(|e| unread(path, &e))
    }

    /// A file is there, of this size, with this hash.
    fn matches(&self, path: &str, hash: Digest, bytes: Option<u64>) -> Result<(), Rejection> {
        let f = self.file(path).ok_or_else(|| missing(path))?;
        let (size, found) = (f.bytes.len() as u64, sha256_plain(&f.bytes));
        if let Some(b) = bytes.filter(|b| *b != size) {
            return Err(bad(path, &format!("{b} bytes"), format!("{size} bytes")));
        }
        if found != hash {
            return Err(Rejection::new(Code::ContentHashMissing).field(path).expected(hash).actual(found));
        }
        Ok(())
    }
}

fn missing(path: &str) -> Rejection {
    Rejection::new(Code::ContentHashMissing).field(path).expected("a file of the bundle")
}
