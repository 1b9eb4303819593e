//! A requester, the site or a zone gets a contract of its own: the market service writes and publishes it, whom it binds and
//! the platform sign, it takes effect.

use crate::desks::Seat;
use crate::{Cast, provider_party, requester_party};
use nooterra_control::fact::{Event, Fact};
use nooterra_control::input::{Body as _, ContractDraft, ContractFact, ContractWord, Scope, Signer, SignerRole, Terms};
use nooterra_engine::ids::{ContractId, PartyId, SiteId, ZoneId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::{Digest, Instant, Record, Span};
use std::collections::BTreeMap;

/// It takes effect so long after the last signature.
const SOON: Span = Span::from_secs(5);

/// What the market service has under way.
#[derive(Debug, Clone, Default, PartialEq, Record)]
pub(crate) struct Desk {
    /// Terms that hold for everybody, by currency.
    general: BTreeMap<Currency, Terms>,
    /// What is not active yet.
    open: Vec<Open>,
}

/// A contract on its way.
#[derive(Debug, Clone, PartialEq, Record)]
struct Open {
    contract: ContractId,
    /// Who is to sign beside the platform, if anybody.
    requester: Option<u32>,
    /// What is signed, once it is published.
    hash: Digest,
}

/// How a contract differs from the general terms.
pub(crate) struct Wanted<'a> {
    pub cover_fee: Option<Amount>,
    /// In which currency; the market's if not said.
    pub currency: Option<Currency>,
    pub excludes: &'a [u32],
    /// With whom; with everybody if not said.
    pub requester: Option<u32>,
    pub site: Option<SiteId>,
    pub zone: Option<ZoneId>,
}

impl Cast {
    /// The market service writes a contract.
    pub(crate) fn write_contract(&mut self, now: Instant, wanted: &Wanted<'_>) {
        let Wanted { cover_fee, currency, excludes, requester, site, zone } = *wanted;
        let Some(general) = self.contracts.general.get(&currency.unwrap_or(self.currency)).cloned() else { return };
        let name = requester.and_then(|i| self.requesters.get(i as usize)).map(|r| r.name().to_owned());
        let names = excludes.iter().filter_map(|i| self.providers.get(*i as usize));
        let mut excluded: Vec<PartyId> = names.map(|p| provider_party(p.name())).collect();
        excluded.sort_unstable();
        excluded.dedup();
        let party = name.as_deref().map(requester_party);
        let platform = Signer { role: SignerRole::Platform, party: PartyId::from_bytes(*self.tenant.as_bytes()) };
        let requester = party.map(|party| Signer { role: SignerRole::Requester, party });
        let whose = name.unwrap_or_default();
        let draft = ContractDraft {
            scope: Scope { requester: party, site, zone, template: None },
            signers: requester.into_iter().chain([platform]).collect(),
            terms: Terms { cover_fee: cover_fee.unwrap_or(general.cover_fee), excluded, ..general },
            text_hash: nooterra_engine::digest::sha256(&[b"nooterra/paper/v1", whose.as_bytes()]),
            supersedes: None,
        };
        self.say(now, Seat::Market, ContractWord::Write { draft: Box::new(draft) }.draft("contracts"));
    }

    /// The market service, and whoever is to sign, hear what became of a contract.
    pub(crate) fn hear_contract(&mut self, now: Instant, fact: &Fact) {
        let Some(Event::Contract(fact)) = fact.event().map(|r| &r.payload) else { return };
        match &**fact {
            ContractFact::Written(d) if d.draft.scope == Scope::default() => {
                let terms = d.draft.terms.clone();
                self.contracts.general.insert(terms.currency, terms);
            }
            ContractFact::Written(d) => {
                let ours = |r: &crate::Requester| Some(requester_party(r.name())) == d.draft.scope.requester;
                let requester = self.requesters.iter().position(ours).and_then(|i| u32::try_from(i).ok());
                self.contracts.open.push(Open { contract: d.contract, requester, hash: Digest::ZERO });
                self.say(now, Seat::Market, ContractWord::Publish { contract: d.contract }.draft("contracts"));
            }
            ContractFact::Published { contract, document_hash } => {
                let Some(o) = self.contracts.open.iter_mut().find(|o| o.contract == *contract) else { return };
                o.hash = *document_hash;
                let sign = ContractWord::Sign { contract: *contract, document_hash: *document_hash };
                match o.requester {
                    Some(i) => {
                        if let Some(r) = self.requesters.get_mut(i as usize) {
                            r.outbox.push(sign.draft("contracts"), now, 0);
                        }
                    }
                    // It binds nobody else.
                    None => self.say(now, Seat::Market, sign.draft("contracts")),
                }
            }
            // The platform signs last.
            ContractFact::Signed { contract, signer } if signer.role != SignerRole::Platform => {
                let Some(o) = self.contracts.open.iter().find(|o| o.contract == *contract) else { return };
                let sign = ContractWord::Sign { contract: *contract, document_hash: o.hash };
                self.say(now, Seat::Market, sign.draft("contracts"));
            }
            ContractFact::Signed { contract, .. } => {
                let from = now.saturating_add(SOON);
                if self.contracts.open.iter().any(|o| o.contract == *contract) {
                    self.say(now, Seat::Market, ContractWord::Activate { contract: *contract, from }.draft("contracts"));
                }
            }
            ContractFact::Activated { contract, .. } => self.contracts.open.retain(|o| o.contract != *contract),
            ContractFact::Superseded { .. } | ContractFact::Terminated { .. } => {}
        }
    }
}
