//! What the wheels do: the wish of the follower, of a floor's way or of an operator's hand, under one chain of bounds.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // millimetres to what a robot stops for

use super::Agent;
use crate::assist::HAND_MPS;
use crate::fields::Allowed;
use crate::follow::{Limits, View};
use crate::map::AgentMap;
use crate::note::Event;
use crate::policy::{Bound, Bounds, Source, Twist};
use crate::work::Phase;
use nooterra_engine::Instant;
use nooterra_site::RobotModel;

/// Backwards without eyes there.
const BLIND_BACK_MPS: f64 = 0.15;
/// While hardly anything fits the map.
const DOUBT_MPS: f64 = 0.1;
/// Nothing is in the way.
const INF: f64 = f64::INFINITY;
const FREE: Allowed = Allowed { wall_mps: INF, free_mps: INF, mover_mps: INF, area_mps: INF, contact_m: INF };

impl Agent {
    /// What its planners keep to, by its model, what it carries and how it is.
    pub(super) fn limits(&self) -> Limits {
        let m = &self.config.model;
        let p = &self.config.policy;
        let mut speed = m.speed_max_mps;
        if matches!(self.work.phase, Phase::Exiting | Phase::GivenUpInside) {
            speed *= p.exit_share;
        }
        if self.health.battery_low {
            speed *= p.low_battery_share;
        }
        Limits {
            speed_mps: speed,
            accel_mps2: (m.accel_max_mps2 * load_share(m, self.work.load_g())).min(self.tight.accel_mps2()),
            turn_radps: m.turn_max_radps,
            turn_accel_radps2: m.turn_accel_max_radps2,
            reversible: m.reversible,
            arrival_m: p.arrival_m,
        }
    }

    /// What to do with the wheels: the follower's wish under the chain of bounds.
    pub(super) fn drive(&mut self, now: Instant, map: &AgentMap, view: Option<&View>, held: bool, lim: &Limits, dt_s: f64) -> Twist {
        let spot = self.spot();
        let (m, p) = (&self.config.model, &self.config.policy);
        let speed = self.last.v.norm();
        let mut allowed = FREE;
        let mut wish = Twist::default();
        if let (Some(v), false) = (view, held) {
            allowed = self.fields.allowed(&v.way, m.footprint_radius_m, speed, m.accel_max_mps2, m.speed_max_mps, p);
            allowed.area_mps = self.rights.allowed_mps(map, &spot, &v.way, speed, lim.accel_mps2 * 0.6);
            wish = self.follower.wish(v, &self.loc.pose, m.drive, lim, &self.last, allowed.wall_mps, dt_s);
            let least = allowed.wall_mps.min(allowed.free_mps).min(allowed.mover_mps);
            if self.progress.field(least, dt_s) {
                let event = if self.progress.blocked {
                    Event::ProtectiveStop { contact_mm: (allowed.contact_m.min(1e3) * 1e3) as u32 }
                } else {
                    Event::ProtectiveRelease
                };
                self.note(now, event);
            }
        } else {
            self.follower.stand();
            if speed > 0.0 && !held {
                // Nothing left to drive: ease off.
                let v = (speed - lim.accel_mps2 * dt_s).max(0.0);
                wish.v = self.last.v * (v / speed);
            }
        }
        self.policy.asked_by(Source::Planner);
        self.bounded(now, wish, &allowed, view.map(|v| v.lane_mps), held, dt_s)
    }

    /// Over a floor: from point to point of its plan's way, under the same chain of bounds.
    pub(super) fn drive_over_floor(&mut self, now: Instant, map: &AgentMap, held: bool, lim: &Limits, dt_s: f64) -> Twist {
        let (spot, speed) = (self.spot(), self.last.v.norm());
        let (mut allowed, mut wish) = (FREE, Twist::default());
        self.follower.stand();
        if !held && let Some((way, wanted)) = self.work.cover_wish(&self.loc.pose, lim, speed, dt_s) {
            let (m, p) = (&self.config.model, &self.config.policy);
            allowed = self.fields.allowed(&way, m.footprint_radius_m, speed, m.accel_max_mps2, m.speed_max_mps, p);
            allowed.area_mps = self.rights.allowed_mps(map, &spot, &way, speed, lim.accel_mps2 * 0.6);
            self.progress.field(allowed.wall_mps.min(allowed.free_mps).min(allowed.mover_mps), dt_s);
            wish = wanted;
        }
        self.policy.asked_by(Source::Planner);
        self.bounded(now, wish, &allowed, Some(crate::cover::COVER_MPS), held, dt_s)
    }

    /// What an operator's hand wants of the wheels, under the same chain of bounds.
    pub(super) fn drive_by_hand(&mut self, now: Instant, map: &AgentMap, held: bool, lim: &Limits, dt_s: f64) -> Twist {
        let spot = self.spot();
        let mut allowed = FREE;
        let mut wish = Twist::default();
        self.follower.stand();
        if self.health.offline {
            self.help.halt();
        }
        if !held && let Some((way, by_hand)) = self.help.wish(now, &self.loc.pose, lim) {
            let (m, p) = (&self.config.model, &self.config.policy);
            allowed = self.fields.allowed(&way, m.footprint_radius_m, self.last.v.norm(), m.accel_max_mps2, m.speed_max_mps, p);
            allowed.area_mps = self.rights.allowed_mps(map, &spot, &way, self.last.v.norm(), lim.accel_mps2 * 0.6);
            self.progress.field(allowed.wall_mps.min(allowed.free_mps).min(allowed.mover_mps), dt_s);
            wish = by_hand;
        }
        self.policy.asked_by(Source::Operator);
        self.bounded(now, wish, &allowed, Some(HAND_MPS), held, dt_s)
    }

    /// A wish under the chain of bounds.
    fn bounded(&mut self, now: Instant, wish: Twist, allowed: &Allowed, lane_mps: Option<f64>, held: bool, dt_s: f64) -> Twist {
        let (m, p) = (&self.config.model, &self.config.policy);
        let speed = self.last.v.norm();
        let mut b = Bounds::default();
        if held {
            b.speed(Bound::StopState, 0.0);
            b.turn(Bound::StopState, 0.0);
        }
        if self.health.blind || self.health.lost {
            b.speed(Bound::SensorGate, 0.0);
            b.turn(Bound::SensorGate, 0.0);
        }
        if self.loc.in_doubt() {
            b.speed(Bound::SensorGate, DOUBT_MPS);
        }
        if wish.v.x < 0.0 && p.has_lidar && !self.fields.sees_all_round() {
            b.speed(Bound::SensorGate, BLIND_BACK_MPS);
        }
        b.speed(Bound::HardwareSpeed, m.speed_max_mps);
        if let Some(lane_mps) = lane_mps {
            // A limit is entered at its speed: what the last lane allowed is braked off, not cut off.
            b.speed(Bound::ZoneSpeed, lane_mps.max(speed - m.accel_max_mps2 * dt_s));
        }
        b.speed(Bound::Clearance, if self.progress.blocked { 0.0 } else { allowed.wall_mps.min(allowed.free_mps) });
        b.speed(Bound::HumanClearance, allowed.mover_mps);
        b.speed(Bound::AccessPlan, allowed.area_mps);
        if self.work.load_g() > 0 {
            b.speed(Bound::Payload, speed + m.accel_max_mps2 * load_share(m, self.work.load_g()) * dt_s + 1e-9);
        }
        if matches!(self.work.phase, Phase::Exiting | Phase::GivenUpInside) {
            b.speed(Bound::SafeExit, (m.speed_max_mps * p.exit_share).max(speed - m.accel_max_mps2 * dt_s));
        }
        if self.health.battery_low {
            b.speed(Bound::Energy, (m.speed_max_mps * p.low_battery_share).max(speed - m.accel_max_mps2 * dt_s));
        }
        b.speed(Bound::HardwareAccel, speed + m.accel_max_mps2 * dt_s + 1e-9);
        if !nooterra_engine::planted!("I16 drive faster than told to") {
            b.speed(Bound::ProfileSpeed, self.tight.speed_mps());
        }
        b.speed(Bound::ProfileAccel, speed + self.tight.accel_mps2() * dt_s + 1e-9);
        b.turn(Bound::HardwareTurn, m.turn_max_radps);
        let same_way = wish.w_radps * self.last.w_radps >= 0.0;
        let from = if same_way { self.last.w_radps.abs() } else { 0.0 };
        b.turn(Bound::HardwareTurnAccel, from + m.turn_accel_max_radps2 * dt_s + 1e-9);
        let applied = self.policy.apply(now, wish, &b);
        nooterra_engine::always!(
            applied.v.norm() <= b.speed_max_mps() && applied.w_radps.abs() <= b.turn_max_radps(),
            "I16 what is applied is within every bound",
            "{} applied {applied:?} over {b:?}",
            self.config.robot
        );
        self.last = applied;
        applied
    }
}

/// Share of the acceleration that is left under a load.
fn load_share(m: &RobotModel, load_g: u32) -> f64 {
    m.mass_kg / (m.mass_kg + f64::from(load_g) * 1e-3)
}
