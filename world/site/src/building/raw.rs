//! The file as it is written: levels with vertices, edges and polygons in the file's own coordinates (y up).

use super::read::{Origin, Reader, nearest, param};
use crate::finding::Mark;
use crate::model::{DoorKind, LaneOrientation, VertexFlags};
use crate::yaml::{Entry, Kind, Node};
use nooterra_engine::geom::Vec2;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct RawLevel {
    pub(crate) name: String,
    pub(crate) at: Mark,
    pub(crate) elevation_m: f64,
    pub(crate) vertices: Vec<RawVertex>,
    pub(crate) fiducials: Vec<(String, Vec2)>,
    pub(crate) measurements: Vec<RawMeasurement>,
    pub(crate) lanes: Vec<RawLane>,
    pub(crate) walls: Vec<RawWall>,
    pub(crate) doors: Vec<RawDoor>,
    pub(crate) floors: Vec<RawPolygon>,
    pub(crate) holes: Vec<RawPolygon>,
    pub(crate) models: Vec<RawModel>,
}

#[derive(Debug, Default)]
pub(crate) struct RawVertex {
    pub(crate) origin: Origin,
    /// Nothing if its coordinates could not be read.
    pub(crate) at: Option<Vec2>,
    pub(crate) name: String,
    pub(crate) flags: VertexFlags,
    pub(crate) pickup_dispenser: Option<String>,
    pub(crate) dropoff_ingestor: Option<String>,
    pub(crate) dock_name: Option<String>,
    pub(crate) lift_cabin: Option<String>,
    pub(crate) mutex: Option<String>,
    pub(crate) merge_radius_m: Option<f64>,
    pub(crate) spawn_name: Option<String>,
    pub(crate) spawn_type: Option<String>,
}

#[derive(Debug)]
pub(crate) struct RawMeasurement {
    pub(crate) origin: Origin,
    pub(crate) ends: (usize, usize),
    pub(crate) distance_m: f64,
}

#[derive(Debug)]
pub(crate) struct RawLane {
    pub(crate) origin: Origin,
    pub(crate) ends: (usize, usize),
    pub(crate) bidirectional: bool,
    pub(crate) graph_idx: u32,
    pub(crate) orientation: LaneOrientation,
    pub(crate) speed_limit_mps: Option<f64>,
    pub(crate) mutex: Option<String>,
}

#[derive(Debug)]
pub(crate) struct RawWall {
    pub(crate) at: Mark,
    pub(crate) ends: (usize, usize),
    pub(crate) alpha: f64,
}

#[derive(Debug)]
pub(crate) struct RawDoor {
    pub(crate) origin: Origin,
    pub(crate) ends: (usize, usize),
    pub(crate) name: String,
    pub(crate) kind: DoorKind,
    pub(crate) at_end: bool,
    pub(crate) swing_deg: f64,
    pub(crate) direction: i32,
    pub(crate) right_left_ratio: f64,
}

#[derive(Debug)]
pub(crate) struct RawPolygon {
    pub(crate) origin: Origin,
    pub(crate) vertices: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct RawModel {
    pub(crate) name: String,
    pub(crate) model: String,
    pub(crate) at: Vec2,
    pub(crate) z_m: f64,
    pub(crate) yaw_rad: f64,
    pub(crate) is_static: bool,
}

/// Keys of a level that are read or known to mean nothing here.
const LEVEL_KEYS: [&str; 22] = [
    "constraints",
    "doors",
    "drawing",
    "elevation",
    "features",
    "fiducials",
    "flattened_x_offset",
    "flattened_y_offset",
    "floors",
    "holes",
    "human_lanes",
    "lanes",
    "layers",
    "measurements",
    "models",
    "vertices",
    "walls",
    "x_meters",
    "y_meters",
    "cameras",
    "images",
    "zones",
];
/// What one level may hold: far above any building, and low enough that pairs can be compared.
const LEVEL_LIMITS: [(&str, usize); 9] = [
    ("vertices", 200_000),
    ("lanes", 20_000),
    ("walls", 50_000),
    ("doors", 5_000),
    ("fiducials", 1_000),
    ("measurements", 10_000),
    ("floors", 2_000),
    ("holes", 2_000),
    ("models", 200_000),
];
const VERTEX_KEYS: [&str; 17] = [
    "is_charger",
    "is_parking_spot",
    "is_holding_point",
    "is_passthrough_point",
    "is_cleaning_zone",
    "is_transfer_place",
    "pickup_dispenser",
    "dropoff_ingestor",
    "dock_name",
    "lift_cabin",
    "mutex",
    "merge_radius",
    "spawn_robot_name",
    "spawn_robot_type",
    "human_goal_set_name",
    "workcell_name",
    "lift",
];
const LANE_KEYS: [&str; 10] = [
    "bidirectional",
    "is_bidirectional",
    "graph_idx",
    "orientation",
    "speed_limit",
    "mutex",
    "demo_mock_floor_name",
    "demo_mock_lift_name",
    "width",
    "human_goal_set_name",
];
const DOOR_KEYS: [&str; 10] =
    ["name", "type", "motion_axis", "motion_degrees", "motion_direction", "plugin", "right_left_ratio", "width", "robots", "signature"];
const DOOR_KINDS: [(&str, DoorKind); 8] = [
    ("hinged", DoorKind::Hinged),
    ("double_hinged", DoorKind::DoubleHinged),
    ("sliding", DoorKind::Sliding),
    ("double_sliding", DoorKind::DoubleSliding),
    ("telescope", DoorKind::Telescope),
    ("double_telescope", DoorKind::DoubleTelescope),
    ("telescoping", DoorKind::Telescope),
    ("double_telescoping", DoorKind::DoubleTelescope),
];

/// Names that appear in the file and that nobody knows, each reported once.
#[derive(Debug, Default)]
pub(crate) struct Unknown {
    seen: BTreeMap<(&'static str, String), (Mark, String, usize)>,
}

impl Unknown {
    pub(crate) fn check(&mut self, what: &'static str, entries: &[Entry], known: &[&str], path: &str) {
        for e in entries {
            if !known.contains(&e.key.as_str()) {
                self.seen.entry((what, e.key.clone())).or_insert_with(|| (e.at, format!("{path}{}", e.key), 0)).2 += 1;
            }
        }
    }
    pub(crate) fn report(self, r: &mut Reader) {
        for ((what, key), (at, path, times)) in self.seen {
            let known: &[&str] = match what {
                "level" => &LEVEL_KEYS,
                "vertex" => &VERTEX_KEYS,
                "lane" => &LANE_KEYS,
                "door" => &DOOR_KEYS,
                _ => &super::TOP_KEYS,
            };
            let key = crate::yaml::shortened(&key);
            match nearest(&key, known) {
                Some(k) => {
                    r.findings.warning(at, path, format!("unknown {what} key `{key}`, {times} times"), format!("did you mean `{k}`?"))
                }
                None => r.findings.note(
                    at,
                    path,
                    format!("unknown {what} key `{key}`, {times} times, is ignored"),
                    "nothing to do if it is meant for other tools",
                ),
            }
        }
    }
}

/// One level in the file's own coordinates; `y_sign` turns its y up.
pub(crate) fn level(r: &mut Reader, unknown: &mut Unknown, entry: &Entry, y_sign: f64) -> RawLevel {
    let (n, path) = (&entry.value, format!("levels.{}.", crate::yaml::shortened(&entry.key)));
    let mut l = RawLevel { name: entry.key.clone(), at: entry.at, ..RawLevel::default() };
    let entries = r.as_map(n, || path.trim_end_matches('.').to_owned());
    unknown.check("level", entries, &LEVEL_KEYS, &path);
    for (key, most) in LEVEL_LIMITS {
        // Only counted here: what is no list is reported where it is read, and once.
        if let Some(Node { at, kind: Kind::Seq(s) }) = n.get(key)
            && s.len() > most
        {
            let what = format!("{} {key} on one level, more than {most}", s.len());
            r.findings.error(*at, format!("{path}{key}"), what, "split the level");
            return l;
        }
    }
    l.elevation_m = r.number_at(n, "elevation", &path).unwrap_or(0.0);
    for (i, v) in r.seq(n, "vertices", &path).iter().enumerate() {
        let raw = vertex(r, unknown, v, &format!("{path}vertices[{i}]"), y_sign);
        l.vertices.push(raw);
    }
    for (i, f) in r.seq(n, "fiducials", &path).iter().enumerate() {
        let at = format!("{path}fiducials[{i}]");
        match &f.kind {
            Kind::Seq(s) if s.len() >= 3 => {
                let (x, y) = (r.number(&s[0], || at.clone()), r.number(&s[1], || at.clone()));
                if let (Some(x), Some(y), Some(name)) = (x, y, r.text(&s[2], || at.clone())) {
                    if l.fiducials.iter().any(|(n, _)| *n == name) {
                        r.findings.warning(
                            f.at,
                            at,
                            format!("fiducial `{name}` appears twice on this level; the first one counts"),
                            "rename one of them",
                        );
                    } else {
                        l.fiducials.push((name, Vec2::new(x, y * y_sign)));
                    }
                }
            }
            _ => r.findings.error(f.at, at, format!("a fiducial must be `[x, y, name]`, is {}", f.is_a()), "write all three"),
        }
    }
    let count = l.vertices.len();
    for (i, e) in r.seq(n, "measurements", &path).iter().enumerate() {
        let at = format!("{path}measurements[{i}]");
        if let Some((ends, p)) = edge(r, e, &at, count) {
            let distance_m = p.and_then(|p| r.number_needed(p, "distance", &format!("{at}."))).unwrap_or(0.0);
            if distance_m > 0.0 {
                l.measurements.push(RawMeasurement { origin: Origin { at: e.at, path: at }, ends, distance_m });
            } else if p.is_none() || distance_m <= 0.0 {
                r.findings.error(e.at, at, "a measurement needs a distance above zero", "write `{distance: [3, metres]}`");
            }
        }
    }
    for (i, e) in r.seq(n, "lanes", &path).iter().enumerate() {
        if let Some(raw) = lane(r, unknown, e, &format!("{path}lanes[{i}]"), count) {
            l.lanes.push(raw);
        }
    }
    for (i, e) in r.seq(n, "walls", &path).iter().enumerate() {
        let at = format!("{path}walls[{i}]");
        if let Some((ends, p)) = edge(r, e, &at, count) {
            let alpha = p.and_then(|p| r.number_at(p, "alpha", &format!("{at}."))).unwrap_or(1.0).clamp(0.0, 1.0);
            if ends.0 == ends.1 {
                r.findings.warning(e.at, at, "a wall from a vertex to itself is left out", "remove it");
            } else {
                l.walls.push(RawWall { at: e.at, ends, alpha });
            }
        }
    }
    for (i, e) in r.seq(n, "doors", &path).iter().enumerate() {
        if let Some(raw) = door(r, unknown, e, &format!("{path}doors[{i}]"), count) {
            l.doors.push(raw);
        }
    }
    l.floors = polygons(r, n, "floors", &path, count);
    l.holes = polygons(r, n, "holes", &path, count);
    for (i, m) in r.seq(n, "models", &path).iter().enumerate() {
        let at = format!("{path}models[{i}].");
        if r.as_map(m, || at.trim_end_matches('.').to_owned()).is_empty() {
            continue;
        }
        let x = r.number_needed(m, "x", &at);
        let y = r.number_needed(m, "y", &at);
        let model = r.text_at(m, "model_name", &at).unwrap_or_default();
        let name = r.text_at(m, "name", &at).unwrap_or_else(|| model.clone());
        let yaw_rad = r.number_at(m, "yaw", &at).unwrap_or(0.0);
        let z_m = r.number_at(m, "z", &at).unwrap_or(0.0);
        let is_static = m.get("static").is_none_or(|s| r.flag(param(s), || format!("{at}static")).unwrap_or(true));
        if let (Some(x), Some(y)) = (x, y) {
            l.models.push(RawModel { name, model, at: Vec2::new(x, y * y_sign), z_m, yaw_rad, is_static });
        }
    }
    l
}

fn vertex(r: &mut Reader, unknown: &mut Unknown, n: &Node, path: &str, y_sign: f64) -> RawVertex {
    let mut v = RawVertex { origin: Origin { at: n.at, path: path.to_owned() }, ..RawVertex::default() };
    let Kind::Seq(s) = &n.kind else {
        r.findings.error(n.at, path, format!("a vertex must be `[x, y, z, name, {{…}}]`, is {}", n.is_a()), "write it as a list");
        return v;
    };
    if s.len() < 2 {
        r.findings.error(n.at, path, "a vertex needs x and y", "write `[x, y, 0, name]`");
        return v;
    }
    let (x, y) = (r.number(&s[0], || format!("{path}.x")), r.number(&s[1], || format!("{path}.y")));
    v.at = x.zip(y).map(|(x, y)| Vec2::new(x, y * y_sign));
    if let Some(name) = s.get(3) {
        v.name = r.text(name, || format!("{path}.name")).unwrap_or_default();
    }
    let Some(p) = s.get(4) else { return v };
    let entries = r.as_map(p, || path.to_owned());
    let prefix = format!("{path}.");
    unknown.check("vertex", entries, &VERTEX_KEYS, &prefix);
    let mut flag = |key: &str| p.get(key).is_some_and(|n| r.flag(param(n), || format!("{prefix}{key}")).unwrap_or(false));
    v.flags = VertexFlags {
        is_charger: flag("is_charger"),
        is_parking_spot: flag("is_parking_spot"),
        is_holding_point: flag("is_holding_point"),
        is_passthrough_point: flag("is_passthrough_point"),
        is_cleaning_zone: flag("is_cleaning_zone"),
        is_transfer_place: flag("is_transfer_place"),
    };
    let mut word = |key: &str| r.text_at(p, key, &prefix).filter(|t| !t.is_empty());
    v.pickup_dispenser = word("pickup_dispenser");
    v.dropoff_ingestor = word("dropoff_ingestor");
    v.dock_name = word("dock_name");
    v.lift_cabin = word("lift_cabin");
    v.mutex = word("mutex");
    v.spawn_name = word("spawn_robot_name");
    v.spawn_type = word("spawn_robot_type");
    v.merge_radius_m = r.number_at(p, "merge_radius", &prefix).filter(|m| *m > 0.0);
    v
}

type Ends = (usize, usize);

/// `[from, to, {…}]` with both vertices there.
fn edge<'n>(r: &mut Reader, n: &'n Node, path: &str, vertices: usize) -> Option<(Ends, Option<&'n Node>)> {
    let s = match &n.kind {
        Kind::Seq(s) if s.len() >= 2 => s,
        _ => {
            r.findings.error(n.at, path, format!("must be `[from, to, {{…}}]`, is {}", n.is_a()), "name both vertices");
            return None;
        }
    };
    let (a, b) = (r.index(&s[0], || path.to_owned()), r.index(&s[1], || path.to_owned()));
    let mut there = |i: Option<usize>| {
        let i = i?;
        if i < vertices {
            return Some(i);
        }
        r.findings.error(n.at, path, format!("vertex {i} does not exist, the level has {vertices}"), "name a vertex from 0 to the last");
        None
    };
    let ends = (there(a), there(b));
    let params = s.get(2).filter(|p| !p.is_null());
    if let Some(p) = params {
        r.as_map(p, || path.to_owned());
    }
    Some(((ends.0?, ends.1?), params.filter(|p| matches!(p.kind, Kind::Map(_)))))
}

fn lane(r: &mut Reader, unknown: &mut Unknown, n: &Node, path: &str, vertices: usize) -> Option<RawLane> {
    let (ends, p) = edge(r, n, path, vertices)?;
    let mut lane = RawLane {
        origin: Origin { at: n.at, path: path.to_owned() },
        ends,
        bidirectional: false,
        graph_idx: 0,
        orientation: LaneOrientation::Any,
        speed_limit_mps: None,
        mutex: None,
    };
    let Some(p) = p else { return Some(lane) };
    let prefix = format!("{path}.");
    if let Kind::Map(m) = &p.kind {
        unknown.check("lane", m, &LANE_KEYS, &prefix);
    }
    for key in ["bidirectional", "is_bidirectional"] {
        if let Some(b) = p.get(key) {
            lane.bidirectional = r.flag(param(b), || format!("{prefix}{key}")).unwrap_or(false);
        }
    }
    if let Some(g) = p.get("graph_idx").map(param) {
        match r.index(g, || format!("{prefix}graph_idx")) {
            Some(i) if i < 1000 => lane.graph_idx = u32::try_from(i).unwrap_or(0),
            Some(i) => r.findings.error(g.at, format!("{prefix}graph_idx"), format!("graph {i} is beyond 999"), "number the graphs from 0"),
            None => {}
        }
    }
    if let Some(o) = r.text_at(p, "orientation", &prefix) {
        lane.orientation = match o.as_str() {
            "" | "none" | "any" => LaneOrientation::Any,
            "forward" => LaneOrientation::Forward,
            "backward" => LaneOrientation::Backward,
            _ => {
                r.findings.error(
                    n.at,
                    format!("{prefix}orientation"),
                    format!("`{}` is no orientation", crate::yaml::shortened(&o)),
                    "use forward, backward or nothing",
                );
                LaneOrientation::Any
            }
        };
    }
    if let Some(v) = r.number_at(p, "speed_limit", &prefix) {
        if v < 0.0 {
            r.findings.error(
                n.at,
                format!("{prefix}speed_limit"),
                format!("{v} m/s is below zero"),
                "give a speed above zero, or 0 for none",
            );
        } else if v > 0.0 {
            lane.speed_limit_mps = Some(v);
        }
    }
    lane.mutex = r.text_at(p, "mutex", &prefix).filter(|t| !t.is_empty());
    Some(lane)
}

fn door(r: &mut Reader, unknown: &mut Unknown, n: &Node, path: &str, vertices: usize) -> Option<RawDoor> {
    let (ends, p) = edge(r, n, path, vertices)?;
    let mut d = RawDoor {
        origin: Origin { at: n.at, path: path.to_owned() },
        ends,
        name: String::new(),
        kind: DoorKind::Hinged,
        at_end: false,
        swing_deg: 90.0,
        direction: 1,
        right_left_ratio: 1.0,
    };
    let Some(p) = p else { return Some(d) };
    let prefix = format!("{path}.");
    if let Kind::Map(m) = &p.kind {
        unknown.check("door", m, &DOOR_KEYS, &prefix);
    }
    d.name = r.text_at(p, "name", &prefix).unwrap_or_default();
    if let Some(kind) = r.text_at(p, "type", &prefix) {
        match DOOR_KINDS.iter().find(|(k, _)| *k == kind) {
            Some((_, k)) => d.kind = *k,
            None => {
                let known: Vec<&str> = DOOR_KINDS.iter().map(|(k, _)| *k).collect();
                let remedy =
                    nearest(&kind, &known).map_or_else(|| format!("use one of {}", known.join(", ")), |k| format!("did you mean `{k}`?"));
                r.findings.error(n.at, format!("{prefix}type"), format!("`{}` is no type of door", crate::yaml::shortened(&kind)), remedy);
            }
        }
    }
    d.at_end = r.text_at(p, "motion_axis", &prefix).is_some_and(|a| a == "end");
    if let Some(deg) = r.number_at(p, "motion_degrees", &prefix) {
        d.swing_deg = deg.abs().clamp(1.0, 180.0);
    }
    if let Some(dir) = r.number_at(p, "motion_direction", &prefix) {
        d.direction = if dir < 0.0 { -1 } else { 1 };
    }
    if let Some(ratio) = r.number_at(p, "right_left_ratio", &prefix).filter(|x| *x > 0.0) {
        d.right_left_ratio = ratio.clamp(0.01, 100.0);
    }
    Some(d)
}

fn polygons(r: &mut Reader, level: &Node, key: &str, path: &str, vertices: usize) -> Vec<RawPolygon> {
    let mut out = Vec::new();
    for (i, f) in r.seq(level, key, path).iter().enumerate() {
        let at = format!("{path}{key}[{i}]");
        if r.as_map(f, || at.clone()).is_empty() {
            continue;
        }
        let list: Vec<usize> =
            r.seq(f, "vertices", &format!("{at}.")).iter().filter_map(|v| r.index(v, || format!("{at}.vertices"))).collect();
        if let Some(bad) = list.iter().find(|v| **v >= vertices) {
            r.findings.error(
                f.at,
                at,
                format!("vertex {bad} does not exist, the level has {vertices}"),
                "name a vertex from 0 to the last",
            );
        } else if list.len() < 3 {
            r.findings.warning(f.at, at, format!("an outline of {} vertices is left out", list.len()), "give at least three");
        } else {
            out.push(RawPolygon { origin: Origin { at: f.at, path: at }, vertices: list });
        }
    }
    out
}

/// A lift as written.
#[derive(Debug)]
pub(crate) struct RawLift {
    pub(crate) origin: Origin,
    pub(crate) name: String,
    pub(crate) at: Vec2,
    pub(crate) yaw_rad: f64,
    pub(crate) width_m: f64,
    pub(crate) depth_m: f64,
    pub(crate) initial: Option<(Mark, String)>,
    pub(crate) lowest: Option<(Mark, String)>,
    pub(crate) highest: Option<(Mark, String)>,
    pub(crate) reference: Option<(Mark, String)>,
    pub(crate) level_doors: Vec<(Mark, String, Vec<String>)>,
    pub(crate) doors: Vec<(Origin, crate::model::LiftDoor)>,
}

pub(crate) fn lift(r: &mut Reader, entry: &Entry, y_sign: f64) -> Option<RawLift> {
    let (n, path) = (&entry.value, format!("lifts.{}.", crate::yaml::shortened(&entry.key)));
    let origin = Origin { at: entry.at, path: path.trim_end_matches('.').to_owned() };
    if r.as_map(n, || origin.path.clone()).is_empty() {
        r.findings.error(entry.at, origin.path, "a lift without a position or size", "give x, y, yaw, width, depth, doors and level_doors");
        return None;
    }
    let x = r.number_needed(n, "x", &path);
    let y = r.number_needed(n, "y", &path);
    let mut size = |key: &str| {
        let v = r.number_needed(n, key, &path)?;
        if v > 0.2 && v < 100.0 {
            return Some(v);
        }
        r.findings.error(n.at, format!("{path}{key}"), format!("{v} m is no size of a cabin"), "give metres between 0.2 and 100");
        None
    };
    let (width, depth) = (size("width"), size("depth"));
    let yaw_rad = r.number_at(n, "yaw", &path).unwrap_or(0.0);
    let mut level = |key: &str| {
        let node = n.get(key)?;
        r.text(node, || format!("{path}{key}")).filter(|t| !t.is_empty()).map(|t| (node.at, t))
    };
    let (initial, lowest, highest, reference) =
        (level("initial_floor_name"), level("lowest_floor"), level("highest_floor"), level("reference_floor_name"));
    let mut level_doors = Vec::new();
    for e in r.map(n, "level_doors", &path) {
        let at = format!("{path}level_doors.{}", crate::yaml::shortened(&e.key));
        let names = match &e.value.kind {
            Kind::Seq(s) => s.iter().filter_map(|d| r.text(d, || at.clone())).collect(),
            Kind::Scalar { text, .. } if !e.value.is_null() => vec![text.clone()],
            _ => Vec::new(),
        };
        level_doors.push((e.at, e.key.clone(), names));
    }
    let mut doors = Vec::new();
    for e in r.map(n, "doors", &path) {
        let at = format!("{path}doors.{}.", crate::yaml::shortened(&e.key));
        let kind = match r.number_at(&e.value, "door_type", &at) {
            Some(t) if (0.5..1.5).contains(&t) => DoorKind::Sliding,
            Some(t) if (2.5..3.5).contains(&t) => DoorKind::Telescope,
            Some(t) if (3.5..4.5).contains(&t) => DoorKind::DoubleTelescope,
            _ => DoorKind::DoubleSliding,
        };
        let (dx, dy, w) =
            (r.number_needed(&e.value, "x", &at), r.number_needed(&e.value, "y", &at), r.number_needed(&e.value, "width", &at));
        let motion_axis_rad = r.number_at(&e.value, "motion_axis_orientation", &at).unwrap_or(0.0);
        let origin = Origin { at: e.at, path: at.trim_end_matches('.').to_owned() };
        if let (Some(dx), Some(dy), Some(width_m)) = (dx, dy, w) {
            if width_m > 0.1 && width_m < 50.0 {
                let door = crate::model::LiftDoor { name: e.key.clone(), at: Vec2::new(dx, dy), motion_axis_rad, width_m, kind };
                doors.push((origin, door));
            } else {
                r.findings.error(e.at, origin.path, format!("{width_m} m is no width of a door"), "give metres between 0.1 and 50");
            }
        }
    }
    Some(RawLift {
        origin,
        name: entry.key.clone(),
        at: Vec2::new(x?, y? * y_sign),
        yaw_rad,
        width_m: width?,
        depth_m: depth?,
        initial,
        lowest,
        highest,
        reference,
        level_doors,
        doors,
    })
}
