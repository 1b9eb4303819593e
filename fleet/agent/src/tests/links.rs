use super::jobs::{offer, plan};
use super::rig::*;
use crate::note::Event;
use crate::{AgentMap, Phase};
use nooterra_engine::ids::{LeaseId, RobotId, StopId, TaskId};
use nooterra_engine::{Instant, Span, decode, encode};
use nooterra_port::Report;
use nooterra_port::order::*;
use nooterra_port::report::{AbortReason, ErrorCode, Mode};
use nooterra_trust::{ActorChains, Envelope, Opened, Place, SigningKey, Verdict};

fn route_order(r: &Rig, vs: &[u32]) -> Order {
    Order::Route(r.route("a", 0, 0, vs, true))
}

#[test]
fn forged_orders_are_refused_without_touching_the_sequence() {
    let mut r = Rig::new(house(), 0, 0.0);
    let body = route_order(&r, &[0, 1]);
    let good = r.sign(1, 1, Instant::NEVER, body.clone());
    let mut o: SignedOrder = decode(&good).unwrap();
    o.fence = 9;
    r.agent.receive(r.now, &encode(&o), &r.map);
    let mut o: SignedOrder = decode(&good).unwrap();
    o.key = SigningKey::from_secret([1; 32]).id();
    r.agent.receive(r.now, &encode(&o), &r.map);
    let mut o: SignedOrder = decode(&good).unwrap();
    o.robot = RobotId::named("another");
    r.agent.receive(r.now, &encode(&o), &r.map);
    for cut in 0..good.len() {
        r.agent.receive(r.now, &good[..cut], &r.map);
    }
    r.cycle();
    assert!(r.agent.track().is_done());
    assert_eq!(r.last_ack(), Some((0, "SIGNATURE_INVALID".into())), "answered once, under no real number");
    assert_eq!(r.said(|x| matches!(x, Report::OrderAcked { .. })), 1);
    r.agent.receive(r.now, &good, &r.map);
    r.cycle();
    assert_eq!(r.last_ack(), Some((1, String::new())));
    assert!(!r.agent.track().is_done());
}

#[test]
fn expired_and_fenced_off_orders_are_refused_and_count() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(1.0);
    let body = route_order(&r, &[0, 1]);
    let late = r.sign(1, 5, Instant(r.now.0 - 1), body.clone());
    r.agent.receive(r.now, &late, &r.map);
    r.cycle();
    assert_eq!(r.last_ack(), Some((1, "EXPIRED".into())));
    let fresh = r.sign(2, 5, Instant::NEVER, Order::Task(TaskOrder { task: TaskId::named("x"), kind: TaskKind::EndCharge }));
    r.agent.receive(r.now, &fresh, &r.map);
    let stale = r.sign(3, 4, Instant::NEVER, body.clone());
    r.agent.receive(r.now, &stale, &r.map);
    r.cycle();
    assert_eq!(r.last_ack(), Some((3, "FENCE_STALE".into())));
    assert!(r.agent.track().is_done());
    let good = r.sign(4, 5, Instant::NEVER, body);
    r.agent.receive(r.now, &good, &r.map);
    assert!(!r.agent.track().is_done());
}

#[test]
fn doubled_and_reordered_orders_take_effect_once_and_in_order() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let one = r.sign(1, 1, Instant::NEVER, offer(&r, "l1", plan()));
    let two = r.sign(2, 1, Instant::NEVER, route_order(&r, &[0, 1]));
    let three = r.sign(3, 1, Instant::NEVER, Order::LeaseEnd { lease: LeaseId::named("l1"), reason: String::new() });
    for b in [&three, &two, &two] {
        r.agent.receive(r.now, b, &r.map);
    }
    r.cycle();
    assert_eq!(r.said(|x| matches!(x, Report::OrderAcked { .. })), 0, "nothing is acknowledged before its turn");
    assert!(r.agent.track().is_done());
    for b in [&one, &one, &three, &two] {
        r.agent.receive(r.now, b, &r.map);
    }
    r.cycle();
    let acks: Vec<u64> =
        r.heard.iter().filter_map(|(_, x)| if let Report::OrderAcked { order_seq, .. } = x { Some(*order_seq) } else { None }).collect();
    assert_eq!(acks, [1, 2, 3]);
    assert_eq!(r.said(|x| matches!(x, Report::LeaseAccepted { .. })), 1);
    assert_eq!(r.agent.phase(), Phase::Free);
    assert_eq!(r.notes.iter().filter(|n| matches!(&n.event, Event::OrderRefused { code, .. } if code == "SEQ_REPLAY")).count(), 4);
}

#[test]
fn a_stop_overtakes_everything_and_latches() {
    let mut r = Rig::new(house(), 3, 0.0);
    r.go("a", &[3, 4]);
    r.run(4.0);
    assert!(r.v.x > 0.4);
    let stop = StopId::named("s");
    // Number 5 while 2 is due, and expired: obeyed all the same.
    let b = r.sign(5, 0, Instant::ZERO, Order::Stop { stop, power_off: false });
    r.agent.receive(r.now, &b, &r.map);
    let at = r.now;
    assert!(r.until(1.0, |r| r.v.norm() < 0.05), "moves after {:?}", r.now.since(at));
    assert!(r.now.since(at) <= Span::from_millis(500));
    r.run(5.0);
    assert!(r.v.norm() < 1e-6 && r.act.brake);
    assert_eq!(r.said(|x| matches!(x, Report::StopAcked { stop: s } if *s == stop)), 1);
    // Survives a restart; cleared only by order, after a self-check.
    r.agent = decode(&encode(&r.agent)).unwrap();
    for seq in 2..=4 {
        let b = r.sign(seq, 1, Instant::NEVER, Order::AccessGranted { lease: LeaseId::named("none") });
        r.agent.receive(r.now, &b, &r.map);
    }
    r.run(3.0);
    assert!(r.agent.is_stopped() && r.v.norm() < 1e-6);
    let b = r.sign(6, 1, Instant::NEVER, Order::ClearStop { stop });
    r.agent.receive(r.now, &b, &r.map);
    r.cycle();
    assert!(r.act.brake, "self-check first");
    // An old stop played again does not stop it again.
    let b = r.sign(5, 0, Instant::ZERO, Order::Stop { stop, power_off: false });
    r.agent.receive(r.now, &b, &r.map);
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
    assert!(r.said(|x| matches!(x, Report::Heartbeat(h) if h.mode == Mode::Stopped)) > 0);
}

#[test]
fn a_stop_outlasts_a_start_from_nothing() {
    let mut r = Rig::new(house(), 0, 0.0);
    let stop = StopId::named("s");
    r.order(Order::Stop { stop, power_off: true });
    r.run(1.0);
    r.agent.restart(0, 0.0, &r.map).unwrap();
    assert!(r.agent.is_stopped(), "only an order ends it");
    r.order(Order::ClearStop { stop });
    r.run(5.0);
    assert!(!r.agent.is_stopped());
}

#[test]
fn outside_without_a_link_it_finishes_waits_and_gives_up() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(2.0);
    let o = offer(&r, "l1", plan());
    r.order(o);
    r.go("a", &[0, 1]);
    r.run(1.5);
    r.link_up = false;
    let cut = r.now;
    assert!(r.until(30.0, |r| r.agent.track().is_done()), "finishes what was released");
    assert!(r.until(90.0, |r| r.agent.phase() == Phase::GivenUpOutside));
    let waited = r.now.since(cut).as_secs_f64();
    assert!(waited > 53.0 && waited < 61.0, "lease of 60 s from the last acknowledged heartbeat, gave up after {waited}");
    assert!(r.agent.health().errors().contains(&ErrorCode::Link));
    let before = r.heard.len();
    r.link_up = true;
    assert!(r.until(20.0, |r| r.agent.unacked() < 2), "{}", r.agent.unacked());
    assert!(r.heard.len() > before + 10);
    assert_eq!(r.said(|x| matches!(x, Report::TripAborted { reason: AbortReason::Link, .. })), 1);
    let seqs: Vec<u64> = r.heard.iter().map(|(e, _)| e.actor_seq).collect();
    assert!(seqs.windows(2).all(|p| p[1] == p[0] + 1));
    assert!(r.heard.windows(2).all(|p| p[1].0.dev_ns > p[0].0.dev_ns));
}

#[test]
fn inside_without_a_link_it_works_on_then_leaves_on_its_own() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(2.0);
    let mut p = plan();
    p.steps[1].action = StepAction::Dwell { lasts: Span::from_secs(1_000) };
    let o = offer(&r, "l1", p);
    r.order(o);
    r.go("a", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    assert!(r.until(10.0, |r| r.agent.work().step == 1));
    r.run(1.0);
    r.link_up = false;
    let cut = r.now;
    r.run(100.0);
    assert_eq!(r.agent.phase(), Phase::Working, "autonomy budget");
    assert!(r.until(120.0, |r| r.agent.phase() == Phase::Exiting));
    let after = r.now.since(cut).as_secs_f64();
    assert!(after > 170.0 && after < 185.0, "60 s of lease and 120 s of its own: {after}");
    r.link_up = true;
    r.run(12.0);
    assert_eq!(r.said(|x| matches!(x, Report::ExecutionAborted { reason: AbortReason::Link, .. })), 1);
}

#[test]
fn no_pick_and_no_entry_without_a_link() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(2.0);
    let o = offer(&r, "l1", plan());
    r.order(o);
    r.go("a", &[0, 1]);
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    r.link_up = false;
    assert!(r.until(40.0, |r| r.agent.health().offline || r.agent.phase() == Phase::Working));
    if r.agent.phase() != Phase::Working {
        r.run(10.0);
        assert_ne!(r.agent.phase(), Phase::Working);
    }
    r.link_up = true;
    assert!(r.until(30.0, |r| r.agent.work().step == 1));
}

/// Over a link that loses a third, doubles and reorders, every report arrives once and in order.
#[test]
fn a_bad_link_neither_drops_nor_doubles_a_report() {
    let mut r = Rig::new(house(), 0, 0.0);
    let mut rng = Rng(99);
    let mut chains = ActorChains::default();
    let mut under_way: Vec<(Instant, Vec<u8>)> = Vec::new();
    let mut taken: Vec<Report> = Vec::new();
    r.go("a", &[0, 1, 2, 3]);
    let platform = SigningKey::from_secret([7; 32]);
    for i in 0..20 * 90 {
        r.link_up = false;
        let now = r.now + CYCLE;
        r.cycle_without_link();
        for b in r.agent.drain(now) {
            for _ in 0..1 + u32::from(rng.unit() < 0.2) {
                if rng.unit() > 0.33 {
                    under_way.push((now + Span::from_millis((rng.unit() * 900.0) as u64), b.clone()));
                }
            }
        }
        let (due, rest): (Vec<_>, Vec<_>) = under_way.drain(..).partition(|(at, _)| *at <= now);
        under_way = rest;
        for (_, b) in due {
            let e = Envelope::from_bytes(&b).unwrap();
            let h = e.input_hash();
            let verdict = match chains.place(&e, h) {
                Ok(Place::Next) => {
                    taken.push(decode(&e.body).unwrap());
                    chains.advance(&Opened::new(e.clone()), Verdict::Accepted, now);
                    Verdict::Accepted
                }
                Ok(Place::Duplicate(v)) => v,
                Err(x) => Verdict::Refused(x),
            };
            if rng.unit() > 0.33 {
                let mut receipt = chains.receipt(&e, h, verdict, now, i, platform.id());
                receipt.sign(&platform);
                r.agent.receive(now, &encode(&receipt), &r.map);
            }
        }
    }
    assert!(taken.len() > 8, "{}", taken.len());
    assert!(r.agent.unacked() < 4, "{}", r.agent.unacked());
    let nodes: Vec<u32> =
        taken.iter().filter_map(|x| if let Report::Heartbeat(h) = x { Some(h.last_node_sequence_id) } else { None }).collect();
    assert!(nodes.windows(2).all(|p| p[1] >= p[0]));
    assert_eq!(*nodes.last().unwrap(), 6);
}

/// A milestone that the platform cannot take yet is said again; one that it never will take is not.
#[test]
fn refused_milestones_are_said_again() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(1.0);
    let o = offer(&r, "l1", plan());
    r.order(o);
    r.go("a", &[0, 1]);
    let mut chains = ActorChains::default();
    let platform = SigningKey::from_secret([7; 32]);
    let (mut departed, mut started) = (0, 0);
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    for _ in 0..20 * 40 {
        r.cycle_without_link();
        let now = r.now;
        for b in r.agent.drain(now) {
            let e = Envelope::from_bytes(&b).unwrap();
            let h = e.input_hash();
            if !matches!(chains.place(&e, h), Ok(Place::Next)) {
                // What was heard before this test's own platform took over counts as taken.
                if e.actor_seq < r.expect_seq {
                    continue;
                }
            }
            let refuse = |code| Verdict::Refused(nooterra_trust::Rejection::new(code));
            let verdict = match decode::<Report>(&e.body).unwrap() {
                Report::Departed { .. } => {
                    departed += 1;
                    if departed < 4 { refuse(nooterra_trust::Code::NotCaptured) } else { Verdict::Accepted }
                }
                Report::ExecutionStarted { .. } => {
                    started += 1;
                    refuse(nooterra_trust::Code::AlreadyDone)
                }
                _ => Verdict::Accepted,
            };
            chains.advance(&Opened::new(e.clone()), verdict.clone(), now);
            let mut receipt = chains.receipt(&e, h, verdict, now, 1, platform.id());
            receipt.sign(&platform);
            r.agent.receive(now, &encode(&receipt), &r.map);
        }
    }
    assert_eq!((departed, started), (4, 1));
}

#[test]
fn heartbeats_keep_their_interval() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.run(60.0);
    let n = r.said(|x| matches!(x, Report::Heartbeat(_)));
    assert!((6..=8).contains(&n), "{n} idle");
    let o = offer(&r, "l1", plan());
    r.order(o);
    let before = r.said(|x| matches!(x, Report::Heartbeat(_)));
    r.run(30.0);
    let n = r.said(|x| matches!(x, Report::Heartbeat(_))) - before;
    assert!((5..=7).contains(&n), "{n} under a lease");
}

#[test]
fn bumps_and_falls_are_noticed() {
    let mut r = Rig::new(house(), 3, 0.0);
    r.go("a", &[3, 4]);
    r.run(3.0);
    r.frame.bump_mns = 3_000;
    r.cycle();
    r.frame.bump_mns = 0;
    r.run(1.0);
    assert!(r.act.brake, "holds after a hard bump");
    assert_eq!(r.said(|x| matches!(x, Report::Noticed { code, measure: 3_000 } if code == "COLLISION")), 1);
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
    r.frame.tilt_rad = 0.5;
    r.run(1.0);
    assert_eq!(r.said(|x| matches!(x, Report::Noticed { code, .. } if code == "TIP_OVER")), 1);
    assert!(r.agent.health().errors().contains(&ErrorCode::Fall));
}

#[test]
fn without_a_scan_it_stops() {
    let mut r = Rig::new(house(), 3, 0.0);
    r.go("a", &[3, 4]);
    r.run(3.0);
    r.lidar = false;
    r.run(2.0);
    assert!(r.act.brake && r.agent.health().errors().contains(&ErrorCode::SensorFault));
    r.lidar = true;
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
}

/// What the control cycle costs. Printed, and held far below what would hurt.
#[test]
fn control_is_cheap() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.go("a", &[0, 1, 2, 3, 4]);
    r.run(5.0);
    assert!(r.v.x > 0.1);
    let map: &AgentMap = &r.map;
    let mut with = r.frame.clone();
    while with.scan.is_none() {
        with.scan = Some(r.last_scan.clone());
    }
    let mut without = with.clone();
    without.scan = None;
    for (name, frame, limit_ns) in [("with scan", &mut with, 100_000.0), ("without scan", &mut without, 50_000.0)] {
        let mut a = r.agent.clone();
        let n = 2_000u64;
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            #[allow(clippy::disallowed_methods, clippy::disallowed_types)] // a measurement
            let t = std::time::Instant::now();
            for i in 0..n {
                frame.dev_ns = Instant(r.now.0 + i * 1_000);
                std::hint::black_box(a.control(r.now, frame, map));
            }
            best = best.min(t.elapsed().as_nanos() as f64 / n as f64);
        }
        println!("control {name}: {best:.0} ns");
        assert!(best < limit_ns, "{name}: {best} ns");
    }
}

#[test]
fn after_a_restart_it_counts_orders_on_and_knows_nothing_else() {
    let mut r = Rig::new(house(), 0, 0.0);
    let body = route_order(&r, &[0, 1]);
    for (seq, body) in [(1, body.clone()), (3, body.clone())] {
        let o = r.sign(seq, 1, Instant::NEVER, body);
        r.agent.receive(r.now, &o, &r.map);
    }
    r.cycle();
    assert!(!r.agent.track().is_done());
    assert!(r.agent.restart(99_999, 0.0, &r.map).is_err(), "there is no such place");
    r.agent.restart(0, 0.0, &r.map).unwrap();
    assert!(r.agent.track().is_done() && r.agent.lease().is_none());
    for seq in [2, 3] {
        let o = r.sign(seq, 2, Instant::NEVER, Order::Ack { actor_seq: 0 });
        r.agent.receive(r.now, &o, &r.map);
    }
    r.cycle();
    assert!(r.agent.track().is_done(), "the route that had come ahead of its turn is forgotten");
    let o = r.sign(4, 2, Instant::NEVER, body);
    r.agent.receive(r.now, &o, &r.map);
    r.cycle();
    assert!(!r.agent.track().is_done());
}
