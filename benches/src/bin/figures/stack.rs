//! The whole stack against the bare world with the same robots on the same ways.

use crate::row::{Goal, Row};
use nooterra_benches::clock::Stopwatch;
use nooterra_benches::warehouse;
use nooterra_engine::Hasher;
use nooterra_engine::keyframe::Keyframe;
use nooterra_engine::together::InTurn;
use nooterra_runner::drive::Drive;
use nooterra_runner::recording::Recording;
use nooterra_runner::run::{TICKS_A_TAPE, open_info};
use nooterra_runner::{Overrides, RunError};
use nooterra_stage::{Setup, Stage};
use nooterra_twin::{DriveCommand, RobotIx, Twin};
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const ROBOTS: usize = 50;
/// The run is looked at from here on, simulated seconds.
const FROM_S: f64 = 60.0;
const WINDOWS: usize = 6;
const WINDOW_TICKS: u64 = 1_500;
/// Robots follow recorded speeds without a brain: not for longer than this, or they would run into things.
const PIECE_TICKS: u64 = 100;

struct Piece {
    start: Keyframe,
    /// Speeds of every robot, tick by tick.
    speeds: Vec<Vec<DriveCommand>>,
}

fn speeds(stage: &Stage) -> Vec<DriveCommand> {
    (0..ROBOTS)
        .map(|i| {
            let t = stage.fleet.truth(i);
            t.filter(|t| !t.asleep).map_or(DriveCommand::default(), |t| {
                let (s, c) = t.pose.theta_rad.sin_cos();
                let vx_mps = t.velocity_mps.x * c + t.velocity_mps.y * s;
                DriveCommand { vx_mps, wz_radps: t.yaw_rate_radps, ..DriveCommand::default() }
            })
        })
        .collect()
}

/// All rows.
pub fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let loaded = warehouse::loaded(folder.path(), ROBOTS, 60)?;
    let setup = loaded.setup.clone();
    let tick_s = setup.resolved.tick.as_secs_f64();
    let mut drive = Drive::new(setup.clone())?;
    while drive.stage.now().as_secs_f64() < FROM_S {
        drive.tick()?;
        drive.tape.clear();
    }
    let (mut whole, mut two, mut brains, mut bare, mut ticks, mut awake) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for _ in 0..WINDOWS {
        let k = drive.stage.keyframe();
        let mut pieces = Vec::new();
        for t in 0..WINDOW_TICKS {
            if t % PIECE_TICKS == 0 {
                pieces.push(Piece { start: drive.stage.keyframe(), speeds: Vec::new() });
            }
            drive.tick()?;
            drive.tape.clear();
            awake += (0..ROBOTS).filter_map(|i| drive.stage.fleet.truth(i)).filter(|t| !t.asleep).count() as f64;
            if let Some(p) = pieces.last_mut() {
                p.speeds.push(speeds(&drive.stage));
            }
        }
        for p in &pieces {
            bare += bare_seconds(&setup, p)?;
            brains += brains_seconds(&setup, p)?;
        }
        whole += whole_seconds(&setup, &k, None, Stopwatch::worked)?;
        // On two cores what counts is the time that passes: on a busy machine it is too long.
        two += nooterra_runner::with_cores(|| {
            let recording = Recording::start(&folder.path().join("stack.mcap"), open_info(&loaded, Overrides::default()))?;
            whole_seconds(&setup, &k, Some(recording), Stopwatch::wall)
        })?;
        ticks += WINDOW_TICKS as f64;
    }
    let x = |s: f64| tick_s * ticks / s.max(1e-9);
    let each = |s: f64| format!("{:.1} µs a tick", s * 1e6 / ticks);
    let story =
        format!("{:.0} % of robots awake, {} jobs asked for", 100.0 * awake / ticks / ROBOTS as f64, drive.stage.control.tally().requested);
    Ok(vec![
        Row::new("bare world of the warehouse, 50 robots, lidar, digests", x(bare), "x", Goal::None).remark(each(bare)),
        Row::new("same with robots' brains and protective fields", x(brains), "x", Goal::AtLeast(40.0)).remark(each(brains)),
        Row::new("whole stack, 50 robots, log made but not written", x(whole), "x", Goal::None).remark(format!("{}; {story}", each(whole))),
        Row::new("same on two cores, log written beside it, time that passes", x(two), "x", Goal::None).remark(each(two)),
        // The goal is for what the platform costs: robots' own brains and protective fields are the world's.
        Row::new("whole stack over physics with brains, two cores", 100.0 * (two / brains - 1.0), "%", Goal::AtMost(25.0)),
        Row::new("same, one core", 100.0 * (whole / brains - 1.0), "%", Goal::None),
        Row::new("whole stack and brains over the bare world, two cores", 100.0 * (two / bare - 1.0), "%", Goal::None),
        Row::new("same, one core", 100.0 * (whole / bare - 1.0), "%", Goal::None),
    ])
}

fn whole_seconds(
    setup: &Arc<Setup>,
    k: &Keyframe,
    mut recording: Option<Recording>,
    measure: fn(&Stopwatch) -> Duration,
) -> Result<f64, RunError> {
    let mut drive = Drive::at(setup.clone(), k)?;
    let watch = Stopwatch::start();
    for t in 1..=WINDOW_TICKS {
        drive.tick()?;
        match &mut recording {
            Some(r) if t % TICKS_A_TAPE == 0 => drive.tape = r.send(std::mem::take(&mut drive.tape))?,
            Some(_) => {}
            None => drive.tape.clear(),
        }
    }
    let seconds = measure(&watch).as_secs_f64();
    if let Some(r) = recording {
        r.close(drive.stage.tick(), drive.stage.now(), "measured")?;
    }
    Ok(seconds)
}

fn bare_seconds(setup: &Arc<Setup>, p: &Piece) -> Result<f64, Box<dyn Error>> {
    let stage = Stage::thaw(setup.clone(), &p.start)?;
    let params = stage.fleet.twin.params().clone();
    let physics = p.start.part("physics").ok_or("a keyframe has physics")?;
    let mut twin = Twin::thaw(physics, &setup.site, params)?;
    let ix: Vec<RobotIx> = (0..ROBOTS).filter_map(|i| stage.fleet.robot_ix(i)).collect();
    let watch = Stopwatch::start();
    for speeds in &p.speeds {
        for (ix, c) in ix.iter().zip(speeds) {
            twin.drive(*ix, *c)?;
        }
        twin.step()?;
        let mut h = Hasher::new();
        twin.digest(&mut h);
        black_box(h.finish());
    }
    Ok(watch.worked().as_secs_f64())
}

fn brains_seconds(setup: &Arc<Setup>, p: &Piece) -> Result<f64, Box<dyn Error>> {
    let mut stage = Stage::thaw(setup.clone(), &p.start)?;
    let tick = setup.resolved.tick;
    let mut now = p.start.at;
    let watch = Stopwatch::start();
    for _ in &p.speeds {
        now = now.saturating_add(tick);
        stage.fleet.turn(now, &mut Vec::new(), &setup.site, &InTurn, |node, bytes| {
            black_box((node, bytes));
        })?;
        let mut h = Hasher::new();
        stage.fleet.digest_quick(&mut h);
        black_box(h.finish());
    }
    Ok(watch.worked().as_secs_f64())
}
