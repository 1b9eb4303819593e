//! Loads that change robots: put down in a transfer place, seen there, fetched by the next robot, or brought back by people.
//!
//! The site declares its transfer places; one without any hands no load over. A place is one load's from the order that
//! names it until that load is fetched or brought back: which places are taken follows from the jobs.

use crate::state::{Ask, AskKey, State};
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::{ReturnAsk, Wish};
use nooterra_engine::ids::{ItemId, JobId, RobotId, WitnessId};
use nooterra_engine::{Digest, always, sometimes};
use nooterra_jobs::Job;
use nooterra_jobs::event::{Custody, Event, ExitProof, IncidentCode};
use nooterra_jobs::parts::Presence;
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::Action;
use nooterra_jobs::transfer::TransferEnd;
use nooterra_operations::RobotStatus;
use nooterra_port::Order;
use nooterra_port::order::{Fetch, left_hash};
use nooterra_trust::{Code, Rejection};
use std::collections::BTreeSet;

/// A transfer place lies at least this far from every place of the work, so that no reader takes one for the other.
const APART_MM: u64 = 2_000;
/// A load that is not where it was left is a material incident.
const LOST_SEVERITY: u8 = 3;

/// Where the load of a job belongs as long as nobody has delivered it.
pub(crate) fn pickup(job: &Job) -> Option<u32> {
    job.steps().iter().find(|s| s.action == Action::Pick).map(|s| s.place)
}

/// What the next robot has to fetch before its first step.
pub(crate) fn fetch_of(job: &Job) -> Option<Fetch> {
    let (vertex, item) = job.fetch_place().zip(job.item)?;
    let (mass_g, checkpoint) = (job.request.need.payload_g, job.state_hash);
    Some(Fetch { item, vertex, mass_g, checkpoint, state_hash: left_hash(job.id, job.checkpoint, item, vertex, checkpoint) })
}

/// Each transfer place has one load.
pub(crate) fn assert_local(s: &State, jobs: &BTreeSet<JobId>) {
    let touched = |id: &JobId| s.jobs.get(id).and_then(|j| j.transfer).map(|t| (*id, t.place));
    for (id, place) in jobs.iter().filter_map(touched) {
        let other = s.jobs.values().find(|j| j.id != id && j.transfer.is_some_and(|t| t.place == place));
        always!(other.is_none(), "a transfer place holds one load", "{place}: {id} and {:?}", other.map(|j| j.id));
    }
}

impl Unit<'_> {
    /// A transfer place that is free for what the robot of this job carries: the one that it reaches first.
    pub(crate) fn transfer_place(&self, job: &Job) -> Option<u32> {
        let robot = job.robot().filter(|_| job.custody == Custody::Held && job.request.team.is_none())?;
        let (entry, at) = (self.cell(robot).ok()?.entry, self.s.traffic.at(robot)?.ix);
        let places = self.world.transfer_places(entry, at);
        if places.is_empty() {
            return None;
        }
        let taken: BTreeSet<u32> = self.s.jobs.values().filter(|j| j.id != job.id).filter_map(|j| j.transfer.map(|t| t.place)).collect();
        let blocked = |v: u32| {
            let others = self.s.robots.keys().filter(|r| **r != robot && self.s.traffic.is_halted(**r));
            others.filter_map(|r| self.s.traffic.at(*r)).any(|a| a.ix == v)
        };
        let clear = |v: u32| job.steps().iter().all(|s| self.world.apart_mm(v, s.place) >= APART_MM);
        places.into_iter().map(|(_, v)| v).find(|v| !taken.contains(v) && clear(*v) && !blocked(*v))
    }

    /// A robot says that it has put its load down where it was told to.
    pub(crate) fn put_down(&mut self, robot: RobotId, item: ItemId, vertex: u32, mass_g: u32) -> Outcome {
        let job = self.bound(robot)?;
        let j = self.job(job)?;
        need(j.status == Status::AbortingSafeExit, Code::StateForbids)?;
        let Some(t) = j.transfer else { return no(Code::TrackForbids) };
        need(j.item == Some(item), Code::NotFound)?;
        need(vertex == t.place, Code::AreaForbidden)?;
        need(j.custody == Custody::Held && t.said_g.is_none(), Code::AlreadyDone)?;
        need(mass_g > 0, Code::EvidenceInsufficient)?;
        self.emit(job, Event::TransferPutDown { place: vertex, item, mass_g });
        self.watch(job);
        self.deposited(job);
        Ok(())
    }

    /// The site's witness sees the load of a job at its transfer place, or on the robot that fetches it there.
    pub(crate) fn transfer_seen(&mut self, job: JobId, robot: RobotId, witness: WitnessId, measure: i64) -> Outcome {
        let j = self.job(job)?;
        let Some(t) = j.transfer else { return no(Code::AreaForbidden) };
        let (item, bound, mass_g) = (j.item, j.robot() == Some(robot), j.load_g());
        need(bound, Code::NotBoundRobot)?;
        if j.status == Status::AbortingSafeExit {
            need(j.custody == Custody::Held && t.seen.is_none() && t.by == robot, Code::AlreadyDone)?;
            self.emit(job, Event::TransferScanned { witness, place: t.place, robot, measure, artefact: self.cx.cause });
            self.deposited(job);
            return Ok(());
        }
        need(j.status.is_at_work(), Code::StateForbids)?;
        need(j.custody == Custody::Deposited, Code::AlreadyDone)?;
        if let Some(item) = item {
            self.emit(job, Event::CustodyChanged { item, to: Custody::Held, mass_g });
        }
        Ok(())
    }

    /// Those who must have said that the load lies in its transfer place: it is in nobody's hands, and who had it may go.
    pub(crate) fn deposited(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some(t) = j.transfer.filter(|_| j.owes_deposit()) else { return };
        let by_word = t.said_g.is_some() && nooterra_engine::planted!("take a robot's word for a load put down");
        if !t.is_sure() && !by_word {
            return;
        }
        sometimes!(true, "load put down for another robot");
        if let (Some(item), Some(mass_g)) = (j.item, t.said_g) {
            self.emit(job, Event::CustodyChanged { item, to: Custody::Deposited, mass_g });
        }
        self.leave_or_end(job);
    }

    /// Nothing keeps a leaving robot from leaving any more: if it is out, the exit is over.
    fn leave_or_end(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let leaving = j.status == Status::AbortingSafeExit && j.exit.is_some_and(|x| !x.done) && !j.owes_deposit();
        let Some(robot) = j.robot().filter(|_| leaving) else { return };
        // Who was carried off the floor is out by the word of those who did it.
        if self.cell(robot).is_ok_and(|c| c.robot.status == RobotStatus::Maintenance) {
            self.exit_over(job, None, ExitProof::OnSite);
        } else if j.presence == Presence::Out {
            self.exit_over(job, None, ExitProof::Witness);
        } else {
            self.send_home(robot);
        }
    }

    /// The load is not put down in time by a robot that can move: the job ends. What it still has on it, it keeps.
    pub(crate) fn transfer_overdue(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some(t) = j.transfer.filter(|_| j.owes_deposit()) else { return };
        let (robot, lease, exit_by, item, mass_g) = (j.robot(), j.lease(), j.exit.map(|x| x.exit_by), j.item, j.load_g());
        let reason = if t.said_g.is_some() { TransferEnd::Unseen } else { TransferEnd::Overdue };
        self.emit(job, Event::TransferFailed { place: t.place, reason });
        match (reason, item) {
            (TransferEnd::Unseen, Some(item)) => {
                self.emit(job, Event::CustodyChanged { item, to: Custody::Lost, mass_g });
                self.open_incident(job, robot, IncidentCode::PayloadDrop, LOST_SEVERITY, None);
            }
            _ => {
                if let (Some(robot), Some(lease), Some(exit_by)) = (robot, lease, exit_by) {
                    let cause = "TRANSFER_OVERDUE".to_owned();
                    self.order(robot, Order::SafeExit { lease, exit_by, cause, put_down: None });
                }
            }
        }
        self.leave_or_end(job);
    }

    /// What was to be put down has gone another way: handed in, fallen, or lost.
    pub(crate) fn transfer_moot(&mut self, job: JobId, was: bool) {
        if was && self.job(job).is_ok_and(|j| !j.owes_deposit()) {
            self.leave_or_end(job);
        }
    }

    /// A robot that was to leave what lay there has taken it up after all: it puts it down again.
    pub(crate) fn took_up_again(&mut self, job: JobId) {
        let owed = self.job(job).ok().filter(|j| j.owes_deposit() && j.transfer.is_some_and(|t| t.said_g.is_none()));
        if let Some(cause) = owed.and_then(|j| j.exit).and_then(|x| x.cause) {
            self.order_exit(job, cause);
        }
    }

    /// The crew that carried a robot away has put its load down. Says whether that was in its transfer place.
    pub(crate) fn put_down_by_crew(&mut self, job: JobId, load_at: Option<u32>) -> bool {
        let Ok(j) = self.job(job) else { return false };
        let Some(t) = j.transfer.filter(|t| j.owes_deposit() && load_at == Some(t.place)) else { return false };
        if let Some(item) = j.item.filter(|_| t.said_g.is_none()) {
            sometimes!(true, "load carried to a transfer place by people");
            let mass_g = j.load_g();
            self.emit(job, Event::TransferPutDown { place: t.place, item, mass_g });
        }
        true
    }

    /// A robot of a later leg says that it has what was left for it, and that it is the right one.
    pub(crate) fn fetched(&mut self, robot: RobotId, item: ItemId, vertex: u32, mass_g: u32, state_hash: Digest) -> Outcome {
        let job = self.bound(robot)?;
        let j = self.job(job)?;
        need(matches!(j.status, Status::Executing | Status::Assisted) || self.would_resume(job), Code::StateForbids)?;
        self.access_live(job)?;
        let Some(t) = j.transfer else { return no(Code::AlreadyDone) };
        need(j.item == Some(item), Code::NotFound)?;
        need(vertex == t.place, Code::AreaForbidden)?;
        let expected = left_hash(job, j.checkpoint, item, t.place, j.state_hash);
        if state_hash != expected {
            return Err(Rejection::new(Code::TermsChanged).field("state_hash").expected(expected).actual(state_hash));
        }
        let lay = j.custody == Custody::Deposited;
        self.resume_on_word(job);
        if lay {
            self.emit(job, Event::CustodyChanged { item, to: Custody::Held, mass_g });
        }
        self.emit(job, Event::TransferFetched { place: vertex, item, mass_g, state_hash });
        let next = self.job(job)?.next_place();
        self.go_to_step(job, Some(next));
        Ok(())
    }

    /// Loads that lie in transfer places and whose jobs are over: people are asked to bring them back, until they say so.
    pub(crate) fn return_loads(&mut self) {
        for id in self.touched(|s, j| lies_over(j) && !s.asks.contains_key(&AskKey::Return(j.id))) {
            let Ok(j) = self.job(id) else { continue };
            let (Some(item), Some(from), Some(to)) = (j.item, j.transfer.map(|t| t.place), pickup(j)) else { continue };
            let ask = ReturnAsk { job: id, item, from, to };
            self.remember(AskKey::Return(id), Ask::Crew(ask));
            self.wish(Wish::Return(ask));
        }
    }

    /// The crew has been at the transfer place: the load is back where it came from, or was not there.
    pub(crate) fn load_returned(&mut self, job: JobId, found: bool) -> Outcome {
        let j = self.job(job)?;
        need(lies_over(j), Code::StateForbids)?;
        let (Some(item), mass_g) = (j.item, j.load_g()) else { return no(Code::NotFound) };
        let to = if found { Custody::Returned } else { Custody::Lost };
        self.emit(job, Event::CustodyChanged { item, to, mass_g });
        self.answered(AskKey::Return(job));
        if !found {
            // It was in the site's hands: no robot is named.
            self.open_incident(job, None, IncidentCode::PropertyDamage, LOST_SEVERITY, None);
        }
        Ok(())
    }
}

/// Does its load lie in a transfer place although nobody will fetch it?
pub(crate) fn lies_over(j: &Job) -> bool {
    j.custody == Custody::Deposited && matches!(j.status.class(), Class::Ended | Class::Terminal)
}
