//! One run in motion: the same lines come out whether it is recorded, replayed or only measured.

use crate::cores::Cores;
use crate::scenery;
use crate::tape::{RobotClamp, RobotNote, Slot, Tape};
use nooterra_agent::Event;
use nooterra_engine::keyframe::Keyframe;
use nooterra_engine::{Instant, Span};
use nooterra_stage::{Setup, Stage, StageError};
use std::sync::Arc;

/// Clamps are written down in one control cycle of each such span; the agents' own summaries count them all.
const CLAMP_EVERY: Span = Span::from_secs(1);

/// A stage with the tape that it fills.
#[derive(Debug)]
pub struct Drive {
    /// The run.
    pub stage: Stage,
    /// What it said in the last tick.
    pub tape: Tape,
    /// Protective stops so far.
    pub stops: u64,
    begun: bool,
}

impl Drive {
    /// A run at its start.
    pub fn new(setup: Arc<Setup>) -> Result<Self, StageError> {
        Ok(Self { stage: joined(Stage::new(setup)?), tape: Tape::default(), stops: 0, begun: false })
    }
    /// A run at a keyframe.
    pub fn at(setup: Arc<Setup>, k: &Keyframe) -> Result<Self, StageError> {
        Ok(Self { stage: joined(Stage::thaw(setup, k)?), tape: Tape::default(), stops: 0, begun: true })
    }
    /// Latest instant to which the run may go on.
    #[must_use]
    pub fn limit(&self) -> Instant {
        let r = &self.stage.setup().resolved;
        Instant((r.duration + r.drain).0)
    }
    /// Is the run over: everything asked for has ended, or the time to end it has?
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stage.now() >= self.limit() || self.stage.is_over()
    }
    /// One tick; the tape then holds what was said in it. The caller empties it.
    pub fn tick(&mut self) -> Result<(), StageError> {
        self.tick_with(|stage, tape| stage.step(tape))
    }
    /// The same, with the caller stepping the stage: to look at entries on their way to the tape.
    pub fn tick_with(&mut self, step: impl FnOnce(&mut Stage, &mut Tape) -> Result<(), StageError>) -> Result<(), StageError> {
        if !self.begun {
            self.begun = true;
            scenery::building(&self.stage, &mut self.tape);
        }
        step(&mut self.stage, &mut self.tape)?;
        let (tick, at) = (self.stage.tick(), self.stage.now());
        let (notes, clamps) = self.stage.fleet.take_notes();
        for (robot, note) in notes {
            self.stops += u64::from(matches!(note.event, Event::ProtectiveStop { .. }));
            self.tape.push(Slot::Note, tick, at, &RobotNote { robot, note });
        }
        // By the clock of the run alone, so that a run continued from a keyframe writes the same lines.
        if at.0 % CLAMP_EVERY.0 < 3 * self.stage.setup().resolved.tick.0 {
            for (robot, clamp) in clamps {
                self.tape.push(Slot::Clamp, tick, at, &RobotClamp { robot, clamp });
            }
        }
        if at.0 % scenery::POSES_EVERY.0 < self.stage.setup().resolved.tick.0 {
            scenery::poses(&self.stage, &mut self.tape);
        }
        if self.stage.keyframe_is_due() {
            self.tape.push(Slot::Keyframe, tick, at, &self.stage.keyframe());
        }
        Ok(())
    }
}

/// A stage whose sides take their turns at the same time where that is possible.
fn joined(mut stage: Stage) -> Stage {
    stage.join(Box::new(Cores));
    stage
}
