//! What people do in the market, as a scenario file says it: a cue, and exactly one deed.
//!
//! Demand, quotes and payments go on by themselves; an act is what somebody does on top of it, at a time or as soon as a job
//! comes into a state: haggles, chooses, moves, cancels, takes access back. Jobs are numbered from 1 in the order in which they are asked for.

use crate::at::At;
pub use crate::deeds::{Deed, Stopped};
use crate::disputes::{DecideDisputeAct, DisputeAct, DropDisputeAct, RefundAct};
use crate::words::{Money, Share, Time};
use nooterra_engine::Record;
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// An act: whom it concerns, when it is done, and exactly one deed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActEntry {
    /// Number of the job, from 1 in the order of requests.
    pub job: Option<At<u32>>,
    /// Time since the start.
    pub at: Option<At<Time>>,
    /// Or: as soon as the job has come into this state.
    pub when: Option<At<JobState>>,
    /// Or: as soon as this event, by its name on the wire, is written on the job's stream.
    pub on: Option<At<String>>,
    /// Time from then until it is done.
    pub after: Option<At<Time>>,
    /// Somebody cancels the job.
    pub cancel: Option<CancelAct>,
    /// Somebody takes access back.
    pub revoke: Option<RevokeAct>,
    /// The payer's bank takes the payment back.
    pub chargeback: Option<ChargebackAct>,
    /// The requester complains.
    pub complain: Option<ComplainAct>,
    /// The requester issues the access plan of its job itself, in rooms of its own (`own`).
    pub issue_plan: Option<IssuePlanAct>,
    /// The trust service judges the job's last incident.
    pub triage: Option<TriageAct>,
    /// Somebody demands money for the job's last incident.
    pub claim: Option<ClaimAct>,
    /// The trust service judges the evidence of the job's last claim.
    pub assess: Option<AssessAct>,
    /// The job's last claim is granted or refused.
    pub decide: Option<DecideAct>,
    /// Two people of finance set the job's books right.
    pub adjust: Option<AdjustAct>,
    /// Somebody tries to cancel the job in another's name.
    pub forge: Option<ForgeAct>,
    /// Staff bar a robot from work: the one named, or the one that the job has.
    pub quarantine: Option<RobotAct>,
    /// Somebody stops robots at once.
    pub stop: Option<StopAct>,
    /// Somebody lets robots back: clears the stops that were issued before, or a robot's quarantine.
    pub clear: Option<ClearAct>,
    /// The navigation skill is revoked; needs no job unless it waits for one.
    pub revoke_skill: Option<RevokeSkillAct>,
    /// A requester gets a contract of its own; needs no job unless it waits for one.
    pub contract: Option<crate::trading::ContractAct>,
    /// A series is ended; needs no job unless it waits for one.
    pub end_series: Option<crate::series::EndSeriesAct>,
    /// The requester answers a quote with another price.
    pub counter: Option<CounterAct>,
    /// The requester chooses a quote (`mode: manual`).
    pub award: Option<AwardAct>,
    /// Somebody proposes another window for a booking.
    pub reschedule: Option<RescheduleAct>,
    /// The requester chooses after a no-show.
    pub no_show: Option<NoShowAct>,
    /// The requester answers what the job's robot asked for last.
    pub approve: Option<ApproveAct>,
    /// A party disputes how the job ended.
    pub dispute: Option<DisputeAct>,
    /// Whoever opened the job's last dispute gives it up.
    pub drop_dispute: Option<DropDisputeAct>,
    /// The trust service decides the job's last dispute.
    pub decide_dispute: Option<DecideDisputeAct>,
    /// Two people of staff revoke a key; needs no job if it says whose.
    pub revoke_key: Option<crate::keeping::RevokeKeyAct>,
    /// A requester or provider goes on with a new key; needs no job unless it waits for one.
    pub rotate_key: Option<crate::keeping::RotateKeyAct>,
    /// A robot is looked after by its owner; needs no job unless it waits for one.
    pub service: Option<crate::keeping::ServiceAct>,
    /// The bounds of a robot's motion are tightened from afar; needs no job unless it waits for one.
    pub tighten: Option<crate::keeping::TightenAct>,
    /// Staff let a robot have its own bounds back; needs no job unless it waits for one.
    pub lift_bounds: Option<crate::keeping::LiftBoundsAct>,
    /// A robot is taken out of service for good; needs no job unless it waits for one.
    pub retire: Option<crate::keeping::RetireAct>,
    /// Two people of the trust service decide what was earned, in place of the proof.
    pub override_proof: Option<crate::keeping::OverrideProofAct>,
    /// Two people of staff set the tenant's policy: what is asked for from then on costs something else, for example.
    pub set_policy: Option<crate::keeping::SetPolicyAct>,
    /// An auditor says what the settled job came to.
    pub audit: Option<crate::keeping::AuditAct>,
    /// Finance gives back what is left of the award of the job's last dispute.
    pub refund: Option<RefundAct>,
    /// Somebody looks at the evidence of the job that was captured last.
    pub view: Option<crate::keeping::ViewAct>,
}

/// The requester answers what a robot may not do by itself.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveAct {
    /// Yes or no.
    pub agree: At<bool>,
}

/// Two people of finance give somebody money out of goodwill.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustAct {
    /// Who gets it: the requester as credit, the provider as a payable.
    pub to: At<By>,
    /// How much.
    pub amount: At<Money>,
    /// Does it set last month right? No if not said.
    pub late: Option<At<bool>>,
    /// Is the second key there? Yes if not said.
    pub second: Option<At<bool>>,
}

/// Somebody tries to cancel a job in another's name.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgeAct {
    /// How.
    pub how: At<Forgery>,
}

/// How somebody speaks in another's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "snake_case")]
pub enum Forgery {
    /// With a key of their own that nobody knows.
    #[default]
    UnknownKey,
    /// With a key whose time is over.
    ExpiredKey,
    /// With other words under a signature that they heard.
    BrokenSignature,
    /// With an envelope that they heard, once more.
    Replay,
    /// With a key that is valid, but for a role that may not say it.
    BorrowedKey,
}

/// The requester issues the access plan of its job itself.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuePlanAct {
    /// It is valid from now for so long: to the end of the job's window at least.
    #[serde(rename = "for")]
    pub lasts: At<Time>,
    /// Areas that may be entered by it, of those that not everybody may be in.
    #[serde(default)]
    pub areas: Vec<At<String>>,
    /// Areas that may not be entered under it.
    #[serde(default)]
    pub no_go: Vec<At<String>>,
}

/// The requester complains of something that nothing measured.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComplainAct {
    /// Of what.
    pub of: At<Complaint>,
    /// What it asks back: before the settlement that is a dispute.
    pub amount: Option<At<Money>>,
}

/// What can be complained of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "snake_case")]
pub enum Complaint {
    /// Something is broken.
    #[default]
    PropertyDamage,
    /// Something is gone.
    Theft,
    /// Somebody was watched.
    Privacy,
    /// It was done badly.
    Quality,
    /// Somebody is hurt.
    Injury,
}

/// The trust service judges an incident.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriageAct {
    /// How bad, 1 to 5.
    pub severity: At<u32>,
    /// Who answers for it.
    pub fault: At<Blame>,
    /// Did it happen? Yes if not said.
    pub confirmed: Option<At<bool>>,
}

/// Who answers for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// Nobody.
    #[default]
    Nobody,
    /// Whoever asked for the work.
    Requester,
    /// The robot's owner.
    Owner,
    /// The skill's developer.
    Developer,
    /// The platform.
    Platform,
    /// The building.
    Site,
}

/// Somebody demands money for an incident.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimAct {
    /// Who.
    pub by: At<By>,
    /// How much.
    pub demand: At<Money>,
    /// For what; property if not said.
    pub head: Option<At<Harm>>,
}

/// What was harmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum Harm {
    /// A thing.
    #[default]
    Property,
    /// A person.
    Injury,
    /// Somebody's privacy.
    Privacy,
    /// Something is gone.
    Theft,
    /// The thing carried is gone.
    Loss,
}

/// The trust service judges a claim's evidence.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssessAct {
    /// Documents that it has seen, beside what the platform holds itself.
    #[serde(default)]
    pub documents: Vec<At<Paper>>,
}

/// A document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// What the thing was worth.
    #[default]
    Valuation,
    /// A record of the person.
    PersonRecord,
    /// The log of the doors.
    DoorLog,
}

/// A claim is granted or refused.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideAct {
    /// Who decides.
    pub by: At<Court>,
    /// The harm found; refused if not said.
    pub grant: Option<At<Money>>,
    /// The claimant's own part of the harm.
    pub own_fault: Option<At<Share>>,
    /// Who bears it; the party at fault if not said.
    #[serde(default)]
    pub borne_by: Vec<At<BorneBy>>,
}

/// A part of a payout.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BorneBy {
    /// Who.
    pub who: At<Payer>,
    /// Which part.
    pub part: At<Share>,
}

/// Who can bear a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum Payer {
    /// The robot's owner.
    #[default]
    Owner,
    /// The insurer.
    Insurer,
    /// The insurance reserve.
    Pool,
    /// The platform.
    Platform,
}

/// Who decides a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "snake_case")]
pub enum Court {
    /// The trust service, with one key.
    #[default]
    Trust,
    /// The trust service, with the keys of two people.
    TrustTwoKeys,
    /// The insurer.
    Insurer,
}

/// How claims are handled, where it differs from the defaults.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimsEntry {
    /// Is there an insurer? No if not said.
    pub insured: Option<At<bool>>,
    /// From this demand on the insurer decides.
    pub insurer_from: Option<At<Money>>,
    /// Of the insurer's share this much falls on the party at fault.
    pub deductible: Option<At<Money>>,
    /// Up to this demand one key decides.
    pub auto_max: Option<At<Money>>,
}

/// How claims are handled; amounts are those of the tariffs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct ClaimsPlan {
    /// Is there an insurer?
    pub is_insured: bool,
}

/// The payer's bank takes a captured payment back, and decides later whether it stays taken.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChargebackAct {
    /// What the bank decides in the end.
    pub outcome: At<Verdict>,
    /// Time until it decides; one minute if not said.
    pub decided_after: Option<At<Time>>,
    /// How much; the whole payment if not said.
    pub amount: Option<At<Money>>,
    /// What the payment provider asks for it; nothing if not said.
    pub fee: Option<At<Money>>,
}

/// What a bank decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The money comes back.
    #[default]
    Won,
    /// The money is gone.
    Lost,
}

/// Which robot.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RobotAct {
    /// Its name; the one that the job has, if not said.
    pub robot: Option<At<String>>,
    /// The bar ends by itself after this, unless something speaks against it; if not said, staff have to clear it.
    pub lasts: Option<At<Time>>,
}

/// A remote stop.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopAct {
    /// Who says so: staff if not said.
    pub by: Option<At<By>>,
    /// One robot by its name, or the one that the job has.
    pub robot: Option<At<String>>,
    /// Everything at the site.
    pub site: Option<At<bool>>,
    /// Everything of this provider.
    pub fleet: Option<At<String>>,
    /// Everything on this level: a zone of the site.
    pub zone: Option<At<String>>,
    /// Is drive power cut as well? No if not said.
    pub power_off: Option<At<bool>>,
    /// What becomes of work under way.
    pub then: Option<At<ThenWhat>>,
}

/// What becomes of work under way when robots are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum ThenWhat {
    /// It waits.
    #[default]
    Wait,
    /// It is left as soon as the robot may move.
    Exit,
}

/// Stops or a quarantine are cleared.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearAct {
    /// Who says so: staff if not said.
    pub by: Option<At<By>>,
    /// This robot's quarantine instead of stops.
    pub quarantine: Option<At<String>>,
}

/// The requester answers a provider's quote with another price.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CounterAct {
    /// Whose quote.
    pub provider: At<String>,
    /// The price offered, as a share of the newest one.
    pub offer: At<Share>,
    /// How long the offer stands, if no shorter time is policy.
    pub lasts: Option<At<Time>>,
}

/// The requester chooses a provider's quote.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwardAct {
    /// Whose quote.
    pub provider: At<String>,
}

/// Somebody proposes another window for a booking.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RescheduleAct {
    /// Who: requester or provider.
    pub by: At<By>,
    /// Time from then until the new window begins.
    pub start: At<Time>,
    /// Length of the new window; 20 minutes if not said.
    pub window: Option<At<Time>>,
}

/// The requester chooses after a no-show.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoShowAct {
    /// What.
    pub choose: At<NoShowChoice>,
    /// How long a robot may still come, for `wait`; 10 minutes if not said.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// What a requester chooses when no robot came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum NoShowChoice {
    /// The job ends.
    #[default]
    Cancel,
    /// A robot may still come.
    Wait,
}

/// Somebody cancels a job, or ends the request if it is not booked yet.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelAct {
    /// Who.
    pub by: At<By>,
    /// For safety's sake (requesters only).
    pub safety: Option<At<bool>>,
}

/// Access is taken back.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeAct {
    /// Who: the requester if not said; not the provider.
    pub by: Option<At<By>>,
    /// Why.
    pub reason: At<RevokeWhy>,
}

/// The version of the navigation skill that is in force is revoked. Bookings fall back on the version before it, once.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeSkillAct {
    /// Its developer revokes it, or its certifier takes its certificates back.
    pub by: At<SkillBy>,
    /// Whether it stops where it runs (`stop_now`, if not said) or only begins nowhere any more.
    pub level: Option<At<RevokeLevel>>,
    /// Only for robots of this model (certifiers only).
    pub model: Option<At<String>>,
}

/// Who revokes a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum SkillBy {
    /// Who wrote it.
    #[default]
    Developer,
    /// Who certified it.
    Certifier,
}

/// How hard a skill is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "snake_case")]
pub enum RevokeLevel {
    /// It begins nowhere any more.
    BlockNew,
    /// It also stops where it runs.
    #[default]
    StopNow,
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Whoever asked for the job.
    #[default]
    Requester,
    /// Whoever the job is booked with.
    Provider,
    /// Staff of the platform.
    Staff,
    /// The site's own controller.
    Site,
}

/// Why access is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum RevokeWhy {
    /// Somebody wants to be alone.
    Privacy,
    /// Something is dangerous.
    Safety,
    /// Plans changed.
    Change,
    /// Anything else.
    #[default]
    Other,
}

macro_rules! states {
    ($($name:ident $wire:literal: $about:literal;)*) => {
        /// A state of a job, by its name in lower case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, Record)]
        #[serde(rename_all = "snake_case")]
        pub enum JobState { $(#[doc = $about] $name),* }
        impl JobState {
            /// Its name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $wire),* }
            }
        }
    };
}
states! {
    Quoted "QUOTED": "At least one live quote.";
    Awarded "AWARDED": "One quote chosen, payment not yet authorised.";
    Booked "BOOKED": "Terms pinned, needs a robot.";
    Matched "MATCHED": "A lease is offered to a robot.";
    Reserved "RESERVED": "The robot holds the lease.";
    EnRoute "EN_ROUTE": "The robot is on its way.";
    Arrived "ARRIVED": "The robot waits for entry.";
    AccessGranted "ACCESS_GRANTED": "Entry is open.";
    Executing "EXECUTING": "The robot works.";
    Assisted "ASSISTED": "The robot works with an operator.";
    Stalled "STALLED": "No progress.";
    AbortingSafeExit "ABORTING_SAFE_EXIT": "The robot leaves.";
    Handover "HANDOVER": "Another robot is needed.";
    NoShow "NO_SHOW": "No robot came.";
    Completed "COMPLETED": "Work is done.";
    Aborted "ABORTED": "Ended without completion.";
    Settled "SETTLED": "Money is final.";
    Withdrawn "WITHDRAWN": "Ended before booking.";
}

/// An act held against the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Act {
    /// Number of the job, from 1, if the deed concerns one.
    pub job: Option<u32>,
    /// When it is done.
    pub cue: Cue,
    /// What.
    pub deed: Deed,
    /// The currency of its amounts, if it names any.
    pub currency: Option<Currency>,
}

/// When an act is done.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Cue {
    /// At an instant.
    At(Instant),
    /// So long after an event was written on the job's stream, the first time.
    On {
        /// Its name on the wire.
        event: String,
        /// How long after.
        after: Span,
    },
    /// So long after people hear that its job has come into a state, the first time.
    When {
        /// The state.
        state: JobState,
        /// How long after.
        after: Span,
    },
}
