//! From the released way to a wished movement: where to look, how fast, when to turn on the spot, when to stop.
//!
//! Pure pursuit along the line of the lane, braking curves towards the next place to stop or slow down, turning on
//! the spot at sharp corners. It plans within the static limits; the policy chain has the last word.

use crate::fields::Way;
use crate::map::AgentMap;
use crate::policy::Twist;
use crate::track::{Leg, Track, lane_limits};
use nooterra_engine::Record;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::real::wrap_angle;
use nooterra_site::model::LaneOrientation;
use nooterra_site::robot::Drive;

/// Corners sharper than this are taken standing.
const CORNER_SHARP_RAD: f64 = 0.4;
/// Off by more than this, a standing robot turns on the spot first.
const TURN_FROM_RAD: f64 = 0.15;
/// Turned to within this, it drives.
const TURN_TO_RAD: f64 = 0.03;
/// Off by more than this, a driving robot stops to turn.
const TURN_STOP_RAD: f64 = 0.7;
/// A node passed without stopping counts as reached this far before it.
const PASS_M: f64 = 0.04;
/// A stop is finished this near to it.
const STOP_M: f64 = 0.008;
/// Legs back that are shorter than this are reversed rather than turned for.
const REVERSE_M: f64 = 3.0;
/// How far the profile looks ahead, m; braking distance adds to it.
const PROFILE_M: f64 = 1.0;
/// Delay between a command and its effect, s.
const DELAY_S: f64 = 0.1;

/// Limits that the follower plans within.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// m/s.
    pub speed_mps: f64,
    /// m/s².
    pub accel_mps2: f64,
    /// rad/s.
    pub turn_radps: f64,
    /// rad/s².
    pub turn_accel_radps2: f64,
    /// May it drive backwards?
    pub reversible: bool,
    /// How near counts as arrived, m.
    pub arrival_m: f64,
}

/// What it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum Gait {
    /// Standing.
    #[default]
    Stand,
    /// Turning on the spot.
    Turn,
    /// Driving.
    Drive,
}

/// Whether the end of a leg is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Still ahead.
    NotYet,
    /// There.
    Reached,
    /// Came past it, too far to the side.
    Missed,
}

/// The follower's memory.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Follower {
    /// What it is doing.
    pub gait: Gait,
    reverse: bool,
    /// Which leg `reverse` was chosen for: sequence id of its end plus one.
    leg_key: u64,
}

/// One look at the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// The way from the robot's centre to where it will stop, as far as it matters.
    pub way: Way,
    /// Distance to that stop, m.
    pub stop_m: f64,
    /// Speed allowed here by braking curves and lanes ahead, m/s.
    pub profile_mps: f64,
    /// Speed limit of the lane under the wheels, m/s.
    pub lane_mps: f64,
    /// Remaining on this leg, m (negative past its end).
    pub remaining_m: f64,
    /// Off the line to the left, m.
    pub cross_m: f64,
    /// Distance to the end of the leg, m.
    pub end_m: f64,
    /// Must it stop at the end of the leg?
    pub stops_here: bool,
    along: Vec2,
    leg: Leg,
}

impl Follower {
    /// Looks along the track; `target` is a vertex to stop at in any case. `None` if there is nothing to drive.
    #[allow(clippy::too_many_arguments)] // the whole picture of one cycle
    pub fn look(
        &mut self,
        track: &Track,
        map: &AgentMap,
        pose: &Pose2,
        drive: Drive,
        lim: &Limits,
        speed_mps: f64,
        target: Option<u32>,
    ) -> Option<View> {
        let leg = track.leg(map)?;
        let brake = lim.accel_mps2 * 0.6;
        let mut along = (leg.b - leg.a).unit();
        if along.norm_sq() < 0.5 || leg.a.dist(leg.b) < 0.02 {
            along = (leg.b - pose.at).unit();
            if along.norm_sq() < 0.5 {
                along = Vec2::at_angle(pose.theta_rad);
            }
        }
        let remaining_m = along.dot(leg.b - pose.at);
        let mut way = Way::default();
        way.push(pose.at);
        way.push(leg.b);
        let mut profile = lim.speed_mps.min(leg.limit_mps);
        let mut at_m = remaining_m.max(0.0);
        let horizon_m = PROFILE_M + speed_mps * speed_mps / brake;
        let mut dir = along;
        let mut facing = leg.facing;
        let mut here = leg.b;
        let mut stop_m = f64::INFINITY;
        let mut i = 0;
        let mut stops_here = false;
        while let Some(node) = track.ahead_at(i) {
            let mut pass_mps = f64::INFINITY;
            let mut stop = node.is_goal || Some(node.vertex) == target;
            match track.ahead_at(i + 1) {
                None => stop = true,
                Some(next) if next.ride => stop = true,
                Some(next) => {
                    let there = map.vertex(next.vertex)?.at;
                    let step = there - here;
                    let len = step.norm();
                    let turn = if len > 1e-6 { wrap_angle(step.angle() - dir.angle()).abs() } else { 0.0 };
                    let (limit, next_facing) = lane_limits(next, map);
                    let sharp = turn > CORNER_SHARP_RAD;
                    let about_face =
                        next_facing != facing && (next_facing == LaneOrientation::Backward || facing == LaneOrientation::Backward);
                    stop |= sharp || about_face;
                    if turn > 0.02 && !sharp {
                        pass_mps = (lim.turn_radps * 0.25 / turn).max(0.1);
                    }
                    pass_mps = pass_mps.min(limit);
                    if !stop && len > 1e-6 {
                        if at_m < horizon_m + 1.0 {
                            way.push(there);
                        }
                        dir = step * (1.0 / len);
                        facing = next_facing;
                    }
                    here = there;
                    if !stop {
                        profile = profile.min(curve(pass_mps, brake, at_m));
                        at_m += len;
                    }
                }
            }
            if stop {
                stops_here = i == 0;
                stop_m = at_m;
                profile = profile.min(curve(0.0, brake, (at_m - speed_mps * DELAY_S).max(0.0)).min(1.5 * at_m + 0.02));
                break;
            }
            if at_m > horizon_m {
                break;
            }
            i += 1;
        }
        let key = u64::from(leg.node.sequence_id) * 2 + u64::from(track.last().is_none()) + 1;
        if key != self.leg_key {
            self.leg_key = key;
            self.reverse = drive == Drive::Differential && self.choose_reverse(track, &leg, along, pose, lim, remaining_m);
        }
        let cross_m = along.cross(pose.at - leg.b);
        Some(View {
            way,
            stop_m,
            profile_mps: profile.max(0.0),
            lane_mps: leg.limit_mps,
            remaining_m,
            cross_m,
            end_m: pose.at.dist(leg.b),
            stops_here,
            along,
            leg,
        })
    }

    /// The robot has left its line: the next look chooses its facing anew.
    pub fn forget_leg(&mut self) {
        self.leg_key = 0;
    }

    fn choose_reverse(&self, track: &Track, leg: &Leg, along: Vec2, pose: &Pose2, lim: &Limits, remaining_m: f64) -> bool {
        if !lim.reversible {
            return false;
        }
        match leg.facing {
            LaneOrientation::Backward => true,
            LaneOrientation::Forward => false,
            LaneOrientation::Any => {
                // Back to where it came from, or a short correction: not worth two turns.
                let off_lane = track.last().is_none() || leg.node.lane == crate::track::NO_LANE;
                let short = remaining_m < if off_lane { REVERSE_M } else { 0.3 };
                short && wrap_angle(along.angle() - pose.theta_rad).abs() > 2.2
            }
        }
    }

    /// Has the end of this leg been reached?
    pub fn reached(&self, v: &View, lim: &Limits, speed_mps: f64) -> Reach {
        if v.leg.node.ride {
            return Reach::NotYet;
        }
        if !v.stops_here {
            return match (v.remaining_m <= PASS_M, v.cross_m.abs() > 0.3) {
                (false, _) => Reach::NotYet,
                (true, true) => Reach::Missed,
                (true, false) => Reach::Reached,
            };
        }
        let slow = speed_mps.abs() < 0.05;
        let near = v.end_m <= lim.arrival_m * 0.8;
        if v.end_m <= STOP_M * 2.0 && slow || near && (v.remaining_m <= STOP_M || slow && v.remaining_m <= 0.015) {
            return Reach::Reached;
        }
        if v.remaining_m <= STOP_M && !near && slow { Reach::Missed } else { Reach::NotYet }
    }

    /// The movement that it wishes for. `allowed_mps` is what mapped walls leave.
    #[allow(clippy::too_many_arguments)] // the whole picture of one cycle
    pub fn wish(&mut self, v: &View, pose: &Pose2, drive: Drive, lim: &Limits, last: &Twist, allowed_mps: f64, dt_s: f64) -> Twist {
        let speed = last.v.norm();
        let top = v.profile_mps.min(allowed_mps).min(lim.speed_mps);
        let target = self.target(v, speed);
        let to = target - pose.at;
        if drive == Drive::Omnidirectional {
            return self.wish_omni(v, to, pose, lim, last, top, dt_s);
        }
        let facing = if self.reverse { wrap_angle(pose.theta_rad + std::f64::consts::PI) } else { pose.theta_rad };
        let off = wrap_angle(to.angle() - facing);
        match self.gait {
            Gait::Drive if off.abs() > TURN_STOP_RAD && speed < 0.03 => self.gait = Gait::Turn,
            Gait::Stand => self.gait = if off.abs() > TURN_FROM_RAD { Gait::Turn } else { Gait::Drive },
            Gait::Turn if off.abs() < TURN_TO_RAD => self.gait = Gait::Drive,
            _ => {}
        }
        if self.gait == Gait::Turn {
            let w = turn_speed(off, lim);
            return Twist { v: Vec2::default(), w_radps: slew(last.w_radps, w, lim.turn_accel_radps2 * dt_s) };
        }
        let d2 = to.norm_sq().max(0.01);
        let side = Vec2::at_angle(facing).cross(to);
        let curvature = 2.0 * side / d2;
        let mut want = top;
        if curvature.abs() > 1e-6 {
            want = want.min(lim.turn_radps * 0.8 / curvature.abs());
        }
        if off.abs() > TURN_FROM_RAD {
            want = if off.abs() > TURN_STOP_RAD {
                0.0
            } else {
                want * (1.0 - (off.abs() - TURN_FROM_RAD) / (TURN_STOP_RAD - TURN_FROM_RAD) * 0.8)
            };
        }
        let pace = want.min(speed + lim.accel_mps2 * dt_s).max(speed - lim.accel_mps2 * dt_s).max(0.0);
        let w = (pace * curvature).clamp(-lim.turn_radps, lim.turn_radps);
        let forward = if self.reverse { -pace } else { pace };
        Twist { v: Vec2::new(forward, 0.0), w_radps: slew(last.w_radps, w, lim.turn_accel_radps2 * dt_s) }
    }

    #[allow(clippy::too_many_arguments)] // the same picture as `wish`
    fn wish_omni(&mut self, v: &View, to: Vec2, pose: &Pose2, lim: &Limits, last: &Twist, top: f64, dt_s: f64) -> Twist {
        self.gait = Gait::Drive;
        let heading = match v.leg.facing {
            LaneOrientation::Backward => wrap_angle(v.along.angle() + std::f64::consts::PI),
            _ => v.along.angle(),
        };
        let off = if v.stop_m < 0.3 { 0.0 } else { wrap_angle(heading - pose.theta_rad) };
        let speed = last.v.norm();
        let pace = top.min(speed + lim.accel_mps2 * dt_s).max(speed - lim.accel_mps2 * dt_s).max(0.0);
        let dir = if v.end_m < 0.05 { v.leg.b - pose.at } else { to };
        let body = dir.unit().rotated(-pose.theta_rad) * pace;
        Twist { v: body, w_radps: slew(last.w_radps, turn_speed(off, lim), lim.turn_accel_radps2 * dt_s) }
    }

    /// The point to steer at: a little ahead on the way.
    fn target(&self, v: &View, speed_mps: f64) -> Vec2 {
        let ahead = 0.3 + 0.6 * speed_mps;
        let mut left = ahead;
        // From the robot's foot on its line.
        let foot = v.leg.b - v.along * v.remaining_m;
        if v.remaining_m >= left || v.way.count <= 2 || v.stops_here {
            return foot + v.along * left;
        }
        left -= v.remaining_m.max(0.0);
        let mut dir = v.along;
        for k in 2..v.way.count {
            let d = v.way.points[k] - v.way.points[k - 1];
            let len = d.norm();
            if len > 1e-6 {
                dir = d * (1.0 / len);
                if left <= len {
                    return v.way.points[k - 1] + dir * left;
                }
                left -= len;
            }
        }
        v.way.points[v.way.count - 1] + dir * left
    }

    /// Standing: the next leg decides anew whether to turn first.
    pub fn stand(&mut self) {
        self.gait = Gait::Stand;
    }
}

/// Speed now from which `end_mps` is met `m` further on.
fn curve(end_mps: f64, brake: f64, m: f64) -> f64 {
    if end_mps.is_infinite() { f64::INFINITY } else { (end_mps * end_mps + 2.0 * brake * m).sqrt() }
}

fn turn_speed(off: f64, lim: &Limits) -> f64 {
    let a = lim.turn_accel_radps2 * 0.4;
    let w = (2.0 * a * off.abs()).sqrt().min(lim.turn_radps).min(2.5 * off.abs());
    if off < 0.0 { -w } else { w }
}

fn slew(from: f64, to: f64, step: f64) -> f64 {
    to.clamp(from - step, from + step)
}
