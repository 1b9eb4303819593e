//! A crew on a grid that works off an endless list of tasks, one action a step: the rules of the League of Robot Runners
//! of 2024.
//!
//! A task is a list of places to be visited in order by one robot. So many tasks are open or on offer at any time; when
//! one is finished, the next of the list is offered. A task can change hands until its first place was visited. A step:
//! free robots choose tasks, all plan, all act, arrivals count.
#![allow(clippy::cast_possible_truncation)] // robots, cells and tasks are counted in u32

use super::branches::Branches;
use super::choose::Chooser;
use super::field::{STEP, Table};
use super::fields::Fields;
use super::floor::{Floor, NONE};
use super::passing::{self, Bridges, On, Passing};
use super::plan::{Aim, Crew, Planner};
use super::search::Search;
use super::settings::{Refusal, Settings};
use super::urgency::{View, leader};
use nooterra_engine::Record;
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::digest::{Digest, Hasher};
use nooterra_site::grid::{Action, GridMap, Heading, Pose};

const LUCK: Place = Place::named("grid.luck");

/// Steps after which a robot on its way to a first place looks for a nearer one.
const LOOKS_EVERY: usize = 4;
/// Costs to the nearest offer are worked out anew every step, and on larger floors every step more for so many cells.
const SURVEY_CELLS: usize = 4096;
/// Another task must be nearer by so many steps to be taken in place of the one held.
const GAIN_MIN: u32 = 1;

/// A task that is open or on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Offer {
    /// Its number, counted from the first that was offered; `u32::MAX` if the list is at its end.
    pub task: u32,
    /// Who has it; `u32::MAX` if nobody.
    pub holder: u32,
    /// Step after which it was offered.
    pub offered: u32,
}

/// All that a run goes on from.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct State {
    /// Steps made.
    pub step: u32,
    /// Robots and their plans.
    pub crew: Crew,
    /// Slot of the pool that each robot works on; `u32::MAX` if none.
    pub held: Vec<u32>,
    /// Places of that task that it has visited.
    pub visited: Vec<u32>,
    /// How near each came to its goal so far, as a cost, and the step at which it did.
    pub near: Vec<(u32, u32)>,
    /// Step of the last visit of each.
    pub since: Vec<u32>,
    /// The leader lets others out of a narrow way.
    pub passing: Passing,
    /// Cell and goal of each robot when costs to its goal were last worked out.
    pub looked: Vec<(u32, u32)>,
    /// Cells with offers when costs to the nearest were last worked out.
    pub surveyed: Vec<u32>,
    /// Tasks that are open or on offer.
    pub pool: Vec<Offer>,
    /// Tasks offered so far.
    pub offered: u32,
    /// Tasks finished so far.
    pub finished: u32,
    /// Source of choices.
    pub chance: Chance,
}

/// A place visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visit {
    /// Step after which it was noticed, from 1.
    pub step: u32,
    /// By whom.
    pub agent: u32,
    /// The task.
    pub task: u32,
    /// Places of the task visited so far, this one included.
    pub visited: u32,
}

/// What happened in a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Tasks taken before it, as `(agent, task)`. Who had one gives it back.
    pub taken: Vec<(u32, u32)>,
    /// What each robot did.
    pub actions: Vec<Action>,
    /// Places visited.
    pub visits: Vec<Visit>,
    /// Tasks that were offered after it.
    pub offered: Vec<u32>,
}

/// A run.
#[derive(Debug, Clone)]
pub struct Lifelong {
    floor: Floor,
    tolls: Vec<u8>,
    branches: Branches,
    bridges: Bridges,
    /// Cells of each task of the list.
    tasks: Vec<Vec<u32>>,
    settings: Settings,
    state: State,
    planner: Planner,
    chooser: Chooser,
    search: Search,
    fields: Fields,
    /// Where each robot goes in this step and after that, and what is left to do.
    goals: Vec<(u32, u32)>,
    far: Vec<u32>,
    /// Costs to where the leader steps aside.
    aside: Table,
}

impl Lifelong {
    /// A crew that starts at these locations facing east, with `pool` tasks open or on offer.
    ///
    /// # Errors
    /// [`Refusal`] of the first thing that is not possible.
    pub fn new(map: &GridMap, starts: &[u32], tasks: &[Vec<u32>], pool: u32, settings: Settings) -> Result<Self, Refusal> {
        let floor = Floor::new(map);
        if starts.is_empty() || tasks.is_empty() || pool == 0 {
            return Err(Refusal::Nothing);
        }
        let mut taken = vec![false; floor.cells()];
        let mut cells = Vec::with_capacity(starts.len());
        for (agent, location) in (0u32..).zip(starts) {
            let cell = floor.cell_at(*location);
            if cell == NONE || taken[cell as usize] {
                return Err(Refusal::Start { agent, location: *location });
            }
            taken[cell as usize] = true;
            cells.push(cell);
        }
        let mut list = Vec::with_capacity(tasks.len());
        for (task, stops) in (0u32..).zip(tasks) {
            let stops: Vec<u32> = stops.iter().map(|l| floor.cell_at(*l)).collect();
            if stops.is_empty() || stops.contains(&NONE) {
                return Err(Refusal::Task { task });
            }
            list.push(stops);
        }
        let n = cells.len();
        let state = State {
            step: 0,
            crew: Crew { headings: vec![0; n], cells, plans: Vec::new() },
            held: vec![NONE; n],
            visited: vec![0; n],
            near: vec![(NONE, 0); n],
            since: vec![0; n],
            passing: Passing::default(),
            looked: vec![(NONE, NONE); n],
            surveyed: Vec::new(),
            pool: vec![Offer::default(); pool as usize],
            offered: 0,
            finished: 0,
            chance: Chance::new(settings.seed),
        };
        let mut run = Self::assemble(floor, list, settings, state);
        for slot in 0..pool {
            run.offer(slot);
        }
        Ok(run)
    }

    /// A run that goes on from a state of the same map, tasks and settings.
    pub fn resume(map: &GridMap, tasks: &[Vec<u32>], settings: Settings, state: State) -> Self {
        let floor = Floor::new(map);
        let list = tasks.iter().map(|t| t.iter().map(|l| floor.cell_at(*l)).collect()).collect();
        let mut run = Self::assemble(floor, list, settings, state);
        for slot in 0..run.state.pool.len() as u32 {
            let offer = run.state.pool[slot as usize];
            if offer.holder == NONE && offer.task != NONE && run.can_be_done(offer.task) {
                let first = run.stops(offer.task)[0];
                run.chooser.add(slot, first);
            }
        }
        for a in 0..run.state.held.len() {
            run.fields.again(&run.floor, &mut run.search, a, run.state.looked[a]);
        }
        run.look();
        run.chooser.again(&mut run.search, &run.state.surveyed);
        run
    }

    fn assemble(floor: Floor, tasks: Vec<Vec<u32>>, settings: Settings, mut state: State) -> Self {
        let planner = Planner::new(&floor, settings.depth, &mut state.crew);
        let chooser = Chooser::new(&floor, state.pool.len());
        let tolls = settings.tolls.on(&floor);
        let mut search = Search::new(&floor, &tolls);
        let fields = Fields::new(&floor, &tasks, state.held.len(), &mut search, settings.tables_bytes);
        let n = state.held.len();
        let (branches, bridges) = (Branches::new(&floor), Bridges::new(&floor));
        let mut run = Self {
            floor,
            tolls,
            branches,
            bridges,
            tasks,
            settings,
            state,
            planner,
            chooser,
            search,
            fields,
            goals: vec![(NONE, NONE); n],
            far: vec![0; n],
            aside: Table::default(),
        };
        // Plans were held back when the way was closed; what was pushed over closed moves since goes on.
        run.close();
        run
    }

    /// What the run goes on from.
    pub const fn state(&self) -> &State {
        &self.state
    }
    /// Hash of what it goes on from.
    pub fn digest(&self) -> Digest {
        Hasher::new().message(&self.state).finish()
    }
    /// Where a robot is.
    pub fn pose(&self, agent: usize) -> Pose {
        let crew = &self.state.crew;
        let heading = Heading::from_index(usize::from(crew.headings[agent]));
        Pose { location: self.floor.location[crew.cells[agent] as usize], heading }
    }

    fn stops(&self, task: u32) -> &[u32] {
        &self.tasks[task as usize % self.tasks.len()]
    }
    fn can_be_done(&self, task: u32) -> bool {
        let stops = self.stops(task);
        stops.iter().all(|s| self.floor.region[*s as usize] == self.floor.region[stops[0] as usize])
    }

    /// Puts the next task of the list into a slot of the pool, if there is one.
    fn offer(&mut self, slot: u32) -> bool {
        let task = self.state.offered;
        if !self.settings.endless && task as usize >= self.tasks.len() {
            self.state.pool[slot as usize] = Offer { task: NONE, holder: NONE, offered: self.state.step };
            return false;
        }
        self.state.offered += 1;
        self.state.pool[slot as usize] = Offer { task, holder: NONE, offered: self.state.step };
        if self.can_be_done(task) {
            let first = self.stops(task)[0];
            self.chooser.add(slot, first);
        }
        true
    }
    /// Nothing is open or on offer any more.
    pub fn is_done(&self) -> bool {
        self.state.pool.iter().all(|o| o.task == NONE)
    }

    /// One step.
    pub fn step(&mut self) -> Step {
        let mut happened = Step { taken: self.assign(), ..Step::default() };
        self.look();
        self.note_progress();
        let luck = self.state.chance.choose(LUCK, 0, u64::MAX);
        self.planner.leader = leader(&self.state);
        self.planner.inside =
            self.planner.leader != NONE && self.state.passing.way.contains(&self.state.crew.cells[self.planner.leader as usize]);
        self.planner.fixed.clear();
        self.planner.fixed.extend(self.state.passing.sent_at(self.state.step));
        let waits = !self.state.passing.way.is_empty() && !self.state.passing.cleared;
        let view = View {
            state: &self.state,
            goals: &self.goals,
            far: &self.far,
            fields: &self.fields,
            branches: &self.branches,
            leader: self.planner.leader,
            aside: waits.then_some(&self.aside),
        };
        let aims: Vec<Aim<'_>> = (0..self.state.held.len() as u32).map(|a| view.aim(a)).collect();
        self.planner.plan(&self.floor, &self.state.crew, &aims, self.settings.effort, luck);
        let passing = passing::on(&mut self.planner, &self.floor, &self.bridges, &self.state, &aims);
        happened.actions = self.planner.first_actions();
        self.planner.advance(&mut self.state.crew);
        self.state.step += 1;
        match passing {
            On::Same => {}
            On::Now(p) => {
                self.state.passing = p;
                self.narrow();
            }
            On::Sent(robots, until) => (self.state.passing.sent, self.state.passing.until) = (robots, until),
            On::GivesUp => {
                self.state.since[self.planner.leader as usize] = self.state.step;
                self.state.passing = Passing::default();
                self.narrow();
            }
        }
        self.arrive(&mut happened);
        happened
    }

    /// Free robots take tasks, and robots on their way to a first place look now and then whether another is nearer.
    fn assign(&mut self) -> Vec<(u32, u32)> {
        let mut taken = Vec::new();
        let leads = leader(&self.state) as usize;
        if self.settings.length_percent == 0 && (self.state.step as usize).is_multiple_of(1 + self.floor.cells() / SURVEY_CELLS) {
            self.chooser.look(&mut self.search, &mut self.state.surveyed);
        }
        for a in 0..self.state.held.len() {
            let held = self.state.held[a];
            // The leader keeps what it has until it is there.
            if held != NONE && (a == leads || self.state.visited[a] > 0 || !(self.state.step as usize + a).is_multiple_of(LOOKS_EVERY)) {
                continue;
            }
            let (cell, heading) = (self.state.crew.cells[a], self.state.crew.headings[a]);
            let (pool, tasks, floor) = (&self.state.pool, &self.tasks, &self.floor);
            let weight = self.settings.length_percent;
            let length = |slot: u32| {
                let stops = &tasks[pool[slot as usize].task as usize % tasks.len()];
                stops.windows(2).map(|w| floor.apart(w[0], w[1])).sum::<u32>() * weight / 100
            };
            let first = |slot: u32| tasks[pool[slot as usize].task as usize % tasks.len()][0];
            let below = if held == NONE { NONE } else { self.fields.of(a, first(held)).at(floor, cell, heading) };
            let slot = if weight == 0 {
                let near = self.chooser.nearby(floor, &self.tolls, cell, heading, below.saturating_sub(GAIN_MIN * STEP));
                if near.is_none() && held == NONE { self.chooser.nearest(floor, cell, heading, NONE, |_| 0) } else { near }
            } else {
                let below = if held == NONE { NONE } else { (below / STEP + length(held)).saturating_sub(GAIN_MIN) };
                self.chooser.nearest(floor, cell, heading, below, length)
            };
            let Some(slot) = slot else { continue };
            self.chooser.remove(slot, first(slot));
            if held != NONE {
                self.chooser.add(held, first(held));
                self.state.pool[held as usize].holder = NONE;
            }
            self.state.pool[slot as usize].holder = a as u32;
            if held == NONE {
                // Who was free comes after all who are on their way.
                self.state.since[a] = self.state.step;
            }
            self.state.held[a] = slot;
            self.state.visited[a] = 0;
            self.state.near[a] = (NONE, self.state.step);
            taken.push((a as u32, self.state.pool[slot as usize].task));
        }
        taken
    }

    /// Works out where each robot goes, and the costs that are missing.
    fn look(&mut self) {
        for a in 0..self.state.held.len() {
            let goals = goals(&self.state, &self.tasks, a);
            self.goals[a] = goals;
            let (cell, looked) = (self.state.crew.cells[a], &mut self.state.looked[a]);
            self.fields.prepare(&self.floor, &mut self.search, a, cell, goals, looked);
        }
    }

    /// The leader lets others out, or does so no longer: closes what is to be closed, and holds back who is on the way there.
    fn narrow(&mut self) {
        if self.close() {
            self.planner.hold_back(&self.floor, &self.state.crew);
        }
    }

    /// Closes what is to be closed while the leader lets others out. False if it does not.
    fn close(&mut self) -> bool {
        let way = &self.state.passing.way;
        self.planner.closed.clear();
        if way.is_empty() {
            return false;
        }
        self.planner.leader = leader(&self.state);
        self.planner.closed.resize(4 * self.floor.cells(), false);
        // Nobody comes onto the narrow way; who is on it may go toward its beginning.
        let before = |c: u32| way.iter().position(|w| *w == c).filter(|k| *k > 0).map(|k| way[k - 1]);
        for cell in &way[1..] {
            for h in 0..4u8 {
                let beside = self.floor.ahead(*cell, h);
                if beside != NONE && before(beside) != Some(*cell) {
                    self.planner.closed[4 * beside as usize + usize::from(h ^ 2)] = true;
                }
            }
        }
        self.search.everywhere_untolled(self.state.passing.aside, &mut self.aside);
        true
    }

    /// Remembers who came nearer to its goal than ever.
    fn note_progress(&mut self) {
        for a in 0..self.state.held.len() {
            let (goal, _) = self.goals[a];
            if goal == NONE {
                continue;
            }
            let (cell, heading) = (self.state.crew.cells[a], self.state.crew.headings[a]);
            let far = self.fields.of(a, goal).at(&self.floor, cell, heading);
            self.far[a] = far;
            if far < self.state.near[a].0 {
                self.state.near[a] = (far, self.state.step);
            }
        }
    }

    /// Robots that stand on the next place of their task have visited it.
    fn arrive(&mut self, happened: &mut Step) {
        let mut freed = Vec::new();
        for a in 0..self.state.held.len() {
            let (goal, after) = self.goals[a];
            if goal == NONE || self.state.crew.cells[a] != goal {
                continue;
            }
            let slot = self.state.held[a];
            let task = self.state.pool[slot as usize].task;
            self.state.visited[a] += 1;
            self.state.near[a] = (NONE, self.state.step);
            self.state.since[a] = self.state.step;
            self.planner.aimed[a] = NONE;
            happened.visits.push(Visit { step: self.state.step, agent: a as u32, task, visited: self.state.visited[a] });
            if a as u32 == self.planner.leader && !self.state.passing.way.is_empty() {
                self.state.passing = Passing::default();
                self.planner.closed.clear();
            }
            if after == NONE {
                self.state.finished += 1;
                self.state.held[a] = NONE;
                self.state.visited[a] = 0;
                freed.push(slot);
            }
        }
        for slot in freed {
            let task = self.state.offered;
            if self.offer(slot) {
                happened.offered.push(task);
            }
        }
    }
}

/// The goal of a robot, and the one after it in the same task.
fn goals(state: &State, tasks: &[Vec<u32>], a: usize) -> (u32, u32) {
    let held = state.held[a];
    if held == NONE {
        return (NONE, NONE);
    }
    let stops = &tasks[state.pool[held as usize].task as usize % tasks.len()];
    let v = state.visited[a] as usize;
    (stops[v], stops.get(v + 1).copied().unwrap_or(NONE))
}
