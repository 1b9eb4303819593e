//! The robot's own black box: what it records each second, and what it hands out of it.
//!
//! Chunks are chained by their hashes and made final by anchors; what was anchored can be shown later and not changed.
//! Recorded are pose, speed, where its commands lead, how many they were and how many clamped, each cycle that was faster than its
//! bound or moved under a stop, contacts, load, battery, health, orders, lease and step, whether an
//! operator's hand was on it, whether the platform was heard, whether the camera's gate was open, and which images it let through,
//! by their hash. Not recorded: clearances to people, and the hash of the skill that runs.

use crate::camera::Camera;
use crate::policy::Twist;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::ids::IncidentId;
use nooterra_engine::{Digest, Record, Span};
use nooterra_port::blackbox::{
    ANCHOR_EVERY, ANCHOR_MAX, ASKED_MAX, Anchor, Anchored, CHUNK, Chunk, Head, KEPT, MOMENTS_MAX, Moment, Proof, WINDOW_MAX, Window,
};
use nooterra_port::camera::{IMAGES_MAX, Image};
use nooterra_port::report::{PoseMm, Report};
use nooterra_trust::evidence::content_of;
use nooterra_trust::merkle::{FullTree, leaf_hash};
use std::collections::VecDeque;

/// An incident closes the open chunk at once, unless it has only just begun.
const SHORTEST: Span = Span::from_millis(200);
/// Without a cycle for this long the robot was off: that time is nobody's.
const OFF_AFTER: Span = Span::from_millis(1_500);

/// How its recorder does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum Recorder {
    /// As it should.
    #[default]
    Works,
    /// Under a fault: it records nothing.
    Stopped,
    /// Under a fault: it hands out other chunks than it has recorded.
    Alters,
    /// It works; under a fault the robot's own detectors say nothing of what they find.
    Mutes,
}

/// What a cycle adds to the open chunk; all but sums and the fastest speed is as of its last cycle.
#[derive(Debug, Clone)]
pub struct Now {
    /// The state in the form of a chunk: place in the chain, times and sums are filled in here.
    pub state: Chunk,
    /// Commands that bounds have changed so far.
    pub clamped: u32,
    /// Impulse felt since the last cycle, mN·s.
    pub bump_mns: u32,
    /// Hash of the image that was kept in this cycle.
    pub image: Option<Digest>,
    /// It moved as it should not, or has just ceased to.
    pub moment: Option<Moment>,
}

/// A chunk and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Kept {
    chunk: Chunk,
    hash: Digest,
}

/// A window that is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Asked {
    incident: IncidentId,
    from_ns: u64,
    to_ns: u64,
    images: bool,
}

/// The box.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct BlackBox {
    /// What the open chunk has so far, and since when; nothing while the recorder stands.
    open: Option<Chunk>,
    /// Where the commands lead since the last chunk was closed, from where it was then; nothing if that cannot be said.
    told: Option<Pose2>,
    /// Hashes of the images in it.
    images: Vec<Digest>,
    /// When the next chunk begins, if none is open.
    next_from_ns: u64,
    /// The last cycle.
    seen_ns: u64,
    /// Clamps so far, as of the last cycle.
    clamped: u32,
    head: Option<Head>,
    /// The last chunks, oldest first.
    ring: VecDeque<Kept>,
    /// Their anchors, oldest first.
    anchors: VecDeque<Anchored>,
    /// When the last anchor was reported.
    anchored_ns: u64,
    asked: Vec<Asked>,
    recorder: Recorder,
}

impl BlackBox {
    /// The last chunk that is closed.
    pub fn head(&self) -> Option<Head> {
        self.head
    }
    /// The last chunks that are kept, oldest first.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = &Chunk> {
        self.ring.iter().map(|k| &k.chunk)
    }
    /// Does it record?
    pub fn records(&self) -> bool {
        self.recorder != Recorder::Stopped
    }
    /// Windows that are owed.
    pub fn owes(&self) -> usize {
        self.asked.len()
    }
    /// Its recorder works, or a fault has it.
    pub fn set_recorder(&mut self, how: Recorder) {
        self.recorder = how;
        if how == Recorder::Stopped {
            self.drop_open();
        }
    }

    /// It was commanded so (body frame) for this long. Its own idea of where that leads has no sensor in it.
    pub fn commanded(&mut self, twist: &Twist, dt_s: f64) {
        if let Some(p) = &mut self.told {
            // The middle of the turn is the direction of the way.
            let way = twist.v.rotated(p.theta_rad + twist.w_radps * dt_s / 2.0) * dt_s;
            *p = Pose2 { at: p.at + way, theta_rad: p.theta_rad + twist.w_radps * dt_s };
        }
    }
    /// It does not know where it is: nothing can be said of the open chunk.
    pub const fn lost(&mut self) {
        self.told = None;
    }

    /// A window is wanted. The last word about an incident counts.
    pub fn ask(&mut self, incident: IncidentId, from_ns: u64, to_ns: u64, images: bool) -> Result<(), &'static str> {
        if from_ns > to_ns {
            return Err("WINDOW_INVALID");
        }
        self.asked.retain(|a| a.incident != incident);
        if self.asked.len() >= ASKED_MAX {
            return Err("QUOTA_EXCEEDED");
        }
        self.asked.push(Asked { incident, from_ns, to_ns, images });
        Ok(())
    }

    /// One cycle at `now_ns`. What is to be reported of it goes before anything that the cycle says of an incident.
    pub fn cycle(&mut self, now_ns: u64, now: &Now, incident: bool, camera: &Camera, out: &mut Vec<Report>) {
        if now_ns.saturating_sub(self.seen_ns) > OFF_AFTER.0 && self.head.is_some() {
            self.told = None;
            self.close(self.seen_ns);
            self.drop_open();
            self.next_from_ns = now_ns;
        }
        self.seen_ns = now_ns;
        if self.recorder == Recorder::Stopped {
            self.next_from_ns = now_ns;
        } else {
            self.record(now);
            let open_ns = now_ns.saturating_sub(self.open.as_ref().map_or(now_ns, |c| c.from_ns));
            if open_ns >= CHUNK.0 || incident && open_ns >= SHORTEST.0 {
                self.close(now_ns);
            }
        }
        self.clamped = now.clamped;
        let owed = self.asked.iter().any(|a| a.to_ns <= self.next_from_ns);
        let due = now_ns.saturating_sub(self.anchored_ns) >= ANCHOR_EVERY.0;
        if incident || due || owed || self.unanchored() >= ANCHOR_MAX {
            out.extend(self.anchor(now_ns));
        }
        if owed {
            self.answer(camera, out);
        }
    }

    fn record(&mut self, now: &Now) {
        let (s, from_ns) = (&now.state, self.next_from_ns);
        let fresh = Chunk { from_ns, commands: 0, clamps: 0, contacts: 0, top_mm_s: 0, pauses: 0, ..s.clone() };
        let mut c = self.open.take().unwrap_or(fresh);
        if c.moments.len() < MOMENTS_MAX {
            c.moments.extend(now.moment);
        }
        let bump_mns = if nooterra_engine::planted!("I17 keep a contact secret") { 0 } else { u64::from(now.bump_mns) };
        let hardest = bump_mns > c.hardest_mns;
        self.images.extend(now.image);
        self.open = Some(Chunk {
            from_ns: c.from_ns,
            commands: c.commands.saturating_add(1),
            clamps: c.clamps.saturating_add(now.clamped.saturating_sub(self.clamped)),
            contacts: c.contacts.saturating_add(u32::from(bump_mns > 0)),
            contact_mns: c.contact_mns.saturating_add(bump_mns),
            hardest_mns: c.hardest_mns.max(bump_mns),
            by_person: if hardest { s.by_person } else { c.by_person },
            pauses: c.pauses.saturating_add(s.pauses),
            moments: c.moments,
            top_mm_s: c.top_mm_s.max(s.speed_mm_s.unsigned_abs()),
            by_hand: c.by_hand || s.by_hand,
            paused: c.paused || s.paused,
            gate_open: c.gate_open || s.gate_open,
            ..s.clone()
        });
    }

    /// The open chunk is not recorded.
    fn drop_open(&mut self) {
        self.told = None;
        self.open = None;
        self.images.clear();
    }

    /// The open chunk ends here.
    fn close(&mut self, to_ns: u64) {
        let Some(open) = self.open.take().filter(|c| c.from_ns < to_ns) else { return };
        let number = self.head.map_or(0, |h| h.number.saturating_add(1));
        let prev = self.head.map_or(Digest::ZERO, |h| h.hash);
        let images = u32::try_from(self.images.len()).unwrap_or(u32::MAX);
        let images_hash = (images > 0).then(|| content_of(&self.images));
        let chunk = Chunk { number, prev, to_ns, told: self.told.as_ref().map(mm), images, images_hash, ..open };
        self.told = Some(STILL);
        self.images.clear();
        let hash = chunk.hash();
        if self.ring.len() == KEPT {
            self.ring.pop_front();
        }
        let oldest = self.ring.front().map_or(number, |k| k.chunk.number);
        while self.anchors.front().is_some_and(|a| a.to < oldest) {
            self.anchors.pop_front();
        }
        self.ring.push_back(Kept { chunk, hash });
        self.head = Some(Head { number, hash });
        self.next_from_ns = to_ns;
    }

    /// First chunk that stands under no anchor.
    fn first_free(&self) -> u64 {
        self.anchors.back().map_or(0, |a| a.to.saturating_add(1))
    }
    fn unanchored(&self) -> u64 {
        self.head.map_or(0, |h| h.number.saturating_add(1)).saturating_sub(self.first_free())
    }
    /// Chunks of these numbers, as far as they are kept.
    fn kept(&self, from: u64, to: u64) -> impl Iterator<Item = &Kept> {
        self.ring.iter().skip_while(move |k| k.chunk.number < from).take_while(move |k| k.chunk.number <= to)
    }

    fn anchor(&mut self, now_ns: u64) -> Option<Report> {
        let (from, to) = (self.first_free(), self.head?.number);
        if from > to {
            return None;
        }
        let chunks: Vec<Digest> = self.kept(from, to).map(|k| k.hash).collect();
        let root = tree(chunks.iter()).root_at(chunks.len() as u64).ok()?;
        self.anchored_ns = now_ns;
        self.anchors.push_back(Anchored { from, to, root });
        Some(Report::BlackboxAnchored(Anchor { from, to, root, chunks }))
    }

    /// Windows that are over are handed out.
    fn answer(&mut self, camera: &Camera, out: &mut Vec<Report>) {
        let until_ns = self.next_from_ns;
        let (over, rest): (Vec<Asked>, Vec<Asked>) = self.asked.iter().copied().partition(|a| a.to_ns <= until_ns);
        self.asked = rest;
        out.extend(over.iter().map(|a| Report::Blackbox(Box::new(self.window(a, camera)))));
    }

    fn window(&self, a: &Asked, camera: &Camera) -> Window {
        // An anchor whose first chunks are gone proves nothing any more.
        let whole = |u: &&Anchored| self.kept(u.from, u.to).next().is_some_and(|k| k.chunk.number == u.from);
        let held: Vec<&Kept> = self.anchors.iter().filter(whole).flat_map(|u| self.kept(u.from, u.to)).collect();
        let meant = meant(&held, a.from_ns, a.to_ns);
        let (mut chunks, mut proofs): (Vec<Chunk>, Vec<Proof>) = (Vec::new(), Vec::new());
        for u in &self.anchors {
            let own: Vec<&Kept> = meant.iter().copied().filter(|k| u.from <= k.chunk.number && k.chunk.number <= u.to).collect();
            if own.is_empty() {
                continue;
            }
            let leaves = tree(self.kept(u.from, u.to).map(|k| &k.hash));
            for run in own.chunk_by(|a, b| a.chunk.to_ns == b.chunk.from_ns) {
                let (first, last) = (run[0].chunk.number, run[run.len() - 1].chunk.number);
                let Ok(w) = leaves.window(first - u.from, last - u.from + 1, leaves.size()) else { continue };
                proofs.push(Proof { from: u.from, to: u.to, root: u.root, first, last, left: w.left, right: w.right });
                chunks.extend(run.iter().map(|k| self.shown(&k.chunk)));
            }
        }
        let inside = |c: &&Chunk| c.to_ns > a.from_ns && c.from_ns < a.to_ns;
        let images = if a.images { images_of(chunks.iter().filter(inside), camera) } else { Vec::new() };
        Window { incident: a.incident, chunks, proofs, images }
    }

    /// A chunk as it is handed out.
    fn shown(&self, c: &Chunk) -> Chunk {
        match self.recorder {
            Recorder::Works | Recorder::Stopped | Recorder::Mutes => c.clone(),
            Recorder::Alters => {
                let (top_mm_s, moments) = (c.top_mm_s.min(300), Vec::new());
                Chunk { contacts: 0, contact_mns: 0, hardest_mns: 0, top_mm_s, moments, ..c.clone() }
            }
        }
    }
}

/// What is handed out of these for a window: what lies in it, and beside an end that no chunk reaches over the one beyond, which
/// shows that nothing is left out.
fn meant<'k>(held: &'k [&'k Kept], from_ns: u64, to_ns: u64) -> &'k [&'k Kept] {
    let first = held.partition_point(|k| k.chunk.to_ns <= from_ns);
    let end = held.partition_point(|k| k.chunk.from_ns < to_ns);
    let begins_late = first >= end || held[first].chunk.from_ns > from_ns;
    let ends_early = first >= end || held[end - 1].chunk.to_ns < to_ns;
    let from = first.saturating_sub(usize::from(begins_late));
    let to = held.len().min(end + usize::from(ends_early)).min(from + WINDOW_MAX);
    &held[from..to.max(from)]
}

/// The images of these chunks, where all of one are still kept: part of them would prove nothing.
fn images_of<'c>(chunks: impl Iterator<Item = &'c Chunk>, camera: &Camera) -> Vec<Image> {
    let mut out = Vec::new();
    for c in chunks.filter(|c| c.images > 0) {
        let own = camera.of(c.from_ns, c.to_ns);
        let hashes: Vec<Digest> = own.iter().map(Image::hash).collect();
        if Some(content_of(&hashes)) == c.images_hash && out.len() + own.len() <= IMAGES_MAX {
            out.extend(own);
        }
    }
    out
}

/// Nothing was commanded yet.
const STILL: Pose2 = Pose2 { at: Vec2 { x: 0.0, y: 0.0 }, theta_rad: 0.0 };

#[allow(clippy::cast_possible_truncation)] // a second of motion
fn mm(p: &Pose2) -> PoseMm {
    PoseMm { x_mm: (p.at.x * 1e3).round() as i64, y_mm: (p.at.y * 1e3).round() as i64, theta_urad: (p.theta_rad * 1e6).round() as i64 }
}

/// The tree over chunks of these hashes.
fn tree<'h>(hashes: impl Iterator<Item = &'h Digest>) -> FullTree {
    FullTree::from_leaves(hashes.map(|h| leaf_hash(&h.0)))
}
