//! Liveness: every job ends, no robot stands stuck.

use crate::verdict::{Class, Notes};
use nooterra_engine::time::{Instant, Span};
use std::collections::BTreeMap;

/// A robot's true motion at a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Motion {
    /// Its number.
    pub robot: u32,
    /// Position, mm.
    pub x_mm: i64,
    /// Position, mm.
    pub y_mm: i64,
    /// Level.
    pub level: u32,
    /// It has somewhere to go: an order that is not yet carried out, and neither works, charges nor is out of service.
    pub wants_to_move: bool,
    /// A fault in force explains that it stands.
    pub excused: bool,
}

/// A job at the end of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnd {
    /// Its id.
    pub id: String,
    /// Name of its state.
    pub state: String,
    /// Is that a terminal state?
    pub terminal: bool,
    /// When it entered the state.
    pub since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Stand {
    x_mm: i64,
    y_mm: i64,
    level: u32,
    /// Time for which it has stood with somewhere to go and nothing to excuse it.
    waited: Span,
    seen: Instant,
    told: bool,
}

/// The judge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Liveness {
    limit: Span,
    moved_mm: i64,
    stands: BTreeMap<u32, Stand>,
    pub stuck: Notes,
    pub jobs: Notes,
}

impl Liveness {
    pub fn new(limit: Span, moved_mm: i64) -> Self {
        Self {
            limit,
            moved_mm,
            stands: BTreeMap::new(),
            stuck: Notes::of("no robot stands stuck", &[]),
            jobs: Notes::of("every job ends", &[5]),
        }
    }
    /// Robots that stand stuck now.
    pub fn stuck_now(&self) -> u64 {
        self.stands.values().filter(|s| s.waited > self.limit).count() as u64
    }
    pub fn motion(&mut self, at: Instant, tick: u64, m: &Motion, name: &dyn Fn(u32) -> String) {
        self.stuck.checked();
        let fresh = Stand { x_mm: m.x_mm, y_mm: m.y_mm, level: m.level, waited: Span::ZERO, seen: at, told: false };
        let s = self.stands.entry(m.robot).or_insert(fresh);
        let far = (m.x_mm - s.x_mm).abs().max((m.y_mm - s.y_mm).abs()) > self.moved_mm || m.level != s.level;
        if far || !m.wants_to_move {
            *s = fresh;
            return;
        }
        if !m.excused {
            s.waited += at.since(s.seen);
        }
        s.seen = at;
        if s.waited > self.limit && !s.told {
            s.told = true;
            let story = format!("{} has had somewhere to go for {} and stands at ({}, {}) mm", name(m.robot), s.waited, m.x_mm, m.y_mm);
            self.stuck.broke(Class::Liveness, at, tick, story, vec![name(m.robot)]);
        }
    }
    pub fn end(&mut self, at: Instant, tick: u64, jobs: &[JobEnd]) {
        for j in jobs {
            self.jobs.checked();
            if !j.terminal {
                let story = format!("{} is still {} since {}", j.id, j.state, j.since);
                self.jobs.broke(Class::Liveness, at, tick, story, vec![j.id.clone()]);
            }
        }
    }
}
