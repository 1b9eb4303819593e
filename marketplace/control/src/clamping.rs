//! Bounds on a robot's motion, tightened from afar by staff or by its owner (domain 9). They only become tighter as long as they hold: a
//! looser order is refused (`SCOPE_EXCEEDED`). They end by their own time, or when staff lift them.

use crate::matching::whole;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::RobotId;
use nooterra_engine::sometimes;
use nooterra_operations::clamps::Clamps;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_port::Order;
use nooterra_port::clamps::{Hardware, Loose, Tight};
use nooterra_trust::incident::DevTime;
use nooterra_trust::{Code, Rejection};

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
        self.clamps_answered(robot);
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

    /// A robot has answered an order, or its bounds are lifted: what it keeps to from now on, by its own time.
    pub(crate) fn clamps_answered(&mut self, robot: RobotId) {
        let (now, at) = (self.now(), self.device_time());
        if let Some(c) = self.touch_robot(robot) {
            c.bygone.keeps(c.robot.tightened.held(now), at, now);
        }
    }

    /// How fast a robot may be, or might have been, at this instant of its own time, whatever it does, mm/s: by its model, or tighter
    /// if it had said that it keeps to that and had had the time to ease off.
    pub(crate) fn speed_limit(&self, robot: RobotId, at: DevTime) -> Option<i64> {
        let c = self.cell(robot).ok()?;
        let m = &self.s.genesis.robots.get(c.entry as usize)?.model;
        let by_model = i64::try_from(whole(m.speed_max_mps * 1e3)).ok()?;
        let tight = c.bygone.bound_mm_s(at, self.now()).map_or(i64::MAX, i64::from);
        Some(by_model.min(tight))
    }
}
