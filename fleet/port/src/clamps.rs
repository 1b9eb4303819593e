//! Bounds on a robot's motion, tightened from afar. Both sides hold an order against the same rule: it never loosens anything.

use nooterra_engine::{Instant, Record};

/// Bounds beyond those of the hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Tight {
    /// Speed, mm/s.
    pub speed_mm_s: Option<u32>,
    /// Gain of speed, mm/s².
    pub accel_mm_s2: Option<u32>,
    /// Over by themselves then, on the platform's clock; only when lifted, if not said.
    pub until: Option<Instant>,
}

/// What a robot's hardware, and with it its model's certificate, bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardware {
    /// Speed, mm/s.
    pub speed_mm_s: u32,
    /// Gain of speed, mm/s².
    pub accel_mm_s2: u32,
}

/// Why an order is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loose {
    /// It bounds nothing, or to nothing at all: that would be a stop.
    Empty,
    /// It would loosen what holds, or let it end sooner.
    Looser,
    /// It changes nothing.
    Same,
}

impl Tight {
    /// May this take the place of what holds now?
    pub fn follows(&self, present: Option<&Self>, hardware: Hardware) -> Result<(), Loose> {
        let given = [self.speed_mm_s, self.accel_mm_s2];
        if given == [None, None] || given.contains(&Some(0)) {
            return Err(Loose::Empty);
        }
        let before = present.map_or([None, None], |p| [p.speed_mm_s, p.accel_mm_s2]);
        let most = [hardware.speed_mm_s, hardware.accel_mm_s2];
        let looser = |((new, old), most): ((&Option<u32>, &Option<u32>), &u32)| match (new, old) {
            (None, None) => false,
            (None, Some(_)) => true,
            (Some(n), old) => *n > old.unwrap_or(*most).min(*most),
        };
        let sooner = present.is_some_and(|p| match (self.until, p.until) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(new), Some(old)) => new < old,
        });
        if sooner || given.iter().zip(&before).zip(&most).any(looser) {
            return Err(Loose::Looser);
        }
        if present == Some(self) { Err(Loose::Same) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HARDWARE: Hardware = Hardware { speed_mm_s: 700, accel_mm_s2: 750 };

    fn tight(speed: u32, accel: u32, until: u64) -> Tight {
        let value = |v: u32| (v < 9_999).then_some(v);
        Tight { speed_mm_s: value(speed), accel_mm_s2: value(accel), until: (until > 0).then_some(Instant(until)) }
    }

    #[test]
    fn bounds_only_become_tighter_while_they_hold() {
        const NO: u32 = 9_999;
        let check = |old: Option<Tight>, new: Tight, expected: Result<(), Loose>| {
            assert_eq!(new.follows(old.as_ref(), HARDWARE), expected, "{old:?} {new:?}");
        };
        check(None, tight(300, NO, 0), Ok(()));
        check(None, tight(NO, 300, 9), Ok(()));
        check(None, tight(700, 750, 0), Ok(()));
        check(None, tight(701, NO, 0), Err(Loose::Looser));
        check(None, tight(300, 751, 0), Err(Loose::Looser));
        check(None, tight(NO, NO, 5), Err(Loose::Empty));
        check(None, tight(0, 300, 0), Err(Loose::Empty));
        let old = Some(tight(300, NO, 50));
        check(old, tight(300, NO, 50), Err(Loose::Same));
        check(old, tight(299, NO, 50), Ok(()));
        check(old, tight(300, 200, 50), Ok(()));
        check(old, tight(300, NO, 0), Ok(()));
        check(old, tight(300, NO, 51), Ok(()));
        check(old, tight(200, NO, 49), Err(Loose::Looser));
        check(old, tight(301, NO, 50), Err(Loose::Looser));
        check(old, tight(NO, 100, 50), Err(Loose::Looser));
        check(Some(tight(300, NO, 0)), tight(200, NO, 99), Err(Loose::Looser));
    }
}
