//! Places on a map that names none: vertices of its lanes, ends of lanes first, far from each other.

use super::Desk;
use super::names::index;
use nooterra_site::VertexIx;
use nooterra_site::model::Vertex;

/// How far apart two levels count, metres: further than any two places of one level.
const LEVELS_APART_M: f64 = 1e6;

/// Neither in a lift nor only driven through.
pub(super) const fn usable(v: &Vertex) -> bool {
    v.lift.is_none() && !v.flags.is_passthrough_point
}

/// Usable vertices from which a robot can go somewhere and come back.
pub(super) fn drivable(desk: &Desk<'_>) -> Vec<VertexIx> {
    let fit = |v: &VertexIx| usable(&desk.site.vertices[v.at()]) && desk.ways.returns(*v);
    (0..desk.site.vertices.len()).map(|i| VertexIx::new(index(i))).filter(fit).collect()
}

/// Why no robot can be put on this site, and what to do about it.
pub(super) fn why_not(desk: &Desk<'_>) -> (&'static str, &'static str) {
    let site = desk.site;
    if site.lanes.iter().all(|l| l.ride.is_some()) {
        ("the site has no lane, so no robot can drive there", "draw lanes on it")
    } else if !(0..site.vertices.len()).any(|i| desk.ways.returns(VertexIx::new(index(i)))) {
        (
            "no robot can drive anywhere on this site and come back: its lanes are one-way and none leads back",
            "make lanes bidirectional, or add lanes that lead back",
        )
    } else {
        (
            "the site has no place where a robot could start",
            "add a `fleet`, or lanes outside lifts with vertices that are no pass-through points",
        )
    }
}

/// Can two robots pass each other here? Not if all lanes lie in one line.
pub(super) fn can_pass(desk: &Desk<'_>) -> bool {
    let near: Vec<usize> = (0..desk.site.vertices.len()).map(|i| desk.ways.neighbours(VertexIx::new(index(i)))).collect();
    near.iter().any(|n| *n > 2) || !near.contains(&1)
}

/// Up to `count` of these vertices: those where lanes end if there are two of them, each the furthest from those before it.
/// A robot that stands where a lane ends is in nobody's way.
pub(super) fn apart(desk: &Desk<'_>, from: &[VertexIx], count: usize) -> Vec<VertexIx> {
    let ends: Vec<VertexIx> = from.iter().copied().filter(|v| desk.ways.is_end(*v)).collect();
    let pool = if ends.len() >= 2 { &ends } else { from };
    let gap = |a: VertexIx, b: VertexIx| {
        let (a, b) = (&desk.site.vertices[a.at()], &desk.site.vertices[b.at()]);
        if a.level == b.level { a.at.dist(b.at) } else { LEVELS_APART_M }
    };
    let Some(first) = pool.first() else { return Vec::new() };
    let mut out = vec![*first];
    let mut nearest: Vec<f64> = pool.iter().map(|v| gap(*first, *v)).collect();
    while out.len() < count {
        // The lowest index wins among equals, so that the choice never depends on an order of evaluation.
        let best = (0..pool.len()).max_by(|a, b| nearest[*a].total_cmp(&nearest[*b]).then(b.cmp(a)));
        let Some(best) = best.filter(|b| nearest[*b] > 0.0) else { break };
        out.push(pool[best]);
        for (n, v) in nearest.iter_mut().zip(pool) {
            *n = n.min(gap(pool[best], *v));
        }
    }
    out
}
