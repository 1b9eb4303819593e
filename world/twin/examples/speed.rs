//! How long a tick takes: robots wander through an office of rooms and corridors.
//! `cargo run --release -p nooterra-twin --example speed`
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::unwrap_used, clippy::cast_possible_truncation)]
#![allow(clippy::cast_precision_loss, clippy::cast_sign_loss)]

use nooterra_engine::Hasher;
use nooterra_engine::chance::Chance;
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_engine::ids::RobotId;
use nooterra_site::model::{Frame, Level, Wall};
use nooterra_site::{LevelIx, RobotModel, Site};
use nooterra_twin::{DriveCommand, RobotIx, RobotSpawn, Stand, Twin, TwinParams};
use std::time::Instant;

/// Rooms of 6 m with a door gap on each side, `n` by `n`.
fn office(n: usize) -> Site {
    let mut walls = Vec::new();
    let size = 6.0;
    let mut wall = |x0: f64, y0: f64, x1: f64, y1: f64| {
        walls.push(Wall { line: Segment::new(Vec2::new(x0, y0), Vec2::new(x1, y1)), thickness_m: 0.1, height_m: 2.5, alpha: 1.0 });
    };
    for i in 0..=n {
        for j in 0..n {
            let (a, b) = (i as f64 * size, j as f64 * size);
            if i == 0 || i == n {
                wall(a, b, a, b + size);
                wall(b, a, b + size, a);
            } else {
                for (s, t) in [(0.0, 2.2), (3.8, 6.0)] {
                    wall(a, b + s, a, b + t);
                    wall(b + s, a, b + t, a);
                }
            }
        }
    }
    let level = Level { name: "L1".into(), elevation_m: 0.0, walls, floors: vec![], obstacles: vec![] };
    let (vertices, lanes, doors) = (vec![], vec![], vec![]);
    Site {
        name: "rooms".into(),
        frame: Frame::CartesianMeters,
        levels: vec![level],
        vertices,
        lanes,
        doors,
        lifts: vec![],
        spawns: vec![],
        graphs: vec![],
        areas: Vec::new(),
    }
}

fn model() -> RobotModel {
    RobotModel {
        speed_max_mps: 1.0,
        turn_max_radps: 1.5,
        turn_accel_max_radps2: 3.0,
        inertia_kg_m2: 0.9,
        rolling_resistance: 0.02,
        ..RobotModel::default()
    }
}

fn run(robots: usize, lidar: bool, ticks: usize) {
    let n = ((robots as f64).sqrt().ceil() as usize).max(4);
    let site = office(n);
    let mut params = TwinParams::default();
    params.lidar.enabled = lidar;
    let mut t = Twin::new(&site, params, Chance::new(7)).unwrap();
    for i in 0..robots {
        let pose = Pose2::new((i % n) as f64 * 6.0 + 3.0, (i / n) as f64 * 6.0 + 3.0, i as f64);
        t.add_robot(RobotSpawn {
            id: RobotId::named(&format!("r{i}")),
            model: model(),
            stand: Stand { level: LevelIx::new(0), pose },
            charge_bps: 10_000,
        })
        .unwrap();
    }
    let mut turning = vec![0u32; robots];
    let (mut step_ns, mut digest_ns, mut worst, mut contacts) = (0u128, 0u128, 0u128, 0usize);
    for tick in 0..ticks {
        for (i, turns) in turning.iter_mut().enumerate() {
            let r = RobotIx::new(i as u32);
            if tick < 1 {
                continue;
            }
            let tight = t.wall_clearance(r, 0.5).is_some_and(|g| g < 0.4) || t.clearance(r, 0.5, false).is_some();
            if tight && *turns == 0 {
                *turns = 60;
            }
            *turns = turns.saturating_sub(1);
            let (v, w) = if *turns > 20 { (0.0, 1.2) } else { (0.8, 0.1) };
            t.drive(r, DriveCommand { vx_mps: v, wz_radps: w, ..DriveCommand::default() }).unwrap();
        }
        let before = Instant::now();
        t.step().unwrap();
        let after = Instant::now();
        let mut h = Hasher::new();
        t.digest(&mut h);
        std::hint::black_box(h.finish());
        if tick > 100 {
            let ns = (after - before).as_nanos();
            step_ns += ns;
            worst = worst.max(ns);
            digest_ns += after.elapsed().as_nanos();
            contacts += t.contacts().len();
        }
    }
    let n = (ticks - 101) as f64;
    let (s, d) = (step_ns as f64 / n / 1000.0, digest_ns as f64 / n / 1000.0);
    println!(
        "{robots:5} robots, lidar {lidar:5}: step {s:8.1} µs (worst {:8.1}), digest {d:6.1} µs, {:6.0} x real time, {:.2} contacts a tick",
        worst as f64 / 1000.0,
        20_000.0 / (s + d),
        contacts as f64 / n
    );
    let before = Instant::now();
    let bytes = t.freeze(&site);
    let froze = before.elapsed();
    let before = Instant::now();
    let thawed = Twin::thaw(&bytes, &site, t.params().clone()).unwrap();
    println!("       freeze {} KiB in {froze:?}, thaw in {:?}", bytes.len() / 1024, before.elapsed());
    std::hint::black_box(thawed);
}

fn main() {
    let pick: Option<usize> = std::env::args().nth(1).and_then(|a| a.parse().ok());
    for (robots, ticks) in [(1, 2000), (10, 2000), (50, 2000), (200, 1000), (1000, 600)] {
        for lidar in [false, true] {
            if pick.is_none_or(|p| p == robots) {
                run(robots, lidar, ticks);
            }
        }
    }
}
