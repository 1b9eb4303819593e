//! `verify`: integrity and signatures of a log, offline.

use crate::args::{Format, Verify};
use crate::failures;
use crate::out::{Failure, Out, exit};
use nooterra_blackbox::{Policy, Status};
use nooterra_runner::verify as judge;
use nooterra_trust::PublicKey;

/// Runs the command.
pub fn verify(args: &Verify, out: &Out) -> Result<u8, Failure> {
    let policy = Policy { identity: args.key.map(PublicKey), ..Policy::default() };
    let v = judge(&args.log, &policy).map_err(|e| Failure::usage(failures::chain(&e), "is the path right?"))?;
    let code = if v.accepts() { exit::PASS } else { exit::VERIFICATION };
    if out.format == Format::Json {
        out.json(&v)?;
        return Ok(code);
    }
    let p = out.paint();
    let word = match v.status {
        Status::Complete => p.good("complete"),
        Status::Truncated => p.warn("sealed up to its last checkpoint"),
        Status::Bad => p.bad("BAD"),
    };
    let mut lines = vec![format!("{}: {word}, grade {}", args.log.display(), v.grade)];
    if let Some(f) = &v.first_bad {
        lines.push(format!("  first bad thing   {:?}: {}", f.reason, f.message));
        if let Some(r) = &f.record {
            lines.push(format!(
                "                    record {} ({} {}) in tick {} at {:.3} s",
                r.index,
                r.kind,
                r.topic,
                r.tick,
                secs(r.at_ns)
            ));
        }
    }
    if let Some(h) = &v.head {
        lines.push(format!("  sealed            {} records, root {}", h.size, h.root));
    }
    if let Some(s) = &v.sealed_to {
        lines.push(format!("  sealed to         tick {}, {:.3} s", s.tick, secs(s.at_ns)));
    }
    if v.unsealed > 0 {
        lines.push(format!("  not sealed        {} records after that", v.unsealed));
    }
    lines.push(format!(
        "  read              {} records, {} checkpoints, {} epochs",
        v.counts.records, v.counts.checkpoints, v.counts.epochs
    ));
    if let Some(k) = &v.identity {
        let trusted = if v.identity_trusted { "the key asked for" } else { "no key was asked for; give `--key` to hold it against one" };
        lines.push(format!("  recorder's key    {k} ({trusted})"));
    }
    if !v.reasons.is_empty() {
        lines.push(format!("  reasons           {}", v.reasons.iter().map(|r| format!("{r:?}")).collect::<Vec<_>>().join(", ")));
    }
    out.result(&(lines.join("\n") + "\n"))?;
    Ok(code)
}

#[allow(clippy::cast_precision_loss)] // for people
fn secs(ns: u64) -> f64 {
    ns as f64 / 1e9
}
