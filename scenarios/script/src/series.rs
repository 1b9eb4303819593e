//! The same work again and again: what a requester asks for by a rule, at the price of a provider's standing offer.

use crate::abilities::Abilities;
use crate::acts::By;
use crate::at::At;
use crate::camera::Privacy;
use crate::scenario::JobKind;
use crate::trading::HoursEntry;
use crate::words::{Coin, Mass, Money, Time};
use nooterra_control::input::{Repeat, WeeklyRule};
use nooterra_engine::Record;
use nooterra_engine::ids::ZoneId;
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_port::ability::Declared;
use nooterra_site::VertexIx;
use schemars::JsonSchema;
use serde::Deserialize;

/// A series of jobs.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesEntry {
    /// The provider whose standing offer gives the framework price.
    pub with: At<String>,
    /// When it is asked for, since the start.
    pub at: At<Time>,
    /// Days and hours in which jobs begin; every day and all of it, in UTC, if not said.
    pub hours: Option<HoursEntry>,
    /// From the start of one job to that of the next within a day's hours, on the wall; one a day if not said.
    pub every: Option<At<Time>>,
    /// Length of a job's window; needed with `every`, else the hours of the day.
    pub window: Option<At<Time>>,
    /// Jobs begin this long after the start, or later; two minutes after `at` if not said.
    pub first: Option<At<Time>>,
    /// And before this; at the end of `duration` if not said.
    pub until: Option<At<Time>>,
    /// No more than so many jobs.
    pub count: Option<At<u32>>,
    /// What is done.
    pub kind: Option<At<JobKind>>,
    /// Where loads are picked up, or patrols begin.
    pub from: At<String>,
    /// Where loads go, or patrols lead.
    pub to: At<String>,
    /// Stops on the way, in order.
    #[serde(default)]
    pub via: Vec<At<String>>,
    /// Most that the requester pays for a job.
    pub pay: Option<At<Money>>,
    /// Mass of a load.
    pub mass: Option<At<Mass>>,
    /// Areas that their robots may not enter.
    #[serde(default)]
    pub no_go: Vec<At<String>>,
    /// Values that their robots have to reach, such as `speed_mm_s: 600`.
    #[serde(default)]
    pub requires: Abilities,
    /// What may be recorded while a robot works on them; `minimal` if not said.
    pub privacy: Option<At<Privacy>>,
    /// What the jobs are paid in; what `pay` names, or the requester's only currency, or the market's if not said.
    pub currency: Option<At<Coin>>,
}

/// A series is ended; jobs that exist go on.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndSeriesAct {
    /// Which, in the order of the file, from 1; the first if not said.
    pub series: Option<At<u32>>,
    /// By whom: the requester, or the provider that it is with.
    pub by: At<By>,
}

/// A series held against its site.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct SeriesPlan {
    /// Index into `requesters`.
    pub requester: u32,
    /// Index into `providers`.
    pub provider: u32,
    /// When it is asked for.
    pub at: Instant,
    /// On which days, at what hours.
    pub rule: WeeklyRule,
    /// At which interval within those hours.
    pub every: Option<Repeat>,
    /// Jobs begin at or after this.
    pub first: Instant,
    /// And before this.
    pub until: Instant,
    /// No more than so many.
    pub count: Option<u16>,
    /// A load is carried, or a round made.
    pub is_delivery: bool,
    /// Places in order.
    pub stops: Vec<VertexIx>,
    /// Most that is paid for a job.
    pub budget: Option<Amount>,
    /// Mass of a load, g.
    pub mass_g: u32,
    /// What the jobs are paid in.
    pub currency: Currency,
    /// Areas that their robots may not enter.
    pub no_go: Vec<ZoneId>,
    /// Values that their robots have to reach, ascending by name.
    pub requires: Vec<Declared>,
    /// What may be recorded.
    pub privacy: Privacy,
}

/// From the request for a series to its first job if nothing is said.
pub const FIRST_AFTER: Span = Span::from_mins(2);
