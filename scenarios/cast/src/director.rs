//! The director: knows the acts of the scenario, listens to what people are told of their jobs, and gives the cues.
//!
//! It decides nothing by itself and speaks to nobody outside: who acts does so with its own key through its own outbox.

use nooterra_control::fact::{CaseEvent, Event, Fact};
use nooterra_engine::ids::{AccessPlanId, ClaimId, DisputeId, EvidenceId, IncidentId, JobId, RobotId, TeamId};
use nooterra_engine::money::Currency;
use nooterra_engine::queue::EventQueue;
use nooterra_engine::{Digest, Instant, Record, Span};
use nooterra_jobs::event::Event as JobEvent;
use nooterra_jobs::status::Status;
use nooterra_script::acts::{Act, Cue, Deed};
use nooterra_trust::dispute::Event as Said;
use nooterra_trust::evidence::Event as Captured;
use std::collections::BTreeMap;

/// What people know of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Known {
    /// Who asked for it.
    pub requester: u32,
    /// Who it is booked with, once that one has heard of it.
    pub provider: Option<u32>,
    /// What its requester was told last.
    pub status: Option<Status>,
    /// Its last incident.
    pub incident: Option<IncidentId>,
    /// Its last claim.
    pub claim: Option<ClaimId>,
    /// Its last dispute.
    pub dispute: Option<DisputeId>,
    /// What was captured of it last.
    pub evidence: Option<EvidenceId>,
    /// What it is paid in, once it is taken.
    pub currency: Option<Currency>,
    /// The robot that it was matched with last.
    pub robot: Option<RobotId>,
    /// Its access plan.
    pub plan: Option<AccessPlanId>,
}

impl Known {
    /// A job that was just asked for.
    const fn asked(requester: u32) -> Self {
        Self {
            requester,
            provider: None,
            status: None,
            incident: None,
            claim: None,
            dispute: None,
            evidence: None,
            currency: None,
            robot: None,
            plan: None,
        }
    }
}

/// A deed whose time has come.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Cued {
    /// The job.
    pub job: Option<JobId>,
    /// What is to be done.
    pub deed: Deed,
    /// The currency of its amounts, if it names any.
    pub currency: Option<Currency>,
}

/// The director.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Director {
    /// Acts whose cue has not come yet.
    waiting: Vec<Act>,
    due: EventQueue<Act>,
    /// Jobs in the order of requests.
    asked: Vec<JobId>,
    jobs: BTreeMap<JobId, Known>,
    /// Who asked for teams.
    teams: BTreeMap<TeamId, u32>,
}

impl Director {
    /// With the acts of a scenario.
    pub fn new(acts: &[Act]) -> Self {
        let mut d =
            Self { waiting: Vec::new(), due: EventQueue::default(), asked: Vec::new(), jobs: BTreeMap::new(), teams: BTreeMap::new() };
        for a in acts {
            match &a.cue {
                Cue::At(at) => {
                    d.due.push(*at, 0, 0, a.clone());
                }
                Cue::When { .. } | Cue::On { .. } => d.waiting.push(a.clone()),
            }
        }
        d
    }

    /// What somebody does is to be followed by this.
    pub(crate) fn later(&mut self, at: Instant, deed: Deed) {
        self.due.push(at, 0, 0, Act { job: None, cue: Cue::At(at), deed, currency: None });
    }

    /// Somebody asks for a job; the input's hash is what its id follows from.
    pub fn asks(&mut self, requester: u32, input: &Digest) {
        let job = JobId::derive(input, 1);
        self.asked.push(job);
        self.jobs.insert(job, Known::asked(requester));
    }

    /// A requester hears that its job moved.
    pub fn hears(&mut self, now: Instant, job: JobId, status: Status) {
        if let Some(k) = self.jobs.get_mut(&job) {
            k.status = Some(status);
        }
        self.cue(now, job, |cue| match cue {
            Cue::When { state, after } if state.name() == status.name() => Some(*after),
            _ => None,
        });
    }

    /// Something was written down.
    pub fn observe(&mut self, now: Instant, fact: &Fact) {
        let Some(r) = fact.event() else { return };
        let Some(job) = r.header.stream.strip_prefix("job/").and_then(|id| id.parse::<JobId>().ok()) else { return };
        if let Event::Job(JobEvent::JobCreated(request)) = &r.payload
            && let Some(team) = request.team
        {
            self.joins(job, team);
        }
        let Some(k) = self.jobs.get_mut(&job) else { return };
        match &r.payload {
            Event::Job(JobEvent::JobCreated(request)) => k.currency = Some(request.currency),
            Event::Job(JobEvent::RobotMatched(m)) => k.robot = Some(m.robot),
            Event::Job(JobEvent::AccessPlanIssued(p)) => k.plan = Some(p.plan),
            Event::Job(JobEvent::IncidentOpened { incident, .. }) => k.incident = Some(*incident),
            Event::Case(CaseEvent::Claim(c)) => k.claim = Some(c.claim),
            Event::Case(CaseEvent::Evidence(e)) => {
                if let Captured::Captured(c) = &**e {
                    k.evidence = Some(c.evidence);
                }
            }
            Event::Case(CaseEvent::Dispute(Said::Opened { dispute, .. })) => k.dispute = Some(*dispute),
            _ => {}
        }
        let name = r.payload.name();
        self.cue(now, job, |cue| match cue {
            Cue::On { event, after } if event == name => Some(*after),
            _ => None,
        });
    }

    /// A member of a team: whoever asked for the first has asked for all.
    fn joins(&mut self, job: JobId, team: TeamId) {
        if let Some(k) = self.jobs.get(&job) {
            self.teams.insert(team, k.requester);
        } else if let Some(requester) = self.teams.get(&team).copied() {
            self.asked.push(job);
            self.jobs.insert(job, Known::asked(requester));
        }
    }

    /// Whoever waits for this of this job is due.
    fn cue(&mut self, now: Instant, job: JobId, fits: impl Fn(&Cue) -> Option<Span>) {
        if self.waiting.is_empty() {
            return;
        }
        let number = self.asked.iter().position(|j| *j == job).and_then(|i| u32::try_from(i + 1).ok());
        let due = &mut self.due;
        self.waiting.retain(|a| match fits(&a.cue).filter(|_| a.job == number) {
            Some(after) => {
                due.push(now.saturating_add(after), 0, 0, a.clone());
                false
            }
            None => true,
        });
    }

    /// A provider hears of a job of its own.
    pub fn serves(&mut self, provider: u32, job: JobId) {
        if let Some(k) = self.jobs.get_mut(&job) {
            k.provider = Some(provider);
        }
    }

    /// The next deed that is due.
    pub fn next(&mut self, now: Instant) -> Option<Cued> {
        let (_, a) = self.due.pop_due(now)?;
        let job = a.job.and_then(|n| self.asked.get((n as usize).checked_sub(1)?)).copied();
        Some(Cued { job, deed: a.deed, currency: a.currency })
    }

    /// What is known of a job.
    pub fn job(&self, job: JobId) -> Option<Known> {
        self.jobs.get(&job).copied()
    }

    /// When a deed is due next.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.due.peek().map(|k| k.at)
    }

    /// Is no deed due any more? What waits for a cue may never get one.
    pub fn at_rest(&self) -> bool {
        self.due.is_empty()
    }
}
