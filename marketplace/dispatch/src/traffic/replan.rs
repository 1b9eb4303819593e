//! From the state to the planner and back: which moves stay in force, where robots with a choice go, what is new.

use super::plan::{Actor, Kept, Planner, Unserved};
use super::{Goal, RoadMap, Step, Traffic, WaitCause};
use nooterra_engine::ids::RobotId;
use nooterra_engine::{Instant, Span};
use nooterra_site::{LaneIx, VertexIx};
use std::collections::{BTreeMap, BTreeSet};

/// A place to park at where somebody stands at present is as good as one that is further away by this much.
const OCCUPIED_MS: u64 = 120_000;

/// A robot that gets no nearer to its goal for so long, though it is the most urgent one, is led there whatever it costs.
const FIRM: Span = Span::from_secs(180);

/// Who is at work is expected to need at least this long.
const STAY_LEAST_MS: u64 = 2_000;

/// Robots in a row that one urgent robot may hurry along; robots that want each other's places end here too.
const HEIRS: u32 = 8;

/// How much a robot's way matters; the least goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Urgency {
    parks: bool,
    rank: i128,
    /// Steps of inheritance left: who clears a place goes before whoever waits for it.
    heirs: u32,
    id: RobotId,
}

/// The robots by urgency, where whoever stands on the place that another wants is as urgent as that one, and before it:
/// otherwise the one would wait in the other's way out, for ever.
fn inherit(map: &RoadMap, actors: &[Actor], mut ranked: Vec<(Urgency, usize)>) -> Vec<usize> {
    loop {
        let mut raised = false;
        for k in 0..ranked.len() {
            let (own, i) = ranked[k];
            let me = &actors[i];
            let wants_mine = |(u, j): &&(Urgency, usize)| {
                let other = &actors[*j];
                *j != i && *u < own && other.goal.is_some_and(|g| map.conflict(other.class, g, me.class, me.start))
            };
            if let Some((u, _)) = ranked.iter().filter(wants_mine).min()
                && u.heirs > 0
            {
                ranked[k].0 = Urgency { heirs: u.heirs - 1, id: own.id, ..*u };
                raised = true;
            }
        }
        if !raised {
            ranked.sort_unstable();
            return ranked.into_iter().map(|(_, i)| i).collect();
        }
    }
}

impl Traffic {
    /// Which vertex each robot with a choice goes to: in the order of ids, the nearest that nobody else stands on or goes to.
    fn resolve(&mut self, map: &RoadMap) {
        let mut taken: BTreeMap<VertexIx, (RobotId, u32)> = BTreeMap::new();
        for (id, b) in &mut self.bots {
            b.target = match &b.goal {
                Goal::Vertex(v) => Some(*v),
                _ => None,
            };
            if let Some(v) = b.target {
                taken.insert(v, (*id, b.class));
            }
            if b.halted {
                taken.insert(b.at, (*id, b.class));
            }
        }
        // Whoever stands on a place of its choice keeps it.
        let parked: Vec<(RobotId, VertexIx, u32)> = self
            .bots
            .iter()
            .filter(|(_, b)| matches!(&b.goal, Goal::AnyOf { places } if places.contains(&b.committed(map))))
            .map(|(id, b)| (*id, b.committed(map), b.class))
            .collect();
        for (id, v, class) in parked {
            if is_free(map, &taken, id, class, v) {
                taken.insert(v, (id, class));
                if let Some(b) = self.bots.get_mut(&id) {
                    b.target = Some(v);
                }
            }
        }
        // Where somebody stands who has to wait, it may take long until the place is free.
        let stand: Vec<(RobotId, VertexIx, u32)> =
            self.bots.iter().filter(|(_, b)| b.steps.is_empty()).map(|(id, b)| (*id, b.at, b.class)).collect();
        let occupied = |id: RobotId, class: u32, v: VertexIx| {
            stand.iter().any(|(by, at, c)| *by != id && (*at == v || map.vertices_conflict(class, v, *c, *at)))
        };
        let ids: Vec<RobotId> = self.bots.keys().copied().collect();
        for id in ids {
            let b = &self.bots[&id];
            let Goal::AnyOf { places: list } = &b.goal else { continue };
            if b.target.is_some() {
                continue;
            }
            let from = b.committed(map);
            let near = list
                .iter()
                .filter(|v| is_free(map, &taken, id, b.class, **v))
                .filter_map(|v| b.left_ms(map, from, *v).map(|d| (d + if occupied(id, b.class, *v) { OCCUPIED_MS } else { 0 }, *v)))
                .min();
            if let Some((_, v)) = near {
                taken.insert(v, (id, b.class));
                if let Some(b) = self.bots.get_mut(&id) {
                    b.target = Some(v);
                }
            }
        }
    }

    /// Which steps stay in force: the released ones, and what the guarded move waits for.
    fn keep(&mut self, map: &RoadMap) {
        let mut kept: Vec<(RobotId, u32, u64, LaneIx)> = Vec::new();
        if let Some(guard) = self.guard {
            let mut all: Vec<(u64, RobotId, u32, LaneIx)> = Vec::new();
            for (id, b) in &self.bots {
                all.extend(b.steps.iter().filter(|s| s.seq <= guard).map(|s| (s.seq, *id, b.class, s.lane)));
            }
            all.sort_unstable();
            if all.last().is_none_or(|l| l.0 != guard) {
                self.guard = None;
                all.clear();
            }
            for (seq, id, class, lane) in all.into_iter().rev() {
                let needed =
                    seq == guard || kept.iter().any(|k| k.0 == id || map.conflict(class, map.lane_res(lane.ix), k.1, map.lane_res(k.3.ix)));
                if needed {
                    kept.push((id, class, seq, lane));
                }
            }
        }
        let kept: BTreeSet<u64> = kept.into_iter().map(|k| k.2).collect();
        for b in self.bots.values_mut() {
            b.steps.retain(|s| s.released || kept.contains(&s.seq));
        }
    }

    pub(super) fn replan(&mut self, map: &RoadMap, now: Instant) {
        self.dirty = false;
        self.planned = now;
        self.plans += 1;
        self.keep(map);
        self.resolve(map);
        let ids: Vec<RobotId> = self.bots.keys().copied().collect();
        let (kept, ready) = self.estimate(map, &ids, now);
        let mut actors: Vec<Actor> = ids.iter().map(|id| self.actor(map, *id, now)).collect();
        for i in 0..actors.len() {
            for j in 0..actors.len() {
                let (a, b) = (&actors[i], &actors[j]);
                let close = |r: &u32| map.conflict(a.class, a.start, b.class, *r);
                if i != j
                    && let Some(r) = b.places().into_iter().find(close)
                {
                    actors[i].tight.push((j as u32, r));
                }
            }
        }
        let mut shut = vec![false; map.lanes()];
        for l in self.closed.iter().filter(|l| l.at() < map.lanes()) {
            shut[l.at()] = true;
        }
        let wants = |i: &usize| {
            let a = &actors[*i];
            // Whoever comes to stand at its place of work keeps its right to it; whoever is parked does not.
            a.movable() && a.goal.is_some_and(|g| g != a.start || matches!(self.bots[&ids[*i]].goal, Goal::Vertex(_)))
        };
        let ranked: Vec<usize> = (0..ids.len()).filter(wants).collect();
        // Robots that go to work come before robots that go to park.
        let urgency = |i: &usize| {
            let b = &self.bots[&ids[*i]];
            Urgency { parks: !matches!(b.goal, Goal::Vertex(_)), rank: b.rank(), heirs: HEIRS, id: ids[*i] }
        };
        let ranked = ranked.iter().map(|i| (urgency(i), *i)).collect();
        let ranked = inherit(map, &actors, ranked);
        let tables = vec![None; actors.len()];
        let plan = Planner { map, actors: &mut actors, kept, ready, shut: &shut, ranked, tables }.plan();
        self.joint_plans += u64::from(plan.joint);
        for b in self.bots.values_mut() {
            b.why_not = None;
        }
        for (i, m) in plan.moves.iter().enumerate() {
            self.last_seq += 1;
            if plan.guard == Some(i) {
                self.guard = Some(self.last_seq);
            }
            let step = Step { seq: self.last_seq, lane: LaneIx::new(m.lane), released: false, ends: now + Span::from_millis(m.arrive) };
            if let Some(b) = self.bots.get_mut(&ids[m.robot]) {
                b.steps.push(step);
            }
        }
        for (i, why) in plan.unserved {
            if let Some(b) = self.bots.get_mut(&ids[i]) {
                b.why_not = Some(match why {
                    Unserved::NoRoute => WaitCause::NoRoute,
                    Unserved::Later => WaitCause::Turn,
                });
            }
        }
    }

    fn actor(&self, map: &RoadMap, id: RobotId, now: Instant) -> Actor {
        let b = &self.bots[&id];
        let closed = |l: LaneIx| self.closed.contains(&l) || map.is_shut(b.class, l, &b.barred);
        let shut = (!b.barred.is_empty()).then(|| (0..map.lanes() as u32).map(|l| closed(LaneIx::new(l))).collect());
        let dead = b.halted.then(|| std::iter::once(b.at.ix).chain(b.steps.iter().map(|s| map.lane_res(s.lane.ix))).collect());
        let pinned = b.pinned();
        // Who is behind its time is expected to need half as long again as it is late.
        let gone = if pinned { now.since(b.moved).0 / 1_000_000 } else { 0 };
        let left = self.stay_ms.saturating_sub(gone).max(gone.saturating_sub(self.stay_ms) / 2).max(STAY_LEAST_MS);
        Actor {
            class: b.class,
            start: b.committed_all(map).ix,
            goal: b.target.map(|v| v.ix),
            pinned,
            work_ms: matches!(b.goal, Goal::Vertex(_)).then_some(left),
            dead,
            stalled: self.guard.is_none() && now.since(b.nearest_at) >= FIRM,
            tight: Vec::new(),
            shut,
        }
    }

    /// The kept moves in order, with the times at which they should end, and when each robot is through with its own.
    fn estimate(&self, map: &RoadMap, ids: &[RobotId], now: Instant) -> (Vec<Kept>, Vec<u64>) {
        let mut all: Vec<(u64, usize, LaneIx, bool)> = Vec::new();
        for (i, id) in ids.iter().enumerate() {
            let b = &self.bots[id];
            if !b.halted {
                all.extend(b.steps.iter().enumerate().map(|(n, s)| (s.seq, i, s.lane, n == 0 && s.released)));
            }
        }
        all.sort_unstable();
        let mut kept: Vec<Kept> = Vec::with_capacity(all.len());
        let mut ready = vec![0; ids.len()];
        for (_, i, lane, under_way) in all {
            let b = &self.bots[&ids[i]];
            let res = map.lane_res(lane.ix);
            let full = map.lane_ms(b.class, lane);
            let (starts, ms) = if under_way {
                // A robot behind its time is expected to need half as long again as it is late.
                let gone = now.since(b.moved).0 / 1_000_000;
                (0, full.saturating_sub(gone).max(gone.saturating_sub(full) / 2).max(500))
            } else {
                let before = kept.iter().filter(|k| {
                    let other = &self.bots[&ids[k.robot as usize]];
                    map.conflict(b.class, res, other.class, map.lane_res(k.lane))
                });
                (before.map(|k| k.ends).fold(ready[i], u64::max), full)
            };
            ready[i] = starts + ms;
            kept.push(Kept { robot: i as u32, lane: lane.ix, ends: starts + ms });
        }
        (kept, ready)
    }
}

fn is_free(map: &RoadMap, taken: &BTreeMap<VertexIx, (RobotId, u32)>, id: RobotId, class: u32, v: VertexIx) -> bool {
    !taken.iter().any(|(t, (by, c))| *by != id && (*t == v || map.vertices_conflict(class, v, *c, *t)))
}
