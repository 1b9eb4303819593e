//! A robot's camera: what it sees, and the gate between it and the store (domain 8.3, 9).
//!
//! The body makes an image each second, whatever happens. A gate decides whether it is kept; default is shut, and what
//! a shut gate holds back is nowhere. Images that are kept stand by their hash in the chunk of the black box in whose time they were
//! made, so they can neither be added nor changed later.

use nooterra_engine::digest::sha256_plain;
use nooterra_engine::ids::JobId;
use nooterra_engine::{Digest, Record, Span, encode};

/// The body makes an image this often.
pub const EVERY: Span = Span::from_secs(1);
/// What is seen on one image, at most: the nearest.
pub const SEEN_MAX: usize = 32;
/// Images are kept this long unless somebody asks for them: without an incident nobody does.
pub const KEPT_FOR: Span = Span::from_secs(120);
/// Images handed out with one window, at most.
pub const IMAGES_MAX: usize = 128;
/// Where recording was approved, it may be done this near to the place, mm.
pub const APPROVED_MM: u64 = 3_000;

/// What camera a robot has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum CameraKind {
    /// None.
    #[default]
    None,
    /// One behind a gate: it records where the job, an incident or an approval allows it.
    Gated,
    /// One that records whenever the robot works: it can only be sent where that is allowed throughout.
    Plain,
}

/// What is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Sort {
    /// A robot.
    Robot,
    /// A person.
    Person,
}

/// Something on an image, in the robot's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Seen {
    /// Distance to its outline, mm.
    pub range_mm: u32,
    /// Bearing, to the left, mrad.
    pub bearing_mrad: i32,
    /// What it is.
    pub what: Sort,
}

/// An image: what a camera with a recogniser makes of its view. Pictures of faces never leave the device.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Image {
    /// When it was made, on the robot's clock.
    pub at_ns: u64,
    /// What is on it, nearest first; at most [`SEEN_MAX`].
    pub seen: Vec<Seen>,
}

impl Image {
    /// Its hash: SHA-256 of its canonical bytes.
    pub fn hash(&self) -> Digest {
        sha256_plain(&encode(self))
    }
}

/// What a robot says of its gate, in heartbeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct GateWord {
    /// Open now?
    pub open: bool,
    /// Images kept so far.
    pub kept: u32,
    /// Of these, while the gate was shut: a fault, which is an incident.
    pub while_shut: u32,
    /// The last one that was kept.
    pub last: Option<Kept>,
}

/// When an image was kept, and in the course of which job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Kept {
    /// The job of the lease then in force.
    pub job: Option<JobId>,
    /// On the robot's clock.
    pub at_ns: u64,
}
