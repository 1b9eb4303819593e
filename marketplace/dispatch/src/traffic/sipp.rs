//! One robot's quickest way through what others have booked: safe-interval path planning.
//!
//! A booking is an interval in which a resource is held; it blocks every conflicting resource. The search moves over
//! pairs of a vertex and one of its free intervals, so it is exact in continuous time.

use super::roadmap::{FAR, NO_ROUTE, Res, RoadMap};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A drive over one lane, in milliseconds of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leg {
    pub lane: u32,
    pub depart: u64,
    pub arrive: u64,
}

#[derive(Debug, Clone, Copy)]
struct Hold {
    from: u64,
    to: u64,
    robot: u32,
    /// It stands where it stood when planning began.
    initial: bool,
    /// Until when it keeps out whoever comes to work there after it.
    follower: u64,
}

/// All bookings, by class of the robot that they block and resource.
#[derive(Debug, Clone)]
pub(crate) struct Bookings {
    present: Vec<bool>,
    resources: usize,
    /// Last booking of each list in `pool`, [`NONE`] if it has none.
    last: Vec<u32>,
    /// Bookings with the one before in the same list: all in one piece, so that a copy of everything is cheap.
    pool: Vec<(Hold, u32)>,
}

impl Bookings {
    pub(crate) fn new(map: &RoadMap, classes: impl Iterator<Item = u32>) -> Self {
        let mut present = vec![false; map.classes.len()];
        for c in classes {
            present[c as usize] = true;
        }
        Self { resources: map.resources(), last: vec![NONE; map.classes.len() * map.resources()], pool: Vec::new(), present }
    }
    /// Books a resource for a robot of a class over an interval; `initial` if it stood there when planning began.
    pub(crate) fn hold(&mut self, map: &RoadMap, (robot, class): (u32, u32), res: Res, (from, to): (u64, u64), initial: bool) {
        if from < to {
            self.put(map, class, res, Hold { from, to, robot, initial, follower: to });
        }
    }
    /// Bookings that block a resource for robots of a class, in no order.
    fn of(&self, class: u32, res: Res) -> impl Iterator<Item = &Hold> {
        let mut at = self.last[class as usize * self.resources + res as usize];
        std::iter::from_fn(move || {
            let (hold, before) = self.pool.get(at as usize)?;
            at = *before;
            Some(hold)
        })
    }
    fn put(&mut self, map: &RoadMap, class: u32, res: Res, hold: Hold) {
        for c in 0..map.classes.len() {
            if self.present[c] {
                for &r in map.around(class, res, c as u32) {
                    let last = &mut self.last[c * self.resources + r as usize];
                    self.pool.push((hold, *last));
                    *last = self.pool.len() as u32 - 1;
                }
            }
        }
    }
    /// Books the place where a robot works from an instant on: for good, except for whoever comes to work there next.
    /// That one finds it free, and the way out of it, once the robot has gone.
    pub(crate) fn hold_stay(&mut self, map: &RoadMap, (robot, class): (u32, u32), place: u32, from: u64, stay: Stay, initial: bool) {
        self.put(map, class, place, Hold { from, to: FAR, robot, initial, follower: stay.until });
        for &lane in map.out(class, place) {
            self.put(map, class, map.lane_res(lane), Hold { from, to: 0, robot, initial: false, follower: stay.gone });
        }
    }
    /// Takes back a robot's standing for good where it began.
    pub(crate) fn unhold(&mut self, map: &RoadMap, robot: u32, class: u32, res: Res) {
        for c in 0..map.classes.len() {
            if self.present[c] {
                for &r in map.around(class, res, c as u32) {
                    // Whoever is kept stands in the list of the next that is.
                    let list = c * self.resources + r as usize;
                    let (mut at, mut after) = (self.last[list], NONE);
                    while at != NONE {
                        let (h, before) = self.pool[at as usize];
                        if h.robot != robot || !h.initial || h.to != FAR {
                            after = at;
                        } else if after == NONE {
                            self.last[list] = before;
                        } else {
                            self.pool[after as usize].1 = before;
                        }
                        at = before;
                    }
                }
            }
        }
    }
    /// Books a robot's whole way: standing, driving, and standing at its end.
    pub(crate) fn hold_way(&mut self, map: &RoadMap, (robot, class): (u32, u32), start: u32, legs: &[Leg], end: End) {
        let (mut at, mut since, mut initial) = (start, 0, true);
        for leg in legs {
            self.hold(map, (robot, class), at, (since, leg.depart), initial);
            self.hold(map, (robot, class), map.lane_res(leg.lane), (leg.depart, leg.arrive), false);
            (at, since, initial) = (map.roads[leg.lane as usize].to, leg.arrive, false);
        }
        match end {
            End::ForGood => self.hold(map, (robot, class), at, (since, FAR), initial),
            End::Until(until) => self.hold(map, (robot, class), at, (since, until), initial),
            End::Work(stay) => self.hold_stay(map, (robot, class), at, since, stay, initial),
        }
    }
}

/// What comes after a way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// It stays.
    ForGood,
    /// It will go on, nobody has planned yet where to.
    Until(u64),
    /// It works there.
    Work(Stay),
}

/// How long a robot works at a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stay {
    /// It leaves then.
    until: u64,
    /// It is out of the way then.
    pub gone: u64,
}

impl Stay {
    pub(crate) fn new(map: &RoadMap, class: u32, place: u32, until: u64) -> Self {
        let out = map.out(class, place).iter().map(|l| u64::from(map.ms(class, *l))).max().unwrap_or(0);
        Self { until, gone: until + out }
    }
}

/// Where a search may end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim<'a> {
    /// At this vertex, for good; the table has the distances to it. Where the window ends short of it, on the way there.
    At(u32, &'a [u32]),
    /// Anywhere that stays free for good, rather nearer to the vertex that this table leads to.
    Anywhere(Option<&'a [u32]>),
}

/// The searching robot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seeker<'a> {
    pub robot: u32,
    pub class: u32,
    pub start: u32,
    pub ready: u64,
    /// Robots that stood too close when planning began, with their places.
    pub tight: &'a [(u32, Res)],
    /// Lanes that nobody may take.
    pub shut: &'a [bool],
    /// Vertices that others want to go to: no places to wait at. Empty for none.
    pub wanted: &'a [bool],
    /// Robots that work where it shall work too, and before it.
    pub follows: &'a [u32],
    /// Nobody is planned for beyond this instant where that cannot lead into a knot.
    pub window: u64,
}

/// Waiting where one may not stay for good costs as much as driving for this long.
const PASSING_MS: u64 = 20_000;

/// Waiting where somebody else has to come to work costs as much as driving for this long.
const WANTED_MS: u64 = 60_000;

impl Seeker<'_> {
    /// What it costs to stay at a vertex for good.
    pub(crate) fn rest_cost_ms(&self, map: &RoadMap, vertex: u32) -> u64 {
        let wanted = self.wanted.get(vertex as usize).is_some_and(|w| *w);
        map.rest_cost_ms[vertex as usize] + if wanted { WANTED_MS } else { 0 }
    }
}

#[derive(Debug, Clone, Copy)]
struct Node {
    vertex: u32,
    /// Which of the free intervals that were looked at, and its end.
    span: u32,
    free_to: u64,
    time: u64,
    parent: u32,
    leg: Leg,
}

const NONE: u32 = u32::MAX;
/// Give up beyond this many labels: far more than any site that keeps distance tables needs.
const LABELS: usize = 200_000;

impl Bookings {
    /// Does driving `lane` from its start bring the seeker no closer to a robot that is already too close?
    fn leaves(map: &RoadMap, lane: u32, start: u32, other: Res) -> bool {
        let gap = |r: Res| map.shapes[r as usize].gap_m(&map.shapes[other as usize]).unwrap_or(f64::INFINITY);
        let road = map.roads[lane as usize];
        road.from == start && gap(map.lane_res(lane)) >= gap(start) - 1e-6 && gap(road.to) > gap(start)
    }
    fn ignored(map: &RoadMap, me: &Seeker<'_>, res: Res, hold: &Hold) -> bool {
        if hold.robot == me.robot {
            return true;
        }
        if !hold.initial || me.tight.is_empty() {
            return false;
        }
        let Some((_, place)) = me.tight.iter().find(|(r, _)| *r == hold.robot) else { return false };
        res == me.start || (res as usize >= map.vertices && Self::leaves(map, res - map.vertices as u32, me.start, *place))
    }
    /// Free intervals of a resource for the seeker, ascending.
    fn free(&self, map: &RoadMap, me: &Seeker<'_>, res: Res, held: &mut Vec<(u64, u64)>, out: &mut Vec<(u64, u64)>) {
        let of_others = self.of(me.class, res).filter(|h| !Self::ignored(map, me, res, h));
        let spans = of_others.map(|h| (h.from, if me.follows.contains(&h.robot) { h.follower } else { h.to }));
        held.clear();
        held.extend(spans.filter(|(from, to)| from < to));
        held.sort_unstable();
        let mut at = 0;
        for &(from, to) in &*held {
            if from > at {
                out.push((at, from));
            }
            at = at.max(to);
        }
        if at < FAR {
            out.push((at, FAR));
        }
    }

    /// The quickest way, `None` if there is none.
    pub(crate) fn search(&self, map: &RoadMap, me: &Seeker<'_>, aim: Aim<'_>) -> Option<Vec<Leg>> {
        let ahead = |v: u32| match aim {
            Aim::At(_, table) => table[v as usize],
            Aim::Anywhere(_) => 0,
        };
        if ahead(me.start) == NO_ROUTE {
            return None;
        }
        let (mut arena, mut spans, mut held) = (Vec::with_capacity(256), vec![(NONE, NONE); map.resources()], Vec::new());
        let mut free_of = |res: Res, arena: &mut Vec<(u64, u64)>| {
            let s = &mut spans[res as usize];
            if s.0 == NONE {
                let a = arena.len() as u32;
                self.free(map, me, res, &mut held, arena);
                *s = (a, arena.len() as u32);
            }
            (s.0 as usize, s.1 as usize)
        };
        let mut nodes: Vec<Node> = Vec::with_capacity(128);
        // Which free intervals were settled.
        let mut settled: Vec<bool> = Vec::with_capacity(256);
        let mut heap = BinaryHeap::with_capacity(128);
        let (a, b) = free_of(me.start, &mut arena);
        let first = (a..b).find(|k| arena[*k].0 <= me.ready && me.ready < arena[*k].1)?;
        let no_leg = Leg { lane: NONE, depart: 0, arrive: 0 };
        nodes.push(Node { vertex: me.start, span: first as u32, free_to: arena[first].1, time: me.ready, parent: NONE, leg: no_leg });
        heap.push(Reverse((me.ready + u64::from(ahead(me.start)), 0u32)));
        let mut best: Option<(u64, u32)> = None;
        while let Some(Reverse((key, id))) = heap.pop() {
            let n = nodes[id as usize];
            if best.is_some_and(|(cost, _)| cost <= key) || nodes.len() > LABELS {
                break;
            }
            if settled.len() < arena.len() {
                settled.resize(arena.len(), false);
            }
            if std::mem::replace(&mut settled[n.span as usize], true) {
                continue;
            }
            let may_pause = map.is_open(me.class, n.vertex) && n.free_to > me.window;
            match aim {
                Aim::At(goal, _) if goal == n.vertex => {
                    if n.free_to == FAR {
                        best = Some((key, id));
                        break;
                    }
                }
                Aim::At(_, table) => {
                    let cost = n.time.max(me.window) + u64::from(table[n.vertex as usize]);
                    if may_pause && best.is_none_or(|(c, _)| cost < c) {
                        best = Some((cost, id));
                    }
                }
                Aim::Anywhere(pull) => {
                    let leads_on = pull.is_none_or(|p| p[n.vertex as usize] != NO_ROUTE || p[me.start as usize] == NO_ROUTE);
                    if leads_on && (n.free_to == FAR || may_pause) {
                        let pulled = pull.map_or(0, |p| u64::from(p[n.vertex as usize].min(8_000_000)) / 8);
                        let passing = if n.free_to == FAR { 0 } else { PASSING_MS };
                        let cost = n.time + me.rest_cost_ms(map, n.vertex) + pulled + passing;
                        if best.is_none_or(|(c, _)| cost < c) {
                            best = Some((cost, id));
                        }
                    }
                }
            }
            for &lane in map.out(me.class, n.vertex) {
                let to = map.roads[lane as usize].to;
                if me.shut[lane as usize] || ahead(to) == NO_ROUTE {
                    continue;
                }
                let ms = u64::from(map.ms(me.class, lane));
                let (la, lb) = free_of(map.lane_res(lane), &mut arena);
                let (va, vb) = free_of(to, &mut arena);
                for &(from, until) in &arena[la..lb] {
                    if from >= n.free_to {
                        break;
                    }
                    let depart = n.time.max(from);
                    let arrive = depart + ms;
                    if until <= depart || arrive > until {
                        continue;
                    }
                    // A lane held by nobody leads into a vertex held by nobody.
                    let Some(rest) = (va..vb).find(|k| arena[*k].0 <= arrive && arrive < arena[*k].1) else { continue };
                    if settled.get(rest).is_some_and(|s| *s) {
                        continue;
                    }
                    let next = nodes.len() as u32;
                    let leg = Leg { lane, depart, arrive };
                    nodes.push(Node { vertex: to, span: rest as u32, free_to: arena[rest].1, time: arrive, parent: id, leg });
                    heap.push(Reverse((arrive + u64::from(ahead(to)), next)));
                }
            }
        }
        let (_, mut id) = best?;
        let mut legs = Vec::new();
        while nodes[id as usize].parent != NONE {
            legs.push(nodes[id as usize].leg);
            id = nodes[id as usize].parent;
        }
        legs.reverse();
        Some(legs)
    }
}

impl Bookings {
    /// Is the seeker's own place free from when it is ready, for good?
    pub(crate) fn is_free_for_good(&self, map: &RoadMap, me: &Seeker<'_>) -> bool {
        self.of(me.class, me.start).all(|h| h.to <= me.ready || Self::ignored(map, me, me.start, h))
    }
}
