#![allow(clippy::cast_possible_truncation)] // small numbers
use super::field::{FAR, STEP, Table};
use super::floor::{Floor, NONE};
use super::search::Search;
use super::*;
use nooterra_engine::{decode, encode};
use nooterra_site::grid::{Action, GridMap, Ground, read};
use proptest::prelude::*;

mod costs;

fn map(rows: &[&str]) -> GridMap {
    let text = format!("type octile\nheight {}\nwidth {}\nmap\n{}\n", rows.len(), rows[0].len(), rows.join("\n"));
    read("test.map", &text).expect("a map").0
}

/// Free cells in random order, by a seed.
fn shuffled(map: &GridMap, seed: u64) -> Vec<u32> {
    let (regions, sizes) = map.regions();
    let largest = sizes.iter().zip(0u32..).max_by_key(|(s, _)| **s).map_or(0, |(_, i)| i);
    let mut cells: Vec<u32> = (0u32..).take(map.cells.len()).filter(|l| regions[*l as usize] == largest).collect();
    cells.sort_by_key(|c| plan::mixed(seed ^ u64::from(*c).wrapping_mul(0x9e37_79b9)));
    cells
}

/// A grid with blocked cells here and there. With `open`, what a robot could not pass another in is blocked as well.
fn random_grid(width: u32, height: u32, blocked_percent: u32, seed: u64, open: bool) -> GridMap {
    let ground = |l: u32| if plan::mixed(seed ^ u64::from(l)) % 100 < u64::from(blocked_percent) { Ground::Blocked } else { Ground::Free };
    let mut m = GridMap { width, height, cells: (0..width * height).map(ground).collect(), first_line: 5 };
    m.cells[0] = Ground::Free;
    if !open {
        return m;
    }
    loop {
        // A cell stays if it belongs to a square of four free ones: such floors have no corridors.
        let free = |r: u32, c: u32| r < height && c < width && m.is_free(r * width + c);
        let square = |r: u32, c: u32| free(r, c) && free(r + 1, c) && free(r, c + 1) && free(r + 1, c + 1);
        let keeps = |r: u32, c: u32| [(0, 0), (0, 1), (1, 0), (1, 1)].iter().any(|(i, j)| r >= *i && c >= *j && square(r - i, c - j));
        let bad: Vec<u32> = (0..width * height).filter(|l| m.is_free(*l) && !keeps(l / width, l % width)).collect();
        if bad.is_empty() {
            return m;
        }
        bad.iter().for_each(|l| m.cells[*l as usize] = Ground::Blocked);
    }
}

/// Tasks of one to three places.
fn tasks(cells: &[u32], count: usize, seed: u64) -> Vec<Vec<u32>> {
    let at = |k: u64| cells[(plan::mixed(seed ^ k) % cells.len() as u64) as usize];
    (0..count as u64).map(|t| (0..1 + plan::mixed(seed ^ t) % 3).map(|p| at(t * 7 + p)).collect()).collect()
}

fn judged(judge: &mut Judge<'_>, step: &Step) -> Result<(), Fault> {
    let visits: Vec<(u32, u32, u32)> = step.visits.iter().map(|v| (v.agent, v.task, v.visited)).collect();
    judge.step(Claim { taken: &step.taken, actions: &step.actions, visits: &visits })
}

/// The cells of a map but for those that a single move cuts off from the rest: what is left of the largest region.
fn without_bridges(m: &GridMap) -> GridMap {
    let mut m = m.clone();
    loop {
        let floor = Floor::new(&m);
        let bridges = passing::Bridges::new(&floor);
        let mut part = vec![NONE; floor.cells()];
        let mut sizes: Vec<usize> = Vec::new();
        for c in 0..floor.cells() as u32 {
            if part[c as usize] != NONE {
                continue;
            }
            let mut queue = vec![c];
            part[c as usize] = sizes.len() as u32;
            let mut at = 0;
            while at < queue.len() {
                let x = queue[at];
                at += 1;
                for h in (0..4).filter(|h| !bridges.is(x, *h)) {
                    let to = floor.ahead(x, h);
                    if to != NONE && part[to as usize] == NONE {
                        part[to as usize] = sizes.len() as u32;
                        queue.push(to);
                    }
                }
            }
            sizes.push(queue.len());
        }
        let most = sizes.iter().zip(0u32..).max_by_key(|(s, _)| **s).map_or(0, |(_, i)| i);
        if sizes.len() <= 1 {
            return m;
        }
        (0..floor.cells()).filter(|c| part[*c] != most).for_each(|c| m.cells[floor.location[c] as usize] = Ground::Blocked);
    }
}

/// Steps in which the leader surely visits its next place; see the figure at the head of `urgency`.
fn bound(m: &GridMap, goals: &[u32], depth: usize, settings: &Settings) -> u32 {
    let relayed = settings.tables_bytes < Settings::default().tables_bytes;
    let every: Vec<u32> = (0..m.cells.len() as u32).filter(|l| relayed && m.is_free(*l)).collect();
    let goals = if relayed { &every } else { goals };
    let floor = Floor::new(m);
    let tolls = settings.tolls.on(&floor);
    let (mut search, mut field) = (Search::new(&floor, &tolls), Table::default());
    let mut dearest = 0;
    for goal in goals {
        search.everywhere(floor.cell_at(*goal), &mut field);
        let costs = (0..floor.cells() as u32).flat_map(|c| (0..4).map(move |h| (c, h))).map(|(c, h)| field.at(c, h)).filter(|c| *c < FAR);
        dearest = dearest.max(costs.max().unwrap_or(0));
    }
    if relayed {
        // To a relay, and from there with the dearest heading.
        dearest = 2 * dearest + 2 * STEP;
    }
    let bridges = passing::Bridges::new(&floor);
    let narrow = (0..floor.cells() as u32).flat_map(|c| (0..4).map(move |h| (c, h))).filter(|(c, h)| bridges.is(*c, *h)).count() as u32 / 2;
    depth as u32 * (dearest / STEP + 2) * (1 + narrow) + narrow * 16 * floor.cells() as u32
}

/// Runs a list of three tasks for each robot to its end.
fn all_done(
    m: &GridMap,
    cells: &[u32],
    n: usize,
    (depth, rounds): (usize, u32),
    room: Option<usize>,
    seed: u64,
) -> Result<(), TestCaseError> {
    let list = tasks(cells, 3 * n, seed);
    let usual = Settings::default();
    let tables_bytes = room.map_or(usual.tables_bytes, |r| 4 * m.free() * r);
    let effort = Effort { rounds_percent: rounds, ..usual.effort };
    let settings = Settings { seed, depth, endless: false, effort, tables_bytes, ..usual };
    let mut run = Lifelong::new(m, &cells[..n], &list, (n + 1) as u32, settings).expect("it can");
    let mut judge = Judge::new(m, &cells[..n], &list, (n + 1) as u32, false);
    let goals: Vec<u32> = list.concat();
    let each = bound(m, &goals, depth, &settings);
    let limit = u64::from(each) * goals.len() as u64;
    let (mut visited, mut last) = (0, 0);
    while !run.is_done() {
        let step = run.step();
        prop_assert_eq!(judged(&mut judge, &step), Ok(()));
        if !step.visits.is_empty() {
            (visited, last) = (visited + step.visits.len(), run.state().step);
        }
        let (now, all) = (run.state().step, goals.len());
        prop_assert!(
            now - last <= each && u64::from(now) <= limit,
            "{visited} of {all} visits, the last after {last} steps, now {now}; {n} robots on {} cells",
            cells.len()
        );
    }
    prop_assert_eq!((judge.finished() as usize, visited), (list.len(), goals.len()));
    Ok(())
}

/// What the property test below found. Robots beyond a bridge turned in a ring for ever, so that whoever was being sent off
/// stood there no longer; and the leader, who was to stay aside, went to and fro.
#[test]
fn who_stands_beyond_a_bridge_is_sent_off_in_the_end() -> Result<(), TestCaseError> {
    for (w, h, blocked, seed, fill, depth, rounds) in [
        (11, 13, 10, 4_262_128_044_573_793_302, 59, 3, 83),
        (6, 11, 8, 6_862_701_101_838_307_894, 91, 4, 5),
        (13, 7, 10, 13_156_992_503_157_905_884, 69, 3, 72),
    ] {
        let m = random_grid(w, h, blocked, seed, true);
        let cells = shuffled(&m, seed);
        all_done(&m, &cells, cells.len() * fill / 100, (depth, rounds), None, seed)?;
    }
    Ok(())
}

/// Runs eighty steps, the second half of them twice: once without a stop, and once stored and taken up again.
fn the_same_again(
    (w, h, blocked, seed): (u32, u32, u32, u64),
    (fill, depth, rounds, length): (usize, usize, u32, u32),
    room: Option<usize>,
) -> Result<(), TestCaseError> {
    let m = random_grid(w, h, blocked, seed, false);
    let cells = shuffled(&m, seed);
    let n = (cells.len() * fill / 100).max(1);
    let list = tasks(&cells, 40, seed);
    let pool = (n + n / 2).max(1) as u32;
    let effort = Effort { tries: 32, reach: 32, rounds_percent: rounds };
    let usual = Settings::default();
    let tables_bytes = room.map_or(usual.tables_bytes, |r| 4 * m.free() * r);
    let settings = Settings { seed, depth, effort, length_percent: length, tables_bytes, ..usual };
    let mut run = Lifelong::new(&m, &cells[..n], &list, pool, settings).expect("it can");
    let mut judge = Judge::new(&m, &cells[..n], &list, pool, true);
    let mut again: Option<Lifelong> = None;
    for k in 0..80 {
        if k == 37 {
            let state: State = decode(&encode(run.state())).expect("as it was");
            again = Some(Lifelong::resume(&m, &list, settings, state));
        }
        let step = run.step();
        prop_assert_eq!(judged(&mut judge, &step), Ok(()));
        if let Some(a) = &mut again {
            prop_assert_eq!(&a.step(), &step);
        }
    }
    prop_assert_eq!(judge.end(run.state().finished), Ok(()));
    prop_assert_eq!(again.expect("taken up").digest(), run.digest());
    Ok(())
}

/// What the property test below found: a chain that the leader pushes on over a closed way was held back once more.
#[test]
fn a_chain_on_a_closed_way_goes_on_after_a_restart() -> Result<(), TestCaseError> {
    the_same_again((13, 2, 24, 18_354_723_800_837_426_687), (91, 3, 130, 1), None)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whatever the floor and however full: nothing collides, nothing is claimed falsely, and a run that is stopped,
    /// stored and taken up again goes on as if nothing had been.
    #[test]
    fn no_collision_ever_and_the_same_again(
        (w, h, blocked, seed) in (2u32..14, 2u32..14, 0u32..45, any::<u64>()),
        (fill, depth, rounds, length) in (1usize..100, 1usize..5, 0u32..300, 0u32..100),
        room in proptest::option::of(0usize..12),
    ) {
        the_same_again((w, h, blocked, seed), (fill, depth, rounds, length), room)?;
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// On floors where every cell lies on a way round, every task of a list that ends is done, as long as one cell is free.
    #[test]
    fn every_task_is_done(
        (w, h, blocked, seed) in (4u32..14, 4u32..14, 0u32..12, any::<u64>()),
        (fill, depth, rounds, room) in (1usize..=100, 3usize..5, 0u32..150, 0usize..8),
    ) {
        let m = random_grid(w, h, blocked, seed, true);
        let cells = shuffled(&m, seed);
        prop_assume!(cells.len() >= 12);
        let n = (cells.len() * fill / 100).clamp(1, cells.len() - 1);
        all_done(&m, &cells, n, (depth, rounds), (seed % 2 == 0).then_some(room), seed)?;
    }

    /// On floors without bridges this is so even if no cell is free at all: robots move in rings.
    #[test]
    fn every_task_is_done_on_a_full_floor(
        (w, h, blocked, seed) in (3u32..9, 3u32..9, 0u32..30, any::<u64>()),
        (fill, depth, rounds) in (80usize..=100, 3usize..5, 0u32..150),
    ) {
        let m = without_bridges(&random_grid(w, h, blocked, seed, false));
        let cells = shuffled(&m, seed);
        prop_assume!(cells.len() >= 4);
        all_done(&m, &cells, (cells.len() * fill / 100).max(1), (depth, rounds), None, seed)?;
    }

}

#[test]
fn a_lone_robot_goes_straight_there() {
    let m = map(&[".....", ".@@@.", "....."]);
    let settings = Settings { endless: false, ..Settings::default() };
    let mut run = Lifelong::new(&m, &[0], &[vec![14, 10]], 1, settings).expect("it can");
    let mut word = String::new();
    while !run.is_done() {
        word.extend(run.step().actions.iter().map(|a| a.letter()));
        assert!(word.len() < 40, "{word}");
    }
    assert_eq!(word, "FFFFRFFRFFFF");
}

#[test]
fn two_that_meet_pass_each_other() {
    let m = map(&["......", "......"]);
    let settings = Settings { endless: false, ..Settings::default() };
    let list = [vec![5], vec![0]];
    let mut run = Lifelong::new(&m, &[0, 5], &list, 2, settings).expect("it can");
    let mut judge = Judge::new(&m, &[0, 5], &list, 2, false);
    while !run.is_done() {
        assert!(run.state().step < 40);
        let step = run.step();
        judged(&mut judge, &step).expect("clean");
    }
}

/// What the property tests found: what a plan was known to cost to a place that is visited twice in a row, taken for
/// what it costs the second time, left a robot standing there for ever.
#[test]
fn a_place_named_twice_in_a_row_is_visited_twice() {
    let m = map(&["......", "......", "......"]);
    for depth in 3..=4 {
        let list = [vec![5, 5, 5, 17], vec![17, 17, 0, 0]];
        let settings = Settings { endless: false, depth, ..Settings::default() };
        let mut run = Lifelong::new(&m, &[0, 12], &list, 2, settings).expect("it can");
        let mut judge = Judge::new(&m, &[0, 12], &list, 2, false);
        while !run.is_done() {
            assert!(run.state().step < 40);
            judged(&mut judge, &run.step()).expect("clean");
        }
    }
}

/// Two robots without a task stand in a dead end that a third has to go into: it steps aside and lets them out.
#[test]
fn who_stands_in_a_dead_end_is_let_out() {
    let m = map(&["......", "......", "@@.@@@", "@@.@@@", "@@.@@@"]);
    let list = [vec![4, 26]];
    let starts = [5, 20, 26];
    let settings = Settings { endless: false, ..Settings::default() };
    let mut run = Lifelong::new(&m, &starts, &list, 1, settings).expect("it can");
    let mut judge = Judge::new(&m, &starts, &list, 1, false);
    let mut stepped_aside = 0;
    while !run.is_done() {
        assert!(run.state().step < 100, "{:?}", run.state());
        let step = run.step();
        judged(&mut judge, &step).expect("clean");
        stepped_aside += usize::from(!run.state().passing.way.is_empty());
        assert!(step.visits.iter().all(|v| v.agent == 0));
    }
    assert!(stepped_aside > 0);
    assert!(run.pose(0).location == 26 && run.state().passing.way.is_empty());
}

/// Where there is no way past, the run goes on, and nobody leads for ever.
#[test]
fn a_corridor_without_room_is_given_up() {
    let m = map(&["....."]);
    let list = [vec![0, 4], vec![4, 0]];
    let settings = Settings { endless: false, ..Settings::default() };
    let mut run = Lifelong::new(&m, &[0, 4], &list, 2, settings).expect("it can");
    let mut judge = Judge::new(&m, &[0, 4], &list, 2, false);
    let mut leaders = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let step = run.step();
        judged(&mut judge, &step).expect("clean");
        leaders.insert(urgency::leader(run.state()));
    }
    assert!(!run.is_done());
    assert_eq!(leaders.len(), 2);
}

#[test]
fn dead_ends_are_known() {
    let m = map(&["......", "......", "@@.@@@", "@@.@@@", "@@...@"]);
    let floor = Floor::new(&m);
    let branches = branches::Branches::new(&floor);
    let cell = |l: u32| floor.cell_at(l);
    let depths: Vec<u32> = [8, 14, 20, 26, 27, 28].map(|l| branches.depth(cell(l))).to_vec();
    assert_eq!(depths, [0, 1, 2, 3, 4, 5]);
    let leaves = |from: u32, to: u32| branches.must_leave(cell(from), cell(to));
    assert!(leaves(28, 27) && leaves(28, 0) && leaves(14, 0) && leaves(26, 20));
    assert!(!leaves(14, 28) && !leaves(26, 28) && !leaves(0, 28) && !leaves(20, 20));
    let bridges = passing::Bridges::new(&floor);
    assert!(bridges.is(cell(8), 1) && bridges.is(cell(14), 3) && bridges.is(cell(27), 0) && !bridges.is(cell(2), 1));
}

#[test]
fn what_cannot_be_run_is_refused() {
    let m = map(&["..@", "..."]);
    let s = Settings::default();
    let refused = |starts: &[u32], list: &[Vec<u32>], pool| Lifelong::new(&m, starts, list, pool, s).map(|_| ());
    assert_eq!(refused(&[2], &[vec![0]], 1), Err(Refusal::Start { agent: 0, location: 2 }));
    assert_eq!(refused(&[9], &[vec![0]], 1), Err(Refusal::Start { agent: 0, location: 9 }));
    assert_eq!(refused(&[1, 1], &[vec![0]], 1), Err(Refusal::Start { agent: 1, location: 1 }));
    assert_eq!(refused(&[0], &[vec![0], vec![1, 2]], 1), Err(Refusal::Task { task: 1 }));
    assert_eq!(refused(&[0], &[vec![]], 1), Err(Refusal::Task { task: 0 }));
    for (starts, list, pool) in [(vec![], vec![vec![0]], 1), (vec![0], vec![], 1), (vec![0], vec![vec![0]], 0)] {
        assert_eq!(refused(&starts, &list, pool), Err(Refusal::Nothing));
    }
    assert_eq!(refused(&[0], &[vec![5]], 1), Ok(()));
}

/// The judge finds every kind of fault when it is planted in an otherwise clean run.
#[test]
fn planted_faults_are_named() {
    use Action::*;
    let m = map(&["....", ".@..", "...."]);
    let list = [vec![1, 3], vec![11], vec![2]];
    let judge = |starts: &[u32]| Judge::new(&m, starts, &list, 2, false);
    let claim =
        |j: &mut Judge<'_>, taken: &[(u32, u32)], actions: &[Action], visits: &[(u32, u32, u32)]| j.step(Claim { taken, actions, visits });
    assert_eq!(claim(&mut judge(&[0, 2]), &[], &[Wait], &[]), Err(Fault::Count { step: 1, given: 1, agents: 2 }));
    assert_eq!(claim(&mut judge(&[4]), &[], &[Forward], &[]), Err(Fault::Wall { step: 1, agent: 0, row: 1, column: 0 }));
    assert_eq!(claim(&mut judge(&[0, 3]), &[], &[Wait, Forward], &[]), Err(Fault::Wall { step: 1, agent: 1, row: 0, column: 3 }));
    let both = claim(&mut judge(&[0, 1]), &[], &[Forward, Wait], &[]);
    assert_eq!(both, Err(Fault::Shared { step: 1, one: 0, other: 1, row: 0, column: 1 }));
    // Following closely is no fault; going through each other is.
    assert_eq!(claim(&mut judge(&[0, 1]), &[], &[Forward, Forward], &[]), Ok(()));
    let mut j = judge(&[0, 1]);
    assert_eq!(claim(&mut j, &[], &[Wait, Clockwise], &[]), Ok(()));
    assert_eq!(claim(&mut j, &[], &[Wait, Clockwise], &[]), Ok(()));
    assert_eq!(claim(&mut j, &[], &[Forward, Forward], &[]), Err(Fault::Swap { step: 3, one: 0, other: 1 }));
    // Tasks: not offered yet, another's, finished.
    assert_eq!(claim(&mut judge(&[0]), &[(0, 2)], &[Wait], &[]), Err(Fault::NotOffered { step: 1, agent: 0, task: 2 }));
    assert_eq!(claim(&mut judge(&[0]), &[(3, 0)], &[Wait], &[]), Err(Fault::NotOffered { step: 1, agent: 3, task: 0 }));
    let twice = claim(&mut judge(&[0, 3]), &[(0, 0), (1, 0)], &[Wait, Wait], &[]);
    assert_eq!(twice, Err(Fault::NotOffered { step: 1, agent: 1, task: 0 }));
    let mut j = judge(&[0, 11]);
    assert_eq!(claim(&mut j, &[(0, 0), (1, 1)], &[Forward, Wait], &[(0, 0, 1), (1, 1, 1)]), Ok(()));
    assert_eq!(claim(&mut j, &[(1, 1)], &[Wait, Wait], &[]), Err(Fault::NotOffered { step: 2, agent: 1, task: 1 }));
    // A task once begun is not left; one that was not is free to change hands.
    let mut j = judge(&[0, 3]);
    assert_eq!(claim(&mut j, &[(0, 0), (1, 1)], &[Wait, Wait], &[]), Ok(()));
    assert_eq!(claim(&mut j, &[(0, 1), (1, 0)], &[Wait, Wait], &[]), Ok(()));
    assert_eq!(claim(&mut j, &[(0, 0), (1, 1)], &[Forward, Wait], &[(0, 0, 1)]), Ok(()));
    assert_eq!(claim(&mut j, &[(0, 1), (1, 0)], &[Wait, Wait], &[]), Err(Fault::Left { step: 4, agent: 0, task: 0 }));
    // Claims of visits: one too many, one too few, out of order.
    let wrong = |visits: &[(u32, u32, u32)], actions: &[Action]| claim(&mut judge(&[0]), &[(0, 0)], actions, visits);
    assert_eq!(wrong(&[(0, 0, 1)], &[Wait]), Err(Fault::Visit { step: 1, agent: 0, task: 0, visited: 1, seen: false }));
    assert_eq!(wrong(&[], &[Forward]), Err(Fault::Visit { step: 1, agent: 0, task: 0, visited: 1, seen: true }));
    assert!(matches!(wrong(&[(0, 0, 2)], &[Forward]), Err(Fault::Visit { .. })));
    assert_eq!(judge(&[0]).end(1), Err(Fault::Finished { claimed: 1, seen: 0 }));
}
