//! Areas: which of them a robot may be in, by the access plan of its job, and who is told so.
//!
//! An area that is not public is entered only under a live plan that names it; what a plan calls no-go is not entered under
//! it at all. Traffic plans ways without what a robot may not enter, its own brain is given the same as a signed grant bound
//! to its lease and fence, and the site's floor sensors check both. Who loses its right inside may leave.

use crate::cases::code_back;
use crate::fact::SiteEvent;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::Record;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{DoorId, RobotId, ZoneId};
use nooterra_engine::sometimes;
use nooterra_jobs::Job;
use nooterra_jobs::event::{ExitProof, IncidentCode};
use nooterra_jobs::parts::{AccessTrack, Presence};
use nooterra_jobs::payload::AccessPlan;
use nooterra_jobs::status::Status;
use nooterra_port::Order;
use nooterra_port::order::AreaGrant;
use nooterra_site::{AreaClass, LevelIx, VertexIx};
use nooterra_trust::detect::{Detectors, Reading, Sample};
use nooterra_trust::incident::DevTime;
use nooterra_trust::{Code, Rejection};
use std::collections::{BTreeMap, BTreeSet};

/// Areas of one plan at most.
const MOST: usize = 64;

/// What the platform keeps of a robot and areas.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Place {
    /// What it was told last that it may enter.
    pub told: Option<AreaGrant>,
    /// Areas that it lost its right to while it was in them: it is on its way out.
    pub leaving: BTreeSet<u32>,
    /// Where floor sensors see it, and how far its footprint reaches in, mm.
    pub seen: BTreeMap<u32, u32>,
    /// What watches over it from there: the floor's time is not the robot's.
    pub watch: Detectors,
    /// The gravest that was said of its present stay where it may not be.
    pub said: u8,
}

impl Unit<'_> {
    /// Areas by their zones.
    pub(crate) fn areas_of(&self, zones: &[ZoneId]) -> BTreeSet<u32> {
        (0u32..).zip(&self.world.area_zones).filter(|(_, z)| zones.contains(z)).map(|(a, _)| a).collect()
    }
    fn zones_of(&self, areas: &[u32]) -> Vec<ZoneId> {
        areas.iter().filter_map(|a| self.world.area_zones.get(*a as usize).copied()).collect()
    }
    /// Guarded areas but the named ones, and those that are shut besides.
    pub(crate) fn all_but(&self, named: &BTreeSet<u32>, shut: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
        self.world.map.guarded().difference(named).copied().chain(shut).collect()
    }

    /// What a robot may not enter for work at these places, as long as no plan says more: all guarded areas and all entrances
    /// but those that the work needs.
    pub(crate) fn bars_for_work(&self, places: impl IntoIterator<Item = u32>, no_go: &[ZoneId]) -> BTreeSet<u32> {
        let shut = self.areas_of(no_go);
        let places: Vec<u32> = places.into_iter().collect();
        let at: Vec<VertexIx> = places.iter().copied().map(VertexIx::new).collect();
        let needed = self.world.site.areas_needed(&at, &shut, &self.world.reached).unwrap_or_default();
        let mut bars = self.all_but(&needed, shut);
        bars.extend(self.entrance_bars_for(&places, &bars));
        bars
    }

    /// What a job's robot may not enter: by its plan, or as long as there is none by its work; and levels that are shut.
    pub(crate) fn bars_of(&self, j: &Job) -> BTreeSet<u32> {
        let mut bars = match self.live_plan(j) {
            Some(p) => {
                let mut bars = self.all_but(&self.areas_of(&p.areas), self.areas_of(&p.no_go));
                bars.extend(self.entrance_bars_of(p));
                bars
            }
            None => self.bars_for_work(j.fetch_place().into_iter().chain(j.steps().iter().map(|s| s.place)), &j.request.need.no_go),
        };
        bars.extend(self.level_bars());
        bars
    }

    /// The access plan of a job, if it holds now.
    pub(crate) fn live_plan<'j>(&self, j: &'j Job) -> Option<&'j AccessPlan> {
        let open = matches!(j.access.track, AccessTrack::Planned | AccessTrack::Granted);
        j.access.plan.as_ref().filter(|p| open && p.valid_from <= self.now() && self.now() < p.valid_to)
    }

    /// What a robot may enter now: under the plan of the job that it has taken.
    fn right_of(&self, robot: RobotId) -> Option<AreaGrant> {
        let held = self.cell(robot).ok()?.robot.lease?;
        let j = self.job(held.job).ok().filter(|j| j.status != Status::Matched && j.lease() == Some(held.lease))?;
        let p = self.live_plan(j)?;
        let (areas, no_go) = (self.areas_of(&p.areas).into_iter().collect(), self.areas_of(&p.no_go).into_iter().collect());
        let forgets = nooterra_engine::planted!("I43 forget the credential of a plan");
        let credential = if forgets { String::new() } else { p.credential_ref.clone() };
        Some(AreaGrant { lease: held.lease, plan: p.plan, areas, no_go, credential, valid_from: p.valid_from, valid_to: p.valid_to })
    }

    /// At the end of a unit: traffic and robots know what each may enter.
    pub(crate) fn fence_off(&mut self) {
        if self.world.site.areas.is_empty() && self.world.site.entrances() == 0 {
            return;
        }
        let mut robots = self.robots_touched.clone();
        let last = |j: &nooterra_engine::ids::JobId| self.s.jobs.get(j)?.legs.last().map(|l| l.offer.robot);
        robots.extend(self.jobs_touched.iter().filter_map(last));
        for robot in robots {
            self.fence_off_one(robot);
            self.grant_passage(robot);
        }
    }

    fn fence_off_one(&mut self, robot: RobotId) {
        let right = self.right_of(robot);
        let named = right.iter().flat_map(|r| r.areas.iter().copied()).collect();
        let mut barred = self.all_but(&named, right.iter().flat_map(|r| r.no_go.iter().copied()));
        if nooterra_engine::planted!("I13 go where no plan leads") {
            barred.clear();
        }
        barred.extend(self.entrance_bars_now(robot));
        barred.extend(self.level_bars());
        let Some(before) = self.s.traffic.barred(robot).cloned() else { return };
        if before != barred {
            let inside = self.inside(robot);
            let caught: Vec<u32> = barred.difference(&before).filter(|a| inside.contains(a)).copied().collect();
            sometimes!(!caught.is_empty(), "a robot loses its right to an area inside it");
            if let Some(c) = self.touch_robot(robot) {
                c.place.leaving.extend(caught);
                c.place.leaving.retain(|a| barred.contains(a));
            }
            let map = &self.world.map;
            if self.s.traffic.bar(map, robot, barred).unwrap_or(false) {
                self.cut_short(robot);
            }
            self.traffic_changed();
        }
        let Ok(c) = self.cell(robot) else { return };
        match right.filter(|r| !(r.areas.is_empty() && r.no_go.is_empty() && r.credential.is_empty())) {
            Some(r) if c.place.told.as_ref() != Some(&r) => {
                if let Some(c) = self.touch_robot(robot) {
                    c.place.told = Some(r.clone());
                }
                self.order(robot, Order::Grant(r));
            }
            None if c.place.told.is_some() => {
                if let Some(c) = self.touch_robot(robot) {
                    c.place.told = None;
                }
            }
            _ => {}
        }
    }

    /// Areas that a robot is in: by its own estimate, by the vertex that it reached last, and as floor sensors see it.
    fn inside(&self, robot: RobotId) -> BTreeSet<u32> {
        let Ok(c) = self.cell(robot) else { return BTreeSet::new() };
        let by_word = self.world.site.area_indexes().map(|a| a.ix).filter(|a| self.reach_mm(robot, *a) > 0);
        let radius_m = self.radius_m(robot);
        let at = self.s.traffic.at(robot).map(|v| self.world.site.vertex_areas(v, radius_m)).unwrap_or_default();
        by_word.chain(at).chain(c.place.seen.keys().copied()).collect()
    }

    fn radius_m(&self, robot: RobotId) -> f64 {
        let entry = self.cell(robot).ok().and_then(|c| self.s.genesis.robots.get(c.entry as usize));
        entry.map_or(0.0, |e| e.model.footprint_radius_m)
    }

    /// How far a robot's footprint reaches into an area by its own last word, mm.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // millimetres within a building
    fn reach_mm(&self, robot: RobotId, area: u32) -> i64 {
        let (Ok(c), Some(a)) = (self.cell(robot), self.world.site.areas.get(area as usize)) else { return 0 };
        if c.robot.heard_at.is_none() {
            return i64::MIN;
        }
        let p = &c.robot.pose;
        let at = Vec2::new(p.x_mm as f64 * 1e-3, p.y_mm as f64 * 1e-3);
        (a.reach_on_m(LevelIx::new(p.level), at, self.radius_m(robot)).clamp(-1e6, 1e6) * 1e3) as i64
    }

    /// The footprint of a robot as its detector reads it: how far it reaches, by its own word or in the eyes of the site,
    /// into what it may not enter and is not about to leave.
    pub(crate) fn footprint(&self, robot: RobotId) -> Reading {
        let (mut outside_mm, mut no_go, mut private) = (0, false, false);
        let zone_mm = self.s.genesis.policy.claims.thresholds.zone_mm;
        let shut = self.right_of(robot).map(|r| r.no_go).unwrap_or_default();
        if let (Some(barred), Ok(c)) = (self.s.traffic.barred(robot), self.cell(robot)) {
            for a in barred.iter().filter(|a| !c.place.leaving.contains(a)) {
                let own = u32::try_from(self.reach_mm(robot, *a).max(0)).unwrap_or(u32::MAX);
                let reach = own.max(c.place.seen.get(a).copied().unwrap_or(0));
                outside_mm = outside_mm.max(reach);
                let is_in = reach > zone_mm;
                no_go |= is_in && shut.contains(a);
                private |= is_in && self.world.site.areas.get(*a as usize).is_some_and(|a| a.class == AreaClass::Private);
            }
        }
        Reading::Footprint { outside_mm, no_go, private }
    }

    /// A robot says where it is: once it is out of what it had to leave, it may not come back.
    pub(crate) fn has_left(&mut self, robot: RobotId) {
        let Ok(c) = self.cell(robot) else { return };
        let out = |a: &u32| self.reach_mm(robot, *a) <= 0 && !c.place.seen.contains_key(a);
        if c.place.leaving.iter().any(out) {
            let left: Vec<u32> = c.place.leaving.iter().filter(|a| out(a)).copied().collect();
            if let Some(c) = self.touch_robot(robot) {
                c.place.leaving.retain(|a| !left.contains(a));
            }
        }
    }

    /// Is a robot where it may not be, by its own word or in the eyes of the site? How grave that is, or 0.
    fn offence(&self, robot: RobotId) -> u8 {
        let Reading::Footprint { outside_mm, no_go, private } = self.footprint(robot) else { return 0 };
        let is_out = outside_mm > self.s.genesis.policy.claims.thresholds.zone_mm || no_go;
        if is_out { 3 + u8::from(private) } else { 0 }
    }

    /// A robot says itself that it is where it may not be.
    pub(crate) fn strayed(&mut self, robot: RobotId) -> Vec<(IncidentCode, u8)> {
        let severity = self.offence(robot);
        let found = (severity > 0).then_some((IncidentCode::ZoneViolation, severity)).into_iter().collect();
        self.once_a_stay(robot, found)
    }

    /// The floor, heartbeats and the robot's own alarm may tell of one stay: it is one violation, and another only if it gets
    /// worse.
    pub(crate) fn once_a_stay(&mut self, robot: RobotId, mut found: Vec<(IncidentCode, u8)>) -> Vec<(IncidentCode, u8)> {
        let is_in = self.offence(robot) > 0;
        let Some(c) = self.touch_robot(robot) else { return found };
        let said = if is_in { c.place.said } else { 0 };
        found.retain(|(code, severity)| *code != IncidentCode::ZoneViolation || *severity > said);
        let told = found.iter().filter(|(code, _)| *code == IncidentCode::ZoneViolation).map(|(_, s)| *s);
        c.place.said = told.fold(said, u8::max);
        found
    }

    /// Floor sensors see a robot come into an area, or still there.
    pub(crate) fn area_entered(&mut self, robot: RobotId, area: u32, reach_mm: u32) -> Outcome {
        need((area as usize) < self.world.site.areas.len(), Code::NotFound)?;
        self.cell(robot)?;
        self.emit_site(SiteEvent::AreaEntered { robot, area, reach_mm });
        if let Some(c) = self.touch_robot(robot) {
            c.place.seen.insert(area, reach_mm);
        }
        self.look_at_place(robot);
        Ok(())
    }

    /// They see it leave.
    pub(crate) fn area_left(&mut self, robot: RobotId, area: u32) -> Outcome {
        need((area as usize) < self.world.site.areas.len(), Code::NotFound)?;
        need(self.cell(robot)?.place.seen.contains_key(&area), Code::AlreadyDone)?;
        self.emit_site(SiteEvent::AreaLeft { robot, area });
        if let Some(c) = self.touch_robot(robot) {
            c.place.seen.remove(&area);
        }
        self.has_left(robot);
        self.look_at_place(robot);
        self.out_of_area(robot);
        Ok(())
    }

    /// Do floor sensors see a robot where it may not be?
    pub(crate) fn is_astray(&self, robot: RobotId) -> bool {
        let barred = self.s.traffic.barred(robot);
        self.cell(robot).is_ok_and(|c| c.place.seen.keys().any(|a| barred.is_some_and(|b| b.contains(a))))
    }

    /// Has a robot come out of an area that it may not enter, although the vertex that it reached last lies in it?
    pub(crate) fn is_out_for_good(&self, robot: RobotId, at: VertexIx) -> bool {
        let Some(barred) = self.s.traffic.barred(robot).filter(|b| !b.is_empty()) else { return false };
        self.cell(robot).is_ok_and(|c| self.world.is_in(c.entry, at.ix, barred)) && !self.is_astray(robot)
    }

    /// Whoever was to leave and was seen nowhere near its work is out once it has left the areas as well.
    fn out_of_area(&mut self, robot: RobotId) {
        let Some(job) = self.cell(robot).ok().and_then(|c| c.robot.lease).map(|h| h.job) else { return };
        let Ok(j) = self.job(job) else { return };
        let leaves = j.status == Status::AbortingSafeExit && j.exit.is_some_and(|x| !x.done) && j.presence == Presence::Out;
        if leaves && !j.owes_deposit() && !self.is_astray(robot) {
            self.exit_over(job, None, ExitProof::Witness);
        }
    }

    fn look_at_place(&mut self, robot: RobotId) {
        let (reading, thresholds) = (self.footprint(robot), self.s.genesis.policy.claims.thresholds.clone());
        let at = DevTime { boot: 0, ns: self.device_ns() };
        let Some(c) = self.touch_robot(robot) else { return };
        let found = c.place.watch.see(&thresholds, &Sample { at, reading });
        let found = found.into_iter().map(|f| (code_back(f.code), f.severity)).collect();
        let found = self.once_a_stay(robot, found);
        if !found.is_empty() {
            self.take_findings(robot, found);
            self.repeat_rule(robot);
        }
    }

    /// The areas of a plan that a site issues, as zones: known, apart from each other, those of the job's places and of the
    /// zones that it pinned among them,
    /// and what its requester wants shut shut.
    pub(crate) fn plan_areas(&self, j: &Job, areas: &[u32], no_go: &[u32]) -> Result<(Vec<ZoneId>, Vec<ZoneId>), Rejection> {
        let site = &self.world.site;
        let field = |code, name: &'static str| Rejection::new(code).field(name);
        let known = |list: &[u32], name| {
            let fits = list.len() <= MOST && list.iter().all(|a| (*a as usize) < site.areas.len());
            if fits { Ok(()) } else { Err(field(Code::NotFound, name)) }
        };
        known(areas, "areas")?;
        known(no_go, "no_go")?;
        if areas.iter().any(|a| no_go.contains(a)) {
            return Err(field(Code::AreaForbidden, "no_go"));
        }
        let mut places = site.areas_with(j.steps().iter().map(|s| VertexIx::new(s.place)));
        if let Some(p) = j.pins.as_deref() {
            places.extend(self.areas_of(&p.zones));
        }
        if places.iter().any(|a| site.areas[*a as usize].is_guarded() && !areas.contains(a)) {
            return Err(field(Code::AreaForbidden, "areas"));
        }
        let shut = self.areas_of(&j.request.need.no_go);
        if places.iter().any(|a| no_go.contains(a)) || !shut.iter().all(|a| no_go.contains(a)) {
            return Err(field(Code::AreaForbidden, "no_go"));
        }
        Ok((self.zones_of(areas), self.zones_of(no_go)))
    }

    /// May a request shut these areas out: are they known, does none of its places lie in one, and is a way left?
    pub(crate) fn may_shut_out(&self, places: &[u32], no_go: &[ZoneId]) -> Outcome {
        if no_go.is_empty() {
            return Ok(());
        }
        let shut = self.areas_of(no_go);
        if no_go.len() > MOST || shut.len() != no_go.len() {
            return Err(Rejection::new(Code::NotFound).field("no_go"));
        }
        let places: Vec<VertexIx> = places.iter().map(|p| VertexIx::new(*p)).collect();
        if self.world.site.areas_needed(&places, &shut, &self.world.reached).is_none() {
            return Err(Rejection::new(Code::AreaForbidden).field("no_go"));
        }
        Ok(())
    }

    /// Areas of further places that need a plan, none of which the plan may shut out, and the doors and lifts on the way there.
    pub(crate) fn further_areas(&self, j: &Job, places: &[u32]) -> Result<(Vec<ZoneId>, Vec<DoorId>), Rejection> {
        let of = self.world.site.areas_with(places.iter().map(|p| VertexIx::new(*p)));
        let shut = j.access.plan.as_ref().map(|p| self.areas_of(&p.no_go)).unwrap_or_default();
        if !of.is_disjoint(&shut) {
            return no(Code::AreaForbidden);
        }
        let guarded: Vec<u32> = of.into_iter().filter(|a| self.world.map.guarded().contains(a)).collect();
        let own = j.access.plan.as_ref().map(|p| self.areas_of(&p.areas)).unwrap_or_default();
        let named = own.into_iter().chain(guarded.iter().copied()).collect();
        let mut entrances: Vec<u32> = self.entrances_for(places, &self.all_but(&named, shut)).into_iter().collect();
        // A plan without a credential opens no terminal, however far it is widened.
        if j.access.plan.as_ref().is_some_and(|p| p.method != nooterra_jobs::payload::AccessMethod::Code) {
            entrances.retain(|e| !self.world.terminals.contains(e));
        }
        Ok((self.zones_of(&guarded), self.doors_of(&entrances)))
    }
}
