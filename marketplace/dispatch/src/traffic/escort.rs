//! A crowd makes way: one robot drives straight to its goal, and whoever is in front of it steps aside, pushing others.
//!
//! Quick and often enough where places are many and robots too; it never leads the robot back, so knots in narrow
//! corridors are left to [`super::joint`].

use super::joint::Ground;

/// Most robots in one chain of pushes.
const CHAIN: usize = 40;
/// Most moves in all.
const MOVES: usize = 600;

struct Crowd<'a, 'b> {
    ground: &'a Ground<'b>,
    at: Vec<u32>,
    moves: Vec<(usize, u32)>,
    /// Robots and lanes of the present chain, the pusher first.
    chain: Vec<(usize, u32)>,
    tried: Vec<bool>,
    /// Lanes that the first robot still has before it.
    path: Vec<u32>,
    top: usize,
}

impl Ground<'_> {
    /// Moves, in order, that bring `top` to `goal` along ever shorter distances.
    pub(crate) fn escort(&self, top: usize, goal: u32, dist: &[u32]) -> Option<Vec<(usize, u32)>> {
        let n = self.actors.len();
        if self.actors.iter().any(|a| !a.tight.is_empty()) {
            return None;
        }
        let at = self.actors.iter().map(|a| a.start).collect();
        let mut c = Crowd { ground: self, at, moves: Vec::new(), chain: Vec::new(), tried: vec![false; n], path: Vec::new(), top };
        while c.at[top] != goal {
            let v = c.at[top];
            let shut = self.actors[top].shut_of(self.shut);
            c.path = self.map.descend(self.actors[top].class, (v, goal), dist, shut).collect();
            let mut lanes: Vec<u32> = self.map.out(self.actors[top].class, v).to_vec();
            lanes.retain(|l| !shut[*l as usize] && dist[self.map.roads[*l as usize].to as usize] < dist[v as usize]);
            lanes.sort_by_key(|l| {
                (dist[self.map.roads[*l as usize].to as usize].saturating_add(self.map.ms(self.actors[top].class, *l)), *l)
            });
            let went = lanes.into_iter().any(|l| {
                c.tried.fill(false);
                c.tried[top] = true;
                c.drive(top, l)
            });
            if !went || c.moves.len() > MOVES {
                return None;
            }
        }
        Some(c.moves)
    }
}

impl Crowd<'_, '_> {
    /// Clears a lane for a robot and moves it there; nothing changes if that is not possible.
    fn drive(&mut self, robot: usize, lane: u32) -> bool {
        let g = self.ground;
        let (map, class, res) = (g.map, g.actors[robot].class, g.map.lane_res(lane));
        let mut front = Vec::new();
        for (i, other) in g.actors.iter().enumerate() {
            if i == robot {
                continue;
            }
            let places = if other.dead.is_some() { other.places() } else { vec![self.at[i]] };
            if places.into_iter().any(|p| map.conflict(class, res, other.class, p)) {
                if !other.movable() || self.tried[i] {
                    return false;
                }
                front.push(i);
            }
        }
        if self.chain.len() >= CHAIN {
            return false;
        }
        let mark = self.moves.len();
        self.chain.push((robot, lane));
        let cleared = front.into_iter().all(|i| self.step_aside(i));
        self.chain.pop();
        if !cleared {
            for (i, l) in self.moves.drain(mark..).rev() {
                self.at[i] = map.roads[l as usize].from;
            }
            return false;
        }
        self.moves.push((robot, lane));
        self.at[robot] = map.roads[lane as usize].to;
        true
    }

    fn step_aside(&mut self, robot: usize) -> bool {
        let g = self.ground;
        let (map, me) = (g.map, &g.actors[robot]);
        if self.tried[robot] {
            // It stepped aside already, for another of the chain: then it must not stand in the way still.
            return self.chain.iter().all(|(r, l)| !map.conflict(g.actors[*r].class, map.lane_res(*l), me.class, self.at[robot]));
        }
        self.tried[robot] = true;
        let top_class = g.actors[self.top].class;
        let home = me.goal.map(|goal| map.toward(me.class, goal));
        let mut lanes: Vec<(bool, bool, u32, u32)> = Vec::new();
        for &lane in map.out(me.class, self.at[robot]) {
            let to = map.roads[lane as usize].to;
            let in_front = |(r, l): &(usize, u32)| map.conflict(g.actors[*r].class, map.lane_res(*l), me.class, to);
            let lost = home.as_ref().is_some_and(|h| h[to as usize] == u32::MAX) || map.out(me.class, to).is_empty();
            if me.shut_of(g.shut)[lane as usize] || lost || self.chain.iter().any(in_front) {
                continue;
            }
            let on_path = self.path.iter().any(|l| map.conflict(top_class, map.lane_res(*l), me.class, to));
            let taken =
                (0..g.actors.len()).any(|i| i != robot && map.conflict(me.class, map.lane_res(lane), g.actors[i].class, self.at[i]));
            lanes.push((taken, on_path, home.as_ref().map_or(0, |h| h[to as usize]), lane));
        }
        lanes.sort_unstable();
        lanes.into_iter().any(|(_, _, _, lane)| self.drive(robot, lane))
    }
}
