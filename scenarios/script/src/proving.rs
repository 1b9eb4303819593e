//! What proves custom work, as scenario files say it.

use crate::at::At;
use crate::words::Share;
use nooterra_engine::Record;
use schemars::JsonSchema;
use serde::Deserialize;

/// One item of proof.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofEntry {
    /// Its name.
    pub name: At<String>,
    /// Who has to speak: one of these, and a replay never by itself. Where a replay is named, both must.
    pub by: Vec<At<Witness>>,
    /// At which points, counted from 1: the first is `from`, then those of `via`, then `to`. All of them if not said.
    #[serde(default)]
    pub points: Vec<At<u16>>,
    /// Its share of the whole; those of all items come to 100 %.
    pub weight: At<Share>,
    /// Share of its points that must be witnessed; all if not said.
    pub threshold: Option<At<Share>>,
}

/// A kind of witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// A dock or marker reads the robot.
    DockScan,
    /// A scale weighs the item.
    Weight,
    /// A reader sees the item change hands.
    CustodyScan,
    /// A door's log.
    DoorLog,
    /// The requester's own signed word.
    RequesterConfirm,
    /// The robot's black box is replayed.
    TwinReplay,
}
