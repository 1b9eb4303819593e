//! Where bodies are against what plans allow: none is in an area that is not public without a live plan that names it, but
//! for those that leave it or are stranded there; and none comes in by a door or lift that the plan of its job does not name
//! (I13).

pub use crate::trail::Right;
use crate::verdict::{Class, Notes};
use nooterra_engine::ids::RobotId;
use nooterra_engine::time::{Instant, Span};
use std::collections::BTreeMap;

/// A body that reaches in by no more than this is not in, mm.
const IN_MM: i64 = 50;
/// Being in for less than this is no offence.
const HOLD: Span = Span::from_millis(200);
/// Who loses its right while it is in is out again within this.
const LEAVES_WITHIN: Span = Span::from_mins(10);

/// A robot's body in or near an area that is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    /// Whose.
    pub robot: RobotId,
    /// The area, by number.
    pub area: u32,
    /// How far it truly reaches in, mm.
    pub reach_mm: i64,
    /// By which right, as the trail says.
    pub right: Right,
    /// A fault explains it, or it is out of service.
    pub excused: bool,
}

/// One stay in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Stay {
    /// It had the right to come.
    rightly: bool,
    /// Since when it has had none.
    since: Option<Instant>,
    told: bool,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Places {
    stays: BTreeMap<(RobotId, u32), Stay>,
    pub notes: Notes,
}

impl Places {
    pub fn new() -> Self {
        Self { stays: BTreeMap::new(), notes: Notes::of("nobody is in an area without a plan", &[13]) }
    }
    /// A robot came in through a door, or into a lift; `may` says whether its plan, as the trail has it, lets it.
    pub fn came_in(&mut self, at: Instant, tick: u64, robot: RobotId, may: bool, name: &str) {
        self.notes.checked();
        if !may {
            let story = format!("{robot} came in through `{name}`, which the plan of its job does not name");
            self.notes.broke(Class::Safety, at, tick, story, vec![robot.to_string(), name.to_owned()]);
        }
    }
    /// A body, each tick.
    pub fn look(&mut self, at: Instant, tick: u64, b: &Body, name: &str) {
        let key = (b.robot, b.area);
        self.notes.checked();
        if b.reach_mm <= 0 {
            self.stays.remove(&key);
            return;
        }
        let s = self.stays.entry(key).or_default();
        s.rightly |= b.right == Right::Plan;
        if b.reach_mm <= IN_MM || b.right != Right::None || b.excused {
            // Whoever leaves by order, or cannot, is not out of time meanwhile.
            s.since = None;
            return;
        }
        let since = *s.since.get_or_insert(at);
        let limit = if s.rightly { LEAVES_WITHIN } else { HOLD };
        if at.since(since) >= limit && !s.told {
            s.told = true;
            let how = if s.rightly { "is still" } else { "is" };
            let story = format!("{} {how} {} mm within `{name}`, and no live plan names it since {since}", b.robot, b.reach_mm);
            self.notes.broke(Class::Safety, at, tick, story, vec![b.robot.to_string(), name.to_owned()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(reach_mm: i64, right: Right) -> Body {
        Body { robot: RobotId::named("r"), area: 0, reach_mm, right, excused: false }
    }

    /// What a story of places comes to: `(millisecond, reach, right)`.
    fn broken(story: &[(u64, i64, Right)]) -> u64 {
        let mut p = Places::new();
        for (ms, reach, right) in story {
            p.look(Instant(ms * 1_000_000), *ms, &body(*reach, *right), "vault");
        }
        p.notes.broken
    }

    #[test]
    fn who_has_no_plan_is_told_after_a_fifth_of_a_second() {
        use Right::{Leaves, None, Plan};
        assert_eq!(broken(&[(0, 51, None), (199, 80, None)]), 0);
        assert_eq!(broken(&[(0, 51, None), (200, 80, None), (400, 90, None)]), 1, "once a stay");
        assert_eq!(broken(&[(0, 50, None), (500, 50, None)]), 0, "reaching in a little is not being in");
        assert_eq!(broken(&[(0, 51, None), (100, 40, None), (300, 51, None)]), 0, "not for long enough");
        assert_eq!(broken(&[(0, 51, Plan), (900, 300, Plan)]), 0);
        assert_eq!(broken(&[(0, 51, Leaves), (900, 300, Leaves)]), 0);
        assert_eq!(broken(&[(0, 300, None), (300, 300, None), (400, 0, None), (500, 60, None), (700, 60, None)]), 2, "two stays");
    }

    #[test]
    fn who_comes_in_by_a_door_of_no_plan_is_told() {
        let (mut p, r) = (Places::new(), RobotId::named("r"));
        p.came_in(Instant::ZERO, 1, r, true, "door");
        assert_eq!(p.notes.broken, 0);
        p.came_in(Instant::ZERO, 2, r, false, "door");
        assert_eq!(p.notes.broken, 1);
    }

    #[test]
    fn who_came_rightly_has_time_to_leave() {
        use Right::{None, Plan};
        let minute = 60_000;
        assert_eq!(broken(&[(0, 300, Plan), (1, 300, None), (9 * minute, 300, None)]), 0);
        assert_eq!(broken(&[(0, 300, Plan), (1, 300, None), (11 * minute, 300, None)]), 1);
        assert_eq!(
            broken(&[(0, 300, Plan), (1, 300, None), (2, -5, None), (minute, 300, None), (minute + 200, 300, None)]),
            1,
            "and not to return"
        );
    }
}
