//! Robots' cameras as the platform follows them (domain 8.2, 8.3): which jobs may be recorded, what robots say of their gates,
//! and the images that belong to a window of evidence.
//!
//! A robot says under which job it kept its last image, and when. So what reaches the platform late is judged by what
//! held then: by the job's privacy mode, by what the requester approved, and by the windows that images were asked for.

use crate::cases::TRUST;
use crate::state::RobotCell;
use crate::unit::{Outcome, Unit, need};
use nooterra_engine::ids::{EvidenceId, IncidentId, RobotId};
use nooterra_engine::{Digest, Record, encode, sometimes};
use nooterra_jobs::Job;
use nooterra_jobs::approval::{ApprovalTrack, Wanted};
use nooterra_jobs::event::IncidentCode;
use nooterra_jobs::terms::Privacy;
use nooterra_port::blackbox::Window;
use nooterra_port::camera::{CameraKind, GateWord, IMAGES_MAX, Image, Kept};
use nooterra_site::VertexIx;
use nooterra_trust::detect::Reading;
use nooterra_trust::evidence::{self, Capture, Channel, Command, Evidence, PrivacyMode, content_of};
use nooterra_trust::incident::{DevTime, Stream};
use nooterra_trust::{Code, Rejection};

/// The only channel that has a gate.
const CAMERA: u16 = 0;

/// What a robot has last said of its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Counted {
    /// Kept so far.
    pub kept: u32,
    /// Of these, while the gate was shut.
    pub while_shut: u32,
}

/// The mode as the trust room calls it.
pub(crate) const fn mode_of(p: Privacy) -> PrivacyMode {
    match p {
        Privacy::Minimal => PrivacyMode::Minimal,
        Privacy::Limited => PrivacyMode::Limited,
        Privacy::Open => PrivacyMode::Open,
    }
}

/// May a robot record whenever it works on this job, outside of private areas?
pub(crate) fn is_recorded(j: &Job) -> bool {
    j.request.need.privacy == Privacy::Open
}

/// Has the requester agreed to recording somewhere on this job?
fn is_approved(j: &Job) -> bool {
    let granted = |t: ApprovalTrack| matches!(t, ApprovalTrack::Granted | ApprovalTrack::Consumed);
    j.approvals.iter().any(|a| granted(a.track) && matches!(a.ask.wanted, Wanted::RecordVideo { .. }))
}

/// The window of an incident, if images belong to it.
fn window_of_images(e: &Evidence, incident: IncidentId) -> Option<&evidence::Window> {
    e.windows.get(&incident).filter(|w| e.allows(Channel::Images, w.severity))
}

impl Unit<'_> {
    /// A camera without a gate records all of a robot's work: only what is open throughout may be given to it.
    pub(crate) fn lacks_privacy(&self, job: &Job, c: &RobotCell) -> bool {
        let plain = self.s.genesis.robots.get(c.entry as usize).is_some_and(|e| e.camera == CameraKind::Plain);
        let areas = || self.world.site.areas_with(job.steps().iter().map(|s| VertexIx::new(s.place)));
        plain && (!is_recorded(job) || !areas().is_disjoint(self.world.map.guarded()))
    }

    /// Was this image one that might be kept?
    fn may_keep(&self, robot: RobotId, k: &Kept) -> bool {
        let worked = |j: &&Job| j.legs.iter().any(|l| l.offer.robot == robot);
        let job = k.job.and_then(|id| self.s.jobs.get(&id)).filter(worked);
        job.is_some_and(|j| is_recorded(j) || is_approved(j)) || self.is_wanted(robot, k.at_ns)
    }

    /// Do images of this instant belong to a window that was asked of this robot?
    fn is_wanted(&self, robot: RobotId, at_ns: u64) -> bool {
        let asked = self.s.boxes.get(&robot).into_iter().flat_map(|b| &b.asked);
        asked.filter_map(|a| window_of_images(self.evidence(a.of).ok()?, a.incident)).any(|w| w.from.ns <= at_ns && at_ns <= w.to.ns)
    }

    /// Do images belong to this window?
    pub(crate) fn wants_images(&self, of: Stream, incident: IncidentId) -> bool {
        self.evidence(of).is_ok_and(|e| window_of_images(e, incident).is_some())
    }

    /// What a heartbeat says of the camera's gate, as readings.
    pub(crate) fn gate_told(&mut self, robot: RobotId, g: &GateWord) -> Vec<Reading> {
        let told = self.s.boxes.get(&robot).map(|b| b.images).unwrap_or_default();
        let mut out = Vec::new();
        if g.kept > told.kept {
            // The last one stands for all: what opens a gate opens it for a while.
            let open = g.last.is_some_and(|k| self.may_keep(robot, &k));
            out.extend([Reading::Gate { channel: CAMERA, open }, Reading::Frame { channel: CAMERA }]);
        }
        if g.while_shut > told.while_shut {
            out.extend([Reading::Gate { channel: CAMERA, open: false }, Reading::Frame { channel: CAMERA }]);
        }
        out.push(Reading::Gate { channel: CAMERA, open: false });
        self.s.boxes.entry(robot).or_default().images = Counted { kept: g.kept, while_shut: g.while_shut };
        out
    }

    /// Chunks that say that images were kept though the gate was shut, of a robot that has said nothing of it.
    pub(crate) fn leaked(&mut self, robot: RobotId, w: &Window) {
        let said = self.s.boxes.get(&robot).is_some_and(|b| b.images.while_shut > 0);
        if !said && w.chunks.iter().any(|c| c.images > 0 && !c.gate_open) {
            self.robot_incident(robot, IncidentCode::PrivacyBreach, 4);
        }
    }

    /// Images that a robot hands out with a window become evidence, if they are those that its chunks name.
    pub(crate) fn capture_images(&mut self, of: Stream, w: &Window) -> Outcome {
        if w.images.is_empty() {
            return Ok(());
        }
        let hashes = belong(w)?;
        let (now, evidence): (_, EvidenceId) = (self.now(), self.new_id());
        let (kept, subject) = (self.evidence(of)?, self.recorder(of)?);
        let Some(window) = kept.windows.get(&w.incident) else { return crate::unit::no(Code::NotFound) };
        let content_hash = content_of(&hashes);
        let same = |c: &Capture| c.incident == w.incident && c.channel == Channel::Images && c.content_hash == content_hash;
        // What it shows again when it is asked again is there.
        if kept.items.values().any(|i| same(&i.capture)) {
            return Ok(());
        }
        let at = |i: Option<&Image>| DevTime { boot: window.from.boot, ns: i.map_or(0, |i| i.at_ns).clamp(window.from.ns, window.to.ns) };
        let capture = Capture {
            evidence,
            incident: w.incident,
            channel: Channel::Images,
            from: at(w.images.first()),
            to: at(w.images.last()),
            content_hash,
            bytes: w.images.iter().map(|i| encode(i).len() as u64).sum(),
            cipher_key: self.seal_of(of, subject),
            subject,
            // They are in the chunks, which stand under the anchors.
            inclusion: None,
            redaction: None,
        };
        let event = kept.decide(now, &TRUST, &Command::Capture(capture))?;
        sometimes!(true, "images captured");
        self.emit_evidence(of, event);
        Ok(())
    }
}

/// The hashes of a window's images, if each belongs to a chunk and each of these chunks names exactly its own.
fn belong(w: &Window) -> Result<Vec<Digest>, Rejection> {
    need(w.images.len() <= IMAGES_MAX && w.images.is_sorted_by(|a, b| a.at_ns < b.at_ns), Code::SchemaInvalid)?;
    let bad = || Rejection::new(Code::EvidenceInsufficient).field("images");
    let hashes: Vec<Digest> = w.images.iter().map(Image::hash).collect();
    let mut left = w.images.iter().zip(&hashes).peekable();
    for c in &w.chunks {
        let mut own = Vec::new();
        while let Some((_, hash)) = left.next_if(|(i, _)| c.from_ns < i.at_ns && i.at_ns <= c.to_ns) {
            own.push(*hash);
        }
        if !own.is_empty() && (Some(content_of(&own)) != c.images_hash || own.len() as u64 != u64::from(c.images)) {
            return Err(bad());
        }
    }
    if left.next().is_none() { Ok(hashes) } else { Err(bad()) }
}
