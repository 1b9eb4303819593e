//! Runs a scenario: loads, moves, records, judges, reports; twice if asked to.

use crate::count::{Counting, Counts};
use crate::drive::Drive;
use crate::judge::Judge;
use crate::load::{LoadError, Loaded, Overrides};
use crate::recording::{Recorded, Recording, RecordingError};
use crate::report::{LogReport, Outcome, RunReport, Twice};
use crate::tape::Tape;
use crate::{domain, summary};
use nooterra_blackbox::OpenInfo;
use nooterra_blackbox::words::Manifest;
use nooterra_engine::{Digest, Hasher, Instant};
use nooterra_oracle::{Class, Trail, Verdict};
use nooterra_stage::StageError;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as Clock};
use thiserror::Error;

/// So many ticks are handed to the recorder together: waking its thread costs as much as a tick's words do. They are a
/// fraction of the second that a crash may cost.
pub const TICKS_A_TAPE: u64 = 10;

/// The platform's state is held against its trail each so many simulated seconds, as far as it is open.
const TRAIL_EVERY_S: u64 = 60;

/// What to run, and how.
#[derive(Debug, Clone, Default)]
pub struct RunRequest {
    /// Scenario file.
    pub scenario: PathBuf,
    /// Changes from the command line.
    pub overrides: Overrides,
    /// Folder for the black box; nothing is written without one.
    pub out: Option<PathBuf>,
    /// Run it again and compare every word.
    pub twice: bool,
    /// Longest time that it may take; the rest of the run is given up.
    pub budget: Option<Duration>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Simulated instant.
    pub at: Instant,
    /// Demand ends then; finishing takes longer.
    pub duration: Instant,
    /// Jobs settled or withdrawn, and asked for.
    pub jobs: (u64, u64),
    /// Real time so far.
    pub wall: Duration,
    /// Which of the two runs of `twice`, from 0.
    pub pass: u32,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum RunError {
    /// The scenario cannot be run.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The run cannot be set up, or physics broke in it.
    #[error("the run cannot be set up")]
    Stage(#[from] StageError),
    /// The black box cannot be written.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The folder for the black box cannot be made.
    #[error("failed to create the folder `{}`", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Told how far a run has come; `false` stops it, and the black box is closed in order.
pub type Watch<'a> = dyn FnMut(Progress) -> bool + 'a;

/// A finished pass over a run.
pub(crate) struct Pass {
    pub drive: Drive,
    pub counts: Counts,
    pub verdict: Verdict,
    pub judge_last: nooterra_oracle::Sample,
    pub closest_m: Option<f64>,
    pub digest: Digest,
    pub interrupted: bool,
    pub wall: Duration,
    pub recorded: Option<Recorded>,
    pub marks: nooterra_engine::marks::Marks,
}

/// Runs a scenario.
pub fn run(request: &RunRequest, watch: &mut Watch<'_>) -> Result<RunReport, RunError> {
    let loaded = crate::load::load(&request.scenario, request.overrides)?;
    run_loaded(&loaded, request, watch)
}

/// Runs what has been loaded already.
pub fn run_loaded(loaded: &Loaded, request: &RunRequest, watch: &mut Watch<'_>) -> Result<RunReport, RunError> {
    let log = log_path(loaded, request)?;
    let info = open_info(loaded, request.overrides);
    let key = info.identity.public();
    let recording = log.as_deref().map(|p| Recording::start(p, info)).transpose()?;
    let first = pass(loaded, request, recording, 0, watch)?;
    let twice = if request.twice && !first.interrupted {
        let second = pass(loaded, request, None, 1, watch)?;
        Some(compare(&first, &second, log.as_deref()))
    } else {
        None
    };
    let mut report = summary::report(loaded, &first);
    if let (Some(path), Some(r)) = (log, &first.recorded) {
        report.log = LogReport { path, bytes: r.bytes, records: r.head.size, root: r.head.root.to_string(), key: hex(&key.0) };
    }
    if let Some(t) = &twice
        && !t.same
    {
        report.reasons.insert(0, format!("two runs differ: {}", t.first_difference.clone().unwrap_or_default()));
        report.outcome = report.outcome.max(Outcome::Nondeterminism);
    }
    report.twice = twice;
    Ok(report)
}

fn hex(b: &[u8]) -> String {
    b.iter().map(|b| format!("{b:02x}")).collect()
}

fn log_path(loaded: &Loaded, request: &RunRequest) -> Result<Option<PathBuf>, RunError> {
    let Some(folder) = &request.out else { return Ok(None) };
    std::fs::create_dir_all(folder).map_err(|source| RunError::Folder { path: folder.clone(), source })?;
    let stem = loaded.path.file_stem().map_or_else(|| "run".into(), |s| s.to_string_lossy().into_owned());
    let stem = stem.strip_suffix(".scenario").unwrap_or(&stem).to_owned();
    Ok(Some(folder.join(format!("{stem}-{}.mcap", loaded.setup.resolved.seed))))
}

/// What the black box of a run starts with.
#[must_use]
pub fn open_info(loaded: &Loaded, o: Overrides) -> OpenInfo {
    let r = &loaded.setup.resolved;
    let name: String = loaded
        .path
        .file_stem()
        .map_or_else(|| "run".into(), |s| s.to_string_lossy().into_owned())
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.' { c } else { '-' })
        .collect();
    let manifest = Manifest {
        run: format!("{name}/{}", r.seed),
        domain: domain::domain(),
        tick: r.tick,
        seed: r.seed,
        title: r.title.clone(),
        scenario: loaded.text.clone().into_bytes(),
        site_name: loaded.site.name.clone(),
        site: loaded.origin(o),
        decisions: Vec::new(),
        notes: Vec::new(),
    };
    OpenInfo::new(format!("nooterra/simulation/{name}/{}", r.seed), loaded.setup.chance().secret("recorder"), manifest)
}

fn pass(
    loaded: &Loaded,
    request: &RunRequest,
    mut recording: Option<Recording>,
    number: u32,
    watch: &mut Watch<'_>,
) -> Result<Pass, RunError> {
    let begun = Clock::now();
    nooterra_engine::marks::take();
    let mut drive = Drive::new(loaded.setup.clone())?;
    let mut judge = Judge::new(&loaded.setup);
    let mut counts = Counts::default();
    let mut trail = Trail::new(&loaded.setup.genesis());
    let mut running = Hasher::new();
    let (mut interrupted, mut told) = (false, Clock::now());
    let duration = Instant(loaded.setup.resolved.duration.0);
    let tick_ns = loaded.setup.resolved.tick.0;
    while !drive.is_over() {
        let stepped = drive.tick_with(|stage, tape| stage.step(&mut Counting { tape, counts: &mut counts, trail: &mut trail }));
        if drive.stage.tick().is_multiple_of(TICKS_A_TAPE) {
            recording = send(&mut drive, &mut running, recording)?;
        }
        let at = drive.stage.now();
        if let Err(e) = stepped {
            judge.host(Class::Safety, at, drive.stage.tick(), e.to_string());
            break;
        }
        if judge.tick(&drive.stage, &trail) {
            break;
        }
        if at.0 / 1_000_000_000 != (at.0 - tick_ns) / 1_000_000_000 {
            judge.second(&drive.stage, &counts, drive.stops);
            if (at.0 / 1_000_000_000).is_multiple_of(TRAIL_EVERY_S) {
                trail.state(at, drive.stage.tick(), drive.stage.control.state());
            }
        }
        if drive.stage.tick().is_multiple_of(50) && told.elapsed() >= Duration::from_millis(50) {
            told = Clock::now();
            let t = drive.stage.control.tally();
            let jobs = (u64::from(t.settled + t.withdrawn), u64::from(t.requested));
            if !watch(Progress { at, duration, jobs, wall: begun.elapsed(), pass: number }) {
                interrupted = true;
                break;
            }
            if request.budget.is_some_and(|b| begun.elapsed() > b) {
                judge.host(
                    Class::Budget,
                    at,
                    drive.stage.tick(),
                    format!("the time budget is used up after {:.0} s", begun.elapsed().as_secs_f64()),
                );
                break;
            }
        }
    }
    let reason = if interrupted { "interrupted" } else { "run over" };
    recording = send(&mut drive, &mut running, recording)?;
    let recorded = recording.map(|r| r.close(drive.stage.tick(), drive.stage.now(), reason)).transpose()?;
    let closest_m = judge.closest_m();
    let stops = drive.stops;
    // What the report says is how it stands now, not how it stood at the last full second.
    if !interrupted {
        judge.second(&drive.stage, &counts, stops);
    }
    let judge_last = judge.last().clone();
    let verdict = judge.finish(&drive.stage, &counts, interrupted, trail);
    let marks = drive.stage.take_marks();
    Ok(Pass {
        drive,
        counts,
        verdict,
        judge_last,
        closest_m,
        digest: running.finish(),
        interrupted,
        wall: begun.elapsed(),
        recorded,
        marks,
    })
}

/// Hands what was said to the recorder, and counts it in.
fn send(drive: &mut Drive, running: &mut Hasher, recording: Option<Recording>) -> Result<Option<Recording>, RunError> {
    for (_, bytes) in drive.tape.lines() {
        running.u64(bytes.len() as u64).bytes(bytes);
    }
    let Some(mut r) = recording else {
        drive.tape.clear();
        return Ok(None);
    };
    let full = std::mem::take(&mut drive.tape);
    let empty: Tape = r.send(full)?;
    drive.tape = empty;
    Ok(Some(r))
}

/// Two passes over the same run. If they differ and there is a log, replaying it names the place.
fn compare(a: &Pass, b: &Pass, log: Option<&Path>) -> Twice {
    if a.digest == b.digest && a.drive.stage.tick() == b.drive.stage.tick() {
        return Twice { same: true, first_difference: None };
    }
    let named = log.and_then(|p| crate::replay::replay(p, crate::replay::Range::default(), &mut |_| true).ok());
    let place = named.and_then(|r| r.report.divergence).map(|d| d.to_string());
    let fallback = format!("digests of all that was said: {} and {}", a.digest.short(), b.digest.short());
    Twice { same: false, first_difference: Some(place.unwrap_or(fallback)) }
}
