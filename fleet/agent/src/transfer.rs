//! A load that changes robots: put down on the way out where the platform says, fetched by the next robot before its first
//! step. Neither is a step of the plan.

use crate::work::{Around, DECK_EMPTY_G, GRIPPER_ANSWER, Phase, Work};
use nooterra_engine::ids::JobId;
use nooterra_engine::{Instant, Span};
use nooterra_port::hardware::{GripperCommand, GripperState};
use nooterra_port::order::{Plan, left_hash};
use nooterra_port::report::{AbortReason, Report};

/// Give up fetching after this long at the place.
const FETCH_TIMEOUT: Span = Span::from_secs(120);

impl Work {
    /// The place where the load is to be put down, while it is on the robot and the robot leaves.
    pub(crate) fn put_down_place(&self) -> Option<u32> {
        self.put_down.filter(|_| self.phase == Phase::Exiting && self.holding.is_some())
    }

    /// Where what another robot has left lies, until it is fetched.
    pub(crate) fn fetch_place(&self) -> Option<u32> {
        let f = self.lease.as_ref()?.plan.fetch.as_ref()?;
        (!self.fetched).then_some(f.vertex)
    }

    /// One cycle on the way out with a load that is to stay here.
    pub(crate) fn leave_load(&mut self, now: Instant, a: &Around<'_>, out: &mut Vec<Report>) -> Option<GripperCommand> {
        let place = self.put_down?;
        let Some(item) = self.holding else {
            // It fell, or somebody took it: there is nothing to put down, and the way out is all that is left.
            if self.asked_at.is_none() {
                self.forget_load(a, out);
            }
            return None;
        };
        if a.at != Some(place) {
            return None;
        }
        if self.lies {
            out.push(Report::LoadPutDown { item, vertex: place, mass_g: a.frame.deck_g });
            self.load_left();
            return None;
        }
        if !self.may_ask(now, a) {
            return None;
        }
        let mut command = None;
        let f = a.frame;
        let Some(asked) = self.asked_at else {
            self.ask(now, f.deck_g, GripperCommand::Drop, &mut command);
            return command;
        };
        if now.since(asked) < GRIPPER_ANSWER {
            return None;
        }
        let light = f.deck_g < DECK_EMPTY_G.max(self.deck_before_g / 2);
        if f.gripped.is_none() && light && f.gripper != GripperState::Busy && f.gripper != GripperState::Failed {
            out.push(Report::LoadPutDown { item, vertex: place, mass_g: self.deck_before_g.saturating_sub(f.deck_g) });
            self.load_left();
        } else {
            self.judge_try(now, asked, f.gripper, out);
        }
        None
    }

    fn load_left(&mut self) {
        (self.holding, self.held_g, self.put_down, self.asked_at) = (None, 0, None, None);
        // That it is out follows from where it put the load down, and is not said twice.
        self.exit_said = true;
    }

    fn forget_load(&mut self, a: &Around<'_>, out: &mut Vec<Report>) {
        self.put_down = None;
        let inside = self.lease.as_ref().is_some_and(|l| a.at.is_some_and(|v| l.is_inside(v)));
        if !inside {
            self.say_out(a.pose, out);
        }
    }

    /// One cycle before the first step: takes what was left, and checks that it is what it was told to find. Says whether it
    /// has it.
    pub(crate) fn fetch(
        &mut self,
        now: Instant,
        a: &Around<'_>,
        (job, plan): (JobId, &Plan),
        command: &mut Option<GripperCommand>,
        out: &mut Vec<Report>,
    ) -> bool {
        let Some(f) = plan.fetch.as_ref().filter(|_| !self.fetched) else { return true };
        if a.at != Some(f.vertex) {
            self.at_step_since = None;
            return false;
        }
        let since = *self.at_step_since.get_or_insert(now);
        let Some(mass_g) = self.takes(now, a, f.item, f.mass_g, command, out) else {
            if self.phase == Phase::Working && now.since(since) > FETCH_TIMEOUT && command.is_none() {
                self.give_up(AbortReason::Payload, "what was left could not be taken up", out);
            }
            return false;
        };
        // From what it has on its deck and where it stands, not from what it was told.
        let state_hash = left_hash(job, self.step, self.holding.unwrap_or(f.item), f.vertex, f.checkpoint);
        if state_hash != f.state_hash {
            self.give_up(AbortReason::Payload, "this is not what was left for it", out);
            return false;
        }
        self.fetched = true;
        self.tries = 0;
        self.asked_at = None;
        self.at_step_since = None;
        self.retry_at = now;
        self.gets_on(out);
        out.push(Report::LoadFetched { item: f.item, vertex: f.vertex, mass_g, state_hash });
        true
    }
}
