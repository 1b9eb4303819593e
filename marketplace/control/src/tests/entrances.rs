//! Doors and lifts: which of them plans name, who passes them, who holds the grant, and levels that let nobody in.

use super::floor::with_rooms;
use super::rig::{Rig, genesis, robot};
use crate::fact::{Event, Fact};
use crate::input::RequesterCommand;
use crate::stops::{StopOrder, StopWhat};
use crate::{Policy, StaffCommand};
use nooterra_engine::ids::{AccessPlanId, DoorId, JobId};
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Event as JobEvent, Fault, RevokeReason};
use nooterra_jobs::payload::AccessMethod as Method;
use nooterra_jobs::status::Status;
use nooterra_port::ability::{Advert, Declared};
use nooterra_port::facility::{AccessMethod, Entry, FloorStop, Holder, Way};
use nooterra_port::{FacilityOrder, FacilityReport, Order, Report};
use nooterra_site::{LaneIx, LevelIx};

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("a2", "acme", 9)];
/// Rooms off the second and the sixth vertex of the row.
const ROOMS: [u32; 2] = [16, 17];

fn rig_with(robots: &[(&str, &str, u32)], terminals: &[u32]) -> Rig {
    let site = with_rooms(8, &[2, 6]);
    let ids = site.entrance_ids();
    let mut g = genesis(Policy::scenario(), robots);
    g.terminals = terminals.iter().map(|t| ids[*t as usize]).collect();
    let mut rig = Rig::on(site, g, robots);
    rig.knobs.no_triage = true;
    rig.run(12);
    rig
}

fn doors(rig: &Rig) -> Vec<DoorId> {
    rig.site.entrance_ids()
}

fn plan_of(rig: &Rig, job: JobId) -> nooterra_jobs::payload::AccessPlan {
    rig.c.state().jobs[&job].access.plan.clone().expect("a plan")
}

fn site_events(rig: &Rig, name: &str) -> usize {
    rig.facts.iter().filter_map(Fact::event).filter(|e| matches!(e.payload, Event::Site(_)) && e.payload.name() == name).count()
}

/// The lane into the first room.
fn way_in(rig: &Rig) -> LaneIx {
    rig.site.lane_indexes().find(|l| rig.site.lanes[l.at()].to.ix == ROOMS[0]).expect("one")
}

#[test]
fn a_householders_plan_opens_terminals_only_by_a_reference() {
    let site = with_rooms(8, &[2, 6]);
    let mut g = genesis(Policy::scenario(), ONE);
    g.terminals = vec![site.entrance_ids()[0]];
    let level = site.zone(LevelIx::new(0)).unwrap();
    g.parties.iter_mut().find(|p| p.party == super::rig::party("rq")).unwrap().own = vec![level];
    let mut rig = Rig::on(site, g, ONE);
    rig.knobs.no_access = true;
    rig.run(12);
    let job = rig.ask(rig.patrol(&[1, ROOMS[0]]));
    rig.until(job, Status::Booked);
    let valid_to = rig.c.state().jobs[&job].window().end + Span::from_mins(5);
    let word = |rig: &Rig, entry| RequesterCommand::IssuePlan { job, areas: vec![], no_go: vec![], entry, valid_from: rig.now, valid_to };
    let plain = word(&rig, None);
    assert_eq!(rig.send("rq", &plain).unwrap_err(), "SCHEMA_INVALID", "a terminal opens for nobody under it");
    let entry = Entry { entrances: vec![0], method: AccessMethod::Code, credential: "vault/home".into() };
    let coded = word(&rig, Some(entry));
    rig.send("rq", &coded).unwrap();
    assert_eq!(plan_of(&rig, job).method, Method::Code);
    rig.run(3);
    assert!(rig.alarms.iter().any(|o| matches!(o, FacilityOrder::HoldPlan { entry, .. } if entry.credential == "vault/home")));
    assert!(!rig.c.state().asks.contains_key(&crate::state::AskKey::Hold(job)), "the doors hold it");
}

#[test]
fn a_plan_names_the_doors_of_its_work_and_traffic_passes_no_other() {
    let mut rig = rig_with(ONE, &[]);
    let job = rig.ask(rig.patrol(&[1, ROOMS[0]]));
    rig.until(job, Status::Executing);
    assert_eq!(plan_of(&rig, job).doors, [doors(&rig)[0]], "the other room is none of its business");
    let barred = rig.c.state().traffic.barred(robot("a1")).cloned().unwrap();
    let (map, other) = (&rig.c.world().map, rig.site.lane_indexes().find(|l| rig.site.lanes[l.at()].to.ix == ROOMS[1]).unwrap());
    assert!(map.is_shut(0, other, &barred) && !map.is_shut(0, way_in(&rig), &barred));
    let back = rig.site.lanes[other.at()].reverse.unwrap();
    assert!(!map.is_shut(0, back, &barred), "outward always");
    assert_eq!(rig.run_job(job, 900), Status::Settled);
    rig.run(60);
    assert!(rig.c.state().traffic.barred(robot("a1")).unwrap().is_empty(), "who has no job gets about as before");
    rig.check_books();
}

#[test]
fn a_plan_that_leaves_no_way_or_names_what_is_not_there_is_none() {
    let mut rig = rig_with(ONE, &[]);
    rig.knobs.no_access = true;
    let job = rig.ask(rig.patrol(&[1, ROOMS[0]]));
    rig.until(job, Status::EnRoute);
    let (valid_from, valid_to) = (rig.now, rig.c.state().jobs[&job].window().end + Span::from_mins(5));
    let issue = |rig: &mut Rig, entry: Entry| {
        let (plan, vertices, number) = (AccessPlanId::named("p"), vec![1, ROOMS[0]], rig.c.state().plan_asked(job));
        rig.send(
            "site",
            &FacilityReport::AccessPlanIssued { number, job, plan, vertices, areas: vec![], no_go: vec![], entry, valid_from, valid_to },
        )
    };
    let entry =
        |entrances: &[u32], method, credential: &str| Entry { entrances: entrances.to_vec(), method, credential: credential.into() };
    let (by_site, by_code) = (AccessMethod::SiteController, AccessMethod::Code);
    let long = "x".repeat(129);
    for (e, code) in [
        (entry(&[], by_site, ""), "AREA_FORBIDDEN"),
        (entry(&[1], by_site, ""), "AREA_FORBIDDEN"),
        (entry(&[0, 2], by_site, ""), "NOT_FOUND"),
        (entry(&[1, 0], by_site, ""), "NOT_FOUND"),
        (entry(&[0], by_code, ""), "SCHEMA_INVALID"),
        (entry(&[0], by_site, "vault/1"), "SCHEMA_INVALID"),
        (entry(&[0], by_code, &long), "SCHEMA_INVALID"),
        (entry(&[0], by_code, "password: hunter2"), "SECRET_IN_PAYLOAD"),
    ] {
        assert_eq!(issue(&mut rig, e.clone()).unwrap_err(), code, "{e:?}");
    }
    issue(&mut rig, entry(&[0, 1], by_code, "vault/1")).unwrap();
    let p = plan_of(&rig, job);
    assert_eq!((p.method, p.credential_ref.as_str(), p.doors), (Method::Code, "vault/1", doors(&rig)));
}

#[test]
fn a_door_that_does_not_open_is_a_denial_and_the_third_an_incident() {
    let mut rig = rig_with(ONE, &[]);
    let job = rig.ask(rig.patrol(&[1, ROOMS[0]]));
    rig.until(job, Status::Executing);
    rig.knobs.never_depart.insert(robot("a1"));
    let refused = |code: &str, entrance| FacilityReport::PassRefused { robot: robot("a1"), job: Some(job), entrance, code: code.into() };
    assert_eq!(rig.send("site", &refused("AREA_FORBIDDEN", 2)).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("eye", &refused("AREA_FORBIDDEN", 1)).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("site", &refused("STOP_ACTIVE", 1)).unwrap();
    let denied = |rig: &Rig| {
        let of = |e: &JobEvent| if let JobEvent::AccessDenied { door, code, .. } = e { Some((*door, code.clone())) } else { None };
        rig.job_events(job).iter().filter_map(of).collect::<Vec<_>>()
    };
    assert!(denied(&rig).is_empty(), "that says nothing about its plan");
    rig.send("site", &refused("AREA_FORBIDDEN", 1)).unwrap();
    assert_eq!(denied(&rig), [(Some(doors(&rig)[1]), "AREA_FORBIDDEN".to_owned())]);
    let incidents = |rig: &Rig| rig.job_events(job).iter().filter(|e| matches!(e, JobEvent::IncidentOpened { .. })).count();
    rig.send("site", &refused("AREA_FORBIDDEN", 1)).unwrap();
    assert_eq!(incidents(&rig), 0);
    rig.send("site", &refused("AREA_FORBIDDEN", 1)).unwrap();
    assert_eq!((incidents(&rig), site_events(&rig, "PASS_REFUSED")), (1, 4));
    let nobody = FacilityReport::PassRefused { robot: robot("a1"), job: None, entrance: 1, code: "STOP_ACTIVE".into() };
    rig.send("site", &nobody).unwrap();
    assert_eq!((denied(&rig).len(), site_events(&rig, "PASS_REFUSED")), (3, 5));
}

#[test]
fn who_comes_through_a_door_without_a_right_is_an_anomaly() {
    let mut rig = rig_with(TWO, &[]);
    let job = rig.ask(rig.patrol(&[1, ROOMS[0]]));
    rig.until(job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().unwrap();
    let other = [robot("a1"), robot("a2")].into_iter().find(|r| *r != bound).unwrap();
    let came = |robot, door| FacilityReport::CameThrough { robot, door };
    assert_eq!(rig.send("site", &came(bound, 2)).unwrap_err(), "NOT_FOUND");
    assert_eq!(rig.send("eye", &came(bound, 0)).unwrap_err(), "ROLE_FORBIDDEN");
    rig.send("site", &came(bound, 0)).unwrap();
    assert_eq!(site_events(&rig, "CAME_THROUGH"), 0, "its plan names that door: only the word was late");
    rig.send("site", &came(bound, 1)).unwrap();
    assert_eq!(site_events(&rig, "CAME_THROUGH"), 1, "and not this one");
    rig.send("site", &came(other, 0)).unwrap();
    assert_eq!(site_events(&rig, "CAME_THROUGH"), 2, "nobody sent it there");
    let anomalies = rig.facts.iter().filter_map(Fact::event).filter(|e| match &e.payload {
        Event::Robot(crate::RobotEvent::IncidentOpened { code, .. }) => code == "ACCESS_ANOMALY",
        Event::Job(JobEvent::IncidentOpened { code, .. }) => code.text() == "ACCESS_ANOMALY",
        _ => false,
    });
    assert_eq!(anomalies.count(), 2);
}

#[test]
fn a_grant_reaches_the_doors_with_the_lease_and_the_next_leg_has_another() {
    let mut rig = rig_with(TWO, &[]);
    rig.knobs.deaf_doors = true;
    let job = rig.ask(rig.patrol(&[7, ROOMS[0]]));
    rig.until(job, Status::EnRoute);
    let told = |rig: &Rig| {
        let of = |o: &FacilityOrder| {
            if let FacilityOrder::Grant { job: j, plan, holder, number } = o { Some((*j, *plan, *holder, *number)) } else { None }
        };
        rig.alarms.iter().filter_map(of).collect::<Vec<_>>()
    };
    let leg = rig.c.state().jobs[&job].leg().copied().unwrap().offer;
    let (plan, first) = (plan_of(&rig, job).plan, Holder { robot: leg.robot, fence: leg.fence });
    let last = *told(&rig).last().unwrap();
    assert_eq!((last.0, last.1, last.2), (job, plan, Some(first)));
    let said = |rig: &Rig| told(rig).iter().filter(|g| g.3 == last.3).count();
    for _ in 0..400 {
        if said(&rig) > 1 {
            break;
        }
        rig.tick();
    }
    assert!(said(&rig) > 1 && rig.status(job) == Status::EnRoute, "said again until the doors know");
    assert_eq!(rig.send("site", &FacilityReport::GrantHeld { job, number: 0 }).unwrap_err(), "ALREADY_DONE", "an answer to another word");
    rig.knobs.deaf_doors = false;
    // The robot fails; another takes over, under a fence of its own, and the first holds nothing any more.
    rig.report(leg.robot, Report::TripAborted { reason: nooterra_port::report::AbortReason::Mechanical, detail: "x".into() });
    for _ in 0..4_000 {
        if rig.c.state().jobs[&job].leg().is_some_and(|l| l.offer.robot != first.robot) {
            break;
        }
        rig.tick();
    }
    rig.run(2);
    let leg = rig.c.state().jobs[&job].leg().copied().unwrap().offer;
    assert_ne!(leg.robot, first.robot);
    let grants = told(&rig);
    assert_eq!(grants.last().unwrap().2, Some(Holder { robot: leg.robot, fence: leg.fence }));
    assert!(grants.iter().any(|g| g.2.is_none()), "between the two nobody holds it");
    let key = crate::state::AskKey::Grant(job);
    rig.run(2);
    assert!(!rig.c.state().asks.contains_key(&key));
}

#[test]
fn a_robot_that_cannot_show_a_credential_is_not_sent_where_one_is_wanted() {
    let mut rig = rig_with(TWO, &[0]);
    let declare = |rig: &mut Rig, name: &str, code| {
        let said = |n: &str, value| Declared { name: n.into(), value };
        let capabilities = vec![said("access_code", code), said("access_site_controller", 1), said("payload_g", 9_000)];
        let battery_j = rig.c.state().robots[&robot(name)].robot.battery_j;
        rig.report(robot(name), Report::Advertised(Box::new(Advert { capabilities, sensors: vec![], battery_j })));
    };
    let job = rig.ask(rig.patrol(&[1, ROOMS[0]]));
    rig.run(60);
    assert_eq!(rig.status(job), Status::Booked, "nobody declares that it can");
    assert_eq!(plan_of(&rig, job).method, Method::Code);
    let counts = rig.c.state().jobs[&job].dispatch_failed.clone();
    assert_eq!(counts, [("ACCESS".to_owned(), 2)]);
    // Work behind no such door is anybody's.
    let plain = rig.ask(rig.patrol(&[4, ROOMS[1]]));
    rig.until(plain, Status::EnRoute);
    assert_eq!(plan_of(&rig, plain).method, Method::SiteController);
    declare(&mut rig, "a1", 0);
    declare(&mut rig, "a2", 1);
    rig.run(30);
    assert_eq!(rig.c.state().jobs[&job].robot(), Some(robot("a2")), "{:?} {:?}", rig.c.state().jobs[&job].dispatch_failed, rig.refused);
    let credential = plan_of(&rig, job).credential_ref;
    let shown = rig.robots[&robot("a2")].seen.iter().any(|o| matches!(o, Order::Grant(g) if g.credential == credential));
    assert!(shown && !credential.is_empty(), "it is told what to show, by reference");
    // It is void with its plan, and nobody passes by it.
    rig.send("rq", &RequesterCommand::RevokeAccess { job, reason: RevokeReason::Privacy }).unwrap();
    assert!(!matches!(rig.c.pass_of(robot("a2")).unwrap().way, Way::Inward { .. }));
}

#[test]
fn a_level_that_is_stopped_lets_nobody_in_and_nobody_answers_for_it() {
    let mut site = with_rooms(8, &[2]);
    site.levels.push(nooterra_site::model::Level { name: "L2".into(), ..site.levels[0].clone() });
    site.vertices[ROOMS[0] as usize].level = LevelIx::new(1);
    let mut rig = Rig::on(site, genesis(Policy::scenario(), ONE), ONE);
    rig.run(12);
    let shut = |rig: &Rig| {
        let of = |o: &FacilityOrder| if let FacilityOrder::ShutLevels { levels, .. } = o { Some(levels.clone()) } else { None };
        rig.alarms.iter().filter_map(of).collect::<Vec<_>>()
    };
    let one = StopOrder { what: StopWhat::Robot(robot("a1")), power_off: false, exit: false, reason: "test".into() };
    rig.send("staff", &StaffCommand::StopAll(one)).unwrap();
    rig.run(1);
    assert!(shut(&rig).is_empty(), "one robot stands still, the house does not");
    rig.send("staff", &StaffCommand::ClearStops { robot: robot("a1") }).unwrap();
    rig.send("site", &FacilityReport::StopAsked { what: FloorStop::Level(1), power_off: false, exit: false }).unwrap();
    rig.run(1);
    assert_eq!(shut(&rig), [vec![1]]);
    assert!(rig.c.robots().all(|r| r.stops.is_empty()), "nobody is there");
    assert!(!rig.c.state().asks.contains_key(&crate::state::AskKey::Shut), "the doors know");
    assert_eq!(rig.send("site", &FacilityReport::LevelsShut { number: 0 }).unwrap_err(), "ALREADY_DONE");
    assert!(rig.c.state().traffic.barred(robot("a1")).unwrap().contains(&nooterra_dispatch::traffic::level_bar(LevelIx::new(1))));
    // Nobody takes work up there, and that is no fault of the provider's.
    rig.knobs.refuse_offers.insert(robot("a1"));
    let job = rig.ask(rig.patrol(&[1, ROOMS[0]]));
    let stop = *rig.c.state().stops.active.keys().next().unwrap();
    for _ in 0..4_000 {
        if rig.status(job).is_terminal() {
            break;
        }
        rig.tick();
    }
    let j = &rig.c.state().jobs[&job];
    assert_eq!((j.status, j.fault), (Status::Settled, Fault::None), "nobody could come");
    rig.send("site", &FacilityReport::StopCleared { stop }).unwrap();
    rig.send("staff", &StaffCommand::ClearStop { stop }).unwrap();
    rig.run(1);
    assert_eq!(shut(&rig).last(), Some(&vec![]), "open again");
    rig.check_books();
}
