//! Folding events into a job. Nothing here can fail: whether an event may happen was decided before.

use crate::approval::{ApprovalTrack, Wanted};
use crate::event::{Cause, Custody, Disposition, Event, Fault, LapseReason, ReleaseReason, Side, StallReason};
use crate::job::Job;
use crate::parts::{
    AccessTrack, AssistTrack, Claimed, Excluded, Exit, Extra, Help, Helped, Hold, IncidentState, Leg, Moved, PaymentTrack, Presence,
    Proposal, RefundState, RefundTrack, Revoking, Rfq, Settled, Sighting,
};
use crate::status::Status;
use crate::terms::Window;
use nooterra_engine::always;
use nooterra_engine::ids::{ApprovalId, DoorId, PaymentId, ZoneId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};

/// Causes after which an exit under way can no longer end in a hand-over.
fn demands_abort(event: &Event) -> bool {
    match event {
        Event::JobCancelled { .. } | Event::AccessRevoked { .. } | Event::AccessExpired { .. } | Event::MaxExecutionReached { .. } => true,
        Event::LiftOverdue { .. } | Event::TeamBroken { .. } | Event::TransferFailed { .. } => true,
        Event::IncidentOpened { severity, .. } => *severity >= 4,
        Event::ExecutionAborted { reason, .. } => matches!(reason, crate::event::AbortReason::Safety | crate::event::AbortReason::Blocked),
        _ => false,
    }
}

impl Job {
    /// Folds in one event that happened at `at`.
    pub fn evolve(&mut self, at: Instant, event: &Event) {
        let to = self.would_be(event);
        always!(to.is_some(), "I3 transition", "{} in {}: {event:?}", self.id, self.status.name());
        self.fold(at, event);
        if self.status == Status::AbortingSafeExit && demands_abort(event) {
            self.with_exit(|x| x.disposition = x.disposition.map(|_| Disposition::Abort));
        }
        if let Some(to) = to {
            self.enter(at, to);
        }
        self.leave_out_excused();
    }

    /// The steps next in turn that count no more are left out.
    fn leave_out_excused(&mut self) {
        while self.status.is_working()
            && self.steps().get(usize::from(self.checkpoint)).is_some_and(|s| s.action.can_be_left_out())
            && self.is_excused(self.checkpoint + 1)
        {
            self.checkpoint += 1;
        }
    }

    fn enter(&mut self, at: Instant, to: Status) {
        if to == self.status {
            return;
        }
        always!(!self.status.is_terminal(), "I3 terminal", "{} left {}", self.id, self.status.name());
        if to.is_working() && self.working_since.is_none() {
            self.working_since = Some(at);
        }
        if !to.is_working()
            && let Some(since) = self.working_since.take()
        {
            self.worked += at.since(since);
        }
        if to != Status::Stalled
            && let Some(since) = self.stall_since.take()
        {
            self.stalled += at.since(since);
            if self.stall_reason.take().is_some_and(StallReason::is_stop) {
                self.stopped.push(Window { start: since, end: at });
            }
        }
        if matches!(to, Status::Completed | Status::Aborted) {
            self.ended_at = Some(at);
        }
        self.status = to;
        self.history.push(Moved { status: to, at });
    }

    fn timing(&self) -> crate::pins::Timing {
        self.pins.as_ref().map(|p| p.timing.clone()).unwrap_or_default()
    }

    fn close_leg(&mut self, at: Instant, given_back: bool) {
        self.lift_leaves_with_robot();
        let exclude = self.timing().exclude;
        if let Some(l) = self.legs.last_mut().filter(|l| l.closed_at.is_none()) {
            l.closed_at = Some(at);
            // Who has no authority any more need not say that it knows.
            if let Some(r) = &mut self.access.revoking {
                r.robot = true;
            }
            let robot = l.offer.robot;
            if given_back {
                self.excluded.retain(|e| e.until > at && e.robot != robot);
                self.excluded.push(Excluded { robot, until: at.saturating_add(exclude) });
                self.redispatched = true;
            }
        }
    }

    fn see(&mut self, s: Sighting) {
        if let Err(i) = self.sightings.binary_search(&s) {
            self.sightings.insert(i, s);
        }
    }

    fn fold(&mut self, at: Instant, event: &Event) {
        match event {
            Event::JobCreated(_) | Event::JobCancelled { .. } | Event::JobAborted { .. } => {
                self.fold_end(at, event);
            }
            Event::RfqOpened { price, risk_m, candidates, .. } => {
                self.rfq = Rfq { price: *price, risk_m: *risk_m, candidates: *candidates };
            }
            Event::QuoteSubmitted(q) => {
                self.live.insert(q.quote);
            }
            Event::QuoteWithdrawn { quote, .. } | Event::QuoteExpired { quote, .. } => {
                self.live.remove(quote);
            }
            Event::QuoteAwarded { payment, amount, credit, .. } => {
                self.payment.track = PaymentTrack::Asked;
                self.payment.payment = Some(*payment);
                self.payment.amount = amount.checked_sub(*credit).unwrap_or(*amount);
                self.payment.credit = *credit;
            }
            Event::AwardLapsed { quote, reason } => {
                self.live.remove(quote);
                // A late answer to an authorisation that timed out is voided when it comes.
                self.payment = crate::parts::Payment {
                    payment: self.payment.payment.filter(|_| *reason == LapseReason::AuthTimeout),
                    ..Default::default()
                };
            }
            Event::JobWithdrawn { .. } => {
                self.live.clear();
            }
            Event::PaymentAuthorised { .. }
            | Event::PaymentDeclined { .. }
            | Event::PaymentCaptured { .. }
            | Event::PaymentCaptureFailed { .. }
            | Event::PaymentVoided { .. }
            | Event::RefundIssued { .. }
            | Event::RefundPaid { .. }
            | Event::RefundFailed { .. }
            | Event::ChargebackOpened { .. }
            | Event::ChargebackWon { .. }
            | Event::ChargebackLost { .. } => self.fold_money(at, event),
            Event::JobBooked(b) => {
                let p = &b.pins;
                self.arrive_by = p.window.start.saturating_add(p.level_values.arrival_grace).max(at);
                self.payment.capture_at = Some(p.window.start.saturating_sub(p.timing.capture_lead).max(at));
                self.booked_at = Some(at);
                self.pins_hash = b.pins_hash;
                self.pins = Some(Box::new(p.clone()));
                self.live.clear();
            }
            Event::NoShowDeclared { comp, fault, .. } => {
                self.no_show = *fault;
                let cap =
                    self.pins.as_deref().map_or(0, |p| p.cancel.owner_late_bps.min(p.cancel.owner_cap_bps.saturating_sub(self.comp_bps)));
                self.comp_bps += if *fault == Fault::Owner { cap } else { 0 };
                self.comp = self.comp.checked_add(*comp).unwrap_or(Amount::MAX);
            }
            Event::NoShowResolved { arrive_by, .. } => {
                if let Some(by) = arrive_by {
                    self.arrive_by = *by;
                }
            }
            Event::DispatchFailed { counts } => self.dispatch_failed.clone_from(counts),
            Event::IncidentOpened { incident, code, severity, .. } => {
                self.incidents.push(IncidentState {
                    incident: *incident,
                    code: *code,
                    severity: *severity,
                    count: 1,
                    last: at,
                    triaged: false,
                });
            }
            Event::IncidentRepeated { incident, severity } => {
                if let Some(i) = self.incidents.iter_mut().find(|i| i.incident == *incident) {
                    i.count += 1;
                    i.last = at;
                    i.severity = i.severity.max(*severity);
                }
            }
            Event::IncidentTriaged { incident, severity, fault, .. } => {
                if let Some(i) = self.incidents.iter_mut().find(|i| i.incident == *incident) {
                    i.triaged = true;
                    i.severity = *severity;
                    if *severity >= 4 && self.settled.is_none() && *fault != Fault::None {
                        self.fault = *fault;
                    }
                }
            }
            Event::WitnessReported { witness, class, point, robot, measure, .. } => {
                self.see(Sighting { point: *point, class: *class, witness: *witness, robot: *robot, measure: *measure });
            }
            Event::ProofEvaluated(p) => self.proof = Some(p.clone()),
            Event::SettlementHeld { hold, missing, .. } => {
                // The same hold with another list goes on where it was.
                let old = self.hold.as_ref().filter(|h| h.hold == *hold).map_or((at, 0), |h| (h.at, h.level));
                self.hold = Some(Hold { hold: *hold, at: old.0, level: old.1, missing: missing.clone() });
            }
            Event::HoldEscalated { level, .. } => {
                if let Some(h) = &mut self.hold {
                    h.level = *level;
                }
            }
            Event::SettlementReleased { .. } => self.hold = None,
            Event::SettlementForfeited { earned_bps, .. } => {
                self.forfeited = Some(*earned_bps);
                self.hold = None;
            }
            Event::ProofOverridden { earned_bps, .. } => self.overridden = Some(*earned_bps),
            Event::JobSettled(s) => self.settled = Some(Settled { at, settlement: (**s).clone() }),
            Event::RescheduleProposed(_)
            | Event::RescheduleAccepted { .. }
            | Event::RescheduleDeclined { .. }
            | Event::JobRescheduled(_) => {
                self.fold_move(at, event);
            }
            Event::SlaBreachRecorded(b) => self.breaches.push(b.clone()),
            Event::SlaCreditIssued { amount, .. } => self.credited = self.credited.checked_add(*amount).unwrap_or(Amount::MAX),
            _ => self.fold_robot(at, event),
        }
    }

    fn fold_end(&mut self, at: Instant, event: &Event) {
        match event {
            Event::JobCancelled { fault, fee_bps, comp_bps, .. } => {
                self.fault = *fault;
                self.fee_bps = *fee_bps;
                self.promise(*comp_bps);
                // An authorisation not yet captured is either captured up to the fee or voided by the caller.
                self.payment.capture_at = None;
            }
            Event::JobAborted { cause, fault, .. } => {
                self.aborted = Some(*cause);
                self.fault = *fault;
                if let (Cause::AccessFailure, Fault::Requester, Some(p)) = (cause, fault, self.pins.as_deref()) {
                    self.fee_bps = p.cancel.absent_bps;
                }
                self.handover_by = None;
                self.transfer_over();
                self.close_leg(at, false);
            }
            _ => {}
        }
    }

    /// The owner owes compensation of so many basis points.
    fn promise(&mut self, bps: u32) {
        self.comp_bps += bps;
        let more = self.pins.as_deref().and_then(|p| p.service.bps(u64::from(bps)).ok()).unwrap_or(Amount::ZERO);
        self.comp = self.comp.checked_add(more).unwrap_or(Amount::MAX);
    }

    fn fold_move(&mut self, at: Instant, event: &Event) {
        match event {
            Event::RescheduleProposed(offer) => self.proposal = Some(Proposal { offer: *offer, agreed: None }),
            Event::RescheduleAccepted { payment, extra } => {
                if let Some(p) = &mut self.proposal {
                    p.agreed = Some(*payment);
                }
                self.extras.push(Extra { payment: *payment, amount: *extra, track: PaymentTrack::Asked });
            }
            Event::RescheduleDeclined { .. } => self.proposal = None,
            Event::JobRescheduled(m) => {
                self.proposal = None;
                self.moves = self.moves.saturating_add(1);
                if m.by == Side::Owner {
                    self.comp_bps += m.fee_bps;
                    self.comp = self.comp.checked_add(m.fee).unwrap_or(Amount::MAX);
                }
                let Some(p) = self.pins.as_deref_mut() else { return };
                (p.window, p.price, p.service) = (m.window, m.price, m.service);
                self.pins_hash = p.hash();
                self.arrive_by = m.window.start.saturating_add(p.level_values.arrival_grace).max(at);
                if self.payment.track == PaymentTrack::Authorised {
                    self.payment.capture_at = Some(m.window.start.saturating_sub(p.timing.capture_lead).max(at));
                }
            }
            _ => {}
        }
    }

    /// A further payment moved; says whether the event was about one.
    fn fold_extra(&mut self, event: &Event) -> bool {
        let (payment, track) = match event {
            Event::PaymentAuthorised { payment, .. } => (*payment, PaymentTrack::Authorised),
            Event::PaymentCaptured { payment, .. } => (*payment, PaymentTrack::Captured),
            Event::PaymentVoided { payment, .. } => (*payment, PaymentTrack::Voided),
            Event::PaymentDeclined { payment, .. } => (*payment, PaymentTrack::None),
            Event::PaymentCaptureFailed { payment, .. } => (*payment, self.track_of(*payment)),
            _ => return false,
        };
        let Some(e) = self.extras.iter_mut().find(|e| e.payment == payment) else { return false };
        e.track = track;
        if let Event::PaymentCaptured { amount, .. } = event {
            e.amount = *amount;
        }
        true
    }

    fn fold_money(&mut self, at: Instant, event: &Event) {
        if self.fold_extra(event) {
            return;
        }
        match event {
            Event::PaymentAuthorised { payment, amount, expires, .. } => {
                self.payment.track = PaymentTrack::Authorised;
                self.payment.payment = Some(*payment);
                self.payment.amount = *amount;
                self.payment.authorised = Some(Window { start: at, end: *expires });
                self.payment.renewal = None;
                // One that takes another's place is captured when that one would have been.
                self.payment.capture_at = self.pins.as_deref().map(|p| p.window.start.saturating_sub(p.timing.capture_lead).max(at));
            }
            Event::PaymentCaptured { amount, .. } => {
                self.payment.track = PaymentTrack::Captured;
                self.payment.amount = *amount;
                self.payment.capture_at = None;
                self.payment.capturing = false;
            }
            Event::PaymentCaptureFailed { attempt, .. } => {
                self.payment.failed = *attempt;
                self.payment.capturing = false;
                self.payment.capture_at = Some(at.saturating_add(self.timing().capture_retry));
            }
            Event::PaymentVoided { .. } => {
                self.payment.track = PaymentTrack::Voided;
                self.payment.capture_at = None;
            }
            Event::RefundIssued { refund, amount, of, .. } => {
                self.refunds.push(RefundState { refund: *refund, amount: *amount, track: RefundTrack::Pending, of: *of });
            }
            Event::RefundPaid { refund, .. } | Event::RefundFailed { refund, .. } => {
                if let Some(r) = self.refunds.iter_mut().find(|r| r.refund == *refund) {
                    r.track = if matches!(event, Event::RefundPaid { .. }) { RefundTrack::Paid } else { RefundTrack::Failed };
                }
            }
            Event::ChargebackOpened { chargeback, .. } => {
                self.liens.insert(*chargeback);
            }
            Event::ChargebackWon { chargeback, .. } | Event::ChargebackLost { chargeback, .. } => {
                self.liens.remove(chargeback);
            }
            _ => {}
        }
    }

    fn fold_robot(&mut self, at: Instant, event: &Event) {
        match event {
            Event::RobotMatched(m) => {
                self.legs.push(Leg {
                    offer: *m,
                    offered_at: at,
                    accepted_at: None,
                    due_at: (m.interval.start <= at).then_some(at),
                    departed_at: None,
                    arrived_at: None,
                    started_at: None,
                    from_checkpoint: self.checkpoint + 1,
                    closed_at: None,
                });
                self.dispatch_failed.clear();
                self.exit = None;
            }
            Event::LeaseAccepted { .. } => {
                self.heartbeat_at = at;
                self.with_leg(|l| l.accepted_at = Some(at));
            }
            Event::LeaseDue { fence, .. } => self.with_leg(|l| {
                l.due_at = Some(at);
                l.offer.fence = *fence;
            }),
            Event::LeaseRefused { .. } | Event::LeaseLapsed { .. } => self.close_leg(at, true),
            Event::LeaseReleased { reason, .. } => {
                self.swaps += u8::from(*reason == ReleaseReason::Swapped);
                let late = matches!(reason, ReleaseReason::NoDeparture | ReleaseReason::NoShow);
                let waited = late && self.status == Status::Reserved && !self.is_ahead();
                self.unpaid = waited && self.payment.track == PaymentTrack::Authorised;
                self.close_leg(at, !matches!(reason, ReleaseReason::Rescheduled | ReleaseReason::Uncovered | ReleaseReason::Stopped))
            }
            Event::LeaseEnded { .. } => self.close_leg(at, self.status == Status::AbortingSafeExit),
            Event::Departed { .. } => {
                self.heartbeat_at = at;
                self.departed = true;
                self.with_leg(|l| l.departed_at = Some(at));
            }
            Event::RobotArrived { .. } => {
                self.heartbeat_at = at;
                self.with_leg(|l| l.arrived_at = Some(at));
            }
            Event::ExecutionStarted { from_checkpoint, .. } => {
                self.started = true;
                self.heartbeat_at = at;
                let from = *from_checkpoint;
                self.with_leg(|l| {
                    l.started_at = Some(at);
                    l.from_checkpoint = from;
                });
            }
            Event::CheckpointReached { index, state_hash, .. } => {
                self.checkpoint = *index;
                self.state_hash = *state_hash;
                self.heartbeat_at = at;
                let leg = self.legs.last().map_or(0, |l| l.offer.leg);
                self.claimed.push(Claimed { index: *index, leg, at });
            }
            Event::CustodyChanged { item, to, mass_g } => {
                self.item = Some(*item);
                self.mass_g = *mass_g;
                self.custody_is(*to);
            }
            Event::ExecutionStalled { reason } => {
                self.stall_since = Some(at);
                self.stall_reason = Some(*reason);
            }
            Event::ExecutionResumed { .. } => self.heartbeat_at = at,
            Event::ExecutionCompleted { .. } => {
                let exit_by = at.saturating_add(self.pins.as_ref().map_or(Span::ZERO, |p| p.tier_values.exit_by));
                self.exit = Some(Exit { disposition: None, cause: None, fault: self.fault, exit_by, level: 0, done: false });
            }
            Event::SafeExitOrdered { cause, disposition, exit_by, fault, transfer } => {
                self.transfer_ordered(*transfer);
                self.exit = Some(Exit {
                    disposition: Some(*disposition),
                    cause: Some(*cause),
                    fault: *fault,
                    exit_by: *exit_by,
                    level: 0,
                    done: false,
                });
            }
            Event::SafeExitConfirmed { .. } => {
                self.presence = Presence::Out;
                self.with_exit(|x| x.done = true);
            }
            Event::SafeExitEscalated { level } => {
                let level = *level;
                self.with_exit(|x| x.level = level);
            }
            Event::SafeExitForced { motion_inhibited } => {
                self.presence = Presence::Stranded;
                if self.custody == Custody::Held {
                    self.custody_is(Custody::Lost);
                }
                let inhibited = *motion_inhibited;
                self.with_exit(|x| {
                    x.level = 3;
                    x.done = true;
                    if !inhibited && x.disposition.is_some() {
                        x.disposition = Some(Disposition::Abort);
                    }
                });
            }
            Event::HandoverOpened { .. } => {
                let by = at.saturating_add(self.timing().handover_by);
                self.handover_by = Some(by);
                self.arrive_by = self.arrive_by.max(by);
                // The stranded predecessor is the site's matter; the next leg starts outside.
                self.presence = Presence::Out;
                self.access.track = if self.access.plan.is_some() { AccessTrack::Planned } else { AccessTrack::None };
            }
            _ => self.fold_access(at, event),
        }
    }

    fn fold_access(&mut self, at: Instant, event: &Event) {
        match event {
            Event::AccessPlanIssued(plan) => {
                self.access.plan = Some(plan.clone());
                self.access.track = AccessTrack::Planned;
                self.access.warned = false;
                self.access.gone_at = None;
                self.access.revoking = None;
                self.access.extended = Span::ZERO;
            }
            Event::AccessGranted { .. } => {
                self.access.track = AccessTrack::Granted;
                self.handover_by = None;
            }
            Event::AccessDenied { .. } => self.access.denials = self.access.denials.saturating_add(1),
            Event::AccessRevoked { fault, .. } => {
                self.access.track = AccessTrack::Revoked;
                self.access.taken_by = *fault;
                self.access.gone_at = Some(at);
                self.access.revoking = Some(Revoking { at, doors: false, robot: self.leg().is_none(), escalated: false });
            }
            Event::AccessRevokeAcked { by_robot, .. } => {
                if let Some(r) = &mut self.access.revoking {
                    r.robot |= *by_robot;
                    r.doors |= !*by_robot;
                }
            }
            Event::AccessEnding { .. } => self.access.warned = true,
            Event::AccessExpired { .. } => {
                self.access.track = AccessTrack::Expired;
                self.access.gone_at = Some(at);
            }
            Event::AccessClosed { .. } => self.access.track = AccessTrack::Closed,
            Event::Entered { .. } => self.presence = Presence::In,
            Event::Exited { .. } if self.presence == Presence::In => self.presence = Presence::Out,
            _ => self.fold_help(at, event),
        }
    }

    fn fold_help(&mut self, at: Instant, event: &Event) {
        match event {
            Event::AssistQueued { assist, priority, .. } => {
                let track = self.help.filter(|h| h.assist == *assist).map_or(AssistTrack::Queued, |h| h.track);
                let old = self.help.filter(|h| h.assist == *assist);
                self.help = Some(Help {
                    assist: *assist,
                    priority: *priority,
                    track,
                    operator: old.and_then(|h| h.operator),
                    party: old.and_then(|h| h.party),
                    since: old.and_then(|h| h.since),
                });
            }
            Event::AssistOffered { operator, .. } => self.with_help(AssistTrack::Offered, |h| h.operator = Some(*operator)),
            Event::AssistOfferLapsed { .. } | Event::AssistDeclined { .. } => self.with_help(AssistTrack::Queued, |h| h.operator = None),
            Event::AssistAccepted { .. } => self.with_help(AssistTrack::Accepted, |_| {}),
            Event::AssistStarted { party, .. } => {
                self.heartbeat_at = self.heartbeat_at.max(at);
                self.with_help(AssistTrack::Active, |h| {
                    h.party = Some(*party);
                    h.since = Some(at);
                });
            }
            Event::AssistEnded { assist, outcome, billed } => {
                if let Some(Help { priority, party: Some(party), since: Some(_), .. }) = self.help.take() {
                    self.helped.push(Helped { assist: *assist, priority, party, billed: *billed, outcome: *outcome });
                }
            }
            Event::AssistExhausted { .. } => self.help = None,
            Event::CoverageReserved { operator, shift, interval } => {
                self.coverage = Some(crate::coverage::Coverage { operator: *operator, shift: *shift, interval: *interval });
            }
            Event::CoverageReleased { .. } => self.coverage = None,
            _ => self.fold_approval(at, event),
        }
    }

    fn fold_approval(&mut self, at: Instant, event: &Event) {
        match event {
            Event::ApprovalAsked(ask) => {
                self.extras.extend(ask.payment.map(|payment| Extra { payment, amount: ask.cost, track: PaymentTrack::None }));
                self.approvals.push(crate::approval::Approval { ask: (**ask).clone(), track: ApprovalTrack::Asked });
            }
            Event::ApprovalGranted { approval, .. } => self.approval_is(*approval, ApprovalTrack::Granted),
            Event::ApprovalDenied { approval, .. } => self.without(*approval, ApprovalTrack::Denied),
            Event::ApprovalRevoked { approval, .. } => self.without(*approval, ApprovalTrack::Revoked),
            Event::ApprovalExpired { approval } => self.without(*approval, ApprovalTrack::Expired),
            Event::ApprovalConsumed { approval } => {
                self.approval_is(*approval, ApprovalTrack::Consumed);
                let wanted = self.approval(*approval).map(|a| a.ask.wanted.clone());
                let plan = self.access.plan.as_mut();
                match (wanted, plan) {
                    (Some(Wanted::ContinueLate { valid_to }), Some(plan)) => {
                        self.access.extended += valid_to.since(plan.valid_to);
                        plan.valid_to = plan.valid_to.max(valid_to);
                        self.access.warned = false;
                    }
                    (Some(Wanted::ExtraArea { places, areas, doors }), Some(plan)) => {
                        let more: Vec<u32> = places.into_iter().filter(|p| !plan.places.contains(p)).collect();
                        plan.places.extend(more);
                        let more: Vec<ZoneId> = areas.into_iter().filter(|a| !plan.areas.contains(a)).collect();
                        plan.areas.extend(more);
                        let more: Vec<DoorId> = doors.into_iter().filter(|d| !plan.doors.contains(d)).collect();
                        plan.doors.extend(more);
                    }
                    (Some(Wanted::ExtraCost { amount }), _) => {
                        if let Some(p) = self.pins.as_deref_mut() {
                            p.service = p.service.checked_add(amount).unwrap_or(p.service);
                            self.pins_hash = p.hash();
                        }
                    }
                    _ => {}
                }
            }
            _ => {
                self.fold_lift(at, event);
                self.fold_transfer(event);
            }
        }
    }

    fn approval_is(&mut self, id: ApprovalId, track: ApprovalTrack) {
        if let Some(a) = self.approvals.iter_mut().find(|a| a.ask.approval == id) {
            a.track = track;
        }
    }

    /// It is not, or no longer, approved: the step that needed it may be left out.
    fn without(&mut self, id: ApprovalId, track: ApprovalTrack) {
        self.approval_is(id, track);
        let left_out = |a: &crate::approval::Approval| a.ask.leaves_out() && a.ask.step == self.checkpoint;
        let skips = self.approval(id).is_some_and(left_out);
        if skips && self.status.is_at_work() && usize::from(self.checkpoint) < self.request.steps.len() {
            self.checkpoint += 1;
        }
    }

    /// The requester agrees to pay; the payment is asked for.
    pub fn approval_paying(&mut self, id: ApprovalId, payment: PaymentId) {
        self.approval_is(id, ApprovalTrack::Paying);
        if let Some(e) = self.extras.iter_mut().find(|e| e.payment == payment) {
            e.track = PaymentTrack::Asked;
        }
    }

    /// Doors or robot did not say in time that they know.
    pub fn revoke_escalated(&mut self) {
        if let Some(r) = &mut self.access.revoking {
            r.escalated = true;
        }
    }

    fn with_help(&mut self, track: AssistTrack, f: impl FnOnce(&mut Help)) {
        if let Some(h) = &mut self.help {
            h.track = track;
            f(h);
        }
    }

    fn with_leg(&mut self, f: impl FnOnce(&mut Leg)) {
        if let Some(l) = self.legs.last_mut().filter(|l| l.closed_at.is_none()) {
            f(l);
        }
    }

    fn with_exit(&mut self, f: impl FnOnce(&mut Exit)) {
        if let Some(x) = &mut self.exit {
            f(x);
        }
    }

    /// A heartbeat of the bound robot, recorded on the robot's own stream, renews the lease and the stall clock.
    pub fn heartbeat(&mut self, at: Instant) {
        self.heartbeat_at = at;
    }

    /// A capture was asked of the provider; unanswered it is asked again at `next`.
    pub fn capture_asked(&mut self, next: Instant) {
        self.payment.capture_at = Some(next);
        self.payment.capturing = true;
    }
}
