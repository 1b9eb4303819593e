//! Months of the books, and what is set right in them.

use super::rig::{Rig, genesis, party};
use crate::control::Control;
use crate::fact::{Event, PeriodEvent};
use crate::input::{Account, FinanceCommand, Line, Month};
use crate::policy::Policy;
use nooterra_engine::digest::Digest;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

fn goodwill(minor: i64, origin: Option<Month>) -> FinanceCommand {
    let to = Account::OwnerPayable { party: party("acme") };
    let lines = vec![Line { account: Account::GoodwillExpense, amount: minor }, Line { account: to, amount: -minor }];
    FinanceCommand::Adjust { currency: Currency::EUR, lines, origin, reason: Digest([3; 32]) }
}

#[test]
fn an_adjustment_takes_two_keys_and_every_bad_one_is_refused() {
    let mut rig = Rig::new(ONE);
    rig.run(5);
    let expense = |rig: &Rig| rig.c.balance(Account::GoodwillExpense, Currency::EUR);
    assert_eq!(rig.send("staff", &goodwill(100, None)), Err("TYPE_UNKNOWN".into()));
    let with = |lines: Vec<Line>| FinanceCommand::Adjust { currency: Currency::EUR, lines, origin: None, reason: Digest([3; 32]) };
    let line = |account, amount| Line { account, amount };
    assert_eq!(rig.send_books("books", Currency::EUR, &with(vec![])), Err("SCHEMA_INVALID".into()));
    assert_eq!(rig.send_books("books", Currency::EUR, &with(vec![line(Account::GoodwillExpense, 5)])), Err("UNBALANCED".into()));
    let nobody = Account::OwnerPayable { party: party("nobody") };
    assert_eq!(
        rig.send_books("books", Currency::EUR, &with(vec![line(Account::GoodwillExpense, 5), line(nobody, -5)])),
        Err("PAYEE_MISSING".into())
    );
    let case = Account::Escrow { job: nooterra_engine::ids::JobId::named("j") };
    assert_eq!(
        rig.send_books("books", Currency::EUR, &with(vec![line(Account::GoodwillExpense, 5), line(case, -5)])),
        Err("FUNDING_INVALID".into())
    );
    let future = Some(Month { year: 1970, month: 1 });
    assert_eq!(
        rig.send_books("books", Currency::EUR, &goodwill(100, future)),
        Err("PERIOD_OPEN".into()),
        "the month that is open has no past yet"
    );
    for (year, month) in [(1970, 0), (1970, 13), (0, 1), (u32::MAX, u32::MAX)] {
        let none = Some(Month { year, month });
        assert_eq!(
            rig.send_books("books", Currency::EUR, &goodwill(100, none)),
            Err("SCHEMA_INVALID".into()),
            "{year}-{month} is no month"
        );
    }
    let wrong_side = with(vec![line(Account::GoodwillExpense, -5), line(Account::OwnerPayable { party: party("acme") }, 5)]);
    assert_eq!(rig.send_books("books", Currency::EUR, &wrong_side), Err("LIMIT_EXCEEDED".into()), "no account on its wrong side");
    rig.send_books("books", Currency::EUR, &goodwill(100, None)).unwrap();
    assert_eq!(expense(&rig), 0, "one key posts nothing");
    assert_eq!(rig.send_books("books", Currency::EUR, &goodwill(100, None)), Err("SECOND_KEY_REQUIRED".into()));
    rig.send_books("books2", Currency::EUR, &goodwill(101, None)).unwrap();
    assert_eq!(expense(&rig), 0, "another sum is another decision");
    rig.send_books("books2", Currency::EUR, &goodwill(100, None)).unwrap();
    assert_eq!(expense(&rig), 100);
}

#[test]
fn the_month_closes_at_midnight_and_a_late_adjustment_names_it() {
    let mut rig = Rig::new(ONE);
    let mut g = genesis(Policy::scenario(), ONE);
    // Two minutes before the end of November 2026.
    let november = Month { year: 2026, month: 11 };
    g.epoch = Instant(november.to().0 - 120_000_000_000);
    let site = rig.site.clone();
    rig.c = Control::new(g, site).unwrap();
    rig.run(100);
    let closed = |rig: &Rig| rig.facts.iter().filter_map(|f| f.event()).filter(|r| r.payload.name() == "PERIOD_CLOSED").count();
    assert_eq!(closed(&rig), 0);
    rig.run(40);
    assert_eq!(closed(&rig), 1);
    rig.send_books("books", Currency::EUR, &goodwill(70, Some(november))).unwrap();
    rig.send_books("books2", Currency::EUR, &goodwill(70, Some(november))).unwrap();
    let posted = rig.facts.iter().filter_map(|f| f.event()).find_map(|r| match &r.payload {
        Event::Period(PeriodEvent::AdjustmentPosted { origin_period, .. }) => Some((r.header.stream.clone(), *origin_period)),
        _ => None,
    });
    assert_eq!(posted, Some(("period/EUR-202612".into(), Some(november))));
    assert!(rig.c.book().open_from(Currency::EUR) >= Some(Instant::from_secs(120)), "nothing enters November any more");
}
