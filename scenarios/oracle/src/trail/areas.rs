//! Who may be in an area or come in through a door, by the trail alone: access plans as they were issued, widened and ended,
//! and leases (I13). The world's side of it is judged in [`crate::places`].

use nooterra_engine::ids::{ApprovalId, DoorId, JobId, RobotId, ZoneId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::approval::Wanted;
use nooterra_jobs::event::Event;
use std::collections::{BTreeMap, BTreeSet};

/// Within this a robot has heard what it may and may not do, and is past the door that it was let through before.
const HEARD: Span = Span::from_secs(20);

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
    /// Doors and lifts that the plan names.
    doors: BTreeSet<DoorId>,
    /// Since when the robot of the open leg is bound by them: it has taken the job, and the plan is there.
    bound: Option<Instant>,
    taken: bool,
    /// Its lease is for later, and not due yet.
    ahead: bool,
    /// The work is done.
    done: bool,
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
    pub fn event(&mut self, now: Instant, id: JobId, e: &Event) {
        let a = self.jobs.entry(id).or_default();
        match e {
            Event::AccessPlanIssued(p) => {
                a.areas = p.areas.iter().copied().filter(|z| !p.no_go.contains(z)).collect();
                a.doors = p.doors.iter().copied().collect();
                (a.from, a.to, a.open) = (p.valid_from, p.valid_to, true);
                a.bound = a.taken.then_some(now);
            }
            Event::AccessRevoked { .. } | Event::AccessExpired { .. } | Event::AccessClosed { .. } => a.open = false,
            Event::ApprovalAsked(ask) => {
                a.asked.insert(ask.approval, ask.wanted.clone());
            }
            Event::ApprovalConsumed { approval } => match a.asked.remove(approval) {
                Some(Wanted::ExtraArea { areas, doors, .. }) => {
                    a.areas.extend(areas);
                    a.doors.extend(doors);
                }
                Some(Wanted::ContinueLate { valid_to }) => a.to = a.to.max(valid_to),
                _ => {}
            },
            Event::RobotMatched(m) => {
                a.robot = Some(m.robot);
                (a.exits, a.taken, a.bound, a.ahead) = (false, false, None, m.interval.start > now);
            }
            // Until a lease for later is due, the robot is about something else.
            Event::LeaseAccepted { .. } if a.ahead => {}
            Event::LeaseAccepted { .. } | Event::LeaseDue { .. } => {
                (a.taken, a.ahead) = (true, false);
                a.bound = a.open.then_some(now);
            }
            Event::ExecutionCompleted { .. } => a.done = true,
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

    /// May this robot come in through this door or into this lift? Whoever is about a job does so under its plan alone, from a
    /// moment after it was bound by it on: what it was told before is then heard and past.
    pub fn may_come_in(&self, at: Instant, robot: RobotId, door: DoorId) -> bool {
        let live = |a: &&Access| a.open && !a.exits && !a.done && a.from <= at && at < a.to;
        let bound = |a: &&Access| a.bound.is_some_and(|b| at.since(b) >= HEARD);
        let mut own = self.jobs.values().filter(|a| a.robot == Some(robot)).filter(live).filter(bound).peekable();
        own.peek().is_none() || own.any(|a| a.doors.contains(&door))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nooterra_engine::ids::{AccessPlanId, LeaseId, PartyId};
    use nooterra_jobs::payload::{AccessMethod, AccessPlan, Match};
    use nooterra_jobs::terms::Window;

    #[test]
    fn whoever_is_about_a_job_comes_in_under_its_plan_alone() {
        let (mut a, job, robot) = (Areas::default(), JobId::named("j"), RobotId::named("r"));
        let (at, door) = (Instant::from_secs, DoorId::named);
        let plan = AccessPlan {
            plan: AccessPlanId::named("p"),
            method: AccessMethod::SiteController,
            doors: vec![door("in")],
            places: vec![],
            areas: vec![],
            no_go: vec![],
            valid_from: at(0),
            valid_to: at(1_000),
            credential_ref: String::new(),
        };
        let lease = LeaseId::named("l");
        let offer = Match {
            robot,
            owner: PartyId::named("o"),
            lease,
            leg: 0,
            fence: 1,
            interval: Window { start: at(0), end: at(900) },
            trip_est: Span::ZERO,
            energy_j: 0,
            cost: 0,
        };
        a.event(at(1), job, &Event::AccessPlanIssued(plan.clone()));
        a.event(at(1), job, &Event::RobotMatched(offer));
        assert!(a.may_come_in(at(60), robot, door("other")), "it has not taken it");
        a.event(at(100), job, &Event::LeaseAccepted { lease, fence: 1, plan_hash: nooterra_engine::Digest([0; 32]) });
        assert!(a.may_come_in(at(119), robot, door("other")), "it may not have heard yet");
        assert!(!a.may_come_in(at(120), robot, door("other")) && a.may_come_in(at(120), robot, door("in")));
        assert!(a.may_come_in(at(120), RobotId::named("s"), door("other")), "who has no job is about the house");
        assert!(a.may_come_in(at(1_000), robot, door("other")), "its plan is over");
        a.event(at(200), job, &Event::ExecutionCompleted { steps: 1, black_box_root: nooterra_engine::Digest([0; 32]) });
        assert!(a.may_come_in(at(201), robot, door("other")), "and who is done leaves");

        // A lease for later binds once it is due.
        let (job, robot) = (JobId::named("k"), RobotId::named("t"));
        let interval = Window { start: at(400), end: at(900) };
        a.event(at(210), job, &Event::AccessPlanIssued(plan));
        a.event(at(210), job, &Event::RobotMatched(Match { robot, interval, ..offer }));
        a.event(at(220), job, &Event::LeaseAccepted { lease, fence: 1, plan_hash: nooterra_engine::Digest([0; 32]) });
        assert!(a.may_come_in(at(300), robot, door("other")), "it is about the house until then");
        a.event(at(400), job, &Event::LeaseDue { lease, leg: 0, fence: 2 });
        assert!(a.may_come_in(at(419), robot, door("other")) && !a.may_come_in(at(420), robot, door("other")));
        assert!(a.may_come_in(at(420), robot, door("in")));
    }
}
