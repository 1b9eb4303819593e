//! Tests of reading, resolving and conditions.

mod areas;
mod bad_input;
mod coins;
mod conditions;
mod disputes;
mod doors;
mod market;
mod proving;
mod resolving;
mod series;
mod words;

use nooterra_engine::geom::Vec2;
use nooterra_site::model::{Frame, Graph, Lane, Level, Lift, Site, Spawn, Vertex};
use nooterra_site::{LaneIx, LevelIx, LiftIx, VertexIx};

/// A vertex of the first level at `x` metres along a corridor.
pub fn vertex(name: &str, x: f64) -> Vertex {
    Vertex::new(name, LevelIx::new(0), Vec2::new(x, 0.0))
}

/// A straight corridor: `home1 - home2 - pantry - middle - lounge`, five metres each, both ways, and a lone vertex.
pub fn corridor() -> Site {
    let names = ["home1", "home2", "pantry", "", "lounge", "island"];
    let mut vertices: Vec<Vertex> = names.iter().enumerate().map(|(i, n)| vertex(n, 5.0 * i as f64)).collect();
    vertices[0].flags.is_charger = true;
    vertices[1].flags.is_charger = true;
    let mut lanes = Vec::new();
    for i in 0..4u32 {
        for (a, b) in [(i, i + 1), (i + 1, i)] {
            let n = u32::try_from(lanes.len()).expect("a few");
            lanes.push(Lane { reverse: Some(LaneIx::new(n ^ 1)), ..Lane::new(VertexIx::new(a), VertexIx::new(b), 5_000) });
        }
    }
    Site {
        name: "corridor".into(),
        frame: Frame::CartesianMeters,
        levels: vec![Level { name: "L1".into(), elevation_m: 0.0, walls: vec![], floors: vec![], obstacles: vec![] }],
        vertices,
        lanes,
        doors: vec![],
        lifts: vec![Lift {
            name: "Lift1".into(),
            at: Vec2::default(),
            yaw_rad: 0.0,
            width_m: 2.0,
            depth_m: 2.0,
            stops: vec![],
            doors: vec![],
            initial_level: LevelIx::new(0),
        }],
        spawns: vec![
            Spawn { robot: "tinyRobot1".into(), model: "Open-RMF/TinyRobot".into(), vertex: VertexIx::new(0) },
            Spawn { robot: "tinyRobot2".into(), model: "Open-RMF/TinyRobot".into(), vertex: VertexIx::new(1) },
        ],
        graphs: vec![Graph { graph_idx: 0, name: String::new(), default_speed_limit_mps: None }],
        areas: Vec::new(),
    }
}

/// `LiftIx` of the corridor's only lift.
pub const LIFT: LiftIx = LiftIx::new(0);

/// The four lines that make a complete scenario.
pub const HEAD: &str = "title: t\nsite: s.yaml\nduration: 30m\nseed: 7\n";
