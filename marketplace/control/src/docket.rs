//! What waits for judges, and at which head they read it (domain 3.1).
//!
//! A decision of the trust service, of finance or of the insurer rests on what it was shown. So whoever may decide is told how
//! far a stream has come whenever something is written there that a decision may rest on, and names that head with the
//! decision. Where a decision takes two keys, each names the head at which it spoke: the first may be older. What is decided is
//! the very same word of both, by ids and amounts, and the guards look at the state at which the second is heard.

use crate::fact::Event;
use crate::unit::{Outcome, Unit, no};
use crate::wish::Wish;
use nooterra_engine::Digest;
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_jobs::event::Event as JobEvent;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_trust::{Code, Rejection, Role};
use std::collections::BTreeSet;

/// Streams of robots begin so.
pub(crate) const ROBOTS: &str = "robot/";

/// May a decision rest on this?
pub(crate) const fn concerns(e: &Event) -> bool {
    match e {
        Event::Job(e) => matches!(
            e,
            JobEvent::IncidentOpened { .. }
                | JobEvent::IncidentRepeated { .. }
                | JobEvent::IncidentTriaged { .. }
                | JobEvent::ComplaintFiled { .. }
                | JobEvent::ExecutionCompleted { .. }
                | JobEvent::JobAborted { .. }
                | JobEvent::ProofEvaluated(_)
                | JobEvent::SettlementHeld { .. }
                | JobEvent::HoldEscalated { .. }
                | JobEvent::JobSettled(_)
                | JobEvent::RefundFailed { .. }
        ),
        Event::Robot(e) => matches!(
            e,
            RobotEvent::IncidentOpened { .. }
                | RobotEvent::IncidentRepeated { .. }
                | RobotEvent::IncidentTriaged { .. }
                | RobotEvent::RobotQuarantined { .. }
                | RobotEvent::QuarantineCleared { .. }
                | RobotEvent::StopIssued { .. }
                | RobotEvent::StopCleared { .. }
                | RobotEvent::MaintenanceOpened { .. }
                | RobotEvent::MaintenanceClosed { .. }
        ),
        Event::Case(_) | Event::Period(_) => true,
        _ => false,
    }
}

impl Unit<'_> {
    /// A decision names the head of the stream that it was read at.
    pub(crate) fn read_at(&self, stream: &str) -> Outcome {
        if nooterra_engine::planted!("I7 decide without having read") {
            return Ok(());
        }
        let head = self.docket_head(stream);
        match self.cx.expect_head {
            None => no(Code::HeadRequired),
            Some(h) if h != head => Err(Rejection::new(Code::HeadConflict).expected(head).actual(h)),
            Some(_) => Ok(()),
        }
    }

    /// How far a stream has come for whoever decides. A robot's goes on with every heartbeat: of it only what a decision may rest on
    /// counts.
    fn docket_head(&self, stream: &str) -> Digest {
        if stream.starts_with(ROBOTS) {
            return self.s.robot_dockets.get(stream).copied().unwrap_or_default();
        }
        self.s.streams.head(stream).chain
    }

    /// A decision about a job names the head of the job's stream, once there is such a job.
    pub(crate) fn job_read(&self, job: JobId) -> Outcome {
        self.job(job)?;
        self.head_named(job)
    }

    /// At the end of a unit: judges hear how far the streams have come that they may decide about.
    pub(crate) fn tell_judges(&mut self, streams: BTreeSet<String>) {
        if streams.is_empty() {
            return;
        }
        let now = self.now();
        let judges = |role| -> BTreeSet<PartyId> { self.s.keys.holders(role, now).into_iter().map(PartyId::from_bytes).collect() };
        let (trust, finance) = (judges(Role::TR), judges(Role::FI));
        for stream in streams {
            let head = self.docket_head(&stream);
            let job = stream.strip_prefix("job/").and_then(|id| id.parse::<JobId>().ok());
            let case = job.and_then(|j| self.s.cases.get(&j));
            let mut to = if stream.starts_with("period/") { BTreeSet::new() } else { trust.clone() };
            if !stream.starts_with("robot/") {
                to.extend(&finance);
            }
            // The insurer decides about claims, and there are none of most jobs.
            to.extend(case.filter(|c| !c.claims.claims.is_empty()).and_then(|c| c.claims.parties.insurer));
            for party in to {
                self.wish(Wish::Docket { party, stream: stream.clone(), head });
            }
        }
    }
}
