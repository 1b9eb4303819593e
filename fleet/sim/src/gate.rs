//! Who may pass a door or ride a lift: the plans that the site has signed, the highest fence seen of each robot, and how
//! fresh the platform's word is. Inward only with the right to; outward always.

use crate::site_controller::Plan;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::facility::{Pass, Way};
use std::collections::{BTreeMap, BTreeSet};

/// A word of the platform counts for less than this long.
const CONTACT: Span = Span::from_secs(60);

/// What the doors remember of robots and of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Gate {
    /// Highest fence seen, by robot.
    fences: BTreeMap<RobotId, u64>,
    /// When the platform spoke last.
    contact: Instant,
    /// Doors that stand open inward.
    inward: BTreeSet<u32>,
    /// Alarms that whoever runs the site was given.
    pub alarms: u64,
}

/// A robot that may not pass, and why.
pub(crate) struct Refusal {
    pub robot: RobotId,
    pub job: JobId,
    pub code: &'static str,
}

impl Gate {
    /// The platform spoke at this instant.
    pub fn hear(&mut self, at: Instant) {
        self.contact = self.contact.max(at);
    }

    /// Is this fence older than one that was seen of the robot? Else it is the newest.
    pub fn is_stale(&mut self, robot: RobotId, fence: u64) -> bool {
        let seen = self.fences.entry(robot).or_insert(fence);
        let stale = fence < *seen;
        *seen = fence.max(*seen);
        stale
    }

    /// Why none of these passes opens, one refusal each; nothing if one of them does, or nobody has to ask.
    pub(crate) fn refuses(&mut self, now: Instant, said: Instant, passes: &[Pass], plans: &BTreeMap<JobId, Plan>) -> Vec<Refusal> {
        self.hear(said);
        let mut out = Vec::new();
        for p in passes {
            let stale = self.is_stale(p.robot, p.fence);
            let Way::Inward { job, plan } = &p.way else { return Vec::new() };
            let code = match plans.get(job) {
                _ if now.since(said) >= CONTACT => "CONTACT_LOST",
                None => "PLAN_MISSING",
                Some(known) if known.withdrawn || *plan != Some(known.id) => "PLAN_MISSING",
                Some(known) if known.revoked => "ACCESS_REVOKED",
                Some(known) if now < known.valid_from || now >= known.valid_to => "PLAN_NOT_VALID_NOW",
                Some(_) if stale => "FENCE_STALE",
                Some(_) => return Vec::new(),
            };
            out.push(Refusal { robot: p.robot, job: *job, code });
        }
        out
    }

    /// A door was opened or closed; `inward` if somebody may pass it only with the right to.
    pub fn moved(&mut self, door: u32, open: bool, passes: &[Pass]) {
        let inward = !passes.is_empty() && passes.iter().all(|p| matches!(p.way, Way::Inward { .. }));
        if open && inward {
            self.inward.insert(door);
        } else {
            self.inward.remove(&door);
        }
    }

    /// Doors that stand open inward although nothing was heard of the platform for too long: they are shut.
    pub fn forgotten(&mut self, now: Instant) -> BTreeSet<u32> {
        if now.since(self.contact) < CONTACT { BTreeSet::new() } else { std::mem::take(&mut self.inward) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nooterra_engine::ids::AccessPlanId;

    const NOW: Instant = Instant(1_000_000_000_000);

    fn held() -> (Gate, BTreeMap<JobId, Plan>) {
        let plan = Plan {
            id: AccessPlanId::named("p"),
            vertices: vec![1],
            areas: vec![],
            no_go: vec![],
            valid_from: NOW.saturating_sub(Span::from_secs(10)),
            valid_to: NOW.saturating_add(Span::from_secs(10)),
            item: None,
            revoked: false,
            held: None,
            withdrawn: false,
        };
        (Gate::default(), BTreeMap::from([(JobId::named("j"), plan)]))
    }

    fn pass(robot: &str, fence: u64, way: Way) -> Pass {
        Pass { robot: RobotId::named(robot), fence, way }
    }

    fn inward(plan: &str) -> Way {
        Way::Inward { job: JobId::named("j"), plan: Some(AccessPlanId::named(plan)) }
    }

    fn code(g: &mut Gate, plans: &BTreeMap<JobId, Plan>, now: Instant, said: Instant, p: Pass) -> &'static str {
        g.refuses(now, said, &[p], plans).first().map_or("", |r| r.code)
    }

    #[test]
    fn inward_needs_plan_time_fence_and_a_fresh_word() {
        let (mut g, plans) = held();
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 7, inward("p"))), "");
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 6, inward("p"))), "FENCE_STALE");
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("s", 2, inward("p"))), "", "a fence is one robot's own");
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 7, inward("q"))), "PLAN_MISSING");
        assert_eq!(code(&mut g, &BTreeMap::new(), NOW, NOW, pass("r", 7, inward("p"))), "PLAN_MISSING");
        let mut over = plans.clone();
        over.values_mut().for_each(|p| p.withdrawn = true);
        assert_eq!(code(&mut g, &over, NOW, NOW, pass("r", 7, inward("p"))), "PLAN_MISSING", "it was withdrawn");
        let late = NOW.saturating_add(Span::from_secs(10));
        assert_eq!(code(&mut g, &plans, late, late, pass("r", 7, inward("p"))), "PLAN_NOT_VALID_NOW");
        let old = NOW.saturating_sub(CONTACT);
        assert_eq!(code(&mut g, &plans, NOW, old, pass("r", 7, inward("p"))), "CONTACT_LOST");
        let fresh = Instant(old.0 + 1);
        assert_eq!(code(&mut g, &plans, NOW, fresh, pass("r", 7, inward("p"))), "");
        let mut gone = plans.clone();
        gone.values_mut().for_each(|p| p.revoked = true);
        assert_eq!(g.refuses(NOW, NOW, &[pass("r", 7, inward("p"))], &gone)[0].code, "ACCESS_REVOKED");
    }

    #[test]
    fn outward_is_always_free_and_one_right_is_enough() {
        let (mut g, plans) = held();
        let (bad, out) = (pass("r", 7, inward("q")), pass("s", 1, Way::Outward {}));
        assert_eq!(code(&mut g, &BTreeMap::new(), NOW, Instant::ZERO, out.clone()), "");
        assert_eq!(g.refuses(NOW, NOW, &[bad.clone(), out], &plans).len(), 0);
        assert_eq!(g.refuses(NOW, NOW, &[bad], &plans).len(), 1);
        assert_eq!(g.refuses(NOW, NOW, &[], &plans).len(), 0);
    }

    #[test]
    fn a_door_that_stands_open_inward_is_shut_when_the_platform_is_silent() {
        let (mut g, _) = held();
        g.hear(NOW);
        g.moved(3, true, &[pass("r", 7, inward("p"))]);
        g.moved(4, true, &[pass("s", 7, Way::Outward {})]);
        let quiet = NOW.saturating_add(CONTACT);
        assert!(g.forgotten(Instant(quiet.0 - 1)).is_empty());
        assert_eq!(g.forgotten(quiet), BTreeSet::from([3]));
        assert!(g.forgotten(quiet).is_empty(), "once");
    }
}
