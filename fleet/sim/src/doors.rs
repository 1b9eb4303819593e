//! Doors and lifts of a site: what the platform wants of them, who was seen to come in, and who holds the grant of which plan.

use crate::gate::Wanted;
use crate::site_controller::{SiteController, SiteSenses};
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_engine::ids::{AccessPlanId, JobId, RobotId};
use nooterra_engine::{Instant, Record};
use nooterra_port::FacilityReport;
use nooterra_port::facility::{AccessMethod, Entry, Holder, Pass};
use nooterra_site::{DoorIx, LaneIx, LiftIx, Site, VertexIx};
use std::collections::BTreeSet;

/// A robot nearer to a door than this beyond its radius stands in it, metres: it does not shut.
const CLEAR_M: f64 = 0.15;

/// Where a robot was seen.
#[derive(Debug, Clone, Copy, PartialEq, Record)]
pub(crate) struct Sighted {
    level: u32,
    at: Vec2,
}

/// What a plan for work at these places opens, but for what the site opens by no plan, and how.
pub(crate) fn entry_for(
    site: &Site,
    (vertices, areas, no_go): (&[u32], &[u32], &[u32]),
    widest_m: f64,
    (withheld, terminals): (&BTreeSet<u32>, &BTreeSet<u32>),
    plan: AccessPlanId,
) -> Entry {
    let places: Vec<VertexIx> = vertices.iter().map(|v| VertexIx::new(*v)).collect();
    let shut: BTreeSet<u32> = site.guarded().into_iter().filter(|a| !areas.contains(a)).chain(no_go.iter().copied()).collect();
    let reached = site.reached(widest_m + nooterra_site::areas::KEEP_OFF_M);
    let mut entrances = site.entrances_needed(&places, &shut, &reached);
    entrances.retain(|e| !withheld.contains(e));
    let method = if entrances.is_disjoint(terminals) { AccessMethod::SiteController } else { AccessMethod::Code };
    // The vault knows the credential by the plan that it was made for.
    let credential = if method == AccessMethod::Code { format!("vault/{plan}") } else { String::new() };
    Entry { entrances: entrances.into_iter().collect(), method, credential }
}

/// Does somebody stand in the cabin of a lift?
fn in_cabin(site: &Site, lift: u32, here: Option<(u32, Vec2)>) -> bool {
    let (Some(l), Some((_, at))) = (site.lifts.get(lift as usize), here) else { return false };
    let d = Pose2 { at: l.at, theta_rad: l.yaw_rad }.inverse_apply(at);
    d.x.abs() <= l.width_m / 2.0 && d.y.abs() <= l.depth_m / 2.0
}

/// Did somebody who drove along this line come in through a door?
fn comes_in(site: &Site, door: DoorIx, line: &Segment) -> bool {
    let leaf = &site.doors[door.at()].line;
    let side = |s: &Segment| (leaf.b - leaf.a).cross(s.b - s.a) > 0.0;
    let ways = site.ways_in();
    let leads_in = |l: &LaneIx| ways[l.at()].contains(&site.door_entrance(door));
    site.lane_indexes().filter(leads_in).any(|l| side(&site.lane_line(l)) == side(line))
}

impl SiteController {
    /// The platform wants a door to open, or to close.
    pub(crate) fn order_door(
        &mut self,
        now: Instant,
        (door, open, number): (u32, bool, u64),
        (passes, said): (&[Pass], Instant),
        site: &Site,
        world: &mut dyn SiteSenses,
    ) {
        let Some(d) = site.doors.get(door as usize) else { return };
        let entrance = site.door_entrance(DoorIx::new(door));
        let asked = Asked { now, said, number, entrance, level: Some(d.level.ix), arrives: false, passes };
        if (!open || self.lets_pass(&asked, world)) && self.heeds(false, door, number) {
            self.gate.moved(door, open, passes);
            // The word that its level is stopped may have overtaken this one.
            if open && self.gate.is_to_shut(door, d.level.ix) {
                self.closing.insert(door);
            } else {
                self.closing.remove(&door);
            }
            world.command_door(door, open);
            self.doors.remove(&door);
        }
    }

    /// The platform wants a lift somewhere, for somebody or, with its doors shut, for nobody any more.
    pub(crate) fn order_lift(
        &mut self,
        now: Instant,
        (lift, level, doors_open, number): (u32, u32, bool, u64),
        session: Option<RobotId>,
        (passes, said): (&[Pass], Instant),
        site: &Site,
        world: &mut dyn SiteSenses,
    ) {
        if lift as usize >= site.lifts.len() || level as usize >= site.levels.len() {
            return;
        }
        let arrives = session.is_some_and(|r| in_cabin(site, lift, world.robot(r)));
        let entrance = site.lift_entrance(LiftIx::new(lift));
        let asked = Asked { now, said, number, entrance, level: arrives.then_some(level), arrives, passes };
        if self.lets_pass(&asked, world) && self.heeds(true, lift, number) {
            match session {
                Some(r) => self.sessions.insert(lift, r),
                None => self.sessions.remove(&lift),
            };
            world.command_lift(lift, level, doors_open);
            self.lifts.remove(&lift);
        }
    }

    /// Does one of these passes open? Those that do not are told of, once for each request.
    fn lets_pass(&mut self, a: &Asked<'_>, world: &dyn SiteSenses) -> bool {
        let Asked { now, said, number, entrance, level, arrives, passes } = *a;
        let wanted = Wanted { now, said, number, entrance, level, arrives, passes, plans: &self.plans };
        let refusals = self.gate.refuses(&wanted, &|r| world.credential(now, r));
        let opens = refusals.is_empty();
        let news: Vec<_> = refusals.into_iter().filter(|r| self.gate.is_news(&wanted, r)).collect();
        for r in news {
            let stream = r.job.map_or_else(|| "site".to_owned(), |j| format!("job/{j}"));
            self.push(now, false, stream, &FacilityReport::PassRefused { robot: r.robot, job: r.job, entrance, code: r.code.into() });
        }
        opens
    }

    /// A robot has taken a job, or lost it: whoever held the grant of its plan holds it no more.
    pub(crate) fn order_grant(&mut self, now: Instant, (job, plan): (JobId, AccessPlanId), holder: Option<Holder>, number: u64) {
        match self.plan(job, plan) {
            Some(p) if p.granted_by <= number => (p.holder, p.granted_by) = (holder, number),
            Some(_) => {}
            // The plan is still on its way: the grant is said again until it can be kept with it.
            None if holder.is_some() => return,
            None => {}
        }
        self.push(now, false, format!("job/{job}"), &FacilityReport::GrantHeld { job, number });
    }

    /// Nobody is let into these levels any more: what stands open there for whoever comes in is shut, as soon as nobody stands
    /// in it.
    pub(crate) fn order_shut(&mut self, now: Instant, levels: &[u32], number: u64, site: &Site) {
        let level_of = |d: u32| site.doors.get(d as usize).map_or(0, |d| d.level.ix);
        let to_shut = self.gate.shut(levels.iter().copied().collect(), number, level_of);
        self.closing.extend(to_shut);
        self.push(now, false, "site".to_owned(), &FacilityReport::LevelsShut { number });
    }

    /// Shuts doors that are to be shut and in which nobody stands.
    pub(crate) fn shut_doors(&mut self, site: &Site, world: &mut dyn SiteSenses) {
        if self.closing.is_empty() {
            return;
        }
        let floor = world.footprints();
        let is_clear = |d: &u32| {
            let Some(door) = site.doors.get(*d as usize) else { return true };
            let near =
                |f: &crate::site_controller::Footprint| f.level == door.level.ix && door.line.dist_point(f.at) < f.radius_m + CLEAR_M;
            !floor.iter().any(near)
        };
        let clear: Vec<u32> = self.closing.iter().copied().filter(is_clear).collect();
        for d in clear {
            self.closing.remove(&d);
            self.gate.closed(d);
            world.command_door(d, false);
        }
    }

    /// Says who has come in through a door that was not opened for it.
    pub(crate) fn sense_passages(&mut self, now: Instant, site: &Site, world: &dyn SiteSenses) {
        if site.doors.is_empty() {
            return;
        }
        let floor = world.footprints();
        self.sighted.retain(|r, _| floor.iter().any(|f| f.robot == *r));
        for f in floor {
            let before = self.sighted.insert(f.robot, Sighted { level: f.level, at: f.at });
            let Some(line) = before.filter(|b| b.level == f.level && b.at != f.at).map(|b| Segment::new(b.at, f.at)) else { continue };
            for door in site.door_indexes().filter(|d| site.doors[d.at()].level.ix == f.level) {
                if !site.doors[door.at()].line.crosses(&line) {
                    continue;
                }
                self.gate.came_through(door.ix, f.robot);
                if self.gate.is_to_shut(door.ix, f.level) {
                    self.closing.insert(door.ix);
                }
                if !self.gate.is_admitted(site.door_entrance(door), f.robot) && comes_in(site, door, &line) {
                    self.push(now, false, "site".to_owned(), &FacilityReport::CameThrough { robot: f.robot, door: door.ix });
                }
            }
        }
    }
}

/// What the platform asks of one entrance.
struct Asked<'a> {
    now: Instant,
    said: Instant,
    number: u64,
    entrance: u32,
    level: Option<u32>,
    arrives: bool,
    passes: &'a [Pass],
}

#[cfg(test)]
mod tests;
