//! One pass over all robots, in a given order: each finds its way through what those before it booked.

use super::plan::Planner;
use super::sipp::{Aim, Bookings, End, Leg, Seeker, Stay};

/// Robots are planned for this far ahead; what comes after is planned when it is near.
const WINDOW_MS: u64 = 30_000;

/// A robot that waits looks for a better place than one that costs this much.
const RESTS_MS: u64 = 30_000;

/// A robot sets out for a place where another still works if it will have to wait there for no longer than this.
const QUEUES_MS: u64 = 15_000;

/// What a pass comes to.
pub(super) struct Attempt {
    pub ways: Vec<Vec<Leg>>,
    /// Who is on the way to its goal, or there.
    pub served: Vec<bool>,
    /// When robots that work at their goals should be gone from there.
    pub gone: Vec<Option<u64>>,
    pub order: Vec<usize>,
    book: Bookings,
}

impl Planner<'_> {
    /// Robots that go before this one where it shall work, and when the last of them is gone.
    fn follows(&self, i: usize, goal: u32, gone: &[Option<u64>]) -> (Vec<u32>, u64) {
        let me = &self.actors[i];
        let (mut list, mut last) = (Vec::new(), 0);
        for (j, other) in self.actors.iter().enumerate().filter(|(j, _)| *j != i && me.work_ms.is_some()) {
            let Some(at) = gone[j] else { continue };
            let place = if other.pinned { Some(other.start) } else { other.goal };
            if place.is_some_and(|p| self.map.conflict(other.class, p, me.class, goal)) {
                list.push(j as u32);
                last = last.max(at);
            }
        }
        (list, last)
    }

    /// One pass: `goals` in this order towards their goals, then all others out of the way, `still` not moving. The robot
    /// that cannot be placed otherwise.
    pub(super) fn attempt(&self, base: &Bookings, goals: &[usize], still: &[usize]) -> Result<Attempt, usize> {
        let n = self.actors.len();
        let gone = (0..n).map(|i| self.stay(i).map(|s| s.gone)).collect();
        let mut a = Attempt { ways: vec![Vec::new(); n], served: vec![false; n], gone, order: goals.to_vec(), book: base.clone() };
        a.order.extend((0..n).filter(|i| !goals.contains(i)));
        let wanted = self.wanted();
        let Attempt { ways, served, gone, order, book } = &mut a;
        for &i in still {
            let me = &self.actors[i];
            book.hold_way(self.map, (i as u32, me.class), me.start, &[], End::ForGood);
        }
        for (at, &i) in order.iter().enumerate() {
            let me = &self.actors[i];
            if !me.movable() || still.contains(&i) {
                served[i] = me.pinned;
                continue;
            }
            let mut seeker = self.seeker(i);
            seeker.wanted = &wanted[me.class as usize];
            let aim = me.goal.zip(self.tables[i].as_deref()).filter(|_| at < goals.len());
            let mut way = aim.and_then(|(goal, table)| {
                let (follows, free_from) = self.follows(i, goal, gone);
                let drive = u64::from(table[me.start as usize]);
                if free_from > seeker.ready + drive + QUEUES_MS {
                    return None;
                }
                book.search(self.map, &Seeker { follows: &follows, ..seeker }, Aim::At(goal, table))
            });
            served[i] = way.is_some();
            if way.is_none() {
                let pull = me.goal.map(|g| self.map.toward(me.class, g));
                // Whoever stands well stays: only being in the way is a reason to move.
                let rests = (me.goal == Some(me.start) || seeker.rest_cost_ms(self.map, me.start) < RESTS_MS)
                    && book.is_free_for_good(self.map, &seeker);
                way = rests.then(Vec::new).or_else(|| book.search(self.map, &seeker, Aim::Anywhere(pull.as_deref())));
            }
            let way = way.ok_or(i)?;
            let (at, there) = way.last().map_or((me.start, self.ready[i]), |l| (self.map.roads[l.lane as usize].to, l.arrive));
            let is_there = served[i] && me.goal == Some(at);
            let end = match me.work_ms {
                Some(ms) if is_there => End::Work(Stay::new(self.map, me.class, at, there + ms)),
                _ if is_there || !self.map.is_open(me.class, at) => End::ForGood,
                _ => End::Until(there.max(WINDOW_MS)),
            };
            gone[i] = if let End::Work(stay) = end { Some(stay.gone) } else { None };
            book.hold_way(self.map, (i as u32, me.class), me.start, &way, end);
            ways[i] = way;
        }
        Ok(a)
    }

    fn seeker(&self, i: usize) -> Seeker<'_> {
        let me = &self.actors[i];
        Seeker {
            robot: i as u32,
            class: me.class,
            start: me.start,
            ready: self.ready[i],
            tight: &me.tight,
            shut: me.shut_of(self.shut),
            wanted: &[],
            follows: &[],
            window: WINDOW_MS.max(self.ready[i]),
        }
    }

    /// Per class, the vertices at which a robot that waits stands in the way of somebody's goal.
    fn wanted(&self) -> Vec<Vec<bool>> {
        let mut wanted = vec![vec![false; self.map.vertices]; self.map.classes.len()];
        let going = self.actors.iter().filter(|a| a.movable() && a.goal.is_some_and(|g| g != a.start));
        for (other, goal) in going.filter_map(|a| Some((a.class, a.goal?))) {
            for (class, places) in wanted.iter_mut().enumerate() {
                for &r in self.map.around(other, goal, class as u32) {
                    if let Some(w) = places.get_mut(r as usize) {
                        *w = true;
                    }
                }
            }
        }
        wanted
    }

    /// Whoever stands still may yet go to its goal where that is in nobody's way.
    pub(super) fn improve(&self, mut a: Attempt, goals: &[usize]) -> Attempt {
        for &i in goals {
            let me = &self.actors[i];
            let stands = me.movable() && !a.served[i] && a.ways[i].is_empty() && !self.is_late(i);
            let Some((goal, table)) = me.goal.zip(self.tables[i].as_deref()).filter(|_| stands) else { continue };
            let way = a.book.search(self.map, &self.seeker(i), Aim::At(goal, table));
            if let Some(way) = way.filter(|w| w.last().is_some_and(|l| self.map.roads[l.lane as usize].to == goal)) {
                a.book.unhold(self.map, i as u32, me.class, me.start);
                a.book.hold_way(self.map, (i as u32, me.class), me.start, &way, End::ForGood);
                a.ways[i] = way;
                a.served[i] = true;
            }
        }
        a
    }
}
