//! The book once more, from its facts alone: what stands where, what is reserved, by which event. An account is one of its
//! name in one currency; whoever reads says in which, by a [`Till`].

use nooterra_engine::ids::{EventId, JobId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_ledger::{Account, AccountKey, EntryId, Fact, Kind, Side};
use std::collections::{BTreeMap, BTreeSet};

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
    /// The currency of its accounts, if it is one.
    pub currency: Option<Currency>,
    pub sides: Sides,
    /// The entry that it ends.
    pub ends: Option<EntryId>,
}

/// A credit of a payable: when, how much.
pub(crate) type Credits = Vec<(Instant, u64)>;

/// A line of a party's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// Number of the fact.
    pub seq: u64,
    pub entry: EntryId,
    pub code: u16,
    pub job: Option<JobId>,
    pub at: Instant,
    pub change: i128,
}

/// An account in a currency.
type Key = (Currency, Account);

/// Everything that stands anywhere.
#[derive(Debug, Default)]
pub(crate) struct Purse {
    keys: Vec<AccountKey>,
    /// On the account's own side.
    posted: BTreeMap<Key, i128>,
    open: BTreeMap<EntryId, (Option<Currency>, Sides)>,
    /// Rows of the unit that is being written, by their event.
    pub rows: BTreeMap<EventId, Vec<Row>>,
    /// Payables' credits that may still be young.
    credits: BTreeMap<Key, Credits>,
    /// Lines of parties' accounts, in order: what a statement lists.
    lines: BTreeMap<Key, Vec<Line>>,
}

/// What stands in one currency.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Till<'a> {
    purse: &'a Purse,
    pub currency: Currency,
}

impl Till<'_> {
    pub fn posted(&self, a: Account) -> i128 {
        self.purse.posted.get(&(self.currency, a)).copied().unwrap_or(0)
    }
    pub fn units(&self, a: Account) -> u64 {
        u64::try_from(self.posted(a)).unwrap_or(0)
    }
    /// Reserved on one side of an account.
    pub fn reserved(&self, a: Account, side: Side) -> u64 {
        let own = self.purse.open.values().filter(|(c, _)| *c == Some(self.currency));
        own.filter_map(|(_, s)| s.get(&(a, side))).sum()
    }
    /// The sides of an open entry, if there is one of this id.
    pub fn open_entry(&self, id: EntryId) -> Option<&Sides> {
        self.purse.open.get(&id).map(|(_, s)| s)
    }
    /// Everything that stands.
    pub fn accounts(&self) -> impl Iterator<Item = (&Account, &i128)> {
        self.purse.posted.iter().filter(|((c, _), _)| *c == self.currency).map(|((_, a), v)| (a, v))
    }
    /// Credits of a payable that may still be young.
    pub fn credits(&self, a: Account) -> &[(Instant, u64)] {
        self.purse.credits.get(&(self.currency, a)).map_or(&[], Vec::as_slice)
    }
    /// Accounts that there are.
    pub fn opened(&self) -> impl Iterator<Item = Account> + '_ {
        self.purse.keys.iter().filter(|k| k.currency == self.currency).map(|k| k.account)
    }
    /// The lines of one account of a party.
    pub fn lines_of(&self, a: &Account) -> Option<&[Line]> {
        self.purse.lines.get(&(self.currency, *a)).map(Vec::as_slice)
    }
    /// Accounts of parties with their lines.
    pub fn lines(&self) -> impl Iterator<Item = (&Account, &Vec<Line>)> {
        self.purse.lines.iter().filter(|((c, _), _)| *c == self.currency).map(|((_, a), l)| (a, l))
    }
}

/// The side on which an account grows, by the kind of it.
fn grows(a: &Account) -> Side {
    if matches!(a.kind(), Kind::Asset | Kind::Expense) { Side::Debit } else { Side::Credit }
}

impl Purse {
    /// What stands in one currency.
    pub const fn of(&self, currency: Currency) -> Till<'_> {
        Till { purse: self, currency }
    }
    /// Currencies in which there is an account.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        self.keys.iter().map(|k| k.currency).collect()
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
        let raw = |keys: &[AccountKey], postings: &[nooterra_ledger::Posting]| -> Vec<(Key, i128)> {
            let change = |p: &nooterra_ledger::Posting| {
                let key = keys.get(p.account.0 as usize)?;
                let (a, amount) = (key.account, i128::from(p.amount));
                a.party()?;
                Some(((key.currency, a), if p.side == grows(&a) { amount } else { -amount }))
            };
            postings.iter().filter_map(change).collect()
        };
        let coin = |keys: &[AccountKey], postings: &[nooterra_ledger::Posting]| {
            let mut all = postings.iter().map(|p| keys.get(p.account.0 as usize).map(|k| k.currency));
            let first = all.next().flatten();
            first.filter(|c| all.all(|other| other == Some(*c)))
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
                let (currency, sides) = (coin(&self.keys, &b.postings), sides(&self.keys, &b.postings));
                (b.cause, Row { id: b.id, code: b.code, what, job: b.job, at: b.at, currency, sides, ends: None })
            }
            Fact::PendingPosted(r) | Fact::PendingVoided(r) => {
                let what = if matches!(f, Fact::PendingPosted(_)) { What::Taken } else { What::Void };
                let sides = sides(&self.keys, &r.postings);
                // Of a hold that ends nothing may have moved; it is of the currency that it was of.
                let held = self.open.get(&r.pending).and_then(|(c, _)| *c);
                let currency = if r.postings.is_empty() { held } else { coin(&self.keys, &r.postings).filter(|c| Some(*c) == held) };
                (r.cause, Row { id: r.id, code: r.code, what, job: r.job, at: r.at, currency, sides, ends: Some(r.pending) })
            }
            _ => return None,
        };
        for (account, change) in moved {
            let line = Line { seq: f.seq(), entry: row.id, code: row.code, job: row.job, at: row.at, change };
            self.lines.entry(account).or_default().push(line);
        }
        if row.what == What::Reserved {
            self.open.insert(row.id, (row.currency, row.sides.clone()));
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
        // What mixes currencies is told by who judges entries; here it stands nowhere.
        let Some(currency) = row.currency else { return };
        let mut changes: BTreeMap<Account, i128> = BTreeMap::new();
        for ((account, side), amount) in &row.sides {
            let amount = i128::from(*amount);
            *changes.entry(*account).or_default() += if *side == grows(account) { amount } else { -amount };
        }
        for (account, change) in changes {
            *self.posted.entry((currency, account)).or_default() += change;
            if change > 0 && is_payable(&account) {
                self.credits.entry((currency, account)).or_default().push((row.at, u64::try_from(change).unwrap_or(u64::MAX)));
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
