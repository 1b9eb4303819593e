//! The assignment against solvers that share nothing with it: every assignment tried, and the Hungarian method on the
//! full matrix.

use super::*;
use std::time::{Duration, Instant as Clock};

/// Numbers that repeat: splitmix64.
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }
}

type Costs = Vec<Vec<(u32, i64)>>;

/// A random table; `span` distinct costs, so that small spans make ties; jobs have at most `options` robots.
fn table(dice: &mut Dice, jobs: u64, robots: u64, options: u64, span: u64) -> Costs {
    // Costs of a pair are not independent in life: robots differ in trust and load, which all jobs see.
    let base: Vec<u64> = (0..robots).map(|_| dice.below(span)).collect();
    let row = |dice: &mut Dice| {
        let mut row: Vec<(u32, i64)> = Vec::new();
        for (r, b) in (0u32..).zip(&base) {
            if dice.below(robots) < options {
                row.push((r, (b / 2 + dice.below(span)) as i64 * 10 - 5_000));
            }
        }
        row
    };
    (0..jobs).map(|_| row(dice)).collect()
}

const HUGE: i64 = 1_000_000_000_000;

/// Least cost by the Hungarian method with potentials, on the dense matrix of robots and one way out per job.
fn hungarian(costs: &Costs, robots: usize) -> i64 {
    let n = costs.len();
    let m = robots + n;
    let mut matrix = vec![vec![HUGE; m + 1]; n + 1];
    for (k, row) in costs.iter().enumerate() {
        for (r, c) in row {
            matrix[k + 1][*r as usize + 1] = *c;
        }
        matrix[k + 1][robots + k + 1] = 10_000_000 + 10_000 * (n - k) as i64;
    }
    let (mut u, mut v) = (vec![0i64; n + 1], vec![0i64; m + 1]);
    let (mut row_of, mut way) = (vec![0usize; m + 1], vec![0usize; m + 1]);
    for i in 1..=n {
        row_of[0] = i;
        let mut at = 0;
        let mut least = vec![i64::MAX; m + 1];
        let mut used = vec![false; m + 1];
        while row_of[at] != 0 {
            used[at] = true;
            let i0 = row_of[at];
            let (mut delta, mut next) = (i64::MAX, 0);
            for j in 1..=m {
                if !used[j] {
                    let reduced = matrix[i0][j] - u[i0] - v[j];
                    if reduced < least[j] {
                        (least[j], way[j]) = (reduced, at);
                    }
                    if least[j] < delta {
                        (delta, next) = (least[j], j);
                    }
                }
            }
            for j in 0..=m {
                if used[j] {
                    u[row_of[j]] += delta;
                    v[j] -= delta;
                } else if j > 0 {
                    least[j] -= delta;
                }
            }
            at = next;
        }
        while at != 0 {
            row_of[at] = row_of[way[at]];
            at = way[at];
        }
    }
    (1..=m).filter(|j| row_of[*j] != 0).map(|j| matrix[row_of[j]][j]).sum()
}

/// The cost of an assignment; panics if it is none.
fn cost_of(costs: &Costs, robots: &[Option<u32>]) -> i64 {
    let mut used = std::collections::BTreeSet::new();
    let one = |(k, r): (usize, &Option<u32>)| match r {
        None => 10_000_000 + 10_000 * (costs.len() - k) as i64,
        Some(r) => {
            assert!(used.insert(*r), "robot used twice");
            costs[k].iter().find(|e| e.0 == *r).expect("an option").1
        }
    };
    robots.iter().enumerate().map(one).sum()
}

/// What is taken off an option so that any optimum uses it.
const FORCE: i64 = HUGE / 1_000;

/// Least cost if the `k`-th job has this option.
fn forced(costs: &Costs, robots: usize, k: usize, (robot, cost): (u32, i64)) -> i64 {
    let mut held = costs.clone();
    held[k] = vec![(robot, cost - FORCE)];
    hungarian(&held, robots) + FORCE
}

/// Of all optima the first in the order of robot ids: one job after another is held to each robot in turn.
fn first_of_equals(costs: &Costs, robots: usize) -> Vec<Option<u32>> {
    let least = hungarian(costs, robots);
    let mut held = costs.clone();
    let mut list = Vec::new();
    for k in 0..costs.len() {
        let mut options = costs[k].clone();
        options.sort_unstable();
        let fits = options.into_iter().find(|o| forced(&held, robots, k, *o) == least);
        held[k] = fits.into_iter().collect();
        list.push(fits.map(|o| o.0));
        // Held jobs keep only their robot, and nobody after them may take it.
        for row in held.iter_mut().skip(k + 1) {
            row.retain(|e| fits.is_none_or(|o| o.0 != e.0));
        }
    }
    list
}

/// The same by trying everything.
fn brute(costs: &Costs) -> (i64, Vec<u32>) {
    fn go(costs: &Costs, used: u64, cost: i64, list: &mut Vec<u32>, best: &mut (i64, Vec<u32>)) {
        let (k, n) = (list.len(), costs.len());
        if k == n {
            if (cost, &*list) < (best.0, &best.1) {
                *best = (cost, list.clone());
            }
            return;
        }
        for (r, c) in &costs[k] {
            if used >> r & 1 == 0 {
                list.push(*r);
                go(costs, used | 1 << r, cost + c, list, best);
                list.pop();
            }
        }
        list.push(u32::MAX);
        go(costs, used, cost + 10_000_000 + 10_000 * (n - k) as i64, list, best);
        list.pop();
    }
    let mut best = (i64::MAX, vec![]);
    go(costs, 0, 0, &mut vec![], &mut best);
    best
}

#[test]
fn small_tables_equal_every_assignment_tried() {
    let mut dice = Dice(1);
    for round in 0..3_000 {
        let (jobs, robots) = (1 + dice.below(7), 1 + dice.below(7));
        let options = 1 + dice.below(7);
        let span = [1, 2, 3, 5, 1_000, 2_000_000][dice.below(6) as usize];
        let costs = table(&mut dice, jobs, robots, options, span);
        let got = optimum(&costs, robots as u32);
        let (cost, list) = brute(&costs);
        assert_eq!(got.cost, cost, "round {round}");
        assert_eq!(got.robots.iter().map(|r| r.unwrap_or(u32::MAX)).collect::<Vec<_>>(), list, "round {round}");
    }
}

#[test]
fn of_equals_the_first_is_taken_also_when_all_options_are_many() {
    let mut dice = Dice(2);
    for round in 0..120 {
        let (jobs, robots) = (1 + dice.below(14), 1 + dice.below(60));
        let span = 1 + dice.below(4);
        let costs = table(&mut dice, jobs, robots, 60, span);
        let got = optimum(&costs, robots as u32);
        assert_eq!(got.robots, first_of_equals(&costs, robots as usize), "round {round}: {jobs} x {robots}");
    }
}

#[test]
fn large_tables_cost_what_the_hungarian_method_finds() {
    let mut dice = Dice(3);
    let (mut rounds, mut largest) = (0, 0);
    for round in 0..2_400 {
        // Most are small, every twentieth may be as large as it gets.
        let most = if round % 20 == 0 { 200 } else { 50 };
        let (jobs, robots) = (1 + dice.below(most), 1 + dice.below(most));
        let options = [3, 10, 32, 200][dice.below(4) as usize];
        let span = [3, 50, 1_000, 100_000][dice.below(4) as usize];
        let costs = table(&mut dice, jobs, robots, options, span);
        let got = optimum(&costs, robots as u32);
        assert_eq!(cost_of(&costs, &got.robots), got.cost, "round {round}");
        assert_eq!(got.cost, hungarian(&costs, robots as usize), "round {round}: {jobs} x {robots}");
        rounds += 1;
        largest = largest.max(jobs * robots);
    }
    println!("{rounds} tables, the largest of {largest} pairs: equal");
}

#[test]
fn what_it_costs_to_force_a_pair_is_what_solving_again_finds() {
    let mut dice = Dice(4);
    for round in 0..400 {
        let (jobs, robots) = (1 + dice.below(12), 1 + dice.below(12));
        let span = [2, 5, 1_000, 2_000_000][dice.below(4) as usize];
        let costs = table(&mut dice, jobs, robots, 8, span);
        let m = matching::Matching::of_table(&costs, robots as u32);
        let least = hungarian(&costs, robots as usize);
        for (k, row) in costs.iter().enumerate() {
            for (r, c) in row {
                let more = forced(&costs, robots as usize, k, (*r, *c)) - least;
                assert_eq!(m.forced(k, *r), Some(more), "round {round}: job {k}, robot {r}");
            }
        }
    }
}

/// A batch as large as it is meant to be: a thousand jobs, a thousand robots, ways of up to so many seconds. Robots are
/// alike, or differ in trust and load, which every job sees.
fn thousand(span: u64, alike: bool) -> View {
    let mut dice = Dice(span);
    let mut v = view(1_000, 1_000, |_, _| Some(0));
    for p in &mut v.pairs {
        p.travel = Span::from_secs(dice.below(span));
    }
    for (i, r) in v.robots.iter_mut().enumerate() {
        r.robot = RobotId::named(&format!("r{i}"));
        if !alike {
            r.trust_bps = 4_000 + dice.below(4_000) as u32;
            r.busy = Span::from_mins(dice.below(900));
        }
    }
    for (i, j) in v.jobs.iter_mut().enumerate() {
        j.job = JobId::named(&format!("j{i}"));
    }
    v
}

/// Time on a core, where the system tells, so that others at work do not count; else time on the wall.
fn cpu(clock: Clock) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ns = told.and_then(|t| t.split(' ').next()?.parse().ok());
    ns.map_or_else(|| clock.elapsed(), Duration::from_nanos)
}

/// The mean: the system counts time on a core in steps of milliseconds.
fn mean_of(times: u32, mut f: impl FnMut()) -> Duration {
    let clock = Clock::now();
    let before = cpu(clock);
    (0..times).for_each(|_| f());
    cpu(clock).saturating_sub(before) / times
}

/// Every option of every job in the order of a batch, unpruned, robots by rank of id.
fn unpruned(v: &View, batch: &Batch) -> Costs {
    let mut by_id: Vec<u32> = (0..v.robots.len() as u32).collect();
    by_id.sort_by_key(|r| v.robots[*r as usize].robot);
    let row = |o: &Outcome| -> Vec<(u32, i64)> {
        let pair = |r: u32| &v.pairs[o.job as usize * v.robots.len() + r as usize];
        let cost = |r: u32| judge(v, o.job, r, Some(pair(r))).ok().map(|c| c.cost.total());
        (0u32..).zip(&by_id).filter_map(|(rank, r)| Some((rank, cost(*r)?))).collect()
    };
    batch.outcomes.iter().map(row).collect()
}

/// Prints what the figures say; a loaded machine makes no test fail.
#[test]
fn a_thousand_by_a_thousand() {
    for (span, alike) in [(600, true), (4, true), (600, false)] {
        let v = thousand(span, alike);
        let batch = assign(&v);
        check_batch(&v, &batch);
        let all = mean_of(20, || drop(std::hint::black_box(assign(&v))));
        let mut outcomes = batch.outcomes.clone();
        let rank = matching::ranks(&v);
        let choose = mean_of(10, || {
            std::hint::black_box(matching::choose(&rank, &mut outcomes));
        });
        assert_eq!(outcomes, batch.outcomes);
        let matched = batch.pairs().count();
        println!("ways of {span} s, alike: {alike}: whole batch {all:?}, of it choosing {choose:?}; {matched} matched for {}", batch.cost);
    }
}

/// The optimum over all options, against the 32 cheapest that the batch keeps.
#[test]
#[ignore = "takes seconds where robots differ"]
fn a_thousand_by_a_thousand_unpruned() {
    for (span, alike) in [(600, true), (4, true), (600, false)] {
        let v = thousand(span, alike);
        let batch = assign(&v);
        let full = unpruned(&v, &batch);
        let best = optimum(&full, 1_000);
        let took = mean_of(if alike { 10 } else { 1 }, || drop(std::hint::black_box(optimum(&full, 1_000))));
        let matched = best.robots.iter().flatten().count();
        println!(
            "ways of {span} s, alike: {alike}: {took:?}; {matched} matched for {}, pruned {} for {}",
            best.cost,
            batch.pairs().count(),
            batch.cost
        );
        assert!(best.cost <= batch.cost);
    }
}
