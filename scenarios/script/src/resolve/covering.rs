//! Zones whose floors are covered: areas with a place in each from which a robot begins, and a way over their floor.

use super::Desk;
use crate::flaw::nearest;
use crate::resolved::JobKind;
use crate::scenario::Jobs;
use nooterra_site::VertexIx;

/// Most zones of one job.
const MOST: usize = 16;

/// The zones of a stream: a place in each, and its area; none for other kinds of work.
pub(super) fn zones(desk: &mut Desk<'_>, jobs: &Jobs, kind: JobKind, ranges: &[Vec<bool>], widest_m: f64) -> Option<Vec<(VertexIx, u32)>> {
    if !kind.covers_zones() {
        if let Some(z) = jobs.zones.first() {
            desk.flaw(z, "`zones` belongs to cleaning and resets", "remove it or write `kind: clean`");
            return None;
        }
        return Some(Vec::new());
    }
    for (what, given) in [("from", &jobs.from), ("to", &jobs.to), ("via", &jobs.via)] {
        if let Some(stray) = given.first() {
            desk.flaw(stray, format!("work on whole zones has no `{what}`"), "name areas under `zones`");
            return None;
        }
    }
    if let Some(m) = &jobs.mass {
        desk.flaw(m, "nothing is carried when a floor is covered", "remove `mass`");
    }
    if jobs.zones.is_empty() || jobs.zones.len() > MOST {
        let what = format!("one to {MOST} zones are covered in a job, not {}", jobs.zones.len());
        desk.flaw(&jobs.process, what, "declare areas under `areas:` and write for example `zones: [lobby]`");
        return None;
    }
    let mut out: Vec<(VertexIx, u32)> = Vec::new();
    for name in &jobs.zones {
        let site = desk.site;
        let Some(ix) = site.area_named(name) else {
            let remedy = nearest(name, site.areas.iter().map(|a| a.name.as_str()));
            desk.flaw(name, format!("there is no area `{}`", name.value), remedy);
            return None;
        };
        let area = &site.areas[ix.at()];
        if out.iter().any(|(_, a)| *a == ix.ix) {
            desk.flaw(name, format!("`{}` is named twice", name.value), "a floor is covered once in a job");
            return None;
        }
        if area.sweep(widest_m).is_none() {
            let what = format!("a robot of {widest_m:.2} m has no way back and forth over `{}`", area.name);
            desk.flaw(name, what, "draw it wider, without bays, and no larger than 400 m²");
            return None;
        }
        // A named place first; whoever does the work has to reach all zones.
        let inside = |v: &VertexIx| site.vertices[v.at()].level == area.level && area.contains(site.vertices[v.at()].at);
        let reached = |v: &VertexIx| ranges.is_empty() || ranges.iter().any(|r| r[v.at()] && out.iter().all(|(o, _)| r[o.at()]));
        let place = site.vertex_indexes().filter(inside).filter(reached).min_by_key(|v| (!site.vertices[v.at()].is_place(), v.ix));
        let Some(place) = place else {
            let what = format!("no place in `{}` is reached by a robot that does this work", area.name);
            desk.flaw(name, what, "draw it around a place on the navigation graph");
            return None;
        };
        out.push((place, ix.ix));
    }
    Some(out)
}
