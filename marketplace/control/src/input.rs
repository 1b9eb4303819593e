//! Everything that can reach the platform: signed envelopes, and what their bodies can say.

mod cases;
mod money;
mod owner;
mod requester;
mod staff;

pub use crate::fact::KeyReason;
pub use crate::tenant_policy::{PolicyChange, RatesIn};
pub use cases::{CaseCommand, Document};
pub use money::{FinanceCommand, Line, PaymentReport};
use nooterra_engine::ids::{JobId, QuoteId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record};
pub use nooterra_ledger::Account;
pub use nooterra_market::availability::{Hours, Repeat, WeeklyRule};
pub use nooterra_market::contract::{ContractFact, Draft as ContractDraft, EndCause, Scope, Signer, SignerRole, Terms};
pub use nooterra_market::standing::StandingOffer;
pub use nooterra_settlement::month::Month;
pub use nooterra_trust::dispute::{Funding, Ground, Verdict};
pub use nooterra_trust::role::OVERLAP_MAX;
use nooterra_trust::{Draft, Envelope, InputKind, Opened};
pub use owner::{ContractWord, OwnerCommand};
pub use requester::{NewJob, NewSeries, NewTeam, RequesterCommand};
pub use staff::{CertifierCommand, DeveloperCommand, GovernanceCommand, StaffCommand};

/// One input: a signed word. What can be known of it before its turn may be found out beforehand
/// ([`Opened::checked`]); it makes no difference but in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The signed word.
    pub opened: Opened,
}

impl Input {
    /// An envelope as it arrived.
    #[must_use]
    pub fn new(envelope: Envelope) -> Self {
        Self { opened: Opened::new(envelope) }
    }
}

impl From<Opened> for Input {
    fn from(opened: Opened) -> Self {
        Self { opened }
    }
}

/// Other terms than a revision of a quote has, by whoever answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct CounterOffer {
    /// The job.
    pub job: JobId,
    /// The quote.
    pub quote: QuoteId,
    /// Hash of the revision that is answered.
    pub prev: Digest,
    /// Service amount.
    pub service: Amount,
    /// Arrival.
    pub arrive: Instant,
    /// When it lapses, if not sooner by policy.
    pub expires: Instant,
}

/// A body that knows its name on the wire and how its sender's envelope calls it.
pub trait Body: nooterra_engine::record::Message {
    /// The envelope's `type_name`.
    const NAME: &'static str;
    /// Command or report.
    const KIND: InputKind;
    /// A draft that carries it.
    fn draft(&self, stream: impl Into<String>) -> Draft {
        Draft::new(Self::KIND, stream, Self::NAME, nooterra_engine::encode(self))
    }
}

/// A type of body, as data.
#[derive(Debug, Clone, Copy)]
pub struct BodyType {
    /// [`Body::NAME`].
    pub name: &'static str,
    /// [`Body::KIND`].
    pub kind: InputKind,
    /// What it consists of.
    pub shape: fn() -> nooterra_engine::record::Shape,
}

macro_rules! bodies {
    ($($t:ty, $name:literal, $kind:ident;)*) => {
        $(impl Body for $t { const NAME: &'static str = $name; const KIND: InputKind = InputKind::$kind; })*
        /// Every type of body that the platform hears.
        pub const BODIES: &[BodyType] =
            &[$(BodyType { name: $name, kind: InputKind::$kind, shape: <$t as nooterra_engine::record::Message>::shape }),*];
    };
}
bodies! {
    RequesterCommand, "RequesterCommand", Command;
    OwnerCommand, "OwnerCommand", Command;
    StaffCommand, "StaffCommand", Command;
    CaseCommand, "CaseCommand", Command;
    ContractWord, "ContractWord", Command;
    FinanceCommand, "FinanceCommand", Command;
    DeveloperCommand, "DeveloperCommand", Command;
    CertifierCommand, "CertifierCommand", Command;
    GovernanceCommand, "GovernanceCommand", Command;
    PaymentReport, "PaymentReport", Report;
    crate::operator::OperatorCommand, "OperatorCommand", Command;
    nooterra_port::Report, "Report", Report;
    nooterra_port::FacilityReport, "FacilityReport", Report;
}
