//! The book's state, how facts change it, and what one may read from it.

use crate::account::{Account, AccountIx, AccountKey, Side};
use crate::entry::EntryId;
use crate::fact::{Booked, Fact, Posting, Refused, Resolved};
use crate::table::{Keyed, Table};
use nooterra_engine::digest::{RunningDigest, blake3};
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::record::{Message, Writer};
use nooterra_engine::time::Instant;
use nooterra_engine::{Record, always};
use std::collections::BTreeMap;

/// What stands on an account, in minor units on its normal side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Balance {
    /// Final.
    pub posted: i128,
    /// Reserved movements that would add to it.
    pub pending_in: i128,
    /// Reserved movements that would take from it.
    pub pending_out: i128,
}

impl Balance {
    /// What can still be taken: reserved outflow counts as gone, reserved inflow not as come.
    pub const fn available(&self) -> i128 {
        self.posted - self.pending_out
    }
    /// Adds a posting to one layer; a negative amount takes it away.
    pub(crate) fn add(&mut self, grows: bool, pending: bool, amount: i128) {
        match (pending, grows) {
            (false, true) => self.posted += amount,
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
    /// Every posted movement, if it is a party's.
    pub lines: Vec<Line>,
}

impl Keyed for AccountRow {
    type Key = AccountKey;
    fn key(&self) -> AccountKey {
        self.key
    }
    fn mix(key: &AccountKey) -> u64 {
        AccountKey::mix(key)
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
    /// The id of a post or void.
    Resolution,
    /// The command was refused.
    Refused,
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
    fn key(&self) -> EntryId {
        self.id
    }
    fn mix(key: &EntryId) -> u64 {
        let (a, b) = key.halves();
        crate::table::mix(a, b)
    }
}

/// A pending entry that is neither posted nor voided.
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
    /// What is reserved.
    pub postings: Vec<Posting>,
}

/// The double-entry book.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Book {
    pub(crate) accounts: Table<AccountRow>,
    pub(crate) outcomes: Table<Outcome>,
    pub(crate) pendings: BTreeMap<EntryId, Pending>,
    pub(crate) next_seq: u64,
    pub(crate) last_at: Instant,
    digest: RunningDigest,
}

impl Book {
    /// What stands on an account; nothing if it was never used.
    pub fn balance(&self, account: Account, currency: Currency) -> Balance {
        self.row(account, currency).map(|r| r.balance).unwrap_or_default()
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
    /// A pending entry.
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
    pub const fn running_digest(&self) -> &RunningDigest {
        &self.digest
    }
    /// Adds the whole state to a hash, by the digest of the facts that made it.
    pub fn digest(&self, h: &mut nooterra_engine::Hasher) {
        h.digest(&self.digest.head).u64(self.digest.count);
    }

    fn apply(&mut self, seq: u64, id: EntryId, how: (u16, Option<JobId>, Instant), postings: &[Posting], pending: bool, sign: i128) {
        let (code, job, at) = how;
        for p in postings {
            let Some(row) = self.accounts.row_mut(p.account.0) else {
                always!(false, "ledger.account_exists", "fact {seq}: no account {}", p.account.0);
                continue;
            };
            let account = row.key.account;
            let grows = account.kind().normal() == p.side;
            let amount = sign * i128::from(p.amount);
            row.balance.add(grows, pending, amount);
            if !pending && account.party().is_some() {
                row.lines.push(Line { seq, entry: id, code, job, at, change: if grows { amount } else { -amount } });
            }
        }
        // The limits hold again once every leg is in.
        for p in postings {
            if let Some(row) = self.accounts.row(p.account.0)
                && row.balance.available() < 0
                && !row.key.account.either_sign()
            {
                always!(false, "ledger.limit", "fact {seq}: {} stands at {:?}", row.key.account, row.balance);
            }
        }
        let sum: i128 = postings.iter().map(|p| if p.side == Side::Debit { i128::from(p.amount) } else { -i128::from(p.amount) }).sum();
        if sum != 0 {
            always!(false, "ledger.balanced", "fact {seq}: debits exceed credits by {sum}");
        }
    }

    fn book(&mut self, f: &Booked, fate: Fate) {
        self.apply(f.seq, f.id, (f.code, f.job, f.at), &f.postings, fate == Fate::Pending, 1);
        self.outcomes.push(Outcome { id: f.id, seq: f.seq, fingerprint: f.fingerprint, fate, reason: 0 });
        if fate == Fate::Pending {
            let postings = f.postings.clone();
            let held = Pending { code: f.code, cause: f.cause, job: f.job, at: f.at, currency: f.currency, postings };
            self.pendings.insert(f.id, held);
        }
    }

    fn resolve(&mut self, f: &Resolved, fate: Fate) {
        if let Some(held) = self.pendings.remove(&f.pending) {
            self.apply(f.seq, f.pending, (held.code, held.job, f.at), &held.postings, true, -1);
        } else {
            always!(false, "ledger.pending_exists", "fact {}: no pending entry {}", f.seq, f.pending);
        }
        self.apply(f.seq, f.id, (f.code, f.job, f.at), &f.postings, false, 1);
        if let Some(o) = self.outcomes.find(&f.pending).and_then(|at| self.outcomes.row_mut(at)) {
            o.fate = fate;
        }
        self.outcomes.push(Outcome { id: f.id, seq: f.seq, fingerprint: f.fingerprint, fate: Fate::Resolution, reason: 0 });
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
            let at = book.accounts.push(AccountRow { key: f.key, balance: Balance::default(), lines: Vec::new() });
            if at != f.ix.0 {
                always!(false, "ledger.account_number", "fact {}: account {} where {at} was due", f.seq, f.ix.0);
            }
        }
        Fact::EntryPosted(f) => book.book(f, Fate::Posted),
        Fact::EntryPended(f) => book.book(f, Fate::Pending),
        Fact::PendingPosted(f) => book.resolve(f, Fate::Captured),
        Fact::PendingVoided(f) => book.resolve(f, Fate::Voided),
        Fact::EntryRefused(f) => book.refuse(f),
    }
    // What `RunningDigest::fold` computes, over one piece of memory: this is the book's hottest line.
    let mut w = Writer { bytes: Vec::with_capacity(256) };
    w.bytes.extend_from_slice(&book.digest.head.0);
    w.bytes.extend_from_slice(&book.digest.count.to_le_bytes());
    fact.put_body(&mut w);
    book.digest = RunningDigest { head: blake3(&w.bytes), count: book.digest.count + 1 };
}
