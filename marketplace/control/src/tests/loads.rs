//! What puppets do with loads that change robots.

use super::rig::Rig;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_port::facility::WitnessClass;
use nooterra_port::order::left_hash;
use nooterra_port::{FacilityReport, Report};

impl Rig {
    /// The site's witness reads an item at a transfer place.
    pub fn scan_transfer(&mut self, job: JobId, robot: RobotId, vertex: u32) -> Result<(), String> {
        let item = self.c.state().jobs[&job].item;
        self.send("site", &FacilityReport::Witnessed { job, robot, class: WitnessClass::CustodyScan, vertex, item, measure: 500 })
    }

    /// A puppet on its way out puts its load down where it was told to.
    pub(super) fn leaves_load(&mut self, id: RobotId, job: JobId) {
        let keeps = self.knobs.keeps_load.contains(&id);
        let p = self.robots.get_mut(&id).unwrap();
        let Some(vertex) = p.put_down.filter(|v| p.phase == 6 && p.at == *v && p.stops.is_empty() && !keeps) else { return };
        p.put_down = None;
        let Some(item) = p.holds.take() else { return };
        self.report(id, Report::LoadPutDown { item, vertex, mass_g: 500 });
        if !self.knobs.no_transfer_witness {
            let _ = self.scan_transfer(job, id, vertex);
        }
    }

    /// A puppet takes up what was left for it. Says whether it has nothing more to fetch.
    pub(super) fn fetches(&mut self, id: RobotId, job: JobId) -> bool {
        let p = self.robots.get_mut(&id).unwrap();
        let plan = &p.lease.as_ref().unwrap().0.plan;
        let Some(f) = plan.fetch.filter(|_| !p.fetched) else { return true };
        if p.at != f.vertex {
            return false;
        }
        (p.fetched, p.holds) = (true, Some(f.item));
        let state_hash = left_hash(job, p.step, f.item, p.at, f.checkpoint);
        self.report(id, Report::LoadFetched { item: f.item, vertex: f.vertex, mass_g: 500, state_hash });
        if !self.knobs.no_transfer_witness {
            let _ = self.scan_transfer(job, id, f.vertex);
        }
        true
    }
}
