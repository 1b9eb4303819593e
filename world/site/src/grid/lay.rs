//! A grid as a site: each free cell a vertex, lanes both ways between cells that share a side, one level, blocked cells as
//! boxes that stand on the floor.

use super::map::{GridMap, Ground, read};
use crate::building::{Imported, Places};
use crate::finding::{Finding, Findings, Mark};
use crate::model::*;
use nooterra_engine::geom::Vec2;

/// Length of a cell's edge where nothing else is said, metres.
pub const CELL_M: f64 = 1.0;
/// Most free cells that become a site: a vertex and its lanes take about a kilobyte.
pub const SITE_CELLS_MAX: usize = 1_000_000;
/// Height of what stands on blocked cells, metres.
const BLOCK_HEIGHT_M: f64 = 1.0;

/// Reads a grid map into a site with cells of [`CELL_M`]. `file_name` names the site and is used in findings.
///
/// # Errors
/// All findings, at least one of them an error.
pub fn import(file_name: &str, text: &str) -> Result<Imported, Vec<Finding>> {
    let (map, mut remarks) = read(file_name, text)?;
    let free = map.free();
    if free > SITE_CELLS_MAX {
        let mut f = Findings::new(file_name);
        let remedy = "cut the map into smaller ones; `nooterra grid` runs it as it is";
        f.error(map.mark(0), "map", format!("{free} free cells, more than {SITE_CELLS_MAX} for one site"), remedy);
        remarks.extend(f.finish());
        return Err(remarks);
    }
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name).trim_end_matches(".map");
    let (site, places) = map.site(name, CELL_M);
    Ok(Imported { site, findings: remarks, models: Vec::new(), places, file: file_name.to_owned() })
}

impl GridMap {
    /// The site of this name with cells of this size, and where its vertices and lanes stand in the file.
    pub fn site(&self, name: &str, cell_m: f64) -> (Site, Places) {
        let mut vertex_at = vec![u32::MAX; self.cells.len()];
        let (mut vertices, mut marks) = (Vec::new(), Vec::new());
        for (location, ground) in (0u32..).zip(&self.cells) {
            if *ground != Ground::Blocked {
                vertex_at[location as usize] = u32::try_from(vertices.len()).unwrap_or(u32::MAX);
                vertices.push(self.vertex(location, cell_m));
                marks.push(self.mark(location));
            }
        }
        let (lanes, lane_marks) = self.lanes(&vertex_at, cell_m);
        let level = Level {
            name: "L1".into(),
            elevation_m: 0.0,
            walls: Vec::new(),
            floors: vec![Floor { outline: self.outline(cell_m), holes: Vec::new() }],
            obstacles: self.blocks(cell_m),
        };
        let site = Site {
            name: name.to_owned(),
            frame: Frame::CartesianMeters,
            levels: vec![level],
            vertices,
            lanes,
            doors: Vec::new(),
            lifts: Vec::new(),
            spawns: Vec::new(),
            graphs: vec![Graph { graph_idx: 0, name: "grid".into(), default_speed_limit_mps: None }],
            areas: Vec::new(),
        };
        let places = Places { vertices: marks, lanes: lane_marks, walls: vec![Vec::new()], ..Places::default() };
        (site, places)
    }

    /// Centre of a location in metres: x east, y north, the map's lower left corner at zero.
    pub fn centre(&self, location: u32, cell_m: f64) -> Vec2 {
        let (row, column) = self.row_column(location);
        Vec2::new((f64::from(column) + 0.5) * cell_m, (f64::from(self.height - 1 - row) + 0.5) * cell_m)
    }

    fn vertex(&self, location: u32, cell_m: f64) -> Vertex {
        Vertex::new("", LevelIx::new(0), self.centre(location, cell_m))
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a cell is a few metres long
    fn lanes(&self, vertex_at: &[u32], cell_m: f64) -> (Vec<Lane>, Vec<Mark>) {
        let length_mm = (cell_m * 1_000.0 + 0.5) as u64;
        let (mut lanes, mut marks): (Vec<Lane>, Vec<Mark>) = (Vec::new(), Vec::new());
        for (location, from) in (0u32..).zip(vertex_at).filter(|(_, v)| **v != u32::MAX) {
            // East and south of each cell, both ways: every pair of neighbours once.
            for to in self.beside(location).filter(|n| *n > location) {
                let first = u32::try_from(lanes.len()).unwrap_or(u32::MAX - 1);
                for (a, b, reverse) in [(*from, vertex_at[to as usize], first + 1), (vertex_at[to as usize], *from, first)] {
                    lanes.push(Lane { reverse: Some(LaneIx::new(reverse)), ..Lane::new(VertexIx::new(a), VertexIx::new(b), length_mm) });
                    marks.push(self.mark(location));
                }
            }
        }
        (lanes, marks)
    }

    fn outline(&self, cell_m: f64) -> Vec<Vec2> {
        let (w, h) = (f64::from(self.width) * cell_m, f64::from(self.height) * cell_m);
        [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)].map(|(x, y)| Vec2::new(x, y)).to_vec()
    }

    /// Blocked cells as boxes: each run in a row is carried down as long as the rows below have the same run.
    fn blocks(&self, cell_m: f64) -> Vec<Obstacle> {
        let mut open: Vec<(u32, u32, u32)> = Vec::new();
        let mut done: Vec<(u32, u32, u32, u32)> = Vec::new();
        for row in 0..=self.height {
            let runs = self.runs(row);
            let mut next = Vec::with_capacity(runs.len());
            let mut above = open.iter().peekable();
            // Both lists are sorted by column.
            for (from, to) in runs {
                let mut since = row;
                while let Some((f, t, s)) = above.peek().copied().copied() {
                    if f > from {
                        break;
                    }
                    above.next();
                    if (f, t) == (from, to) {
                        since = s;
                    } else {
                        done.push((f, t, s, row));
                    }
                }
                next.push((from, to, since));
            }
            done.extend(above.map(|(f, t, s)| (*f, *t, *s, row)));
            open = next;
        }
        let h = f64::from(self.height);
        let block = |(from, to, top, below): (u32, u32, u32, u32)| Obstacle {
            name: "blocked".into(),
            at: Vec2::new(f64::from(from + to) / 2.0 * cell_m, (h - f64::from(top + below) / 2.0) * cell_m),
            yaw_rad: 0.0,
            length_m: f64::from(to - from) * cell_m,
            width_m: f64::from(below - top) * cell_m,
            height_m: BLOCK_HEIGHT_M,
        };
        done.into_iter().map(block).collect()
    }

    /// Runs of blocked cells in a row, from first to past the last column; nothing below the map.
    fn runs(&self, row: u32) -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        if row >= self.height {
            return runs;
        }
        for column in 0..self.width {
            if self.is_free(row * self.width + column) {
                continue;
            }
            match runs.last_mut() {
                Some(r) if r.1 == column => r.1 += 1,
                _ => runs.push((column, column + 1)),
            }
        }
        runs
    }
}
