//! Whether a command may be carried out, and what would happen. Reads the book, changes nothing.
// Accounts and the parts of a link are numbered in 32 bits.
#![allow(clippy::cast_possible_truncation)]

use crate::account::{AccountIx, AccountKey, Side};
use crate::book::{Balance, Book, Fate, Pending, evolve};
use crate::entry::{ClosePeriod, Command, Entry, EntryId, Leg, Linked, Mixed, Portion, Post, Resolution, SetLimit};
use crate::fact::{Booked, Closed, Column, Expired, Fact, Limited, Opened, Posting, Refused, Resolved};
use crate::rejection::Rejection;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The most legs of one entry.
pub const MAX_LEGS: usize = 4_096;
const MAX_AMOUNT: u64 = i64::MAX as u64;
/// So many postings are gone through once for each of them; more are drafted account by account.
const FEW_LEGS: usize = 8;

/// What carrying out this command would make happen.
pub fn decide(book: &Book, command: &Command) -> Result<Vec<Fact>, Rejection> {
    let mut facts = Vec::with_capacity(1);
    decide_into(book, command, &mut facts).map(|()| facts)
}

/// The same at the end of a list that is at hand; a refusal leaves it as it was.
pub fn decide_into(book: &Book, command: &Command, facts: &mut Vec<Fact>) -> Result<(), Rejection> {
    let before = facts.len();
    let mut draft = Draft::new(book, facts);
    let end = match command {
        Command::Linked(link) => draft.link(link),
        c => draft.one(c),
    };
    if end.is_err() {
        facts.truncate(before);
    }
    end
}

/// The facts that use up the ids of a refused command, so that no later attempt under them can succeed. Ids that
/// have an outcome keep it.
pub fn refusal(book: &Book, command: &Command, why: &Rejection) -> Vec<Fact> {
    let mut facts = Vec::with_capacity(1);
    refuse(book, command, why, &mut facts);
    facts
}

fn refuse(book: &Book, command: &Command, why: &Rejection, facts: &mut Vec<Fact>) {
    let at = command.at().unwrap_or(book.last_at).max(book.last_at);
    let mut draft = Draft::new(book, facts);
    draft.pass(at);
    let mut one = |c: &Command, reason: u16| {
        if let Some(id) = c.id().filter(|id| book.outcome(*id).is_none()) {
            let seq = draft.next();
            draft.facts.push(Fact::EntryRefused(Refused { seq, id, at, fingerprint: c.fingerprint(), reason }));
        }
    };
    match command {
        Command::Linked(link) => {
            // Two parts under one id use it up once.
            let mut seen = BTreeSet::new();
            link.commands.iter().filter(|c| seen.insert(c.id())).for_each(|c| one(c, why.code()));
        }
        c => one(c, why.code()),
    }
}

/// The facts that time alone brings about up to and at an instant: holds whose time is up. Every decision begins with
/// them; a host that sleeps until [`Book::next_deadline`] calls it so that they are written down on time.
pub fn expire(book: &Book, now: Instant) -> Vec<Fact> {
    let mut facts = Vec::new();
    Draft::new(book, &mut facts).pass(now);
    facts
}

/// Decides and folds in: what happened, and how it ended. A refusal is folded in as well.
pub fn submit(book: &mut Book, command: &Command) -> (Vec<Fact>, Result<(), Rejection>) {
    let mut facts = Vec::with_capacity(1);
    let end = submit_into(book, command, &mut facts);
    (facts, end)
}

/// The same, with what happened at the end of a list that is at hand: a host that takes commands in batches keeps one.
pub fn submit_into(book: &mut Book, command: &Command, facts: &mut Vec<Fact>) -> Result<(), Rejection> {
    let before = facts.len();
    let end = decide_into(book, command, facts);
    if let Err(why) = &end {
        refuse(book, command, why, facts);
    }
    facts[before..].iter().for_each(|f| evolve(book, f));
    end
}

/// The same for commands that wait together; `each` hears of every one in its order what happened and how it ended.
///
/// In a book of millions of ids the look for an id goes far out in memory, and the processor waits for it. It waits no
/// longer for many of them at once, so here the ids of the next commands are looked up ahead of them.
pub fn submit_all<'c>(
    book: &mut Book,
    commands: impl IntoIterator<Item = &'c Command>,
    mut each: impl FnMut(&'c Command, &[Fact], Result<(), Rejection>),
) {
    let (mut commands, mut facts, mut next) = (commands.into_iter(), Vec::new(), Vec::with_capacity(AHEAD));
    loop {
        next.extend(commands.by_ref().take(AHEAD));
        if next.is_empty() {
            return;
        }
        std::hint::black_box(next.iter().filter_map(|c: &&Command| c.id()).fold(0, |all, id| all ^ book.outcomes.touch(&id)));
        for c in next.drain(..) {
            facts.clear();
            let end = submit_into(book, c, &mut facts);
            each(c, &facts, end);
        }
    }
}

/// How many ids are looked up ahead: as many as memory is asked for at once.
const AHEAD: usize = 16;

/// The book as it would be after what was decided so far.
struct Draft<'a> {
    book: &'a Book,
    at: Instant,
    seq: u64,
    balances: Balances,
    /// What only links and rare commands leave behind.
    rest: Option<Box<Rest>>,
    facts: &'a mut Vec<Fact>,
    linked: bool,
}

/// What differs from the book beside balances.
#[derive(Default)]
struct Rest {
    opened: BTreeMap<AccountKey, u32>,
    /// The same in the order in which they were opened.
    opened_keys: Vec<AccountKey>,
    ids: BTreeMap<EntryId, (u64, u64)>,
    /// Pending entries that were made, changed or (by their fate) ended here.
    pendings: BTreeMap<EntryId, Result<Pending, Fate>>,
    limits: BTreeMap<u32, Option<i128>>,
    closed: BTreeMap<Currency, Instant>,
}

/// Balances that differ from the book's, ascending by account.
#[derive(Default)]
struct Balances(Vec<(u32, Balance)>);

impl Balances {
    fn all(&self) -> &[(u32, Balance)] {
        &self.0
    }
    fn find(&self, ix: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&ix, |b| b.0)
    }
    fn get(&self, ix: u32) -> Option<&Balance> {
        self.find(ix).ok().map(|at| &self.0[at].1)
    }
    fn or_insert(&mut self, ix: u32, balance: impl FnOnce() -> Balance) -> &mut Balance {
        let at = self.find(ix).unwrap_or_else(|at| {
            self.0.insert(at, (ix, balance()));
            at
        });
        &mut self.0[at].1
    }
}

impl<'a> Draft<'a> {
    fn new(book: &'a Book, facts: &'a mut Vec<Fact>) -> Self {
        Self { book, at: book.last_at, seq: book.next_seq, balances: Balances::default(), rest: None, facts, linked: false }
    }

    fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    fn link(&mut self, link: &Linked) -> Result<(), Rejection> {
        if link.commands.is_empty() {
            return Err(Rejection::LinkEmpty);
        }
        if link.commands.iter().any(|c| matches!(c, Command::Linked(_))) {
            return Err(Rejection::LinkNested);
        }
        // Delivered a second time, all parts exist: the link does, too.
        if let Some(seq) = self.all_exist(&link.commands) {
            return Err(Rejection::Exists { seq });
        }
        for (index, c) in link.commands.iter().enumerate() {
            self.one(c).map_err(|reason| Rejection::LinkFailed { index: index as u32, reason: Box::new(reason) })?;
        }
        Ok(())
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
        let mut mixed = Mixed::default();
        let fingerprint = command.fingerprint_and(&mut mixed);
        match command {
            Command::PostEntry(e) => {
                self.entry(e, fingerprint, &mixed, None)?;
                if nooterra_engine::planted!("I20 an entry that does not balance")
                    && let Some(Fact::EntryPosted(b)) = self.facts.last_mut()
                    && let Some(p) = b.postings.iter_mut().find(|p| p.side == Side::Debit)
                {
                    p.amount += 1;
                }
                Ok(())
            }
            Command::Pend(h) => self.entry(&h.entry, fingerprint, &mixed, Some(h.expires)),
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
        match self.rest.as_ref().and_then(|r| r.ids.get(&id)) {
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
        if self.rest.as_ref().is_some_and(|r| !r.pendings.is_empty()) || self.book.next_deadline().is_some_and(|end| end <= at) {
            self.end_due(at);
        }
        self.at = self.at.max(at);
    }

    #[cold]
    #[inline(never)]
    fn end_due(&mut self, at: Instant) {
        let pendings = &self.rest().pendings;
        let here = pendings.iter().filter_map(|(id, p)| Some((p.as_ref().ok()?.expires.filter(|end| *end <= at)?, *id)));
        let mut due: Vec<(Instant, EntryId)> = here.collect();
        let before = self.book.expired(at).filter(|id| self.rest.as_ref().is_none_or(|r| !r.pendings.contains_key(id)));
        due.extend(before.filter_map(|id| Some((self.book.pendings.get(&id)?.expires?, id))));
        due.sort_unstable();
        for (end, pending) in due {
            let Ok(held) = self.open(pending) else { continue };
            self.at = self.at.max(end);
            self.apply(&held.postings, true, -1);
            self.rest().pendings.insert(pending, Err(Fate::Expired));
            let (seq, at) = (self.next(), self.at);
            self.facts.push(Fact::PendingExpired(Expired { seq, pending, at }));
        }
    }

    fn next(&mut self) -> u64 {
        self.seq += 1;
        self.seq - 1
    }

    #[inline]
    fn account(&mut self, key: AccountKey, mixed: u64) -> u32 {
        match self.book.accounts.find_mixed(key.mix(mixed), &key) {
            Some(ix) => ix,
            None => self.opened(key),
        }
    }

    /// The number of an account that the book does not have yet.
    #[cold]
    #[inline(never)]
    fn opened(&mut self, key: AccountKey) -> u32 {
        let known = self.book.accounts.rows().len();
        let rest = self.rest();
        if let Some(ix) = rest.opened.get(&key) {
            return *ix;
        }
        let ix = (known + rest.opened.len()) as u32;
        rest.opened.insert(key, ix);
        rest.opened_keys.push(key);
        let (seq, at) = (self.next(), self.at);
        self.facts.push(Fact::AccountOpened(Opened { seq, at, ix: AccountIx(ix), key }));
        ix
    }

    fn key(&self, ix: u32) -> Option<&AccountKey> {
        let rows = self.book.accounts.rows();
        match rows.get(ix as usize) {
            Some(row) => Some(&row.key),
            None => self.rest.as_ref()?.opened_keys.get(ix as usize - rows.len()),
        }
    }

    fn balance(&mut self, ix: u32) -> &mut Balance {
        let book = self.book;
        self.balances.or_insert(ix, || book.accounts.row(ix).map(|r| r.balance).unwrap_or_default())
    }

    /// Adds postings to the drafted balances.
    fn apply(&mut self, postings: &[Posting], pending: bool, sign: i128) {
        for p in postings {
            // An account that is nowhere can only come from a foreign keyframe: the book swears when it folds it in.
            let Some(key) = self.key(p.account.0) else { continue };
            let grows = key.account.kind().normal() == p.side;
            self.balance(p.account.0).add(grows, pending, sign * i128::from(p.amount));
        }
    }

    /// Drafts movements, each of some postings in one layer with a sign, and holds accounts to their limits.
    fn moved(&mut self, moves: &[(&[Posting], bool, i128)], limited: &[Posting]) -> Result<(), Rejection> {
        // A command by itself is nearly always the first that is drafted, and the last: what it moves is only to be weighed.
        let alone = !self.linked && self.rest.is_none() && self.balances.all().is_empty();
        if alone && moves.iter().map(|m| m.0.len()).sum::<usize>() <= FEW_LEGS {
            return limited.iter().try_for_each(|p| self.within_limit_after(p.account, moves));
        }
        moves.iter().for_each(|(postings, pending, sign)| self.apply(postings, *pending, *sign));
        self.within_limits(limited)
    }

    #[inline]
    fn within_limit_after(&self, account: AccountIx, moves: &[(&[Posting], bool, i128)]) -> Result<(), Rejection> {
        let Some(row) = self.book.accounts.row(account.0) else { return Ok(()) };
        let Some(least) = row.min_available else { return Ok(()) };
        let (mut available, normal) = (row.balance.available(), row.key.account.kind().normal());
        for (postings, pending, sign) in moves {
            for p in *postings {
                // Inflow that is only reserved is not there yet.
                if p.account == account && (p.side != normal || !pending) {
                    let amount = i128::from(p.amount);
                    if (p.side == normal) == (*sign > 0) { available += amount } else { available -= amount }
                }
            }
        }
        limit(&row.key, least, available)
    }

    fn within_limits(&self, postings: &[Posting]) -> Result<(), Rejection> {
        postings.iter().try_for_each(|p| self.within_limit(p.account.0))
    }

    fn within_limit(&self, ix: u32) -> Result<(), Rejection> {
        let (Some(balance), Some(key)) = (self.balances.get(ix), self.key(ix)) else { return Ok(()) };
        let least = match self.rest.as_ref().and_then(|r| r.limits.get(&ix)) {
            Some(least) => *least,
            None => self.book.accounts.row(ix).map_or_else(|| key.account.limit(), |r| r.min_available),
        };
        least.map_or(Ok(()), |least| limit(key, least, balance.available()))
    }

    fn entry(&mut self, e: &Entry, fingerprint: u64, mixed: &Mixed, hold: Option<Option<Instant>>) -> Result<(), Rejection> {
        self.fresh(e.id, fingerprint)?;
        self.time(e.at)?;
        check_legs(&e.legs)?;
        let expires = hold.flatten();
        if expires.is_some_and(|end| end <= e.at) {
            return Err(Rejection::ExpiryPast);
        }
        let mut postings = Vec::with_capacity(e.legs.len());
        for (i, l) in e.legs.iter().enumerate() {
            let mixed = mixed.0.get(i).copied().unwrap_or_else(|| l.account.mix());
            let account = AccountIx(self.account(AccountKey { account: l.account, currency: e.currency }, mixed));
            postings.push(Posting { account, side: l.side, amount: l.amount });
        }
        self.moved(&[(&postings, hold.is_some(), 1)], &postings)?;
        let seq = self.next();
        let Entry { id, code, cause, job, at, currency, .. } = *e;
        if self.linked {
            self.rest().ids.insert(id, (seq, fingerprint));
            if hold.is_some() {
                let (postings, captured) = (postings.clone(), vec![0; postings.len()]);
                self.rest().pendings.insert(id, Ok(Pending { code, cause, job, at, currency, postings, captured, expires }));
            }
        }
        let booked = Booked { seq, id, code, cause, job, at, currency, fingerprint, postings, expires };
        self.facts.push(if hold.is_some() { Fact::EntryPended(booked) } else { Fact::EntryPosted(booked) });
        Ok(())
    }

    /// An open hold, or why there is none.
    fn open(&self, pending: EntryId) -> Result<Cow<'a, Pending>, Rejection> {
        let ended = |fate: Fate| if fate == Fate::Expired { Rejection::PendingExpired } else { Rejection::PendingResolved };
        match self.rest.as_ref().and_then(|r| r.pendings.get(&pending)) {
            Some(Ok(p)) => Ok(Cow::Owned(p.clone())),
            Some(Err(fate)) => Err(ended(*fate)),
            None => match self.book.pendings.get(&pending) {
                Some(p) => Ok(Cow::Borrowed(p)),
                None => match self.book.outcome(pending).map(|o| o.fate) {
                    Some(fate @ (Fate::Captured | Fate::Voided | Fate::Expired)) => Err(ended(fate)),
                    _ => Err(Rejection::PendingUnknown),
                },
            },
        }
    }

    fn end(&mut self, r: &Resolution, portion: Option<&Portion>, fingerprint: u64) -> Result<(), Rejection> {
        self.fresh(r.id, fingerprint)?;
        self.time(r.at)?;
        let held = self.open(r.pending)?;
        let postings = match portion {
            Some(Portion::Whole) => held.postings.iter().filter(|p| p.amount > 0).copied().collect(),
            Some(p) => part(&held.postings, &cut(&held.postings, p)?),
            None => Vec::new(),
        };
        // What was reserved can be taken, so no limit can break here; the book swears it again.
        self.moved(&[(&held.postings, true, -1), (&postings, false, 1)], &postings)?;
        let fate = if portion.is_some() { Fate::Captured } else { Fate::Voided };
        let resolved = self.resolved(r, &held, fingerprint, postings, Vec::new(), Err(fate));
        self.facts.push(if portion.is_some() { Fact::PendingPosted(resolved) } else { Fact::PendingVoided(resolved) });
        Ok(())
    }

    fn capture(&mut self, r: &Resolution, portion: &Portion, fingerprint: u64) -> Result<(), Rejection> {
        self.fresh(r.id, fingerprint)?;
        self.time(r.at)?;
        let mut held = self.open(r.pending)?.into_owned();
        let legs = cut(&held.postings, portion)?;
        if held.postings.iter().zip(&legs).all(|(p, v)| p.amount == *v) {
            // Nothing is left: the hold ends as if all of it had been posted.
            return self.end(r, Some(&Portion::Whole), fingerprint);
        }
        let postings = part(&held.postings, &legs);
        self.apply(&postings, true, -1);
        self.apply(&postings, false, 1);
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
        let mut held = self.open(r.pending)?.into_owned();
        let legs = amounts(held.postings.len(), portion).ok_or(Rejection::PortionMismatch)?;
        for ((p, captured), v) in held.postings.iter_mut().zip(&held.captured).zip(&legs) {
            // What was ever reserved under one leg stays an amount.
            let all = p.amount.checked_add(*captured).and_then(|a| a.checked_add(*v)).filter(|a| *a <= MAX_AMOUNT);
            all.ok_or(Rejection::AmountOverflow)?;
            p.amount += v;
        }
        let postings = part(&held.postings, &legs);
        balanced(&postings)?;
        self.apply(&postings, true, 1);
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
            self.rest().ids.insert(r.id, (seq, fingerprint));
            self.rest().pendings.insert(r.pending, then);
        }
        let Resolution { id, pending, code, cause, at } = *r;
        Resolved { seq, id, pending, code, cause, job: held.job, at, currency: held.currency, fingerprint, postings, legs }
    }

    fn limit(&mut self, l: &SetLimit, fingerprint: u64) -> Result<(), Rejection> {
        self.fresh(l.id, fingerprint)?;
        self.time(l.at)?;
        let ix = self.account(l.key, l.key.account.mix());
        self.balance(ix);
        self.rest().limits.insert(ix, l.min_available);
        self.within_limit(ix)?;
        let seq = self.next();
        self.rest().ids.insert(l.id, (seq, fingerprint));
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
        let open_from = self.rest.as_ref().and_then(|r| r.closed.get(&c.currency).copied()).or_else(|| self.book.open_from(c.currency));
        if open_from.is_some_and(|from| from != c.from) {
            return Err(Rejection::Period("it does not begin where the last one ended"));
        }
        let trial = self.trial(c.currency);
        let seq = self.next();
        self.rest().ids.insert(c.id, (seq, fingerprint));
        self.rest().closed.insert(c.currency, c.to);
        let ClosePeriod { id, currency, from, to, cause, at } = *c;
        self.facts.push(Fact::PeriodClosed(Closed { seq, id, cause, at, fingerprint, currency, from, to, trial }));
        Ok(())
    }

    /// Posted balances by name, as drafted.
    fn trial(&self, currency: Currency) -> Vec<Column> {
        let mut columns: BTreeMap<&'static str, (i128, i128)> = BTreeMap::new();
        let drafted = self.balances.all().iter().filter_map(|(ix, b)| Some((*ix, *self.key(*ix)?, b.posted)));
        let others = self.book.accounts.rows().iter().enumerate().map(|(i, r)| (i as u32, r.key, r.balance.posted));
        let others = others.filter(|(ix, _, _)| self.balances.find(*ix).is_err());
        for (_, key, posted) in drafted.chain(others).filter(|(_, key, _)| key.currency == currency) {
            let (c, (debit, credit)) = (columns.entry(key.account.name()).or_default(), key.account.kind().columns(posted));
            *c = (c.0 + debit, c.1 + credit);
        }
        columns.into_iter().map(|(name, (debit, credit))| Column { name: name.to_owned(), debit, credit }).collect()
    }
}

fn limit(key: &AccountKey, least: i128, available: i128) -> Result<(), Rejection> {
    if available < least { Err(Rejection::Limit { key: *key, short: least.saturating_sub(available) }) } else { Ok(()) }
}

fn check_legs(legs: &[Leg]) -> Result<(), Rejection> {
    if legs.is_empty() {
        return Err(Rejection::NoLegs);
    }
    if legs.len() > MAX_LEGS {
        return Err(Rejection::TooManyLegs(u32::try_from(legs.len()).unwrap_or(u32::MAX)));
    }
    let (mut zero, mut over, mut debits, mut credits) = (false, false, 0u128, 0u128);
    for l in legs {
        zero |= l.amount == 0;
        over |= l.amount > MAX_AMOUNT;
        match l.side {
            Side::Debit => debits += u128::from(l.amount),
            Side::Credit => credits += u128::from(l.amount),
        }
    }
    match (zero, over, debits == credits) {
        (true, _, _) => Err(Rejection::AmountZero),
        (_, true, _) => Err(Rejection::AmountOverflow),
        (_, _, false) => Err(Rejection::Unbalanced { debits, credits }),
        _ => Ok(()),
    }
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
