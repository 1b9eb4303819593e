//! Whether a command may be carried out, and what would happen. Reads the book, changes nothing.
// Accounts and the parts of a link are numbered in 32 bits.
#![allow(clippy::cast_possible_truncation)]

use crate::account::{AccountIx, AccountKey, Side};
use crate::book::{Balance, Book, Fate, Pending, evolve};
use crate::entry::{ClosePeriod, Command, Entry, EntryId, Leg, Portion, Post, Resolution, SetLimit};
use crate::fact::{Booked, Closed, Column, Expired, Fact, Limited, Opened, Posting, Refused, Resolved};
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
    let at = command.at().unwrap_or(book.last_at).max(book.last_at);
    let mut draft = Draft::new(book);
    draft.pass(at);
    let mut seen = BTreeMap::new();
    let mut one = |c: &Command, reason: u16| {
        if let Some(id) = c.id()
            && book.outcome(id).is_none()
            && seen.insert(id, ()).is_none()
        {
            let seq = draft.next();
            draft.facts.push(Fact::EntryRefused(Refused { seq, id, at, fingerprint: c.fingerprint(), reason }));
        }
    };
    match command {
        Command::Linked(link) => link.commands.iter().for_each(|c| one(c, why.code())),
        c => one(c, why.code()),
    }
    draft.facts
}

/// The facts that time alone brings about up to and at an instant: holds whose time is up. Every decision begins with
/// them; a host that sleeps until [`Book::next_deadline`] calls it so that they are written down on time.
pub fn expire(book: &Book, now: Instant) -> Vec<Fact> {
    let mut draft = Draft::new(book);
    draft.pass(now);
    draft.facts
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
    /// Pending entries that were made, changed or (by their fate) ended here.
    pendings: BTreeMap<EntryId, Result<Pending, Fate>>,
    limits: BTreeMap<u32, Option<i128>>,
    closed: BTreeMap<Currency, Instant>,
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
            limits: BTreeMap::new(),
            closed: BTreeMap::new(),
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
            Command::PostEntry(e) => {
                self.entry(e, fingerprint, None)?;
                if nooterra_engine::planted!("I20 an entry that does not balance")
                    && let Some(Fact::EntryPosted(b)) = self.facts.last_mut()
                    && let Some(p) = b.postings.iter_mut().find(|p| p.side == Side::Debit)
                {
                    p.amount += 1;
                }
                Ok(())
            }
            Command::Pend(h) => self.entry(&h.entry, fingerprint, Some(h.expires)),
            Command::Post(Post { resolution, portion }) => self.end(resolution, Some(portion), fingerprint),
            Command::Void(resolution) => self.end(resolution, None, fingerprint),
            Command::Capture(Post { resolution, portion }) => self.capture(resolution, portion, fingerprint),
            Command::Raise(Post { resolution, portion }) => self.raise(resolution, portion, fingerprint),
            Command::Limit(l) => self.limit(l, fingerprint),
            Command::Close(c) => self.close(c, fingerprint),
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
        self.pass(at);
        Ok(())
    }

    /// Time passes: holds whose time is up by then end, each at its own instant.
    fn pass(&mut self, at: Instant) {
        let due: Vec<EntryId> = self.book.expired(at).filter(|id| !self.pendings.contains_key(id)).collect();
        let here = self.pendings.iter().filter_map(|(id, p)| Some((p.as_ref().ok()?.expires.filter(|end| *end <= at)?, *id)));
        let mut due: Vec<(Instant, EntryId)> =
            due.into_iter().filter_map(|id| Some((self.book.pendings.get(&id)?.expires?, id))).chain(here).collect();
        due.sort_unstable();
        for (end, pending) in due {
            let Ok(held) = self.open(pending) else { continue };
            self.at = self.at.max(end);
            self.apply(&held.postings, None, true, -1);
            self.pendings.insert(pending, Err(Fate::Expired));
            let (seq, at) = (self.next(), self.at);
            self.facts.push(Fact::PendingExpired(Expired { seq, pending, at }));
        }
        self.at = self.at.max(at);
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
        postings.iter().try_for_each(|p| self.within_limit(p.account.0))
    }

    fn within_limit(&self, ix: u32) -> Result<(), Rejection> {
        let Ok(at) = self.balances.binary_search_by_key(&ix, |b| b.0) else { return Ok(()) };
        let (_, key, balance) = &self.balances[at];
        let own = || self.book.accounts.row(ix).map_or_else(|| key.account.limit(), |r| r.min_available);
        let least = self.limits.get(&ix).copied().unwrap_or_else(own);
        match least.map(|least| least - balance.available()) {
            Some(short) if short > 0 => Err(Rejection::Limit { key: *key, short }),
            _ => Ok(()),
        }
    }

    fn entry(&mut self, e: &Entry, fingerprint: u64, hold: Option<Option<Instant>>) -> Result<(), Rejection> {
        self.fresh(e.id, fingerprint)?;
        self.time(e.at)?;
        check_legs(&e.legs)?;
        let expires = hold.flatten();
        if expires.is_some_and(|end| end <= e.at) {
            return Err(Rejection::ExpiryPast);
        }
        let mut postings = Vec::with_capacity(e.legs.len());
        for l in &e.legs {
            let account = AccountIx(self.account(AccountKey { account: l.account, currency: e.currency }));
            postings.push(Posting { account, side: l.side, amount: l.amount });
        }
        self.apply(&postings, Some((&e.legs, e.currency)), hold.is_some(), 1);
        self.within_limits(&postings)?;
        let seq = self.next();
        let Entry { id, code, cause, job, at, currency, .. } = *e;
        if self.linked {
            self.ids.insert(id, (seq, fingerprint));
            if hold.is_some() {
                let (postings, captured) = (postings.clone(), vec![0; postings.len()]);
                self.pendings.insert(id, Ok(Pending { code, cause, job, at, currency, postings, captured, expires }));
            }
        }
        let booked = Booked { seq, id, code, cause, job, at, currency, fingerprint, postings, expires };
        self.facts.push(if hold.is_some() { Fact::EntryPended(booked) } else { Fact::EntryPosted(booked) });
        Ok(())
    }

    /// An open hold, or why there is none.
    fn open(&self, pending: EntryId) -> Result<Pending, Rejection> {
        let ended = |fate: Fate| if fate == Fate::Expired { Rejection::PendingExpired } else { Rejection::PendingResolved };
        match self.pendings.get(&pending) {
            Some(Ok(p)) => Ok(p.clone()),
            Some(Err(fate)) => Err(ended(*fate)),
            None => match (self.book.pendings.get(&pending), self.book.outcome(pending).map(|o| o.fate)) {
                (Some(p), _) => Ok(p.clone()),
                (None, Some(fate @ (Fate::Captured | Fate::Voided | Fate::Expired))) => Err(ended(fate)),
                (None, _) => Err(Rejection::PendingUnknown),
            },
        }
    }

    fn end(&mut self, r: &Resolution, portion: Option<&Portion>, fingerprint: u64) -> Result<(), Rejection> {
        self.fresh(r.id, fingerprint)?;
        self.time(r.at)?;
        let held = self.open(r.pending)?;
        let postings = match portion {
            Some(p) => part(&held.postings, &cut(&held.postings, p)?),
            None => Vec::new(),
        };
        self.apply(&held.postings, None, true, -1);
        self.apply(&postings, None, false, 1);
        // What was reserved can be taken, so no limit can break here; the book swears it again.
        self.within_limits(&postings)?;
        let fate = if portion.is_some() { Fate::Captured } else { Fate::Voided };
        let resolved = self.resolved(r, &held, fingerprint, postings, Vec::new(), Err(fate));
        self.facts.push(if portion.is_some() { Fact::PendingPosted(resolved) } else { Fact::PendingVoided(resolved) });
        Ok(())
    }

    fn capture(&mut self, r: &Resolution, portion: &Portion, fingerprint: u64) -> Result<(), Rejection> {
        self.fresh(r.id, fingerprint)?;
        self.time(r.at)?;
        let mut held = self.open(r.pending)?;
        let legs = cut(&held.postings, portion)?;
        if held.postings.iter().zip(&legs).all(|(p, v)| p.amount == *v) {
            // Nothing is left: the hold ends as if all of it had been posted.
            return self.end(r, Some(&Portion::Whole), fingerprint);
        }
        let postings = part(&held.postings, &legs);
        self.apply(&postings, None, true, -1);
        self.apply(&postings, None, false, 1);
        self.within_limits(&postings)?;
        for ((p, captured), v) in held.postings.iter_mut().zip(&mut held.captured).zip(&legs) {
            p.amount -= v;
            *captured = captured.saturating_add(*v);
        }
        let resolved = self.resolved(r, &held.clone(), fingerprint, postings, legs, Ok(held));
        self.facts.push(Fact::PendingCaptured(resolved));
        Ok(())
    }

    fn raise(&mut self, r: &Resolution, portion: &Portion, fingerprint: u64) -> Result<(), Rejection> {
        self.fresh(r.id, fingerprint)?;
        self.time(r.at)?;
        let mut held = self.open(r.pending)?;
        let legs = amounts(held.postings.len(), portion).ok_or(Rejection::PortionMismatch)?;
        for ((p, captured), v) in held.postings.iter_mut().zip(&held.captured).zip(&legs) {
            // What was ever reserved under one leg stays an amount.
            let all = p.amount.checked_add(*captured).and_then(|a| a.checked_add(*v)).filter(|a| *a <= MAX_AMOUNT);
            all.ok_or(Rejection::AmountOverflow)?;
            p.amount += v;
        }
        let postings = part(&held.postings, &legs);
        balanced(&postings)?;
        self.apply(&postings, None, true, 1);
        self.within_limits(&postings)?;
        let resolved = self.resolved(r, &held.clone(), fingerprint, postings, legs, Ok(held));
        self.facts.push(Fact::PendingRaised(resolved));
        Ok(())
    }

    fn resolved(
        &mut self,
        r: &Resolution,
        held: &Pending,
        fingerprint: u64,
        postings: Vec<Posting>,
        legs: Vec<u64>,
        then: Result<Pending, Fate>,
    ) -> Resolved {
        let seq = self.next();
        if self.linked {
            self.ids.insert(r.id, (seq, fingerprint));
            self.pendings.insert(r.pending, then);
        }
        let Resolution { id, pending, code, cause, at } = *r;
        Resolved { seq, id, pending, code, cause, job: held.job, at, currency: held.currency, fingerprint, postings, legs }
    }

    fn limit(&mut self, l: &SetLimit, fingerprint: u64) -> Result<(), Rejection> {
        self.fresh(l.id, fingerprint)?;
        self.time(l.at)?;
        let ix = self.account(l.key);
        self.balance(ix, l.key);
        self.limits.insert(ix, l.min_available);
        self.within_limit(ix)?;
        let seq = self.next();
        self.ids.insert(l.id, (seq, fingerprint));
        let SetLimit { id, min_available, cause, at, .. } = *l;
        self.facts.push(Fact::LimitSet(Limited { seq, id, cause, at, fingerprint, account: AccountIx(ix), min_available }));
        Ok(())
    }

    fn close(&mut self, c: &ClosePeriod, fingerprint: u64) -> Result<(), Rejection> {
        self.fresh(c.id, fingerprint)?;
        self.time(c.at)?;
        if c.to <= c.from {
            return Err(Rejection::Period("it ends before it begins"));
        }
        if c.at < c.to {
            return Err(Rejection::Period("it has not ended yet"));
        }
        let open_from = self.closed.get(&c.currency).copied().or_else(|| self.book.open_from(c.currency));
        if open_from.is_some_and(|from| from != c.from) {
            return Err(Rejection::Period("it does not begin where the last one ended"));
        }
        let trial = self.trial(c.currency);
        let seq = self.next();
        self.ids.insert(c.id, (seq, fingerprint));
        self.closed.insert(c.currency, c.to);
        let ClosePeriod { id, currency, from, to, cause, at } = *c;
        self.facts.push(Fact::PeriodClosed(Closed { seq, id, cause, at, fingerprint, currency, from, to, trial }));
        Ok(())
    }

    /// Posted balances by name, as drafted.
    fn trial(&self, currency: Currency) -> Vec<Column> {
        let mut columns: BTreeMap<&'static str, (i128, i128)> = BTreeMap::new();
        let drafted = self.balances.iter().map(|(ix, key, b)| (*ix, *key, b.posted));
        let others = self.book.accounts.rows().iter().enumerate().map(|(i, r)| (i as u32, r.key, r.balance.posted));
        let others = others.filter(|(ix, _, _)| self.balances.binary_search_by_key(ix, |b| b.0).is_err());
        for (_, key, posted) in drafted.chain(others).filter(|(_, key, _)| key.currency == currency) {
            let (c, (debit, credit)) = (columns.entry(key.account.name()).or_default(), key.account.kind().columns(posted));
            *c = (c.0 + debit, c.1 + credit);
        }
        columns.into_iter().map(|(name, (debit, credit))| Column { name: name.to_owned(), debit, credit }).collect()
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

/// Amounts leg by leg; none if a portion names none, or others.
fn amounts(legs: usize, portion: &Portion) -> Option<Vec<u64>> {
    match portion {
        Portion::Amount(v) if legs == 2 => Some(vec![*v; 2]),
        Portion::Each(l) if l.amounts.len() == legs => Some(l.amounts.clone()),
        _ => None,
    }
}

/// The amounts of a pending entry's legs that are posted.
fn cut(held: &[Posting], portion: &Portion) -> Result<Vec<u64>, Rejection> {
    if matches!(portion, Portion::Whole) {
        return Ok(held.iter().map(|p| p.amount).collect());
    }
    let legs = amounts(held.len(), portion).ok_or(Rejection::PortionMismatch)?;
    if held.iter().zip(&legs).any(|(p, v)| *v > p.amount) {
        return Err(Rejection::PortionTooLarge);
    }
    balanced(&part(held, &legs))?;
    Ok(legs)
}

/// Postings of these amounts, without those of nothing.
fn part(held: &[Posting], legs: &[u64]) -> Vec<Posting> {
    held.iter().zip(legs).filter(|(_, v)| **v > 0).map(|(p, amount)| Posting { amount: *amount, ..*p }).collect()
}

fn balanced(postings: &[Posting]) -> Result<(), Rejection> {
    if postings.is_empty() {
        return Err(Rejection::AmountZero);
    }
    let sum = |side| postings.iter().filter(|p| p.side == side).map(|p| u128::from(p.amount)).sum::<u128>();
    let (debits, credits) = (sum(Side::Debit), sum(Side::Credit));
    if debits == credits { Ok(()) } else { Err(Rejection::Unbalanced { debits, credits }) }
}
