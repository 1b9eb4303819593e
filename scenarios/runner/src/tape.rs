//! What a run says, as bytes in total order: the recorder writes a tape down, replay compares one with a log.

use nooterra_agent::{Clamp, Note};
use nooterra_blackbox::Kind;
use nooterra_blackbox::telemetry::{FrameTransforms, Log, SceneUpdate};
use nooterra_control::Fact;
use nooterra_control::wish::Wish;
use nooterra_engine::ids::RobotId;
use nooterra_engine::keyframe::{Keyframe, StateRoots};
use nooterra_engine::record::{Message, Shape, Writer};
use nooterra_engine::{Digest, Instant, Record};
use nooterra_stage::{Arrived, Entry, FaultEdge, Sink, Stray};

/// A line of a robot's own black box.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct RobotNote {
    /// Whose.
    pub robot: RobotId,
    /// What.
    pub note: Note,
}

/// A command that a robot's own policy changed.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct RobotClamp {
    /// Whose.
    pub robot: RobotId,
    /// Asked, applied, bound.
    pub clamp: Clamp,
}

/// Kind and type of a line on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// A fault of the plan.
    Fault,
    /// An input to the platform.
    Input,
    /// Unreadable bytes that reached the platform.
    Stray,
    /// A fact.
    Fact,
    /// A wish.
    Wish,
    /// A robot's note.
    Note,
    /// A robot's clamp.
    Clamp,
    /// Root at the end of a tick (32 bytes).
    Root,
    /// Digest of every room.
    Roots,
    /// Keyframe.
    Keyframe,
    /// Poses of robots, doors and lifts.
    Transforms,
    /// The scene to draw.
    Scene,
    /// A line for people.
    Log,
}

impl Slot {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Fault,
        Self::Input,
        Self::Stray,
        Self::Fact,
        Self::Wish,
        Self::Note,
        Self::Clamp,
        Self::Root,
        Self::Roots,
        Self::Keyframe,
        Self::Transforms,
        Self::Scene,
        Self::Log,
    ];
    /// The log's kind for it.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Fault | Self::Input | Self::Stray => Kind::Input,
            Self::Fact => Kind::Fact,
            Self::Wish => Kind::Wish,
            Self::Note | Self::Clamp => Kind::Note,
            Self::Root => Kind::State,
            Self::Roots => Kind::Roots,
            Self::Keyframe => Kind::Snap,
            Self::Transforms | Self::Scene | Self::Log => Kind::Telemetry,
        }
    }
    /// The shape of its payload.
    #[must_use]
    pub fn shape(self) -> Shape {
        match self {
            Self::Fault => FaultEdge::shape(),
            Self::Input => Arrived::shape(),
            Self::Stray => Stray::shape(),
            Self::Fact => Fact::shape(),
            Self::Wish => Wish::shape(),
            Self::Note => RobotNote::shape(),
            Self::Clamp => RobotClamp::shape(),
            Self::Root => nooterra_blackbox::words::State::shape(),
            Self::Roots => StateRoots::shape(),
            Self::Keyframe => Keyframe::shape(),
            Self::Transforms => FrameTransforms::shape(),
            Self::Scene => SceneUpdate::shape(),
            Self::Log => Log::shape(),
        }
    }
    /// Topic of telemetry.
    #[must_use]
    pub const fn topic(self) -> &'static str {
        match self {
            Self::Transforms => "/tf",
            Self::Scene => "/scene",
            Self::Log => "/log",
            _ => "",
        }
    }
}

/// One line: where its bytes are on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Kind and type.
    pub slot: Slot,
    /// Tick.
    pub tick: u64,
    /// Instant of the tick.
    pub at: Instant,
    start: usize,
    end: usize,
}

/// Lines and their bytes. Cleared and used again, so that a warm run allocates nothing for it.
#[derive(Debug, Default)]
pub struct Tape {
    bytes: Writer,
    lines: Vec<Line>,
}

impl Tape {
    /// Adds a line.
    pub fn push<M: Message>(&mut self, slot: Slot, tick: u64, at: Instant, m: &M) {
        let start = self.bytes.bytes.len();
        m.put_body(&mut self.bytes);
        self.lines.push(Line { slot, tick, at, start, end: self.bytes.bytes.len() });
    }
    /// Adds a root.
    pub fn push_root(&mut self, tick: u64, at: Instant, root: Digest) {
        self.push(Slot::Root, tick, at, &nooterra_blackbox::words::State { root });
    }
    /// All lines with their bytes.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = (&Line, &[u8])> {
        self.lines.iter().map(|l| (l, &self.bytes.bytes[l.start..l.end]))
    }
    /// How many bytes wait on it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.bytes.len()
    }
    /// Nothing on it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
    /// Wipes it.
    pub fn clear(&mut self) {
        self.bytes.bytes.clear();
        self.lines.clear();
    }
}

impl Sink for Tape {
    fn put(&mut self, tick: u64, at: Instant, entry: Entry<'_>) {
        match entry {
            Entry::Fault(f) => self.push(Slot::Fault, tick, at, f),
            Entry::Input(i) => self.push(Slot::Input, tick, at, i),
            Entry::Stray(s) => self.push(Slot::Stray, tick, at, s),
            Entry::Fact(f) => self.push(Slot::Fact, tick, at, f),
            Entry::Wish(w) => self.push(Slot::Wish, tick, at, w),
            Entry::Root(root) => self.push_root(tick, at, root),
            Entry::Roots(r) => self.push(Slot::Roots, tick, at, r),
        }
    }
}
