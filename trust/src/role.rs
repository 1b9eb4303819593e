//! What a key may stand for, and from when to when. The role belongs to the key, never to the message.

use crate::keys::PublicKey;
use crate::opened::Opened;
use crate::rejection::{Code, Rejection};
use nooterra_engine::ids::{KeyId, TenantId};
use nooterra_engine::{Instant, Record, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

/// After a rotation the old key is valid for so long at most.
pub const OVERLAP_MAX: Span = Span::from_secs(86_400);

const ROTATE_TAG: &[u8] = b"nooterra/rotate/v1";

/// What a new key signs to show that whoever names it holds it: the marketplace, the holder and the key before it.
#[must_use]
pub fn rotation_bytes(tenant: TenantId, subject: &[u8; 16], old: KeyId, new: &PublicKey) -> Vec<u8> {
    [ROTATE_TAG, tenant.as_bytes(), subject, old.as_bytes(), &new.0].concat()
}

/// A signing role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
#[allow(clippy::upper_case_acronyms, reason = "the wire names are two capital letters")]
pub enum Role {
    /// Requester: household or business.
    RQ,
    /// Owner or provider of robots.
    OW,
    /// Robot: one device, one identity key at a time.
    RB,
    /// Remote operator.
    OP,
    /// Skill developer.
    DV,
    /// Certifier.
    CE,
    /// Insurer.
    IN,
    /// Site controller: doors, lifts, docks, beacons.
    SI,
    /// Witness device, not owned by the robot's owner.
    WI,
    /// Payment adapter.
    PS,
    /// Market service.
    MK,
    /// Dispatch service.
    DI,
    /// Trust service.
    TR,
    /// Finance service.
    FI,
    /// Operations staff.
    OS,
    /// Auditor.
    AU,
    /// Clock: fires timers, has no key.
    CK,
}

impl Role {
    /// All of them, in the order of the domain's table.
    pub const ALL: [Self; 17] = [
        Self::RQ,
        Self::OW,
        Self::RB,
        Self::OP,
        Self::DV,
        Self::CE,
        Self::IN,
        Self::SI,
        Self::WI,
        Self::PS,
        Self::MK,
        Self::DI,
        Self::TR,
        Self::FI,
        Self::OS,
        Self::AU,
        Self::CK,
    ];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A key bound to what it may stand for.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Binding {
    /// The key.
    pub public: PublicKey,
    /// The marketplace it belongs to.
    pub tenant: TenantId,
    /// Its only role.
    pub role: Role,
    /// Who holds it: the sixteen bytes of a party's, robot's, site's or witness's id.
    pub subject: [u8; 16],
    /// The holder's id as text, for people.
    pub name: String,
    /// First instant of validity.
    pub from: Instant,
    /// First instant past validity.
    pub to: Instant,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Instant>,
}

impl Binding {
    /// Valid at `at`?
    #[must_use]
    pub fn active(&self, at: Instant) -> bool {
        self.from <= at && at < self.to && self.revoked_at.is_none_or(|r| at < r)
    }
}

/// Why a key cannot be bound or revoked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyTableError {
    /// No key holds two roles, nor stands for two holders.
    #[error("key {key} already stands for {role} {name}")]
    Bound {
        /// The key.
        key: KeyId,
        /// The role it has.
        role: Role,
        /// Its holder.
        name: String,
    },
    /// The clock has no key.
    #[error("role CK has no key")]
    Clock,
    /// Ends before it starts.
    #[error("validity of key {key} ends before it starts")]
    Validity {
        /// The key.
        key: KeyId,
    },
    /// Never bound.
    #[error("key {key} is not bound")]
    Unknown {
        /// The key.
        key: KeyId,
    },
    /// Not valid any more, or not yet.
    #[error("key {key} is not valid now")]
    Inactive {
        /// The key.
        key: KeyId,
    },
}

/// All keys that were ever bound.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct KeyTable {
    bindings: BTreeMap<KeyId, Binding>,
}

impl KeyTable {
    /// Can this key be bound?
    pub fn can_bind(&self, binding: &Binding) -> Result<KeyId, KeyTableError> {
        let key = binding.public.id();
        if binding.role == Role::CK {
            return Err(KeyTableError::Clock);
        }
        if binding.to < binding.from {
            return Err(KeyTableError::Validity { key });
        }
        if let Some(b) = self.bindings.get(&key) {
            return Err(KeyTableError::Bound { key, role: b.role, name: b.name.clone() });
        }
        Ok(key)
    }
    /// Binds a key. It keeps its role and holder for ever.
    pub fn bind(&mut self, binding: Binding) -> Result<KeyId, KeyTableError> {
        let key = self.can_bind(&binding)?;
        self.bindings.insert(key, binding);
        Ok(key)
    }
    /// Puts `new` in place of a valid key from `at` on: the same role and holder, as long as the old one would have been
    /// valid, which ends after `overlap`.
    pub fn rotate(&mut self, old: KeyId, new: PublicKey, at: Instant, overlap: Span) -> Result<KeyId, KeyTableError> {
        let b = self.bindings.get(&old).ok_or(KeyTableError::Unknown { key: old })?;
        if !b.active(at) {
            return Err(KeyTableError::Inactive { key: old });
        }
        let key = self.bind(Binding { public: new, from: at, ..b.clone() })?;
        if let Some(b) = self.bindings.get_mut(&old) {
            b.to = b.to.min(at.saturating_add(overlap.min(OVERLAP_MAX)));
        }
        Ok(key)
    }
    /// Keys of a holder that are valid at `at`.
    pub fn of(&self, subject: [u8; 16], at: Instant) -> impl Iterator<Item = (KeyId, &Binding)> {
        self.iter().filter(move |(_, b)| b.subject == subject && b.active(at))
    }
    /// Whoever holds a key of this role that is valid at `at`, ascending, each once.
    pub fn holders(&self, role: Role, at: Instant) -> BTreeSet<[u8; 16]> {
        self.iter().filter(|(_, b)| b.role == role && b.active(at)).map(|(_, b)| b.subject).collect()
    }
    /// Ends a key's validity at `at`; the earliest revocation stands.
    pub fn revoke(&mut self, key: KeyId, at: Instant) -> Result<(), KeyTableError> {
        let b = self.bindings.get_mut(&key).ok_or(KeyTableError::Unknown { key })?;
        b.revoked_at = Some(b.revoked_at.map_or(at, |r| r.min(at)));
        Ok(())
    }
    /// The binding, valid or not.
    #[must_use]
    pub fn get(&self, key: KeyId) -> Option<&Binding> {
        self.bindings.get(&key)
    }
    /// The binding if it is valid at `at`.
    pub fn lookup(&self, key: KeyId, at: Instant) -> Result<&Binding, Rejection> {
        let b = self.bindings.get(&key).ok_or_else(|| unknown(key))?;
        if b.active(at) { Ok(b) } else { Err(inactive(key, at)) }
    }
    /// Who sent this? Signature, validity at `at`, tenant and actor are checked, in the order of precedence.
    pub fn identify(&self, opened: &Opened, at: Instant) -> Result<&Binding, Rejection> {
        let envelope = opened.envelope();
        let b = self.bindings.get(&envelope.key).ok_or_else(|| unknown(envelope.key))?;
        if !opened.is_signed_by(&b.public) && !nooterra_engine::planted!("I7 skip the signature") {
            return Err(Rejection::new(Code::SignatureInvalid).field("sig"));
        }
        if !b.active(at) {
            return Err(inactive(envelope.key, at));
        }
        if b.tenant != envelope.tenant && !nooterra_engine::planted!("I39 hear another tenant") {
            return Err(Rejection::new(Code::NotFound).field("tenant"));
        }
        if b.subject != envelope.actor {
            return Err(Rejection::new(Code::PartyForbidden).field("actor").expected(&b.name));
        }
        Ok(b)
    }
    /// Every binding, in order of key id.
    pub fn iter(&self) -> impl Iterator<Item = (KeyId, &Binding)> {
        self.bindings.iter().map(|(k, b)| (*k, b))
    }
}

fn unknown(key: KeyId) -> Rejection {
    Rejection::new(Code::KeyUnknown).field("key").actual(key)
}

fn inactive(key: KeyId, at: Instant) -> Rejection {
    Rejection::new(Code::KeyInactive).field("key").actual(format!("{key} at {at}"))
}
