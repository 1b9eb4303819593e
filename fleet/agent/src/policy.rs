//! The last word on every command: a chain of named bounds. What is applied is never above any of them, and each
//! difference from what was asked for is recorded.
#![allow(clippy::cast_possible_truncation)] // speeds in mm/s and mrad/s fit an i64 by far

use nooterra_engine::geom::Vec2;
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::report::Report;

/// A bound, in the order in which ties are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Bound {
    /// A stop is in force, or the robot holds for its own reasons.
    StopState,
    /// A sensor that driving needs is silent, or the place is not known.
    SensorGate,
    /// What the drive can do.
    HardwareSpeed,
    /// Speed limit of the lane.
    ZoneSpeed,
    /// Something stands on or near the way.
    Clearance,
    /// Something that moves is near.
    HumanClearance,
    /// The load on the deck.
    Payload,
    /// Leaving under a safe exit.
    SafeExit,
    /// Little charge left.
    Energy,
    /// What the drive can gain in one cycle.
    HardwareAccel,
    /// How fast the drive can turn the robot.
    HardwareTurn,
    /// What the drive can gain in turning in one cycle.
    HardwareTurnAccel,
    /// An area that it may not enter lies ahead.
    AccessPlan,
    /// Speed as tightened from afar.
    ProfileSpeed,
    /// What it may gain in one cycle, as tightened from afar.
    ProfileAccel,
}

impl Bound {
    /// Number of bounds.
    pub const COUNT: usize = 15;
    const ALL: [Self; Self::COUNT] = [
        Self::StopState,
        Self::SensorGate,
        Self::HardwareSpeed,
        Self::ZoneSpeed,
        Self::Clearance,
        Self::HumanClearance,
        Self::Payload,
        Self::SafeExit,
        Self::Energy,
        Self::HardwareAccel,
        Self::HardwareTurn,
        Self::HardwareTurnAccel,
        Self::AccessPlan,
        Self::ProfileSpeed,
        Self::ProfileAccel,
    ];
    /// Wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StopState => "stop_state",
            Self::SensorGate => "sensor_gate",
            Self::HardwareSpeed => "hardware.speed",
            Self::ZoneSpeed => "zone.speed",
            Self::Clearance => "clearance",
            Self::HumanClearance => "human_clearance",
            Self::Payload => "payload",
            Self::SafeExit => "safe_exit",
            Self::Energy => "energy",
            Self::HardwareAccel => "hardware.accel",
            Self::HardwareTurn => "hardware.turn",
            Self::HardwareTurnAccel => "hardware.turn_accel",
            Self::AccessPlan => "access_plan",
            Self::ProfileSpeed => "profile.speed",
            Self::ProfileAccel => "profile.accel",
        }
    }
    const fn at(self) -> usize {
        self as usize
    }
}

/// Which part of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Channel {
    /// Speed over ground, mm/s.
    Speed,
    /// Turning speed, mrad/s.
    Turn,
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Source {
    /// The path follower.
    #[default]
    Planner,
    /// A remote operator.
    Operator,
}

/// One command that was changed: a record for the black box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Clamp {
    /// When.
    pub at: Instant,
    /// Who asked.
    pub source: Source,
    /// For what.
    pub channel: Channel,
    /// What was asked for, mm/s or mrad/s.
    pub requested: i64,
    /// What was applied, mm/s or mrad/s.
    pub applied: i64,
    /// The tightest bound.
    pub bound: Bound,
}

/// A movement command.
#[derive(Debug, Clone, Copy, PartialEq, Default, Record)]
pub struct Twist {
    /// Forward and left, m/s.
    pub v: Vec2,
    /// Turning, rad/s.
    pub w_radps: f64,
}

/// Bounds in force in one cycle: largest speed over ground and largest turning speed under each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    speed_mps: [f64; Bound::COUNT],
    turn_radps: [f64; Bound::COUNT],
}

impl Default for Bounds {
    fn default() -> Self {
        Self { speed_mps: [f64::INFINITY; Bound::COUNT], turn_radps: [f64::INFINITY; Bound::COUNT] }
    }
}

impl Bounds {
    /// Bounds the speed over ground.
    pub fn speed(&mut self, b: Bound, max_mps: f64) {
        self.speed_mps[b.at()] = self.speed_mps[b.at()].min(max_mps.max(0.0));
    }
    /// Bounds the turning speed.
    pub fn turn(&mut self, b: Bound, max_radps: f64) {
        self.turn_radps[b.at()] = self.turn_radps[b.at()].min(max_radps.max(0.0));
    }
    /// Largest speed allowed, m/s.
    pub fn speed_max_mps(&self) -> f64 {
        tightest(&self.speed_mps).1
    }
    /// Largest turning speed allowed, rad/s.
    pub fn turn_max_radps(&self) -> f64 {
        tightest(&self.turn_radps).1
    }
}

fn tightest(list: &[f64; Bound::COUNT]) -> (Bound, f64) {
    let mut best = (Bound::StopState, f64::INFINITY);
    for (b, max) in Bound::ALL.iter().zip(list) {
        if *max < best.1 {
            best = (*b, *max);
        }
    }
    best
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
struct Tally {
    bound: u32,
    count: u32,
    worst_requested: i64,
    applied: i64,
}

/// The chain with its memory: clamps not yet drained, and sums per bound.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Policy {
    clamps: Vec<Clamp>,
    tallies: Vec<Tally>,
    window_from: Instant,
    source: Source,
    count: u32,
    /// Bounds that have changed a command since they were last asked for, as bits.
    named: u32,
}

/// Clamps kept if nobody drains them.
const CLAMPS_KEPT: usize = 64;

impl Policy {
    /// Whose commands come next.
    pub fn asked_by(&mut self, source: Source) {
        self.source = source;
    }
    /// Applies the chain.
    pub fn apply(&mut self, now: Instant, asked: Twist, bounds: &Bounds) -> Twist {
        let mut out = finite(asked);
        let speed = out.v.norm();
        let (bound, max) = tightest(&bounds.speed_mps);
        if speed > max {
            out.v = if max > 0.0 { shrink(out.v, speed, max) } else { Vec2::default() };
            self.note(now, Channel::Speed, speed, out.v.norm(), bound);
        }
        let (bound, max) = tightest(&bounds.turn_radps);
        if out.w_radps.abs() > max {
            let asked = out.w_radps.abs();
            out.w_radps = if out.w_radps < 0.0 { -max } else { max };
            self.note(now, Channel::Turn, asked, max, bound);
        }
        // No negative zero leaves this room.
        Twist { v: Vec2::new(out.v.x + 0.0, out.v.y + 0.0), w_radps: out.w_radps + 0.0 }
    }

    fn note(&mut self, now: Instant, channel: Channel, asked: f64, applied: f64, bound: Bound) {
        let milli = |v: f64| (v * 1e3).round() as i64;
        let (requested, applied) = (milli(asked), milli(applied));
        if requested == applied {
            return; // below what the record can show
        }
        self.count = self.count.saturating_add(1);
        if self.clamps.len() == CLAMPS_KEPT {
            self.clamps.remove(0);
        }
        self.clamps.push(Clamp { at: now, source: self.source, channel, requested, applied, bound });
        let id = bound as u32;
        self.named |= 1 << id;
        if nooterra_engine::planted!("I16 lose a clamp") && self.count.is_multiple_of(8) {
            return;
        }
        if self.tallies.is_empty() {
            self.window_from = now;
        }
        match self.tallies.iter_mut().find(|t| t.bound == id) {
            Some(t) => {
                t.count += 1;
                if requested > t.worst_requested {
                    (t.worst_requested, t.applied) = (requested, applied);
                }
            }
            None => self.tallies.push(Tally { bound: id, count: 1, worst_requested: requested, applied }),
        }
    }

    /// Names of the bounds that have changed a command since the last call.
    pub fn take_named(&mut self) -> Vec<String> {
        let named = std::mem::take(&mut self.named);
        Bound::ALL.iter().filter(|b| named & (1 << **b as u32) != 0).map(|b| b.name().to_owned()).collect()
    }
    /// Clamps so far.
    pub fn count(&self) -> u32 {
        self.count
    }
    /// Of those the ones that were summed up.
    pub fn told(&self) -> u32 {
        self.count - self.tallies.iter().map(|t| t.count).sum::<u32>().min(self.count)
    }
    /// Clamps since the last call.
    pub fn drain(&mut self) -> Vec<Clamp> {
        std::mem::take(&mut self.clamps)
    }
    /// Is there anything to drain?
    pub fn has_clamps(&self) -> bool {
        !self.clamps.is_empty()
    }
    /// One report per bound once the window is over.
    pub fn summaries(&mut self, now: Instant, window: Span) -> Vec<Report> {
        if self.tallies.is_empty() || now.since(self.window_from) < window {
            return Vec::new();
        }
        let mut tallies = std::mem::take(&mut self.tallies);
        tallies.sort_by_key(|t| t.bound);
        let summary = |t: &Tally| Report::ClampSummarised {
            bound: Bound::ALL[t.bound as usize % Bound::COUNT].name().to_owned(),
            count: t.count,
            worst_requested: t.worst_requested,
            applied: t.applied,
        };
        tallies.iter().map(summary).collect()
    }
}

/// `v` of length `len` made no longer than `max`, rounding included.
fn shrink(v: Vec2, len: f64, max: f64) -> Vec2 {
    let mut k = max / len;
    let mut out = v * k;
    while out.norm() > max {
        k *= 1.0 - 1e-15;
        out = v * k;
    }
    out
}

fn finite(t: Twist) -> Twist {
    let ok = |v: f64| if v.is_finite() { v } else { 0.0 };
    Twist { v: Vec2::new(ok(t.v.x), ok(t.v.y)), w_radps: ok(t.w_radps) }
}
