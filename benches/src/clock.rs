//! Time for measurements: what this thread worked, so that other work on the machine does not count.

use std::time::{Duration, Instant};

/// Measures the processor time of one thread; wall time where the system does not tell.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    worked: Option<u64>,
    wall: Instant,
}

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { worked: worked_ns(), wall: Instant::now() }
    }
    /// What this thread worked since then.
    #[must_use]
    pub fn worked(&self) -> Duration {
        match (self.worked, worked_ns()) {
            (Some(a), Some(b)) => Duration::from_nanos(b.saturating_sub(a)),
            _ => self.wall.elapsed(),
        }
    }
    /// What passed since then.
    #[must_use]
    pub fn wall(&self) -> Duration {
        self.wall.elapsed()
    }
}

/// Processor time of this thread, from the scheduler's own books. They are brought up to date when a thread yields.
fn worked_ns() -> Option<u64> {
    std::thread::yield_now();
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

/// Most memory that this process ever held, bytes, where the system tells.
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|k| k * 1024)
}
