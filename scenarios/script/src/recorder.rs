//! Faults of a robot's black box, as files write them.

use nooterra_engine::Record;
use schemars::JsonSchema;
use serde::Deserialize;

/// How a recorder fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecorderFault {
    /// It records nothing: no disk, no power.
    #[default]
    Stops,
    /// It hands out other chunks than it has recorded.
    Alters,
    /// It records as it should, and the robot's own detectors say nothing of what they find.
    Mutes,
}
