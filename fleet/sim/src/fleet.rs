//! Simulated robots and the site's devices over one physical world, behind bytes: what goes in are orders, what comes
//! out are signed envelopes. Nothing outside can tell it from a real building.

use crate::site_controller::SiteController;
use crate::turn::{DESKS, Desk};
use nooterra_agent::{Agent, AgentConfig, AgentError, AgentMap, Clamp, LocalPolicy, Note, Recorder, Wheels};
use nooterra_engine::geom::Pose2;
use nooterra_engine::ids::{ItemId, RobotId, TenantId};
use nooterra_engine::keyframe::Part;
use nooterra_engine::machine::Freeze as _;
use nooterra_engine::marks::Marks;
use nooterra_engine::net::Node;
use nooterra_engine::record::DecodeError;
use nooterra_engine::{Digest, Hasher, Record, decode, encode};
use nooterra_port::FacilityOrder;
use nooterra_port::ability::Declared;
use nooterra_port::camera::CameraKind;
use nooterra_port::hardware::Actuation;
use nooterra_site::{RobotModel, Site, VertexIx};
use nooterra_trust::{PublicKey, Receipt};
use nooterra_twin::{RobotIx, RobotSpawn, Stand, Truth, Twin, TwinError, drive_gauge};
use std::collections::BTreeMap;
use thiserror::Error;

/// The site controller's node.
pub const SITE: Node = 1;
/// First robot's node; the `i`-th is this plus `i`.
pub const ROBOTS: Node = 100;

/// A robot to enrol.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Who.
    pub id: RobotId,
    /// What.
    pub model: RobotModel,
    /// Navigation graph.
    pub graph_idx: u32,
    /// Where it stands.
    pub start: VertexIx,
    /// Heading, rad.
    pub heading_rad: f64,
    /// State of charge, 1/10 000.
    pub charge_bps: u32,
    /// Its device key.
    pub secret: [u8; 32],
    /// What its owner has it declare otherwise than its model says.
    pub declares: Vec<Declared>,
    /// Its camera.
    pub camera: CameraKind,
    /// Version of its driver.
    pub driver: u32,
}

/// Why a fleet cannot be built or cannot go on.
#[derive(Debug, Error)]
pub enum FleetError {
    /// Physics refused or broke.
    #[error(transparent)]
    Twin(#[from] TwinError),
    /// A robot cannot be enrolled.
    #[error("robot {0} cannot be enrolled")]
    Agent(RobotId, #[source] AgentError),
    /// A keyframe is not this fleet's.
    #[error("failed to thaw `{room}`")]
    Thaw {
        /// Which part.
        room: String,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// A keyframe lacks a part.
    #[error("the keyframe has no part `{0}`")]
    Missing(String),
}

/// Message to the site controller.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum SiteMail {
    /// An order.
    Order(Box<FacilityOrder>),
    /// The signed answer to a report.
    Receipt(Box<Receipt>),
}

/// What robots noted and clamped since the last call.
pub type Said = (Vec<(RobotId, Note)>, Vec<(RobotId, Clamp)>);

/// One robot: its brain and what its body remembers for it, as keyframes hold it.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct SimRobot {
    pub(crate) id: RobotId,
    pub(crate) ix: RobotIx,
    pub(crate) agent: Agent,
    /// Tick of the last scan handed over.
    pub(crate) scan_seen: u64,
    /// Impulse felt since the last frame, mN·s.
    pub(crate) bump_mns: u64,
    /// Item last taken, for the deck's reader.
    pub(crate) held: Option<ItemId>,
    /// Driven so far, metres.
    pub(crate) odometer_m: f64,
    pub(crate) last: Option<(u32, Pose2)>,
    /// Clamps so far.
    pub(crate) clamped: u64,
}

/// Everything physical and every brain in it.
#[derive(Debug)]
pub struct SimFleet {
    /// The physical world.
    pub twin: Twin,
    /// The site's devices.
    pub controller: SiteController,
    pub(crate) robots: Vec<SimRobot>,
    pub(crate) maps: BTreeMap<u32, AgentMap>,
    pub(crate) control_every: u64,
    /// What each robot's brain asked of its body in this tick.
    pub(crate) acts: Vec<Option<Actuation>>,
    /// Each robot's state in short, for the digest of every tick.
    pub(crate) words: Vec<u8>,
    pub(crate) desks: [Desk; DESKS],
}

impl SimFleet {
    /// Enrols robots in a world. They enter it in order of id.
    pub fn new(
        mut twin: Twin,
        site: &Site,
        tenant: TenantId,
        platform: PublicKey,
        robots: &[Enrolment],
        mut controller: SiteController,
    ) -> Result<Self, FleetError> {
        let mut maps = BTreeMap::new();
        for e in robots {
            maps.entry(e.graph_idx).or_insert_with(|| AgentMap::new(site, e.graph_idx));
            let v = &site.vertices[e.start.at()];
            let stand = Stand { level: v.level, pose: Pose2 { at: v.at, theta_rad: e.heading_rad } };
            twin.add_robot(RobotSpawn { id: e.id, model: e.model.clone(), stand, charge_bps: e.charge_bps })?;
        }
        twin.step()?;
        controller.widest_m = robots.iter().map(|e| e.model.footprint_radius_m).fold(0.0, f64::max);
        let mut list = Vec::with_capacity(robots.len());
        for e in robots {
            let gauge = drive_gauge(&e.model, twin.params());
            let config = AgentConfig {
                robot: e.id,
                tenant,
                model: e.model.clone(),
                wheels: wheels(&gauge),
                dispatch: platform,
                graph_idx: e.graph_idx,
                start_vertex: e.start.ix,
                start_theta_rad: e.heading_rad,
                clock_offset_ns: 0,
                policy: LocalPolicy::for_model(&e.model),
                declares: e.declares.clone(),
                camera: e.camera,
                driver_version: e.driver,
            };
            let agent = Agent::new(config, e.secret, 1, &maps[&e.graph_idx]).map_err(|x| FleetError::Agent(e.id, x))?;
            let ix = twin.robot_named(e.id).ok_or_else(|| TwinError::Unknown(format!("robot {}", e.id)))?;
            list.push(SimRobot { id: e.id, ix, agent, scan_seen: 0, bump_mns: 0, held: None, odometer_m: 0.0, last: None, clamped: 0 });
        }
        Ok(Self::assemble(twin, controller, list, maps))
    }

    /// State with what is derived from it and what is only scratch.
    fn assemble(twin: Twin, controller: SiteController, robots: Vec<SimRobot>, maps: BTreeMap<u32, AgentMap>) -> Self {
        let control_every = crate::convert::ticks(crate::convert::CYCLE, twin.params().tick);
        let acts = robots.iter().map(|_| None).collect();
        let words = robots.iter().flat_map(|r| r.agent.digest_words()).collect();
        Self { twin, controller, robots, maps, control_every, acts, words, desks: Default::default() }
    }

    /// Node of a robot.
    #[must_use]
    pub fn node(&self, robot: RobotId) -> Option<Node> {
        let i = self.robots.iter().position(|r| r.id == robot)?;
        Some(ROBOTS + u32::try_from(i).ok()?)
    }
    /// Robots in order of enrolment, with their index in the world.
    pub fn robots(&self) -> impl Iterator<Item = (RobotId, RobotIx, &Agent)> {
        self.robots.iter().map(|r| (r.id, r.ix, &r.agent))
    }
    /// The `i`-th enrolled robot runs a dishonest program from now on, or an honest one.
    pub fn set_lies(&mut self, i: usize, lies: bool) {
        if let Some(r) = self.robots.get_mut(i) {
            r.agent.set_lies(lies);
        }
    }
    /// The badge of the `i`-th enrolled robot goes on showing its present fence at doors, or the true one again.
    pub fn set_old_badge(&mut self, i: usize, old: bool) {
        if let Some(r) = self.robots.get_mut(i) {
            r.agent.set_old_badge(old);
        }
    }
    /// The `i`-th enrolled robot shows nothing at terminals, or what it should again.
    pub fn set_bare(&mut self, i: usize, bare: bool) {
        if let Some(r) = self.robots.get_mut(i) {
            r.agent.set_bare(bare);
        }
    }
    /// A fault of its program leads the `i`-th enrolled robot to a vertex, or is over.
    pub fn set_astray(&mut self, i: usize, to: Option<VertexIx>) {
        if let Some(r) = self.robots.get_mut(i) {
            r.agent.set_astray(to.map(|v| v.ix));
        }
    }
    /// The gate of the `i`-th enrolled robot's camera leaks, or holds again.
    pub fn set_leaks(&mut self, i: usize, leaks: bool) {
        if let Some(r) = self.robots.get_mut(i) {
            r.agent.set_leaks(leaks);
        }
    }
    /// The recorder of the `i`-th enrolled robot's black box works, or a fault has it.
    pub fn set_recorder(&mut self, i: usize, how: Recorder) {
        if let Some(r) = self.robots.get_mut(i) {
            r.agent.set_recorder(how);
        }
    }
    /// Index in the world of the `i`-th enrolled robot.
    #[must_use]
    pub fn robot_ix(&self, i: usize) -> Option<RobotIx> {
        self.robots.get(i).map(|r| r.ix)
    }
    /// Metres driven by each robot, in order of enrolment.
    pub fn odometers(&self) -> impl Iterator<Item = f64> {
        self.robots.iter().map(|r| r.odometer_m)
    }
    /// Commands that robots' own policies changed so far.
    #[must_use]
    pub fn clamped(&self) -> u64 {
        self.robots.iter().map(|r| r.clamped).sum()
    }
    /// Where a robot really is.
    #[must_use]
    pub fn truth(&self, i: usize) -> Option<Truth> {
        self.twin.truth(self.robots.get(i)?.ix)
    }

    /// People take a robot off the floor and put what it carried down at a vertex. Unknown robots are nobody's.
    pub fn take_away(&mut self, robot: RobotId, load_to: Option<VertexIx>) -> Result<(), FleetError> {
        if let Some(r) = self.robots.iter_mut().find(|r| r.id == robot) {
            self.twin.take_away(r.ix, load_to)?;
            (r.held, r.last, r.bump_mns) = (None, None, 0);
        }
        Ok(())
    }

    /// People bring a load from one vertex to another. Says whether it lay there.
    pub fn bring_back(&mut self, item: ItemId, from: VertexIx, to: VertexIx) -> bool {
        self.twin.load_named(item).is_some_and(|l| self.twin.carry(l, from, to))
    }

    /// People put a repaired robot down at a vertex and switch it on. Says false while something stands there.
    pub fn put_back(&mut self, robot: RobotId, vertex: VertexIx, heading_rad: f64, charge_bps: u32, site: &Site) -> bool {
        let Some(r) = self.robots.iter_mut().find(|r| r.id == robot) else { return true };
        let Some(v) = site.vertices.get(vertex.at()) else { return true };
        self.twin.repair(r.ix);
        let stand = Stand { level: v.level, pose: Pose2 { at: v.at, theta_rad: heading_rad } };
        if !self.twin.is_away(r.ix) {
            return true;
        }
        if self.twin.put_back(r.ix, &stand, charge_bps).is_err() {
            return false;
        }
        r.scan_seen = 0;
        // A vertex that the brain's own map does not hold was refused by the platform before.
        let _ = r.agent.restart(vertex.ix, heading_rad, &self.maps[&r.agent.config().graph_idx]);
        true
    }

    /// Lines for the robots' own black boxes since the last call.
    pub fn take_notes(&mut self) -> Said {
        let (mut notes, mut clamps) = (Vec::new(), Vec::new());
        for d in &mut self.desks {
            notes.append(&mut d.notes);
            clamps.append(&mut d.clamps);
        }
        (notes, clamps)
    }
    /// Oaths and rare paths that brains have seen since the last call.
    pub fn take_marks(&mut self) -> Marks {
        let mut all = Marks::default();
        self.desks.iter_mut().for_each(|d| all.absorb(std::mem::take(&mut d.marks)));
        all
    }

    /// One digest per room: physics, site devices, each robot's brain and body.
    pub fn digests(&self, each: &mut dyn FnMut(&str, Digest)) {
        let mut h = Hasher::new();
        self.twin.digest(&mut h);
        each("physics", h.finish());
        each("site", nooterra_engine::digest::blake3(&encode(&self.controller)));
        for r in &self.robots {
            let mut h = Hasher::new();
            h.bytes(&r.agent.digest_words());
            if let Some(d) = self.twin.robot_digest(r.ix) {
                h.digest(&d);
            }
            each(&format!("robots/{}", r.id), h.finish());
        }
    }
    /// Adds what changes each tick to a hash.
    pub fn digest_quick(&self, h: &mut Hasher) {
        self.twin.digest(h);
        h.digest(&nooterra_engine::digest::blake3(&self.words));
    }

    /// Freezes every part.
    pub fn freeze(&self, site: &Site, parts: &mut Vec<Part>) {
        parts.push(Part { room: "physics".into(), bytes: self.twin.freeze(site) });
        parts.push(Part { room: "site".into(), bytes: self.controller.freeze() });
        for r in &self.robots {
            parts.push(Part { room: format!("robots/{}", r.id), bytes: encode(r) });
        }
    }
    /// The fleet of a keyframe.
    pub fn thaw(
        part: &dyn Fn(&str) -> Option<Vec<u8>>,
        site: &Site,
        params: nooterra_twin::TwinParams,
        robots: &[RobotId],
    ) -> Result<Self, FleetError> {
        let get = |room: &str| part(room).ok_or_else(|| FleetError::Missing(room.to_owned()));
        let bad = |room: &str| {
            let room = room.to_owned();
            move |source| FleetError::Thaw { room, source }
        };
        let twin = Twin::thaw(&get("physics")?, site, params)?;
        let controller = SiteController::thaw(&get("site")?).map_err(bad("site"))?;
        let mut list: Vec<SimRobot> = Vec::with_capacity(robots.len());
        for id in robots {
            let room = format!("robots/{id}");
            list.push(decode(&get(&room)?).map_err(bad(&room))?);
        }
        let mut maps = BTreeMap::new();
        for r in &list {
            let g = r.agent.config().graph_idx;
            maps.entry(g).or_insert_with(|| AgentMap::new(site, g));
        }
        Ok(Self::assemble(twin, controller, list, maps))
    }
}

/// How encoder counts become movement, from the drive's data sheet.
fn wheels(g: &nooterra_twin::DriveGauge) -> Wheels {
    let turn_m = std::f64::consts::TAU * g.wheel_radius_m;
    let counts_per_m = f64::from(g.counts_per_turn) / turn_m;
    let (x, y) = (g.at[0].0.abs(), g.at[0].1.abs());
    Wheels { counts_per_m, track_m: 2.0 * y, arm_m: x + y }
}
