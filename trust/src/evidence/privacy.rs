//! Which channels may be kept (domain 8.3): by the privacy mode of the job and the severity of the incident.

use nooterra_engine::Record;

/// What a job allows to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Record)]
pub enum PrivacyMode {
    /// Geometry and measurements only; images from severity 4 on.
    #[default]
    Minimal,
    /// No audio; video from severity 3 on.
    Limited,
    /// Everything declared.
    Open,
}

/// A kind of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
pub enum Channel {
    /// Pose, velocity, contacts, clamps, loads, health: numbers, out of the robot's black box.
    Telemetry,
    /// Ranges and shapes without texture.
    Geometry,
    /// Single images.
    Images,
    /// Moving images.
    Video,
    /// Sound.
    Audio,
    /// What the operator saw and did.
    Operator,
    /// What the site's witnesses present recorded.
    Witness,
    /// What the robot said at the time, word by word.
    Words,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 8] =
        [Self::Telemetry, Self::Geometry, Self::Images, Self::Video, Self::Audio, Self::Operator, Self::Witness, Self::Words];
}

impl PrivacyMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Minimal, Self::Limited, Self::Open];
    /// May this channel be kept in the window of an incident of this severity?
    #[must_use]
    pub const fn allows(self, channel: Channel, severity: u8) -> bool {
        match (self, channel) {
            (Self::Open, _) | (_, Channel::Telemetry | Channel::Geometry | Channel::Operator | Channel::Witness | Channel::Words) => true,
            (_, Channel::Audio) | (Self::Minimal, Channel::Video) => false,
            (Self::Limited, Channel::Video) => severity >= 3,
            (Self::Limited, Channel::Images) => true,
            (Self::Minimal, Channel::Images) => severity >= 4,
        }
    }
}
