//! What people do about keys and about robots that want looking after, as acts of a scenario file.

use crate::at::At;
use crate::words::{Share, Time};
use nooterra_engine::Record;
use schemars::JsonSchema;
use serde::Deserialize;

/// Two people of staff revoke somebody's key: nothing that is signed with it is heard any more. Without a name it is that of
/// the robot that the job has.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeKeyAct {
    /// A robot, by its name.
    pub robot: Option<At<String>>,
    /// Or a requester.
    pub requester: Option<At<String>>,
    /// Or a provider.
    pub provider: Option<At<String>>,
    /// Is the second person there? Yes if not said.
    pub second: Option<At<bool>>,
}

/// Somebody goes on with a new key, and signs with it that it is theirs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKeyAct {
    /// A requester, by its name.
    pub requester: Option<At<String>>,
    /// Or a provider.
    pub provider: Option<At<String>>,
    /// The key before is heard for so long yet; an hour if not said, a day at most.
    pub overlap: Option<At<Time>>,
    /// Is the new key really theirs? Yes if not said.
    pub own: Option<At<bool>>,
}

/// A robot's owner looks after it: it finishes what it is about, and gets no work until that is over.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAct {
    /// The robot, by its name.
    pub robot: At<String>,
    /// How long that takes.
    #[serde(rename = "for")]
    pub lasts: At<Time>,
}

/// A robot's owner takes it out of service for good.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireAct {
    /// The robot, by its name.
    pub robot: At<String>,
}

/// Two people of the trust service decide what was earned, in place of the proof.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideProofAct {
    /// Which share of the work.
    pub earned: At<Share>,
    /// Is the second person there? Yes if not said.
    pub second: Option<At<bool>>,
}

/// An auditor says what deriving the settled job again from the log came to.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditAct {
    /// Did all follow from the log?
    pub agrees: At<bool>,
}

/// Whose key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Whose {
    /// A robot's.
    Robot {
        /// Index into `robots`.
        ix: u32,
    },
    /// That of the robot that the job has.
    JobsRobot {},
    /// A requester's.
    Requester {
        /// Index into `requesters`.
        ix: u32,
    },
    /// A provider's.
    Provider {
        /// Index into `providers`.
        ix: u32,
    },
}
