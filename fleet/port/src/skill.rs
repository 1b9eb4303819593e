//! A skill on its way to a robot.

use nooterra_engine::ids::LeaseId;
use nooterra_engine::{Digest, Record};

/// A bundle with what vouches for it. The robot looks at both itself before it keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct SkillParcel {
    /// Its hash.
    pub bundle: Digest,
    /// How many bytes it has.
    pub size: u64,
    /// Its bytes.
    pub content: Vec<u8>,
    /// Its developer's signature, its certificates, their keys, and what is revoked.
    pub papers: Vec<u8>,
    /// A lease that runs on other bundles from now on than its offer said.
    pub repinned: Option<Repinned>,
}

/// What a lease runs on from now on.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Repinned {
    /// The lease.
    pub lease: LeaseId,
    /// All of its bundles.
    pub skills: Vec<Digest>,
}
