//! The steps of a history that pay somebody else: claims and payouts.
#![allow(clippy::cast_possible_truncation)] // small numbers pick from short lists

use super::history::{MATURE, World};
use super::model::Is;
use super::{EUR, party};
use crate::book::ChargebackState;
use crate::claim::{Approval, Bearer, ClaimBearer, ClaimShare};
use crate::*;
use nooterra_engine::Instant;
use nooterra_engine::ids::{ClaimId, PayoutId};
use nooterra_ledger::{Account, Role, Side};
use proptest::prelude::*;

impl World {
    pub(super) fn claim(&mut self, kind: usize, now: Cause, pools: Pools, a: u64, b: u64) -> Result<bool, TestCaseError> {
        let at = b as usize % (self.m.claims.len() + 1);
        let known = self.m.claims.get(at).cloned();
        let claim = ClaimId::named(&known.as_ref().map_or(99, |c| c.id).to_string());
        let open = known.as_ref().is_some_and(|c| c.is == Is::Open);
        match kind {
            15 => {
                let v = a % (self.m.claimable() + 3);
                let step = claim::reserved(self.d.m(), now, claim, v);
                let done = self.go(open && v <= self.m.claimable(), step)?;
                if done {
                    self.m.claims[at].reserve = v;
                }
                Ok(done)
            }
            16 => {
                let payout = a % (known.as_ref().map_or(0, |c| c.demand) + 2);
                let refund_part = if b.is_multiple_of(3) { payout / 2 } else { 0 };
                let bps = [3_000, 2_500, 2_500, if a.is_multiple_of(9) { 1_999 } else { 2_000 }];
                let owner = Bearer { role: Role::Owner, party: party("owner") };
                let bearers = [ClaimBearer::Party(owner), ClaimBearer::Insurer(party("insurer")), ClaimBearer::Pool, ClaimBearer::Platform];
                let shares = bearers.into_iter().zip(bps).map(|(bearer, bps)| ClaimShare { bearer, bps }).collect();
                let approval = Approval { claim, payout, refund_part, shares, deductible: b % 10, at_fault: Some(owner) };
                let may = known.as_ref().is_some_and(|c| self.m.may_approve(c, payout, refund_part)) && !a.is_multiple_of(9);
                let step = claim::approved(self.d.m(), now, &approval, pools);
                let insurer = apportion(payout, &[3_000, 2_500, 2_500, 2_000])[1];
                let done = self.go(may, step)?;
                if done {
                    let c = &mut self.m.claims[at];
                    (c.is, c.reserve, c.payout, c.refund_part) = (Is::Done, 0, payout, refund_part);
                    c.insurer_owes = insurer.saturating_sub(b % 10);
                }
                Ok(done)
            }
            17 => {
                let step = claim::ended(self.d.m(), now, claim, a.is_multiple_of(2));
                let done = self.go(open, step)?;
                if done {
                    (self.m.claims[at].is, self.m.claims[at].reserve) = (Is::Undone, 0);
                }
                Ok(done)
            }
            18 => {
                let may = known.as_ref().is_some_and(|c| c.is == Is::Done && !c.paid);
                if may && known.as_ref().is_some_and(|c| c.payout > payout::fundable(&self.d.book, EUR)) {
                    return Ok(false); // the host asks when there is enough
                }
                let step = claim::paid(self.d.m(), now, claim);
                let done = self.go(may, step)?;
                if done {
                    self.m.claims[at].paid = true;
                    self.m.cash -= i128::from(self.m.claims[at].payout);
                }
                Ok(done)
            }
            _ => {
                let left = known.as_ref().map_or(0, |c| c.insurer_owes);
                let v = a % (left + 3);
                let step = claim::recovered(self.d.m(), now, claim, party("insurer"), v, a.is_multiple_of(2));
                let done = self.go(v > 0 && v <= left, step)?;
                if done {
                    self.m.claims[at].insurer_owes -= v;
                    self.m.cash += if a.is_multiple_of(2) { i128::from(v) } else { 0 };
                }
                Ok(done)
            }
        }
    }

    /// I30: what a party gets was credited long enough ago, was not taken since, and secures nothing.
    pub(super) fn payout(&mut self, now: Cause, a: u64) -> Result<bool, TestCaseError> {
        let role = [Role::Owner, Role::Operator, Role::Developer, Role::Insurer, Role::Requester][(a % 5) as usize];
        let to = match role {
            Role::Owner if a.is_multiple_of(3) => party("second"),
            Role::Owner => party("owner"),
            Role::Operator => party("op"),
            Role::Developer => party("dev"),
            Role::Insurer => party("insurer"),
            Role::Requester => party("requester"),
        };
        let by = Instant(now.at.0 - MATURE.0);
        let (mut ripe, account) = (0i128, payout::payable(role, to));
        for e in self.d.journal.entries().iter().filter(|e| !matches!(e.step, nooterra_ledger::journal::Step::Pended)) {
            for m in e.movements.iter().filter(|m| m.account == account) {
                match m.side {
                    Side::Credit if e.at <= by => ripe += i128::from(m.amount),
                    Side::Credit => {}
                    Side::Debit => ripe -= i128::from(m.amount),
                }
            }
        }
        let owes = Account::PartyReceivable { role, party: to };
        let open = self.d.m().chargebacks.values().filter(|c| c.state == ChargebackState::Open);
        let own = |c: &book::ChargebackRow| -> u64 {
            let borne: u64 = c.bearers.iter().filter(|b| b.account == owes).map(|b| b.amount).sum();
            borne + if role == Role::Requester { c.on_requester } else { 0 }
        };
        let secures: u64 = open.map(own).sum();
        let expected = u64::try_from((ripe.max(0) - i128::from(secures)).max(0)).unwrap();
        let due = payable_due(&self.d.book, role, to, EUR, by);
        prop_assert_eq!(due.map_or(0, |d| d.gross), expected, "{:?}", role);
        let Some(due) = due.filter(|d| d.net() <= payout::fundable(&self.d.book, EUR)) else { return Ok(false) };
        let p = Payout { payout: PayoutId::named(&self.payouts.len().to_string()), due };
        self.post(p.initiated(now));
        self.payouts.push((p, false));
        if role == Role::Requester {
            self.m.credit -= i128::from(due.gross);
        }
        Ok(true)
    }
}
