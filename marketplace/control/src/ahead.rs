//! Leases for later: a robot holds them beside what it is about, and turns to each when its time comes (domain 5.4, 5.6).
//!
//! A lease ahead gives no authority yet. When its interval begins and the robot is about nothing else, `LEASE_DUE` makes
//! it the robot's present one, under a fence of its own, so that doors and reports follow the order in which work is
//! done and not the one in which it was matched. What stands in the way of that is looked at again and again: whoever
//! would come too late gives the job up if another would not, and whoever cannot work gives up all that it has not begun.

use crate::causes::is_touched;
use crate::matching::considered;
use crate::unit::Unit;
use nooterra_dispatch::assign;
use nooterra_dispatch::charging;
use nooterra_dispatch::triggers::{self, Action, Leg, Phase, Trigger, Why};
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::sometimes;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::Status;
use nooterra_jobs::event::{Event, ReleaseReason};
use nooterra_operations::Robot;
use nooterra_operations::robot::Held;
use nooterra_port::Order;

/// What could not begin in its time is looked at again after this.
const LOOK_AGAIN: Span = Span::from_secs(10);

/// When the next lease of a robot is looked at.
pub(crate) fn due(r: &Robot, tried: Option<Instant>) -> Option<Instant> {
    let next = r.ahead.first()?;
    Some(tried.map_or(next.from, |t| t.saturating_add(LOOK_AGAIN).max(next.from)))
}

/// Is there less in the battery than the next lease needs?
pub(crate) fn is_short(r: &Robot, need_j: u64) -> bool {
    !charging::passes_energy(r.usable_j(), r.battery_j, need_j)
}

/// A robot that has not set out for a job.
const fn waiting(job: JobId, robot: RobotId) -> Leg {
    Leg { job, robot, phase: Phase::Waiting, allows_handover: false }
}

impl Unit<'_> {
    /// The time of a robot's next lease has come.
    pub(crate) fn look_ahead(&mut self, robot: RobotId) {
        let now = self.now();
        let Ok(c) = self.cell(robot) else { return };
        let Some(next) = c.robot.ahead.first().copied().filter(|h| h.from <= now) else { return };
        let busy_until = c.robot.lease.map(|h| now.saturating_add(self.work_left(robot, h.job)));
        if let Some(c) = self.touch_robot(robot) {
            c.ahead_tried = Some(now);
        }
        match busy_until {
            None => self.turn_to(robot, &next),
            Some(until) => self.would_be_late(robot, &next, until),
        }
    }

    /// The robot's next lease becomes the present one, if it has been taken.
    fn turn_to(&mut self, robot: RobotId, next: &Held) {
        let Ok(j) = self.job(next.job) else { return };
        if j.status != Status::Reserved {
            return;
        }
        if self.cell(robot).is_ok_and(|c| is_touched(j, &c.robot)) {
            self.give_up_touched_ahead(robot);
            return;
        }
        let Some(leg) = j.leg().map(|l| l.offer.leg) else { return };
        let Ok(fence) = self.cell(robot).map(|c| c.robot.next_fence()) else { return };
        sometimes!(true, "a lease ahead comes to its time");
        self.emit(next.job, Event::LeaseDue { lease: next.lease, leg, fence });
        self.order(robot, Order::LeaseDue { lease: next.lease });
        self.end_task(robot, "MATCHED");
        self.watch(next.job);
        self.go_if_reserved(next.job);
    }

    /// The robot is still about the work before: it keeps the job unless that makes it late and another would not be.
    fn would_be_late(&mut self, robot: RobotId, next: &Held, until: Instant) {
        let now = self.now();
        let Ok(j) = self.job(next.job) else { return };
        let Some(l) = j.leg() else { return };
        let eta = until.saturating_add(l.offer.trip_est);
        let arrive_by = j.due_by();
        let has_other = self.has_other(next.job, robot);
        let leg = waiting(next.job, robot);
        self.carry_out_ahead(&triggers::actions(&Trigger::EtaPredicted { leg, eta, arrive_by, has_other }, now));
    }

    /// A robot on its way to a job is heard: will it be there in time? If not, and another would be, that one goes.
    pub(crate) fn watch_arrival(&mut self, robot: RobotId) {
        let Some(job) = self.cell(robot).ok().and_then(|c| c.robot.lease).map(|h| h.job) else { return };
        let (Ok(c), Ok(j)) = (self.cell(robot), self.job(job)) else { return };
        if j.status != Status::EnRoute || j.request.team.is_some() {
            return;
        }
        let Some(at) = self.s.traffic.at(robot) else { return };
        let Some(way) = self.world.travel_without_ms(c.entry, at.ix, j.access_place(), &self.bars_of(j)) else { return };
        let (eta, arrive_by) = (self.now().saturating_add(Span::from_millis(way)), j.due_by());
        if eta <= arrive_by.saturating_sub(triggers::ETA_MARGIN) || !self.has_other(job, robot) {
            return;
        }
        sometimes!(true, "a robot on its way would be late, and another would not");
        let leg = Leg { job, robot, phase: Phase::Outside, allows_handover: false };
        let predicted = Trigger::EtaPredicted { leg, eta, arrive_by, has_other: true };
        self.carry_out_ahead(&triggers::actions(&predicted, self.now()));
    }

    /// How long a robot is still about its job at least: the ways and the work that are left of it.
    fn work_left(&self, robot: RobotId, job: JobId) -> Span {
        let (Ok(c), Ok(j)) = (self.cell(robot), self.job(job)) else { return Span::ZERO };
        if j.status == Status::AbortingSafeExit || j.ended_at.is_some() {
            return Span::ZERO;
        }
        let mut at = self.s.traffic.at(robot).map(|v| v.ix);
        let bars = self.bars_of(j);
        j.steps().iter().skip(usize::from(j.checkpoint)).fold(Span::ZERO, |sum, s| {
            let way = at.replace(s.place).and_then(|from| self.world.travel_without_ms(c.entry, from, s.place, &bars));
            sum + Span::from_millis(way.unwrap_or(0)) + s.dwell
        })
    }

    /// Could another robot do this job?
    fn has_other(&self, job: JobId, robot: RobotId) -> bool {
        let robots: Vec<RobotId> = self.s.robots.keys().copied().filter(|r| *r != robot).collect();
        let batch = assign::assign(&self.view(&[job], &robots, self.now()));
        batch.pairs().next().is_some()
    }

    /// A robot that is not fit, or stopped, keeps nothing that it has not set out for.
    pub(crate) fn drop_ahead(&mut self) {
        let out = |id: &&RobotId| self.s.robots.get(*id).is_some_and(|c| !(c.robot.can_work() || c.robot.ahead.is_empty()));
        let out: Vec<RobotId> = self.robots_touched.iter().filter(out).copied().collect();
        for robot in out {
            let held = self.cell(robot).map(|c| c.robot.ahead.clone()).unwrap_or_default();
            let mut legs: Vec<Leg> = held.iter().map(|h| waiting(h.job, robot)).collect();
            legs.sort_by_key(|l| l.job);
            sometimes!(true, "a robot that cannot work gives up its leases ahead");
            self.carry_out_ahead(&triggers::actions(&Trigger::RobotOut { legs }, self.now()));
        }
    }

    /// A robot that is degraded by something that later work needs does not keep that work.
    pub(crate) fn give_up_touched_ahead(&mut self, robot: RobotId) {
        let Ok(r) = self.cell(robot).map(|c| &c.robot) else { return };
        let touched = |h: &&Held| self.job(h.job).is_ok_and(|j| is_touched(j, r));
        let mut legs: Vec<Leg> = r.ahead.iter().filter(touched).map(|h| waiting(h.job, robot)).collect();
        if legs.is_empty() {
            return;
        }
        legs.sort_by_key(|l| l.job);
        sometimes!(true, "a degraded robot gives up later work that its causes touch");
        self.carry_out_ahead(&triggers::actions(&Trigger::RobotOut { legs }, self.now()));
    }

    /// A robot that has become free takes over what another holds for later, if it does it for much less.
    pub(crate) fn swap_for_freed(&mut self) {
        for robot in std::mem::take(&mut self.freed) {
            let free = self.cell(robot).is_ok_and(|c| c.robot.lease.is_none() && c.robot.can_be_matched(self.now()));
            if !free {
                continue;
            }
            let others = self.s.robots.values().filter(|c| c.robot.id != robot);
            let held: Vec<(RobotId, Held)> = others.flat_map(|c| c.robot.ahead.iter().map(|h| (c.robot.id, *h))).collect();
            for (holder, h) in held {
                self.swap(holder, &h, robot);
            }
        }
    }

    fn swap(&mut self, holder: RobotId, h: &Held, robot: RobotId) {
        let now = self.now();
        let Ok(j) = self.job(h.job) else { return };
        let (Some(l), Some(p)) = (j.leg(), j.pins.as_deref()) else { return };
        let depart_by = l.depart_by(j.arrive_by, &p.timing);
        let swaps = u32::from(j.swaps);
        // What could not be swapped anyway is not worked out.
        if j.status != Status::Reserved
            || j.coverage.is_some()
            || swaps >= triggers::SWAPS
            || depart_by <= now.saturating_add(triggers::SWAP_UNTIL)
        {
            return;
        }
        let mut view = self.view(&[h.job], &[holder, robot], now);
        if let Some(r) = view.robots.first_mut() {
            r.taken.retain(|i| i.from != h.from); // what it would give up
        }
        let batch = assign::assign(&view);
        let Some(o) = batch.outcomes.first() else { return };
        let of = |r: u32| o.candidates.iter().find(|c| c.robot == r).copied();
        let (Some(own), Some(other)) = (of(0), of(1)) else { return };
        let leg = waiting(h.job, holder);
        let (cost, other_cost) = (own.cost.total(), other.cost.total());
        let t = Trigger::RobotFreed { leg, other: robot, cost, other_cost, depart_by, swaps };
        if !triggers::actions(&t, now).iter().any(|a| matches!(a, Action::Match { .. })) {
            return;
        }
        sometimes!(true, "a freed robot takes a job over for less");
        self.release_lease(h.job, ReleaseReason::Swapped);
        self.evaluated(&view, considered(&view, &batch), vec![(h.job, robot)]);
        self.offer(h.job, robot, &other);
    }

    /// What triggers ask for where nobody has set out: the leases' own ends do the rest (who gave a job back is barred from
    /// it, and a batch follows).
    fn carry_out_ahead(&mut self, actions: &[Action]) {
        for a in actions {
            if let Action::Release { job, why, .. } = a {
                let reason = match why {
                    Why::Late => ReleaseReason::WouldBeLate,
                    _ => ReleaseReason::RobotUnfit,
                };
                self.release_lease(*job, reason);
            }
        }
    }

    /// Energy that a robot's next lease needs, joules; 0 without one.
    pub(crate) fn need_ahead_j(&self, r: &Robot) -> u64 {
        let next = r.ahead.first().and_then(|h| self.s.jobs.get(&h.job));
        next.and_then(|j| j.leg()).map_or(0, |l| l.offer.energy_j)
    }
}
