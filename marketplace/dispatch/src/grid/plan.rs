//! The traffic of a grid: every robot holds a plan of a few actions that collides with nobody's, and each step the plans
//! are bettered in order of priority.
//!
//! A plan is a sequence of [`Moves`]; all of them stand in tables of who is where after each of the next steps. After a
//! step, plans are carried over with a wait at their end, which again collides with nobody. Then each robot, most urgent
//! first, looks for a better one. If a better one collides with a single robot that is less urgent, that one is asked to
//! make room, which may ask another in turn (priority inheritance); if none finds a plan, all keep theirs. Last, robots in
//! an order drawn by chance try whatever makes the sum of costs smaller, whoever has to give way.
//!
//! What is kept between steps is the plans ([`Crew`]); all else here is worked out anew or is working memory.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // robots and cells are counted in u32, costs are small

use super::field::{Costs, STEP, cost_in};
use super::floor::{Floor, NONE};
use super::moves::{Moves, turned};
use super::seek::Asked;
use super::shift::Chains;
use super::tables::Tables;
use nooterra_engine::Record;
use nooterra_site::grid::Action;

/// How much more the most urgent robot's costs weigh than the least urgent one's.
const SHARE: u64 = 64;

/// Bits of a robot's number: there are as many as cells of a map at most.
const ROBOT_BITS: u32 = 24;
/// Ranks are less than this.
pub const RANK_END: u64 = 1 << (64 - ROBOT_BITS);

const fn robot(key: u64) -> usize {
    (key & ((1 << ROBOT_BITS) - 1)) as usize
}

/// Robots where they are, with their plans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Record)]
pub struct Crew {
    /// Cell of each.
    pub cells: Vec<u32>,
    /// Heading of each.
    pub headings: Vec<u8>,
    /// Plan of each, one after another, as numbers of [`Action`].
    pub plans: Vec<u8>,
}

/// Where a robot is to go.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aim<'f> {
    /// Costs to its goal; nothing if it has none.
    pub field: Option<Costs<'f>>,
    /// Costs to the goal after that, where they are known.
    pub after: Option<Costs<'f>>,
    /// The goal; for a robot without one, where it stands.
    pub goal: u32,
    /// What is left to do now.
    pub far: u32,
    /// The smaller, the more urgent; less than [`RANK_END`].
    pub rank: u64,
    /// Nobody asks it to give way but who is more urgent.
    pub first: bool,
    /// It may set others moving for one step ahead.
    pub shifts: bool,
}

/// How hard to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Robots that are asked to give way for one robot's sake at most.
    pub tries: u32,
    /// Cells that are looked at for a chain of robots at most; the leader looks at all.
    pub reach: u32,
    /// Robots that try to make the sum smaller after all had their turn, in percent of all.
    pub rounds_percent: u32,
}

/// Working memory of the planner.
#[derive(Debug, Clone)]
pub struct Planner {
    pub(super) moves: Moves,
    /// Robots.
    n: usize,
    pub(super) tables: Tables,
    /// Cells of each robot now and after each step.
    pub(super) paths: Vec<u32>,
    pub(super) actions: Vec<Action>,
    pub(super) cost: Vec<i32>,
    /// The goal for which each plan's cost is known; [`NONE`] if it is not.
    pub(super) aimed: Vec<u32>,
    /// Ranks and robots, in order.
    order: Vec<u64>,
    pub(super) rank: Vec<u32>,
    /// What each robot's costs count in the sum: the square of how urgent it is.
    pub(super) weight: Vec<i32>,
    /// On the way down from the robot that asked first.
    pub(super) asking: Vec<bool>,
    pub(super) asked: Asked,
    pub(super) chains: Chains,
    /// Moves that only the leader may make, while it lets others out of a narrow way: `4 * cell + heading`.
    pub(super) closed: Vec<bool>,
    pub(super) leader: u32,
    /// The leader is on that way, and may push others on into it.
    pub(super) inside: bool,
    /// Robots that keep their plans whatever anybody else would have of them.
    pub(super) fixed: Vec<u32>,
    /// Got a new plan in this step.
    pub(super) moved: Vec<bool>,
}

impl Planner {
    /// A planner for as many robots as the crew has, whose plans become its own if they fit, and waits if they do not.
    pub fn new(floor: &Floor, depth: usize, crew: &mut Crew) -> Self {
        let moves = Moves::new(depth);
        let n = crew.cells.len();
        let d = moves.depth;
        let mut p = Self {
            n,
            tables: Tables::new(floor.cells(), d),
            paths: vec![NONE; n * (d + 1)],
            actions: vec![Action::Wait; n * d],
            cost: vec![0; n],
            aimed: vec![NONE; n],
            order: Vec::with_capacity(n),
            rank: vec![0; n],
            weight: vec![1; n],
            asking: vec![false; n],
            asked: Asked::new(n),
            chains: Chains::new(floor.cells(), n),
            closed: Vec::new(),
            leader: NONE,
            inside: false,
            fixed: Vec::new(),
            moved: vec![false; n],
            moves,
        };
        if crew.plans.len() != n * d {
            crew.plans = vec![0; n * d];
        }
        for (a, w) in p.actions.iter_mut().zip(&crew.plans) {
            *a = Action::ALL[usize::from(*w) % 4];
        }
        for a in 0..n {
            p.walk(floor, crew, a);
            p.put(a);
        }
        p
    }

    /// Betters the plans of all.
    pub fn plan(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>], effort: Effort, luck: u64) {
        self.order.clear();
        self.order.extend((0u64..).zip(aims).map(|(a, aim)| aim.rank.min(RANK_END - 1) << ROBOT_BITS | a));
        self.order.sort_unstable();
        for (rank, key) in (0u32..).zip(&self.order) {
            let a = robot(*key);
            self.rank[a] = rank;
            let share = (self.n as u64 - u64::from(rank)) * SHARE / self.n as u64;
            self.weight[a] = 1 + (share * share / SHARE) as i32;
        }
        for a in &self.fixed {
            self.rank[*a as usize] = 0;
            self.asking[*a as usize] = true;
        }
        self.moved.fill(false);
        for (a, aim) in aims.iter().enumerate() {
            // A plan that was carried over ends where it did, at the same cost if it ends before the same goal.
            if aim.goal == NONE || aim.goal != self.aimed[a] || aim.field.is_none() || self.arrives(a, aim.goal) > 0 {
                self.cost[a] = self.cost_of_plan(floor, crew, a, aim);
            }
            self.aimed[a] = if aim.field.is_some() { aim.goal } else { NONE };
        }
        let order = std::mem::take(&mut self.order);
        for a in order.iter().map(|key| robot(*key)) {
            if !self.moved[a] && !self.asking[a] && !self.goes_on(floor, crew, a, &aims[a]) {
                let had = self.cost[a];
                self.better(floor, crew, aims, a, effort.tries, true);
                if self.cost[a] >= had && aims[a].shifts {
                    let reach = if a as u32 == self.leader { usize::MAX } else { effort.reach as usize };
                    self.shift(floor, crew, aims, a, reach);
                }
            }
        }
        let rounds = self.n as u64 * u64::from(effort.rounds_percent) / 100;
        let mut luck = luck;
        for _ in 0..rounds {
            luck = mixed(luck);
            let a = ((u128::from(luck) * self.n as u128) >> 64) as usize;
            if !self.asking[a] {
                self.better(floor, crew, aims, a, effort.tries, false);
            }
        }
        for a in &self.fixed {
            self.asking[*a as usize] = false;
        }
        self.order = order;
    }
    /// What each robot does in the next step.
    pub fn first_actions(&self) -> Vec<Action> {
        self.actions.iter().copied().step_by(self.moves.depth).collect()
    }

    /// The step was made as planned: plans move up by one and wait at their end.
    pub fn advance(&mut self, crew: &mut Crew) {
        let d = self.moves.depth;
        // What was now is past; its table is emptied and becomes the last.
        for a in 0..self.n {
            self.tables.set(0, self.paths[a * (d + 1)], NONE);
        }
        self.tables.advance();
        for (a, me) in (0..self.n).zip(0u32..) {
            let first = self.actions[a * d];
            crew.headings[a] = turned(crew.headings[a], first);
            let path = &mut self.paths[a * (d + 1)..(a + 1) * (d + 1)];
            path.copy_within(1.., 0);
            crew.cells[a] = path[0];
            self.tables.set(d, path[d], me);
            let actions = &mut self.actions[a * d..(a + 1) * d];
            actions.copy_within(1.., 0);
            actions[d - 1] = Action::Wait;
            for (w, x) in crew.plans[a * d..(a + 1) * d].iter_mut().zip(actions) {
                *w = *x as u8;
            }
        }
    }

    /// Works out the cells of a robot's plan; what cannot be gone becomes a wait.
    pub(super) fn walk(&mut self, floor: &Floor, crew: &Crew, a: usize) {
        let d = self.moves.depth;
        let (mut cell, mut heading) = (crew.cells[a], crew.headings[a]);
        self.paths[a * (d + 1)] = cell;
        for s in 0..d {
            let action = self.actions[a * d + s];
            if action == Action::Forward {
                match floor.ahead(cell, heading) {
                    NONE => self.actions[a * d + s] = Action::Wait,
                    to => cell = to,
                }
            }
            heading = turned(heading, action);
            self.paths[a * (d + 1) + s + 1] = cell;
        }
    }

    pub(super) fn put(&mut self, a: usize) {
        let d = self.moves.depth;
        let me = a as u32;
        for s in 0..=d {
            self.tables.set(s, self.paths[a * (d + 1) + s], me);
        }
    }

    pub(super) fn take(&mut self, a: usize) {
        let d = self.moves.depth;
        for s in 1..=d {
            self.tables.set(s, self.paths[a * (d + 1) + s], NONE);
        }
    }

    pub(super) fn cost_of_plan(&self, floor: &Floor, crew: &Crew, a: usize, aim: &Aim<'_>) -> i32 {
        let d = self.moves.depth;
        let heading = self.actions[a * d..(a + 1) * d].iter().fold(crew.headings[a], |h, x| turned(h, *x));
        Left::on(floor, aim, self.paths[a * (d + 1) + d], self.arrives(a, aim.goal), d).facing(heading)
    }

    /// The step at which a robot's plan comes to its goal; 0 if it does not.
    fn arrives(&self, a: usize, goal: u32) -> usize {
        let d = self.moves.depth;
        self.paths[a * (d + 1) + 1..(a + 1) * (d + 1)].iter().position(|c| *c == goal).map_or(0, |s| s + 1)
    }

    /// True if a move is closed to a robot.
    pub(super) fn is_closed(&self, a: usize, cell: u32, heading: u8) -> bool {
        !self.closed.is_empty() && a as u32 != self.leader && self.closed[4 * cell as usize + usize::from(heading)]
    }

    /// True if a robot's plan already takes it nearer at every step, or does so with another action in place of the wait
    /// that the plan was carried over with.
    fn goes_on(&mut self, floor: &Floor, crew: &Crew, a: usize, aim: &Aim<'_>) -> bool {
        let d = self.moves.depth;
        if aim.field.is_none() {
            return self.cost[a] == 0;
        }
        let best = aim.far as i32 - (d as u32 * STEP) as i32;
        if self.cost[a] <= best {
            return true;
        }
        if d < 2 || self.actions[a * d + d - 1] != Action::Wait {
            return false;
        }
        let path = &self.paths[a * (d + 1)..(a + 1) * (d + 1)];
        let heading = self.actions[a * d..(a + 1) * d].iter().fold(crew.headings[a], |h, x| turned(h, *x));
        let from = path[d - 1];
        let arrived = path[1..d].iter().position(|c| *c == aim.goal).map_or(0, |s| s + 1);
        for action in [Action::Forward, Action::Clockwise, Action::CounterClockwise] {
            let to = if action == Action::Forward { floor.ahead(from, heading) } else { from };
            if to == NONE || (action == Action::Forward && self.is_closed(a, from, heading)) {
                continue;
            }
            let arrived = if arrived == 0 && to == aim.goal { d } else { arrived };
            let cost = Left::on(floor, aim, to, arrived, d).facing(turned(heading, action));
            if cost > best {
                continue;
            }
            if action == Action::Forward {
                let other = self.tables.at(d - 1, to);
                if self.tables.at(d, to) != NONE || (other != NONE && self.tables.at(d, from) == other) {
                    return false;
                }
                self.tables.set(d, from, NONE);
                self.tables.set(d, to, a as u32);
                self.paths[a * (d + 1) + d] = to;
            }
            self.actions[a * d + d - 1] = action;
            self.cost[a] = cost;
            return true;
        }
        false
    }
}

/// What is left to do after a sequence, by the heading at its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    word: u32,
    plus: i32,
}

impl Left {
    /// On this cell after a sequence in which the goal was reached at the step `arrived`, if it was (0: it was not). Who
    /// arrives early has the rest of the steps to go on.
    #[inline]
    pub fn on(floor: &Floor, aim: &Aim<'_>, cell: u32, arrived: usize, depth: usize) -> Self {
        match (aim.field, aim.after) {
            // Who has no goal keeps near where it is.
            (None, _) => Self { word: 0, plus: (floor.apart(aim.goal, cell) * STEP) as i32 },
            (Some(field), _) if arrived == 0 => Self { word: field.word(floor, cell), plus: 0 },
            (_, Some(after)) => Self { word: after.word(floor, cell), plus: -(after.least(floor, aim.goal) as i32) },
            (_, None) => Self { word: 0, plus: -((depth - arrived) as i32 * STEP as i32) },
        }
    }
    #[inline]
    pub const fn facing(self, heading: u8) -> i32 {
        cost_in(self.word, heading) as i32 + self.plus
    }
}

/// The next of a row of numbers that look drawn.
pub(super) const fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
