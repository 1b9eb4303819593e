//! What the brain is told: signed orders, receipts, leases and stops.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // speeds of one robot in millimetres a second

use super::Agent;
use crate::link::Heard;
use crate::map::AgentMap;
use crate::note::Event;
use crate::rights::Spot;
use crate::work::{Lease, Phase};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{LeaseId, StopId};
use nooterra_engine::{Instant, Span};
use nooterra_port::assist::{Action, InterventionOrder};
use nooterra_port::clamps::Hardware;
use nooterra_port::order::{LeaseOffer, Order, SignedOrder, StepAction, TaskKind};
use nooterra_port::report::{AHEAD_MAX, AbortReason, Report};

/// The self-check after a stop, or when tightened bounds are lifted, takes this long.
const SELF_CHECK: Span = Span::from_secs(1);
/// An operator's target lies this near to a lane.
const OFF_LANE_M: f64 = 1.0;

impl Agent {
    /// Takes bytes from the link: a signed order, or a receipt for a report. `now` is the robot's own clock.
    pub fn receive(&mut self, now: Instant, bytes: &[u8], map: &AgentMap) {
        match self.link.receive(now, bytes, &self.config) {
            Heard::Nothing(why) => self.note(now, Event::Unreadable { why }),
            Heard::Forged(order_seq) => {
                self.note(now, Event::OrderRefused { order_seq, code: "SIGNATURE_INVALID".into() });
                // Number 0: a forger must not be able to have a real order's number refused.
                if self.link.may_answer_forged(now) {
                    self.say(now, Report::OrderAcked { order_seq: 0, code: "SIGNATURE_INVALID".into() });
                }
            }
            Heard::OutOfSequence(order_seq, code) => self.note(now, Event::OrderRefused { order_seq, code: code.into() }),
            Heard::Acked(Some((actor_seq, code))) => self.note(now, Event::ReportRefused { actor_seq, code }),
            Heard::Acked(None) => {}
            Heard::StopEarly(o) => match o.body {
                Order::Stop { stop, power_off } => self.stop(now, stop, power_off),
                Order::Revoke { lease, plan } => self.revoked(now, lease, plan),
                _ => {}
            },
            Heard::InSequence => {}
        }
        while let Some(o) = self.link.next_order() {
            self.take(now, o, map);
        }
    }

    pub(super) fn take(&mut self, now: Instant, o: SignedOrder, map: &AgentMap) {
        let order_seq = o.order_seq;
        if matches!(o.body, Order::Ack { .. }) {
            return; // an acknowledgement is not acknowledged
        }
        let is_stop = matches!(o.body, Order::Stop { .. });
        let platform_now = self.platform_time(now);
        let is_bound = matches!(o.body, Order::ClampProfile { .. });
        let verdict = if !is_stop && !is_bound && o.fence < self.link.fence {
            Err("FENCE_STALE")
        } else if !is_stop && !is_bound && !matches!(o.body, Order::Revoke { .. }) && o.expires < platform_now {
            Err("EXPIRED")
        } else {
            self.link.fence = self.link.fence.max(o.fence);
            self.obey(now, o, map)
        };
        let code = verdict.err().unwrap_or("");
        if !code.is_empty() {
            self.note(now, Event::OrderRefused { order_seq, code: code.into() });
        }
        self.say(now, Report::OrderAcked { order_seq, code: code.into() });
    }

    pub(super) fn obey(&mut self, now: Instant, o: SignedOrder, map: &AgentMap) -> Result<(), &'static str> {
        let mut out = Vec::new();
        match o.body {
            Order::LeaseOffer(offer) => {
                self.offer(now, &offer, o.fence, map);
                Ok(())
            }
            Order::LeaseDue { lease } => self.due(now, lease, o.fence),
            Order::LeaseEnd { lease, .. } => {
                self.ahead.retain(|l| l.id != lease);
                if self.work.has(lease) {
                    self.work.end();
                    if self.help.shut() {
                        self.let_go();
                    }
                }
                Ok(())
            }
            Order::Route(route) => {
                let fresh = self.track.order != Some(route.order);
                self.track.take(&route, map, &self.loc.pose, self.loc.level)?;
                self.power.end("MOVED", &mut out);
                self.say_all(now, out);
                self.work.route_given();
                if fresh {
                    self.follower.forget_leg();
                    self.follower.stand();
                    self.progress.new_way();
                    if self.track.last().is_some() {
                        self.node_reached(now);
                    }
                }
                Ok(())
            }
            Order::AccessGranted { lease } => {
                if !self.work.has(lease) {
                    return Err("LEASE_EXPIRED");
                }
                self.work.grant();
                Ok(())
            }
            Order::SafeExit { lease, put_down, .. } => {
                if !self.work.has(lease) {
                    return Err("LEASE_EXPIRED");
                }
                let pose = self.pose_mm();
                if self.help.release() {
                    self.let_go();
                }
                if put_down.is_some_and(|v| map.vertex(v).is_none()) {
                    return Err("NOT_FOUND");
                }
                self.work.safe_exit(self.track.last_vertex, pose, put_down, &mut out);
                self.say_all(now, out);
                Ok(())
            }
            Order::Stop { stop, power_off } => {
                self.stop(now, stop, power_off);
                Ok(())
            }
            Order::ClearStop { stop } => {
                if self.stops.remove(&stop) && self.stops.is_empty() {
                    self.check_until = Some(now.saturating_add(SELF_CHECK));
                    self.power_off = false;
                }
                Ok(())
            }
            Order::Task(t) => {
                match t.kind {
                    TaskKind::Charge { vertex, to_soc_bps } => self.power.begin(now, t.task, vertex, to_soc_bps, &mut out),
                    TaskKind::EndCharge => self.power.end("", &mut out),
                }
                self.say_all(now, out);
                Ok(())
            }
            Order::Ack { .. } => Ok(()),
            Order::Revoke { lease, plan } => {
                self.revoked(now, lease, plan);
                Ok(())
            }
            Order::Approval(a) => self.answered(now, &a),
            Order::SkipStep { lease, step } => {
                if !self.work.has(lease) {
                    return Err("LEASE_EXPIRED");
                }
                self.work.leave_out(step);
                Ok(())
            }
            Order::Grant(g) => {
                if !self.work.has(g.lease) {
                    return Err("LEASE_EXPIRED");
                }
                self.rights.grant(&g, map)
            }
            Order::Hold { lease, on } => {
                if !self.work.has(lease) {
                    return Err("LEASE_EXPIRED");
                }
                self.work.brake(on);
                Ok(())
            }
            Order::SkillInstall(p) => {
                self.install(now, &p);
                Ok(())
            }
            Order::WantBlackbox { incident, from_ns, to_ns, images } => {
                self.blackbox.ask(incident, from_ns, to_ns, images)?;
                if images {
                    self.camera.want(to_ns);
                }
                Ok(())
            }
            Order::ClampProfile { bounds: Some(b) } => {
                let whole = |v: f64| (v * 1e3).round() as u32;
                let m = &self.config.model;
                let hardware = Hardware { speed_mm_s: whole(m.speed_max_mps), accel_mm_s2: whole(m.accel_max_mps2) };
                // What is over is over before the next one is looked at.
                self.tight.cycle(self.platform_time(now), 0.0, 0.0);
                self.tight.take(b, hardware, self.last.v.norm())
            }
            Order::ClampProfile { bounds: None } => {
                if self.tight.lift() {
                    self.check_until = Some(now.saturating_add(SELF_CHECK));
                }
                Ok(())
            }
            Order::Lift { lease, step, at } => {
                if !self.work.has(lease) {
                    return Err("LEASE_EXPIRED");
                }
                self.work.told_to_lift(step, Instant(at.0.saturating_add_signed(self.config.clock_offset_ns.saturating_neg())))
            }
            Order::Assist { assist, lease, open } => {
                if !open {
                    if self.help.line().is_some_and(|l| l.assist == assist) && self.help.shut() {
                        self.let_go();
                    }
                    return Ok(());
                }
                if !self.work.has(lease) {
                    return Err("LEASE_EXPIRED");
                }
                self.help.open(now, assist, lease);
                Ok(())
            }
            Order::Intervention(i) => {
                // A move that takes the place of a push ends it there.
                let code = self.intervene(now, &i, map).err().unwrap_or("");
                let (assist, intervention) = (i.assist, i.intervention);
                match i.action {
                    Action::TeleopNudge { dx_mm, dy_mm, dtheta_urad, held } if code.is_empty() => {
                        let asked = [dx_mm, dy_mm, dtheta_urad, i64::try_from(held.0).unwrap_or(i64::MAX)];
                        self.policy.take_named();
                        self.help.pushes(now, assist, intervention, asked, &self.loc.pose);
                    }
                    _ => {
                        let applied = if code.is_empty() { i.action.args() } else { Vec::new() };
                        self.say(
                            now,
                            Report::InterventionAnswered { assist, intervention, code: code.into(), applied, clamps: Vec::new() },
                        );
                    }
                }
                Ok(())
            }
        }
    }

    /// What an operator asks for, checked against everything that the robot knows itself.
    fn intervene(&mut self, now: Instant, i: &InterventionOrder, map: &AgentMap) -> Result<(), &'static str> {
        let mine = self.help.line().is_some_and(|l| l.assist == i.assist && l.lease == i.lease) && self.work.has(i.lease);
        if !mine {
            return Err("NOT_ASSIGNED_OPERATOR");
        }
        if !self.help.has_shown(i.view) {
            return Err("TERMS_CHANGED");
        }
        if !self.stops.is_empty() && !matches!(i.action, Action::Abort {}) {
            return Err("STOP_ACTIVE");
        }
        match i.action {
            Action::Abort {} => {
                if self.work.phase != Phase::Working {
                    return Err("STATE_FORBIDS");
                }
                let mut out = Vec::new();
                self.help.release();
                self.work.give_up(AbortReason::Safety, "the operator gives up", &mut out);
                self.say_all(now, out);
            }
            Action::Resume {} => {
                self.work.brake(false);
                if self.help.release() {
                    self.let_go();
                }
            }
            Action::ApproveGrasp { choice } => self.work.approve_grasp(now, u32::from(choice))?,
            Action::SelectObject { object } => self.work.approve_grasp(now, object)?,
            Action::SetNavTarget { x_mm, y_mm, level, .. } => {
                #[allow(clippy::cast_precision_loss)] // millimetres of a site
                let to = Vec2::new(x_mm as f64 * 1e-3, y_mm as f64 * 1e-3);
                if level != self.loc.level || !map.has_lane(level, to, OFF_LANE_M) || map.is_wall(level, to, 0.0) {
                    return Err("AREA_FORBIDDEN");
                }
                if self.rights.bars(map, &Spot { at: to, ..self.spot() }) {
                    return Err("AREA_FORBIDDEN");
                }
                self.take_hand(now, &i.action)?;
            }
            Action::TeleopNudge { .. } => self.take_hand(now, &i.action)?,
        }
        Ok(())
    }

    fn take_hand(&mut self, now: Instant, action: &Action) -> Result<(), &'static str> {
        if !self.health.is_fit() || self.health.offline {
            return Err("ROBOT_NOT_READY");
        }
        let can_shift = self.config.model.drive == nooterra_site::robot::Drive::Omnidirectional;
        self.help.take(now, action, &self.loc.pose, can_shift)?;
        self.answer_push(now, true);
        // From here on it moves as a person says who has seen where it stands. What is refused moves nothing.
        self.work.brake(false);
        Ok(())
    }

    /// A push that is over, or ends here, is answered with what was driven of it, and the bounds that held it back.
    pub(super) fn answer_push(&mut self, now: Instant, ends: bool) {
        let Some(p) = self.help.pushed(now, &self.loc.pose, ends) else { return };
        let clamps = self.policy.take_named();
        let (assist, intervention, applied) = (p.assist, p.intervention, p.applied.to_vec());
        self.say(now, Report::InterventionAnswered { assist, intervention, code: String::new(), applied, clamps });
    }

    /// It goes on by itself from where the operator left it.
    pub(super) fn let_go(&mut self) {
        self.track.restart_leg(self.loc.pose.at);
        self.follower.forget_leg();
        self.follower.stand();
        self.progress.new_way();
    }

    pub(super) fn stop(&mut self, now: Instant, stop: StopId, power_off: bool) {
        self.power_off |= power_off;
        self.check_until = None;
        if self.stops.insert(stop) {
            self.say(now, Report::StopAcked { stop });
        }
    }

    pub(super) fn offer(&mut self, now: Instant, o: &LeaseOffer, fence: u64, map: &AgentMap) {
        let code = self.judge(now, o, map).err().unwrap_or("");
        let (job, lease) = (Some(o.job), Some(o.lease));
        let report = if code.is_empty() {
            let plan_hash = o.plan.hash();
            if !self.knows(o.lease) {
                let lease = Lease::new(now, o, fence);
                if o.ahead {
                    let at = self.ahead.partition_point(|l| l.from <= lease.from);
                    self.ahead.insert(at, lease);
                } else {
                    self.work.begin(lease);
                }
            }
            Report::LeaseAccepted { lease: o.lease, plan_hash }
        } else {
            Report::LeaseRefused { lease: o.lease, code: code.to_owned() }
        };
        self.link.say(now, report, job, lease, fence);
    }

    /// Has it taken this lease, for now or for later?
    fn knows(&self, lease: LeaseId) -> bool {
        self.work.has(lease) || self.ahead.iter().any(|l| l.id == lease)
    }

    /// A lease that was kept for later comes to its time.
    fn due(&mut self, now: Instant, lease: LeaseId, fence: u64) -> Result<(), &'static str> {
        if self.work.has(lease) {
            return Ok(());
        }
        let at = self.ahead.iter().position(|l| l.id == lease).ok_or("LEASE_EXPIRED")?;
        if !self.work.is_free() {
            return Err("OVERLAP");
        }
        let lease = self.ahead.remove(at);
        self.work.begin(Lease { fence, accepted_at: now, ..lease });
        Ok(())
    }

    pub(super) fn judge(&self, now: Instant, o: &LeaseOffer, map: &AgentMap) -> Result<(), &'static str> {
        if self.knows(o.lease) {
            return Ok(());
        }
        let p = &o.plan;
        let m = &self.config.model;
        if p.steps.is_empty() || usize::from(p.from_step) >= p.steps.len() || p.job != o.job {
            return Err("SCHEMA_INVALID");
        }
        let fetches = p.fetch.as_ref();
        if fetches.is_some_and(|f| map.vertex(f.vertex).is_none() || f.vertex != p.access_point) {
            return Err("NOT_FOUND");
        }
        if map.vertex(p.access_point).is_none() || p.steps.iter().any(|s| map.vertex(s.vertex).is_none()) {
            return Err("NOT_FOUND");
        }
        if o.accept_by < self.platform_time(now) {
            return Err("LEASE_EXPIRED");
        }
        if !self.stops.is_empty() {
            return Err("STOP_ACTIVE");
        }
        let busy = !o.ahead && !self.work.is_free();
        if busy || self.ahead.iter().any(|l| l.meets(o.from, o.to)) {
            return Err("OVERLAP");
        }
        if self.ahead.len() >= AHEAD_MAX {
            return Err("QUOTA_EXCEEDED");
        }
        let rest = &p.steps[usize::from(p.from_step)..];
        let payload_g = m.payload_max_kg * 1e3;
        if rest.iter().any(
            |s| matches!(&s.action, StepAction::Pick { mass_g, .. } | StepAction::Lift { mass_g, .. } if f64::from(*mass_g) > payload_g),
        ) || fetches.is_some_and(|f| f64::from(f.mass_g) > payload_g)
        {
            return Err("CAPABILITY_MISSING");
        }
        if o.ahead {
            // What it carries now and how full it is says little about then.
            return if self.power.failing || !self.health.is_fit() { Err("ROBOT_NOT_READY") } else { Ok(()) };
        }
        let foreign = self.work.holding.is_some_and(|h| !rest.iter().any(|s| matches!(&s.action, StepAction::Drop { item } if *item == h)));
        let low = self.started && self.seen.soc_bps < m.recharge_threshold_bps;
        if foreign || low || self.power.failing || !self.health.is_fit() {
            return Err("ROBOT_NOT_READY");
        }
        Ok(())
    }

    /// The local lease: always over before the platform's own.
    pub(super) fn watch_lease(&mut self, now: Instant, out: &mut Vec<Report>) {
        let Some(l) = &self.work.lease else { return };
        let end = self.link.acked_beat.max(l.accepted_at).saturating_add(l.ttl);
        if now <= end {
            return;
        }
        match self.work.phase {
            Phase::Reserved | Phase::EnRoute | Phase::Arrived => {
                self.work.give_up(AbortReason::Link, "lease ran out", out);
                self.note(now, Event::LeaseExpired);
            }
            Phase::Working => {
                let p = &self.config.policy;
                let offset = self.config.clock_offset_ns;
                let valid_to = Instant(self.work.valid_to().unwrap_or(l.plan.valid_to).0.saturating_add_signed(offset.saturating_neg()));
                let leave_at = end.saturating_add(p.autonomy).min(valid_to.saturating_sub(l.plan.exit_by)).max(end);
                if now > leave_at {
                    self.work.give_up(AbortReason::Link, "lease and autonomy budget ran out", out);
                    let pose = self.pose_mm();
                    self.work.safe_exit(self.track.last_vertex, pose, None, out);
                    self.note(now, Event::LeaseExpired);
                }
            }
            _ => {}
        }
    }
}
