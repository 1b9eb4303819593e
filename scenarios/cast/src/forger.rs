//! Somebody who tries to speak in others' names. What comes of it is the platform's to show: nothing.

use nooterra_control::input::{Body as _, RequesterCommand, StaffCommand};
use nooterra_engine::ids::{JobId, PartyId, TenantId};
use nooterra_engine::{Instant, Record};
use nooterra_script::acts::Forgery;
use nooterra_trust::{Envelope, Sender, SigningKey};

/// The forger.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Forger {
    tenant: TenantId,
    /// A key that nobody knows.
    own: SigningKey,
    /// A key whose time is over.
    old: SigningKey,
    /// The last envelope of somebody else that passed by.
    heard: Option<Envelope>,
    letters: Vec<Envelope>,
}

/// The party whose key is no longer valid.
#[must_use]
pub fn former_staff() -> PartyId {
    PartyId::named("former-staff")
}

impl Forger {
    pub(crate) const fn new(tenant: TenantId, own: SigningKey, old: SigningKey) -> Self {
        Self { tenant, own, old, heard: None, letters: Vec::new() }
    }

    /// Listens on the wire.
    pub(crate) fn hear(&mut self, e: &Envelope) {
        self.heard = Some(e.clone());
    }

    /// Writes a letter that cancels a job in its requester's name.
    pub(crate) fn forge(&mut self, now: Instant, job: JobId, victim: PartyId, how: Forgery) {
        let cancel = RequesterCommand::Cancel { job, safety: false }.draft("jobs");
        let letter = match how {
            Forgery::UnknownKey => Sender::person(self.tenant, *victim.as_bytes(), self.own.clone()).seal(cancel, now, 0),
            Forgery::ExpiredKey => {
                let stop = StaffCommand::Cancel { job }.draft("jobs");
                Sender::person(self.tenant, *former_staff().as_bytes(), self.old.clone()).seal(stop, now, 0)
            }
            Forgery::BrokenSignature => {
                let Some(mut e) = self.heard.clone() else { return };
                e.actor_seq += 1;
                e.body = nooterra_engine::encode(&RequesterCommand::Cancel { job, safety: false });
                e
            }
            // Whoever has the key says it through its own outbox.
            Forgery::BorrowedKey => return,
            Forgery::Replay => {
                let Some(e) = self.heard.clone() else { return };
                e
            }
        };
        self.letters.push(letter);
    }

    pub(crate) fn post(&mut self, mut send: impl FnMut(Vec<u8>)) {
        self.letters.drain(..).for_each(|e| send(e.to_bytes()));
    }

    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        (!self.letters.is_empty()).then_some(now)
    }
}
