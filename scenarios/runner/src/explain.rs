//! Why jobs of a log got the robots that they got, from its facts alone: each batch of dispatch says who could do a job,
//! what each would have cost, term by term, who got it and why.

use crate::check::{CheckError, verify};
use crate::load::from_manifest;
use crate::replay::{ReplayError, open};
use nooterra_blackbox::{Kind as RecordKind, Policy, Verdict};
use nooterra_control::Fact;
use nooterra_control::fact::{Considered, DispatchEvent, Event};
use nooterra_dispatch::explain::Why;
use nooterra_engine::Instant;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_jobs::event::Event as JobEvent;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use thiserror::Error;

/// Why nothing can be explained.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// The file cannot be opened.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReplayError),
    /// The log does not verify: what it says of decisions is worth nothing.
    #[error("the log does not verify: {0}")]
    Unverified(String),
}

/// A job of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobName {
    /// Its number, from 1 in the order of requests, as reports number it.
    pub number: usize,
    /// Its id.
    pub job: String,
    /// The requester's own words.
    pub label: String,
    #[serde(skip)]
    id: JobId,
    #[serde(skip)]
    asked: Instant,
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchLine {
    /// Its number, from 1.
    pub batch: usize,
    /// When, simulated nanoseconds.
    pub at_ns: u64,
    /// Jobs looked at, in the order in which they were served.
    pub jobs: Vec<JobLine>,
}

/// One job in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobLine {
    /// Number of the job.
    pub number: usize,
    /// The job.
    pub job: String,
    /// Its place in the batch, from 1.
    pub place: usize,
    /// Robots that could do it, the cheapest first.
    pub could: Vec<OfferLine>,
    /// Robots that could do it beyond those.
    pub more: u32,
    /// Robots that could not, by the first check that they failed.
    pub could_not: BTreeMap<String, u32>,
    /// The first of them, each with that check.
    pub failed: Vec<FailedLine>,
    /// Who got it.
    pub chosen: Option<String>,
    /// What leaving it would have counted.
    pub unassigned: i64,
    /// Why, in words.
    pub why: String,
}

/// What a robot would have cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfferLine {
    /// Its place among all that could, from 1.
    pub rank: u32,
    /// The robot.
    pub robot: String,
    /// The sum.
    pub cost: i64,
    /// The terms that are not zero, in the order of the rules.
    pub terms: Vec<(&'static str, i64)>,
    /// When it would have arrived, simulated nanoseconds.
    pub arrives_ns: u64,
    /// How long it would have charged before.
    pub charges_ns: u64,
    /// Energy that the job would have taken, joules.
    pub needs_j: u64,
    /// It got the job.
    pub chosen: bool,
}

/// A robot that could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedLine {
    /// The robot.
    pub robot: String,
    /// The first check that it failed.
    pub code: String,
}

/// What a log says of its dispatch.
#[derive(Debug)]
pub struct DispatchOfLog {
    /// Title of its scenario.
    pub title: String,
    /// Seed.
    pub seed: u64,
    /// What verification said.
    pub verdict: Verdict,
    /// Instant of the last record read.
    pub until: Instant,
    /// Every job that was asked for.
    pub jobs: Vec<JobName>,
    batches: Vec<(Instant, Vec<Considered>)>,
    robots: BTreeMap<RobotId, String>,
}

/// Reads a log's dispatch. What lies beyond its last checkpoint is not counted.
pub fn explain(path: &Path) -> Result<DispatchOfLog, ExplainError> {
    let verdict = verify(path, &Policy::default())?;
    // What is no log at all is told as such by whoever opens it.
    let (mut log, m) = open(path)?;
    if !verdict.accepts() {
        let why = verdict.first_bad.as_ref().map_or_else(|| "it is not sealed".into(), |f| f.message.clone());
        return Err(ExplainError::Unverified(why));
    }
    let setup = std::str::from_utf8(&m.scenario).ok().and_then(|text| from_manifest(text, &m.site, m.seed).ok());
    let names = setup.map(|s| (0..s.resolved.robots.len()).map(|i| (s.robot_id(i), s.resolved.robots[i].name.clone())).collect());
    let sealed = verdict.head.as_ref().map_or(0, |h| h.size);
    let (mut until, mut jobs, mut batches) = (Instant::ZERO, Vec::new(), Vec::new());
    let log_error = |source| ReplayError::Log { path: path.to_owned(), source };
    while let Some(r) = log.next().map_err(log_error)? {
        if r.index >= sealed {
            break;
        }
        until = r.at;
        if r.kind != RecordKind::Fact {
            continue;
        }
        let Fact::Event(e) = r.decode::<Fact>().map_err(log_error)? else { continue };
        match e.payload {
            Event::Dispatch(DispatchEvent::DispatchEvaluated { jobs, .. }) => batches.push((e.header.legal_ns, jobs)),
            Event::Job(JobEvent::JobCreated(request)) => {
                if let Some(id) = e.header.stream.strip_prefix("job/").and_then(|t| t.parse::<JobId>().ok()) {
                    let label = request.label.clone();
                    jobs.push(JobName { number: 0, job: id.to_string(), label, id, asked: e.header.legal_ns });
                }
            }
            _ => {}
        }
    }
    jobs.sort_by_key(|j| (j.asked, j.id));
    for (i, j) in jobs.iter_mut().enumerate() {
        j.number = i + 1;
    }
    Ok(DispatchOfLog { title: m.title, seed: m.seed, verdict, until, jobs, batches, robots: names.unwrap_or_default() })
}

impl DispatchOfLog {
    /// A robot's name, or its id where the log does not say it.
    #[must_use]
    pub fn robot(&self, id: RobotId) -> String {
        self.robots.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// The job of this number, of this id, or whose id begins like this, if there is just one.
    pub fn job(&self, text: &str) -> Result<&JobName, String> {
        if let Ok(n) = text.parse::<usize>() {
            let found = n.checked_sub(1).and_then(|i| self.jobs.get(i));
            return found.ok_or_else(|| format!("there is no job {n}: the log has {} jobs", self.jobs.len()));
        }
        let start = text.strip_prefix("job_").unwrap_or(text);
        let like: Vec<&JobName> = self.jobs.iter().filter(|j| j.job["job_".len()..].starts_with(start)).collect();
        match like[..] {
            [job] => Ok(job),
            [] => Err(format!("no job of this log begins with `{text}`")),
            _ => Err(format!("{} jobs of this log begin with `{text}`", like.len())),
        }
    }

    /// Every batch; with a job, those that looked at it, and of them only that job.
    #[must_use]
    pub fn batches(&self, job: Option<&JobName>) -> Vec<BatchLine> {
        let mut out = Vec::new();
        for (i, (at, considered)) in self.batches.iter().enumerate() {
            let seen = considered.iter().enumerate().filter(|(_, c)| job.is_none_or(|j| j.id == c.job));
            let jobs: Vec<JobLine> = seen.map(|(place, c)| self.line(place, c)).collect();
            if job.is_none() || !jobs.is_empty() {
                out.push(BatchLine { batch: i + 1, at_ns: at.0, jobs });
            }
        }
        out
    }

    fn number(&self, id: JobId) -> usize {
        self.jobs.iter().find(|j| j.id == id).map_or(0, |j| j.number)
    }

    fn line(&self, place: usize, c: &Considered) -> JobLine {
        let offer = |b: &nooterra_control::fact::Bid| OfferLine {
            rank: b.rank + 1,
            robot: self.robot(b.offer.robot),
            cost: b.offer.total,
            terms: b.offer.terms.terms().into_iter().filter(|t| t.1 != 0).collect(),
            arrives_ns: b.offer.arrive.0,
            charges_ns: b.offer.charge.0,
            needs_j: b.offer.need_j,
            chosen: Some(b.offer.robot) == c.chosen,
        };
        let failed = |(r, code): &(RobotId, String)| FailedLine { robot: self.robot(*r), code: code.clone() };
        JobLine {
            number: self.number(c.job),
            job: c.job.to_string(),
            place: place + 1,
            could: c.best.iter().map(offer).collect(),
            more: c.more,
            could_not: c.failed.iter().cloned().collect(),
            failed: c.failed_first.iter().map(failed).collect(),
            chosen: c.chosen.map(|r| self.robot(r)),
            unassigned: c.unassigned,
            why: self.why(c),
        }
    }

    fn why(&self, c: &Considered) -> String {
        let tie = |c: &Considered| match c.best[..] {
            [a, b, ..] if a.offer.total == b.offer.total => ", and of equal ones the first by id",
            _ => "",
        };
        match c.why {
            Why::NoCandidate => "no robot passes every check".into(),
            Why::Cheapest => format!("it is the cheapest{}", tie(c)),
            Why::Another { cheapest, taken_by, more } => {
                let to = taken_by.map_or_else(|| "nobody".to_owned(), |j| format!("job {}", self.number(j)));
                let cost = match more {
                    0 => "taking it would cost the same in all, and the order of ids decides".to_owned(),
                    _ => format!("taking it would cost {more} more in all"),
                };
                format!("the cheapest, {}, goes to {to}; {cost}", self.robot(cheapest))
            }
        }
    }
}
