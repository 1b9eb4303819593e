//! An independent checker of plans: reads a batch, its outcome and what is reserved, and says everything that is wrong.
//!
//! It shares values with [`crate::assign`] but none of its code: sums are made anew, in 128 bits and without rounding, and
//! rules are read from the specification (domain 5, 5.1, 5.2, 5.6; I12). It judges what was decided, not whether something
//! better existed. Times are those of the platform; energy is in joules, power in watts.

#[cfg(test)]
mod tests;

use crate::assign::{Batch, Candidate, Interval, Job, Pair, Robot, View};
use nooterra_engine::ids::{DockId, JobId, RobotId};
use nooterra_engine::{Instant, Record, Span};
use std::collections::BTreeMap;
use std::fmt;

/// A robot that refused or lost a job is not given it again for so long.
const EXCLUDED_FOR: Span = Span::from_mins(30);
const JOBS: usize = 1_024;
const NS: u128 = 1_000_000_000;

/// What is promised beside the batch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Reservations {
    /// Intervals of robots, without those that the batch itself makes.
    pub robots: Vec<RobotHeld>,
    /// Intervals of docks.
    pub docks: Vec<DockHeld>,
    /// Which dock a robot goes to after a job: one for each pair made.
    pub returns: Vec<Return>,
    /// Who refused, lost or gave back which job.
    pub refusals: Vec<GaveBack>,
}

/// A robot's lease or task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct RobotHeld {
    /// The robot.
    pub robot: RobotId,
    /// When, half-open.
    pub at: Interval,
}

/// A dock kept for a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct DockHeld {
    /// The dock.
    pub dock: DockId,
    /// For whom.
    pub robot: RobotId,
    /// When, half-open.
    pub at: Interval,
}

/// Where a robot goes after a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Return {
    /// The job.
    pub job: JobId,
    /// The robot.
    pub robot: RobotId,
    /// The dock.
    pub dock: DockId,
    /// The robot can charge there.
    pub is_compatible: bool,
    /// Travel from the end of the work.
    pub travel: Span,
}

/// A lease refused, lapsed or released, a trip aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct GaveBack {
    /// The job.
    pub job: JobId,
    /// The robot.
    pub robot: RobotId,
    /// When.
    pub at: Instant,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Rule {
    /// An index leads nowhere.
    Index,
    /// A job is missing, named twice or out of order.
    Order,
    /// A robot has two jobs.
    OneJob,
    /// Two intervals of a robot meet.
    RobotOverlap,
    /// Two intervals of a dock meet.
    DockOverlap,
    /// No compatible dock that is free is known for the way back, or for charging before.
    Dock,
    /// The battery does not suffice for the way, the work, the way back and the reserve.
    Energy,
    /// The load is too heavy.
    Payload,
    /// A required value is not met.
    Capability,
    /// No availability window holds the interval.
    Window,
    /// It leaves before it may, or arrives too late.
    Late,
    /// The instants of the plan do not follow from one another.
    Times,
    /// The robot is another owner's, unfit, silent or not trusted enough.
    Robot,
    /// The pair was barred: certificate, route, access, privacy.
    Barred,
    /// The robot gave this job back less than 30 minutes ago.
    Excluded,
    /// A cost is not what its terms say, or the sum is not.
    Cost,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Finding {
    /// Against which rule.
    pub rule: Rule,
    /// The job, if it is about one.
    pub job: Option<JobId>,
    /// The robot, if it is about one.
    pub robot: Option<RobotId>,
    /// The dock, if it is about one.
    pub dock: Option<DockId>,
    /// What is wrong, with numbers.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:", self.rule)?;
        if let Some(j) = self.job {
            write!(f, " {j}")?;
        }
        if let Some(r) = self.robot {
            write!(f, " {r}")?;
        }
        if let Some(d) = self.dock {
            write!(f, " {d}")?;
        }
        write!(f, " {}", self.what)
    }
}

/// Everything that is wrong with the outcome of a batch, given what else is promised. Nothing, if it is sound.
pub fn check(view: &View, batch: &Batch, held: &Reservations) -> Vec<Finding> {
    let mut c = Checker { view, held, found: Vec::new() };
    if c.indexes(batch) {
        c.order(batch);
        c.bookings();
        c.pairs(batch);
        c.sum(batch);
    }
    c.found
}

struct Checker<'a> {
    view: &'a View,
    held: &'a Reservations,
    found: Vec<Finding>,
}

/// One pair made, with all that it is about.
struct Made<'a> {
    job: &'a Job,
    robot: &'a Robot,
    pair: Option<&'a Pair>,
    plan: &'a Candidate,
}

/// Half-open intervals meet if they share an instant.
fn meet(a: Interval, b: Interval) -> bool {
    a.from.max(b.from) < a.to.min(b.to)
}

fn shown(i: Interval) -> String {
    format!("[{}, {})", i.from, i.to)
}

impl Checker<'_> {
    fn say(&mut self, rule: Rule, job: Option<JobId>, robot: Option<RobotId>, dock: Option<DockId>, what: impl Into<String>) {
        self.found.push(Finding { rule, job, robot, dock, what: what.into() });
    }

    fn indexes(&mut self, batch: &Batch) -> bool {
        let (jobs, robots) = (self.view.jobs.len(), self.view.robots.len());
        for (k, o) in batch.outcomes.iter().enumerate() {
            let chosen = o.chosen.is_none_or(|c| (c as usize) < o.candidates.len());
            if o.job as usize >= jobs || !chosen || o.candidates.iter().any(|c| c.robot as usize >= robots) {
                self.say(Rule::Index, None, None, None, format!("outcome {k} points outside the batch"));
            }
        }
        self.found.is_empty()
    }

    /// Hand-overs first, then what had a robot before, then by deadline and id; at most 1 024; nobody left out.
    fn order(&mut self, batch: &Batch) {
        let key = |j: &Job| (u8::from(!j.is_handover), u8::from(!j.is_redispatch), j.arrive_by, j.job);
        let mut last = None;
        let mut served = vec![0u32; self.view.jobs.len()];
        for o in &batch.outcomes {
            let j = &self.view.jobs[o.job as usize];
            served[o.job as usize] += 1;
            if last.is_some_and(|l| l > key(j)) {
                self.say(Rule::Order, Some(j.job), None, None, "comes after a job that it goes before");
            }
            last = Some(key(j));
        }
        let full = batch.outcomes.len() >= JOBS;
        if batch.outcomes.len() > JOBS {
            self.say(Rule::Order, None, None, None, format!("{} jobs in one batch", batch.outcomes.len()));
        }
        let view = self.view;
        for (j, n) in view.jobs.iter().zip(served) {
            if n > 1 {
                self.say(Rule::Order, Some(j.job), None, None, format!("is served {n} times"));
            }
            if n == 0 && !(full && last.is_some_and(|l| key(j) > l)) {
                self.say(Rule::Order, Some(j.job), None, None, "is left out");
            }
        }
    }

    /// What is reserved must be sound in itself.
    fn bookings(&mut self) {
        let mut robots: Vec<&RobotHeld> = self.held.robots.iter().filter(|h| h.at.from < h.at.to).collect();
        robots.sort_by_key(|h| (h.robot, h.at.from, h.at.to));
        for w in robots.windows(2).filter(|w| w[0].robot == w[1].robot && meet(w[0].at, w[1].at)) {
            self.say(Rule::RobotOverlap, None, Some(w[0].robot), None, format!("{} and {}", shown(w[0].at), shown(w[1].at)));
        }
        let mut docks: Vec<&DockHeld> = self.held.docks.iter().filter(|h| h.at.from < h.at.to).collect();
        docks.sort_by_key(|h| (h.dock, h.at.from, h.at.to));
        for w in docks.windows(2).filter(|w| w[0].dock == w[1].dock && meet(w[0].at, w[1].at)) {
            let what = format!("{} and {}", shown(w[0].at), shown(w[1].at));
            self.say(Rule::DockOverlap, None, Some(w[1].robot), Some(w[0].dock), what);
        }
    }

    fn pairs(&mut self, batch: &Batch) {
        let chosen = |o: &crate::assign::Outcome| Some((o.job, *o.candidates.get(o.chosen? as usize)?));
        let made: Vec<(u32, Candidate)> = batch.outcomes.iter().filter_map(chosen).collect();
        // Of pairs named twice the first counts.
        let mut pairs: BTreeMap<(u32, u32), Option<&Pair>> = made.iter().map(|(j, c)| ((*j, c.robot), None)).collect();
        for p in &self.view.pairs {
            if let Some(slot) = pairs.get_mut(&(p.job, p.robot)) {
                slot.get_or_insert(p);
            }
        }
        let mut job_of: BTreeMap<u32, JobId> = BTreeMap::new();
        let view = self.view;
        for (j, plan) in &made {
            let (job, robot) = (&view.jobs[*j as usize], &view.robots[plan.robot as usize]);
            if let Some(other) = job_of.insert(plan.robot, job.job) {
                self.say(Rule::OneJob, Some(job.job), Some(robot.robot), None, format!("has {other} already"));
            }
            let pair = pairs.get(&(*j, plan.robot)).copied().flatten();
            self.pair(&Made { job, robot, pair, plan });
        }
    }

    fn pair(&mut self, m: &Made<'_>) {
        let mut wrong: Vec<(Rule, String)> = Vec::new();
        whom(self.view.now, m, &mut wrong);
        when(self.view.now, m, &mut wrong);
        energy(m, &mut wrong);
        price(self.view.now, m, &mut wrong);
        let span = Interval { from: m.plan.depart.saturating_sub(m.plan.charge), to: m.plan.back };
        let others = self.held.robots.iter().filter(|h| h.robot == m.robot.robot).map(|h| h.at);
        for at in others.chain(m.robot.taken.iter().copied()).filter(|at| meet(*at, span)) {
            wrong.push((Rule::RobotOverlap, format!("{} meets {}", shown(span), shown(at))));
        }
        let now = self.view.now;
        let recent =
            |g: &&GaveBack| g.job == m.job.job && g.robot == m.robot.robot && g.at <= now && now < g.at.saturating_add(EXCLUDED_FOR);
        if let Some(g) = self.held.refusals.iter().find(recent) {
            wrong.push((Rule::Excluded, format!("gave it back at {}", g.at)));
        }
        for (rule, what) in wrong {
            self.say(rule, Some(m.job.job), Some(m.robot.robot), None, what);
        }
        self.docks(m);
    }

    /// The way back ends at a dock that fits and that nobody else has then; charging before has a dock of its own.
    fn docks(&mut self, m: &Made<'_>) {
        let (job, robot) = (Some(m.job.job), Some(m.robot.robot));
        match self.held.returns.iter().find(|r| r.job == m.job.job && r.robot == m.robot.robot) {
            None => self.say(Rule::Dock, job, robot, None, "no dock for the way back"),
            Some(r) => {
                if !r.is_compatible {
                    self.say(Rule::Dock, job, robot, Some(r.dock), "it cannot charge there");
                }
                if m.pair.is_some_and(|p| p.back != r.travel) {
                    self.say(Rule::Dock, job, robot, Some(r.dock), format!("the way there takes {}", r.travel));
                }
                let there =
                    |h: &&DockHeld| h.dock == r.dock && h.robot != m.robot.robot && h.at.from <= m.plan.back && m.plan.back < h.at.to;
                if let Some(h) = self.held.docks.iter().find(there) {
                    self.say(Rule::Dock, job, robot, Some(r.dock), format!("kept for {} at {}", h.robot, m.plan.back));
                }
            }
        }
        let charging = Interval { from: m.plan.depart.saturating_sub(m.plan.charge), to: m.plan.depart };
        let holds = |h: &DockHeld| h.robot == m.robot.robot && h.at.from <= charging.from && charging.to <= h.at.to;
        if m.plan.charge > Span::ZERO && !self.held.docks.iter().any(holds) {
            self.say(Rule::Dock, job, robot, None, format!("no dock to charge at during {}", shown(charging)));
        }
    }

    fn sum(&mut self, batch: &Batch) {
        let n = batch.outcomes.len() as u128;
        let mut sum = 0i128;
        for (k, o) in (0u128..).zip(&batch.outcomes) {
            let left = 10_000_000 + 10_000 * (n - k);
            let chosen = o.chosen.and_then(|c| o.candidates.get(c as usize));
            sum += chosen.map_or(i128::try_from(left).unwrap_or(0), |c| terms(c).iter().sum());
        }
        if sum != i128::from(batch.cost) {
            self.say(Rule::Cost, None, None, None, format!("the batch says {}, its parts make {sum}", batch.cost));
        }
    }
}

/// Pool, status, link, payload, capability, trust, and the verdicts of others.
fn whom(now: Instant, m: &Made<'_>, wrong: &mut Vec<(Rule, String)>) {
    let (j, r) = (m.job, m.robot);
    if j.owner != r.owner && !(j.allows_substitute && r.has_standing_offer) {
        wrong.push((Rule::Robot, "belongs to another owner".into()));
    }
    if !r.is_fit {
        wrong.push((Rule::Robot, "is not fit".into()));
    }
    if u128::from(now.0.saturating_sub(r.heartbeat.0)) > 3 * u128::from(r.heartbeat_every.0) {
        wrong.push((Rule::Robot, format!("was heard last at {}", r.heartbeat)));
    }
    if r.trust_bps < j.min_trust_bps {
        wrong.push((Rule::Robot, format!("has trust {} of {}", r.trust_bps, j.min_trust_bps)));
    }
    if r.payload_g < j.payload_g {
        wrong.push((Rule::Payload, format!("{} g, rated {} g", j.payload_g, r.payload_g)));
    }
    for n in &j.needs {
        let offered = r.abilities.iter().filter(|a| a.name == n.name).map(|a| match a.measured {
            Some(m) if m.samples > 9 && m.value < a.declared => m.value,
            _ => a.declared,
        });
        if offered.max().is_none_or(|v| v < n.at_least) {
            wrong.push((Rule::Capability, format!("{} below {}", n.name, n.at_least)));
        }
    }
    match m.pair.map(|p| p.bars) {
        None => wrong.push((Rule::Barred, "no way is known".into())),
        Some(b) => {
            let bars = [
                (b.lacks_offer && j.owner != r.owner, Rule::Robot, "no offer of its owner at this price"),
                (b.is_excluded, Rule::Excluded, "excluded"),
                (b.lacks_certificate, Rule::Barred, "no certificate"),
                (b.lacks_route, Rule::Barred, "no route"),
                (b.lacks_access, Rule::Barred, "no access"),
                (b.lacks_privacy, Rule::Barred, "no privacy mode"),
            ];
            wrong.extend(bars.into_iter().filter(|b| b.0).map(|(_, rule, what)| (rule, what.into())));
        }
    }
}

/// The instants of the plan: each follows from the one before, within what job, robot and owner allow.
fn when(now: Instant, m: &Made<'_>, wrong: &mut Vec<(Rule, String)>) {
    let (j, r, c) = (m.job, m.robot, m.plan);
    let starts = u128::from(c.depart.0).saturating_sub(u128::from(c.charge.0));
    let earliest = [now, r.free_from, j.depart_from].into_iter().max().unwrap_or(now);
    if starts < u128::from(earliest.0) {
        wrong.push((Rule::Late, format!("leaves at {} but may not before {earliest}", c.depart)));
    }
    if c.arrive < j.arrive_from {
        wrong.push((Rule::Late, format!("arrives at {}, before {}", c.arrive, j.arrive_from)));
    }
    if c.arrive > j.arrive_by {
        wrong.push((Rule::Late, format!("arrives at {}, after {}", c.arrive, j.arrive_by)));
    }
    if let Some(p) = m.pair {
        let sums = [
            (c.depart, p.travel.0.into(), c.arrive),
            (c.arrive, u128::from(p.carry.0) + u128::from(j.work.0), c.end),
            (c.end, p.back.0.into(), c.back),
        ];
        for (from, span, to) in sums {
            if u128::from(from.0) + span != u128::from(to.0) {
                wrong.push((Rule::Times, format!("{from} and {} ms do not make {to}", span / 1_000_000)));
            }
        }
    }
    let held = |w: &Interval| u128::from(w.from.0) <= starts && c.back <= w.to;
    if !r.windows.is_empty() && !r.windows.iter().any(held) {
        wrong.push((Rule::Window, format!("no window until {}", c.back)));
    }
}

/// Way, work, way back and everything that runs all the time, and 15 % of the battery left after.
fn energy(m: &Made<'_>, wrong: &mut Vec<(Rule, String)>) {
    let (j, r, c) = (m.job, m.robot, m.plan);
    let Some(p) = m.pair else { return };
    // In 10^-9 J; everything is at most 2^64 · 2^66.
    let part = |w: u64, ns: u128| u128::from(w).saturating_mul(ns);
    let drive = u128::from(p.travel.0) + u128::from(p.carry.0) + u128::from(p.back.0);
    let needs =
        part(r.drive_w, drive).saturating_add(part(r.work_w, j.work.0.into())).saturating_add(part(r.aux_w, drive + u128::from(j.work.0)));
    let reserve = u128::from(r.battery_j) * 15 / 100 * NS;
    let has = part(r.charge_w, c.charge.0.into()).saturating_add(u128::from(r.usable_j) * NS);
    if has.min(u128::from(r.battery_j.max(r.usable_j)) * NS) < needs.saturating_add(reserve) {
        wrong.push((Rule::Energy, format!("has {} J for {} J and a reserve of {} J", has / NS, needs / NS, reserve / NS)));
    }
    if u128::from(c.need_j) * NS < needs {
        wrong.push((Rule::Energy, format!("says {} J, takes {} J", c.need_j, needs / NS)));
    }
}

fn terms(c: &Candidate) -> [i128; 7] {
    let t = &c.cost;
    [t.eta, t.energy, t.trust, t.busy, t.share, t.substitute, t.at_site].map(i128::from)
}

/// The cost, term by term as 5.2 has it.
fn price(now: Instant, m: &Made<'_>, wrong: &mut Vec<(Rule, String)>) {
    const MOST: i128 = 1_000_000_000_000;
    let (j, r, c) = (m.job, m.robot, m.plan);
    let seconds = |ns: u64| i128::from(ns / 1_000_000_000);
    let want = [
        (10 * seconds(c.arrive.0.saturating_sub(now.0))).min(MOST),
        (i128::from(c.need_j) * 10_000 / i128::from(r.usable_j.max(1))).min(MOST),
        2 * (10_000 - i128::from(r.trust_bps)),
        (5 * (seconds(r.busy.0) / 60)).min(MOST),
        2 * i128::from(r.owner_excess_bps).max(0),
        if j.owner == r.owner { 0 } else { 20_000 },
        if r.is_at_site { -5_000 } else { 0 },
    ];
    let names = ["eta", "energy", "trust", "busy", "share", "substitute", "at_site"];
    for ((name, want), has) in names.into_iter().zip(want).zip(terms(c)) {
        if want != has {
            wrong.push((Rule::Cost, format!("{name} is {want}, not {has}")));
        }
    }
}
