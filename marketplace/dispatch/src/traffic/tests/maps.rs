//! Real buildings: every robot that the map spawns, hundreds of random goals.

use super::sim::Sim;
use crate::traffic::{RoadMap, RobotClass};
use nooterra_site::{Site, VertexIx, import, model_or_generic};
use std::path::{Path, PathBuf};

pub struct Fleet {
    pub classes: Vec<RobotClass>,
    pub robots: Vec<(u32, u32)>,
}

/// The fleet that the map spawns, by the catalogue's sizes.
pub fn fleet(site: &Site) -> Fleet {
    let mut f = Fleet { classes: vec![], robots: vec![] };
    for s in &site.spawns {
        let (model, _) = model_or_generic(&s.model);
        let Some(graph_idx) = site.graphs_at(s.vertex).first().copied() else { continue };
        let class = RobotClass { graph_idx, radius_m: model.footprint_radius_m, speed_mps: model.speed_max_mps };
        let at = f.classes.iter().position(|c| *c == class).unwrap_or_else(|| {
            f.classes.push(class);
            f.classes.len() - 1
        });
        f.robots.push((at as u32, s.vertex.ix));
    }
    f
}

fn sites(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sites").join(name)
}

/// A building of this repository: it has lanes, doors, lifts and robots to speak of.
pub fn building(name: &str) -> Site {
    let text = std::fs::read_to_string(sites(name)).unwrap();
    import(name, &text).unwrap().site
}

/// Robots of a building drive to so many places. Tells how it went.
pub fn run(path: &Path, goals: u64, seed: u64, chaos: bool) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let site = import(&path.to_string_lossy(), &text).map_err(|f| format!("{f:?}")).unwrap().site;
    let f = fleet(&site);
    assert!(!f.robots.is_empty(), "{}: nobody is there", path.display());
    let clock = std::time::Instant::now();
    let map = RoadMap::build(&site, &f.classes);
    let built = clock.elapsed();
    let mut sim = Sim::new(&map, &f.robots, seed);
    let (mut places, mut parking) = (vec![], vec![]);
    for (class, v) in &f.robots {
        let at = VertexIx::new(*v);
        // Places from which there is a way back.
        let there_and_back = |p: &VertexIx| map.travel_ms(*class, at, *p).is_some() && map.travel_ms(*class, *p, at).is_some();
        let all: Vec<VertexIx> = site.vertex_indexes().filter(there_and_back).filter(|p| site.vertices[p.at()].lift.is_none()).collect();
        places.push(all);
        parking.push(f.robots.iter().filter(|(c, _)| c == class).map(|(_, v)| VertexIx::new(*v)).collect::<Vec<_>>());
    }
    sim.chaos = chaos;
    // Campuses have lanes that take minutes.
    sim.rounds(goals, &places, &parking, 3 * 3_600_000);
    let s = &sim.score;
    assert!(s.reached >= goals, "{} of {goals} goals", s.reached);
    format!(
        "{}: {} robots, {} lanes, margin {}, built in {built:?}; {} goals, {:.2}x of free time, longest {} s, {} plans, {} joint, plan mean {} us max {} us",
        path.file_name().unwrap_or_default().to_string_lossy(),
        f.robots.len(),
        map.lanes(),
        map.margin_m,
        s.reached,
        s.took_ms as f64 / s.free_ms.max(1) as f64,
        s.longest_ms / 1000,
        s.plans,
        s.joint,
        s.plan_us_sum / u128::from(s.plans.max(1)),
        s.plan_us_max
    )
}

#[test]
fn office_and_hotel() {
    for (name, goals) in [("office.building.yaml", 300), ("hotel.building.yaml", 300)] {
        for seed in 0..2 {
            println!("{}", run(&sites(name), goals, seed, seed == 1));
        }
    }
}

/// More buildings, wherever they lie: set BUILDINGS to a folder.
#[test]
#[ignore = "needs a folder of buildings"]
fn other_buildings() {
    let Ok(folder) = std::env::var("BUILDINGS") else { return };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.to_string_lossy().ends_with("building.yaml")).collect();
    files.sort();
    for f in files {
        for seed in 0..3 {
            println!("{}", run(&f, 500, seed, seed > 0));
        }
    }
}
