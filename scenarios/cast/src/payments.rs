//! The payment provider: answers what it is asked, after a while, once per id however often it is asked.

use crate::Mail;
use nooterra_control::input::{Body as _, PaymentReport};
use nooterra_control::wish::PaymentAsk;
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::ids::{JobId, PaymentId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::queue::EventQueue;
use nooterra_engine::{Digest, Instant, Record, Span, encode};
use nooterra_script::acts::Verdict;
use nooterra_script::resolved::PaymentsPlan;
use nooterra_trust::Outbox;
use std::collections::BTreeMap;

const DELAY: Place = Place::named("cast.payments.delay");
const DECLINE: Place = Place::named("cast.payments.decline");
/// Card authorisations last this long, if the scenario does not say it.
const AUTHORISATION: Span = Span::from_secs(7 * 24 * 3600);
/// Collected money is handed over to the platform's bank account this often.
const HAND_OVER: Span = Span::from_secs(60);

/// A payment as the provider knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Paid {
    payment: PaymentId,
    currency: Currency,
    captured: Amount,
}

/// What a bank has taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Taken {
    amount: Amount,
    currency: Currency,
}

/// What a payer has the bank do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dispute {
    pub verdict: Verdict,
    pub decided_after: Span,
    pub amount: Option<Amount>,
    pub fee: Amount,
    pub currency: Currency,
}

/// The payment provider.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Payments {
    /// What it sends.
    pub outbox: Outbox,
    /// Under a fault: this share of authorisations is declined on top, parts per million.
    pub fault_ppm: u32,
    plan: PaymentsPlan,
    answers: EventQueue<PaymentReport>,
    /// Asks taken up, by the hash of what was asked.
    asked: BTreeMap<Digest, u32>,
    /// Captured minus refunded minus handed over in each currency, minor units.
    collected: BTreeMap<Currency, i64>,
    /// What each payment is made in.
    coins: BTreeMap<PaymentId, Currency>,
    /// Payments by job, with what was captured of each.
    payments: BTreeMap<JobId, Paid>,
    /// What banks have taken back, by our name for it.
    taken: BTreeMap<String, Taken>,
    next_hand_over: Instant,
    count: u64,
}

impl Payments {
    pub(crate) fn new(plan: PaymentsPlan, outbox: Outbox) -> Self {
        Self {
            outbox,
            fault_ppm: 0,
            plan,
            answers: EventQueue::default(),
            asked: BTreeMap::new(),
            collected: BTreeMap::new(),
            coins: BTreeMap::new(),
            payments: BTreeMap::new(),
            taken: BTreeMap::new(),
            next_hand_over: Instant(HAND_OVER.0),
            count: 0,
        }
    }

    pub(crate) fn receive(&mut self, now: Instant, mail: &Mail, chance: &mut Chance) {
        match mail {
            Mail::Receipt(r) => {
                self.outbox.receive(r, now);
            }
            Mail::Pay(ask) => {
                let repeats = self.asked.entry(nooterra_engine::digest::blake3(&encode(ask))).or_insert(0);
                *repeats += 1;
                if *repeats > 1 {
                    return; // the answer is under way in the outbox, which does not lose it
                }
                let wait = chance.between(DELAY, 0, self.plan.delay_min.0, self.plan.delay_max.0);
                let answer = self.answer(now, ask, chance);
                self.answers.push(now + Span(wait), 0, 0, answer);
            }
            Mail::Invite(_)
            | Mail::Notify { .. }
            | Mail::Recover(_)
            | Mail::Return(_)
            | Mail::PutBack { .. }
            | Mail::Alert { .. }
            | Mail::Help(_)
            | Mail::Disobeys { .. }
            | Mail::Head(_)
            | Mail::Show { .. }
            | Mail::Docket { .. }
            | Mail::Audit { .. } => {}
        }
    }

    fn answer(&mut self, now: Instant, ask: &PaymentAsk, chance: &mut Chance) -> PaymentReport {
        self.count += 1;
        let provider_ref = format!("sim-{:06}", self.count);
        match ask {
            PaymentAsk::Authorise { payment, amount, currency, job, .. } => {
                let ppm = self.plan.decline_ppm.saturating_add(self.fault_ppm).min(1_000_000);
                if chance.happens(DECLINE, 0, ppm) {
                    return PaymentReport::Declined { payment: *payment, code: "card_declined".into() };
                }
                self.coins.insert(*payment, *currency);
                // A further payment of a job stands beside the one that was captured.
                if self.payments.get(job).is_none_or(|p| p.captured == Amount::ZERO) {
                    self.payments.insert(*job, Paid { payment: *payment, currency: *currency, captured: Amount::ZERO });
                }
                PaymentReport::Authorised {
                    payment: *payment,
                    amount: *amount,
                    currency: *currency,
                    expires: now + self.plan.authorises_for.unwrap_or(AUTHORISATION),
                    provider_ref,
                }
            }
            PaymentAsk::Capture { payment, amount } => {
                if let Some(c) = self.coins.get(payment) {
                    *self.collected.entry(*c).or_default() += signed(*amount);
                }
                if let Some(p) = self.payments.values_mut().find(|p| p.payment == *payment) {
                    p.captured = *amount;
                }
                PaymentReport::Captured { payment: *payment, amount: *amount }
            }
            PaymentAsk::Void { payment } => PaymentReport::Voided { payment: *payment },
            PaymentAsk::Refund { refund, amount, currency, .. } => {
                *self.collected.entry(*currency).or_default() -= signed(*amount);
                PaymentReport::RefundPaid { refund: *refund, provider_ref }
            }
            PaymentAsk::PayClaim { claim, amount, currency, .. } => {
                PaymentReport::ClaimPaid { claim: *claim, amount: *amount, currency: *currency, provider_ref }
            }
            PaymentAsk::Recover { claim, insurer, amount, currency } => {
                PaymentReport::RecoveryReceived { claim: *claim, insurer: *insurer, amount: *amount, currency: *currency }
            }
            PaymentAsk::Payout { payout, .. } => PaymentReport::PayoutConfirmed { payout: *payout, provider_ref },
        }
    }

    /// A payer's bank takes a payment back: it is told at once, and the bank's decision when it comes. Nothing, if nothing
    /// was captured.
    pub(crate) fn charge_back(&mut self, now: Instant, job: JobId, d: Dispute) {
        let Some(p) = self.payments.get(&job).copied().filter(|p| p.captured > Amount::ZERO) else { return };
        self.count += 1;
        let provider_ref = format!("sim-{:06}", self.count);
        let amount = d.amount.unwrap_or(p.captured).min(p.captured);
        // A bank that names another currency than the payment's is not believed, and has nothing.
        let believed = d.currency == p.currency;
        if believed {
            *self.collected.entry(p.currency).or_default() -= signed(amount) + signed(d.fee);
            self.taken.insert(provider_ref.clone(), Taken { amount, currency: p.currency });
        }
        let opened = PaymentReport::ChargebackOpened {
            payment: p.payment,
            amount,
            fee: d.fee,
            currency: d.currency,
            reason: "not_as_described".into(),
            provider_ref: provider_ref.clone(),
        };
        self.answers.push(now, 0, 0, opened);
        if !believed {
            return;
        }
        let decided = match d.verdict {
            Verdict::Won => PaymentReport::ChargebackWon { provider_ref, fee_back: d.fee },
            Verdict::Lost => PaymentReport::ChargebackLost { provider_ref },
        };
        self.answers.push(now + d.decided_after, 0, 0, decided);
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        while let Some((_, report)) = self.answers.pop_due(now) {
            if let PaymentReport::ChargebackWon { provider_ref, fee_back } = &report
                && let Some(t) = self.taken.remove(provider_ref)
            {
                *self.collected.entry(t.currency).or_default() += signed(t.amount) + signed(*fee_back);
            }
            self.outbox.push(report.draft("payments"), now, 0);
        }
        if now >= self.next_hand_over {
            self.next_hand_over = now + HAND_OVER;
            for (currency, collected) in self.collected.iter_mut().filter(|(_, v)| **v > 0) {
                let Ok(amount) = Amount::new(collected.unsigned_abs()) else { continue };
                *collected = 0;
                self.count += 1;
                let (fee, provider_ref) = (Amount::ZERO, format!("sim-{:06}", self.count));
                let report = PaymentReport::ProviderSettled { amount, fee, currency: *currency, provider_ref };
                self.outbox.push(report.draft("payments"), now, 0);
            }
        }
    }

    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let hand_over = self.collected.values().any(|v| *v > 0).then_some(self.next_hand_over);
        self.answers.peek().map(|k| k.at).into_iter().chain(self.outbox.next_deadline(now)).chain(hand_over).min()
    }
}

/// Amounts stay far below this.
fn signed(a: Amount) -> i64 {
    i64::try_from(a.minor()).unwrap_or(i64::MAX)
}
