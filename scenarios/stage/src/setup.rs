//! What a run is made of: the resolved scenario, the site, and the platform's genesis that follows from them.

use nooterra_cast::desks::Seat;
use nooterra_cast::forger::former_staff;
use nooterra_cast::skills::{DRIVER, navigation};
use nooterra_cast::{
    crew_party, key, log_witness_party, operator_id, operator_party, payments_party, provider_party, requester_party, seat_party,
};
use nooterra_control::genesis::{ContractTerms, Genesis, OperatorEntry, PartyEntry, RobotEntry, WitnessEntry};
use nooterra_control::policy::Policy;
use nooterra_control::register::{Attestation, Register};
use nooterra_engine::chance::Chance;
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::{ContractId, PartyId, RobotId, SiteId, TenantId, WitnessId};
use nooterra_engine::money::Currency;
use nooterra_engine::{Digest, Instant};
use nooterra_jobs::event::Fallback;
use nooterra_jobs::pins::{CreditFunding, NoShowDefault};
use nooterra_jobs::tier::{Level, Rung};
use nooterra_operations::intervention::Kind;
use nooterra_script::Resolved;
use nooterra_script::acts::NoShowChoice;
use nooterra_script::resolved::{CreditPayer, FallbackKind, ServiceLevel};
use nooterra_site::Site;
use nooterra_trust::{Binding, Role, SigningKey};
use std::sync::Arc;

/// An insurer bears this part of a credit, basis points.
const INSURED_BPS: u32 = 5_000;

/// Everything that never changes during a run: given again when a keyframe is thawed.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The scenario, resolved.
    pub resolved: Resolved,
    /// The site as the robots find it.
    pub site: Arc<Site>,
}

impl Setup {
    /// A run of a scenario on a site, with the areas that the scenario declares.
    #[must_use]
    pub fn new(resolved: Resolved, site: Site) -> Self {
        let site = site.with_areas(resolved.areas.clone());
        Self { resolved, site: Arc::new(site) }
    }
    /// The marketplace.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        TenantId::named("simulation")
    }
    /// The site's id.
    #[must_use]
    pub fn site_id(&self) -> SiteId {
        self.site.id()
    }
    /// The site's witness device.
    #[must_use]
    pub fn witness_id(&self) -> WitnessId {
        WitnessId::named(&format!("{}/readers", self.site.name))
    }
    /// The id of the `i`-th robot.
    #[must_use]
    pub fn robot_id(&self, i: usize) -> RobotId {
        RobotId::named(&self.resolved.robots[i].name)
    }
    /// Keys are drawn from the seed, so that a simulated run signs the same bytes each time.
    #[must_use]
    pub fn chance(&self) -> Chance {
        Chance::new(self.resolved.seed)
    }
    /// The platform's own key.
    #[must_use]
    pub fn platform_key(&self) -> SigningKey {
        key(&self.chance(), "platform")
    }
    /// What the maker of its devices attests of the `i`-th robot's.
    fn attestation(&self, i: usize) -> Attestation {
        let r = &self.resolved;
        let (device, maker) = (key(&self.chance(), &format!("robot/{}", r.robots[i].name)), key(&self.chance(), "maker"));
        Attestation::sign(device.public(), &r.models[r.robots[i].model as usize].name, &maker)
    }
    /// The developer of the navigation skill.
    #[must_use]
    pub fn developer(&self) -> PartyId {
        seat_party(Seat::Developer)
    }
    /// The party that runs the site.
    #[must_use]
    pub fn site_party(&self) -> PartyId {
        PartyId::named(&format!("site/{}", self.site.name))
    }
    /// Every party with its name.
    #[must_use]
    pub fn parties(&self) -> Vec<(PartyId, String)> {
        let r = &self.resolved;
        let mut out: Vec<(PartyId, String)> = r.requesters.iter().map(|p| (requester_party(&p.name), p.name.clone())).collect();
        out.extend(r.providers.iter().map(|p| (provider_party(&p.name), p.name.clone())));
        out.push((self.site_party(), format!("site {}", self.site.name)));
        out.push((payments_party(), "payments".into()));
        out.push((crew_party(), "crew".into()));
        out.extend(Seat::ALL.map(|s| (seat_party(s), s.name().to_owned())));
        out.extend(r.operators.iter().map(|o| (operator_party(&o.name), o.name.clone())));
        out
    }

    /// Is it a requester that becomes a party in the middle of the run?
    fn joins_later(&self, party: PartyId) -> bool {
        self.resolved.requesters.iter().any(|r| r.joins.is_some() && requester_party(&r.name) == party)
    }

    /// Currencies that a party takes; none if all.
    fn takes(&self, party: PartyId) -> Vec<Currency> {
        let r = &self.resolved;
        let asks = r.requesters.iter().map(|p| (requester_party(&p.name), &p.takes));
        let offers = r.providers.iter().map(|p| (provider_party(&p.name), &p.takes));
        asks.chain(offers).find(|(id, _)| *id == party).map_or_else(Vec::new, |(_, takes)| takes.clone())
    }

    fn binding(&self, role: Role, subject: [u8; 16], name: &str, label: &str) -> Binding {
        Binding {
            public: key(&self.chance(), label).public(),
            tenant: self.tenant(),
            role,
            subject,
            name: name.to_owned(),
            from: Instant::ZERO,
            to: Instant::NEVER,
            revoked_at: None,
        }
    }

    /// Keys of everybody who may speak.
    fn bindings(&self) -> Vec<Binding> {
        let r = &self.resolved;
        let mut keys = Vec::new();
        for p in r.requesters.iter().filter(|p| p.joins.is_none()) {
            let id = requester_party(&p.name);
            keys.push(self.binding(Role::RQ, *id.as_bytes(), &id.to_string(), &format!("requester/{}", p.name)));
        }
        for p in &r.providers {
            let id = provider_party(&p.name);
            keys.push(self.binding(Role::OW, *id.as_bytes(), &id.to_string(), &format!("provider/{}", p.name)));
        }
        let pay = payments_party();
        keys.push(self.binding(Role::PS, *pay.as_bytes(), &pay.to_string(), "payments"));
        let crew = crew_party();
        keys.push(self.binding(Role::OS, *crew.as_bytes(), &crew.to_string(), "crew"));
        // A key whose time is over.
        let former = former_staff();
        let old = self.binding(Role::OS, *former.as_bytes(), &former.to_string(), "former-staff");
        keys.push(Binding { to: Instant::from_secs(1), ..old });
        for seat in Seat::ALL {
            let id = seat_party(seat);
            keys.push(self.binding(seat.role(), *id.as_bytes(), &id.to_string(), seat.name()));
        }
        for o in &r.operators {
            let id = operator_id(&o.name);
            keys.push(self.binding(Role::OP, *id.as_bytes(), &id.to_string(), &format!("operator/{}", o.name)));
        }
        for (i, p) in r.robots.iter().enumerate() {
            let id = self.robot_id(i);
            keys.push(self.binding(Role::RB, *id.as_bytes(), &id.to_string(), &format!("robot/{}", p.name)));
        }
        let site = self.site_id();
        keys.push(self.binding(Role::SI, *site.as_bytes(), &site.to_string(), "site"));
        for name in &r.log_witnesses {
            let id = log_witness_party(name);
            keys.push(self.binding(Role::WI, *id.as_bytes(), &id.to_string(), &format!("log-witness/{name}")));
        }
        let witness = self.witness_id();
        keys.push(self.binding(Role::WI, *witness.as_bytes(), &witness.to_string(), "witness"));
        keys
    }

    /// The policy of the run: the marketplace's preset for scenarios with what the file sets.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let plan = &self.resolved.policy;
        let mut p = Policy::scenario();
        let mut tier = p.tier_values.unwrap_or_else(|| nooterra_jobs::tier::Tier::Office.values());
        macro_rules! set {
            ($($from:ident => $to:expr;)*) => { $(if let Some(v) = plan.$from { $to = v; })* };
        }
        set! {
            rfq_open => p.rfq_close_soon;
            auth_by => p.auth_by;
            lease_offer => p.timing.lease_offer;
            heartbeat => tier.heartbeat;
            stall_after => tier.stall_after;
            lift_wait => p.timing.lift_wait;
            lift_within => p.timing.lift_within;
            max_stall => tier.max_stall;
            max_exec => tier.max_exec;
            exit_by => tier.exit_by;
            access_wait => tier.access_wait;
            approval_by => p.approval_by;
            handover_by => p.timing.handover_by;
            proof_by => p.timing.proof_by;
            settle_after => p.timing.settle_at;
            payout_after => p.payout_mature;
            capture_lead => p.timing.capture_lead;
            renew_lead => p.timing.reauth_lead;
            keep_telemetry => p.retention.telemetry;
            keep_evidence => p.retention.evidence;
        }
        if let Some(n) = plan.audit_one_in {
            p.audit_one_in = u64::from(n);
        }
        if let Some(n) = plan.max_legs {
            p.max_legs = u8::try_from(n).unwrap_or(u8::MAX);
        }
        p.tariffs = self.resolved.tariffs.iter().map(|t| t.tariff.clone()).collect();
        p.tier_values = Some(tier);
        self.market_policy(&mut p);
        p
    }

    /// What the file sets of service levels, moves and haggling.
    fn market_policy(&self, p: &mut Policy) {
        let plan = &self.resolved.policy;
        let bps = |ppm: u32| ppm / 100;
        let mut level = match self.resolved.service_level {
            ServiceLevel::Basic => Level::Basic,
            ServiceLevel::Standard => Level::Standard,
            ServiceLevel::Premium => Level::Premium,
        }
        .values();
        let graces = plan.arrival_grace.or(plan.completion_grace).or(plan.assist_response).is_some();
        if graces || plan.credit_cap_ppm.is_some() || !plan.lateness.is_empty() {
            level.arrival_grace = plan.arrival_grace.unwrap_or(level.arrival_grace);
            level.assist_response = plan.assist_response.unwrap_or(level.assist_response);
            level.completion_grace = plan.completion_grace.unwrap_or(level.completion_grace);
            level.credit_cap_bps = plan.credit_cap_ppm.map_or(level.credit_cap_bps, bps);
            if !plan.lateness.is_empty() {
                level.ladder = plan.lateness.iter().map(|(late, ppm)| Rung { late: *late, bps: bps(*ppm) }).collect();
            }
            p.level_values = Some(level);
        }
        if let Some(payer) = plan.credits {
            p.funding = match payer {
                CreditPayer::Provider => CreditFunding::Owner {},
                CreditPayer::Platform => CreditFunding::Platform {},
                CreditPayer::Coverage => CreditFunding::CoverageReserve {},
                CreditPayer::Insurer => CreditFunding::Insurer { party: seat_party(Seat::Insurer), bps: INSURED_BPS },
            };
        }
        if let Some(choice) = plan.no_show {
            p.no_show = if choice == NoShowChoice::Wait { NoShowDefault::Wait } else { NoShowDefault::Cancel };
        }
        p.assist_fallback = match plan.assist_fallback {
            None => p.assist_fallback,
            Some(FallbackKind::Exit) => Fallback::SafeExit,
            Some(FallbackKind::Ask) => Fallback::AskRequester,
            Some(FallbackKind::Continue) => Fallback::Continue,
        };
        p.rfq_close = plan.rfq_open.unwrap_or(p.rfq_close);
        p.relocate = plan.relocate.unwrap_or(p.relocate);
        p.timing.early = plan.early.unwrap_or(p.timing.early);
        p.timing.dispatch_lead = plan.dispatch_lead.unwrap_or(p.timing.dispatch_lead);
        p.timing.no_show_decide = plan.no_show_decide.unwrap_or(p.timing.no_show_decide);
        p.moves.auto = plan.auto_reschedule.unwrap_or(p.moves.auto);
        p.moves.answer = plan.reschedule_answer.unwrap_or(p.moves.answer);
        p.series.lead = plan.series_lead.unwrap_or(p.series.lead);
        p.round_for = plan.counter_lasts.unwrap_or(p.round_for);
        p.max_rounds = plan.max_rounds.map_or(p.max_rounds, |n| u8::try_from(n).unwrap_or(u8::MAX));
    }

    /// What the platform starts with.
    #[must_use]
    pub fn genesis(&self) -> Genesis {
        let r = &self.resolved;
        let (skills, licences) = navigation(r, self.tenant());
        let coded = |e: usize| r.terminals.iter().any(|t| *t as usize == e);
        let devices: Vec<Attestation> = (0..r.robots.len()).map(|i| self.attestation(i)).collect();
        let attested: Vec<Digest> = devices.iter().map(Attestation::hash).collect();
        let document: Digest = sha256(&[b"nooterra/contract/v1", b"simulation terms"]);
        Genesis {
            tenant: self.tenant(),
            policy: self.policy(),
            site: self.site_id(),
            at: Instant::ZERO,
            epoch: r.epoch,
            contracts: r
                .tariffs
                .iter()
                .zip(licences)
                .map(|(t, licence)| ContractTerms {
                    contract: ContractId::named(&format!("simulation/{}", t.tariff.currency)),
                    currency: t.tariff.currency,
                    text_hash: document,
                    cover_fee: t.cover_fee,
                    substitution: r.policy.substitution.unwrap_or(false),
                    licences: vec![licence],
                })
                .collect(),
            insurer: r.claims.is_insured.then(|| seat_party(Seat::Insurer)),
            parties: self
                .parties()
                .into_iter()
                .filter(|(party, _)| !self.joins_later(*party))
                .map(|(party, name)| PartyEntry {
                    party,
                    name,
                    trust_bps: nooterra_control::genesis::NEWCOMER_BPS,
                    takes: self.takes(party),
                    own: r.requesters.iter().find(|q| requester_party(&q.name) == party).map_or_else(Vec::new, |q| q.own.clone()),
                })
                .collect(),
            keys: self.bindings(),
            register: Register { makers: vec![key(&self.chance(), "maker").public()], devices },
            robots: r
                .robots
                .iter()
                .enumerate()
                .map(|(i, p)| RobotEntry {
                    attestation: attested[i],
                    robot: self.robot_id(i),
                    name: p.name.clone(),
                    owner: provider_party(&r.providers[p.provider as usize].name),
                    model: r.models[p.model as usize].clone(),
                    graph_idx: p.graph_idx,
                    home: p.start.ix,
                    trust_bps: nooterra_control::genesis::NEWCOMER_BPS,
                    driver_version: DRIVER,
                    camera: p.camera,
                })
                .collect(),
            witnesses: vec![
                WitnessEntry { actor: *self.witness_id().as_bytes(), owner: self.site_party() },
                WitnessEntry { actor: *self.site_id().as_bytes(), owner: self.site_party() },
            ],
            service_key: self.platform_key().public(),
            log_witnesses: r.log_witnesses.iter().map(|n| log_witness_party(n)).collect(),
            operators: r
                .operators
                .iter()
                .map(|o| OperatorEntry {
                    operator: operator_id(&o.name),
                    name: o.name.clone(),
                    party: operator_party(&o.name),
                    kinds: Kind::ALL.to_vec(),
                })
                .collect(),
            skills,
            terminals: self.site.entrance_ids().into_iter().enumerate().filter(|(e, _)| coded(*e)).map(|(_, id)| id).collect(),
        }
    }
}
