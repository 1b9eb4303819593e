//! A small world of puppets around the platform: providers, a bank, a site, robots that move from node to node.
//! They do as they are told, unless a knob says otherwise. All of them sign with real keys.

pub use super::floor::row;
pub use super::puppet::{Knobs, Puppet};
use crate::fact::Fact;
use crate::genesis::{ContractTerms, Genesis, PartyEntry, RobotEntry, WitnessEntry};
use crate::input::{Body, GovernanceCommand, Input, OwnerCommand, PaymentReport, StaffCommand};
use crate::register::{Attestation, Register};
use crate::wish::{Terms, VaultAsk, Wish};
use crate::{Control, Policy};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{ContractId, ItemId, JobId, PartyId, RobotId, SiteId, TenantId};
use nooterra_engine::machine::{Machine, Out};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, marks};
use nooterra_port::report::PoseMm;
use nooterra_port::{FacilityOrder, FacilityReport};
use nooterra_site::RobotModel;
use nooterra_site::model::Site;
use nooterra_trust::{Binding, Envelope, Role, Sender, SigningKey};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub const TENANT: &str = "test";

pub struct Rig {
    pub c: Control,
    pub site: Arc<Site>,
    pub now: Instant,
    pub senders: BTreeMap<String, Sender>,
    pub robots: BTreeMap<RobotId, Puppet>,
    pub knobs: Knobs,
    pub facts: Vec<Fact>,
    pub quotes: BTreeMap<JobId, u32>,
    pub(super) moved: BTreeSet<Digest>,
    pub(super) captured: BTreeMap<Currency, u64>,
    pub(super) handed_over: BTreeMap<Currency, u64>,
    settled_at: Instant,
    pub(super) watched: BTreeMap<JobId, (RobotId, Vec<u32>, Option<ItemId>)>,
    pub(super) inside: BTreeSet<(JobId, RobotId)>,
    pub refused: Vec<(String, String)>,
    /// What the crew on site was asked.
    pub crew: Vec<Wish>,
    /// What operators were told.
    pub help: Vec<(nooterra_engine::ids::OperatorId, crate::HelpWord)>,
    /// What the site was told beside.
    pub alarms: Vec<FacilityOrder>,
    /// Owners whose robots do not answer to a stop.
    pub unheard: Vec<PartyId>,
    /// Terms that parties were shown.
    pub shown: Vec<(PartyId, JobId, Digest, Terms)>,
    /// How far streams had come when somebody who decides was last told.
    pub dockets: BTreeMap<(PartyId, String), Digest>,
    /// What the vault was asked for.
    pub vault: Vec<VaultAsk>,
    /// Jobs that an auditor was asked for, each time.
    pub audits: Vec<JobId>,
    pub restart_every: Option<u32>,
    /// What was said to the platform: after how many facts, when.
    pub inputs: Vec<(usize, Instant, Envelope)>,
    /// Broken oaths are kept here, if anybody wants them; otherwise they end the test.
    pub oaths: Option<Vec<(&'static str, String)>>,
    /// Robots' clocks run ahead by so much.
    pub ahead: Span,
    pub(super) ticks: u32,
}

pub fn party(name: &str) -> PartyId {
    PartyId::named(name)
}
pub fn operator(name: &str) -> nooterra_engine::ids::OperatorId {
    nooterra_engine::ids::OperatorId::named(name)
}
pub fn robot(name: &str) -> RobotId {
    RobotId::named(name)
}
pub fn key(name: &str) -> SigningKey {
    SigningKey::derived(b"test", &[name.as_bytes()])
}

/// The key of this name, for this holder and for ever.
pub fn bind(name: &str, role: Role, subject: [u8; 16]) -> Binding {
    Binding {
        public: key(name).public(),
        tenant: TenantId::named(TENANT),
        role,
        subject,
        name: name.into(),
        from: Instant::ZERO,
        to: Instant::NEVER,
        revoked_at: None,
    }
}

/// What the maker attests of a robot's device.
pub fn attested(robot: &str, model: &str) -> Attestation {
    Attestation::sign(key(robot).public(), model, &key("maker"))
}

pub fn genesis(policy: Policy, robots: &[(&str, &str, u32)]) -> Genesis {
    let tenant = TenantId::named(TENANT);
    let parties = [
        "rq", "rq2", "acme", "bolt", "bank", "landlord", "staff", "staff2", "judge", "judge2", "insurer", "books", "books2", "helpdesk",
        "dev", "cert",
    ];
    let mut keys = vec![
        bind("rq", Role::RQ, *party("rq").as_bytes()),
        bind("rq2", Role::RQ, *party("rq2").as_bytes()),
        bind("acme", Role::OW, *party("acme").as_bytes()),
        bind("bolt", Role::OW, *party("bolt").as_bytes()),
        bind("bank", Role::PS, *party("bank").as_bytes()),
        bind("site", Role::SI, *SiteId::named("site").as_bytes()),
        bind("staff", Role::OS, *party("staff").as_bytes()),
        bind("staff2", Role::OS, *party("staff2").as_bytes()),
        bind("judge", Role::TR, *party("judge").as_bytes()),
        bind("judge2", Role::TR, *party("judge2").as_bytes()),
        bind("insurer", Role::IN, *party("insurer").as_bytes()),
        bind("books", Role::FI, *party("books").as_bytes()),
        bind("books2", Role::FI, *party("books2").as_bytes()),
        bind("olga", Role::OP, *operator("olga").as_bytes()),
        bind("otto", Role::OP, *operator("otto").as_bytes()),
        bind("dev", Role::DV, *party("dev").as_bytes()),
        bind("cert", Role::CE, *party("cert").as_bytes()),
        bind("market", Role::MK, *party("market").as_bytes()),
        bind("eye", Role::WI, *party("eye").as_bytes()),
        bind("eye2", Role::WI, *party("eye2").as_bytes()),
    ];
    keys.extend(robots.iter().map(|(n, _, _)| bind(n, Role::RB, *robot(n).as_bytes())));
    Genesis {
        tenant,
        policy,
        site: SiteId::named("site"),
        at: Instant::ZERO,
        epoch: Instant::ZERO,
        contracts: vec![ContractTerms {
            contract: ContractId::named("standard"),
            currency: Currency::EUR,
            text_hash: Digest([7; 32]),
            cover_fee: Amount::new(40).unwrap(),
            substitution: false,
            licences: vec![],
        }],
        insurer: Some(party("insurer")),
        parties: parties
            .iter()
            .map(|p| PartyEntry { party: party(p), name: (*p).into(), trust_bps: 7_000, takes: vec![], own: vec![] })
            .collect(),
        keys,
        register: Register {
            makers: vec![key("maker").public()],
            devices: robots.iter().map(|(n, _, _)| attested(n, &RobotModel::default().name)).collect(),
        },
        robots: robots
            .iter()
            .map(|(n, owner, home)| RobotEntry {
                attestation: attested(n, &RobotModel::default().name).hash(),
                robot: robot(n),
                name: (*n).into(),
                owner: party(owner),
                model: RobotModel::default(),
                graph_idx: 0,
                home: *home,
                trust_bps: 7_000,
                driver_version: 1,
                camera: nooterra_port::camera::CameraKind::None,
            })
            .collect(),
        witnesses: vec![WitnessEntry { actor: *SiteId::named("site").as_bytes(), owner: party("landlord") }],
        service_key: key("platform").public(),
        log_witnesses: vec![],
        operators: vec![],
        skills: vec![],
        terminals: vec![],
    }
}

impl Rig {
    pub fn new(robots: &[(&str, &str, u32)]) -> Self {
        Self::with(Policy::scenario(), robots)
    }

    /// With operators on the desk.
    pub fn with_operators(robots: &[(&str, &str, u32)]) -> Self {
        let mut g = genesis(Policy::scenario(), robots);
        let kinds = nooterra_operations::intervention::Kind::ALL.to_vec();
        for n in ["olga", "otto"] {
            g.operators.push(crate::OperatorEntry {
                operator: operator(n),
                name: n.into(),
                party: party("helpdesk"),
                kinds: kinds.clone(),
            });
        }
        Self::of(g, robots)
    }

    pub fn with(policy: Policy, robots: &[(&str, &str, u32)]) -> Self {
        Self::of(genesis(policy, robots), robots)
    }

    /// On a genesis of its own with these robots.
    pub fn of(g: Genesis, robots: &[(&str, &str, u32)]) -> Self {
        Self::on(row(8), g, robots)
    }

    /// The same, on a floor of its own.
    pub fn on(site: Site, g: Genesis, robots: &[(&str, &str, u32)]) -> Self {
        let _ = marks::take();
        let site = Arc::new(site);
        let tenant = g.tenant;
        let mut c = Control::new(g, site.clone()).unwrap();
        let mut out = Out::default();
        c.begin(&mut out);
        let person = |n: &str, actor: [u8; 16]| (n.to_owned(), Sender::person(tenant, actor, key(n)));
        let mut senders: BTreeMap<String, Sender> = [
            "rq", "rq2", "acme", "bolt", "bank", "staff", "staff2", "judge", "judge2", "insurer", "books", "books2", "dev", "cert",
            "market", "eye", "eye2",
        ]
        .iter()
        .map(|n| person(n, *party(n).as_bytes()))
        .collect();
        senders.extend(["olga", "otto"].iter().map(|n| person(n, *operator(n).as_bytes())));
        senders.insert("site".into(), Sender::device(tenant, *SiteId::named("site").as_bytes(), key("site"), 1));
        let puppets = robots
            .iter()
            .map(|(n, _, home)| {
                let sender = Sender::device(tenant, *robot(n).as_bytes(), key(n), 1);
                let p = Puppet {
                    heard: sender.clone(),
                    sender,
                    fence: 0,
                    lease: None,
                    ahead: Vec::new(),
                    route: vec![],
                    order: None,
                    last_id: 0,
                    at: *home,
                    moved: Instant::ZERO,
                    beat: Instant::ZERO,
                    orders_seen: 0,
                    bundles: Vec::new(),
                    phase: 0,
                    granted: false,
                    step: 0,
                    aborted: false,
                    soc_bps: 9_500,
                    queue: vec![],
                    seen: vec![],
                    braked: false,
                    line: None,
                    views: 0,
                    freed: false,
                    stuck: false,
                    stops: BTreeSet::new(),
                    asked: false,
                    answered: false,
                    lift: 0,
                    begins: Instant::ZERO,
                    holds: None,
                    put_down: None,
                    fetched: false,
                    boxed: super::boxes::Boxed::default(),
                };
                (robot(n), p)
            })
            .collect();
        Self {
            c,
            site,
            now: Instant::ZERO,
            senders,
            robots: puppets,
            knobs: Knobs { residual_milli: Some(0), ..Knobs::default() },
            facts: out.facts,
            quotes: BTreeMap::new(),
            moved: BTreeSet::new(),
            captured: BTreeMap::new(),
            handed_over: BTreeMap::new(),
            settled_at: Instant::ZERO,
            watched: BTreeMap::new(),
            inside: BTreeSet::new(),
            refused: vec![],
            crew: vec![],
            help: vec![],
            alarms: vec![],
            unheard: vec![],
            shown: vec![],
            dockets: BTreeMap::new(),
            vault: vec![],
            audits: vec![],
            restart_every: None,
            inputs: vec![],
            oaths: None,
            ahead: Span::ZERO,
            ticks: 0,
        }
    }

    pub fn say<B: Body>(&mut self, who: &str, body: &B) -> Envelope {
        let now = self.now;
        let s = self.senders.get_mut(who).unwrap();
        s.seal(body.draft("stream"), Instant(now.0 + 1), 0)
    }

    pub fn send<B: Body>(&mut self, who: &str, body: &B) -> Result<(), String> {
        let e = self.say(who, body);
        self.put(e)
    }

    /// Says something that rests on displayed terms, at the head of the job's stream as it is now.
    pub fn send_at<B: Body>(&mut self, who: &str, job: JobId, body: &B) -> Result<(), String> {
        self.send_on(who, &format!("job/{job}"), body)
    }

    /// Says something about the books of the month that is open, as they are now.
    pub fn send_books<B: Body>(&mut self, who: &str, currency: Currency, body: &B) -> Result<(), String> {
        self.send_on(who, &format!("period/{}", self.c.state().month.period(currency)), body)
    }

    /// Says something at the head of a stream as it is now.
    pub fn send_on<B: Body>(&mut self, who: &str, stream: &str, body: &B) -> Result<(), String> {
        let s = self.c.state();
        // Of a robot what a decision may rest on, and else all that was written there.
        let read = s.robot_dockets.get(stream).copied().filter(|_| stream.starts_with("robot/"));
        let head = read.unwrap_or_else(|| s.streams.head(stream).chain);
        self.send_reading(who, head, body)
    }

    /// Says something that was decided at this head.
    pub fn send_reading<B: Body>(&mut self, who: &str, head: Digest, body: &B) -> Result<(), String> {
        let mut draft = body.draft("stream");
        draft.expect_head = Some(head);
        let now = Instant(self.now.0 + 1);
        let e = self.senders.get_mut(who).unwrap().seal(draft, now, 0);
        self.put(e)
    }

    /// Hands an envelope to the platform and lets the puppets answer what it wishes.
    pub fn put(&mut self, e: Envelope) -> Result<(), String> {
        self.inputs.push((self.facts.len(), self.now, e.clone()));
        let mut out = Out::default();
        self.c.step(self.now, Input::new(e), &mut out);
        self.digest_out(out)
    }

    fn digest_out(&mut self, out: Out<Fact, Wish>) -> Result<(), String> {
        let mut verdict = Ok(());
        for f in &out.facts {
            if let Fact::Rejected(r) = f {
                self.refused.push((r.type_name.clone(), r.rejection.to_string()));
                verdict = Err(r.rejection.code.text().to_owned());
            }
        }
        self.facts.extend(out.facts);
        let broken = marks::take().broken;
        match &mut self.oaths {
            Some(kept) => kept.extend(broken),
            None => assert!(broken.is_empty(), "{broken:#?}"),
        }
        // Whoever lets wishes out signs what is said in the platform's name.
        let service = key("platform");
        for mut w in out.wishes {
            w.sign(&service);
            self.answer(w);
        }
        verdict
    }

    fn answer(&mut self, w: Wish) {
        match w {
            Wish::Order(o) => self.order(*o),
            Wish::Facility { order, .. } => self.site_order(order),
            Wish::Pay(ask) => self.bank(ask),
            Wish::Invite { provider, invitation } => {
                if self.knobs.no_quotes || invitation.ready == 0 {
                    return;
                }
                let second = self.c.state().teams.values().any(|t| t.members.iter().skip(1).step_by(2).any(|m| *m == invitation.job));
                let dear = if self.knobs.split && second { 11_500 } else { 9_500 };
                let (who, bps) = if provider == party("acme") { ("acme", dear) } else { ("bolt", 10_500) };
                let service = Amount::new(invitation.price.total() * bps / 10_000).unwrap();
                let q = OwnerCommand::SubmitQuote {
                    job: invitation.job,
                    service,
                    currency: invitation.currency,
                    arrive: invitation.window.start,
                    robot_class: "tinyRobot".into(),
                    expires: invitation.window.end,
                };
                // The first quote may have been awarded at once.
                if self.send(who, &q).is_ok() {
                    *self.quotes.entry(invitation.job).or_default() += 1;
                }
            }
            Wish::Recover(ask) => self.crew.push(Wish::Recover(ask)),
            Wish::PutBack { .. } | Wish::Return(_) => self.crew.push(w),
            Wish::Help { operator, word } => self.help.push((operator, word)),
            Wish::Disobeys { party, .. } => self.unheard.push(party),
            Wish::Show { party, job, head, terms } => self.shown.push((party, job, head, *terms)),
            Wish::Witness { party: p, head } => {
                for who in ["eye", "eye2"].into_iter().filter(|w| party(w) == p) {
                    let _ = self.send(who, &GovernanceCommand::WitnessHead { number: head.number, root: head.root });
                }
            }
            Wish::Docket { party, stream, head } => drop(self.dockets.insert((party, stream), head)),
            Wish::Vault(ask) => self.vault.push(ask),
            Wish::Audit { job, .. } => self.audits.push(job),
            Wish::Notify { .. } | Wish::Alert { .. } | Wish::Receipt { .. } => {}
        }
    }

    /// Half a second passes.
    pub fn tick(&mut self) {
        self.now = self.now.saturating_add(Span::from_millis(500));
        self.ticks += 1;
        if self.restart_every.is_some_and(|n| self.ticks.is_multiple_of(n)) {
            let bytes = self.c.freeze();
            self.c = Control::thaw(&bytes, self.site.clone()).unwrap();
            assert_eq!(self.c.freeze(), bytes);
        }
        let mut out = Out::default();
        self.c.advance(self.now, &mut out);
        self.digest_out(out).ok();
        self.consoles();
        let ids: Vec<RobotId> = self.robots.keys().copied().collect();
        for id in &ids {
            if !self.is_dead(*id) {
                self.drive(*id);
            }
        }
        for id in &ids {
            if !self.is_cut(*id) {
                let p = self.robots.get_mut(id).unwrap();
                p.heard = p.sender.clone();
                let mut queue = std::mem::take(&mut p.queue).into_iter();
                while let Some(e) = queue.next() {
                    // What is too much at once is said again later.
                    if self.put(e.clone()) == Err("RATE_LIMITED".into()) {
                        let p = self.robots.get_mut(id).unwrap();
                        p.queue = [e].into_iter().chain(queue.by_ref()).chain(std::mem::take(&mut p.queue)).collect();
                    }
                }
            }
        }
        if self.now.since(self.settled_at) >= Span::from_secs(30) {
            for (currency, captured) in self.captured.clone() {
                let before = self.handed_over.insert(currency, captured).unwrap_or(0);
                if captured <= before {
                    self.handed_over.insert(currency, before);
                    continue;
                }
                self.settled_at = self.now;
                let amount = Amount::new(captured - before).unwrap();
                let provider_ref = format!("{currency} {}", self.now);
                let r = PaymentReport::ProviderSettled { amount, fee: Amount::ZERO, currency, provider_ref };
                self.send("bank", &r).unwrap();
            }
        }
        if !self.knobs.site_silent && self.now.0.is_multiple_of(10_000_000_000) {
            let _ = self.send("site", &FacilityReport::Alive {});
        }
        if !self.knobs.no_triage {
            let open: Vec<_> = self.c.incidents().into_iter().filter(|i| !i.triaged && i.severity >= 3).collect();
            for i in open {
                let c = StaffCommand::Triage {
                    job: i.job,
                    incident: i.incident,
                    severity: i.severity,
                    fault: nooterra_jobs::event::Fault::Owner,
                    confirmed: true,
                };
                let _ = self.send_at("judge", i.job, &c);
            }
        }
    }
}

pub fn pose(at: Vec2) -> PoseMm {
    nooterra_engine::geom::Pose2 { at, theta_rad: 0.0 }.into()
}
