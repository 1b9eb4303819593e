//! Moving robots: goals into traffic, released moves through doors and lifts, routes out to robots, progress back in.

use crate::fact::SiteEvent;
use crate::state::State;
use crate::unit::Unit;
use crate::wish::Wish;
use nooterra_dispatch::facilities::{DoorMode, LiftReport, Wish as Facility};
use nooterra_dispatch::traffic::{Goal, Move, Place, RoadMap};
use nooterra_engine::Record;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{OrderId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_port::facility::DoorState;
use nooterra_port::order::{Route, RouteEdge, RouteNode};
use nooterra_port::{FacilityOrder, Order};
use nooterra_site::{DoorIx, LaneIx, LevelIx, LiftIx, VertexIx};
use std::collections::{BTreeSet, VecDeque};

/// Reports of this span are planned for together.
const GATHER: Span = Span::from_millis(50);
/// Doors and lifts are looked after at most this often without a report.
const FACILITY_LEAST: Span = Span::from_millis(100);
/// A lane closed for an obstruction is tried again after this.
const REOPEN: Span = Span::from_secs(60);
/// Priority of robots that leave the places of their job: their exit is timed, and others may wait to come in.
pub(crate) const LEAVING: i32 = 20;
/// A robot further than this from a vertex has left it, metres.
const LEFT_M: f64 = 0.3;
/// Rounds of traffic and facilities answering each other in one unit.
const ROUNDS: usize = 4;

/// Timer codes of the site stream.
pub(crate) const TRAFFIC_AT: u8 = 0;
pub(crate) const FACILITY_AT: u8 = 1;
pub(crate) const ASKS_AT: u8 = 2;
pub(crate) const REOPEN_AT: u8 = 3;

/// What is to be armed for the site.
pub(crate) fn wanted(s: &State, map: &RoadMap, out: &mut Vec<(u8, Instant)>) {
    let traffic = s.traffic_touched.map(|t| t.saturating_add(GATHER)).or_else(|| s.traffic.next_deadline(map));
    out.extend(traffic.map(|t| (TRAFFIC_AT, t.max(s.traffic_at.saturating_add(GATHER)))));
    out.extend(s.facilities.next_deadline().map(|t| (FACILITY_AT, t.max(s.facilities_at.saturating_add(FACILITY_LEAST)))));
    out.extend(s.asks_at.filter(|_| !s.asks.is_empty()).map(|t| (ASKS_AT, t)));
    out.extend(s.obstructed.values().min().map(|t| (REOPEN_AT, *t)));
}

/// A node sent to a robot and not yet reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct WayNode {
    /// Its sequence id in the movement order.
    pub sequence_id: u32,
    /// Its vertex.
    pub vertex: u32,
    /// Traffic's move that ends there.
    pub step: u64,
}

/// The movement order of a robot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Way {
    /// The order, once there was one.
    pub order: Option<OrderId>,
    /// Its last update.
    pub update: u32,
    /// Sequence id of the last node sent.
    pub last_id: u32,
    /// Vertex of the last node sent.
    pub last_vertex: u32,
    /// Nodes sent and not yet reached.
    pub nodes: VecDeque<WayNode>,
    /// The last node sent was called the place where it shall work.
    pub is_goal: bool,
    /// It drives back from an obstruction.
    pub is_back: bool,
}

impl Unit<'_> {
    /// Traffic has to be planned soon.
    pub fn traffic_changed(&mut self) {
        self.s.traffic_touched.get_or_insert(self.cx.legal);
    }

    /// Sends a robot to a vertex to work there.
    pub fn drive_to(&mut self, robot: RobotId, vertex: u32, priority: i32) {
        self.aim(robot, Goal::Vertex(VertexIx::new(vertex)), priority);
    }

    /// Sends a robot out of the way: home, or to any place where it may wait without end.
    pub fn send_home(&mut self, robot: RobotId) {
        let Ok(c) = self.cell(robot) else { return };
        let entry = c.entry;
        let home = self.s.genesis.robots.get(entry as usize).map_or(0, |e| e.home);
        let from = self.s.traffic.at(robot).map_or(home, |v| v.ix);
        // A robot that still holds a lease has to leave the places of that job.
        let job = c.robot.lease.and_then(|h| self.s.jobs.get(&h.job));
        let barred: Vec<u32> = job.map(|j| j.steps().iter().map(|s| s.place).collect()).unwrap_or_default();
        let rests = self.world.parkings(entry, from).into_iter().map(|(_, v)| v).chain([home]);
        let mut places: Vec<VertexIx> = Vec::new();
        for v in rests.filter(|v| !barred.contains(v)).map(VertexIx::new) {
            if !places.contains(&v) {
                places.push(v);
            }
        }
        if places.is_empty() {
            places = self.world.standing_places(entry).filter(|v| !barred.contains(&v.ix)).collect();
        }
        // Its exit is timed, and others may wait to come in.
        let priority = if barred.is_empty() { 0 } else { LEAVING };
        self.aim(robot, Goal::AnyOf { places }, priority);
    }

    fn aim(&mut self, robot: RobotId, goal: Goal, priority: i32) {
        let now = self.now();
        let work = matches!(goal, Goal::Vertex(_));
        if self.s.traffic.set_goal(&self.world.map, robot, goal, priority, now).is_err() {
            return;
        }
        self.traffic_changed();
        if work {
            if let Some(c) = self.touch_robot(robot) {
                c.way.is_goal = false;
            }
            if self.s.traffic.at_goal(robot) {
                self.route_here(robot);
            }
        }
    }

    /// A robot stands where it shall work already: a route of one node says so.
    fn route_here(&mut self, robot: RobotId) {
        let Some(at) = self.s.traffic.at(robot) else { return };
        let order: OrderId = self.new_id();
        if let Some(c) = self.touch_robot(robot) {
            c.way = Way { order: Some(order), last_vertex: at.ix, is_goal: true, ..Way::default() };
        }
        let nodes = vec![RouteNode { sequence_id: 0, vertex: at.ix, is_goal: true }];
        self.order(robot, Order::Route(Route { order, update: 0, nodes, edges: Vec::new() }));
    }

    /// A robot reports the last node that it reached.
    pub fn progress(&mut self, robot: RobotId, order: Option<OrderId>, last_id: u32) {
        let Ok(c) = self.cell(robot) else { return };
        if order.is_none() || c.way.order != order {
            return;
        }
        let Some(step) = c.way.nodes.iter().take_while(|n| n.sequence_id <= last_id).last().map(|n| n.step) else { return };
        let now = self.now();
        if let Some(c) = self.s.robots.get_mut(&robot) {
            c.way.nodes.retain(|n| n.sequence_id > last_id);
        }
        if self.s.traffic.reached(&self.world.map, robot, step, now).is_ok() {
            self.s.facilities.reached(&self.world.site, robot, step);
            self.traffic_changed();
            self.run_facilities();
        }
    }

    /// Plans traffic anew if need be, and hands out what is released.
    pub fn run_traffic(&mut self) {
        self.s.traffic_touched = None;
        self.s.traffic_at = self.cx.legal;
        for _ in 0..ROUNDS {
            let releases = self.s.traffic.plan(&self.world.map, self.cx.legal);
            self.s.facilities.released(&self.world.site, &releases);
            if !self.run_facilities() {
                break;
            }
        }
        self.tell_arrivals();
    }

    /// Who got its goal while it was on its way there, or about to make room there, was not told that it is the goal.
    fn tell_arrivals(&mut self) {
        for (robot, _) in self.s.traffic.arrivals() {
            let told = self.cell(robot).is_ok_and(|c| c.way.is_goal);
            if self.s.traffic.stands_fast(robot) && !told {
                nooterra_engine::sometimes!(true, "arrived before it was sent");
                self.route_here(robot);
            }
        }
    }

    /// Looks after doors and lifts; true if traffic has to plan again.
    pub fn run_facilities(&mut self) -> bool {
        let now = self.now();
        self.s.facilities_at = now;
        let wishes = self.s.facilities.step(&self.world.site, now);
        let mut replan = false;
        for w in wishes {
            match w {
                Facility::GoAhead { robot, moves } => {
                    self.hand_out(robot, &moves);
                    let lanes: Vec<LaneIx> = moves.iter().map(|m| m.lane).collect();
                    self.announce(robot, &lanes);
                }
                Facility::Door { door, open, number } => {
                    let passes = if open { self.passes_of(door) } else { Vec::new() };
                    self.facility(FacilityOrder::Door { door: door.ix, open, number, passes, at: now });
                }
                Facility::Lift { lift, level, session, number } => {
                    let (passes, session) = (self.passes_in(lift, session), Some(session));
                    let (lift, level) = (lift.ix, level.ix);
                    self.facility(FacilityOrder::Lift { lift, level, doors_open: true, session, number, passes, at: now });
                }
                Facility::LiftEnd { lift, number, .. } => {
                    let level = self.s.facilities_level(lift);
                    let (passes, lift) = (Vec::new(), lift.ix);
                    self.facility(FacilityOrder::Lift { lift, level, doors_open: false, session: None, number, passes, at: now });
                }
                Facility::CloseLanes { lanes } => {
                    for l in lanes {
                        self.s.traffic.close_lane(l);
                        self.emit_site(SiteEvent::LaneClosed { lane: l.ix });
                    }
                    replan = true;
                }
                Facility::OpenLanes { lanes } => {
                    for l in lanes {
                        self.s.traffic.open_lane(l);
                        self.emit_site(SiteEvent::LaneOpened { lane: l.ix });
                    }
                    replan = true;
                }
                Facility::Withdrawn { robot, seq } => {
                    let _ = self.s.traffic.withdraw(robot, seq);
                    replan = true;
                }
            }
        }
        if replan {
            self.traffic_changed();
        }
        replan
    }

    /// Moves that a robot may make now become a route, or its continuation.
    fn hand_out(&mut self, robot: RobotId, moves: &[Move]) {
        let goal = self.s.traffic.target(robot);
        let last_step = self.s.traffic.moves(&self.world.map, robot).last().map(|(m, _)| m.seq);
        let at = self.s.traffic.at(robot).map_or(0, |v| v.ix);
        let fresh: OrderId = self.new_id();
        let site = self.world.site.clone();
        let Some(c) = self.touch_robot(robot) else { return };
        let way = &mut c.way;
        if way.order.is_none() || way.nodes.is_empty() {
            *way = Way { order: Some(fresh), last_vertex: at, ..Way::default() };
        } else {
            way.update += 1;
        }
        let mut nodes = vec![RouteNode { sequence_id: way.last_id, vertex: way.last_vertex, is_goal: false }];
        let mut edges = Vec::with_capacity(moves.len());
        for m in moves {
            let lane = &site.lanes[m.lane.at()];
            let is_goal = goal == Some(m.to) && last_step == Some(m.seq);
            let sequence_id = way.last_id + 2;
            edges.push(RouteEdge {
                sequence_id: sequence_id - 1,
                lane: m.lane.ix,
                speed_mm_s: limit_mm_s(lane.speed_limit_mps),
                ride: lane.ride.is_some(),
            });
            nodes.push(RouteNode { sequence_id, vertex: m.to.ix, is_goal });
            way.nodes.push_back(WayNode { sequence_id, vertex: m.to.ix, step: m.seq });
            way.last_id = sequence_id;
            way.last_vertex = m.to.ix;
            way.is_goal = is_goal;
        }
        let route = Route { order: way.order.unwrap_or(fresh), update: way.update, nodes, edges };
        self.order(robot, Order::Route(route));
    }

    /// A wish to the site controller.
    pub fn facility(&mut self, order: FacilityOrder) {
        let site = self.s.genesis.site;
        self.wish(Wish::Facility { site, order });
    }

    /// A door reported its state.
    pub fn door_reported(&mut self, door: u32, state: DoorState, number: u64) {
        if self.world.site.doors.get(door as usize).is_none() {
            return;
        }
        let mode = match state {
            DoorState::Closed => DoorMode::Closed,
            DoorState::Moving => DoorMode::Moving,
            DoorState::Open => DoorMode::Open,
            DoorState::Blocked => DoorMode::Unknown,
        };
        self.s.facilities.door_state(DoorIx::new(door), mode, number, self.cx.legal);
        self.run_facilities();
    }

    /// A lift reported its state.
    pub fn lift_reported(&mut self, lift: u32, level: Option<u32>, doors: DoorState, session: Option<RobotId>, number: u64) {
        if self.world.site.lifts.get(lift as usize).is_none() {
            return;
        }
        let known = self.s.facilities_level(LiftIx::new(lift));
        let report = LiftReport {
            level: LevelIx::new(level.unwrap_or(known)),
            is_open: level.is_some() && doors == DoorState::Open,
            session,
            is_available: doors != DoorState::Blocked,
            number,
        };
        if let Some(l) = level {
            self.s.lift_levels.insert(lift, l);
        }
        self.s.facilities.lift_state(LiftIx::new(lift), report);
        self.run_facilities();
    }

    /// Something stands on a lane. Where another way leads to the goal, that one is taken; where none does and somebody can
    /// be asked for help, the robot stays before it.
    pub fn obstructed(&mut self, robot: RobotId, lane: u32) {
        if self.is_shut_in(robot, lane) {
            self.shut_in(robot, lane);
        } else {
            self.close_way(robot, lane);
        }
    }

    /// Does a way lead around this lane to where the robot is to go?
    pub fn leads_around(&self, robot: RobotId, lane: u32) -> bool {
        let (Some(from), Some(to)) = (self.s.traffic.at(robot), self.s.traffic.target(robot)) else { return true };
        let Ok(class) = self.cell(robot).map(|c| self.world.classes[c.entry as usize]) else { return true };
        let map = &self.world.map;
        let reverse = self.world.site.lanes.get(lane as usize).and_then(|l| l.reverse).map(|l| l.ix);
        let barred = self.s.traffic.barred(robot).cloned().unwrap_or_default();
        let shut = |l: u32| {
            let closed = l == lane || Some(l) == reverse || self.s.obstructed.contains_key(&l);
            closed || map.is_shut(class, LaneIx::new(l), &barred)
        };
        let (mut seen, mut next) = (BTreeSet::from([from]), vec![from]);
        while let Some(v) = next.pop() {
            if v == to {
                return true;
            }
            next.extend(map.lanes_from(class, v).filter(|l| !shut(l.ix)).map(|l| map.lane_to(l)).filter(|v| seen.insert(*v)));
        }
        false
    }

    /// A lane is closed for a while, and the robot before it starts anew from its last vertex.
    pub fn close_way(&mut self, robot: RobotId, lane: u32) {
        let Some(l) = self.world.site.lanes.get(lane as usize) else { return };
        nooterra_engine::sometimes!(true, "way planned anew");
        let both = [Some(LaneIx::new(lane)), l.reverse];
        let until = self.now().saturating_add(REOPEN);
        for l in both.into_iter().flatten() {
            if self.s.obstructed.insert(l.ix, until).is_none() {
                self.s.traffic.close_lane(l);
                self.emit_site(SiteEvent::LaneClosed { lane: l.ix });
            }
        }
        self.restart(robot);
    }

    /// The robot drops what is left of its way and is planned for anew, from the vertex it reached last. If it has left
    /// that one, it first drives back there, and holds the lane until then.
    pub(crate) fn restart(&mut self, robot: RobotId) {
        let (Some(at), now) = (self.s.traffic.at(robot), self.now()) else { return };
        let first = self.s.traffic.moves(&self.world.map, robot).next().map(|(m, _)| m);
        let back = first.and_then(|m| self.way_back(robot, m));
        if back.is_some() && self.is_out_for_good(robot, at) {
            // Where it came from it may not be any more: it waits until it can go on.
            return;
        }
        let place = back.map_or(Place::Vertex(at), Place::Lane);
        let _ = self.s.traffic.recovered(&self.world.map, robot, Some(place), now);
        if let Some(m) = first {
            self.s.facilities.withdraw(robot, m.seq);
        }
        if let Some(c) = self.touch_robot(robot) {
            c.way.nodes.clear();
        }
        if back.is_some() {
            self.send_to(robot, at.ix, true);
        }
        self.traffic_changed();
    }

    /// The robot may not go where it was let before: it goes on to the end of the lane that it is on, and is planned for anew
    /// from there. If that very lane leads where it may not be, it starts anew.
    pub(crate) fn cut_short(&mut self, robot: RobotId) {
        let moves: Vec<Move> = self.s.traffic.moves(&self.world.map, robot).map(|(m, _)| m).collect();
        let (Some(first), now) = (moves.first().copied(), self.now()) else { return };
        let (Ok(c), Some(lane)) = (self.cell(robot), self.world.site.lanes.get(first.lane.at())) else { return };
        if self.s.traffic.is_halted(robot) {
            return;
        }
        let class = self.world.classes[c.entry as usize];
        let leads_in = self.s.traffic.barred(robot).is_some_and(|b| self.world.map.is_shut(class, first.lane, b));
        // What waits for a door was not handed out yet.
        if leads_in || c.way.nodes.iter().all(|n| n.step != first.seq) {
            return self.restart(robot);
        }
        if lane.ride.is_some() || lane.lift_door.is_some() {
            return; // who is in a lift rides on, and keeps out by itself
        }
        let _ = self.s.traffic.recovered(&self.world.map, robot, Some(Place::Lane(first.lane)), now);
        if let Some(next) = moves.get(1) {
            self.s.facilities.withdraw(robot, next.seq);
        }
        self.send_to(robot, first.to.ix, false);
        self.traffic_changed();
    }

    /// The lane on which a robot comes back, if it has left the vertex before the lane of this move.
    fn way_back(&self, robot: RobotId, m: Move) -> Option<LaneIx> {
        let lane = self.world.site.lanes.get(m.lane.at())?;
        let back = lane.reverse.filter(|_| lane.ride.is_none() && lane.lift_door.is_none())?;
        let pose = &self.cell(robot).ok()?.robot.pose;
        let from = self.world.site.vertices[lane.from.at()].at;
        #[allow(clippy::cast_precision_loss)] // millimetres within a building
        let gap_m = from.dist(Vec2::new(pose.x_mm as f64 * 1e-3, pose.y_mm as f64 * 1e-3));
        (gap_m > LEFT_M).then_some(back)
    }

    /// A route of one node, the one where traffic expects the robot next: the one that it came from, or the one ahead.
    fn send_to(&mut self, robot: RobotId, vertex: u32, is_back: bool) {
        let Some(step) = self.s.traffic.moves(&self.world.map, robot).next().map(|(m, _)| m.seq) else { return };
        nooterra_engine::sometimes!(is_back, "drove back to the last node");
        let order: OrderId = self.new_id();
        // Number 0 is reported by a robot that has reached nothing yet.
        let node = WayNode { sequence_id: 2, vertex, step };
        if let Some(c) = self.touch_robot(robot) {
            let nodes = VecDeque::from([node]);
            c.way = Way { order: Some(order), last_id: node.sequence_id, last_vertex: vertex, nodes, is_back, ..Way::default() };
        }
        let nodes = vec![RouteNode { sequence_id: node.sequence_id, vertex, is_goal: false }];
        self.order(robot, Order::Route(Route { order, update: 0, nodes, edges: Vec::new() }));
    }

    /// A robot says that it gets on again on a lane. If it was sent back, that says nothing about the obstruction.
    pub fn gets_on(&mut self, robot: RobotId, lane: u32) {
        self.let_out(robot, lane);
        if self.cell(robot).is_ok_and(|c| !c.way.is_back) {
            self.unobstructed(lane);
        }
    }

    /// The obstruction of a lane is gone.
    fn unobstructed(&mut self, lane: u32) {
        let reverse = self.world.site.lanes.get(lane as usize).and_then(|l| l.reverse).map(|l| l.ix);
        for l in [Some(lane), reverse].into_iter().flatten() {
            if self.s.obstructed.remove(&l).is_some() {
                self.s.traffic.open_lane(LaneIx::new(l));
                self.emit_site(SiteEvent::LaneOpened { lane: l });
            }
        }
        self.traffic_changed();
    }

    /// Lanes whose obstruction is old are tried again.
    pub fn reopen_lanes(&mut self) {
        let now = self.now();
        let due: Vec<u32> = self.s.obstructed.iter().filter(|(_, at)| **at <= now).map(|(l, _)| *l).collect();
        for l in due {
            self.unobstructed(l);
        }
    }

    /// A robot that does not answer or does not move holds everything that it was let onto.
    pub fn halt(&mut self, robot: RobotId) {
        let now = self.now();
        if !self.s.traffic.is_halted(robot) && self.s.traffic.halted(&self.world.map, robot, None, now).is_ok() {
            self.traffic_changed();
        }
    }

    /// It goes on with what it was let onto before.
    pub fn unhalt(&mut self, robot: RobotId) {
        let now = self.now();
        if self.s.traffic.is_halted(robot) && self.s.traffic.recovered(&self.world.map, robot, None, now).is_ok() {
            self.traffic_changed();
        }
    }

    /// People took a robot off the floor: what it held is free.
    pub fn lift_off(&mut self, robot: RobotId) {
        // One that is off the floor already holds nothing.
        let _ = self.s.traffic.remove_robot(robot);
        self.s.facilities.removed(robot);
        if let Some(c) = self.touch_robot(robot) {
            c.way = Way::default();
        }
        self.traffic_changed();
        self.run_facilities();
    }

    /// People may put a robot down at a vertex where nobody stands and to which nobody drives.
    pub fn set_down(&mut self, robot: RobotId, vertex: u32) -> bool {
        let (now, v) = (self.now(), VertexIx::new(vertex));
        let Ok(class) = self.cell(robot).map(|c| self.world.classes[c.entry as usize]) else { return false };
        let free = self.s.traffic.is_clear(&self.world.map, class, v);
        if !free || self.s.traffic.add_robot(&self.world.map, robot, class, v, now).is_err() {
            return false;
        }
        self.s.facilities.placed(&self.world.site, robot, v);
        self.traffic_changed();
        true
    }
}

impl State {
    fn facilities_level(&self, lift: LiftIx) -> u32 {
        self.lift_levels.get(&lift.ix).copied().unwrap_or(0)
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to a u32 of mm/s
fn limit_mm_s(limit_mps: Option<f64>) -> u32 {
    limit_mps.map_or(0, |v| (v * 1e3).clamp(1.0, 1e6) as u32)
}
