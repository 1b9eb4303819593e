//! Everything that can reach the platform: signed envelopes, and what their bodies can say.

pub use crate::fact::KeyReason;
use crate::stops::StopOrder;
pub use crate::tenant_policy::{PolicyChange, RatesIn};
use nooterra_engine::ids::{
    ApprovalId, ClaimId, ContractId, DisputeId, IncidentId, ItemId, JobId, KeyId, PartyId, PaymentId, PayoutId, QuoteId, RefundId, RobotId,
    SeriesId, StopId, ZoneId,
};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record};
use nooterra_jobs::event::{Choice, Fault, IncidentCode, RevokeReason};
use nooterra_jobs::terms::{Mode, Privacy, Required, Step, Template, Window};
use nooterra_jobs::tier::{Level, Tier};
pub use nooterra_ledger::Account;
pub use nooterra_market::availability::{Hours, Repeat, WeeklyRule};
pub use nooterra_market::contract::{ContractFact, Draft as ContractDraft, EndCause, Scope, Signer, SignerRole, Terms};
pub use nooterra_market::standing::StandingOffer;
pub use nooterra_settlement::month::Month;
use nooterra_trust::claim::{Denial, Head, Item, Portion};
pub use nooterra_trust::dispute::{Funding, Ground, Verdict};
pub use nooterra_trust::role::OVERLAP_MAX;
use nooterra_trust::{Binding, Draft, Envelope, InputKind, Opened, PublicKey, Signature};

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

/// A request for work.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct NewJob {
    /// What kind of work.
    pub template: Template,
    /// When; the start lies after now.
    pub window: Window,
    /// The points of the work, places being vertices of the site.
    pub steps: Vec<Step>,
    /// The item carried, for deliveries.
    pub item: Option<ItemId>,
    /// Mass of the load.
    pub payload_g: u32,
    /// What kind of place it is.
    pub tier: Tier,
    /// Highest total price.
    pub budget: Option<Amount>,
    /// Currency: one that the marketplace trades in and that the requester takes.
    pub currency: Currency,
    /// Punctuality.
    pub level: Level,
    /// Must an operator stand by?
    pub coverage: bool,
    /// How the request is decided.
    pub mode: Mode,
    /// When it closes; by policy if left out.
    pub rfq_closes: Option<Instant>,
    /// Free text, for people.
    pub label: String,
    /// The contract that it is to fall under; the one that fits best if left out.
    pub contract: Option<ContractId>,
    /// Areas of the site that its robot may not enter.
    pub no_go: Vec<ZoneId>,
    /// Values that its robot has to reach, ascending by name, each once; at most 16.
    pub requires: Vec<Required>,
    /// What may be recorded.
    pub privacy: Privacy,
}

/// The same work by a rule.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct NewSeries {
    /// The work; window and close are those of each occurrence.
    pub job: Box<NewJob>,
    /// On which days, at what hours.
    pub rule: WeeklyRule,
    /// At which interval within those hours; once a day if left out.
    pub every: Option<Repeat>,
    /// Occurrences start at or after this.
    pub from: Instant,
    /// And before this.
    pub until: Instant,
    /// No more than so many; as many as there are if left out.
    pub count: Option<u16>,
    /// Whose standing offer gives the framework quote.
    pub owner: PartyId,
}

/// Work that takes several robots at once: one job for each, with one step in common.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct NewTeam {
    /// The parts: template `Lift`, the same window and item, two to four. What each has to bear follows from the mass.
    pub members: Vec<NewJob>,
    /// Mass of the item that they lift together.
    pub mass_g: u32,
}

/// What a requester may say (`RQ`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum RequesterCommand {
    /// Asks for work.
    CreateJob(Box<NewJob>),
    /// Asks for work that takes several robots at once.
    CreateTeam(Box<NewTeam>),
    /// Asks for the same work again and again.
    CreateSeries(Box<NewSeries>),
    /// Ends a series; jobs that exist go on.
    EndSeries {
        /// The series.
        series: SeriesId,
    },
    /// Ends a request before booking.
    Withdraw {
        /// The job.
        job: JobId,
    },
    /// Chooses a quote (mode `MANUAL`); needs the job stream's head as `expect_head`.
    Award {
        /// The job.
        job: JobId,
        /// The quote.
        quote: QuoteId,
        /// Hash of its terms as displayed.
        terms_hash: Digest,
    },
    /// Cancels a booking.
    Cancel {
        /// The job.
        job: JobId,
        /// For safety's sake?
        safety: bool,
    },
    /// Chooses after a no-show.
    ResolveNoShow {
        /// The job.
        job: JobId,
        /// Wait or cancel.
        choice: Choice,
        /// New arrival, for `WAIT`.
        arrive_by: Option<Instant>,
    },
    /// Takes access back.
    RevokeAccess {
        /// The job.
        job: JobId,
        /// Why.
        reason: RevokeReason,
    },
    /// Confirms the work with a signature: satisfies any item of proof.
    Confirm {
        /// The job.
        job: JobId,
    },
    /// Stops robots at once.
    Stop(StopOrder),
    /// Agrees that a stop is over.
    ClearStop {
        /// The stop.
        stop: StopId,
    },
    /// Answers a quote with other terms; needs the job stream's head as `expect_head`.
    Counter {
        /// The job.
        job: JobId,
        /// The quote.
        quote: QuoteId,
        /// Hash of the revision that is answered.
        prev: Digest,
        /// Service amount.
        service: Amount,
        /// Arrival.
        arrive: Instant,
        /// When it lapses, if not sooner by policy.
        expires: Instant,
    },
    /// Proposes another window for a booking.
    ProposeMove {
        /// The job.
        job: JobId,
        /// The new window.
        window: Window,
    },
    /// Answers a proposal of the owner, or takes back the requester's own (`agree` being false); needs the head.
    AnswerMove {
        /// The job.
        job: JobId,
        /// Yes or no.
        agree: bool,
    },
    /// Answers what a robot may not do by itself; needs the head.
    AnswerApproval {
        /// The job.
        job: JobId,
        /// Which.
        approval: ApprovalId,
        /// Hash of the action, as displayed.
        action_hash: Digest,
        /// Yes or no.
        agree: bool,
    },
    /// Takes an approval back that was not used yet.
    RevokeApproval {
        /// The job.
        job: JobId,
        /// Which.
        approval: ApprovalId,
    },
}

/// What may be said about keys, and by auditors.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum GovernanceCommand {
    /// A key may speak for somebody who is known here (`OS`, two keys).
    BindKey(Box<Binding>),
    /// The key that signs this is followed by another of the same holder (any role that has keys).
    RotateKey {
        /// The new key.
        public: PublicKey,
        /// Its signature over [`nooterra_trust::role::rotation_bytes`]: whoever names it holds it.
        proof: Signature,
        /// The key before is heard for so long yet, at most a day.
        overlap: Span,
    },
    /// A key is not heard any more (`OS`, two keys).
    RevokeKey {
        /// Which.
        key: KeyId,
        /// Why.
        reason: KeyReason,
    },
    /// A settled job was derived again from the log alone (`AU`).
    RecordAudit {
        /// Which.
        job: JobId,
        /// All followed from the log.
        agrees: bool,
        /// SHA-256 of the finding, which stays outside.
        finding: Digest,
    },
    /// Staff have seen who somebody is (`OS`): a party of the marketplace from now on.
    VerifyParty {
        /// Its id.
        party: PartyId,
        /// Its name, for people.
        name: String,
        /// Currencies that it pays and is paid in, where it does not take all.
        takes: Vec<Currency>,
    },
    /// A change of the tenant's policy, and from when on it holds (`OS`, two keys).
    SetPolicy {
        /// What changes.
        change: Box<PolicyChange>,
        /// When it takes effect: not before what was set last.
        effective_from: Instant,
    },
    /// An outside witness (`WI`) has seen how far all streams have come.
    WitnessHead {
        /// Which publication.
        number: u64,
        /// Its root.
        root: Digest,
    },
}

/// What an owner may say (`OW`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum OwnerCommand {
    /// Offers a price.
    SubmitQuote {
        /// The job.
        job: JobId,
        /// Service amount.
        service: Amount,
        /// Of which currency: the job's.
        currency: Currency,
        /// Promised arrival.
        arrive: Instant,
        /// Robot class offered.
        robot_class: String,
        /// When it lapses.
        expires: Instant,
    },
    /// Takes a quote back.
    WithdrawQuote {
        /// The job.
        job: JobId,
        /// The quote.
        quote: QuoteId,
    },
    /// Sets a rule that quotes for it, in one currency.
    SetStandingOffer(StandingOffer),
    /// Takes that rule back.
    ClearStandingOffer {
        /// Of which currency.
        currency: Currency,
    },
    /// Begins to look after a robot: it gets no more work.
    OpenMaintenance {
        /// The robot.
        robot: RobotId,
        /// What for.
        kind: String,
    },
    /// A robot was looked after.
    CloseMaintenance {
        /// The robot.
        robot: RobotId,
        /// SHA-256 of what was checked, which stays outside.
        checklist: Digest,
    },
    /// A robot that has no job is gone for good.
    RetireRobot {
        /// The robot.
        robot: RobotId,
        /// Why.
        reason: String,
    },
    /// Says when its robots can work; from then on they are matched within these windows only.
    SetAvailability {
        /// One robot; all of the owner's if left out.
        robot: Option<RobotId>,
        /// When.
        rule: WeeklyRule,
    },
    /// Ends a series that runs under its framework quote; jobs that exist go on.
    EndSeries {
        /// The series.
        series: SeriesId,
    },
    /// Cancels a booking.
    Cancel {
        /// The job.
        job: JobId,
    },
    /// Stops robots at once.
    Stop(StopOrder),
    /// Agrees that a stop is over.
    ClearStop {
        /// The stop.
        stop: StopId,
    },
    /// Answers a counter-offer with other terms; needs the job stream's head as `expect_head`.
    Counter {
        /// The job.
        job: JobId,
        /// The quote.
        quote: QuoteId,
        /// Hash of the revision that is answered.
        prev: Digest,
        /// Service amount.
        service: Amount,
        /// Arrival.
        arrive: Instant,
        /// When it lapses, if not sooner by policy.
        expires: Instant,
    },
    /// Takes the requester's counter-offer; needs the head.
    AcceptQuote {
        /// The job.
        job: JobId,
        /// The quote.
        quote: QuoteId,
        /// The revision that is taken.
        rev: u8,
    },
    /// Proposes another window for a booking.
    ProposeMove {
        /// The job.
        job: JobId,
        /// The new window.
        window: Window,
    },
    /// Answers a proposal of the requester, or takes back the owner's own (`agree` being false); needs the head.
    AnswerMove {
        /// The job.
        job: JobId,
        /// Yes or no.
        agree: bool,
    },
}

/// What the payment adapter reports (`PS`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[allow(missing_docs)] // answers to the asks of the same name
pub enum PaymentReport {
    Authorised { payment: PaymentId, amount: Amount, currency: Currency, expires: Instant, provider_ref: String },
    Declined { payment: PaymentId, code: String },
    Captured { payment: PaymentId, amount: Amount },
    CaptureFailed { payment: PaymentId, code: String },
    Voided { payment: PaymentId },
    RefundPaid { refund: RefundId, provider_ref: String },
    RefundFailed { refund: RefundId, code: String },
    PayoutConfirmed { payout: PayoutId, provider_ref: String },
    PayoutFailed { payout: PayoutId, code: String },
    ProviderSettled { amount: Amount, fee: Amount, currency: Currency, provider_ref: String },
    ChargebackOpened { payment: PaymentId, amount: Amount, fee: Amount, currency: Currency, reason: String, provider_ref: String },
    ChargebackWon { provider_ref: String, fee_back: Amount },
    ChargebackLost { provider_ref: String },
    ClaimPaid { claim: ClaimId, amount: Amount, currency: Currency, provider_ref: String },
    RecoveryReceived { claim: ClaimId, insurer: PartyId, amount: Amount, currency: Currency },
}

/// A document that the trust service has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Document {
    /// What it is.
    pub item: Item,
    /// SHA-256 of its bytes, which stay outside.
    pub content_hash: Digest,
}

/// What may be said about what went wrong on a job.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum CaseCommand {
    /// A complaint (`RQ`): an incident that nothing measured.
    Complain {
        /// The job.
        job: JobId,
        /// What about.
        code: IncidentCode,
        /// SHA-256 of the statement, which stays outside.
        statement: Digest,
        /// What it asks back; disputed once the job has ended, if that is before the settlement.
        amount: Option<Amount>,
        /// Of which currency, with an amount: the job's.
        currency: Option<Currency>,
    },
    /// A claim (`RQ`, `OW`, `SI`; `OS` for people who have no key).
    OpenClaim {
        /// The job.
        job: JobId,
        /// On which incident.
        incident: IncidentId,
        /// For whom; the sender if left out.
        claimant: Option<PartyId>,
        /// How much.
        demand: Amount,
        /// Of which currency: the job's.
        currency: Currency,
        /// For what.
        head: Head,
    },
    /// Judges a claim's evidence and sets its reserve (`TR`); again when more has come.
    TriageClaim {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// Documents seen beside what the platform holds itself.
        documents: Vec<Document>,
    },
    /// Sets another reserve (`TR`).
    ReserveClaim {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// To this.
        reserve: Amount,
    },
    /// Grants a claim (`TR`, two keys for a review; `IN` from the pinned threshold on).
    ApproveClaim {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// The harm found, before the claimant's own part.
        assessed: Amount,
        /// Of which currency: the job's.
        currency: Currency,
        /// The claimant's own part, basis points.
        claimant_fault_bps: u32,
        /// Who bears it.
        split: Vec<Portion>,
    },
    /// Refuses a claim (`TR`, two keys for a review; `IN`).
    DenyClaim {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// Why.
        reason: Denial,
    },
    /// Says that the outcome is wrong (`RQ`, `OW`, `OP`, `DV`).
    OpenDispute {
        /// The job.
        job: JobId,
        /// About what.
        ground: Ground,
        /// How much is in dispute.
        amount: Amount,
        /// Of which currency: the job's.
        currency: Currency,
    },
    /// Gives a dispute up (whoever opened it).
    DropDispute {
        /// The job.
        job: JobId,
        /// The dispute.
        dispute: DisputeId,
    },
    /// Decides a dispute (`TR`, of no party to it).
    DecideDispute {
        /// The job.
        job: JobId,
        /// The dispute.
        dispute: DisputeId,
        /// How.
        verdict: Verdict,
        /// The currency of its award: the job's.
        currency: Currency,
    },
    /// Will not pay a part of its share (`IN`).
    RefuseRecovery {
        /// The job.
        job: JobId,
        /// The claim.
        claim: ClaimId,
        /// How much of it.
        amount: Amount,
    },
}

/// What may be said of contracts: the market service (`MK`) writes them, parties sign them, staff end them.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum ContractWord {
    /// A new draft (`MK`).
    Write {
        /// What it says.
        draft: Box<ContractDraft>,
    },
    /// A draft is changed (`MK`).
    Amend {
        /// Which.
        contract: ContractId,
        /// What it says now.
        draft: Box<ContractDraft>,
    },
    /// The document is frozen (`MK`).
    Publish {
        /// Which.
        contract: ContractId,
    },
    /// A party that it names signs its hash (`RQ`, `OW`, `IN`, `SI`; `MK` for the platform).
    Sign {
        /// Which.
        contract: ContractId,
        /// What is signed.
        document_hash: Digest,
    },
    /// It takes effect (`MK`).
    Activate {
        /// Which.
        contract: ContractId,
        /// From then on.
        from: Instant,
    },
    /// It ends (`OS`; `MK` for one that nobody signed).
    Terminate {
        /// Which.
        contract: ContractId,
        /// Why.
        cause: EndCause,
    },
}

/// One line of an adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Line {
    /// The account.
    pub account: Account,
    /// Minor units: a debit if positive, a credit if negative.
    pub amount: i64,
}

/// What finance may say (`FI`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum FinanceCommand {
    /// Sets books right; needs two keys that say the same.
    Adjust {
        /// In the books of which currency.
        currency: Currency,
        /// Lines that sum to nothing.
        lines: Vec<Line>,
        /// The closed month that it sets right, if one.
        origin: Option<Month>,
        /// SHA-256 of the reason, which stays outside.
        reason: Digest,
    },
    /// Gives back what is left of a dispute's award, which failed before.
    Refund {
        /// The job.
        job: JobId,
        /// The dispute.
        dispute: DisputeId,
    },
}

/// What staff and the trust service may say (`OS`, `TR`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum StaffCommand {
    /// Cancels a booking, or withdraws a request (`OS`).
    Cancel {
        /// The job.
        job: JobId,
    },
    /// Judges an incident (`TR`).
    Triage {
        /// The job.
        job: JobId,
        /// The incident.
        incident: IncidentId,
        /// How bad it was.
        severity: u8,
        /// Whose fault.
        fault: Fault,
        /// Did it happen?
        confirmed: bool,
    },
    /// Judges an incident of a robot that had no job (`TR`).
    TriageRobot {
        /// The robot.
        robot: RobotId,
        /// The incident.
        incident: IncidentId,
        /// How bad it was.
        severity: u8,
        /// Whose fault.
        fault: Fault,
        /// Did it happen?
        confirmed: bool,
    },
    /// Decides what was earned in place of the proof of a job that has ended and is not settled (`TR`, two keys).
    OverrideProof {
        /// The job.
        job: JobId,
        /// Basis points; nothing else for a job that never began.
        earned_bps: u32,
        /// SHA-256 of the reasons, which stay outside.
        decision_hash: Digest,
    },
    /// Bars a robot (`OS`, `TR`).
    Quarantine {
        /// The robot.
        robot: RobotId,
        /// Why.
        cause: String,
    },
    /// Lets a robot back in (`OS`, not of its owner's party).
    ClearQuarantine {
        /// The robot.
        robot: RobotId,
    },
    /// A stranded robot was taken out of the site (`OS`).
    Recovered {
        /// The robot.
        robot: RobotId,
        /// Where what it carried lies now, if it carried anything.
        load_at: Option<u32>,
    },
    /// Somebody was at a transfer place to bring back the load of a job that is over (`OS`).
    LoadReturned {
        /// The job.
        job: JobId,
        /// It lay there, and is back where it came from.
        found: bool,
    },
    /// A recovered robot is repaired and asks for a place to be put down (`OS`). Asked again, the same place is named.
    Repaired {
        /// The robot.
        robot: RobotId,
    },
    /// Has a robot looked after by its owner: it gets no more work (`TR`).
    OpenMaintenance {
        /// The robot.
        robot: RobotId,
        /// What for.
        kind: String,
    },
    /// A robot that has no job is gone for good (`OS`).
    RetireRobot {
        /// The robot.
        robot: RobotId,
        /// Why.
        reason: String,
    },
    /// Stops a robot at once (`OS`, `TR`).
    Stop {
        /// The robot.
        robot: RobotId,
        /// Why.
        reason: String,
    },
    /// Clears every stop of a robot (`OS`).
    ClearStops {
        /// The robot.
        robot: RobotId,
    },
    /// Stops robots, a site, a fleet or everything (`OS`, `TR` within its scope).
    StopAll(StopOrder),
    /// Agrees that a stop is over (`OS`).
    ClearStop {
        /// The stop.
        stop: StopId,
    },
    /// Takes access back (`OS`).
    RevokeAccess {
        /// The job.
        job: JobId,
        /// Why.
        reason: RevokeReason,
    },
    /// Bars the robot that a job has (`OS`, `TR`).
    QuarantineOf {
        /// The job.
        job: JobId,
        /// Why.
        cause: String,
    },
}

/// What a skill developer may say (`DV`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum DeveloperCommand {
    /// Publishes a bundle.
    Publish {
        /// Its canonical bytes.
        bundle: Vec<u8>,
        /// Signed.
        seal: nooterra_skills::BundleSeal,
    },
    /// Revokes a bundle of its own.
    Revoke {
        /// Which.
        bundle: Digest,
        /// How hard.
        level: nooterra_skills::Level,
        /// Why.
        reason: String,
        /// The version that takes its place, if it is rolled back.
        predecessor: Option<Digest>,
    },
}

/// What a certifier may say (`CE`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum CertifierCommand {
    /// Certifies a bundle for a model.
    Certify {
        /// What it says.
        certificate: Box<nooterra_skills::SignedCertificate>,
        /// What that rests on.
        evidence: Box<nooterra_skills::Evidence>,
    },
    /// Takes back its certificates of a bundle.
    Recall {
        /// Which.
        bundle: Digest,
        /// Only those for this model.
        model: Option<String>,
        /// How hard.
        level: nooterra_skills::Level,
        /// Why.
        reason: String,
    },
}
