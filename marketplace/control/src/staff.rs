//! Stops, quarantine, triage: what staff and the trust service decide.

use crate::input::StaffCommand;
use crate::stops::{StopOrder, StopWhat};
use crate::two_keys::said;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::Digest;
use nooterra_engine::ids::{IncidentId, JobId, PartyId, RobotId};
use nooterra_engine::sometimes;
use nooterra_engine::time::Instant;
use nooterra_jobs::event::{CancelReason, Cause, Event, ReleaseReason};
use nooterra_jobs::status::Class;
use nooterra_market::negotiation::RfqCommand;
use nooterra_operations::RobotStatus;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_operations::stop::{Scope, Voice};
use nooterra_trust::{Code, Role};

/// Of this severity an incident must be triaged before its robot is let back.
const SERIOUS: u8 = 4;

impl Unit<'_> {
    /// Three stalls or minor incidents within an hour.
    pub fn repeat_rule(&mut self, robot: RobotId) {
        let Ok(c) = self.cell(robot) else { return };
        if !c.robot.repeats() {
            return;
        }
        self.bar(robot, "REPEATED", None);
    }

    /// A robot is barred, and gives up what it is about.
    pub(crate) fn bar(&mut self, robot: RobotId, cause: &str, until: Option<Instant>) {
        let held = self.cell(robot).ok().and_then(|c| c.robot.lease);
        self.quarantine(robot, cause, None, until);
        if let Some(h) = held {
            self.unfit(h.job, ReleaseReason::RobotUnfit, Cause::Quarantine);
        }
    }

    pub fn stop_robot(&mut self, robot: RobotId, reason: &str) {
        let stop = self.own_stop(Scope::Robot(robot), reason.to_owned());
        self.halt_robots(&stop);
    }

    /// Until people clear it, or until an instant unless something speaks against it by then. What is for people already
    /// stays theirs, and what would have ended by itself becomes theirs with a further cause.
    pub fn quarantine(&mut self, robot: RobotId, cause: &str, incident: Option<IncidentId>, until: Option<Instant>) {
        let Ok(r) = self.cell(robot).map(|c| &c.robot) else { return };
        let already = matches!(r.status, RobotStatus::Quarantined | RobotStatus::Stranded) && r.quarantine_until.is_none();
        if !already {
            let (cause, manual) = (cause.to_owned(), until.is_none());
            self.emit_robot(robot, RobotEvent::RobotQuarantined { cause, incident, until, manual });
        }
    }

    /// May a robot's quarantine end: is no serious incident of it untriaged, and is nobody looking after it?
    fn may_return(&self, robot: RobotId) -> Outcome {
        let open = self
            .s
            .jobs
            .values()
            .any(|j| j.incidents.iter().any(|i| i.severity >= SERIOUS && !i.triaged) && j.legs.iter().any(|l| l.offer.robot == robot));
        let alone = self.s.strays.get(&robot).is_some_and(nooterra_trust::incident::Incidents::serious_untriaged);
        need(!(open || alone || self.cell(robot)?.robot.in_service), Code::HoldOpen)
    }

    /// The time of a quarantine is over: so is it, unless something speaks against that. Then it is for people.
    pub(crate) fn quarantine_over(&mut self, robot: RobotId) {
        if self.may_return(robot).is_ok() {
            sometimes!(true, "a quarantine ends by itself");
            self.emit_robot(robot, RobotEvent::QuarantineCleared { checklist: None });
            self.trigger_dispatch();
        } else {
            self.quarantine(robot, "NOT_CLEAR", None, None);
        }
    }

    /// Two people of the trust service decide what was earned: what is held waits for its proof no more.
    fn override_proof(&mut self, job: JobId, earned_bps: u32, decision_hash: Digest) -> Outcome {
        need(self.cx.role == Role::TR, Code::RoleForbidden)?;
        need(earned_bps <= 10_000, Code::SchemaInvalid)?;
        let j = self.job(job)?;
        let booked = self.s.cases.get(&job);
        need(!booked.is_some_and(|c| c.claims.parties.names(PartyId::from_bytes(self.cx.actor))), Code::ConflictOfInterest)?;
        self.head_named(job)?;
        need(j.status.class() == Class::Ended, Code::StateForbids)?;
        need(j.started || earned_bps == 0, Code::StateForbids)?;
        self.case(job)?;
        if self.is_second(said(&StaffCommand::OverrideProof { job, earned_bps, decision_hash }))? {
            sometimes!(true, "proof overridden");
            self.emit(job, Event::ProofOverridden { earned_bps, decision_hash });
        }
        Ok(())
    }

    pub fn staff(&mut self, c: StaffCommand) -> Outcome {
        let os = self.cx.role == Role::OS;
        let tr = self.cx.role == Role::TR;
        match c {
            StaffCommand::Cancel { job } => {
                need(os, Code::RoleForbidden)?;
                if self.job(job)?.status.class() == Class::Open {
                    return self.negotiate(job, &RfqCommand::WithdrawByStaff);
                }
                self.cancel(job, CancelReason::Staff)
            }
            StaffCommand::Triage { job, incident, severity, fault, confirmed } => {
                need(tr, Code::RoleForbidden)?;
                need((1..=5).contains(&severity), Code::SchemaInvalid)?;
                self.job_read(job)?;
                self.triage(job, incident, severity, fault, confirmed)
            }
            StaffCommand::CloseIncident { job, incident, outcome } => {
                need(tr, Code::RoleForbidden)?;
                self.job_read(job)?;
                self.close_incident(job, incident, outcome)
            }
            StaffCommand::ReportIncident { job, code, severity } => {
                need(os || tr, Code::RoleForbidden)?;
                self.report_incident(job, code, severity)
            }
            StaffCommand::TriageRobot { robot, incident, severity, fault, confirmed } => {
                self.triage_robot(robot, incident, severity, fault, confirmed)
            }
            StaffCommand::OverrideProof { job, earned_bps, decision_hash } => self.override_proof(job, earned_bps, decision_hash),
            StaffCommand::Quarantine { robot, cause, until } => {
                need(os || tr, Code::RoleForbidden)?;
                need(cause.len() <= 64 && until.is_none_or(|at| at > self.now()), Code::SchemaInvalid)?;
                let r = &self.cell(robot)?.robot;
                let lasts = r.quarantine_until.is_some() && until.is_none();
                need(r.status.follows_health() || lasts, Code::AlreadyDone)?;
                self.bar(robot, &cause, until);
                Ok(())
            }
            StaffCommand::ClearQuarantine { robot, checklist } => {
                need(os, Code::RoleForbidden)?;
                let c = self.cell(robot)?;
                need(c.robot.quarantined, Code::StateForbids)?;
                need(c.robot.owner.as_bytes() != &self.cx.actor, Code::ConflictOfInterest)?;
                self.may_return(robot)?;
                self.emit_robot(robot, RobotEvent::QuarantineCleared { checklist: Some(checklist) });
                self.trigger_dispatch();
                Ok(())
            }
            StaffCommand::Recovered { robot, load_at } => {
                need(os, Code::RoleForbidden)?;
                self.recovered(robot, load_at)
            }
            StaffCommand::LoadReturned { job, found } => {
                need(os, Code::RoleForbidden)?;
                self.load_returned(job, found)
            }
            StaffCommand::Repaired { robot } => {
                need(os, Code::RoleForbidden)?;
                self.repaired(robot)
            }
            StaffCommand::OpenMaintenance { robot, kind } => self.open_maintenance(None, robot, kind),
            StaffCommand::RetireRobot { robot, reason } => self.retire(None, robot, reason),
            StaffCommand::TightenClamps { robot, bounds } => {
                need(os, Code::RoleForbidden)?;
                self.tighten_clamps(robot, bounds)
            }
            StaffCommand::LiftClamps { robot } => {
                need(os, Code::RoleForbidden)?;
                self.lift_clamps(robot)
            }
            StaffCommand::Stop { robot, reason } => {
                need(os || tr, Code::RoleForbidden)?;
                self.stop_by_staff(StopOrder { what: StopWhat::Robot(robot), power_off: false, exit: false, reason })
            }
            StaffCommand::ClearStops { robot } => {
                need(os, Code::RoleForbidden)?;
                self.clear_robot_stops(robot)
            }
            StaffCommand::StopAll(order) => {
                need(os || tr, Code::RoleForbidden)?;
                self.stop_by_staff(order)
            }
            StaffCommand::ClearStop { stop } => {
                need(os, Code::RoleForbidden)?;
                self.clear_stop(stop, Voice::Staff)
            }
            StaffCommand::RevokeAccess { job, reason } => {
                need(os, Code::RoleForbidden)?;
                self.revoke_access(job, reason)
            }
            StaffCommand::QuarantineOf { job, cause, until } => {
                let Some(robot) = self.job(job)?.robot() else { return no(Code::NotBoundRobot) };
                self.staff(StaffCommand::Quarantine { robot, cause, until })
            }
        }
    }
}
