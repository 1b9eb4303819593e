//! The payment provider: answers what it is asked, after a while, once per id however often it is asked.

use crate::Mail;
use nooterra_control::input::{Body as _, PaymentReport};
use nooterra_control::wish::PaymentAsk;
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::money::Amount;
use nooterra_engine::queue::EventQueue;
use nooterra_engine::{Digest, Instant, Record, Span, encode};
use nooterra_script::resolved::PaymentsPlan;
use nooterra_trust::Outbox;
use std::collections::BTreeMap;

const DELAY: Place = Place::named("cast.payments.delay");
const DECLINE: Place = Place::named("cast.payments.decline");
/// Card authorisations last this long.
const AUTHORISATION: Span = Span::from_secs(7 * 24 * 3600);
/// Collected money is handed over to the platform's bank account this often.
const HAND_OVER: Span = Span::from_secs(60);

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
    /// Captured minus refunded minus handed over, minor units.
    collected: u64,
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
            collected: 0,
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
            Mail::Invite(_) | Mail::Notify { .. } | Mail::Recover(_) | Mail::PutBack { .. } => {}
        }
    }

    fn answer(&mut self, now: Instant, ask: &PaymentAsk, chance: &mut Chance) -> PaymentReport {
        self.count += 1;
        let provider_ref = format!("sim-{:06}", self.count);
        match ask {
            PaymentAsk::Authorise { payment, amount, currency, .. } => {
                let ppm = self.plan.decline_ppm.saturating_add(self.fault_ppm).min(1_000_000);
                if chance.happens(DECLINE, 0, ppm) {
                    return PaymentReport::Declined { payment: *payment, code: "card_declined".into() };
                }
                PaymentReport::Authorised {
                    payment: *payment,
                    amount: *amount,
                    currency: *currency,
                    expires: now + AUTHORISATION,
                    provider_ref,
                }
            }
            PaymentAsk::Capture { payment, amount } => {
                self.collected += amount.minor();
                PaymentReport::Captured { payment: *payment, amount: *amount }
            }
            PaymentAsk::Void { payment } => PaymentReport::Voided { payment: *payment },
            PaymentAsk::Refund { refund, amount, .. } => {
                self.collected = self.collected.saturating_sub(amount.minor());
                PaymentReport::RefundPaid { refund: *refund, provider_ref }
            }
            PaymentAsk::Payout { payout, .. } => PaymentReport::PayoutConfirmed { payout: *payout, provider_ref },
        }
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        while let Some((_, report)) = self.answers.pop_due(now) {
            self.outbox.push(report.draft("payments"), now, 0);
        }
        if now >= self.next_hand_over {
            self.next_hand_over = now + HAND_OVER;
            if let (Ok(amount), true) = (Amount::new(self.collected), self.collected > 0) {
                self.collected = 0;
                self.count += 1;
                let report = PaymentReport::ProviderSettled { amount, fee: Amount::ZERO, provider_ref: format!("sim-{:06}", self.count) };
                self.outbox.push(report.draft("payments"), now, 0);
            }
        }
    }

    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let hand_over = (self.collected > 0).then_some(self.next_hand_over);
        self.answers.peek().map(|k| k.at).into_iter().chain(self.outbox.next_deadline(now)).chain(hand_over).min()
    }
}
