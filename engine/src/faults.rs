//! The fault plan as data: what goes wrong, when, for how long. The kinds belong to whoever injects them.

use crate::Record;
use crate::record::Value;
use crate::time::{Instant, Span};

/// One fault of kind `K`.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Fault<K: Value> {
    /// When it begins.
    pub at: Instant,
    /// How long it lasts; `None` is for ever (or a moment, for kinds that have no length).
    pub lasts: Option<Span>,
    /// What it is.
    pub kind: K,
}

/// An edge in the life of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Edge {
    /// It begins.
    Begin,
    /// It ends.
    End,
}

/// All faults of a run in order of their beginning.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct FaultPlan<K: Value> {
    /// The faults; an index into this list names one.
    pub faults: Vec<Fault<K>>,
}

impl<K: Value> Default for FaultPlan<K> {
    fn default() -> Self {
        Self { faults: Vec::new() }
    }
}

impl<K: Value> FaultPlan<K> {
    /// Every edge in time order (ends before beginnings at one instant, then by index), for the event queue.
    pub fn edges(&self) -> Vec<(Instant, u32, Edge)> {
        let mut out: Vec<(Instant, u32, Edge)> = Vec::new();
        for (i, f) in self.faults.iter().enumerate() {
            let i = u32::try_from(i).unwrap_or(u32::MAX);
            out.push((f.at, i, Edge::Begin));
            if let Some(l) = f.lasts {
                out.push((f.at.saturating_add(l), i, Edge::End));
            }
        }
        out.sort_by_key(|(at, i, e)| (*at, *e == Edge::Begin, *i));
        out
    }
    /// When the last fault that ends has ended.
    pub fn all_over(&self) -> Instant {
        self.faults.iter().map(|f| f.at.saturating_add(f.lasts.unwrap_or_default())).max().unwrap_or_default()
    }
}
