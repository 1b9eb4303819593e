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

use super::field::{FAR, Field, STEP};
use super::floor::{Floor, NONE};
use super::moves::{DEPTH_MAX, Moves};
use super::shift::Chains;
use nooterra_engine::Record;
use nooterra_site::grid::Action;

/// How often one robot is asked to give way for the sake of one other.
const ASKED_MAX: u32 = 3;
/// How much more the most urgent robot's costs weigh than the least urgent one's.
const SHARE: u64 = 64;

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
    pub field: Option<&'f Field>,
    /// Costs to the goal after that, where they are known.
    pub after: Option<&'f Field>,
    /// The goal; for a robot without one, where it stands.
    pub goal: u32,
    /// The smaller, the more urgent.
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
    /// Who is on each cell after each of the next steps, `NONE` if nobody; the first is now.
    pub(super) tables: Vec<Vec<u32>>,
    /// Cells of each robot now and after each step.
    pub(super) paths: Vec<u32>,
    pub(super) actions: Vec<Action>,
    pub(super) cost: Vec<i32>,
    /// The sequences that each robot can go, best first, as `(cost, sequence)`, as far as worked out in this step.
    choices: Vec<(i32, u16)>,
    chosen: Vec<u16>,
    known: Vec<bool>,
    order: Vec<u32>,
    pub(super) rank: Vec<u32>,
    /// What each robot's costs count in the sum: the square of how urgent it is.
    weight: Vec<i32>,
    /// On the way down from the robot that asked first.
    asking: Vec<bool>,
    /// For whose sake each robot was asked last, and how often.
    asked: Vec<(u32, u32)>,
    /// Searches for a better plan so far.
    searches: u32,
    left: u32,
    steps: Vec<(u32, u8, u8)>,
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

/// What stands between a robot and a sequence.
enum Way {
    Free,
    One(u32),
    Barred,
}

impl Planner {
    /// A planner for as many robots as the crew has, whose plans become its own if they fit, and waits if they do not.
    pub fn new(floor: &Floor, depth: usize, crew: &mut Crew) -> Self {
        let moves = Moves::new(depth);
        let n = crew.cells.len();
        let d = moves.depth;
        let choices = moves.list.len();
        let mut p = Self {
            n,
            tables: vec![vec![NONE; floor.cells()]; d + 1],
            paths: vec![NONE; n * (d + 1)],
            actions: vec![Action::Wait; n * d],
            cost: vec![0; n],
            choices: vec![(0, 0); n * choices],
            chosen: vec![0; n],
            known: vec![false; n],
            order: Vec::with_capacity(n),
            rank: vec![0; n],
            weight: vec![1; n],
            asking: vec![false; n],
            asked: vec![(0, 0); n],
            searches: 0,
            left: 0,
            steps: vec![(0, 0, 0); moves.nodes.len()],
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
        self.order.extend((0u32..).take(self.n));
        self.order.sort_unstable_by_key(|a| (aims[*a as usize].rank, *a));
        for (rank, a) in (0u32..).zip(&self.order) {
            self.rank[*a as usize] = rank;
            let share = (self.n as u64 - u64::from(rank)) * SHARE / self.n as u64;
            self.weight[*a as usize] = 1 + (share * share / SHARE) as i32;
        }
        for a in &self.fixed {
            self.rank[*a as usize] = 0;
            self.asking[*a as usize] = true;
        }
        self.known.fill(false);
        self.moved.fill(false);
        for (a, aim) in aims.iter().enumerate() {
            self.cost[a] = self.cost_of_plan(floor, crew, a, aim);
        }
        let order = std::mem::take(&mut self.order);
        for a in &order {
            let a = *a as usize;
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
            self.tables[0][self.paths[a * (d + 1)] as usize] = NONE;
        }
        self.tables.rotate_left(1);
        for (a, me) in (0..self.n).zip(0u32..) {
            let first = self.actions[a * d];
            crew.headings[a] = turned(crew.headings[a], first);
            let path = &mut self.paths[a * (d + 1)..(a + 1) * (d + 1)];
            path.copy_within(1.., 0);
            crew.cells[a] = path[0];
            self.tables[d][path[d] as usize] = me;
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
            self.tables[s][self.paths[a * (d + 1) + s] as usize] = me;
        }
    }

    pub(super) fn take(&mut self, a: usize) {
        let d = self.moves.depth;
        for s in 1..=d {
            self.tables[s][self.paths[a * (d + 1) + s] as usize] = NONE;
        }
    }

    pub(super) fn cost_of_plan(&self, floor: &Floor, crew: &Crew, a: usize, aim: &Aim<'_>) -> i32 {
        let d = self.moves.depth;
        let path = &self.paths[a * (d + 1)..(a + 1) * (d + 1)];
        let heading = self.actions[a * d..(a + 1) * d].iter().fold(crew.headings[a], |h, x| turned(h, *x));
        let arrived = path.iter().skip(1).position(|c| *c == aim.goal).map_or(0, |s| s + 1);
        cost(floor, aim, path[d], heading, arrived, d)
    }

    /// True if a move is closed to a robot.
    pub(super) fn is_closed(&self, a: usize, cell: u32, heading: u8) -> bool {
        !self.closed.is_empty() && a as u32 != self.leader && self.closed[4 * cell as usize + usize::from(heading)]
    }

    /// Sequences that a robot can go, with their costs, best first.
    fn choose(&mut self, floor: &Floor, crew: &Crew, a: usize, aim: &Aim<'_>) {
        let (d, all) = (self.moves.depth, self.moves.list.len());
        let mut count = 0;
        for (i, node) in self.moves.nodes.iter().enumerate() {
            let (cell, heading, arrived) =
                if node.steps == 1 { (crew.cells[a], crew.headings[a], 0) } else { self.steps[node.before as usize] };
            let to = match node.action {
                _ if cell == NONE => NONE,
                Action::Forward if self.is_closed(a, cell, heading) => NONE,
                Action::Forward => floor.ahead(cell, heading),
                _ => cell,
            };
            let heading = turned(heading, node.action);
            let arrived = if arrived == 0 && to == aim.goal && to != NONE { node.steps } else { arrived };
            self.steps[i] = (to, heading, arrived);
            if let Some(sequence) = node.ends
                && to != NONE
            {
                self.choices[a * all + count] = (cost(floor, aim, to, heading, arrived as usize, d), sequence);
                count += 1;
            }
        }
        self.choices[a * all..a * all + count].sort_unstable();
        self.chosen[a] = count as u16;
        self.known[a] = true;
    }

    /// True if a robot's plan already takes it nearer at every step, or does so with another action in place of the wait
    /// that the plan was carried over with.
    fn goes_on(&mut self, floor: &Floor, crew: &Crew, a: usize, aim: &Aim<'_>) -> bool {
        let d = self.moves.depth;
        let Some(field) = aim.field else { return self.cost[a] == 0 };
        let best = field.at(floor.place[crew.cells[a] as usize], crew.headings[a]) as i32 - (d as u32 * STEP) as i32;
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
            let cost = cost(floor, aim, to, turned(heading, action), arrived, d);
            if cost > best {
                continue;
            }
            if action == Action::Forward {
                let other = self.tables[d - 1][to as usize];
                if self.tables[d][to as usize] != NONE || (other != NONE && self.tables[d][from as usize] == other) {
                    return false;
                }
                self.tables[d][from as usize] = NONE;
                self.tables[d][to as usize] = a as u32;
                self.paths[a * (d + 1) + d] = to;
            }
            self.actions[a * d + d - 1] = action;
            self.cost[a] = cost;
            return true;
        }
        false
    }

    /// Looks for a better plan for one robot. With `ranks`, less urgent robots give way at any cost to them; else whoever
    /// is in the way does, if the sum of all costs becomes smaller.
    fn better(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>], a: usize, tries: u32, ranks: bool) {
        if !self.known[a] {
            self.choose(floor, crew, a, &aims[a]);
        }
        let all = self.moves.list.len();
        if self.chosen[a] == 0 || self.choices[a * all].0 >= self.cost[a] {
            return;
        }
        self.left = tries;
        self.searches += 1;
        let old = self.hold(a);
        self.take(a);
        let root = ranks.then(|| self.rank[a]);
        if !self.seek(floor, crew, aims, a, root, 0, true) {
            self.restore(a, old);
        }
    }

    /// Finds a plan for a robot whose own is taken out of the tables. `spent` is what others lost for it so far.
    #[allow(clippy::too_many_arguments)] // one walk down a chain of robots
    fn seek(&mut self, floor: &Floor, crew: &Crew, aims: &[Aim<'_>], a: usize, root: Option<u32>, spent: i32, first: bool) -> bool {
        if !self.known[a] {
            self.choose(floor, crew, a, &aims[a]);
        }
        let all = self.moves.list.len();
        self.asking[a] = true;
        let was = self.cost[a];
        let mut done = false;
        for k in 0..self.chosen[a] as usize {
            let (cost, sequence) = self.choices[a * all + k];
            let total = spent.saturating_add(cost.saturating_sub(was).saturating_mul(self.weight[a]));
            // The one who asks wants to be better off; without ranks all together do.
            if (first && cost >= was) || (root.is_none() && total >= 0) {
                break;
            }
            if self.left == 0 {
                break;
            }
            match self.way(floor, crew, a, sequence) {
                Way::Free => {
                    self.put(a);
                    self.cost[a] = cost;
                    done = true;
                    break;
                }
                Way::One(b) => {
                    let b = b as usize;
                    if self.asking[b] || root.map_or(aims[b].first, |r| self.rank[b] <= r) {
                        continue;
                    }
                    if self.asked[b].0 != self.searches {
                        self.asked[b] = (self.searches, 0);
                    }
                    if self.asked[b].1 >= ASKED_MAX {
                        continue;
                    }
                    self.asked[b].1 += 1;
                    self.left -= 1;
                    let old = self.hold(b);
                    self.take(b);
                    self.put(a);
                    self.cost[a] = cost;
                    if self.seek(floor, crew, aims, b, root, total, false) {
                        done = true;
                        break;
                    }
                    self.take(a);
                    self.cost[a] = was;
                    self.restore(b, old);
                }
                Way::Barred => {}
            }
        }
        self.asking[a] = false;
        self.moved[a] |= done;
        done
    }

    fn hold(&self, a: usize) -> ([Action; DEPTH_MAX], [u32; DEPTH_MAX + 1], i32) {
        let d = self.moves.depth;
        let (mut actions, mut path) = ([Action::Wait; DEPTH_MAX], [NONE; DEPTH_MAX + 1]);
        actions[..d].copy_from_slice(&self.actions[a * d..(a + 1) * d]);
        path[..=d].copy_from_slice(&self.paths[a * (d + 1)..(a + 1) * (d + 1)]);
        (actions, path, self.cost[a])
    }

    fn restore(&mut self, a: usize, (actions, path, cost): ([Action; DEPTH_MAX], [u32; DEPTH_MAX + 1], i32)) {
        let d = self.moves.depth;
        self.actions[a * d..(a + 1) * d].copy_from_slice(&actions[..d]);
        self.paths[a * (d + 1)..(a + 1) * (d + 1)].copy_from_slice(&path[..=d]);
        self.cost[a] = cost;
        self.put(a);
    }

    /// Writes a sequence as a robot's plan, and says who is in its way.
    fn way(&mut self, floor: &Floor, crew: &Crew, a: usize, sequence: u16) -> Way {
        let d = self.moves.depth;
        let actions = self.moves.list[sequence as usize];
        let (mut cell, mut heading) = (crew.cells[a], crew.headings[a]);
        let (me, mut other) = (a as u32, NONE);
        self.paths[a * (d + 1)] = cell;
        for (s, action) in actions.into_iter().enumerate().take(d) {
            let from = cell;
            if action == Action::Forward {
                cell = floor.ahead(cell, heading);
                // Whoever comes the other way at the same time.
                let b = self.tables[s][cell as usize];
                if b != NONE && b != me && self.tables[s + 1][from as usize] == b {
                    if other != NONE && other != b {
                        return Way::Barred;
                    }
                    other = b;
                }
            }
            heading = turned(heading, action);
            let b = self.tables[s + 1][cell as usize];
            if b != NONE && b != me {
                if other != NONE && other != b {
                    return Way::Barred;
                }
                other = b;
            }
            self.actions[a * d + s] = action;
            self.paths[a * (d + 1) + s + 1] = cell;
        }
        if other == NONE { Way::Free } else { Way::One(other) }
    }
}

pub(super) fn turned(heading: u8, action: Action) -> u8 {
    match action {
        Action::Clockwise => (heading + 1) & 3,
        Action::CounterClockwise => (heading + 3) & 3,
        Action::Forward | Action::Wait => heading,
    }
}

/// What is left to do after a sequence. Who arrives early has the rest of the steps to go on.
fn cost(floor: &Floor, aim: &Aim<'_>, cell: u32, heading: u8, arrived: usize, depth: usize) -> i32 {
    let place = floor.place[cell as usize];
    // Who has no goal keeps near where it is.
    let Some(field) = aim.field else { return (floor.apart(aim.goal, cell) * STEP) as i32 };
    if arrived == 0 {
        return field.at(place, heading).min(FAR) as i32;
    }
    match aim.after {
        Some(after) => after.at(place, heading) as i32 - after.least(floor.place[aim.goal as usize]) as i32,
        None => -((depth - arrived) as i32 * STEP as i32),
    }
}

/// The next of a row of numbers that look drawn.
pub(super) const fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
