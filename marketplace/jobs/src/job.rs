//! A job: everything known about one piece of work, as a fold of its events.

use crate::approval::{Approval, ApprovalTrack};
use crate::coverage::Coverage;
use crate::event::{Cause, Custody, Event, Fault, RefundOf, StallReason};
use crate::parts::{
    Access, Claimed, Excluded, Excused, Exit, Extra, Help, Helped, Hold, IncidentState, Leg, Moved, Payment, PaymentTrack, Presence,
    Proposal, RefundState, RefundTrack, Rfq, Settled, Sighting,
};
use crate::payload::{Breach, ProofResult};
use crate::pins::{Pins, WitnessClass};
use crate::status::Status;
use crate::terms::{Request, Step, Window};
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{ApprovalId, ChargebackId, DisputeId, ItemId, JobId, LeaseId, PaymentId, QuoteId, RefundId, RobotId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};
use std::collections::BTreeSet;

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What was asked.
    pub request: Request,
    /// When.
    pub created_at: Instant,
    /// Where it stands.
    pub status: Status,
    /// Every state it was in.
    pub history: Vec<Moved>,
    /// The request for quotes.
    pub rfq: Rfq,
    /// Quotes that are neither withdrawn, expired nor dead.
    pub live: BTreeSet<QuoteId>,
    /// The pinned terms.
    pub pins: Option<Box<Pins>>,
    /// Their hash.
    pub pins_hash: Digest,
    /// When it was booked.
    pub booked_at: Option<Instant>,
    /// The payment.
    pub payment: Payment,
    /// Robots' authorities, in order.
    pub legs: Vec<Leg>,
    /// Robots not to be asked.
    pub excluded: Vec<Excluded>,
    /// A robot that was given up may believe until then that it holds the job: nobody else is asked before.
    pub quiet_until: Instant,
    /// The robot is due at the access point.
    pub arrive_by: Instant,
    /// The next robot is due after a hand-over.
    pub handover_by: Option<Instant>,
    /// Access plan.
    pub access: Access,
    /// Presence by witnesses.
    pub presence: Presence,
    /// Who has the item.
    pub custody: Custody,
    /// What its load weighed as it last changed hands, grams; 0 as long as nobody has said.
    pub mass_g: u32,
    /// The item.
    pub item: Option<ItemId>,
    /// Where it lies, or is to be put down, for another robot.
    pub transfer: Option<crate::transfer::Transfer>,
    /// Hash of the last checkpoint: what the next leg goes on from.
    pub state_hash: Digest,
    /// Last heartbeat of the bound robot.
    pub heartbeat_at: Instant,
    /// Current stall.
    pub stall_since: Option<Instant>,
    /// Why.
    pub stall_reason: Option<StallReason>,
    /// Stalls ended, total.
    pub stalled: Span,
    /// Current spell of work.
    pub working_since: Option<Instant>,
    /// Spells ended, total.
    pub worked: Span,
    /// Last checkpoint reached.
    pub checkpoint: u16,
    /// Checkpoints claimed.
    pub claimed: Vec<Claimed>,
    /// Leaving.
    pub exit: Option<Exit>,
    /// Some leg began to work.
    pub started: bool,
    /// Some robot set out.
    pub departed: bool,
    /// Who answers for the end.
    pub fault: Fault,
    /// Cancellation fee on the requester, basis points of the service amount.
    pub fee_bps: u32,
    /// Compensations promised so far, basis points of the service amount.
    pub comp_bps: u32,
    /// And what they come to.
    pub comp: Amount,
    /// A robot was ready and could not set out, for the money was not there.
    pub unpaid: bool,
    /// Who answers for its last no-show.
    pub no_show: Fault,
    /// Why it was aborted.
    pub aborted: Option<Cause>,
    /// When it was completed or aborted.
    pub ended_at: Option<Instant>,
    /// What witnesses saw, in ascending order.
    pub sightings: Vec<Sighting>,
    /// Result of the last evaluation.
    pub proof: Option<ProofResult>,
    /// Incidents.
    pub incidents: Vec<IncidentState>,
    /// Settlement waits.
    pub hold: Option<Hold>,
    /// Decided by forfeit: earned basis points.
    pub forfeited: Option<u32>,
    /// Decided by two people of the trust service in place of the proof: earned basis points.
    pub overridden: Option<u32>,
    /// Money is final.
    pub settled: Option<Settled>,
    /// Money given back, in order: what was not earned, and what disputes were decided to give back.
    pub refunds: Vec<RefundState>,
    /// Chargebacks that the bank has not decided: while there is one, nothing settles and nothing is refunded.
    pub liens: BTreeSet<ChargebackId>,
    /// Codes of the last failed dispatch.
    pub dispatch_failed: Vec<(String, u16)>,
    /// Given back by a robot at least once.
    pub redispatched: bool,
    /// Times that another robot took it over because it does it for less.
    pub swaps: u8,
    /// Remote help that is asked for or under way.
    pub help: Option<Help>,
    /// Remote help given, in order.
    pub helped: Vec<Helped>,
    /// Further payments.
    pub extras: Vec<Extra>,
    /// Times that it was moved to another window.
    pub moves: u8,
    /// An open proposal to move it.
    pub proposal: Option<Proposal>,
    /// Of the time at work and the time stood still, what is known to be excused: it moves the limits on both.
    pub excused: Excused,
    /// When it stood still by stops, its owner's or others', that are over.
    pub stopped: Vec<Window>,
    /// Missed service levels.
    pub breaches: Vec<Breach>,
    /// Credit issued for them.
    pub credited: Amount,
    /// The operator who stands by.
    pub coverage: Option<Coverage>,
    /// What the requester was asked for.
    pub approvals: Vec<Approval>,
    /// How far it is with what its team does together.
    pub lift: crate::team::Lift,
}

impl Job {
    /// What its load weighs, grams: as it was weighed last, or else as was asked for.
    pub fn load_g(&self) -> u32 {
        if self.mass_g > 0 { self.mass_g } else { self.request.need.payload_g }
    }
    /// Did it ever come past this?
    pub fn is_past(&self, m: crate::pins::Milestone) -> bool {
        use crate::pins::Milestone;
        match m {
            Milestone::Booked => self.departed,
            Milestone::EnRoute => self.legs.iter().any(|l| l.arrived_at.is_some()),
            Milestone::AccessGranted => self.started,
            Milestone::Executing => !self.claimed.is_empty(),
            Milestone::Checkpoint => self.started && self.ended_at.is_some() && self.aborted.is_none(),
        }
    }
    /// The job after its first event.
    pub fn create(id: JobId, request: Request, at: Instant) -> Self {
        let item = request.item;
        Self {
            id,
            request,
            created_at: at,
            status: Status::Created,
            history: vec![Moved { status: Status::Created, at }],
            rfq: Rfq::default(),
            live: BTreeSet::new(),
            pins: None,
            pins_hash: Digest::ZERO,
            booked_at: None,
            payment: Payment::default(),
            legs: Vec::new(),
            excluded: Vec::new(),
            quiet_until: Instant::ZERO,
            arrive_by: Instant::NEVER,
            handover_by: None,
            access: Access::default(),
            presence: Presence::default(),
            custody: Custody::default(),
            mass_g: 0,
            item,
            transfer: None,
            state_hash: Digest::ZERO,
            heartbeat_at: at,
            stall_since: None,
            stall_reason: None,
            stalled: Span::ZERO,
            working_since: None,
            worked: Span::ZERO,
            checkpoint: 0,
            claimed: Vec::new(),
            exit: None,
            started: false,
            departed: false,
            fault: Fault::default(),
            fee_bps: 0,
            comp_bps: 0,
            comp: Amount::ZERO,
            unpaid: false,
            no_show: Fault::Owner,
            aborted: None,
            ended_at: None,
            sightings: Vec::new(),
            proof: None,
            incidents: Vec::new(),
            hold: None,
            forfeited: None,
            overridden: None,
            settled: None,
            refunds: Vec::new(),
            liens: BTreeSet::new(),
            dispatch_failed: Vec::new(),
            redispatched: false,
            swaps: 0,
            help: None,
            helped: Vec::new(),
            extras: Vec::new(),
            moves: 0,
            proposal: None,
            excused: Excused::default(),
            stopped: Vec::new(),
            breaches: Vec::new(),
            credited: Amount::ZERO,
            coverage: None,
            approvals: Vec::new(),
            lift: crate::team::Lift::default(),
        }
    }

    /// `BOOKED` until work has started on some leg, `HANDOVER` afterwards.
    pub fn home(&self) -> Status {
        if self.started { Status::Handover } else { Status::Booked }
    }

    /// When the job may be matched: from its lead time on, and never while somebody may believe to hold it.
    pub fn match_from(&self) -> Option<Instant> {
        let p = self.pins.as_deref()?;
        Some(p.window.start.saturating_sub(p.timing.dispatch_lead).max(self.quiet_until))
    }

    /// The open leg.
    pub fn leg(&self) -> Option<&Leg> {
        self.legs.last().filter(|l| l.closed_at.is_none())
    }

    /// Does a robot hold it for later, and is about something else, or nothing, until then?
    pub fn is_ahead(&self) -> bool {
        self.leg().is_some_and(|l| l.due_at.is_none())
    }

    /// The next robot is due at the access point by then.
    pub fn due_by(&self) -> Instant {
        self.handover_by.unwrap_or(self.arrive_by)
    }

    /// Nobody waits for a robot at the access point before: with room to be early, or at once after a hand-over.
    pub fn arrive_from(&self) -> Instant {
        let p = self.pins.as_deref().filter(|_| !self.started);
        p.map_or(Instant::ZERO, |p| p.window.start.saturating_sub(p.timing.early))
    }

    /// The robot chosen or bound.
    pub fn robot(&self) -> Option<RobotId> {
        self.leg().map(|l| l.offer.robot)
    }

    /// The lease of the open leg.
    pub fn lease(&self) -> Option<LeaseId> {
        self.leg().map(|l| l.offer.lease)
    }

    /// When the work is to be done: as booked, or as asked for.
    pub fn window(&self) -> Window {
        self.pins.as_deref().map_or(self.request.window, |p| p.window)
    }

    /// What the payer has to give once its credit is taken off: at least the smallest unit, at most what was authorised.
    pub fn cash_due(&self) -> Amount {
        let total = self.pins.as_deref().map_or(u64::MAX, Pins::total);
        Amount::saturating(total.saturating_sub(self.payment.credit.minor()).max(1)).min(self.payment.amount)
    }

    /// Everything taken of the payer.
    pub fn captured(&self) -> Amount {
        let one = |track, amount| if track == PaymentTrack::Captured { amount } else { Amount::ZERO };
        let first = one(self.payment.track, self.payment.amount);
        self.extras.iter().fold(first, |sum, e| sum.checked_add(one(e.track, e.amount)).unwrap_or(Amount::MAX))
    }

    /// Where a refund of the job stands.
    pub fn refund(&self, refund: RefundId) -> Option<&RefundState> {
        self.refunds.iter().find(|r| r.refund == refund)
    }

    /// Is a refund on its way?
    pub fn is_refunding(&self) -> bool {
        self.refunds.iter().any(|r| r.track == RefundTrack::Pending)
    }

    /// What was given back for a dispute, or is on its way.
    pub fn given_back(&self, dispute: DisputeId) -> Amount {
        let of = |r: &&RefundState| r.track != RefundTrack::Failed && matches!(r.of, RefundOf::Award { dispute: d, .. } if d == dispute);
        self.refunds.iter().filter(of).fold(Amount::ZERO, |sum, r| sum.checked_add(r.amount).unwrap_or(Amount::MAX))
    }

    /// Where a payment of the job stands.
    pub fn track_of(&self, payment: PaymentId) -> PaymentTrack {
        let extra = || self.extras.iter().find(|e| e.payment == payment).map_or(PaymentTrack::None, |e| e.track);
        if self.payment.renewal.is_some_and(|r| r.payment == payment) {
            return PaymentTrack::Asked;
        }
        if self.payment.payment == Some(payment) { self.payment.track } else { extra() }
    }

    /// May it be moved to another window: booked, and no robot on its way?
    pub fn is_movable(&self) -> bool {
        matches!(self.status, Status::Booked | Status::Matched | Status::Reserved) && !self.started
    }

    /// Points of the work.
    pub fn steps(&self) -> &[Step] {
        &self.request.steps
    }

    /// Where the robot of the next leg has to go first: to where the load lies for it, else to its first step.
    pub fn access_place(&self) -> u32 {
        self.fetch_place().unwrap_or_else(|| self.next_place())
    }

    /// Where the next step is done: the point after the last checkpoint.
    pub fn next_place(&self) -> u32 {
        let next = usize::from(self.checkpoint).min(self.request.steps.len().saturating_sub(1));
        self.request.steps.get(next).map_or(0, |s| s.place)
    }

    /// Points (from 1) that the requester agreed to leave out, with their places.
    pub fn skipped(&self) -> impl Iterator<Item = (u16, u32)> {
        self.approvals.iter().filter(|a| a.track == ApprovalTrack::Consumed).filter_map(|a| match a.ask.wanted {
            crate::approval::Wanted::SkipZone { place } => Some((a.ask.step.saturating_add(1), place)),
            _ => None,
        })
    }

    /// Does this point (from 1) count no more? The site itself saw that it is blocked, or the requester agreed to leave it out.
    pub fn is_excused(&self, point: u16) -> bool {
        let step = usize::from(point).checked_sub(1).and_then(|i| self.steps().get(i));
        self.sightings.iter().any(|s| s.point == point && s.class == WitnessClass::BlockedZone)
            || step.is_some_and(|s| s.action.can_be_left_out() && self.skipped().any(|skipped| skipped == (point, s.place)))
    }

    /// One of its approvals.
    pub fn approval(&self, id: ApprovalId) -> Option<&Approval> {
        self.approvals.iter().find(|a| a.ask.approval == id)
    }

    /// The approval that this payment pays.
    pub fn approval_paid_by(&self, payment: PaymentId) -> Option<&Approval> {
        self.approvals.iter().find(|a| a.ask.payment == Some(payment) && a.track == ApprovalTrack::Paying)
    }

    /// Total stall up to `now`.
    pub fn stalled_until(&self, now: Instant) -> Span {
        self.stalled + self.stall_since.map_or(Span::ZERO, |s| now.since(s))
    }

    /// Total execution up to `now`.
    pub fn worked_until(&self, now: Instant) -> Span {
        self.worked + self.working_since.map_or(Span::ZERO, |s| now.since(s))
    }

    /// Share of the points not yet claimed.
    pub fn remaining_bps(&self) -> u32 {
        let n = u32::try_from(self.request.steps.len()).unwrap_or(u32::MAX).max(1);
        10_000 - (10_000 * u32::from(self.checkpoint).min(n)) / n
    }

    /// Is this robot barred from the job at `now`?
    pub fn is_excluded(&self, robot: RobotId, now: Instant) -> bool {
        self.excluded.iter().any(|e| e.robot == robot && e.until > now)
    }

    /// Where would this event lead? Nothing: the table forbids it here.
    pub fn would_be(&self, event: &Event) -> Option<Status> {
        let Some(kind) = event.kind() else { return Some(self.status) };
        let left = match event {
            Event::QuoteWithdrawn { quote, .. } | Event::QuoteExpired { quote, .. } | Event::AwardLapsed { quote, .. } => {
                self.live.iter().any(|q| q != quote)
            }
            _ => !self.live.is_empty(),
        };
        if matches!(event, Event::AccessGranted { .. }) && self.status.class() == crate::status::Class::Inside {
            return Some(self.status);
        }
        // An operator may help a robot out, and a request may end before anybody has begun.
        let aside = match event {
            Event::AssistStarted { .. } => self.status == Status::AbortingSafeExit,
            Event::AssistEnded { .. } => self.status != Status::Assisted,
            _ => false,
        };
        if aside {
            return Some(self.status);
        }
        crate::table::next(Some(self.status), kind, self.started, left)
    }
}
