//! Costs to all goals that robots have. Goals that many have, and relays all over the floor, have tables of the costs from
//! everywhere. For other goals, costs are worked out from around them only, and robots that are far away go by a relay.

use super::field::{Costs, Near, Table};
use super::floor::{Floor, NONE};
use super::search::Search;

/// Rows and columns from one relay to the next at least.
const RELAYS_APART_MIN: u32 = 6;
/// A goal that the list of tasks names so often is kept where there is not room for all.
const OFTEN: usize = 16;
/// Relays of a goal among which the one with the cheapest way is chosen.
const CHOICE: usize = 8;

/// Costs by goal and by robot.
#[derive(Debug, Clone)]
pub struct Fields {
    /// Position in `tables` of each cell; `NONE` for those that have no table.
    by_goal: Vec<u32>,
    tables: Vec<Table>,
    /// What each robot goes by whose goal has none: the relay's table and the costs near the goal.
    own: Vec<(u32, Near)>,
    relays: Vec<u32>,
}

impl Fields {
    /// Decides which cells have tables, of so many bytes together at most. On large floors these are worked out here, on
    /// others when they are needed.
    #[allow(clippy::cast_possible_truncation)] // cells are counted in u32
    pub fn new(floor: &Floor, tasks: &[Vec<u32>], robots: usize, search: &mut Search, bytes_max: usize) -> Self {
        let cells = floor.cells();
        let room = bytes_max / (cells * size_of::<u32>()).max(1);
        if cells <= room {
            return Self {
                by_goal: (0..cells as u32).collect(),
                tables: vec![Table::default(); cells],
                own: Vec::new(),
                relays: Vec::new(),
            };
        }
        let mut named = vec![0usize; cells];
        tasks.iter().flatten().for_each(|c| named[*c as usize] += 1);
        let mut kept: Vec<u32> = (0..cells as u32).filter(|c| named[*c as usize] >= OFTEN).collect();
        kept.sort_by_key(|c| (std::cmp::Reverse(named[*c as usize]), *c));
        // Relays have half of the room at least.
        kept.truncate(room / 2);
        let sides = RELAYS_APART_MIN..=floor.width.max(floor.height).max(RELAYS_APART_MIN);
        let relays = sides.map(|side| floor.spread(side)).find(|r| kept.len() + r.len() <= room);
        kept.extend(relays.unwrap_or_default());
        kept.truncate(room);
        let mut f = Self { by_goal: vec![NONE; cells], tables: Vec::new(), own: vec![(NONE, Near::default()); robots], relays: Vec::new() };
        for goal in kept {
            if f.by_goal[goal as usize] == NONE {
                f.by_goal[goal as usize] = f.tables.len() as u32;
                let mut table = Table::default();
                search.everywhere(goal, &mut table);
                f.tables.push(table);
            }
        }
        f
    }
    /// Costs of a robot to its goal.
    pub fn of(&self, robot: usize, goal: u32) -> Costs<'_> {
        match self.by_goal[goal as usize] {
            NONE => {
                let (table, near) = &self.own[robot];
                near.costs(self.tables.get(*table as usize))
            }
            i => self.tables[i as usize].costs(),
        }
    }
    /// Costs to a goal, if it has a table.
    pub fn kept(&self, goal: u32) -> Option<Costs<'_>> {
        (goal != NONE).then(|| self.by_goal[goal as usize]).filter(|i| *i != NONE).map(|i| self.tables[i as usize].costs())
    }
    /// Works out what is missing for a robot on this cell that goes there, and after that perhaps to another goal. `looked`
    /// is the cell and goal of the last time.
    pub fn prepare(
        &mut self,
        floor: &Floor,
        search: &mut Search,
        robot: usize,
        cell: u32,
        (goal, after): (u32, u32),
        looked: &mut (u32, u32),
    ) {
        for g in [goal, after].into_iter().filter(|g| *g != NONE) {
            if let Some(table) = self.tables.get_mut(self.by_goal[g as usize] as usize)
                && table.is_empty()
            {
                search.everywhere(g, table);
            }
        }
        if goal == NONE || self.by_goal[goal as usize] != NONE {
            *looked = (NONE, NONE);
        } else if looked.1 != goal {
            *looked = (cell, goal);
            self.again(floor, search, robot, *looked);
        }
    }
    /// Works out again what a stored run had.
    pub fn again(&mut self, floor: &Floor, search: &mut Search, robot: usize, (from, goal): (u32, u32)) {
        let Self { by_goal, tables, own, relays } = self;
        if goal == NONE {
            return;
        }
        let Some((table, near)) = own.get_mut(robot) else { return };
        search.around(floor, goal, CHOICE, |c| by_goal[c as usize] != NONE, relays, near);
        let way = |r: &u32| tables[by_goal[*r as usize] as usize].least(from) + near.most(floor.place[*r as usize]);
        *table = NONE;
        if let Some(relay) = relays.iter().copied().min_by_key(way) {
            *table = by_goal[relay as usize];
            near.go_by(floor, relay, &tables[*table as usize]);
        }
    }
}
