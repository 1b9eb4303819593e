//! Zones of a site: its storeys. Every vertex lies on one, no wall of the file gives a smaller area a name, and a lift is the
//! only way from one to another.

use crate::model::{Level, Site};
use crate::{LevelIx, VertexIx};
use nooterra_engine::ids::{SiteId, ZoneId};
use std::collections::BTreeSet;

impl Site {
    /// The id by which contracts and orders name it.
    #[must_use]
    pub fn id(&self) -> SiteId {
        SiteId::named(&self.name)
    }
    /// The zone of a level. Two sites have no zone in common.
    #[must_use]
    pub fn zone(&self, level: LevelIx) -> Option<ZoneId> {
        self.levels.get(level.at()).map(|l| self.zone_of(l))
    }
    /// All its zones, ascending.
    #[must_use]
    pub fn zones(&self) -> BTreeSet<ZoneId> {
        self.levels.iter().map(|l| self.zone_of(l)).collect()
    }
    /// The zones that these places lie in, ascending; places that it does not have lie nowhere.
    #[must_use]
    pub fn zones_at(&self, places: impl IntoIterator<Item = VertexIx>) -> BTreeSet<ZoneId> {
        places.into_iter().filter_map(|v| self.zone(self.vertices.get(v.at())?.level)).collect()
    }
    fn zone_of(&self, l: &Level) -> ZoneId {
        ZoneId::named(&format!("{}/{}", self.name, l.name))
    }
}
