//! The hand behind a command, and the way guards are counted: of several broken rules the first of the table is named.

use crate::rejection::{Code, Rejection};
use crate::role::Role;
use nooterra_engine::Record;
use nooterra_engine::ids::{KeyId, PartyId};

/// Who acts: filled by the caller from the key's binding, never from the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Hand {
    /// The only role of the key.
    pub role: Role,
    /// The key; the clock has none.
    pub key: Option<KeyId>,
    /// The party that the key's holder belongs to, if it belongs to one.
    pub party: Option<PartyId>,
}

impl Hand {
    /// The clock: fires timers, has no key.
    pub const CLOCK: Self = Self { role: Role::CK, key: None, party: None };

    /// Does it belong to `party`?
    #[must_use]
    pub fn is_of(&self, party: PartyId) -> bool {
        self.party == Some(party)
    }
}

/// Collects broken rules and keeps the one that precedes: the order of the checks in the source decides nothing.
#[derive(Debug, Default)]
pub struct Checks {
    first: Option<Rejection>,
}

impl Checks {
    /// None broken yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { first: None }
    }
    /// A rule and the code it is refused with.
    pub fn must(&mut self, holds: bool, code: Code, field: &str) -> &mut Self {
        if !holds {
            self.note(Rejection::new(code).field(field));
        }
        self
    }
    /// The role must be one of these.
    pub fn role(&mut self, hand: &Hand, allowed: &[Role]) -> &mut Self {
        if !allowed.contains(&hand.role) {
            self.note(Rejection::new(Code::RoleForbidden).field("role").expected(format!("{allowed:?}")).actual(hand.role));
        }
        self
    }
    /// A broken rule with its story.
    pub fn note(&mut self, r: Rejection) -> &mut Self {
        if self.first.as_ref().is_none_or(|f| r.code < f.code) {
            self.first = Some(r);
        }
        self
    }
    /// Did all hold?
    pub fn end(&mut self) -> Result<(), Rejection> {
        self.first.take().map_or(Ok(()), Err)
    }
}
