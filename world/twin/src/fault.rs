//! Physical faults: what can break or happen in the world, begun and ended by number.

use crate::words::{ObstacleSpawn, PersonSpawn, RobotIx, Stand};
use bevy_ecs::prelude::{Component, Resource};
use nooterra_engine::Record;
use nooterra_engine::geom::Vec2;
use nooterra_site::{DoorIx, LiftIx, VertexIx};

/// Something wrong with the physical world.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum PhysicalFault {
    /// The battery's inner resistance is this many times larger.
    BatterySag {
        /// Whose.
        robot: RobotIx,
        /// How many times, in percent.
        percent: u32,
    },
    /// Cells fail: this share of the charge is left, 1/10 000. Happens once.
    ChargeLost {
        /// Whose.
        robot: RobotIx,
        /// What is left.
        left_bps: u32,
    },
    /// The battery gives nothing.
    BatteryDead {
        /// Whose.
        robot: RobotIx,
    },
    /// Drive commands arrive this many ticks late (at most 50).
    MotorDelay {
        /// Whose.
        robot: RobotIx,
        /// Ticks.
        ticks: u32,
    },
    /// A wheel is locked.
    MotorJam {
        /// Whose.
        robot: RobotIx,
        /// Which.
        wheel: u32,
    },
    /// A wheel's motor pushes forward with all it has.
    MotorRunaway {
        /// Whose.
        robot: RobotIx,
        /// Which.
        wheel: u32,
    },
    /// A slippery spot.
    SlipPatch {
        /// Centre; heading does not matter.
        stand: Stand,
        /// Radius, mm.
        radius_mm: u32,
        /// Friction that is left, 1/10 000.
        friction_bps: u32,
    },
    /// This share of the rays returns nothing, 1/10 000.
    LidarDropout {
        /// Whose.
        robot: RobotIx,
        /// Share.
        share_bps: u32,
    },
    /// The scan never changes.
    LidarStuck {
        /// Whose.
        robot: RobotIx,
    },
    /// The scanner sees something that is not there.
    LidarGhost {
        /// Whose.
        robot: RobotIx,
        /// Where, in the robot's frame: forward, left.
        at: Vec2,
        /// Its radius, mm.
        radius_mm: u32,
    },
    /// A wheel's encoder stands still.
    EncoderStuck {
        /// Whose.
        robot: RobotIx,
        /// Which.
        wheel: u32,
    },
    /// The yaw rate sensor is off by this much, µrad/s.
    ImuBias {
        /// Whose.
        robot: RobotIx,
        /// Bias.
        bias_uradps: i64,
    },
    /// The yaw rate sensor says nothing.
    GyroDead {
        /// Whose.
        robot: RobotIx,
    },
    /// The marker camera sees no markers.
    MarkersLost {
        /// Whose.
        robot: RobotIx,
    },
    /// It sees them where they are not: the camera was knocked, or markers were moved.
    MarkersOff {
        /// Whose.
        robot: RobotIx,
        /// By how much in the robot's frame: forward, left, m.
        off: Vec2,
    },
    /// A box lies there until the fault ends.
    Obstacle {
        /// What and where.
        spawn: ObstacleSpawn,
    },
    /// Somebody is there until the fault ends.
    Person {
        /// Who and where.
        spawn: PersonSpawn,
    },
    /// A door does not move.
    DoorJam {
        /// Which.
        door: DoorIx,
    },
    /// A lift does not move, nor do its doors.
    LiftStuck {
        /// Which.
        lift: LiftIx,
    },
    /// The load falls off. Happens once.
    PayloadDrop {
        /// Whose.
        robot: RobotIx,
    },
    /// A blow. Happens once.
    Push {
        /// Who gets it.
        robot: RobotIx,
        /// Impulse at the centre of mass in the site's frame, N·s.
        impulse_ns: Vec2,
    },
    /// A charger gives nothing.
    ChargerOff {
        /// Where.
        vertex: VertexIx,
    },
}

/// A fault that is on.
#[derive(Debug, Clone, PartialEq, Record)]
pub(crate) struct ActiveFault {
    pub number: u64,
    pub fault: PhysicalFault,
}

/// What faults do to one robot, gathered when the list changes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record, Component)]
pub(crate) struct RobotFaults {
    pub sag_percent: u32,
    pub dead: bool,
    pub delay_ticks: u32,
    pub jam: [bool; 4],
    pub runaway: [bool; 4],
    pub lost_bps: u32,
    pub stuck_scan: bool,
    pub ghost: Option<Ghost>,
    pub stuck_encoder: [bool; 4],
    pub bias_radps: f32,
    pub no_gyro: bool,
    pub no_markers: bool,
    pub markers_off: (f32, f32),
}

/// A thing that only the scanner sees.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub(crate) struct Ghost {
    pub x: f32,
    pub y: f32,
    pub r: f32,
}

/// A slippery spot in the physics frame.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub(crate) struct Patch {
    pub level: u32,
    pub x: f32,
    pub y: f32,
    pub r: f32,
    pub share: f32,
}

/// All faults that are on.
#[derive(Debug, Clone, PartialEq, Default, Record, Resource)]
pub(crate) struct Faults {
    pub next: u64,
    pub active: Vec<ActiveFault>,
    pub patches: Vec<Patch>,
    pub chargers_off: Vec<u32>,
}

impl RobotFaults {
    /// What `active` does to robot `ix`.
    pub fn gather(active: &[ActiveFault], ix: RobotIx) -> Self {
        let mut f = Self { sag_percent: 100, ..Self::default() };
        let wheel = |w: u32| (w as usize).min(3);
        for a in active {
            match &a.fault {
                PhysicalFault::BatterySag { robot, percent } if *robot == ix => f.sag_percent = f.sag_percent.max(*percent),
                PhysicalFault::BatteryDead { robot } if *robot == ix => f.dead = true,
                PhysicalFault::MotorDelay { robot, ticks } if *robot == ix => f.delay_ticks = (*ticks).min(50),
                PhysicalFault::MotorJam { robot, wheel: w } if *robot == ix => f.jam[wheel(*w)] = true,
                PhysicalFault::MotorRunaway { robot, wheel: w } if *robot == ix => f.runaway[wheel(*w)] = true,
                PhysicalFault::LidarDropout { robot, share_bps } if *robot == ix => f.lost_bps = f.lost_bps.max(*share_bps),
                PhysicalFault::LidarStuck { robot } if *robot == ix => f.stuck_scan = true,
                PhysicalFault::LidarGhost { robot, at, radius_mm } if *robot == ix => {
                    #[allow(clippy::cast_possible_truncation)] // metres to single precision
                    let ghost = Ghost { x: at.x as f32, y: at.y as f32, r: *radius_mm as f32 / 1000.0 };
                    f.ghost = Some(ghost);
                }
                PhysicalFault::EncoderStuck { robot, wheel: w } if *robot == ix => f.stuck_encoder[wheel(*w)] = true,
                #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // rates to single precision
                PhysicalFault::ImuBias { robot, bias_uradps } if *robot == ix => f.bias_radps += *bias_uradps as f32 * 1e-6,
                PhysicalFault::GyroDead { robot } if *robot == ix => f.no_gyro = true,
                PhysicalFault::MarkersLost { robot } if *robot == ix => f.no_markers = true,
                #[allow(clippy::cast_possible_truncation)] // metres to single precision
                PhysicalFault::MarkersOff { robot, off } if *robot == ix => {
                    f.markers_off = (f.markers_off.0 + off.x as f32, f.markers_off.1 + off.y as f32);
                }
                _ => {}
            }
        }
        f
    }
}
