//! Robot models: limits, footprint, mass and battery, as an Open-RMF fleet file or a VDA 5050 factsheet states them.

use nooterra_engine::Record;

/// How a robot moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum Drive {
    /// Two driven wheels and casters.
    #[default]
    Differential,
    /// Four omnidirectional wheels.
    Omnidirectional,
}

/// What is the same for every robot of a model.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct RobotModel {
    /// Model name: `tinyRobot`.
    pub name: String,
    /// How it moves.
    pub drive: Drive,
    /// Radius of the circle that holds its outline, metres.
    pub footprint_radius_m: f64,
    /// Radius that others should keep clear, metres.
    pub vicinity_radius_m: f64,
    /// Height of the body, metres.
    pub height_m: f64,
    /// Mass without load, kg.
    pub mass_kg: f64,
    /// Moment of inertia about the vertical axis without load, kg m².
    pub inertia_kg_m2: f64,
    /// Highest speed, m/s.
    pub speed_max_mps: f64,
    /// Highest acceleration, m/s².
    pub accel_max_mps2: f64,
    /// Highest turning speed, rad/s.
    pub turn_max_radps: f64,
    /// Highest turning acceleration, rad/s².
    pub turn_accel_max_radps2: f64,
    /// May it drive backwards?
    pub reversible: bool,
    /// Rolling resistance coefficient.
    pub rolling_resistance: f64,
    /// Largest load, kg.
    pub payload_max_kg: f64,
    /// Nominal battery voltage, V.
    pub battery_v: f64,
    /// Battery capacity, Ah.
    pub battery_ah: f64,
    /// Charging current, A.
    pub charge_a: f64,
    /// Power drawn by electronics, W.
    pub ambient_w: f64,
    /// Power drawn by tools while they work, W.
    pub tool_w: f64,
    /// State of charge below which it must not take work, 1/10 000.
    pub recharge_threshold_bps: u32,
    /// State of charge up to which it charges, 1/10 000.
    pub recharge_to_bps: u32,
}

impl RobotModel {
    /// Energy of a full battery, joules.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a battery holds far less than 2^63 J
    pub fn battery_j(&self) -> u64 {
        (self.battery_v * self.battery_ah * 3600.0).max(0.0) as u64
    }
}

impl Default for RobotModel {
    /// Open-RMF's `tinyRobot`.
    fn default() -> Self {
        Self {
            name: "tinyRobot".into(),
            drive: Drive::Differential,
            footprint_radius_m: 0.3,
            vicinity_radius_m: 0.5,
            height_m: 0.6,
            mass_kg: 20.0,
            inertia_kg_m2: 10.0,
            speed_max_mps: 0.5,
            accel_max_mps2: 0.75,
            turn_max_radps: 0.6,
            turn_accel_max_radps2: 2.0,
            reversible: true,
            rolling_resistance: 0.22,
            payload_max_kg: 10.0,
            battery_v: 12.0,
            battery_ah: 24.0,
            charge_a: 5.0,
            ambient_w: 20.0,
            tool_w: 0.0,
            recharge_threshold_bps: 1_000,
            recharge_to_bps: 10_000,
        }
    }
}
