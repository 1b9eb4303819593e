//! Traffic: keeps robots apart on the lanes of a site, and none waits for ever.
//!
//! All moves of all robots stand in one order (their `seq`). In that order, each move finds every other robot out of
//! its way. It is released only when every earlier move that conflicts with it has ended: so whatever delays happen,
//! two robots never hold conflicting resources, and the first move of the order can always go on. Only a few moves
//! are released ahead; the rest is planned anew whenever something changes.
//!
//! The road map is derived from the site and handed in at each call; everything else here is state.
#![allow(clippy::cast_possible_truncation)] // positions in lists of robots and lanes

mod attempt;
mod escort;
mod joint;
mod open;
mod order;
mod plan;
mod replan;
mod roadmap;
mod sipp;
#[cfg(test)]
mod tests;
mod words;
#[cfg(test)]
pub(crate) use tests::support as tests_support;

pub use roadmap::{RoadMap, RobotClass, entrance_bar, level_bar};
pub use words::{Goal, Move, Place, Progress, Release, TrafficError, Wait, WaitCause};

use nooterra_engine::ids::RobotId;
use nooterra_engine::{Instant, Record, Span};
use nooterra_site::{LaneIx, VertexIx};
use std::collections::{BTreeMap, BTreeSet};

/// Moves are released for about this much driving ahead.
const AHEAD_MS: u64 = 8_000;
/// But at least this many.
const AHEAD_MOVES: usize = 2;
/// A robot that waits this long for another's earlier move makes everybody plan anew.
const PATIENCE: Span = Span::from_secs(10);
/// So does a robot on its last planned moves that is not there yet, if the plan is this old.
const ONWARD: Span = Span::from_secs(2);
/// And a goal that no plan reaches yet.
const RETRY: Span = Span::from_secs(5);
/// How long a robot is expected to work at a place before any has.
const STAY_MS: u64 = 15_000;
/// Nor is it expected to stay longer than this.
const STAY_MOST_MS: u64 = 600_000;
/// One step of priority is worth this much age.
const PRIORITY_NS: i128 = 60_000_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Step {
    seq: u64,
    lane: LaneIx,
    released: bool,
    ends: Instant,
}

#[derive(Debug, Clone, PartialEq, Record)]
struct Bot {
    class: u32,
    /// The vertex it reached last.
    at: VertexIx,
    steps: Vec<Step>,
    goal: Goal,
    /// The vertex that the goal comes to.
    target: Option<VertexIx>,
    priority: i32,
    goal_since: Instant,
    /// When it last got somewhere or was let go on.
    moved: Instant,
    /// The least way that was ever left to its goal, milliseconds, and since when.
    nearest_ms: u32,
    nearest_at: Instant,
    halted: bool,
    /// Its arrival was told.
    told: bool,
    why_not: Option<WaitCause>,
    /// Areas that it may not enter, and bars of entrances and levels.
    barred: BTreeSet<u32>,
}

impl Bot {
    fn committed(&self, map: &RoadMap) -> VertexIx {
        self.steps.iter().rfind(|s| s.released).map_or(self.at, |s| map.lane_to(s.lane))
    }
    fn pinned(&self) -> bool {
        matches!(self.goal, Goal::Vertex(v) if v == self.at) && self.steps.is_empty()
    }
    /// The way left to a vertex, over lanes that are not shut for it.
    fn left_ms(&self, map: &RoadMap, from: VertexIx, to: VertexIx) -> Option<u64> {
        map.travel_without_ms(self.class, from, to, &self.barred)
    }
    fn rank(&self) -> i128 {
        i128::from(self.goal_since.0) - i128::from(self.priority) * PRIORITY_NS
    }
}

/// The traffic of one site.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Traffic {
    bots: BTreeMap<RobotId, Bot>,
    closed: BTreeSet<LaneIx>,
    last_seq: u64,
    /// Moves up to this one, and those they wait for, outlive planning anew: a knot is being untangled.
    guard: Option<u64>,
    dirty: bool,
    planned: Instant,
    plans: u64,
    joint_plans: u64,
    /// How long robots worked where they had to, on a sliding average.
    stay_ms: u64,
}

impl Traffic {
    /// No robots yet.
    pub fn new() -> Self {
        Self { stay_ms: STAY_MS, ..Self::default() }
    }

    /// Puts a robot on a vertex.
    pub fn add_robot(&mut self, map: &RoadMap, robot: RobotId, class: u32, vertex: VertexIx, now: Instant) -> Result<(), TrafficError> {
        if self.bots.contains_key(&robot) {
            return Err(TrafficError::KnownRobot(robot));
        }
        if class as usize >= map.classes.len() {
            return Err(TrafficError::UnknownClass(class));
        }
        on_graph(map, class, vertex)?;
        let comes_by = |b: &Bot| {
            let released = b.steps.iter().filter(|s| s.released);
            released.into_iter().any(|s| map.conflict(b.class, map.lane_res(s.lane.ix), class, vertex.ix))
        };
        if let Some((by, _)) = self.bots.iter().find(|(_, b)| comes_by(b)) {
            return Err(TrafficError::Occupied { vertex: vertex.ix, by: *by });
        }
        // What was planned but not released did not count with it.
        self.guard = None;
        self.dirty = true;
        let bot = Bot {
            class,
            at: vertex,
            steps: Vec::new(),
            goal: Goal::None,
            target: None,
            priority: 0,
            goal_since: now,
            moved: now,
            nearest_ms: u32::MAX,
            nearest_at: now,
            halted: false,
            told: false,
            why_not: None,
            barred: map.guarded().clone(),
        };
        self.bots.insert(robot, bot);
        Ok(())
    }

    /// Does nobody stand at a vertex, come by it or drive to it?
    pub fn is_clear(&self, map: &RoadMap, class: u32, vertex: VertexIx) -> bool {
        let meets = |b: &Bot, res| map.conflict(b.class, res, class, vertex.ix);
        !self.bots.values().any(|b| {
            meets(b, b.at.ix)
                || b.target.is_some_and(|t| meets(b, t.ix))
                || b.steps.iter().any(|s| meets(b, map.lane_res(s.lane.ix)) || meets(b, map.lane_to(s.lane).ix))
        })
    }

    /// Takes a robot off the site.
    pub fn remove_robot(&mut self, robot: RobotId) -> Result<(), TrafficError> {
        self.bots.remove(&robot).ok_or(TrafficError::UnknownRobot(robot))?;
        self.dirty = true;
        self.guard = None;
        Ok(())
    }

    /// Gives a robot a goal; moves released before are still to be made. Higher priority goes first, then the older goal.
    pub fn set_goal(&mut self, map: &RoadMap, robot: RobotId, goal: Goal, priority: i32, now: Instant) -> Result<(), TrafficError> {
        let bot = self.bots.get_mut(&robot).ok_or(TrafficError::UnknownRobot(robot))?;
        match &goal {
            Goal::None => {}
            Goal::Vertex(v) => on_graph(map, bot.class, *v)?,
            Goal::AnyOf { places } => places.iter().try_for_each(|v| on_graph(map, bot.class, *v))?,
        }
        if bot.goal == goal && bot.priority == priority {
            // The same again: its age counts on, unless it had come there; its arrival is told again.
            if std::mem::take(&mut bot.told) {
                bot.goal_since = now;
            }
            return Ok(());
        }
        if bot.pinned() && bot.told {
            let stayed = (now.since(bot.moved).0 / 1_000_000).min(STAY_MOST_MS);
            self.stay_ms = (7 * self.stay_ms + stayed) / 8;
        }
        // A choice is made when planning.
        bot.target = if let Goal::Vertex(v) = &goal { Some(*v) } else { None };
        bot.goal = goal;
        bot.priority = priority;
        bot.goal_since = now;
        (bot.nearest_ms, bot.nearest_at) = (u32::MAX, now);
        bot.told = false;
        bot.why_not = None;
        self.dirty = true;
        Ok(())
    }

    /// What a robot may not enter from now on: areas, and bars of entrances and levels. Says whether moves released before lead
    /// it there.
    pub fn bar(&mut self, map: &RoadMap, robot: RobotId, barred: BTreeSet<u32>) -> Result<bool, TrafficError> {
        let bot = self.bots.get_mut(&robot).ok_or(TrafficError::UnknownRobot(robot))?;
        if bot.barred == barred {
            return Ok(false);
        }
        let enters = bot.steps.iter().any(|s| s.released && map.is_shut(bot.class, s.lane, &barred));
        bot.barred = barred;
        // What was planned but not released may lead there too.
        self.dirty = true;
        self.guard = None;
        Ok(enters)
    }
    /// Areas that it may not enter, and bars of entrances and levels.
    pub fn barred(&self, robot: RobotId) -> Option<&BTreeSet<u32>> {
        self.bots.get(&robot).map(|b| &b.barred)
    }

    /// A robot has ended a move (and all its earlier ones).
    pub fn reached(&mut self, map: &RoadMap, robot: RobotId, seq: u64, now: Instant) -> Result<Progress, TrafficError> {
        let bot = self.bots.get_mut(&robot).ok_or(TrafficError::UnknownRobot(robot))?;
        let Some(n) = bot.steps.iter().position(|s| s.seq == seq && s.released) else {
            let ended = bot.steps.first().is_none_or(|s| seq < s.seq) && seq <= self.last_seq;
            return if ended { Ok(Progress::Known) } else { Err(TrafficError::UnknownMove { robot, seq }) };
        };
        bot.at = map.lane_to(bot.steps[n].lane);
        bot.steps.drain(..=n);
        bot.moved = now;
        if let Some(left) = bot.target.and_then(|t| bot.left_ms(map, bot.at, t)).and_then(|ms| u32::try_from(ms).ok())
            && left < bot.nearest_ms
        {
            (bot.nearest_ms, bot.nearest_at) = (left, now);
        }
        if !bot.steps.is_empty() {
            return Ok(Progress::Moving);
        }
        if bot.target == Some(bot.at) {
            self.dirty |= bot.pinned();
            return Ok(Progress::AtGoal);
        }
        self.dirty |= bot.target.is_some();
        Ok(Progress::Waiting)
    }

    /// A robot stopped for good, died or is lost: it holds the place given, else everything it was released to.
    pub fn halted(&mut self, map: &RoadMap, robot: RobotId, place: Option<Place>, now: Instant) -> Result<(), TrafficError> {
        self.put(map, robot, place, now)?.halted = true;
        self.dirty = true;
        self.guard = None;
        Ok(())
    }

    /// A halted robot moves again, from the place given; on a lane it drives to the lane's end, which is released anew.
    /// Without a place it goes on with the moves released before.
    pub fn recovered(&mut self, map: &RoadMap, robot: RobotId, place: Option<Place>, now: Instant) -> Result<(), TrafficError> {
        self.put(map, robot, place, now)?.halted = false;
        self.dirty = true;
        self.guard = None;
        Ok(())
    }

    fn put(&mut self, map: &RoadMap, robot: RobotId, place: Option<Place>, now: Instant) -> Result<&mut Bot, TrafficError> {
        let seq = self.last_seq + 1;
        let bot = self.bots.get_mut(&robot).ok_or(TrafficError::UnknownRobot(robot))?;
        match place {
            None => bot.steps.retain(|s| s.released),
            Some(Place::Vertex(v)) => {
                on_graph(map, bot.class, v)?;
                bot.at = v;
                bot.steps.clear();
            }
            Some(Place::Lane(lane)) => {
                if lane.at() >= map.lanes() {
                    return Err(TrafficError::UnknownLane(lane.ix));
                }
                on_graph(map, bot.class, map.lane_to(lane))?;
                bot.at = map.lane_from(lane);
                bot.steps.retain(|s| s.released && s.lane == lane);
                bot.steps.truncate(1);
                if bot.steps.is_empty() {
                    self.last_seq = seq;
                    bot.steps.push(Step { seq, lane, released: true, ends: now });
                }
            }
        }
        bot.moved = now;
        Ok(bot)
    }

    /// The moves of a robot from `seq` on were not and will not be handed to it.
    pub fn withdraw(&mut self, robot: RobotId, seq: u64) -> Result<(), TrafficError> {
        let bot = self.bots.get_mut(&robot).ok_or(TrafficError::UnknownRobot(robot))?;
        bot.steps.retain(|s| s.seq < seq);
        self.dirty = true;
        self.guard = None;
        Ok(())
    }

    /// Nobody is let onto a lane from now on (moves released before are still made).
    pub fn close_lane(&mut self, lane: LaneIx) {
        if self.closed.insert(lane) {
            self.dirty = true;
            self.guard = None;
        }
    }

    /// A lane is free again.
    pub fn open_lane(&mut self, lane: LaneIx) {
        self.dirty |= self.closed.remove(&lane);
    }

    /// Plans anew if something changed, and lets go whoever may go.
    pub fn plan(&mut self, map: &RoadMap, now: Instant) -> Vec<Release> {
        let patience = now.since(self.planned) >= PATIENCE && self.bots.values().any(|b| waits_long(b, now));
        nooterra_engine::sometimes!(patience, "robot waited long for another");
        let retry = now.since(self.planned) >= RETRY && self.bots.values().any(|b| b.why_not.is_some());
        let onward = now.since(self.planned) >= ONWARD && self.bots.values().any(|b| b.needs_more(map));
        if self.dirty || patience || retry || onward {
            self.replan(map, now);
        }
        self.release(map, now)
    }

    /// Robots that have come to stand at their goals, each told once; to be asked after [`Traffic::plan`]. A robot may
    /// arrive without a last report: when it stands there to make room and is then let stay.
    pub fn arrivals(&mut self) -> Vec<(RobotId, VertexIx)> {
        let mut out = Vec::new();
        for (id, b) in &mut self.bots {
            if !b.told && !b.halted && b.steps.is_empty() && b.target == Some(b.at) {
                b.told = true;
                out.push((*id, b.at));
            }
        }
        out
    }

    /// When [`Traffic::plan`] should be called next although nothing is reported: to retry what waits.
    pub fn next_deadline(&self, map: &RoadMap) -> Option<Instant> {
        if self.dirty {
            return Some(self.planned);
        }
        // One look at each: every input asks.
        let (mut refused, mut blocked) = (false, None);
        for b in self.bots.values() {
            if b.needs_more(map) {
                return Some(self.planned + ONWARD);
            }
            refused |= b.why_not.is_some();
            if !b.halted && b.steps.first().is_some_and(|s| !s.released) {
                let until = b.moved.max(self.planned) + PATIENCE;
                blocked = Some(blocked.map_or(until, |at: Instant| at.min(until)));
            }
        }
        if refused { Some(self.planned + RETRY) } else { blocked }
    }

    /// Robots that would go on but may not.
    pub fn waits(&self, map: &RoadMap) -> Vec<Wait> {
        let mut out = Vec::new();
        for (id, bot) in &self.bots {
            if bot.halted {
                continue;
            }
            if let Some(s) = bot.steps.first().filter(|s| !s.released) {
                let waits_for = self.in_the_way(map, *id, bot, s);
                out.push(Wait { robot: *id, since: bot.moved, cause: WaitCause::Order, waits_for });
            } else if bot.steps.is_empty()
                && bot.target != Some(bot.at)
                && let Some(cause) = bot.why_not
            {
                out.push(Wait { robot: *id, since: bot.moved, cause, waits_for: None });
            }
        }
        out
    }

    /// The robots, ascending.
    pub fn robots(&self) -> impl Iterator<Item = RobotId> + '_ {
        self.bots.keys().copied()
    }
    /// The vertex that a robot reached last.
    pub fn at(&self, robot: RobotId) -> Option<VertexIx> {
        self.bots.get(&robot).map(|b| b.at)
    }
    /// The vertex that a robot's goal comes to.
    pub fn target(&self, robot: RobotId) -> Option<VertexIx> {
        self.bots.get(&robot).and_then(|b| b.target)
    }
    /// Does it stand at its goal, with no moves left?
    pub fn at_goal(&self, robot: RobotId) -> bool {
        self.bots.get(&robot).is_some_and(|b| b.steps.is_empty() && b.target == Some(b.at))
    }
    /// Does it stand at the one place where it shall work?
    pub fn stands_fast(&self, robot: RobotId) -> bool {
        self.bots.get(&robot).is_some_and(Bot::pinned)
    }
    /// Is it an obstacle?
    pub fn is_halted(&self, robot: RobotId) -> bool {
        self.bots.get(&robot).is_some_and(|b| b.halted)
    }
    /// Its moves in force, released first; the flag says released.
    pub fn moves<'a>(&'a self, map: &'a RoadMap, robot: RobotId) -> impl Iterator<Item = (Move, bool)> + 'a {
        let steps = self.bots.get(&robot).map_or(&[][..], |b| &b.steps);
        steps.iter().map(|s| (Move { seq: s.seq, lane: s.lane, to: map.lane_to(s.lane) }, s.released))
    }
    /// When its last planned move should end, if it has moves and they lead to its goal.
    pub fn eta(&self, map: &RoadMap, robot: RobotId) -> Option<Instant> {
        let bot = self.bots.get(&robot)?;
        let last = bot.steps.last()?;
        (Some(map.lane_to(last.lane)) == bot.target).then_some(last.ends)
    }
    /// Plans made, and how many of them needed a joint search.
    pub fn plans(&self) -> (u64, u64) {
        (self.plans, self.joint_plans)
    }

    /// Whose earlier move a step has to wait for.
    fn in_the_way(&self, map: &RoadMap, id: RobotId, bot: &Bot, step: &Step) -> Option<RobotId> {
        let res = map.lane_res(step.lane.ix);
        for (other_id, other) in self.bots.iter().filter(|(o, _)| **o != id) {
            let earlier = other.steps.iter().take_while(|s| s.seq < step.seq);
            if earlier.into_iter().any(|s| map.conflict(bot.class, res, other.class, map.lane_res(s.lane.ix))) {
                return Some(*other_id);
            }
        }
        None
    }

    fn release(&mut self, map: &RoadMap, now: Instant) -> Vec<Release> {
        let mut out = Vec::new();
        let ids: Vec<RobotId> = self.bots.keys().copied().collect();
        for id in ids {
            let bot = &self.bots[&id];
            if bot.halted {
                continue;
            }
            let (mut ahead_ms, mut n) = (0, 0);
            for step in &bot.steps {
                if !step.released
                    && ((n >= AHEAD_MOVES && ahead_ms >= AHEAD_MS)
                        || self.closed.contains(&step.lane)
                        || map.is_shut(bot.class, step.lane, &bot.barred)
                        || self.in_the_way(map, id, bot, step).is_some())
                {
                    break;
                }
                ahead_ms += map.lane_ms(bot.class, step.lane);
                n += 1;
            }
            let fresh: Vec<Move> =
                bot.steps[..n].iter().filter(|s| !s.released).map(|s| Move { seq: s.seq, lane: s.lane, to: map.lane_to(s.lane) }).collect();
            if fresh.is_empty() {
                continue;
            }
            if let Some(bot) = self.bots.get_mut(&id) {
                if !bot.steps[0].released {
                    bot.moved = now;
                }
                bot.told = false;
                bot.steps[..n].iter_mut().for_each(|s| s.released = true);
            }
            out.push(Release { robot: id, moves: fresh });
        }
        out
    }
}

impl Bot {
    /// It drives its last planned moves, and they do not end at its goal.
    fn needs_more(&self, map: &RoadMap) -> bool {
        let Some(last) = self.steps.last().filter(|s| s.released && !self.halted) else { return false };
        self.target.is_some_and(|t| t != map.lane_to(last.lane))
    }
    /// Where the kept steps leave it.
    fn committed_all(&self, map: &RoadMap) -> VertexIx {
        self.steps.last().map_or(self.at, |s| map.lane_to(s.lane))
    }
}

fn waits_long(b: &Bot, now: Instant) -> bool {
    !b.halted && b.steps.first().is_some_and(|s| !s.released) && now.since(b.moved) >= PATIENCE
}

fn on_graph(map: &RoadMap, class: u32, vertex: VertexIx) -> Result<(), TrafficError> {
    if map.is_member(class, vertex) { Ok(()) } else { Err(TrafficError::OffGraph { vertex: vertex.ix, class }) }
}
