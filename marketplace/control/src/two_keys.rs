//! Decisions that two people have to say alike: the first is kept until another key says the very same.

use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, sha256_plain};
use nooterra_engine::ids::{KeyId, PartyId};
use nooterra_engine::record::Message;
use nooterra_trust::{Code, Rejection};
use std::collections::BTreeMap;

/// Hash of what was said, whoever said it and when: a body has one canonical form.
pub(crate) fn said<M: Message>(body: &M) -> Digest {
    sha256_plain(&nooterra_engine::encode(body))
}

/// What was said by one key so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Proposals {
    first: BTreeMap<Digest, (KeyId, PartyId)>,
}

impl Proposals {
    /// Who said this first, with another key; nobody, if it is said for the first time.
    pub(crate) fn first(&self, said: Digest, key: KeyId) -> Result<Option<(KeyId, PartyId)>, Rejection> {
        match self.first.get(&said) {
            Some((by, _)) if *by == key => Err(Rejection::new(Code::SecondKeyRequired)),
            other => Ok(other.copied()),
        }
    }
    /// It is said for the first time.
    pub(crate) fn keep(&mut self, said: Digest, key: KeyId, party: PartyId) {
        self.first.insert(said, (key, party));
    }
    /// Has another key said this before? Then it is decided; if not, it is kept until one does.
    pub(crate) fn second(&mut self, said: Digest, key: KeyId, party: PartyId) -> Result<bool, Rejection> {
        let second = self.first(said, key)?.is_some();
        if second {
            self.done(said);
        } else {
            self.keep(said, key, party);
        }
        Ok(second)
    }
    /// It was decided.
    pub(crate) fn done(&mut self, said: Digest) {
        self.first.remove(&said);
    }
    /// Whatever else was proposed is void as well.
    pub(crate) fn clear(&mut self) {
        self.first.clear();
    }
}
