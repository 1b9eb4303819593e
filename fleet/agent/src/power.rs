//! Battery care: charging as a task, the reserve that is never touched, drain that cannot be right.

use nooterra_engine::ids::TaskId;
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::hardware::SensorFrame;
use nooterra_port::report::Report;

/// A charger that gives nothing for this long is no charger.
const CONNECT_PATIENCE: Span = Span::from_secs(20);
/// Length over which drain is judged.
const DRAIN_WINDOW: Span = Span::from_secs(60);
/// More than this in one window cannot be right, 1/10 000.
const DRAIN_MAX_BPS: u32 = 400;
/// Below this share of the nominal voltage the supply is failing.
const VOLTAGE_SHARE: f64 = 0.8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Charge {
    task: TaskId,
    vertex: u32,
    to_soc_bps: u32,
    since: Instant,
    connected: bool,
}

/// The battery as the robot cares for it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Power {
    charge: Option<Charge>,
    window_from: Instant,
    window_soc_bps: u32,
    low_cycles: u32,
    /// Drains faster than it can, or the voltage fails.
    pub failing: bool,
}

impl Power {
    /// Begins a charging task; one that was under way ends.
    pub fn begin(&mut self, now: Instant, task: TaskId, vertex: u32, to_soc_bps: u32, out: &mut Vec<Report>) {
        if self.charge.is_some_and(|c| c.task == task) {
            return;
        }
        self.end("REPLACED", out);
        self.charge = Some(Charge { task, vertex, to_soc_bps, since: now, connected: false });
    }
    /// Ends the charging task, if there is one.
    pub fn end(&mut self, code: &str, out: &mut Vec<Report>) {
        if let Some(c) = self.charge.take() {
            out.push(Report::TaskEnded { task: c.task, code: code.to_owned() });
        }
    }
    /// Is a charging task under way?
    pub fn is_charging(&self) -> bool {
        self.charge.is_some()
    }

    /// One cycle; `at` is the vertex where the robot stands, `on_way` says that it is still driving there.
    /// Returns whether to draw current.
    pub fn cycle(&mut self, now: Instant, f: &SensorFrame, at: Option<u32>, on_way: bool, nominal_v: f64, out: &mut Vec<Report>) -> bool {
        self.watch(now, f, nominal_v);
        let Some(c) = &mut self.charge else { return false };
        if at != Some(c.vertex) {
            if on_way {
                c.since = now;
            } else if at.is_some() || now.since(c.since) > CONNECT_PATIENCE {
                self.end("NOT_AT_CHARGER", out);
            }
            return false;
        }
        if f.charging {
            c.connected = true;
            c.since = now;
        }
        if f.soc_bps >= c.to_soc_bps.min(10_000) {
            self.end("", out);
            return false;
        }
        if now.since(c.since) > CONNECT_PATIENCE {
            self.end("NO_POWER", out);
            return false;
        }
        true
    }

    fn watch(&mut self, now: Instant, f: &SensorFrame, nominal_v: f64) {
        if f.charging || self.window_from == Instant::ZERO {
            self.window_from = now;
            self.window_soc_bps = f.soc_bps;
        }
        let mut drained = false;
        if now.since(self.window_from) >= DRAIN_WINDOW {
            drained = self.window_soc_bps.saturating_sub(f.soc_bps) > DRAIN_MAX_BPS;
            self.window_from = now;
            self.window_soc_bps = f.soc_bps;
        }
        let weak = f64::from(f.battery_mv) < nominal_v * 1e3 * VOLTAGE_SHARE;
        self.low_cycles = if weak { self.low_cycles.saturating_add(1) } else { 0 };
        self.failing |= drained || self.low_cycles >= 60;
        if f.charging {
            self.failing = false;
        }
    }
}
