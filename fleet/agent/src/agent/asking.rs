//! What the brain asks people for: more time, when the time for which it may be there runs out before the work is done.

use super::Agent;
use crate::work::Phase;
use nooterra_engine::ids::{AccessPlanId, LeaseId};
use nooterra_engine::{Instant, Span};
use nooterra_port::approval::{ApprovalOrder, Wanted};
use nooterra_port::facility::AccessMethod;
use nooterra_port::report::Report;

/// People need some time to answer: it asks so long before it would have to leave.
const ASK_AHEAD: Span = Span::from_secs(30);
/// It asks for this much more.
const MORE: Span = Span::from_mins(10);

impl Agent {
    /// Asks once for each end of its time there.
    pub(super) fn ask_leave(&mut self, now: Instant, out: &mut Vec<Report>) {
        let Some(l) = self.work.lease.as_ref().filter(|_| self.work.phase == Phase::Working) else { return };
        if usize::from(self.work.step) >= l.plan.steps.len() {
            return;
        }
        let valid_to = self.work.valid_to().unwrap_or(l.plan.valid_to);
        let platform_now = self.platform_time(now);
        let ask_at = valid_to.saturating_sub(l.plan.exit_by).saturating_sub(ASK_AHEAD);
        if platform_now < ask_at || self.work.asked_for == Some(valid_to) {
            return;
        }
        self.work.asked_for = Some(valid_to);
        out.push(Report::ApprovalAsked { wanted: Wanted::ContinueLate { valid_to: valid_to.saturating_add(MORE) }, skip: false });
    }

    /// Asks for help where it does not get on at its work, nor on its way out. Whoever is helped, or cut off, does not ask.
    pub(super) fn ask_help(&mut self, out: &mut Vec<Report>) {
        let at_it = matches!(self.work.phase, Phase::Working | Phase::Exiting) && self.help.line().is_none() && !self.health.offline;
        let Some(l) = self.work.lease.as_ref().filter(|_| at_it) else { return };
        if self.progress.asks(self.config.policy.ask_after) {
            let what = (l.id, self.work.step, self.track.last_vertex, self.tick);
            out.push(Report::AssistAsked { question_hash: nooterra_engine::digest::content_hash("nooterra/question/v1", &what) });
        }
    }

    /// An answer came.
    pub(super) fn answered(&mut self, now: Instant, o: &ApprovalOrder) -> Result<(), &'static str> {
        if !self.work.has(o.lease) {
            return Err("LEASE_EXPIRED");
        }
        if let Some(valid_to) = o.valid_to {
            self.work.late_to = Some(valid_to);
        }
        if let Some(vertex) = o.record_at.filter(|_| o.granted) {
            self.camera.approve(o.lease, vertex);
        }
        if o.granted {
            self.say(now, Report::ApprovalConsumed { approval: o.approval, action_hash: o.action_hash });
            // The platform says which steps count no more.
        } else if let Some(step) = o.skip {
            self.work.leave_out(step);
        }
        Ok(())
    }

    /// Access was taken back: no more work, and no entry.
    pub(super) fn revoked(&mut self, now: Instant, lease: LeaseId, plan: AccessPlanId) {
        // Said first: leaving may end the lease under which it is said.
        self.say(now, Report::AccessRevokeAcked { plan });
        if !self.work.has(lease) {
            return;
        }
        self.rights.revoke();
        match self.work.phase {
            Phase::Reserved | Phase::EnRoute | Phase::Arrived => self.work.ungrant(),
            Phase::Free | Phase::GivenUpOutside | Phase::Exiting => {}
            Phase::Working | Phase::Completed | Phase::GivenUpInside => {
                let pose = self.pose_mm();
                if self.help.release() {
                    self.let_go();
                }
                let mut out = Vec::new();
                self.work.safe_exit(self.track.last_vertex, pose, self.work.put_down, &mut out);
                self.say_all(now, out);
            }
        }
    }

    /// The fence that its badge shows at a door.
    pub fn badge(&self) -> u64 {
        self.badge.unwrap_or(self.link.fence)
    }

    /// What it shows at a terminal beside a door: the credential of its plan by reference, if it was built to.
    pub fn credential(&self, now: Instant) -> Option<&str> {
        let name = AccessMethod::Code.ability();
        let can = self.config.declares.iter().any(|d| d.name == name && d.value > 0);
        let lease = self.work.lease.as_ref().map(|l| l.id);
        self.rights.credential(self.platform_time(now), lease).filter(|_| can && !self.bare)
    }

    /// Under a fault it shows nothing at terminals.
    pub fn set_bare(&mut self, bare: bool) {
        self.bare = bare;
    }

    /// Under a fault its badge goes on showing the fence of this moment.
    pub fn set_old_badge(&mut self, old: bool) {
        self.badge = old.then_some(self.link.fence);
    }
}
