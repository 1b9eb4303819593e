//! Robot models known by name: those that Open-RMF's demonstration maps spawn, with the limits of their fleet files.

use nooterra_site::RobotModel;

/// Every known model.
pub fn models() -> Vec<RobotModel> {
    let tiny = RobotModel::default();
    let delivery = RobotModel {
        name: "deliveryRobot".into(),
        footprint_radius_m: 0.6,
        vicinity_radius_m: 0.8,
        height_m: 1.1,
        mass_kg: 70.0,
        inertia_kg_m2: 40.0,
        speed_max_mps: 0.7,
        battery_v: 24.0,
        battery_ah: 40.0,
        charge_a: 8.8,
        payload_max_kg: 40.0,
        ..tiny.clone()
    };
    let cleaner = RobotModel {
        name: "cleanerBotA".into(),
        footprint_radius_m: 1.0,
        vicinity_radius_m: 1.2,
        height_m: 1.0,
        mass_kg: 70.0,
        inertia_kg_m2: 40.0,
        speed_max_mps: 0.7,
        accel_max_mps2: 0.5,
        turn_max_radps: 0.4,
        turn_accel_max_radps2: 1.0,
        reversible: false,
        battery_v: 24.0,
        battery_ah: 20.0,
        charge_a: 10.0,
        ambient_w: 100.0,
        recharge_threshold_bps: 2_000,
        ..tiny.clone()
    };
    let cleaner_e = RobotModel { name: "cleanerBotE".into(), ..cleaner.clone() };
    let caddy = RobotModel { name: "caddy".into(), speed_max_mps: 1.0, ..delivery.clone() };
    vec![tiny, delivery, cleaner, cleaner_e, caddy]
}

/// The model that a map or scenario means: vendor, case, `_` and `-` do not matter.
pub fn find<'a>(models: &'a [RobotModel], name: &str) -> Option<&'a RobotModel> {
    let plain = |s: &str| -> String {
        let last = s.rsplit('/').next().unwrap_or(s);
        last.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let wanted = plain(name);
    models.iter().find(|m| plain(&m.name) == wanted)
}
