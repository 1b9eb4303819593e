//! Robots: those of the scenario, else those that the map spawns, else a few at its chargers, parking spots and named
//! places, else two anywhere on its lanes.

use super::Desk;
use super::bare;
use super::market::Owner;
use super::names::index;
use super::outline;
use crate::at::At;
use crate::flaw::{Flaw, nearest};
use crate::resolved::RobotStart;
use crate::scenario::{Driver, FleetEntry, Wire};
use nooterra_port::ability::Declared;
use nooterra_port::camera::CameraKind;
use nooterra_site::catalogue::{driven_by_people, model_names};
use nooterra_site::model::Vertex;
use nooterra_site::{RobotModel, VertexIx, model_named, model_or_generic};
use std::collections::BTreeSet;

/// Robots placed on a site that spawns none; one alone where all lanes lie in one line, so that none could pass another.
const UNASKED: usize = 4;
/// The same where no place is marked or named. Fewer, because they wait where others have to go.
const UNASKED_BARE: usize = 2;
/// So many places on bare lanes are chosen for their distance from each other.
const BARE_APART: usize = 100;
/// Most robots in a scenario.
const MOST: usize = 10_000;
const FULL_PPM: u32 = 1_000_000;

/// A robot before it has an owner and an order.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) model: RobotModel,
    provider: Option<u32>,
    pub(super) start: VertexIx,
    charge_ppm: u32,
    declares: Vec<Declared>,
    camera: CameraKind,
    /// Where the file speaks of it, if it does.
    said: Option<At<()>>,
}

impl Draft {
    fn flaw(&self, what: String, remedy: &str) -> Flaw {
        self.said.as_ref().map_or_else(|| Flaw::whole(what.clone(), remedy), |at| Flaw::of(at, what.clone(), remedy))
    }
}

pub(super) fn robots(desk: &mut Desk<'_>, owners: &[Owner], charge: Option<u32>) -> (Vec<RobotModel>, Vec<RobotStart>) {
    let scenario = desk.scenario;
    let mut drafts: Vec<Draft> = Vec::new();
    for e in &scenario.fleet {
        let more = entry(desk, e, owners, &drafts);
        drafts.extend(more);
    }
    if scenario.fleet.is_empty() {
        drafts = spawned(desk);
        if !drafts.iter().any(|d| desk.ways.returns(d.start)) {
            drafts = unasked(desk, drafts);
        }
    }
    if drafts.len() > MOST {
        desk.flaws.push(drafts[MOST].flaw(format!("{} robots are more than {MOST}", drafts.len()), "lower `count`"));
        drafts.truncate(MOST);
    }
    drafts.sort_by(|a, b| (&a.model.name, &a.name).cmp(&(&b.model.name, &b.name)));
    for pair in drafts.windows(2).filter(|p| p[0].name == p[1].name) {
        let last = if pair[0].said.as_ref().map(|s| s.line) > pair[1].said.as_ref().map(|s| s.line) { &pair[0] } else { &pair[1] };
        desk.flaws.push(last.flaw(format!("two robots are called `{}`", last.name), "give the fleet entry another `name`"));
    }
    deal(&mut drafts, owners);
    place(desk, drafts, charge)
}

/// Gives every robot without an owner to the provider that has the least for its share.
fn deal(drafts: &mut [Draft], owners: &[Owner]) {
    let mut dealt = vec![0u64; owners.len()];
    for d in drafts.iter_mut().filter(|d| d.provider.is_none()) {
        let load = |i: usize| ((dealt[i] + 1) * 1_000_000) / u64::from(owners[i].share_ppm.max(1));
        let Some(best) = (0..owners.len()).min_by_key(|i| (load(*i), *i)) else { return };
        dealt[best] += 1;
        d.provider = Some(index(best));
    }
}

/// Finds each robot's graph and gathers the models in use.
fn place(desk: &mut Desk<'_>, drafts: Vec<Draft>, charge: Option<u32>) -> (Vec<RobotModel>, Vec<RobotStart>) {
    let (mut models, mut out): (Vec<RobotModel>, Vec<RobotStart>) = (Vec::new(), Vec::new());
    let (mut stuck, mut taken): (Vec<Draft>, Vec<(VertexIx, String)>) = (Vec::new(), Vec::new());
    for d in drafts {
        let Some((graph_idx, _)) = desk.ways.best_graph(d.start) else {
            stuck.push(d);
            continue;
        };
        if let Some((_, other)) = taken.iter().find(|(v, _)| *v == d.start) {
            let what = format!("`{other}` and `{}` start on the same vertex", d.name);
            desk.flaws.push(d.flaw(what, "give each robot a vertex of its own with `at: [...]`"));
        }
        taken.push((d.start, d.name.clone()));
        let model = models.iter().position(|m| *m == d.model).unwrap_or_else(|| {
            models.push(d.model);
            models.len() - 1
        });
        let soc_bps = charge.unwrap_or(d.charge_ppm) / 100;
        out.push(RobotStart {
            name: d.name,
            model: index(model),
            provider: d.provider.unwrap_or(0),
            start: d.start,
            graph_idx,
            soc_bps,
            declares: d.declares,
            camera: d.camera,
        });
    }
    let names = stuck.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(first) = stuck.first() {
        if desk.scenario.fleet.is_empty() {
            desk.notes.push(format!("left out, because no lane touches their place: {names}"));
        } else {
            let what = format!("no lane leads to or from where {names} starts");
            desk.flaws.push(first.flaw(what, "choose vertices on the site's lanes"));
        }
    }
    if out.is_empty() && desk.flaws.is_empty() {
        let (what, remedy) = bare::why_not(desk);
        desk.flaws.push(Flaw::of(&desk.scenario.site, what, remedy));
    }
    (models, out)
}

fn spawned(desk: &mut Desk<'_>) -> Vec<Draft> {
    let site = desk.site;
    let mut out: Vec<Draft> = Vec::new();
    for s in &site.spawns {
        if driven_by_people(&s.model) {
            desk.notes.push(format!("`{}` is left out: a person drives it", s.robot));
            continue;
        }
        let (model, known) = model_or_generic(&s.model);
        if !known {
            desk.notes.push(format!("model `{}` is not known; its limits are those of tinyRobot", s.model));
        }
        let copies = out.iter().filter(|d| d.name == s.robot || d.name.starts_with(&format!("{}#", s.robot))).count();
        let name = if copies == 0 { s.robot.clone() } else { format!("{}#{}", s.robot, copies + 1) };
        if out.iter().any(|d| d.start == s.vertex) {
            desk.notes.push(format!("`{name}` is left out: another robot spawns on the same vertex"));
            continue;
        }
        out.push(Draft {
            name,
            model,
            provider: None,
            start: s.vertex,
            charge_ppm: FULL_PPM,
            declares: Vec::new(),
            camera: CameraKind::None,
            said: None,
        });
    }
    desk.notes.dedup();
    outline::fit(desk, &mut out);
    out
}

/// Vertices fit for a start, best first: chargers, parking spots, other named places; without any of them, ends of lanes
/// far from each other, then the rest. Each has lanes that lead away and back.
fn spots(desk: &Desk<'_>) -> Vec<VertexIx> {
    let site = desk.site;
    let rank = |v: &Vertex| match (v.flags.is_charger, v.flags.is_parking_spot, v.name.is_empty()) {
        (true, ..) => Some(0),
        (_, true, _) => Some(1),
        (.., false) => Some(2),
        _ => None,
    };
    let fit = bare::drivable(desk);
    let mut out: Vec<(i32, VertexIx)> = fit.iter().filter_map(|v| rank(&site.vertices[v.at()]).map(|r| (r, *v))).collect();
    if out.is_empty() {
        let mut out = bare::apart(desk, &fit, BARE_APART);
        let chosen: BTreeSet<VertexIx> = out.iter().copied().collect();
        out.extend(fit.into_iter().filter(|v| !chosen.contains(v)));
        return out;
    }
    out.sort_unstable();
    out.into_iter().map(|(_, v)| v).collect()
}

/// Up to `count` of the spots that are far enough from each other and from those taken.
fn spread(desk: &Desk<'_>, from: Vec<VertexIx>, taken: &[VertexIx], clear_m: f64, count: usize) -> Vec<VertexIx> {
    let site = desk.site;
    let mut out: Vec<VertexIx> = Vec::new();
    for v in from {
        let me = &site.vertices[v.at()];
        let near = |o: &VertexIx| {
            let other = &site.vertices[o.at()];
            other.level == me.level && other.at.dist(me.at) < clear_m
        };
        if out.len() < count && !taken.iter().chain(&out).any(near) {
            out.push(v);
        }
    }
    out
}

/// Robots that nobody asked for, in place of those that the map spawns where they cannot drive.
fn unasked(desk: &mut Desk<'_>, stuck: Vec<Draft>) -> Vec<Draft> {
    let model = RobotModel::default();
    let all = spots(desk);
    let site = desk.site;
    let marked = |v: &VertexIx| {
        let v = &site.vertices[v.at()];
        v.flags.is_charger || v.flags.is_parking_spot || !v.name.is_empty()
    };
    let chargers = all.iter().filter(|v| site.vertices[v.at()].flags.is_charger).count();
    let count = match chargers {
        0 if !all.iter().any(marked) => UNASKED_BARE,
        _ if !bare::can_pass(desk) => 1,
        0 => UNASKED,
        n => n.clamp(2, UNASKED),
    };
    let starts = spread(desk, all, &[], 2.0 * model.vicinity_radius_m, count);
    let why = if stuck.is_empty() {
        "the map spawns no robots".to_owned()
    } else {
        let names: Vec<&str> = stuck.iter().map(|d| d.name.as_str()).collect();
        format!("left out, because they cannot drive anywhere and come back: {}", names.join(", "))
    };
    let verb = if starts.len() == 1 { "was" } else { "were" };
    desk.notes.push(format!("{why}; {} of model tinyRobot {verb} placed", starts.len()));
    let draft = |(i, start)| Draft {
        name: format!("robot{}", i + 1),
        model: model.clone(),
        provider: None,
        start,
        charge_ppm: FULL_PPM,
        declares: Vec::new(),
        camera: CameraKind::None,
        said: None,
    };
    starts.into_iter().enumerate().map(draft).collect()
}

fn entry(desk: &mut Desk<'_>, e: &FleetEntry, owners: &[Owner], before: &[Draft]) -> Vec<Draft> {
    if let Some(d) = e.driver.as_ref().filter(|d| d.value == Driver::Vda5050) {
        desk.flaw(d, "this build drives simulated robots only", "remove the line or write `driver: sim`");
    }
    if let Some(w) = e.wire.as_ref().filter(|w| w.value == Wire::Vda5050) {
        desk.flaw(w, "simulated robots speak the direct wire only in this build", "remove the line or write `wire: direct`");
    }
    let model = model(desk, e);
    let provider = e.provider.as_ref().and_then(|p| desk.provider(p, owners));
    let mut starts: Vec<VertexIx> = e.at.iter().filter_map(|v| desk.vertex(v)).collect();
    let count = e.count.as_ref().map_or(e.at.len().max(1), |c| c.value as usize);
    if let Some(c) = e.count.as_ref().filter(|c| c.value == 0 || c.value as usize > MOST) {
        desk.flaw(c, format!("a count is from 1 to {MOST}"), "write for example `count: 2`");
        return Vec::new();
    }
    if let (Some(c), true) = (&e.count, e.at.len() > count) {
        desk.flaw(c, format!("{} places are named for {count} robots", e.at.len()), "raise `count` or name fewer places");
    }
    if starts.len() < count && starts.len() == e.at.len() {
        let taken: Vec<VertexIx> = before.iter().map(|d| d.start).chain(starts.iter().copied()).collect();
        let pool: Vec<VertexIx> = spawn_points(desk, &model).into_iter().chain(spots(desk)).collect();
        let more = spread(desk, pool, &taken, 2.0 * model.vicinity_radius_m, count - starts.len());
        starts.extend(more);
        if starts.len() < count {
            let at: &At<String> = &e.model;
            desk.flaw(
                at,
                format!("the site has room for {} of these {count} robots", starts.len()),
                "lower `count` or name places with `at`",
            );
        }
    }
    let base = e.name.as_ref().map_or_else(|| model.name.clone(), |n| n.value.clone());
    let single = count == 1 && e.name.is_some();
    let named = before.iter().filter(|d| d.name.strip_prefix(&base).is_some_and(|n| n.parse::<u32>().is_ok())).count();
    let name = |i: usize| if single { base.clone() } else { format!("{base}{}", named + i + 1) };
    let charge_ppm = e.charge.as_ref().map_or(FULL_PPM, |c| c.0);
    let camera = e.camera.as_ref().map_or(CameraKind::None, |c| c.value.kind());
    let said = At { value: (), line: e.model.line, column: e.model.column };
    let draft = |(i, start)| Draft {
        name: name(i),
        model: model.clone(),
        provider,
        start,
        charge_ppm,
        declares: e.declares.said().into_iter().chain(crate::doors::declared(&e.access)).collect(),
        camera,
        said: Some(said.clone()),
    };
    starts.into_iter().enumerate().map(draft).collect()
}

/// Where the map spawns robots of this model.
fn spawn_points(desk: &Desk<'_>, model: &RobotModel) -> Vec<VertexIx> {
    desk.site.spawns.iter().filter(|s| model_or_generic(&s.model).0.name == model.name).map(|s| s.vertex).collect()
}

fn model(desk: &mut Desk<'_>, e: &FleetEntry) -> RobotModel {
    if let Some(path) = &e.config {
        if let Some((_, m)) = desk.files.iter().find(|(p, _)| *p == path.value) {
            return m.clone();
        }
        desk.flaw(path, format!("the fleet file `{}` was not read", path.value), "is the path right?");
        return RobotModel::default();
    }
    model_named(&e.model).unwrap_or_else(|| {
        let remedy = format!("{}, or name its fleet file with `config`", nearest(&e.model, model_names()));
        desk.flaw(&e.model, format!("no robot model `{}` is known", e.model.value), remedy);
        RobotModel::default()
    })
}
