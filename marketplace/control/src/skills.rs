//! Skills on the platform: bundles and certificates that developers and certifiers send, licences pinned at booking,
//! verdicts for dispatch, starts and checkpoints metered, and what a revocation does to jobs under way.

use crate::fact::Event as Payload;
use crate::genesis::Genesis;
use crate::input::{CertifierCommand, DeveloperCommand};
use crate::state::{RobotCell, State};
use crate::timers::Stream;
use crate::unit::{Outcome, Unit, need};
use crate::wish::Wish;
use nooterra_dispatch::assign::Interval;
use nooterra_dispatch::verdicts::{self, CertTier, SkillState};
use nooterra_engine::ids::{JobId, PartyId, RobotId, SkillId};
use nooterra_engine::money::Currency;
use nooterra_engine::sometimes;
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record, always};
use nooterra_jobs::event::{CancelReason, Cause, Disposition, IncidentCode, ReleaseReason, StallReason};
use nooterra_jobs::pins::{LicencePin, LicenceUnit, Milestone};
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::{Quote, Request};
use nooterra_jobs::tier::Cert;
use nooterra_jobs::{Job, batch};
use nooterra_market::negotiation::RfqCommand;
use nooterra_port::skill::Repinned;
use nooterra_skills::registry::{Licensed, Registry};
use nooterra_skills::words::Milestone as Asked;
use nooterra_skills::{BundleSeal, Command, Event as SkillEvent, Evidence, Level, Robot, SignedCertificate, Tier, Unit as Metered};
use nooterra_trust::{Hand, Rejection, Role};
use std::collections::BTreeSet;

/// A robot keeps so many versions of a skill; older ones are not sent to it.
const ROLLED_OUT: usize = nooterra_skills::registry::KEPT;

/// A bundle that the platform starts with.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct SkillEntry {
    /// Its canonical bytes.
    pub bundle: Vec<u8>,
    /// Signed by its developer.
    pub seal: BundleSeal,
    /// Its certificates, with what they rest on.
    pub certificates: Vec<CertificateEntry>,
}

/// A certificate that the platform starts with.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct CertificateEntry {
    /// Signed by its certifier.
    pub certificate: SignedCertificate,
    /// What it rests on.
    pub evidence: Evidence,
}

fn tier_of(c: Cert) -> Tier {
    match c {
        Cert::Dev => Tier::Dev,
        Cert::Sim => Tier::Sim,
        Cert::Lab => Tier::Lab,
        Cert::Field => Tier::Field,
    }
}

fn cert_tier(t: Tier) -> CertTier {
    match t {
        Tier::Dev => CertTier::Dev,
        Tier::Sim => CertTier::Sim,
        Tier::Lab => CertTier::Lab,
        Tier::Field => CertTier::Field,
    }
}

const fn unit_of(u: Metered) -> LicenceUnit {
    match u {
        Metered::Job => LicenceUnit::Job,
        Metered::Use => LicenceUnit::Use,
        Metered::Minute => LicenceUnit::Minute,
        Metered::Checkpoint => LicenceUnit::Checkpoint,
    }
}

const fn milestone(m: Asked) -> Milestone {
    match m {
        Asked::Booked => Milestone::Booked,
        Asked::EnRoute => Milestone::EnRoute,
        Asked::AccessGranted => Milestone::AccessGranted,
        Asked::Executing => Milestone::Executing,
        Asked::Checkpoint => Milestone::Checkpoint,
    }
}

/// The commands that the genesis stands for, each in the hand of whoever signed it; they are decided like any others.
pub(crate) fn first_commands(g: &Genesis) -> Vec<(Hand, Command)> {
    let by = |role, key: nooterra_engine::ids::KeyId| {
        let holder = g.keys.iter().find(|b| b.public.id() == key).map(|b| PartyId::from_bytes(b.subject));
        Hand { role, key: Some(key), party: holder }
    };
    let mut out = Vec::new();
    for s in &g.skills {
        out.push((by(Role::DV, s.seal.key), Command::Publish { bundle: s.bundle.clone(), seal: s.seal.clone() }));
        for c in &s.certificates {
            let (certificate, evidence) = (Box::new(c.certificate.clone()), Box::new(c.evidence.clone()));
            out.push((by(Role::CE, c.certificate.key), Command::Certify { certificate, evidence }));
        }
    }
    out
}

/// Would the registry take what the genesis says, and are the contract's licences those of its bundles?
pub(crate) fn check_genesis(s: &State) -> Result<(), Rejection> {
    let (now, g) = (s.genesis.at, &s.genesis);
    let mut r = Registry::default();
    for (hand, c) in first_commands(g) {
        for e in r.decide(now, &hand, &s.keys, &c)? {
            r.evolve(now, &e);
        }
    }
    for (c, l) in g.contracts.iter().flat_map(|c| c.licences.iter().map(move |l| (c.currency, l))) {
        let wrong = |what: &str| Rejection::new(nooterra_trust::Code::SchemaInvalid).field(format!("contract.licences.{what}"));
        let p = r.bundle(l.bundle).ok_or_else(|| wrong("bundle").actual(l.bundle))?;
        let t = &p.manifest.licence;
        let price = t.price(c).ok_or_else(|| wrong("terms").expected(format!("a price in {c}")))?;
        let terms = (p.skill, p.manifest.developer, price.fee, price.cap, unit_of(t.unit), milestone(t.refundable_until));
        if terms != (l.skill, l.developer, l.fee, l.cap, l.unit, l.refundable_until) {
            return Err(wrong("terms").expected(format!("{terms:?}")).actual(format!("{l:?}")));
        }
    }
    Ok(())
}

/// What a certificate says of this robot of the genesis.
pub(crate) fn robot_of(g: &Genesis, entry: u32, robot: RobotId) -> Option<Robot> {
    let e = g.robots.get(entry as usize)?;
    Some(Robot { robot, model: e.model.name.clone(), driver: e.driver_version })
}

/// Versions that a robot may say that it has, at most.
const KEPT_MAX: usize = 256;

impl State {
    /// How far certificates must go for a job.
    fn min_cert(&self, request: &Request) -> Tier {
        let v = self.genesis.policy.tier_values.unwrap_or_else(|| request.need.tier.values());
        tier_of(v.min_cert)
    }

    /// Every bundle that a booking made now in this currency would pin; none if a skill of its contract has no bundle that
    /// may be pinned.
    fn bundles_now(&self, currency: Currency, now: Instant) -> Option<Vec<(LicencePin, Digest)>> {
        let tenant = self.genesis.tenant;
        let of = |l: &LicencePin| Some((l.clone(), self.skills.current(l.bundle, tenant, now)?));
        self.genesis.contract(currency)?.licences.iter().map(of).collect()
    }

    /// The bundles of those.
    pub(crate) fn bundles_in_force(&self, currency: Currency, now: Instant) -> Option<Vec<Digest>> {
        Some(self.bundles_now(currency, now)?.into_iter().map(|(_, b)| b).collect())
    }

    /// What a booking made now on these bundles, which were quoted, pins: each of them, or where it may not be pinned any more
    /// what takes its place; none if nothing does.
    fn bundles_as_quoted(&self, quoted: &[(SkillId, Digest)], currency: Currency, now: Instant) -> Option<Vec<(LicencePin, Digest)>> {
        let tenant = self.genesis.tenant;
        let of = |l: &LicencePin| {
            let (_, bundle) = quoted.iter().find(|(skill, _)| *skill == l.skill)?;
            Some((l.clone(), self.skills.current(*bundle, tenant, now)?))
        };
        self.genesis.contract(currency)?.licences.iter().map(of).collect()
    }

    /// The bundles that a booking of this request would pin now; none if what it was opened with cannot be booked any more.
    pub(crate) fn bundles_of(&self, job: JobId, now: Instant) -> Option<Vec<Digest>> {
        let currency = self.jobs.get(&job)?.request.currency;
        let Some(n) = self.negotiations.get(&job) else { return self.bundles_in_force(currency, now) };
        let quoted: Vec<_> = n.rfq.skills.iter().map(|s| (s.skill, s.bundle)).collect();
        Some(self.bundles_as_quoted(&quoted, currency, now)?.into_iter().map(|(_, b)| b).collect())
    }

    /// May a robot run a bundle that is to be certified so far, and can it have it?
    fn runs(&self, bundle: Digest, robot: &Robot, min: Tier, now: Instant) -> bool {
        self.skills.may_run(bundle, robot, min, now).is_ok() && self.skills.is_at_hand(bundle, robot.robot, self.genesis.tenant, now)
    }

    /// How far certificates must go for a booked job.
    fn pinned_min(&self, job: JobId) -> Tier {
        self.jobs.get(&job).and_then(|j| j.pins.as_ref()).map_or(Tier::Dev, |p| tier_of(p.tier_values.min_cert))
    }

    /// Could a robot do work of this kind on these bundles, which a booking made now would pin?
    pub(crate) fn has_skills(&self, robot: &Robot, request: &Request, bundles: Option<&[Digest]>, now: Instant) -> bool {
        let min = self.min_cert(request);
        bundles.is_some_and(|all| all.iter().all(|b| self.runs(*b, robot, min, now)))
    }

    /// `CERT`: does a robot lack a certificate, or the bundle itself, of a skill that the job has pinned?
    pub(crate) fn lacks_certificate(&self, job: JobId, min: Cert, c: &RobotCell, now: Instant) -> bool {
        let Some(robot) = robot_of(&self.genesis, c.entry, c.robot.id) else { return true };
        let state = |l: &Licensed| {
            let b = l.bundle;
            let found = self.skills.certified(b, &robot, now).map(|(_, c)| verdicts::Certificate {
                valid: Interval { from: c.not_before, to: c.not_after },
                is_revoked: self.skills.is_revoked(b),
                covers_robot: true,
                tier: cert_tier(c.tier),
            });
            SkillState { is_available: self.skills.is_available(b, &robot, self.genesis.tenant, now), certificate: found }
        };
        let skills: Vec<SkillState> = self.skills.licences(job).iter().map(state).collect();
        !verdicts::is_certified(&skills, cert_tier(tier_of(min)), now)
    }
}

impl Unit<'_> {
    /// Decides a command of the registry and writes what follows; everything or nothing.
    fn skill(&mut self, hand: &Hand, c: &Command) -> Result<Vec<SkillEvent>, Rejection> {
        let events = self.s.skills.decide(self.now(), hand, &self.s.keys, c)?;
        crate::delivery::shelve(self.s, c);
        for e in &events {
            self.emit_skill(e);
        }
        Ok(events)
    }

    /// The same by the platform itself, in a role of its own.
    fn skill_as(&mut self, role: Role, c: &Command) -> Result<Vec<SkillEvent>, Rejection> {
        self.skill(&Hand { role, key: None, party: None }, c)
    }

    fn emit_skill(&mut self, e: &SkillEvent) {
        let stream = match e.stream() {
            nooterra_skills::event::Stream::Skill(id) => format!("skill/{id}"),
            nooterra_skills::event::Stream::Job(id) => format!("job/{id}"),
            nooterra_skills::event::Stream::Robot(id) => format!("robot/{id}"),
        };
        let role = self.skill_signer(e);
        crate::paths::skill(e);
        self.record(&stream, role, Payload::Skill(e.clone()), |r| &mut r.skills);
        self.s.skills.evolve(self.cx.legal, e);
        self.skills_touched = true;
    }

    /// The first facts: what was published and certified before the platform opened, and what is on its robots.
    pub fn open_skills(&mut self) {
        for (hand, c) in first_commands(&self.s.genesis) {
            let done = self.skill(&hand, &c);
            always!(done.is_ok(), "the genesis was checked", "{done:?}");
        }
        self.roll_out();
        self.skills_touched = true;
    }

    /// What a developer says (`DV`).
    pub fn developer(&mut self, c: DeveloperCommand) -> Outcome {
        let hand = self.hand();
        match c {
            DeveloperCommand::Publish { bundle, seal } => {
                self.skill(&hand, &Command::Publish { bundle, seal })?;
            }
            DeveloperCommand::Revoke { bundle, level, reason, predecessor } => {
                self.skill(&hand, &Command::Revoke { bundle, level, reason, predecessor })?;
                self.fell(bundle, level);
            }
        }
        Ok(())
    }

    /// What a certifier says (`CE`).
    pub fn certifier(&mut self, c: CertifierCommand) -> Outcome {
        let hand = self.hand();
        match c {
            CertifierCommand::Certify { certificate, evidence } => {
                self.skill(&hand, &Command::Certify { certificate, evidence })?;
                self.roll_out();
                self.trigger_dispatch();
            }
            CertifierCommand::Recall { bundle, model, level, reason } => {
                self.skill(&hand, &Command::Recall { bundle, model, level, reason })?;
                self.fell(bundle, level);
            }
        }
        Ok(())
    }

    /// An incident of a job was found to be the fault of a developer: it counts against what the job ran.
    pub fn blame_developer(&mut self, job: JobId, severity: u8) {
        let bundles: Vec<Digest> = self.s.skills.licences(job).iter().map(|l| l.bundle).collect();
        for bundle in bundles {
            let events = self.skill_as(Role::TR, &Command::Blame { bundle, severity }).unwrap_or_default();
            for e in events {
                if let SkillEvent::SkillRevoked { level, .. } = e {
                    self.fell(bundle, level);
                }
            }
        }
    }

    /// Certificates whose end has come.
    pub fn certificates_end(&mut self) {
        while let Some((_, certificate)) = self.s.skills.next_deadline().filter(|(at, _)| *at <= self.now()) {
            let bundle = self.s.skills.certificate(certificate).map(|c| c.content.bundle);
            let done = self.skill(&Hand::CLOCK, &Command::Fire { certificate });
            always!(done.is_ok(), "a certificate that is over ends", "{done:?}");
            let Some(bundle) = bundle.filter(|_| done.is_ok()) else { return };
            self.fell(bundle, Level::BlockNew);
        }
    }

    /// Brings the newest certified versions of the contract's skills to every robot that may have them.
    fn roll_out(&mut self) {
        // Contracts of several currencies license the same skills.
        let all = self.s.genesis.contracts.iter().flat_map(|c| &c.licences).map(|l| (l.skill, l.bundle));
        let skills: BTreeSet<_> = all.collect();
        let robots: Vec<Robot> = self.s.robots.values().filter_map(|c| robot_of(&self.s.genesis, c.entry, c.robot.id)).collect();
        for (skill, pinned) in skills {
            let newest: Vec<Digest> = self.s.skills.versions(skill).iter().rev().take(ROLLED_OUT).copied().collect();
            // What bookings pin first, so that it is the active one.
            let order: Vec<Digest> =
                newest.iter().copied().filter(|b| *b == pinned).chain(newest.iter().copied().filter(|b| *b != pinned)).collect();
            for robot in &robots {
                for bundle in &order {
                    self.deliver(robot, *bundle, None);
                }
            }
        }
    }

    /// Brings what a job has pinned to its robot, where that is not there yet.
    pub fn bring_skills(&mut self, job: JobId, robot: RobotId) {
        let Some(robot) = self.cell(robot).ok().and_then(|c| robot_of(&self.s.genesis, c.entry, robot)) else { return };
        for bundle in self.pinned_skills(job) {
            self.deliver(&robot, bundle, None);
        }
    }

    /// The bundles that a job runs on.
    pub fn pinned_skills(&self, job: JobId) -> Vec<Digest> {
        self.s.skills.licences(job).iter().map(|l| l.bundle).collect()
    }

    /// A job that a robot has a lease of runs on another bundle from now on: the robot gets it, and is told.
    fn bring_repinned(&mut self, job: JobId, robot: RobotId, bundle: Digest) {
        let Some(lease) = self.job(job).ok().and_then(Job::lease) else { return };
        let Some(robot) = self.cell(robot).ok().and_then(|c| robot_of(&self.s.genesis, c.entry, robot)) else { return };
        let skills = self.pinned_skills(job);
        self.deliver(&robot, bundle, Some(Repinned { lease, skills }));
    }

    /// A robot keeps a bundle, and says all that it has. That is what it has, whatever was believed: what it has thrown out is
    /// not there any more, and what it has without a word before is there. Whether it may run it is judged when it begins.
    pub fn robot_installed(&mut self, robot: RobotId, bundle: Digest, kept: &[Digest]) -> Outcome {
        need(kept.len() <= KEPT_MAX && kept.contains(&bundle), nooterra_trust::Code::SchemaInvalid)?;
        need(self.s.skills.bundle(bundle).is_some(), nooterra_trust::Code::NotFound)?;
        let id = self.cell(robot)?.robot.id;
        let hand = self.hand();
        let gone: Vec<Digest> =
            self.s.skills.bundles().map(|(d, _)| d).filter(|d| self.s.skills.has(*d, id) && !kept.contains(d)).collect();
        for bundle in gone {
            sometimes!(true, "a robot has thrown out a version that it was believed to have");
            self.skill(&hand, &Command::Remove { robot: id, bundle })?;
        }
        for bundle in kept {
            // It may have been brought a second time, to say what a lease runs on; of what nobody published nothing is known.
            if self.s.skills.bundle(*bundle).is_some() && !self.s.skills.has(*bundle, id) {
                self.skill(&hand, &Command::Install { robot: id, bundle: *bundle })?;
            }
        }
        Ok(())
    }

    /// A robot says that it does not: what it has a lease of and needs it for goes to another one.
    pub fn robot_will_not(&mut self, robot: RobotId, bundle: Digest, code: String) -> Outcome {
        let c = self.cell(robot)?;
        let leases: Vec<JobId> = c.robot.lease.iter().chain(&c.robot.ahead).map(|h| h.job).collect();
        let me = robot_of(&self.s.genesis, c.entry, robot).ok_or_else(|| Rejection::new(nooterra_trust::Code::NotFound))?;
        let hand = self.hand();
        self.skill(&hand, &Command::RefuseInstall { robot: me, bundle, code })?;
        for job in leases {
            let begins = |j: &Job| {
                matches!(j.status, Status::Matched | Status::Reserved | Status::EnRoute | Status::Arrived | Status::AccessGranted)
            };
            let needs = self.pinned_skills(job).contains(&bundle) && self.job(job).is_ok_and(begins);
            if needs && !self.s.skills.has(bundle, robot) {
                self.unfit(job, ReleaseReason::RobotUnfit, Cause::RobotAborted);
            }
        }
        self.trigger_dispatch();
        Ok(())
    }

    /// The licences that a request made now in this currency names, with the terms of the bundles in force.
    pub fn licence_pins(&self, currency: Currency) -> Option<Vec<LicencePin>> {
        self.pinned_terms(self.s.bundles_now(currency, self.now())?, currency)
    }

    /// The bundles that a quote names.
    fn named(&self, q: &Quote, currency: Currency) -> Vec<(SkillId, Digest)> {
        if nooterra_engine::planted!("book another bundle than the one quoted") {
            return self.s.bundles_now(currency, self.now()).unwrap_or_default().into_iter().map(|(l, b)| (l.skill, b)).collect();
        }
        q.skills.iter().map(|s| (s.skill, s.bundle)).collect()
    }

    /// The licences that a booking of this quote pins now, with the terms of the bundles that it names.
    pub fn licences_as_quoted(&self, q: &Quote, currency: Currency) -> Option<Vec<LicencePin>> {
        let quoted = self.named(q, currency);
        self.pinned_terms(self.s.bundles_as_quoted(&quoted, currency, self.now())?, currency)
    }

    fn pinned_terms(&self, bundles: Vec<(LicencePin, Digest)>, currency: Currency) -> Option<Vec<LicencePin>> {
        let pin = |(l, bundle): (LicencePin, Digest)| {
            let t = &self.s.skills.bundle(bundle)?.manifest.licence;
            let price = t.price(currency)?;
            let refundable_until = milestone(t.refundable_until);
            let certificates = self.s.skills.in_force(bundle, self.now());
            Some(LicencePin { bundle, certificates, fee: price.fee, cap: price.cap, unit: unit_of(t.unit), refundable_until, ..l })
        };
        bundles.into_iter().map(pin).collect()
    }

    /// A booking licenses what it has pinned. Where that is not the bundle of the quote, both sides are told.
    pub fn license(&mut self, job: JobId) {
        let tenant = self.s.genesis.tenant;
        let Some(pins) = self.job(job).ok().and_then(|j| j.pins.as_ref()) else { return };
        let (licences, currency) = (pins.licences.clone(), pins.currency);
        let quoted = self.chosen(job).map(|q| self.named(&q, currency)).unwrap_or_default();
        for l in licences {
            let quoted = quoted.iter().find(|(skill, _)| *skill == l.skill).map_or(l.bundle, |(_, b)| *b);
            let command = Command::License { job, licence: l.licence, bundle: l.bundle, quoted, tenant, currency };
            let done = self.skill_as(Role::MK, &command);
            always!(done.is_ok(), "what a booking pins can be licensed", "{job}: {done:?}");
            if quoted != l.bundle {
                sometimes!(true, "a bundle falls between quote and booking");
                self.tell_repinned(job);
            }
        }
    }

    /// A robot is about to begin: may it run everything that the job has pinned?
    pub fn may_start_skills(&self, job: JobId, robot: RobotId) -> Outcome {
        for c in self.starts(job, robot) {
            self.s.skills.decide(self.now(), &Hand { role: Role::DI, key: None, party: None }, &self.s.keys, &c)?;
        }
        Ok(())
    }

    /// It began.
    pub fn start_skills(&mut self, job: JobId, robot: RobotId) {
        for c in self.starts(job, robot) {
            let done = self.skill_as(Role::DI, &c);
            always!(done.is_ok(), "I37 only pinned, certified, unrevoked bundles run", "{job}: {done:?}");
        }
        self.meter(job, LicenceUnit::Use, |_| 1);
    }

    fn starts(&self, job: JobId, robot: RobotId) -> Vec<Command> {
        let Ok(c) = self.cell(robot) else { return Vec::new() };
        let Some(robot) = robot_of(&self.s.genesis, c.entry, robot) else { return Vec::new() };
        let min = self.s.pinned_min(job);
        let start = |l: &Licensed| Command::Start { job, robot: robot.clone(), bundle: l.bundle, min };
        self.s.skills.licences(job).iter().map(start).collect()
    }

    /// What ran on a job runs no longer: the minutes of the run are counted.
    pub fn stop_skills(&mut self, job: JobId, exit: &str) {
        if self.s.skills.running(job).is_none() {
            return;
        }
        self.meter_minutes(job);
        let _ = self.skill_as(Role::DI, &Command::Stop { job, exit: exit.to_owned() });
    }

    /// Counts the minutes that have begun up to now: when a run stops, and before access ends, after which nothing is counted.
    pub fn meter_minutes(&mut self, job: JobId) {
        let now = self.now();
        let so_far = |l: &Licensed| l.minutes.saturating_add(l.minutes_till(now)).saturating_sub(l.metered);
        if self.s.skills.running(job).is_some() {
            self.meter(job, LicenceUnit::Minute, so_far);
        }
    }

    /// A checkpoint is a unit of every licence that is paid by checkpoints.
    pub fn meter_checkpoint(&mut self, job: JobId) {
        self.meter(job, LicenceUnit::Checkpoint, |_| 1);
        if nooterra_engine::planted!("I37 meter a checkpoint twice") {
            self.meter(job, LicenceUnit::Checkpoint, |_| 1);
        }
    }

    /// Counts units of every licence of a job that is paid by this.
    fn meter(&mut self, job: JobId, unit: LicenceUnit, units: impl Fn(&Licensed) -> u32) {
        let Ok(j) = self.job(job) else { return };
        let step = j.checkpoint;
        let ids: BTreeSet<_> = j.pins.iter().flat_map(|p| &p.licences).filter(|l| l.unit == unit).map(|l| l.licence).collect();
        let counted = |l: &Licensed| (l.licence, units(l), l.metered);
        let due: Vec<_> = self.s.skills.licences(job).iter().filter(|l| ids.contains(&l.licence)).map(counted).collect();
        for (licence, units, before) in due.into_iter().filter(|(_, units, _)| *units > 0) {
            let c = Command::Meter { job, licence, step, units, total: before.saturating_add(units) };
            let done = self.skill_as(Role::DI, &c);
            always!(done.is_ok(), "I37 what runs can be metered", "{job}: {done:?}");
        }
    }

    /// The work is over: do the meters say what the job's own events say? The smaller of both is paid, and a difference is an
    /// incident that the trust service has to look at.
    pub fn reconcile_meters(&mut self, job: JobId) {
        let differs = self.job(job).is_ok_and(|j| !agrees(self.s, j));
        if differs {
            self.open_incident(job, None, IncidentCode::MeterMismatch, 2, None);
        }
    }

    /// A bundle or a certificate of it is no longer good: every job that has pinned it is looked at.
    fn fell(&mut self, bundle: Digest, level: Level) {
        let now = self.now();
        let pinned: Vec<JobId> = {
            let has = |id: &JobId| self.s.skills.licences(*id).iter().any(|l| l.bundle == bundle);
            self.s.jobs.values().filter(|j| !matches!(j.status.class(), Class::Ended | Class::Terminal)).map(|j| j.id).filter(has).collect()
        };
        for job in pinned {
            self.fell_on(job, bundle, level);
        }
        // What is only asked for and cannot be booked any more as it was quoted.
        let over = |j: &&Job| j.status.class() == Class::Open && self.s.bundles_of(j.id, now).is_none();
        let open: Vec<JobId> = self.s.jobs.values().filter(over).map(|j| j.id).collect();
        for job in open {
            // Staff's word ends a request in every open state; one that ended meanwhile is left alone.
            let _ = self.negotiate(job, &RfqCommand::WithdrawByStaff);
        }
        self.trigger_dispatch();
    }

    fn fell_on(&mut self, job: JobId, bundle: Digest, level: Level) {
        let (now, tenant) = (self.now(), self.s.genesis.tenant);
        let bound = self.job(job).ok().and_then(Job::robot);
        let runs = self.s.skills.running(job).is_some_and(|r| r.bundles.contains(&bundle));
        if runs {
            // What has begun may end, unless it must stop at once where it runs.
            if level == Level::BlockNew || bound.is_some_and(|r| self.can_run(job, bundle, r)) {
                return;
            }
            let events = self.job(job).map(|j| batch::stall(j, StallReason::Safety, now)).unwrap_or_default();
            self.emit_all(job, events);
            self.safe_exit(job, Cause::SkillRevoked, None);
        }
        // Who leaves for good needs no other version.
        let over = |j: &Job| j.status == Status::AbortingSafeExit && j.exit.is_none_or(|x| x.disposition != Some(Disposition::Handover));
        if self.job(job).is_ok_and(over) {
            return;
        }
        let mut pinned = bundle;
        if self.s.skills.may_pin(bundle, tenant, now).is_err() {
            match self.skill_as(Role::MK, &Command::Repin { job, bundle, tenant }) {
                Ok(events) => {
                    self.tell_repinned(job);
                    for e in events {
                        if let SkillEvent::SkillRepinned { new, .. } = e {
                            pinned = new;
                        }
                    }
                    if let Some(robot) = bound {
                        self.bring_repinned(job, robot, pinned);
                    }
                }
                Err(_) => {
                    let _ = self.cancel(job, CancelReason::SkillRevoked);
                    return;
                }
            }
        }
        if let Some(robot) = bound {
            self.bring_skills(job, robot);
        }
        let Ok(status) = self.job(job).map(|j| j.status) else { return };
        let begins = matches!(status, Status::Matched | Status::Reserved | Status::EnRoute | Status::Arrived | Status::AccessGranted);
        if begins && bound.is_some_and(|r| !self.can_run(job, pinned, r)) {
            self.unfit(job, ReleaseReason::RobotUnfit, Cause::SkillRevoked);
        }
    }

    fn can_run(&self, job: JobId, bundle: Digest, robot: RobotId) -> bool {
        let Ok(c) = self.cell(robot) else { return false };
        let Some(robot) = robot_of(&self.s.genesis, c.entry, robot) else { return false };
        self.s.runs(bundle, &robot, self.s.pinned_min(job), self.now())
    }

    /// Both sides are told.
    fn tell_repinned(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let (status, requester, owner) = (j.status, j.request.requester, j.pins.as_ref().map(|p| p.owner));
        for party in [Some(requester), owner].into_iter().flatten().collect::<BTreeSet<_>>() {
            self.wish(Wish::Notify { party, job, status });
        }
    }
}

/// What is to be armed: the next end of a certificate.
pub(crate) fn wanted(s: &State) -> Vec<(u8, Instant)> {
    s.skills.next_deadline().map(|(at, _)| (0, at)).into_iter().collect()
}

/// The stream of the registry's timer.
pub(crate) const STREAM: Stream = Stream::Skills {};

/// Units of a licence of a job: what was metered, and what the job's own events come to. A job is one unit if it was worked.
pub(crate) fn units(s: &State, job: &Job, l: &LicencePin) -> (u64, u64) {
    let ours = s.skills.licences(job.id).iter().find(|o| o.licence == l.licence);
    let of = |count: fn(&Licensed) -> u32| ours.map_or(0, |o| u64::from(count(o)));
    let counted = match l.unit {
        LicenceUnit::Job => u64::from(job.started),
        LicenceUnit::Checkpoint => job.claimed.len() as u64,
        LicenceUnit::Use => of(|o| o.starts),
        LicenceUnit::Minute => of(|o| o.minutes),
    };
    (if l.unit == LicenceUnit::Job { counted } else { of(|o| o.metered) }, counted)
}

/// Does every meter of a job say what its own events say?
pub(crate) fn agrees(s: &State, job: &Job) -> bool {
    job.pins.iter().flat_map(|p| &p.licences).map(|l| units(s, job, l)).all(|(metered, counted)| metered == counted)
}

/// I37: what runs is pinned and not stopped.
pub(crate) fn assert_local(s: &State, jobs: &BTreeSet<JobId>) {
    for id in jobs {
        let Some(job) = s.jobs.get(id) else { continue };
        let licences = s.skills.licences(*id);
        if let Some(run) = s.skills.running(*id) {
            always!(job.status.is_working(), "I37 skills run while the robot works", "{id} in {}", job.status.name());
            for b in &run.bundles {
                let stopped = s.skills.bundle(*b).and_then(|p| p.revoked.as_ref()).is_some_and(|r| r.level == Level::StopNow);
                let pinned = licences.iter().any(|l| l.bundle == *b);
                always!(pinned && !stopped, "I37 only pinned, certified, unrevoked bundles run", "{id}: {}", b.short());
            }
        }
    }
}
