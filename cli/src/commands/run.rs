//! `run`: a scenario from its file to a report.

use crate::args::{Format, Run};
use crate::files::find_scenario;
use crate::out::{Failure, Out, exit};
use crate::progress::Bar;
use crate::{failures, junit, report, stop};
use nooterra_runner::{Overrides, RunRequest, run as go};

/// Runs the command.
pub fn run(args: &Run, out: &Out) -> Result<u8, Failure> {
    let request = RunRequest {
        scenario: find_scenario(&args.scenario)?,
        overrides: Overrides { seed: args.seed, duration: args.duration },
        out: Some(args.out.clone()),
        twice: args.twice,
        budget: None,
    };
    stop::listen();
    let (mut bar, mut pass): (Option<Bar>, u32) = (None, 0);
    let mut watch = |p: nooterra_runner::Progress| {
        let b = bar.get_or_insert_with(|| Bar::new(out, "running", p.duration));
        if p.pass != pass {
            pass = p.pass;
            b.restart("again");
        }
        b.show(p.at, p.duration, p.wall, &format!("  jobs {}/{}", p.jobs.0, p.jobs.1));
        !stop::asked()
    };
    let result = go(&request, &mut watch);
    if let Some(b) = bar {
        b.done();
    }
    let r = result.map_err(|e| failures::run(&e))?;
    if let Some(path) = &args.junit {
        let write = |e: std::io::Error| Failure::usage(format!("`{}` cannot be written: {e}", path.display()), "does its folder exist?");
        std::fs::write(path, junit::xml(&r)).map_err(write)?;
    }
    match out.format {
        Format::Json => out.json(&r)?,
        Format::Human => out.result(&report::human(&r, out.paint()))?,
    }
    Ok(if r.outcome == nooterra_runner::Outcome::Interrupted { exit::INTERRUPTED } else { r.outcome.exit_code() })
}
