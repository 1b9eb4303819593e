//! An independent judge of a run on a grid. It keeps its own robots and tasks, follows what is claimed step by step, and
//! names the first thing that breaks the rules. It shares no code with the planner: rows and columns on the map itself.

use nooterra_site::grid::{Action, GridMap};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// What breaks the rules.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// Not one action for each robot.
    #[error("step {step}: {given} actions for {agents} agents")]
    Count {
        /// The step, from 1.
        step: u32,
        /// Actions.
        given: usize,
        /// Robots.
        agents: usize,
    },
    /// Ahead is a blocked cell or nothing.
    #[error("step {step}: agent {agent} leaves the free cells at row {row}, column {column}")]
    Wall {
        /// The step, from 1.
        step: u32,
        /// Who.
        agent: u32,
        /// Row it stood in.
        row: u32,
        /// Column it stood in.
        column: u32,
    },
    /// Two robots on one cell.
    #[error("step {step}: agents {one} and {other} stand in row {row}, column {column}")]
    Shared {
        /// The step, from 1.
        step: u32,
        /// One of them.
        one: u32,
        /// The other.
        other: u32,
        /// Row of the cell.
        row: u32,
        /// Column of the cell.
        column: u32,
    },
    /// Two robots changed places through each other.
    #[error("step {step}: agents {one} and {other} go through each other")]
    Swap {
        /// The step, from 1.
        step: u32,
        /// One of them.
        one: u32,
        /// The other.
        other: u32,
    },
    /// A task that is not on offer: finished, not offered yet, or another's.
    #[error("step {step}: agent {agent} takes task {task}, which is not to be had")]
    NotOffered {
        /// The step, from 1.
        step: u32,
        /// Who.
        agent: u32,
        /// The task.
        task: u32,
    },
    /// A task was left after its first place was visited.
    #[error("step {step}: agent {agent} leaves task {task}, which it has begun")]
    Left {
        /// The step, from 1.
        step: u32,
        /// Who.
        agent: u32,
        /// The task.
        task: u32,
    },
    /// The run claims visits that the judge did not see, or leaves out some that it saw.
    #[error("step {step}: agent {agent} visits place {visited} of task {task}, says {} alone", if *seen { "the judge" } else { "the run" })]
    Visit {
        /// The step, from 1.
        step: u32,
        /// Who.
        agent: u32,
        /// The task.
        task: u32,
        /// Places visited of it.
        visited: u32,
        /// Seen by the judge, not claimed; otherwise the other way round.
        seen: bool,
    },
    /// The end of the run counts differently.
    #[error("the run claims {claimed} tasks, the judge saw {seen}")]
    Finished {
        /// As the run says.
        claimed: u32,
        /// As the judge says.
        seen: u32,
    },
}

struct Robot {
    row: i64,
    column: i64,
    /// Rows and columns per move.
    facing: (i64, i64),
    task: Option<u32>,
    visited: usize,
}

/// What one step claims.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'c> {
    /// Tasks taken before it, as `(agent, task)`.
    pub taken: &'c [(u32, u32)],
    /// What each robot did.
    pub actions: &'c [Action],
    /// Places visited after it, as `(agent, task, places so far)`.
    pub visits: &'c [(u32, u32, u32)],
}

/// The judge of one run.
pub struct Judge<'m> {
    map: &'m GridMap,
    list: &'m [Vec<u32>],
    robots: Vec<Robot>,
    /// Tasks that are open or on offer, with who has them.
    open: BTreeMap<u32, Option<u32>>,
    offered: u32,
    pool: usize,
    endless: bool,
    step: u32,
    finished: u32,
    /// Who stands where, by location: robot and step.
    here: Vec<(u32, u32)>,
}

impl<'m> Judge<'m> {
    /// A judge of robots that start here facing east, with so many tasks of the list open or on offer. An endless list
    /// begins anew after its end.
    pub fn new(map: &'m GridMap, starts: &[u32], list: &'m [Vec<u32>], pool: u32, endless: bool) -> Self {
        let robot = |l: &u32| {
            let (row, column) = (i64::from(*l) / i64::from(map.width), i64::from(*l) % i64::from(map.width));
            Robot { row, column, facing: (0, 1), task: None, visited: 0 }
        };
        let mut judge = Self {
            map,
            list,
            robots: starts.iter().map(robot).collect(),
            open: BTreeMap::new(),
            offered: 0,
            pool: pool as usize,
            endless,
            step: 0,
            finished: 0,
            here: vec![(0, 0); map.cells.len()],
        };
        judge.offer();
        judge
    }
    /// Tasks finished so far.
    pub const fn finished(&self) -> u32 {
        self.finished
    }

    fn offer(&mut self) {
        while self.open.len() < self.pool && (self.endless || (self.offered as usize) < self.list.len()) {
            self.open.insert(self.offered, None);
            self.offered += 1;
        }
    }

    /// Follows one step.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn step(&mut self, claim: Claim<'_>) -> Result<(), Fault> {
        self.step += 1;
        let step = self.step;
        if claim.actions.len() != self.robots.len() {
            return Err(Fault::Count { step, given: claim.actions.len(), agents: self.robots.len() });
        }
        self.hand_out(claim.taken)?;
        let mut before = Vec::with_capacity(self.robots.len());
        for ((agent, r), action) in (0u32..).zip(&mut self.robots).zip(claim.actions) {
            before.push((r.row, r.column));
            let (down, right) = r.facing;
            match action {
                Action::Wait => {}
                // Clockwise, seen from above with rows counted downward: right becomes down.
                Action::Clockwise => r.facing = (right, -down),
                Action::CounterClockwise => r.facing = (-right, down),
                Action::Forward => {
                    let (row, column) = (r.row + down, r.column + right);
                    let inside = row >= 0 && column >= 0 && row < i64::from(self.map.height) && column < i64::from(self.map.width);
                    if !inside || !self.map.is_free(location(self.map, row, column)) {
                        return Err(Fault::Wall { step, agent, row: small(r.row), column: small(r.column) });
                    }
                    (r.row, r.column) = (row, column);
                }
            }
        }
        for (agent, r) in (0u32..).zip(&self.robots) {
            let entry = &mut self.here[location(self.map, r.row, r.column) as usize];
            if entry.1 == step {
                return Err(Fault::Shared { step, one: entry.0, other: agent, row: small(r.row), column: small(r.column) });
            }
            *entry = (agent, step);
        }
        for (agent, (row, column)) in (0u32..).zip(&before) {
            // Who stands now where this one came from, and came from where this one stands now?
            let (other, when) = self.here[location(self.map, *row, *column) as usize];
            let me = &self.robots[agent as usize];
            if when == step && other != agent && before[other as usize] == (me.row, me.column) {
                return Err(Fault::Swap { step, one: agent.min(other), other: agent.max(other) });
            }
        }
        self.arrive(claim.visits)
    }

    fn hand_out(&mut self, taken: &[(u32, u32)]) -> Result<(), Fault> {
        let step = self.step;
        // First all give back, then all take: two robots may exchange their tasks.
        for (agent, task) in taken {
            let Some(r) = self.robots.get_mut(*agent as usize) else {
                return Err(Fault::NotOffered { step, agent: *agent, task: *task });
            };
            if let Some(old) = r.task.take() {
                if r.visited > 0 {
                    return Err(Fault::Left { step, agent: *agent, task: old });
                }
                self.open.insert(old, None);
            }
        }
        for (agent, task) in taken {
            match self.open.get_mut(task) {
                Some(holder @ None) => *holder = Some(*agent),
                _ => return Err(Fault::NotOffered { step, agent: *agent, task: *task }),
            }
            let r = &mut self.robots[*agent as usize];
            r.task = Some(*task);
            r.visited = 0;
        }
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation)] // a task has few places
    fn arrive(&mut self, claimed: &[(u32, u32, u32)]) -> Result<(), Fault> {
        let step = self.step;
        let mut seen = BTreeSet::new();
        for (agent, r) in (0u32..).zip(&mut self.robots) {
            let Some(task) = r.task else { continue };
            let places = &self.list[task as usize % self.list.len()];
            if places.get(r.visited) == Some(&location(self.map, r.row, r.column)) {
                r.visited += 1;
                seen.insert((agent, task, r.visited as u32));
                if r.visited == places.len() {
                    r.task = None;
                    r.visited = 0;
                    self.open.remove(&task);
                    self.finished += 1;
                }
            }
        }
        let claimed: BTreeSet<(u32, u32, u32)> = claimed.iter().copied().collect();
        if let Some(&(agent, task, visited)) = seen.symmetric_difference(&claimed).next() {
            return Err(Fault::Visit { step, agent, task, visited, seen: seen.contains(&(agent, task, visited)) });
        }
        self.offer();
        Ok(())
    }

    /// The end: the run's own count must be the judge's.
    ///
    /// # Errors
    /// [`Fault::Finished`].
    pub const fn end(&self, claimed: u32) -> Result<(), Fault> {
        if claimed == self.finished { Ok(()) } else { Err(Fault::Finished { claimed, seen: self.finished }) }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // inside the map
const fn location(map: &GridMap, row: i64, column: i64) -> u32 {
    (row * map.width as i64 + column) as u32
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // inside the map
const fn small(n: i64) -> u32 {
    n as u32
}
