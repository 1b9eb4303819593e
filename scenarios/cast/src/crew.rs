//! The crew on site: takes robots away that cannot leave by themselves, repairs them and puts them back.
//!
//! It acts on the world by hand, not by message: what its hands do is handed out as [`Deed`]s, which the stage does.

use crate::Mail;
use nooterra_control::input::{Body as _, StaffCommand};
use nooterra_control::wish::ReturnAsk;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::{Instant, Record, Span};
use nooterra_script::resolved::CrewPlan;
use nooterra_trust::Outbox;
use std::collections::BTreeMap;

/// A place for a repaired robot is asked for again after this.
const ASK_AGAIN: Span = Span::from_secs(30);

/// What the crew's hands do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Deed {
    /// Takes a robot off the floor and puts its load down.
    TakeAway {
        /// The robot.
        robot: RobotId,
        /// Vertex where the load belongs.
        load_to: Option<u32>,
    },
    /// Brings the load of a job that is over back from a transfer place.
    BringBack(ReturnAsk),
    /// Puts a repaired robot down and switches it on.
    PutBack {
        /// The robot.
        robot: RobotId,
        /// Where.
        vertex: u32,
    },
}

/// How far the crew is with one robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
enum Errand {
    /// On the way to it.
    Coming { until: Instant, load_to: Option<u32> },
    /// It is in the workshop; from then on a place for it is asked for.
    Mending { until: Instant },
    /// It stays there.
    Kept {},
}

/// The crew.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Crew {
    /// What it sends.
    pub outbox: Outbox,
    plan: CrewPlan,
    errands: BTreeMap<RobotId, Errand>,
    /// Loads to be brought back, and when somebody is there.
    loads: BTreeMap<JobId, (Instant, ReturnAsk)>,
    deeds: Vec<Deed>,
}

impl Crew {
    pub(crate) fn new(plan: CrewPlan, outbox: Outbox) -> Self {
        Self { outbox, plan, errands: BTreeMap::new(), loads: BTreeMap::new(), deeds: Vec::new() }
    }

    pub(crate) fn receive(&mut self, now: Instant, mail: &Mail) {
        match mail {
            Mail::Receipt(r) => {
                self.outbox.receive(r, now);
            }
            Mail::Recover(ask) => {
                let coming = Errand::Coming { until: now.saturating_add(self.plan.arrives), load_to: ask.load_to };
                let errand = self.errands.entry(ask.robot).or_insert(coming);
                // Asked again on the way: where the load belongs may have changed.
                if let Errand::Coming { load_to, .. } = errand {
                    *load_to = ask.load_to;
                }
            }
            Mail::Return(ask) => {
                let until = now.saturating_add(self.plan.arrives);
                self.loads.entry(ask.job).or_insert((until, *ask));
            }
            Mail::PutBack { robot, vertex } => {
                if matches!(self.errands.get(robot), Some(Errand::Mending { .. })) {
                    self.errands.remove(robot);
                    self.deeds.push(Deed::PutBack { robot: *robot, vertex: *vertex });
                }
            }
            Mail::Pay(_)
            | Mail::Invite(_)
            | Mail::Notify { .. }
            | Mail::Alert { .. }
            | Mail::Help(_)
            | Mail::Show { .. }
            | Mail::Docket { .. }
            | Mail::Audit { .. }
            | Mail::Head(_)
            | Mail::Disobeys { .. } => {}
        }
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        let there: Vec<ReturnAsk> = self.loads.values().filter(|(at, _)| *at <= now).map(|(_, ask)| *ask).collect();
        for ask in there {
            self.loads.remove(&ask.job);
            self.deeds.push(Deed::BringBack(ask));
        }
        for (robot, errand) in &mut self.errands {
            let robot = *robot;
            match *errand {
                Errand::Coming { until, load_to } if until <= now => {
                    self.deeds.push(Deed::TakeAway { robot, load_to });
                    self.outbox.push(StaffCommand::Recovered { robot, load_at: load_to }.draft("robots"), now, 0);
                    let mended = now.saturating_add(self.plan.repairs);
                    *errand = if self.plan.returns { Errand::Mending { until: mended } } else { Errand::Kept {} };
                }
                Errand::Mending { until } if until <= now => {
                    self.outbox.push(StaffCommand::Repaired { robot }.draft("robots"), now, 0);
                    *errand = Errand::Mending { until: now.saturating_add(ASK_AGAIN) };
                }
                Errand::Coming { .. } | Errand::Mending { .. } | Errand::Kept {} => {}
            }
        }
    }

    /// Somebody was at a transfer place, and found the load there or did not.
    pub fn been_at(&mut self, now: Instant, job: JobId, found: bool) {
        self.outbox.push(StaffCommand::LoadReturned { job, found }.draft("loads"), now, 0);
    }

    /// What is to be done by hand now; what cannot be done yet is given back.
    pub fn take_deeds(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }

    /// A deed that has to wait: something stands in its way.
    pub fn later(&mut self, deed: Deed) {
        self.deeds.push(deed);
    }

    /// Is something to be done by hand?
    #[must_use]
    pub fn has_deeds(&self) -> bool {
        !self.deeds.is_empty()
    }

    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let due = |e: &Errand| match e {
            Errand::Coming { until, .. } | Errand::Mending { until } => Some(*until),
            Errand::Kept {} => None,
        };
        let loads = self.loads.values().map(|(at, _)| *at);
        self.errands.values().filter_map(due).chain(loads).chain(self.outbox.next_deadline(now)).min()
    }
}
