//! Money that goes back after settlement: refunds over bearers, chargebacks, their securities and caps.

use super::{Desk, EUR, cause, job, party, plain};
use crate::book::{ChargebackState, RefundState};
use crate::chargeback::{self, Opened};
use crate::refund::{self, Refund};
use crate::*;
use nooterra_engine::Instant;
use nooterra_engine::ids::{ChargebackId, RefundId};
use nooterra_engine::machine::Freeze;
use nooterra_ledger::{Account, Role};

fn r(n: u32, amount: u64) -> Refund {
    Refund { refund: RefundId::named(&n.to_string()), amount }
}
fn c(n: u32, amount: u64, fee: u64) -> Opened {
    Opened { chargeback: ChargebackId::named(&n.to_string()), amount, fee }
}
fn owner_owes() -> Account {
    Account::PartyReceivable { role: Role::Owner, party: party("owner") }
}
fn requester_owes() -> Account {
    Account::PartyReceivable { role: Role::Requester, party: party("requester") }
}
fn receivable(n: u32) -> Account {
    Account::ChargebackReceivable { chargeback: c(n, 0, 0).chargeback }
}

/// S 1000, F 50: reserve 20, platform 200, owner 780, coverage reserve 40, coverage revenue 10.
#[test]
fn a_refund_is_borne_by_those_who_were_paid() {
    let mut d = Desk::settled();
    d.step(refund::after_settlement(d.m(), cause("r", 101), r(1, 105), Funding::Legs, d.pools())).unwrap();
    // A tenth of every leg, reserved.
    let taken: Vec<u64> = d.m().legs.iter().map(|l| l.pending).collect();
    assert_eq!(taken, [2, 20, 78, 4, 1]);
    assert_eq!(d.book.balance(owner_owes(), EUR).pending_in, 78);
    d.step(refund::ended(d.m(), cause("p", 102), r(1, 0).refund, true)).unwrap();
    assert_eq!((d.posted(owner_owes()), d.posted(Account::PspClearing), d.posted(Account::PlatformRevenue)), (78, 945, 180));
    assert_eq!(d.m().refunds[&r(1, 0).refund].state, RefundState::Paid);
    // The rest in odd parts: in the end every leg has given back exactly what it was paid.
    for (n, amount) in [(2, 1), (3, 333), (4, 7), (5, 604)] {
        d.step(refund::after_settlement(d.m(), cause(&format!("r{n}"), 103), r(n, amount), Funding::Legs, d.pools())).unwrap();
        d.step(refund::ended(d.m(), cause(&format!("p{n}"), 103), r(n, 0).refund, true)).unwrap();
    }
    assert!(d.m().legs.iter().all(|l| l.reversed == l.paid_in && l.open() == 0));
    assert_eq!((d.posted(owner_owes()), d.posted(Account::GoodwillExpense), d.posted(Account::PspClearing)), (780, 0, 0));
    let more = refund::after_settlement(d.m(), cause("r6", 104), r(6, 1), Funding::Platform, d.pools());
    assert_eq!(more, Err(Refusal::LimitExceeded { cap: "the captured money", asked: 1, left: 0 }));
    d.audited();
}

#[test]
fn a_party_at_fault_bears_first_and_the_platform_alone() {
    let mut d = Desk::settled();
    let owner = Funding::of(Fault::Owner, Some(party("owner")));
    d.step(refund::after_settlement(d.m(), cause("r1", 101), r(1, 700), owner, d.pools())).unwrap();
    assert_eq!(d.m().legs.iter().map(|l| l.pending).collect::<Vec<_>>(), [0, 0, 700, 0, 0]);
    // 80 are left of its leg; 20 go over all, of which the owner's 15 meet an empty leg and fall on goodwill.
    d.step(refund::after_settlement(d.m(), cause("r2", 102), r(2, 100), owner, d.pools())).unwrap();
    assert_eq!(d.m().legs[2].open(), 0);
    assert_eq!(d.book.balance(owner_owes(), EUR).pending_in, 780);
    assert_eq!(d.book.balance(Account::GoodwillExpense, EUR).pending_in, 15);
    d.step(refund::after_settlement(d.m(), cause("r3", 103), r(3, 50), Funding::of(Fault::Platform, None), d.pools())).unwrap();
    assert_eq!(d.book.balance(Account::GoodwillExpense, EUR).pending_in, 65);
    let foreign = Funding::Party { role: Role::Operator, party: party("owner") };
    let refused = refund::after_settlement(d.m(), cause("r4", 104), r(4, 1), foreign, d.pools());
    assert!(matches!(refused, Err(Refusal::FundingInvalid(_))));
    assert_eq!(Funding::of(Fault::Site, None), Funding::Legs);
    // A failure restores every cap.
    for (n, name) in [(1, "f1"), (2, "f2"), (3, "f3")] {
        d.step(refund::ended(d.m(), cause(name, 105), r(n, 0).refund, false)).unwrap();
    }
    assert!(d.m().legs.iter().all(|l| l.open() == l.paid_in && l.dealt == 0));
    assert_eq!(d.m().returnable(), 1050);
    d.audited();
}

#[test]
fn an_empty_pool_leaves_its_part_to_the_platform() {
    let mut d = Desk::settled();
    let spent =
        [(Account::InsuranceReserve, 15), (Account::CoverageReserve, 40), (Account::RequesterCredit { party: party("requester") }, -55)];
    let lines = spent.map(|(account, amount)| adjust::AdjustmentLine { account, amount });
    d.carry_out(adjust::posted(cause("adj", 101), &lines, None));
    d.step(refund::after_settlement(d.m(), cause("r", 102), r(1, 1050), Funding::Legs, d.pools())).unwrap();
    let reserved = |a| d.book.balance(a, EUR).pending_out;
    assert_eq!((reserved(Account::InsuranceReserve), reserved(Account::CoverageReserve)), (5, 0));
    assert_eq!(d.book.balance(Account::GoodwillExpense, EUR).pending_in, 55);
    d.audited();
}

#[test]
fn a_chargeback_of_an_unsettled_job_is_secured_by_its_money_and_lost() {
    let mut d = Desk::captured();
    d.step(chargeback::opened(d.m(), cause("c", 3), c(1, 400, 15), d.cover(), d.pools())).unwrap();
    let reserve = Account::DisputeReserve { chargeback: c(1, 0, 0).chargeback };
    assert_eq!((d.posted(receivable(1)), d.posted(reserve), d.posted(Account::PspClearing)), (400, 400, 635));
    assert_eq!(settle::job_settled(d.m(), &plain()).map(|_| ()), Err(Refusal::LienOpen));
    // The rest is held meanwhile; a second chargeback takes what is left there.
    d.carry_out(hold::held(cause("h", 4), job(), 650));
    d.step(chargeback::opened(d.m(), cause("c2", 5), c(2, 100, 0), d.cover(), d.pools())).unwrap();
    assert_eq!(d.m().chargebacks[&c(2, 0, 0).chargeback].from_held, 100);
    d.step(chargeback::won(d.m(), cause("w2", 6), c(2, 0, 0).chargeback, 0)).unwrap();
    assert_eq!(d.posted(Account::Held { job: job() }), 650);
    d.step(chargeback::lost(d.m(), cause("l", 7), c(1, 0, 0).chargeback, Funding::Legs, d.pools())).unwrap();
    assert_eq!((d.posted(receivable(1)), d.posted(reserve), d.m().cash()), (0, 0, 650));
    // Proven in full: the platform fills up what the bank took (M22).
    let input = SettlementInput { escrow: 0, held: 650, captured: d.m().cash(), ..plain() };
    let (s, step) = settle::job_settled(d.m(), &input).unwrap();
    d.step(Ok(step)).unwrap();
    assert_eq!((s.topped_up, s.refund, d.posted(Account::ChargebackExpense)), (400, 0, 400));
    assert_eq!(settle::job_settled(d.m(), &plain()).map(|_| ()), Err(Refusal::AlreadyDone("the job has settled")));
    d.audited();
}

#[test]
fn a_chargeback_of_a_settled_job_is_secured_by_those_paid() {
    let mut d = Desk::settled();
    d.step(chargeback::opened(d.m(), cause("c", 101), c(1, 1050, 20), d.cover(), d.pools())).unwrap();
    assert_eq!((d.posted(receivable(1)), d.book.balance(receivable(1), EUR).pending_out), (1050, 1050));
    assert!(d.m().legs.iter().all(|l| l.open() == 0));
    // The owner is not paid what it may owe.
    assert_eq!(payout::secured(&d.book, Role::Owner, party("owner"), EUR), 780);
    assert_eq!(payable_due(&d.book, Role::Owner, party("owner"), EUR, Instant::NEVER), None);
    let refused = refund::after_settlement(d.m(), cause("r", 102), r(1, 1), Funding::Platform, d.pools());
    assert!(matches!(refused, Err(Refusal::LimitExceeded { left: 0, .. })), "the cap comes before the lien");
    d.step(chargeback::won(d.m(), cause("w", 103), c(1, 0, 0).chargeback, 20)).unwrap();
    assert_eq!((d.posted(Account::PspClearing), d.posted(Account::ProviderFeeExpense)), (1050, 0));
    assert_eq!(payable_due(&d.book, Role::Owner, party("owner"), EUR, Instant::NEVER).unwrap().gross, 780);
    assert!(d.m().legs.iter().all(|l| l.open() == l.paid_in));
    assert!(matches!(chargeback::won(d.m(), cause("w2", 104), c(1, 0, 0).chargeback, 0), Err(Refusal::AlreadyDone(_))));
    // Another one is lost: the owner owes its part, and its payout is netted.
    d.step(chargeback::opened(d.m(), cause("c2", 105), c(2, 525, 20), d.cover(), d.pools())).unwrap();
    assert_eq!(payable_due(&d.book, Role::Owner, party("owner"), EUR, Instant::NEVER).unwrap().gross, 390);
    d.step(chargeback::lost(d.m(), cause("l", 106), c(2, 0, 0).chargeback, Funding::Legs, d.pools())).unwrap();
    let due = payable_due(&d.book, Role::Owner, party("owner"), EUR, Instant::NEVER).unwrap();
    assert_eq!((due.gross, due.netted), (780, 390));
    assert_eq!((d.posted(receivable(2)), d.posted(Account::PlatformRevenue)), (0, 100));
    d.audited();
}

#[test]
fn a_decision_may_lay_a_loss_on_others_than_those_who_secured_it() {
    for (funding, owner, expense) in
        [(Funding::Platform, 0, 210), (Funding::Party { role: Role::Owner, party: party("owner") }, 210, 0), (Funding::Legs, 156, 0)]
    {
        let mut d = Desk::settled();
        d.step(chargeback::opened(d.m(), cause("c", 101), c(1, 210, 0), d.cover(), d.pools())).unwrap();
        d.step(chargeback::lost(d.m(), cause("l", 102), c(1, 0, 0).chargeback, funding, d.pools())).unwrap();
        assert_eq!((d.posted(owner_owes()), d.posted(Account::ChargebackExpense)), (owner, expense), "{funding:?}");
        assert_eq!((d.posted(receivable(1)), d.book.balance(receivable(1), EUR).pending_out), (0, 0));
        assert_eq!(d.book.balance(owner_owes(), EUR).pending_in, 0);
        assert_eq!(d.m().chargebacks[&c(1, 0, 0).chargeback].state, ChargebackState::Lost);
        d.audited();
    }
}

#[test]
fn what_was_given_back_already_is_a_claim_on_the_requester() {
    let mut d = Desk::settled();
    d.step(refund::after_settlement(d.m(), cause("r", 101), r(1, 300), Funding::Legs, d.pools())).unwrap();
    d.step(chargeback::opened(d.m(), cause("c", 102), c(1, 1050, 0), d.cover(), d.pools())).unwrap();
    assert_eq!(d.book.balance(requester_owes(), EUR).pending_in, 300);
    assert!(d.m().legs.iter().all(|l| l.open() == 0), "no leg bears it twice");
    assert_eq!(d.m().returnable(), 0);
    // The refund under way when the bank acted may still fail: then there is that much to give back again.
    d.step(refund::ended(d.m(), cause("f", 103), r(1, 0).refund, false)).unwrap();
    assert_eq!(d.m().returnable(), 300);
    assert_eq!(refund::after_settlement(d.m(), cause("r2", 104), r(2, 300), Funding::Legs, d.pools()), Err(Refusal::LienOpen));
    d.step(chargeback::lost(d.m(), cause("l", 105), c(1, 0, 0).chargeback, Funding::Legs, d.pools())).unwrap();
    assert_eq!(d.posted(requester_owes()), 300);
    d.step(refund::after_settlement(d.m(), cause("r3", 106), r(3, 300), Funding::Legs, d.pools())).unwrap();
    d.audited();
}

#[test]
fn refusals_come_in_the_order_of_the_table() {
    let d = Desk::settled();
    let mut wrong = cause("r", 101);
    wrong.currency = nooterra_engine::money::Currency::USD;
    let ask = |cause, amount| refund::after_settlement(d.m(), cause, r(1, amount), Funding::Legs, d.pools());
    assert_eq!(ask(wrong, 0), Err(Refusal::CurrencyMismatch));
    assert_eq!(ask(cause("r", 101), 0), Err(Refusal::AmountInvalid("nothing")));
    assert_eq!(ask(cause("r", 101), u64::MAX), Err(Refusal::AmountOverflow));
    assert!(matches!(ask(cause("r", 101), 1051), Err(Refusal::LimitExceeded { left: 1050, .. })));
    let early = Desk::captured();
    let refused = refund::after_settlement(early.m(), wrong, r(1, 0), Funding::Legs, early.pools());
    assert!(matches!(refused, Err(Refusal::StateForbids(_))));
    assert_eq!(MoneyBook::default().job(job()), Err(Refusal::NotFound("job")));
    assert_eq!(refund::ended(d.m(), cause("e", 1), r(9, 0).refund, true), Err(Refusal::NotFound("refund")));
    let open = |c| chargeback::opened(d.m(), cause("c", 101), c, d.cover(), d.pools());
    assert_eq!(open(c(1, 0, 0)), Err(Refusal::AmountInvalid("nothing")));
    assert!(matches!(open(c(1, 1051, 0)), Err(Refusal::LimitExceeded { .. })));
    assert!(matches!(chargeback::won(d.m(), cause("w", 1), c(1, 0, 0).chargeback, 0), Err(Refusal::NotFound(_))));
    let mut unpaid = MoneyBook::default();
    unpaid.open(job(), party("requester"), EUR, plain().service, plain().service);
    let refused = chargeback::opened(unpaid.job(job()).unwrap(), cause("c", 1), c(1, 1, 0), Cover::default(), Pools::default());
    assert_eq!(refused, Err(Refusal::NotCaptured));
}

#[test]
fn the_money_book_is_a_record() {
    let mut d = Desk::settled();
    d.step(refund::after_settlement(d.m(), cause("r", 101), r(1, 300), Funding::Legs, d.pools())).unwrap();
    d.step(chargeback::opened(d.m(), cause("c", 102), c(1, 1050, 7), d.cover(), d.pools())).unwrap();
    assert_eq!(MoneyBook::thaw(&d.money.freeze()).unwrap(), d.money);
}

#[test]
fn what_goes_back_reads_as_a_story() {
    let mut d = Desk::settled();
    d.step(refund::after_settlement(d.m(), cause("r", 101), r(1, 100), Funding::Legs, d.pools())).unwrap();
    d.step(chargeback::opened(d.m(), cause("c", 102), c(1, 1050, 7), d.cover(), d.pools())).unwrap();
    d.step(refund::ended(d.m(), cause("f", 103), r(1, 0).refund, false)).unwrap();
    d.step(chargeback::lost(d.m(), cause("l", 104), c(1, 0, 0).chargeback, Funding::Platform, d.pools())).unwrap();
    let name = |p| if p == party("owner") { "acme".to_owned() } else { "reception".to_owned() };
    let lines = explain::explain(&d.journal, job(), name);
    let told = |n: usize, parts: &[&str]| parts.iter().for_each(|p| assert!(lines[n].contains(p), "{}", lines[n]));
    told(3, &["M15", "refund after settlement issued (reserved)", "party_receivable of acme EUR 0.75", "-> psp_clearing EUR 1.00"]);
    told(4, &["M17", "chargeback opened", "provider_fee_expense EUR 0.07 -> psp_clearing EUR 10.57"]);
    told(5, &["M19", "secured by those paid (reserved)", "party_receivable (requester) of reception EUR 1.00"]);
    told(6, &["M16", "refund failed", "nothing moves"]);
    told(7, &["M21", "chargeback lost: others bear it", "nothing moves"]);
    told(8, &["M21", "chargeback_expense EUR 9.50", "-> chargeback_receivable EUR 10.50"]);
}

#[test]
fn what_secured_a_loss_can_bear_it_again_under_another_decision() {
    let mut d = Desk::settled();
    d.step(chargeback::opened(d.m(), cause("c", 101), c(1, 1050, 0), d.cover(), d.pools())).unwrap();
    assert_eq!(d.pools().platform_revenue, 0, "all of it is reserved");
    let owner = Funding::Party { role: Role::Owner, party: party("owner") };
    d.step(chargeback::lost(d.m(), cause("l", 102), c(1, 0, 0).chargeback, owner, d.pools())).unwrap();
    // 270 go over all: the platform's 51 or 52 come out of what it had reserved.
    let platform = 200 - d.posted(Account::PlatformRevenue);
    assert!((51..=52).contains(&platform), "{platform}");
    assert_eq!(d.posted(owner_owes()), 780);
    d.audited();
}
