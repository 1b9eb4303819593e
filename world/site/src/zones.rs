//! Zones of a site: its storeys and its areas. Every vertex lies on one storey, and a lift is the only way from one to another;
//! areas are what somebody has drawn on them.

use crate::LevelIx;
use crate::model::{Level, Site};
use nooterra_engine::ids::{SiteId, ZoneId};
use std::collections::BTreeSet;

impl Site {
    /// The id by which contracts and orders name it.
    #[must_use]
    pub fn id(&self) -> SiteId {
        SiteId::named(&self.name)
    }
    /// The zone of a level. Two sites have no zone in common. Each is hashed from names: who asks often keeps a table.
    #[must_use]
    pub fn zone(&self, level: LevelIx) -> Option<ZoneId> {
        self.levels.get(level.at()).map(|l| self.zone_of(l))
    }
    /// All its zones, ascending.
    #[must_use]
    pub fn zones(&self) -> BTreeSet<ZoneId> {
        let areas = self.area_indexes().filter_map(|a| self.area_zone(a));
        self.levels.iter().map(|l| self.zone_of(l)).chain(areas).collect()
    }
    fn zone_of(&self, l: &Level) -> ZoneId {
        ZoneId::named(&format!("{}/{}", self.name, l.name))
    }
}
