//! How the robot feels: faults, bumps, falls, silent sensors; and whether it gets on.

use nooterra_engine::{Instant, Record, Span};
use nooterra_port::hardware::SensorFrame;
use nooterra_port::report::{ErrorCode, Report};

/// Lying or about to.
const TILT_FALL_RAD: f64 = 0.35;
/// The same bump within this time is one.
const BUMP_ONCE: Span = Span::from_secs(10);
/// A hard bump holds the robot for a while.
const BUMP_HARD_MNS: u32 = 2_000;
const BUMP_HOLD: Span = Span::from_secs(3);
/// A touch of a person that is told.
const HUMAN_MNS: u32 = 50;
/// A drive fault counts after this many cycles.
const FAULT_CYCLES: u32 = 10;
/// A clock that ran back is doubted for so long.
const CLOCK_DOUBT: Span = Span::from_secs(60);
/// Without a scan for this long the robot is blind, s.
const BLIND_S: f64 = 1.0;

/// Faults and incidents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Health {
    fault_cycles: u32,
    /// Drive fault.
    pub motor_fault: bool,
    /// Lying or tilted.
    pub fallen: bool,
    tilt_cycles: u32,
    /// Sensors that driving needs are silent.
    pub blind: bool,
    /// Position not to be trusted.
    pub lost: bool,
    /// Little charge left.
    pub battery_low: bool,
    /// The link is down.
    pub offline: bool,
    /// A sensor is silent that others stand in for.
    pub weak: bool,
    /// The clock ran back not long ago.
    pub clock_until: Instant,
    /// Nothing is recorded.
    pub disk_full: bool,
    looked_at: Instant,
    bump_at: Option<Instant>,
    bump_mns: u32,
    /// Holds after a hard bump.
    pub hold_until: Instant,
}

impl Health {
    /// One cycle; `person` says that somebody is so near that a bump is theirs.
    #[allow(clippy::too_many_arguments)] // what one cycle is looked at with
    pub fn cycle(
        &mut self,
        now: Instant,
        f: &SensorFrame,
        since_scan_s: f64,
        has_lidar: bool,
        collision_mns: u32,
        person: bool,
        out: &mut Vec<Report>,
    ) {
        self.looked_at = now;
        self.fault_cycles = if f.motor_fault { self.fault_cycles.saturating_add(1) } else { 0 };
        self.motor_fault = self.fault_cycles >= FAULT_CYCLES;
        self.tilt_cycles = if f.tilt_rad.abs() >= TILT_FALL_RAD { self.tilt_cycles.saturating_add(1) } else { 0 };
        let fallen = self.tilt_cycles >= 4;
        if fallen && !self.fallen {
            #[allow(clippy::cast_possible_truncation)] // an angle below pi
            out.push(Report::Noticed { code: "TIP_OVER".into(), measure: (f.tilt_rad * 1e6) as i64 });
        }
        self.fallen = fallen;
        self.blind = has_lidar && since_scan_s > BLIND_S;
        let least_mns = if person { HUMAN_MNS.min(collision_mns) } else { collision_mns };
        if f.bump_mns >= least_mns {
            let again = self.bump_at.is_some_and(|at| now.since(at) < BUMP_ONCE);
            let tells = !nooterra_engine::planted!("I17 keep a contact secret");
            if tells && (!again || f.bump_mns > self.bump_mns.saturating_mul(2)) {
                self.bump_at = Some(now);
                self.bump_mns = f.bump_mns;
                let code = if person { "HUMAN_CONTACT" } else { "COLLISION" };
                out.push(Report::Noticed { code: code.into(), measure: i64::from(f.bump_mns) });
            }
            if f.bump_mns >= BUMP_HARD_MNS {
                self.hold_until = now.saturating_add(BUMP_HOLD);
            }
        }
    }
    /// Present errors as bits, in the order of [`ErrorCode`].
    pub fn bits(&self) -> u32 {
        self.errors().iter().fold(0, |b, e| b | 1 << *e as u32)
    }
    /// Present errors.
    pub fn errors(&self) -> Vec<ErrorCode> {
        let all = [
            (self.battery_low, ErrorCode::BatteryLow),
            (self.motor_fault, ErrorCode::MotorFault),
            (self.blind || self.weak, ErrorCode::SensorFault),
            (self.lost, ErrorCode::LocalisationLost),
            (self.fallen, ErrorCode::Fall),
            (self.offline, ErrorCode::Link),
            (self.is_out_of_time(), ErrorCode::Clock),
            (self.disk_full, ErrorCode::DiskFull),
        ];
        all.iter().filter(|(on, _)| *on).map(|(_, e)| *e).collect()
    }
    /// Health, 1/10 000: the least of all subsystems.
    pub fn bps(&self) -> u32 {
        let parts = [
            (self.battery_low, 6_500),
            (self.motor_fault, 1_000),
            (self.blind, 3_000),
            (self.lost, 3_000),
            (self.fallen, 0),
            (self.offline, 9_000),
            (self.weak, 6_000),
            (self.is_out_of_time(), 6_000),
            (self.disk_full, 6_500),
        ];
        parts.iter().filter(|(on, _)| *on).map(|(_, v)| *v).min().unwrap_or(10_000)
    }
    /// Did its clock run back within the last while?
    fn is_out_of_time(&self) -> bool {
        self.looked_at < self.clock_until
    }
    /// The device's time ran back: what it says of when is doubted for a while.
    pub fn clock_ran_back(&mut self, now: Instant) {
        self.clock_until = now.saturating_add(CLOCK_DOUBT);
    }
    /// May the robot drive and take work?
    pub fn is_fit(&self) -> bool {
        !(self.motor_fault || self.blind || self.lost || self.fallen)
    }
}

/// Having come so far it has got on, and may ask again.
const GOT_ON_M: f64 = 0.5;

/// Whether the robot gets on where it wants to.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Progress {
    /// Stopped by a protective field.
    pub blocked: bool,
    free_s: f64,
    idle_s: f64,
    moved_m: f64,
    /// Lane for which an obstruction was reported.
    reported: Option<u32>,
    /// Help was asked for, and so far it has come since.
    asked_m: Option<f64>,
}

impl Progress {
    /// A protective field with hysteresis: stops when nothing is left, releases when there is room for a while.
    /// Returns whether the state changed.
    pub fn field(&mut self, allowed_mps: f64, dt_s: f64) -> bool {
        let before = self.blocked;
        if self.blocked {
            self.free_s = if allowed_mps > 0.1 { self.free_s + dt_s } else { 0.0 };
            self.blocked = self.free_s < 0.5;
        } else if allowed_mps < 0.01 {
            self.blocked = true;
            self.free_s = 0.0;
        }
        before != self.blocked
    }
    #[allow(clippy::too_many_arguments)] // one cycle's movement with its circumstances
    /// Wants to get on and moved this much in `dt_s`. Reports an obstruction of `lane` and its end.
    pub fn cycle(&mut self, wants: bool, moved_m: f64, turned_rad: f64, dt_s: f64, after: Span, lane: Option<u32>, out: &mut Vec<Report>) {
        let gets_on = moved_m > 0.02 * dt_s || turned_rad.abs() > 0.05 * dt_s;
        self.idle_s = if wants && !gets_on { self.idle_s + dt_s } else { 0.0 };
        self.moved_m += moved_m;
        self.asked_m = self.asked_m.map(|m| m + moved_m).filter(|m| *m < GOT_ON_M);
        if let Some(lane) = self.reported {
            if self.moved_m > 0.15 {
                self.reported = None;
                out.push(Report::ObstructionCleared { lane });
            }
        } else if self.idle_s >= after.as_secs_f64()
            && let Some(lane) = lane
        {
            self.reported = Some(lane);
            self.moved_m = 0.0;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // seconds of standing
            out.push(Report::Obstructed { lane, since_s: self.idle_s as u32 });
        }
    }
    /// Has it stood for so long that it is to ask for help? Once, until it has got on.
    pub fn asks(&mut self, after: Span) -> bool {
        let asks = self.asked_m.is_none() && self.idle_s >= after.as_secs_f64();
        if asks {
            self.asked_m = Some(0.0);
        }
        asks
    }
    /// For how long it has wanted to move and did not, s.
    pub fn idle_s(&self) -> f64 {
        self.idle_s
    }
    /// Another way is taken: what stood on the old one is not known to be gone, so nothing is said about it.
    pub fn new_way(&mut self) {
        self.reported = None;
        self.idle_s = 0.0;
        self.blocked = false;
        self.free_s = 0.0;
    }
}
