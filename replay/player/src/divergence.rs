//! Where two histories part, told in one form whoever compares.

use nooterra_blackbox::{Kind, LogError};
use nooterra_engine::Instant;
use nooterra_engine::inspect::Difference;
use serde::Serialize;
use std::fmt;
use thiserror::Error;

/// Why a comparison cannot be made at all.
#[derive(Debug, Error)]
pub enum PlayError {
    /// The log cannot be read.
    #[error("failed to read the {side} log")]
    Log {
        /// Which: `recorded`, `left`, `right`.
        side: &'static str,
        /// Why.
        #[source]
        source: LogError,
    },
    /// Bits are only comparable within one determinism domain.
    #[error("the logs are of different determinism domains: {part} is `{left}` in one and `{right}` in the other")]
    Domain {
        /// First part in which they differ.
        part: String,
        /// Left value.
        left: String,
        /// Right value.
        right: String,
    },
    /// The machine failed by itself.
    #[error("the machine failed at tick {tick}: {what}")]
    Machine {
        /// Last tick that the log had reached.
        tick: u64,
        /// Why.
        what: String,
    },
    /// A keyframe cannot be used.
    #[error("keyframe at tick {tick}: {what}")]
    Keyframe {
        /// Its tick.
        tick: u64,
        /// Why.
        what: String,
    },
}

/// The first difference of two histories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// Tick.
    pub tick: u64,
    /// Instant in nanoseconds.
    pub at_ns: u64,
    /// Index of the record in the (left) log, if it is there.
    pub index: Option<u64>,
    /// `in`, `fact`, `wish`, `state`, …
    pub kind: String,
    /// Type of the record.
    pub type_name: String,
    /// Room that the difference is in, as far as it is known.
    pub room: Option<String>,
    /// Path to the field; empty for the whole record.
    pub field: String,
    /// What the (left) log says.
    pub left: String,
    /// What the other side says.
    pub right: String,
    /// For a state root: where later records show what differs.
    pub detail: Option<String>,
}

impl Divergence {
    /// Its instant.
    #[must_use]
    pub fn at(&self) -> Instant {
        Instant(self.at_ns)
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tick {} ({}), {} {}", self.tick, self.at(), self.kind, self.type_name)?;
        if let Some(i) = self.index {
            write!(f, " #{i}")?;
        }
        if let Some(r) = &self.room {
            write!(f, ", room {r}")?;
        }
        let field = if self.field.is_empty() { "(whole record)" } else { &self.field };
        write!(f, ": {field}: {} \u{2260} {}", self.left, self.right)?;
        if let Some(d) = &self.detail {
            write!(f, "; {d}")?;
        }
        Ok(())
    }
}

/// One side of a pair of records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    pub index: Option<u64>,
    pub tick: u64,
    pub at: Instant,
    pub kind: Kind,
    pub topic: Option<&'a str>,
    pub type_name: &'a str,
    pub payload: &'a [u8],
}

impl Side<'_> {
    fn headline(&self) -> String {
        let topic = self.topic.map_or(String::new(), |t| format!(" on {t}"));
        format!("{} {}{topic} at tick {}, {}", self.kind, self.type_name, self.tick, self.at)
    }
    pub(crate) fn room(&self) -> Option<String> {
        let mut parts = self.type_name.split('.');
        (parts.next() == Some("nooterra")).then(|| parts.next().map(str::to_owned)).flatten()
    }
    pub(crate) fn part(&self, room: Option<String>, field: String, left: String, right: String) -> Divergence {
        Divergence {
            tick: self.tick,
            at_ns: self.at.0,
            index: self.index,
            kind: self.kind.text().to_owned(),
            type_name: self.type_name.to_owned(),
            room,
            field,
            left,
            right,
            detail: None,
        }
    }
    /// This side has a record where the other has none, or one at a later place.
    pub(crate) fn alone(&self, text: String, is_left: bool) -> Divergence {
        let absent = "(nothing)".to_owned();
        let (left, right) = if is_left { (text, absent) } else { (absent, text) };
        self.part(self.room(), String::new(), left, right)
    }
    /// The two sides say different things.
    pub(crate) fn against(&self, other: &Side<'_>, field: impl FnOnce() -> Option<Difference>) -> Divergence {
        if (self.kind, self.type_name, self.topic, self.tick, self.at) != (other.kind, other.type_name, other.topic, other.tick, other.at) {
            let first = if other.tick < self.tick { other } else { self };
            let mut d = first.part(first.room(), String::new(), self.headline(), other.headline());
            d.index = self.index;
            return d;
        }
        let whole = || Difference {
            path: String::new(),
            left: nooterra_engine::digest::blake3(self.payload).short(),
            right: nooterra_engine::digest::blake3(other.payload).short(),
        };
        let Difference { path, left, right } = field().unwrap_or_else(whole);
        self.part(self.room(), path, left, right)
    }
}
