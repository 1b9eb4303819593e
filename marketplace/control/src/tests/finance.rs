//! Months of the books, and what is set right in them.

use super::rig::{Rig, genesis, party};
use crate::control::Control;
use crate::fact::{Event, PeriodEvent};
use crate::input::{Account, CaseCommand, FinanceCommand, Line, Month, PaymentReport};
use crate::policy::Policy;
use nooterra_engine::digest::Digest;
use nooterra_engine::money::Amount;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_jobs::Status;
use nooterra_jobs::event::Event as JobEvent;
use nooterra_settlement::period::role_statement;
use nooterra_settlement::template::Template;
use nooterra_trust::dispute::{Funding, Ground, Verdict};

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

/// Work that was paid in November, a refund of it by decision in December, and the books of December.
#[test]
fn what_is_given_back_later_names_the_month_that_it_concerns() {
    let mut g = genesis(Policy::scenario(), ONE);
    let november = Month { year: 2026, month: 11 };
    g.epoch = Instant(november.to().0 - 900_000_000_000);
    let mut rig = Rig::of(g, ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 800), Status::Settled, "{:?}", rig.names(job));
    let award = |rig: &mut Rig| {
        let (ground, amount) = (Ground::Quality, Amount::new(100).unwrap());
        rig.send("rq", &CaseCommand::OpenDispute { job, ground, amount, currency: Currency::EUR }).unwrap();
        let dispute = *rig.c.state().cases[&job].disputes.disputes.keys().last().unwrap();
        let verdict = Verdict { award: amount, funding: Funding::Party(party("acme")), earned_bps: None, decision_hash: Digest([7; 32]) };
        rig.send_at("judge", job, &CaseCommand::DecideDispute { job, dispute, verdict, currency: Currency::EUR }).unwrap();
        rig.run(5);
    };
    let issued = |rig: &Rig| -> Vec<Option<String>> {
        let of = |e| if let JobEvent::RefundIssued { origin_period, .. } = e { Some(origin_period) } else { None };
        rig.job_events(job).into_iter().filter_map(of).collect()
    };
    let before = issued(&rig).len();
    assert!(issued(&rig).iter().all(Option::is_none), "November is open");
    let left = 905 - rig.now.0 / 1_000_000_000;
    rig.run(left);
    award(&mut rig);
    assert_eq!(issued(&rig)[before..], [Some("EUR-202611".to_owned())]);
    rig.run(60);
    assert!(rig.names(job).contains(&"REFUND_PAID"), "{:?}", rig.names(job));
    // On the owner's statement of December the refund is one of November's work, and the adjustment is what it says.
    rig.send_books("books", Currency::EUR, &goodwill(70, Some(november))).unwrap();
    rig.send_books("books2", Currency::EUR, &goodwill(70, Some(november))).unwrap();
    rig.send_books("books", Currency::EUR, &goodwill(30, None)).unwrap();
    rig.send_books("books2", Currency::EUR, &goodwill(30, None)).unwrap();
    let month = (Instant::from_secs(900), Instant(u64::MAX));
    let s = rig.c.state();
    let of = (nooterra_ledger::Role::Owner, party("acme"));
    let paper = role_statement(&s.book, of, Currency::EUR, month, &|l| crate::finance::origin(s, l)).unwrap();
    let by = |code| paper.lines.iter().filter(|l| l.code == code).map(|l| l.origin).collect::<Vec<_>>();
    assert_eq!(by(Template::Adjusted.code()), [Some(november), None]);
    assert_eq!(by(Template::RefundEnd.code()), [Some(november)], "{:?}", paper.lines);
    let early = role_statement(&s.book, of, Currency::EUR, (Instant::ZERO, month.0), &|l| crate::finance::origin(s, l)).unwrap();
    assert!(early.lines.len() >= 2 && early.lines.iter().all(|l| l.origin.is_none()), "in its own month nothing is late");
}

#[test]
fn a_result_of_the_provider_counts_once_whatever_it_is_reported_for() {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 800), Status::Settled);
    let known = rig.c.state().jobs[&job].payment.payment.unwrap().to_string();
    let cash = |rig: &Rig| rig.c.balance(Account::Cash, Currency::EUR);
    let handed = |provider_ref: &str| PaymentReport::ProviderSettled {
        amount: Amount::new(1).unwrap(),
        fee: Amount::ZERO,
        currency: Currency::EUR,
        provider_ref: provider_ref.into(),
    };
    let before = cash(&rig);
    assert_eq!(rig.send("bank", &handed(&known)).unwrap_err(), "ALREADY_DONE", "the name of an authorisation");
    assert_eq!(rig.send("bank", &handed("")).unwrap_err(), "SCHEMA_INVALID");
    assert_eq!(rig.send("bank", &handed(&"x".repeat(65))).unwrap_err(), "SCHEMA_INVALID");
    assert_eq!(cash(&rig), before);
    rig.send("bank", &handed("new")).unwrap();
    assert_eq!(rig.send("bank", &handed("new")).unwrap_err(), "ALREADY_DONE");
    assert_eq!(cash(&rig), before + 1);
}
