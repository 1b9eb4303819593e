//! From the ways of all robots to one order of moves, in which each move finds every other robot out of its way.

use super::attempt::Attempt;
use super::plan::{NewMove, Plan, Planner, Unserved};

impl Planner<'_> {
    /// The moves in their order, up to those that would meet somebody: what a plan does not say beyond its window, and
    /// robots that work where others shall work next, stop whoever comes after.
    pub(super) fn finish(&self, mut plan: Plan, attempt: Attempt, goals: &[usize], knot: &[(usize, u32)], guarded: Option<usize>) -> Plan {
        let joint_kept = &self.kept[self.kept.len() - knot.len()..];
        plan.moves = joint_kept.iter().map(|k| NewMove { robot: k.robot as usize, lane: k.lane, arrive: k.ends }).collect();
        plan.guard = plan.moves.len().checked_sub(1);
        let mut legs: Vec<(u64, usize, NewMove)> = Vec::new();
        for (place, &robot) in attempt.order.iter().enumerate() {
            let moves = attempt.ways[robot].iter().map(|l| (l.depart, place, NewMove { robot, lane: l.lane, arrive: l.arrive }));
            legs.extend(moves);
        }
        legs.sort_unstable_by_key(|(depart, place, m)| (*depart, *place, m.arrive));
        let mut at: Vec<u32> = self.actors.iter().map(|a| a.start).collect();
        let mut stopped = vec![false; at.len()];
        for (_, _, m) in legs {
            stopped[m.robot] = stopped[m.robot] || self.meets(&attempt, &at, m);
            if stopped[m.robot] {
                continue;
            }
            at[m.robot] = self.map.roads[m.lane as usize].to;
            if guarded == Some(m.robot) {
                plan.guard = Some(plan.moves.len());
            }
            plan.moves.push(m);
        }
        let waits = |i: usize| at[i] == self.actors[i].start && self.actors[i].goal != Some(at[i]);
        for &i in goals {
            if !attempt.served[i] || waits(i) {
                plan.unserved.push((i, Unserved::Later));
            }
        }
        plan
    }

    /// With everybody at these places: would this move meet somebody, or come between a robot at work and its way out?
    fn meets(&self, attempt: &Attempt, at: &[u32], m: NewMove) -> bool {
        let (me, lane) = (&self.actors[m.robot], self.map.lane_res(m.lane));
        let aims = attempt.served[m.robot] && me.work_ms.is_some();
        self.actors.iter().enumerate().filter(|(j, _)| *j != m.robot).any(|(j, other)| {
            let apart = at[m.robot] == me.start && at[j] == other.start && me.is_tight(j);
            let stands = |p: u32| self.map.conflict(me.class, lane, other.class, p);
            if let Some(places) = &other.dead {
                return !apart && places.iter().any(|p| stands(*p));
            }
            let shares = |g: u32| self.map.conflict(me.class, g, other.class, at[j]);
            let works = other.work_ms.is_some() && other.goal == Some(at[j]) && aims && me.goal.is_some_and(shares);
            !apart && stands(at[j]) || works && self.map.out(other.class, at[j]).iter().any(|l| stands(self.map.lane_res(*l)))
        })
    }
}
