//! What a site holds, in numbers and in words: for reports and for people who just received a file.

use crate::model::*;
use crate::routes::{Costs, Routes, UNREACHABLE};
use nooterra_engine::geom::Vec2;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// A site in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// How the file gave coordinates.
    pub frame: String,
    /// Its levels, lowest first.
    pub levels: Vec<LevelSummary>,
    /// Its navigation graphs.
    pub graphs: Vec<GraphSummary>,
    /// Doors by type.
    pub doors: BTreeMap<String, usize>,
    /// Its lifts.
    pub lifts: Vec<LiftSummary>,
    /// Robots that the map spawns.
    pub robots: Vec<RobotSummary>,
}

/// A level in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelSummary {
    /// Its name.
    pub name: String,
    /// Height of its floor, metres.
    pub elevation_m: f64,
    /// Size of the box around everything on it, metres.
    pub size_m: [f64; 2],
    /// Vertices of navigation graphs.
    pub vertices: usize,
    /// Directed lanes without rides.
    pub lanes: usize,
    /// Walls.
    pub walls: usize,
    /// Length of all walls, metres.
    pub wall_length_m: f64,
    /// Floor slabs.
    pub floors: usize,
    /// Doors.
    pub doors: usize,
}

/// A navigation graph in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphSummary {
    /// Its number.
    pub graph_idx: u32,
    /// Its name.
    pub name: String,
    /// Vertices that its lanes touch.
    pub vertices: usize,
    /// Directed lanes without rides.
    pub lanes: usize,
    /// Of them those that go one way only.
    pub one_way: usize,
    /// Rides between levels.
    pub rides: usize,
    /// Length of all lanes, each bidirectional pair counted once, mm.
    pub length_mm: u64,
    /// Chargers.
    pub chargers: usize,
    /// Parking spots.
    pub parking: usize,
    /// Transfer places: where one robot may put a load down for another.
    pub transfer: usize,
    /// Places that can be named as destination.
    pub places: usize,
    /// Dispensers.
    pub dispensers: usize,
    /// Ingestors.
    pub ingestors: usize,
    /// Smallest distance of a lane to a wall, openings of doors left out, mm; nothing without walls.
    pub clearance_min_mm: Option<u64>,
    /// Largest robot that the map spawns on it, radius in mm.
    pub robot_radius_mm: Option<u64>,
    /// Lanes that leave that robot less than its radius and margin.
    pub tight_lanes: usize,
}

/// A lift in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiftSummary {
    /// Its name.
    pub name: String,
    /// Levels where it stops.
    pub stops: Vec<String>,
    /// Levels where a lane enters it.
    pub entered: Vec<String>,
    /// Inner size of its cabin, metres.
    pub cabin_m: [f64; 2],
}

/// A spawned robot and what it can reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RobotSummary {
    /// Its name.
    pub name: String,
    /// Its model as the map names it.
    pub model: String,
    /// Where it starts.
    pub vertex: String,
    /// Its level.
    pub level: String,
    /// Its navigation graphs.
    pub graphs: Vec<u32>,
    /// Places of its first graph that it can reach.
    pub reaches: usize,
    /// Places of that graph that it cannot reach.
    pub cut_off: usize,
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // coordinates are below 1e9 m
fn mm(m: f64) -> u64 {
    (m * 1000.0).round().max(0.0) as u64
}

fn rounded(m: f64) -> f64 {
    (m * 100.0).round() / 100.0 + 0.0
}

/// Counts and measures a site.
pub fn summary(site: &Site) -> Summary {
    let clearances = site.clearances();
    let radii = site.radii();
    let frame = match site.frame {
        Frame::ReferenceImage => "floor plan".into(),
        Frame::CartesianMeters => "metres".into(),
        Frame::Wgs84 { lat_deg, lon_deg } => format!("latitude and longitude about {lat_deg:.5}, {lon_deg:.5}"),
    };
    let levels = site.level_indexes().map(|l| level(site, l)).collect();
    let graphs = site.graphs.iter().map(|g| graph(site, g, &clearances, radii.get(&g.graph_idx).copied())).collect();
    let mut doors = BTreeMap::new();
    for d in &site.doors {
        *doors.entry(kind_name(d.kind).to_owned()).or_insert(0) += 1;
    }
    let name_of = |l: LevelIx| site.levels[l.at()].name.clone();
    let lifts = site.lifts.iter().map(|l| LiftSummary {
        name: l.name.clone(),
        stops: l.stops.iter().map(|s| name_of(s.level)).collect(),
        entered: l.stops.iter().filter(|s| !s.cabin.is_empty()).map(|s| name_of(s.level)).collect(),
        cabin_m: [rounded(l.width_m), rounded(l.depth_m)],
    });
    let robots = site.spawns.iter().map(|s| {
        let graphs = site.graphs_at(s.vertex);
        let (mut reaches, mut cut_off) = (0, 0);
        if let Some(g) = graphs.first() {
            let routes = Routes::new(site, *g, &Costs::default());
            let d = routes.distance_from(s.vertex);
            let places = routes.places(site);
            cut_off = places.iter().filter(|p| d[p.at()] == UNREACHABLE).count();
            reaches = places.len() - cut_off;
        }
        let v = &site.vertices[s.vertex.at()];
        RobotSummary {
            name: s.robot.clone(),
            model: s.model.clone(),
            vertex: site.vertex_label(s.vertex),
            level: name_of(v.level),
            graphs,
            reaches,
            cut_off,
        }
    });
    Summary { name: site.name.clone(), frame, levels, graphs, doors, lifts: lifts.collect(), robots: robots.collect() }
}

/// The name of a type of door, as Open-RMF files spell it.
pub const fn kind_name(kind: DoorKind) -> &'static str {
    match kind {
        DoorKind::Hinged => "hinged",
        DoorKind::DoubleHinged => "double_hinged",
        DoorKind::Sliding => "sliding",
        DoorKind::DoubleSliding => "double_sliding",
        DoorKind::Telescope => "telescope",
        DoorKind::DoubleTelescope => "double_telescope",
    }
}

fn level(site: &Site, l: LevelIx) -> LevelSummary {
    let level = &site.levels[l.at()];
    let points = level.walls.iter().flat_map(|w| [w.line.a, w.line.b]).chain(level.floors.iter().flat_map(|f| f.outline.iter().copied()));
    let points = points.chain(site.vertices.iter().filter(|v| v.level == l).map(|v| v.at));
    let (mut low, mut high) = (Vec2::new(f64::INFINITY, f64::INFINITY), Vec2::new(f64::NEG_INFINITY, f64::NEG_INFINITY));
    for p in points {
        low = Vec2::new(low.x.min(p.x), low.y.min(p.y));
        high = Vec2::new(high.x.max(p.x), high.y.max(p.y));
    }
    let size = if low.x > high.x { Vec2::default() } else { high - low };
    LevelSummary {
        name: level.name.clone(),
        elevation_m: level.elevation_m,
        size_m: [rounded(size.x), rounded(size.y)],
        vertices: site.vertices.iter().filter(|v| v.level == l).count(),
        lanes: site.lane_indexes().filter(|x| site.lanes[x.at()].ride.is_none() && site.lane_level(*x) == l).count(),
        walls: level.walls.len(),
        wall_length_m: rounded(level.walls.iter().map(|w| w.line.length()).sum::<f64>()),
        floors: level.floors.len(),
        doors: site.doors.iter().filter(|d| d.level == l).count(),
    }
}

fn graph(site: &Site, g: &Graph, clearances: &[Option<f64>], radius_m: Option<f64>) -> GraphSummary {
    let routes = Routes::new(site, g.graph_idx, &Costs::default());
    let on: Vec<&Vertex> = site.vertex_indexes().filter(|v| routes.holds(*v)).map(|v| &site.vertices[v.at()]).collect();
    let lanes: Vec<LaneIx> = site.lane_indexes().filter(|l| site.lanes[l.at()].graph_idx == g.graph_idx).collect();
    let drive: Vec<LaneIx> = lanes.iter().copied().filter(|l| site.lanes[l.at()].ride.is_none()).collect();
    let clear = drive.iter().filter_map(|l| clearances[l.at()]);
    let need = radius_m.map(|r| r + crate::clearance::MARGIN_M - 1e-6);
    GraphSummary {
        graph_idx: g.graph_idx,
        name: g.name.clone(),
        vertices: on.len(),
        lanes: drive.len(),
        one_way: drive.iter().filter(|l| site.lanes[l.at()].reverse.is_none()).count(),
        rides: lanes.len() - drive.len(),
        length_mm: drive.iter().filter(|l| site.lanes[l.at()].reverse.is_none_or(|o| **l < o)).map(|l| site.lanes[l.at()].length_mm).sum(),
        chargers: on.iter().filter(|v| v.flags.is_charger).count(),
        parking: on.iter().filter(|v| v.flags.is_parking_spot).count(),
        transfer: on.iter().filter(|v| v.flags.is_transfer_place).count(),
        places: on.iter().filter(|v| v.is_place()).count(),
        dispensers: on.iter().filter(|v| v.pickup_dispenser.is_some()).count(),
        ingestors: on.iter().filter(|v| v.dropoff_ingestor.is_some()).count(),
        clearance_min_mm: clear.clone().min_by(f64::total_cmp).map(mm),
        robot_radius_mm: radius_m.map(mm),
        tight_lanes: clear.filter(|c| need.is_some_and(|n| *c < n)).count(),
    }
}

fn metres(mm: u64) -> String {
    format!("{}.{} m", mm / 1000, mm % 1000 / 100)
}

/// Millimetres as metres with two digits.
fn cm(mm: u64) -> String {
    format!("{}.{:02}", mm / 1000, mm % 1000 / 10)
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.name, self.frame)?;
        for l in &self.levels {
            writeln!(
                f,
                "  level {:<10} {:>6.1} m up, {:.1} x {:.1} m: {}, {}, {} of {:.0} m, {}",
                l.name,
                l.elevation_m,
                l.size_m[0],
                l.size_m[1],
                counted(l.vertices, "vertex", "vertices"),
                counted(l.lanes, "lane", "lanes"),
                counted(l.walls, "wall", "walls"),
                l.wall_length_m,
                counted(l.doors, "door", "doors"),
            )?;
        }
        if !self.doors.is_empty() {
            let list: Vec<String> = self.doors.iter().map(|(k, n)| format!("{n} {}", k.replace('_', " "))).collect();
            writeln!(f, "  doors: {}", list.join(", "))?;
        }
        for l in &self.lifts {
            let unused: Vec<&String> = l.stops.iter().filter(|s| !l.entered.contains(s)).collect();
            let mut line = format!("  lift {}: cabin {:.1} x {:.1} m, stops at {}", l.name, l.cabin_m[0], l.cabin_m[1], l.stops.join(", "));
            if !unused.is_empty() {
                let names: Vec<&str> = unused.iter().map(|s| s.as_str()).collect();
                write!(line, "; no lane enters it at {}", names.join(", "))?;
            }
            writeln!(f, "{line}")?;
        }
        for g in &self.graphs {
            let name = if g.name.is_empty() { String::new() } else { format!(" ({})", g.name) };
            let mut line = format!(
                "  graph {}{name}: {}, {} ({} one-way, {}), {} of lane",
                g.graph_idx,
                counted(g.vertices, "vertex", "vertices"),
                counted(g.lanes, "lane", "lanes"),
                g.one_way,
                counted(g.rides, "ride", "rides"),
                metres(g.length_mm)
            );
            write!(
                line,
                "; {}: {}, {}",
                counted(g.places, "place", "places"),
                counted(g.dispensers, "dispenser", "dispensers"),
                counted(g.ingestors, "ingestor", "ingestors")
            )?;
            write!(
                line,
                "; {}, {}, {}",
                counted(g.chargers, "charger", "chargers"),
                counted(g.parking, "parking spot", "parking spots"),
                counted(g.transfer, "transfer place", "transfer places")
            )?;
            writeln!(f, "{line}")?;
            if let Some(c) = g.clearance_min_mm {
                let mut line = format!("    nearest wall {} m from a lane", cm(c));
                if let Some(r) = g.robot_radius_mm {
                    write!(
                        line,
                        "; largest robot has radius {} m, {}",
                        cm(r),
                        counted(g.tight_lanes, "lane is too tight", "lanes are too tight")
                    )?;
                }
                writeln!(f, "{line}")?;
            }
        }
        for r in &self.robots {
            let model = if r.model.is_empty() { "no model" } else { &r.model };
            let cut = if r.cut_off > 0 { format!(", cut off from {}", r.cut_off) } else { String::new() };
            writeln!(
                f,
                "  robot {} ({model}) at {} on {}: reaches {}{cut}",
                r.name,
                r.vertex,
                r.level,
                counted(r.reaches, "place", "places")
            )?;
        }
        Ok(())
    }
}
