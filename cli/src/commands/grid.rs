//! `grid`: a problem of the League of Robot Runners from its files to a report.

use crate::args::{Format, Grid};
use crate::files::read_text;
use crate::league::Recording;
use crate::out::{Failure, Out, exit};
use crate::progress::Bar;
use crate::{failures, stop};
use nooterra_dispatch::grid::{Claim, Effort, Fault, Judge, Lifelong, Settings};
use nooterra_engine::Instant as Simulated;
use nooterra_site::Finding;
use nooterra_site::grid::{GridMap, Problem, read, read_agents, read_problem, read_tasks};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Largest file of a problem.
const FILE_LIMIT: u64 = 256 << 20;

/// What a run came to.
#[derive(Debug, Serialize)]
struct Report {
    problem: String,
    agents: usize,
    free_cells: usize,
    steps: u32,
    seed: u64,
    depth: usize,
    rounds_percent: u32,
    tasks: Tasks,
    judge: Verdict,
    /// Hash of everything that the run would go on from.
    digest: String,
    wall: Wall,
    remarks: Vec<Finding>,
    #[serde(skip)]
    interrupted: bool,
}

#[derive(Debug, Serialize)]
struct Tasks {
    finished: u32,
    places_visited: u64,
    per_step: f64,
    steps_per_task_of_an_agent: f64,
}

#[derive(Debug, Serialize)]
struct Verdict {
    passed: bool,
    fault: Option<String>,
}

/// Times of this run on this machine; all else is the same in every run.
#[derive(Debug, Default, Serialize)]
struct Wall {
    prepare_ms: f64,
    step_mean_ms: f64,
    step_worst_ms: f64,
    /// Without the judge and the recording, against steps of one second.
    times_real: f64,
}

/// A problem with all that its files hold.
struct Loaded {
    problem: Problem,
    map: GridMap,
    starts: Vec<u32>,
    tasks: Vec<Vec<u32>>,
    remarks: Vec<Finding>,
}

/// Runs the command.
pub fn grid(args: &Grid, out: &Out) -> Result<u8, Failure> {
    let l = load(&args.problem)?;
    let settings = settings(args);
    stop::listen();
    let mut recording = args.out.as_ref().map(|_| Recording::new(&l.starts, &l.map, l.problem.pool));
    let report = run(args, l, settings, out, recording.as_mut())?;
    if let (Some(path), Some(r)) = (&args.out, &recording) {
        let write = |e: std::io::Error| Failure::usage(format!("`{}` cannot be written: {e}", path.display()), "does its folder exist?");
        let file = std::fs::File::create(path).map_err(write)?;
        r.write(std::io::BufWriter::new(file)).map_err(write)?;
    }
    match out.format {
        Format::Json => out.json(&report)?,
        Format::Human => out.result(&human(&report, args, out))?,
    }
    Ok(match (report.judge.passed, report.interrupted) {
        (false, _) => exit::INVARIANT,
        (true, true) => exit::INTERRUPTED,
        (true, false) => exit::PASS,
    })
}

/// The usual settings, but for what the command line says.
fn settings(args: &Grid) -> Settings {
    let usual = Settings::default();
    let effort = Effort { rounds_percent: args.rounds.unwrap_or(usual.effort.rounds_percent), ..usual.effort };
    Settings { seed: args.seed, depth: args.depth.map_or(usual.depth, usize::from), effort, ..usual }
}

fn load(path: &Path) -> Result<Loaded, Failure> {
    let shown = |p: &Path| p.display().to_string();
    let bad = |f: Vec<Finding>| failures::site(&f);
    let text = read_text(path, FILE_LIMIT, "the problem")?;
    let (problem, mut remarks) = read_problem(&shown(path), &text).map_err(bad)?;
    let beside = |name: &str| path.parent().map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
    let file = beside(&problem.map_file);
    let (map, more) = read(&shown(&file), &read_text(&file, FILE_LIMIT, "the map")?).map_err(bad)?;
    remarks.extend(more);
    let file = beside(&problem.agent_file);
    let (starts, more) =
        read_agents(&shown(&file), &read_text(&file, FILE_LIMIT, "the list of agents")?, &map, problem.team_size).map_err(bad)?;
    remarks.extend(more);
    let file = beside(&problem.task_file);
    let (tasks, more) = read_tasks(&shown(&file), &read_text(&file, FILE_LIMIT, "the list of tasks")?, &map).map_err(bad)?;
    remarks.extend(more);
    Ok(Loaded { problem, map, starts, tasks, remarks })
}

#[allow(clippy::cast_precision_loss)] // for people
fn run(args: &Grid, l: Loaded, settings: Settings, out: &Out, mut recording: Option<&mut Recording>) -> Result<Report, Failure> {
    let begun = Instant::now();
    let refused = |e| Failure::usage(format!("`{}`: {e}", args.problem.display()), "");
    let mut crew = Lifelong::new(&l.map, &l.starts, &l.tasks, l.problem.pool, settings).map_err(refused)?;
    let mut judge = Judge::new(&l.map, &l.starts, &l.tasks, l.problem.pool, settings.endless);
    let prepared = begun.elapsed();
    let bar = Bar::new(out, "stepping", seconds(args.steps));
    let (mut spent, mut worst, mut made, mut visited) = (Duration::ZERO, Duration::ZERO, 0u32, 0u64);
    let mut fault: Option<Fault> = None;
    let begun = Instant::now();
    while made < args.steps && !stop::asked() {
        let before = Instant::now();
        let step = crew.step();
        let took = before.elapsed();
        (spent, worst, made) = (spent + took, worst.max(took), made + 1);
        visited += step.visits.len() as u64;
        let visits: Vec<(u32, u32, u32)> = step.visits.iter().map(|v| (v.agent, v.task, v.visited)).collect();
        if let Some(r) = recording.as_deref_mut() {
            r.step(made, &step);
        }
        if let Err(f) = judge.step(Claim { taken: &step.taken, actions: &step.actions, visits: &visits }) {
            fault = Some(f);
            break;
        }
        bar.show(seconds(made), seconds(args.steps), begun.elapsed(), &format!("  tasks {}", crew.state().finished));
    }
    bar.done();
    let finished = crew.state().finished;
    let fault = fault.or_else(|| judge.end(finished).err());
    if let Some(r) = recording {
        r.end(&l.tasks, finished, made);
    }
    let ms = |d: Duration| d.as_secs_f64() * 1e3;
    let steps = f64::from(made.max(1));
    Ok(Report {
        problem: args.problem.display().to_string(),
        agents: l.starts.len(),
        free_cells: l.map.free(),
        steps: made,
        seed: settings.seed,
        depth: settings.depth,
        rounds_percent: settings.effort.rounds_percent,
        tasks: Tasks {
            finished,
            places_visited: visited,
            per_step: f64::from(finished) / steps,
            steps_per_task_of_an_agent: steps * l.starts.len() as f64 / f64::from(finished.max(1)),
        },
        judge: Verdict { passed: fault.is_none(), fault: fault.map(|f| f.to_string()) },
        digest: crew.digest().to_string(),
        wall: Wall {
            prepare_ms: ms(prepared),
            step_mean_ms: ms(spent) / steps,
            step_worst_ms: ms(worst),
            times_real: steps / spent.as_secs_f64().max(1e-9),
        },
        remarks: l.remarks,
        interrupted: made < args.steps && stop::asked(),
    })
}

/// A step is a second.
fn seconds(steps: u32) -> Simulated {
    Simulated(u64::from(steps) * 1_000_000_000)
}

fn human(r: &Report, args: &Grid, out: &Out) -> String {
    let p = out.paint();
    let mut lines = Vec::new();
    if !out.quiet {
        lines.extend(r.remarks.iter().map(|f| p.dim(&f.to_string())));
    }
    lines.push(p.bold(&r.problem));
    lines.push(format!("  {} agents on {} free cells, {} steps, seed {}", r.agents, r.free_cells, r.steps, r.seed));
    lines.push(format!(
        "  tasks     {} finished, {:.3} a step; an agent takes {:.1} steps for one",
        r.tasks.finished, r.tasks.per_step, r.tasks.steps_per_task_of_an_agent
    ));
    lines.push(match &r.judge.fault {
        None => format!("  judge     {}: no collision, every task done in order", p.good("pass")),
        Some(f) => format!("  judge     {}: {f}", p.bad("FAIL")),
    });
    lines.push(format!(
        "  wall      {:.2} ms a step, {:.1} ms at worst, {:.0} ms before the first; {:.0}x real time",
        r.wall.step_mean_ms, r.wall.step_worst_ms, r.wall.prepare_ms, r.wall.times_real
    ));
    lines.push(format!("  digest    {}", r.digest));
    if let Some(path) = &args.out {
        lines.push(format!("  written   {}", path.display()));
    }
    if r.interrupted {
        lines.push(p.warn("  interrupted"));
    }
    lines.join("\n") + "\n"
}
