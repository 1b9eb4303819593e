//! `diff`: the first difference of two logs.

use crate::args::{Diff, Format};
use crate::failures;
use crate::out::{Failure, Out, exit};
use crate::report;
use nooterra_runner::diff as go;

/// Runs the command.
pub fn diff(args: &Diff, out: &Out) -> Result<u8, Failure> {
    let r = go(&args.a, &args.b).map_err(|e| failures::replay(&e))?;
    let code = if r.divergence.is_some() { exit::DIVERGENCE } else { exit::PASS };
    match out.format {
        Format::Json => out.json(&r)?,
        Format::Human => out.result(&report::differ(&r, args, out.paint()))?,
    }
    Ok(code)
}
