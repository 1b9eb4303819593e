//! Bookings that move to another window: proposal, answer, money, done.
//!
//! The market prices a proposal once and says what follows; here are the parties' words, the further payment that a
//! dearer window or a fee needs, and the batch that moves the job. Until all of that has happened the booking stands as
//! it was, and whoever is on the way by then has made the proposal void.

use crate::cancel;
use crate::input::PaymentReport;
use crate::negotiation::refusal;
use crate::state::State;
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::{PaymentAsk, Terms, Wish};
use nooterra_engine::ids::{JobId, PaymentId};
use nooterra_engine::money::{Amount, mul_div_up};
use nooterra_engine::sometimes;
use nooterra_jobs::event::{Event, MoveDecline, RefundOf, Side};
use nooterra_jobs::parts::PaymentTrack;
use nooterra_jobs::payload::{Move, Rescheduled};
use nooterra_jobs::pins::{MoveTerms, Pins};
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::{Price, Request, Window};
use nooterra_jobs::{Job, batch};
use nooterra_ledger::Account;
use nooterra_market::negotiation as market;
use nooterra_market::reschedule::{Booking, DeclineReason, Interval, Proposal, RescheduleCommand, RescheduleFact, RescheduleTerms};
use nooterra_market::zone::table_hash;
use nooterra_settlement::{Cause, Refusal, Step, change};
use nooterra_trust::{Code, Rejection};

fn side(s: Side) -> market::Side {
    match s {
        Side::Requester => market::Side::Requester,
        Side::Owner => market::Side::Owner,
    }
}

fn interval(w: Window) -> Interval {
    Interval { start: w.start, end: w.end }
}

/// The pinned terms of moves as the market reads them.
pub(crate) const fn terms(m: &MoveTerms) -> RescheduleTerms {
    RescheduleTerms { auto: m.auto, auto_bps: m.auto_bps, limit: m.limit, answer: m.answer }
}

/// A booking as the market sees it.
fn booking(j: &Job, p: &Pins) -> Booking {
    let open = j.proposal.map(|m| Proposal {
        by: side(m.offer.by),
        window: interval(m.offer.window),
        reference: m.offer.price.total(),
        service: m.offer.service.minor(),
        fee: m.offer.fee.minor(),
        respond_by: m.offer.respond_by,
        agreed: m.agreed.is_some(),
    });
    Booking {
        window: interval(p.window),
        service: p.service.minor(),
        reference: p.price.total(),
        moved: j.moves,
        open,
        terms: terms(&p.moves),
        cancel: cancel::terms(&p.cancel),
    }
}

/// The money of `JOB_RESCHEDULED`: M4 for the requester's fee and for what a cheaper window gives back. An owner's fee is
/// a compensation (M9): it is owed to the requester, and nothing of the job's money pays it.
pub(crate) fn step(s: &State, job: &Job, m: &Rescheduled, cause: Cause) -> Result<Step, Refusal> {
    let Some(p) = job.pins.as_deref() else { return Ok(Step::default()) };
    let split = nooterra_settlement::settle::Split { reserve: p.weights.reserve, platform: p.weights.platform, owner: p.weights.owner };
    let escrow = crate::money::posted(s, Account::Escrow { job: job.id }, cause.currency);
    let (fee, owed) = match m.by {
        Side::Requester => (m.fee.minor(), 0),
        Side::Owner => (0, m.fee.minor()),
    };
    let moved = change::Move { fee, decrease: m.returned.minor(), split, owner: p.owner, escrow };
    let mut step = change::moved(s.money.job(job.id)?, cause, moved)?;
    let more = crate::money::compensated(s, job.id, cause, p.owner, owed)?;
    step.facts.extend(more.facts);
    step.commands.extend(more.commands);
    Ok(step)
}

impl Unit<'_> {
    /// A side proposes another window.
    pub fn propose_move(&mut self, by: Side, job: JobId, window: Window) -> Outcome {
        let j = self.job(job)?;
        need(!j.status.is_terminal(), Code::JobTerminal)?;
        // The members of a team have one window.
        need(j.request.team.is_none(), Code::TrackForbids)?;
        let Some(p) = j.pins.as_deref() else { return no(Code::StateForbids) };
        if window.start >= window.end {
            return no(Code::WindowInvalid);
        }
        // Hours were agreed by one table of time zones: read by another they may be others, and that is a new agreement.
        if p.tz_hash != table_hash() {
            return Err(Rejection::new(Code::TermsChanged).field("tz_hash").expected(p.tz_hash).actual(table_hash()));
        }
        let request = Request { window, ..j.request.clone() };
        let (_, candidates, trust) = self.pool(&request);
        let score = self.risk(&request, candidates, trust);
        let price = self.price(&request, &score, candidates)?;
        let propose = RescheduleCommand::Propose {
            by: side(by),
            window: interval(window),
            reference: price.total(),
            candidates: self.ready_of(p.owner, &request),
            movable: j.is_movable(),
            moment: cancel::moment(j, self.now()),
        };
        let facts = booking(j, p).decide(self.now(), &propose).map_err(refusal)?;
        need(j.liens.is_empty(), Code::LienOpen)?;
        self.write_moves(job, by, price, facts);
        Ok(())
    }

    /// The other side answers a proposal, or its own side takes it back.
    pub fn answer_move(&mut self, by: Side, job: JobId, agree: bool) -> Outcome {
        let j = self.job(job)?;
        need(!j.status.is_terminal(), Code::JobTerminal)?;
        let (Some(p), Some(m)) = (j.pins.as_deref(), j.proposal) else { return no(Code::TrackForbids) };
        self.head_named(job)?;
        need(!agree || j.is_movable(), Code::StateForbids)?;
        let c = if agree { RescheduleCommand::Accept { by: side(by) } } else { RescheduleCommand::Decline };
        let facts = booking(j, p).decide(self.now(), &c).map_err(refusal)?;
        self.write_moves(job, m.offer.by, m.offer.price, facts);
        Ok(())
    }

    /// `RESCHEDULE_BY`: nobody answered, or the money did not come.
    pub fn move_unanswered(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some(p) = j.pins.as_deref() else { return };
        if let Some(RescheduleFact::Declined(_)) = booking(j, p).fire(self.now()) {
            self.decline_move(job, MoveDecline::Timeout);
        }
    }

    fn write_moves(&mut self, job: JobId, by: Side, price: Price, facts: Vec<RescheduleFact>) {
        let at_once = facts.len() > 1;
        for fact in facts {
            match fact {
                RescheduleFact::Proposed(p) => self.proposed(job, by, price, &p, at_once),
                RescheduleFact::Agreed => self.ask_extra(job),
                RescheduleFact::Declined(reason) => {
                    let reason = match reason {
                        DeclineReason::Declined => MoveDecline::Declined,
                        DeclineReason::Timeout => MoveDecline::Timeout,
                    };
                    self.decline_move(job, reason);
                }
                RescheduleFact::Rescheduled { to, returned, .. } => self.move_job(job, by, price, &to, returned),
            }
        }
    }

    fn proposed(&mut self, job: JobId, by: Side, price: Price, p: &Proposal, at_once: bool) {
        let Ok(j) = self.job(job) else { return };
        let Some(pins) = j.pins.as_deref() else { return };
        let signed = |v: u64| i64::try_from(v).unwrap_or(i64::MAX);
        let offer = Move {
            by,
            window: Window { start: p.window.start, end: p.window.end },
            price,
            service: Amount::saturating(p.service),
            delta: signed(p.service).saturating_sub(signed(pins.service.minor())),
            fee: Amount::saturating(p.fee),
            respond_by: p.respond_by,
        };
        let to = if by == Side::Requester { pins.owner } else { j.request.requester };
        self.emit(job, Event::RescheduleProposed(offer));
        if !at_once {
            self.show(to, job, Terms::Move(offer));
        }
    }

    /// Both sides agree; what it costs the requester more is authorised first.
    fn ask_extra(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let (Some(p), payer, currency) = (j.pins.as_deref(), j.request.requester, j.request.currency) else { return };
        let b = booking(j, p);
        let extra = Amount::saturating(b.open.map_or(0, |o| o.extra(b.service)));
        let payment: PaymentId = self.new_id();
        self.emit(job, Event::RescheduleAccepted { payment, extra });
        self.s.payments.insert(payment, job);
        self.ask_payments(PaymentAsk::Authorise { payment, job, payer, amount: extra, currency });
    }

    fn decline_move(&mut self, job: JobId, reason: MoveDecline) {
        let Ok(j) = self.job(job) else { return };
        let paid = j.proposal.and_then(|m| m.agreed).filter(|p| matches!(j.track_of(*p), PaymentTrack::Asked | PaymentTrack::Authorised));
        self.emit(job, Event::RescheduleDeclined { reason });
        if let Some(payment) = paid {
            self.ask_payments(PaymentAsk::Void { payment });
        }
    }

    fn move_job(&mut self, job: JobId, by: Side, price: Price, to: &Proposal, returned: u64) {
        let Ok(j) = self.job(job) else { return };
        let Some(p) = j.pins.as_deref() else { return };
        let (robot, leased, requester, owner) = (j.robot(), j.leg().is_some(), j.request.requester, p.owner);
        let taken = j.payment.track == PaymentTrack::Captured;
        // Rounded up: what is shown of it counts towards a cap.
        let fee_bps = mul_div_up(to.fee, 10_000, p.service.minor().max(1)).unwrap_or(0);
        let moved = Rescheduled {
            old: p.window,
            window: Window { start: to.window.start, end: to.window.end },
            price,
            service: Amount::saturating(to.service),
            by,
            fee: Amount::saturating(to.fee),
            fee_bps: u32::try_from(fee_bps).unwrap_or(10_000),
            returned: if taken { Amount::saturating(returned) } else { Amount::ZERO },
        };
        let (payment, currency) = (j.payment.payment, j.request.currency);
        if self.payable(job, &Event::JobRescheduled(moved)).is_err() || moved.returned > j.captured() {
            // A bank has taken of the job's money meanwhile what the move would need, or credit has paid what it would return.
            return self.decline_move(job, MoveDecline::Payment);
        }
        let Ok(j) = self.job(job) else { return };
        let events = batch::reschedule(j, moved);
        self.emit_all(job, events);
        sometimes!(leased, "booking moved after a lease");
        self.after_release(job, robot, "RESCHEDULED");
        if moved.returned > Amount::ZERO {
            let refund = self.new_id();
            self.emit(
                job,
                Event::RefundIssued {
                    refund,
                    amount: moved.returned,
                    of: RefundOf::Settlement {},
                    decision_hash: self.cx.cause,
                    origin_period: None,
                },
            );
            self.ask_payments(PaymentAsk::Refund { refund, payment, payee: requester, amount: moved.returned, currency });
        }
        self.ask_access(job);
        for party in [requester, owner] {
            self.wish(Wish::Notify { party, job, status: Status::Booked });
        }
    }

    /// At the end of a unit: who has set out, or whose job is over, moves no more, and its further payments are released.
    pub(crate) fn close_moves(&mut self) {
        for job in self.jobs_touched.clone() {
            let Ok(j) = self.job(job) else { continue };
            if j.proposal.is_some() && !j.is_movable() {
                self.decline_move(job, MoveDecline::TooLate);
            }
            let Ok(j) = self.job(job) else { continue };
            let left = |t| matches!(t, PaymentTrack::Asked | PaymentTrack::Authorised);
            let over = j.status.class() == Class::Ended;
            let open: Vec<PaymentId> = j.extras.iter().filter(|e| over && left(e.track)).map(|e| e.payment).collect();
            for payment in open {
                if !self.s.asks.contains_key(&crate::state::AskKey::Void(payment)) {
                    self.ask_payments(PaymentAsk::Void { payment });
                }
            }
        }
    }

    /// The time of the capture has come for further payments too: as much as the price needs.
    pub fn capture_extras(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let mut rest =
            j.pins.as_ref().map_or(0, |p| p.total()).saturating_sub(j.payment.amount.minor()).saturating_sub(j.payment.credit.minor());
        let mut asks = Vec::new();
        for e in j.extras.iter().filter(|e| e.track == PaymentTrack::Authorised) {
            let take = e.amount.minor().min(rest);
            rest -= take;
            let payment = e.payment;
            asks.push(if take > 0 {
                PaymentAsk::Capture { payment, amount: Amount::saturating(take) }
            } else {
                PaymentAsk::Void { payment }
            });
        }
        for ask in asks {
            self.ask_payments(ask);
        }
    }

    /// The job of a further payment that this report is about.
    pub fn job_of_extra(&self, r: &PaymentReport) -> Option<JobId> {
        let payment = match r {
            PaymentReport::Authorised { payment, .. }
            | PaymentReport::Declined { payment, .. }
            | PaymentReport::Captured { payment, .. }
            | PaymentReport::CaptureFailed { payment, .. }
            | PaymentReport::Voided { payment } => *payment,
            _ => return None,
        };
        let job = self.s.payments.get(&payment).copied()?;
        self.s.jobs.get(&job)?.extras.iter().any(|e| e.payment == payment).then_some(job)
    }

    /// What the payment adapter reports of a further payment.
    pub fn extra_payment(&mut self, job: JobId, r: PaymentReport) -> Outcome {
        let j = self.job(job)?;
        let currency_of_job = j.request.currency;
        let open = |p: PaymentId| j.proposal.filter(|m| m.agreed == Some(p));
        match r {
            PaymentReport::Authorised { payment, amount: given, currency, expires, provider_ref } => {
                need(j.track_of(payment) == PaymentTrack::Asked, Code::TrackForbids)?;
                need(currency == currency_of_job, Code::CurrencyMismatch)?;
                let asked = j.extras.iter().find(|e| e.payment == payment).map_or(Amount::ZERO, |e| e.amount);
                if given != asked {
                    return Err(Rejection::new(Code::AuthMismatch).field("amount").expected(asked).actual(given));
                }
                let (waits, awaited) = (open(payment), self.cost_awaited(job, payment));
                // A fee leaves the job's money as soon as the booking moves: it must be there by then.
                let due = j.payment.track == PaymentTrack::Captured || waits.is_some_and(|m| m.offer.fee > Amount::ZERO);
                self.result_once(&provider_ref)?;
                self.emit(job, Event::PaymentAuthorised { payment, amount: given, expires, provider_ref });
                match waits {
                    None if awaited => self.ask_payments(PaymentAsk::Capture { payment, amount: given }),
                    None => self.ask_payments(PaymentAsk::Void { payment }),
                    Some(_) if due => self.ask_payments(PaymentAsk::Capture { payment, amount: given }),
                    Some(_) => self.paid_move(job, given),
                }
                Ok(())
            }
            PaymentReport::Declined { payment, code } => {
                need(j.track_of(payment) == PaymentTrack::Asked, Code::TrackForbids)?;
                let waits = open(payment).is_some();
                self.emit(job, Event::PaymentDeclined { payment, code });
                if waits {
                    self.decline_move(job, MoveDecline::Payment);
                }
                self.cost_refused(job, payment);
                Ok(())
            }
            PaymentReport::Captured { payment, amount: given } => {
                need(j.track_of(payment) == PaymentTrack::Authorised, Code::TrackForbids)?;
                let most = j.extras.iter().find(|e| e.payment == payment).map_or(Amount::ZERO, |e| e.amount);
                if given > most {
                    return Err(Rejection::new(Code::AuthMismatch).field("amount").expected(most).actual(given));
                }
                let waits = open(payment).is_some() && j.is_movable();
                self.emit(job, Event::PaymentCaptured { payment, amount: given });
                if waits {
                    self.paid_move(job, given);
                }
                self.cost_paid(job, payment);
                Ok(())
            }
            PaymentReport::CaptureFailed { payment, .. } => {
                need(j.track_of(payment) == PaymentTrack::Authorised, Code::TrackForbids)?;
                let waits = open(payment).is_some();
                self.emit(job, Event::PaymentCaptureFailed { payment, attempt: 1 });
                if waits {
                    self.decline_move(job, MoveDecline::Payment);
                } else if self.cost_awaited(job, payment) {
                    self.cost_refused(job, payment);
                } else {
                    self.ask_payments(PaymentAsk::Void { payment });
                }
                Ok(())
            }
            PaymentReport::Voided { payment } => {
                need(!matches!(j.track_of(payment), PaymentTrack::Captured), Code::TrackForbids)?;
                need(matches!(j.track_of(payment), PaymentTrack::Asked | PaymentTrack::Authorised), Code::AlreadyDone)?;
                self.emit(job, Event::PaymentVoided { payment, reason: "RELEASED".to_owned() });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The money for a move is there.
    fn paid_move(&mut self, job: JobId, given: Amount) {
        let Ok(j) = self.job(job) else { return };
        let (Some(p), Some(m)) = (j.pins.as_deref(), j.proposal) else { return };
        if let Ok(facts) = booking(j, p).decide(self.now(), &RescheduleCommand::Authorised { amount: given.minor() }) {
            self.write_moves(job, m.offer.by, m.offer.price, facts);
        }
    }
}
