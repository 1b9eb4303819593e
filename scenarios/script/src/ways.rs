//! Which places a robot can reach on its navigation graph, and how far they are. Small and exact: the planner's own
//! routes belong to the site and to dispatch; this only tells whether a demand makes sense.

use nooterra_site::model::Site;
use nooterra_site::{LaneIx, VertexIx};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// What a ride in a lift costs, as millimetres of driving.
const RIDE_MM: u64 = 20_000;

/// Lanes of a site by where they begin.
#[derive(Debug)]
pub struct Ways<'a> {
    site: &'a Site,
    out: Vec<Vec<LaneIx>>,
    into: Vec<Vec<LaneIx>>,
    neighbours: Vec<usize>,
    returns: Vec<bool>,
}

impl<'a> Ways<'a> {
    /// The ways of a site.
    pub fn new(site: &'a Site) -> Self {
        let mut out = vec![Vec::new(); site.vertices.len()];
        let mut into = out.clone();
        for (i, lane) in site.lanes.iter().enumerate() {
            let ix = LaneIx::new(u32::try_from(i).unwrap_or(u32::MAX));
            if lane.from.at() < out.len() && lane.to.at() < into.len() {
                out[lane.from.at()].push(ix);
                into[lane.to.at()].push(ix);
            }
        }
        let neighbours = site.neighbours().iter().map(BTreeSet::len).collect();
        let mut ways = Self { site, out, into, neighbours, returns: vec![false; site.vertices.len()] };
        ways.find_returns();
        ways
    }
    /// On some graph a robot can go from here to another vertex and come back.
    pub fn returns(&self, v: VertexIx) -> bool {
        self.returns.get(v.at()).is_some_and(|r| *r)
    }
    /// Vertices that share a strongly connected part of a graph with another one, in two passes over its lanes: a search
    /// from every vertex would take minutes on the largest maps.
    fn find_returns(&mut self) {
        let n = self.site.vertices.len();
        let ends = |l: &LaneIx| {
            let lane = &self.site.lanes[l.at()];
            (lane.graph_idx, lane.from, lane.to)
        };
        let mut of: BTreeMap<u32, Vec<VertexIx>> = BTreeMap::new();
        for (graph, from, to) in self.out.iter().flatten().map(ends) {
            of.entry(graph).or_default().extend([from, to]);
        }
        let mut returns = vec![false; n];
        let (mut seen, mut part) = (vec![u32::MAX; n], vec![u32::MAX; n]);
        for (graph, vertices) in of {
            // Vertices by when the search over lanes out of them ended.
            let mut ended: Vec<VertexIx> = Vec::new();
            for start in &vertices {
                let mut stack = vec![(*start, 0)];
                while let Some((v, next)) = stack.pop() {
                    if next == 0 && std::mem::replace(&mut seen[v.at()], graph) == graph {
                        continue;
                    }
                    match self.out[v.at()].get(next) {
                        None => ended.push(v),
                        Some(l) => {
                            stack.push((v, next + 1));
                            let (g, _, to) = ends(l);
                            if g == graph && seen[to.at()] != graph {
                                stack.push((to, 0));
                            }
                        }
                    }
                }
            }
            // Backwards from the last one that ended, each search stays within one part.
            while let Some(start) = ended.pop() {
                let (mut stack, mut members) = (vec![start], Vec::new());
                while let Some(v) = stack.pop() {
                    if std::mem::replace(&mut part[v.at()], graph) == graph {
                        continue;
                    }
                    members.push(v);
                    stack.extend(self.into[v.at()].iter().map(ends).filter(|(g, ..)| *g == graph).map(|(_, from, _)| from));
                }
                if members.len() > 1 {
                    members.iter().for_each(|v| returns[v.at()] = true);
                }
            }
        }
        self.returns = returns;
    }
    /// Navigation graphs whose lanes touch a vertex, ascending.
    pub fn graphs_at(&self, v: VertexIx) -> Vec<u32> {
        let lanes = self.out.get(v.at()).into_iter().chain(self.into.get(v.at())).flatten();
        let mut g: Vec<u32> = lanes.map(|l| self.site.lanes[l.at()].graph_idx).collect();
        g.sort_unstable();
        g.dedup();
        g
    }
    fn cost(&self, l: LaneIx) -> u64 {
        let lane = &self.site.lanes[l.at()];
        if lane.ride.is_some() { RIDE_MM } else { lane.length_mm }
    }
    /// Cost from a vertex to every other (or, `back`, from every other to it) on one graph or, without one, on all.
    fn costs(&self, graph: Option<u32>, start: VertexIx, back: bool) -> (Vec<Option<u64>>, Vec<Option<LaneIx>>) {
        let n = self.site.vertices.len();
        let (mut cost, mut by) = (vec![None; n], vec![None; n]);
        if start.at() >= n {
            return (cost, by);
        }
        cost[start.at()] = Some(0u64);
        let mut queue = BinaryHeap::from([Reverse((0u64, start))]);
        while let Some(Reverse((c, v))) = queue.pop() {
            if cost[v.at()] != Some(c) {
                continue;
            }
            for l in if back { &self.into[v.at()] } else { &self.out[v.at()] } {
                let lane = &self.site.lanes[l.at()];
                if graph.is_some_and(|g| g != lane.graph_idx) {
                    continue;
                }
                let next = if back { lane.from } else { lane.to };
                let d = c + self.cost(*l);
                if cost[next.at()].is_none_or(|old| d < old) {
                    cost[next.at()] = Some(d);
                    by[next.at()] = Some(*l);
                    queue.push(Reverse((d, next)));
                }
            }
        }
        (cost, by)
    }
    /// Cost in millimetres from a vertex to every other on a graph.
    pub fn distances(&self, graph: u32, start: VertexIx) -> Vec<Option<u64>> {
        self.costs(Some(graph), start, false).0
    }
    /// For every vertex: can a robot that starts at `home` go there on this graph and come back?
    pub fn range(&self, graph: u32, home: VertexIx) -> Vec<bool> {
        let there = self.costs(Some(graph), home, false).0;
        let back = self.costs(Some(graph), home, true).0;
        there.iter().zip(&back).map(|(a, b)| a.is_some() && b.is_some()).collect()
    }
    /// The graph on which a robot that starts here gets furthest (the lowest number among equals), and its range.
    pub fn best_graph(&self, home: VertexIx) -> Option<(u32, Vec<bool>)> {
        let mut best: Option<(u32, Vec<bool>, usize)> = None;
        for g in self.graphs_at(home) {
            let range = self.range(g, home);
            let size = range.iter().filter(|r| **r).count();
            if best.as_ref().is_none_or(|(.., n)| size > *n) {
                best = Some((g, range, size));
            }
        }
        best.map(|(g, r, _)| (g, r))
    }
    /// Lanes of the shortest way between two vertices over all graphs.
    pub fn path(&self, from: VertexIx, to: VertexIx) -> Option<Vec<LaneIx>> {
        let (_, by) = self.costs(None, from, false);
        let (mut at, mut lanes) = (to, Vec::new());
        while at != from {
            let l = (*by.get(at.at())?)?;
            lanes.push(l);
            at = self.site.lanes[l.at()].from;
        }
        lanes.reverse();
        Some(lanes)
    }
    /// Lanes end here: they lead to and from one other vertex only.
    pub fn is_end(&self, v: VertexIx) -> bool {
        self.neighbours(v) == 1
    }
    /// Other vertices to or from which lanes lead: how many.
    pub fn neighbours(&self, v: VertexIx) -> usize {
        self.neighbours.get(v.at()).copied().unwrap_or(0)
    }
    /// Lanes that leave a vertex.
    pub fn leaving(&self, v: VertexIx) -> &[LaneIx] {
        self.out.get(v.at()).map_or(&[], Vec::as_slice)
    }
}
