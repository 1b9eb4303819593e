//! Open-RMF fleet files (`…_config.yaml` with `rmf_fleet:`): the limits, size, mass and battery of a fleet's robots.

use crate::building::read::{Reader, param};
use crate::catalogue::model_or_generic;
use crate::finding::{Finding, Findings};
use crate::robot::RobotModel;
use crate::yaml::{Kind, Node, shortened};

/// A fleet as its file states it.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetFile {
    /// The fleet's name.
    pub name: String,
    /// Its robots' model, fit for physics.
    pub model: RobotModel,
    /// Robots of the fleet and the vertex of their charger, empty if the file names none.
    pub robots: Vec<(String, String)>,
    /// Moment of inertia as the file states it, kg m²; [`RobotModel::physical_inertia`] bounds it.
    pub inertia_stated_kg_m2: Option<f64>,
    /// Friction coefficient as the file states it; [`crate::robot::ROLLING_SHARE`] of it is rolling resistance.
    pub friction_stated: Option<f64>,
    /// Warnings and notes.
    pub findings: Vec<Finding>,
}

const FLEET_KEYS: [&str; 31] = [
    "name",
    "limits",
    "profile",
    "reversible",
    "battery_system",
    "mechanical_system",
    "ambient_system",
    "tool_system",
    "recharge_threshold",
    "recharge_soc",
    "robots",
    "max_delay",
    "publish_fleet_state",
    "account_for_battery_drain",
    "task_capabilities",
    "actions",
    "finishing_request",
    "responsive_wait",
    "use_parking_reservations",
    "reassign_task_interval",
    "task_assignment_strategy",
    "transform",
    "default_min_lane_length",
    "robot_state_update_frequency",
    "action_paths",
    "reference_coordinates",
    "server_uri",
    "update_interval",
    "retreat_to_charger_interval",
    "strict_lanes",
    "lift_watchdog",
];

/// Reads an Open-RMF fleet file. What it leaves out is taken from the known model of the fleet's name.
///
/// # Errors
/// All findings, at least one of them an error.
pub fn import_fleet(file_name: &str, text: &str) -> Result<FleetFile, Vec<Finding>> {
    let mut findings = Findings::new(file_name);
    let Some(root) = crate::yaml::parse(text, &mut findings) else { return Err(findings.finish()) };
    let mut r = Reader { findings };
    let Some(fleet) = root.get("rmf_fleet").filter(|n| matches!(n.kind, Kind::Map(_))) else {
        let what = format!("no `rmf_fleet` mapping; this is {}", root.is_a());
        r.findings.error(
            root.at,
            "rmf_fleet",
            what,
            "give an Open-RMF fleet file with limits, profile and battery_system under `rmf_fleet`",
        );
        return Err(r.findings.finish());
    };
    for e in r.as_map(fleet, || "rmf_fleet".into()) {
        if !FLEET_KEYS.contains(&e.key.as_str())
            && let Some(k) = crate::building::read::nearest(&e.key, &FLEET_KEYS)
        {
            r.findings.warning(e.at, format!("rmf_fleet.{}", e.key), "unknown key", format!("did you mean `{k}`?"));
        }
    }
    let name = r.text_at(fleet, "name", "rmf_fleet.").filter(|n| !n.is_empty()).unwrap_or_else(|| {
        r.findings.warning(fleet.at, "rmf_fleet", "the fleet has no name", "it is called `fleet`; add `name`");
        "fleet".into()
    });
    let (base, known) = model_or_generic(&name);
    let mut d = Desk { r, missing: Vec::new() };
    let mut m = RobotModel { name: name.clone(), ..base };
    (m.speed_max_mps, m.accel_max_mps2) = d.pair(fleet, "linear", (m.speed_max_mps, m.accel_max_mps2));
    (m.turn_max_radps, m.turn_accel_max_radps2) = d.pair(fleet, "angular", (m.turn_max_radps, m.turn_accel_max_radps2));
    m.footprint_radius_m = d.above_zero(fleet, "profile", "footprint", 10.0).unwrap_or(m.footprint_radius_m);
    let vicinity = d.above_zero(fleet, "profile", "vicinity", 50.0).unwrap_or(m.vicinity_radius_m);
    m.vicinity_radius_m = vicinity.max(m.footprint_radius_m);
    m.battery_v = d.above_zero(fleet, "battery_system", "voltage", 2_000.0).unwrap_or(m.battery_v);
    m.battery_ah = d.above_zero(fleet, "battery_system", "capacity", 100_000.0).unwrap_or(m.battery_ah);
    m.charge_a = d.above_zero(fleet, "battery_system", "charging_current", 10_000.0).unwrap_or(m.charge_a);
    m.mass_kg = d.above_zero(fleet, "mechanical_system", "mass", 100_000.0).unwrap_or(m.mass_kg);
    let inertia_stated_kg_m2 = d.above_zero(fleet, "mechanical_system", "moment_of_inertia", 1e7);
    let friction_stated = d.above_zero(fleet, "mechanical_system", "friction_coefficient", 10.0);
    m.ambient_w = d.zero_or_more(fleet, "ambient_system", "power", 100_000.0).unwrap_or(m.ambient_w);
    m.tool_w = d.zero_or_more(fleet, "tool_system", "power", 100_000.0).unwrap_or(m.tool_w);
    if let Some(n) = fleet.get("reversible") {
        m.reversible = d.r.flag(param(n), || "rmf_fleet.reversible".into()).unwrap_or(m.reversible);
    }
    m.recharge_threshold_bps = d.share(fleet, "recharge_threshold").unwrap_or(m.recharge_threshold_bps);
    m.recharge_to_bps = d.share(fleet, "recharge_soc").unwrap_or(m.recharge_to_bps);
    if m.recharge_to_bps <= m.recharge_threshold_bps {
        d.r.findings.error(
            fleet.at,
            "rmf_fleet.recharge_soc",
            "it charges up to less than the level below which it must charge",
            "give recharge_soc above recharge_threshold",
        );
    }
    m.inertia_kg_m2 = RobotModel::physical_inertia(m.mass_kg, m.footprint_radius_m, inertia_stated_kg_m2.unwrap_or(m.inertia_kg_m2));
    if let Some(stated) = inertia_stated_kg_m2.filter(|s| (s - m.inertia_kg_m2).abs() > 1e-9) {
        let what =
            format!("a moment of inertia of {stated} kg m² is no disc or ring of {} kg and radius {} m", m.mass_kg, m.footprint_radius_m);
        d.r.findings.note(fleet.at, "rmf_fleet.mechanical_system.moment_of_inertia", what, format!("{:.2} kg m² is used", m.inertia_kg_m2));
    }
    m.rolling_resistance = friction_stated.map_or(m.rolling_resistance, RobotModel::physical_rolling);
    if let Some(stated) = friction_stated {
        let what = format!("a friction coefficient of {stated} stands for all losses of an energy estimate");
        d.r.findings.note(
            fleet.at,
            "rmf_fleet.mechanical_system.friction_coefficient",
            what,
            format!("{:.4} is used as rolling resistance", m.rolling_resistance),
        );
    }
    if !d.missing.is_empty() {
        let source = if known { "the known model of this name" } else { "a generic robot" };
        let what = format!("not in the file: {}", d.missing.join(", "));
        d.r.findings.note(fleet.at, "rmf_fleet", what, format!("taken from {source}"));
    }
    let mut robots = Vec::new();
    for e in d.r.map(fleet, "robots", "rmf_fleet.") {
        let path = format!("rmf_fleet.robots.{}.", shortened(&e.key));
        let direct = e.value.get("charger").and_then(|_| d.r.text_at(&e.value, "charger", &path));
        let nested = e.value.get("rmf_config").and_then(|n| n.get("charger")).and_then(|n| n.get("waypoint"));
        let charger = direct.or_else(|| d.r.text(nested?, || path.clone()));
        robots.push((e.key.clone(), charger.unwrap_or_default()));
    }
    if d.r.findings.failed() {
        return Err(d.r.findings.finish());
    }
    Ok(FleetFile { name, model: m, robots, inertia_stated_kg_m2, friction_stated, findings: d.r.findings.finish() })
}

struct Desk {
    r: Reader,
    /// What the file does not say.
    missing: Vec<String>,
}

impl Desk {
    /// `limits.<key>: [speed, acceleration]`.
    fn pair(&mut self, fleet: &Node, key: &str, usual: (f64, f64)) -> (f64, f64) {
        let path = format!("rmf_fleet.limits.{key}");
        let Some(n) = fleet.get("limits").and_then(|l| l.get(key)) else {
            self.missing.push(format!("limits.{key}"));
            return usual;
        };
        let Kind::Seq(s) = &n.kind else {
            self.r.findings.error(n.at, path, format!("must be `[speed, acceleration]`, is {}", n.is_a()), "give both numbers");
            return usual;
        };
        let [a, b] = s.as_slice() else {
            self.r.findings.error(n.at, path, format!("must be `[speed, acceleration]`, has {} numbers", s.len()), "give both numbers");
            return usual;
        };
        let mut one = |n: &Node| {
            let v = self.r.number(n, || path.clone())?;
            if v > 0.0 && v <= 50.0 {
                return Some(v);
            }
            self.r.findings.error(n.at, path.clone(), format!("{v} is not above zero and at most 50"), "give a sensible limit");
            None
        };
        (one(a).unwrap_or(usual.0), one(b).unwrap_or(usual.1))
    }
    fn in_range(&mut self, fleet: &Node, part: &str, key: &str, range: (f64, f64), open: bool) -> Option<f64> {
        let path = format!("rmf_fleet.{part}.");
        let Some(n) = fleet.get(part).filter(|p| p.get(key).is_some_and(|k| !k.is_null())) else {
            self.missing.push(format!("{part}.{key}"));
            return None;
        };
        let v = self.r.number_at(n, key, &path)?;
        if v > range.1 || v < range.0 || (open && v <= range.0) {
            let bound = if open { "above" } else { "at least" };
            let at = n.get(key).map_or(n.at, |k| k.at);
            self.r.findings.error(
                at,
                format!("{path}{key}"),
                format!("{v} is not {bound} {} and at most {}", range.0, range.1),
                "give a sensible number",
            );
            return None;
        }
        Some(v)
    }
    fn above_zero(&mut self, fleet: &Node, part: &str, key: &str, most: f64) -> Option<f64> {
        self.in_range(fleet, part, key, (0.0, most), true)
    }
    fn zero_or_more(&mut self, fleet: &Node, part: &str, key: &str, most: f64) -> Option<f64> {
        self.in_range(fleet, part, key, (0.0, most), false)
    }
    /// A share from 0 to 1 in 1/10 000.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked to be 0 to 1
    fn share(&mut self, fleet: &Node, key: &str) -> Option<u32> {
        let Some(n) = fleet.get(key) else {
            self.missing.push(key.to_owned());
            return None;
        };
        let v = self.r.number(param(n), || format!("rmf_fleet.{key}"))?;
        if (0.0..=1.0).contains(&v) {
            return Some((v * 10_000.0).round() as u32);
        }
        self.r.findings.error(n.at, format!("rmf_fleet.{key}"), format!("{v} is no share"), "give a number from 0 to 1");
        None
    }
}
