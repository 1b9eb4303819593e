//! Rules of the marketplace that a scenario can set: standing offers, working hours, contracts of their own.

use crate::at::At;
use crate::words::Money;
use schemars::JsonSchema;
use serde::Deserialize;

/// A provider's standing offer: its price is quoted at once for every request that it can serve.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingEntry {
    /// Requests and jobs that it takes on at the same time.
    pub capacity: At<u32>,
}

/// When a provider's robots can work.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursEntry {
    /// Days of the week; all if not said.
    #[serde(default)]
    pub days: Vec<At<Weekday>>,
    /// First minute, `HH:MM` on the wall.
    pub from: At<String>,
    /// First minute after, `HH:MM`; one at or before `from` lies in the next day.
    pub to: At<String>,
    /// Time zone, as `Europe/Berlin`; UTC if not said.
    pub zone: Option<At<String>>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Weekday {
    #[default]
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A requester gets a contract of its own: the general terms with these changes, signed by both sides.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractAct {
    /// With whom.
    pub requester: At<String>,
    /// Coverage fee of each job.
    pub cover_fee: Option<At<Money>>,
    /// Providers that are never asked.
    #[serde(default)]
    pub excludes: Vec<At<String>>,
}
