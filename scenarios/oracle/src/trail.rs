//! The trail: what the platform was told and what it says happened, followed word for word by judges that share no rule
//! with it. They know the platform's words (events, facts, envelopes) and none of its decisions: tables, arithmetic,
//! chains and choices are written down here once more, from the domain's text.
//!
//! Most of them judge as they go, at the end of each unit; what needs the whole state – the refold, the statements, the
//! book against its facts – is judged each simulated minute for what is open, and at the end for everything.

mod after;
mod areas;
mod audits;
mod award;
mod blackbox;
mod cameras;
mod chain;
mod dossier;
mod entries;
mod evidence;
mod fold;
mod heads;
mod help;
mod lease;
mod load;
mod meter;
mod money;
mod month;
mod outage;
mod papers;
mod purse;
mod quoted;
mod reckon;
mod signers;
mod table;

pub use areas::Right;
pub use cameras::Recording;

use crate::verdict::Notes;
use nooterra_control::Fact;
use nooterra_control::fact::Event as Payload;
use nooterra_control::genesis::Genesis;
use nooterra_control::state::State;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{DoorId, JobId, KeyId, LeaseId, OperatorId, RobotId, ZoneId};
use nooterra_engine::time::Instant;
use nooterra_jobs::event::Event as JobEvent;
use nooterra_jobs::pins::WitnessClass;
use nooterra_operations::Event as RobotEvent;
use nooterra_trust::{Envelope, Role};
use std::collections::BTreeMap;

/// When something is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub at: Instant,
    pub tick: u64,
}

/// Who said what is being decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub hash: Digest,
    pub key: KeyId,
    pub role: Option<Role>,
    pub actor: [u8; 16],
    pub lease: Option<LeaseId>,
    pub fence: Option<u64>,
}

/// The judges of the trail.
#[derive(Debug)]
pub struct Trail {
    chain: chain::Chain,
    table: table::Table,
    leases: lease::Leases,
    loads: load::Loads,
    money: money::Money,
    awards: award::Awards,
    help: help::Help,
    fold: fold::Fold,
    evidence: evidence::Evidence,
    boxes: blackbox::Boxes,
    outages: outage::Outages,
    heads: heads::Heads,
    /// Clamps on record, by robot.
    clamped: BTreeMap<RobotId, u64>,
    areas: areas::Areas,
    cameras: cameras::Cameras,
    audits: audits::Audits,
    quoted: quoted::Quoted,
    /// The cause of the unit that is being read.
    unit: Digest,
}

impl Trail {
    /// The judges of a platform that starts with this.
    pub fn new(g: &Genesis) -> Self {
        Self {
            chain: chain::Chain::new(g),
            table: table::Table::new(),
            leases: lease::Leases::new(g),
            loads: load::Loads::new(),
            money: money::Money::new(g),
            awards: award::Awards::new(g),
            help: help::Help::new(g),
            fold: fold::Fold::new(g),
            evidence: evidence::Evidence::new(),
            boxes: blackbox::Boxes::new(),
            outages: outage::Outages::new(g),
            heads: heads::Heads::new(g),
            clamped: BTreeMap::new(),
            areas: areas::Areas::default(),
            cameras: cameras::Cameras::default(),
            audits: audits::Audits::new(g),
            quoted: quoted::Quoted::new(),
            unit: Digest::ZERO,
        }
    }

    /// Something reaches the platform, before it takes effect.
    pub fn input(&mut self, at: Instant, tick: u64, e: &Envelope) {
        let n = Now { at, tick };
        self.money.close(n);
        self.heads.pass(at, true, self.chain.heads());
        self.chain.input(n, e);
        self.awards.input();
        let said = self.chain.said();
        self.evidence.input(at, e, said.and_then(|s| s.role), said.map_or(Digest::ZERO, |s| s.hash));
        self.boxes.input(e, said.and_then(|s| s.role));
        self.outages.input(Now { at, tick }, said);
        if self.chain.is_flawed() {
            self.evidence.refused();
            self.boxes.refused();
            self.outages.refused();
        }
    }

    /// The platform says what happened.
    pub fn fact(&mut self, at: Instant, tick: u64, f: &Fact) {
        match f {
            Fact::Rejected(r) => {
                self.chain.refused(Now { at, tick }, r);
                self.evidence.refused();
                self.boxes.refused();
                self.outages.refused();
            }
            Fact::Ledger(l) => {
                self.money.ledger(Now { at: l.at(), tick }, l);
                self.fold.ledger(l);
            }
            Fact::Event(r) => {
                let n = Now { at: r.header.legal_ns, tick };
                if r.header.cause != self.unit {
                    self.unit = r.header.cause;
                    self.money.close(n);
                }
                self.heads.pass(n.at, false, self.chain.heads());
                self.chain.event(n, r);
                let said = self.chain.said().filter(|s| s.hash == r.header.cause);
                let job = r.header.stream.strip_prefix("job/").and_then(|j| j.parse::<JobId>().ok());
                match &r.payload {
                    Payload::Job(e) => {
                        if let Some(id) = job {
                            self.table.event(n, id, e);
                            self.areas.event(n.at, id, e);
                            self.cameras.event(id, e);
                            self.loads.event(n, id, e, r.header.role, r.header.actor);
                            if let JobEvent::WitnessReported { class: WitnessClass::TwinReplay, robot, artefact, .. } = e {
                                self.boxes.witnessed(n, *robot, *artefact);
                            }
                            self.fold.job(n.at, id, e);
                            self.outages.job(n, id, e);
                            if let nooterra_jobs::Event::ExecutionCompleted { black_box_root, .. } = e {
                                self.boxes.completed(n, RobotId::from_bytes(r.header.actor), *black_box_root);
                            }
                        }
                    }
                    Payload::Robot(e) => {
                        if let Some(id) = r.header.stream.strip_prefix("robot/").and_then(|j| j.parse::<RobotId>().ok()) {
                            if let RobotEvent::ClampSummarised { count, .. } = e {
                                *self.clamped.entry(id).or_default() += u64::from(*count);
                            }
                            self.leases.robot(n, id, e);
                            self.help.robot(n, id, e);
                            self.fold.robot(n.at, id, e);
                            self.boxes.robot(n, id, e);
                            self.outages.robot(n, id, r.header.role, e);
                        }
                    }
                    Payload::Case(e) => {
                        self.evidence.event(n, &r.header.stream, e);
                        self.boxes.event(n, &r.header.stream, e);
                        if let Some(id) = job {
                            self.cameras.case(id, e);
                        }
                    }
                    Payload::Site(e) => self.outages.site(n, e),
                    Payload::Governance(e) => {
                        self.heads.event(n, e, r.header.actor);
                        self.money.governed(e);
                    }
                    Payload::Operator(e) => {
                        if let Some(id) = r.header.stream.strip_prefix("operator/").and_then(|j| j.parse::<OperatorId>().ok()) {
                            self.help.shift(id, e);
                        }
                    }
                    _ => {}
                }
                self.leases.event(n, job, &r.payload, said);
                self.awards.event(n, job, &r.payload, r.header.role == Role::OW);
                self.help.event(n, job, &r.payload, said);
                self.money.event(n, job, r);
                self.audits.event(n, job, &r.payload);
                self.quoted.event(n, job, &r.payload);
            }
        }
    }

    /// The platform's state in between: what is open must be what its streams say.
    pub fn state(&mut self, at: Instant, tick: u64, s: &State) {
        let n = Now { at, tick };
        self.money.close(n);
        self.evidence.forget();
        self.fold.timers(n, s);
        self.fold.compare(n, s, self.chain.heads(), false);
    }

    /// The run is over.
    pub fn end(&mut self, at: Instant, tick: u64, s: &State) {
        let n = Now { at, tick };
        self.chain.close(n);
        self.outages.close(n);
        self.leases.close(n);
        self.money.end(n, s);
        self.audits.end(n, s);
        self.fold.timers(n, s);
        self.fold.compare(n, s, self.chain.heads(), true);
        let claims = s.cases.iter().flat_map(|(j, c)| c.claims.deadlines().into_iter().map(|(_, _, due)| (*j, due)));
        let disputes = s.cases.iter().flat_map(|(j, c)| c.disputes.deadlines().into_iter().map(|(_, due)| (*j, due)));
        let cases: Vec<(JobId, Instant)> = claims.chain(disputes).collect();
        self.help.end(n, &cases);
    }

    /// How many clamps of a robot are on record.
    pub fn clamped(&self, robot: RobotId) -> u64 {
        self.clamped.get(&robot).copied().unwrap_or(0)
    }

    /// By which right is this robot in this area now, as the trail says?
    pub fn right(&self, at: Instant, robot: RobotId, zone: ZoneId) -> Right {
        self.areas.right(at, robot, zone)
    }

    /// May this robot come in through this door or into this lift now, as the trail says?
    pub fn may_come_in(&self, at: Instant, robot: RobotId, door: DoorId) -> bool {
        self.areas.may_come_in(at, robot, door)
    }

    /// What allows this robot to record at this instant of its own time, as the trail says?
    pub fn recording(&self, robot: RobotId, lease: Option<LeaseId>, dev_ns: u64) -> Recording {
        self.cameras.allowed(robot, lease, dev_ns)
    }

    /// What all of them have found.
    pub(crate) fn notes(&self) -> Vec<&Notes> {
        let (l, h) = (&self.leases, &self.help);
        let first =
            [&self.chain.notes, &self.table.notes, &l.notes, &l.fit, &l.access, &self.fold.notes, &self.fold.timers, &self.evidence.notes];
        let last = [
            &self.boxes.notes,
            &self.awards.notes,
            &h.notes,
            &h.skills,
            &h.ends,
            &self.loads.notes,
            &self.outages.notes,
            &self.heads.notes,
            &self.audits.notes,
            &self.quoted.notes,
        ];
        first.into_iter().chain(self.money.notes()).chain(last).collect()
    }
    /// Findings so far.
    pub fn findings(&self) -> impl Iterator<Item = &crate::Finding> {
        self.notes().into_iter().flat_map(|n| &n.found)
    }
}
