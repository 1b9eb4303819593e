//! What happens when a timer fires: the deadline table as code.

use crate::moving::{ASKS_AT, FACILITY_AT, REOPEN_AT, TRAFFIC_AT};
use crate::robot_timers::ORDER_RETRY;
use crate::state::State;
use crate::timers::{Stream, TimerKey};
use crate::unit::Unit;
use crate::wish::{Disobeyed, Wish};
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::batch;
use nooterra_jobs::event::{Cause, Event, ExitProof, IncidentCode, ReleaseReason, StallReason};
use nooterra_jobs::{Deadline, Status};
use nooterra_operations::RobotTimer;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_port::FacilityOrder;
use nooterra_trust::Role;

/// A month ends.
const MONTH_AT: u8 = 0;
/// A change of the policy takes effect.
const POLICY_AT: u8 = 1;
/// Code of the timer that asks auditors again.
const AUDIT_AT: u8 = 2;
/// A contract's successor takes over.
const CONTRACT_AT: u8 = 0;
/// A calendar is extended.
const CALENDAR_AT: u8 = 1;
/// An occurrence of a series becomes a job.
const SERIES_AT: u8 = 2;

/// What is to be armed for the books and the policy.
pub(crate) fn finance_wanted(s: &State) -> impl Iterator<Item = (u8, Instant)> {
    let policy = s.policies.first().map(|w| (POLICY_AT, w.from));
    let audit = s.audits.values().min().map(|by| (AUDIT_AT, *by));
    [(MONTH_AT, crate::finance::month_end(s))].into_iter().chain(policy).chain(audit)
}

/// What is to be armed for contracts, calendars and series.
pub(crate) fn market_wanted(s: &State) -> Vec<(u8, Instant)> {
    let epoch = s.genesis.epoch;
    let contract = s.contracts.deadlines().first().map(|t| t.due);
    let here = |t| crate::calendar::of_calendar(epoch, t);
    let calendar = s.calendars.values().filter_map(|c| c.deadline()).min().map(here);
    let series = s.series.values().filter_map(|r| r.series.deadline()).min().map(here);
    [(CONTRACT_AT, contract), (CALENDAR_AT, calendar), (SERIES_AT, series)].into_iter().filter_map(|(c, at)| Some((c, at?))).collect()
}

/// All deadlines of a job stream, by code.
const DEADLINES: [Deadline; 30] = [
    Deadline::RfqClose,
    Deadline::QuoteExpiry,
    Deadline::AwardDecide,
    Deadline::AuthBy,
    Deadline::CaptureAt,
    Deadline::ArriveBy,
    Deadline::LeaseOffer,
    Deadline::DepartBy,
    Deadline::LeaseTtl,
    Deadline::AccessWait,
    Deadline::StartBy,
    Deadline::AccessWarn,
    Deadline::AccessEnd,
    Deadline::HeartbeatBy,
    Deadline::MaxExec,
    Deadline::StallBy,
    Deadline::ExitBy,
    Deadline::ExitRecover,
    Deadline::ExitForce,
    Deadline::HandoverBy,
    Deadline::NoShowDecide,
    Deadline::ProofBy,
    Deadline::SettleAt,
    Deadline::HoldReview,
    Deadline::HoldEnd,
    Deadline::RescheduleBy,
    Deadline::ApprovalBy,
    Deadline::RevokeAckBy,
    Deadline::LiftBy,
    Deadline::ReauthAt,
];

/// The role recorded on what a timer brings about.
pub(crate) fn authority(key: &TimerKey) -> Role {
    match key.stream {
        Stream::Job(_) => match DEADLINES.get(usize::from(key.code)) {
            Some(Deadline::RfqClose | Deadline::QuoteExpiry | Deadline::AwardDecide | Deadline::NoShowDecide) => Role::MK,
            Some(Deadline::RescheduleBy) => Role::MK,
            Some(Deadline::AuthBy | Deadline::CaptureAt | Deadline::SettleAt | Deadline::ReauthAt) => Role::FI,
            Some(Deadline::AccessWait | Deadline::AccessWarn | Deadline::AccessEnd | Deadline::ExitBy | Deadline::ProofBy) => Role::TR,
            Some(Deadline::HoldReview | Deadline::HoldEnd | Deadline::RevokeAckBy) => Role::TR,
            Some(Deadline::ExitRecover | Deadline::ExitForce) => Role::OS,
            _ => Role::DI,
        },
        Stream::Finance {} if key.code == POLICY_AT => Role::OS,
        Stream::Party(_) | Stream::Finance {} => Role::FI,
        Stream::Case(_) => Role::TR,
        Stream::Skills {} => Role::TR,
        Stream::Heads {} => Role::OS,
        Stream::Market {} => Role::MK,
        Stream::Dispatch {} | Stream::Robot(_) | Stream::Site {} | Stream::Desk {} => Role::DI,
    }
}

impl Unit<'_> {
    /// A timer fires.
    pub fn fire(&mut self, key: &TimerKey) {
        match key.stream {
            Stream::Job(job) => {
                if let Some(d) = DEADLINES.get(usize::from(key.code)) {
                    self.jobs_touched.insert(job);
                    self.job_deadline(job, *d);
                }
            }
            Stream::Robot(robot) => self.robot_timer(robot, key.code),
            Stream::Party(party) => self.pay_out(party),
            Stream::Case(job) => self.case_due(job),
            Stream::Finance {} if key.code == POLICY_AT => self.policies_due(),
            Stream::Finance {} if key.code == AUDIT_AT => self.audits_due(),
            Stream::Finance {} => self.close_month(),
            Stream::Dispatch {} => self.run_dispatch(),
            Stream::Skills {} => self.certificates_end(),
            Stream::Heads {} => self.publish_heads(),
            Stream::Market {} => match key.code {
                CONTRACT_AT => self.contracts_due(),
                CALENDAR_AT => self.calendars_due(),
                _ => self.series_due(),
            },
            Stream::Site {} => match key.code {
                TRAFFIC_AT => self.run_traffic(),
                FACILITY_AT => {
                    self.run_facilities();
                }
                ASKS_AT => self.repeat_asks(),
                REOPEN_AT => self.reopen_lanes(),
                _ => {}
            },
            Stream::Desk {} => self.desk_tick(),
        }
    }

    fn job_deadline(&mut self, id: JobId, d: Deadline) {
        let now = self.now();
        let Ok(job) = self.job(id) else { return };
        let robot = job.robot();
        match d {
            Deadline::RfqClose | Deadline::QuoteExpiry | Deadline::AwardDecide | Deadline::AuthBy => self.rfq_timer(id, d),
            Deadline::CaptureAt => self.capture(id),
            Deadline::ArriveBy => self.no_show(id),
            Deadline::LeaseOffer => {
                if let Some(l) = job.leg().copied() {
                    let events = batch::not_taken(
                        job,
                        Event::LeaseLapsed { lease: l.offer.lease, leg: l.offer.leg, reason: ReleaseReason::OfferExpired },
                    );
                    self.emit_all(id, events);
                    self.after_release(id, robot, "LAPSED");
                }
            }
            Deadline::DepartBy => self.release_lease(id, ReleaseReason::NoDeparture),
            Deadline::LeaseTtl => self.release_lease(id, ReleaseReason::LeaseExpired),
            Deadline::AccessWait => {
                let events = batch::access_wait_over(job);
                self.emit_all(id, events);
                self.after_release(id, robot, "ACCESS_FAILURE");
                self.after_end(id);
            }
            Deadline::StartBy => {
                let limit = job.pins.as_ref().map_or(Span::ZERO, |p| p.timing.start_by);
                let measured = now.since(job.entered_at());
                self.emit(id, Event::StartOverdue { measured, limit });
                self.safe_exit(id, Cause::StartOverdue, None);
            }
            Deadline::AccessWarn => {
                if let Some(plan) = job.access.plan.as_ref().map(|p| p.plan) {
                    self.emit(id, Event::AccessEnding { plan });
                }
            }
            Deadline::AccessEnd => {
                if let Some(plan) = job.access.plan.as_ref().map(|p| p.plan) {
                    let inside = job.status.class() == nooterra_jobs::Class::Inside;
                    self.emit(id, Event::AccessExpired { plan });
                    if inside {
                        self.safe_exit(id, Cause::AccessExpired, None);
                    }
                }
            }
            Deadline::HeartbeatBy => {
                let events = batch::stall(job, StallReason::HeartbeatLost, now);
                self.emit_all(id, events);
                if let Some(r) = robot {
                    self.stalled(r);
                }
                self.open_incident(id, robot, IncidentCode::LinkLost, 1, None);
                if let Some(r) = robot {
                    self.repeat_rule(r);
                }
            }
            Deadline::MaxExec => {
                let limit = job.pins.as_ref().map_or(Span::ZERO, |p| p.tier_values.max_exec);
                if self.is_excused(id, limit, d) {
                    return;
                }
                let Ok(job) = self.job(id) else { return };
                let measured = job.worked_until(now);
                self.emit(id, Event::MaxExecutionReached { measured, limit });
                self.safe_exit(id, Cause::MaxExecution, None);
            }
            Deadline::StallBy => {
                let limit = job.pins.as_ref().map_or(Span::ZERO, |p| p.tier_values.max_stall);
                if self.is_excused(id, limit, d) {
                    return;
                }
                let Ok(job) = self.job(id) else { return };
                let measured = job.stalled_until(now);
                self.emit(id, Event::StallLimitReached { measured, limit });
                self.safe_exit(id, Cause::StallLimit, None);
            }
            Deadline::ExitBy => {
                self.emit(id, Event::SafeExitEscalated { level: 1 });
                // Who did its work and stays is told to leave like anybody else.
                self.order_out(id, Cause::AccessExpired);
                let owner = robot.and_then(|r| self.cell(r).ok()).map(|c| c.robot.owner);
                if let (Some(robot), Some(party)) = (robot, owner) {
                    self.wish(Wish::Disobeys { party, robot, what: Disobeyed::Exit(id) });
                }
            }
            Deadline::ExitRecover => {
                self.emit(id, Event::SafeExitEscalated { level: 2 });
                if let Some(robot) = robot {
                    self.facility(FacilityOrder::Alarm { robot, code: "EXIT_OVERDUE".to_owned() });
                }
                // On-site recovery: for a robot that cannot come out by itself.
                if let Some(r) = robot.filter(|r| self.cell(*r).is_ok_and(|c| c.robot.is_helpless())) {
                    self.strand(r);
                } else {
                    self.transfer_overdue(id);
                }
            }
            Deadline::ExitForce => self.force_exit(id),
            Deadline::HandoverBy => {
                let events = batch::handover_over(job);
                self.emit_all(id, events);
                self.after_release(id, robot, "HANDOVER_FAILED");
                self.after_end(id);
            }
            Deadline::NoShowDecide => self.no_show_default(id),
            Deadline::RescheduleBy => self.move_unanswered(id),
            Deadline::ApprovalBy => self.approvals_lapse(id),
            Deadline::RevokeAckBy => self.revoke_unknown(id),
            Deadline::LiftBy => self.lift_due(id),
            Deadline::ReauthAt => self.renew_authorisation(id),
            Deadline::ProofBy => self.evaluate_proof(id),
            Deadline::SettleAt => self.settle_or_hold(id),
            Deadline::HoldReview => self.hold_review(id),
            Deadline::HoldEnd => self.hold_end(id),
        }
    }

    pub(crate) fn release_lease(&mut self, id: JobId, reason: ReleaseReason) {
        let Ok(job) = self.job(id) else { return };
        let robot = job.robot();
        let events = batch::release(job, reason);
        self.emit_all(id, events);
        self.after_release(id, robot, "RELEASED");
    }

    /// The robot did not come out: it is given up as stranded, and so is what it holds.
    fn force_exit(&mut self, id: JobId) {
        let Ok(job) = self.job(id) else { return };
        let Some(robot) = job.robot() else { return };
        let inhibited = self.cell(robot).is_ok_and(|c| {
            let unfit = matches!(c.robot.status, nooterra_operations::RobotStatus::Unhealthy | nooterra_operations::RobotStatus::Stranded);
            c.robot.stands() || unfit
        });
        let inside = job.status == Status::AbortingSafeExit || job.presence == nooterra_jobs::parts::Presence::In;
        self.exit_over(id, Some(inhibited), ExitProof::OnSite);
        if inside {
            self.open_incident(id, Some(robot), IncidentCode::RobotStranded, 3, None);
        }
        self.strand(robot);
        self.trigger_dispatch();
    }

    fn robot_timer(&mut self, id: RobotId, code: u8) {
        self.robots_touched.insert(id);
        if code == ORDER_RETRY {
            self.repeat_orders(id);
            return;
        }
        if code == crate::strays::TRIAGE_BY {
            return self.strays_due(id);
        }
        if code == crate::retention::ADRIFT_BY {
            return self.adrift_due(id);
        }
        if code == crate::robot_timers::AHEAD_AT {
            return self.look_ahead(id);
        }
        if code == crate::robot_timers::SILENT_BY {
            return self.long_silent(id);
        }
        let Ok(c) = self.cell(id) else { return };
        if code == RobotTimer::LinkBy as u8 {
            let last = c.robot.heard_at.unwrap_or_default();
            self.emit_robot(id, RobotEvent::LinkLost { last });
            self.link_down(id);
            self.halt(id);
        } else if code == RobotTimer::StopAckBy as u8 {
            if let Some(s) = c.robot.stops.iter().find(|s| !s.acked && s.level < 2).copied() {
                self.stop_unheard(id, &s);
            }
        } else if code == RobotTimer::TaskEnd as u8 {
            self.end_task(id, "TIMEOUT");
            self.send_home(id);
        } else if code == RobotTimer::GiveUp as u8 {
            self.give_up(id);
        } else if code == RobotTimer::AskRecovery as u8 {
            self.ask_recovery(id);
        } else if code == RobotTimer::QuarantineUntil as u8 {
            self.quarantine_over(id);
        }
    }
}
