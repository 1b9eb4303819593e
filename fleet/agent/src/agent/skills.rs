//! What the robot has been taught: bundles that it has looked at itself, kept side by side, and looked at again before each
//! start.

use super::Agent;
use crate::note::Event;
use crate::work::Phase;
use nooterra_engine::Instant;
use nooterra_port::report::{AbortReason, Report};
use nooterra_port::skill::SkillParcel;
use nooterra_skills::delivery::Installed;
use nooterra_skills::standing::Robot;
use nooterra_trust::Code;

impl Agent {
    /// A bundle has come: it is kept if it is in order, and either is reported.
    pub(super) fn install(&mut self, now: Instant, p: &SkillParcel) {
        if let Some(r) = &p.repinned {
            for l in self.work.lease.iter_mut().chain(&mut self.ahead).filter(|l| l.id == r.lease) {
                l.skills.clone_from(&r.skills);
            }
        }
        let bundle = p.bundle;
        let report = match self.look_at(now, p) {
            Ok(()) => Report::SkillInstalled { bundle, kept: self.installed.all() },
            Err(code) => {
                self.note(now, Event::SkillRefused { code: code.text().into() });
                Report::SkillInstallRefused { bundle, code: code.text().into() }
            }
        };
        self.say(now, report);
    }

    fn look_at(&mut self, now: Instant, p: &SkillParcel) -> Result<(), Code> {
        if p.content.len() as u64 != p.size {
            return Err(Code::ContentHashMissing);
        }
        // What it has agreed to run stays, whether that has begun or not.
        let pinned: Vec<_> = self.work.lease.iter().chain(&self.ahead).flat_map(|l| l.skills.iter().copied()).collect();
        let me = Robot { robot: self.config.robot, model: self.config.model.name.clone(), driver: self.config.driver_version };
        let at = self.platform_time(now);
        self.installed.put((p.bundle, &p.content, &p.papers), &me, &pinned, at).map_err(|r| r.code)
    }

    /// Work is about to begin: is everything there that it runs on, and still in order? If not it is given up, and why is said.
    pub(super) fn begins(&mut self, now: Instant, stopped: bool, out: &mut Vec<Report>) {
        if self.work.phase != Phase::Arrived || !self.work.granted() || self.health.offline || stopped {
            return;
        }
        let Some(skills) = self.work.lease.as_ref().map(|l| l.skills.clone()) else { return };
        let at = self.platform_time(now);
        if let Err(r) = self.installed.start(&skills, at) {
            self.note(now, Event::SkillRefused { code: r.code.text().into() });
            self.work.phase = Phase::GivenUpInside;
            out.push(Report::ExecutionAborted { reason: AbortReason::Safety, detail: r.code.text().into() });
        }
    }

    /// The skills that it has.
    pub const fn installed(&self) -> &Installed {
        &self.installed
    }
}
