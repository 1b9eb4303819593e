//! Detectors joined to what robots say (domain 8.2): every report becomes readings in the robot's own time, and what they
//! find becomes incidents, on the stream of the robot's job or on its own.
//!
//! How bad something is follows from what was measured, not from what the robot thinks of it. What a robot cannot say
//! here is judged by nobody: it reports no distance to people unless it has noticed them, no tilt short of a fall. Of its
//! camera it says what it kept and when ([`crate::camera`]); markers and docks know better than its own estimate where it is. Footprints are read from heartbeats and from the site's floor sensors ([`crate::areas`]).
//!
//! Numbered chunks of the black box are heard of in heartbeats and anchors, in the robot's own time: a robot that says
//! something else between two heartbeats has its box anchored before (`fleet/agent`), so nothing that is judged then waits for
//! a chunk that the next heartbeat would have named. Heartbeats are the ticks at which a chunk is missed, and chunks count as
//! made a second apart, not when they are heard of: a hole between two heartbeats shows in their numbers. A link that is
//! down is the receiver's reading, fed when it is lost and when the robot is heard again.

use crate::cases::{code_back, code_of};
use crate::unit::{Outcome, Unit, no};
use nooterra_engine::ids::RobotId;
use nooterra_engine::money::mul_div;
use nooterra_jobs::event::IncidentCode;
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::Action;
use nooterra_port::report::{ErrorCode, Heartbeat};
use nooterra_trust::Code;
use nooterra_trust::detect::{Detectors, Reading, Sample, Thresholds};
use nooterra_trust::incident::DevTime;

/// Tilt of a robot that says that it lies, micro-radians.
pub(crate) const FALLEN_URAD: i64 = 1_570_796;
/// With more charge than this the way to a charger is not looked up: no way within a site takes so much.
const LOW_BPS: u32 = 5_000;
/// Readings of a heartbeat, about.
const READINGS: usize = 16;
/// The only bound that heartbeats speak of: the model's speed.
pub(crate) const SPEED_BOUND: u16 = 0;

/// A code as robots say it.
fn said(text: &str) -> Option<IncidentCode> {
    match text {
        "LOCALISATION_LOST" => Some(IncidentCode::LocalisationDivergence),
        _ => IncidentCode::from_text(text),
    }
}

impl Unit<'_> {
    /// A robot says that something happened.
    pub fn noticed(&mut self, robot: RobotId, code: &str, measure: i64) -> Outcome {
        let Some(code) = said(code) else { return no(Code::TypeUnknown) };
        let size = u32::try_from(measure.max(0)).unwrap_or(u32::MAX);
        let found = match code {
            IncidentCode::Collision | IncidentCode::HumanContact => {
                let person = code == IncidentCode::HumanContact;
                let impulse_mns = measure.unsigned_abs();
                self.detect(robot, &[Reading::Contact { impulse_mns, force_mn: 0, person, tactile: true, grasp: false }])
            }
            IncidentCode::TipOver => {
                let motion = self.motion(robot, 0, measure);
                self.detect(robot, &[motion])
            }
            IncidentCode::NearMiss => {
                let speed_mm_s = self.cell(robot)?.speed_mm_s;
                let near = Reading::Person { clearance_mm: size, closing_mm_s: 0, speed_mm_s };
                // It speaks of one moment: nobody is near in the next.
                let gone = Reading::Person { clearance_mm: u32::MAX, closing_mm_s: 0, speed_mm_s };
                self.detect(robot, &[near, gone])
            }
            IncidentCode::PayloadDrop => {
                let (before_g, placing) = self.load_of(robot);
                let before_g = before_g.max(size);
                let load = |load_g| Reading::Load { load_g, placing, delicate: false };
                self.detect(robot, &[load(before_g), load(before_g.saturating_sub(size))])
            }
            // What it cannot measure it can still say.
            IncidentCode::LocalisationDivergence | IncidentCode::BatteryDepletion => vec![(code, 2)],
            IncidentCode::ZoneViolation => self.strayed(robot),
            IncidentCode::ClampBreach => self.breached(robot, measure),
            IncidentCode::UncommandedMotion => self.moved_under_stop(robot, measure),
            IncidentCode::ProtectiveStopStorm => self.stopped_often(robot, measure),
            IncidentCode::Stall | IncidentCode::LinkLost | IncidentCode::BlockedZone => vec![(code, 1)],
            _ => Vec::new(),
        };
        self.take_findings(robot, found);
        self.repeat_rule(robot);
        Ok(())
    }

    /// A heartbeat is looked through.
    pub(crate) fn watch_beat(&mut self, robot: RobotId, b: &Heartbeat) {
        let Ok(c) = self.cell(robot) else { return };
        let speed = b.speed_mm_s.unsigned_abs();
        let was_paused = c.paused;
        let stopped = c.robot.stops.iter().any(|s| s.acked);
        let fallen = if b.errors.contains(&ErrorCode::Fall) { FALLEN_URAD } else { 0 };
        let motion = self.motion(robot, speed, fallen);
        let (boxed, agrees) = self.box_told(robot, b.bb_head);
        let mut seen = Vec::with_capacity(READINGS);
        seen.extend(boxed);
        seen.extend([Reading::Heartbeat, Reading::StopOrder { acked: stopped }, motion]);
        seen.push(Reading::Residual { milli: b.residual_milli });
        if b.paused && !was_paused {
            seen.push(Reading::ProtectiveStop);
        }
        if let Some(limit) = self.speed_limit(robot, self.device_time()) {
            seen.push(Reading::Bound { bound: SPEED_BOUND, measured: i64::from(speed), limit });
        }
        let dock_mm = if b.charging { self.off_dock(b) } else { None };
        let marker = b.marker.unwrap_or_default();
        let offset_mm = dock_mm.unwrap_or(0).max(marker.offset_mm);
        seen.push(Reading::PoseError { offset_mm, turn_urad: i64::from(marker.turn_urad) });
        let (clearance_mm, closing_mm_s) = b.person.map_or((u32::MAX, 0), |p| (p.clearance_mm, p.closing_mm_s));
        seen.push(Reading::Person { clearance_mm, closing_mm_s, speed_mm_s: speed });
        if let Some(g) = &b.gate {
            seen.extend(self.gate_told(robot, g));
        }
        let need_bps = if b.charging || b.soc_bps >= LOW_BPS { 0 } else { self.way_out_bps(robot) };
        let soc_bps = if b.charging { LOW_BPS.max(b.soc_bps) } else { b.soc_bps };
        seen.push(Reading::Battery { soc_bps, need_bps, supply: true });
        if let Some(c) = self.touch_robot(robot) {
            (c.paused, c.speed_mm_s) = (b.paused, speed);
        }
        if !self.world.site.areas.is_empty() {
            self.has_left(robot);
            seen.push(self.footprint(robot));
        }
        let mut found = self.detect(robot, &seen);
        if !self.world.site.areas.is_empty() {
            found = self.once_a_stay(robot, found);
        }
        if !found.is_empty() {
            self.take_findings(robot, found);
            self.repeat_rule(robot);
        }
        if !agrees {
            self.box_contradicts(robot);
        }
    }

    /// The receiver hears nothing of a robot any more: what it does not say is not missing.
    pub(crate) fn link_down(&mut self, robot: RobotId) {
        let found = self.detect(robot, &[Reading::Link { up: false }]);
        self.take_findings(robot, found);
        self.windows_linked(robot, false);
    }

    /// Nothing was heard of a robot for so long that, inside, it is graver than a stall.
    pub(crate) fn long_silent(&mut self, robot: RobotId) {
        let Some(c) = self.touch_robot(robot) else { return };
        c.silence_judged = true;
        let held = c.robot.lease.map(|h| h.job);
        if held.is_some_and(|j| self.job(j).is_ok_and(|j| j.status.class() == Class::Inside)) {
            self.robot_incident(robot, IncidentCode::LinkLost, 2);
        }
    }

    pub(crate) fn take_findings(&mut self, robot: RobotId, found: Vec<(IncidentCode, u8)>) {
        for (code, severity) in found {
            self.robot_incident(robot, code, severity);
        }
    }

    /// A robot was seen to come in, with or without the right to (`ACCESS_ANOMALY`).
    pub(crate) fn passed(&mut self, robot: RobotId, passage: Reading) {
        // Of one moment, by the site's clock: the robot's own detectors, which count its time, are not asked.
        let at = DevTime { boot: self.cx.boot, ns: self.device_ns() };
        let found = Detectors::default().see(&self.thresholds(robot), &Sample { at, reading: passage });
        self.take_findings(robot, found.into_iter().map(|f| (code_back(f.code), f.severity)).collect());
    }

    /// Shows readings of one instant to the robot's detectors.
    fn detect(&mut self, robot: RobotId, readings: &[Reading]) -> Vec<(IncidentCode, u8)> {
        let ns = self.device_ns();
        self.detect_at(robot, readings.iter().map(|r| (ns, *r)))
    }

    /// The device's time of what is being said; that of the platform where no device speaks.
    pub(crate) fn device_ns(&self) -> u64 {
        self.cx.dev_ns.unwrap_or(self.cx.legal.0)
    }

    /// The same with the boot that it counts from.
    pub(crate) fn device_time(&self) -> DevTime {
        DevTime { boot: self.cx.boot, ns: self.device_ns() }
    }

    /// Shows readings of their own instants to them, one after the other.
    pub(crate) fn detect_at(&mut self, robot: RobotId, readings: impl Iterator<Item = (u64, Reading)>) -> Vec<(IncidentCode, u8)> {
        let boot = self.cx.boot;
        let thresholds = self.thresholds(robot);
        let detectors = self.s.detectors.entry(robot).or_default();
        let found = readings.flat_map(|(ns, reading)| detectors.see(&thresholds, &Sample { at: DevTime { boot, ns }, reading }));
        found.map(|f| (code_back(f.code), f.severity)).collect()
    }

    /// The tenant's thresholds, with what the tier of the robot's job says.
    pub(crate) fn thresholds(&self, robot: RobotId) -> Thresholds {
        let mut t = self.s.genesis.policy.claims.thresholds.clone();
        let job = self.cell(robot).ok().and_then(|c| c.robot.lease).and_then(|h| self.s.jobs.get(&h.job));
        if let Some(v) = job.and_then(|j| j.pins.as_deref()).map(|p| p.tier_values) {
            t.miss_clearance_mm = v.human_clearance_mm;
            t.link_1_ns = v.stall_after.0;
        }
        t
    }

    /// How it moves, and whether it should.
    fn motion(&self, robot: RobotId, speed_mm_s: u32, tilt_urad: i64) -> Reading {
        let job = self.cell(robot).ok().and_then(|c| c.robot.lease).and_then(|h| self.s.jobs.get(&h.job));
        let plan_active = job.is_some_and(|j| j.status == Status::Executing);
        Reading::Motion { speed_mm_s, tilt_urad, plan_active, checkpoint: job.map_or(0, |j| j.checkpoint) }
    }

    /// What it should carry, and whether its plan puts that down where it stands.
    fn load_of(&self, robot: RobotId) -> (u32, bool) {
        let Some(held) = self.cell(robot).ok().and_then(|c| c.robot.lease) else { return (0, false) };
        let Some(j) = self.s.jobs.get(&held.job) else { return (0, false) };
        let place = self.s.robots.get(&robot).map_or(u32::MAX, |c| c.robot.place);
        let placing =
            j.steps().get(usize::from(j.checkpoint)).is_some_and(|s| matches!(s.action, Action::Drop | Action::Lift) && s.place == place);
        (j.request.need.payload_g, placing)
    }

    /// How far from the charger it stands, by its own estimate: the dock knows better.
    fn off_dock(&self, b: &Heartbeat) -> Option<u32> {
        let v = self.world.site.vertices.get(b.last_node as usize)?;
        if !v.flags.is_charger || v.level.ix != b.level {
            return None;
        }
        let (x, y) = self.world.vertex_mm(b.last_node)?;
        let square = |a: i64, b: i64| u128::from(a.abs_diff(b)).saturating_mul(u128::from(a.abs_diff(b)));
        let far = square(b.pose.x_mm, x).saturating_add(square(b.pose.y_mm, y)).isqrt();
        Some(u32::try_from(far).unwrap_or(u32::MAX))
    }

    /// Charge that the way to the nearest charger takes, basis points; all of it if none can be reached.
    fn way_out_bps(&self, robot: RobotId) -> u32 {
        let Ok(c) = self.cell(robot) else { return 0 };
        let Some(at) = self.s.traffic.at(robot).map(|v| v.ix) else { return 0 };
        let Some((ms, _)) = self.world.nearest_charger(c.entry, at) else { return 10_000 };
        let watts = self.s.genesis.robots.get(c.entry as usize).map_or(0, |e| crate::matching::drive_w(&e.model));
        let need_j = mul_div(ms, watts, 1_000).unwrap_or(u64::MAX);
        let bps = mul_div(need_j, 10_000, c.robot.battery_j.max(1)).unwrap_or(10_000);
        u32::try_from(bps).unwrap_or(10_000).min(10_000)
    }

    /// An incident of a robot: on its job's stream, or on its own if it holds no lease.
    pub fn robot_incident(&mut self, robot: RobotId, code: IncidentCode, severity: u8) {
        let held = self.cell(robot).ok().and_then(|c| c.robot.lease).map(|h| h.job);
        let job = held.filter(|j| self.job(*j).is_ok_and(|j| !matches!(j.status, Status::Matched)));
        let Some(job) = job else { return self.stray_incident(robot, code_of(code), severity, self.cx.dev_ns) };
        let opened = self.open_incident(job, Some(robot), code, severity, self.cx.dev_ns);
        // What is counted with one that is open already is no further one.
        self.counts_as_minor(robot, opened && severity == 2);
    }

    /// One more minor incident, for the repeat rule.
    pub(crate) fn counts_as_minor(&mut self, robot: RobotId, minor: bool) {
        let now = self.now();
        if let Some(c) = self.touch_robot(robot).filter(|_| minor) {
            c.robot.erred(now);
        }
    }
}
