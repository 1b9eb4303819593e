//! What the platform says happened.

pub use crate::considered::{Bid, Considered};
use crate::heads::Published;
use crate::input::Line;
pub use crate::team::TeamEvent;
use crate::tenant_policy::PolicyChange;
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{DoorId, EventId, IncidentId, JobId, KeyId, PartyId, PayoutId, RegionId, RobotId, ShiftId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::terms::Window;
use nooterra_ledger::Role as PayRole;
use nooterra_market::availability::{CalendarFact, Repeat, WeeklyRule};
use nooterra_market::contract::ContractFact;
use nooterra_market::series::{Framework, OccurrencePrice, SeriesEnd};
use nooterra_market::standing::StandingOffer;
use nooterra_settlement::month::Month;
use nooterra_settlement::period::Exposure;
use nooterra_trust::chain::EventHeader;
use nooterra_trust::{Binding, Code, PublicKey, Rejection};

/// A fact.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum Fact {
    /// An event of a stream.
    Event(Box<Recorded>),
    /// A fact of the book.
    Ledger(nooterra_ledger::Fact),
    /// An input was refused; it left only itself and this.
    Rejected(Box<Refused>),
}

/// An event with its header.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Recorded {
    /// Everything but the payload.
    pub header: EventHeader,
    /// What happened.
    pub payload: Event,
    /// The chain after it.
    pub chain: Digest,
}

/// A refused input.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Refused {
    /// The input.
    pub input_hash: Digest,
    /// Who sent it.
    pub actor: [u8; 16],
    /// Type of its body.
    pub type_name: String,
    /// When it arrived.
    pub recv_ns: Instant,
    /// Its place in the log.
    pub log_seq: u64,
    /// Why.
    pub rejection: Rejection,
}

/// The payload of an event.
#[derive(Debug, Clone, PartialEq, Record)]
pub enum Event {
    /// Of a job stream.
    Job(nooterra_jobs::Event),
    /// Of a robot stream.
    Robot(nooterra_operations::Event),
    /// Of the dispatch stream.
    Dispatch(DispatchEvent),
    /// Of a party stream.
    Party(PartyEvent),
    /// Of the site stream.
    Site(SiteEvent),
    /// Of a job stream: evidence and claims.
    Case(CaseEvent),
    /// Of a period stream.
    Period(PeriodEvent),
    /// Of an operator stream.
    Operator(OperatorEvent),
    /// Of a skill stream, or about a skill of a job or a robot.
    Skill(nooterra_skills::Event),
    /// Of a contract stream.
    Contract(Box<ContractFact>),
    /// Of a series stream.
    Series(SeriesEvent),
    /// Of a team stream.
    Team(TeamEvent),
    /// Of a robot stream: when it can work.
    Availability(Box<CalendarFact>),
    /// Of the governance stream: keys and audits; of a robot stream: its own key.
    Governance(GovernanceEvent),
}

/// Events about keys and audits.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum GovernanceEvent {
    /// A key may speak from now on, for its holder and in its role.
    KeyBound(Box<Binding>),
    /// A holder goes on with another key.
    KeyRotated(Rotation),
    /// A robot goes on with another key.
    RobotKeyRotated(Rotation),
    /// A key is not heard any more.
    KeyRevoked {
        /// Which.
        key: KeyId,
        /// Why.
        reason: KeyReason,
    },
    /// An auditor derived a settled job's facts, entries and proofs again.
    AuditRecorded {
        /// Which job.
        job: JobId,
        /// All followed from the log.
        agrees: bool,
        /// SHA-256 of the finding, which stays outside.
        finding: Digest,
    },
    /// Somebody is a party of the marketplace from now on.
    PartyVerified {
        /// Its id.
        party: PartyId,
        /// Its name, for people.
        name: String,
        /// Currencies that it pays and is paid in; none if all.
        takes: Vec<Currency>,
    },
    /// Two people of staff have set the tenant's policy.
    TenantPolicySet {
        /// Hash of the whole policy from then on.
        policy_hash: Digest,
        /// When it takes effect.
        effective_from: Instant,
        /// What changes.
        change: Box<PolicyChange>,
    },
    /// A witness outside of the platform has signed how far all streams had come.
    HeadWitnessed(Published),
}

/// One key in another's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Rotation {
    /// The key before.
    pub old: KeyId,
    /// The key from now on.
    pub new: KeyId,
    /// Its bytes.
    pub public: PublicKey,
    /// The key before is heard for so long yet.
    pub overlap: Span,
}

/// Why a key is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum KeyReason {
    /// Somebody else has it, or may have.
    #[default]
    Compromised,
    /// Its holder has it no more.
    Lost,
    /// Its holder has nothing to say any more.
    Left,
}

impl GovernanceEvent {
    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::KeyBound(_) => "KEY_BOUND",
            Self::KeyRotated(_) => "KEY_ROTATED",
            Self::RobotKeyRotated(_) => "ROBOT_KEY_ROTATED",
            Self::KeyRevoked { .. } => "KEY_REVOKED",
            Self::AuditRecorded { .. } => "AUDIT_RECORDED",
            Self::PartyVerified { .. } => "PARTY_VERIFIED",
            Self::TenantPolicySet { .. } => "TENANT_POLICY_SET",
            Self::HeadWitnessed(_) => "HEAD_WITNESSED",
        }
    }
}

/// Events of a series stream.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum SeriesEvent {
    /// The same work by a rule, at a framework price.
    SeriesCreated {
        /// Who asks.
        requester: PartyId,
        /// When.
        rule: Box<WeeklyRule>,
        /// At which interval within its hours.
        every: Option<Repeat>,
        /// The framework quote.
        framework: Framework,
        /// Its currency.
        currency: Currency,
        /// Occurrences start before this.
        until: Instant,
        /// How many there are.
        occurrences: u16,
    },
    /// The time of an occurrence to become a job has come.
    OccurrenceDue {
        /// Which, from 0.
        index: u16,
        /// Its window.
        window: Window,
        /// How it is priced.
        price: OccurrencePrice,
        /// The job that it became.
        job: Option<JobId>,
        /// Why it became none.
        refused: Option<Code>,
    },
    /// No more occurrences.
    SeriesEnded {
        /// Why.
        reason: SeriesEnd,
    },
}

/// Events of an operator stream.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[allow(missing_docs)] // every name and field is defined in the catalogue
pub enum OperatorEvent {
    OperatorRegistered {
        party: PartyId,
        certs: Vec<nooterra_operations::intervention::Kind>,
    },
    ShiftOpened {
        shift: ShiftId,
        max_jobs: u8,
        until: Instant,
        tiers: Vec<nooterra_jobs::tier::Tier>,
        regions: Vec<RegionId>,
    },
    ShiftClosed {
        shift: ShiftId,
    },
    /// Nothing is heard of the console any more, and since when.
    ConsoleLost {
        last: Instant,
    },
    /// It is heard again.
    ConsoleRestored {},
}

/// Events of a period stream.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum PeriodEvent {
    /// Nothing can enter the period any more.
    PeriodClosed {
        /// Over the trial balance.
        trial_hash: Digest,
        /// Hashes of the parties' statements.
        statements: Vec<(PartyId, Digest)>,
        /// Money locked, rolled forward.
        exposure: Exposure,
    },
    /// Two people of finance set books right.
    AdjustmentPosted {
        /// Lines as signed.
        lines: Vec<Line>,
        /// The closed month that it sets right.
        origin_period: Option<Month>,
        /// Hash of what both signed.
        decision_hash: Digest,
    },
}

/// Events of a job's case.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum CaseEvent {
    /// Evidence was asked for, captured, looked at.
    Evidence(Box<nooterra_trust::evidence::Event>),
    /// A claim moved.
    Claim(nooterra_trust::claim::Event),
    /// A dispute moved.
    Dispute(nooterra_trust::dispute::Event),
    /// Nobody has judged an incident in time.
    TriageOverdue {
        /// Which.
        incident: IncidentId,
        /// For the how manieth time.
        level: u32,
    },
    /// An incident is done with.
    IncidentClosed {
        /// Which.
        incident: IncidentId,
        /// How it ended.
        outcome: nooterra_trust::incident::Outcome,
    },
}

impl CaseEvent {
    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Evidence(e) => e.name(),
            Self::Claim(e) => e.what.name(),
            Self::Dispute(e) => e.name(),
            Self::TriageOverdue { .. } => "INCIDENT_TRIAGE_OVERDUE",
            Self::IncidentClosed { .. } => "INCIDENT_CLOSED",
        }
    }
}

/// Events of the dispatch stream.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum DispatchEvent {
    /// A batch was matched.
    DispatchEvaluated {
        /// Jobs looked at.
        jobs: Vec<Considered>,
        /// Pairs chosen.
        pairs: Vec<(JobId, RobotId)>,
        /// Hash over all facts used.
        facts_hash: Digest,
    },
}

/// Events of a party stream.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[allow(missing_docs)] // every name and field is defined in the catalogue
pub enum PartyEvent {
    StandingOfferSet(StandingOffer),
    StandingOfferCleared { currency: Currency },
    PayoutInitiated { payout: PayoutId, role: PayRole, gross: Amount, netted: Amount, net: Amount, currency: Currency },
    PayoutConfirmed { payout: PayoutId, provider_ref: String },
    PayoutFailed { payout: PayoutId, code: String },
    ProviderSettled { gross: Amount, fee: Amount, currency: Currency, provider_ref: String },
    TrustScoreUpdated { party: PartyId, from_bps: u32, to_bps: u32, reason: EventId, job: Option<JobId> },
}

/// Events of the site stream.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[allow(missing_docs)] // states of doors and lifts as the site controller reports them
pub enum SiteEvent {
    DoorReported {
        door: u32,
        state: nooterra_port::facility::DoorState,
    },
    LiftReported {
        lift: u32,
        level: Option<u32>,
        doors: nooterra_port::facility::DoorState,
        session: Option<RobotId>,
    },
    LaneClosed {
        lane: u32,
    },
    LaneOpened {
        lane: u32,
    },
    PassRefused {
        robot: RobotId,
        job: Option<JobId>,
        door: DoorId,
        code: String,
    },
    /// From then until then nothing arrived, neither from the site's devices nor from any robot there.
    SiteOutageRecorded {
        from: Instant,
        to: Instant,
    },
    AreaEntered {
        robot: RobotId,
        area: u32,
        reach_mm: u32,
    },
    AreaLeft {
        robot: RobotId,
        area: u32,
    },
    CameThrough {
        robot: RobotId,
        door: DoorId,
    },
}

impl Event {
    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Job(e) => e.name(),
            Self::Robot(e) => e.name(),
            Self::Dispatch(DispatchEvent::DispatchEvaluated { .. }) => "DISPATCH_EVALUATED",
            Self::Party(e) => match e {
                PartyEvent::StandingOfferSet(_) => "STANDING_OFFER_SET",
                PartyEvent::StandingOfferCleared { .. } => "STANDING_OFFER_CLEARED",
                PartyEvent::PayoutInitiated { .. } => "PAYOUT_INITIATED",
                PartyEvent::PayoutConfirmed { .. } => "PAYOUT_CONFIRMED",
                PartyEvent::PayoutFailed { .. } => "PAYOUT_FAILED",
                PartyEvent::ProviderSettled { .. } => "PROVIDER_SETTLED",
                PartyEvent::TrustScoreUpdated { .. } => "TRUST_SCORE_UPDATED",
            },
            Self::Case(e) => e.name(),
            Self::Governance(e) => e.name(),
            Self::Period(PeriodEvent::PeriodClosed { .. }) => "PERIOD_CLOSED",
            Self::Period(PeriodEvent::AdjustmentPosted { .. }) => "ADJUSTMENT_POSTED",
            Self::Skill(e) => e.name(),
            Self::Team(e) => e.name(),
            Self::Contract(e) => match **e {
                ContractFact::Written(_) => "CONTRACT_WRITTEN",
                ContractFact::Published { .. } => "CONTRACT_PUBLISHED",
                ContractFact::Signed { .. } => "CONTRACT_SIGNED",
                ContractFact::Activated { .. } => "CONTRACT_ACTIVATED",
                ContractFact::Superseded { .. } | ContractFact::Terminated { .. } => "CONTRACT_ENDED",
            },
            Self::Series(e) => match e {
                SeriesEvent::SeriesCreated { .. } => "SERIES_CREATED",
                SeriesEvent::OccurrenceDue { .. } => "OCCURRENCE_DUE",
                SeriesEvent::SeriesEnded { .. } => "SERIES_ENDED",
            },
            Self::Availability(e) => match **e {
                CalendarFact::Set { .. } => "AVAILABILITY_SET",
                CalendarFact::Extended { .. } => "AVAILABILITY_EXTENDED",
            },
            Self::Site(e) => match e {
                SiteEvent::DoorReported { .. } => "DOOR_REPORTED",
                SiteEvent::LiftReported { .. } => "LIFT_REPORTED",
                SiteEvent::LaneClosed { .. } => "LANE_CLOSED",
                SiteEvent::LaneOpened { .. } => "LANE_OPENED",
                SiteEvent::PassRefused { .. } => "PASS_REFUSED",
                SiteEvent::SiteOutageRecorded { .. } => "SITE_OUTAGE_RECORDED",
                SiteEvent::AreaEntered { .. } => "AREA_ENTERED",
                SiteEvent::AreaLeft { .. } => "AREA_LEFT",
                SiteEvent::CameThrough { .. } => "CAME_THROUGH",
            },
            Self::Operator(e) => match e {
                OperatorEvent::OperatorRegistered { .. } => "OPERATOR_REGISTERED",
                OperatorEvent::ShiftOpened { .. } => "SHIFT_OPENED",
                OperatorEvent::ShiftClosed { .. } => "SHIFT_CLOSED",
                OperatorEvent::ConsoleLost { .. } => "CONSOLE_LOST",
                OperatorEvent::ConsoleRestored {} => "CONSOLE_RESTORED",
            },
        }
    }
}

impl Fact {
    /// The event, if it is one.
    pub fn event(&self) -> Option<&Recorded> {
        match self {
            Self::Event(r) => Some(r),
            _ => None,
        }
    }
}
