//! Conservation: debits equal credits, ended jobs keep no escrow, every payable has a payee.

use crate::verdict::{Class, Notes};
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_ledger::{Account, Book, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// The book and what the platform says about its jobs.
#[derive(Debug, Clone, Copy)]
pub struct BookView<'a> {
    /// The book.
    pub book: &'a Book,
    /// Jobs that have ended for good (`SETTLED`, `WITHDRAWN`).
    pub ended: &'a BTreeSet<JobId>,
    /// Parties that may be paid.
    pub verified: &'a BTreeSet<PartyId>,
}

/// The judge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Books {
    pub balance: Notes,
    pub escrow: Notes,
    pub payees: Notes,
    pub sides: Notes,
    told: BTreeSet<String>,
}

impl Books {
    pub fn new() -> Self {
        Self {
            balance: Notes::of("debits equal credits", &[20]),
            escrow: Notes::of("ended jobs keep no escrow", &[23, 9]),
            payees: Notes::of("every payable has a payee", &[27]),
            sides: Notes::of("no account on its abnormal side", &[21]),
            told: BTreeSet::new(),
        }
    }
    /// Each thing is told once.
    fn first(&mut self, what: String) -> bool {
        self.told.insert(what)
    }
    pub fn look(&mut self, at: Instant, tick: u64, v: &BookView<'_>) {
        let mut sums: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
        for row in v.book.accounts() {
            let (account, b) = (row.key.account, row.balance);
            let sign = if matches!(account.kind(), Kind::Asset | Kind::Expense) { 1 } else { -1 };
            let sum = sums.entry(row.key.currency).or_default();
            sum.0 += sign * b.posted;
            sum.1 += sign * (b.pending_in - b.pending_out);
            let name = account.name();
            if b.posted < 0 && !account.either_sign() {
                let story = format!("{name} stands at {} {}", b.posted, row.key.currency);
                if self.first(format!("side {:?}", row.key)) {
                    self.sides.broke(Class::Safety, at, tick, story, account.party().iter().map(ToString::to_string).collect());
                }
            }
            if let Some(job) = account.job().filter(|j| v.ended.contains(j) && b.posted != 0)
                && self.first(format!("escrow {job}"))
            {
                let story = format!("{name} of {job} holds {} {} though the job has ended", b.posted, row.key.currency);
                self.escrow.broke(Class::Safety, at, tick, story, vec![job.to_string()]);
            }
            let payable = matches!(
                account,
                Account::OwnerPayable { .. }
                    | Account::OperatorPayable { .. }
                    | Account::DeveloperPayable { .. }
                    | Account::InsurerPayable { .. }
                    | Account::RequesterRefundPayable { .. }
            );
            if let Some(p) = account.party().filter(|p| payable && b.posted != 0 && !v.verified.contains(p))
                && self.first(format!("payee {p}"))
            {
                let story = format!("{name} owes {} {} to {p}, which is no verified party", b.posted, row.key.currency);
                self.payees.broke(Class::Safety, at, tick, story, vec![p.to_string()]);
            }
        }
        for notes in [&mut self.balance, &mut self.escrow, &mut self.payees, &mut self.sides] {
            notes.checked();
        }
        for (currency, (posted, pending)) in sums {
            if (posted, pending) != (0, 0) && self.first(format!("sum {currency} {posted} {pending}")) {
                let story = format!("debits minus credits: {posted} posted, {pending} pending, {currency} minor units");
                self.balance.broke(Class::Safety, at, tick, story, vec![]);
            }
        }
    }
}
