//! What held of a robot when it says that something was: its stops and tightened bounds, in its own time. A word or a window that
//! comes late is judged by these, not by how things are when it comes.

use nooterra_engine::Record;
use nooterra_engine::ids::StopId;
use nooterra_engine::time::{Instant, Span};
use nooterra_operations::clamps::{Clamps, EASED};
use nooterra_trust::incident::DevTime;
use std::collections::VecDeque;

/// So many that are over are remembered of a robot, of each kind.
const KEPT: usize = 8;
/// The clocks of a robot and the platform may differ by this over the life of a bound.
const CLOCKS: Span = Span::from_secs(1);

/// A stop that a robot has said that it obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Stood {
    stop: StopId,
    from: DevTime,
    /// The order that lets it go.
    cleared: Option<u64>,
    /// When it said that it has got that.
    to: Option<DevTime>,
}

/// Bounds that a robot has said that it keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Bounded {
    clamps: Clamps,
    /// When it said so, by its clock and the platform's.
    from: DevTime,
    at: Instant,
    /// Lifted, or others took their place.
    to: Option<Instant>,
}

impl Bounded {
    fn holds(&self, at: DevTime, now: Instant) -> bool {
        let over = match (self.clamps.until, self.to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if at.boot != self.from.boot {
            // Of a clock that began anew nothing is known but that it runs after that.
            return at.boot > self.from.boot && over.is_none_or(|o| now < o);
        }
        let ends = over.map_or(u64::MAX, |o| self.from.ns.saturating_add(o.since(self.at).0).saturating_sub(CLOCKS.0));
        self.from.ns.saturating_add(EASED.0) <= at.ns && at.ns < ends
    }
}

/// Of one robot, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Bygone {
    stood: VecDeque<Stood>,
    bounded: VecDeque<Bounded>,
}

impl Bygone {
    /// It obeys a stop from now on.
    pub(crate) fn stands(&mut self, stop: StopId, from: DevTime) {
        self.stood.push_back(Stood { stop, from, cleared: None, to: None });
        if self.stood.iter().filter(|s| s.cleared.is_some()).count() > KEPT
            && let Some(oldest) = self.stood.iter().position(|s| s.cleared.is_some())
        {
            self.stood.remove(oldest);
        }
    }

    /// It was told by this order that a stop is over.
    pub(crate) fn let_go(&mut self, stop: StopId, order_seq: u64) {
        self.stood.iter_mut().filter(|s| s.stop == stop).for_each(|s| s.cleared = Some(order_seq));
    }

    /// It has got all orders up to this one.
    pub(crate) fn has_got(&mut self, order_seq: u64, at: DevTime) {
        let open = self.stood.iter_mut().filter(|s| s.to.is_none() && s.cleared.is_some_and(|c| c <= order_seq));
        open.for_each(|s| s.to = Some(at));
    }

    /// Did it stand under a stop then?
    pub(crate) fn stood(&self, at: DevTime) -> bool {
        self.stood.iter().any(|s| s.from <= at && s.to.is_none_or(|to| at < to))
    }

    /// What it keeps to from now on.
    pub(crate) fn keeps(&mut self, held: Option<Clamps>, from: DevTime, now: Instant) {
        let open = self.bounded.back_mut().filter(|b| b.to.is_none());
        if open.as_ref().map(|b| b.clamps) == held {
            return;
        }
        if let Some(b) = open {
            b.to = Some(now);
        }
        if let Some(clamps) = held {
            if self.bounded.len() > KEPT {
                self.bounded.pop_front();
            }
            self.bounded.push_back(Bounded { clamps, from, at: now, to: None });
        }
    }

    /// The tightest bound on its speed then, mm/s.
    pub(crate) fn bound_mm_s(&self, at: DevTime, now: Instant) -> Option<u32> {
        self.bounded.iter().filter(|b| b.holds(at, now)).filter_map(|b| b.clamps.speed_mm_s).min()
    }
}
