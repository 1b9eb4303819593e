//! Replays of what robots' black boxes hold of their way to a point (domain 8.4, `TWIN_REPLAY`).
//!
//! Where the proof of a point names a replay, the robot is asked for what it recorded on its way there. What it hands out is
//! checked against the anchors as evidence is, and goes to the site's witness, who predicts the motion from the commands and
//! says how far the robot was from it. Its word names the hash of those chunks, and no other counts.

use crate::runs::{runs, stands, within};
use crate::state::AskKey;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::{IncidentId, JobId, RobotId};
use nooterra_engine::{Digest, Record, Span, sometimes};
use nooterra_jobs::event::Event;
use nooterra_jobs::pins::WitnessClass;
use nooterra_port::blackbox::{CHUNK, Chunk, WINDOW_MAX, Window};
use nooterra_port::{FacilityOrder, Order};
use nooterra_trust::evidence::content_of;
use nooterra_trust::{Code, Rejection};

/// No more of a way than this is replayed: what a window of a box holds.
const LONGEST: Span = Span::from_secs(100);
/// And no less: whoever was at a point from the start has come there.
const SHORTEST: Span = Span::from_secs(10);

/// More chunks than this are not replayed: as many as there can be of the longest way, each cut short by an incident.
const CHUNKS_MOST: usize = 4 * WINDOW_MAX;

/// A replay that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Replay {
    /// Of which job.
    pub job: JobId,
    /// Of which robot.
    pub robot: RobotId,
    /// At which point of the work, from 1.
    pub point: u16,
    /// Where that is.
    pub place: u32,
    /// From, on the robot's clock.
    pub from_ns: u64,
    /// To, on the robot's clock.
    pub to_ns: u64,
    /// What was handed out so far, where one answer does not hold it.
    pub shown: Vec<Chunk>,
    /// Hash over the chunks, once they were handed out.
    pub artefact: Option<Digest>,
}

impl Unit<'_> {
    /// Work begins: the way to its next point does.
    pub(crate) fn way_begins(&mut self, robot: RobotId) {
        let now_ns = self.device_ns();
        self.s.boxes.entry(robot).or_default().way_from_ns = now_ns;
    }

    /// A robot is at a point: does its proof name a replay of the way there?
    pub(crate) fn want_replay(&mut self, job: JobId, robot: RobotId, point: u16, place: u32) {
        let to_ns = self.device_ns();
        let since = self.s.boxes.get(&robot).map_or(to_ns, |b| b.way_from_ns);
        self.way_begins(robot);
        let named = |i: &nooterra_jobs::pins::ProofItem| i.points.contains(&point) && i.classes.contains(&WitnessClass::TwinReplay);
        if !self.job(job).is_ok_and(|j| j.pins.as_deref().is_some_and(|p| p.proof.iter().any(named))) {
            return;
        }
        let from_ns = since.min(to_ns.saturating_sub(SHORTEST.0)).max(to_ns.saturating_sub(LONGEST.0));
        let number: IncidentId = self.new_id();
        self.s.replays.insert(number, Replay { job, robot, point, place, from_ns, to_ns, shown: Vec::new(), artefact: None });
        self.order(robot, Order::WantBlackbox { incident: number, from_ns, to_ns, images: false });
    }

    /// The box is handed out: once it is what was anchored, the witness is asked.
    pub(crate) fn replay_shown(&mut self, robot: RobotId, r: Replay, w: &Window) -> Outcome {
        need(r.robot == robot, Code::NotFound)?;
        need(r.artefact.is_none(), Code::AlreadyDone)?;
        need(w.images.is_empty(), Code::SchemaInvalid)?;
        if w.chunks.is_empty() {
            return Ok(());
        }
        let Some(b) = self.s.boxes.get(&robot) else { return no(Code::NotFound) };
        // All of the way without a hole: whoever could leave out what it likes would prove the rest of it.
        let insufficient = || Rejection::new(Code::EvidenceInsufficient);
        let window = (r.shown.last().map_or(r.from_ns, |c| c.to_ns), r.to_ns);
        let [run] = &runs(b, window, w)?[..] else { return Err(insufficient()) };
        let (is_full, w) = (w.chunks.len() == WINDOW_MAX, within(window, w));
        let goes_on = |last: &Chunk| w.chunks.first().is_some_and(|c| c.from_ns == last.to_ns && c.prev == last.hash());
        let begins = r.shown.last().map_or(run.from_ns <= r.from_ns.saturating_add(CHUNK.0), goes_on);
        let ends = run.to_ns.saturating_add(CHUNK.0) >= r.to_ns;
        let fits = r.shown.len() + w.chunks.len() <= CHUNKS_MOST;
        need(begins && (ends || is_full) && fits && stands(run), Code::EvidenceInsufficient)?;
        let chunks = [r.shown, w.chunks].concat();
        if !ends {
            sometimes!(true, "a way comes in pieces");
            let rest = Order::WantBlackbox { incident: w.incident, from_ns: run.to_ns, to_ns: r.to_ns, images: false };
            self.s.replays.insert(w.incident, Replay { shown: chunks, ..r });
            self.order(robot, rest);
            return Ok(());
        }
        let artefact = artefact_of(&chunks);
        self.s.replays.insert(w.incident, Replay { shown: Vec::new(), artefact: Some(artefact), ..r });
        let order = FacilityOrder::Replay { number: w.incident, job: r.job, robot, vertex: r.place, chunks };
        self.ask_site(AskKey::Replay(w.incident), order);
        Ok(())
    }

    /// The witness has replayed them, or cannot.
    pub(crate) fn replayed(&mut self, actor: [u8; 16], number: IncidentId, artefact: Digest, residual_milli: Option<u32>) -> Outcome {
        let Some(r) = self.s.replays.get(&number).cloned() else { return no(Code::NotFound) };
        let witness = self.independent(actor, r.robot)?;
        need(!self.job(r.job)?.status.is_terminal(), Code::JobTerminal)?;
        let Some(shown) = r.artefact else { return no(Code::StateForbids) };
        if shown != artefact {
            return Err(Rejection::new(Code::ContentHashMissing).field("artefact").expected(shown).actual(artefact));
        }
        self.answered(AskKey::Replay(number));
        self.s.replays.remove(&number);
        let Some(milli) = residual_milli else { return Ok(()) };
        sometimes!(true, "a way replayed");
        let (class, place, measure) = (WitnessClass::TwinReplay, r.place, i64::from(milli));
        self.emit(
            r.job,
            Event::WitnessReported { witness, class, point: r.point, place, zone: self.zone_at(place), robot: r.robot, measure, artefact },
        );
        self.proof_again(r.job);
        Ok(())
    }

    /// A job is over: nothing of it is replayed any more.
    pub(crate) fn forget_replays(&mut self, job: JobId) {
        let of: Vec<IncidentId> = self.s.replays.iter().filter(|(_, r)| r.job == job).map(|(n, _)| *n).collect();
        for number in of {
            self.s.replays.remove(&number);
            self.answered(AskKey::Replay(number));
        }
    }
}

/// Hash over what was handed out.
fn artefact_of(chunks: &[Chunk]) -> Digest {
    content_of(&chunks.iter().map(Chunk::hash).collect::<Vec<_>>())
}
