//! Who may be in an area, by the trail alone: access plans as they were issued, widened and ended, and leases (I13). The
//! world's side of it is judged in [`crate::places`].

use nooterra_engine::ids::{ApprovalId, JobId, RobotId, ZoneId};
use nooterra_engine::time::Instant;
use nooterra_jobs::approval::Wanted;
use nooterra_jobs::event::Event;
use std::collections::{BTreeMap, BTreeSet};

/// What the trail says of a job's access.
#[derive(Debug, Default)]
struct Access {
    areas: BTreeSet<ZoneId>,
    from: Instant,
    to: Instant,
    open: bool,
    asked: BTreeMap<ApprovalId, Wanted>,
    /// Its robot was told to leave.
    exits: bool,
    /// The robot of the open leg.
    robot: Option<RobotId>,
}

/// By which right a robot is in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// A live plan of a job that it has taken names it.
    Plan,
    /// It leaves by order, or nobody expects it to.
    Leaves,
    /// None.
    None,
}

#[derive(Debug, Default)]
pub(crate) struct Areas {
    jobs: BTreeMap<JobId, Access>,
    stranded: BTreeSet<RobotId>,
}

impl Areas {
    pub fn event(&mut self, id: JobId, e: &Event) {
        let a = self.jobs.entry(id).or_default();
        match e {
            Event::AccessPlanIssued(p) => {
                a.areas = p.areas.iter().copied().filter(|z| !p.no_go.contains(z)).collect();
                (a.from, a.to, a.open) = (p.valid_from, p.valid_to, true);
            }
            Event::AccessRevoked { .. } | Event::AccessExpired { .. } | Event::AccessClosed { .. } => a.open = false,
            Event::ApprovalAsked(ask) => {
                a.asked.insert(ask.approval, ask.wanted.clone());
            }
            Event::ApprovalConsumed { approval } => match a.asked.remove(approval) {
                Some(Wanted::ExtraArea { areas, .. }) => a.areas.extend(areas),
                Some(Wanted::ContinueLate { valid_to }) => a.to = a.to.max(valid_to),
                _ => {}
            },
            Event::RobotMatched(m) => {
                a.robot = Some(m.robot);
                a.exits = false;
            }
            Event::SafeExitOrdered { .. } => a.exits = true,
            Event::SafeExitForced { .. } => self.stranded.extend(a.robot),
            Event::LeaseRefused { .. } | Event::LeaseLapsed { .. } | Event::LeaseReleased { .. } | Event::LeaseEnded { .. } => {
                a.robot = None
            }
            _ => {}
        }
    }

    /// By which right is this robot in this area?
    pub fn right(&self, at: Instant, robot: RobotId, zone: ZoneId) -> Right {
        let own = || self.jobs.values().filter(|a| a.robot == Some(robot));
        if own().any(|a| a.open && a.from <= at && at < a.to && a.areas.contains(&zone)) {
            return Right::Plan;
        }
        if own().any(|a| a.exits) || self.stranded.contains(&robot) { Right::Leaves } else { Right::None }
    }
}
