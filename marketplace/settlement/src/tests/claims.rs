//! Claims: reserves of either sign, approval, bearers, payment and recovery.

use super::{Desk, cause, party};
use crate::claim::{self, Approval, Bearer, ClaimBearer, ClaimShare};
use crate::*;
use nooterra_engine::ids::ClaimId;
use nooterra_ledger::{Account, Role};

fn id(n: u32) -> ClaimId {
    ClaimId::named(&n.to_string())
}
fn approval(n: u32, payout: u64, shares: &[(ClaimBearer, u32)]) -> Approval {
    let shares = shares.iter().map(|(bearer, bps)| ClaimShare { bearer: *bearer, bps: *bps }).collect();
    Approval { claim: id(n), payout, refund_part: 0, shares, deductible: 0, at_fault: None }
}
fn owner() -> Bearer {
    Bearer { role: Role::Owner, party: party("owner") }
}

#[test]
fn a_claim_is_set_aside_approved_paid_and_recovered() {
    let mut d = Desk::settled();
    d.carry_out(payment::provider_settled(cause("psp", 101), 1050, 0));
    let set_aside = |d: &Desk| (d.posted(Account::ClaimReserve { claim: id(1) }), d.posted(Account::ClaimsExpense));
    d.step(claim::opened(d.m(), id(1), 500)).unwrap();
    assert_eq!(claim::reserve_due(d.m(), 500, 100), Ok(300));
    for (name, v) in [("v1", 300), ("v2", 450), ("v3", 200), ("v4", 200)] {
        d.step(claim::reserved(d.m(), cause(name, 102), id(1), v)).unwrap();
        assert_eq!(set_aside(&d), (i128::from(v), i128::from(v)));
    }
    // 400 of 200 set aside: owner 160, insurer 100 less the deductible of 30 on the owner, pool 100 of which 20 are there.
    let shares = [
        (ClaimBearer::Party(owner()), 4_000),
        (ClaimBearer::Insurer(party("insurer")), 2_500),
        (ClaimBearer::Pool, 2_500),
        (ClaimBearer::Platform, 1_000),
    ];
    let a = Approval { deductible: 30, at_fault: Some(owner()), ..approval(1, 400, &shares) };
    d.step(claim::approved(d.m(), cause("y", 103), &a, d.pools())).unwrap();
    let insurer_owes = Account::InsurerReceivable { insurer: party("insurer") };
    let owner_owes = Account::PartyReceivable { role: Role::Owner, party: party("owner") };
    assert_eq!(set_aside(&d), (0, 400 - 190 - 70 - 20));
    assert_eq!((d.posted(owner_owes), d.posted(insurer_owes), d.posted(Account::InsuranceReserve)), (190, 70, 0));
    assert_eq!(d.posted(Account::ClaimsPayable { claim: id(1) }), 400);
    d.step(claim::paid(d.m(), cause("p", 104), id(1))).unwrap();
    assert_eq!((d.posted(Account::Cash), d.posted(Account::ClaimsPayable { claim: id(1) })), (650, 0));
    assert!(matches!(claim::paid(d.m(), cause("p2", 105), id(1)), Err(Refusal::AlreadyDone(_))));
    let back =
        |d: &Desk, name: &str, amount, received| claim::recovered(d.m(), cause(name, 106), id(1), party("insurer"), amount, received);
    let s = back(&d, "i1", 50, true);
    d.step(s).unwrap();
    assert_eq!(back(&d, "i2", 21, false), Err(Refusal::LimitExceeded { cap: "the insurer's share", asked: 21, left: 20 }));
    let s = back(&d, "i3", 20, false);
    d.step(s).unwrap();
    assert_eq!((d.posted(insurer_owes), d.posted(Account::Cash), d.posted(Account::ClaimsExpense)), (0, 700, 140));
    d.audited();
}

#[test]
fn what_is_denied_or_lapses_costs_nothing() {
    let mut d = Desk::settled();
    for (n, lapsed) in [(1, false), (2, true)] {
        let at = 100 + u64::from(n);
        d.step(claim::opened(d.m(), id(n), 500)).unwrap();
        d.step(claim::reserved(d.m(), cause(&format!("v{n}"), at), id(n), 300)).unwrap();
        d.step(claim::ended(d.m(), cause(&format!("e{n}"), at), id(n), lapsed)).unwrap();
        assert_eq!((d.posted(Account::ClaimReserve { claim: id(n) }), d.posted(Account::ClaimsExpense)), (0, 0));
        assert!(matches!(claim::ended(d.m(), cause("again", 103), id(n), lapsed), Err(Refusal::AlreadyDone(_))));
        assert!(matches!(claim::reserved(d.m(), cause("again", 103), id(n), 1), Err(Refusal::AlreadyDone(_))));
    }
    d.audited();
}

#[test]
fn claims_stay_within_their_caps() {
    let mut d = Desk::settled();
    let all = [(ClaimBearer::Platform, 10_000)];
    for n in 1..=3 {
        d.step(claim::opened(d.m(), id(n), 4_000)).unwrap();
    }
    assert!(matches!(claim::opened(d.m(), id(1), 1), Err(Refusal::AlreadyDone(_))));
    assert!(matches!(claim::reserved(d.m(), cause("v", 101), id(1), 5_001), Err(Refusal::LimitExceeded { left: 5_000, .. })));
    assert!(matches!(claim::paid(d.m(), cause("p", 101), id(1)), Err(Refusal::StateForbids(_))));
    let ask = |d: &Desk, a: &Approval| claim::approved(d.m(), cause(&format!("y{}", a.claim), 102), a, d.pools());
    assert!(matches!(ask(&d, &approval(1, 4_001, &all)), Err(Refusal::LimitExceeded { cap: "the demand", .. })));
    let s = ask(&d, &approval(1, 4_000, &all));
    d.step(s).unwrap();
    assert!(matches!(ask(&d, &approval(2, 1_001, &all)), Err(Refusal::LimitExceeded { left: 1_000, .. })));
    assert!(matches!(ask(&d, &approval(2, 1, &[(ClaimBearer::Pool, 9_999)])), Err(Refusal::FundingInvalid(_))));
    assert_eq!(claim::payout_most(d.m(), 1_500, 5_000), Ok(750));
    assert_eq!(claim::payout_most(d.m(), 4_000, 0), Ok(1_000));
    // A part that gives the price back counts as a refund.
    let s = ask(&d, &Approval { refund_part: 900, ..approval(2, 1_000, &all) });
    d.step(s).unwrap();
    assert_eq!((d.m().returnable(), d.m().claimable()), (150, 0));
    assert!(matches!(ask(&d, &approval(3, 1, &all)), Err(Refusal::LimitExceeded { left: 0, .. })));
    d.audited();
}
