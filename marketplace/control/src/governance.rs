//! Who may speak: parties are verified, keys are bound, rotated and revoked while everything runs, and auditors say what they
//! found (domain 3.7).
//!
//! Staff bind and revoke keys, two of them together; whoever holds a valid key rotates it alone, and shows with the new
//! one that it is theirs. A key keeps its role and holder for ever, valid or not. A robot whose last key is gone cannot
//! be told from one that somebody else steers: it is barred, and gives up what it was about.

use crate::fact::{Event, GovernanceEvent, KeyReason, Rotation};
use crate::genesis::{NEWCOMER_BPS, PartyEntry};
use crate::input::GovernanceCommand;
use crate::state::PartyCell;
use crate::two_keys::said;
use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{JobId, KeyId, OperatorId, PartyId, RobotId};
use nooterra_engine::money::Currency;
use nooterra_engine::sometimes;
use nooterra_engine::time::Span;
use nooterra_jobs::status::Status;
use nooterra_trust::reputation::Subject;
use nooterra_trust::role::{KeyTableError, OVERLAP_MAX, rotation_bytes};
use nooterra_trust::{Binding, Code, PublicKey, Rejection, Role, Signature};

/// The stream of keys and audits.
const STREAM: &str = "gov";
/// Two people of staff have to say the same: with fewer keys nobody could bind another.
const STAFF_MIN: usize = 2;
/// Parties of a marketplace at most.
const PARTIES_MAX: usize = 100_000;
/// Longest name of a holder.
const NAME_MAX: usize = 128;

fn refused(e: KeyTableError) -> Rejection {
    let code = match e {
        KeyTableError::Bound { .. } => Code::AlreadyDone,
        KeyTableError::Clock => Code::RoleForbidden,
        KeyTableError::Validity { .. } => Code::WindowInvalid,
        KeyTableError::Unknown { .. } => Code::NotFound,
        KeyTableError::Inactive { .. } => Code::KeyInactive,
    };
    Rejection::new(code).field("key").actual(e)
}

impl Unit<'_> {
    /// What is said about keys, and by auditors.
    pub(crate) fn governance(&mut self, c: GovernanceCommand) -> Outcome {
        match c {
            GovernanceCommand::RotateKey { public, proof, overlap } => self.rotate_key(public, &proof, overlap),
            GovernanceCommand::BindKey(ref binding) => {
                need(self.cx.role == Role::OS, Code::RoleForbidden)?;
                self.may_bind(binding)?;
                self.s.keys.can_bind(binding).map_err(refused)?;
                if !self.is_second(said(&c))? {
                    return Ok(());
                }
                self.s.keys.bind((**binding).clone()).map_err(refused)?;
                sometimes!(true, "key bound");
                self.govern(GovernanceEvent::KeyBound(binding.clone()));
                Ok(())
            }
            GovernanceCommand::RevokeKey { key, reason } => {
                need(self.cx.role == Role::OS, Code::RoleForbidden)?;
                self.may_revoke(key)?;
                if self.is_second(said(&c))? {
                    self.revoke_key(key, reason);
                }
                Ok(())
            }
            GovernanceCommand::RecordAudit { job, agrees, finding } => self.record_audit(job, agrees, finding),
            GovernanceCommand::VerifyParty { party, name, takes } => self.verify_party(party, name, takes),
            GovernanceCommand::SetPolicy { ref change, effective_from } => self.set_policy(change, effective_from, said(&c)),
            GovernanceCommand::WitnessHead { number, root } => self.head_seen(number, root),
        }
    }

    /// Has another key said the very same before? If not, it is kept until one does.
    pub(crate) fn is_second(&mut self, said: Digest) -> Result<bool, Rejection> {
        let Some(key) = self.cx.key else { return no(Code::RoleForbidden) };
        self.s.key_words.second(said, key, PartyId::from_bytes(self.cx.actor))
    }

    pub(crate) fn govern(&mut self, event: GovernanceEvent) {
        self.record(STREAM, self.cx.role, Event::Governance(event), |r| &mut r.trust);
    }

    /// A key is bound to somebody who is known here, and a robot has one key at a time.
    fn may_bind(&self, b: &Binding) -> Outcome {
        need(b.name.len() <= NAME_MAX && b.revoked_at.is_none() && b.to > b.from, Code::SchemaInvalid)?;
        need(b.tenant == self.s.genesis.tenant, Code::NotFound)?;
        need(b.to > self.now(), Code::WindowInvalid)?;
        let g = &self.s.genesis;
        let known = match b.role {
            Role::RB => self.s.robots.contains_key(&RobotId::from_bytes(b.subject)),
            Role::OP => self.s.desk.operators.contains_key(&OperatorId::from_bytes(b.subject)),
            Role::SI | Role::WI => {
                g.witnesses.iter().any(|w| w.actor == b.subject) || g.log_witnesses.iter().any(|w| *w.as_bytes() == b.subject)
            }
            Role::CK => return no(Code::RoleForbidden),
            _ => g.parties.iter().any(|p| *p.party.as_bytes() == b.subject),
        };
        if !known {
            return Err(Rejection::new(Code::NotFound).field("subject"));
        }
        let has_one = self.s.keys.of(b.subject, self.now()).any(|(_, k)| k.role == Role::RB);
        need(b.role != Role::RB || !has_one, Code::AlreadyDone)
    }

    /// Staff have seen who this is: from now on it may be bound a key, ask for work, and be paid.
    fn verify_party(&mut self, party: PartyId, name: String, takes: Vec<Currency>) -> Outcome {
        need(self.cx.role == Role::OS, Code::RoleForbidden)?;
        need(!name.is_empty() && name.len() <= NAME_MAX, Code::SchemaInvalid)?;
        need(!self.s.parties.contains_key(&party), Code::AlreadyDone)?;
        let trades = self.s.genesis.policy.currencies();
        need(takes.len() <= trades.len() && takes.iter().all(|c| trades.contains(c)), Code::CurrencyMismatch)?;
        need(self.s.parties.len() < PARTIES_MAX, Code::QuotaExceeded)?;
        sometimes!(true, "party verified");
        let entry = PartyEntry { party, name: name.clone(), trust_bps: NEWCOMER_BPS, takes: takes.clone(), own: Vec::new() };
        self.s.genesis.parties.push(entry);
        self.s.parties.insert(party, PartyCell { open_jobs: 0, serving: 0, payout_at: None });
        self.s.scores.begin(Subject::Owner(party), NEWCOMER_BPS);
        self.govern(GovernanceEvent::PartyVerified { party, name, takes });
        Ok(())
    }

    fn may_revoke(&self, key: KeyId) -> Outcome {
        let now = self.now();
        let Some(b) = self.s.keys.get(key) else { return no(Code::NotFound) };
        need(b.revoked_at.is_none() && now < b.to, Code::AlreadyDone)?;
        let staff = self.s.keys.iter().filter(|(id, k)| *id != key && k.role == Role::OS && k.active(now)).count();
        need(b.role != Role::OS || staff >= STAFF_MIN, Code::StateForbids)
    }

    fn revoke_key(&mut self, key: KeyId, reason: KeyReason) {
        let now = self.now();
        let Some((role, subject)) = self.s.keys.get(key).map(|b| (b.role, b.subject)) else { return };
        sometimes!(true, "key revoked");
        self.govern(GovernanceEvent::KeyRevoked { key, reason });
        if nooterra_engine::planted!("I7 hear a revoked key") {
            return;
        }
        if self.s.keys.revoke(key, now).is_err() {
            return;
        }
        if role == Role::RB && self.s.keys.of(subject, now).next().is_none() {
            self.bar(RobotId::from_bytes(subject), "IDENTITY", None);
        }
    }

    /// The holder of the key that signed this puts another in its place.
    fn rotate_key(&mut self, public: PublicKey, proof: &Signature, overlap: Span) -> Outcome {
        let Some(old) = self.cx.key else { return no(Code::RoleForbidden) };
        let bytes = rotation_bytes(self.s.genesis.tenant, &self.cx.actor, old, &public);
        if !public.verify(&bytes, proof) {
            return Err(Rejection::new(Code::SignatureInvalid).field("proof"));
        }
        need(overlap <= OVERLAP_MAX, Code::WindowInvalid)?;
        let now = self.now();
        // Two keys of one holder at most: the one before last is over.
        let has_two = self.s.keys.of(self.cx.actor, now).any(|(id, k)| id != old && k.role == self.cx.role);
        need(!has_two, Code::StateForbids)?;
        let new = self.s.keys.rotate(old, public, now, overlap).map_err(refused)?;
        sometimes!(true, "key rotated");
        let rotation = Rotation { old, new, public, overlap };
        if self.cx.role == Role::RB {
            let stream = format!("robot/{}", RobotId::from_bytes(self.cx.actor));
            self.record(&stream, Role::RB, Event::Governance(GovernanceEvent::RobotKeyRotated(rotation)), |r| &mut r.trust);
        } else {
            self.govern(GovernanceEvent::KeyRotated(rotation));
        }
        Ok(())
    }

    /// An auditor says whether a settled job's facts, entries and proofs follow from the log.
    fn record_audit(&mut self, job: JobId, agrees: bool, finding: Digest) -> Outcome {
        need(self.cx.role == Role::AU, Code::RoleForbidden)?;
        need(self.job(job)?.status == Status::Settled, Code::StateForbids)?;
        need(self.s.audited.insert(job), Code::AlreadyDone)?;
        self.s.audits.remove(&job);
        sometimes!(agrees, "audit without a finding");
        self.govern(GovernanceEvent::AuditRecorded { job, agrees, finding });
        Ok(())
    }
}
