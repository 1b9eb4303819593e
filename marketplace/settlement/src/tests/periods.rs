//! Months, adjustments, statements, the roll-forward and the close.

use super::{Desk, EUR, cause, job, party, plain};
use crate::adjust::{self, AdjustmentLine};
use crate::book::{Breach, BreachKind};
use crate::credit::CreditFunding;
use crate::period::{self, Exposure};
use crate::*;
use nooterra_engine::Instant;
use nooterra_engine::time::Span;
use nooterra_ledger::{Account, Command, Rejection, Role, decide};

const DAY: Span = Span::from_mins(24 * 60);

#[test]
fn months_follow_the_calendar() {
    let m = |year, month| Month { year, month };
    assert_eq!(Month::of(Instant::ZERO), m(1970, 1));
    assert_eq!(m(1970, 1).to(), Instant::ZERO + DAY.times(31));
    // 2024-02-29T12:00:00Z and the instant at which March begins.
    assert_eq!(Month::of(Instant::from_secs(1_709_208_000)), m(2024, 2));
    assert_eq!(m(2024, 3).from(), Instant::from_secs(1_709_251_200));
    assert_eq!(Month::of(m(2024, 3).from()), m(2024, 3));
    assert_eq!(Month::of(Instant(m(2024, 3).from().0 - 1)), m(2024, 2));
    assert_eq!(m(2024, 12).next(), m(2025, 1));
    assert_eq!(m(2024, 2).period(EUR), "EUR-202402");
    // Every month of four centuries begins where the last one ended.
    let (mut month, mut days) = (m(1970, 1), 0);
    while month.year < 2370 {
        let leap = month.year.is_multiple_of(4) && (!month.year.is_multiple_of(100) || month.year.is_multiple_of(400));
        assert_eq!(month.from(), Instant::ZERO + DAY.times(days), "{month:?}");
        assert_eq!(Month::of(month.from()), month);
        days += match month.month {
            2 => 28 + u64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        month = month.next();
    }
    assert_eq!(month::origin(Instant::from_secs(5), m(1970, 2).from()), Some(m(1970, 1)));
    assert_eq!(month::origin(Instant::from_secs(5), Instant::from_secs(6)), None);
}

#[test]
fn an_adjustment_is_balanced_and_leaves_cases_alone() {
    let d = Desk::settled();
    let line = |account, amount| AdjustmentLine { account, amount };
    let (good, bad) = (Account::GoodwillExpense, Account::Escrow { job: job() });
    let post = |lines: &[AdjustmentLine], origin| adjust::posted(cause("a", 101), lines, origin);
    assert!(matches!(post(&[], None), Err(Refusal::AmountInvalid(_))));
    assert!(matches!(post(&[line(bad, 0), line(good, 5)], None), Err(Refusal::AmountInvalid(_))));
    assert_eq!(post(&[line(bad, i64::MIN), line(good, 5)], None), Err(Refusal::AmountOverflow));
    assert_eq!(post(&[line(bad, -4), line(good, 5)], None), Err(Refusal::Unbalanced(1)));
    assert!(matches!(post(&[line(bad, -5), line(good, 5)], None), Err(Refusal::FundingInvalid(_))));
    let fine = [line(good, 5), line(Account::RequesterCredit { party: party("requester") }, -5)];
    let present = Month { year: 1970, month: 1 };
    assert!(matches!(post(&fine, Some(present)), Err(Refusal::PeriodOpen(_))));
    let late = adjust::posted(cause("b", 40 * 86_400), &fine, Some(present)).unwrap();
    assert!(decide(&d.book, &late).is_ok());
}

fn go(d: &mut Desk, x: &mut Exposure, step: Result<Step, Refusal>) {
    let step = step.unwrap();
    step.commands.iter().for_each(|c| x.follow(c, EUR));
    d.step(Ok(step)).unwrap();
}

/// Two months of one job: held and settled in the first, with a payout; a chargeback lost in the second.
#[test]
fn two_months_close_and_roll_forward() {
    let (january, february) = (Month { year: 1970, month: 1 }, Month { year: 1970, month: 2 });
    let mut d = Desk::captured();
    let mut x = Exposure::default();
    let entry = |c: Option<Command>| Ok(Step { facts: Vec::new(), commands: c.into_iter().collect() });
    go(&mut d, &mut x, entry(hold::held(cause("h", 10), job(), 1050)));
    let c = nooterra_engine::ids::ChargebackId::named("c");
    let opened = chargeback::Opened { chargeback: c, amount: 300, fee: 0 };
    let step = chargeback::opened(d.m(), cause("c", 11), opened, d.cover(), d.pools());
    go(&mut d, &mut x, step);
    let locked = x;
    assert_eq!((locked.held, locked.released, locked.ending()), (1050, 0, Some(1050)), "one lock to the other");

    // January closes with money locked, and nothing before its end.
    let early = period::close(&d.book, EUR, (january.from(), january.to()), Instant::from_secs(12), locked, &|_| None);
    assert!(matches!(early, Err(Refusal::PeriodOpen(_))));
    let wrong = period::close(&d.book, EUR, (january.from(), january.to()), january.to(), Exposure { held: 1, ..locked }, &|_| None);
    assert!(matches!(wrong, Err(Refusal::PeriodOpen(_))));
    let closing = period::close(&d.book, EUR, (january.from(), january.to()), january.to(), locked, &|_| None).unwrap();
    assert_eq!(closing.statements, [], "nobody was paid yet");
    d.carry_out([closing.command(cause("close-1", 0).event, january.to())]);
    let twice = period::close(&d.book, EUR, (january.from(), january.to()), january.to(), locked, &|_| None);
    assert!(matches!(twice, Err(Refusal::PeriodClosed(_))));
    let late = hold::released(cause("late", 20), job(), 1).unwrap();
    assert!(matches!(decide(&d.book, &late), Err(Rejection::TimeBackwards)));

    x = locked.next();
    let at = |s: u64| february.from().saturating_add(Span::from_secs(s));
    let when = |name: &str, s| Cause { at: at(s), ..cause(name, 0) };
    let step = chargeback::lost(d.m(), when("l", 1), c, Funding::Legs, d.pools());
    go(&mut d, &mut x, step);
    go(&mut d, &mut x, entry(hold::forfeited(when("f", 2), job(), 750)));
    let input = SettlementInput { at: at(3), escrow: 750, captured: 750, earned_bps: 5_000, proof: ProofStatus::Partial, ..plain() };
    let (_, step) = settle::job_settled(d.m(), &input).unwrap();
    go(&mut d, &mut x, Ok(step));
    let breach = [Breach { kind: BreachKind::ExcessStall, leg: 0 }];
    let step = credit::issued(d.m(), when("s", 4), &breach, 60, CreditFunding::Owner(party("owner")), d.pools());
    go(&mut d, &mut x, step);
    assert_eq!((x.opening, x.held, x.released, x.forfeited, x.ending()), (1050, 0, 0, 1050, Some(0)));
    // The owner earned 390, owes 60, and 330 go to the bank: two entries more on its statement, each once.
    d.carry_out(payment::provider_settled(when("psp", 5), 750, 0));
    let due = payable_due(&d.book, Role::Owner, party("owner"), EUR, at(5)).unwrap();
    let p = Payout { payout: nooterra_engine::ids::PayoutId::named("p"), due };
    d.carry_out(p.initiated(when("p", 6)));
    let closing = period::close(&d.book, EUR, (february.from(), february.to()), february.to(), x, &|_| None).unwrap();
    let owner = closing.statements.iter().find(|s| s.role == Role::Owner).unwrap();
    assert_eq!((owner.opening, owner.credits, owner.debits, owner.payouts, owner.ending), (0, 390, 60, 330, 0));
    assert_eq!(owner.lines.iter().map(|l| l.code).collect::<Vec<_>>(), [6, 12, 28]);
    assert_eq!((owner.lines[2].due, owner.lines[2].owed), (-390, -60));
    let requester = closing.statements.iter().find(|s| s.role == Role::Requester).unwrap();
    assert_eq!((requester.credits, requester.ending), (260, 260));
    assert_eq!(closing.hashes().len(), closing.statements.len());
    d.carry_out([closing.command(cause("close-2", 0).event, february.to())]);
    assert_eq!(d.book.open_from(EUR), Some(february.to()));
    d.audited();
}
