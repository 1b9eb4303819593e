//! Contracts on the platform: written and published by the market service, signed by every party that they bind, found
//! for each request, pinned at booking by hash (section 4.6).
//!
//! The genesis stands for a first contract in each currency, which holds for everything that is paid in it; it goes the
//! same way as any other. A request
//! falls under the contract that is found when it is made. Where that one ends before the booking, the request ends
//! with it: nothing is ever booked under terms that are not in force.

use crate::fact::Event as Payload;
use crate::genesis::{ContractTerms, Genesis};
use crate::input::ContractWord;
use crate::negotiation::refusal;
use crate::policy::Policy;
use crate::unit::{Outcome, Unit, need};
use nooterra_engine::always;
use nooterra_engine::ids::{ContractId, JobId, PartyId, TenantId, ZoneId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_jobs::pins::{CancelTable, CoverSplit, FixedCredits, HoldRule, MoveTerms, NoShowDefault, SiteFaultBearer, Weights};
use nooterra_jobs::tier::{Level, LevelValues, Rung};
use nooterra_market::cancel::CaptureTerms;
use nooterra_market::contract::{
    Asked, ContractCommand, ContractFact, CoverWeights, Draft, EndCause, HoldOutcome, NoShowUnanswered, Scope, Signer, SignerRole,
    SiteFault, SplitWeights, Terms,
};
use nooterra_market::negotiation::RfqCommand;
use nooterra_market::sla::SlaTerms;
use nooterra_trust::{Code, Rejection, Role};
use std::collections::BTreeSet;

/// The party that signs for the platform.
pub(crate) fn platform(tenant: TenantId) -> PartyId {
    PartyId::from_bytes(*tenant.as_bytes())
}

/// The terms that the policy gives to a contract of the genesis, with the amounts of its currency.
fn terms_of(g: &Genesis, own: &ContractTerms) -> Terms {
    let p = &g.policy;
    let level = |l: Level| crate::sla::level_terms(&p.level_values.clone().unwrap_or_else(|| l.values()));
    let capture = CaptureTerms {
        lead: p.timing.capture_lead,
        retry: p.timing.capture_retry,
        attempts: p.timing.capture_attempts,
        renew: p.timing.reauth_lead,
    };
    Terms {
        currency: own.currency,
        cover_fee: own.cover_fee,
        handover: p.handover,
        substitution: own.substitution,
        excluded: Vec::new(),
        site_fault: match p.site_fault_bearer {
            SiteFaultBearer::Requester => SiteFault::Requester,
            SiteFaultBearer::Platform => SiteFault::Platform,
        },
        no_show: match p.no_show {
            NoShowDefault::Cancel => NoShowUnanswered::Cancel,
            NoShowDefault::Wait => NoShowUnanswered::Wait,
        },
        hold: match p.hold_rule {
            HoldRule::Proven => HoldOutcome::Proven,
            HoldRule::Nothing => HoldOutcome::Nothing,
        },
        cancel: crate::cancel::terms(&p.cancel),
        capture,
        reschedule: crate::reschedule::terms(&p.moves),
        sla: SlaTerms {
            basic: level(Level::Basic),
            standard: level(Level::Standard),
            premium: level(Level::Premium),
            fixed: nooterra_market::sla::FixedCredits::default(),
        },
        split: SplitWeights { reserve: p.weights.reserve, platform: p.weights.platform, owner: p.weights.owner },
        // A premium is for whoever insures.
        cover: match g.insurer {
            Some(_) => CoverWeights { premium: 6_000, reserve: 3_000, revenue: 1_000 },
            None => CoverWeights { premium: 0, reserve: 8_000, revenue: 2_000 },
        },
        max_claims: Amount::saturating(p.tariff(own.currency).map_or(0, |t| t.max_claims)),
    }
}

/// What the platform does at genesis so that bookings have a contract, whatever currency they are in.
fn first_commands(g: &Genesis) -> Vec<ContractCommand> {
    let of = |own: &ContractTerms| {
        let contract = own.contract;
        let signer = Signer { role: SignerRole::Platform, party: platform(g.tenant) };
        let (terms, text_hash) = (terms_of(g, own), own.text_hash);
        let draft = Draft { scope: Scope::default(), signers: vec![signer], terms, text_hash, supersedes: None };
        let document = nooterra_market::contract::Document { contract, version: 1, draft: draft.clone() };
        [
            ContractCommand::Write { contract, draft: Box::new(draft) },
            ContractCommand::Publish { contract },
            ContractCommand::Sign { contract, signer, document_hash: document.hash() },
            ContractCommand::Activate { contract, from: g.at },
        ]
    };
    g.contracts.iter().flat_map(of).collect()
}

/// Could bookings be made and settled under the contracts of this genesis? Each currency has one tariff and one contract;
/// who is paid by every job – operators, developers, the insurer – takes every currency.
pub(crate) fn check_genesis(g: &Genesis) -> Result<(), Rejection> {
    let currencies = g.policy.currencies();
    let wrong = |what: &str| Rejection::new(Code::SchemaInvalid).field(what);
    if currencies.is_empty() || !currencies.windows(2).all(|w| w[0] < w[1]) {
        return Err(wrong("tariffs").expected("at least one, ascending, each currency once").actual(format!("{currencies:?}")));
    }
    let of_contracts: Vec<Currency> = g.contracts.iter().map(|c| c.currency).collect();
    if of_contracts != currencies {
        return Err(wrong("contracts").expected(format!("one for each of {currencies:?}")).actual(format!("{of_contracts:?}")));
    }
    let developers = g.contracts.iter().flat_map(|c| c.licences.iter().map(|l| l.developer));
    let operators = g.operators.iter().map(|o| o.party);
    for party in developers.chain(operators).chain(g.insurer) {
        if let Some(c) = currencies.iter().find(|c| !g.takes(party, **c)) {
            let refused = Rejection::new(Code::CurrencyMismatch).field("takes");
            return Err(refused.expected(format!("{c}: every job may pay this party")).actual(party));
        }
    }
    let mut book = nooterra_market::ContractBook::default();
    for c in first_commands(g) {
        for f in book.decide(g.at, &c).map_err(|e| refusal(e).field("contract"))? {
            book.evolve(&f);
        }
    }
    Ok(())
}

/// What a booking pins of a contract, by the names of the job's pins.
pub(crate) struct ContractPins {
    pub cover_fee: Amount,
    pub handover: bool,
    pub substitution: bool,
    pub site_fault_bearer: SiteFaultBearer,
    pub no_show: NoShowDefault,
    pub hold_rule: HoldRule,
    pub cancel: CancelTable,
    pub capture: CaptureTerms,
    pub moves: MoveTerms,
    pub level_values: LevelValues,
    pub fixed: FixedCredits,
    pub weights: Weights,
    pub cover_split: CoverSplit,
    pub max_claims: Amount,
}

/// Terms as a booking at this level pins them.
pub(crate) fn pinned(t: &Terms, policy: &Policy, insurer: Option<PartyId>, level: Level) -> ContractPins {
    let l = match level {
        Level::Basic => &t.sla.basic,
        Level::Standard => &t.sla.standard,
        Level::Premium => &t.sla.premium,
    };
    let c = &t.cancel;
    ContractPins {
        cover_fee: t.cover_fee,
        handover: t.handover,
        substitution: t.substitution,
        site_fault_bearer: match t.site_fault {
            SiteFault::Requester => SiteFaultBearer::Requester,
            SiteFault::Platform => SiteFaultBearer::Platform,
        },
        no_show: match t.no_show {
            NoShowUnanswered::Cancel => NoShowDefault::Cancel,
            NoShowUnanswered::Wait => NoShowDefault::Wait,
        },
        hold_rule: match t.hold {
            HoldOutcome::Proven => HoldRule::Proven,
            HoldOutcome::Nothing => HoldRule::Nothing,
        },
        cancel: CancelTable {
            regret: c.regret,
            near: c.near,
            far: c.far,
            early_bps: c.early_bps,
            late_bps: c.late_bps,
            departed_bps: c.departed_bps,
            inside_bps: c.inside_bps,
            absent_bps: c.absent_bps,
            owner_early_bps: c.owner_early_bps,
            owner_late_bps: c.owner_late_bps,
            owner_cap_bps: c.owner_cap_bps,
            wait_past_end: c.wait_past_end,
        },
        capture: t.capture,
        moves: MoveTerms {
            auto: t.reschedule.auto,
            auto_bps: t.reschedule.auto_bps,
            limit: t.reschedule.limit,
            answer: t.reschedule.answer,
        },
        level_values: LevelValues {
            // The level's price is a table of the policy, not of the contract.
            price_bps: policy.level_values.as_ref().map_or(level.values().price_bps, |v| v.price_bps),
            arrival_grace: l.arrival_grace,
            completion_grace: l.completion_grace,
            assist_response: l.assist_response,
            ladder: l.ladder.iter().map(|s| Rung { late: s.late, bps: s.bps }).collect(),
            credit_cap_bps: l.credit_cap_bps,
        },
        fixed: FixedCredits {
            excess_stall_bps: t.sla.fixed.excess_stall_bps,
            assist_slow_bps: t.sla.fixed.assist_slow_bps,
            exit_overstay_bps: t.sla.fixed.exit_overstay_bps,
            provider_abort_bps: t.sla.fixed.provider_abort_bps,
        },
        weights: Weights { reserve: t.split.reserve, platform: t.split.platform, owner: t.split.owner },
        cover_split: CoverSplit {
            insurer: insurer.filter(|_| t.cover.premium > 0).map(|party| (party, t.cover.premium)),
            reserve: t.cover.reserve,
            revenue: t.cover.revenue,
        },
        max_claims: t.max_claims,
    }
}

impl Unit<'_> {
    /// The first contract takes effect.
    pub fn open_contract(&mut self) {
        for c in first_commands(&self.s.genesis) {
            let done = self.contract(&c);
            always!(done.is_ok(), "the genesis was checked", "{done:?}");
        }
    }

    fn contract(&mut self, c: &ContractCommand) -> Outcome {
        let facts = self.s.contracts.decide(self.now(), c).map_err(refusal)?;
        for f in facts {
            self.contract_fact(f);
        }
        Ok(())
    }

    fn contract_fact(&mut self, f: ContractFact) {
        let (id, over) = match &f {
            ContractFact::Written(d) => (d.contract, false),
            ContractFact::Superseded { contract, .. } | ContractFact::Terminated { contract, .. } => (*contract, true),
            ContractFact::Published { contract, .. } | ContractFact::Signed { contract, .. } | ContractFact::Activated { contract, .. } => {
                (*contract, false)
            }
        };
        let role = self.role_or(Role::MK);
        self.record(format!("contract/{id}"), role, Payload::Contract(Box::new(f.clone())), |r| &mut r.market);
        self.s.contracts.evolve(&f);
        self.market_touched = true;
        if over {
            self.requests_end_with(id);
        }
    }

    /// Requests under a contract that is over are withdrawn; bookings go on under what they pinned.
    fn requests_end_with(&mut self, contract: ContractId) {
        let under = |j: &&JobId| self.s.jobs.get(*j).is_some_and(|j| j.request.contract == contract);
        let open: Vec<JobId> = self.s.negotiations.keys().filter(under).copied().collect();
        for job in open {
            let done = self.negotiate(job, &RfqCommand::WithdrawByStaff);
            always!(done.is_ok(), "an open request can be withdrawn", "{job}: {done:?}");
        }
    }

    /// What the market service, a party or staff says of a contract. Only the market service sees drafts.
    pub fn contract_word(&mut self, c: ContractWord) -> Outcome {
        let (role, actor) = (self.cx.role, PartyId::from_bytes(self.cx.actor));
        let only = |wanted: Role| need(role == wanted, Code::ScopeMissing);
        match c {
            ContractWord::Write { draft } => {
                only(Role::MK)?;
                self.check_draft(&draft)?;
                let contract = self.new_id();
                self.contract(&ContractCommand::Write { contract, draft })
            }
            ContractWord::Amend { contract, draft } => {
                only(Role::MK)?;
                self.check_draft(&draft)?;
                self.contract(&ContractCommand::Amend { contract, draft })
            }
            ContractWord::Publish { contract } => {
                only(Role::MK)?;
                self.contract(&ContractCommand::Publish { contract })
            }
            ContractWord::Sign { contract, document_hash } => {
                let (role, party) = match role {
                    Role::RQ => (SignerRole::Requester, actor),
                    Role::OW => (SignerRole::Owner, actor),
                    Role::IN => (SignerRole::Insurer, actor),
                    Role::SI => (SignerRole::Site, actor),
                    Role::MK => (SignerRole::Platform, platform(self.s.genesis.tenant)),
                    _ => return Err(Rejection::new(Code::ScopeMissing)),
                };
                let signer = Signer { role, party };
                // A contract that does not name a party does not exist for it.
                let named = self.s.contracts.get(contract).is_some_and(|k| k.document.draft.signers.contains(&signer));
                need(named, Code::NotFound)?;
                self.contract(&ContractCommand::Sign { contract, signer, document_hash })
            }
            ContractWord::Activate { contract, from } => {
                only(Role::MK)?;
                self.contract(&ContractCommand::Activate { contract, from })
            }
            ContractWord::Terminate { contract, cause } => {
                only(if cause == EndCause::Abandoned { Role::MK } else { Role::OS })?;
                self.contract(&ContractCommand::Terminate { contract, cause })
            }
        }
    }

    /// A contract can bind verified parties only, in a currency that is traded in and that each of them takes.
    fn check_draft(&self, d: &Draft) -> Outcome {
        let g = &self.s.genesis;
        let ours = |s: &Signer| s.role == SignerRole::Platform && s.party == platform(g.tenant);
        need(d.signers.iter().all(|s| ours(s) || self.s.parties.contains_key(&s.party)), Code::NotFound)?;
        // One for a site or a zone that is not here would hold for nothing, and nobody would notice.
        let here = d.scope.site.is_none_or(|s| s == g.site) && d.scope.zone.is_none_or(|z| self.world.has_zone(z));
        need(here, Code::NotFound)?;
        let c = d.terms.currency;
        need(g.policy.tariff(c).is_some() && d.signers.iter().all(|s| ours(s) || g.takes(s.party, c)), Code::CurrencyMismatch)
    }

    /// Successors whose time has come take over.
    pub fn contracts_due(&mut self) {
        let now = self.now();
        self.market_touched = true;
        while let Some(t) = self.s.contracts.deadlines().into_iter().next().filter(|t| t.due <= now) {
            let Some(f) = self.s.contracts.fire(now, t) else { return };
            self.contract_fact(f);
        }
    }

    /// The contract that a request falls under, with the owners that it admits.
    pub fn contract_for(
        &self,
        explicit: Option<ContractId>,
        requester: PartyId,
        template: u8,
        (levels, areas): (&BTreeSet<ZoneId>, &BTreeSet<ZoneId>),
        currency: Currency,
    ) -> Result<(ContractId, Terms), Rejection> {
        let sorted = |z: &BTreeSet<ZoneId>| z.iter().copied().collect();
        let asked =
            Asked { explicit, requester, site: self.s.genesis.site, template, zones: sorted(levels), areas: sorted(areas), currency };
        let r = self.s.contracts.resolve(self.now(), &asked).map_err(|c| refusal(c).field("contract"))?;
        Ok((r.contract, r.terms.clone()))
    }
}
