//! `scenario check`, `scenario schema`, `scenario list`.

use crate::args::{Format, ScenarioCommand};
use crate::commands::site::{draw, find_level};
use crate::failures;
use crate::files::{find_scenario, library};
use crate::out::{Failure, Out, exit};
use crate::table::{Lean, table};
use nooterra_engine::geom::Pose2;
use nooterra_runner::{Loaded, Overrides, load};
use nooterra_script::resolved::{Process, RobotStart};
use nooterra_site::Area;
use nooterra_site::draw::{Figure, FigureKind, Options};
use serde::Serialize;
use std::path::Path;

/// Runs the command.
pub fn scenario(command: &ScenarioCommand, out: &Out) -> Result<u8, Failure> {
    match command {
        ScenarioCommand::Check { scenario, seed, out: to, level } => {
            check(scenario, *seed, to.as_deref().map(|t| (t, level.as_deref())), out)
        }
        ScenarioCommand::Schema => out.result(&nooterra_script::schema::json()).map(|()| exit::PASS),
        ScenarioCommand::List => list(out),
    }
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    file: String,
    shows: String,
}

fn list(out: &Out) -> Result<u8, Failure> {
    let mut rows = Vec::new();
    for (name, path) in library() {
        // The first line of a scenario says what it shows.
        let first = std::fs::read_to_string(&path).unwrap_or_default().lines().next().unwrap_or_default().to_owned();
        rows.push(Row { name, file: path.display().to_string(), shows: first.trim_start_matches('#').trim().to_owned() });
    }
    if out.format == Format::Json {
        out.json(&rows)?;
    } else if rows.is_empty() {
        out.result("no library found from here\n")?;
    } else {
        let cells: Vec<Vec<String>> = rows.into_iter().map(|r| vec![r.name, r.shows]).collect();
        out.result(&(table(&[("scenario", Lean::Left), ("shows", Lean::Left)], &cells).join("\n") + "\n"))?;
    }
    Ok(exit::PASS)
}

/// What a scenario becomes, for machines.
#[derive(Debug, Serialize)]
struct Summary {
    scenario: String,
    site: String,
    title: String,
    seed: u64,
    duration_s: f64,
    robots: Vec<Robot>,
    providers: Vec<String>,
    requesters: Vec<String>,
    streams: Vec<Stream>,
    areas: Vec<String>,
    faults: Vec<String>,
    people: usize,
    expectations: Vec<String>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Robot {
    name: String,
    model: String,
    provider: String,
    at: String,
    graph: u32,
}

#[derive(Debug, Serialize)]
struct Stream {
    requester: String,
    when: String,
    trips: usize,
    from: Vec<String>,
    to: Vec<String>,
}

fn summary(l: &Loaded) -> Summary {
    let (r, site) = (&l.setup.resolved, &l.setup.site);
    let vertex = |v: nooterra_site::VertexIx| {
        let v = &site.vertices[v.at()];
        let name = if v.name.is_empty() { format!("({:.1}, {:.1})", v.at.x, v.at.y) } else { v.name.clone() };
        if site.levels.len() > 1 { format!("{}:{name}", site.levels[v.level.at()].name) } else { name }
    };
    let distinct = |mut names: Vec<String>| {
        names.sort();
        names.dedup();
        names
    };
    let when = |p: &Process| match p {
        Process::Poisson { mean_gap } => format!("one in {mean_gap} on average"),
        Process::Fixed { at } => format!("{} times", at.len()),
        Process::Every { gap, .. } => format!("every {gap}"),
    };
    let lasts = |f: &nooterra_engine::faults::Fault<nooterra_script::resolved::FaultKind>| {
        let span = f.lasts.map_or_else(String::new, |s| format!(" for {s}"));
        format!("{} at {}{span}", f.kind.word(), f.at)
    };
    let area = |a: &Area| {
        let inside = site.vertices.iter().filter(|v| v.level == a.level && !v.name.is_empty() && a.contains(v.at));
        let names: Vec<&str> = inside.map(|v| v.name.as_str()).collect();
        let what = if names.is_empty() { "no named place".to_owned() } else { names.join(", ") };
        let class = format!("{:?}", a.class).to_lowercase();
        format!("{} ({class}, {}): {what}", a.name, site.levels[a.level.at()].name)
    };
    Summary {
        scenario: l.path.display().to_string(),
        site: crate::report::tidy(&l.site_path.display().to_string()),
        title: r.title.clone(),
        seed: r.seed,
        duration_s: r.duration.as_secs_f64(),
        robots: r
            .robots
            .iter()
            .map(|b| Robot {
                name: b.name.clone(),
                model: r.models[b.model as usize].name.clone(),
                provider: r.providers[b.provider as usize].name.clone(),
                at: vertex(b.start),
                graph: b.graph_idx,
            })
            .collect(),
        providers: r.providers.iter().map(|p| p.name.clone()).collect(),
        requesters: r.requesters.iter().map(|p| p.name.clone()).collect(),
        streams: r
            .demand
            .iter()
            .map(|d| Stream {
                requester: r.requesters[d.requester as usize].name.clone(),
                when: when(&d.process),
                trips: d.trips.len(),
                from: distinct(d.trips.iter().map(|t| vertex(t.from)).collect()),
                to: distinct(d.trips.iter().map(|t| vertex(t.to)).collect()),
            })
            .collect(),
        areas: site.areas.iter().map(area).collect(),
        faults: r.faults.faults.iter().map(lasts).collect(),
        people: r.people.len(),
        expectations: r.expect.iter().map(|e| e.text.clone()).collect(),
        notes: r.notes.clone(),
    }
}

fn check(given: &str, seed: Option<u64>, drawing: Option<(&Path, Option<&str>)>, out: &Out) -> Result<u8, Failure> {
    let loaded = load(&find_scenario(given)?, Overrides { seed, duration: None }).map_err(|e| failures::load(&e))?;
    if let Some((to, level)) = drawing {
        let level = level.map(|name| find_level(&loaded.setup.site, name)).transpose()?;
        let r = &loaded.setup.resolved;
        let robot = |b: &RobotStart| {
            let v = &loaded.setup.site.vertices[b.start.at()];
            let radius_m = r.models[b.model as usize].footprint_radius_m;
            let pose = Pose2 { at: v.at, theta_rad: 0.0 };
            Figure { level: v.level, pose, kind: FigureKind::Robot { radius_m }, name: b.name.clone(), colour: b.provider as usize + 1 }
        };
        let options = Options {
            level,
            title: Some(r.title.clone()),
            spawns: false,
            figures: r.robots.iter().map(robot).collect(),
            ..Options::default()
        };
        draw(&loaded.setup.site, &options, to)?;
    }
    let s = summary(&loaded);
    if out.format == Format::Json {
        out.json(&s)?;
        return Ok(exit::PASS);
    }
    let p = out.paint();
    let short = |names: &[String]| match names {
        [] => "nowhere".to_owned(),
        [a] => a.clone(),
        [a, b] => format!("{a}, {b}"),
        [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
    };
    let mut lines = vec![
        p.bold(&format!("{} (seed {}, {})", s.title, s.seed, loaded.setup.resolved.duration)),
        format!("  {} on {}", s.scenario, s.site),
        String::new(),
    ];
    let cells: Vec<Vec<String>> =
        s.robots.iter().map(|r| vec![r.name.clone(), r.model.clone(), r.provider.clone(), r.at.clone(), r.graph.to_string()]).collect();
    let left = Lean::Left;
    lines.extend(table(&[("robot", left), ("model", left), ("provider", left), ("starts at", left), ("graph", Lean::Right)], &cells));
    lines.push(String::new());
    let cells: Vec<Vec<String>> =
        s.streams.iter().map(|d| vec![d.requester.clone(), d.when.clone(), short(&d.from), short(&d.to)]).collect();
    lines.extend(table(&[("requester", left), ("asks", left), ("from", left), ("to", left)], &cells));
    for (what, items) in [("areas", &s.areas), ("faults", &s.faults), ("expectations", &s.expectations), ("notes", &s.notes)] {
        if !items.is_empty() {
            lines.push(String::new());
            lines.push(p.bold(&format!("  {what}")));
            lines.extend(items.iter().take(40).map(|i| format!("    {i}")));
            if items.len() > 40 {
                lines.push(format!("    … and {} more", items.len() - 40));
            }
        }
    }
    lines.push(String::new());
    if let Some((to, _)) = drawing {
        lines.push(format!("  drawn in {}", to.display()));
    }
    lines.push(format!("{} the scenario is complete", p.good("ok")));
    out.result(&(lines.join("\n") + "\n"))?;
    Ok(exit::PASS)
}
