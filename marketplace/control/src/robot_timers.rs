//! Timers of a robot stream.

use crate::state::RobotCell;
use nooterra_engine::time::{Instant, Span};

/// Code of the timer that repeats orders; those of operations come before it.
pub(crate) const ORDER_RETRY: u8 = 16;
/// Code of the timer that judges a long silence.
pub(crate) const SILENT_BY: u8 = 18;

/// Code of the timer of its next lease.
pub(crate) const AHEAD_AT: u8 = 19;

/// What is to be armed for this robot; a silence is judged once more after `long`.
pub(crate) fn wanted(c: &RobotCell, long: Span, out: &mut Vec<(u8, Instant)>) {
    out.extend(c.robot.deadlines().into_iter().map(|(t, at)| (t as u8, at)));
    if let Some(at) = c.retry_at.filter(|_| !c.orders.is_empty()) {
        out.push((ORDER_RETRY, at));
    }
    if let Some(heard) = c.robot.heard_at.filter(|_| c.robot.link_lost && !c.silence_judged) {
        out.push((SILENT_BY, heard.saturating_add(long)));
    }
    out.extend(crate::ahead::due(&c.robot, c.ahead_tried).map(|at| (AHEAD_AT, at)));
}
