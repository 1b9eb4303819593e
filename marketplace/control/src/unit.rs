//! One unit of change: everything that one input or one firing timer brings about.
//!
//! Guards come first and read only; from the first emitted event on nothing can fail. Each event is appended to its
//! stream, folded into the state, and its ledger entries are posted, in this order.

mod follow;

use crate::cases::Case;
use crate::fact::{DispatchEvent, Event, Fact, OperatorEvent, PartyEvent, Recorded, SiteEvent};
use crate::money;
use crate::state::{RobotCell, State};
use crate::timers::{Stream, TimerKey};
use crate::wish::{Terms, Wish};
use crate::world::World;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{EventId, Id, JobId, KeyId, LeaseId, Noun, OperatorId, PartyId, RobotId};
use nooterra_engine::machine::Out;
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{always, encode};
use nooterra_jobs::Job;
use nooterra_jobs::event::Event as JobEvent;
use nooterra_jobs::payload::Breach;
use nooterra_jobs::status::Status;
use nooterra_operations::Event as RobotEvent;
use nooterra_settlement::Step;
use nooterra_trust::chain::Cause;
use nooterra_trust::{Code, Rejection, Role};
use std::collections::BTreeSet;

/// Who causes the unit, and when.
pub(crate) struct Cx {
    pub legal: Instant,
    pub cause: Digest,
    pub actor: [u8; 16],
    pub role: Role,
    pub key: Option<KeyId>,
    pub dev_ns: Option<u64>,
    pub boot: u32,
    pub log_seq: u64,
    pub lease: Option<LeaseId>,
    pub fence: Option<u64>,
    pub expect_head: Option<Digest>,
    /// The timer that fired, and the instant that was asked for.
    pub fired: Option<(TimerKey, Instant)>,
}

pub(crate) struct Unit<'a> {
    pub s: &'a mut State,
    pub world: &'a World,
    pub out: &'a mut Out<Fact, Wish>,
    pub cx: Cx,
    ordinal: u32,
    ids: u32,
    pub jobs_touched: BTreeSet<JobId>,
    /// Jobs of which nothing happened but that their robot was heard: only their timers follow.
    pub jobs_heard: BTreeSet<JobId>,
    pub robots_touched: BTreeSet<RobotId>,
    pub parties_touched: BTreeSet<PartyId>,
    pub skills_touched: bool,
    pub market_touched: bool,
    /// Terms to be shown when the unit is written, at the head that it leaves.
    shows: Vec<(PartyId, JobId, Terms)>,
    /// Streams of which judges hear when the unit is written.
    dockets: BTreeSet<String>,
    /// Robots that have ended what they were about.
    pub freed: BTreeSet<RobotId>,
    /// Missed service levels, recorded after the batch that they show in.
    pub missed: Vec<(JobId, Breach)>,
}

type Room = fn(&mut crate::state::Rooms) -> &mut nooterra_engine::digest::RunningDigest;

pub(crate) type Outcome = Result<(), Rejection>;

/// A refusal with this code.
pub(crate) fn no<T>(code: Code) -> Result<T, Rejection> {
    Err(Rejection::new(code))
}

/// A refusal with this code unless `holds`.
pub(crate) fn need(holds: bool, code: Code) -> Outcome {
    if holds { Ok(()) } else { no(code) }
}

impl<'a> Unit<'a> {
    pub fn new(s: &'a mut State, world: &'a World, out: &'a mut Out<Fact, Wish>, cx: Cx) -> Self {
        Self {
            s,
            world,
            out,
            cx,
            ordinal: 0,
            ids: 0,
            jobs_touched: BTreeSet::new(),
            jobs_heard: BTreeSet::new(),
            robots_touched: BTreeSet::new(),
            parties_touched: BTreeSet::new(),
            skills_touched: false,
            market_touched: false,
            shows: Vec::new(),
            dockets: BTreeSet::new(),
            freed: BTreeSet::new(),
            missed: Vec::new(),
        }
    }

    pub fn now(&self) -> Instant {
        self.cx.legal
    }

    /// A fresh id: follows from the cause and from how many were made in this unit.
    pub fn new_id<N: Noun>(&mut self) -> Id<N> {
        self.ids += 1;
        Id::derive(&self.cx.cause, self.ids)
    }

    pub fn wish(&mut self, wish: Wish) {
        self.out.wishes.push(wish);
    }

    pub fn job(&self, id: JobId) -> Result<&Job, Rejection> {
        self.s.jobs.get(&id).ok_or_else(|| Rejection::new(Code::NotFound).field("job"))
    }

    /// What went wrong on a booked job.
    pub fn case(&self, job: JobId) -> Result<&Case, Rejection> {
        self.s.cases.get(&job).ok_or_else(|| Rejection::new(Code::NotFound).field("job"))
    }

    /// Would the ledger take this?
    pub fn posts(&self, command: &nooterra_ledger::Command) -> Outcome {
        need(nooterra_ledger::decide(&self.s.book, command).is_ok(), Code::LimitExceeded)
    }

    pub fn cell(&self, id: RobotId) -> Result<&RobotCell, Rejection> {
        self.s.robots.get(&id).ok_or_else(|| Rejection::new(Code::NotFound).field("robot"))
    }

    pub fn touch_robot(&mut self, id: RobotId) -> Option<&mut RobotCell> {
        self.robots_touched.insert(id);
        self.s.robots.get_mut(&id)
    }

    /// Whoever caused the unit, or this service where nobody did.
    pub fn role_or(&self, service: Role) -> Role {
        if self.cx.key.is_none() { service } else { self.cx.role }
    }

    /// Jobs of this unit that something holds for, ascending.
    pub fn touched(&self, holds: impl Fn(&State, &Job) -> bool) -> Vec<JobId> {
        let of = |id: &&JobId| self.s.jobs.get(*id).is_some_and(|j| holds(self.s, j));
        self.jobs_touched.iter().filter(of).copied().collect()
    }

    pub fn record(&mut self, stream: impl Into<String>, role: Role, event: Event, room: Room) -> EventId {
        let cause = Cause {
            tenant: self.s.genesis.tenant,
            hash: self.cx.cause,
            actor: self.cx.actor,
            role,
            key: if role == self.cx.role { self.cx.key } else { None },
            legal_ns: self.cx.legal,
            dev_ns: self.cx.dev_ns,
        };
        let bytes = encode(&event);
        let (header, chain) = self.s.streams.append(stream.into(), event.name(), &bytes, &cause, self.ordinal);
        self.ordinal += 1;
        let id = header.event_id;
        room(&mut self.s.rooms).fold(&chain.0);
        if crate::docket::concerns(&event) {
            if header.stream.starts_with(crate::docket::ROBOTS) {
                self.s.robot_dockets.insert(header.stream.clone(), chain);
            }
            if !self.dockets.contains(&header.stream) {
                self.dockets.insert(header.stream.clone());
            }
        }
        self.out.facts.push(Fact::Event(Box::new(Recorded { header, payload: event, chain })));
        id
    }

    /// Appends an event to a job's stream, folds it in, posts its money.
    pub fn emit(&mut self, id: JobId, event: JobEvent) -> EventId {
        let event = self.without_blame(id, event);
        crate::paths::job(&event);
        let mut role = self.job_signer(id, &event);
        if nooterra_engine::planted!("I7 a robot signs for finance") && matches!(event, JobEvent::JobSettled(_)) {
            role = Role::RB;
        }
        let market = is_market(&event);
        let room: Room = if market { |r| &mut r.market } else { |r| &mut r.jobs };
        let event_id = self.record(stream_of("job/", id), role, Event::Job(event.clone()), room);
        if let JobEvent::JobBooked(b) = &event
            && let Some(job) = self.s.jobs.get(&id)
        {
            let (requester, currency) = (job.request.requester, job.request.currency);
            self.s.money.open(id, requester, currency, b.pins.service, b.pins.max_claims);
            self.open_case(id, &b.pins);
        }
        self.follow_case(id, &event);
        let step = money::step(self.s, id, &event, event_id, self.cx.legal).unwrap_or_else(|e| {
            always!(false, "I22 an event's money was allowed", "{e}: {}", event.name());
            Step::default()
        });
        if let JobEvent::JobCreated(request) = &event {
            let job = Job::create(id, (**request).clone(), self.cx.legal);
            if let Some(p) = self.s.parties.get_mut(&request.requester) {
                p.open_jobs += 1;
            }
            self.s.jobs.insert(id, job);
        } else {
            self.follow(id, &event, event_id);
        }
        self.jobs_touched.insert(id);
        self.carry_out(&step);
        event_id
    }

    /// Appends an event to a period's stream.
    pub fn emit_period(&mut self, period: &str, event: crate::fact::PeriodEvent) -> EventId {
        self.record(format!("period/{period}"), Role::FI, Event::Period(event), |r| &mut r.market)
    }

    /// Appends an event of a case to its job's stream.
    pub fn record_case(&mut self, job: JobId, event: &crate::fact::CaseEvent) -> EventId {
        let role = self.case_role(event);
        self.record(stream_of("job/", job), role, Event::Case(event.clone()), |r| &mut r.trust)
    }

    /// Who signs an event of a case.
    pub(crate) fn case_role(&self, event: &crate::fact::CaseEvent) -> Role {
        use nooterra_trust::evidence::Event as Evidence;
        let own = self.role_or(Role::TR);
        // A dispute about what was complained of during the work is opened by the service, whatever the job's end came from.
        let late = matches!(event, crate::fact::CaseEvent::Dispute(nooterra_trust::dispute::Event::Opened { .. }));
        let late = late && !nooterra_trust::dispute::OPENERS.contains(&own);
        // What is kept, and for how long, is the service's to say, whoever opened or decided a matter.
        let kept = matches!(event, crate::fact::CaseEvent::Evidence(e) if matches!(**e, Evidence::Held { .. } | Evidence::Released { .. } | Evidence::Wanted { .. }));
        if late || kept { Role::TR } else { own }
    }

    /// Folds what happened to a job's money in, and posts its entries as one.
    pub fn carry_out(&mut self, step: &Step) {
        for f in &step.facts {
            self.s.money.evolve(f);
        }
        self.post(step.command());
    }

    /// Emits a batch in order.
    pub fn emit_all(&mut self, id: JobId, events: Vec<JobEvent>) {
        for e in events {
            self.emit(id, e);
        }
    }

    /// Would the transition table let the first event of this batch happen?
    pub fn allowed(&self, id: JobId, event: &JobEvent) -> Outcome {
        let job = self.job(id)?;
        if job.would_be(event).is_some() {
            return Ok(());
        }
        let code = if job.status.is_terminal() { Code::JobTerminal } else { Code::StateForbids };
        Err(Rejection::new(code).field("state").actual(job.status.name()))
    }

    /// Appends an event to a robot's stream and folds it in.
    pub fn emit_robot(&mut self, id: RobotId, event: RobotEvent) -> EventId {
        let role = self.robot_signer(id, &event);
        let event_id = self.record(stream_of("robot/", id), role, Event::Robot(event.clone()), |r| &mut r.operations);
        let at = self.cx.legal;
        if let Some(c) = self.touch_robot(id) {
            c.robot.evolve(at, &event);
        }
        event_id
    }

    /// Appends an event to an operator's stream.
    pub fn emit_operator(&mut self, id: OperatorId, event: OperatorEvent) {
        let role = self.cx.role;
        self.record(stream_of("operator/", id), role, Event::Operator(event), |r| &mut r.operations);
    }

    /// Appends an event to the dispatch stream.
    pub fn emit_dispatch(&mut self, event: DispatchEvent) {
        let role = self.cx.role;
        self.record("dispatch/site", role, Event::Dispatch(event), |r| &mut r.dispatch);
    }

    /// Appends an event to the site stream.
    pub fn emit_site(&mut self, event: SiteEvent) {
        // Which lanes are open is dispatch's to say, whoever met what stands there.
        let own = matches!(event, SiteEvent::LaneClosed { .. } | SiteEvent::LaneOpened { .. });
        let role = if own { Role::DI } else { self.cx.role };
        let stream = format!("site/{}", self.s.genesis.site);
        self.record(stream, role, Event::Site(event), |r| &mut r.dispatch);
    }

    /// Appends an event to a party's stream and posts its money.
    pub fn emit_party(&mut self, party: PartyId, event: PartyEvent) {
        let role = if matches!(event, PartyEvent::TrustScoreUpdated { .. }) { Role::TR } else { self.cx.role };
        let event_id = self.record(stream_of("party/", party), role, Event::Party(event.clone()), |r| &mut r.market);
        let commands = money::party_entries(self.s, party, &event, event_id, self.cx.legal);
        self.parties_touched.insert(party);
        if nooterra_engine::planted!("I22 forget an entry") && matches!(event, PartyEvent::ProviderSettled { .. }) {
            return;
        }
        self.post(commands);
    }

    pub fn post(&mut self, commands: impl IntoIterator<Item = nooterra_ledger::Command>) {
        for command in commands {
            match nooterra_ledger::decide(&self.s.book, &command) {
                Ok(facts) => {
                    for (currency, locked) in &mut self.s.exposure {
                        locked.follow(&command, *currency);
                    }
                    for f in facts {
                        self.frees(&f);
                        nooterra_ledger::evolve(&mut self.s.book, &f);
                        self.matures(&f);
                        self.out.facts.push(Fact::Ledger(f));
                    }
                }
                Err(e) => always!(false, "I22 entries are postable", "{e}: {command:?}"),
            }
        }
    }

    /// What secured a party's debt is decided: what it kept back from payouts that were due is due now.
    fn frees(&mut self, f: &nooterra_ledger::Fact) {
        use nooterra_ledger::{Account, Fact};
        let (Fact::PendingVoided(r) | Fact::PendingPosted(r)) = f else { return };
        let Some(p) = self.s.book.pending(r.pending) else { return };
        let accounts: Vec<_> = p.postings.iter().filter_map(|p| self.s.book.account(p.account)).collect();
        for key in accounts {
            if let Account::PartyReceivable { party, .. } = key.account {
                self.pay_by(party, r.at);
            }
        }
    }

    /// A payable that grew is due for payout once it has matured.
    fn matures(&mut self, f: &nooterra_ledger::Fact) {
        use nooterra_ledger::{Account, Side};
        let nooterra_ledger::Fact::EntryPosted(b) = f else { return };
        let early = nooterra_engine::planted!("I30 pay out what is not mature");
        let due = if early { b.at } else { b.at.saturating_add(self.s.genesis.policy.payout_mature) };
        for p in b.postings.iter().filter(|p| p.side == Side::Credit) {
            let Some(key) = self.s.book.account(p.account) else { continue };
            let party = match key.account {
                Account::OwnerPayable { party }
                | Account::OperatorPayable { party }
                | Account::DeveloperPayable { party }
                | Account::InsurerPayable { party } => party,
                _ => continue,
            };
            self.pay_by(party, due);
        }
    }

    /// What a party is owed is looked at again at this instant, if not sooner.
    fn pay_by(&mut self, party: PartyId, due: Instant) {
        if let Some(c) = self.s.parties.get_mut(&party) {
            c.payout_at = Some(c.payout_at.map_or(due, |d| d.min(due)));
            self.parties_touched.insert(party);
        }
    }

    /// A party is shown terms, once the unit is written.
    pub fn show(&mut self, party: PartyId, job: JobId, terms: Terms) {
        self.shows.push((party, job, terms));
    }

    /// Everything is emitted: what follows from the new state, and its timers.
    pub fn finish(mut self) {
        self.hear_site();
        self.begin_services();
        self.drop_ahead();
        self.swap_for_freed();
        self.follow_teams();
        self.return_loads();
        self.close_moves();
        self.close_approvals();
        self.close_revocations();
        self.shut_levels();
        self.fence_off();
        self.record_missed();
        self.open_complaints();
        self.settle_held();
        self.give_awards();
        self.offer_help();
        self.sync_waiting();
        let legal = self.cx.legal;
        let fired = self.cx.fired;
        let mut again = Vec::new();
        // One list for all: nearly every input asks for the timers of several streams.
        let mut wanted: Vec<(u8, Instant)> = Vec::with_capacity(8);
        for id in self.jobs_touched.union(&self.jobs_heard) {
            let Some(job) = self.s.jobs.get(id) else { continue };
            let case = self.s.cases.get(id).zip(job.pins.as_deref()).and_then(|(c, p)| c.deadline(p)).map(|at| (0, at));
            again.extend(self.s.timers.set(Stream::Case(*id), case.as_slice(), legal, fired).map(|c| (Stream::Case(*id), c)));
            wanted.clear();
            wanted.extend(job.deadlines().into_iter().map(|(d, at)| (d as u8, at)));
            wanted.extend(self.s.negotiations.get(id).into_iter().flat_map(crate::negotiation::wanted));
            if nooterra_engine::planted!("I4 forget the timers of work") && job.status == Status::Executing {
                wanted.clear();
            }
            again.extend(self.s.timers.set(Stream::Job(*id), &wanted, legal, fired).map(|c| (Stream::Job(*id), c)));
        }
        for id in &self.robots_touched {
            let Some(c) = self.s.robots.get(id) else { continue };
            let long = Span(self.s.genesis.policy.claims.thresholds.link_2_ns);
            wanted.clear();
            crate::robot_timers::wanted(c, long, &mut wanted);
            wanted.extend(self.s.strays.get(id).and_then(crate::strays::triage_by).map(|at| (crate::strays::TRIAGE_BY, at)));
            wanted.extend(self.s.adrift.get(id).and_then(crate::retention::Adrift::deadline).map(|at| (crate::retention::ADRIFT_BY, at)));
            again.extend(self.s.timers.set(Stream::Robot(*id), &wanted, legal, fired).map(|c| (Stream::Robot(*id), c)));
        }
        for id in &self.parties_touched {
            let payout = self.s.parties.get(id).and_then(|p| p.payout_at).map(|at| (0, at));
            again.extend(self.s.timers.set(Stream::Party(*id), payout.as_slice(), legal, fired).map(|c| (Stream::Party(*id), c)));
        }
        wanted.clear();
        wanted.extend(crate::firing::finance_wanted(self.s));
        again.extend(self.s.timers.set(Stream::Finance {}, &wanted, legal, fired).map(|c| (Stream::Finance {}, c)));
        if !self.s.genesis.log_witnesses.is_empty() {
            let due = [(0, self.s.heads.due)];
            again.extend(self.s.timers.set(Stream::Heads {}, &due, legal, fired).map(|c| (Stream::Heads {}, c)));
        }
        let batch = crate::matching::wanted(self.s);
        again.extend(self.s.timers.set(Stream::Dispatch {}, batch.as_slice(), legal, fired).map(|c| (Stream::Dispatch {}, c)));
        let desk = self.s.desk.deadline().map(|at| (0, at));
        again.extend(self.s.timers.set(Stream::Desk {}, desk.as_slice(), legal, fired).map(|c| (Stream::Desk {}, c)));
        wanted.clear();
        crate::moving::wanted(self.s, &self.world.map, &mut wanted);
        again.extend(self.s.timers.set(Stream::Site {}, &wanted, legal, fired).map(|c| (Stream::Site {}, c)));
        if self.skills_touched {
            let wanted = crate::skills::wanted(self.s);
            let s = crate::skills::STREAM;
            again.extend(self.s.timers.set(s, &wanted, legal, fired).map(|c| (s, c)));
        }
        if self.market_touched {
            let (wanted, s) = (crate::firing::market_wanted(self.s), Stream::Market {});
            again.extend(self.s.timers.set(s, &wanted, legal, fired).map(|c| (s, c)));
        }
        for (party, job, terms) in std::mem::take(&mut self.shows) {
            let head = self.s.streams.head(&stream_of("job/", job)).chain;
            self.wish(Wish::Show { party, job, head, terms: Box::new(terms) });
        }
        let dockets = std::mem::take(&mut self.dockets);
        self.tell_judges(dockets);
        for (stream, code) in again {
            always!(false, "I4 a timer that fired changes something", "{stream:?} timer {code} at {legal}");
        }
        crate::invariants::assert_local(self.s, &self.jobs_touched);
        crate::skills::assert_local(self.s, &self.jobs_touched);
        crate::team::assert_local(self.s, &self.jobs_touched);
        crate::transfer::assert_local(self.s, &self.jobs_touched);
        self.s.units += 1;
    }

    /// Jobs that wait for a robot, by when they may be matched.
    fn sync_waiting(&mut self) {
        for id in &self.jobs_touched {
            let Some(job) = self.s.jobs.get(id) else { continue };
            let Some(from) = job.match_from() else { continue };
            if matches!(job.status, Status::Booked | Status::Handover) {
                self.s.waiting.insert((from, *id));
            } else {
                self.s.waiting.remove(&(from, *id));
            }
        }
    }
}

/// The name of the stream of one thing: written into room that is asked for once, since every event names its stream.
pub(crate) fn stream_of<N: Noun>(kind: &str, id: Id<N>) -> String {
    let mut out = String::with_capacity(kind.len() + 32);
    out.push_str(kind);
    id.push_to(&mut out);
    out
}

fn is_market(e: &JobEvent) -> bool {
    matches!(
        e,
        JobEvent::JobCreated(_)
            | JobEvent::RfqOpened { .. }
            | JobEvent::QuoteSubmitted(_)
            | JobEvent::QuoteWithdrawn { .. }
            | JobEvent::QuoteExpired { .. }
            | JobEvent::QuoteAwarded { .. }
            | JobEvent::AwardLapsed { .. }
            | JobEvent::JobWithdrawn { .. }
            | JobEvent::PaymentAuthorised { .. }
            | JobEvent::PaymentDeclined { .. }
            | JobEvent::JobBooked(_)
            | JobEvent::PaymentCaptured { .. }
            | JobEvent::PaymentCaptureFailed { .. }
            | JobEvent::PaymentVoided { .. }
            | JobEvent::QuoteCountered(_)
            | JobEvent::QuoteAccepted { .. }
            | JobEvent::RescheduleProposed(_)
            | JobEvent::RescheduleAccepted { .. }
            | JobEvent::RescheduleDeclined { .. }
            | JobEvent::JobRescheduled(_)
            | JobEvent::SlaBreachRecorded(_)
            | JobEvent::SlaCreditIssued { .. }
    )
}
