//! The numbers of the design that can be measured today, in one run, against their goals.
//!
//! `cargo run --release -p nooterra-benches --bin figures [-- --json]`
//!
//! Times are what the measured thread worked (other work on the machine does not count, though it still costs caches);
//! what is a ratio is measured side by side in the same run.

#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "averages")]

mod log;
mod physics;
mod platform;
mod row;
mod stack;

use row::Row;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["--json"] => {}
        ["--verify", file] => return log::verify_alone(file),
        ["--stack"] => {
            print!("{}", row::table(&stack::rows()?));
            return Ok(());
        }
        ["--scene", folder] => {
            nooterra_benches::warehouse::loaded(std::path::Path::new(folder), 50, 60)?;
            return Ok(());
        }
        ["--inputs"] => {
            print!("{}", row::table(&platform::inputs()?));
            return Ok(());
        }
        ["--platform"] => {
            print!("{}", row::table(&platform::rows(1_000_000)?));
            return Ok(());
        }
        ["--platform", n] => {
            print!("{}", row::table(&platform::rows(n.parse()?)?));
            return Ok(());
        }
        ["--ledger"] => {
            print!("{}", row::table(&platform::ledger(1_000)?));
            return Ok(());
        }
        ["--log"] => {
            print!("{}", row::table(&log::rows()?));
            return Ok(());
        }
        _ => return Err("usage: figures [--json | --stack | --log | --inputs | --ledger | --platform [TRANSFERS] | --scene FOLDER]".into()),
    }
    let mut rows: Vec<Row> = physics::rows()?;
    rows.extend(stack::rows()?);
    rows.extend(log::rows()?);
    rows.extend(platform::rows(1_000_000)?);
    if args.is_empty() {
        print!("{}", row::table(&rows));
    } else {
        println!("{}", serde_json::to_string_pretty(&row::json(&rows))?);
    }
    Ok(())
}
