//! Outages of the site (domain 1.3): each interval of at least half a minute in which no word of a device or a robot there
//! was taken is on record as it was, and no other; only then does work end by nobody's fault for lack of news, and no
//! more time is taken off a missed service level than stops and outages lasted.

use crate::trail::{Now, Said};
use crate::verdict::{Class, Notes};
use nooterra_control::fact::SiteEvent;
use nooterra_control::genesis::Genesis;
use nooterra_engine::ids::{JobId, PartyId, RobotId, StopId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Cause, Event, Fault, ReleaseReason, StallReason};
use nooterra_operations::event::Event as RobotEvent;
use nooterra_operations::stop::Scope;
use nooterra_trust::Role;
use std::collections::{BTreeMap, BTreeSet};

/// Shorter silence is no outage.
const LEAST: Span = Span::from_secs(30);

#[derive(Debug, Default)]
struct Stops {
    since: Option<Instant>,
    lasted: Span,
    /// Whom it was booked with, the robot that had it last, and whether that one's time had come and it has said that it comes.
    owner: Option<PartyId>,
    robot: Option<RobotId>,
    due: bool,
    ready: bool,
    /// One that was ready did not set out in time.
    waited: bool,
    /// Stopped by somebody while it worked, and still so.
    halted: bool,
    stood: bool,
    /// The money is there; and how often it could not be had.
    captured: bool,
    failed: u8,
    /// Who answers for its no-show.
    no_show: Option<Fault>,
    /// Nothing was heard when it was told to leave, or others kept it stopped until its access ended.
    ordered_out: bool,
}

/// By whom a robot is kept stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Owner,
    Requester,
    Others,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Outages {
    /// Devices of the site that may witness.
    witnesses: BTreeSet<[u8; 16]>,
    heard: Instant,
    /// A word of the site that is being decided, and whether an outage was recorded with it.
    open: Option<(Instant, bool)>,
    over: Vec<(Instant, Instant)>,
    stops: BTreeMap<JobId, Stops>,
    /// Of every robot, its owner and the stops that are not for what it did itself.
    held: BTreeMap<RobotId, (Option<PartyId>, BTreeMap<StopId, By>)>,
    pub notes: Notes,
}

impl Outages {
    pub fn new(g: &Genesis) -> Self {
        let witnesses = g.witnesses.iter().map(|w| w.actor).collect();
        let notes = Notes::of("outages of the site are on record, and nothing else is excused by them", &[]);
        Self { witnesses, heard: g.at, open: None, over: Vec::new(), stops: BTreeMap::new(), held: BTreeMap::new(), notes }
    }

    fn broke(&mut self, n: Now, story: String, job: Option<JobId>) {
        self.notes.broke_as(None, Class::Safety, n.at, n.tick, story, job.map(|j| j.to_string()).into_iter().collect());
    }

    /// Something arrives that can be taken.
    pub fn input(&mut self, n: Now, said: Option<Said>) {
        self.close(n);
        let here = said.is_some_and(|s| match s.role {
            Some(Role::RB | Role::SI) => true,
            Some(Role::WI) => self.witnesses.contains(&s.actor),
            _ => false,
        });
        if here {
            self.open = Some((n.at, false));
        }
    }
    /// It was not.
    pub fn refused(&mut self) {
        self.open = None;
    }
    /// What arrived last is decided.
    pub fn close(&mut self, n: Now) {
        let Some((at, recorded)) = self.open.take() else { return };
        if at.since(self.heard) >= LEAST && !recorded {
            self.broke(n, format!("nothing was heard of the site from {} to {at}, and no outage is on record", self.heard), None);
        }
        self.heard = at;
    }

    /// The platform tells of the site.
    pub fn site(&mut self, n: Now, e: &SiteEvent) {
        let SiteEvent::SiteOutageRecorded { from, to } = *e else { return };
        self.notes.checked();
        let fits = self.open.is_some_and(|(at, recorded)| !recorded && at == to) && from == self.heard && to.since(from) >= LEAST;
        if !fits {
            self.broke(n, format!("an outage from {from} to {to}, but the site was heard at {}", self.heard), None);
        }
        self.open = self.open.map(|(at, _)| (at, true));
        self.over.push((from, to));
    }

    fn is_out(&self, at: Instant) -> bool {
        at.since(self.heard) >= LEAST || self.over.iter().any(|(a, b)| *a <= at && at <= *b)
    }

    /// A job's event.
    pub fn job(&mut self, n: Now, job: JobId, e: &Event) {
        let silent = |c: &Cause| {
            matches!(
                c,
                Cause::StallLimit
                    | Cause::StartOverdue
                    | Cause::MaxExecution
                    | Cause::HandoverFailed
                    | Cause::ExitForced
                    | Cause::AccessExpired
            )
        };
        let s = self.stops.entry(job).or_default();
        match e {
            Event::ExecutionStalled { reason } => {
                s.halted = matches!(reason, StallReason::RemoteStop | StallReason::OwnerStop);
                s.stood = s.halted;
            }
            Event::ExecutionResumed { .. } | Event::AssistStarted { .. } | Event::SafeExitOrdered { .. } => {
                s.stood = false;
                s.halted &= matches!(e, Event::SafeExitOrdered { .. });
            }
            Event::JobBooked(b) => s.owner = Some(b.pins.owner),
            Event::RobotMatched(m) => (s.robot, s.due, s.ready) = (Some(m.robot), m.interval.start <= n.at, false),
            Event::LeaseDue { .. } => s.due = true,
            Event::LeaseAccepted { .. } => s.ready = true,
            Event::Departed { .. } => s.ready = false,
            Event::LeaseReleased { reason, .. } => {
                let late = matches!(reason, ReleaseReason::NoDeparture | ReleaseReason::NoShow);
                s.waited = late && s.ready && s.due && !s.captured;
            }
            Event::PaymentCaptured { .. } => s.captured = true,
            Event::PaymentCaptureFailed { attempt, .. } => s.failed = *attempt,
            Event::NoShowDeclared { fault, comp, .. } => {
                s.no_show = Some(*fault);
                let (who, unpaid, failed) = ((s.owner, s.robot), s.waited && !s.captured, s.failed);
                self.absent(n, job, (*fault, *comp), who, unpaid, failed);
            }
            Event::SlaBreachRecorded(b) => {
                let stopped = s.lasted + s.since.map_or(Span::ZERO, |t| n.at.since(t));
                let open = if n.at.since(self.heard) >= LEAST { n.at.since(self.heard) } else { Span::ZERO };
                let out = self.over.iter().fold(open, |sum, (a, b)| sum + b.since(*a));
                self.notes.checked();
                if b.excused > stopped + out {
                    let story = format!("{:?} excused by {}, but stops lasted {stopped} and outages {out}", b.kind, b.excused);
                    self.broke(n, story, Some(job));
                }
            }
            _ => {}
        }
        self.count(n, job);
        match e {
            Event::SafeExitOrdered { cause, fault, .. } if silent(cause) => {
                let out = self.is_out(n.at);
                let s = self.stops.entry(job).or_default();
                let (halted, robot) = (std::mem::take(&mut s.halted) && *cause == Cause::AccessExpired, s.robot);
                s.ordered_out = out || halted && *fault == Fault::None;
                if halted && !out {
                    // The answer is the stop's: the owner's for its own, beside others or not, and else nobody's.
                    let own = robot.and_then(|r| self.held.get(&r)).is_some_and(|(_, s)| s.values().any(|b| *b == By::Owner));
                    self.notes.checked();
                    if *fault != (if own { Fault::Owner } else { Fault::None }) {
                        self.broke(n, format!("access ended under a stop by the fault of {fault:?}"), Some(job));
                    }
                } else {
                    self.blame(n, job, *cause, *fault, out);
                }
            }
            Event::HandoverOpened { .. } => self.stops.entry(job).or_default().ordered_out = false,
            Event::JobAborted { cause, fault, .. } if silent(cause) => {
                // Whoever was told to leave while nothing was heard is not blamed for how that ended.
                let out = self.is_out(n.at) || self.stops.get(&job).is_some_and(|s| s.ordered_out);
                self.blame(n, job, *cause, *fault, out);
            }
            Event::JobAborted { cause: Cause::NoShow, fault, .. } => {
                self.notes.checked();
                let said = self.stops.get(&job).and_then(|s| s.no_show);
                if said != Some(*fault) {
                    self.broke(n, format!("a no-show ends by the fault of {fault:?}, and was declared as {said:?}'s"), Some(job));
                }
            }
            _ => {}
        }
    }

    /// Time is others' while a job stands still by stops of which none is its owner's own.
    fn count(&mut self, n: Now, job: JobId) {
        let Some(s) = self.stops.get_mut(&job) else { return };
        let own = s.robot.and_then(|r| self.held.get(&r)).is_some_and(|(_, h)| h.values().any(|b| *b == By::Owner));
        match (s.stood && !own, s.since) {
            (true, None) => s.since = Some(n.at),
            (false, Some(t)) => {
                s.lasted += n.at.since(t);
                s.since = None;
            }
            _ => {}
        }
    }

    /// A robot's event: who is kept stopped by whom, and not for what it did itself.
    pub fn robot(&mut self, n: Now, robot: RobotId, role: Role, e: &RobotEvent) {
        self.held_now(robot, role, e);
        let of: Vec<JobId> = self.stops.iter().filter(|(_, s)| s.robot == Some(robot) && s.stood).map(|(j, _)| *j).collect();
        of.into_iter().for_each(|job| self.count(n, job));
    }

    fn held_now(&mut self, robot: RobotId, role: Role, e: &RobotEvent) {
        let culprit = if let RobotEvent::StopIssued { because, .. } = e { because.and_then(|b| self.held.get(&b)?.0) } else { None };
        let (owner, held) = self.held.entry(robot).or_default();
        match e {
            RobotEvent::RobotEnrolled { owner: own, .. } => *owner = Some(*own),
            RobotEvent::StopIssued { stop, scope, .. } => {
                let by = match role {
                    Role::OW => By::Owner,
                    Role::RQ => By::Requester,
                    Role::OS | Role::SI | Role::OP => By::Others,
                    _ if matches!(scope, Scope::Robot(_)) => return,
                    // A level that the platform has stopped because of a robot of the same owner.
                    _ if culprit.is_some() && culprit == *owner => By::Owner,
                    _ => By::Others,
                };
                held.insert(*stop, by);
            }
            RobotEvent::StopCleared { stop, .. } => {
                held.remove(stop);
            }
            _ => {}
        }
    }

    /// Nobody came: the owner's fault, unless nothing was heard, others kept its robots stopped, or the money was not there.
    fn absent(
        &mut self,
        n: Now,
        job: JobId,
        (fault, comp): (Fault, Amount),
        (owner, robot): (Option<PartyId>, Option<RobotId>),
        unpaid: bool,
        failed: u8,
    ) {
        self.notes.checked();
        let others = |s: &BTreeMap<StopId, By>| s.values().any(|b| *b != By::Owner);
        let last = robot.and_then(|r| self.held.get(&r)).filter(|(_, s)| others(s));
        let alone = last.is_some_and(|(_, s)| !s.values().any(|b| *b == By::Others));
        let mut own = self.held.values().filter(|(o, _)| o.is_some() && *o == owner).peekable();
        let all = own.peek().is_some() && own.all(|(_, s)| others(s));
        let expected = match (self.is_out(n.at), last.is_some()) {
            (true, _) => Fault::None,
            (_, true) if alone => Fault::Requester,
            (_, true) => Fault::None,
            _ if all => Fault::None,
            _ if unpaid && failed == 0 => Fault::Platform,
            _ if unpaid => Fault::Requester,
            _ => Fault::Owner,
        };
        if fault != expected || fault != Fault::Owner && comp > Amount::ZERO {
            self.broke(n, format!("a no-show by the fault of {fault:?} that costs the owner {comp}, expected {expected:?}'s"), Some(job));
        }
    }

    fn blame(&mut self, n: Now, job: JobId, cause: Cause, fault: Fault, out: bool) {
        self.notes.checked();
        if (fault == Fault::None) != out {
            self.broke(n, format!("{cause:?} by the fault of {fault:?}, and the site was last heard at {}", self.heard), Some(job));
        }
    }
}
