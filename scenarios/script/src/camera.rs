//! Cameras and what they may record, as files write them.

use nooterra_engine::Record;
use nooterra_port::camera::CameraKind;
use schemars::JsonSchema;
use serde::Deserialize;

/// What camera robots have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Camera {
    /// One behind a gate: it records where the job, an incident or an approval allows it.
    Gated,
    /// One that records whenever the robot works: it takes only jobs that are `open`, outside of private areas.
    Plain,
}

impl Camera {
    /// As robots and platform call it.
    pub const fn kind(self) -> CameraKind {
        match self {
            Self::Gated => CameraKind::Gated,
            Self::Plain => CameraKind::Plain,
        }
    }
}

/// What may be recorded while work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Privacy {
    /// Images of incidents from severity 4 on.
    #[default]
    Minimal,
    /// Images of incidents.
    Limited,
    /// Images whenever a robot works, outside of private areas.
    Open,
}
