//! Robots that the map spawns are as wide as the catalogue says, unless the map leaves no room for that.
//!
//! A map names models, not outlines: those are the catalogue's. Where two robots would start inside each other, or
//! stand in each other's only way out, for ever, the catalogue's figure was not the map's: it is lowered until
//! everybody can leave, and that is told.

use super::Desk;
use super::fleet::Draft;
use nooterra_engine::geom::Segment;
use nooterra_site::{RobotModel, VertexIx};
use std::collections::BTreeMap;

/// Room between two robots that pass each other, metres: what traffic would like to keep.
const ROOM_M: f64 = 0.10;
/// Room between two robots at their starts, metres: less would be a touch.
const TOUCH_M: f64 = 0.02;
/// Only robots that start this near to touching are looked at, metres: what lies further along a way is left to traffic.
const NEAR_M: f64 = 2.0;
/// Outlines are lowered in steps of this, metres,
const STEP_M: f64 = 0.05;
/// down to this share of the catalogue's.
const LEAST_SHARE: f64 = 0.6;

/// Where a robot starts, its outline, and its ways out.
struct Start {
    model: String,
    name: String,
    radius_m: f64,
    line: Segment,
    level: u32,
    exits: Vec<Segment>,
}

/// Lowers outlines as far as the map asks for.
pub(super) fn fit(desk: &mut Desk<'_>, drafts: &mut [Draft]) {
    let mut starts: Vec<Start> = drafts.iter().filter_map(|d| start(desk, d)).collect();
    let full: BTreeMap<String, f64> = starts.iter().map(|s| (s.model.clone(), s.radius_m)).collect();
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    loop {
        let jam = jammed(&starts);
        let mut lowered = false;
        for (model, full_m) in &full {
            let names: Vec<String> = jam.iter().filter(|i| starts[**i].model == *model).map(|i| starts[*i].name.clone()).collect();
            let own = |s: &&mut Start| s.model == *model;
            let least_m = full_m * LEAST_SHARE;
            if names.is_empty() || starts.iter_mut().find(own).is_none_or(|s| s.radius_m - STEP_M < least_m) {
                continue;
            }
            starts.iter_mut().filter(own).for_each(|s| s.radius_m -= STEP_M);
            told.entry(model.clone()).or_insert(names);
            lowered = true;
        }
        if !lowered {
            break;
        }
    }
    // Where no outline is small enough, the places are at fault and not the outlines.
    let hopeless = jammed(&starts);
    for (model, names) in told {
        if hopeless.iter().any(|i| starts[*i].model == model) {
            continue;
        }
        let (Some(s), full_m) = (starts.iter().find(|s| s.model == model), full[&model]) else { continue };
        let radius_m = s.radius_m;
        desk.notes.push(format!(
            "{model} is taken as {radius_m:.2} m in radius instead of {full_m:.2} m: otherwise {} could not leave",
            names.join(" and ")
        ));
        for d in drafts.iter_mut().filter(|d| d.model.name == model) {
            let m = &mut d.model;
            m.vicinity_radius_m = (m.vicinity_radius_m + radius_m - m.footprint_radius_m).max(radius_m);
            m.footprint_radius_m = radius_m;
            m.inertia_kg_m2 = RobotModel::physical_inertia(m.mass_kg, radius_m, m.inertia_kg_m2);
        }
    }
}

fn start(desk: &Desk<'_>, d: &Draft) -> Option<Start> {
    let site = desk.site;
    let (graph_idx, _) = desk.ways.best_graph(d.start)?;
    let at = |v: VertexIx| site.vertices[v.at()].at;
    let leaves = site.lanes.iter().filter(|l| l.from == d.start && l.graph_idx == graph_idx && l.ride.is_none());
    Some(Start {
        model: d.model.name.clone(),
        name: d.name.clone(),
        radius_m: d.model.footprint_radius_m,
        line: Segment::new(at(d.start), at(d.start)),
        level: site.vertices[d.start.at()].level.ix,
        exits: leaves.map(|l| Segment::new(at(l.from), at(l.to))).collect(),
    })
}

/// Robots that cannot leave in any order: they overlap, or every way out of each passes another of them too closely.
fn jammed(starts: &[Start]) -> Vec<usize> {
    let near = |a: &Start, b: &Start| a.level == b.level && a.line.dist(&b.line) < a.radius_m + b.radius_m + NEAR_M;
    let overlap = |i: usize, j: usize| {
        let (a, b) = (&starts[i], &starts[j]);
        i != j && a.level == b.level && a.line.dist(&b.line) < a.radius_m + b.radius_m + TOUCH_M
    };
    // Whoever stands too close already may drive away as long as it does not come closer.
    let blocks = |exit: &Segment, a: &Start, b: &Start| {
        let (gap, now) = (exit.dist(&b.line), a.line.dist(&b.line));
        near(a, b) && gap < a.radius_m + b.radius_m + ROOM_M && gap < now - 1e-6
    };
    let all = 0..starts.len();
    let mut left: Vec<usize> = all.clone().filter(|i| !starts[*i].exits.is_empty()).collect();
    loop {
        let boxed = |i: &usize| {
            let a = &starts[*i];
            a.exits.iter().all(|e| left.iter().any(|j| j != i && blocks(e, a, &starts[*j])))
        };
        let stay: Vec<usize> = left.iter().copied().filter(boxed).collect();
        if stay.len() == left.len() {
            break;
        }
        left = stay;
    }
    all.filter(|i| left.contains(i) || starts.iter().enumerate().any(|(j, _)| overlap(*i, j))).collect()
}
