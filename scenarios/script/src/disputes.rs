//! Acts of disputes: a party says that a job's outcome is wrong, the trust service decides, finance gives back.

use crate::at::At;
use crate::words::{Money, Share};
use nooterra_engine::Record;
use schemars::JsonSchema;
use serde::Deserialize;

/// A party disputes how the job ended.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeAct {
    /// Who.
    pub by: At<Disputer>,
    /// About what; the quality of the work if not said.
    pub about: Option<At<About>>,
    /// How much is in dispute.
    pub amount: At<Money>,
}

/// Whoever opened the job's last dispute gives it up.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropDisputeAct {
    /// Who.
    pub by: At<Disputer>,
}

/// The trust service decides the job's last dispute.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideDisputeAct {
    /// How much the requester gets back; nothing if not said.
    pub award: Option<At<Money>>,
    /// Who bears it; everybody who was paid if not said.
    pub borne_by: Option<At<BearsAward>>,
    /// What was earned; only before the settlement, and left to the proof if not said.
    pub earned: Option<At<Share>>,
}

/// Finance gives back what is left of the award of the job's last dispute.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundAct {}

/// Who can dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum Disputer {
    /// Whoever asked for the job.
    #[default]
    Requester,
    /// Whoever the job is booked with.
    Provider,
    /// Who wrote the navigation skill.
    Developer,
}

/// What a dispute is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// The work is not as agreed.
    #[default]
    Quality,
    /// The proof is wrong.
    Proof,
    /// The amount is wrong.
    Charge,
    /// The fault is another's.
    Fault,
    /// Time, meter or assist is counted wrong.
    Meter,
}

/// Who bears an award.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum BearsAward {
    /// Everybody who was paid, by what they were paid.
    #[default]
    Everybody,
    /// The provider first.
    Provider,
    /// The platform.
    Platform,
}
