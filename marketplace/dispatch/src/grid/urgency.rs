//! Who goes before whom.
//!
//! First the *leader*: the robot whose last visit is longest ago. It stays the leader until it has visited its next place,
//! so everybody becomes it in turn. Then those who have to leave a dead end. Then whoever is nearest to its goal.
//!
//! Why a leader arrives. Nobody makes it give way, so what its plan comes to never gets dearer. After as many steps as a
//! plan has, at most, it stands where its plan ends. Then either a better plan is found, or a chain ([`shift`](super::shift))
//! takes it to the next cell: there is one whenever a cell beyond is free, or the move lies on a way round, whoever stands
//! there. So at every `depth` steps the cost falls by one step's cost, and the leader has arrived after
//! `depth * (cost / STEP + 2)` steps, from the dearest place of the floor (tolls even; plans of three actions or more). Where
//! costs are by way of a relay ([`fields`](super::fields)) the same holds for them, since from everywhere an action leads to
//! where they are less by what it costs: they are at most the dearest to any cell, twice, and two turns.
//! Before a bridge beyond which all is full it lets others out ([`passing`](super::passing)), which takes 16 steps for
//! each cell of the floor at most, and crosses it after that.
//!
//! So every task is done in the end, on floors without bridges however full they are, and on floors where every cell lies
//! on a way round if one cell is free. Elsewhere it is not sure, and cannot be: in a dead end that is full, with all other
//! cells full as well, nobody can ever pass. A leader that finds no way gives up, and the next one leads.

use super::branches::Branches;
use super::field::Table;
use super::fields::Fields;
use super::floor::NONE;
use super::lifelong::State;
use super::plan::{Aim, RANK_END};

/// Steps without coming nearer after which a robot may set others moving for one step ahead.
const PATIENCE: u32 = 6;

/// The robot with a task whose last visit is longest ago, or [`NONE`].
pub fn leader(state: &State) -> u32 {
    let having = (0u32..).zip(&state.held).filter(|(_, h)| **h != NONE);
    having.min_by_key(|(a, _)| state.since[*a as usize]).map_or(NONE, |(a, _)| a)
}

/// What aims are made of.
pub(super) struct View<'r> {
    pub state: &'r State,
    /// Goal of each robot, and the one after it.
    pub goals: &'r [(u32, u32)],
    /// What is left to the goal.
    pub far: &'r [u32],
    pub fields: &'r Fields,
    pub branches: &'r Branches,
    pub leader: u32,
    /// Costs to where the leader waits while it lets others out.
    pub aside: Option<&'r Table>,
}

impl<'r> View<'r> {
    pub fn aim(&self, a: u32) -> Aim<'r> {
        let (crew, me) = (&self.state.crew, a as usize);
        let (goal, after) = self.goals[me];
        if goal == NONE {
            // Without a task it keeps near where it is.
            return Aim { field: None, after: None, goal: crew.cells[me], far: 0, rank: RANK_END - 1, first: false, shifts: false };
        }
        let leads = a == self.leader;
        if let (true, Some(field)) = (leads, self.aside) {
            // It stays there; a goal is where it goes on from.
            let far = field.at(crew.cells[me], crew.headings[me]);
            return Aim { field: Some(field.costs()), after: None, goal: NONE, far, rank: 0, first: true, shifts: true };
        }
        let field = self.fields.of(me, goal);
        let after = self.fields.kept(after);
        let far = self.far[me];
        let rank = if leads {
            0
        } else if self.branches.must_leave(crew.cells[me], goal) {
            1 + u64::from(far)
        } else {
            (1 << 32) + u64::from(far)
        };
        let stuck = self.state.step - self.state.near[me].1;
        Aim { field: Some(field), after, goal, far, rank, first: leads, shifts: leads || stuck >= PATIENCE }
    }
}
