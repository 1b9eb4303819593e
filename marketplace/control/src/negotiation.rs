//! Requests for quotes: the market's negotiation decides, its facts become events of the job's stream.
//!
//! A negotiation lives from the opening of a request until it is booked or withdrawn. Who may speak, in what order, for
//! how long and who wins is the market's alone; here are the parties' words, the views of owners that it asks for, the
//! payment that an award needs, and the letters that show each side the terms that wait for its word.

use crate::input::CounterOffer;
use crate::unit::{Outcome, Unit, need};
use crate::wish::{PaymentAsk, Terms};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{JobId, PartyId, QuoteId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::sometimes;
use nooterra_engine::time::Instant;
use nooterra_jobs::event::{AwardReason, Event, LapseReason, Side, WithdrawReason};
use nooterra_jobs::payload::Counter;
use nooterra_jobs::pins::LicencePin;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{Mode, Quote, QuotedSkill, Request};
use nooterra_jobs::{Deadline, Job};
use nooterra_ledger::Account;
use nooterra_market::negotiation::{
    self as market, AwardMode, EndReason, LapseCause, Negotiation, NegotiationRules, OwnerView, Revision, RfqCommand, RfqFact, RfqTimer,
    Speaker, View,
};
use nooterra_trust::reputation::Subject;
use nooterra_trust::{Code, Rejection};
use std::collections::BTreeMap;

/// A refusal of the market by its name on the wire.
pub(crate) fn refusal(code: nooterra_market::Code) -> Rejection {
    Rejection::new(Code::from_text(&code.to_string()).unwrap_or(Code::StateForbids))
}

/// The timers of a request, by the codes of the job's stream; of several quotes the first to run out.
pub(crate) fn wanted(n: &Negotiation) -> Vec<(u8, Instant)> {
    let mut out: Vec<(u8, Instant)> = Vec::new();
    for armed in n.deadlines() {
        let code = match armed.timer {
            RfqTimer::RfqClose => Deadline::RfqClose,
            RfqTimer::QuoteExpiry(_) => Deadline::QuoteExpiry,
            RfqTimer::AwardDecide => Deadline::AwardDecide,
            RfqTimer::AuthBy => Deadline::AuthBy,
        } as u8;
        if !out.iter().any(|(c, _)| *c == code) {
            out.push((code, armed.due));
        }
    }
    out
}

/// The terms of a revision as the job's stream writes them; both rooms hash the same bytes.
fn quote_of(r: &Revision) -> Quote {
    let t = &r.terms;
    Quote {
        quote: t.quote,
        owner: t.owner,
        rev: t.rev,
        service: t.service,
        arrive: t.arrive,
        robot_class: t.robot_class.clone(),
        skills: t.skills.iter().map(|s| QuotedSkill { skill: s.skill, bundle: s.bundle, cap: s.cap }).collect(),
        expires: t.expires,
    }
}

impl Unit<'_> {
    /// What the market fixes when a request is opened, or why it cannot be.
    pub fn negotiation_of(
        &self,
        r: &Request,
        invited: Vec<PartyId>,
        cover_fee: Amount,
        reference: u64,
        licences: &[LicencePin],
    ) -> Result<Negotiation, Rejection> {
        let policy = &self.s.genesis.policy;
        let rfq = market::Rfq {
            opened: self.now(),
            closes: r.rfq_closes,
            start: r.window.start,
            end: r.window.end,
            mode: match r.mode {
                Mode::Auto => AwardMode::Auto,
                Mode::Instant => AwardMode::Instant,
                Mode::Manual => AwardMode::Manual,
            },
            invited,
            budget: r.budget,
            cover_fee,
            currency: r.currency,
            reference,
            licence_caps: licences.iter().map(|l| l.cap.minor()).sum(),
            skills: licences.iter().map(|l| market::QuotedSkill { skill: l.skill, bundle: l.bundle, cap: l.cap }).collect(),
            rules: NegotiationRules {
                max_rounds: policy.max_rounds,
                round_for: policy.round_for,
                decide_for: policy.award_decide,
                auth_for: policy.auth_by,
                close_soon: policy.rfq_close_soon,
                close: policy.rfq_close,
                soon: policy.rfq_soon,
                prices: policy.prices.clone(),
            },
        };
        Negotiation::open(rfq).map_err(|c| refusal(c).field("window"))
    }

    /// The negotiation of a request that is neither booked nor over.
    pub fn negotiation(&self, job: JobId) -> Result<&Negotiation, Rejection> {
        let j = self.job(job)?;
        let over = if j.status.is_terminal() { Code::JobTerminal } else { Code::StateForbids };
        self.s.negotiations.get(&job).ok_or_else(|| Rejection::new(over).field("state").actual(j.status.name()))
    }

    /// What the market has to know of owners: trust, and whether a robot of theirs could still do it.
    fn owners(&self, job: JobId, n: &Negotiation) -> BTreeMap<PartyId, OwnerView> {
        let Ok(j) = self.job(job) else { return BTreeMap::new() };
        let view = |p: &PartyId| OwnerView { trust_bps: self.s.scores.bps(Subject::Owner(*p)), ready: self.is_any_ready(*p, j) };
        n.rfq.invited.iter().map(|p| (*p, view(p))).collect()
    }

    pub fn decided(&self, job: JobId, c: &RfqCommand) -> Result<Vec<RfqFact>, Rejection> {
        let n = self.negotiation(job)?;
        let owners = self.owners(job, n);
        n.decide(&View { now: self.now(), log_seq: self.cx.log_seq, owners: &owners }, c).map_err(refusal)
    }

    /// Decides a command of a negotiation and writes down what comes of it.
    pub fn negotiate(&mut self, job: JobId, c: &RfqCommand) -> Outcome {
        let facts = self.decided(job, c)?;
        self.write(job, facts);
        Ok(())
    }

    /// A timer of a request fires; of quotes, every one that is due.
    pub fn rfq_timer(&mut self, job: JobId, d: Deadline) {
        if d == Deadline::AuthBy && self.waits_in_vain(job) {
            return;
        }
        loop {
            let Ok(n) = self.negotiation(job) else { return };
            let ours = |t: &RfqTimer| {
                matches!(
                    (d, t),
                    (Deadline::RfqClose, RfqTimer::RfqClose)
                        | (Deadline::QuoteExpiry, RfqTimer::QuoteExpiry(_))
                        | (Deadline::AwardDecide, RfqTimer::AwardDecide)
                        | (Deadline::AuthBy, RfqTimer::AuthBy)
                )
            };
            let Some(due) = n.deadlines().into_iter().find(|a| a.due <= self.now() && ours(&a.timer)) else { return };
            let owners = self.owners(job, n);
            let facts = n.fire(&View { now: self.now(), log_seq: self.cx.log_seq, owners: &owners }, due.timer);
            if facts.is_empty() {
                return;
            }
            self.write(job, facts);
        }
    }

    fn write(&mut self, job: JobId, facts: Vec<RfqFact>) {
        for fact in facts {
            if matches!(fact, RfqFact::Withdrawn { .. } | RfqFact::AwardLapsed { .. }) {
                self.void_payment(job);
            }
            let Some(n) = self.s.negotiations.get_mut(&job) else { return };
            n.evolve(&fact);
            self.jobs_touched.insert(job);
            self.write_one(job, fact);
        }
    }

    fn write_one(&mut self, job: JobId, fact: RfqFact) {
        match fact {
            RfqFact::Submitted { revision, .. } => {
                self.emit(job, Event::QuoteSubmitted(quote_of(&revision)));
                self.show_quote(job, revision.terms.quote, Side::Requester);
            }
            RfqFact::Countered { revision } => {
                let t = &revision.terms;
                let (quote, to) = (t.quote, if revision.by == market::Side::Requester { Side::Owner } else { Side::Requester });
                let counter = Counter { quote, rev: t.rev, prev: revision.prev, service: t.service, arrive: t.arrive, expires: t.expires };
                self.emit(job, Event::QuoteCountered(counter));
                self.show_quote(job, quote, to);
            }
            RfqFact::Accepted { quote, rev } => {
                self.emit(job, Event::QuoteAccepted { quote, rev });
                self.show_quote(job, quote, Side::Requester);
            }
            RfqFact::QuoteWithdrawn { quote, rev } => {
                self.emit(job, Event::QuoteWithdrawn { quote, rev });
                self.quote_dead(job, quote);
            }
            RfqFact::QuoteExpired { quote, rev } => {
                self.emit(job, Event::QuoteExpired { quote, rev });
                self.quote_dead(job, quote);
            }
            RfqFact::Awarded { award, terms_hash } => self.awarded(job, &award, terms_hash),
            RfqFact::AwardLapsed { quote, cause, .. } => {
                let reason = match cause {
                    LapseCause::AuthTimeout => LapseReason::AuthTimeout,
                    LapseCause::Declined => LapseReason::Declined,
                };
                self.emit(job, Event::AwardLapsed { quote, reason });
            }
            // The request takes no more quotes; its stream has no word for that.
            RfqFact::Closed { .. } => {}
            RfqFact::Booked { .. } => {
                self.s.negotiations.remove(&job);
            }
            RfqFact::Withdrawn { reason } => {
                self.s.negotiations.remove(&job);
                let reason = match reason {
                    EndReason::RfqExpired => WithdrawReason::RfqExpired,
                    EndReason::NoAcceptableQuote => WithdrawReason::NoAcceptableQuote,
                    EndReason::NotDecided => WithdrawReason::NotDecided,
                    EndReason::Requester => WithdrawReason::Requester,
                    EndReason::Staff => WithdrawReason::Staff,
                };
                self.emit(job, Event::JobWithdrawn { reason });
            }
        }
    }

    /// The request of a team's member comes to nothing, because another's did.
    pub(crate) fn withdraw_member(&mut self, job: JobId) {
        self.void_payment(job);
        self.s.negotiations.remove(&job);
        self.emit(job, Event::JobWithdrawn { reason: WithdrawReason::Team });
    }

    /// An owner's only quote is dead.
    fn quote_dead(&mut self, job: JobId, quote: QuoteId) {
        if let Some(owner) = self.s.negotiations.get(&job).and_then(|n| n.quote(quote)).map(|q| q.owner) {
            self.free_standing(job, |o| o == owner);
        }
    }

    /// A quote is chosen: its price is authorised before anything is booked.
    fn awarded(&mut self, job: JobId, a: &market::AwardLine, terms_hash: Digest) {
        let Ok(j) = self.job(job) else { return };
        let (payer, currency) = (j.request.requester, j.request.currency);
        let amount = Amount::saturating(a.total);
        let reason = match a.reason {
            market::AwardReason::FirstAwardable => AwardReason::FirstAwardable,
            market::AwardReason::BestAtClose => AwardReason::BestAtClose,
            market::AwardReason::NextAfterLapse => AwardReason::NextAfterLapse,
            market::AwardReason::Requester => AwardReason::Requester,
        };
        let credit = self.credit_for(payer, currency, amount);
        let payment = self.new_id();
        let (quote, rev, auth_by, ranking) = (a.quote, a.rev, a.auth_by, a.ranking.clone());
        self.emit(job, Event::QuoteAwarded { quote, rev, terms_hash, ranking, auth_by, payment, amount, credit, reason });
        self.s.payments.insert(payment, job);
        let cash = amount.checked_sub(credit).unwrap_or(amount);
        self.ask_payments(PaymentAsk::Authorise { payment, job, payer, amount: cash, currency });
    }

    /// What of a price a requester's credit pays: all that it has and has not promised to another award, but for one unit, so
    /// that every job has a payment that can be waited for.
    fn credit_for(&self, payer: PartyId, currency: Currency, price: Amount) -> Amount {
        let credit = self.free_credit(payer, currency).min(price.minor().saturating_sub(1));
        sometimes!(credit > 0, "credit pays part of a job");
        Amount::saturating(credit)
    }

    /// A requester's credit that is promised to no award, minor units.
    pub(crate) fn free_credit(&self, payer: PartyId, currency: Currency) -> u64 {
        let has = crate::money::posted(self.s, Account::RequesterCredit { party: payer }, currency);
        if has == 0 {
            return 0;
        }
        let awaits = |j: &&Job| j.status == Status::Awarded && j.request.requester == payer && j.request.currency == currency;
        let promised = self.s.jobs.values().filter(awaits).fold(0u64, |sum, j| sum.saturating_add(j.payment.credit.minor()));
        has.saturating_sub(promised)
    }

    /// An authorisation asked for or placed is given up.
    fn void_payment(&mut self, job: JobId) {
        use nooterra_jobs::parts::PaymentTrack;
        let Ok(j) = self.job(job) else { return };
        if let Some(payment) = j.payment.payment.filter(|_| matches!(j.payment.track, PaymentTrack::Asked | PaymentTrack::Authorised)) {
            self.ask_payments(PaymentAsk::Void { payment });
        }
    }

    /// Shows a side the terms that its next word would rest on.
    fn show_quote(&mut self, job: JobId, quote: QuoteId, to: Side) {
        let Some(q) = self.s.negotiations.get(&job).and_then(|n| n.quote(quote)) else { return };
        let (newest, owner, agreed) = (q.newest(), q.owner, q.is_agreed());
        let terms = Terms::Quote { quote: quote_of(newest), hash: newest.terms.hash(), agreed };
        let Ok(j) = self.job(job) else { return };
        let party = if to == Side::Owner { owner } else { j.request.requester };
        self.show(party, job, terms);
    }

    /// The terms that an award has chosen, with their owner.
    pub fn chosen(&self, job: JobId) -> Option<Quote> {
        let n = self.s.negotiations.get(&job)?;
        n.quote(n.award()?.quote).map(|q| quote_of(q.newest()))
    }

    /// What rests on displayed terms names the head of the stream that it was read at.
    pub fn head_named(&self, job: JobId) -> Outcome {
        self.read_at(&format!("job/{job}"))
    }

    /// An owner offers a price.
    pub fn submit_quote(
        &mut self,
        owner: PartyId,
        job: JobId,
        (service, currency): (Amount, Currency),
        arrive: Instant,
        robot_class: String,
        expires: Instant,
    ) -> Outcome {
        let quote = self.new_id();
        let c = RfqCommand::Submit { quote, owner, standing: None, service: service.minor(), currency, arrive, robot_class, expires };
        let reference = self.job(job)?.rfq.price.total();
        let facts = self.decided(job, &c).map_err(|r| {
            let priced = matches!(r.code, Code::PriceOutOfBand | Code::SplitInfeasible);
            if priced { r.field("service").expected(reference).actual(service) } else { r }
        })?;
        // A promise that none of its robots could keep would only end as a no-show.
        need(self.is_any_ready(owner, self.job(job)?), Code::NoCandidate)?;
        self.write(job, facts);
        Ok(())
    }

    /// A side answers the newest revision with another one.
    pub fn counter(&mut self, by: Speaker, c: &CounterOffer) -> Outcome {
        let CounterOffer { job, quote, prev, service, arrive, expires } = *c;
        self.negotiation(job)?;
        self.head_named(job)?;
        self.negotiate(job, &RfqCommand::Counter { by, quote, prev, service: service.minor(), arrive, expires })
    }

    /// The owner takes the requester's revision.
    pub fn accept_quote(&mut self, owner: PartyId, job: JobId, quote: QuoteId, rev: u8) -> Outcome {
        self.negotiation(job)?;
        self.head_named(job)?;
        self.negotiate(job, &RfqCommand::Accept { owner, quote, rev })
    }

    /// The requester chooses.
    pub fn award_by_hand(&mut self, job: JobId, quote: QuoteId, terms_hash: Digest) -> Outcome {
        self.negotiation(job)?;
        self.head_named(job)?;
        self.negotiate(job, &RfqCommand::Award { quote, terms_hash })
    }
}
