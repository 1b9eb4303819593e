//! Where a plan may end short of its goal.
//!
//! Robots that meet head-on between two places where they could pass each other are a knot, so nobody may be led into
//! such a stretch without a plan that leads out of it. Bridges – lanes without which the map falls apart – are always
//! such a stretch; around a loop somebody can be driven on. So a plan may end where a way goes on one way only, and at
//! crossings of four ways: at three, tried on offices, robots came too near to each other to pass without going back.
#![allow(clippy::cast_possible_truncation)] // vertices fit u32

use super::roadmap::Road;
use std::collections::{BTreeMap, BTreeSet};

/// Per vertex: may a plan end there? `out` are the lanes that leave each vertex.
pub(super) fn vertices(roads: &[Road], out: &[Vec<u32>]) -> Vec<bool> {
    // Undirected: both ends of each lane, and whether it is driven both ways.
    let mut near: Vec<BTreeMap<u32, bool>> = vec![BTreeMap::new(); out.len()];
    for lanes in out {
        for &l in lanes {
            let r = roads[l as usize];
            let back = out[r.to as usize].iter().any(|b| roads[*b as usize].to == r.from);
            near[r.from as usize].insert(r.to, back);
            near[r.to as usize].insert(r.from, back);
        }
    }
    let bridge = bridges(&near);
    let is_bridge = |a: u32, b: u32| bridge.contains(&(a.min(b), a.max(b)));
    (0..out.len() as u32)
        .map(|v| {
            let around = near[v as usize].iter().filter(|(w, _)| !is_bridge(v, **w));
            let one_way_on = |(w, back): (&u32, &bool)| !back && out[v as usize].iter().any(|l| roads[*l as usize].to == *w);
            around.clone().count() >= 4 || around.clone().any(one_way_on)
        })
        .collect()
}

/// Pairs of neighbours that are connected in no other way (Tarjan's low links, without recursion).
fn bridges(near: &[BTreeMap<u32, bool>]) -> BTreeSet<(u32, u32)> {
    let n = near.len();
    let (mut entered, mut low, mut clock) = (vec![0u32; n], vec![0u32; n], 0);
    let mut found = BTreeSet::new();
    for root in 0..n {
        if entered[root] != 0 {
            continue;
        }
        clock += 1;
        (entered[root], low[root]) = (clock, clock);
        let mut stack = vec![(root, usize::MAX, near[root].keys())];
        while let Some((v, parent, rest)) = stack.last_mut() {
            let (v, parent) = (*v, *parent);
            if let Some(w) = rest.next() {
                let w = *w as usize;
                if w == parent {
                    continue;
                }
                if entered[w] == 0 {
                    clock += 1;
                    (entered[w], low[w]) = (clock, clock);
                    stack.push((w, v, near[w].keys()));
                } else {
                    low[v] = low[v].min(entered[w]);
                }
            } else {
                stack.pop();
                if let Some((p, _, _)) = stack.last() {
                    low[*p] = low[*p].min(low[v]);
                    if low[v] > entered[*p] {
                        found.insert(((*p).min(v) as u32, (*p).max(v) as u32));
                    }
                }
            }
        }
    }
    found
}
