//! The composite: platform, network, people, robots, site and physics as one machine that moves in ticks.

use crate::setup::Setup;
use crate::turn::{Office, Trays};
use crate::world;
use nooterra_cast::desks::Seat;
use nooterra_cast::{CREW, Cast, PAYMENTS, PROVIDERS, REQUESTERS, provider_party, requester_party, seat_party};
use nooterra_control::wish::Wish;
use nooterra_control::{Control, Fact};
use nooterra_engine::bus::{Bus, Letter};
use nooterra_engine::faults::Edge;
use nooterra_engine::keyframe::{Keyframe, Part, StateRoots};
use nooterra_engine::machine::Freeze as _;
use nooterra_engine::marks::Marks;
use nooterra_engine::net::Node;
use nooterra_engine::record::DecodeError;
use nooterra_engine::together::{InTurn, Together};
use nooterra_engine::{Digest, Hasher, Instant, Record, Span, decode, encode};
use nooterra_script::resolved::FaultKind;
use nooterra_sim::{FleetError, ROBOTS, SITE, SimFleet, SimLink};
use nooterra_trust::{Envelope, SigningKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

/// The platform's node.
pub const PLATFORM: Node = 0;
/// Rooms' digests are recorded this often.
pub const ROOTS_EVERY: Span = Span::from_secs(1);
/// The whole state is recorded this often.
pub const KEYFRAME_EVERY: Span = Span::from_secs(10);

/// Why a run cannot be set up or cannot go on.
#[derive(Debug, Error)]
pub enum StageError {
    /// The platform refuses its genesis.
    #[error("the platform cannot start: {0}")]
    Genesis(String),
    /// Fleet or physics.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// A keyframe is not this run's.
    #[error("failed to thaw `{room}`")]
    Thaw {
        /// Which part.
        room: &'static str,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// A keyframe lacks a part.
    #[error("the keyframe has no part `{0}`")]
    Missing(&'static str),
    /// Too many robots, requesters or providers for the node numbers.
    #[error("{what}: {count}, at most {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
}

/// An envelope as it reached the platform, before it takes effect.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Arrived {
    /// Who sent it, on the network.
    pub from: Node,
    /// What arrived.
    pub envelope: Envelope,
}

/// Bytes that reached the platform and are no envelope.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Stray {
    /// Who sent it, on the network.
    pub from: Node,
    /// What arrived.
    pub bytes: Vec<u8>,
}

/// A fault of the scenario begins or ends: an input to the world.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct FaultEdge {
    /// Its index in the plan.
    pub fault: u32,
    /// Begin or end.
    pub edge: Edge,
    /// What it is.
    pub kind: FaultKind,
}

/// Everything that a tick has to say, in the order in which it happens.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// A fault begins or ends.
    Fault(&'a FaultEdge),
    /// An input to the platform, before it takes effect.
    Input(&'a Arrived),
    /// Something unreadable reached the platform.
    Stray(&'a Stray),
    /// What the platform says happened.
    Fact(&'a Fact),
    /// What the platform asks for.
    Wish(&'a Wish),
    /// Root over the whole state, at the end of each tick.
    Root(Digest),
    /// Digest of every room, each second.
    Roots(&'a StateRoots),
}

/// Where entries go. What a sink does never reaches back into the run.
pub trait Sink: Send {
    /// Takes one entry of a tick.
    fn put(&mut self, tick: u64, at: Instant, entry: Entry<'_>);
}

/// A sink that keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Sink for Nowhere {
    fn put(&mut self, _: u64, _: Instant, _: Entry<'_>) {}
}

/// Small state of the composite itself.
#[derive(Debug, Clone, PartialEq, Record)]
pub(crate) struct Own {
    pub tick: u64,
    /// The platform has said its first words.
    pub begun: bool,
    /// Next edge of the fault plan.
    pub next_edge: u32,
    /// Numbers of the physical faults in force, by fault index.
    pub physical: BTreeMap<u32, Vec<u64>>,
    /// Root over the platform and other rooms that change seldom, and when they last did.
    pub quiet: Digest,
}

/// The whole run.
#[derive(Debug)]
pub struct Stage {
    pub(crate) setup: Arc<Setup>,
    pub(crate) own: Own,
    /// The platform.
    pub control: Control,
    /// Robots, site devices, physics.
    pub fleet: SimFleet,
    /// People and companies.
    pub cast: Cast,
    /// The network.
    pub bus: Bus,
    link: SimLink,
    key: SigningKey,
    pub(crate) edges: Vec<(Instant, u32, Edge)>,
    pub(crate) nodes: BTreeMap<[u8; 16], Node>,
    pub(crate) dirty: bool,
    trays: Trays,
    together: Box<dyn Together>,
}

impl Stage {
    /// The run at its start.
    pub fn new(setup: Arc<Setup>) -> Result<Self, StageError> {
        world::check_sizes(&setup)?;
        let control = Control::new(setup.genesis(), setup.site.clone()).map_err(|e| StageError::Genesis(e.to_string()))?;
        let fleet = world::fleet(&setup)?;
        let cast = Cast::new(&setup.resolved, setup.tenant(), setup.platform_key().public());
        let bus = Bus::new(setup.resolved.network, setup.resolved.seed);
        let own = Own { tick: fleet.twin.tick(), begun: false, next_edge: 0, physical: BTreeMap::new(), quiet: Digest::ZERO };
        Ok(Self::assemble(setup, own, control, fleet, cast, bus))
    }

    fn assemble(setup: Arc<Setup>, own: Own, control: Control, fleet: SimFleet, cast: Cast, bus: Bus) -> Self {
        let edges = setup.resolved.faults.edges();
        let nodes = nodes(&setup);
        let link = SimLink::new(PLATFORM, (0..setup.resolved.robots.len()).map(|i| setup.robot_id(i)).collect());
        let (trays, together) = (Trays::default(), Box::new(InTurn));
        let key = setup.platform_key();
        Self { setup, own, control, fleet, cast, bus, link, key, edges, nodes, dirty: true, trays, together }
    }

    /// Lets platform and world take their turns at the same time, and robots think so. Changes how fast the run is, and
    /// nothing else.
    pub fn join(&mut self, together: Box<dyn Together>) {
        self.together = together;
    }

    /// What the run is made of.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }
    /// Ticks done.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.own.tick
    }
    /// The instant that the last tick ended at.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.instant(self.own.tick)
    }
    fn instant(&self, tick: u64) -> Instant {
        Instant(tick * self.setup.resolved.tick.0)
    }
    /// Faults that have begun and not ended.
    pub fn active_faults(&self) -> impl Iterator<Item = u32> + '_ {
        let now = self.now();
        let faults = &self.setup.resolved.faults.faults;
        faults.iter().enumerate().filter(move |(_, f)| f.at <= now && f.lasts.is_none_or(|l| f.at.saturating_add(l) > now)).map(|(i, _)| {
            #[allow(clippy::cast_possible_truncation)] // a plan has far fewer faults
            let i = i as u32;
            i
        })
    }
    /// Everything that was asked for is over, and nothing is on its way any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.now().0 >= self.setup.resolved.duration.0
            && self.own.next_edge as usize >= self.edges.iter().filter(|(at, _, _)| at.0 < self.setup.resolved.duration.0).count()
            && self.platform_at_rest()
            && self.cast.at_rest()
    }

    /// One tick. Letters that have arrived by now are delivered in order; what is sent in this tick arrives in a later
    /// one, so the platform's turn and the world's do not touch.
    pub fn step(&mut self, sink: &mut dyn Sink) -> Result<(), StageError> {
        self.own.tick += 1;
        let (tick, now) = (self.own.tick, self.now());
        if !self.own.begun {
            self.own.begun = true;
            Office::new(&mut self.control, &mut self.cast, &self.nodes, &mut self.dirty, &mut self.link, &self.key, &mut self.trays)
                .begin(tick, now, sink);
        }
        self.strike(tick, now, sink);
        if self.cast.crew.has_deeds() {
            world::do_deeds(self)?;
        }
        self.sort(now);
        let (fleet, site) = (&mut self.fleet, &self.setup.site);
        let (mut letters, mut posted) = (std::mem::take(&mut self.trays.world), std::mem::take(&mut self.trays.posted));
        let mut office =
            Office::new(&mut self.control, &mut self.cast, &self.nodes, &mut self.dirty, &mut self.link, &self.key, &mut self.trays);
        let mut moved = Ok(());
        let together = &*self.together;
        let mut world = || {
            moved = fleet.turn(now, &mut letters, site, together, |from, bytes| posted.push(Letter { from, to: PLATFORM, bytes }));
        };
        if office.is_busy(now) {
            together.all(&mut [&mut world, &mut || office.act(tick, now, sink)]);
        } else {
            world();
        }
        moved?;
        (self.trays.world, self.trays.posted) = (letters, posted);
        nooterra_engine::marks::tell(&mut self.trays.marks.broken);
        self.dispatch(now);
        self.seal(tick, now, sink);
        Ok(())
    }

    fn strike(&mut self, tick: u64, now: Instant, sink: &mut dyn Sink) {
        while let Some((_, fault, edge)) = self.edges.get(self.own.next_edge as usize).copied().filter(|e| e.0 <= now) {
            self.own.next_edge += 1;
            let kind = self.setup.resolved.faults.faults[fault as usize].kind.clone();
            sink.put(tick, now, Entry::Fault(&FaultEdge { fault, edge, kind: kind.clone() }));
            world::apply_fault(self, fault, edge, &kind);
            self.dirty = true;
        }
    }

    /// Letters that have arrived, by whose turn they belong to.
    fn sort(&mut self, now: Instant) {
        while let Some((_, letter)) = self.bus.poll(now) {
            let Err(letter) = self.link.deliver(letter) else { continue };
            let office = letter.to == PLATFORM || letter.to >= REQUESTERS;
            let tray = if office { &mut self.trays.office } else { &mut self.trays.world };
            tray.push(letter);
        }
    }

    /// Hands what both sides sent to the network, the platform's words for robots first.
    fn dispatch(&mut self, now: Instant) {
        let Trays { sent, posted, .. } = &mut self.trays;
        for p in self.link.leaving().chain(sent.drain(..)).chain(posted.drain(..)) {
            self.bus.send(now, p.from, p.to, p.bytes);
        }
    }

    /// Oaths and rare paths seen since the last call, on either side.
    pub fn take_marks(&mut self) -> Marks {
        let mut all = nooterra_engine::marks::take();
        all.absorb(std::mem::take(&mut self.trays.marks));
        all.absorb(self.fleet.take_marks());
        all
    }

    fn seal(&mut self, tick: u64, now: Instant, sink: &mut dyn Sink) {
        let second = now.0 / ROOTS_EVERY.0 != now.0.saturating_sub(self.setup.resolved.tick.0) / ROOTS_EVERY.0;
        if self.dirty || second {
            self.own.quiet = self.quiet_root();
            self.dirty = false;
        }
        let mut h = Hasher::new();
        h.u64(tick).digest(&self.own.quiet);
        self.fleet.digest_quick(&mut h);
        sink.put(tick, now, Entry::Root(h.finish()));
        if second {
            sink.put(tick, now, Entry::Roots(&self.roots()));
        }
    }

    /// Is a keyframe due after this tick? It is the last thing said of its tick, so the host says it once everything
    /// else of the tick is said.
    #[must_use]
    pub fn keyframe_is_due(&self) -> bool {
        let now = self.now();
        now.0 / KEYFRAME_EVERY.0 != now.0.saturating_sub(self.setup.resolved.tick.0) / KEYFRAME_EVERY.0
    }

    /// Over everything that moves only when something happens.
    fn quiet_root(&self) -> Digest {
        let mut h = Hasher::new();
        h.digest(&self.control.roots().root());
        let c = self.bus.network.counters;
        for n in [c.sent, c.lost, c.cut, c.duplicated, self.bus.under_way() as u64, self.cast.requested(), u64::from(self.own.next_edge)] {
            h.u64(n);
        }
        h.finish()
    }

    /// Digest of every room.
    #[must_use]
    pub fn roots(&self) -> StateRoots {
        let mut roots = self.control.roots();
        roots.rooms.push(("cast".into(), nooterra_engine::digest::blake3(&encode(&self.cast))));
        roots.rooms.push(("network".into(), nooterra_engine::digest::blake3(&encode(&self.bus))));
        self.fleet.digests(&mut |room, d| roots.rooms.push((room.to_owned(), d)));
        roots
    }

    /// The whole state.
    #[must_use]
    pub fn keyframe(&self) -> Keyframe {
        let mut parts = vec![
            Part { room: "stage".into(), bytes: encode(&self.own) },
            Part { room: "control".into(), bytes: self.control.freeze() },
            Part { room: "cast".into(), bytes: self.cast.freeze() },
            Part { room: "network".into(), bytes: self.bus.freeze() },
        ];
        self.fleet.freeze(&self.setup.site, &mut parts);
        Keyframe { tick: self.own.tick, at: self.now(), parts }
    }

    /// The run as it was at a keyframe.
    pub fn thaw(setup: Arc<Setup>, k: &Keyframe) -> Result<Self, StageError> {
        let part = |room: &'static str| k.part(room).ok_or(StageError::Missing(room));
        let bad = |room: &'static str| move |source| StageError::Thaw { room, source };
        let own: Own = decode(part("stage")?).map_err(bad("stage"))?;
        let control = Control::thaw(part("control")?, setup.site.clone()).map_err(bad("control"))?;
        let cast = Cast::thaw(part("cast")?).map_err(bad("cast"))?;
        let bus = Bus::thaw(part("network")?).map_err(bad("network"))?;
        let ids: Vec<_> = (0..setup.resolved.robots.len()).map(|i| setup.robot_id(i)).collect();
        let fleet = SimFleet::thaw(&|room| k.part(room).map(<[u8]>::to_vec), &setup.site, world::params(&setup), &ids)?;
        let mut stage = Self::assemble(setup, own, control, fleet, cast, bus);
        // The root over what changes seldom was frozen as it stood: made anew here it would run ahead of the run's own.
        stage.dirty = !stage.own.begun;
        Ok(stage)
    }
}

/// Network nodes by the sixteen bytes of their actor.
fn nodes(setup: &Setup) -> BTreeMap<[u8; 16], Node> {
    let r = &setup.resolved;
    let mut out = BTreeMap::new();
    let mut put = |id: [u8; 16], base: Node, i: usize| out.insert(id, base + u32::try_from(i).unwrap_or(0));
    for i in 0..r.robots.len() {
        put(*setup.robot_id(i).as_bytes(), ROBOTS, i);
    }
    for (i, p) in r.requesters.iter().enumerate() {
        put(*requester_party(&p.name).as_bytes(), REQUESTERS, i);
    }
    for (i, p) in r.providers.iter().enumerate() {
        put(*provider_party(&p.name).as_bytes(), PROVIDERS, i);
    }
    put(*nooterra_cast::payments_party().as_bytes(), PAYMENTS, 0);
    put(*nooterra_cast::crew_party().as_bytes(), CREW, 0);
    for seat in Seat::ALL {
        put(*seat_party(seat).as_bytes(), seat.node(), 0);
    }
    for (i, o) in r.operators.iter().enumerate() {
        put(*nooterra_cast::operator_id(&o.name).as_bytes(), nooterra_cast::OPERATORS, i);
    }
    for (i, name) in r.log_witnesses.iter().enumerate() {
        put(*nooterra_cast::log_witness_party(name).as_bytes(), nooterra_cast::LOG_WITNESSES, i);
    }
    put(*setup.site_id().as_bytes(), SITE, 0);
    put(*setup.witness_id().as_bytes(), SITE, 0);
    out
}
