//! What went wrong on a job, and what follows of it: incidents with their reactions, the evidence windows around them,
//! and the claims on them. The trust room decides; here its events are written down and its reactions carried out.

pub mod windows;

use crate::fact::CaseEvent;
use crate::policy::Policy;
use crate::two_keys::Proposals;
use crate::unit::{Outcome, Unit, need};
use crate::wish::Wish;
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{IncidentId, JobId, OperatorId, PartyId, RobotId};
use nooterra_engine::money::Amount;
use nooterra_engine::sometimes;
use nooterra_engine::time::Instant;
use nooterra_jobs::event::{Cause, Detector, Event, Fault, IncidentCode, ReleaseReason, StallReason};
use nooterra_jobs::status::Status;
use nooterra_jobs::{Job, Pins};
use nooterra_operations::assist::{Priority, Reason};
use nooterra_trust::claim::{self, Claims, Item, Terms};
use nooterra_trust::dispute::Disputes;
use nooterra_trust::evidence::{self, Channel, Evidence, Retention, Subject};
use nooterra_trust::gate::Gate;
use nooterra_trust::incident::{self, DevTime, Incidents, Reaction, Report, Stream};
use nooterra_trust::reputation::Fact;
use nooterra_trust::{Code, Hand, Parties, Rejection, Role};
use std::collections::{BTreeMap, BTreeSet};

/// The trust service acting by itself.
pub(crate) const TRUST: Hand = Hand { role: Role::TR, key: None, party: None };

/// Everything about a job that is in dispute.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Case {
    /// What went wrong.
    pub incidents: Incidents,
    /// What was captured around it.
    pub evidence: Evidence,
    /// What is demanded for it.
    pub claims: Claims,
    /// What parties say against its outcome.
    pub disputes: Disputes,
    /// What the requester asked for in a complaint, to be disputed when the job has ended.
    pub asked: Option<Amount>,
    /// Whether its settlement waits, and for what.
    pub gate: Gate,
    /// Documents that the trust service has seen, by incident.
    pub documents: BTreeMap<IncidentId, BTreeMap<Item, Digest>>,
    /// Decisions that need a second key: who proposed which.
    pub proposals: Proposals,
    /// Windows to be captured once they are over, in receive time.
    pub windows: BTreeMap<IncidentId, (RobotId, Instant)>,
}

impl Case {
    fn new(j: &Job, p: &Pins, policy: &Policy, insurer: Option<PartyId>, at: Instant) -> Self {
        let (job, requester, mode) = (j.id, j.request.requester, crate::camera::mode_of(j.request.need.privacy));
        // A booking was priced by its tariff; without one nothing would be paid on a claim.
        let claims = policy.tariff(p.currency).map_or_else(|| Terms::with_max(Amount::ZERO), |t| policy.claims.terms(t, p.max_claims));
        let developer = p.licences.first().map(|l| l.developer);
        let parties = Parties { requester, owner: p.owner, operator: None, developer, insurer };
        let named: BTreeSet<PartyId> = [Some(requester), Some(p.owner), developer].into_iter().flatten().collect();
        Self {
            incidents: Incidents::new(Stream::Job(job), named),
            evidence: no_evidence(mode, true, Some(at)),
            claims: Claims::new(claims, parties),
            disputes: Disputes::new(parties, Amount::saturating(p.total()), policy.disputes),
            asked: None,
            gate: Gate::default(),
            documents: BTreeMap::new(),
            proposals: Proposals::default(),
            windows: BTreeMap::new(),
        }
    }

    /// The first deadline of anything in it, with evidence kept by the job's terms.
    pub fn deadline(&self, p: &Pins) -> Option<Instant> {
        let triage = self.incidents.incidents.values().filter_map(incident::Incident::triage_by);
        let claims = self.claims.deadlines().into_iter().map(|(_, _, at)| at);
        let kept = self.evidence.deadlines(&kept_by(p)).into_iter().map(|(_, at)| at);
        let disputes = self.disputes.deadlines().into_iter().map(|(_, at)| at);
        triage.chain(claims).chain(disputes).chain(kept).chain(self.windows.values().map(|(_, at)| *at)).min()
    }

    /// Does somebody still wait for an answer, a window or money?
    pub fn is_open(&self) -> bool {
        self.claims.any_open()
            || self.disputes.any_open()
            || self.claims.claims.values().any(|c| c.grant.as_ref().is_some_and(|g| g.outstanding().minor() > 0))
    }
}

/// How long the evidence of a booked job is kept: as was agreed, whatever the policy says by now.
pub(crate) fn kept_by(p: &Pins) -> Retention {
    Retention { telemetry: p.retention.telemetry, evidence: p.retention.evidence, ..Retention::default() }
}

/// No evidence yet of what a robot records: numbers, its words, and images where they may be asked for.
pub(crate) fn no_evidence(mode: evidence::PrivacyMode, images: bool, linked_since: Option<Instant>) -> Evidence {
    let mut declared = BTreeSet::from([Channel::Telemetry, Channel::Words]);
    if images {
        declared.insert(Channel::Images);
    }
    Evidence::new(mode, declared, linked_since)
}

/// What people say of a job; the others are for detectors.
const REPORTED: [IncidentCode; 10] = [
    IncidentCode::PropertyDamage,
    IncidentCode::TheftAllegation,
    IncidentCode::PrivacyComplaint,
    IncidentCode::Injury,
    IncidentCode::QualityComplaint,
    IncidentCode::FailedToComplete,
    IncidentCode::BlockedZone,
    IncidentCode::AccessFailure,
    IncidentCode::MeterMismatch,
    IncidentCode::RobotStranded,
];

pub(crate) fn code_of(code: IncidentCode) -> incident::IncidentCode {
    // The lists are equal, which a test holds.
    incident::IncidentCode::from_text(code.text()).unwrap_or(incident::IncidentCode::FailedToComplete)
}

pub(crate) fn code_back(code: incident::IncidentCode) -> IncidentCode {
    IncidentCode::from_text(code.text()).unwrap_or(IncidentCode::FailedToComplete)
}

pub(crate) const fn fault_to(f: Fault) -> nooterra_trust::Fault {
    match f {
        Fault::None => nooterra_trust::Fault::None,
        Fault::Requester => nooterra_trust::Fault::Requester,
        Fault::Owner => nooterra_trust::Fault::Owner,
        Fault::Operator => nooterra_trust::Fault::Operator,
        Fault::Developer => nooterra_trust::Fault::Developer,
        Fault::Platform => nooterra_trust::Fault::Platform,
        Fault::Site => nooterra_trust::Fault::Site,
    }
}

pub(crate) const fn fault_back(f: nooterra_trust::Fault) -> Fault {
    match f {
        nooterra_trust::Fault::None => Fault::None,
        nooterra_trust::Fault::Requester => Fault::Requester,
        nooterra_trust::Fault::Owner => Fault::Owner,
        nooterra_trust::Fault::Operator => Fault::Operator,
        nooterra_trust::Fault::Developer => Fault::Developer,
        nooterra_trust::Fault::Platform => Fault::Platform,
        nooterra_trust::Fault::Site => Fault::Site,
    }
}

impl Unit<'_> {
    /// Who acts in this unit, as the trust room sees it. Timers act as the clock.
    pub fn hand(&self) -> Hand {
        match self.cx.key {
            None => Hand::CLOCK,
            // Parties and devices are known by their actor; a device belongs to nobody here.
            Some(key) => {
                let party = match self.cx.role {
                    // A site claims for whoever runs it.
                    Role::SI => self.s.genesis.witnesses.iter().find(|w| w.actor == self.cx.actor).map(|w| w.owner),
                    Role::RB | Role::WI => None,
                    Role::OP => self.s.desk.operators.get(&OperatorId::from_bytes(self.cx.actor)).map(|o| o.party),
                    _ => Some(PartyId::from_bytes(self.cx.actor)),
                };
                Hand { role: self.cx.role, key: Some(key), party }
            }
        }
    }

    /// A booking begins a case, empty as long as all goes well.
    pub fn open_case(&mut self, job: JobId, pins: &Pins) {
        let Ok(j) = self.job(job) else { return };
        let g = &self.s.genesis;
        let case = Case::new(j, pins, &g.policy, g.insurer, self.now());
        self.s.cases.insert(job, case);
    }

    /// Writes down what happened in a case, folds it in, and moves its money.
    pub fn emit_case(&mut self, job: JobId, event: CaseEvent) {
        let event = match event {
            CaseEvent::Claim(e) if e.what.moves_money() => CaseEvent::Claim(claim::Event { origin_period: self.origin_period(job), ..e }),
            other => other,
        };
        let event_id = self.record_case(job, &event);
        let at = self.now();
        let step = crate::claims::step(self.s, job, &event, event_id, at).unwrap_or_else(|e| {
            nooterra_engine::always!(false, "I22 a claim's money was allowed", "{e}: {}", event.name());
            nooterra_settlement::Step::default()
        });
        if let Some(c) = self.s.cases.get_mut(&job) {
            match &event {
                CaseEvent::Evidence(e) => c.evidence.evolve(at, e),
                CaseEvent::Claim(e) => {
                    c.claims.evolve(at, e);
                    if let claim::What::Paid { amount, .. } = e.what {
                        self.s.past.evolve(at, &nooterra_market::history::PastFact::ClaimPaid { job, amount: amount.minor() });
                    }
                }
                CaseEvent::Dispute(e) => c.disputes.evolve(at, e),
                CaseEvent::IncidentClosed { incident, outcome } => {
                    c.incidents.evolve(at, &incident::Event::Closed { incident: *incident, outcome: *outcome });
                }
                CaseEvent::TriageOverdue { incident, level } => {
                    c.incidents.evolve(at, &incident::Event::TriageOverdue { incident: *incident, level: *level });
                }
            }
        }
        self.jobs_touched.insert(job);
        self.carry_out(&step);
        if matches!(event, CaseEvent::Claim(_) | CaseEvent::Dispute(_)) {
            self.hold_for(job, &event);
        }
    }

    /// Opens an incident on a job's stream, or counts it with an open one, and does what its severity demands. True if it is
    /// a new one.
    pub fn open_incident(&mut self, job: JobId, robot: Option<RobotId>, code: IncidentCode, severity: u8, dev_ns: Option<u64>) -> bool {
        let now = self.now();
        let incident: IncidentId = self.new_id();
        let (facts_hash, boot) = (self.cx.cause, self.cx.boot);
        let (zone, detector) = (robot.and_then(|r| self.zone_of(r)), self.detector(code));
        let report = Report { incident, code: code_of(code), severity, robot, at: dev_ns.map(|ns| DevTime { boot, ns }), zone, facts_hash };
        let hand = self.hand();
        let Some(case) = self.s.cases.get(&job) else { return false };
        // One that may not be taken any more is history: the input that told of it stays on record.
        let Ok(decided) = case.incidents.decide(now, &hand, &incident::Command::Open(report)) else { return false };
        let (mut named, mut opened) = (incident, false);
        for e in &decided.events {
            match *e {
                incident::Event::Opened(r) => {
                    opened = true;
                    let (code, at) = (code_back(r.code), r.at.map_or(0, |a| a.ns));
                    self.emit(
                        job,
                        Event::IncidentOpened {
                            incident: r.incident,
                            code,
                            severity: r.severity,
                            robot,
                            detector,
                            dev_ns: at,
                            zone,
                            facts_hash,
                        },
                    );
                }
                incident::Event::Repeated { incident, severity, .. } => {
                    named = incident;
                    self.emit(job, Event::IncidentRepeated { incident, severity });
                }
                _ => {}
            }
            if let Some(c) = self.s.cases.get_mut(&job) {
                c.incidents.evolve(now, e);
            }
        }
        self.react(job, robot, named, &decided.reactions);
        opened
    }

    /// On whose readings a detector fires in this unit; none where somebody tells of what nothing measured.
    fn detector(&self, code: IncidentCode) -> Option<Detector> {
        let on = match self.cx.role {
            Role::RB => Detector::Robot,
            Role::SI | Role::WI => Detector::Site,
            _ => Detector::Platform,
        };
        (!REPORTED.contains(&code)).then_some(on)
    }

    /// Judges an incident; what its new severity demands follows.
    pub fn triage(&mut self, job: JobId, incident: IncidentId, severity: u8, fault: Fault, confirmed: bool) -> Outcome {
        let (now, hand) = (self.now(), self.hand());
        let case = self.case(job)?;
        let command = incident::Command::Triage { incident, severity, fault: fault_to(fault), confirmed };
        let decided = case.incidents.decide(now, &hand, &command)?;
        let robot = case.incidents.incidents.get(&incident).and_then(|i| i.report.robot);
        let owner = robot.and_then(|r| self.cell(r).ok()).map_or(case.claims.parties.owner, |c| c.robot.owner);
        for e in &decided.events {
            if let Some(c) = self.s.cases.get_mut(&job) {
                c.incidents.evolve(now, e);
            }
            if let incident::Event::Triaged { incident, severity, fault, confirmed } = *e {
                let reason = self.emit(job, Event::IncidentTriaged { incident, severity, fault: fault_back(fault), confirmed });
                self.learn(Some(job), robot, Some(owner), reason, Fact::Triaged { severity, fault });
            }
        }
        self.react(job, robot, incident, &decided.reactions);
        Ok(())
    }

    /// What was judged is done with.
    pub(crate) fn close_incident(&mut self, job: JobId, incident: IncidentId, outcome: incident::Outcome) -> Outcome {
        let decided = self.case(job)?.incidents.decide(self.now(), &self.hand(), &incident::Command::Close { incident, outcome })?;
        for e in decided.events {
            if let incident::Event::Closed { incident, outcome } = e {
                self.emit_case(job, CaseEvent::IncidentClosed { incident, outcome });
            }
        }
        Ok(())
    }

    /// Somebody says that something went wrong that nothing measured.
    pub(crate) fn report_incident(&mut self, job: JobId, code: IncidentCode, severity: u8) -> Outcome {
        need(REPORTED.contains(&code), Code::TypeUnknown)?;
        let (least, most) = code_of(code).severities();
        if !(least..=most).contains(&severity) {
            return Err(Rejection::new(Code::SchemaInvalid).field("severity").expected(format!("{least} to {most}")).actual(severity));
        }
        let case = self.s.cases.get(&job).ok_or_else(|| Rejection::new(Code::StateForbids).field("job"))?;
        need(case.incidents.takes_reports(self.now()), Code::StateForbids)?;
        let robot = self.job(job)?.legs.last().map(|l| l.offer.robot);
        self.open_incident(job, robot, code, severity, None);
        Ok(())
    }

    /// Carries out what an incident sets in motion. What has no robot or no lease at the moment is left out.
    fn react(&mut self, job: JobId, robot: Option<RobotId>, incident: IncidentId, reactions: &[Reaction]) {
        let bound = robot.filter(|r| self.job(job).ok().and_then(Job::robot) == Some(*r));
        for r in reactions {
            match r {
                Reaction::EvidenceWindow => self.want_evidence(Stream::Job(job), robot, incident),
                Reaction::StallIfWorking => {
                    let at_it = |j: &Job| matches!(j.status, Status::Executing | Status::Assisted);
                    let working = bound.is_some() && self.job(job).is_ok_and(at_it);
                    if working {
                        let events =
                            self.job(job).map(|j| nooterra_jobs::batch::stall(j, StallReason::Safety, self.now())).unwrap_or_default();
                        self.emit_all(job, events);
                    }
                }
                Reaction::StopRobot => {
                    if let Some(r) = robot {
                        self.stop_robot(r, "INCIDENT");
                    }
                }
                Reaction::Quarantine => {
                    if let Some(r) = robot {
                        self.quarantine(r, "INCIDENT", Some(incident), None);
                        self.leaves_present(r, Some(job));
                    }
                }
                Reaction::SafeExitAbort => {
                    if bound.is_some() {
                        self.unfit(job, ReleaseReason::RobotUnfit, Cause::Incident);
                    }
                }
                Reaction::AssistHigh => {
                    let helps = [Status::Executing, Status::Stalled, Status::AbortingSafeExit];
                    if bound.is_some() && self.job(job).is_ok_and(|j| helps.contains(&j.status)) {
                        self.ask_help(job, Priority::High, Reason::Incident);
                    }
                }
                Reaction::TellOwner => self.alert(job, incident),
                Reaction::TellSite => self.tell_site(Some(job), incident),
                Reaction::StopZone => {
                    if let Some(r) = robot {
                        self.stop_zone(r);
                    }
                }
                Reaction::ProtectiveStop => {
                    if let Some(r) = bound {
                        self.brake(job, r);
                    }
                }
                // The gate holds the money while triage is due, which the case's timer asks for.
                Reaction::TriageDue | Reaction::HoldSettlement => {}
            }
        }
    }

    /// A robot that was barred for something that was not on its present job gives up what it is about now.
    pub(crate) fn leaves_present(&mut self, robot: RobotId, other_than: Option<JobId>) {
        let held = self.cell(robot).ok().and_then(|c| c.robot.lease).map(|h| h.job);
        if let Some(job) = held.filter(|j| Some(*j) != other_than) {
            sometimes!(true, "a robot is barred for what happened on another job");
            self.unfit(job, ReleaseReason::RobotUnfit, Cause::Quarantine);
        }
    }

    /// Those who answer for a robot, and those whose work it is, hear of what went wrong.
    fn alert(&mut self, job: JobId, incident: IncidentId) {
        let Ok(j) = self.job(job) else { return };
        let owner = j.pins.as_ref().map(|p| p.owner);
        let parties: BTreeSet<PartyId> = owner.into_iter().chain([j.request.requester]).collect();
        for party in parties {
            self.wish(Wish::Alert { party, job: Some(job), incident });
        }
    }

    /// A deadline of a case has come: everything that is due, in its fixed order.
    pub fn case_due(&mut self, job: JobId) {
        let now = self.now();
        self.jobs_touched.insert(job);
        let Some(case) = self.s.cases.get(&job) else { return };
        let windows: Vec<(IncidentId, RobotId)> =
            case.windows.iter().filter(|(_, (_, at))| *at <= now).map(|(i, (r, _))| (*i, *r)).collect();
        for (incident, robot) in windows {
            self.capture_window(Stream::Job(job), incident, robot);
        }
        self.gaps(Stream::Job(job));
        let Some(case) = self.s.cases.get(&job) else { return };
        let overdue: Vec<IncidentId> =
            case.incidents.incidents.iter().filter(|(_, i)| i.triage_by().is_some_and(|by| by <= now)).map(|(id, _)| *id).collect();
        for incident in overdue {
            let Some(case) = self.s.cases.get(&job) else { return };
            let Ok(d) = case.incidents.decide(now, &Hand::CLOCK, &incident::Command::Fire { incident }) else { continue };
            for e in d.events {
                if let incident::Event::TriageOverdue { incident, level } = e {
                    self.emit_case(job, CaseEvent::TriageOverdue { incident, level });
                }
            }
        }
        self.claims_due(job);
        self.disputes_due(job);
        self.retention_due(Stream::Job(job));
    }

    /// The robot of a job may have incidents from the lease on; after settlement for a while.
    pub fn follow_case(&mut self, job: JobId, event: &Event) {
        let now = self.now();
        let Some(c) = self.s.cases.get_mut(&job) else { return };
        match event {
            Event::LeaseAccepted { .. } => {
                c.incidents.open_from.get_or_insert(now);
            }
            Event::ExecutionCompleted { .. } | Event::JobAborted { .. } => {
                c.disputes.ended = Some(now);
                // What its robots recorded of it is kept for a while.
                let owner = Subject::Party(c.claims.parties.owner);
                if self.s.jobs.get(&job).is_some_and(|j| !j.legs.is_empty()) {
                    c.evidence.was_recorded(owner, now);
                }
            }
            // The rule of the hold stands for what was missing: the gate is asked anew.
            Event::SettlementForfeited { .. } => c.gate = Gate::default(),
            Event::AssistStarted { party, .. } => self.helper_named(job, *party),
            Event::JobSettled(_) => {
                c.incidents.settled = Some(now);
                c.claims.settled = Some(now);
                c.disputes.settled = Some(now);
            }
            _ => {}
        }
    }
}
