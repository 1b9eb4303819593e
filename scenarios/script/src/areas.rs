//! Areas of a site as a scenario declares them: buildings say nothing smaller than a level.

use crate::at::At;
use crate::words::Length;
use schemars::JsonSchema;
use serde::Deserialize;

/// A part of a level with a name.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaEntry {
    /// Its name, alone among all areas and levels of the site.
    pub name: At<String>,
    /// Its level; that of `around` if not said, or the site's only one.
    pub level: Option<At<String>>,
    /// Its corners in order, `[x, y]` in metres of the site's frame.
    #[serde(default)]
    pub corners: Vec<At<[f64; 2]>>,
    /// Instead of corners: places that it lies around.
    #[serde(default)]
    pub around: Vec<At<String>>,
    /// How far it reaches beyond each of them; 1.5 m if not said.
    pub margin: Option<At<Length>>,
    /// Who may be there; anybody if not said.
    pub class: Option<At<AreaKind>>,
}

/// Who may be in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AreaKind {
    /// Anybody.
    Public,
    /// Robots with an access plan that names it.
    Restricted,
    /// The same, where people want to be among themselves.
    Private,
}
