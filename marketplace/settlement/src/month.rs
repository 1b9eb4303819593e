//! Calendar months in UTC: the periods of the books.

use nooterra_engine::Record;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;

/// Nanoseconds in a day.
const DAY_NS: u64 = 86_400_000_000_000;

/// A calendar month, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Month {
    /// Of the common era, from 1970.
    pub year: u32,
    /// 1 to 12.
    pub month: u32,
}

/// Days from 1970-01-01 to the first of a month (Gregorian).
const fn days_before(year: u32, month: u32) -> u64 {
    // The year is taken to begin in March, so that the leap day is its last one.
    let (y, m) = if month > 2 { (year as u64, month as u64 - 3) } else { (year as u64 - 1, month as u64 + 9) };
    const TO_1970_MARCH_BASED: u64 = 719_468;
    y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 - TO_1970_MARCH_BASED
}

impl Month {
    /// The month in which an instant lies.
    pub fn of(at: Instant) -> Self {
        let days = at.0 / DAY_NS;
        // No month is longer than 31 days, so this is never too late and at most a few months too early.
        let mut m = Self { year: 1970, month: 1 }.later(u32::try_from(days / 31).unwrap_or(u32::MAX / 2));
        while m.next().first_day() <= days {
            m = m.next();
        }
        m
    }
    const fn later(self, months: u32) -> Self {
        let all = self.month - 1 + months;
        Self { year: self.year + all / 12, month: all % 12 + 1 }
    }
    /// The month after it.
    #[must_use]
    pub const fn next(self) -> Self {
        self.later(1)
    }
    const fn first_day(self) -> u64 {
        days_before(self.year, self.month)
    }
    /// Its first instant.
    pub const fn from(self) -> Instant {
        Instant(self.first_day().saturating_mul(DAY_NS))
    }
    /// The first instant past it.
    pub const fn to(self) -> Instant {
        self.next().from()
    }
    /// The id of its period in a currency: `EUR-202401`.
    pub fn period(self, currency: Currency) -> String {
        format!("{currency}-{:04}{:02}", self.year, self.month)
    }
}

/// The closed period to which something late belongs: none if it belongs to the present one.
pub fn origin(of: Instant, now: Instant) -> Option<Month> {
    Some(Month::of(of)).filter(|m| *m < Month::of(now))
}
