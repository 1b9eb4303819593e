//! The settlement gate and the choice of audits (domain 8.6): the gate fails closed, the choice can be made by anybody.

use crate::rejection::{Code, Rejection};
use nooterra_engine::Record;
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::JobId;

macro_rules! items {
    ($($(#[$doc:meta])* $name:ident $field:ident $text:literal;)*) => {
        /// What the gate asks for, in the order in which missing items are listed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
        pub enum Item { $($(#[$doc])* $name,)* }
        impl Item {
            /// Every item.
            pub const ALL: &[Self] = &[$(Self::$name),*];
            /// The wire name.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
        /// Which items are there, as the caller found them. Nothing is there by default.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
        pub struct Facts { $($(#[$doc])* pub $field: bool,)* }
        impl Facts {
            /// What is not there.
            #[must_use]
            pub fn missing(&self) -> Vec<Item> {
                let all = [$((Item::$name, self.$field)),*];
                all.into_iter().filter(|(_, there)| !there).map(|(item, _)| item).collect()
            }
            /// The same facts with one item set.
            #[must_use]
            pub fn with(mut self, item: Item, there: bool) -> Self {
                match item { $(Item::$name => self.$field = there),* }
                self
            }
        }
    };
}

items! {
    /// Proof fresh at the end anchor and not `INSUFFICIENT`; or not started; or a forfeit decision.
    Proof proof "PROOF";
    /// Presence OUT; or STRANDED with its incident triaged.
    Presence presence "PRESENCE";
    /// Custody not HELD.
    Custody custody "CUSTODY";
    /// The lease has ended.
    Lease lease "LEASE";
    /// Payment captured or voided.
    Payment payment "PAYMENT";
    /// No open dispute.
    Dispute dispute "DISPUTE";
    /// No open chargeback.
    Chargeback chargeback "CHARGEBACK";
    /// No untriaged incident of severity 4 or 5.
    Incident incident "INCIDENT";
    /// Coverage is closed.
    Coverage coverage "COVERAGE";
    /// The assist is closed.
    Assist assist "ASSIST";
    /// Meter totals are reconciled.
    Meters meters "METERS";
}

/// Whether a settlement waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Record)]
pub enum Status {
    /// Nothing was asked yet.
    #[default]
    Closed,
    /// It waits.
    Held,
    /// It may go on.
    Passed,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Event {
    /// `SETTLEMENT_HELD`; again when the list changes.
    Held {
        #[doc = "In the order of the items."]
        missing: Vec<Item>,
    },
    /// `SETTLEMENT_RELEASED`, in the unit in which the last item passes; or passed at once.
    Passed {
        #[doc = "It was held before."]
        released: bool,
    },
}

/// The gate of one job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Gate {
    /// Where it stands.
    pub status: Status,
    /// What is missing while it is held.
    pub missing: Vec<Item>,
}

impl Gate {
    /// What the facts lead to: asked when the settlement is due, then on each change. Passed is final: `ALREADY_DONE`;
    /// the same list again is `HOLD_OPEN`.
    pub fn decide(&self, facts: &Facts) -> Result<Event, Rejection> {
        let missing = facts.missing();
        match self.status {
            Status::Passed => Err(Code::AlreadyDone.into()),
            Status::Held if missing == self.missing => Err(Rejection::new(Code::HoldOpen).actual(format!("{missing:?}"))),
            _ if missing.is_empty() => Ok(Event::Passed { released: self.status == Status::Held }),
            _ => Ok(Event::Held { missing }),
        }
    }
    /// Folds in one event.
    pub fn evolve(&mut self, event: &Event) {
        match event {
            Event::Held { missing } => (self.status, self.missing) = (Status::Held, missing.clone()),
            Event::Passed { .. } => (self.status, self.missing) = (Status::Passed, Vec::new()),
        }
    }
}

/// One settled job in so many is audited.
pub const AUDIT_ONE_IN: u64 = 100;

/// Is this settled job re-simulated? `H(job id, period) mod 100 == 0`, with `period` as `<currency>-<yyyymm>`; H is the
/// first eight bytes, big-endian, of SHA-256 over the tag, the id's bytes and the period.
#[must_use]
pub fn is_audited(job: JobId, period: &str) -> bool {
    is_audited_in(job, period, AUDIT_ONE_IN)
}

/// The same, of one in so many as the policy says; of none with nothing.
#[must_use]
pub fn is_audited_in(job: JobId, period: &str, one_in: u64) -> bool {
    let h = sha256(&[b"nooterra/audit/v1", job.as_bytes(), period.as_bytes()]);
    let mut first = [0; 8];
    first.copy_from_slice(&h.0[..8]);
    one_in > 0 && u64::from_be_bytes(first).is_multiple_of(one_in)
}
