//! The bench: all judges together.

use crate::authority::{Authority, Holding};
use crate::books::{BookView, Books};
use crate::bounds::{Bounds, Clamped, Driven};
use crate::cameras::{Cameras, Eye};
use crate::liveness::{JobEnd, Liveness, Motion};
use crate::places::{Body, Places};
use crate::safety::{Contact, Safety};
use crate::sample::Sample;
use crate::stops::{Barred, Stopped, Stops};
use crate::trail::Trail;
use crate::verdict::{Class, Finding, Judgement, Notes, Verdict};
use crate::watch::Watcher;
use crate::world::{Delivered, Hit, Kept, Recorded, World};
use nooterra_engine::ids::{IncidentId, JobId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::Job;
use std::collections::BTreeSet;

/// Where the judges draw their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A contact as strong as a robot brought to rest from this speed is a collision, mm/s.
    pub pace_mmps: u64,
    /// No contact weaker than this is one, mN s.
    pub floor_mns: u64,
    /// A robot with somewhere to go may stand for so long.
    pub stand: Span,
    /// It has moved if it is so far away, mm.
    pub moved_mm: i64,
}

impl Default for Limits {
    /// A quarter of a metre per second: well below walking pace, and never less than the 2 N s at which the domain
    /// calls a contact severe. Ten minutes of standing outlast every deadline that moves a job on.
    fn default() -> Self {
        Self { pace_mmps: 250, floor_mns: 2_000, stand: Span::from_mins(10), moved_mm: 100 }
    }
}

/// All judges of a run.
#[derive(Debug)]
pub struct Oracle {
    names: Vec<String>,
    safety: Safety,
    liveness: Liveness,
    books: Books,
    authority: Authority,
    stops: Stops,
    bounds: Bounds,
    places: Places,
    cameras: Cameras,
    world: World,
    /// Follows the platform's words; there is none where nobody has given it any.
    trail: Option<Trail>,
    oaths: Notes,
    other: Notes,
    watchers: Vec<Watcher>,
    last: (Instant, u64),
}

/// Findings kept in a verdict.
const KEPT: usize = 200;

impl Oracle {
    /// Judges of a run with these robots (name and mass in grams) and these appointed watchers.
    pub fn new(limits: Limits, robots: &[(String, u64)], watchers: Vec<Watcher>) -> Self {
        let mass: Vec<u64> = robots.iter().map(|r| r.1).collect();
        Self {
            names: robots.iter().map(|r| r.0.clone()).collect(),
            safety: Safety::new(&mass, limits.pace_mmps, limits.floor_mns),
            liveness: Liveness::new(limits.stand, limits.moved_mm),
            books: Books::new(),
            authority: Authority::new(),
            stops: Stops::new(),
            bounds: Bounds::new(),
            places: Places::new(),
            cameras: Cameras::new(),
            world: World::new(),
            trail: None,
            oaths: Notes::of("the program keeps its oaths", &[3, 4, 6, 10, 12, 16, 20, 22, 23, 28, 37, 38]),
            other: Notes::of("the run is sound", &[]),
            watchers,
            last: (Instant::ZERO, 0),
        }
    }
    /// A contact in the world.
    pub fn contact(&mut self, c: &Contact) {
        let names = &self.names;
        self.safety.contact(c, &|i| name(names, i));
    }
    /// Is a body's position a number? `body` names it.
    pub fn finite(&mut self, at: Instant, tick: u64, finite: bool, body: &str) {
        self.safety.finite(at, tick, finite, body);
    }
    /// True motion of every robot, each second.
    pub fn motion(&mut self, at: Instant, tick: u64, robots: &[Motion]) {
        let names = &self.names;
        for m in robots {
            self.liveness.motion(at, tick, m, &|i| name(names, i));
        }
    }
    /// The book, each second.
    pub fn books(&mut self, at: Instant, tick: u64, view: &BookView<'_>) {
        self.books.look(at, tick, view);
    }
    /// Who believes that they hold a job, each second (or each tick).
    pub fn authority(&mut self, at: Instant, tick: u64, holdings: &[Holding]) {
        self.authority.look(at, tick, holdings);
    }
    /// True motion of every robot under an acknowledged stop, each tick.
    pub fn stopped(&mut self, at: Instant, tick: u64, robots: &[Stopped]) {
        let names = &self.names;
        for s in robots {
            self.stops.motion(at, tick, s, &|i| name(names, i));
        }
    }
    /// True speed of every robot, each tick.
    pub fn driven(&mut self, at: Instant, tick: u64, robots: impl Iterator<Item = Driven>) {
        let names = &self.names;
        for d in robots {
            self.bounds.driven(at, tick, &d, &|i| name(names, i));
        }
    }
    /// At the end: what robots have clamped that have told everything.
    pub fn clamped(&mut self, at: Instant, tick: u64, robots: impl Iterator<Item = Clamped>) {
        let names = &self.names;
        for c in robots {
            self.bounds.clamped(at, tick, &c, &|i| name(names, i));
        }
    }
    /// A body near an area that is not public, each tick.
    pub fn body(&mut self, at: Instant, tick: u64, b: &Body, area: &str) {
        self.places.look(at, tick, b, area);
    }
    /// A robot that has come in through a door or into a lift since the last tick: may it?
    pub fn came_in(&mut self, at: Instant, tick: u64, robot: RobotId, may: bool, name: &str) {
        self.places.came_in(at, tick, robot, may, name);
    }
    /// A robot with a camera, each tick, and how many images it has ever kept; `under` tells of the last, if it is new.
    pub fn eye(&mut self, at: Instant, tick: u64, robot: RobotId, kept: u32, under: impl FnOnce() -> Eye) {
        self.cameras.look(at, tick, robot, kept, under);
    }
    /// Jobs whose access has ended, each second.
    pub fn barred(&mut self, at: Instant, tick: u64, jobs: &[Barred]) {
        for b in jobs {
            self.stops.access(at, tick, b);
        }
    }
    /// The robot that is bound to a job truly stands at a point of it, numbered from 1.
    pub fn visit(&mut self, job: JobId, point: u16) {
        self.world.visit(job, point);
    }
    /// So much of the floor of a point's zone was truly covered, basis points.
    pub fn covered(&mut self, job: JobId, point: u16, share_bps: u32) {
        self.world.covered(job, point, share_bps);
    }
    /// Something truly stands in the zone of a point.
    pub fn blocked(&mut self, job: JobId, point: u16) {
        self.world.blocked(job, point);
    }
    /// A job's item truly lies where it should, or elsewhere.
    pub fn item(&mut self, job: JobId, d: Delivered) {
        self.world.item(job, d);
    }
    /// Where a load is, against its custody.
    pub fn kept(&mut self, k: &Kept) {
        self.world.kept(k);
    }
    /// A robot was hit.
    pub fn hit(&mut self, h: Hit) {
        self.world.hit(h);
    }
    /// A job that has settled; `decided` says that a dispute decided what it earns.
    pub fn settled(&mut self, at: Instant, tick: u64, j: &Job, decided: bool) {
        self.world.settled(at, tick, j, decided);
    }
    /// A robot's battery, each second.
    pub fn battery(&mut self, at: Instant, tick: u64, robot: RobotId, powered: bool, excused: bool) {
        self.world.battery(at, tick, robot, powered, excused);
    }
    /// Collisions that the platform has on record, and the incidents for which it asked for evidence, when the run is over.
    pub fn recorded(&mut self, at: Instant, tick: u64, all: &[Recorded], asked: &BTreeSet<IncidentId>) {
        self.world.end(at, tick, all, asked);
    }
    /// The trail that was followed is judged with the rest.
    pub fn trail(&mut self, t: Trail) {
        self.trail = Some(t);
    }
    /// An oath of the program was broken: the run stops.
    pub fn oath(&mut self, at: Instant, tick: u64, oath: &str, story: &str) {
        self.oaths.broke_as(number_of(oath), Class::Safety, at, tick, format!("{oath}: {story}"), vec![]);
    }
    /// Something that a host found: divergence, panic, budget.
    pub fn host(&mut self, class: Class, at: Instant, tick: u64, story: String) {
        self.other.broke(class, at, tick, story, vec![]);
    }
    /// Fills in what the judges themselves count: contacts, collisions, robots that stand stuck.
    pub fn count(&self, s: &mut Sample) {
        s.safety_collisions = self.safety.collisions;
        s.safety_contacts = self.safety.contacts;
        s.safety_contacts_max_mns = self.safety.strongest_mns;
        s.fleet_stuck = self.liveness.stuck_now();
    }
    /// A sample, each second.
    pub fn sample(&mut self, at: Instant, tick: u64, s: &Sample) {
        self.last = (at, tick);
        self.oaths.checked();
        self.other.checked();
        for w in &mut self.watchers {
            w.sample(at, s);
        }
    }
    /// What has gone wrong so far, the expectations aside.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.notes().into_iter().flat_map(|n| &n.found)
    }
    fn notes(&self) -> Vec<&Notes> {
        let (s, l, b, a, t) = (&self.safety, &self.liveness, &self.books, &self.authority, &self.stops);
        let (money, world) = ([&b.balance, &b.escrow, &b.payees, &b.sides], [&s.hard, &s.finite, &l.jobs, &l.stuck]);
        let ([b0, b1, b2, b3], [w0, w1, w2, w3]) = (money, world);
        let own = [w0, w1, w2, w3, b0, b1, b2, b3, &a.single, &a.fence, &t.still, &t.access, &self.bounds.notes, &self.oaths, &self.other];
        let world = [&self.places.notes, &self.cameras.notes, &self.world.share, &self.world.record, &self.world.energy, &self.world.kept];
        own.into_iter().chain(world).chain(self.trail.iter().flat_map(Trail::notes)).collect()
    }
    /// The run is over: the last sample, and how every job ended.
    pub fn finish(mut self, at: Instant, tick: u64, s: &Sample, jobs: &[JobEnd]) -> Verdict {
        self.liveness.end(at, tick, jobs);
        let mut watchers = std::mem::take(&mut self.watchers);
        let expectations: Vec<Judgement> = watchers.iter_mut().map(|w| w.finish(at, s)).collect();
        let mut findings: Vec<Finding> = self.findings().cloned().collect();
        for (w, j) in watchers.iter().zip(&expectations).filter(|(_, j)| !j.held) {
            let when = w.broken_at().unwrap_or(at);
            let story = j.story.clone();
            findings.push(Finding {
                class: Class::Expectation,
                judge: j.name.clone(),
                invariant: None,
                story,
                at: when,
                tick,
                ids: vec![],
            });
        }
        findings.sort_by_key(|f| f.at);
        let broken: u64 = self.notes().iter().map(|n| n.broken).sum::<u64>() + expectations.iter().filter(|j| !j.held).count() as u64;
        let worst = findings.iter().map(|f| f.class).max();
        if findings.len() > KEPT {
            // The gravest class must stay visible.
            let grave = findings.iter().position(|f| Some(f.class) == worst).filter(|i| *i >= KEPT).map(|i| findings[i].clone());
            findings.truncate(KEPT);
            findings.extend(grave);
        }
        let more = broken.saturating_sub(findings.len() as u64);
        Verdict { findings, more, invariants: self.notes().iter().map(|n| n.judgement()).collect(), expectations }
    }
}

/// The number that an oath's name begins with, as in `I12 one lease per robot`.
fn number_of(oath: &str) -> Option<u8> {
    oath.split(' ').next().and_then(|w| w.strip_prefix('I')).and_then(|n| n.parse().ok())
}

fn name(names: &[String], i: u32) -> String {
    names.get(i as usize).cloned().unwrap_or_else(|| format!("robot {i}"))
}
