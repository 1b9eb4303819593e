//! Dispatch: one batch of waiting jobs against all robots, leases offered to the pairs chosen.

use crate::coverage::NO_OPERATOR;
use crate::fact::{Considered, DispatchEvent};
use crate::state::{RobotCell, State};
use crate::unit::Unit;
use nooterra_dispatch::assign::{self, Bars, Batch, Interval, Pair, View};
use nooterra_dispatch::check::{self, DockHeld, Reservations, Return};
use nooterra_dispatch::explain;
use nooterra_engine::digest::content_hash;
use nooterra_engine::ids::{DockId, JobId, LeaseId, PartyId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::Event;
use nooterra_jobs::payload::Match;
use nooterra_jobs::terms::{Action, Window};
use nooterra_jobs::{Job, Status};
use nooterra_operations::event::Event as RobotEvent;
use nooterra_port::Order;
use nooterra_port::order::{LeaseOffer, Plan, PlanStep, PointMm, StepAction, TaskKind, TaskOrder};
use std::collections::{BTreeMap, BTreeSet};

/// A charge task may be broken off for a job from this charge on.
const INTERRUPT_BPS: u32 = 3_000;
/// Who is fuller than this does not charge before work.
const FULL_BPS: u32 = 8_000;
/// Work that should be over by now is given this much more.
const OVERRUN: Span = Span::from_secs(30);
/// Robots bound for one place at the same time: the one that works there, and one on its way.
const IN_LINE: usize = 2;
/// Time allowed at a point beyond its dwell.
const STEP_SLACK: Span = Span::from_secs(120);
/// Time allowed for taking up what another robot has left.
const FETCH: Span = Span::from_secs(15);
/// Standard gravity, millimetres per second squared, for the power estimate.
const GRAVITY_M_S2: f64 = 9.81;

/// What is to be armed for the dispatch stream.
pub(crate) fn wanted(s: &State) -> Option<(u8, Instant)> {
    let (from, _) = s.waiting.first()?;
    if let Some(at) = s.dispatch_trigger {
        return Some((0, at));
    }
    let every = s.genesis.policy.timing.dispatch_every.0.max(1);
    let after = s.dispatched_at.map_or(0, |d| d.0 + 1).max(from.0);
    let due = Instant(after.div_ceil(every).saturating_mul(every));
    Some((0, due))
}

/// Power that driving takes at most, W.
pub(crate) fn drive_w(m: &nooterra_site::RobotModel) -> u64 {
    whole(m.rolling_resistance * m.mass_kg * GRAVITY_M_S2 * m.speed_max_mps + m.ambient_w) + 1
}

/// Power with which it charges, W.
pub(crate) fn charge_w(m: &nooterra_site::RobotModel) -> u64 {
    whole(m.charge_a * m.battery_v)
}

/// Robots with a load on them of a job that they are not about any more.
fn laden(s: &State) -> BTreeSet<RobotId> {
    let on = s.jobs.values().filter_map(|j| Some((j.id, crate::recovery::on_deck_of(j)?)));
    on.filter(|(job, r)| s.robots.get(r).is_some_and(|c| c.robot.lease.is_none_or(|h| h.job != *job))).map(|(_, r)| r).collect()
}

fn fit_for_job(c: &RobotCell, now: Instant) -> bool {
    if nooterra_engine::planted!("I38 match a robot that is stopped") && !c.robot.stops.is_empty() {
        return c.robot.lease.is_none();
    }
    if nooterra_engine::planted!("I38 match a robot in quarantine") && c.robot.quarantined {
        return c.robot.lease.is_none();
    }
    c.robot.can_be_matched(now)
}

/// Does its task keep a robot from work now: it charges, and is not full enough to break that off?
fn is_tied(c: &RobotCell) -> bool {
    c.robot.task.is_some() && c.charge_sent && !(c.robot.charging && c.robot.soc_bps >= INTERRUPT_BPS)
}

/// Is a robot without work and without a task that keeps it from work?
fn is_free(c: &RobotCell) -> bool {
    c.robot.lease.is_none() && !is_tied(c)
}

impl Unit<'_> {
    /// Something became free or was given back: a batch runs now.
    pub fn trigger_dispatch(&mut self) {
        self.s.dispatch_trigger.get_or_insert(self.cx.legal);
    }

    /// One batch.
    pub fn run_dispatch(&mut self) {
        let now = self.now();
        self.s.dispatch_trigger = None;
        self.s.dispatched_at = Some(now);
        let due: Vec<JobId> = self.s.waiting.iter().take_while(|(from, _)| *from <= now).map(|(_, j)| *j).collect();
        let mut due = self.with_room(due);
        if due.is_empty() {
            return;
        }
        let robots: Vec<RobotId> = self.s.robots.keys().copied().collect();
        // A job without an operator takes no robot from others: the batch is made again without it.
        let mut uncovered = Vec::new();
        let (view, batch) = loop {
            let mut view = self.view(&due, &robots, now);
            let mut batch = assign::assign(&view);
            if self.docks_clash(&view, &batch) {
                // Somebody would come back to a dock where another still charges: nobody charges before work then.
                view.robots.iter_mut().for_each(|r| r.charge_w = 0);
                batch = assign::assign(&view);
            }
            let bare = self.bare(&due, &batch);
            if bare.is_empty() {
                break (view, batch);
            }
            due.retain(|j| !bare.contains(j));
            uncovered.extend(bare);
        };
        let docks = self.docks_before(&view, &batch);
        let wrong = check::check(&view, &batch, &self.reservations(&view, &batch, docks));
        nooterra_engine::always!(wrong.is_empty(), "I12 the plan of a batch is sound", "{}", wrong[0]);
        let mut pairs = Vec::new();
        let mut failed = Vec::new();
        let told = considered(&view, &batch);
        for c in told.iter().filter(|c| c.chosen.is_none()) {
            let count = |(code, n): &(String, u32)| (code.clone(), u16::try_from(*n).unwrap_or(u16::MAX));
            failed.push((c.job, c.failed.iter().map(count).collect::<Vec<_>>()));
        }
        for (j, r, c) in batch.pairs() {
            if nooterra_engine::planted!("I32 leave out a pair of the batch") {
                continue;
            }
            pairs.push((due[j as usize], robots[r as usize], *c));
        }
        let operators = u16::try_from(self.s.desk.operators.len()).unwrap_or(u16::MAX);
        failed.extend(uncovered.into_iter().map(|j| (j, vec![(NO_OPERATOR.to_owned(), operators)])));
        let made: Vec<(JobId, RobotId)> = pairs.iter().map(|(j, r, _)| (*j, *r)).collect();
        self.evaluated(&view, told, made);
        for (job, counts) in failed {
            if self.s.jobs.get(&job).is_some_and(|j| j.dispatch_failed != counts) {
                self.emit(job, Event::DispatchFailed { counts });
            }
        }
        for (job, robot, c) in pairs {
            self.offer(job, robot, &c);
        }
    }

    /// Writes down what a batch saw and what it made of it.
    pub(crate) fn evaluated(&mut self, view: &View, jobs: Vec<Considered>, pairs: Vec<(JobId, RobotId)>) {
        let facts_hash = content_hash("nooterra/dispatch/v1", view);
        self.emit_dispatch(DispatchEvent::DispatchEvaluated { jobs, pairs, facts_hash });
    }

    /// Of these jobs, those whose first place has room for one more robot: whoever would only stand in line there is of
    /// more use elsewhere, and out of everybody's way.
    fn with_room(&self, due: Vec<JobId>) -> Vec<JobId> {
        let mut bound: BTreeMap<u32, usize> = BTreeMap::new();
        for c in self.s.robots.values().filter(|c| c.robot.lease.is_some()) {
            if let Some(v) = self.s.traffic.target(c.robot.id) {
                *bound.entry(v.ix).or_default() += 1;
            }
        }
        let now = self.now();
        let mut has_room = |id: &JobId| {
            // Who comes later stands in nobody's line now.
            if self.s.jobs.get(id).is_some_and(|j| j.arrive_from() > now) {
                return true;
            }
            let first = self.s.jobs.get(id).map(Job::access_place);
            first.is_none_or(|place| {
                let n = bound.entry(place).or_default();
                *n += 1;
                *n <= IN_LINE
            })
        };
        due.into_iter().filter(|id| has_room(id)).collect()
    }

    pub(crate) fn view(&self, due: &[JobId], robots: &[RobotId], now: Instant) -> View {
        let mut view = View { now, ..View::default() };
        for id in due {
            if let Some(j) = self.s.jobs.get(id) {
                view.jobs.push(job_view(j, now));
            }
        }
        let (docks, laden) = (self.charging_places(robots), laden(self.s));
        let fit = |c: &RobotCell| fit_for_job(c, now) && !laden.contains(&c.robot.id);
        for id in robots {
            if let Some(c) = self.s.robots.get(id) {
                view.robots.push(self.robot_view(c, fit(c), docks.contains_key(id), now));
            }
        }
        for (ji, id) in (0u32..).zip(due) {
            let Some(job) = self.s.jobs.get(id) else { continue };
            let steps = job.steps().iter().skip(usize::from(job.checkpoint)).map(|s| s.place);
            let stops: Vec<u32> = job.fetch_place().into_iter().chain(steps).collect();
            let bars = self.bars_of(job);
            let method = self.access_of(job, &bars);
            for (ri, rid) in (0u32..).zip(robots) {
                let Some(c) = self.s.robots.get(rid).filter(|c| fit(c)) else { continue };
                let mut pair = self.pair((ji, ri), job, c, &stops, &bars, now);
                pair.bars.lacks_access = !crate::entrances::supports(c, method);
                view.pairs.push(pair);
            }
        }
        view
    }

    /// What a batch is judged against beside itself: the charger that each robot would go to from the end of its work.
    /// Leases and tasks of robots stand in the view.
    fn reservations(&self, view: &View, batch: &Batch, docks: Vec<DockHeld>) -> Reservations {
        let back = |(j, r, _): (u32, u32, &assign::Candidate)| {
            let (job, robot) = (view.jobs.get(j as usize)?.job, view.robots.get(r as usize)?.robot);
            let (j, c) = (self.s.jobs.get(&job)?, self.s.robots.get(&robot)?);
            let last = j.steps().last()?.place;
            // On a site without chargers it goes home.
            let home = || self.s.genesis.robots.get(c.entry as usize).map(|e| e.home);
            let charger = self.world.nearest_charger(c.entry, last);
            let (ms, at) = charger.or_else(|| home().and_then(|h| Some((self.world.travel_ms(c.entry, last, h)?, h))))?;
            Some(Return { job, robot, dock: dock_at(at), is_compatible: true, travel: Span::from_millis(ms) })
        };
        Reservations { returns: batch.pairs().filter_map(back).collect(), docks, ..Reservations::default() }
    }

    /// Where robots that are not full could charge before they work: each at a charger of its own, nearest first, in the
    /// order of ids. Who finds none does not count on it.
    fn charging_places(&self, robots: &[RobotId]) -> BTreeMap<RobotId, u32> {
        let mut taken: BTreeMap<u32, RobotId> =
            self.s.robots.values().filter_map(|c| c.robot.task.map(|t| (t.place, c.robot.id))).collect();
        let mut out = BTreeMap::new();
        for id in robots {
            let Some(c) = self.s.robots.get(id).filter(|c| c.robot.soc_bps < FULL_BPS) else { continue };
            let Some(at) = self.s.traffic.at(*id) else { continue };
            let free = |v: &u32| taken.get(v).is_none_or(|r| r == id);
            let Some(place) = self.world.chargers(c.entry, at.ix).into_iter().map(|(_, v)| v).find(free) else { continue };
            taken.insert(place, *id);
            out.insert(*id, place);
        }
        out
    }

    /// The chargers that the batch counts on for charging before work.
    fn docks_before(&self, view: &View, batch: &Batch) -> Vec<DockHeld> {
        let first = |(_, r, c): (u32, u32, &assign::Candidate)| {
            let at = Interval { from: c.depart.saturating_sub(c.charge), to: c.depart };
            Some((view.robots.get(r as usize)?.robot, at)).filter(|_| c.charge > Span::ZERO)
        };
        let who: Vec<(RobotId, Interval)> = batch.pairs().filter_map(first).collect();
        if who.is_empty() {
            return Vec::new();
        }
        let robots: Vec<RobotId> = view.robots.iter().map(|r| r.robot).collect();
        let places = self.charging_places(&robots);
        let held = |(robot, at): &(RobotId, Interval)| Some(DockHeld { dock: dock_at(*places.get(robot)?), robot: *robot, at: *at });
        who.iter().filter_map(held).collect()
    }

    /// Would a robot come back to a dock while another of the batch charges there?
    fn docks_clash(&self, view: &View, batch: &Batch) -> bool {
        let docks = self.docks_before(view, batch);
        let returns = if docks.is_empty() { Vec::new() } else { self.reservations(view, batch, Vec::new()).returns };
        let back = |r: &Return| batch.pairs().find(|(_, i, _)| view.robots[*i as usize].robot == r.robot).map(|(_, _, c)| c.back);
        returns.iter().any(|r| {
            let there = |d: &DockHeld| d.dock == r.dock && d.robot != r.robot && back(r).is_some_and(|b| d.at.from <= b && b < d.at.to);
            docks.iter().any(there)
        })
    }

    fn pair(&self, (job_ix, robot_ix): (u32, u32), job: &Job, c: &RobotCell, stops: &[u32], bars: &BTreeSet<u32>, now: Instant) -> Pair {
        let at = self.s.traffic.at(c.robot.id).map_or(u32::MAX, |v| v.ix);
        let trip = |a: u32, b: u32| self.world.travel_without_ms(c.entry, a, b, bars);
        let first = stops.first().copied().unwrap_or(at);
        let last = stops.last().copied().unwrap_or(at);
        let straight = trip(at, first);
        // Who need not go yet, or cannot, sets out from wherever it waits by then: the farthest such place counts.
        let waits = job.arrive_from() > now;
        let rest = if waits { self.world.from_rest_ms(c.entry, first, bars) } else { None };
        let far = rest.max(straight).map_or(Instant::NEVER, |ms| now.saturating_add(Span::from_millis(ms)));
        let later = waits && (far < job.arrive_from() || c.robot.lease.is_some());
        let travel = if later { rest.or(straight) } else { straight };
        let carry = stops.windows(2).try_fold(0u64, |sum, w| trip(w[0], w[1]).map(|ms| sum + ms));
        let home = self.s.genesis.robots.get(c.entry as usize).map_or(last, |e| e.home);
        let back = self.world.nearest_charger(c.entry, last).map(|(ms, _)| ms).or_else(|| self.world.travel_ms(c.entry, last, home));
        let bars = Bars {
            is_excluded: job.is_excluded(c.robot.id, now) || crate::causes::is_touched(job, &c.robot),
            lacks_certificate: self.s.lacks_certificate(job.id, min_cert(job), c, now),
            lacks_route: travel.is_none() || carry.is_none() || back.is_none() || self.is_shut_out(job, c),
            lacks_offer: !self.stands_in(job, c.robot.owner),
            lacks_privacy: self.lacks_privacy(job, c),
            ..Bars::default()
        };
        let ms = |v: Option<u64>| Span::from_millis(v.unwrap_or(0));
        Pair { job: job_ix, robot: robot_ix, travel: ms(travel), carry: ms(carry), back: ms(back), bars }
    }

    /// May an owner's robots go on with a job that another was booked for, at that one's price?
    fn stands_in(&self, job: &Job, owner: PartyId) -> bool {
        let r = &job.request;
        let price = job.pins.as_deref().map(|p| (p.service, p.currency));
        price.is_some_and(|price| self.s.standing.stands_in(owner, r.template as u8, &self.levels_of(job), price))
    }

    /// Is a robot where the job's robot may not be, or about to drive there?
    fn is_shut_out(&self, job: &Job, c: &RobotCell) -> bool {
        let shut = self.areas_of(&job.request.need.no_go);
        let class = self.world.classes.get(c.entry as usize).copied().unwrap_or(0);
        let map = &self.world.map;
        let comes = || self.s.traffic.moves(map, c.robot.id).any(|(m, released)| released && map.comes_into(class, m.lane, &shut));
        !shut.is_empty() && (self.s.traffic.at(c.robot.id).is_some_and(|v| map.is_in(class, v, &shut)) || comes())
    }

    fn robot_view(&self, c: &RobotCell, is_fit: bool, can_charge: bool, now: Instant) -> assign::Robot {
        let r = &c.robot;
        let m = &self.s.genesis.robots[c.entry as usize].model;
        let next = r.ahead.first().map_or(Instant::NEVER, |h| h.from);
        let present = r.lease.map(|l| Interval { from: l.from.min(now), to: l.to.max(now.saturating_add(OVERRUN)) });
        let tied = is_tied(c).then(|| Interval { from: now, to: now.saturating_add(self.charging_left(c)) });
        // What takes longer than it should runs into what comes next, and is judged when that is due.
        let now_taken = present.or(tied).map(|i| Interval { to: i.to.min(next), ..i });
        let taken = now_taken.into_iter().chain(r.ahead.iter().map(|h| Interval { from: h.from, to: h.to }));
        assign::Robot {
            robot: r.id,
            owner: r.owner,
            has_standing_offer: self.s.standing.lends(r.owner),
            is_fit,
            heartbeat: r.heard_at.unwrap_or(Instant::ZERO),
            heartbeat_every: r.heartbeat,
            payload_g: crate::abilities::payload_g(r, m),
            abilities: crate::abilities::abilities(r, now),
            battery_j: r.battery_j,
            usable_j: r.usable_j(),
            drive_w: crate::abilities::drive_w(r, m),
            aux_w: whole(m.ambient_w),
            work_w: whole(m.tool_w),
            charge_w: if can_charge { charge_w(m) } else { 0 },
            trust_bps: r.trust_bps,
            busy: Span::from_secs(r.load.busy_s(now)),
            owner_excess_bps: self.owner_excess_bps(r.owner),
            is_at_site: true,
            free_from: now,
            taken: taken.filter(|i| i.from < i.to).collect(),
            windows: self.windows_of(r.id),
        }
    }

    /// How long a robot that charges has to stay there at least.
    fn charging_left(&self, c: &RobotCell) -> Span {
        Span::from_secs(self.charging_s(c, INTERRUPT_BPS)).saturating_add(OVERRUN)
    }

    /// By how much an owner's share of the week's finished jobs exceeds its share of robots.
    fn owner_excess_bps(&self, owner: PartyId) -> i32 {
        let (cells, now) = (self.s.robots.values(), self.now());
        let (mut jobs, mut own_jobs, mut robots, mut own_robots) = (0u64, 0u64, 0u64, 0u64);
        for c in cells {
            let n = c.robot.load.count(now) as u64;
            jobs += n;
            robots += 1;
            if c.robot.owner == owner {
                own_jobs += n;
                own_robots += 1;
            }
        }
        let share = |part: u64, all: u64| i32::try_from((part * 10_000).checked_div(all).unwrap_or(0)).unwrap_or(10_000);
        if jobs == 0 { 0 } else { share(own_jobs, jobs) - share(own_robots, robots) }
    }

    /// Offers a job to a robot.
    pub(crate) fn offer(&mut self, id: JobId, robot: RobotId, c: &assign::Candidate) {
        let now = self.now();
        let Ok(cell) = self.cell(robot) else { return };
        let ahead = c.depart > now;
        if !fit_for_job(cell, now) || !(ahead || is_free(cell)) {
            return;
        }
        nooterra_engine::always!(cell.robot.can_work(), "I38 only fit robots are matched", "{robot}");
        let certified = self.job(id).is_ok_and(|j| !self.s.lacks_certificate(id, min_cert(j), cell, now));
        nooterra_engine::always!(certified, "I38 only certified robots are matched", "{robot} for {id}");
        let (owner, fence, entry) = (cell.robot.owner, cell.robot.next_fence(), cell.entry);
        let lease: LeaseId = self.new_id();
        let Ok(job) = self.job(id) else { return };
        let leg = u8::try_from(job.legs.len()).unwrap_or(u8::MAX);
        let Some(p) = job.pins.as_deref() else { return };
        let (timing, heartbeat) = (p.timing.clone(), p.tier_values.heartbeat);
        let plan = plan_of(job, |area, place| self.world.way_over(entry, area, place));
        let offer = Match {
            robot,
            owner,
            lease,
            leg,
            fence,
            interval: Window { start: c.depart, end: c.back },
            trip_est: Span(c.arrive.since(c.depart).0),
            energy_j: c.need_j,
            cost: c.cost.total(),
        };
        let interval = offer.interval;
        self.emit(id, Event::RobotMatched(offer));
        let covered = self.reserve_cover(id, interval);
        nooterra_engine::always!(covered, "a job without its operator is not matched", "{id}");
        self.bring_skills(id, robot);
        let hash = plan.hash();
        if let Some(cell) = self.touch_robot(robot) {
            cell.plans.insert(lease, hash);
        }
        let accept_by = now.saturating_add(timing.lease_offer);
        let (ttl, from, to) = (timing.ttl_moving, interval.start, interval.end);
        let skills = self.pinned_skills(id);
        self.order(robot, Order::LeaseOffer(LeaseOffer { lease, job: id, leg, accept_by, ahead, from, to, ttl, heartbeat, plan, skills }));
    }

    /// A task gives way to a job.
    pub fn end_task(&mut self, robot: RobotId, code: &str) {
        let Ok(c) = self.cell(robot) else { return };
        let Some(t) = c.robot.task else { return };
        if c.charge_sent {
            self.order(robot, Order::Task(TaskOrder { task: t.task, kind: TaskKind::EndCharge }));
        }
        self.emit_robot(robot, RobotEvent::TaskEnded { task: t.task, code: code.to_owned() });
        if let Some(c) = self.touch_robot(robot) {
            c.charge_sent = false;
        }
    }
}

/// How each job of a batch fared.
pub(crate) fn considered(view: &View, batch: &Batch) -> Vec<Considered> {
    let told = explain::explain(view, batch);
    nooterra_engine::always!(told.is_some(), "a batch can be explained");
    told.unwrap_or_default().iter().map(Considered::of).collect()
}

/// The dock at a vertex.
pub(crate) fn dock_at(vertex: u32) -> DockId {
    DockId::named(&format!("vertex/{vertex}"))
}

/// How far certificates must go for a job.
fn min_cert(j: &Job) -> nooterra_jobs::tier::Cert {
    j.pins.as_deref().map_or_else(|| j.request.need.tier.values().min_cert, |p| p.tier_values.min_cert)
}

fn job_view(j: &Job, now: Instant) -> assign::Job {
    let p = j.pins.as_deref();
    let fetch = j.fetch_place().map_or(0, |_| FETCH.0);
    let work = j.steps().iter().skip(usize::from(j.checkpoint)).fold(fetch, |sum, s| sum.saturating_add(s.dwell.0));
    assign::Job {
        job: j.id,
        is_handover: j.status == Status::Handover,
        is_redispatch: j.redispatched,
        arrive_by: j.due_by(),
        depart_from: now,
        arrive_from: j.arrive_from(),
        work: Span(work),
        payload_g: u64::from(j.request.need.payload_g),
        owner: p.map_or(j.request.requester, |p| p.owner),
        allows_substitute: p.is_some_and(|p| p.substitution),
        min_trust_bps: p.map_or(0, |p| p.min_trust_bps),
        needs: crate::abilities::needs(&j.request.need.capabilities),
    }
}

/// The work as the robot is to do it. `way_over` is its way over an area, from a place in it and back there.
pub(crate) fn plan_of(job: &Job, way_over: impl Fn(u32, u32) -> Vec<PointMm>) -> Plan {
    let n = u32::try_from(job.steps().len()).unwrap_or(1).max(1);
    let steps = job
        .steps()
        .iter()
        .map(|s| PlanStep {
            name: match s.action {
                Action::Pick => "pickup",
                Action::Drop => "dropoff",
                Action::Visit => "visit",
                Action::Lift => "lift",
                Action::Cover { .. } => "cover",
            }
            .to_owned(),
            vertex: s.place,
            action: match (s.action, job.request.item) {
                (Action::Pick, Some(item)) => StepAction::Pick { item, mass_g: job.request.need.payload_g },
                (Action::Drop, Some(item)) => StepAction::Drop { item },
                (Action::Lift, Some(item)) => StepAction::Lift { item, mass_g: job.request.need.payload_g },
                (Action::Cover { area }, _) => StepAction::Cover { area, way: way_over(area, s.place) },
                _ => StepAction::Dwell { lasts: s.dwell },
            },
            work_bps: 10_000 / n,
            // Who waits for others is called off by the platform.
            timeout: match s.action {
                Action::Lift => Span::ZERO,
                // What is in the way is driven around, or left out.
                Action::Cover { .. } => s.dwell.saturating_add(s.dwell).saturating_add(STEP_SLACK),
                _ => s.dwell.saturating_add(STEP_SLACK),
            },
        })
        .collect();
    let valid_to = match (&job.access.plan, job.pins.as_deref()) {
        (Some(plan), _) => plan.valid_to,
        (None, Some(p)) => p.window.end.saturating_add(p.tier_values.max_exec),
        (None, None) => job.request.window.end,
    };
    let fetch = crate::transfer::fetch_of(job);
    Plan {
        job: job.id,
        steps,
        from_step: job.checkpoint,
        fetch,
        access_point: job.access_place(),
        valid_to,
        exit_by: job.pins.as_deref().map_or(Span::ZERO, |p| p.tier_values.exit_by),
        images: crate::camera::is_recorded(job),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // watts, grams and joules of a robot fit
pub(crate) fn whole(v: f64) -> u64 {
    v.clamp(0.0, 1e15) as u64
}

trait Longer {
    fn saturating_add(self, o: Span) -> Span;
}
impl Longer for Span {
    fn saturating_add(self, o: Span) -> Span {
        Span(self.0.saturating_add(o.0))
    }
}
