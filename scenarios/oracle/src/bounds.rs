//! Bounds of commands (I16): in the world no robot is faster than its drive may make it, nor than what was tightened from afar, and at the end as many clamps are on
//! record as its own last word on commands has counted. That what is applied is within every bound is an oath of the robot's
//! own, held in each cycle.

use crate::verdict::{Class, Notes};
use nooterra_engine::time::{Instant, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A robot's true speed against what its drive may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Driven {
    /// Its number.
    pub robot: u32,
    /// Over ground, mm/s.
    pub speed_mmps: u64,
    /// By its model, or by what it has said that it keeps to since it was tightened from afar, mm/s.
    pub limit_mmps: u64,
    /// A fault in force explains it.
    pub excused: bool,
}

/// What a robot has clamped, and what is on record of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clamped {
    /// Its number.
    pub robot: u32,
    /// By its own count, as far as it has told.
    pub counted: u64,
    /// By its summaries that were taken.
    pub recorded: u64,
}

/// Wheels slip and bodies are pushed: so much more, for so long, is no command.
const OVER_BPS: u64 = 1_000;
const OVER_MMPS: u64 = 100;
const OVER_FOR: Span = Span::from_millis(500);

/// The judge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bounds {
    over: BTreeMap<u32, Instant>,
    told: BTreeSet<u32>,
    pub notes: Notes,
}

impl Bounds {
    pub fn new() -> Self {
        let notes = Notes::of("no command above a bound, and each clamp on record", &[16]);
        Self { over: BTreeMap::new(), told: BTreeSet::new(), notes }
    }
    pub fn driven(&mut self, at: Instant, tick: u64, d: &Driven, name: &dyn Fn(u32) -> String) {
        self.notes.checked();
        if d.excused || d.speed_mmps <= d.limit_mmps + d.limit_mmps * OVER_BPS / 10_000 + OVER_MMPS {
            self.over.remove(&d.robot);
            return;
        }
        let since = *self.over.entry(d.robot).or_insert(at);
        if at.since(since) > OVER_FOR && self.told.insert(d.robot) {
            let story = format!("{} drives at {} mm/s, it may do {}", name(d.robot), d.speed_mmps, d.limit_mmps);
            self.notes.broke(Class::Safety, at, tick, story, vec![name(d.robot)]);
        }
    }
    pub fn clamped(&mut self, at: Instant, tick: u64, c: &Clamped, name: &dyn Fn(u32) -> String) {
        self.notes.checked();
        if c.counted != c.recorded {
            let story = format!("{} has clamped {} commands, and {} are on record", name(c.robot), c.counted, c.recorded);
            self.notes.broke(Class::Safety, at, tick, story, vec![name(c.robot)]);
        }
    }
}
