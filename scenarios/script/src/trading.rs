//! Providers and the rules that they and requesters trade by: standing offers, working hours, contracts of their own.

use crate::at::At;
use crate::scenario::Answering;
use crate::words::{Coin, Money, Share, Time, Times};
use schemars::JsonSchema;
use serde::Deserialize;

/// Someone who offers robots.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Name.
    pub name: At<String>,
    /// Price over the reference price, basis points; may be negative.
    pub markup_bps: Option<At<i32>>,
    /// Time from request to quote.
    pub quote_delay: Option<At<Times>>,
    /// Share of the robots that have no owner yet.
    pub share: Option<At<Share>>,
    /// How long its quotes stand; past the close of the request if not said.
    pub quote_lasts: Option<At<Time>>,
    /// By how much its prices vary, basis points; 400 if not said.
    pub varies_bps: Option<At<u32>>,
    /// How it answers counter-offers; with yes if not said.
    pub counters: Option<At<Answering>>,
    /// How it answers proposals to move a booking; with yes if not said.
    pub moves: Option<At<Answering>>,
    /// Quotes its price by a standing offer instead of request by request.
    pub standing: Option<StandingEntry>,
    /// When its robots can work; always if not said.
    pub hours: Option<HoursEntry>,
    /// Currencies that it is paid in; every one that is traded in if not said.
    #[serde(default)]
    pub takes: Vec<At<Coin>>,
    /// Quotes in this currency whatever is asked for; in that of the request if not said.
    pub quotes_in: Option<At<Coin>>,
}

/// A provider's standing offer: its price is quoted at once for every request that it can serve.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingEntry {
    /// Requests and jobs that it takes on at the same time.
    pub capacity: At<u32>,
    /// Its robots go on with jobs of other providers whose robots had to stop, at the price that those had agreed on. No if not
    /// said; `policy: {substitution: true}` lets it happen.
    pub substitute: Option<At<bool>>,
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

/// A contract of its own for a requester, the site or a part of it: the general terms with these changes, signed by whom it
/// binds and by the platform. Of several that hold for a request, the one that says most of whom and where it is for counts.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractAct {
    /// With whom; with everybody if not said.
    pub requester: Option<At<String>>,
    /// For the site. A zone is of the site by itself.
    pub site: Option<At<bool>>,
    /// For work that touches this zone of the site: the name of a level.
    pub zone: Option<At<String>>,
    /// Coverage fee of each job.
    pub cover_fee: Option<At<Money>>,
    /// Providers that are never asked.
    #[serde(default)]
    pub excludes: Vec<At<String>>,
}
