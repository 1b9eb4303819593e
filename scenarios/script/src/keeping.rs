//! What people do about keys and about robots that want looking after, as acts of a scenario file.

use crate::at::At;
use crate::words::{Length, Money, Share, Time};
use nooterra_control::input::RatesIn;
use nooterra_engine::Record;
use nooterra_engine::time::Span;
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

/// Somebody tightens the bounds of a robot's motion from afar. They never become looser before they end.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TightenAct {
    /// The robot, by its name.
    pub robot: At<String>,
    /// Staff, or the provider whose it is; staff if not said.
    pub by: Option<At<crate::acts::By>>,
    /// How far it may come in a second, at most.
    pub speed: Option<At<Length>>,
    /// How much faster it may become in a second, at most: so much farther in the second after.
    pub gain: Option<At<Length>>,
    /// Over by itself after this; until it is lifted, if not said.
    pub lasts: Option<At<Time>>,
}

/// Staff let a robot have its own bounds back.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftBoundsAct {
    /// The robot, by its name.
    pub robot: At<String>,
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

/// Two people of staff set the tenant's policy. What is booked by then keeps its terms.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPolicyAct {
    /// Base price of a delivery.
    pub delivery: Option<At<Money>>,
    /// Base price of a patrol.
    pub patrol: Option<At<Money>>,
    /// Base price of an inspection.
    pub inspect: Option<At<Money>>,
    /// For each kilometre of the way.
    pub per_km: Option<At<Money>>,
    /// For each minute of work.
    pub per_min: Option<At<Money>>,
    /// Open jobs of one requester at most.
    pub open_jobs: Option<At<u32>>,
    /// Do idle robots move toward work that nobody is near for?
    pub relocate: Option<At<bool>>,
    /// It takes effect so long after it was said; at once if not said.
    #[serde(rename = "in")]
    pub after: Option<At<Time>>,
    /// Is the second person there? Yes if not said.
    pub second: Option<At<bool>>,
}

impl SetPolicyAct {
    /// The amounts that it names.
    pub(crate) fn amounts(&self) -> impl Iterator<Item = &At<Money>> {
        [&self.delivery, &self.patrol, &self.inspect, &self.per_km, &self.per_min].into_iter().flatten()
    }
}

/// What a policy is set to.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct PolicyPlan {
    /// What work costs, in the market's currency.
    pub rates: Option<RatesIn>,
    /// Open jobs of one requester at most.
    pub open_jobs: Option<u32>,
    /// Idle robots move toward work.
    pub relocate: Option<bool>,
    /// Time from the word to its effect.
    pub after: Span,
    /// Both people say so.
    pub second: bool,
}

/// An auditor says what deriving the settled job again from the log came to.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditAct {
    /// Did all follow from the log?
    pub agrees: At<bool>,
}

/// Somebody looks at the evidence of the job that was captured last.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewAct {
    /// Who. Sides of a claim and the insurer look for the job's last claim; others for what they are there for.
    pub by: At<Viewer>,
}

/// Who looks at evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum Viewer {
    /// The trust service, to judge.
    #[default]
    Trust,
    /// The insurer, for the claim.
    Insurer,
    /// The auditor.
    Auditor,
    /// Whoever asked for the job, for the claim.
    Requester,
    /// Whoever the job is booked with, for the claim.
    Provider,
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
