//! Life of a contract: what may be done with it in which phase, and what follows.

use super::{Contract, ContractBook, ContractCommand, ContractFact, ContractPhase, Document, Draft, TakeOver};
use crate::rejection::{Code, Guard};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::ContractId;
use nooterra_engine::time::Instant;

/// Most signers of one contract.
const SIGNERS_MAX: usize = 16;

impl ContractBook {
    /// Decides a command at `now`.
    pub fn decide(&self, now: Instant, c: &ContractCommand) -> Result<Vec<ContractFact>, Code> {
        let mut g = Guard::new();
        match c {
            ContractCommand::Write { contract, draft } => {
                g.need(is_sound(draft), Code::SchemaInvalid);
                g.need(self.get(*contract).is_none(), Code::AlreadyDone);
                let version = self.version(&mut g, *contract, draft);
                g.verdict()?;
                Ok(vec![written(*contract, version, draft)])
            }
            ContractCommand::Amend { contract, draft } => {
                let old = self.known(*contract)?;
                g.need(is_sound(draft), Code::SchemaInvalid);
                g.need(old.phase == ContractPhase::Draft, Code::StateForbids);
                let version = self.version(&mut g, *contract, draft);
                g.need(old.document.draft != **draft, Code::NoChange);
                g.verdict()?;
                Ok(vec![written(*contract, version, draft)])
            }
            ContractCommand::Publish { contract } => {
                let k = self.known(*contract)?;
                g.need(k.phase == ContractPhase::Draft, Code::StateForbids);
                g.verdict()?;
                Ok(vec![ContractFact::Published { contract: *contract, document_hash: k.document.hash() }])
            }
            ContractCommand::Sign { contract, signer, document_hash } => {
                let k = self.known(*contract)?;
                g.need(k.document.draft.signers.contains(signer), Code::PartyForbidden);
                g.need(k.phase == ContractPhase::Published, Code::StateForbids);
                g.need(!k.signed.contains(signer), Code::AlreadyDone);
                g.need(k.document_hash == *document_hash, Code::TermsChanged);
                g.verdict()?;
                Ok(vec![ContractFact::Signed { contract: *contract, signer: *signer }])
            }
            ContractCommand::Activate { contract, from } => {
                let k = self.known(*contract)?;
                g.need(k.phase == ContractPhase::Published && k.is_signed(), Code::StateForbids);
                g.need(*from >= now, Code::WindowInvalid);
                let old = k.document.draft.supersedes.and_then(|o| self.get(o));
                if let Some(old) = old {
                    // Two successors of one version would leave its scope to two documents.
                    g.need(old.phase == ContractPhase::Active && old.successor.is_none(), Code::ContractInactive);
                    g.need(old.effective_from.is_some_and(|f| f <= *from), Code::WindowInvalid);
                }
                g.verdict()?;
                let supersedes = k.document.draft.supersedes;
                let mut facts = vec![ContractFact::Activated { contract: *contract, from: *from, supersedes }];
                if let Some(old) = supersedes.filter(|_| *from <= now) {
                    facts.push(ContractFact::Superseded { contract: old, by: *contract });
                }
                Ok(facts)
            }
            ContractCommand::Terminate { contract, cause } => {
                let k = self.known(*contract)?;
                let over = matches!(k.phase, ContractPhase::Superseded | ContractPhase::Terminated);
                g.need(!over, Code::StateForbids);
                g.verdict()?;
                Ok(vec![ContractFact::Terminated { contract: *contract, cause: *cause }])
            }
        }
    }

    /// Successors that are to take over, in order of firing.
    pub fn deadlines(&self) -> Vec<TakeOver> {
        let waiting = |(id, c): (&ContractId, &Contract)| {
            c.successor.filter(|_| c.phase == ContractPhase::Active).map(|(_, due)| TakeOver { due, contract: *id })
        };
        let mut all: Vec<TakeOver> = self.contracts.iter().filter_map(waiting).collect();
        all.sort_unstable();
        all
    }

    /// What a take-over leads to at `now`; nothing if it is not due.
    pub fn fire(&self, now: Instant, t: TakeOver) -> Option<ContractFact> {
        let c = self.get(t.contract).filter(|c| c.phase == ContractPhase::Active)?;
        let (by, due) = c.successor?;
        (due <= now).then_some(ContractFact::Superseded { contract: t.contract, by })
    }

    /// Folds a fact in.
    pub fn evolve(&mut self, fact: &ContractFact) {
        match fact {
            ContractFact::Written(d) => {
                let draft = Contract {
                    document: (**d).clone(),
                    phase: ContractPhase::Draft,
                    document_hash: Digest::ZERO,
                    signed: Vec::new(),
                    effective_from: None,
                    successor: None,
                };
                self.contracts.insert(d.contract, draft);
            }
            ContractFact::Published { contract, document_hash } => self.change(*contract, |c| {
                c.phase = ContractPhase::Published;
                c.document_hash = *document_hash;
            }),
            ContractFact::Signed { contract, signer } => self.change(*contract, |c| c.signed.push(*signer)),
            ContractFact::Activated { contract, from, supersedes } => {
                self.change(*contract, |c| {
                    c.phase = ContractPhase::Active;
                    c.effective_from = Some(*from);
                });
                if let Some(old) = supersedes {
                    self.change(*old, |c| c.successor = Some((*contract, *from)));
                }
            }
            ContractFact::Superseded { contract, .. } => self.change(*contract, |c| c.phase = ContractPhase::Superseded),
            ContractFact::Terminated { contract, .. } => {
                self.change(*contract, |c| c.phase = ContractPhase::Terminated);
                // A successor that ends before it took over gives the place back.
                for c in self.contracts.values_mut().filter(|c| c.phase == ContractPhase::Active) {
                    c.successor = c.successor.filter(|(by, _)| by != contract);
                }
            }
        }
    }

    fn change(&mut self, contract: ContractId, f: impl FnOnce(&mut Contract)) {
        if let Some(c) = self.contracts.get_mut(&contract) {
            f(c);
        }
    }

    /// One more than the version that it supersedes, which must have been published with the same scope.
    fn version(&self, g: &mut Guard, contract: ContractId, draft: &Draft) -> u32 {
        let Some(old) = draft.supersedes else { return 1 };
        let found = self.get(old).filter(|_| old != contract);
        g.need(found.is_some(), Code::NotFound);
        let Some(k) = found else { return 1 };
        g.need(k.phase != ContractPhase::Draft, Code::ContractInactive);
        // One that takes over in another currency would leave the requests of the first without a contract.
        g.need(k.document.draft.terms.currency == draft.terms.currency, Code::CurrencyMismatch);
        g.need(k.document.draft.scope == draft.scope, Code::TermsChanged);
        k.document.version.saturating_add(1)
    }
}

fn written(contract: ContractId, version: u32, draft: &Draft) -> ContractFact {
    ContractFact::Written(Box::new(Document { contract, version, draft: draft.clone() }))
}

/// Somebody signs, nobody twice, and the terms can be settled.
fn is_sound(d: &Draft) -> bool {
    let mut signers = d.signers.clone();
    signers.sort_unstable();
    signers.dedup();
    !signers.is_empty() && signers.len() == d.signers.len() && signers.len() <= SIGNERS_MAX && d.terms.is_sound()
}
