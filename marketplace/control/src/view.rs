//! Reading the platform: jobs with their history, their money, robots, incidents. For reports and judges.

use crate::control::Control;
use nooterra_engine::Record;
use nooterra_engine::ids::{IncidentId, JobId, PartyId, RobotId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::Job;
use nooterra_jobs::event::{Cause, Fault, IncidentCode, Outcome};
use nooterra_jobs::parts::Moved;
use nooterra_jobs::status::Status;
use nooterra_ledger::Account;
use nooterra_operations::RobotStatus;

/// A job as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct JobView {
    /// Its id.
    pub job: JobId,
    /// The requester's own words.
    pub label: String,
    /// Who asked.
    pub requester: PartyId,
    /// Who provides, once booked.
    pub owner: Option<PartyId>,
    /// Where it stands.
    pub status: Status,
    /// Every state it was in.
    pub history: Vec<Moved>,
    /// Robots that worked on it, in order.
    pub robots: Vec<RobotId>,
    /// Why it was aborted.
    pub aborted: Option<Cause>,
    /// Who answers for the end.
    pub fault: Fault,
    /// How its money ended.
    pub outcome: Option<Outcome>,
    /// Time stood still.
    pub stalled: Span,
}

/// A job's money, minor units.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct JobMoney {
    /// Price agreed.
    pub price: u64,
    /// Captured.
    pub captured: u64,
    /// Paid by the requester's credit at the booking.
    pub redeemed: u64,
    /// In escrow now.
    pub escrow: i128,
    /// Held now.
    pub held: i128,
    /// Charged at settlement.
    pub charge: u64,
    /// Refunded at settlement.
    pub refund: u64,
    /// Parts of the split: account, party, amount.
    pub parts: Vec<(String, Option<PartyId>, u64)>,
}

/// An incident of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct IncidentView {
    /// Its id.
    pub incident: IncidentId,
    /// The job.
    pub job: JobId,
    /// What.
    pub code: IncidentCode,
    /// How bad.
    pub severity: u8,
    /// Looked at by a person.
    pub triaged: bool,
    /// When it was last recorded.
    pub at: Instant,
}

/// A robot as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct RobotView {
    /// Its id.
    pub robot: RobotId,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: PartyId,
    /// Where it stands.
    pub status: RobotStatus,
    /// Charge.
    pub soc_bps: u32,
    /// Trust.
    pub trust_bps: u32,
    /// Jobs worked on.
    pub jobs: u32,
    /// The job it is bound to.
    pub job: Option<JobId>,
    /// Vertex it reached last, as traffic knows.
    pub vertex: Option<u32>,
    /// Vertex it goes to.
    pub target: Option<u32>,
    /// Link lost?
    pub link_lost: bool,
    /// Traffic waits for others or for a way since then.
    pub waits_since: Option<Instant>,
}

/// How many jobs ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Tally {
    /// Asked for.
    pub requested: u32,
    /// Booked.
    pub booked: u32,
    /// Work completed.
    pub completed: u32,
    /// Settled.
    pub settled: u32,
    /// Settled with all of it earned.
    pub settled_full: u32,
    /// Ended before booking.
    pub withdrawn: u32,
    /// Aborted after booking.
    pub aborted: u32,
    /// Not final.
    pub open: u32,
    /// Hand-overs to another robot.
    pub handovers: u32,
}

fn job_view(j: &Job) -> JobView {
    JobView {
        job: j.id,
        label: j.request.label.clone(),
        requester: j.request.requester,
        owner: j.pins.as_ref().map(|p| p.owner),
        status: j.status,
        history: j.history.clone(),
        robots: j.legs.iter().map(|l| l.offer.robot).collect(),
        aborted: j.aborted,
        fault: j.fault,
        outcome: j.settled.as_ref().map(|s| s.settlement.outcome),
        stalled: j.stalled,
    }
}

impl Control {
    /// One job.
    pub fn job_view(&self, id: JobId) -> Option<JobView> {
        self.state().jobs.get(&id).map(job_view)
    }

    /// All jobs, by id.
    pub fn job_views(&self) -> Vec<JobView> {
        self.jobs().map(job_view).collect()
    }

    /// The money of one job.
    pub fn money(&self, id: JobId) -> Option<JobMoney> {
        let j = self.state().jobs.get(&id)?;
        let c = j.request.currency;
        let settled = j.settled.as_ref().map(|s| &s.settlement);
        Some(JobMoney {
            price: j.pins.as_ref().map_or(0, |p| p.total()),
            captured: j.captured().minor(),
            redeemed: j.booked_at.map_or(0, |_| j.payment.credit.minor()),
            escrow: self.book().posted(Account::Escrow { job: id }, c),
            held: self.book().posted(Account::Held { job: id }, c),
            charge: settled.map_or(0, |s| s.charge.minor()),
            refund: settled.map_or(0, |s| s.refund.minor()),
            parts: settled.map_or(Vec::new(), |s| s.parts.iter().map(|p| (p.account.clone(), p.party, p.amount.minor())).collect()),
        })
    }

    /// All incidents of all jobs.
    pub fn incidents(&self) -> Vec<IncidentView> {
        let of = |j: &Job| {
            let job = j.id;
            j.incidents
                .iter()
                .map(move |i| IncidentView {
                    incident: i.incident,
                    job,
                    code: i.code,
                    severity: i.severity,
                    triaged: i.triaged,
                    at: i.last,
                })
                .collect::<Vec<_>>()
        };
        self.jobs().flat_map(of).collect()
    }

    /// All robots.
    pub fn robot_views(&self) -> Vec<RobotView> {
        let waits = self.state().traffic.waits(&self.world().map);
        self.state()
            .robots
            .values()
            .map(|c| RobotView {
                robot: c.robot.id,
                name: self.state().genesis.robots[c.entry as usize].name.clone(),
                owner: c.robot.owner,
                status: c.robot.status,
                soc_bps: c.robot.soc_bps,
                trust_bps: c.robot.trust_bps,
                jobs: c.robot.jobs,
                job: c.robot.lease.map(|h| h.job),
                vertex: self.state().traffic.at(c.robot.id).map(|v| v.ix),
                target: self.state().traffic.target(c.robot.id).map(|v| v.ix),
                link_lost: c.robot.link_lost,
                waits_since: waits.iter().find(|w| w.robot == c.robot.id).map(|w| w.since),
            })
            .collect()
    }

    /// How many jobs ended how.
    pub fn tally(&self) -> Tally {
        let mut t = Tally::default();
        for j in self.jobs() {
            t.requested += 1;
            t.booked += u32::from(j.booked_at.is_some());
            t.completed += u32::from(j.history.iter().any(|m| m.status == Status::Completed));
            t.settled += u32::from(j.status == Status::Settled);
            t.settled_full += u32::from(j.settled.as_ref().is_some_and(|s| s.settlement.outcome == Outcome::Full));
            t.withdrawn += u32::from(j.status == Status::Withdrawn);
            t.aborted += u32::from(j.aborted.is_some());
            t.open += u32::from(!j.status.is_terminal());
            t.handovers += u32::try_from(
                j.history.windows(2).filter(|w| w[1].status == Status::Handover && w[0].status == Status::AbortingSafeExit).count(),
            )
            .unwrap_or(0);
        }
        t
    }

    /// Posted balance of an account, on its normal side.
    pub fn balance(&self, account: Account, currency: Currency) -> i128 {
        self.book().posted(account, currency)
    }
}
