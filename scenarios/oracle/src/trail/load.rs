//! A load is in one place at a time, and goes from hand to hand by the rules (domain 2.5, 5.6): what a robot carries is handed
//! over only where it was told to put it down, both it (or whoever carried it away) and a witness having said so; it is
//! taken up there by the robot that holds the job, and nobody works on before that; a transfer place has one load.

use crate::trail::Now;
use crate::verdict::{Class, Notes};
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_jobs::event::{Custody, Disposition, Event};
use nooterra_trust::Role;
use std::collections::BTreeMap;

/// What the judge remembers of a job's load.
#[derive(Debug, Clone, Default)]
struct Load {
    custody: Custody,
    /// What it weighed last, or what was asked for; what whoever had it says of it as it lies in its transfer place.
    mass_g: u32,
    said_g: Option<u32>,
    bound: Option<RobotId>,
    leaving: bool,
    over: bool,
    is_of_team: bool,
    /// The place, and who has said that it lies there.
    place: Option<u32>,
    said: bool,
    seen: bool,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Loads {
    jobs: BTreeMap<JobId, Load>,
    pub notes: Notes,
}

impl Loads {
    pub fn new() -> Self {
        Self { jobs: BTreeMap::new(), notes: Notes::of("loads change hands by the rules", &[]) }
    }

    pub fn event(&mut self, n: Now, id: JobId, e: &Event, role: Role, actor: [u8; 16]) {
        let taken = |place: u32, jobs: &BTreeMap<JobId, Load>| jobs.iter().any(|(j, l)| *j != id && l.place == Some(place));
        let wrong = match e {
            Event::SafeExitOrdered { transfer: Some(p), .. } if taken(*p, &self.jobs) => Some(format!("place {p} has a load already")),
            _ => self.jobs.entry(id).or_default().follow(e, role, actor),
        };
        if matters(e) {
            self.notes.checked();
        }
        if let Some(why) = wrong {
            let story = format!("{} of {id}: {why}", e.name());
            self.notes.broke(Class::Safety, n.at, n.tick, story, vec![id.to_string()]);
        }
    }
}

fn matters(e: &Event) -> bool {
    matches!(
        e,
        Event::CustodyChanged { .. }
            | Event::HandoverOpened { .. }
            | Event::TransferPutDown { .. }
            | Event::TransferScanned { .. }
            | Event::TransferFetched { .. }
            | Event::TransferFailed { .. }
    )
}

impl Load {
    /// Folds an event in; says what is wrong with it.
    fn follow(&mut self, e: &Event, role: Role, actor: [u8; 16]) -> Option<String> {
        let by_bound = self.bound.is_some_and(|r| *r.as_bytes() == actor);
        match e {
            Event::JobCreated(r) => (self.is_of_team, self.mass_g) = (r.team.is_some(), r.need.payload_g),
            Event::RobotMatched(m) => self.bound = Some(m.robot),
            Event::LeaseRefused { .. } | Event::LeaseLapsed { .. } | Event::LeaseReleased { .. } | Event::LeaseEnded { .. } => {
                self.bound = None;
            }
            Event::ExecutionStarted { .. } => self.leaving = false,
            Event::SafeExitOrdered { disposition, transfer, .. } => return self.ordered_out(*disposition, *transfer),
            Event::SafeExitForced { .. } if self.custody == Custody::Held => self.rest(Custody::Lost),
            Event::JobAborted { .. } | Event::JobSettled(_) | Event::ExecutionCompleted { .. } => self.over = true,
            Event::TransferPutDown { place, mass_g, .. } => {
                self.said_g = Some(*mass_g);
                let may = match role {
                    Role::RB => by_bound,
                    _ => role == Role::OS,
                };
                let due = self.leaving && self.custody == Custody::Held && self.place == Some(*place) && !self.said;
                self.said = true;
                return (!may || !due).then(|| format!("nobody was to put it down at {place} now, or {role} may not say so"));
            }
            Event::TransferScanned { place, robot, .. } => {
                let due = self.leaving && self.custody == Custody::Held && self.place == Some(*place) && self.bound == Some(*robot);
                self.seen = true;
                return (!due).then(|| format!("{robot} was not to put it down at {place} now"));
            }
            Event::TransferFetched { place, .. } => {
                let due = !self.leaving && by_bound && self.custody == Custody::Held && self.place == Some(*place);
                self.place = None;
                return (!due).then(|| format!("it did not lie at {place} for the robot that says so"));
            }
            Event::TransferFailed { .. } => self.place = None,
            Event::CheckpointReached { .. } if self.place.is_some() => return Some("the load is not fetched".to_owned()),
            Event::HandoverOpened { .. } if self.custody != Custody::None => {
                let free = matches!(self.custody, Custody::Delivered | Custody::Deposited);
                return (!free).then(|| format!("the load is {:?}", self.custody));
            }
            Event::CustodyChanged { to, mass_g, .. } => {
                let weighed = self.weighs(*mass_g, role);
                return self.changes(*to, role).or(weighed);
            }
            _ => {}
        }
        None
    }

    /// Robots weigh what they take and give; at anybody else's word it weighs what it did before.
    fn weighs(&mut self, mass_g: u32, role: Role) -> Option<String> {
        let (before, said) = (self.mass_g, self.said_g.take());
        if mass_g > 0 {
            self.mass_g = mass_g;
        }
        let known = role == Role::RB || mass_g == before || said == Some(mass_g);
        (!known).then(|| format!("it weighed {before} g and is {mass_g} g at the word of {role}"))
    }

    fn ordered_out(&mut self, disposition: Disposition, transfer: Option<u32>) -> Option<String> {
        self.leaving = true;
        let carries = self.custody == Custody::Held;
        if carries {
            (self.place, self.said, self.seen) = (transfer, false, false);
        }
        let hands_over = disposition == Disposition::Handover;
        match transfer {
            Some(_) if !carries || !hands_over || self.is_of_team => Some("there is nothing to be put down for another".to_owned()),
            None if carries && hands_over => Some("what it carries has no place to go to".to_owned()),
            _ => None,
        }
    }

    fn rest(&mut self, to: Custody) {
        (self.custody, self.place) = (to, None);
    }

    fn changes(&mut self, to: Custody, role: Role) -> Option<String> {
        let from = self.custody;
        let sure = self.said && self.seen;
        let wrong = match (from, to) {
            (Custody::Held, Custody::Deposited) if self.leaving && sure => None,
            (_, Custody::Deposited) => Some(format!("it was {from:?}; said {}, seen {}", self.said, self.seen)),
            (Custody::Deposited, Custody::Held) if self.bound.is_some() && !self.over => None,
            (Custody::Deposited, Custody::Returned | Custody::Lost) if self.over && role == Role::OS => None,
            (Custody::Deposited, _) => Some(format!("it lay in its transfer place and is {to:?} at the word of {role}")),
            (Custody::Delivered | Custody::Lost, _) => Some(format!("it was {from:?} already")),
            _ => None,
        };
        match to {
            Custody::Delivered | Custody::Returned | Custody::Lost => self.rest(to),
            Custody::Held if from == Custody::Deposited && self.leaving => (self.custody, self.said, self.seen) = (to, false, false),
            _ => self.custody = to,
        }
        wrong
    }
}
