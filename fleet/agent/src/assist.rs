//! Remote help on the robot's side: the channel to an operator, the pictures it sends, and the small moves it is asked
//! for. What is asked is checked here, and every move goes through the same chain of bounds as the robot's own.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // millimetres near a robot

use crate::fields::Way;
use crate::follow::Limits;
use crate::policy::Twist;
use crate::turn::turning;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::ids::{AssistId, InterventionId, LeaseId};
use nooterra_engine::real::wrap_angle;
use nooterra_engine::{Digest, Instant, Record, Span};
use nooterra_port::assist::Action;
use nooterra_port::hardware::Scan;
use std::collections::VecDeque;

/// A picture is sent this often.
pub const VIEW_EVERY: Span = Span::from_secs(1);
/// An operator may speak of one of so many newest pictures.
const VIEWS_KEPT: usize = 4;
/// Fastest under an operator's hand, m/s.
pub const HAND_MPS: f64 = 0.25;
/// Furthest target, m; furthest push, m and rad; longest push.
const TARGET_M: f64 = 5.0;
const NUDGE_M: f64 = 0.5;
const NUDGE_RAD: f64 = 0.8;
const NUDGE_HELD: Span = Span::from_secs(2);
/// A target is given up after this.
const TARGET_WITHIN: Span = Span::from_secs(30);
/// As near as this is there.
const THERE_M: f64 = 0.03;
/// Facing this well is facing there.
const FACING_RAD: f64 = 0.05;
/// Share of the turning speed that it turns with.
const TURN_SHARE: f64 = 0.5;
/// Off by more than this, it turns before it drives.
const TURN_FIRST_RAD: f64 = 0.15;

/// A move under an operator's hand.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
struct Move {
    to: Vec2,
    facing_rad: Option<f64>,
    backward: bool,
    /// It goes sideways without turning.
    shifts: bool,
    turned: bool,
    driven: bool,
    until: Instant,
}

/// A push under way, to be answered once it is over.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
struct Push {
    assist: AssistId,
    intervention: InterventionId,
    /// What was asked for: forward, left, turn, how long.
    asked: [i64; 4],
    from: Pose2,
    since: Instant,
    /// Turned so far.
    turned_rad: f64,
    heading_rad: f64,
}

/// What became of a push: whose it was, and what the robot drove of it, never more than was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// The assist.
    pub assist: AssistId,
    /// The intervention.
    pub intervention: InterventionId,
    /// Forward, left, turn, how long: as the action's own values.
    pub applied: [i64; 4],
}

/// The open channel.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Line {
    /// The assist.
    pub assist: AssistId,
    /// The lease under which it was opened.
    pub lease: LeaseId,
    /// Pictures sent.
    pub number: u32,
    next_view: Instant,
    shown: VecDeque<Digest>,
}

/// Remote help.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Help {
    line: Option<Line>,
    hand: Option<Move>,
    push: Option<Push>,
    /// The operator has moved the robot off its way: it waits to be let go.
    holds: bool,
    first_urad: i64,
    step_urad: i64,
    ranges_mm: Vec<u32>,
}

/// The rays of the last scan: angle of the first, step, and what each met.
pub type Rays<'a> = (i64, i64, &'a [u32]);

impl Help {
    /// Somebody looks on from now.
    pub fn open(&mut self, now: Instant, assist: AssistId, lease: LeaseId) {
        if self.line.as_ref().is_none_or(|l| l.assist != assist) {
            self.line = Some(Line { assist, lease, number: 0, next_view: now, shown: VecDeque::new() });
        }
    }
    /// Nobody looks on any more. Says whether the robot had been moved or held.
    pub fn shut(&mut self) -> bool {
        let was = self.has_hand();
        // What was pushed so far is answered all the same.
        *self = Self { push: self.push, ..Self::default() };
        was
    }
    /// The channel, if it is open.
    pub fn line(&self) -> Option<&Line> {
        self.line.as_ref()
    }
    /// Does an operator move it, or hold it where it was moved to?
    pub fn has_hand(&self) -> bool {
        self.hand.is_some() || self.holds
    }
    /// Is a move under way?
    pub fn is_moving(&self) -> bool {
        self.hand.is_some()
    }
    /// The robot is let go. Says whether it had been moved or held.
    pub fn release(&mut self) -> bool {
        let was = self.has_hand();
        self.hand = None;
        self.holds = false;
        was
    }
    /// The move ends here, whatever is left of it.
    pub fn halt(&mut self) {
        if self.hand.take().is_some() {
            self.holds = true;
        }
    }
    /// The hand that it has just taken is a push: what it drives of it is its answer.
    pub fn pushes(&mut self, now: Instant, assist: AssistId, intervention: InterventionId, asked: [i64; 4], pose: &Pose2) {
        self.push = Some(Push { assist, intervention, asked, from: *pose, since: now, turned_rad: 0.0, heading_rad: pose.theta_rad });
    }
    /// One cycle of a push: what became of it, once it is over, or ends here.
    pub fn pushed(&mut self, now: Instant, pose: &Pose2, ends: bool) -> Option<Pushed> {
        let p = self.push.as_mut()?;
        p.turned_rad += wrap_angle(pose.theta_rad - p.heading_rad);
        p.heading_rad = pose.theta_rad;
        if self.hand.is_some() && !ends {
            return None;
        }
        let p = self.push.take()?;
        let way = (pose.at - p.from.at).rotated(-p.from.theta_rad);
        let held = i64::try_from(now.since(p.since).0).unwrap_or(i64::MAX);
        let driven = [(way.x * 1e3).round() as i64, (way.y * 1e3).round() as i64, (p.turned_rad * 1e6).round() as i64, held];
        // What slips or is measured beyond it was not applied.
        let part = |(did, asked): (i64, i64)| did.clamp(asked.min(0), asked.max(0));
        let [dx, dy, turn, held] = [0, 1, 2, 3].map(|i| part((driven[i], p.asked[i])));
        Some(Pushed { assist: p.assist, intervention: p.intervention, applied: [dx, dy, turn, held] })
    }
    /// Was this picture shown not long ago?
    pub fn has_shown(&self, view: Digest) -> bool {
        self.line.as_ref().is_some_and(|l| l.shown.contains(&view))
    }
    /// Keeps a scan to be shown.
    pub fn see(&mut self, s: &Scan) {
        if self.line.is_some() {
            self.first_urad = (s.angle_min_rad * 1e6) as i64;
            self.step_urad = (s.angle_step_rad * 1e6) as i64;
            self.ranges_mm.clear();
            self.ranges_mm.extend(s.ranges_m.iter().map(|r| (r * 1e3) as u32));
        }
    }
    /// Is a picture due? Then its number and what it shows of the surroundings.
    pub fn due(&mut self, now: Instant) -> Option<(AssistId, u32, Rays<'_>)> {
        let l = self.line.as_mut().filter(|l| l.next_view <= now)?;
        l.next_view = now.saturating_add(VIEW_EVERY);
        l.number += 1;
        Some((l.assist, l.number, (self.first_urad, self.step_urad, &self.ranges_mm)))
    }
    /// The picture that was sent.
    pub fn shown(&mut self, view: Digest) {
        if let Some(l) = &mut self.line {
            while l.shown.len() >= VIEWS_KEPT {
                l.shown.pop_front();
            }
            l.shown.push_back(view);
        }
    }

    /// Takes up a move if it is within bounds. `can_shift`: the drive moves sideways as well.
    pub fn take(&mut self, now: Instant, action: &Action, pose: &Pose2, can_shift: bool) -> Result<(), &'static str> {
        match *action {
            Action::SetNavTarget { x_mm, y_mm, theta_urad, .. } => {
                let to = Vec2::new(x_mm as f64 * 1e-3, y_mm as f64 * 1e-3);
                if to.dist(pose.at) > TARGET_M {
                    return Err("SCOPE_EXCEEDED");
                }
                let facing_rad = Some(wrap_angle(theta_urad as f64 * 1e-6));
                let until = now.saturating_add(TARGET_WITHIN);
                self.hand = Some(Move { to, facing_rad, backward: false, shifts: false, turned: false, driven: false, until });
            }
            Action::TeleopNudge { dx_mm, dy_mm, dtheta_urad, held } => {
                let (dx, dy, turn) = (dx_mm as f64 * 1e-3, dy_mm as f64 * 1e-3, dtheta_urad as f64 * 1e-6);
                if dx.abs() > NUDGE_M || dy.abs() > NUDGE_M || turn.abs() > NUDGE_RAD || held > NUDGE_HELD {
                    return Err("SCOPE_EXCEEDED");
                }
                if dy_mm != 0 && !can_shift {
                    return Err("CAPABILITY_MISSING");
                }
                let to = pose.at + Vec2::new(dx, dy).rotated(pose.theta_rad);
                let facing_rad = Some(wrap_angle(pose.theta_rad + turn));
                let until = now.saturating_add(held);
                let stays = dx_mm == 0 && dy_mm == 0;
                self.hand = Some(Move { to, facing_rad, backward: dx < 0.0, shifts: dy_mm != 0, turned: true, driven: stays, until });
            }
            _ => return Err("TYPE_UNKNOWN"),
        }
        Ok(())
    }

    /// What the hand on the robot wants of its drive: the way that it would take, and its speed. Nothing: it stands.
    pub fn wish(&mut self, now: Instant, pose: &Pose2, lim: &Limits) -> Option<(Way, Twist)> {
        let h = self.hand.as_mut()?;
        if now >= h.until {
            self.halt();
            return None;
        }
        let gap = h.to - pose.at;
        if !h.driven && gap.norm() <= THERE_M {
            h.driven = true;
        }
        if !h.driven && h.shifts {
            let pace = HAND_MPS.min(lim.speed_mps).min((0.8 * lim.accel_mps2 * gap.norm()).sqrt()).max(0.02);
            let mut way = Way::default();
            way.push(pose.at);
            way.push(h.to);
            return Some((way, Twist { v: gap.unit().rotated(-pose.theta_rad) * pace, w_radps: 0.0 }));
        }
        if !h.driven {
            let back = if h.backward { std::f64::consts::PI } else { 0.0 };
            let off = wrap_angle(gap.angle() - pose.theta_rad - back);
            if !h.turned && off.abs() > FACING_RAD {
                return Some((Way::default(), turning(off, lim, TURN_SHARE)));
            }
            h.turned = true;
            if off.abs() > 1.4 {
                h.driven = true; // come past it
            } else {
                if off.abs() > TURN_FIRST_RAD && gap.norm() > 0.2 {
                    h.turned = false;
                }
                let pace = HAND_MPS.min(lim.speed_mps).min((0.8 * lim.accel_mps2 * gap.norm()).sqrt()).max(0.02);
                let mut way = Way::default();
                way.push(pose.at);
                way.push(h.to);
                let forward = if h.backward { -pace } else { pace };
                let w_radps = (2.0 * off).clamp(-lim.turn_radps * 0.5, lim.turn_radps * 0.5);
                return Some((way, Twist { v: Vec2::new(forward, 0.0), w_radps }));
            }
        }
        let off = h.facing_rad.map_or(0.0, |f| wrap_angle(f - pose.theta_rad));
        if off.abs() > FACING_RAD {
            return Some((Way::default(), turning(off, lim, TURN_SHARE)));
        }
        self.halt();
        None
    }
}
