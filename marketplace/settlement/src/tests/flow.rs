//! A job's money from the authorisation to the bank, in the book.

use super::{Desk, EUR, cause, job, party, plain};
use crate::explain::{self, explain};
use crate::payout::{all_due, fundable, payout_entry};
use crate::settle::Split;
use crate::template::Template;
use crate::*;
use nooterra_engine::ids::{PartyId, PayoutId, SkillId};
use nooterra_engine::time::Instant;
use nooterra_ledger::audit::audit;
use nooterra_ledger::statement::{statement, sums};
use nooterra_ledger::{Account, Command, Rejection, Role, decide};

/// S 1000, F 50, half proven, with a skill: settled, refunded, paid out.
fn told() -> Desk {
    let mut d = Desk::default();
    d.carry_out(payment::authorised(cause("auth", 1), job(), 1050));
    d.carry_out([payment::captured(cause("cap", 2), payment::authorisation(cause("auth", 1).event), 1050)]);
    let licence = Licence::delivery(SkillId::named("drive"), party("dev"), plain().service).unwrap();
    let input = SettlementInput { proof: ProofStatus::Partial, earned_bps: 5_000, licences: vec![licence.used(3, 3, true)], ..plain() };
    let escrow = d.book.posted(Account::Escrow { job: job() }, EUR);
    assert_eq!(i128::from(input.escrow), escrow);
    d.carry_out(settle(&input).unwrap().command());
    d.carry_out(refund::issued(cause("refund", 101), job(), party("requester"), 500));
    d.carry_out([refund::paid(cause("refunded", 102), refund::refund_entry(cause("refund", 101).event))]);
    d
}

#[test]
fn a_job_is_paid_settled_refunded_and_paid_out() {
    let mut d = told();
    let posted = |d: &Desk, a| d.book.posted(a, EUR);
    assert_eq!(posted(&d, Account::RequesterRefundPayable { party: party("requester") }), 0);
    assert_eq!(posted(&d, Account::PspClearing), 550);
    assert_eq!(posted(&d, Account::DeveloperPayable { party: party("dev") }), 30);
    assert_eq!(all_due(&d.book, EUR, Instant::from_secs(99)), []);

    d.carry_out(payment::provider_settled(cause("psp", 200), 550, 12));
    assert_eq!((posted(&d, Account::PspClearing), fundable(&d.book, EUR)), (0, 538));
    let due = all_due(&d.book, EUR, Instant::from_secs(100));
    // 470 = 9.4 + 94 + 366.6.
    assert_eq!(due.iter().map(|d| (d.role, d.gross)).collect::<Vec<_>>(), [(Role::Developer, 30), (Role::Owner, 367)]);
    for (n, due) in (0u64..).zip(due) {
        let p = Payout { payout: PayoutId::named(&n.to_string()), due };
        let start = cause(&format!("start{n}"), 300 + 2 * n);
        d.carry_out(p.initiated(start));
        assert!(d.book.outcome(payout_entry(start.event)).is_some());
        d.carry_out(p.confirmed(cause(&format!("done{n}"), 301 + 2 * n)));
        assert_eq!(posted(&d, Account::PayoutClearing { payout: p.payout }), 0);
    }
    assert_eq!(posted(&d, Account::Cash), 538 - 397);
    assert_eq!(all_due(&d.book, EUR, Instant::from_secs(999)), []);
    let s = statement(&d.book, Account::OwnerPayable { party: party("owner") }, EUR, Instant::ZERO, Instant::NEVER).unwrap();
    assert_eq!((s.opening, s.added, s.taken, s.ending), (0, 367, 367, 0));
    let s = payout::party_statement(&d.book, Role::Owner, party("owner"), EUR, Instant::from_secs(101), Instant::NEVER).unwrap();
    assert_eq!((s.opening, s.credits, s.debits, s.payouts, s.ending, s.lines.len()), (367, 0, 0, 367, 0, 1));
    assert_eq!(sums(&d.book, EUR), (0, 0));
    assert_eq!(audit(&d.facts, &[job()].into(), Some(&d.book)), []);
}

#[test]
fn a_debt_is_netted_and_a_failed_payout_is_due_again() {
    let mut d = told();
    d.carry_out(change::compensated(cause("no-show", 103), job(), party("owner"), party("requester"), 100));
    let due = payable_due(&d.book, Role::Owner, party("owner"), EUR, Instant::from_secs(100)).unwrap();
    assert_eq!((due.gross, due.netted, due.net()), (367, 100, 267));
    let p = Payout { payout: PayoutId::named("p"), due };
    d.carry_out(p.initiated(cause("start", 300)));
    assert_eq!(d.book.posted(Account::PartyReceivable { role: Role::Owner, party: party("owner") }, EUR), 0);
    assert_eq!(payable_due(&d.book, Role::Owner, party("owner"), EUR, Instant::NEVER), None);
    d.carry_out(p.failed(cause("failed", 301)));
    let again = payable_due(&d.book, Role::Owner, party("owner"), EUR, Instant::from_secs(301)).unwrap();
    assert_eq!((again.gross, again.netted), (267, 0));
    // A debt above what is due takes all of it, and nothing goes to the bank.
    d.carry_out(change::compensated(cause("no-show-2", 302), job(), party("owner"), party("requester"), 400));
    let rest = payable_due(&d.book, Role::Owner, party("owner"), EUR, Instant::from_secs(302)).unwrap();
    let p = Payout { payout: PayoutId::named("q"), due: rest };
    d.carry_out(p.initiated(cause("start-2", 303)));
    assert_eq!((rest.net(), p.confirmed(cause("done", 304))), (0, None));
    assert_eq!(d.book.posted(Account::PartyReceivable { role: Role::Owner, party: party("owner") }, EUR), 133);
    assert_eq!(audit(&d.facts, &[job()].into(), Some(&d.book)), []);
}

#[test]
fn a_failed_refund_is_owed_as_before() {
    let mut d = Desk::default();
    d.carry_out(payment::authorised(cause("auth", 1), job(), 1050));
    d.carry_out([payment::captured(cause("cap", 2), payment::authorisation(cause("auth", 1).event), 1050)]);
    let none = SettlementInput { proof: ProofStatus::None, started: false, earned_bps: 0, ..plain() };
    d.carry_out(settle(&none).unwrap().command());
    let owed = Account::RequesterRefundPayable { party: party("requester") };
    d.carry_out(refund::issued(cause("r1", 101), job(), party("requester"), 1050));
    assert_eq!(d.book.balance(owed, EUR).available(), 0);
    // While one refund is on its way there is nothing for another.
    let second = refund::issued(cause("r2", 102), job(), party("requester"), 1).unwrap();
    assert!(matches!(decide(&d.book, &second), Err(Rejection::Limit { .. })));
    d.carry_out([refund::failed(cause("r1-failed", 103), refund::refund_entry(cause("r1", 101).event))]);
    assert_eq!(d.book.balance(owed, EUR).available(), 1050);
    d.carry_out(refund::issued(cause("r3", 104), job(), party("requester"), 1050));
}

#[test]
fn the_same_event_never_pays_twice() {
    let mut d = Desk::default();
    d.carry_out(payment::authorised(cause("auth", 1), job(), 1050));
    d.carry_out([payment::captured(cause("cap", 2), payment::authorisation(cause("auth", 1).event), 1050)]);
    let c = settle(&plain()).unwrap().command().unwrap();
    d.carry_out([]);
    let (_, end) = nooterra_ledger::submit(&mut d.book, &c);
    assert_eq!(end, Ok(()));
    assert!(matches!(decide(&d.book, &c), Err(Rejection::Exists { .. })));
    // Another settlement of the same job finds no money.
    let other = SettlementInput { event: nooterra_engine::ids::EventId::named("again"), ..plain() };
    let c = settle(&other).unwrap().command().unwrap();
    assert!(matches!(decide(&d.book, &c), Err(Rejection::LinkFailed { reason, .. }) if matches!(*reason, Rejection::Limit { .. })));
}

#[test]
fn an_authorisation_is_voided_or_captured_in_part() {
    let mut d = Desk::default();
    d.carry_out(payment::authorised(cause("a1", 1), job(), 500));
    d.carry_out([payment::voided(cause("v1", 2), payment::authorisation(cause("a1", 1).event))]);
    d.carry_out(payment::authorised(cause("a2", 3), job(), 500));
    d.carry_out([payment::captured(cause("c2", 4), payment::authorisation(cause("a2", 3).event), 450)]);
    assert_eq!(d.book.posted(Account::Escrow { job: job() }, EUR), 450);
    d.carry_out(payment::authorised(cause("a3", 5), job(), 500));
    d.carry_out([payment::captured(cause("c3", 6), payment::authorisation(cause("a3", 5).event), 0)]);
    assert_eq!(d.book.balance(Account::Escrow { job: job() }, EUR).pending_in, 0);
    assert_eq!(payment::authorised(cause("a4", 7), job(), 0), None);
}

#[test]
fn a_move_costs_a_fee_and_returns_a_lower_price() {
    let mut d = Desk::default();
    d.carry_out(payment::authorised(cause("auth", 1), job(), 1000));
    d.carry_out([payment::captured(cause("cap", 2), payment::authorisation(cause("auth", 1).event), 1000)]);
    d.carry_out(change::rescheduled(cause("moved", 3), job(), 50, 200, Split::default(), party("owner"), party("requester")));
    let posted = |a| d.book.posted(a, EUR);
    assert_eq!((posted(Account::InsuranceReserve), posted(Account::PlatformRevenue)), (1, 10));
    assert_eq!(posted(Account::OwnerPayable { party: party("owner") }), 39);
    assert_eq!(posted(Account::RequesterRefundPayable { party: party("requester") }), 200);
}

#[test]
fn a_jobs_money_reads_as_a_story() {
    let d = told();
    let name = |p: PartyId| ["requester", "owner", "dev"].into_iter().find(|n| party(n) == p).unwrap_or("?").to_owned();
    let lines = explain(&d.journal, job(), name);
    assert_eq!(lines.len(), 5);
    assert!(
        lines[0].contains("payment authorised (reserved)") && lines[0].contains("psp_clearing EUR 10.50 -> escrow EUR 10.50"),
        "{}",
        lines[0]
    );
    assert!(lines[2].contains("escrow EUR 10.50 -> developer_payable of dev EUR 0.30"), "{}", lines[2]);
    assert!(lines[2].contains("owner_payable of owner EUR 3.67"), "{}", lines[2]);
    assert!(lines[4].starts_with("00:01:42.000  M16") && lines[4].contains("refund paid"), "{}", lines[4]);
}

#[test]
fn a_settlement_reads_in_one_line() {
    let s = settle(&SettlementInput { proof: ProofStatus::Partial, earned_bps: 5_000, ..plain() }).unwrap().statement;
    let line = explain::summary(&s, |p| if p == party("owner") { "acme".into() } else { "reception".into() });
    assert!(line.ends_with(
        "settled in part: EUR 10.50 = insurance reserve EUR 0.10, platform EUR 1.00, owner acme EUR 3.90, \
         coverage reserve EUR 0.40, coverage revenue EUR 0.10, refund reception EUR 5.00"
    ));
}

#[test]
fn templates_have_numbers_and_ids_of_their_own() {
    let event = cause("e", 1).event;
    let ids: std::collections::BTreeSet<_> = Template::ALL.into_iter().map(|t| entry_id(event, t, 0)).collect();
    assert_eq!(ids.len(), Template::ALL.len());
    assert!(Template::ALL.into_iter().all(|t| Template::of(t.code()) == Some(t)));
    assert!((1..=31).all(|code| Template::of(code).is_some()));
    assert_eq!(Template::of(32), None);
    let c: Option<Command> = payment::provider_settled(cause("psp", 1), 5, 9);
    assert!(c.is_some(), "a fee is at most the whole");
}
