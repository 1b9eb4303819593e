//! Remote help: offered to the operator whose turn it is, and reserved likewise (I32), interventions by the one at the desk
//! only, within its shift's scope, each with one result (I36), and every request ends (I35). Skills: only what is pinned and good runs, and units are checkpoints (I37).

use crate::trail::meter::{self, Meter};
use crate::trail::{Now, Said};
use crate::verdict::{Class, Notes};
use nooterra_control::fact::{Event as Payload, OperatorEvent};
use nooterra_control::genesis::Genesis;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{ApprovalId, AssistId, InterventionId, JobId, LicenceId, OperatorId, PartyId, RegionId, RobotId, StopId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Event, IncidentCode, InterventionKind};
use nooterra_jobs::pins::LicenceUnit;
use nooterra_jobs::tier::Tier;
use nooterra_operations::Event as RobotEvent;
use nooterra_operations::intervention::Kind;
use nooterra_skills::{Event as SkillEvent, Level};
use std::collections::{BTreeMap, BTreeSet};

/// No request for help is open for longer: the longest queue, the longest help, and the time between.
const HELP_MOST: Span = Span::from_mins(60);
/// A stop is acknowledged or escalated twice by then.
const STOP_MOST: Span = Span::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    Offered(OperatorId),
    Accepted(OperatorId),
    Active(OperatorId),
}

impl Stage {
    fn operator(self) -> Option<OperatorId> {
        match self {
            Self::Queued => None,
            Self::Offered(o) | Self::Accepted(o) | Self::Active(o) => Some(o),
        }
    }
}

#[derive(Debug, Clone)]
struct Assist {
    job: JobId,
    stage: Stage,
    since: Instant,
    declined: BTreeSet<OperatorId>,
}

/// What somebody has said that they will do.
#[derive(Debug, Clone)]
struct Shift {
    /// Robots at a time.
    most: usize,
    until: Instant,
    /// Kinds of place and regions; none: all.
    tiers: Vec<Tier>,
    regions: Vec<RegionId>,
}

impl Shift {
    fn covers(&self, (tier, region): (Tier, RegionId)) -> bool {
        (self.tiers.is_empty() || self.tiers.contains(&tier)) && (self.regions.is_empty() || self.regions.contains(&region))
    }
}

#[derive(Debug, Clone)]
struct Operator {
    party: PartyId,
    kinds: Vec<Kind>,
    /// While on shift.
    shift: Option<Shift>,
    /// Nothing is heard of its console.
    lost: bool,
    last: Instant,
    /// When it was reserved last.
    reserved: Instant,
    /// Help that it has given, from when to when.
    spells: Vec<(Instant, Instant)>,
    /// Jobs for which it stands by.
    standby: BTreeSet<JobId>,
}

impl Operator {
    /// Four hours of help in a day, or an hour and a half without a pause of a quarter: it rests first.
    fn is_tired(&self, now: Instant) -> bool {
        let day = now.saturating_sub(Span::from_mins(24 * 60));
        let in_a_day: u64 = self.spells.iter().filter(|(_, b)| *b > day).map(|(a, b)| b.since((*a).max(day)).0).sum();
        let (mut spell, mut begins) = (0, now);
        for (a, b) in self.spells.iter().rev() {
            if begins.since(*b) >= Span::from_mins(15) {
                break;
            }
            spell += b.since(*a).0;
            begins = *a;
        }
        in_a_day >= Span::from_mins(4 * 60).0 || spell >= Span::from_mins(90).0
    }
}

#[derive(Debug, Default)]
struct Ran {
    licences: BTreeMap<LicenceId, (Digest, LicenceUnit)>,
    meters: BTreeMap<LicenceId, Meter>,
    started: bool,
    checkpoints: u32,
    /// An incident says that meters differ.
    told: bool,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Help {
    operators: BTreeMap<OperatorId, Operator>,
    parties: BTreeMap<JobId, [PartyId; 2]>,
    /// What kind of place, and where.
    places: BTreeMap<JobId, (Tier, RegionId)>,
    /// Help that is being given, since when.
    active: BTreeMap<AssistId, (OperatorId, Instant)>,
    open: BTreeMap<AssistId, Assist>,
    asked: BTreeMap<InterventionId, bool>,
    /// What was asked for: which kind, and its values.
    wanted: BTreeMap<InterventionId, (InterventionKind, Vec<i64>)>,
    stops: BTreeMap<(RobotId, StopId), (Instant, bool)>,
    /// Asked, and when the question lapses.
    approvals: BTreeMap<ApprovalId, (JobId, Instant)>,
    jobs: BTreeMap<JobId, Ran>,
    certified: BTreeMap<nooterra_engine::ids::CertificateId, Digest>,
    stopped: BTreeSet<Digest>,
    /// What robots have said that they keep.
    taught: BTreeSet<(RobotId, Digest)>,
    pub notes: Notes,
    pub skills: Notes,
    pub ends: Notes,
}

impl Help {
    pub fn new(g: &Genesis) -> Self {
        let operator = |o: &nooterra_control::OperatorEntry| Operator {
            party: o.party,
            kinds: o.kinds.clone(),
            shift: None,
            lost: false,
            last: Instant::ZERO,
            reserved: Instant::ZERO,
            spells: Vec::new(),
            standby: BTreeSet::new(),
        };
        Self {
            operators: g.operators.iter().map(|o| (o.operator, operator(o))).collect(),
            parties: BTreeMap::new(),
            places: BTreeMap::new(),
            active: BTreeMap::new(),
            open: BTreeMap::new(),
            asked: BTreeMap::new(),
            wanted: BTreeMap::new(),
            stops: BTreeMap::new(),
            approvals: BTreeMap::new(),
            jobs: BTreeMap::new(),
            certified: BTreeMap::new(),
            stopped: BTreeSet::new(),
            taught: BTreeSet::new(),
            notes: Notes::of("operators act in turn, in scope and with one result", &[36, 32]),
            skills: Notes::of("only pinned and certified skills run, and meters say what happened", &[37]),
            ends: Notes::of("help, stops, approvals, claims and disputes end", &[35]),
        }
    }

    fn broke(&mut self, n: Now, number: u8, story: String, job: JobId) {
        self.notes.broke_as(Some(number), Class::Safety, n.at, n.tick, story, vec![job.to_string()]);
    }

    pub fn event(&mut self, n: Now, job: Option<JobId>, p: &Payload, said: Option<Said>) {
        match (p, job) {
            (Payload::Operator(e), _) => self.operator(e),
            (Payload::Job(e), Some(job)) => self.job(n, job, e, said),
            (Payload::Skill(e), _) => self.skill(n, e),
            _ => {}
        }
    }

    pub fn robot(&mut self, n: Now, id: RobotId, e: &RobotEvent) {
        match e {
            RobotEvent::StopIssued { stop, .. } => {
                self.stops.insert((id, *stop), (n.at, false));
            }
            RobotEvent::StopAcked { stop, .. } | RobotEvent::StopEscalated { stop, level: 2.. } => {
                if let Some(s) = self.stops.get_mut(&(id, *stop)) {
                    s.1 = true;
                }
            }
            RobotEvent::StopCleared { stop, .. } => {
                self.stops.remove(&(id, *stop));
            }
            _ => {}
        }
    }

    fn operator(&mut self, e: &OperatorEvent) {
        match e {
            OperatorEvent::OperatorRegistered { .. } => {}
            OperatorEvent::ShiftOpened { .. } | OperatorEvent::ShiftClosed { .. } => {}
            OperatorEvent::ConsoleLost { .. } | OperatorEvent::ConsoleRestored {} => {}
        }
    }

    /// Shifts are of an operator's stream.
    pub fn shift(&mut self, id: OperatorId, e: &OperatorEvent) {
        let Some(o) = self.operators.get_mut(&id) else { return };
        match e {
            OperatorEvent::ShiftOpened { max_jobs, until, tiers, regions, .. } => {
                o.shift = Some(Shift { most: usize::from(*max_jobs), until: *until, tiers: tiers.clone(), regions: regions.clone() });
            }
            OperatorEvent::ShiftClosed { .. } => (o.shift, o.lost) = (None, false),
            OperatorEvent::ConsoleLost { .. } => o.lost = true,
            OperatorEvent::ConsoleRestored {} => o.lost = false,
            OperatorEvent::OperatorRegistered { .. } => {}
        }
    }

    fn load(&self, id: OperatorId) -> usize {
        self.open.values().filter(|a| a.stage.operator() == Some(id)).count()
    }

    /// Robots that it answers for: at its desk, and those of jobs for which it only stands by. One for which it is asked
    /// now counts as neither.
    fn burden(&self, id: OperatorId, o: &Operator, asked: JobId) -> usize {
        let at_desk = |j: &JobId| self.open.values().any(|a| a.job == *j && a.stage.operator() == Some(id));
        self.load(id) + o.standby.iter().filter(|j| **j != asked && !at_desk(j)).count()
    }

    fn job(&mut self, n: Now, job: JobId, e: &Event, said: Option<Said>) {
        let actor = said.filter(|s| s.role == Some(nooterra_trust::Role::OP)).map(|s| OperatorId::from_bytes(s.actor));
        match e {
            Event::JobBooked(b) => {
                let requester = self.parties.get(&job).map_or(b.pins.owner, |p| p[0]);
                self.parties.insert(job, [requester, b.pins.owner]);
                let ran = self.jobs.entry(job).or_default();
                ran.licences = b.pins.licences.iter().map(|l| (l.licence, (l.bundle, l.unit))).collect();
            }
            Event::JobCreated(r) => {
                self.parties.insert(job, [r.requester, r.requester]);
                // One site is one region here.
                self.places.insert(job, (r.need.tier, RegionId::from_bytes(*r.site.as_bytes())));
            }
            Event::CoverageReserved { operator, interval, .. } => {
                self.reserved(n, job, *operator, interval.end);
                if let Some(o) = self.operators.get_mut(operator) {
                    o.standby.insert(job);
                    o.reserved = n.at;
                }
            }
            Event::CoverageReleased { operator, .. } => {
                if let Some(o) = self.operators.get_mut(operator) {
                    o.standby.remove(&job);
                }
            }
            Event::AssistQueued { assist, .. } => {
                let a = Assist { job, stage: Stage::Queued, since: n.at, declined: BTreeSet::new() };
                self.open.entry(*assist).or_insert(a);
            }
            Event::AssistOffered { assist, operator, .. } => self.offered(n, job, *assist, *operator),
            Event::AssistOfferLapsed { assist, .. } => self.stage(*assist, Stage::Queued),
            Event::AssistDeclined { assist, operator, .. } => {
                self.stage(*assist, Stage::Queued);
                if let Some(a) = self.open.get_mut(assist) {
                    a.declined.insert(*operator);
                }
            }
            Event::AssistAccepted { assist, operator } => self.stage(*assist, Stage::Accepted(*operator)),
            Event::AssistStarted { assist, operator, .. } => {
                if self.open.get(assist).map(|a| a.stage) != Some(Stage::Accepted(*operator)) || actor != Some(*operator) {
                    self.broke(n, 36, format!("{operator} begins to help without having accepted"), job);
                }
                self.stage(*assist, Stage::Active(*operator));
                self.active.insert(*assist, (*operator, n.at));
            }
            Event::AssistEnded { assist, .. } | Event::AssistExhausted { assist, .. } => {
                self.open.remove(assist);
                if let Some((operator, since)) = self.active.remove(assist)
                    && let Some(o) = self.operators.get_mut(&operator)
                {
                    o.spells.push((since, n.at));
                }
            }
            Event::InterventionSubmitted { intervention, operator, kind, args, .. } => {
                self.wanted.insert(*intervention, (*kind, args.clone()));
                self.notes.checked();
                let active = self.open.values().any(|a| a.job == job && a.stage == Stage::Active(*operator));
                let able = self.operators.get(operator).is_some_and(|o| o.kinds.iter().any(|k| same(*k, *kind)) && o.shift.is_some());
                if !active || !able || actor != Some(*operator) {
                    self.broke(n, 36, format!("{operator} intervenes ({kind:?}) and is not at the desk for it"), job);
                }
                if !self.is_in_scope(*operator, job) {
                    self.broke(n, 36, format!("{operator} intervenes ({kind:?}) outside of what its shift is for"), job);
                }
                if self.asked.insert(*intervention, false).is_some() {
                    self.broke(n, 36, format!("{intervention} is submitted twice"), job);
                }
            }
            Event::InterventionApplied { intervention, applied, .. } => {
                self.notes.checked();
                if self.asked.insert(*intervention, true) != Some(false) {
                    self.broke(n, 36, format!("{intervention} has a second result, or none was asked for"), job);
                }
                let within = self.wanted.remove(intervention).is_some_and(|(kind, asked)| is_within(kind, &asked, applied));
                if !within {
                    self.broke(n, 36, format!("{intervention} was applied beyond what was asked for: {applied:?}"), job);
                }
            }
            Event::InterventionRefused { intervention, .. } | Event::InterventionExpired { intervention } => {
                self.notes.checked();
                if self.asked.insert(*intervention, true) != Some(false) {
                    self.broke(n, 36, format!("{intervention} has a second result, or none was asked for"), job);
                }
            }
            Event::ApprovalAsked(ask) => {
                self.approvals.insert(ask.approval, (job, ask.expires));
            }
            Event::ApprovalGranted { approval, .. }
            | Event::ApprovalDenied { approval, .. }
            | Event::ApprovalRevoked { approval, .. }
            | Event::ApprovalExpired { approval } => {
                self.approvals.remove(approval);
            }
            Event::CheckpointReached { .. } => self.jobs.entry(job).or_default().checkpoints += 1,
            Event::ExecutionStarted { .. } => self.jobs.entry(job).or_default().started = true,
            Event::IncidentOpened { code: IncidentCode::MeterMismatch, .. } => self.jobs.entry(job).or_default().told = true,
            Event::JobSettled(_) => self.metered(n, job),
            _ => {}
        }
    }

    fn stage(&mut self, assist: AssistId, stage: Stage) {
        if let Some(a) = self.open.get_mut(&assist) {
            a.stage = stage;
        }
    }

    /// Is a job of the kind and in the place that an operator's shift is for?
    fn is_in_scope(&self, operator: OperatorId, job: JobId) -> bool {
        let place = self.places.get(&job).copied();
        let shift = self.operators.get(&operator).and_then(|o| o.shift.as_ref());
        place.zip(shift).is_none_or(|(p, s)| s.covers(p))
    }

    /// Who stands by is eligible (5.5), and of these the least busy, then the one reserved longest ago, then by id.
    fn reserved(&mut self, n: Now, job: JobId, operator: OperatorId, end: Instant) {
        self.notes.checked();
        if !self.is_in_scope(operator, job) {
            self.broke(n, 36, format!("{operator} stands by for {job}, which its shift is not for"), job);
            return;
        }
        let barred = self.parties.get(&job).copied();
        let eligible = |id: &OperatorId, o: &Operator| {
            let long = |s: &Shift| s.until >= end.saturating_add(Span::from_mins(15)) && self.burden(*id, o, job) < s.most;
            !o.lost
                && o.shift.as_ref().is_some_and(long)
                && self.is_in_scope(*id, job)
                && barred.is_none_or(|b| !b.contains(&o.party))
                && !o.is_tired(n.at)
        };
        let able = self.operators.iter().filter(|(id, o)| eligible(id, o));
        let first = able.map(|(id, o)| (self.burden(*id, o, job), o.reserved, *id)).min();
        if first.map(|f| f.2) != Some(operator) {
            let story = format!("{operator} stands by for {job}; it was the turn of {:?}", first.map(|f| f.2));
            self.broke(n, 32, story, job);
        }
    }

    /// It is this operator's turn: whoever stands by for the job, then the least busy, then the one asked longest ago, then by id.
    fn offered(&mut self, n: Now, job: JobId, assist: AssistId, operator: OperatorId) {
        self.notes.checked();
        let Some(a) = self.open.get(&assist).cloned() else { return };
        let barred = self.parties.get(&job).copied();
        let eligible = |id: &OperatorId, o: &Operator| {
            !o.lost
                && o.shift.as_ref().is_some_and(|s| self.burden(*id, o, job) < s.most && n.at < s.until)
                && self.is_in_scope(*id, job)
                && !o.is_tired(n.at)
                && !a.declined.contains(id)
                && barred.is_none_or(|b| !b.contains(&o.party))
        };
        let key = |id: OperatorId| self.operators.get(&id).map(|o| (!o.standby.contains(&job), self.load(id), o.last, id));
        let first = self.operators.iter().filter(|(id, o)| eligible(id, o)).filter_map(|(id, _)| key(*id)).min();
        let fits = self.operators.get(&operator).is_some_and(|o| eligible(&operator, o));
        if !self.is_in_scope(operator, job) {
            self.broke(n, 36, format!("{operator} is offered help for {job}, which its shift is not for"), job);
        } else if !fits || first != key(operator) {
            let story = format!("{operator} is offered help for {job}; it was the turn of {:?}", first.map(|f| f.3));
            self.broke(n, 32, story, job);
        }
        self.stage(assist, Stage::Offered(operator));
        if let Some(o) = self.operators.get_mut(&operator) {
            o.last = n.at;
        }
    }

    fn skill(&mut self, n: Now, e: &SkillEvent) {
        if let SkillEvent::SkillMetered { job, licence, units, total, .. } = e {
            let before = self.jobs.entry(*job).or_default().meters.get(licence).map_or(0, |m| m.total);
            if before.saturating_add(*units) != *total {
                let story = format!("a meter says {total}, and said {before} before {units} more");
                self.skills.broke(Class::Safety, n.at, n.tick, story, vec![job.to_string()]);
            }
        }
        if let nooterra_skills::event::Stream::Job(job) = e.stream() {
            meter::fold(&mut self.jobs.entry(job).or_default().meters, n.at, e);
        }
        match e {
            SkillEvent::SkillCertified { certificate, content, .. } => {
                self.certified.insert(*certificate, content.bundle);
            }
            SkillEvent::SkillCertExpired { certificate, .. } | SkillEvent::SkillRevoked { certificate: Some(certificate), .. } => {
                self.certified.remove(certificate);
            }
            SkillEvent::SkillRevoked { bundle, level, .. } => {
                // One that may not begin any more may end where it runs.
                if matches!(level, Level::BlockNew | Level::StopNow) {
                    self.stopped.insert(*bundle);
                }
            }
            SkillEvent::SkillRepinned { job, old, new, .. } => {
                for (b, _) in self.jobs.entry(*job).or_default().licences.values_mut().filter(|(b, _)| b == old) {
                    *b = *new;
                }
            }
            SkillEvent::SkillInstalled { robot, bundle, .. } => {
                self.taught.insert((*robot, *bundle));
            }
            SkillEvent::SkillRemoved { robot, bundle, .. } => {
                self.taught.remove(&(*robot, *bundle));
            }
            SkillEvent::SkillStarted { job, robot, bundle, licence, .. } => {
                self.skills.checked();
                if !self.taught.contains(&(*robot, *bundle)) {
                    let story = format!("bundle {} runs on {robot}, which never said that it has it", bundle.short());
                    self.skills.broke(Class::Safety, n.at, n.tick, story, vec![job.to_string()]);
                }
                let pinned = self.jobs.get(job).and_then(|r| r.licences.get(licence)).is_some_and(|(b, _)| b == bundle);
                let good = self.certified.values().any(|b| b == bundle) && !self.stopped.contains(bundle);
                if !pinned || !good {
                    let story = format!("bundle {} runs: pinned {pinned}, certified and not revoked {good}", bundle.short());
                    self.skills.broke(Class::Safety, n.at, n.tick, story, vec![job.to_string()]);
                }
            }
            _ => {}
        }
    }

    fn metered(&mut self, n: Now, job: JobId) {
        let Some(r) = self.jobs.get(&job) else { return };
        let units = |(l, (_, unit)): (&LicenceId, &(Digest, LicenceUnit))| {
            let m = r.meters.get(l).copied().unwrap_or_default();
            (m.metered(*unit, r.started), m.counted(*unit, r.started, u64::from(r.checkpoints)), *unit)
        };
        let wrong = r.licences.iter().map(units).find(|(metered, counted, _)| metered != counted);
        self.skills.checked();
        if let Some((metered, counted, unit)) = wrong {
            let told = if r.told { "" } else { ", and no incident says so" };
            let story = format!("{metered} units are metered where the job's events come to {counted} by {unit:?}{told}");
            self.skills.broke(Class::Safety, n.at, n.tick, story, vec![job.to_string()]);
        }
    }

    /// The run is over: nothing is open for longer than it may be.
    pub fn end(&mut self, n: Now, cases: &[(JobId, Instant)]) {
        self.ends.checked();
        let late = |since: Instant, most: Span| n.at.since(since) > most;
        let mut open: Vec<(String, JobId)> = Vec::new();
        open.extend(self.open.iter().filter(|(_, a)| late(a.since, HELP_MOST)).map(|(id, a)| (format!("{id} has not ended"), a.job)));
        let past = |(j, _): &(JobId, Instant)| ("a claim or a dispute is past its deadline".to_owned(), *j);
        open.extend(cases.iter().filter(|(_, due)| late(*due, STOP_MOST)).map(past));
        let asked = self.approvals.iter().filter(|(_, (_, lapses))| late(*lapses, STOP_MOST));
        open.extend(asked.map(|(id, (job, _))| (format!("{id} was neither answered nor lapsed"), *job)));
        for (story, job) in open {
            self.ends.broke(Class::Liveness, n.at, n.tick, story, vec![job.to_string()]);
        }
        let silent: Vec<RobotId> =
            self.stops.iter().filter(|(_, (at, done))| !done && late(*at, STOP_MOST)).map(|((r, _), _)| *r).collect();
        for robot in silent {
            let story = format!("a stop of {robot} was neither acknowledged nor escalated");
            self.ends.broke(Class::Liveness, n.at, n.tick, story, vec![robot.to_string()]);
        }
        let unanswered = self.asked.values().filter(|done| !**done).count();
        if unanswered > 0 && self.open.is_empty() {
            let story = format!("{unanswered} interventions have no result");
            self.notes.broke_as(Some(36), Class::Safety, n.at, n.tick, story, vec![]);
        }
    }
}

/// Is what was applied no more than what was asked for? Only a push is done in part.
fn is_within(kind: InterventionKind, asked: &[i64], applied: &[i64]) -> bool {
    if kind != InterventionKind::TeleopNudge {
        return asked == applied;
    }
    let part = |(a, d): (&i64, &i64)| d.unsigned_abs() <= a.unsigned_abs() && (*d == 0 || (*d < 0) == (*a < 0));
    asked.len() == applied.len() && asked.iter().zip(applied).all(part)
}

const fn same(k: Kind, e: InterventionKind) -> bool {
    matches!(
        (k, e),
        (Kind::ApproveGrasp, InterventionKind::ApproveGrasp)
            | (Kind::SetNavTarget, InterventionKind::SetNavTarget)
            | (Kind::SelectObject, InterventionKind::SelectObject)
            | (Kind::TeleopNudge, InterventionKind::TeleopNudge)
            | (Kind::Resume, InterventionKind::Resume)
            | (Kind::Abort, InterventionKind::Abort)
    )
}
