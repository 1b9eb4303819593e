//! What goes into the twin and what comes out: indexes, spawns, commands, readings, states, truth.

use nooterra_engine::Record;
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_engine::ids::{ItemId, RobotId};
use nooterra_site::{DoorIx, LevelIx, LiftIx, RobotModel, VertexIx};

nooterra_engine::indexes! {
    /// A robot: in order of id within the batch that was admitted together; never reused.
    RobotIx;
    /// A load.
    LoadIx;
    /// A person.
    PersonIx;
    /// A box that was put in the way.
    ObstacleIx;
}

/// A place to stand: level and pose.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct Stand {
    /// The level.
    pub level: LevelIx,
    /// Position and heading.
    pub pose: Pose2,
}

/// A robot to be put into the world.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct RobotSpawn {
    /// Who.
    pub id: RobotId,
    /// What.
    pub model: RobotModel,
    /// Where.
    pub stand: Stand,
    /// State of charge, 1/10 000.
    pub charge_bps: u32,
}

/// A load to be put into the world.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct LoadSpawn {
    /// Which item.
    pub id: ItemId,
    /// Where its bottom's centre is.
    pub stand: Stand,
    /// Length, width, height in metres.
    pub size_m: [f64; 3],
    /// Mass, kg.
    pub mass_kg: f64,
    /// Inside a dispenser: it can be taken but not hit or seen.
    pub stored: bool,
}

/// A person to be put into the world.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct PersonSpawn {
    /// A number of the caller's choice, unique among people.
    pub key: u64,
    /// The level.
    pub level: LevelIx,
    /// Start, then the points walked to in turn; one point is somebody who stands.
    pub path: Vec<Vec2>,
    /// Walking speed, m/s.
    pub speed_mps: f64,
    /// Start over at the end.
    pub again: bool,
}

/// A box to be put in the way. Where somebody or something is, it is put beside that, or waits until there is room.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct ObstacleSpawn {
    /// A number of the caller's choice, unique among obstacles.
    pub key: u64,
    /// Centre of its bottom and heading.
    pub stand: Stand,
    /// Length, width, height in metres.
    pub size_m: [f64; 3],
    /// Along these lines it may be moved to where there is room.
    pub along: Vec<Segment>,
}

/// What a robot's brain tells its drive: holds until the next one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct DriveCommand {
    /// Forward speed, m/s.
    pub vx_mps: f64,
    /// Leftward speed, m/s (ignored by a differential drive).
    pub vy_mps: f64,
    /// Turning speed, rad/s, counter-clockwise.
    pub wz_radps: f64,
    /// Brake as hard as the motors can, whatever the speeds say.
    pub stop: bool,
    /// Connect to the charger when standing at one.
    pub charge: bool,
    /// Draw power for tools.
    pub tool: bool,
}

/// What a robot's brain tells its deck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum DeckCommand {
    /// Take this load.
    Take {
        /// Which.
        load: LoadIx,
    },
    /// Put the load into the ingestor at this vertex.
    Place {
        /// Where.
        vertex: VertexIx,
    },
    /// Take hold of a load that several are to raise.
    Hold {
        /// Which.
        load: LoadIx,
    },
    /// Raise what it holds, together with whoever else does.
    Raise,
    /// Let go: the load falls off behind.
    Release,
    /// Stop what is going on.
    Cancel,
}

/// What a door is told: holds until the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct DoorCommand {
    /// Which.
    pub door: DoorIx,
    /// Open or close.
    pub open: bool,
}

/// What a lift is told: holds until the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct LiftCommand {
    /// Which.
    pub lift: LiftIx,
    /// Where to go (it closes its doors first).
    pub target: LevelIx,
    /// Doors open once there.
    pub open: bool,
}

/// What a door is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum DoorMode {
    /// Shut.
    #[default]
    Closed,
    /// On the way to open.
    Opening,
    /// Fully open.
    Open,
    /// On the way to closed.
    Closing,
    /// Wants to move, something is in the way.
    Blocked,
    /// Wants to move, cannot.
    Jammed,
}

/// A door as its own controller reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct DoorState {
    /// What it is doing.
    pub mode: DoorMode,
    /// How far open, 1/1000.
    pub open_permille: u32,
}

/// What a lift is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum LiftMode {
    /// Stands at a level, doors where they should be.
    #[default]
    Standing,
    /// Stands at a level, doors on their way.
    Doors,
    /// Between levels.
    Moving,
    /// Something is in a door.
    Blocked,
    /// Out of order.
    Stuck,
}

/// A lift as its own controller reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct LiftState {
    /// What it is doing.
    pub mode: LiftMode,
    /// The level it stands at, or passed or left last.
    pub level: LevelIx,
    /// Where it is going or stands.
    pub target: LevelIx,
    /// How far its doors at this level are open, 1/1000.
    pub open_permille: u32,
    /// Height of its floor above the site's zero, mm.
    pub height_mm: i64,
}

/// What the deck is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum Handling {
    /// Nothing.
    #[default]
    Idle,
    /// Taking a load.
    Taking {
        /// Which.
        load: LoadIx,
        /// Ticks until done.
        ticks: u32,
    },
    /// Setting it down into an ingestor.
    Placing {
        /// Where.
        vertex: VertexIx,
        /// Ticks until done.
        ticks: u32,
    },
    /// Holds a load that stands beside it.
    Holding {
        /// Which.
        load: LoadIx,
    },
    /// Raises it.
    Raising {
        /// Which.
        load: LoadIx,
        /// Ticks until it gives up pulling in vain.
        ticks: u32,
    },
}

/// How the last deck command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum Handled {
    /// None has ended.
    #[default]
    Nothing,
    /// The load is on the deck.
    Taken,
    /// The load is in the ingestor.
    Placed,
    /// The load was let go.
    Released,
    /// Further away than the arm reaches, or on another level.
    OutOfReach,
    /// Above the model's payload.
    TooHeavy,
    /// There is a load on the deck already, or somebody else has that one.
    Occupied,
    /// There is no load on the deck, or nothing is held.
    Empty,
    /// It has hold of the load.
    Held,
    /// The load is on the rack.
    Racked,
    /// The load fell: those who held it were too few.
    Fallen,
    /// It lost its hold of a load that several hold: it moved, lost power, or its grip slipped.
    Slipped,
    /// The robot moved, lost power or was told to stop.
    Aborted,
}

/// A marker that the robot sees, in its own frame, with noise.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub struct MarkerReading {
    /// Mounted at this vertex, aligned with the site's frame.
    pub vertex: VertexIx,
    /// Where it is: forward, left, metres.
    pub at: Vec2,
    /// The robot's heading in the marker's (that is, the site's) frame, radians.
    pub heading_rad: f64,
}

/// Everything a robot's own instruments say after a tick, except the scan.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct Readings {
    /// The tick that has just been completed.
    pub tick: u64,
    /// False: the battery is dead, the rest is stale.
    pub powered: bool,
    /// Counts of the wheels (differential: left, right, 0, 0; omnidirectional: front left, front right, rear left, rear right).
    pub encoders: [i64; 4],
    /// Turning speed, rad/s.
    pub yaw_rate_radps: f64,
    /// Something touches the body.
    pub bumper: bool,
    /// Battery voltage, mV.
    pub battery_mv: u32,
    /// Battery current, mA, charging negative.
    pub battery_ma: i32,
    /// State of charge, 1/10 000.
    pub charge_bps: u32,
    /// Current flows in from a charger.
    pub charging: bool,
    /// Weight on the deck, grams.
    pub deck_g: u32,
    /// What the deck is doing.
    pub handling: Handling,
    /// How the last deck command ended.
    pub handled: Handled,
    /// The nearest marker in sight; refreshed together with the scan.
    pub marker: Option<MarkerReading>,
    /// Tick of the last scan, 0 if there was none.
    pub scan_tick: u64,
    /// Position by satellites with corrections, in the site's frame: only on sites under the sky; refreshed together with
    /// the scan.
    pub fix: Option<Vec2>,
}

/// A range that came back with nothing: free as far as the scanner sees.
pub const SCAN_FREE: u16 = u16::MAX;
/// A ray that returned no measurement.
pub const SCAN_LOST: u16 = 0;

/// One scan: `ranges_mm[i]` is at bearing `i * 360° / n` from straight ahead, counter-clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan<'a> {
    /// When it was taken.
    pub tick: u64,
    /// Ranges in millimetres, or [`SCAN_FREE`] or [`SCAN_LOST`].
    pub ranges_mm: &'a [u16],
}

/// The other party of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Party {
    /// A wall.
    #[default]
    Wall,
    /// Furniture of the site.
    Furniture,
    /// The floor, when the robot has tipped over.
    Floor,
    /// A robot.
    Robot {
        /// Which.
        robot: RobotIx,
    },
    /// A person.
    Person {
        /// Which.
        person: PersonIx,
    },
    /// A door.
    Door {
        /// Which.
        door: DoorIx,
    },
    /// A lift: its cabin or one of its doors.
    Lift {
        /// Which.
        lift: LiftIx,
    },
    /// A load.
    Load {
        /// Which.
        load: LoadIx,
    },
    /// A box in the way.
    Obstacle {
        /// Which.
        obstacle: ObstacleIx,
    },
}

/// A touch during the last tick, from one robot's side.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub struct Contact {
    /// Whose body.
    pub robot: RobotIx,
    /// What it touched.
    pub with: Party,
    /// Impulse along the normal over the tick, mN·s.
    pub impulse_mns: u64,
    /// It did not touch this in the tick before.
    pub began: bool,
    /// Where, in the site's frame.
    pub at: Vec2,
}

/// Where a robot really is: for judges and site sensors, never for a robot's brain.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct Truth {
    /// The level whose floor it is on or above.
    pub level: LevelIx,
    /// Position and heading.
    pub pose: Pose2,
    /// Height of its wheels' contact plane above the site's zero, metres.
    pub z_m: f64,
    /// Angle between its axis and the vertical, radians.
    pub tilt_rad: f64,
    /// Velocity in the site's frame, m/s.
    pub velocity_mps: Vec2,
    /// Turning speed, rad/s.
    pub yaw_rate_radps: f64,
    /// The lift cabin it is in.
    pub lift: Option<LiftIx>,
    /// Physics has put it to rest.
    pub asleep: bool,
}

/// Where a load is.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub enum Whereabouts {
    /// In a dispenser or ingestor.
    Stored {
        /// Where.
        stand: Stand,
    },
    /// On the floor.
    Loose {
        /// Where.
        stand: Stand,
    },
    /// In the air, raised by several.
    Raised {
        /// Where.
        stand: Stand,
    },
    /// On a rack.
    Racked {
        /// Where.
        stand: Stand,
    },
    /// On a robot's deck.
    Carried {
        /// Whose.
        robot: RobotIx,
    },
    /// Taken out of the world.
    Gone,
}

/// The nearest other thing around a robot.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub struct Clearance {
    /// What.
    pub party: Party,
    /// Gap between the outlines, metres, negative when they overlap.
    pub gap_m: f64,
}

/// What a robot's drive is made of, as its factsheet would say: for odometry.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub struct DriveGauge {
    /// Wheels with encoders: two or four.
    pub wheels: u32,
    /// Wheel radius, metres.
    pub wheel_radius_m: f64,
    /// Positions of the wheels, metres forward and left of the centre.
    pub at: [(f64, f64); 4],
    /// Axis of the rollers: 0 for a plain wheel, else ±1: force acts along (1, ±1)/√2.
    pub roller: [f64; 4],
    /// Counts per turn.
    pub counts_per_turn: u32,
}
