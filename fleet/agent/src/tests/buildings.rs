//! Real floor plans: every lane of the ground floor is driven, and nothing that the map knows stops the robot.

use super::rig::*;
use nooterra_port::Report;
use nooterra_site::model::{Lane, LevelIx, VertexIx};
use nooterra_site::{Costs, Routes, Site, import};
use std::path::PathBuf;

fn site_of(file: &str) -> Option<Site> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    #[allow(clippy::disallowed_methods)] // tests read the project's own maps
    let text = std::fs::read_to_string(path).ok()?;
    let imported = import(file, &text).unwrap();
    let radii = imported.site.radii();
    Some(imported.carved(&radii).0)
}

/// Visits places in turn for `secs`; returns how many were reached.
fn tour(file: &str, secs: f64) -> Option<(usize, f64)> {
    let mut site = site_of(file)?;
    let spawn = site.spawns.iter().find(|s| site.vertices[s.vertex.at()].level.ix == 0)?.vertex;
    let graph = site.lanes.iter().find(|l| l.from == spawn || l.to == spawn)?.graph_idx;
    // On foot: lanes of this floor and graph only, doors open.
    let level = |v: VertexIx, s: &Site| s.vertices[v.at()].level;
    let on_foot = |l: &Lane, s: &Site| l.graph_idx == graph && level(l.from, s) == LevelIx::new(0) && level(l.to, s) == LevelIx::new(0);
    let keep: Vec<bool> = site.lanes.iter().map(|l| on_foot(l, &site) && l.lift_door.is_none()).collect();
    site.doors.clear();
    let routes = Routes::new(&site, graph, &Costs::at_speed(0.5));
    let mut places: Vec<VertexIx> =
        (0..site.vertices.len() as u32).map(VertexIx::new).filter(|v| level(*v, &site) == LevelIx::new(0)).collect();
    let n = places.len();
    places = (0..n).map(|i| places[i * 7 % n]).collect(); // criss-cross
    let mut r = Rig::new(site, spawn.ix, 0.3);
    r.markers = true;
    let (mut at, mut done, mut worst) = (spawn, 0, 0.0f64);
    let end = r.now.as_secs_f64() + secs;
    for (k, goal) in places.into_iter().enumerate() {
        let way = routes.shortest_with(at, goal, |l| if keep[l.at()] { Some(0) } else { None });
        let Some(way) = way.filter(|w| !w.lanes.is_empty()) else { continue };
        let mut vs = vec![at.ix];
        vs.extend(way.lanes.iter().map(|l| r.site.lanes[*l as usize].to.ix));
        r.go(&format!("k{k}"), &vs);
        while !r.agent.track().is_done() {
            r.cycle();
            worst = worst.max(r.error().0);
            if r.now.as_secs_f64() > end {
                return Some((done, worst));
            }
            let stuck = r.said(|x| matches!(x, Report::Obstructed { .. }));
            assert_eq!(stuck, 0, "{file}: stuck at {:?} on {:?}, {:?}", r.truth, r.agent.track().leg(&r.map), r.notes.last());
        }
        assert!(r.touched > 0.0, "{file}: touched a wall near {:?}", r.truth);
        let want = r.map.vertex(goal.ix).unwrap().at;
        assert!(r.truth.at.dist(want) < 0.06, "{file}: {} m off {goal:?}", r.truth.at.dist(want));
        at = goal;
        done += 1;
    }
    Some((done, worst))
}

#[test]
fn tours_of_real_floor_plans() {
    for file in [
        "sites/office.building.yaml",
        "sites/hotel.building.yaml",
        "sites/corridor.building.yaml",
        "../shared/data/open-rmf/office.building.yaml",
        "../shared/data/open-rmf/hotel.building.yaml",
    ] {
        let Some((places, worst)) = tour(file, 600.0) else { continue };
        println!("{file}: {places} places, worst error {worst:.3} m");
        assert!(places >= 3, "{file}: {places}");
        assert!(worst < 0.08, "{file}: {worst}");
    }
}
