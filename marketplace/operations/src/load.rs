//! How much a robot worked lately: what the assignment's fairness reads.

use nooterra_engine::Record;
use nooterra_engine::time::{Instant, Span};

/// Spells of work, oldest first, none older than a week.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Load {
    spells: Vec<(Instant, Instant)>,
}

const DAY: Span = Span::from_mins(24 * 60);
const WEEK: Span = DAY.times(7);

impl Load {
    /// Adds a finished spell and forgets what is over a week old.
    pub fn add(&mut self, from: Instant, to: Instant) {
        let old = to.saturating_sub(WEEK);
        self.spells.retain(|(_, end)| *end > old);
        self.spells.push((from, to));
    }
    /// Seconds of work in the day before `now`.
    pub fn busy_s(&self, now: Instant) -> u64 {
        let old = now.saturating_sub(DAY);
        self.spells.iter().rev().take_while(|(_, b)| *b > old).map(|(a, b)| b.since((*a).max(old)).as_secs()).sum()
    }
    /// Work up to `now` since the last pause of at least `pause`; `at_it_since` is a spell that has not ended yet.
    pub fn since_pause(&self, now: Instant, at_it_since: Option<Instant>, pause: Span) -> Span {
        let mut begins = at_it_since.unwrap_or(now);
        let mut sum = now.since(begins);
        for (from, to) in self.spells.iter().rev() {
            if begins.since(*to) >= pause {
                break;
            }
            sum = Span(sum.0 + to.since(*from).0);
            begins = *from;
        }
        sum
    }
    /// Spells of work in the week before `now`.
    pub fn count(&self, now: Instant) -> usize {
        let old = now.saturating_sub(WEEK);
        self.spells.iter().rev().take_while(|(_, end)| *end > old).count()
    }
}
