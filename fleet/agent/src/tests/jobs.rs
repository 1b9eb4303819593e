use super::rig::*;
use crate::{Agent, Phase};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{ItemId, JobId, LeaseId, TaskId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::{Hasher, Instant, Span, encode};
use nooterra_port::Report;
use nooterra_port::order::*;
use nooterra_port::report::{AbortReason, StallReason};
use nooterra_site::model::{LevelIx, Lift, LiftIx, LiftStop, VertexIx};

pub fn plan() -> Plan {
    let item = ItemId::named("parcel");
    let step = |name: &str, vertex, action| PlanStep { name: name.into(), vertex, action, work_bps: 5_000, timeout: Span::from_secs(120) };
    Plan {
        job: JobId::named("job"),
        steps: vec![step("pickup", 1, StepAction::Pick { item, mass_g: 2_000 }), step("dropoff", 4, StepAction::Drop { item })],
        from_step: 0,
        fetch: None,
        access_point: 1,
        valid_to: Instant::from_secs(3_600),
        exit_by: Span::from_secs(60),
        images: false,
    }
}

pub fn offer(r: &Rig, name: &str, plan: Plan) -> Order {
    Order::LeaseOffer(LeaseOffer {
        lease: LeaseId::named(name),
        job: plan.job,
        leg: 0,
        accept_by: r.now + Span::from_secs(30),
        ahead: false,
        from: r.now,
        to: r.now + Span::from_secs(300),
        ttl: Span::from_secs(60),
        heartbeat: Span::from_secs(5),
        plan,
        skills: vec![],
    })
}

fn grant(name: &str) -> Order {
    Order::AccessGranted { lease: LeaseId::named(name) }
}

/// The job's own reports, by name, in order.
fn story(r: &Rig) -> Vec<String> {
    r.heard
        .iter()
        .filter(|(e, _)| e.stream.starts_with("job/"))
        .map(|(_, x)| format!("{x:?}").split([' ', '{']).next().unwrap().to_owned())
        .collect()
}

/// Accepts, drives to the pick-up and waits there for entry.
pub fn at_access_point() -> Rig {
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let o = offer(&r, "l1", plan());
    r.order(o);
    r.go("to pickup", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    r
}

/// Has picked its load up at vertex 1.
pub fn picked() -> Rig {
    let mut r = at_access_point();
    r.order(grant("l1"));
    assert!(r.until(10.0, |r| r.agent.work().step == 1));
    r
}

#[test]
fn a_delivery_from_offer_to_exit() {
    let mut r = at_access_point();
    r.run(2.0);
    assert_eq!(r.agent.phase(), Phase::Arrived, "waits for entry");
    r.order(grant("l1"));
    assert!(r.until(10.0, |r| r.agent.work().step == 1));
    r.go("to dropoff", &[1, 2, 3, 4]);
    assert!(r.until(90.0, |r| r.agent.phase() == Phase::Completed));
    r.go("away", &[4, 5]);
    assert!(r.until(40.0, |r| r.agent.track().is_done()));
    r.run(1.0);
    let want = [
        "LeaseAccepted",
        "Departed",
        "RobotArrived",
        "ExecutionStarted",
        "CustodyChanged",
        "CheckpointReached",
        "CustodyChanged",
        "CheckpointReached",
        "ExecutionCompleted",
        "SafeExitReported",
    ];
    assert_eq!(story(&r), want);
    let job_words: Vec<_> = r.heard.iter().filter(|(e, _)| e.stream.starts_with("job/")).collect();
    assert!(job_words.iter().all(|(e, _)| e.lease == Some(LeaseId::named("l1")) && e.fence == Some(1)));
    assert!(job_words.iter().any(|(_, x)| matches!(x, Report::LeaseAccepted { plan_hash, .. } if *plan_hash == plan().hash())));
    assert!(job_words.iter().any(|(_, x)| matches!(x, Report::CheckpointReached { index: 1, work_bps_claimed: 10_000, vertex: 4, .. })));
    assert!(job_words.iter().any(|(_, x)| matches!(x, Report::SafeExitReported { custody: false, .. })));
    assert!(job_words.iter().any(|(_, x)| matches!(x, Report::Departed { route_mm, .. } if *route_mm > 2_900 && *route_mm < 3_100)));
    r.fence = 2;
    r.order(Order::LeaseEnd { lease: LeaseId::named("l1"), reason: "done".into() });
    r.cycle();
    assert_eq!((r.agent.phase(), r.agent.lease()), (Phase::Free, None));
}

#[test]
fn a_robot_that_has_left_the_place_of_its_new_job_drives_back_before_it_says_that_it_is_there() {
    let place = Vec2::new(5.0, 2.0);
    let mut r = Rig::new(house(), 1, 0.0);
    r.cycle();
    let aside = r.route("aside", 0, 0, &[1, 2], false);
    r.order(Order::Route(aside));
    assert!(r.until(20.0, |r| r.agent.pose().at.dist(place) > 1.0));
    let o = offer(&r, "l1", plan());
    r.order(o);
    let on = r.route("aside", 1, 2, &[2, 6], true);
    r.order(Order::Route(on));
    r.run(25.0);
    assert_eq!(r.said(|x| matches!(x, Report::RobotArrived { .. })), 0, "{:?}", story(&r));
    assert_eq!(r.agent.track().last_vertex, Some(6), "it drives on, and does not wait on the lane");
    r.go("back", &[6, 2, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    assert!(r.agent.pose().at.dist(place) < 0.3);
}

#[test]
fn offers_are_checked() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(1.0);
    let refused =
        |r: &Rig| r.heard.iter().rev().find_map(|(_, x)| if let Report::LeaseRefused { code, .. } = x { Some(code.clone()) } else { None });
    let mut heavy = plan();
    heavy.steps[0].action = StepAction::Pick { item: ItemId::named("parcel"), mass_g: 50_000 };
    let mut nowhere = plan();
    nowhere.steps[1].vertex = 99;
    let mut empty = plan();
    empty.from_step = 2;
    for (p, code) in [(heavy, "CAPABILITY_MISSING"), (nowhere, "NOT_FOUND"), (empty, "SCHEMA_INVALID")] {
        let o = offer(&r, "bad", p);
        r.order(o);
        r.cycle();
        assert_eq!(refused(&r).unwrap(), code);
    }
    r.frame.soc_bps = 800;
    r.cycle();
    let o = offer(&r, "low", plan());
    r.order(o);
    r.cycle();
    assert_eq!(refused(&r).unwrap(), "ROBOT_NOT_READY");
    r.frame.soc_bps = 9_000;
    r.cycle();
    let o = offer(&r, "l1", plan());
    r.order(o);
    let o = offer(&r, "l2", plan());
    r.order(o);
    r.cycle();
    assert_eq!(refused(&r).unwrap(), "OVERLAP");
    assert_eq!(r.agent.lease(), Some(LeaseId::named("l1")));
}

#[test]
fn a_failing_grip_is_retried_twice_then_help_is_asked_for() {
    let mut r = at_access_point();
    r.grip_ok = false;
    r.order(grant("l1"));
    assert!(r.until(30.0, |r| r.said(|x| matches!(x, Report::ExecutionStalled { reason: StallReason::Stuck })) == 1));
    assert_eq!(r.agent.work().step, 0);
    r.grip_ok = true;
    assert!(r.until(30.0, |r| r.agent.work().step == 1));
    r.cycle();
    let s = story(&r);
    assert_eq!(&s[s.len() - 4..], ["ExecutionStalled", "CustodyChanged", "ExecutionResumed", "CheckpointReached"]);
}

#[test]
fn a_grip_that_never_works_gives_up_the_job() {
    let mut r = at_access_point();
    r.grip_ok = false;
    r.order(grant("l1"));
    assert!(r.until(150.0, |r| r.agent.phase() == Phase::GivenUpInside));
    r.cycle();
    assert_eq!(r.said(|x| matches!(x, Report::ExecutionAborted { reason: AbortReason::Payload, .. })), 1);
}

#[test]
fn a_lie_of_the_gripper_is_found_by_the_scale() {
    let mut r = at_access_point();
    r.item_g = 0;
    r.order(grant("l1"));
    r.run(4.0);
    assert_eq!((r.agent.work().step, r.agent.work().holding), (0, None));
    assert_eq!(r.said(|x| matches!(x, Report::CustodyChanged { .. })), 0);
}

#[test]
fn a_load_that_falls_off_is_noticed() {
    let mut r = picked();
    r.go("to dropoff", &[1, 2, 3, 4]);
    r.run(5.0);
    (r.frame.deck_g, r.frame.gripped) = (0, None);
    r.run(2.0);
    assert_eq!(r.said(|x| matches!(x, Report::Noticed { code, measure: 2_000 } if code == "PAYLOAD_DROP")), 1);
    assert_eq!(r.said(|x| matches!(x, Report::ExecutionAborted { reason: AbortReason::Payload, .. })), 1);
    assert_eq!(r.agent.work().holding, None);
}

#[test]
fn an_empty_battery_ends_trip_and_work() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let o = offer(&r, "l1", plan());
    r.order(o);
    r.go("a", &[0, 1]);
    r.run(2.0);
    r.frame.soc_bps = 400;
    r.run(1.0);
    assert_eq!(r.said(|x| matches!(x, Report::TripAborted { reason: AbortReason::Battery, .. })), 1);
    let mut r = picked();
    r.frame.soc_bps = 400;
    r.run(1.0);
    assert_eq!(r.said(|x| matches!(x, Report::ExecutionAborted { reason: AbortReason::Battery, .. })), 1);
    // Reduced speed from here on.
    r.go("out", &[1, 2]);
    r.run(5.0);
    assert!(r.v.x <= 0.5 * 0.6 * 0.6 + 0.01, "{}", r.v.x);
}

#[test]
fn motor_fault_stops_and_gives_up() {
    let mut r = picked();
    r.go("x", &[1, 2]);
    r.run(4.0);
    r.frame.motor_fault = true;
    r.run(2.0);
    assert!(r.act.brake);
    assert_eq!(r.said(|x| matches!(x, Report::ExecutionAborted { reason: AbortReason::Mechanical, .. })), 1);
}

#[test]
fn safe_exit_leaves_slowly_with_the_load_and_says_when_it_is_out() {
    let mut r = picked();
    r.order(Order::SafeExit { lease: LeaseId::named("l1"), exit_by: r.now + Span::from_secs(90), cause: "revoked".into(), put_down: None });
    r.go("out", &[1, 2, 3]);
    let mut fastest = 0.0f64;
    for _ in 0..600 {
        r.cycle();
        fastest = fastest.max(r.v.norm());
    }
    assert!(fastest < 0.31, "{fastest}");
    assert_eq!(r.agent.phase(), Phase::Exiting);
    assert_eq!(r.said(|x| matches!(x, Report::SafeExitReported { custody: true, .. })), 1);
    assert_eq!(r.agent.work().holding, Some(ItemId::named("parcel")));
}

#[test]
fn charges_up_to_what_was_asked() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.frame.soc_bps = 3_000;
    r.order(Order::Task(TaskOrder { task: TaskId::named("c"), kind: TaskKind::Charge { vertex: 0, to_soc_bps: 8_000 } }));
    r.run(1.0);
    assert!(r.act.charge);
    r.frame.charging = true;
    r.run(30.0);
    assert!(r.act.charge);
    r.frame.soc_bps = 8_000;
    r.run(1.0);
    assert!(!r.act.charge);
    assert_eq!(r.said(|x| matches!(x, Report::TaskEnded { code, .. } if code.is_empty())), 1);
    // A charger that gives nothing; a way that leads off; a charger that is elsewhere.
    r.frame.charging = false;
    r.frame.soc_bps = 3_000;
    r.order(Order::Task(TaskOrder { task: TaskId::named("d"), kind: TaskKind::Charge { vertex: 0, to_soc_bps: 8_000 } }));
    r.run(22.0);
    r.order(Order::Task(TaskOrder { task: TaskId::named("e"), kind: TaskKind::Charge { vertex: 0, to_soc_bps: 8_000 } }));
    r.run(1.0);
    r.go("off", &[0, 1]);
    r.run(1.0);
    r.order(Order::Task(TaskOrder { task: TaskId::named("f"), kind: TaskKind::Charge { vertex: 0, to_soc_bps: 8_000 } }));
    assert!(r.until(60.0, |r| r.said(|x| matches!(x, Report::TaskEnded { code, .. } if code == "NOT_AT_CHARGER")) == 1));
    for code in ["NO_POWER", "MOVED"] {
        assert_eq!(r.said(|x| matches!(x, Report::TaskEnded { code: c, .. } if c == code)), 1, "{code}");
    }
}

#[test]
fn rides_a_lift_standing_still() {
    let mut s = house();
    let mut up = s.levels[0].clone();
    up.name = "L2".into();
    s.levels.push(up);
    let v = s.vertices.len() as u32;
    for i in [1u32, 0] {
        let mut p = s.vertices[i as usize].clone();
        p.level = LevelIx::new(1);
        s.vertices.push(p);
    }
    let mut ride = s.lanes[0].clone();
    (ride.from, ride.to, ride.ride, ride.length_mm) = (VertexIx::new(1), VertexIx::new(v), Some(LiftIx::new(0)), 0);
    s.lanes.push(ride);
    let mut on = s.lanes[0].clone();
    (on.from, on.to) = (VertexIx::new(v), VertexIx::new(v + 1));
    s.lanes.push(on);
    let stop = |l, v| LiftStop { level: LevelIx::new(l), doors: vec![], cabin: vec![VertexIx::new(v)] };
    s.lifts.push(Lift {
        name: "lift".into(),
        at: Vec2::new(5.0, 2.0),
        yaw_rad: 0.0,
        width_m: 2.0,
        depth_m: 2.0,
        stops: vec![stop(0, 1), stop(1, v)],
        doors: vec![],
        initial_level: LevelIx::new(0),
    });
    let mut r = Rig::new(s, 0, 0.0);
    r.go("in", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.track().is_done()));
    assert_eq!(r.agent.level(), 0);
    let at = r.truth.at;
    r.go("up", &[1, v]);
    r.run(1.0);
    assert_eq!((r.agent.level(), r.agent.track().last_vertex), (1, Some(v)));
    assert!(r.truth.at.dist(at) < 0.01, "moved in the cabin");
    r.go("out", &[v, v + 1]);
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
    assert!(r.truth.at.dist(Vec2::new(2.0, 2.0)) < 0.05);
}

/// Frozen in the middle of everything and thawed, it goes on bit by bit the same.
#[test]
fn a_thawed_robot_goes_on_bit_equal() {
    let mut r = picked();
    r.go("to dropoff", &[1, 2, 3, 4]);
    r.posts.push(Post { at: Vec2::new(12.0, 5.6), radius_m: 0.15, v: Vec2::new(0.0, -0.3) });
    for i in 0..900 {
        if i % 45 == 7 {
            let bytes = r.agent.freeze();
            let twin = Agent::thaw(&bytes).unwrap();
            assert_eq!(twin, r.agent);
            assert_eq!(twin.freeze(), bytes);
            let mut other = twin;
            let mut once = r.agent.clone();
            for _ in 0..3 {
                let (a, b) = (other.control(r.now, &r.frame, &r.map), once.control(r.now, &r.frame, &r.map));
                assert_eq!(encode(&a), encode(&b));
                assert_eq!(other.drain(r.now), once.drain(r.now));
            }
            assert_eq!(other.freeze(), once.freeze());
            let quick = |a: &Agent| {
                let mut h = Hasher::new();
                h.bytes(&a.digest_words());
                h.finish()
            };
            assert_eq!(quick(&other), quick(&once));
            assert_ne!(quick(&other), quick(&r.agent));
            r.agent = Agent::thaw(&bytes).unwrap();
        }
        r.cycle();
    }
}
