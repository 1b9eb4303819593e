//! Detectors of the body: what it touches, carries, and how it moves.

use crate::detect::sample::Reading;
use crate::detect::threshold::Thresholds;
use crate::detect::watch::{Edge, Hold, Level, gravest, measure};
use nooterra_engine::Record;
use std::collections::{BTreeMap, VecDeque};

/// `COLLISION` and `HUMAN_CONTACT`: every contact speaks for itself, but a touch near a person is one of that person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Contacts {
    near_at: Option<u64>,
}

impl Contacts {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> (Level, Level) {
        match *r {
            Reading::Person { clearance_mm, .. } if clearance_mm <= p.human_near_mm => {
                self.near_at = Some(now);
                (None, None)
            }
            Reading::Contact { impulse_mns: i, force_mn: f, person, tactile, grasp } => {
                let touch = tactile && self.near_at.is_some_and(|t| now.saturating_sub(t) <= p.human_near_ns);
                let m = measure(i);
                if person || touch {
                    let light = touch || i >= p.human_4_mns || f >= p.human_4_mn;
                    let hard = i >= p.human_5_mns || f >= p.human_5_mn;
                    return (None, gravest(m, &[(light, 4), (hard, 5)]));
                }
                let steps =
                    [(i >= p.collision_2_mns, 2), (i >= p.collision_3_mns, 3), (i >= p.collision_4_mns, 4), (i >= p.collision_5_mns, 5)];
                (gravest(m, &steps).filter(|_| !grasp), None)
            }
            _ => (None, None),
        }
    }
}

/// `NEAR_MISS`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct NearMiss {
    edge: Edge,
}

impl NearMiss {
    pub(crate) fn see(&mut self, r: &Reading, p: &Thresholds) -> Level {
        let Reading::Person { clearance_mm: c, closing_mm_s, speed_mm_s: v } = *r else { return None };
        let fast = c < p.miss_clearance_mm && v >= p.miss_speed_mm_s;
        let soon = u64::from(c) * 1_000 < u64::from(p.miss_contact_ms) * u64::from(closing_mm_s);
        let close = c < p.miss_close_mm && v >= p.moving_mm_s;
        self.edge.rise(gravest(i64::from(c), &[(fast || soon, 2), (close, 3)]))
    }
}

/// `PROTECTIVE_STOP_STORM`: the instants of the last stops, as many as the graver threshold counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct StopStorm {
    times: VecDeque<u64>,
    edge: Edge,
}

impl StopStorm {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        if *r != Reading::ProtectiveStop {
            return None;
        }
        self.times.push_back(now);
        while self.times.len() > p.storm_3.max(p.storm_2).max(1) as usize {
            self.times.pop_front();
        }
        let n = self.times.iter().filter(|t| now.saturating_sub(**t) <= p.storm_ns).count();
        self.edge.rise(gravest(measure(n), &[(n >= p.storm_2 as usize, 2), (n >= p.storm_3 as usize, 3)]))
    }
}

/// A load and when it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Load {
    at: u64,
    load_g: u32,
}

/// `PAYLOAD_DROP`: keeps of the last half second only loads that no later one exceeds, so the first is the greatest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct PayloadDrop {
    greatest: VecDeque<Load>,
    edge: Edge,
}

impl PayloadDrop {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        let Reading::Load { load_g, placing, delicate } = *r else { return None };
        if placing {
            // What is put down does not fall, not even a moment later.
            self.greatest.clear();
        }
        while self.greatest.front().is_some_and(|l| now.saturating_sub(l.at) > p.drop_ns) {
            self.greatest.pop_front();
        }
        while self.greatest.back().is_some_and(|l| l.load_g <= load_g) {
            self.greatest.pop_back();
        }
        self.greatest.push_back(Load { at: now, load_g });
        let before = self.greatest.front().map_or(load_g, |l| l.load_g);
        let fall = before.saturating_sub(load_g);
        let share = u64::from(fall) * 10_000 >= u64::from(before) * u64::from(p.drop_bps);
        let fell = fall > 0 && fall >= p.drop_g && share;
        self.edge.rise(gravest(i64::from(fall), &[(fell, 3), (fell && delicate, 4)]))
    }
}

/// `STALL`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Stall {
    checkpoint: u16,
    hold: Hold,
    edge: Edge,
}

impl Stall {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        let Reading::Motion { speed_mm_s, plan_active, checkpoint, .. } = *r else { return None };
        if checkpoint != self.checkpoint {
            *self = Self { checkpoint, ..Self::default() };
        }
        let held = self.hold.see(now, plan_active && speed_mm_s < p.moving_mm_s);
        self.edge.rise(held.and_then(|h| gravest(measure(h), &[(h >= p.stall_1_ns, 1), (h >= p.stall_2_ns, 2)])))
    }
}

/// `LOCALISATION_DIVERGENCE`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Localisation {
    speed_mm_s: u32,
    hold: Hold,
    edge: Edge,
}

impl Localisation {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        match *r {
            Reading::Motion { speed_mm_s, .. } => {
                self.speed_mm_s = speed_mm_s;
                None
            }
            Reading::PoseError { offset_mm, turn_urad } => {
                let off = offset_mm >= p.pose_mm || turn_urad.unsigned_abs() >= p.pose_urad;
                let held = self.hold.see(now, off);
                let moves = self.speed_mm_s >= p.moving_mm_s;
                let steps = |h: u64| [(h >= p.pose_ns, 2), (h >= p.pose_ns.saturating_mul(2) && moves, 3)];
                self.edge.rise(held.and_then(|h| gravest(i64::from(offset_mm), &steps(h))))
            }
            _ => None,
        }
    }
}

/// A residual and when it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Deviation {
    at: u64,
    milli: u32,
}

/// `TWIN_RESIDUAL`
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct TwinResidual {
    window: VecDeque<Deviation>,
    sum: u64,
    hold: Hold,
    edge: Edge,
}

impl TwinResidual {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        let Reading::Residual { milli } = *r else { return None };
        self.window.push_back(Deviation { at: now, milli });
        self.sum = self.sum.saturating_add(u64::from(milli));
        while let Some(d) = self.window.front().copied().filter(|d| now.saturating_sub(d.at) > p.residual_mean_ns) {
            self.sum = self.sum.saturating_sub(u64::from(d.milli));
            self.window.pop_front();
        }
        let n = self.window.len() as u64;
        let held = self.hold.see(now, self.sum >= u64::from(p.residual_milli).saturating_mul(n));
        let mean = measure(self.sum / n.max(1));
        self.edge.rise(held.and_then(|h| gravest(mean, &[(h >= p.residual_ns, 2)])))
    }
}

/// One clamp bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
struct Bound {
    hold: Hold,
    edge: Edge,
}

/// `CLAMP_BREACH`, each bound by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct ClampBreach {
    bounds: BTreeMap<u16, Bound>,
}

impl ClampBreach {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        let Reading::Bound { bound, measured, limit } = *r else { return None };
        let b = self.bounds.entry(bound).or_default();
        let over = u128::from(measured.unsigned_abs()) * 10_000 > u128::from(limit.unsigned_abs()) * u128::from(p.clamp_bps);
        let held = b.hold.see(now, over);
        b.edge.rise(held.and_then(|h| gravest(measured, &[(h >= p.clamp_ns, 4)])))
    }
}

/// `TIP_OVER`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct TipOver {
    edge: Edge,
}

impl TipOver {
    pub(crate) fn see(&mut self, r: &Reading, p: &Thresholds) -> Level {
        let Reading::Motion { tilt_urad, .. } = *r else { return None };
        self.edge.rise(gravest(tilt_urad, &[(tilt_urad.unsigned_abs() >= p.tilt_urad, 4)]))
    }
}

/// `UNCOMMANDED_MOTION`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Uncommanded {
    stopped: bool,
    hold: Hold,
    edge: Edge,
}

impl Uncommanded {
    pub(crate) fn see(&mut self, now: u64, r: &Reading, p: &Thresholds) -> Level {
        match *r {
            Reading::StopOrder { acked } => {
                if !acked {
                    *self = Self::default();
                }
                self.stopped = acked;
                None
            }
            Reading::Motion { speed_mm_s, .. } => {
                let held = self.hold.see(now, self.stopped && speed_mm_s >= p.uncommanded_mm_s);
                self.edge.rise(held.and_then(|h| gravest(i64::from(speed_mm_s), &[(h >= p.uncommanded_ns, 5)])))
            }
            _ => None,
        }
    }
}
