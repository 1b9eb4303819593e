//! How far the robot's motion is from what it commanded: its own twin, which integrates the commands, against what it
//! sees of itself. Wheels that slip, drives that lag and pushes from outside show here, and in no other number that it has.

use crate::policy::Twist;
use nooterra_engine::Record;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::real::wrap_angle;

/// Commands and motion are compared over this, s.
const WINDOW_S: f64 = 1.0;
/// One standard deviation: what drives lag behind while they get faster or slower, and the estimate's own noise, m …
const STILL_M: f64 = 0.06;
/// … and what wheels of a worn radius make of the way. The same for turns, rad.
const SHARE: f64 = 0.08;
const STILL_RAD: f64 = 0.08;
const TURN_SHARE: f64 = 0.1;

/// The comparison that runs, and what the last one said.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct Residual {
    from: Pose2,
    predicted: Vec2,
    turned_rad: f64,
    lasted_s: f64,
    milli: u32,
}

impl Residual {
    /// One cycle: what was commanded over the last one (body frame), and where the robot is now.
    pub fn cycle(&mut self, commanded: &Twist, pose: &Pose2, dt_s: f64) {
        self.predicted = self.predicted + commanded.v.rotated(pose.theta_rad) * dt_s;
        self.turned_rad += commanded.w_radps * dt_s;
        self.lasted_s += dt_s;
        if self.lasted_s >= WINDOW_S {
            let apart_m = (self.from.at + self.predicted).dist(pose.at);
            let apart_rad = wrap_angle(self.from.theta_rad + self.turned_rad - pose.theta_rad).abs();
            let milli = milli_of(apart_m, self.predicted.norm(), apart_rad, self.turned_rad);
            *self = Self { milli, ..Self::at(*pose) };
        }
    }

    /// Begins again here: the estimate jumped, or cannot be trusted.
    pub const fn at(from: Pose2) -> Self {
        Self { from, predicted: Vec2 { x: 0.0, y: 0.0 }, turned_rad: 0.0, lasted_s: 0.0, milli: 0 }
    }

    /// The last comparison, in thousandths of a standard deviation.
    pub const fn milli(&self) -> u32 {
        self.milli
    }
}

/// A way and a turn that end so far apart from what was predicted, in thousandths of a standard deviation.
pub(crate) fn milli_of(apart_m: f64, predicted_m: f64, apart_rad: f64, turned_rad: f64) -> u32 {
    let sigma_m = STILL_M + SHARE * predicted_m;
    let sigma_rad = STILL_RAD + TURN_SHARE * turned_rad.abs();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
    let milli = ((apart_m / sigma_m).max(apart_rad / sigma_rad) * 1e3) as u32;
    milli
}

#[cfg(test)]
mod tests {
    use super::*;
    use nooterra_engine::real;

    const ORIGIN: Pose2 = Pose2 { at: Vec2 { x: 0.0, y: 0.0 }, theta_rad: 0.0 };

    /// Is told to drive and turn so fast, and does this instead, for three seconds.
    fn drive(told: (f64, f64), does: (f64, f64)) -> u32 {
        let mut r = Residual::at(ORIGIN);
        for n in 1..=60 {
            let t = f64::from(n) * 0.05;
            let pose = Pose2 { at: Vec2 { x: does.0 * t, y: 0.0 }, theta_rad: does.1 * t };
            r.cycle(&Twist { v: Vec2 { x: told.0, y: 0.0 }, w_radps: told.1 }, &pose, 0.05);
        }
        r.milli()
    }

    #[test]
    fn it_is_little_where_the_robot_does_as_told() {
        assert_eq!((drive((0.5, 0.0), (0.5, 0.0)), drive((0.0, 0.0), (0.0, 0.0)), drive((0.0, 0.6), (0.0, 0.6))), (0, 0, 0));
        assert!(drive((0.5, 0.0), (0.45, 0.0)) < 1_000);
        assert!(drive((0.0, 0.6), (0.0, 0.5)) < 1_000);
    }

    #[test]
    fn it_is_large_where_wheels_spin_or_somebody_pushes() {
        let all = [
            ((0.5, 0.0), (0.1, 0.0)),
            ((0.5, 0.0), (1.0, 0.0)),
            ((0.0, 0.0), (0.3, 0.0)),
            ((0.0, 0.6), (0.0, 0.0)),
            ((0.0, 0.0), (0.0, 0.5)),
        ];
        for (told, does) in all {
            assert!(drive(told, does) > 3_000, "{told:?} {does:?}: {}", drive(told, does));
        }
    }

    #[test]
    fn bends_are_followed() {
        let mut r = Residual::at(Pose2 { at: Vec2 { x: 1.0, y: 0.0 }, theta_rad: std::f64::consts::FRAC_PI_2 });
        for n in 1..=160 {
            let a = f64::from(n) * 0.05 * 0.5;
            let pose = Pose2 { at: Vec2 { x: real::cos(a), y: real::sin(a) }, theta_rad: wrap_angle(a + std::f64::consts::FRAC_PI_2) };
            r.cycle(&Twist { v: Vec2 { x: 0.5, y: 0.0 }, w_radps: 0.5 }, &pose, 0.05);
            assert!(r.milli() < 300, "{n}: {}", r.milli());
        }
    }
}
