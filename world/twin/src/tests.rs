//! Tests of the whole twin on small hand-made sites.

mod building;
mod drops;
mod faults;
mod laser;
mod loads;
mod motion;
mod recover;
mod same;
mod together;
mod transfer;

pub(crate) use crate::*;
use nooterra_engine::Hasher;
use nooterra_engine::chance::Chance;
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_engine::ids::RobotId;
use nooterra_site::model::{Door, DoorKind, Frame, Level, Lift, LiftDoor, LiftStop, Vertex, Wall};
use nooterra_site::{DoorIx, LevelIx, LiftIx, RobotModel, Site, VertexIx};

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
        areas: Vec::new(),
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

pub(crate) fn go(vx: f64, wz: f64) -> DriveCommand {
    DriveCommand { vx_mps: vx, wz_radps: wz, ..DriveCommand::default() }
}

pub(crate) fn run(t: &mut Twin, ticks: u32) {
    for _ in 0..ticks {
        t.step().unwrap();
    }
}

pub(crate) fn vertex(name: &str, level: u32, x: f64, y: f64) -> Vertex {
    Vertex::new(name, LevelIx::new(level), Vec2::new(x, y))
}

/// The room, cut in two by a wall along x = 0 with a door of 1.2 m in its middle; a charger, a shelf, a bench.
pub(crate) fn two_rooms(kind: DoorKind) -> Site {
    let mut s = room();
    let wall =
        |a: f64, b: f64| Wall { line: Segment::new(Vec2::new(0.0, a), Vec2::new(0.0, b)), thickness_m: 0.1, height_m: 2.5, alpha: 1.0 };
    s.levels[0].walls.extend([wall(-10.0, -0.6), wall(0.6, 10.0)]);
    s.doors.push(Door {
        name: "door".into(),
        level: LevelIx::new(0),
        line: Segment::new(Vec2::new(0.0, -0.6), Vec2::new(0.0, 0.6)),
        kind,
        at_end: false,
        swing_rad: 1.57,
        direction: 1,
        right_left_ratio: 1.0,
    });
    let mut charger = vertex("charger", 0, -8.0, -8.0);
    charger.flags.is_charger = true;
    s.vertices.extend([charger, vertex("shelf", 0, -5.0, 5.0), vertex("bench", 0, 5.0, 5.0)]);
    s
}

/// Two levels four metres apart, with a lift at (5, 0) whose door looks west.
pub(crate) fn with_lift() -> Site {
    let mut s = room();
    let mut up = s.levels[0].clone();
    up.name = "L2".into();
    up.elevation_m = 4.0;
    s.levels.push(up);
    s.lifts.push(Lift {
        name: "lift".into(),
        at: Vec2::new(5.0, 0.0),
        yaw_rad: 0.0,
        width_m: 2.0,
        depth_m: 2.0,
        stops: (0..2).map(|l| LiftStop { level: LevelIx::new(l), doors: vec![0], cabin: vec![] }).collect(),
        doors: vec![LiftDoor {
            name: "west".into(),
            at: Vec2::new(-1.03, 0.0),
            motion_axis_rad: std::f64::consts::FRAC_PI_2,
            width_m: 1.2,
            kind: DoorKind::DoubleSliding,
        }],
        initial_level: LevelIx::new(0),
    });
    s
}

pub(crate) fn sum(t: &Twin) -> nooterra_engine::Digest {
    let mut h = Hasher::new();
    t.digest(&mut h);
    h.finish()
}

pub(crate) fn heading(t: &Twin, r: RobotIx) -> f64 {
    t.truth(r).unwrap().pose.theta_rad
}

pub(crate) fn place(t: &Twin, r: RobotIx) -> Vec2 {
    t.truth(r).unwrap().pose.at
}

pub(crate) const DOOR: DoorIx = DoorIx::new(0);
pub(crate) const LIFT: LiftIx = LiftIx::new(0);
pub(crate) const CHARGER: VertexIx = VertexIx::new(0);
pub(crate) const SHELF: VertexIx = VertexIx::new(1);
pub(crate) const BENCH: VertexIx = VertexIx::new(2);
