//! Protective fields: the outline swept along the predicted way against the latest scan.
//!
//! Returns that fit the map's walls count as walls: lanes pass near them, so they are given little room. Everything
//! else gets more, and what moves the most. The nearer a contact lies on the way, the slower the robot may drive.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // ray counts are small; f32 holds metres to the micrometre

use crate::config::LocalPolicy;
use crate::map::AgentMap;
use nooterra_engine::Record;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::real::sin_cos;
use nooterra_port::hardware::Scan;

/// Most points of the way ahead that are looked at.
pub const WAY_POINTS: usize = 6;
/// A return this near to a wall of the map is that wall.
const WALL_FIT_M: f64 = 0.12;
/// Bodies followed from scan to scan.
const MOVERS: usize = 8;
/// Moving at least this fast over three scans makes something a mover.
const MOVER_MPS: f64 = 0.25;
/// Reaction time of brain and drive together, s.
pub(crate) const REACTION_S: f64 = 0.15;
/// Touching distance: the outline itself never passes closer than this.
const GRAZE_M: f64 = 0.01;

/// The way ahead: a line from the robot's centre to where it will stop.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Way {
    /// Corners.
    pub points: [Vec2; WAY_POINTS],
    /// How many.
    pub count: usize,
}

impl Way {
    /// Adds a corner if there is room; says whether there was.
    pub fn push(&mut self, p: Vec2) -> bool {
        if self.count == WAY_POINTS {
            return false;
        }
        self.points[self.count] = p;
        self.count += 1;
        true
    }
}

/// What the fields allow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowed {
    /// Because of walls, m/s.
    pub wall_mps: f64,
    /// Because of other things, m/s.
    pub free_mps: f64,
    /// Because of what moves, m/s.
    pub mover_mps: f64,
    /// Because of areas that it may not enter, m/s.
    pub area_mps: f64,
    /// Distance to the first contact on the way, m.
    pub contact_m: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
struct Mover {
    at: Vec2,
    v: Vec2,
    age: u32,
    unseen: u32,
}

/// The latest scan, sorted into walls and others, in the map's frame.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Fields {
    /// Where the robot was at the last scan: points are held relative to it, so that single precision is plenty.
    origin: Vec2,
    /// x, y of returns from walls near the robot.
    walls: Vec<f32>,
    /// x, y of everything else near the robot.
    others: Vec<f32>,
    /// x, y of what moves.
    moving: Vec<f32>,
    movers: Vec<Mover>,
    since_scan_s: f64,
    has_scan: bool,
    full_circle: bool,
}

impl Fields {
    /// Time passes without a scan.
    pub fn age(&mut self, dt_s: f64) {
        self.since_scan_s += dt_s;
    }
    /// Seconds since the last scan.
    pub fn since_scan_s(&self) -> f64 {
        self.since_scan_s
    }
    /// Does the lidar see behind the robot too?
    pub fn sees_all_round(&self) -> bool {
        self.full_circle
    }

    /// Sorts a new scan.
    pub fn scan(&mut self, s: &Scan, pose: &Pose2, level: u32, map: &AgentMap, reach_m: f64) {
        let dt_s = if self.has_scan { self.since_scan_s.max(0.02) } else { 0.1 };
        self.since_scan_s = 0.0;
        self.has_scan = true;
        self.full_circle = s.angle_step_rad.abs() * s.ranges_m.len() as f64 > 6.0;
        self.origin = pose.at;
        self.walls.clear();
        self.others.clear();
        self.moving.clear();
        let far = reach_m.min(f64::from(s.range_max_m) * 0.99) as f32;
        // One rotation per ray instead of a sine: the error over 1000 rays is far below the lidar's.
        let (mut sn, mut cs) = sin_cos(pose.theta_rad + s.angle_min_rad);
        let (ds, dc) = sin_cos(s.angle_step_rad);
        let mut cluster = Cluster::default();
        for r in &s.ranges_m {
            if *r > 0.02 && *r < far {
                let d = f64::from(*r);
                let p = pose.at + Vec2::new(cs * d, sn * d);
                if map.is_wall(level, p, WALL_FIT_M) {
                    self.walls.extend([(p.x - pose.at.x) as f32, (p.y - pose.at.y) as f32]);
                } else {
                    if cluster.count > 0 && cluster.last.dist(p) > 0.25 {
                        self.follow(&cluster, dt_s);
                        cluster = Cluster { from: self.others.len(), ..Cluster::default() };
                    } else if cluster.count == 0 {
                        cluster.from = self.others.len();
                    }
                    cluster.count += 1;
                    cluster.sum = cluster.sum + p;
                    cluster.last = p;
                    self.others.extend([(p.x - pose.at.x) as f32, (p.y - pose.at.y) as f32]);
                }
            }
            (sn, cs) = (sn * dc + cs * ds, cs * dc - sn * ds);
        }
        self.follow(&cluster, dt_s);
        self.movers.retain_mut(|m| {
            m.unseen += 1;
            m.unseen < 8
        });
    }

    /// Matches one body of this scan to those followed; its points join the moving ones if it moves.
    fn follow(&mut self, c: &Cluster, dt_s: f64) {
        if c.count == 0 {
            return;
        }
        let at = c.sum * (1.0 / f64::from(c.count));
        let mut best: Option<(usize, f64)> = None;
        for (i, m) in self.movers.iter().enumerate() {
            let d = (m.at + m.v * dt_s).dist(at);
            if d < 0.4 && best.is_none_or(|(_, b)| d < b) {
                best = Some((i, d));
            }
        }
        let Some((i, _)) = best else {
            if self.movers.len() < MOVERS {
                self.movers.push(Mover { at, v: Vec2::default(), age: 0, unseen: 0 });
            }
            return;
        };
        let m = &mut self.movers[i];
        let v = (at - m.at) * (1.0 / (dt_s * f64::from(m.unseen.max(1))));
        m.v = m.v + (v - m.v) * 0.4;
        m.at = at;
        m.age += 1;
        m.unseen = 0;
        if m.age >= 3 && m.v.norm() > MOVER_MPS && m.v.norm() < 4.0 {
            let from = c.from.min(self.others.len());
            self.moving.extend_from_slice(&self.others[from..]);
            self.others.truncate(from);
        }
    }

    /// How fast the robot may go along this way.
    pub fn allowed(&self, way: &Way, radius_m: f64, speed_mps: f64, accel_mps2: f64, speed_max_mps: f64, p: &LocalPolicy) -> Allowed {
        let sweep = Sweep {
            way,
            origin: self.origin,
            radius_m,
            brake_mps2: accel_mps2 * 0.7,
            speed_max_mps,
            look_m: 0.3 + speed_mps * speed_mps / accel_mps2 + speed_mps * 0.5,
        };
        let inf = f64::INFINITY;
        let mut out = Allowed { wall_mps: inf, free_mps: inf, mover_mps: inf, area_mps: inf, contact_m: inf };
        let wall = Room { margin_m: p.wall_margin_m, standoff_m: 0.0, slow_m: p.wall_margin_m + 0.06 };
        let free = Room { margin_m: p.free_margin_m, standoff_m: p.standoff_m, slow_m: p.slow_margin_m };
        let moving = Room { margin_m: p.free_margin_m, standoff_m: p.human_standoff_m, slow_m: p.slow_margin_m * 2.0 };
        sweep.all(&self.walls, &wall, &mut out.wall_mps, &mut out.contact_m);
        sweep.all(&self.others, &free, &mut out.free_mps, &mut out.contact_m);
        sweep.all(&self.moving, &moving, &mut out.mover_mps, &mut out.contact_m);
        // Past people slowly, wherever the way leads; they may step into it.
        if way.count >= 2 {
            let ahead = (way.points[1] - way.points[0]).unit();
            for q in self.moving.chunks_exact(2) {
                let d = self.origin + Vec2::new(f64::from(q[0]), f64::from(q[1])) - way.points[0];
                let clear = d.norm() - radius_m;
                if clear < 1.2 && d.dot(ahead) > -0.1 {
                    out.mover_mps = out.mover_mps.min(p.human_speed_mps + (clear - 0.6).max(0.0) * 1.2);
                }
            }
        }
        out
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Cluster {
    from: usize,
    count: u32,
    sum: Vec2,
    last: Vec2,
}

/// How much room a kind of thing gets.
struct Room {
    margin_m: f64,
    standoff_m: f64,
    slow_m: f64,
}

struct Sweep<'a> {
    way: &'a Way,
    origin: Vec2,
    radius_m: f64,
    brake_mps2: f64,
    speed_max_mps: f64,
    look_m: f64,
}

impl Sweep<'_> {
    fn all(&self, points: &[f32], room: &Room, limit_mps: &mut f64, contact_m: &mut f64) {
        for q in points.chunks_exact(2) {
            self.one(self.origin + Vec2::new(f64::from(q[0]), f64::from(q[1])), room, limit_mps, contact_m);
        }
    }

    fn one(&self, q: Vec2, room: &Room, limit_mps: &mut f64, contact_m: &mut f64) {
        let mut begun_m = 0.0;
        let reach = self.radius_m + room.slow_m;
        for k in 1..self.way.count {
            let (a, b) = (self.way.points[k - 1], self.way.points[k]);
            let d = b - a;
            let len = (d.x * d.x + d.y * d.y).sqrt();
            if len < 1e-6 {
                continue;
            }
            let u = d * (1.0 / len);
            let (s, l) = (u.dot(q - a), u.cross(q - a).abs());
            if l < reach && s > 0.0 && s < len + reach {
                let side = self.radius_m + room.margin_m;
                if l < side {
                    let at = s - (side * side - l * l).sqrt();
                    if at < 0.0 && k == 1 {
                        // Within the margin already: creep past, unless the outline itself would touch.
                        if l < self.radius_m + GRAZE_M {
                            *limit_mps = 0.0;
                            *contact_m = 0.0;
                        } else {
                            *limit_mps = limit_mps.min(0.12);
                        }
                    } else if at <= len {
                        let at = begun_m + at.max(0.0);
                        *contact_m = contact_m.min(at);
                        *limit_mps = limit_mps.min(braking_mps(self.brake_mps2, at - room.standoff_m));
                    }
                } else if begun_m + s - self.radius_m < self.look_m {
                    // Beside the way: the closer, the slower, down to a walk that stops within the margin.
                    let share = (l - side) / (room.slow_m - room.margin_m);
                    *limit_mps = limit_mps.min((0.2 + share * self.speed_max_mps).max(0.2));
                }
            }
            begun_m += len;
            if begun_m > self.look_m + self.radius_m {
                break;
            }
        }
    }
}

/// Speed from which a robot stops within `m`, reaction included.
pub(crate) fn braking_mps(brake_mps2: f64, m: f64) -> f64 {
    if m <= 0.0 {
        return 0.0;
    }
    let at = brake_mps2 * REACTION_S;
    (at * at + 2.0 * brake_mps2 * m).sqrt() - at
}
