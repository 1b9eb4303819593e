//! All armed timers in one order: due instant, stream, code, arming sequence. No ties, so no luck.

use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{JobId, PartyId, RobotId};
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Whose timer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Stream {
    /// The books and the policy: first of all that is due at an instant, so that nothing of the next month is in them yet.
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
    /// What outside witnesses are shown: last of all that is due at an instant, so that all of it is in it.
    Heads {},
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
    code: u8,
    /// What the stream's state asked for; `due` is never before the arming.
    computed: Instant,
    due: Instant,
    arming: u64,
}

impl Armed {
    const fn key(&self, stream: Stream) -> TimerKey {
        TimerKey { due: self.due, stream, code: self.code, arming: self.arming }
    }
}

/// The queue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Timers {
    next: u64,
    queue: BTreeMap<TimerKey, Instant>,
    /// A stream's armed timers, in the order of their arming; none is empty.
    armed: BTreeMap<Stream, Vec<Armed>>,
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
        if let Entry::Occupied(mut e) = self.armed.entry(key.stream) {
            e.get_mut().retain(|a| a.code != key.code);
            if e.get().is_empty() {
                e.remove();
            }
        }
        Some((key, computed))
    }

    /// Makes the armed timers of a stream be exactly `wanted`. What is unchanged stays armed as it is; a due time in the
    /// past is armed at `legal`. Returns codes that ask again for the instant at which they have just fired.
    pub fn set(&mut self, stream: Stream, wanted: &[(u8, Instant)], legal: Instant, fired: Option<(TimerKey, Instant)>) -> Option<u8> {
        let Self { next, queue, armed } = self;
        let mut entry = match armed.entry(stream) {
            Entry::Vacant(_) if wanted.is_empty() => return None,
            Entry::Vacant(e) => e.insert_entry(Vec::with_capacity(wanted.len())),
            Entry::Occupied(e) => e,
        };
        let list = entry.get_mut();
        // Most inputs leave most streams as they were.
        if list.len() == wanted.len() && list.iter().zip(wanted).all(|(a, w)| (a.code, a.computed) == *w) {
            return None;
        }
        list.retain(|a| {
            // What is wanted at another instant is armed anew.
            let stays = wanted.iter().any(|&(code, computed)| code == a.code && computed == a.computed);
            if !stays {
                queue.remove(&a.key(stream));
            }
            stays
        });
        let mut again = None;
        for &(code, computed) in wanted {
            if list.iter().any(|a| a.code == code) {
                continue;
            }
            if fired.is_some_and(|(k, c)| k.stream == stream && k.code == code && c == computed) {
                again = Some(code);
                continue;
            }
            let new = Armed { code, computed, due: computed.max(legal), arming: *next };
            *next += 1;
            queue.insert(new.key(stream), computed);
            list.push(new);
        }
        if list.is_empty() {
            entry.remove();
        }
        again
    }

    /// Is any timer of this stream armed?
    pub fn any(&self, stream: Stream) -> bool {
        self.armed.contains_key(&stream)
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
