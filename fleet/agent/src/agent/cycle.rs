//! What the brain does each cycle: perceive, plan, drive, report.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // speeds, distances and grams of one robot, rounded for reports

use super::Agent;
use crate::follow::{Gait, Limits, Reach, View};
use crate::forecast::{Ahead, Lacks};
use crate::localise::Moved;
use crate::map::AgentMap;
use crate::note::Event;
use crate::residual::Residual;
use crate::rights::Spot;
use crate::track::NO_LANE;
use crate::watch::Look;
use crate::work::{Around, Phase};
use nooterra_engine::{Instant, Span};
use nooterra_port::assist::AssistView;
use nooterra_port::camera::CameraKind;
use nooterra_port::hardware::{Actuation, SensorFrame};
use nooterra_port::report::{AbortReason, Heartbeat, Mode, Report};

/// Farther from a vertex a robot does not stand at it: arms, docks and the site's scanners do not reach.
const AT_VERTEX_M: f64 = 0.6;
/// Standing this long counts as standing.
const STAND_S: f64 = 0.2;
/// Arms and docks reach this far: if the last of the way stays blocked, this near is near enough.
const NEAR_ENOUGH_M: f64 = 0.45;
/// Blocked for this long before that counts.
const NEAR_ENOUGH_S: f64 = 4.0;
/// Patience before blind, lost or stuck means giving up.
const BLIND_GIVE_UP_S: f64 = 6.0;
const LOST_GIVE_UP_S: f64 = 30.0;
const STUCK_GIVE_UP_S: f64 = 120.0;
/// Where it may not be it stands for so long: the platform stops it before that is over.
const STRAYED_HOLD: Span = Span::from_secs(10);

impl Agent {
    /// One control cycle: sensors in, actuation out. `now` is the robot's own clock.
    pub fn control(&mut self, now: Instant, f: &SensorFrame, map: &AgentMap) -> Actuation {
        let dt_s = if self.started { f.dev_ns.since(self.dev_last).as_secs_f64().clamp(0.001, 0.2) } else { 0.05 };
        if self.started && f.dev_ns < self.dev_last {
            self.health.clock_ran_back(now);
        }
        self.dev_last = f.dev_ns;
        self.tick += 1;
        let mut out = Vec::new();
        let moved = self.perceive(now, f, map, dt_s, &mut out);
        self.started = true;
        let was_paused = self.progress.blocked;
        self.forecast.measure(moved.rolled_m.abs(), f.soc_bps, f.charging, &self.config.model);
        self.watch_self(now, f, dt_s, &mut out);
        self.look_ahead(now, map, &mut out);
        self.watch_place(now, map, &mut out);
        self.ride(now, map);
        let astray = self.leaves_way(map);

        self.tight.cycle(self.platform_time(now), self.config.model.accel_max_mps2, dt_s);
        let obeys = !nooterra_engine::planted!("I15 drive on under a stop");
        let stopped = (obeys && !self.stops.is_empty()) || self.check_until.is_some() || self.work.is_braked();
        let held = stopped || now < self.health.hold_until || !self.health.is_fit();
        if !astray && self.work.covers().is_none() {
            self.comes_back(now, held, map);
        }
        let model = &self.config.model;
        let lim = self.limits();
        let speed = self.last.v.norm();
        let target = self.work.target().filter(|_| !astray);
        let waits = self.track.last_vertex.is_some_and(|v| self.track.last().is_some() && Some(v) == target && self.is_at(v, map));
        let mut view = None;
        let by_hand = self.help.has_hand();
        let covers = !by_hand && !astray && self.work.covers().is_some();
        if !waits && !by_hand && !covers {
            view = self.follower.look(&self.track, map, &self.loc.pose, model.drive, &lim, speed, target);
            if let Some(v) = view.filter(|_| !held) {
                view = self.advance(now, v, map, &lim, speed, target);
            }
        }
        // ride legs are not driven
        let view = view.filter(|_| !self.track.ahead_at(0).is_some_and(|n| n.ride));
        let applied = if by_hand {
            self.drive_by_hand(now, map, held, &lim, dt_s)
        } else if covers {
            self.drive_over_floor(now, map, held, &lim, dt_s)
        } else {
            self.drive(now, map, view.as_ref(), held, &lim, dt_s)
        };
        let wants = (view.is_some() && !held && !self.rights.holds()) || (covers && !held);
        let lane = self.track.ahead_at(0).map(|n| n.lane).filter(|l| *l != NO_LANE).or(Some(self.last_lane).filter(|l| *l != NO_LANE));
        let moved_m = (moved.forward_m * moved.forward_m + moved.left_m * moved.left_m).sqrt();
        let lane = lane.filter(|_| !covers);
        self.progress.cycle(wants, moved_m, moved.turned_rad, dt_s, self.config.policy.obstructed_after, lane, &mut out);
        if covers && self.work.cover_blocked(self.progress.idle_s(), &mut out) {
            self.progress.new_way();
        }
        let standing = applied.v.norm() <= 0.0 && applied.w_radps.abs() <= 0.0 && moved_m < 0.02 * dt_s;
        self.stand_s = if standing { self.stand_s + dt_s } else { 0.0 };
        // Heartbeats, the box and its own detectors read one speed: that of the wheels.
        self.seen.speed_mm_s = (moved.rolled_m / dt_s * 1e3).round() as i32;
        let watched_mps = if nooterra_engine::planted!("I16 drive faster than told to") { f64::MAX } else { self.tight.watched_mps() };
        let look = Look {
            speed_mm_s: self.seen.speed_mm_s.unsigned_abs(),
            bound_mm_s: (self.config.model.speed_max_mps.min(watched_mps) * 1e3).round() as u32,
            stopped: !self.stops.is_empty(),
            paused: self.progress.blocked && !was_paused,
        };
        let moment = self.watch.cycle(now, &look, &mut out);

        if astray {
            self.keeps_way();
        }
        let at = if astray { None } else { self.standing_at(target, map) };
        let gripper = self.do_work(now, f, at, moved_m > 0.02 * dt_s, held, map, &mut out);
        let nominal_v = self.config.model.battery_v;
        let charge = self.power.cycle(now, f, at, !self.track.is_done(), nominal_v, &mut out);
        self.watch_lease(now, &mut out);
        self.answer_push(now, false);
        self.show(now, map, &mut out);
        self.ask_leave(now, &mut out);
        self.ask_help(&mut out);
        self.link.retry(now, self.work.lease.as_ref().map(|l| l.id));
        self.record(now, f, map, (moment, look.paused), &out);
        self.say_all(now, out);
        if let Some(advert) = self.told.cycle(now, self.config.policy.has_lidar && !self.health.blind, &self.config) {
            self.say(now, advert);
        }
        self.beat(now, f);
        let summaries = self.policy.summaries(now, self.config.policy.clamp_window);
        self.say_all(now, summaries);
        Actuation {
            speed_mps: applied.v.x,
            lateral_mps: applied.v.y,
            turn_radps: applied.w_radps,
            brake: applied.v.norm() <= 0.0 && applied.w_radps.abs() <= 0.0,
            gripper,
            charge,
        }
    }

    /// Where am I, what is around me.
    pub(super) fn perceive(&mut self, now: Instant, f: &SensorFrame, map: &AgentMap, dt_s: f64, out: &mut Vec<Report>) -> Moved {
        let m = &self.config.model;
        let moved = self.loc.predict(f, &self.config.wheels, m.drive, m.speed_max_mps, dt_s);
        for s in &f.markers {
            let was_lost = self.loc.lost;
            let Some(miss) = self.loc.marker(s, map).filter(|_| !self.loc.lost && !was_lost) else { continue };
            self.doubt.see(now, &miss);
            if miss.off_m > 0.3 {
                self.note(now, Event::MarkerDoubted { vertex: s.vertex, miss_mm: (miss.off_m * 1e3) as u32 });
            }
        }
        if let Some(fix) = &f.fix {
            self.loc.fix(fix);
        }
        self.fields.age(dt_s);
        if let Some(s) = &f.scan {
            self.loc.scan(s, map);
            self.help.see(s);
            let m = &self.config.model;
            let reach_m = 1.0 + m.footprint_radius_m + m.speed_max_mps * (0.5 + m.speed_max_mps / m.accel_max_mps2);
            self.fields.scan(s, &self.loc.pose, self.loc.level, map, reach_m);
        }
        if self.loc.lost != self.health.lost {
            self.health.lost = self.loc.lost;
            let sigma_mm = (self.loc.sigma_m() * 1e3) as u32;
            if self.loc.lost {
                self.note(now, Event::LocalisationLost { sigma_mm });
                out.push(Report::Noticed { code: "LOCALISATION_LOST".into(), measure: i64::from(sigma_mm) });
            } else {
                self.note(now, Event::LocalisationFound);
            }
        }
        self.lost_s = if self.loc.lost { self.lost_s + dt_s } else { 0.0 };
        if self.loc.lost {
            self.residual = Residual::at(self.loc.pose);
            self.blackbox.lost();
        } else {
            self.blackbox.commanded(&self.last, dt_s);
            self.residual.cycle(&self.last, &self.loc.pose, dt_s);
        }
        moved
    }

    /// Faults, battery, link; what makes the robot give up its job.
    pub(super) fn watch_self(&mut self, now: Instant, f: &SensorFrame, _dt_s: f64, out: &mut Vec<Report>) {
        let p = &self.config.policy;
        let since_scan_s = self.fields.since_scan_s();
        let radius_m = self.config.model.footprint_radius_m;
        let person_mm = f.person_m.map(|m| ((m - radius_m).max(0.0) * 1e3) as u32);
        self.comes_close |= self.people.cycle(now, person_mm, self.last.v.norm() > 0.0);
        let person = self.people.is_touched(now);
        self.health.weak = self.loc.is_gyro_silent();
        self.health.disk_full = !self.blackbox.records();
        self.health.cycle(now, f, since_scan_s, p.has_lidar, p.collision_mns, person, out);
        let forgets = nooterra_engine::planted!("I41 drive on an empty battery and say that it is full");
        self.seen.soc_bps = if forgets { 9_500 } else { f.soc_bps };
        self.seen.battery_mv = f.battery_mv;
        self.seen.charging = f.charging;
        let low_at = self.config.model.recharge_threshold_bps;
        self.health.battery_low = !forgets && f.soc_bps < if self.health.battery_low { low_at.saturating_add(100) } else { low_at };
        let offline = self.link.waiting_since().is_some_and(|at| now.since(at) > p.link_quiet);
        let reserve_bps = p.reserve_bps;
        if offline != self.health.offline {
            self.health.offline = offline;
            self.note(now, Event::Link { up: !offline });
        }
        if self.health.motor_fault || self.health.fallen {
            self.work.give_up(AbortReason::Mechanical, "drive or body fault", out);
        } else if self.health.blind && since_scan_s > BLIND_GIVE_UP_S {
            self.work.give_up(AbortReason::Sensor, "no scan", out);
        } else if self.lost_s > LOST_GIVE_UP_S {
            self.work.give_up(AbortReason::Sensor, "position lost", out);
        } else if !forgets && (f.soc_bps < reserve_bps || self.power.failing) {
            self.work.give_up(AbortReason::Battery, if self.power.failing { "supply failing" } else { "below reserve" }, out);
        } else if self.progress.idle_s() > STUCK_GIVE_UP_S && !self.progress.blocked && self.help.line().is_none() {
            self.work.give_up(AbortReason::Mechanical, "does not get on", out);
        }
        if self.check_until.is_some_and(|at| now >= at) && self.health.is_fit() {
            self.check_until = None;
        }
    }

    /// Gives the job up where the charge would not last for it.
    fn look_ahead(&mut self, now: Instant, map: &AgentMap, out: &mut Vec<Report>) {
        if nooterra_engine::planted!("I41 drive on an empty battery and say that it is full") {
            return;
        }
        let (c, at) = (&self.config, self.loc.pose.at);
        let (model, reserve_bps) = (&c.model, c.policy.reserve_bps);
        let ahead =
            Ahead { at, soc_bps: self.seen.soc_bps, track: &self.track, work: &self.work, home: c.start_vertex, model, reserve_bps };
        let detail = match self.forecast.look(now, &ahead, map) {
            None => return,
            Some(Lacks::Trip) => "would not last for the job",
            Some(Lacks::Return) => "no more than the way home is left",
        };
        self.work.give_up(AbortReason::Battery, detail, out);
    }

    /// What it is and where, as far as areas go.
    pub(super) fn spot(&self) -> Spot {
        Spot::of(&self.loc.pose, self.loc.level, self.config.model.footprint_radius_m)
    }

    /// Is it where it may be? Where it finds that it is not, it stops and tells.
    fn watch_place(&mut self, now: Instant, map: &AgentMap, out: &mut Vec<Report>) {
        let platform_now = self.platform_time(now);
        let (lease, spot) = (self.lease(), self.spot());
        let found = self.rights.look(platform_now, lease, map, &spot);
        self.work.in_area = self.rights.is_within();
        let Some(reach_m) = found else { return };
        self.health.hold_until = self.health.hold_until.max(now.saturating_add(STRAYED_HOLD));
        self.note(now, Event::Strayed { reach_mm: (reach_m * 1e3) as u32 });
        // The platform judges by where it says that it is.
        let beat = self.heartbeat(now);
        self.say(now, Report::Heartbeat(beat));
        out.push(Report::Noticed { code: "ZONE_VIOLATION".into(), measure: (reach_m * 1e3) as i64 });
    }

    /// A ride that is released has been made: the lift stands at the next level.
    pub(super) fn ride(&mut self, now: Instant, map: &AgentMap) {
        if self.stand_s < STAND_S || self.track.last().is_none() || !self.track.ahead_at(0).is_some_and(|n| n.ride) {
            return;
        }
        if let Some(n) = self.track.reach()
            && let Some(p) = map.vertex(n.vertex)
        {
            self.loc.ride_to(p.level);
            self.follower.stand();
            self.node_reached(now);
        }
    }

    /// Has the end of the leg been reached? Then looks at the next one.
    pub(super) fn advance(&mut self, now: Instant, v: View, map: &AgentMap, lim: &Limits, speed: f64, target: Option<u32>) -> Option<View> {
        let ends = self.track.ahead_at(0).is_some_and(|n| n.is_goal || Some(n.vertex) == target);
        let near_enough = ends && v.stops_here && self.progress.idle_s() > NEAR_ENOUGH_S && v.end_m < NEAR_ENOUGH_M;
        let reach = if near_enough { Reach::Reached } else { self.follower.reached(&v, lim, speed) };
        match reach {
            Reach::NotYet => return Some(v),
            Reach::Missed => {
                self.track.restart_leg(self.loc.pose.at);
                self.follower.forget_leg();
                self.follower.stand();
            }
            Reach::Reached => {
                if let Some(n) = self.track.reach() {
                    if n.lane != NO_LANE {
                        self.last_lane = n.lane;
                    }
                    if near_enough || v.stops_here {
                        self.follower.stand();
                    }
                    if v.end_m > 0.1 {
                        // The next leg is driven from here, not from the line it would have started on.
                        self.track.restart_leg(self.loc.pose.at);
                    }
                    self.node_reached(now);
                    if Some(n.vertex) == target {
                        return None;
                    }
                }
            }
        }
        self.follower.look(&self.track, map, &self.loc.pose, self.config.model.drive, lim, speed, target)
    }

    pub(super) fn node_reached(&mut self, now: Instant) {
        let Some(vertex) = self.track.last_vertex else { return };
        let mut out = Vec::new();
        let pose = self.pose_mm();
        self.work.node_reached(vertex, pose, &mut out);
        self.note(now, Event::NodeReached { sequence_id: self.track.last_sequence_id, vertex });
        let beat = self.heartbeat(now);
        self.say(now, Report::Heartbeat(beat));
        self.say_all(now, out);
    }

    /// A picture for the operator who looks on, each second.
    fn show(&mut self, now: Instant, map: &AgentMap, out: &mut Vec<Report>) {
        let next = self.track.leg(map).map(|l| ((l.b.x * 1e3) as i64, (l.b.y * 1e3) as i64));
        let (pose, level, busy) = (self.pose_mm(), self.loc.level, self.help.is_moving());
        let Some((assist, number, (first_urad, step_urad, ranges))) = self.help.due(now) else { return };
        let view = AssistView {
            assist,
            number,
            pose,
            level,
            radius_mm: (self.config.model.footprint_radius_m * 1e3) as u32,
            next,
            blocked: self.progress.blocked,
            busy,
            failed_grasps: self.work.failed_grasps(),
            first_urad,
            step_urad,
            ranges_mm: ranges.to_vec(),
        };
        self.help.shown(view.hash());
        out.push(Report::AssistView(Box::new(view)));
    }

    /// Is this vertex, reached last, still in reach? A robot that is called back to it may have left it already; then it
    /// drives on to where it can turn.
    fn is_at(&self, vertex: u32, map: &AgentMap) -> bool {
        map.vertex(vertex).is_some_and(|p| p.at.dist(self.loc.pose.at) <= AT_VERTEX_M)
    }

    /// Pushed, or slid, away from where it had arrived, it drives back: that is where its order wants it and where others make
    /// room for it.
    fn comes_back(&mut self, now: Instant, held: bool, map: &AgentMap) {
        let away = self.track.is_done() && self.track.last().is_some_and(|n| !n.ride && !self.is_at(n.vertex, map));
        if away && !held && self.stand_s >= STAND_S && !self.help.has_hand() && !self.health.lost && self.track.leave(self.loc.pose.at) {
            self.follower.forget_leg();
            self.follower.stand();
            self.note(now, Event::CameOff { vertex: self.track.last_vertex.unwrap_or_default() });
        }
    }

    /// Vertex where the robot stands after having reached it.
    pub(super) fn standing_at(&self, target: Option<u32>, map: &AgentMap) -> Option<u32> {
        let v = self.track.last_vertex?;
        let settled = self.track.is_done() || self.track.last().is_some_and(|n| n.is_goal) || Some(v) == target;
        (settled && self.is_at(v, map) && self.stand_s >= STAND_S && self.follower.gait == Gait::Stand).then_some(v)
    }

    #[allow(clippy::too_many_arguments)] // the whole picture of one cycle
    pub(super) fn do_work(
        &mut self,
        now: Instant,
        f: &SensorFrame,
        at: Option<u32>,
        moving: bool,
        stopped: bool,
        map: &AgentMap,
        out: &mut Vec<Report>,
    ) -> Option<nooterra_port::hardware::GripperCommand> {
        self.begins(now, stopped, out);
        let m = &self.config.model;
        let route_mm = if self.work.phase == Phase::Reserved { self.track.length_mm(map, self.loc.pose.at) } else { 0 };
        let around = Around {
            at,
            moving: moving && !self.track.is_done(),
            online: !self.health.offline,
            stopped,
            frame: f,
            pose: self.loc.pose.into(),
            route_mm,
            eta_s: (route_mm as f64 * 1e-3 / (m.speed_max_mps * 0.7)) as u32,
            payload_max_g: (m.payload_max_kg * 1e3) as u32,
        };
        self.work.cycle(now, &around, out)
    }

    pub(super) fn mode(&self) -> Mode {
        if !self.stops.is_empty() || self.check_until.is_some() || !self.health.is_fit() {
            Mode::Stopped
        } else if self.power.is_charging() && self.seen.charging {
            Mode::Charging
        } else if matches!(self.work.phase, Phase::Exiting | Phase::GivenUpInside) {
            Mode::Exiting
        } else if self.work.phase == Phase::Working && self.track.last_vertex.is_some_and(|v| self.work.holds_at(v)) {
            Mode::Working
        } else if !self.track.is_done() {
            Mode::Driving
        } else {
            Mode::Idle
        }
    }

    pub(super) fn heartbeat(&self, now: Instant) -> Heartbeat {
        Heartbeat {
            soc_bps: self.seen.soc_bps,
            battery_mv: self.seen.battery_mv,
            charging: self.seen.charging,
            health_bps: self.health.bps(),
            errors: self.health.errors(),
            pose: self.pose_mm(),
            level: self.loc.level,
            sigma_mm: (self.loc.sigma_m() * 1e3) as u32,
            speed_mm_s: self.seen.speed_mm_s,
            order: self.track.order,
            update: self.track.update,
            last_node_sequence_id: self.track.last_sequence_id,
            last_node: self.track.last_vertex.unwrap_or(self.config.start_vertex),
            paused: self.progress.blocked,
            orders_seen: self.link.orders_seen(),
            ahead: self.ahead.iter().map(|l| l.id).collect(),
            mode: self.mode(),
            bb_head: self.blackbox.head(),
            residual_milli: self.residual.milli(),
            marker: self.doubt.word(now),
            person: self.people.word(now),
            gate: (self.config.camera != CameraKind::None).then(|| self.camera.word()),
        }
    }

    /// A heartbeat when it is time to, and at once when errors change.
    pub(super) fn beat(&mut self, now: Instant, _f: &SensorFrame) {
        let every = match &self.work.lease {
            Some(l) => Span(l.heartbeat.0.min(l.ttl.0 / 5).max(200_000_000)),
            None => self.config.policy.heartbeat_idle,
        };
        let errors = self.health.bits();
        let first = self.link.last_beat() == Instant::ZERO;
        let doubts = self.doubt.is_due(now) || std::mem::take(&mut self.comes_close);
        if first || doubts || errors != self.seen.errors || now.since(self.link.last_beat()) >= every {
            self.seen.errors = errors;
            let beat = self.heartbeat(now);
            self.say(now, Report::Heartbeat(beat));
        }
    }
}
