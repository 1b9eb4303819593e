//! Remote operators: who they are, when they work, and what they do when they are asked.

use crate::at::At;
use crate::words::{Time, Times};
use nooterra_engine::Record;
use schemars::JsonSchema;
use serde::Deserialize;

/// A remote operator.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorEntry {
    /// Name.
    pub name: At<String>,
    /// Time to answer an offer, and to decide on a picture; 3 to 8 seconds if not said.
    pub response: Option<At<Times>>,
    /// When it works; from the start to the end if not said.
    pub shift: Option<ShiftHours>,
    /// What it does when it is asked; it helps if not said.
    pub does: Option<At<Does>>,
}

/// Working hours.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftHours {
    /// From.
    pub from: At<Time>,
    /// To.
    pub to: At<Time>,
}

/// What an operator does when it is asked for help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Does {
    /// Looks, leads the robot around what stands in its way, and lets it go on.
    #[default]
    Help,
    /// Lets it go on at once.
    Resume,
    /// Gives the job up.
    Abort,
    /// Looks and says that nothing can be done.
    Nothing,
    /// Declines every offer.
    Decline,
}
