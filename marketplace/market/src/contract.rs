//! Contracts: what both sides signed, frozen by hash (section 4.6).
//!
//! A contract goes `DRAFT` > `PUBLISHED` > signed by every required role > `ACTIVE` > `SUPERSEDED` or `TERMINATED`.
//! Publishing freezes the document: its hash covers id, version, scope, signers, terms and the text. A new version
//! names the one that it supersedes and takes over at its `effective_from`; a booking pins the document's hash and
//! the terms themselves, so nothing that happens here later reaches it. [`ContractBook::decide`] reads,
//! [`ContractBook::evolve`] folds, [`ContractBook::deadlines`] says when a successor takes over, and
//! [`ContractBook::resolve`] finds the contract of a request.

mod book;
mod resolve;
mod terms;

pub use resolve::{Asked, Resolved};
pub use terms::{CoverWeights, HoldOutcome, NoShowUnanswered, SiteFault, SplitWeights, Terms};

use crate::rejection::Code;
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{ContractId, PartyId, SiteId, ZoneId};
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;

/// What a contract applies to: every field that is set must match. More set fields are more specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Scope {
    /// This requester.
    pub requester: Option<PartyId>,
    /// This site.
    pub site: Option<SiteId>,
    /// This kind of work, as the caller numbers them.
    pub template: Option<u8>,
    /// Work that touches this zone.
    pub zone: Option<ZoneId>,
}

impl Scope {
    /// How many fields are set.
    pub fn specificity(&self) -> u8 {
        u8::from(self.requester.is_some())
            + u8::from(self.site.is_some())
            + u8::from(self.template.is_some())
            + u8::from(self.zone.is_some())
    }
}

/// Roles whose signature a contract may require.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum SignerRole {
    /// Who asks for work.
    Requester,
    /// Who owns robots.
    Owner,
    /// The platform.
    Platform,
    /// Who insures.
    Insurer,
    /// Who runs the site.
    Site,
}

/// A signature that a contract asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Signer {
    /// In which role.
    pub role: SignerRole,
    /// By whom.
    pub party: PartyId,
}

/// What is written before a contract is published.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Draft {
    /// What it applies to.
    pub scope: Scope,
    /// Who must sign, each once.
    pub signers: Vec<Signer>,
    /// Its terms as values.
    pub terms: Terms,
    /// Hash of the text for people.
    pub text_hash: Digest,
    /// The version that it takes the place of.
    pub supersedes: Option<ContractId>,
}

/// A frozen document: what its hash covers.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Document {
    /// Its id.
    pub contract: ContractId,
    /// Its version, from 1.
    pub version: u32,
    /// What it says.
    pub draft: Draft,
}

impl Document {
    /// What is signed and pinned.
    pub fn hash(&self) -> Digest {
        content_hash("nooterra/contract/v1", self)
    }
}

/// Where a contract stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum ContractPhase {
    /// It can be changed.
    Draft,
    /// It can only be signed.
    Published,
    /// In force from its `effective_from` on.
    Active,
    /// A later version has taken over.
    Superseded,
    /// Ended.
    Terminated,
}

/// Why a contract was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum EndCause {
    /// By agreement or notice.
    Notice,
    /// A side broke it.
    Breach,
    /// It was never signed.
    Abandoned,
}

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Contract {
    /// Its document.
    pub document: Document,
    /// Where it stands.
    pub phase: ContractPhase,
    /// Hash of the document, once published.
    pub document_hash: Digest,
    /// Signatures so far, in order.
    pub signed: Vec<Signer>,
    /// In force from then on, once activated.
    pub effective_from: Option<Instant>,
    /// The version that takes over, and when.
    pub successor: Option<(ContractId, Instant)>,
}

impl Contract {
    /// May bookings be made under it at `now`?
    pub fn is_active(&self, now: Instant) -> bool {
        self.phase == ContractPhase::Active
            && self.effective_from.is_some_and(|f| f <= now)
            && self.successor.is_none_or(|(_, at)| now < at)
    }
    /// Did everybody sign?
    pub fn is_signed(&self) -> bool {
        self.document.draft.signers.iter().all(|s| self.signed.contains(s))
    }
}

/// Every contract of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct ContractBook {
    contracts: BTreeMap<ContractId, Contract>,
}

/// What can be asked of the book.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum ContractCommand {
    /// A new draft.
    Write {
        /// Its id.
        contract: ContractId,
        /// What it says.
        draft: Box<Draft>,
    },
    /// A draft is changed.
    Amend {
        /// Which.
        contract: ContractId,
        /// What it says now.
        draft: Box<Draft>,
    },
    /// The document is frozen.
    Publish {
        /// Which.
        contract: ContractId,
    },
    /// A party signs the hash.
    Sign {
        /// Which.
        contract: ContractId,
        /// Who, in which role.
        signer: Signer,
        /// What it signs.
        document_hash: Digest,
    },
    /// It takes effect.
    Activate {
        /// Which.
        contract: ContractId,
        /// From then on.
        from: Instant,
    },
    /// It ends.
    Terminate {
        /// Which.
        contract: ContractId,
        /// Why.
        cause: EndCause,
    },
}

/// What happened to a contract.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum ContractFact {
    /// A draft was written or changed.
    Written(Box<Document>),
    /// `CONTRACT_PUBLISHED`.
    Published {
        /// Which.
        contract: ContractId,
        /// Its hash from now on.
        document_hash: Digest,
    },
    /// `CONTRACT_SIGNED`.
    Signed {
        /// Which.
        contract: ContractId,
        /// Who.
        signer: Signer,
    },
    /// `CONTRACT_ACTIVATED`.
    Activated {
        /// Which.
        contract: ContractId,
        /// From then on.
        from: Instant,
        /// The version that it takes the place of.
        supersedes: Option<ContractId>,
    },
    /// `CONTRACT_ENDED` by a successor.
    Superseded {
        /// Which.
        contract: ContractId,
        /// By which.
        by: ContractId,
    },
    /// `CONTRACT_ENDED`.
    Terminated {
        /// Which.
        contract: ContractId,
        /// Why.
        cause: EndCause,
    },
}

/// When a successor takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct TakeOver {
    /// When.
    pub due: Instant,
    /// Of which contract.
    pub contract: ContractId,
}

impl ContractBook {
    /// One contract.
    pub fn get(&self, contract: ContractId) -> Option<&Contract> {
        self.contracts.get(&contract)
    }
    /// All contracts, ascending by id.
    pub fn iter(&self) -> impl Iterator<Item = (&ContractId, &Contract)> {
        self.contracts.iter()
    }
    fn known(&self, contract: ContractId) -> Result<&Contract, Code> {
        self.get(contract).ok_or(Code::NotFound)
    }
}
