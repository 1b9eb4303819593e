//! Instants and spans in integer nanoseconds, kept apart by type.

use crate::record::{DecodeError, Kind, Reader, Value, Wire, Writer};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A point in time: nanoseconds since the run's (live: the Unix) epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub u64);

/// A length of time in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

impl Instant {
    /// The epoch.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const NEVER: Self = Self(u64::MAX);
    /// `secs` after the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000_000_000)
    }
    /// Time since `earlier`, zero if it lies ahead.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
    /// Later by `s`, `NEVER` at the end of the range.
    #[must_use]
    pub const fn saturating_add(self, s: Span) -> Self {
        Self(self.0.saturating_add(s.0))
    }
    /// Earlier by `s`, the epoch at the start of the range.
    #[must_use]
    pub const fn saturating_sub(self, s: Span) -> Self {
        Self(self.0.saturating_sub(s.0))
    }
    /// Seconds since the epoch, for people and for physics.
    #[allow(clippy::cast_precision_loss)]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Span {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// Whole seconds.
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000_000)
    }
    /// Whole minutes.
    pub const fn from_mins(m: u64) -> Self {
        Self::from_secs(m * 60)
    }
    /// Whole milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }
    /// Whole seconds in it.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000_000
    }
    /// Seconds, for people and for physics.
    #[allow(clippy::cast_precision_loss)]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
    /// `n` times as long.
    #[must_use]
    pub const fn times(self, n: u64) -> Self {
        Self(self.0 * n)
    }
}

impl Add<Span> for Instant {
    type Output = Self;
    fn add(self, s: Span) -> Self {
        Self(self.0 + s.0)
    }
}
impl AddAssign<Span> for Instant {
    fn add_assign(&mut self, s: Span) {
        self.0 += s.0;
    }
}
impl Add for Span {
    type Output = Self;
    fn add(self, s: Self) -> Self {
        Self(self.0 + s.0)
    }
}
impl AddAssign for Span {
    fn add_assign(&mut self, s: Self) {
        self.0 += s.0;
    }
}
impl Sub for Span {
    type Output = Self;
    fn sub(self, s: Self) -> Self {
        Self(self.0 - s.0)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0 / 1_000_000;
        write!(f, "{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
    }
}
impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0 / 1_000_000;
        match (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000) {
            (0, 0, s, 0) => write!(f, "{s} s"),
            (0, 0, s, ms) => write!(f, "{s}.{ms:03} s"),
            (0, m, s, _) => write!(f, "{m} min {s:02} s"),
            (h, m, s, _) => write!(f, "{h} h {m:02} min {s:02} s"),
        }
    }
}
impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

macro_rules! time_value {
    ($t:ty) => {
        impl Value for $t {
            const WIRE: Wire = Wire::Varint;
            fn kind() -> Kind {
                Kind::ShownUint(|n| format!("{} ({n} ns)", Self(n)))
            }
            #[inline]
            fn is_default(&self) -> bool {
                self.0 == 0
            }
            fn absent() -> Option<Self> {
                Some(Self(0))
            }
            #[inline]
            fn put(&self, w: &mut Writer) {
                w.varint(self.0);
            }
            #[inline]
            fn put_field(&self, tag: u32, w: &mut Writer) {
                w.uint(tag, self.0);
            }
            fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                r.varint().map(Self)
            }
        }
    };
}
time_value!(Instant);
time_value!(Span);
