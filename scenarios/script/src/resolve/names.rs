//! Finding what a name means.

use super::Desk;
use super::market::Owner;
use crate::at::At;
use crate::coins::TariffPlan;
use crate::flaw::{Flaw, nearest};
use crate::resolved::{Group, OperatorPlan, RequesterPlan, RobotStart};
use nooterra_engine::ids::ZoneId;
use nooterra_site::model::Site;
use nooterra_site::{DoorIx, LevelIx, LiftIx, VertexIx};

/// Why this is no name for one more, if it is none.
pub(super) fn no_name<'t>(given: &At<String>, mut taken: impl Iterator<Item = &'t str>) -> Option<Flaw> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if given.is_empty() || given.len() > 64 || !given.chars().all(plain) {
        let what = format!("`{}` is no name", given.value.escape_debug());
        return Some(Flaw::of(given, what, "use up to 64 letters, digits, `_`, `-`, `.`"));
    }
    taken.any(|t| t == given.value).then(|| Flaw::of(given, format!("`{}` is named twice", given.value), "names are used once"))
}

/// Everybody with a name.
pub(super) struct Parties<'a> {
    pub robots: &'a [RobotStart],
    pub providers: &'a [Owner],
    pub requesters: &'a [RequesterPlan],
    /// Outside witnesses of the log.
    pub log_witnesses: &'a [String],
    /// Remote operators.
    pub operators: &'a [OperatorPlan],
    /// What things cost.
    pub tariffs: &'a [TariffPlan],
}

pub(super) fn index(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

/// The vertex of this name, on this level if one is said.
pub(super) fn vertex_of(site: &Site, name: &At<String>, on: Option<LevelIx>) -> Result<VertexIx, Flaw> {
    let (level, plain) = match name.split_once(':') {
        Some((l, rest)) if site.levels.iter().any(|v| v.name == l) => (Some(l), rest),
        _ => (None, name.as_str()),
    };
    let level_of = |v: VertexIx| site.vertices[v.at()].level;
    let level_name = |v: VertexIx| site.levels[level_of(v).at()].name.as_str();
    let is_meant = |v: &VertexIx| level.map_or_else(|| on.is_none_or(|l| l == level_of(*v)), |l| l == level_name(*v));
    let mut hits: Vec<VertexIx> = (0..site.vertices.len())
        .map(|i| VertexIx::new(index(i)))
        .filter(|v| !plain.is_empty() && site.vertices[v.at()].name == plain && is_meant(v))
        .collect();
    // A name may stand on the graphs of several fleets at one spot: any of them is the place.
    hits.dedup_by_key(|v| level_name(*v));
    match hits.as_slice() {
        [one] => Ok(*one),
        [] => {
            let remedy = nearest(plain, site.vertices.iter().map(|v| v.name.as_str()));
            Err(Flaw::of(name, format!("the site has no vertex `{}`", name.value), remedy))
        }
        many => {
            let options: Vec<String> = many.iter().map(|v| format!("`{}:{plain}`", level_name(*v))).collect();
            Err(Flaw::of(name, format!("several levels have a vertex `{plain}`"), format!("write {}", options.join(" or "))))
        }
    }
}

impl Desk<'_> {
    /// The vertex of this name; `L2:lobby` tells it apart from other levels' `lobby`.
    pub(super) fn vertex(&mut self, name: &At<String>) -> Option<VertexIx> {
        vertex_of(self.site, name, None).map_err(|f| self.flaws.push(f)).ok()
    }
    pub(super) fn door(&mut self, name: &At<String>) -> Option<DoorIx> {
        let site = self.site;
        let hit = site.doors.iter().position(|d| d.name == name.value);
        if hit.is_none() {
            self.flaw(name, format!("the site has no door `{}`", name.value), nearest(name, site.doors.iter().map(|d| d.name.as_str())));
        }
        hit.map(|i| DoorIx::new(index(i)))
    }
    pub(super) fn lift(&mut self, name: &At<String>) -> Option<LiftIx> {
        let site = self.site;
        let hit = site.lifts.iter().position(|d| d.name == name.value);
        if hit.is_none() {
            self.flaw(name, format!("the site has no lift `{}`", name.value), nearest(name, site.lifts.iter().map(|d| d.name.as_str())));
        }
        hit.map(|i| LiftIx::new(index(i)))
    }
    /// The robot of this name, or of this number counted from 1.
    pub(super) fn robot(&mut self, name: &At<String>, parties: &Parties<'_>) -> Option<u32> {
        let by_name = parties.robots.iter().position(|r| r.name == name.value);
        let by_number = || name.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < parties.robots.len());
        let hit = by_name.or_else(by_number);
        if hit.is_none() {
            let known = parties.robots.iter().map(|r| r.name.as_str());
            self.flaw(name, format!("there is no robot `{}`", name.value), nearest(name, known));
        }
        hit.map(index)
    }
    /// A level, by its index.
    pub(super) fn level(&mut self, name: &At<String>) -> Option<u32> {
        let site = self.site;
        let hit = site.level_named(name).map(|l| l.ix);
        if hit.is_none() {
            let known = site.levels.iter().map(|l| l.name.as_str());
            self.flaw(name, format!("there is no level `{}`", name.value), nearest(name, known));
        }
        hit
    }
    /// A level or an area.
    pub(super) fn zone(&mut self, name: &At<String>) -> Option<ZoneId> {
        let site = self.site;
        let level = site.level_named(name).and_then(|l| site.zone(l));
        let hit = level.or_else(|| site.area_named(name).and_then(|a| site.area_zone(a)));
        if hit.is_none() {
            let known = site.levels.iter().map(|l| l.name.as_str()).chain(site.areas.iter().map(|a| a.name.as_str()));
            let what = format!("there is no level or area `{}`; these are the zones of a site", name.value);
            self.flaw(name, what, nearest(name, known));
        }
        hit
    }

    pub(super) fn provider(&mut self, name: &At<String>, providers: &[Owner]) -> Option<u32> {
        let hit = providers.iter().position(|p| p.plan.name == name.value);
        if hit.is_none() {
            let known = providers.iter().map(|p| p.plan.name.as_str());
            self.flaw(name, format!("there is no provider `{}`", name.value), nearest(name, known));
        }
        hit.map(index)
    }
    pub(super) fn requester(&mut self, name: &At<String>, parties: &Parties<'_>) -> Option<u32> {
        let hit = parties.requesters.iter().position(|p| p.name == name.value);
        if hit.is_none() {
            let known = parties.requesters.iter().map(|p| p.name.as_str());
            self.flaw(name, format!("there is no requester `{}`", name.value), nearest(name, known));
        }
        hit.map(index)
    }
    /// Who is meant on the network.
    pub(super) fn group(&mut self, name: &At<String>, parties: &Parties<'_>) -> Option<Group> {
        let fixed = [
            ("robots", Group::Robots),
            ("providers", Group::Providers),
            ("requesters", Group::Requesters),
            ("site", Group::Site),
            ("payments", Group::Payments),
            ("platform", Group::Platform),
        ];
        if let Some((_, g)) = fixed.iter().find(|(n, _)| *n == name.value) {
            return Some(*g);
        }
        if let Some(i) = parties.robots.iter().position(|r| r.name == name.value) {
            return Some(Group::Robot { ix: index(i) });
        }
        if let Some(i) = parties.providers.iter().position(|r| r.plan.name == name.value) {
            return Some(Group::Provider { ix: index(i) });
        }
        if let Some(i) = parties.requesters.iter().position(|r| r.name == name.value) {
            return Some(Group::Requester { ix: index(i) });
        }
        if let Some(i) = parties.log_witnesses.iter().position(|w| *w == name.value) {
            return Some(Group::LogWitness { ix: index(i) });
        }
        if let Some(i) = parties.operators.iter().position(|o| o.name == name.value) {
            return Some(Group::Operator { ix: index(i) });
        }
        let known: Vec<String> = fixed
            .iter()
            .map(|(n, _)| (*n).to_owned())
            .chain(parties.robots.iter().map(|r| r.name.clone()))
            .chain(parties.providers.iter().map(|r| r.plan.name.clone()))
            .chain(parties.requesters.iter().map(|r| r.name.clone()))
            .chain(parties.log_witnesses.iter().cloned())
            .chain(parties.operators.iter().map(|o| o.name.clone()))
            .collect();
        self.flaw(name, format!("nobody on the network is called `{}`", name.value), nearest(name, known.iter().map(String::as_str)));
        None
    }
}
