//! The one way to split an amount: monotone, cumulative, exact.
//!
//! Units are dealt one by one, and because units are only ever added, each leg grows with the total: any sequence of
//! partial events that ends at an amount gives what the amount gives at once. The most under-served leg gets the next
//! unit, ties going to the earlier leg. Up to three legs that keeps every leg within 5/6 of a unit of its exact share.
//! Beyond, it would let a leg fall more than a unit behind (20:20:5:1:1 does), so from four legs on those count as
//! under-served whose share runs ahead by `1 / (2k - 2)` units or more, for `k` legs, and of these the one whose share
//! will soonest run a whole unit ahead is served: the chairman assignment rule, which keeps every leg within
//! `1 - 1 / (2k - 2)` units.

/// Weights whose reduced sum is above this are split by halving instead of dealing.
const DEAL_LIMIT: u64 = 1 << 18;

/// Splits `total` by `weights`: the parts sum to the total exactly, each is within a unit of its exact share and grows
/// with the total. Without any positive weight the first leg gets all; without legs the answer is empty.
///
/// Weights with a reduced sum above 2^18 are split by repeated halving, in time independent of the amount: just as
/// exact in sum and just as monotone, within a unit for up to four legs and within `log2(legs)` units beyond.
pub fn apportion(total: u64, weights: &[u64]) -> Vec<u64> {
    let mut parts = vec![0; weights.len()];
    let divisor = weights.iter().copied().fold(0, gcd);
    if divisor == 0 {
        if let Some(first) = parts.first_mut() {
            *first = total;
        }
        return parts;
    }
    let served: Vec<(usize, u64)> = weights.iter().enumerate().filter(|(_, w)| **w > 0).map(|(i, w)| (i, w / divisor)).collect();
    let sum: u128 = served.iter().map(|(_, w)| u128::from(*w)).sum();
    if let Ok(sum) = u64::try_from(sum)
        && sum <= DEAL_LIMIT
    {
        // After each `sum` units every leg has its exact share, and dealing starts anew.
        let (rounds, rest) = (total / sum, total % sum);
        let dealt = deal(rest, sum, &served);
        for ((i, w), d) in served.iter().zip(dealt) {
            parts[*i] = rounds * w + d;
        }
    } else {
        halve(total, &served, &mut parts);
    }
    parts
}

/// Deals fewer than `sum` units.
fn deal(units: u64, sum: u64, legs: &[(usize, u64)]) -> Vec<u64> {
    let mut parts = vec![0u64; legs.len()];
    if legs.len() < 2 {
        return vec![units; legs.len()];
    }
    // All in units of 1 / (sum * scale): at most 2^18 * 2^18 * 2k, so i128 has room for any number of legs.
    let scale = 2 * legs.len() as i128 - 2;
    let (unit, few) = (i128::from(sum) * scale, legs.len() <= 3);
    for n in 1..=i128::from(units) {
        let mut next: Option<(usize, i128)> = None;
        for (i, (_, w)) in legs.iter().enumerate() {
            let behind = n * i128::from(*w) * scale - i128::from(parts[i]) * unit;
            if behind < i128::from(sum) {
                continue;
            }
            // Time until it is a whole unit (less the margin) behind: room / w. With few legs: room alone.
            let room = unit - i128::from(sum) - behind;
            if few && next.is_none_or(|(_, r)| room < r) {
                next = Some((i, room));
            }
            if !few && next.is_none_or(|(j, r)| room * i128::from(legs[j].1) < r * i128::from(*w)) {
                next = Some((i, room));
            }
        }
        // The exact shares sum to n and the parts to n - 1, so some leg is behind by 1 / k or more.
        if let Some((i, _)) = next {
            parts[i] += 1;
        }
    }
    parts
}

/// Splits between two halves of the legs, rounding to the nearest, and on within each.
fn halve(total: u64, legs: &[(usize, u64)], parts: &mut [u64]) {
    if let [(i, _)] = legs {
        parts[*i] = total;
    } else if !legs.is_empty() {
        let (left, right) = legs.split_at(legs.len() / 2);
        let weight = |legs: &[(usize, u64)]| legs.iter().map(|(_, w)| u128::from(*w)).sum::<u128>();
        let (l, all) = (weight(left), weight(legs));
        let share = share_to_nearest(total, l, all);
        halve(share, left, parts);
        halve(total - share, right, parts);
    }
}

/// `total * part / all` to the nearest, halves up.
fn share_to_nearest(total: u64, part: u128, all: u128) -> u64 {
    // Sums of weights can pass 64 bits only with many legs near the top: then both lose their lowest bits alike.
    let shift = (128 - all.leading_zeros()).saturating_sub(63);
    let (part, all) = (part >> shift, (all >> shift).max(1));
    let v = (2 * u128::from(total) * part / all).div_ceil(2);
    u64::try_from(v).unwrap_or(total).min(total)
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
