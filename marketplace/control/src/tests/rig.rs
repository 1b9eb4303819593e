//! A small world of puppets around the platform: providers, a bank, a site, robots that move from node to node.
//! They do as they are told, unless a knob says otherwise. All of them sign with real keys.

pub use super::floor::row;
use crate::fact::Fact;
use crate::genesis::{ContractTerms, Genesis, PartyEntry, RobotEntry, WitnessEntry};
use crate::input::{Body, GovernanceCommand, Input, OwnerCommand, PaymentReport, StaffCommand};
use crate::wish::{PaymentAsk, Terms, VaultAsk, Wish};
use crate::{Control, Policy};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{AccessPlanId, ContractId, ItemId, JobId, LeaseId, OrderId, PartyId, RobotId, SiteId, TenantId};
use nooterra_engine::machine::{Machine, Out};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, marks};
use nooterra_port::facility::WitnessClass;
use nooterra_port::order::{LeaseOffer, StepAction};
use nooterra_port::report::{self, Heartbeat, PoseMm};
use nooterra_port::{FacilityOrder, FacilityReport, Order, Report};
use nooterra_site::RobotModel;
use nooterra_site::model::Site;
use nooterra_trust::{Binding, Envelope, Role, Sender, SigningKey};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub const TENANT: &str = "test";

#[derive(Default)]
pub struct Knobs {
    pub no_quotes: bool,
    pub decline: bool,
    /// The bank does not answer whether it authorises.
    pub sits_on_authorisations: bool,
    /// What it authorises lasts for so long.
    pub authorises_for: Option<Span>,
    /// Nor whether it takes the money.
    pub sits_on_captures: bool,
    pub ignore_offers: BTreeSet<RobotId>,
    pub refuse_offers: BTreeSet<RobotId>,
    pub never_depart: BTreeSet<RobotId>,
    /// From then on this robot neither speaks nor moves.
    pub dead: BTreeMap<RobotId, Instant>,
    /// Between these instants nothing from or to this robot gets through.
    pub cut: BTreeMap<RobotId, (Instant, Instant)>,
    /// Gives up inside, before this step.
    pub abort_before_step: BTreeMap<RobotId, u16>,
    pub no_drop_witness: bool,
    /// What sensors of the floor measure at a vertex, mm²; all of it if not said.
    pub floors: BTreeMap<u32, i64>,
    pub no_triage: bool,
    /// The site's controller does not say that it is there.
    pub site_silent: bool,
    pub no_access: bool,
    pub capture_fails: u32,
    pub refund_fails: u32,
    /// Stands still before this step until an operator lets it go on.
    pub stuck_before_step: BTreeMap<RobotId, u16>,
    /// Says nothing to interventions.
    pub deaf_to_help: bool,
    /// Robots refuse interventions with this code.
    pub refuse_help: Option<&'static str>,
    /// At this step this robot asks the requester for something, and waits; with true the step may be left out.
    pub wants: BTreeMap<RobotId, (u16, nooterra_port::Wanted, bool)>,
    /// Robots do not use what was approved.
    pub sits_on_approvals: bool,
    /// Does not say that it knows that access was taken back.
    pub deaf_to_revoke: BTreeSet<RobotId>,
    /// Neither do the doors.
    pub deaf_doors: bool,
    /// Of a team's members every second one is cheaper with the other owner.
    pub split: bool,
    /// Jobs for which the bank declines, or says nothing.
    pub declines: BTreeSet<JobId>,
    pub no_answer: BTreeSet<JobId>,
    /// Never says that it is ready to lift.
    pub never_ready: BTreeSet<RobotId>,
    /// Lets go of what it lifts, and says nothing.
    pub lets_go: BTreeSet<RobotId>,
    /// The witness at transfer places sees nothing.
    pub no_transfer_witness: bool,
    /// Does not put its load down.
    pub keeps_load: BTreeSet<RobotId>,
    /// Has no black box.
    pub no_box: BTreeSet<RobotId>,
    /// Has no room for skills.
    pub unteachable: BTreeSet<RobotId>,
    /// Says nothing of skills that come.
    pub mute_on_skills: BTreeSet<RobotId>,
}

pub struct Puppet {
    pub sender: Sender,
    pub fence: u64,
    pub lease: Option<(LeaseOffer, u64)>,
    /// Leases that it keeps for later.
    pub ahead: Vec<(LeaseOffer, u64)>,
    pub route: Vec<(u32, u32, bool)>,
    pub order: Option<OrderId>,
    pub last_id: u32,
    pub at: u32,
    pub moved: Instant,
    pub beat: Instant,
    pub orders_seen: u64,
    /// Told to brake and stay.
    pub braked: bool,
    pub phase: u8,
    pub granted: bool,
    pub step: u16,
    pub aborted: bool,
    pub soc_bps: u32,
    queue: Vec<Envelope>,
    /// Its chain as far as the platform has heard it.
    pub heard: Sender,
    pub seen: Vec<Order>,
    pub line: Option<nooterra_engine::ids::AssistId>,
    pub views: u32,
    pub freed: bool,
    stuck: bool,
    pub stops: BTreeSet<nooterra_engine::ids::StopId>,
    pub(super) asked: bool,
    pub(super) answered: bool,
    /// At a step in common: 0 not yet, 1 ready, 2 told, 3 failed; and when all begin.
    pub lift: u8,
    pub begins: Instant,
    /// What it has on it; where it is to put it down; it has what was left for it.
    pub holds: Option<ItemId>,
    pub put_down: Option<u32>,
    pub fetched: bool,
    /// What it records of itself, once somebody asks.
    pub boxed: super::boxes::Boxed,
}

impl Puppet {
    /// What it has said and nobody has heard.
    pub fn take_queue(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.queue)
    }
}

pub struct Rig {
    pub c: Control,
    pub site: Arc<Site>,
    pub now: Instant,
    pub senders: BTreeMap<String, Sender>,
    pub robots: BTreeMap<RobotId, Puppet>,
    pub knobs: Knobs,
    pub facts: Vec<Fact>,
    pub quotes: BTreeMap<JobId, u32>,
    moved: BTreeSet<Digest>,
    captured: BTreeMap<Currency, u64>,
    handed_over: BTreeMap<Currency, u64>,
    settled_at: Instant,
    watched: BTreeMap<JobId, (RobotId, Vec<u32>, Option<ItemId>)>,
    inside: BTreeSet<(JobId, RobotId)>,
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
    ticks: u32,
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
        robots: robots
            .iter()
            .map(|(n, owner, home)| RobotEntry {
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
            knobs: Knobs::default(),
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
        let head = self.c.state().streams.head(stream).chain;
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
            Wish::Unheard { party, .. } | Wish::Overstays { party, .. } => self.unheard.push(party),
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

    /// An ask that is repeated moves money once.
    fn once(&mut self, ask: &PaymentAsk) -> bool {
        self.moved.insert(nooterra_engine::digest::blake3(&nooterra_engine::encode(ask)))
    }

    fn bank(&mut self, ask: PaymentAsk) {
        let r = match ask.clone() {
            PaymentAsk::Authorise { .. } if self.knobs.sits_on_authorisations => return,
            PaymentAsk::Capture { .. } if self.knobs.sits_on_captures => return,
            PaymentAsk::Authorise { job, .. } if self.knobs.no_answer.contains(&job) => return,
            PaymentAsk::Authorise { payment, amount, currency, job, .. } => {
                if self.knobs.decline || self.knobs.declines.contains(&job) {
                    PaymentReport::Declined { payment, code: "INSUFFICIENT_FUNDS".into() }
                } else {
                    let expires = self.now.saturating_add(self.knobs.authorises_for.unwrap_or(Span::from_mins(7 * 24 * 60)));
                    PaymentReport::Authorised { payment, amount, currency, expires, provider_ref: "ref".into() }
                }
            }
            PaymentAsk::Capture { payment, amount } => {
                if self.knobs.capture_fails > 0 {
                    self.knobs.capture_fails -= 1;
                    PaymentReport::CaptureFailed { payment, code: "TRY_LATER".into() }
                } else {
                    if self.once(&ask) {
                        let job = self.c.state().payments[&payment];
                        let currency = self.c.state().jobs[&job].request.currency;
                        *self.captured.entry(currency).or_default() += amount.minor();
                    }
                    PaymentReport::Captured { payment, amount }
                }
            }
            PaymentAsk::Void { payment } => PaymentReport::Voided { payment },
            PaymentAsk::Refund { refund, .. } if self.knobs.refund_fails > 0 => {
                self.knobs.refund_fails -= 1;
                PaymentReport::RefundFailed { refund, code: "ACCOUNT_CLOSED".into() }
            }
            PaymentAsk::Refund { refund, amount, currency, .. } => {
                if self.once(&ask) {
                    *self.captured.entry(currency).or_default() -= amount.minor();
                }
                PaymentReport::RefundPaid { refund, provider_ref: "ref".into() }
            }
            PaymentAsk::PayClaim { claim, amount, currency, .. } => {
                PaymentReport::ClaimPaid { claim, amount, currency, provider_ref: "ref".into() }
            }
            PaymentAsk::Recover { claim, insurer, amount, currency } => {
                PaymentReport::RecoveryReceived { claim, insurer, amount, currency }
            }
            PaymentAsk::Payout { payout, .. } => PaymentReport::PayoutConfirmed { payout, provider_ref: "ref".into() },
        };
        let _ = self.send("bank", &r);
    }

    fn site_order(&mut self, o: FacilityOrder) {
        match o.clone() {
            FacilityOrder::AskAccess { job, vertices, valid_from, valid_to, no_go, .. } if !self.knobs.no_access => {
                let plan = AccessPlanId::named(&job.to_string());
                let site = &self.c.world().site;
                let of = |v: &u32| site.vertex_areas(nooterra_site::VertexIx::new(*v), 0.0);
                let areas: Vec<u32> = site.guarded().into_iter().filter(|a| vertices.iter().any(|v| of(v).contains(a))).collect();
                let _ = self.send("site", &FacilityReport::AccessPlanIssued { job, plan, vertices, areas, no_go, valid_from, valid_to });
            }
            FacilityOrder::AskEntry { job, plan, robot, fence, .. } => {
                let _ = self.send("site", &FacilityReport::AccessGranted { job, plan, fence });
                let vertex = self.robots[&robot].at;
                if self.send("site", &FacilityReport::Entered { job, robot, vertex, fence }).is_ok() {
                    self.inside.insert((job, robot));
                }
            }
            FacilityOrder::Watch { job, robot, item, vertices, .. } => {
                self.watched.insert(job, (robot, vertices, item));
            }
            FacilityOrder::Unwatch { job } => {
                self.watched.remove(&job);
            }
            FacilityOrder::Revoke { job, plan } if !self.knobs.deaf_doors => {
                let _ = self.send("site", &FacilityReport::RevokeAcked { job, plan });
            }
            FacilityOrder::ExtendPlan { job, plan, valid_to, .. } | FacilityOrder::HoldPlan { job, plan, valid_to, .. } => {
                let _ = self.send("site", &FacilityReport::PlanExtended { job, plan, valid_to });
                self.alarms.push(o);
            }
            FacilityOrder::Withdraw { job, plan } if !self.knobs.deaf_doors => {
                let _ = self.send("site", &FacilityReport::PlanWithdrawn { job, plan });
                self.alarms.push(o);
            }
            FacilityOrder::Alarm { .. } => self.alarms.push(o),
            _ => {}
        }
    }

    pub fn is_dead(&self, r: RobotId) -> bool {
        self.knobs.dead.get(&r).is_some_and(|t| *t <= self.now)
    }
    pub(super) fn is_cut(&self, r: RobotId) -> bool {
        self.is_dead(r) || self.knobs.cut.get(&r).is_some_and(|(a, b)| *a <= self.now && self.now < *b)
    }

    pub fn report(&mut self, id: RobotId, r: Report) {
        let p = &self.robots[&id];
        let (lease, fence) = p.lease.as_ref().map_or((None, p.fence), |(l, f)| (Some(l.lease), *f));
        self.report_under(id, r, lease, fence);
    }

    pub(super) fn report_under(&mut self, id: RobotId, r: Report, lease: Option<LeaseId>, fence: u64) {
        let now = self.now;
        let p = self.robots.get_mut(&id).unwrap();
        let mut d = r.draft("robot");
        (d.lease, d.fence) = (lease, Some(fence));
        let e = p.sender.seal(d, now.saturating_add(self.ahead), 0);
        p.queue.push(e);
    }

    /// What a puppet's heartbeat says now.
    pub fn heartbeat(&self, id: RobotId) -> Heartbeat {
        let p = &self.robots[&id];
        let at = self.site.vertices[p.at as usize].at;
        Heartbeat {
            soc_bps: p.soc_bps,
            battery_mv: 12_000,
            charging: false,
            health_bps: 9_000,
            errors: vec![],
            pose: pose(at),
            level: 0,
            sigma_mm: 5,
            speed_mm_s: 0,
            order: p.order,
            update: 0,
            last_node_sequence_id: p.last_id,
            last_node: p.at,
            paused: false,
            orders_seen: p.orders_seen,
            ahead: p.ahead.iter().map(|(l, _)| l.lease).collect(),
            mode: report::Mode::Idle,
            bb_head: None,
            residual_milli: 0,
            marker: None,
            person: None,
            gate: None,
        }
    }

    fn beat(&mut self, id: RobotId) {
        let h = self.heartbeat(id);
        self.report(id, Report::Heartbeat(h));
        self.robots.get_mut(&id).unwrap().beat = self.now;
    }

    fn drive(&mut self, id: RobotId) {
        let (now, never) = (self.now, self.knobs.never_depart.contains(&id));
        let p = self.robots.get_mut(&id).unwrap();
        if p.beat == Instant::ZERO || now.since(p.beat) >= Span::from_secs(5) {
            self.beat(id);
        }
        self.show(id);
        self.open_box(id);
        let p = self.robots.get_mut(&id).unwrap();
        // Who is stopped stands.
        let hold = never && p.lease.is_some() || !p.stops.is_empty() || (p.braked && p.phase < 5);
        let target = p.lease.as_ref().and_then(|(l, _)| match p.phase {
            1..=3 => Some(l.plan.access_point),
            4 if !p.fetched && l.plan.fetch.is_some() => l.plan.fetch.map(|f| f.vertex),
            4 => l.plan.steps.get(usize::from(p.step)).map(|s| s.vertex),
            6 => p.put_down,
            _ => None,
        });
        if !hold && !p.route.is_empty() && now.since(p.moved) >= Span::from_secs(2) && target != Some(p.at) {
            if p.phase == 1 {
                p.phase = 2;
                self.report(id, Report::Departed { route_mm: 1_000, eta_s: 10 });
            }
            let p = self.robots.get_mut(&id).unwrap();
            let (seq, vertex, _) = p.route.remove(0);
            (p.last_id, p.at, p.moved) = (seq, vertex, now);
            self.beat(id);
            self.left(id);
        }
        self.work(id, hold);
    }

    /// A picture for whoever looks on.
    fn show(&mut self, id: RobotId) {
        let p = self.robots.get_mut(&id).unwrap();
        let Some(assist) = p.line else { return };
        p.views += 1;
        let view = nooterra_port::AssistView {
            assist,
            number: p.views,
            pose: pose(self.site.vertices[p.at as usize].at),
            level: 0,
            radius_mm: 300,
            next: None,
            blocked: true,
            busy: false,
            failed_grasps: 0,
            first_urad: 0,
            step_urad: 0,
            ranges_mm: vec![],
        };
        self.report(id, Report::AssistView(Box::new(view)));
    }

    /// The site sees a robot that has nothing more to do leave the vertices of its job.
    fn left(&mut self, id: RobotId) {
        let p = &self.robots[&id];
        if p.phase < 5 {
            return;
        }
        let at = p.at;
        let gone: Vec<JobId> = self.inside.iter().filter(|(_, r)| *r == id).map(|(j, _)| *j).collect();
        for job in gone {
            let off = self.watched.get(&job).is_none_or(|(_, v, _)| !v.contains(&at));
            if off {
                self.inside.remove(&(job, id));
                let _ = self.send("site", &FacilityReport::Exited { job, robot: id, vertex: at });
            }
        }
    }

    fn work(&mut self, id: RobotId, hold: bool) {
        let p = &self.robots[&id];
        let Some((l, _)) = &p.lease else { return };
        let (plan, leg, job) = (l.plan.clone(), l.leg, l.job);
        let at_access = p.at == plan.access_point;
        let pose = pose(self.site.vertices[p.at as usize].at);
        if p.phase == 1 && at_access && !hold && p.seen.iter().rev().any(|o| matches!(o, Order::Route(_))) && p.order.is_some() {
            // Standing there already: only a route given under this lease says go.
            let since = p.seen.iter().rposition(|o| matches!(o, Order::LeaseOffer(_) | Order::LeaseDue { .. })).unwrap_or(0);
            if p.seen[since..].iter().any(|o| matches!(o, Order::Route(_))) {
                self.report(id, Report::Departed { route_mm: 0, eta_s: 0 });
                self.robots.get_mut(&id).unwrap().phase = 2;
            }
        }
        if self.robots[&id].phase == 2 && at_access {
            self.report(id, Report::RobotArrived { access_point: plan.access_point, pose });
            self.robots.get_mut(&id).unwrap().phase = 3;
        }
        let p = self.robots.get_mut(&id).unwrap();
        if p.phase == 3 && p.granted {
            p.phase = 4;
            let from_step = p.step;
            self.report(id, Report::ExecutionStarted { leg, plan_hash: plan.hash(), from_step });
        }
        self.leaves_load(id, job);
        let p = self.robots.get_mut(&id).unwrap();
        if p.phase != 4 || !p.stops.is_empty() || !self.fetches(id, job) {
            return;
        }
        let p = self.robots.get_mut(&id).unwrap();
        if !p.aborted && self.knobs.abort_before_step.get(&id) == Some(&p.step) {
            p.aborted = true;
            self.report(id, Report::ExecutionAborted { reason: report::AbortReason::Mechanical, detail: "knob".into() });
            return;
        }
        if p.aborted {
            return;
        }
        let Some(step) = plan.steps.get(usize::from(p.step)) else {
            p.phase = 5;
            let steps = p.step;
            self.report(id, Report::ExecutionCompleted { steps });
            return;
        };
        if p.at != step.vertex {
            return;
        }
        if let Some((at, wanted, skip)) = self.knobs.wants.get(&id).filter(|w| w.0 == p.step && !p.answered) {
            let (_, wanted, skip) = (at, wanted.clone(), *skip);
            if !p.asked {
                p.asked = true;
                self.report(id, Report::ApprovalAsked { wanted, skip });
            }
            return;
        }
        if self.knobs.stuck_before_step.get(&id) == Some(&p.step) && !p.freed {
            if !p.stuck {
                p.stuck = true;
                self.report(id, Report::ExecutionStalled { reason: report::StallReason::Stuck });
            }
            return;
        }
        let (index, vertex) = (p.step, step.vertex);
        if matches!(step.action, StepAction::Lift { .. }) && !self.lifts(id, index) {
            return;
        }
        let p = self.robots.get_mut(&id).unwrap();
        p.step += 1;
        let see = |class, item| FacilityReport::Witnessed { job, robot: id, class, vertex, item, measure: 1 };
        let scan = match &step.action {
            StepAction::Pick { item, .. } => Some((*item, true)),
            StepAction::Drop { item } | StepAction::Lift { item, .. } => Some((*item, false)),
            StepAction::Dwell { .. } | StepAction::Cover { .. } => None,
        };
        if matches!(step.action, StepAction::Cover { .. }) {
            let measure = self.knobs.floors.get(&vertex).copied().unwrap_or(i64::MAX);
            let seen = FacilityReport::Witnessed { job, robot: id, class: WitnessClass::LidarCoverage, vertex, item: None, measure };
            let _ = self.send("site", &seen);
        }
        let blind = self.knobs.no_drop_witness && matches!(step.action, StepAction::Drop { .. });
        if !blind {
            let _ = self.send("site", &see(WitnessClass::DockScan, None));
        }
        if let Some((item, held)) = scan {
            self.report(id, Report::CustodyChanged { item, held, mass_g: 500 });
            self.robots.get_mut(&id).unwrap().holds = held.then_some(item);
            if !blind {
                let _ = self.send("site", &see(WitnessClass::CustodyScan, Some(item)));
            }
        }
        self.report(id, Report::CheckpointReached { index, step: step.name.clone(), vertex, work_bps_claimed: 5_000 });
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
