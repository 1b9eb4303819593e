//! Bare physics, and the peer.

use crate::row::{Goal, Row};
use nooterra_benches::clock::Stopwatch;
use nooterra_benches::floor::Floor;
use nooterra_engine::Hasher;
use nooterra_twin::TwinError;
use std::error::Error;
use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

/// Seconds of work per tick, with digest.
fn per_tick(f: &mut Floor, ticks: u32, digest: bool) -> Result<f64, TwinError> {
    for _ in 0..200 {
        f.steer()?;
        f.twin.step()?;
    }
    let mut total = Duration::ZERO;
    for _ in 0..ticks / 5 {
        f.steer()?;
        let watch = std::time::Instant::now();
        for _ in 0..5 {
            f.twin.step()?;
            if digest {
                let mut h = Hasher::new();
                f.twin.digest(&mut h);
                black_box(h.finish());
            }
        }
        total += watch.elapsed();
    }
    // Wall time is fine grained but counts what others did meanwhile; the scheduler's books do not.
    let watch = Stopwatch::start();
    for _ in 0..ticks {
        f.twin.step()?;
        if digest {
            let mut h = Hasher::new();
            f.twin.digest(&mut h);
            black_box(h.finish());
        }
    }
    let shares = watch.worked().as_secs_f64() / watch.wall().as_secs_f64().max(1e-9);
    Ok(total.as_secs_f64() * shares.min(1.0) / f64::from(ticks))
}

/// All rows.
pub fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (what, robots, lidar, ticks, goal) in [
        ("physics, 50 robots, digests", 50, false, 4_000, Goal::AtLeast(100.0)),
        ("physics, 50 robots, digests, 180-ray lidar at 10 Hz", 50, true, 4_000, Goal::None),
        ("physics, 1,000 robots, digests", 1_000, false, 500, Goal::AtLeast(5.0)),
        ("physics, 1,000 robots, digests, lidar", 1_000, true, 500, Goal::None),
    ] {
        let mut f = Floor::of_rooms(robots, lidar)?;
        let tick_s = f.twin.params().tick.as_secs_f64();
        rows.push(Row::new(what, tick_s / per_tick(&mut f, ticks, true)?, "x", goal));
    }
    rows.push(peer()?);
    Ok(rows)
}

fn peer() -> Result<Row, Box<dyn Error>> {
    const WHAT: &str = "cost per robot-step over MuJoCo's, 50 robots";
    let goal = Goal::AtMost(1.0 / 3.0);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/mujoco_fleet.py");
    let out = Command::new("python3").args([script, "--robots", "50", "--steps", "2000"]).output();
    let theirs = match out {
        Ok(o) if o.status.success() => serde_json::from_slice::<serde_json::Value>(&o.stdout)?,
        Ok(_) => return Ok(Row::absent(WHAT, "", goal, "MuJoCo is not installed here: pip install mujoco")),
        Err(_) => return Ok(Row::absent(WHAT, "", goal, "there is no python3 here")),
    };
    let Some(theirs) = theirs["us_per_robot_step"].as_f64() else {
        return Ok(Row::absent(WHAT, "", goal, "the peer said nothing"));
    };
    // Both by wall time: the peer cannot be asked for anything else.
    let mut f = Floor::of_peers(50)?;
    for _ in 0..200 {
        f.twin.step()?;
    }
    let begun = std::time::Instant::now();
    for _ in 0..2_000 {
        f.twin.step()?;
    }
    let ours = begun.elapsed().as_secs_f64() * 1e6 / 2_000.0 / 50.0;
    Ok(Row::new(WHAT, ours / theirs, "", goal).remark(format!("{ours:.2} µs against {theirs:.2} µs, wall time")))
}
