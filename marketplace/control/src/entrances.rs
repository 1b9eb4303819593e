//! Doors and lifts: which of them a job's access plan opens, with what right a robot passes one, who holds the grant of a
//! plan, and levels on which everything stands still.
//!
//! What leads nearer to where robots wait leads out, and is free to all. Inward a robot with a job passes the entrances that
//! the plan of its job names, and traffic leads it past no other. A robot without a job, or whose plan is not there yet, is
//! about the house by order of the platform: nobody but the platform sends it anywhere, and doors open for it as long as
//! nothing stands still behind them.

use crate::fact::SiteEvent;
use crate::site::NewPlan;
use crate::state::{AskKey, RobotCell, State};
use crate::unit::{Outcome, Unit, need, no};
use crate::world::World;
use nooterra_dispatch::traffic::{entrance_bar, level_bar};
use nooterra_engine::ids::{AccessPlanId, DoorId, JobId, PartyId, RobotId};
use nooterra_engine::{Record, sometimes};
use nooterra_jobs::Job;
use nooterra_jobs::event::{Event, IncidentCode};
use nooterra_jobs::parts::AccessTrack;
use nooterra_jobs::payload::{AccessMethod as Method, AccessPlan};
use nooterra_jobs::status::Status;
use nooterra_operations::stop::{Scope, Stop};
use nooterra_port::FacilityOrder;
use nooterra_port::facility::{AccessMethod, Entry, Holder, Pass, Way};
use nooterra_site::{DoorIx, LaneIx, LevelIx, LiftIx, VertexIx};
use nooterra_trust::detect::Reading;
use nooterra_trust::evidence::secret::check_text;
use nooterra_trust::{Code, Rejection};
use std::collections::BTreeSet;

/// The third refusal at doors opens an incident.
pub(crate) const DENIALS: u8 = 3;
/// Longest reference to a credential, bytes.
const REFERENCE_MOST: usize = 128;
/// Refusals that say nothing about a robot's plan.
const NOT_ITS_PLAN: [&str; 2] = ["STOP_ACTIVE", "CONTACT_LOST"];

/// What the doors were told of a robot: for which job and plan it holds the grant, under which fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Granted {
    /// The job.
    pub job: JobId,
    /// Its plan.
    pub plan: AccessPlanId,
    /// The robot's fence.
    pub fence: u64,
}

pub(crate) const fn method_of(m: AccessMethod) -> Method {
    match m {
        AccessMethod::SiteController => Method::SiteController,
        AccessMethod::Code => Method::Code,
    }
}
const fn on_the_wire(m: Method) -> AccessMethod {
    match m {
        Method::SiteController => AccessMethod::SiteController,
        Method::Code => AccessMethod::Code,
    }
}

/// Does a robot get in by this method, by its own word?
pub(crate) fn supports(c: &RobotCell, method: AccessMethod) -> bool {
    let said = c.robot.declared.iter().find(|d| d.name == method.ability()).map(|d| d.value > 0);
    said.unwrap_or(method.is_usual())
}

impl Unit<'_> {
    /// Entrances by what plans name.
    pub(crate) fn entrances_of(&self, doors: &[DoorId]) -> BTreeSet<u32> {
        (0u32..).zip(&self.world.entrance_ids).filter(|(_, d)| doors.contains(d)).map(|(e, _)| e).collect()
    }
    /// What plans name them by.
    pub(crate) fn doors_of(&self, entrances: &[u32]) -> Vec<DoorId> {
        entrances.iter().filter_map(|e| self.world.entrance_ids.get(*e as usize).copied()).collect()
    }
    /// The bars of all entrances but these.
    fn all_entrances_but(&self, named: &BTreeSet<u32>) -> BTreeSet<u32> {
        (0..self.world.site.entrances()).filter(|e| !named.contains(e)).map(entrance_bar).collect()
    }

    /// Entrances that work at these places needs, by ways that come into none of these areas.
    pub(crate) fn entrances_for(&self, places: &[u32], shut: &BTreeSet<u32>) -> BTreeSet<u32> {
        let places: Vec<VertexIx> = places.iter().map(|p| VertexIx::new(*p)).collect();
        self.world.site.entrances_needed(&places, shut, &self.world.reached)
    }
    /// Their bars: those of all others.
    pub(crate) fn entrance_bars_for(&self, places: &[u32], shut: &BTreeSet<u32>) -> BTreeSet<u32> {
        self.all_entrances_but(&self.entrances_for(places, shut))
    }
    /// The bars of a plan.
    pub(crate) fn entrance_bars_of(&self, p: &AccessPlan) -> BTreeSet<u32> {
        self.all_entrances_but(&self.entrances_of(&p.doors))
    }

    /// How the doors of a job are opened: as its plan says, or, until there is one, as the site's doors on its way are.
    pub(crate) fn access_of(&self, j: &Job, bars: &BTreeSet<u32>) -> AccessMethod {
        if let Some(p) = self.live_plan(j) {
            return on_the_wire(p.method);
        }
        let any = self.world.terminals.iter().any(|e| !bars.contains(&entrance_bar(*e)));
        if any { AccessMethod::Code } else { AccessMethod::SiteController }
    }

    /// Is this a way in that can be kept: known entrances in order, a method with what it needs, and the robot is not shut out
    /// of its own work?
    pub(crate) fn check_entry(&self, new: &NewPlan) -> Outcome {
        let (site, e) = (&self.world.site, &new.entry);
        let field = |code, name: &'static str| Err(Rejection::new(code).field(name));
        if !e.entrances.is_sorted_by(|a, b| a < b) || e.entrances.last().is_some_and(|l| *l >= site.entrances()) {
            return field(Code::NotFound, "doors");
        }
        // A terminal opens for nothing but what it is shown.
        if e.method != AccessMethod::Code && e.entrances.iter().any(|e| self.world.terminals.contains(e)) {
            return field(Code::SchemaInvalid, "method");
        }
        if e.credential.len() > REFERENCE_MOST || e.credential.is_empty() != (e.method != AccessMethod::Code) {
            return field(Code::SchemaInvalid, "credential_ref");
        }
        check_text("credential_ref", &e.credential)?;
        let named: BTreeSet<u32> = new.areas.iter().copied().collect();
        let areas = self.all_but(&named, new.no_go.iter().copied());
        let mut bars = self.all_entrances_but(&e.entrances.iter().copied().collect());
        bars.extend(areas.iter().copied());
        let robots = || (0u32..).zip(&self.s.genesis.robots).map(|(entry, _)| entry);
        let comes = |bars: &BTreeSet<u32>| robots().any(|r| new.places.iter().all(|p| self.world.from_rest_ms(r, *p, bars).is_some()));
        if comes(&areas) && !comes(&bars) {
            return field(Code::AreaForbidden, "doors");
        }
        Ok(())
    }

    /// A householder's plan opens what its work needs, and by references to the site's vault nothing but what is on levels of
    /// its own.
    pub(crate) fn check_rights(&self, party: PartyId, entry: &Entry, needed: &[u32]) -> Outcome {
        let site = &self.world.site;
        let own = |e: &u32| site.doors.get(*e as usize).is_some_and(|d| self.owns_level(party, d.level.ix));
        if entry.entrances.iter().any(|e| !needed.contains(e) && !own(e)) {
            return Err(Rejection::new(Code::ScopeMissing).field("doors"));
        }
        if entry.entrances.iter().any(|e| self.world.terminals.contains(e) && !own(e)) {
            return Err(Rejection::new(Code::ScopeMissing).field("credential_ref"));
        }
        Ok(())
    }

    /// Bars of the entrances that a robot passes outward only: as long as it is about a job and is not to leave.
    pub(crate) fn entrance_bars_now(&self, robot: RobotId) -> BTreeSet<u32> {
        let Some(j) = goes_about(self.s, robot) else { return BTreeSet::new() };
        if nooterra_engine::planted!("I13 open a door that the plan does not name") {
            return BTreeSet::new();
        }
        match self.live_plan(j) {
            Some(p) => self.entrance_bars_of(p),
            None => self.bars_of(j).into_iter().filter(|b| self.world.is_entrance_bar(*b)).collect(),
        }
    }

    /// At the end of a unit: doors know who holds the grant of which plan.
    pub(crate) fn grant_passage(&mut self, robot: RobotId) {
        let Ok(c) = self.cell(robot) else { return };
        let held = c.robot.lease.filter(|_| goes_about(self.s, robot).is_some());
        let of = |h: nooterra_operations::robot::Held| {
            let p = self.live_plan(self.s.jobs.get(&h.job)?)?;
            Some(Granted { job: h.job, plan: p.plan, fence: h.fence })
        };
        let (before, granted) = (c.granted, held.and_then(of));
        if before == granted {
            return;
        }
        if let Some(c) = self.touch_robot(robot) {
            c.granted = granted;
        }
        if let Some(g) = before.filter(|b| granted.is_none_or(|g| g.job != b.job)) {
            // Whoever has taken it since holds it by a word of its own.
            let others = self.s.robots.values().any(|c| c.granted.is_some_and(|o| o.job == g.job));
            if !others {
                let number = self.next_word();
                self.ask_site(AskKey::Grant(g.job), FacilityOrder::Grant { job: g.job, plan: g.plan, holder: None, number });
            }
        }
        if let Some(Granted { job, plan, fence }) = granted {
            let (holder, number) = (Some(Holder { robot, fence }), self.next_word());
            self.ask_site(AskKey::Grant(job), FacilityOrder::Grant { job, plan, holder, number });
        }
    }

    /// The doors know it.
    pub(crate) fn grant_held(&mut self, job: JobId, number: u64) -> Outcome {
        self.job(job)?;
        self.site_heard(AskKey::Grant(job), |o| matches!(o, FacilityOrder::Grant { number: of, .. } if *of == number))
    }

    /// Levels on which everything stands still.
    pub(crate) fn stopped_levels(&self) -> BTreeSet<u32> {
        let all = u32::try_from(self.world.site.levels.len()).unwrap_or(u32::MAX);
        let of = |s: &Stop| match s.scope {
            Scope::Level(l) => l..l.saturating_add(1),
            Scope::Site {} | Scope::Tenant {} => 0..all,
            Scope::Robot(_) | Scope::Fleet(_) => 0..0,
        };
        self.s.stops.active.values().flat_map(of).collect()
    }
    /// The bars of these.
    pub(crate) fn level_bars(&self) -> BTreeSet<u32> {
        self.stopped_levels().into_iter().map(|l| level_bar(LevelIx::new(l))).collect()
    }

    /// At the end of a unit: doors know which levels they let nobody into, and traffic leads nobody there.
    pub(crate) fn shut_levels(&mut self) {
        let shut = self.stopped_levels();
        if shut == self.s.shut || self.world.site.entrances() == 0 {
            return;
        }
        sometimes!(!shut.is_empty(), "doors of a level are shut inward");
        self.s.shut.clone_from(&shut);
        self.s.facilities.shut_levels(shut.iter().map(|l| LevelIx::new(*l)).collect());
        let every: Vec<RobotId> = self.s.robots.keys().copied().collect();
        self.robots_touched.extend(every);
        let number = self.next_word();
        self.ask_site(AskKey::Shut, FacilityOrder::ShutLevels { levels: shut.into_iter().collect(), number });
        self.run_facilities();
        self.traffic_changed();
        self.trigger_dispatch();
    }

    /// The doors know it.
    pub(crate) fn levels_shut(&mut self, number: u64) -> Outcome {
        self.site_heard(AskKey::Shut, |o| matches!(o, FacilityOrder::ShutLevels { number: of, .. } if *of == number))
    }

    /// A door or lift did not open for a robot. What its plan does not open is a denial of access.
    pub(crate) fn pass_refused(&mut self, robot: RobotId, job: Option<JobId>, entrance: u32, code: String) -> Outcome {
        need(code.len() <= 64, Code::SchemaInvalid)?;
        self.cell(robot)?;
        let Some(door) = self.world.entrance_ids.get(entrance as usize).copied() else { return no(Code::NotFound) };
        let denied = match job {
            Some(id) => {
                let j = self.job(id)?;
                let own = j.robot() == Some(robot) && self.live_plan(j).is_some() && !NOT_ITS_PLAN.contains(&code.as_str());
                own.then(|| (id, j.access.plan.as_ref().map(|p| p.plan), j.access.denials))
            }
            None => None,
        };
        self.emit_site(SiteEvent::PassRefused { robot, job, door, code: code.clone() });
        if let Some((id, plan, denials)) = denied {
            self.emit(id, Event::AccessDenied { plan, door: Some(door), code });
            if denials.saturating_add(1) == DENIALS {
                self.open_incident(id, Some(robot), IncidentCode::AccessFailure, 1, None);
            }
        }
        Ok(())
    }

    /// A robot was seen to come in through a door that was not opened for it. The platform's own word may have come late: who
    /// has the right, or was sent there, has done nothing.
    pub(crate) fn came_through(&mut self, robot: RobotId, door: u32) -> Outcome {
        let c = self.cell(robot)?;
        let Some(of) = self.world.entrance_ids.get(door as usize).copied().filter(|_| (door as usize) < self.world.site.doors.len()) else {
            return no(Code::NotFound);
        };
        let named = goes_about(self.s, robot).and_then(|j| self.live_plan(j)).map(|p| p.doors.contains(&of));
        let (map, at) = (&self.world.map, self.s.traffic.at(robot));
        let sent = |l: LaneIx| self.s.traffic.moves(map, robot).any(|(m, released)| released && m.lane == l) || at == Some(map.lane_to(l));
        let led = || self.world.site.lane_indexes().filter(|l| map.leads_in(*l, door)).any(sent);
        let grant = c.robot.stops.is_empty() && named.unwrap_or_else(led);
        if !grant {
            self.emit_site(SiteEvent::CameThrough { robot, door: of });
            self.passed(robot, Reading::Passage { grant: false, fence: true });
        }
        Ok(())
    }

    /// With what right those pass who wait for a door.
    pub(crate) fn passes_of(&self, door: DoorIx) -> Vec<Pass> {
        let lane = |r: RobotId| self.s.facilities.waiting(r).map(|m| m.lane);
        let waits = |l: &LaneIx| self.world.site.lanes.get(l.at()).is_some_and(|l| l.doors.contains(&door));
        let robots = self.s.robots.keys().filter_map(|r| lane(*r).filter(waits).map(|l| (*r, l)));
        robots.filter_map(|(r, l)| self.pass(r, self.world.map.leads_in(l, self.world.site.door_entrance(door)))).collect()
    }

    /// With what right the one rides for whom a lift is held. Who stands in the cabin is let out of it.
    pub(crate) fn passes_in(&self, lift: LiftIx, rider: RobotId) -> Vec<Pass> {
        let entrance = self.world.site.lift_entrance(lift);
        let next = self
            .s
            .facilities
            .waiting(rider)
            .map(|m| m.lane)
            .or_else(|| self.s.traffic.moves(&self.world.map, rider).next().map(|(m, _)| m.lane));
        let inward = next.is_none_or(|l| self.world.map.leads_in(l, entrance));
        self.pass(rider, inward && !in_cabin(self.s, self.world, rider)).into_iter().collect()
    }

    /// Robots that were let go through doors: each door hears of everybody who passes, not only of whom it was opened for.
    pub(crate) fn announce(&mut self, robot: RobotId, lanes: &[LaneIx]) {
        for l in lanes {
            for door in self.world.site.lanes.get(l.at()).map(|l| l.doors.clone()).unwrap_or_default() {
                let passes: Vec<Pass> =
                    self.pass(robot, self.world.map.leads_in(*l, self.world.site.door_entrance(door))).into_iter().collect();
                let (number, at) = (self.s.facilities.door_number(door), self.now());
                if !passes.is_empty() && number > 0 {
                    self.facility(FacilityOrder::Door { door: door.ix, open: true, number, passes, at });
                }
            }
        }
    }

    fn pass(&self, robot: RobotId, inward: bool) -> Option<Pass> {
        let plan = goes_about(self.s, robot).and_then(|j| self.live_plan(j)).map(|p| p.plan);
        pass(self.s, robot, inward, plan)
    }

    /// The plan of a job as its issuer says it, with the entrances that its work needs where no fewer are named.
    pub(crate) fn usual_entry(&self, places: &[u32], areas: &[u32], no_go: &[u32]) -> Entry {
        let (named, no_go): (BTreeSet<u32>, BTreeSet<u32>) = (areas.iter().copied().collect(), no_go.iter().copied().collect());
        let entrances = self.entrances_for(places, &self.all_but(&named, no_go)).into_iter().collect();
        Entry { entrances, ..Entry::default() }
    }
}

fn in_cabin(s: &State, world: &World, robot: RobotId) -> bool {
    s.traffic.at(robot).and_then(|v| world.site.vertices.get(v.at())).is_some_and(|v| v.lift.is_some())
}

/// The job that a robot has taken and is not to leave: from its lease until it is done or called off.
fn goes_about(s: &State, robot: RobotId) -> Option<&Job> {
    let held = s.robots.get(&robot)?.robot.lease?;
    let j = s.jobs.get(&held.job).filter(|j| j.lease() == Some(held.lease))?;
    let is_about = matches!(j.status, Status::Reserved | Status::EnRoute | Status::Arrived) || j.status.is_at_work();
    is_about.then_some(j)
}

/// With what right a robot passes a door: inward under its plan while it is about a job; outward where that leads out, if it is
/// to leave, or to stand still, which leads no further in; else on an errand.
pub(crate) fn pass(s: &State, robot: RobotId, inward: bool, plan: Option<AccessPlanId>) -> Option<Pass> {
    let c = s.robots.get(&robot)?;
    let own = c.robot.lease.and_then(|h| s.jobs.get(&h.job).filter(|j| j.lease() == Some(h.lease)));
    let way = match (goes_about(s, robot), own) {
        _ if !inward || !c.robot.stops.is_empty() => Way::Outward {},
        // A plan that was taken back or is over lets nobody in: its doors say so.
        (Some(j), _) if plan.is_some() || j.status.is_at_work() => {
            Way::Inward { job: j.id, plan: plan.or(j.access.plan.as_ref().map(|p| p.plan)) }
        }
        (None, Some(j)) if matches!(j.status, Status::AbortingSafeExit | Status::Completed) => Way::Outward {},
        _ => Way::Errand {},
    };
    // Who is about a job shows that job's fence: what it holds for later has newer ones, and no say yet.
    let fence = c.robot.lease.map_or(c.robot.fence, |h| h.fence);
    Some(Pass { robot, fence, way })
}

/// With what right a robot would pass a door that leads in, as far as the job's plan is open.
pub(crate) fn pass_inward(s: &State, robot: RobotId) -> Option<Pass> {
    let open = |j: &&Job| matches!(j.access.track, AccessTrack::Planned | AccessTrack::Granted);
    let plan = goes_about(s, robot).filter(open).and_then(|j| j.access.plan.as_ref()).map(|p| p.plan);
    pass(s, robot, true, plan)
}
