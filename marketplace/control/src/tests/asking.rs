//! What tests ask of the puppets, and what they read of what came of it.

use super::rig::{Rig, robot};
use crate::fact::{Event, Fact};
use crate::input::{NewJob, RequesterCommand};
use nooterra_engine::ids::{ItemId, JobId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Span;
use nooterra_jobs::Event as JobEvent;
use nooterra_jobs::event::Side;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{Action, Mode, Step, Template, Window};
use nooterra_jobs::tier::{Level, Tier};
use std::collections::BTreeSet;

impl Rig {
    pub fn run(&mut self, secs: u64) {
        for _ in 0..secs * 2 {
            self.tick();
        }
    }

    /// Until the job has come into this state.
    pub fn until(&mut self, job: JobId, status: Status) {
        for _ in 0..900 {
            if self.status(job) == status {
                return;
            }
            self.tick();
        }
        panic!("{} never came: {:?}", status.name(), self.names(job));
    }

    /// Until the job has come into a state, at least for a moment.
    pub fn until_once(&mut self, job: JobId, status: Status) {
        for _ in 0..1_200 {
            if self.states(job).contains(&status.name()) {
                return;
            }
            self.tick();
        }
        panic!("{} never came into {}: {:?}", job, status.name(), self.states(job));
    }

    /// A patrol of five places that a robot is at work on.
    pub fn working(&mut self) -> JobId {
        self.run(10);
        let job = self.ask(self.patrol(&[2, 3, 4, 5, 6]));
        self.until(job, Status::Executing);
        job
    }

    /// A patrol that is stuck, an operator on shift.
    pub fn stuck(&mut self) -> JobId {
        self.run(10);
        let until = self.now + Span::from_secs(3_000);
        self.send("olga", &crate::OperatorCommand::OpenShift { max_jobs: 2, tiers: vec![], regions: vec![], until }).unwrap();
        self.knobs.stuck_before_step.insert(robot("a1"), 1);
        let job = self.ask(self.patrol(&[2, 3, 4]));
        self.until(job, Status::Stalled);
        job
    }

    /// Until the job is final, or the time is up.
    pub fn run_job(&mut self, job: JobId, secs: u64) -> Status {
        for _ in 0..secs * 2 {
            self.tick();
            if self.status(job).is_terminal() {
                break;
            }
        }
        self.status(job)
    }

    pub fn status(&self, job: JobId) -> Status {
        self.c.job_view(job).unwrap().status
    }

    pub fn names(&self, job: JobId) -> Vec<&'static str> {
        let stream = format!("job/{job}");
        self.facts.iter().filter_map(Fact::event).filter(|r| r.header.stream == stream).map(|r| r.payload.name()).collect()
    }

    pub fn job_events(&self, job: JobId) -> Vec<JobEvent> {
        let stream = format!("job/{job}");
        let of = |r: &crate::Recorded| match &r.payload {
            Event::Job(e) if r.header.stream == stream => Some(e.clone()),
            _ => None,
        };
        self.facts.iter().filter_map(Fact::event).filter_map(of).collect()
    }

    pub fn states(&self, job: JobId) -> Vec<&'static str> {
        self.c.job_view(job).unwrap().history.iter().map(|m| m.status.name()).collect()
    }

    pub fn delivery(&self, from: u32, to: u32) -> NewJob {
        let step = |place, action| Step { place, action, dwell: Span::from_secs(1) };
        NewJob {
            template: Template::Delivery,
            window: Window { start: self.now + Span::from_secs(60), end: self.now + Span::from_mins(30) },
            steps: vec![step(from, Action::Pick), step(to, Action::Drop)],
            item: Some(ItemId::named("parcel")),
            payload_g: 500,
            tier: Tier::Managed,
            budget: None,
            currency: Currency::EUR,
            level: Level::Standard,
            coverage: false,
            mode: Mode::Auto,
            rfq_closes: None,
            label: "parcel".into(),
            contract: None,
            no_go: vec![],
            requires: vec![],
            privacy: nooterra_jobs::terms::Privacy::Minimal,
            proof: vec![],
        }
    }

    pub fn patrol(&self, places: &[u32]) -> NewJob {
        let steps = places.iter().map(|p| Step { place: *p, action: Action::Visit, dwell: Span::from_secs(1) }).collect();
        NewJob { template: Template::Patrol, steps, item: None, payload_g: 0, ..self.delivery(0, 1) }
    }

    /// Asks for work; the id is the newest job's.
    pub fn ask(&mut self, job: NewJob) -> JobId {
        let before: BTreeSet<JobId> = self.c.jobs().map(|j| j.id).collect();
        self.send("rq", &RequesterCommand::CreateJob(Box::new(job))).unwrap();
        self.c.jobs().map(|j| j.id).find(|j| !before.contains(j)).unwrap()
    }

    /// The book is balanced and no ended job keeps escrow.
    pub fn check_books(&self) {
        for c in self.c.state().genesis.policy.currencies() {
            assert_eq!(nooterra_ledger::statement::sums(self.c.book(), c), (0, 0), "{c}");
        }
        for j in self.c.jobs().filter(|j| j.status.is_terminal()) {
            let m = self.c.money(j.id).unwrap();
            assert_eq!((m.escrow, m.held), (0, 0), "{}", j.id);
            let parts: u64 = m.parts.iter().map(|p| p.2).sum();
            let moved: u64 = self
                .job_events(j.id)
                .iter()
                .map(|e| match e {
                    JobEvent::JobRescheduled(m) if m.by == Side::Requester => m.fee.minor() + m.returned.minor(),
                    JobEvent::JobRescheduled(m) => m.returned.minor(),
                    _ => 0,
                })
                .sum();
            assert_eq!(parts + moved, m.captured + m.redeemed, "{}: the parts are what was paid", j.id);
        }
    }
}
