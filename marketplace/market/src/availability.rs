//! When robots can work: weekly rules of people, expanded into absolute windows (section 4.6).
//!
//! A rule is {weekday mask, from_s, to_s, zone, exceptions}. It is expanded when it is set, with the build's table of
//! time zones, into half-open windows of receive time at most sixty days ahead; a daily timer extends them. Dispatch
//! reads the windows and nothing else, and the hash of the table stands beside them: under another table what has
//! not begun is expanded again. Extending day by day gives the same windows as expanding at once.

use crate::rejection::{Code, Guard};
use crate::reschedule::Interval;
use crate::zone::{DAY_S, Zone, table_hash, weekday};
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::time::{Instant, Span};

/// How far ahead rules are expanded.
pub const AHEAD: Span = Span::from_mins(60 * 24 * 60);
/// How often they are extended.
pub const EXTEND_EVERY: Span = Span::from_mins(24 * 60);
/// Most exceptions of one rule.
pub const EXCEPTIONS_MAX: usize = 366;

/// Times of a local day, seconds on the wall since its midnight. `to_s` may lie in the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Hours {
    /// First second, below 86 400.
    pub from_s: u32,
    /// First second after, at most a day later.
    pub to_s: u32,
}

impl Hours {
    /// Not empty, begun within its day, no longer than a day.
    pub fn is_sound(self) -> bool {
        self.from_s < 86_400 && self.from_s < self.to_s && self.to_s - self.from_s <= 86_400
    }
}

/// An interval within the hours of a day: windows of a length begin again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Repeat {
    /// From the start of one to the start of the next, seconds on the wall.
    pub every_s: u32,
    /// How long each lasts; it may reach past the hours in which it begins.
    pub length_s: u32,
}

impl Repeat {
    /// Shortest interval: a minute.
    pub const LEAST_S: u32 = 60;
    /// Neither too short nor longer than a day.
    pub fn is_sound(self) -> bool {
        (Self::LEAST_S..=86_400).contains(&self.every_s) && (1..=86_400).contains(&self.length_s)
    }
    /// Most windows that begin in one day's hours.
    pub const fn most_a_day(self) -> u32 {
        if self.every_s == 0 { 0 } else { 86_400u32.div_ceil(self.every_s) }
    }
}

impl Hours {
    /// The windows that begin within these hours: the whole without an interval.
    fn cut(self, at: Option<Repeat>) -> impl Iterator<Item = Self> {
        let (step, length) = at.map_or((u32::MAX, self.to_s - self.from_s), |r| (r.every_s, r.length_s));
        let starts = std::iter::successors(Some(self.from_s), move |s| s.checked_add(step)).take_while(move |s| *s < self.to_s);
        starts.map(move |from_s| Self { from_s, to_s: from_s.saturating_add(length) })
    }
}

/// A local day to which the week does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Exception {
    /// The day, counted from 1970-01-01.
    pub day: i32,
    /// Its own hours; none, and the day is closed.
    pub hours: Option<Hours>,
}

/// A weekly rule.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct WeeklyRule {
    /// Weekdays: bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// Hours of those days.
    pub hours: Hours,
    /// Name of the time zone.
    pub zone: String,
    /// Other days, ascending, each once.
    pub exceptions: Vec<Exception>,
}

impl WeeklyRule {
    /// Is it a rule at all?
    pub fn check(&self) -> Result<Zone, Code> {
        let mut g = Guard::new();
        g.need(self.days < 128 && self.hours.is_sound(), Code::SchemaInvalid);
        g.need(self.exceptions.len() <= EXCEPTIONS_MAX, Code::SchemaInvalid);
        g.need(self.exceptions.windows(2).all(|w| w[0].day < w[1].day), Code::SchemaInvalid);
        g.need(self.exceptions.iter().filter_map(|e| e.hours).all(Hours::is_sound), Code::SchemaInvalid);
        g.verdict()?;
        Zone::named(&self.zone)
    }

    /// Every window of the days that may touch `[from, until)`, one a day, ascending by day, as wide as it is.
    pub fn windows(&self, from: Instant, until: Instant) -> Result<Vec<Interval>, Code> {
        self.windows_at(from, until, None, usize::MAX)
    }

    /// The same, the hours of each day cut up at an interval, if there is one; later days are left out once `most` windows
    /// begin within `[from, until)`. Times of a day are times on the wall: a window begins and ends where its wall times lie,
    /// so that one in an hour that the clocks skip falls away, and an hour that comes twice has its windows once.
    pub fn windows_at(&self, from: Instant, until: Instant, at: Option<Repeat>, most: usize) -> Result<Vec<Interval>, Code> {
        let zone = self.check()?;
        if at.is_some_and(|r| !r.is_sound()) {
            return Err(Code::SchemaInvalid);
        }
        // A window reaches at most two days past the midnight of its own day, and an offset shifts by at most one.
        let (first, last) = (zone.day_of(from) - 3, zone.day_of(until) + 1);
        let (mut windows, mut inside, mut full) = (Vec::new(), 0usize, None);
        for day in first..=last {
            // Hours reach into the next day at most: what the day after that begins is later than all that is there.
            if full.is_some_and(|d| day > d + 1) {
                break;
            }
            let Some(hours) = self.hours_of(day) else { continue };
            let wall = |s: u32| zone.instant(day * DAY_S + i64::from(s));
            for cut in hours.cut(at) {
                if let (Some(start), Some(end)) = (wall(cut.from_s), wall(cut.to_s))
                    && start < end
                {
                    inside += usize::from(from <= start && start < until);
                    windows.push(Interval { start, end });
                }
            }
            if inside >= most {
                full = full.or(Some(day));
            }
        }
        Ok(windows)
    }

    /// The windows within `[from, until)`, cut there; those that touch or overlap are one.
    pub fn expand(&self, from: Instant, until: Instant) -> Result<Vec<Interval>, Code> {
        let cut = |w: Interval| Interval { start: w.start.max(from), end: w.end.min(until) };
        Ok(joined(self.windows(from, until)?.into_iter().map(cut).filter(|w| w.start < w.end).collect()))
    }

    fn hours_of(&self, day: i64) -> Option<Hours> {
        match self.exceptions.iter().find(|e| i64::from(e.day) == day) {
            Some(e) => e.hours,
            None => (self.days & (1 << weekday(day)) != 0).then_some(self.hours),
        }
    }
}

/// Windows in order, with no two that touch.
fn joined(mut windows: Vec<Interval>) -> Vec<Interval> {
    windows.sort_unstable();
    let mut out: Vec<Interval> = Vec::with_capacity(windows.len());
    for w in windows {
        match out.last_mut().filter(|l| w.start <= l.end) {
            Some(l) => l.end = l.end.max(w.end),
            None => out.push(w),
        }
    }
    out
}

/// The availability of a robot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Calendar {
    /// The rule in force.
    pub rule: Option<WeeklyRule>,
    /// What it means, ascending, no two touch.
    pub windows: Vec<Interval>,
    /// Expanded up to there.
    pub until: Instant,
    /// When it is extended next.
    pub extend_at: Option<Instant>,
    /// The table it was expanded with.
    pub tz_hash: Digest,
}

/// What happened to a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum CalendarFact {
    /// `AVAILABILITY_SET`.
    Set {
        /// The rule.
        rule: Box<WeeklyRule>,
        /// Its windows.
        windows: Vec<Interval>,
        /// Expanded up to there.
        until: Instant,
        /// The table.
        tz_hash: Digest,
        /// When it is extended.
        extend_at: Instant,
    },
    /// The daily extension.
    Extended {
        /// When: windows that have ended are forgotten.
        at: Instant,
        /// What is known beyond this instant is replaced.
        from: Instant,
        /// By these.
        windows: Vec<Interval>,
        /// Expanded up to there.
        until: Instant,
        /// The table.
        tz_hash: Digest,
        /// When it is extended next.
        extend_at: Instant,
    },
}

impl Calendar {
    /// Sets a rule at `now`; the one before is forgotten.
    pub fn set(&self, now: Instant, rule: WeeklyRule) -> Result<CalendarFact, Code> {
        let until = now.saturating_add(AHEAD);
        let windows = rule.expand(now, until)?;
        let extend_at = now.saturating_add(EXTEND_EVERY);
        Ok(CalendarFact::Set { rule: Box::new(rule), windows, until, tz_hash: table_hash(), extend_at })
    }

    /// When it is to be extended.
    pub fn deadline(&self) -> Option<Instant> {
        self.extend_at
    }

    /// The extension, if it is due at `now`.
    pub fn fire(&self, now: Instant) -> Option<CalendarFact> {
        self.extend_at.filter(|at| *at <= now)?;
        let (rule, until, tz_hash) = (self.rule.as_ref()?, now.saturating_add(AHEAD), table_hash());
        let from = if tz_hash == self.tz_hash { self.until.max(now) } else { now };
        // A zone that another table no longer has gives no further windows.
        let windows = rule.expand(from, until).unwrap_or_default();
        Some(CalendarFact::Extended { at: now, from, windows, until, tz_hash, extend_at: now.saturating_add(EXTEND_EVERY) })
    }

    /// Folds a fact in.
    pub fn evolve(&mut self, fact: &CalendarFact) {
        match fact {
            CalendarFact::Set { rule, windows, until, tz_hash, extend_at } => {
                *self = Self {
                    rule: Some((**rule).clone()),
                    windows: windows.clone(),
                    until: *until,
                    extend_at: Some(*extend_at),
                    tz_hash: *tz_hash,
                }
            }
            CalendarFact::Extended { at, from, windows, until, tz_hash, extend_at } => {
                let old = self.windows.iter().map(|w| Interval { start: w.start, end: w.end.min(*from) });
                let kept = old.filter(|w| w.start < w.end && *at < w.end);
                self.windows = joined(kept.chain(windows.iter().copied()).collect());
                (self.until, self.tz_hash, self.extend_at) = (*until, *tz_hash, Some(*extend_at));
            }
        }
    }

    /// Does one window hold all of it?
    pub fn holds(&self, i: Interval) -> bool {
        i.start < i.end && self.windows.iter().any(|w| w.start <= i.start && i.end <= w.end)
    }
}
