//! # cast: the people and companies of a simulated run
//!
//! What lives here: requesters that ask for work as the scenario's demand says, providers that quote, the crew that
//! takes broken robots away and brings them back, remote operators that help robots, the payment provider that
//! authorises, captures, refunds and pays out. Each has its own key and its own outbox, and speaks to the platform only
//! in signed envelopes over the simulated network, exactly as its live counterpart would.
//!
//! What it may not touch: the platform's state, robots, the world, files, clocks.
//!
//! How data passes through: the stage hands over [`Mail`] that has arrived ([`Cast::receive`]), lets time pass
//! ([`Cast::advance`]), and posts what comes out of [`Cast::post`] on the bus.

mod acts;
mod auditor;
mod contracts;
pub mod crew;
pub mod desks;
pub mod director;
mod disputes;
pub mod forger;
mod keeping;
pub mod mail;
pub mod mindful;
pub mod operator;
pub mod payments;
pub mod provider;
pub mod requester;
pub mod skills;
pub mod witnesses;

pub use mail::Mail;

use crew::Crew;
use desks::{DESKS, Desks, Seat};
use director::Director;
use forger::Forger;
use nooterra_control::{Event, Fact, RobotEvent};
use nooterra_engine::chance::Chance;
use nooterra_engine::ids::{OperatorId, PartyId, RobotId, StopId, TenantId};
use nooterra_engine::money::Currency;
use nooterra_engine::net::Node;
use nooterra_engine::{Instant, Record, decode};
use nooterra_script::resolved::{FaultKind, ProviderPlan, Resolved};
use nooterra_trust::{Outbox, PublicKey, Sender, SigningKey};
use operator::Operator;
use payments::Payments;
use provider::Provider;
use requester::Requester;
use skills::Versions;
use witnesses::LogWitness;

/// First node of the requesters; the `i`-th is this plus `i`.
pub const REQUESTERS: Node = 10_000;
/// First node of the providers.
pub const PROVIDERS: Node = 20_000;
/// The payment provider's node.
pub const PAYMENTS: Node = 30_000;
/// The crew's node.
pub const CREW: Node = 40_000;

/// First node of the outside witnesses of the log.
pub const LOG_WITNESSES: Node = 70_000;
/// First node of the remote operators.
pub const OPERATORS: Node = 60_000;

/// Everybody who is not a device.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Cast {
    chance: Chance,
    /// Requesters, in the scenario's order.
    pub requesters: Vec<Requester>,
    /// Providers, in the scenario's order.
    pub providers: Vec<Provider>,
    /// The payment provider.
    pub payments: Payments,
    /// Who takes broken robots away.
    pub crew: Crew,
    /// Staff, the trust service, the insurer, finance, the landlord, the developer of the
    /// navigation skill and its certifier.
    pub desks: Desks,
    /// Who tries to speak in others' names.
    pub forger: Forger,
    /// The calendar's time at the start.
    epoch: Instant,
    /// Currency of what names none.
    currency: Currency,
    /// The provider that each series is with, in the scenario's order.
    with: Vec<u32>,
    /// Outside witnesses of the log, in the scenario's order.
    pub log_witnesses: Vec<LogWitness>,
    /// Remote operators, in the scenario's order.
    pub operators: Vec<Operator>,
    /// Stops that were issued, by somebody here or by the trust service.
    pub(crate) stops: Vec<StopId>,
    pub(crate) robots: Vec<RobotId>,
    /// Their names, and the index of each one's owner.
    names: Vec<String>,
    owners: Vec<u32>,
    pub(crate) fleets: Vec<PartyId>,
    /// Who gives the cues of the scenario's acts.
    pub director: Director,
    /// Versions of the navigation skill that nobody has revoked.
    versions: Versions,
    /// Contracts that the market service has under way.
    contracts: contracts::Desk,
    tenant: TenantId,
    strays: u64,
    /// Who audits settled jobs.
    auditor: auditor::Auditor,
}

/// The party of the requester with this name.
#[must_use]
pub fn requester_party(name: &str) -> PartyId {
    PartyId::named(&format!("requester/{name}"))
}
/// The party of the provider with this name.
#[must_use]
pub fn provider_party(name: &str) -> PartyId {
    PartyId::named(&format!("provider/{name}"))
}
/// The payment provider's party.
#[must_use]
pub fn payments_party() -> PartyId {
    PartyId::named("payments")
}

/// The party of the crew on site.
#[must_use]
pub fn crew_party() -> PartyId {
    PartyId::named("crew")
}

/// The party that sits at a desk.
#[must_use]
pub fn seat_party(seat: Seat) -> PartyId {
    PartyId::named(seat.name())
}

/// The id of the operator with this name.
#[must_use]
pub fn operator_id(name: &str) -> OperatorId {
    OperatorId::named(&format!("operator/{name}"))
}

/// The party that is paid for the operator with this name.
#[must_use]
pub fn operator_party(name: &str) -> PartyId {
    PartyId::named(&format!("operator/{name}"))
}

/// The party of the outside witness with this name.
#[must_use]
pub fn log_witness_party(name: &str) -> PartyId {
    PartyId::named(&format!("log-witness/{name}"))
}

/// The signing key of a member of the cast (or a device) under a seed.
#[must_use]
pub fn key(chance: &Chance, label: &str) -> SigningKey {
    SigningKey::from_secret(chance.secret(label))
}

impl Cast {
    /// The cast of a scenario. `platform` signs the receipts.
    #[must_use]
    pub fn new(r: &Resolved, tenant: TenantId, platform: PublicKey) -> Self {
        let chance = Chance::new(r.seed);
        let post = |actor: [u8; 16], label: String| {
            let sender = Sender::person(tenant, actor, key(&chance, &label));
            Outbox::new(sender, platform, nooterra_trust::outbox::Patience::default())
        };
        let outbox = |party: PartyId, label: String| post(*party.as_bytes(), label);
        let requesters = r
            .requesters
            .iter()
            .enumerate()
            .map(|(i, p)| Requester::new(r, i, outbox(requester_party(&p.name), format!("requester/{}", p.name))))
            .collect();
        let trades: Vec<Currency> = r.tariffs.iter().map(|t| t.tariff.currency).collect();
        let provider = |p: &ProviderPlan| {
            let outbox = outbox(provider_party(&p.name), format!("provider/{}", p.name));
            Provider::new(p.clone(), &trades, outbox)
        };
        let providers = r.providers.iter().map(provider).collect();
        let payments = Payments::new(r.payments, outbox(payments_party(), "payments".into()));
        let crew = Crew::new(r.crew, outbox(crew_party(), "crew".into()));
        let desks = Desks::new(|seat| outbox(seat_party(seat), seat.name().into()));
        let director = Director::new(&r.acts);
        let versions = Versions::new(r, tenant);
        let forger = Forger::new(tenant, key(&chance, "forger"), key(&chance, "former-staff"));
        let operators =
            r.operators.iter().map(|o| Operator::new(o.clone(), post(*operator_id(&o.name).as_bytes(), format!("operator/{}", o.name))));
        let operators = operators.collect();
        let witness = |n: &String| LogWitness::new(outbox(log_witness_party(n), format!("log-witness/{n}")));
        let log_witnesses = r.log_witnesses.iter().map(witness).collect();
        let robots = r.robots.iter().map(|p| RobotId::named(&p.name)).collect();
        let fleets = r.providers.iter().map(|p| provider_party(&p.name)).collect();
        let stops = Vec::new();
        Self {
            chance,
            requesters,
            providers,
            payments,
            crew,
            desks,
            forger,
            epoch: r.epoch,
            currency: r.currency,
            with: r.series.iter().map(|s| s.provider).collect(),
            log_witnesses,
            operators,
            stops,
            robots,
            names: r.robots.iter().map(|p| p.name.clone()).collect(),
            owners: r.robots.iter().map(|p| p.provider).collect(),
            fleets,
            director,
            versions,
            contracts: contracts::Desk::default(),
            tenant,
            strays: 0,
            auditor: auditor::Auditor::default(),
        }
    }

    /// Takes what the platform sent to a node. What is no mail is counted and dropped: nobody acts on it.
    pub fn receive(&mut self, now: Instant, node: Node, bytes: &[u8]) {
        let Ok(mail) = decode::<Mail>(bytes) else {
            self.strays += 1;
            return;
        };
        self.listen(now, node, &mail);
        if node == PAYMENTS {
            self.payments.receive(now, &mail, &mut self.chance);
        } else if let Some(o) = ix(node, OPERATORS).and_then(|i| self.operators.get_mut(i)) {
            o.receive(now, node, &mail, &mut self.chance);
        } else if let Some(w) = ix(node, LOG_WITNESSES).and_then(|i| self.log_witnesses.get_mut(i)) {
            w.receive(now, &mail);
        } else if let Some(seat) = ix(node, DESKS) {
            self.desks.receive(now, seat, &mail);
            if let Mail::Audit { job, .. } = mail {
                let word = self.auditor.says(job);
                self.say(now, Seat::Auditor, word);
            }
        } else if node == CREW {
            self.crew.receive(now, &mail);
        } else if let Some(p) = ix(node, PROVIDERS).and_then(|i| self.providers.get_mut(i)) {
            p.receive(now, node, &mail, &mut self.chance);
        } else if let Some(r) = ix(node, REQUESTERS).and_then(|i| self.requesters.get_mut(i)) {
            r.receive(now, &mail);
        } else {
            self.strays += 1;
        }
    }

    /// Lets everybody act whose time has come.
    pub fn advance(&mut self, now: Instant) {
        for (i, r) in (0u32..).zip(&mut self.requesters) {
            r.advance(now, &mut self.chance, |input| self.director.asks(i, input));
        }
        for p in &mut self.providers {
            p.advance(now);
        }
        self.payments.advance(now);
        self.crew.advance(now);
        for o in &mut self.operators {
            o.advance(now);
        }
        while let Some(cued) = self.director.next(now) {
            self.act(now, cued);
        }
    }

    /// The scenario looks on: what the platform writes down gives cues.
    pub fn observe(&mut self, now: Instant, fact: &Fact) {
        if let Some(Event::Robot(RobotEvent::StopIssued { stop, .. })) = fact.event().map(|r| &r.payload)
            && !self.stops.contains(stop)
        {
            self.stops.push(*stop);
        }
        self.director.observe(now, fact);
        self.auditor.observe(fact);
        self.hear_contract(now, fact);
    }

    /// When somebody has something to do next.
    #[must_use]
    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let r = self.requesters.iter().filter_map(|r| r.next_deadline(now));
        let p = self.providers.iter().filter_map(|p| p.next_deadline(now));
        r.chain(p)
            .chain(self.payments.next_deadline(now))
            .chain(self.crew.next_deadline(now))
            .chain(self.desks.next_deadline(now))
            .chain(self.forger.next_deadline(now))
            .chain(self.operators.iter().filter_map(|o| o.next_deadline(now)))
            .chain(self.log_witnesses.iter().filter_map(|w| w.outbox.next_deadline(now)))
            .chain(self.director.next_deadline())
            .min()
    }

    /// Everything to be sent to the platform now, with the sender's node.
    pub fn post(&mut self, now: Instant, mut send: impl FnMut(Node, Vec<u8>)) {
        for (i, r) in self.requesters.iter_mut().enumerate() {
            for e in r.outbox.due(now) {
                self.forger.hear(&e);
                send(at(REQUESTERS, i), e.to_bytes());
            }
        }
        for (i, p) in self.providers.iter_mut().enumerate() {
            p.outbox.due(now).iter().for_each(|e| send(at(PROVIDERS, i), e.to_bytes()));
        }
        self.payments.outbox.due(now).iter().for_each(|e| send(PAYMENTS, e.to_bytes()));
        self.crew.outbox.due(now).iter().for_each(|e| send(CREW, e.to_bytes()));
        for (i, o) in self.operators.iter_mut().enumerate() {
            o.outbox.due(now).iter().for_each(|e| send(at(OPERATORS, i), e.to_bytes()));
        }
        for (i, w) in self.log_witnesses.iter_mut().enumerate() {
            w.outbox.due(now).iter().for_each(|e| send(at(LOG_WITNESSES, i), e.to_bytes()));
        }
        self.desks.post(now, &mut send);
        // From where does not matter: nobody is believed for where they stand.
        self.forger.post(|letter| send(DESKS, letter));
    }

    /// A fault of the scenario begins or ends. Says whether it concerned anybody here.
    pub fn fault(&mut self, kind: &FaultKind, begins: bool) -> bool {
        match kind {
            FaultKind::ProviderSilent { provider } => self.providers.get_mut(*provider as usize).map(|p| p.silent = begins).is_some(),
            FaultKind::RequesterSilent { requester } => self.requesters.get_mut(*requester as usize).map(|r| r.silent = begins).is_some(),
            FaultKind::OperatorAbsent { operator } => self.operators.get_mut(*operator as usize).map(|o| o.absent = begins).is_some(),
            FaultKind::PaymentsDecline { ppm } => {
                self.payments.fault_ppm = if begins { *ppm } else { 0 };
                true
            }
            _ => false,
        }
    }

    /// Does nobody wait for an answer?
    #[must_use]
    pub fn at_rest(&self) -> bool {
        self.requesters
            .iter()
            .map(|r| &r.outbox)
            .chain(self.providers.iter().map(|p| &p.outbox))
            .chain(self.operators.iter().map(|o| &o.outbox))
            .chain(self.log_witnesses.iter().map(|w| &w.outbox))
            .chain([&self.payments.outbox, &self.crew.outbox])
            .all(|o| o.unacked() == 0)
            && self.desks.at_rest()
            && self.director.at_rest()
    }

    /// Jobs asked for so far.
    #[must_use]
    pub fn requested(&self) -> u64 {
        self.requesters.iter().map(|r| r.asked).sum()
    }
}

fn ix(node: Node, base: Node) -> Option<usize> {
    node.checked_sub(base).filter(|i| *i < 10_000).map(|i| i as usize)
}

fn at(base: Node, i: usize) -> Node {
    base + u32::try_from(i).unwrap_or(9_999)
}
