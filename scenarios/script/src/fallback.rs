//! What is done when help was asked for and nobody came.

use nooterra_engine::Record;
use schemars::JsonSchema;
use serde::Deserialize;

/// What is done when no operator helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum FallbackKind {
    /// The robot leaves.
    #[default]
    Exit,
    /// The requester is asked whether it may take longer.
    Ask,
    /// It goes on, if it was not urgent.
    Continue,
}
