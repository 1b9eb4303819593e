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
    /// Moment of inertia about the vertical axis without load, kg m²; see [`RobotModel::physical_inertia`].
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
    /// Rolling resistance coefficient: about 0.015 for a hard wheel on a hard floor; see [`ROLLING_SHARE`].
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

/// Rolling resistance as a share of the `friction_coefficient` of Open-RMF fleet files.
///
/// Their 0.22 stands in an energy estimate for everything between battery and floor; as rolling resistance it would
/// stop a 20 kg robot from half a metre a second within six centimetres. 0.22 times this share is 0.0154, a hard
/// polyurethane wheel on a hard floor.
pub const ROLLING_SHARE: f64 = 0.07;

impl RobotModel {
    /// A given moment of inertia brought within what a body of this mass and radius can have: half `m r²` is a full
    /// disc, `m r²` a ring with all mass at the rim. (A body may also be lighter at its rim than a disc, but fleet files
    /// err upwards, by a factor of five for the best-known robot.)
    pub fn physical_inertia(mass_kg: f64, radius_m: f64, given_kg_m2: f64) -> f64 {
        let ring = mass_kg * radius_m * radius_m;
        given_kg_m2.clamp(0.5 * ring, ring.max(0.5 * ring))
    }
    /// Rolling resistance from a fleet file's friction coefficient: its [`ROLLING_SHARE`], between 0.005 and 0.04.
    pub fn physical_rolling(friction_coefficient: f64) -> f64 {
        (friction_coefficient * ROLLING_SHARE).clamp(0.005, 0.04)
    }
    /// Are all of its sizes numbers? Files are read so; a model that came as bytes need not be.
    pub fn is_finite(&self) -> bool {
        let body = [self.footprint_radius_m, self.vicinity_radius_m, self.height_m, self.mass_kg, self.inertia_kg_m2];
        let motion = [self.speed_max_mps, self.accel_max_mps2, self.turn_max_radps, self.turn_accel_max_radps2, self.rolling_resistance];
        let power = [self.payload_max_kg, self.battery_v, self.battery_ah, self.charge_a, self.ambient_w, self.tool_w];
        body.iter().chain(&motion).chain(&power).all(|v| v.is_finite())
    }
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
            // Its fleet file says 10, five times what a disc of this mass and radius can have at most.
            inertia_kg_m2: 1.8,
            speed_max_mps: 0.5,
            accel_max_mps2: 0.75,
            turn_max_radps: 0.6,
            turn_accel_max_radps2: 2.0,
            reversible: true,
            // Its fleet file's friction of 0.22 times `ROLLING_SHARE`.
            rolling_resistance: 0.0154,
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
