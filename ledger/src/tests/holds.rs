//! Holds that are captured in parts, raised, and end at their instant; limits and periods.

use crate::account::Account;
use crate::audit::{Finding, audit};
use crate::book::Fate;
use crate::entry::{ClosePeriod, Post, SetLimit};
use crate::*;
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use std::collections::BTreeSet;

const EUR: Currency = Currency::EUR;

fn escrow() -> Account {
    Account::Escrow { job: JobId::named("job") }
}
fn owner() -> Account {
    Account::OwnerPayable { party: PartyId::named("owner") }
}
fn id(n: u32) -> EntryId {
    EntryId::of(EventId::named("test"), n)
}
fn entry(n: u32, at: u64, from: Account, to: Account, amount: u64) -> Entry {
    let legs = vec![Leg::debit(from, amount), Leg::credit(to, amount)];
    Entry { id: id(n), code: 1, cause: EventId::named("test"), job: None, at: Instant(at), currency: EUR, legs }
}
fn hold(n: u32, at: u64, amount: u64, expires: Option<u64>) -> Command {
    Command::Pend(Hold { entry: entry(n, at, escrow(), owner(), amount), expires: expires.map(Instant) })
}
fn some(n: u32, pending: u32, at: u64, amount: u64) -> Post {
    let resolution = Resolution { id: id(n), pending: id(pending), code: 2, cause: EventId::named("test"), at: Instant(at) };
    Post { resolution, portion: Portion::Amount(amount) }
}
fn funded(amount: u64) -> (Book, Vec<Fact>) {
    let mut b = Book::default();
    let facts = ok(&mut b, &Command::PostEntry(entry(0, 0, Account::PspClearing, escrow(), amount)));
    (b, facts)
}
fn ok(book: &mut Book, c: &Command) -> Vec<Fact> {
    let (facts, end) = submit(book, c);
    assert_eq!(end, Ok(()), "{c:?}");
    facts
}
fn no(book: &Book, c: &Command) -> Rejection {
    decide(book, c).expect_err("must be refused")
}
fn available(b: &Book) -> i128 {
    b.balance(escrow(), EUR).available()
}

#[test]
fn a_hold_is_captured_in_parts_and_ends_with_the_last() {
    let (mut b, mut facts) = funded(100);
    facts.extend(ok(&mut b, &hold(1, 0, 90, None)));
    for (n, v) in [(2, 30), (3, 20)] {
        facts.extend(ok(&mut b, &Command::Capture(some(n, 1, 0, v))));
    }
    let p = b.pending(id(1)).expect("it is open");
    assert_eq!((p.postings[0].amount, p.captured[0]), (40, 50));
    assert_eq!((b.posted(owner(), EUR), available(&b)), (50, 10));
    assert_eq!(no(&b, &Command::Capture(some(4, 1, 0, 41))), Rejection::PortionTooLarge);
    facts.extend(ok(&mut b, &Command::Capture(some(5, 1, 0, 40))));
    assert_eq!((b.pending(id(1)), b.outcome(id(1)).map(|o| o.fate)), (None, Some(Fate::Captured)));
    assert_eq!(no(&b, &Command::Capture(some(6, 1, 0, 1))), Rejection::PendingResolved);
    assert_eq!((b.posted(owner(), EUR), available(&b)), (90, 10));
    assert_eq!(audit(&facts, &BTreeSet::new(), Some(&b)), vec![]);
}

#[test]
fn a_hold_is_raised_while_the_limit_allows() {
    let (mut b, mut facts) = funded(100);
    facts.extend(ok(&mut b, &hold(1, 0, 60, None)));
    facts.extend(ok(&mut b, &Command::Raise(some(2, 1, 0, 40))));
    assert_eq!(available(&b), 0);
    assert!(matches!(no(&b, &Command::Raise(some(3, 1, 0, 1))), Rejection::Limit { short: 1, .. }));
    facts.extend(ok(&mut b, &Command::Post(some(4, 1, 0, 70))));
    assert_eq!((b.posted(owner(), EUR), available(&b)), (70, 30));
    assert_eq!(audit(&facts, &BTreeSet::new(), Some(&b)), vec![]);
}

/// Museum 15 and 16: what has expired is never seen, and balance and holds are one reading.
#[test]
fn an_expired_hold_is_gone_at_its_very_instant_whoever_asks() {
    let (mut b, mut facts) = funded(100);
    facts.extend(ok(&mut b, &hold(1, 0, 60, Some(10))));
    assert_eq!(b.balance_at(escrow(), EUR, Instant(9)).available(), 40);
    assert_eq!(b.balance_at(escrow(), EUR, Instant(10)).available(), 100);
    assert_eq!((b.next_deadline(), b.expired(Instant(9)).count(), b.expired(Instant(10)).count()), (Some(Instant(10)), 0, 1));
    // One nanosecond before, it can be captured; at its instant, it cannot.
    assert!(decide(&b, &Command::Capture(some(2, 1, 9, 5))).is_ok());
    assert_eq!(no(&b, &Command::Capture(some(2, 1, 10, 5))), Rejection::PendingExpired);
    // Nobody wrote it down, and yet its money can be spent by the next command.
    facts.extend(ok(&mut b, &Command::PostEntry(entry(3, 12, escrow(), owner(), 100))));
    let ended: Vec<_> = facts.iter().filter_map(|f| if let Fact::PendingExpired(e) = f { Some(e.at) } else { None }).collect();
    assert_eq!(ended, vec![Instant(10)], "it ended at its own instant, not at the command's");
    assert_eq!(no(&b, &Command::Void(some(4, 1, 12, 0).resolution)), Rejection::PendingExpired);
    assert_eq!(audit(&facts, &BTreeSet::new(), Some(&b)), vec![]);
}

#[test]
fn time_alone_ends_holds_and_a_refused_command_lets_it_pass_too() {
    let (mut b, mut facts) = funded(100);
    facts.extend(ok(&mut b, &hold(1, 0, 30, Some(10))));
    facts.extend(ok(&mut b, &hold(2, 0, 30, Some(5))));
    let due = expire(&b, Instant(5));
    assert_eq!(due.len(), 1);
    due.iter().for_each(|f| evolve(&mut b, f));
    facts.extend(due);
    assert_eq!(available(&b), 70);
    let (new, end) = submit(&mut b, &Command::PostEntry(entry(3, 20, escrow(), owner(), 101)));
    assert!(matches!(end, Err(Rejection::Limit { short: 1, .. })));
    facts.extend(new);
    assert_eq!((available(&b), b.next_deadline()), (100, None));
    assert_eq!(no(&b, &hold(4, 20, 1, Some(20))), Rejection::ExpiryPast);
    assert_eq!(audit(&facts, &BTreeSet::new(), Some(&b)), vec![]);
    assert_eq!(Book::thaw(&b.freeze()).expect("a book"), b);
}

#[test]
fn a_limit_is_a_fact_and_holds_at_once() {
    let (mut b, mut facts) = funded(100);
    let limit = |n: u32, account, min_available| {
        let key = AccountKey { account, currency: EUR };
        Command::Limit(SetLimit { id: id(n), key, min_available, cause: EventId::named("test"), at: Instant(0) })
    };
    assert!(matches!(no(&b, &limit(1, escrow(), Some(101))), Rejection::Limit { short: 1, .. }));
    facts.extend(ok(&mut b, &limit(2, escrow(), Some(50))));
    assert!(matches!(no(&b, &Command::PostEntry(entry(3, 0, escrow(), owner(), 51))), Rejection::Limit { short: 1, .. }));
    facts.extend(ok(&mut b, &limit(4, escrow(), Some(-20))));
    facts.extend(ok(&mut b, &Command::PostEntry(entry(5, 0, escrow(), owner(), 120))));
    assert_eq!(b.posted(escrow(), EUR), -20);
    facts.extend(ok(&mut b, &limit(6, owner(), None)));
    facts.extend(ok(&mut b, &Command::PostEntry(entry(7, 0, owner(), Account::PlatformRevenue, 500))));
    assert_eq!(audit(&facts, &BTreeSet::new(), Some(&b)), vec![]);
}

#[test]
fn periods_follow_each_other_and_carry_a_trial_balance_that_is_checked() {
    let (mut b, mut facts) = funded(100);
    let close = |n: u32, from: u64, to: u64, at: u64| {
        let (from, to, at) = (Instant(from), Instant(to), Instant(at));
        Command::Close(ClosePeriod { id: id(n), currency: EUR, from, to, cause: EventId::named("test"), at })
    };
    assert!(matches!(no(&b, &close(1, 0, 10, 9)), Rejection::Period(_)), "it has not ended");
    assert!(matches!(no(&b, &close(1, 10, 10, 10)), Rejection::Period(_)), "it has no length");
    facts.extend(ok(&mut b, &close(1, 0, 10, 10)));
    assert!(matches!(no(&b, &close(2, 11, 20, 20)), Rejection::Period(_)), "a gap");
    assert_eq!(no(&b, &Command::PostEntry(entry(3, 9, escrow(), owner(), 1))), Rejection::TimeBackwards);
    facts.extend(ok(&mut b, &close(4, 10, 20, 25)));
    assert_eq!(b.open_from(EUR), Some(Instant(20)));
    assert_eq!(audit(&facts, &BTreeSet::new(), Some(&b)), vec![]);
    let falsified = |change: &dyn Fn(&mut fact::Closed)| {
        let mut facts = facts.clone();
        let Some(Fact::PeriodClosed(f)) = facts.iter_mut().rfind(|f| matches!(f, Fact::PeriodClosed(_))) else { panic!("there is one") };
        change(f);
        audit(&facts, &BTreeSet::new(), None)
    };
    assert!(matches!(falsified(&|f| f.trial[0].debit += 1)[..], [Finding::BadTrial { .. }]));
    assert!(matches!(falsified(&|f| f.from = Instant(12))[..], [Finding::BadPeriod { .. }]));
}
