//! Replay of a simulated run (promise R1): the whole world is executed again and every word is held against the log.

use crate::drive::Drive;
use crate::load::from_manifest;
use crate::tape::{RobotClamp, RobotNote, Slot};
use nooterra_blackbox::telemetry::{FrameTransforms, Log, SceneUpdate};
use nooterra_blackbox::words::Manifest;
use nooterra_blackbox::{Kind, LogError, LogReader, RecordError, Said, Sink, SinkError};
use nooterra_control::Fact;
use nooterra_control::wish::Wish;
use nooterra_engine::keyframe::{Keyframe, StateRoots};
use nooterra_engine::{Instant, decode};
use nooterra_player::compare::{AdvanceError, Limits, Replayable, Report};
use nooterra_player::{DiffReport, PlayError, Shapes};
use nooterra_stage::{Arrived, FaultEdge, Setup, Stray};
use serde::Serialize;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Why a log cannot be replayed or compared.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The file cannot be opened.
    #[error("failed to open `{}`", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no log of ours.
    #[error("`{}` is no black box that can be read", path.display())]
    Log {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: LogError,
    },
    /// The log was made by another build: bits cannot be compared.
    #[error("the log is of another determinism domain: {part} is `{log}` there and `{here}` here; replay it with the build that made it")]
    Domain {
        /// First part in which they differ.
        part: String,
        /// What the log says.
        log: String,
        /// What this build is.
        here: String,
    },
    /// The manifest does not describe a run that can be set up.
    #[error("{0}")]
    Manifest(String),
    /// Comparison failed.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// The run asked for starts after the log ends, or there is no keyframe before it.
    #[error("there is no keyframe at or before {0}")]
    NoKeyframe(Instant),
}

/// What part of a log to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// From here (the keyframe at or before it); the start if left out.
    pub from: Option<Instant>,
    /// To here; the end if left out.
    pub to: Option<Instant>,
}

/// What a replay found.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayReport {
    /// The log.
    pub path: PathBuf,
    /// Title of its scenario.
    pub title: String,
    /// Seed.
    pub seed: u64,
    /// Which promise was tested.
    pub promise: &'static str,
    /// Where it started, simulated seconds.
    pub from_s: f64,
    /// Records compared and what was found.
    pub report: Report,
    /// Was the last record the log's orderly end?
    pub complete: bool,
    /// Wall time, seconds.
    pub wall_s: f64,
}

/// Told how far a replay has come.
pub type Watch<'a> = dyn FnMut(Instant) -> bool + 'a;

/// Opens a log and reads its beginning.
pub fn open(path: &Path) -> Result<(LogReader<BufReader<File>>, Manifest), ReplayError> {
    let file = File::open(path).map_err(|source| ReplayError::Open { path: path.to_owned(), source })?;
    let mut log = LogReader::new(BufReader::with_capacity(1 << 18, file));
    let (_, manifest) = log.start().map_err(|source| ReplayError::Log { path: path.to_owned(), source })?;
    Ok((log, manifest))
}

/// The run that a log's manifest describes, if this build can execute it bit by bit.
pub fn setup(m: &Manifest) -> Result<Arc<Setup>, ReplayError> {
    let here = Manifest { domain: crate::domain::domain(), ..Manifest::default() };
    if let Some((part, log, here)) = m.domain_difference(&here) {
        return Err(ReplayError::Domain { part, log, here });
    }
    let text = std::str::from_utf8(&m.scenario).map_err(|_| ReplayError::Manifest("the manifest's scenario is no text".into()))?;
    from_manifest(text, &m.site, m.seed).map_err(ReplayError::Manifest)
}

/// Types of records and of keyframe parts: so that a difference names its field.
#[must_use]
pub fn shapes() -> Shapes {
    Shapes::default()
        .with::<FaultEdge>()
        .with::<Arrived>()
        .with::<Stray>()
        .with::<Fact>()
        .with::<Wish>()
        .with::<RobotNote>()
        .with::<RobotClamp>()
        .with::<FrameTransforms>()
        .with::<SceneUpdate>()
        .with::<Log>()
        .with_room::<nooterra_control::state::State>("control")
        .with_room::<nooterra_cast::Cast>("cast")
        .with_room::<nooterra_engine::bus::Bus>("network")
        .with_room::<nooterra_sim::SiteController>("site")
        .with_room::<nooterra_sim::fleet::SimRobot>("robots/")
}

struct Machine<'w> {
    drive: Drive,
    watch: &'w mut Watch<'w>,
    to: Instant,
}

impl Replayable for Machine<'_> {
    fn advance(&mut self, sink: &mut dyn Sink) -> Result<bool, AdvanceError> {
        if self.drive.is_over() || self.drive.stage.now() >= self.to {
            return Ok(false);
        }
        self.drive.tape.clear();
        self.drive.tick().map_err(|e| AdvanceError::Broken(e.to_string()))?;
        if self.drive.stage.tick().is_multiple_of(50) && !(self.watch)(self.drive.stage.now()) {
            return Err(SinkError::Stop.into());
        }
        for (line, bytes) in self.drive.tape.lines() {
            said(line.slot, line.tick, line.at, bytes, sink)?;
        }
        Ok(!self.drive.is_over())
    }
}

fn said(slot: Slot, tick: u64, at: Instant, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), SinkError> {
    macro_rules! put {
        ($t:ty) => {
            sink.put(&Said::of::<$t>(slot.kind(), tick, at, bytes))
        };
        ($t:ty, telemetry) => {
            if sink.wants_telemetry() {
                sink.put(&Said { topic: Some(slot.topic()), ..Said::of::<$t>(Kind::Telemetry, tick, at, bytes) })
            } else {
                Ok(())
            }
        };
    }
    match slot {
        Slot::Fault => put!(FaultEdge),
        Slot::Input => put!(Arrived),
        Slot::Stray => put!(Stray),
        Slot::Fact => put!(Fact),
        Slot::Wish => put!(Wish),
        Slot::Note => put!(RobotNote),
        Slot::Clamp => put!(RobotClamp),
        Slot::Root => put!(nooterra_blackbox::words::State),
        Slot::Roots => {
            let roots: StateRoots = decode(bytes).map_err(|_| RecordError::Form("roots on the tape"))?;
            sink.roots(tick, at, &roots)
        }
        Slot::Keyframe => {
            let k: Keyframe = decode(bytes).map_err(|_| RecordError::Form("keyframe on the tape"))?;
            sink.keyframe(tick, at, &k)
        }
        Slot::Transforms => put!(FrameTransforms, telemetry),
        Slot::Scene => put!(SceneUpdate, telemetry),
        Slot::Log => put!(Log, telemetry),
    }
}

/// Executes a log's run again and compares. The watch is told the simulated instant now and then; `false` stops.
pub fn replay<'w>(path: &Path, range: Range, watch: &'w mut Watch<'w>) -> Result<ReplayReport, ReplayError> {
    let begun = std::time::Instant::now();
    let (mut log, manifest) = open(path)?;
    let setup = setup(&manifest)?;
    let tick_ns = setup.resolved.tick.0.max(1);
    let mut from = Instant::ZERO;
    let drive = match range.from.filter(|f| f.0 > 0) {
        None => Drive::new(setup),
        Some(f) => {
            let (mut probe, _) = open(path)?;
            let found = nooterra_player::find_keyframe(&mut probe, f.0 / tick_ns)?.ok_or(ReplayError::NoKeyframe(f))?;
            nooterra_player::skip_past(&mut log, found.index)?;
            from = found.keyframe.at;
            Drive::at(setup, &found.keyframe)
        }
    };
    let drive = drive.map_err(|e| ReplayError::Manifest(format!("the run cannot be set up again: {e}")))?;
    let to = range.to.unwrap_or(Instant::NEVER);
    let limits = Limits { to_tick: to.0 / tick_ns, telemetry: true, ..Limits::default() };
    let mut machine = Machine { drive, watch, to };
    let report = nooterra_player::compare(&mut log, &mut machine, &shapes(), limits)?;
    Ok(ReplayReport {
        path: path.to_owned(),
        title: manifest.title,
        seed: manifest.seed,
        promise: "R1",
        from_s: from.as_secs_f64(),
        complete: report.closed,
        report,
        wall_s: begun.elapsed().as_secs_f64(),
    })
}

/// First difference of two logs.
pub fn diff(a: &Path, b: &Path) -> Result<DiffReport, ReplayError> {
    let reader = |path: &Path| {
        let file = File::open(path).map_err(|source| ReplayError::Open { path: path.to_owned(), source })?;
        Ok::<_, ReplayError>(LogReader::new(BufReader::with_capacity(1 << 18, file)))
    };
    Ok(nooterra_player::diff(&mut reader(a)?, &mut reader(b)?, &shapes())?)
}
