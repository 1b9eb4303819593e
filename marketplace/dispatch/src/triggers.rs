//! What makes dispatch think again, and what it then does: the table of 5.6 as a pure function from a trigger to actions.
//!
//! A trigger says what happened and what must be known about it; nothing is looked up. The actions are carried out by
//! whoever owns jobs, robots and orders, all in the unit of the trigger.

#[cfg(test)]
mod tests;

use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::{Instant, Record, Span};

/// A robot that lost a job is not given it again for so long.
pub const EXCLUDED_FOR: Span = Span::from_mins(30);
/// A robot that would arrive later than this before the deadline may have to give the job up.
pub const ETA_MARGIN: Span = Span::from_secs(60);
/// A swap must save at least this much cost.
pub const SWAP_SAVES: i64 = 3_000;
/// No swap from this long before the robot must leave.
pub const SWAP_UNTIL: Span = Span::from_mins(30);
/// Swaps of one job.
pub const SWAPS: u32 = 2;

/// How far a job with a lease has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Phase {
    /// `MATCHED` or `RESERVED`: the robot has not left.
    Waiting,
    /// Under way or at the door: the robot is outside.
    Outside,
    /// The robot is inside.
    Inside,
}

/// A job and the robot that has its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Leg {
    /// The job.
    pub job: JobId,
    /// The robot.
    pub robot: RobotId,
    /// How far it has got.
    pub phase: Phase,
    /// The job may go on with another robot.
    pub allows_handover: bool,
}

/// How a lease came to its end before the work did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Loss {
    /// The robot refused it.
    Refused,
    /// The offer lapsed.
    Lapsed,
    /// It was released.
    Released,
    /// The robot broke its trip off.
    TripAborted,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Trigger {
    /// A lease is gone.
    LeaseLost {
        /// The job.
        job: JobId,
        /// The robot that had it.
        robot: RobotId,
        /// How.
        how: Loss,
    },
    /// A robot is unhealthy, quarantined, stopped, retired or at the workshop.
    RobotOut {
        /// Its leases, in the order of job ids.
        legs: Vec<Leg>,
    },
    /// A robot's arrival was predicted anew.
    EtaPredicted {
        /// Whose.
        leg: Leg,
        /// When it should arrive.
        eta: Instant,
        /// When it must have.
        arrive_by: Instant,
        /// Another candidate passes `ETA`.
        has_other: bool,
    },
    /// A robot's charge was forecast anew.
    EnergyForecast {
        /// Whose.
        leg: Leg,
        /// Energy that will be left after the job and the way back, joules.
        left_j: u64,
        /// Energy that must be left, joules.
        bound_j: u64,
        /// What is in the battery now no longer suffices for the way back with the bound left.
        is_return_touched: bool,
    },
    /// A dock, door or zone on a robot's way is closed.
    WayClosed {
        /// Whose.
        leg: Leg,
        /// There is another route.
        has_route: bool,
    },
    /// The operator reserved for a job is no longer.
    CoverageLost {
        /// Whose.
        leg: Leg,
        /// Another operator is eligible.
        has_other: bool,
    },
    /// A robot became free that would do a job for less.
    RobotFreed {
        /// The job and the robot that has it.
        leg: Leg,
        /// The robot that became free.
        other: RobotId,
        /// The cost with the robot that has it.
        cost: i64,
        /// The cost with the other.
        other_cost: i64,
        /// When the robot must leave.
        depart_by: Instant,
        /// How often this job was swapped.
        swaps: u32,
    },
}

/// Why a lease is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Why {
    /// The robot is out.
    RobotOut,
    /// It would be late.
    Late,
    /// No route is left.
    NoRoute,
    /// No operator is left.
    NoCoverage,
    /// Another does it for less.
    Swapped,
}

/// What is to be done, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Action {
    /// End a lease; the job waits for a robot again.
    Release {
        /// The job.
        job: JobId,
        /// The robot.
        robot: RobotId,
        /// The reason.
        why: Why,
    },
    /// `TRIP_ABORTED(BATTERY)`: the robot turns back.
    AbortTrip {
        /// The job.
        job: JobId,
        /// The robot.
        robot: RobotId,
    },
    /// Bar a robot from a job; at `until` it is free again.
    Exclude {
        /// The job.
        job: JobId,
        /// The robot.
        robot: RobotId,
        /// Until then.
        until: Instant,
    },
    /// `DISPATCH_AT` is armed for now.
    DispatchNow,
    /// The robot comes out by the safe way.
    SafeExit {
        /// The job.
        job: JobId,
        /// The robot.
        robot: RobotId,
        /// Then another goes on with the job.
        handover: bool,
    },
    /// The robot ends its step and begins no other.
    WrapUp {
        /// The job.
        job: JobId,
        /// The robot.
        robot: RobotId,
    },
    /// Plan the way anew.
    Reroute {
        /// The robot.
        robot: RobotId,
    },
    /// Reserve another operator.
    ReserveOperator {
        /// The job.
        job: JobId,
    },
    /// Note that the job goes on without an operator.
    RecordUncovered {
        /// The job.
        job: JobId,
    },
    /// Match the job with the other robot, in the same unit.
    Match {
        /// The job.
        job: JobId,
        /// The other.
        robot: RobotId,
    },
}

/// What follows from a trigger.
pub fn actions(trigger: &Trigger, now: Instant) -> Vec<Action> {
    let mut out = Vec::new();
    match trigger {
        Trigger::LeaseLost { job, robot, how: Loss::Refused | Loss::Lapsed | Loss::Released | Loss::TripAborted } => {
            lost(*job, *robot, now, &mut out);
        }
        Trigger::RobotOut { legs } => {
            for leg in legs {
                give_up(leg, Why::RobotOut, now, &mut out);
            }
        }
        Trigger::EtaPredicted { leg, eta, arrive_by, has_other } => {
            let late = *eta > arrive_by.saturating_sub(ETA_MARGIN);
            if late && *has_other && leg.phase != Phase::Inside {
                release(leg, Why::Late, now, &mut out);
            }
        }
        Trigger::EnergyForecast { leg, left_j, bound_j, is_return_touched } => {
            let Leg { job, robot, .. } = *leg;
            if left_j >= bound_j && !is_return_touched {
                return out;
            }
            match leg.phase {
                Phase::Waiting | Phase::Outside => {
                    out.push(Action::AbortTrip { job, robot });
                    lost(job, robot, now, &mut out);
                }
                Phase::Inside if *is_return_touched => out.push(Action::SafeExit { job, robot, handover: leg.allows_handover }),
                Phase::Inside => out.push(Action::WrapUp { job, robot }),
            }
        }
        Trigger::WayClosed { leg, has_route } => {
            if *has_route {
                out.push(Action::Reroute { robot: leg.robot });
            } else {
                give_up(leg, Why::NoRoute, now, &mut out);
            }
        }
        Trigger::CoverageLost { leg, has_other } => match leg.phase {
            _ if *has_other => out.push(Action::ReserveOperator { job: leg.job }),
            Phase::Waiting => release(leg, Why::NoCoverage, now, &mut out),
            Phase::Outside | Phase::Inside => out.push(Action::RecordUncovered { job: leg.job }),
        },
        Trigger::RobotFreed { leg, other, cost, other_cost, depart_by, swaps } => {
            let saves = i128::from(*cost) - i128::from(*other_cost) >= i128::from(SWAP_SAVES);
            let in_time = now.saturating_add(SWAP_UNTIL) < *depart_by;
            if saves && in_time && leg.phase == Phase::Waiting && *swaps < SWAPS && *other != leg.robot {
                let Leg { job, robot, .. } = *leg;
                // Released like any other: the robot that had it is barred for a while, so that nothing swings back and
                // forth, and what it is free for now is found at once.
                out.push(Action::Release { job, robot, why: Why::Swapped });
                out.push(Action::Match { job, robot: *other });
                lost(job, robot, now, &mut out);
            }
        }
    }
    out.dedup();
    out
}

/// A robot cannot go on: outside its lease ends, inside it comes out first.
fn give_up(leg: &Leg, why: Why, now: Instant, out: &mut Vec<Action>) {
    match leg.phase {
        Phase::Waiting | Phase::Outside => release(leg, why, now, out),
        Phase::Inside => out.push(Action::SafeExit { job: leg.job, robot: leg.robot, handover: leg.allows_handover }),
    }
}

fn release(leg: &Leg, why: Why, now: Instant, out: &mut Vec<Action>) {
    out.push(Action::Release { job: leg.job, robot: leg.robot, why });
    lost(leg.job, leg.robot, now, out);
}

/// What follows whenever a lease is gone before its time.
fn lost(job: JobId, robot: RobotId, now: Instant, out: &mut Vec<Action>) {
    out.push(Action::Exclude { job, robot, until: now.saturating_add(EXCLUDED_FOR) });
    // One batch serves them all: it runs after everything else.
    out.retain(|a| *a != Action::DispatchNow);
    out.push(Action::DispatchNow);
}
