//! Who lifts, as scenario files say it.

use crate::at::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// One robot's part of a lift.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberEntry {
    /// Where it stands while it lifts; the load is put out in the middle of these places.
    pub lift: At<String>,
    /// Stops before that, in order.
    #[serde(default)]
    pub before: Vec<At<String>>,
    /// Stops after that, in order.
    #[serde(default)]
    pub after: Vec<At<String>>,
}
