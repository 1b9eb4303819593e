//! What robots hand out of their black boxes, held against the anchors that they reported: runs of chunks that follow each other,
//! and where each of them stands.

use crate::blackbox::RobotBox;
use nooterra_engine::Digest;
use nooterra_port::blackbox::{ANCHOR_MAX, Chunk, Proof, Window};
use nooterra_trust::evidence::{Inclusion, Under};
use nooterra_trust::merkle::{WindowProof, leaf_hash};
use nooterra_trust::{Code, Rejection};

/// Chunks that follow each other without a gap in time, where they stand, and how long they are.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) from_ns: u64,
    pub(crate) to_ns: u64,
    pub(crate) bytes: u64,
    pub(crate) inclusion: Option<Inclusion>,
}

/// A window without the chunks beside it.
pub(crate) fn within((from_ns, to_ns): (u64, u64), w: &Window) -> Window {
    let inside = |c: &&Chunk| c.to_ns > from_ns && c.from_ns < to_ns;
    Window { chunks: w.chunks.iter().filter(inside).cloned().collect(), ..w.clone() }
}

/// Is this of the time of the window, but for one chunk beside each end of it that no other reaches over?
fn fits((from_ns, to_ns): (u64, u64), chunks: &[Chunk]) -> bool {
    let before = chunks.iter().take_while(|c| c.to_ns <= from_ns).count();
    let (early, rest) = chunks.split_at(before);
    let after = rest.iter().rev().take_while(|c| c.from_ns >= to_ns).count();
    let (inside, late) = rest.split_at(rest.len() - after);
    let begins_late = inside.first().is_none_or(|c| c.from_ns > from_ns);
    let ends_early = inside.last().is_none_or(|c| c.to_ns < to_ns);
    early.len() <= usize::from(begins_late)
        && late.len() <= usize::from(ends_early)
        && inside.iter().all(|c| c.to_ns > from_ns && c.from_ns < to_ns)
        && chunks.iter().all(|c| c.from_ns < c.to_ns)
}

/// The chunks of a window in runs, each with the anchors that it stands under. The trust room checks that it does; of what lies
/// beside the window that is checked here, and nothing of it is left.
pub(crate) fn runs(b: &RobotBox, window: (u64, u64), w: &Window) -> Result<Vec<Run>, Rejection> {
    let bad = |field: &str| Rejection::new(Code::EvidenceInsufficient).field(field);
    if !fits(window, &w.chunks) {
        return Err(Rejection::new(Code::WindowInvalid).field("chunks"));
    }
    let hashes: Vec<Digest> = w.chunks.iter().map(Chunk::hash).collect();
    for (pair, hash) in w.chunks.windows(2).zip(&hashes) {
        let follows = pair[0].number < pair[1].number && pair[0].to_ns <= pair[1].from_ns;
        let next = pair[0].number.saturating_add(1) == pair[1].number;
        if !follows || next && pair[1].prev != *hash {
            return Err(bad("chunks"));
        }
    }
    let mut out: Vec<Run> = Vec::new();
    let mut rest = w.chunks.as_slice().iter().zip(&hashes).collect::<Vec<_>>();
    for p in &w.proofs {
        let wanted = numbers(p).ok_or_else(|| bad("proofs"))?;
        if wanted > rest.len() || !b.holds(p.from, p.to, p.root) {
            return Err(bad("proofs"));
        }
        let others = rest.split_off(wanted);
        let own = std::mem::replace(&mut rest, others);
        let numbered = own.iter().zip(p.first..).all(|((c, _), n)| c.number == n);
        let joined = own.windows(2).all(|x| x[0].0.to_ns == x[1].0.from_ns);
        let (Some(first), Some(last)) = (own.first().map(|x| x.0), own.last().map(|x| x.0)) else { return Err(bad("proofs")) };
        if !numbered || !joined {
            return Err(bad("chunks"));
        }
        if out.last().is_none_or(|r| r.to_ns != first.from_ns) {
            out.push(Run { from_ns: first.from_ns, ..Run::default() });
        }
        let Some(run) = out.last_mut() else { continue };
        run.to_ns = last.to_ns;
        run.bytes += own.iter().map(|(c, _)| nooterra_engine::encode(*c).len() as u64).sum::<u64>();
        let inclusion = run.inclusion.get_or_insert(Inclusion { pieces: Vec::new(), under: Vec::new() });
        inclusion.pieces.extend(own.iter().map(|(_, h)| **h));
        let size = p.to - p.from + 1;
        let (left, right) = (p.left.clone(), p.right.clone());
        let proof = WindowProof { from: p.first - p.from, to: p.last - p.from + 1, size, left, right };
        inclusion.under.push(Under { root: p.root, proof });
    }
    let (own, beside): (Vec<Run>, Vec<Run>) = out.into_iter().partition(|r| r.to_ns > window.0 && r.from_ns < window.1);
    if rest.is_empty() && beside.iter().all(stands) { Ok(own) } else { Err(bad("proofs")) }
}

/// Do the chunks of a run stand under the anchors that it names?
pub(crate) fn stands(run: &Run) -> bool {
    let Some(i) = &run.inclusion else { return false };
    let mut rest = i.pieces.as_slice();
    for u in &i.under {
        let n = usize::try_from(u.proof.to.saturating_sub(u.proof.from)).unwrap_or(usize::MAX);
        let Some((own, others)) = rest.split_at_checked(n) else { return false };
        let leaves: Vec<Digest> = own.iter().map(|h| leaf_hash(&h.0)).collect();
        if u.proof.verify(&leaves, &u.root).is_err() {
            return false;
        }
        rest = others;
    }
    rest.is_empty()
}

/// How many chunks a proof speaks of, if its numbers make sense.
fn numbers(p: &Proof) -> Option<usize> {
    let ordered = p.from <= p.first && p.first <= p.last && p.last <= p.to && p.to - p.from < ANCHOR_MAX;
    ordered.then(|| usize::try_from(p.last - p.first + 1).ok()).flatten()
}
