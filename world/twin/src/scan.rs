//! Fast 2-D geometry per level: a grid of wall edges, a list of movable boxes, a grid of discs, and the laser scan.
//!
//! A scan does not cast rays one by one. It walks the edges near the robot and paints each into the ray bins that it
//! can cover, keeping the nearest: a depth buffer over angle. Edges that face away are dropped, so a wall costs its
//! visible side only.

use crate::plan::{Box2, Plan};
use bevy_ecs::prelude::Resource;

/// Edge of a grid cell, metres.
const CELL_M: f32 = 3.0;
/// Rays of a sector.
const SECTOR: usize = 8;
/// Largest number of cells of a level's grid.
const CELLS_MAX: usize = 1 << 16;

/// A directed edge of a counter-clockwise outline: its outside is on the right.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Edge {
    pub ax: f32,
    pub ay: f32,
    pub bx: f32,
    pub by: f32,
}

/// A round thing on a level.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Disc {
    pub x: f32,
    pub y: f32,
    pub r: f32,
    /// Robots: their index. People: index with the top bit set.
    pub who: u32,
}

/// Top bit of [`Disc::who`] for people.
pub(crate) const PERSON: u32 = 1 << 31;

/// The edges of a box.
pub(crate) fn edges(b: &Box2) -> [Edge; 4] {
    let c = b.corners();
    std::array::from_fn(|i| {
        let (p, q) = (c[i], c[(i + 1) % 4]);
        Edge { ax: p.0, ay: p.1, bx: q.0, by: q.1 }
    })
}

/// Cells over the site's extent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cells {
    x0: f32,
    y0: f32,
    inv: f32,
    nx: usize,
    ny: usize,
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to the grid before the cast
impl Cells {
    pub fn over(low: (f32, f32), high: (f32, f32)) -> Self {
        let (w, h) = ((high.0 - low.0).max(1.0) + 2.0 * CELL_M, (high.1 - low.1).max(1.0) + 2.0 * CELL_M);
        let mut cell = CELL_M;
        while ((w / cell) as usize + 1) * ((h / cell) as usize + 1) > CELLS_MAX {
            cell *= 2.0;
        }
        Self { x0: low.0 - CELL_M, y0: low.1 - CELL_M, inv: 1.0 / cell, nx: (w / cell) as usize + 1, ny: (h / cell) as usize + 1 }
    }
    pub fn len(&self) -> usize {
        self.nx * self.ny
    }
    fn column(&self, x: f32) -> usize {
        ((x - self.x0) * self.inv).clamp(0.0, (self.nx - 1) as f32) as usize
    }
    fn row(&self, y: f32) -> usize {
        ((y - self.y0) * self.inv).clamp(0.0, (self.ny - 1) as f32) as usize
    }
    pub fn cell(&self, x: f32, y: f32) -> usize {
        self.row(y) * self.nx + self.column(x)
    }
    /// Columns and rows that a square around a point touches.
    pub fn window(&self, x: f32, y: f32, r: f32) -> (usize, usize, usize, usize) {
        (self.column(x - r), self.column(x + r), self.row(y - r), self.row(y + r))
    }
}

/// What never moves on a level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Still {
    edges: Vec<Edge>,
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Still {
    #[allow(clippy::cast_possible_truncation)] // counts of edges
    fn of(boxes: &[Box2], cells: &Cells) -> Self {
        let mut all = Vec::new();
        for (i, b) in boxes.iter().enumerate() {
            for (k, e) in edges(b).into_iter().enumerate() {
                // A wall's end that lies in another wall is behind that wall's face.
                let within = |o: &Box2, x: f32, y: f32| {
                    let (lx, ly) = o.local(x, y);
                    lx.abs() <= o.hx + 1e-3 && ly.abs() <= o.hy + 1e-3
                };
                let end = k % 2 == 1;
                let hidden = end && boxes.iter().enumerate().any(|(j, o)| i != j && within(o, e.ax, e.ay) && within(o, e.bx, e.by));
                if !hidden {
                    all.push(e);
                }
            }
        }
        let edges = all;
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); cells.len()];
        for (i, e) in edges.iter().enumerate() {
            let (c0, c1) = (cells.column(e.ax.min(e.bx)), cells.column(e.ax.max(e.bx)));
            let (r0, r1) = (cells.row(e.ay.min(e.by)), cells.row(e.ay.max(e.by)));
            for r in r0..=r1 {
                for c in c0..=c1 {
                    if crosses(cells, e, c, r) {
                        lists[r * cells.nx + c].push(i as u32);
                    }
                }
            }
        }
        let mut out = Self { edges, starts: vec![0], items: Vec::new() };
        for l in lists {
            out.items.extend(l);
            out.starts.push(out.items.len() as u32);
        }
        out
    }
}

/// Does an edge touch a cell, with some slack? Border cells reach to infinity.
#[allow(clippy::cast_precision_loss)] // cell numbers are small
fn crosses(cells: &Cells, e: &Edge, c: usize, r: usize) -> bool {
    let size = 1.0 / cells.inv;
    if c == 0 || r == 0 || c + 1 == cells.nx || r + 1 == cells.ny {
        return true;
    }
    let (cx, cy) = (cells.x0 + (c as f32 + 0.5) * size, cells.y0 + (r as f32 + 0.5) * size);
    let (dx, dy) = (e.bx - e.ax, e.by - e.ay);
    let n = (dx * dx + dy * dy).sqrt().max(1e-6);
    ((cx - e.ax) * dy - (cy - e.ay) * dx).abs() / n <= 0.7072 * size + 0.01
}

/// Discs of a level, sorted into cells each tick.
#[derive(Debug, Clone, Default)]
pub(crate) struct Discs {
    starts: Vec<u32>,
    sorted: Vec<Disc>,
    pub items: Vec<Disc>,
}

impl Discs {
    /// Sorts what was pushed into `items`.
    #[allow(clippy::cast_possible_truncation)] // counts of robots
    pub fn sort(&mut self, cells: &Cells) {
        self.starts.clear();
        self.starts.resize(cells.len() + 1, 0);
        for d in &self.items {
            self.starts[cells.cell(d.x, d.y) + 1] += 1;
        }
        for i in 1..self.starts.len() {
            self.starts[i] += self.starts[i - 1];
        }
        self.sorted.clear();
        self.sorted.resize(self.items.len(), Disc::default());
        // Backwards, so that each cell keeps the order of `items`; starts end up where they began.
        for d in self.items.iter().rev() {
            let c = cells.cell(d.x, d.y) + 1;
            let slot = &mut self.starts[c];
            *slot -= 1;
            self.sorted[*slot as usize] = *d;
        }
        // Each entry now holds the start of the cell before it; shift back.
        self.starts.remove(0);
        self.starts.push(self.items.len() as u32);
    }
    /// Calls `f` with every disc whose cell touches the square.
    pub fn near(&self, cells: &Cells, x: f32, y: f32, r: f32, mut f: impl FnMut(&Disc)) {
        if self.sorted.is_empty() {
            return;
        }
        let (c0, c1, r0, r1) = cells.window(x, y, r);
        for row in r0..=r1 {
            let (a, b) = (self.starts[row * cells.nx + c0] as usize, self.starts[row * cells.nx + c1 + 1] as usize);
            self.sorted[a..b].iter().for_each(&mut f);
        }
    }
}

/// What moves on a level but is not round: doors, cabins, loads, boxes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Movable {
    pub flat: Box2,
    pub party: crate::words::Party,
}

/// The flat picture of one level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flat {
    pub still: Still,
    pub discs: Discs,
    pub boxes: Vec<Movable>,
}

/// The flat picture of the whole site; rebuilt from state every tick, so never saved.
#[derive(Debug, Clone, Default, Resource)]
pub(crate) struct FlatWorld {
    pub cells: Cells,
    pub levels: Vec<Flat>,
    stamp: Vec<u32>,
    turn: u32,
    ray_x: Vec<f32>,
    ray_y: Vec<f32>,
    /// Largest depth of every eight rays.
    sectors: Vec<f32>,
    depth: Vec<f32>,
    rough: Vec<f32>,
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap)] // ray numbers are small
impl FlatWorld {
    pub fn new(plan: &Plan, rays: usize) -> Self {
        let cells = Cells::over(plan.low, plan.high);
        let levels: Vec<Flat> = plan
            .storeys
            .iter()
            .map(|s| Flat { still: Still::of(&s.boxes.iter().map(|b| b.flat).collect::<Vec<_>>(), &cells), ..Flat::default() })
            .collect();
        let most = levels.iter().map(|l| l.still.edges.len()).max().unwrap_or(0);
        let ray = |i: usize| nooterra_engine::real::sin_cos(std::f64::consts::TAU * i as f64 / rays as f64);
        Self {
            cells,
            levels,
            stamp: vec![0; most],
            turn: 0,
            ray_x: (0..rays).map(|i| ray(i).1 as f32).collect(),
            ray_y: (0..rays).map(|i| ray(i).0 as f32).collect(),
            sectors: vec![0.0; rays.div_ceil(SECTOR)],
            depth: vec![0.0; rays],
            rough: vec![0.0; rays],
        }
    }

    /// Fills [`Self::buffers`] with ranges around a pose, metres, `range` where nothing is. `skip` is the scanning robot; `only_lift` hides all but
    /// the cabin that it rides in.
    pub fn scan(&mut self, level: usize, at: (f32, f32), heading: (f32, f32), range: f32, skip: u32, inside: bool) {
        let Self { cells, levels, stamp, turn, ray_x, ray_y, sectors, depth, .. } = self;
        depth.fill(range);
        let Some(l) = levels.get(level) else { return };
        let scale = ray_x.len() as f32 / std::f32::consts::TAU;
        let mut painter = Painter { x: at.0, y: at.1, cos: heading.0, sin: heading.1, ray_x, ray_y, depth, range, scale };
        for b in &l.boxes {
            let (dx, dy, r) = (b.flat.x - at.0, b.flat.y - at.1, b.flat.reach() + range);
            if dx * dx + dy * dy < r * r {
                edges(&b.flat).iter().for_each(|e| painter.edge(e));
            }
        }
        l.discs.near(cells, at.0, at.1, range + 1.0, |d| {
            if d.who != skip {
                painter.disc(d.x, d.y, d.r);
            }
        });
        if inside {
            return;
        }
        *turn = turn.wrapping_add(1);
        if *turn == 0 {
            stamp.fill(0);
            *turn = 1;
        }
        // Rings of cells from near to far: a cell that lies wholly behind what is painted already is passed over.
        let size = 1.0 / cells.inv;
        let (cx, cy) = (cells.column(at.0) as i32, cells.row(at.1) as i32);
        let rings = (range * cells.inv) as i32 + 1;
        for ring in 0..=rings {
            if ring > 1 {
                for (s, d) in sectors.iter_mut().zip(painter.depth.chunks(SECTOR)) {
                    let m = |a: f32, b: f32| if b > a { b } else { a };
                    *s = match *d {
                        [a, b, c, d, e, f, g, h] => m(m(m(a, b), m(c, d)), m(m(e, f), m(g, h))),
                        _ => d.iter().fold(0.0, |a, b| m(a, *b)),
                    };
                }
            }
            for dy in -ring..=ring {
                let row = cy + dy;
                if row < 0 || row >= cells.ny as i32 {
                    continue;
                }
                let step = if dy.abs() == ring { 1 } else { (2 * ring).max(1) };
                let mut dx = -ring;
                while dx <= ring {
                    let col = cx + dx;
                    dx += step;
                    if col < 0 || col >= cells.nx as i32 {
                        continue;
                    }
                    let cell = row as usize * cells.nx + col as usize;
                    let (a, b) = (l.still.starts[cell] as usize, l.still.starts[cell + 1] as usize);
                    if a == b {
                        continue;
                    }
                    let mid = (cells.x0 + (col as f32 + 0.5) * size, cells.y0 + (row as f32 + 0.5) * size);
                    if ring > 1 && painter.hides(mid, size / 2.0, sectors) {
                        continue;
                    }
                    for &i in &l.still.items[a..b] {
                        let i = i as usize;
                        if stamp[i] != *turn {
                            stamp[i] = *turn;
                            painter.edge(&l.still.edges[i]);
                        }
                    }
                }
            }
        }
    }

    /// The last scan's ranges and room for its noise.
    pub fn buffers(&mut self) -> (&[f32], &mut [f32]) {
        (&self.depth, &mut self.rough)
    }

    /// Paints a disc given in the robot's own frame over the last scan.
    pub fn ghost(&mut self, x: f32, y: f32, r: f32, range: f32) {
        let scale = self.ray_x.len() as f32 / std::f32::consts::TAU;
        let (ray_x, ray_y, depth) = (&self.ray_x, &self.ray_y, &mut self.depth);
        let mut p = Painter { x: 0.0, y: 0.0, cos: 1.0, sin: 0.0, ray_x, ray_y, depth, range, scale };
        p.disc(x, y, r);
    }

    /// Is the straight line between two points free of walls and boxes?
    pub fn sees(&self, level: usize, a: (f32, f32), b: (f32, f32)) -> bool {
        let Some(l) = self.levels.get(level) else { return false };
        let probe = Edge { ax: a.0, ay: a.1, bx: b.0, by: b.1 };
        let (mx, my) = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
        let r = ((b.0 - a.0).abs().max((b.1 - a.1).abs())) / 2.0 + 0.01;
        let (c0, c1, r0, r1) = self.cells.window(mx, my, r);
        for row in r0..=r1 {
            let (s, e) = (l.still.starts[row * self.cells.nx + c0] as usize, l.still.starts[row * self.cells.nx + c1 + 1] as usize);
            if l.still.items[s..e].iter().any(|i| cross(&probe, &l.still.edges[*i as usize])) {
                return false;
            }
        }
        !l.boxes.iter().any(|m| {
            let (dx, dy, reach) = (m.flat.x - mx, m.flat.y - my, m.flat.reach() + 1.5 * r);
            dx * dx + dy * dy < reach * reach && edges(&m.flat).iter().any(|e| cross(&probe, e))
        })
    }

    /// Distance from a point to the nearest wall edge within `most`.
    pub fn wall_gap(&self, level: usize, x: f32, y: f32, most: f32) -> f32 {
        let Some(l) = self.levels.get(level) else { return most };
        let (c0, c1, r0, r1) = self.cells.window(x, y, most);
        let mut best = most * most;
        for row in r0..=r1 {
            let (s, e) = (l.still.starts[row * self.cells.nx + c0] as usize, l.still.starts[row * self.cells.nx + c1 + 1] as usize);
            for i in &l.still.items[s..e] {
                let g = &l.still.edges[*i as usize];
                let (dx, dy) = (g.bx - g.ax, g.by - g.ay);
                let t = (((x - g.ax) * dx + (y - g.ay) * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
                let (ex, ey) = (g.ax + t * dx - x, g.ay + t * dy - y);
                best = best.min(ex * ex + ey * ey);
            }
        }
        best.sqrt()
    }
}

fn cross(p: &Edge, q: &Edge) -> bool {
    let side = |e: &Edge, x: f32, y: f32| (e.bx - e.ax) * (y - e.ay) - (e.by - e.ay) * (x - e.ax);
    (side(p, q.ax, q.ay) > 0.0) != (side(p, q.bx, q.by) > 0.0) && (side(q, p.ax, p.ay) > 0.0) != (side(q, p.bx, p.by) > 0.0)
}

struct Painter<'a> {
    x: f32,
    y: f32,
    cos: f32,
    sin: f32,
    ray_x: &'a [f32],
    ray_y: &'a [f32],
    depth: &'a mut [f32],
    range: f32,
    scale: f32,
}

/// Angle of a vector in radians, -pi to pi, within 2e-4: enough to choose bins, which are then tested exactly.
fn rough_angle(y: f32, x: f32) -> f32 {
    let (ax, ay) = (x.abs(), y.abs());
    let (small, large) = if ax < ay { (ax, ay) } else { (ay, ax) };
    let t = small / large.max(1e-30);
    let s = t * t;
    let mut r = ((-0.046_496_473 * s + 0.159_314_22) * s - 0.327_622_77) * s * t + t;
    if ay > ax {
        r = std::f32::consts::FRAC_PI_2 - r;
    }
    if x < 0.0 {
        r = std::f32::consts::PI - r;
    }
    if y < 0.0 { -r } else { r }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_precision_loss)] // ray numbers are small
impl Painter<'_> {
    fn local(&self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy) = (x - self.x, y - self.y);
        (self.cos * dx + self.sin * dy, self.cos * dy - self.sin * dx)
    }
    /// Ray numbers from just before bearing `from` to just after `to`, counter-clockwise; the second may pass the end.
    fn bins(&self, from: f32, to: f32) -> (usize, usize) {
        // Angles are above -pi, so a shift by a turn makes truncation the floor.
        let n = self.ray_x.len() as i32;
        let i0 = (from * self.scale - 0.05 + n as f32) as i32 - n;
        let mut i1 = (to * self.scale + 0.05 + n as f32) as i32 - n + 1;
        if i1 < i0 {
            i1 += n;
        }
        let i1 = i1.min(i0 + n - 1);
        let shift = if i0 < 0 { n } else { 0 };
        ((i0 + shift) as usize, (i1 + shift) as usize)
    }
    /// Is a square cell out of range or behind what is painted?
    fn hides(&self, mid: (f32, f32), half: f32, sectors: &[f32]) -> bool {
        let (gx, gy) = (((mid.0 - self.x).abs() - half).max(0.0), ((mid.1 - self.y).abs() - half).max(0.0));
        let near = gx * gx + gy * gy;
        if near > self.range * self.range {
            return true;
        }
        let (px, py) = self.local(mid.0, mid.1);
        let (d2, r) = (px * px + py * py, half * std::f32::consts::SQRT_2);
        if d2 <= 1.01 * r * r {
            return false;
        }
        let (at, wide) = (rough_angle(py, px), rough_angle(r, (d2 - r * r).sqrt()));
        let (i0, i1) = self.bins(unwind(at - wide), unwind(at + wide));
        let n = self.ray_x.len();
        let hidden = |a: usize, b: usize| sectors[a / SECTOR..=b / SECTOR].iter().all(|s| s * s <= near);
        if i1 < n { hidden(i0, i1) } else { hidden(i0, n - 1) && hidden(0, i1 - n) }
    }
    #[inline]
    fn edge(&mut self, e: &Edge) {
        let (ax, ay) = self.local(e.ax, e.ay);
        let (bx, by) = self.local(e.bx, e.by);
        let c = ax * by - ay * bx;
        if c >= 0.0 {
            return; // we are on its inner side
        }
        let (ex, ey) = (bx - ax, by - ay);
        // Nearest point further away than the range?
        let len = ex * ex + ey * ey;
        if c * c > self.range * self.range * len {
            return;
        }
        let (from, to) = (rough_angle(by, bx), rough_angle(ay, ax));
        let (i0, i1) = self.bins(from, to);
        let n = self.ray_x.len();
        let (first, second) = if i1 >= n { ((i0.min(n), n), (0, i1 - n + 1)) } else { ((i0, i1 + 1), (0, 0)) };
        // A ray (dx, dy) meets the line at t = c / (d × e); it is between the ends if it is left of b and right of a.
        for (s, t) in [first, second] {
            for ((dx, dy), depth) in self.ray_x[s..t].iter().zip(&self.ray_y[s..t]).zip(&mut self.depth[s..t]) {
                let den = dx * ey - dy * ex;
                let (left, right) = (bx * dy - by * dx, dx * ay - dy * ax);
                let met = (left >= -1e-6) & (right >= -1e-6) & (den < 0.0);
                let t = if met { c / den } else { f32::MAX };
                *depth = if t < *depth { t } else { *depth };
            }
        }
    }
    fn disc(&mut self, x: f32, y: f32, r: f32) {
        let (px, py) = self.local(x, y);
        let d2 = px * px + py * py;
        if d2 > (self.range + r) * (self.range + r) {
            return;
        }
        let n = self.ray_x.len();
        let (i0, i1) = if d2 <= 1.05 * r * r {
            (0, n - 1)
        } else {
            let mid = rough_angle(py, px);
            let half = rough_angle(r, (d2 - r * r).sqrt());

            self.bins(unwind(mid - half), unwind(mid + half))
        };
        for i in i0..=i1 {
            let i = if i >= n { i - n } else { i };
            let (dx, dy) = (self.ray_x[i], self.ray_y[i]);
            let along = dx * px + dy * py;
            let h2 = r * r - (d2 - along * along);
            if h2 >= 0.0 && along > 0.0 {
                let t = (along - h2.sqrt()).max(0.0);
                if t < self.depth[i] {
                    self.depth[i] = t;
                }
            }
        }
    }
}

/// The same angle in -pi to pi, if it was less than one turn off.
fn unwind(a: f32) -> f32 {
    use std::f32::consts::{PI, TAU};
    if a > PI {
        a - TAU
    } else if a < -PI {
        a + TAU
    } else {
        a
    }
}

#[cfg(test)]
mod tests;
