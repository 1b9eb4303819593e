//! `site check` and `site show`.

use crate::args::{Format, SiteCommand};
use crate::files::{is_grid, load_site, render_finding};
use crate::out::{Failure, Out, exit};
use crate::table::{Lean, table};
use nooterra_site::draw::{Options, png, svg};
use nooterra_site::model::Site;
use nooterra_site::{Finding, Imported, LevelIx, Severity};
use serde::Serialize;
use std::path::Path;

/// Runs the command.
pub fn site(command: &SiteCommand, out: &Out) -> Result<u8, Failure> {
    match command {
        SiteCommand::Check { file } => check(file, out),
        SiteCommand::Show { file, out: to, level, trails, width } => {
            let drawing = Drawing { to: to.as_deref(), level: level.as_deref(), trails: trails.as_deref(), width_px: *width };
            show(file, &drawing, out)
        }
    }
}

/// Free cells of a grid up to which its vertices and lanes are drawn.
const DRAWN_CELLS_MAX: usize = 400;

/// What a building holds, for machines.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    file: String,
    name: &'a str,
    levels: Vec<LevelSummary<'a>>,
    vertices: usize,
    named_vertices: usize,
    lanes: usize,
    doors: usize,
    lifts: usize,
    graphs: usize,
    spawns: Vec<SpawnSummary<'a>>,
    dispensers: usize,
    ingestors: usize,
    chargers: usize,
    transfer_places: usize,
    findings: &'a [Finding],
}

#[derive(Debug, Serialize)]
struct LevelSummary<'a> {
    name: &'a str,
    elevation_m: f64,
    vertices: usize,
    walls: usize,
    floors: usize,
    doors: usize,
}

#[derive(Debug, Serialize)]
struct SpawnSummary<'a> {
    robot: &'a str,
    model: &'a str,
    level: &'a str,
    vertex: &'a str,
}

fn summary<'a>(file: &Path, s: &'a Site, findings: &'a [Finding]) -> Summary<'a> {
    let on = |l: usize, v: LevelIx| v.at() == l;
    let level = |(i, l): (usize, &'a nooterra_site::model::Level)| LevelSummary {
        name: &l.name,
        elevation_m: l.elevation_m,
        vertices: s.vertices.iter().filter(|v| on(i, v.level)).count(),
        walls: l.walls.len(),
        floors: l.floors.len(),
        doors: s.doors.iter().filter(|d| on(i, d.level)).count(),
    };
    let spawn = |p: &'a nooterra_site::model::Spawn| {
        let v = &s.vertices[p.vertex.at()];
        SpawnSummary { robot: &p.robot, model: &p.model, level: &s.levels[v.level.at()].name, vertex: &v.name }
    };
    Summary {
        file: file.display().to_string(),
        name: &s.name,
        levels: s.levels.iter().enumerate().map(level).collect(),
        vertices: s.vertices.len(),
        named_vertices: s.vertices.iter().filter(|v| !v.name.is_empty()).count(),
        lanes: s.lanes.len(),
        doors: s.doors.len(),
        lifts: s.lifts.len(),
        graphs: s.graphs.len(),
        spawns: s.spawns.iter().map(spawn).collect(),
        dispensers: s.vertices.iter().filter(|v| v.pickup_dispenser.is_some()).count(),
        ingestors: s.vertices.iter().filter(|v| v.dropoff_ingestor.is_some()).count(),
        chargers: s.vertices.iter().filter(|v| v.flags.is_charger).count(),
        transfer_places: s.vertices.iter().filter(|v| v.flags.is_transfer_place).count(),
        findings,
    }
}

fn check(file: &Path, out: &Out) -> Result<u8, Failure> {
    let (text, Imported { site, findings, .. }) = load_site(file)?;
    if out.format == Format::Json {
        out.json(&summary(file, &site, &findings))?;
        return Ok(exit::PASS);
    }
    let mut all = String::new();
    for f in &findings {
        all.push_str(&render_finding(f, file, &text));
        all.push('\n');
    }
    let count = |s: Severity| findings.iter().filter(|f| f.severity == s).count();
    let p = out.paint();
    let places = match site.vertices.iter().filter(|v| v.flags.is_transfer_place).count() {
        0 => String::new(),
        1 => "; 1 transfer place".to_owned(),
        n => format!("; {n} transfer places"),
    };
    let counts = format!("{} warnings, {} notes{places}", count(Severity::Warning), count(Severity::Note));
    all.push_str(&format!("{} {}: can be used; {counts}\n", p.good("ok"), file.display()));
    out.result(&all)?;
    Ok(exit::PASS)
}

/// What is drawn, and where to.
struct Drawing<'a> {
    to: Option<&'a Path>,
    level: Option<&'a str>,
    trails: Option<&'a Path>,
    width_px: u32,
}

fn show(file: &Path, d: &Drawing<'_>, out: &Out) -> Result<u8, Failure> {
    let (_, Imported { site, findings, .. }) = load_site(file)?;
    let level = match d.level {
        None => None,
        Some(name) => Some(find_level(&site, name)?),
    };
    if let Some(to) = d.to {
        let mut options = Options { level, width_px: d.width_px, ..Options::default() };
        if is_grid(file) && site.vertices.len() > DRAWN_CELLS_MAX {
            // Every cell has its vertex and lanes: on a large grid they hide the map.
            (options.lanes, options.names, options.legend) = (false, false, false);
        }
        if let Some(log) = d.trails {
            (options.trails, options.figures) = nooterra_runner::trails(log, &site).map_err(|e| crate::failures::replay(&e))?;
            options.spawns = false;
        }
        draw(&site, &options, to)?;
    }
    let s = summary(file, &site, &findings);
    if out.format == Format::Json {
        out.json(&s)?;
        return Ok(exit::PASS);
    }
    let p = out.paint();
    let mut lines = vec![p.bold(&format!("{} ({})", s.name, s.file)), String::new()];
    let num = |n: usize| n.to_string();
    let rows: Vec<Vec<String>> = s
        .levels
        .iter()
        .map(|l| vec![l.name.into(), format!("{:.2}", l.elevation_m), num(l.vertices), num(l.walls), num(l.floors), num(l.doors)])
        .collect();
    let r = Lean::Right;
    lines.extend(table(&[("level", Lean::Left), ("elevation m", r), ("vertices", r), ("walls", r), ("floors", r), ("doors", r)], &rows));
    lines.push(String::new());
    lines.push(format!(
        "  {} lanes on {} graphs, {} named vertices, {} doors, {} lifts",
        s.lanes, s.graphs, s.named_vertices, s.doors, s.lifts
    ));
    lines.push(format!("  {} dispensers, {} ingestors, {} chargers", s.dispensers, s.ingestors, s.chargers));
    lines.push(match s.transfer_places {
        0 => "  no transfer places: what a robot carries is not handed to another".to_owned(),
        1 => "  1 transfer place".to_owned(),
        n => format!("  {n} transfer places"),
    });
    if !s.spawns.is_empty() {
        lines.push(String::new());
        let rows: Vec<Vec<String>> =
            s.spawns.iter().map(|p| vec![p.robot.into(), p.model.into(), format!("{}:{}", p.level, p.vertex)]).collect();
        lines.extend(table(&[("robot", Lean::Left), ("model", Lean::Left), ("stands at", Lean::Left)], &rows));
    }
    let warnings = findings.iter().filter(|f| f.severity != Severity::Note).count();
    if warnings > 0 {
        lines.push(String::new());
        lines.push(p.warn(&format!("  {warnings} warnings; `nooterra site check {}` lists them", s.file)));
    }
    if let Some(to) = d.to {
        lines.push(String::new());
        lines.push(format!("  drawn in {}", to.display()));
    }
    out.result(&(lines.join("\n") + "\n"))?;
    Ok(exit::PASS)
}

/// The level of this name.
pub(super) fn find_level(site: &Site, name: &str) -> Result<LevelIx, Failure> {
    let ix = site.levels.iter().position(|l| l.name == name).and_then(|i| u32::try_from(i).ok());
    ix.map(LevelIx::new).ok_or_else(|| {
        let remedy = nooterra_script::flaw::nearest(name, site.levels.iter().map(|l| l.name.as_str()));
        Failure::usage(format!("the site has no level `{name}`"), &remedy)
    })
}

/// Draws a site into a file, in the form that its name ends with.
pub(super) fn draw(site: &Site, options: &Options, to: &Path) -> Result<(), Failure> {
    let bytes = match to.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => svg(site, options).into_bytes(),
        Some("png") => {
            png(site, options).ok_or_else(|| Failure::usage("the drawing is too large for a PNG", "lower `--width` or write `.svg`"))?
        }
        _ => return Err(Failure::usage(format!("`{}` ends neither in .svg nor in .png", to.display()), "choose one of them")),
    };
    std::fs::write(to, bytes).map_err(|e| Failure::usage(format!("`{}` cannot be written: {e}", to.display()), "does its folder exist?"))
}
