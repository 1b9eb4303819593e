//! A warehouse with room for fifty robots, and work for them: written as an Open-RMF building and a scenario, so that
//! what is measured has come the whole way that a user's run comes.

use nooterra_runner::load::{LoadError, Loaded, Overrides, load};
use std::fmt::Write as _;
use std::path::Path;

/// Columns of the grid: chargers hang below the first row and above the last.
const COLUMNS: usize = 25;
/// Rows of the grid.
const ROWS: usize = 6;
const COLUMN_M: f64 = 3.0;
const ROW_M: f64 = 5.0;
/// Most robots that it has chargers for.
pub const ROBOTS_MAX: usize = 2 * COLUMNS;

#[derive(Default)]
struct Plan {
    vertices: String,
    count: usize,
    lanes: String,
    walls: String,
}

impl Plan {
    fn vertex(&mut self, x: f64, y: f64, name: &str, flags: &str) -> usize {
        let flags = if flags.is_empty() { String::new() } else { format!(", {{{flags}}}") };
        let _ = writeln!(self.vertices, "      - [{x}, {y}, 0, \"{name}\"{flags}]");
        self.count += 1;
        self.count - 1
    }
    fn lane(&mut self, from: usize, to: usize, both: bool) {
        let _ = writeln!(self.lanes, "      - [{from}, {to}, {{bidirectional: [4, {both}], graph_idx: [2, 0]}}]");
    }
    fn wall(&mut self, from: (f64, f64), to: (f64, f64)) {
        let a = self.vertex(from.0, from.1, "", "");
        let b = self.vertex(to.0, to.1, "", "");
        let _ = writeln!(self.walls, "      - [{a}, {b}, {{alpha: [3, 1]}}]");
    }
}

/// The building with the first `robots` chargers taken.
#[must_use]
pub fn building(robots: usize) -> String {
    let mut p = Plan::default();
    let mut grid = Vec::new();
    for r in 0..ROWS {
        for c in 0..COLUMNS {
            grid.push(p.vertex(c as f64 * COLUMN_M, r as f64 * ROW_M, "", ""));
        }
    }
    let at = |r: usize, c: usize| grid[r * COLUMNS + c];
    for r in 0..ROWS {
        for c in 1..COLUMNS {
            // Aisles are one-way, every other one the other way.
            let (a, b) = (at(r, c - 1), at(r, c));
            let (a, b) = if r.is_multiple_of(2) { (a, b) } else { (b, a) };
            p.lane(a, b, false);
        }
    }
    for c in (0..COLUMNS).step_by(4) {
        for r in 1..ROWS {
            let (a, b) = (at(r - 1, c), at(r, c));
            // Down at the left edge, up at the right one: what flows along the aisles comes back.
            let up = c + 1 == COLUMNS || !(c / 4).is_multiple_of(2);
            let (a, b) = if up { (a, b) } else { (b, a) };
            p.lane(a, b, false);
        }
    }
    let hold = "is_holding_point: [4, true]";
    for r in 0..ROWS - 1 {
        for (i, c) in (2..COLUMNS).step_by(4).enumerate() {
            let (x, y) = (c as f64 * COLUMN_M, r as f64 * ROW_M + 1.7);
            let (name, device) = if (i + r).is_multiple_of(2) { ("out", "pickup_dispenser") } else { ("in", "dropoff_ingestor") };
            let place = p.vertex(x, y, &format!("{name}_{r}_{i}"), &format!("{hold}, {device}: [1, {name}_device_{r}_{i}]"));
            p.lane(at(r, c), place, true);
        }
    }
    for i in 0..ROBOTS_MAX {
        let (r, c) = (if i.is_multiple_of(2) { 0 } else { ROWS - 1 }, i / 2);
        let y = if r == 0 { -2.0 } else { (ROWS - 1) as f64 * ROW_M + 2.0 };
        let spawn = if i < robots {
            format!(", spawn_robot_name: [1, robot_{i}], spawn_robot_type: [1, Open-RMF/TinyRobot]")
        } else {
            String::new()
        };
        let flags = format!("is_charger: [4, true], {hold}, is_parking_spot: [4, true]{spawn}");
        let charger = p.vertex(c as f64 * COLUMN_M, y, &format!("charger_{i}"), &flags);
        p.lane(at(r, c), charger, true);
    }
    for r in 0..ROWS - 1 {
        for c in (0..COLUMNS - 1).step_by(4) {
            let (x, y) = (c as f64 * COLUMN_M, r as f64 * ROW_M + 3.2);
            p.wall((x + 1.5, y), (x + 10.5, y));
        }
    }
    let (w, h) = ((COLUMNS - 1) as f64 * COLUMN_M + 4.0, (ROWS - 1) as f64 * ROW_M + 5.0);
    let corners = [(-4.0, -5.0), (w, -5.0), (w, h), (-4.0, h)];
    let first = p.count;
    for i in 0..4 {
        p.wall(corners[i], corners[(i + 1) % 4]);
    }
    let floor: Vec<String> = (0..4).map(|i| (first + 2 * i).to_string()).collect();
    format!(
        "coordinate_system: cartesian_meters\ngraphs:\n  0: {{name: floor}}\nlevels:\n  L1:\n    elevation: 0\n    vertices:\n{}    lanes:\n{}    walls:\n{}    floors:\n      - {{parameters: {{}}, vertices: [{}]}}\nname: warehouse\n",
        p.vertices,
        p.lanes,
        p.walls,
        floor.join(", ")
    )
}

/// The scenario: each robot is asked for about once in two minutes and a half.
#[must_use]
pub fn scenario(robots: usize, minutes: u64) -> String {
    let places = |name: &str, even: bool| {
        let each = (0..ROWS - 1).flat_map(|r| (0..COLUMNS / 4).map(move |i| (r, i))).filter(|(r, i)| (r + i).is_multiple_of(2) == even);
        each.map(|(r, i)| format!("{name}_{r}_{i}")).collect::<Vec<_>>().join(", ")
    };
    format!(
        "title: warehouse with {robots} robots\nsite: warehouse.building.yaml\nduration: {minutes}m\nseed: 7\nmarket:\n  requesters:\n    - name: shop\n      jobs: {{process: poisson, per_hour: {}, kind: delivery, from: [{}], to: [{}], mass: 1kg}}\n",
        robots * 24,
        places("out", true),
        places("in", false)
    )
}

/// Writes building and scenario into a folder and loads them.
pub fn loaded(folder: &Path, robots: usize, minutes: u64) -> Result<Loaded, LoadError> {
    let file = folder.join(format!("warehouse-{robots}.yaml"));
    let fail = |source| LoadError::Read { path: file.clone(), source };
    std::fs::write(folder.join("warehouse.building.yaml"), building(robots)).map_err(fail)?;
    std::fs::write(&file, scenario(robots, minutes)).map_err(fail)?;
    load(&file, Overrides::default())
}
