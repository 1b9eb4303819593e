//! Statements of parties and the trial balance.

use crate::account::{Account, Kind, Side};
use crate::book::{Book, Line};
use nooterra_engine::Record;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;

/// A party's account over a time: opening + additions - reductions = ending.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Statement {
    /// The account.
    pub account: Account,
    /// Its currency.
    pub currency: Currency,
    /// Balance before `from`, on the account's normal side.
    pub opening: i128,
    /// What was added.
    pub added: i128,
    /// What was taken.
    pub taken: i128,
    /// Balance before `to`.
    pub ending: i128,
    /// Every movement of the time, once, in order.
    pub lines: Vec<Line>,
}

/// The statement of a party's account over `from..to`; none if the account names no party or was never used.
pub fn statement(book: &Book, account: Account, currency: Currency, from: Instant, to: Instant) -> Option<Statement> {
    account.party()?;
    let row = book.row(account, currency)?;
    let opening = row.lines.iter().filter(|l| l.at < from).map(|l| l.change).sum();
    let lines: Vec<Line> = row.lines.iter().filter(|l| from <= l.at && l.at < to).copied().collect();
    let added = lines.iter().map(|l| l.change.max(0)).sum();
    let taken = lines.iter().map(|l| (-l.change).max(0)).sum();
    Some(Statement { account, currency, opening, added, taken, ending: opening + added - taken, lines })
}

/// What is due on a party's account: additions up to and at `matured_by`, less everything taken or reserved since ever.
pub fn matured(book: &Book, account: Account, currency: Currency, matured_by: Instant) -> i128 {
    let Some(row) = book.row(account, currency) else { return 0 };
    let young: i128 = row.lines.iter().filter(|l| l.at > matured_by).map(|l| l.change.max(0)).sum();
    (row.balance.available() - young).max(0)
}

/// One line of the trial balance: all accounts of one name in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialRow {
    /// The currency.
    pub currency: Currency,
    /// What the balances mean.
    pub kind: Kind,
    /// The account's name, without its parameter.
    pub name: &'static str,
    /// How many accounts.
    pub accounts: u32,
    /// Sum of posted balances that stand on the left.
    pub debit: i128,
    /// Sum of posted balances that stand on the right.
    pub credit: i128,
    /// Sum of posted balances, debit positive.
    pub posted: i128,
    /// Sum of pending movements, debit positive.
    pub pending: i128,
}

/// The trial balance, by currency and chart order. Its columns sum to zero per currency.
pub fn trial_balance(book: &Book) -> Vec<TrialRow> {
    let mut rows: BTreeMap<(Currency, Kind, &'static str), TrialRow> = BTreeMap::new();
    for a in book.accounts() {
        let (kind, name, currency) = (a.key.account.kind(), a.key.account.name(), a.key.currency);
        let sign = if kind.normal() == Side::Debit { 1 } else { -1 };
        let empty = TrialRow { currency, kind, name, accounts: 0, debit: 0, credit: 0, posted: 0, pending: 0 };
        let row = rows.entry((currency, kind, name)).or_insert(empty);
        let (debit, credit) = kind.columns(a.balance.posted);
        row.accounts += 1;
        row.debit += debit;
        row.credit += credit;
        row.posted += sign * a.balance.posted;
        row.pending += sign * (a.balance.pending_in - a.balance.pending_out);
    }
    rows.into_values().collect()
}

/// Sums of all posted and of all pending balances of a currency, debit positive: both are zero in a true book.
pub fn sums(book: &Book, currency: Currency) -> (i128, i128) {
    trial_balance(book).iter().filter(|r| r.currency == currency).fold((0, 0), |(a, b), r| (a + r.posted, b + r.pending))
}
