//! Audits (domain 8.6): of the settled jobs those are audited that the job and the month of its settlement name, and none is
//! forgotten: each has its outcome on record, or an auditor is still asked for it.

use crate::trail::Now;
use crate::verdict::{Class, Notes};
use nooterra_control::fact::{Event as Payload, GovernanceEvent};
use nooterra_control::genesis::Genesis;
use nooterra_control::input::Month;
use nooterra_control::state::State;
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::JobId;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::Event;
use std::collections::{BTreeMap, BTreeSet};

/// The judge.
#[derive(Debug)]
pub(crate) struct Audits {
    epoch: Instant,
    one_in: u64,
    currency: BTreeMap<JobId, String>,
    settled: BTreeSet<JobId>,
    chosen: BTreeSet<JobId>,
    recorded: BTreeSet<JobId>,
    pub notes: Notes,
}

impl Audits {
    pub fn new(g: &Genesis) -> Self {
        Self {
            epoch: g.epoch,
            one_in: g.policy.audit_one_in,
            currency: BTreeMap::new(),
            settled: BTreeSet::new(),
            chosen: BTreeSet::new(),
            recorded: BTreeSet::new(),
            notes: Notes::of("the settled jobs that chance names are audited", &[]),
        }
    }

    fn broke(&mut self, n: Now, story: String, job: JobId) {
        self.notes.broke_as(None, Class::Safety, n.at, n.tick, story, vec![job.to_string()]);
    }

    pub fn event(&mut self, n: Now, job: Option<JobId>, e: &Payload) {
        match (job, e) {
            (Some(id), Payload::Job(Event::JobCreated(r))) => {
                self.currency.insert(id, r.currency.to_string());
            }
            (Some(id), Payload::Job(Event::JobSettled(_))) => {
                let m = Month::of(self.epoch.saturating_add(Span(n.at.0)));
                let currency = self.currency.remove(&id).unwrap_or_default();
                let period = format!("{currency}-{:04}{:02}", m.year, m.month);
                let h = sha256(&[b"nooterra/audit/v1", id.as_bytes(), period.as_bytes()]).0;
                let number = h[..8].iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
                self.settled.insert(id);
                if self.one_in > 0 && number % self.one_in == 0 {
                    self.chosen.insert(id);
                }
            }
            (_, Payload::Governance(GovernanceEvent::AuditRecorded { job, .. })) => {
                self.notes.checked();
                if !self.settled.contains(job) || !self.recorded.insert(*job) {
                    self.broke(n, "an audit of a job that is not settled, or was audited before".to_owned(), *job);
                }
            }
            _ => {}
        }
    }

    pub fn end(&mut self, n: Now, s: &State) {
        for job in self.chosen.clone() {
            self.notes.checked();
            if !self.recorded.contains(&job) && !s.audits.contains_key(&job) {
                self.broke(n, "chance names this settled job, and no auditor was asked for it".to_owned(), job);
            }
        }
    }
}
