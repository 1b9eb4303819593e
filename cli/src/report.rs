//! Reports for people: runs, replays, comparisons.

use crate::args::Diff;
use crate::out::Paint;
use crate::table::{Lean, table};
use nooterra_engine::money::{Currency, decimal};
use nooterra_player::{DiffReport, Divergence};
use nooterra_runner::report::{Judged, MoneyReport, RunReport};
use nooterra_runner::{Outcome, ReplayReport};

/// Jobs shown; the JSON form has all.
const JOBS_SHOWN: usize = 40;
/// Lines shown of any other list.
const LINES_SHOWN: usize = 12;

/// Minor units as money: `EUR 12.50`.
pub fn money(minor: i64, currency: &str) -> String {
    let exponent = Currency::parse(currency).map_or(2, Currency::exponent);
    format!("{currency} {}", decimal(minor.into(), exponent))
}

/// `mm:ss` of simulated time, hours where needed.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
fn clock(seconds: f64) -> String {
    let s = seconds.clamp(0.0, 1e9).round() as u64;
    if s >= 3_600 { format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60) } else { format!("{:02}:{:02}", s / 60, s % 60) }
}

fn some<T>(out: &mut Vec<String>, items: &[T], most: usize, show: impl Fn(&T) -> String) {
    out.extend(items.iter().take(most).map(show));
    if items.len() > most {
        out.push(format!("  … and {} more; `--format json` has all", items.len() - most));
    }
}

fn judged(p: Paint, j: &Judged) -> String {
    let mark = if j.held { p.good("held  ") } else { p.bad("BROKEN") };
    let story = if j.story.is_empty() { String::new() } else { p.dim(&format!("  ({})", j.story)) };
    format!("  {mark}  {}{story}", j.name)
}

fn verdict(p: Paint, o: Outcome) -> String {
    let word = match o {
        Outcome::Pass => return p.good("PASS"),
        Outcome::Expectation => "an expectation was not met",
        Outcome::Liveness => "something did not end",
        Outcome::Budget => "the budget was used up",
        Outcome::Nondeterminism => "two runs differ",
        Outcome::Safety => "safety or an invariant was broken",
        Outcome::Panic => "the program broke its own oath",
        Outcome::Interrupted => return p.warn("interrupted; the log is closed"),
    };
    p.bad(&format!("FAIL: {word} (exit code {})", o.exit_code()))
}

/// A path without `a/..` detours.
pub fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            (".", Some(_)) => {}
            ("..", Some(last)) if !matches!(*last, ".." | "." | "") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    if parts.is_empty() { ".".into() } else { parts.join("/") }
}

/// A finished run.
pub fn human(r: &RunReport, p: Paint) -> String {
    let mut out = vec![p.bold(&format!("{} (seed {})", r.title, r.seed))];
    out.push(format!("  {} on {}", r.scenario, tidy(&r.site)));
    out.push(format!(
        "  {} of demand, {} in all, {:.0}x real time ({:.1} s)",
        clock(r.duration_s),
        clock(r.simulated_s),
        r.real_time_factor,
        r.wall_s
    ));
    for section in [jobs(r, p), books(r, p), fleet(r, p), safety(r, p), judges(r, p), log(r, p)] {
        if !section.is_empty() {
            out.push(String::new());
            out.extend(section);
        }
    }
    out.push(String::new());
    out.push(verdict(p, r.outcome));
    // Expectations have told their story above.
    if !matches!(r.outcome, Outcome::Expectation | Outcome::Interrupted) {
        some(&mut out, &r.reasons, LINES_SHOWN, |w| format!("  {w}"));
    }
    out.join("\n") + "\n"
}

fn jobs(r: &RunReport, p: Paint) -> Vec<String> {
    let j = &r.jobs;
    let mut out = vec![
        p.bold("Jobs"),
        format!("  {} requested, {} booked, {} completed ({} proven), {} settled", j.requested, j.booked, j.completed, j.proven, j.settled),
        format!(
            "  {} withdrawn before booking, {} aborted, {} handed over, {} open at the end",
            j.withdrawn, j.aborted, j.handovers, j.open
        ),
    ];
    if j.completed > 0 {
        out.push(format!("  mean time from request to completion {}", clock(j.mean_completion_s)));
    }
    if !j.rows.is_empty() {
        let cells = |(i, row): (usize, &nooterra_runner::report::JobRow)| {
            vec![
                (i + 1).to_string(),
                clock(row.requested_s),
                row.from.clone(),
                row.to.clone(),
                row.state.clone(),
                row.robot.clone(),
                row.price.clone(),
                row.ended_s.map(clock).unwrap_or_default(),
                row.remark.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = j.rows.iter().enumerate().take(JOBS_SHOWN).map(cells).collect();
        let (l, n) = (Lean::Left, Lean::Right);
        out.push(String::new());
        let heading =
            [("job", n), ("asked", n), ("from", l), ("to", l), ("state", l), ("robot", l), ("price", n), ("done", n), ("remark", l)];
        let mut lines = table(&heading, &rows);
        lines[0] = p.dim(&lines[0]);
        out.extend(lines);
        if j.rows.len() > JOBS_SHOWN {
            out.push(format!("  … and {} more; `--format json` has all", j.rows.len() - JOBS_SHOWN));
        }
    }
    out
}

fn books(r: &RunReport, p: Paint) -> Vec<String> {
    let mut out = Vec::new();
    for m in &r.money {
        if !out.is_empty() {
            out.push(String::new());
        }
        out.extend(book(m, r.money.len() > 1, p));
    }
    out
}

fn book(m: &MoneyReport, several: bool, p: Paint) -> Vec<String> {
    let show = |minor: i64| money(minor, &m.currency);
    let plain = |minor: u64| show(i64::try_from(minor).unwrap_or(i64::MAX));
    let title = if several { format!("Money in {}", m.currency) } else { "Money".to_owned() };
    let mut out = vec![p.bold(&title)];
    let balanced = if m.imbalance_minor == 0 { p.good("balances") } else { p.bad(&format!("is off by {}", show(m.imbalance_minor))) };
    out.push(format!("  captured {}, refunded {}, in escrow {}", plain(m.captured_minor), plain(m.refunded_minor), show(m.escrow_minor)));
    out.push(format!("  the book has {} entries and {balanced}", m.entries));
    if !m.parties.is_empty() {
        let rows: Vec<Vec<String>> =
            m.parties.iter().map(|x| vec![x.name.clone(), x.role.clone(), show(x.earned_minor), show(x.paid_out_minor)]).collect();
        out.push(String::new());
        let (l, n) = (Lean::Left, Lean::Right);
        let mut lines = table(&[("party", l), ("role", l), ("earned", n), ("paid out", n)], &rows);
        lines[0] = p.dim(&lines[0]);
        out.extend(lines);
    }
    out
}

fn fleet(r: &RunReport, p: Paint) -> Vec<String> {
    if r.robots.is_empty() {
        return Vec::new();
    }
    let rows: Vec<Vec<String>> = r
        .robots
        .iter()
        .take(JOBS_SHOWN)
        .map(|b| {
            let (way, charge) = (format!("{:.0} m", b.distance_m), format!("{:.0} %", b.charge_percent));
            vec![b.name.clone(), b.model.clone(), b.provider.clone(), b.jobs.to_string(), way, charge, b.state.clone()]
        })
        .collect();
    let (l, n) = (Lean::Left, Lean::Right);
    let heading = [("robot", l), ("model", l), ("provider", l), ("jobs", n), ("driven", n), ("charge", n), ("at the end", l)];
    let mut lines = table(&heading, &rows);
    lines[0] = p.dim(&lines[0]);
    let mut out = vec![p.bold("Fleet")];
    out.extend(lines);
    if r.robots.len() > JOBS_SHOWN {
        out.push(format!("  … and {} more; `--format json` has all", r.robots.len() - JOBS_SHOWN));
    }
    out
}

fn safety(r: &RunReport, p: Paint) -> Vec<String> {
    let s = &r.safety;
    let mut out = vec![p.bold("Safety")];
    let hard = if s.collisions == 0 { p.good("no collisions") } else { p.bad(&format!("{} collisions", s.collisions)) };
    out.push(format!("  {hard}, {} contacts, the strongest {:.2} N s", s.contacts, to_ns(s.strongest_mns)));
    let near = s.closest_robots_m.map_or(String::new(), |m| format!(", robots never closer than {m:.2} m"));
    out.push(format!("  {} protective stops, {} commands clamped{near}", s.protective_stops, s.clamps));
    if !r.faults.is_empty() {
        out.push(format!("  {} faults injected:", r.faults.len()));
        some(&mut out, &r.faults, LINES_SHOWN, |f| format!("    {f}"));
    }
    if r.incidents.is_empty() {
        out.push("  no incidents".into());
    } else {
        out.push(format!("  {} {}:", r.incidents.len(), if r.incidents.len() == 1 { "incident" } else { "incidents" }));
        some(&mut out, &r.incidents, LINES_SHOWN, |i| format!("    {i}"));
    }
    out
}

#[allow(clippy::cast_precision_loss)] // for people
fn to_ns(mns: u64) -> f64 {
    mns as f64 / 1_000.0
}

/// Judges named on one line.
const NAMES_A_LINE: usize = 3;

fn judges(r: &RunReport, p: Paint) -> Vec<String> {
    let mut out = vec![p.bold("Judges")];
    // What broke has a line of its own, with its story; what held is named.
    out.extend(r.oracles.iter().filter(|j| !j.held).map(|j| judged(p, j)));
    let idle = |j: &&Judged| j.story.starts_with("nothing");
    let held: Vec<&str> = r.oracles.iter().filter(|j| j.held && !idle(j)).map(|j| j.name.as_str()).collect();
    out.extend(held.chunks(NAMES_A_LINE).map(|c| format!("  {}  {}", p.good("held  "), c.join("; "))));
    let nothing: Vec<&str> = r.oracles.iter().filter(|j| j.held && idle(j)).map(|j| j.name.as_str()).collect();
    out.extend(nothing.chunks(NAMES_A_LINE).map(|c| format!("  {}  {}", p.dim("idle  "), c.join("; "))));
    if !r.expectations.is_empty() {
        out.push(p.bold("Expectations"));
        out.extend(r.expectations.iter().map(|j| judged(p, j)));
    }
    let reached: Vec<String> = r.paths.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} ({n})")).collect();
    if !reached.is_empty() {
        out.push(p.bold("Rare paths reached"));
        out.extend(reached.chunks(4).map(|c| format!("  {}", c.join(", "))));
    }
    if let Some(t) = &r.twice {
        let word = if t.same { p.good("  run twice: the same to the bit") } else { p.bad("  run twice: DIFFERENT") };
        out.push(word);
        out.extend(t.first_difference.iter().map(|d| format!("    {d}")));
    }
    out
}

fn log(r: &RunReport, p: Paint) -> Vec<String> {
    if r.log.path.as_os_str().is_empty() {
        return Vec::new();
    }
    let path = r.log.path.display();
    #[allow(clippy::cast_precision_loss)] // for people
    let mib = r.log.bytes as f64 / f64::from(1 << 20);
    vec![
        p.bold("Black box"),
        format!("  {path} ({mib:.1} MiB, {} records, promise {})", r.log.records, r.promise),
        format!("  root {}", r.log.root),
        String::new(),
        "Next:".into(),
        format!("  nooterra replay {path}"),
        format!("  nooterra verify {path} --key {}", r.log.key),
        format!("  nooterra run {} --seed {}", r.scenario, r.seed.wrapping_add(1)),
    ]
}

fn divergence(d: &Divergence, left: &str, right: &str, p: Paint) -> Vec<String> {
    let mut out = vec![format!("  tick    {} ({})", d.tick, d.at())];
    let index = d.index.map_or(String::new(), |i| format!(", record {i}"));
    out.push(format!("  record  {} {}{index}", d.kind, d.type_name));
    if let Some(r) = &d.room {
        out.push(format!("  room    {r}"));
    }
    out.push(format!("  field   {}", if d.field.is_empty() { "(the whole record)" } else { &d.field }));
    let width = left.len().max(right.len());
    out.push(format!("  {left:<width$}  {}", p.bold(&d.left)));
    out.push(format!("  {right:<width$}  {}", p.bold(&d.right)));
    out.extend(d.detail.iter().map(|t| format!("  detail  {t}")));
    out
}

/// A replayed log.
pub fn replayed(r: &ReplayReport, p: Paint) -> String {
    let mut out = vec![p.bold(&format!("{} (seed {})", r.title, r.seed)), format!("  {}", r.path.display())];
    let to = r.report.last_tick.map_or(String::new(), |t| format!(" to tick {t}"));
    out.push(format!("  {} records compared from {}{to} in {:.1} s, promise {}", r.report.compared, clock(r.from_s), r.wall_s, r.promise));
    out.push(String::new());
    match &r.report.divergence {
        None => {
            out.push(p.good("EXACT: every fact and digest is the same to the bit"));
            if !r.complete {
                out.push(p.warn("  the log's orderly end was not reached"));
            }
        }
        Some(d) => {
            out.push(p.bad("DIVERGED"));
            out.extend(divergence(d, "log", "replay", p));
        }
    }
    out.join("\n") + "\n"
}

/// Two compared logs.
pub fn differ(r: &DiffReport, args: &Diff, p: Paint) -> String {
    let (a, b) = (args.a.display().to_string(), args.b.display().to_string());
    let mut out = vec![format!("{} and {}: {} records are equal", p.bold(&a), p.bold(&b), r.compared)];
    if let Some(m) = &r.manifest {
        out.push(format!("  what determined the runs differs: {m}"));
    }
    match &r.divergence {
        None => out.push(p.good("the same")),
        Some(d) => {
            out.push(p.bad("first difference"));
            out.extend(divergence(d, &a, &b, p));
        }
    }
    out.join("\n") + "\n"
}
