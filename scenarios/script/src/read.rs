//! Strict reading of a scenario from YAML text.

use crate::flaw::{Flaw, nearest};
use crate::scenario::Scenario;
use serde_saphyr::{Error, UserMessageFormatter};

/// Largest file that is read.
pub const TEXT_LIMIT_BYTES: usize = 1 << 20;

/// Reads a scenario. Faults of form come one at a time, those of content all at once from [`crate::resolve()`].
pub fn read(text: &str) -> Result<Scenario, Flaw> {
    if text.len() > TEXT_LIMIT_BYTES {
        return Err(Flaw::whole(
            format!("the file has {} bytes; a scenario has at most {TEXT_LIMIT_BYTES}", text.len()),
            "is this a scenario file?",
        ));
    }
    let blank = |l: &str| l.trim().is_empty() || l.trim_start().starts_with('#');
    if text.lines().all(blank) {
        return Err(Flaw::whole("the file is empty", "a scenario needs at least `title`, `site`, `duration` and `seed`"));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_nodes: 100_000,
            max_depth: 32,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_documents: 1,
            max_total_scalar_bytes: TEXT_LIMIT_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 8,
        },
        strict_booleans: true,
    };
    serde_saphyr::from_str_with_options::<Scenario>(text, options).map_err(|e| flaw(&e))
}

fn flaw(e: &Error) -> Flaw {
    let (what, remedy) = words(e);
    let (line, column) = e.location().map_or((0, 0), |l| (l.line(), l.column()));
    let clip = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Flaw { line: clip(line), column: clip(column), what, remedy }
}

fn words(e: &Error) -> (String, String) {
    match e.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => (format!("unknown field `{field}`"), nearest(field, expected.iter().copied())),
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("`{variant}` is not possible here"), nearest(variant, expected.iter().copied()))
        }
        Error::SerdeMissingField { field, .. } => (format!("field `{field}` is missing"), example(field).into()),
        Error::SerdeInvalidType { unexpected, expected, .. } | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            (format!("{unexpected} is given where {expected} is expected"), String::new())
        }
        Error::DuplicateMappingKey { key: Some(k), .. } => (format!("`{k}` is given twice"), "remove one of them".into()),
        Error::Message { msg, .. } | Error::HookError { msg, .. } => split(msg),
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } | Error::AliasReplayStackDepthExceeded { .. } => {
            ("the file is larger or more deeply nested than any scenario".into(), "is this a scenario file?".into())
        }
        Error::AliasError { error, .. } => words(error),
        Error::Unexpected { expected: "mapping start", .. } => {
            ("fields are expected here".into(), "write `name: value` lines or `{name: value, …}`".into())
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            ("a list is expected here".into(), "write `[a, b]` or lines with `- `".into())
        }
        Error::Unexpected { expected, .. } if expected.contains("scalar") => {
            ("a single value is expected here".into(), "write it without brackets".into())
        }
        Error::InvalidScalar { ty, .. } if ty.starts_with('u') => {
            ("a whole number from 0 on is expected here".into(), "write for example `7`".into())
        }
        Error::InvalidScalar { ty, .. } if ty.starts_with('i') => {
            ("a whole number is expected here".into(), "write for example `7`".into())
        }
        Error::NullIntoString { .. } => ("a value is missing here".into(), "write it after the colon".into()),
        other => {
            let text = other.render_with_formatter(&UserMessageFormatter);
            let cut = text.rfind(" at line ").unwrap_or(text.len());
            (text[..cut].to_owned(), String::new())
        }
    }
}

/// Our own words carry their remedy after a semicolon.
fn split(msg: &str) -> (String, String) {
    match msg.split_once("; ") {
        Some((what, remedy)) => (what.to_owned(), remedy.to_owned()),
        None => (msg.to_owned(), String::new()),
    }
}

fn example(field: &str) -> &'static str {
    match field {
        "title" => "say what the scenario shows: `title: office deliveries`",
        "site" => "name the building's file: `site: ../sites/office.building.yaml`",
        "duration" => "say how long demand arises: `duration: 30m`",
        "seed" => "any whole number: `seed: 7`",
        "name" => "give it a name: `name: reception`",
        "jobs" => "say what is asked for: `jobs: {process: poisson, per_hour: 12, from: [pantry], to: [lounge]}`",
        "process" => "one of `poisson`, `fixed`, `every`",
        "from" | "to" => "a list of vertices: `[pantry, lounge]`",
        "model" => "a robot model: `model: tinyRobot`",
        _ => "",
    }
}
