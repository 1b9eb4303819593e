//! A step over a whole floor: the robot drives from point to point of the way that its plan gives it, and ends where it
//! began. What stands in the way it asks to leave out; until somebody answers it goes on with the rest.

use crate::fields::Way;
use crate::follow::Limits;
use crate::policy::Twist;
use crate::turn::turning;
use crate::work::{Around, Phase, Work};
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::real::wrap_angle;
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::approval::Wanted;
use nooterra_port::order::{PointMm, StepAction};
use nooterra_port::report::Report;

/// Fastest while it works, m/s.
pub(crate) const COVER_MPS: f64 = 0.5;
/// As near as this a point is passed.
const PASSED_M: f64 = 0.05;
/// Off by more than this, it turns on the spot before it drives; by less than that, it drives.
const TURN_FROM_RAD: f64 = 0.35;
const TURN_TO_RAD: f64 = 0.04;
/// Share of the turning speed that it turns with.
const TURN_SHARE: f64 = 0.7;
/// Come past a point, it does not turn back for it.
const PAST_RAD: f64 = 1.4;
const PAST_M: f64 = 0.3;
/// Not getting on for so long, it asks to leave the zone out; for longer than that, it goes on with the next point.
const ASK_AFTER_S: f64 = 8.0;
const GO_ON_AFTER_S: f64 = 20.0;
/// No cycle is longer.
const CYCLE_MAX: Span = Span::from_millis(200);

/// A floor that is being covered.
#[derive(Debug, Clone, PartialEq, Record)]
pub(crate) struct Covering {
    /// Worked for so long: what it stands under a stop, a brake or without a link does not count.
    spent: Span,
    /// When that was counted last.
    counted: Instant,
    /// The next point.
    next: u32,
    turning: bool,
    /// It has asked whether the zone may be left out.
    asked: bool,
    /// The way to where it began was blocked: the point that it went back to, to try again from there.
    back: Option<u32>,
}

impl Covering {
    /// The point that it drove to is passed, or cannot be reached; the last of them is where it began.
    fn go_on(&mut self, points: u32, blocked: bool) {
        self.turning = true;
        let home = points.saturating_sub(1);
        self.next = match (self.next == home || self.back == Some(self.next), blocked) {
            // On the way home it goes back by one point more each time, and begins anew when there are none left.
            (true, true) => {
                let back = self.back.filter(|b| *b > 0).unwrap_or(home).saturating_sub(1);
                self.back = Some(back);
                back
            }
            (true, false) if self.next != home => home,
            _ => self.next.saturating_add(1),
        };
    }
}

impl Work {
    /// The point that it drives to over a floor, if it is about that.
    pub(crate) fn covers(&self) -> Option<Vec2> {
        let c = self.covering.as_ref().filter(|_| self.phase == Phase::Working)?;
        let way = self.way()?;
        way.get(c.next as usize).map(at)
    }

    fn way(&self) -> Option<&[PointMm]> {
        let l = self.lease.as_ref()?;
        match &l.plan.steps.get(usize::from(self.step))?.action {
            StepAction::Cover { way, .. } => Some(way),
            _ => None,
        }
    }

    fn points(&self) -> u32 {
        u32::try_from(self.way().map_or(0, <[PointMm]>::len)).unwrap_or(u32::MAX)
    }

    /// One cycle at the step: begins, and says whether it is done.
    pub(crate) fn cover(&mut self, now: Instant, a: &Around<'_>, vertex: u32, way: &[PointMm], timeout: Span) -> bool {
        let here = a.at == Some(vertex);
        match &mut self.covering {
            None if here && self.lies => return true,
            None if here => {
                let (spent, counted) = (Span::ZERO, now);
                self.covering = Some(Covering { spent, counted, next: 0, turning: true, asked: false, back: None });
            }
            None => {}
            Some(c) => {
                let points = u32::try_from(way.len()).unwrap_or(u32::MAX);
                // Nobody asks while it is stopped: a longer gap than a cycle is not work.
                c.spent = Span(c.spent.0.saturating_add(now.since(c.counted).0.min(CYCLE_MAX.0)));
                c.counted = now;
                if timeout > Span::ZERO && c.spent > timeout && c.back.is_none() && c.next.saturating_add(1) < points {
                    (c.next, c.turning) = (points - 1, true); // what is not covered by now stays as it is
                }
                // Driven to its end, or away from the rest: back where it began it is done.
                return c.next >= points && here;
            }
        }
        false
    }

    /// What it wants of its drive on a floor: the way that it would take, and its speed.
    pub(crate) fn cover_wish(&mut self, pose: &Pose2, lim: &Limits, speed_mps: f64, dt_s: f64) -> Option<(Way, Twist)> {
        // Points that it has passed are behind it: no more than there are.
        loop {
            let (to, points) = (self.covers()?, self.points());
            let c = self.covering.as_mut()?;
            let gap = to - pose.at;
            let off = wrap_angle(gap.angle() - pose.theta_rad);
            let past = !c.turning && off.abs() > PAST_RAD && gap.norm() < PAST_M;
            if gap.norm() <= PASSED_M || past {
                c.go_on(points, false);
                continue;
            }
            c.turning = off.abs() > if c.turning { TURN_TO_RAD } else { TURN_FROM_RAD };
            if c.turning {
                return Some((Way::default(), turning(off, lim, TURN_SHARE)));
            }
            let brake = (0.8 * lim.accel_mps2 * gap.norm()).sqrt().max(0.03);
            let pace = COVER_MPS.min(lim.speed_mps).min(brake).min(speed_mps + lim.accel_mps2 * dt_s);
            let mut way = Way::default();
            way.push(pose.at);
            way.push(to);
            let w_radps = (2.0 * off).clamp(-lim.turn_radps * 0.5, lim.turn_radps * 0.5);
            return Some((way, Twist { v: Vec2::new(pace, 0.0), w_radps }));
        }
    }

    /// It has not got on for so long. Says whether it goes on with the next point.
    pub(crate) fn cover_blocked(&mut self, idle_s: f64, out: &mut Vec<Report>) -> bool {
        let vertex = self.lease.as_ref().and_then(|l| l.plan.steps.get(usize::from(self.step))).map(|s| s.vertex);
        let points = self.points();
        let (Some(c), Some(vertex)) = (self.covering.as_mut(), vertex) else { return false };
        if idle_s > ASK_AFTER_S && !c.asked {
            c.asked = true;
            out.push(Report::ApprovalAsked { wanted: Wanted::SkipZone { vertex }, skip: true });
        }
        let goes_on = idle_s > GO_ON_AFTER_S;
        if goes_on {
            c.go_on(points, true);
        }
        goes_on
    }
}

#[allow(clippy::cast_precision_loss)] // millimetres of a building
fn at(p: &PointMm) -> Vec2 {
    Vec2::new(p.x_mm as f64 * 1e-3, p.y_mm as f64 * 1e-3)
}
