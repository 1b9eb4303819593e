//! The job at hand: from the offered lease to the last checkpoint and out again, strictly in the plan's order.

use nooterra_engine::ids::{ItemId, JobId, LeaseId};
use nooterra_engine::{Digest, Instant, Record, Span};
use nooterra_port::hardware::{GripperCommand, GripperState, SensorFrame};
use nooterra_port::order::{LeaseOffer, Plan, StepAction};
use nooterra_port::report::{AbortReason, PoseMm, Report, StallReason};

/// A gripper that says nothing for this long has failed.
const GRIPPER_PATIENCE: Span = Span::from_secs(20);
/// Done according to the gripper, but not to the scale: wait this long for the scale.
const SCALE_PATIENCE: Span = Span::from_secs(3);
/// The gripper's answer to a command is not older than this.
pub(crate) const GRIPPER_ANSWER: Span = Span::from_millis(90);
/// Pause before a retry, and between retries once help is asked for.
const RETRY_PAUSE: Span = Span::from_secs(2);
const STALLED_PAUSE: Span = Span::from_secs(10);
/// First try and two more.
const TRIES: u16 = 3;
/// The deck reads less than this when it is empty.
pub(crate) const DECK_EMPTY_G: u32 = 100;

/// Where the robot stands with its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Phase {
    /// No job.
    #[default]
    Free,
    /// Lease accepted, not departed.
    Reserved,
    /// On the way to the access point.
    EnRoute,
    /// At the access point, waiting for entry.
    Arrived,
    /// Working.
    Working,
    /// All steps done, leaving.
    Completed,
    /// Leaving under a safe exit.
    Exiting,
    /// Given up outside of the area; waiting for the lease to end.
    GivenUpOutside,
    /// Given up inside; waiting for a safe exit.
    GivenUpInside,
}

/// A lease in force.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Lease {
    /// Its id.
    pub id: LeaseId,
    /// The job.
    pub job: JobId,
    /// Leg of the job.
    pub leg: u8,
    /// Fence at the offer: every report about the job carries it.
    pub fence: u64,
    /// Lives this long after the last acknowledged heartbeat.
    pub ttl: Span,
    /// Report in at least this often.
    pub heartbeat: Span,
    /// When it was accepted.
    pub accepted_at: Instant,
    /// Its time begins here, in platform time.
    pub from: Instant,
    /// And should end here.
    pub to: Instant,
    /// What to do.
    pub plan: Plan,
    /// Its hash.
    pub plan_hash: Digest,
    /// Bundles that it runs on.
    pub skills: Vec<Digest>,
    /// It was told to brake and stay.
    pub braked: bool,
}

impl Lease {
    /// An offer that passed all checks.
    pub fn new(now: Instant, o: &LeaseOffer, fence: u64) -> Self {
        Self {
            id: o.lease,
            job: o.job,
            leg: o.leg,
            fence,
            ttl: o.ttl,
            heartbeat: o.heartbeat,
            accepted_at: now,
            from: o.from,
            to: o.to,
            plan: o.plan.clone(),
            plan_hash: o.plan.hash(),
            skills: o.skills.clone(),
            braked: false,
        }
    }
    /// Would it meet this stretch of time?
    pub fn meets(&self, from: Instant, to: Instant) -> bool {
        self.from < to && from < self.to
    }
    /// Belongs this vertex to the work area?
    pub fn is_inside(&self, vertex: u32) -> bool {
        vertex == self.plan.access_point || self.plan.steps.iter().any(|s| s.vertex == vertex)
    }
}

/// The job with its progress.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Work {
    /// Where it stands.
    pub phase: Phase,
    /// The lease in force.
    pub lease: Option<Lease>,
    granted: bool,
    route_given: bool,
    /// Steps done: the next one has this index. Set before its checkpoint is reported.
    pub step: u16,
    pub(crate) at_step_since: Option<Instant>,
    pub(crate) asked_at: Option<Instant>,
    pub(crate) retry_at: Instant,
    pub(crate) tries: u16,
    pub(crate) deck_before_g: u32,
    stalled: bool,
    pub(crate) exit_said: bool,
    /// Item held, as far as the robot knows.
    pub holding: Option<ItemId>,
    pub(crate) held_g: u32,
    light_cycles: u32,
    /// The requester has let it stay until then.
    pub late_to: Option<Instant>,
    /// The end of its time there for which more was asked.
    pub asked_for: Option<Instant>,
    /// Where a lift together with others stands.
    pub lifting: crate::lift::Lifting,
    /// Has hold of what others hold too.
    pub(crate) has_hold: bool,
    /// What that is.
    pub(crate) lifted: Option<ItemId>,
    /// On its way out it puts its load down there, for another robot.
    pub(crate) put_down: Option<u32>,
    /// It has what another robot has left for it.
    pub(crate) fetched: bool,
    /// The floor that it covers at this step.
    pub(crate) covering: Option<crate::cover::Covering>,
    /// Its footprint is in an area: it is not out yet.
    pub(crate) in_area: bool,
    /// A dishonest program: it says that it has put the load down, and keeps it, or that it has covered a floor, and stands.
    pub lies: bool,
}

/// What the job sees of the robot in one cycle.
pub struct Around<'a> {
    /// Vertex where the robot stands still after having reached it.
    pub at: Option<u32>,
    /// Moving?
    pub moving: bool,
    /// Link up?
    pub online: bool,
    /// Stopped by order or fault?
    pub stopped: bool,
    /// Sensors.
    pub frame: &'a SensorFrame,
    /// Estimated pose.
    pub pose: PoseMm,
    /// Length of the released way, mm.
    pub route_mm: u64,
    /// Expected time on it, s.
    pub eta_s: u32,
    /// Largest load, g.
    pub payload_max_g: u32,
}

impl Work {
    /// Takes up a lease whose time has come.
    pub fn begin(&mut self, lease: Lease) {
        let (holding, held_g, lies, has_hold) = (self.holding, self.held_g, self.lies, self.has_hold);
        let step = lease.plan.from_step;
        *self = Self { phase: Phase::Reserved, step, lease: Some(lease), holding, held_g, lies, has_hold, ..Self::default() };
    }
    /// Is it about no lease, or only about to hear that its last one is over?
    pub const fn is_free(&self) -> bool {
        matches!(self.phase, Phase::Free | Phase::Completed | Phase::GivenUpOutside)
    }
    /// Drops lease and plan; what is held stays held.
    pub fn end(&mut self) {
        let has_hold = self.has_hold;
        *self = Self { holding: self.holding, held_g: self.held_g, lies: self.lies, has_hold, ..Self::default() };
    }
    /// Is this the lease in force?
    pub fn has(&self, lease: LeaseId) -> bool {
        self.lease.as_ref().is_some_and(|l| l.id == lease)
    }
    /// A route came in: the trip may begin.
    pub fn route_given(&mut self) {
        self.route_given = true;
    }
    /// When its time there ends, in platform time.
    pub fn valid_to(&self) -> Option<Instant> {
        let l = self.lease.as_ref()?;
        Some(self.late_to.map_or(l.plan.valid_to, |t| t.max(l.plan.valid_to)))
    }
    /// The requester did not agree to what this step needs: it is left out.
    pub fn leave_out(&mut self, step: u16) {
        if self.phase == Phase::Working && self.step == step {
            self.step += 1;
            self.covering = None;
            self.tries = 0;
            self.asked_at = None;
            self.at_step_since = None;
        }
    }
    /// Entry is not granted any more.
    pub fn ungrant(&mut self) {
        self.granted = false;
    }
    /// Was it told to brake and stay? Whoever leaves was not.
    pub fn is_braked(&self) -> bool {
        let leaves = matches!(self.phase, Phase::Exiting | Phase::GivenUpInside | Phase::GivenUpOutside | Phase::Completed);
        !leaves && self.lease.as_ref().is_some_and(|l| l.braked)
    }
    /// Brakes and stays, or goes on.
    pub fn brake(&mut self, on: bool) {
        if let Some(l) = &mut self.lease {
            l.braked = on;
        }
    }
    /// Is entry granted?
    pub const fn granted(&self) -> bool {
        self.granted
    }
    /// Entry is granted.
    pub fn grant(&mut self) {
        self.granted = true;
    }
    /// Must the robot stay at this vertex for now, even if more way is released?
    pub fn holds_at(&self, vertex: u32) -> bool {
        self.target() == Some(vertex)
    }
    /// Vertex where the robot has to stop for its work, whatever the route says.
    pub fn target(&self) -> Option<u32> {
        let l = self.lease.as_ref()?;
        match self.phase {
            Phase::Reserved | Phase::EnRoute | Phase::Arrived if self.route_given => Some(l.plan.access_point),
            Phase::Working => self.fetch_place().or_else(|| l.plan.steps.get(usize::from(self.step)).map(|s| s.vertex)),
            Phase::Exiting => self.put_down_place(),
            _ => None,
        }
    }
    /// Begins a safe exit. `last_vertex` is the node last reached; what is on the robot is put down at `put_down`. Told again,
    /// the last word counts.
    pub fn safe_exit(&mut self, last_vertex: Option<u32>, pose: PoseMm, put_down: Option<u32>, out: &mut Vec<Report>) {
        let put_down = put_down.filter(|_| self.holding.is_some());
        let again = self.phase == Phase::Exiting;
        if again && self.put_down == put_down {
            return;
        }
        self.phase = Phase::Exiting;
        self.put_down = put_down;
        if !again {
            self.asked_at = None;
            self.tries = 0;
            // A grip that fails now is no stall: there is no work any more.
            self.stalled = true;
        }
        let inside = self.in_area || self.lease.as_ref().is_some_and(|l| last_vertex.is_some_and(|v| l.is_inside(v)));
        if !inside && put_down.is_none() {
            self.say_out(pose, out);
        }
    }
    pub(crate) fn say_out(&mut self, pose: PoseMm, out: &mut Vec<Report>) {
        if !self.exit_said {
            self.exit_said = true;
            out.push(Report::SafeExitReported { custody: self.holding.is_some(), pose });
        }
    }
    /// A node was reached.
    pub fn node_reached(&mut self, vertex: u32, pose: PoseMm, out: &mut Vec<Report>) {
        let inside = self.in_area || self.lease.as_ref().is_none_or(|l| l.is_inside(vertex));
        if !inside && matches!(self.phase, Phase::Completed | Phase::Exiting) && self.put_down.is_none() {
            self.say_out(pose, out);
        }
    }
    /// Gives up what it is doing, for this reason.
    pub fn give_up(&mut self, reason: AbortReason, detail: &str, out: &mut Vec<Report>) {
        let detail = detail.to_owned();
        match self.phase {
            Phase::Reserved | Phase::EnRoute | Phase::Arrived => {
                self.phase = Phase::GivenUpOutside;
                out.push(Report::TripAborted { reason, detail });
            }
            Phase::Working => {
                self.phase = Phase::GivenUpInside;
                self.asked_at = None;
                out.push(Report::ExecutionAborted { reason, detail });
            }
            _ => {}
        }
    }

    /// One cycle. Returns what the gripper shall do.
    pub fn cycle(&mut self, now: Instant, a: &Around<'_>, out: &mut Vec<Report>) -> Option<GripperCommand> {
        self.watch_load(a, out);
        if let Some(let_go) = self.lets_go(out) {
            return Some(let_go);
        }
        let (access_point, leg, plan_hash) = match &self.lease {
            Some(l) => (l.plan.access_point, l.leg, l.plan_hash),
            None => return None,
        };
        if self.phase == Phase::Reserved && self.route_given && !a.stopped && (a.moving || a.at == Some(access_point)) {
            self.phase = Phase::EnRoute;
            out.push(Report::Departed { route_mm: a.route_mm, eta_s: a.eta_s });
        }
        if self.phase == Phase::EnRoute && a.at == Some(access_point) {
            self.phase = Phase::Arrived;
            out.push(Report::RobotArrived { access_point, pose: a.pose });
        }
        if self.phase == Phase::Arrived && self.granted && a.online && !a.stopped {
            self.phase = Phase::Working;
            out.push(Report::ExecutionStarted { leg, plan_hash, from_step: self.step });
        }
        match self.phase {
            Phase::Working if !a.stopped => self.work(now, a, out),
            Phase::Exiting if !a.stopped => self.leave_load(now, a, out),
            _ => None,
        }
    }

    fn work(&mut self, now: Instant, a: &Around<'_>, out: &mut Vec<Report>) -> Option<GripperCommand> {
        // The lease is taken out for the moment, so that its steps can be read while progress is written.
        let lease = self.lease.take()?;
        let command = self.work_on(now, a, lease.job, &lease.plan, out);
        self.lease = Some(lease);
        command
    }

    fn work_on(&mut self, now: Instant, a: &Around<'_>, job: JobId, plan: &Plan, out: &mut Vec<Report>) -> Option<GripperCommand> {
        let mut command = None;
        if !self.fetch(now, a, (job, plan), &mut command, out) {
            return command;
        }
        let Some(step) = plan.steps.get(usize::from(self.step)) else {
            self.phase = Phase::Completed;
            out.push(Report::ExecutionCompleted { steps: self.step });
            return None;
        };
        let covers =
            if let StepAction::Cover { way, .. } = &step.action { Some(self.cover(now, a, step.vertex, way, step.timeout)) } else { None };
        if a.at != Some(step.vertex) {
            self.at_step_since = None;
            return None;
        }
        let since = *self.at_step_since.get_or_insert(now);
        let done = match &step.action {
            StepAction::Dwell { lasts } => now.since(since) >= *lasts,
            StepAction::Pick { item, mass_g } => self.pick(now, a, *item, *mass_g, &mut command, out),
            StepAction::Drop { item } => self.drop(now, a, *item, &mut command, out),
            StepAction::Lift { item, .. } => self.lift(now, a, *item, &mut command, out),
            StepAction::Cover { .. } => covers == Some(true),
        };
        if done {
            self.gets_on(out);
            let index = self.step;
            self.step += 1;
            self.covering = None;
            self.tries = 0;
            self.asked_at = None;
            self.at_step_since = None;
            self.retry_at = now;
            let claimed: u64 = plan.steps.iter().take(usize::from(self.step)).map(|s| u64::from(s.work_bps)).sum();
            out.push(Report::CheckpointReached {
                index,
                step: step.name.clone(),
                vertex: step.vertex,
                work_bps_claimed: u32::try_from(claimed.min(10_000)).unwrap_or(10_000),
            });
        } else if self.phase == Phase::Working
            && covers.is_none()
            && step.timeout > Span::ZERO
            && now.since(since) > step.timeout
            && command.is_none()
        {
            self.give_up(AbortReason::Payload, "step took too long", out);
        }
        command
    }

    /// A stall that it told of is over.
    pub(crate) fn gets_on(&mut self, out: &mut Vec<Report>) {
        if std::mem::take(&mut self.stalled) {
            out.push(Report::ExecutionResumed);
        }
    }

    fn pick(
        &mut self,
        now: Instant,
        a: &Around<'_>,
        item: ItemId,
        mass_g: u32,
        command: &mut Option<GripperCommand>,
        out: &mut Vec<Report>,
    ) -> bool {
        let brought = self.asked_at.is_none() && self.holding == Some(item);
        let Some(mass_g) = self.takes(now, a, item, mass_g, command, out) else { return false };
        if !brought {
            out.push(Report::CustodyChanged { item, held: true, mass_g });
        }
        true
    }

    /// Takes an item up: its mass in grams once it is on the deck, or was there already.
    pub(crate) fn takes(
        &mut self,
        now: Instant,
        a: &Around<'_>,
        item: ItemId,
        mass_g: u32,
        command: &mut Option<GripperCommand>,
        out: &mut Vec<Report>,
    ) -> Option<u32> {
        let f = a.frame;
        if self.asked_at.is_none() && f.gripped == Some(item) && self.holding == Some(item) {
            return Some(f.deck_g); // brought along from an earlier leg
        }
        if !self.may_ask(now, a) {
            return None;
        }
        let Some(asked) = self.asked_at else {
            self.ask(now, f.deck_g, GripperCommand::Pick { item }, command);
            return None;
        };
        if now.since(asked) < GRIPPER_ANSWER {
            return None;
        }
        let gained_g = f.deck_g.saturating_sub(self.deck_before_g);
        let heavy = gained_g >= mass_g / 2;
        let taken = f.gripper != GripperState::Busy
            && f.gripper != GripperState::Failed
            && heavy
            && (f.gripped == Some(item) || (f.gripped.is_none() && f.gripper == GripperState::Done));
        if taken {
            self.holding = Some(item);
            self.held_g = f.deck_g;
            self.light_cycles = 0;
            if f.deck_g > a.payload_max_g.saturating_add(a.payload_max_g / 10) {
                out.push(Report::CustodyChanged { item, held: true, mass_g: gained_g });
                self.give_up(AbortReason::Payload, "heavier than the robot may carry", out);
                return None;
            }
            return Some(gained_g);
        }
        self.judge_try(now, asked, f.gripper, out);
        None
    }

    fn drop(&mut self, now: Instant, a: &Around<'_>, item: ItemId, command: &mut Option<GripperCommand>, out: &mut Vec<Report>) -> bool {
        let f = a.frame;
        if self.lies && self.holding == Some(item) {
            self.holding = None;
            self.held_g = 0;
            out.push(Report::CustodyChanged { item, held: false, mass_g: f.deck_g });
            return true;
        }
        if self.asked_at.is_none() && self.holding != Some(item) && f.gripped != Some(item) {
            self.give_up(AbortReason::Payload, "the item is not on the robot", out);
            return false;
        }
        if !self.may_ask(now, a) {
            return false;
        }
        let Some(asked) = self.asked_at else {
            self.ask(now, f.deck_g, GripperCommand::Drop, command);
            return false;
        };
        if now.since(asked) < GRIPPER_ANSWER {
            return false;
        }
        let light = f.deck_g < DECK_EMPTY_G.max(self.deck_before_g / 2);
        if f.gripped.is_none() && light && f.gripper != GripperState::Busy && f.gripper != GripperState::Failed {
            self.holding = None;
            self.held_g = 0;
            out.push(Report::CustodyChanged { item, held: false, mass_g: self.deck_before_g.saturating_sub(f.deck_g) });
            return true;
        }
        self.judge_try(now, asked, f.gripper, out);
        false
    }

    /// No new grip without a link, and none before its time.
    pub(crate) fn may_ask(&self, now: Instant, a: &Around<'_>) -> bool {
        self.asked_at.is_some() || (a.online && now >= self.retry_at)
    }

    pub(crate) fn ask(&mut self, now: Instant, deck_g: u32, c: GripperCommand, command: &mut Option<GripperCommand>) {
        self.asked_at = Some(now);
        self.deck_before_g = deck_g;
        *command = Some(c);
    }

    pub(crate) fn judge_try(&mut self, now: Instant, asked: Instant, state: GripperState, out: &mut Vec<Report>) {
        let waited = now.since(asked);
        let failed = match state {
            GripperState::Failed => true,
            GripperState::Done | GripperState::Idle => waited > SCALE_PATIENCE,
            GripperState::Busy => waited > GRIPPER_PATIENCE,
        };
        if failed {
            self.asked_at = None;
            self.tries = self.tries.saturating_add(1);
            self.retry_at = now.saturating_add(if self.tries < TRIES { RETRY_PAUSE } else { STALLED_PAUSE });
            if self.tries >= TRIES && !self.stalled {
                self.stalled = true;
                out.push(Report::ExecutionStalled { reason: StallReason::Stuck });
            }
        }
    }

    /// The load falls by max(100 g, a fifth) without being told to, and stays off for half a second.
    fn watch_load(&mut self, a: &Around<'_>, out: &mut Vec<Report>) {
        if self.lies && self.holding.is_none() {
            return;
        }
        if self.holding.is_none() || self.asked_at.is_some() {
            self.light_cycles = 0;
            if let (Some(item), None, true) = (a.frame.gripped, self.asked_at, a.frame.deck_g >= DECK_EMPTY_G) {
                // A grip that ended after it was given up, or one from before a restart.
                self.holding = Some(item);
                self.held_g = a.frame.deck_g;
                if self.lease.is_some() {
                    out.push(Report::CustodyChanged { item, held: true, mass_g: a.frame.deck_g });
                }
            }
            return;
        }
        let lost_g = self.held_g.saturating_sub(a.frame.deck_g);
        if lost_g < 100.max(self.held_g / 5) {
            self.light_cycles = 0;
            return;
        }
        self.light_cycles += 1;
        if self.light_cycles == 10 {
            out.push(Report::Noticed { code: "PAYLOAD_DROP".into(), measure: i64::from(lost_g) });
            if let Some(item) = self.holding.take_if(|_| a.frame.deck_g < DECK_EMPTY_G.max(self.held_g / 2)) {
                out.push(Report::CustodyChanged { item, held: false, mass_g: 0 });
                self.give_up(AbortReason::Payload, "the load fell off", out);
            }
            self.held_g = a.frame.deck_g;
        }
    }
    /// Grasps that failed at the present step.
    pub fn failed_grasps(&self) -> u32 {
        u32::from(self.tries)
    }
    /// An operator says how to take hold: it is tried again at once. Only one way is ever proposed, under number 0.
    pub fn approve_grasp(&mut self, now: Instant, choice: u32) -> Result<(), &'static str> {
        if self.phase != Phase::Working || self.tries == 0 {
            return Err("STATE_FORBIDS");
        }
        if choice != 0 {
            return Err("NOT_FOUND");
        }
        self.tries = 0;
        self.asked_at = None;
        self.retry_at = now;
        Ok(())
    }
    /// Load on the deck, g.
    pub fn load_g(&self) -> u32 {
        self.held_g
    }
}
