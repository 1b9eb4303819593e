//! Which contract a request falls under.

use super::{Contract, ContractBook, Scope, Terms};
use crate::rejection::Code;
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{ContractId, PartyId, SiteId, ZoneId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use std::cmp::Reverse;

/// A request as contracts see it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Asked {
    /// The contract that it names.
    pub explicit: Option<ContractId>,
    /// Who asks.
    pub requester: PartyId,
    /// Where.
    pub site: SiteId,
    /// What kind of work, as the caller numbers them.
    pub template: u8,
    /// Zones that it touches.
    pub zones: Vec<ZoneId>,
    /// Those within them that it touches: a contract for one of these says more of where it is for.
    pub areas: Vec<ZoneId>,
    /// The currency that it is paid in.
    pub currency: Currency,
}

/// What a booking pins of the contract that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// Its id.
    pub contract: ContractId,
    /// Its version.
    pub version: u32,
    /// Hash of its document.
    pub document_hash: Digest,
    /// Its terms.
    pub terms: &'a Terms,
}

impl Scope {
    /// Does it take this request in?
    pub fn covers(&self, a: &Asked) -> bool {
        self.requester.is_none_or(|r| r == a.requester)
            && self.site.is_none_or(|s| s == a.site)
            && self.template.is_none_or(|t| t == a.template)
            && self.zone.is_none_or(|z| a.zones.contains(&z) || a.areas.contains(&z))
    }
}

impl ContractBook {
    /// The contract of a request among those active at `now`: the one it names, else the one with most scope fields
    /// set, then the one for an area before the one for all around it, then the higher version, then the later `effective_from`, then the lower id. One that is named must be
    /// active and take the request in, as any other. Fees and caps of a contract are amounts of its own currency: it
    /// holds for requests in that currency alone, and naming it for another is told apart.
    pub fn resolve(&self, now: Instant, a: &Asked) -> Result<Resolved<'_>, Code> {
        let fits = |c: &Contract| c.is_active(now) && c.document.draft.scope.covers(a);
        let paid_in = |c: &Contract| c.document.draft.terms.currency == a.currency;
        let found = match a.explicit {
            Some(id) => match self.get(id).filter(|c| fits(c)) {
                Some(c) if !paid_in(c) => return Err(Code::CurrencyMismatch),
                c => c,
            },
            None => self.contracts.values().filter(|c| fits(c) && paid_in(c)).max_by_key(|c| {
                let d = &c.document;
                (
                    d.draft.scope.specificity(),
                    d.draft.scope.zone.is_some_and(|z| a.areas.contains(&z)),
                    d.version,
                    c.effective_from,
                    Reverse(d.contract),
                )
            }),
        };
        let c = found.ok_or(Code::ContractInactive)?;
        let d = &c.document;
        Ok(Resolved { contract: d.contract, version: d.version, document_hash: c.document_hash, terms: &d.draft.terms })
    }

    /// Does a booking's pin still name this document? What was signed never changes, in force or not.
    pub fn is_pinned(&self, contract: ContractId, document_hash: Digest) -> bool {
        self.get(contract).is_some_and(|c| c.document_hash == document_hash && c.document.hash() == document_hash)
    }
}
