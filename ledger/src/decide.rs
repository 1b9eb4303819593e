//! Whether a command may be carried out, and what would happen. Reads the book, changes nothing.
// Accounts and the parts of a link are numbered in 32 bits.
#![allow(clippy::cast_possible_truncation)]

use crate::account::{AccountIx, AccountKey, Side};
use crate::book::{Balance, Book, Fate, Pending, evolve};
use crate::entry::{Command, Entry, EntryId, Leg, Portion, Post, Resolution};
use crate::fact::{Booked, Fact, Opened, Posting, Refused, Resolved};
use crate::rejection::Rejection;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;

/// The most legs of one entry.
pub const MAX_LEGS: usize = 4_096;
const MAX_AMOUNT: u64 = i64::MAX as u64;

/// What carrying out this command would make happen.
pub fn decide(book: &Book, command: &Command) -> Result<Vec<Fact>, Rejection> {
    let mut draft = Draft::new(book);
    match command {
        Command::Linked(link) => {
            if link.commands.is_empty() {
                return Err(Rejection::LinkEmpty);
            }
            if link.commands.iter().any(|c| matches!(c, Command::Linked(_))) {
                return Err(Rejection::LinkNested);
            }
            // Delivered a second time, all parts exist: the link does, too.
            if let Some(seq) = draft.all_exist(&link.commands) {
                return Err(Rejection::Exists { seq });
            }
            for (index, c) in link.commands.iter().enumerate() {
                draft.one(c).map_err(|reason| Rejection::LinkFailed { index: index as u32, reason: Box::new(reason) })?;
            }
        }
        c => draft.one(c)?,
    }
    Ok(draft.facts)
}

/// The facts that use up the ids of a refused command, so that no later attempt under them can succeed. Ids that
/// have an outcome keep it.
pub fn refusal(book: &Book, command: &Command, why: &Rejection) -> Vec<Fact> {
    let mut facts = Vec::new();
    let at = command.at().unwrap_or(book.last_at).max(book.last_at);
    let mut seen = BTreeMap::new();
    let mut one = |c: &Command, reason: u16| {
        if let Some(id) = c.id()
            && book.outcome(id).is_none()
            && seen.insert(id, ()).is_none()
        {
            let seq = book.next_seq + facts.len() as u64;
            facts.push(Fact::EntryRefused(Refused { seq, id, at, fingerprint: c.fingerprint(), reason }));
        }
    };
    match command {
        Command::Linked(link) => link.commands.iter().for_each(|c| one(c, why.code())),
        c => one(c, why.code()),
    }
    facts
}

/// Decides and folds in: what happened, and how it ended. A refusal is folded in as well.
pub fn submit(book: &mut Book, command: &Command) -> (Vec<Fact>, Result<(), Rejection>) {
    let (facts, end) = match decide(book, command) {
        Ok(facts) => (facts, Ok(())),
        Err(why) => (refusal(book, command, &why), Err(why)),
    };
    facts.iter().for_each(|f| evolve(book, f));
    (facts, end)
}

/// The book as it would be after what was decided so far.
struct Draft<'a> {
    book: &'a Book,
    at: Instant,
    seq: u64,
    opened: BTreeMap<AccountKey, u32>,
    /// Balances that differ from the book's, ascending by account.
    balances: Vec<(u32, AccountKey, Balance)>,
    ids: BTreeMap<EntryId, (u64, u64)>,
    /// Pending entries made (`Some`) or ended (`None`) here.
    pendings: BTreeMap<EntryId, Option<Pending>>,
    facts: Vec<Fact>,
    linked: bool,
}

impl<'a> Draft<'a> {
    fn new(book: &'a Book) -> Self {
        Self {
            book,
            at: book.last_at,
            seq: book.next_seq,
            opened: BTreeMap::new(),
            balances: Vec::with_capacity(8),
            ids: BTreeMap::new(),
            pendings: BTreeMap::new(),
            facts: Vec::with_capacity(1),
            linked: false,
        }
    }

    fn all_exist(&mut self, commands: &[Command]) -> Option<u64> {
        self.linked = true;
        let mut first = None;
        for c in commands {
            match self.fresh(c.id()?, c.fingerprint()) {
                Err(Rejection::Exists { seq }) => first = first.or(Some(seq)),
                _ => return None,
            }
        }
        first
    }

    fn one(&mut self, command: &Command) -> Result<(), Rejection> {
        let fingerprint = command.fingerprint();
        match command {
            Command::PostEntry(e) => self.entry(e, fingerprint, false),
            Command::Pend(e) => self.entry(e, fingerprint, true),
            Command::Post(Post { resolution, portion }) => self.end(resolution, Some(portion), fingerprint),
            Command::Void(resolution) => self.end(resolution, None, fingerprint),
            Command::Linked(_) => Err(Rejection::LinkNested),
        }
    }

    /// Has this id no outcome yet?
    fn fresh(&self, id: EntryId, fingerprint: u64) -> Result<(), Rejection> {
        if let Some(o) = self.book.outcome(id) {
            let seq = o.seq;
            return Err(match (o.fate, o.fingerprint == fingerprint) {
                (Fate::Refused, _) => Rejection::RefusedBefore { seq, reason: o.reason },
                (_, true) => Rejection::Exists { seq },
                (_, false) => Rejection::IdTaken { seq },
            });
        }
        match self.ids.get(&id) {
            Some((seq, f)) if *f == fingerprint => Err(Rejection::Exists { seq: *seq }),
            Some((seq, _)) => Err(Rejection::IdTaken { seq: *seq }),
            None => Ok(()),
        }
    }

    fn time(&mut self, at: Instant) -> Result<(), Rejection> {
        if at < self.at {
            return Err(Rejection::TimeBackwards);
        }
        self.at = at;
        Ok(())
    }

    fn next(&mut self) -> u64 {
        self.seq += 1;
        self.seq - 1
    }

    fn account(&mut self, key: AccountKey) -> u32 {
        if let Some(ix) = self.book.accounts.find(&key).or_else(|| self.opened.get(&key).copied()) {
            return ix;
        }
        let ix = (self.book.accounts.rows().len() + self.opened.len()) as u32;
        self.opened.insert(key, ix);
        let (seq, at) = (self.next(), self.at);
        self.facts.push(Fact::AccountOpened(Opened { seq, at, ix: AccountIx(ix), key }));
        ix
    }

    fn key(&self, ix: AccountIx) -> Option<AccountKey> {
        self.book.account(ix).or_else(|| self.opened.iter().find(|(_, i)| **i == ix.0).map(|(k, _)| *k))
    }

    fn balance(&mut self, ix: u32, key: AccountKey) -> &mut Balance {
        let at = match self.balances.binary_search_by_key(&ix, |b| b.0) {
            Ok(at) => at,
            Err(at) => {
                let balance = self.book.accounts.row(ix).map(|r| r.balance).unwrap_or_default();
                self.balances.insert(at, (ix, key, balance));
                at
            }
        };
        &mut self.balances[at].2
    }

    /// Adds postings to the drafted balances. `legs` are the entry's own, where they are at hand.
    fn apply(&mut self, postings: &[Posting], legs: Option<(&[Leg], Currency)>, pending: bool, sign: i128) {
        for (i, p) in postings.iter().enumerate() {
            let key = legs.map(|(legs, currency)| AccountKey { account: legs[i].account, currency }).or_else(|| self.key(p.account));
            // An account that is nowhere can only come from a foreign keyframe: the book swears when it folds it in.
            let Some(key) = key else { continue };
            let grows = key.account.kind().normal() == p.side;
            self.balance(p.account.0, key).add(grows, pending, sign * i128::from(p.amount));
        }
    }

    fn within_limits(&self, postings: &[Posting]) -> Result<(), Rejection> {
        for p in postings {
            if let Ok(at) = self.balances.binary_search_by_key(&p.account.0, |b| b.0) {
                let (_, key, balance) = &self.balances[at];
                if balance.available() < 0 && !key.account.either_sign() {
                    return Err(Rejection::Limit { key: *key, short: -balance.available() });
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, e: &Entry, fingerprint: u64, pending: bool) -> Result<(), Rejection> {
        self.fresh(e.id, fingerprint)?;
        self.time(e.at)?;
        check_legs(&e.legs)?;
        let mut postings = Vec::with_capacity(e.legs.len());
        for l in &e.legs {
            let account = AccountIx(self.account(AccountKey { account: l.account, currency: e.currency }));
            postings.push(Posting { account, side: l.side, amount: l.amount });
        }
        self.apply(&postings, Some((&e.legs, e.currency)), pending, 1);
        self.within_limits(&postings)?;
        let seq = self.next();
        if self.linked {
            self.ids.insert(e.id, (seq, fingerprint));
            if pending {
                let held = Pending { code: e.code, cause: e.cause, job: e.job, at: e.at, currency: e.currency, postings: postings.clone() };
                self.pendings.insert(e.id, Some(held));
            }
        }
        let (id, code, cause, job, at, currency) = (e.id, e.code, e.cause, e.job, e.at, e.currency);
        let booked = Booked { seq, id, code, cause, job, at, currency, fingerprint, postings };
        self.facts.push(if pending { Fact::EntryPended(booked) } else { Fact::EntryPosted(booked) });
        Ok(())
    }

    fn end(&mut self, r: &Resolution, portion: Option<&Portion>, fingerprint: u64) -> Result<(), Rejection> {
        self.fresh(r.id, fingerprint)?;
        self.time(r.at)?;
        let held = match self.pendings.get(&r.pending) {
            Some(Some(p)) => p.clone(),
            Some(None) => return Err(Rejection::PendingResolved),
            None => match (self.book.pendings.get(&r.pending), self.book.outcome(r.pending).map(|o| o.fate)) {
                (Some(p), _) => p.clone(),
                (None, Some(Fate::Captured | Fate::Voided)) => return Err(Rejection::PendingResolved),
                (None, _) => return Err(Rejection::PendingUnknown),
            },
        };
        let postings = portion.map_or(Ok(Vec::new()), |p| cut(&held.postings, p))?;
        self.apply(&held.postings, None, true, -1);
        self.apply(&postings, None, false, 1);
        // What was reserved can be taken, so no limit can break here; the book swears it again.
        self.within_limits(&postings)?;
        let seq = self.next();
        if self.linked {
            self.ids.insert(r.id, (seq, fingerprint));
            self.pendings.insert(r.pending, None);
        }
        let resolved = Resolved {
            seq,
            id: r.id,
            pending: r.pending,
            code: r.code,
            cause: r.cause,
            job: held.job,
            at: r.at,
            currency: held.currency,
            fingerprint,
            postings,
        };
        self.facts.push(if portion.is_some() { Fact::PendingPosted(resolved) } else { Fact::PendingVoided(resolved) });
        Ok(())
    }
}

fn check_legs(legs: &[Leg]) -> Result<(), Rejection> {
    if legs.is_empty() {
        return Err(Rejection::NoLegs);
    }
    if legs.len() > MAX_LEGS {
        return Err(Rejection::TooManyLegs(u32::try_from(legs.len()).unwrap_or(u32::MAX)));
    }
    if legs.iter().any(|l| l.amount == 0) {
        return Err(Rejection::AmountZero);
    }
    if legs.iter().any(|l| l.amount > MAX_AMOUNT) {
        return Err(Rejection::AmountOverflow);
    }
    let sum = |side| legs.iter().filter(|l| l.side == side).map(|l| u128::from(l.amount)).sum::<u128>();
    let (debits, credits) = (sum(Side::Debit), sum(Side::Credit));
    if debits == credits { Ok(()) } else { Err(Rejection::Unbalanced { debits, credits }) }
}

/// The part of a pending entry that is posted.
fn cut(held: &[Posting], portion: &Portion) -> Result<Vec<Posting>, Rejection> {
    let amounts: Vec<u64> = match portion {
        Portion::Whole => return Ok(held.to_vec()),
        Portion::Amount(v) if held.len() == 2 => vec![*v, *v],
        Portion::Amount(_) => return Err(Rejection::PortionMismatch),
        Portion::Each(legs) if legs.amounts.len() == held.len() => legs.amounts.clone(),
        Portion::Each(_) => return Err(Rejection::PortionMismatch),
    };
    if held.iter().zip(&amounts).any(|(p, v)| *v > p.amount) {
        return Err(Rejection::PortionTooLarge);
    }
    let part: Vec<Posting> = held.iter().zip(amounts).filter(|(_, v)| *v > 0).map(|(p, amount)| Posting { amount, ..*p }).collect();
    if part.is_empty() {
        return Err(Rejection::AmountZero);
    }
    let sum = |side| part.iter().filter(|p| p.side == side).map(|p| u128::from(p.amount)).sum::<u128>();
    let (debits, credits) = (sum(Side::Debit), sum(Side::Credit));
    if debits == credits { Ok(part) } else { Err(Rejection::Unbalanced { debits, credits }) }
}
