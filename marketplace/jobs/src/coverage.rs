//! Operator coverage: an operator who stands by for a job while a robot has it.

use crate::event::Event;
use crate::job::Job;
use nooterra_engine::Record;
use nooterra_engine::ids::{OperatorId, ShiftId};

use crate::terms::Window;

/// The operator reserved for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Coverage {
    /// Who.
    pub operator: OperatorId,
    /// In which shift.
    pub shift: ShiftId,
    /// For when.
    pub interval: Window,
}

/// Why an operator stands by no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum CoverageEnd {
    /// The robot lost the job outside.
    LeaseOver,
    /// The job is over.
    JobOver,
    /// The operator's shift is over.
    ShiftClosed,
}

impl Job {
    /// Was an operator promised, and none is reserved?
    pub fn lacks_cover(&self) -> bool {
        self.coverage.is_none() && self.pins.as_ref().is_some_and(|p| p.coverage)
    }

    /// The event that lets the reserved operator go.
    pub fn uncover(&self, reason: CoverageEnd) -> Option<Event> {
        self.coverage.map(|c| Event::CoverageReleased { operator: c.operator, reason })
    }
}
