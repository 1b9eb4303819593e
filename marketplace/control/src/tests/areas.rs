//! Areas: plans that name them, requests that shut them out, who is sent where, and what floor sensors see.

use super::floor::{drawn_on, row};
use super::rig::{Rig, genesis, robot};
use crate::fact::{Event, Fact};
use crate::input::RequesterCommand;
use crate::{NewJob, Policy, RobotEvent};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{AccessPlanId, JobId, ZoneId};
use nooterra_engine::time::Span;
use nooterra_jobs::event::Event as JobEvent;
use nooterra_jobs::status::Status;
use nooterra_port::order::AreaGrant;
use nooterra_port::report::Heartbeat;
use nooterra_port::{FacilityReport, Order, Report};
use nooterra_site::{Area, AreaClass, AreaIx, LevelIx, Site};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 9)];

/// The row of eight with an area of this class about each of these vertices, two metres wide.
pub(super) fn with_areas(list: &[(u32, AreaClass)]) -> Site {
    drawn_on(row(8), list)
}

fn rig_with(list: &[(u32, AreaClass)], robots: &[(&str, &str, u32)]) -> Rig {
    let mut rig = Rig::on(with_areas(list), genesis(Policy::scenario(), robots), robots);
    rig.knobs.no_triage = true;
    rig.run(12);
    rig
}

fn zone(rig: &Rig, area: u32) -> ZoneId {
    rig.site.area_zone(AreaIx::new(area)).unwrap()
}

fn grants(rig: &Rig, name: &str) -> Vec<AreaGrant> {
    let of = |o: &Order| if let Order::Grant(g) = o { Some(g.clone()) } else { None };
    rig.robots[&robot(name)].seen.iter().filter_map(of).collect()
}

fn ask(rig: &mut Rig, job: NewJob) -> Result<JobId, String> {
    let before: Vec<JobId> = rig.c.jobs().map(|j| j.id).collect();
    rig.send("rq", &RequesterCommand::CreateJob(Box::new(job)))?;
    Ok(rig.c.jobs().map(|j| j.id).find(|j| !before.contains(j)).unwrap())
}

fn found(rig: &Rig) -> Vec<(String, u8)> {
    let of = |r: &crate::Recorded| match &r.payload {
        Event::Robot(RobotEvent::IncidentOpened { code, severity, .. }) => Some((code.clone(), *severity)),
        Event::Job(JobEvent::IncidentOpened { code, severity, .. }) => Some((code.text().to_owned(), *severity)),
        _ => None,
    };
    rig.facts.iter().filter_map(Fact::event).filter_map(of).collect()
}

#[test]
fn work_in_a_private_area_is_done_under_a_plan_that_names_it() {
    let mut rig = rig_with(&[(4, AreaClass::Private)], TWO);
    let job = rig.ask(rig.patrol(&[2, 4]));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    let j = &rig.c.state().jobs[&job];
    let plan = j.access.plan.clone().unwrap();
    assert_eq!((plan.areas.clone(), plan.no_go), (vec![zone(&rig, 0)], vec![]));
    let by = j.legs[0].offer.robot;
    let (name, other) = if by == robot("a1") { ("a1", "b1") } else { ("b1", "a1") };
    let told = grants(&rig, name);
    assert_eq!(told.len(), 1, "once: {told:?}");
    assert_eq!((told[0].areas.clone(), told[0].plan, told[0].lease), (vec![0], plan.plan, j.legs[0].offer.lease));
    assert!(grants(&rig, other).is_empty());
    assert_eq!(rig.c.state().traffic.barred(by), Some(&[0].into()), "with its lease its right is over");
    // Work elsewhere needs none.
    let job = rig.ask(rig.patrol(&[1, 2]));
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert!(rig.c.state().jobs[&job].access.plan.clone().unwrap().areas.is_empty());
    assert_eq!(grants(&rig, "a1").len() + grants(&rig, "b1").len(), 1);
    assert!(found(&rig).is_empty(), "{:?}", found(&rig));
    rig.check_books();
}

#[test]
fn a_plan_that_does_not_fit_is_refused() {
    let mut rig = rig_with(&[(4, AreaClass::Private), (6, AreaClass::Public)], ONE);
    rig.knobs.no_access = true;
    let job = rig.ask(NewJob { no_go: vec![zone(&rig, 1)], ..rig.patrol(&[2, 4]) });
    rig.until(job, Status::Reserved);
    let (valid_from, valid_to) = (rig.now, rig.c.state().jobs[&job].window().end + Span::from_mins(5));
    let number = rig.c.state().plan_asked(job);
    let word = |areas: Vec<u32>, no_go: Vec<u32>| {
        let (plan, vertices) = (AccessPlanId::named("p"), vec![2, 4]);
        FacilityReport::AccessPlanIssued { number, job, plan, vertices, areas, no_go, entry: Default::default(), valid_from, valid_to }
    };
    for (areas, no_go, code, field) in [
        (vec![], vec![1], "AREA_FORBIDDEN", "areas"),
        (vec![0, 2], vec![1], "NOT_FOUND", "areas"),
        (vec![0], vec![9], "NOT_FOUND", "no_go"),
        (vec![0], vec![], "AREA_FORBIDDEN", "no_go"),
        (vec![0, 1], vec![1], "AREA_FORBIDDEN", "no_go"),
        (vec![0], vec![1, 0], "AREA_FORBIDDEN", "no_go"),
    ] {
        assert_eq!(rig.send("site", &word(areas.clone(), no_go.clone())).unwrap_err(), code, "{areas:?} {no_go:?}");
        let said = &rig.refused.last().unwrap().1;
        assert!(said.contains(field), "{said} of {areas:?} {no_go:?}");
    }
    rig.send("site", &word(vec![0], vec![1])).unwrap();
    rig.knobs.no_access = false;
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    let told = grants(&rig, "a1");
    assert_eq!((told[0].areas.clone(), told[0].no_go.clone()), (vec![0], vec![1]));
}

#[test]
fn a_request_shuts_out_what_is_there_and_leaves_a_way() {
    let mut rig = rig_with(&[(4, AreaClass::Public), (6, AreaClass::Public)], ONE);
    let level = rig.site.zone(LevelIx::new(0)).unwrap();
    let with = |rig: &Rig, places: &[u32], no_go: Vec<ZoneId>| NewJob { no_go, ..rig.patrol(places) };
    for (places, no_go, code) in [
        (vec![2, 3], vec![ZoneId::named("elsewhere")], "NOT_FOUND"),
        (vec![2, 3], vec![level], "NOT_FOUND"),
        (vec![2, 3], vec![zone(&rig, 0), zone(&rig, 0)], "NOT_FOUND"),
        (vec![2, 4], vec![zone(&rig, 0)], "AREA_FORBIDDEN"),
    ] {
        let j = with(&rig, &places, no_go);
        assert_eq!(ask(&mut rig, j).unwrap_err(), code, "{places:?}");
        assert!(rig.refused.last().unwrap().1.contains("no_go"));
    }
    // Chargers stand along the whole row, so beyond the area there is somebody's way; but not this robot's.
    let j = with(&rig, &[2, 5], vec![zone(&rig, 0)]);
    let job = ask(&mut rig, j).unwrap();
    rig.run(300);
    let failed: Vec<String> = rig
        .job_events(job)
        .iter()
        .filter_map(|e| {
            if let JobEvent::DispatchFailed { counts } = e { Some(counts.iter().map(|c| c.0.clone()).collect::<String>()) } else { None }
        })
        .collect();
    assert!(failed.iter().any(|f| f.contains("ZONE")), "{failed:?} {:?}", rig.names(job));
    let j = with(&rig, &[2, 3], vec![zone(&rig, 0)]);
    let job = ask(&mut rig, j).unwrap();
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    assert_eq!(rig.c.state().jobs[&job].access.plan.clone().unwrap().no_go, [zone(&rig, 0)]);
    assert_eq!(rig.c.state().traffic.barred(robot("a1")), Some(&std::collections::BTreeSet::new()), "no lease, no bounds");
}

#[test]
fn nobody_is_sent_through_an_area_that_its_work_does_not_need() {
    // The only robot waits beyond the private stretch; work lies before it, and another charger too.
    let mut rig = rig_with(&[(4, AreaClass::Restricted)], &[("a1", "acme", 15)]);
    let job = rig.ask(rig.patrol(&[1, 2]));
    rig.run(300);
    let zone_barred =
        rig.job_events(job).iter().any(|e| matches!(e, JobEvent::DispatchFailed { counts } if counts.iter().any(|c| c.0 == "ZONE")));
    assert!(zone_barred && rig.c.state().jobs[&job].legs.is_empty(), "{:?}", rig.names(job));
}

fn entered(rig: &mut Rig, name: &str, area: u32, reach_mm: u32) -> Result<(), String> {
    rig.send("site", &FacilityReport::AreaEntered { robot: robot(name), area, reach_mm })
}

#[test]
fn floor_sensors_see_who_has_no_right_and_how_grave_it_is_follows_from_the_area() {
    for (class, severity) in [(AreaClass::Private, 4), (AreaClass::Restricted, 3), (AreaClass::Public, 0)] {
        let mut rig = rig_with(&[(4, class)], TWO);
        entered(&mut rig, "b1", 0, 300).unwrap();
        assert!(found(&rig).is_empty(), "one look is not enough");
        rig.tick();
        entered(&mut rig, "b1", 0, 350).unwrap();
        let expected = if severity == 0 { vec![] } else { vec![("ZONE_VIOLATION".to_owned(), severity)] };
        assert_eq!(found(&rig), expected);
        assert_eq!(rig.c.robots().any(|r| !r.stops.is_empty()), severity >= 4, "stopped where it stands");
        assert_eq!(rig.c.robots().any(|r| r.quarantined), severity >= 4);
        rig.send("site", &FacilityReport::AreaLeft { robot: robot("b1"), area: 0 }).unwrap();
        assert_eq!(rig.send("site", &FacilityReport::AreaLeft { robot: robot("b1"), area: 0 }).unwrap_err(), "ALREADY_DONE");
        assert_eq!(entered(&mut rig, "b1", 1, 300).unwrap_err(), "NOT_FOUND");
        assert_eq!(entered(&mut rig, "nobody", 0, 300).unwrap_err(), "NOT_FOUND");
        assert_eq!(found(&rig).len(), expected.len());
    }
}

#[test]
fn who_reaches_in_a_little_or_rightly_is_no_incident() {
    let mut rig = rig_with(&[(4, AreaClass::Private)], ONE);
    for _ in 0..3 {
        entered(&mut rig, "a1", 0, 50).unwrap();
        rig.tick();
    }
    rig.send("site", &FacilityReport::AreaLeft { robot: robot("a1"), area: 0 }).unwrap();
    let job = rig.ask(rig.patrol(&[2, 4]));
    rig.until(job, Status::Executing);
    for _ in 0..3 {
        entered(&mut rig, "a1", 0, 600).unwrap();
        rig.tick();
    }
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    // The floor has not seen it leave yet: it had the right to come, and is on its way out.
    for _ in 0..3 {
        entered(&mut rig, "a1", 0, 600).unwrap();
        rig.tick();
    }
    assert!(found(&rig).is_empty(), "{:?}", found(&rig));
    rig.send("site", &FacilityReport::AreaLeft { robot: robot("a1"), area: 0 }).unwrap();
    rig.run(12);
    for _ in 0..2 {
        entered(&mut rig, "a1", 0, 600).unwrap();
        rig.tick();
    }
    assert_eq!(found(&rig), [("ZONE_VIOLATION".to_owned(), 4)], "once it was out it may not come back");
}

/// The same as the robot says it itself.
#[test]
fn a_robots_own_word_tells_on_it() {
    let mut rig = rig_with(&[(4, AreaClass::Restricted)], ONE);
    let inside = |rig: &Rig| Heartbeat { pose: super::rig::pose(rig.site.vertices[4].at), ..rig.heartbeat(robot("a1")) };
    let b = inside(&rig);
    rig.report(robot("a1"), Report::Heartbeat(b));
    rig.tick();
    assert!(found(&rig).is_empty());
    let b = inside(&rig);
    rig.report(robot("a1"), Report::Heartbeat(b));
    rig.tick();
    assert_eq!(found(&rig), [("ZONE_VIOLATION".to_owned(), 3)]);
    let mut rig = rig_with(&[(4, AreaClass::Restricted)], ONE);
    rig.report(robot("a1"), Report::Noticed { code: "ZONE_VIOLATION".into(), measure: 400 });
    rig.tick();
    assert!(found(&rig).is_empty(), "where it says that it is it may be");
    let b = inside(&rig);
    rig.report(robot("a1"), Report::Heartbeat(b));
    rig.report(robot("a1"), Report::Noticed { code: "ZONE_VIOLATION".into(), measure: 400 });
    rig.tick();
    assert_eq!(found(&rig), [("ZONE_VIOLATION".to_owned(), 3)]);
}

#[test]
fn idle_robots_charge_and_park_outside() {
    // Its own charger is the only one that is not beside an area that it may not enter: home it goes.
    let mut site = with_areas(&[(2, AreaClass::Private)]);
    let c = site.vertices[10].at;
    site.areas.push(Area {
        name: "dock".into(),
        ring: [(-1.0, -0.9), (1.0, -0.9), (1.0, 0.9), (-1.0, 0.9)].map(|(x, y)| Vec2::new(c.x + x, c.y + y)).to_vec(),
        ..site.areas[0].clone()
    });
    let rig = Rig::on(site, genesis(Policy::scenario(), ONE), ONE);
    let w = rig.c.world();
    let docks: Vec<u32> = w.chargers(0, 8).into_iter().map(|(_, v)| v).collect();
    assert_eq!(docks, [8, 9], "beyond lies a private stretch, and one dock is in an area itself");
    assert_eq!(w.travel_ms(0, 8, 11), None);
    assert!(w.travel_without_ms(0, 8, 11, &[1].into()).is_some());
    assert!(w.standing_places(0).all(|v| v.ix != 2 && v.ix != 10));
}

#[test]
fn the_table_of_zones_says_what_the_site_says() {
    let rig = rig_with(&[(3, AreaClass::Restricted), (6, AreaClass::Public)], ONE);
    let (w, site) = (rig.c.world(), &rig.site);
    let levels: Vec<LevelIx> = (0..).map(LevelIx::new).take(site.levels.len()).collect();
    assert!(!levels.is_empty() && levels.iter().all(|l| w.level_zone(*l).is_some() && w.level_zone(*l) == site.zone(*l)));
    assert_eq!((w.level_zone(LevelIx::new(9)), w.zone_at(99)), (None, None), "places that it does not have lie nowhere");
    let places: Vec<u32> = site.vertex_indexes().map(|v| v.ix).collect();
    assert!(places.iter().all(|v| w.zone_at(*v) == site.zone(site.vertices[*v as usize].level)));
    assert_eq!(w.zones_at(places.iter().copied()).len(), levels.len());
    assert_eq!(w.area_zones_at([3, 4]), [zone(&rig, 0)].into());
    assert_eq!(w.area_zones_at(places), [zone(&rig, 0), zone(&rig, 1)].into());
    assert!(site.zones().iter().all(|z| w.has_zone(*z)) && !w.has_zone(ZoneId::named("elsewhere")));
    let waits: Vec<u32> = w.parkings(0, 0).into_iter().map(|(_, v)| v).collect();
    assert!(!waits.is_empty() && waits.iter().all(|v| w.parking_zone(*v) == Some(ZoneId::named(&format!("vertex/{v}")))));
}
