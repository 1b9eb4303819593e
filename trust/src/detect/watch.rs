//! The two small memories of which detectors are made: how long something holds, and what was already said of it.

use nooterra_engine::Record;

/// Severity and measure, if something is wrong.
pub(crate) type Level = Option<(u8, i64)>;

/// How long a condition has held, over the samples that speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Hold {
    since: Option<u64>,
}

impl Hold {
    /// One more sample: the time in ns for which the condition has held, if it holds.
    pub fn see(&mut self, now: u64, holds: bool) -> Option<u64> {
        if !holds {
            self.since = None;
        } else if self.since.is_none() {
            self.since = Some(now);
        }
        self.since.map(|s| now.saturating_sub(s))
    }
}

/// Says each episode once, and again only when it gets worse; an episode ends when nothing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Edge {
    said: u8,
}

impl Edge {
    /// What of this level is new.
    pub fn rise(&mut self, level: Level) -> Level {
        let Some((severity, _)) = level else {
            self.said = 0;
            return None;
        };
        let new = severity > self.said;
        self.said = self.said.max(severity);
        level.filter(|_| new)
    }
}

/// The gravest of several steps whose condition holds: `(holds, severity)`.
pub(crate) fn gravest(measure: i64, steps: &[(bool, u8)]) -> Level {
    steps.iter().filter(|(holds, _)| *holds).map(|(_, s)| (*s, measure)).max_by_key(|(s, _)| *s)
}

/// A measure as a finding gives it.
pub(crate) fn measure(v: impl TryInto<i64>) -> i64 {
    v.try_into().unwrap_or(i64::MAX)
}

/// Device time made one line: it never runs back, and a reboot goes on where the last boot ended. So neither an old
/// sample nor a reboot empties a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Line {
    boot: u32,
    /// Added to a device time of this boot.
    offset: i64,
    last: u64,
    begun: bool,
}

impl Line {
    /// The place of a sample on the line, ns.
    pub fn place(&mut self, boot: u32, ns: u64) -> u64 {
        let ns = ns.min(i64::MAX.unsigned_abs());
        if !self.begun {
            self.begun = true;
            (self.boot, self.last) = (boot, ns);
        } else if boot > self.boot {
            self.boot = boot;
            self.offset = measure(self.last).saturating_sub(measure(ns));
        }
        if boot == self.boot {
            self.last = self.last.max(ns.saturating_add_signed(self.offset));
        }
        self.last
    }
}
