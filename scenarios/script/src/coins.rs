//! What things cost in each currency that a market trades in.

use crate::at::At;
use crate::words::{Coin, Money};
use nooterra_control::policy::Tariff;
use nooterra_engine::Record;
use nooterra_engine::money::Amount;
use schemars::JsonSchema;
use serde::Deserialize;

/// The amounts of one currency. Those of the euro are built in and need not be said; nothing is converted, so any other
/// currency says all of its own, but for those that say that nothing is if they are left out.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TariffEntry {
    /// The currency.
    pub currency: At<Coin>,
    /// Base price of a delivery.
    pub delivery: Option<At<Money>>,
    /// Base price of a patrol.
    pub patrol: Option<At<Money>>,
    /// Base price of an inspection.
    pub inspect: Option<At<Money>>,
    /// Base price of cleaning; in another currency than the euro nothing is cleaned if not said.
    pub clean: Option<At<Money>>,
    /// Base price of a light reset; as for cleaning.
    pub reset_lite: Option<At<Money>>,
    /// Base price of a reset; as for cleaning.
    pub reset_standard: Option<At<Money>>,
    /// For each kilometre of the way.
    pub per_km: Option<At<Money>>,
    /// For each minute of work.
    pub per_min: Option<At<Money>>,
    /// For an operator who stands by.
    pub standby: Option<At<Money>>,
    /// What an operator is paid for each minute of help.
    pub help: Option<At<Money>>,
    /// What the navigation skill costs for each checkpoint.
    pub checkpoint: Option<At<Money>>,
    /// Most that the skill costs for a job.
    pub licence_most: Option<At<Money>>,
    /// Most that all claims of a job are paid.
    pub claims_most: Option<At<Money>>,
    /// Up to this demand one key decides about a claim.
    pub auto_max: Option<At<Money>>,
    /// From this demand on the insurer decides; never if not said.
    pub insurer_from: Option<At<Money>>,
    /// Of the insurer's share this much falls on the party at fault; nothing if not said.
    pub deductible: Option<At<Money>>,
    /// Coverage fee of each job; nothing if not said.
    pub cover_fee: Option<At<Money>>,
}

/// The amounts of one currency, complete.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct TariffPlan {
    /// Those of the policy.
    pub tariff: Tariff,
    /// Coverage fee of each job.
    pub cover_fee: Amount,
    /// What the navigation skill costs for each checkpoint.
    pub licence_fee: Amount,
    /// Most that it costs for a job.
    pub licence_cap: Amount,
}

/// What the navigation skill is paid by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum LicencePer {
    /// Each checkpoint reached.
    #[default]
    Checkpoint,
    /// Each start of the skill.
    Use,
    /// Each started minute of a run.
    Minute,
    /// Each job that was worked.
    Job,
}
