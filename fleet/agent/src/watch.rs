//! The robot's own detectors, each cycle: what begins and ends between two heartbeats is told at once, and recorded.
//!
//! They are those of the trust room (domain 8.2), fed with what the robot measures itself: its speed against its bound, motion
//! under a stop, protective stops that come too often. What lasts for seconds (stalls, a doubtful place, a residual) heartbeats
//! show well enough, and the platform judges them there; bumps, falls and loads are told where they are felt
//! ([`crate::health`], [`crate::work`]). Nothing is said in the quiet case.

use nooterra_engine::{Instant, Record};
use nooterra_port::blackbox::{MOMENT_BPS, MOMENT_STOPPED_MM_S, Moment, STOP_TAKES};
use nooterra_port::report::Report;
use nooterra_trust::detect::{Detectors, Reading, Sample, Thresholds};
use nooterra_trust::incident::{DevTime, IncidentCode};

/// The only bound that is measured: speed.
const SPEED_BOUND: u16 = 0;
/// What is told from here; the others have a place of their own.
const TOLD: [IncidentCode; 3] = [IncidentCode::ClampBreach, IncidentCode::UncommandedMotion, IncidentCode::ProtectiveStopStorm];

/// What one cycle is looked at with.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Speed as the wheels measure it, mm/s.
    pub speed_mm_s: u32,
    /// The tightest bound that holds whatever it does, mm/s.
    pub bound_mm_s: u32,
    /// A stop is in force, and acknowledged.
    pub stopped: bool,
    /// A protective stop has begun.
    pub paused: bool,
}

/// The detectors with what they have seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Watch {
    detectors: Detectors,
    stopped_at: Option<Instant>,
    /// The last cycle was worth recording.
    amiss: bool,
    /// Under a fault they are silent.
    muted: bool,
}

impl Watch {
    /// Under a fault nothing is told, whatever is found.
    pub const fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// One cycle: what is to be told, and what is to be recorded of it.
    pub fn cycle(&mut self, now: Instant, look: &Look, out: &mut Vec<Report>) -> Option<Moment> {
        self.stopped_at = look.stopped.then(|| self.stopped_at.unwrap_or(now));
        let stopped = self.stopped_at.is_some_and(|at| now.since(at) >= STOP_TAKES);
        let over = u64::from(look.speed_mm_s) * 10_000 > u64::from(look.bound_mm_s) * u64::from(MOMENT_BPS);
        let amiss = over || stopped && look.speed_mm_s >= MOMENT_STOPPED_MM_S;
        let moment = (amiss || self.amiss).then_some(Moment { at_ns: now.0, speed_mm_s: look.speed_mm_s, stopped });
        self.amiss = amiss;
        let mut seen = Vec::new();
        if look.paused {
            seen.push(Reading::ProtectiveStop);
        }
        if moment.is_some() {
            seen.extend(readings(look.speed_mm_s, stopped, i64::from(look.bound_mm_s)));
        }
        let at = DevTime { boot: 0, ns: now.0 };
        let thresholds = Thresholds::default();
        for reading in seen {
            let found = self.detectors.see(&thresholds, &Sample { at, reading });
            let told = found.into_iter().filter(|f| TOLD.contains(&f.code) && !self.muted);
            out.extend(told.map(|f| Report::Noticed { code: f.code.text().to_owned(), measure: f.measure }));
        }
        moment
    }
}

/// A moment as the detectors read it.
fn readings(speed_mm_s: u32, stopped: bool, limit: i64) -> [Reading; 3] {
    [
        Reading::StopOrder { acked: stopped },
        Reading::Motion { speed_mm_s, tilt_urad: 0, plan_active: false, checkpoint: 0 },
        Reading::Bound { bound: SPEED_BOUND, measured: i64::from(speed_mm_s), limit },
    ]
}
