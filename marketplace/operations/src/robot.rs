//! A robot as the platform knows it: a fold of its stream and of the leases it holds.

use crate::clamps::Tightened;
use crate::event::{Capability, Event, Measured, Pose, TaskKind};
use crate::load::Load;
use crate::status::{HealthCause, RobotStatus, from_health};
use nooterra_engine::Record;
use nooterra_engine::ids::{JobId, LeaseId, PartyId, RobotId, StopId, TaskId};
use nooterra_engine::money::mul_div;
use nooterra_engine::time::{Instant, Span};
use std::collections::VecDeque;

/// The lease that a robot is offered or holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Held {
    /// The lease.
    pub lease: LeaseId,
    /// Its job.
    pub job: JobId,
    /// The fence under which the robot speaks about it.
    pub fence: u64,
    /// Start of the interval taken.
    pub from: Instant,
    /// End of the interval taken.
    pub to: Instant,
}

/// Work that is no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Task {
    /// Its id.
    pub task: TaskId,
    /// What kind.
    pub kind: TaskKind,
    /// Where.
    pub place: u32,
    /// Since when.
    pub from: Instant,
    /// Until when at the latest.
    pub to: Instant,
}

/// Timers of a robot stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum RobotTimer {
    /// Three heartbeat intervals without a word.
    LinkBy,
    /// A stop was not acknowledged.
    StopAckBy,
    /// A task takes too long.
    TaskEnd,
    /// It has been of no use where it stands for long enough: it is given up as stranded.
    GiveUp,
    /// Nobody has come for it yet: the wish is repeated.
    AskRecovery,
    /// Its quarantine is over by itself.
    QuarantineUntil,
}

/// A stop in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct StopState {
    /// Its id.
    pub stop: StopId,
    /// When it was issued.
    pub at: Instant,
    /// 0: told; 1: told again; 2: owner and site know that it does not answer.
    pub level: u8,
    /// Obeyed.
    pub acked: bool,
    /// Since when it is known to be obeyed.
    pub acked_at: Option<Instant>,
}

/// One robot.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Robot {
    /// Its id.
    pub id: RobotId,
    /// Who owns it.
    pub owner: PartyId,
    /// Its model's name.
    pub model: String,
    /// Energy of a full battery.
    pub battery_j: u64,
    /// Heartbeat interval expected of it.
    pub heartbeat: Span,
    /// Where it stands.
    pub status: RobotStatus,
    /// State of charge.
    pub soc_bps: u32,
    /// Least health of all subsystems.
    pub health_bps: u32,
    /// Reports a fault that makes it unfit.
    pub fault: bool,
    /// Errors of its last heartbeat, by their numbers.
    pub errors: Vec<u16>,
    /// Why its status is what it is, as of the last change.
    pub causes: Vec<HealthCause>,
    /// Charging now.
    pub charging: bool,
    /// Where it says it is.
    pub pose: Pose,
    /// Place reached last.
    pub place: u32,
    /// Last heartbeat, if any.
    pub heard_at: Option<Instant>,
    /// Was the link lost?
    pub link_lost: bool,
    /// Fence: +1 at each match, each lease ahead that comes to its time, and each closed lease.
    pub fence: u64,
    /// Number of the last order sent.
    pub order_seq: u64,
    /// Highest order taken up.
    pub orders_seen: u64,
    /// Lease that it is about now, offered or held.
    pub lease: Option<Held>,
    /// Leases for later, offered or held, by their start; none meets another.
    pub ahead: Vec<Held>,
    /// Charging or moving for no job.
    pub task: Option<Task>,
    /// When it was last moved toward work.
    pub relocated_at: Option<Instant>,
    /// Stops in force.
    pub stops: Vec<StopState>,
    /// Trust, basis points.
    pub trust_bps: u32,
    /// Leases refused or lapsed, total.
    pub refusals: u32,
    /// Jobs worked on, total.
    pub jobs: u32,
    /// Work of the last day.
    pub load: Load,
    /// Instants of its stalls in the last hour, for the repeat rule.
    pub stalls: VecDeque<Instant>,
    /// Instants of its minor incidents in the last hour, which count by themselves.
    pub minors: VecDeque<Instant>,
    /// Quarantined and not cleared since, wherever it is.
    pub quarantined: bool,
    /// When that is over by itself, if nothing speaks against it by then.
    pub quarantine_until: Option<Instant>,
    /// Not fit since.
    pub unfit_since: Option<Instant>,
    /// Silent or unfit for this long outside of any work, it is given up as stranded.
    pub give_up: Span,
    /// The lease whose own deadlines decide about it, although it is useless.
    pub waived: Option<LeaseId>,
    /// When people were last asked to take it away.
    pub recovery_asked: Option<Instant>,
    /// Back from the workshop at this place, or looked after where it stands: its own next word says whether it is fit.
    pub self_check: Option<u32>,
    /// How often it has to be looked after.
    pub service: ServiceRule,
    /// Its owner has begun to look after it: it gets no more work.
    pub in_service: bool,
    /// When it was last looked after, or enrolled.
    pub serviced_at: Instant,
    /// How long it has moved since.
    pub motion: Span,
    /// When that became as much as it may be.
    pub worn_at: Option<Instant>,
    /// It was brought to where it is looked after, or could not be.
    pub brought: bool,
    /// What it says that it can do, ascending by name.
    pub declared: Vec<Capability>,
    /// Sensors that work by its own word, ascending.
    pub sensors: Vec<String>,
    /// What it was seen to do, ascending by name.
    pub measured: Vec<Measured>,
    /// Bounds that were tightened from afar.
    pub tightened: Tightened,
}

/// How often a robot has to be looked after (domain 12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct ServiceRule {
    /// At this interval.
    pub every: Span,
    /// And after so much motion.
    pub motion: Span,
    /// So late it gets no more work.
    pub late: Span,
}

impl Default for ServiceRule {
    fn default() -> Self {
        let day = Span::from_secs(86_400);
        Self { every: day.times(90), motion: Span::from_mins(60).times(500), late: day.times(14) }
    }
}

/// Below this charge a silent robot counts as unable to move, basis points.
const DEAD_SOC_BPS: u32 = 200;

/// A robot whose pose changes by more between two heartbeats has moved.
const MOVED_MM: u64 = 50;

/// A stranded robot that nobody has taken away is asked for again after this.
const ASK_AGAIN: Span = Span::from_secs(60);

/// Three such in an hour put a robot into quarantine.
const TROUBLES_MAX: usize = 3;
const TROUBLE_WINDOW: Span = Span::from_mins(60);

/// Counts one and forgets what is an hour old.
fn count(troubles: &mut VecDeque<Instant>, at: Instant) {
    let old = at.saturating_sub(TROUBLE_WINDOW);
    troubles.retain(|t| *t > old);
    troubles.push_back(at);
}

impl Robot {
    /// A robot on its first day.
    pub fn enrol(id: RobotId, owner: PartyId, model: &str, battery_j: u64, heartbeat: Span) -> Self {
        Self {
            id,
            owner,
            model: model.to_owned(),
            battery_j,
            heartbeat,
            status: RobotStatus::Enrolled,
            soc_bps: 0,
            health_bps: 0,
            fault: false,
            errors: Vec::new(),
            causes: Vec::new(),
            charging: false,
            pose: Pose::default(),
            place: u32::MAX,
            heard_at: None,
            link_lost: false,
            fence: 0,
            order_seq: 0,
            orders_seen: 0,
            lease: None,
            ahead: Vec::new(),
            task: None,
            relocated_at: None,
            stops: Vec::new(),
            trust_bps: 5_000,
            refusals: 0,
            jobs: 0,
            load: Load::default(),
            stalls: VecDeque::new(),
            minors: VecDeque::new(),
            quarantined: false,
            quarantine_until: None,
            unfit_since: None,
            give_up: Span::from_mins(5),
            waived: None,
            recovery_asked: None,
            self_check: None,
            service: ServiceRule::default(),
            in_service: false,
            serviced_at: Instant::ZERO,
            motion: Span::ZERO,
            worn_at: None,
            brought: false,
            declared: Vec::new(),
            sensors: Vec::new(),
            measured: Vec::new(),
            tightened: Tightened::default(),
        }
    }

    /// Folds in one event.
    pub fn evolve(&mut self, at: Instant, event: &Event) {
        match event {
            Event::RobotEnrolled { .. } | Event::Obstructed { .. } | Event::ClampSummarised { .. } | Event::BlackboxAnchored { .. } => {}
            // The trust service keeps its incidents.
            Event::IncidentRepeated { .. } | Event::IncidentTriaged { .. } | Event::IncidentTriageOverdue { .. } => {}
            Event::HeartbeatRecorded(b) => {
                self.wear(at, &b.pose);
                self.soc_bps = b.soc_bps;
                self.health_bps = b.health_bps;
                self.fault = b.fault;
                self.errors.clone_from(&b.errors);
                self.charging = b.charging;
                self.pose = b.pose;
                self.place = b.place;
                self.orders_seen = self.orders_seen.max(b.orders_seen);
                self.heard_at = Some(at);
            }
            Event::HealthChanged { to, causes, .. } => {
                self.status = *to;
                self.causes.clone_from(causes);
                self.unfit_since = (*to == RobotStatus::Unhealthy).then_some(at);
                self.recovery_asked = None;
                self.self_check = None;
            }
            Event::RecoveryAsked { .. } => self.recovery_asked = Some(at),
            Event::MaintenanceOpened { .. } => self.in_service = true,
            Event::MaintenanceClosed { place, checklist, .. } => {
                self.self_check = Some(*place);
                self.fault = false;
                self.place = *place;
                if checklist.is_some() {
                    (self.in_service, self.serviced_at, self.motion, self.worn_at) = (false, at, Span::ZERO, None);
                    self.brought = false;
                }
            }
            Event::RobotRetired { .. } => self.status = RobotStatus::Retired,
            Event::LinkLost { .. } => self.link_lost = true,
            Event::LinkRestored { .. } => self.link_lost = false,
            Event::OrderAcked { order_seq, code } => {
                self.tightened.answered(at, *order_seq, !code.is_empty());
                if code.is_empty() {
                    self.orders_seen = self.orders_seen.max(*order_seq);
                }
            }
            Event::RobotQuarantined { until, manual, .. } => {
                // Whoever is stranded or retired by now stays so.
                if !matches!(self.status, RobotStatus::Stranded | RobotStatus::Retired) {
                    self.status = RobotStatus::Quarantined;
                }
                self.quarantined = true;
                self.quarantine_until = until.filter(|_| !manual);
            }
            Event::QuarantineCleared { .. } => {
                self.quarantine_until = None;
                if self.status == RobotStatus::Quarantined {
                    self.status = from_health(self.health_bps, self.soc_bps, self.fault);
                    self.causes = self.due_causes(self.status);
                }
                self.quarantined = false;
                self.stalls.clear();
                self.minors.clear();
            }
            Event::TaskPlanned { task, kind, place, from, to } => {
                if *kind == TaskKind::Relocate {
                    self.relocated_at = Some(at);
                }
                self.task = Some(Task { task: *task, kind: *kind, place: *place, from: *from, to: *to });
            }
            Event::TaskEnded { task, .. } => {
                if let Some(t) = self.task.take_if(|t| t.task == *task) {
                    self.brought |= t.kind == TaskKind::Service;
                }
            }
            Event::StopIssued { stop, .. } => self.stops.push(StopState { stop: *stop, at, level: 0, acked: false, acked_at: None }),
            Event::StopAcked { stop, .. } => self.with_stop(*stop, |s| {
                s.acked = true;
                s.acked_at = Some(at);
            }),
            Event::StopEscalated { stop, level } => self.with_stop(*stop, |s| s.level = *level),
            Event::StopCleared { stop, .. } => self.stops.retain(|s| s.stop != *stop),
            Event::IncidentOpened { severity, .. } => {
                if *severity >= 2 {
                    self.erred(at);
                }
            }
            Event::TrustScoreUpdated { to_bps, .. } => self.trust_bps = *to_bps,
            Event::CapabilitiesAdvertised { capabilities, sensors, .. } => {
                self.declared.clone_from(capabilities);
                self.sensors.clone_from(sensors);
            }
            Event::ClampsTightened(c) => self.tightened.told(*c),
            Event::ClampsLifted { .. } => self.tightened.lifted(),
            Event::CapabilityMeasured(m) => match self.measured.binary_search_by(|k| k.name.cmp(&m.name)) {
                Ok(at) => self.measured[at] = m.clone(),
                Err(at) => self.measured.insert(at, m.clone()),
            },
        }
    }

    /// Counts motion: the time between two heartbeats of different places, as far as heartbeats were due.
    fn wear(&mut self, at: Instant, pose: &Pose) {
        let Some(before) = self.heard_at else { return };
        let moved = self.pose.x_mm.abs_diff(pose.x_mm).max(self.pose.y_mm.abs_diff(pose.y_mm)) > MOVED_MM;
        if moved {
            self.motion += at.since(before).min(self.heartbeat.times(3));
        }
        if self.motion >= self.service.motion {
            self.worn_at = self.worn_at.or(Some(at));
        }
    }

    /// When it has to be looked after at the latest: from then on it gets no more work.
    pub fn service_by(&self) -> Instant {
        let due = self.serviced_at.saturating_add(self.service.every);
        self.worn_at.map_or(due, |w| w.min(due)).saturating_add(self.service.late)
    }

    /// Its owner looks after it and it has nothing left to do: it is out of work, unless it is on its way already.
    pub fn goes_into_service(&self) -> bool {
        self.in_service && self.lease.is_none() && self.status.follows_health() && !self.is_on_way_to_service()
    }

    /// Does it drive to where it is looked after?
    pub fn is_on_way_to_service(&self) -> bool {
        self.task.is_some_and(|t| t.kind == TaskKind::Service)
    }

    /// Can it still drive by itself to where it is looked after?
    pub fn can_be_brought(&self, now: Instant) -> bool {
        !self.brought && self.status.is_fit() && self.stops.is_empty() && self.link_fresh(now)
    }

    /// What was measured of this name.
    pub fn measured(&self, name: &str) -> Option<&Measured> {
        self.measured.binary_search_by(|m| m.name.as_str().cmp(name)).ok().map(|at| &self.measured[at])
    }

    fn with_stop(&mut self, stop: StopId, f: impl FnOnce(&mut StopState)) {
        if let Some(s) = self.stops.iter_mut().find(|s| s.stop == stop) {
            f(s);
        }
    }

    /// It did not say that it obeys a stop, and is told again.
    pub fn stop_repeated(&mut self, stop: StopId) {
        self.with_stop(stop, |s| s.level = s.level.max(1));
    }

    /// Its work stalled: counts towards the repeat rule.
    pub fn stalled(&mut self, at: Instant) {
        count(&mut self.stalls, at);
    }

    /// A minor incident: counts towards the repeat rule.
    pub fn erred(&mut self, at: Instant) {
        count(&mut self.minors, at);
    }

    /// Does the repeat rule ask for quarantine? Three stalls do, or three minor incidents.
    pub fn repeats(&self) -> bool {
        self.stalls.len().max(self.minors.len()) >= TROUBLES_MAX && self.status.follows_health()
    }

    /// The next fence: taken by a match, and when a lease ahead comes to its time.
    pub fn next_fence(&self) -> u64 {
        self.fence + 1
    }

    /// A job was matched to it: the fence moves on, the interval is taken, for now or for later.
    pub fn matched(&mut self, held: Held, ahead: bool) {
        self.fence += 1;
        if ahead {
            let at = self.ahead.partition_point(|h| h.from <= held.from);
            self.ahead.insert(at, held);
            // A task ends when work begins.
            if let Some(t) = &mut self.task {
                t.to = t.to.min(held.from);
            }
        } else {
            self.lease = Some(held);
        }
    }

    /// A lease ahead comes to its time: the robot's other words are older than this one.
    pub fn lease_due(&mut self, lease: LeaseId) {
        self.fence += 1;
        if let Some(at) = self.ahead.iter().position(|h| h.lease == lease) {
            self.lease = Some(Held { fence: self.fence, ..self.ahead.remove(at) });
        }
    }

    /// The lease of this id, be it for now or for later.
    pub fn held(&self, lease: LeaseId) -> Option<&Held> {
        self.lease.iter().chain(&self.ahead).find(|h| h.lease == lease)
    }

    /// Would a lease or task of this interval meet one for later?
    pub fn meets_ahead(&self, from: Instant, to: Instant) -> bool {
        self.ahead.iter().any(|h| h.from < to && from < h.to)
    }

    /// One of its leases is closed: the fence moves on, so nothing said under it counts any more.
    pub fn lease_closed(&mut self, lease: LeaseId, at: Instant, refused: bool, worked_since: Option<Instant>) {
        self.fence += 1;
        self.lease.take_if(|h| h.lease == lease);
        self.ahead.retain(|h| h.lease != lease);
        if refused {
            self.refusals += 1;
        }
        if let Some(from) = worked_since {
            self.load.add(from, at);
            self.jobs += 1;
        }
    }

    /// The status that its last heartbeat asks for, if it is another one, or degraded by other causes, with the causes.
    pub fn due_status(&self) -> Option<(RobotStatus, Vec<HealthCause>)> {
        let checks = self.status == RobotStatus::Maintenance && self.self_check.is_some();
        if !(self.status.follows_health() || checks) || self.heard_at.is_none() {
            return None;
        }
        let to = from_health(self.health_bps, self.soc_bps, self.fault);
        if checks && !to.is_fit() {
            return None;
        }
        let causes = self.due_causes(to);
        // A link that comes and goes is told of elsewhere.
        let lasting = |all: &[HealthCause]| all.iter().filter(|c| **c != HealthCause::Link).copied().collect::<Vec<_>>();
        let same = to == self.status && (to != RobotStatus::Degraded || lasting(&causes) == lasting(&self.causes));
        (!same).then_some((to, causes))
    }

    /// Why its last heartbeat asks for this status: the errors that it names, and what stands behind its numbers.
    fn due_causes(&self, to: RobotStatus) -> Vec<HealthCause> {
        let mut causes = Vec::new();
        if self.status == RobotStatus::Enrolled {
            causes.push(HealthCause::FirstHeard);
        }
        if !matches!(to, RobotStatus::Active) {
            let named = self.errors.iter().filter_map(|e| HealthCause::of_error(*e));
            let low = (self.soc_bps < crate::status::LOW_SOC_BPS).then_some(HealthCause::BatteryLow);
            let faulty = self.fault.then_some(HealthCause::MotorFault);
            let mut why: Vec<HealthCause> = named.chain(low).collect();
            // An error that is no more than a link says nothing of the rest.
            let told = why.iter().any(|c| *c != HealthCause::Link);
            if !told || (self.health_bps < crate::status::UNFIT_BPS && why.iter().all(|c| *c == HealthCause::BatteryLow)) {
                why.push(faulty.unwrap_or(HealthCause::Health));
            }
            why.sort_unstable();
            why.dedup();
            causes.extend(why);
        }
        if causes.is_empty() {
            causes.push(HealthCause::Recovered);
        }
        causes
    }

    /// Heard of within three heartbeat intervals?
    pub fn link_fresh(&self, now: Instant) -> bool {
        self.heard_at.is_some_and(|h| now.since(h) <= self.heartbeat.times(3))
    }

    /// Is it fit, not stopped and not in its owner's hands?
    pub fn can_work(&self) -> bool {
        self.status.is_fit() && self.stops.is_empty() && !self.in_service
    }

    /// May it be given jobs at `now`, for now or for later?
    pub fn can_be_matched(&self, now: Instant) -> bool {
        self.can_work() && self.link_fresh(now) && now < self.service_by()
    }

    /// Energy in its battery, joules.
    pub fn usable_j(&self) -> u64 {
        self.share_j(self.soc_bps)
    }

    /// This share of its battery, joules.
    pub fn share_j(&self, bps: u32) -> u64 {
        mul_div(self.battery_j, u64::from(bps), 10_000).unwrap_or(0)
    }

    /// Since when it has stood about unable to work: silent, not fit, or stopped in quarantine.
    fn useless_since(&self) -> Option<Instant> {
        let waived = self.lease.is_some_and(|l| self.waived == Some(l.lease));
        if waived || !(self.status.follows_health() || self.status == RobotStatus::Quarantined) {
            return None;
        }
        let silent = self.heard_at.filter(|_| self.link_lost);
        let stopped = self.stops.first().filter(|_| self.status == RobotStatus::Quarantined).map(|s| s.at);
        silent.into_iter().chain(self.unfit_since).chain(stopped).min()
    }

    /// Does it surely stand still: it cannot drive, has no charge, or obeys a stop?
    pub fn stands(&self) -> bool {
        self.fault || self.soc_bps < DEAD_SOC_BPS || self.stops.iter().any(|s| s.acked)
    }

    /// Is it known to be unable to move by itself?
    pub fn is_helpless(&self) -> bool {
        self.link_lost || self.fault || matches!(self.status, RobotStatus::Unhealthy | RobotStatus::Stranded)
    }

    /// Armed timers of the robot.
    pub fn deadlines(&self) -> Vec<(RobotTimer, Instant)> {
        let mut out = Vec::new();
        if let Some(h) = self.heard_at.filter(|_| !self.link_lost) {
            out.push((RobotTimer::LinkBy, Instant(h.saturating_add(self.heartbeat.times(3)).0 + 1)));
        }
        if let Some(s) = self.stops.iter().find(|s| !s.acked && s.level < 2) {
            let wait = if s.level == 0 { 2 } else { 5 };
            out.push((RobotTimer::StopAckBy, s.at.saturating_add(Span::from_secs(wait))));
        }
        if let Some(t) = &self.task {
            out.push((RobotTimer::TaskEnd, t.to));
        }
        if let Some(since) = self.useless_since() {
            out.push((RobotTimer::GiveUp, since.saturating_add(self.give_up)));
        }
        if let Some(at) = self.recovery_asked.filter(|_| self.status == RobotStatus::Stranded) {
            out.push((RobotTimer::AskRecovery, at.saturating_add(ASK_AGAIN)));
        }
        out.extend(self.quarantine_until.map(|at| (RobotTimer::QuarantineUntil, at)));
        out
    }
}
