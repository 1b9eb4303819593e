//! Doors and lifts as a scenario sets them up, and how robots get in: buildings say neither.

use crate::at::At;
use nooterra_port::ability::Declared;
use nooterra_port::facility::AccessMethod;
use schemars::JsonSchema;
use serde::Deserialize;

/// A door or a lift: exactly one of the two is named.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DoorEntry {
    /// A door of the site.
    pub door: Option<At<String>>,
    /// A lift of the site.
    pub lift: Option<At<String>>,
    /// How it is opened; by the site's controller if not said.
    pub access: Option<At<AccessKind>>,
    /// Does the site name it in access plans? Yes if not said.
    pub in_plans: Option<At<bool>>,
}

/// How a door is opened for a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessKind {
    /// By the site's controller, on the platform's word.
    SiteController,
    /// By a terminal beside it, for whoever shows the credential that its plan refers to.
    Code,
}

impl AccessKind {
    /// On the wire.
    pub const fn method(self) -> AccessMethod {
        match self {
            Self::SiteController => AccessMethod::SiteController,
            Self::Code => AccessMethod::Code,
        }
    }
}

/// What robots declare whose owner says by which of these they get in; nothing if nothing is said.
pub fn declared(kinds: &[At<AccessKind>]) -> Vec<Declared> {
    let one = |m: &AccessMethod| {
        let value = u64::from(kinds.iter().any(|k| k.value.method() == *m));
        Declared { name: m.ability().to_owned(), value }
    };
    if kinds.is_empty() { Vec::new() } else { AccessMethod::ALL.iter().map(one).collect() }
}
