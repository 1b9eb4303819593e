//! Bounds on a robot's motion that were tightened from afar (domain 9): what was ordered, and what the robot has taken up.
//!
//! From afar bounds only become tighter, as long as they hold: each value at most the one before, and no sooner over. They end by
//! their own time or when staff lift them, which the robot answers with a self-check.

use nooterra_engine::Record;
use nooterra_engine::time::{Instant, Span};

/// A robot that drove faster when it was told eases off within this, by whichever clock.
pub const EASED: Span = Span::from_secs(5);

/// Bounds as ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Clamps {
    /// Speed, mm/s.
    pub speed_mm_s: Option<u32>,
    /// Gain of speed, mm/s².
    pub accel_mm_s2: Option<u32>,
    /// Over by themselves then; only when lifted, if not said.
    pub until: Option<Instant>,
    /// The order that says so.
    pub order_seq: u64,
}

/// What is known of a robot's tightened bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Tightened {
    /// What it was told last.
    ordered: Option<Clamps>,
    /// What it has said that it keeps to.
    held: Option<Clamps>,
    /// When it said so.
    held_at: Instant,
}

/// Still in force at `now`.
fn live(c: Option<Clamps>, now: Instant) -> Option<Clamps> {
    c.filter(|c| c.until.is_none_or(|at| now < at))
}

impl Tightened {
    /// What it was told and what has not ended by now.
    pub fn ordered(&self, now: Instant) -> Option<Clamps> {
        live(self.ordered, now)
    }

    /// What it has said that it keeps to, as long as that holds.
    pub fn held(&self, now: Instant) -> Option<Clamps> {
        live(self.held, now)
    }

    /// What it keeps to for sure at `now`: it has said so, and has had the time to ease off.
    pub fn sure(&self, now: Instant) -> Option<Clamps> {
        live(self.held, now).filter(|_| self.held_at.saturating_add(EASED) <= now)
    }

    pub(crate) fn told(&mut self, c: Clamps) {
        self.ordered = Some(c);
    }

    pub(crate) fn lifted(&mut self) {
        *self = Self::default();
    }

    /// It has answered an order: with a code it stays with what it had.
    pub(crate) fn answered(&mut self, at: Instant, order_seq: u64, refused: bool) {
        match self.ordered {
            Some(c) if !refused && order_seq >= c.order_seq && self.held != self.ordered => (self.held, self.held_at) = (Some(c), at),
            Some(c) if refused && order_seq == c.order_seq => self.ordered = self.held,
            _ => {}
        }
    }
}
