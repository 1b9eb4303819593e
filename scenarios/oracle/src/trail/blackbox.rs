//! Robots' black boxes (I18): every anchor goes on where the last one ended and is the root over what the robot named, and
//! evidence out of a box is made of chunks that were anchored before, as they are.
//!
//! Nothing here knows proofs. The hashes of all anchored chunks of the last while are kept, and what is handed out is
//! hashed and looked up.

use crate::trail::Now;
use crate::verdict::{Class, Notes};
use nooterra_control::RobotEvent;
use nooterra_control::fact::CaseEvent;
use nooterra_engine::digest::{Digest, sha256_plain};
use nooterra_engine::encode;
use nooterra_engine::ids::{IncidentId, RobotId};
use nooterra_port::Report;
use nooterra_port::blackbox::{Anchor, Chunk, Window};
use nooterra_trust::evidence::{Capture, Channel, Event};
use nooterra_trust::{Envelope, Role};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Chunks whose hashes are kept: much longer than any robot keeps its own.
const KEPT: usize = 4_000;
/// Windows that may come in pieces at a time.
const BEFORE_KEPT: usize = 256;

#[derive(Debug, Default)]
struct Known {
    next: u64,
    hashes: BTreeMap<u64, Digest>,
    /// Root and size of the last anchors.
    roots: VecDeque<(Digest, u64)>,
    /// Hashes over chunks that it handed out and that were anchored.
    shown: BTreeSet<Digest>,
    /// Those handed out last, where the next ones may go on from them: the end of the last chunk, and all hashes.
    before: BTreeMap<IncidentId, (u64, Vec<Digest>)>,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Boxes {
    robots: BTreeMap<RobotId, Known>,
    anchor: Option<(RobotId, Anchor)>,
    window: Option<(RobotId, Box<Window>)>,
    pub notes: Notes,
}

impl Boxes {
    pub fn new() -> Self {
        let notes = Notes::of("black boxes go on without a gap, and their evidence is what was anchored", &[18]);
        Self { robots: BTreeMap::new(), anchor: None, window: None, notes }
    }

    /// A witness has replayed how a robot moved: from chunks of it that were anchored, all of them.
    pub fn witnessed(&mut self, n: Now, robot: RobotId, artefact: Digest) {
        self.notes.checked();
        if !self.robots.get(&robot).is_some_and(|k| k.shown.contains(&artefact)) {
            let story = format!("a replay of {robot} rests on {artefact}, which its black box was not anchored with");
            self.notes.broke(Class::Safety, n.at, n.tick, story, vec![robot.to_string()]);
        }
    }

    /// A robot speaks.
    pub fn input(&mut self, e: &Envelope, role: Option<Role>) {
        self.refused();
        if role != Some(Role::RB) {
            return;
        }
        let robot = RobotId::from_bytes(e.actor);
        match nooterra_engine::decode::<Report>(&e.body) {
            Ok(Report::BlackboxAnchored(a)) => self.anchor = Some((robot, a)),
            Ok(Report::Blackbox(w)) => {
                self.show(robot, &w);
                self.window = Some((robot, w));
            }
            _ => {}
        }
    }
    /// It hands out chunks. Those that were anchored may be rested on.
    fn show(&mut self, robot: RobotId, w: &Window) {
        let Some(known) = self.robots.get_mut(&robot) else { return };
        let hashes: Vec<Digest> = w.chunks.iter().map(|x| sha256_plain(&encode(x))).collect();
        let all: Vec<(&Chunk, Digest)> = w.chunks.iter().zip(hashes).collect();
        // What lies beside a window shows that nothing is left out, and is no part of it.
        for run in all.chunk_by(|a, b| a.0.to_ns == b.0.from_ns) {
            if run.iter().all(|(x, h)| known.hashes.get(&x.number) == Some(h)) {
                let (from_ns, to_ns) = (run[0].0.from_ns, run[run.len() - 1].0.to_ns);
                // A way that one answer does not hold comes in pieces.
                let before = known.before.remove(&w.incident).filter(|(end, _)| *end == from_ns).map_or_else(Vec::new, |(_, all)| all);
                let all: Vec<Digest> = before.into_iter().chain(run.iter().map(|(_, h)| *h)).collect();
                known.shown.insert(over(&all));
                known.before.insert(w.incident, (to_ns, all));
                if known.before.len() > BEFORE_KEPT {
                    known.before.pop_first();
                }
            }
        }
    }
    /// It was refused.
    pub fn refused(&mut self) {
        (self.anchor, self.window) = (None, None);
    }

    pub fn robot(&mut self, n: Now, robot: RobotId, e: &RobotEvent) {
        let RobotEvent::BlackboxAnchored { from, to, root } = *e else { return };
        self.notes.checked();
        let said = self.anchor.take().filter(|(r, a)| *r == robot && (a.from, a.to, a.root) == (from, to, root)).map(|(_, a)| a.chunks);
        let known = self.robots.entry(robot).or_default();
        let hashes = said.unwrap_or_default();
        let count = to.wrapping_sub(from).wrapping_add(1);
        let right = from <= to && from == known.next && hashes.len() as u64 == count && top(&hashes) == root;
        if !right {
            let story = format!("an anchor over chunks {from} to {to} of {robot} after {}, with root {root}", known.next);
            self.notes.broke(Class::Safety, n.at, n.tick, story, vec![robot.to_string()]);
        }
        known.next = to.wrapping_add(1);
        known.hashes.extend((from..=to).zip(hashes));
        while known.hashes.len() > KEPT {
            known.hashes.pop_first();
        }
        known.roots.push_back((root, count));
        if known.roots.len() > KEPT {
            known.roots.pop_front();
        }
    }

    /// Work was done: what was anchored last stands beside it.
    pub fn completed(&mut self, n: Now, robot: RobotId, root: Digest) {
        self.notes.checked();
        let last = self.robots.get(&robot).and_then(|k| k.roots.back()).map_or(Digest::ZERO, |r| r.0);
        if last != root {
            let story = format!("work is completed with root {root}; {robot} has anchored {last} last");
            self.notes.broke(Class::Safety, n.at, n.tick, story, vec![robot.to_string()]);
        }
    }

    pub fn event(&mut self, n: Now, stream: &str, e: &CaseEvent) {
        let CaseEvent::Evidence(e) = e else { return };
        let story = match &**e {
            Event::Anchored { root, size } => {
                let known = self.window.as_ref().and_then(|(r, _)| self.robots.get(r));
                let held = known.is_some_and(|k| k.roots.contains(&(*root, *size)));
                (!held).then(|| format!("anchor {root} of {size} is not of the robot whose window it is"))
            }
            Event::Captured(c) if c.channel == Channel::Telemetry => self.captured(c),
            Event::Captured(c) if c.channel == Channel::Images => self.images(c),
            _ => return,
        };
        self.notes.checked();
        if let Some(story) = story {
            self.notes.broke(Class::Safety, n.at, n.tick, story, vec![stream.to_owned()]);
        }
    }

    /// What is wrong with images as evidence: each is of an anchored chunk, which names as many as there are.
    fn images(&self, c: &Capture) -> Option<String> {
        let Some((robot, w)) = &self.window else { return Some(format!("{} came out of no black box", c.evidence)) };
        let known = self.robots.get(robot);
        let bytes: Vec<Vec<u8>> = w.images.iter().map(encode).collect();
        let hashes: Vec<Digest> = bytes.iter().map(|b| sha256_plain(b)).collect();
        let long: usize = bytes.iter().map(Vec::len).sum();
        let whole = over(&hashes) == c.content_hash && long as u64 == c.bytes && !hashes.is_empty();
        let anchored = |x: &&Chunk| known.and_then(|k| k.hashes.get(&x.number)) == Some(&sha256_plain(&encode(*x)));
        let named = w.images.iter().all(|i| {
            let Some(x) = w.chunks.iter().find(|x| x.from_ns < i.at_ns && i.at_ns <= x.to_ns).filter(anchored) else { return false };
            let of = w.images.iter().zip(&hashes).filter(|(i, _)| x.from_ns < i.at_ns && i.at_ns <= x.to_ns);
            let own: Vec<Digest> = of.map(|(_, h)| *h).collect();
            x.images as usize == own.len() && x.images_hash == Some(over(&own))
        });
        (!whole || !named).then(|| format!("{} of {} images is not what the black box of {robot} names", c.evidence, w.images.len()))
    }

    /// What is wrong with evidence out of a box.
    fn captured(&self, c: &Capture) -> Option<String> {
        let Some((robot, w)) = &self.window else { return Some(format!("{} came out of no black box", c.evidence)) };
        let Some(pieces) = c.inclusion.as_ref().map(|i| i.pieces.len()).filter(|n| *n > 0) else {
            return Some(format!("{} stands under no anchor", c.evidence));
        };
        let known = self.robots.get(robot);
        let anchored = |x: &Chunk| known.and_then(|k| k.hashes.get(&x.number)) == Some(&sha256_plain(&encode(x)));
        let fits = w.chunks.windows(pieces).any(|run| {
            let bytes: Vec<Vec<u8>> = run.iter().map(encode).collect();
            let hashes: Vec<Digest> = bytes.iter().map(|b| sha256_plain(b)).collect();
            let reaches = run[0].from_ns <= c.from.ns && c.to.ns <= run[pieces - 1].to_ns;
            let whole = run.windows(2).all(|x| x[0].to_ns == x[1].from_ns);
            let long: usize = bytes.iter().map(Vec::len).sum();
            over(&hashes) == c.content_hash && long as u64 == c.bytes && reaches && whole && run.iter().all(anchored)
        });
        (!fits).then(|| format!("{} of {} bytes is not what the black box of {robot} was anchored with", c.evidence, c.bytes))
    }
}

/// Hash of evidence in pieces: of one its own, of several that over theirs.
fn over(hashes: &[Digest]) -> Digest {
    match hashes {
        [one] => *one,
        all => sha256_plain(&all.iter().flat_map(|h| h.0).collect::<Vec<u8>>()),
    }
}

/// Root of RFC 6962 over chunks of these hashes, by its definition.
fn top(hashes: &[Digest]) -> Digest {
    let of = |tag: u8, parts: &[&Digest]| {
        let mut bytes = vec![tag];
        parts.iter().for_each(|d| bytes.extend(d.0));
        sha256_plain(&bytes)
    };
    match hashes {
        [] => sha256_plain(&[]),
        [one] => of(0, &[one]),
        _ => {
            let mut half = 1;
            while half * 2 < hashes.len() {
                half *= 2;
            }
            of(1, &[&top(&hashes[..half]), &top(&hashes[half..])])
        }
    }
}
