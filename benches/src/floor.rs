//! Bare physics: robots on a floor with walls, each driven without a brain.

use nooterra_engine::chance::Chance;
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_engine::ids::RobotId;
use nooterra_site::model::{Frame, Level, Wall};
use nooterra_site::{LevelIx, RobotModel, Site};
use nooterra_twin::{DriveCommand, RobotIx, RobotSpawn, Stand, Twin, TwinError, TwinParams};

/// A world with robots that wander.
#[derive(Debug)]
pub struct Floor {
    /// The world.
    pub twin: Twin,
    /// Its building.
    pub site: Site,
    turning: Vec<u32>,
    wander: bool,
}

fn building(name: &str, lines: Vec<(f64, f64, f64, f64)>) -> Site {
    let wall =
        |(x0, y0, x1, y1)| Wall { line: Segment::new(Vec2::new(x0, y0), Vec2::new(x1, y1)), thickness_m: 0.1, height_m: 1.0, alpha: 1.0 };
    let level =
        Level { name: "L1".into(), elevation_m: 0.0, walls: lines.into_iter().map(wall).collect(), floors: vec![], obstacles: vec![] };
    Site {
        name: name.into(),
        frame: Frame::CartesianMeters,
        levels: vec![level],
        vertices: vec![],
        lanes: vec![],
        doors: vec![],
        lifts: vec![],
        spawns: vec![],
        graphs: vec![],
        areas: Vec::new(),
    }
}

/// Rooms of 6 m, `n` by `n`, with a gap of 1.6 m in every inner wall.
fn rooms(n: usize) -> Site {
    let mut lines = Vec::new();
    for i in 0..=n {
        for j in 0..n {
            let (a, b) = (i as f64 * 6.0, j as f64 * 6.0);
            let pieces: &[(f64, f64)] = if i == 0 || i == n { &[(0.0, 6.0)] } else { &[(0.0, 2.2), (3.8, 6.0)] };
            for (s, t) in pieces {
                lines.push((a, b + s, a, b + t));
                lines.push((b + s, a, b + t, a));
            }
        }
    }
    building("rooms", lines)
}

/// The building of the peers: a wall every five rows of a grid of 2.5 m.
fn rows(side: usize) -> Site {
    let span = 2.5 * side as f64;
    building("rows", (0..side / 5 + 2).map(|i| 12.5 * i as f64 - 1.25).map(|y| (-2.0, y, span + 2.0, y)).collect())
}

impl Floor {
    /// Robots that wander through rooms, with or without lidar.
    pub fn of_rooms(robots: usize, lidar: bool) -> Result<Self, TwinError> {
        let n = ((robots as f64).sqrt().ceil() as usize).max(4);
        let model = RobotModel { speed_max_mps: 1.0, turn_max_radps: 1.5, turn_accel_max_radps2: 3.0, ..RobotModel::default() };
        let poses = (0..robots).map(|i| Pose2::new((i % n) as f64 * 6.0 + 3.0, (i / n) as f64 * 6.0 + 3.0, i as f64));
        Self::new(rooms(n), &model, poses.collect(), lidar, true)
    }
    /// The scene of the peers: every robot on its own slow circle.
    pub fn of_peers(robots: usize) -> Result<Self, TwinError> {
        let side = (robots as f64).sqrt().ceil() as usize;
        let model = RobotModel { speed_max_mps: 1.0, turn_max_radps: 1.5, ..RobotModel::default() };
        let poses = (0..robots).map(|i| Pose2::new(2.5 * (i % side) as f64, 2.5 * (i / side) as f64, 0.0));
        Self::new(rows(side), &model, poses.collect(), false, false)
    }
    fn new(site: Site, model: &RobotModel, poses: Vec<Pose2>, lidar: bool, wander: bool) -> Result<Self, TwinError> {
        let mut params = TwinParams::default();
        params.lidar.enabled = lidar;
        params.lidar.period_ticks = 5;
        let mut twin = Twin::new(&site, params, Chance::new(7))?;
        let turning = vec![0; poses.len()];
        for (i, pose) in poses.into_iter().enumerate() {
            let stand = Stand { level: LevelIx::new(0), pose };
            twin.add_robot(RobotSpawn { id: RobotId::named(&format!("r{i}")), model: model.clone(), stand, charge_bps: 10_000 })?;
        }
        twin.step()?;
        if !wander {
            for i in 0..turning.len() {
                twin.drive(RobotIx::new(i as u32), DriveCommand { vx_mps: 0.45, wz_radps: 0.2, ..DriveCommand::default() })?;
            }
        }
        Ok(Self { twin, site, turning, wander })
    }
    /// Robots that stand before a wall or another robot turn away. Part of the scene, not of the physics.
    pub fn steer(&mut self) -> Result<(), TwinError> {
        if !self.wander || !self.twin.tick().is_multiple_of(5) {
            return Ok(());
        }
        for (i, turns) in self.turning.iter_mut().enumerate() {
            let r = RobotIx::new(i as u32);
            let tight = self.twin.wall_clearance(r, 0.5).is_some_and(|g| g < 0.4) || self.twin.clearance(r, 0.5, false).is_some();
            if tight && *turns == 0 {
                *turns = 12;
            }
            *turns = turns.saturating_sub(1);
            let (v, w) = if *turns > 4 { (0.0, 1.2) } else { (0.8, 0.1) };
            self.twin.drive(r, DriveCommand { vx_mps: v, wz_radps: w, ..DriveCommand::default() })?;
        }
        Ok(())
    }
}
