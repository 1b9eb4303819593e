//! The incidents of one stream, a job's or a robot's (domain 2.5, 3.6, 8.1, 8.2): open, triage, close.
//!
//! Incidents are facts: nobody who may report one is refused because of the job's state. What they set in motion is a
//! list of [`react::Reaction`]s that [`Incidents::decide`] gives beside the events; carrying it out is the caller's.

pub mod code;
pub mod react;

pub use code::{Family, IncidentCode, MATERIAL, SERIOUS, SEVERITY_MAX};
pub use react::{Reaction, reactions};

use crate::guard::{Checks, Hand};
use crate::parties::Fault;
use crate::rejection::{Code, Rejection};
use crate::role::Role;
use nooterra_engine::ids::{IncidentId, JobId, PartyId, RobotId, ZoneId};
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record};
use std::collections::{BTreeMap, BTreeSet};

/// Same code and robot within this much device time: one incident.
pub const DEDUPE: Span = Span::from_secs(10);
/// Triage of a material incident is due after this, and asked for again each time it passes.
pub const TRIAGE_WITHIN: Span = Span::from_secs(48 * 3_600);
/// Incidents of a settled job are taken this long.
pub const OPEN_AFTER_SETTLED: Span = Span::from_secs(30 * 86_400);

/// Who may report an incident.
pub const REPORTERS: [Role; 8] = [Role::RB, Role::OP, Role::RQ, Role::SI, Role::WI, Role::TR, Role::OS, Role::CK];

/// A device's own time: comparable within one boot only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub struct DevTime {
    /// Count of boots.
    pub boot: u32,
    /// ns since that boot.
    pub ns: u64,
}

/// Whose incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Stream {
    /// A job's: open from `RESERVED` to settled + 30 d.
    Job(JobId),
    /// A robot's that holds no lease: always open.
    Robot(RobotId),
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Record)]
pub enum Status {
    /// Reported.
    #[default]
    Open,
    /// Judged.
    Triaged,
    /// Done with.
    Closed,
}

/// What became of it in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Outcome {
    /// Nothing to do.
    NoAction,
    /// The cause was removed.
    Repaired,
    /// It goes on as a claim.
    Claimed,
    /// It did not happen.
    Unfounded,
}

/// One report of something that went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Report {
    /// The id that this report brings into being, if it is the first of its kind.
    pub incident: IncidentId,
    /// What.
    pub code: IncidentCode,
    /// How bad, 1..=5, within the range of the code.
    pub severity: u8,
    /// Which robot, if one takes part.
    pub robot: Option<RobotId>,
    /// When, in the robot's time; reports by people have none and are never taken together.
    pub at: Option<DevTime>,
    /// Where.
    pub zone: Option<ZoneId>,
    /// Hash over the measurements.
    pub facts_hash: Digest,
}

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Command {
    /// Report.
    Open(Report),
    /// Judge: severity may go up or down.
    Triage {
        #[doc = "Which."]
        incident: IncidentId,
        #[doc = "1..=5."]
        severity: u8,
        #[doc = "Who answers."]
        fault: Fault,
        #[doc = "It did happen."]
        confirmed: bool,
    },
    /// Be done with it.
    Close {
        #[doc = "Which."]
        incident: IncidentId,
        #[doc = "How it ended."]
        outcome: Outcome,
    },
    /// The clock: a deadline of [`Incidents::deadlines`] has come.
    Fire {
        #[doc = "Which."]
        incident: IncidentId,
    },
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Event {
    /// A new one.
    Opened(Report),
    /// Seen again: count + 1, highest severity.
    Repeated {
        #[doc = "The one seen before."]
        incident: IncidentId,
        #[doc = "Of this sighting."]
        severity: u8,
        #[doc = "When."]
        at: DevTime,
    },
    /// Judged.
    Triaged {
        #[doc = "Which."]
        incident: IncidentId,
        #[doc = "1..=5."]
        severity: u8,
        #[doc = "Who answers."]
        fault: Fault,
        #[doc = "It did happen."]
        confirmed: bool,
    },
    /// Triage is overdue for the `level`-th time.
    TriageOverdue {
        #[doc = "Which."]
        incident: IncidentId,
        #[doc = "From 1."]
        level: u32,
    },
    /// Done with.
    Closed {
        #[doc = "Which."]
        incident: IncidentId,
        #[doc = "How it ended."]
        outcome: Outcome,
    },
}

impl Event {
    /// The wire name. A repetition is the same event with the id of the first.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened(_) | Self::Repeated { .. } => "INCIDENT_OPENED",
            Self::Triaged { .. } => "INCIDENT_TRIAGED",
            Self::TriageOverdue { .. } => "INCIDENT_TRIAGE_OVERDUE",
            Self::Closed { .. } => "INCIDENT_CLOSED",
        }
    }
}

/// One incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Incident {
    /// The first report of it.
    pub report: Report,
    /// Where it stands.
    pub status: Status,
    /// How bad: highest seen, or as triaged.
    pub severity: u8,
    /// Highest seen by any report, whatever triage said.
    pub seen: u8,
    /// Reports taken together.
    pub count: u32,
    /// Device times of the earliest and the latest report.
    pub span: Option<(DevTime, DevTime)>,
    /// When it was opened.
    pub opened_at: Instant,
    /// Since when it has been material, so triage is due.
    pub material_since: Option<Instant>,
    /// Times triage was found overdue.
    pub overdue: u32,
    /// Who answers, once triaged.
    pub fault: Fault,
    /// It did happen, by triage.
    pub confirmed: bool,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl Incident {
    /// Is this report one more sighting of the same thing? A report graver than all before, after triage, is not: an
    /// early triage must not swallow what came later.
    fn takes(&self, r: &Report) -> bool {
        let same = self.report.code == r.code && self.report.robot == r.robot;
        let live = match self.status {
            Status::Open => true,
            Status::Triaged => r.severity <= self.seen,
            Status::Closed => false,
        };
        let near = match (self.span, r.at) {
            (Some((first, last)), Some(at)) => {
                first.boot == at.boot && at.ns >= first.ns.saturating_sub(DEDUPE.0) && at.ns <= last.ns.saturating_add(DEDUPE.0)
            }
            _ => false,
        };
        same && live && near
    }

    /// When triage is due next, if it is.
    #[must_use]
    pub fn triage_by(&self) -> Option<Instant> {
        let since = self.material_since.filter(|_| self.status == Status::Open)?;
        Some(since.saturating_add(Span(TRIAGE_WITHIN.0.saturating_mul(u64::from(self.overdue) + 1))))
    }
}

/// All incidents of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Incidents {
    /// Whose.
    pub stream: Stream,
    /// Parties that the stream names: whose keys triage nothing here.
    pub parties: BTreeSet<PartyId>,
    /// Since when reports are taken: a job's from `RESERVED` on.
    pub open_from: Option<Instant>,
    /// When the job was settled.
    pub settled: Option<Instant>,
    /// By id.
    pub incidents: BTreeMap<IncidentId, Incident>,
}

/// What was decided: events to be folded, and what they set in motion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decided {
    /// In order.
    pub events: Vec<Event>,
    /// In order.
    pub reactions: Vec<Reaction>,
}

impl Incidents {
    /// No incident yet. A job's stream takes none before [`Incidents::open_from`] is set.
    #[must_use]
    pub fn new(stream: Stream, parties: BTreeSet<PartyId>) -> Self {
        let open_from = matches!(stream, Stream::Robot(_)).then_some(Instant::ZERO);
        Self { stream, parties, open_from, settled: None, incidents: BTreeMap::new() }
    }

    /// Does the stream take reports at `now`?
    #[must_use]
    pub fn takes_reports(&self, now: Instant) -> bool {
        let begun = self.open_from.is_some_and(|from| from <= now);
        begun && self.settled.is_none_or(|at| now <= at.saturating_add(OPEN_AFTER_SETTLED))
    }

    /// Is an incident of severity >= 4 waiting for triage? Then the settlement waits too.
    #[must_use]
    pub fn serious_untriaged(&self) -> bool {
        self.incidents.values().any(|i| i.status == Status::Open && i.severity >= SERIOUS)
    }

    /// What a command leads to, or why it is refused. Reads only.
    pub fn decide(&self, now: Instant, hand: &Hand, command: &Command) -> Result<Decided, Rejection> {
        match *command {
            Command::Open(report) => self.open(now, hand, &report),
            Command::Triage { incident, severity, fault, confirmed } => {
                let mut c = Checks::new();
                c.must((1..=SEVERITY_MAX).contains(&severity), Code::SchemaInvalid, "severity").role(hand, &[Role::TR]);
                let i = self.find(&mut c, incident);
                c.must(hand.party.is_none_or(|p| !self.parties.contains(&p)), Code::ConflictOfInterest, "party");
                if let Some(i) = i {
                    c.must(i.status != Status::Triaged, Code::AlreadyDone, "incident");
                    c.must(i.status != Status::Closed, Code::TrackForbids, "incident");
                }
                c.end()?;
                let mut rise = reactions(i.map_or(0, |i| i.severity), severity);
                rise.retain(|r| *r != Reaction::TriageDue);
                Ok(Decided { events: vec![Event::Triaged { incident, severity, fault, confirmed }], reactions: rise })
            }
            Command::Close { incident, outcome } => {
                let mut c = Checks::new();
                c.role(hand, &[Role::TR]);
                let i = self.find(&mut c, incident);
                c.must(hand.party.is_none_or(|p| !self.parties.contains(&p)), Code::ConflictOfInterest, "party");
                if let Some(i) = i {
                    c.must(i.status != Status::Open, Code::TrackForbids, "incident");
                    c.must(i.status != Status::Closed, Code::AlreadyDone, "incident");
                }
                c.end()?;
                Ok(Decided { events: vec![Event::Closed { incident, outcome }], reactions: Vec::new() })
            }
            Command::Fire { incident } => {
                let mut c = Checks::new();
                c.role(hand, &[Role::CK]);
                let i = self.find(&mut c, incident);
                c.must(i.is_none_or(|i| i.triage_by().is_some_and(|by| by <= now)), Code::TrackForbids, "incident");
                c.end()?;
                let level = i.map_or(1, |i| i.overdue.saturating_add(1));
                Ok(Decided { events: vec![Event::TriageOverdue { incident, level }], reactions: vec![Reaction::TriageDue] })
            }
        }
    }

    fn open(&self, now: Instant, hand: &Hand, report: &Report) -> Result<Decided, Rejection> {
        let (least, most) = report.code.severities();
        let mut c = Checks::new();
        if !(least..=most).contains(&report.severity) {
            let wanted = format!("{least}..={most}");
            c.note(Rejection::new(Code::SchemaInvalid).field("severity").expected(wanted).actual(report.severity));
        }
        c.role(hand, &REPORTERS);
        c.must(self.takes_reports(now), Code::StateForbids, "stream");
        c.must(!self.incidents.contains_key(&report.incident), Code::AlreadyDone, "incident");
        c.end()?;
        let known = self.incidents.iter().find(|(_, i)| i.takes(report));
        Ok(match (known, report.at) {
            (Some((id, i)), Some(at)) => Decided {
                events: vec![Event::Repeated { incident: *id, severity: report.severity, at }],
                // Triage may have judged it milder since: what was seen then has had its reactions.
                reactions: reactions(i.seen, report.severity),
            },
            _ => Decided { events: vec![Event::Opened(*report)], reactions: reactions(0, report.severity) },
        })
    }

    fn find(&self, c: &mut Checks, id: IncidentId) -> Option<&Incident> {
        let i = self.incidents.get(&id);
        c.must(i.is_some(), Code::NotFound, "incident");
        i
    }

    /// Folds in one event that happened at `at`.
    pub fn evolve(&mut self, at: Instant, event: &Event) {
        match event {
            Event::Opened(r) => {
                let i = Incident {
                    report: *r,
                    status: Status::Open,
                    severity: r.severity,
                    seen: r.severity,
                    count: 1,
                    span: r.at.map(|t| (t, t)),
                    opened_at: at,
                    material_since: (r.severity >= MATERIAL).then_some(at),
                    overdue: 0,
                    fault: Fault::None,
                    confirmed: false,
                    outcome: None,
                };
                self.incidents.insert(r.incident, i);
            }
            Event::Repeated { incident, severity, at: dev } => self.with(*incident, |i| {
                i.count = i.count.saturating_add(1);
                i.seen = i.seen.max(*severity);
                i.span = i.span.map(|(a, b)| (a.min(*dev), b.max(*dev)));
                if i.status == Status::Open {
                    i.severity = i.severity.max(*severity);
                    i.material_since = i.material_since.or((i.severity >= MATERIAL).then_some(at));
                }
            }),
            Event::Triaged { incident, severity, fault, confirmed } => self.with(*incident, |i| {
                i.status = Status::Triaged;
                (i.severity, i.fault, i.confirmed) = (*severity, *fault, *confirmed);
            }),
            Event::TriageOverdue { incident, level } => self.with(*incident, |i| i.overdue = *level),
            Event::Closed { incident, outcome } => self.with(*incident, |i| {
                i.status = Status::Closed;
                i.outcome = Some(*outcome);
            }),
        }
    }

    fn with(&mut self, id: IncidentId, f: impl FnOnce(&mut Incident)) {
        if let Some(i) = self.incidents.get_mut(&id) {
            f(i);
        }
    }

    /// Armed timers: whose triage is due when, in receive time.
    #[must_use]
    pub fn deadlines(&self) -> Vec<(IncidentId, Instant)> {
        self.incidents.iter().filter_map(|(id, i)| Some((*id, i.triage_by()?))).collect()
    }
}
