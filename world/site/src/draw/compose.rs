//! From a site to shapes: panels for levels, floors, walls, doors, lifts, lanes, vertices, names, legend, scale bar.

use super::font;
use super::shapes::{Anchor, Colour, Page, SERIES, Shape};
use super::{FigureKind, Options};
use crate::areas::AreaClass;
use crate::catalogue::model_or_generic;
use crate::model::*;
use nooterra_engine::geom::{Segment, Vec2};
use std::cmp::Ordering;

const PAPER: Colour = [246, 245, 241, 255];
const FLOOR: Colour = [255, 254, 251, 255];
const FLOOR_EDGE: Colour = [222, 218, 208, 255];
const WALL: Colour = [52, 58, 70, 255];
const GLASS: Colour = [120, 160, 185, 255];
const DOOR: Colour = [176, 120, 40, 255];
const LIFT: Colour = [214, 228, 240, 255];
const LIFT_EDGE: Colour = [86, 118, 150, 255];
const INK: Colour = [44, 48, 56, 255];
const PALE: Colour = [120, 122, 128, 255];
const CHARGER: Colour = [32, 150, 83, 255];
const PICKUP: Colour = [222, 120, 16, 255];
const DROPOFF: Colour = [126, 70, 170, 255];
const PARKING: Colour = [44, 108, 190, 255];
const TRANSFER: Colour = [150, 96, 40, 255];
const PRIVATE: Colour = [190, 40, 60, 255];
const WHITE: Colour = [255, 255, 255, 255];
const NONE: Colour = [0, 0, 0, 0];

const EDGE_PX: f64 = 36.0;
const HEAD_PX: f64 = 58.0;
const PANEL_HEAD_PX: f64 = 30.0;
const GAP_PX: f64 = 34.0;
const FOOT_PX: f64 = 62.0;
/// Room around what a level holds.
const AROUND_M: f64 = 0.8;
/// Largest side of a page: beyond it the drawing is scaled down.
const SIDE_PX_MAX: f64 = 6_000.0;

#[derive(Debug, Clone, Copy)]
struct Bounds {
    low: Vec2,
    high: Vec2,
}

impl Bounds {
    const EMPTY: Self = Self { low: Vec2::new(f64::INFINITY, f64::INFINITY), high: Vec2::new(f64::NEG_INFINITY, f64::NEG_INFINITY) };
    fn take(&mut self, p: Vec2) {
        self.low = Vec2::new(self.low.x.min(p.x), self.low.y.min(p.y));
        self.high = Vec2::new(self.high.x.max(p.x), self.high.y.max(p.y));
    }
    fn grown(mut self) -> Self {
        if self.low.x > self.high.x {
            self = Self { low: Vec2::default(), high: Vec2::new(1.0, 1.0) };
        }
        Self { low: self.low - Vec2::new(AROUND_M, AROUND_M), high: self.high + Vec2::new(AROUND_M, AROUND_M) }
    }
    fn size(&self) -> Vec2 {
        self.high - self.low
    }
}

fn bounds(site: &Site, level: LevelIx, options: &Options) -> Bounds {
    let mut b = Bounds::EMPTY;
    let l = &site.levels[level.at()];
    l.walls.iter().for_each(|w| [w.line.a, w.line.b].into_iter().for_each(|p| b.take(p)));
    l.floors.iter().flat_map(|f| &f.outline).for_each(|p| b.take(*p));
    site.vertices.iter().filter(|v| v.level == level).for_each(|v| b.take(v.at));
    site.doors.iter().filter(|d| d.level == level).for_each(|d| [d.line.a, d.line.b].into_iter().for_each(|p| b.take(p)));
    site.areas.iter().filter(|a| a.level == level).flat_map(|a| &a.ring).for_each(|p| b.take(*p));
    site.lifts.iter().filter(|x| x.stop_at(level).is_some()).flat_map(Lift::corners).for_each(|p| b.take(p));
    options.trails.iter().filter(|t| t.level == level).flat_map(|t| &t.points).for_each(|p| b.take(*p));
    b.grown()
}

pub(super) fn page(site: &Site, options: &Options) -> Page {
    let levels: Vec<LevelIx> = match options.level {
        Some(l) => site.level_indexes().filter(|x| *x == l).collect(),
        None => site.level_indexes().collect(),
    };
    let boxes: Vec<Bounds> = levels.iter().map(|l| bounds(site, *l, options)).collect();
    let width = f64::from(options.width_px.clamp(300, 6_000));
    let columns = columns(&boxes, width);
    let rows: Vec<&[Bounds]> = boxes.chunks(columns).collect();
    #[allow(clippy::cast_precision_loss)] // a handful of levels
    let scale_of =
        |row: &&[Bounds]| (width - 2.0 * EDGE_PX - GAP_PX * (row.len() - 1) as f64) / row.iter().map(|b| b.size().x).sum::<f64>();
    let tall = |row: &&[Bounds]| row.iter().map(|b| b.size().y).fold(0.0, f64::max);
    let high: f64 = rows.iter().map(tall).sum::<f64>().max(0.1);
    let scale = rows.iter().map(scale_of).fold(f64::INFINITY, f64::min).min(SIDE_PX_MAX / high).clamp(0.01, 120.0);
    let legend = if options.legend { FOOT_PX } else { 24.0 };
    #[allow(clippy::cast_precision_loss)] // a handful of levels
    let height = HEAD_PX + rows.len() as f64 * (PANEL_HEAD_PX + GAP_PX) + high * scale + legend;
    let mut page = Page { width, height, paper: PAPER, shapes: Vec::new() };
    let title = options.title.clone().unwrap_or_else(|| site.name.clone());
    page.shapes.push(text(Vec2::new(EDGE_PX, 34.0), &title, 15.0, INK, Anchor::Start, true));
    let mut y = HEAD_PX;
    let mut i = 0;
    for row in &rows {
        let used = row.iter().map(|b| b.size().x * scale).sum::<f64>();
        #[allow(clippy::cast_precision_loss)] // a handful of levels
        let spare = width - 2.0 * EDGE_PX - used - GAP_PX * (row.len() - 1) as f64;
        let mut x = EDGE_PX + (spare / 2.0).max(0.0);
        for b in *row {
            let mut panel = Panel {
                site,
                options,
                level: levels[i],
                scale,
                left: x,
                top: y + PANEL_HEAD_PX,
                bounds: *b,
                shapes: &mut page.shapes,
                page_width: width,
                taken: Vec::new(),
            };
            panel.draw();
            x += b.size().x * scale + GAP_PX;
            i += 1;
        }
        y += PANEL_HEAD_PX + tall(row) * scale + GAP_PX;
    }
    foot(&mut page, scale, options.legend, height - legend / 2.0 - 4.0);
    page
}

/// As many panels in a row as make the drawing large on a page that is not taller than wide; fewer only if it gains much.
fn columns(boxes: &[Bounds], width: f64) -> usize {
    let mut best = (0.0, boxes.len().max(1));
    for n in (1..=boxes.len()).rev() {
        let rows: Vec<&[Bounds]> = boxes.chunks(n).collect();
        let wide = rows.iter().map(|r| r.iter().map(|b| b.size().x).sum::<f64>()).fold(0.1, f64::max);
        let high: f64 = rows.iter().map(|r| r.iter().map(|b| b.size().y).fold(0.1, f64::max)).sum();
        let scale = (width / wide).min(width / high);
        if scale > best.0 * 1.15 {
            best = (scale, n);
        }
    }
    best.1
}

fn text(at: Vec2, text: &str, size: f64, colour: Colour, anchor: Anchor, bold: bool) -> Shape {
    Shape::Text { at, text: crate::yaml::shortened(text), size, colour, anchor, bold }
}

fn line(points: Vec<Vec2>, width: f64, colour: Colour, round: bool) -> Shape {
    Shape::Line { points, width, colour, dash: (0.0, 0.0), round }
}

fn faded(c: Colour, opacity: u8) -> Colour {
    [c[0], c[1], c[2], opacity]
}

struct Panel<'p> {
    site: &'p Site,
    options: &'p Options,
    level: LevelIx,
    scale: f64,
    left: f64,
    top: f64,
    bounds: Bounds,
    shapes: &'p mut Vec<Shape>,
    page_width: f64,
    /// Boxes where names would be unreadable: low and high corner.
    taken: Vec<(Vec2, Vec2)>,
}

impl Panel<'_> {
    fn at(&self, p: Vec2) -> Vec2 {
        Vec2::new(self.left + (p.x - self.bounds.low.x) * self.scale, self.top + (self.bounds.high.y - p.y) * self.scale)
    }
    fn segment(&self, s: &Segment) -> Vec<Vec2> {
        vec![self.at(s.a), self.at(s.b)]
    }
    /// Size of a sign, pixels: grows with the drawing within bounds.
    fn sign(&self) -> f64 {
        (self.scale * 0.20).clamp(2.6, 8.0)
    }
    fn letter(&self) -> f64 {
        (self.scale * 0.24).clamp(5.6, 8.5)
    }

    fn draw(&mut self) {
        let l = &self.site.levels[self.level.at()];
        let head = if self.site.levels.len() > 1 { format!("{}  ·  {:.1} m", l.name, l.elevation_m) } else { l.name.clone() };
        self.shapes.push(text(Vec2::new(self.left + 2.0, self.top - 14.0), &head, 10.5, PALE, Anchor::Start, true));
        self.floors();
        self.areas();
        self.lifts();
        self.walls();
        self.door_gaps();
        if self.options.lanes {
            self.lanes();
        }
        self.doors();
        for t in &self.options.trails {
            if t.level == self.level && t.points.len() > 1 {
                let colour = SERIES[t.colour % SERIES.len()];
                let points: Vec<Vec2> = t.points.iter().map(|p| self.at(*p)).collect();
                self.shapes.push(line(points, (self.scale * 0.11).clamp(1.8, 5.0), faded(colour, 120), true));
            }
        }
        if self.options.lanes {
            self.vertices();
        }
        self.robots();
        if self.options.names {
            self.names();
        }
    }

    fn floors(&mut self) {
        let l = &self.site.levels[self.level.at()];
        for f in &l.floors {
            let ring = |o: &[Vec2]| o.iter().map(|p| self.at(*p)).collect::<Vec<_>>();
            let mut rings = vec![ring(&f.outline)];
            rings.extend(f.holes.iter().map(|h| ring(&h.outline)));
            let mut edge = rings[0].clone();
            edge.push(edge[0]);
            self.shapes.push(Shape::Area { rings, fill: FLOOR });
            self.shapes.push(line(edge, 1.0, FLOOR_EDGE, false));
        }
        for o in &l.obstacles {
            let (x, y) = (o.length_m / 2.0, o.width_m / 2.0);
            let ring = [(x, y), (-x, y), (-x, -y), (x, -y)].map(|(x, y)| self.at(o.at + Vec2::new(x, y).rotated(o.yaw_rad))).to_vec();
            self.shapes.push(Shape::Area { rings: vec![ring], fill: [190, 184, 172, 255] });
        }
    }

    /// Areas with a name, in the colour of who may be there.
    fn areas(&mut self) {
        for a in self.site.areas.iter().filter(|a| a.level == self.level) {
            let (colour, class) = match a.class {
                AreaClass::Public => (CHARGER, "public"),
                AreaClass::Restricted => (PICKUP, "restricted"),
                AreaClass::Private => (PRIVATE, "private"),
            };
            let ring: Vec<Vec2> = a.ring.iter().map(|p| self.at(*p)).collect();
            // The label stands inside, at the corner that is highest on the page.
            let Some(top) = ring.iter().copied().min_by(|a, b| (a.y, a.x).partial_cmp(&(b.y, b.x)).unwrap_or(Ordering::Equal)) else {
                continue;
            };
            let edge: Vec<Vec2> = ring.iter().chain(ring.first()).copied().collect();
            self.shapes.push(Shape::Area { rings: vec![ring], fill: faded(colour, 34) });
            self.shapes.push(Shape::Line { points: edge, width: 1.6, colour: faded(colour, 190), dash: (6.0, 4.0), round: false });
            let label = format!("{} ({class})", a.name);
            self.shapes.push(text(top + Vec2::new(6.0, self.letter() + 4.0), &label, self.letter(), colour, Anchor::Start, true));
        }
    }

    fn walls(&mut self) {
        for w in &self.site.levels[self.level.at()].walls {
            let colour = if w.alpha < 0.99 { GLASS } else { WALL };
            self.shapes.push(line(self.segment(&w.line), (w.thickness_m * self.scale).max(1.4), colour, true));
        }
    }

    fn door_gaps(&mut self) {
        for d in self.site.doors.iter().filter(|d| d.level == self.level) {
            self.shapes.push(line(self.segment(&d.line), (0.16 * self.scale).max(3.0), FLOOR, false));
        }
    }

    fn doors(&mut self) {
        for d in self.site.doors.iter().filter(|d| d.level == self.level) {
            let (a, b) = (d.line.a, d.line.b);
            let opening = self.segment(&d.line);
            let thin = (0.05 * self.scale).max(1.4);
            let ratio = d.right_left_ratio / (1.0 + d.right_left_ratio);
            let leaves: Vec<(Vec2, Vec2, f64)> = match d.kind {
                DoorKind::Hinged if d.at_end => vec![(b, a, -1.0)],
                DoorKind::Hinged => vec![(a, b, 1.0)],
                DoorKind::DoubleHinged => vec![(a, a.lerp(b, ratio), 1.0), (b, a.lerp(b, ratio), -1.0)],
                _ => Vec::new(),
            };
            if leaves.is_empty() {
                // Sliding: the closed leaf, and ticks at its ends.
                self.shapes.push(Shape::Line { points: opening, width: thin, colour: DOOR, dash: (5.0, 3.0), round: false });
            }
            for (hinge, tip, turn) in leaves {
                // Clockwise from the hinge for a leaf at the start that swings to the right.
                let open = -turn * f64::from(d.direction) * d.swing_rad;
                let arc: Vec<Vec2> = (0..=12).map(|i| self.at(hinge + (tip - hinge).rotated(open * f64::from(i) / 12.0))).collect();
                let leaf = vec![self.at(hinge), arc[12]];
                self.shapes.push(line(arc, 0.9, faded(DOOR, 130), false));
                self.shapes.push(line(leaf, thin, DOOR, false));
            }
            let (low, high) = (self.at(a), self.at(b));
            for p in [low, high] {
                self.shapes.push(Shape::Circle { at: p, radius: thin, fill: DOOR, rim: (0.0, NONE) });
            }
        }
    }

    fn lifts(&mut self) {
        for lift in &self.site.lifts {
            let Some(stop) = lift.stop_at(self.level) else { continue };
            let ring: Vec<Vec2> = lift.corners().iter().map(|p| self.at(*p)).collect();
            let cross = [vec![ring[0], ring[2]], vec![ring[1], ring[3]]];
            self.shapes.push(Shape::Area { rings: vec![ring], fill: LIFT });
            for c in cross {
                self.shapes.push(line(c, 0.8, faded(LIFT_EDGE, 110), false));
            }
            for w in lift.cabin_walls() {
                self.shapes.push(line(self.segment(&w), (0.06 * self.scale).max(1.6), LIFT_EDGE, false));
            }
            for (i, _) in lift.doors.iter().enumerate() {
                let open = stop.doors.iter().any(|d| *d as usize == i);
                let points = self.segment(&lift.door_line(i));
                let width = (0.06 * self.scale).max(1.6);
                if open {
                    self.shapes.push(Shape::Line { points, width, colour: DOOR, dash: (5.0, 3.0), round: false });
                } else {
                    self.shapes.push(line(points, width, LIFT_EDGE, false));
                }
            }
        }
    }

    fn lanes(&mut self) {
        let many = self.site.graphs.len() > 1;
        let width = (self.scale * 0.06).clamp(1.0, 2.6);
        for l in self.site.lane_indexes() {
            let lane = &self.site.lanes[l.at()];
            if lane.ride.is_some() || self.site.lane_level(l) != self.level || lane.reverse.is_some_and(|o| o < l) {
                continue;
            }
            let colour = if many { SERIES[lane.graph_idx as usize % SERIES.len()] } else { SERIES[0] };
            let s = self.site.lane_line(l);
            self.shapes.push(line(self.segment(&s), width, faded(colour, 120), true));
            if lane.reverse.is_none() {
                let (from, to) = (self.at(s.a), self.at(s.b));
                let along = (to - from).unit();
                let size = (self.scale * 0.22).clamp(4.0, 9.0);
                // One arrow for each stretch of lane, so that a long lane shows its direction everywhere.
                let stretches = ((to - from).norm() / 140.0).floor().max(1.0);
                let mut k = 0.5;
                while k < stretches {
                    let tip = from.lerp(to, k / stretches) + along * size * 0.6;
                    let back = tip - along * (size * 1.5);
                    let side = along.perp() * (size * 0.62);
                    self.shapes.push(Shape::Area { rings: vec![vec![tip, back + side, back - side]], fill: faded(colour, 230) });
                    k += 1.0;
                }
            }
        }
    }

    fn vertices(&mut self) {
        let r = self.sign();
        for v in self.site.vertices.iter().filter(|v| v.level == self.level) {
            let at = self.at(v.at);
            let ring = |rim: Colour, fill: Colour, k: f64| Shape::Circle { at, radius: r * k, fill, rim: ((r * 0.22).max(1.0), rim) };
            let square = |k: f64| {
                let d = r * k;
                vec![at + Vec2::new(-d, -d), at + Vec2::new(d, -d), at + Vec2::new(d, d), at + Vec2::new(-d, d)]
            };
            if v.flags.is_charger {
                self.shapes.push(ring(CHARGER, WHITE, 1.25));
                let bolt = [(0.25, -0.95), (-0.55, 0.15), (-0.02, 0.15), (-0.25, 0.95), (0.55, -0.15), (0.02, -0.15)];
                self.shapes.push(Shape::Area { rings: vec![bolt.map(|(x, y)| at + Vec2::new(x, y) * r).to_vec()], fill: CHARGER });
            } else if v.pickup_dispenser.is_some() {
                self.shapes.push(Shape::Area {
                    rings: vec![vec![at + Vec2::new(0.0, -1.4 * r), at + Vec2::new(1.3 * r, 0.9 * r), at + Vec2::new(-1.3 * r, 0.9 * r)]],
                    fill: PICKUP,
                });
            } else if v.dropoff_ingestor.is_some() {
                self.shapes.push(Shape::Area {
                    rings: vec![vec![at + Vec2::new(0.0, 1.4 * r), at + Vec2::new(1.3 * r, -0.9 * r), at + Vec2::new(-1.3 * r, -0.9 * r)]],
                    fill: DROPOFF,
                });
            } else if v.flags.is_transfer_place {
                self.shapes.extend(transfer_sign(at, r));
            } else if v.flags.is_parking_spot {
                self.shapes.push(Shape::Area { rings: vec![square(0.95)], fill: PARKING });
                if r > 4.0 {
                    self.shapes.push(line(
                        vec![
                            at + Vec2::new(-0.3, 0.6) * r,
                            at + Vec2::new(-0.3, -0.55) * r,
                            at + Vec2::new(0.3, -0.55) * r,
                            at + Vec2::new(0.3, 0.05) * r,
                            at + Vec2::new(-0.3, 0.05) * r,
                        ],
                        (r * 0.2).max(0.9),
                        WHITE,
                        false,
                    ));
                }
            } else if v.flags.is_holding_point {
                self.shapes.push(ring(PARKING, WHITE, 0.75));
            } else if v.lift.is_some() {
                self.shapes.push(ring(LIFT_EDGE, WHITE, 0.7));
            } else {
                let fill = if v.name.is_empty() { [140, 152, 166, 255] } else { SERIES[0] };
                self.shapes.push(Shape::Circle { at, radius: r * if v.name.is_empty() { 0.42 } else { 0.62 }, fill, rim: (0.0, NONE) });
            }
            self.taken.push((at - Vec2::new(r, r), at + Vec2::new(r, r)));
        }
    }

    /// Lanes and walls of this level in pixels.
    fn strokes(&self) -> Vec<Segment> {
        let lane = |l: &LaneIx| self.options.lanes && self.site.lanes[l.at()].ride.is_none() && self.site.lane_level(*l) == self.level;
        let lanes = self.site.lane_indexes().filter(lane).map(|l| self.site.lane_line(l));
        let walls = self.site.levels[self.level.at()].walls.iter().map(|w| w.line);
        lanes.chain(walls).map(|s| Segment::new(self.at(s.a), self.at(s.b))).collect()
    }

    /// Where robots start on this level, with the radius of their circle in pixels.
    fn starts(&self) -> Vec<(Vec2, f64)> {
        let here = self.site.spawns.iter().filter(|s| self.site.vertices[s.vertex.at()].level == self.level);
        here.map(|s| (self.at(self.site.vertices[s.vertex.at()].at), model_or_generic(&s.model).0.footprint_radius_m * self.scale))
            .collect()
    }

    fn robots(&mut self) {
        if self.options.spawns {
            for (i, s) in self.site.spawns.iter().enumerate() {
                let v = &self.site.vertices[s.vertex.at()];
                if v.level == self.level {
                    let radius = model_or_generic(&s.model).0.footprint_radius_m * self.scale;
                    let colour = SERIES[i % SERIES.len()];
                    self.shapes.push(Shape::Circle {
                        at: self.at(v.at),
                        radius: radius.max(3.0),
                        fill: faded(colour, 50),
                        rim: (1.4, faded(colour, 220)),
                    });
                }
            }
        }
        for f in self.options.figures.iter().filter(|f| f.level == self.level) {
            let colour = SERIES[f.colour % SERIES.len()];
            let at = self.at(f.pose.at);
            match f.kind {
                FigureKind::Robot { radius_m } => {
                    let r = (radius_m * self.scale).max(4.0);
                    self.shapes.push(Shape::Circle { at, radius: r, fill: colour, rim: (1.5, WHITE) });
                    let ahead = Vec2::at_angle(f.pose.theta_rad);
                    let ahead = Vec2::new(ahead.x, -ahead.y);
                    let side = ahead.perp();
                    let nose = vec![
                        at + ahead * (r * 0.75),
                        at - ahead * (r * 0.15) + side * (r * 0.5),
                        at - ahead * (r * 0.15) - side * (r * 0.5),
                    ];
                    self.shapes.push(Shape::Area { rings: vec![nose], fill: WHITE });
                }
                FigureKind::Obstacle { length_m, width_m } => {
                    let (x, y) = (length_m / 2.0, width_m / 2.0);
                    let ring: Vec<Vec2> =
                        [(x, y), (-x, y), (-x, -y), (x, -y)].iter().map(|(x, y)| self.at(f.pose.apply(Vec2::new(*x, *y)))).collect();
                    let mut edge = ring.clone();
                    edge.push(ring[0]);
                    self.shapes.push(Shape::Area { rings: vec![ring], fill: faded(SERIES[4], 150) });
                    self.shapes.push(line(edge, 1.2, SERIES[4], false));
                }
                FigureKind::Person => {
                    let r = (0.25 * self.scale).max(3.0);
                    self.shapes.push(Shape::Circle { at, radius: r, fill: [230, 190, 150, 255], rim: (1.2, INK) });
                }
                FigureKind::Mark => {
                    let r = self.sign() * 1.1;
                    for d in [Vec2::new(r, r), Vec2::new(r, -r)] {
                        self.shapes.push(line(vec![at - d, at + d], 2.4, colour, true));
                    }
                }
            }
            self.taken.push((at - Vec2::new(8.0, 8.0), at + Vec2::new(8.0, 8.0)));
        }
    }

    /// Names, the important ones first; a name that finds no room is left out.
    fn names(&mut self) {
        let mut labels: Vec<(u8, Vec2, String, Colour, bool)> = Vec::new();
        let strokes = self.strokes();
        let starts: Vec<(Vec2, f64)> = if self.options.spawns { self.starts() } else { Vec::new() };
        for f in self.options.figures.iter().filter(|f| f.level == self.level && !f.name.is_empty()) {
            labels.push((0, self.at(f.pose.at), f.name.clone(), INK, true));
        }
        if self.options.lanes {
            for v in self.site.vertices.iter().filter(|v| v.level == self.level && v.lift.is_none()) {
                let name = if v.name.is_empty() {
                    v.pickup_dispenser.clone().or_else(|| v.dropoff_ingestor.clone()).unwrap_or_default()
                } else {
                    v.name.clone()
                };
                if !name.is_empty() {
                    let rank = if v.flags.is_charger || v.pickup_dispenser.is_some() || v.dropoff_ingestor.is_some() { 1 } else { 3 };
                    labels.push((rank, self.at(v.at), name, INK, false));
                }
            }
        }
        for l in self.site.lifts.iter().filter(|l| l.stop_at(self.level).is_some()) {
            labels.push((2, self.at(l.at), l.name.clone(), LIFT_EDGE, true));
        }
        for d in self.site.doors.iter().filter(|d| d.level == self.level) {
            labels.push((4, self.at(d.line.a.lerp(d.line.b, 0.5)), d.name.clone(), DOOR, false));
        }
        labels.sort_by_key(|a| a.0);
        let size = self.letter();
        let far = self.sign() + 4.0;
        for (rank, at, name, colour, bold) in labels {
            let size = if rank == 4 { size * 0.85 } else { size };
            let name = crate::yaml::shortened(&name);
            let w = font::width(&name, size);
            let far = starts.iter().find(|s| s.0 == at).map_or(far, |s| far.max(s.1 + 4.0));
            let spots = [
                (Vec2::new(far, 0.0), Anchor::Start),
                (Vec2::new(0.0, -far - size * 0.7), Anchor::Middle),
                (Vec2::new(0.0, far + size * 0.7), Anchor::Middle),
                (Vec2::new(-far, 0.0), Anchor::End),
                (Vec2::new(far, -far), Anchor::Start),
                (Vec2::new(far, far), Anchor::Start),
                (Vec2::new(-far, -far), Anchor::End),
                (Vec2::new(-far, far), Anchor::End),
            ];
            let place = |(d, anchor): (Vec2, Anchor)| {
                let p = at + d;
                let left = match anchor {
                    Anchor::Start => p.x,
                    Anchor::Middle => p.x - w / 2.0,
                    Anchor::End => p.x - w,
                };
                (p, anchor, (Vec2::new(left - 1.0, p.y - size * 0.75), Vec2::new(left + w + 1.0, p.y + size * 0.75)))
            };
            let free = |b: &(Vec2, Vec2)| {
                b.0.x > 2.0
                    && b.1.x < self.page_width - 2.0
                    && self.taken.iter().all(|t| b.1.x < t.0.x || t.1.x < b.0.x || b.1.y < t.0.y || t.1.y < b.0.y)
            };
            // Of the free spots the one that hides least of lanes and walls; the first of equals.
            let chosen = spots
                .into_iter()
                .map(place)
                .filter(|(_, _, b)| free(b))
                .min_by_key(|(_, _, b)| strokes.iter().filter(|s| meets(s, b)).count());
            let chosen = chosen.or_else(|| (rank == 0).then(|| place(spots[0])));
            if let Some((p, anchor, b)) = chosen {
                self.taken.push(b);
                self.shapes.push(text(p, &name, size, colour, anchor, bold));
            }
        }
    }
}

/// A tray with a box on it: where a load may lie for another robot.
fn transfer_sign(at: Vec2, r: f64) -> [Shape; 2] {
    let ring = |x: [(f64, f64); 4]| vec![x.map(|(x, y)| at + Vec2::new(x, y) * r).to_vec()];
    [
        Shape::Area { rings: ring([(-1.1, 0.55), (1.1, 0.55), (1.1, 0.95), (-1.1, 0.95)]), fill: TRANSFER },
        Shape::Area { rings: ring([(-0.6, -0.75), (0.6, -0.75), (0.6, 0.35), (-0.6, 0.35)]), fill: TRANSFER },
    ]
}

/// Does a line pass through a box?
fn meets(s: &Segment, (low, high): &(Vec2, Vec2)) -> bool {
    let d = s.b - s.a;
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (p, step, a, b) in [(s.a.x, d.x, low.x, high.x), (s.a.y, d.y, low.y, high.y)] {
        if step.abs() < 1e-9 {
            if p < a || p > b {
                return false;
            }
            continue;
        }
        let (t, u) = ((a - p) / step, (b - p) / step);
        (from, to) = (from.max(t.min(u)), to.min(t.max(u)));
    }
    from < to
}

/// Scale bar and legend.
fn foot(page: &mut Page, scale: f64, legend: bool, y: f64) {
    let metres = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
    let length = metres.into_iter().rfind(|m| m * scale <= 180.0).unwrap_or(0.5);
    let (a, b) = (Vec2::new(EDGE_PX, y), Vec2::new(EDGE_PX + length * scale, y));
    page.shapes.push(line(vec![a, b], 2.0, INK, false));
    for p in [a, b] {
        page.shapes.push(line(vec![p - Vec2::new(0.0, 5.0), p + Vec2::new(0.0, 5.0)], 2.0, INK, false));
    }
    page.shapes.push(text(b + Vec2::new(10.0, 0.0), &format!("{length} m"), 8.0, INK, Anchor::Start, false));
    if !legend {
        return;
    }
    let r = 6.0;
    let mut x = b.x + 90.0;
    let mut item = |page: &mut Page, draw: &dyn Fn(&mut Vec<Shape>, Vec2), name: &str| {
        let w = font::width(name, 8.0) + 44.0;
        if x + w > page.width {
            return;
        }
        draw(&mut page.shapes, Vec2::new(x, y));
        page.shapes.push(text(Vec2::new(x + 14.0, y), name, 8.0, PALE, Anchor::Start, false));
        x += w;
    };
    item(
        page,
        &|s, at| {
            s.push(Shape::Circle { at, radius: r * 1.1, fill: WHITE, rim: (1.4, CHARGER) });
            let bolt = [(0.25, -0.95), (-0.55, 0.15), (-0.02, 0.15), (-0.25, 0.95), (0.55, -0.15), (0.02, -0.15)];
            s.push(Shape::Area { rings: vec![bolt.map(|(x, y)| at + Vec2::new(x, y) * r).to_vec()], fill: CHARGER });
        },
        "charger",
    );
    item(
        page,
        &|s, at| {
            s.push(Shape::Area {
                rings: vec![[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)].map(|(x, y)| at + Vec2::new(x, y) * r).to_vec()],
                fill: PICKUP,
            })
        },
        "pick-up",
    );
    item(
        page,
        &|s, at| {
            s.push(Shape::Area {
                rings: vec![[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)].map(|(x, y)| at + Vec2::new(x, y) * r).to_vec()],
                fill: DROPOFF,
            })
        },
        "drop-off",
    );
    item(
        page,
        &|s, at| {
            s.push(Shape::Area {
                rings: vec![[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)].map(|(x, y)| at + Vec2::new(x, y) * r).to_vec()],
                fill: PARKING,
            })
        },
        "parking",
    );
    item(page, &|s, at| s.push(Shape::Circle { at, radius: r * 0.75, fill: WHITE, rim: (1.4, PARKING) }), "holding");
    item(page, &|s, at| s.extend(transfer_sign(at, r)), "transfer");
    item(page, &|s, at| s.push(line(vec![at - Vec2::new(9.0, 0.0), at + Vec2::new(9.0, 0.0)], 2.0, faded(SERIES[0], 120), true)), "lane");
    item(
        page,
        &|s, at| {
            s.push(line(vec![at - Vec2::new(10.0, 0.0), at + Vec2::new(8.0, 0.0)], 2.0, faded(SERIES[0], 120), true));
            s.push(Shape::Area {
                rings: vec![[(1.0, 0.0), (-0.8, 0.7), (-0.8, -0.7)].map(|(x, y)| at + Vec2::new(x, y) * r).to_vec()],
                fill: SERIES[0],
            });
        },
        "one way",
    );
    item(
        page,
        &|s, at| {
            s.push(Shape::Line {
                points: vec![at - Vec2::new(9.0, 0.0), at + Vec2::new(9.0, 0.0)],
                width: 2.5,
                colour: DOOR,
                dash: (5.0, 3.0),
                round: false,
            })
        },
        "door",
    );
    item(
        page,
        &|s, at| s.push(Shape::Circle { at, radius: r * 1.2, fill: faded(SERIES[1], 50), rim: (1.4, SERIES[1]) }),
        "robot at its start",
    );
}
