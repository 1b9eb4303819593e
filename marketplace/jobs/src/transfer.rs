//! A load that one robot puts down for another: from the order that names the place to its fetching.
//!
//! Custody is `HELD` until both have spoken who must: whoever put the load down (its robot, or the crew that carried the
//! robot away) and the site's witness at the place. Then it is `DEPOSITED`, which is nobody's hands, and only then may the
//! work be handed over. The next leg fetches it before its first step; that is no step of the plan, so steps, weights and
//! checkpoints stay what was booked.

use crate::event::{Custody, Event};
use crate::job::Job;
use crate::status::Status;
use nooterra_engine::Record;
use nooterra_engine::ids::{RobotId, WitnessId};

/// Where a load is put down, and who has said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Transfer {
    /// The transfer place, taken for this load until it is fetched or brought back.
    pub place: u32,
    /// The robot that was ordered to put it down there.
    pub by: RobotId,
    /// That robot, or whoever carried it away, has said that it lies there: its mass as measured, g.
    pub said_g: Option<u32>,
    /// The witness that saw it there.
    pub seen: Option<WitnessId>,
}

impl Transfer {
    /// Have both said that it lies there?
    pub const fn is_sure(&self) -> bool {
        self.said_g.is_some() && self.seen.is_some()
    }
}

/// Why a load does not come to lie at the place that was taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum TransferEnd {
    /// It was not put down in time.
    Overdue,
    /// It is said to lie there, and no witness sees it.
    Unseen,
}

impl Job {
    /// Is its robot to put the load down before it may be let go of the job?
    pub fn owes_deposit(&self) -> bool {
        let carries = self.custody == Custody::Held && !nooterra_engine::planted!("hand over what is on the robot");
        self.status == Status::AbortingSafeExit && carries && self.transfer.is_some()
    }

    /// Where the robot of the next leg has to fetch the load before it goes on.
    pub fn fetch_place(&self) -> Option<u32> {
        self.transfer.filter(|_| self.custody == Custody::Deposited).map(|t| t.place)
    }

    /// Has a robot that works on it yet to say that it has the load, and the right one?
    pub fn awaits_fetch(&self) -> bool {
        self.transfer.is_some() && self.status.is_at_work()
    }

    pub(crate) fn fold_transfer(&mut self, event: &Event) {
        match event {
            Event::TransferPutDown { mass_g, .. } => self.with_transfer(|t| t.said_g = Some(*mass_g)),
            Event::TransferScanned { witness, .. } => self.with_transfer(|t| t.seen = Some(*witness)),
            Event::TransferFetched { .. } | Event::TransferFailed { .. } => self.transfer = None,
            _ => {}
        }
    }

    /// Custody goes to somebody else: what lies in no transfer place any more takes none.
    pub(crate) fn custody_is(&mut self, to: Custody) {
        let leaves = self.status == Status::AbortingSafeExit && to == Custody::Held && self.custody == Custody::Deposited;
        self.custody = to;
        if let (true, Some(by)) = (leaves, self.robot()) {
            // Taken up by one that is to leave: it is put down there once more.
            self.with_transfer(|t| *t = Transfer { by, said_g: None, seen: None, ..*t });
        }
        if matches!(to, Custody::Delivered | Custody::Returned | Custody::Lost) {
            self.transfer = None;
        }
    }

    /// The order to leave names where the load goes, if it goes to another robot.
    pub(crate) fn transfer_ordered(&mut self, place: Option<u32>) {
        // What lies in a place already stays there; what is on the robot goes where this order says, or stays on it.
        if self.custody != Custody::Deposited {
            let by = self.robot();
            self.transfer = place.zip(by).map(|(place, by)| Transfer { place, by, said_g: None, seen: None });
        }
    }

    /// The job is over: what its robot still has goes to no place.
    pub(crate) fn transfer_over(&mut self) {
        if self.custody != Custody::Deposited {
            self.transfer = None;
        }
    }

    fn with_transfer(&mut self, f: impl FnOnce(&mut Transfer)) {
        if let Some(t) = &mut self.transfer {
            f(t);
        }
    }
}
