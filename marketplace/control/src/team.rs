//! Teams: jobs of several robots that are booked together and have one step in common.
//!
//! Each member stays a job of its own (jobs room); here is what binds them. A team is booked in one unit once every
//! member's price is authorised, or withdrawn as a whole. From booking until the step in common is done, one member that
//! ends takes the others with it; after that each goes its own way.

use crate::fact::Event as Recorded;
use crate::input::NewTeam;
use crate::state::State;
use crate::unit::{Outcome, Unit, need};
use nooterra_engine::Record;
use nooterra_engine::ids::{JobId, PartyId, RobotId, TeamId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{CancelReason, Cause, Custody, Disposition, Event, Fault, IncidentCode};
use nooterra_jobs::parts::PaymentTrack;
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::{Action, Template};
use nooterra_jobs::{Job, batch, team as rules};
use nooterra_market::negotiation::RfqCommand;
use nooterra_port::Order;
use nooterra_trust::{Code, Role};
use std::collections::BTreeSet;

/// Fewest and most members.
const MEMBERS: std::ops::RangeInclusive<usize> = 2..=4;
/// The places of a step in common lie no further apart than this: robots reach from both sides.
const SPAN_MM: u64 = 3_000;
/// From the word to raise until all begin: time for the word to reach everybody.
const BEGINS_AFTER: Span = Span::from_secs(4);

/// Where a team stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Stage {
    /// Quotes are asked for.
    Asked,
    /// All members are booked.
    Booked,
    /// The step in common is done: each goes its own way.
    Lifted,
    /// Nothing came of it.
    Ended,
}

/// Why a team has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum TeamEnd {
    /// A member was not booked.
    Withdrawn,
    /// A booked member ended.
    Broken,
    /// The step in common was not begun or not done in time.
    Overdue,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Team {
    /// Who asks.
    pub requester: PartyId,
    /// Its jobs.
    pub members: Vec<JobId>,
    /// Mass of what they lift.
    pub mass_g: u32,
    /// Where it stands.
    pub stage: Stage,
}

/// Events of a team stream.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum TeamEvent {
    /// Asked for by one signed request.
    TeamCreated {
        /// Who asks.
        requester: PartyId,
        /// Its jobs.
        members: Vec<JobId>,
        /// Mass of what they lift.
        mass_g: u32,
    },
    /// All members were booked in this unit.
    TeamBooked {},
    /// All members have done the step in common.
    TeamLifted {},
    /// Nothing came of it.
    TeamEnded {
        /// Why.
        reason: TeamEnd,
        /// The member that it is about.
        by: Option<JobId>,
    },
}

impl TeamEvent {
    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TeamCreated { .. } => "TEAM_CREATED",
            Self::TeamBooked {} => "TEAM_BOOKED",
            Self::TeamLifted {} => "TEAM_LIFTED",
            Self::TeamEnded { .. } => "TEAM_ENDED",
        }
    }
}

/// Has this member ended in a way that ends the others?
fn has_broken(j: &Job) -> bool {
    if j.has_lifted() {
        return false;
    }
    // Once the word to raise went out, nobody can be replaced any more.
    let leaves = || j.lift.released_at.is_some() || j.exit.is_some_and(|x| x.disposition == Some(Disposition::Abort));
    match j.status {
        Status::Aborted => true,
        Status::AbortingSafeExit => leaves(),
        _ => false,
    }
}

/// Is it still bound by the step in common?
fn is_bound(j: &Job) -> bool {
    !j.has_lifted() && matches!(j.status.class(), Class::Booked | Class::Inside)
}

impl Unit<'_> {
    /// A requester asks for work that takes several robots at once.
    pub fn create_team(&mut self, party: PartyId, t: NewTeam) -> Outcome {
        let count = u32::try_from(t.members.len()).unwrap_or(u32::MAX);
        need(MEMBERS.contains(&t.members.len()) && t.mass_g > 0, Code::SchemaInvalid)?;
        let (window, item) = t.members.first().map(|m| (m.window, m.item)).unzip();
        let alike = t.members.iter().all(|m| m.template == Template::Lift && Some(m.window) == window && Some(m.item) == item);
        need(alike, Code::SchemaInvalid)?;
        // One request, one price: the members of a team are paid in one currency.
        let currency = t.members.first().map(|m| m.currency);
        need(t.members.iter().all(|m| Some(m.currency) == currency), Code::CurrencyMismatch)?;
        let mut drafts = Vec::with_capacity(t.members.len());
        for mut m in t.members {
            // The weight spreads evenly over those who lift.
            m.payload_g = t.mass_g.div_ceil(count);
            drafts.push(self.draft_of(party, m)?);
        }
        let places: Vec<u32> = drafts.iter().filter_map(|d| lift_place(&d.request.steps)).collect();
        need(self.are_beside(&places), Code::AreaForbidden)?;
        let open = self.s.parties.get(&party).map_or(0, |p| p.open_jobs);
        need(open.saturating_add(count) <= self.s.genesis.policy.open_jobs_max, Code::QuotaExceeded)?;
        // The ids of its jobs come first, so that whoever sent the request can name the first of them.
        let mut team = None;
        let mut members = Vec::with_capacity(drafts.len());
        for mut d in drafts {
            d.request.team = Some(*team.get_or_insert(TeamId::derive(&self.cx.cause, 1)));
            members.push(self.open_request(d, None));
        }
        let Some(id) = team else { return Ok(()) };
        let mass_g = t.mass_g;
        self.s.teams.insert(id, Team { requester: party, members: members.clone(), mass_g, stage: Stage::Asked });
        self.record_team(id, TeamEvent::TeamCreated { requester: party, members, mass_g });
        Ok(())
    }

    /// Do these places lie around one item: different, on one level, near to each other?
    fn are_beside(&self, places: &[u32]) -> bool {
        let level = |v: u32| self.world.site.vertices.get(v as usize).map(|v| v.level.ix);
        let near = |a: u32, b: u32| match (self.world.vertex_mm(a), self.world.vertex_mm(b)) {
            (Some((ax, ay)), Some((bx, by))) => {
                let (dx, dy) = (u128::from(ax.abs_diff(bx)), u128::from(ay.abs_diff(by)));
                dx * dx + dy * dy <= u128::from(SPAN_MM) * u128::from(SPAN_MM)
            }
            _ => false,
        };
        let pairs = places.iter().enumerate().flat_map(|(i, a)| places.iter().skip(i + 1).map(move |b| (*a, *b)));
        places.len() >= *MEMBERS.start() && pairs.into_iter().all(|(a, b)| a != b && level(a) == level(b) && near(a, b))
    }

    fn record_team(&mut self, id: TeamId, event: TeamEvent) {
        let role = if matches!(event, TeamEvent::TeamCreated { .. }) { self.cx.role } else { Role::MK };
        self.record(format!("team/{id}"), role, Recorded::Team(event), |r| &mut r.market);
    }

    /// Where the item of a job is put out, and its whole mass.
    pub(crate) fn put_out_at(&self, j: &Job) -> (Vec<u32>, u32) {
        match j.request.team.and_then(|t| self.s.teams.get(&t)) {
            Some(t) => {
                let jobs = t.members.iter().filter_map(|m| self.s.jobs.get(m));
                (jobs.filter_map(|j| lift_place(j.steps())).collect(), t.mass_g)
            }
            None => (j.steps().first().map(|s| s.place).into_iter().collect(), j.request.need.payload_g),
        }
    }

    /// Follows up what this unit meant for teams. Called before everything else that ends a unit.
    pub fn follow_teams(&mut self) {
        let of = |j: &JobId| self.s.jobs.get(j).and_then(|j| j.request.team);
        let ids: BTreeSet<TeamId> = self.jobs_touched.iter().filter_map(of).collect();
        for id in ids {
            let Some(team) = self.s.teams.get(&id) else { continue };
            let (stage, members) = (team.stage, team.members.clone());
            match stage {
                Stage::Asked => self.follow_request(id, &members),
                Stage::Booked => self.follow_booked(id, &members),
                Stage::Lifted | Stage::Ended => {}
            }
        }
    }

    fn stage(&mut self, id: TeamId, stage: Stage, event: TeamEvent) {
        if let Some(t) = self.s.teams.get_mut(&id) {
            t.stage = stage;
        }
        self.record_team(id, event);
    }

    fn all(&self, members: &[JobId], holds: impl Fn(&Job) -> bool) -> bool {
        members.iter().all(|m| self.s.jobs.get(m).is_some_and(&holds))
    }

    fn first(&self, members: &[JobId], holds: impl Fn(&Job) -> bool) -> Option<JobId> {
        members.iter().find(|m| self.s.jobs.get(m).is_some_and(&holds)).copied()
    }

    fn which(&self, members: &[JobId], holds: impl Fn(&Job) -> bool) -> Vec<JobId> {
        members.iter().filter(|m| self.s.jobs.get(m).is_some_and(&holds)).copied().collect()
    }

    /// All booked at once, or none.
    fn follow_request(&mut self, id: TeamId, members: &[JobId]) {
        if let Some(by) = self.first(members, |j| j.status == Status::Withdrawn) {
            for m in self.which(members, |j| j.status.class() == Class::Open) {
                self.withdraw_member(m);
            }
            return self.stage(id, Stage::Ended, TeamEvent::TeamEnded { reason: TeamEnd::Withdrawn, by: Some(by) });
        }
        if !self.all(members, |j| j.status == Status::Awarded && j.payment.track == PaymentTrack::Authorised) {
            return;
        }
        let mut terms = Vec::with_capacity(members.len());
        for m in members {
            let Ok(j) = self.job(*m) else { return };
            let book =
                RfqCommand::Book { authorised: j.payment.amount.minor(), redeemed: j.payment.credit.minor(), currency: j.request.currency };
            let Some(pins) = self.pins(*m).ok().filter(|_| self.decided(*m, &book).is_ok()) else { return };
            terms.push((*m, pins, book));
        }
        for (m, pins, book) in terms {
            self.book(m, pins);
            let booked = self.negotiate(m, &book);
            nooterra_engine::always!(booked.is_ok(), "a team is booked whole", "{m}: {booked:?}");
        }
        self.stage(id, Stage::Booked, TeamEvent::TeamBooked {});
    }

    /// The time of a member to be authorised has run out while it waits for the others: nothing comes of the team.
    pub(crate) fn waits_in_vain(&mut self, job: JobId) -> bool {
        let waits = self.job(job).is_ok_and(|j| j.request.team.is_some() && j.payment.track == PaymentTrack::Authorised);
        if waits {
            self.withdraw_member(job);
        }
        waits
    }

    fn follow_booked(&mut self, id: TeamId, members: &[JobId]) {
        if let Some(by) = self.first(members, has_broken) {
            return self.break_team(id, members, by);
        }
        if self.all(members, Job::has_lifted) {
            return self.stage(id, Stage::Lifted, TeamEvent::TeamLifted {});
        }
        let bound = self.which(members, is_bound);
        if bound.iter().all(|m| self.job(*m).is_ok_and(|j| j.lift.failed_at.is_some())) {
            return self.lift_overdue(id, members);
        }
        let fresh = |j: &Job| j.is_ready_to_lift() && j.lift.released_at.is_none();
        if self.all(members, fresh) {
            self.release_lift(members);
        }
    }

    /// Everybody is ready: all get the word, with the instant at which they begin.
    fn release_lift(&mut self, members: &[JobId]) {
        let begins = self.now().saturating_add(BEGINS_AFTER);
        for m in members {
            self.emit(*m, Event::LiftReleased { begins });
            self.say_lift(*m, begins);
        }
    }

    fn say_lift(&mut self, job: JobId, at: Instant) {
        let Ok(j) = self.job(job) else { return };
        if let (Some(l), Some(step)) = (j.leg().map(|l| l.offer), j.lift_step()) {
            self.order(l.robot, Order::Lift { lease: l.lease, step, at });
        }
    }

    /// A robot has hold of what is to be lifted.
    pub(crate) fn lift_ready(&mut self, robot: RobotId, step: u16) -> Outcome {
        let job = self.bound(robot)?;
        let j = self.job(job)?;
        need(j.lift_step() == Some(step), Code::NotFound)?;
        self.access_live(job)?;
        need(j.status.is_at_work() && j.checkpoint == step, Code::StateForbids)?;
        need(self.cell(robot)?.robot.stops.is_empty(), Code::StopActive)?;
        if j.lift.released_at.is_some() {
            // It had lost its hold after the word went out.
            self.say_lift(job, self.now());
            return Ok(());
        }
        if j.lift.ready_at.is_none() {
            self.emit(job, Event::LiftReady {});
        }
        Ok(())
    }

    /// What a robot was to lift did not rise, or fell.
    pub(crate) fn lift_failed(&mut self, robot: RobotId, step: u16, measure_g: u32) -> Outcome {
        let job = self.bound(robot)?;
        let j = self.job(job)?;
        need(j.lift_step() == Some(step), Code::NotFound)?;
        need(j.lift.released_at.is_some() && !j.has_lifted(), Code::StateForbids)?;
        need(j.lift.failed_at.is_none(), Code::AlreadyDone)?;
        self.emit(job, Event::LiftFailed { measure_g });
        Ok(())
    }

    /// May this checkpoint be reached? A step in common only after the word to begin.
    pub(crate) fn may_have_lifted(&self, j: &Job, index: u16) -> Outcome {
        need(j.lift_step() != Some(index) || j.lift.released_at.is_some(), Code::StateForbids)
    }

    /// Who waits for a lift has waited long enough, or the lift takes too long.
    pub(crate) fn lift_due(&mut self, job: JobId) {
        let Some(id) = self.job(job).ok().and_then(|j| j.request.team) else { return };
        let Some(members) = self.s.teams.get(&id).map(|t| t.members.clone()) else { return };
        self.lift_overdue(id, &members);
    }

    /// Whoever is not ready, or said nothing since the word went out, answers for it; the others do not.
    fn lift_overdue(&mut self, id: TeamId, members: &[JobId]) {
        let now = self.now();
        let bound = self.which(members, is_bound);
        let limits = bound.iter().filter_map(|m| self.job(*m).ok()?.lift_by());
        let Some((since, limit)) = limits.min_by_key(|(at, wait)| at.saturating_add(*wait)) else { return };
        let released = bound.iter().any(|m| self.job(*m).is_ok_and(|j| j.lift.released_at.is_some()));
        let late = |j: &Job| if released { j.lift.failed_at.is_none() } else { !j.is_ready_to_lift() };
        let culprits = self.which(&bound, late);
        let has_fallen = released && bound.iter().any(|m| self.job(*m).is_ok_and(|j| j.custody == Custody::Lost));
        let mut answers: Vec<(JobId, Fault)> = Vec::new();
        for m in &culprits {
            let Ok(j) = self.job(*m) else { continue };
            let (robot, item, held, mass_g) = (j.robot(), j.item, j.custody == Custody::Held, j.load_g());
            let cause = if j.status == Status::Arrived { Cause::AccessFailure } else { Cause::LiftOverdue };
            answers.push((*m, batch::fault_of(j, cause)));
            let events = rules::overdue(j, now.since(since), limit, now);
            if let Some(item) = item.filter(|_| held && has_fallen) {
                self.emit(*m, Event::CustodyChanged { item, to: Custody::Lost, mass_g });
            }
            self.end_member(*m, events);
            if has_fallen {
                self.open_incident(*m, robot, IncidentCode::PayloadDrop, 3, None);
            }
        }
        let by = culprits.first().copied();
        for m in bound.into_iter().filter(|m| !culprits.contains(m)) {
            let Ok(j) = self.job(m) else { continue };
            let borne = answers.iter().filter_map(|(c, fault)| Some(rules::fault_for(j, self.job(*c).ok()?, *fault)));
            let fault = borne.into_iter().find(|f| *f != Fault::None).unwrap_or(Fault::None);
            let events = rules::broken(j, by.unwrap_or(m), fault, now);
            self.end_member(m, events);
        }
        self.stage(id, Stage::Ended, TeamEvent::TeamEnded { reason: TeamEnd::Overdue, by });
    }

    /// A member has ended: so do those that still needed it.
    fn break_team(&mut self, id: TeamId, members: &[JobId], by: JobId) {
        let now = self.now();
        let Ok(b) = self.job(by) else { return };
        let (robot, fell) = (b.legs.last().map(|l| l.offer.robot), b.lift.released_at.is_some() && b.custody == Custody::Lost);
        let ended = b.aborted.is_some();
        let cause = b.aborted.or(b.exit.and_then(|x| x.cause));
        let fault = if ended { b.fault } else { b.exit.map_or(b.fault, |x| x.fault) };
        // What somebody cancels of a team is cancelled of all of it, each at its own bracket.
        let reason = match cause {
            Some(Cause::RequesterCancelled) => Some(CancelReason::Requester),
            Some(Cause::StaffCancelled) => Some(CancelReason::Staff),
            Some(Cause::SafetyCancelled) => Some(CancelReason::Safety),
            Some(Cause::PaymentFailed) => Some(CancelReason::PaymentFailed),
            _ => None,
        };
        // After the word to raise nobody takes its place: its exit is the end of its job.
        if b.exit.is_some_and(|x| !x.done && x.disposition == Some(Disposition::Handover)) {
            self.emit(by, Event::TeamBroken { by, fault });
        }
        for m in self.which(members, is_bound).into_iter().filter(|m| *m != by) {
            if let Some(reason) = reason {
                let cancelled = self.cancel(m, reason);
                nooterra_engine::always!(cancelled.is_ok(), "a bound member can be cancelled", "{m}: {cancelled:?}");
                continue;
            }
            let (Ok(j), Ok(b)) = (self.job(m), self.job(by)) else { continue };
            let events = rules::broken(j, by, rules::fault_for(j, b, fault), now);
            self.end_member(m, events);
        }
        if fell {
            self.open_incident(by, robot, IncidentCode::PayloadDrop, 3, None);
        }
        self.stage(id, Stage::Ended, TeamEvent::TeamEnded { reason: TeamEnd::Broken, by: Some(by) });
    }

    /// Emits the end of a member, and sees to robot and money if that was the end already.
    fn end_member(&mut self, job: JobId, events: Vec<Event>) {
        let robot = self.job(job).ok().and_then(Job::robot);
        self.emit_all(job, events);
        if self.job(job).is_ok_and(|j| j.status == Status::Aborted) {
            self.after_release(job, robot, "TEAM_BROKEN");
            self.after_end(job);
        }
    }
}

/// Asserted before each write: booked whole or not at all, and nobody is left alone with what all were to do.
pub(crate) fn assert_local(s: &State, touched: &BTreeSet<JobId>) {
    for id in touched {
        let Some(t) = s.jobs.get(id).and_then(|j| j.request.team).and_then(|t| s.teams.get(&t)) else { continue };
        for j in t.members.iter().filter_map(|m| s.jobs.get(m)) {
            let holds = match t.stage {
                Stage::Asked => j.booked_at.is_none() && (j.status != Status::Withdrawn),
                Stage::Booked => j.booked_at.is_some() && !has_broken(j),
                Stage::Lifted => j.has_lifted(),
                Stage::Ended => !is_bound(j) || j.status == Status::AbortingSafeExit,
            };
            nooterra_engine::always!(holds, "a team is booked, and ends, as a whole", "{}: {} in {:?}", j.id, j.status.name(), t.stage);
        }
    }
}

fn lift_place(steps: &[nooterra_jobs::terms::Step]) -> Option<u32> {
    steps.iter().find(|s| s.action == Action::Lift).map(|s| s.place)
}
