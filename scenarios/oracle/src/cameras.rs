//! What robots' cameras keep against what they may: a shut gate passes no image (I19). Looked at is what is truly in the
//! store, not what a robot says of it.

pub use crate::trail::Recording;
use crate::verdict::{Class, Notes};
use nooterra_engine::ids::RobotId;
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;

/// A robot's own estimate of where a private area begins is off by no more than this, mm.
const ESTIMATE_MM: i64 = 300;

/// Under what an image was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eye {
    /// What allows it to record, as the trail says.
    pub allowed: Recording,
    /// How far it truly reaches into an area that is not public, mm.
    pub private_mm: i64,
    /// A fault explains it.
    pub excused: bool,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Cameras {
    kept: BTreeMap<RobotId, u32>,
    pub notes: Notes,
}

impl Cameras {
    pub fn new() -> Self {
        Self { kept: BTreeMap::new(), notes: Notes::of("a shut gate passes no image", &[19]) }
    }
    /// A robot with a camera, each tick, and how many images ever came into its store. `under` is asked only when there is
    /// a new one.
    pub fn look(&mut self, at: Instant, tick: u64, robot: RobotId, kept: u32, under: impl FnOnce() -> Eye) {
        self.notes.checked();
        if self.kept.insert(robot, kept).unwrap_or(0) == kept {
            return;
        }
        let e = under();
        let may = match e.allowed {
            Recording::Anywhere => true,
            Recording::OutsidePrivate => e.private_mm <= ESTIMATE_MM,
            Recording::Never => false,
        };
        if !may && !e.excused {
            let story = format!("{robot} kept image {kept} and nothing allowed it ({} mm within a private area)", e.private_mm.max(0));
            self.notes.broke(Class::Safety, at, tick, story, vec![robot.to_string()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_image_needs_something_that_allows_it() {
        let looked = |allowed, private_mm, kept: &[u32], excused| {
            let mut c = Cameras::new();
            for (n, kept) in (0u64..).zip(kept) {
                c.look(Instant(n), n, RobotId::named("r"), *kept, || Eye { allowed, private_mm, excused });
            }
            c.notes.broken
        };
        assert_eq!(looked(Recording::Never, 0, &[0, 0, 0], false), 0);
        assert_eq!(looked(Recording::Never, 0, &[1, 1, 2], false), 2);
        assert_eq!(looked(Recording::Never, 0, &[1, 1, 2], true), 0);
        assert_eq!(looked(Recording::Anywhere, 5_000, &[1, 2], false), 0);
        assert_eq!(looked(Recording::OutsidePrivate, 300, &[1, 2], false), 0);
        assert_eq!(looked(Recording::OutsidePrivate, 301, &[1, 2], false), 2);
    }
}
