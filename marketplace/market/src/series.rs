//! Series: the same work again and again at a framework price (section 4.1).
//!
//! A rule is expanded once, when the series is created, into at most 366 occurrences: one a day, or one at each interval
//! within the day's hours. Each becomes a job seven days before it starts. If the reference price has moved by more than 1 000 bps since the framework quote, that
//! occurrence asks for quotes like any other job, the framework owner first. Amounts are minor units.

use crate::availability::{Repeat, WeeklyRule};
use crate::rejection::{Code, Guard};
use crate::reschedule::Interval;
use crate::zone::table_hash;
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::PartyId;
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};

/// Policy of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct SeriesTerms {
    /// Most occurrences.
    pub occurrences_max: u16,
    /// An occurrence becomes a job this long before its start.
    pub lead: Span,
    /// A reference price that moved by more than this is quoted again, basis points.
    pub drift_bps: u32,
}

impl Default for SeriesTerms {
    fn default() -> Self {
        Self { occurrences_max: 366, lead: Span::from_mins(7 * 24 * 60), drift_bps: 1_000 }
    }
}

/// The quote under which the series runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Framework {
    /// Whose.
    pub owner: PartyId,
    /// Service amount of each occurrence.
    pub service: Amount,
    /// Reference price when it was quoted.
    pub reference: u64,
}

impl Framework {
    /// The price of an occurrence whose reference price is `reference` now.
    pub fn price(&self, reference: u64, t: &SeriesTerms) -> Result<Amount, Code> {
        let moved = u128::from(self.reference.abs_diff(reference)) * 10_000;
        if moved > u128::from(self.reference) * u128::from(t.drift_bps) { Err(Code::RequoteRequired) } else { Ok(self.service) }
    }
}

/// Why a series ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum SeriesEnd {
    /// Every occurrence became a job.
    Done,
    /// The requester ended it.
    Requester,
    /// The framework owner ended it.
    Owner,
}

/// A series.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Series {
    /// When it was created.
    pub created: Instant,
    /// Windows of its occurrences, ascending.
    pub occurrences: Vec<Interval>,
    /// Index of the next one to become a job.
    pub next: u16,
    /// The framework quote.
    pub framework: Framework,
    /// Policy pinned at creation.
    pub terms: SeriesTerms,
    /// The table of time zones that it was expanded with.
    pub tz_hash: Digest,
    /// Why it is over.
    pub ended: Option<SeriesEnd>,
}

/// How an occurrence is priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum OccurrencePrice {
    /// At the framework price.
    Framework(Amount),
    /// By an ordinary request for quotes, this owner invited first.
    Quotes(PartyId),
}

/// What happened to a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum SeriesFact {
    /// An occurrence becomes a job.
    Spawned {
        /// Which, from 0.
        index: u16,
        /// Its window.
        window: Interval,
        /// How it is priced.
        price: OccurrencePrice,
    },
    /// `SERIES_ENDED`.
    Ended(SeriesEnd),
}

/// When the occurrences of a series are.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Rhythm {
    /// On which days, at what hours.
    pub rule: WeeklyRule,
    /// At which interval within those hours; once a day if not said.
    pub every: Option<Repeat>,
    /// They start at or after this.
    pub from: Instant,
    /// And before this.
    pub until: Instant,
    /// No more than so many, the first ones; as many as there are if not said.
    pub count: Option<u16>,
}

impl Rhythm {
    /// The windows that it means, ascending, at most one more than `most`; a span that cannot fit is refused before it is
    /// expanded.
    pub fn windows(&self, most: u16) -> Result<Vec<Interval>, Code> {
        let Self { rule, every, from, until, count } = self;
        let wanted = usize::from(count.unwrap_or(u16::MAX).min(most.saturating_add(1)));
        // Even on one day of the week alone, so many days hold more occurrences than there may be, unless they are counted.
        let longest = u64::from(most).saturating_mul(7).saturating_add(14);
        let mut g = Guard::new();
        g.need(from < until && until.since(*from).as_secs() / 86_400 <= longest, Code::WindowInvalid);
        g.need(count.is_none_or(|n| n > 0), Code::WindowInvalid);
        g.check(rule.check().map(|_| ()));
        g.verdict()?;
        let all = rule.windows_at(*from, *until, *every, wanted)?;
        let mut windows: Vec<Interval> = all.into_iter().filter(|w| *from <= w.start && w.start < *until).collect();
        // The hours of one day may run on past the beginning of the next one's.
        windows.sort_unstable();
        windows.truncate(wanted);
        Ok(windows)
    }
}

impl Series {
    /// `SERIES_CREATED`: every window of the rhythm.
    pub fn create(now: Instant, rhythm: &Rhythm, framework: Framework, terms: SeriesTerms) -> Result<Self, Code> {
        let mut g = Guard::new();
        g.need(now < rhythm.from, Code::WindowInvalid);
        g.need(framework.reference > 0 && framework.service > Amount::ZERO, Code::AmountInvalid);
        g.verdict()?;
        let occurrences = rhythm.windows(terms.occurrences_max)?;
        g.need(occurrences.len() <= usize::from(terms.occurrences_max), Code::QuotaExceeded);
        g.need(!occurrences.is_empty(), Code::WindowInvalid);
        g.verdict()?;
        Ok(Self { created: now, occurrences, next: 0, framework, terms, tz_hash: table_hash(), ended: None })
    }

    /// When the next occurrence becomes a job.
    pub fn deadline(&self) -> Option<Instant> {
        let next = self.occurrences.get(usize::from(self.next)).filter(|_| self.ended.is_none())?;
        Some(next.start.saturating_sub(self.terms.lead).max(self.created))
    }

    /// The next occurrence, if it is due at `now`, at the reference price of now; the last one ends the series.
    pub fn fire(&self, now: Instant, reference: u64) -> Vec<SeriesFact> {
        let Some(window) = self.deadline().filter(|d| *d <= now).and_then(|_| self.occurrences.get(usize::from(self.next))) else {
            return Vec::new();
        };
        let price = match self.framework.price(reference, &self.terms) {
            Ok(service) => OccurrencePrice::Framework(service),
            Err(_) => OccurrencePrice::Quotes(self.framework.owner),
        };
        let mut facts = vec![SeriesFact::Spawned { index: self.next, window: *window, price }];
        if usize::from(self.next) + 1 == self.occurrences.len() {
            facts.push(SeriesFact::Ended(SeriesEnd::Done));
        }
        facts
    }

    /// A side ends it; jobs that exist already go on.
    pub fn end(&self, by: SeriesEnd) -> Result<SeriesFact, Code> {
        let mut g = Guard::new();
        g.need(self.ended.is_none(), Code::AlreadyDone);
        g.need(by != SeriesEnd::Done, Code::SchemaInvalid);
        g.verdict()?;
        Ok(SeriesFact::Ended(by))
    }

    /// Folds a fact in.
    pub fn evolve(&mut self, fact: &SeriesFact) {
        match fact {
            SeriesFact::Spawned { index, .. } => self.next = index.saturating_add(1),
            SeriesFact::Ended(by) => self.ended = Some(*by),
        }
    }
}
