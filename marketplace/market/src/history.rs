//! What the market remembers of settled jobs: the past that enters the risk score and the estimate of work
//! (sections 4.2, 4.3). A fold over settled facts, read through a window of ninety days.
//!
//! The window is closed at its old end: a job settled exactly ninety days ago still counts. A place with fewer than
//! twenty jobs of a kind borrows its whole region's; the median of work is a site's own, or none.

use crate::risk::History;
use nooterra_engine::Record;
use nooterra_engine::ids::{JobId, RegionId, SiteId};
use nooterra_engine::time::{Instant, Span};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// How long a settled job is remembered.
pub const WINDOW: Span = Span::from_mins(90 * 24 * 60);
/// Fewer jobs than these say too little.
pub const SAMPLES_MIN: usize = 20;

/// A settled job as the market sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Past {
    /// Which.
    pub job: JobId,
    /// When it was settled.
    pub at: Instant,
    /// What kind of work, as the caller numbers them.
    pub template: u8,
    /// Where.
    pub site: SiteId,
    /// In which region.
    pub region: RegionId,
    /// Had it an incident of severity 2 or more?
    pub incident: bool,
    /// Did it stall?
    pub stall: bool,
    /// Remote help, s.
    pub assist_s: u64,
    /// Work at its points, s.
    pub work_s: u64,
    /// Claims paid, minor units.
    pub claims: u64,
}

/// What can be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum PastFact {
    /// A job was settled. A job is settled once; a second word about it is not heard.
    Settled(Past),
    /// A claim of a settled job was paid.
    ClaimPaid {
        /// Which job.
        job: JobId,
        /// Minor units.
        amount: u64,
    },
}

/// Settled jobs of the last ninety days, and no others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct PastBook {
    jobs: BTreeMap<JobId, Past>,
    by_age: BTreeSet<(Instant, JobId)>,
}

impl PastBook {
    /// Folds a fact in and forgets what has left the window at `now`.
    pub fn evolve(&mut self, now: Instant, fact: &PastFact) {
        match fact {
            PastFact::Settled(p) => {
                if let Entry::Vacant(free) = self.jobs.entry(p.job) {
                    free.insert(*p);
                    self.by_age.insert((p.at, p.job));
                }
            }
            PastFact::ClaimPaid { job, amount } => {
                if let Some(p) = self.jobs.get_mut(job) {
                    p.claims = p.claims.saturating_add(*amount);
                }
            }
        }
        while let Some((at, job)) = self.by_age.first().copied().filter(|(at, _)| !in_window(*at, now)) {
            self.by_age.remove(&(at, job));
            self.jobs.remove(&job);
        }
    }

    /// How many jobs are remembered.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }
    /// Is nothing remembered?
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// What the risk score reads: the site's past, or the region's if the site's is too short.
    pub fn history(&self, now: Instant, template: u8, site: SiteId, region: RegionId) -> History {
        let kind = || self.seen(now).filter(move |p| p.template == template);
        let here: Vec<&Past> = kind().filter(|p| p.site == site).collect();
        if here.len() >= SAMPLES_MIN { sum(here) } else { sum(kind().filter(|p| p.region == region).collect()) }
    }

    /// Median work of a kind at a site, s, the lower of the middle two; nothing below twenty jobs.
    pub fn work_s(&self, now: Instant, template: u8, site: SiteId) -> Option<u64> {
        let mut work: Vec<u64> = self.seen(now).filter(|p| p.template == template && p.site == site).map(|p| p.work_s).collect();
        work.sort_unstable();
        work.get(work.len().saturating_sub(1) / 2).copied().filter(|_| work.len() >= SAMPLES_MIN)
    }

    fn seen(&self, now: Instant) -> impl Iterator<Item = &Past> {
        self.jobs.values().filter(move |p| in_window(p.at, now))
    }
}

fn in_window(at: Instant, now: Instant) -> bool {
    now.since(at) <= WINDOW
}

fn sum(past: Vec<&Past>) -> History {
    past.into_iter().fold(History::default(), |h, p| History {
        jobs: h.jobs + 1,
        incidents: h.incidents + u64::from(p.incident),
        stalls: h.stalls + u64::from(p.stall),
        assist_s: h.assist_s.saturating_add(p.assist_s),
        claims: h.claims.saturating_add(p.claims),
    })
}
