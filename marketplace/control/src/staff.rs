//! Incidents, stops, quarantine: what robots notice, and what staff and the trust service decide.

use crate::input::StaffCommand;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{IncidentId, JobId, RobotId, StopId};
use nooterra_engine::time::Span;
use nooterra_jobs::event::{CancelReason, Cause, Event, Fault, IncidentCode, ReleaseReason, WithdrawReason};
use nooterra_jobs::status::{Class, Status};
use nooterra_operations::RobotStatus;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_port::Order;
use nooterra_trust::{Code, Role};

/// The same incident of a robot on a job within this time is one.
const DEDUPE: Span = Span::from_secs(10);
/// From this severity on a robot is stopped and quarantined.
const SERIOUS: u8 = 4;

/// Severity of what a robot noticed; nothing below the threshold.
fn severity(code: IncidentCode, measure: i64) -> Option<u8> {
    let steps = |t: [i64; 4]| t.iter().rposition(|x| measure >= *x).and_then(|i| u8::try_from(i).ok()).map(|i| i + 2);
    match code {
        IncidentCode::Collision => steps([500, 2_000, 10_000, 40_000]),
        IncidentCode::HumanContact if measure >= 2_000 => Some(5),
        IncidentCode::HumanContact if measure >= 50 => Some(4),
        IncidentCode::NearMiss => Some(if measure < 100 { 3 } else { 2 }),
        IncidentCode::PayloadDrop => (measure >= 100).then_some(3),
        IncidentCode::BatteryDepletion => Some(2),
        IncidentCode::TipOver => Some(4),
        IncidentCode::Stall | IncidentCode::LinkLost | IncidentCode::BlockedZone => Some(1),
        _ => None,
    }
}

fn code_of(text: &str) -> Option<IncidentCode> {
    Some(match text {
        "COLLISION" => IncidentCode::Collision,
        "HUMAN_CONTACT" => IncidentCode::HumanContact,
        "NEAR_MISS" => IncidentCode::NearMiss,
        "PAYLOAD_DROP" => IncidentCode::PayloadDrop,
        "BATTERY_DEPLETION" => IncidentCode::BatteryDepletion,
        "TIP_OVER" => IncidentCode::TipOver,
        "STALL" => IncidentCode::Stall,
        "LINK_LOST" => IncidentCode::LinkLost,
        "BLOCKED_ZONE" => IncidentCode::BlockedZone,
        _ => return None,
    })
}

impl Unit<'_> {
    pub fn noticed(&mut self, robot: RobotId, code: &str, measure: i64) -> Outcome {
        let Some(code) = code_of(code) else { return no(Code::TypeUnknown) };
        let Some(severity) = severity(code, measure) else { return Ok(()) };
        let job = self.cell(robot)?.robot.lease.map(|h| h.job).filter(|j| self.job(*j).is_ok_and(|j| !matches!(j.status, Status::Matched)));
        match job {
            Some(job) => self.open_incident(job, Some(robot), code, severity, self.cx.dev_ns.unwrap_or(0)),
            None => {
                let incident: IncidentId = self.new_id();
                let dev_ns = self.cx.dev_ns.unwrap_or(0);
                self.emit_robot(robot, RobotEvent::IncidentOpened { incident, code: format!("{code:?}"), severity, dev_ns });
                if severity >= SERIOUS {
                    self.stop_robot(robot, "INCIDENT");
                    self.quarantine(robot, "INCIDENT", Some(incident));
                }
            }
        }
        self.repeat_rule(robot);
        Ok(())
    }

    /// Opens an incident on a job's stream, or counts it with an open one, and does what its severity demands.
    pub fn open_incident(&mut self, job: JobId, robot: Option<RobotId>, code: IncidentCode, severity: u8, dev_ns: u64) {
        let now = self.now();
        let Ok(j) = self.job(job) else { return };
        let same = j.incidents.iter().rev().find(|i| i.code == code && now.since(i.last) < DEDUPE).copied();
        if let Some(i) = same.filter(|i| i.severity >= severity) {
            self.jobs_touched.insert(job);
            if let Some(j) = self.s.jobs.get_mut(&job) {
                j.repeat_incident(i.incident, severity, now);
            }
            return;
        }
        let incident: IncidentId = self.new_id();
        self.emit(job, Event::IncidentOpened { incident, code, severity, robot, dev_ns, facts_hash: Digest::ZERO });
        let bound = robot.filter(|r| self.job(job).ok().and_then(nooterra_jobs::Job::robot) == Some(*r));
        if let Some(r) = robot.filter(|_| severity == 2) {
            self.stalled(r);
        }
        let Some(robot) = bound.filter(|_| severity >= 3) else { return };
        if severity >= SERIOUS {
            self.stop_robot(robot, "INCIDENT");
            self.quarantine(robot, "INCIDENT", Some(incident));
            self.unfit(job, ReleaseReason::RobotUnfit, Cause::Incident);
        } else {
            let events =
                self.job(job).map(|j| nooterra_jobs::batch::stall(j, nooterra_jobs::event::StallReason::Safety)).unwrap_or_default();
            self.emit_all(job, events);
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

    fn stop_robot(&mut self, robot: RobotId, reason: &str) {
        let stop: StopId = self.new_id();
        self.emit_robot(robot, RobotEvent::StopIssued { stop, power_off: false, reason: reason.to_owned() });
        self.order(robot, Order::Stop { stop, power_off: false });
    }

    fn quarantine(&mut self, robot: RobotId, cause: &str, incident: Option<IncidentId>) {
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
                    self.withdraw(job, WithdrawReason::Staff);
                    return Ok(());
                }
                self.cancel(job, CancelReason::Staff)
            }
            StaffCommand::Triage { job, incident, severity, fault, confirmed } => {
                need(tr, Code::RoleForbidden)?;
                need((1..=5).contains(&severity), Code::SchemaInvalid)?;
                let j = self.job(job)?;
                let Some(i) = j.incidents.iter().find(|i| i.incident == incident) else { return no(Code::NotFound) };
                need(!i.triaged, Code::AlreadyDone)?;
                let robot = j.legs.last().map(|l| l.offer.robot);
                self.emit(job, Event::IncidentTriaged { incident, severity, fault, confirmed });
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
                let held = self.cell(robot)?.robot.lease;
                self.stop_robot(robot, &reason);
                if let Some(h) = held {
                    let events = self.job(h.job).map(|j| nooterra_jobs::batch::stall(j, nooterra_jobs::event::StallReason::RemoteStop));
                    self.emit_all(h.job, events.unwrap_or_default());
                }
                Ok(())
            }
            StaffCommand::ClearStops { robot } => {
                need(os, Code::RoleForbidden)?;
                let stops: Vec<StopId> = self.cell(robot)?.robot.stops.iter().map(|s| s.stop).collect();
                need(!stops.is_empty(), Code::AlreadyDone)?;
                for stop in stops {
                    self.emit_robot(robot, RobotEvent::StopCleared { stop });
                    self.order(robot, Order::ClearStop { stop });
                }
                let job = self.cell(robot)?.robot.lease.map(|h| h.job);
                if let Some(job) = job {
                    let remote = self.job(job)?.stall_reason == Some(nooterra_jobs::event::StallReason::RemoteStop);
                    if remote && self.job(job)?.status == Status::Stalled {
                        let stalled = self.job(job)?.stall_since.map_or(Span::ZERO, |s| self.now().since(s));
                        self.emit(job, Event::ExecutionResumed { stalled });
                    }
                }
                self.trigger_dispatch();
                Ok(())
            }
        }
    }
}
