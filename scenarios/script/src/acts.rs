//! What people do in the market, as a scenario file says it: a cue, and exactly one deed.
//!
//! Demand, quotes and payments go on by themselves; an act is what somebody does on top of it, at a time or as soon as a job
//! comes into a state: cancels, takes access back. Jobs are numbered from 1 in the order in which they are asked for.

use crate::at::At;
use crate::words::{Money, Time};
use nooterra_engine::Record;
use nooterra_engine::money::Amount;
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
    /// Time from then until it is done.
    pub after: Option<At<Time>>,
    /// Somebody cancels the job.
    pub cancel: Option<CancelAct>,
    /// The requester takes access back.
    pub revoke: Option<RevokeAct>,
    /// The payer's bank takes the payment back.
    pub chargeback: Option<ChargebackAct>,
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

/// Somebody cancels a job, or ends the request if it is not booked yet.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelAct {
    /// Who.
    pub by: At<By>,
    /// For safety's sake (requesters only).
    pub safety: Option<At<bool>>,
}

/// The requester takes access back.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeAct {
    /// Why.
    pub reason: At<RevokeWhy>,
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
}

/// When an act is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Cue {
    /// At an instant.
    At(Instant),
    /// So long after people hear that its job has come into a state, the first time.
    When {
        /// The state.
        state: JobState,
        /// How long after.
        after: Span,
    },
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Deed {
    /// A job is cancelled.
    Cancel {
        /// By whom.
        by: By,
        /// For safety's sake.
        safety: bool,
    },
    /// Access is taken back.
    Revoke {
        /// Why.
        why: RevokeWhy,
    },
    /// The bank takes the payment back.
    Chargeback {
        /// What it decides.
        verdict: Verdict,
        /// Time until it does.
        decided_after: Span,
        /// Minor units, if not all.
        amount: Option<Amount>,
        /// The provider's fee.
        fee: Amount,
    },
}
