//! Costs to goals and the choice of tasks, held against a plain search.

use super::super::choose::Chooser;
use super::super::field::{FAR, STEP, Table};
use super::super::fields::Fields;
use super::super::floor::{Floor, NONE};
use super::super::plan;
use super::super::search::Search;
use super::random_grid;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Costs are those of a plain search ahead, everywhere and near a way.
    #[test]
    fn costs_are_true((w, h, blocked, seed) in (1u32..12, 1u32..12, 0u32..50, any::<u64>()), tolled in any::<bool>()) {
        let m = random_grid(w, h, blocked, seed, false);
        let floor = Floor::new(&m);
        let tolls: Vec<u8> = if tolled { (0..4 * floor.cells() as u64).map(|k| (plan::mixed(seed ^ k) % 13) as u8).collect() } else { Vec::new() };
        let goal = (seed % floor.cells() as u64) as u32;
        let want = by_relaxing(&floor, &tolls, goal);
        let (mut search, mut field) = (Search::new(&floor, &tolls), Table::default());
        search.everywhere(goal, &mut field);
        for (c, four) in (0u32..).zip(&want) {
            for h in 0..4u8 {
                prop_assert_eq!(field.at(c, h), four[h as usize]);
            }
            prop_assert_eq!(field.least(c), *four.iter().min().expect("four"));
        }
    }

    /// By way of relays costs may be more, never less, and who follows them arrives: from everywhere, whichever relay was
    /// chosen, an action leads to where they are less by what the action costs.
    #[test]
    fn costs_by_relays_lead_there((w, h, blocked, seed) in (1u32..24, 1u32..24, 0u32..50, any::<u64>()), room in 0usize..24) {
        let m = random_grid(w, h, blocked, seed, false);
        let floor = Floor::new(&m);
        let tolls: Vec<u8> = (0..4 * floor.cells() as u64).map(|k| (plan::mixed(seed ^ k) % 13) as u8).collect();
        let goal = (seed % floor.cells() as u64) as u32;
        let from = (plan::mixed(seed) % floor.cells() as u64) as u32;
        let want = by_relaxing(&floor, &tolls, goal);
        let mut search = Search::new(&floor, &tolls);
        let mut fields = Fields::new(&floor, &[vec![from]], 1, &mut search, 4 * floor.cells() * room);
        fields.prepare(&floor, &mut search, 0, from, (goal, NONE), &mut (NONE, NONE));
        let costs = fields.of(0, goal);
        for (c, four) in (0u32..).zip(&want) {
            for h in 0..4u8 {
                let cost = costs.at(&floor, c, h);
                prop_assert!(cost >= four[h as usize] && (cost < FAR) == (four[h as usize] < FAR), "{cost} and {four:?}");
                if cost == 0 || cost >= FAR {
                    prop_assert_eq!(cost == 0, c == goal);
                    continue;
                }
                let ahead = floor.ahead(c, h);
                let on = ahead != NONE && costs.at(&floor, ahead, h) + STEP + u32::from(tolls[4 * c as usize + h as usize]) <= cost;
                prop_assert!(on || [1, 3].iter().any(|t| costs.at(&floor, c, (h + t) % 4) + STEP <= cost));
            }
        }
    }

    /// The offer taken is the best there is.
    #[test]
    fn the_nearest_is_taken((w, h, blocked, seed) in (1u32..12, 1u32..12, 0u32..40, any::<u64>()), (offers, below) in (0usize..12, 0u32..60)) {
        let m = random_grid(w, h, blocked, seed, false);
        let floor = Floor::new(&m);
        let at = |k: u64| (plan::mixed(seed ^ k) % floor.cells() as u64) as u32;
        let mut chooser = Chooser::new(&floor, offers.max(1));
        let firsts: Vec<u32> = (0..offers as u64).map(at).collect();
        (0u32..).zip(&firsts).for_each(|(slot, c)| chooser.add(slot, *c));
        if offers > 2 {
            chooser.remove(1, firsts[1]);
        }
        let length = |slot: u32| (plan::mixed(u64::from(slot) ^ seed) % 20) as u32;
        let (cell, heading) = (at(99), (seed % 4) as u8);
        let (mut search, mut field) = (Search::new(&floor, &[]), Table::default());
        let mut best = below;
        for (slot, c) in (0u32..).zip(&firsts).filter(|(s, _)| offers <= 2 || *s != 1) {
            search.everywhere(*c, &mut field);
            let far = field.at(cell, heading);
            if far < FAR {
                best = best.min(far / STEP + length(slot));
            }
        }
        let found = chooser.nearest(&floor, cell, heading, below, length);
        match found {
            None => prop_assert_eq!(best, below),
            Some(slot) => {
                search.everywhere(firsts[slot as usize], &mut field);
                prop_assert_eq!(field.at(cell, heading) / STEP + length(slot), best);
            }
        }
    }
}

/// Costs of every cell and heading, by going over all of them until nothing changes.
fn by_relaxing(floor: &Floor, tolls: &[u8], goal: u32) -> Vec<[u32; 4]> {
    let mut cost = vec![[FAR; 4]; floor.cells()];
    cost[goal as usize] = [0; 4];
    let mut changed = true;
    while changed {
        changed = false;
        for c in 0..floor.cells() as u32 {
            for h in 0..4u8 {
                let ahead = floor.ahead(c, h);
                let toll = tolls.get(4 * c as usize + h as usize).copied().map_or(0, u32::from);
                let on = if ahead == NONE { FAR } else { cost[ahead as usize][h as usize] + STEP + toll };
                let turn = cost[c as usize][(h as usize + 1) % 4].min(cost[c as usize][(h as usize + 3) % 4]) + STEP;
                let best = on.min(turn);
                if best < cost[c as usize][h as usize] {
                    cost[c as usize][h as usize] = best;
                    changed = true;
                }
            }
        }
    }
    cost
}
