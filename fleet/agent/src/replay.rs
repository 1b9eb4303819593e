//! Motion replayed from the chunks of a black box: from where each second began, the commands of that second say where it
//! had to end, and the chunk says where it did. How far the two are apart is weighed as the robot weighs it itself.
//!
//! Whoever looks on needs no robot for it, and no word of its: only chunks that were anchored before anybody asked.

use crate::residual::milli_of;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::real::wrap_angle;
use nooterra_port::blackbox::Chunk;
use nooterra_port::report::PoseMm;
use nooterra_trust::detect::Thresholds;

/// So much of the time must be comparable, percent: a robot that recorded no commands proves nothing.
const COMPARED_PERCENT: u64 = 90;

/// One comparison: when, and how far, in thousandths of a standard deviation.
struct Compared {
    at_ns: u64,
    milli: u32,
}

/// The worst mean that lasted, in thousandths of a standard deviation, over times as the detector of `TWIN_RESIDUAL` has them.
/// Nothing, if the chunks do not hang together or say too little.
pub fn residual_of(chunks: &[Chunk]) -> Option<u32> {
    let (first, last) = (chunks.first()?, chunks.last()?);
    let span_ns = last.to_ns.checked_sub(first.to_ns).filter(|s| *s > 0)?;
    let (mut seen, mut compared_ns) = (Vec::new(), 0u64);
    for w in chunks.windows(2) {
        let (a, b) = (&w[0], &w[1]);
        let follows = b.number == a.number.checked_add(1)? && b.prev == a.hash() && b.from_ns == a.to_ns && b.to_ns > b.from_ns;
        if !follows {
            return None;
        }
        let Some(told) = b.told else { continue };
        // A lift has carried it: that is no motion of its own.
        if a.level != b.level {
            continue;
        }
        compared_ns += b.to_ns - b.from_ns;
        seen.push(Compared { at_ns: b.to_ns, milli: apart(&a.pose, &told, &b.pose) });
    }
    let enough = u128::from(compared_ns) * 100 >= u128::from(span_ns) * u128::from(COMPARED_PERCENT);
    enough.then(|| lasting(&seen))
}

/// How far apart it ended from where its commands lead.
fn apart(from: &PoseMm, told: &PoseMm, to: &PoseMm) -> u32 {
    let (from, told, to) = (pose(from), pose(told), pose(to));
    let predicted = told.at.rotated(from.theta_rad);
    let apart_m = (from.at + predicted).dist(to.at);
    let apart_rad = wrap_angle(from.theta_rad + told.theta_rad - to.theta_rad).abs();
    milli_of(apart_m, predicted.norm(), apart_rad, told.theta_rad)
}

#[allow(clippy::cast_precision_loss)] // places on a site
fn pose(p: &PoseMm) -> Pose2 {
    Pose2 { at: Vec2 { x: p.x_mm as f64 / 1e3, y: p.y_mm as f64 / 1e3 }, theta_rad: p.theta_urad as f64 / 1e6 }
}

/// The worst that the mean never fell below for as long as it has to last.
fn lasting(seen: &[Compared]) -> u32 {
    let t = Thresholds::default();
    let mean = |i: usize| {
        let recent = seen[..=i].iter().filter(|c| seen[i].at_ns - c.at_ns <= t.residual_mean_ns);
        let (sum, n) = recent.fold((0u64, 0u64), |(s, n), c| (s + u64::from(c.milli), n + 1));
        sum / n.max(1)
    };
    let means: Vec<u64> = (0..seen.len()).map(mean).collect();
    let lasts = |i: usize| seen[..=i].iter().rposition(|c| seen[i].at_ns - c.at_ns >= t.residual_ns);
    let least = |from: usize, to: usize| means[from..=to].iter().copied().min().unwrap_or(0);
    let all = (0..seen.len()).filter_map(|i| lasts(i).map(|k| least(k, i))).max();
    // Too short to last: the worst mean itself.
    let worst = all.or_else(|| means.iter().copied().max()).unwrap_or(0);
    u32::try_from(worst).unwrap_or(u32::MAX)
}
