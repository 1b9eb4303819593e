//! What must happen next, and when: a function of the job alone.

use crate::event::{Missing, StallReason};
use crate::job::Job;
use crate::parts::{AccessTrack, PaymentTrack};
use crate::status::{Class, Status};
use nooterra_engine::Record;
use nooterra_engine::time::{Instant, Span};

/// Timer codes of a job stream, in their order at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
#[allow(missing_docs)] // wire names of the deadline table
pub enum Deadline {
    RfqClose,
    QuoteExpiry,
    AwardDecide,
    AuthBy,
    CaptureAt,
    ArriveBy,
    LeaseOffer,
    DepartBy,
    LeaseTtl,
    AccessWait,
    StartBy,
    AccessWarn,
    AccessEnd,
    HeartbeatBy,
    MaxExec,
    StallBy,
    ExitBy,
    ExitRecover,
    ExitForce,
    HandoverBy,
    NoShowDecide,
    ProofBy,
    SettleAt,
    HoldReview,
    HoldEnd,
    RescheduleBy,
    ApprovalBy,
    RevokeAckBy,
    LiftBy,
    ReauthAt,
}

impl Deadline {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RfqClose => "RFQ_CLOSE",
            Self::QuoteExpiry => "QUOTE_EXPIRY",
            Self::AwardDecide => "AWARD_DECIDE",
            Self::AuthBy => "AUTH_BY",
            Self::CaptureAt => "CAPTURE_AT",
            Self::ArriveBy => "ARRIVE_BY",
            Self::LeaseOffer => "LEASE_OFFER",
            Self::DepartBy => "DEPART_BY",
            Self::LeaseTtl => "LEASE_TTL",
            Self::AccessWait => "ACCESS_WAIT",
            Self::StartBy => "START_BY",
            Self::AccessWarn => "ACCESS_WARN",
            Self::AccessEnd => "ACCESS_END",
            Self::HeartbeatBy => "HEARTBEAT_BY",
            Self::MaxExec => "MAX_EXEC",
            Self::StallBy => "STALL_BY",
            Self::ExitBy => "EXIT_BY",
            Self::ExitRecover => "EXIT_RECOVER",
            Self::ExitForce => "EXIT_FORCE",
            Self::HandoverBy => "HANDOVER_BY",
            Self::NoShowDecide => "NO_SHOW_DECIDE",
            Self::ProofBy => "PROOF_BY",
            Self::SettleAt => "SETTLE_AT",
            Self::HoldReview => "HOLD_REVIEW",
            Self::HoldEnd => "HOLD_END",
            Self::RescheduleBy => "RESCHEDULE_BY",
            Self::ApprovalBy => "APPROVAL_BY",
            Self::RevokeAckBy => "REVOKE_ACK_BY",
            Self::LiftBy => "LIFT_BY",
            Self::ReauthAt => "REAUTH_AT",
        }
    }
}

/// Doors and robot say within this that they know that access was taken back.
pub const REVOKE_ACK: Span = Span::from_secs(2);

/// Platform lease end after a heartbeat: always later than the robot's own.
pub fn lease_end(renewed: Instant, ttl: Span) -> Instant {
    if nooterra_engine::planted!("I11 give a lease up before the robot does") {
        return renewed.saturating_add(Span(ttl.0 / 4));
    }
    renewed.saturating_add(Span(ttl.0 + Span::from_secs(5).0 + ttl.0 / 5_000))
}

impl Job {
    /// Every armed timer of a booked job. Those of a request (`RFQ_CLOSE` to `AUTH_BY`) are its negotiation's, and
    /// `DISPATCH_AT` belongs to the region.
    pub fn deadlines(&self) -> Vec<(Deadline, Instant)> {
        let mut out = Vec::with_capacity(6);
        if !matches!(self.status.class(), Class::Open | Class::Terminal) {
            self.booked_deadlines(&mut out);
        }
        out
    }

    fn booked_deadlines(&self, out: &mut Vec<(Deadline, Instant)>) {
        let Some(p) = self.pins.as_deref() else { return };
        let t = &p.timing;
        let mut arm = |code, at| out.push((code, at));
        if let Some(at) = self.payment.capture_at.filter(|_| self.payment.track == PaymentTrack::Authorised && self.ended_at.is_none()) {
            arm(Deadline::CaptureAt, at);
            if let Some(w) = self.payment.authorised.filter(|w| w.end < at && self.payment.renewal.is_none() && !self.payment.capturing) {
                // One that lasts for less than that is renewed at half its time.
                let lead = t.reauth_lead.min(Span(w.end.since(w.start).0 / 2));
                arm(Deadline::ReauthAt, w.end.saturating_sub(lead));
            }
        }
        if let Some(m) = &self.proposal {
            arm(Deadline::RescheduleBy, m.offer.respond_by);
        }
        if let Some(at) = self.approvals.iter().filter(|a| a.is_open()).map(|a| a.ask.expires).min() {
            arm(Deadline::ApprovalBy, at);
        }
        if let Some(r) = self.access.revoking.filter(|r| !r.is_known() && !r.escalated) {
            arm(Deadline::RevokeAckBy, r.at.saturating_add(REVOKE_ACK));
        }
        let from_home = matches!(self.status, Status::Booked | Status::Matched | Status::Reserved | Status::EnRoute);
        if from_home && !self.started {
            arm(Deadline::ArriveBy, self.arrive_by);
        }
        let handed = matches!(self.status, Status::Handover | Status::Matched | Status::Reserved | Status::EnRoute | Status::Arrived);
        if let Some(by) = self.handover_by.filter(|_| handed && (self.started || self.status == Status::Handover)) {
            arm(Deadline::HandoverBy, by);
        }
        if let Some(l) = self.leg() {
            match self.status {
                Status::Matched => arm(Deadline::LeaseOffer, l.offered_at.saturating_add(t.lease_offer)),
                Status::Reserved => {
                    let by = l.depart_by(self.due_by(), t);
                    let told = l.due_at.max(l.accepted_at).unwrap_or(l.offered_at);
                    let least = told.saturating_add(t.depart_least);
                    arm(Deadline::DepartBy, by.max(least));
                    arm(Deadline::LeaseTtl, lease_end(self.heartbeat_at, t.ttl_reserved));
                }
                Status::EnRoute => arm(Deadline::LeaseTtl, lease_end(self.heartbeat_at, t.ttl_moving)),
                Status::Arrived => {
                    arm(Deadline::LeaseTtl, lease_end(self.heartbeat_at, t.ttl_moving));
                    arm(Deadline::AccessWait, self.entered_at().saturating_add(p.tier_values.access_wait));
                }
                _ => {}
            }
        }
        if matches!(self.status, Status::AccessGranted | Status::Executing | Status::Assisted | Status::Stalled) {
            self.inside_deadlines(out, p);
        } else if let Some(plan) = self.access.plan.as_ref().filter(|_| self.ended_at.is_none())
            && matches!(self.access.track, AccessTrack::Planned | AccessTrack::Granted)
            && self.status != Status::AbortingSafeExit
        {
            out.push((Deadline::AccessEnd, plan.valid_to));
        }
        if matches!(self.status, Status::AbortingSafeExit | Status::Completed)
            && let Some(x) = self.exit.as_ref().filter(|x| !x.done)
        {
            out.push(match x.level {
                0 => (Deadline::ExitBy, x.exit_by),
                1 => (Deadline::ExitRecover, x.exit_by.saturating_add(t.exit_recover)),
                _ => (Deadline::ExitForce, x.exit_by.saturating_add(t.exit_force)),
            });
        }
        if self.status == Status::NoShow {
            out.push((Deadline::NoShowDecide, self.entered_at().saturating_add(t.no_show_decide)));
        }
        if matches!(self.status, Status::Completed | Status::Aborted) {
            self.ended_deadlines(out, p);
        }
    }

    fn inside_deadlines(&self, out: &mut Vec<(Deadline, Instant)>, p: &crate::pins::Pins) {
        let v = &p.tier_values;
        if self.status == Status::AccessGranted {
            out.push((Deadline::StartBy, self.entered_at().saturating_add(p.timing.start_by)));
        }
        if let Some(plan) = self.access.plan.as_ref().filter(|_| self.access.track == AccessTrack::Granted) {
            if !self.access.warned {
                out.push((Deadline::AccessWarn, plan.valid_to.saturating_sub(v.exit_by)));
            }
            out.push((Deadline::AccessEnd, plan.valid_to));
        }
        if matches!(self.status, Status::Executing | Status::Assisted) {
            out.push((Deadline::HeartbeatBy, self.heartbeat_at.saturating_add(v.stall_after)));
        }
        if let Some((at, wait)) = self.lift_by() {
            out.push((Deadline::LiftBy, at.saturating_add(wait)));
        }
        // What others take by stopping it is taken off when the time seems to be up.
        let left = |limit: Span, excused: Span, so_far: Span| Span((limit + excused).0.saturating_sub(so_far.0));
        if let Some(since) = self.working_since {
            out.push((Deadline::MaxExec, since.saturating_add(left(v.max_exec, self.excused.work, self.worked))));
        }
        if let Some(since) = self.stall_since {
            out.push((Deadline::StallBy, since.saturating_add(left(v.max_stall, self.excused.stall, self.stalled))));
        }
    }

    fn ended_deadlines(&self, out: &mut Vec<(Deadline, Instant)>, p: &crate::pins::Pins) {
        let Some(end) = self.ended_at else { return };
        if self.proof.is_none() {
            out.push((Deadline::ProofBy, end.saturating_add(p.timing.proof_by)));
        }
        match &self.hold {
            None => out.push((Deadline::SettleAt, end.saturating_add(p.timing.settle_at))),
            Some(h) => {
                let hold_end = h.at.saturating_add(p.timing.hold_end);
                let review = h.at.saturating_add(p.timing.hold_review.times(u64::from(h.level) + 1));
                // The clock decides nothing that a bank or the trust service has still to decide.
                let waits = h.level < u8::MAX && h.missing.iter().any(|m| matches!(m, Missing::Dispute | Missing::Chargeback));
                if waits || review < hold_end {
                    out.push((Deadline::HoldReview, review));
                }
                if !waits {
                    out.push((Deadline::HoldEnd, hold_end));
                }
            }
        }
    }

    /// When the present state was entered.
    pub fn entered_at(&self) -> Instant {
        self.history.last().map_or(self.created_at, |m| m.at)
    }

    /// Does a fresh heartbeat end this stall by itself?
    pub fn resumes_on_heartbeat(&self) -> bool {
        self.status == Status::Stalled && self.stall_reason == Some(StallReason::HeartbeatLost)
    }
}
