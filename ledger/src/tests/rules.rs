//! One rule of the book per test: commands in, outcome out.

use crate::account::{Account, Role};
use crate::audit::{Auditor, Finding, audit};
use crate::book::Fate;
use crate::entry::{Legs, Linked, Post};
use crate::statement::{matured, statement, sums, trial_balance};
use crate::*;
use nooterra_engine::ids::{EventId, JobId, PartyId, PayoutId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::marks;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use std::collections::BTreeSet;

const EUR: Currency = Currency::EUR;

fn job() -> JobId {
    JobId::named("job")
}
fn escrow() -> Account {
    Account::Escrow { job: job() }
}
fn owner() -> Account {
    Account::OwnerPayable { party: PartyId::named("owner") }
}
fn id(n: u32) -> EntryId {
    EntryId::of(EventId::named("test"), n)
}
fn entry(n: u32, at: u64, legs: Vec<Leg>) -> Entry {
    Entry { id: id(n), code: 1, cause: EventId::named("test"), job: Some(job()), at: Instant(at), currency: EUR, legs }
}
fn hold(entry: Entry) -> Hold {
    Hold { entry, expires: None }
}
fn move_(n: u32, from: Account, to: Account, amount: u64) -> Entry {
    entry(n, 0, vec![Leg::debit(from, amount), Leg::credit(to, amount)])
}
fn ending(n: u32, pending: u32) -> Resolution {
    Resolution { id: id(n), pending: id(pending), code: 2, cause: EventId::named("test"), at: Instant(0) }
}
fn post(n: u32, pending: u32, portion: Portion) -> Command {
    Command::Post(Post { resolution: ending(n, pending), portion })
}
fn ok(book: &mut Book, c: &Command) -> Vec<Fact> {
    let (facts, end) = submit(book, c);
    assert_eq!(end, Ok(()));
    facts
}
fn no(book: &mut Book, c: &Command) -> Rejection {
    let before = book.clone();
    let why = decide(book, c).expect_err("must be refused");
    assert_eq!(*book, before, "deciding changed the book");
    why
}

#[test]
fn a_pending_entry_reserves_and_a_part_of_it_is_posted() {
    let mut b = Book::default();
    ok(&mut b, &Command::Pend(hold(move_(1, Account::PspClearing, escrow(), 250))));
    assert_eq!(b.balance(escrow(), EUR), Balance { pending_in: 250, ..Balance::default() });
    ok(&mut b, &post(2, 1, Portion::Amount(200)));
    assert_eq!(b.balance(escrow(), EUR), Balance { posted: 200, added: 200, ..Balance::default() });
    assert_eq!(b.posted(Account::PspClearing, EUR), 200);
    assert_eq!(b.outcome(id(1)).unwrap().fate, Fate::Captured);
    assert_eq!(no(&mut b, &post(3, 1, Portion::Whole)), Rejection::PendingResolved);
    assert_eq!(no(&mut b, &Command::Void(ending(4, 1))), Rejection::PendingResolved);
    assert_eq!(no(&mut b, &Command::Void(ending(5, 9))), Rejection::PendingUnknown);
}

#[test]
fn a_void_gives_everything_back() {
    let mut b = Book::default();
    ok(&mut b, &Command::PostEntry(move_(1, Account::PspClearing, escrow(), 100)));
    ok(&mut b, &Command::Pend(hold(move_(2, escrow(), owner(), 60))));
    assert_eq!(b.balance(escrow(), EUR).available(), 40);
    // What is reserved cannot be spent a second time.
    let more = no(&mut b, &Command::PostEntry(move_(3, escrow(), owner(), 41)));
    assert_eq!(more, Rejection::Limit { key: AccountKey { account: escrow(), currency: EUR }, short: 1 });
    ok(&mut b, &Command::Void(ending(4, 2)));
    assert_eq!(b.balance(escrow(), EUR), Balance { posted: 100, added: 100, ..Balance::default() });
    assert!(b.pendings().is_empty());
    ok(&mut b, &Command::PostEntry(move_(5, escrow(), owner(), 100)));
}

#[test]
fn reserved_inflow_is_not_money() {
    let mut b = Book::default();
    ok(&mut b, &Command::Pend(hold(move_(1, Account::PspClearing, escrow(), 100))));
    assert!(matches!(no(&mut b, &Command::PostEntry(move_(2, escrow(), owner(), 1))), Rejection::Limit { short: 1, .. }));
}

#[test]
fn an_id_has_one_outcome_for_ever() {
    let mut b = Book::default();
    let c = Command::PostEntry(move_(1, Account::PspClearing, escrow(), 100));
    let seq = ok(&mut b, &c).last().unwrap().seq();
    assert_eq!(no(&mut b, &c), Rejection::Exists { seq });
    // A retry later in time is still the same command.
    let later = Entry { at: Instant(5), ..move_(1, Account::PspClearing, escrow(), 100) };
    assert_eq!(no(&mut b, &Command::PostEntry(later)), Rejection::Exists { seq });
    for other in [move_(1, Account::PspClearing, escrow(), 101), move_(1, Account::PspClearing, owner(), 100)] {
        assert_eq!(no(&mut b, &Command::PostEntry(other)), Rejection::IdTaken { seq });
    }
    assert_eq!(no(&mut b, &Command::Pend(hold(move_(1, Account::PspClearing, escrow(), 100)))), Rejection::IdTaken { seq });
}

#[test]
fn a_refused_id_stays_refused_even_when_money_has_come() {
    let mut b = Book::default();
    let c = Command::PostEntry(move_(1, escrow(), owner(), 100));
    let (facts, end) = submit(&mut b, &c);
    assert!(matches!(end, Err(Rejection::Limit { .. })));
    assert!(matches!(facts.as_slice(), [Fact::EntryRefused(_)]));
    ok(&mut b, &Command::PostEntry(move_(2, Account::PspClearing, escrow(), 100)));
    assert_eq!(no(&mut b, &c), Rejection::RefusedBefore { seq: facts[0].seq(), reason: 17 });
    // Repeating a refused or done command leaves no further fact.
    assert!(submit(&mut b, &c).0.is_empty());
    assert_eq!(b.posted(owner(), EUR), 0);
}

#[test]
fn linked_commands_stand_or_fall_together() {
    let mut b = Book::default();
    let good = Command::PostEntry(move_(1, Account::PspClearing, escrow(), 100));
    let bad = Command::PostEntry(move_(2, escrow(), owner(), 101));
    let (facts, end) = submit(&mut b, &Command::linked(vec![good.clone(), bad]));
    assert!(matches!(end, Err(Rejection::LinkFailed { index: 1, .. })));
    assert_eq!(facts.len(), 2, "both ids are used up");
    assert_eq!(b.posted(Account::PspClearing, EUR), 0);
    assert!(matches!(no(&mut b, &good), Rejection::RefusedBefore { reason: 3, .. }));

    // A later part sees what an earlier part did: accounts, balances, pending entries.
    let chain = Command::linked(vec![
        Command::PostEntry(move_(3, Account::PspClearing, escrow(), 100)),
        Command::Pend(hold(move_(4, escrow(), owner(), 100))),
        post(5, 4, Portion::Whole),
    ]);
    ok(&mut b, &chain);
    assert_eq!(b.posted(owner(), EUR), 100);
    assert!(matches!(no(&mut b, &chain), Rejection::Exists { .. }));
    let twice = Command::linked(vec![post(6, 4, Portion::Whole)]);
    assert!(matches!(no(&mut b, &twice), Rejection::LinkFailed { index: 0, reason } if *reason == Rejection::PendingResolved));
    assert_eq!(Command::linked([chain.clone()]), chain);
    assert_eq!(no(&mut b, &Command::linked(vec![])), Rejection::LinkEmpty);
    assert_eq!(no(&mut b, &Command::Linked(Linked { commands: vec![chain.clone()] })), Rejection::LinkNested);
}

#[test]
fn one_id_twice_in_a_link_is_refused() {
    let mut b = Book::default();
    let c = |n| Command::PostEntry(move_(1, Account::PspClearing, escrow(), n));
    assert!(
        matches!(no(&mut b, &Command::linked(vec![c(1), c(2)])), Rejection::LinkFailed { index: 1, reason } if matches!(*reason, Rejection::IdTaken { .. }))
    );
    // A pending entry voided and captured in one link resolves once.
    ok(&mut b, &Command::Pend(hold(move_(2, Account::PspClearing, escrow(), 5))));
    let both = Command::linked(vec![Command::Void(ending(3, 2)), post(4, 2, Portion::Whole)]);
    assert!(matches!(no(&mut b, &both), Rejection::LinkFailed { index: 1, reason } if *reason == Rejection::PendingResolved));
}

#[test]
fn malformed_entries_are_refused_by_name() {
    let mut b = Book::default();
    let legs = |legs| Command::PostEntry(entry(1, 0, legs));
    let (d, c) = (|v| Leg::debit(Account::Cash, v), |v| Leg::credit(Account::PlatformRevenue, v));
    assert_eq!(no(&mut b, &legs(vec![])), Rejection::NoLegs);
    assert_eq!(no(&mut b, &legs(vec![d(0), c(0)])), Rejection::AmountZero);
    assert_eq!(no(&mut b, &legs(vec![d(1 << 63), c(1 << 63)])), Rejection::AmountOverflow);
    assert_eq!(no(&mut b, &legs(vec![d(3), c(2)])), Rejection::Unbalanced { debits: 3, credits: 2 });
    assert_eq!(no(&mut b, &legs(vec![d(3)])), Rejection::Unbalanced { debits: 3, credits: 0 });
    assert_eq!(no(&mut b, &legs(vec![d(1); 5000])), Rejection::TooManyLegs(5000));
    ok(&mut b, &Command::PostEntry(entry(2, 7, vec![d(3), c(3)])));
    assert_eq!(no(&mut b, &Command::PostEntry(entry(3, 6, vec![d(3), c(3)]))), Rejection::TimeBackwards);
    // The largest amounts add up without overflow.
    for n in 10..20 {
        ok(&mut b, &Command::PostEntry(entry(n, 7, vec![d(i64::MAX as u64), c(i64::MAX as u64)])));
    }
    assert_eq!(b.posted(Account::Cash, EUR), 3 + 10 * i128::from(i64::MAX));
}

#[test]
fn a_part_of_many_legs_is_given_leg_by_leg() {
    let mut b = Book::default();
    let legs = vec![Leg::debit(Account::PspClearing, 10), Leg::credit(escrow(), 6), Leg::credit(owner(), 4)];
    ok(&mut b, &Command::Pend(hold(entry(1, 0, legs))));
    let each = |amounts: &[u64]| Portion::Each(Legs { amounts: amounts.to_vec() });
    assert_eq!(no(&mut b, &post(2, 1, Portion::Amount(5))), Rejection::PortionMismatch);
    assert_eq!(no(&mut b, &post(2, 1, each(&[5, 5]))), Rejection::PortionMismatch);
    assert_eq!(no(&mut b, &post(2, 1, each(&[11, 7, 4]))), Rejection::PortionTooLarge);
    assert_eq!(no(&mut b, &post(2, 1, each(&[0, 0, 0]))), Rejection::AmountZero);
    assert_eq!(no(&mut b, &post(2, 1, each(&[5, 4, 2]))), Rejection::Unbalanced { debits: 5, credits: 6 });
    ok(&mut b, &post(2, 1, each(&[4, 0, 4])));
    assert_eq!((b.posted(escrow(), EUR), b.posted(owner(), EUR)), (0, 4));
    assert_eq!(b.balance(escrow(), EUR).pending_in, 0);
}

#[test]
fn an_account_may_stand_on_both_sides_of_an_entry() {
    let mut b = Book::default();
    ok(&mut b, &Command::PostEntry(move_(1, Account::PspClearing, escrow(), 10)));
    // Only the sum counts: 10 + 5 - 12.
    let legs = vec![Leg::debit(escrow(), 12), Leg::credit(owner(), 7), Leg::credit(escrow(), 5)];
    ok(&mut b, &Command::PostEntry(entry(2, 0, legs)));
    assert_eq!(b.posted(escrow(), EUR), 3);
}

#[test]
fn currencies_do_not_mix() {
    let mut b = Book::default();
    ok(&mut b, &Command::PostEntry(move_(1, Account::PspClearing, escrow(), 10)));
    let dollars = Entry { currency: Currency::USD, ..move_(2, escrow(), owner(), 1) };
    assert!(matches!(no(&mut b, &Command::PostEntry(dollars)), Rejection::Limit { .. }));
    assert_eq!((sums(&b, EUR), sums(&b, Currency::USD)), ((0, 0), (0, 0)));
}

#[test]
fn statements_list_every_entry_once_and_mature_in_time() {
    let mut b = Book::default();
    let at = |n, at, from, to, v| Command::PostEntry(Entry { at: Instant(at), ..move_(n, from, to, v) });
    ok(&mut b, &at(1, 10, Account::PspClearing, escrow(), 1000));
    ok(&mut b, &at(2, 20, escrow(), owner(), 300));
    ok(&mut b, &at(3, 30, escrow(), owner(), 200));
    let payout = Account::PayoutClearing { payout: PayoutId::named("p") };
    assert_eq!(matured(&b, owner(), EUR, Instant(19)), 0);
    assert_eq!(matured(&b, owner(), EUR, Instant(20)), 300);
    ok(&mut b, &at(4, 40, owner(), payout, 250));
    assert_eq!(matured(&b, owner(), EUR, Instant(29)), 50);
    assert_eq!(matured(&b, owner(), EUR, Instant(30)), 250);
    let s = statement(&b, owner(), EUR, Instant(30), Instant(100)).unwrap();
    assert_eq!((s.opening, s.added, s.taken, s.ending, s.lines.len()), (300, 200, 250, 250, 2));
    assert!(statement(&b, escrow(), EUR, Instant(0), Instant(9)).is_none(), "escrow is no party's account");
    let rows = trial_balance(&b);
    assert_eq!(rows.iter().map(|r| r.posted).sum::<i128>(), 0);
    assert_eq!(rows.iter().find(|r| r.name == "escrow").unwrap().posted, -500);
}

#[test]
fn roles_of_one_party_are_different_accounts() {
    let party = PartyId::named("p");
    let of = |role| Account::PartyReceivable { role, party };
    let mut b = Book::default();
    ok(&mut b, &Command::PostEntry(move_(1, of(Role::Owner), Account::PlatformRevenue, 9)));
    assert_eq!((b.posted(of(Role::Owner), EUR), b.posted(of(Role::Requester), EUR)), (9, 0));
    assert_eq!(b.accounts_of(party).count(), 1);
}

#[test]
fn a_thawed_book_is_equal_and_finds_its_rows() {
    let mut b = Book::default();
    for n in 0..200 {
        let to = Account::OwnerPayable { party: PartyId::named(&n.to_string()) };
        ok(&mut b, &Command::PostEntry(move_(n, Account::PspClearing, to, 5)));
    }
    ok(&mut b, &Command::Pend(hold(move_(900, Account::PspClearing, escrow(), 5))));
    let t = Book::thaw(&b.freeze()).unwrap();
    assert_eq!(t, b);
    assert_eq!(t.posted(Account::OwnerPayable { party: PartyId::named("77") }, EUR), 5);
    assert_eq!(t.freeze(), b.freeze());
    let next = post(901, 900, Portion::Whole);
    let (mut t, mut b) = (t, b);
    assert_eq!(ok(&mut t, &next), ok(&mut b, &next));
    assert_eq!(t.running_digest(), b.running_digest());
    assert!(Book::thaw(&b.freeze()[1..]).is_err());
}

#[test]
fn evolve_swears_when_facts_do_not_continue_the_book() {
    let mut b = Book::default();
    let facts = ok(&mut b, &Command::PostEntry(move_(1, Account::PspClearing, escrow(), 5)));
    marks::take();
    evolve(&mut b, facts.last().unwrap());
    assert_eq!(marks::take().broken[0].0, "ledger.gapless");
    let mut empty = Book::default();
    evolve(&mut empty, facts.last().unwrap());
    assert!(marks::take().broken.iter().any(|b| b.0 == "ledger.account_exists"));
}

#[test]
fn the_auditor_finds_what_was_falsified() {
    let mut b = Book::default();
    let mut facts = ok(&mut b, &Command::PostEntry(move_(1, Account::PspClearing, escrow(), 100)));
    facts.extend(ok(&mut b, &Command::Pend(hold(move_(2, escrow(), owner(), 60)))));
    facts.extend(ok(&mut b, &post(3, 2, Portion::Amount(50))));
    let ended = BTreeSet::from([job()]);
    assert_eq!(audit(&facts, &BTreeSet::new(), Some(&b)), []);
    assert!(matches!(audit(&facts, &ended, Some(&b)).as_slice(), [Finding::EndedJobHasMoney { stands: 50, .. }]));

    let spoil = |change: &dyn Fn(&mut Vec<Fact>)| {
        let mut f = facts.clone();
        change(&mut f);
        audit(&f, &BTreeSet::new(), Some(&b))
    };
    let booked = facts.iter().position(|f| matches!(f, Fact::EntryPosted(_))).unwrap();
    let change = |f: &mut Vec<Fact>, how: &dyn Fn(&mut Booked)| {
        if let Fact::EntryPosted(e) = &mut f[booked] {
            how(e);
        }
    };
    let one_leg = spoil(&|f| change(f, &|e| e.postings[0].amount += 1));
    assert!(one_leg.iter().any(|f| matches!(f, Finding::Unbalanced { excess: 1, .. })));
    assert!(one_leg.iter().any(|f| matches!(f, Finding::NotZero { .. })));
    let both = spoil(&|f| change(f, &|e| e.postings.iter_mut().for_each(|p| p.amount += 1)));
    let balances = both.iter().filter(|f| matches!(f, Finding::BalanceDiffers { .. })).count();
    let roots = both.iter().filter(|f| matches!(f, Finding::ChainDiffers { .. } | Finding::RootDiffers { .. })).count();
    assert_eq!((balances, roots, both.len()), (2, 2, 4));
    let less = spoil(&|f| change(f, &|e| e.postings.iter_mut().for_each(|p| p.amount = 55)));
    assert!(less.iter().any(|f| matches!(f, Finding::AbnormalSide { .. })));
    let gone = spoil(&|f| drop(f.remove(booked)));
    assert!(gone.iter().any(|f| matches!(f, Finding::Gap { .. })));
    let twice = spoil(&|f| {
        let again = f[booked].clone();
        f.push(again);
    });
    assert!(twice.iter().any(|f| matches!(f, Finding::SecondOutcome { .. })));
    let early = spoil(&|f| f.swap(booked, booked + 1));
    assert!(early.iter().any(|f| matches!(f, Finding::Gap { .. })));

    let mut auditor = Auditor::default();
    facts.iter().for_each(|f| drop(auditor.observe(f)));
    assert!(matches!(auditor.payees(&BTreeSet::new()).as_slice(), [Finding::NoPayee { .. }]));
    assert_eq!(auditor.payees(&BTreeSet::from([PartyId::named("owner")])), []);
}

#[test]
fn the_journal_spells_out_accounts() {
    let mut b = Book::default();
    let mut j = Journal::default();
    let mut facts = ok(&mut b, &Command::Pend(hold(move_(1, Account::PspClearing, escrow(), 100))));
    facts.extend(ok(&mut b, &Command::Void(ending(2, 1))));
    facts.iter().for_each(|f| j.write(f));
    let of: Vec<_> = j.of_job(job()).collect();
    assert_eq!(of.len(), 2);
    assert_eq!(of[0].movements[1].account, escrow());
    assert_eq!((of[1].step, of[1].ends, of[1].movements.len()), (journal::Step::Voided, Some(id(1)), 0));
}
