//! The platform as one machine: timers first, then the envelope, then the decision, then one unit written.

use crate::fact::{Fact, OperatorEvent, Refused};
use crate::firing;
use crate::genesis::Genesis;
use crate::heads::Heads;
use crate::input::Input;
use crate::moving::Way;
use crate::outage::SiteLink;
use crate::state::{PartyCell, RobotCell, Rooms, State};
use crate::timers::Timers;
use crate::two_keys::Proposals;
use crate::unit::{Cx, Outcome, Unit, no};
use crate::wish::Wish;
use crate::words::Words;
use crate::world::World;
use nooterra_dispatch::facilities::Facilities;
use nooterra_dispatch::traffic::Traffic;
use nooterra_engine::digest::{Digest, Hasher};
use nooterra_engine::ids::{OperatorId, PartyId, RobotId};
use nooterra_engine::keyframe::StateRoots;
use nooterra_engine::machine::{Machine, Out};
use nooterra_engine::record::DecodeError;
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{always, sometimes};
use nooterra_jobs::Job;
use nooterra_ledger::Book;
use nooterra_market::{ContractBook, PastBook, StandingBook};
use nooterra_operations::event::Event as RobotEvent;
use nooterra_operations::stop::Board;
use nooterra_operations::{Desk, Operator, Robot};
use nooterra_settlement::MoneyBook;
use nooterra_settlement::period::Exposure;
use nooterra_site::{Site, VertexIx};
use nooterra_trust::chain::Streams;
use nooterra_trust::reputation::{Reputation, Subject};
use nooterra_trust::volume::Buckets;
use nooterra_trust::{ActorChains, Code, Envelope, KeyTable, Opened, Place, PublicKey, Rejection, Role, Verdict};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use thiserror::Error;

/// Why a platform cannot start.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GenesisError {
    /// A key is bound twice or has no sense.
    #[error("keys: {0}")]
    Keys(String),
    /// A robot's home is not on its graph.
    #[error("robot {robot} cannot stand at vertex {vertex}: {why}")]
    Robot {
        /// The robot.
        robot: RobotId,
        /// Its home.
        vertex: u32,
        /// What is wrong.
        why: String,
    },
    /// A robot's owner is no party.
    #[error("robot {robot} belongs to a party that is not listed")]
    Owner {
        /// The robot.
        robot: RobotId,
    },
    /// A robot's device has no attestation in the register that speaks of it.
    #[error("robot {robot} cannot be enrolled by its attestation: {why}")]
    Attestation {
        /// The robot.
        robot: RobotId,
        /// What is wrong.
        why: &'static str,
    },
    /// A bundle, a certificate or a licence of the genesis is refused.
    #[error("skills: {0}")]
    Skills(Rejection),
    /// Nothing could be booked and settled under the first contract.
    #[error("contract: {0}")]
    Contract(Rejection),
}

/// The platform.
#[derive(Debug)]
pub struct Control {
    state: State,
    world: World,
}

impl Control {
    /// A platform before its first input.
    pub fn new(genesis: Genesis, site: Arc<Site>) -> Result<Self, GenesisError> {
        let world = World::new(&genesis, site);
        let mut keys = KeyTable::default();
        for b in &genesis.keys {
            keys.bind(b.clone()).map_err(|e| GenesisError::Keys(e.to_string()))?;
        }
        crate::register::check(&genesis).map_err(|(robot, why)| GenesisError::Attestation { robot, why })?;
        let heartbeat = genesis.policy.tier_values.map_or(Span::from_secs(30), |v| v.heartbeat);
        let (mut traffic, mut facilities, mut robots) = (Traffic::new(), Facilities::new(), BTreeMap::new());
        for (entry, r) in (0u32..).zip(&genesis.robots) {
            if !genesis.parties.iter().any(|p| p.party == r.owner) {
                return Err(GenesisError::Owner { robot: r.robot });
            }
            let class = world.classes[entry as usize];
            let vertex = VertexIx::new(r.home);
            let bad = |why: String| GenesisError::Robot { robot: r.robot, vertex: r.home, why };
            traffic.add_robot(&world.map, r.robot, class, vertex, genesis.at).map_err(|e| bad(e.to_string()))?;
            facilities.placed(&world.site, r.robot, vertex);
            let mut robot = Robot::enrol(r.robot, r.owner, &r.model.name, r.model.battery_j(), heartbeat);
            robot.trust_bps = r.trust_bps.min(10_000);
            robot.place = r.home;
            robot.give_up = genesis.policy.give_up;
            robot.service = genesis.policy.service;
            robot.serviced_at = genesis.at;
            let cell = RobotCell {
                samples: crate::abilities::Samples::default(),
                robot,
                entry,
                orders: VecDeque::new(),
                retry_at: None,
                retries: 0,
                plans: BTreeMap::new(),
                ahead_tried: None,
                way: Way::default(),
                charge_sent: false,
                shut_in: None,
                bygone: crate::bygone::Bygone::default(),
                paused: false,
                speed_mm_s: 0,
                silence_judged: false,
                braked: None,
                own_stops: VecDeque::new(),
                other_stops: VecDeque::new(),
                place: crate::areas::Place::default(),
                granted: None,
            };
            robots.insert(r.robot, cell);
        }
        let parties = genesis.parties.iter().map(|p| (p.party, PartyCell { open_jobs: 0, serving: 0, payout_at: None })).collect();
        let mut scores = Reputation::default();
        genesis.robots.iter().for_each(|r| scores.begin(Subject::Robot(r.robot), r.trust_bps));
        genesis.parties.iter().for_each(|p| scores.begin(Subject::Owner(p.party), p.trust_bps));
        let mut desk = Desk::default();
        for o in &genesis.operators {
            desk.operators.insert(o.operator, Operator::new(o.operator, o.party, o.kinds.clone()));
        }
        let now = genesis.at;
        let month = crate::finance::month_of(genesis.epoch, now);
        let exposure = genesis.policy.tariffs.iter().map(|t| (t.currency, Exposure::default())).collect();
        let policy_hash = genesis.policy.hash();
        let state = State {
            genesis,
            now,
            log_seq: 0,
            keys,
            policy_hash,
            policies: Vec::new(),
            shelf: BTreeMap::new(),
            heads: Heads::first(now),
            site_link: SiteLink::new(now),
            chains: ActorChains::default(),
            volume: Buckets::default(),
            streams: Streams::default(),
            timers: Timers::default(),
            jobs: BTreeMap::new(),
            negotiations: BTreeMap::new(),
            robots,
            parties,
            payments: BTreeMap::new(),
            authorisations: BTreeMap::new(),
            refunds: BTreeMap::new(),
            payouts: BTreeMap::new(),
            book: Book::default(),
            money: MoneyBook::default(),
            exposure,
            month,
            adjusted: BTreeMap::new(),
            adjustments: Proposals::default(),
            key_words: Proposals::default(),
            audited: BTreeSet::new(),
            provider_results: BTreeSet::new(),
            chargebacks: BTreeMap::new(),
            waiting: BTreeSet::new(),
            dispatch_trigger: None,
            dispatched_at: None,
            needs: VecDeque::new(),
            runs: BTreeMap::new(),
            held: BTreeSet::new(),
            traffic,
            traffic_touched: Some(now),
            facilities,
            facilities_at: now,
            lift_levels: BTreeMap::new(),
            site_words: 0,
            traffic_at: now,
            obstructed: BTreeMap::new(),
            asks: BTreeMap::new(),
            asks_at: None,
            past: PastBook::default(),
            cases: BTreeMap::new(),
            claim_jobs: BTreeMap::new(),
            telemetry: BTreeMap::new(),
            boxes: BTreeMap::new(),
            scores,
            strays: BTreeMap::new(),
            detectors: BTreeMap::new(),
            rooms: Rooms::default(),
            units: 0,
            desk,
            stops: Board::default(),
            skills: nooterra_skills::Registry::default(),
            contracts: ContractBook::default(),
            standing: StandingBook::default(),
            calendars: BTreeMap::new(),
            series: BTreeMap::new(),
            teams: BTreeMap::new(),
            adrift: BTreeMap::new(),
            audits: BTreeMap::new(),
            shut: BTreeSet::new(),
            robot_dockets: BTreeMap::new(),
            replays: BTreeMap::new(),
        };
        crate::contracts::check_genesis(&state.genesis).map_err(GenesisError::Contract)?;
        crate::skills::check_genesis(&state).map_err(GenesisError::Skills)?;
        Ok(Self { state, world })
    }

    /// Of the time that a job stood still, what nobody answers for.
    #[cfg(test)]
    pub(crate) fn stall_excused(&mut self, job: nooterra_engine::ids::JobId) -> Span {
        let cx = self.service_cx(self.state.now, Digest::ZERO, Role::OS);
        let (j, mut out) = (self.state.jobs[&job].clone(), Out::default());
        let unit = Unit::new(&mut self.state, &self.world, &mut out, cx);
        unit.excused(&j, nooterra_jobs::event::BreachKind::ExcessStall)
    }

    /// Writes the first facts: the robots that are enrolled, and the skills that they can be given.
    pub fn begin(&mut self, out: &mut Out<Fact, Wish>) {
        let robots: Vec<_> =
            self.state.robots.values().map(|c| (c.robot.id, c.robot.owner, c.robot.model.clone(), c.entry, c.robot.battery_j)).collect();
        let cause = nooterra_engine::digest::content_hash("nooterra/genesis/v1", &self.state.genesis);
        let cx = self.service_cx(self.state.now, cause, Role::OS);
        let mut unit = Unit::new(&mut self.state, &self.world, out, cx);
        for o in unit.s.genesis.operators.clone() {
            unit.emit_operator(o.operator, OperatorEvent::OperatorRegistered { party: o.party, certs: o.kinds });
        }
        for (id, owner, model, entry, battery_j) in robots {
            let g = &unit.s.genesis;
            let Some(e) = g.robots.get(entry as usize) else { continue };
            let (driver_version, attestation_hash) = (e.driver_version, e.attestation);
            let device_key = g.register.device(attestation_hash).map(PublicKey::id);
            unit.emit_robot(id, RobotEvent::RobotEnrolled { owner, model, driver_version, device_key, attestation_hash, battery_j });
        }
        unit.open_skills();
        unit.open_contract();
        unit.finish();
    }

    /// The whole state as bytes. The site is not in it.
    pub fn freeze(&self) -> Vec<u8> {
        nooterra_engine::encode(&self.state)
    }

    /// The platform with this state, on the same site.
    pub fn thaw(bytes: &[u8], site: Arc<Site>) -> Result<Self, DecodeError> {
        let state: State = nooterra_engine::decode(bytes)?;
        let world = World::new(&state.genesis, site);
        let mut c = Self { state, world };
        if nooterra_engine::planted!("I2 forget a timer in a restart") {
            c.state.timers = Timers::default();
        }
        Ok(c)
    }

    /// Digests of the rooms; constant cost.
    pub fn roots(&self) -> StateRoots {
        self.state.roots()
    }

    /// The state, to read.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The site and what is derived from it.
    pub const fn world(&self) -> &World {
        &self.world
    }

    fn service_cx(&self, legal: Instant, cause: Digest, role: Role) -> Cx {
        Cx {
            legal,
            cause,
            actor: *self.state.genesis.tenant.as_bytes(),
            role,
            key: None,
            dev_ns: None,
            boot: 0,
            log_seq: self.state.log_seq,
            lease: None,
            fence: None,
            expect_head: None,
            fired: None,
        }
    }

    /// Takes one input that arrived at `now`.
    pub fn take(&mut self, now: Instant, input: Input, out: &mut Out<Fact, Wish>) {
        let recv = now.max(self.state.now);
        self.fire_due(recv, out);
        self.state.now = recv;
        self.state.log_seq += 1;
        let Input { opened } = input;
        let (envelope, hash) = (opened.envelope(), opened.hash());
        let role = self.state.keys.get(envelope.key).map(|b| b.role);
        let place = self.place(&opened, recv).and_then(|p| self.volume(&p, role, envelope, recv).map(|()| p));
        let verdict = match place {
            Ok(Place::Duplicate(first)) => {
                sometimes!(true, "message repeated");
                first
            }
            Err(r) => self.refuse(envelope, hash, r, recv, out),
            Ok(Place::Next) => {
                let before = (self.state.rooms.clone(), self.state.book.next_seq());
                let verdict = match self.decide(envelope, hash, role, recv, out) {
                    Ok(()) => Verdict::Accepted,
                    Err(r) => {
                        let same = before.0 == self.state.rooms && before.1 == self.state.book.next_seq();
                        always!(same, "I6 a refused input changes nothing", "{r}: {}", envelope.type_name);
                        self.refuse(envelope, hash, r, recv, out)
                    }
                };
                self.state.chains.advance(&opened, verdict.clone(), recv);
                self.state.rooms.trust.fold(&hash.0);
                verdict
            }
        };
        let s = &self.state;
        let receipt = s.chains.receipt(envelope, hash, verdict, recv, s.log_seq, self.world.service_key);
        out.wishes.push(Wish::Receipt { role, receipt: Box::new(receipt) });
    }

    /// Form, identity, position: before anything is decided.
    fn place(&self, opened: &Opened, recv: Instant) -> Result<Place, Rejection> {
        let e = opened.envelope();
        e.check_form()?;
        if e.tenant != self.state.genesis.tenant && !nooterra_engine::planted!("I39 hear another tenant") {
            return no(Code::NotFound);
        }
        self.state.keys.identify(opened, recv)?;
        self.state.chains.place(e, opened.hash())
    }

    /// Volume: what is not urgent needs a token. What has none leaves the chain where it is, and may come again.
    fn volume(&mut self, place: &Place, role: Option<Role>, e: &Envelope, recv: Instant) -> Outcome {
        let Some(role) = role.filter(|_| *place == Place::Next) else { return Ok(()) };
        let full = self.state.volume.check(e.actor, self.state.genesis.policy.volume.of(role), recv);
        // Bodies are read once where there is room, which is nearly always.
        if full.is_err() && Words::read(role, e).is_ok_and(|w| w.is_urgent()) { Ok(()) } else { full }
    }

    fn refuse(&self, e: &Envelope, hash: Digest, rejection: Rejection, recv: Instant, out: &mut Out<Fact, Wish>) -> Verdict {
        out.facts.push(Fact::Rejected(Box::new(Refused {
            input_hash: hash,
            actor: e.actor,
            type_name: e.type_name.clone(),
            recv_ns: recv,
            log_seq: self.state.log_seq,
            rejection: rejection.clone(),
        })));
        Verdict::Refused(rejection)
    }

    /// What an envelope says, from whoever was found to have sent it.
    fn decide(&mut self, e: &Envelope, hash: Digest, role: Option<Role>, recv: Instant, out: &mut Out<Fact, Wish>) -> Outcome {
        self.state.chains.check_time(e, recv)?;
        let role = role.ok_or_else(|| Rejection::new(Code::KeyUnknown))?;
        if role == Role::RB && (e.boot, e.dev_ns) == (0, 0) {
            return Err(Rejection::new(Code::SchemaInvalid).field("dev_ns").expected("the robot's own time").actual(0));
        }
        let cx = Cx {
            legal: if nooterra_engine::planted!("I8 device time counts") && e.dev_ns > 0 { Instant(e.dev_ns) } else { recv },
            cause: hash,
            actor: e.actor,
            role,
            key: Some(e.key),
            dev_ns: (e.dev_ns > 0).then_some(e.dev_ns),
            boot: e.boot,
            log_seq: self.state.log_seq,
            lease: e.lease,
            fence: e.fence,
            expect_head: e.expect_head,
            fired: None,
        };
        let body = Words::read(role, e);
        if !body.as_ref().is_ok_and(Words::is_urgent) {
            self.state.volume.take(e.actor, self.state.genesis.policy.volume.of(role), recv);
        }
        let body = body?;
        let mut unit = Unit::new(&mut self.state, &self.world, out, cx);
        match body {
            Words::Requester(c) => unit.requester(PartyId::from_bytes(e.actor), c),
            Words::Owner(c) => unit.owner(PartyId::from_bytes(e.actor), c),
            Words::Robot(r) => unit.robot_report(RobotId::from_bytes(e.actor), r, &e.body),
            Words::Site(r) => unit.facility_report(e.actor, r),
            Words::Payment(r) => unit.payment(PartyId::from_bytes(e.actor), r),
            Words::Staff(c) => unit.staff(c),
            Words::Case(c) => unit.case_command(c),
            Words::Contract(c) => unit.contract_word(c),
            Words::Finance(c) => unit.finance(c),
            Words::Operator(c) => unit.operator(OperatorId::from_bytes(e.actor), c),
            Words::Developer(c) => unit.developer(c),
            Words::Certifier(c) => unit.certifier(c),
            Words::Governance(c) => unit.governance(c),
        }?;
        unit.finish();
        Ok(())
    }

    /// Fires every timer due at or before `now`, each as its own unit, those included that these arm.
    pub fn fire_due(&mut self, now: Instant, out: &mut Out<Fact, Wish>) {
        while let Some((key, computed)) = self.state.timers.pop_due(now) {
            let mut cx = self.service_cx(key.due, key.hash(), firing::authority(&key));
            cx.fired = Some((key, computed));
            self.state.now = self.state.now.max(key.due);
            let mut unit = Unit::new(&mut self.state, &self.world, out, cx);
            unit.fire(&key);
            unit.finish();
        }
    }

    /// All jobs, by id.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.state.jobs.values()
    }

    /// With what right a robot would pass a door that leads in now.
    pub fn pass_of(&self, robot: RobotId) -> Option<nooterra_port::facility::Pass> {
        crate::entrances::pass_inward(&self.state, robot)
    }

    /// All robots, by id.
    pub fn robots(&self) -> impl Iterator<Item = &Robot> {
        self.state.robots.values().map(|c| &c.robot)
    }

    /// The book.
    pub const fn book(&self) -> &Book {
        &self.state.book
    }
}

impl Machine for Control {
    type Input = Input;
    type Fact = Fact;
    type Wish = Wish;
    fn step(&mut self, now: Instant, input: Input, out: &mut Out<Fact, Wish>) {
        self.take(now, input, out);
    }
    fn advance(&mut self, now: Instant, out: &mut Out<Fact, Wish>) {
        self.fire_due(now, out);
        self.state.now = self.state.now.max(now);
    }
    fn next_deadline(&self) -> Option<Instant> {
        self.state.timers.next_deadline()
    }
    fn digest(&self, h: &mut Hasher) {
        for (name, root) in &self.state.roots().rooms {
            h.u64(name.len() as u64).bytes(name.as_bytes()).digest(root);
        }
        h.u64(self.state.now.0).u64(self.state.log_seq).u64(self.state.units);
    }
}
