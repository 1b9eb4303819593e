//! Costs to all goals that robots have: for goals that many have, from everywhere and kept; for others from near one robot's
//! way, as long as it goes there.

use super::field::{FAR, Field, Search};
use super::floor::{Floor, NONE};

/// Largest tables of costs from everywhere, bytes.
const WHOLE_BYTES_MAX: usize = 160 << 20;
/// A goal that the list of tasks names so often, for each robot, is kept where there is not room for all.
const OFTEN: usize = 16;

/// Costs by goal and by robot.
#[derive(Debug, Clone)]
pub struct Fields {
    /// Position in `whole` of each cell as a goal; `NONE` for goals that are not kept.
    by_goal: Vec<u32>,
    whole: Vec<Field>,
    own: Vec<Field>,
}

impl Fields {
    /// Decides which goals of a list are kept. On large floors these are worked out here, on others when they are needed.
    #[allow(clippy::cast_possible_truncation)] // cells are counted in u32
    pub fn new(floor: &Floor, tasks: &[Vec<u32>], robots: usize, search: &mut Search) -> Self {
        let cells = floor.cells();
        let each = (floor.width * floor.height) as usize * size_of::<u32>();
        let room = WHOLE_BYTES_MAX / each.max(1);
        if cells <= room {
            return Self { by_goal: (0..cells as u32).collect(), whole: vec![Field::default(); cells], own: Vec::new() };
        }
        let mut named = vec![0usize; cells];
        tasks.iter().flatten().for_each(|c| named[*c as usize] += 1);
        let mut often: Vec<u32> = (0..cells as u32).filter(|c| named[*c as usize] >= OFTEN).collect();
        often.sort_by_key(|c| (std::cmp::Reverse(named[*c as usize]), *c));
        often.truncate(room);
        let mut f = Self { by_goal: vec![NONE; cells], whole: vec![Field::default(); often.len()], own: vec![Field::default(); robots] };
        for ((i, goal), field) in (0u32..).zip(&often).zip(&mut f.whole) {
            f.by_goal[*goal as usize] = i;
            search.everywhere(floor, *goal, field);
        }
        f
    }
    /// Costs of a robot to its goal.
    pub fn of(&self, robot: usize, goal: u32) -> &Field {
        match self.by_goal[goal as usize] {
            NONE => &self.own[robot],
            i => &self.whole[i as usize],
        }
    }
    /// Costs to a goal, if they are kept.
    pub fn kept(&self, goal: u32) -> Option<&Field> {
        (goal != NONE).then(|| self.by_goal[goal as usize]).filter(|i| *i != NONE).map(|i| &self.whole[i as usize])
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
            if let Some(field) = self.whole.get_mut(self.by_goal[g as usize] as usize)
                && field.is_empty()
            {
                search.everywhere(floor, g, field);
            }
        }
        if goal == NONE || self.by_goal[goal as usize] != NONE {
            *looked = (NONE, NONE);
        } else if looked.1 != goal || self.own[robot].least(floor.place[cell as usize]) >= FAR {
            search.between(floor, cell, goal, &mut self.own[robot]);
            *looked = (cell, goal);
        }
    }
    /// Works out again what a stored run had.
    pub fn again(&mut self, floor: &Floor, search: &mut Search, robot: usize, (from, goal): (u32, u32)) {
        if goal != NONE
            && let Some(own) = self.own.get_mut(robot)
        {
            search.between(floor, from, goal, own);
        }
    }
}
