//! The desk of remote help joined to jobs and robots: what each of its events means for them, and what makes them ask.

use crate::fact::OperatorEvent;
use crate::operator::refused;
use crate::unit::{Outcome, Unit, need};
use crate::wish::{HelpOffer, HelpWord, Wish};
use nooterra_engine::ids::{AssistId, InterventionId, JobId, OperatorId, RobotId};
use nooterra_engine::time::Span;
use nooterra_engine::{Digest, sometimes};
use nooterra_jobs::batch;
use nooterra_jobs::event::{AssistOutcome, AssistReason, Cause, Event, Fallback, InterventionKind, StallReason};
use nooterra_jobs::status::Status;
use nooterra_jobs::tier::Tier;
use nooterra_operations::assist::{Outcome as Ended, Priority, Reason, Request, Stage};
use nooterra_operations::desk::{Command, Event as DeskEvent};
use nooterra_operations::intervention::{Fate, Kind};
use nooterra_port::Order;
use nooterra_port::assist::{Action, AssistView, InterventionOrder};
use nooterra_trust::Code;

/// The most rays of one picture.
const RAYS_MOST: usize = 2_048;

/// What a robot said to an intervention.
pub(crate) struct Answer {
    pub code: String,
    pub applied: Vec<i64>,
    pub clamps: Vec<String>,
}

const fn outcome_of(o: Ended) -> AssistOutcome {
    match o {
        Ended::Resumed => AssistOutcome::Resumed,
        Ended::Unresolved => AssistOutcome::Unresolved,
        Ended::Abort => AssistOutcome::Abort,
        Ended::Timeout => AssistOutcome::Timeout,
        Ended::Idle => AssistOutcome::Idle,
        Ended::LinkLost => AssistOutcome::LinkLost,
        Ended::TaskDone => AssistOutcome::TaskDone,
        Ended::Exited => AssistOutcome::Exited,
    }
}

const fn reason_of(r: Reason) -> AssistReason {
    match r {
        Reason::Asked => AssistReason::Asked,
        Reason::Stalled => AssistReason::Stalled,
        Reason::Incident => AssistReason::Incident,
        Reason::ExitEscalated => AssistReason::ExitEscalated,
        Reason::OperatorLost => AssistReason::OperatorLost,
    }
}

const fn kind_of(k: Kind) -> InterventionKind {
    match k {
        Kind::ApproveGrasp => InterventionKind::ApproveGrasp,
        Kind::SetNavTarget => InterventionKind::SetNavTarget,
        Kind::SelectObject => InterventionKind::SelectObject,
        Kind::TeleopNudge => InterventionKind::TeleopNudge,
        Kind::Resume => InterventionKind::Resume,
        Kind::Abort => InterventionKind::Abort,
    }
}

impl Unit<'_> {
    /// Tells the desk, and does what comes of it.
    pub fn desk(&mut self, command: Command) -> Outcome {
        self.desk_with(command, None, None)
    }

    pub fn desk_with(&mut self, command: Command, action: Option<Action>, answer: Option<Answer>) -> Outcome {
        let events = self.s.desk.decide(self.now(), command).map_err(refused)?;
        for e in events {
            self.desk_event(&e, action, answer.as_ref());
        }
        Ok(())
    }

    /// The desk's time has come.
    pub fn desk_tick(&mut self) {
        let ticked = self.desk(Command::Tick);
        nooterra_engine::always!(ticked.is_ok(), "time is not refused");
    }

    fn desk_event(&mut self, e: &DeskEvent, action: Option<Action>, answer: Option<&Answer>) {
        let now = self.now();
        match e {
            DeskEvent::ShiftOpened { operator, shift } => {
                let all = [Tier::Managed, Tier::Office, Tier::Hospitality, Tier::InHome];
                let tiers = all.into_iter().filter(|t| shift.tiers.contains(&(*t as u8))).collect();
                let regions = shift.regions.clone();
                let event = OperatorEvent::ShiftOpened { shift: shift.shift, max_jobs: shift.max_jobs, until: shift.until, tiers, regions };
                self.emit_operator(*operator, event);
            }
            DeskEvent::ShiftClosed { operator, shift } => self.emit_operator(*operator, OperatorEvent::ShiftClosed { shift: *shift }),
            DeskEvent::ConsoleLost { operator, last } => {
                sometimes!(true, "an operator's console falls silent");
                self.emit_operator(*operator, OperatorEvent::ConsoleLost { last: *last });
            }
            DeskEvent::ConsoleBack { operator } => self.emit_operator(*operator, OperatorEvent::ConsoleRestored {}),
            DeskEvent::Queued(r) => {
                let (assist, priority, reason) = (r.assist, r.priority as u8, reason_of(r.reason));
                self.emit(r.job, Event::AssistQueued { assist, priority, reason, question_hash: r.question });
            }
            DeskEvent::Raised { assist, priority } => {
                if let Some((job, _, reason)) = self.of_assist(*assist) {
                    let (priority, reason) = (*priority as u8, reason_of(reason));
                    self.emit(job, Event::AssistQueued { assist: *assist, priority, reason, question_hash: None });
                }
            }
            DeskEvent::Offered { assist, operator, attempt, accept_by } => {
                if let Some((job, robot, reason)) = self.of_assist(*assist) {
                    let (assist, operator, accept_by) = (*assist, *operator, *accept_by);
                    self.emit(job, Event::AssistOffered { assist, operator, attempt: *attempt, accept_by });
                    let priority = self.s.desk.open.get(&assist).map_or(Priority::Normal, |a| a.request.priority);
                    let offer = HelpOffer { assist, job, robot, priority, reason, accept_by };
                    self.wish(Wish::Help { operator, word: HelpWord::Offer(offer) });
                }
            }
            DeskEvent::OfferLapsed { assist, operator } => {
                self.shut_line(*assist);
                if let Some((job, ..)) = self.of_assist(*assist) {
                    self.emit(job, Event::AssistOfferLapsed { assist: *assist, operator: *operator });
                    self.wish(Wish::Help { operator: *operator, word: HelpWord::Over { assist: *assist } });
                }
            }
            DeskEvent::Accepted { assist, operator } => {
                if let Some((job, robot, _)) = self.of_assist(*assist) {
                    self.emit(job, Event::AssistAccepted { assist: *assist, operator: *operator });
                    if let Some(lease) = self.job(job).ok().and_then(nooterra_jobs::Job::lease) {
                        self.order(robot, Order::Assist { assist: *assist, lease, open: true });
                    }
                }
            }
            DeskEvent::Declined { assist, operator, reason } => {
                if let Some((job, ..)) = self.of_assist(*assist) {
                    self.emit(job, Event::AssistDeclined { assist: *assist, operator: *operator, reason: reason.clone() });
                }
            }
            DeskEvent::Started { assist, operator, view } => {
                let party = self.s.desk.operators.get(operator).map(|o| o.party);
                if let (Some((job, ..)), Some(party)) = (self.of_assist(*assist), party) {
                    sometimes!(true, "an operator helps");
                    self.emit(job, Event::AssistStarted { assist: *assist, operator: *operator, party, channel_hash: *view });
                }
            }
            DeskEvent::Ended { assist, outcome } => return self.help_ends(*assist, *outcome),
            DeskEvent::Exhausted { assist } => return self.exhausted(*assist),
            DeskEvent::Shown { .. } => {}
            DeskEvent::Submitted { assist, operator, intervention, view, action: a } => {
                if let (Some((job, robot, _)), Some(action)) = (self.of_assist(*assist), action) {
                    let (assist, intervention, operator, kind) = (*assist, *intervention, *operator, kind_of(a.kind()));
                    let args = action.args();
                    self.emit(job, Event::InterventionSubmitted { intervention, operator, kind, args, proposal_hash: *view });
                    if let Some(lease) = self.job(job).ok().and_then(nooterra_jobs::Job::lease) {
                        self.order(robot, Order::Intervention(InterventionOrder { assist, lease, intervention, view: *view, action }));
                    }
                }
            }
            DeskEvent::Answered { assist, intervention, fate } => self.answered_by_robot(*assist, *intervention, *fate, answer),
        }
        self.s.desk.evolve(now, e);
        if let DeskEvent::ShiftClosed { operator, .. } = e {
            self.shift_uncovers(*operator);
        }
    }

    fn of_assist(&self, assist: AssistId) -> Option<(JobId, RobotId, Reason)> {
        self.s.desk.open.get(&assist).map(|a| (a.request.job, a.request.robot, a.request.reason))
    }

    fn answered_by_robot(&mut self, assist: AssistId, intervention: InterventionId, fate: Fate, answer: Option<&Answer>) {
        let Some(a) = self.s.desk.open.get(&assist) else { return };
        let (job, operator) = (a.request.job, a.stage.operator());
        let latency = a.pending.map_or(Span::ZERO, |p| self.now().since(p.at));
        let code = match fate {
            Fate::Applied => String::new(),
            Fate::Refused => answer.map_or(String::new(), |x| x.code.clone()),
            Fate::Expired => "EXPIRED".to_owned(),
        };
        let event = match (fate, answer) {
            (Fate::Applied, Some(x)) => {
                Event::InterventionApplied { intervention, applied: x.applied.clone(), clamps: x.clamps.clone(), latency }
            }
            (Fate::Refused, _) => Event::InterventionRefused { intervention, code: code.clone(), latency },
            _ => Event::InterventionExpired { intervention },
        };
        self.emit(job, event);
        if let Some(operator) = operator {
            self.wish(Wish::Help { operator, word: HelpWord::Answer { assist, intervention, code } });
        }
    }

    /// An assist that was under way ends, and what comes of it.
    fn help_ends(&mut self, assist: AssistId, outcome: Ended) {
        let now = self.now();
        let Some((job, robot, _)) = self.of_assist(assist) else { return };
        let Ok(j) = self.job(job) else { return };
        let was_working = j.status == Status::Assisted;
        // The operator is gone, not the robot: its time is billed to the end; if its console fell silent, up to its last word.
        let lost = self.s.desk.open.get(&assist).and_then(|a| a.stage.operator()).and_then(|o| self.s.desk.operators.get(&o));
        let until = lost.filter(|o| o.lost).map_or(now, |o| o.heard.min(now));
        let Some(ended) = batch::end_help(j, AssistOutcome::TaskDone, until) else { return };
        if let Event::AssistEnded { billed, .. } = ended {
            self.emit(job, Event::AssistEnded { assist, outcome: outcome_of(outcome), billed });
        }
        if matches!(outcome, Ended::Resumed | Ended::TaskDone)
            && let Some(c) = self.touch_robot(robot)
        {
            c.shut_in = None;
        }
        if !was_working {
            return;
        }
        match outcome {
            Ended::Resumed | Ended::TaskDone | Ended::Exited => {}
            Ended::Abort => self.safe_exit(job, Cause::OperatorAborted, None),
            Ended::Unresolved | Ended::Timeout | Ended::Idle | Ended::LinkLost => {
                self.emit(job, Event::ExecutionStalled { reason: StallReason::AssistUnresolved });
            }
        }
    }

    /// Nobody helps: the pinned fallback. Work that has got going by itself meanwhile goes on.
    fn exhausted(&mut self, assist: AssistId) {
        let now = self.now();
        let Some((job, ..)) = self.of_assist(assist) else { return };
        let Ok(j) = self.job(job) else { return };
        let pinned = j.pins.as_ref().map_or(Fallback::SafeExit, |p| p.assist_fallback);
        let open = self.s.desk.open.get(&assist);
        let (status, low) = (j.status, open.is_some_and(|a| a.request.priority == Priority::Low));
        let since = open.map_or(now, |a| a.queued_at);
        let goes_on = status != Status::Stalled || (pinned == Fallback::Continue && low);
        let asks = !goes_on && pinned == Fallback::AskRequester;
        let fallback = match (goes_on, asks) {
            (true, _) => Fallback::Continue,
            (false, true) => Fallback::AskRequester,
            (false, false) => Fallback::SafeExit,
        };
        sometimes!(true, "nobody helps");
        self.emit(job, Event::AssistExhausted { assist, fallback });
        self.s.desk.evolve(now, &DeskEvent::Exhausted { assist });
        // Where there is nothing left to ask for, the robot leaves.
        let asked = asks && self.ask_requester(job, since).is_ok();
        if !goes_on && !asked {
            self.safe_exit(job, Cause::AssistExhausted, None);
        }
    }

    /// `ASSIST_ENDED` was emitted, by whatever cause: the desk and the robot hear of it.
    pub fn help_over(&mut self, job: JobId, assist: AssistId) {
        let now = self.now();
        let Some(a) = self.s.desk.open.get(&assist) else { return };
        let (operator, pending) = (a.stage.operator(), a.pending);
        if let Some(p) = pending {
            self.emit(job, Event::InterventionExpired { intervention: p.intervention });
        }
        self.shut_line(assist);
        self.s.desk.evolve(now, &DeskEvent::Ended { assist, outcome: Ended::Exited });
        if let Some(operator) = operator {
            self.wish(Wish::Help { operator, word: HelpWord::Over { assist } });
        }
    }

    /// Whoever is free is offered what waits. The last word of a unit, when everything else is known.
    pub fn offer_help(&mut self) {
        for e in self.s.desk.offers(self.now()) {
            self.desk_event(&e, None, None);
        }
    }

    /// The robot need not show itself any more, if it ever had to.
    fn shut_line(&mut self, assist: AssistId) {
        let Some(a) = self.s.desk.open.get(&assist) else { return };
        let (job, robot) = (a.request.job, a.request.robot);
        if !matches!(a.stage, Stage::Accepted { .. } | Stage::Active { .. }) {
            return;
        }
        let lease = self.job(job).ok().and_then(|j| j.legs.last()).filter(|l| l.offer.robot == robot).map(|l| l.offer.lease);
        if let Some(lease) = lease {
            self.order(robot, Order::Assist { assist, lease, open: false });
        }
    }

    /// Can anybody be asked for help at all?
    pub(crate) fn has_helpers(&self) -> bool {
        !self.s.desk.operators.is_empty()
    }

    /// Work has stalled: somebody is asked, unless the stall ends by other means.
    pub fn stall_asks(&mut self, job: JobId, why: StallReason) {
        let (priority, reason) = match why {
            StallReason::RemoteStop | StallReason::OwnerStop => return,
            StallReason::Safety => (Priority::High, Reason::Incident),
            StallReason::AssistUnresolved => {
                let last = self.job(job).ok().and_then(|j| j.helped.last().map(|h| (h.outcome, h.priority)));
                let Some((AssistOutcome::LinkLost, before)) = last else { return }; // the stall limit decides
                (Priority::of(before).raised(), Reason::OperatorLost)
            }
            StallReason::HeartbeatLost | StallReason::Stuck => (Priority::Normal, Reason::Stalled),
        };
        self.ask_help(job, priority, reason);
    }

    /// A robot does not come out.
    pub fn exit_asks(&mut self, job: JobId) {
        if self.job(job).is_ok_and(|j| j.status == Status::AbortingSafeExit) {
            self.ask_help(job, Priority::Critical, Reason::ExitEscalated);
        }
    }

    /// A robot does not get on by itself.
    pub fn robot_asks(&mut self, robot: RobotId, question: Digest) -> Outcome {
        let job = self.bound(robot)?;
        let can = matches!(self.job(job)?.status, Status::Executing | Status::Stalled | Status::AbortingSafeExit);
        need(can, Code::StateForbids)?;
        self.ask_help_with(job, Priority::Normal, Reason::Asked, Some(question));
        Ok(())
    }

    pub(crate) fn ask_help(&mut self, job: JobId, priority: Priority, reason: Reason) {
        self.ask_help_with(job, priority, reason, None);
    }

    fn ask_help_with(&mut self, job: JobId, priority: Priority, reason: Reason, question: Option<Digest>) {
        if !self.has_helpers() {
            return;
        }
        let log_seq = self.cx.log_seq;
        let assist = self.new_id();
        let Ok(j) = self.job(job) else { return };
        let (Some(robot), Some(p)) = (j.robot(), j.pins.as_deref()) else { return };
        let request = Request {
            assist,
            job,
            robot,
            priority,
            reason,
            tier: j.request.need.tier as u8,
            region: crate::requester::region(j.request.site),
            response: p.level_values.assist_response,
            barred: vec![j.request.requester, p.owner],
            log_seq,
            question,
        };
        let asked = self.desk(Command::Ask(request));
        nooterra_engine::always!(asked.is_ok(), "asking for help is not refused");
    }

    /// A robot shows itself to its operator.
    pub fn robot_shows(&mut self, robot: RobotId, view: Box<AssistView>) -> Outcome {
        need(view.ranges_mm.len() <= RAYS_MOST, Code::SchemaInvalid)?;
        let Some(a) = self.s.desk.open.get(&view.assist) else {
            return Err(refused(nooterra_operations::desk::Refusal::Unknown("assist")));
        };
        need(a.request.robot == robot, Code::NotBoundRobot)?;
        let operator: Option<OperatorId> = a.stage.operator();
        let hash: Digest = view.hash();
        self.desk(Command::Show { assist: view.assist, view: hash })?;
        if let Some(operator) = operator {
            self.wish(Wish::Help { operator, word: HelpWord::Screen(view) });
        }
        Ok(())
    }

    /// A robot says what became of an intervention.
    pub fn robot_answers(
        &mut self,
        robot: RobotId,
        assist: AssistId,
        intervention: InterventionId,
        code: String,
        applied: Vec<i64>,
        clamps: Vec<String>,
    ) -> Outcome {
        need(code.len() <= 64 && applied.len() <= 8 && clamps.len() <= 16, Code::SchemaInvalid)?;
        if let Some(a) = self.s.desk.open.get(&assist) {
            need(a.request.robot == robot, Code::NotBoundRobot)?;
        }
        let done = code.is_empty();
        let asked = self.s.desk.open.get(&assist).and_then(|a| a.pending).filter(|p| p.intervention == intervention);
        let within = asked.is_none_or(|p| p.action.covers(&applied)) || nooterra_engine::planted!("I36 believe that more was applied");
        need(!done || within, Code::ScopeExceeded)?;
        self.desk_with(Command::Answer { assist, intervention, done }, None, Some(Answer { code, applied, clamps }))
    }

    /// Would this robot have to stay before an obstruction of this lane? Only where somebody can be asked for help.
    pub fn is_shut_in(&self, robot: RobotId, lane: u32) -> bool {
        let Ok(c) = self.cell(robot) else { return false };
        let works = |job: JobId| self.job(job).is_ok_and(|j| matches!(j.status, Status::Executing | Status::Stalled | Status::Assisted));
        self.has_helpers() && c.robot.lease.is_some_and(|h| works(h.job)) && !self.leads_around(robot, lane)
    }

    /// A robot stays before an obstruction: its work stalls.
    pub fn shut_in(&mut self, robot: RobotId, lane: u32) {
        let Some(c) = self.touch_robot(robot) else { return };
        c.shut_in = Some(lane);
        let Some(job) = c.robot.lease.map(|h| h.job) else { return };
        if self.job(job).is_ok_and(|j| j.status == Status::Executing) {
            self.emit(job, Event::ExecutionStalled { reason: StallReason::Stuck });
        }
    }

    /// The obstruction before which a robot stood is gone: its work goes on.
    pub fn let_out(&mut self, robot: RobotId, lane: u32) {
        let Some(c) = self.touch_robot(robot).filter(|c| c.shut_in == Some(lane)) else { return };
        c.shut_in = None;
        let Some(job) = c.robot.lease.map(|h| h.job) else { return };
        let Ok(j) = self.job(job) else { return };
        if j.status == Status::Stalled && j.stall_reason == Some(StallReason::Stuck) && !self.is_braked(job) {
            let stalled = j.stall_since.map_or(Span::ZERO, |s| self.now().since(s));
            self.emit(job, Event::ExecutionResumed { stalled });
        }
    }

    /// A robot that is to leave from before an obstruction goes back the way it came.
    pub fn turn_back(&mut self, robot: RobotId) {
        if let Some(lane) = self.touch_robot(robot).and_then(|c| c.shut_in.take()) {
            self.close_way(robot, lane);
        }
    }
}
