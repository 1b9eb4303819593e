//! Components and resources: the state of the world. What is a [`Record`] is frozen; the rest follows from site and
//! parameters.

use crate::params::{TwinError, TwinParams};
use crate::physics::BodyRef;
use crate::wheels::{Mass, Wheels};
use crate::words::{
    Contact, DeckCommand, DriveCommand, Handled, Handling, LoadIx, LoadSpawn, ObstacleSpawn, Party, PersonSpawn, Readings, RobotIx,
    RobotSpawn,
};
use bevy_ecs::prelude::{Component, Entity, Resource};
use nooterra_engine::Record;
use nooterra_engine::chance::Chance;

/// The tick counter: the only clock.
#[derive(Debug, Clone, Copy, Resource)]
pub(crate) struct Clock {
    pub tick: u64,
    pub dt: f32,
}

/// The parameters.
#[derive(Debug, Clone, Resource)]
pub(crate) struct Settings(pub TwinParams);

/// The source of noise.
#[derive(Debug, Clone, Resource)]
pub(crate) struct Dice(pub Chance);

/// Entities by kind, in index order.
#[derive(Debug, Clone, Default, Resource)]
pub(crate) struct Roster {
    pub robots: Vec<Entity>,
    pub doors: Vec<Entity>,
    pub lifts: Vec<Entity>,
    pub loads: Vec<Entity>,
    pub people: Vec<Entity>,
    pub obstacles: Vec<Entity>,
}

/// What waits to enter or leave the world at the start of the next tick.
#[derive(Debug, Clone, PartialEq, Default, Record, Resource)]
pub(crate) struct Waiting {
    pub robots: Vec<RobotSpawn>,
    pub loads: Vec<LoadSpawn>,
    pub people: Vec<PersonSpawn>,
    pub obstacles: Vec<ObstacleSpawn>,
    /// Boxes that found no room so far.
    pub held: Vec<ObstacleSpawn>,
    pub people_off: Vec<u64>,
    pub obstacles_off: Vec<u64>,
}

impl Waiting {
    pub fn is_empty(&self) -> bool {
        self.robots.is_empty()
            && self.loads.is_empty()
            && self.people.is_empty()
            && self.obstacles.is_empty()
            && self.held.is_empty()
            && self.people_off.is_empty()
            && self.obstacles_off.is_empty()
    }
}

/// Contacts of the last tick.
#[derive(Debug, Clone, PartialEq, Default, Record, Resource)]
pub(crate) struct Touches {
    pub items: Vec<Contact>,
}

/// Height and speed of every lift cabin.
#[derive(Debug, Clone, Default, Resource)]
pub(crate) struct Cabins {
    pub items: Vec<(f32, f32)>,
}

/// The state's canonical bytes of the last tick, robot by robot, then the rest.
#[derive(Debug, Clone, Default, Resource)]
pub(crate) struct Summary {
    pub bytes: Vec<u8>,
    pub robot_ends: Vec<usize>,
}

/// The first thing that broke.
#[derive(Debug, Clone, Default, Resource)]
pub(crate) struct Broken(pub Option<TwinError>);

/// Who a robot is.
#[derive(Debug, Clone, PartialEq, Record, Component)]
pub(crate) struct Robot {
    pub ix: RobotIx,
    pub spawn: RobotSpawn,
    pub body: BodyRef,
    /// Taken off the floor: its body takes part in nothing until it is put back.
    pub away: bool,
}

/// Where it is and how it moves, as of the end of the last tick.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record, Component)]
pub(crate) struct Motion {
    pub x: f32,
    pub y: f32,
    pub z: f32,
    pub yaw: f32,
    pub cos: f32,
    pub sin: f32,
    pub vx: f32,
    pub vy: f32,
    pub wz: f32,
    /// Third component of its own axis: cosine of the tilt.
    pub up: f32,
    pub level: u32,
    /// One more than the lift it is in, 0 for none.
    pub lift: u32,
    pub asleep: bool,
    pub tipped: bool,
}

/// Motors, wheels and what the brain asked of them.
#[derive(Debug, Clone, PartialEq, Record, Component)]
pub(crate) struct DriveTrain {
    pub command: DriveCommand,
    /// Body speeds that the firmware is ramping through: forward, left, turning.
    pub set: [f32; 3],
    pub wheels: Wheels,
    pub mass: Mass,
    /// Commands under way while a delay fault is on, oldest first.
    pub late: Vec<DriveCommand>,
    /// Counts that encoders did not see while they were stuck.
    pub missed: [i64; 4],
    /// Power drawn by the motors in the last tick, W.
    pub power_w: f32,
}

impl DriveTrain {
    /// Is any speed asked for?
    pub fn moves(&self) -> bool {
        self.set.iter().any(|s| *s != 0.0)
    }
}

/// The battery.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record, Component)]
pub(crate) struct Battery {
    pub charge_c: f64,
    pub used_j: f64,
    pub volts: f32,
    pub amps: f32,
    pub charging: bool,
    pub dead: bool,
}

/// What is on the deck and what it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record, Component)]
pub(crate) struct Deck {
    pub load: Option<LoadIx>,
    pub asked: Option<DeckCommand>,
    pub doing: Handling,
    pub ended: Handled,
    /// Its part of a load that it raises with others.
    pub bears_g: u32,
}

/// Instruments.
#[derive(Debug, Clone, PartialEq, Default, Record, Component)]
pub(crate) struct Senses {
    pub readings: Readings,
    pub ranges_mm: Vec<u16>,
    /// Noise drawn ahead, so that one draw serves many ticks.
    pub noise: Vec<f32>,
    pub used: u32,
    /// What it touched in the last tick.
    pub touching: Vec<Party>,
}

/// Where a load is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub(crate) enum Lies {
    /// In a dispenser or ingestor.
    #[default]
    Stored,
    /// In the open.
    Loose,
    /// On this robot.
    On {
        robot: RobotIx,
    },
    Gone,
    /// In the air, held by several.
    Raised,
    /// On a rack.
    Racked,
}

/// A load.
#[derive(Debug, Clone, PartialEq, Record, Component)]
pub(crate) struct Load {
    pub ix: LoadIx,
    pub spawn: LoadSpawn,
    pub body: BodyRef,
    pub lies: Lies,
    pub x: f32,
    pub y: f32,
    pub z: f32,
    pub yaw: f32,
    pub level: u32,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Record, Component)]
pub(crate) struct Person {
    pub spawn: PersonSpawn,
    pub body: BodyRef,
    pub gone: bool,
    pub x: f32,
    pub y: f32,
    /// The point walked to next.
    pub next: u32,
    pub waits: bool,
}

/// A box in the way.
#[derive(Debug, Clone, PartialEq, Record, Component)]
pub(crate) struct Obstacle {
    pub spawn: ObstacleSpawn,
    pub body: BodyRef,
    pub gone: bool,
}
