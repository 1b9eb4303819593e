//! What robots can do: what they declare, and what was seen of it on jobs that have settled (domain 3.7, 5.1).
//!
//! While a robot works on a job, its heartbeats tell how fast it drives and what its battery gives. When the job settles,
//! that is a sample. From ten samples on, what was measured counts where it is less than what was declared, and its power
//! where it is more.

use crate::matching::whole;
use crate::state::State;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_dispatch::assign::{Ability, Measured, Need, meets};
use nooterra_engine::Record;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::sometimes;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::terms::Required;
use nooterra_operations::Robot;
use nooterra_operations::event::{self, Capability, Event as RobotEvent};
use nooterra_port::Advert;
use nooterra_port::report::Heartbeat;
use nooterra_trust::{Code, Rejection};
use std::collections::VecDeque;

/// Values that one job may ask for, at most.
const REQUIRED_MAX: usize = 16;
/// Samples kept of each robot.
const KEPT: usize = 20;
/// Speeds are measured to this, mm/s, upwards: what wheels report is off by about so much.
const SPEED_STEP: u64 = 25;
/// Slower than this it does not drive, mm/s.
const DRIVES_MM_S: u32 = 50;
/// Wheels may read so much more than a model's speed while it drives at it.
const SPEED_SLACK: f64 = 1.1;
/// A battery's gauge says nothing of less driving, or of less charge, 1/10 000.
const LEAST_DRIVEN: Span = Span::from_secs(60);
const LEAST_BPS: u32 = 10;
/// From so many samples on, a measured power counts.
const SURE: u32 = 10;
/// Names under which measurements are on record.
const SPEED: &str = "speed_mm_s";
const DRIVE: &str = "drive_w";
/// The declared value that every job with a load asks for.
const PAYLOAD: &str = "payload_g";

/// What a robot did on a job that has not settled yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Run {
    /// Highest speed, mm/s.
    fastest_mm_s: u32,
    /// Time at work.
    whole: Span,
    /// Time in motion.
    driven: Span,
    /// Charge that it took, 1/10 000.
    used_bps: u32,
    /// Last heartbeat: when, charge, in motion.
    last: Option<(Instant, u32, bool)>,
}

impl Run {
    /// Faster than `most_mm_s` its model cannot be: then wheels slip or their counters leap, and nothing is learnt of the robot.
    fn hear(&mut self, now: Instant, b: &Heartbeat, most_mm_s: u64) {
        let speed = b.speed_mm_s.unsigned_abs();
        let moves = speed >= DRIVES_MM_S;
        if let Some((at, soc_bps, moved)) = self.last {
            let dt = now.since(at);
            self.whole += dt;
            if moves && moved {
                self.driven += dt;
            }
            self.used_bps = self.used_bps.saturating_add(soc_bps.saturating_sub(b.soc_bps));
        }
        if u64::from(speed) <= most_mm_s {
            self.fastest_mm_s = self.fastest_mm_s.max(speed);
        }
        self.last = Some((now, b.soc_bps, moves));
    }

    /// Power of driving beyond `aux_w`, which electronics take all the time, if there is enough to tell.
    fn drive_w(&self, battery_j: u64, aux_w: u64) -> Option<u64> {
        if self.driven < LEAST_DRIVEN || self.used_bps < LEAST_BPS {
            return None;
        }
        let used_j = u128::from(battery_j) * u128::from(self.used_bps) / 10_000;
        let aux_j = u128::from(aux_w) * u128::from(self.whole.as_secs());
        u64::try_from(used_j.saturating_sub(aux_j) / u128::from(self.driven.as_secs().max(1))).ok()
    }
}

/// The last samples of a robot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Samples {
    /// The highest speed of each job, mm/s.
    pub speeds: VecDeque<u64>,
    /// The power of driving on each job, watts.
    pub powers: VecDeque<u64>,
    /// How many there were, of each.
    pub counts: (u32, u32),
}

fn keep(samples: &mut VecDeque<u64>, count: &mut u32, value: u64) {
    if samples.len() >= KEPT {
        samples.pop_front();
    }
    samples.push_back(value);
    *count = count.saturating_add(1);
}

/// The value that nine in ten samples do not exceed: the nearest rank.
fn p90(samples: &VecDeque<u64>) -> u64 {
    let mut sorted: Vec<u64> = samples.iter().copied().collect();
    sorted.sort_unstable();
    sorted.get((sorted.len() * 9).div_ceil(10).saturating_sub(1)).copied().unwrap_or(0)
}

impl Samples {
    /// One more job: what there is to say of the robot now.
    fn add(&mut self, run: &Run, battery_j: u64, aux_w: u64) -> Vec<event::Measured> {
        let mut out = Vec::new();
        if run.fastest_mm_s >= DRIVES_MM_S {
            keep(&mut self.speeds, &mut self.counts.0, u64::from(run.fastest_mm_s).next_multiple_of(SPEED_STEP));
            // It can do what it did once: lanes and traffic slow it down on most jobs.
            let value = self.speeds.iter().copied().max().unwrap_or(0);
            out.push(event::Measured { name: SPEED.to_owned(), value, samples: self.counts.0 });
        }
        if let Some(w) = run.drive_w(battery_j, aux_w) {
            keep(&mut self.powers, &mut self.counts.1, w);
            out.push(event::Measured { name: DRIVE.to_owned(), value: p90(&self.powers), samples: self.counts.1 });
        }
        out
    }
}

/// What a robot offers, for dispatch.
pub(crate) fn abilities(r: &Robot, now: Instant) -> Vec<Ability> {
    let tight = r.tightened.ordered(now).and_then(|c| c.speed_mm_s).map_or(u64::MAX, u64::from);
    let measured = |name: &str| r.measured(name).map(|m| Measured { value: m.value, samples: m.samples });
    let ability = |c: &Capability| Ability {
        name: c.name.clone(),
        declared: if c.name == SPEED { c.value.min(tight) } else { c.value },
        measured: measured(&c.name),
    };
    r.declared.iter().map(ability).collect()
}

/// What a job asks for, for dispatch.
pub(crate) fn needs(required: &[Required]) -> Vec<Need> {
    required.iter().map(|r| Need { name: r.name.clone(), at_least: r.at_least }).collect()
}

/// Does a robot reach everything that work asks for?
pub(crate) fn can(r: &Robot, required: &[Required], now: Instant) -> bool {
    required.is_empty() || {
        let offered = abilities(r, now);
        needs(required).iter().all(|n| meets(&offered, n))
    }
}

/// The heaviest load that it takes, grams: what its model bears, or less by its own word.
pub(crate) fn payload_g(r: &Robot, model: &nooterra_site::RobotModel) -> u64 {
    let declared = r.declared.iter().find(|c| c.name == PAYLOAD).map_or(u64::MAX, |c| c.value);
    declared.min(whole(model.payload_max_kg * 1e3))
}

/// Power that driving takes: what its model says, or more if more was measured.
pub(crate) fn drive_w(r: &Robot, model: &nooterra_site::RobotModel) -> u64 {
    let measured = r.measured(DRIVE).filter(|m| m.samples >= SURE).map_or(0, |m| m.value);
    measured.max(crate::matching::drive_w(model))
}

/// Is this something that can be asked for?
pub(crate) fn check_required(required: &[Required]) -> Outcome {
    let names = |a: &Required| !a.name.is_empty() && a.name.len() <= 32;
    let sound = required.len() <= REQUIRED_MAX && required.iter().all(names) && required.is_sorted_by(|a, b| a.name < b.name);
    if sound { Ok(()) } else { no(Code::SchemaInvalid) }
}

impl Unit<'_> {
    /// A robot says what it can do.
    pub(crate) fn advertised(&mut self, robot: RobotId, a: Advert) -> Outcome {
        need(a.is_sound(), Code::SchemaInvalid)?;
        let r = &self.cell(robot)?.robot;
        // Nobody trades in batteries that grow.
        if a.battery_j > r.battery_j {
            return Err(Rejection::new(Code::SchemaInvalid).field("battery_j").expected(r.battery_j).actual(a.battery_j));
        }
        let capabilities = a.capabilities.into_iter().map(|d| Capability { name: d.name, value: d.value }).collect();
        let skills = self.s.skills.installed(robot);
        self.emit_robot(robot, RobotEvent::CapabilitiesAdvertised { capabilities, skills, sensors: a.sensors, battery_j: a.battery_j });
        self.trigger_dispatch();
        Ok(())
    }

    /// A heartbeat of a robot at work is part of what will be measured.
    pub(crate) fn measure(&mut self, job: JobId, robot: RobotId, b: &Heartbeat) {
        let now = self.now();
        let entry = self.cell(robot).ok().and_then(|c| self.s.genesis.robots.get(c.entry as usize));
        let most_mm_s = entry.map_or(u64::MAX, |e| whole(e.model.speed_max_mps * 1_000.0 * SPEED_SLACK));
        self.s.runs.entry((job, robot)).or_default().hear(now, b, most_mm_s);
    }

    /// A job has settled: what its robots did on it are samples.
    pub(crate) fn measured(&mut self, job: JobId) {
        for (robot, run) in take_runs(self.s, job) {
            let Ok(c) = self.cell(robot) else { continue };
            let (battery_j, model) = (c.robot.battery_j, &self.s.genesis.robots[c.entry as usize].model);
            let aux_w = whole(model.ambient_w);
            let Some(cell) = self.touch_robot(robot) else { continue };
            for m in cell.samples.add(&run, battery_j, aux_w) {
                sometimes!(m.samples >= SURE, "a robot was measured often enough to count");
                self.emit_robot(robot, RobotEvent::CapabilityMeasured(m));
            }
        }
    }
}

/// What was heard of a job's robots, which is no longer kept.
pub(crate) fn take_runs(s: &mut State, job: JobId) -> Vec<(RobotId, Run)> {
    let of = (job, RobotId::from_bytes([0; 16]))..=(job, RobotId::from_bytes([0xff; 16]));
    let robots: Vec<RobotId> = s.runs.range(of).map(|((_, r), _)| *r).collect();
    robots.into_iter().filter_map(|r| Some((r, s.runs.remove(&(job, r))?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(speed_mm_s: i32, soc_bps: u32) -> Heartbeat {
        Heartbeat {
            soc_bps,
            battery_mv: 24_000,
            charging: false,
            health_bps: 10_000,
            errors: Vec::new(),
            pose: nooterra_port::report::PoseMm::default(),
            level: 0,
            sigma_mm: 1,
            speed_mm_s,
            order: None,
            update: 0,
            last_node_sequence_id: 0,
            last_node: 0,
            paused: false,
            orders_seen: 0,
            ahead: Vec::new(),
            mode: nooterra_port::report::Mode::Driving,
            bb_head: None,
            residual_milli: 0,
            marker: None,
            person: None,
            gate: None,
        }
    }

    /// Drives for `driven` seconds and stands for `stood`, and its charge falls by a basis point each ten seconds.
    fn run(driven: u64, stood: u64, speed: i32) -> Run {
        let mut r = Run::default();
        for s in 0..=driven + stood {
            r.hear(Instant(s * 1_000_000_000), &beat(if s <= driven { speed } else { 0 }, 9_000 - u32::try_from(s / 10).unwrap()), 2_000);
        }
        r
    }

    #[test]
    fn power_is_what_the_battery_gave_while_it_drove() {
        // 1 bp of 1 MJ is 100 J: 10 W on average, all of which it drove for.
        assert_eq!(run(100, 0, 500).drive_w(1_000_000, 0), Some(10));
        // 20 W on average over twice the driving time is 20 W for the drive.
        assert_eq!(run(100, 100, 500).drive_w(1_000_000, 0), Some(20));
        // Electronics take 4 W of it all the time.
        assert_eq!(run(100, 100, 500).drive_w(1_000_000, 4), Some(12));
        assert_eq!(run(100, 0, 500).drive_w(1_000_000, 50), Some(0), "never less than nothing");
        assert_eq!(run(59, 200, 500).drive_w(1_000_000, 0), None, "too short");
        assert_eq!(run(90, 0, 500).drive_w(1_000_000, 0), None, "nine basis points are too few");
        assert_eq!(run(100, 0, 49).drive_w(1_000_000, 0), None, "it crept");
        assert_eq!(run(100, 0, 500).drive_w(u64::MAX, 0), Some(u64::try_from(u128::from(u64::MAX) * 10 / 10_000 / 100).unwrap()));
    }

    #[test]
    fn samples_are_the_last_twenty_and_speak_for_what_it_can() {
        let mut s = Samples::default();
        for (n, speed) in [500, 300, -610, 1].iter().chain([&400; 20]).enumerate() {
            let said = s.add(&run(100, 0, *speed), 1_000_000, 0);
            let speeds: Vec<(u64, u32)> = said.iter().filter(|m| m.name == SPEED).map(|m| (m.value, m.samples)).collect();
            match n {
                0 => assert_eq!(speeds, [(500, 1)]),
                1 => assert_eq!(speeds, [(500, 2)], "it can do what it did once"),
                2 => assert_eq!(speeds, [(625, 3)], "backwards counts, and is rounded up"),
                3 => assert_eq!(speeds, [], "it did not drive"),
                4..=21 => assert_eq!(speeds, [(625, u32::try_from(n).unwrap())]),
                _ => assert_eq!(speeds, [(if n == 22 { 625 } else { 400 }, u32::try_from(n).unwrap())], "{n}"),
            }
        }
        assert_eq!((s.speeds.len(), s.counts.0), (KEPT, 23));
    }

    #[test]
    fn counters_that_leap_make_no_robot_faster() {
        let mut r = run(100, 0, 500);
        r.hear(Instant(200_000_000_000), &beat(2_001, 8_000), 2_000);
        assert_eq!(r.fastest_mm_s, 500);
        r.hear(Instant(201_000_000_000), &beat(-2_000, 8_000), 2_000);
        assert_eq!(r.fastest_mm_s, 2_000);
    }

    #[test]
    fn nine_in_ten_do_not_exceed_it() {
        let of = |n: u64| p90(&(1..=n).collect());
        assert_eq!((of(0), of(1), of(2), of(10), of(11), of(20)), (0, 1, 2, 9, 10, 18));
    }

    #[test]
    fn what_is_asked_for_is_in_order_and_not_too_much() {
        let asked = |names: &[&str]| names.iter().map(|n| Required { name: (*n).to_owned(), at_least: 1 }).collect::<Vec<_>>();
        assert!(check_required(&asked(&["payload_g", "speed_mm_s"])).is_ok());
        for names in [&["b", "a"][..], &["a", "a"], &[""]] {
            assert!(check_required(&asked(names)).is_err(), "{names:?}");
        }
        let many: Vec<String> = (10..27).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(check_required(&asked(&many[1..])).is_ok() && check_required(&asked(&many)).is_err());
        assert!(check_required(&asked(&[&"x".repeat(33)])).is_err());
    }
}
