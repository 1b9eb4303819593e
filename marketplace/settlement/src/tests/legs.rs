//! The leg book keeps its caps whatever is asked of it.

use super::{job, party, plain};
use crate::legs::RefundState;
use crate::*;
use nooterra_engine::ids::RefundId;
use nooterra_engine::machine::Freeze;
use proptest::prelude::*;

fn booked() -> LegBook {
    let mut b = LegBook::default();
    b.evolve(&LegFact::Captured { job: job(), amount: 1050 });
    let s = settle(&plain()).unwrap().statement;
    LegBook::paid_in(job(), s.paid_in()).iter().for_each(|f| b.evolve(f));
    b
}
fn refund(n: u32) -> RefundId {
    RefundId::named(&n.to_string())
}

#[test]
fn a_failed_refund_restores_the_cap() {
    let mut b = booked();
    assert_eq!(b.job(job()).unwrap().legs.iter().map(|l| l.paid_in).sum::<u64>(), 1050);
    b.evolve(&b.issue(job(), refund(1), 1000, vec![]).unwrap());
    assert_eq!(b.issue(job(), refund(2), 51, vec![]), Err(LegRejection::OverCaptured { asked: 51, left: 50 }));
    assert_eq!(b.issue(job(), refund(1), 1, vec![]), Err(LegRejection::RefundExists));
    b.evolve(&b.end(job(), refund(1), false).unwrap());
    assert_eq!(b.end(job(), refund(1), true), Err(LegRejection::RefundEnded));
    b.evolve(&b.issue(job(), refund(2), 1050, vec![]).unwrap());
    b.evolve(&b.end(job(), refund(2), true).unwrap());
    assert_eq!(b.job(job()).unwrap().refunds[&refund(2)].state, RefundState::Paid);
    assert!(matches!(b.issue(job(), refund(3), 1, vec![]), Err(LegRejection::OverCaptured { left: 0, .. })));
    assert_eq!(b.issue(job(), refund(4), 0, vec![]), Err(LegRejection::AmountInvalid));
    assert_eq!(b.end(job(), refund(5), true), Err(LegRejection::RefundUnknown));
    assert_eq!(LegBook::default().issue(job(), refund(1), 1, vec![]), Err(LegRejection::JobUnknown));
}

#[test]
fn one_party_in_one_share_is_one_leg() {
    let mut b = LegBook::default();
    for amount in [3, 4] {
        b.evolve(&LegFact::PaidIn { job: job(), share: settle::Share::Owner, party: Some(party("o")), amount });
    }
    assert_eq!(b.job(job()).unwrap().legs.len(), 1);
    assert_eq!(b.job(job()).unwrap().legs[0].open(), 7);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_leg_is_reversed_beyond_what_it_was_paid(asks in prop::collection::vec((0u32..8, prop::collection::vec(0u64..300, 0..6), 0u8..3), 1..60)) {
        let mut b = booked();
        for (n, bearers, what) in asks {
            let amount = bearers.iter().sum();
            let fact = match what {
                0 => b.issue(job(), refund(n), amount, bearers),
                1 => b.end(job(), refund(n), true),
                _ => b.end(job(), refund(n), false),
            };
            if let Ok(f) = fact {
                b.evolve(&f);
            }
            let j = b.job(job()).unwrap();
            prop_assert!(j.legs.iter().all(|l| l.reversed + l.pending <= l.paid_in));
            prop_assert!(j.refunded() <= j.captured);
            let paid: u64 = j.refunds.values().filter(|r| r.state == RefundState::Paid).flat_map(|r| &r.bearers).sum();
            prop_assert_eq!(j.legs.iter().map(|l| l.reversed).sum::<u64>(), paid);
        }
        prop_assert_eq!(LegBook::thaw(&b.freeze()).unwrap(), b);
    }
}
