//! The hardware contract: what a body tells its brain, and what the brain asks of it. Simulated or real, the same.

use crate::camera::Image;
use nooterra_engine::ids::ItemId;
use nooterra_engine::{Instant, Record};

/// Everything the sensors say at one control cycle. The agent sees nothing else of the world.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct SensorFrame {
    /// Device time.
    pub dev_ns: Instant,
    /// Encoder counts since boot, one per driven wheel: left, right (differential); front left, front right, rear left, rear right (omni).
    pub encoders: Vec<i64>,
    /// Turning speed from the gyroscope, rad/s.
    pub gyro_radps: f64,
    /// A new scan, if one was finished since the last frame.
    pub scan: Option<Scan>,
    /// Markers in view.
    pub markers: Vec<MarkerSighting>,
    /// Battery voltage, mV.
    pub battery_mv: u32,
    /// State of charge as the battery computes it, 1/10 000.
    pub soc_bps: u32,
    /// Current, mA; negative while charging.
    pub current_ma: i32,
    /// Charger connected and delivering?
    pub charging: bool,
    /// Mass on the deck, g.
    pub deck_g: u32,
    /// The item gripped, if the gripper reads one.
    pub gripped: Option<ItemId>,
    /// Last pick or drop: done, failed, or still under way.
    pub gripper: GripperState,
    /// Bumper pressed, and the impulse felt since the last frame, mN·s.
    pub bump_mns: u32,
    /// Tilt from upright, rad.
    pub tilt_rad: f64,
    /// Drive reports a fault.
    pub motor_fault: bool,
    /// Position by satellites, if there is a new one.
    pub fix: Option<PositionFix>,
    /// Distance from the middle of the robot to the outline of the nearest person that the camera's recogniser sees, m.
    pub person_m: Option<f64>,
    /// An image, if a new one was made.
    pub image: Option<Image>,
}

/// A 2-D lidar scan in the robot's frame.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Scan {
    /// Angle of the first ray, rad.
    pub angle_min_rad: f64,
    /// Step between rays, rad.
    pub angle_step_rad: f64,
    /// Ranges, m; 0 where nothing came back.
    pub ranges_m: Vec<f32>,
    /// Furthest range, m.
    pub range_max_m: f32,
}

/// A position by satellites with corrections, in the site's frame.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct PositionFix {
    /// East, m.
    pub x_m: f64,
    /// North, m.
    pub y_m: f64,
}

/// A marker seen: dock plates and fiducials at vertices.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct MarkerSighting {
    /// Vertex that carries the marker (index in the site).
    pub vertex: u32,
    /// Its place in the robot's frame, forward, m.
    pub x_m: f64,
    /// Left, m.
    pub y_m: f64,
    /// Bearing of the marker's own x axis (the site's east) in the robot's frame, rad.
    pub theta_rad: f64,
}

/// What the gripper or lifting deck is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum GripperState {
    /// Nothing asked.
    #[default]
    Idle,
    /// Under way.
    Busy,
    /// Done.
    Done,
    /// Could not be done.
    Failed,
}

/// What the brain asks of its body.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Actuation {
    /// Forward speed, m/s.
    pub speed_mps: f64,
    /// Speed to the left, m/s (omnidirectional only).
    pub lateral_mps: f64,
    /// Turning speed, rad/s.
    pub turn_radps: f64,
    /// Brakes on, drives off.
    pub brake: bool,
    /// Gripper or deck command; `None` leaves it as it is.
    pub gripper: Option<GripperCommand>,
    /// Draw current from the charger if one is in reach.
    pub charge: bool,
}

/// What the gripper is told.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum GripperCommand {
    /// Take this item.
    Pick {
        /// The item.
        item: ItemId,
    },
    /// Set down what is held.
    Drop,
    /// Take hold of an item beside it that several are to raise.
    Hold {
        /// The item.
        item: ItemId,
    },
    /// Raise what it has hold of.
    Raise,
    /// Let go of what it has hold of.
    LetGo,
}
