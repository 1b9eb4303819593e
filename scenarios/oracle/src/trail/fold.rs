//! The streams folded once more: jobs, robots and the book that events alone give must be those that the platform has
//! (I1), and every job that has not ended has something that will move it (I4).
//!
//! The folds themselves are the platform's: what is judged is that nothing but events moves the state. A few fields are
//! kept outside of the streams on purpose – a heartbeat is an event of the robot, not of its job – and are left out.

use crate::trail::Now;
use crate::verdict::{Class, Notes};
use nooterra_control::genesis::Genesis;
use nooterra_control::state::State;
use nooterra_control::timers::Stream;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::marks::{self, Marks};
use nooterra_engine::record::Message as _;
use nooterra_engine::time::Instant;
use nooterra_jobs::Job;
use nooterra_jobs::approval::ApprovalTrack;
use nooterra_jobs::event::Event;
use nooterra_jobs::parts::{Excused, PaymentTrack};
use nooterra_ledger::{Book, Fact as LedgerFact};
use nooterra_operations::{Event as RobotEvent, Robot};
use std::collections::BTreeMap;

/// The judge.
#[derive(Debug)]
pub(crate) struct Fold {
    jobs: BTreeMap<JobId, Job>,
    robots: BTreeMap<RobotId, Robot>,
    book: Book,
    trust: BTreeMap<RobotId, u32>,
    pub notes: Notes,
    pub timers: Notes,
}

impl Fold {
    pub fn new(g: &Genesis) -> Self {
        Self {
            trust: g.robots.iter().map(|r| (r.robot, r.trust_bps.min(10_000))).collect(),
            jobs: BTreeMap::new(),
            robots: BTreeMap::new(),
            book: Book::default(),
            notes: Notes::of("the streams fold to the state", &[1]),
            timers: Notes::of("every open job has a timer", &[4]),
        }
    }
    pub fn job(&mut self, at: Instant, id: JobId, e: &Event) {
        match (e, self.jobs.get_mut(&id)) {
            (Event::JobCreated(r), _) => {
                self.jobs.insert(id, Job::create(id, (**r).clone(), at));
            }
            (_, Some(j)) => silently(|| j.evolve(at, e)),
            _ => {}
        }
    }
    pub fn robot(&mut self, at: Instant, id: RobotId, e: &RobotEvent) {
        match (e, self.robots.get_mut(&id)) {
            (RobotEvent::RobotEnrolled { owner, model, battery_j, .. }, _) => {
                let mut r = Robot::enrol(id, *owner, model, *battery_j, nooterra_engine::Span::ZERO);
                r.trust_bps = self.trust.get(&id).copied().unwrap_or(r.trust_bps);
                self.robots.insert(id, r);
            }
            (_, Some(r)) => silently(|| r.evolve(at, e)),
            _ => {}
        }
    }
    pub fn ledger(&mut self, f: &LedgerFact) {
        silently(|| nooterra_ledger::evolve(&mut self.book, f));
    }

    /// Does the live state say what its streams say? In between, of the jobs that are open.
    pub fn compare(&mut self, n: Now, s: &State, heads: &BTreeMap<String, (u64, Digest)>, all: bool) {
        self.notes.checked();
        let mut wrong: Vec<(String, String)> = Vec::new();
        for (id, live) in s.jobs.iter().filter(|(_, j)| all || !j.status.is_terminal()) {
            match self.jobs.get(id) {
                None => wrong.push((format!("the state has {id}, the streams have not"), id.to_string())),
                Some(own) => {
                    let (a, b) = (job_core(live), job_core(own));
                    if a != b {
                        let field = nooterra_engine::inspect::first_difference(&Job::shape(), &a, &b);
                        let field = field.map_or(String::new(), |f| f.to_string());
                        wrong.push((format!("the state of {id} is not the fold of its stream: {field}"), id.to_string()));
                    }
                }
            }
        }
        for (id, cell) in &s.robots {
            let same = self.robots.get(id).is_some_and(|own| robot_core(&cell.robot) == robot_core(own));
            if !same {
                let own = self.robots.get(id).map(|r| (r.status, r.trust_bps, r.fault, r.link_lost, r.task.is_some()));
                let live = (cell.robot.status, cell.robot.trust_bps, cell.robot.fault, cell.robot.link_lost, cell.robot.task.is_some());
                wrong.push((format!("the state of {id} is not the fold of its stream: {live:?}, {own:?}"), id.to_string()));
            }
        }
        if all && self.book != s.book {
            wrong.push(("the book is not the fold of its facts".to_owned(), String::new()));
        }
        for (stream, head) in s.streams.iter() {
            if heads.get(stream).copied() != Some((head.next_seq, head.chain)) {
                wrong.push((format!("the platform has another end of {stream} than was written"), String::new()));
            }
        }
        for (story, id) in wrong {
            self.notes.broke(Class::Safety, n.at, n.tick, story, vec![id]);
        }
    }

    /// Will something move every job that is open? Is nothing overdue?
    pub fn timers(&mut self, n: Now, s: &State) {
        self.timers.checked();
        for j in s.jobs.values().filter(|j| !j.status.is_terminal()) {
            if !s.timers.any(Stream::Job(j.id)) {
                let story = format!("nothing is armed for {} in {}", j.id, j.status.name());
                self.timers.broke(Class::Safety, n.at, n.tick, story, vec![j.id.to_string()]);
            }
        }
        if let Some(due) = s.timers.next_deadline().filter(|d| *d < s.now) {
            self.timers.broke(Class::Safety, n.at, n.tick, format!("a timer of {due} is overdue at {}", s.now), vec![]);
        }
    }
}

/// What is folded here leaves no marks: those are the platform's own.
fn silently(f: impl FnOnce()) {
    let mut aside = Marks::default();
    marks::swap(&mut aside);
    f();
    marks::swap(&mut aside);
}

/// A job without what is kept outside of its stream.
fn job_core(j: &Job) -> Vec<u8> {
    let mut j = j.clone();
    j.heartbeat_at = Instant::ZERO;
    j.quiet_until = Instant::ZERO;
    j.payment.capture_at = None;
    j.payment.authorised = None;
    j.payment.renewal = None;
    j.payment.capturing = false;
    j.payment.replaced.clear();
    // Counted from the site's and the robots' streams, when it matters.
    j.excused = Excused::default();
    // That a payment was asked for is said by its answer.
    for a in j.approvals.iter_mut().filter(|a| a.track == ApprovalTrack::Paying) {
        a.track = ApprovalTrack::Asked;
        for e in j.extras.iter_mut().filter(|e| Some(e.payment) == a.ask.payment && e.track == PaymentTrack::Asked) {
            e.track = PaymentTrack::None;
        }
    }
    // The stop that follows is an event of the robot.
    if let Some(r) = &mut j.access.revoking {
        r.escalated = false;
    }
    nooterra_engine::encode(&j)
}

/// What a robot's own stream says of it.
fn robot_core(r: &Robot) -> impl PartialEq + use<> {
    let stops: Vec<_> = r.stops.iter().map(|s| (s.stop, s.acked, s.level)).collect();
    (r.owner, r.status, r.quarantined, r.soc_bps, r.health_bps, r.fault, r.link_lost, r.trust_bps, r.task.map(|t| t.task), stops)
}
