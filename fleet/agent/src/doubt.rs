//! What markers say against the estimate: how far the one seen last is from where the robot's own pose puts it. Where that is
//! much, and goes on, heartbeats say so at once: the platform judges for how long (`LOCALISATION_DIVERGENCE`, domain 8.2).

use crate::localise::Miss;
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::report::MarkerOff;

/// A marker seen longer ago than this says nothing of now.
const FRESH: Span = Span::from_secs(1);
/// While a marker contradicts the pose, a heartbeat says so this often.
const SAY_EVERY: Span = Span::from_millis(2_000);
/// So far off it contradicts.
const OFF_MM: u32 = 300;
const OFF_URAD: u32 = 175_000;

/// The last sighting, and since when markers contradict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Doubt {
    last: Option<(Instant, MarkerOff)>,
    said: Option<Instant>,
}

const fn contradicts(m: &MarkerOff) -> bool {
    m.offset_mm >= OFF_MM || m.turn_urad >= OFF_URAD
}

impl Doubt {
    /// A marker was seen.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
    pub fn see(&mut self, now: Instant, miss: &Miss) {
        let off = MarkerOff { offset_mm: (miss.off_m * 1e3) as u32, turn_urad: (miss.turn_rad.abs() * 1e6) as u32 };
        self.last = Some((now, off));
    }
    /// What the marker of the last second says.
    pub fn word(&self, now: Instant) -> Option<MarkerOff> {
        self.last.filter(|(at, _)| now.since(*at) <= FRESH).map(|(_, off)| off)
    }
    /// Is it time to say that a marker contradicts?
    pub fn is_due(&mut self, now: Instant) -> bool {
        if !self.word(now).is_some_and(|m| contradicts(&m)) {
            self.said = None;
            return false;
        }
        let due = self.said.is_none_or(|at| now.since(at) >= SAY_EVERY);
        if due {
            self.said = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant(ms * 1_000_000)
    }

    #[test]
    fn a_contradiction_is_said_at_once_and_every_two_seconds_while_it_is_seen() {
        let mut d = Doubt::default();
        assert!(!d.is_due(at(0)) && d.word(at(0)).is_none());
        let mut said = Vec::new();
        for ms in (0..7_000).step_by(50) {
            if ms < 5_000 {
                d.see(at(ms), &Miss { off_m: 0.31, turn_rad: 0.0 });
            }
            if d.is_due(at(ms)) {
                said.push(ms);
            }
        }
        assert_eq!(said, [0, 2_000, 4_000], "the last was seen a second before");
        assert!(d.word(at(7_000)).is_none());
        d.see(at(7_000), &Miss { off_m: 0.29, turn_rad: 0.17 });
        assert!(!d.is_due(at(7_000)) && d.word(at(8_000)) == Some(MarkerOff { offset_mm: 290, turn_urad: 170_000 }));
        d.see(at(8_000), &Miss { off_m: 0.0, turn_rad: -0.18 });
        assert!(d.is_due(at(8_000)), "a turn counts as well");
        d.see(at(8_500), &Miss { off_m: 0.0, turn_rad: 0.0 });
        assert!(!d.is_due(at(8_500)));
        d.see(at(8_600), &Miss { off_m: 1.0, turn_rad: 0.0 });
        assert!(d.is_due(at(8_600)), "a good one in between begins it anew");
    }
}
