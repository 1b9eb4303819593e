//! Safety in the world's truth: no hard contact that no fault excuses, no body that is nowhere.

use crate::verdict::{Class, Notes};
use nooterra_engine::time::Instant;

/// What a robot touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counterpart {
    /// Another robot, by its number.
    Robot(u32),
    /// A wall or furniture.
    Wall,
    /// A door's leaf.
    Door,
    /// Something that a fault put there.
    Obstacle,
    /// A person, by number.
    Person(u32),
    /// A load that lies about.
    Load,
    /// The floor: the robot has tipped over.
    Floor,
}

/// A contact that began or grew in a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    /// When.
    pub at: Instant,
    /// In which tick.
    pub tick: u64,
    /// The robot's number.
    pub robot: u32,
    /// What it touched.
    pub with: Counterpart,
    /// Strength over the tick, mN s.
    pub impulse_mns: u64,
    /// It did not touch it in the tick before.
    pub began: bool,
    /// A fault that the scenario injected on one of the two is in force or just over.
    pub excused: bool,
}

/// The judge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Safety {
    /// By robot: the weakest impulse that counts as a collision, mN s.
    limits_mns: Vec<u64>,
    pub collisions: u64,
    pub contacts: u64,
    pub strongest_mns: u64,
    pub hard: Notes,
    pub finite: Notes,
}

impl Safety {
    pub fn new(mass_g: &[u64], pace_mmps: u64, floor_mns: u64) -> Self {
        // g · mm/s is µN s.
        let limits_mns = mass_g.iter().map(|m| (m * pace_mmps / 1_000).max(floor_mns)).collect();
        Self {
            limits_mns,
            collisions: 0,
            contacts: 0,
            strongest_mns: 0,
            hard: Notes::of("no hard contact", &[]),
            finite: Notes::of("every body is somewhere", &[]),
        }
    }
    pub fn contact(&mut self, c: &Contact, name: &dyn Fn(u32) -> String) {
        if c.began {
            self.contacts += 1;
        }
        self.strongest_mns = self.strongest_mns.max(c.impulse_mns);
        let limit = match c.with {
            Counterpart::Robot(other) => self.limit(c.robot).min(self.limit(other)),
            _ => self.limit(c.robot),
        };
        // Who walked into whom is not known here, so contacts with people are counted and not judged.
        if matches!(c.with, Counterpart::Person(_) | Counterpart::Load) {
            return;
        }
        self.hard.checked();
        if c.impulse_mns <= limit {
            return;
        }
        self.collisions += 1;
        // An obstacle that falls in front of a robot is its own fault.
        if c.excused || matches!(c.with, Counterpart::Obstacle) {
            return;
        }
        let mut ids = vec![name(c.robot)];
        let what = match c.with {
            Counterpart::Robot(o) => {
                ids.push(name(o));
                format!("robot {}", name(o))
            }
            Counterpart::Wall => "a wall".into(),
            Counterpart::Door => "a door".into(),
            Counterpart::Floor => "the floor".into(),
            Counterpart::Obstacle => "an obstacle".into(),
            Counterpart::Person(_) => "a person".into(),
            Counterpart::Load => "a load".into(),
        };
        let story = format!("{} hit {what} with {} mN s; the limit is {limit} mN s and no fault excuses it", name(c.robot), c.impulse_mns);
        self.hard.broke(Class::Safety, c.at, c.tick, story, ids);
    }
    pub fn finite(&mut self, at: Instant, tick: u64, finite: bool, body: &str) {
        self.finite.checked();
        if !finite {
            self.finite.broke(Class::Safety, at, tick, format!("{body} has a position or speed that is no number"), vec![body.to_owned()]);
        }
    }
    fn limit(&self, robot: u32) -> u64 {
        self.limits_mns.get(robot as usize).copied().unwrap_or(0)
    }
}
