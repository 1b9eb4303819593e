//! `replay`: a log is executed again and every word compared.

use crate::args::{Format, Replay};
use crate::out::{Failure, Out, exit};
use crate::progress::Bar;
use crate::{failures, report, stop};
use nooterra_engine::Instant;
use nooterra_engine::time::Span;
use nooterra_runner::{Range, replay as go};

/// Runs the command.
pub fn replay(args: &Replay, out: &Out) -> Result<u8, Failure> {
    let at = |t: Option<Span>| t.map(|s| Instant::ZERO + s);
    let range = Range { from: at(args.from), to: at(args.to) };
    if let (Some(a), Some(b)) = (range.from, range.to)
        && a > b
    {
        return Err(Failure::usage("`--from` lies after `--to`", "exchange them"));
    }
    let total = range.to.unwrap_or_else(|| length(&args.log));
    stop::listen();
    let begun = std::time::Instant::now();
    let bar = Bar::new(out, "replaying", total);
    let mut watch = |at: Instant| {
        bar.show(at, total, begun.elapsed(), "");
        !stop::asked()
    };
    let result = go(&args.log, range, &mut watch);
    bar.done();
    let r = result.map_err(|e| failures::replay(&e))?;
    let code = if r.report.divergence.is_some() { exit::DIVERGENCE } else { exit::PASS };
    match out.format {
        Format::Json => out.json(&r)?,
        Format::Human => out.result(&report::replayed(&r, out.paint()))?,
    }
    Ok(if stop::asked() { exit::INTERRUPTED } else { code })
}

/// Simulated time in which the log's demand arises, for the bar only.
fn length(log: &std::path::Path) -> Instant {
    let read = || {
        let (_, manifest) = nooterra_runner::replay::open(log).ok()?;
        let scenario = nooterra_script::read(std::str::from_utf8(&manifest.scenario).ok()?).ok()?;
        Some(Instant::ZERO + scenario.duration.0)
    };
    read().unwrap_or(Instant::from_secs(1_800))
}
