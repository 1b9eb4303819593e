//! Thousands of random histories against a naive book: a list of everything, summed anew for every question.

use crate::audit::audit;
use crate::entry::{ClosePeriod, Legs, Post, SetLimit};
use crate::*;
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::marks;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The naive book: entries in a list; each balance is summed from it.
#[derive(Clone, Default)]
struct Naive {
    posted: Vec<(Currency, Leg)>,
    open: BTreeMap<EntryId, (Currency, Vec<Leg>, Option<u64>)>,
    ended: BTreeSet<EntryId>,
    expired: BTreeSet<EntryId>,
    limits: BTreeMap<(Account, Currency), Option<i128>>,
    closed: BTreeMap<Currency, u64>,
    /// Id to (accepted, command without its time).
    ids: BTreeMap<EntryId, (bool, String)>,
    last: u64,
}

fn text(c: &Command) -> String {
    let mut c = c.clone();
    at_mut(&mut c, &mut |at| at.0 = 0);
    format!("{:?}", nooterra_engine::encode(&c))
}

/// Every instant at which a command takes effect.
fn at_mut(c: &mut Command, f: &mut dyn FnMut(&mut Instant)) {
    match c {
        Command::PostEntry(e) => f(&mut e.at),
        Command::Pend(h) => f(&mut h.entry.at),
        Command::Post(p) | Command::Capture(p) | Command::Raise(p) => f(&mut p.resolution.at),
        Command::Void(r) => f(&mut r.at),
        Command::Limit(l) => f(&mut l.at),
        Command::Close(p) => f(&mut p.at),
        Command::Linked(l) => l.commands.iter_mut().for_each(|c| at_mut(c, f)),
    }
}

impl Naive {
    fn sums(&self, account: Account, currency: Currency) -> (i128, i128, i128) {
        let grows = |l: &Leg| l.side == account.kind().normal();
        let mine = |(c, l): &&(Currency, Leg)| *c == currency && l.account == account;
        let posted =
            self.posted.iter().filter(mine).map(|(_, l)| if grows(l) { i128::from(l.amount) } else { -i128::from(l.amount) }).sum();
        let reserved = |inflow: bool| {
            let legs = self.open.values().filter(|(c, ..)| *c == currency).flat_map(|(_, l, _)| l);
            legs.filter(|l| l.account == account && grows(l) == inflow).map(|l| i128::from(l.amount)).sum()
        };
        (posted, reserved(true), reserved(false))
    }
    fn broken(&self) -> bool {
        let posted = self.posted.iter().map(|(c, l)| (l.account, *c));
        let open = self.open.values().flat_map(|(c, legs, _)| legs.iter().map(|l| (l.account, *c)));
        let keys: BTreeSet<_> = posted.chain(open).chain(self.limits.keys().copied()).collect();
        keys.into_iter().any(|(account, currency)| {
            let (p, _, out) = self.sums(account, currency);
            let own = if matches!(account, Account::PspClearing) { None } else { Some(0) };
            self.limits.get(&(account, currency)).copied().unwrap_or(own).is_some_and(|least| p - out < least)
        })
    }
    /// Holds whose time is up by then are gone.
    fn pass(&mut self, at: u64) {
        let due: Vec<_> = self.open.iter().filter_map(|(id, (_, _, end))| Some((end.filter(|end| *end <= at)?, *id))).collect();
        for (end, id) in due {
            self.open.remove(&id);
            self.expired.insert(id);
            self.last = self.last.max(end);
        }
    }
    fn hold(&self, id: EntryId) -> Result<(Currency, Vec<Leg>, Option<u64>), &'static str> {
        let ended = self.ended.contains(&id).then_some("PENDING_RESOLVED");
        let why = self.expired.contains(&id).then_some("PENDING_EXPIRED").or(ended).unwrap_or("PENDING_UNKNOWN");
        self.open.get(&id).cloned().ok_or(why)
    }
    fn post(&mut self, currency: Currency, legs: Vec<Leg>) {
        self.posted.extend(legs.into_iter().map(|l| (currency, l)));
    }
    /// The class of outcome: `None` if carried out.
    fn one(&mut self, c: &Command) -> Option<&'static str> {
        if let Some((accepted, t)) = self.ids.get(&c.id().unwrap()) {
            return Some(match (accepted, *t == text(c)) {
                (false, _) => "REFUSED_BEFORE",
                (true, true) => "EXISTS",
                (true, false) => "ID_TAKEN",
            });
        }
        let at = c.at().unwrap().0;
        if at < self.last {
            return Some("TIME_BACKWARDS");
        }
        let was = self.clone();
        self.pass(at);
        self.last = at;
        self.ids.insert(c.id().unwrap(), (true, text(c)));
        let why = self.effect(c, at).err().or_else(|| self.broken().then_some("LIMIT"));
        if why.is_some() {
            *self = was;
        }
        why
    }
    fn effect(&mut self, c: &Command, at: u64) -> Result<(), &'static str> {
        match c {
            Command::PostEntry(e) => {
                check(e)?;
                self.post(e.currency, e.legs.clone());
            }
            Command::Pend(Hold { entry: e, expires }) => {
                check(e)?;
                if expires.is_some_and(|end| end.0 <= at) {
                    return Err("EXPIRY_PAST");
                }
                self.open.insert(e.id, (e.currency, e.legs.clone(), expires.map(|end| end.0)));
            }
            Command::Post(p) => {
                let (currency, legs, _) = self.hold(p.resolution.pending)?;
                let part = moved(&legs, &naive_part(&legs, &p.portion, true)?);
                self.open.remove(&p.resolution.pending);
                self.ended.insert(p.resolution.pending);
                self.post(currency, part);
            }
            Command::Void(r) => {
                self.hold(r.pending)?;
                self.open.remove(&r.pending);
                self.ended.insert(r.pending);
            }
            Command::Capture(p) => {
                let id = p.resolution.pending;
                let (currency, mut legs, end) = self.hold(id)?;
                let amounts = naive_part(&legs, &p.portion, true)?;
                self.post(currency, moved(&legs, &amounts));
                legs.iter_mut().zip(amounts).for_each(|(l, v)| l.amount -= v);
                if legs.iter().all(|l| l.amount == 0) {
                    self.open.remove(&id);
                    self.ended.insert(id);
                } else {
                    self.open.insert(id, (currency, legs, end));
                }
            }
            Command::Raise(p) => {
                let id = p.resolution.pending;
                let (currency, mut legs, end) = self.hold(id)?;
                let amounts = naive_part(&legs, &p.portion, false)?;
                legs.iter_mut().zip(amounts).for_each(|(l, v)| l.amount += v);
                self.open.insert(id, (currency, legs, end));
            }
            Command::Limit(l) => {
                self.limits.insert((l.key.account, l.key.currency), l.min_available);
            }
            Command::Close(p) => {
                if p.to <= p.from || at < p.to.0 || self.closed.get(&p.currency).is_some_and(|end| *end != p.from.0) {
                    return Err("PERIOD");
                }
                self.closed.insert(p.currency, p.to.0);
            }
            Command::Linked(_) => unreachable!(),
        }
        Ok(())
    }
    fn submit(&mut self, c: &Command) -> Option<&'static str> {
        let parts = match c {
            Command::Linked(l) => l.commands.clone(),
            c => vec![c.clone()],
        };
        let was = self.clone();
        let outcomes: Vec<_> = parts.iter().map(|p| self.clone().one(p)).collect();
        if matches!(c, Command::Linked(_)) && outcomes.iter().all(|o| *o == Some("EXISTS")) {
            return Some("EXISTS");
        }
        for p in &parts {
            if let Some(why) = self.one(p) {
                *self = was;
                // Time passes also for what is refused.
                self.pass(c.at().unwrap().0.max(self.last));
                for p in &parts {
                    self.ids.entry(p.id().unwrap()).or_insert((false, text(p)));
                }
                let at = c.at().unwrap().0;
                if parts.iter().any(|p| !was_known(&outcomes, &parts, p)) {
                    self.last = self.last.max(at);
                }
                return Some(if matches!(c, Command::Linked(_)) { "LINK_FAILED" } else { why });
            }
        }
        None
    }
}

/// Had this command's id an outcome before?
fn was_known(outcomes: &[Option<&'static str>], parts: &[Command], p: &Command) -> bool {
    let at = parts.iter().position(|q| q == p).unwrap();
    matches!(outcomes[at], Some("EXISTS" | "ID_TAKEN" | "REFUSED_BEFORE"))
}

fn check(e: &Entry) -> Result<(), &'static str> {
    let sum = |s| e.legs.iter().filter(|l| l.side == s).map(|l| u128::from(l.amount)).sum::<u128>();
    if e.legs.iter().any(|l| l.amount == 0) {
        return Err("AMOUNT_ZERO");
    }
    if sum(Side::Debit) == sum(Side::Credit) { Ok(()) } else { Err("UNBALANCED") }
}

fn naive_part(legs: &[Leg], portion: &Portion, within: bool) -> Result<Vec<u64>, &'static str> {
    let amounts: Vec<u64> = match portion {
        Portion::Whole if within => legs.iter().map(|l| l.amount).collect(),
        Portion::Amount(v) if legs.len() == 2 => vec![*v; 2],
        Portion::Each(Legs { amounts }) if amounts.len() == legs.len() => amounts.clone(),
        _ => return Err("PORTION_MISMATCH"),
    };
    if within && legs.iter().zip(&amounts).any(|(l, v)| *v > l.amount) {
        return Err("PORTION_TOO_LARGE");
    }
    let part = moved(legs, &amounts);
    let sum = |s| part.iter().filter(|l| l.side == s).map(|l| l.amount).sum::<u64>();
    match (part.is_empty(), sum(Side::Debit) == sum(Side::Credit)) {
        (true, _) => Err("AMOUNT_ZERO"),
        (_, false) => Err("UNBALANCED"),
        _ => Ok(amounts),
    }
}

fn moved(legs: &[Leg], amounts: &[u64]) -> Vec<Leg> {
    legs.iter().zip(amounts).filter(|(_, v)| **v > 0).map(|(l, amount)| Leg { amount: *amount, ..*l }).collect()
}

fn escrow(n: u8) -> Account {
    Account::Escrow { job: JobId::named(&n.to_string()) }
}
fn owner(n: u8) -> Account {
    Account::OwnerPayable { party: PartyId::named(&n.to_string()) }
}

fn account() -> impl Strategy<Value = Account> {
    let party = || (0u8..3).prop_map(|n| PartyId::named(&n.to_string()));
    let job = || (0u8..3).prop_map(|n| JobId::named(&n.to_string()));
    prop_oneof![
        3 => Just(Account::PspClearing),
        1 => Just(Account::Cash),
        3 => (0u8..3).prop_map(escrow),
        1 => job().prop_map(|job| Account::Held { job }),
        2 => (0u8..3).prop_map(owner),
        1 => party().prop_map(|party| Account::PartyReceivable { role: Role::Owner, party }),
        1 => Just(Account::PlatformRevenue),
        1 => Just(Account::GoodwillExpense),
    ]
}

fn id() -> impl Strategy<Value = EntryId> {
    (0u32..40).prop_map(|n| EntryId::of(EventId::named("h"), n))
}

fn legs() -> impl Strategy<Value = Vec<Leg>> {
    let two = (account(), account(), 0u64..60).prop_map(|(a, b, v)| vec![Leg::debit(a, v), Leg::credit(b, v)]);
    let three = (account(), account(), account(), 1u64..60, 1u64..60)
        .prop_map(|(a, b, c, v, w)| vec![Leg::debit(a, v + w), Leg::credit(b, v), Leg::credit(c, w)]);
    let odd = (account(), account(), 1u64..9, 1u64..9).prop_map(|(a, b, v, w)| vec![Leg::debit(a, v), Leg::credit(b, w)]);
    prop_oneof![6 => two, 3 => three, 1 => odd]
}

fn simple() -> impl Strategy<Value = Command> {
    let entry = || {
        (id(), legs(), prop::bool::weighted(0.1), 0u64..4).prop_map(|(id, legs, usd, at)| Entry {
            id,
            code: 7,
            cause: EventId::named("h"),
            job: None,
            at: Instant(at),
            currency: if usd { Currency::USD } else { Currency::EUR },
            legs,
        })
    };
    let ending = || {
        (id(), id(), 0u64..4).prop_map(|(id, pending, at)| Resolution { id, pending, code: 8, cause: EventId::named("h"), at: Instant(at) })
    };
    let portion = || {
        prop_oneof![
            Just(Portion::Whole),
            (0u64..70).prop_map(Portion::Amount),
            (0u64..30, 0u64..30).prop_map(|(a, b)| Portion::Each(Legs { amounts: vec![a + b, a, b] })),
        ]
    };
    let some = || (ending(), portion()).prop_map(|(resolution, portion)| Post { resolution, portion });
    let hold = (entry(), prop::option::of(1u64..60)).prop_map(|(entry, end)| Hold { entry, expires: end.map(Instant) });
    let limit = (id(), account(), prop::option::of(-90i128..20), 0u64..4).prop_map(|(id, account, min_available, at)| SetLimit {
        id,
        key: AccountKey { account, currency: Currency::EUR },
        min_available,
        cause: EventId::named("h"),
        at: Instant(at),
    });
    let close = (id(), 0u64..3, 1u64..4, 0u64..4).prop_map(|(id, from, to, at)| ClosePeriod {
        id,
        currency: Currency::EUR,
        from: Instant(from),
        to: Instant(to),
        cause: EventId::named("h"),
        at: Instant(at),
    });
    prop_oneof![
        10 => entry().prop_map(Command::PostEntry),
        8 => hold.prop_map(Command::Pend),
        5 => some().prop_map(Command::Post),
        5 => some().prop_map(Command::Capture),
        3 => some().prop_map(Command::Raise),
        2 => ending().prop_map(Command::Void),
        1 => limit.prop_map(Command::Limit),
        1 => close.prop_map(Command::Close),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![4 => simple(), 1 => prop::collection::vec(simple(), 1..4).prop_map(Command::linked)]
}

fn name(r: &Rejection) -> String {
    r.to_string().split(':').next().unwrap().to_owned()
}

/// Which kinds of command ended how, over all histories.
#[derive(Default)]
struct Seen(BTreeMap<(&'static str, String), u64>);

fn kind(c: &Command) -> &'static str {
    match c {
        Command::PostEntry(_) => "post entry",
        Command::Pend(_) => "pend",
        Command::Post(_) => "post",
        Command::Void(_) => "void",
        Command::Capture(_) => "capture",
        Command::Raise(_) => "raise",
        Command::Limit(_) => "limit",
        Command::Close(_) => "close",
        Command::Linked(_) => "linked",
    }
}

/// Makes a history of what was drawn: mostly new ids and holds that exist, so that most commands get far; now and then an
/// id that was used before, a hold that never was, an earlier command again.
fn history(drawn: Vec<(Command, Option<usize>)>) -> Vec<Command> {
    let (mut out, mut holds): (Vec<Command>, Vec<EntryId>) = (Vec::new(), Vec::new());
    // Something to spend.
    for (account, n) in [escrow(0), escrow(1), owner(0), owner(1), Account::PlatformRevenue].into_iter().zip(0..) {
        let legs = vec![Leg::debit(Account::PspClearing, 300), Leg::credit(account, 300)];
        let (id, cause) = (EntryId::of(EventId::named("funds"), n), EventId::named("funds"));
        out.push(Command::PostEntry(Entry { id, code: 1, cause, job: None, at: Instant(0), currency: Currency::EUR, legs }));
    }
    for (i, (mut c, again)) in (0u32..).zip(drawn) {
        if let Some(k) = again {
            out.push(out[k % out.len()].clone());
            continue;
        }
        // Times rise over the history, with a step back here and there; the parts of a link happen at once.
        let linked = matches!(c, Command::Linked(_));
        at_mut(&mut c, &mut |at| at.0 = if linked { u64::from(i) } else { at.0 + u64::from(i) });
        let mut part = 0;
        name_well(&mut c, &mut holds, i, &mut part);
        out.push(c);
    }
    out
}

fn name_well(c: &mut Command, holds: &mut Vec<EntryId>, i: u32, part: &mut u32) {
    *part += 1;
    let fresh = EntryId::of(EventId::named("fresh"), i * 10 + *part);
    // Drawn ids are one of forty: most become new ones.
    let renew = |id: &mut EntryId| {
        if !(0..4).any(|n| *id == EntryId::of(EventId::named("h"), n)) {
            *id = fresh;
        }
    };
    match c {
        Command::PostEntry(e) => renew(&mut e.id),
        Command::Pend(h) => {
            renew(&mut h.entry.id);
            h.expires = h.expires.map(|end| Instant(end.0 / 3 + u64::from(i)));
            holds.push(h.entry.id);
        }
        Command::Post(Post { resolution: r, .. })
        | Command::Capture(Post { resolution: r, .. })
        | Command::Raise(Post { resolution: r, .. })
        | Command::Void(r) => {
            renew(&mut r.id);
            let n = (0..40).find(|n| r.pending == EntryId::of(EventId::named("h"), *n)).unwrap_or(0) as usize;
            if let Some(hold) = holds.iter().rev().nth(n / 8) {
                r.pending = *hold;
            }
        }
        Command::Limit(l) => renew(&mut l.id),
        Command::Close(p) => {
            renew(&mut p.id);
            (p.from.0, p.to.0) = (p.from.0 * 8, p.to.0 * 8);
        }
        Command::Linked(l) => l.commands.iter_mut().for_each(|c| name_well(c, holds, i, part)),
    }
}

fn live(drawn: Vec<(Command, Option<usize>)>, cut: usize, seen: &RefCell<Seen>) -> Result<(), TestCaseError> {
    let history = history(drawn);
    marks::take();
    let (mut book, mut naive, mut facts) = (Book::default(), Naive::default(), Vec::new());
    let mut frozen = None;
    for (i, c) in history.iter().enumerate() {
        if i == cut {
            frozen = Some((book.freeze(), facts.len()));
        }
        let at = c.at().unwrap();
        let (new, end) = submit(&mut book, c);
        let expected = naive.submit(c);
        prop_assert_eq!(end.as_ref().err().map(name), expected.map(str::to_owned), "command {}: {:?}", i, c);
        *seen.borrow_mut().0.entry((kind(c), end.as_ref().err().map(name).unwrap_or_default())).or_default() += 1;
        facts.extend(new);
        for row in book.accounts() {
            let (b, key) = (row.balance, row.key);
            prop_assert_eq!((b.posted, b.pending_in, b.pending_out), naive.sums(key.account, key.currency));
            // Seen from later, holds whose time is up then are gone already.
            let later = Instant(at.0.max(book.last_at().0) + 7);
            let mut then = naive.clone();
            then.pass(later.0);
            let b = book.balance_at(key.account, key.currency, later);
            prop_assert_eq!((b.posted, b.pending_in, b.pending_out), then.sums(key.account, key.currency));
        }
        prop_assert_eq!(statement::sums(&book, Currency::EUR), (0, 0));
        // What is left of a hold and what was captured of it are in balance, leg by leg of the entry.
        for p in book.pendings().values() {
            prop_assert_eq!(p.postings.len(), p.captured.len());
            prop_assert!(p.postings.iter().any(|p| p.amount > 0) && p.expires.is_none_or(|end| end > book.last_at()));
        }
    }
    // Every number once, nothing found by the auditor, no oath broken.
    prop_assert!(facts.iter().enumerate().all(|(i, f)| f.seq() == i as u64));
    prop_assert_eq!(audit(&facts, &BTreeSet::new(), Some(&book)), vec![]);
    prop_assert_eq!(marks::take().broken, vec![]);
    // The facts alone give the same book; so does a frozen one with the rest of them.
    let mut again = Book::default();
    facts.iter().for_each(|f| evolve(&mut again, f));
    prop_assert_eq!(&again, &book);
    if let Some((bytes, from)) = frozen {
        let mut thawed = Book::thaw(&bytes).unwrap();
        facts[from..].iter().for_each(|f| evolve(&mut thawed, f));
        prop_assert_eq!(thawed.freeze(), book.freeze());
    }
    // A second delivery of the whole history changes nothing, once time has passed as far as any of its commands lets it.
    let latest = history.iter().filter_map(Command::at).max().unwrap_or_default();
    let ended = expire(&book, latest);
    ended.iter().for_each(|f| evolve(&mut book, f));
    facts.extend(ended);
    let before = book.freeze();
    for c in &history {
        let (new, end) = submit(&mut book, c);
        prop_assert!(new.is_empty() && end.is_err());
    }
    prop_assert_eq!(book.freeze(), before);
    // Nobody has to ask: time alone ends what is left.
    if let Some(last) = book.pendings().values().filter_map(|p| p.expires).max() {
        let ended = expire(&book, last);
        ended.iter().for_each(|f| evolve(&mut book, f));
        facts.extend(ended);
        prop_assert_eq!(book.next_deadline(), None);
        prop_assert_eq!(audit(&facts, &BTreeSet::new(), Some(&book)), vec![]);
    }
    Ok(())
}

#[test]
fn the_book_agrees_with_the_naive_book() {
    const HISTORIES: u32 = 4_000;
    let seen = RefCell::new(Seen::default());
    let config = ProptestConfig { cases: HISTORIES, failure_persistence: None, ..ProptestConfig::default() };
    let again = prop::option::weighted(0.06, 0usize..40);
    let histories = (prop::collection::vec((command(), again), 1..40), 0usize..40);
    TestRunner::new(config).run(&histories, |(history, cut)| live(history, cut, &seen)).unwrap_or_else(|e| panic!("{e}"));
    let seen = seen.into_inner().0;
    let commands: u64 = seen.values().sum();
    println!("{HISTORIES} histories, {commands} commands");
    for ((kind, end), n) in &seen {
        println!("{n:8} {kind}: {}", if end.is_empty() { "done" } else { end });
    }
    for kind in ["post entry", "pend", "post", "void", "capture", "raise", "limit", "close", "linked"] {
        let (done, refused): (Vec<_>, Vec<_>) = seen.keys().filter(|(k, _)| *k == kind).partition(|(_, end)| end.is_empty());
        assert!(!done.is_empty(), "{kind} never succeeded");
        assert!(!refused.is_empty(), "{kind} was never refused");
    }
    for why in ["PENDING_EXPIRED", "EXPIRY_PAST", "PERIOD", "LIMIT", "PORTION_TOO_LARGE", "REFUSED_BEFORE", "EXISTS", "ID_TAKEN"] {
        assert!(seen.keys().any(|(_, end)| end == why), "{why} was never given");
    }
}
