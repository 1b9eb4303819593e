//! Buildings and fleet files of other people's: every fault is told with its place, and what is taken is sound.

use crate::entropy::Entropy;
use nooterra_agent::AgentMap;
use nooterra_engine::chance::Chance;
use nooterra_engine::{decode, encode};
use nooterra_site::model::Site;
use nooterra_site::{Finding, Imported, Severity, import, import_fleet, summary};
use nooterra_twin::{Twin, TwinParams};
use std::collections::BTreeMap;

/// Where an edit begins: a building that has everything.
const OFFICE: &str = include_str!("../../sites/office.building.yaml");
const HOTEL: &str = include_str!("../../sites/hotel.building.yaml");

/// The first byte says what the rest is: a building, a fleet file, or edits of a building that is sound.
pub fn run(data: &[u8]) {
    let mut e = Entropy::new(data);
    match e.byte() % 6 {
        0 => building(&String::from_utf8_lossy(e.rest())),
        1 => fleet(&String::from_utf8_lossy(e.rest())),
        2 => building(&edited(OFFICE, &mut e)),
        3 => building(&edited(HOTEL, &mut e)),
        4 => building(&edited(SMALL, &mut e)),
        _ => fleet(&edited(FLEET, &mut e)),
    }
}

const SMALL: &str = "\
coordinate_system: cartesian_meters
graphs:
  0: {name: g}
levels:
  L1:
    elevation: 0
    vertices:
      - [0, 0, 0, a, {is_charger: [4, true], is_parking_spot: [4, true], spawn_robot_name: [1, r1], spawn_robot_type: [1, tinyRobot]}]
      - [4, 0, 0, b]
      - [4, 3, 0, c, {pickup_dispenser: [1, d]}]
      - [2, -1, 0, '']
      - [2, 1, 0, '']
      - [8, 0, 0, l, {lift_cabin: [1, lift]}]
    lanes:
      - [0, 1, {bidirectional: [4, true], graph_idx: [2, 0]}]
      - [1, 2, {bidirectional: [4, true], graph_idx: [2, 0], speed_limit: [3, 0.5]}]
      - [1, 5, {bidirectional: [4, true], graph_idx: [2, 0]}]
    walls:
      - [3, 4, {}]
    doors:
      - [3, 4, {name: [1, d1], type: [1, hinged], motion_axis: [1, start], motion_degrees: [3, 90], motion_direction: [2, 1]}]
    floors:
      - parameters: {texture_name: [1, x]}
        vertices: [0, 1, 2]
  L2:
    elevation: 3
    vertices:
      - [8, 0, 0, l, {lift_cabin: [1, lift]}]
    lanes: []
lifts:
  lift:
    depth: 2
    width: 2
    x: 8
    y: 0
    yaw: 0
    initial_floor_name: L1
    lowest_floor: L1
    highest_floor: L2
    reference_floor_name: L1
    doors:
      d: {door_type: 2, motion_axis_orientation: 0, width: 1, x: -1, y: 0}
    level_doors:
      L1: [d]
      L2: [d]
name: small
";

const FLEET: &str = "\
rmf_fleet:
  name: f
  limits: {linear: [0.5, 0.75], angular: [0.6, 2.0]}
  profile: {footprint: 0.3, vicinity: 0.5}
  reversible: true
  battery_system: {voltage: 12.0, capacity: 24.0, charging_current: 5.0}
  mechanical_system: {mass: 20.0, moment_of_inertia: 10.0, friction_coefficient: 0.22}
  ambient_system: {power: 20.0}
  tool_system: {power: 0.0}
  recharge_threshold: 0.1
  recharge_soc: 1.0
  robots:
    r1: {charger: c1}
";

/// A text in which pieces were cut, exchanged, repeated or replaced by others.
pub fn edited(text: &str, e: &mut Entropy<'_>) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..24 {
        if e.is_empty() || lines.is_empty() {
            break;
        }
        let (what, at) = (e.byte(), e.below(lines.len()));
        match what % 8 {
            0 => drop(lines.remove(at)),
            1 => {
                let l = lines[at].clone();
                lines.insert(e.below(lines.len() + 1), l);
            }
            2 => {
                let other = e.below(lines.len());
                lines.swap(at, other);
            }
            3 => {
                // A number for another one.
                let l = &mut lines[at];
                let spots: Vec<usize> = l.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(i, _)| i).collect();
                if let Some(i) = e.pick(&spots).copied() {
                    let end = l[i..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(l.len(), |n| i + n);
                    l.replace_range(i..end, e.pick(VALUES).copied().unwrap_or_default());
                }
            }
            4 => {
                // A word for another one.
                let l = &mut lines[at];
                let spots: Vec<usize> = l.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).map(|(i, _)| i).collect();
                if let Some(i) = e.pick(&spots).copied() {
                    let end = l[i..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(l.len(), |n| i + n);
                    l.replace_range(i..end, e.pick(VALUES).copied().unwrap_or_default());
                }
            }
            5 => {
                let l = &mut lines[at];
                let spots: Vec<usize> = l.char_indices().map(|(i, _)| i).collect();
                let i = e.pick(&spots).copied().unwrap_or(0);
                let n = e.below(12);
                let more = String::from_utf8_lossy(e.take(n)).into_owned();
                l.insert_str(i, &more);
            }
            6 => {
                let l = &mut lines[at];
                let spots: Vec<usize> = l.char_indices().map(|(i, _)| i).collect();
                let i = e.pick(&spots).copied().unwrap_or(0);
                l.truncate(i);
            }
            _ => {
                let n = e.below(40);
                lines.insert(at, String::from_utf8_lossy(e.take(n)).into_owned());
            }
        }
    }
    lines.join("\n")
}

/// Values at which readers stumble.
const VALUES: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "7",
    "0.5",
    "-0.0",
    "1e-9",
    "1e6",
    "1e30",
    "1e308",
    "-1e308",
    "1e999",
    "nan",
    ".nan",
    ".inf",
    "-.inf",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "true",
    "false",
    "null",
    "~",
    "''",
    "[]",
    "{}",
    "[1, 2]",
    "{a: b}",
    "&a",
    "*a",
    "&a [*a]",
    "\"\\u0000\"",
    "a/b",
    "L1",
    "r1",
    "lift",
    "d1",
    "0x10",
    "007",
    "1_000",
    "99999999999h",
    "0s",
    "1ns",
    "EUR 1.00",
    "EUR 99999999999999999999.99",
    "100%",
    "1e400%",
    "2s..1s",
    "!!binary x",
    "? a",
    "- a",
    "|",
    ">",
];

/// Lines of a text as YAML counts them: a carriage return ends one too.
pub fn lines_of(text: &str) -> usize {
    text.replace("\r\n", "\n").replace('\r', "\n").lines().count()
}

/// Findings of a file that is refused: at least one error, each with what to do.
pub fn told(findings: &[Finding], lines: usize) {
    assert!(findings.iter().any(|f| f.severity == Severity::Error), "a file is refused for a reason");
    for f in findings {
        assert!(!f.what.is_empty() && !f.file.is_empty(), "{f:?}");
        assert!(f.line as usize <= lines + 1, "a finding lies in the file: {f:?}");
        let _ = f.to_string();
    }
}

fn building(text: &str) {
    match import("a.building.yaml", text) {
        Err(findings) => told(&findings, lines_of(text)),
        Ok(imported) => sound(&imported),
    }
}

/// What was taken can be used by everybody who uses sites.
pub fn sound(i: &Imported) {
    let bytes = encode(&i.site);
    let again: Site = decode(&bytes).expect("a site is a record");
    assert_eq!(encode(&again), bytes);
    for l in &i.site.lanes {
        assert!(l.from.at() < i.site.vertices.len() && l.to.at() < i.site.vertices.len(), "lanes end at vertices");
    }
    assert!(i.site.vertices.iter().all(|v| v.at.x.is_finite() && v.at.y.is_finite()), "places are numbers");
    if i.site.vertices.len() > 400 {
        return;
    }
    let _ = summary(&i.site);
    let radii: BTreeMap<u32, f64> = i.site.graphs.iter().map(|g| (g.graph_idx, 0.3)).collect();
    let (carved, _) = i.carved(&radii);
    if carved.vertices.len() > 100 {
        return;
    }
    // Whoever moves in it makes a map of it, and physics its bodies.
    for g in &carved.graphs {
        let _ = AgentMap::new(&carved, g.graph_idx);
    }
    let _ = Twin::new(&carved, TwinParams::default(), Chance::new(1));
}

fn fleet(text: &str) {
    match import_fleet("f.yaml", text) {
        Err(findings) => told(&findings, lines_of(text)),
        Ok(f) => {
            let m = &f.model;
            for v in [m.footprint_radius_m, m.speed_max_mps] {
                assert!(v.is_finite() && v > 0.0, "a robot has a size and a speed: {m:?}");
            }
            let bytes = encode(m);
            let _ = m.battery_j();
            assert_eq!(encode(&decode::<nooterra_site::RobotModel>(&bytes).expect("a model is a record")), bytes);
        }
    }
}
