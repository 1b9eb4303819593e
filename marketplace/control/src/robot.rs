//! What robots report: heartbeats, leases, trips, work, faults.

use crate::cases::windows::{Said, remember};
use crate::causes::is_touched;
use crate::moving::LEAVING;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::{JobId, LeaseId, RobotId};
use nooterra_engine::sometimes;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::batch;
use nooterra_jobs::event::{AbortReason, Cause, Custody, Event, ExitProof, ReleaseReason, StallReason};
use nooterra_jobs::parts::{AccessTrack, PaymentTrack, Presence};
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::Action;
use nooterra_operations::RobotStatus;
use nooterra_operations::event::{Beat, Event as RobotEvent, Mode, Pose};
use nooterra_operations::robot::Held;
use nooterra_operations::status::HealthCause;
use nooterra_port::report::{self, ErrorCode, Heartbeat};
use nooterra_port::{Order, Report};
use nooterra_trust::evidence::secret::check_text;
use nooterra_trust::{Code, Rejection};

/// A robot counts as arrived within this distance of the access point.
const ARRIVED_MM: u64 = 5_000;
/// Priority of robots on a job over robots that only move away.
const ON_JOB: i32 = 1;

fn reason_of(r: report::AbortReason) -> AbortReason {
    match r {
        report::AbortReason::Mechanical => AbortReason::Mechanical,
        report::AbortReason::Battery => AbortReason::Battery,
        report::AbortReason::Sensor => AbortReason::Sensor,
        report::AbortReason::Blocked => AbortReason::Blocked,
        report::AbortReason::Payload => AbortReason::Payload,
        report::AbortReason::Safety => AbortReason::Safety,
        report::AbortReason::Link => AbortReason::Link,
    }
}

impl Unit<'_> {
    /// A robot's report, and the bytes in which it came: a value has one encoding.
    pub fn robot_report(&mut self, robot: RobotId, r: Report, bytes: &[u8]) -> Outcome {
        self.cell(robot)?;
        let kept = matches!(r, Report::Heartbeat(_) | Report::Noticed { .. } | Report::CustodyChanged { .. } | Report::StopAcked { .. });
        if nooterra_engine::planted!("I6 write before the guards") && self.cx.lease.is_some() && self.bound(robot).is_err() {
            self.emit_robot(robot, RobotEvent::OrderAcked { order_seq: 0, code: String::new() });
        }
        self.reported(robot, r)?;
        if kept {
            remember(self.s, robot, Said { dev_ns: self.cx.dev_ns.unwrap_or(0), input: self.cx.cause, body: bytes.to_vec() });
        }
        Ok(())
    }

    fn reported(&mut self, robot: RobotId, r: Report) -> Outcome {
        match r {
            Report::Heartbeat(b) => self.heartbeat(robot, b),
            Report::OrderAcked { order_seq, code } => {
                need(order_seq == 0 || order_seq <= self.cell(robot)?.robot.order_seq, Code::NotFound)?;
                self.emit_robot(robot, RobotEvent::OrderAcked { order_seq, code: code.clone() });
                self.clamps_answered(robot);
                let at = self.device_time();
                if let Some(c) = self.touch_robot(robot) {
                    c.bygone.has_got(order_seq, at);
                }
                if order_seq > 0 {
                    self.orders_taken(robot, order_seq, &code);
                }
                Ok(())
            }
            Report::LeaseAccepted { lease, plan_hash } => self.lease_accepted(robot, lease, plan_hash),
            Report::LeaseRefused { lease, code } => {
                let job = self.held(robot)?;
                let event = Event::LeaseRefused { lease, code };
                self.allowed(job, &event)?;
                need(self.job(job)?.lease() == Some(lease), Code::NotBoundRobot)?;
                let events = batch::not_taken(self.job(job)?, event);
                self.emit_all(job, events);
                self.after_release(job, Some(robot), "REFUSED");
                Ok(())
            }
            Report::Departed { route_mm, eta_s } => {
                let job = self.bound(robot)?;
                let event = Event::Departed { route_mm, eta: Span::from_secs(u64::from(eta_s)) };
                self.allowed(job, &event)?;
                need(self.job(job)?.payment.track == PaymentTrack::Captured, Code::NotCaptured)?;
                need(self.job(job)?.custody != Custody::Held, Code::StateForbids)?;
                need(self.cell(robot)?.robot.stops.is_empty(), Code::StopActive)?;
                self.emit(job, event);
                Ok(())
            }
            Report::TripAborted { reason, detail } => {
                let job = self.bound(robot)?;
                let j = self.job(job)?;
                need(matches!(j.status, Status::Reserved | Status::EnRoute | Status::Arrived), Code::StateForbids)?;
                let release = batch::release(j, ReleaseReason::TripAborted);
                check_text("detail", &detail)?;
                self.emit(job, Event::TripAborted { reason: reason_of(reason), detail });
                self.emit_all(job, release);
                self.after_release(job, Some(robot), "TRIP_ABORTED");
                Ok(())
            }
            Report::RobotArrived { access_point, pose } => {
                let job = self.bound(robot)?;
                let event = Event::RobotArrived { place: access_point, x_mm: pose.x_mm, y_mm: pose.y_mm, theta_urad: pose.theta_urad };
                self.allowed(job, &event)?;
                let at = self.job(job)?.access_place();
                let near = self.world.vertex_mm(at).is_some_and(|(x, y)| {
                    // Poses may be anywhere: sums of squares of such distances fit 128 bits, and only without a sign.
                    let apart = |a: i64, b: i64| u128::from(a.abs_diff(b)).min(u128::from(u64::MAX >> 1));
                    let (dx, dy) = (apart(pose.x_mm, x), apart(pose.y_mm, y));
                    dx * dx + dy * dy <= u128::from(ARRIVED_MM) * u128::from(ARRIVED_MM)
                });
                need(access_point == at && near, Code::AreaForbidden)?;
                self.emit(job, event);
                self.watch(job);
                self.ask_entry(job);
                Ok(())
            }
            Report::ExecutionStarted { leg, plan_hash, from_step } => {
                let job = self.bound(robot)?;
                let event = Event::ExecutionStarted {
                    leg,
                    plan_hash,
                    skills: self.pinned_skills(job),
                    from_checkpoint: from_step.saturating_add(1),
                };
                self.allowed(job, &event)?;
                need(self.plan_under(robot)? == plan_hash, Code::TermsChanged)?;
                self.access_live(job)?;
                need(from_step == self.job(job)?.checkpoint, Code::StateForbids)?;
                need(self.cell(robot)?.robot.stops.is_empty(), Code::StopActive)?;
                self.may_start_skills(job, robot)?;
                self.emit(job, event);
                self.way_begins(robot);
                self.start_skills(job, robot);
                self.watch(job);
                self.left_out(job, from_step);
                Ok(())
            }
            Report::CheckpointReached { index, vertex, work_bps_claimed, .. } => self.checkpoint(robot, index, vertex, work_bps_claimed),
            Report::CustodyChanged { item, held, mass_g } => {
                let job = self.bound(robot)?;
                let j = self.job(job)?;
                need(j.item == Some(item), Code::NotFound)?;
                need(j.status.class() == Class::Inside || j.status == Status::Completed, Code::StateForbids)?;
                let dropping = j.steps().get(usize::from(j.checkpoint)).is_some_and(|s| matches!(s.action, Action::Drop | Action::Lift));
                let to = match (held, j.status) {
                    (true, _) => Custody::Held,
                    (false, _) if dropping && mass_g > 0 => Custody::Delivered,
                    (false, Status::AbortingSafeExit) if mass_g > 0 => Custody::Returned,
                    (false, _) => Custody::Lost,
                };
                // What nobody weighed any more weighed as before.
                let mass_g = if mass_g > 0 { mass_g } else { j.load_g() };
                // A witness may have said so before.
                let known = j.custody == to || matches!(j.custody, Custody::Delivered | Custody::Lost);
                let owed = j.owes_deposit();
                if !known {
                    self.emit(job, Event::CustodyChanged { item, to, mass_g });
                    self.transfer_moot(job, owed);
                    self.took_up_again(job);
                }
                Ok(())
            }
            Report::ExecutionStalled { reason } => {
                let job = self.bound(robot)?;
                let reason = match reason {
                    report::StallReason::Stuck => StallReason::Stuck,
                    report::StallReason::Safety => StallReason::Safety,
                };
                if self.job(job)?.status != Status::Assisted {
                    self.allowed(job, &Event::ExecutionStalled { reason })?;
                }
                let events = batch::stall(self.job(job)?, reason, self.now());
                self.emit_all(job, events);
                self.stalled(robot);
                self.repeat_rule(robot);
                Ok(())
            }
            Report::ExecutionResumed => {
                let job = self.bound(robot)?;
                let stalled = self.job(job)?.stall_since.map_or(Span::ZERO, |s| self.now().since(s));
                let event = Event::ExecutionResumed { stalled };
                self.allowed(job, &event)?;
                let by_itself = matches!(self.job(job)?.stall_reason, Some(StallReason::HeartbeatLost | StallReason::Stuck));
                need(by_itself && !self.is_braked(job), Code::TrackForbids)?;
                need(self.cell(robot)?.robot.stops.is_empty(), Code::StopActive)?;
                self.emit(job, event);
                Ok(())
            }
            Report::ExecutionCompleted { steps } => {
                let job = self.bound(robot)?;
                let event = Event::ExecutionCompleted { steps, black_box_root: self.box_root(robot) };
                if self.job(job)?.status != Status::Assisted && !self.would_resume(job) {
                    self.allowed(job, &event)?;
                }
                self.access_live(job)?;
                let j = self.job(job)?;
                let all = usize::from(j.checkpoint) == j.steps().len() && usize::from(steps) == j.steps().len();
                need(all, Code::ProofRequired)?;
                self.resume_on_word(job);
                let events = batch::complete(self.job(job)?, event, self.now());
                self.emit_all(job, events);
                self.send_home(robot);
                if self.job(job)?.presence == Presence::Out {
                    // The site never saw it inside: nothing is left to leave.
                    self.facility_check_exit(job);
                }
                Ok(())
            }
            Report::ExecutionAborted { reason, detail } => {
                let job = self.bound(robot)?;
                need(self.job(job)?.status.class() == Class::Inside, Code::StateForbids)?;
                check_text("detail", &detail)?;
                let reason = reason_of(reason);
                self.emit(job, Event::ExecutionAborted { reason, detail });
                self.safe_exit(job, Cause::RobotAborted, Some(reason));
                Ok(())
            }
            Report::SafeExitReported { .. } => {
                let job = self.bound(robot)?;
                let j = self.job(job)?;
                need(matches!(j.status, Status::AbortingSafeExit | Status::Completed), Code::StateForbids)?;
                need(j.exit.is_some_and(|x| !x.done), Code::AlreadyDone)?;
                // The robot's word needs a witness; the site's own report ends the exit as well.
                need(j.presence == Presence::Out && !j.owes_deposit() && !self.is_astray(robot), Code::TrackForbids)?;
                self.exit_over(job, None, ExitProof::Witness);
                Ok(())
            }
            Report::Obstructed { lane, .. } => {
                need((lane as usize) < self.world.site.lanes.len(), Code::NotFound)?;
                self.emit_robot(robot, RobotEvent::Obstructed { lane, cleared: false });
                self.obstructed(robot, lane);
                Ok(())
            }
            Report::ObstructionCleared { lane } => {
                need((lane as usize) < self.world.site.lanes.len(), Code::NotFound)?;
                self.emit_robot(robot, RobotEvent::Obstructed { lane, cleared: true });
                self.gets_on(robot, lane);
                Ok(())
            }
            Report::TaskEnded { task, code } => {
                let known = self.cell(robot)?.robot.task.is_some_and(|t| t.task == task);
                need(known, Code::AlreadyDone)?;
                self.emit_robot(robot, RobotEvent::TaskEnded { task, code });
                if let Some(c) = self.touch_robot(robot) {
                    c.charge_sent = false;
                }
                self.send_home(robot);
                self.trigger_dispatch();
                Ok(())
            }
            Report::Noticed { code, measure } => self.noticed(robot, &code, measure),
            Report::StopAcked { stop } => {
                let r = &self.cell(robot)?.robot;
                let (known, pose) = (r.stops.iter().any(|s| s.stop == stop && !s.acked), r.pose);
                need(known, Code::AlreadyDone)?;
                self.emit_robot(robot, RobotEvent::StopAcked { stop, pose });
                let at = self.device_time();
                if let Some(c) = self.touch_robot(robot) {
                    c.bygone.stands(stop, at);
                }
                Ok(())
            }
            Report::ClampSummarised { bound, count, worst_requested, applied } => {
                need(bound.len() <= 32, Code::SchemaInvalid)?;
                self.emit_robot(robot, RobotEvent::ClampSummarised { bound, count, worst_requested, applied });
                Ok(())
            }
            Report::AssistView(view) => {
                self.bound(robot)?;
                self.robot_shows(robot, view)
            }
            Report::ApprovalAsked { wanted, skip } => self.robot_wants(robot, wanted, skip),
            Report::ApprovalConsumed { approval, action_hash } => self.robot_uses(robot, approval, action_hash),
            Report::LiftReady { step } => self.lift_ready(robot, step),
            Report::LiftFailed { step, measure_g } => self.lift_failed(robot, step, measure_g),
            Report::LoadPutDown { item, vertex, mass_g } => self.put_down(robot, item, vertex, mass_g),
            Report::LoadFetched { item, vertex, mass_g, state_hash } => self.fetched(robot, item, vertex, mass_g, state_hash),
            Report::AccessRevokeAcked { plan } => self.robot_knows(robot, plan),
            Report::BlackboxAnchored(a) => self.box_anchored(robot, &a),
            Report::Blackbox(w) => self.box_answers(robot, &w),
            Report::Advertised(a) => self.advertised(robot, *a),
            Report::AssistAsked { question_hash } => self.robot_asks(robot, question_hash),
            Report::SkillInstalled { bundle, kept } => self.robot_installed(robot, bundle, &kept),
            Report::SkillInstallRefused { bundle, code } => self.robot_will_not(robot, bundle, code),
            Report::InterventionAnswered { assist, intervention, code, applied, clamps } => {
                self.bound(robot)?;
                self.robot_answers(robot, assist, intervention, code, applied, clamps)
            }
        }
    }

    /// The job of which this robot holds the lease named in the envelope, with the right fence.
    pub(crate) fn bound(&self, robot: RobotId) -> Result<JobId, Rejection> {
        let held = self.cell(robot)?.robot.lease.filter(|h| self.cx.lease == Some(h.lease));
        self.under_fence(held)
    }

    /// The same, if the lease may also be one for later.
    fn held(&self, robot: RobotId) -> Result<JobId, Rejection> {
        let c = self.cell(robot)?;
        self.under_fence(self.cx.lease.and_then(|l| c.robot.held(l)).copied())
    }

    fn under_fence(&self, held: Option<Held>) -> Result<JobId, Rejection> {
        let Some(held) = held else { return no(Code::NotBoundRobot) };
        if self.cx.fence != Some(held.fence) && !nooterra_engine::planted!("I10 accept a stale fence") {
            return Err(Rejection::new(Code::FenceStale).field("fence").expected(held.fence).actual(self.cx.fence.unwrap_or(0)));
        }
        Ok(held.job)
    }

    /// The hash of the plan behind the lease that the envelope names.
    fn plan_under(&self, robot: RobotId) -> Result<nooterra_engine::Digest, Rejection> {
        let plans = &self.cell(robot)?.plans;
        self.cx.lease.and_then(|l| plans.get(&l)).copied().ok_or_else(|| Rejection::new(Code::PlanMissing))
    }

    pub(crate) fn access_live(&self, job: JobId) -> Outcome {
        let j = self.job(job)?;
        match j.access.track {
            AccessTrack::Granted => Ok(()),
            AccessTrack::Revoked if nooterra_engine::planted!("I14 work goes on after access is taken back") => Ok(()),
            AccessTrack::Revoked => no(Code::AccessRevoked),
            AccessTrack::Expired => no(Code::AccessExpired),
            _ => no(Code::PlanMissing),
        }
    }

    fn heartbeat(&mut self, robot: RobotId, b: Heartbeat) -> Outcome {
        let now = self.now();
        need(
            b.errors.len() <= 16 && b.ahead.len() <= report::AHEAD_MAX && b.soc_bps <= 10_000 && b.health_bps <= 10_000,
            Code::SchemaInvalid,
        )?;
        let c = self.cell(robot)?;
        let (lost, last, held) = (c.robot.link_lost, c.robot.heard_at, c.robot.lease);
        let kept: Vec<JobId> = c.robot.ahead.iter().filter(|h| b.ahead.contains(&h.lease)).map(|h| h.job).collect();
        let fault = b.errors.iter().any(|e| matches!(e, ErrorCode::MotorFault | ErrorCode::Fall));
        self.emit_robot(
            robot,
            RobotEvent::HeartbeatRecorded(Beat {
                fence: self.cx.fence,
                soc_bps: b.soc_bps,
                health_bps: b.health_bps,
                errors: b.errors.iter().map(|e| *e as u16).collect(),
                fault,
                charging: b.charging,
                pose: Pose { x_mm: b.pose.x_mm, y_mm: b.pose.y_mm, theta_urad: b.pose.theta_urad, level: b.level },
                place: b.last_node,
                mode: match b.mode {
                    report::Mode::Idle => Mode::Idle,
                    report::Mode::Driving => Mode::Driving,
                    report::Mode::Working => Mode::Working,
                    report::Mode::Charging => Mode::Charging,
                    report::Mode::Exiting => Mode::Exiting,
                    report::Mode::Stopped => Mode::Stopped,
                },
                orders_seen: b.orders_seen,
                bb_head: b.bb_head.map(|h| (h.number, h.hash)),
            }),
        );
        if lost {
            if let Some(c) = self.touch_robot(robot) {
                c.silence_judged = false;
            }
            self.emit_robot(robot, RobotEvent::LinkRestored { gap: last.map_or(Span::ZERO, |l| now.since(l)) });
            if !matches!(self.cell(robot)?.robot.status, RobotStatus::Stranded) {
                self.unhalt(robot);
            }
            self.trigger_dispatch();
        }
        self.orders_taken(robot, b.orders_seen, "");
        if lost {
            self.windows_linked(robot, true);
            self.windows_excused(robot, last.map_or(Span::ZERO, |l| now.since(l)));
            self.ask_box_again(robot, true);
        }
        let present = held.filter(|h| self.cx.lease == Some(h.lease) && self.cx.fence == Some(h.fence)).map(|h| h.job);
        for job in present.into_iter().chain(kept) {
            self.renew(job, now);
        }
        if let Some(job) = present {
            self.measure(job, robot, &b);
        }
        self.progress(robot, b.order, b.last_node_sequence_id);
        self.join_stops(robot, b.level);
        if let Some((to, causes)) = self.cell(robot)?.robot.due_status() {
            self.health_changed(robot, to, causes);
        }
        self.watch_beat(robot, &b);
        self.watch_arrival(robot);
        self.care(robot);
        Ok(())
    }

    /// A heartbeat with the right fence renews the lease, and ends a stall that silence had caused.
    fn renew(&mut self, job: JobId, now: Instant) {
        let Some(j) = self.s.jobs.get_mut(&job) else { return };
        j.heartbeat(now);
        if nooterra_engine::planted!("I1 a job changes without an event") {
            j.redispatched = true;
        }
        self.jobs_heard.insert(job);
        self.resume_on_word(job);
    }

    /// Does a word of its robot end a stall that silence had caused?
    pub(crate) fn would_resume(&self, job: JobId) -> bool {
        let Ok(j) = self.job(job) else { return false };
        let stopped = j.robot().and_then(|r| self.s.robots.get(&r)).is_some_and(|c| !c.robot.stops.is_empty());
        j.resumes_on_heartbeat() && !stopped && !self.is_braked(job)
    }

    pub(crate) fn resume_on_word(&mut self, job: JobId) {
        let Some(j) = self.s.jobs.get(&job).filter(|_| self.would_resume(job)) else { return };
        let stalled = j.stall_since.map_or(Span::ZERO, |s| self.now().since(s));
        self.emit(job, Event::ExecutionResumed { stalled });
    }

    fn health_changed(&mut self, robot: RobotId, to: RobotStatus, causes: Vec<HealthCause>) {
        let Ok(c) = self.cell(robot) else { return };
        let (from, held) = (c.robot.status, c.robot.lease);
        self.emit_robot(robot, RobotEvent::HealthChanged { from, to, causes });
        if from == RobotStatus::Enrolled || to.is_fit() {
            self.trigger_dispatch();
        }
        self.give_up_touched_ahead(robot);
        let Some(held) = held else { return };
        let waits = |j: &nooterra_jobs::Job| matches!(j.status, Status::Matched | Status::Reserved);
        let touched = self.cell(robot).is_ok_and(|c| self.job(held.job).is_ok_and(|j| waits(j) && is_touched(j, &c.robot)));
        if to == RobotStatus::Unhealthy || touched {
            self.unfit(held.job, ReleaseReason::RobotUnfit, Cause::RobotAborted);
        }
    }

    /// The bound robot cannot go on: outside the lease is released, inside it leaves.
    pub fn unfit(&mut self, job: JobId, reason: ReleaseReason, cause: Cause) {
        let Ok(j) = self.job(job) else { return };
        let robot = j.robot();
        match j.status {
            Status::Matched | Status::Reserved | Status::EnRoute | Status::Arrived => {
                let release = batch::release(j, reason);
                self.emit_all(job, release);
                self.after_release(job, robot, "ROBOT_UNFIT");
            }
            Status::AccessGranted | Status::Executing | Status::Assisted | Status::Stalled => self.safe_exit(job, cause, None),
            _ => {}
        }
    }

    fn lease_accepted(&mut self, robot: RobotId, lease: LeaseId, plan_hash: nooterra_engine::Digest) -> Outcome {
        let job = self.held(robot)?;
        need(self.cx.lease == Some(lease), Code::NotBoundRobot)?;
        let Some(fence) = self.cx.fence else { return no(Code::FenceStale) };
        let event = Event::LeaseAccepted { lease, fence, plan_hash };
        self.allowed(job, &event)?;
        let hash = self.plan_under(robot)?;
        if hash != plan_hash {
            return Err(Rejection::new(Code::TermsChanged).field("plan_hash").expected(hash).actual(plan_hash));
        }
        self.emit(job, event);
        if self.job(job)?.is_ahead() {
            self.care(robot);
            self.look_ahead(robot);
            return Ok(());
        }
        self.end_task(robot, "MATCHED");
        self.watch(job);
        self.go_if_reserved(job);
        Ok(())
    }

    /// The robot of a reserved job sets out once the money is captured.
    pub fn go_if_reserved(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        if j.status != Status::Reserved || j.is_ahead() || j.payment.track != PaymentTrack::Captured {
            return;
        }
        if let Some(robot) = j.robot() {
            let place = j.access_place();
            self.drive_to(robot, place, ON_JOB);
        }
    }

    fn checkpoint(&mut self, robot: RobotId, index: u16, vertex: u32, work_bps_claimed: u32) -> Outcome {
        let job = self.bound(robot)?;
        let j = self.job(job)?;
        need(matches!(j.status, Status::Executing | Status::Assisted) || self.would_resume(job), Code::StateForbids)?;
        self.access_live(job)?;
        let Some(step) = j.steps().get(usize::from(index)) else { return no(Code::NotFound) };
        need(index == j.checkpoint, if index < j.checkpoint { Code::AlreadyDone } else { Code::StateForbids })?;
        need(step.place == vertex, Code::AreaForbidden)?;
        let step = step.action.name().to_owned();
        self.may_have_lifted(j, index)?;
        // What the last leg left comes first.
        need(!j.awaits_fetch(), Code::TrackForbids)?;
        self.resume_on_word(job);
        let state_hash = self.cx.cause;
        self.emit(
            job,
            Event::CheckpointReached { index: index + 1, step, place: vertex, zone: self.zone_at(vertex), work_bps_claimed, state_hash },
        );
        self.want_replay(job, robot, index + 1, vertex);
        let next = self.job(job)?.steps().get(usize::from(index) + 1).map(|s| s.place);
        if !self.left_out(job, index + 1) {
            self.go_to_step(job, next);
        }
        Ok(())
    }

    /// Steps from this one on that the job itself has left out, because they count no more: its robot is told. Says whether
    /// there were any.
    pub(crate) fn left_out(&mut self, job: JobId, from: u16) -> bool {
        let Ok(j) = self.job(job) else { return false };
        let (Some(l), now_at) = (j.leg().copied(), j.checkpoint) else { return false };
        if from >= now_at || !j.status.is_working() {
            return false;
        }
        let next = j.steps().get(usize::from(now_at)).map(|s| s.place);
        for step in from..now_at {
            sometimes!(true, "a step counts no more and is left out");
            self.order(l.offer.robot, Order::SkipStep { lease: l.offer.lease, step });
        }
        self.go_to_step(job, next);
        true
    }

    /// The robot of a job drives to where its next step is done.
    pub(crate) fn go_to_step(&mut self, job: JobId, place: Option<u32>) {
        let robot = self.job(job).ok().and_then(nooterra_jobs::Job::robot);
        if let (Some(robot), Some(place)) = (robot, place) {
            self.drive_to(robot, place, ON_JOB);
        }
    }

    /// Stalls count towards the repeat rule.
    pub fn stalled(&mut self, robot: RobotId) {
        let now = self.now();
        if let Some(c) = self.touch_robot(robot) {
            c.robot.stalled(now);
        }
    }

    /// The site did not see the robot inside: it counts as out once it has moved away, which the robot itself reports.
    fn facility_check_exit(&mut self, job: JobId) {
        self.watch(job);
    }

    /// Stop work and leave.
    pub fn safe_exit(&mut self, job: JobId, cause: Cause, reason: Option<AbortReason>) {
        let Ok(j) = self.job(job) else { return };
        let place = self.transfer_place(j);
        let events = batch::safe_exit(j, cause, reason, self.now(), place);
        self.emit_all(job, events);
    }

    /// The robot is told to stop work and leave, and given a way out. Follows every `SAFE_EXIT_ORDERED`.
    pub fn order_exit(&mut self, job: JobId, cause: Cause) {
        let Ok(j) = self.job(job) else { return };
        let (Some(l), Some(x)) = (j.leg().copied(), j.exit) else { return };
        let (robot, cause) = (l.offer.robot, format!("{cause:?}"));
        let put_down = j.transfer.filter(|_| j.owes_deposit()).map(|t| t.place);
        self.order(robot, Order::SafeExit { lease: l.offer.lease, exit_by: x.exit_by, cause, put_down });
        self.turn_back(robot);
        match put_down {
            Some(place) => {
                self.watch(job);
                self.drive_to(robot, place, LEAVING);
            }
            None => self.send_home(robot),
        }
    }

    /// Work is done, but the robot is still inside and has no right to be there any more.
    pub fn order_out(&mut self, job: JobId, cause: Cause) {
        if self.job(job).is_ok_and(|j| j.status == Status::Completed && j.exit.is_some_and(|x| !x.done)) {
            self.order_exit(job, cause);
        }
    }

    /// A lease ended: the robot is told, sent out of the way, and the job looks for another.
    pub fn after_release(&mut self, job: JobId, robot: Option<RobotId>, reason: &str) {
        let leg = self.job(job).ok().and_then(|j| j.legs.last().filter(|l| l.closed_at.is_some()).copied());
        if let (Some(robot), Some(leg)) = (robot, leg) {
            let still = self.job(job).ok().and_then(nooterra_jobs::Job::robot) == Some(robot);
            if !still {
                self.order(robot, Order::LeaseEnd { lease: leg.offer.lease, reason: reason.to_owned() });
                // Who held it for later is about something else.
                if leg.due_at.is_some() {
                    self.send_home(robot);
                }
                self.facility(nooterra_port::FacilityOrder::Unwatch { job });
            }
        }
        self.trigger_dispatch();
    }
}
