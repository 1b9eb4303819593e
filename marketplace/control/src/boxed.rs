//! What a robot's black box shows is judged like what it says (domain 8.1): each window that is handed out goes through the same
//! detectors, and what they find and nobody has told of opens its incident, with the time of the box. So a robot that keeps
//! something to itself silences nobody, as far as windows of it are asked for.
//!
//! Read from chunks: each cycle that was faster than its bound or moved under a stop, the hardest bump of each second, falls,
//! protective stops. The bound is the platform's own, never the robot's. What was under way when the window began has begun
//! before it, and is judged where its beginning is seen. A window in pieces is read on from one to the next.

use crate::unit::Unit;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::time::Span;
use nooterra_engine::{Record, sometimes};
use nooterra_jobs::event::IncidentCode;
use nooterra_port::blackbox::{Chunk, MOMENTS_MAX, Moment, Window};
use nooterra_port::report::ErrorCode;
use nooterra_trust::detect::{Detectors, Finding, Reading, Sample};
use nooterra_trust::evidence::Evidence;
use nooterra_trust::incident::{DEDUPE, DevTime, IncidentCode as TrustCode, Incidents, Stream};

/// Cycles that follow each other within this belong together.
const NEXT_CYCLE: Span = Span::from_millis(250);

impl Unit<'_> {
    /// A window of chunks that stand under anchors: what it shows and nobody has told of. It is read on from where the last piece
    /// of it ended, and what is known then is given back.
    pub(crate) fn judge_box(&mut self, robot: RobotId, of: Stream, w: &Window, mut read: Reader) -> Reader {
        let Some(boot) = self.evidence(of).ok().and_then(|e| boot_of(e, w)) else { return read };
        let thresholds = self.thresholds(robot);
        let storm = Span(thresholds.storm_ns);
        let mut found = Vec::new();
        for c in &w.chunks {
            for (ns, reading) in read.shown.readings(c, &|ns| self.speed_limit(robot, DevTime { boot, ns }).unwrap_or(i64::MAX)) {
                let told = read.detectors.see(&thresholds, &Sample { at: DevTime { boot, ns }, reading });
                found.extend(told.into_iter().map(|f| (f, c.lease)));
            }
        }
        for (f, lease) in found {
            let job = lease.and_then(|l| self.job_of_lease(robot, l)).or(match of {
                Stream::Job(job) => Some(job),
                Stream::Robot(_) => None,
            });
            let apart = if f.code == TrustCode::ProtectiveStopStorm { storm } else { DEDUPE };
            if !self.is_told(robot, job, &f, apart) {
                sometimes!(true, "a black box tells of what its robot did not");
                self.shown(robot, job, &f);
            }
        }
        self.repeat_rule(robot);
        read
    }

    /// The job that a robot was about under this lease.
    fn job_of_lease(&self, robot: RobotId, lease: nooterra_engine::ids::LeaseId) -> Option<JobId> {
        let held = self.cell(robot).ok().and_then(|c| c.robot.held(lease)).map(|h| h.job);
        let worked = || self.s.jobs.values().find(|j| j.legs.iter().any(|l| l.offer.lease == lease && l.offer.robot == robot));
        held.or_else(|| worked().map(|j| j.id))
    }

    /// Is there an incident of it already, as grave, on any stream that could have it?
    fn is_told(&self, robot: RobotId, job: Option<JobId>, f: &Finding, apart: Span) -> bool {
        let held = self.cell(robot).ok().and_then(|c| c.robot.lease).map(|h| h.job);
        let cases = job.into_iter().chain(held).filter_map(|j| self.s.cases.get(&j)).map(|c| &c.incidents);
        cases.chain(self.s.strays.get(&robot)).any(|i| knows(i, robot, f, apart))
    }

    fn shown(&mut self, robot: RobotId, job: Option<JobId>, f: &Finding) {
        let code = crate::cases::code_back(f.code);
        match job {
            Some(job) => {
                let opened = self.open_incident(job, Some(robot), code, f.severity, Some(f.at.ns));
                self.counts_as_minor(robot, opened && f.severity == 2);
            }
            None => self.stray_incident(robot, f.code, f.severity, Some(f.at.ns)),
        }
    }

    /// What a robot says that it measured against a bound, if the bound was the platform's as well when it did.
    pub(crate) fn breached(&self, robot: RobotId, measure: i64) -> Vec<(IncidentCode, u8)> {
        let limit = self.speed_limit(robot, self.device_time()).unwrap_or(i64::MAX);
        let over =
            u128::from(measure.unsigned_abs()) * 10_000 > u128::from(limit.unsigned_abs()) * u128::from(self.thresholds(robot).clamp_bps);
        if over { vec![(IncidentCode::ClampBreach, 4)] } else { Vec::new() }
    }

    /// What a robot says of its own motion under a stop, if it had said that it obeys one, and had not been let go by then.
    pub(crate) fn moved_under_stop(&self, robot: RobotId, measure: i64) -> Vec<(IncidentCode, u8)> {
        let stopped = self.cell(robot).is_ok_and(|c| c.bygone.stood(self.device_time()));
        let moves = measure.unsigned_abs() >= u64::from(self.thresholds(robot).uncommanded_mm_s);
        if stopped && moves { vec![(IncidentCode::UncommandedMotion, 5)] } else { Vec::new() }
    }

    /// So many protective stops in the time of the rule, by the robot's own count.
    pub(crate) fn stopped_often(&self, robot: RobotId, measure: i64) -> Vec<(IncidentCode, u8)> {
        let t = self.thresholds(robot);
        let n = measure.unsigned_abs();
        let severity = if n >= u64::from(t.storm_3) { 3 } else { 2 };
        if n >= u64::from(t.storm_2) { vec![(IncidentCode::ProtectiveStopStorm, severity)] } else { Vec::new() }
    }
}

/// The boot under which a window was asked for.
fn boot_of(e: &Evidence, w: &Window) -> Option<u32> {
    e.windows.get(&w.incident).map(|x| x.from.boot)
}

/// Does one of these incidents tell of it?
fn knows(all: &Incidents, robot: RobotId, f: &Finding, apart: Span) -> bool {
    all.incidents.values().any(|i| {
        let near =
            i.span.is_some_and(|(first, last)| f.at.ns >= first.ns.saturating_sub(apart.0) && f.at.ns <= last.ns.saturating_add(apart.0));
        // Contacts with people are contacts: which of the two it was may be seen differently.
        let touch = |c: TrustCode| matches!(c, TrustCode::Collision | TrustCode::HumanContact);
        let same = i.report.code == f.code || touch(i.report.code) && f.code == TrustCode::Collision;
        same && i.report.robot == Some(robot) && i.seen >= f.severity && near
    })
}

/// A window that is read: what detectors know of it so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Reader {
    detectors: Detectors,
    shown: Shown,
}

/// What of a window was read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
struct Shown {
    begun: bool,
    lies: bool,
    /// The episode that was under way when the window began has not ended yet.
    leading: bool,
    last_ns: u64,
}

impl Shown {
    /// A chunk as the detectors read it.
    fn readings(&mut self, c: &Chunk, limit: &dyn Fn(u64) -> i64) -> Vec<(u64, Reading)> {
        let mut out = Vec::new();
        let lies = c.errors & (1 << ErrorCode::Fall as u32) != 0;
        if !self.begun {
            (self.begun, self.lies, self.leading, self.last_ns) = (true, lies, true, c.from_ns);
        }
        for m in c.moments.iter().take(MOMENTS_MAX).filter(|m| c.from_ns < m.at_ns && m.at_ns <= c.to_ns) {
            let follows = m.at_ns.saturating_sub(self.last_ns) <= NEXT_CYCLE.0;
            self.leading &= follows;
            if !follows {
                // Between two episodes it did as it should.
                out.extend(of_moment(&Moment { at_ns: self.last_ns, speed_mm_s: 0, stopped: m.stopped }, limit(self.last_ns)));
            }
            self.last_ns = m.at_ns;
            if !self.leading {
                out.extend(of_moment(m, limit(m.at_ns)));
            }
        }
        if c.hardest_mns > 0 {
            let grasp = false;
            let touch = Reading::Contact { impulse_mns: c.hardest_mns, force_mn: 0, person: c.by_person, tactile: true, grasp };
            out.push((c.to_ns, touch));
        }
        out.extend((0..c.pauses.min(64)).map(|_| (c.to_ns, Reading::ProtectiveStop)));
        if lies && !self.lies {
            let tilt_urad = crate::watching::FALLEN_URAD;
            out.push((c.to_ns, Reading::Motion { speed_mm_s: 0, tilt_urad, plan_active: false, checkpoint: 0 }));
        }
        self.lies = lies;
        out
    }
}

fn of_moment(m: &Moment, limit: i64) -> Vec<(u64, Reading)> {
    let speed_mm_s = m.speed_mm_s;
    let readings = [
        Reading::StopOrder { acked: m.stopped },
        Reading::Motion { speed_mm_s, tilt_urad: 0, plan_active: false, checkpoint: 0 },
        Reading::Bound { bound: crate::watching::SPEED_BOUND, measured: i64::from(speed_mm_s), limit },
    ];
    readings.map(|r| (m.at_ns, r)).to_vec()
}
