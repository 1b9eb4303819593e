//! The desk of remote help: operators, the queue, offers, and what operators do. One command in, ordered events out.

use crate::assist::{Assist, OFFERS_MOST, Outcome, Priority, Request, START_WITHIN, Stage, VIEWS_KEPT};
use crate::intervention::{Action, Fate, Pending};
use crate::operator::{JOBS_MOST, Operator, SHIFT_MOST, Shift};
use nooterra_engine::ids::{AssistId, InterventionId, JobId, OperatorId, PartyId, RegionId, ShiftId};
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record};
use std::collections::BTreeMap;
use thiserror::Error;

/// Everything about remote help that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Desk {
    /// All operators.
    pub operators: BTreeMap<OperatorId, Operator>,
    /// Open requests.
    pub open: BTreeMap<AssistId, Assist>,
}

/// A shift that covers a job lasts this much longer than the job is planned to.
const COVER_MARGIN: Span = Span::from_mins(15);

/// A job for which somebody is to stand by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standby {
    /// Kind of place, by the caller's numbers.
    pub tier: u8,
    /// Where.
    pub region: RegionId,
    /// Parties to the job: none of their operators may.
    pub barred: Vec<PartyId>,
    /// The planned end.
    pub until: Instant,
}

/// What the desk is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the fields are those of the catalogue
pub enum Command {
    OpenShift {
        operator: OperatorId,
        shift: ShiftId,
        max_jobs: u8,
        tiers: Vec<u8>,
        regions: Vec<RegionId>,
        until: Instant,
    },
    CloseShift {
        operator: OperatorId,
    },
    /// An operator's console says something.
    Hear {
        operator: OperatorId,
    },
    /// Help is asked for; one that is open for the job already only becomes more urgent.
    Ask(Request),
    Accept {
        operator: OperatorId,
        assist: AssistId,
    },
    Decline {
        operator: OperatorId,
        assist: AssistId,
        reason: String,
    },
    Start {
        operator: OperatorId,
        assist: AssistId,
        view: Digest,
    },
    End {
        operator: OperatorId,
        assist: AssistId,
        outcome: Outcome,
    },
    /// `stopped`: a stop of the robot is in force.
    Submit {
        operator: OperatorId,
        assist: AssistId,
        intervention: InterventionId,
        action: Action,
        view: Digest,
        stopped: bool,
    },
    /// The robot's picture.
    Show {
        assist: AssistId,
        view: Digest,
    },
    /// The robot's answer; `done` if it does it.
    Answer {
        assist: AssistId,
        intervention: InterventionId,
        done: bool,
    },
    /// The job or its robot needs no help any more, whoever is at it.
    Finish {
        assist: AssistId,
        outcome: Outcome,
    },
    /// Time has passed.
    Tick,
}

/// What happened on the desk.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[allow(missing_docs)] // the fields are those of the catalogue
pub enum Event {
    ShiftOpened {
        operator: OperatorId,
        shift: Shift,
    },
    ShiftClosed {
        operator: OperatorId,
        shift: ShiftId,
    },
    /// Nothing is heard of an operator's console; the last time that something was.
    ConsoleLost {
        operator: OperatorId,
        last: Instant,
    },
    /// It is heard again.
    ConsoleBack {
        operator: OperatorId,
    },
    Queued(Box<Request>),
    Raised {
        assist: AssistId,
        priority: Priority,
    },
    Offered {
        assist: AssistId,
        operator: OperatorId,
        attempt: u8,
        accept_by: Instant,
    },
    OfferLapsed {
        assist: AssistId,
        operator: OperatorId,
    },
    Accepted {
        assist: AssistId,
        operator: OperatorId,
    },
    Declined {
        assist: AssistId,
        operator: OperatorId,
        reason: String,
    },
    Started {
        assist: AssistId,
        operator: OperatorId,
        view: Digest,
    },
    Ended {
        assist: AssistId,
        outcome: Outcome,
    },
    Exhausted {
        assist: AssistId,
    },
    Shown {
        assist: AssistId,
        view: Digest,
    },
    Submitted {
        assist: AssistId,
        operator: OperatorId,
        intervention: InterventionId,
        action: Action,
        view: Digest,
    },
    Answered {
        assist: AssistId,
        intervention: InterventionId,
        fate: Fate,
    },
}

/// Why the desk does not do it, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Refusal {
    /// No such operator, assist or intervention.
    #[error("unknown {0}")]
    Unknown(&'static str),
    /// It is so already.
    #[error("already done")]
    AlreadyDone,
    /// The shift makes no sense.
    #[error("no such shift: {0}")]
    BadShift(&'static str),
    /// The operator has helped for too long.
    #[error("tired")]
    Tired,
    /// The assist is not this operator's.
    #[error("not assigned")]
    NotAssigned,
    /// The operator's shift is not open.
    #[error("shift closed")]
    ShiftClosed,
    /// The assist is in another stage.
    #[error("the assist is in another stage")]
    WrongStage,
    /// The operator is not certified for it, or it is not an operator's to say.
    #[error("out of scope")]
    OutOfScope,
    /// A value is out of bounds.
    #[error("{0} is out of bounds")]
    Beyond(&'static str),
    /// Decided on a picture that is no longer current.
    #[error("not the picture on screen")]
    StaleView,
    /// A stop is in force.
    #[error("stopped")]
    Stopped,
}

type Decision = Result<Vec<Event>, Refusal>;

fn need(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}

impl Desk {
    /// The open request of a job.
    pub fn of_job(&self, job: JobId) -> Option<&Assist> {
        self.open.values().find(|a| a.request.job == job)
    }

    /// Requests that an operator has been offered, has accepted or is at.
    pub fn load(&self, operator: OperatorId) -> usize {
        self.open.values().filter(|a| a.stage.operator() == Some(operator)).count()
    }

    /// Robots that an operator answers for: those on its desk, and those of jobs for which it only stands by.
    fn burden(&self, o: &Operator) -> usize {
        let at_hand = |j: &&JobId| self.of_job(**j).is_some_and(|a| a.stage.operator() == Some(o.id));
        self.load(o.id) + o.standby.iter().filter(|j| !at_hand(j)).count()
    }

    /// The assist of an operator that has begun, if its shift is open.
    pub fn active(&self, now: Instant, operator: OperatorId, assist: AssistId) -> Result<&Assist, Refusal> {
        let a = self.assigned(now, operator, assist)?;
        need(matches!(a.stage, Stage::Active { .. }), Refusal::WrongStage)?;
        Ok(a)
    }

    /// Who may stand by for a job until then, and some time longer.
    pub fn cover(&self, now: Instant, want: &Standby) -> Option<(OperatorId, ShiftId)> {
        let fits = |o: &&Operator| {
            let Some(s) = o.on_shift(now) else { return false };
            !o.lost
                && s.until >= want.until.saturating_add(COVER_MARGIN)
                && s.covers(want.tier, want.region)
                && self.burden(o) < usize::from(s.max_jobs)
                && !want.barred.contains(&o.party)
                && !o.is_tired(now)
        };
        let order = |o: &&Operator| (self.burden(o), o.last_reserved, o.id);
        let best = if nooterra_engine::planted!("I32 let the busiest stand by") {
            self.operators.values().filter(fits).max_by_key(order)?
        } else {
            self.operators.values().filter(fits).min_by_key(order)?
        };
        Some((best.id, best.shift.as_ref()?.shift))
    }

    /// An operator stands by for a job from now on.
    pub fn stand_by(&mut self, now: Instant, operator: OperatorId, job: JobId) {
        self.with(operator, |o| {
            o.standby.push(job);
            o.last_reserved = now;
        });
    }

    /// It does so no longer.
    pub fn stand_down(&mut self, operator: OperatorId, job: JobId) {
        self.with(operator, |o| o.standby.retain(|j| *j != job));
    }

    /// When something happens if nobody does anything.
    pub fn deadline(&self) -> Option<Instant> {
        let shifts = self.operators.values().filter_map(|o| o.shift.as_ref()).map(|s| s.until);
        let consoles = self.operators.values().filter_map(Operator::lost_at);
        self.open.values().map(Assist::deadline).chain(shifts).chain(consoles).min()
    }

    /// Offers that can be made now, in the order of the queue.
    pub fn offers(&self, now: Instant) -> Vec<Event> {
        let mut events = Vec::new();
        let Some(mut e) = self.next_offer(now) else { return events };
        let mut then = self.clone();
        loop {
            then.evolve(now, &e);
            events.push(e);
            match then.next_offer(now) {
                Some(next) => e = next,
                None => return events,
            }
        }
    }

    /// What a command brings about. Offers that become possible by it are asked for afterwards.
    pub fn decide(&self, now: Instant, command: Command) -> Decision {
        match command {
            Command::OpenShift { operator, shift, max_jobs, tiers, regions, until } => {
                let o = self.operators.get(&operator).ok_or(Refusal::Unknown("operator"))?;
                need(o.shift.is_none(), Refusal::AlreadyDone)?;
                need(until > now && until.since(now) <= SHIFT_MOST, Refusal::BadShift("until"))?;
                need((1..=JOBS_MOST).contains(&max_jobs), Refusal::BadShift("max_jobs"))?;
                need(!o.is_tired(now), Refusal::Tired)?;
                Ok(vec![Event::ShiftOpened { operator, shift: Shift { shift, max_jobs, tiers, regions, from: now, until } }])
            }
            Command::CloseShift { operator } => {
                let o = self.operators.get(&operator).ok_or(Refusal::Unknown("operator"))?;
                need(o.shift.is_some(), Refusal::ShiftClosed)?;
                Ok(self.close(now, o))
            }
            Command::Hear { operator } => {
                let o = self.operators.get(&operator).ok_or(Refusal::Unknown("operator"))?;
                need(o.shift.is_some(), Refusal::ShiftClosed)?;
                Ok(o.lost.then_some(Event::ConsoleBack { operator }).into_iter().collect())
            }
            Command::Ask(request) => Ok(match self.of_job(request.job) {
                None => vec![Event::Queued(Box::new(request))],
                Some(a) if a.request.priority < request.priority => {
                    vec![Event::Raised { assist: a.request.assist, priority: request.priority }]
                }
                Some(_) => Vec::new(),
            }),
            Command::Accept { operator, assist } => {
                let a = self.assigned(now, operator, assist)?;
                let Stage::Offered { accept_by, .. } = a.stage else { return Err(Refusal::WrongStage) };
                need(now <= accept_by, Refusal::WrongStage)?;
                Ok(vec![Event::Accepted { assist, operator }])
            }
            Command::Decline { operator, assist, reason } => {
                let a = self.assigned(now, operator, assist)?;
                need(matches!(a.stage, Stage::Offered { .. }), Refusal::WrongStage)?;
                Ok(vec![Event::Declined { assist, operator, reason }])
            }
            Command::Start { operator, assist, view } => {
                let a = self.assigned(now, operator, assist)?;
                need(matches!(a.stage, Stage::Accepted { .. }), Refusal::WrongStage)?;
                // The channel is open once the robot has shown itself.
                need(a.views.contains(&view), Refusal::StaleView)?;
                Ok(vec![Event::Started { assist, operator, view }])
            }
            Command::End { operator, assist, outcome } => {
                let a = self.assigned(now, operator, assist)?;
                need(matches!(a.stage, Stage::Active { .. }), Refusal::WrongStage)?;
                let own = matches!(outcome, Outcome::Resumed | Outcome::Unresolved | Outcome::Abort | Outcome::TaskDone);
                need(own, Refusal::OutOfScope)?;
                Ok(expired(a).into_iter().chain([Event::Ended { assist, outcome }]).collect())
            }
            Command::Submit { operator, assist, intervention, action, view, stopped } => {
                let a = self.assigned(now, operator, assist)?;
                need(matches!(a.stage, Stage::Active { .. }) && a.pending.is_none(), Refusal::WrongStage)?;
                let certified = self.operators.get(&operator).is_some_and(|o| o.kinds.contains(&action.kind()));
                need(certified, Refusal::OutOfScope)?;
                if let Some(field) = action.beyond() {
                    return Err(Refusal::Beyond(field));
                }
                need(a.views.contains(&view), Refusal::StaleView)?;
                need(!stopped || matches!(action, Action::Abort {}), Refusal::Stopped)?;
                Ok(vec![Event::Submitted { assist, operator, intervention, action, view }])
            }
            Command::Show { assist, view } => {
                let a = self.open.get(&assist).ok_or(Refusal::Unknown("assist"))?;
                need(matches!(a.stage, Stage::Accepted { .. } | Stage::Active { .. }), Refusal::WrongStage)?;
                Ok(vec![Event::Shown { assist, view }])
            }
            Command::Answer { assist, intervention, done } => {
                let a = self.open.get(&assist).ok_or(Refusal::Unknown("assist"))?;
                let p = a.pending.filter(|p| p.intervention == intervention).ok_or(Refusal::AlreadyDone)?;
                let fate = match (done, now <= p.until()) {
                    (_, false) => Fate::Expired,
                    (true, true) => Fate::Applied,
                    (false, true) => Fate::Refused,
                };
                Ok(vec![Event::Answered { assist, intervention, fate }])
            }
            Command::Finish { assist, outcome } => {
                let a = self.open.get(&assist).ok_or(Refusal::Unknown("assist"))?;
                Ok(expired(a).into_iter().chain([Event::Ended { assist, outcome }]).collect())
            }
            Command::Tick => Ok(self.tick(now)),
        }
    }

    /// The assist, if it is on this operator's desk and the shift is open.
    fn assigned(&self, now: Instant, operator: OperatorId, assist: AssistId) -> Result<&Assist, Refusal> {
        let o = self.operators.get(&operator).ok_or(Refusal::Unknown("operator"))?;
        let a = self.open.get(&assist).ok_or(Refusal::Unknown("assist"))?;
        let anybody = nooterra_engine::planted!("I36 anybody may intervene");
        need(a.stage.operator() == Some(operator) || anybody, Refusal::NotAssigned)?;
        need(o.on_shift(now).is_some(), Refusal::ShiftClosed)?;
        Ok(a)
    }

    /// An operator goes.
    fn close(&self, now: Instant, o: &Operator) -> Vec<Event> {
        let mut out = self.cleared(now, o);
        out.extend(o.shift.as_ref().map(|s| Event::ShiftClosed { operator: o.id, shift: s.shift }));
        out
    }

    /// What was on an operator's desk goes back to the queue or, if it was under way, ends.
    fn cleared(&self, now: Instant, o: &Operator) -> Vec<Event> {
        let mut out = Vec::new();
        for a in self.open.values().filter(|a| a.stage.operator() == Some(o.id)) {
            let assist = a.request.assist;
            if matches!(a.stage, Stage::Active { .. }) {
                out.extend(expired(a));
                out.push(Event::Ended { assist, outcome: Outcome::LinkLost });
            } else {
                out.extend(lapse(now, a, o.id));
            }
        }
        out
    }

    /// Everything whose time has come.
    fn tick(&self, now: Instant) -> Vec<Event> {
        let mut out = Vec::new();
        let closing: Vec<&Operator> = self.operators.values().filter(|o| o.shift.as_ref().is_some_and(|s| s.until <= now)).collect();
        for o in &closing {
            out.extend(self.close(now, o));
        }
        let silent = |o: &&Operator| o.lost_at().is_some_and(|t| t <= now) && !closing.iter().any(|c| c.id == o.id);
        let silent: Vec<&Operator> = self.operators.values().filter(silent).collect();
        for o in &silent {
            out.push(Event::ConsoleLost { operator: o.id, last: o.heard });
            out.extend(self.cleared(now, o));
        }
        let gone = |o: Option<OperatorId>| closing.iter().chain(&silent).any(|c| Some(c.id) == o);
        for a in self.open.values().filter(|a| a.deadline() <= now && !gone(a.stage.operator())) {
            let assist = a.request.assist;
            if a.pending.is_some_and(|p| p.until() <= now) {
                out.extend(expired(a));
            }
            match a.stage {
                Stage::Queued {} if nooterra_engine::planted!("I35 help is never given up") => {}
                Stage::Queued {} => out.push(Event::Exhausted { assist }),
                Stage::Offered { operator, accept_by: by } | Stage::Accepted { operator, start_by: by } if by <= now => {
                    out.extend(lapse(now, a, operator));
                }
                Stage::Active { since, .. } => {
                    if since.saturating_add(crate::assist::ACTIVE_MOST) <= now {
                        out.push(Event::Ended { assist, outcome: Outcome::Timeout });
                    } else if a.acted_at.saturating_add(crate::assist::IDLE_MOST) <= now {
                        out.push(Event::Ended { assist, outcome: Outcome::Idle });
                    }
                }
                Stage::Offered { .. } | Stage::Accepted { .. } => {}
            }
        }
        out
    }

    /// The next offer that can be made: the heaviest request for which an operator is free.
    fn next_offer(&self, now: Instant) -> Option<Event> {
        let waits = |a: &&Assist| matches!(a.stage, Stage::Queued {}) && a.offers < OFFERS_MOST && now < a.exhausted_at();
        let mut queue: Vec<&Assist> = self.open.values().filter(waits).collect();
        queue.sort_by_key(|a| (std::cmp::Reverse(a.weight(now)), a.request.log_seq, a.request.assist));
        queue.into_iter().find_map(|a| {
            let operator = self.candidate(now, a)?;
            let accept_by = now.saturating_add(a.request.priority.accept_within());
            Some(Event::Offered { assist: a.request.assist, operator, attempt: a.offers + 1, accept_by })
        })
    }

    fn candidate(&self, now: Instant, a: &Assist) -> Option<OperatorId> {
        let fits = |o: &&Operator| {
            let Some(s) = o.on_shift(now) else { return false };
            let place = s.covers(a.request.tier, a.request.region);
            // Whoever stands by for this job counts it already.
            let mine = usize::from(o.standby.contains(&a.request.job));
            let free = self.burden(o) < usize::from(s.max_jobs) + mine;
            place && free && !o.lost && !a.request.barred.contains(&o.party) && !a.declined.contains(&o.id) && !o.is_tired(now)
        };
        let stands_by = |o: &Operator| !o.standby.contains(&a.request.job);
        let order = |o: &&Operator| (stands_by(o), self.load(o.id), o.last_offer, o.id);
        if nooterra_engine::planted!("I32 offer help to the last in line") {
            return self.operators.values().filter(fits).max_by_key(order).map(|o| o.id);
        }
        self.operators.values().filter(fits).min_by_key(order).map(|o| o.id)
    }

    /// Folds in one event.
    pub fn evolve(&mut self, now: Instant, event: &Event) {
        match event {
            Event::ShiftOpened { operator, shift } => self.with(*operator, |o| {
                (o.shift, o.heard, o.lost) = (Some(shift.clone()), now, false);
            }),
            Event::ShiftClosed { operator, .. } => self.with(*operator, |o| (o.shift, o.lost) = (None, false)),
            Event::ConsoleLost { operator, .. } => self.with(*operator, |o| o.lost = true),
            Event::ConsoleBack { operator } => self.with(*operator, |o| o.lost = false),
            Event::Queued(request) => {
                self.open.insert(request.assist, Assist::new((**request).clone(), now));
            }
            Event::Raised { assist, priority } => self.on(*assist, |a| a.request.priority = *priority),
            Event::Offered { assist, operator, attempt, accept_by } => {
                let (operator, accept_by) = (*operator, *accept_by);
                self.with(operator, |o| o.last_offer = now);
                self.on(*assist, |a| {
                    a.offers = *attempt;
                    a.stage = Stage::Offered { operator, accept_by };
                });
            }
            Event::OfferLapsed { assist, .. } => self.on(*assist, |a| {
                a.stage = Stage::Queued {};
                a.views.clear();
            }),
            Event::Accepted { assist, operator } => {
                let start_by = now.saturating_add(START_WITHIN);
                self.on(*assist, |a| a.stage = Stage::Accepted { operator: *operator, start_by });
            }
            Event::Declined { assist, operator, .. } => self.on(*assist, |a| {
                a.declined.push(*operator);
                a.stage = Stage::Queued {};
            }),
            Event::Started { assist, operator, .. } => self.on(*assist, |a| {
                a.stage = Stage::Active { operator: *operator, since: now };
                a.acted_at = now;
            }),
            Event::Ended { assist, .. } | Event::Exhausted { assist } => {
                if let Some(Assist { stage: Stage::Active { operator, since }, .. }) = self.open.remove(assist) {
                    self.with(operator, |o| o.work.add(since, now));
                }
            }
            Event::Shown { assist, view } => self.on(*assist, |a| {
                while a.views.len() >= VIEWS_KEPT {
                    a.views.pop_front();
                }
                a.views.push_back(*view);
            }),
            Event::Submitted { assist, intervention, action, view, .. } => self.on(*assist, |a| {
                a.acted_at = now;
                a.pending = Some(Pending { intervention: *intervention, action: *action, at: now, view: *view });
            }),
            Event::Answered { assist, .. } => self.on(*assist, |a| a.pending = None),
        }
    }

    /// Something is heard of an operator's console.
    pub fn hear(&mut self, now: Instant, operator: OperatorId) {
        self.with(operator, |o| o.heard = now);
    }

    fn with(&mut self, operator: OperatorId, f: impl FnOnce(&mut Operator)) {
        if let Some(o) = self.operators.get_mut(&operator) {
            f(o);
        }
    }
    fn on(&mut self, assist: AssistId, f: impl FnOnce(&mut Assist)) {
        if let Some(a) = self.open.get_mut(&assist) {
            f(a);
        }
    }

    /// From the start of an assist to `now`, if it is under way: what is billed.
    pub fn active_for(&self, assist: AssistId, now: Instant) -> Span {
        match self.open.get(&assist).map(|a| a.stage) {
            Some(Stage::Active { since, .. }) => now.since(since),
            _ => Span::ZERO,
        }
    }
}

/// An offer comes to nothing. If no other can follow, the request is exhausted.
fn lapse(now: Instant, a: &Assist, operator: OperatorId) -> Vec<Event> {
    let assist = a.request.assist;
    let last = a.offers >= OFFERS_MOST || a.exhausted_at() <= now;
    [Event::OfferLapsed { assist, operator }].into_iter().chain(last.then_some(Event::Exhausted { assist })).collect()
}

/// An intervention without an answer expires when its assist ends.
fn expired(a: &Assist) -> Option<Event> {
    a.pending.map(|p| Event::Answered { assist: a.request.assist, intervention: p.intervention, fate: Fate::Expired })
}
