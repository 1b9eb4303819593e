//! The black box: speed, size, what it costs a run, and what one finds in it.

use crate::row::{Goal, Row};
use nooterra_benches::clock::{Stopwatch, peak_memory_bytes};
use nooterra_benches::{logs, warehouse};
use nooterra_blackbox::telemetry::{FrameTransforms, Log, SceneUpdate};
use nooterra_blackbox::words::State;
use nooterra_blackbox::{Channel, LogIndex, Manifest, OpenInfo, Policy, RecordError, Recorder, verify};
use nooterra_engine::keyframe::{Keyframe, StateRoots};
use nooterra_engine::{Instant, Span, decode};
use nooterra_runner::drive::Drive;
use nooterra_runner::load::Loaded;
use nooterra_runner::replay::Range;
use nooterra_runner::tape::{Slot, Tape};
use nooterra_runner::{Overrides, RunRequest, replay, run};
use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Command;

const ROBOTS: usize = 50;
const RUN_S: u64 = 120;
const RECORDS: u64 = 1_000_000;

/// All rows.
pub fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut rows = speed(folder.path())?;
    let loaded = warehouse::loaded(folder.path(), ROBOTS, 60)?;
    rows.extend(overhead(folder.path(), &loaded)?);
    rows.extend(size_and_divergence(folder.path(), &loaded)?);
    rows.extend(seek(folder.path(), &loaded)?);
    Ok(rows)
}

fn speed(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let path = folder.join("speed.mcap");
    let watch = Stopwatch::start();
    logs::write(BufWriter::with_capacity(1 << 18, File::create(&path)?), RECORDS)?.flush()?;
    let written = RECORDS as f64 / watch.worked().as_secs_f64();
    // In a process of its own, so that its memory is its own.
    let out = Command::new(std::env::current_exe()?).arg("--verify").arg(&path).output()?;
    let v: serde_json::Value = serde_json::from_slice(&out.stdout)?;
    let f = |name: &str| v[name].as_f64().unwrap_or_default();
    Ok(vec![
        Row::new("log: sealed records", written / 1e3, "k/s", Goal::AtLeast(300.0)),
        Row::new("log: verify, records", f("records") / f("seconds") / 1e3, "k/s", Goal::AtLeast(1_000.0)),
        Row::new("log: verify, bytes of records", f("bytes") / f("seconds") / 1e6, "MB/s", Goal::AtLeast(500.0))
            .remark(format!("{:.0} bytes of payload a record", f("bytes") / f("records"))),
        Row::new("log: verify, peak memory", f("peak") / 1e6, "MB", Goal::AtMost(64.0)),
    ])
}

/// Verifies a file and says what it took, for the parent process.
pub fn verify_alone(file: &str) -> Result<(), Box<dyn Error>> {
    let watch = Stopwatch::start();
    let v = verify(BufReader::with_capacity(1 << 18, File::open(file)?), &Policy::default());
    let seconds = watch.worked().as_secs_f64();
    if !v.accepts() {
        return Err("a log that was just written does not hold".into());
    }
    let peak = peak_memory_bytes();
    println!("{}", serde_json::json!({"records": v.counts.records, "bytes": v.counts.payload_bytes, "seconds": seconds, "peak": peak}));
    Ok(())
}

/// Processor time of the whole process, in steps of ten milliseconds.
fn process_seconds() -> f64 {
    let Ok(s) = std::fs::read_to_string("/proc/self/stat") else { return 0.0 };
    let after = s.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn overhead(folder: &Path, loaded: &Loaded) -> Result<Vec<Row>, Box<dyn Error>> {
    let end = RUN_S * 1_000_000_000;
    let once = |out: Option<&Path>| -> Result<(f64, f64), Box<dyn Error>> {
        let request = RunRequest {
            scenario: loaded.path.clone(),
            overrides: Overrides { seed: None, duration: Some(Span::from_secs(RUN_S)) },
            out: out.map(Path::to_owned),
            twice: false,
            budget: None,
        };
        let (watch, all) = (Stopwatch::start(), process_seconds());
        run(&request, &mut |p| p.at.0 < end)?;
        Ok((watch.worked().as_secs_f64(), process_seconds() - all))
    };
    let (mut off, mut on, mut all_off, mut all_on) = (0.0, 0.0, 0.0, 0.0);
    for _ in 0..2 {
        let (a, b) = once(None)?;
        off += a;
        all_off += b;
        let (a, b) = once(Some(folder))?;
        on += a;
        all_on += b;
    }
    let percent = |a: f64, b: f64| 100.0 * (a / b - 1.0);
    Ok(vec![
        Row::new("recording, 50 robots: the run's own thread", percent(on, off), "%", Goal::AtMost(5.0))
            .remark("the recorder has a thread of its own"),
        Row::new("recording, 50 robots: both threads' work", percent(all_on, all_off), "%", Goal::None),
    ])
}

/// Copies tapes into a log.
struct Copyist<W: Write> {
    recorder: Recorder<W>,
    channels: Vec<Option<Channel>>,
}

impl<W: Write> Copyist<W> {
    fn new(sink: W, loaded: &Loaded) -> Result<Self, RecordError> {
        let r = &loaded.setup.resolved;
        let manifest = Manifest {
            run: "figures".into(),
            domain: nooterra_runner::domain::domain(),
            tick: r.tick,
            seed: r.seed,
            title: r.title.clone(),
            scenario: loaded.text.clone().into_bytes(),
            site_name: loaded.site.name.clone(),
            site: loaded.origin(Overrides::default()),
            ..Manifest::default()
        };
        let mut recorder = Recorder::new(sink, &OpenInfo::new("nooterra/figures/run/1", [5; 32], manifest))?;
        let mut channels = Vec::new();
        for s in Slot::ALL {
            channels.push(match s {
                Slot::Root | Slot::Roots | Slot::Keyframe => None,
                Slot::Transforms => Some(recorder.telemetry_channel::<FrameTransforms>(s.topic())?),
                Slot::Scene => Some(recorder.telemetry_channel::<SceneUpdate>(s.topic())?),
                Slot::Log => Some(recorder.telemetry_channel::<Log>(s.topic())?),
                s => Some(recorder.channel_of(s.kind(), &s.shape())?),
            });
        }
        Ok(Self { recorder, channels })
    }
    fn copy(&mut self, tape: &Tape, keep: impl Fn(Slot) -> bool, mut change: impl FnMut(Slot, &mut Vec<u8>)) -> Result<(), Box<dyn Error>> {
        for (l, bytes) in tape.lines().filter(|(l, _)| keep(l.slot)) {
            let mut bytes = bytes.to_vec();
            change(l.slot, &mut bytes);
            match l.slot {
                Slot::Root => self.recorder.end_tick(l.tick, l.at, decode::<State>(&bytes)?.root)?,
                Slot::Roots => self.recorder.roots(l.tick, l.at, &decode::<StateRoots>(&bytes)?)?,
                Slot::Keyframe => self.recorder.keyframe(l.tick, l.at, &decode::<Keyframe>(&bytes)?)?,
                s => match self.channels[s as usize] {
                    Some(c) => self.recorder.record_bytes(c, l.tick, l.at, &bytes, &[])?,
                    None => continue,
                },
            };
        }
        Ok(())
    }
}

fn size_and_divergence(folder: &Path, loaded: &Loaded) -> Result<Vec<Row>, Box<dyn Error>> {
    let telemetry = |s: Slot| matches!(s, Slot::Transforms | Slot::Scene | Slot::Log);
    let path = folder.join("changed.mcap");
    let mut quiet = Copyist::new(Vec::new(), loaded)?;
    let mut lean = Copyist::new(Vec::new(), loaded)?;
    let mut changed = Copyist::new(BufWriter::new(File::create(&path)?), loaded)?;
    let mut drive = Drive::new(loaded.setup.clone())?;
    let mut to_change = true;
    let mut by_slot = vec![(0u64, 0u64); Slot::ALL.len()];
    while drive.stage.now() < Instant::from_secs(RUN_S) {
        drive.tick()?;
        for (l, b) in drive.tape.lines() {
            by_slot[l.slot as usize].0 += 1;
            by_slot[l.slot as usize].1 += b.len() as u64;
        }
        quiet.copy(&drive.tape, |s| !telemetry(s), |_, _| {})?;
        lean.copy(&drive.tape, |s| !telemetry(s) && s != Slot::Keyframe, |_, _| {})?;
        let late = drive.stage.now() > Instant::from_secs(RUN_S - 5);
        changed.copy(
            &drive.tape,
            |_| true,
            |s, b| {
                if late && to_change && s == Slot::Input && b.len() > 40 {
                    to_change = false;
                    let at = b.len() - 20;
                    b[at] ^= 1;
                }
            },
        )?;
        drive.tape.clear();
    }
    let (tick, at) = (drive.stage.tick(), drive.stage.now());
    let quiet = quiet.recorder.close(tick, at, "run over")?.0.len();
    let lean = lean.recorder.close(tick, at, "run over")?.0.len();
    changed.recorder.close(tick, at, "run over")?.0.flush()?;
    let robot_hours = ROBOTS as f64 * at.as_secs_f64() / 3_600.0;
    let mb = |bytes: usize| bytes as f64 / 1e6 / robot_hours;
    let per_s = |s: Slot| {
        let (n, b) = by_slot[s as usize];
        format!("{s:?} {:.1}/s {:.0} B/s", n as f64 / at.as_secs_f64(), b as f64 / at.as_secs_f64())
    };
    let story: Vec<String> = Slot::ALL.into_iter().filter(|s| by_slot[*s as usize].0 > 0).map(per_s).collect();
    let watch = Stopwatch::start();
    let r = replay(&path, Range::default(), &mut |_| true)?;
    let named = watch.worked().as_secs_f64();
    let divergence = r.report.divergence.map_or_else(|| "nothing was found".into(), |d| d.to_string().replace('\n', " "));
    Ok(vec![
        Row::new("log size per robot-hour, no telemetry", mb(quiet), "MB", Goal::AtMost(1.0)).remark(story.join(", ")),
        Row::new("log size per robot-hour, no keyframes either", mb(lean), "MB", Goal::None),
        Row::new("a divergence late in two minutes named in", named, "s", Goal::AtMost(10.0))
            .remark(divergence.chars().take(160).collect::<String>()),
    ])
}

fn seek(folder: &Path, loaded: &Loaded) -> Result<Vec<Row>, Box<dyn Error>> {
    let stem = loaded.path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let path = folder.join(format!("{stem}-{}.mcap", loaded.setup.resolved.seed));
    let open = || File::open(&path).map(|f| BufReader::with_capacity(1 << 16, f));
    let watch = Stopwatch::start();
    let index = LogIndex::build(&mut open()?)?;
    let built = watch.worked().as_secs_f64() * 1e3;
    let (mut sum, mut worst, mut thawing, mut n) = (0.0, 0.0f64, 0.0, 0.0);
    for (i, s) in (15..RUN_S - 5).step_by(9).enumerate() {
        let at = Instant(s * 1_000_000_000 + i as u64 * 900_000_000 % 1_000_000_000);
        let watch = Stopwatch::start();
        let k = index.resume(open()?, at)?.ok_or("there is a keyframe every ten seconds")?.keyframe;
        let mut drive = Drive::at(loaded.setup.clone(), &k)?;
        thawing += watch.worked().as_secs_f64() * 1e3;
        while drive.stage.now() < at {
            drive.tick()?;
            drive.tape.clear();
        }
        let ms = watch.worked().as_secs_f64() * 1e3;
        sum += ms;
        worst = worst.max(ms);
        n += 1.0;
    }
    Ok(vec![
        Row::new("seek, 50 robots, mean", sum / n, "ms", Goal::AtMost(100.0))
            .remark(format!("of it {:.1} ms to the thawed keyframe; index built once in {built:.1} ms", thawing / n)),
        Row::new("seek, 50 robots, worst", worst, "ms", Goal::AtMost(100.0)),
    ])
}
