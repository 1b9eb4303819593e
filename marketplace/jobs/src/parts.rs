//! The parts of a job: where its payment, legs, access, exit, proof, help and money stand.

use crate::event::{AssistOutcome, Cause, Disposition, Fault, IncidentCode, Missing, RefundOf};
use crate::payload::{AccessPlan, Match, Move, Settlement};
use crate::pins::{Timing, WitnessClass};
use crate::status::Status;
use crate::terms::{Price, Window};
use nooterra_engine::Record;
use nooterra_engine::ids::{AssistId, HoldId, IncidentId, OperatorId, PartyId, PaymentId, RefundId, RobotId, WitnessId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};

/// How the request was priced when it was opened. What becomes of its quotes is the market's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Rfq {
    /// Reference price.
    pub price: Price,
    /// Risk score, milli-points.
    pub risk_m: u32,
    /// Robots that could do it.
    pub candidates: u16,
}

/// Track of the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum PaymentTrack {
    /// Nothing was asked.
    #[default]
    None,
    /// Asked, unanswered.
    Asked,
    /// Reserved at the provider.
    Authorised,
    /// Taken.
    Captured,
    /// Given up.
    Voided,
}

/// The payment of a job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Payment {
    /// Where it stands.
    pub track: PaymentTrack,
    /// Its id, once asked.
    pub payment: Option<PaymentId>,
    /// How much.
    pub amount: Amount,
    /// What of the price the requester's credit pays instead.
    pub credit: Amount,
    /// Failed captures.
    pub failed: u8,
    /// When capture is tried (again); nothing while an answer is awaited.
    pub capture_at: Option<Instant>,
    /// Since when and until when what is authorised can be captured.
    pub authorised: Option<Window>,
    /// The authorisation that is to take its place, asked for.
    pub renewal: Option<Renewal>,
    /// Its capture is asked for.
    pub capturing: bool,
    /// Authorisations that others have taken the place of, until the provider has released them.
    pub replaced: Vec<PaymentId>,
}

/// An authorisation that is to take another's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Renewal {
    /// Its id.
    pub payment: PaymentId,
    /// How much is asked for.
    pub amount: Amount,
}

/// A further payment: what a move costs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Extra {
    /// Its id.
    pub payment: PaymentId,
    /// How much.
    pub amount: Amount,
    /// Where it stands.
    pub track: PaymentTrack,
}

/// An open proposal to move the booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Proposal {
    /// What is proposed.
    pub offer: Move,
    /// Both sides agree: this payment is awaited.
    pub agreed: Option<PaymentId>,
}

/// One robot's authority over the job, past or present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Leg {
    /// The offer.
    pub offer: Match,
    /// When it was made.
    pub offered_at: Instant,
    /// When the robot took it.
    pub accepted_at: Option<Instant>,
    /// Since when it is the robot's turn to be about this job: a lease ahead waits for that.
    pub due_at: Option<Instant>,
    /// When it set out.
    pub departed_at: Option<Instant>,
    /// When it arrived.
    pub arrived_at: Option<Instant>,
    /// When it began to work.
    pub started_at: Option<Instant>,
    /// First checkpoint of this leg.
    pub from_checkpoint: u16,
    /// When the leg was closed.
    pub closed_at: Option<Instant>,
}

impl Leg {
    /// When the robot has to leave at the latest, to be there at `due`.
    pub fn depart_by(&self, due: Instant, t: &Timing) -> Instant {
        due.saturating_sub(self.offer.trip_est).saturating_sub(t.depart_margin)
    }
}

/// Track of the access plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum AccessTrack {
    /// No plan.
    #[default]
    None,
    /// Issued.
    Planned,
    /// Entry is open.
    Granted,
    /// Withdrawn.
    Revoked,
    /// Ran out.
    Expired,
    /// Done with.
    Closed,
}

/// Permission to be there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Access {
    /// Where it stands.
    pub track: AccessTrack,
    /// The plan.
    pub plan: Option<AccessPlan>,
    /// The robot was told that it ends.
    pub warned: bool,
    /// Refusals at the door.
    pub denials: u8,
    /// When it was taken back or ran out.
    pub gone_at: Option<Instant>,
    /// By how much the requester has let it be prolonged.
    pub extended: Span,
    /// Taken back: who knows of it.
    pub revoking: Option<Revoking>,
    /// Taken back: who answers for it.
    pub taken_by: Fault,
}

/// Access was taken back, and doors and robot have to say that they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Revoking {
    /// When it was.
    pub at: Instant,
    /// The doors know.
    pub doors: bool,
    /// The robot knows, or has nothing to do with it any more.
    pub robot: bool,
    /// They did not say so in time.
    pub escalated: bool,
}

impl Revoking {
    /// Does everybody know?
    pub const fn is_known(&self) -> bool {
        self.doors && self.robot
    }
}

/// Track of the robot's presence, by witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Presence {
    /// Not in the plan's areas.
    #[default]
    Out,
    /// Inside.
    In,
    /// Inside for good, until people fetch it.
    Stranded,
}

/// A safe exit under way, or the leaving after completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Exit {
    /// What becomes of the job afterwards; nothing after completion.
    pub disposition: Option<Disposition>,
    /// Why.
    pub cause: Option<Cause>,
    /// Who answers for it.
    pub fault: Fault,
    /// The robot should be out by then.
    pub exit_by: Instant,
    /// Escalations so far.
    pub level: u8,
    /// Confirmed or forced.
    pub done: bool,
}

/// A checkpoint that a robot claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Claimed {
    /// Index, from 1.
    pub index: u16,
    /// Leg that claims it.
    pub leg: u8,
    /// When it was recorded.
    pub at: Instant,
}

/// What an independent witness saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Sighting {
    /// At which point of the work, from 1.
    pub point: u16,
    /// Of which kind.
    pub class: WitnessClass,
    /// By whom.
    pub witness: WitnessId,
    /// Which robot.
    pub robot: RobotId,
    /// What was measured.
    pub measure: i64,
}

/// An incident of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct IncidentState {
    /// Its id.
    pub incident: IncidentId,
    /// What.
    pub code: IncidentCode,
    /// How bad.
    pub severity: u8,
    /// How often within the dedupe window.
    pub count: u32,
    /// When the last one was recorded.
    pub last: Instant,
    /// Looked at by a person.
    pub triaged: bool,
}

/// A settlement that waits.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Hold {
    /// Its id.
    pub hold: HoldId,
    /// Since when.
    pub at: Instant,
    /// Reviews so far.
    pub level: u8,
    /// What is missing.
    pub missing: Vec<Missing>,
}

/// How the job's money ended.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Settled {
    /// When.
    pub at: Instant,
    /// What was decided.
    pub settlement: Settlement,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum RefundTrack {
    /// Asked of the provider.
    Pending,
    /// Paid.
    Paid,
    /// Not paid; the money is still owed.
    Failed,
}

/// Money given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct RefundState {
    /// Its id.
    pub refund: RefundId,
    /// How much.
    pub amount: Amount,
    /// Where it stands.
    pub track: RefundTrack,
    /// What it rests on.
    pub of: RefundOf,
}

/// Where the open request for remote help stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum AssistTrack {
    /// Waits for an operator.
    Queued,
    /// Offered to one.
    Offered,
    /// Accepted, not begun.
    Accepted,
    /// Under way.
    Active,
}

/// The open request for remote help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Help {
    /// Its id.
    pub assist: AssistId,
    /// How urgent, as the desk counts.
    pub priority: u8,
    /// Where it stands.
    pub track: AssistTrack,
    /// Who is at it.
    pub operator: Option<OperatorId>,
    /// Who is paid for it, once it has begun.
    pub party: Option<PartyId>,
    /// When it began.
    pub since: Option<Instant>,
}

/// Remote help that was given, and its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Helped {
    /// Its id.
    pub assist: AssistId,
    /// How urgent it was.
    pub priority: u8,
    /// Who is paid for it.
    pub party: PartyId,
    /// Time that is billed.
    pub billed: Span,
    /// How it ended.
    pub outcome: AssistOutcome,
}

/// A change of state, for people and judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Moved {
    /// The state entered.
    pub status: Status,
    /// When.
    pub at: Instant,
}

/// A robot that is not asked again for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Excluded {
    /// Which.
    pub robot: RobotId,
    /// Until then.
    pub until: Instant,
}

/// Time that outages and the stops of others took, as far as it was looked at: when a limit seems to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Excused {
    /// Of the time at work.
    pub work: Span,
    /// Of the time stood still.
    pub stall: Span,
}
