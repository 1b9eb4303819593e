//! Robots that their owners look after, and robots that are gone for good (domain 12.1).
//!
//! Whoever is looked after gets no more work; what it is about it finishes, what it has not begun another does. Then it
//! drives home by itself if it can, and is in maintenance there, or else where it stands, until its owner says what was
//! checked; its own next word says whether it is fit.

use crate::unit::{Outcome, Unit, need};
use nooterra_engine::Digest;
use nooterra_engine::ids::{PartyId, RobotId};
use nooterra_engine::sometimes;
use nooterra_operations::RobotStatus;
use nooterra_operations::event::{Event as RobotEvent, TaskKind};
use nooterra_operations::status::HealthCause;
use nooterra_trust::{Code, Role};

/// Longest word about why.
const WORD_MAX: usize = 64;
/// Most parts that are changed at once.
const PARTS_MAX: usize = 32;

impl Unit<'_> {
    /// A robot of the owner who speaks; anything else does not exist for it.
    fn own_robot(&self, party: PartyId, robot: RobotId) -> Outcome {
        need(self.cell(robot)?.robot.owner == party, Code::NotFound)
    }

    /// Begins to look after a robot.
    pub(crate) fn open_maintenance(&mut self, by: Option<PartyId>, robot: RobotId, kind: String) -> Outcome {
        match by {
            Some(party) => self.own_robot(party, robot)?,
            None => need(self.cx.role == Role::TR, Code::RoleForbidden)?,
        }
        let r = &self.cell(robot)?.robot;
        need(kind.len() <= WORD_MAX, Code::SchemaInvalid)?;
        need(r.status != RobotStatus::Retired, Code::StateForbids)?;
        need(!r.in_service, Code::AlreadyDone)?;
        self.emit_robot(robot, RobotEvent::MaintenanceOpened { kind });
        Ok(())
    }

    /// A robot was looked after: its own next word says whether it is fit.
    pub(crate) fn close_maintenance(&mut self, party: PartyId, robot: RobotId, checklist: Digest, parts: Vec<String>) -> Outcome {
        self.own_robot(party, robot)?;
        need(parts.len() <= PARTS_MAX && parts.iter().all(|p| !p.is_empty() && p.len() <= WORD_MAX), Code::SchemaInvalid)?;
        let r = &self.cell(robot)?.robot;
        need(r.in_service && r.lease.is_none() && !r.is_on_way_to_service(), Code::StateForbids)?;
        // Whoever was taken off the floor is put back by those who took it.
        let Some(at) = self.s.traffic.at(robot) else { return need(false, Code::StateForbids) };
        sometimes!(true, "a robot is back from maintenance");
        self.emit_robot(robot, RobotEvent::MaintenanceClosed { place: at.ix, checklist: Some(checklist), parts });
        self.trigger_dispatch();
        Ok(())
    }

    /// A robot is gone for good.
    pub(crate) fn retire(&mut self, by: Option<PartyId>, robot: RobotId, reason: String) -> Outcome {
        match by {
            Some(party) => self.own_robot(party, robot)?,
            None => need(self.cx.role == Role::OS, Code::RoleForbidden)?,
        }
        let r = &self.cell(robot)?.robot;
        need(reason.len() <= WORD_MAX, Code::SchemaInvalid)?;
        need(r.status != RobotStatus::Retired, Code::AlreadyDone)?;
        need(r.lease.is_none(), Code::StateForbids)?;
        self.end_task(robot, "RETIRED");
        self.emit_robot(robot, RobotEvent::RobotRetired { reason });
        Ok(())
    }

    /// Robots that were to be looked after have nothing left to do.
    pub(crate) fn begin_services(&mut self) {
        let goes = |id: &&RobotId| self.s.robots.get(*id).is_some_and(|c| c.robot.goes_into_service());
        let robots: Vec<RobotId> = self.robots_touched.iter().filter(goes).copied().collect();
        for robot in robots {
            let Ok(from) = self.cell(robot).map(|c| c.robot.status) else { continue };
            self.end_task(robot, "SERVICE");
            if let Some((place, way_ms)) = self.workshop(robot) {
                sometimes!(true, "a robot drives to where it is looked after");
                self.send_on_task(robot, TaskKind::Service, place, way_ms);
                continue;
            }
            let causes = vec![HealthCause::Service];
            self.emit_robot(robot, RobotEvent::HealthChanged { from, to: RobotStatus::Maintenance, causes });
        }
    }

    /// Where a robot is brought to be looked after, and how long that takes, ms: its home, if it can drive there, is not there
    /// yet, and nobody else is to be there.
    fn workshop(&self, robot: RobotId) -> Option<(u32, u64)> {
        let c = self.cell(robot).ok()?;
        let (home, at) = (self.s.genesis.robots.get(c.entry as usize)?.home, self.s.traffic.at(robot)?.ix);
        let free = !self.s.robots.values().any(|o| o.robot.id != robot && o.robot.task.is_some_and(|t| t.place == home));
        let drives = c.robot.can_be_brought(self.now()) && !self.s.traffic.is_halted(robot) && at != home && free;
        drives.then(|| self.world.travel_ms(c.entry, at, home)).flatten().map(|ms| (home, ms))
    }
}
