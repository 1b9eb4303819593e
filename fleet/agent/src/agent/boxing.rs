//! What goes into the black box, and what is wanted of it.

use super::Agent;
use crate::blackbox::{Now, Recorder};
use nooterra_engine::{Digest, Instant};
use nooterra_port::blackbox::Chunk;
use nooterra_port::hardware::SensorFrame;
use nooterra_port::report::Report;

impl Agent {
    /// Its recorder works, or a fault has it.
    pub fn set_recorder(&mut self, how: Recorder) {
        self.blackbox.set_recorder(how);
    }

    /// One cycle is recorded. What the box reports is said before what the cycle says of an incident: whoever hears of
    /// that has the anchor under it already.
    pub(super) fn record(&mut self, now: Instant, f: &SensorFrame, said: &[Report]) {
        let touched = f.bump_mns >= self.config.policy.collision_mns;
        let incident = touched || said.iter().any(|r| matches!(r, Report::Noticed { .. } | Report::ExecutionStalled { .. }));
        let state = Chunk {
            number: 0,
            prev: Digest::ZERO,
            from_ns: now.0,
            to_ns: now.0,
            pose: self.pose_mm(),
            level: self.loc.level,
            speed_mm_s: self.seen.speed_mm_s,
            top_mm_s: 0,
            commands: 0,
            clamps: 0,
            by_hand: self.help.has_hand(),
            contacts: 0,
            contact_mns: 0,
            load_g: f.deck_g,
            soc_bps: f.soc_bps,
            battery_mv: f.battery_mv,
            charging: f.charging,
            health_bps: self.health.bps(),
            errors: self.health.bits(),
            paused: self.progress.blocked,
            mode: self.mode(),
            order_seq: self.link.orders_seen(),
            lease: self.lease(),
            step: self.work.step,
            online: !self.health.offline,
        };
        let mut out = Vec::new();
        let now_is = Now { state, clamped: self.policy.count(), bump_mns: f.bump_mns };
        self.blackbox.cycle(now.0, &now_is, incident, &mut out);
        self.say_all(now, out);
    }
}
