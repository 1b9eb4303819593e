//! Feeds the judges: world truth and the platform's views become samples, motions, contacts and books.

mod excuses;
pub(crate) mod sampled;

use self::excuses::{drained, faulty, held_up, is_out_of_service, leaks, lies};
use crate::count::Counts;
use crate::floors::{TrueBoxes, TrueFloors};
use crate::passages::Passages;
use nooterra_agent::{Agent, Phase};
use nooterra_engine::Instant;
use nooterra_engine::ids::{JobId, PartyId, RobotId, ZoneId};
use nooterra_jobs::event::Custody;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Action;
use nooterra_operations::RobotStatus;
use nooterra_oracle::{
    Barred, Body, BookView, Clamped, Class, Contact, Counterpart, Delivered, Driven, Eye, FaultSpan, Hit, Holding, JobEnd, Kept, Limits,
    Motion, Oracle, Right, Sample, Stopped, Trail, Verdict, Watcher, When, Whereabouts as Lies,
};
use nooterra_port::camera::CameraKind;
use nooterra_script::expect::Form;
use nooterra_site::Area;
use nooterra_stage::{Setup, Stage};
use nooterra_twin::{Party, RobotIx, Whereabouts};
use std::collections::BTreeSet;

/// A robot is at a point of its work within this, in the world's truth, metres.
const AT_POINT_M: f64 = 0.6;
/// And an item where it belongs within this, metres.
const ITEM_AT_M: f64 = 1.3;
/// Whom a robot touches its camera has before it, within this to each side and so near, rad and metres: a little less than
/// it sees, for it looks less often than the world moves.
const SEEN_RAD: f64 = 0.5;
const SEEN_M: f64 = 1.0;

/// All judges of one run with what they need to look.
#[derive(Debug)]
pub struct Judge {
    oracle: Oracle,
    verified: BTreeSet<PartyId>,
    settled: BTreeSet<JobId>,
    /// Jobs whose load was once where it belongs.
    delivered: BTreeSet<JobId>,
    floors: TrueFloors,
    boxes: TrueBoxes,
    last: Sample,
    /// Zones of the site's areas, by their index.
    area_zones: Vec<Option<ZoneId>>,
    /// Robots a tick ago, on a site that has doors or lifts.
    passages: Option<Passages>,
    closest_m: Option<f64>,
}

impl Judge {
    /// The judges of a run.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        let r = &setup.resolved;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // kilograms to grams
        let robots: Vec<(String, u64)> =
            r.robots.iter().map(|x| (x.name.clone(), (r.models[x.model as usize].mass_kg * 1000.0).max(1.0) as u64)).collect();
        let faults: Vec<FaultSpan> = r
            .faults
            .faults
            .iter()
            .map(|f| FaultSpan { word: f.kind.word().to_owned(), begin: f.at, end: f.lasts.map(|l| f.at.saturating_add(l)) })
            .collect();
        let watchers = r
            .expect
            .iter()
            .map(|e| {
                let (a, b) = (e.condition.clone(), e.condition.clone());
                let when = match &e.form {
                    Form::AtEnd => When::AtEnd,
                    Form::Always => When::Always,
                    Form::Never => When::Never,
                    Form::Eventually { within, of } => When::Eventually { within: *within, of: of.clone() },
                };
                let holds = Box::new(move |s: &Sample| a.holds(&|m| s.metric(m).unwrap_or_default()));
                let explain = Box::new(move |s: &Sample| b.values(&|m| s.metric(m).unwrap_or_default()));
                Watcher::new(e.text.clone(), when, holds, explain, &faults, Instant(r.duration.0))
            })
            .collect();
        let verified = setup.parties().into_iter().map(|(p, _)| p).collect();
        Self {
            oracle: Oracle::new(Limits::default(), &robots, watchers),
            verified,
            settled: BTreeSet::new(),
            delivered: BTreeSet::new(),
            floors: TrueFloors::default(),
            boxes: TrueBoxes::default(),
            last: Sample::default(),
            area_zones: setup.site.area_indexes().map(|a| setup.site.area_zone(a)).collect(),
            passages: None,
            closest_m: None,
        }
    }

    /// After each tick: contacts and broken oaths. Says whether the run has to stop.
    pub fn tick(&mut self, stage: &Stage, trail: &Trail) -> bool {
        let (tick, at) = (stage.tick(), stage.now());
        for c in stage.fleet.twin.contacts() {
            let Some(robot) = number(stage, c.robot) else { continue };
            let with = match c.with {
                Party::Robot { robot } => Counterpart::Robot(number(stage, robot).unwrap_or(u32::MAX)),
                Party::Wall | Party::Furniture => Counterpart::Wall,
                Party::Door { .. } | Party::Lift { .. } => Counterpart::Door,
                Party::Obstacle { .. } => Counterpart::Obstacle,
                Party::Person { person } => Counterpart::Person(person.ix),
                Party::Load { .. } => Counterpart::Load,
                Party::Floor => Counterpart::Floor,
            };
            let other = if let Counterpart::Robot(o) = with { Some(o) } else { None };
            let excused = faulty(stage, robot, at) || other.is_some_and(|o| faulty(stage, o, at));
            self.oracle.contact(&Contact { at, tick, robot, with, impulse_mns: c.impulse_mns, began: c.began, excused });
            let dead = stage.fleet.twin.readings(c.robot).is_none_or(|r| !r.powered);
            let is_hit = !matches!(with, Counterpart::Load | Counterpart::Floor);
            self.oracle.hit(Hit {
                at,
                robot: stage.setup().robot_id(robot as usize),
                impulse_mns: if is_hit { c.impulse_mns } else { 0 },
                person: matches!(with, Counterpart::Person(_)),
                seen: matches!(with, Counterpart::Person(_)) && sees(stage, c.robot, c.with),
                excused: dead || lies(stage, robot),
            });
        }
        self.boxes.look(at, &stage.setup().site, stage.fleet.twin.box_sides());
        self.work(stage);
        self.oracle.driven(at, tick, driven(stage, at));
        self.places(stage, trail);
        self.entrances(stage, trail);
        self.cameras(stage, trail);
        if !stage.control.state().stops.active.is_empty() {
            self.oracle.stopped(at, tick, &stopped(stage, at));
        }
        if nooterra_engine::marks::any_broken() {
            for (oath, story) in nooterra_engine::marks::take().broken {
                self.oracle.oath(at, tick, oath, &story);
            }
            return true;
        }
        false
    }

    /// Bodies in areas that are not public, against the plans of the trail.
    fn places(&mut self, stage: &Stage, trail: &Trail) {
        let site = &stage.setup().site;
        if site.areas.is_empty() {
            return;
        }
        let (at, tick) = (stage.now(), stage.tick());
        for (i, (robot, ix, agent)) in (0u32..).zip(stage.fleet.robots()) {
            let truth = stage.fleet.twin.truth(ix).filter(|_| !stage.fleet.twin.is_away(ix));
            let radius_m = agent.config().model.footprint_radius_m;
            for a in site.area_indexes() {
                let area = &site.areas[a.at()];
                if !area.is_guarded() {
                    continue;
                }
                let reach_m = truth.as_ref().map_or(f64::NEG_INFINITY, |t| area.reach_on_m(t.level, t.pose.at, radius_m));
                #[allow(clippy::cast_possible_truncation)] // metres of a site
                let reach_mm = (reach_m.clamp(-1e6, 1e6) * 1e3) as i64;
                let zone = self.area_zones.get(a.at()).copied().flatten().filter(|_| reach_mm > 0);
                let right = zone.map_or(Right::None, |zone| trail.right(at, robot, zone));
                let excused = reach_mm > 0 && (faulty(stage, i, at) || is_out_of_service(stage, robot));
                self.oracle.body(at, tick, &Body { robot, area: a.ix, reach_mm, right, excused }, &area.name);
            }
        }
    }

    /// Robots that come in by doors and lifts, against the plans of the trail. Who is led by a fault is excused.
    fn entrances(&mut self, stage: &Stage, trail: &Trail) {
        let site = &stage.setup().site;
        if site.entrances() == 0 {
            return;
        }
        let (at, tick) = (stage.now(), stage.tick());
        let passages = self.passages.get_or_insert_with(|| Passages::of(site));
        for (i, (robot, ix, _)) in (0u32..).zip(stage.fleet.robots()) {
            let Some(t) = stage.fleet.twin.truth(ix).filter(|_| !stage.fleet.twin.is_away(ix)) else { continue };
            for (door, name) in passages.look(site, robot, (t.level, t.pose.at)) {
                let may = trail.may_come_in(at, robot, door) || faulty(stage, i, at) || is_out_of_service(stage, robot);
                self.oracle.came_in(at, tick, robot, may, name);
            }
        }
    }

    /// What cameras keep, against what the trail allows.
    fn cameras(&mut self, stage: &Stage, trail: &Trail) {
        let (at, tick, site) = (stage.now(), stage.tick(), &stage.setup().site);
        for (i, (robot, ix, agent)) in (0u32..).zip(stage.fleet.robots()) {
            if agent.config().camera == CameraKind::None {
                continue;
            }
            let camera = agent.camera();
            let under = || {
                let truth = stage.fleet.twin.truth(ix);
                let radius_m = agent.config().model.footprint_radius_m;
                let reach = |a: &Area| truth.as_ref().map_or(0.0, |t| a.reach_on_m(t.level, t.pose.at, radius_m));
                let deepest_m = site.areas.iter().filter(|a| a.is_guarded()).map(reach).fold(0.0, f64::max);
                let last_ns = camera.word().last.map_or(0, |k| k.at_ns);
                #[allow(clippy::cast_possible_truncation)] // metres of a site
                let private_mm = (deepest_m.min(1e6) * 1e3) as i64;
                Eye { allowed: trail.recording(robot, agent.lease(), last_ns), private_mm, excused: leaks(stage, i, at) }
            };
            self.oracle.eye(at, tick, robot, camera.kept(), under);
        }
    }

    /// Where robots bound to jobs, and what they carry, really are.
    fn work(&mut self, stage: &Stage) {
        for cell in stage.control.state().robots.values() {
            let Some(held) = cell.robot.lease else { continue };
            let Some(j) = stage.control.state().jobs.get(&held.job) else { continue };
            let works = j.status.class() == nooterra_jobs::Class::Inside || matches!(j.status, Status::Arrived | Status::Completed);
            let body = stage.fleet.robots().find(|(id, _, _)| *id == cell.robot.id);
            let radius_m = body.map_or(0.0, |(_, _, a)| a.config().model.footprint_radius_m);
            let here = body.and_then(|(_, ix, _)| stage.fleet.twin.truth(ix));
            let Some(here) = here.filter(|_| works) else { continue };
            for (point, step) in (1u16..).zip(j.steps()) {
                let Some(v) = stage.setup().site.vertices.get(step.place as usize) else { continue };
                if v.level == here.level && v.at.dist(here.pose.at) <= AT_POINT_M {
                    self.oracle.visit(j.id, point);
                }
                let Action::Cover { area: ix } = step.action else { continue };
                let Some(area) = stage.setup().site.areas.get(ix as usize) else { continue };
                if self.boxes.block(stage.now(), ix) {
                    self.oracle.blocked(j.id, point);
                }
                if area.reach_on_m(here.level, here.pose.at, radius_m) > 0.0 {
                    let share = self.floors.pass(j.id, point, area, here.pose.at, radius_m);
                    self.oracle.covered(j.id, point, share);
                }
            }
        }
    }

    /// Jobs whose money has become final are held against what was done; items, where they lie.
    fn done(&mut self, stage: &Stage) {
        let (tick, at) = (stage.tick(), stage.now());
        for j in stage.control.jobs() {
            if let (Some(item), Some(last)) = (j.request.item, j.steps().last())
                && j.started
                && !self.settled.contains(&j.id)
            {
                let lies = stage.fleet.twin.load_named(item).and_then(|l| stage.fleet.twin.whereabouts(l));
                let lifts = j.steps().iter().any(|s| s.action == Action::Lift);
                let there = stage.setup().site.vertices.get(last.place as usize).is_some_and(|v| match lies {
                    Some(Whereabouts::Racked { .. }) => lifts,
                    _ if lifts => false,
                    Some(Whereabouts::Stored { stand } | Whereabouts::Loose { stand }) => {
                        stand.level == v.level && stand.pose.at.dist(v.at) <= ITEM_AT_M
                    }
                    _ => false,
                });
                // What was there once was handed in: the site takes it away.
                if there {
                    self.delivered.insert(j.id);
                    self.oracle.item(j.id, Delivered::There);
                }
            }
            let waits = j.status == Status::Handover;
            let ends = j.status == Status::Settled && !self.settled.contains(&j.id);
            if waits || ends || j.custody == Custody::Deposited {
                self.load(stage, j, waits);
            }
            if j.status == Status::Settled && self.settled.insert(j.id) {
                let decided = stage.control.state().cases.get(&j.id).is_some_and(|c| c.disputes.earned_bps().is_some());
                self.oracle.settled(at, tick, j, decided);
                self.floors.forget(j.id);
            }
        }
    }

    /// A job's load against its custody. Who is made to lie leaves the platform no chance.
    fn load(&mut self, stage: &Stage, j: &nooterra_jobs::Job, waits: bool) {
        let Some(item) = j.request.item.filter(|_| j.started) else { return };
        let robots = stage.setup().resolved.robots.len();
        let liar = |r: RobotId| (0..robots).any(|i| stage.setup().robot_id(i) == r && u32::try_from(i).is_ok_and(|i| lies(stage, i)));
        if j.legs.iter().any(|l| liar(l.offer.robot)) {
            return;
        }
        let twin = &stage.fleet.twin;
        let near = |stand: nooterra_twin::Stand, place: Option<u32>| {
            let v = place.and_then(|p| stage.setup().site.vertices.get(p as usize));
            v.is_some_and(|v| stand.level == v.level && stand.pose.at.dist(v.at) <= ITEM_AT_M)
        };
        let pickup = j.steps().iter().find(|s| s.action == Action::Pick).map(|s| s.place);
        let is = match twin.load_named(item).and_then(|l| twin.whereabouts(l)) {
            Some(Whereabouts::Carried { robot }) => twin.robot_id(robot).map_or(Lies::Elsewhere, Lies::On),
            Some(Whereabouts::Stored { stand } | Whereabouts::Loose { stand }) if near(stand, j.transfer.map(|t| t.place)) => {
                Lies::AtTransfer
            }
            _ if self.delivered.contains(&j.id) => Lies::AtDrop,
            Some(Whereabouts::Stored { stand } | Whereabouts::Loose { stand }) if near(stand, pickup) => Lies::AtPickup,
            _ => Lies::Elsewhere,
        };
        let robot = j.legs.last().map(|l| l.offer.robot);
        let (at, tick, says) = (stage.now(), stage.tick(), j.custody);
        self.oracle.kept(&Kept { at, tick, job: j.id, says, robot, waits, is });
    }

    /// Each simulated second.
    pub fn second(&mut self, stage: &Stage, counts: &Counts, stops: u64) {
        let (tick, at) = (stage.tick(), stage.now());
        for (id, ix, _) in stage.fleet.robots() {
            if stage.fleet.twin.is_away(ix) {
                continue;
            }
            let finite =
                stage.fleet.twin.truth(ix).is_some_and(|t| t.pose.at.x.is_finite() && t.pose.at.y.is_finite() && t.z_m.is_finite());
            self.oracle.finite(at, tick, finite, &format!("robot {id}"));
        }
        self.done(stage);
        for (i, (id, ix, _)) in (0u32..).zip(stage.fleet.robots()) {
            let powered = stage.fleet.twin.readings(ix).is_none_or(|r| r.powered) || stage.fleet.twin.is_away(ix);
            self.oracle.battery(at, tick, id, powered, drained(stage, i));
        }
        let motions: Vec<Motion> = (0..stage.setup().resolved.robots.len()).filter_map(|i| motion(stage, i, at)).collect();
        self.oracle.motion(at, tick, &motions);
        for (_, ix, _) in stage.fleet.robots() {
            if let Some(c) = stage.fleet.twin.clearance(ix, 3.0, false)
                && matches!(c.party, Party::Robot { .. })
            {
                self.closest_m = Some(self.closest_m.map_or(c.gap_m, |m| m.min(c.gap_m)));
            }
        }
        let ended: BTreeSet<JobId> = stage.control.jobs().filter(|j| j.status.is_terminal()).map(|j| j.id).collect();
        self.oracle.books(at, tick, &BookView { book: stage.control.book(), ended: &ended, verified: &self.verified });
        // A brain without power believes nothing, and one that has given the job up, or leaves, has no authority over it any
        // more: it only waits to hear that it is over.
        let acts = |ix, a: &Agent| {
            let is_on = stage.fleet.twin.readings(ix).is_some_and(|r| r.powered);
            is_on && !matches!(a.phase(), Phase::GivenUpOutside | Phase::GivenUpInside | Phase::Exiting)
        };
        let holdings: Vec<Holding> = stage
            .fleet
            .robots()
            .filter(|(_, ix, a)| acts(*ix, a))
            .filter_map(|(robot, _, a)| a.work().lease.as_ref().map(|l| Holding { robot, job: l.job, fence: l.fence }))
            .collect();
        self.oracle.authority(at, tick, &holdings);
        self.oracle.barred(at, tick, &barred(stage));
        let mut s = sampled::sample(stage, counts, stops);
        self.oracle.count(&mut s);
        self.oracle.sample(at, tick, &s);
        self.last = s;
    }

    /// Something that the host found.
    pub fn host(&mut self, class: Class, at: Instant, tick: u64, story: String) {
        self.oracle.host(class, at, tick, story);
    }
    /// The last sample.
    #[must_use]
    pub fn last(&self) -> &Sample {
        &self.last
    }
    /// Smallest gap between two robots so far, metres.
    #[must_use]
    pub fn closest_m(&self) -> Option<f64> {
        self.closest_m
    }
    /// The run is over, and its last second was looked at. `cut` says that it was stopped by the user: then nothing is
    /// expected of it.
    #[must_use]
    pub fn finish(mut self, stage: &Stage, counts: &Counts, cut: bool, mut trail: Trail) -> Verdict {
        if !cut {
            trail.end(stage.now(), stage.tick(), stage.control.state());
            self.oracle.clamped(stage.now(), stage.tick(), clamped(stage, &trail));
        }
        self.oracle.trail(trail);
        if !cut {
            self.oracle.recorded(stage.now(), stage.tick(), &counts.collisions, &counts.asked);
        }
        let jobs: Vec<JobEnd> = if cut {
            Vec::new()
        } else {
            stage
                .control
                .jobs()
                .map(|j| JobEnd {
                    id: format!("{} ({})", j.id, j.request.label),
                    state: j.status.name().to_owned(),
                    terminal: j.status.is_terminal(),
                    since: j.history.last().map_or(Instant::ZERO, |m| m.at),
                })
                .collect()
        };
        let last = self.last;
        self.oracle.finish(stage.now(), stage.tick(), &last, &jobs)
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // metres per second of a robot
fn mmps(mps: f64) -> u64 {
    (mps * 1000.0) as u64
}

/// How fast robots truly are, and their drives may be.
fn driven(stage: &Stage, at: Instant) -> impl Iterator<Item = Driven> + '_ {
    (0u32..).zip(stage.fleet.robots()).zip(&stage.setup().resolved.robots).filter_map(move |((robot, (id, ix, _)), plan)| {
        let truth = stage.fleet.twin.truth(ix)?;
        let model = &stage.setup().resolved.models[plan.model as usize];
        let cell = stage.control.state().robots.get(&id);
        let tight = cell.and_then(|c| c.robot.tightened.sure(at)).and_then(|t| t.speed_mm_s).map_or(u64::MAX, u64::from);
        let (speed_mmps, limit_mmps) = (mmps(truth.velocity_mps.norm()), mmps(model.speed_max_mps).min(tight));
        Some(Driven { robot, speed_mmps, limit_mmps, excused: speed_mmps > limit_mmps && faulty(stage, robot, at) })
    })
}

/// What robots have clamped, those that are on and have been heard to the last word.
fn clamped<'a>(stage: &'a Stage, trail: &'a Trail) -> impl Iterator<Item = Clamped> + 'a {
    (0u32..).zip(stage.fleet.robots()).filter_map(|(robot, (id, ix, agent))| {
        let on = stage.fleet.twin.readings(ix).is_some_and(|r| r.powered);
        let all_heard = on && agent.unacked() == 0 && !agent.is_barred();
        all_heard.then(|| Clamped { robot, counted: u64::from(agent.clamps_told()), recorded: trail.clamped(id) })
    })
}

/// Robots under a stop that they have acknowledged.
fn stopped(stage: &Stage, at: Instant) -> Vec<Stopped> {
    let robots = (0u32..).zip(stage.fleet.robots());
    let stands = |(robot, (id, ix, _)): (u32, (RobotId, RobotIx, &Agent))| {
        let cell = stage.control.state().robots.get(&id)?;
        let since = cell.robot.stops.iter().filter_map(|s| s.acked_at).min()?;
        let truth = stage.fleet.twin.truth(ix)?;
        let speed_mmps = mmps(truth.velocity_mps.norm());
        Some(Stopped { robot, since, speed_mmps, excused: faulty(stage, robot, at) })
    };
    robots.filter_map(stands).collect()
}

/// Jobs whose access was taken back or ran out.
fn barred(stage: &Stage) -> Vec<Barred> {
    let of = |j: &nooterra_jobs::Job| {
        let completed = j.history.iter().rev().find(|m| m.status == Status::Completed).map(|m| m.at);
        j.access.gone_at.map(|at| Barred { job: j.id, at, checkpoint: j.claimed.last().map(|c| c.at), completed })
    };
    stage.control.jobs().filter_map(of).collect()
}

fn number(stage: &Stage, ix: RobotIx) -> Option<u32> {
    stage.fleet.robots().position(|(_, r, _)| r == ix).and_then(|i| u32::try_from(i).ok())
}

/// Has this robot a camera, and is that before it?
fn sees(stage: &Stage, robot: RobotIx, who: Party) -> bool {
    let has = stage.fleet.robots().any(|(_, ix, agent)| ix == robot && agent.config().camera != CameraKind::None);
    has && stage.fleet.twin.view(robot, SEEN_RAD, SEEN_M).iter().any(|(party, _, _)| *party == who)
}

fn motion(stage: &Stage, i: usize, at: Instant) -> Option<Motion> {
    let t = stage.fleet.truth(i)?;
    let id = stage.setup().robot_id(i);
    let robot = u32::try_from(i).ok()?;
    let cell = stage.control.state().robots.get(&id)?;
    let fit =
        !matches!(cell.robot.status, RobotStatus::Stranded | RobotStatus::Quarantined | RobotStatus::Maintenance | RobotStatus::Retired);
    let (_, _, agent) = stage.fleet.robots().nth(i)?;
    let mm = |m: f64| {
        #[allow(clippy::cast_possible_truncation)] // metres of a site
        let v = (m * 1000.0) as i64;
        v
    };
    let target = stage.control.state().traffic.target(id);
    let here = stage.control.state().traffic.at(id);
    Some(Motion {
        robot,
        x_mm: mm(t.pose.at.x),
        y_mm: mm(t.pose.at.y),
        level: t.level.ix,
        wants_to_move: fit && target.is_some() && target != here && !agent.is_stopped(),
        excused: faulty(stage, robot, at) || held_up(stage, at),
    })
}
