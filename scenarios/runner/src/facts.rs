//! The facts of a log up to its last checkpoint, once the whole log has been verified: what `ledger` and `explain` read.

use crate::check::{CheckError, verify};
use crate::load::from_manifest;
use crate::replay::{ReplayError, open};
use nooterra_blackbox::words::{ROOM_BYTES, Rooms};
use nooterra_blackbox::{Kind as RecordKind, Policy, Verdict};
use nooterra_control::Fact;
use nooterra_engine::Instant;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_stage::Setup;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;

/// Rooms that the platform's book has among the roots of a log.
const CHAIN: &str = "ledger";
const ROOT: &str = "ledger_root";

/// Why the facts of a log cannot be read.
#[derive(Debug, Error)]
pub enum FactsError {
    /// The file cannot be opened.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReplayError),
    /// The log does not verify: what it says is worth nothing.
    #[error("the log does not verify: {0}")]
    Unverified(String),
}

/// What is known of the log beside its facts.
#[derive(Debug)]
pub struct Source {
    /// Title of its scenario.
    pub title: String,
    /// Seed.
    pub seed: u64,
    /// What verification said.
    pub verdict: Verdict,
    /// Instant of the last record read.
    pub until: Instant,
    /// Who took part, as far as the manifest can be read.
    pub setup: Option<Arc<Setup>>,
}

/// One record of a log.
#[derive(Debug)]
pub enum Told {
    /// Something happened.
    Fact(Box<Fact>),
    /// How far the book was then: the first bytes of its chain and of its Merkle root.
    Roots(Vec<u8>, Vec<u8>),
}

/// Shows every sealed fact in order. What lies beyond the last checkpoint is not counted.
pub fn facts(path: &Path, mut each: impl FnMut(Fact)) -> Result<Source, FactsError> {
    told(path, |t| {
        if let Told::Fact(f) = t {
            each(*f);
        }
    })
}

/// The same, with what was said of the book's chain in between.
pub fn told(path: &Path, mut each: impl FnMut(Told)) -> Result<Source, FactsError> {
    let verdict = verify(path, &Policy::default())?;
    // What is no log at all is told as such by whoever opens it.
    let (mut log, m) = open(path)?;
    if !verdict.accepts() {
        let why = verdict.first_bad.as_ref().map_or_else(|| "it is not sealed".into(), |f| f.message.clone());
        return Err(FactsError::Unverified(why));
    }
    let setup = std::str::from_utf8(&m.scenario).ok().and_then(|text| from_manifest(text, &m.site, m.seed).ok());
    let sealed = verdict.head.as_ref().map_or(0, |h| h.size);
    let (mut until, mut names) = (Instant::ZERO, Vec::<String>::new());
    let log_error = |source| ReplayError::Log { path: path.to_owned(), source };
    while let Some(r) = log.next().map_err(log_error)? {
        if r.index >= sealed {
            break;
        }
        until = r.at;
        if r.kind == RecordKind::Fact {
            each(Told::Fact(Box::new(r.decode::<Fact>().map_err(log_error)?)));
        } else if r.kind == RecordKind::Roots {
            let said: Rooms = r.decode().map_err(log_error)?;
            if !said.names.is_empty() {
                names.clone_from(&said.names);
            }
            let of = |room: &str| names.iter().zip(said.digests.chunks(ROOM_BYTES)).find(|(n, _)| *n == room).map(|(_, d)| d.to_vec());
            if let (Some(chain), Some(root)) = (of(CHAIN), of(ROOT)) {
                each(Told::Roots(chain, root));
            }
        }
    }
    Ok(Source { title: m.title, seed: m.seed, verdict, until, setup })
}

/// The job whose stream this is.
pub(crate) fn job_of(stream: &str) -> Option<JobId> {
    stream.strip_prefix("job/")?.parse().ok()
}

/// The robot of a stream, if it is one of a robot.
pub(crate) fn robot_of(stream: &str) -> Option<RobotId> {
    stream.strip_prefix("robot/")?.parse().ok()
}

/// The job whose id begins like this, if there is just one.
pub(crate) fn job_like<J>(jobs: impl Iterator<Item = J>, id: impl Fn(&J) -> JobId, text: &str) -> Result<J, String> {
    let start = text.strip_prefix("job_").unwrap_or(text);
    let mut like: Vec<J> = jobs.filter(|j| id(j).to_string()["job_".len()..].starts_with(start)).collect();
    match (like.len(), like.pop()) {
        (1, Some(job)) => Ok(job),
        (0, _) => Err(format!("no job of this log begins with `{text}`")),
        (n, _) => Err(format!("{n} jobs of this log begin with `{text}`")),
    }
}
