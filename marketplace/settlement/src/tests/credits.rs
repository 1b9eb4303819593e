//! Credits for missed service levels in each model, and their cap.

use super::{Desk, EUR, cause, party};
use crate::book::{Breach, BreachKind};
use crate::credit::{self, CreditFunding, InsurerPart, Missed, Rung};
use crate::*;
use nooterra_engine::money::Amount;
use nooterra_ledger::{Account, Role};

fn b(kind: BreachKind) -> Breach {
    Breach { kind, leg: 0 }
}

#[test]
fn every_model_gives_the_requester_the_same_credit() {
    let insurer = InsurerPart { insurer: party("insurer"), bps: 6_000 };
    let owes = |role, name| Account::PartyReceivable { role, party: party(name) };
    for (funding, account, there, expense, code) in [
        (CreditFunding::Platform, Account::SlaCreditExpense, 100, 100, 10),
        (CreditFunding::CoverageReserve, Account::CoverageReserve, 0, 60, 11),
        (CreditFunding::Owner(party("owner")), owes(Role::Owner, "owner"), 100, 0, 12),
        (CreditFunding::Operator(party("op")), owes(Role::Operator, "op"), 100, 0, 12),
        (CreditFunding::Insurer(insurer), Account::InsurerReceivable { insurer: party("insurer") }, 60, 40, 13),
    ] {
        let mut d = Desk::settled();
        d.step(credit::issued(d.m(), cause("c", 101), &[b(BreachKind::AssistSlow)], 100, funding, d.pools())).unwrap();
        assert_eq!((d.posted(account), d.posted(Account::SlaCreditExpense)), (there, expense), "{funding:?}");
        assert_eq!(d.posted(Account::RequesterCredit { party: party("requester") }), 100);
        assert_eq!(d.journal.entries().last().unwrap().code, code);
        d.audited();
    }
}

#[test]
fn credits_and_compensation_stay_within_the_service_amount() {
    let mut d = Desk::settled();
    d.step(credit::compensated(d.m(), cause("no-show", 101), party("owner"), Amount::new(400).unwrap())).unwrap();
    let give = |d: &Desk, name: &str, kind, amount| {
        credit::issued(d.m(), cause(name, 102), &[b(kind)], amount, CreditFunding::Platform, Pools::of(&d.book, EUR))
    };
    let over = give(&d, "a", BreachKind::ArriveLate, 601);
    assert_eq!(over, Err(Refusal::LimitExceeded { cap: "the service amount", asked: 601, left: 600 }));
    let s = give(&d, "b", BreachKind::ArriveLate, 500);
    d.step(s).unwrap();
    assert!(matches!(give(&d, "c", BreachKind::ArriveLate, 1), Err(Refusal::AlreadyDone(_))));
    let s = give(&d, "d", BreachKind::CompleteLate, 100);
    d.step(s).unwrap();
    let late = credit::compensated(d.m(), cause("e", 103), party("owner"), Amount::new(1).unwrap());
    assert!(matches!(late, Err(Refusal::LimitExceeded { left: 0, .. })));
    let none = credit::issued(d.m(), cause("f", 104), &[], 1, CreditFunding::Platform, d.pools());
    assert!(matches!(none, Err(Refusal::AmountInvalid(_))));
    let d = Desk::settled();
    let over = CreditFunding::Insurer(InsurerPart { insurer: party("insurer"), bps: 10_001 });
    let refused = credit::issued(d.m(), cause("g", 101), &[b(BreachKind::AssistSlow)], 1, over, d.pools());
    assert!(matches!(refused, Err(Refusal::FundingInvalid(_))));
}

#[test]
fn what_is_due_is_the_worst_lateness_and_all_else_up_to_the_level() {
    let d = Desk::settled();
    let ladder = [Rung { late_s: 900, bps: 500 }, Rung { late_s: 3_600, bps: 1_500 }];
    let m = |kind, late_s, fault| Missed { breach: b(kind), late_s, fault };
    let due = |missed: &[Missed]| credit::due(d.m(), missed, &ladder, 2_500).unwrap();
    assert_eq!(due(&[]), 0);
    assert_eq!(due(&[m(BreachKind::ArriveLate, 899, Fault::Owner)]), 0);
    assert_eq!(due(&[m(BreachKind::ArriveLate, 900, Fault::Owner), m(BreachKind::CompleteLate, 4_000, Fault::Owner)]), 150);
    assert_eq!(due(&[m(BreachKind::ArriveLate, 900, Fault::Owner), m(BreachKind::AssistSlow, 0, Fault::Operator)]), 80);
    assert_eq!(due(&[m(BreachKind::ProviderAbort, 0, Fault::Owner), m(BreachKind::ExcessStall, 0, Fault::Owner)]), 250);
    assert_eq!(due(&[m(BreachKind::ProviderAbort, 0, Fault::Owner), m(BreachKind::ExitOverstay, 0, Fault::Requester)]), 200);
    assert_eq!(due(&[m(BreachKind::ExitOverstay, 0, Fault::None)]), 0);
}
