//! The close of a period: what every party gets to read, that it sums up, and the roll-forward of money held.

use crate::hold::is_forfeit;
use crate::month::Month;
use crate::payout::payable;
use crate::refusal::Refusal;
use crate::template::Template;
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{EventId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_ledger::book::Line;
use nooterra_ledger::entry::ClosePeriod;
use nooterra_ledger::statement::{statement, sums, trial_balance};
use nooterra_ledger::{Account, Book, Command, EntryId, Role, Side};
use std::collections::{BTreeMap, BTreeSet};

/// Every role that has statements.
pub const ROLES: [Role; 5] = [Role::Requester, Role::Owner, Role::Operator, Role::Developer, Role::Insurer];

/// Money locked until something is decided (`held` and `dispute_reserve`), in minor units of one currency:
/// opening + held - released - forfeited = ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Exposure {
    /// Locked when the period began.
    pub opening: u64,
    /// Locked in it.
    pub held: u64,
    /// Given free in it.
    pub released: u64,
    /// Lost in it, by a decision of forfeit or a chargeback lost.
    pub forfeited: u64,
}

impl Exposure {
    /// Locked at the end.
    pub const fn ending(&self) -> Option<u64> {
        match self.opening.checked_add(self.held) {
            Some(sum) => match sum.checked_sub(self.released) {
                Some(rest) => rest.checked_sub(self.forfeited),
                None => None,
            },
            None => None,
        }
    }
    /// Follows a command that was carried out. A move from one lock to the other locks nothing new.
    pub fn follow(&mut self, command: &Command, currency: Currency) {
        match command {
            Command::Linked(l) => l.commands.iter().for_each(|c| self.follow(c, currency)),
            Command::PostEntry(e) if e.currency == currency => {
                let sum = |side| -> u64 {
                    let locks = |a: &Account| matches!(a, Account::Held { .. } | Account::DisputeReserve { .. });
                    e.legs.iter().filter(|l| l.side == side && locks(&l.account)).map(|l| l.amount).sum()
                };
                let (into, out) = (sum(Side::Credit), sum(Side::Debit));
                self.held += into.saturating_sub(out);
                let freed = out.saturating_sub(into);
                let lost = e.code == Template::ChargebackLost.code() || is_forfeit(e.cause, e.id);
                if lost { self.forfeited += freed } else { self.released += freed }
            }
            _ => {}
        }
    }
    /// What the ledger has locked.
    pub fn locked(book: &Book, currency: Currency) -> i128 {
        let locks = |a: &Account| matches!(a, Account::Held { .. } | Account::DisputeReserve { .. });
        book.accounts().iter().filter(|r| r.key.currency == currency && locks(&r.key.account)).map(|r| r.balance.posted).sum()
    }
    /// The next period's, from this one's end.
    pub fn next(&self) -> Self {
        Self { opening: self.ending().unwrap_or(0), ..Self::default() }
    }
}

/// One entry on a statement, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct StatementLine {
    /// Number of the fact.
    pub seq: u64,
    /// The entry.
    pub entry: EntryId,
    /// The posting template's number.
    pub code: u16,
    /// Legal time.
    pub at: Instant,
    /// The closed month that it concerns.
    pub origin: Option<Month>,
    /// What it added to what the party is due.
    pub due: i128,
    /// What it added to what the party owes.
    pub owed: i128,
}

/// What a party in one role is due less what it owes: opening + credits - debits - payouts = ending, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct RoleStatement {
    /// The role.
    pub role: Role,
    /// The party.
    pub party: PartyId,
    /// The currency.
    pub currency: Currency,
    /// Due less owed at the beginning.
    pub opening: i128,
    /// Earned, credited, and payouts that failed.
    pub credits: i128,
    /// Taken for other reasons than a payout.
    pub debits: i128,
    /// Sent to the bank. What a payout netted is neither: it settles a debt.
    pub payouts: i128,
    /// Due less owed at the end.
    pub ending: i128,
    /// Of `ending`, what stands on payables.
    pub due: i128,
    /// Of `ending`, what stands on receivables.
    pub owed: i128,
    /// Every entry, once, in order.
    pub lines: Vec<StatementLine>,
}

/// A party's accounts in one role: those on which it is due something, and those on which it owes.
pub fn accounts(role: Role, party: PartyId) -> (Vec<Account>, Vec<Account>) {
    let (mut due, mut owed) = (vec![payable(role, party)], vec![Account::PartyReceivable { role, party }]);
    match role {
        Role::Requester => due.push(Account::RequesterRefundPayable { party }),
        Role::Insurer => owed.push(Account::InsurerReceivable { insurer: party }),
        Role::Owner | Role::Operator | Role::Developer => {}
    }
    (due, owed)
}

/// Which closed month a line concerns that is posted in a later one: the caller knows when a job was settled, and what an
/// adjustment sets right.
pub type Origin<'a> = &'a dyn Fn(&Line) -> Option<Month>;

/// The statement of a party in one role over `from..to`; none if none of its accounts was ever used.
pub fn role_statement(
    book: &Book,
    (role, party): (Role, PartyId),
    currency: Currency,
    (from, to): (Instant, Instant),
    origin: Origin<'_>,
) -> Option<RoleStatement> {
    let (due, owed) = accounts(role, party);
    let read = |all: Vec<Account>| all.into_iter().filter_map(|a| statement(book, a, currency, from, to)).collect::<Vec<_>>();
    let (due, owed) = (read(due), read(owed));
    if due.is_empty() && owed.is_empty() {
        return None;
    }
    let mut lines: BTreeMap<u64, StatementLine> = BTreeMap::new();
    for (s, is_due) in due.iter().map(|s| (s, true)).chain(owed.iter().map(|s| (s, false))) {
        for l in &s.lines {
            let (seq, entry, code, at) = (l.seq, l.entry, l.code, l.at);
            let line = lines.entry(seq).or_insert(StatementLine { seq, entry, code, at, origin: origin(l), due: 0, owed: 0 });
            if is_due { line.due += l.change } else { line.owed += l.change }
        }
    }
    let mut s = RoleStatement {
        role,
        party,
        currency,
        opening: due.iter().map(|s| s.opening).sum::<i128>() - owed.iter().map(|s| s.opening).sum::<i128>(),
        credits: 0,
        debits: 0,
        payouts: 0,
        ending: 0,
        due: due.iter().map(|s| s.ending).sum(),
        owed: owed.iter().map(|s| s.ending).sum(),
        lines: lines.into_values().collect(),
    };
    for l in &s.lines {
        match l.due - l.owed {
            net if l.code == Template::PayoutInitiated.code() => s.payouts -= net,
            net if net >= 0 => s.credits += net,
            net => s.debits -= net,
        }
    }
    s.ending = s.opening + s.credits - s.debits - s.payouts;
    Some(s)
}

/// Every statement of a currency over `from..to`, by role and party.
pub fn statements(book: &Book, currency: Currency, from: Instant, to: Instant, origin: Origin<'_>) -> Vec<RoleStatement> {
    let parties: BTreeSet<PartyId> =
        book.accounts().iter().filter(|r| r.key.currency == currency).filter_map(|r| r.key.account.party()).collect();
    let of = |role| parties.iter().filter_map(move |p| role_statement(book, (role, *p), currency, (from, to), origin));
    ROLES.into_iter().flat_map(of).collect()
}

/// What `PERIOD_CLOSED` says.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Closing {
    /// The currency.
    pub currency: Currency,
    /// First instant of the period.
    pub from: Instant,
    /// First instant past it.
    pub to: Instant,
    /// Over the trial balance.
    pub trial_hash: Digest,
    /// By role and party; what is hashed is the whole statement.
    pub statements: Vec<RoleStatement>,
    /// The roll-forward.
    pub exposure: Exposure,
}

impl Closing {
    /// Hashes of the statements by party, one after the other where it has several roles.
    pub fn hashes(&self) -> Vec<(PartyId, Digest)> {
        let hash = |s: &RoleStatement| {
            let mut shown = s.clone();
            if nooterra_engine::planted!("I27 leave an entry off a statement") {
                shown.lines.pop();
            }
            content_hash("nooterra/statement/v1", &shown)
        };
        self.statements.iter().map(|s| (s.party, hash(s))).collect()
    }
    /// `PERIOD_CLOSED` as a command to the ledger, which keeps the trial balance and lets nothing into the period.
    pub fn command(&self, cause: EventId, at: Instant) -> Command {
        // A template's numbers end before 256, so no entry of the event has this id.
        let id = EntryId::of(cause, u32::MAX);
        Command::Close(ClosePeriod { id, currency: self.currency, from: self.from, to: self.to, cause, at })
    }
}

/// One name of the trial balance, debit positive.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct TrialLine {
    name: String,
    posted: i128,
    pending: i128,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Trial {
    lines: Vec<TrialLine>,
}

/// Draws a period up at `now`. The book must stand as at the period's end: nothing younger is in it.
pub fn close(
    book: &Book,
    currency: Currency,
    (from, to): (Instant, Instant),
    now: Instant,
    exposure: Exposure,
    origin: Origin<'_>,
) -> Result<Closing, Refusal> {
    if book.open_from(currency).is_some_and(|open| from < open) {
        return Err(Refusal::PeriodClosed("it was closed before"));
    }
    if now < to || to <= from {
        return Err(Refusal::PeriodOpen("it has not ended yet"));
    }
    let (posted, pending) = sums(book, currency);
    if (posted, pending) != (0, 0) {
        return Err(Refusal::Unbalanced(if posted == 0 { pending } else { posted }));
    }
    if book.last_at() >= to {
        return Err(Refusal::PeriodOpen("something younger is in the book"));
    }
    let statements = statements(book, currency, from, to, origin);
    // Summed by kind of account, not by statement: an account on no statement would show.
    let (mut due, mut owed) = (0, 0);
    for r in book.accounts().iter().filter(|r| r.key.currency == currency && r.key.account.party().is_some()) {
        match r.key.account {
            Account::InsurerReceivable { .. } | Account::PartyReceivable { .. } => owed += r.balance.posted,
            _ => due += r.balance.posted,
        }
    }
    let sum = |of: fn(&RoleStatement) -> i128| statements.iter().map(of).sum::<i128>();
    if sum(|s| s.due) != due || sum(|s| s.owed) != owed || statements.iter().any(|s| s.ending != s.due - s.owed) {
        return Err(Refusal::PeriodOpen("the statements do not sum to the payables"));
    }
    if exposure.ending().map(i128::from) != Some(Exposure::locked(book, currency)) {
        return Err(Refusal::PeriodOpen("what is held does not roll forward"));
    }
    let rows = trial_balance(book).into_iter().filter(|r| r.currency == currency);
    let lines = rows.map(|r| TrialLine { name: r.name.to_owned(), posted: r.posted, pending: r.pending }).collect();
    let trial_hash = content_hash("nooterra/trial/v1", &Trial { lines });
    Ok(Closing { currency, from, to, trial_hash, statements, exposure })
}
