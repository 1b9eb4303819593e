//! Robot models by the name that a map spawns them under.
//!
//! Figures of TinyRobot, DeliveryRobot, CleanerBotA, CleanerBotE and Caddy are those of the fleet files of Open-RMF's
//! demonstrations; of MiR100, Magni and Sesto those of their makers' data sheets, rounded. Height, payload and what no
//! file states are plain estimates.

use crate::robot::{Drive, RobotModel};

struct Row {
    /// Last part of the map's name in lower case without separators, and the fleet's usual name.
    keys: &'static [&'static str],
    name: &'static str,
    /// Footprint, vicinity and height, m.
    size: [f64; 3],
    /// Mass and payload, kg; moment of inertia as stated, kg m².
    mass: [f64; 3],
    /// Speed, m/s, acceleration, m/s², turn, rad/s, turn acceleration, rad/s².
    limits: [f64; 4],
    reversible: bool,
    /// V, Ah, charging A.
    battery: [f64; 3],
    /// Electronics, tools, W.
    draw: [f64; 2],
    recharge_threshold_bps: u32,
}

const ROWS: [Row; 8] = [
    Row {
        keys: &["tinyrobot", "tinybot"],
        name: "tinyRobot",
        size: [0.3, 0.5, 0.6],
        mass: [20.0, 10.0, 10.0],
        limits: [0.5, 0.75, 0.6, 2.0],
        reversible: true,
        battery: [12.0, 24.0, 5.0],
        draw: [20.0, 0.0],
        recharge_threshold_bps: 1_000,
    },
    Row {
        keys: &["deliveryrobot", "deliverybot", "hospitalrobot"],
        name: "deliveryRobot",
        size: [0.6, 0.8, 1.2],
        mass: [70.0, 50.0, 40.0],
        limits: [0.7, 0.75, 0.6, 2.0],
        reversible: true,
        battery: [24.0, 40.0, 8.8],
        draw: [20.0, 0.0],
        recharge_threshold_bps: 1_000,
    },
    Row {
        keys: &["cleanerbota", "cleanerbot"],
        name: "cleanerBotA",
        size: [1.0, 1.2, 1.2],
        mass: [70.0, 10.0, 40.0],
        limits: [0.7, 0.5, 0.4, 1.0],
        reversible: false,
        battery: [24.0, 20.0, 10.0],
        draw: [100.0, 0.0],
        recharge_threshold_bps: 2_000,
    },
    Row {
        keys: &["cleanerbote"],
        name: "cleanerBotE",
        size: [1.0, 1.2, 1.2],
        mass: [70.0, 10.0, 40.0],
        limits: [0.7, 0.5, 0.4, 1.0],
        reversible: false,
        battery: [24.0, 20.0, 10.0],
        draw: [100.0, 0.0],
        recharge_threshold_bps: 2_000,
    },
    Row {
        keys: &["caddy"],
        name: "caddy",
        size: [1.5, 5.0, 1.9],
        mass: [600.0, 300.0, 600.0],
        limits: [1.0, 0.7, 0.6, 1.5],
        reversible: true,
        battery: [48.0, 200.0, 25.0],
        draw: [100.0, 0.0],
        recharge_threshold_bps: 1_000,
    },
    Row {
        keys: &["mir100", "mir"],
        name: "MiR100",
        size: [0.53, 0.8, 0.35],
        mass: [67.0, 100.0, 10.0],
        limits: [1.0, 0.6, 0.8, 1.6],
        reversible: true,
        battery: [24.0, 40.0, 10.0],
        draw: [50.0, 0.0],
        recharge_threshold_bps: 1_500,
    },
    Row {
        keys: &["magni"],
        name: "Magni",
        size: [0.32, 0.5, 0.3],
        mass: [13.5, 100.0, 1.0],
        limits: [0.8, 0.6, 1.0, 2.0],
        reversible: true,
        battery: [24.0, 10.0, 2.5],
        draw: [25.0, 0.0],
        recharge_threshold_bps: 1_500,
    },
    Row {
        keys: &["sesto"],
        name: "Sesto",
        size: [0.6, 0.9, 0.8],
        mass: [130.0, 150.0, 20.0],
        limits: [0.8, 0.5, 0.6, 1.2],
        reversible: true,
        battery: [24.0, 60.0, 15.0],
        draw: [60.0, 0.0],
        recharge_threshold_bps: 1_500,
    },
];

/// The model that a map means by this name (`Open-RMF/TinyRobot`, `tinyRobot`), if it is known.
pub fn model_named(name: &str) -> Option<RobotModel> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let key: String = last.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let row = ROWS.iter().find(|r| r.keys.contains(&key.as_str())).or_else(|| {
        // `tinyRobot1`, `MiR100_2`: a fleet's members numbered.
        let stem = key.trim_end_matches(|c: char| c.is_ascii_digit());
        ROWS.iter().find(|r| r.keys.contains(&stem))
    })?;
    Some(RobotModel {
        name: row.name.into(),
        drive: Drive::Differential,
        footprint_radius_m: row.size[0],
        vicinity_radius_m: row.size[1],
        height_m: row.size[2],
        mass_kg: row.mass[0],
        payload_max_kg: row.mass[1],
        inertia_kg_m2: RobotModel::physical_inertia(row.mass[0], row.size[0], row.mass[2]),
        speed_max_mps: row.limits[0],
        accel_max_mps2: row.limits[1],
        turn_max_radps: row.limits[2],
        turn_accel_max_radps2: row.limits[3],
        reversible: row.reversible,
        rolling_resistance: RobotModel::physical_rolling(0.22),
        battery_v: row.battery[0],
        battery_ah: row.battery[1],
        charge_a: row.battery[2],
        ambient_w: row.draw[0],
        tool_w: row.draw[1],
        recharge_threshold_bps: row.recharge_threshold_bps,
        recharge_to_bps: 10_000,
    })
}

/// The model of this name, or a generic robot that bears it: tinyRobot's figures, the only ones small enough to fit
/// lanes that were drawn for any robot. The flag says whether the model was known.
pub fn model_or_generic(name: &str) -> (RobotModel, bool) {
    match model_named(name) {
        Some(m) => (m, true),
        None => {
            let last = name.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or("generic");
            (RobotModel { name: last.into(), ..RobotModel::default() }, false)
        }
    }
}

/// Is this a vehicle that a person drives, and that a fleet only watches? (Open-RMF's Caddy, a golf cart on a read-only
/// fleet, spawned on the lanes of robots a fifth of its size.)
pub fn driven_by_people(name: &str) -> bool {
    model_named(name).is_some_and(|m| m.name == "caddy")
}

/// Names of all known models.
pub fn model_names() -> Vec<&'static str> {
    ROWS.iter().map(|r| r.name).collect()
}
