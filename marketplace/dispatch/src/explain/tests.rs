#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // test code

use super::*;
use crate::assign::assign;
use crate::assign::tests::optimal::Dice;
use crate::assign::tests::{pair, view};
use nooterra_engine::record::{decode, encode};

/// Few robots for many jobs, some of them refused, many ties.
fn random(dice: &mut Dice) -> View {
    let (jobs, robots) = (1 + dice.below(9) as u32, dice.below(45) as u32);
    let mut v = view(jobs, robots, |_, _| None);
    let step = 1 + dice.below(40);
    for (j, r) in (0..jobs).flat_map(|j| (0..robots).map(move |r| (j, r))) {
        if dice.below(8) > 0 {
            let mut p = pair(j, r, dice.below(25) * step);
            p.bars.lacks_access = dice.below(20) == 0;
            v.pairs.push(p);
        }
    }
    for r in &mut v.robots {
        r.trust_bps = 3_900 + dice.below(4) as u32 * 100;
    }
    v
}

#[test]
fn numbers_add_up_and_agree_with_the_assignment() {
    let mut dice = Dice(7);
    let (mut others, mut none) = (0, 0);
    for _ in 0..600 {
        let v = random(&mut dice);
        let b = assign(&v);
        let all = explain(&v, &b).unwrap();
        assert_eq!(all.len(), v.jobs.len());
        assert_eq!(all.iter().map(|e| e.cost).sum::<i64>(), b.cost);
        for (k, (e, o)) in all.iter().zip(&b.outcomes).enumerate() {
            assert_eq!(e, &explain_one(&v, &b, k).unwrap());
            assert_eq!(decode::<Explanation>(&encode(e)).as_ref(), Ok(e));
            assert_eq!(e.job, v.jobs[o.job as usize].job);
            // Every robot is in exactly one list.
            let mut ids: Vec<_> = e.candidates.iter().map(|c| c.robot).chain(e.dearer.iter().copied()).collect();
            ids.extend(e.refused.iter().map(|f| f.robot));
            ids.sort();
            let mut known: Vec<_> = v.robots.iter().map(|r| r.robot).collect();
            known.sort();
            assert_eq!(ids, known);
            for c in &e.candidates {
                assert_eq!(c.terms.terms().iter().map(|t| t.1).sum::<i64>(), c.total);
            }
            assert!(e.candidates.is_sorted_by_key(|c| (c.total, c.robot)));
            match e.chosen {
                Some(r) => assert_eq!(e.candidates.iter().find(|c| c.robot == r).unwrap().total, e.cost),
                None => assert_eq!(e.cost, 10_000_000 + 10_000 * (all.len() - k) as i64),
            }
            match e.why {
                Why::NoCandidate => assert!(e.candidates.is_empty()),
                Why::Cheapest => assert_eq!(e.chosen, e.candidates.first().map(|c| c.robot)),
                Why::Another { cheapest, taken_by, more } => {
                    others += 1;
                    assert_eq!(Some(cheapest), e.candidates.first().map(|c| c.robot));
                    assert_eq!(taken_by, all.iter().find(|o| o.chosen == Some(cheapest)).map(|o| o.job));
                    assert_eq!(more, without(&v, &b, k) - b.cost, "{e}");
                    assert!(more >= 0);
                }
            }
            none += u32::from(e.chosen.is_none());
        }
    }
    assert!(others > 500 && none > 100, "{others} {none}");
}

/// What the batch costs at least if its `k`-th job has its cheapest robot: by assigning the other jobs anew without it.
fn without(v: &View, b: &Batch, k: usize) -> i64 {
    let first = b.outcomes[k].candidates[0];
    let row = |(i, o): (usize, &Outcome)| -> Vec<(u32, i64)> {
        let others = o.candidates.iter().filter(|c| i != k && c.robot != first.robot);
        others.map(|c| (c.robot, c.cost.total())).collect()
    };
    let table: Vec<_> = b.outcomes.iter().enumerate().map(row).collect();
    crate::assign::optimum(&table, v.robots.len() as u32).cost - unassigned_cost(k, table.len()) + first.cost.total()
}

#[test]
fn the_text_says_who_got_the_cheapest() {
    let mut v = view(2, 3, |j, r| (r < 2).then_some(10 + 100 * u64::from(r) * u64::from(2 - j)));
    v.robots[1].trust_bps = 4_990;
    let b = assign(&v);
    let all = explain(&v, &b).unwrap();
    let id = |r: usize| v.robots[r].robot.to_string();
    let (first, second) = (&all[0], &all[1]);
    // Robot 0 costs both 5 474; robot 1 costs the first 7 650 and the second 6 572.
    assert_eq!(first.chosen, Some(v.robots[0].robot));
    assert_eq!(first.why, Why::Cheapest);
    assert_eq!(second.why, Why::Another { cheapest: v.robots[0].robot, taken_by: Some(v.jobs[0].job), more: 1_078 });
    let text = second.to_string();
    assert_eq!(
        text,
        format!(
            "{job}, 2 of 2: {b} for 6572 (leaving it: 10010000; the whole batch: 12046)\n\
             \x20 the cheapest, {a}, goes to {other}; taking it would cost 1078 more in all\n\
             \x20   1. {a} 5474 = eta 100 + energy 74 + trust 10000 + busy 300 - at_site 5000; arrives at 00:01:50.000, needs 6703 J\n\
             >   2. {b} 6572 = eta 1100 + energy 152 + trust 10020 + busy 300 - at_site 5000; arrives at 00:03:30.000, needs 13703 J\n\
             \x20      {c} ZONE\n",
            job = v.jobs[1].job,
            other = v.jobs[0].job,
            a = id(0),
            b = id(1),
            c = id(2),
        )
    );
}

#[test]
fn a_batch_of_another_view_is_no_batch() {
    let v = view(2, 3, |_, _| Some(10));
    let b = assign(&v);
    let fewer = view(2, 2, |_, _| Some(10));
    assert_eq!(explain(&fewer, &b), None);
    assert_eq!(explain_one(&v, &b, 2), None);
    let mut wrong = b.clone();
    wrong.outcomes[0].chosen = Some(9);
    assert_eq!(explain(&v, &wrong), None);
    let mut wrong = b;
    wrong.outcomes[0].candidates[0].cost.eta = i64::MIN;
    assert_eq!(explain(&v, &wrong), None);
}
