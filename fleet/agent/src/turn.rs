//! How it turns on the spot, whoever asks for it: as fast as it can still stop, and slower the nearer it is.

use crate::follow::Limits;
use crate::policy::Twist;
use nooterra_engine::geom::Vec2;

/// A turn by `off_rad`, to the left if positive, with at most this share of the drive's turning speed.
pub(crate) fn turning(off_rad: f64, lim: &Limits, share: f64) -> Twist {
    let off = off_rad.abs();
    let w = (0.8 * lim.turn_accel_radps2 * off).sqrt().min(lim.turn_radps * share).min(2.0 * off + 0.05);
    Twist { v: Vec2::default(), w_radps: if off_rad < 0.0 { -w } else { w } }
}
