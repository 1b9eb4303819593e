//! Timers of a robot stream.

use crate::state::RobotCell;
use nooterra_engine::time::Instant;

/// Code of the timer that repeats orders; those of operations come before it.
pub(crate) const ORDER_RETRY: u8 = 16;

/// What is to be armed for this robot.
pub(crate) fn wanted(c: &RobotCell) -> Vec<(u8, Instant)> {
    let mut out: Vec<(u8, Instant)> = c.robot.deadlines().into_iter().map(|(t, at)| (t as u8, at)).collect();
    if let Some(at) = c.retry_at.filter(|_| !c.orders.is_empty()) {
        out.push((ORDER_RETRY, at));
    }
    out
}
