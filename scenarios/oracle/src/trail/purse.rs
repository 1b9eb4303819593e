//! The book once more, from its facts alone: what stands where, what is reserved, by which event.

use nooterra_engine::ids::{EventId, JobId};
use nooterra_engine::time::Instant;
use nooterra_ledger::{Account, AccountKey, EntryId, Fact, Kind, Side};
use std::collections::BTreeMap;

/// Debits and credits of one kind of row.
pub(crate) type Sides = BTreeMap<(Account, Side), u64>;

/// What became of money by one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Posted,
    Reserved,
    /// Reserved money moved.
    Taken,
    /// Reserved money was given back.
    Void,
}

/// One entry as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub id: EntryId,
    pub code: u16,
    pub what: What,
    pub job: Option<JobId>,
    pub at: Instant,
    pub sides: Sides,
    /// The entry that it ends.
    pub ends: Option<EntryId>,
}

/// A credit of a payable: when, how much.
pub(crate) type Credits = Vec<(Instant, u64)>;

/// Everything that stands anywhere.
#[derive(Debug, Default)]
pub(crate) struct Purse {
    keys: Vec<AccountKey>,
    /// On the account's own side.
    posted: BTreeMap<Account, i128>,
    open: BTreeMap<EntryId, (u16, Option<JobId>, Sides)>,
    /// Rows of the unit that is being written, by their event.
    pub rows: BTreeMap<EventId, Vec<Row>>,
    /// Payables' credits that may still be young.
    pub credits: BTreeMap<Account, Credits>,
    /// Lines of parties' accounts, in order: what a statement lists.
    pub lines: BTreeMap<Account, Vec<(EntryId, i128)>>,
}

/// The side on which an account grows, by the kind of it.
fn grows(a: &Account) -> Side {
    if matches!(a.kind(), Kind::Asset | Kind::Expense) { Side::Debit } else { Side::Credit }
}

impl Purse {
    pub fn posted(&self, a: Account) -> i128 {
        self.posted.get(&a).copied().unwrap_or(0)
    }
    pub fn units(&self, a: Account) -> u64 {
        u64::try_from(self.posted(a)).unwrap_or(0)
    }
    /// Reserved on one side of an account.
    pub fn reserved(&self, a: Account, side: Side) -> u64 {
        self.open.values().filter_map(|(_, _, s)| s.get(&(a, side))).sum()
    }
    /// The open entry of a job under a template, if there is one.
    pub fn open_entry(&self, id: EntryId) -> Option<&Sides> {
        self.open.get(&id).map(|(_, _, s)| s)
    }
    pub fn accounts(&self) -> impl Iterator<Item = (&Account, &i128)> {
        self.posted.iter()
    }
    /// Takes a fact of the book; gives back the row that it is, if money moved or was reserved.
    pub fn fold(&mut self, f: &Fact) -> Option<(EventId, Row)> {
        let sides = |keys: &[AccountKey], postings: &[nooterra_ledger::Posting]| {
            let mut out = Sides::new();
            for p in postings {
                if let Some(k) = keys.get(p.account.0 as usize) {
                    *out.entry((k.account, p.side)).or_default() += p.amount;
                }
            }
            out
        };
        let raw = |keys: &[AccountKey], postings: &[nooterra_ledger::Posting]| -> Vec<(Account, i128)> {
            let change = |p: &nooterra_ledger::Posting| {
                let a = keys.get(p.account.0 as usize)?.account;
                let amount = i128::from(p.amount);
                a.party()?;
                Some((a, if p.side == grows(&a) { amount } else { -amount }))
            };
            postings.iter().filter_map(change).collect()
        };
        let moved = match f {
            Fact::EntryPosted(b) => raw(&self.keys, &b.postings),
            Fact::PendingPosted(r) => raw(&self.keys, &r.postings),
            _ => Vec::new(),
        };
        let (cause, row) = match f {
            Fact::AccountOpened(o) => {
                self.keys.push(o.key);
                return None;
            }
            Fact::EntryPosted(b) | Fact::EntryPended(b) => {
                let what = if matches!(f, Fact::EntryPosted(_)) { What::Posted } else { What::Reserved };
                let sides = sides(&self.keys, &b.postings);
                (b.cause, Row { id: b.id, code: b.code, what, job: b.job, at: b.at, sides, ends: None })
            }
            Fact::PendingPosted(r) | Fact::PendingVoided(r) => {
                let what = if matches!(f, Fact::PendingPosted(_)) { What::Taken } else { What::Void };
                let sides = sides(&self.keys, &r.postings);
                (r.cause, Row { id: r.id, code: r.code, what, job: r.job, at: r.at, sides, ends: Some(r.pending) })
            }
            _ => return None,
        };
        for (account, change) in moved {
            self.lines.entry(account).or_default().push((row.id, change));
        }
        if row.what == What::Reserved {
            self.open.insert(row.id, (row.code, row.job, row.sides.clone()));
        } else {
            if let Some(ended) = row.ends {
                self.open.remove(&ended);
            }
            self.move_money(&row);
        }
        self.rows.entry(cause).or_default().push(row.clone());
        Some((cause, row))
    }

    fn move_money(&mut self, row: &Row) {
        let mut changes: BTreeMap<Account, i128> = BTreeMap::new();
        for ((account, side), amount) in &row.sides {
            let amount = i128::from(*amount);
            *changes.entry(*account).or_default() += if *side == grows(account) { amount } else { -amount };
        }
        for (account, change) in changes {
            *self.posted.entry(account).or_default() += change;
            if change > 0 && is_payable(&account) {
                self.credits.entry(account).or_default().push((row.at, u64::try_from(change).unwrap_or(u64::MAX)));
            }
        }
    }
}

/// What a party is paid from.
pub(crate) const fn is_payable(a: &Account) -> bool {
    matches!(
        a,
        Account::OwnerPayable { .. } | Account::OperatorPayable { .. } | Account::DeveloperPayable { .. } | Account::InsurerPayable { .. }
    )
}
