//! What must hold after every step of a history, and at its end.

use super::history::World;
use super::model::Is;
use super::{EUR, job, party};
use crate::book::{ChargebackState, RefundState};
use crate::*;
use nooterra_engine::ids::{ChargebackId, ClaimId};
use nooterra_engine::machine::Freeze;
use nooterra_ledger::{Account, Role};
use proptest::prelude::*;

const PAID: [Role; 4] = [Role::Owner, Role::Operator, Role::Developer, Role::Insurer];

impl World {
    /// Everything that must hold at any time.
    pub(super) fn check(&mut self) -> Result<(), TestCaseError> {
        for f in &self.d.facts[self.audited..] {
            prop_assert_eq!(self.auditor.observe(f), vec![]);
        }
        self.audited = self.d.facts.len();
        prop_assert_eq!(self.auditor.sums(), vec![]);
        prop_assert_eq!(self.auditor.compare(&self.d.book), vec![]);

        let (m, j, d) = (&self.m, self.d.m(), &self.d);
        let posted = |a| d.posted(a);
        // I23.
        let escrow = d.book.balance(Account::Escrow { job: job() }, EUR);
        prop_assert_eq!((escrow.posted, escrow.pending_in, escrow.pending_out), (i128::from(m.escrow), 0, 0));
        prop_assert_eq!(posted(Account::Held { job: job() }), i128::from(m.held));
        prop_assert!(!m.settled || m.escrow + m.held == 0);
        // I25: by the model's sums, and the legs recounted from the refunds and chargebacks that bear on them.
        prop_assert!(m.gone() <= m.captured);
        prop_assert_eq!((j.returnable(), j.lien()), (m.returnable(), m.lien()));
        for (i, leg) in j.legs.iter().enumerate() {
            prop_assert!(leg.reversed + leg.pending <= leg.paid_in);
            let (mut reversed, mut pending) = (0, 0);
            for r in j.refunds.values() {
                let back = r.takes.get(i).map_or(0, |t| t.back);
                match r.state {
                    RefundState::Paid => reversed += back,
                    RefundState::Pending => pending += back,
                    RefundState::Failed => {}
                }
            }
            for c in j.chargebacks.values() {
                let back = c.takes.get(i).map_or(0, |t| t.back);
                match c.state {
                    ChargebackState::Lost => reversed += back,
                    ChargebackState::Open => pending += back,
                    ChargebackState::Won => {}
                }
            }
            prop_assert_eq!((leg.reversed, leg.pending), (reversed, pending));
        }
        // I26.
        prop_assert!(m.credits + m.compensation <= m.service && m.claims.iter().map(|c| c.payout).sum::<u64>() <= m.max_claims);
        prop_assert_eq!((j.creditable(), j.claimable()), (m.creditable(), m.claimable()));
        // I29, chargeback by chargeback.
        for c in &m.disputes {
            let chargeback = ChargebackId::named(&c.id.to_string());
            let receivable = d.book.balance(Account::ChargebackReceivable { chargeback }, EUR);
            let reserve = posted(Account::DisputeReserve { chargeback });
            let stands = if c.is == Is::Open { i128::from(c.amount) } else { 0 };
            prop_assert_eq!((receivable.posted, reserve + receivable.pending_out), (stands, stands));
            let own = if c.is == Is::Open { i128::from(c.escrow + c.held) } else { 0 };
            prop_assert_eq!(reserve, own);
        }
        // Balances as the model has them.
        prop_assert_eq!(posted(Account::PspClearing), m.psp);
        prop_assert_eq!(posted(Account::Cash), m.cash);
        prop_assert_eq!(posted(Account::ProviderFeeExpense), i128::from(m.fees));
        prop_assert_eq!(posted(Account::RequesterRefundPayable { party: party("requester") }), i128::from(m.owed));
        prop_assert_eq!(posted(Account::RequesterCredit { party: party("requester") }), m.credit);
        for c in &m.claims {
            let claim = ClaimId::named(&c.id.to_string());
            let payable = if c.is == Is::Done && !c.paid { c.payout } else { 0 };
            prop_assert_eq!(posted(Account::ClaimReserve { claim }), i128::from(c.reserve));
            prop_assert_eq!(posted(Account::ClaimsPayable { claim }), i128::from(payable));
        }
        for (p, over) in &self.payouts {
            let clearing = if *over { 0 } else { i128::from(p.due.net()) };
            prop_assert_eq!(posted(Account::PayoutClearing { payout: p.payout }), clearing);
        }
        // I28: what is locked rolls forward.
        prop_assert_eq!(self.exposure.ending().map(i128::from), Some(period::Exposure::locked(&d.book, EUR)));
        Ok(())
    }

    /// I27: statements sum to what parties are due and owe, each entry once; the period closes.
    pub(super) fn close(&self) -> Result<(), TestCaseError> {
        let month = Month { year: 1970, month: 1 };
        let closing = period::close(&self.d.book, EUR, (month.from(), month.to()), month.to(), self.exposure, &|_| None);
        let Ok(closing) = closing else { return Err(TestCaseError::fail(format!("{closing:?}"))) };
        for s in &closing.statements {
            prop_assert!(s.lines.windows(2).all(|w| w[0].seq < w[1].seq));
            prop_assert_eq!(s.opening + s.lines.iter().map(|l| l.due - l.owed).sum::<i128>(), s.ending);
        }
        for role in PAID {
            let due: i128 = closing.statements.iter().filter(|s| s.role == role).map(|s| s.due).sum();
            let stands =
                self.d.book.accounts().iter().filter(|r| r.key.account.party().is_some_and(|p| r.key.account == payout::payable(role, p)));
            prop_assert_eq!(due, stands.map(|r| r.balance.posted).sum::<i128>());
        }
        prop_assert_eq!(MoneyBook::thaw(&self.d.money.freeze()).unwrap(), self.d.money.clone());
        Ok(())
    }
}
