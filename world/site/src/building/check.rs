//! Checks of a joined site as a whole: what robots can reach, what stands alone, what stands at one place.

use super::join::{Joined, crossing};
use super::read::Reader;
use crate::finding::Mark;
use crate::model::*;
use crate::routes::{Costs, Routes};
use crate::yaml::shortened;
use std::collections::BTreeMap;

/// Robots that start nearer than this would start in contact, metres.
const SPAWNS_APART_M: f64 = 0.6;
/// Of how many robots the reach is searched.
const SPAWNS_SEARCHED: usize = 500;
/// Names listed in one finding.
const NAMES_LISTED: usize = 6;

pub(crate) fn check(r: &mut Reader, joined: &Joined) {
    let site = &joined.site;
    if site.lanes.iter().all(|l| l.ride.is_some()) {
        r.findings.warning(Mark::default(), "levels", "there is no lane", "robots cannot move; draw lanes");
    }
    names(r, joined);
    for g in &site.graphs {
        graph(r, joined, g.graph_idx);
    }
    spawns(r, joined);
    lifts(r, joined);
    shafts(r, joined);
    levels(r, joined);
    transfers(r, joined);
}

/// The same name on two levels, the same name of two doors.
fn names(r: &mut Reader, joined: &Joined) {
    let site = &joined.site;
    let mut seen: BTreeMap<&str, VertexIx> = BTreeMap::new();
    for v in site.vertex_indexes() {
        let x = &site.vertices[v.at()];
        if x.name.is_empty() {
            continue;
        }
        if let Some(first) = seen.get(x.name.as_str()) {
            if site.vertices[first.at()].level != x.level {
                let level = &site.levels[site.vertices[first.at()].level.at()].name;
                let what = format!("the name `{}` also stands on level {level}", shortened(&x.name));
                let here = &site.levels[x.level.at()].name;
                let remedy = format!("say `{here}/{}` for this one, or rename it", shortened(&x.name));
                r.findings.note(joined.places.vertices[v.at()], joined.vertex_paths[v.at()].as_str(), what, remedy);
            }
        } else {
            seen.insert(&x.name, v);
        }
    }
    let mut doors: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, d) in site.doors.iter().enumerate() {
        if let Some(first) = doors.insert(&d.name, i) {
            let what = format!("the door `{}` appears again, first on line {}", shortened(&d.name), joined.places.doors[first].line);
            r.findings.warning(
                joined.places.doors[i],
                format!("levels.{}.doors", site.levels[d.level.at()].name),
                what,
                "give each door a name of its own",
            );
        }
    }
}

/// Parts of a graph that are not connected, and vertices from which there is no way back.
fn graph(r: &mut Reader, joined: &Joined, graph_idx: u32) {
    let site = &joined.site;
    let n = site.vertices.len();
    let mut part: Vec<usize> = (0..n).collect();
    fn root(part: &mut [usize], mut v: usize) -> usize {
        while part[v] != v {
            part[v] = part[part[v]];
            v = part[v];
        }
        v
    }
    let mut on = vec![false; n];
    for l in site.lanes.iter().filter(|l| l.graph_idx == graph_idx) {
        let (a, b) = (root(&mut part, l.from.at()), root(&mut part, l.to.at()));
        let low = a.min(b);
        (part[a], part[b]) = (low, low);
        (on[l.from.at()], on[l.to.at()]) = (true, true);
    }
    let mut parts: BTreeMap<usize, Vec<VertexIx>> = BTreeMap::new();
    for v in site.vertex_indexes().filter(|v| on[v.at()]) {
        parts.entry(root(&mut part, v.at())).or_default().push(v);
    }
    let mut sorted: Vec<Vec<VertexIx>> = parts.into_values().collect();
    sorted.sort_by_key(|p| std::cmp::Reverse(p.len()));
    let routes = Routes::new(site, graph_idx, &Costs::default());
    for (i, p) in sorted.iter().enumerate() {
        if i > 0 {
            let what = format!(
                "graph {graph_idx} falls apart: {} of its vertices are not connected to the others, among them {}",
                p.len(),
                listed(site, p)
            );
            r.findings.warning(
                joined.places.vertices[p[0].at()],
                joined.vertex_paths[p[0].at()].as_str(),
                what,
                "connect them by a lane or a lift, or give them another graph_idx",
            );
        }
        // There is a way from everywhere to everywhere exactly if one vertex reaches all and all reach it.
        let hub = p
            .iter()
            .copied()
            .max_by_key(|v| (routes.lanes_from(*v).len() + routes.lanes_to(*v).len(), std::cmp::Reverse(v.ix)))
            .unwrap_or(p[0]);
        let (out, back) = (routes.distance_from(hub), routes.distance_table(hub));
        for (table, what) in [(&out, "can be left but not reached"), (&back, "can be reached but not left")] {
            let bad: Vec<VertexIx> = p.iter().copied().filter(|v| table[v.at()] == crate::routes::UNREACHABLE).collect();
            if let Some(first) = bad.first() {
                let what = format!("{} vertices of graph {graph_idx} {what} because of one-way lanes: {}", bad.len(), listed(site, &bad));
                r.findings.warning(
                    joined.places.vertices[first.at()],
                    joined.vertex_paths[first.at()].as_str(),
                    what,
                    "make a lane bidirectional or add one back",
                );
            }
        }
    }
}

fn listed(site: &Site, vertices: &[VertexIx]) -> String {
    let names: Vec<String> = vertices.iter().take(NAMES_LISTED).map(|v| shortened(&site.vertex_label(*v))).collect();
    let more = vertices.len().saturating_sub(NAMES_LISTED);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

fn spawns(r: &mut Reader, joined: &Joined) {
    let site = &joined.site;
    if site.spawns.is_empty() && !site.lanes.is_empty() {
        r.findings.note(
            Mark::default(),
            "levels",
            "the map puts no robot anywhere",
            "add `spawn_robot_type` and `spawn_robot_name` to chargers, or name a fleet in the scenario",
        );
    }
    let mut known: BTreeMap<u32, Routes> = BTreeMap::new();
    for (i, s) in site.spawns.iter().enumerate() {
        let (at, path) = (joined.places.vertices[s.vertex.at()], joined.vertex_paths[s.vertex.at()].as_str());
        let v = &site.vertices[s.vertex.at()];
        let graphs = site.graphs_at(s.vertex);
        if graphs.is_empty() {
            let what = format!("robot `{}` starts on no lane", shortened(&s.robot));
            r.findings.warning(at, path, what, "it cannot move; lead a lane to its vertex");
            continue;
        }
        if !v.flags.is_charger {
            let what = format!("robot `{}` does not start at a charger", shortened(&s.robot));
            r.findings.note(at, path, what, "mark its vertex `is_charger` if it has one");
        }
        for other in site.spawns[..i].iter().take(SPAWNS_SEARCHED) {
            let o = &site.vertices[other.vertex.at()];
            if o.level == v.level && o.at.dist(v.at) < SPAWNS_APART_M {
                let what =
                    format!("robots `{}` and `{}` start {:.2} m apart", shortened(&other.robot), shortened(&s.robot), o.at.dist(v.at));
                r.findings.warning(at, path, what, format!("they would touch; start them {SPAWNS_APART_M} m apart or more"));
            }
        }
        if i >= SPAWNS_SEARCHED {
            continue;
        }
        let routes = known.entry(graphs[0]).or_insert_with(|| Routes::new(site, graphs[0], &Costs::default()));
        let d = routes.distance_from(s.vertex);
        let cut: Vec<VertexIx> = routes.places(site).into_iter().filter(|p| d[p.at()] == crate::routes::UNREACHABLE).collect();
        if !cut.is_empty() {
            let what = format!(
                "robot `{}` cannot reach {} places of its graph {}: {}",
                shortened(&s.robot),
                cut.len(),
                graphs[0],
                listed(site, &cut)
            );
            r.findings.warning(at, path, what, "connect them, or start it elsewhere");
        }
        if routes.nearest_charger(site, s.vertex).is_none() {
            let what = format!("robot `{}` can reach no charger", shortened(&s.robot));
            r.findings.warning(at, path, what, "mark a vertex of its graph `is_charger`");
        }
    }
}

/// Lanes that lead through the shaft of a lift on a level that it passes without a stop: there is no floor.
fn shafts(r: &mut Reader, joined: &Joined) {
    const STEP_M: f64 = 0.05;
    let site = &joined.site;
    for lift in &site.lifts {
        let heights = lift.stops.iter().map(|s| site.levels[s.level.at()].elevation_m);
        let (low, high) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), z| (l.min(z), h.max(z)));
        for l in site.lane_indexes() {
            let (lane, level) = (&site.lanes[l.at()], site.lane_level(l));
            let z = site.levels[level.at()].elevation_m;
            let passed = z > low && z < high && lift.stop_at(level).is_none();
            if !passed || lane.ride.is_some() || lane.reverse.is_some_and(|o| o < l) {
                continue;
            }
            let line = site.lane_line(l);
            let along = line.b - line.a;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a lane of at most kilometres
            let steps = (line.length() / STEP_M).ceil().clamp(1.0, 1e6) as u32;
            if (0..=steps).any(|i| lift.holds(line.a + along * (f64::from(i) / f64::from(steps)), 0.0)) {
                let what = format!(
                    "the lane {} leads through the shaft of lift `{}`, which passes this level without a stop",
                    site.lane_label(l),
                    shortened(&lift.name)
                );
                r.findings.warning(
                    joined.places.lanes[l.at()],
                    format!("levels.{}.lanes", site.levels[level.at()].name),
                    what,
                    "robots would fall into it; lead the lane around, or name the level in the lift's `level_doors`",
                );
            }
        }
    }
}

/// Cabin vertices without a way in, doors that no lane uses, lanes that enter where there is no door.
fn lifts(r: &mut Reader, joined: &Joined) {
    let site = &joined.site;
    for (i, lift) in site.lifts.iter().enumerate() {
        let (at, path) = (joined.places.lifts[i], format!("lifts.{}", shortened(&lift.name)));
        for stop in &lift.stops {
            let level = &site.levels[stop.level.at()].name;
            if stop.cabin.is_empty() {
                let what = format!("no lane enters the lift on level {level}: its doors there lead nowhere");
                r.findings.warning(
                    at,
                    path.as_str(),
                    what,
                    "draw a vertex inside the cabin and a lane to it, or take the level's doors away",
                );
                continue;
            }
            for door in &stop.doors {
                let line = lift.door_line(*door as usize);
                let used = site.lane_indexes().any(|l| {
                    let lane = &site.lanes[l.at()];
                    lane.lift_door.is_some_and(|x| x.at() == i)
                        && site.lane_level(l) == stop.level
                        && crossing(&site.lane_line(l), &line).is_some()
                });
                if !used {
                    let what = format!("no lane passes its door `{}` on level {level}", shortened(&lift.doors[*door as usize].name));
                    r.findings.warning(at, path.as_str(), what, "lead a lane through it, or take it from `level_doors`");
                }
            }
        }
    }
    for l in site.lane_indexes() {
        let lane = &site.lanes[l.at()];
        let Some(lift) = lane.lift_door else { continue };
        if lane.reverse.is_some_and(|o| o < l) {
            continue;
        }
        let x = &site.lifts[lift.at()];
        let level = site.lane_level(l);
        let doors = x.stop_at(level).map_or(&[][..], |s| &s.doors);
        if doors.iter().all(|d| crossing(&site.lane_line(l), &x.door_line(*d as usize)).is_none()) {
            let what = format!("the lane {} passes the wall of lift `{}`, not a door", site.lane_label(l), shortened(&x.name));
            r.findings.warning(
                joined.places.lanes[l.at()],
                format!("levels.{}.lanes", site.levels[level.at()].name),
                what,
                "lead it through a door of the cabin",
            );
        }
    }
}

/// Sizes that no building has.
fn levels(r: &mut Reader, joined: &Joined) {
    let site = &joined.site;
    for l in site.level_indexes() {
        let level = &site.levels[l.at()];
        let lanes: Vec<_> = site.lane_indexes().filter(|x| site.lane_level(*x) == l && site.lanes[x.at()].ride.is_none()).collect();
        let reach = |f: fn(f64, f64) -> f64, from: f64, y: bool| {
            lanes.iter().map(|x| site.lane_line(*x).a).map(|p| if y { p.y } else { p.x }).fold(from, f)
        };
        let wide = reach(f64::max, f64::MIN, false) - reach(f64::min, f64::MAX, false);
        let deep = reach(f64::max, f64::MIN, true) - reach(f64::min, f64::MAX, true);
        let size = wide.max(deep);
        if lanes.len() > 4 && !(1.0..=5_000.0).contains(&size) {
            let what = format!("its lanes span {size:.1} m");
            r.findings.warning(
                Mark::default(),
                format!("levels.{}", shortened(&level.name)),
                what,
                "check the measurements: the scale is probably wrong",
            );
        }
    }
}

/// Transfer places where a load cannot stay, or where whoever fetches it is in the way of others.
fn transfers(r: &mut Reader, joined: &Joined) {
    let (site, near) = (&joined.site, joined.site.neighbours());
    for v in site.vertex_indexes().filter(|v| site.vertices[v.at()].flags.is_transfer_place) {
        let x = &site.vertices[v.at()];
        let (at, path) = (joined.places.vertices[v.at()], joined.vertex_paths[v.at()].as_str());
        let name = if x.name.is_empty() { "a transfer place".to_owned() } else { format!("the transfer place `{}`", shortened(&x.name)) };
        if !x.can_hold_a_load() {
            let what = format!("{name} is a charger, dispenser, ingestor, lift cabin or no place to stop");
            r.findings.warning(at, path, what, "nothing is put down there; mark a vertex of its own");
        } else if near[v.at()].is_empty() {
            r.findings.warning(at, path, format!("{name} is on no lane"), "nobody gets there; lead a lane to it");
        } else if near[v.at()].len() > 1 {
            r.findings.note(at, path, format!("{name} lies on a way"), "who puts down or fetches stands in the way of others; use a niche");
        }
    }
}
