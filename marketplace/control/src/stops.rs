//! Remote stops of robots, sites, fleets and everything: issued, felt by jobs, agreed away.

use crate::outage::begun;
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::{Disobeyed, Wish};
use nooterra_engine::Record;
use nooterra_engine::ids::{AssistId, JobId, OperatorId, PartyId, RobotId, StopId};
use nooterra_engine::sometimes;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Cause, Event, Fault, ReleaseReason, StallReason};
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::Window;
use nooterra_jobs::{Job, batch};
use nooterra_operations::event::Event as RobotEvent;
use nooterra_operations::robot::StopState;
use nooterra_operations::stop::{Cleared, Refusal, Scope, Stop, Then, Voice};
use nooterra_port::facility::FloorStop;
use nooterra_port::{FacilityOrder, Order};
use nooterra_trust::evidence::secret::check_text;
use nooterra_trust::{Code, Rejection, Role};
use std::collections::{BTreeSet, VecDeque};

/// Stops of its owner's own that are remembered of a robot.
const OWN_STOPS_KEPT: usize = 64;
/// Stops of others that are remembered of a robot.
const OTHER_STOPS_KEPT: usize = 64;

/// What is to be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum StopWhat {
    /// One robot.
    Robot(RobotId),
    /// The robot that a job has.
    Job(JobId),
    /// All robots on a level of the site.
    Level(u32),
    /// All robots of the site.
    Site {},
    /// All robots of an owner.
    Fleet(PartyId),
    /// Everything.
    Tenant {},
}

/// A remote stop.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct StopOrder {
    /// What.
    pub what: StopWhat,
    /// Cut drive power as well.
    pub power_off: bool,
    /// Work under way is left as soon as the robots may move, instead of waiting.
    pub exit: bool,
    /// Why, for people.
    pub reason: String,
}

fn refused(r: Refusal) -> Rejection {
    Rejection::new(match r {
        Refusal::Unknown => Code::NotFound,
        Refusal::Forbidden => Code::RoleForbidden,
        Refusal::AlreadyDone => Code::AlreadyDone,
        Refusal::OwnStop => Code::SelfApproval,
    })
    .field("stop")
}

/// Takes a window in among others, which lie apart and in order. Beyond their number those go that ended before anything that
/// is needed began; where all are needed, the two oldest become one, with what lay between them: whoever stops its own robots that
/// often answers for more and never for less.
fn remember(kept: &mut VecDeque<Window>, mut w: Window, needed: Option<Instant>) {
    if w.start >= w.end {
        return;
    }
    kept.retain(|k| {
        let meets = k.start <= w.end && w.start <= k.end;
        if meets {
            w = Window { start: k.start.min(w.start), end: k.end.max(w.end) };
        }
        !meets
    });
    kept.insert(kept.partition_point(|k| k.start < w.start), w);
    while kept.len() > OWN_STOPS_KEPT {
        let Some(oldest) = kept.pop_front() else { return };
        if needed.is_some_and(|n| oldest.end > n)
            && let Some(next) = kept.front_mut()
        {
            next.start = oldest.start;
        }
    }
}

impl Unit<'_> {
    /// Staff, and the trust service.
    pub fn stop_by_staff(&mut self, order: StopOrder) -> Outcome {
        let voice = if self.cx.role == Role::TR { Voice::Trust } else { Voice::Staff };
        self.stop(order, voice)
    }

    /// An owner stops robots of its own.
    pub fn stop_by_owner(&mut self, party: PartyId, order: StopOrder) -> Outcome {
        let own = match order.what {
            StopWhat::Fleet(owner) => owner == party,
            StopWhat::Robot(r) => self.cell(r)?.robot.owner == party,
            StopWhat::Job(j) => self.job(j)?.robot().is_some_and(|r| self.cell(r).is_ok_and(|c| c.robot.owner == party)),
            _ => return no(Code::ScopeMissing),
        };
        need(own, Code::NotFound)?;
        self.stop(order, Voice::Owner)
    }

    /// A requester stops the robot that is bound to a job of its own, or holds a level or the site, if they are its own.
    pub fn stop_by_requester(&mut self, party: PartyId, order: StopOrder) -> Outcome {
        match order.what {
            StopWhat::Job(job) => self.own_job(job, party)?,
            StopWhat::Robot(r) => match self.cell(r)?.robot.lease {
                Some(held) => self.own_job(held.job, party)?,
                None => return no(Code::NotFound),
            },
            StopWhat::Level(l) => need(self.owns_level(party, l), Code::ScopeMissing)?,
            StopWhat::Site {} => need(self.owns_site(party), Code::ScopeMissing)?,
            StopWhat::Fleet(_) | StopWhat::Tenant {} => return no(Code::ScopeMissing),
        }
        self.stop(order, Voice::Requester)
    }

    /// The site stops one robot on its floor, all on a level, or all.
    pub fn stop_by_site(&mut self, what: FloorStop, power_off: bool, exit: bool) -> Outcome {
        need(self.cx.role == Role::SI, Code::RoleForbidden)?;
        let what = match what {
            FloorStop::Robot(r) => StopWhat::Robot(r),
            FloorStop::Level(l) => StopWhat::Level(l),
            FloorStop::Everything {} => StopWhat::Site {},
        };
        self.stop(StopOrder { what, power_off, exit, reason: "SITE".to_owned() }, Voice::Site)
    }

    /// An operator stops the robot that it is at.
    pub(crate) fn stop_by_operator(&mut self, operator: OperatorId, assist: AssistId, exit: bool) -> Outcome {
        let a = self.s.desk.active(self.now(), operator, assist).map_err(crate::operator::refused)?;
        let what = StopWhat::Robot(a.request.robot);
        self.stop(StopOrder { what, power_off: false, exit, reason: "OPERATOR".to_owned() }, Voice::Operator)
    }

    /// A stop is not acknowledged: the robot is told again, and when that does not help, its owner and the site hear of it.
    pub(crate) fn stop_unheard(&mut self, robot: RobotId, s: &StopState) {
        if s.level == 0 {
            if let Some(c) = self.touch_robot(robot) {
                c.robot.stop_repeated(s.stop);
            }
        } else {
            sometimes!(true, "a stop is not acknowledged");
            self.emit_robot(robot, RobotEvent::StopEscalated { stop: s.stop, level: 2 });
            if let Ok(party) = self.cell(robot).map(|c| c.robot.owner) {
                self.wish(Wish::Disobeys { party, robot, what: Disobeyed::Stop(s.stop) });
            }
            self.facility(FacilityOrder::Alarm { robot, code: "STOP_UNACKED".to_owned() });
        }
        self.repeat_orders(robot);
    }

    fn stop(&mut self, order: StopOrder, voice: Voice) -> Outcome {
        let stop: StopId = self.new_id();
        need(order.reason.len() <= 128, Code::SchemaInvalid)?;
        check_text("reason", &order.reason)?;
        let scope = match order.what {
            StopWhat::Robot(r) => Scope::Robot(self.cell(r)?.robot.id),
            StopWhat::Job(j) => match self.job(j)?.robot() {
                Some(r) => Scope::Robot(r),
                None => return no(Code::NotBoundRobot),
            },
            StopWhat::Level(l) => Scope::Level(l),
            StopWhat::Site {} => Scope::Site {},
            StopWhat::Fleet(owner) => Scope::Fleet(owner),
            StopWhat::Tenant {} => Scope::Tenant {},
        };
        self.s.stops.check(scope, voice, order.power_off).map_err(refused)?;
        let robots = self.covered(scope);
        // A level where nobody is stands still for whoever comes.
        let is_place = matches!(scope, Scope::Level(l) if (l as usize) < self.world.site.levels.len());
        need(is_place || !robots.is_empty(), Code::NotFound)?;
        let then = if order.exit { Then::Exit } else { Then::Wait };
        self.issue(Stop {
            stop,
            scope,
            power_off: order.power_off,
            then,
            reason: order.reason,
            voice,
            actor: self.cx.actor,
            at: self.now(),
            because: None,
            robots,
            agreed: Vec::new(),
        });
        Ok(())
    }

    /// Robots that a stop of this scope covers now.
    fn covered(&self, scope: Scope) -> Vec<RobotId> {
        let covers = |c: &&crate::state::RobotCell| match scope {
            Scope::Robot(r) => c.robot.id == r,
            Scope::Level(l) => c.robot.pose.level == l,
            Scope::Site {} | Scope::Tenant {} => true,
            Scope::Fleet(owner) => c.robot.owner == owner,
        };
        self.s.robots.values().filter(covers).map(|c| c.robot.id).collect()
    }

    /// A stop by the platform's own decision; not in force yet.
    pub(crate) fn own_stop(&mut self, scope: Scope, reason: String) -> Stop {
        Stop {
            stop: self.new_id(),
            scope,
            power_off: false,
            then: Then::Wait,
            reason,
            voice: Voice::Trust,
            actor: self.cx.actor,
            at: self.now(),
            because: None,
            robots: self.covered(scope),
            agreed: Vec::new(),
        }
    }

    /// A stop comes into force: every robot that it covers is told, and work under way waits or is left.
    pub(crate) fn issue(&mut self, s: Stop) {
        sometimes!(s.robots.len() > 1, "many robots stopped at once");
        self.halt_robots(&s);
        for robot in &s.robots {
            self.stand_still(&s, *robot);
        }
    }

    /// What a robot that is stopped was about waits, or is left.
    fn stand_still(&mut self, s: &Stop, robot: RobotId) {
        let cause = match (s.voice, s.scope) {
            (Voice::Owner, Scope::Robot(_)) => Cause::OwnerStop,
            (Voice::Owner, _) => Cause::FleetStop,
            (_, Scope::Robot(_)) => Cause::Stop,
            _ => Cause::FloorStop,
        };
        let Some(job) = self.cell(robot).ok().and_then(|c| c.robot.lease).map(|h| h.job) else { return };
        let Ok(j) = self.job(job) else { return };
        match s.then {
            Then::Exit if j.status.class() == Class::Inside => self.safe_exit(job, cause, None),
            // Outside nobody waits for a robot that stands: the job goes to another, or back to it once it may move.
            _ if j.status.class() == Class::Booked => self.unfit(job, ReleaseReason::Stopped, cause),
            _ => {
                let reason = if self.is_own(s, robot) { StallReason::OwnerStop } else { StallReason::RemoteStop };
                let events = batch::stall(j, reason, self.now());
                self.emit_all(job, events);
            }
        }
    }

    /// Something serious happened while a robot worked: it brakes and stays until an operator lets it go on, or it leaves. It is
    /// no stop that latches.
    pub(crate) fn brake(&mut self, job: JobId, robot: RobotId) {
        let Ok(j) = self.job(job) else { return };
        let works = matches!(j.status, Status::Executing | Status::Assisted | Status::Stalled);
        let Some(lease) = j.lease().filter(|_| works) else { return };
        let Some(c) = self.touch_robot(robot) else { return };
        c.braked = Some(lease);
        self.order(robot, Order::Hold { lease, on: true });
    }

    /// Help is over, and nobody has let the robot go on: it is told to stay once more, wherever a hand has brought it.
    pub(crate) fn brake_again(&mut self, job: JobId) {
        if let Some(robot) = self.job(job).ok().and_then(Job::robot).filter(|_| self.is_braked(job)) {
            self.brake(job, robot);
        }
    }

    /// Was the robot of a job told to brake, and has no operator let it go on? Until then no word of its own resumes the work.
    pub(crate) fn is_braked(&self, job: JobId) -> bool {
        let Ok(j) = self.job(job) else { return false };
        let cell = j.robot().and_then(|r| self.s.robots.get(&r));
        j.lease().is_some() && cell.is_some_and(|c| c.braked == j.lease())
    }

    /// Work goes on: whoever was told to brake may drive.
    pub(crate) fn let_drive(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let (Some(robot), Some(lease)) = (j.robot(), j.lease()) else { return };
        let Some(c) = self.touch_robot(robot).filter(|c| c.braked == Some(lease)) else { return };
        c.braked = None;
        self.order(robot, Order::Hold { lease, on: false });
    }

    /// A stop comes into force for its robots. What becomes of their work is said elsewhere.
    pub(crate) fn halt_robots(&mut self, s: &Stop) {
        self.s.stops.issue(s.clone());
        for robot in &s.robots {
            self.tell_stop(s, *robot);
        }
    }

    fn tell_stop(&mut self, s: &Stop, robot: RobotId) {
        self.emit_robot(
            robot,
            RobotEvent::StopIssued {
                stop: s.stop,
                scope: s.scope,
                power_off: s.power_off,
                then: s.then,
                reason: s.reason.clone(),
                because: s.because,
            },
        );
        self.order(robot, Order::Stop { stop: s.stop, power_off: s.power_off });
    }

    /// Is it its owner who answers for a stop of a robot? For one of its own word, and for one of a whole level that the platform
    /// has stopped because of a robot of the same owner.
    fn is_own(&self, s: &Stop, robot: RobotId) -> bool {
        let owner = |r: RobotId| self.s.robots.get(&r).map(|c| c.robot.owner);
        s.voice == Voice::Owner || s.because.is_some_and(|b| owner(b) == owner(robot))
    }

    /// When a robot stood still by a stop that its owner answers for, or else by those of others.
    pub(crate) fn stops_of(&self, robot: RobotId, own: bool) -> impl Iterator<Item = Window> + '_ {
        let now = self.now();
        let open = self.s.stops.over(robot).filter(move |s| self.is_own(s, robot) == own).map(move |s| Window { start: s.at, end: now });
        let over = self.s.robots.get(&robot).map(|c| if own { &c.own_stops } else { &c.other_stops });
        over.into_iter().flatten().copied().chain(open)
    }

    /// Is a robot kept where it is by somebody else than its owner, and not for what it did itself? By whom?
    fn held_by(&self, robot: RobotId) -> Option<Voice> {
        let itself = |s: &Stop| self.is_own(s, robot) || matches!((s.voice, s.scope), (Voice::Trust, Scope::Robot(_)));
        let others = self.s.stops.over(robot).filter(|s| !itself(s));
        others.map(|s| s.voice).max()
    }

    /// Who answers for it that nobody could come to a job because of stops: if the robot that had it last, or every robot of its
    /// owner, may not move, or nobody is let into a level that its work is on, nobody; or the requester, if it alone keeps that
    /// robot, or shuts that level.
    pub(crate) fn kept_by(&self, j: &Job) -> Option<Fault> {
        if let Some(voice) = j.legs.last().and_then(|l| self.held_by(l.offer.robot)).or_else(|| self.shut_for(j)) {
            return Some(if voice == Voice::Requester { Fault::Requester } else { Fault::None });
        }
        let owner = j.pins.as_deref()?.owner;
        let mut own = self.s.robots.values().filter(|c| c.robot.owner == owner).map(|c| c.robot.id).peekable();
        (own.peek().is_some() && own.all(|r| self.held_by(r).is_some())).then_some(Fault::None)
    }

    /// By whom a level is stopped that work of a job is on.
    fn shut_for(&self, j: &Job) -> Option<Voice> {
        let level = |s: &nooterra_jobs::terms::Step| self.world.site.vertices.get(s.place as usize).map(|v| v.level.ix);
        let on: BTreeSet<u32> = j.steps().iter().skip(usize::from(j.checkpoint)).filter_map(level).collect();
        let shuts = |s: &&Stop| match s.scope {
            Scope::Level(l) => on.contains(&l),
            Scope::Site {} | Scope::Tenant {} => true,
            Scope::Robot(_) | Scope::Fleet(_) => false,
        };
        self.s.stops.active.values().filter(shuts).map(|s| s.voice).max()
    }

    /// Is work stopped now, and by whom: nobody answers for what others do, and the owner for its own stop beside theirs.
    pub(crate) fn stopped_by(&self, j: &Job) -> Option<Fault> {
        if j.status != Status::Stalled || !j.stall_reason.is_some_and(StallReason::is_stop) {
            return None;
        }
        let own = j.robot().is_some_and(|r| self.s.stops.over(r).any(|s| self.is_own(s, r)));
        Some(if own { Fault::Owner } else { Fault::None })
    }

    /// Somebody agrees that a stop is over.
    pub fn clear_stop(&mut self, stop: StopId, voice: Voice) -> Outcome {
        let actor = self.cx.actor;
        // Whoever may not see a stop is not told of it.
        if let Some(s) = self.s.stops.active.get(&stop) {
            let touches = match (voice, s.scope) {
                (Voice::Owner, Scope::Fleet(owner)) => owner.as_bytes() == &actor,
                (Voice::Owner, _) => s.robots.iter().all(|r| self.cell(*r).is_ok_and(|c| c.robot.owner.as_bytes() == &actor)),
                (Voice::Requester | Voice::Operator, _) => s.actor == actor,
                _ => true,
            };
            need(touches, Code::NotFound)?;
        }
        let done = self.s.stops.clearing(stop, voice, actor).map_err(refused)?;
        let over = self.s.stops.clear(stop, voice, actor);
        if let (Cleared::Over, Some(s)) = (done, over) {
            for robot in s.robots.clone() {
                let w = Window { start: s.at, end: self.now() };
                if self.is_own(&s, robot) {
                    self.keep_own_stop(robot, w);
                } else {
                    self.keep_other_stop(robot, w);
                }
                self.stop_over(robot, stop, voice);
            }
            self.trigger_dispatch();
        }
        Ok(())
    }

    /// A stop that its owner answers for is over: it is remembered as long as work that is open may have stood under it.
    fn keep_own_stop(&mut self, robot: RobotId, w: Window) {
        let of = |j: &&Job| !j.status.is_terminal() && j.legs.iter().any(|l| l.offer.robot == robot);
        let needed = self.s.jobs.values().filter(of).map(begun).min();
        if let Some(c) = self.touch_robot(robot) {
            remember(&mut c.own_stops, w, needed);
        }
    }

    /// A stop by somebody else than its owner is over: the last of them are remembered.
    fn keep_other_stop(&mut self, robot: RobotId, w: Window) {
        if let Some(c) = self.touch_robot(robot) {
            if c.other_stops.len() == OTHER_STOPS_KEPT {
                c.other_stops.pop_front();
            }
            c.other_stops.push_back(w);
        }
    }

    /// A robot that has come to a level where everything stands still stands still as well.
    pub(crate) fn join_stops(&mut self, robot: RobotId, level: u32) {
        let here = |s: &&Stop| s.scope == Scope::Level(level) && !s.robots.contains(&robot);
        let joins: Vec<Stop> = self.s.stops.active.values().filter(here).cloned().collect();
        for s in joins {
            sometimes!(true, "a robot comes to a level that is stopped");
            if let Some(active) = self.s.stops.active.get_mut(&s.stop) {
                active.robots.push(robot);
            }
            self.tell_stop(&s, robot);
            self.stand_still(&s, robot);
        }
    }

    /// Staff let one robot go: every stop of it alone is over. Those of a site or a fleet need others to agree.
    pub fn clear_robot_stops(&mut self, robot: RobotId) -> Outcome {
        self.cell(robot)?;
        let own = |s: &&Stop| s.scope == Scope::Robot(robot);
        let stops: Vec<StopId> = self.s.stops.over(robot).filter(own).map(|s| s.stop).collect();
        need(!stops.is_empty(), Code::AlreadyDone)?;
        for stop in stops {
            self.clear_stop(stop, Voice::Staff)?;
        }
        Ok(())
    }

    fn stop_over(&mut self, robot: RobotId, stop: StopId, by: Voice) {
        self.emit_robot(robot, RobotEvent::StopCleared { stop, by });
        self.order(robot, Order::ClearStop { stop });
        if let Some(c) = self.touch_robot(robot) {
            c.bygone.let_go(stop, c.robot.order_seq);
        }
        let Ok(c) = self.cell(robot) else { return };
        if !c.robot.stops.is_empty() {
            return;
        }
        let Some(job) = c.robot.lease.map(|h| h.job) else { return };
        let Ok(j) = self.job(job) else { return };
        if j.status == Status::Stalled && j.stall_reason.is_some_and(StallReason::is_stop) && !self.is_braked(job) {
            let stalled = j.stall_since.map_or(Span::ZERO, |s| self.now().since(s));
            self.emit(job, Event::ExecutionResumed { stalled });
        }
        self.ask_entry(job);
    }
}

#[cfg(test)]
mod tests {
    use super::{OWN_STOPS_KEPT, remember};
    use nooterra_engine::time::Instant;
    use nooterra_jobs::terms::Window;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    fn window(start: u64, len: u64) -> Window {
        Window { start: Instant(start), end: Instant(start + len) }
    }

    fn holds(all: &VecDeque<Window>, t: u64) -> bool {
        all.iter().any(|w| w.start.0 <= t && t < w.end.0)
    }

    proptest! {
        #[test]
        fn what_is_needed_is_never_washed_out(all in prop::collection::vec((0u64..20, 0u64..9), 0..300), needed in prop::option::of(0u64..3_000)) {
            let (mut kept, mut at, mut each) = (VecDeque::new(), 0, VecDeque::new());
            for (gap, len) in all {
                // Some begin before the last one has ended.
                let w = window((at + gap).saturating_sub(6), len);
                at = w.end.0.max(at);
                each.push_back(w);
                remember(&mut kept, w, needed.map(Instant));
                prop_assert!(kept.len() <= OWN_STOPS_KEPT);
                prop_assert!(kept.iter().zip(kept.iter().skip(1)).all(|(a, b)| a.end < b.start), "{kept:?}");
            }
            for t in needed.into_iter().flat_map(|n| n..at) {
                prop_assert!(!holds(&each, t) || holds(&kept, t), "{t}");
            }
        }
    }

    #[test]
    fn short_ones_do_not_wash_a_long_one_out() {
        for (needed, stays) in [(Some(Instant(150)), true), (Some(Instant(200)), false), (None, false)] {
            let mut kept = VecDeque::from([window(100, 100)]);
            for n in 0..64 {
                remember(&mut kept, window(300 + 10 * n, 0), needed);
            }
            assert_eq!(kept, [window(100, 100)], "empty ones are none");
            for n in 0..64 {
                remember(&mut kept, window(300 + 10 * n, 5), needed);
            }
            assert_eq!(holds(&kept, 180), stays, "{needed:?}");
        }
    }
}
