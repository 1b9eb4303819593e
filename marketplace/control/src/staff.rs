//! Incidents, stops, quarantine: what robots notice, and what staff and the trust service decide.

use crate::cases::code_back;
use crate::input::StaffCommand;
use crate::stops::{StopOrder, StopWhat};
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::{IncidentId, RobotId};
use nooterra_jobs::event::{CancelReason, Cause, Fault, IncidentCode, ReleaseReason};
use nooterra_jobs::status::{Class, Status};
use nooterra_market::negotiation::RfqCommand;
use nooterra_operations::RobotStatus;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_operations::stop::{Scope, Stop, Then, Voice};
use nooterra_trust::detect::{Reading, Sample};
use nooterra_trust::incident::DevTime;
use nooterra_trust::{Code, Role};

/// From this severity on a robot is stopped and quarantined.
const SERIOUS: u8 = 4;

/// A code as robots say it.
fn code_of(text: &str) -> Option<IncidentCode> {
    match text {
        "LOCALISATION_LOST" => Some(IncidentCode::LocalisationDivergence),
        _ => IncidentCode::from_text(text),
    }
}

impl Unit<'_> {
    /// A robot says that something happened. How bad it is follows from what it measured, not from what it thinks.
    pub fn noticed(&mut self, robot: RobotId, code: &str, measure: i64) -> Outcome {
        let Some(code) = code_of(code) else { return no(Code::TypeUnknown) };
        let found: Vec<(IncidentCode, u8)> = match code {
            IncidentCode::Collision | IncidentCode::HumanContact | IncidentCode::TipOver => {
                let size = measure.unsigned_abs();
                let reading = if code == IncidentCode::TipOver {
                    Reading::Motion { speed_mm_s: 0, tilt_urad: measure, plan_active: false, checkpoint: 0 }
                } else {
                    let person = code == IncidentCode::HumanContact;
                    Reading::Contact { impulse_mns: size, force_mn: 0, person, tactile: true, grasp: false }
                };
                self.detect(robot, reading)
            }
            IncidentCode::PayloadDrop if measure >= 100 => vec![(code, 3)],
            IncidentCode::LocalisationDivergence | IncidentCode::BatteryDepletion => vec![(code, 2)],
            IncidentCode::NearMiss => vec![(code, if measure < 100 { 3 } else { 2 })],
            IncidentCode::Stall | IncidentCode::LinkLost | IncidentCode::BlockedZone => vec![(code, 1)],
            _ => Vec::new(),
        };
        for (code, severity) in found {
            self.robot_incident(robot, code, severity);
        }
        self.repeat_rule(robot);
        Ok(())
    }

    /// Shows a reading to the robot's detectors.
    pub fn detect(&mut self, robot: RobotId, reading: Reading) -> Vec<(IncidentCode, u8)> {
        let at = DevTime { boot: 0, ns: self.cx.dev_ns.unwrap_or(self.cx.legal.0) };
        let thresholds = &self.s.genesis.policy.claims.thresholds;
        let found = self.s.detectors.entry(robot).or_default().see(thresholds, &Sample { at, reading });
        found.into_iter().map(|f| (code_back(f.code), f.severity)).collect()
    }

    /// An incident of a robot: on its job's stream, or on its own if it holds no lease.
    pub fn robot_incident(&mut self, robot: RobotId, code: IncidentCode, severity: u8) {
        let held = self.cell(robot).ok().and_then(|c| c.robot.lease).map(|h| h.job);
        let job = held.filter(|j| self.job(*j).is_ok_and(|j| !matches!(j.status, Status::Matched)));
        let Some(job) = job else {
            let incident: IncidentId = self.new_id();
            let dev_ns = self.cx.dev_ns.unwrap_or(0);
            self.emit_robot(robot, RobotEvent::IncidentOpened { incident, code: format!("{code:?}"), severity, dev_ns });
            if severity >= SERIOUS {
                self.stop_robot(robot, "INCIDENT");
                self.quarantine(robot, "INCIDENT", Some(incident));
            }
            return;
        };
        self.open_incident(job, Some(robot), code, severity, self.cx.dev_ns);
        if severity == 2 {
            self.stalled(robot);
        }
    }

    /// Three stalls or minor incidents within an hour.
    pub fn repeat_rule(&mut self, robot: RobotId) {
        let Ok(c) = self.cell(robot) else { return };
        if !c.robot.repeats() {
            return;
        }
        let held = c.robot.lease;
        self.quarantine(robot, "REPEATED", None);
        if let Some(h) = held {
            self.unfit(h.job, ReleaseReason::RobotUnfit, Cause::Quarantine);
        }
    }

    pub fn stop_robot(&mut self, robot: RobotId, reason: &str) {
        let stop = self.new_id();
        self.halt_robots(&Stop {
            stop,
            scope: Scope::Robot(robot),
            power_off: false,
            then: Then::Wait,
            reason: reason.to_owned(),
            voice: Voice::Trust,
            actor: self.cx.actor,
            at: self.now(),
            robots: vec![robot],
            agreed: Vec::new(),
        });
    }

    pub fn quarantine(&mut self, robot: RobotId, cause: &str, incident: Option<IncidentId>) {
        let already = self.cell(robot).is_ok_and(|c| matches!(c.robot.status, RobotStatus::Quarantined | RobotStatus::Stranded));
        if !already {
            self.emit_robot(robot, RobotEvent::RobotQuarantined { cause: cause.to_owned(), incident, manual: true });
        }
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
                let robot = self.job(job)?.legs.last().map(|l| l.offer.robot);
                self.triage(job, incident, severity, fault, confirmed)?;
                if let Some(robot) = robot.filter(|_| fault == Fault::Owner && severity >= 3) {
                    self.lower_trust(job, robot, 500 * u32::from(severity));
                }
                Ok(())
            }
            StaffCommand::Quarantine { robot, cause } => {
                need(os || tr, Code::RoleForbidden)?;
                let c = self.cell(robot)?;
                need(c.robot.status.follows_health(), Code::AlreadyDone)?;
                let held = c.robot.lease;
                self.quarantine(robot, &cause, None);
                if let Some(h) = held {
                    self.unfit(h.job, ReleaseReason::RobotUnfit, Cause::Quarantine);
                }
                Ok(())
            }
            StaffCommand::ClearQuarantine { robot } => {
                need(os, Code::RoleForbidden)?;
                let c = self.cell(robot)?;
                need(c.robot.quarantined, Code::StateForbids)?;
                need(c.robot.owner.as_bytes() != &self.cx.actor, Code::ConflictOfInterest)?;
                let open = self.s.jobs.values().any(|j| {
                    j.incidents.iter().any(|i| i.severity >= SERIOUS && !i.triaged) && j.legs.iter().any(|l| l.offer.robot == robot)
                });
                need(!open, Code::HoldOpen)?;
                self.emit_robot(robot, RobotEvent::QuarantineCleared);
                self.trigger_dispatch();
                Ok(())
            }
            StaffCommand::Recovered { robot } => {
                need(os, Code::RoleForbidden)?;
                self.recovered(robot)
            }
            StaffCommand::Repaired { robot } => {
                need(os, Code::RoleForbidden)?;
                self.repaired(robot)
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
            StaffCommand::QuarantineOf { job, cause } => {
                let Some(robot) = self.job(job)?.robot() else { return no(Code::NotBoundRobot) };
                self.staff(StaffCommand::Quarantine { robot, cause })
            }
        }
    }
}
