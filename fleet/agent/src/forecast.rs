//! Will the charge last? (Domain 5.6.) On its way the robot looks ahead each second: the rest of the way, the work and the way home
//! must leave what no work may touch, or it gives the trip up while another can still go. At work it goes on as long as the way
//! home leaves its own reserve; then it leaves by itself.
//!
//! Ways are straight lines between the places of its plan, so it never foresees more than it takes; what a metre takes is what its
//! model says, or more once its own gauge has shown more. At the first look nothing is lacking that dispatch has not seen as well.

use crate::map::AgentMap;
use crate::track::Track;
use crate::work::{Phase, Work};
use nooterra_engine::geom::Vec2;
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::order::{Plan, PointMm, StepAction};
use nooterra_site::RobotModel;

/// What work may not touch, 1/10 000: the bound under which dispatch gives a job.
const BOUND_BPS: u32 = 1_500;
/// It looks this often.
const EVERY: Span = Span::from_secs(1);
/// A gauge says little of less driving, m.
const MEASURED_OVER_M: f64 = 60.0;
/// Less than this in one cycle is standing, m: what standing takes says nothing of a metre.
const STANDS_M: f64 = 1e-3;
/// No more than this often what the model says is believed.
const MEASURED_MOST: f64 = 3.0;
const GRAVITY_MPS2: f64 = 9.81;

/// Why the charge does not last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    /// For the trip, the work and the way home.
    Trip,
    /// For the way home.
    Return,
}

/// The look ahead with what it has measured.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Forecast {
    looked_at: Option<Instant>,
    driven_m: f64,
    from_bps: Option<u32>,
    /// What the gauge said a cycle ago.
    last_bps: Option<u32>,
    /// Joules that a metre took, at most, once measured.
    measured_jpm: f64,
}

/// What one look is made with.
#[derive(Debug)]
pub struct Ahead<'a> {
    /// Where it is.
    pub at: Vec2,
    /// Charge, 1/10 000.
    pub soc_bps: u32,
    /// The released way.
    pub track: &'a Track,
    /// Its job.
    pub work: &'a Work,
    /// Where it is at home.
    pub home: u32,
    /// What it is.
    pub model: &'a RobotModel,
    /// Below this it gives work up in any case, 1/10 000.
    pub reserve_bps: u32,
}

impl Forecast {
    /// One cycle: what it has driven since the last one, and whether it charges.
    pub fn measure(&mut self, moved_m: f64, soc_bps: u32, charging: bool, model: &RobotModel) {
        if charging {
            (self.driven_m, self.from_bps, self.last_bps) = (0.0, None, None);
            return;
        }
        let taken_bps = self.last_bps.replace(soc_bps).unwrap_or(soc_bps).saturating_sub(soc_bps);
        let mut from = *self.from_bps.get_or_insert(soc_bps);
        if moved_m < STANDS_M {
            // The measurement's start follows the gauge.
            from = from.saturating_sub(taken_bps);
            self.from_bps = Some(from);
        }
        self.driven_m += moved_m;
        if self.driven_m >= MEASURED_OVER_M {
            let used_j = f64::from(from.saturating_sub(soc_bps)) * joules_per_bps(model);
            self.measured_jpm = (used_j / self.driven_m).min(declared_jpm(model) * MEASURED_MOST);
            (self.driven_m, self.from_bps) = (0.0, None);
        }
    }

    /// What the charge does not last for, if it is time to look.
    pub fn look(&mut self, now: Instant, a: &Ahead<'_>, map: &AgentMap) -> Option<Lacks> {
        if self.looked_at.is_some_and(|at| now.since(at) < EVERY) {
            return None;
        }
        self.looked_at = Some(now);
        let lease = a.work.lease.as_ref()?;
        let home = map.vertex(a.home).map(|p| p.at);
        let (lacks, floor_bps, need_m, need_s) = match a.work.phase {
            Phase::Reserved | Phase::EnRoute | Phase::Arrived => {
                let (m, s) = plan_ahead(a, &lease.plan, map, home);
                (Lacks::Trip, BOUND_BPS, m, s)
            }
            Phase::Working => (Lacks::Return, a.reserve_bps, home.map_or(0.0, |h| h.dist(a.at)), 0.0),
            _ => return None,
        };
        let jpm = declared_jpm(a.model).max(self.measured_jpm);
        let need_j = need_m * jpm + need_s * a.model.ambient_w;
        let left_bps = f64::from(a.soc_bps) - need_j / joules_per_bps(a.model);
        (left_bps < f64::from(floor_bps)).then_some(lacks)
    }
}

/// Metres and seconds of standing that are left of a trip, with the work and the way home.
fn plan_ahead(a: &Ahead<'_>, plan: &Plan, map: &AgentMap, home: Option<Vec2>) -> (f64, f64) {
    let (mut at, mut metres, mut standing_s) = (a.at, 0.0, 0.0);
    let mut go = |to: Option<Vec2>| {
        if let Some(to) = to {
            metres += at.dist(to);
            at = to;
        }
    };
    let place = |v: u32| map.vertex(v).map(|p| p.at);
    a.track.ahead().for_each(|n| go(place(n.vertex)));
    go(place(plan.access_point));
    for step in plan.steps.iter().skip(usize::from(a.work.step)) {
        go(place(step.vertex));
        match &step.action {
            StepAction::Cover { way, .. } => way.iter().for_each(|p| go(Some(point(p)))),
            StepAction::Dwell { lasts } => standing_s += lasts.as_secs_f64(),
            StepAction::Pick { .. } | StepAction::Drop { .. } | StepAction::Lift { .. } => {}
        }
    }
    go(home);
    (metres, standing_s)
}

#[allow(clippy::cast_precision_loss)] // millimetres of a site
fn point(p: &PointMm) -> Vec2 {
    Vec2::new(p.x_mm as f64 * 1e-3, p.y_mm as f64 * 1e-3)
}

/// What a metre takes by the model.
fn declared_jpm(m: &RobotModel) -> f64 {
    m.rolling_resistance * m.mass_kg * GRAVITY_MPS2 + m.ambient_w / m.speed_max_mps
}

#[allow(clippy::cast_precision_loss)] // joules of one battery
fn joules_per_bps(m: &RobotModel) -> f64 {
    (m.battery_j() as f64 / 10_000.0).max(1e-9)
}
