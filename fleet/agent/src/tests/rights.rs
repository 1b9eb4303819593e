//! Where it may be: it stops before what it may not enter, leaves what it lost its right to, and tells where it strayed.

use super::jobs::{offer, plan};
use super::rig::*;
use crate::note::Event;
use crate::policy::Bound;
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{AccessPlanId, LeaseId};
use nooterra_engine::{Instant, Span};
use nooterra_port::Report;
use nooterra_port::ability::Declared;
use nooterra_port::facility::AccessMethod;
use nooterra_port::order::*;
use nooterra_site::{Area, AreaClass, LevelIx};

/// The house with its eastern half private, beyond the gap in the wall.
fn guarded() -> nooterra_site::Site {
    let ring = vec![Vec2::new(8.2, 0.2), Vec2::new(15.8, 0.2), Vec2::new(15.8, 9.8), Vec2::new(8.2, 9.8)];
    house().with_areas(vec![Area { name: "east".into(), level: LevelIx::new(0), ring, class: AreaClass::Private }])
}

/// How far its body truly reaches into the area, metres.
fn reach_m(r: &Rig) -> f64 {
    r.site.areas[0].reach_m(r.truth.at, r.agent.config().model.footprint_radius_m)
}

fn grant(r: &Rig, areas: Vec<u32>, no_go: Vec<u32>) -> AreaGrant {
    let (lease, plan) = (LeaseId::named("l1"), AccessPlanId::named("p"));
    AreaGrant { lease, plan, areas, no_go, credential: String::new(), valid_from: Instant::ZERO, valid_to: r.now + Span::from_secs(3_600) }
}

fn told(r: &Rig) -> usize {
    r.said(|x| matches!(x, Report::Noticed { code, .. } if code == "ZONE_VIOLATION"))
}

/// With a lease, in the western half.
fn leased() -> Rig {
    let mut r = Rig::new(guarded(), 2, 0.0);
    r.cycle();
    let o = offer(&r, "l1", plan());
    r.order(o);
    r
}

#[test]
fn a_credential_is_shown_under_the_lease_that_it_was_given_for_and_by_who_can() {
    let mut r = leased();
    let g = AreaGrant { credential: "vault/p".into(), ..grant(&r, vec![], vec![]) };
    r.order(Order::Grant(g.clone()));
    assert_eq!(r.agent.credential(r.now), None, "it was not built to");
    let shown = |g: &AreaGrant, lease: &str| {
        let mut rights = crate::rights::Rights::default();
        rights.grant(g, &crate::map::AgentMap::new(&guarded(), 0)).unwrap();
        rights.credential(Instant::from_secs(5), Some(LeaseId::named(lease))).map(str::to_owned)
    };
    assert_eq!(shown(&g, "l1").as_deref(), Some("vault/p"));
    assert_eq!(shown(&g, "l2"), None, "another lease");
    assert_eq!(shown(&AreaGrant { valid_to: Instant::from_secs(5), ..g.clone() }, "l1"), None, "its time is over");
    assert_eq!(shown(&AreaGrant { credential: String::new(), ..g }, "l1"), None);
}

#[test]
fn who_was_built_to_shows_its_credential_but_for_a_fault() {
    let mut r = Rig::new(guarded(), 2, 0.0);
    let declares = vec![Declared { name: AccessMethod::Code.ability().into(), value: 1 }];
    let c = crate::AgentConfig { declares, ..config(nooterra_site::RobotModel::default(), 2, 0.0, &r.platform) };
    r.agent = crate::Agent::new(c, [9; 32], 1, &r.map).unwrap();
    r.cycle();
    let o = offer(&r, "l1", plan());
    r.order(o);
    r.order(Order::Grant(AreaGrant { credential: "vault/p".into(), ..grant(&r, vec![], vec![]) }));
    assert_eq!(r.agent.credential(r.now), Some("vault/p"));
    r.agent.set_bare(true);
    assert_eq!(r.agent.credential(r.now), None);
    r.agent.set_bare(false);
    assert_eq!(r.agent.credential(r.now), Some("vault/p"));
}

#[test]
fn it_stops_before_an_area_that_no_plan_names() {
    let mut r = leased();
    r.go("in", &[2, 3, 4]);
    let mut worst = f64::NEG_INFINITY;
    for _ in 0..40 * 20 {
        r.cycle();
        worst = worst.max(reach_m(&r));
    }
    assert!(worst < 0.05 && worst > -0.3, "stops at the border and not before: {worst}");
    assert!(r.agent.rights().holds() && told(&r) == 0);
    assert!(r.clamps.iter().any(|c| c.bound == Bound::AccessPlan), "the bound is on record");
    assert_eq!(r.said(|x| matches!(x, Report::Obstructed { .. })), 0, "nothing stands in its way");
    // The plan comes: it goes on.
    let g = grant(&r, vec![0], vec![]);
    r.order(Order::Grant(g));
    assert!(r.until(40.0, |r| r.agent.track().last_vertex == Some(4)));
}

#[test]
fn a_plan_opens_the_area_for_its_lease_and_time_alone() {
    for (lease, from_s, to_s, enters) in [("l1", 0, 3_600, true), ("l2", 0, 3_600, false), ("l1", 600, 3_600, false), ("l1", 0, 2, false)] {
        let mut r = leased();
        let at = |s: u64| r.now + Span::from_secs(s);
        let g = AreaGrant { lease: LeaseId::named(lease), valid_from: at(from_s), valid_to: at(to_s), ..grant(&r, vec![0], vec![]) };
        r.order(Order::Grant(g));
        r.run(3.0);
        let refused = r.last_ack().is_some_and(|(_, code)| code == "LEASE_EXPIRED");
        assert_eq!(refused, lease == "l2");
        r.go("in", &[2, 3]);
        assert_eq!(r.until(30.0, |r| reach_m(r) > 0.1), enters, "{lease} {from_s} {to_s}");
    }
}

#[test]
fn a_no_go_area_is_shut_even_if_it_is_open_to_others() {
    let mut site = guarded();
    site.areas[0].class = AreaClass::Public;
    let mut r = Rig::new(site, 2, 0.0);
    r.cycle();
    let o = offer(&r, "l1", plan());
    r.order(o);
    let g = grant(&r, vec![], vec![0]);
    r.order(Order::Grant(g));
    r.go("in", &[2, 3]);
    r.run(30.0);
    assert!(reach_m(&r) < 0.05 && r.agent.rights().holds());
    r.order(Order::LeaseEnd { lease: LeaseId::named("l1"), reason: "OVER".into() });
    assert!(r.until(30.0, |r| reach_m(r) > 0.1), "without the lease it is open again");
}

#[test]
fn grants_that_make_no_sense_are_refused() {
    let mut r = leased();
    for (areas, no_go, code) in [(vec![7], vec![], "NOT_FOUND"), (vec![], vec![7], "NOT_FOUND"), (vec![0], vec![0], "AREA_FORBIDDEN")] {
        let g = grant(&r, areas, no_go);
        r.order(Order::Grant(g));
        r.run(0.2);
        assert_eq!(r.last_ack().unwrap().1, code);
        assert_eq!(r.agent.rights().barred(), [0]);
    }
}

#[test]
fn whoever_loses_its_right_inside_leaves_and_does_not_return() {
    let mut r = leased();
    let g = grant(&r, vec![0], vec![]);
    r.order(Order::Grant(g));
    r.go("in", &[2, 3]);
    assert!(r.until(40.0, |r| r.agent.track().last_vertex == Some(3)));
    r.order(Order::LeaseEnd { lease: LeaseId::named("l1"), reason: "OVER".into() });
    r.run(2.0);
    assert_eq!(told(&r), 0, "it came rightly");
    r.go("out", &[3, 2]);
    assert!(r.until(40.0, |r| r.agent.track().last_vertex == Some(2) && reach_m(r) < 0.0), "it may drive out");
    r.go("back", &[2, 3]);
    r.run(20.0);
    assert!(reach_m(&r) < 0.05, "and not in again");
}

#[test]
fn whoever_strays_is_told_of_by_itself_once_and_stands() {
    let mut r = leased();
    r.agent.set_astray(Some(4));
    assert!(r.until(40.0, |r| reach_m(r) > 1.0), "a faulty program heeds no area");
    assert_eq!(told(&r), 0);
    r.agent.set_astray(None);
    r.run(2.0);
    assert_eq!(told(&r), 1, "once it heeds them it tells");
    assert!(r.notes.iter().any(|n| matches!(n.event, Event::Strayed { .. })));
    let at = r.truth.at;
    r.run(6.0);
    assert!(r.truth.at.dist(at) < 0.05, "and stands");
    assert!(r.until(60.0, |r| reach_m(r) < 0.0), "then it drives back to where it left");
    r.run(5.0);
    assert_eq!(told(&r), 1);
}

#[test]
fn an_operator_leads_it_into_no_area_either() {
    let mut r = leased();
    r.run(0.5);
    let spot = crate::rights::Spot { level: 0, at: Vec2::new(10.0, 4.5), radius_m: 0.3 };
    assert!(r.agent.rights().bars(&r.map, &spot));
    assert!(!r.agent.rights().bars(&r.map, &crate::rights::Spot { at: Vec2::new(6.0, 4.5), ..spot }));
}
