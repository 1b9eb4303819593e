//! People as the camera's recogniser sees them, each cycle: how near, and how fast they come nearer. No image is needed for
//! this and none is kept. Heartbeats say it, at once where somebody comes close while the robot moves: the platform judges
//! (`NEAR_MISS`, domain 8.2). A bump with somebody so near is one with a person (`HUMAN_CONTACT`).

use nooterra_engine::{Instant, Record, Span};
use nooterra_port::report::PersonWord;
use std::collections::VecDeque;

/// How fast somebody comes nearer is measured over this.
const OVER: Span = Span::from_millis(250);
/// Somebody so near, so long ago at most, is whom it bumped into.
const TOUCH_MM: u32 = 300;
const TOUCH: Span = Span::from_millis(200);
/// Clearances at which a heartbeat is sent at once: what the tiers keep from people, and what is close anywhere.
const STEPS_MM: [u32; 4] = [500, 400, 300, 100];
/// Contact within this is told as well.
const SOON_MS: u64 = 500;
/// Farther away than this they are forgotten.
const GONE_MM: u32 = 700;

/// The nearest person ahead.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct People {
    /// When and how near, over the last quarter of a second.
    seen: VecDeque<(Instant, u32)>,
    near_at: Option<Instant>,
    /// The last step that was told of.
    told_mm: Option<u32>,
    soon_told: bool,
}

impl People {
    /// One cycle: the distance of the nearest one's outline from the robot's, if one is seen. Says whether it is to be told at once.
    pub fn cycle(&mut self, now: Instant, clearance_mm: Option<u32>, moves: bool) -> bool {
        while self.seen.front().is_some_and(|(at, _)| now.since(*at) > OVER) {
            self.seen.pop_front();
        }
        let Some(mm) = clearance_mm else { return false };
        self.seen.push_back((now, mm));
        if mm <= TOUCH_MM {
            self.near_at = Some(now);
        }
        if mm > GONE_MM {
            (self.told_mm, self.soon_told) = (None, false);
        }
        if !moves {
            return false;
        }
        let step = STEPS_MM.into_iter().filter(|s| mm < *s).min();
        let nearer = step.is_some_and(|s| self.told_mm.is_none_or(|t| s < t));
        if nearer {
            self.told_mm = step;
        }
        let soon = u64::from(mm) * 1_000 < SOON_MS * u64::from(self.closing_mm_s()) && !self.soon_told;
        self.soon_told |= soon;
        nearer || soon
    }

    fn closing_mm_s(&self) -> u32 {
        let (Some((from, far)), Some((to, near))) = (self.seen.front(), self.seen.back()) else { return 0 };
        let ms = to.since(*from).0 / 1_000_000;
        let mm = u64::from(far.saturating_sub(*near));
        u32::try_from((mm * 1_000).checked_div(ms).unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// The nearest one, if somebody is seen.
    pub fn word(&self, now: Instant) -> Option<PersonWord> {
        let (at, clearance_mm) = *self.seen.back()?;
        (now.since(at) <= OVER).then(|| PersonWord { clearance_mm, closing_mm_s: self.closing_mm_s() })
    }
    /// Is whoever was bumped into now a person?
    pub fn is_touched(&self, now: Instant) -> bool {
        self.near_at.is_some_and(|at| now.since(at) <= TOUCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant(ms * 1_000_000)
    }

    /// Somebody comes nearer at this speed from a metre away; the clearances at which it was told.
    fn approach(mm_s: u32, moves: bool) -> Vec<u32> {
        let (mut p, mut told) = (People::default(), Vec::new());
        for n in 0..200u32 {
            let mm = 1_000u32.saturating_sub(mm_s * n / 20);
            if p.cycle(at(u64::from(n) * 50), Some(mm), moves) {
                told.push(mm);
            }
        }
        told
    }

    #[test]
    fn each_step_nearer_is_told_once_and_only_while_it_moves() {
        assert_eq!(approach(200, true), [490, 390, 290, 90], "slow: by the steps");
        assert_eq!(approach(200, false), [0u32; 0]);
        let fast = approach(1_400, true);
        assert!(fast[0] > 500, "contact within half a second comes first: {fast:?}");
        assert_eq!(fast.len(), 5, "{fast:?}");
    }

    #[test]
    fn who_goes_away_and_comes_again_is_told_of_again() {
        let mut p = People::default();
        let story = [(0, 450), (50, 450), (100, 650), (150, 450), (200, 800), (250, 450)];
        let told: Vec<bool> = story.iter().map(|(ms, mm)| p.cycle(at(*ms), Some(*mm), true)).collect();
        assert_eq!(told[..4], [true, false, false, false]);
        assert!(told[5], "gone, and here again");
        assert!(!p.cycle(at(300), None, true) && p.word(at(300)).is_some());
        assert!(p.word(at(600)).is_none(), "nobody was seen for a while");
    }

    #[test]
    fn a_bump_is_a_persons_for_a_fifth_of_a_second() {
        let mut p = People::default();
        p.cycle(at(0), Some(301), true);
        assert!(!p.is_touched(at(0)));
        p.cycle(at(50), Some(300), false);
        p.cycle(at(100), None, false);
        assert!(p.is_touched(at(250)) && !p.is_touched(at(251)));
    }
}
