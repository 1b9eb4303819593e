//! Facilities: turns moves that traffic released into go-aheads, with doors open and lifts in place.
//!
//! A move through doors is forwarded once all of them are reported open; they are asked for as soon as the move is
//! released and held until nobody is on or before such a lane. A move into a cabin is forwarded once the lift stands
//! at that level, doors open, under this robot's session; the session lasts until the robot has left the cabin.
//! Traffic releases moves at one lift to one robot at a time, so sessions need no queue here and cannot deadlock.
//!
//! Requests and reports get lost, late and out of order. So every new request has a higher number than the one before
//! (a repeated one has the same), a door or lift obeys no request with a lower number than it has seen, and its reports
//! name the number that they answer. A report that answers an older request opens nothing.
//! A door or lift that does not do as asked for a while counts as jammed: its lanes are closed, the moves over them
//! withdrawn, and both tried again later.

#[cfg(test)]
mod tests;

use crate::traffic::{Move, Release};
use nooterra_engine::ids::RobotId;
use nooterra_engine::{Instant, Record, Span};
use nooterra_site::{DoorIx, LaneIx, LevelIx, LiftIx, Site, VertexIx};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A request without the answer wanted is repeated after this time.
const REPEAT: Span = Span::from_secs(2);
/// A door is closed this long after its last use.
const LINGER: Span = Span::from_secs(3);
/// A closing request is repeated this often; after that the door is left as it is.
const CLOSE_TRIES: u32 = 5;
/// A door that was not open for this long after the first request is jammed.
const DOOR_JAM: Span = Span::from_secs(30);
/// A lift that was not there for this long after the first request is jammed.
const LIFT_JAM: Span = Span::from_secs(120);
/// What is jammed is tried again after this time.
const RETRY: Span = Span::from_secs(60);

/// What a door says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum DoorMode {
    /// Nothing was heard yet, or it is out of order.
    #[default]
    Unknown,
    /// Closed.
    Closed,
    /// Between.
    Moving,
    /// Fully open.
    Open,
}

/// What a lift says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct LiftReport {
    /// The level at which it stands or that it passed last.
    pub level: LevelIx,
    /// It stands still with its doors fully open.
    pub is_open: bool,
    /// Whom it serves.
    pub session: Option<RobotId>,
    /// It works and takes requests.
    pub is_available: bool,
    /// The request that it obeys.
    pub number: u64,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Wish {
    /// The robot may make these moves, following those it was given before.
    GoAhead {
        /// The robot.
        robot: RobotId,
        /// The moves, in order.
        moves: Vec<Move>,
    },
    /// Open or close a door.
    Door {
        /// The door.
        door: DoorIx,
        /// Open, else close.
        open: bool,
        /// Of the request.
        number: u64,
    },
    /// Bring a lift to a level, open its doors, hold it for a robot.
    Lift {
        /// The lift.
        lift: LiftIx,
        /// The level.
        level: LevelIx,
        /// The robot.
        session: RobotId,
        /// Of the request.
        number: u64,
    },
    /// The robot has left the lift, which may close its doors.
    LiftEnd {
        /// The lift.
        lift: LiftIx,
        /// The robot.
        session: RobotId,
        /// Of the request.
        number: u64,
    },
    /// Lanes that cannot be passed: tell traffic.
    CloseLanes {
        /// The lanes.
        lanes: Vec<LaneIx>,
    },
    /// Lanes that can be tried again: tell traffic.
    OpenLanes {
        /// The lanes.
        lanes: Vec<LaneIx>,
    },
    /// A robot's moves from `seq` on were never handed over and are dropped: tell traffic.
    Withdrawn {
        /// The robot.
        robot: RobotId,
        /// The first of them.
        seq: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Default, Record)]
struct Door {
    mode: DoorMode,
    /// The request that its last report answers.
    answers: u64,
    /// The last request.
    number: u64,
    heard: Instant,
    /// When it was asked to open for the present use; none if nobody needs it.
    wanted: Option<Instant>,
    /// When it was last asked anything.
    asked: Option<Instant>,
    /// When it was needed last.
    used: Instant,
    close_tries: u32,
    jammed: Option<Instant>,
    /// It is needed, and its level stands still: it waits for nothing but that.
    shut: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Record)]
struct Lift {
    report: Option<LiftReport>,
    /// The last request.
    number: u64,
    session: Option<RobotId>,
    /// What is asked of it for the session, and since when.
    level: Option<LevelIx>,
    wanted: Option<Instant>,
    asked: Option<Instant>,
    /// The session that ended last and is still to be confirmed as ended.
    ending: Option<RobotId>,
    end_tries: u32,
    jammed: Option<Instant>,
    /// It is needed, and the level that it is needed at stands still: it waits for nothing but that.
    shut: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Queued {
    step: Move,
    forwarded: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Record)]
struct Walker {
    queue: VecDeque<Queued>,
    inside: Option<LiftIx>,
    /// The level of the place that it reached last: a ride that is not handed over yet has not left it.
    level: Option<LevelIx>,
    /// A move that it had begun was withdrawn: it may stand in the doorway of this lane, or have to come back through it.
    left_on: Option<LaneIx>,
}

/// Doors and lifts of one site, and the moves that wait for them.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub struct Facilities {
    doors: BTreeMap<DoorIx, Door>,
    lifts: BTreeMap<LiftIx, Lift>,
    walkers: BTreeMap<RobotId, Walker>,
    /// Levels on which everything stands still.
    shut: BTreeSet<LevelIx>,
}

impl Facilities {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A robot stands on this vertex with no moves left (at the start, after recovery).
    pub fn placed(&mut self, site: &Site, robot: RobotId, vertex: VertexIx) {
        let v = site.vertices.get(vertex.at());
        let (inside, level) = (v.and_then(|v| v.lift), v.map(|v| v.level));
        self.walkers.insert(robot, Walker { queue: VecDeque::new(), inside, level, left_on: None });
    }
    /// A robot is gone.
    pub fn removed(&mut self, robot: RobotId) {
        self.walkers.remove(&robot);
    }
    /// Traffic released moves. Moves over unknown lanes are ignored.
    pub fn released(&mut self, site: &Site, releases: &[Release]) {
        for r in releases {
            let w = self.walkers.entry(r.robot).or_default();
            let known = r.moves.iter().filter(|m| m.lane.at() < site.lanes.len());
            w.queue.extend(known.map(|m| Queued { step: *m, forwarded: false }));
        }
    }
    /// A robot ended a move and all its earlier ones.
    pub fn reached(&mut self, site: &Site, robot: RobotId, seq: u64) {
        let Some(w) = self.walkers.get_mut(&robot) else { return };
        w.left_on = None;
        while let Some(q) = w.queue.front().filter(|q| q.step.seq <= seq) {
            let v = site.vertices.get(q.step.to.at());
            (w.inside, w.level) = (v.and_then(|v| v.lift), v.map(|v| v.level));
            w.queue.pop_front();
        }
    }
    /// A robot's moves from `seq` on are void (traffic was told, or knows). If it was on the first of them already, doors
    /// of that lane are kept open for it until it has ended another move.
    pub fn withdraw(&mut self, robot: RobotId, seq: u64) {
        if let Some(w) = self.walkers.get_mut(&robot) {
            if let Some(first) = w.queue.front().filter(|q| q.step.seq >= seq && q.forwarded) {
                w.left_on = Some(first.step.lane);
            }
            w.queue.retain(|q| q.step.seq < seq);
        }
    }
    /// A door reported its state, obeying the request of this number (0 if none yet). Older reports change nothing.
    pub fn door_state(&mut self, door: DoorIx, mode: DoorMode, number: u64, now: Instant) {
        let d = self.doors.entry(door).or_default();
        if number >= d.answers {
            (d.mode, d.answers, d.heard) = (mode, number, now);
        }
    }
    /// A lift reported its state. Older reports change nothing.
    pub fn lift_state(&mut self, lift: LiftIx, report: LiftReport) {
        let l = self.lifts.entry(lift).or_default();
        if l.report.is_none_or(|r| r.number <= report.number) {
            l.report = Some(report);
        }
    }
    /// Levels on which everything stands still: their doors are not asked to open, nor lifts to come there, and neither counts
    /// as jammed for that.
    pub fn shut_levels(&mut self, levels: BTreeSet<LevelIx>) {
        self.shut = levels;
    }
    /// The last request to a door.
    pub fn door_number(&self, door: DoorIx) -> u64 {
        self.doors.get(&door).map_or(0, |d| d.number)
    }
    /// Whom a lift is held for.
    pub fn session(&self, lift: LiftIx) -> Option<RobotId> {
        self.lifts.get(&lift).and_then(|l| l.session)
    }
    /// The first move of a robot that waits for a door or lift.
    pub fn waiting(&self, robot: RobotId) -> Option<Move> {
        self.walkers.get(&robot).and_then(|w| w.queue.iter().find(|q| !q.forwarded)).map(|q| q.step)
    }
    /// Is this door, as far as known, not to be relied on?
    pub fn is_door_jammed(&self, door: DoorIx) -> bool {
        self.doors.get(&door).is_some_and(|d| d.jammed.is_some())
    }
    /// Is this lift, as far as known, not to be relied on?
    pub fn is_lift_jammed(&self, lift: LiftIx) -> bool {
        self.lifts.get(&lift).is_some_and(|l| l.jammed.is_some())
    }

    /// What is to be done now. To be called after every change and at [`Facilities::next_deadline`].
    pub fn step(&mut self, site: &Site, now: Instant) -> Vec<Wish> {
        let mut out = Vec::new();
        self.run_lifts(site, now, &mut out);
        self.run_doors(site, now, &mut out);
        // A lane with two faults opens when both are gone.
        for w in &mut out {
            if let Wish::OpenLanes { lanes } = w {
                lanes.retain(|l| !self.is_jammed(site, *l));
            }
        }
        self.drop_jammed(site, &mut out);
        self.forward(site, &mut out);
        out
    }

    /// When [`Facilities::step`] should be called next although nothing is reported and no level is shut or opened.
    pub fn next_deadline(&self) -> Option<Instant> {
        let doors = self.doors.values().filter(|d| !d.shut).flat_map(|d| {
            let open = d.mode == DoorMode::Open;
            let ask = match (d.wanted, d.asked) {
                (Some(_), Some(a)) if !d.ready() => Some(a + REPEAT),
                (None, Some(a)) if d.mode != DoorMode::Closed && d.close_tries < CLOSE_TRIES => Some((a + REPEAT).max(d.used + LINGER)),
                _ => None,
            };
            let jam = d.wanted.filter(|_| !open && d.jammed.is_none()).map(|w| w + DOOR_JAM);
            [ask, jam, d.jammed.map(|j| j + RETRY)]
        });
        let lifts = self.lifts.values().filter(|l| !l.shut).flat_map(|l| {
            let ask = l.asked.filter(|_| (l.session.is_some() && !l.ready()) || l.ending.is_some()).map(|a| a + REPEAT);
            let jam = l.wanted.filter(|_| !l.ready() && l.jammed.is_none()).map(|w| w + LIFT_JAM);
            [ask, jam, l.jammed.map(|j| j + RETRY)]
        });
        doors.chain(lifts).flatten().min()
    }

    fn run_doors(&mut self, site: &Site, now: Instant, out: &mut Vec<Wish>) {
        let mut needed = BTreeSet::new();
        for lane in self.walkers.values().flat_map(|w| w.queue.iter().map(|q| q.step.lane).chain(w.left_on)) {
            needed.extend(site.lanes[lane.at()].doors.iter().copied());
        }
        for d in &needed {
            self.doors.entry(*d).or_default();
        }
        for (ix, d) in &mut self.doors {
            d.shut = false;
            if let Some(since) = d.jammed {
                if d.mode == DoorMode::Open && d.heard > since || now.since(since) >= RETRY {
                    (d.jammed, d.wanted) = (None, None);
                    out.push(Wish::OpenLanes { lanes: lanes_through(site, *ix) });
                }
                continue;
            }
            if needed.contains(ix) {
                d.used = now;
                d.close_tries = 0;
                let fresh = d.wanted.is_none();
                let wanted = *d.wanted.get_or_insert(now);
                if fresh {
                    d.number += 1;
                }
                let is_shut = site.doors.get(ix.at()).is_some_and(|d| self.shut.contains(&d.level));
                d.shut = is_shut;
                if d.ready() || is_shut {
                    // Held: should it close by itself, patience starts anew.
                    d.wanted = Some(now);
                } else if now.since(wanted) >= DOOR_JAM {
                    d.jammed = Some(now);
                    out.push(Wish::CloseLanes { lanes: lanes_through(site, *ix) });
                } else if fresh || is_due(d.asked, now) {
                    d.asked = Some(now);
                    out.push(Wish::Door { door: *ix, open: true, number: d.number });
                }
            } else if d.asked.is_some() && now.since(d.used) >= LINGER {
                let fresh = d.wanted.take().is_some();
                if fresh {
                    d.number += 1;
                }
                let answered = d.mode == DoorMode::Closed && d.answers == d.number;
                if fresh || (!answered && d.close_tries < CLOSE_TRIES && is_due(d.asked, now)) {
                    d.asked = Some(now);
                    d.close_tries += 1;
                    out.push(Wish::Door { door: *ix, open: false, number: d.number });
                }
            }
        }
    }

    fn run_lifts(&mut self, site: &Site, now: Instant, out: &mut Vec<Wish>) {
        let mut needs: BTreeMap<LiftIx, (RobotId, Option<LevelIx>)> = BTreeMap::new();
        // Where who is in a cabin got in, as long as it was not told that it is elsewhere.
        let mut home: BTreeMap<LiftIx, LevelIx> = BTreeMap::new();
        for (id, w) in &self.walkers {
            // Who is in the cabin comes before who is still on the way to it.
            if let Some(lift) = w.inside {
                needs.insert(lift, (*id, w.next_level(site, lift)));
                home.extend(w.level.filter(|_| !w.has_ridden(site)).map(|level| (lift, level)));
            }
        }
        for (id, w) in &self.walkers {
            let doorway = w.left_on.map(|l| &site.lanes[l.at()]).filter(|l| l.ride.is_none());
            if let Some((lift, lane)) = doorway.and_then(|l| Some((l.lift_door?, l))) {
                needs.entry(lift).or_insert_with(|| (*id, Some(site.vertices[lane.to.at()].level)));
            }
        }
        for (id, w) in &self.walkers {
            for q in &w.queue {
                let lane = &site.lanes[q.step.lane.at()];
                if let Some(lift) = lane.lift_door.or(lane.ride) {
                    needs.entry(lift).or_insert_with(|| (*id, w.next_level(site, lift)));
                }
            }
        }
        for lift in needs.keys() {
            self.lifts.entry(*lift).or_default();
        }
        for (ix, l) in &mut self.lifts {
            l.shut = false;
            let need = needs.get(ix).copied();
            if l.session.is_some() && need.map(|n| n.0) != l.session {
                (l.ending, l.end_tries) = (l.session.take(), 0);
                l.number += 1;
                (l.level, l.wanted, l.asked) = (None, None, None);
            }
            if let Some(since) = l.jammed {
                if now.since(since) >= RETRY {
                    (l.jammed, l.wanted, l.asked) = (None, None, None);
                    out.push(Wish::OpenLanes { lanes: lanes_of(site, *ix) });
                }
                continue;
            }
            let Some((robot, level)) = need else {
                l.end(*ix, now, out);
                continue;
            };
            if l.session.is_none() {
                l.number += 1;
            }
            l.ending = None;
            l.session = Some(robot);
            let mut level = level.or(l.level).or(l.report.map(|r| r.level)).unwrap_or_default();
            let under_way = l.level.is_some_and(|to| to != level || l.asked.is_some());
            if self.shut.contains(&level) && under_way {
                // To a level that stands still by now: back to where its rider can get out.
                level = home.get(ix).copied().filter(|h| !self.shut.contains(h)).unwrap_or(level);
            }
            if l.level != Some(level) {
                l.number += u64::from(l.level.is_some());
                (l.level, l.wanted, l.asked) = (Some(level), Some(now), None);
            }
            l.shut = self.shut.contains(&level);
            if l.ready() || l.shut {
                l.wanted = Some(now);
                continue;
            }
            let wanted = *l.wanted.get_or_insert(now);
            if now.since(wanted) >= LIFT_JAM || l.report.is_some_and(|r| !r.is_available) {
                l.jammed = Some(now);
                out.push(Wish::CloseLanes { lanes: lanes_of(site, *ix) });
            } else if is_due(l.asked, now) {
                l.asked = Some(now);
                out.push(Wish::Lift { lift: *ix, level, session: robot, number: l.number });
            }
        }
    }

    /// Takes back what was not handed over and cannot be.
    fn drop_jammed(&mut self, site: &Site, out: &mut Vec<Wish>) {
        let mut cut = Vec::new();
        for (id, w) in &self.walkers {
            if let Some(n) = w.queue.iter().position(|q| !q.forwarded && self.is_jammed(site, q.step.lane)) {
                cut.push((*id, n));
            }
        }
        for (id, n) in cut {
            if let Some(w) = self.walkers.get_mut(&id) {
                out.push(Wish::Withdrawn { robot: id, seq: w.queue[n].step.seq });
                w.queue.truncate(n);
            }
        }
    }

    fn is_jammed(&self, site: &Site, lane: LaneIx) -> bool {
        let l = &site.lanes[lane.at()];
        l.doors.iter().any(|d| self.is_door_jammed(*d)) || l.lift_door.or(l.ride).is_some_and(|l| self.is_lift_jammed(l))
    }

    fn forward(&mut self, site: &Site, out: &mut Vec<Wish>) {
        let (doors, lifts) = (&self.doors, &self.lifts);
        for (id, w) in &mut self.walkers {
            let mut moves = Vec::new();
            for i in 0..w.queue.len() {
                if w.queue[i].forwarded {
                    continue;
                }
                let step = w.queue[i].step;
                let lane = &site.lanes[step.lane.at()];
                let is_open = lane.doors.iter().all(|d| doors.get(d).is_some_and(Door::ready));
                let serves = |l: LiftIx, v: VertexIx| {
                    lifts.get(&l).is_some_and(|s| s.session == Some(*id) && s.is_open_at(site.vertices[v.at()].level))
                };
                let is_there = match (lane.ride, lane.lift_door) {
                    // It rides only once it stands in the cabin.
                    (Some(l), _) => i == 0 && serves(l, lane.to),
                    (None, Some(l)) => serves(l, lane.to),
                    (None, None) => true,
                };
                if !(is_open && is_there) {
                    break;
                }
                w.queue[i].forwarded = true;
                moves.push(step);
            }
            if !moves.is_empty() {
                out.push(Wish::GoAhead { robot: *id, moves });
            }
        }
    }
}

impl Walker {
    /// Was a ride handed over that it has not ended yet? Then the lift was there, and so is the robot.
    fn has_ridden(&self, site: &Site) -> bool {
        let mut handed = self.queue.iter().filter(|q| q.forwarded).map(|q| q.step.lane).chain(self.left_on);
        handed.any(|l| site.lanes[l.at()].ride.is_some())
    }

    /// The level at which the robot needs this lift next.
    fn next_level(&self, site: &Site, lift: LiftIx) -> Option<LevelIx> {
        let q = self.queue.iter().find(|q| {
            let l = &site.lanes[q.step.lane.at()];
            l.lift_door == Some(lift) || l.ride == Some(lift)
        })?;
        Some(site.vertices[q.step.to.at()].level)
    }
}

impl Door {
    /// Reported open in answer to the present request.
    fn ready(&self) -> bool {
        self.mode == DoorMode::Open && self.answers == self.number && self.wanted.is_some()
    }
}

impl Lift {
    fn is_open_at(&self, level: LevelIx) -> bool {
        self.report.is_some_and(|r| r.is_open && r.is_available && r.level == level && r.number == self.number && r.session == self.session)
    }
    fn ready(&self) -> bool {
        self.level.is_some_and(|l| self.is_open_at(l))
    }
    fn end(&mut self, ix: LiftIx, now: Instant, out: &mut Vec<Wish>) {
        let Some(robot) = self.ending else { return };
        let over = self.report.is_some_and(|r| r.number == self.number && r.session != Some(robot));
        if over || self.end_tries >= CLOSE_TRIES {
            self.ending = None;
        } else if is_due(self.asked, now) {
            self.asked = Some(now);
            self.end_tries += 1;
            out.push(Wish::LiftEnd { lift: ix, session: robot, number: self.number });
        }
    }
}

fn is_due(asked: Option<Instant>, now: Instant) -> bool {
    asked.is_none_or(|a| now.since(a) >= REPEAT)
}

fn lanes_through(site: &Site, door: DoorIx) -> Vec<LaneIx> {
    lanes_with(site, |l| l.doors.contains(&door))
}

fn lanes_of(site: &Site, lift: LiftIx) -> Vec<LaneIx> {
    lanes_with(site, |l| l.lift_door == Some(lift) || l.ride == Some(lift))
}

fn lanes_with(site: &Site, wanted: impl Fn(&nooterra_site::model::Lane) -> bool) -> Vec<LaneIx> {
    let numbered = (0u32..).zip(&site.lanes);
    numbered.filter(|(_, l)| wanted(l)).map(|(i, _)| LaneIx::new(i)).collect()
}
