//! What proves custom work: weights come to the whole, and every point can be witnessed.

use super::Desk;
use crate::proving::{ProofEntry, Witness};
use crate::resolved::{JobKind, ProofItem};
use crate::scenario::Jobs;

/// A share in parts per million as basis points.
const fn bps(ppm: u32) -> u32 {
    ppm / 100
}

/// The items of a stream of work that is done at so many points; none for other kinds.
pub(super) fn items(desk: &mut Desk<'_>, jobs: &Jobs, kind: JobKind, points: usize) -> Option<Vec<ProofItem>> {
    if kind != JobKind::Custom {
        if let Some(p) = jobs.proof.first() {
            desk.flaw(&p.name, "`proof` belongs to custom work", "remove it or write `kind: custom`");
            return None;
        }
        return Some(Vec::new());
    }
    let sum: u64 = jobs.proof.iter().map(|p| u64::from(bps(p.weight.0))).sum();
    if sum != 10_000 {
        let what = format!("the weights of what proves it come to {}.{:02} %, not to 100 %", sum / 100, sum % 100);
        desk.flaw(&jobs.process, what, "write for example `proof: [{name: seen, by: [dock_scan], weight: 100%}]`");
        return None;
    }
    let carries = jobs.mass.is_some();
    let all: Option<Vec<ProofItem>> = jobs.proof.iter().map(|p| item(desk, p, points, carries)).collect();
    let all = all?;
    for (i, p) in jobs.proof.iter().enumerate() {
        if all[..i].iter().any(|o| o.name == p.name.value) {
            desk.flaw(&p.name, format!("`{}` is named twice", p.name.value), "give each item a name of its own");
            return None;
        }
    }
    Some(all)
}

fn item(desk: &mut Desk<'_>, p: &ProofEntry, points: usize, carries: bool) -> Option<ProofItem> {
    let mut at: Vec<u16> = p.points.iter().map(|n| n.value).collect();
    if at.is_empty() {
        at = (1..=u16::try_from(points).unwrap_or(u16::MAX)).collect();
    }
    if let Some(n) = p.points.iter().find(|n| n.value == 0 || usize::from(n.value) > points) {
        desk.flaw(n, format!("there is no point {}: the work has {points}", n.value), "count from 1, `from` being the first");
        return None;
    }
    at.sort_unstable();
    at.dedup();
    let mut by: Vec<Witness> = p.by.iter().map(|w| w.value).collect();
    by.sort_unstable();
    by.dedup();
    let speaks = |w: &Witness, n: u16| match w {
        Witness::DockScan => true,
        Witness::Weight | Witness::CustodyScan => carries && (n == 1 || usize::from(n) == points),
        Witness::DoorLog | Witness::RequesterConfirm | Witness::TwinReplay => false,
    };
    if by.contains(&Witness::DoorLog) {
        desk.flaw(&p.name, "no door reports its log yet".to_owned(), "name another witness, such as `dock_scan`");
        return None;
    }
    if let Some(n) = at.iter().find(|n| !by.iter().any(|w| speaks(w, **n))) {
        let what = format!("nobody whom `{}` names can speak at point {n}", p.name.value);
        desk.flaw(
            &p.name,
            what,
            "add `dock_scan`; a replay and the requester's word count only beside another witness, scales only where a load changes hands",
        );
        return None;
    }
    let threshold_bps = p.threshold.as_ref().map_or(10_000, |t| bps(t.0)).max(1);
    if p.name.is_empty() || p.name.len() > 32 {
        desk.flaw(&p.name, "the name of an item has 1 to 32 letters", "choose a shorter one");
        return None;
    }
    if p.weight.0 < 100 {
        desk.flaw(&p.weight, "an item of no weight proves nothing", "give it a part of the whole, or leave it out");
        return None;
    }
    Some(ProofItem { name: p.name.value.clone(), by, points: at, weight_bps: bps(p.weight.0), threshold_bps })
}
