//! Thousands of random histories against a naive book: a list of everything, summed anew for every question.

use crate::audit::{Auditor, audit};
use crate::entry::{Legs, Post};
use crate::*;
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::marks;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The naive book: entries in a list; each balance is summed from it.
#[derive(Clone, Default)]
struct Naive {
    posted: Vec<(Currency, Leg)>,
    open: BTreeMap<EntryId, (Currency, Vec<Leg>)>,
    ended: BTreeSet<EntryId>,
    /// Id to (accepted, command without its time).
    ids: BTreeMap<EntryId, (bool, String)>,
    last: u64,
}

fn text(c: &Command) -> String {
    let mut c = c.clone();
    match &mut c {
        Command::PostEntry(e) | Command::Pend(e) => e.at = Instant(0),
        Command::Post(p) => p.resolution.at = Instant(0),
        Command::Void(r) => r.at = Instant(0),
        Command::Linked(_) => {}
    }
    format!("{c:?}")
}

impl Naive {
    fn sums(&self, account: Account, currency: Currency) -> (i128, i128, i128) {
        let grows = |l: &Leg| l.side == account.kind().normal();
        let mine = |(c, l): &&(Currency, Leg)| *c == currency && l.account == account;
        let posted =
            self.posted.iter().filter(mine).map(|(_, l)| if grows(l) { i128::from(l.amount) } else { -i128::from(l.amount) }).sum();
        let reserved = |inflow: bool| {
            let legs = self.open.values().filter(|(c, _)| *c == currency).flat_map(|(_, l)| l);
            legs.filter(|l| l.account == account && grows(l) == inflow).map(|l| i128::from(l.amount)).sum()
        };
        (posted, reserved(true), reserved(false))
    }
    fn broken(&self) -> bool {
        let posted = self.posted.iter().copied();
        let open = self.open.values().flat_map(|(c, legs)| legs.iter().map(|l| (*c, *l)));
        posted.chain(open).any(|(c, l)| {
            let (p, _, out) = self.sums(l.account, c);
            !matches!(l.account, Account::PspClearing) && p - out < 0
        })
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
        self.last = at;
        self.ids.insert(c.id().unwrap(), (true, text(c)));
        let why = match c {
            Command::PostEntry(e) | Command::Pend(e) => {
                let sum = |s| e.legs.iter().filter(|l| l.side == s).map(|l| u128::from(l.amount)).sum::<u128>();
                if e.legs.iter().any(|l| l.amount == 0) {
                    Some("AMOUNT_ZERO")
                } else if sum(Side::Debit) != sum(Side::Credit) {
                    Some("UNBALANCED")
                } else {
                    if matches!(c, Command::Pend(_)) {
                        self.open.insert(e.id, (e.currency, e.legs.clone()));
                    } else {
                        self.posted.extend(e.legs.iter().map(|l| (e.currency, *l)));
                    }
                    self.broken().then_some("LIMIT")
                }
            }
            Command::Post(Post { resolution: r, .. }) | Command::Void(r) => match self.open.remove(&r.pending) {
                None if self.ended.contains(&r.pending) => Some("PENDING_RESOLVED"),
                None => Some("PENDING_UNKNOWN"),
                Some((currency, legs)) => {
                    self.ended.insert(r.pending);
                    match c {
                        Command::Post(p) => match naive_part(&legs, &p.portion) {
                            Ok(part) => {
                                self.posted.extend(part.into_iter().map(|l| (currency, l)));
                                None
                            }
                            Err(why) => Some(why),
                        },
                        _ => None,
                    }
                }
            },
            Command::Linked(_) => unreachable!(),
        };
        if why.is_some() {
            *self = was;
        }
        why
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

fn naive_part(legs: &[Leg], portion: &Portion) -> Result<Vec<Leg>, &'static str> {
    let amounts = match portion {
        Portion::Whole => legs.iter().map(|l| l.amount).collect(),
        Portion::Amount(v) if legs.len() == 2 => vec![*v; 2],
        Portion::Each(Legs { amounts }) if amounts.len() == legs.len() => amounts.clone(),
        _ => return Err("PORTION_MISMATCH"),
    };
    if legs.iter().zip(&amounts).any(|(l, v)| *v > l.amount) {
        return Err("PORTION_TOO_LARGE");
    }
    let part: Vec<Leg> = legs.iter().zip(amounts).filter(|(_, v)| *v > 0).map(|(l, amount)| Leg { amount, ..*l }).collect();
    let sum = |s| part.iter().filter(|l| l.side == s).map(|l| l.amount).sum::<u64>();
    match (part.is_empty(), sum(Side::Debit) == sum(Side::Credit)) {
        (true, _) => Err("AMOUNT_ZERO"),
        (_, false) => Err("UNBALANCED"),
        _ => Ok(part),
    }
}

fn account() -> impl Strategy<Value = Account> {
    let party = || (0u8..3).prop_map(|n| PartyId::named(&n.to_string()));
    let job = || (0u8..3).prop_map(|n| JobId::named(&n.to_string()));
    prop_oneof![
        3 => Just(Account::PspClearing),
        1 => Just(Account::Cash),
        3 => job().prop_map(|job| Account::Escrow { job }),
        1 => job().prop_map(|job| Account::Held { job }),
        2 => party().prop_map(|party| Account::OwnerPayable { party }),
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
    let portion = prop_oneof![
        Just(Portion::Whole),
        (0u64..70).prop_map(Portion::Amount),
        (0u64..30, 0u64..30).prop_map(|(a, b)| Portion::Each(Legs { amounts: vec![a + b, a, b] })),
    ];
    prop_oneof![
        5 => entry().prop_map(Command::PostEntry),
        4 => entry().prop_map(Command::Pend),
        3 => (ending(), portion).prop_map(|(resolution, portion)| Command::Post(Post { resolution, portion })),
        1 => ending().prop_map(Command::Void),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![4 => simple(), 1 => prop::collection::vec(simple(), 1..4).prop_map(Command::linked)]
}

fn name(r: &Rejection) -> String {
    r.to_string().split(':').next().unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_book_agrees_with_the_naive_book(mut history in prop::collection::vec(command(), 1..40), cut in 0usize..40) {
        // Times rise over the history, with a step back here and there.
        for (i, c) in history.iter_mut().enumerate() {
            let later = |at: &mut Instant| at.0 += i as u64;
            match c {
                Command::PostEntry(e) | Command::Pend(e) => later(&mut e.at),
                Command::Post(p) => later(&mut p.resolution.at),
                Command::Void(r) => later(&mut r.at),
                Command::Linked(l) => for c in &mut l.commands {
                    match c {
                        Command::PostEntry(e) | Command::Pend(e) => e.at = Instant(i as u64),
                        Command::Post(p) => p.resolution.at = Instant(i as u64),
                        Command::Void(r) => r.at = Instant(i as u64),
                        Command::Linked(_) => {}
                    }
                },
            }
        }
        marks::take();
        let (mut book, mut naive, mut facts) = (Book::default(), Naive::default(), Vec::new());
        let mut frozen = None;
        for (i, c) in history.iter().enumerate() {
            if i == cut {
                frozen = Some((book.freeze(), facts.len()));
            }
            let (new, end) = submit(&mut book, c);
            let expected = naive.submit(c);
            prop_assert_eq!(end.as_ref().err().map(name), expected.map(str::to_owned), "command {}: {:?}", i, c);
            facts.extend(new);
            for row in book.accounts() {
                let b = row.balance;
                prop_assert_eq!((b.posted, b.pending_in, b.pending_out), naive.sums(row.key.account, row.key.currency));
            }
            prop_assert_eq!(statement::sums(&book, Currency::EUR), (0, 0));
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
        // A second delivery of the whole history changes nothing.
        let before = book.freeze();
        for c in &history {
            let (new, end) = submit(&mut book, c);
            prop_assert!(new.is_empty() && end.is_err());
        }
        prop_assert_eq!(book.freeze(), before);
        let mut auditor = Auditor::default();
        prop_assert!(facts.iter().all(|f| auditor.observe(f).is_empty()));
    }
}
