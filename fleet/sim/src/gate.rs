//! Who may pass a door or ride a lift: the plans that the site has signed, who holds the grant of each, the highest fence seen
//! of each robot, levels on which everything stands still, and how fresh the platform's word is. Inward only with the right
//! to; outward always.

use crate::plans::Plan;
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
    /// Doors that stand open for who is about the house, or for whoever is in them.
    errands: BTreeSet<u32>,
    /// Robots that doors were opened for outward since they were last shut, and that have not come through yet.
    leavers: BTreeMap<u32, BTreeSet<RobotId>>,
    /// Robots that each door was opened for since it was last shut.
    admitted: BTreeMap<u32, BTreeSet<RobotId>>,
    /// What was said last of a robot at an entrance: number of the request, and why it did not open.
    refused: BTreeMap<(u32, RobotId), (u64, String)>,
    /// Levels into which nobody is let.
    shut: BTreeSet<u32>,
    /// Number of the word that said so.
    shut_by: u64,
    /// Alarms that whoever runs the site was given.
    pub alarms: u64,
    /// Doors and lifts that a terminal opens, for whoever shows the credential of its plan.
    pub terminals: BTreeSet<u32>,
}

/// A robot that may not pass, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub robot: RobotId,
    pub job: Option<JobId>,
    pub code: &'static str,
}

/// An entrance that somebody wants to pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub now: Instant,
    /// When the platform said so.
    pub said: Instant,
    /// Number of its request.
    pub number: u64,
    pub entrance: u32,
    /// The level that whoever passes it comes to or goes on in; none for who gets into a lift.
    pub level: Option<u32>,
    /// Those who pass stand in the cabin of this lift: whatever their way, they come to that level.
    pub arrives: bool,
    pub passes: &'a [Pass],
    pub plans: &'a BTreeMap<JobId, Plan>,
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

    /// Nobody is let into these levels from now on, and everybody into all others. Doors that stand open there for whoever
    /// comes in are to be shut, unless somebody is still to leave through them. An older word changes nothing.
    pub(crate) fn shut(&mut self, levels: BTreeSet<u32>, number: u64, level_of: impl Fn(u32) -> u32) -> BTreeSet<u32> {
        if number < self.shut_by {
            return BTreeSet::new();
        }
        (self.shut, self.shut_by) = (levels, number);
        let open: BTreeSet<u32> = self.inward.union(&self.errands).copied().filter(|d| self.is_to_shut(*d, level_of(*d))).collect();
        // Whoever it was opened for may still stand in it: that is forgotten once it is shut.
        self.inward.retain(|d| !open.contains(d));
        self.errands.retain(|d| !open.contains(d));
        open
    }

    /// Does this door stand open on a level that is stopped, and not for who leaves?
    pub(crate) fn is_to_shut(&self, door: u32, level: u32) -> bool {
        let inward = self.inward.contains(&door) || self.errands.contains(&door);
        inward && self.shut.contains(&level) && !self.leavers.contains_key(&door)
    }

    /// A robot has come through a door, whichever way.
    pub(crate) fn came_through(&mut self, door: u32, robot: RobotId) {
        if let Some(l) = self.leavers.get_mut(&door) {
            l.remove(&robot);
            if l.is_empty() {
                self.leavers.remove(&door);
            }
        }
    }

    /// Why none of these passes opens, one refusal each; nothing if one of them does, or nobody has to ask. `shown` says which
    /// credential a robot shows.
    pub(crate) fn refuses(&mut self, w: &Wanted<'_>, shown: &dyn Fn(RobotId) -> Option<String>) -> Vec<Refusal> {
        self.hear(w.said);
        let is_shut = w.level.is_some_and(|l| self.shut.contains(&l));
        let (mut out, mut opens) = (Vec::new(), w.passes.is_empty() && !(is_shut && w.arrives));
        for p in w.passes {
            let stale = self.is_stale(p.robot, p.fence);
            let (job, code) = match &p.way {
                _ if is_shut && w.arrives => (None, "STOP_ACTIVE"),
                Way::Outward {} => (None, ""),
                Way::Errand {} => (None, if is_shut { "STOP_ACTIVE" } else { "" }),
                Way::Inward { job, .. } if is_shut => (Some(*job), "STOP_ACTIVE"),
                Way::Inward { job, plan } => (
                    Some(*job),
                    match w.plans.get(job) {
                        _ if w.now.since(w.said) >= CONTACT => "CONTACT_LOST",
                        None => "PLAN_MISSING",
                        Some(known) if known.withdrawn || *plan != Some(known.id) => "PLAN_MISSING",
                        Some(known) if known.revoked => "ACCESS_REVOKED",
                        Some(known) if w.now < known.valid_from || w.now >= known.valid_to => "PLAN_NOT_VALID_NOW",
                        Some(_) if stale => "FENCE_STALE",
                        Some(known) => self.bars(w, p, known, shown),
                    },
                ),
            };
            if code.is_empty() {
                opens = true;
                self.admitted.entry(w.entrance).or_default().insert(p.robot);
                self.refused.remove(&(w.entrance, p.robot));
            } else {
                out.push(Refusal { robot: p.robot, job, code });
            }
        }
        if opens { Vec::new() } else { out }
    }

    /// Why a plan that holds does not open for this robot, here.
    fn bars(&self, w: &Wanted<'_>, p: &Pass, known: &Plan, shown: &dyn Fn(RobotId) -> Option<String>) -> &'static str {
        if nooterra_engine::planted!("I13 open a door that the plan does not name") {
            return "";
        }
        match known.holder {
            // The grant is another robot's, or nobody's: this one has no plan here.
            None => "PLAN_MISSING",
            Some(h) if h.robot != p.robot => "PLAN_MISSING",
            Some(h) if h.fence != p.fence => "FENCE_STALE",
            Some(_) if !known.entry.entrances.contains(&w.entrance) => "AREA_FORBIDDEN",
            Some(_) if self.terminals.contains(&w.entrance) && shown(p.robot).is_none_or(|c| c != known.entry.credential) => "PLAN_MISSING",
            Some(_) => "",
        }
    }

    /// Was this not said already in answer to the same request?
    pub(crate) fn is_news(&mut self, w: &Wanted<'_>, r: &Refusal) -> bool {
        let said = (w.number, r.code.to_owned());
        self.refused.insert((w.entrance, r.robot), said.clone()) != Some(said)
    }

    /// Was a door opened for this robot since it was last shut?
    pub(crate) fn is_admitted(&self, door: u32, robot: RobotId) -> bool {
        self.admitted.get(&door).is_some_and(|a| a.contains(&robot))
    }

    /// A door was opened or closed; inward if somebody may pass it only with the right to.
    pub fn moved(&mut self, door: u32, open: bool, passes: &[Pass]) {
        if !open {
            return self.closed(door);
        }
        let leavers: BTreeSet<RobotId> = passes.iter().filter(|p| p.way == Way::Outward {}).map(|p| p.robot).collect();
        if !leavers.is_empty() {
            // Asked again, the request names nobody who was let go meanwhile: they are remembered until they are through.
            self.leavers.entry(door).or_default().extend(leavers);
            self.inward.remove(&door);
            self.errands.remove(&door);
        } else if passes.iter().any(|p| p.way == Way::Errand {}) {
            self.inward.remove(&door);
            self.errands.insert(door);
        } else if passes.is_empty() {
            // Nobody in particular is to pass: a level that is stopped shuts it as soon as nobody stands in it.
            if !self.inward.contains(&door) {
                self.errands.insert(door);
            }
        } else if !self.errands.contains(&door) {
            self.inward.insert(door);
        }
    }

    pub(crate) fn closed(&mut self, door: u32) {
        self.inward.remove(&door);
        self.errands.remove(&door);
        self.leavers.remove(&door);
        self.admitted.remove(&door);
    }

    /// Doors that stand open inward although nothing was heard of the platform for too long: they are shut.
    pub fn forgotten(&mut self, now: Instant) -> BTreeSet<u32> {
        if now.since(self.contact) < CONTACT {
            return BTreeSet::new();
        }
        let open = std::mem::take(&mut self.inward);
        open.iter().for_each(|d| self.closed(*d));
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nooterra_engine::ids::AccessPlanId;
    use nooterra_port::facility::{AccessMethod, Entry, Holder};

    const NOW: Instant = Instant(1_000_000_000_000);
    const DOOR: u32 = 3;

    fn held() -> (Gate, BTreeMap<JobId, Plan>) {
        let plan = Plan {
            id: AccessPlanId::named("p"),
            vertices: vec![1],
            areas: vec![],
            no_go: vec![],
            entry: Entry { entrances: vec![DOOR, 5], method: AccessMethod::Code, credential: "vault/p".into() },
            holder: Some(Holder { robot: RobotId::named("r"), fence: 7 }),
            granted_by: 0,
            valid_from: NOW.saturating_sub(Span::from_secs(10)),
            valid_to: NOW.saturating_add(Span::from_secs(10)),
            item: None,
            revoked: false,
            held: false,
            asked_by: 0,
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

    fn nothing(_: RobotId) -> Option<String> {
        None
    }

    fn at<'a>(plans: &'a BTreeMap<JobId, Plan>, passes: &'a [Pass]) -> Wanted<'a> {
        Wanted { now: NOW, said: NOW, number: 1, entrance: DOOR, level: Some(0), arrives: false, passes, plans }
    }

    fn code(g: &mut Gate, plans: &BTreeMap<JobId, Plan>, now: Instant, said: Instant, p: Pass) -> &'static str {
        g.refuses(&Wanted { now, said, ..at(plans, &[p]) }, &nothing).first().map_or("", |r| r.code)
    }

    #[test]
    fn inward_needs_plan_time_fence_and_a_fresh_word() {
        let (mut g, plans) = held();
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 7, inward("p"))), "");
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 6, inward("p"))), "FENCE_STALE");
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
        assert_eq!(code(&mut g, &gone, NOW, NOW, pass("r", 7, inward("p"))), "ACCESS_REVOKED");
    }

    #[test]
    fn a_grant_is_one_robots_under_one_fence_and_the_next_one_voids_it() {
        let (mut g, mut plans) = held();
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("s", 9, inward("p"))), "PLAN_MISSING", "another robot's");
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 8, inward("p"))), "FENCE_STALE", "a fence that nobody granted");
        plans.values_mut().for_each(|p| p.holder = Some(Holder { robot: RobotId::named("s"), fence: 9 }));
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("s", 9, inward("p"))), "");
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 8, inward("p"))), "PLAN_MISSING", "void since");
        plans.values_mut().for_each(|p| p.holder = None);
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("s", 9, inward("p"))), "PLAN_MISSING");
    }

    #[test]
    fn only_what_the_plan_names_opens_inward() {
        let (mut g, plans) = held();
        let passes = [pass("r", 7, inward("p"))];
        let other = Wanted { entrance: 4, ..at(&plans, &passes) };
        let refused = g.refuses(&other, &nothing);
        assert_eq!(refused, [Refusal { robot: RobotId::named("r"), job: Some(JobId::named("j")), code: "AREA_FORBIDDEN" }]);
        assert!(!g.is_admitted(4, RobotId::named("r")));
        assert!(g.is_news(&other, &refused[0]) && !g.is_news(&other, &refused[0]), "said once for each request");
        assert!(g.is_news(&Wanted { number: 2, ..other }, &refused[0]));
        assert!(g.refuses(&Wanted { entrance: 5, ..at(&plans, &passes) }, &nothing).is_empty());
        assert!(g.is_admitted(5, RobotId::named("r")) && !g.is_admitted(5, RobotId::named("s")));
        g.moved(5, false, &[]);
        assert!(!g.is_admitted(5, RobotId::named("r")), "until it is shut");
    }

    #[test]
    fn a_terminal_wants_the_credential_of_the_plan() {
        let (mut g, plans) = held();
        g.terminals = [DOOR].into();
        let passes = [pass("r", 7, inward("p"))];
        let shows = |what: &'static str| move |_: RobotId| Some(what.to_owned());
        assert_eq!(g.refuses(&at(&plans, &passes), &nothing)[0].code, "PLAN_MISSING");
        assert_eq!(g.refuses(&at(&plans, &passes), &shows("vault/q"))[0].code, "PLAN_MISSING");
        assert!(g.refuses(&at(&plans, &passes), &shows("vault/p")).is_empty());
        assert!(g.refuses(&Wanted { entrance: 5, ..at(&plans, &passes) }, &nothing).is_empty(), "the next door has none");
        let mut gone = plans.clone();
        gone.values_mut().for_each(|p| p.revoked = true);
        assert_eq!(g.refuses(&at(&gone, &passes), &shows("vault/p"))[0].code, "ACCESS_REVOKED", "void with its plan");
    }

    #[test]
    fn outward_is_always_free_and_one_right_is_enough() {
        let (mut g, plans) = held();
        let (bad, out) = (pass("r", 7, inward("q")), pass("s", 1, Way::Outward {}));
        assert_eq!(code(&mut g, &BTreeMap::new(), NOW, Instant::ZERO, out.clone()), "");
        assert_eq!(code(&mut g, &BTreeMap::new(), NOW, Instant::ZERO, pass("s", 1, Way::Errand {})), "", "about the house");
        assert_eq!(g.refuses(&at(&plans, &[bad.clone(), out]), &nothing).len(), 0);
        assert_eq!(g.refuses(&at(&plans, &[bad]), &nothing).len(), 1);
        assert_eq!(g.refuses(&at(&plans, &[]), &nothing).len(), 0);
    }

    #[test]
    fn a_level_that_is_stopped_opens_outward_only() {
        let (mut g, plans) = held();
        g.moved(1, true, &[pass("r", 7, inward("p"))]);
        g.moved(2, true, &[pass("s", 7, Way::Outward {})]);
        g.moved(4, true, &[pass("s", 7, Way::Errand {})]);
        g.moved(6, true, &[pass("s", 7, Way::Errand {})]);
        g.moved(5, true, &[]);
        g.moved(1, true, &[]);
        let level = |d: u32| u32::from(d == 6);
        assert_eq!(g.shut([0].into(), 7, level), BTreeSet::from([1, 4, 5]), "what stands open there but for who leaves");
        for way in [inward("p"), Way::Errand {}] {
            assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 7, way)), "STOP_ACTIVE");
        }
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 7, Way::Outward {})), "");
        let passes = [pass("r", 7, inward("p"))];
        assert!(g.refuses(&Wanted { level: Some(1), ..at(&plans, &passes) }, &nothing).is_empty(), "the next level is open");
        assert!(g.refuses(&Wanted { level: None, ..at(&plans, &passes) }, &nothing).is_empty(), "who gets into a lift leaves");
        let out = [pass("r", 7, Way::Outward {})];
        let from_cabin = Wanted { arrives: true, ..at(&plans, &out) };
        assert_eq!(g.refuses(&from_cabin, &nothing)[0].code, "STOP_ACTIVE", "who stands in a cabin comes in, whatever its way");
        assert!(g.shut(BTreeSet::new(), 6, level).is_empty());
        assert_eq!(
            code(&mut g, &plans, NOW, NOW, pass("r", 7, inward("p"))),
            "STOP_ACTIVE",
            "an older word changes nothing, of whatever instant"
        );
        g.shut(BTreeSet::new(), 8, level);
        assert_eq!(code(&mut g, &plans, NOW, NOW, pass("r", 7, inward("p"))), "");
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
