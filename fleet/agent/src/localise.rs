//! Where am I: an extended Kalman filter over east, north and heading on one level.
//!
//! Wheels and gyroscope predict, lidar returns against the map's wall faces and markers correct. A return that fits
//! no wall is left out by a gate. What it says of the place depends on how: one at a door says nothing, one from before
//! the walls (people, robots, boxes, open leaves) little, and one from behind a wall that it would have to pass speaks
//! against the place. When hardly any fits, the estimate is in doubt: the gate widens, then the robot stands still and
//! searches around its last place.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // encoder steps and ray counts are small

use crate::config::Wheels;
use crate::map::{AgentMap, Face, Meets, REACH_M};
use nooterra_engine::Record;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::real::{sin_cos, wrap_angle};
use nooterra_port::hardware::{MarkerSighting, PositionFix, Scan, SensorFrame};
use nooterra_site::robot::Drive;

/// Rays taken from each scan.
const RAYS: usize = 24;
/// Standard deviation of a return against its wall: noise of the lidar and of the map.
const RAY_SIGMA_M: f64 = 0.05;
/// Share of fitting returns below which the estimate is in doubt.
const SHARE_LOW: f64 = 0.25;
/// What a return from before the walls counts against the place, where one that fits counts 1 for it: somebody may stand
/// there, but where nearly all of them end so, this is more likely another place.
const BEFORE_WEIGHT: f64 = 0.25;
/// The same for a return from behind a wall. In the right place hardly any comes from there, and beside it at least one
/// for each four that fit, for a robot moved along some walls still sees those where they were.
const BEHIND_WEIGHT: f64 = 12.0;
/// A scan with less to say, in returns that fit, tells nothing about the place.
const TELLS_MIN: f64 = 4.0;
/// Scans in doubt until the covariance is widened, and until the robot calls itself lost (at 10 Hz).
const DOUBT_WIDEN: u32 = 5;
const DOUBT_LOST: u32 = 30;
/// Standard deviation past which a position is not to be trusted.
const SIGMA_LOST_M: f64 = 0.5;
/// Standard deviation of a satellite position, with room for what drifts in it.
const FIX_SIGMA_M: f64 = 0.06;
/// A satellite position further off than this from a trusted estimate is a reflection.
const FIX_MISS_M: f64 = 2.0;
/// The search while lost: steps each way in place and heading, and candidates tried per scan.
const SEARCH_STEPS: u32 = 11;
const SEARCH_STEP_M: f64 = 0.12;
const SEARCH_TURNS: u32 = 13;
const SEARCH_TURN_RAD: f64 = 0.05;
const SEARCH_PER_SCAN: u32 = 40;
/// A place worth a trial: half of the rays fit within 10 cm on average.
const SEARCH_SCORE_MIN: u32 = 50 * RAYS as u32 / 2;

/// Movement since the last cycle, in the robot's frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moved {
    /// Forward, m.
    pub forward_m: f64,
    /// Left, m.
    pub left_m: f64,
    /// Turned, rad.
    pub turned_rad: f64,
    /// What the wheels say that it went, m, below zero backwards, even where that is too much to be believed of its place.
    pub rolled_m: f64,
}

/// How far a marker is from where the estimate puts it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Miss {
    /// In place, m.
    pub off_m: f64,
    /// In heading, rad.
    pub turn_rad: f64,
}

/// The estimate.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Localiser {
    /// Best estimate.
    pub pose: Pose2,
    /// Level it stands on.
    pub level: u32,
    /// Covariance: xx, xy, xt, yy, yt, tt.
    p: [f64; 6],
    /// Not to be trusted.
    pub lost: bool,
    encoders: [i64; 4],
    has_encoders: bool,
    gyro_last_radps: f64,
    gyro_bias_radps: f64,
    still_s: f64,
    gyro_silent_s: f64,
    /// Gyroscope stuck while the wheels turn the robot.
    pub gyro_fault: bool,
    scans: u32,
    /// Running mean of the share of returns that fit a wall, each by its weight.
    share: f64,
    doubt: u32,
    sure: u32,
    search: Search,
}

#[derive(Debug, Clone, PartialEq, Default, Record)]
struct Search {
    next: u32,
    about: Pose2,
    best: Pose2,
    best_score: u32,
    /// The best place was taken and is being tried.
    trial: bool,
}

impl Localiser {
    /// Does the gyroscope say nothing while the wheels turn the robot? Then they alone tell.
    pub const fn is_gyro_silent(&self) -> bool {
        self.gyro_fault
    }
    /// Stands here, known within 5 cm and 2 degrees.
    pub fn new(pose: Pose2, level: u32) -> Self {
        Self {
            pose,
            level,
            p: [0.0025, 0.0, 0.0, 0.0025, 0.0, 0.0012],
            lost: false,
            encoders: [0; 4],
            has_encoders: false,
            gyro_last_radps: 0.0,
            gyro_bias_radps: 0.0,
            still_s: 0.0,
            gyro_silent_s: 0.0,
            gyro_fault: false,
            scans: 0,
            share: 1.0,
            doubt: 0,
            sure: 0,
            search: Search::default(),
        }
    }
    /// Standard deviation of the position, m.
    pub fn sigma_m(&self) -> f64 {
        self.p[0].max(self.p[3]).max(0.0).sqrt()
    }
    /// Standard deviation of the heading, rad.
    pub fn sigma_rad(&self) -> f64 {
        self.p[5].max(0.0).sqrt()
    }
    /// The numbers that matter, for a quick digest.
    pub fn bits(&self) -> [u64; 6] {
        [self.pose.at.x, self.pose.at.y, self.pose.theta_rad, self.p[0], self.p[3], self.p[5]].map(f64::to_bits)
    }
    /// Hardly any return fits: go on only slowly.
    pub fn in_doubt(&self) -> bool {
        self.doubt > DOUBT_WIDEN
    }
    /// Share of what lidar returns tell that speaks for the place, 0..=1.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// Moves the estimate by what wheels and gyroscope say.
    pub fn predict(&mut self, f: &SensorFrame, wheels: &Wheels, drive: Drive, speed_max_mps: f64, dt_s: f64) -> Moved {
        let n = if drive == Drive::Omnidirectional { 4 } else { 2 };
        let (mut d, mut raw) = ([0.0; 4], [0.0; 4]);
        if f.encoders.len() >= n {
            // A step that no robot makes is none of its place: the place would jump by it and the walls no more fit. It is one
            // of its wheels all the same, and whoever watches over them is told of it: zero, that it stands, would be the one
            // thing that surely is not so.
            let jump_m = 2.0 * speed_max_mps * dt_s + 0.1;
            for (((step_m, raw_m), last), count) in d.iter_mut().zip(&mut raw).zip(&mut self.encoders).zip(&f.encoders).take(n) {
                let step = count.wrapping_sub(*last) as f64 / wheels.counts_per_m;
                *raw_m = if self.has_encoders { step } else { 0.0 };
                *step_m = if self.has_encoders && step.abs() <= jump_m { step } else { 0.0 };
                *last = *count;
            }
            self.has_encoders = true;
        }
        let went = |[a, b, c, d]: [f64; 4]| if n == 4 { ((a + b + c + d) * 0.25, (b + c - a - d) * 0.25) } else { ((a + b) * 0.5, 0.0) };
        let (forward, left) = went(d);
        let turn_wheels = if n == 4 { (d[1] + d[3] - d[0] - d[2]) * 0.25 / wheels.arm_m } else { (d[1] - d[0]) / wheels.track_m };
        let (raw_forward, raw_left) = went(raw);
        let still = d.iter().all(|v| v.abs() < 1e-9);
        self.still_s = if still { self.still_s + dt_s } else { 0.0 };
        if self.still_s > 0.5 && f.gyro_radps.abs() < 0.1 {
            self.gyro_bias_radps += 0.02 * (f.gyro_radps - self.gyro_bias_radps);
        }
        let turn_gyro = ((f.gyro_radps + self.gyro_last_radps) * 0.5 - self.gyro_bias_radps) * dt_s;
        let silent = f.gyro_radps.abs() < 1e-9 && turn_wheels.abs() > 0.1 * dt_s;
        self.gyro_silent_s = if silent {
            self.gyro_silent_s + dt_s
        } else if f.gyro_radps.abs() > 1e-9 {
            0.0
        } else {
            self.gyro_silent_s
        };
        self.gyro_fault = self.gyro_silent_s > 0.5;
        self.gyro_last_radps = f.gyro_radps;
        let dist = (forward * forward + left * left).sqrt();
        let sq = |v: f64| v * v;
        let var_wheels = sq(0.1 * turn_wheels) + sq(0.02 * dist) + 1e-9;
        let var_gyro = sq(0.01 * turn_gyro) + sq(0.01 * dt_s) + 1e-9;
        let (turned, var_turn) = if self.gyro_fault {
            (turn_wheels, var_wheels)
        } else if still {
            (0.0, 0.0)
        } else {
            let w = var_gyro / (var_wheels + var_gyro);
            (turn_wheels * w + turn_gyro * (1.0 - w), var_wheels * w)
        };
        let step = Vec2::new(forward, left).rotated(self.pose.theta_rad + turned * 0.5);
        self.pose.at = self.pose.at + step;
        self.pose.theta_rad = wrap_angle(self.pose.theta_rad + turned);
        let (a, b) = (-step.y, step.x);
        let p = &mut self.p;
        p[0] += 2.0 * a * p[2] + a * a * p[5] + 4e-4 * dist;
        p[1] += a * p[4] + b * p[2] + a * b * p[5];
        p[3] += 2.0 * b * p[4] + b * b * p[5] + 4e-4 * dist;
        p[2] += a * p[5];
        p[4] += b * p[5];
        p[5] += var_turn + 3e-4 * turned.abs() + 1e-4 * dist;
        let rolled_m = (raw_forward * raw_forward + raw_left * raw_left).sqrt().copysign(raw_forward);
        Moved { forward_m: forward, left_m: left, turned_rad: turned, rolled_m }
    }

    /// One scalar measurement `h(x) = 0` with value `residual` and gradient `g`.
    fn correct(&mut self, residual: f64, g: [f64; 3], var: f64) {
        let p = self.p;
        let ph =
            [p[0] * g[0] + p[1] * g[1] + p[2] * g[2], p[1] * g[0] + p[3] * g[1] + p[4] * g[2], p[2] * g[0] + p[4] * g[1] + p[5] * g[2]];
        let s = g[0] * ph[0] + g[1] * ph[1] + g[2] * ph[2] + var;
        let k = -residual / s;
        self.pose.at.x += ph[0] * k;
        self.pose.at.y += ph[1] * k;
        self.pose.theta_rad = wrap_angle(self.pose.theta_rad + ph[2] * k);
        let q = &mut self.p;
        q[0] = (p[0] - ph[0] * ph[0] / s).max(9e-6);
        q[1] = p[1] - ph[0] * ph[1] / s;
        q[2] = p[2] - ph[0] * ph[2] / s;
        q[3] = (p[3] - ph[1] * ph[1] / s).max(9e-6);
        q[4] = p[4] - ph[1] * ph[2] / s;
        q[5] = (p[5] - ph[2] * ph[2] / s).max(1e-6);
    }

    /// Corrects by a scan.
    pub fn scan(&mut self, scan: &Scan, map: &AgentMap) {
        let n = scan.ranges_m.len();
        if n == 0 {
            return;
        }
        self.scans = self.scans.wrapping_add(1);
        if self.lost && !self.search.trial {
            self.search(scan, map);
            return;
        }
        let stride = n.div_ceil(RAYS);
        let mut i = self.scans as usize % stride;
        let mut fits: [Option<(f64, f64, Face)>; RAYS] = [None; RAYS];
        let (mut count, mut before, mut behind) = (0usize, 0.0, 0.0);
        let far = f64::from(scan.range_max_m) * 0.98;
        while i < n {
            let r = f64::from(scan.ranges_m[i]);
            let bearing = scan.angle_min_rad + scan.angle_step_rad * i as f64;
            i += stride;
            if !(r > 0.05 && r < far) {
                continue;
            }
            let arm = Vec2::at_angle(self.pose.theta_rad + bearing) * r;
            let end = self.pose.at + arm;
            let met = map.meets(self.level, end, self.pose.at, REACH_M);
            if let Meets::Wall(face, h) = met
                && h.abs() <= self.gate_m(face, arm)
                && count < RAYS
            {
                fits[count] = Some((r, bearing, *face));
                count += 1;
            } else if map.passes(self.level, self.pose.at, end).is_some_and(|f| -f.height(end) > self.gate_m(f, arm).min(REACH_M)) {
                behind += 1.0;
            } else if met != Meets::Door {
                before += BEFORE_WEIGHT;
            }
        }
        let fit = count as f64;
        let tells = fit + behind + before >= TELLS_MIN;
        let share = fit / (fit + behind * BEHIND_WEIGHT + before).max(1.0);
        // A few chance fits would only pull a wrong estimate about.
        if share >= SHARE_LOW || !tells {
            for (r, bearing, face) in fits.iter().flatten() {
                let arm = Vec2::at_angle(self.pose.theta_rad + bearing) * *r;
                let h = face.height(self.pose.at + arm);
                self.correct(h, [face.normal.x, face.normal.y, face.normal.dot(arm.perp())], RAY_SIGMA_M * RAY_SIGMA_M);
            }
        }
        if tells {
            self.judge(share);
        }
    }

    /// How far from a face a return may end and still come from it: three standard deviations.
    fn gate_m(&self, face: &Face, arm: Vec2) -> f64 {
        let (g0, g1, g2) = (face.normal.x, face.normal.y, face.normal.dot(arm.perp()));
        let p = &self.p;
        let spread = g0 * (p[0] * g0 + 2.0 * (p[1] * g1 + p[2] * g2)) + g1 * (p[3] * g1 + 2.0 * p[4] * g2) + g2 * p[5] * g2;
        3.0 * (spread.max(0.0) + RAY_SIGMA_M * RAY_SIGMA_M).sqrt()
    }

    fn judge(&mut self, share: f64) {
        self.share += 0.2 * (share - self.share);
        if self.share < SHARE_LOW {
            self.doubt = self.doubt.saturating_add(1);
            self.sure = 0;
        } else {
            self.sure = self.sure.saturating_add(1);
            if self.share > 0.4 {
                self.doubt = 0;
            }
        }
        if self.doubt > DOUBT_WIDEN && self.sigma_m() < 0.3 {
            self.p[0] += 4e-4;
            self.p[3] += 4e-4;
            self.p[5] += 1e-4;
        }
        if self.lost {
            if self.sure > 10 && self.share > 0.5 && self.sigma_m() < 0.2 {
                self.lost = false;
                self.doubt = 0;
            } else if self.share < SHARE_LOW {
                self.search = Search { about: self.search.about, ..Search::default() };
            }
        } else if self.doubt >= DOUBT_LOST || self.sigma_m() > SIGMA_LOST_M {
            self.lost = true;
            self.sure = 0;
            self.search = Search { about: self.pose, ..Search::default() };
        }
    }

    /// Tries a few places around the last one; when all were tried, gives the best a trial.
    fn search(&mut self, scan: &Scan, map: &AgentMap) {
        let total = SEARCH_STEPS * SEARCH_STEPS * SEARCH_TURNS;
        let half = f64::from(SEARCH_STEPS / 2);
        for _ in 0..SEARCH_PER_SCAN {
            let i = self.search.next;
            let (ix, iy, it) = (i % SEARCH_STEPS, i / SEARCH_STEPS % SEARCH_STEPS, i / (SEARCH_STEPS * SEARCH_STEPS));
            let about = self.search.about;
            let d = Vec2::new(f64::from(ix) - half, f64::from(iy) - half) * SEARCH_STEP_M;
            let turn = (f64::from(it) - f64::from(SEARCH_TURNS / 2)) * SEARCH_TURN_RAD;
            let pose = Pose2 { at: about.at + d, theta_rad: wrap_angle(about.theta_rad + turn) };
            let score = score(&pose, self.level, scan, map);
            if score > self.search.best_score {
                self.search.best_score = score;
                self.search.best = pose;
            }
            self.search.next += 1;
            if self.search.next >= total {
                if self.search.best_score > SEARCH_SCORE_MIN {
                    self.pose = self.search.best;
                    self.p = [0.01, 0.0, 0.0, 0.01, 0.0, 0.003];
                    self.share = 0.4;
                    self.sure = 0;
                    self.doubt = 0;
                    self.search.trial = true;
                } else {
                    self.search = Search { about: self.search.about, ..Search::default() };
                }
                return;
            }
        }
    }

    /// Corrects by a marker. Returns how far it contradicts the estimate, m.
    pub fn marker(&mut self, m: &MarkerSighting, map: &AgentMap) -> Option<Miss> {
        let v = map.vertex(m.vertex).filter(|v| v.level == self.level)?;
        let turn = wrap_angle(-m.theta_rad - self.pose.theta_rad);
        let arm = Vec2::new(m.x_m, m.y_m).rotated(self.pose.theta_rad);
        let off = self.pose.at + arm - v.at;
        let miss_m = off.norm();
        let miss = Miss { off_m: miss_m, turn_rad: turn.abs() };
        if (miss_m > 0.3 || turn.abs() > 0.3) && !self.lost && self.share > 0.6 {
            return Some(miss); // the walls say otherwise: a marker may be moved or forged
        }
        if miss_m > 0.3 || turn.abs() > 0.3 {
            self.p = [0.25, 0.0, 0.0, 0.25, 0.0, 0.1];
        }
        self.correct(-turn, [0.0, 0.0, 1.0], 4e-4);
        let arm = Vec2::new(m.x_m, m.y_m).rotated(self.pose.theta_rad);
        let g = arm.perp();
        let off = self.pose.at + arm - v.at;
        self.correct(off.x, [1.0, 0.0, g.x], 4e-4);
        let off = self.pose.at + Vec2::new(m.x_m, m.y_m).rotated(self.pose.theta_rad) - v.at;
        self.correct(off.y, [0.0, 1.0, g.y], 4e-4);
        if self.lost {
            self.lost = false;
            self.doubt = 0;
            self.share = 0.5;
        }
        Some(miss)
    }

    /// Corrects by a satellite position: the only absolute one where there is nothing to scan.
    pub fn fix(&mut self, fix: &PositionFix) {
        let miss = self.pose.at - Vec2::new(fix.x_m, fix.y_m);
        if !miss.norm().is_finite() || (miss.norm() > FIX_MISS_M && !self.lost) {
            return;
        }
        self.correct(miss.x, [1.0, 0.0, 0.0], FIX_SIGMA_M * FIX_SIGMA_M);
        let miss_y = self.pose.at.y - fix.y_m;
        self.correct(miss_y, [0.0, 1.0, 0.0], FIX_SIGMA_M * FIX_SIGMA_M);
    }

    /// A lift has carried the robot to another level; it stands in the cabin as before.
    pub fn ride_to(&mut self, level: u32) {
        self.level = level;
    }
    /// Nothing moves: wheels still for this long, s.
    pub fn still_s(&self) -> f64 {
        self.still_s
    }
}

/// How well a scan fits a place: 100 for each ray that ends on a wall, less the further off, none past 0.2 m.
fn score(pose: &Pose2, level: u32, scan: &Scan, map: &AgentMap) -> u32 {
    const GATE_M: f64 = 0.2;
    let n = scan.ranges_m.len();
    let stride = n.div_ceil(RAYS);
    let mut sum = 0;
    let mut i = 0;
    while i < n {
        let r = f64::from(scan.ranges_m[i]);
        let (s, c) = sin_cos(pose.theta_rad + scan.angle_min_rad + scan.angle_step_rad * i as f64);
        i += stride;
        if r > 0.05
            && r < f64::from(scan.range_max_m) * 0.98
            && let Meets::Wall(_, h) = map.meets(level, pose.at + Vec2::new(c, s) * r, pose.at, GATE_M)
        {
            sum += ((1.0 - h.abs() / GATE_M).max(0.0) * 100.0) as u32;
        }
    }
    sum
}
