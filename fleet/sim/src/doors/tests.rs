use super::*;
use crate::plans::Plan;
use crate::site_controller::{Footprint, ItemPlace};
use nooterra_engine::Span;
use nooterra_engine::ids::{ItemId, TenantId};
use nooterra_port::FacilityOrder;
use nooterra_port::facility::{DoorState, Way};
use nooterra_site::LevelIx;
use nooterra_site::model::{Door, DoorKind, Frame, Graph, Lane, Level, Lift, Vertex};
use nooterra_trust::outbox::Patience;
use nooterra_trust::{Outbox, Sender, SigningKey};
use proptest::prelude::*;
use std::collections::BTreeMap;

const NOW: Instant = Instant::from_secs(1_000);
/// The door of the room on the ground floor that the plan names, of the one upstairs, and of a room that it does not name.
const ROOM: u32 = 0;
const UPSTAIRS: u32 = 1;
const OTHER: u32 = 2;
/// The only lift, and what plans name it by: it comes after the doors.
const LIFT: u32 = 0;
const BY_LIFT: u32 = 3;
/// In the cabin, whichever level it stands at.
const CABIN: Vec2 = Vec2::new(3.0, 3.0);

fn r(name: &str) -> RobotId {
    RobotId::named(name)
}
fn job() -> JobId {
    JobId::named("j")
}
fn plan() -> AccessPlanId {
    AccessPlanId::named("p")
}

/// Two floors: a hall with two rooms, a lift, and upstairs a landing with one room more. Robots wait in the hall.
fn site() -> Site {
    let level = |name: &str, elevation_m| Level { name: name.into(), elevation_m, walls: vec![], floors: vec![], obstacles: vec![] };
    let vertex = |name: &str, level, x, y| Vertex::new(name, LevelIx::new(level), Vec2::new(x, y));
    let mut vertices = vec![
        vertex("rest", 0, 0.0, 0.0),
        vertex("hall", 0, 3.0, 0.0),
        vertex("room", 0, 6.0, 0.0),
        vertex("other", 0, 3.0, -3.0),
        vertex("cabin", 0, CABIN.x, CABIN.y),
        vertex("cabin", 1, CABIN.x, CABIN.y),
        vertex("landing", 1, 3.0, 0.0),
        vertex("upstairs", 1, 6.0, 0.0),
    ];
    vertices[0].flags.is_parking_spot = true;
    vertices.iter_mut().filter(|v| v.name == "cabin").for_each(|v| v.lift = Some(LiftIx::new(LIFT)));
    let mut lanes = Vec::new();
    let mut join = |a: u32, b: u32, doors: &[u32], lift_door: bool, ride: bool| {
        let at = u32::try_from(lanes.len()).unwrap();
        for (from, to, other) in [(a, b, at + 1), (b, a, at)] {
            lanes.push(Lane {
                reverse: Some(LaneIx::new(other)),
                doors: doors.iter().copied().map(DoorIx::new).collect(),
                lift_door: lift_door.then_some(LiftIx::new(LIFT)),
                ride: ride.then_some(LiftIx::new(LIFT)),
                ..Lane::new(VertexIx::new(from), VertexIx::new(to), if ride { 0 } else { 3_000 })
            });
        }
    };
    join(0, 1, &[], false, false);
    join(1, 2, &[ROOM], false, false);
    join(1, 3, &[OTHER], false, false);
    join(1, 4, &[], true, false);
    join(4, 5, &[], false, true);
    join(5, 6, &[], true, false);
    join(6, 7, &[UPSTAIRS], false, false);
    let door = |name: &str, level, a: (f64, f64), b: (f64, f64)| Door {
        name: name.into(),
        level: LevelIx::new(level),
        line: Segment::new(Vec2::new(a.0, a.1), Vec2::new(b.0, b.1)),
        kind: DoorKind::Sliding,
        at_end: false,
        swing_rad: 0.0,
        direction: 1,
        right_left_ratio: 1.0,
    };
    let upright = ((4.5, -0.5), (4.5, 0.5));
    let lift = Lift {
        name: "lift".into(),
        at: CABIN,
        yaw_rad: 0.0,
        width_m: 1.6,
        depth_m: 1.6,
        stops: vec![],
        doors: vec![],
        initial_level: LevelIx::new(0),
    };
    Site {
        name: "two floors".into(),
        frame: Frame::CartesianMeters,
        levels: vec![level("L1", 0.0), level("L2", 4.0)],
        vertices,
        lanes,
        doors: vec![
            door("room", 0, upright.0, upright.1),
            door("upstairs", 1, upright.0, upright.1),
            door("other", 0, (2.5, -1.5), (3.5, -1.5)),
        ],
        lifts: vec![lift],
        spawns: vec![],
        graphs: vec![Graph { graph_idx: 0, name: String::new(), default_speed_limit_mps: None }],
        areas: vec![],
    }
}

/// A floor on which robots stand where they are put, and doors and lifts that note what they are told.
#[derive(Default)]
struct Floor {
    standing: BTreeMap<RobotId, (u32, Vec2)>,
    shown: BTreeMap<RobotId, String>,
    doors: Vec<(u32, bool)>,
    lifts: Vec<(u32, u32, bool)>,
}

impl SiteSenses for Floor {
    fn door(&self, door: u32) -> DoorState {
        let open = self.doors.iter().rev().find(|(d, _)| *d == door).is_some_and(|(_, open)| *open);
        if open { DoorState::Open } else { DoorState::Closed }
    }
    fn command_door(&mut self, door: u32, open: bool) {
        self.doors.push((door, open));
    }
    fn lift(&self, _: u32) -> (Option<u32>, DoorState) {
        (Some(0), DoorState::Closed)
    }
    fn command_lift(&mut self, lift: u32, level: u32, doors_open: bool) {
        self.lifts.push((lift, level, doors_open));
    }
    fn robot(&self, robot: RobotId) -> Option<(u32, Vec2)> {
        self.standing.get(&robot).copied()
    }
    fn footprints(&self) -> Vec<Footprint> {
        let of = |(robot, (level, at)): (&RobotId, &(u32, Vec2))| Footprint { robot: *robot, level: *level, at: *at, radius_m: 0.3 };
        self.standing.iter().map(of).collect()
    }
    fn badge(&self, _: RobotId) -> Option<u64> {
        None
    }
    fn credential(&self, _: Instant, robot: RobotId) -> Option<String> {
        self.shown.get(&robot).cloned()
    }
    fn item(&self, _: ItemId) -> ItemPlace {
        ItemPlace::Nowhere
    }
    fn boxes(&self) -> Vec<(u32, Vec2, f64)> {
        Vec::new()
    }
    fn dispense(&mut self, _: ItemId, _: u32, _: Vec2, _: u32) {}
}

/// The devices on that floor, and what they are told.
struct Rig {
    d: SiteController,
    site: Site,
    floor: Floor,
    now: Instant,
}

impl Rig {
    /// Robot `r` holds the grant of plan `p` under fence 7: for the room, the lift and the room upstairs.
    fn new() -> Self {
        let outbox = |n: u8| {
            let key = |n: u8| SigningKey::from_secret([n; 32]);
            let patience = Patience { first: Span::from_mins(600), longest: Span::from_mins(600), window: 1_000 };
            Outbox::new(Sender::device(TenantId::named("t"), [n; 16], key(n), 1), key(9).public(), patience)
        };
        let mut rig = Self { d: SiteController::new(outbox(1), outbox(2)), site: site(), floor: Floor::default(), now: NOW };
        let held = Plan {
            id: plan(),
            vertices: vec![2],
            areas: vec![],
            no_go: vec![],
            entry: Entry { entrances: vec![ROOM, UPSTAIRS, BY_LIFT], method: AccessMethod::Code, credential: "vault/p".into() },
            holder: None,
            granted_by: 0,
            valid_from: Instant::from_secs(900),
            valid_to: Instant::from_secs(2_000),
            item: None,
            revoked: false,
            held: false,
            asked_by: 0,
            withdrawn: false,
        };
        rig.d.plans.insert(job(), held);
        rig.grant(Some(Holder { robot: r("r"), fence: 7 }), 1);
        rig.said();
        rig
    }
    fn order(&mut self, order: &FacilityOrder) {
        self.d.order(self.now, order, &self.site, &mut self.floor);
    }
    fn grant(&mut self, holder: Option<Holder>, number: u64) {
        self.order(&FacilityOrder::Grant { job: job(), plan: plan(), holder, number });
    }
    /// What the controller has said since it was asked last.
    fn said(&mut self) -> Vec<FacilityReport> {
        let out = self.d.controller.due(self.now);
        if let Some(last) = out.last() {
            self.d.controller.acknowledge(last.actor_seq, self.now);
        }
        out.iter().map(|e| nooterra_engine::decode(&e.body).expect("a report")).collect()
    }
    /// A door is asked to open for these, by a word of now. Did it, and what was said?
    fn ask(&mut self, door: u32, number: u64, passes: &[Pass]) -> (bool, Vec<FacilityReport>) {
        let before = self.floor.doors.len();
        self.order(&FacilityOrder::Door { door, open: true, number, passes: passes.to_vec(), at: self.now });
        let moved = self.floor.doors.split_off(before);
        self.floor.doors.extend(&moved);
        assert!(moved.is_empty() || moved == [(door, true)], "{moved:?}");
        (!moved.is_empty(), self.said())
    }
    /// It is asked to open for one, who is refused: why.
    fn refusal(&mut self, door: u32, number: u64, pass: Pass) -> String {
        let robot = pass.robot;
        let (opened, said) = self.ask(door, number, &[pass]);
        assert!(!opened);
        let [FacilityReport::PassRefused { robot: of, entrance, code, .. }] = &said[..] else { panic!("{said:?}") };
        assert_eq!((*of, *entrance), (robot, door));
        code.clone()
    }
    /// A robot is seen here, 200 ms after the last look.
    fn seen(&mut self, robot: &str, level: u32, x: f64, y: f64) -> Vec<FacilityReport> {
        self.floor.standing.insert(r(robot), (level, Vec2::new(x, y)));
        self.look()
    }
    fn look(&mut self) -> Vec<FacilityReport> {
        self.now += Span::from_millis(200);
        self.d.sense(self.now, &self.site, &mut self.floor);
        let news = |r: &FacilityReport| !matches!(r, FacilityReport::Door { .. } | FacilityReport::Lift { .. } | FacilityReport::Alive {});
        self.said().into_iter().filter(news).collect()
    }
}

fn inward(robot: &str, fence: u64) -> Pass {
    Pass { robot: r(robot), fence, way: Way::Inward { job: job(), plan: Some(plan()) } }
}
fn outward(robot: &str) -> Pass {
    Pass { robot: r(robot), fence: 0, way: Way::Outward {} }
}
fn errand(robot: &str) -> Pass {
    Pass { robot: r(robot), fence: 0, way: Way::Errand {} }
}

#[test]
fn a_door_opens_inward_for_the_robot_with_the_grant_and_for_no_other() {
    let mut rig = Rig::new();
    assert_eq!(rig.ask(ROOM, 1, &[inward("r", 7)]), (true, vec![]));
    rig.order(&FacilityOrder::Door { door: ROOM, open: false, number: 2, passes: vec![], at: NOW });
    assert_eq!(rig.floor.door(ROOM), DoorState::Closed);
    assert_eq!(rig.refusal(ROOM, 3, inward("s", 9)), "PLAN_MISSING");
    assert_eq!(rig.refusal(ROOM, 3, inward("r", 8)), "FENCE_STALE", "nobody granted that one");
    // What was refused is no request obeyed: the same one opens for who has the right. (A fence once seen counts.)
    assert!(rig.ask(ROOM, 3, &[inward("s", 9)]).1.is_empty(), "and a repeated one is told of once");
    rig.grant(Some(Holder { robot: r("r"), fence: 8 }), 2);
    rig.said();
    assert_eq!(rig.ask(ROOM, 3, &[inward("s", 9), inward("r", 8)]), (true, vec![]), "one with the right is enough");
    assert_eq!(rig.refusal(OTHER, 1, inward("r", 8)), "AREA_FORBIDDEN", "a door that the plan does not name");
    assert_eq!(rig.floor.doors, [(ROOM, true), (ROOM, false), (ROOM, true)]);
    rig.ask(99, 1, &[inward("r", 8)]);
    assert_eq!(rig.floor.doors.len(), 3, "one that is not there");
}

#[test]
fn what_is_refused_is_told_under_the_job_with_its_reason() {
    let asked = |rig: &mut Rig, p: Pass| rig.refusal(ROOM, 1, p);
    let unknown = |way| Pass { way, ..inward("r", 7) };
    let mut rig = Rig::new();
    let other = JobId::named("other");
    assert_eq!(asked(&mut rig, unknown(Way::Inward { job: other, plan: Some(plan()) })), "PLAN_MISSING", "another job");
    assert_eq!(asked(&mut Rig::new(), unknown(Way::Inward { job: job(), plan: None })), "PLAN_MISSING", "no plan yet");
    let before = AccessPlanId::named("before");
    assert_eq!(asked(&mut Rig::new(), unknown(Way::Inward { job: job(), plan: Some(before) })), "PLAN_MISSING", "another plan");
    for (order, code) in [
        (FacilityOrder::Withdraw { job: job(), plan: plan() }, "PLAN_MISSING"),
        (FacilityOrder::Revoke { job: job(), plan: plan() }, "ACCESS_REVOKED"),
        (FacilityOrder::Grant { job: job(), plan: plan(), holder: None, number: 2 }, "PLAN_MISSING"),
    ] {
        let mut rig = Rig::new();
        assert!(rig.ask(ROOM, 1, &[inward("r", 7)]).0);
        rig.order(&order);
        rig.said();
        assert_eq!(rig.refusal(ROOM, 2, inward("r", 7)), code, "{order:?}");
    }
    for (at, code) in [(899, "PLAN_NOT_VALID_NOW"), (2_000, "PLAN_NOT_VALID_NOW")] {
        let mut rig = Rig::new();
        rig.now = Instant::from_secs(at);
        assert_eq!(asked(&mut rig, inward("r", 7)), code);
    }
    for (at, opens) in [(900, true), (1_999, true)] {
        let mut rig = Rig::new();
        rig.now = Instant::from_secs(at);
        assert_eq!(rig.ask(ROOM, 1, &[inward("r", 7)]).0, opens);
    }
    let mut rig = Rig::new();
    let (_, said) = rig.ask(ROOM, 1, &[inward("s", 9)]);
    let refused = FacilityReport::PassRefused { robot: r("s"), job: Some(job()), entrance: ROOM, code: "PLAN_MISSING".into() };
    assert_eq!(said, [refused]);
}

#[test]
fn a_fence_that_is_older_than_one_seen_opens_nothing_whoever_granted_it() {
    let mut rig = Rig::new();
    // It leaves somewhere under a newer fence; a request of before comes late.
    assert!(rig.ask(OTHER, 1, &[Pass { fence: 8, ..outward("r") }]).0);
    assert_eq!(rig.refusal(ROOM, 1, inward("r", 7)), "FENCE_STALE");
}

#[test]
fn a_word_that_is_a_minute_old_opens_nothing_inward() {
    for (age, opens) in [(59_999, true), (60_000, false)] {
        let mut rig = Rig::new();
        let at = NOW.saturating_sub(Span::from_millis(age));
        rig.order(&FacilityOrder::Door { door: ROOM, open: true, number: 1, passes: vec![inward("r", 7)], at });
        assert_eq!(!rig.floor.doors.is_empty(), opens, "{age} ms");
        let lost = |r: &FacilityReport| matches!(r, FacilityReport::PassRefused { code, .. } if code == "CONTACT_LOST");
        assert_eq!(rig.said().iter().any(lost), !opens);
    }
    // Outward it opens however old the word is.
    let mut rig = Rig::new();
    rig.order(&FacilityOrder::Door { door: ROOM, open: true, number: 1, passes: vec![outward("s")], at: Instant::ZERO });
    assert_eq!(rig.floor.doors, [(ROOM, true)]);
}

#[test]
fn a_terminal_opens_for_nobody_without_the_credential_of_the_plan() {
    let mut rig = Rig::new();
    rig.d.gate.terminals = [ROOM].into();
    assert_eq!(rig.refusal(ROOM, 1, inward("r", 7)), "PLAN_MISSING", "it shows none");
    rig.floor.shown.insert(r("r"), "vault/q".into());
    assert_eq!(rig.refusal(ROOM, 2, inward("r", 7)), "PLAN_MISSING", "it shows another's");
    rig.floor.shown.insert(r("s"), "vault/p".into());
    assert_eq!(rig.refusal(ROOM, 3, inward("s", 7)), "PLAN_MISSING", "the credential alone is no grant");
    rig.floor.shown.insert(r("r"), "vault/p".into());
    assert!(rig.ask(ROOM, 4, &[inward("r", 7)]).0);
    assert!(rig.ask(UPSTAIRS, 1, &[inward("r", 7)]).0, "and no other door asks for it");
}

#[test]
fn outward_a_door_opens_for_everybody_and_shuts_on_request() {
    let mut rig = Rig::new();
    rig.order(&FacilityOrder::ShutLevels { levels: vec![0, 1], number: 1 });
    rig.order(&FacilityOrder::Revoke { job: job(), plan: plan() });
    rig.said();
    for (n, who) in (1..).zip(["r", "s", "nobody knows it"]) {
        assert_eq!(rig.ask(ROOM, n, &[outward(who)]), (true, vec![]));
    }
    let close = |number| FacilityOrder::Door { door: ROOM, open: false, number, passes: vec![], at: NOW };
    let n = rig.floor.doors.len();
    rig.order(&close(2));
    assert_eq!(rig.floor.doors.len(), n, "an older request moves nothing");
    rig.order(&close(3));
    rig.order(&close(3));
    assert_eq!(rig.floor.doors[n..], [(ROOM, false), (ROOM, false)], "a repeated one is obeyed again");
    let old = FacilityOrder::Door { door: ROOM, open: true, number: 2, passes: vec![outward("r")], at: NOW };
    rig.order(&old);
    assert_eq!(rig.floor.door(ROOM), DoorState::Closed);
}

#[test]
fn a_level_that_is_stopped_shuts_what_stands_open_inward_once_nobody_stands_in_it() {
    let mut rig = Rig::new();
    assert!(rig.ask(ROOM, 1, &[inward("r", 7)]).0 && rig.ask(OTHER, 1, &[outward("s")]).0 && rig.ask(UPSTAIRS, 1, &[errand("t")]).0);
    // It stands in the doorway: nothing closes on it.
    rig.seen("r", 0, 4.5 - 0.3 - 0.15 + 0.01, 0.0);
    rig.order(&FacilityOrder::ShutLevels { levels: vec![0], number: 2 });
    assert_eq!(rig.said(), [FacilityReport::LevelsShut { number: 2 }]);
    rig.look();
    assert_eq!(rig.floor.door(ROOM), DoorState::Open);
    rig.seen("r", 0, 4.5 - 0.3 - 0.15 - 0.01, 0.0);
    assert_eq!(rig.floor.door(ROOM), DoorState::Closed);
    assert_eq!(rig.floor.door(OTHER), DoorState::Open, "this one stands open for who leaves");
    assert_eq!(rig.floor.door(UPSTAIRS), DoorState::Open, "and this one on another level");
    rig.look();
    assert_eq!(rig.floor.doors.iter().filter(|d| **d == (ROOM, false)).count(), 1, "once");
    assert_eq!(rig.refusal(ROOM, 2, inward("r", 7)), "STOP_ACTIVE");
    assert_eq!(rig.refusal(ROOM, 3, errand("t")), "STOP_ACTIVE");
    assert!(rig.ask(ROOM, 4, &[outward("r")]).0);
    // An older word does not open the level again; a newer one does, and shuts another.
    rig.order(&FacilityOrder::ShutLevels { levels: vec![], number: 1 });
    rig.said();
    assert_eq!(rig.refusal(ROOM, 5, inward("r", 7)), "STOP_ACTIVE");
    rig.order(&FacilityOrder::ShutLevels { levels: vec![1], number: 3 });
    rig.look();
    assert!(rig.ask(ROOM, 6, &[inward("r", 7)]).0);
    assert_eq!(rig.floor.door(UPSTAIRS), DoorState::Closed);
}

#[test]
fn a_request_to_open_takes_back_that_a_door_is_to_be_shut() {
    let mut rig = Rig::new();
    assert!(rig.ask(ROOM, 1, &[inward("r", 7)]).0);
    rig.seen("r", 0, 4.5, 0.0);
    rig.order(&FacilityOrder::ShutLevels { levels: vec![0], number: 2 });
    rig.said();
    assert!(rig.ask(ROOM, 2, &[outward("r")]).0, "who stands in it comes back out");
    rig.seen("r", 0, 3.0, 0.0);
    assert_eq!(rig.floor.door(ROOM), DoorState::Open, "the platform shuts it, as any other");
}

#[test]
fn a_door_that_is_asked_for_nobody_after_the_word_that_its_level_is_stopped_is_shut_again() {
    let mut rig = Rig::new();
    // Sent before the word, it comes after it.
    rig.order(&FacilityOrder::ShutLevels { levels: vec![0], number: 1 });
    rig.seen("r", 0, 4.5, 0.0);
    assert!(rig.ask(ROOM, 1, &[]).0 && rig.ask(UPSTAIRS, 1, &[]).0);
    rig.look();
    assert_eq!(rig.floor.door(ROOM), DoorState::Open, "not on whoever stands in it");
    rig.seen("r", 0, 3.0, 0.0);
    assert_eq!(rig.floor.door(ROOM), DoorState::Closed);
    assert_eq!(rig.floor.door(UPSTAIRS), DoorState::Open, "that level is not stopped");
    assert!(rig.ask(ROOM, 2, &[]).0);
    rig.look();
    assert_eq!(rig.floor.door(ROOM), DoorState::Closed, "however often it is asked");
    assert!(rig.ask(ROOM, 3, &[outward("r")]).0);
    rig.look();
    assert_eq!(rig.floor.door(ROOM), DoorState::Open, "out it lets");
}

#[test]
fn a_door_is_not_shut_before_who_was_let_go_outward() {
    for stopped_first in [true, false] {
        let mut rig = Rig::new();
        let stop = FacilityOrder::ShutLevels { levels: vec![0], number: 1 };
        rig.seen("s", 0, 6.0, 0.0);
        rig.seen("t", 0, 6.0, 1.5);
        assert!(rig.ask(ROOM, 1, &[inward("r", 7)]).0 && rig.ask(ROOM, 1, &[outward("s"), outward("t")]).0);
        if stopped_first {
            rig.order(&stop);
        }
        // They have their go-ahead, and nobody waits: the door, which has shut of itself, is asked to open for nobody by name.
        rig.floor.doors.push((ROOM, false));
        assert!(rig.ask(ROOM, 2, &[]).0);
        rig.order(&stop);
        rig.said();
        for (robot, x) in [("s", 5.0), ("s", 4.0), ("t", 5.0)] {
            rig.seen(robot, 0, x, 0.0);
        }
        rig.seen("s", 0, 3.0, 0.0);
        rig.seen("t", 0, 5.3, 0.0);
        assert_eq!(rig.floor.door(ROOM), DoorState::Open, "one is still to come");
        for x in [4.7, 4.3, 4.04] {
            rig.seen("t", 0, x, 0.0);
        }
        assert_eq!(rig.floor.door(ROOM), DoorState::Closed, "and then it is shut");
    }
}

#[test]
fn an_older_word_of_who_holds_the_grant_changes_nothing_and_one_without_its_plan_is_not_heard() {
    let mut rig = Rig::new();
    rig.grant(Some(Holder { robot: r("s"), fence: 9 }), 3);
    assert_eq!(rig.said(), [FacilityReport::GrantHeld { job: job(), number: 3 }]);
    rig.grant(Some(Holder { robot: r("r"), fence: 7 }), 2);
    assert_eq!(rig.said(), [FacilityReport::GrantHeld { job: job(), number: 2 }], "heard, so that it is not said again");
    assert_eq!(rig.refusal(ROOM, 1, inward("r", 7)), "PLAN_MISSING");
    assert!(rig.ask(ROOM, 2, &[inward("s", 9)]).0);
    let of = |plan: &str, holder| FacilityOrder::Grant { job: job(), plan: AccessPlanId::named(plan), holder, number: 4 };
    rig.order(&of("q", Some(Holder { robot: r("r"), fence: 7 })));
    assert_eq!(rig.said(), [], "its plan is still on its way");
    rig.order(&of("q", None));
    assert_eq!(rig.said(), [FacilityReport::GrantHeld { job: job(), number: 4 }], "nobody holds what is not there");
    assert!(rig.ask(ROOM, 3, &[inward("s", 9)]).0, "and neither says anything about this plan");
}

#[test]
fn a_lift_comes_for_who_may_ride_it_and_brings_nobody_to_a_level_that_is_stopped() {
    let mut rig = Rig::new();
    let lift = |number, level, session: Option<&str>, passes: &[Pass]| FacilityOrder::Lift {
        lift: LIFT,
        level,
        doors_open: session.is_some(),
        session: session.map(r),
        number,
        passes: passes.to_vec(),
        at: NOW,
    };
    let code = |said: &[FacilityReport]| match said {
        [FacilityReport::PassRefused { entrance: BY_LIFT, code, .. }] => code.clone(),
        other => panic!("{other:?}"),
    };
    rig.order(&lift(1, 0, Some("s"), &[inward("s", 9)]));
    assert_eq!((code(&rig.said()), rig.floor.lifts.len(), rig.d.sessions.len()), ("PLAN_MISSING".into(), 0, 0));
    rig.order(&lift(1, 0, Some("r"), &[inward("r", 7)]));
    assert_eq!((&rig.floor.lifts[..], rig.d.sessions.get(&LIFT)), (&[(LIFT, 0, true)][..], Some(&r("r"))));
    // Everything stands still upstairs: it still gets in on the ground, but is not brought there.
    rig.order(&FacilityOrder::ShutLevels { levels: vec![1], number: 1 });
    rig.order(&lift(2, 0, Some("r"), &[inward("r", 7)]));
    rig.floor.standing.insert(r("r"), (0, CABIN));
    rig.said();
    for pass in [inward("r", 7), outward("r"), errand("r")] {
        rig.order(&lift(3, 1, Some("r"), std::slice::from_ref(&pass)));
        assert_eq!(rig.floor.lifts.len(), 2, "{pass:?}");
    }
    assert_eq!(code(&rig.said()), "STOP_ACTIVE", "told once for the request");
    rig.order(&lift(3, 0, Some("r"), &[outward("r")]));
    assert_eq!(rig.floor.lifts.last(), Some(&(LIFT, 0, true)), "out it comes where nothing stands still");
    rig.order(&lift(4, 0, None, &[]));
    assert_eq!((rig.floor.lifts.last(), rig.d.sessions.is_empty()), (Some(&(LIFT, 0, false)), true), "and it is free again");
    rig.order(&lift(3, 1, Some("r"), &[outward("r")]));
    let n = rig.floor.lifts.len();
    rig.order(&FacilityOrder::Lift { lift: 5, level: 0, doors_open: true, session: None, number: 9, passes: vec![], at: NOW });
    rig.order(&lift(9, 7, None, &[]));
    assert_eq!(rig.floor.lifts.len(), n, "no such lift, no such level");
    assert!(rig.d.sessions.is_empty(), "an older request holds it for nobody");
}

#[test]
fn who_comes_in_through_a_door_that_was_not_opened_for_it_is_seen() {
    let mut rig = Rig::new();
    let came = |robot: &str, door| vec![FacilityReport::CameThrough { robot: r(robot), door }];
    assert!(rig.ask(ROOM, 1, &[inward("r", 7)]).0);
    for robot in ["r", "s"] {
        assert_eq!(rig.seen(robot, 0, 4.0, 0.0), []);
    }
    assert_eq!(rig.seen("r", 0, 5.0, 0.0), [], "for this one it was opened");
    assert_eq!(rig.seen("s", 0, 5.0, 0.1), came("s", ROOM), "that one slipped in behind it");
    assert_eq!(rig.seen("s", 0, 4.0, 0.0), [], "out it may go");
    assert_eq!(rig.seen("s", 0, 5.0, 1.8), [], "and beside a door there is a wall, which others look after");
    // Since it was shut, whoever it was opened for comes in like anybody else.
    rig.seen("r", 0, 4.0, 0.0);
    rig.order(&FacilityOrder::Door { door: ROOM, open: false, number: 2, passes: vec![], at: NOW });
    assert_eq!(rig.seen("r", 0, 5.0, 0.0), came("r", ROOM));
    // Who changes levels or was off the floor came through no door.
    assert_eq!(rig.seen("t", 0, 4.0, 0.0), []);
    assert_eq!(rig.seen("t", 1, 5.0, 0.0), []);
    rig.floor.standing.remove(&r("t"));
    rig.look();
    assert_eq!(rig.seen("t", 1, 4.0, 0.0), [], "it was put down there");
    assert_eq!(rig.seen("t", 1, 5.0, 0.0), came("t", UPSTAIRS));
}

#[test]
fn a_plan_opens_what_its_work_needs_but_for_what_the_site_keeps_apart() {
    let site = site();
    let of = |places: &[u32], withheld: &[u32], terminals: &[u32]| {
        let (withheld, terminals) = (withheld.iter().copied().collect(), terminals.iter().copied().collect());
        entry_for(&site, (places, &[], &[]), 0.3, (&withheld, &terminals), plan())
    };
    let by_site = |entrances: &[u32]| Entry { entrances: entrances.to_vec(), ..Entry::default() };
    assert_eq!(of(&[1], &[], &[]), by_site(&[]));
    assert_eq!(of(&[2], &[], &[OTHER]), by_site(&[ROOM]), "a terminal elsewhere is none of its business");
    assert_eq!(of(&[3, 7], &[], &[]), by_site(&[UPSTAIRS, OTHER, BY_LIFT]));
    assert_eq!(of(&[3, 7], &[BY_LIFT], &[]), by_site(&[UPSTAIRS, OTHER]));
    let coded = Entry { entrances: vec![ROOM], method: AccessMethod::Code, credential: format!("vault/{}", plan()) };
    assert_eq!(of(&[2], &[], &[ROOM]), coded);
    assert_eq!(of(&[2], &[ROOM], &[ROOM]), by_site(&[]), "what it does not open needs no credential");
}

proptest! {
    /// Whatever is asked for whomever: a door moves if somebody goes out, or is about the house where nothing stands still, or
    /// holds a live plan's grant that names it, by a fresh word; else it does not.
    #[test]
    fn inward_opens_for_nothing_but_a_live_grant(
        door in 0u32..3,
        who in prop::collection::vec((0u8..2, 6u64..9, 0u8..4), 1..3),
        (age_s, now_s) in (55u64..65, prop::sample::select(vec![800u64, 1_000, 2_100])),
        (revoked, withdrawn, shut) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let mut rig = Rig::new();
        rig.now = Instant::from_secs(now_s);
        if revoked {
            rig.order(&FacilityOrder::Revoke { job: job(), plan: plan() });
        }
        if withdrawn {
            rig.order(&FacilityOrder::Withdraw { job: job(), plan: plan() });
        }
        if shut {
            rig.order(&FacilityOrder::ShutLevels { levels: vec![0], number: 1 });
        }
        let name = |n: u8| ["r", "s"][usize::from(n)];
        let pass = |(n, fence, way): &(u8, u64, u8)| Pass {
            way: match way {
                0 => Way::Outward {},
                1 => Way::Errand {},
                2 => Way::Inward { job: job(), plan: Some(AccessPlanId::named("q")) },
                _ => Way::Inward { job: job(), plan: Some(plan()) },
            },
            ..inward(name(*n), *fence)
        };
        let passes: Vec<Pass> = who.iter().map(pass).collect();
        let at = rig.now.saturating_sub(Span::from_secs(age_s));
        rig.order(&FacilityOrder::Door { door, open: true, number: 1, passes, at });
        let is_shut = shut && door != UPSTAIRS;
        let live = !revoked && !withdrawn && (900..2_000).contains(&now_s) && age_s < 60 && door != OTHER;
        let newest = |i: usize| who[..i].iter().filter(|w| w.0 == who[i].0).map(|w| w.1).max().unwrap_or(0);
        let may = |i: usize| match who[i] {
            (.., 0) => true,
            (.., 1) => !is_shut,
            (0, 7, 3) => live && !is_shut && newest(i) <= 7,
            _ => false,
        };
        let expected = (0..who.len()).any(may);
        prop_assert_eq!(rig.floor.doors.clone(), if expected { vec![(door, true)] } else { vec![] });
    }
}
