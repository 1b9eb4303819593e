//! What idle robots do meanwhile: charge at the dock that is theirs soonest, or move toward work that nobody is near for
//! (domain 5.6). Pure functions: the same robots, docks and demand give the same tasks.
//!
//! Charge is in 1/10 000 of a full battery, energy in joules.

#[cfg(test)]
mod tests;

use nooterra_engine::ids::{DockId, RobotId, ZoneId};
use nooterra_engine::{Instant, Record, Span};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// An idle robot below this charges.
pub const CHARGE_BELOW_BPS: u32 = 3_000;
/// It charges until then.
pub const CHARGE_UNTIL_BPS: u32 = 8_000;
/// A robot relocates at most once in this time.
pub const RELOCATE_EVERY: Span = Span::from_mins(60);
/// Share of a full battery that must be left after a job, 1/10 000.
const RESERVE_BPS: u128 = 1_500;

/// Where a robot could charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct DockWay {
    /// A dock that fits the robot.
    pub dock: DockId,
    /// How long it takes to get there.
    pub travel: Span,
    /// How long until the dock is free, from now.
    pub queue: Span,
}

/// A robot without lease and task.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Idle {
    /// The robot.
    pub robot: RobotId,
    /// Its charge.
    pub soc_bps: u32,
    /// Whole battery.
    pub battery_j: u64,
    /// Energy in it now.
    pub usable_j: u64,
    /// What the median job of its region would take from it, with the way back; none without jobs. See [`median`].
    pub median_need_j: Option<u64>,
    /// How long it would occupy a dock.
    pub charging: Span,
    /// Where it could charge.
    pub docks: Vec<DockWay>,
    /// When it relocated last.
    pub relocated: Option<Instant>,
    /// Ways to the zones that it could wait in.
    pub zones: Vec<ZoneWay>,
}

/// Where a robot could wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct ZoneWay {
    /// The zone.
    pub zone: ZoneId,
    /// How long it takes to get there; zero: it is there.
    pub travel: Span,
}

/// A robot is to charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Charge {
    /// The robot.
    pub robot: RobotId,
    /// The dock.
    pub dock: DockId,
}

/// Jobs that no robot is near for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Demand {
    /// Where.
    pub zone: ZoneId,
    /// How many.
    pub unmet: u32,
}

/// A robot is to wait elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Relocate {
    /// The robot.
    pub robot: RobotId,
    /// Where.
    pub zone: ZoneId,
}

/// The middle of these values, of two the lower; none of none.
pub fn median(mut values: Vec<u64>) -> Option<u64> {
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable(middle).1)
}

/// `ENERGY` of 5.1: is enough left after a job that takes this much?
pub fn passes_energy(usable_j: u64, battery_j: u64, need_j: u64) -> bool {
    u128::from(usable_j) >= u128::from(need_j) + u128::from(battery_j) * RESERVE_BPS / 10_000
}

/// Must this robot charge? Low, or too low for the median job unless it is as full as charging makes it.
pub fn must_charge(r: &Idle) -> bool {
    let is_weak = r.median_need_j.is_some_and(|n| !passes_energy(r.usable_j, r.battery_j, n));
    r.soc_bps < CHARGE_BELOW_BPS || (is_weak && r.soc_bps < CHARGE_UNTIL_BPS)
}

/// May a robot that charges leave the dock? Full enough, or a match needs it and would leave it above its bound.
pub fn may_leave(r: &Idle, match_need_j: Option<u64>) -> bool {
    r.soc_bps >= CHARGE_UNTIL_BPS || match_need_j.is_some_and(|n| passes_energy(r.usable_j, r.battery_j, n))
}

/// The dock with the least (travel + queue, id); who was sent to one lengthens its queue.
pub fn soonest(docks: &[DockWay], sent: &BTreeMap<DockId, Span>) -> Option<DockWay> {
    let wait = |d: &&DockWay| {
        let behind = sent.get(&d.dock).map_or(0, |s| s.0);
        (d.travel.0.saturating_add(d.queue.0).saturating_add(behind), d.dock)
    };
    docks.iter().min_by_key(wait).copied()
}

/// Who charges where: each robot in the order of ids at the dock with the least (travel + queue, id); robots sent there
/// before it in the same call lengthen the queue.
pub fn charge(idle: &[Idle]) -> Vec<Charge> {
    let mut weak: Vec<&Idle> = idle.iter().filter(|r| must_charge(r)).collect();
    weak.sort_by_key(|r| r.robot);
    let mut sent: BTreeMap<DockId, Span> = BTreeMap::new();
    let mut out = Vec::new();
    for r in weak {
        if let Some(d) = soonest(&r.docks, &sent) {
            let behind = sent.entry(d.dock).or_default();
            *behind = Span(behind.0.saturating_add(r.charging.0));
            out.push(Charge { robot: r.robot, dock: d.dock });
        }
    }
    out
}

/// Who waits where: the zones with most unmet jobs first (then by id), each served by the robots with the least (travel,
/// id) until it has as many as it lacks. Robots that must charge, that stay in a zone with unmet jobs, or that relocated
/// within the hour are left alone.
pub fn relocate(now: Instant, idle: &[Idle], demand: &[Demand]) -> Vec<Relocate> {
    let mut zones: Vec<Demand> = demand.iter().filter(|d| d.unmet > 0).copied().collect();
    zones.sort_by_key(|d| (Reverse(d.unmet), d.zone));
    zones.dedup_by_key(|d| d.zone);
    let is_free = |r: &&Idle| !must_charge(r) && r.relocated.is_none_or(|at| at.saturating_add(RELOCATE_EVERY) <= now);
    let wanted = |z: &ZoneWay| z.travel == Span::ZERO && zones.iter().any(|d| d.zone == z.zone);
    let mut free: Vec<&Idle> = idle.iter().filter(is_free).filter(|r| !r.zones.iter().any(wanted)).collect();
    free.sort_by_key(|r| r.robot);
    let mut out = Vec::new();
    let mut gone = BTreeSet::new();
    for d in zones {
        let way = |r: &&Idle| r.zones.iter().filter(|z| z.zone == d.zone).map(|z| z.travel).min().map(|t| (t, r.robot));
        let mut near: Vec<(Span, RobotId)> = free.iter().filter(|r| !gone.contains(&r.robot)).filter_map(way).collect();
        near.sort_unstable();
        let there = idle.iter().filter(|r| r.zones.iter().any(|z| z.zone == d.zone && z.travel == Span::ZERO)).count();
        for (_, robot) in near.into_iter().take((d.unmet as usize).saturating_sub(there)) {
            gone.insert(robot);
            out.push(Relocate { robot, zone: d.zone });
        }
    }
    out
}
