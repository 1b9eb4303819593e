//! Tests of the whole twin on small hand-made sites.
use crate::*;
use nooterra_engine::chance::Chance;
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_engine::ids::RobotId;
use nooterra_site::model::{Frame, Level, Wall};
use nooterra_site::{LevelIx, RobotModel, Site};

/// A room of 20 m by 20 m about the origin.
pub(crate) fn room() -> Site {
    let c = [Vec2::new(-10.0, -10.0), Vec2::new(10.0, -10.0), Vec2::new(10.0, 10.0), Vec2::new(-10.0, 10.0)];
    let walls = (0..4).map(|i| Wall { line: Segment::new(c[i], c[(i + 1) % 4]), thickness_m: 0.1, height_m: 2.5, alpha: 1.0 }).collect();
    Site {
        name: "room".into(),
        frame: Frame::CartesianMeters,
        levels: vec![Level { name: "L1".into(), elevation_m: 0.0, walls, floors: vec![], obstacles: vec![] }],
        vertices: vec![],
        lanes: vec![],
        doors: vec![],
        lifts: vec![],
        spawns: vec![],
        graphs: vec![],
    }
}

pub(crate) fn fast() -> RobotModel {
    RobotModel {
        speed_max_mps: 1.5,
        accel_max_mps2: 1.0,
        turn_max_radps: 2.0,
        turn_accel_max_radps2: 3.0,
        inertia_kg_m2: 0.9,
        rolling_resistance: 0.02,
        ..RobotModel::default()
    }
}

pub(crate) fn put(t: &mut Twin, name: &str, model: RobotModel, x: f64, y: f64, yaw: f64) -> RobotIx {
    let id = RobotId::named(name);
    t.add_robot(RobotSpawn { id, model, stand: Stand { level: LevelIx::new(0), pose: Pose2::new(x, y, yaw) }, charge_bps: 10_000 })
        .unwrap();
    t.step().unwrap();
    t.robot_named(id).unwrap()
}

pub(crate) fn twin(site: &Site) -> Twin {
    Twin::new(site, TwinParams::default(), Chance::new(1)).unwrap()
}

fn go(vx: f64, wz: f64) -> DriveCommand {
    DriveCommand { vx_mps: vx, wz_radps: wz, ..DriveCommand::default() }
}

fn run(t: &mut Twin, ticks: u32) {
    for _ in 0..ticks {
        t.step().unwrap();
    }
}

#[test]
fn a_parked_robot_rests_and_falls_asleep() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", RobotModel::default(), 1.0, 2.0, 0.5);
    run(&mut t, 100);
    let truth = t.truth(r).unwrap();
    assert!(truth.asleep);
    assert!(truth.pose.at.dist(Vec2::new(1.0, 2.0)) < 1e-4, "{truth:?}");
    assert!(truth.z_m.abs() < 1e-3 && truth.tilt_rad < 1e-3, "{truth:?}");
    assert_eq!(t.readings(r).unwrap().encoders, [0; 4]);
}

#[test]
fn a_straight_drive_covers_the_commanded_distance() {
    let mut t = twin(&room());
    let r = put(&mut t, "a", fast(), -8.0, 0.0, 0.0);
    t.drive(r, go(1.5, 0.0)).unwrap();
    run(&mut t, 300);
    let v = t.truth(r).unwrap();
    assert!((v.velocity_mps.x - 1.5).abs() < 0.01, "{v:?}");
    // Ramp of 1.1 m/s²: 1.364 s and 1.023 m, then 1.5 m/s.
    let expected = -8.0 + 1.5 * 6.0 - 1.5 * 1.5 / (2.0 * 1.1);
    assert!((v.pose.at.x - expected).abs() < 0.05, "{} instead of {expected}", v.pose.at.x);
    assert!(v.pose.at.y.abs() < 0.01 && v.pose.theta_rad.abs() < 0.005);
}

#[test]
fn a_frozen_world_goes_on_as_if_nothing_had_been() {
    let site = room();
    let mut a = twin(&site);
    for i in 0..6 {
        put(&mut a, &format!("r{i}"), fast(), -4.0 + f64::from(i), 0.0, f64::from(i));
    }
    for i in 0..6 {
        a.drive(RobotIx::new(i), go(1.0, 0.3 * f64::from(i))).unwrap();
    }
    run(&mut a, 137);
    let bytes = a.freeze(&site);
    let mut b = Twin::thaw(&bytes, &site, TwinParams::default()).unwrap();
    assert_eq!(b.freeze(&site), bytes, "thawing changes nothing");
    for tick in 0..200 {
        a.step().unwrap();
        b.step().unwrap();
        assert_eq!(a.freeze(&site), b.freeze(&site), "{tick} ticks after");
    }
}
