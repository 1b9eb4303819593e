//! Bounds on a robot's motion, tightened from afar by staff or by its owner (domain 9). They only become tighter as long as they hold: a
//! looser order is refused (`SCOPE_EXCEEDED`). They end by their own time, or when staff lift them.

use crate::matching::whole;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::RobotId;
use nooterra_engine::sometimes;
use nooterra_engine::time::Span;
use nooterra_operations::clamps::Clamps;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_port::Order;
use nooterra_port::clamps::{Hardware, Loose, Tight};
use nooterra_trust::{Code, Rejection};

/// A robot that drove faster when it took up a tighter bound eases off within this of its own time.
const EASED: Span = Span::from_secs(5);

impl Unit<'_> {
    /// A robot is to keep within these.
    pub(crate) fn tighten_clamps(&mut self, robot: RobotId, bounds: Tight) -> Outcome {
        let now = self.now();
        let r = &self.cell(robot)?.robot;
        need(bounds.until.is_none_or(|at| at > now), Code::SchemaInvalid)?;
        let present = r.tightened.ordered(now).map(|c| Tight { speed_mm_s: c.speed_mm_s, accel_mm_s2: c.accel_mm_s2, until: c.until });
        match bounds.follows(present.as_ref(), self.hardware(robot)?) {
            Err(Loose::Empty) => return Err(Rejection::new(Code::SchemaInvalid).field("bounds")),
            Err(Loose::Looser) => return Err(Rejection::new(Code::ScopeExceeded).field("bounds")),
            Err(Loose::Same) => return no(Code::NoChange),
            Ok(()) => {}
        }
        sometimes!(true, "a robot's bounds are tightened from afar");
        let order_seq = r.order_seq.saturating_add(1);
        let Tight { speed_mm_s, accel_mm_s2, until } = bounds;
        self.emit_robot(robot, RobotEvent::ClampsTightened(Clamps { speed_mm_s, accel_mm_s2, until, order_seq }));
        self.order(robot, Order::ClampProfile { bounds: Some(bounds) });
        self.trigger_dispatch();
        Ok(())
    }

    /// A robot gets its own bounds back.
    pub(crate) fn lift_clamps(&mut self, robot: RobotId) -> Outcome {
        let r = &self.cell(robot)?.robot;
        need(r.tightened.ordered(self.now()).is_some(), Code::NoChange)?;
        let order_seq = r.order_seq.saturating_add(1);
        self.emit_robot(robot, RobotEvent::ClampsLifted { order_seq });
        self.order(robot, Order::ClampProfile { bounds: None });
        self.trigger_dispatch();
        Ok(())
    }

    /// What its model bears.
    fn hardware(&self, robot: RobotId) -> Result<Hardware, Rejection> {
        let entry = self.cell(robot)?.entry as usize;
        let Some(m) = self.s.genesis.robots.get(entry).map(|e| &e.model) else { return no(Code::NotFound) };
        let mm = |v: f64| u32::try_from(whole(v * 1e3 + 0.5)).unwrap_or(u32::MAX);
        Ok(Hardware { speed_mm_s: mm(m.speed_max_mps), accel_mm_s2: mm(m.accel_max_mps2) })
    }

    /// A robot has answered an order: whether it is one of its bounds, its own time tells from when on they count.
    pub(crate) fn clamps_answered(&mut self, robot: RobotId) {
        let (now, ns) = (self.now(), self.device_ns());
        if let Some(c) = self.touch_robot(robot) {
            let held = c.robot.tightened.held(now);
            if held != c.clamped.map(|(h, _)| h) {
                c.clamped = held.map(|h| (h, ns));
            }
        }
    }

    /// How fast a robot may be at this instant of its own time, whatever it does, mm/s: by its model, or tighter if it has said that
    /// it keeps to that and has had the time to ease off.
    pub(crate) fn speed_limit(&self, robot: RobotId, dev_ns: u64) -> Option<i64> {
        let c = self.cell(robot).ok()?;
        let m = &self.s.genesis.robots.get(c.entry as usize)?.model;
        let by_model = i64::try_from(whole(m.speed_max_mps * 1e3)).ok()?;
        let held = c.clamped.filter(|(h, from)| c.robot.tightened.held(self.now()) == Some(*h) && from.saturating_add(EASED.0) <= dev_ns);
        let tight = held.and_then(|(h, _)| h.speed_mm_s).map_or(i64::MAX, i64::from);
        Some(by_model.min(tight))
    }
}
