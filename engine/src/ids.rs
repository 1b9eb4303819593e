//! Typed ids: sixteen bytes each, one type per noun, all registered here.
//!
//! Text form: `<prefix>_` and lowercase unpadded base32 (RFC 4648) of the sixteen bytes. Ids are made by hashing
//! what caused them (`nooterra/id/v1`, prefix, input hash, ordinal), so nobody chooses one.

use crate::digest::{Digest, sha256};
use crate::record::{DecodeError, Kind, Reader, Value, Wire, Writer};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use thiserror::Error;

/// What an id names.
pub trait Noun: 'static {
    /// The text before the underscore.
    const PREFIX: &'static str;
}

/// An id of a `N`.
pub struct Id<N> {
    bytes: [u8; 16],
    noun: PhantomData<fn() -> N>,
}

impl<N> Clone for Id<N> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<N> Copy for Id<N> {}
impl<N> PartialEq for Id<N> {
    #[inline]
    fn eq(&self, o: &Self) -> bool {
        self.bytes == o.bytes
    }
}
impl<N> Eq for Id<N> {}
impl<N> PartialOrd for Id<N> {
    fn partial_cmp(&self, o: &Self) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}
impl<N> Ord for Id<N> {
    #[inline]
    fn cmp(&self, o: &Self) -> Ordering {
        self.bytes.cmp(&o.bytes)
    }
}
impl<N> Hash for Id<N> {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.bytes.hash(h);
    }
}

impl<N: Noun> Id<N> {
    /// The id of the `ordinal`-th thing that the input with this hash brings into being.
    pub fn derive(cause: &Digest, ordinal: u32) -> Self {
        let h = sha256(&[b"nooterra/id/v1", N::PREFIX.as_bytes(), &cause.0, &ordinal.to_be_bytes()]);
        Self::cut(&h)
    }
    /// The id of something that carries a name of its own in a configuration: a robot, a site, a party.
    pub fn named(name: &str) -> Self {
        Self::cut(&sha256(&[b"nooterra/id/v1", N::PREFIX.as_bytes(), b"name", name.as_bytes()]))
    }
    /// An id from its bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self { bytes, noun: PhantomData }
    }
    /// Its sixteen bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.bytes
    }
    /// First eight bytes as a number: a stable key for `Chance`.
    #[inline]
    pub fn key64(&self) -> u64 {
        let mut b = [0; 8];
        b.copy_from_slice(&self.bytes[..8]);
        u64::from_be_bytes(b)
    }
    fn cut(h: &Digest) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&h.0[..16]);
        Self::from_bytes(bytes)
    }
}

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Five bits a letter, from the top; the last letter holds the three that are left.
fn base32(bytes: &[u8; 16]) -> [u8; 26] {
    let mut out = [0; 26];
    let (mut held, mut bits, mut n) = (0u32, 0u32, 0usize);
    for b in bytes {
        held = held << 8 | u32::from(*b);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out[n] = ALPHABET[(held >> bits & 31) as usize];
            n += 1;
        }
    }
    out[n] = ALPHABET[(held << (5 - bits) & 31) as usize];
    out
}

impl<N: Noun> Id<N> {
    /// Writes the text form at the end of `out`.
    pub fn push_to(&self, out: &mut String) {
        out.push_str(N::PREFIX);
        out.push('_');
        // Letters of the alphabet are ASCII.
        out.push_str(std::str::from_utf8(&base32(&self.bytes)).unwrap_or_default());
    }
}
impl<N: Noun> fmt::Display for Id<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(N::PREFIX)?;
        f.write_str("_")?;
        f.write_str(std::str::from_utf8(&base32(&self.bytes)).unwrap_or_default())
    }
}
impl<N: Noun> fmt::Debug for Id<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not an id of this noun.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// Another noun's id, or none at all.
    #[error("`{text}` does not start with `{prefix}_`")]
    Prefix {
        /// What was given.
        text: String,
        /// What an id of this noun starts with.
        prefix: &'static str,
    },
    /// Not 26 letters of base32, or spare bits set.
    #[error("`{0}` is not 26 letters of lowercase base32")]
    Letters(String),
}

impl<N: Noun> FromStr for Id<N> {
    type Err = IdError;
    fn from_str(s: &str) -> Result<Self, IdError> {
        let bad = || IdError::Letters(s.to_owned());
        let rest = s
            .strip_prefix(N::PREFIX)
            .and_then(|r| r.strip_prefix('_'))
            .ok_or_else(|| IdError::Prefix { text: s.to_owned(), prefix: N::PREFIX })?;
        if rest.len() != 26 {
            return Err(bad());
        }
        let mut v = 0u128;
        for (i, c) in rest.bytes().enumerate() {
            let d = ALPHABET.iter().position(|a| *a == c).ok_or_else(bad)? as u128;
            if i < 25 {
                v = (v << 5) | d;
            } else {
                if d & 3 != 0 {
                    return Err(bad());
                }
                v = (v << 3) | (d >> 2);
            }
        }
        Ok(Self::from_bytes(v.to_be_bytes()))
    }
}

impl<N: Noun> Value for Id<N> {
    const WIRE: Wire = Wire::Len;
    fn kind() -> Kind {
        Kind::Shown(|b| <[u8; 16]>::try_from(b).map_or_else(|_| "?".into(), |b| Self::from_bytes(b).to_string()))
    }
    #[inline]
    fn is_default(&self) -> bool {
        false
    }
    fn absent() -> Option<Self> {
        None
    }
    #[inline]
    fn put(&self, w: &mut Writer) {
        w.varint(16);
        w.bytes.extend_from_slice(&self.bytes);
    }
    #[inline]
    fn put_field(&self, tag: u32, w: &mut Writer) {
        w.few(tag, &self.bytes);
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if r.varint()? != 16 {
            return Err(r.error("an id has 16 bytes"));
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(r.take(16)?);
        Ok(Self::from_bytes(bytes))
    }
}

/// Positions in lists, each a type of its own, so that none is taken for another.
#[macro_export]
macro_rules! indexes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, $crate::Record)]
        pub struct $name {
            /// Position in its list.
            pub ix: u32,
        }
        impl $name {
            /// The `ix`-th of its list.
            pub const fn new(ix: u32) -> Self { Self { ix } }
            /// As an index into a slice.
            pub const fn at(self) -> usize { self.ix as usize }
        }
    )*};
}

macro_rules! nouns {
    ($($(#[$doc:meta])* $noun:ident $alias:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $noun {}
        impl Noun for $noun { const PREFIX: &'static str = $prefix; }
        #[doc = concat!("`", $prefix, "_…`")]
        pub type $alias = Id<$noun>;
    )*};
}

nouns! {
    /// One marketplace with its own ledger, keys and logs.
    Tenant TenantId "tn";
    /// A requester, provider, developer, insurer, certifier or operator company.
    Party PartyId "pty";
    /// A building.
    Site SiteId "sit";
    /// A named area of a site.
    Zone ZoneId "zon";
    /// A place where robots charge or exchange items under a witness.
    Dock DockId "dck";
    /// A door or lift door.
    Door DoorId "dor";
    /// A lift.
    Lift LiftId "lft";
    /// A piece of work from request to settlement.
    Job JobId "job";
    /// A provider's offer for a job.
    Quote QuoteId "quo";
    /// A robot.
    Robot RobotId "rbt";
    /// Charging, relocating or service of a robot.
    Task TaskId "tsk";
    /// A stop order.
    Stop StopId "stp";
    /// A robot's authority over a job.
    Lease LeaseId "lse";
    /// Permission to enter areas for a time.
    AccessPlan AccessPlanId "acp";
    /// An approval by the requester.
    Approval ApprovalId "apr";
    /// Something that went wrong.
    Incident IncidentId "inc";
    /// Recorded evidence.
    Evidence EvidenceId "evd";
    /// An evaluation of proof.
    Proof ProofId "prf";
    /// A claim on an incident.
    Claim ClaimId "clm";
    /// A dispute about a job.
    Dispute DisputeId "dsp";
    /// A settlement that waits.
    Hold HoldId "hld";
    /// An authorised or captured payment.
    Payment PaymentId "pay";
    /// Money given back.
    Refund RefundId "rfd";
    /// A card payment reversed by the bank.
    Chargeback ChargebackId "cbk";
    /// Money paid out to a party.
    Payout PayoutId "pyo";
    /// A signed contract.
    Contract ContractId "ctr";
    /// A dispatch region.
    Region RegionId "reg";
    /// A signing key: hashes the 32-byte public key.
    Key KeyId "key";
    /// An event of a stream.
    Event EventId "evt";
    /// A witness device.
    Witness WitnessId "wit";
    /// An effect that a consumer carries out.
    Effect EffectId "eff";
    /// An input as its sender names it.
    Input InputId "inp";
    /// A movement order to a robot.
    Order OrderId "ord";
    /// A physical item.
    Item ItemId "itm";
    /// Jobs that are done together.
    Team TeamId "tem";
    /// A standing offer.
    StandingOffer StandingOfferId "sof";
    /// Work that is repeated by a rule.
    Series SeriesId "ser";
    /// A skill.
    Skill SkillId "skl";
    /// A certificate of a skill.
    Certificate CertificateId "crt";
    /// A licence of a skill.
    Licence LicenceId "lic";
    /// A remote operator.
    Operator OperatorId "opr";
    /// An operator's shift.
    Shift ShiftId "shf";
    /// A request for remote help.
    Assist AssistId "ast";
    /// One command of a remote operator.
    Intervention InterventionId "itv";
}
