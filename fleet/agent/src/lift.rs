//! A step that several robots do together: this one takes hold, says that it is ready, raises when it is told, and lets go
//! whatever else becomes of its work. It never decides by itself that the others are ready.

use crate::work::{Around, GRIPPER_ANSWER, Phase, Work};
use nooterra_engine::ids::ItemId;
use nooterra_engine::{Instant, Record};
use nooterra_port::hardware::{GripperCommand, GripperState};
use nooterra_port::report::{AbortReason, Report};

/// The scale reads more than this when something is borne.
const BORNE_G: u32 = 100;

/// How far this robot is with what it lifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum Lifting {
    /// Has not hold of it.
    #[default]
    Apart,
    /// Has hold of it and has said so.
    Ready,
    /// Raises it from then on.
    Told {
        /// When.
        at: Instant,
    },
    /// Raises it.
    Raising {
        /// Since when.
        since: Instant,
        /// The most that it bore, g.
        most_g: u32,
        /// Has said that it bears it.
        said: bool,
    },
    /// It did not rise, or fell; the platform was told.
    Failed,
}

impl Work {
    /// The word to raise, for this step. Said again it changes nothing.
    pub fn told_to_lift(&mut self, step: u16, at: Instant) -> Result<(), &'static str> {
        match self.lifting {
            _ if self.phase != Phase::Working || self.step != step => Err("STATE_FORBIDS"),
            Lifting::Ready => {
                self.lifting = Lifting::Told { at };
                Ok(())
            }
            Lifting::Told { .. } | Lifting::Raising { .. } => Ok(()),
            Lifting::Apart | Lifting::Failed => Err("STATE_FORBIDS"),
        }
    }

    /// Has it hold of something that it must let go of, because its work is over?
    pub(crate) fn lets_go(&mut self, out: &mut Vec<Report>) -> Option<GripperCommand> {
        if self.phase == Phase::Working || !std::mem::take(&mut self.has_hold) {
            return None;
        }
        let bore = matches!(std::mem::take(&mut self.lifting), Lifting::Raising { said: true, .. });
        if let (true, Some(item)) = (bore, self.lifted) {
            out.push(Report::CustodyChanged { item, held: false, mass_g: 0 });
        }
        Some(GripperCommand::LetGo)
    }

    /// One cycle at the step. Says whether it is done.
    pub(crate) fn lift(
        &mut self,
        now: Instant,
        a: &Around<'_>,
        item: ItemId,
        command: &mut Option<GripperCommand>,
        out: &mut Vec<Report>,
    ) -> bool {
        let (f, step) = (a.frame, self.step);
        match self.lifting {
            Lifting::Apart => {
                if !self.may_ask(now, a) {
                    return false;
                }
                let Some(asked) = self.asked_at else {
                    self.ask(now, f.deck_g, GripperCommand::Hold { item }, command);
                    return false;
                };
                if now.since(asked) < GRIPPER_ANSWER {
                    return false;
                }
                if f.gripper == GripperState::Done {
                    self.asked_at = None;
                    self.tries = 0;
                    (self.has_hold, self.lifted) = (true, Some(item));
                    self.lifting = Lifting::Ready;
                    out.push(Report::LiftReady { step });
                } else {
                    self.judge_try(now, asked, f.gripper, out);
                }
            }
            Lifting::Ready | Lifting::Told { .. } if f.gripper != GripperState::Done => {
                // Its hold was lost: it takes hold once more, and says so.
                self.has_hold = false;
                self.lifting = Lifting::Apart;
            }
            Lifting::Told { at } if now >= at => {
                *command = Some(GripperCommand::Raise);
                self.lifting = Lifting::Raising { since: now, most_g: 0, said: false };
            }
            Lifting::Raising { since, most_g, said } => {
                let most_g = most_g.max(f.deck_g);
                let bears = f.deck_g > BORNE_G;
                self.lifting = Lifting::Raising { since, most_g, said: said || bears };
                if bears && !said {
                    out.push(Report::CustodyChanged { item, held: true, mass_g: f.deck_g });
                }
                if now.since(since) < GRIPPER_ANSWER || f.gripper == GripperState::Busy {
                    return false;
                }
                self.has_hold = false;
                if f.gripper == GripperState::Done {
                    self.lifting = Lifting::Apart;
                    out.push(Report::CustodyChanged { item, held: false, mass_g: most_g.max(1) });
                    return true;
                }
                self.lifting = Lifting::Failed;
                if said {
                    out.push(Report::CustodyChanged { item, held: false, mass_g: 0 });
                }
                if f.gripper == GripperState::Idle {
                    // The grip reports no failure but nothing held: it was this robot that let go.
                    self.give_up(AbortReason::Payload, "lost its hold of what others hold too", out);
                    return false;
                }
                out.push(Report::LiftFailed { step, measure_g: most_g });
            }
            Lifting::Ready | Lifting::Told { .. } | Lifting::Failed => {}
        }
        false
    }
}
