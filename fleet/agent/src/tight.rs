//! Bounds that were tightened from afar (domain 9). They outlast a restart; what is over by its time or lifted is gone. A robot that is
//! faster when it is told eases off by braking, and is held to that meanwhile.

use nooterra_engine::{Instant, Record};
use nooterra_port::clamps::{Hardware, Loose, Tight};

/// The bounds and how far it has come to keep to them.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Tightened {
    bounds: Option<Tight>,
    /// What it is commanded under while it eases off, m/s.
    eased_mps: f64,
    /// What its detectors hold it to meanwhile: wheels follow commands late.
    watched_mps: f64,
}

impl Tightened {
    /// Takes an order up, or says why it does not.
    pub fn take(&mut self, bounds: Tight, hardware: Hardware, speed_mps: f64) -> Result<(), &'static str> {
        match bounds.follows(self.bounds.as_ref(), hardware) {
            Ok(()) => {
                self.bounds = Some(bounds);
                (self.eased_mps, self.watched_mps) = (self.eased_mps.max(speed_mps), self.watched_mps.max(speed_mps));
                Ok(())
            }
            // Told again, it is as it should be.
            Err(Loose::Same) => Ok(()),
            Err(Loose::Empty) => Err("SCHEMA_INVALID"),
            Err(Loose::Looser) => Err("SCOPE_EXCEEDED"),
        }
    }

    /// Lets go of them. Says whether there were any.
    pub fn lift(&mut self) -> bool {
        let was = self.bounds.is_some();
        *self = Self::default();
        was
    }

    /// One cycle, at the platform's time as far as the robot knows it; `brake_mps2` is what it eases off with.
    pub fn cycle(&mut self, platform_now: Instant, brake_mps2: f64, dt_s: f64) {
        if self.bounds.is_some_and(|b| b.until.is_some_and(|at| at <= platform_now)) {
            self.lift();
        }
        let target = self.target_mps();
        self.eased_mps = (self.eased_mps - brake_mps2 * dt_s).max(target.min(self.eased_mps));
        self.watched_mps = (self.watched_mps - 0.5 * brake_mps2 * dt_s).max(target.min(self.watched_mps));
    }

    /// Why it is not looser than this.
    pub const fn bounds(&self) -> Option<Tight> {
        self.bounds
    }

    fn target_mps(&self) -> f64 {
        self.bounds.and_then(|b| b.speed_mm_s).map_or(f64::INFINITY, |v| f64::from(v) * 1e-3)
    }

    /// Bound of its commands now, m/s.
    pub fn speed_mps(&self) -> f64 {
        self.target_mps().max(self.eased_mps)
    }

    /// Bound of its measured speed now, m/s.
    pub fn watched_mps(&self) -> f64 {
        self.target_mps().max(self.watched_mps)
    }

    /// Bound of what it gains in speed, m/s².
    pub fn accel_mps2(&self) -> f64 {
        self.bounds.and_then(|b| b.accel_mm_s2).map_or(f64::INFINITY, |v| f64::from(v) * 1e-3)
    }
}
