//! Evidence windows around incidents: what robots said in the last while, asked for, captured when it is over, and told of
//! where it is not whole.

use super::{REPORTED, TRUST, code_back};
use crate::state::State;
use crate::unit::Unit;
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, sha256_plain};
use nooterra_engine::ids::{EvidenceId, IncidentId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::IncidentCode;
use nooterra_trust::evidence::{self, Capture, Channel};
use nooterra_trust::incident::{self, DevTime, Stream};
use nooterra_trust::{Hand, Role};
use std::collections::{BTreeMap, VecDeque};

/// What a robot said of itself is kept this long: an evidence window reaches half a minute either way.
const KEPT: Span = Span::from_secs(75);

/// What people tell of later than this after a job's end, no black box holds any more: it keeps ten minutes.
const SEEN_LATER: Span = Span::from_mins(5);

/// Something that a robot said of itself, as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Said {
    /// The robot's time.
    pub dev_ns: u64,
    /// Hash of the signed input.
    pub input: Digest,
    /// Its body.
    pub body: Vec<u8>,
}

/// What robots said in the last while: the words that evidence windows are cut from.
pub type Telemetry = BTreeMap<RobotId, VecDeque<Said>>;

/// Content of a window of words.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct WindowContent {
    robot: RobotId,
    said: Vec<Said>,
}

/// Keeps what a robot said, and forgets what is too old.
pub(crate) fn remember(s: &mut State, robot: RobotId, said: Said) {
    let kept = s.telemetry.entry(robot).or_default();
    let old = said.dev_ns.saturating_sub(KEPT.0);
    while kept.front().is_some_and(|x| x.dev_ns < old) {
        kept.pop_front();
    }
    kept.push_back(said);
}

impl Unit<'_> {
    /// Asks for the window around the sighting: cut from what the robot says until half a minute after, and handed out by
    /// its black box.
    pub(crate) fn want_evidence(&mut self, of: Stream, robot: Option<RobotId>, incident: IncidentId) {
        let now = self.now();
        let (Some(robot), Some(i)) = (robot, self.incident(of, incident)) else { return };
        let (severity, told) = (i.severity, REPORTED.contains(&code_back(i.report.code)));
        // The platform opens some of these codes by itself: then nobody has seen anything.
        let by_people = told && self.cx.key.is_some() && self.cx.role != Role::RB;
        let seen = i.span.map(|(_, at)| at).or_else(|| self.sighting(of, robot).filter(|_| by_people));
        let Some(at) = seen else { return };
        if let Stream::Robot(r) = of {
            self.set_adrift(r);
        }
        let command = evidence::Command::Want { incident, severity, at };
        let Ok(event) = self.evidence(of).and_then(|e| e.decide(now, &TRUST, &command)) else { return };
        self.emit_evidence(of, event);
        let over = now.saturating_add(evidence::REACH);
        match of {
            Stream::Job(job) => {
                if let Some(c) = self.s.cases.get_mut(&job) {
                    c.windows.insert(incident, (robot, over));
                }
            }
            Stream::Robot(r) => {
                if let Some(a) = self.s.adrift.get_mut(&r) {
                    a.windows.insert(incident, over);
                }
            }
        }
        self.ask_box(robot, of, incident);
    }

    /// When, in a robot's own time, something happened that people tell of: now while it is about the job, else when the job
    /// ended, as long as its black box reaches back to there. What it did for others since is nobody's business.
    fn sighting(&self, of: Stream, robot: RobotId) -> Option<DevTime> {
        let last = self.s.telemetry.get(&robot)?.back()?.dev_ns;
        let ago = match of {
            Stream::Robot(_) => Span::ZERO,
            Stream::Job(job) => {
                let j = self.s.jobs.get(&job)?;
                let since = |at: Instant| self.now().since(at);
                if j.robot() == Some(robot) { Span::ZERO } else { j.ended_at.map(since).filter(|ago| *ago <= SEEN_LATER)? }
            }
        };
        Some(DevTime { boot: self.cx.boot, ns: last.saturating_sub(ago.0) })
    }

    /// A window is over: what the robot said within it is captured.
    pub(crate) fn capture_window(&mut self, of: Stream, incident: IncidentId, robot: RobotId) {
        let now = self.now();
        let evidence: EvidenceId = self.new_id();
        match of {
            Stream::Job(job) => {
                if let Some(c) = self.s.cases.get_mut(&job) {
                    c.windows.remove(&incident);
                }
                self.jobs_touched.insert(job);
            }
            Stream::Robot(r) => {
                if let Some(a) = self.s.adrift.get_mut(&r) {
                    a.windows.remove(&incident);
                }
                self.robots_touched.insert(r);
            }
        }
        let (Ok(kept), Ok(subject)) = (self.evidence(of), self.recorder(of)) else { return };
        let Some(w) = kept.windows.get(&incident) else { return };
        let (from, to) = (w.from, w.to);
        let inside = |x: &&Said| from.ns <= x.dev_ns && x.dev_ns <= to.ns;
        let said: Vec<Said> = self.s.telemetry.get(&robot).into_iter().flatten().filter(inside).cloned().collect();
        if said.is_empty() {
            // Nothing was heard: the window stays incomplete, and its deadline says so.
            return;
        }
        let mut content = nooterra_engine::encode(&WindowContent { robot, said });
        if nooterra_engine::planted!("I18 evidence of other bytes") {
            content.push(0);
        }
        let capture = Capture {
            evidence,
            incident,
            channel: Channel::Words,
            from,
            to,
            content_hash: sha256_plain(&content),
            bytes: content.len() as u64,
            cipher_key: self.seal_of(of, subject),
            subject,
            // Each of them is signed; the robot's own box is another piece.
            inclusion: None,
            redaction: None,
        };
        if let Ok(event) = kept.decide(now, &TRUST, &evidence::Command::Capture(capture)) {
            nooterra_engine::sometimes!(true, "evidence captured");
            self.emit_evidence(of, event);
        }
    }

    /// Windows that were due and are not whole.
    pub(crate) fn gaps(&mut self, of: Stream) {
        let now = self.now();
        let Ok(kept) = self.evidence(of) else { return };
        let due: Vec<IncidentId> = kept.windows.iter().filter(|(_, w)| w.due().is_some_and(|d| d <= now)).map(|(i, _)| *i).collect();
        for incident in due {
            let fire = evidence::Command::Fire { incident };
            let Ok(e) = self.evidence(of).and_then(|kept| kept.decide(now, &Hand::CLOCK, &fire)) else { continue };
            let robot = self.incident(of, incident).and_then(|i| i.report.robot);
            self.emit_evidence(of, e);
            let severity = robot.map_or(2, |r| if self.withholds(r, incident) { 3 } else { self.gap_severity(r) });
            match of {
                Stream::Job(job) => {
                    self.open_incident(job, robot, IncidentCode::TelemetryGap, severity, None);
                }
                Stream::Robot(r) => self.stray_incident(r, incident::IncidentCode::TelemetryGap, severity, self.cx.dev_ns),
            }
        }
    }
}
