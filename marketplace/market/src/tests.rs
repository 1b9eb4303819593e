use crate::award::{Bid, ranking};
use crate::price::{Measure, reference_price};
use crate::quote::{Frame, Offer, Refusal, check};
use crate::risk::{History, RiskInput, min_trust_bps, score};
use crate::standing::StandingOffer;
use crate::tables::PriceTables;
use nooterra_engine::ids::{QuoteId, StandingOfferId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Instant;
use proptest::prelude::*;

fn measure() -> Measure {
    Measure { base: 900, route_mm: 120_500, work_s: 61, risk_m: 40_049, level_bps: 500, covered: false, candidates: 2, licence_caps: 0 }
}

#[test]
fn the_reference_price_of_a_known_job() {
    let p = reference_price(&measure(), &PriceTables::default()).unwrap();
    // 900 + ceil(48.2) + ceil(35.58) = 985; risk 800 bps, level 500 bps, surge 500 bps, all floored.
    assert_eq!((p.core, p.risk, p.level, p.cover, p.surge, p.skills), (985, 78, 49, 0, 49, 0));
    assert_eq!(p.total().unwrap(), 1_161);
}

#[test]
fn the_score_of_a_known_job() {
    let i = RiskInput {
        base_m: 35_000,
        trust_bps: vec![5_000, 9_000, 6_000, 7_000],
        candidates: 4,
        history: History { jobs: 40, incidents: 2, stalls: 4, assist_s: 4_000, claims: 80_000 },
        human_m: 2_000,
        covered: true,
    };
    let s = score(&i);
    assert_eq!(s.factors, vec![35_000, 3 * (10_000 - 7_333), 0, 4 * 500, 2 * 1_000, 33 * 100, 1_000, 2_000, -3_000]);
    assert_eq!(s.score_m, 50_301);
    assert_eq!(min_trust_bps(50_301, &PriceTables::default()), 5_012);
    let none = RiskInput { trust_bps: vec![], candidates: 0, history: History::default(), ..i };
    assert_eq!(score(&none).factors[1..3], [15_000, 10_000]);
}

fn bid() -> impl Strategy<Value = Bid> {
    (0..20u64, 0..5u64, 0..4u32, 0..50u64, any::<[u8; 16]>()).prop_map(|(total, at, trust, log_seq, id)| Bid {
        total,
        arrive: Instant::from_secs(at),
        owner_trust_bps: trust * 2_500,
        log_seq,
        quote: QuoteId::from_bytes(id),
    })
}

proptest! {
    /// The winner is the one that no other beats in a plain pairwise comparison, whatever the order of arrival.
    #[test]
    fn the_award_equals_a_pairwise_tournament(bids in prop::collection::vec(bid(), 0..12), budget in prop::option::of(0..20u64), turn in 0..12usize) {
        let beats = |a: &Bid, b: &Bid| {
            if a.total != b.total { return a.total < b.total; }
            if a.arrive != b.arrive { return a.arrive < b.arrive; }
            if a.owner_trust_bps != b.owner_trust_bps { return a.owner_trust_bps > b.owner_trust_bps; }
            if a.log_seq != b.log_seq { return a.log_seq < b.log_seq; }
            a.quote < b.quote
        };
        let fit: Vec<&Bid> = bids.iter().filter(|b| budget.is_none_or(|m| b.total <= m)).collect();
        let champion = fit.iter().find(|a| fit.iter().all(|b| a.quote == b.quote || beats(a, b))).map(|b| b.quote);
        let mut turned = bids.clone();
        if !turned.is_empty() { let n = turn % turned.len(); turned.rotate_left(n); }
        prop_assert_eq!(ranking(&bids, budget).first().copied(), champion);
        prop_assert_eq!(ranking(&bids, budget), ranking(&turned, budget));
        prop_assert_eq!(ranking(&bids, budget).len(), fit.len());
    }

    /// A price never falls when the way, the work or the risk grows, and its parts are never lost.
    #[test]
    fn prices_are_monotone(route in 0..10_000_000u64, work in 0..7_200u64, risk in 0..100_000u32, more in 0..1_000_000u64) {
        let t = PriceTables::default();
        let m = Measure { route_mm: route, work_s: work, risk_m: risk, ..measure() };
        let a = reference_price(&m, &t).unwrap().total().unwrap();
        let far = reference_price(&Measure { route_mm: route + more, ..m }, &t).unwrap().total().unwrap();
        let risky = reference_price(&Measure { risk_m: (risk + 500).min(100_000), ..m }, &t).unwrap().total().unwrap();
        prop_assert!(far >= a && risky >= a && a >= 900);
    }

    /// The band is exact at both ends.
    #[test]
    fn the_band_is_exact(reference in 1..1_000_000u64, service in 1..3_000_000u64) {
        let f = Frame { now: Instant::ZERO, window_end: Instant::from_secs(10), reference, licence_caps: 0, live: 0 };
        let o = Offer { service, expires: Instant::from_secs(5) };
        let inside = 2 * service >= reference && service * 10_000 / reference <= 20_000;
        prop_assert_eq!(check(&o, &f, &PriceTables::default()), if inside { Ok(()) } else { Err(Refusal::Band) });
    }
}

#[test]
fn quotes_are_refused_in_order_of_precedence() {
    let t = PriceTables::default();
    let f = Frame { now: Instant::from_secs(1), window_end: Instant::from_secs(10), reference: 1_000, licence_caps: 0, live: 0 };
    let at = |s| Instant::from_secs(s);
    let c = |service, expires, f: &Frame| check(&Offer { service, expires: at(expires) }, f, &t);
    assert_eq!(c(1_000, 5, &f), Ok(()));
    assert_eq!(c(1_000, 1, &f), Err(Refusal::Expired));
    assert_eq!(c(1_000, 11, &f), Err(Refusal::Expired));
    assert_eq!(c(u64::MAX, 5, &f), Err(Refusal::Overflow));
    assert_eq!(c(0, 5, &f), Err(Refusal::Band));
    assert_eq!(c(1_000, 5, &Frame { licence_caps: 351, ..f }), Err(Refusal::Split));
    assert_eq!(c(1_000, 5, &Frame { licence_caps: 350, ..f }), Ok(()));
    assert_eq!(c(0, 1, &Frame { live: 32, ..f }), Err(Refusal::Quota));
}

#[test]
fn standing_offers_quote_by_rule() {
    let s = StandingOffer {
        offer: StandingOfferId::named("s"),
        templates: vec![0],
        price_bps: 9_500,
        min_service: Amount::new(800).unwrap(),
        capacity: 2,
        substitute: false,
    };
    assert!(s.answers(0, 1) && !s.answers(0, 2) && !s.answers(1, 0));
    assert_eq!(s.service(1_000).unwrap().minor(), 950);
    assert_eq!(s.service(100).unwrap().minor(), 800);
}
