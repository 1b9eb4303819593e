//! Keyed choices and the simulated network.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::cast_possible_truncation, clippy::cast_precision_loss)] // tests say what they mean

use nooterra_engine::chance::{Chance, Decisions, Place};
use nooterra_engine::net::{Delivery, Disturbance, Network, Profile};
use nooterra_engine::{Instant, Span, decode, encode};
use proptest::prelude::*;

const A: Place = Place::named("test.a");
const B: Place = Place::named("test.b");

#[test]
fn one_more_draw_here_moves_nothing_there() {
    let mut plain = Chance::new(7);
    let mut busy = Chance::new(7);
    for _ in 0..100 {
        busy.choose(B, 1, 1000);
        busy.choose(A, 2, 1000);
    }
    let draws = |c: &mut Chance| (0..50).map(|_| c.choose(A, 1, 1_000_000)).collect::<Vec<_>>();
    assert_eq!(draws(&mut plain), draws(&mut busy));
    assert_ne!(draws(&mut Chance::new(8)), draws(&mut Chance::new(7)));
}

#[test]
fn a_thawed_chance_goes_on_alike_and_decisions_override() {
    let mut c = Chance::new(3);
    (0..10).for_each(|_| {
        c.choose(A, 5, 100);
    });
    let mut d: Chance = decode(&encode(&c)).unwrap();
    assert_eq!((0..20).map(|_| c.choose(A, 5, 100)).collect::<Vec<_>>(), (0..20).map(|_| d.choose(A, 5, 100)).collect::<Vec<_>>());
    let decisions: Decisions = [((A.key, 5, 1), 42)].into();
    let mut free = Chance::new(3);
    let mut told = Chance::new(3).with_decisions(decisions);
    assert_eq!(free.choose(A, 5, 100), told.choose(A, 5, 100));
    free.choose(A, 5, 100);
    assert_eq!(told.choose(A, 5, 100), 42);
    assert_eq!(free.choose(A, 5, 100), told.choose(A, 5, 100));
}

#[test]
fn noise_that_was_drawn_last_can_be_had_again() {
    let mut c = Chance::new(11);
    let again = |c: &Chance| {
        let mut buf = [9.0; 64];
        decode::<Chance>(&encode(c)).expect("canonical").last_normals(A, 5, &mut buf);
        buf
    };
    assert_eq!(again(&c), [9.0; 64], "nothing was drawn");
    for _ in 0..3 {
        let mut buf = [0.0; 64];
        c.normals(A, 5, &mut buf);
        c.normals(A, 6, &mut [0.0; 9]);
        assert_eq!(again(&c), buf);
        assert_eq!(again(&c), buf, "and draws nothing");
    }
}

#[test]
fn noise_is_standard_normal_enough() {
    let mut c = Chance::new(1);
    let mut all = Vec::new();
    for _ in 0..200 {
        let mut buf = [0f32; 180];
        c.normals(A, 0, &mut buf);
        all.extend(buf.map(f64::from));
    }
    let n = all.len() as f64;
    let mean = all.iter().sum::<f64>() / n;
    let var = all.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    assert!(mean.abs() < 0.02, "mean {mean}");
    assert!((var - 1.0).abs() < 0.03, "variance {var}");
    assert!(all.windows(2).filter(|w| w[0] == w[1]).count() < 40);
}

#[test]
fn probabilities_hold() {
    let mut c = Chance::new(11);
    let hits = (0..100_000).filter(|_| c.happens(A, 0, 200_000)).count();
    assert!((19_300..20_700).contains(&hits), "{hits}");
    assert!(!(0..1000).any(|_| c.happens(A, 1, 0)));
    assert!((0..1000).all(|_| c.happens(A, 2, 1_000_000)));
    let mean = (0..20_000).map(|_| c.exponential_ns(B, 0, 1_000_000)).sum::<u64>() / 20_000;
    assert!((970_000..1_030_000).contains(&mean), "{mean}");
}

proptest! {
    #[test]
    fn links_lose_delay_double_and_keep_order_as_told(seed in any::<u64>(), loss in 0u32..500_000, dup in 0u32..500_000, reorder in any::<bool>()) {
        let profile = Profile { loss_ppm: loss, duplicate_ppm: dup, delay_min: Span::from_millis(10), delay_max: Span::from_millis(90), reorder };
        let mut net = Network::new(profile);
        let mut chance = Chance::new(seed);
        let mut last = Instant::ZERO;
        let mut lost = 0;
        for i in 0..300u64 {
            let now = Instant(i * 1_000_000);
            let arrivals = match net.send(now, 1, 2, &mut chance) {
                Delivery::Lost => { lost += 1; vec![] }
                Delivery::Once(a) => vec![a],
                Delivery::Twice(a, b) => vec![a, b],
            };
            for a in arrivals {
                prop_assert!(a >= now + Span::from_millis(10));
                if reorder {
                    prop_assert!(a <= now + Span::from_millis(90));
                } else {
                    prop_assert!(a >= last);
                    last = a;
                }
            }
        }
        prop_assert_eq!(net.counters.lost, lost);
        prop_assert_eq!(net.counters.sent, 300);
    }

    #[test]
    fn cuts_are_one_way_and_partitions_are_not(seed in any::<u64>()) {
        let mut net = Network::new(Profile::default());
        let mut c = Chance::new(seed);
        net.disturb(0, Disturbance::Cut { from: [1].into(), to: [2].into() });
        prop_assert_eq!(net.send(Instant(0), 1, 2, &mut c), Delivery::Lost);
        prop_assert_ne!(net.send(Instant(0), 2, 1, &mut c), Delivery::Lost);
        net.lift(0);
        net.disturb(1, Disturbance::Partition { group: [1, 3].into() });
        prop_assert!(!net.is_open(1, 2) && !net.is_open(2, 1) && net.is_open(1, 3) && net.is_open(2, 4));
        net.lift(1);
        prop_assert!(net.is_open(1, 2));
        let again: Network = decode(&encode(&net)).unwrap();
        prop_assert_eq!(again, net);
    }
}

#[test]
fn a_frozen_bus_delivers_the_same_letters() {
    use nooterra_engine::bus::Bus;
    let profile = Profile { loss_ppm: 200_000, duplicate_ppm: 100_000, delay_min: Span(0), delay_max: Span::from_secs(2), reorder: true };
    let mut bus = Bus::new(profile, 5);
    for i in 0..200u64 {
        bus.send(Instant::from_secs(i / 20), (i % 7) as u32, 9, i.to_le_bytes().to_vec());
    }
    let mut thawed: Bus = decode(&encode(&bus)).unwrap();
    let mut seen = Vec::new();
    let mut last = Instant::ZERO;
    while let Some((at, l)) = bus.poll(Instant::from_secs(60)) {
        assert!(at >= last);
        last = at;
        assert_eq!(thawed.poll(Instant::from_secs(60)), Some((at, l.clone())));
        seen.push(l.bytes);
    }
    assert_eq!(thawed.poll(Instant::NEVER), None);
    assert!((150..220).contains(&seen.len()), "{}", seen.len());
    seen.sort();
    seen.dedup();
    assert!((140..180).contains(&seen.len()), "{}", seen.len());
}
