//! The auditor: follows the job streams of the platform's trail, and says what it found when it is asked about a job.
//!
//! What it can derive where it sits is little: that the job's events stand in one unbroken chain, each with the payload that its
//! header names, and that the settlement bills no more than its parts. Money and state of every job are derived again by the
//! judges of the run, which see everything.

use crate::acts::paper;
use nooterra_control::fact::{Event, Fact};
use nooterra_control::input::{Body, GovernanceCommand};
use nooterra_engine::ids::JobId;
use nooterra_engine::{Digest, Record, encode};
use nooterra_jobs::event::Event as JobEvent;
use nooterra_trust::Draft;
use nooterra_trust::chain::payload_hash;
use std::collections::{BTreeMap, BTreeSet};

/// What an auditor keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Auditor {
    /// Ends of the streams of jobs that are not settled.
    ends: BTreeMap<JobId, (u64, Digest)>,
    /// Jobs in whose streams something is wrong.
    flawed: BTreeSet<JobId>,
}

impl Auditor {
    /// Something was written down.
    pub(crate) fn observe(&mut self, fact: &Fact) {
        let Some(r) = fact.event() else { return };
        let Some(job) = r.header.stream.strip_prefix("job/").and_then(|id| id.parse::<JobId>().ok()) else { return };
        let settled = match &r.payload {
            Event::Job(JobEvent::JobCreated(_)) => {
                self.ends.insert(job, (0, Digest::ZERO));
                false
            }
            Event::Job(JobEvent::JobSettled(s)) => {
                let parts: u64 = s.parts.iter().map(|p| p.amount.minor()).sum();
                if s.earned_bps > 10_000 || s.charge.minor() > parts {
                    self.flawed.insert(job);
                }
                true
            }
            Event::Job(JobEvent::JobWithdrawn { .. }) => true,
            _ => false,
        };
        // What comes after the settlement is not audited.
        let Some(end) = self.ends.get_mut(&job) else { return };
        let h = &r.header;
        if (h.seq, h.prev) != *end || h.payload_hash != payload_hash(&encode(&r.payload)) || h.chain() != r.chain {
            self.flawed.insert(job);
        }
        *end = (h.seq + 1, r.chain);
        if settled {
            self.ends.remove(&job);
        }
    }

    /// What it has to say of a job.
    pub(crate) fn says(&self, job: JobId) -> Draft {
        let agrees = !self.flawed.contains(&job);
        GovernanceCommand::RecordAudit { job, agrees, finding: paper(job, if agrees { "sound" } else { "flawed" }) }.draft("gov")
    }
}
