//! Where every robot of a log went, for drawings.

use crate::replay::{ReplayError, open};
use nooterra_blackbox::Kind;
use nooterra_blackbox::telemetry::FrameTransforms;
use nooterra_engine::geom::{Pose2, Vec2};
use nooterra_engine::real;
use nooterra_site::LevelIx;
use nooterra_site::draw::{Figure, FigureKind, Trail, shapes};
use nooterra_site::model::Site;
use std::collections::BTreeMap;
use std::path::Path;

/// Points closer together than this are one, metres.
const STEP_M: f64 = 0.1;

/// Trails of all robots, and where each stood at the end.
pub fn trails(log: &Path, site: &Site) -> Result<(Vec<Trail>, Vec<Figure>), ReplayError> {
    let (mut reader, _) = open(log)?;
    let mut robots: BTreeMap<String, (Vec<Trail>, LevelIx, Pose2)> = BTreeMap::new();
    let bad = |source| ReplayError::Log { path: log.to_owned(), source };
    while let Some(r) = reader.next().map_err(bad)? {
        if r.kind != Kind::Telemetry || r.topic != "/tf" {
            continue;
        }
        for t in r.decode::<FrameTransforms>().map_err(bad)?.transforms {
            let level = level_of(site, t.translation.z);
            let at = Vec2::new(t.translation.x, t.translation.y);
            let pose = Pose2 { at, theta_rad: 2.0 * real::atan2(t.rotation.z, t.rotation.w) };
            let colour = robots.len() % shapes::SERIES.len();
            let (trails, last_level, last) = robots.entry(t.child_frame_id).or_insert_with(|| (Vec::new(), level, pose));
            if trails.last().is_none_or(|x| x.level != level) {
                let colour = trails.first().map_or(colour, |x| x.colour);
                trails.push(Trail { level, points: vec![at], colour });
            } else if let Some(x) = trails.last_mut()
                && x.points.last().is_none_or(|p| p.dist(at) >= STEP_M)
            {
                x.points.push(at);
            }
            (*last_level, *last) = (level, pose);
        }
    }
    let mut all = Vec::new();
    let mut figures = Vec::new();
    for (frame, (trails, level, pose)) in robots {
        let name = frame.strip_prefix("robots/").unwrap_or(&frame).to_owned();
        let colour = trails.first().map_or(0, |t| t.colour);
        let radius_m = radius(site, &name);
        figures.push(Figure { level, pose, kind: FigureKind::Robot { radius_m }, name, colour });
        all.extend(trails);
    }
    Ok((all, figures))
}

fn radius(site: &Site, name: &str) -> f64 {
    let spawn = site.spawns.iter().find(|s| s.robot == name);
    spawn.map_or(0.3, |s| nooterra_site::model_or_generic(&s.model).0.footprint_radius_m)
}

fn level_of(site: &Site, z_m: f64) -> LevelIx {
    let mut best = (f64::INFINITY, LevelIx::new(0));
    for l in site.level_indexes() {
        let d = (site.levels[l.at()].elevation_m - z_m).abs();
        if d < best.0 {
            best = (d, l);
        }
    }
    best.1
}
