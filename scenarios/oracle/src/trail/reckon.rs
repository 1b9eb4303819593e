//! The arithmetic of the domain, reckoned once more (6.2, 8.4): splits, proof and settlement. Slow and plain, from the
//! text of the specification, and from nothing of what it judges.

use crate::trail::dossier::Dossier;
use nooterra_engine::ids::RobotId;
use nooterra_jobs::event::{Fault, ProofStatus};
use nooterra_jobs::pins::{SiteFaultBearer, WitnessClass};
use nooterra_ledger::Account;

fn part(a: u64, b: u64, c: u64) -> u64 {
    u64::try_from(u128::from(a) * u128::from(b) / u128::from(c)).unwrap_or(u64::MAX)
}

fn part_up(a: u64, b: u64, c: u64) -> u64 {
    u64::try_from((u128::from(a) * u128::from(b)).div_ceil(u128::from(c))).unwrap_or(u64::MAX)
}

/// The cumulative split: one unit after the other to whoever is furthest behind, ties to the earlier. Up to three legs;
/// for more there is no plain form, and nothing is said.
pub(crate) fn split(total: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let mut out = vec![0u64; weights.len()];
    let mut divisor = 0u64;
    for w in weights {
        let (mut a, mut b) = (divisor, *w);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
    }
    if divisor == 0 {
        *out.first_mut()? = total;
        return Some(out);
    }
    let live: Vec<(usize, u128)> = weights.iter().enumerate().filter(|(_, w)| **w > 0).map(|(i, w)| (i, u128::from(w / divisor))).collect();
    let sum: u128 = live.iter().map(|l| l.1).sum();
    if live.len() > 3 {
        return None;
    }
    if sum > 1 << 18 {
        // Fine weights are halved instead: the first leg against the rest, to the nearest unit, halves up.
        let mut rest = total;
        for (k, (i, w)) in live.iter().enumerate() {
            let others: u128 = live[k..].iter().map(|l| l.1).sum();
            let near = u64::try_from((2 * u128::from(rest) * w / others).div_ceil(2)).unwrap_or(rest).min(rest);
            let own = if k + 1 == live.len() { rest } else { near };
            out[*i] = own;
            rest -= own;
        }
        return Some(out);
    }
    // After as many units as the weights sum to, everybody has its exact share.
    let (rounds, rest) = (u128::from(total) / sum, u128::from(total) % sum);
    for (i, w) in &live {
        out[*i] = u64::try_from(rounds * w).unwrap_or(u64::MAX);
    }
    let mut dealt = vec![0u128; live.len()];
    for n in 1..=rest {
        let behind = |k: usize, dealt: &[u128]| i128::try_from(n * live[k].1).unwrap_or(0) - i128::try_from(dealt[k] * sum).unwrap_or(0);
        let mut best = 0;
        for k in 1..live.len() {
            if behind(k, &dealt) > behind(best, &dealt) {
                best = k;
            }
        }
        dealt[best] += 1;
    }
    for ((i, _), d) in live.iter().zip(dealt) {
        out[*i] += u64::try_from(d).unwrap_or(u64::MAX);
    }
    Some(out)
}

/// What witnesses prove of a job: status, earned share, and the weighted mean whatever the status.
pub(crate) fn proof(d: &Dossier) -> Option<(ProofStatus, u32, u32)> {
    let p = d.pins.as_deref()?;
    let confirmed = d.sights.iter().any(|s| s.class == WitnessClass::RequesterConfirm);
    let (mut sum, mut weights, mut all_met, mut unseen) = (0u64, 0u64, true, false);
    for item in &p.proof {
        let blocked = |point: u16| d.sights.iter().any(|s| s.point == point && s.class == WitnessClass::BlockedZone);
        let place = |point: u16| d.places.get(usize::from(point).wrapping_sub(1)).filter(|p| p.1).map(|p| p.0);
        let skipped = |point: u16| place(point).is_some_and(|p| d.skipped.contains(&(point, p)));
        let left: Vec<u16> = item.points.iter().copied().filter(|x| !blocked(*x) && !skipped(*x)).collect();
        if left.is_empty() && !confirmed {
            continue;
        }
        let of_job = |r| d.legs.iter().any(|l| l.robot == r);
        let seen = left.iter().filter(|x| witnessed(d, item, **x, &of_job));
        let seen = seen.count() as u64;
        let bps = match item.required_mm2 {
            _ if confirmed => 10_000,
            0 => seen * 10_000 / left.len() as u64,
            required => left.iter().map(|x| floor(d, item, *x, required)).sum::<u64>() / left.len() as u64,
        };
        if seen == 0 && !confirmed {
            // An aborted job owes no proof of what nobody says was done.
            unseen |= !d.aborted || left.iter().any(|x| d.claimed.iter().any(|(i, _)| i == x));
        }
        sum += bps * u64::from(item.weight_bps);
        weights += u64::from(item.weight_bps);
        all_met &= bps >= u64::from(item.threshold_bps);
    }
    let mean = u32::try_from(sum.checked_div(weights).unwrap_or(0)).ok()?;
    Some(match (unseen, weights) {
        (true, _) => (ProofStatus::Insufficient, 0, mean),
        (_, 0) => (ProofStatus::Fail, 0, 0),
        _ if all_met => (ProofStatus::Pass, 10_000, mean),
        _ if mean >= 1_000 => (ProofStatus::Partial, mean, mean),
        _ => (ProofStatus::Fail, 0, mean),
    })
}

/// Has somebody whom an item names spoken at a point? If a replay is among them, of the same robot both must have: one who saw
/// it, and one who found that it moved as it was told.
fn witnessed(d: &Dossier, item: &nooterra_jobs::pins::ProofItem, point: u16, of_job: &dyn Fn(RobotId) -> bool) -> bool {
    let here = || d.sights.iter().filter(|s| s.point == point && of_job(s.robot));
    let eyes = here().filter(|s| s.class != WitnessClass::TwinReplay && item.classes.contains(&s.class));
    if !item.classes.contains(&WitnessClass::TwinReplay) {
        return eyes.count() > 0;
    }
    let calm = |s: &&super::dossier::Sight| s.class == WitnessClass::TwinReplay && s.measure < i64::from(item.residual_milli);
    let replayed: Vec<RobotId> = here().filter(calm).map(|s| s.robot).collect();
    eyes.map(|s| s.robot).any(|r| replayed.contains(&r))
}

/// Share of a floor that was measured at most, basis points.
fn floor(d: &Dossier, item: &nooterra_jobs::pins::ProofItem, point: u16, required: u64) -> u64 {
    let mut most = 0;
    for s in d.sights.iter().filter(|s| s.point == point && item.classes.contains(&s.class)) {
        if d.legs.iter().any(|l| l.robot == s.robot) {
            most = s.measure.max(most);
        }
    }
    part(u64::try_from(most).unwrap_or(0), 10_000, required).min(10_000)
}

/// A settlement as it must be, minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reckoned {
    pub charge: u64,
    pub coverage: u64,
    pub topped_up: u64,
    pub refund: u64,
    pub refund_cash: u64,
    pub earned_bps: u32,
    /// Credits of the settlement entry, the refund included.
    pub parts: Vec<(Account, u64)>,
    /// Some of the owners' parts have no plain form: only their sum is known.
    pub owners: Option<u64>,
    /// What the platform pays operators beyond the job's share.
    pub excess: Vec<(Account, u64)>,
    /// The owner's trip at the platform's expense.
    pub trip: Option<(Account, u64)>,
}

/// Settles a job from its pins and its dossier, with this much in escrow and held.
pub(crate) fn settlement(d: &Dossier, balance: u64) -> Option<Reckoned> {
    let p = d.pins.as_deref()?;
    let s = p.service.minor();
    let of_s = |bps: u64| part(s, bps, 10_000);
    let proven = d.proof.as_ref();
    let earned_bps = match d.decision().or(d.forfeited) {
        _ if !d.started => 0,
        Some(e) => e,
        None => proven.map_or(0, |p| p.earned_bps),
    };
    let fee = if d.fault == Fault::Requester { of_s(d.fee_bps.into()) } else { 0 };
    let coverage = if d.started && d.fault != Fault::Platform { p.cover_fee.minor().min(balance) } else { 0 };
    let wanted = of_s(earned_bps.into()).max(fee);
    let short = (wanted + coverage).saturating_sub(balance);
    // A decision of all of it is as good as a proof.
    let pass = d.decision().or(d.forfeited).map_or_else(|| proven.is_some_and(|p| p.status == ProofStatus::Pass), |e| e >= 10_000);
    let (charge, topped_up) = match short {
        0 => (wanted, 0),
        u if pass => (wanted, u),
        _ => (balance - coverage, 0),
    };
    let mut parts: Vec<(Account, u64)> = Vec::new();
    // Operators, one after the other, within the job's share.
    let cost = |billed: u64| part_up(billed.max(60_000_000_000), p.operator_rate, 60_000_000_000);
    let all: u64 = d.helped.iter().map(|(_, b)| cost(*b)).sum();
    let from_job = all.min(of_s(p.operator_cap_bps.into())).min(charge);
    let (mut left, mut excess) = (from_job, Vec::new());
    for (party, billed) in &d.helped {
        let (account, cost) = (Account::OperatorPayable { party: *party }, cost(*billed));
        let own = cost.min(left);
        left -= own;
        parts.push((account, own));
        excess.push((account, cost - own));
    }
    // Developers, within what is left.
    let rest = charge - from_job;
    let pays = earned_bps > 0 && d.fault != Fault::Developer && d.started;
    let due: Vec<u64> =
        p.licences.iter().map(|l| if pays { d.units(l).saturating_mul(l.fee.minor()).min(l.cap.minor()) } else { 0 }).collect();
    let royalties = if due.iter().sum::<u64>() <= rest { due } else { split(rest, &due)? };
    parts.extend(p.licences.iter().zip(&royalties).map(|(l, a)| (Account::DeveloperPayable { party: l.developer }, *a)));
    // The net.
    let net = rest - royalties.iter().sum::<u64>();
    let thirds = split(net, &[p.weights.reserve.into(), p.weights.platform.into(), p.weights.owner.into()])?;
    parts.push((Account::InsuranceReserve, thirds[0]));
    parts.push((Account::PlatformRevenue, thirds[1]));
    let last = d.legs.last().map_or(p.owner, |l| l.owner);
    let shares = shares(d);
    let mut owners = None;
    if shares.iter().any(|s| s.1 > 0) {
        let weights: Vec<u64> = shares.iter().map(|s| s.1).collect();
        match split(thirds[2], &weights) {
            Some(all) => parts.extend(shares.iter().zip(all).map(|(s, a)| (Account::OwnerPayable { party: s.0 }, a))),
            None => owners = Some(thirds[2]),
        }
    } else {
        parts.push((Account::OwnerPayable { party: last }, thirds[2]));
    }
    let (insurer, premium) = p.cover_split.insurer.unzip();
    let fees = split(coverage, &[premium.unwrap_or(0).into(), p.cover_split.reserve.into(), p.cover_split.revenue.into()])?;
    parts.extend(insurer.map(|party| (Account::InsurerPayable { party }, fees[0])));
    parts.push((Account::CoverageReserve, fees[1]));
    parts.push((Account::CoverageRevenue, fees[2]));
    let refund = balance + topped_up - charge - coverage;
    let refund_cash = refund.min(d.cash());
    parts.push((Account::RequesterRefundPayable { party: d.requester }, refund_cash));
    parts.push((Account::RequesterCredit { party: d.requester }, refund - refund_cash));
    let bears = d.fault == Fault::Platform || (d.fault == Fault::Site && p.site_fault_bearer == SiteFaultBearer::Platform);
    let trip = (bears && d.departed).then(|| (Account::OwnerPayable { party: last }, of_s(1_000)));
    Some(Reckoned { charge, coverage, topped_up, refund, refund_cash, earned_bps, parts, owners, excess, trip })
}

/// The owners of the legs with their shares of the proven work.
fn shares(d: &Dossier) -> Vec<(nooterra_engine::ids::PartyId, u64)> {
    let Some(p) = d.pins.as_deref() else { return Vec::new() };
    let confirmed = d.sights.iter().any(|s| s.class == WitnessClass::RequesterConfirm);
    let mut out: Vec<(u8, nooterra_engine::ids::PartyId, u64)> = d.legs.iter().map(|l| (l.leg, l.owner, 0)).collect();
    for item in &p.proof {
        let n = item.points.len().max(1) as u64;
        for point in &item.points {
            let seen = confirmed || witnessed(d, item, *point, &|r| d.legs.iter().any(|l| l.robot == r));
            let by = d.claimed.iter().find(|(i, _)| i == point).map(|c| c.1);
            if let Some(o) = out.iter_mut().find(|o| seen && Some(o.0) == by) {
                o.2 += u64::from(item.weight_bps) * 1_000 / n;
            }
        }
    }
    out.into_iter().map(|(_, owner, share)| (owner, share)).collect()
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn splits_sum_and_follow_their_weights() {
        assert_eq!(split(10_000, &[200, 2_000, 7_800]), Some(vec![200, 2_000, 7_800]));
        assert_eq!(split(1, &[200, 2_000, 7_800]), Some(vec![0, 0, 1]));
        assert_eq!(split(7, &[0, 0, 0]), Some(vec![7, 0, 0]));
        assert_eq!(split(3, &[1, 1]), Some(vec![2, 1]));
        assert_eq!(split(9, &[1, 1, 1, 1]), None);
        for total in 0..500 {
            let s = split(total, &[3, 5, 9]).expect("three legs");
            assert_eq!(s.iter().sum::<u64>(), total);
        }
    }
}
