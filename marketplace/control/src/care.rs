//! What idle robots do meanwhile: charge, each at the dock where its turn comes first, and wait where work is likely
//! (domain 5.6). Both are tasks with a time of their own, and give way to work.

use crate::ahead::is_short;
use crate::matching::{charge_w, dock_at};
use crate::state::RobotCell;
use crate::unit::Unit;
use nooterra_dispatch::charging::{self, Demand, DockWay, Idle, ZoneWay};
use nooterra_engine::ids::{DockId, RobotId, TaskId};
use nooterra_engine::sometimes;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::status::Status;
use nooterra_operations::RobotStatus;
use nooterra_operations::event::{Event as RobotEvent, TaskKind};
use nooterra_operations::robot::Task;
use nooterra_port::Order;
use nooterra_port::order::{TaskKind as Kind, TaskOrder};
use std::collections::{BTreeMap, BTreeSet};

/// No charging takes longer.
const CHARGE_MOST: Span = Span::from_mins(8 * 60);
/// A task is given this much more than it should take.
const TASK_SLACK: Span = Span::from_secs(120);
/// The jobs matched last say what a job takes.
pub(crate) const NEEDS: usize = 32;

impl Unit<'_> {
    /// Looks after a robot that was just heard.
    pub(crate) fn care(&mut self, robot: RobotId) {
        let Ok(c) = self.cell(robot) else { return };
        let bound = c.robot.lease.is_some() && !nooterra_engine::planted!("I12 charge while a lease is held");
        if bound || !c.robot.stops.is_empty() || c.robot.status == RobotStatus::Stranded || self.s.traffic.is_halted(robot) {
            return;
        }
        let Some(at) = self.s.traffic.at(robot).map(|v| v.ix) else { return };
        match c.robot.task {
            Some(t) => self.tend(robot, &t, at),
            None => {
                if !self.seek_charge(robot, at) {
                    self.seek_work(robot, at);
                }
            }
        }
    }

    /// A task goes on: the robot sets out when its turn comes, and does there what it came for.
    fn tend(&mut self, robot: RobotId, t: &Task, at: u32) {
        let Ok(c) = self.cell(robot) else { return };
        if at == t.place && c.way.nodes.is_empty() {
            match t.kind {
                TaskKind::Charge if !c.charge_sent && !c.robot.charging => self.charge_order(robot, t.task, t.place),
                TaskKind::Charge => {}
                TaskKind::Relocate | TaskKind::Service => {
                    self.emit_robot(robot, RobotEvent::TaskEnded { task: t.task, code: String::new() });
                }
            }
            return;
        }
        let way = Span::from_millis(self.world.travel_ms(c.entry, at, t.place).unwrap_or(0));
        let before = |o: &RobotCell| o.robot.id != robot && o.robot.task.is_some_and(|o| o.place == t.place && o.from < t.from);
        if t.from > self.now() && !self.s.robots.values().any(before) {
            // Whoever had the dock before has left it already: those behind keep their turns.
            let (task, from): (TaskId, Instant) = (self.new_id(), self.now());
            let to = from.saturating_add(t.to.since(t.from));
            self.emit_robot(robot, RobotEvent::TaskEnded { task: t.task, code: "SOONER".into() });
            self.emit_robot(robot, RobotEvent::TaskPlanned { task, kind: t.kind, place: t.place, from, to });
            self.drive_to(robot, t.place, 0);
            return;
        }
        let goes = self.s.traffic.target(robot).is_some_and(|v| v.ix == t.place);
        if !goes && t.from <= self.now().saturating_add(way) {
            self.drive_to(robot, t.place, 0);
        }
    }

    /// Plans charging if the robot needs it. False: it does not.
    fn seek_charge(&mut self, robot: RobotId, at: u32) -> bool {
        let now = self.now();
        let Ok(c) = self.cell(robot) else { return false };
        if c.robot.charging {
            return true;
        }
        let policy = &self.s.genesis.policy;
        let model = &self.s.genesis.robots[c.entry as usize].model;
        let soc = c.robot.soc_bps;
        let here = self.world.site.vertices.get(at as usize).is_some_and(|v| v.flags.is_charger) && c.way.nodes.is_empty();
        let threshold = model.recharge_threshold_bps.max(policy.charge_seek_bps);
        let topped = if here { soc < policy.charge_below_bps } else { soc < threshold };
        let idle = self.idle(c);
        if !(topped || charging::must_charge(&idle) || is_short(&c.robot, self.need_ahead_j(&c.robot))) {
            return false;
        }
        let next = c.robot.ahead.first().map_or(Instant::NEVER, |h| h.from);
        let (docks, places) = self.docks(robot, at);
        let Some(dock) = charging::soonest(&docks, &BTreeMap::new()) else { return true };
        let Some((place, from)) = places.get(&dock.dock).copied() else { return true };
        let lasts = Span(dock.travel.0.saturating_add(idle.charging.0).saturating_add(TASK_SLACK.0)).min(CHARGE_MOST);
        let to = from.saturating_add(lasts).min(next);
        if to <= from {
            return true; // work comes first
        }
        sometimes!(from > now, "a robot waits for its turn to charge");
        let task: TaskId = self.new_id();
        self.emit_robot(robot, RobotEvent::TaskPlanned { task, kind: TaskKind::Charge, place, from, to });
        if let Some(t) = self.cell(robot).ok().and_then(|c| c.robot.task) {
            self.tend(robot, &t, at);
        }
        true
    }

    fn charge_order(&mut self, robot: RobotId, task: TaskId, vertex: u32) {
        let to_soc_bps = self.s.genesis.policy.charge_to_bps;
        if let Some(c) = self.touch_robot(robot) {
            c.charge_sent = true;
        }
        self.order(robot, Order::Task(TaskOrder { task, kind: Kind::Charge { vertex, to_soc_bps } }));
    }

    /// Chargers that a robot can get to, and for each where it is and from when no other robot has it.
    fn docks(&self, robot: RobotId, at: u32) -> (Vec<DockWay>, BTreeMap<DockId, (u32, Instant)>) {
        let now = self.now();
        let Ok(c) = self.cell(robot) else { return Default::default() };
        let mut kept: BTreeMap<u32, Instant> = BTreeMap::new();
        for t in self.s.robots.values().filter(|o| o.robot.id != robot).filter_map(|o| o.robot.task) {
            let until = kept.entry(t.place).or_default();
            *until = t.to.max(*until);
        }
        let mut places = BTreeMap::new();
        let way = |(ms, v): (u64, u32)| {
            let (dock, travel) = (dock_at(v), Span::from_millis(ms));
            let free = kept.get(&v).copied().unwrap_or_default().max(now);
            places.insert(dock, (v, free));
            DockWay { dock, travel, queue: Span(free.since(now).0.saturating_sub(travel.0)) }
        };
        (self.world.chargers(c.entry, at).into_iter().map(way).collect(), places)
    }

    /// How long it takes at least until a robot's battery is as full as this, seconds.
    pub(crate) fn charging_s(&self, c: &RobotCell, to_bps: u32) -> u64 {
        let m = &self.s.genesis.robots[c.entry as usize].model;
        c.robot.share_j(to_bps.saturating_sub(c.robot.soc_bps)) / charge_w(m).max(1)
    }

    fn idle(&self, c: &RobotCell) -> Idle {
        let r = &c.robot;
        // The last of it goes in slowly.
        let seconds = self.charging_s(c, self.s.genesis.policy.charge_to_bps);
        // Who is fuller than this does not charge for the median job: this is asked at each heartbeat.
        let may_be_weak = r.soc_bps < charging::CHARGE_UNTIL_BPS;
        Idle {
            robot: r.id,
            soc_bps: r.soc_bps,
            battery_j: r.battery_j,
            usable_j: r.usable_j(),
            median_need_j: may_be_weak.then(|| charging::median(self.s.needs.iter().copied().collect())).flatten(),
            charging: Span::from_secs(seconds + seconds / 2),
            docks: Vec::new(),
            relocated: r.relocated_at,
            zones: Vec::new(),
        }
    }

    /// Moves an idle robot toward work that nobody is near for.
    fn seek_work(&mut self, robot: RobotId, at: u32) {
        if !self.s.genesis.policy.relocate {
            return;
        }
        let now = self.now();
        let demand = self.unmet();
        if demand.is_empty() {
            return;
        }
        let taken: BTreeSet<u32> = self
            .s
            .robots
            .values()
            .filter(|c| c.robot.id != robot)
            .filter_map(|c| self.s.traffic.target(c.robot.id))
            .map(|v| v.ix)
            .collect();
        let is_idle = |c: &&RobotCell| c.robot.lease.is_none() && c.robot.ahead.is_empty() && c.robot.task.is_none();
        let mut places = BTreeMap::new();
        let mut idle = Vec::new();
        for c in self.s.robots.values().filter(is_idle) {
            let Some(from) = self.s.traffic.at(c.robot.id).map(|v| v.ix) else { continue };
            let mut i = self.idle(c);
            for (ms, v) in self.world.parkings(c.entry, from) {
                let Some(zone) = self.world.parking_zone(v).filter(|_| v == from || !taken.contains(&v)) else { continue };
                i.zones.push(ZoneWay { zone, travel: Span::from_millis(ms) });
                places.insert(zone, v);
            }
            idle.push(i);
        }
        let moves = charging::relocate(now, &idle, &demand);
        let Some(place) = moves.iter().find(|m| m.robot == robot).and_then(|m| places.get(&m.zone).copied()) else { return };
        let way = self.cell(robot).ok().and_then(|c| self.world.travel_ms(c.entry, at, place)).unwrap_or(0);
        sometimes!(true, "an idle robot moves toward work");
        self.send_on_task(robot, TaskKind::Relocate, place, way);
    }

    /// A task that is only to be somewhere: the robot sets out now, and has twice the time of the way.
    pub(crate) fn send_on_task(&mut self, robot: RobotId, kind: TaskKind, place: u32, way_ms: u64) {
        let (task, from): (TaskId, Instant) = (self.new_id(), self.now());
        let to = from.saturating_add(Span::from_millis(way_ms.saturating_mul(2))).saturating_add(TASK_SLACK);
        self.emit_robot(robot, RobotEvent::TaskPlanned { task, kind, place, from, to });
        self.drive_to(robot, place, 0);
    }

    /// Work that is asked for or booked and has no robot yet, by the place nearest to it where robots may wait.
    fn unmet(&self) -> Vec<Demand> {
        let waits = |s: Status| matches!(s, Status::Created | Status::Quoted | Status::Awarded | Status::Booked | Status::Handover);
        let mut out: BTreeMap<u32, u32> = BTreeMap::new();
        for j in self.s.jobs.values().filter(|j| waits(j.status)) {
            let first = j.access_place();
            let Some((_, near)) = self.world.parkings(0, first).into_iter().next() else { continue };
            *out.entry(near).or_default() += 1;
        }
        out.into_iter().filter_map(|(v, unmet)| Some(Demand { zone: self.world.parking_zone(v)?, unmet })).collect()
    }
}
