//! Why jobs of a log got the robots that they got, from its facts alone: each batch of dispatch says who could do a job,
//! what each would have cost, term by term, who got it and why.

use crate::facts::{FactsError, Source, facts, job_like, job_of, robot_of};
use nooterra_blackbox::Verdict;
use nooterra_control::Fact;
use nooterra_control::fact::{Considered, DispatchEvent, Event};
use nooterra_dispatch::explain::Why;
use nooterra_engine::Instant;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_jobs::event::Event as JobEvent;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_stage::Setup;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

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
    /// Where that is its status: which, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
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
    health: BTreeMap<RobotId, Vec<(Instant, String)>>,
}

/// Reads a log's dispatch. What lies beyond its last checkpoint is not counted.
pub fn explain(path: &Path) -> Result<DispatchOfLog, FactsError> {
    let (mut jobs, mut batches) = (Vec::new(), Vec::new());
    let mut health: BTreeMap<RobotId, Vec<(Instant, String)>> = BTreeMap::new();
    let source = facts(path, |fact| {
        let Fact::Event(e) = fact else { return };
        match e.payload {
            Event::Dispatch(DispatchEvent::DispatchEvaluated { jobs, .. }) => batches.push((e.header.legal_ns, jobs)),
            Event::Job(JobEvent::JobCreated(request)) => {
                if let Some(id) = job_of(&e.header.stream) {
                    let label = request.label.clone();
                    jobs.push(JobName { number: 0, job: id.to_string(), label, id, asked: e.header.legal_ns });
                }
            }
            Event::Robot(RobotEvent::HealthChanged { to, causes, .. }) => {
                let why: Vec<&str> = causes.iter().map(|c| c.name()).collect();
                if let Some(robot) = robot_of(&e.header.stream) {
                    health.entry(robot).or_default().push((e.header.legal_ns, format!("{} by {}", to.name(), why.join(", "))));
                }
            }
            _ => {}
        }
    })?;
    let robots = |s: &Arc<Setup>| (0..s.resolved.robots.len()).map(|i| (s.robot_id(i), s.resolved.robots[i].name.clone())).collect();
    let robots = source.setup.as_ref().map(robots).unwrap_or_default();
    jobs.sort_by_key(|j| (j.asked, j.id));
    for (i, j) in jobs.iter_mut().enumerate() {
        j.number = i + 1;
    }
    let Source { title, seed, verdict, until, .. } = source;
    Ok(DispatchOfLog { title, seed, verdict, until, jobs, batches, robots, health })
}

impl DispatchOfLog {
    /// A robot's status at an instant, and why, as far as a change of it is on record.
    fn status(&self, robot: RobotId, at: Instant) -> Option<String> {
        let all = self.health.get(&robot)?;
        all.iter().rev().find(|(since, _)| *since <= at).map(|(_, why)| why.clone())
    }

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
        job_like(self.jobs.iter(), |j| j.id, text)
    }

    /// Every batch; with a job, those that looked at it, and of them only that job.
    #[must_use]
    pub fn batches(&self, job: Option<&JobName>) -> Vec<BatchLine> {
        let mut out = Vec::new();
        for (i, (at, considered)) in self.batches.iter().enumerate() {
            let seen = considered.iter().enumerate().filter(|(_, c)| job.is_none_or(|j| j.id == c.job));
            let jobs: Vec<JobLine> = seen.map(|(place, c)| self.line(*at, place, c)).collect();
            if job.is_none() || !jobs.is_empty() {
                out.push(BatchLine { batch: i + 1, at_ns: at.0, jobs });
            }
        }
        out
    }

    fn number(&self, id: JobId) -> usize {
        self.jobs.iter().find(|j| j.id == id).map_or(0, |j| j.number)
    }

    fn line(&self, at: Instant, place: usize, c: &Considered) -> JobLine {
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
        let failed = |(r, code): &(RobotId, String)| {
            let status = if code == "STATUS" { self.status(*r, at) } else { None };
            FailedLine { robot: self.robot(*r), code: code.clone(), status }
        };
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
