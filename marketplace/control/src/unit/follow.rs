//! What an event of a job means outside the job: for its robot, for who stands by, for its parties, and for whoever waits.

use super::Unit;
use crate::wish::Wish;
use nooterra_engine::always;
use nooterra_engine::ids::{EventId, JobId, LeaseId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{AssistOutcome, Event as JobEvent, Fault};
use nooterra_jobs::status::Status;
use nooterra_operations::robot::Held;

impl Unit<'_> {
    /// What an event of a job means outside the job.
    pub(super) fn follow(&mut self, id: JobId, event: &JobEvent, event_id: EventId) {
        let Some(job) = self.s.jobs.get_mut(&id) else { return };
        let (before, leg) = (job.status, job.leg().copied());
        if matches!(event, JobEvent::JobRescheduled(_))
            && let Some(from) = job.match_from()
        {
            self.s.waiting.remove(&(from, id));
        }
        job.evolve(self.cx.legal, event);
        let (after, requester, owner) = (job.status, job.request.requester, job.pins.as_ref().map(|p| p.owner));
        match event {
            JobEvent::PaymentAuthorised { payment, .. } => {
                self.s.authorisations.insert(*payment, event_id);
            }
            JobEvent::RefundIssued { refund, .. } => {
                self.s.refunds.insert(*refund, (id, event_id));
            }
            JobEvent::JobBooked(b) => {
                if let Some(p) = self.s.parties.get_mut(&b.pins.owner) {
                    p.serving = p.serving.saturating_add(1);
                }
            }
            JobEvent::RobotMatched(m) => {
                let (from, to) = (m.interval.start, m.interval.end);
                let held = Held { lease: m.lease, job: id, fence: m.fence, from, to };
                let ahead = job.is_ahead();
                if self.s.needs.len() >= crate::care::NEEDS {
                    self.s.needs.pop_front();
                }
                self.s.needs.push_back(m.energy_j);
                if let Some(c) = self.touch_robot(m.robot) {
                    let free = c.robot.lease.is_none_or(|h| ahead && h.to <= from) && !c.robot.meets_ahead(from, to);
                    always!(
                        free,
                        "I12 leases of a robot do not meet",
                        "{} already holds {:?}, {:?}",
                        m.robot,
                        c.robot.lease,
                        c.robot.ahead
                    );
                    c.robot.matched(held, ahead);
                }
            }
            JobEvent::LeaseDue { lease, fence, .. } => {
                if let Some(c) = leg.and_then(|l| self.touch_robot(l.offer.robot)) {
                    always!(c.robot.lease.is_none() && c.robot.next_fence() == *fence, "I10 one lease at a time is due", "{}", c.robot.id);
                    c.robot.lease_due(*lease);
                    c.ahead_tried = None;
                }
            }
            JobEvent::LeaseRefused { .. } | JobEvent::LeaseLapsed { .. } | JobEvent::LeaseReleased { .. } | JobEvent::LeaseEnded { .. } => {
                if let Some(l) = leg {
                    let refused = matches!(event, JobEvent::LeaseRefused { .. } | JobEvent::LeaseLapsed { .. });
                    // Before its time the robot has no authority that it could believe in.
                    if leaves_doubt(event) && l.due_at.is_some() {
                        self.quieten(id, &l, Span::ZERO);
                    }
                    let since = l.departed_at;
                    let at = self.cx.legal;
                    if let Some(c) = self.touch_robot(l.offer.robot) {
                        let lease = l.offer.lease;
                        if c.robot.lease.is_some_and(|h| h.lease == lease) {
                            c.shut_in = None;
                        }
                        c.robot.lease_closed(lease, at, refused, since);
                        c.plans.remove(&lease);
                        c.ahead_tried = None;
                    }
                    if l.due_at.is_some() {
                        self.freed.insert(l.offer.robot);
                    }
                }
            }
            JobEvent::SafeExitForced { .. } => {
                if let Some(l) = leg {
                    self.outlast(id, &l);
                }
            }
            JobEvent::CoverageReserved { operator, .. } => self.s.desk.stand_by(self.cx.legal, *operator, id),
            JobEvent::CoverageReleased { operator, .. } => {
                self.s.desk.stand_down(*operator, id);
                self.trigger_dispatch();
            }
            JobEvent::ExecutionStalled { reason } => self.stall_asks(id, *reason),
            JobEvent::ExecutionResumed { .. } => self.let_drive(id),
            JobEvent::SafeExitEscalated { level: 1 } => self.exit_asks(id),
            JobEvent::AssistEnded { assist, outcome, .. } => {
                self.help_over(id, *assist);
                if matches!(outcome, AssistOutcome::Resumed | AssistOutcome::TaskDone) {
                    self.let_drive(id);
                } else {
                    self.brake_again(id);
                }
            }
            JobEvent::SafeExitOrdered { cause, .. } => {
                self.order_exit(id, *cause);
                self.stop_skills(id, "SAFE_EXIT");
            }
            JobEvent::ExecutionCompleted { .. } => {
                self.stop_skills(id, "DONE");
                self.reconcile_meters(id);
            }
            JobEvent::JobAborted { .. } => self.reconcile_meters(id),
            JobEvent::AccessClosed { .. } => self.withdraw_plan(id),
            JobEvent::CheckpointReached { .. } => self.meter_checkpoint(id),
            JobEvent::IncidentTriaged { severity, fault: Fault::Developer, confirmed: true, .. } => self.blame_developer(id, *severity),
            JobEvent::SettlementHeld { .. } => {
                self.s.held.insert(id);
            }
            JobEvent::SettlementReleased { .. } | JobEvent::SettlementForfeited { .. } => {
                self.s.held.remove(&id);
            }
            _ => {}
        }
        self.watch_levels(id, event, event_id);
        if before == after {
            return;
        }
        if after == Status::Booked {
            self.free_standing(id, |o| Some(o) != owner);
        }
        if after.is_terminal() {
            if !matches!(event, JobEvent::JobSettled(_)) {
                crate::abilities::take_runs(self.s, id);
            }
            self.forget_replays(id);
            self.free_standing(id, |_| true);
            if let Some(p) = self.s.parties.get_mut(&requester) {
                p.open_jobs = p.open_jobs.saturating_sub(1);
            }
            if let Some(p) = owner.and_then(|o| self.s.parties.get_mut(&o)) {
                p.serving = p.serving.saturating_sub(1);
            }
        }
        self.wish(Wish::Notify { party: requester, job: id, status: after });
        if let Some(owner) = owner.filter(|o| *o != requester && notes_owner(after)) {
            self.wish(Wish::Notify { party: owner, job: id, status: after });
        }
    }

    /// Nobody else is asked before the robot's own lease has surely run out, or the robot has heard of its end.
    /// That is so much later for one that may go on `beyond` it.
    fn quieten(&mut self, id: JobId, leg: &nooterra_jobs::parts::Leg, beyond: Span) {
        let heard = self.s.robots.get(&leg.offer.robot).and_then(|c| c.robot.heard_at).unwrap_or(leg.offered_at);
        let Some(job) = self.s.jobs.get_mut(&id) else { return };
        let Some(ttl) = job.pins.as_ref().map(|p| p.timing.ttl_moving) else { return };
        let until = nooterra_jobs::deadline::lease_end(heard.max(leg.offered_at), ttl).saturating_add(beyond);
        if let Some(from) = job.match_from() {
            self.s.waiting.remove(&(from, id));
        }
        job.quiet_until = job.quiet_until.max(until);
    }

    /// A robot that did not come out and is merely silent may work on by itself: nobody else is asked before it has surely
    /// given up. Who cannot move, or said that it obeys a stop, does not.
    fn outlast(&mut self, id: JobId, leg: &nooterra_jobs::parts::Leg) {
        let silent = self.s.robots.get(&leg.offer.robot).is_some_and(|c| c.robot.link_lost && !c.robot.stands());
        if silent && !nooterra_engine::planted!("I11 send another while a robot may work by itself") {
            self.quieten(id, leg, nooterra_port::order::AUTONOMY);
        }
    }

    /// A robot has heard that its lease is over: its job may go to another.
    pub fn lease_end_heard(&mut self, lease: LeaseId) {
        let held = |id: &JobId| self.s.jobs.get(id).and_then(|j| j.legs.last()).is_some_and(|l| l.offer.lease == lease);
        let Some((from, id)) = self.s.waiting.iter().find(|(_, id)| held(id)).copied() else { return };
        self.s.waiting.remove(&(from, id));
        if let Some(job) = self.s.jobs.get_mut(&id) {
            job.quiet_until = Instant::ZERO;
        }
        self.jobs_touched.insert(id);
        self.trigger_dispatch();
    }
}

/// Did the platform take the lease away, so that the robot may not know yet?
fn leaves_doubt(e: &JobEvent) -> bool {
    use nooterra_jobs::event::ReleaseReason;
    match e {
        JobEvent::LeaseLapsed { .. } => true,
        JobEvent::LeaseReleased { reason, .. } => *reason != ReleaseReason::LeaseExpired,
        _ => false,
    }
}

fn notes_owner(s: Status) -> bool {
    matches!(s, Status::Booked | Status::Completed | Status::Aborted | Status::Settled)
}
