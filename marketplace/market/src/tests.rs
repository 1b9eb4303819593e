//! Tests of the room, a file per noun; here what they share, and prices, risk and awards by themselves.

mod availability;
mod cancel;
mod contract;
mod negotiation;
mod negotiation_model;
mod negotiation_random;
mod past;
mod reschedule;
mod series;
mod sla;

use crate::award::{Bid, ranking};
use crate::price::{Measure, reference_price};
use crate::quote::{Frame, Offer, Refusal, check};
use crate::risk::{History, RiskInput, min_trust_bps, score};
use crate::sla::ServiceLevel;
use crate::standing::StandingOffer;
use crate::tables::{PriceTables, Rates, ServiceBases, WorkKind};
use nooterra_engine::ids::{QuoteId, StandingOfferId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Instant;
use proptest::prelude::*;

/// Numbers that look random and are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// How often each operation was taken and refused; prints itself and insists on both.
#[derive(Default)]
struct Tally(std::collections::BTreeMap<String, (u64, u64)>);

impl Tally {
    fn count(&mut self, name: &str, taken: bool) {
        let c = self.0.entry(name.to_owned()).or_default();
        if taken { c.0 += 1 } else { c.1 += 1 }
    }
    fn print(&self, title: &str) {
        println!("{title}: name, taken, refused");
        self.0.iter().for_each(|(n, (t, r))| println!("  {n}: {t}, {r}"));
    }
    fn insist(&self, title: &str, names: &[&str]) {
        self.print(title);
        for n in names {
            let (taken, refused) = self.0.get(*n).copied().unwrap_or_default();
            assert!(taken > 0 && refused > 0, "{n}: taken {taken}, refused {refused}");
        }
    }
}

fn measure() -> Measure {
    Measure { base: 900, route_mm: 120_500, work_s: 61, risk_m: 40_049, level_bps: 500, covered: false, candidates: 2, licence_caps: 0 }
}

#[test]
fn the_reference_price_of_a_known_job() {
    let p = reference_price(&measure(), &Rates::default(), &PriceTables::default()).unwrap();
    // 900 + ceil(48.2) + ceil(35.58) = 985; risk 800 bps, level 500 bps, surge 500 bps, all floored.
    assert_eq!((p.core, p.risk, p.level, p.cover, p.surge, p.skills), (985, 78, 49, 0, 49, 0));
    assert_eq!(p.total().unwrap(), 1_161);
}

#[test]
fn every_kind_has_its_base_and_scarcity_its_price() {
    let (r, t) = (Rates::default(), PriceTables::default());
    let bases = WorkKind::ALL.map(|k| r.base(k, &ServiceBases::default()));
    assert_eq!(bases, [900, 2_500, 3_500, 4_500, 6_500, 9_500, 5_000]);
    let price = |m: Measure| reference_price(&m, &r, &t).unwrap();
    let plain = Measure { base: 10_000, route_mm: 0, work_s: 0, risk_m: 0, level_bps: 0, covered: false, candidates: 9, licence_caps: 0 };
    let surge = [0, 1, 2, 3, 4, u16::MAX].map(|candidates| price(Measure { candidates, ..plain }).surge);
    assert_eq!(surge, [1_500, 1_000, 500, 0, 0, 0]);
    // Ways and times are rounded up, one unit at a time; shares are rounded down.
    assert_eq!([0, 1, 2_500, 2_501].map(|route_mm| price(Measure { route_mm, ..plain }).core), [10_000, 10_001, 10_001, 10_002]);
    assert_eq!([0, 1, 60, 61].map(|work_s| price(Measure { work_s, ..plain }).core), [10_000, 10_001, 10_035, 10_036]);
    assert_eq!([49, 50, 99, 100_000].map(|risk_m| price(Measure { risk_m, ..plain }).risk), [0, 1, 1, 2_000]);
    let levels = [ServiceLevel::Basic, ServiceLevel::Standard, ServiceLevel::Premium].map(ServiceLevel::price_bps);
    assert_eq!(levels.map(|level_bps| price(Measure { level_bps, base: 10_001, ..plain }).level), [0, 500, 1_500]);
    let all = price(Measure { covered: true, licence_caps: 7, ..plain });
    assert_eq!((all.cover, all.skills, all.total()), (500, 7, Ok(10_507)));
    assert!(reference_price(&Measure { base: u64::MAX, ..plain }, &r, &t).is_err());
    // Another currency has rates of its own; shares are the same.
    let yen = Rates { base_delivery: 1_400, base_patrol: 4_000, base_inspect: 5_600, per_km: 640, per_min: 56, cover: 800 };
    let p = reference_price(&Measure { covered: true, ..measure() }, &yen, &t).unwrap();
    // 900 as measured + ceil(77.12) + ceil(56.93) = 1 035; risk 800 bps, level and surge 500 bps, all floored.
    assert_eq!((p.core, p.risk, p.level, p.cover, p.surge), (1_035, 82, 51, 800, 51));
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
        let (r, t) = (Rates::default(), PriceTables::default());
        let m = Measure { route_mm: route, work_s: work, risk_m: risk, ..measure() };
        let a = reference_price(&m, &r, &t).unwrap().total().unwrap();
        let far = reference_price(&Measure { route_mm: route + more, ..m }, &r, &t).unwrap().total().unwrap();
        let risky = reference_price(&Measure { risk_m: (risk + 500).min(100_000), ..m }, &r, &t).unwrap().total().unwrap();
        prop_assert!(far >= a && risky >= a && a >= 900);
    }

    /// The band is exact at both ends.
    #[test]
    fn the_band_is_exact(reference in 1..1_000_000u64, service in 1..3_000_000u64) {
        let f = Frame { now: Instant::ZERO, window_end: Instant::from_secs(10), reference, licence_caps: 0, live: 0 };
        let o = Offer { service, expires: Instant::from_secs(5) };
        let inside = 2 * service >= reference && service <= 2 * reference;
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
    assert_eq!(c(u64::MAX, 5, &f), Err(Refusal::Band));
    assert_eq!(c(1_000_000_000_001, 5, &Frame { reference: 1_000_000_000_000, ..f }), Err(Refusal::Overflow));
    assert_eq!(c(1_000_000_000_000, 5, &Frame { reference: 1_000_000_000_000, ..f }), Ok(()));
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
        currency: Currency::EUR,
        zones: vec![],
    };
    let answers = |template, open| s.answers(template, Currency::EUR, open);
    assert!(answers(0, 1) && !answers(0, 2) && !answers(1, 0) && !s.answers(0, Currency::USD, 1));
    assert_eq!(s.service(1_000).unwrap().minor(), 950);
    assert_eq!(s.service(100).unwrap().minor(), 800);
}
