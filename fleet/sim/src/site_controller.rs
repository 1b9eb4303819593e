//! The site's own devices: doors, lifts, entry, presence sensors, dock readers and scales.
//!
//! Two signers, as the domain demands: the controller (`SI`: doors, lifts, access, presence) and the witness device
//! (`WI`: scans and weights), which belongs to the site and not to the owner of any robot. Both see the world through
//! [`SiteSenses`] only, and keep what they said in an outbox until a receipt covers it.

use crate::doors::Sighted;
use crate::floors::Floor;
use crate::gate::Gate;
use crate::plans::{Plan, put_out};
use crate::presence::Seen;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{AccessPlanId, ItemId, JobId, LeaseId, RobotId};
use nooterra_engine::{Digest, Instant, Record, Span, encode};
use nooterra_port::facility::{DoorState, FacilityOrder, FacilityReport, WitnessClass};
use nooterra_site::Site;
use nooterra_trust::{Draft, InputKind, Outbox, Receipt};
use std::collections::{BTreeMap, BTreeSet};

/// What the devices of a site can sense and move. Implemented over the twin; a real site would put its bus here.
pub trait SiteSenses {
    /// State of a door.
    fn door(&self, door: u32) -> DoorState;
    /// Moves a door.
    fn command_door(&mut self, door: u32, open: bool);
    /// Level at which a lift stands (`None` while it moves) and the state of its doors.
    fn lift(&self, lift: u32) -> (Option<u32>, DoorState);
    /// Sends a lift somewhere.
    fn command_lift(&mut self, lift: u32, level: u32, doors_open: bool);
    /// Where a robot stands, as floor sensors see it.
    fn robot(&self, robot: RobotId) -> Option<(u32, Vec2)>;
    /// Every robot on the floor, as floor sensors see its footprint.
    fn footprints(&self) -> Vec<Footprint>;
    /// The fence that a robot's badge shows.
    fn badge(&self, robot: RobotId) -> Option<u64>;
    /// The credential, by reference, that it shows at a terminal.
    fn credential(&self, now: Instant, robot: RobotId) -> Option<String>;
    /// Where an item is.
    fn item(&self, item: ItemId) -> ItemPlace;
    /// Boxes that stand about and belong to nobody: level, middle, and half of the longer side, metres.
    fn boxes(&self) -> Vec<(u32, Vec2, f64)>;
    /// Puts an item out at a dispenser.
    fn dispense(&mut self, item: ItemId, level: u32, at: Vec2, mass_g: u32);
}

/// A robot's footprint on the floor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Footprint {
    /// Whose.
    pub robot: RobotId,
    /// On which level.
    pub level: u32,
    /// Its middle.
    pub at: Vec2,
    /// Its radius, metres.
    pub radius_m: f64,
}

/// Where an item is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ItemPlace {
    /// Not in the building.
    Nowhere,
    /// On a robot's deck.
    On(RobotId),
    /// Lying there at rest or not; its mass in grams as a scale there reads it.
    At(u32, Vec2, u32),
    /// In the air, held by several.
    Raised,
    /// On a rack there; its mass in grams as the rack's scale reads it.
    Racked(u32, Vec2, u32),
}

/// How near to a vertex counts as being there.
const AT_VERTEX_M: f64 = 0.6;
/// How far from all vertices of a job counts as having left.
const LEFT_M: f64 = 1.1;
/// How near to the drop-off an item must lie.
const DROPPED_M: f64 = 1.3;
/// A rack's scale speaks for work that was done this near to it.
const RACK_M: f64 = 1.7;
/// A replayed way has to end this near to the point that it leads to.
const CAME_M: f64 = 1.0;
/// Sensors are read this often.
const PERIOD: Span = Span::from_millis(200);
/// Doors and lifts that are in use repeat their state this often, so that a lost report heals.
const REPEAT: Span = Span::from_secs(5);
/// How often the controller says that it is there.
const ALIVE: Span = Span::from_secs(10);

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Watch {
    robot: RobotId,
    lease: LeaseId,
    item: Option<ItemId>,
    vertices: Vec<u32>,
    scanned: Vec<bool>,
    picked: bool,
    dropped: bool,
    inside: bool,
    /// Where the item changes robots.
    transfer: Option<u32>,
    /// It was seen there since this robot had it.
    deposited: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub(crate) struct Said {
    report: FacilityReport,
    at: Instant,
}

/// The devices of one site.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct SiteController {
    pub(crate) controller: Outbox,
    witness: Outbox,
    next_read: Instant,
    next_alive: Instant,
    pub(crate) doors: BTreeMap<u32, Said>,
    pub(crate) lifts: BTreeMap<u32, Said>,
    pub(crate) sessions: BTreeMap<u32, RobotId>,
    /// Number of the last request obeyed, per door and lift (`true`).
    heeded: BTreeMap<(bool, u32), u64>,
    pub(crate) plans: BTreeMap<JobId, Plan>,
    /// Plans that were taken back before they came.
    pub(crate) taken_back: BTreeSet<AccessPlanId>,
    watches: BTreeMap<JobId, Watch>,
    /// Floors that jobs are to cover, and how much of them was.
    pub(crate) floors: BTreeMap<JobId, Vec<Floor>>,
    /// Areas in which boxes stand about, since when.
    pub(crate) boxed: BTreeMap<u32, Instant>,
    pub(crate) plan_count: u32,
    /// Robots in areas that not everybody may be in.
    pub(crate) seen: BTreeMap<(RobotId, u32), Seen>,
    /// Where robots were seen last.
    pub(crate) sighted: BTreeMap<RobotId, Sighted>,
    /// Doors to be shut once nobody stands in them.
    pub(crate) closing: BTreeSet<u32>,
    /// Doors and lifts that the site opens by no plan of its own.
    pub withheld: BTreeSet<u32>,
    /// Radius of the widest robot that the site admits, metres: its plans count with it.
    pub widest_m: f64,
    /// Who may pass.
    pub gate: Gate,
    /// Under a fault: nobody is let in.
    pub refuses: bool,
}

/// Which of the two signers a receipt is for is told by its actor.
impl SiteController {
    /// The devices with their two signing chains.
    #[must_use]
    pub fn new(controller: Outbox, witness: Outbox) -> Self {
        Self {
            controller,
            witness,
            next_read: Instant::ZERO,
            next_alive: Instant::ZERO,
            doors: BTreeMap::new(),
            lifts: BTreeMap::new(),
            sessions: BTreeMap::new(),
            heeded: BTreeMap::new(),
            plans: BTreeMap::new(),
            taken_back: BTreeSet::new(),
            watches: BTreeMap::new(),
            floors: BTreeMap::new(),
            boxed: BTreeMap::new(),
            plan_count: 0,
            seen: BTreeMap::new(),
            sighted: BTreeMap::new(),
            closing: BTreeSet::new(),
            withheld: BTreeSet::new(),
            widest_m: 0.0,
            gate: Gate::default(),
            refuses: false,
        }
    }

    /// Takes an order from the platform.
    pub fn order(&mut self, now: Instant, order: &FacilityOrder, site: &Site, world: &mut dyn SiteSenses) {
        match order {
            FacilityOrder::Door { door, open, number, passes, at } => {
                self.order_door(now, (*door, *open, *number), (passes, *at), site, world);
            }
            FacilityOrder::Lift { lift, level, doors_open, session, number, passes, at } => {
                self.order_lift(now, (*lift, *level, *doors_open, *number), *session, (passes, *at), site, world);
            }
            FacilityOrder::AskAccess { number, job, vertices, valid_from, valid_to, item, mass_g, item_at, no_go } => {
                if let Some(item) = item {
                    put_out(*item, *mass_g, item_at, site, world);
                }
                self.issue_plan(now, (*number, *job), vertices, no_go, (*valid_from, *valid_to), *item, site);
            }
            FacilityOrder::AskEntry { job, plan, robot, lease, fence, zones } => {
                if let Some((item, vertices)) = self.plans.get(job).map(|p| (p.item, p.vertices.clone())) {
                    self.watch(*job, *robot, *lease, item, &vertices, None);
                    self.look_at_floors(*job, zones, site);
                }
                self.entry(now, *job, *plan, *robot, *fence, site, world);
            }
            FacilityOrder::Watch { job, robot, lease, item, vertices, transfer, zones } => {
                self.watch(*job, *robot, *lease, *item, vertices, *transfer);
                self.look_at_floors(*job, zones, site);
            }
            FacilityOrder::Unwatch { job } => {
                // The access plan stays: it is the job's, and the next robot that takes the job enters by it.
                if let Some(w) = self.watches.remove(job) {
                    self.floors_left(now, *job, w.robot);
                }
            }
            FacilityOrder::Revoke { job, plan } => {
                self.take_back(*job, *plan, |p| p.revoked = true);
                // Said again for each request: the platform asks until it has heard.
                self.say(now, *job, FacilityReport::RevokeAcked { job: *job, plan: *plan });
            }
            FacilityOrder::ExtendPlan { .. } => self.extend_plan(now, order),
            FacilityOrder::Alarm { .. } => self.gate.alarms += 1,
            FacilityOrder::Ack { .. } => {}
            FacilityOrder::Replay { number, job, vertex, chunks, .. } => {
                let hashes: Vec<Digest> = chunks.iter().map(nooterra_port::blackbox::Chunk::hash).collect();
                let came = chunks.last().is_some_and(|c| near(site, *vertex, Some((c.level, metres(&c.pose))), CAME_M));
                let residual_milli = if came { nooterra_agent::replay::residual_of(chunks) } else { None };
                let artefact = nooterra_trust::evidence::content_of(&hashes);
                self.testify(now, *job, &FacilityReport::Replayed { number: *number, artefact, residual_milli });
            }
            FacilityOrder::Withdraw { job, plan } => {
                self.take_back(*job, *plan, |p| p.withdrawn = true);
                self.say(now, *job, FacilityReport::PlanWithdrawn { job: *job, plan: *plan });
            }
            FacilityOrder::Grant { job, plan, holder, number } => self.order_grant(now, (*job, *plan), *holder, *number),
            FacilityOrder::ShutLevels { levels, number } => self.order_shut(now, levels, *number, site),
            FacilityOrder::HoldPlan { .. } => self.hold_plan(now, order, site, world),
        }
    }

    /// Takes a receipt for one of its two chains.
    pub fn receipt(&mut self, now: Instant, r: &Receipt) {
        self.gate.hear(r.recv_ns);
        self.controller.receive(r, now);
        self.witness.receive(r, now);
    }

    fn watch(&mut self, job: JobId, robot: RobotId, lease: LeaseId, item: Option<ItemId>, vertices: &[u32], transfer: Option<u32>) {
        let old = self.watches.get_mut(&job);
        if let Some(w) = old.filter(|w| w.lease == lease) {
            w.transfer = transfer.or(w.transfer);
            return;
        }
        let old = self.watches.get(&job);
        let w = Watch {
            robot,
            lease,
            item,
            vertices: vertices.to_vec(),
            scanned: vec![false; vertices.len()],
            picked: old.is_some_and(|w| w.picked),
            dropped: false,
            inside: false,
            transfer,
            deposited: false,
        };
        self.watches.insert(job, w);
    }

    /// Is this request no older than the last one that was obeyed? Then it is obeyed.
    pub(crate) fn heeds(&mut self, is_lift: bool, ix: u32, number: u64) -> bool {
        let last = self.heeded.entry((is_lift, ix)).or_insert(0);
        if number < *last {
            return false;
        }
        *last = number;
        true
    }
    fn heeded(&self, is_lift: bool, ix: u32) -> u64 {
        self.heeded.get(&(is_lift, ix)).copied().unwrap_or_default()
    }

    #[allow(clippy::too_many_arguments)] // one request with its parts
    fn entry(&mut self, now: Instant, job: JobId, plan: AccessPlanId, robot: RobotId, fence: u64, site: &Site, world: &dyn SiteSenses) {
        let shown = world.badge(robot).unwrap_or(0);
        let stale = self.gate.is_stale(robot, fence) || shown < fence;
        self.gate.hear(now);
        let code = match self.plans.get(&job) {
            None => "PLAN_MISSING",
            Some(p) if p.id != plan || p.withdrawn => "PLAN_MISSING",
            Some(_) if self.refuses => "REFUSED",
            Some(p) if p.revoked => "ACCESS_REVOKED",
            Some(p) if now < p.valid_from || now >= p.valid_to => "PLAN_NOT_VALID_NOW",
            Some(_) if stale => "FENCE_STALE",
            Some(p) if !near_any(site, &p.vertices, world.robot(robot), LEFT_M) && !near_transfer(site, world.robot(robot)) => {
                "AREA_FORBIDDEN"
            }
            Some(_) => "",
        };
        if code.is_empty() {
            self.say(now, job, FacilityReport::AccessGranted { job, plan, fence });
        } else {
            self.say(now, job, FacilityReport::AccessDenied { job, plan, code: code.into() });
        }
    }

    /// Reads the sensors when it is time to, and says what changed.
    pub fn sense(&mut self, now: Instant, site: &Site, world: &mut dyn SiteSenses) {
        if now < self.next_read {
            return;
        }
        self.next_read = now.saturating_add(PERIOD);
        self.plans.retain(|_, p| now < p.valid_to);
        let (plans, watches) = (&self.plans, &self.watches);
        self.floors.retain(|job, _| plans.contains_key(job) || watches.contains_key(job));
        for door in self.gate.forgotten(now) {
            world.command_door(door, false);
        }
        self.shut_doors(site, world);
        self.sense_passages(now, site, world);
        self.sense_doors(now, site, world);
        if now >= self.next_alive {
            self.next_alive = now.saturating_add(ALIVE);
            // What waits to be heard says so as well.
            if self.controller.unacked() == 0 {
                self.push(now, false, "site".to_owned(), &FacilityReport::Alive {});
            }
        }
        if !site.areas.is_empty() {
            self.sense_boxes(now, site, world);
        }
        let jobs: Vec<JobId> = self.watches.keys().copied().collect();
        for job in jobs {
            self.sense_job(now, job, site, world);
        }
        if !site.areas.is_empty() {
            self.sense_areas(now, site, world);
        }
    }

    /// The robot that a job's plan is for at present, if it may be where that plan says.
    pub(crate) fn may_be_in(&self, now: Instant, robot: RobotId, area: u32) -> bool {
        let watched = self.watches.iter().filter(|(_, w)| w.robot == robot);
        watched.filter_map(|(job, _)| self.plans.get(job)).any(|p| {
            let live = !p.revoked && !p.withdrawn && p.valid_from <= now && now < p.valid_to;
            live && p.areas.contains(&area) && !p.no_go.contains(&area)
        })
    }
    /// Areas that some plan shuts out.
    pub(crate) fn shut_out(&self) -> BTreeSet<u32> {
        self.plans.values().filter(|p| !p.withdrawn).flat_map(|p| p.no_go.iter().copied()).collect()
    }

    fn sense_doors(&mut self, now: Instant, site: &Site, world: &dyn SiteSenses) {
        for door in 0..u32::try_from(site.doors.len()).unwrap_or(u32::MAX) {
            let state = world.door(door);
            let report = FacilityReport::Door { door, state, number: self.heeded(false, door) };
            let told = self.doors.get(&door);
            let stale = told.is_none_or(|s| s.report != report || (state != DoorState::Closed && now >= s.at + REPEAT));
            if stale && !(told.is_none() && state == DoorState::Closed && now == Instant::ZERO) {
                self.doors.insert(door, Said { report: report.clone(), at: now });
                if state != DoorState::Moving {
                    self.push(now, false, "site".to_owned(), &report);
                }
            }
        }
        for lift in 0..u32::try_from(site.lifts.len()).unwrap_or(u32::MAX) {
            let (level, doors) = world.lift(lift);
            let session = self.sessions.get(&lift).copied();
            let report = FacilityReport::Lift { lift, level, doors, session, number: self.heeded(true, lift) };
            let busy = session.is_some();
            if self.lifts.get(&lift).is_none_or(|s| s.report != report || (busy && now >= s.at + REPEAT)) {
                self.lifts.insert(lift, Said { report: report.clone(), at: now });
                if level.is_some() && doors != DoorState::Moving {
                    self.push(now, false, "site".to_owned(), &report);
                }
            }
        }
    }

    fn sense_job(&mut self, now: Instant, job: JobId, site: &Site, world: &mut dyn SiteSenses) {
        let Some(mut w) = self.watches.remove(&job) else { return };
        let here = world.robot(w.robot);
        for i in 0..w.vertices.len() {
            let reach_m = if nooterra_engine::planted!("I34 a witness that sees too far") { 100.0 } else { AT_VERTEX_M };
            if !w.scanned[i] && near(site, w.vertices[i], here, reach_m) {
                w.scanned[i] = true;
                let seen = witnessed(job, &w, WitnessClass::DockScan, w.vertices[i], None, 1);
                self.testify(now, job, &seen);
            }
        }
        let inside = near_any(site, &w.vertices, here, AT_VERTEX_M);
        let in_area = self.plans.get(&job).is_some_and(|p| crate::presence::is_in(site, &p.areas, here, self.widest_m));
        let on_floor = self.sense_floors(now, job, w.robot, site, world);
        let outside = !near_any(site, &w.vertices, here, LEFT_M) && !in_area && !on_floor;
        if !w.inside && inside {
            w.inside = true;
            let vertex = *w.vertices.iter().find(|v| near(site, **v, here, AT_VERTEX_M)).unwrap_or(&0);
            let fence = world.badge(w.robot).unwrap_or(0);
            self.say(now, job, FacilityReport::Entered { job, robot: w.robot, vertex, fence });
        } else if w.inside && outside {
            w.inside = false;
            self.floors_left(now, job, w.robot);
            let vertex = nearest(site, here).or(w.vertices.first().copied()).unwrap_or(0);
            self.say(now, job, FacilityReport::Exited { job, robot: w.robot, vertex });
        }
        if let Some(item) = w.item {
            self.sense_item(now, job, &mut w, item, site, world);
        }
        self.watches.insert(job, w);
    }

    fn sense_item(&mut self, now: Instant, job: JobId, w: &mut Watch, item: ItemId, site: &Site, world: &dyn SiteSenses) {
        match world.item(item) {
            ItemPlace::On(r) if r == w.robot && !w.picked => {
                w.picked = true;
                // What another robot left is read where it lay; everything else where it was handed out.
                let place = w.transfer.or(w.vertices.first().copied()).unwrap_or(0);
                let seen = witnessed(job, w, WitnessClass::CustodyScan, place, Some(item), 1);
                self.testify(now, job, &seen);
            }
            ItemPlace::On(r) if r == w.robot && w.deposited => w.deposited = false,
            ItemPlace::At(level, at, grams) if w.picked && !w.dropped => {
                if let Some(place) = w.transfer.filter(|v| near(site, *v, Some((level, at)), AT_VERTEX_M)) {
                    if !w.deposited {
                        w.deposited = true;
                        let scan = witnessed(job, w, WitnessClass::CustodyScan, place, Some(item), i64::from(grams.max(1)));
                        self.testify(now, job, &scan);
                    }
                    return;
                }
                let Some(drop) = w.vertices.last().copied() else { return };
                if near(site, drop, Some((level, at)), DROPPED_M) {
                    w.dropped = true;
                    let scan = witnessed(job, w, WitnessClass::CustodyScan, drop, Some(item), 1);
                    self.testify(now, job, &scan);
                    let scale = witnessed(job, w, WitnessClass::Weight, drop, Some(item), i64::from(grams));
                    self.testify(now, job, &scale);
                }
            }
            ItemPlace::Racked(level, at, grams) if !w.dropped => {
                let there = w.vertices.iter().copied().find(|v| near(site, *v, Some((level, at)), RACK_M));
                let Some(place) = there else { return };
                w.dropped = true;
                let scan = witnessed(job, w, WitnessClass::CustodyScan, place, Some(item), 1);
                self.testify(now, job, &scan);
                let scale = witnessed(job, w, WitnessClass::Weight, place, Some(item), i64::from(grams));
                self.testify(now, job, &scale);
            }
            _ => {}
        }
    }

    pub(crate) fn say(&mut self, now: Instant, job: JobId, report: FacilityReport) {
        self.push(now, false, format!("job/{job}"), &report);
    }
    pub(crate) fn testify(&mut self, now: Instant, job: JobId, report: &FacilityReport) {
        self.push(now, true, format!("job/{job}"), report);
    }
    pub(crate) fn push(&mut self, now: Instant, witness: bool, stream: String, report: &FacilityReport) {
        let draft = Draft::new(InputKind::Report, stream, "FacilityReport", encode(report));
        let outbox = if witness { &mut self.witness } else { &mut self.controller };
        outbox.push(draft, now, 0);
    }

    /// Everything to send now.
    pub fn due(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut out = self.controller.due(now);
        out.extend(self.witness.due(now));
        out.iter().map(|e| e.to_bytes()).collect()
    }
    /// Has it anything to send at `now`?
    #[must_use]
    pub fn has_due(&self, now: Instant) -> bool {
        [&self.controller, &self.witness].iter().any(|o| o.next_deadline(now).is_some_and(|at| at <= now))
    }
}

fn witnessed(job: JobId, w: &Watch, class: WitnessClass, vertex: u32, item: Option<ItemId>, measure: i64) -> FacilityReport {
    FacilityReport::Witnessed { job, robot: w.robot, class, vertex, item, measure }
}

fn near(site: &Site, vertex: u32, here: Option<(u32, Vec2)>, reach_m: f64) -> bool {
    let (Some(v), Some((level, at))) = (site.vertices.get(vertex as usize), here) else { return false };
    v.level.ix == level && v.at.dist(at) <= reach_m
}

#[allow(clippy::cast_precision_loss)] // places on a site
fn metres(p: &nooterra_port::report::PoseMm) -> Vec2 {
    Vec2::new(p.x_mm as f64 / 1e3, p.y_mm as f64 / 1e3)
}

/// The vertex that somebody is nearest to on its level.
fn nearest(site: &Site, here: Option<(u32, Vec2)>) -> Option<u32> {
    let (level, at) = here?;
    let here = (0u32..).zip(&site.vertices).filter(|(_, v)| v.level.ix == level);
    here.min_by(|(_, a), (_, b)| a.at.dist(at).total_cmp(&b.at.dist(at))).map(|(i, _)| i)
}

fn near_any(site: &Site, vertices: &[u32], here: Option<(u32, Vec2)>, reach_m: f64) -> bool {
    vertices.iter().any(|v| near(site, *v, here, reach_m))
}

/// Transfer places are open to whoever has a plan: what lies there is part of the work.
fn near_transfer(site: &Site, here: Option<(u32, Vec2)>) -> bool {
    let at = |v: &nooterra_site::model::Vertex| here.is_some_and(|(level, p)| v.level.ix == level && v.at.dist(p) <= LEFT_M);
    site.vertices.iter().any(|v| v.flags.is_transfer_place && at(v))
}
