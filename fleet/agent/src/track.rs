//! The released way: nodes still ahead, from the last one reached. Updates extend it without a seam.

use crate::map::AgentMap;
use nooterra_engine::Record;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::ids::OrderId;
use nooterra_port::order::Route;
use nooterra_site::model::LaneOrientation;
use std::collections::VecDeque;

/// No lane leads to this node: the first of a route.
pub const NO_LANE: u32 = u32::MAX;
/// A new route must begin within this distance, or at an end of the lane that the robot is on.
const START_REACH_M: f64 = 6.0;
/// Closer than this to its first node, the robot stands on it.
const START_AT_M: f64 = 0.15;
/// Longest route taken.
const NODES_MAX: usize = 4_096;

/// A node ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Node {
    /// Its sequence id.
    pub sequence_id: u32,
    /// Its vertex.
    pub vertex: u32,
    /// Stop precisely here.
    pub is_goal: bool,
    /// Lane that leads here.
    pub lane: u32,
    /// Limit on that lane, mm/s; 0 for none.
    pub speed_mm_s: u32,
    /// That lane is a ride.
    pub ride: bool,
}

/// The way under the robot's wheels: from `a` towards `b`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// From.
    pub a: Vec2,
    /// To.
    pub b: Vec2,
    /// The node at its end.
    pub node: Node,
    /// Limit on it, m/s.
    pub limit_mps: f64,
    /// Which way to face on it.
    pub facing: LaneOrientation,
}

/// Released nodes from the last one reached, or from the first one ahead if none was reached yet.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Track {
    /// The movement order.
    pub order: Option<OrderId>,
    /// Its last update.
    pub update: u32,
    nodes: VecDeque<Node>,
    /// Was the first of `nodes` reached?
    begun: bool,
    /// Where the present leg starts if that is not a node.
    leg_from: Option<Vec2>,
    /// Last node reached, by sequence id and vertex.
    pub last_sequence_id: u32,
    /// Its vertex.
    pub last_vertex: Option<u32>,
}

impl Track {
    /// Stands at a vertex without an order.
    pub fn standing_at(vertex: u32) -> Self {
        Self { last_vertex: Some(vertex), ..Self::default() }
    }
    /// A way of its own: from where it is to a vertex, and on over lanes.
    pub fn own(way: &[(u32, u32)], from: Vec2, start: Option<u32>) -> Self {
        let node = |vertex, lane| Node { sequence_id: 0, vertex, is_goal: false, lane, speed_mm_s: 0, ride: false };
        let mut nodes: VecDeque<Node> = start.into_iter().map(|v| node(v, NO_LANE)).collect();
        nodes.extend(way.iter().map(|(v, l)| node(*v, *l)));
        if let Some(last) = nodes.back_mut() {
            last.is_goal = true;
        }
        Self { nodes, leg_from: Some(from), ..Self::default() }
    }
    /// Nothing left to drive?
    pub fn is_done(&self) -> bool {
        self.nodes.len() <= usize::from(self.begun)
    }
    /// The last node reached, if the present order has one.
    pub fn last(&self) -> Option<&Node> {
        if self.begun { self.nodes.front() } else { None }
    }
    /// Nodes ahead, nearest first.
    pub fn ahead(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().skip(usize::from(self.begun))
    }
    /// The `i`-th node ahead.
    pub fn ahead_at(&self, i: usize) -> Option<&Node> {
        self.nodes.get(i + usize::from(self.begun))
    }
    /// The leg under the wheels.
    pub fn leg(&self, map: &AgentMap) -> Option<Leg> {
        let node = *self.ahead_at(0)?;
        let b = map.vertex(node.vertex)?.at;
        let a = self.leg_from.or_else(|| self.last().and_then(|n| map.vertex(n.vertex)).map(|p| p.at)).unwrap_or(b);
        let (limit_mps, facing) = lane_limits(&node, map);
        Some(Leg { a, b, node, limit_mps, facing })
    }
    /// The next leg starts from where the robot is (it has left its line).
    pub fn restart_leg(&mut self, at: Vec2) {
        self.leg_from = Some(at);
    }
    /// The first node ahead is reached.
    pub fn reach(&mut self) -> Option<Node> {
        if self.begun {
            if self.nodes.len() < 2 {
                return None;
            }
            self.nodes.pop_front();
        } else if self.nodes.is_empty() {
            return None;
        }
        self.begun = true;
        self.leg_from = None;
        let n = *self.nodes.front()?;
        self.last_sequence_id = n.sequence_id;
        self.last_vertex = Some(n.vertex);
        Some(n)
    }
    /// It is no longer where it had arrived: that node is ahead of it again. False if it did not come there by an order.
    pub fn leave(&mut self, at: Vec2) -> bool {
        let left = self.begun && !self.nodes.is_empty();
        if left {
            (self.begun, self.leg_from) = (false, Some(at));
        }
        left
    }
    /// Length of what is released from here, mm.
    pub fn length_mm(&self, map: &AgentMap, from: Vec2) -> u64 {
        let mut at = from;
        let mut sum = 0.0;
        for n in self.ahead() {
            if let Some(p) = map.vertex(n.vertex) {
                if !n.ride {
                    sum += at.dist(p.at);
                }
                at = p.at;
            }
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a sum of lengths in a building
        {
            (sum * 1e3) as u64
        }
    }

    /// Takes up a route or its continuation. Refuses with a code and changes nothing if it does not fit.
    pub fn take(&mut self, r: &Route, map: &AgentMap, pose: &Pose2, level: u32) -> Result<(), &'static str> {
        check_form(r, map)?;
        if self.order == Some(r.order) { self.extend(r) } else { self.begin(r, map, pose, level) }
    }

    fn begin(&mut self, r: &Route, map: &AgentMap, pose: &Pose2, level: u32) -> Result<(), &'static str> {
        let first = map.vertex(r.nodes[0].vertex).ok_or("NOT_FOUND")?;
        if first.level != level {
            return Err("ROUTE_OTHER_LEVEL");
        }
        let gap_m = first.at.dist(pose.at);
        // Driving towards that very node already: keep the line. Else go there from where the robot is.
        let leg = self.leg(map);
        let same_way = leg.filter(|l| l.node.vertex == r.nodes[0].vertex && !l.node.ride);
        // Both ends of the lane under the wheels are in reach however long it is.
        if gap_m > START_REACH_M && same_way.is_none() && self.last_vertex != Some(r.nodes[0].vertex) {
            return Err("ROUTE_OUT_OF_REACH");
        }
        let mut nodes: VecDeque<Node> = (0..r.nodes.len()).map(|i| node_of(r, i)).collect();
        if let (Some(l), Some(n)) = (same_way, nodes.front_mut()) {
            n.lane = l.node.lane;
            n.speed_mm_s = l.node.speed_mm_s;
        }
        let (order, update) = (Some(r.order), r.update);
        let leg_from = Some(same_way.map_or(pose.at, |l| l.a));
        *self = Self { order, update, nodes, begun: false, leg_from, last_sequence_id: 0, last_vertex: self.last_vertex };
        if gap_m <= START_AT_M && (same_way.is_none() || self.nodes.len() == 1) && (gap_m < 0.05 || self.nodes.len() > 1) {
            self.reach();
            self.leg_from = (gap_m > 0.03).then_some(pose.at);
        }
        Ok(())
    }

    fn extend(&mut self, r: &Route) -> Result<(), &'static str> {
        if r.update <= self.update {
            return Err("ROUTE_STALE");
        }
        let first = r.nodes[0].sequence_id;
        // Align the two lists at the first sequence id that both have.
        let (ours, theirs) = match self.nodes.iter().position(|n| n.sequence_id == first) {
            Some(i) => (i, 0),
            None => {
                let front = self.nodes.front().ok_or("ROUTE_CONFLICT")?.sequence_id;
                (0, r.nodes.iter().position(|n| n.sequence_id == front).ok_or("ROUTE_CONFLICT")?)
            }
        };
        let shared = (self.nodes.len() - ours).min(r.nodes.len() - theirs);
        for i in 0..shared {
            let (o, t) = (&self.nodes[ours + i], &r.nodes[theirs + i]);
            if o.sequence_id != t.sequence_id || o.vertex != t.vertex {
                return Err("ROUTE_CONFLICT"); // what was released is not taken back
            }
        }
        if shared > 0
            && let (Some(last), t) = (self.nodes.get_mut(ours + shared - 1), &r.nodes[theirs + shared - 1])
        {
            // The end of the base: whether the robot stays there is known only now.
            last.is_goal = t.is_goal;
        }
        for i in theirs + shared..r.nodes.len() {
            self.nodes.push_back(node_of(r, i));
        }
        self.update = r.update;
        Ok(())
    }
}

/// Speed limit and facing on the way to a node.
pub fn lane_limits(n: &Node, map: &AgentMap) -> (f64, LaneOrientation) {
    let ordered = if n.speed_mm_s > 0 { f64::from(n.speed_mm_s) * 1e-3 } else { f64::INFINITY };
    match map.lane(n.lane) {
        Some(l) => (l.limit_mps.min(ordered), l.facing),
        None => (ordered, LaneOrientation::Any),
    }
}

fn node_of(r: &Route, i: usize) -> Node {
    let n = &r.nodes[i];
    let e = i.checked_sub(1).map(|i| &r.edges[i]);
    Node {
        sequence_id: n.sequence_id,
        vertex: n.vertex,
        is_goal: n.is_goal,
        lane: e.map_or(NO_LANE, |e| e.lane),
        speed_mm_s: e.map_or(0, |e| e.speed_mm_s),
        ride: e.is_some_and(|e| e.ride),
    }
}

fn check_form(r: &Route, map: &AgentMap) -> Result<(), &'static str> {
    if r.nodes.is_empty() || r.nodes.len() > NODES_MAX || r.edges.len() + 1 != r.nodes.len() {
        return Err("SCHEMA_INVALID");
    }
    if r.nodes.iter().any(|n| map.vertex(n.vertex).is_none()) {
        return Err("NOT_FOUND");
    }
    for (i, n) in r.nodes.iter().enumerate() {
        let here = map.vertex(n.vertex).ok_or("NOT_FOUND")?;
        if n.sequence_id % 2 != 0 {
            return Err("SCHEMA_INVALID");
        }
        let Some(e) = r.edges.get(i) else { continue };
        let next = &r.nodes[i + 1];
        if e.sequence_id != n.sequence_id + 1 || next.sequence_id != n.sequence_id + 2 {
            return Err("SCHEMA_INVALID");
        }
        let lane = map.lane(e.lane).ok_or("NOT_FOUND")?;
        if lane.from != n.vertex || lane.to != next.vertex {
            return Err("ROUTE_BROKEN");
        }
        let there = map.vertex(next.vertex).ok_or("NOT_FOUND")?;
        if (there.level != here.level) != e.ride {
            return Err("ROUTE_BROKEN");
        }
    }
    Ok(())
}
