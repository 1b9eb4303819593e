//! The split: exact in sum, within a unit of the exact share, growing with the total.

use crate::apportion;
use proptest::prelude::*;

/// Checks the three promises over every total up to `top`.
fn check(weights: &[u64], top: u64) {
    let sum: u128 = weights.iter().map(|w| u128::from(*w)).sum();
    let mut before = vec![0; weights.len()];
    for total in 0..=top {
        let parts = apportion(total, weights);
        assert_eq!(parts.iter().sum::<u64>(), total, "{weights:?} of {total}");
        for (i, (part, w)) in parts.iter().zip(weights).enumerate() {
            let (part, exact) = (u128::from(*part) * sum, u128::from(total) * u128::from(*w));
            assert!(part.abs_diff(exact) < sum, "{weights:?} of {total}: leg {i} has {parts:?}");
            assert!(parts[i] >= before[i], "{weights:?} of {total}: leg {i} steps down");
        }
        before = parts;
    }
}

#[test]
fn the_net_charge_is_split_as_by_hand() {
    let split = |v| apportion(v, &[200, 2_000, 7_800]);
    assert_eq!(split(0), [0, 0, 0]);
    assert_eq!(split(1), [0, 0, 1]);
    assert_eq!(split(50), [1, 10, 39]);
    assert_eq!(split(250), [5, 50, 195]);
    assert_eq!(split(1_000_000_000_000), [20_000_000_000, 200_000_000_000, 780_000_000_000]);
    // 97 = 1.94 + 19.4 + 75.66.
    assert_eq!(split(97), [2, 19, 76]);
}

#[test]
fn ties_go_to_the_earlier_leg() {
    assert_eq!(apportion(1, &[1, 1]), [1, 0]);
    assert_eq!(apportion(2, &[1, 1, 1]), [1, 1, 0]);
    assert_eq!(apportion(3, &[5, 5, 5, 5]), [1, 1, 1, 0]);
}

#[test]
fn odd_inputs_have_an_answer() {
    assert_eq!(apportion(7, &[]), Vec::<u64>::new());
    assert_eq!(apportion(7, &[0, 0]), [7, 0]);
    assert_eq!(apportion(7, &[0, 3]), [0, 7]);
    assert_eq!(apportion(u64::MAX, &[u64::MAX, u64::MAX, 2]).iter().map(|p| u128::from(*p)).sum::<u128>(), u128::from(u64::MAX));
}

#[test]
fn exhaustive_over_small_weights() {
    // Every vector of up to six legs with sum up to 16 over three full periods.
    fn grow(v: &mut Vec<u64>, left: u64, legs: usize) {
        if !v.is_empty() {
            check(v, 3 * v.iter().sum::<u64>());
        }
        if legs > 0 {
            for w in 1..=left {
                v.push(w);
                grow(v, left - w, legs - 1);
                v.pop();
            }
        }
    }
    grow(&mut Vec::new(), 16, 6);
}

#[test]
fn exhaustive_to_ten_thousand_units() {
    for weights in [
        &[200, 2_000, 7_800][..],
        &[97, 1, 1, 1],
        // Serving merely the most under-served leg leaves these more than a unit behind.
        &[20, 20, 5, 1, 1],
        &[20, 20, 1, 1, 1, 1],
        &[14, 14, 14, 3, 1, 1],
        &[1, 2, 3, 5, 8, 13],
        &[101, 103, 107, 109, 113, 127],
    ] {
        check(weights, 10_000);
    }
}

#[test]
fn heavy_weights_are_halved_in_bounds() {
    for weights in [&[999_983, 1_000_003][..], &[7, 1_000_003, 3_000_017], &[1, 1_299_709, 2, 15_485_863]] {
        check(weights, 3_000);
    }
    // Six heavy legs: still exact and monotone.
    let weights = [999_983, 1_000_003, 17, 3_000_017, 1, 5_000_011];
    let mut before = vec![0; 6];
    for total in 0..3_000 {
        let parts = apportion(total, &weights);
        assert_eq!(parts.iter().sum::<u64>(), total);
        assert!(parts.iter().zip(&before).all(|(a, b)| a >= b));
        before = parts;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_partial_events_gives_what_one_gives(
        weights in prop::collection::vec(0u64..200, 1..7), steps in prop::collection::vec(0u64..500, 1..8)
    ) {
        let (mut paid, mut total) = (vec![0u64; weights.len()], 0);
        for s in steps {
            let (a, b) = (apportion(total, &weights), apportion(total + s, &weights));
            total += s;
            for i in 0..weights.len() {
                paid[i] += b[i].checked_sub(a[i]).expect("a leg steps down");
            }
        }
        prop_assert_eq!(paid, apportion(total, &weights));
    }

    #[test]
    fn large_totals_stay_within_a_unit(weights in prop::collection::vec(1u64..30_000, 1..7), total in 0u64..1_000_000_000_000) {
        let sum: u128 = weights.iter().map(|w| u128::from(*w)).sum();
        let parts = apportion(total, &weights);
        prop_assert_eq!(parts.iter().sum::<u64>(), total);
        for (p, w) in parts.iter().zip(&weights) {
            prop_assert!((u128::from(*p) * sum).abs_diff(u128::from(total) * u128::from(*w)) < sum);
        }
    }
}
