//! Floor sensors over areas: who is in one that not everybody may be in, and which areas the site's own plans name.

use crate::site_controller::{SiteController, SiteSenses};
use nooterra_engine::geom::Vec2;
use nooterra_engine::{Instant, Record};
use nooterra_port::FacilityReport;
use nooterra_site::{LevelIx, Site, VertexIx};
use std::collections::BTreeSet;

/// Who reaches in by more than this is in, metres.
const IN_M: f64 = 0.05;

/// A robot in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub(crate) struct Seen {
    /// It was told once more, because the site knows of no right to be there.
    again: bool,
}

/// The areas that a plan for work at these places names: as few as will do. Where no way is left, those of the places alone.
pub(crate) fn areas_for(site: &Site, vertices: &[u32], no_go: &[u32], widest_m: f64) -> Vec<u32> {
    let places: Vec<VertexIx> = vertices.iter().map(|v| VertexIx::new(*v)).collect();
    let shut: BTreeSet<u32> = no_go.iter().copied().collect();
    let needed = site.areas_needed(&places, &shut, &site.reached(widest_m + nooterra_site::areas::KEEP_OFF_M));
    let guarded = site.guarded();
    let own = || site.areas_with(places.iter().copied()).into_iter().filter(|a| guarded.contains(a) && !shut.contains(a)).collect();
    needed.unwrap_or_else(own).into_iter().collect()
}

/// Does a footprint of this radius reach into one of these areas?
pub(crate) fn is_in(site: &Site, areas: &[u32], here: Option<(u32, Vec2)>, radius_m: f64) -> bool {
    let Some((level, at)) = here else { return false };
    let into = |a: &u32| site.areas.get(*a as usize).is_some_and(|a| a.reach_on_m(LevelIx::new(level), at, radius_m) > 0.0);
    areas.iter().any(into)
}

impl SiteController {
    /// Says who has come into an area that needs a plan, or that a plan shuts out, and who has left.
    pub(crate) fn sense_areas(&mut self, now: Instant, site: &Site, world: &dyn SiteSenses) {
        let shut_out = self.shut_out();
        let floor = world.footprints();
        for area in site.area_indexes() {
            let a = &site.areas[area.at()];
            if !a.is_guarded() && !shut_out.contains(&area.ix) && !self.seen.keys().any(|(_, of)| *of == area.ix) {
                continue;
            }
            for f in &floor {
                let (robot, key) = (f.robot, (f.robot, area.ix));
                let reach_m = a.reach_on_m(LevelIx::new(f.level), f.at, f.radius_m);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a footprint is a few metres wide
                let entered = FacilityReport::AreaEntered { robot, area: area.ix, reach_mm: (reach_m.clamp(0.0, 1e3) * 1e3) as u32 };
                let report = match self.seen.get(&key).copied() {
                    None if reach_m > IN_M => {
                        self.seen.insert(key, Seen { again: false });
                        entered
                    }
                    Some(Seen { again: false }) if reach_m > IN_M && !self.may_be_in(now, robot, area.ix) => {
                        self.seen.insert(key, Seen { again: true });
                        entered
                    }
                    Some(_) if reach_m <= 0.0 => {
                        self.seen.remove(&key);
                        FacilityReport::AreaLeft { robot, area: area.ix }
                    }
                    _ => continue,
                };
                self.push(now, false, "site".to_owned(), &report);
            }
            // Who was taken off the floor is in no area any more.
            let gone: Vec<_> = self.seen.keys().filter(|(r, of)| *of == area.ix && floor.iter().all(|f| f.robot != *r)).copied().collect();
            for key in gone {
                self.seen.remove(&key);
                self.push(now, false, "site".to_owned(), &FacilityReport::AreaLeft { robot: key.0, area: key.1 });
            }
        }
    }
}
