#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // test code

use super::*;
use crate::assign::tests::optimal::Dice;
use crate::assign::tests::{pair, view};
use crate::assign::{Ability, Measured, assign};
use nooterra_engine::ids::PartyId;

const S: fn(u64) -> Instant = Instant::from_secs;

fn span(from: u64, to: u64) -> Interval {
    Interval { from: S(from), to: S(to) }
}

/// A batch in which every rule has something to say about some pair.
fn random(dice: &mut Dice) -> (View, Reservations) {
    let (jobs, robots) = (1 + dice.below(8) as u32, 1 + dice.below(12) as u32);
    let mut v = view(jobs, robots, |_, _| None);
    let mut held = Reservations::default();
    for (i, j) in v.jobs.iter_mut().enumerate() {
        (j.is_handover, j.is_redispatch) = (dice.below(6) == 0, dice.below(4) == 0);
        j.arrive_by = S(110 + dice.below(400));
        j.depart_from = S(dice.below(150));
        j.arrive_from = S(dice.below(300));
        j.allows_substitute = dice.below(2) == 0;
        j.payload_g = [1_000, 12_000][usize::from(dice.below(8) == 0)];
        j.needs[0].at_least = 700 + dice.below(3) * 100;
        j.job = JobId::named(&format!("{i} {}", dice.below(1 << 40)));
    }
    for r in &mut v.robots {
        if dice.below(3) == 0 {
            r.owner = PartyId::named("other");
            r.has_standing_offer = dice.below(2) == 0;
        }
        r.is_fit = dice.below(10) > 0;
        r.heartbeat = S(100 - dice.below(5));
        r.trust_bps = 3_900 + dice.below(4) as u32 * 300;
        r.usable_j = 150_000 + dice.below(20_000);
        r.charge_w = dice.below(3) * 400;
        r.owner_excess_bps = dice.below(300) as i32 - 150;
        r.is_at_site = dice.below(2) == 0;
        r.free_from = S(dice.below(160));
        r.abilities[0] =
            Ability { name: "reach_mm".into(), declared: 900, measured: Some(Measured { value: 750, samples: 6 + dice.below(8) as u32 }) };
        if dice.below(3) == 0 {
            r.windows = vec![span(0, 90 + dice.below(200)), span(300, 900)];
        }
        if dice.below(3) == 0 {
            let from = 100 + dice.below(400);
            r.taken = vec![span(from, from + 1 + dice.below(50))];
            held.robots.push(RobotHeld { robot: r.robot, at: r.taken[0] });
        }
        // Everybody has a dock where it can charge as long as it likes.
        held.docks.push(DockHeld { dock: DockId::from_bytes(*r.robot.as_bytes()), robot: r.robot, at: span(0, 100_000) });
    }
    for (j, r) in (0..jobs).flat_map(|j| (0..robots).map(move |r| (j, r))) {
        if dice.below(6) == 0 {
            continue;
        }
        let mut p = pair(j, r, dice.below(200));
        (p.carry, p.back) = (Span::from_secs(dice.below(40)), Span(dice.below(60_000_000_000)));
        let (job, robot) = (v.jobs[j as usize].job, v.robots[r as usize].robot);
        if dice.below(5) == 0 {
            let at = S(dice.below(101));
            held.refusals.push(GaveBack { job, robot, at });
            p.bars.is_excluded = true;
        }
        p.bars.lacks_offer = dice.below(8) == 0;
        p.bars.lacks_certificate = dice.below(15) == 0;
        p.bars.lacks_route = dice.below(15) == 0;
        p.bars.lacks_access = dice.below(15) == 0;
        p.bars.lacks_privacy = dice.below(15) == 0;
        held.returns.push(Return { job, robot, dock: DockId::from_bytes(*robot.as_bytes()), is_compatible: true, travel: p.back });
        v.pairs.push(p);
    }
    (v, held)
}

#[test]
fn assignments_of_random_batches_are_sound() {
    let mut dice = Dice(11);
    let (mut pairs, mut charged) = (0, 0);
    for round in 0..12_000 {
        let (v, held) = random(&mut dice);
        let b = assign(&v);
        let found = check(&v, &b, &held);
        assert!(found.is_empty(), "round {round}: {}", found[0]);
        pairs += b.pairs().count();
        charged += b.pairs().filter(|p| p.2.charge > Span::ZERO).count();
    }
    assert!(pairs > 6_000 && charged > 500, "{pairs} {charged}");
}

/// A plain batch with the pairs 0-0, 1-1, 2-2.
fn plain() -> (View, Batch, Reservations) {
    let mut v = view(3, 4, |j, r| Some(10 + 50 * u64::from(j.abs_diff(r))));
    for r in &mut v.robots {
        r.windows = vec![span(0, 500)];
    }
    let mut held = Reservations::default();
    for (j, r) in (0..3).flat_map(|j| (0..4).map(move |r| (j, r))) {
        let robot = v.robots[r].robot;
        held.returns.push(Return {
            job: v.jobs[j].job,
            robot,
            dock: DockId::from_bytes(*robot.as_bytes()),
            is_compatible: true,
            travel: Span::from_secs(30),
        });
    }
    let b = assign(&v);
    assert_eq!(b.pairs().map(|p| (p.0, p.1)).collect::<Vec<_>>(), [(0, 0), (1, 1), (2, 2)]);
    assert_eq!(check(&v, &b, &held), []);
    (v, b, held)
}

/// The rules that a change to a plain batch breaks.
fn broken(change: impl Fn(&mut View, &mut Batch, &mut Reservations)) -> Vec<Rule> {
    let (mut v, mut b, mut held) = plain();
    change(&mut v, &mut b, &mut held);
    let mut rules: Vec<Rule> = check(&v, &b, &held).into_iter().map(|f| f.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn every_planted_fault_is_found() {
    use Rule::*;
    let robot = |v: &View| v.robots[0].robot;
    let dock = |v: &View| DockId::from_bytes(*v.robots[0].robot.as_bytes());
    // The first job leaves at 100, arrives at 110, ends at 200 and is back at 230 s.
    assert_eq!(broken(|_, b, _| b.outcomes[0].job = 3), [Index]);
    assert_eq!(broken(|_, b, _| b.outcomes[0].chosen = Some(4)), [Index]);
    assert_eq!(broken(|_, b, _| b.outcomes[0].candidates[3].robot = 4), [Index]);
    assert_eq!(broken(|v, _, _| v.jobs[2].is_handover = true), [Order]);
    assert_eq!(broken(|v, _, _| v.jobs[1].is_redispatch = true), [Order]);
    assert_eq!(broken(|v, _, _| v.jobs[1].arrive_by = S(999)), [Order]);
    assert!(broken(|_, b, _| drop(b.outcomes.pop())).contains(&Order));
    assert!(broken(|_, b, _| b.outcomes[1] = b.outcomes[0].clone()).contains(&Order));
    assert!(
        broken(|_, b, _| b.outcomes[1].chosen = b.outcomes[1].candidates.iter().position(|c| c.robot == 0).map(|i| i as u32))
            .contains(&OneJob)
    );
    assert_eq!(broken(|v, _, h| h.robots.push(RobotHeld { robot: robot(v), at: span(229, 300) })), [RobotOverlap]);
    assert_eq!(broken(|v, _, h| h.robots.push(RobotHeld { robot: robot(v), at: span(230, 300) })), []);
    assert_eq!(broken(|v, _, h| h.robots.push(RobotHeld { robot: robot(v), at: span(0, 100) })), []);
    assert_eq!(broken(|v, _, h| h.robots.push(RobotHeld { robot: robot(v), at: span(0, 101) })), [RobotOverlap]);
    assert_eq!(broken(|v, _, _| v.robots[0].taken = vec![span(150, 151)]), [RobotOverlap]);
    let twice = |a: Interval, b: Interval| broken(move |v, _, h| h.robots.extend([a, b].map(|at| RobotHeld { robot: robot(v), at })));
    assert_eq!(twice(span(500, 600), span(599, 700)), [RobotOverlap]);
    assert_eq!(twice(span(500, 600), span(600, 700)), []);
    let docks = |a: Interval, b: Interval| {
        broken(move |v, _, h| h.docks.extend([(3, a), (2, b)].map(|(r, at)| DockHeld { dock: dock(v), robot: v.robots[r].robot, at })))
    };
    assert_eq!(docks(span(500, 600), span(599, 700)), [DockOverlap]);
    assert_eq!(docks(span(500, 600), span(600, 700)), []);
    assert_eq!(docks(span(100, 200), span(200, 230)), []);
    assert_eq!(docks(span(100, 200), span(200, 231)), [Dock]);
    assert_eq!(broken(|_, _, h| h.returns.retain(|r| r.robot != RobotId::from_bytes([0; 16]))), [Dock]);
    assert_eq!(broken(|_, _, h| h.returns[0].is_compatible = false), [Dock]);
    assert_eq!(broken(|_, _, h| h.returns[0].travel = Span::from_secs(31)), [Dock]);
    // 6 700 J are needed (the plan says 3 more), 150 000 must be left.
    let charge = |usable_j| {
        broken(move |v, b, _| {
            v.robots[0].usable_j = usable_j;
            let o = &mut b.outcomes[0].candidates[0].cost.energy;
            let energy = 6_703 * 10_000 / usable_j as i64;
            b.cost += energy - *o;
            *o = energy;
        })
    };
    assert_eq!(charge(156_700), []);
    assert_eq!(charge(156_699), [Energy]);
    assert_eq!(broken(|_, b, _| b.outcomes[0].candidates[0].need_j = 6_699), [Energy]);
    assert_eq!(broken(|v, _, _| v.robots[0].payload_g = 999), [Payload]);
    assert_eq!(broken(|v, _, _| v.jobs[0].needs[0].at_least = 901), [Capability]);
    assert_eq!(broken(|v, _, _| v.robots[0].abilities[0].measured = Some(Measured { value: 799, samples: 10 })), [Capability]);
    assert_eq!(broken(|v, _, _| v.robots[0].abilities.clear()), [Capability]);
    assert_eq!(broken(|v, _, _| v.robots[0].windows = vec![span(0, 230)]), []);
    assert_eq!(broken(|v, _, _| v.robots[0].windows = vec![span(0, 229)]), [Window]);
    assert_eq!(broken(|v, _, _| v.robots[0].windows = vec![span(101, 500)]), [Window]);
    assert_eq!(broken(|v, _, _| v.robots[0].windows = vec![span(0, 200), span(200, 500)]), [Window]);
    assert_eq!(broken(|v, _, _| v.jobs.iter_mut().for_each(|j| j.arrive_by = S(110))), []);
    assert_eq!(broken(|v, _, _| v.jobs[0].arrive_by = S(109)), [Late]);
    assert_eq!(broken(|v, _, _| v.robots[0].free_from = S(101)), [Late]);
    assert_eq!(broken(|v, _, _| v.jobs[0].depart_from = S(101)), [Late]);
    assert_eq!(broken(|v, _, _| v.jobs[0].arrive_from = S(110)), []);
    assert_eq!(broken(|v, _, _| v.jobs[0].arrive_from = S(111)), [Late]);
    for i in 0..3 {
        let late = broken(|_, b, _| {
            let c = &mut b.outcomes[0].candidates[0];
            *[&mut c.arrive, &mut c.end, &mut c.back][i] += Span(1);
        });
        assert_eq!(late, [Times], "{i}");
    }
    assert_eq!(broken(|v, _, _| v.robots[0].is_fit = false), [Robot]);
    assert_eq!(broken(|v, _, _| v.robots[0].heartbeat = S(97)), []);
    assert_eq!(broken(|v, _, _| v.robots[0].heartbeat = S(96)), [Robot]);
    assert_eq!(broken(|v, _, _| v.robots[0].trust_bps = 3_999), [Robot, Cost]);
    assert_eq!(broken(|v, _, _| v.robots[0].owner = PartyId::named("other")), [Robot, Cost]);
    assert_eq!(broken(|v, _, _| v.pairs[0].bars.lacks_certificate = true), [Barred]);
    assert_eq!(broken(|v, _, _| v.pairs[0].bars.lacks_route = true), [Barred]);
    assert_eq!(broken(|v, _, _| v.pairs[0].bars.lacks_access = true), [Barred]);
    assert_eq!(broken(|v, _, _| v.pairs[0].bars.lacks_privacy = true), [Barred]);
    assert_eq!(broken(|v, _, _| v.pairs.retain(|p| p.job + p.robot > 0)), [Barred]);
    assert_eq!(broken(|v, _, _| v.pairs[0].bars.is_excluded = true), [Excluded]);
    assert_eq!(broken(|_, b, _| b.cost += 1), [Cost]);
    assert_eq!(broken(|_, b, _| b.outcomes[0].candidates[0].cost.busy += 1), [Cost]);
}

#[test]
fn who_gave_a_job_back_is_spared_for_half_an_hour() {
    let gave_back = |now: u64, at: u64| {
        let (mut v, _, mut held) = plain();
        v.now = S(now);
        v.jobs.iter_mut().for_each(|j| j.arrive_by = S(now + 100));
        for r in &mut v.robots {
            (r.heartbeat, r.windows) = (S(now), vec![]);
        }
        held.refusals.push(GaveBack { job: v.jobs[0].job, robot: v.robots[0].robot, at: S(at) });
        check(&v, &assign(&v), &held).into_iter().map(|f| f.rule).collect::<Vec<_>>()
    };
    assert_eq!(gave_back(5_000, 3_201), [Rule::Excluded]);
    assert_eq!(gave_back(5_000, 3_200), []);
}

#[test]
fn charging_before_needs_a_dock() {
    let (mut v, _, mut held) = plain();
    (v.robots[0].usable_j, v.robots[0].charge_w) = (156_000, 100);
    let b = assign(&v);
    assert!(b.pairs().any(|p| p.2.charge > Span::ZERO));
    assert_eq!(check(&v, &b, &held).iter().map(|f| f.rule).collect::<Vec<_>>(), [Rule::Dock]);
    held.docks.push(DockHeld { dock: DockId::named("d"), robot: v.robots[0].robot, at: span(100, 200) });
    assert_eq!(check(&v, &b, &held), []);
}
