//! The book's state, how facts change it, and what one may read from it.

use crate::account::{Account, AccountIx, AccountKey, Side};
use crate::entry::EntryId;
use crate::fact::{Booked, Fact, Posting, Refused, Resolved};
use crate::root::Pieces;
use crate::table::{Keyed, Table};
use nooterra_engine::digest::{Digest, PieceDigest, RunningDigest};
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_engine::{Record, always};
use std::collections::{BTreeMap, BTreeSet};

/// What stands on an account, in minor units on its normal side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Balance {
    /// Final.
    pub posted: i128,
    /// Everything that was ever added to it: what was taken is this less `posted`.
    pub added: i128,
    /// Reserved movements that would add to it.
    pub pending_in: i128,
    /// Reserved movements that would take from it.
    pub pending_out: i128,
}

impl Balance {
    /// What can still be taken: reserved outflow counts as gone, reserved inflow not as come.
    #[inline]
    pub const fn available(&self) -> i128 {
        self.posted - self.pending_out
    }
    /// Everything that was ever taken from it.
    pub const fn taken(&self) -> i128 {
        self.added - self.posted
    }
    /// Adds a posting to one layer; a negative amount takes a reservation away.
    #[inline]
    pub(crate) fn add(&mut self, grows: bool, pending: bool, amount: i128) {
        match (pending, grows) {
            (false, true) => {
                self.posted += amount;
                self.added += amount;
            }
            (false, false) => self.posted -= amount,
            (true, true) => self.pending_in += amount,
            (true, false) => self.pending_out += amount,
        }
    }
}

/// A posted movement on a party's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Line {
    /// Number of the fact.
    pub seq: u64,
    /// The entry.
    pub entry: EntryId,
    /// The posting template's number.
    pub code: u16,
    /// The job.
    pub job: Option<JobId>,
    /// Legal time.
    pub at: Instant,
    /// Minor units on the account's normal side.
    pub change: i128,
}

/// One account of the book.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct AccountRow {
    /// What it is.
    pub key: AccountKey,
    /// What stands on it.
    pub balance: Balance,
    /// Least that may be available; none for no limit.
    pub min_available: Option<i128>,
    /// Every posted movement, if it is a party's.
    pub lines: Vec<Line>,
}

impl AccountRow {
    /// Does it stand below its limit?
    #[inline]
    fn is_low(&self) -> bool {
        self.min_available.is_some_and(|least| self.balance.available() < least)
    }
}

impl Keyed for AccountRow {
    type Key = AccountKey;
    #[inline]
    fn key(&self) -> AccountKey {
        self.key
    }
    #[inline]
    fn has(&self, key: &AccountKey) -> bool {
        self.key.is(key)
    }
    #[inline]
    fn mix(key: &AccountKey) -> u64 {
        key.mix(key.account.mix())
    }
}

/// What became of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Fate {
    /// An entry that was posted at once.
    Posted,
    /// An entry that is pending.
    Pending,
    /// A pending entry that was posted, whole or in part.
    Captured,
    /// A pending entry that was voided.
    Voided,
    /// The id of what changed or ended a pending entry.
    Resolution,
    /// The command was refused.
    Refused,
    /// A pending entry whose time was up.
    Expired,
    /// A change of the book's own rules.
    Rule,
}

/// An id's one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Outcome {
    /// The id.
    pub id: EntryId,
    /// Number of the fact.
    pub seq: u64,
    /// Of the command.
    pub fingerprint: u64,
    /// What became of it.
    pub fate: Fate,
    /// Why, if it was refused.
    pub reason: u16,
}

impl Keyed for Outcome {
    type Key = EntryId;
    #[inline]
    fn key(&self) -> EntryId {
        self.id
    }
    #[inline]
    fn has(&self, key: &EntryId) -> bool {
        self.id == *key
    }
    #[inline]
    fn mix(key: &EntryId) -> u64 {
        let (a, b) = key.halves();
        crate::table::mix(a, b)
    }
}

/// A pending entry that is still open. What was captured of it so far, what is left and what was given back are at every
/// time what was reserved.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Pending {
    /// The posting template's number.
    pub code: u16,
    /// The event that caused it.
    pub cause: EventId,
    /// The job.
    pub job: Option<JobId>,
    /// Legal time.
    pub at: Instant,
    /// Currency of every posting.
    pub currency: Currency,
    /// What is reserved now, leg by leg of the entry; a leg may be down to nothing.
    pub postings: Vec<Posting>,
    /// What was captured so far, leg by leg.
    pub captured: Vec<u64>,
    /// From when on it counts no longer.
    pub expires: Option<Instant>,
}

/// The double-entry book.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Book {
    pub(crate) accounts: Table<AccountRow>,
    pub(crate) outcomes: Table<Outcome>,
    pub(crate) pendings: BTreeMap<EntryId, Pending>,
    /// Open holds by their end.
    pub(crate) expiries: BTreeSet<(Instant, EntryId)>,
    /// End of the last closed period, by currency.
    pub(crate) closed: BTreeMap<Currency, Instant>,
    pub(crate) next_seq: u64,
    pub(crate) last_at: Instant,
    digest: PieceDigest,
    pieces: Pieces,
}

impl Book {
    /// What stands on an account; nothing if it was never used.
    pub fn balance(&self, account: Account, currency: Currency) -> Balance {
        self.row(account, currency).map(|r| r.balance).unwrap_or_default()
    }
    /// What stands on an account at an instant not before the last fact: a hold whose time is up is not seen, though
    /// nobody has written it down yet. One answer is as of one sequence number and one instant.
    pub fn balance_at(&self, account: Account, currency: Currency, at: Instant) -> Balance {
        let Some(ix) = self.accounts.find(&AccountKey { account, currency }) else { return Balance::default() };
        let mut balance = self.accounts.row(ix).map(|r| r.balance).unwrap_or_default();
        for p in self.expired(at).filter_map(|id| self.pendings.get(&id)).flat_map(|p| &p.postings).filter(|p| p.account.0 == ix) {
            balance.add(account.kind().normal() == p.side, true, -i128::from(p.amount));
        }
        balance
    }
    /// Open holds whose time is up at an instant, in order of their ends.
    pub fn expired(&self, at: Instant) -> impl Iterator<Item = EntryId> + '_ {
        self.expiries.iter().take_while(move |(end, _)| *end <= at).map(|(_, id)| *id)
    }
    /// When the next hold's time is up.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.expiries.first().map(|(end, _)| *end)
    }
    /// First instant that lies in no closed period of a currency.
    pub fn open_from(&self, currency: Currency) -> Option<Instant> {
        self.closed.get(&currency).copied()
    }
    /// Posted balance of an account, on its normal side.
    pub fn posted(&self, account: Account, currency: Currency) -> i128 {
        self.balance(account, currency).posted
    }
    /// An account's row.
    pub fn row(&self, account: Account, currency: Currency) -> Option<&AccountRow> {
        self.accounts.find(&AccountKey { account, currency }).and_then(|at| self.accounts.row(at))
    }
    /// All accounts in the order in which they were opened.
    pub fn accounts(&self) -> &[AccountRow] {
        self.accounts.rows()
    }
    /// The account with this number.
    pub fn account(&self, ix: AccountIx) -> Option<AccountKey> {
        self.accounts.row(ix.0).map(|r| r.key)
    }
    /// The accounts of a party, in the order in which they were opened.
    pub fn accounts_of(&self, party: PartyId) -> impl Iterator<Item = &AccountRow> {
        self.accounts.rows().iter().filter(move |r| r.key.account.party() == Some(party))
    }
    /// What became of an id.
    pub fn outcome(&self, id: EntryId) -> Option<&Outcome> {
        self.outcomes.find(&id).and_then(|at| self.outcomes.row(at))
    }
    /// A pending entry; at an instant past its end ask [`Book::expired`] as well.
    pub fn pending(&self, id: EntryId) -> Option<&Pending> {
        self.pendings.get(&id)
    }
    /// All pending entries, by id.
    pub fn pendings(&self) -> &BTreeMap<EntryId, Pending> {
        &self.pendings
    }
    /// How many facts were folded in: the next fact's number.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }
    /// Legal time of the last fact.
    pub const fn last_at(&self) -> Instant {
        self.last_at
    }
    /// Digest over all facts so far.
    pub fn running_digest(&self) -> RunningDigest {
        self.digest.now()
    }
    /// Merkle root over all facts so far, in pieces: what can be published, and derived again from the facts.
    pub fn root(&self) -> Digest {
        self.pieces.root(&self.digest.now().head)
    }
    /// Adds the whole state to a hash, by the digest of the facts that made it.
    pub fn digest(&self, h: &mut nooterra_engine::Hasher) {
        let now = self.digest.now();
        h.digest(&now.head).u64(now.count);
    }

    fn apply(&mut self, seq: u64, id: EntryId, how: (u16, Option<JobId>, Instant), postings: &[Posting], pending: bool, sign: i128) {
        let (code, job, at) = how;
        let (mut sum, mut low) = (0, false);
        for p in postings {
            sum += if p.side == Side::Debit { i128::from(p.amount) } else { -i128::from(p.amount) };
            let Some(row) = self.accounts.row_mut(p.account.0) else {
                always!(false, "ledger.account_exists", "fact {seq}: no account {}", p.account.0);
                continue;
            };
            let account = row.key.account;
            let grows = account.kind().normal() == p.side;
            let amount = sign * i128::from(p.amount);
            if nooterra_engine::planted!("I21 a balance forgets a posting") && matches!(account, Account::PlatformRevenue) {
                continue;
            }
            row.balance.add(grows, pending, amount);
            low |= row.is_low();
            if !pending && account.party().is_some() {
                let twice = nooterra_engine::planted!("I27 a statement lists an entry twice");
                if twice {
                    row.lines.push(Line { seq, entry: id, code, job, at, change: 0 });
                }
                row.lines.push(Line { seq, entry: id, code, job, at, change: if grows { amount } else { -amount } });
            }
        }
        if low {
            self.swear_limits(seq, postings);
        }
        if sum != 0 {
            always!(false, "ledger.balanced", "fact {seq}: debits exceed credits by {sum}");
        }
    }

    /// The limits hold again once every leg is in.
    #[cold]
    #[inline(never)]
    fn swear_limits(&self, seq: u64, postings: &[Posting]) {
        for row in postings.iter().filter_map(|p| self.accounts.row(p.account.0)).filter(|r| r.is_low()) {
            always!(false, "ledger.limit", "fact {seq}: {} stands at {:?}", row.key.account, row.balance);
        }
    }

    fn book(&mut self, f: &Booked, fate: Fate) {
        self.apply(f.seq, f.id, (f.code, f.job, f.at), &f.postings, fate == Fate::Pending, 1);
        self.outcomes.push(Outcome { id: f.id, seq: f.seq, fingerprint: f.fingerprint, fate, reason: 0 });
        if fate == Fate::Pending {
            let (postings, captured) = (f.postings.clone(), vec![0; f.postings.len()]);
            let expires = f.expires;
            let held = Pending { code: f.code, cause: f.cause, job: f.job, at: f.at, currency: f.currency, postings, captured, expires };
            self.pendings.insert(f.id, held);
            self.expiries.extend(expires.map(|end| (end, f.id)));
        }
    }

    /// Takes an open hold out of the book, with what is left of it.
    fn end(&mut self, seq: u64, pending: EntryId, at: Instant, fate: Fate) {
        let Some(held) = self.pendings.remove(&pending) else {
            always!(false, "ledger.pending_exists", "fact {seq}: no pending entry {pending}");
            return;
        };
        if let Some(end) = held.expires {
            self.expiries.remove(&(end, pending));
        }
        self.apply(seq, pending, (held.code, held.job, at), &held.postings, true, -1);
        if let Some(o) = self.outcomes.find(&pending).and_then(|at| self.outcomes.row_mut(at)) {
            o.fate = fate;
        }
    }

    fn resolve(&mut self, f: &Resolved, fate: Fate) {
        self.end(f.seq, f.pending, f.at, fate);
        self.apply(f.seq, f.id, (f.code, f.job, f.at), &f.postings, false, 1);
        self.outcomes.push(Outcome { id: f.id, seq: f.seq, fingerprint: f.fingerprint, fate: Fate::Resolution, reason: 0 });
    }

    /// An open hold gets smaller by what is captured of it, or larger by what it is raised.
    fn change(&mut self, f: &Resolved, raise: bool) {
        let Some(held) = self.pendings.get_mut(&f.pending) else {
            always!(false, "ledger.pending_exists", "fact {}: no pending entry {}", f.seq, f.pending);
            return;
        };
        let mut fits = held.postings.len() == f.legs.len();
        for ((p, captured), v) in held.postings.iter_mut().zip(&mut held.captured).zip(&f.legs) {
            fits &= raise || *v <= p.amount;
            p.amount = if raise { p.amount.saturating_add(*v) } else { p.amount.saturating_sub(*v) };
            *captured = if raise { *captured } else { captured.saturating_add(*v) };
        }
        always!(fits, "ledger.portion", "fact {}: does not fit {}", f.seq, f.pending);
        let how = (held.code, held.job, f.at);
        self.apply(f.seq, f.pending, how, &f.postings, true, if raise { 1 } else { -1 });
        if !raise {
            self.apply(f.seq, f.id, (f.code, f.job, f.at), &f.postings, false, 1);
        }
        self.outcomes.push(Outcome { id: f.id, seq: f.seq, fingerprint: f.fingerprint, fate: Fate::Resolution, reason: 0 });
    }

    fn rule(&mut self, seq: u64, id: EntryId, fingerprint: u64) {
        self.outcomes.push(Outcome { id, seq, fingerprint, fate: Fate::Rule, reason: 0 });
    }

    fn refuse(&mut self, f: &Refused) {
        self.outcomes.push(Outcome { id: f.id, seq: f.seq, fingerprint: f.fingerprint, fate: Fate::Refused, reason: f.reason });
    }
}

/// Folds a fact in. A fact that does not continue the book breaks an oath; it never panics.
pub fn evolve(book: &mut Book, fact: &Fact) {
    if fact.seq() != book.next_seq {
        always!(false, "ledger.gapless", "fact {} where {} was due", fact.seq(), book.next_seq);
    }
    book.next_seq = fact.seq() + 1;
    book.last_at = book.last_at.max(fact.at());
    match fact {
        Fact::AccountOpened(f) => {
            let min_available = f.key.account.limit();
            let at = book.accounts.push(AccountRow { key: f.key, balance: Balance::default(), min_available, lines: Vec::new() });
            if at != f.ix.0 {
                always!(false, "ledger.account_number", "fact {}: account {} where {at} was due", f.seq, f.ix.0);
            }
        }
        Fact::EntryPosted(f) => book.book(f, Fate::Posted),
        Fact::EntryPended(f) => book.book(f, Fate::Pending),
        Fact::PendingPosted(f) => book.resolve(f, Fate::Captured),
        Fact::PendingVoided(f) => book.resolve(f, Fate::Voided),
        Fact::EntryRefused(f) => book.refuse(f),
        Fact::PendingCaptured(f) => book.change(f, false),
        Fact::PendingRaised(f) => book.change(f, true),
        Fact::PendingExpired(f) => book.end(f.seq, f.pending, f.at, Fate::Expired),
        Fact::LimitSet(f) => {
            if let Some(row) = book.accounts.row_mut(f.account.0) {
                row.min_available = f.min_available;
            } else {
                always!(false, "ledger.account_exists", "fact {}: no account {}", f.seq, f.account.0);
            }
            book.rule(f.seq, f.id, f.fingerprint);
        }
        Fact::PeriodClosed(f) => {
            book.closed.insert(f.currency, f.to);
            book.rule(f.seq, f.id, f.fingerprint);
        }
    }
    if let Some(head) = book.digest.fold(|w| fact.put_digested(w)) {
        book.pieces.push(&head);
    }
}
