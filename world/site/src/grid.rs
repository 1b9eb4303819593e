//! Grids: maps in the MovingAI format, the words of motion on them, and problems of the League of Robot Runners.
//!
//! | module | is for |
//! |---|---|
//! | [`map`] | a map's text to a [`GridMap`]; every fault with its line and column |
//! | [`lay`] | a grid as a [`Site`](crate::model::Site) in metres |
//! | [`motion`] | headings, actions and poses: one action a step |
//! | [`problem`] | problem, agents and tasks of the League of Robot Runners |
//!
//! A place on a grid is a *location*: `row * width + column`, row 0 at the top, as the League numbers them.

pub mod lay;
pub mod map;
pub mod motion;
pub mod problem;

pub use lay::{CELL_M, import};
pub use map::{GridMap, Ground, read};
pub use motion::{Action, Heading, Pose};
pub use problem::{Problem, read_agents, read_problem, read_tasks};

#[cfg(test)]
mod tests;
