//! Areas held against the site that they lie in, and what a scenario says of them.

use super::Desk;
use super::names::no_name;
use crate::areas::{AreaEntry, AreaKind};
use crate::at::At;
use crate::flaw::{Flaw, nearest};
use crate::resolved::RobotStart;
use crate::scenario::Scenario;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::ZoneId;
use nooterra_site::areas::{AREAS_MAX, KEEP_OFF_M, ring_around};
use nooterra_site::model::Site;
use nooterra_site::{Area, AreaClass, AreaIx, LevelIx, RobotModel, VertexIx};

/// Reach of an area beyond the places that it lies around, millimetres.
const MARGIN_MM: u32 = 1_500;
const MARGINS_MM: std::ops::RangeInclusive<u32> = 200..=50_000;

/// The areas that a scenario declares. What is wrong with one leaves it out.
pub(super) fn areas(scenario: &Scenario, site: &Site, flaws: &mut Vec<Flaw>) -> Vec<Area> {
    let mut out: Vec<Area> = Vec::new();
    if let Some(a) = scenario.areas.get(AREAS_MAX) {
        flaws.push(Flaw::of(a, format!("more than {AREAS_MAX} areas"), "draw larger ones"));
        return out;
    }
    for e in &scenario.areas {
        let (name, before) = (&e.name, flaws.len());
        if let Some(f) = no_name(name, out.iter().map(|a| a.name.as_str())) {
            flaws.push(f);
        } else if site.level_named(name).is_some() {
            flaws.push(Flaw::of(name, format!("`{}` is a level of the site", name.value), "a zone is one thing; choose another name"));
        }
        if let Some((level, ring)) = shape(e, site, flaws).filter(|_| flaws.len() == before) {
            let class = match e.class.as_ref().map(|c| c.value) {
                None | Some(AreaKind::Public) => AreaClass::Public,
                Some(AreaKind::Restricted) => AreaClass::Restricted,
                Some(AreaKind::Private) => AreaClass::Private,
            };
            let area = Area { name: name.value.clone(), level, ring, class };
            match area.fault() {
                Some(f) => flaws.push(Flaw::of(name, format!("the outline of `{}` is none: {f}", name.value), "go around it once")),
                None => out.push(area),
            }
        }
    }
    out
}

/// The level and the corners of an area.
fn shape(e: &At<AreaEntry>, site: &Site, flaws: &mut Vec<Flaw>) -> Option<(LevelIx, Vec<Vec2>)> {
    let said = e.level.as_ref().map(|l| {
        let hit = site.level_named(l);
        if hit.is_none() {
            let remedy = nearest(l, site.levels.iter().map(|v| v.name.as_str()));
            flaws.push(Flaw::of(l, format!("there is no level `{}`", l.value), remedy));
        }
        hit
    });
    if said == Some(None) {
        return None;
    }
    let said = said.flatten();
    if e.corners.is_empty() == e.around.is_empty() {
        let what = if e.corners.is_empty() { "an area needs an outline" } else { "an area has one outline" };
        flaws.push(Flaw::of(&e.name, what, "write either `corners: [[0, 0], [4, 0], [4, 3], [0, 3]]` or `around: [lounge]`"));
        return None;
    }
    if e.around.is_empty() {
        if let Some(m) = &e.margin {
            flaws.push(Flaw::of(m, "`margin` belongs to `around`", "remove it"));
        }
        let level = said.or((site.levels.len() == 1).then_some(LevelIx::new(0)));
        if level.is_none() {
            flaws.push(Flaw::of(&e.name, "the site has several levels", "say which one: `level: L1`"));
        }
        return Some((level?, e.corners.iter().map(|c| Vec2::new(c[0], c[1])).collect()));
    }
    let margin_mm = e.margin.as_ref().map_or(MARGIN_MM, |m| m.0);
    if let Some(m) = e.margin.as_ref().filter(|m| !MARGINS_MM.contains(&m.0)) {
        flaws.push(Flaw::of(m, "a margin is from 0.2 m to 50 m", "write for example `margin: 1.5m`"));
    }
    let mut found: Vec<VertexIx> = Vec::new();
    for name in &e.around {
        match super::names::vertex_of(site, name, said) {
            Ok(v) => found.push(v),
            Err(f) => flaws.push(f),
        }
    }
    let level = said.or(found.first().map(|v| site.vertices[v.at()].level))?;
    if let Some((_, name)) = found.iter().zip(&e.around).find(|(v, _)| site.vertices[v.at()].level != level) {
        flaws.push(Flaw::of(name, format!("`{}` lies on another level", name.value), "an area is on one level; declare one for each"));
        return None;
    }
    let points: Vec<Vec2> = found.iter().map(|v| site.vertices[v.at()].at).collect();
    Some((level, ring_around(&points, f64::from(margin_mm) / 1_000.0)))
}

/// With the robots known: nothing that they have to stand at is half inside, and none begins where it may not be.
pub(super) fn check(desk: &mut Desk<'_>, models: &[RobotModel], robots: &[RobotStart]) {
    let (site, scenario) = (desk.site, desk.scenario);
    let entry = |a: AreaIx| scenario.areas.iter().find(|e| e.name.value == site.areas[a.at()].name);
    let widest_m = robots.iter().filter_map(|r| models.get(r.model as usize)).map(|m| m.footprint_radius_m).fold(0.0, f64::max);
    for a in site.area_indexes().filter(|a| site.areas[a.at()].is_guarded()) {
        let (area, Some(e)) = (&site.areas[a.at()], entry(a)) else { continue };
        let starts = robots.iter().find(|r| site.vertex_areas(r.start, widest_m + KEEP_OFF_M).contains(&a.ix));
        if let Some(r) = starts {
            let what = format!("robot `{}` starts in or beside `{}`, where only robots with a plan may be", r.name, area.name);
            desk.flaw(&e.name, what, "draw the area elsewhere, or let the robot start elsewhere");
            continue;
        }
        // A robot stands there as a whole: either all of it is inside or nothing is.
        let stands = |v: &VertexIx| {
            let f = &site.vertices[v.at()].flags;
            site.vertices[v.at()].level == area.level && (site.vertices[v.at()].is_place() || f.is_charger || f.is_parking_spot)
        };
        let cut = |v: &VertexIx| area.depth_m(site.vertices[v.at()].at).abs() < widest_m + KEEP_OFF_M;
        if let Some(v) = site.vertex_indexes().filter(stands).find(cut) {
            let far = area.depth_m(site.vertices[v.at()].at).abs();
            let what = format!(
                "the border of `{}` is {far:.2} m from `{}`: a robot of {widest_m:.2} m that stands there is neither in nor out",
                area.name,
                site.vertex_label(v)
            );
            desk.flaw(&e.name, what, "draw the border at least a robot's radius and 0.1 m from every place");
        }
    }
}

/// Areas that a stream of jobs keeps its robots out of: known, with a way left to every place.
pub(super) fn no_go(desk: &mut Desk<'_>, names: &[At<String>], places: impl Iterator<Item = VertexIx>, widest_m: f64) -> Vec<ZoneId> {
    let site = desk.site;
    let mut out: Vec<(AreaIx, &At<String>)> = Vec::new();
    for name in names {
        match site.area_named(name) {
            Some(a) => out.push((a, name)),
            None => {
                let remedy = nearest(name, site.areas.iter().map(|a| a.name.as_str()));
                desk.flaw(name, format!("there is no area `{}`", name.value), remedy);
            }
        }
    }
    let Some((_, first)) = out.first().copied() else { return Vec::new() };
    let (shut, reached) = (out.iter().map(|(a, _)| a.ix).collect(), site.reached(widest_m));
    for v in places {
        let label = site.vertex_label(v);
        if let Some((_, name)) = out.iter().find(|(a, _)| site.vertex_areas(v, widest_m).contains(&a.ix)) {
            let what = format!("`{label}` lies in `{}`, which the job's robot may not enter", name.value);
            desk.flaw(*name, what, "choose other places, or leave the area out");
            return Vec::new();
        }
        if site.areas_needed(&[v], &shut, &reached).is_none() {
            let what = format!("without `{}` no way leads to `{label}`", first.value);
            desk.flaw(first, what, "choose other places, or leave the area out");
            return Vec::new();
        }
    }
    out.iter().filter_map(|(a, _)| site.area_zone(*a)).collect()
}
