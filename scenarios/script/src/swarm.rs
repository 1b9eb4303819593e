//! The swarm: values of a scenario that are drawn anew under each seed.

use crate::at::At;
use crate::words::{Counts, Rates, Shares, Times};
use schemars::JsonSchema;
use serde::Deserialize;

/// Values drawn anew under each seed, uniformly from their ranges.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Swarm {
    /// Share of messages lost.
    pub loss: Option<At<Shares>>,
    /// Longest delay of a message.
    pub delay: Option<At<Times>>,
    /// Share of messages delivered twice.
    pub duplicate: Option<At<Shares>>,
    /// Jobs an hour of every Poisson stream.
    pub per_hour: Option<At<Rates>>,
    /// People who walk about.
    pub people: Option<At<Counts>>,
    /// State of charge of every robot at the start.
    pub charge: Option<At<Shares>>,
    /// Share of payment authorisations declined.
    pub decline: Option<At<Shares>>,
}
