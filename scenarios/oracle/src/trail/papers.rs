//! Parties' statements of a month, drawn up once more from the facts of the book alone (I27): per party and role each entry
//! once, and what it adds up to. What `PERIOD_CLOSED` says of them is their hashes: those have to be the hashes of these.

use crate::trail::purse::{Line, Till};
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_ledger::{Account, EntryId, Role};
use std::collections::{BTreeMap, BTreeSet};

/// Template M28: what goes to the bank.
const PAYOUT: u16 = 28;

/// One entry on a statement.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Item {
    seq: u64,
    entry: EntryId,
    code: u16,
    at: Instant,
    origin: Option<Month>,
    due: i128,
    owed: i128,
}

/// A month as it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub(crate) struct Month {
    pub year: u32,
    pub month: u32,
}

/// When jobs were settled, and what adjustments set right: what a later line concerns, if its month is over.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    pub epoch: Instant,
    pub settled: BTreeMap<JobId, Instant>,
    pub adjusted: BTreeMap<EntryId, Month>,
}

impl Origins {
    /// The calendar's month of an instant of the platform, by counting days.
    fn month(&self, at: Instant) -> Month {
        let mut days = (self.epoch.0.saturating_add(at.0)) / 86_400_000_000_000;
        let (mut year, mut month) = (1970u32, 1u32);
        let leap = |y: u32| (y.is_multiple_of(4) && !y.is_multiple_of(100)) || y.is_multiple_of(400);
        let length = |y: u32, m: u32| match m {
            2 if leap(y) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        while days >= length(year, month) {
            days -= length(year, month);
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
        Month { year, month }
    }
    /// The closed month that money of a job concerns at this instant.
    pub fn of_job(&self, job: JobId, at: Instant) -> Option<Month> {
        let (then, now) = (self.month(*self.settled.get(&job)?), self.month(at));
        ((then.year, then.month) < (now.year, now.month)).then_some(then)
    }
    fn of(&self, l: &Line) -> Option<Month> {
        self.adjusted.get(&l.entry).copied().or_else(|| self.of_job(l.job?, l.at))
    }
}

/// A statement as it is hashed.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub(crate) struct Paper {
    role: Role,
    pub party: PartyId,
    currency: Currency,
    opening: i128,
    credits: i128,
    debits: i128,
    payouts: i128,
    ending: i128,
    due: i128,
    owed: i128,
    lines: Vec<Item>,
}

impl Paper {
    pub fn hash(&self) -> Digest {
        content_hash("nooterra/statement/v1", self)
    }
    /// Of whom, and what it comes to: for people.
    pub fn story(&self) -> String {
        format!("{:?} {} with {} entries and {}", self.role, self.party, self.lines.len(), self.ending)
    }
}

/// In which role a party has an account, and whether it stands for what it owes.
fn place(a: &Account) -> Option<(Role, bool)> {
    Some(match a {
        Account::RequesterCredit { .. } | Account::RequesterRefundPayable { .. } => (Role::Requester, false),
        Account::OwnerPayable { .. } => (Role::Owner, false),
        Account::OperatorPayable { .. } => (Role::Operator, false),
        Account::DeveloperPayable { .. } => (Role::Developer, false),
        Account::InsurerPayable { .. } => (Role::Insurer, false),
        Account::InsurerReceivable { .. } => (Role::Insurer, true),
        Account::PartyReceivable { role, .. } => (*role, true),
        _ => return None,
    })
}

/// What stood on each account of a party at the end of the month before.
pub(crate) type Opening = BTreeMap<Account, (usize, i128)>;

/// The statements of what was written since then, by role and party; and where the next month begins.
pub(crate) fn papers(p: Till<'_>, opening: &Opening, origins: &Origins) -> (Vec<Paper>, Opening) {
    let mut all: BTreeMap<(Role, PartyId), (Paper, BTreeMap<u64, Item>)> = BTreeMap::new();
    let mut next = Opening::new();
    let none: &[Line] = &[];
    let opened: BTreeSet<Account> = p.opened().collect();
    for account in opened {
        let (Some((role, owes)), Some(party)) = (place(&account), account.party()) else { continue };
        let lines = p.lines_of(&account).unwrap_or(none);
        let (seen, before) = opening.get(&account).copied().unwrap_or_default();
        let now: i128 = lines.iter().map(|l| l.change).sum();
        next.insert(account, (lines.len(), now));
        let blank = || Paper {
            role,
            party,
            currency: p.currency,
            opening: 0,
            credits: 0,
            debits: 0,
            payouts: 0,
            ending: 0,
            due: 0,
            owed: 0,
            lines: Vec::new(),
        };
        let (paper, items) = all.entry((role, party)).or_insert_with(|| (blank(), BTreeMap::new()));
        let sign = if owes { -1 } else { 1 };
        paper.opening += sign * before;
        paper.ending += sign * now;
        *(if owes { &mut paper.owed } else { &mut paper.due }) += now;
        for l in lines.iter().skip(seen) {
            let blank = Item { seq: l.seq, entry: l.entry, code: l.code, at: l.at, origin: origins.of(l), due: 0, owed: 0 };
            let item = items.entry(l.seq).or_insert(blank);
            *(if owes { &mut item.owed } else { &mut item.due }) += l.change;
        }
    }
    let drawn = all.into_values().map(|(mut paper, items)| {
        for item in items.into_values() {
            let net = item.due - item.owed;
            let (to, by) = match net {
                _ if item.code == PAYOUT => (&mut paper.payouts, -net),
                0.. => (&mut paper.credits, net),
                _ => (&mut paper.debits, -net),
            };
            *to += by;
            paper.lines.push(item);
        }
        paper
    });
    (drawn.collect(), next)
}
