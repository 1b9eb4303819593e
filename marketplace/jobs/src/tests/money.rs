//! Holds whose list changes, and refunds beside each other, as folds of their events.

use super::booked;
use crate::deadline::Deadline;
use crate::event::{Event, Missing, RefundBearer, RefundOf};
use crate::job::Job;
use crate::status::Status;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{DisputeId, HoldId, RefundId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Instant;

const AT: Instant = Instant::from_secs(90);

fn amount(v: u64) -> Amount {
    Amount::new(v).unwrap()
}

#[test]
fn a_hold_goes_on_when_its_list_changes_and_ends_by_the_clock_unless_somebody_has_to_decide() {
    let mut j = booked(Status::Completed);
    j.ended_at = Some(Instant::from_secs(100));
    let held = |missing| Event::SettlementHeld { hold: HoldId::named("h"), missing, amount: amount(1) };
    let armed = |j: &Job, d| j.deadlines().iter().any(|(x, _)| *x == d);
    j.evolve(Instant::from_secs(200), &held(vec![Missing::Proof, Missing::Dispute]));
    assert!(armed(&j, Deadline::HoldReview) && !armed(&j, Deadline::HoldEnd));
    j.evolve(Instant::from_secs(300), &Event::HoldEscalated { hold: HoldId::named("h"), level: 1 });
    j.evolve(Instant::from_secs(400), &held(vec![Missing::Proof]));
    let h = j.hold.clone().unwrap();
    assert_eq!((h.at, h.level, h.missing), (Instant::from_secs(200), 1, vec![Missing::Proof]));
    assert!(armed(&j, Deadline::HoldEnd));
    j.evolve(Instant::from_secs(500), &held(vec![Missing::Chargeback]));
    assert!(!armed(&j, Deadline::HoldEnd));
    // The level is a small number; when it is used up the clock decides after all.
    j.evolve(Instant::from_secs(500), &Event::HoldEscalated { hold: HoldId::named("h"), level: u8::MAX });
    assert!(armed(&j, Deadline::HoldEnd));
}

#[test]
fn refunds_are_counted_by_what_they_rest_on() {
    let mut j = booked(Status::Completed);
    let d = DisputeId::named("d");
    let issued = |n: &str, of, minor| Event::RefundIssued {
        refund: RefundId::named(n),
        amount: amount(minor),
        of,
        decision_hash: Digest::ZERO,
        origin_period: None,
    };
    let award = RefundOf::Award { dispute: d, bearer: RefundBearer::Legs {} };
    j.evolve(AT, &issued("rest", RefundOf::Settlement {}, 70));
    j.evolve(AT, &issued("one", award, 30));
    assert!(j.is_refunding());
    assert_eq!(j.given_back(d), amount(30));
    j.evolve(AT, &Event::RefundFailed { refund: RefundId::named("one"), code: String::new() });
    assert_eq!(j.given_back(d), Amount::ZERO, "a refund that failed gave nothing back");
    j.evolve(AT, &issued("two", award, 20));
    j.evolve(AT, &Event::RefundPaid { refund: RefundId::named("two"), provider_ref: String::new() });
    assert_eq!((j.given_back(d), j.given_back(DisputeId::named("e"))), (amount(20), Amount::ZERO));
    assert!(j.is_refunding(), "the first is still on its way");
    j.evolve(AT, &Event::RefundPaid { refund: RefundId::named("rest"), provider_ref: String::new() });
    assert!(!j.is_refunding());
}
