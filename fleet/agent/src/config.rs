//! What a robot is told once, when it is enrolled.

use nooterra_engine::ids::{RobotId, TenantId};
use nooterra_engine::{Record, Span};
use nooterra_port::ability::Declared;
use nooterra_port::camera::CameraKind;
use nooterra_site::RobotModel;
use nooterra_trust::PublicKey;

/// How encoder counts become movement.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub struct Wheels {
    /// Encoder counts per metre of rolling.
    pub counts_per_m: f64,
    /// Distance between the driven wheels (differential), m.
    pub track_m: f64,
    /// Half the wheelbase plus half the track (omnidirectional), m.
    pub arm_m: f64,
}

impl Wheels {
    /// The usual chassis of a model: wheels of a quarter of its radius, 4096 counts a turn, track of 1.6 radii
    /// (differential), wheels 0.6 radii off each axis (omnidirectional).
    pub fn nominal(m: &RobotModel) -> Self {
        let radius_m = m.footprint_radius_m.clamp(0.05, 3.0);
        let wheel_m = (0.25 * radius_m).clamp(0.03, 0.15);
        Self { counts_per_m: 4096.0 / (std::f64::consts::TAU * wheel_m), track_m: 1.6 * radius_m, arm_m: 1.2 * radius_m }
    }
}

/// Local limits and patience. Remote orders may tighten what the robot does, never these.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct LocalPolicy {
    /// How near to a node counts as being there, m.
    pub arrival_m: f64,
    /// Distance kept in front of what is not on the map, m.
    pub standoff_m: f64,
    /// Distance kept in front of what moves, m.
    pub human_standoff_m: f64,
    /// Sideways margin past mapped walls, m.
    pub wall_margin_m: f64,
    /// Sideways margin past everything else, m.
    pub free_margin_m: f64,
    /// Sideways distance below which it slows down, m.
    pub slow_margin_m: f64,
    /// Speed past people closer than 0.6 m, m/s.
    pub human_speed_mps: f64,
    /// Share of the model's speed during a safe exit.
    pub exit_share: f64,
    /// Share of the model's speed while the battery is low.
    pub low_battery_share: f64,
    /// Blocked for this long: reported.
    pub obstructed_after: Span,
    /// No further for this long at work, whatever was tried: it asks for help.
    pub ask_after: Span,
    /// Inside without a link: goes on for this long past its lease.
    pub autonomy: Span,
    /// Heartbeat interval without a lease.
    pub heartbeat_idle: Span,
    /// Nothing acknowledged for this long: the link counts as lost.
    pub link_quiet: Span,
    /// Clamps are summed up over this long per bound.
    pub clamp_window: Span,
    /// Charge below which work is given up, 1/10 000.
    pub reserve_bps: u32,
    /// Bump that is reported, mN·s.
    pub collision_mns: u32,
    /// Does this robot have a lidar? Without a scan for a second it stops.
    pub has_lidar: bool,
}

impl LocalPolicy {
    /// The usual values for a model.
    pub fn for_model(m: &RobotModel) -> Self {
        Self {
            arrival_m: 0.05,
            standoff_m: 0.10,
            human_standoff_m: 0.25,
            wall_margin_m: 0.015,
            free_margin_m: 0.04,
            slow_margin_m: 0.15,
            human_speed_mps: 0.24,
            exit_share: 0.6,
            low_battery_share: 0.6,
            obstructed_after: Span::from_secs(8),
            ask_after: Span::from_secs(30),
            autonomy: nooterra_port::order::AUTONOMY,
            heartbeat_idle: Span::from_secs(10),
            link_quiet: Span::from_secs(15),
            clamp_window: Span::from_secs(1),
            reserve_bps: m.recharge_threshold_bps / 2,
            collision_mns: 500,
            has_lidar: true,
        }
    }
}

/// Enrolment of one robot. Its secret is given beside it and lives in the signing chain only.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct AgentConfig {
    /// Who it is.
    pub robot: RobotId,
    /// The marketplace.
    pub tenant: TenantId,
    /// What it is.
    pub model: RobotModel,
    /// How its wheels measure.
    pub wheels: Wheels,
    /// Key of the dispatch service: orders and receipts must be signed by it.
    pub dispatch: PublicKey,
    /// Navigation graph it drives on.
    pub graph_idx: u32,
    /// Vertex where it stands at the start; gives level and place.
    pub start_vertex: u32,
    /// Heading at the start, rad.
    pub start_theta_rad: f64,
    /// What it would add to its clock to get platform time, ns.
    pub clock_offset_ns: i64,
    /// Local limits.
    pub policy: LocalPolicy,
    /// What its owner has it declare otherwise than its model says.
    pub declares: Vec<Declared>,
    /// Its camera.
    pub camera: CameraKind,
    /// Version of its driver, which certificates of skills name.
    pub driver_version: u32,
}
