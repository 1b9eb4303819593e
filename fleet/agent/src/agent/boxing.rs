//! What goes into the black box, and what is wanted of it.

use super::Agent;
use crate::blackbox::{Now, Recorder};
use crate::camera::Around;
use crate::map::AgentMap;
use crate::rights::Rights;
use crate::work::Phase;
use nooterra_engine::{Digest, Instant};
use nooterra_port::blackbox::{Chunk, Moment};
use nooterra_port::camera::{APPROVED_MM, CameraKind};
use nooterra_port::hardware::SensorFrame;
use nooterra_port::report::Report;

impl Agent {
    /// Its recorder works, or a fault has it.
    pub fn set_recorder(&mut self, how: Recorder) {
        self.blackbox.set_recorder(how);
        self.watch.set_muted(how == Recorder::Mutes);
    }

    /// The camera's gate lets an image through, or none.
    fn look(&mut self, now: Instant, f: &SensorFrame, map: &AgentMap) -> Option<Digest> {
        let kind = self.config.camera;
        if kind == CameraKind::None {
            return None;
        }
        let lease = self.work.lease.as_ref().map(|l| (l.id, l.job));
        #[allow(clippy::cast_precision_loss)] // three metres
        let near = |v: u32| map.vertex(v).is_some_and(|p| p.at.dist(self.loc.pose.at) * 1e3 <= APPROVED_MM as f64);
        let around = Around {
            lease,
            works: self.work.phase == Phase::Working,
            images: self.work.lease.as_ref().is_some_and(|l| l.plan.images),
            private: Rights::is_private(map, &self.spot()),
            at_approved: self.camera.approved_at(lease.map(|(id, _)| id)).is_some_and(near),
        };
        self.camera.cycle(now.0, kind, f.image.as_ref(), &around)
    }

    /// One cycle is recorded. What the box reports is said before what the cycle says of an incident: whoever hears of
    /// that has the anchor under it already.
    pub(super) fn record(
        &mut self,
        now: Instant,
        f: &SensorFrame,
        map: &AgentMap,
        (moment, pauses): (Option<Moment>, bool),
        said: &[Report],
    ) {
        let image = self.look(now, f, map);
        let touched = f.bump_mns >= self.config.policy.collision_mns || (f.bump_mns > 0 && self.people.is_touched(now));
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
            told: None,
            commands: 0,
            clamps: 0,
            by_hand: self.help.has_hand(),
            contacts: 0,
            contact_mns: 0,
            hardest_mns: 0,
            by_person: self.people.is_touched(now),
            load_g: f.deck_g,
            soc_bps: f.soc_bps,
            battery_mv: f.battery_mv,
            charging: f.charging,
            health_bps: self.health.bps(),
            errors: self.health.bits(),
            paused: self.progress.blocked,
            pauses: u32::from(pauses),
            moments: Vec::new(),
            mode: self.mode(),
            order_seq: self.link.orders_seen(),
            lease: self.lease(),
            step: self.work.step,
            online: !self.health.offline,
            gate_open: self.camera.is_open(),
            images: 0,
            images_hash: None,
        };
        let mut out = Vec::new();
        let now_is = Now { state, clamped: self.policy.count(), bump_mns: f.bump_mns, image, moment };
        self.blackbox.cycle(now.0, &now_is, incident, &self.camera, &mut out);
        self.say_all(now, out);
    }
}
