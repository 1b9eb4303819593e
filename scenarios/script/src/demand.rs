//! What somebody asks for: streams of jobs, when they arise and how they are decided.

use crate::abilities::Abilities;
use crate::at::At;
use crate::camera::Privacy;
use crate::proving::ProofEntry;
use crate::team::MemberEntry;
use crate::words::{Coin, Mass, Money, Rate, Time};
use nooterra_engine::Record;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// One stream of jobs or several.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OneOrMany(pub Vec<At<Jobs>>);

/// A stream of jobs.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// When they arise.
    pub process: At<ProcessKind>,
    /// Jobs an hour (`poisson`).
    pub per_hour: Option<At<Rate>>,
    /// Times since the start (`fixed`), or of the first one (`every`).
    pub at: Option<TimeList>,
    /// Time between two (`every`).
    pub gap: Option<At<Time>>,
    /// No more than so many.
    pub limit: Option<At<u32>>,
    /// What is done.
    pub kind: Option<At<JobKind>>,
    /// Where loads are picked up, or patrols begin.
    #[serde(default)]
    pub from: Vec<At<String>>,
    /// Where loads go, or patrols lead.
    #[serde(default)]
    pub to: Vec<At<String>>,
    /// Most that the requester pays.
    pub pay: Option<At<Money>>,
    /// Mass of a load.
    pub mass: Option<At<Mass>>,
    /// Time between the request and the start of the job's window.
    pub lead: Option<At<Time>>,
    /// Length of the job's window.
    pub window: Option<At<Time>>,
    /// Stops on the way, in order: between pick-up and drop-off, or on the round.
    #[serde(default)]
    pub via: Vec<At<String>>,
    /// Areas whose floors are covered, in order, for cleaning and resets.
    #[serde(default)]
    pub zones: Vec<At<String>>,
    /// What proves custom work.
    #[serde(default)]
    pub proof: Vec<ProofEntry>,
    /// Who lifts, for a lift: one robot each.
    #[serde(default)]
    pub team: Vec<MemberEntry>,
    /// How a request is decided; at its close if not said.
    pub mode: Option<At<AwardMode>>,
    /// Must a remote operator stand by? No if not said.
    pub coverage: Option<At<bool>>,
    /// Areas that its robot may not enter.
    #[serde(default)]
    pub no_go: Vec<At<String>>,
    /// Values that its robot has to reach, such as `speed_mm_s: 600`.
    #[serde(default)]
    pub requires: Abilities,
    /// What may be recorded while its robot works; `minimal` if not said.
    pub privacy: Option<At<Privacy>>,
    /// What they are paid in; what `pay` names, or the requester's only currency, or the market's if not said.
    pub currency: Option<At<Coin>>,
}

/// How a request for quotes is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum AwardMode {
    /// The best quote wins when the request closes.
    #[default]
    Auto,
    /// The first quote within budget wins.
    Instant,
    /// The requester chooses.
    Manual,
}

/// One time or several.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TimeList(pub Vec<At<Time>>);

/// When jobs arise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProcessKind {
    /// At random, `per_hour` on average.
    Poisson,
    /// At the times given.
    Fixed,
    /// Regularly.
    Every,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// A load is carried.
    Delivery,
    /// A round is made.
    Patrol,
    /// A load is raised onto a rack by several robots together.
    Lift,
    /// Floors are cleaned.
    Clean,
    /// Rooms are put in order, lightly: their floors are covered.
    ResetLite,
    /// Rooms are put in order: their floors are covered.
    ResetStandard,
    /// Places are visited in order, with a load if `mass` is said, and proven as `proof` says.
    Custom,
}

macro_rules! one_or_many {
    ($list:ident, $item:ty, $name:literal) => {
        impl JsonSchema for $list {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(g: &mut SchemaGenerator) -> Schema {
                let (one, many) = (g.subschema_for::<$item>(), g.subschema_for::<Vec<$item>>());
                json_schema!({"anyOf": [one.to_value(), many.to_value()]})
            }
        }
    };
}
one_or_many!(OneOrMany, Jobs, "OneOrMany");
one_or_many!(TimeList, Time, "TimeList");

/// A list, or the single item that it would hold.
struct ListVisitor<T> {
    expected: &'static str,
    item: std::marker::PhantomData<T>,
}

impl<'de> Visitor<'de> for ListVisitor<Jobs> {
    type Value = Vec<At<Jobs>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let value = Jobs::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        Ok(vec![At { value, line: 0, column: 0 }])
    }
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some(item) = seq.next_element()? {
            out.push(item);
        }
        Ok(out)
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let expected = "a stream of jobs such as `{process: poisson, per_hour: 12, …}`, or a list of them";
        let list = d.deserialize_any(ListVisitor::<Jobs> { expected, item: std::marker::PhantomData })?;
        Ok(Self(list))
    }
}

impl<'de> Visitor<'de> for ListVisitor<Time> {
    type Value = Vec<At<Time>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<Self::Value, E> {
        let span = crate::words::span(v.trim()).map_err(E::custom)?;
        Ok(vec![At { value: Time(span), line: 0, column: 0 }])
    }
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some(item) = seq.next_element()? {
            out.push(item);
        }
        Ok(out)
    }
}

impl<'de> Deserialize<'de> for TimeList {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let expected = "a duration such as `5m`, or a list of them";
        d.deserialize_any(ListVisitor::<Time> { expected, item: std::marker::PhantomData }).map(Self)
    }
}
