//! What a booking fixes for good: settlement, proof and deadlines read these and nothing else.

use crate::terms::{Price, Window};
use crate::tier::{Level, LevelValues, Tier, TierValues};
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{CertificateId, ContractId, LicenceId, PartyId, QuoteId, SkillId, ZoneId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Span;

/// Lengths of the deadlines, from the tenant's policy.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Timing {
    /// How long before the window a job is first matched.
    pub dispatch_lead: Span,
    /// Dispatch runs at whole multiples of this while a job waits.
    pub dispatch_every: Span,
    /// How long before the window the payment is captured.
    pub capture_lead: Span,
    /// Pause before a failed capture is tried again.
    pub capture_retry: Span,
    /// Captures that may fail before the booking is cancelled.
    pub capture_attempts: u8,
    /// An authorisation that ends before its capture is renewed so long before it ends.
    pub reauth_lead: Span,
    /// How long a lease offer stands.
    pub lease_offer: Span,
    /// A robot is at the access point no longer than this before the window opens.
    pub early: Span,
    /// Departure is due this long before arrival less the trip.
    pub depart_margin: Span,
    /// Departure is never due sooner than this after the lease was accepted.
    pub depart_least: Span,
    /// Lease ttl before departure.
    pub ttl_reserved: Span,
    /// Lease ttl from departure on.
    pub ttl_moving: Span,
    /// Start is due this long after entry was granted.
    pub start_by: Span,
    /// Second exit escalation, after the exit was due.
    pub exit_recover: Span,
    /// Forced exit, after the exit was due.
    pub exit_force: Span,
    /// A hand-over must reach the access point within this.
    pub handover_by: Span,
    /// The requester's choice after a no-show.
    pub no_show_decide: Span,
    /// Proof is evaluated this long after the end.
    pub proof_by: Span,
    /// Settlement is tried this long after the end.
    pub settle_at: Span,
    /// A hold is reviewed each so often.
    pub hold_review: Span,
    /// A hold ends after this.
    pub hold_end: Span,
    /// A robot that gave a job back is not asked again for this long.
    pub exclude: Span,
    /// Who is ready to lift waits no longer than this for the others.
    pub lift_wait: Span,
    /// A lift is done within this, once the word went out.
    pub lift_within: Span,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            dispatch_lead: Span::from_mins(120),
            dispatch_every: Span::from_secs(10),
            capture_lead: Span::from_mins(24 * 60),
            capture_retry: Span::from_mins(5),
            capture_attempts: 3,
            reauth_lead: Span::from_mins(24 * 60),
            lease_offer: Span::from_secs(30),
            early: Span::from_secs(120),
            depart_margin: Span::from_secs(120),
            depart_least: Span::from_secs(60),
            ttl_reserved: Span::from_mins(15),
            ttl_moving: Span::from_secs(60),
            start_by: Span::from_secs(300),
            exit_recover: Span::from_mins(10),
            exit_force: Span::from_mins(60),
            handover_by: Span::from_mins(30),
            no_show_decide: Span::from_mins(15),
            proof_by: Span::from_mins(30),
            settle_at: Span::from_mins(60),
            hold_review: Span::from_mins(72 * 60),
            hold_end: Span::from_mins(30 * 24 * 60),
            exclude: Span::from_mins(30),
            lift_wait: Span::from_mins(10),
            lift_within: Span::from_secs(60),
        }
    }
}

impl Timing {
    /// Short times for simulated runs: a job is settled soon after its end.
    pub fn scenario() -> Self {
        Self {
            dispatch_every: Span::from_secs(5),
            exit_recover: Span::from_secs(60),
            exit_force: Span::from_secs(120),
            handover_by: Span::from_mins(10),
            no_show_decide: Span::from_secs(60),
            proof_by: Span::from_secs(30),
            settle_at: Span::from_secs(60),
            hold_review: Span::from_mins(5),
            hold_end: Span::from_mins(10),
            exclude: Span::from_mins(5),
            lift_wait: Span::from_mins(5),
            lift_within: Span::from_secs(45),
            ..Self::default()
        }
    }
}

/// One item of the proof requirement.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ProofItem {
    /// Its name: `drop`, `route`.
    pub name: String,
    /// Witness classes of which one must speak.
    pub classes: Vec<WitnessClass>,
    /// Indexes of the points (from 1) at which they must speak.
    pub points: Vec<u16>,
    /// Its share of the whole, basis points; all items sum to 10 000.
    pub weight_bps: u32,
    /// Share of the points that must be witnessed, basis points.
    pub threshold_bps: u32,
    /// Floor to be covered, mm²: its share is what was measured of it. Nothing: points count.
    pub required_mm2: u64,
    /// Where a replay must speak: below so many thousandths of a standard deviation of motion it counts.
    pub residual_milli: u32,
}

/// Kinds of witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum WitnessClass {
    /// A dock, beacon or marker read the robot.
    DockScan,
    /// A scale before and after.
    Weight,
    /// The item changed hands.
    CustodyScan,
    /// A door saw the robot pass.
    DoorLog,
    /// The requester's own signed word; satisfies any item in full.
    RequesterConfirm,
    /// The way was independently seen to be blocked.
    BlockedZone,
    /// A sensor of the floor saw how much of a zone was covered, mm².
    LidarCoverage,
    /// The robot's anchored black box was replayed: how far its motion was from its commands, thousandths of a standard
    /// deviation. Counts only together with another class.
    TwinReplay,
}

/// A licensed skill, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct LicencePin {
    /// The licence.
    pub licence: LicenceId,
    /// The skill.
    pub skill: SkillId,
    /// Its bundle.
    pub bundle: Digest,
    /// The bundle's certificates in force at the booking, ascending: a robot runs it by one of them, or by one that took its
    /// place. A contract names none.
    pub certificates: Vec<CertificateId>,
    /// Its developer.
    pub developer: PartyId,
    /// Fee per unit.
    pub fee: Amount,
    /// Most that the job pays.
    pub cap: Amount,
    /// What a unit is.
    pub unit: LicenceUnit,
    /// A job that never came past this owes nothing.
    pub refundable_until: Milestone,
}

/// What a licence is paid by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum LicenceUnit {
    /// Once per job that was worked.
    Job,
    /// Per checkpoint reached.
    Checkpoint,
    /// Per start of the skill.
    Use,
    /// Per started minute of each run.
    Minute,
}

/// How far a job has come: until there a licence can be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Milestone {
    /// Booked: past it once a robot has set out.
    Booked,
    /// A robot is on its way: past it once one has arrived.
    EnRoute,
    /// Entry was granted: past it once the work has begun.
    AccessGranted,
    /// The work has begun: past it with the first checkpoint.
    Executing,
    /// There are checkpoints: past it once the work is completed.
    Checkpoint,
}

/// Who bears the site's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum SiteFaultBearer {
    /// The requester.
    Requester,
    /// The platform.
    Platform,
}

/// Who pays for the credit of a missed service level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum CreditFunding {
    /// The platform.
    Platform {},
    /// The coverage reserve as far as it goes, the platform beyond.
    CoverageReserve {},
    /// The owner that the job was booked with.
    Owner {},
    /// The operator company.
    Operator {
        /// Which.
        party: PartyId,
    },
    /// An insurer in part, the platform beyond.
    Insurer {
        /// Which.
        party: PartyId,
        /// Its part, basis points.
        bps: u32,
    },
}

/// What happens when nobody chooses after a no-show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum NoShowDefault {
    /// The job is cancelled.
    Cancel,
    /// A later arrival is awaited.
    Wait,
}

/// What a hold that runs out forfeits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum HoldRule {
    /// Earned is what was proven.
    Proven,
    /// Earned is nothing.
    Nothing,
}

/// The bracket tables of cancellations, basis points of the service amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct CancelTable {
    /// A requester may change its mind for this long after booking.
    pub regret: Span,
    /// What counts as near the start.
    pub near: Span,
    /// What counts as far from the start.
    pub far: Span,
    /// Requester, between two and twenty-four hours before the start.
    pub early_bps: u32,
    /// Requester, later, not departed.
    pub late_bps: u32,
    /// Requester, departed, outside.
    pub departed_bps: u32,
    /// Requester, inside.
    pub inside_bps: u32,
    /// Requester absent at a witnessed arrival.
    pub absent_bps: u32,
    /// Owner, between two and twenty-four hours before the start.
    pub owner_early_bps: u32,
    /// Owner, later, or no-show.
    pub owner_late_bps: u32,
    /// All compensation of a job together.
    pub owner_cap_bps: u32,
    /// After a no-show the requester may wait this long past the window's end.
    pub wait_past_end: Span,
}

impl Default for CancelTable {
    fn default() -> Self {
        Self {
            regret: Span::from_mins(10),
            near: Span::from_mins(120),
            far: Span::from_mins(24 * 60),
            early_bps: 2_000,
            late_bps: 4_000,
            departed_bps: 5_000,
            inside_bps: 6_000,
            absent_bps: 5_000,
            owner_early_bps: 1_000,
            owner_late_bps: 2_000,
            owner_cap_bps: 4_000,
            wait_past_end: Span::from_mins(240),
        }
    }
}

/// When a booking may be moved, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct MoveTerms {
    /// Small changes of price need no answer.
    pub auto: bool,
    /// What counts as small, basis points of the service amount.
    pub auto_bps: u32,
    /// A booking is moved at most so often.
    pub limit: u8,
    /// The other side answers, and money comes, within this.
    pub answer: Span,
}

impl Default for MoveTerms {
    fn default() -> Self {
        Self { auto: true, auto_bps: 500, limit: 3, answer: Span::from_mins(30) }
    }
}

/// Credits of breaches whose price does not grow with time, basis points of the service amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct FixedCredits {
    /// Stalled as long as may be.
    pub excess_stall_bps: u32,
    /// An operator came late.
    pub assist_slow_bps: u32,
    /// The robot left late.
    pub exit_overstay_bps: u32,
    /// The owner's side gave the work up.
    pub provider_abort_bps: u32,
}

impl Default for FixedCredits {
    fn default() -> Self {
        Self { excess_stall_bps: 500, assist_slow_bps: 300, exit_overstay_bps: 500, provider_abort_bps: 2_000 }
    }
}

/// How long what is recorded of a job is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Retention {
    /// Telemetry without incident.
    pub telemetry: Span,
    /// Evidence of incidents.
    pub evidence: Span,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |n: u64| Span::from_mins(n * 24 * 60);
        Self { telemetry: days(30), evidence: days(365) }
    }
}

/// How what is left of the charge is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Weights {
    /// Insurance reserve.
    pub reserve: u32,
    /// Platform.
    pub platform: u32,
    /// Owners.
    pub owner: u32,
}

/// How a coverage fee is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct CoverSplit {
    /// Who insures, and the weight of its premium.
    pub insurer: Option<(PartyId, u32)>,
    /// Coverage reserve.
    pub reserve: u32,
    /// The platform's coverage revenue.
    pub revenue: u32,
}

impl Default for CoverSplit {
    fn default() -> Self {
        Self { insurer: None, reserve: 8_000, revenue: 2_000 }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self { reserve: 200, platform: 2_000, owner: 7_800 }
    }
}

/// The pinned terms of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Pins {
    /// Contract under which it was booked.
    pub contract: ContractId,
    /// Hash of the contract's document.
    pub document_hash: Digest,
    /// Hash of the policy in force.
    pub policy_hash: Digest,
    /// Who provides.
    pub owner: PartyId,
    /// Under which quote.
    pub quote: QuoteId,
    /// Parts of the reference price.
    pub price: Price,
    /// Service amount `S`.
    pub service: Amount,
    /// Coverage fee `F`.
    pub cover_fee: Amount,
    /// Currency.
    pub currency: Currency,
    /// When.
    pub window: Window,
    /// Punctuality.
    pub level: Level,
    /// Its values.
    pub level_values: LevelValues,
    /// Kind of place.
    pub tier: Tier,
    /// Its values.
    pub tier_values: TierValues,
    /// Risk score, milli-points.
    pub risk_m: u32,
    /// Lowest trust of a robot, basis points.
    pub min_trust_bps: u32,
    /// Hash of the points of the work.
    pub tasks_hash: Digest,
    /// Zones of the site that the work needs, ascending.
    pub zones: Vec<ZoneId>,
    /// Their hash.
    pub zones_hash: Digest,
    /// Licensed skills.
    pub licences: Vec<LicencePin>,
    /// Split of the charge.
    pub weights: Weights,
    /// Split of the coverage fee.
    pub cover_split: CoverSplit,
    /// Cancellation brackets.
    pub cancel: CancelTable,
    /// Proof requirement.
    pub proof: Vec<ProofItem>,
    /// Deadlines.
    pub timing: Timing,
    /// May another robot finish the work?
    pub handover: bool,
    /// May another owner's robot be sent?
    pub substitution: bool,
    /// Most legs.
    pub max_legs: u8,
    /// Who bears the site's fault.
    pub site_fault_bearer: SiteFaultBearer,
    /// Unanswered no-show.
    pub no_show: NoShowDefault,
    /// Hold that runs out.
    pub hold_rule: HoldRule,
    /// Most that all claims of the job pay.
    pub max_claims: Amount,
    /// What remote help costs, minor units a minute.
    pub operator_rate: u64,
    /// The job bears remote help up to this share of the service amount, basis points.
    pub operator_cap_bps: u32,
    /// What is done when nobody helps.
    pub assist_fallback: crate::event::Fallback,
    /// Must an operator stand by while a robot has it?
    pub coverage: bool,
    /// What the requester may be asked for in the middle of the work.
    pub approvals: Vec<crate::approval::ApprovalKind>,
    /// An approval lapses after this.
    pub approval_by: Span,
    /// Moving it to another window.
    pub moves: MoveTerms,
    /// Who pays for missed service levels.
    pub funding: CreditFunding,
    /// What fixed breaches cost.
    pub fixed: FixedCredits,
    /// How long what is recorded is kept.
    pub retention: Retention,
    /// The table of time zones by which its window and the hours of robots were read.
    pub tz_hash: Digest,
}

impl Pins {
    /// What both sides are shown and the market signs.
    pub fn hash(&self) -> Digest {
        content_hash("nooterra/pins/v1", self)
    }
    /// Are its zones those that were signed for?
    pub fn names_its_zones(&self) -> bool {
        zones_hash(&self.zones) == self.zones_hash
    }
    /// `Q = S + F`, minor units.
    pub fn total(&self) -> u64 {
        self.service.minor() + self.cover_fee.minor()
    }
}

/// What stands for a list of zones.
pub fn zones_hash(zones: &[ZoneId]) -> Digest {
    #[derive(Record)]
    struct Zones {
        zones: Vec<ZoneId>,
    }
    content_hash("nooterra/zones/v1", &Zones { zones: zones.to_vec() })
}
