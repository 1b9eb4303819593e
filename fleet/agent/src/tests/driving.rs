use super::rig::*;
use crate::note::Event;
use nooterra_engine::geom::{Segment, Vec2};
use nooterra_engine::ids::OrderId;
use nooterra_port::Report;
use nooterra_port::order::Order;
use nooterra_site::RobotModel;
use nooterra_site::model::LaneOrientation;
use nooterra_site::robot::Drive;

/// Off every lane of the route by at most this, and within 5 cm of the goal at its end.
fn follows(r: &mut Rig, vs: &[u32], secs: f64, cross_max: f64) {
    let lanes: Vec<Segment> = vs.windows(2).map(|p| Segment::new(r.map.vertex(p[0]).unwrap().at, r.map.vertex(p[1]).unwrap().at)).collect();
    r.go("route", vs);
    let mut worst = 0.0f64;
    for _ in 0..(secs * 20.0) as usize {
        r.cycle();
        let off = lanes.iter().map(|l| l.dist_point(r.truth.at)).fold(f64::INFINITY, f64::min);
        worst = worst.max(off);
        if r.agent.track().is_done() {
            break;
        }
    }
    assert!(r.agent.track().is_done(), "not finished: {:?} {:?} {:?}", r.truth, r.act, r.agent.track());
    r.run(1.0);
    let goal = r.map.vertex(*vs.last().unwrap()).unwrap().at;
    assert!(r.truth.at.dist(goal) < 0.05, "{} from the goal", r.truth.at.dist(goal));
    assert!(worst < cross_max, "cross-track {worst}");
    assert!(r.v.norm() < 1e-3, "still moving");
}

#[test]
fn follows_sharp_corners_within_five_centimetres() {
    let mut r = Rig::new(house(), 0, 1.0);
    follows(&mut r, &[0, 1, 2, 3, 4, 5, 8, 3, 2, 6, 7, 0], 240.0, 0.05);
}

#[test]
fn follows_a_curve_of_short_lanes_without_stopping() {
    // A quarter circle of radius 3 m in steps of 9 degrees.
    let mut v: Vec<(f64, f64)> = vec![(1.0, 1.0), (3.0, 1.0)];
    for i in 1..=10 {
        let a = f64::from(i) * std::f64::consts::PI / 20.0;
        v.push((3.0 + 3.0 * nooterra_engine::real::sin(a), 4.0 - 3.0 * nooterra_engine::real::cos(a)));
    }
    v.push((6.0, 8.0));
    let l: Vec<(u32, u32)> = (0..v.len() as u32 - 1).map(|i| (i, i + 1)).collect();
    let mut r = Rig::new(site(Vec2::new(9.0, 9.0), &[], &v, &l), 0, 0.0);
    let all: Vec<u32> = (0..v.len() as u32).collect();
    r.go("curve", &all);
    r.run(4.0);
    let mut slowest = f64::INFINITY;
    while r.agent.track().ahead().count() > 2 {
        r.cycle();
        slowest = slowest.min(r.v.x);
        assert!(r.now.as_secs_f64() < 60.0);
    }
    assert!(slowest > 0.3, "slowed to {slowest}");
    assert!(r.until(30.0, |r| r.agent.track().is_done()));
    assert!(r.truth.at.dist(Vec2::new(6.0, 8.0)) < 0.05);
}

#[test]
fn omnidirectional_follows_too() {
    let m = RobotModel { drive: Drive::Omnidirectional, turn_max_radps: 1.0, ..RobotModel::default() };
    let mut r = Rig::with_model(house(), m, 0, 0.3);
    follows(&mut r, &[0, 1, 2, 3, 4, 5], 120.0, 0.06);
}

#[test]
fn backward_lanes_are_driven_backwards_and_limits_hold() {
    let mut s = house();
    for l in &mut s.lanes {
        if l.from.ix == 0 && l.to.ix == 1 {
            l.orientation = LaneOrientation::Backward;
            l.speed_limit_mps = Some(0.2);
        }
    }
    let mut r = Rig::new(s, 0, 0.0);
    r.go("a", &[0, 1, 2]);
    let (mut back, mut fastest) = (false, 0.0f64);
    while r.agent.track().last_vertex != Some(1) {
        r.cycle();
        back |= r.v.x < -0.15;
        fastest = fastest.max(r.v.x.abs());
        assert!(r.now.as_secs_f64() < 60.0);
    }
    assert!(back && fastest < 0.21, "{back} {fastest}");
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
}

#[test]
fn an_update_extends_the_way_without_a_stop() {
    let mut r = Rig::new(house(), 3, 0.0);
    let mut base = r.route("o", 0, 0, &[2, 3], false);
    base.nodes.remove(0);
    base.edges.clear();
    base.nodes[0].sequence_id = 0;
    r.order(Order::Route(base));
    let ext = r.route("o", 1, 0, &[3, 4], true);
    r.order(Order::Route(ext));
    assert_eq!(r.agent.track().ahead().count(), 1);
    r.run(4.0);
    let v = r.v.x;
    assert!(v > 0.4, "{v}");
    // The same update again, an older one and a contradiction are refused and change nothing.
    let track = r.agent.track().clone();
    for (update, vs, code) in [(1, vec![3, 4], "ROUTE_STALE"), (0, vec![3, 4], "ROUTE_STALE"), (2, vec![3, 2], "ROUTE_CONFLICT")] {
        let again = r.route("o", update, 0, &vs, true);
        r.order(Order::Route(again));
        r.cycle();
        assert_eq!(r.last_ack().unwrap().1, code);
        assert_eq!(r.agent.track(), &track);
    }
    // Seamless: the goal becomes a node to pass.
    let more = r.route("o", 2, 2, &[4, 5], true);
    r.order(Order::Route(more));
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
    assert_eq!(r.agent.track().last_vertex, Some(5));
}

#[test]
fn node_reached_is_reported_at_once() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.go("a", &[0, 1, 2]);
    assert!(r.until(30.0, |r| r.agent.track().last_vertex == Some(1)));
    let beat = r.heard.iter().rev().find_map(|(_, x)| if let Report::Heartbeat(h) = x { Some(h.clone()) } else { None }).unwrap();
    assert_eq!((beat.last_node, beat.last_node_sequence_id), (1, 2));
    assert_eq!(beat.order, Some(OrderId::named("a")));
    assert!(beat.sigma_mm < 30);
}

#[test]
fn stops_for_an_obstacle_reports_it_and_goes_on() {
    let mut r = Rig::new(house(), 3, 0.0);
    r.posts.push(Post { at: Vec2::new(12.0, 4.5), radius_m: 0.15, v: Vec2::default() });
    r.go("a", &[3, 4]);
    r.run(20.0);
    let gap = r.truth.at.dist(r.posts[0].at) - 0.15 - 0.3;
    assert!(gap > 0.04 && gap < 0.25, "gap {gap}");
    assert!(r.agent.is_blocked());
    let lane = r.site.lanes.iter().position(|l| l.from.ix == 3 && l.to.ix == 4).unwrap() as u32;
    assert_eq!(r.said(|x| matches!(x, Report::Obstructed { lane: l, since_s } if *l == lane && *since_s >= 8)), 1);
    assert!(r.clamps.iter().any(|c| c.bound == crate::Bound::Clearance));
    assert!(r.notes.iter().any(|n| matches!(n.event, Event::ProtectiveStop { .. })));
    r.posts.clear();
    assert!(r.until(30.0, |r| r.agent.track().is_done()), "did not go on");
    assert_eq!(r.said(|x| matches!(x, Report::ObstructionCleared { .. })), 1);
    assert!(r.touched > 0.03, "{}", r.touched);
}

#[test]
fn something_thrown_in_front_is_not_hit() {
    let mut r = Rig::new(house(), 3, 0.0);
    r.go("a", &[3, 4]);
    r.run(4.0);
    assert!(r.v.x > 0.45);
    r.posts.push(Post { at: r.truth.at + Vec2::new(0.85, 0.1), radius_m: 0.15, v: Vec2::default() });
    r.run(5.0);
    assert!(r.touched > 0.0, "hit: {}", r.touched);
    assert!(r.v.norm() < 0.01);
}

#[test]
fn slow_beside_a_walker() {
    let mut r = Rig::new(house(), 3, 0.0);
    r.posts.push(Post { at: Vec2::new(14.5, 5.4), radius_m: 0.2, v: Vec2::new(-0.8, 0.0) });
    r.go("a", &[3, 4]);
    let mut fastest_near = 0.0f64;
    for _ in 0..200 {
        r.cycle();
        let clear = r.posts[0].at.dist(r.truth.at) - 0.5;
        if clear < 0.5 && r.posts[0].at.x > r.truth.at.x {
            fastest_near = fastest_near.max(r.v.x);
        }
    }
    assert!(fastest_near > 0.0 && fastest_near < 0.27, "{fastest_near}");
    assert!(r.until(30.0, |r| r.agent.track().is_done()));
    assert!(r.clamps.iter().any(|c| c.bound == crate::Bound::HumanClearance));
}

#[test]
fn a_narrow_door_frame_does_not_stop_it() {
    // 0.8 m clear opening for a robot of 0.6 m.
    let walls = [Segment::new(Vec2::new(5.0, 0.0), Vec2::new(5.0, 2.6)), Segment::new(Vec2::new(5.0, 3.4), Vec2::new(5.0, 6.0))];
    let mut r = Rig::new(site(Vec2::new(10.0, 6.0), &walls, &[(2.0, 3.0), (8.0, 3.0)], &[(0, 1)]), 0, 0.0);
    follows(&mut r, &[0, 1], 40.0, 0.05);
    assert!(r.touched > 0.03, "{}", r.touched);
    assert_eq!(r.said(|x| matches!(x, Report::Obstructed { .. })), 0);
}

#[test]
fn a_new_order_from_the_node_behind_turns_it_back() {
    let mut r = Rig::new(house(), 3, 0.0);
    r.go("a", &[3, 4]);
    r.run(4.0);
    r.go("b", &[3, 8]);
    assert!(r.until(60.0, |r| r.agent.track().is_done()), "{:?}", r.agent.track());
    assert!(r.truth.at.dist(Vec2::new(10.0, 8.0)) < 0.05);
    assert!(r.touched > 0.0);
}

#[test]
fn routes_that_make_no_sense_are_refused() {
    let mut r = Rig::new(house(), 0, 0.0);
    let good = r.route("x", 0, 0, &[0, 1], true);
    let mut cases = Vec::new();
    let mut c = good.clone();
    c.nodes.clear();
    cases.push((c, "SCHEMA_INVALID"));
    let mut c = good.clone();
    c.edges.clear();
    cases.push((c, "SCHEMA_INVALID"));
    let mut c = good.clone();
    c.nodes[1].vertex = 999;
    cases.push((c, "NOT_FOUND"));
    let mut c = good.clone();
    c.edges[0].lane = 7;
    cases.push((c, "ROUTE_BROKEN"));
    let mut c = good.clone();
    c.nodes[1].sequence_id = 3;
    cases.push((c, "SCHEMA_INVALID"));
    cases.push((r.route("x", 0, 0, &[4, 5], true), "ROUTE_OUT_OF_REACH"));
    for (route, code) in cases {
        r.order(Order::Route(route));
        r.cycle();
        assert_eq!(r.last_ack().unwrap().1, code);
        assert!(r.agent.track().is_done());
    }
}

#[test]
fn whoever_is_pushed_away_from_its_place_says_so_and_comes_back() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.go("there", &[0, 1]);
    assert!(r.until(60.0, |r| r.agent.track().is_done()));
    r.run(1.0);
    let goal = r.map.vertex(1).unwrap().at;
    // Little is left as it is.
    r.truth.at = r.truth.at + Vec2::new(0.3, 0.0);
    r.run(5.0);
    assert!(r.truth.at.dist(goal) > 0.2 && !r.notes.iter().any(|n| matches!(n.event, Event::CameOff { .. })));
    // Half a metre a second, wheels blocked: nothing that it has commanded.
    for _ in 0..50 {
        r.truth.at = r.truth.at + Vec2::new(0.02, 0.015);
        r.cycle();
    }
    let beats = |r: &Rig| {
        r.heard.iter().filter_map(|(_, s)| if let Report::Heartbeat(b) = s { Some(b.residual_milli) } else { None }).collect::<Vec<_>>()
    };
    assert!(r.truth.at.dist(goal) > 1.0);
    assert!(r.until(30.0, |r| r.truth.at.dist(goal) < 0.06), "{:?} {:?}", r.truth, r.agent.pose());
    assert_eq!(r.notes.iter().filter(|n| n.event == Event::CameOff { vertex: 1 }).count(), 1, "{:?}", r.notes);
    r.run(12.0);
    assert!(beats(&r).last().is_some_and(|m| *m < 1_000), "{:?}", beats(&r));
    assert!(r.v.norm() < 1e-3);
}
