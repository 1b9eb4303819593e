//! Who holds what: leases, fences, tasks and docks replayed (I10, I12), and the robots that may not be used (I38); no
//! work after access was taken back, and a robot that is to leave is out, stopped or told of in time (I14).

use crate::trail::{Now, Said};
use crate::verdict::{Class, Notes};
use nooterra_control::fact::Event as Payload;
use nooterra_control::genesis::Genesis;
use nooterra_engine::Instant;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{CertificateId, JobId, KeyId, LeaseId, LicenceId, RobotId};
use nooterra_jobs::event::{AssistReason, Event, StallReason};
use nooterra_operations::Event as RobotEvent;
use nooterra_operations::RobotStatus;
use nooterra_skills::Event as SkillEvent;
use std::collections::{BTreeMap, BTreeSet};

/// A run that is over is judged for what was due before its last step.
const LAST_STEP: nooterra_engine::time::Span = nooterra_engine::time::Span::from_secs(1);

#[derive(Debug, Clone, Copy)]
struct Lease {
    robot: RobotId,
    lease: LeaseId,
    fence: u64,
}

/// The time that a lease takes; one whose turn it is lasts until it is closed, whatever was planned.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Instant,
    to: Instant,
    is_due: bool,
}

impl Span {
    fn meets(&self, from: Instant, to: Instant) -> bool {
        (self.is_due || from < self.to) && self.from < to
    }
}

#[derive(Debug, Clone, Default)]
struct Machine {
    fence: u64,
    holds: BTreeMap<JobId, Span>,
    /// Where it charges or waits, and when.
    task: Option<(u32, Instant, Instant)>,
    quarantined: bool,
    /// Its owner looks after it, or it is gone.
    away: bool,
    unfit: bool,
    stops: BTreeSet<nooterra_engine::ids::StopId>,
    model: String,
    driver: u32,
    /// Health, charge, fault as heard last.
    heard: (u32, u32, bool),
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Leases {
    robots: BTreeMap<RobotId, Machine>,
    jobs: BTreeMap<JobId, Lease>,
    /// Bundle and tier wanted, by job.
    licences: BTreeMap<JobId, BTreeMap<LicenceId, Digest>>,
    /// Licences that are paid by the minute.
    by_minute: BTreeSet<(JobId, LicenceId)>,
    min: BTreeMap<JobId, u8>,
    /// Bundle, model, drivers, tier, end.
    certificates: BTreeMap<CertificateId, (Digest, String, u32, u32, u8, u64)>,
    /// Attestations of the register: device and model.
    attested: BTreeMap<Digest, (KeyId, String)>,
    revoked: BTreeSet<Digest>,
    barred: BTreeSet<JobId>,
    /// How long a robot may take to come out, by job.
    leave_within: BTreeMap<JobId, nooterra_engine::time::Span>,
    /// Jobs whose robot has been let in, and was not out since.
    inside: BTreeSet<JobId>,
    /// Robots that are to be out of a job's place, and by when.
    leaving: BTreeMap<JobId, (RobotId, Instant)>,
    pub notes: Notes,
    pub fit: Notes,
    pub access: Notes,
}

impl Leases {
    pub fn new(g: &Genesis) -> Self {
        let machine = |r: &nooterra_control::RobotEntry| Machine {
            unfit: true,
            model: r.model.name.clone(),
            driver: r.driver_version,
            ..Machine::default()
        };
        Self {
            robots: g.robots.iter().map(|r| (r.robot, machine(r))).collect(),
            jobs: BTreeMap::new(),
            licences: BTreeMap::new(),
            by_minute: BTreeSet::new(),
            min: BTreeMap::new(),
            certificates: BTreeMap::new(),
            attested: g.register.devices.iter().map(|a| (a.hash(), (a.device.id(), a.model.clone()))).collect(),
            revoked: BTreeSet::new(),
            barred: BTreeSet::new(),
            leave_within: BTreeMap::new(),
            inside: BTreeSet::new(),
            leaving: BTreeMap::new(),
            notes: Notes::of("leases, fences and docks replay", &[10, 12]),
            fit: Notes::of("only robots that may work are sent", &[38]),
            access: Notes::of("no work recorded without access, and robots leave", &[14]),
        }
    }

    pub fn event(&mut self, n: Now, job: Option<JobId>, p: &Payload, said: Option<Said>) {
        self.overstayed(n, n.at);
        if let (Payload::Job(e), Some(id)) = (p, job) {
            self.exits(n, id, e);
            self.job(n, id, e, said);
        }
        if let Payload::Skill(e) = p {
            self.skill(e);
            self.skill_of_job(n, e, said);
        }
    }

    /// The run is over.
    pub fn close(&mut self, n: Now) {
        // A timer that is due in the very last step may not have fired.
        self.overstayed(n, n.at.saturating_sub(LAST_STEP));
    }

    /// Whoever was to be out before this instant, and neither is, nor was said to be late, nor stands stopped. A timer fires
    /// at its instant and ahead of everything later, so there is no grace.
    fn overstayed(&mut self, n: Now, at: Instant) {
        let late: Vec<(JobId, RobotId, Instant)> =
            self.leaving.iter().filter(|(_, (_, by))| *by < at).map(|(job, (robot, by))| (*job, *robot, *by)).collect();
        for (job, robot, by) in late {
            self.leaving.remove(&job);
            self.access.checked();
            if self.robots.get(&robot).is_none_or(|m| m.stops.is_empty()) {
                let story = format!("{robot} was to be out of {job} by {by}, and nothing says that it is, or that it is not");
                self.access.broke(Class::Safety, n.at, n.tick, story, vec![job.to_string(), robot.to_string()]);
            }
        }
    }

    /// Who is let in, who is to leave, and who has left.
    fn exits(&mut self, n: Now, id: JobId, e: &Event) {
        let robot = self.jobs.get(&id).map(|l| l.robot);
        let within = self.leave_within.get(&id).copied().unwrap_or_default();
        match e {
            Event::AccessGranted { .. } => {
                self.inside.insert(id);
            }
            Event::SafeExitOrdered { exit_by, .. } => {
                self.leaving.extend(robot.map(|r| (id, (r, *exit_by))));
            }
            Event::ExecutionCompleted { .. } => {
                self.leaving.extend(robot.map(|r| (id, (r, n.at.saturating_add(within)))));
            }
            // Whoever is inside is ordered out, in this batch or sooner.
            Event::AccessRevoked { .. } if self.inside.contains(&id) => {
                if let Some(r) = robot {
                    self.leaving.entry(id).or_insert((r, n.at.saturating_add(within)));
                }
            }
            Event::SafeExitEscalated { .. } => {
                self.access.checked();
                self.leaving.remove(&id);
            }
            Event::SafeExitConfirmed { .. } | Event::SafeExitForced { .. } => {
                self.access.checked();
                self.leaving.remove(&id);
                self.inside.remove(&id);
            }
            _ => {}
        }
    }

    /// A skill of a job is begun, metered or stopped: by the robot that holds the job, and not without access to it.
    fn skill_of_job(&mut self, n: Now, e: &SkillEvent, said: Option<Said>) {
        let (job, own) = match e {
            // The minutes of a run are counted when it stops, whoever stops it.
            SkillEvent::SkillMetered { job, licence, .. } => (*job, !self.by_minute.contains(&(*job, *licence))),
            SkillEvent::SkillStarted { job, .. } => (*job, true),
            // What an exit stops is nobody's word: whoever's word it is that the robot has to leave.
            SkillEvent::SkillStopped { job, exit, .. } => (*job, exit != "SAFE_EXIT"),
            _ => return,
        };
        if own {
            self.holds(n, job, e.name(), said);
        }
        if matches!(e, SkillEvent::SkillMetered { .. }) {
            self.unbarred(n, job, e.name());
        }
    }

    /// Nothing of a job's work is taken down once access was taken back.
    fn unbarred(&mut self, n: Now, id: JobId, name: &str) {
        self.access.checked();
        if self.barred.contains(&id) {
            let story = format!("{name} after access to {id} was taken back");
            self.access.broke(Class::Safety, n.at, n.tick, story, vec![id.to_string()]);
        }
    }

    pub fn robot(&mut self, n: Now, id: RobotId, e: &RobotEvent) {
        let place = match e {
            RobotEvent::TaskPlanned { place, from, to, .. } => Some((*place, *from, *to)),
            _ => None,
        };
        let shares = |a: (u32, Instant, Instant), b: (u32, Instant, Instant)| a.0 == b.0 && a.1 < b.2 && b.1 < a.2;
        let has = |m: &Machine| place.zip(m.task).is_some_and(|(a, b)| shares(a, b));
        let other = self.robots.iter().find(|(r, m)| **r != id && has(m)).map(|(r, _)| *r);
        if let RobotEvent::RobotEnrolled { attestation_hash, device_key, model, .. } = e
            && !self.attested.get(attestation_hash).is_some_and(|(device, of)| Some(*device) == *device_key && of == model)
        {
            let story = format!("{id} is enrolled by {attestation_hash}, which attests nothing of its device");
            self.fit.broke(Class::Safety, n.at, n.tick, story, vec![id.to_string()]);
        }
        let Some(m) = self.robots.get_mut(&id) else { return };
        match e {
            RobotEvent::HeartbeatRecorded(b) => m.heard = (b.health_bps, b.soc_bps, b.fault),
            RobotEvent::HealthChanged { to, .. } => m.unfit = !matches!(to, RobotStatus::Active | RobotStatus::Degraded),
            RobotEvent::RobotQuarantined { .. } => m.quarantined = true,
            RobotEvent::MaintenanceOpened { .. } | RobotEvent::RobotRetired { .. } => m.away = true,
            RobotEvent::MaintenanceClosed { checklist: Some(_), .. } => m.away = false,
            RobotEvent::QuarantineCleared { .. } => {
                m.quarantined = false;
                let (health, _, fault) = m.heard;
                m.unfit = fault || health < 4_000;
            }
            RobotEvent::StopIssued { stop, .. } => {
                m.stops.insert(*stop);
            }
            RobotEvent::StopCleared { stop, .. } => {
                m.stops.remove(stop);
            }
            RobotEvent::TaskEnded { .. } => m.task = None,
            RobotEvent::TaskPlanned { from, to, .. } => {
                self.notes.checked();
                let holds = m.holds.iter().find(|(_, s)| s.meets(*from, *to)).map(|(j, _)| *j);
                let old = m.task;
                m.task = place;
                let story = match (holds, old, other) {
                    (Some(job), _, _) => format!("a task is planned for {id} while it holds {job}"),
                    (_, Some(_), _) => format!("a second task is planned for {id}"),
                    (_, _, Some(o)) => format!("{id} and {o} are both to use the dock at {}", place.unwrap_or_default().0),
                    _ => return,
                };
                self.notes.broke_as(Some(12), Class::Safety, n.at, n.tick, story, vec![id.to_string()]);
            }
            _ => {}
        }
    }

    fn skill(&mut self, e: &SkillEvent) {
        match e {
            SkillEvent::SkillCertified { certificate, content, .. } => {
                let c = content.as_ref();
                let row = (c.bundle, c.model.clone(), c.drivers.from, c.drivers.to, c.tier as u8, c.not_after.0);
                self.certificates.insert(*certificate, row);
            }
            SkillEvent::SkillCertExpired { certificate, .. } => {
                self.certificates.remove(certificate);
            }
            SkillEvent::SkillRevoked { certificate: Some(c), .. } => {
                self.certificates.remove(c);
            }
            SkillEvent::SkillRevoked { bundle, .. } => {
                self.revoked.insert(*bundle);
            }
            SkillEvent::SkillLicensed { job, licence, bundle, unit, .. } => {
                if *unit == nooterra_skills::Unit::Minute {
                    self.by_minute.insert((*job, *licence));
                }
                self.licences.entry(*job).or_default().insert(*licence, *bundle);
            }
            SkillEvent::SkillRepinned { job, old, new, .. } => {
                for b in self.licences.entry(*job).or_default().values_mut().filter(|b| **b == *old) {
                    *b = *new;
                }
            }
            _ => {}
        }
    }

    /// Why this robot may not be sent on this job.
    fn unfit(&self, n: Now, robot: RobotId, job: JobId, matching: bool) -> Option<&'static str> {
        let m = self.robots.get(&robot)?;
        if m.quarantined {
            return Some("is quarantined");
        }
        if !m.stops.is_empty() {
            return Some("is stopped");
        }
        if m.away && matching {
            return Some("is in maintenance or gone");
        }
        if m.unfit && matching {
            return Some("is not fit");
        }
        let min = self.min.get(&job).copied().unwrap_or(0);
        let certified = |bundle: &Digest| {
            !self.revoked.contains(bundle)
                && self.certificates.values().any(|(b, model, from, to, tier, end)| {
                    b == bundle && *model == m.model && *from <= m.driver && m.driver <= *to && *tier >= min && n.at.0 < *end
                })
        };
        let all = self.licences.get(&job).is_none_or(|l| l.values().all(certified));
        (matching && !all).then_some("is not certified for the job's skills")
    }

    fn job(&mut self, n: Now, id: JobId, e: &Event, said: Option<Said>) {
        match e {
            Event::JobBooked(b) => {
                self.min.insert(id, b.pins.tier_values.min_cert as u8);
                self.leave_within.insert(id, b.pins.tier_values.exit_by);
            }
            Event::RobotMatched(m) => {
                self.notes.checked();
                self.fit.checked();
                let (from, to) = (m.interval.start, m.interval.end);
                let cell = self.robots.entry(m.robot).or_default();
                cell.fence += 1;
                // One lease is at work at a time; of the rest each has a time of its own, and that of the one at work is
                // only an estimate.
                let now = Span { from, to, is_due: from <= n.at };
                let meets = |s: &Span| if s.is_due && !now.is_due { from < s.to } else { s.meets(from, to) };
                let holds = cell.holds.iter().find(|(_, s)| meets(s)).map(|(j, _)| *j);
                let fence = cell.fence;
                cell.holds.insert(id, now);
                // What it is to do meanwhile ends when that begins.
                if let Some(t) = cell.task.as_mut().filter(|_| !now.is_due) {
                    t.2 = t.2.min(from);
                }
                let before = self.jobs.insert(id, Lease { robot: m.robot, lease: m.lease, fence: m.fence });
                let ids = vec![id.to_string(), m.robot.to_string()];
                if m.fence != fence {
                    let story = format!("{} is matched with fence {}, {fence} was due", m.robot, m.fence);
                    self.notes.broke_as(Some(10), Class::Safety, n.at, n.tick, story, ids.clone());
                }
                if let Some(other) = holds.map(|j| j.to_string()).or(before.map(|l| l.robot.to_string())) {
                    let story = format!("{} and {id} are bound while one of them is bound to {other}", m.robot);
                    self.notes.broke_as(Some(12), Class::Safety, n.at, n.tick, story, ids.clone());
                }
                if let Some(why) = self.unfit(n, m.robot, id, true) {
                    self.fit.broke(Class::Safety, n.at, n.tick, format!("{} is matched and {why}", m.robot), ids);
                }
            }
            Event::LeaseRefused { lease, .. }
            | Event::LeaseLapsed { lease, .. }
            | Event::LeaseReleased { lease, .. }
            | Event::LeaseEnded { lease, .. } => {
                self.by_holder(n, id, e, said);
                match self.jobs.remove(&id).filter(|l| l.lease == *lease) {
                    Some(l) => {
                        let cell = self.robots.entry(l.robot).or_default();
                        cell.fence += 1;
                        cell.holds.remove(&id);
                    }
                    None => {
                        let story = format!("{} of a lease that {id} does not have", e.name());
                        self.notes.broke_as(Some(10), Class::Safety, n.at, n.tick, story, vec![id.to_string()]);
                    }
                }
            }
            Event::LeaseDue { lease, fence, .. } => {
                self.notes.checked();
                let Some(l) = self.jobs.get_mut(&id).filter(|l| l.lease == *lease) else {
                    let story = format!("LEASE_DUE of a lease that {id} does not have");
                    self.notes.broke_as(Some(10), Class::Safety, n.at, n.tick, story, vec![id.to_string()]);
                    return;
                };
                let cell = self.robots.entry(l.robot).or_default();
                cell.fence += 1;
                l.fence = *fence;
                let ids = vec![id.to_string(), l.robot.to_string()];
                if *fence != cell.fence {
                    let story = format!("{id} is due at {} with fence {fence}, {} was due", l.robot, cell.fence);
                    self.notes.broke_as(Some(10), Class::Safety, n.at, n.tick, story, ids.clone());
                }
                let other = cell.holds.iter().find(|(j, s)| **j != id && s.is_due).map(|(j, _)| *j);
                let early = cell.holds.get(&id).is_some_and(|s| s.is_due || n.at < s.from);
                if let Some(s) = cell.holds.get_mut(&id) {
                    s.is_due = true;
                }
                if let Some(other) = other {
                    let story = format!("{} turns to {id} while it is about {other}", l.robot);
                    self.notes.broke_as(Some(12), Class::Safety, n.at, n.tick, story, ids.clone());
                }
                if early {
                    let story = format!("{} turns to {id} before its time, or twice", l.robot);
                    self.notes.broke_as(Some(12), Class::Safety, n.at, n.tick, story, ids);
                }
            }
            Event::Departed { .. } => {
                self.by_holder(n, id, e, said);
                self.fit.checked();
                let robot = self.jobs.get(&id).map(|l| l.robot);
                if let Some((r, why)) = robot.and_then(|r| self.unfit(n, r, id, false).map(|w| (r, w))) {
                    self.fit.broke(Class::Safety, n.at, n.tick, format!("{r} departs and {why}"), vec![id.to_string(), r.to_string()]);
                }
            }
            Event::AccessRevoked { .. } => {
                self.barred.insert(id);
            }
            Event::AccessPlanIssued(_) => {
                self.barred.remove(&id);
            }
            _ => self.by_holder(n, id, e, said),
        }
        if let Event::ExecutionStarted { skills, .. } = e {
            self.notes.checked();
            let mut pinned: Vec<_> = self.licences.get(&id).into_iter().flat_map(|l| l.values().copied()).collect();
            let mut named = skills.clone();
            pinned.sort_unstable();
            named.sort_unstable();
            if pinned != named {
                let story = format!("work of {id} begins on {} skills that are not the {} pinned", named.len(), pinned.len());
                self.notes.broke_as(Some(37), Class::Safety, n.at, n.tick, story, vec![id.to_string()]);
            }
        }
        if matches!(e, Event::CheckpointReached { .. } | Event::ExecutionCompleted { .. }) {
            self.unbarred(n, id, e.name());
        }
    }

    /// A robot speaks about a job: it must be the one that holds it, under its lease and fence.
    fn by_holder(&mut self, n: Now, id: JobId, e: &Event, said: Option<Said>) {
        let about_work = matches!(
            e,
            Event::LeaseAccepted { .. }
                | Event::LeaseRefused { .. }
                | Event::Departed { .. }
                | Event::TripAborted { .. }
                | Event::RobotArrived { .. }
                | Event::ExecutionStarted { .. }
                | Event::CheckpointReached { .. }
                | Event::CustodyChanged { .. }
                | Event::TransferPutDown { .. }
                | Event::TransferFetched { .. }
                | Event::LiftReady { .. }
                | Event::LiftFailed { .. }
                | Event::ApprovalAsked(_)
                | Event::ApprovalConsumed { .. }
                | Event::SafeExitConfirmed { .. }
                // What somebody's incident or a lost operator asks help for may concern other jobs than the speaker's.
                | Event::AssistQueued { reason: AssistReason::Asked | AssistReason::Stalled, .. }
                // What a remote stop does to a job is nobody's word, whoever's incident stops the zone.
                | Event::ExecutionStalled { reason: StallReason::HeartbeatLost | StallReason::Stuck | StallReason::AssistUnresolved | StallReason::Safety }
                | Event::ExecutionResumed { .. }
                | Event::ExecutionCompleted { .. }
                | Event::ExecutionAborted { .. }
                | Event::InterventionApplied { .. }
                | Event::InterventionRefused { .. }
        );
        if about_work {
            self.holds(n, id, e.name(), said);
        }
    }

    /// If a robot says this of a job, it holds the job's lease under its fence.
    fn holds(&mut self, n: Now, id: JobId, name: &str, said: Option<Said>) {
        let Some(s) = said.filter(|s| s.role == Some(nooterra_trust::Role::RB)) else { return };
        self.notes.checked();
        let holds =
            self.jobs.get(&id).is_some_and(|l| *l.robot.as_bytes() == s.actor && s.lease == Some(l.lease) && s.fence == Some(l.fence));
        if !holds {
            let robot = RobotId::from_bytes(s.actor);
            let story = format!("{name} by {robot} with fence {:?}, which does not hold the job's lease", s.fence);
            self.notes.broke_as(Some(10), Class::Safety, n.at, n.tick, story, vec![id.to_string(), robot.to_string()]);
        }
    }
}
