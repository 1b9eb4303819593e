//! Leases on robots and docks: an interval book with fencing tokens (domain 5.4, 5.6; I12).
//!
//! Intervals are half-open and of one robot or dock never meet. Each robot has a fence, a number that rises with every
//! lease given and ended; who comes with a lower one speaks for a lease that is over and is refused. A command is first
//! decided, reading only, then its fact is folded in, which cannot fail.

#[cfg(test)]
mod tests;

use crate::assign::Interval;
use nooterra_engine::ids::{DockId, LeaseId, RobotId, TaskId};
use nooterra_engine::{Instant, Record, Span};
use std::collections::BTreeMap;
use thiserror::Error;

/// How long a lease lasts without a heartbeat while the robot has not left.
pub const TTL_RESERVED: Span = Span::from_mins(15);
/// How long it lasts from departure on.
pub const TTL_MOVING: Span = Span::from_secs(60);
/// How much longer the platform keeps to it than the robot, beside drift.
const GRACE: Span = Span::from_secs(5);
/// Clocks may drift by one part in so many.
const DRIFT: u64 = 5_000;

/// When the platform takes a lease for over that was renewed last by a heartbeat received at `heard`.
pub const fn platform_end(heard: Instant, ttl: Span) -> Instant {
    heard.saturating_add(ttl).saturating_add(GRACE).saturating_add(Span(ttl.0 / DRIFT))
}

/// When the robot takes it for over, by its own clock: it counts from when it sent its last acknowledged heartbeat.
pub const fn robot_end(sent: Instant, ttl: Span) -> Instant {
    sent.saturating_add(ttl)
}

/// What an interval of a robot is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Hold {
    /// A job.
    Lease(LeaseId),
    /// Charging, relocating, service.
    Task(TaskId),
}

/// What is asked of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Command {
    /// Give a robot a lease or task.
    Hold {
        /// The robot.
        robot: RobotId,
        /// For what.
        hold: Hold,
        /// When.
        at: Interval,
    },
    /// A lease or task is over, or given back.
    End {
        /// The robot.
        robot: RobotId,
        /// Which.
        hold: Hold,
    },
    /// A robot wants a dock.
    Dock {
        /// The dock.
        dock: DockId,
        /// The robot.
        robot: RobotId,
        /// The fence it comes with.
        fence: u64,
        /// When.
        at: Interval,
    },
    /// A robot needs a dock no longer.
    Undock {
        /// The dock.
        dock: DockId,
        /// The robot.
        robot: RobotId,
        /// The fence it comes with.
        fence: u64,
        /// The interval that it had.
        at: Interval,
    },
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Fact {
    /// A robot's interval is taken.
    Held {
        /// The robot.
        robot: RobotId,
        /// For what.
        hold: Hold,
        /// When.
        at: Interval,
        /// The robot's fence from now on.
        fence: u64,
    },
    /// It is free again.
    Ended {
        /// The robot.
        robot: RobotId,
        /// What ended.
        hold: Hold,
        /// The robot's fence from now on.
        fence: u64,
    },
    /// A dock's interval is taken.
    Docked {
        /// The dock.
        dock: DockId,
        /// By whom.
        robot: RobotId,
        /// When.
        at: Interval,
    },
    /// It is free again.
    Undocked {
        /// The dock.
        dock: DockId,
        /// The interval that it was.
        at: Interval,
    },
}

/// Why not, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record, Error)]
pub enum Rejection {
    /// The fence is not the robot's present one: the lease that it belonged to is over.
    #[error("fence is stale")]
    FenceStale,
    /// There is no such lease, task or dock interval.
    #[error("nothing of the kind is held")]
    NotFound,
    /// The interval is empty.
    #[error("interval is empty")]
    Empty,
    /// The robot has another lease or task then.
    #[error("robot is taken then")]
    Overlap,
    /// The dock is taken then.
    #[error("dock is taken then")]
    DockBusy,
}

impl Rejection {
    /// Its code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::FenceStale => "FENCE_STALE",
            Self::NotFound => "NOT_FOUND",
            Self::Empty => "WINDOW_INVALID",
            Self::Overlap => "OVERLAP",
            Self::DockBusy => "DOCK_BUSY",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Kept<T> {
    at: Interval,
    what: T,
}

/// Disjoint intervals, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Line<T> {
    kept: Vec<Kept<T>>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { kept: Vec::new() }
    }
}

impl<T> Line<T> {
    /// The first interval that ends after this instant. Ends ascend as starts do, since nothing meets.
    fn after(&self, at: Instant) -> usize {
        self.kept.partition_point(|k| k.at.to <= at)
    }
    fn is_free(&self, at: Interval) -> bool {
        self.kept.get(self.after(at.from)).is_none_or(|k| at.to <= k.at.from)
    }
    fn put(&mut self, at: Interval, what: T) {
        self.kept.insert(self.after(at.from), Kept { at, what });
    }
    fn forget(&mut self, before: Instant) {
        self.kept.drain(..self.after(before));
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
struct RobotLine {
    fence: u64,
    line: Line<Hold>,
}

/// Who has which robot and dock when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Leases {
    robots: BTreeMap<RobotId, RobotLine>,
    docks: BTreeMap<DockId, Line<RobotId>>,
}

impl Leases {
    /// A robot's fence; 0 before its first lease.
    pub fn fence(&self, robot: RobotId) -> u64 {
        self.robots.get(&robot).map_or(0, |r| r.fence)
    }

    /// May a report, request or order with this fence speak for the robot? One that was never given may not either.
    pub fn check_fence(&self, robot: RobotId, fence: u64) -> Result<(), Rejection> {
        if fence == self.fence(robot) { Ok(()) } else { Err(Rejection::FenceStale) }
    }

    /// A robot's intervals, ascending: what [`Robot::taken`](crate::assign::Robot::taken) wants.
    pub fn taken(&self, robot: RobotId) -> Vec<Interval> {
        self.robots.get(&robot).into_iter().flat_map(|r| &r.line.kept).map(|k| k.at).collect()
    }

    /// A dock's intervals and for whom they are, ascending.
    pub fn docked(&self, dock: DockId) -> Vec<(RobotId, Interval)> {
        self.docks.get(&dock).into_iter().flat_map(|d| &d.kept).map(|k| (k.what, k.at)).collect()
    }

    /// Nobody needs to know what ended before this instant.
    pub fn forget(&mut self, before: Instant) {
        for r in self.robots.values_mut() {
            r.line.forget(before);
        }
        self.docks.retain(|_, d| {
            d.forget(before);
            !d.kept.is_empty()
        });
    }
}

/// What a command would make happen. Changes nothing.
pub fn decide(leases: &Leases, command: &Command) -> Result<Fact, Rejection> {
    let whole = |at: Interval| if at.from < at.to { Ok(()) } else { Err(Rejection::Empty) };
    // Tasks leave the fence alone: nobody's authority over a job changes.
    let next = |robot, hold| leases.fence(robot).saturating_add(u64::from(matches!(hold, Hold::Lease(_))));
    match *command {
        Command::Hold { robot, hold, at } => {
            whole(at)?;
            if leases.robots.get(&robot).is_some_and(|r| !r.line.is_free(at)) {
                return Err(Rejection::Overlap);
            }
            Ok(Fact::Held { robot, hold, at, fence: next(robot, hold) })
        }
        Command::End { robot, hold } => {
            let is_held = leases.robots.get(&robot).is_some_and(|r| r.line.kept.iter().any(|k| k.what == hold));
            if is_held { Ok(Fact::Ended { robot, hold, fence: next(robot, hold) }) } else { Err(Rejection::NotFound) }
        }
        Command::Dock { dock, robot, fence, at } => {
            leases.check_fence(robot, fence)?;
            whole(at)?;
            if leases.docks.get(&dock).is_some_and(|d| !d.is_free(at)) {
                return Err(Rejection::DockBusy);
            }
            Ok(Fact::Docked { dock, robot, at })
        }
        Command::Undock { dock, robot, fence, at } => {
            leases.check_fence(robot, fence)?;
            let has = leases.docks.get(&dock).is_some_and(|d| d.kept.iter().any(|k| k.what == robot && k.at == at));
            if has { Ok(Fact::Undocked { dock, at }) } else { Err(Rejection::NotFound) }
        }
    }
}

/// Folds a fact in.
pub fn evolve(leases: &mut Leases, fact: &Fact) {
    match *fact {
        Fact::Held { robot, hold, at, fence } => {
            let r = leases.robots.entry(robot).or_default();
            r.fence = fence;
            r.line.put(at, hold);
        }
        Fact::Ended { robot, hold, fence } => {
            let r = leases.robots.entry(robot).or_default();
            r.fence = fence;
            r.line.kept.retain(|k| k.what != hold);
        }
        Fact::Docked { dock, robot, at } => leases.docks.entry(dock).or_default().put(at, robot),
        Fact::Undocked { dock, at } => {
            if let Some(d) = leases.docks.get_mut(&dock) {
                d.kept.retain(|k| k.at != at);
                if d.kept.is_empty() {
                    leases.docks.remove(&dock);
                }
            }
        }
    }
}
