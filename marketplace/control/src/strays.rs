//! Incidents of robots that hold no lease: on the robot's own stream, with the same rules as those of a job.

use crate::cases::{code_back, fault_back, fault_to};
use crate::unit::{Outcome, Unit, need};
use crate::wish::Wish;
use nooterra_engine::ids::{IncidentId, PartyId, RobotId};
use nooterra_engine::sometimes;
use nooterra_engine::time::Instant;
use nooterra_jobs::event::Fault;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_operations::stop::{Scope, Stop};
use nooterra_trust::incident::{Command, DevTime, Event, Incident, IncidentCode, Incidents, Reaction, Report, Stream};
use nooterra_trust::reputation::Fact;
use nooterra_trust::{Code, Hand, Rejection, Role};
use std::collections::BTreeSet;

/// Code of the timer that asks for triage; those of operations come before it.
pub(crate) const TRIAGE_BY: u8 = 17;

/// When triage of a robot's own incidents is due next.
pub(crate) fn triage_by(i: &Incidents) -> Option<Instant> {
    i.incidents.values().filter_map(Incident::triage_by).min()
}

impl Unit<'_> {
    /// Opens an incident on a robot's own stream, or counts it with one of the same seconds of the robot's time.
    pub(crate) fn stray_incident(&mut self, robot: RobotId, code: IncidentCode, severity: u8, dev_ns: Option<u64>) {
        let incident: IncidentId = self.new_id();
        let (now, hand, facts_hash) = (self.now(), self.hand(), self.cx.cause);
        let Ok(owner) = self.cell(robot).map(|c| c.robot.owner) else { return };
        let zone = self.zone_of(robot);
        let at = dev_ns.map(|ns| DevTime { boot: 0, ns });
        let report = Report { incident, code, severity, robot: Some(robot), at, zone, facts_hash };
        let all = self.s.strays.entry(robot).or_insert_with(|| Incidents::new(Stream::Robot(robot), BTreeSet::from([owner])));
        let Ok(decided) = all.decide(now, &hand, &Command::Open(report)) else { return };
        decided.events.iter().for_each(|e| all.evolve(now, e));
        let mut named = incident;
        for e in decided.events {
            match e {
                Event::Opened(r) => {
                    let (code, dev_ns) = (code_back(r.code).text().to_owned(), r.at.map_or(0, |a| a.ns));
                    self.emit_robot(
                        robot,
                        RobotEvent::IncidentOpened { incident, code, severity: r.severity, detector: true, dev_ns, zone, facts_hash },
                    );
                }
                Event::Repeated { incident, severity, .. } => {
                    named = incident;
                    self.emit_robot(robot, RobotEvent::IncidentRepeated { incident, severity });
                }
                _ => {}
            }
        }
        self.react_alone(robot, named, &decided.reactions);
    }

    /// There is no work to stall and no money to hold: the rest of what an incident sets in motion. Work that it has begun
    /// since, or that the incident was not on, is left once it is barred.
    fn react_alone(&mut self, robot: RobotId, incident: IncidentId, reactions: &[Reaction]) {
        for r in reactions {
            match r {
                Reaction::EvidenceWindow => self.want_evidence(Stream::Robot(robot), Some(robot), incident),
                Reaction::StopRobot => self.stop_robot(robot, "INCIDENT"),
                Reaction::Quarantine => {
                    self.quarantine(robot, "INCIDENT", Some(incident), None);
                    self.leaves_present(robot, None);
                }
                Reaction::TellOwner => {
                    if let Ok(party) = self.cell(robot).map(|c| c.robot.owner) {
                        self.wish(Wish::Alert { party, job: None, incident });
                    }
                }
                Reaction::TellSite => self.tell_site(None, incident),
                Reaction::StopZone => self.stop_zone(robot),
                _ => {}
            }
        }
    }

    /// Whoever runs the site hears of an incident.
    pub(crate) fn tell_site(&mut self, job: Option<nooterra_engine::ids::JobId>, incident: IncidentId) {
        let owners: BTreeSet<PartyId> = self.s.genesis.witnesses.iter().map(|w| w.owner).collect();
        for party in owners {
            self.wish(Wish::Alert { party, job, incident });
        }
    }

    /// Everything on the robot's level stops, until people clear it.
    pub(crate) fn stop_zone(&mut self, robot: RobotId) {
        let Ok(level) = self.cell(robot).map(|c| c.robot.pose.level) else { return };
        let scope = Scope::Level(level);
        if self.s.stops.active.values().any(|s| s.scope == scope) {
            return;
        }
        sometimes!(true, "zone stopped for an incident");
        let stop = self.own_stop(scope, "INCIDENT".to_owned());
        self.issue(Stop { because: Some(robot), ..stop });
    }

    /// Judges an incident of a robot that had no job.
    pub(crate) fn triage_robot(&mut self, robot: RobotId, incident: IncidentId, severity: u8, fault: Fault, confirmed: bool) -> Outcome {
        need(self.cx.role == Role::TR, Code::RoleForbidden)?;
        let (now, hand) = (self.now(), self.hand());
        let owner = self.cell(robot)?.robot.owner;
        let fault = fault_to(fault);
        let all = self.s.strays.get(&robot).ok_or_else(|| Rejection::new(Code::NotFound).field("incident"))?;
        let decided = all.decide(now, &hand, &Command::Triage { incident, severity, fault, confirmed })?;
        self.read_at(&format!("robot/{robot}"))?;
        if let Some(all) = self.s.strays.get_mut(&robot) {
            decided.events.iter().for_each(|e| all.evolve(now, e));
        }
        let code = format!("{:?}", fault_back(fault));
        let reason = self.emit_robot(robot, RobotEvent::IncidentTriaged { incident, severity, fault: code, confirmed });
        self.learn(None, Some(robot), Some(owner), reason, Fact::Triaged { severity, fault });
        self.react_alone(robot, incident, &decided.reactions);
        Ok(())
    }

    /// Triage of a robot's own incidents is due.
    pub(crate) fn strays_due(&mut self, robot: RobotId) {
        let now = self.now();
        let Some(all) = self.s.strays.get(&robot) else { return };
        let due: Vec<IncidentId> = all.deadlines().into_iter().filter(|(_, at)| *at <= now).map(|(i, _)| i).collect();
        for incident in due {
            let Some(all) = self.s.strays.get_mut(&robot) else { return };
            let Ok(decided) = all.decide(now, &Hand::CLOCK, &Command::Fire { incident }) else { continue };
            decided.events.iter().for_each(|e| all.evolve(now, e));
            for e in decided.events {
                if let Event::TriageOverdue { incident, level } = e {
                    self.emit_robot(robot, RobotEvent::IncidentTriageOverdue { incident, level });
                }
            }
        }
    }
}
