//! Importer of Open-RMF `building.yaml` files, as the traffic editor writes them.
//!
//! Read in five steps: text to a tree with places ([`crate::yaml`]), tree to levels as written ([`raw`]), levels to
//! metres ([`frames`]), joined to a [`Site`] ([`join`], [`lifts`]), checked as a whole ([`check`]). Every step goes on after a fault
//! as far as it can, so that all faults are reported at once.

mod check;
mod frames;
pub(crate) mod join;
mod lifts;
mod raw;
pub(crate) mod read;

use crate::finding::{Finding, Findings, Mark};
use crate::model::{Frame, Site};
use frames::Placing;
use nooterra_engine::geom::{Pose2, Vec2};
use read::Reader;
use serde::Serialize;
use std::collections::BTreeMap;

/// A building that could be read, with all remarks.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The building.
    pub site: Site,
    /// Warnings and notes.
    pub findings: Vec<Finding>,
    /// 3-D models that the file places. Their size is not in the file, so they are no obstacles.
    pub models: Vec<PlacedModel>,
    /// Where each vertex, lane, door, lift and wall stands in the file.
    pub places: Places,
    /// The file, as the caller named it.
    pub file: String,
}

impl Imported {
    /// The site as robots of these radii can drive it, and what had to be cut for it with its place in the file: see
    /// [`Site::carved`].
    pub fn carved(&self, radius_m: &BTreeMap<u32, f64>) -> (Site, Vec<Finding>) {
        self.site.carved_at(radius_m, &self.file, Some(&self.places))
    }
    /// Everything there is to say about the file: the importer's findings and what the map's own robots cannot pass.
    pub fn check(&self) -> Vec<Finding> {
        let mut all = self.findings.clone();
        all.extend(self.carved(&self.site.radii()).1);
        all.sort_by_key(|f| (f.line, f.column));
        all
    }
}

/// Places in the file by index of the site's lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Of the vertices.
    pub vertices: Vec<Mark>,
    /// Of the lanes.
    pub lanes: Vec<Mark>,
    /// Of the doors.
    pub doors: Vec<Mark>,
    /// Of the lifts.
    pub lifts: Vec<Mark>,
    /// Of the walls, level by level.
    pub walls: Vec<Vec<Mark>>,
}

/// A 3-D model of unknown size that stands on a level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlacedModel {
    /// Its name in the file.
    pub name: String,
    /// The model: `OpenRobotics/Sofa`.
    pub model: String,
    /// The level's name.
    pub level: String,
    /// East, metres.
    pub x_m: f64,
    /// North, metres.
    pub y_m: f64,
    /// Above the level's floor, metres.
    pub z_m: f64,
    /// Heading, radians.
    pub yaw_rad: f64,
    /// It does not move.
    pub is_static: bool,
}

impl PlacedModel {
    /// Position and heading on its level.
    pub const fn pose(&self) -> Pose2 {
        Pose2::new(self.x_m, self.y_m, self.yaw_rad)
    }
}

const TOP_KEYS: [&str; 14] = [
    "coordinate_system",
    "crowd_sim",
    "graphs",
    "levels",
    "lifts",
    "name",
    "building_name",
    "parameters",
    "reference_level_name",
    "map_version",
    "version",
    "crowd",
    "site_name",
    "coordinate_reference",
];

const LIFTS_MAX: usize = 500;

/// Reads an Open-RMF `building.yaml`. `file_name` is only used in findings.
///
/// # Errors
/// All findings, at least one of them an error.
pub fn import(file_name: &str, text: &str) -> Result<Imported, Vec<Finding>> {
    let mut findings = Findings::new(file_name);
    let Some(root) = crate::yaml::parse(text, &mut findings) else { return Err(findings.finish()) };
    let mut r = Reader { findings };
    let mut unknown = raw::Unknown::default();
    if crate::grid::map::looks_like_grid(text) {
        let remedy = "scenarios run in buildings; name it `.map`, then `nooterra site` reads it, and `nooterra grid` runs grid problems";
        r.findings.error(root.at, "levels", "this is a grid map, not a building", remedy);
        return Err(r.findings.finish());
    }
    let top = r.as_map(&root, String::new);
    if root.get("levels").is_none() {
        let what = format!("no `levels`; this is {}", root.is_a());
        r.findings.error(root.at, "levels", what, "give an Open-RMF building.yaml as the traffic editor writes it");
        return Err(r.findings.finish());
    }
    unknown.check("top", top, &TOP_KEYS, "");
    let name = ["name", "building_name"].iter().find_map(|k| r.text_at(&root, k, "")).filter(|n| !n.is_empty());
    let name = name.unwrap_or_else(|| "building".into());
    let system = r.text_at(&root, "coordinate_system", "").filter(|s| !s.is_empty()).unwrap_or_else(|| "reference_image".into());
    let y_sign = if system == "reference_image" { -1.0 } else { 1.0 };
    let entries = r.map(&root, "levels", "");
    if entries.is_empty() {
        r.findings.error(root.get("levels").map_or(root.at, |n| n.at), "levels", "no level", "draw at least one level");
    }
    let levels: Vec<raw::RawLevel> = entries.iter().map(|e| raw::level(&mut r, &mut unknown, e, y_sign)).collect();
    let lifts: Vec<raw::RawLift> = r.map(&root, "lifts", "").iter().filter_map(|e| raw::lift(&mut r, e, y_sign)).collect();
    let graphs = r.map(&root, "graphs", "");
    unknown.report(&mut r);
    if lifts.len() > LIFTS_MAX {
        r.findings.error(root.at, "lifts", format!("{} lifts, more than {LIFTS_MAX}", lifts.len()), "split the building");
        return Err(r.findings.finish());
    }
    if levels.is_empty() {
        return Err(r.findings.finish());
    }
    let named = root.get("reference_level_name").and_then(|n| Some((n.at, r.text(n, || "reference_level_name".into())?)));
    let reference = frames::reference(&mut r, &levels, named.filter(|n| !n.1.is_empty()));
    let (frame, placings) = match system.as_str() {
        "reference_image" => (Frame::ReferenceImage, frames::from_plans(&mut r, &levels, reference)),
        "cartesian_meters" | "cartesian" => (Frame::CartesianMeters, metric(&mut r, &root, &levels)),
        "wgs84" => frames::geographic(&mut r, &levels, false),
        "web_mercator" => frames::geographic(&mut r, &levels, true),
        other => {
            let known = ["reference_image", "cartesian_meters", "wgs84", "web_mercator"];
            let remedy =
                read::nearest(other, &known).map_or_else(|| format!("use one of {}", known.join(", ")), |k| format!("did you mean `{k}`?"));
            let at = root.get("coordinate_system").map_or(root.at, |n| n.at);
            r.findings.error(at, "coordinate_system", format!("`{}` is unknown", crate::yaml::shortened(other)), remedy);
            (Frame::CartesianMeters, vec![Placing::plain(1.0); levels.len()])
        }
    };
    let joined = join::join(&mut r, join::Parts { name, frame, levels, lifts, graphs, placings, reference });
    check::check(&mut r, &joined);
    if r.findings.failed() {
        return Err(r.findings.finish());
    }
    let join::Joined { site, models, places, .. } = joined;
    Ok(Imported { site, findings: r.findings.finish(), models, places, file: file_name.to_owned() })
}

/// Metres as they are, shifted towards zero if they are given in a national grid.
fn metric(r: &mut Reader, root: &crate::yaml::Node, levels: &[raw::RawLevel]) -> Vec<Placing> {
    let mut offset = Vec2::default();
    if let Some(p) = root.get("parameters") {
        offset.x = r.number_at(p, "offset_x", "parameters.").unwrap_or(0.0);
        offset.y = r.number_at(p, "offset_y", "parameters.").unwrap_or(0.0);
    }
    // Single-precision physics wants a site within a few kilometres of its origin.
    let far = |p: Vec2| (p - offset).norm() > 5_000.0;
    if levels.iter().flat_map(|l| &l.vertices).filter_map(|v| v.at).any(far)
        && let Some(first) = levels.iter().flat_map(|l| &l.vertices).find_map(|v| v.at)
    {
        offset = Vec2::new(first.x.floor(), first.y.floor());
        let what = format!("coordinates lie kilometres from zero and are shifted by ({}, {})", -offset.x, -offset.y);
        r.findings.note(root.at, "coordinate_system", what, "give `offset_x` and `offset_y` under `parameters` to choose the shift");
    }
    vec![Placing::Similar { rotation_rad: 0.0, scale: 1.0, shift: -offset }; levels.len()]
}

#[cfg(test)]
mod tests;
