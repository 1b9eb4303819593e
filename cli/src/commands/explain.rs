//! `explain`: why jobs of a log got the robots that they got.

use crate::args::{Explain, Format};
use crate::failures;
use crate::out::{Failure, Out, Paint, exit};
use crate::table::{Lean, table};
use nooterra_blackbox::Status;
use nooterra_engine::{Instant, Span};
use nooterra_runner::explain::{BatchLine, DispatchOfLog, JobLine, JobName, OfferLine, explain as read};
use serde_json::json;

/// Batches shown without being asked for one job.
const BATCHES_SHOWN: usize = 60;

/// Runs the command.
pub fn explain(args: &Explain, out: &Out) -> Result<u8, Failure> {
    let d = read(&args.log).map_err(|e| failures::facts(&e))?;
    let job = args.job.as_deref().map(|text| d.job(text)).transpose();
    let job = job.map_err(|e| Failure::usage(e, "`nooterra explain LOG` lists the batches with the numbers of their jobs"))?;
    let batches = d.batches(job);
    match out.format {
        Format::Json => out.json(&json!({
            "title": d.title,
            "seed": d.seed,
            "until_ns": d.until.0,
            "job": job,
            "jobs": d.jobs,
            "batches": batches,
        }))?,
        Format::Human => {
            let mut lines = head(&d, out.paint());
            lines.extend(match job {
                Some(job) => one_job(job, &batches, out.paint()),
                None => overview(&batches, out.paint()),
            });
            out.result(&(lines.join("\n") + "\n"))?;
        }
    }
    Ok(exit::PASS)
}

fn head(d: &DispatchOfLog, p: Paint) -> Vec<String> {
    let mut lines = vec![format!("{} (seed {}), dispatch until {}", p.bold(&d.title), d.seed, d.until)];
    if d.verdict.status == Status::Truncated {
        lines.push(format!("  {}", p.warn("the log was cut off: this is what was decided up to its last checkpoint")));
    }
    lines
}

fn overview(batches: &[BatchLine], p: Paint) -> Vec<String> {
    let rows: Vec<Vec<String>> = batches
        .iter()
        .take(BATCHES_SHOWN)
        .map(|b| {
            let pair = |j: &JobLine| j.chosen.as_ref().map(|r| format!("{} > {r}", j.number));
            let left: Vec<String> = b.jobs.iter().filter(|j| j.chosen.is_none()).map(|j| format!("{} ({})", j.number, codes(j))).collect();
            let pairs: Vec<String> = b.jobs.iter().filter_map(pair).collect();
            vec![b.batch.to_string(), Instant(b.at_ns).to_string(), b.jobs.len().to_string(), pairs.join(", "), left.join(", ")]
        })
        .collect();
    let heading = [
        ("batch", Lean::Right),
        ("at", Lean::Right),
        ("jobs", Lean::Right),
        ("job > robot", Lean::Left),
        ("without a robot (first check failed)", Lean::Left),
    ];
    let mut lines = vec![String::new(), p.bold(&format!("Batches ({})", batches.len()))];
    lines.extend(table(&heading, &rows));
    if batches.len() > BATCHES_SHOWN {
        lines.push(format!("  … {} more, all of them with `--format json`", batches.len() - BATCHES_SHOWN));
    }
    lines
}

/// `2 CERT, 1 ETA`.
fn codes(j: &JobLine) -> String {
    let each: Vec<String> = j.could_not.iter().map(|(code, n)| format!("{n} {code}")).collect();
    if each.is_empty() { "all of more use elsewhere".into() } else { each.join(", ") }
}

fn one_job(job: &JobName, batches: &[BatchLine], p: Paint) -> Vec<String> {
    let mut lines = vec![format!("  job {}, {} ({})", job.number, job.job, job.label)];
    if batches.is_empty() {
        lines.push("  no batch has looked at it".into());
    }
    for b in batches {
        for j in &b.jobs {
            lines.push(String::new());
            lines.push(p.bold(&format!("{}, batch {}, served {}.", Instant(b.at_ns), b.batch, j.place)));
            lines.extend(told(j, p));
        }
    }
    lines
}

fn told(j: &JobLine, p: Paint) -> Vec<String> {
    let mut lines = vec![match &j.chosen {
        Some(r) => format!("  {}: {}", p.good(r), j.why),
        None => format!("  {}: {} (counted as {})", p.bad("no robot"), j.why, j.unassigned),
    }];
    for o in &j.could {
        lines.push(offer(o));
    }
    if j.more > 0 {
        lines.push(format!("        {} more could, dearer than those shown", j.more));
    }
    for f in &j.failed {
        let why = f.status.as_ref().map(|s| format!(" ({s})")).unwrap_or_default();
        lines.push(format!("        {} could not: {}{why}", f.robot, p.warn(&f.code)));
    }
    let hidden = j.could_not.values().sum::<u32>() as usize - j.failed.len();
    if hidden > 0 {
        lines.push(format!("        {hidden} more could not; in all {}", codes(j)));
    }
    lines
}

fn offer(o: &OfferLine) -> String {
    let mark = if o.chosen { '>' } else { ' ' };
    let mut terms = String::new();
    for (i, (name, value)) in o.terms.iter().enumerate() {
        let sign = match (i, *value < 0) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        terms.push_str(&format!("{sign}{name} {}", value.unsigned_abs()));
    }
    let charges = if o.charges_ns > 0 { format!(", charges {} before", Span(o.charges_ns)) } else { String::new() };
    let all = if terms.is_empty() { "0".to_owned() } else { terms };
    format!("  {mark} {:>3}. {} {} = {all}; arrives {}, needs {} J{charges}", o.rank, o.robot, o.cost, Instant(o.arrives_ns), o.needs_j)
}
