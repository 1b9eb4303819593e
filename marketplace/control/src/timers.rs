//! All armed timers in one order: due instant, stream, code, arming sequence. No ties, so no luck.

use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{JobId, PartyId, RobotId};
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Whose timer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Stream {
    /// The books: first of all that is due at an instant, so that nothing of the next month is in them yet.
    Finance {},
    /// A job's case: incidents, evidence, claims.
    Case(JobId),
    /// The dispatch region.
    Dispatch {},
    /// A job.
    Job(JobId),
    /// A party.
    Party(PartyId),
    /// A robot.
    Robot(RobotId),
    /// The site.
    Site {},
    /// The desk of remote help.
    Desk {},
    /// The skills registry.
    Skills {},
    /// Contracts, calendars and series.
    Market {},
}

/// Where a timer stands in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct TimerKey {
    /// When it fires.
    pub due: Instant,
    /// Whose it is.
    pub stream: Stream,
    /// Which of the stream's timers.
    pub code: u8,
    /// Timers are numbered as they are armed.
    pub arming: u64,
}

impl TimerKey {
    /// The cause of everything that its firing brings about.
    pub fn hash(&self) -> Digest {
        content_hash("nooterra/tm/v1", self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Armed {
    /// What the stream's state asked for; `due` is never before the arming.
    computed: Instant,
    due: Instant,
    arming: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
struct Slot {
    stream: Stream,
    code: u8,
}

/// The queue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Timers {
    next: u64,
    queue: BTreeMap<TimerKey, Instant>,
    armed: BTreeMap<Slot, Armed>,
}

impl Timers {
    /// When the next one fires.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|(k, _)| k.due)
    }

    /// Takes the first timer that is due.
    pub fn pop_due(&mut self, now: Instant) -> Option<(TimerKey, Instant)> {
        if self.next_deadline()? > now {
            return None;
        }
        let (key, computed) = self.queue.pop_first()?;
        self.armed.remove(&Slot { stream: key.stream, code: key.code });
        Some((key, computed))
    }

    /// Makes the armed timers of a stream be exactly `wanted`. What is unchanged stays armed as it is; a due time in the
    /// past is armed at `legal`. Returns codes that ask again for the instant at which they have just fired.
    pub fn set(&mut self, stream: Stream, wanted: &[(u8, Instant)], legal: Instant, fired: Option<(TimerKey, Instant)>) -> Option<u8> {
        let range = (Bound::Included(Slot { stream, code: 0 }), Bound::Included(Slot { stream, code: u8::MAX }));
        let gone: Vec<Slot> = self.armed.range(range).filter(|(s, _)| !wanted.iter().any(|(c, _)| *c == s.code)).map(|(s, _)| *s).collect();
        for slot in gone {
            self.disarm(slot);
        }
        let mut again = None;
        for &(code, computed) in wanted {
            let slot = Slot { stream, code };
            if self.armed.get(&slot).is_some_and(|a| a.computed == computed) {
                continue;
            }
            if fired.is_some_and(|(k, c)| k.stream == stream && k.code == code && c == computed) {
                again = Some(code);
                continue;
            }
            self.disarm(slot);
            let due = computed.max(legal);
            let arming = self.next;
            self.next += 1;
            self.queue.insert(TimerKey { due, stream, code, arming }, computed);
            self.armed.insert(slot, Armed { computed, due, arming });
        }
        again
    }

    fn disarm(&mut self, slot: Slot) {
        if let Some(a) = self.armed.remove(&slot) {
            self.queue.remove(&TimerKey { due: a.due, stream: slot.stream, code: slot.code, arming: a.arming });
        }
    }

    /// Is any timer of this stream armed?
    pub fn any(&self, stream: Stream) -> bool {
        let range = (Bound::Included(Slot { stream, code: 0 }), Bound::Included(Slot { stream, code: u8::MAX }));
        self.armed.range(range).next().is_some()
    }

    /// How many are armed.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Is none armed?
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
