//! Robots that cannot leave where they stand: given up, taken away by people, repaired, put back, checked.

use crate::unit::{Outcome, Unit, need, no};
use crate::wish::{RecoveryAsk, Wish};
use nooterra_engine::ids::RobotId;
use nooterra_engine::sometimes;
use nooterra_jobs::event::{Cause, Custody, Event, ExitProof, ReleaseReason};
use nooterra_jobs::status::{Class, Status};
use nooterra_operations::RobotStatus;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_operations::status::HealthCause;
use nooterra_trust::Code;

/// The robot that has the load of an open job on its deck, as far as the platform knows. What a team lifts is on nobody's.
pub(crate) fn on_deck_of(j: &nooterra_jobs::Job) -> Option<RobotId> {
    let held = j.request.team.is_none() && j.custody == Custody::Held && !j.status.is_terminal();
    j.legs.last().filter(|_| held).map(|l| l.offer.robot)
}

impl Unit<'_> {
    /// A robot that does not come out by itself: people are asked to take it away.
    pub fn strand(&mut self, robot: RobotId) {
        let Ok(c) = self.cell(robot) else { return };
        let from = c.robot.status;
        if matches!(from, RobotStatus::Stranded | RobotStatus::Maintenance | RobotStatus::Retired) {
            return;
        }
        self.emit_robot(robot, RobotEvent::HealthChanged { from, to: RobotStatus::Stranded, causes: vec![HealthCause::ForcedExit] });
        self.halt(robot);
        self.hold_orders(robot);
        self.ask_recovery(robot);
    }

    /// Asks the crew on site, again and again until somebody comes.
    pub fn ask_recovery(&mut self, robot: RobotId) {
        let Ok(c) = self.cell(robot) else { return };
        if c.robot.status != RobotStatus::Stranded {
            return;
        }
        let (owner, home) = (c.robot.owner, c.robot.place);
        let place = self.s.traffic.at(robot).map_or(home, |v| v.ix);
        let load_to = self.carried_by(robot).and_then(|job| {
            let j = self.s.jobs.get(&job)?;
            j.transfer.filter(|_| j.owes_deposit()).map(|t| t.place).or_else(|| crate::transfer::pickup(j))
        });
        sometimes!(true, "recovery asked");
        self.emit_robot(robot, RobotEvent::RecoveryAsked { place });
        self.wish(Wish::Recover(RecoveryAsk { robot, owner, place, load_to }));
    }

    /// The job whose load this robot has on its deck, as far as the platform knows.
    fn carried_by(&self, robot: RobotId) -> Option<nooterra_engine::ids::JobId> {
        self.s.jobs.values().rev().find(|j| on_deck_of(j) == Some(robot)).map(|j| j.id)
    }

    /// The robot is off the floor: its lanes are free, what it carried lies in its transfer place or is back at its pickup.
    pub(crate) fn recovered(&mut self, robot: RobotId, load_at: Option<u32>) -> Outcome {
        need(self.cell(robot)?.robot.status == RobotStatus::Stranded, Code::StateForbids)?;
        let carried = self.carried_by(robot);
        let to = RobotStatus::Maintenance;
        self.emit_robot(robot, RobotEvent::HealthChanged { from: RobotStatus::Stranded, to, causes: vec![HealthCause::Recovered] });
        if let Some(job) = carried
            && let Some((item, mass_g)) = self.job(job).map(|j| j.item.map(|i| (i, j.load_g())))?
            && !self.put_down_by_crew(job, load_at)
        {
            self.emit(job, Event::CustodyChanged { item, to: Custody::Returned, mass_g });
        }
        self.end_task(robot, "RECOVERED");
        self.carried_out(robot);
        self.lift_off(robot);
        self.trigger_dispatch();
        Ok(())
    }

    /// Whoever was to leave is out now: the job that waited for it ends or goes on with another robot.
    fn carried_out(&mut self, robot: RobotId) {
        let Some(id) = self.cell(robot).ok().and_then(|c| c.robot.lease).map(|h| h.job) else { return };
        let Ok(job) = self.job(id) else { return };
        let leaving = matches!(job.status, Status::AbortingSafeExit | Status::Completed) && job.exit.is_some_and(|x| !x.done);
        if !leaving {
            return;
        }
        if self.job(id).is_ok_and(nooterra_jobs::Job::owes_deposit) {
            // The witness at the transfer place has the last word.
            self.watch(id);
            return self.deposited(id);
        }
        self.exit_over(id, None, ExitProof::OnSite);
    }

    /// The robot is whole again: its home, or another place where it may stay, is kept free for it.
    pub(crate) fn repaired(&mut self, robot: RobotId) -> Outcome {
        let c = self.cell(robot)?;
        need(c.robot.status == RobotStatus::Maintenance, Code::StateForbids)?;
        // What put it into quarantine is for others to judge; until then it stays in the workshop.
        need(!c.robot.quarantined, Code::HoldOpen)?;
        if let Some(vertex) = c.robot.self_check {
            self.wish(Wish::PutBack { robot, vertex }); // the answer may have been lost
            return Ok(());
        }
        let entry = c.entry;
        let home = self.s.genesis.robots.get(entry as usize).map_or(0, |e| e.home);
        let places: Vec<u32> = [home].into_iter().chain(self.world.parkings(entry, home).into_iter().map(|(_, v)| v)).collect();
        let Some(vertex) = places.into_iter().find(|v| self.set_down(robot, *v)) else { return no(Code::DockBusy) };
        sometimes!(true, "recovered robot put back");
        self.emit_robot(robot, RobotEvent::MaintenanceClosed { place: vertex, checklist: None, parts: Vec::new() });
        self.blank_orders(robot);
        self.wish(Wish::PutBack { robot, vertex });
        Ok(())
    }

    /// A robot has been silent or unfit for long: on its way to a job it loses it at once. Inside, the job's own stall and
    /// exit limits decide first.
    pub(crate) fn give_up(&mut self, robot: RobotId) {
        if let Some(h) = self.cell(robot).ok().and_then(|c| c.robot.lease) {
            if self.job(h.job).is_ok_and(|j| j.status.class() == Class::Booked) {
                self.unfit(h.job, ReleaseReason::RobotUnfit, Cause::RobotAborted);
            }
            if let Some(c) = self.touch_robot(robot).filter(|c| c.robot.lease.is_some()) {
                c.robot.waived = Some(h.lease);
                return;
            }
        }
        self.strand(robot);
    }
}
