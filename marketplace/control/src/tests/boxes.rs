//! The puppets' black boxes: a window is recorded when it is wanted, a chunk a second, and made final in one piece.

use super::rig::Rig;
use nooterra_engine::ids::{IncidentId, RobotId};
use nooterra_engine::{Digest, Instant};
use nooterra_port::Report;
use nooterra_port::blackbox::{ANCHOR_MAX, Anchor, CHUNK, Chunk, Proof, Window};
use nooterra_port::report::{Mode, PoseMm};
use nooterra_trust::merkle::{FullTree, leaf_hash};

/// What a puppet has recorded of itself.
#[derive(Debug, Default)]
pub struct Boxed {
    /// Number of its next chunk.
    pub next: u64,
    /// Hash of the last.
    pub prev: Digest,
    /// Windows that are owed: incident, from, to.
    pub asked: Vec<(IncidentId, u64, u64)>,
}

impl Boxed {
    /// Records this time in whole seconds, the last one cut short.
    pub fn record(&mut self, from_ns: u64, to_ns: u64) -> Vec<Chunk> {
        let mut out = Vec::new();
        let mut at = from_ns;
        while at < to_ns {
            let end = at.saturating_add(CHUNK.0).min(to_ns);
            let c = chunk(self.next, self.prev, at, end);
            (self.next, self.prev, at) = (self.next + 1, c.hash(), end);
            out.push(c);
        }
        out
    }
}

/// Chunks this long from `from_ns` to `to_ns`, in runs of as many as one anchor holds.
pub fn short(from_ns: u64, to_ns: u64, each_ns: u64) -> Vec<Vec<Chunk>> {
    let (mut out, mut prev, mut at) = (Vec::new(), Digest::ZERO, from_ns);
    while at < to_ns {
        let c = chunk(out.len() as u64, prev, at, at.saturating_add(each_ns).min(to_ns));
        (prev, at) = (c.hash(), c.to_ns);
        out.push(c);
    }
    out.chunks(usize::try_from(ANCHOR_MAX).unwrap()).map(<[Chunk]>::to_vec).collect()
}

/// The chunks from one number to another of these runs, each under an anchor of its own, with proofs of them.
pub fn part(incident: IncidentId, runs: &[Vec<Chunk>], from: u64, to: u64) -> Window {
    let (mut chunks, mut proofs) = (Vec::new(), Vec::new());
    for all in runs {
        let own: Vec<Chunk> = all.iter().filter(|c| from <= c.number && c.number <= to).cloned().collect();
        for run in own.chunk_by(|x, y| x.to_ns == y.from_ns) {
            proofs.push(proof(all, run[0].number, run[run.len() - 1].number));
        }
        chunks.extend(own);
    }
    Window { incident, chunks, proofs, images: vec![] }
}

/// A chunk of a robot that stands.
pub fn chunk(number: u64, prev: Digest, from_ns: u64, to_ns: u64) -> Chunk {
    Chunk {
        number,
        prev,
        from_ns,
        to_ns,
        told: Some(PoseMm::default()),
        commands: 20,
        load_g: 500,
        soc_bps: 9_500,
        battery_mv: 12_000,
        health_bps: 9_000,
        mode: Mode::Working,
        online: true,
        ..Chunk::default()
    }
}

fn tree(chunks: &[Chunk]) -> FullTree {
    FullTree::from_leaves(chunks.iter().map(|c| leaf_hash(&c.hash().0)))
}

/// Hash over chunks, as a witness names them.
pub fn artefact(chunks: &[Chunk]) -> Digest {
    nooterra_trust::evidence::content_of(&chunks.iter().map(Chunk::hash).collect::<Vec<_>>())
}

/// The anchor over these chunks.
pub fn anchor(chunks: &[Chunk]) -> Anchor {
    let root = tree(chunks).root_at(chunks.len() as u64).unwrap();
    Anchor { from: chunks[0].number, to: chunks[chunks.len() - 1].number, root, chunks: chunks.iter().map(Chunk::hash).collect() }
}

/// Where chunks `first..=last` stand under the anchor over these.
pub fn proof(all: &[Chunk], first: u64, last: u64) -> Proof {
    let a = anchor(all);
    let w = tree(all).window(first - a.from, last - a.from + 1, all.len() as u64).unwrap();
    Proof { from: a.from, to: a.to, root: a.root, first, last, left: w.left, right: w.right }
}

/// A window of all these chunks, which stand under one anchor.
pub fn window(incident: IncidentId, all: &[Chunk]) -> Window {
    let (first, last) = (all[0].number, all[all.len() - 1].number);
    Window { incident, chunks: all.to_vec(), proofs: vec![proof(all, first, last)], images: vec![] }
}

impl Rig {
    /// A puppet hands out the windows that are over.
    pub(super) fn open_box(&mut self, id: RobotId) {
        let now: Instant = self.now.saturating_add(self.ahead);
        if self.knobs.no_box.contains(&id) {
            return;
        }
        let p = self.robots.get_mut(&id).unwrap();
        let (over, rest): (Vec<_>, Vec<_>) = p.boxed.asked.drain(..).partition(|(_, _, to)| *to <= now.0);
        p.boxed.asked = rest;
        for (incident, from, to) in over {
            let chunks = self.robots.get_mut(&id).unwrap().boxed.record(from, to);
            self.report(id, Report::BlackboxAnchored(anchor(&chunks)));
            self.report(id, Report::Blackbox(Box::new(window(incident, &chunks))));
        }
    }
}
