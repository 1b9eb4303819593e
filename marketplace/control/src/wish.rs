//! What the platform asks for. Every wish is idempotent and may be carried out more than once.

use crate::heads::Published;
use nooterra_engine::ids::{
    AssistId, ClaimId, EvidenceId, IncidentId, InterventionId, ItemId, JobId, KeyId, OperatorId, PartyId, PaymentId, PayoutId, RefundId,
    RobotId, SiteId, StopId,
};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record};
use nooterra_jobs::payload::Move;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{Mode, Price, Quote, Step, Template, Window};
use nooterra_ledger::Role as PayRole;
use nooterra_operations::assist::{Priority, Reason};
use nooterra_port::{AssistView, FacilityOrder, SignedOrder};
use nooterra_trust::evidence::{Redaction, Subject};
use nooterra_trust::incident::Stream;
use nooterra_trust::{Receipt, Role, SigningKey};

/// What a robot does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Disobeyed {
    /// It does not say that it obeys this stop.
    Stop(StopId),
    /// It should have left this job long ago.
    Exit(JobId),
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum Wish {
    /// To a robot, numbered, to be signed; repeated until it is acknowledged.
    Order(Box<SignedOrder>),
    /// To the site controller.
    Facility {
        /// The site.
        site: SiteId,
        /// What.
        order: FacilityOrder,
    },
    /// To the payment adapter.
    Pay(PaymentAsk),
    /// To a provider: a job is open for quotes.
    Invite {
        /// The provider.
        provider: PartyId,
        /// What it is about.
        invitation: Box<Invitation>,
    },
    /// To a requester or owner: a job of theirs moved.
    Notify {
        /// The party.
        party: PartyId,
        /// The job.
        job: JobId,
        /// Its state now.
        status: Status,
    },
    /// To a requester or owner, or to whoever runs the site: something serious went wrong there.
    Alert {
        /// The party.
        party: PartyId,
        /// The job, if it happened on one.
        job: Option<JobId>,
        /// The incident.
        incident: IncidentId,
    },
    /// To the crew on site: a robot stands where it cannot stay.
    Recover(RecoveryAsk),
    /// To the crew on site: a repaired robot may be put down here and switched on.
    PutBack {
        /// The robot.
        robot: RobotId,
        /// The vertex, kept free for it.
        vertex: u32,
    },
    /// To the crew on site: a load lies in a transfer place, and nobody will fetch it.
    Return(ReturnAsk),
    /// To a requester or owner: terms that wait for its word.
    Show {
        /// The party.
        party: PartyId,
        /// The job.
        job: JobId,
        /// Head of the job's stream at which they were read.
        head: Digest,
        /// The terms.
        terms: Box<Terms>,
    },
    /// To the sender of an input.
    Receipt {
        /// Role of the sender's key, where the key is known.
        role: Option<Role>,
        /// The answer, to be signed.
        receipt: Box<Receipt>,
    },
    /// To an owner: a robot of theirs does not do what it must.
    Disobeys {
        /// The owner.
        party: PartyId,
        /// The robot.
        robot: RobotId,
        /// What.
        what: Disobeyed,
    },
    /// To a witness outside of the platform: how far all streams have come.
    Witness {
        /// The witness.
        party: PartyId,
        /// What it is asked to sign.
        head: Published,
    },
    /// To a remote operator.
    Help {
        /// Who.
        operator: OperatorId,
        /// What.
        word: HelpWord,
    },
    /// To whoever decides: something is written that a decision may rest on.
    Docket {
        /// The party.
        party: PartyId,
        /// The stream.
        stream: String,
        /// Its head now.
        head: Digest,
    },
    /// To the vault, which keeps what evidence is made of, sealed.
    Vault(VaultAsk),
    /// To an auditor: a settled job was chosen, and is to be derived again.
    Audit {
        /// The auditor.
        party: PartyId,
        /// The job.
        job: JobId,
        /// An answer is due by then.
        by: Instant,
    },
}

impl Wish {
    /// Signs what goes out in the platform's name, with the secret of its service key. Every other wish stays as it is.
    pub fn sign(&mut self, key: &SigningKey) {
        match self {
            Self::Order(o) => o.sig = key.sign(&o.signing_bytes()).0,
            Self::Receipt { receipt, .. } => receipt.sign(key),
            _ => {}
        }
    }
}

/// What an operator is told.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum HelpWord {
    /// Somebody needs help: accept or decline in time.
    Offer(HelpOffer),
    /// The robot's newest picture: the channel is open.
    Screen(Box<AssistView>),
    /// What became of an intervention.
    Answer {
        /// The assist.
        assist: AssistId,
        /// The intervention.
        intervention: InterventionId,
        /// Refusal code, empty if the robot does it.
        code: String,
    },
    /// It is over, or somebody else's.
    Over {
        /// The assist.
        assist: AssistId,
    },
}

/// An offer to an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct HelpOffer {
    /// The assist.
    pub assist: AssistId,
    /// The job.
    pub job: JobId,
    /// The robot.
    pub robot: RobotId,
    /// How urgent.
    pub priority: Priority,
    /// Why.
    pub reason: Reason,
    /// To be accepted by then.
    pub accept_by: Instant,
}

/// Terms that a side is shown before it speaks.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Terms {
    /// The newest revision of a quote.
    Quote {
        /// Its terms.
        quote: Quote,
        /// Their hash: what an award or an answer names.
        hash: Digest,
        /// Its owner made or accepted it: it can be awarded.
        agreed: bool,
    },
    /// A proposal to move a booking.
    Move(Move),
    /// Something that a robot may do only with the requester's word.
    Approval(Box<nooterra_jobs::approval::Ask>),
}

/// What the payment adapter is asked; the id makes it idempotent.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[allow(missing_docs)] // answered by the reports of the same name
pub enum PaymentAsk {
    Authorise { payment: PaymentId, job: JobId, payer: PartyId, amount: Amount, currency: Currency },
    Capture { payment: PaymentId, amount: Amount },
    Void { payment: PaymentId },
    Refund { refund: RefundId, payment: Option<PaymentId>, payee: PartyId, amount: Amount, currency: Currency },
    Payout { payout: PayoutId, payee: PartyId, role: PayRole, amount: Amount, currency: Currency },
    PayClaim { claim: ClaimId, payee: PartyId, amount: Amount, currency: Currency },
    Recover { claim: ClaimId, insurer: PartyId, amount: Amount, currency: Currency },
}

/// What a provider needs to know to quote.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Invitation {
    /// The job.
    pub job: JobId,
    /// What kind of work.
    pub template: Template,
    /// When.
    pub window: Window,
    /// The points of the work.
    pub steps: Vec<Step>,
    /// Mass of the load.
    pub payload_g: u32,
    /// Parts of the reference price.
    pub price: Price,
    /// Quotes are taken until then.
    pub closes: Instant,
    /// How it is decided.
    pub mode: Mode,
    /// Currency.
    pub currency: Currency,
    /// How many of the provider's own robots could do it now.
    pub ready: u16,
}

/// What the crew needs to know to take a robot away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct RecoveryAsk {
    /// The robot.
    pub robot: RobotId,
    /// Whose it is.
    pub owner: PartyId,
    /// The vertex that it reached last.
    pub place: u32,
    /// Where what it carries belongs.
    pub load_to: Option<u32>,
}

/// What the crew needs to know to bring a load back from a transfer place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct ReturnAsk {
    /// Whose it is.
    pub job: JobId,
    /// The item.
    pub item: ItemId,
    /// The transfer place.
    pub from: u32,
    /// Where it belongs.
    pub to: u32,
}

/// Whom an order is for, for hosts that route by robot.
pub const fn robot_of(order: &SignedOrder) -> RobotId {
    order.robot
}

/// What the vault is asked for. It keeps bytes, each subject's under a key of its own; the platform keeps their hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum VaultAsk {
    /// Content may be shown to whoever has this key: that they look is on record.
    Serve {
        /// Which.
        evidence: EvidenceId,
        /// What it hashes to.
        content_hash: Digest,
        /// What it is sealed with.
        cipher_key: KeyId,
        /// The key of who looks.
        viewer: KeyId,
    },
    /// A redacted copy takes the place of content; the original is sealed to the trust service and one further key.
    Replace {
        /// Which.
        evidence: EvidenceId,
        /// What the copy hashes to.
        content_hash: Digest,
        /// From what, and how.
        redaction: Redaction,
    },
    /// A key is destroyed, and with it all that it sealed.
    Destroy {
        /// Of which job or robot.
        of: Stream,
        /// Whose content.
        subject: Subject,
        /// The key.
        cipher_key: KeyId,
        /// What the event on record names as proof.
        proof: Digest,
    },
}
