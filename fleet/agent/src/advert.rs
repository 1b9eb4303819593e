//! What the robot says that it can do: when it starts, when a sensor goes or comes back, and each day.

use crate::config::AgentConfig;
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::ability::{Advert, Declared, NAMES};
use nooterra_port::facility::AccessMethod;
use nooterra_port::report::Report;
use nooterra_site::RobotModel;

/// Said again after this.
const DAILY: Span = Span::from_mins(24 * 60);

/// What was said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Told {
    at: Option<Instant>,
    sees: bool,
}

impl Told {
    /// One cycle; `sees` says that the lidar works.
    pub fn cycle(&mut self, now: Instant, sees: bool, config: &AgentConfig) -> Option<Report> {
        let again = self.at.is_none_or(|at| now.since(at) >= DAILY) || self.sees != sees;
        again.then(|| {
            *self = Self { at: Some(now), sees };
            Report::Advertised(Box::new(advert(config, sees)))
        })
    }
}

/// What this robot declares: its model's values but for those that its owner has it say.
fn advert(c: &AgentConfig, sees: bool) -> Advert {
    let said = |name: &str| c.declares.iter().find(|d| d.name == name).map(|d| d.value);
    let value = |name: &&str| Declared { name: (*name).to_owned(), value: said(name).unwrap_or_else(|| of_model(&c.model, name)) };
    // How it gets in, where its owner has it say so; names stay in order.
    let methods = AccessMethod::ALL.iter().filter_map(|m| said(m.ability()).map(|value| Declared { name: m.ability().to_owned(), value }));
    let mut capabilities: Vec<Declared> = NAMES.iter().map(value).chain(methods).collect();
    capabilities.sort_by(|a, b| a.name.cmp(&b.name));
    let sensors = ["bumper", "deck_scale", "lidar", "odometry"].into_iter().filter(|s| sees || *s != "lidar");
    Advert { capabilities, sensors: sensors.map(str::to_owned).collect(), battery_j: c.model.battery_j() }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // speeds, lengths and masses of one robot
fn of_model(m: &RobotModel, name: &str) -> u64 {
    let si = match name {
        "accel_mm_s2" => m.accel_max_mps2,
        "height_mm" => m.height_m,
        "payload_g" => m.payload_max_kg,
        "speed_mm_s" => m.speed_max_mps,
        "turn_mrad_s" => m.turn_max_radps,
        "width_mm" => 2.0 * m.footprint_radius_m,
        _ => 0.0,
    };
    (si * 1e3).clamp(0.0, 1e12).round() as u64
}
